"""Areas: square kilometres by day, state and side, gains and losses between days, from cell areas and cell states."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from frontmap.crs import FloatArray
from frontmap.topology import IntArray
from frontmap.voronoi import BoolArray

CodeArray = NDArray[np.uint8]


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
    day, cell = np.nonzero(codes[1:] != codes[:-1])
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
    first = np.bincount(codes[0] * n_groups + group, weights=area_km2, minlength=n_slots)
    moves = transitions(codes)
    weight, where = area_km2[moves.cell], group[moves.cell]
    row = moves.day * n_slots
    size = len(codes) * n_slots
    arrived = np.bincount(row + moves.new.astype(np.int64) * n_groups + where, weights=weight, minlength=size)
    left = np.bincount(row + moves.old.astype(np.int64) * n_groups + where, weights=weight, minlength=size)
    steps = (arrived - left).astype(np.float64).reshape(len(codes), n_slots)
    steps[0] += first
    total = np.cumsum(steps, axis=0)
    total[np.abs(total) < 1e-9] = 0.0  # what rounding leaves of an area that went back to nothing
    return total.reshape(len(codes), n_states, n_groups)


def mask_series(mask: BoolArray, area_km2: FloatArray, group: IntArray, *, n_groups: int) -> FloatArray:
    """Sum the areas of the cells that a mask selects, by day and group.

    Parameters
    ----------
    mask : ndarray of bool, shape (n_days, n_cells)
        Cells that count on each day.
    area_km2 : ndarray, shape (n_cells,)
        Geodesic area of each cell.
    group : ndarray of int, shape (n_cells,)
        Group of each cell, below `n_groups`.
    n_groups : int
        How many groups there are.

    Returns
    -------
    ndarray, shape (n_days, n_groups)
        Areas in km2.

    Raises
    ------
    ValueError
        From numpy, where the shapes do not fit.
    """
    codes = mask.astype(np.uint8)
    return area_series(codes, area_km2, group, n_states=2, n_groups=n_groups)[:, 1, :]


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
