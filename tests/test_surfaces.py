"""A history under the estimate: laws that any estimate must keep, and stories whose outcome is plain."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from frontmap.crs import geodesic_area_km2
from frontmap.errors import DateError, FrontmapError, PolicyError, TheatreError
from frontmap.history import History, assess
from frontmap.theatre import load
from tests.theatres import TOML, place, report, six_places, write_theatre

FAST = TOML + "\n[estimate]\ndraws = 60\nmesh_km = 2.5\n"


def conquest() -> list[dict[str, str]]:
    """Tell that AA takes all three places of the north on 8 January, both sides say so, and never leaves."""
    rows = []
    for number, place_id in enumerate(("nl-birch", "nl-oak", "nl-pine")):
        told = [
            ("AA staff", "AA", "claimed", 8),
            ("BB press", "BB", "controlled", 9),
            ("Monitor", "independent", "controlled", 10),
            ("Monitor", "independent", "controlled", 22),
        ]
        for n, (origin, side, status, day) in enumerate(told):
            date = f"2024-01-{day:02d}"
            rows.append(report(f"c{number}{n}", place_id, "AA", status, date, origin=origin, origin_side=side))
    return rows


def estimate(
    folder: Path,
    *,
    toml: str = FAST,
    places: list[dict[str, str]] | None = None,
    reports: list[dict[str, str]] | None = None,
) -> History:
    return assess(load(write_theatre(folder, toml=toml, places=places, reports=reports)), policy="estimate")


@pytest.fixture(scope="module")
def taken(tmp_path_factory: pytest.TempPathFactory) -> History:
    return estimate(tmp_path_factory.mktemp("taken"), reports=conquest())


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> History:
    return estimate(tmp_path_factory.mktemp("small"))


def test_ground_that_all_sides_concede_is_held_and_was_not_before(taken: History) -> None:
    north = float(taken.cells.query("side == 'NL'")["area_km2"].sum())
    after = taken.area_on("2024-01-20", "AA", side="NL").best
    assert after > 0.6 * north
    assert taken.area_on("2024-01-01", "AA", side="NL").best < after / 2
    assert taken.explain("nl-oak", "2024-01-20").state == "AA"
    assert taken.explain("nl-oak", "2024-01-01").state == "BB"


def test_without_reports_each_party_holds_its_home(tmp_path: Path) -> None:
    history = estimate(tmp_path, reports=[])
    for party, side in (("AA", "SL"), ("BB", "NL")):
        own = float(history.cells.query("side == @side")["area_km2"].sum())
        assert history.area_on("2024-01-15", party, side=side).best == pytest.approx(own)
    assert set(history.spells["state"]) == {"AA", "BB"}
    assert history.headline == ()


def test_best_areas_sum_to_the_frame_and_lie_in_the_interval(kursk_estimate: History) -> None:
    areas = kursk_estimate.areas()
    frame_km2 = float(geodesic_area_km2([kursk_estimate.tessellation.frame])[0])
    totals = areas.groupby("date")["area_km2"].sum()
    np.testing.assert_allclose(totals, frame_km2, rtol=1e-9)
    assert (areas["area_low_km2"] <= areas["area_km2"] + 1e-9).all()
    assert (areas["area_km2"] <= areas["area_high_km2"] + 1e-9).all()
    assert kursk_estimate.level == 0.9
    assert "90 % of 500" in kursk_estimate.interval_label


def test_probabilities_sum_to_one_and_the_best_state_is_the_most_probable(kursk_estimate: History) -> None:
    chances = np.stack([kursk_estimate.probability(state) for state in kursk_estimate.state_names])
    np.testing.assert_allclose(chances.sum(axis=0), 1.0, atol=1e-5)
    best = np.take_along_axis(chances, kursk_estimate.codes[None].astype(np.int64), axis=0)[0]
    assert (best >= chances.max(axis=0) - 1e-3).all()
    sure, possible = kursk_estimate.state_masks("UA")
    assert not (sure & ~possible).any()


def test_zones_of_a_day_add_up_to_the_areas(kursk_estimate: History) -> None:
    zones = kursk_estimate.zones("2024-09-06").set_index(["state", "side"])
    told = kursk_estimate.area_on("2024-09-06", "UA", side="RU")
    assert zones.loc[("UA", "RU"), "area_km2"] == pytest.approx(told.best)
    np.testing.assert_allclose(geodesic_area_km2(zones.geometry.to_numpy()), zones["area_km2"], rtol=1e-9)
    lines = kursk_estimate.front("2024-09-06")
    assert (lines["front_km"] > 0).all()


def test_spells_of_a_place_touch_and_follow_its_codes(kursk_estimate: History) -> None:
    spells = kursk_estimate.spells.sort_values(["place_id", "valid_from"])
    follows = spells["place_id"] == spells["place_id"].shift()
    assert (spells["valid_from"][follows] == spells["valid_to"].shift()[follows]).all()
    assert (spells["state"][follows] != spells["state"].shift()[follows]).all()
    assert set(spells["place_id"]) == set(kursk_estimate.theatre.places["place_id"])
    column = kursk_estimate.theatre.places["place_id"].tolist().index("ru-kursk-sudzha")
    codes = kursk_estimate.place_states["estimate"][:, column]
    own = spells[spells["place_id"] == "ru-kursk-sudzha"]
    for first, after, state in zip(own["valid_from"], own["valid_to"], own["state"], strict=True):
        inside = codes[(kursk_estimate.days >= first) & (kursk_estimate.days < after)]
        assert {kursk_estimate.state_names[code] for code in inside} == {state}


def test_every_report_about_a_place_stands_in_one_of_its_spells(small: History) -> None:
    for place_id, told in small.theatre.reports.groupby("place_id"):
        own = small.spells[small.spells["place_id"] == place_id]
        filed = {i for kind in ("deciding", "supporting", "losing", "noted") for ids in own[kind] for i in ids}
        assert set(told["report_id"]) <= filed


def test_an_explanation_names_what_moved_it_and_by_how_much(taken: History) -> None:
    told = taken.explain("nl-oak", "2024-01-20")
    assert told.moves is not None
    assert taken.surfaces is not None
    point = taken.surfaces.settlements.loc[["nl-oak"]]
    field = taken.surfaces.fields.on_ground("BB", ("AA",))[0]
    assert told.moves["pull"].sum() == pytest.approx(float(field.mean(point, np.array([19.0]))[0, 0]), abs=1e-4)
    assert set(told.deciding["report_id"]) <= set(told.moves["report_id"])
    assert (told.moves.set_index("report_id").loc[told.deciding["report_id"], "pull"] > 0).all()
    assert told.moves["report_id"].is_unique or (told.moves["report_id"] == "").sum() > 1
    assert "What moves the estimate" in str(told)
    assert told.to_dict()["moves"]


def test_the_places_of_an_area_share_all_of_its_variance(kursk_estimate: History) -> None:
    table = kursk_estimate.explain_area("UA", "2024-12-15", side="RU")
    assert table["share"].sum() == pytest.approx(1.0, abs=1e-6)
    assert table["share"].is_monotonic_decreasing
    assert table["best_km2"].sum() == pytest.approx(kursk_estimate.area_on("2024-12-15", "UA", side="RU").best)
    own = float(kursk_estimate.cells.query("side == 'RU'")["area_km2"].sum())
    assert table["area_km2"].sum() == pytest.approx(own)


def test_under_a_rule_the_places_that_policies_disagree_about_make_the_interval(tmp_path: Path) -> None:
    history = assess(load(write_theatre(tmp_path)), policy="assessed")
    table = history.explain_area("AA", "2024-01-05", side="NL").set_index("place_id")
    # Birch: AA's own word and BB's concession agree by the 5th, but the vote and AA's and BB's words came on other days
    low, _, high = history.area_on("2024-01-05", "AA", side="NL")
    cells = history.cells.set_index("place_id")["area_km2"]
    apart = table.index[table["share"] > 0]
    assert cells[apart].sum() == pytest.approx(high - low)
    np.testing.assert_allclose(table["share"][apart], cells[apart] / (high - low))


def test_a_gain_is_the_difference_of_two_days_and_turns_its_sign(kursk_estimate: History) -> None:
    there = kursk_estimate.gain_between("2024-08-10", "2024-09-06", "UA", side="RU")
    back = kursk_estimate.gain_between("2024-09-06", "2024-08-10", "UA", side="RU")
    np.testing.assert_allclose(there, [-back.high, -back.best, -back.low], rtol=1e-5)
    areas = [kursk_estimate.area_on(day, "UA", side="RU").best for day in ("2024-08-10", "2024-09-06")]
    assert there.best == pytest.approx(areas[1] - areas[0])
    still = kursk_estimate.gain_between("2024-09-06", "2024-09-06", "UA", side="RU")
    assert still == (0, 0, 0)


def test_what_was_published_later_changes_nothing_as_known_then(tmp_path: Path) -> None:
    known = conquest()[:4]
    later = [
        report("late", "nl-pine", "AA", "controlled", "2024-01-05", published_date="2024-01-30"),
        *({**row, "published_date": "2024-01-31"} for row in conquest()[4:]),
    ]
    theatre = load(write_theatre(tmp_path / "all", toml=FAST, reports=[*known, *later]))
    then = assess(theatre, policy="estimate", as_of="2024-01-25")
    part = load(write_theatre(tmp_path / "some", toml=FAST, reports=known))
    alone = assess(part, policy="estimate", as_of="2024-01-25")
    pd.testing.assert_frame_equal(then.areas(), alone.areas())
    now = assess(theatre, policy="estimate")
    assert now.area_on("2024-01-20", "AA", side="NL").best > then.area_on("2024-01-20", "AA", side="NL").best


def test_the_same_seed_gives_the_same_interval_and_another_seed_another(tmp_path: Path) -> None:
    seeds = [7, 7, 8]
    made = [estimate(tmp_path / str(n), toml=f"{FAST}seed = {seed}\n") for n, seed in enumerate(seeds)]
    highs = [history.areas()["area_high_km2"].to_numpy() for history in made]
    np.testing.assert_array_equal(highs[0], highs[1])
    assert (highs[0] != highs[2]).any()
    np.testing.assert_array_equal(made[0].codes, made[2].codes)


def test_a_place_without_position_follows_the_rule(tmp_path: Path) -> None:
    rows = [*six_places(), place("nl-lost", "Lost", None, None, country="NL", district="High District")]
    told = [report("r", "nl-lost", "AA", "controlled", "2024-01-05")]
    history = estimate(tmp_path, places=rows, reports=told)
    assert history.explain("nl-lost", "2024-01-06").state == "AA"
    assert "by rule" in history.explain("nl-lost", "2024-01-06").rule
    assert history.explain("nl-lost", "2024-01-06").moves is None
    column = history.theatre.places["place_id"].tolist().index("nl-lost")
    assert history.state_names[history.place_states["estimate"][5, column]] == "AA"


def test_rules_have_no_probabilities_and_no_draws(tmp_path: Path) -> None:
    history = assess(load(write_theatre(tmp_path)), policy="assessed")
    assert history.draws is None
    assert history.level is None
    with pytest.raises(PolicyError, match="estimate"):
        history.probability("AA")


def test_the_contested_band_is_the_ground_where_nobody_is_probable_enough(kursk_estimate: History) -> None:
    band = kursk_estimate.contested_band("2024-12-15").set_index("side")
    n = kursk_estimate.day_number("2024-12-15")
    chances = np.stack([kursk_estimate.probability(state)[n] for state in kursk_estimate.state_names])
    wanted = (chances.max(axis=0) < 0.65) & (kursk_estimate.cells["side"] == "RU").to_numpy()
    assert wanted.sum() > 20
    assert band.loc["RU", "area_km2"] == pytest.approx(kursk_estimate.cells["area_km2"][wanted].sum())
    np.testing.assert_allclose(geodesic_area_km2(band.geometry.to_numpy()), band["area_km2"], rtol=1e-9)
    # it lies on both sides of the line between the parties
    held = kursk_estimate.codes[n][wanted]
    assert {kursk_estimate.state_names[code] for code in held} == {"UA", "RU"}


def test_under_a_rule_the_contested_band_is_the_contested_zone(tmp_path: Path) -> None:
    history = assess(load(write_theatre(tmp_path)), policy="assessed")
    zone = history.zones("2024-01-09").query("state == 'contested'")
    band = history.contested_band("2024-01-09")
    assert band["area_km2"].tolist() == zone["area_km2"].tolist()
    assert history.contested_band("2024-01-01").empty


def test_wrong_questions_are_refused(small: History) -> None:
    with pytest.raises(FrontmapError, match="expected a state"):
        small.probability("CC")
    with pytest.raises(DateError):
        small.explain_area("AA", "2025-01-10")
    with pytest.raises(DateError):
        small.gain_between("2024-01-10", "2025-01-10", "AA")


def test_parameters_are_set_in_the_theatre_and_their_faults_told_at_once(tmp_path: Path) -> None:
    history = estimate(tmp_path / "good", toml=FAST + "level = 0.5\n")
    assert history.level == 0.5
    assert history.interval_label.startswith("50 % of 60")
    bad = TOML + '\n[estimate]\nlength_km = -1\nlevel = "high"\nlenght_days = 3\n[estimate.wrong_by_letter]\nG = 0.1\n'
    with pytest.raises(TheatreError) as caught:
        load(write_theatre(tmp_path / "bad", toml=bad))
    text = str(caught.value)
    for word in ("length_km", "level", "lenght_days", "length_days", "wrong_by_letter", "'G'"):
        assert word in text


def test_changes_by_day_name_the_reports_behind_them(taken: History) -> None:
    table = taken.daily_changes()
    gained = table[table["to_state"] == "AA"]
    assert len(gained) > 0
    assert not gained.duplicated(["date", "place_id", "side", "district", "from_state"]).any()
    assert any(len(ids) for ids in gained["deciding"])
    final = taken.changes()
    assert final.query("party == 'AA'")["net_km2"].sum() == pytest.approx(
        gained["area_km2"].sum() - table[table["from_state"] == "AA"]["area_km2"].sum()
    )


def test_going_on_from_a_previous_history_gives_what_starting_anew_gives(tmp_path: Path) -> None:
    known = conquest()
    more = [*known, report("new", "nl-pine", "BB", "controlled", "2024-01-25")]
    before = assess(load(write_theatre(tmp_path / "before", toml=FAST, reports=known)), policy="estimate")
    theatre = load(write_theatre(tmp_path / "after", toml=FAST, reports=more))
    anew = assess(theatre, policy="estimate")
    onward = assess(theatre, policy="estimate", previous=before)
    assert onward.surfaces is not None
    assert before.surfaces is not None
    assert onward.surfaces.mesh is before.surfaces.mesh
    np.testing.assert_allclose(onward.probability("AA"), anew.probability("AA"), atol=2e-3)
    pd.testing.assert_frame_equal(onward.areas(), anew.areas(), atol=5.0)
    assert onward.area_on("2024-01-28", "AA", side="NL").best < before.area_on("2024-01-28", "AA", side="NL").best


def test_a_previous_history_of_other_places_is_not_used(tmp_path: Path) -> None:
    before = estimate(tmp_path / "before")
    moved = [{**row, "lat": "51.23"} if row["place_id"] == "nl-oak" else row for row in six_places()]
    theatre = load(write_theatre(tmp_path / "after", toml=FAST, places=moved))
    onward, anew = (assess(theatre, policy="estimate", previous=one) for one in (before, None))
    pd.testing.assert_frame_equal(onward.areas(), anew.areas())
