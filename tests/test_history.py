"""A history on a small made-up theatre, counted by hand, and the bundled one against figures from outside the code."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import shapely
from pyproj import Geod

from frontmap.cells import verify_cells
from frontmap.control import rule_names
from frontmap.dates import first_day_after
from frontmap.errors import AmbiguousPlaceError, DateError, FrontmapError, PolicyError
from frontmap.history import History, assess
from frontmap.theatre import load
from tests.theatres import TOML, place, report, write_theatre


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> History:
    return assess(load(write_theatre(tmp_path_factory.mktemp("small"))), policy="assessed")


@pytest.fixture(scope="module")
def kursk() -> History:
    return assess(load("kursk"), policy="assessed")


def state(history: History, place_id: str, day: str) -> str:
    return history.explain(place_id, day).state


def test_states_follow_the_story(small: History) -> None:
    # AA claims Birch on the 4th, BB concedes it on the 5th, AA leaves on the 20th; Oak is claimed and contested.
    story = {"2024-01-03": "BB", "2024-01-04": "contested", "2024-01-05": "AA", "2024-01-19": "AA", "2024-01-20": "BB"}
    assert {day: state(small, "nl-birch", day) for day in story} == story
    assert state(small, "nl-oak", "2024-01-08") == "contested"
    assert state(small, "nl-pine", "2024-01-10") == "BB"
    assert state(small, "sl-ash", "2024-01-31") == "AA"


def test_held_ground_is_the_cell_of_the_held_place(small: History) -> None:
    cell = small.cells.set_index("place_id").loc["nl-birch"]
    own, _ = Geod(ellps="WGS84").geometry_area_perimeter(shapely.orient_polygons(cell["geometry"]))
    assert small.area_on("2024-01-10", "AA", side="NL").best == pytest.approx(own / 1e6, rel=1e-10)
    assert small.area_on("2024-01-31", "AA", side="NL").best == 0
    assert small.headline == (("AA", "NL"),)


def test_two_places_share_their_side_in_halves(tmp_path: Path) -> None:
    rows = [place("sl-a", "A", 51.07, 35.1), place("nl-b", "B", 51.2, 35.1), place("nl-c", "C", 51.2, 35.3)]
    folder = write_theatre(tmp_path, places=rows, reports=[report("r", "nl-b", "AA", "controlled", "2024-01-02")])
    history = assess(load(folder), policy="assessed")
    half = history.area_on("2024-01-05", "AA", side="NL").best
    whole = history.cells.query("side == 'NL'")["area_km2"].sum()
    # 0.4 x 0.15 degrees between 51.15 and 51.3 N, by the closed form for a zone of the ellipsoid (Snyder 1987, 3-12).
    e2 = 0.00669437999014
    sines = np.sin(np.radians([51.15, 51.3]))
    south, north = (1 - e2) * (sines / (1 - e2 * sines**2) + np.arctanh(e2**0.5 * sines) / e2**0.5)
    assert whole == pytest.approx(6378.137**2 * np.radians(0.4) * (north - south) / 2, rel=1e-6)
    assert half == pytest.approx(whole / 2, rel=1e-3)


def test_as_of_and_as_known_today_are_two_answers(small: History) -> None:
    then = assess(small.theatre, as_of="2024-01-22", policy="assessed")
    assert then.days[-1] == pd.Timestamp("2024-01-22")
    now = small.explain("nl-birch", "2024-01-21")
    assert now.deciding["report_id"].tolist() == ["t8"]
    assert then.explain("nl-birch", "2024-01-21").deciding["report_id"].tolist() == ["t7"]
    with pytest.raises(DateError, match="as-of"):
        then.zones("2024-01-23")


@pytest.mark.parametrize("day", ["2024-08-05", "2024-08-27", "2024-09-06", "2025-03-12", "2025-08-23"])
def test_zones_are_a_coverage_with_the_areas_of_their_cells(kursk: History, day: str) -> None:
    zones = kursk.zones(day)
    assert shapely.coverage_is_valid(zones.geometry.to_numpy())
    assert zones.geometry.is_valid.all()
    geod = Geod(ellps="WGS84")
    for zone in zones.itertuples():
        signed, _ = geod.geometry_area_perimeter(shapely.orient_polygons(zone.geometry))
        assert zone.area_km2 == pytest.approx(signed / 1e6, rel=1e-9)
    assert zones["area_km2"].sum() == pytest.approx(kursk.cells["area_km2"].sum(), rel=1e-12)


def test_zones_equal_the_union_of_their_cells(kursk: History) -> None:
    n = kursk.day_number("2024-09-06")
    for zone in kursk.zones("2024-09-06").itertuples():
        own = (kursk.codes[n] == kursk.state_names.index(zone.state)) & (kursk.cells["side"] == zone.side)
        union = shapely.coverage_union_all(kursk.cells.geometry[own].to_numpy())
        assert shapely.equals_exact(shapely.normalize(zone.geometry), shapely.normalize(union), tolerance=0)


def test_front_lies_on_the_zones_and_before_any_report_is_the_border(kursk: History) -> None:
    first = kursk.front("2024-08-05")
    assert first["kind"].tolist() == ["front"]
    inside = shapely.intersection(kursk.theatre.border, kursk.theatre.frame)
    assert first.geometry.iloc[0].hausdorff_distance(inside) < 1e-4
    assert "contested-edge" in kursk.front("2024-09-06")["kind"].tolist()


def test_cells_fill_the_kursk_frame(kursk: History) -> None:
    check = verify_cells(kursk.cells, kursk.theatre.frame)
    assert check.relative_difference < 1e-9
    assert check.n_cells == len(kursk.cells)
    named = len(kursk.theatre.places)
    t = kursk.tessellation
    assert sum(len(i) for i in kursk.cells["place_ids"]) + len(t.unplaced) + len(t.vague) + len(t.groundless) == named


def test_areas_sum_to_the_frame_and_lie_in_their_interval(kursk: History) -> None:
    areas = kursk.areas()
    assert (areas["area_low_km2"] <= areas["area_km2"]).all()
    assert (areas["area_km2"] <= areas["area_high_km2"]).all()
    total = areas.groupby("date")["area_km2"].sum().to_numpy()
    assert total == pytest.approx(np.full(len(kursk.days), kursk.cells["area_km2"].sum()), rel=1e-12)
    row = areas[(areas["date"] == pd.Timestamp("2024-09-06")) & (areas["party"] == "UA") & (areas["side"] == "RU")]
    asked = kursk.area_on("2024-09-06", "UA", side="RU")
    told = row[["area_low_km2", "area_km2", "area_high_km2"]].to_numpy().ravel()
    assert list(asked) == pytest.approx(told.tolist())


def test_low_and_high_are_what_every_and_any_policy_gives(kursk: History) -> None:
    others = {p: assess(kursk.theatre, policy=p) for p in rule_names(["UA", "RU"])}
    n, code = kursk.day_number("2025-01-06"), kursk.state_names.index("UA")
    masks = [h.codes[n] == code for h in others.values()]
    area = kursk.cells["area_km2"].to_numpy()
    abroad = (kursk.cells["side"] == "RU").to_numpy()
    low, _, high = kursk.area_on("2025-01-06", "UA", side="RU")
    assert low == pytest.approx(area[abroad & np.all(masks, axis=0)].sum())
    assert high == pytest.approx(area[abroad & np.any(masks, axis=0)].sum())


@pytest.mark.parametrize("by", [None, "district", "region"])
def test_changes_add_up(kursk: History, by: str | None) -> None:
    table = kursk.changes("2024-08-27", "2025-01-06", by=by)
    assert (table["gained_km2"] - table["lost_km2"]).to_numpy() == pytest.approx(table["net_km2"].to_numpy())
    before, after = (kursk.area_on(day, "UA", side="RU").best for day in ("2024-08-27", "2025-01-06"))
    net = table.query("party == 'UA' and side == 'RU'")["net_km2"].sum()
    assert net == pytest.approx(after - before, abs=1e-6)


def test_daily_changes_name_their_reports_and_sum_to_the_net(kursk: History) -> None:
    daily = kursk.daily_changes()
    assert daily["deciding"].map(len).min() >= 1
    first, last = (kursk.area_on(day, "UA", side="RU").best for day in ("2024-08-05", "2025-08-23"))
    abroad = daily[daily["side"] == "RU"]
    gained = abroad.loc[abroad["to_state"] == "UA", "area_km2"].sum()
    lost = abroad.loc[abroad["from_state"] == "UA", "area_km2"].sum()
    assert gained - lost == pytest.approx(last - first)


@pytest.mark.parametrize("by", [None, "district"])
def test_daily_gains_add_up_to_the_areas_of_every_day(kursk: History, by: str | None) -> None:
    gains = kursk.daily_gains(by=by)
    for (party, side), own in kursk.areas().groupby(["party", "side"]):
        told = gains[(gains["party"] == party) & (gains["side"] == side)].groupby("date")["net_km2"].sum()
        summed = told.reindex(own["date"], fill_value=0.0).cumsum().to_numpy()
        assert summed == pytest.approx((own["area_km2"] - own["area_km2"].iloc[0]).to_numpy(), abs=1e-6)
    with pytest.raises(FrontmapError, match="found 'party'"):
        kursk.daily_gains(by="party")


def test_rows_of_a_series_are_those_of_each_day_by_itself_and_stay_the_same_objects(kursk: History) -> None:
    chosen = {0, 1, 30, 31, 32, 150, 220, 221, len(kursk.days) - 1}
    places = kursk.cells.explode("place_ids")
    before: list[dict[str, object]] = []
    kept = 0
    for n, rows in enumerate(kursk.zone_rows(range(len(kursk.days)))):
        kept += sum(row is old for row in rows for old in before)
        before = rows
        if n not in chosen:
            continue
        alone = kursk.zones(kursk.days[n].date()).drop(columns="date").to_dict("records")
        assert [list(row.values())[:-1] for row in rows] == [list(row.values())[:-1] for row in alone]
        assert all(shapely.equals_exact(a["geometry"], b["geometry"]) for a, b in zip(rows, alone, strict=True))
        now = kursk.spells[(kursk.spells["valid_from"] <= kursk.days[n]) & (kursk.days[n] < kursk.spells["valid_to"])]
        deciding = dict(zip(now["place_id"], now["deciding"], strict=True))
        for row in rows:
            own = (
                places["side"].eq(row["side"])
                & (kursk.codes[n] == kursk.state_names.index(row["state"]))[places["cell_id"]]
            )
            told = {i for place_id in places["place_ids"][own] for i in deciding[place_id]}
            assert row["deciding"] == tuple(sorted(told))
    assert kept > len(kursk.days), "most zones stay as they were from one day to the next"


def test_explain_tells_state_rule_reports_and_addresses(kursk: History) -> None:
    found = kursk.explain("Berdin", "2025-01-06")
    assert (found.place_id, found.state) == ("ru-kursk-berdin", "contested")
    # r0503 is the one direct, independent statement dated 6 January 2025 in the facts.
    assert found.deciding["report_id"].tolist() == ["r0503"]
    text = str(found)
    for words in ("contested", "Rule:", "r0503", "https://longwarjournal.org", "r0518", "Losing claims"):
        assert words in text
    plain = found.to_dict()
    assert plain["day"] == "2025-01-06"
    assert first_day_after(found.spell_to) > found.day


def test_every_report_is_accounted_for_in_some_spell(kursk: History) -> None:
    filed = {i for c in ("deciding", "supporting", "losing", "noted") for ids in kursk.spells[c] for i in ids}
    assert filed == set(kursk.theatre.reports["report_id"])


def test_places_without_a_cell_still_have_states_and_say_so(kursk: History) -> None:
    assert "no position" in kursk.explain("Kozyrevka", "2025-01-06").drawn
    assert "uncertain" in kursk.explain("Oleshnya", "2025-03-20").drawn
    # Counted in the facts: 16 places without a position, 14 with a radius above 2,000 m.
    assert kursk.notes[0].startswith("16 places")
    assert kursk.notes[1].startswith("14 places")


def test_three_places_at_two_points(tmp_path: Path) -> None:
    rows = [
        place("sl-a", "A", 51.07, 35.1),
        place("nl-b", "B", 51.2, 35.1),
        place("nl-twin", "Twin", 51.2, 35.1),
        place("nl-c", "C", 51.2, 35.3),
    ]
    taken = report("r1", "nl-twin", "AA", "controlled", "2024-01-02")
    lone = assess(load(write_theatre(tmp_path / "a", places=rows, reports=[taken])), policy="assessed")
    assert lone.tessellation.merged == (("nl-b", "nl-twin"),)
    assert lone.area_on("2024-01-05", "AA", side="NL").best > 0
    both = [taken, report("r2", "nl-b", "BB", "controlled", "2024-01-02")]
    split = assess(load(write_theatre(tmp_path / "b", places=rows, reports=both)), policy="assessed")
    assert split.area_on("2024-01-05", "AA", side="NL").best == 0
    assert split.area_on("2024-01-05", "contested", side="NL").best > 0


# 0.00027 degrees of latitude are 30 m; B is the surer of the two, so the shared cell bears its name.
TWINS = [
    place("sl-a", "A", 51.07, 35.1),
    place("nl-b", "B", 51.2, 35.1, position_radius_m="100"),
    place("nl-twin", "Twin", 51.20027, 35.1),
    place("nl-c", "C", 51.2, 35.3),
]


def twins(folder: Path, *reports: dict[str, str], toml: str = TOML) -> History:
    return assess(load(write_theatre(folder, places=TWINS, reports=reports, toml=toml)), policy="assessed")


def test_the_theatre_says_how_close_places_share_a_cell(tmp_path: Path) -> None:
    taken = report("r1", "nl-twin", "AA", "controlled", "2024-01-02")
    near = twins(tmp_path / "50", taken)
    assert near.tessellation.merged == (("nl-b", "nl-twin"),)
    far = twins(tmp_path / "10", taken, toml=TOML.replace("merge_distance_m = 50", "merge_distance_m = 10"))
    assert far.tessellation.merged == ()
    assert (len(near.cells), len(far.cells)) == (3, 4)


@pytest.mark.parametrize(
    "weak",
    [
        report("r2", "nl-b", "BB", "assault", "2024-01-03"),
        report("r2", "nl-b", "BB", "controlled", "2024-01-03", proximity="near"),
        report("r2", "nl-b", "BB", "controlled", "2024-01-03", implied="true"),
    ],
    ids=["assault", "near", "implied"],
)
def test_what_decides_nothing_gives_a_twin_no_voice(tmp_path: Path, weak: dict[str, str]) -> None:
    history = twins(tmp_path, report("r1", "nl-twin", "AA", "controlled", "2024-01-05"), weak)
    cell = history.cells.set_index("place_id")["area_km2"]["nl-b"]
    assert [history.area_on(f"2024-01-{day}", "AA", side="NL").best for day in ("04", "05", "31")] == [0, cell, cell]


def test_a_twin_has_a_voice_from_its_first_decision_on(tmp_path: Path) -> None:
    history = twins(
        tmp_path,
        report("r1", "nl-twin", "AA", "controlled", "2024-01-05"),
        report("r2", "nl-b", "BB", "controlled", "2024-01-20"),
        report("r3", "nl-b", "BB", "controlled", "2024-01-25"),
    )
    cell = history.cells["place_id"].tolist().index("nl-b")
    shown = {day: history.state_names[history.codes[day - 1, cell]] for day in (4, 5, 19, 20, 31)}
    assert shown == {4: "BB", 5: "AA", 19: "AA", 20: "contested", 31: "contested"}
    alone, split = (history.explain("Twin", f"2024-01-{day}") for day in (19, 20))
    assert "shared with nl-b" in alone.drawn
    assert "shown as" not in alone.drawn
    assert (split.state, split.drawn.partition("shared with nl-b, ")[2]) == ("AA", "shown as contested")


def test_as_of_reaches_every_policy(tmp_path: Path) -> None:
    late = [
        report(f"r-{side}", "nl-oak", "AA", "controlled", "2024-01-05", published_date="2024-01-25", **told)
        for side, told in {
            "AA": {"origin": "AA staff", "origin_side": "AA"},
            "BB": {"origin": "BB press", "origin_side": "BB"},
            "independent": {},
        }.items()
    ]
    theatre = load(write_theatre(tmp_path, reports=late))
    then = assess(theatre, policy="majority", as_of="2024-01-24")
    assert all("AA" not in set(s.query("place_id == 'nl-oak'")["state"]) for s in then.spells_by_rule.values())
    assert then.area_on("2024-01-10", "AA", side="NL") == (0, 0, 0)
    now = assess(theatre, policy="majority", as_of="2024-01-25")
    assert now.area_on("2024-01-10", "AA", side="NL").low > 0


def test_ground_of_a_country_without_a_party_is_unknown(tmp_path: Path) -> None:
    row = [
        place("sl-a", "A", 51.1, 35.05),
        place("nl-b", "B", 51.1, 35.2, country="NL"),
        place("xl-c", "C", 51.1, 35.35, country="XL"),
    ]
    history = assess(
        load(write_theatre(tmp_path, places=row, reports=[], claims=[], replace={"border.geojson": None})),
        policy="assessed",
    )
    front = history.front("2024-01-10")
    assert front[["kind", "state_a", "state_b"]].to_numpy().tolist() == [
        ["front", "AA", "BB"],
        ["unknown-edge", "BB", "unknown"],
    ]


def test_area_of_districts_and_regions_is_the_sum_of_their_cells(tmp_path: Path) -> None:
    rows = [
        place("sl-a", "A", 51.07, 35.1),
        place("nl-b", "B", 51.2, 35.05, district="West"),
        place("nl-c", "C", 51.2, 35.2, district="East"),
        place("nl-d", "D", 51.2, 35.35, district="East", region="Far Region"),
    ]
    taken = [report(f"r-{i}", i, "AA", "controlled", "2024-01-02") for i in ("nl-b", "nl-d")]
    history = assess(load(write_theatre(tmp_path, places=rows, reports=taken, claims=[])), policy="assessed")
    a, b, c, d = (history.cells.set_index("place_id")["area_km2"][i] for i in ("sl-a", "nl-b", "nl-c", "nl-d"))
    area = partial(history.area_on, "2024-01-10")
    assert area("AA", district="East").best == pytest.approx(d)
    assert area("BB", district="East").best == pytest.approx(c)
    assert area("AA", regions=["North Region"]).best == pytest.approx(b)
    assert area("AA", regions=["North Region", "Far Region"]).best == pytest.approx(b + d)
    assert area("AA", regions=["North Region", "South Region"]).best == pytest.approx(a + b)
    assert area("AA", regions=["North Region"], district="East").best == 0
    assert area("AA", regions=[]).best == 0


def test_daily_changes_tell_what_won_and_what_lost(tmp_path: Path) -> None:
    rows = [
        report("won", "nl-oak", "AA", "controlled", "2024-01-05", origin="BB press", origin_side="BB"),
        report("lost", "nl-oak", "BB", "controlled", "2024-01-05"),
    ]
    (change,) = (
        assess(load(write_theatre(tmp_path, reports=rows)), policy="assessed").daily_changes().to_dict(orient="records")
    )
    assert (change["place_id"], change["from_state"], change["to_state"]) == ("nl-oak", "BB", "AA")
    assert (change["deciding"], change["losing"]) == (("won",), ("lost",))


def test_one_place_or_no_reports_is_a_whole_theatre(tmp_path: Path) -> None:
    lone = place("sl-a", "A", 51.07, 35.1)
    folder = write_theatre(tmp_path, places=[lone], reports=[], claims=[], replace={"border.geojson": None})
    history = assess(load(folder), policy="assessed")
    assert history.areas()["area_km2"].sum() == pytest.approx(31 * history.cells["area_km2"].sum())
    assert history.daily_changes().empty
    assert history.headline == ()


def test_bad_questions_are_refused(kursk: History) -> None:
    with pytest.raises(DateError):
        kursk.zones("2023-01-01")
    with pytest.raises(DateError):
        kursk.changes("2025-01-02", "2025-01-01")
    with pytest.raises(FrontmapError, match="district"):
        kursk.changes(by="colour")
    with pytest.raises(FrontmapError, match="state"):
        kursk.area_on("2025-01-01", "XX")
    with pytest.raises(AmbiguousPlaceError):
        kursk.explain("Viktorovka", "2025-01-06")
    with pytest.raises(PolicyError):
        assess(kursk.theatre, policy="estimate-me")
    with pytest.raises(DateError):
        assess(kursk.theatre, as_of="2020-01-01", policy="assessed")
