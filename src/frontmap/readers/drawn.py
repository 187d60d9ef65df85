"""The one shape in which every reader hands over a series of dated polygons that others drew."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from shapely.geometry.base import BaseGeometry

from frontmap.crs import WGS84
from frontmap.errors import FrontmapError

Span = tuple[date, date]
"""First and last day, both included."""

COLUMNS = ("layer", "first", "last", "geometry")


@dataclass(frozen=True, eq=False)
class DrawnSeries:
    """Dated polygons of the ground that others drew, by layer.

    Parameters
    ----------
    name : str
        Of the file or files.
    states : GeoDataFrame
        layer, first, last (dates, both included) and geometry (EPSG:4326, valid, never empty), sorted by layer and
        time. States of one layer never overlap in time.
    told : tuple of Span
        All days of which a file said something, drawn or not, sorted. A day without a state is a gap in any case;
        if it is among these, the map was there and showed nothing.
    notes : tuple of str
        What was mended or left out, counted.
    reader : str
        Name of the format.
    """

    name: str
    states: gpd.GeoDataFrame
    told: tuple[Span, ...]
    notes: tuple[str, ...] = ()
    reader: str = ""

    @property
    def layers(self) -> tuple[str, ...]:
        """Names of the layers, sorted."""
        return tuple(sorted(set(self.states["layer"])))

    @property
    def first(self) -> date:
        """First day of the first state."""
        day: date = self.states["first"].min()
        return day

    @property
    def last(self) -> date:
        """Last day of the last state."""
        day: date = self.states["last"].max()
        return day

    def state_on(self, day: date) -> int | None:
        """Find the number of the state that a series of one layer shows on a day.

        Parameters
        ----------
        day : date
            Any day.

        Returns
        -------
        int or None
            Row of `states`; None where the series has a gap, which is not the same as nothing held.

        Raises
        ------
        TypeError
            If it is no date.
        """
        found = np.flatnonzero(((self.states["first"] <= day) & (self.states["last"] >= day)).to_numpy())
        return int(found[0]) if len(found) else None

    def only(self, layers: Sequence[str] = ()) -> DrawnSeries:
        """Keep some layers.

        Parameters
        ----------
        layers : sequence of str
            Their names; all where none is given.

        Returns
        -------
        DrawnSeries
            The same days told.

        Raises
        ------
        FrontmapError
            If there is no such layer.
        """
        unknown = [layer for layer in layers if layer not in self.layers]
        if unknown:
            raise FrontmapError(
                f"--layer: expected a layer of {self.name} ({', '.join(self.layers)}), found {unknown[0]!r}; "
                "next: use one of these"
            )
        kept = self.states[self.states["layer"].isin(list(layers) or self.layers)]
        return replace(self, states=kept.reset_index(drop=True))

    def single(self, layers: Sequence[str] = ()) -> DrawnSeries:
        """Keep the one layer that is meant.

        Parameters
        ----------
        layers : sequence of str
            Names of layers, taken together as one; where none is given, there must be only one.

        Returns
        -------
        DrawnSeries
            With one layer.

        Raises
        ------
        FrontmapError
            If there is no such layer, or none is given and there are several.
        """
        if not layers and len(self.layers) > 1:
            raise FrontmapError(
                f"--layer: expected which layer of {self.name} is meant, found none; "
                f"next: choose among {', '.join(self.layers)}"
            )
        chosen = self.only(layers)
        return chosen if len(chosen.layers) == 1 else _together(chosen)


def _together(series: DrawnSeries) -> DrawnSeries:
    """Unite layers of the same days; days on which one of them is missing are a gap of the whole."""
    rows = []
    for (first, last), own in series.states.groupby(["first", "last"], sort=True):
        if len(own) == len(series.layers):
            rows.append((" + ".join(series.layers), first, last, shapely.union_all(own.geometry.to_numpy())))
    if not rows:
        raise FrontmapError(
            f"--layer: expected days of which {series.name} has all of {', '.join(series.layers)}, found none; "
            "next: choose one of them"
        )
    return replace(series, states=as_states(rows))


def as_states(rows: Iterable[tuple[str, date, date, BaseGeometry]]) -> gpd.GeoDataFrame:
    """Make the table of states, sorted by layer and time.

    Parameters
    ----------
    rows : iterable of tuple
        Layer, first, last, geometry.

    Returns
    -------
    GeoDataFrame
        As `DrawnSeries.states`.

    Raises
    ------
    ValueError
        From pandas, if a row has another length.
    """
    ordered = sorted(rows, key=_layer_and_days)
    table = pd.DataFrame({name: [row[n] for row in ordered] for n, name in enumerate(COLUMNS)})
    return gpd.GeoDataFrame(table, geometry="geometry", crs=WGS84)


def _layer_and_days(row: tuple[str, date, date, BaseGeometry]) -> tuple[str, date, date]:
    return row[:3]
