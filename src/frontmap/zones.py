"""Zones: polygons and front lines of any day, read off the arcs that the cells of a tessellation share."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from frontmap.crs import FloatArray, GeometryArray, geodesic_length_km
from frontmap.topology import OUTSIDE, IntArray, shared_edges

BoundaryColumns = ("label_a", "label_b", "length_km", "geometry")


@dataclass(frozen=True)
class Arcs:
    """The edges of a coverage as arcs: chains of vertices with one cell on the left and one (or none) on the right.

    Parameters
    ----------
    n_cells : int
        Number of cells in the coverage.
    vertices : ndarray, shape (n_vertices, 2)
        Distinct coordinates, in the units of the cells.
    chains : tuple of ndarray of int
        For each arc the numbers of its vertices, first to last; a closed arc ends where it begins.
    left, right : ndarray of int, shape (n_arcs,)
        Cell on that side of each arc; `right` is -1 where the coverage ends.

    Notes
    -----
    The structure is that of TopoJSON (Bostock 2012) and of GEOS coverages; walking arcs replaces dissolving polygons.
    """

    n_cells: int
    vertices: FloatArray
    chains: tuple[IntArray, ...]
    left: IntArray
    right: IntArray

    @cached_property
    def _ends(self) -> IntArray:
        """First and last vertex of each arc, shape (n_arcs, 2)."""
        return np.array([(c[0], c[-1]) for c in self.chains], dtype=np.int64).reshape(-1, 2)

    @cached_property
    def _bearing(self) -> FloatArray:
        """Angle in which an arc leaves its first vertex and its last one, radians, shape (n_arcs, 2)."""
        near = np.array([(c[0], c[1], c[-1], c[-2]) for c in self.chains], dtype=np.int64).reshape(-1, 4)
        out, back = (self.vertices[near[:, i + 1]] - self.vertices[near[:, i]] for i in (0, 2))
        return np.column_stack([np.arctan2(out[:, 1], out[:, 0]), np.arctan2(back[:, 1], back[:, 0])])

    def _sides(self, labels: NDArray[np.integer]) -> tuple[IntArray, IntArray, IntArray]:
        """Select the arcs that part two labels, with the label on either side (-1 outside)."""
        extended = np.append(np.asarray(labels, dtype=np.int64), OUTSIDE)
        left, right = extended[self.left], extended[self.right]
        active = np.flatnonzero(left != right)
        return active, left[active], right[active]

    def polygons(self, labels: NDArray[np.integer]) -> dict[int, BaseGeometry]:
        """Outline the union of the cells of each label.

        Parameters
        ----------
        labels : ndarray of int, shape (n_cells,)
            A label for each cell, 0 or greater.

        Returns
        -------
        dict of int to Polygon or MultiPolygon
            For each label that occurs. Vertices are those of the cells, so neighbours share them exactly.

        Raises
        ------
        ValueError
            If the number of labels is not the number of cells, or one is negative.

        Examples
        --------
        >>> import numpy as np, shapely
        >>> arcs = build_arcs(np.array([shapely.box(0, 0, 1, 1), shapely.box(1, 0, 2, 1)]))
        >>> arcs.polygons(np.array([0, 0]))[0].area
        2.0
        """
        if len(labels) != self.n_cells or (len(labels) and np.min(labels) < 0):
            raise ValueError(
                f"expected {self.n_cells} labels of 0 or more, found {len(labels)}; next: one for each cell"
            )
        active, left, right = self._sides(labels)
        halves: dict[int, list[tuple[int, bool]]] = defaultdict(list)
        for arc, on_left, on_right in zip(active.tolist(), left.tolist(), right.tolist(), strict=True):
            halves[on_left].append((arc, True))
            if on_right != OUTSIDE:
                halves[on_right].append((arc, False))
        return {label: self._assemble(own) for label, own in sorted(halves.items())}

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
            MultiLineString made of the cells' own vertices).

        Raises
        ------
        ValueError
            If the number of labels is not the number of cells.
        """
        if len(labels) != self.n_cells:
            raise ValueError(f"expected {self.n_cells} labels, found {len(labels)}; next: give one for each cell")
        active, left, right = self._sides(labels)
        inner = right != OUTSIDE
        pairs = np.sort(np.column_stack([left, right])[inner], axis=1)
        rows = []
        for a, b in sorted(set(map(tuple, pairs.tolist()))):
            arcs = active[inner][(pairs == (a, b)).all(axis=1)]
            merged = shapely.line_merge(shapely.multilinestrings([self._line(i) for i in arcs]))
            rows.append((a, b, float(geodesic_length_km([merged])[0]), merged))
        return pd.DataFrame(rows, columns=list(BoundaryColumns))

    def _line(self, arc: int) -> BaseGeometry:
        return shapely.linestrings(self.vertices[self.chains[arc]])

    def _assemble(self, halves: Sequence[tuple[int, bool]]) -> BaseGeometry:
        """Walk directed arcs, interior on the left, to rings; sort the rings into shells and holes."""
        rings = [self._ring(part) for loop in self._loops(halves) for part in self._simple(loop)]
        return _polygons_from_rings(rings)

    def _loops(self, halves: Sequence[tuple[int, bool]]) -> Iterable[list[tuple[int, bool]]]:
        leaving: dict[int, list[tuple[int, bool]]] = defaultdict(list)
        for half in halves:
            leaving[self._start(half)].append(half)
        unused = dict.fromkeys(halves)
        while unused:
            first = next(iter(unused))
            loop, half = [], first
            while True:
                del unused[half]
                loop.append(half)
                half = self._turn(half, leaving[self._start((half[0], not half[1]))])
                if half == first:
                    break
            yield loop

    def _start(self, half: tuple[int, bool]) -> int:
        return int(self._ends[half[0], 0 if half[1] else 1])

    def _turn(self, arriving: tuple[int, bool], leaving: Sequence[tuple[int, bool]]) -> tuple[int, bool]:
        """Choose the arc that keeps to the same wedge of interior: the first one clockwise from where we came."""
        if len(leaving) == 1:
            return leaving[0]
        back = self._bearing[arriving[0], 1 if arriving[1] else 0]
        return min(leaving, key=lambda h: (back - self._bearing[h[0], 0 if h[1] else 1]) % (2 * np.pi) or 2 * np.pi)

    def _simple(self, loop: list[tuple[int, bool]]) -> Iterable[list[tuple[int, bool]]]:
        """Split a loop that passes a vertex twice, so that a hole touching its shell becomes a ring of its own."""
        path: list[tuple[int, bool]] = []
        seen: dict[int, int] = {}
        for half in loop:
            start = self._start(half)
            if start in seen:
                ring = path[seen[start] :]
                yield ring
                for old in ring:
                    del seen[self._start(old)]
                del path[len(path) - len(ring) :]
            seen[start] = len(path)
            path.append(half)
        yield path

    def _ring(self, loop: Sequence[tuple[int, bool]]) -> FloatArray:
        numbers = [self.chains[arc] if ahead else self.chains[arc][::-1] for arc, ahead in loop]
        joined = np.concatenate([*(n[:-1] for n in numbers), numbers[-1][-1:]])
        ring: FloatArray = self.vertices[joined]
        return ring


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
    >>> len(build_arcs(np.array([shapely.box(0, 0, 1, 1), shapely.box(1, 0, 2, 1)])).chains)
    3
    """
    edges = shared_edges(cells)
    flip = (edges.right != OUTSIDE) & (edges.left > edges.right)
    tail, head = np.where(flip, edges.head, edges.tail), np.where(flip, edges.tail, edges.head)
    left, right = np.where(flip, edges.right, edges.left), np.where(flip, edges.left, edges.right)
    following = _following(tail, head, left, right, len(edges.vertices))
    chains, first = _chain(tail, head, following)
    return Arcs(len(cells), edges.vertices, chains, left[first], right[first])


def _following(tail: IntArray, head: IntArray, left: IntArray, right: IntArray, n_vertices: int) -> IntArray:
    """For each edge the edge that continues it between the same two cells, or -1 at a node."""
    degree = np.bincount(tail, minlength=n_vertices) + np.bincount(head, minlength=n_vertices)
    leaves = np.full(n_vertices, -1, dtype=np.int64)
    leaves[tail] = np.arange(len(tail))
    following = np.where(degree[head] == 2, leaves[head], -1)
    goes_on = following >= 0
    same = (left[following] == left) & (right[following] == right)
    return np.where(goes_on & same, following, -1)


def _chain(tail: IntArray, head: IntArray, following: IntArray) -> tuple[tuple[IntArray, ...], IntArray]:
    """Join edges that follow each other to chains of vertices; return the chains and each one's first edge."""
    continued = np.zeros(len(tail), dtype=bool)
    continued[following[following >= 0]] = True
    step, done = following.tolist(), np.zeros(len(tail), dtype=bool).tolist()
    tails, heads = tail.tolist(), head.tolist()
    chains, first = [], []
    for start in [*np.flatnonzero(~continued).tolist(), *np.flatnonzero(continued).tolist()]:
        if done[start]:
            continue
        chain, edge = [tails[start]], start
        while edge >= 0 and not done[edge]:
            done[edge] = True
            chain.append(heads[edge])
            edge = step[edge]
        chains.append(np.array(chain, dtype=np.int64))
        first.append(start)
    return tuple(chains), np.array(first, dtype=np.int64)


