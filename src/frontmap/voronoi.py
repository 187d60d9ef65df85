"""Voronoi cells clipped to regions so that all neighbours, across regions too, share their vertices exactly."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray

from frontmap.crs import FloatArray, GeometryArray
from frontmap.topology import IntArray, segments

_SNAP_M = 1e-6
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


@dataclass(frozen=True)
class _Cuts:
    """Points at which cell edges meet the rim: where on the edge, where on the rim."""

    edge: IntArray
    along_edge: FloatArray
    rim: IntArray
    along_rim: FloatArray
    xy: FloatArray


def clipped_voronoi(groups: Sequence[tuple[FloatArray, GeometryArray]]) -> list[Parts]:
    """Tessellate regions, each by its own sites, into one common coverage.

    Only cells that a region's outline crosses are cut: their edges are split where they meet the outline, the outline
    is split at the same points, once, for the regions on both of its sides, and the pieces are polygonised.

    Parameters
    ----------
    groups : sequence of (sites, faces)
        Sites, shape (n, 2), distinct; faces, the polygons of the region. Planar coordinates in metres. Faces of
        different regions do not overlap and share vertices exactly where they meet.

    Returns
    -------
    list of Parts
        One for each group, in order.

    Raises
    ------
    ValueError
        From shapely, where a region or its sites are empty.
    """
    rim, number = _unique_segments(np.vstack([segments(faces)[0] for _, faces in groups]))
    sizes = np.cumsum([len(segments(faces)[0]) for _, faces in groups])[:-1]
    rims = [np.unique(n) for n in np.split(number, sizes)]
    regions = [_Region(sites, faces) for sites, faces in groups]
    cuts = [region.cuts(rim, mine) for region, mine in zip(regions, rims, strict=True)]
    origin, pieces = _split(
        rim,
        np.concatenate([c.rim for c in cuts]),
        np.concatenate([c.along_rim for c in cuts]),
        np.vstack([c.xy for c in cuts]),
    )
    return [r.parts(pieces[np.isin(origin, mine)], c) for r, c, mine in zip(regions, cuts, rims, strict=True)]


class _Region:
    """One region with the unclipped Voronoi cells of its sites."""

    def __init__(self, sites: FloatArray, faces: GeometryArray) -> None:
        self.outline = shapely.multipolygons(faces)
        shapely.prepare(self.outline)
        reach = shapely.union(shapely.envelope(self.outline), shapely.multipoints(sites))
        cells = shapely.voronoi_polygons(shapely.multipoints(sites), extend_to=_widened(reach), ordered=True)
        self.cells: GeometryArray = shapely.get_parts(cells)
        self.inside: BoolArray = shapely.contains_properly(self.outline, self.cells)
        self.edges, _ = _unique_segments(segments(self.cells[~self.inside])[0])

    def cuts(self, rim: FloatArray, mine: IntArray) -> _Cuts:
        """Find where the edges of the cells that are not wholly inside meet this region's rim."""
        tree = shapely.STRtree(_lines(rim[mine]))
        edge, local = tree.query(_lines(self.edges), predicate="intersects")
        return _meet(self.edges, rim, edge, mine[local])

    def parts(self, rim_pieces: FloatArray, cuts: _Cuts) -> Parts:
        """Polygonise rim and cut edges; keep the faces inside the region, and the cells that needed no cutting."""
        _, pieces = _split(self.edges, cuts.edge, cuts.along_edge, cuts.xy)
        middle = (pieces[:, :2] + pieces[:, 2:]) / 2
        pieces = pieces[shapely.contains_xy(self.outline, middle[:, 0], middle[:, 1])]
        lines = _lines(_unique_segments(np.vstack([rim_pieces, pieces]))[0])
        faces = shapely.get_parts(shapely.polygonize(lines))
        within = shapely.point_on_surface(faces)
        cut = np.flatnonzero(~self.inside)
        face, owner = shapely.STRtree(self.cells[cut]).query(within, predicate="intersects")
        keep = shapely.contains(self.outline, within[face])
        face, owner = face[keep], owner[keep]
        whole = np.flatnonzero(self.inside)
        return Parts(
            np.concatenate([whole, cut[owner]]).astype(np.int64),
            np.concatenate([self.cells[whole], faces[face]]),
        )


