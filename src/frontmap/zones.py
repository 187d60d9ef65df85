"""Zones: polygons and front lines of any day, read off the arcs that the cells of a tessellation share."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from frontmap.crs import FloatArray, GeometryArray, distance_km
from frontmap.errors import GeometryError
from frontmap.rings import assemble, canonical, drawn_lines, from_lowest, split
from frontmap.runs import NONE, numbered, spread, stops, walk, with_ends
from frontmap.topology import OUTSIDE, IntArray, shared_edges, vertex_numbers

BoundaryColumns = ("label_a", "label_b", "length_km", "geometry")


class Boundary(NamedTuple):
    """Where two labels meet: its geodesic length, and its lines, which have the lower label on their left."""

    length_km: float
    geometry: BaseGeometry


@dataclass(frozen=True, eq=False)
class Arcs:
    """The edges of a coverage as arcs: chains of vertices with one cell on the left and one (or none) on the right.

    Parameters
    ----------
    n_cells : int
        Number of cells in the coverage.
    vertices : ndarray, shape (n_vertices, 2)
        Distinct coordinates, in the units of the cells, sorted by x and then y.
    start : ndarray of int, shape (n_arcs + 1,)
        Where each arc begins in `vertex`; the last number is the length of `vertex`.
    vertex : ndarray of int
        Numbers of the vertices of all arcs, first to last; a closed arc ends where it begins.
    left, right : ndarray of int, shape (n_arcs,)
        Cell on that side of each arc; `right` is -1 where the coverage ends.

    Notes
    -----
    The structure is that of TopoJSON (Bostock 2012) and of GEOS coverages; walking arcs replaces dissolving polygons.
    Half ``2 * i`` is arc ``i`` as it runs, half ``2 * i + 1`` the same arc run backwards; each has its own cell on the
    left. Polygons and lines are canonical: they depend on the coverage and the labels alone, bit by bit, and neither on
    the order of the cells nor on the way in which they were made (lengths depend on that order by rounding).
    """

    n_cells: int
    vertices: FloatArray
    start: IntArray
    vertex: IntArray
    left: IntArray
    right: IntArray

    @cached_property
    def face(self) -> IntArray:
        """The cell on the left of each half, -1 outside."""
        return np.column_stack([self.left, self.right]).ravel()

    @cached_property
    def origin(self) -> IntArray:
        """The vertex at which each half begins; where half ``h`` ends, half ``h ^ 1`` begins."""
        return np.column_stack([self.vertex[self.start[:-1]], self.vertex[self.start[1:] - 1]]).ravel()

    @cached_property
    def _by_origin(self) -> tuple[IntArray, IntArray]:
        """All halves by the vertex that they leave, there counter-clockwise; and where those of each vertex begin."""
        near = np.column_stack([self.vertex[self.start[:-1] + 1], self.vertex[self.start[1:] - 2]]).ravel()
        x, y = (self.vertices[near] - self.vertices[self.origin]).T
        order = np.lexsort((np.arctan2(y, x), self.origin))
        return order, np.searchsorted(self.origin[order], np.arange(len(self.vertices) + 1))

    @cached_property
    def _by_face(self) -> tuple[IntArray, IntArray]:
        """All halves by the cell on their left; and where those of each cell begin."""
        order = np.argsort(self.face, kind="stable")
        return order, np.searchsorted(self.face[order], np.arange(self.n_cells + 1))

    def leaving(self, nodes: IntArray) -> tuple[IntArray, IntArray]:
        """List the halves that leave some vertices.

        Parameters
        ----------
        nodes : ndarray of int
            Numbers of vertices.

        Returns
        -------
        halves, number : ndarray of int
            The halves, and for each the position in `nodes` of the vertex that it leaves.

        Raises
        ------
        IndexError
            If there is no such vertex.
        """
        return _picked(*self._by_origin, nodes)

    def around(self, cells: IntArray) -> tuple[IntArray, IntArray]:
        """List the halves that run around some cells.

        Parameters
        ----------
        cells : ndarray of int
            Numbers of cells.

        Returns
        -------
        halves, number : ndarray of int
            The halves that have one of the cells on the left, and for each the position of its cell in `cells`.

        Raises
        ------
        IndexError
            If there is no such cell.
        """
        return _picked(*self._by_face, cells)

    @cached_property
    def _turn(self) -> IntArray:
        """For each half the one that bounds the same cell from where it ends: the first one clockwise from its back."""
        order, offset = self._by_origin
        node = self.origin[order]
        place = np.arange(len(order))
        turn = np.empty_like(order)
        turn[order ^ 1] = order[np.where(place == offset[node], offset[node + 1], place) - 1]
        wrong = np.flatnonzero(self.face[turn] != self.face)
        if len(wrong):
            x, y = self.vertices[self.origin[wrong[0] ^ 1]]
            raise GeometryError(
                f"expected cells that do not overlap, found some that cross near ({x:.6f}, {y:.6f}); "
                "next: check the positions and the frame there"
            )
        return turn

    @cached_property
    def arc_km(self) -> FloatArray:
        """Geodesic length of each arc, if the cells are in EPSG:4326."""
        lon, lat = self.vertices[self.vertex].T
        step = distance_km(lon[:-1], lat[:-1], lon[1:], lat[1:])
        step[self.start[1:-1] - 1] = 0.0  # from the end of an arc to the beginning of the next
        lengths: FloatArray = np.add.reduceat(step, self.start[:-1])
        return lengths

    def sides(self, labels: NDArray[np.integer]) -> IntArray:
        """Give the label on the left of each half.

        Parameters
        ----------
        labels : ndarray of int, shape (n_cells,)
            A label for each cell, 0 or greater.

        Returns
        -------
        ndarray of int, shape (2 * n_arcs,)
            -1 outside.

        Raises
        ------
        ValueError
            If the number of labels is not the number of cells, or one is negative.
        """
        if len(labels) != self.n_cells or (len(labels) and np.min(labels) < 0):
            raise ValueError(
                f"expected {self.n_cells} labels of 0 or more, found {len(labels)}; next: one for each cell"
            )
        return np.append(np.asarray(labels, dtype=np.int64), OUTSIDE)[self.face]

    def next_half(self, halves: IntArray, parting: NDArray[np.bool_]) -> IntArray:
        """Find for each half the next one around the same label, passing arcs that part nothing.

        Parameters
        ----------
        halves : ndarray of int
            Halves of arcs that part two labels.
        parting : ndarray of bool, shape (n_arcs,)
            The arcs that part two labels.

        Returns
        -------
        ndarray of int
            As many halves: of those that part two labels the first one clockwise from where a half came.

        Raises
        ------
        GeometryError
            If cells overlap.
        """
        found = self._turn[halves]
        while (passed := np.flatnonzero(~parting[found >> 1])).size:
            found[passed] = self._turn[found[passed] ^ 1]
        return found

    def polygons(self, labels: NDArray[np.integer]) -> dict[int, BaseGeometry]:
        """Outline the union of the cells of each label.

        Parameters
        ----------
        labels : ndarray of int, shape (n_cells,)
            A label for each cell, 0 or greater.

        Returns
        -------
        dict of int to Polygon or MultiPolygon
            For each label that occurs, in order. Vertices are those of the cells, so neighbours share them exactly.
            Each ring begins at its lowest vertex (by x, then y); shells run counter-clockwise, holes clockwise; parts
            and holes stand in the order of their first vertices.

        Raises
        ------
        ValueError
            If the number of labels is not the number of cells, or one is negative.
        GeometryError
            If cells overlap.

        Examples
        --------
        >>> import numpy as np, shapely
        >>> arcs = build_arcs(np.array([shapely.box(0, 0, 1, 1), shapely.box(1, 0, 2, 1)]))
        >>> arcs.polygons(np.array([0, 0]))[0].wkt
        'POLYGON ((0 0, 1 0, 2 0, 2 1, 1 1, 0 1, 0 0))'
        """
        side = self.sides(labels)
        parting = side[::2] != side[1::2]
        halves = np.flatnonzero((side != OUTSIDE) & np.repeat(parting, 2))
        if not len(halves):
            return {}
        place = np.empty(len(side), dtype=np.int64)
        place[halves] = np.arange(len(halves))
        order, start = walk(place[self.next_half(halves, parting)])
        loops, start = split(halves[order], start, self.origin, self.crossings(parting))
        return assemble(self.vertices, canonical(*self.outlines(loops, start)), side[loops[start]])

    def crossings(self, parting: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """Tell at which vertices four or more arcs meet that part two labels.

        Parameters
        ----------
        parting : ndarray of bool, shape (n_arcs,)
            The arcs that part two labels.

        Returns
        -------
        ndarray of bool, shape (n_vertices,)
            Only there can the outline of a label touch itself.

        Raises
        ------
        IndexError
            From numpy, where the shape is another one.
        """
        ends = self.origin.reshape(-1, 2)[parting].ravel()
        crossings: NDArray[np.bool_] = np.bincount(ends, minlength=len(self.vertices)) > 3
        return crossings

    def outlines(self, halves: IntArray, start: IntArray) -> tuple[IntArray, IntArray]:
        """List the vertices along chains of halves, each chain without its last vertex.

        Parameters
        ----------
        halves, start : ndarray of int
            Halves that follow each other, chain after chain, and where each chain begins among them.

        Returns
        -------
        vertex, start : ndarray of int
            Numbers of the vertices, and where each chain begins among them.

        Raises
        ------
        IndexError
            If there is no such half.
        """
        arc, back = halves >> 1, halves & 1
        count = self.start[arc + 1] - self.start[arc] - 1
        begin = np.cumsum(count) - count
        first = np.where(back, self.start[arc + 1] - 1, self.start[arc])
        ahead = np.repeat(1 - 2 * back, count)
        within = np.arange(len(ahead)) - np.repeat(begin, count)
        return self.vertex[np.repeat(first, count) + ahead * within], begin[start]

    def boundaries(self, labels: NDArray[np.integer]) -> pd.DataFrame:
        """List the lines at which two labels meet; the outline of the coverage is not among them.

        Parameters
        ----------
        labels : ndarray of int, shape (n_cells,)
            A label for each cell, 0 or greater.

        Returns
        -------
        DataFrame
            Columns label_a < label_b, length_km (geodesic, if the cells are in EPSG:4326), geometry (LineString or
            MultiLineString made of the cells' own vertices, with label_a on the left all along). A line ends where
            other lines meet it; lines stand in the order of their first vertices, closed ones begin at their lowest.

        Raises
        ------
        ValueError
            If the number of labels is not the number of cells, or one is negative.
        """
        side = self.sides(labels)
        arcs = np.flatnonzero(meetings(side[::2], side[1::2]) != NONE)
        rows = [(*pair, *boundary) for pair, boundary in self.meeting_lines(arcs, side).items()]
        return pd.DataFrame(rows, columns=list(BoundaryColumns))

    def meeting_lines(self, arcs: IntArray, side: IntArray) -> dict[tuple[int, int], Boundary]:
        """Draw the lines that some arcs make, and measure them.

        Parameters
        ----------
        arcs : ndarray of int
            In order, all arcs at which certain pairs of labels meet.
        side : ndarray of int, shape (2 * n_arcs,)
            The label on the left of each half.

        Returns
        -------
        dict of (int, int) to Boundary
            By pair, the lower label first, in order; see `boundaries`.

        Raises
        ------
        IndexError
            If there is no such arc.
        """
        if not len(arcs):
            return {}
        left, right = side[2 * arcs], side[2 * arcs + 1]
        halves = 2 * arcs + (left > right)
        keys, pair = numbered(meetings(left, right))
        begin, end = (pair * len(self.vertices) + self.origin[some] for some in (halves, halves ^ 1))
        nodes, number = numbered(np.concatenate([begin, end]))
        begin, end = number[: len(arcs)], number[len(arcs) :]
        through = (np.bincount(begin, minlength=len(nodes)) == 1) & (np.bincount(end, minlength=len(nodes)) == 1)
        leaving = np.zeros(len(nodes), dtype=np.int64)
        leaving[begin] = np.arange(len(arcs))
        following = np.where(through[end], leaving[end], NONE)
        order, start = walk(following)
        last = order[stops(start, len(order)) - 1]
        vertex, offset = self.outlines(halves[order], start)
        vertex = from_lowest(vertex, offset, following[last] == order[start])
        ends = np.where(following[last] == order[start], vertex[offset], self.origin[halves[last] ^ 1])
        lines = drawn_lines(self.vertices, *with_ends(vertex, offset, ends), pair[order[start]])
        length_km = np.bincount(pair, weights=self.arc_km[arcs])
        return {
            parties(key): Boundary(km, line)
            for key, km, line in zip(keys.tolist(), length_km.tolist(), lines, strict=True)
        }

    def dissolved(self, labels: NDArray[np.integer]) -> Arcs:
        """Make one cell of all cells of a label.

        Parameters
        ----------
        labels : ndarray of int, shape (n_cells,)
            A label for each cell; each from 0 to the highest occurs.

        Returns
        -------
        Arcs
            Cell ``k`` is the union of the cells of label ``k``. Arcs end only where three cells meet, or two at a
            single vertex; each has the lower cell on its left.

        Raises
        ------
        ValueError
            If the number of labels is not the number of cells, or one is negative.
        """
        side = self.sides(labels)
        left, right = side[::2], side[1::2]
        arcs = np.flatnonzero(left != right)
        halves = 2 * arcs + ((right != OUTSIDE) & (left > right))[arcs]
        begin, end = self.origin[halves], self.origin[halves ^ 1]
        degree = np.bincount(np.concatenate([begin, end]), minlength=len(self.vertices))
        leaving = np.zeros(len(self.vertices), dtype=np.int64)
        leaving[begin] = np.arange(len(halves))
        order, start = walk(np.where(degree[end] == 2, leaving[end], NONE))
        first, last = halves[order[start]], halves[order[stops(start, len(order)) - 1]]
        vertex, offset = with_ends(*self.outlines(halves[order], start), self.origin[last ^ 1])
        used = np.zeros(len(self.vertices), dtype=bool)
        used[vertex] = True
        number = np.cumsum(used) - 1
        n_cells = int(labels.max()) + 1 if len(labels) else 0
        return Arcs(n_cells, self.vertices[used], offset, number[vertex], side[first], side[first ^ 1])

    def in_ring_order(self) -> Arcs:
        """Order the arcs as the rings of the cells, from cell 0 on, run through them.

        Returns
        -------
        Arcs
            The same arcs; mostly each begins or ends where the one before does, so that they can be told shortly.

        Raises
        ------
        GeometryError
            If cells overlap.
        """
        around, _ = self.around(np.arange(self.n_cells))
        place = np.empty(len(self.face), dtype=np.int64)
        place[around] = np.arange(len(around))
        order, _ = walk(place[self._turn[around]])
        by_ring = around[order] >> 1
        arcs = by_ring[np.sort(np.unique(by_ring, return_index=True)[1])]
        count = np.diff(self.start)[arcs]
        vertex = self.vertex[spread(self.start[arcs], count)]
        return Arcs(self.n_cells, self.vertices, np.cumsum([0, *count]), vertex, self.left[arcs], self.right[arcs])

    def simplified(self, tolerance: float) -> Arcs:
        """Drop vertices for display, so that the coverage stays one.

        Parameters
        ----------
        tolerance : float
            In the units of the cells: about the root of the area that a dropped vertex may add to a cell or take away.

        Returns
        -------
        Arcs
            Of the same cells. Nodes are kept and each arc is simplified once, so that neighbours go on sharing their
            vertices exactly; an arc is kept finer where it would cross another.

        Raises
        ------
        ValueError
            From shapely, where the tolerance is negative.

        Notes
        -----
        `shapely.coverage_simplify`; Visvalingam and Whyatt (1993), Line generalisation by repeated elimination of
        points, Cartographic Journal 30, 46-51.
        """
        cells = np.array(list(self.polygons(np.arange(self.n_cells)).values()))
        return build_arcs(shapely.coverage_simplify(cells, tolerance))

    def rounded(self, grid: float) -> Arcs:
        """Move the vertices onto a grid.

        Parameters
        ----------
        grid : float
            Its width, in the units of the cells.

        Returns
        -------
        Arcs
            Of the same cells; vertices are counted in whole steps of the grid. Vertices that repeat the one before are
            dropped, and arcs of which no extent is left.

        Raises
        ------
        ValueError
            If the width is not positive.
        """
        if not grid > 0:
            raise ValueError(f"expected a positive grid, found {grid}; next: give its width in the units of the cells")
        vertices, number = vertex_numbers(np.rint(self.vertices / grid))
        arc = np.repeat(np.arange(len(self.left)), np.diff(self.start))
        vertex = number[self.vertex]
        kept = np.r_[True, (vertex[1:] != vertex[:-1]) | (arc[1:] != arc[:-1])]
        count = np.bincount(arc[kept], minlength=len(self.left))
        closed = vertex[self.start[:-1]] == vertex[self.start[1:] - 1]
        whole = count > np.where(closed, 3, 1)
        start = np.cumsum([0, *count[whole]])
        return Arcs(self.n_cells, vertices, start, vertex[kept & whole[arc]], self.left[whole], self.right[whole])


def build_arcs(cells: GeometryArray) -> Arcs:
    """Store a coverage once as arcs.

    Parameters
    ----------
    cells : array of Polygon or MultiPolygon
        A valid coverage: no overlaps, neighbours share their vertices exactly.

    Returns
    -------
    Arcs
        The same for the same cells in the same order.

    Raises
    ------
    GeometryError
        If two cells overlap along an edge.

    Examples
    --------
    >>> import numpy as np, shapely
    >>> len(build_arcs(np.array([shapely.box(0, 0, 1, 1), shapely.box(1, 0, 2, 1)])).left)
    3
    """
    edges = shared_edges(cells)
    start = 2 * np.arange(len(edges.tail) + 1)
    vertex = np.column_stack([edges.tail, edges.head]).ravel()
    single = Arcs(len(cells), edges.vertices, start, vertex, edges.left, edges.right)
    return single.dissolved(np.arange(len(cells)))


def _picked(order: IntArray, offset: IntArray, groups: IntArray) -> tuple[IntArray, IntArray]:
    """Take the members of some groups out of a list ordered by group, each with the position of its group."""
    count = offset[groups + 1] - offset[groups]
    return order[spread(offset[groups], count)], np.repeat(np.arange(len(groups)), count)


def meetings(left: IntArray, right: IntArray) -> IntArray:
    """Give one number to each pair of labels that meet.

    Parameters
    ----------
    left, right : ndarray of int
        Labels on the sides of each arc, -1 outside.

    Returns
    -------
    ndarray of int
        The same for both orders of a pair; -1 where labels are equal or one side is outside. They sort by the lower
        label, then the higher; `parties` gives the labels back.

    Raises
    ------
    ValueError
        From numpy, where the lengths differ.
    """
    low, high = np.minimum(left, right), np.maximum(left, right)
    return np.where((low == high) | (low == OUTSIDE), NONE, low << 31 | high)


def parties(meeting: int) -> tuple[int, int]:
    """Give the two labels back that `meetings` made a number of.

    Parameters
    ----------
    meeting : int
        0 or greater.

    Returns
    -------
    tuple of int
        The lower label and the higher one.

    Raises
    ------
    TypeError
        If it is no whole number.

    Examples
    --------
    >>> parties(int(meetings(np.array([7]), np.array([2]))[0]))
    (2, 7)
    """
    return meeting >> 31, meeting & (1 << 31) - 1