def _polygons_from_rings(rings: Sequence[FloatArray]) -> BaseGeometry:
    """Make a Polygon or MultiPolygon of simple rings: shells run counter-clockwise, holes clockwise."""
    turns = np.array([_signed_area(ring) for ring in rings])
    shells = [ring for ring, turn in zip(rings, turns, strict=True) if turn > 0]
    holes = [ring for ring, turn in zip(rings, turns, strict=True) if turn < 0]
    owned: list[list[FloatArray]] = [[] for _ in shells]
    if holes and len(shells) == 1:
        owned[0] = holes
    elif holes:
        outlines = shapely.polygons([shapely.linearrings(s) for s in shells])
        size = shapely.area(outlines)
        gaps = shapely.polygons([shapely.linearrings(h) for h in holes])
        hole, shell = shapely.STRtree(outlines).query(gaps, predicate="covered_by")
        for h, ring in enumerate(holes):
            around = shell[hole == h]
            owned[around[np.argmin(size[around])]].append(ring)
    polygons = [
        shapely.polygons(shapely.linearrings(shell), [shapely.linearrings(h) for h in own] or None)
        for shell, own in zip(shells, owned, strict=True)
    ]
    return polygons[0] if len(polygons) == 1 else shapely.multipolygons(polygons)


def _signed_area(ring: FloatArray) -> float:
    x, y = (ring - ring[0]).T
    return float(np.sum(x[:-1] * y[1:] - x[1:] * y[:-1]) / 2)
