"""The ground of a page: cells that share their fate as one, outlined by shared arcs, with what changes by day."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from frontmap.maps.packing import deltas, packed
from frontmap.zones import Arcs

if TYPE_CHECKING:
    from frontmap.history import History

__all__ = ["GRID_DEG", "Groups", "area_steps", "doubtful", "ground", "grouped", "turns"]

GRID_DEG = 4e-5  # about four metres
ARC_TOLERANCE_DEG = 1e-4  # no vertex that adds or takes more ground than a square of about ten metres is dropped
DOUBT_STEP_DAYS = 7  # on average: a page tells doubt in so many steps, short ones where it changes fast

Json = dict[str, Any]
Codes = NDArray[np.uint8]
IntArray = NDArray[np.int64]


@dataclass(frozen=True)
class Groups:
    """Cells that share their fate.

    Parameters
    ----------
    first : ndarray of int
        A cell of each group, by which its states can be told.
    label : ndarray of int, shape (n_cells,)
        Group of each cell; groups are numbered by side, by district and along a curve through the ground, so that
        neighbours have near numbers.
    sides, districts : list of str
        Names, sorted.
    side, district : ndarray of int
        Numbers of both for each group.
    doubt : ndarray of bool, shape (n_days, n_groups)
        Where no state is beyond doubt, as `doubtful` tells it.
    """

    first: IntArray
    label: IntArray
    sides: list[str]
    districts: list[str]
    side: IntArray
    district: IntArray
    doubt: NDArray[np.bool_]


def grouped(history: History, further: Sequence[Codes] = ()) -> Groups:
    """Find the cells that lie on one side and in one district and have the same state and doubt on every day.

    Parameters
    ----------
    history
        An assessed history.
    further
        More tables of states of the same cells, of any number of days, in which cells of a group have to be alike too.

    Returns
    -------
    Groups
        The fewest there can be.

    Raises
    ------
    KeyError
        If the history lacks a column that its description promises.
    """
    cells, doubt = history.cells, doubtful(history)
    (side, sides), (district, districts) = (_numbered(cells[name]) for name in ("side", "district"))
    keys = np.column_stack([side, district, *(_alike(table) for table in (history.codes, doubt, *further))])
    _, first, label = np.unique(keys, axis=0, return_index=True, return_inverse=True)
    curve = cells.geometry.iloc[first].hilbert_distance().to_numpy()
    order = np.lexsort((curve, district[first], side[first]))
    place = np.empty_like(order)
    place[order] = np.arange(len(order))
    first = first[order]
    return Groups(first, place[label.ravel()], sides, districts, side[first], district[first], doubt[:, first])


def ground(history: History, groups: Groups) -> Json:
    """Gather outlines, sides, districts, areas and changes of a history's ground.

    Parameters
    ----------
    history
        An assessed history.
    groups
        Its cells as `grouped` found them: each group is a cell of the page.

    Returns
    -------
    dict
        Values that JSON can hold, numbers written by `packed`. Areas are summed before rounding. ``nodes`` and ``arcs``
        outline the cells on a grid of `GRID_DEG`: for each arc its first node (less the last of the arc before), its
        last (less its first), the cell on its left (less that of the arc before), the one on its right (less the left
        one; -1 is outside), the number of vertices between its ends, and these. ``grounds`` tells side, district and
        how many of the following cells lie there; ``changes`` day, cell and new state; ``doubts`` day and cell where
        doubt begins or ends.

    Raises
    ------
    KeyError
        If the history lacks a column that its description promises.
    """
    outline = history.arcs.dissolved(groups.label).simplified(ARC_TOLERANCE_DEG).in_ring_order().rounded(GRID_DEG)
    codes = history.codes[:, groups.first]
    area_km2 = np.bincount(groups.label, weights=history.cells["area_km2"].to_numpy(float))
    nodes, arcs = _arcs(outline)
    return {
        "sides": groups.sides,
        "districts": groups.districts,
        "nodes": packed(nodes),
        "arcs": packed(arcs),
        "border": [packed(deltas(chain)) for chain in _border(outline, groups.side)],
        "grounds": packed(_runs(np.column_stack([groups.side, groups.district]))),
        "cellArea": packed(np.diff(np.rint(1000 * area_km2.cumsum()).astype(int), prepend=0).tolist()),
        "start": packed(codes[0].tolist()),
        "changes": packed(turns(codes)),
        "doubtful": packed(groups.doubt[0].astype(int).tolist()),
        "doubts": packed(turns(groups.doubt, told=False)),
        "areas": area_steps(history),
    }


def doubtful(history: History) -> NDArray[np.bool_]:
    """Tell where no state is beyond doubt, in steps of some days of which the middle one stands for all.

    Parameters
    ----------
    history
        An assessed history.

    Returns
    -------
    ndarray of bool, shape (n_days, n_cells)
        Cells of the history's own order: with the estimate those in which no state is more probable than the upper end
        of the interval's level, under a rule those about which the policies disagree.

    Raises
    ------
    AttributeError
        If the history has no states.
    """
    clear = history.beyond_doubt()
    days = np.arange(len(clear))
    moved = np.r_[0, np.count_nonzero(clear[1:] != clear[:-1], axis=1).cumsum()]
    wanted = np.linspace(0, moved[-1] + 1, max(1, len(clear) // DOUBT_STEP_DAYS) + 1)
    edges = np.unique(np.searchsorted(moved, wanted))  # of the steps; the same number of cells turns within each
    step = np.searchsorted(edges, days, side="right")
    middle: NDArray[np.bool_] = clear[(edges[step - 1] + edges[step] - 1) // 2]
    return ~middle


def turns(table: NDArray[Any], *, told: bool = True) -> list[int]:
    """List the changes of a table of states.

    Parameters
    ----------
    table
        One row for each day, one column for each cell of the page.
    told
        Whether the new value is told; what is only there or not needs none.

    Returns
    -------
    list of int
        Day and column of each change, each less the one before, and the new value.

    Raises
    ------
    IndexError
        If the table has no columns.
    """
    days, columns = np.nonzero(table[1:] != table[:-1])
    parts = [np.diff(days + 1, prepend=0), np.diff(columns, prepend=0)]
    if told:
        parts.append(table[days + 1, columns].astype(np.int64))
    listed: list[int] = np.column_stack(parts).ravel().tolist()
    return listed


def area_steps(history: History) -> dict[str, str]:
    """Tell the areas of each state on each side on the days on which they change.

    Parameters
    ----------
    history
        An assessed history.

    Returns
    -------
    dict of str
        By ``party|side``: day, low, best and high in tenths of a km2, each less the one before.

    Raises
    ------
    KeyError
        If the history lacks a column that its description promises.
    """
    areas = history.areas()
    day = history.days.get_indexer(pd.DatetimeIndex(areas["date"]))
    columns = ["area_low_km2", "area_km2", "area_high_km2"]
    tenths = (10 * areas[columns]).round().astype(np.int64).assign(day=day)
    steps: dict[str, str] = {}
    for (party, side), rows in tenths.groupby([areas["party"], areas["side"]], sort=True):
        numbers = rows.sort_values("day")[["day", *columns]].to_numpy()
        if numbers[:, 1:].any():
            changed = np.r_[True, (numbers[1:, 1:] != numbers[:-1, 1:]).any(axis=1)]
            steps[f"{party}|{side}"] = packed(np.diff(numbers[changed], axis=0, prepend=0).ravel().tolist())
    return steps


def _numbered(names: pd.Series) -> tuple[IntArray, list[str]]:
    """Give the names of a column numbers in their order."""
    number, known = pd.factorize(names.astype(str), sort=True)
    return number.astype(np.int64), [str(name) for name in known]


def _runs(rows: NDArray[np.int64]) -> list[int]:
    """Tell each run of equal rows once: its row, then how many there are."""
    starts = np.r_[0, np.flatnonzero((rows[1:] != rows[:-1]).any(axis=1)) + 1]
    listed: list[int] = np.column_stack([rows[starts], np.diff(np.r_[starts, len(rows)])]).ravel().tolist()
    return listed


def _alike(table: NDArray[Any]) -> NDArray[np.int64]:
    """Give equal columns of a table the same number."""
    known: dict[bytes, int] = {}
    columns = np.ascontiguousarray(table.T)
    return np.array([known.setdefault(column.tobytes(), len(known)) for column in columns], dtype=np.int64)


def _arcs(outline: Arcs) -> tuple[list[int], list[int]]:
    """List the ends of the arcs, each once; and each arc as its ends, its cells and what lies between the ends."""
    shapes = _shapes(outline)
    ends = np.concatenate([shape[[0, -1]] for shape in shapes]) if shapes else np.empty((0, 2), dtype=np.int64)
    _, first, number = np.unique(ends, axis=0, return_index=True, return_inverse=True)
    rank = np.argsort(np.argsort(first))[number.ravel()].reshape(-1, 2).tolist()  # by first use
    told: list[int] = []
    last, before = 0, 0
    for shape, (begin, end), left, right in zip(
        shapes, rank, outline.left.tolist(), outline.right.tolist(), strict=True
    ):
        told += [begin - last, end - begin, left - before, right - left, len(shape) - 2]
        told += np.diff(shape[:-1], axis=0).ravel().tolist()
        last, before = end, left
    return np.diff(ends[np.sort(first)], axis=0, prepend=0).ravel().tolist(), told


def _shapes(outline: Arcs) -> list[IntArray]:
    """Give the vertices of each arc."""
    vertices = outline.vertices[outline.vertex].astype(np.int64)
    return np.split(vertices, outline.start[1:-1]) if len(outline.left) else []


def _border(outline: Arcs, side: IntArray) -> list[list[int]]:
    """Chains of arcs whose two cells lie on different sides, so that a dash pattern runs on from arc to arc."""
    parting = (outline.left >= 0) & (outline.right >= 0) & (side[outline.left] != side[outline.right])
    left = {int(arc) for arc in np.flatnonzero(parting)}
    first, last = outline.vertex[outline.start[:-1]].tolist(), outline.vertex[outline.start[1:] - 1].tolist()
    at: dict[int, list[int]] = {}
    for arc in sorted(left):
        at.setdefault(first[arc], []).append(arc)
        at.setdefault(last[arc], []).append(~arc)
    chains: list[list[int]] = []
    beginnings = [reference for references in at.values() if len(references) != 2 for reference in references]
    for reference in [*beginnings, *sorted(left)]:
        chain: list[int] = []
        onward = [reference]
        while onward and max(onward[0], ~onward[0]) in left:
            arc = max(onward[0], ~onward[0])
            left.remove(arc)
            chain.append(onward[0])
            meeting = at[last[arc] if onward[0] >= 0 else first[arc]]
            onward = [other for other in meeting if max(other, ~other) in left] if len(meeting) == 2 else []
        if chain:
            chains.append(chain)
    return chains