def _widened(geometry: shapely.Geometry) -> shapely.Geometry:
    west, south, east, north = geometry.bounds
    margin = max(east - west, north - south, 1.0)
    return shapely.box(west - margin, south - margin, east + margin, north + margin)


def _lines(ends: FloatArray) -> GeometryArray:
    lines: GeometryArray = shapely.linestrings(ends.reshape(-1, 2, 2))
    return lines


def _unique_segments(ends: FloatArray) -> tuple[FloatArray, IntArray]:
    """Keep each undirected segment once; also return, for each input row, the number of its segment."""
    swap = (ends[:, 0] > ends[:, 2]) | ((ends[:, 0] == ends[:, 2]) & (ends[:, 1] > ends[:, 3]))
    ordered = np.where(swap[:, None], ends[:, [2, 3, 0, 1]], ends) + 0.0
    distinct, number = np.unique(ordered, axis=0, return_inverse=True)
    return distinct, number.astype(np.int64).ravel()


def _meet(edges: FloatArray, rim: FloatArray, edge: IntArray, side: IntArray) -> _Cuts:
    """Compute the crossing points of pairs of segments, snapped to a vertex that is all but reached."""
    p, r = edges[edge, :2], edges[edge, 2:] - edges[edge, :2]
    q, s = rim[side, :2], rim[side, 2:] - rim[side, :2]
    cross = r[:, 0] * s[:, 1] - r[:, 1] * s[:, 0]
    length_r, length_s = np.hypot(r[:, 0], r[:, 1]), np.hypot(s[:, 0], s[:, 1])
    skew = np.abs(cross) > 1e-12 * length_r * length_s
    edge, side, cross = edge[skew], side[skew], cross[skew]
    p, q, r, s, length_r, length_s = (a[skew] for a in (p, q, r, s, length_r, length_s))
    d = q - p
    t = np.clip((d[:, 0] * s[:, 1] - d[:, 1] * s[:, 0]) / cross, 0, 1)
    u = np.clip((d[:, 0] * r[:, 1] - d[:, 1] * r[:, 0]) / cross, 0, 1)
    u = np.where(u * length_s < _SNAP_M, 0.0, np.where((1 - u) * length_s < _SNAP_M, 1.0, u))
    t = np.where(t * length_r < _SNAP_M, 0.0, np.where((1 - t) * length_r < _SNAP_M, 1.0, t))
    xy = q + u[:, None] * s
    xy = np.where((u == 1.0)[:, None], rim[side, 2:], xy)
    between = (u > 0) & (u < 1)
    xy = np.where((between & (t == 0.0))[:, None], edges[edge, :2], xy)
    xy = np.where((between & (t == 1.0))[:, None], edges[edge, 2:], xy)
    return _Cuts(edge, t, side, u, xy)


def _split(ends: FloatArray, which: IntArray, along: FloatArray, xy: FloatArray) -> tuple[IntArray, FloatArray]:
    """Split segments at points on them; return for each piece its segment's number and its ends."""
    n = len(ends)
    number = np.concatenate([np.arange(n), which, np.arange(n)])
    place = np.concatenate([np.full(n, -1.0), along, np.full(n, 2.0)])
    points = np.vstack([ends[:, :2], xy, ends[:, 2:]])
    order = np.lexsort((place, number))
    number, points = number[order], points[order]
    pieces = np.hstack([points[:-1], points[1:]])
    real = (number[:-1] == number[1:]) & (pieces[:, :2] != pieces[:, 2:]).any(axis=1)
    return number[:-1][real], pieces[real]
