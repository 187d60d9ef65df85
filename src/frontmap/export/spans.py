"""Spans: the zones and front lines of a history as rows, each with the days for which it holds, one after the other."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import date
from typing import TYPE_CHECKING, NamedTuple

import geopandas as gpd
import numpy as np
import pandas as pd

from frontmap.crs import WGS84
from frontmap.dates import last_day_before, parse_day
from frontmap.errors import DateError
from frontmap.layers import Row

if TYPE_CHECKING:
    from frontmap.history import History

WEEK = 7
PERIOD = ("valid_from", "valid_to")
ZONE_COLUMNS = ("state", "side", "area_km2", "n_cells", "n_places", "deciding", "geometry")
FRONT_COLUMNS = ("kind", "state_a", "state_b", "front_km", "geometry")

_Rows = Callable[[Sequence[int]], Iterator[list[Row]]]
_Days = tuple[pd.Timestamp, pd.Timestamp]


class ZoneLayers(NamedTuple):
    """Zones and front lines of a whole history, each with the days for which it holds."""

    zones: gpd.GeoDataFrame
    front: gpd.GeoDataFrame


def zone_layers(history: History, *, days: Iterable[date | str] | None = None) -> ZoneLayers:
    """
    Gather the zones and front lines of every day on which something changed; under the estimate, of every week.

    A zone that stays the same over several changes elsewhere is one row: it holds from ``valid_from`` to
    ``valid_to``, both days included. The picture of day D is all rows with ``valid_from <= D <= valid_to``.

    Parameters
    ----------
    history
        What `frontmap.assess` returned.
    days
        Keep only what holds on one of these days; the whole period by default.

    Returns
    -------
    ZoneLayers
        Two frames in EPSG:4326 with RangeIndex: the columns of `History.zones` and of `History.front` with
        ``valid_from`` and ``valid_to`` (``datetime64[s]``) in place of the date, in the order in which they begin.

    Raises
    ------
    DateError
        If a day is not written year-month-day, or lies outside the history.
    """
    periods = constant_periods(history, days)
    layers = ((history.zone_rows, ZONE_COLUMNS), (history.front_rows, FRONT_COLUMNS))
    return ZoneLayers(*(_frame(spans(history, rows, periods), columns) for rows, columns in layers))


def constant_periods(history: History, days: Iterable[date | str] | None = None) -> list[_Days]:
    """
    List the inclusive periods that one picture stands for, in order.

    Under a rule no place changes its state within one. Under the estimate the line moves nearly every day: one picture
    stands for a week, and each key date begins one.

    Parameters
    ----------
    history
        What `frontmap.assess` returned.
    days
        Keep only periods with one of these days; under the estimate, these days themselves.

    Returns
    -------
    list of pairs of Timestamp
        First and last day.

    Raises
    ------
    DateError
        If a day is not written year-month-day, or lies outside the history.
    """
    told = history.days
    wanted = None if days is None else pd.DatetimeIndex([parse_day(day) for day in days])
    if wanted is not None and not wanted.isin(told).all():
        strange = wanted[~wanted.isin(told)][0].date()
        first, last = told[0].date(), told[-1].date()
        raise DateError(f"expected days from {first} to {last}, found {strange}; next: choose days of the period")
    if history.surfaces is None:
        changed = np.isin(np.arange(len(told)), history.moves.day)
    elif wanted is not None:
        return [(day, day) for day in told[told.isin(wanted)]]
    else:
        keys = told.isin([pd.Timestamp(day) for day in history.theatre.key_dates])
        changed = (np.arange(len(told)) % WEEK == 0) | keys
    changed[:1] = True
    starts = np.flatnonzero(changed)
    ends = np.append(starts[1:], len(told)) - 1
    periods = list(zip(told[starts], told[ends], strict=True))
    if wanted is None:
        return periods
    return [(first, last) for first, last in periods if ((wanted >= first) & (wanted <= last)).any()]


def spans(history: History, rows_of: _Rows, periods: Sequence[_Days]) -> Iterator[Row]:
    """
    Give each row once, with the days for which it holds.

    Parameters
    ----------
    history
        What `frontmap.assess` returned.
    rows_of
        Its `zone_rows` or `front_rows`.
    periods
        From `constant_periods`.

    Yields
    ------
    dict
        A row with ``valid_from`` and ``valid_to``, as soon as it ends: only what still holds is kept in memory.

    Raises
    ------
    IndexError
        If a period begins outside the history.
    """
    if not periods:
        return
    running: dict[int, tuple[Row, Row]] = {}  # by identity: a row as the history gives it, and the same with its days
    before = None
    pictures = rows_of(history.days.get_indexer(pd.DatetimeIndex([first for first, _ in periods])).tolist())
    for (first, last), rows in zip(periods, pictures, strict=True):
        joins = before == pd.Timestamp(last_day_before(first))
        kept = {id(row): running.pop(id(row)) for row in rows if joins and id(row) in running}
        yield from (span for _, span in running.values())
        running = {id(row): kept.get(id(row), (row, {"valid_from": first, **row})) for row in rows}
        for _, span in running.values():
            span["valid_to"] = last
        before = last
    yield from (span for _, span in running.values())


def _frame(rows: Iterable[Row], columns: Sequence[str]) -> gpd.GeoDataFrame:
    """Put rows into a frame in the order in which they begin."""
    listed = gpd.GeoDataFrame(list(rows), columns=[*PERIOD, *columns], geometry="geometry", crs=WGS84)
    typed = listed.astype(dict.fromkeys(PERIOD, "datetime64[s]"))
    ordered: gpd.GeoDataFrame = typed.sort_values("valid_from", kind="stable", ignore_index=True)
    return ordered
