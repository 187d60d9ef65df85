"""Area arithmetic on codes, against sums written out by hand and against direct counting."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from frontmap.areas import area_series, change_table, mask_series, transitions

AREA = np.array([10.0, 20.0, 40.0])
SIDE = np.array([0, 1, 1])
CODES = np.array([[0, 0, 1], [1, 0, 1], [1, 1, 1], [1, 1, 0]], dtype=np.uint8)


def test_series_by_hand() -> None:
    series = area_series(CODES, AREA, SIDE, n_states=2, n_groups=2)
    assert series[:, 0].tolist() == [[10, 20], [0, 20], [0, 0], [0, 40]]
    assert series[:, 1].tolist() == [[0, 40], [10, 40], [10, 60], [10, 20]]


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
    assert mask_series(codes == 2, area, group, n_groups=3) == pytest.approx(series[:, 2], abs=1e-8)


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
