"""Surfaces: what the estimate says of a theatre's mesh and settlements, day by day: chances, best states, draws."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from functools import cached_property

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from frontmap.areas import CodeArray
from frontmap.cells import Tessellation, verify_cells
from frontmap.control import reports_as_of
from frontmap.crs import WGS84, FloatArray, GeometryArray, local_projection
from frontmap.estimate.draws import Draws
from frontmap.estimate.evidence import gather
from frontmap.estimate.field import Fields, fit
from frontmap.estimate.parameters import Parameters
from frontmap.estimate.room import require_room
from frontmap.mesh import refine
from frontmap.schema import UNKNOWN
from frontmap.theatre import Theatre

_BYTES_PER_CELL, _BYTES_PER_DAY = 5_000, 40  # polygon and table of a cell; its fields and states on one day, at work


@dataclass(frozen=True, eq=False)
class Surfaces:
    """The estimate of a theatre on every day of its period.

    Parameters
    ----------
    states : tuple of str
        Name of each state code, the parties first.
    reports : DataFrame
        The reports that were used, rows of ``reports.csv``.
    days : DatetimeIndex
        Every day of the period; the fields count days from the first.
    near : tuple of str
        Ids of the places that reports are about: around them the mesh is fine.
    mesh : Tessellation
        The cells on which zones are drawn.
    points : DataFrame
        One row per cell of the mesh, as the fields want it: x_km, y_km, home, border_km.
    settlements : DataFrame
        The same for the places with a position, indexed by place_id.
    fields : Fields
        Fitted to the reports.
    parameters : Parameters
        What they were fitted with.
    """

    states: tuple[str, ...]
    reports: pd.DataFrame
    days: pd.DatetimeIndex
    near: tuple[str, ...]
    mesh: Tessellation
    points: pd.DataFrame
    settlements: pd.DataFrame
    fields: Fields
    parameters: Parameters

    @cached_property
    def _day_numbers(self) -> FloatArray:
        return np.arange(len(self.days), dtype=np.float64)

    @cached_property
    def probabilities(self) -> dict[str, NDArray[np.float32]]:
        """Probability of each state in each cell of the mesh, shape (n_days, n_cells); they sum to 1."""
        return self.fields.probabilities(self.points, self._day_numbers, parties=self.states)

    @cached_property
    def settlement_probabilities(self) -> dict[str, NDArray[np.float32]]:
        """Probability of each state at each settlement with a position, shape (n_days, n_settlements)."""
        return self.fields.probabilities(self.settlements, self._day_numbers, parties=self.states)

    @cached_property
    def codes(self) -> CodeArray:
        """Best state of each cell on each day, shape (n_days, n_cells): indices into the states of a history."""
        return self.fields.best(self.points, self._day_numbers, parties=self.states)

    @cached_property
    def settlement_codes(self) -> CodeArray:
        """Best state of each settlement with a position, shape (n_days, n_settlements)."""
        return self.fields.best(self.settlements, self._day_numbers, parties=self.states)

    @cached_property
    def draws(self) -> Draws:
        """Maps drawn at random from all that the reports allow; one seed, one set of maps."""
        return self.fields.draws(self.points, self._day_numbers, parties=self.states)


def estimate_surfaces(
    theatre: Theatre,
    coarse: Tessellation,
    days: pd.DatetimeIndex,
    *,
    states: tuple[str, ...],
    as_of: date | None,
    previous: Surfaces | None = None,
) -> Surfaces:
    """Fit the estimate to a theatre's reports.

    Parameters
    ----------
    theatre : Theatre
        The study area.
    coarse : Tessellation
        Its settlements' cells.
    days : DatetimeIndex
        The days to tell, the first one first.
    states : tuple of str
        Name of each state code.
    as_of : date or None
        Use only what was published by the end of this day.
    previous : Surfaces, optional
        Of the same `coarse` cells and nearly the same reports: its mesh is used again where reports are about the same
        places, and the fit begins from its own. The result is the same but for the tolerance of the fit.

    Returns
    -------
    Surfaces
        Fitted; probabilities and draws are computed on first use.

    Raises
    ------
    GeometryError
        If the frame cannot be divided among the points of the mesh.
    TooLargeError
        If the mesh, the evidence or the draws would not fit into memory.
    FrontmapError
        If no finite fit exists.
    """
    parameters = theatre.estimate
    reports = reports_as_of(theatre.reports, as_of)
    reports = reports[reports["event_date"] <= days[-1]]
    places = theatre.places
    near = tuple(sorted(set(reports["place_id"])))
    if previous is not None and previous.near == near and previous.parameters == parameters:
        mesh = previous.mesh
    else:
        _require_room(theatre, parameters, len(near), len(days))
        reach_km = parameters.mesh_reach_km
        mesh = refine(coarse, places, theatre.border, near=near, spacing_km=parameters.mesh_km, reach_km=reach_km)
        verify_cells(mesh.cells, theatre.frame)
    placed = places[~(places.geometry.isna() | places.geometry.is_empty)]
    settlements = _points(theatre, placed.geometry, placed["country"]).set_axis(placed["place_id"].to_numpy())
    centres = gpd.GeoSeries(shapely.point_on_surface(mesh.cells.geometry.to_numpy()), crs=WGS84)
    known = settlements.assign(position_radius_m=placed["position_radius_m"].to_numpy())
    evidence = gather(
        known.rename_axis("place_id").reset_index(),
        reports[reports["place_id"].isin(known.index)],
        theatre.sources,
        start=days[0],
        parameters=parameters,
    )
    return Surfaces(
        states=states,
        reports=reports,
        days=days,
        near=near,
        mesh=mesh,
        points=_points(theatre, centres, mesh.cells["side"]),
        settlements=settlements,
        fields=fit(evidence, parameters=parameters, previous=None if previous is None else previous.fields),
        parameters=parameters,
    )


def _require_room(theatre: Theatre, parameters: Parameters, n_near: int, n_days: int) -> None:
    """Refuse a mesh whose cells would not fit into memory with their states on every day and their draws."""
    frame_m = local_projection(theatre.frame).to_metres(np.array([theatre.frame]))[0]
    ground_km2 = min(shapely.area(frame_m) / 1e6, n_near * np.pi * parameters.mesh_reach_km**2)
    n_cells = ground_km2 / (parameters.mesh_km**2 * np.sqrt(0.75)) + len(theatre.places)
    n_drawn = n_days / parameters.draw_every_days
    per_cell = _BYTES_PER_CELL + n_days * _BYTES_PER_DAY + n_drawn * (_BYTES_PER_DAY + parameters.draws / 8.0)
    require_room(
        n_cells * per_cell,
        f"a mesh of up to {n_cells:,.0f} cells of {parameters.mesh_km:g} km within {parameters.mesh_reach_km:g} km of "
        f"{n_near:,} places, on {n_days:,} days with {parameters.draws:,} draws",
        "raise mesh_km, lower mesh_reach_km or draws, or raise draw_every_days",
    )


def _points(theatre: Theatre, positions: gpd.GeoSeries, countries: pd.Series) -> pd.DataFrame:
    """Tell position, home party and distance from the border of points, in kilometres."""
    projection = local_projection(theatre.frame)
    metres: GeometryArray = projection.to_metres(positions.to_numpy())
    border_km = np.zeros(len(metres))
    if theatre.border is not None:
        border_km = _distances(metres, projection.to_metres(np.array([theatre.border]))[0]) / 1000.0
    return pd.DataFrame(
        {
            "x_km": shapely.get_x(metres) / 1000.0,
            "y_km": shapely.get_y(metres) / 1000.0,
            "home": [theatre.home_party(str(country)) or UNKNOWN for country in countries],
            "border_km": border_km,
        }
    )


def _distances(points: GeometryArray, line: BaseGeometry) -> FloatArray:
    """Tell how far points are from a line; a tree of its segments finds the nearest ten times as fast as GEOS does."""
    vertices, part = shapely.get_coordinates(shapely.get_parts(line), return_index=True)
    joined = part[:-1] == part[1:]
    segments = shapely.linestrings(np.stack([vertices[:-1], vertices[1:]], axis=1)[joined])
    found: FloatArray = shapely.STRtree(segments).query_nearest(points, all_matches=False, return_distance=True)[1]
    return found
