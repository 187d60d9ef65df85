"""Reasons: which reports move the estimate of a settlement, and the spells of its best state with these reasons."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from frontmap.control import SPELL_COLUMNS, said_state
from frontmap.dates import first_day_after
from frontmap.surfaces import Surfaces

MOVERS = 5  # reports named as deciding, at most
SHARE = 0.8  # of the pull towards the state: as many reports are named as make it up together
MOVE_COLUMNS = ("report_id", "place_id", "kind", "day", "pull", "points")

_BY_RULE = "no position, so no estimate; by rule: "
_SILENT = "estimate: the reports give no other party a greater probability, and none is about this place"


def moves(surfaces: Surfaces, place_id: str, day_number: int, state: str) -> pd.DataFrame:
    """Tell how much each report moves the estimate of one settlement on one day towards a state.

    Parameters
    ----------
    surfaces : Surfaces
        The estimate.
    place_id : str
        A settlement with a position.
    day_number : int
        Counted from the first day.
    state : str
        Positive pulls are towards it.

    Returns
    -------
    DataFrame
        Columns report_id (blank for what is assumed), place_id (the place that it is about), kind (``report``; of what
        is assumed ``prior``, ``start`` for the first day, ``quiet`` for silence), day (that it is about), pull (in
        standard deviations of the latent field; they sum to its mean), points (percentage points by which the state
        would be less probable if this pull were taken away and all others stayed; they do not sum to anything).
        Strongest first; empty if no field knows of the state or its rivals there.

    Raises
    ------
    KeyError
        If the settlement has no position.
    """
    table = surfaces.fields.pull(surfaces.settlements.loc[[place_id]], float(day_number), party=state)
    ordered: pd.DataFrame = table.sort_values("pull", key=np.abs, ascending=False, kind="stable", ignore_index=True)
    return ordered.assign(points=100.0 * ordered["change"])[list(MOVE_COLUMNS)]


def deciding(table: pd.DataFrame) -> tuple[str, ...]:
    """Name the reports that make up most of the pull towards a state, strongest first.

    Parameters
    ----------
    table : DataFrame
        As from `moves`.

    Returns
    -------
    tuple of str
        Report ids, at most `MOVERS`.

    Raises
    ------
    KeyError
        If a column is missing.
    """
    towards = table[(table["pull"] > 0) & (table["report_id"] != "")]
    before = towards["pull"].cumsum() - towards["pull"]
    return tuple(towards["report_id"][before < SHARE * towards["pull"].sum()].head(MOVERS))


def estimate_spells(surfaces: Surfaces, party_ids: Sequence[str], by_rule: pd.DataFrame) -> pd.DataFrame:
    """Turn the best states of the settlements into spells with their reasons.

    Parameters
    ----------
    surfaces : Surfaces
        The estimate.
    party_ids : sequence of str
        Ids of the parties.
    by_rule : DataFrame
        Spells of all places under a rule; used for places that have no position, for no field reaches them.

    Returns
    -------
    DataFrame
        Columns as `frontmap.control.spells`: `deciding` holds the reports that pull most towards the state on the first
        day of the spell, whatever place they are about; the other lists hold reports about the place itself.

    Raises
    ------
    KeyError
        If a column is missing.
    """
    about = dict(iter(surfaces.reports.groupby("place_id")))
    rows: list[tuple[object, ...]] = []
    for column, place_id in enumerate(surfaces.settlements.index):
        codes = surfaces.settlement_codes[:, column]
        starts = np.concatenate([[0], np.flatnonzero(codes[1:] != codes[:-1]) + 1])
        reports = about.get(place_id)
        if reports is None and len(starts) == 1:
            rows.append(_row(surfaces, str(place_id), 0, len(codes), surfaces.states[codes[0]], _SILENT, ()))
            continue
        for start, stop in zip(starts, [*starts[1:], len(codes)], strict=True):
            state = surfaces.states[codes[start]]
            chance = surfaces.settlement_probabilities[state][start, column]
            rule = f"estimate: {state} with a probability of {chance:.0%} when it began"
            day = int(start) if start else _last_day_told(reports, surfaces.days[0], int(stop))
            movers = deciding(moves(surfaces, str(place_id), day, state)) if day else ()
            filed = _file(reports, tuple(party_ids), surfaces.days[0], (int(start), int(stop)), state, movers)
            rows.append(_row(surfaces, str(place_id), int(start), int(stop), state, rule, movers, filed))
    frame = pd.DataFrame(rows, columns=list(SPELL_COLUMNS))
    unplaced = by_rule[~by_rule["place_id"].isin(surfaces.settlements.index)]
    unplaced = unplaced.assign(
        rule=_BY_RULE + unplaced["rule"],
        decisions=unplaced["decisions"].map(lambda told: tuple((day, _BY_RULE + rule, ids) for day, rule, ids in told)),
    )
    frame = frame.astype({"valid_from": "datetime64[s]", "valid_to": "datetime64[s]"})
    joined: pd.DataFrame = pd.concat([frame, unplaced.astype(frame.dtypes)], ignore_index=True)
    return joined.sort_values(["place_id", "valid_from"], kind="stable", ignore_index=True)


def _last_day_told(reports: pd.DataFrame | None, first: pd.Timestamp, stop: int) -> int:
    """Find the last day before `stop` that a report about a place is about; 0 if there is none.

    The first spell of a place begins before any report: what holds it there shows when reports speak of it.
    """
    if reports is None:
        return 0
    day = (reports["event_date"] - first).dt.days
    return max(int(day[day < stop].max()), 0) if (day < stop).any() else 0


_Filed = Mapping[str, tuple[str, ...]]


def _file(
    reports: pd.DataFrame | None,
    party_ids: tuple[str, ...],
    first: pd.Timestamp,
    span: tuple[int, int],
    state: str,
    movers: tuple[str, ...],
) -> _Filed:
    """Put the reports about a place whose day lies in a spell into those that agreed, lost, or said nothing of it."""
    filed: dict[str, list[str]] = {"supporting": [], "losing": [], "noted": []}
    if reports is None:
        return {}
    day = np.maximum((reports["event_date"] - first).dt.days.to_numpy(), 0)
    inside = reports[(day >= span[0]) & (day < span[1])]
    for report_id, status, party in zip(inside["report_id"], inside["status"], inside["party"], strict=True):
        said = said_state(status, party, party_ids)
        if report_id not in movers:
            filed["noted" if said is None else "supporting" if said == state else "losing"].append(report_id)
    return {kind: tuple(sorted(ids)) for kind, ids in filed.items()}


def _row(
    surfaces: Surfaces,
    place_id: str,
    start: int,
    stop: int,
    state: str,
    rule: str,
    movers: tuple[str, ...],
    filed: _Filed | None = None,
) -> tuple[object, ...]:
    filed = filed or {}
    first = surfaces.days[start]
    lists = (filed.get(kind, ()) for kind in ("supporting", "losing", "noted"))
    last = pd.Timestamp(first_day_after(surfaces.days[stop - 1].date()))
    return (place_id, first, last, state, rule, movers, *lists, ((first.date(), rule, movers),))
