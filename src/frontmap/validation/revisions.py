"""Revisions: what was known of a day by its end, against what is known of it now, and how long that took."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

import numpy as np
import pandas as pd

from frontmap.crs import FloatArray
from frontmap.dates import add_days
from frontmap.estimate.draws import centred
from frontmap.history import History, assess
from frontmap.spread import spread
from frontmap.theatre import Theatre

EVERY_DAYS = 7
NEAR_SHARE, NEAR_KM2 = 0.10, 10.0
"""A figure has settled from when on it stays within this share, or this many km2, of the final one."""


def areas_held(history: History, party: str, side: str) -> FloatArray:
    """Add up the best area of a party on one side, on every day.

    Parameters
    ----------
    history : History
        Any.
    party, side : str
        Whose, and where.

    Returns
    -------
    ndarray, shape (n_days,)
        Square kilometres.

    Raises
    ------
    ValueError
        If there is no such party.
    """
    on_side = (history.cells["side"] == side).to_numpy()
    cell_km2 = history.cells["area_km2"].to_numpy(np.float64)[on_side]
    held = history.codes[:, on_side] == history.state_names.index(party)
    areas: FloatArray = held @ cell_km2
    return areas


@dataclass(frozen=True, eq=False)
class AsKnown:
    """What is asked of every as-of day; plain values, so that any worker can answer.

    Parameters
    ----------
    theatre : Theatre
        With all its reports.
    policy : str
        As in `frontmap.history.assess`.
    party, side : str
        Whose area, and on which side of the border.
    """

    theatre: Theatre
    policy: str
    party: str
    side: str

    def by(self, day: date) -> tuple[FloatArray, float, float]:
        """Tell what was known by the end of a day.

        Parameters
        ----------
        day : date
            Only what was published by its end counts.

        Returns
        -------
        tuple
            Best areas on every day until then, and low and high of the last one.

        Raises
        ------
        DateError
            If the day lies before the period.
        """
        history = assess(self.theatre, policy=self.policy, as_of=day)
        return areas_held(history, self.party, self.side), *_interval_on_last(history, self.party, self.side)


def revisions(
    final: History,
    *,
    party: str,
    side: str,
    first: date | None = None,
    last: date | None = None,
    every_days: int = EVERY_DAYS,
    workers: int = 1,
    scheduler: object = None,
    tell: Callable[[str], None] = lambda done: None,
) -> pd.DataFrame:
    """Compare what was known of days by their end with what is known of them now.

    Parameters
    ----------
    final : History
        With all reports.
    party, side : str
        Whose area, and on which side of the border.
    first, last : date, optional
        First day, and the last that may be asked for; those of `final` where left out.
    every_days : int
        Days between the days asked for.
    workers, scheduler
        Where it is computed; see `frontmap.spread.spread`. The result does not depend on it.
    tell : callable
        Is told how far the work has come.

    Returns
    -------
    DataFrame
        One row for each day: date, then_km2, then_low_km2, then_high_km2 (as known by its end), final_km2, off_km2
        (then less final), off_share (of final; NaN where that is 0), final_in_interval (of then), settled_days (until
        the figure stays within 10 % or 10 km2 of the final one; NaN if it does not by the last day asked for).

    Raises
    ------
    DateError
        If a day lies outside the history.
    WorkersError
        If the work cannot be spread.
    """
    start, end = first or final.days[0].date(), last or final.days[-1].date()
    days = [add_days(start, n) for n in range(0, (end - start).days + 1, every_days)]
    at = np.array([final.day_number(day) for day in days])
    now = areas_held(final, party, side)[at]
    known = np.full((len(days), len(days)), np.nan)  # row: as of; column: about
    bounds = np.full((len(days), 2), np.nan)
    asked = AsKnown(final.theatre, final.policy, party, side)
    results = spread(asked.by, days, workers=workers, scheduler=scheduler, chunk=4)
    for number, (areas, low, high) in enumerate(results):
        tell(f"{number + 1} of {len(days)} as-of days")
        known[number, : number + 1] = areas[at[: number + 1]]
        bounds[number] = low, high
    then = np.diag(known)
    off = then - now
    table = pd.DataFrame(
        {
            "date": pd.DatetimeIndex(days).as_unit("s"),
            "then_km2": then,
            "then_low_km2": bounds[:, 0],
            "then_high_km2": bounds[:, 1],
            "final_km2": now,
            "off_km2": off,
            "off_share": np.divide(off, now, out=np.full(len(now), np.nan), where=now > 0.0),
        }
    )
    table["final_in_interval"] = (bounds[:, 0] <= now) & (now <= bounds[:, 1])
    elapsed = np.array([(day - start).days for day in days], dtype=np.float64)
    return table.assign(settled_days=settled_days(known, now, elapsed))


def _interval_on_last(history: History, party: str, side: str) -> tuple[float, float]:
    """Tell the interval of the area on the last day; of the estimate, that day only is drawn, which is quicker."""
    surfaces, day = history.surfaces, history.days[-1].date()
    if surfaces is None:
        interval = history.area_on(day, party, side=side)
        return interval.low, interval.high
    on_side = (history.cells["side"] == side).to_numpy()
    cell_km2 = history.cells["area_km2"].to_numpy(np.float64)[on_side]
    best = float(cell_km2 @ (history.codes[-1, on_side] == history.state_names.index(party)))
    points = surfaces.points[on_side].reset_index(drop=True)
    draws = surfaces.fields.draws(points, history.day_numbers[-1:], parties=surfaces.states)
    drawn = draws.areas(cell_km2, np.zeros(len(points), dtype=np.int64), 1)[0, surfaces.states.index(party), 0]
    low, high = np.quantile(centred(drawn, best), [surfaces.parameters.tail, 1.0 - surfaces.parameters.tail])
    return min(float(low), best), max(min(float(high), float(cell_km2.sum())), best)


def settled_days(known: FloatArray, now: FloatArray, day: FloatArray) -> FloatArray:
    """Tell how long after each day its figure came to stay near the final one.

    Parameters
    ----------
    known : ndarray, shape (n, n)
        Figure about each day (columns) as of each day (rows); only rows from the day itself on are read.
    now : ndarray, shape (n,)
        Final figures.
    day : ndarray, shape (n,)
        The days, counted from any first one.

    Returns
    -------
    ndarray, shape (n,)
        Days; NaN where the figure is still off on the last as-of day.

    Raises
    ------
    IndexError
        From numpy, where the shapes do not fit.
    """
    near = np.abs(known - now) <= np.maximum(NEAR_SHARE * now, NEAR_KM2)
    settled = np.full(len(now), np.nan)
    for about in range(len(now)):
        off = np.flatnonzero(~near[about:, about])
        first = about + (int(off[-1]) + 1 if len(off) else 0)
        if first < len(now):
            settled[about] = day[first] - day[about]
    return settled


def summarise(table: pd.DataFrame) -> pd.DataFrame:
    """Sum up revisions in one row.

    Parameters
    ----------
    table : DataFrame
        From `revisions`.

    Returns
    -------
    DataFrame
        One row: days (asked for, with ground held then or now), mean_off_km2 (signed), mean_abs_off_km2,
        median_abs_off_share, worst_off_km2 and worst_date, coverage (share of days on which the interval of then holds
        the final figure), settled_at_once (share), median_settled_days, longest_settled_days, unsettled (days).

    Raises
    ------
    KeyError
        If a column is missing.
    """
    own = table[(table["then_km2"] > 0.0) | (table["final_km2"] > 0.0)]
    if own.empty:
        own = table
    worst = own["off_km2"].abs().idxmax()
    row = {
        "days": len(own),
        "mean_off_km2": own["off_km2"].mean(),
        "mean_abs_off_km2": own["off_km2"].abs().mean(),
        "median_abs_off_share": own["off_share"].abs().median(),
        "worst_off_km2": own.at[worst, "off_km2"],
        "worst_date": own.at[worst, "date"],
        "coverage": own["final_in_interval"].mean(),
        "settled_at_once": (own["settled_days"] == 0.0).mean(),
        "median_settled_days": own["settled_days"].median(),
        "longest_settled_days": own["settled_days"].max(),
        "unsettled": int(own["settled_days"].isna().sum()),
    }
    return pd.DataFrame([row])
