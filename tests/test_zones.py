"""Zones and boundaries read off arcs, against GEOS's own union of the same cells."""

from __future__ import annotations

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from frontmap.errors import GeometryError
from frontmap.zones import build_arcs

SIDE = 6
GRID = np.array([shapely.box(i, j, i + 1, j + 1) for j in range(SIDE) for i in range(SIDE)])
ARCS = build_arcs(GRID)


def same(a: shapely.Geometry, b: shapely.Geometry) -> bool:
    return bool(shapely.equals_exact(shapely.normalize(a), shapely.normalize(b), tolerance=0))


@settings(max_examples=80, deadline=None)
@given(labels=st.lists(st.integers(0, 3), min_size=SIDE**2, max_size=SIDE**2))
def test_polygons_equal_the_union_vertex_by_vertex(labels: list[int]) -> None:
    codes = np.array(labels)
    zones = ARCS.polygons(codes)
    assert set(zones) == set(labels)
    for label, zone in zones.items():
        assert zone.is_valid
        assert same(zone, shapely.coverage_union_all(GRID[codes == label]))
    assert shapely.coverage_is_valid(np.array(list(zones.values())))


@settings(max_examples=25, deadline=None)
@given(labels=st.lists(st.integers(0, 2), min_size=SIDE**2, max_size=SIDE**2))
def test_boundaries_lie_on_both_zones_and_have_their_full_length(labels: list[int]) -> None:
    codes = np.array(labels)
    zones, lines = ARCS.polygons(codes), ARCS.boundaries(codes)
    for a, b, line in zip(lines["label_a"], lines["label_b"], lines["geometry"], strict=True):
        assert a < b
        assert line.difference(zones[a].boundary).is_empty
        assert line.difference(zones[b].boundary).is_empty
        counted = sum(
            shapely.intersection(GRID[i].boundary, GRID[j].boundary).length
            for i in np.flatnonzero(codes == a)
            for j in np.flatnonzero(codes == b)
        )
        assert line.length == pytest.approx(counted)


def test_a_ring_of_one_label_has_a_hole_and_an_island_inside_it() -> None:
    codes = np.ones(SIDE**2, dtype=int)
    codes.reshape(SIDE, SIDE)[1:4, 1:4] = 0
    codes.reshape(SIDE, SIDE)[2, 2] = 1
    zones = ARCS.polygons(codes)
    assert (zones[0].area, len(zones[0].interiors)) == (8, 1)
    assert (zones[1].area, zones[1].geom_type) == (28, "MultiPolygon")


def test_one_cell_and_cells_with_holes() -> None:
    island, sea = shapely.box(1, 1, 2, 2), shapely.box(0, 0, 3, 3).difference(shapely.box(1, 1, 2, 2))
    arcs = build_arcs(np.array([island, sea]))
    assert same(arcs.polygons(np.array([0, 0]))[0], shapely.box(0, 0, 3, 3))
    assert same(arcs.polygons(np.array([0, 1]))[1], sea)
    alone = build_arcs(np.array([island]))
    assert same(alone.polygons(np.array([5]))[5], island)
    assert alone.boundaries(np.array([5])).empty


def test_overlapping_cells_and_wrong_labels_are_refused() -> None:
    with pytest.raises(GeometryError, match="overlap"):
        build_arcs(np.array([shapely.box(0, 0, 1, 1), shapely.box(0, 0, 1, 1)]))
    with pytest.raises(ValueError, match="36 labels"):
        ARCS.polygons(np.zeros(3, dtype=int))
    with pytest.raises(ValueError, match="0 or more"):
        ARCS.polygons(np.full(SIDE**2, -1))
