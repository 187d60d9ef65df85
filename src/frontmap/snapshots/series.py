"""Areas, gains, losses and gaps of a series of polygons that others drew."""

from __future__ import annotations

from datetime import date
from itertools import pairwise

import geopandas as gpd
import numpy as np
import pandas as pd

from frontmap.crs import WGS84, geodesic_area_km2
from frontmap.dates import add_days, day_range, first_day_after, last_day_before
from frontmap.readers import DrawnSeries
from frontmap.readers.drawn import Span
from frontmap.snapshots.edges import areas_km2, edges_of
from frontmap.snapshots.faces import Steps, steps

NO_MAP, NOT_DRAWN = "no map", "not drawn or not whole"
CHANGE_COLUMNS = ("layer", "date_from", "date_to", "gap_days", "gained_km2", "lost_km2", "gained", "lost")
"""Columns of `changes`; `gained` and `lost` are polygons."""


def measure(series: DrawnSeries) -> tuple[pd.DataFrame, gpd.GeoDataFrame]:
    """Measure each state of a series, and what it gained and lost against the one before it.

    Parameters
    ----------
    series : DrawnSeries
        Any.

    Returns
    -------
    states : DataFrame
        layer, first, last, area_km2 (geodesic), in the order of the states.
    changes : GeoDataFrame
        As from `changes`.

    Raises
    ------
    TypeError
        From shapely, where a geometry is missing.
    """
    areas_by_layer, tables = [], []
    for layer in series.layers:
        own = series.states[series.states["layer"] == layer]
        polygons = own.geometry.to_numpy()
        edges = edges_of(polygons)
        areas_by_layer.append(areas_km2(polygons, edges))
        tables.append(_changes_of(layer, own, steps(polygons, edges)))
    states = pd.DataFrame(series.states.drop(columns="geometry"))
    states = states.assign(area_km2=np.concatenate(areas_by_layer))
    return states, as_changes(pd.concat(tables, ignore_index=True))


def by_day(measured: pd.DataFrame, told: tuple[Span, ...]) -> pd.DataFrame:
    """Write areas of states day by day.

    Parameters
    ----------
    measured : DataFrame
        From `measure`.
    told : tuple of Span
        As of the series.

    Returns
    -------
    DataFrame
        layer, date, area_km2: every day from the first to the last of which the map said something. NaN in a gap.

    Raises
    ------
    IndexError
        If there is no state.
    """
    days = day_range(*_whole(told))
    tables = []
    for layer, own in measured.groupby("layer", sort=True):
        area_km2 = np.full(len(days), np.nan)
        for first, last, value in zip(own["first"], own["last"], own["area_km2"], strict=True):
            begin = (first - days[0].date()).days
            area_km2[begin : begin + (last - first).days + 1] = value
        tables.append(pd.DataFrame({"layer": layer, "date": days, "area_km2": area_km2}))
    return pd.concat(tables, ignore_index=True)


def areas(series: DrawnSeries) -> pd.DataFrame:
    """Measure the ground that a series shows, day by day.

    Parameters
    ----------
    series : DrawnSeries
        Any.

    Returns
    -------
    DataFrame
        layer, date, area_km2 (geodesic); NaN on the days of a gap, which is not nothing.

    Raises
    ------
    IndexError
        If there is no state.
    """
    return by_day(measure(series)[0], series.told)


def gaps(measured: pd.DataFrame, told: tuple[Span, ...]) -> pd.DataFrame:
    """List the days of which a series says nothing.

    Parameters
    ----------
    measured : DataFrame
        layer, first and last of each state, as from `measure` or `DrawnSeries.states`.
    told : tuple of Span
        As of the series.

    Returns
    -------
    DataFrame
        layer, first, last, days, why: ``no map`` where there is no file of these days, ``not drawn or not whole``
        where there is one that lacks the layer, or much of it.

    Raises
    ------
    IndexError
        If there is no state.
    """
    whole = _whole(told)
    rows = []
    for layer, own in measured.groupby("layer", sort=True):
        for span in _between(list(zip(own["first"], own["last"], strict=True)), whole):
            spoken = [(max(a, span[0]), min(b, span[1])) for a, b in told if a <= span[1] and b >= span[0]]
            rows += [(layer, *one, NOT_DRAWN) for one in _merged(spoken)]
            rows += [(layer, *one, NO_MAP) for one in _between(_merged(spoken), span)]
    table = pd.DataFrame(sorted(rows), columns=["layer", "first", "last", "why"], dtype=object)
    lengths = [(b - a).days + 1 for a, b in zip(table["first"], table["last"], strict=True)]
    table.insert(3, "days", np.array(lengths, dtype=np.int64))
    return table


