"""How far two maps agree day by day: ground in both, in one only, and intersection over union."""

from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd
import shapely
from shapely.geometry.base import BaseGeometry

from frontmap.areas import overlap
from frontmap.crs import FloatArray, GeometryArray, geodesic_area_km2
from frontmap.dates import add_days, day_range
from frontmap.errors import DateError, GeometryError
from frontmap.history import History
from frontmap.readers import DrawnSeries
from frontmap.readers.pieces import polygons_only

AGREEMENT_COLUMNS = ("date", "area_km2", "other_km2", "both_km2", "only_km2", "only_other_km2", "iou")
HISTORY_COLUMNS = (
    "date", "map_km2", "area_km2", "area_low_km2", "area_high_km2", "both_km2", "iou", "relative_error",
    "in_interval", "relative_width", "beyond_km2",
)  # fmt: skip


def agreement(
    series: DrawnSeries,
    other: DrawnSeries,
    *,
    region: BaseGeometry | None = None,
    first: date | None = None,
    last: date | None = None,
) -> pd.DataFrame:
    """Hold two series of one layer each against one another, on every day that both reach over.

    Parameters
    ----------
    series, other : DrawnSeries
        Of one layer each, see `DrawnSeries.only`.
    region : Polygon or MultiPolygon, optional
        In EPSG:4326; ground outside does not count.
    first, last : date, optional
        Days wanted; where left out, all that both reach over.

    Returns
    -------
    DataFrame
        One row a day: date, area_km2, other_km2, both_km2, only_km2 (in `series` alone), only_other_km2, iou (NaN if
        neither shows anything in the region). What rests on a map that has a gap on that day is NaN.

    Raises
    ------
    DateError
        If they share no day.
    """
    start, end = (
        max(series.first, other.first, first or series.first),
        min(series.last, other.last, last or series.last),
    )
    if end < start:
        raise DateError(
            f"expected days that {series.name} ({series.first} to {series.last}) and {other.name} ({other.first} to "
            f"{other.last}) share, found none; next: check --from, --to and --shift-days"
        )
    days = day_range(start, end)
    shown = [_state_numbers(one, days) for one in (series, other)]
    shapes = [_clipped(one, numbers, region) for one, numbers in zip((series, other), shown, strict=True)]
    own_km2, other_km2 = (
        np.append(geodesic_area_km2(cut), np.nan)[numbers] for cut, numbers in zip(shapes, shown, strict=True)
    )
    pairs, pair = np.unique(np.stack(shown, axis=1), axis=0, return_inverse=True)
    known = (pairs >= 0).all(axis=1)
    pair_km2 = np.full(len(pairs), np.nan)
    overlaps = shapely.intersection(shapes[0][pairs[known, 0]], shapes[1][pairs[known, 1]])
    pair_km2[known] = geodesic_area_km2([polygons_only(shape, []) for shape in overlaps])
    both_km2 = np.minimum(np.minimum(pair_km2[pair.ravel()], own_km2), other_km2)
    columns = (days, own_km2, other_km2, both_km2, own_km2 - both_km2, other_km2 - both_km2)
    iou = overlap(both_km2, own_km2, other_km2)
    return pd.DataFrame(dict(zip(AGREEMENT_COLUMNS, (*columns, iou), strict=True)))


