"""Coverages of many shapes for the tests of zones: grids, fans, ragged cells, frames with holes and several parts."""

from __future__ import annotations

from functools import cache

import numpy as np
import shapely
from numpy.typing import NDArray

Cells = NDArray[np.object_]


def same(a: shapely.Geometry, b: shapely.Geometry) -> bool:
    """Tell whether two geometries have the same vertices, wherever their rings begin."""
    return bool(shapely.equals_exact(shapely.normalize(a), shapely.normalize(b), tolerance=0))


def grid(side: int) -> Cells:
    """Squares that touch by edges and by corners."""
    return np.array([shapely.box(i, j, i + 1, j + 1) for j in range(side) for i in range(side)])


def fans(side: int) -> Cells:
    """Triangles, eight around each corner of a grid."""
    corners = [(0, 0), (1, 0), (1, 1), (0, 1), (0, 0)]
    return np.array(
        [
            shapely.Polygon([(i + 0.5, j + 0.5), *((i + x, j + y) for x, y in corners[k : k + 2])])
            for j in range(side)
            for i in range(side)
            for k in range(4)
        ]
    )


def voronoi(frame: shapely.Geometry, n: int, seed: int) -> Cells:
    """Cells of random points, cut by a frame that may leave a cell in several parts."""
    points = np.random.default_rng(seed).uniform(frame.bounds[:2], frame.bounds[2:], (4 * n, 2))
    points = points[shapely.contains_xy(frame, points)][:n]
    cells = shapely.get_parts(shapely.voronoi_polygons(shapely.multipoints(points), extend_to=frame, ordered=True))
    # The frame's corners on the edges of neighbours become vertices of both.
    cut = shapely.intersection(cells, frame)
    return np.array([cell for cell in cut if cell.area > 0])


def ragged(side: int) -> Cells:
    """Squares with crooked edges of some ten vertices each."""

    def crooked(xy: NDArray[np.float64]) -> NDArray[np.float64]:
        # A function of the place alone, so that neighbours go on sharing every vertex; too gentle to fold the ground.
        at = np.round(xy, 6)
        return at + 0.03 * np.sin(14.0 * at[:, ::-1] + 5.0 * at)

    return np.array([shapely.transform(cell, crooked) for cell in shapely.segmentize(grid(side), 0.1)])


HOLED = shapely.Polygon(
    [(0, 0), (9, 0), (9, 6), (0, 6)],
    holes=[[(2, 2), (3, 4), (4, 2)], [(9, 3), (7, 2), (7, 4)]],  # the second hole touches the outline
)
SEVERAL = shapely.MultiPolygon([shapely.box(0, 0, 4, 4), shapely.box(4, 4, 6, 6), shapely.box(7, 0, 8, 1)])
BENT = shapely.Polygon([(0, 0), (8, 0), (8, 8), (6, 8), (6, 1), (2, 1), (2, 8), (0, 8)])
ISLAND = shapely.box(1, 1, 2, 2)


@cache
def coverages() -> dict[str, Cells]:
    """All coverages by name."""
    return {
        "grid": grid(5),
        "fans": fans(3),
        "frame with holes": voronoi(HOLED, 30, 1),
        "frame of several parts": voronoi(SEVERAL, 25, 2),
        "cells split by the frame": voronoi(BENT, 12, 3),
        "ragged cells": ragged(3),
        "a cell within another": np.array([ISLAND, shapely.box(0, 0, 3, 3).difference(ISLAND)]),
        "one cell": np.array([HOLED]),
        "cells touching in a vertex": np.array([shapely.box(0, 0, 1, 1), shapely.box(1, 1, 2, 2)]),
    }
