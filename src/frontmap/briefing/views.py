"""Other histories of the same theatre and days, with which a briefing's page is compared."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING

import pandas as pd

from frontmap.control import clip_spells
from frontmap.history import assess
from frontmap.maps.payload import key_days

if TYPE_CHECKING:
    from frontmap.history import History

__all__ = ["compared", "narrowed"]


def compared(history: History, whole: History | None = None) -> list[History]:
    """Assess the theatre by the other policies, and as it was known on the key dates.

    Parameters
    ----------
    history
        An assessed history.
    whole
        The one that it was taken from by `narrowed`, if it was.

    Returns
    -------
    list of History
        One for each written rule but the history's own, as of the same day; then, unless the history itself is as of
        a day, one by its own policy for each key date, which ends on that date. All begin on the history's first day.

    Raises
    ------
    GeometryError
        If the frame cannot be divided among the places.
    """
    source = history if whole is None else whole
    theatre, policy = source.theatre, source.policy
    rules = [name for name in source.spells_by_rule if name != policy]
    others = [assess(theatre, policy=name, as_of=source.as_of) for name in rules]
    if source.as_of is None:
        dates = [history.days[day].date() for day in key_days(history)]
        others += [assess(theatre, policy=policy, as_of=day, previous=source) for day in dates]
    first, last = history.days[0].date(), history.days[-1].date()
    return [narrowed(other, first, last) for other in others]


def narrowed(history: History, first: date, last: date) -> History:
    """Leave only some days of a history: what went before still decides, but is not told.

    Parameters
    ----------
    history
        An assessed history.
    first, last
        The days that are left, both included.

    Returns
    -------
    History
        Claims that need other days go as well: those about days left out or about no day, and, if the first days are
        left out, those about gains.

    Raises
    ------
    IndexError
        If the history has none of these days.
    """
    days = history.days[(history.days >= pd.Timestamp(first)) & (history.days <= pd.Timestamp(last))]
    if len(days) == len(history.days):
        return history
    start, end = days[0].date(), days[-1].date()
    claims = history.theatre.claims
    claims = claims[(claims["as_of_date"] >= str(start)) & (claims["as_of_date"] <= str(end))]
    if days[0] > history.days[0]:
        claims = claims[claims["measure"].str.endswith("_held")]
    theatre = replace(history.theatre, period_start=start, period_end=end, claims=claims.reset_index(drop=True))
    spells = {name: clip_spells(table, days) for name, table in history.spells_by_rule.items()}
    return replace(history, theatre=theatre, days=days, spells_by_rule=spells)
