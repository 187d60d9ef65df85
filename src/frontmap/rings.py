"""Rings: loops split where they touch themselves, in canonical form, put together to polygons; lines likewise."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from frontmap.crs import FloatArray
from frontmap.runs import NONE, spread, stops
from frontmap.topology import IntArray


class Rings(NamedTuple):
    """Simple rings: the numbers of their vertices, ring after ring, and where each begins; none is closed by its first.

    Each has its ground on the left. Where they are canonical each begins at its lowest vertex.
    """

    vertex: IntArray
    start: IntArray


def split(
    halves: IntArray, start: IntArray, origin: IntArray, crossing: NDArray[np.bool_]
) -> tuple[IntArray, IntArray]:
    """Cut loops that pass a node twice into loops that do not, so that a hole touching its shell is a ring of its own.

    Parameters
    ----------
    halves, start : ndarray of int
        Directed arcs, loop after loop, and where each loop begins among them.
    origin : ndarray of int
        First vertex of each directed arc.
    crossing : ndarray of bool
        Vertices at which four or more arcs meet that part two labels: no other can be passed twice by one loop.

    Returns
    -------
    halves, start : ndarray of int
        The same arcs as loops that pass no node twice.

    Raises
    ------
    IndexError
        If an arc has no origin.
    """
    if not crossing[origin[halves]].any():
        return halves, start
    parts: list[IntArray] = []
    for loop in np.split(halves, start[1:]):
        nodes = origin[loop]
        at = np.flatnonzero(crossing[nodes])
        if len(at):
            _, number, times = np.unique(nodes[at], return_inverse=True, return_counts=True)
            at = at[times[number] > 1]
        parts += _cut(loop, nodes, at) if len(at) else [loop]
    return np.concatenate(parts), np.cumsum([0, *map(len, parts[:-1])])


def _cut(loop: IntArray, nodes: IntArray, at: IntArray) -> list[IntArray]:
    """Cut one loop at the positions where it passes nodes that it passes again."""
    turned = np.roll(loop, -at[0])
    pieces = np.split(turned, at[1:] - at[0])
    parts: list[IntArray] = []
    path: list[IntArray] = []
    seen: dict[int, int] = {}  # node to the number of pieces before it
    named: list[int] = []
    for node, piece in zip(nodes[at].tolist(), pieces, strict=True):
        if node in seen:
            begin = seen[node]
            parts.append(np.concatenate(path[begin:]))
            for gone in named[begin:]:
                del seen[gone]
            del path[begin:], named[begin:]
        seen[node] = len(path)
        path.append(piece)
        named.append(node)
    parts.append(np.concatenate(path))
    return parts


def from_lowest(vertex: IntArray, start: IntArray, which: NDArray[np.bool_]) -> IntArray:
    """Turn some of many rings so that they begin at their lowest number.

    Parameters
    ----------
    vertex : ndarray of int
        Numbers of the vertices of all rings, none twice within a ring.
    start : ndarray of int, shape (n_rings,)
        Where each ring begins in `vertex`.
    which : ndarray of bool, shape (n_rings,)
        The rings to be turned; the others stay as they are.

    Returns
    -------
    ndarray of int
        As `vertex`; rings begin where they did.

    Raises
    ------
    ValueError
        From numpy, where there is no ring.
    """
    if not which.any():
        return vertex
    end = stops(start, len(vertex))
    count = end - start
    lowest = start.copy()
    at_lowest = np.flatnonzero(vertex == np.repeat(np.minimum.reduceat(vertex, start), count))
    ring = np.searchsorted(start, at_lowest, side="right") - 1
    lowest[ring] = at_lowest
    place = np.arange(len(vertex)) + np.repeat(np.where(which, lowest - start, 0), count)
    turned: IntArray = vertex[np.where(place < np.repeat(end, count), place, place - np.repeat(count, count))]
    return turned


def canonical(vertex: IntArray, start: IntArray) -> Rings:
    """Turn rings so that each begins at its lowest vertex.

    Parameters
    ----------
    vertex : ndarray of int
        Vertex numbers of all rings, none twice within a ring; the lowest number is the lowest vertex.
    start : ndarray of int
        Where each ring begins in `vertex`.

    Returns
    -------
    Rings
        In the order given.

    Raises
    ------
    ValueError
        From numpy, where there is no ring.
    """
    return Rings(from_lowest(vertex, start, np.ones(len(start), dtype=bool)), start)


def joined(several: Sequence[Rings]) -> Rings:
    """Put rings one after the other.

    Parameters
    ----------
    several : sequence of Rings
        At least one.

    Returns
    -------
    Rings
        All of them.

    Raises
    ------
    ValueError
        From numpy, where there is none.
    """
    if len(several) == 1:
        return several[0]
    before = np.cumsum([0, *(len(rings.vertex) for rings in several)])
    start = [rings.start + n for rings, n in zip(several, before[:-1], strict=True)]
    return Rings(np.concatenate([rings.vertex for rings in several]), np.concatenate(start))


def parted(rings: Rings, first: Sequence[int]) -> Iterator[Rings]:
    """Take rings apart again.

    Parameters
    ----------
    rings : Rings
        Put together.
    first : sequence of int
        The ring with which each group begins; the first group begins with ring 0.

    Yields
    ------
    Rings
        Each group.

    Raises
    ------
    IndexError
        If there is no such ring.
    """
    for a, b in zip(first, [*first[1:], len(rings.start)], strict=True):
        begin = rings.start[a]
        end = rings.start[b] if b < len(rings.start) else len(rings.vertex)
        yield Rings(rings.vertex[begin:end], rings.start[a:b] - begin)


def assemble(vertices: FloatArray, rings: Rings, label: IntArray) -> dict[int, BaseGeometry]:
    """Make one geometry of the rings of each label.

    Parameters
    ----------
    vertices : ndarray, shape (n_vertices, 2)
        Coordinates.
    rings : Rings
        Canonical, in any order.
    label : ndarray of int, shape (n_rings,)
        What each ring bounds.

    Returns
    -------
    dict of int to Polygon or MultiPolygon
        Labels in order; shells run counter-clockwise, holes clockwise; parts, and the holes of each, stand in the
        order of their first vertices (where these are the same, of their second).

    Raises
    ------
    ValueError
        If a hole has no shell around it.
    """
    order = np.lexsort((rings.vertex[rings.start + 1], rings.vertex[rings.start], label))
    count = (stops(rings.start, len(rings.vertex)) - rings.start)[order]
    numbers = rings.vertex if len(order) == 1 else rings.vertex[spread(rings.start[order], count)]
    lines = shapely.linearrings(vertices[numbers], indices=np.repeat(np.arange(len(order)), count))
    label = label[order]
    is_hole = ~shapely.is_ccw(lines)
    polygon = np.cumsum(~is_hole) - 1  # of each shell; a hole takes that of its shell
    if is_hole.any():
        polygon[is_hole] = polygon[_owners(lines, is_hole, label)]
        by_polygon = np.lexsort((is_hole, polygon))
        polygons = shapely.polygons(lines[by_polygon], indices=polygon[by_polygon])
    else:
        polygons = shapely.polygons(lines)
    return _together(polygons, label[~is_hole], shapely.multipolygons)


def _owners(lines: NDArray[np.object_], is_hole: NDArray[np.bool_], label: IntArray) -> list[int]:
    """For each hole, in order, the shell of the same label that lies closest around it."""
    owners: list[int] = []
    for own in dict.fromkeys(label[is_hole].tolist()):
        first, stop = np.searchsorted(label, (own, own + 1))
        among = is_hole[first:stop]
        holes, shells = first + np.flatnonzero(among), first + np.flatnonzero(~among)
        if len(shells) == 1:
            owners += shells.tolist() * len(holes)
            continue
        inner, outer = shapely.bounds(lines[holes])[:, None], shapely.bounds(lines[shells])[None]
        around = np.all((outer[..., :2] <= inner[..., :2]) & (outer[..., 2:] >= inner[..., 2:]), axis=2)
        for number, hole in enumerate(holes.tolist()):
            owners.append(_closest(lines, hole, shells[around[number]]))
    return owners


def _closest(lines: NDArray[np.object_], hole: int, around: IntArray) -> int:
    """Choose the smallest shell that holds a hole: its first edge lies in it, since rings meet in vertices at most."""
    if not len(around):
        raise ValueError("expected a shell around each hole, found none; next: check that the cells do not overlap")
    if len(around) > 1:
        shells = shapely.polygons(lines[around])
        edge = shapely.linestrings(shapely.get_coordinates(lines[hole])[:2])
        by_size = np.argsort(shapely.area(shells), kind="stable")
        for number in by_size[:-1].tolist():
            if shapely.covers(shells[number], edge):
                return int(around[number])
        return int(around[by_size[-1]])
    return int(around[0])


def drawn_lines(vertices: FloatArray, vertex: IntArray, offset: IntArray, group: IntArray) -> list[BaseGeometry]:
    """Make one geometry of the lines of each group.

    Parameters
    ----------
    vertices : ndarray, shape (n_vertices, 2)
        Coordinates.
    vertex : ndarray of int
        Numbers of the vertices of all lines.
    offset : ndarray of int, shape (n_lines + 1,)
        Where each line begins in `vertex`, and the length of `vertex`.
    group : ndarray of int, shape (n_lines,)
        Group of each line.

    Returns
    -------
    list of LineString or MultiLineString
        By group; lines in the order of their first vertices (where these are the same, of their second).

    Raises
    ------
    ValueError
        From numpy, where there is no line.
    """
    order = np.lexsort((vertex[offset[:-1] + 1], vertex[offset[:-1]], group))
    count = np.diff(offset)[order]
    numbers = vertex[spread(offset[order], count)]
    lines = shapely.linestrings(vertices[numbers], indices=np.repeat(np.arange(len(order)), count))
    return list(_together(lines, group[order], shapely.multilinestrings).values())


def _together(
    parts: NDArray[np.object_], group: IntArray, several: Callable[[NDArray[np.object_]], BaseGeometry]
) -> dict[int, BaseGeometry]:
    """Make one geometry of the parts of each group, which stand together."""
    first = np.flatnonzero(np.diff(group, prepend=NONE))
    stop = [*first[1:].tolist(), len(group)]
    return {
        key: parts[a] if b - a == 1 else several(parts[a:b])
        for key, a, b in zip(group[first].tolist(), first.tolist(), stop, strict=True)
    }
