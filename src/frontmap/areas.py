"""Areas: square kilometres by day, state and side, gains and losses between days, from cell areas and cell states."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from frontmap.crs import FloatArray
from frontmap.topology import IntArray

CodeArray = NDArray[np.uint8]

_NOTHING_KM2 = 1e-9  # below it: what rounding leaves of an area that went back to nothing


class Interval(NamedTuple):
    """A best figure with the interval around it, all in one unit."""

    low: float
    best: float
    high: float


class Transitions(NamedTuple):
    """Changes of state: cell `cell` left state `old` for `new` at the start of day `day` (indices)."""

    day: IntArray
    cell: IntArray
    old: CodeArray
    new: CodeArray


def transitions(codes: CodeArray) -> Transitions:
    """List every change of state in a series.

    Parameters
    ----------
    codes : ndarray of uint8, shape (n_days, n_cells)
        State of each cell on each day.

    Returns
    -------
    Transitions
        Sorted by day, then cell; day 0 has none.

    Raises
    ------
    IndexError
        From numpy, where `codes` is not two-dimensional.

    Examples
    --------
    >>> import numpy as np
    >>> transitions(np.array([[0, 0], [0, 1]], dtype=np.uint8)).cell
    array([1])
    """
    day, cell = np.divmod(np.flatnonzero(codes[1:] != codes[:-1]), codes.shape[1])  # nonzero of a plane is slower
    return Transitions(day + 1, cell, codes[day, cell], codes[day + 1, cell])


def area_series(codes: CodeArray, area_km2: FloatArray, group: IntArray, *, n_states: int, n_groups: int) -> FloatArray:
    """Sum cell areas by day, state and group: the first day in full, every other day by its changes.

    Parameters
    ----------
    codes : ndarray of uint8, shape (n_days, n_cells)
        State of each cell on each day, below `n_states`.
    area_km2 : ndarray, shape (n_cells,)
        Geodesic area of each cell.
    group : ndarray of int, shape (n_cells,)
        Group of each cell (its side of the border, say), below `n_groups`.
    n_states, n_groups : int
        How many there are.

    Returns
    -------
    ndarray, shape (n_days, n_states, n_groups)
        Areas in km2. On each day they sum to the area of all cells.

    Raises
    ------
    ValueError
        From numpy, where the shapes do not fit.
    """
    n_slots = n_states * n_groups
    first = np.bincount(codes[0].astype(np.int64) * n_groups + group, weights=area_km2, minlength=n_slots)
    moves = transitions(codes)
    weight, where = area_km2[moves.cell], group[moves.cell]
    row = moves.day * n_slots
    size = len(codes) * n_slots
    arrived = np.bincount(row + moves.new.astype(np.int64) * n_groups + where, weights=weight, minlength=size)
    left = np.bincount(row + moves.old.astype(np.int64) * n_groups + where, weights=weight, minlength=size)
    steps = (arrived - left).astype(np.float64).reshape(len(codes), n_slots)
    steps[0] += first
    total = np.cumsum(steps, axis=0)
    total[np.abs(total) < _NOTHING_KM2] = 0.0
    return total.reshape(len(codes), n_states, n_groups)


def spread_series(
    policies: Sequence[CodeArray], area_km2: FloatArray, group: IntArray, *, n_states: int, n_groups: int
) -> tuple[FloatArray, FloatArray]:
    """Sum by day, state and group the areas about which policies agree, and those that at least one of them gives.

    Parameters
    ----------
    policies : sequence of ndarray of uint8, each of shape (n_days, n_cells)
        State of each cell on each day under each policy, below `n_states`.
    area_km2 : ndarray, shape (n_cells,)
        Geodesic area of each cell.
    group : ndarray of int, shape (n_cells,)
        Group of each cell, below `n_groups`.
    n_states, n_groups : int
        How many there are.

    Returns
    -------
    every, some : ndarray, shape (n_days, n_states, n_groups)
        Areas in km2: in this state under every policy, and under at least one.

    Raises
    ------
    ValueError
        From numpy, where there is no policy or the shapes do not fit.
    """
    n_days, n_cells = policies[0].shape
    turned = np.unique(np.concatenate([moves.day * n_cells + moves.cell for moves in map(transitions, policies)]))
    day, cell = np.divmod(turned, n_cells)
    start = np.stack([codes[0] for codes in policies])
    before, after = (np.stack([codes[day - back, cell] for codes in policies]) for back in (1, 0))
    slot, weight = day * n_groups + group[cell], area_km2[cell]
    bounds = np.empty((2, n_days, n_states, n_groups))
    for state in range(n_states):
        for bound, rule in enumerate((np.all, np.any)):
            turn = rule(after == state, axis=0).astype(np.float64) - rule(before == state, axis=0)
            summed = np.bincount(slot, weights=weight * turn, minlength=n_days * n_groups)
            steps = summed.astype(np.float64).reshape(n_days, n_groups)  # whole numbers where nothing ever changes
            steps[0] += np.bincount(group, weights=area_km2 * rule(start == state, axis=0), minlength=n_groups)
            bounds[bound, :, state] = np.cumsum(steps, axis=0)
    bounds[np.abs(bounds) < _NOTHING_KM2] = 0.0
    return bounds[0], bounds[1]


def overlap(both: ArrayLike, one: ArrayLike, other: ArrayLike) -> FloatArray:
    """Tell the intersection over the union from three areas.

    Parameters
    ----------
    both, one, other : array
        Area of the intersection, and of each of the two.

    Returns
    -------
    ndarray
        From 0 to 1; NaN where both are empty or unknown.

    Raises
    ------
    ValueError
        From numpy, where the shapes do not fit.

    Examples
    --------
    >>> overlap([2.0, 0.0], [4.0, 1.0], [3.0, 0.0]).tolist()
    [0.4, 0.0]
    """
    shared = np.asarray(both, dtype=np.float64)
    union = np.asarray(one, dtype=np.float64) + np.asarray(other, dtype=np.float64) - shared
    result: FloatArray = np.divide(shared, union, out=np.full(union.shape, np.nan), where=union > 0.0)
    return result


def unfold(first: CodeArray, moves: Transitions, n_days: int) -> CodeArray:
    """Write out the states of every day: the inverse of `transitions`.

    Parameters
    ----------
    first : ndarray of uint8, shape (n_cells,)
        States on the first day.
    moves : Transitions
        Changes sorted by day.
    n_days : int
        How many days.

    Returns
    -------
    ndarray of uint8, shape (n_days, n_cells)
        State of each cell on each day.

    Raises
    ------
    IndexError
        From numpy, where a cell is out of range.

    Examples
    --------
    >>> import numpy as np
    >>> codes = np.array([[0, 0], [0, 1]], dtype=np.uint8)
    >>> unfold(codes[0], transitions(codes), 2).tolist()
    [[0, 0], [0, 1]]
    """
    codes = np.empty((n_days, len(first)), dtype=np.uint8)
    codes[0] = first
    stops = np.searchsorted(moves.day, np.arange(n_days + 1))
    for day in range(1, n_days):
        today = slice(stops[day], stops[day + 1])
        codes[day] = codes[day - 1]
        codes[day, moves.cell[today]] = moves.new[today]
    return codes


def gain_table(moves: Transitions, cells: pd.DataFrame, *, states: Sequence[str], by: Sequence[str]) -> pd.DataFrame:
    """Sum what each state gained and lost from day to day, in each group of cells.

    Parameters
    ----------
    moves : Transitions
        Every change of state.
    cells : DataFrame
        One row for each cell with area_km2 and the columns named in `by`.
    states : sequence of str
        Name of each state code.
    by : sequence of str
        Columns to group by.

    Returns
    -------
    DataFrame
        Columns day (index), party (the state), those of `by`, gained_km2, lost_km2, net_km2 = gained - lost; sorted; a
        row only where ground changed hands on that day. Nets summed up to a day give the area less that of day 0.

    Raises
    ------
    KeyError
        If a column of `by` is missing.
    """
    names = sorted(states)
    rank = np.array([names.index(state) for state in states], dtype=np.int64)
    groups = cells.groupby(list(by), sort=True)
    group, n_groups = groups.ngroup().to_numpy()[moves.cell], groups.ngroups
    row = moves.day * len(names)
    arrived, left = ((row + rank[codes]) * n_groups + group for codes in (moves.new, moves.old))
    slots, at = np.unique(np.concatenate([arrived, left]), return_inverse=True)
    area_km2 = cells["area_km2"].to_numpy(dtype=np.float64)[moves.cell]
    gained, lost = (
        np.bincount(where, weights=area_km2, minlength=len(slots)) for where in np.split(at, [len(arrived)])
    )
    rest, group = np.divmod(slots, max(n_groups, 1))
    day, state = np.divmod(rest, len(names))
    told = cells.drop_duplicates(list(by)).sort_values(list(by))[list(by)].iloc[group].reset_index(drop=True)
    told.insert(0, "day", day)
    told.insert(1, "party", np.array(names, dtype=object)[state])
    return told.assign(gained_km2=gained, lost_km2=lost, net_km2=gained - lost)


def change_table(
    before: CodeArray,
    after: CodeArray,
    cells: pd.DataFrame,
    *,
    states: Sequence[str],
    by: Sequence[str] = ("side",),
) -> pd.DataFrame:
    """Compare two days: ground gained and lost by each state, in each group of cells.

    Parameters
    ----------
    before, after : ndarray of uint8, shape (n_cells,)
        State of each cell on the two days.
    cells : DataFrame
        One row for each cell with area_km2 and the columns named in `by`.
    states : sequence of str
        Name of each state code.
    by : sequence of str
        Columns to group by.

    Returns
    -------
    DataFrame
        Columns party (the state), those of `by`, gained_km2, lost_km2, net_km2 = gained - lost; a row for every state
        and group, sorted; the net over all states of a group is 0.

    Raises
    ------
    KeyError
        If a column of `by` is missing.
    """
    moved = before != after
    area = cells["area_km2"].to_numpy()
    keys = cells[list(by)]
    grid = keys.drop_duplicates().sort_values(list(by)).merge(pd.DataFrame({"party": list(states)}), how="cross")
    names = np.array(list(states), dtype=object)

    def total(codes: CodeArray, column: str) -> pd.DataFrame:
        table = keys[moved].assign(party=names[codes[moved]], **{column: area[moved]})
        summed: pd.DataFrame = table.groupby([*by, "party"])[[column]].sum()
        return summed.reset_index()

    result = grid.merge(total(after, "gained_km2"), how="left").merge(total(before, "lost_km2"), how="left")
    result = result.fillna({"gained_km2": 0.0, "lost_km2": 0.0})
    result["net_km2"] = result["gained_km2"] - result["lost_km2"]
    order = ["party", *by, "gained_km2", "lost_km2", "net_km2"]
    ordered: pd.DataFrame = result[order].sort_values(["party", *by], ignore_index=True)
    return ordered
