"""Notes: what an assessment left out, merged or moved, counted, in sentences for readers."""

from __future__ import annotations

from datetime import date

import pandas as pd

from frontmap.cells import Tessellation
from frontmap.control import reports_as_of
from frontmap.theatre import Theatre


def left_out(
    theatre: Theatre, tessellation: Tessellation, days: pd.DatetimeIndex, *, as_of: date | None, estimated: bool
) -> tuple[str, ...]:
    """Count what was left out, merged or moved.

    Parameters
    ----------
    theatre : Theatre
        The study area with its tables.
    tessellation : Tessellation
        Its cells.
    days : DatetimeIndex
        The days that were assessed.
    as_of : date or None
        Only what was published by the end of this day was used.
    estimated : bool
        Whether the policy is the estimate.

    Returns
    -------
    tuple of str
        One sentence each; what did not happen is not told.

    Raises
    ------
    KeyError
        If a column is missing.
    """
    t, reports = tessellation, theatre.reports
    undrawn = {*t.unplaced, *t.vague, *t.groundless}
    # Under the estimate a vague place's reports bear on the ground about it.
    lost = int(reports["place_id"].isin(t.unplaced if estimated else undrawn).sum())
    early = int((reports["event_date"] < days[0]).sum())
    away = int((reports["event_date"] > pd.Timestamp(theatre.period_end)).sum())
    unused = len(reports) - len(reports_as_of(reports, as_of))
    homes = {party.home_country for party in theatre.parties if party.home_country}
    uncut = int(theatre.border is None and len(homes & set(theatre.places["country"])) > 1)
    sentences = [
        (uncut, "There is no border.geojson: cells are not cut between the countries."),
        (len(t.unplaced), "{} places have no position: they can be named and reported, not drawn."),
        (
            len(t.vague),
            f"{{}} places are uncertain by more than {theatre.max_position_radius_m:g} m and own no cell.",
        ),
        (len(t.groundless), "{} places have no ground of their own on their side of the border."),
        (
            lost,
            "{} reports are about places that are not drawn; they decide those places' states but no ground.",
        ),
        (
            len(t.merged),
            f"{{}} groups of places lie within {theatre.merge_distance_m:g} m of each other and share a cell: "
            f"{'; '.join(' = '.join(ids) for ids in t.merged)}.",
        ),
        (
            len(t.across),
            "{} places are positioned across the border from their country; they claim ground on their own side.",
        ),
        (
            t.handed_parts,
            f"{{}} parts of cells ({t.handed_km2:.1f} km2), cut off from their place by the border or the frame, "
            "were given to the neighbour that they touch most.",
        ),
        (
            t.kept_parts,
            "{} parts of cells are cut off from their place, touch no neighbour and stay with the nearest place.",
        ),
        (
            early,
            "{} reports tell of days before the period; they count "
            + ("on their own day." if estimated else "from its first day."),
        ),
        (away, "{} reports tell of days after the period; they are not used."),
        (unused, "{} reports were published after the as-of day; they are not used."),
    ]
    return tuple(text.format(count) for count, text in sentences if count)
