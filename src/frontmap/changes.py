"""Changes: every change of state of a settlement's ground, with the rule and the reports behind it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from frontmap.areas import Transitions

CHANGE_COLUMNS = (
    "date", "place_id", "name", "side", "district", "area_km2", "from_state", "to_state", "rule", "deciding", "losing",
)  # fmt: skip

_NO_SPELL = "another of the places that share the cell was decided by then"
_NO_TURN = "estimate: the line passed through ground of this place; the place itself was never in this state"


def change_list(
    moves: Transitions,
    cells: pd.DataFrame,
    spells: pd.DataFrame,
    names: pd.Series,
    *,
    days: pd.DatetimeIndex,
    states: Sequence[str],
    by_rule: bool,
) -> pd.DataFrame:
    """List the changes of state of settlements' ground.

    Parameters
    ----------
    moves : Transitions
        Changes of the cells.
    cells : DataFrame
        With place_id, place_ids, side, district and area_km2.
    spells : DataFrame
        As from `frontmap.control.spells`: where rules and reports are taken from.
    names : Series of str
        Names of the places, by place_id.
    days : DatetimeIndex
        The days that `moves` counts.
    states : sequence of str
        Name of each state code.
    by_rule : bool
        Whether a cell changes only when a place of it does. Under the estimate the line passes ground on other days
        too: the spell nearest in time is told.

    Returns
    -------
    DataFrame
        Columns `CHANGE_COLUMNS`; deciding and losing are tuples of report ids. Sorted by date and place.

    Raises
    ------
    KeyError
        If a column is missing.
    """
    state = np.array(states, dtype=object)
    table = cells[["place_id", "place_ids", "side", "district", "area_km2"]].iloc[moves.cell].reset_index(drop=True)
    table["date"] = days[moves.day]
    table["from_state"], table["to_state"] = state[moves.old], state[moves.new]
    alike = ["date", "place_id", "side", "district", "from_state", "to_state"]  # a settlement may have several cells
    groups = table.groupby(alike, as_index=False, sort=False)
    table = groups.agg(area_km2=("area_km2", "sum"), place_ids=("place_ids", "first"))
    table["name"] = table["place_id"].map(names)
    reasons = table[["date", "place_ids", "to_state"]].reset_index(names="change").explode("place_ids")
    reasons = reasons.merge(
        spells[["place_id", "valid_from", "state", "rule", "deciding", "losing"]],
        left_on="place_ids",
        right_on="place_id",
    )
    if by_rule:
        reasons = reasons[reasons["valid_from"] == reasons["date"]]
    else:  # the line passes a settlement's ground on other days than the settlement: the spell nearest in time
        reasons = reasons[reasons["state"] == reasons["to_state"]]
        away = (reasons["valid_from"] - reasons["date"]).abs()
        reasons = reasons.assign(away=away).sort_values(["change", "away"], kind="stable").drop_duplicates("change")
    merged = reasons.groupby("change").agg(
        rule=("rule", "; ".join), deciding=("deciding", _flat), losing=("losing", _flat)
    )
    table = table.join(merged)
    table["rule"] = table["rule"].fillna(_NO_SPELL if by_rule else _NO_TURN)
    for column in ("deciding", "losing"):
        table[column] = [ids if isinstance(ids, tuple) else () for ids in table[column]]
    ordered: pd.DataFrame = table[list(CHANGE_COLUMNS)]
    return ordered.sort_values(["date", "place_id"], ignore_index=True)


def _flat(groups: pd.Series) -> tuple[str, ...]:
    return tuple(sorted({i for group in groups for i in group}))
