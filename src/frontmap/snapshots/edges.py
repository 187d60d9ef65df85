"""The edges of a series of polygons, each stored once: what two days share cancels, the rest bounds what changed."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from frontmap.crs import FloatArray, GeometryArray, edge_area_m2, geodesic_area_km2

IntArray = NDArray[np.int64]
BoolArray = NDArray[np.bool_]

WIDE_DEG = 180.0
"""Polygons that reach further round the earth than this may cross the antimeridian or hold a pole."""


@dataclass(frozen=True, eq=False)
class Edges:
    """Edges of polygons in the order in which these are drawn, numbered alike where they are the same.

    Parameters
    ----------
    xy : ndarray, shape (n_points, 2)
        Points of all rings, closing ones included.
    tail : ndarray of int, shape (n_edges,)
        Point at which each edge begins; it ends at the next.
    number : ndarray of int, shape (n_edges,)
        Equal for edges between the same two points, whichever way they are drawn.
    drawn : ndarray of int, shape (n_numbers,)
        The edge that first had each number.
    sign : ndarray of int, shape (n_edges,)
        1 where the ground lies to the left of the edge if it is run as it was first drawn, -1 where to the right; 0
        for an edge of no length.
    ring : ndarray of int, shape (n_edges,)
        The ring it belongs to.
    stop : ndarray of int, shape (n_polygons + 1,)
        The edges of polygon k are ``stop[k]:stop[k + 1]``.
    """

    xy: FloatArray
    tail: IntArray
    number: IntArray
    drawn: IntArray
    sign: NDArray[np.int8]
    ring: IntArray
    stop: IntArray


def edges_of(polygons: GeometryArray) -> Edges:
    """Take polygons apart into edges.

    Parameters
    ----------
    polygons : array of Polygon or MultiPolygon
        Rings may run either way.

    Returns
    -------
    Edges
        Neither the way a ring runs nor the point at which it begins changes numbers' equality or signs.

    Raises
    ------
    TypeError
        From shapely, where an element is not a geometry.
    """
    parts, polygon = shapely.get_parts(polygons, return_index=True)
    rings, part = shapely.get_rings(parts, return_index=True)
    xy = shapely.get_coordinates(rings)
    n_points = shapely.get_num_coordinates(rings)
    is_tail = np.ones(len(xy), dtype=bool)
    is_tail[np.cumsum(n_points) - 1] = False
    tail = np.flatnonzero(is_tail)
    n_edges = np.maximum(n_points - 1, 0)

    # Equal points get equal numbers; a complex number is a pair of floats that pandas compares exactly.
    point = pd.factorize(xy.view(np.complex128).ravel())[0].astype(np.int64)
    a, b = point[tail], point[tail + 1]
    number = pd.factorize(np.minimum(a, b) * len(xy) + np.maximum(a, b))[0].astype(np.int64)

    outer = np.r_[True, part[1:] != part[:-1]][: len(part)]  # the first ring of a part is its shell
    ground_left = np.repeat(shapely.is_ccw(rings) == outer, n_edges)
    drawn = np.empty(number.max(initial=-1) + 1, dtype=np.int64)
    drawn[number[::-1]] = np.arange(len(number))[::-1]
    as_drawn = (a < b) == (a < b)[drawn][number]
    sign = (a != b) * np.where(as_drawn == ground_left, np.int8(1), np.int8(-1))
    per_polygon = np.bincount(polygon[part], n_edges, minlength=len(polygons))
    stop = np.concatenate([[0], np.cumsum(per_polygon)]).astype(np.int64)
    return Edges(xy, tail, number, drawn, sign, np.repeat(np.arange(len(rings)), n_edges), stop)


def areas_km2(polygons: GeometryArray, edges: Edges | None = None) -> FloatArray:
    """Measure polygons that share most of their edges: each distinct edge once.

    Parameters
    ----------
    polygons : array of Polygon or MultiPolygon
        Valid, EPSG:4326.
    edges : Edges, optional
        From `edges_of`, if these are there already.

    Returns
    -------
    ndarray of float64
        The same as of `frontmap.crs.geodesic_area_km2` to 1e-9.

    Raises
    ------
    TypeError
        From shapely, where an element is not a geometry.
    """
    west, _, east, _ = shapely.total_bounds(polygons)
    if not east - west < WIDE_DEG:
        return geodesic_area_km2(polygons)
    edges = edges or edges_of(polygons)
    tail = edges.tail[edges.drawn]
    (lon_a, lat_a), (lon_b, lat_b) = edges.xy[tail].T, edges.xy[tail + 1].T
    edge_m2 = edge_area_m2(lon_a, lat_a, lon_b, lat_b, meridian_deg=(west + east) / 2)
    if np.isnan(edge_m2).any():  # an edge that goes round half of the earth
        return geodesic_area_km2(polygons)
    polygon = np.repeat(np.arange(len(polygons)), np.diff(edges.stop))
    share_km2 = edges.sign * edge_m2[edges.number] / 1e6
    signed = np.bincount(polygon, share_km2, minlength=len(polygons)).astype(np.float64)
    return np.abs(signed)  # of a splinter the ellipsoid may show the other side than the plane does


def changed(edges: Edges) -> tuple[BoolArray, BoolArray]:
    """Tell which edges a polygon does not share with the next, and which with the one before.

    Parameters
    ----------
    edges : Edges
        Of successive polygons.

    Returns
    -------
    gone, come : ndarray of bool, shape (n_edges,)
        Edges that the next polygon lacks (or has with the ground on the other side), and those that the one before
        lacked. Two edges of one polygon with ground on both sides cancel as well.

    Raises
    ------
    IndexError
        Never, with edges from `edges_of`.
    """
    balance = np.zeros(edges.number.max(initial=-1) + 1, dtype=edges.sign.dtype)
    gone, come = np.zeros((2, len(edges.number)), dtype=bool)
    for k in range(1, len(edges.stop) - 1):
        before, after = slice(edges.stop[k - 1], edges.stop[k]), slice(edges.stop[k], edges.stop[k + 1])
        old, new = edges.number[before], edges.number[after]
        np.subtract.at(balance, old, edges.sign[before])
        np.add.at(balance, new, edges.sign[after])
        gone[before], come[after] = balance[old] != 0, balance[new] != 0
        balance[old] = balance[new] = 0
    return gone, come


def lines(edges: Edges, chosen: BoolArray) -> tuple[GeometryArray, IntArray]:
    """Draw chosen edges as lines, those that follow one another in a ring as one.

    Parameters
    ----------
    edges : Edges
        Any.
    chosen : ndarray of bool, shape (n_edges,)
        Edges wanted.

    Returns
    -------
    lines : array of LineString
        In the order of the edges.
    polygon : ndarray of int
        The polygon each belongs to.

    Raises
    ------
    IndexError
        If `chosen` has another length.
    """
    edge = np.flatnonzero(chosen)
    if not len(edge):
        return np.empty(0, dtype=object), np.empty(0, dtype=np.int64)
    starts = np.r_[True, (np.diff(edge) != 1) | (np.diff(edges.ring[edge]) != 0)]
    line = np.cumsum(starts) - 1
    ends = np.r_[starts[1:], True]
    points = np.concatenate([edges.tail[edge], edges.tail[edge[ends]] + 1])
    owner = np.concatenate([line, line[ends]])
    order = np.argsort(owner, kind="stable")
    drawn: GeometryArray = shapely.linestrings(edges.xy[points[order]], indices=owner[order])
    return drawn, np.searchsorted(edges.stop, edge[starts], side="right") - 1
