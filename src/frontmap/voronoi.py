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
    whole : ndarray of bool
        True for each part that is a whole cell, away from the outline.
    """

    owner: IntArray
    parts: GeometryArray
    whole: BoolArray


def clipped_voronoi(groups: Sequence[tuple[FloatArray, GeometryArray]]) -> list[Parts]:
    """Tessellate regions, each by its own sites, into one common coverage.

    A cell that no outline comes near is taken whole, its vertices rounded to one grid. Of the others, the rim, the
    edges near an outline are cut to their region and noded on the grid together with all outlines (snap rounding);
    polygonised with the rim's other edges, each face lies in one region and in the cell of one site.

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
    outlines = [shapely.union_all(faces) if len(faces) > 1 else faces[0] for _, faces in groups]
    shapely.prepare(outlines)
    walls = [_walls(outline) for outline in outlines]
    cells = [_cells(sites, outline) for (sites, _), outline in zip(groups, outlines, strict=True)]
    rims = [np.unique(near.query(own)[0]) for own, (_, near) in zip(cells, walls, strict=True)]
    edges = [
        _edges(own[rim], *wall, outline) for own, rim, wall, outline in zip(cells, rims, walls, outlines, strict=True)
    ]
    noded = shapely.union_all([*shapely.boundary(outlines), *(near for near, _ in edges)], grid_size=GRID_M)
    net = np.concatenate([shapely.get_parts(np.array([noded])), *(far for _, far in edges)])
    faces = shapely.get_parts(shapely.polygonize(net))
    inner = shapely.point_on_surface(faces)
    found = []
    for (sites, _), outline, own, rim in zip(groups, outlines, cells, rims, strict=True):
        here = np.flatnonzero(shapely.contains(outline, inner))
        # A face in no cell of the rim is a hole in the rim, filled by whole cells.
        hit, cell = shapely.STRtree(own[rim]).query(inner[here], predicate="intersects")
        hit, first = np.unique(hit, return_index=True)
        whole = shapely.contains_xy(outline, sites)
        whole[rim] = False
        owner = np.concatenate([np.flatnonzero(whole), rim[cell[first]]])
        found.append(Parts(owner, np.concatenate([own[whole], faces[here[hit]]]), np.arange(len(owner)) < whole.sum()))
    return found


def _walls(outline: shapely.Geometry) -> tuple[FloatArray, shapely.STRtree]:
    """Break an outline into segments, and index their bounding boxes with a guard around."""
    ends, _ = line_segments(shapely.get_parts(shapely.boundary(outline)))
    low, high = np.minimum(ends[:, :2], ends[:, 2:]) - GUARD_M, np.maximum(ends[:, :2], ends[:, 2:]) + GUARD_M
    return ends, shapely.STRtree(shapely.linestrings(np.stack([low, high], axis=1)))


def _cells(sites: FloatArray, outline: shapely.Geometry) -> GeometryArray:
    """Draw the Voronoi cell of each site, in order, with vertices on the grid, beyond the outline too.

    A ring of other sites far away keeps all cells bounded: GEOS draws unbounded ones wrongly beside sites in a row. It
    is too far to take ground in the region.
    """
    low, high = np.minimum(sites.min(axis=0), outline.bounds[:2]), np.maximum(sites.max(axis=0), outline.bounds[2:])
    angle = np.arange(8) * np.pi / 4 + 0.1
    ring = (low + high) / 2 + 10 * np.hypot(*(high - low)) * np.column_stack([np.cos(angle), np.sin(angle)])
    diagram = shapely.voronoi_polygons(shapely.linestrings(np.concatenate([sites, ring])), ordered=True)
    cells: GeometryArray = shapely.get_parts(shapely.transform(diagram, _on_grid))[: len(sites)]
    xy, cell = shapely.get_coordinates(cells, return_index=True)
    x, y = xy.T
    short = np.unique(cell[1:][(cell[1:] == cell[:-1]) & (x[1:] == x[:-1]) & (y[1:] == y[:-1])])
    cells[short] = shapely.remove_repeated_points(cells[short], 0.0)
    return cells


def _on_grid(xy: FloatArray) -> FloatArray:
    """Round coordinates as GEOS does, to the bit."""
    rounded: FloatArray = np.floor(xy * np.rint(1 / GRID_M) + 0.5) / np.rint(1 / GRID_M)
    return rounded


def _edges(
    cells: GeometryArray, walls: FloatArray, near: shapely.STRtree, outline: shapely.Geometry
) -> tuple[GeometryArray, GeometryArray]:
    """List the edges of cells, each once: those near the outline, cut to it, and those further inside."""
    ends, _ = line_segments(shapely.get_exterior_ring(cells))
    swap = (ends[:, 0] > ends[:, 2]) | ((ends[:, 0] == ends[:, 2]) & (ends[:, 1] > ends[:, 3]))
    ends[swap] = ends[swap][:, [2, 3, 0, 1]]
    ends = np.unique(ends, axis=0)
    edge, wall = near.query(shapely.linestrings(ends.reshape(-1, 2, 2)))
    far = np.delete(ends, edge, axis=0)
    far = far[shapely.contains_xy(outline, (far[:, :2] + far[:, 2:]) / 2)]
    cut = _inside(ends, edge, walls[wall], outline)
    return shapely.multilinestrings(cut.reshape(-1, 2, 2)), shapely.linestrings(far.reshape(-1, 2, 2))


def _inside(ends: FloatArray, edge: IntArray, walls: FloatArray, outline: shapely.Geometry) -> FloatArray:
    """Cut edges at the walls beside them, given in pairs, and keep the runs inside the outline.

    An edge may follow a wall within rounding. So it is cut beside the ends of walls too: what lies between two cuts is
    then on one side of the outline, or all on it, where it does not matter whether it is kept.
    """
    start, step = ends[edge, :2], ends[edge, 2:] - ends[edge, :2]
    tail, head = walls[:, :2] - start, walls[:, 2:] - start
    with np.errstate(divide="ignore", invalid="ignore"):
        crossing = _cross(tail, head - tail) / _cross(step, head - tail)  # nan or infinite where parallel
    beside = [(end * step).sum(axis=1) / (step**2).sum(axis=1) for end in (tail, head)]
    whole = np.unique(edge)
    at = np.concatenate([crossing, *beside, np.zeros(len(whole)), np.ones(len(whole))])
    own = np.concatenate([edge, edge, edge, whole, whole])
    valid = (at >= 0) & (at <= 1)
    order = np.lexsort((at[valid], own[valid]))
    at, own = at[valid][order], own[valid][order]
    piece = np.flatnonzero((own[1:] == own[:-1]) & (at[1:] > at[:-1]))
    middle = _point_at(ends[own[piece]], (at[piece] + at[piece + 1]) / 2)
    kept = piece[shapely.contains_xy(outline, middle)]
    joined = (own[kept][1:] == own[kept][:-1]) & (at[kept][1:] == at[kept + 1][:-1])
    first, last = kept[np.r_[True, ~joined][: len(kept)]], kept[np.r_[~joined, True][: len(kept)]]
    return np.hstack([_point_at(ends[own[first]], at[first]), _point_at(ends[own[last]], at[last + 1])])


def _cross(a: FloatArray, b: FloatArray) -> FloatArray:
    product: FloatArray = a[:, 0] * b[:, 1] - a[:, 1] * b[:, 0]
    return product


def _point_at(ends: FloatArray, at: FloatArray) -> FloatArray:
    """Give the point of each segment at a share of its length, the ends themselves at 0 and 1."""
    return ends[:, :2] * (1 - at)[:, None] + ends[:, 2:] * at[:, None]
