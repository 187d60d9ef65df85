"""Shared edges of a polygon coverage: which segment has which polygon on its left and on its right."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray

from frontmap.crs import FloatArray, GeometryArray
from frontmap.errors import GeometryError

IntArray = NDArray[np.int64]
OUTSIDE = -1


@dataclass(frozen=True)
class SharedEdges:
    """The segments of a coverage, each once, with the polygon on either side.

    Parameters
    ----------
    vertices : ndarray, shape (n_vertices, 2)
        Distinct coordinates.
    tail, head : ndarray of int, shape (n_edges,)
        Vertex numbers of each segment's ends, in the direction that has `left` on the left.
    left, right : ndarray of int, shape (n_edges,)
        Number of the polygon on that side; `right` is -1 where the coverage ends.
    """

    vertices: FloatArray
    tail: IntArray
    head: IntArray
    left: IntArray
    right: IntArray


def segments(geometries: GeometryArray) -> tuple[FloatArray, IntArray]:
    """Break polygons into directed segments, each with its polygon on the left.

    Parameters
    ----------
    geometries : array of Polygon or MultiPolygon
        Any planar coordinates.

    Returns
    -------
    ends : ndarray, shape (n, 4)
        x and y of the start, x and y of the end.
    owner : ndarray of int, shape (n,)
        Index of the geometry that each segment belongs to.

    Raises
    ------
    TypeError
        From shapely, where an element is not a geometry.
    """
    parts, part_owner = shapely.get_parts(geometries, return_index=True)
    oriented = shapely.orient_polygons(parts, exterior_cw=False)
    rings, ring_part = shapely.get_rings(oriented, return_index=True)
    ends, ring = line_segments(rings)
    return ends, part_owner[ring_part[ring]].astype(np.int64)


def line_segments(lines: GeometryArray) -> tuple[FloatArray, IntArray]:
    """Break lines or rings into their segments, leaving out those of no length.

    Parameters
    ----------
    lines : array of LineString or LinearRing
        Any planar coordinates.

    Returns
    -------
    ends : ndarray, shape (n, 4)
        x and y of the start, x and y of the end.
    owner : ndarray of int, shape (n,)
        Index of the line that each segment belongs to.

    Raises
    ------
    TypeError
        From shapely, where an element is not a geometry.
    """
    xy, line = shapely.get_coordinates(lines, return_index=True)
    same = (line[1:] == line[:-1]) & (xy[1:] != xy[:-1]).any(axis=1)
    return np.hstack([xy[:-1][same], xy[1:][same]]), line[:-1][same].astype(np.int64)


def vertex_numbers(xy: FloatArray) -> tuple[FloatArray, IntArray]:
    """Give numbers to coordinates so that exactly equal ones share a number.

    Parameters
    ----------
    xy : ndarray, shape (n, 2)
        Coordinates.

    Returns
    -------
    vertices : ndarray, shape (n_distinct, 2)
        The distinct coordinates, sorted.
    number : ndarray of int, shape (n,)
        For each input row its index into `vertices`.

    Raises
    ------
    ValueError
        From numpy, where the shape is another one.
    """
    joined = np.ascontiguousarray(xy + 0.0).view(np.complex128).ravel()  # + 0.0 makes -0.0 equal 0.0
    distinct, number = np.unique(joined, return_inverse=True)
    return distinct.view(np.float64).reshape(-1, 2), number.astype(np.int64).ravel()


def shared_edges(geometries: GeometryArray) -> SharedEdges:
    """Pair the segments of a coverage, so that each stands once with its two neighbours.

    Parameters
    ----------
    geometries : array of Polygon or MultiPolygon
        A valid coverage: neighbours share vertices exactly and do not overlap.

    Returns
    -------
    SharedEdges
        In no particular order of segments, but always the same one for the same input.

    Raises
    ------
    GeometryError
        If a segment is used twice in one direction: the polygons overlap.
    """
    ends, owner = segments(geometries)
    vertices, number = vertex_numbers(ends.reshape(-1, 2))
    tail, head = number.reshape(-1, 2).T
    low, high, forward = np.minimum(tail, head), np.maximum(tail, head), tail < head
    order = np.lexsort((~forward, high, low))
    low, high, owner, forward = low[order], high[order], owner[order], forward[order]
    key = low * len(vertices) + high
    first = np.r_[True, key[1:] != key[:-1]]
    start = np.flatnonzero(first)
    count = np.diff(np.r_[start, len(key)])
    clash = (count > 2) | ((count == 2) & (forward[start] == forward[np.minimum(start + 1, len(key) - 1)]))
    if clash.any():
        x, y = vertices[low[start[clash][0]]]
        raise GeometryError(
            f"expected polygons that do not overlap, found {int(clash.sum())} edges used twice on one side, "
            f"the first near ({x:.6f}, {y:.6f}); next: check the positions and the frame there"
        )
    paired = count == 2
    right = np.full(len(start), OUTSIDE, dtype=np.int64)
    right[paired] = owner[start[paired] + 1]
    ahead = forward[start]
    a, b = low[start], high[start]
    return SharedEdges(vertices, np.where(ahead, a, b), np.where(ahead, b, a), owner[start], right)
