"""The bundled theatre: each stage of the way, and its areas and polygons by day against dissolving every day."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from statistics import median

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import NDArray

import frontmap as fm
from benchmarks.rows import QUICK, REPEATS, Row, Size, compared, same, seconds, with_peak
from frontmap.areas import area_series
from frontmap.cells import tessellate
from frontmap.crs import geodesic_area_km2
from frontmap.history import History

EVERY, QUICK_EVERY = 8, 128
TOLERANCE = 1e-9

Totals = NDArray[np.float64]


def rows(sizes: Sequence[Size]) -> list[Row]:
    """Measure; `sizes` only tells whether to be quick, since this theatre has one size.

    Raises
    ------
    SystemExit
        If totals differ.
    """
    quick = tuple(sizes) == QUICK
    theatre = fm.load()
    history = fm.assess(theatre, policy="assessed")
    days = range(0, len(history.days), QUICK_EVERY if quick else EVERY)
    return [*_stages(history, 1 if quick else REPEATS), _areas_by_day(history, days), _polygons_by_day(history, days)]


def _stages(history: History, repeats: int) -> list[Row]:
    """Time the stages, each from what the one before gives."""
    theatre = history.theatre

    def cells() -> object:
        return tessellate(
            theatre.places,
            theatre.frame,
            theatre.border,
            max_position_radius_m=theatre.max_position_radius_m,
            merge_distance_m=theatre.merge_distance_m,
        )

    places, reports = f"{len(theatre.places):,} places", f"{len(theatre.reports):,} reports"
    size = f"{len(history.cells):,} cells, {len(history.days):,} days"
    return [
        _row("opening and checking the theatre", f"{places}, {reports}", lambda: fm.load, repeats),
        _row("tessellation with its border", places, lambda: cells, repeats),
        _row("shared arcs of the cells", size, lambda: partial(getattr, replace(history), "arcs"), repeats),
        _row("reports to spells, mesh and fitted estimate", reports, lambda: partial(fm.assess, theatre), repeats),
        _row(
            "states of cells under every rule",
            size,
            lambda: partial(getattr, replace(history), "policy_codes"),
            repeats,
        ),
        replace(
            _row("areas by day, state and side with intervals", size, lambda: _with_codes(history).areas, repeats),
            wanted="under 50 ms",
        ),
    ]


def _row(stage: str, size: str, prepare: Callable[[], Callable[[], object]], repeats: int) -> Row:
    """Time what `prepare` gives, afresh for each run; the preparation itself does not count."""
    _, peak_mib = with_peak(prepare())
    ours_s = median(seconds(prepare(), once=True) for _ in range(repeats))
    return Row(stage, size, ours_s, peak_mib, "", None, None, "", None, "")


def _with_codes(history: History) -> History:
    """Copy a history, forgetting all it has derived but the states of its cells."""
    fresh = replace(history)
    assert fresh.policy_codes
    return fresh


def _areas_by_day(history: History, days: Sequence[int]) -> Row:
    """Compare sums over cells with the geodesic areas of dissolved polygons."""
    sides = np.array([history.sides.index(side) for side in history.cells["side"]])
    areas = history.cells["area_km2"].to_numpy()
    codes = history.codes[list(days)]
    n_states, n_sides = len(history.state_names), len(history.sides)

    def ours() -> Totals:
        series = area_series(codes, areas, sides, n_states=n_states, n_groups=n_sides)
        return np.asarray(series.reshape(len(days), -1))

    def dissolve() -> Totals:
        return np.stack([_totals(history, _dissolved(history, day)) for day in days])

    return compared(
        "areas by day",
        f"{len(days)} days",
        ours,
        dissolve,
        equal=lambda a, b: same("km2 by day, state and side", _difference(b, a), TOLERANCE),
        wanted="",
        compared_with="geopandas.dissolve of each day, geodesic area",
    )


def _polygons_by_day(history: History, days: Sequence[int]) -> Row:
    """Compare zones with dissolved cells; measuring the latter is not part of the time."""
    kept = {name: getattr(history, name) for name in ("arcs", "codes", "policy_codes")}

    def ours() -> list[gpd.GeoDataFrame]:
        fresh = replace(history)  # without what an earlier run has derived
        vars(fresh).update(kept)
        return [fresh.zones(fresh.days[day].date()) for day in days]

    def dissolve() -> list[gpd.GeoDataFrame]:
        return [_dissolved(history, day) for day in days]

    def equal(a: list[gpd.GeoDataFrame], b: list[gpd.GeoDataFrame]) -> str:
        ours, theirs = (np.stack([_totals(history, frame) for frame in frames]) for frames in (a, b))
        return same("km2 of the polygons", _difference(theirs, ours), TOLERANCE)

    what = "geopandas.dissolve of each day"
    return compared(
        "History.zones: polygons, areas, reports", f"{len(days)} days", ours, dissolve, equal=equal, wanted="",
        compared_with=what,
    )  # fmt: skip


def _difference(expected: Totals, found: Totals) -> float:
    """Largest difference relative to all the ground."""
    return float(np.abs(expected - found).max() / expected[0].sum())


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
