"""Zones and boundaries read off arcs, against GEOS's own union of the same cells."""

from __future__ import annotations

from itertools import combinations, pairwise

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from pyproj import Geod

from frontmap.errors import GeometryError
from frontmap.history import History
from frontmap.zones import Arcs, build_arcs
from tests.coverages import BENT, HOLED, ISLAND, SEVERAL, Cells, coverages, grid, ragged, same

NAMES = sorted(coverages())
ARCS = {name: build_arcs(cells) for name, cells in coverages().items()}
SQUARES = build_arcs(grid(6))
Labels = NDArray[np.int64]


@st.composite
def labelled(draw: st.DrawFn) -> tuple[str, Labels]:
    """Draw a coverage and a label of up to four for each of its cells."""
    name = draw(st.sampled_from(NAMES))
    n_cells, top = len(coverages()[name]), draw(st.integers(0, 3))
    return name, np.array(draw(st.lists(st.integers(0, top), min_size=n_cells, max_size=n_cells)))


def bits(arcs: Arcs, labels: Labels) -> list[object]:
    """Everything that is read off arcs, as values that are equal only if every bit is."""
    lines = arcs.boundaries(labels)
    return [
        [(label, zone.wkb) for label, zone in arcs.polygons(labels).items()],
        [*zip(lines["label_a"], lines["label_b"], shapely.to_wkb(lines["geometry"].to_numpy()), strict=True)],
    ]


@settings(max_examples=150, deadline=None)
@given(case=labelled())
def test_polygons_equal_the_union_vertex_by_vertex(case: tuple[str, Labels]) -> None:
    name, labels = case
    cells = coverages()[name]
    zones = ARCS[name].polygons(labels)
    assert list(zones) == sorted(set(labels.tolist()))
    for label, zone in zones.items():
        assert zone.is_valid
        assert same(zone, shapely.coverage_union_all(cells[labels == label]))
    assert sum(zone.area for zone in zones.values()) == pytest.approx(shapely.area(cells).sum(), rel=1e-12)


@settings(max_examples=80, deadline=None)
@given(case=labelled())
def test_neighbouring_zones_share_every_edge(case: tuple[str, Labels]) -> None:
    # Not by `coverage_is_valid`: GEOS 3.14 calls a hole that touches its shell invalid, its own unions included.
    name, labels = case
    zones = [*ARCS[name].polygons(labels).values()]
    edges = [edge for zone in zones for edge in _directed(zone)]
    assert len(set(edges)) == len(edges)
    lonely = {(a, b) for a, b in edges} - {(b, a) for a, b in edges}
    assert lonely == set(_directed(shapely.coverage_union_all(coverages()[name])))


@settings(max_examples=60, deadline=None)
@given(case=labelled())
def test_rings_begin_at_their_lowest_vertex_and_stand_in_order(case: tuple[str, Labels]) -> None:
    name, labels = case
    for zone in ARCS[name].polygons(labels).values():
        parts = shapely.get_parts(zone).tolist()
        for part in parts:
            assert part.exterior.is_ccw
            assert not any(hole.is_ccw for hole in part.interiors)
            for ring in (part.exterior, *part.interiors):
                assert ring.coords[0] == min(ring.coords)
            assert [hole.coords[:2] for hole in part.interiors] == sorted(hole.coords[:2] for hole in part.interiors)
        assert [p.exterior.coords[:2] for p in parts] == sorted(p.exterior.coords[:2] for p in parts)


@settings(max_examples=60, deadline=None)
@given(case=labelled(), seed=st.integers(0, 9))
def test_the_order_of_the_cells_changes_no_bit(case: tuple[str, Labels], seed: int) -> None:
    name, labels = case
    order = np.random.default_rng(seed).permutation(len(labels))
    assert bits(build_arcs(coverages()[name][order]), labels[order]) == bits(ARCS[name], labels)


