"""Ensembles: many theatres under many settings of the estimate, assessed here or on a cluster, in one tidy table."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from itertools import product
from typing import Any

import pandas as pd

from frontmap.control import ESTIMATE
from frontmap.errors import FrontmapError
from frontmap.estimate.parameters import from_settings
from frontmap.history import History, assess
from frontmap.spread import spread
from frontmap.theatre import Theatre

Settings = Mapping[str, object]
Summary = Callable[[History], pd.DataFrame]


def areas_on_key_days(history: History) -> pd.DataFrame:
    """Tell the areas with their interval on the theatre's key dates, or on the last day if none is among its days.

    Parameters
    ----------
    history : History
        Any.

    Returns
    -------
    DataFrame
        The rows of `History.areas` on these days.

    Raises
    ------
    MemoryError
        From numpy, where a theatre is too large for the machine.
    """
    table = history.areas()
    days = history.days[history.days.isin(pd.DatetimeIndex(history.theatre.key_dates))]
    chosen = table["date"].isin(days if len(days) else history.days[-1:])
    return table[chosen].reset_index(drop=True)


def assess_many(
    theatres: Theatre | Sequence[Theatre],
    settings: Sequence[Settings] = ({},),
    summary: Summary = areas_on_key_days,
    *,
    policy: str = ESTIMATE,
    as_of: date | str | None = None,
    workers: int = 1,
    scheduler: object = None,
    tell: Callable[[str], None] = lambda done: None,
) -> pd.DataFrame:
    """Assess theatres under settings of the estimate, each combination by itself.

    Parameters
    ----------
    theatres : Theatre or sequence of Theatre
        One or more.
    settings : sequence of mapping
        Keys of ``[estimate]`` in theatre.toml with their values, such as ``{"length_km": 8}``; what a mapping leaves
        out is as in the theatre.
    summary : callable
        Makes a table of a history. For other processes it must be defined in a module that they can import.
    policy : str
        As for `frontmap.assess`.
    as_of : date or str, optional
        Use only what was published by the end of this day.
    workers : int
        Processes on this machine.
    scheduler : str or cluster, optional
        Address of a dask scheduler, or a ``LocalCluster``; see `frontmap.spread.spread`.
    tell : callable
        Is told how far the work has come.

    Returns
    -------
    DataFrame
        The tables of `summary` one below the other, theatre by theatre and setting by setting, each with the columns
        theatre and one for each key that any setting names before its own. It does not depend on where it was made.

    Raises
    ------
    TheatreError
        If a setting is not one, before anything is assessed.
    PolicyError
        If the policy is not known.
    WorkersError
        If the work cannot be spread.
    FrontmapError
        If there is nothing to assess, or a theatre cannot be assessed.

    Examples
    --------
    >>> import frontmap as fm
    >>> kursk = fm.load()
    >>> table = fm.assess_many(kursk, [{"length_km": km, "draws": 20} for km in (8, 12)], as_of="2024-08-20")
    >>> held = table[(table["party"] == "UA") & (table["side"] == "RU")]
    >>> held.groupby("length_km")["area_km2"].max() > 300.0
    length_km
    8.0     True
    12.0    True
    Name: area_km2, dtype: bool
    """
    given = [theatres] if isinstance(theatres, Theatre) else list(theatres)
    if not given or not settings:
        raise FrontmapError(
            "expected at least one theatre and one setting, found none; next: give `[{}]` for no change"
        )
    varied = sorted({name for one in settings for name in one})
    cases = [_with(theatre, one) for theatre, one in product(given, settings)]
    tables = []
    found = spread(_Case(policy, as_of, summary), cases, workers=workers, scheduler=scheduler)
    for number, (case, table) in enumerate(zip(cases, found, strict=True), start=1):
        told = {"theatre": case.name} | {name: _plain(getattr(case.estimate, name)) for name in varied}
        tables.append(pd.concat([pd.DataFrame(told, index=table.index), table], axis=1))
        tell(f"{number} of {len(cases)} assessments")
    return pd.concat(tables, ignore_index=True)


def _plain(value: object) -> object:
    """Write a setting that holds several numbers as one text."""
    return ", ".join(f"{k}={v}" for k, v in value.items()) if isinstance(value, Mapping) else value


@dataclass(frozen=True)
class _Case:
    """What is done with every theatre; plain values, so that any worker can do it."""

    policy: str
    as_of: date | str | None
    summary: Summary

    def __call__(self, theatre: Theatre) -> pd.DataFrame:
        return self.summary(assess(theatre, policy=self.policy, as_of=self.as_of))


def _with(theatre: Theatre, settings: Settings) -> Theatre:
    """Change settings of a theatre's estimate, after checking them."""
    checked = from_settings(settings)
    values: dict[str, Any] = {}
    for name, value in settings.items():
        own = getattr(theatre.estimate, name)
        values[name] = {**own, **value} if isinstance(value, Mapping) else getattr(checked, name)
    return replace(theatre, estimate=replace(theatre.estimate, **values))