def against_history(
    history: History,
    series: DrawnSeries,
    *,
    party: str,
    side: str,
    first: date | None = None,
    last: date | None = None,
    every_days: int = 1,
) -> pd.DataFrame:
    """Hold a series of one layer against a history, on one side of the border only.

    The map is cut to the cells of that side, so that both are about the same ground.

    Parameters
    ----------
    history : History
        Of any policy.
    series : DrawnSeries
        Of one layer.
    party, side : str
        Whose ground the map shows, and on which side of the border.
    first, last : date, optional
        First and last day; where left out, the days that both have.
    every_days : int
        Days from one row to the next.

    Returns
    -------
    DataFrame
        One row for each day compared: date, map_km2, area_km2, area_low_km2, area_high_km2, both_km2, iou,
        relative_error, in_interval, relative_width (width of the interval over our area), beyond_km2 (what the map
        shows elsewhere). On days in a gap of the map all that rests on it is NaN.

    Raises
    ------
    DateError
        If they share no day.
    GeometryError
        If the map does not reach into the theatre at all.
    """
    _require_near(history, series)
    start, end = history.days[0].date(), history.days[-1].date()
    start, end = max(first or series.first, start), min(last or series.last, end)
    if end < start:
        raise DateError(
            f"expected days that {series.name} ({series.first} to {series.last}) and the history share, found none; "
            "next: check --from, --to and the shift of the map's days (--shift-days; --map-shift of validate)"
        )
    days = [add_days(start, n) for n in range(0, (end - start).days + 1, every_days)]
    on_side = np.flatnonzero((history.cells["side"] == side).to_numpy())
    shapes = history.cells.geometry.to_numpy()[on_side]
    cell_km2 = history.cells["area_km2"].to_numpy(np.float64)[on_side]
    areas = history.areas()
    areas = areas[(areas["party"] == party) & (areas["side"] == side)].set_index("date")
    code = history.state_names.index(party)
    shown: dict[int, tuple[FloatArray, float]] = {}
    rows = []
    for day in days:
        ours = areas.loc[pd.Timestamp(day)]
        best, low, high = (float(str(ours[name])) for name in ("area_km2", "area_low_km2", "area_high_km2"))
        row = {"date": pd.Timestamp(day), "area_km2": best, "area_low_km2": low, "area_high_km2": high}
        row["relative_width"] = (high - low) / best if best > 0.0 else np.nan
        state = series.state_on(day)
        if state is not None:
            if state not in shown:
                shown[state] = _on_cells(series.states.geometry.iloc[state], shapes, cell_km2)
            on_cell, total = shown[state]
            held = history.codes[history.day_number(day)][on_side] == code
            row |= _one_day(on_cell, total, float(cell_km2[held].sum()), held, best, low, high)
        rows.append(row)
    return pd.DataFrame(rows, columns=list(HISTORY_COLUMNS))


def _require_near(history: History, series: DrawnSeries) -> None:
    """Refuse a map of elsewhere, such as one with latitude written first."""
    frame, drawn = shapely.box(*history.theatre.frame.bounds), shapely.box(*series.states.total_bounds)
    if not frame.intersects(drawn):
        near, far = (", ".join(f"{degrees:.2f}" for degrees in box.bounds) for box in (frame, drawn))
        raise GeometryError(
            f"expected a map that reaches into the theatre ({near}), found {series.name} ({far}; west, south, east, "
            "north); next: check that longitude is written first, and the theatre"
        )


def _state_numbers(series: DrawnSeries, days: pd.DatetimeIndex) -> np.ndarray:
    """Give the state of each day, -1 in a gap."""
    numbers = np.full(len(days), -1)
    for number, (first, last) in enumerate(zip(series.states["first"], series.states["last"], strict=True)):
        begin, end = (first - days[0].date()).days, (last - days[0].date()).days + 1
        numbers[max(begin, 0) : max(end, 0)] = number
    return numbers


def _clipped(series: DrawnSeries, numbers: np.ndarray, region: BaseGeometry | None) -> GeometryArray:
    """Cut the states that are shown to a region."""
    shapes: GeometryArray = series.states.geometry.to_numpy().copy()
    if region is not None:
        seen = np.unique(numbers[numbers >= 0])
        shapes[seen] = [polygons_only(shape, []) for shape in shapely.intersection(shapes[seen], region)]
    return shapes


def _one_day(
    on_cell: FloatArray, total: float, cells_km2: float, held: np.ndarray, best: float, low: float, high: float
) -> dict[str, float]:
    theirs, both = float(on_cell.sum()), float(on_cell[held].sum())
    return {
        "map_km2": theirs,
        "both_km2": both,
        "iou": float(overlap(both, cells_km2, theirs)),
        "relative_error": best / theirs - 1.0 if theirs > 0.0 else np.nan,
        "in_interval": float(low <= theirs <= high),
        "beyond_km2": max(total - theirs, 0.0),
    }


def _on_cells(shape: BaseGeometry, cells: GeometryArray, cell_km2: FloatArray) -> tuple[FloatArray, float]:
    """Measure how much of each cell a polygon covers, geodesically, and the whole polygon."""
    shapely.prepare(shape)
    covered = np.where(shapely.contains_properly(shape, cells), cell_km2, 0.0)
    cut = np.flatnonzero(shapely.intersects(shape, cells) & (covered == 0.0))
    pieces = [polygons_only(piece, []) for piece in shapely.intersection(shape, cells[cut])]
    covered[cut] = np.minimum(geodesic_area_km2(pieces), cell_km2[cut])
    return covered, float(geodesic_area_km2([shape])[0])
