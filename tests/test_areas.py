"""Area arithmetic on codes, against sums written out by hand and against direct counting."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from frontmap.areas import area_series, change_table, gain_table, overlap, spread_series, transitions, unfold
from frontmap.cells import tessellate
from frontmap.crs import WGS84, geodesic_area_km2

AREA = np.array([10.0, 20.0, 40.0])
SIDE = np.array([0, 1, 1])
CODES = np.array([[0, 0, 1], [1, 0, 1], [1, 1, 1], [1, 1, 0]], dtype=np.uint8)


def test_series_by_hand() -> None:
    series = area_series(CODES, AREA, SIDE, n_states=2, n_groups=2)
    assert series[:, 0].tolist() == [[10, 20], [0, 20], [0, 0], [0, 40]]
    assert series[:, 1].tolist() == [[0, 40], [10, 40], [10, 60], [10, 20]]


def test_series_of_more_groups_than_a_code_can_count() -> None:
    codes, group = np.array([[0, 3]], dtype=np.uint8), np.array([0, 99])
    series = area_series(codes, np.array([10.0, 20.0]), group, n_states=4, n_groups=100)
    assert (series[0, 0, 0], series[0, 3, 99], series.sum()) == (10.0, 20.0, 30.0)


def test_overlap_of_two_rectangles_by_hand() -> None:
    # 4 x 3 and 5 x 2 that share 2 x 1: 2 / (12 + 10 - 2)
    assert overlap([2.0], [12.0], [10.0]).tolist() == [0.1]
    assert np.isnan(overlap([0.0], [0.0], [0.0])[0])


def test_transitions_by_hand() -> None:
    moves = transitions(CODES)
    assert [list(map(int, m)) for m in moves] == [[1, 2, 3], [0, 1, 2], [0, 0, 1], [1, 1, 0]]


def test_changes_by_hand() -> None:
    cells = pd.DataFrame({"area_km2": AREA, "side": ["N", "S", "S"]})
    table = change_table(CODES[0], CODES[3], cells, states=["AA", "BB"])
    assert table.to_numpy().tolist() == [
        ["AA", "N", 0, 10, -10],
        ["AA", "S", 40, 20, 20],
        ["BB", "N", 10, 0, 10],
        ["BB", "S", 20, 40, -20],
    ]


codes = hnp.arrays(np.uint8, (9, 7), elements=st.integers(0, 3))
sizes = hnp.arrays(np.float64, 7, elements=st.floats(0.01, 500))
groups = hnp.arrays(np.int64, 7, elements=st.integers(0, 2))


@settings(max_examples=80, deadline=None)
@given(codes=codes, area=sizes, group=groups)
def test_series_equals_counting_each_day(codes: np.ndarray, area: np.ndarray, group: np.ndarray) -> None:
    series = area_series(codes, area, group, n_states=4, n_groups=3)
    for day in range(len(codes)):
        for state in range(4):
            for g in range(3):
                counted = sum(a for a, c, s in zip(area, codes[day], group, strict=True) if c == state and s == g)
                assert series[day, state, g] == pytest.approx(counted, abs=1e-8)
    assert series.sum(axis=(1, 2)) == pytest.approx(np.full(len(codes), area.sum()))


@settings(max_examples=60, deadline=None)
@given(codes=codes, area=sizes, group=groups)
def test_net_is_gains_minus_losses_and_the_change_of_area(
    codes: np.ndarray, area: np.ndarray, group: np.ndarray
) -> None:
    cells = pd.DataFrame({"area_km2": area, "side": group})
    table = change_table(codes[0], codes[-1], cells, states=list("abcd"))
    assert (table["gained_km2"] - table["lost_km2"]).to_numpy() == pytest.approx(table["net_km2"].to_numpy())
    assert table.groupby("side")["net_km2"].sum().to_numpy() == pytest.approx(0, abs=1e-8)
    series = area_series(codes, area, group, n_states=4, n_groups=3)
    for party, side, net in zip(table["party"], table["side"], table["net_km2"], strict=True):
        state = "abcd".index(party)
        assert net == pytest.approx(series[-1, state, side] - series[0, state, side], abs=1e-8)


def test_daily_gains_by_hand() -> None:
    cells = pd.DataFrame({"area_km2": AREA, "side": ["N", "S", "S"], "district": ["n", "s1", "s2"]})
    table = gain_table(transitions(CODES), cells, states=["BB", "AA"], by=["side", "district"])
    assert table.to_numpy().tolist() == [
        [1, "AA", "N", "n", 10, 0, 10],
        [1, "BB", "N", "n", 0, 10, -10],
        [2, "AA", "S", "s1", 20, 0, 20],
        [2, "BB", "S", "s1", 0, 20, -20],
        [3, "AA", "S", "s2", 0, 40, -40],
        [3, "BB", "S", "s2", 40, 0, 40],
    ]
    assert gain_table(transitions(CODES[:1]), cells, states=["BB", "AA"], by=["side"]).empty


@settings(max_examples=60, deadline=None)
@given(codes=codes, area=sizes, group=groups)
def test_gains_of_all_days_add_up_to_the_change_of_area(codes: np.ndarray, area: np.ndarray, group: np.ndarray) -> None:
    cells = pd.DataFrame({"area_km2": area, "side": group})
    table = gain_table(transitions(codes), cells, states=list("abcd"), by=["side"])
    series = area_series(codes, area, group, n_states=4, n_groups=3)
    for state, party in enumerate("abcd"):
        for side in range(3):
            own = table[(table["party"] == party) & (table["side"] == side)].set_index("day")["net_km2"]
            summed = own.reindex(range(len(codes)), fill_value=0.0).cumsum().to_numpy()
            assert summed == pytest.approx(series[:, state, side] - series[0, state, side], abs=1e-8)
    assert table["net_km2"].to_numpy() == pytest.approx(table["gained_km2"] - table["lost_km2"])
    assert (table[["gained_km2", "lost_km2"]] >= 0).all(axis=None)


@settings(max_examples=60, deadline=None)
@given(codes=codes)
def test_changes_tell_every_day(codes: np.ndarray) -> None:
    assert np.array_equal(unfold(codes[0], transitions(codes), len(codes)), codes)


@settings(max_examples=60, deadline=None)
@given(policies=st.lists(codes, min_size=1, max_size=3), area=sizes, group=groups, order=st.permutations(range(7)))
def test_spread_is_what_every_policy_and_any_policy_gives(
    policies: list[np.ndarray], area: np.ndarray, group: np.ndarray, order: list[int]
) -> None:
    every, some = spread_series(policies, area, group, n_states=4, n_groups=3)
    for state in range(4):
        masks = np.stack([p == state for p in policies])
        for side in range(3):
            weight = area * (group == side)
            assert every[:, state, side] == pytest.approx(masks.all(axis=0) @ weight, abs=1e-8)
            assert some[:, state, side] == pytest.approx(masks.any(axis=0) @ weight, abs=1e-8)
    moved = spread_series([p[:, order] for p in policies], area[order], group[order], n_states=4, n_groups=3)
    assert moved[0] == pytest.approx(every, abs=1e-8)
    assert moved[1] == pytest.approx(some, abs=1e-8)


RING = shapely.Polygon(
    [(30, 50), (32, 50), (32, 51.5), (31, 50.7), (30, 51.5)], [[(30.8, 50.2), (31.2, 50.2), (31, 50.4)]]
)
TWO = shapely.MultiPolygon([shapely.box(30, 50, 30.9, 51), shapely.box(31.1, 50.3, 32, 51.3)])


@pytest.mark.parametrize("frame", [RING, TWO], ids=["concave with a hole", "two parts"])
@settings(max_examples=8, deadline=None)
@given(seed=st.integers(0, 999))
def test_areas_are_those_of_the_dissolved_polygons(frame: shapely.Geometry, seed: int) -> None:
    rng = np.random.default_rng(seed)
    points = [p for p in shapely.points(rng.uniform((30, 50), (32, 51.5), (60, 2))) if frame.contains(p)]
    table = {"place_id": [f"p{n}" for n in range(len(points))], "country": "X", "region": "R", "district": "D"}
    places = gpd.GeoDataFrame(table | {"position_radius_m": 500.0}, geometry=points, crs=WGS84)
    cells = tessellate(places, frame).cells
    codes = rng.integers(0, 3, (4, len(cells)), dtype=np.uint8)
    series = area_series(codes, cells["area_km2"].to_numpy(), np.zeros(len(cells), int), n_states=3, n_groups=1)
    for day, states in enumerate(codes):
        for state in range(3):
            polygon = shapely.union_all(cells.geometry.to_numpy()[states == state])
            assert series[day, state, 0] == pytest.approx(geodesic_area_km2([polygon])[0], rel=1e-9, abs=1e-9)
