"""Ground gained and lost between successive polygons, as polygons: only the faces that changed edges bound."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import shapely

from frontmap.crs import GeometryArray
from frontmap.snapshots.edges import BoolArray, Edges, IntArray, changed, edges_of, lines

NEAR_DEG = 1e-10
"""A point as near as this to an edge (10 micrometres) is not trusted to lie on the right side of it."""


class Steps(NamedTuple):
    """What changed from each polygon to the next, one element a step.

    Parameters
    ----------
    gained : array of MultiPolygon
        Ground in the later polygon only; empty where there is none.
    lost : array of MultiPolygon
        Ground in the earlier polygon only.
    """

    gained: GeometryArray
    lost: GeometryArray


def steps(polygons: GeometryArray, edges: Edges | None = None) -> Steps:
    """Find the ground gained and lost between successive polygons.

    The edges that only one of two polygons has bound all the ground that only one of them holds. They are few, so
    that only they are cut where they cross and made into faces.

    Parameters
    ----------
    polygons : array of Polygon or MultiPolygon
        Valid, in order of time.
    edges : Edges, optional
        From `edges_of`, if these are there already.

    Returns
    -------
    Steps
        One element less than polygons. Equal polygons give exactly nothing, however their vertices are written.

    Raises
    ------
    TypeError
        From shapely, where an element is not a geometry.
    """
    n_steps = max(len(polygons) - 1, 0)
    edges = edges or edges_of(polygons)
    gone, come = changed(edges)
    (old, old_step), (new, new_step) = lines(edges, gone), lines(edges, come)
    faces, step = _faces(np.concatenate([old, new]), np.concatenate([old_step, new_step - 1]), n_steps)
    x, y = shapely.get_coordinates(_inside(faces)).T
    before, after = (shapely.contains_xy(polygons[step + later], x, y) for later in (0, 1))
    return Steps(*(_joined(faces, step, chosen, n_steps) for chosen in (after & ~before, before & ~after)))


def _faces(drawn: GeometryArray, step: IntArray, n_steps: int) -> tuple[GeometryArray, IntArray]:
    """Cut the lines of each step where they cross and give the faces that they bound, with their step."""
    order = np.argsort(step, kind="stable")
    by_step = np.full(n_steps, shapely.MultiLineString(), dtype=object)
    shapely.multilinestrings(drawn[order], indices=step[order], out=by_step)
    noded = shapely.union_all(by_step[:, None], axis=1)
    faces, face_step = shapely.get_parts(shapely.polygonize(noded[:, None]), return_index=True)
    return faces, face_step


def _inside(faces: GeometryArray) -> GeometryArray:
    """Choose a point within each face that does not lie on its edge by a rounding error."""
    points: GeometryArray = shapely.point_on_surface(faces)
    near = np.flatnonzero(shapely.distance(points, shapely.boundary(faces)) < NEAR_DEG)  # where a face is pinched
    for k in near:
        triangles = shapely.get_parts(shapely.constrained_delaunay_triangles(faces[k]))
        if len(triangles):
            points[k] = shapely.centroid(triangles[np.argmax(shapely.area(triangles))])
    return points


def _joined(faces: GeometryArray, step: IntArray, chosen: BoolArray, n_steps: int) -> GeometryArray:
    """Put the chosen faces of each step together."""
    joined = np.full(n_steps, shapely.MultiPolygon(), dtype=object)
    shapely.multipolygons(faces[chosen], indices=step[chosen], out=joined)
    # Faces side by side are rare: where an old edge lies along a new one, a line between equal ground is left over.
    for k in np.flatnonzero(~shapely.is_valid(joined)):
        merged = shapely.union_all(shapely.get_parts(joined[k]))
        joined[k] = shapely.MultiPolygon(list(shapely.get_parts(merged)))
    return joined
