"""Names of places: equal keys only, everything else asked back; held-out spellings from the press."""

from __future__ import annotations

import unicodedata
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely import Point

from frontmap.errors import AmbiguousPlaceError, FrontmapError, PlaceNotFoundError, TableError
from frontmap.gazetteer import Gazetteer, district_matches, fold

TESTS = Path(__file__).parent
PLACES_FILE = TESTS.parent / "data" / "geo" / "kursk" / "places.csv"
SPELLINGS_FILE = TESTS / "data" / "spellings.csv"
CENTRE = Point(35.2, 51.2)


@cache
def kursk() -> Gazetteer:
    places = pd.read_csv(PLACES_FILE, dtype=str, keep_default_na=False)
    return Gazetteer.from_frame(places, CENTRE)


@cache
def spellings() -> pd.DataFrame:
    return pd.read_csv(SPELLINGS_FILE, dtype=str, keep_default_na=False)


@cache
def answer(query: str) -> tuple[str, tuple[str, ...]]:
    """Tell what the gazetteer does with a query, and the places it names."""
    try:
        return "found", (kursk().find(query).place_id,)
    except AmbiguousPlaceError as error:
        return "asks", tuple(c.place_id for c in error.candidates)
    except PlaceNotFoundError as error:
        return "refused", tuple(c.place_id for c in error.candidates)


def small(**changes: object) -> pd.DataFrame:
    """Three hand-made places: two of one name in two districts, one alone and without position."""
    columns: dict[str, object] = {
        "place_id": ["a-one", "a-two", "b-lone"],
        "name": ["Alyonovka", "Alyonovka", "Berezovo"],
        "name_ru": ["Алёновка", "Алёновка", "Берёзово"],
        "aliases": ["", "Alenowka", "Birch Hill;Beresowo"],
        "district": ["North District", "South Raion / Південна громада", "North District"],
        "region": ["X Oblast"] * 3,
        "country": ["RU", "UA", "RU"],
        "lat": [51.0, 52.0, np.nan],
        "lon": [35.0, 35.0, np.nan],
        "position_radius_m": [500.0, 500.0, np.nan],
    }
    return pd.DataFrame({**columns, **changes})


# --- the fold


@pytest.mark.parametrize(
    "spellings_of_one_name",
    [
        ("Суджа", "Sudzha", "SUDZHA", "Су́джа", "Суџа"),
        ("Тёткино", "Теткино", "Тьоткіно", "Tyotkino", "Tetkino", "Tjotkino", "Tiotkino"),
        ("Бердин", "Berdin", "Berdin'", "Бердін", "Berdyn"),
        ("Малая Локня", "Malaya Loknya", "Malaja Loknja", "Malaya-Loknia"),
        ("Горналь", "Gornal", "Gornal’", "Hornal"),
        ("Могриця", "Mohrytsia", "Mohrytsya", "Mogritsia", "Mohrycia"),
        ("Большое Солдатское", "Bolshoye Soldatskoye", "Bol'shoe Soldatskoe", "Bolschoje Soldatskoje"),
        ("Щеголек", "Shchegolek", "Schegolek"),
        ("Мар'янівка", "Мар’янівка", "Mar'yanivka", "Marianivka"),
        ("Дарьино", "Dar'ino", "Darino"),
        ("Сніг", "Snih", "Snig"),
    ],
)
def test_spellings_of_one_name_meet(spellings_of_one_name: tuple[str, ...]) -> None:
    assert len({fold(s) for s in spellings_of_one_name}) == 1


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Гуево", "Гочево"),
        ("Краснооктябрьский", "Краснооктябрьское"),
        ("Никольский", "Никольское"),
        ("Плехово", "Плахово"),
        ("Борки", "Бурки"),
        ("Sula", "Suja"),
        ("Novenke", "Novenkaya"),
        ("Виктория", "Виктор"),
    ],
)
def test_different_names_stay_apart(one: str, other: str) -> None:
    assert fold(one) != fold(other)


