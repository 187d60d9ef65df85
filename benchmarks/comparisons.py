"""Areas and polygons by day, against dissolving the cells of every day: the same totals first, then the time."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import median

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from frontmap.areas import area_series
from frontmap.crs import geodesic_area_km2
from frontmap.history import History

REPEATS = 5
TOLERANCE = 1e-9

Totals = NDArray[np.float64]


@dataclass(frozen=True)
class Comparison:
    """Two ways to the same totals, timed in turn in one process.

    Parameters
    ----------
    what
        What both ways compute.
    difference
        Largest difference between their totals, relative to the area of all cells.
    dissolve_s, ours_s
        Median seconds of one run over all days compared.
    ratio
        Median of the ratios of runs that followed one another.
    """

    what: str
    difference: float
    dissolve_s: float
    ours_s: float
    ratio: float


def areas_by_day(history: History, days: Sequence[int]) -> Comparison:
    """Compare sums over cells with the geodesic areas of dissolved polygons.

    Raises
    ------
    SystemExit
        If the totals differ.
    """
    sides = np.array([history.sides.index(side) for side in history.cells["side"]])
    areas = history.cells["area_km2"].to_numpy()
    codes = history.codes[list(days)]
    n_states, n_sides = len(history.state_names), len(history.sides)

    def ours() -> Totals:
        series = area_series(codes, areas, sides, n_states=n_states, n_groups=n_sides)
        return series.reshape(len(days), -1)

    def dissolve() -> Totals:
        return np.stack([_totals(history, _dissolved(history, day)) for day in days])

    what = "areas by day"
    return _timed(what, _difference(what, dissolve(), ours()), dissolve, ours)


def polygons_by_day(history: History, days: Sequence[int]) -> Comparison:
    """Compare zones assembled from shared arcs with dissolved cells; measuring them is not part of the time.

    Raises
    ------
    SystemExit
        If the totals differ.
    """

    def ours() -> list[gpd.GeoDataFrame]:
        return [history.zones(history.days[day].date()) for day in days]

    def dissolve() -> list[gpd.GeoDataFrame]:
        return [_dissolved(history, day) for day in days]

    what = "polygons by day"
    totals = (np.stack([_totals(history, frame) for frame in frames()]) for frames in (dissolve, ours))
    return _timed(what, _difference(what, *totals), dissolve, ours)


def seconds(work: Callable[[], object]) -> float:
    """Time one run.

    Raises
    ------
    Exception
        Whatever the work raises.
    """
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def _difference(what: str, expected: Totals, found: Totals) -> float:
    """Give the largest relative difference; stop if it is one, since a time would then mean nothing."""
    difference = float(np.abs(expected - found).max() / expected[0].sum())
    if difference > TOLERANCE:
        raise SystemExit(f"{what}: the totals differ by {difference:.1e} of the area of all cells")
    return difference


def _timed(what: str, difference: float, dissolve: Callable[[], object], ours: Callable[[], object]) -> Comparison:
    """Time both ways in turn."""
    times = [(seconds(dissolve), seconds(ours)) for _ in range(REPEATS)]
    theirs, own = (median(column) for column in zip(*times, strict=True))
    return Comparison(what, difference, theirs, own, median(a / b for a, b in times))


def _dissolved(history: History, day: int) -> gpd.GeoDataFrame:
    """Dissolve the cells of one day, as a user of geopandas would."""
    names = np.array(history.state_names)
    cells = history.cells[["side", "geometry"]].assign(state=names[history.codes[day]])
    return cells.dissolve(["state", "side"]).reset_index()


def _totals(history: History, frame: gpd.GeoDataFrame) -> Totals:
    """Measure the polygons of one day, one figure for each state and side."""
    areas = pd.Series(geodesic_area_km2(frame.geometry.to_numpy()), index=[frame["state"], frame["side"]])
    wanted = pd.MultiIndex.from_product([history.state_names, history.sides])
    return np.asarray(areas.reindex(wanted, fill_value=0.0))