@settings(max_examples=80, deadline=None)
@given(case=labelled())
def test_boundaries_are_where_the_outlines_of_two_zones_meet(case: tuple[str, Labels]) -> None:
    name, labels = case
    zones, lines = ARCS[name].polygons(labels), ARCS[name].boundaries(labels)
    found = {
        (a, b): (km, line)
        for a, b, km, line in zip(
            *(lines[name] for name in ("label_a", "label_b", "length_km", "geometry")), strict=True
        )
    }
    assert list(found) == sorted(found)
    for a, b in combinations(zones, 2):
        met = shapely.get_parts(shapely.intersection(zones[a].boundary, zones[b].boundary))
        met = met[shapely.length(met) > 0]
        assert len(met) == 0 or (a, b) in found
        if (a, b) in found:
            parts = shapely.get_parts(found[a, b][1])
            # On the boundaries of both sides, nothing that they share is missing, and the lower label is on the left.
            assert {edge for part in parts for edge in _edges(part)} == {*_directed(zones[a])} & {
                (end, begin) for begin, end in _directed(zones[b])
            }
            assert sum(part.length for part in parts) == pytest.approx(shapely.length(met).sum(), rel=1e-12)
            metres = sum(Geod(ellps="WGS84").geometry_length(part) for part in met)
            assert found[a, b][0] == pytest.approx(metres / 1000, rel=1e-12)


Edge = tuple[tuple[float, ...], tuple[float, ...]]


def _edges(line: shapely.LineString) -> list[Edge]:
    return list(pairwise(line.coords))


def _directed(zone: shapely.Geometry) -> list[Edge]:
    """Edges of a zone that have it on their left."""
    parts = shapely.get_parts(shapely.orient_polygons(shapely.get_parts(zone)))
    return [edge for part in parts for ring in (part.exterior, *part.interiors) for edge in _edges(ring)]


def test_lines_are_merged_and_have_the_lower_label_on_their_left() -> None:
    codes = np.ones(36, dtype=int)
    codes.reshape(6, 6)[:, :2] = 0  # the west
    codes.reshape(6, 6)[2:4, 3:5] = 0  # and an enclave
    lines = SQUARES.boundaries(codes)
    assert lines[["label_a", "label_b"]].to_numpy().tolist() == [[0, 1]]
    south_to_north = [(2, n) for n in range(7)]
    around = [(3, 2), (4, 2), (5, 2), (5, 3), (5, 4), (4, 4), (3, 4), (3, 3), (3, 2)]
    assert [list(line.coords) for line in lines["geometry"][0].geoms] == [south_to_north, around]


def test_lines_end_where_others_meet_them() -> None:
    codes = np.array([[0, 1], [1, 0]])  # a chequerboard: four lines from its centre
    arcs = build_arcs(grid(2))
    (crossing,) = arcs.boundaries(codes.ravel())["geometry"]
    assert sorted(tuple(sorted(line.coords)) for line in crossing.geoms) == [
        ((0, 1), (1, 1)),
        ((1, 0), (1, 1)),
        ((1, 1), (1, 2)),
        ((1, 1), (2, 1)),
    ]
    assert arcs.boundaries(np.zeros(4, dtype=int)).empty


def test_a_ring_of_one_label_has_a_hole_and_an_island_inside_it() -> None:
    codes = np.ones(36, dtype=int)
    codes.reshape(6, 6)[1:4, 1:4] = 0
    codes.reshape(6, 6)[2, 2] = 1
    zones = SQUARES.polygons(codes)
    assert (zones[0].area, len(zones[0].interiors)) == (8, 1)
    assert (zones[1].area, zones[1].geom_type) == (28, "MultiPolygon")


def test_a_hole_belongs_to_the_closest_of_nested_parts() -> None:
    # Rings of 1 within 0 within 1 ...: seen from outside 1, 0, 1, 0, 1; every part of 1 but the middle has one hole.
    side = 9
    ring = np.minimum(np.arange(side), side - 1 - np.arange(side))
    codes = 1 - np.minimum(ring[:, None], ring[None, :]) % 2
    zones = build_arcs(grid(side)).polygons(codes.ravel())
    assert [len(part.interiors) for part in zones[1].geoms] == [1, 1, 0]
    assert [part.area for part in zones[1].geoms] == [81 - 49, 25 - 9, 1]
    assert zones[1].is_valid


def test_one_cell_and_cells_with_holes() -> None:
    island, sea = coverages()["a cell within another"]
    arcs = build_arcs(np.array([island, sea]))
    assert same(arcs.polygons(np.array([0, 0]))[0], shapely.box(0, 0, 3, 3))
    assert same(arcs.polygons(np.array([0, 1]))[1], sea)
    alone = build_arcs(np.array([ISLAND]))
    assert same(alone.polygons(np.array([5]))[5], ISLAND)
    assert alone.boundaries(np.array([5])).empty