LETTERS = (
    "".join(chr(c) for c in range(0x410, 0x460)) + "ґҐіІїЇєЄґ" + "abcdefghijklmnopqrstuvwxyzABCZ" + "ßłŁöšžČéţ'’ -ь09"
)
NAMES = st.text(alphabet=LETTERS, max_size=24)


@given(st.one_of(NAMES, st.text(max_size=24)))
@settings(max_examples=400)
def test_fold_is_idempotent(name: str) -> None:
    assert fold(fold(name)) == fold(name)


@given(st.one_of(NAMES, st.text(max_size=24)))
def test_fold_gives_ascii_letters_and_digits(name: str) -> None:
    assert all(c in "abcdefghijklmnopqrstuvwxyz0123456789" for c in fold(name))


@given(NAMES)
def test_fold_does_not_see_case(name: str) -> None:
    assert fold(name.upper()) == fold(name.lower()) == fold(name)


@given(NAMES)
def test_fold_does_not_see_diacritics(name: str) -> None:
    bare = "".join(c for c in unicodedata.normalize("NFD", name) if not unicodedata.combining(c))
    assert fold(bare) == fold(name) == fold(unicodedata.normalize("NFC", name))


@given(st.lists(NAMES, max_size=5), st.sampled_from(["'", "’", "ʼ", "`", "´", "-", " ", "ь", "ъ"]))
def test_fold_does_not_see_signs_between_letters(parts: list[str], sign: str) -> None:
    joined = "".join(parts)
    before_vowel_o = any(b[:1] in "оО" for b in parts)
    if sign != "ь" or not before_vowel_o:
        assert fold(sign.join(parts)) == fold(joined)


# --- the bundled theatre


def test_every_name_of_every_place_finds_it_or_asks_for_it() -> None:
    astray = []
    for place in kursk().places:
        for name in place.names:
            outcome, ids = answer(name)
            if place.place_id not in ids or outcome == "refused":
                astray.append((place.place_id, name, outcome, ids))
    assert astray == []


def test_places_with_one_key_also_share_a_spelling_that_stands_in_the_table() -> None:
    """The fold makes no homonyms of its own: names meet only where the table already has them alike."""
    forced = []
    for key, places in kursk().by_key.items():
        written = [{n.casefold().replace("yy", "y") for n in p.names if fold(n) == key} for p in places]
        if len(places) > 1 and not all(any(a & b for b in written if b is not a) for a in written):
            forced.append((key, [p.place_id for p in places]))
    assert forced == []


@pytest.mark.parametrize("query", ["Суджа", "Sudzha", "Sudja", "Soudja", "Sudscha", "Sudża", "СУДЖА", " sudzha "])
def test_sudzha_is_one_place(query: str) -> None:
    assert kursk().find(query).place_id == "ru-kursk-sudzha"


@pytest.mark.parametrize("query", ["Бердин", "Berdin", "Berdin'", "berdin", "ru-kursk-berdin"])
def test_berdin_is_found(query: str) -> None:
    assert kursk().find(query).place_id == "ru-kursk-berdin"


@pytest.mark.parametrize("query", ["Tyotkino", "Тёткино", "Теткино", "Tetkino"])
def test_tetkino_is_found(query: str) -> None:
    assert kursk().find(query).place_id == "ru-kursk-tetkino"


