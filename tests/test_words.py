"""The words of pages and sheets: every language whole, alike, and with no English left in it."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator, Mapping
from datetime import date
from importlib import import_module
from importlib.resources import files
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import frontmap as fm
from frontmap.briefing import briefing_html
from frontmap.briefing.merging import Merged
from frontmap.claims import claim_mismatches, fraction_table
from frontmap.control import policy_rule
from frontmap.errors import FrontmapError
from frontmap.maps.parts import read_data
from frontmap.maps.payload import key_days
from frontmap.theatre.settings import read_settings
from frontmap.wording import Table, language, languages, page_words, tables
from frontmap.wording import ledger as ledger_texts
from tests.theatres import write_theatre

FOLDER = Path(str(files("frontmap.wording").joinpath("assets")))
TRANSLATED = [code for code in languages() if code != "en"]
RULES = ("assessed", "majority", "claimed-by:UA")
# Names and units that are written in Latin letters in every language.
LATIN = {
    "CSV", "Page", "Up", "Down", "Home", "End", "JavaScript", "Jupyter", "Leaflet", "OpenStreetMap",
    "WGS", "UTC", "A", "B", "F", "English", "PNG", "SVG", "PDF", "PPTX", "GIF", "theatre.toml",
    "estimate", "docs/validation.md", "border.geojson", "frontmap", "briefing.html", "areas.csv",
    "changes.csv", "claims.csv", "zones.gpkg", "zones.geojson", "zones.parquet",
}  # fmt: skip
FOREIGN_LETTERS = {"uk": "ыэёъЫЭЁЪ", "ru": "іїєґІЇЄҐ"}


def leaves(told: object, path: str = "") -> Iterator[tuple[str, str]]:
    """Yield every text with its path."""
    if isinstance(told, Mapping):
        for key, inner in told.items():
            yield from leaves(inner, f"{path}/{key}")
    elif isinstance(told, list):
        for number, inner in enumerate(told):
            yield from leaves(inner, f"{path}/{number}")
    else:
        yield path, str(told)


def read(code: str) -> dict[str, Any]:
    """Read the file of a language."""
    told: dict[str, Any] = json.loads((FOLDER / f"{code}.json").read_text(encoding="utf-8"))
    return told


def phrases(code: str) -> dict[str, str]:
    """Words and texts of a language by path, without the sentences."""
    told = read(code)
    return dict(leaves({"words": told["words"], "text": told["text"]}))


def names_in(text: str) -> list[str]:
    """List what a phrase leaves open."""
    return sorted(set(re.findall(r"\{(\w+)\}", text)))


def test_english_comes_first_and_ukrainian_and_russian_are_there() -> None:
    assert languages()[0] == "en"
    assert {"uk", "ru"} <= set(languages())
    assert [language(code).name for code in ("en", "uk", "ru")] == ["English", "Українська", "Русский"]


@pytest.mark.parametrize("code", TRANSLATED)
def test_every_language_has_the_same_keys_in_the_same_order(code: str) -> None:
    assert list(phrases(code)) == list(phrases("en"))


@pytest.mark.parametrize("code", TRANSLATED)
def test_every_phrase_leaves_the_same_things_open_and_none_is_empty(code: str) -> None:
    english, said = phrases("en"), phrases(code)
    assert {path for path in english if names_in(english[path]) != names_in(said[path])} == set()
    assert {path for path in english if bool(english[path]) != bool(said[path])} == set()


@pytest.mark.parametrize("code", TRANSLATED)
def test_no_english_is_left(code: str) -> None:
    told = read(code)
    said = {
        path: re.sub(r"\{\w+\}", "", text)
        for path, text in [*phrases(code).items(), *told["sentences"].items()]
        if not path.startswith("/words/names.")
    }
    words = {path: re.findall(r"[A-Za-z][A-Za-z./]*[A-Za-z]|[A-Za-z]", text) for path, text in said.items()}
    assert {path: found for path, found in words.items() if set(found) - LATIN} == {}


@pytest.mark.parametrize("code", sorted(set(TRANSLATED) & set(FOREIGN_LETTERS)))
def test_no_letters_of_a_neighbouring_language_stray_in(code: str) -> None:
    told = read(code)
    said = [*phrases(code).items(), *told["sentences"].items()]
    strange = {path for path, text in said if set(text) & set(FOREIGN_LETTERS[code]) and "/names." not in path}
    assert strange == set()


def test_languages_know_the_same_sentences_and_carry_everything_over() -> None:
    sentences = {code: read(code)["sentences"] for code in TRANSLATED}
    first = next(iter(sentences.values()))
    assert all(list(told) == list(first) for told in sentences.values())
    lost = {
        (code, pattern)
        for code, told in sentences.items()
        for pattern, text in told.items()
        if names_in(pattern) != names_in(text)
    }
    assert lost == set()


@pytest.mark.parametrize("code", TRANSLATED)
def test_every_sentence_of_the_bundled_theatre_can_be_said(
    code: str, kursk: fm.Theatre, kursk_estimate: fm.History
) -> None:
    to, unsaid = language(code), []
    for history in [kursk_estimate, *(fm.assess(kursk, policy=policy) for policy in RULES)]:
        ledger, fractions = fm.test_claims(history), fraction_table(history)
        written = {
            *history.notes,
            history.interval_label,
            policy_rule(history.policy),
            *ledger["reason"],
            *claim_mismatches(ledger)["arithmetic"],
            *fractions["denominator"],
            *(text for column in ("why", "why_low", "why_high") for text in fractions[column]),
            *history.spells["rule"],
            *(rule for decisions in history.spells["decisions"] for _, rule, _ in decisions),
        }
        unsaid += [text for text in written if text and to.sentence(kursk, text) is None]
    assert unsaid == []


def test_a_sentence_is_said_with_its_names_days_and_numbers(kursk: fm.Theatre) -> None:
    uk, ru = language("uk"), language("ru")
    text = "held by Ukraine in Kursk Oblast on 2024-08-07; the claim's day is approximate"
    assert uk.sentence(kursk, text) == "утримується (Україна; Курська область), 7 серпня 2024; день заяви приблизний"
    assert ru.sentence(kursk, "our peak") == "наш пик"
    assert uk.sentence(kursk, "1,300 km2 (published, 5 of 61 figures)") == (
        "1\u00a0300 км² (оприлюднено, показників: 5 з 61)"
    )
    assert uk.sentence(kursk, "nobody ever wrote this") is None
    assert language("en").sentence(kursk, "of 1,300 km2") == "of 1,300 km²"


@pytest.mark.parametrize(
    ("code", "value", "decimals", "text"),
    [
        ("en", 1234.5, 0, "1,234"), ("en", -0.2, 0, "0"), ("en", -3, 0, "−3"), ("en", 5.50, 2, "5.5"),
        ("en", 100, 2, "100"), ("uk", 1234.56, 1, "1\u00a0234,6"), ("ru", -1234567, 0, "−1\u00a0234\u00a0567"),
        ("ru", math.nan, 0, "–"),
    ],
)  # fmt: skip
def test_numbers_are_written_as_readers_write_them(code: str, value: float, decimals: int, text: str) -> None:
    assert language(code).number(value, decimals) == text


def test_days_are_written_as_readers_write_them() -> None:
    day = date(2024, 9, 6)
    assert [language(code).day(day) for code in ("en", "uk", "ru")] == [
        "6 September 2024", "6 вересня 2024", "6 сентября 2024",
    ]  # fmt: skip
    assert language("en").day(None) == language("uk").day(pd.NaT) == "–"
    assert language("en").short_day(day) == "6 Sep 2024"
    for code in languages():
        assert all(len(language(code).words[key].split()) == 12 for key in ("months", "shortMonths"))


def test_an_unknown_language_is_told_with_those_there_are() -> None:
    with pytest.raises(FrontmapError, match="expected a language among en, ru, uk, found 'xx'"):
        language("xx")


# A theatre's own words


def test_the_bundled_theatre_speaks_every_language(kursk: fm.Theatre) -> None:
    for code in TRANSLATED:
        told = kursk.translations[code]
        wanted = {"title", "note", "attribution", "party.UA", "party.RU"}
        wanted |= {f"covers.{number}" for number in range(len(kursk.licences))}
        places = kursk.places
        names = {part for cell in [*places["district"], *places["region"]] for part in cell.split(" / ") if part}
        latin = {name for name in names if re.search("[A-Za-z]", name)}
        wanted |= {f"name.{name}" for name in [*latin, *kursk.rivers["name"]]}
        assert wanted - set(told) == set()
    uk = language("uk")
    assert uk.party(kursk, "UA") == "Україна"
    assert uk.side(kursk, "RU") == "Росія"
    assert uk.source_side(kursk, "somebody") == "незалежні"
    assert uk.place(kursk, "Sumy Raion / Хотінська громада, Sumy Oblast") == (
        "Сумський район / Хотінська громада, Сумська область"
    )
    assert uk.place(kursk, "Elsewhere") == "Elsewhere"


def test_translations_are_read_from_theatre_toml_and_checked() -> None:
    text = """
