"""States: spells of places written out as codes, day by day, for places and for cells."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from frontmap.areas import CodeArray, Transitions, unfold


def place_codes(spells: pd.DataFrame, place_ids: pd.Series, days: pd.DatetimeIndex, states: Sequence[str]) -> CodeArray:
    """Write spells into a table of codes.

    Parameters
    ----------
    spells : DataFrame
        As from `frontmap.control.spells`, cut to these days.
    place_ids : Series of str
        Places in the order wanted.
    days : DatetimeIndex
        Consecutive days.
    states : sequence of str
        Name of each code.

    Returns
    -------
    ndarray of uint8, shape (n_days, n_places)
        State of each place on each day.

    Raises
    ------
    KeyError
        If a column is missing.
    """
    column = pd.Index(place_ids).get_indexer(pd.Index(spells["place_id"])).astype(np.int64)
    code = pd.Index(states).get_indexer(pd.Index(spells["state"])).astype(np.uint8)
    day = (spells["valid_from"] - days[0]).dt.days.to_numpy().astype(np.int64)
    opening, later = np.flatnonzero(day == 0), np.flatnonzero(day > 0)
    first = np.zeros(len(place_ids), dtype=np.uint8)
    first[column[opening]] = code[opening]
    later = later[np.lexsort((column[later], day[later]))]
    return unfold(first, Transitions(day[later], column[later], code[later - 1], code[later]), len(days))


def cell_codes(
    states: CodeArray,
    spells: pd.DataFrame,
    days: pd.DatetimeIndex,
    places: pd.Series,
    cells: pd.DataFrame,
    contested: int,
) -> CodeArray:
    """Give each cell its place's state; in a shared cell decided places outrank the others and may contest it.

    Parameters
    ----------
    states : ndarray of uint8, shape (n_days, n_places)
        As from `place_codes`.
    spells : DataFrame
        What they were made from; its decisions tell since when a place is decided.
    days : DatetimeIndex
        Consecutive days.
    places : Series of str
        Ids of the places in their order.
    cells : DataFrame
        With place_id and place_ids.
    contested : int
        The code of what is contested.

    Returns
    -------
    ndarray of uint8, shape (n_days, n_cells)
        State of each cell on each day.

    Raises
    ------
    KeyError
        If a cell's place is not among the places.
    """
    column = {place_id: i for i, place_id in enumerate(places)}
    codes = np.take(states, [column[i] for i in cells["place_id"]], axis=1)
    shared = {n: ids for n, ids in enumerate(cells["place_ids"]) if len(ids) > 1}
    told = spells[spells["place_id"].isin({i for ids in shared.values() for i in ids})]
    decided: dict[str, pd.Timestamp] = {}
    for place_id, decisions in zip(told["place_id"], told["decisions"], strict=True):
        for day in (pd.Timestamp(day) for day, _, ids in decisions if ids):
            decided[place_id] = min(decided.get(place_id, day), day)
    for n, ids in shared.items():
        own = states[:, [column[i] for i in ids]]
        voice = np.column_stack([days >= decided.get(i, pd.Timestamp.max) for i in ids])
        voice |= ~voice.any(axis=1, keepdims=True)
        low = np.where(voice, own, np.iinfo(np.uint8).max).min(axis=1)
        high = np.where(voice, own, 0).max(axis=1)
        codes[:, n] = np.where(low == high, low, contested)
    return codes