def test_overlapping_cells_and_wrong_labels_are_refused() -> None:
    with pytest.raises(GeometryError, match="overlap"):
        build_arcs(np.array([shapely.box(0, 0, 1, 1), shapely.box(0, 0, 1, 1)]))
    crossing = [shapely.Polygon([(0, 0), (4, 1), (4, 3)]), shapely.Polygon([(0, 0), (4, 2), (4, 4)])]
    with pytest.raises(GeometryError, match="cross near"):
        build_arcs(np.array(crossing)).polygons(np.array([0, 1]))
    with pytest.raises(ValueError, match="36 labels"):
        SQUARES.polygons(np.zeros(3, dtype=int))
    with pytest.raises(ValueError, match="36 labels"):
        SQUARES.boundaries(np.zeros(3, dtype=int))
    with pytest.raises(ValueError, match="0 or more"):
        SQUARES.polygons(np.full(36, -1))


# Fewer cells, fewer vertices


@settings(max_examples=60, deadline=None)
@given(case=labelled())
def test_dissolved_cells_are_the_polygons(case: tuple[str, Labels]) -> None:
    name, labels = case
    _, labels = np.unique(labels, return_inverse=True)
    zones, dissolved = ARCS[name].polygons(labels), ARCS[name].dissolved(labels)
    single = dissolved.polygons(np.arange(dissolved.n_cells))
    assert {key: zone.wkb for key, zone in single.items()} == {key: zone.wkb for key, zone in zones.items()}
    # No arc goes on as another one: where arcs end, three or more meet, or one of them is closed.
    ends = np.bincount(dissolved.origin)
    closed = dissolved.origin[::2] == dissolved.origin[1::2]
    assert (ends[dissolved.origin.reshape(-1, 2)[~closed]] > 2).all()
    assert ((dissolved.left < dissolved.right) | (dissolved.right < 0)).all()


def test_in_ring_order_arcs_follow_each_other() -> None:
    ordered = SQUARES.in_ring_order()
    assert bits(ordered, np.arange(36)) == bits(SQUARES, np.arange(36))
    # The ring of square 0 (its two outer edges are one arc), then what is left of that of square 1.
    ends = ordered.vertices[ordered.origin].reshape(-1, 4)[:5].astype(int).tolist()
    assert [{(a, b), (c, d)} for a, b, c, d in ends] == [
        {(0, 1), (1, 0)},
        {(1, 0), (1, 1)},
        {(1, 1), (0, 1)},
        {(1, 0), (2, 0)},
        {(2, 0), (2, 1)},
    ]


CROOKED = ragged(4)
CROOKED_ARCS = build_arcs(CROOKED)


@settings(max_examples=40, deadline=None)
@given(case=labelled(), tolerance=st.sampled_from([0.02, 0.3, 3.0]))
def test_simplified_zones_share_their_vertices_and_stay_valid(case: tuple[str, Labels], tolerance: float) -> None:
    name, labels = case
    simple = ARCS[name].simplified(tolerance)
    zones = simple.polygons(labels)
    assert set(zones) == set(labels.tolist())
    assert all(zone.is_valid for zone in zones.values())
    edges = [edge for zone in zones.values() for edge in _directed(zone)]
    assert len(set(edges)) == len(edges)
    (whole,) = simple.polygons(np.zeros(len(labels), dtype=int)).values()
    assert {(a, b) for a, b in edges} - {(b, a) for a, b in edges} == {*_directed(whole)}
    assert sum(zone.area for zone in zones.values()) == pytest.approx(whole.area, rel=1e-12)