[theatre]
title = "Here"
title_de = "Hier"
attribution = "we"
attribution_de = " "
[names_de]
"North District" = "Nordbezirk"
[[parties]]
id = "AA"
label = "Southland"
label_de = "Südland"
colour = "#000000"
home_country = "SL"
colour_de = "#ffffff"
"""
    settings, problems = read_settings(text)
    assert settings.translations == {
        "de": {"title": "Hier", "party.AA": "Südland", "name.North District": "Nordbezirk"}
    }
    told = [(problem.row, problem.found) for problem in problems if problem.row in {6, 15}]
    assert told == [(6, "' '"), (15, "'colour_de'")]
    assert settings.parties[0].label == "Southland"


def test_a_theatre_without_translations_keeps_its_own_words(tmp_path: Path) -> None:
    history = fm.assess(fm.load(write_theatre(tmp_path / "theatre")), policy="assessed")
    words = page_words(history)
    assert {code: words[code]["title"] for code in ("en", "uk")} == dict.fromkeys(("en", "uk"), history.theatre.title)
    assert words["uk"]["party.AA"] == history.theatre.parties[0].label
    assert words["uk"]["contested"] == "Спірна територія"


# A further language is one more file


@pytest.fixture
def with_made_up_language(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """Add a language whose every word is the English one read backwards, what is open left as it is."""

    def turned(text: str) -> str:
        return "".join(part if part.startswith("{") else part[::-1] for part in re.split(r"(\{\w+\})", text))

    def told(value: object) -> object:
        if isinstance(value, dict):
            return {key: told(inner) for key, inner in value.items()}
        return [told(inner) for inner in value] if isinstance(value, list) else turned(str(value))

    for file in FOLDER.glob("*.json"):
        (tmp_path / file.name).write_bytes(file.read_bytes())
    english = read("en")
    made_up = {"language": "hsilgnE", "words": told(english["words"]), "text": told(english["text"]), "sentences": {}}
    (tmp_path / "xx.json").write_text(json.dumps(made_up), encoding="utf-8")
    monkeypatch.setattr(import_module("frontmap.wording.language"), "_folder", lambda: tmp_path)
    return "xx"


def test_one_more_file_is_one_more_language(with_made_up_language: str, tmp_path: Path) -> None:
    assert languages() == ("en", "ru", "uk", with_made_up_language)
    history = fm.assess(fm.load(write_theatre(tmp_path / "theatre")), policy="assessed")
    page = briefing_html(history, fm.test_claims(history), lang="xx")
    assert '<html lang="xx">' in page
    assert ">secruoS</h2>" in page
    assert ">hsilgnE</option>" in page
    data = read_data(page)
    assert set(data["words"]) == {"en", "ru", "uk", "xx"}
    assert set(data["texts"]) == {"en", "ru", "uk"}, "the opening language stands on the page itself"
    assert len({len(told["texts"]) for told in data["texts"].values()}) == 1


# Tables as text


@pytest.mark.parametrize("code", TRANSLATED)
def test_tables_say_the_same_numbers_in_every_language(code: str, kursk_history: fm.History) -> None:
    def digits(text: str) -> list[str]:
        return re.findall(r"\d", text)

    def figures(table: Table, columns: slice) -> list[list[list[str]]]:
        return [[digits(cell.text) for cell in row[columns]] for row in table.rows]

    en, to = language("en"), language(code)
    days = key_days(kursk_history)
    key = [tables.key_table(kursk_history, one, days) for one in (en, to)]
    assert figures(key[0], slice(1, None)) == figures(key[1], slice(1, None))
    ledger = fm.test_claims(kursk_history)
    claims = [ledger_texts.claims_table(kursk_history, ledger, one) for one in (en, to)]
    assert figures(claims[0], slice(3, 5)) == figures(claims[1], slice(3, 5))
    assert claims[0].ids == claims[1].ids == tuple(ledger["claim_id"])
    assert [cell.small for row in claims[1].rows for cell in row[4:5]] == [
        row[4].small.replace(",", "\u00a0") for row in claims[0].rows
    ]


# Several languages on one page


def test_merging_marks_what_differs_and_nothing_else() -> None:
    merged = Merged()
    page = merged.merge(
        [
            '<p aria-label="one">A<b>same</b> B</p><td>x<td>cell<tr>',
            '<p aria-label="two">Ä<b>same</b> Ö &#60;</p><td>x<td>Zelle<tr>',
        ]
    )
    assert page == (
        '<p aria-label="one" data-l><span data-t>A</span><b>same</b><span data-t> B</span></p><td>x<td data-t>cell<tr>'
    )
    assert merged.listed(["en", "de"]) == {"de": {"texts": ["Ä", " Ö <", "Zelle"], "labels": ["two"]}}


def test_merging_refuses_pages_of_other_elements() -> None:
    with pytest.raises(FrontmapError, match="same elements"):
        Merged().merge(["<p>a</p>", "<b>a</b>"])
