"""Outlines of cells as shared arcs on a whole-number grid: every line between two cells once, with both cells."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

import geopandas as gpd
import numpy as np
import shapely
from numpy.typing import NDArray

__all__ = ["GridArcs", "shared_arcs"]

GRID_DEG = 4e-5

Vertices = NDArray[np.int64]


@dataclass(frozen=True)
class GridArcs:
    """Arcs of a coverage of cells.

    Attributes
    ----------
    arcs : tuple of arrays of shape (k, 2)
        Longitude and latitude (EPSG:4326) in whole multiples of `grid_deg`.
    owners : tuple of (int, int)
        Positions of the cell on the left and on the right of each arc; -1 is outside the frame.
    cells : tuple
        For each cell its rings, each ring a tuple of arc numbers; ``~n`` is arc ``n`` run backwards.
    grid_deg : float
        Width of the grid in degrees.
    """

    arcs: tuple[Vertices, ...]
    owners: tuple[tuple[int, int], ...]
    cells: tuple[tuple[tuple[int, ...], ...], ...]
    grid_deg: float = GRID_DEG


def shared_arcs(geometry: gpd.GeoSeries, *, grid_deg: float = GRID_DEG) -> GridArcs:
    """Cut the outlines of cells that touch but do not overlap into arcs, each stored once.

    Parameters
    ----------
    geometry
        Polygons or multipolygons in EPSG:4326, one per cell; neighbours share their vertices exactly.
    grid_deg
        Vertices are rounded to this many degrees (4e-5 is about four metres).

    Returns
    -------
    GridArcs
        Arcs, their two cells, and the rings of every cell.

    Raises
    ------
    TypeError
        From shapely, where an element is not a geometry.
    """
    rings, corners, cell_of_ring = _rings_on_grid(geometry, grid_deg)
    beyond: dict[tuple[int, int], int] = {}
    degree: dict[int, set[int]] = {}
    for ring, cell in zip(rings, cell_of_ring, strict=True):
        for start, end in _edges(ring):
            beyond[start, end] = cell
            degree.setdefault(start, set()).add(end)
            degree.setdefault(end, set()).add(start)
    known: dict[tuple[int, int], int] = {}
    arcs: list[Vertices] = []
    owners: list[tuple[int, int]] = []
    cells: list[list[tuple[int, ...]]] = [[] for _ in range(len(geometry))]
    for ring, cell in zip(rings, cell_of_ring, strict=True):
        references = []
        for piece in _pieces(ring, degree, beyond):
            number = known.get((piece[-1], piece[-2]))
            if number is None:
                known[piece[0], piece[1]] = len(arcs)
                references.append(len(arcs))
                arcs.append(corners[piece])
                owners.append((cell, beyond.get((piece[1], piece[0]), -1)))
            else:
                references.append(~number)
        if references:
            cells[cell].append(tuple(references))
    return GridArcs(tuple(arcs), tuple(owners), tuple(tuple(rings) for rings in cells), grid_deg)


def _rings_on_grid(geometry: gpd.GeoSeries, grid_deg: float) -> tuple[list[list[int]], Vertices, list[int]]:
    """Rings as numbers of vertices on the grid, outer ones anticlockwise, the vertices, and the rings' cells."""
    parts, cell_of_part = shapely.get_parts(geometry.to_numpy(), return_index=True)
    rings, part_of_ring = shapely.get_rings(shapely.orient_polygons(parts), return_index=True)
    coordinates, ring_of_vertex = shapely.get_coordinates(rings, return_index=True)
    rounded = np.rint(coordinates / grid_deg).astype(np.int64)
    corners, number = np.unique(rounded, axis=0, return_inverse=True)
    numbered = []
    for ring in np.split(number.ravel(), np.flatnonzero(np.diff(ring_of_vertex)) + 1):
        opened = ring[:-1]
        kept = opened[opened != np.roll(opened, 1)]
        numbered.append(kept.tolist() if len(kept) > 2 else [])
    return numbered, corners, cell_of_part[part_of_ring].tolist()


def _edges(ring: list[int]) -> Iterator[tuple[int, int]]:
    return zip(ring, ring[1:] + ring[:1], strict=True)


def _pieces(ring: list[int], degree: dict[int, set[int]], beyond: dict[tuple[int, int], int]) -> Iterator[list[int]]:
    """Cut a ring at its junctions; a ring without any starts at its lowest vertex, the same for both sides."""
    if not ring:
        return
    other = [beyond.get((end, start), -1) for start, end in _edges(ring)]
    cuts = [place for place, vertex in enumerate(ring) if len(degree[vertex]) != 2 or other[place] != other[place - 1]]
    if not cuts:
        cuts = [ring.index(min(ring))]
    closed = [*ring[cuts[0] :], *ring[: cuts[0]], ring[cuts[0]]]
    stops = [cut - cuts[0] for cut in cuts] + [len(ring)]
    for start, stop in pairwise(stops):
        yield closed[start : stop + 1]