@pytest.mark.parametrize(
    ("query", "district", "place_id"),
    [
        ("Viktorovka", "Sudzhansky", "ru-kursk-viktorovka-sudzhansky"),
        ("Viktorovka", "Korenevsky District", "ru-kursk-viktorovka-korenevsky"),
        ("Викторовка", "Суджанский", "ru-kursk-viktorovka-sudzhansky"),
        ("Loknya", "Sudzhansky", "ru-kursk-loknya-sudzhansky"),
        ("Loknya", "Sumy Raion", "ua-sumy-loknia-iunakivska"),
        ("Mikhaylovka", "Sudzhansky", "ru-kursk-mikhaylovka-sudzhansky"),
        ("Nikolsky", "Sudzhansky", "ru-kursk-nikolsky-sudzhansky"),
        ("Lyubimovka", "Bolshesoldatsky", "ru-kursk-lyubimovka-bolshesoldatsky"),
        ("Rohizne", "Білопільська", "ua-sumy-rohizne-bilopilska"),
    ],
)
def test_homonyms_ask_and_the_district_answers(query: str, district: str, place_id: str) -> None:
    with pytest.raises(AmbiguousPlaceError) as caught:
        kursk().find(query)
    assert place_id in [c.place_id for c in caught.value.candidates]
    assert "district" in str(caught.value)
    assert "place_id" in str(caught.value)
    assert kursk().find(query, district=district).place_id == place_id


def test_town_and_village_of_one_district_are_told_apart_by_place_id() -> None:
    with pytest.raises(AmbiguousPlaceError) as caught:
        kursk().find("Korenevo", district="Korenevsky")
    ids = {c.place_id for c in caught.value.candidates}
    assert ids == {"ru-kursk-korenevo", "ru-kursk-korenevo-selo"}
    assert {kursk().find(i).place_id for i in ids} == ids


# --- spellings held out


def test_held_out_spellings_are_real_and_many() -> None:
    frame = spellings()
    assert len(frame) >= 90
    assert frame["query"].is_unique
    assert frame["source_url"].str.match(r"https?://").all()
    assert set(frame["expected"]) == {"found", "asks", "refused"}
    assert set(frame["place_id"]) - {""} <= set(kursk().by_id)


def test_no_held_out_spelling_is_taken_for_another_place() -> None:
    """Collected by hand from the pages named in the file, in ten languages, before anything was measured.

    `expected` is what a careful reader wants: `found` for a name in its base form, `asks` for a homonym,
    `refused` for inflected or misprinted forms and for names of places that are not in the table.
    """
    wrong = [
        (row.query, row.place_id, ids)
        for row in spellings().itertuples()
        for outcome, ids in [answer(str(row.query))]
        if outcome == "found" and ids != (row.place_id,)
    ]
    assert wrong == []


def test_homonyms_and_inflected_forms_are_never_accepted() -> None:
    accepted = [
        row.query
        for row in spellings().itertuples()
        if row.expected in ("asks", "refused") and answer(str(row.query))[0] != row.expected
    ]
    assert accepted == []


def test_the_place_that_was_meant_is_always_among_those_named() -> None:
    lost = [
        (row.query, row.place_id)
        for row in spellings().itertuples()
        if row.place_id and row.place_id not in answer(str(row.query))[1]
    ]
    assert lost == []


def test_share_of_held_out_spellings_that_is_understood() -> None:
    """Measured: 104 of 123 base forms; 31 of the 50 that do not stand in the table letter for letter.

    The 19 others are Hungarian, Greek, Romanian, French, German, Spanish, Azerbaijani and Slavic spellings
    with a hacek, for which there are no rules on purpose: the best three offer the right place. Beyond these,
    17 homonyms ask, and 38 inflected or misprinted forms and strangers are refused.
    """
    base = spellings()[spellings()["expected"] == "found"]
    accepted = base["query"].map(lambda q: answer(q)[0] == "found")
    in_table = {name for place in kursk().places for name in place.names}
    unseen = ~base["query"].isin(in_table)
    assert accepted.sum() >= 104
    assert (accepted & unseen).sum() >= 31


# --- refusals


def test_unknown_name_offers_the_best_three_with_district_and_distance() -> None:
    with pytest.raises(PlaceNotFoundError) as caught:
        kursk().find("Szudzsa")
    offered = caught.value.candidates
    assert len(offered) == 3
    assert offered[0].place_id == "ru-kursk-sudzha"
    # Geodesic from 51.2 N 35.2 E to 51.19 N 35.27 E: 5 km by hand (0.07 deg x 69.9 km, 0.01 deg x 111.2 km).
    assert offered[0].distance_km == pytest.approx(5.0, abs=0.5)
    assert "Sudzhansky District" in str(caught.value)
    assert "5 km" in str(caught.value)


