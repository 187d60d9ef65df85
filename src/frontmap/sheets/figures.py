"""The figures of a day in words: what is held beyond the border, its interval, and its change since another day."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

import pandas as pd

if TYPE_CHECKING:
    from frontmap.history import History
    from frontmap.wording import Language

__all__ = ["Figure", "figures_on", "ground_name", "in_a_sentence", "sources_line"]


@dataclass(frozen=True)
class Figure:
    """One area on one day.

    Parameters
    ----------
    party
        Whose it is.
    name
        What is measured.
    best_km2, low_km2, high_km2
        The figure and its interval.
    best, interval, change
        The same in words; the change is blank if there is no earlier day.
    """

    party: str
    name: str
    best_km2: float
    low_km2: float
    high_km2: float
    best: str
    interval: str
    change: str


def ground_name(history: History, party: str, side: str, to: Language) -> str:
    """Name what a party holds on a side of the border.

    Parameters
    ----------
    history
        An assessed history.
    party, side
        As in ``History.headline``.
    to
        The language.

    Returns
    -------
    str
        As in ``Freedonia on Sylvania's side``.

    Raises
    ------
    KeyError
        If the language lacks the pattern.
    """
    theatre = history.theatre
    return to.word("beyond", party=to.party(theatre, party), side=to.side(theatre, side))


def figures_on(history: History, day: int, to: Language, *, since: int | None = None) -> list[Figure]:
    """Tell the areas that parties hold beyond the border on a day.

    Parameters
    ----------
    history
        An assessed history.
    day
        Counted from the first one.
    to
        The language.
    since
        The day with which it is compared, if any.

    Returns
    -------
    list of Figure
        In the order of ``History.headline``.

    Raises
    ------
    IndexError
        If the history has no such day.
    """
    areas = _by_day(history)
    told = []
    for party, side in history.headline:
        best, low, high = areas[history.days[day], party, side]
        change = ""
        if since is not None:
            before = areas[history.days[since], party, side][0]
            moved = round(best) - round(before)
            sign = "+" if moved > 0 else "±" if moved == 0 else ""
            change = to.text("sheets.sinceKey", change=sign + to.number(moved), day=to.day(history.days[since]))
        span = to.span(to.number(low), to.number(high))
        interval = to.text("sheets.policyInterval", span=span)
        if history.level is not None:
            interval = to.text("sheets.levelInterval", level=to.percent(f"{100 * history.level:g}"), span=span)
        name = ground_name(history, party, side, to)
        told.append(Figure(party, name, best, low, high, to.number(best), interval, change))
    return told


def in_a_sentence(figures: list[Figure], to: Language) -> str:
    """Tell figures in one sentence, for those who do not see the map.

    Parameters
    ----------
    figures
        Of a day.
    to
        The language.

    Returns
    -------
    str
        Without a full stop.

    Raises
    ------
    KeyError
        If the language lacks the pattern.
    """
    return "; ".join(
        to.text("sheets.held", ground=figure.name, best=figure.best, interval=figure.interval) for figure in figures
    )


def sources_line(history: History, to: Language) -> str:
    """Tell whom to name, under which licences, and what the sheet does not show.

    Parameters
    ----------
    history
        An assessed history.
    to
        The language.

    Returns
    -------
    str
        A paragraph that belongs on every sheet.

    Raises
    ------
    KeyError
        If the language lacks a text.
    """
    theatre = history.theatre
    names = ", ".join(dict.fromkeys(licence.name for licence in theatre.licences))
    sources = to.attribution(theatre).strip().removesuffix(".")
    parts = [to.text("sheets.notGround"), to.text("sheets.sources", sources=sources)]
    return " ".join([*parts, *([to.text("sheets.licences", licences=names)] if names else [])])


@lru_cache(maxsize=2)
def _by_day(history: History) -> dict[tuple[pd.Timestamp, str, str], tuple[float, float, float]]:
    """Look up best, low and high area in km2 by day, state and side."""
    columns = ["date", "party", "side", "area_km2", "area_low_km2", "area_high_km2"]
    rows = history.areas()[columns].itertuples(index=False, name=None)
    return {(day, party, side): (best, low, high) for day, party, side, best, low, high in rows}
