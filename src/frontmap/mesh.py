"""Mesh: a tessellation finer than the settlements' cells where reports are near; each of its cells stays with one."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from shapely.geometry.base import BaseGeometry

from frontmap.cells import Tessellation, tessellate
from frontmap.crs import WGS84, FloatArray, GeometryArray, local_projection

_ROW = np.sqrt(3.0) / 2.0  # distance of the rows of a triangular lattice, in spacings


def refine(
    coarse: Tessellation,
    places: gpd.GeoDataFrame,
    border: BaseGeometry | None,
    *,
    near: Collection[str],
    spacing_km: float,
    reach_km: float,
) -> Tessellation:
    """Divide the settlements' cells further, by a triangular lattice, within reach of some places.

    Parameters
    ----------
    coarse : Tessellation
        Cells of the settlements.
    places : GeoDataFrame
        EPSG:4326, the places of `coarse`.
    border : LineString or MultiLineString or None
        The border that `coarse` was cut along, in EPSG:4326.
    near : collection of str
        Ids of the places around which the mesh is fine; ids without a position are passed over.
    spacing_km : float
        Distance of neighbouring points of the lattice.
    reach_km : float
        How far around each of these places.

    Returns
    -------
    Tessellation
        As `coarse`, with more cells: the columns place_id, place_ids, side, region and district are those of the
        settlement in whose cell the point lies around which a cell is drawn; cells are sorted by place_id. Elsewhere
        the points are the settlements themselves.

    Raises
    ------
    ValueError
        If `spacing_km` is not positive.
    GeometryError
        If the frame cannot be divided among the points.
    """
    if not spacing_km > 0:
        raise ValueError(f"expected a positive spacing_km, found {spacing_km}")
    projection = local_projection(coarse.frame)
    frame_m = projection.to_metres(np.array([coarse.frame]))[0]
    placed = places[~(places.geometry.isna() | places.geometry.is_empty)].set_index("place_id")
    centres = projection.to_metres(placed.geometry.reindex([i for i in near if i in placed.index]).to_numpy())
    lattice = _lattice_m(centres, frame_m, spacing_km * 1000.0, reach_km * 1000.0)
    points = projection.to_wgs84(shapely.points(lattice)) if len(lattice) else np.empty(0, dtype=object)
    point, cell = shapely.STRtree(coarse.cells.geometry.to_numpy()).query(points, predicate="intersects")
    owner = pd.Series(cell, index=point).groupby(level=0).min()  # a point on an edge lies in two cells
    own_m = projection.to_metres(placed.geometry.reindex(coarse.cells["place_id"]).to_numpy())
    far = ~_within(own_m, centres, reach_km * 1000.0)
    # a settlement whose own cell got no point of the lattice keeps it
    alone = np.flatnonzero(far | ~np.isin(np.arange(len(coarse.cells)), owner.to_numpy()))
    owners = np.concatenate([owner.to_numpy(), alone])
    geometry = np.concatenate(
        [points[owner.index.to_numpy()], placed.geometry.reindex(coarse.cells["place_id"].iloc[alone]).to_numpy()]
    )
    return _with_settlements(coarse, owners, geometry, border)


def _lattice_m(centres: GeometryArray, frame_m: BaseGeometry, spacing_m: float, reach_m: float) -> FloatArray:
    """Lay the points of a triangular lattice, anchored at the projection's centre, in the frame and in reach."""
    if not len(centres):
        return np.empty((0, 2))
    west, south, east, north = shapely.total_bounds(centres) + reach_m * np.array([-1, -1, 1, 1])
    rows = np.arange(np.ceil(south / (spacing_m * _ROW)), north / (spacing_m * _ROW))
    columns = np.arange(np.ceil(west / spacing_m) - 1, east / spacing_m)
    row, column = (grid.ravel() for grid in np.meshgrid(rows, columns, indexing="ij"))
    xy = np.column_stack([(column + 0.5 * (row % 2)) * spacing_m, row * spacing_m * _ROW])
    shapely.prepare(frame_m)
    xy = xy[shapely.contains_xy(frame_m, xy[:, 0], xy[:, 1])]
    inside: FloatArray = xy[_within(shapely.points(xy), centres, reach_m)]
    return inside


def _within(points: GeometryArray, centres: GeometryArray, distance_m: float) -> np.ndarray:
    """Tell which points have one of the centres within a distance."""
    near = np.zeros(len(points), dtype=bool)
    if len(centres):
        near[shapely.STRtree(centres).query(points, predicate="dwithin", distance=distance_m)[0]] = True
    return near


def _with_settlements(
    coarse: Tessellation, owner: np.ndarray, geometry: GeometryArray, border: BaseGeometry | None
) -> Tessellation:
    """Tessellate by points of which each belongs to a cell of the settlements, and name the result after these."""
    own = coarse.cells.drop(columns="geometry").iloc[owner]
    table = pd.DataFrame(
        {
            "place_id": [f"{number:06d}" for number in range(len(owner))],
            "country": own["side"].to_numpy(),
            "region": own["region"].to_numpy(),
            "district": own["district"].to_numpy(),
            "position_radius_m": 0.0,
        }
    )
    fine = tessellate(gpd.GeoDataFrame(table, geometry=geometry, crs=WGS84), coarse.frame, border, merge_distance_m=0.0)
    settlement = owner[fine.cells["place_id"].astype(int).to_numpy()]
    cells = fine.cells.assign(
        **{column: coarse.cells[column].to_numpy()[settlement] for column in ("place_id", "place_ids", "side")}
    )
    cells = cells.sort_values("place_id", kind="stable", ignore_index=True).assign(cell_id=np.arange(len(cells)))
    return replace(coarse, cells=cells)