def test_simplifying_keeps_cells_nodes_and_neighbours() -> None:
    simple = CROOKED_ARCS.simplified(0.1)
    assert len(simple.vertex) < len(CROOKED_ARCS.vertex) / 2

    def neighbours(arcs: Arcs) -> list[tuple[int, int]]:
        return sorted(zip(arcs.left.tolist(), arcs.right.tolist(), strict=True))

    def nodes(arcs: Arcs) -> set[tuple[float, ...]]:
        inner = np.flatnonzero(np.bincount(arcs.origin, minlength=len(arcs.vertices)) > 2)
        return set(map(tuple, arcs.vertices[inner].tolist()))

    assert neighbours(simple) == neighbours(CROOKED_ARCS)
    assert nodes(simple) == nodes(CROOKED_ARCS)
    assert set(map(tuple, simple.vertices.tolist())) <= set(map(tuple, CROOKED_ARCS.vertices.tolist()))
    moved = [
        a.symmetric_difference(b).area for a, b in zip(CROOKED, simple.polygons(np.arange(16)).values(), strict=True)
    ]
    assert max(moved) < 0.1


@pytest.mark.parametrize("frame", [HOLED, SEVERAL, BENT], ids=["holes", "parts", "split cells"])
def test_vertices_on_a_grid_are_shared_and_near(frame: shapely.Geometry) -> None:
    cells: Cells = next(c for c in coverages().values() if shapely.area(c).sum() == pytest.approx(frame.area))
    arcs = build_arcs(cells)
    coarse = arcs.rounded(0.01)
    assert coarse.n_cells == len(cells)
    assert (coarse.vertices == np.rint(coarse.vertices)).all()
    drawn = signed_areas(coarse) * 0.01**2
    np.testing.assert_allclose(drawn, shapely.area(cells), atol=0.01 * shapely.length(cells).max())
    with pytest.raises(ValueError, match="positive grid"):
        arcs.rounded(0.0)


def test_what_is_smaller_than_the_grid_is_dropped() -> None:
    speck = shapely.box(1.01, 1.01, 1.02, 1.02)
    thin = shapely.box(0.6, 2.0, 1.4, 2.01)
    sea = shapely.box(0, 0, 3, 3).difference(shapely.union_all([speck, thin]))
    coarse = build_arcs(np.array([sea, speck, thin])).rounded(0.5)
    assert sorted(zip(coarse.left.tolist(), coarse.right.tolist(), strict=True)) == [(0, -1)]
    assert signed_areas(coarse).tolist() == [36, 0, 0]


def test_three_squares_have_six_arcs_cut_where_three_meet() -> None:
    # The corner (1, 1) lies on the long cell's lower edge; cells share their vertices, so it is a vertex there too.
    long = shapely.Polygon([(0, 1), (1, 1), (2, 1), (2, 2), (0, 2)])
    arcs = build_arcs(np.array([shapely.box(0, 0, 1, 1), shapely.box(1, 0, 2, 1), long]))
    pairs = sorted(zip(arcs.left.tolist(), arcs.right.tolist(), strict=True))
    assert pairs == [(0, -1), (0, 1), (0, 2), (1, -1), (1, 2), (2, -1)]


def test_an_island_and_the_hole_around_it_share_one_arc() -> None:
    arcs = build_arcs(coverages()["a cell within another"])
    assert sorted(zip(arcs.left.tolist(), arcs.right.tolist(), strict=True)) == [(0, 1), (1, -1)]


def test_the_bundled_cells_come_back_from_their_arcs_on_a_grid(kursk_history: History) -> None:
    cells = kursk_history.cells.geometry.to_numpy()
    assert all(map(same, kursk_history.arcs.polygons(np.arange(len(cells))).values(), cells))
    coarse = kursk_history.arcs.rounded(4e-5)
    np.testing.assert_allclose(signed_areas(coarse) * 4e-5**2, shapely.area(cells), atol=6e-5)


def signed_areas(arcs: Arcs) -> NDArray[np.float64]:
    """Area of each cell by the shoelace formula over its arcs."""
    begin, end = arcs.vertices[arcs.vertex[:-1]], arcs.vertices[arcs.vertex[1:]]
    twice = begin[:, 0] * end[:, 1] - end[:, 0] * begin[:, 1]
    within = np.ones(len(twice), dtype=bool)
    within[arcs.start[1:-1] - 1] = False
    arc = np.repeat(np.arange(len(arcs.left)), np.diff(arcs.start))[:-1]
    by_arc = np.bincount(arc[within], weights=twice[within], minlength=len(arcs.left)) / 2
    total = np.zeros(arcs.n_cells + 1)
    np.add.at(total, arcs.left, by_arc)
    np.add.at(total, arcs.right, -by_arc)
    return total[:-1]