def changes(series: DrawnSeries) -> gpd.GeoDataFrame:
    """Find what each state gained and lost against the one before it.

    Parameters
    ----------
    series : DrawnSeries
        Any.

    Returns
    -------
    GeoDataFrame
        One row a step and layer: layer, date_from (last day of the earlier state), date_to (first day of the later),
        gap_days (days between them of which nothing is known), gained_km2, lost_km2, gained and lost (MultiPolygons;
        empty where nothing changed).

    Raises
    ------
    TypeError
        From shapely, where a geometry is missing.
    """
    return measure(series)[1]


def daily(areas_by_day: pd.DataFrame, found: pd.DataFrame) -> pd.DataFrame:
    """Put areas, gains and losses of each day side by side.

    Parameters
    ----------
    areas_by_day : DataFrame
        From `areas`.
    found : DataFrame
        From `changes`.

    Returns
    -------
    DataFrame
        layer, date, area_km2, gained_km2, lost_km2 (against the state before, which lies further back after a gap).
        NaN in a gap; gains and losses also on the first day.

    Raises
    ------
    KeyError
        If a column is missing.
    """
    moved = found[["layer", "date_to", "gained_km2", "lost_km2"]].rename(columns={"date_to": "date"})
    table = areas_by_day.merge(moved.assign(date=pd.to_datetime(moved["date"]).dt.as_unit("s")), how="left")
    shown = table[table["area_km2"].notna()]
    rest = shown.index[shown["layer"].duplicated()]
    steady = {name: table.loc[rest, name].fillna(0.0) for name in ("gained_km2", "lost_km2")}
    return table.assign(**{name: values.reindex(table.index) for name, values in steady.items()})


def as_changes(table: pd.DataFrame) -> gpd.GeoDataFrame:
    """Make a table with the columns of `changes` a frame whose two columns of polygons have their CRS.

    Parameters
    ----------
    table : DataFrame
        With the columns of `CHANGE_COLUMNS`.

    Returns
    -------
    GeoDataFrame
        Its active geometry is `gained`.

    Raises
    ------
    KeyError
        If a column is missing.
    """
    shapes = {name: gpd.GeoSeries(table[name], index=table.index, crs=WGS84) for name in ("gained", "lost")}
    return gpd.GeoDataFrame(table.assign(**shapes), geometry="gained", crs=WGS84)


def _changes_of(layer: str, states: pd.DataFrame, found: Steps) -> pd.DataFrame:
    """Tell the steps from state to state of one layer."""
    dates_from, dates_to = states["last"].to_numpy()[:-1], states["first"].to_numpy()[1:]
    gap_days = [(b - a).days - 1 for a, b in zip(dates_from, dates_to, strict=True)]
    columns = (
        np.full(len(gap_days), layer, dtype=object), dates_from, dates_to, np.array(gap_days, dtype=np.int64),
        geodesic_area_km2(found.gained), geodesic_area_km2(found.lost), found.gained, found.lost,
    )  # fmt: skip
    return pd.DataFrame(dict(zip(CHANGE_COLUMNS, columns, strict=True)))


def _whole(told: tuple[Span, ...]) -> Span:
    return min(span[0] for span in told), max(span[1] for span in told)


def _merged(spans: list[Span]) -> list[Span]:
    """Join spans that touch or overlap."""
    merged: list[Span] = []
    for first, last in sorted(spans):
        if merged and first <= first_day_after(merged[-1][1]):
            merged[-1] = (merged[-1][0], max(last, merged[-1][1]))
        else:
            merged.append((first, last))
    return merged


def _between(spans: list[Span], whole: Span) -> list[Span]:
    """Give what spans leave free of a whole."""
    edge_before: Span = (whole[0], last_day_before(whole[0]))
    edge_after: Span = (first_day_after(whole[1]), whole[1])
    found: list[tuple[date, date]] = []
    for (_, end), (start, _) in pairwise([edge_before, *sorted(spans), edge_after]):
        if start > add_days(end, 1):
            found.append((first_day_after(end), last_day_before(start)))
    return found