@pytest.mark.parametrize("query", ["", "   ", "\n", "ь", "---", "!?", "🛰️"])
def test_query_without_letters_says_so(query: str) -> None:
    with pytest.raises(FrontmapError, match="letters"):
        kursk().find(query)
    with pytest.raises(FrontmapError, match="letters"):
        kursk().candidates(query)


def test_very_long_query_says_how_long_a_name_may_be() -> None:
    with pytest.raises(FrontmapError, match="at most 120 characters; found 100000") as caught:
        kursk().find("S" * 100_000)
    assert len(str(caught.value)) < 200


@pytest.mark.parametrize("query", [None, 7, 51.2, float("nan"), b"Sudzha", ["Sudzha"]])
def test_query_that_is_no_text_says_so(query: str) -> None:
    with pytest.raises(FrontmapError, match="by a text"):
        kursk().find(query)


@given(st.text(max_size=40))
@settings(max_examples=200)
def test_whatever_is_asked_the_answer_is_a_place_or_a_named_error(query: str) -> None:
    try:
        found = kursk().find(query)
    except FrontmapError:
        return
    assert found.place_id == query.strip() or fold(query) in {fold(n) for n in found.names}


def test_wrong_district_is_refused_and_the_right_one_told() -> None:
    with pytest.raises(PlaceNotFoundError, match="Sudzhansky District") as caught:
        kursk().find("Sudzha", district="Rylsky")
    assert [c.place_id for c in caught.value.candidates] == ["ru-kursk-sudzha"]


@pytest.mark.parametrize("district", ["", " ", "'"])
def test_blank_district_narrows_to_nothing(district: str) -> None:
    place = Gazetteer.from_frame(small(), CENTRE).find("b-lone")
    assert not district_matches(place, district)


# --- hand-made places


def test_hand_made_homonym_asks_then_is_told_apart() -> None:
    gazetteer = Gazetteer.from_frame(small(), CENTRE)
    with pytest.raises(AmbiguousPlaceError) as caught:
        gazetteer.find("Алёновка")
    assert [c.place_id for c in caught.value.candidates] == ["a-one", "a-two"]  # the nearer first
    assert gazetteer.find("Alenovka", district="north").place_id == "a-one"
    assert gazetteer.find("Alenovka", district="Південна громада").place_id == "a-two"


def test_place_without_position_is_found_and_has_no_distance() -> None:
    gazetteer = Gazetteer.from_frame(small(), CENTRE)
    place = gazetteer.find("Birch hill")
    assert (place.lat, place.lon, place.position_radius_m) == (None, None, None)
    offered = {c.place_id: c.distance_km for c in gazetteer.candidates("Berezov")}
    assert offered["b-lone"] is None


def test_doubled_place_id_is_refused() -> None:
    with pytest.raises(TableError, match="a-one"):
        Gazetteer.from_frame(small(place_id=["a-one", "a-one", "b-lone"]), CENTRE)


def test_theatre_without_places_refuses_without_candidates() -> None:
    with pytest.raises(PlaceNotFoundError) as caught:
        Gazetteer.from_frame(small().iloc[:0], CENTRE).find("Alyonovka")
    assert caught.value.candidates == ()


@given(st.permutations(range(3)))
def test_order_of_rows_does_not_matter(order: list[int]) -> None:
    straight = Gazetteer.from_frame(small(), CENTRE)
    shuffled = Gazetteer.from_frame(small().iloc[order], CENTRE)
    assert shuffled.places == straight.places
    assert shuffled.candidates("Berezo") == straight.candidates("Berezo")
    assert dict(shuffled.by_key) == dict(straight.by_key)


def test_input_frame_is_not_changed() -> None:
    frame = small()
    before = frame.copy(deep=True)
    Gazetteer.from_frame(frame, CENTRE).find("b-lone")
    pd.testing.assert_frame_equal(frame, before)
