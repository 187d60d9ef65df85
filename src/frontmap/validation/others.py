"""A map drawn by others, held against a history week by week and by blocks of two months."""

from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd

from frontmap.errors import FrontmapError
from frontmap.history import History
from frontmap.readers import DrawnSeries
from frontmap.snapshots import against_history

NEAR = 0.12
"""An area within this share of the map's counts as agreeing."""
WEEK_DAYS = 7
BLOCK_MONTHS = 2


def held_pair(history: History, party: str | None, side: str | None) -> tuple[str, str]:
    """Choose whose ground on which side of the border is meant.

    Parameters
    ----------
    history : History
        Any.
    party, side : str or None
        As asked for; where left out, the greatest area that a party holds on another's side.

    Returns
    -------
    tuple of str
        Party id and side.

    Raises
    ------
    FrontmapError
        If there is no such party or side, or nothing to choose from.
    """
    ids = [one.id for one in history.theatre.parties]
    for what, asked, known in (("party", party, ids), ("side", side, history.sides)):
        if asked is not None and asked not in known:
            raise FrontmapError(
                f"--{what}: expected one of {', '.join(known)}, found {asked!r}; next: use one of these"
            )
    pairs = [pair for pair in history.headline if party in (None, pair[0]) and side in (None, pair[1])]
    if party is not None and side is not None:
        return party, side
    if not pairs:
        raise FrontmapError(
            "expected ground that a party holds across the border, found none; next: give --party and --side"
        )
    return pairs[0]


def compare(
    history: History, other: DrawnSeries, *, party: str, side: str, first: date | None = None, last: date | None = None
) -> pd.DataFrame:
    """Hold a history against a map of others, once a week, on one side of the border only.

    The map is cut to the cells of that side, so that both are about the same ground.

    Parameters
    ----------
    history : History
        Of any policy.
    other : DrawnSeries
        Of one layer.
    party, side : str
        Whose ground the map shows, and on which side of the border.
    first, last : date, optional
        First day, and the last on which a week may begin; where left out, the days that both have.

    Returns
    -------
    DataFrame
        One row a week: date, block (of two months), map_km2, area_km2, area_low_km2, area_high_km2, both_km2, iou,
        relative_error, in_interval, relative_width (width of the interval over our area), beyond_km2 (what the map
        shows elsewhere). On days in a gap of the map all that rests on it is NaN.

    Raises
    ------
    DateError
        If no week lies in the days that both have.
    """
    weeks = against_history(history, other, party=party, side=side, first=first, last=last, every_days=WEEK_DAYS)
    months = weeks["date"].dt.year * 12 + weeks["date"].dt.month
    weeks.insert(1, "block", (months - months.iloc[0]) // BLOCK_MONTHS)
    return weeks


def by_block(weeks: pd.DataFrame) -> pd.DataFrame:
    """Sum up the weeks by blocks of two months, and over all.

    Parameters
    ----------
    weeks : DataFrame
        From `compare`.

    Returns
    -------
    DataFrame
        Columns block (its months, or ``all``), weeks, gaps, iou, lowest_iou, relative_error (means), within (share of
        weeks with the area within 12 % of the map's), coverage (share of weeks with the map's area in the interval),
        relative_width (median), peak (our greatest weekly area over the map's, less 1; gaps do not count).

    Raises
    ------
    KeyError
        If a column is missing.
    """
    rows = []
    for block, own in [*weeks.groupby("block", sort=True), ("all", weeks)]:
        seen = own[own["map_km2"].notna()]
        name = "all"
        if block != "all":
            name = " to ".join(dict.fromkeys(own["date"].iloc[[0, -1]].dt.strftime("%Y-%m")))
        peak = (
            seen["area_km2"].max() / seen["map_km2"].max() - 1.0 if len(seen) and seen["map_km2"].max() > 0 else np.nan
        )
        rows.append(
            {
                "block": name,
                "weeks": len(seen),
                "gaps": len(own) - len(seen),
                "iou": seen["iou"].mean(),
                "lowest_iou": seen["iou"].min(),
                "relative_error": seen["relative_error"].mean(),
                "within": (seen["relative_error"].abs() <= NEAR).mean() if len(seen) else np.nan,
                "coverage": seen["in_interval"].mean(),
                "relative_width": seen["relative_width"].median(),
                "peak": peak,
            }
        )
    return pd.DataFrame(rows)
