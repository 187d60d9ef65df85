"""Series of zones and lines: what is rebuilt day by day equals, bit by bit, what is built from nothing."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from frontmap.areas import transitions
from frontmap.series import Moves, boundary_series, polygon_series
from frontmap.zones import build_arcs
from tests.coverages import coverages, grid

NAMES = sorted(coverages())
ARCS = {name: build_arcs(cells) for name, cells in coverages().items()}
Labels = NDArray[np.int64]


@st.composite
def histories(draw: st.DrawFn) -> tuple[str, Labels]:
    """Draw a coverage, and the labels of its cells on up to eight days of which some are alike."""
    name = draw(st.sampled_from(NAMES))
    n_cells, top = len(coverages()[name]), draw(st.integers(0, 3))
    days = [draw(st.lists(st.integers(0, top), min_size=n_cells, max_size=n_cells))]
    for _ in range(draw(st.integers(0, 7))):
        changes = draw(st.dictionaries(st.integers(0, n_cells - 1), st.integers(0, top), max_size=6))
        days.append([changes.get(cell, label) for cell, label in enumerate(days[-1])])
    return name, np.array(days)


def moves_of(labels: Labels) -> Moves:
    day, cell, _, new = transitions(labels.astype(np.uint8))
    return Moves(day, cell, new.astype(np.int64))


@settings(max_examples=150, deadline=None)
@given(case=histories())
def test_polygons_day_by_day_are_those_built_from_nothing(case: tuple[str, Labels]) -> None:
    name, labels = case
    pictures = {picture.day: picture for picture in polygon_series(ARCS[name], labels[0], moves_of(labels))}
    assert list(pictures) == [day for day in range(len(labels)) if day == 0 or (labels[day] != labels[day - 1]).any()]
    shown = pictures[0]
    for day, codes in enumerate(labels):
        shown = pictures.get(day, shown)
        anew = ARCS[name].polygons(codes)
        assert [(key, zone.wkb) for key, zone in shown.items.items()] == [(key, zone.wkb) for key, zone in anew.items()]


@settings(max_examples=100, deadline=None)
@given(case=histories())
def test_lines_day_by_day_are_those_built_from_nothing(case: tuple[str, Labels]) -> None:
    name, labels = case
    pictures = {picture.day: picture for picture in boundary_series(ARCS[name], labels[0], moves_of(labels))}
    shown = pictures[0]
    for day, codes in enumerate(labels):
        shown = pictures.get(day, shown)
        found = [(*pair, line.length_km, line.geometry.wkb) for pair, line in shown.items.items()]
        anew = ARCS[name].boundaries(codes)
        anew["geometry"] = shapely.to_wkb(anew["geometry"].to_numpy())
        assert found == list(zip(*(anew[column] for column in anew), strict=True))


@settings(max_examples=60, deadline=None)
@given(case=histories())
def test_what_did_not_change_is_the_same_object_and_what_did_is_told(case: tuple[str, Labels]) -> None:
    name, labels = case
    polygons = list(polygon_series(ARCS[name], labels[0], moves_of(labels)))
    lines = list(boundary_series(ARCS[name], labels[0], moves_of(labels)))
    check_identity([(picture.items, picture.changed) for picture in polygons])
    check_identity([(picture.items, picture.changed) for picture in lines])
    for number, picture in enumerate(polygons[1:]):
        former = polygons[number].items
        for key in {*former} & {*picture.changed} & {*picture.items}:
            assert not shapely.equals_exact(former[key], picture.items[key])


def check_identity(pictures: list[tuple[Any, tuple[Any, ...]]]) -> None:
    """Check that an item is another object than before exactly where its key is told to have changed."""
    former: dict[Any, object] = {}
    for items, changed in pictures:
        assert list(items) == sorted(items)
        assert list(changed) == sorted(changed)
        assert {key for key in {*former, *items} if former.get(key) is not items.get(key)} == {*changed}
        former = items


@settings(max_examples=40, deadline=None)
@given(case=histories(), seed=st.integers(0, 9))
def test_the_order_of_moves_within_a_day_does_not_matter(case: tuple[str, Labels], seed: int) -> None:
    name, labels = case
    moves = moves_of(labels)
    order = np.lexsort((np.random.default_rng(seed).random(len(moves.day)), moves.day))
    mixed = Moves(*(column[order] for column in moves))
    straight, other = (list(polygon_series(ARCS[name], labels[0], each)) for each in (moves, mixed))
    assert [[zone.wkb for zone in p.items.values()] for p in straight] == [
        [zone.wkb for zone in p.items.values()] for p in other
    ]


def test_many_days_of_a_moving_front_with_enclaves() -> None:
    side, n_days = 16, 120
    rng = np.random.default_rng(5)
    column = np.tile(np.arange(side), side)
    labels = np.empty((n_days, side**2), dtype=np.int64)
    for day in range(n_days):
        line = 8 + 5 * np.sin(day / 20) + rng.normal(0, 0.7, side**2)
        labels[day] = np.where(column < line - 1, 0, np.where(column < line + 1, 2, 1))
    arcs = build_arcs(grid(side))
    for picture in polygon_series(arcs, labels[0], moves_of(labels)):
        anew = arcs.polygons(labels[picture.day])
        assert [zone.wkb for zone in picture.items.values()] == [zone.wkb for zone in anew.values()]


@pytest.mark.parametrize(
    "moves",
    [
        Moves(np.array([2, 1]), np.array([0, 1]), np.array([1, 1])),
        Moves(np.array([1]), np.array([25]), np.array([1])),
        Moves(np.array([1]), np.array([0]), np.array([-1])),
        Moves(np.array([1]), np.array([0, 1]), np.array([1, 1])),
        Moves(np.array([0]), np.array([0]), np.array([1])),
    ],
    ids=["days out of order", "no such cell", "negative label", "lengths", "day 0"],
)
def test_moves_that_do_not_fit_are_refused(moves: Moves) -> None:
    for series in (polygon_series, boundary_series):
        with pytest.raises(ValueError, match="moves sorted by day"):
            list(series(ARCS["grid"], np.zeros(25, dtype=int), moves))
