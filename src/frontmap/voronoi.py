"""Voronoi cells clipped to regions so that all neighbours, across regions too, share their vertices exactly."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray

from frontmap.crs import FloatArray, GeometryArray
from frontmap.topology import IntArray, line_segments

# Vertices lie on this grid. Finer loses the exact match at corners where many cells meet, coarser the sum of areas.
GRID_M = 1e-6
GUARD_M = 0.01
BoolArray = NDArray[np.bool_]


@dataclass(frozen=True)
class Parts:
    """Pieces of Voronoi cells inside one region.

    Parameters
    ----------
    owner : ndarray of int
        For each part the index of its nearest site.
    parts : array of Polygon
        They fill the region; a cell that the region's outline cuts has several.
    """

    owner: IntArray
    parts: GeometryArray


def clipped_voronoi(groups: Sequence[tuple[FloatArray, GeometryArray]]) -> list[Parts]:
    """Tessellate regions, each by its own sites, into one common coverage.

    All outlines and the cell edges near them, cut to their region, are noded together on one grid (snap rounding);
    edges further inside are rounded to it. Polygonised, each face lies in one region and in the cell of one site.

    Parameters
    ----------
    groups : sequence of (sites, faces)
        Sites, shape (n, 2), no two at one point; faces, the polygons of the region. Planar coordinates in metres. Faces
        of different regions do not overlap.

    Returns
    -------
    list of Parts
        One for each group, in order.

    Raises
    ------
    ValueError
        From shapely, where a region or its sites are empty.

    Notes
    -----
    Hobby, J. D. (1999), Practical segment intersection with finite precision output, Comput. Geometry 13, 199-214.
    """
    outlines = np.array([shapely.union_all(faces) for _, faces in groups], dtype=object)
    edges = [_edges(sites, outline) for (sites, _), outline in zip(groups, outlines, strict=True)]
    rim = shapely.union_all(
        np.concatenate([shapely.boundary(outlines), *(near for near, _ in edges)]), grid_size=GRID_M
    )
    net = np.concatenate([shapely.get_parts(np.array([rim])), *(_rounded(inside) for _, inside in edges)])
    faces = shapely.get_parts(shapely.polygonize(net))
    inner = shapely.point_on_surface(faces)
    found = []
    for (sites, _), outline in zip(groups, outlines, strict=True):
        shapely.prepare(outline)
        own = np.flatnonzero(shapely.contains(outline, inner))
        _, owner = shapely.STRtree(shapely.points(sites)).query_nearest(inner[own], all_matches=False)
        found.append(Parts(owner.astype(np.int64), faces[own]))
    return found


def _edges(sites: FloatArray, outline: shapely.Geometry) -> tuple[GeometryArray, GeometryArray]:
    """Draw a region's Voronoi diagram: edges at the outline, cut to it, and edges further inside."""
    points = shapely.multipoints(sites)
    west, south, east, north = shapely.union(shapely.envelope(outline), points).bounds
    margin = max(east - west, north - south, 1.0)
    reach = shapely.box(west - margin, south - margin, east + margin, north + margin)
    edges = shapely.get_parts(shapely.voronoi_polygons(points, extend_to=reach, only_edges=True))
    heart = shapely.buffer(outline, -GUARD_M, join_style="mitre")
    shapely.prepare(heart)
    inside = shapely.contains_properly(heart, edges)
    cut = shapely.intersection(edges[~inside], outline)
    return cut[~shapely.is_empty(cut)], edges[inside]


def _rounded(edges: GeometryArray) -> GeometryArray:
    """Round edges to the grid; those shorter than it vanish."""
    ends, _ = line_segments(edges)
    on_grid = np.floor(ends * np.rint(1 / GRID_M) + 0.5) / np.rint(1 / GRID_M)  # as GEOS rounds, to the bit
    real = (on_grid[:, :2] != on_grid[:, 2:]).any(axis=1)
    lines: GeometryArray = shapely.linestrings(on_grid[real].reshape(-1, 2, 2))
    return lines
