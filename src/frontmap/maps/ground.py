"""The ground of a page: cells that share their fate as one, outlined by shared arcs, with what changes by day."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from frontmap.maps.arcs import GRID_DEG, GridArcs, Vertices, shared_arcs
from frontmap.maps.packing import deltas, packed

if TYPE_CHECKING:
    from frontmap.history import History

__all__ = ["doubtful", "ground"]

ARC_TOLERANCE_DEG = 2e-4
DOUBT_STEP_DAYS = 7  # on average: a page tells doubt in so many steps, short ones where it changes fast

Json = dict[str, Any]


def ground(history: History) -> Json:
    """Gather outlines, sides, districts, areas and changes of a history's ground.

    Parameters
    ----------
    history
        An assessed history.

    Returns
    -------
    dict
        Values that JSON can hold, numbers written by `packed`. Cells that lie on the same side and in the same
        district and have the same state and the same doubt on every day are one; areas are summed before rounding.
        ``nodes`` and ``arcs`` outline them on the grid of `shared_arcs`: for each arc its first node (less the last of
        the arc before), its last (less its first), the cell on its left (less that of the arc before), the one on its
        right (less the left one; -1 is outside), the number of vertices between its ends, and these. ``grounds`` tells
        side, district and how many of the following cells lie there; ``changes`` day, cell and new state; ``doubts``
        day and cell where doubt begins or ends.

    Raises
    ------
    KeyError
        If the history lacks a column that its description promises.
    """
    cells, codes = history.cells, history.codes
    doubt = doubtful(history)
    sides = sorted(set(cells["side"].astype(str)))
    districts = sorted(set(cells["district"].astype(str)))
    keys = np.column_stack(
        [
            pd.Index(sides).get_indexer(cells["side"].astype(str)),
            pd.Index(districts).get_indexer(cells["district"].astype(str)),
            _alike(codes),
            _alike(doubt),
        ]
    )
    first, label = _groups(keys, cells)
    outline = shared_arcs(gpd.GeoSeries(list(history.arcs.polygons(label).values())))
    area_km2 = np.bincount(label, weights=cells["area_km2"].to_numpy(float), minlength=len(first))
    side = keys[first, 0]
    nodes, arcs = _arcs(outline)
    return {
        "sides": sides,
        "districts": districts,
        "nodes": packed(nodes),
        "arcs": packed(arcs),
        "border": [packed(deltas(chain)) for chain in _border(outline, side.tolist())],
        "grounds": packed(_runs(keys[first, :2])),
        "cellArea": packed(np.diff(np.rint(1000 * area_km2.cumsum()).astype(int), prepend=0).tolist()),
        "start": packed(codes[0, first].tolist()),
        "changes": packed(_turns(codes[:, first], told=True)),
        "doubtful": packed(doubt[0, first].astype(int).tolist()),
        "doubts": packed(_turns(doubt[:, first].astype(np.uint8), told=False)),
        "areas": _area_steps(history),
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
    clear: NDArray[np.bool_] = np.logical_or.reduce([history.state_masks(state)[0] for state in history.state_names])
    days = np.arange(len(clear))
    moved = np.r_[0, np.count_nonzero(clear[1:] != clear[:-1], axis=1).cumsum()]
    wanted = np.linspace(0, moved[-1] + 1, max(1, len(clear) // DOUBT_STEP_DAYS) + 1)
    edges = np.unique(np.searchsorted(moved, wanted))  # of the steps; the same number of cells turns within each
    step = np.searchsorted(edges, days, side="right")
    middle: NDArray[np.bool_] = clear[(edges[step - 1] + edges[step] - 1) // 2]
    return ~middle


def _groups(keys: NDArray[np.int64], cells: gpd.GeoDataFrame) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Find the groups of cells of equal keys: the first cell of each, and the group of each cell.

    They are numbered by side, by district and along a curve through the ground, so that neighbours have near numbers.
    """
    _, first, label = np.unique(keys, axis=0, return_index=True, return_inverse=True)
    curve = cells.geometry.iloc[first].hilbert_distance().to_numpy()
    order = np.lexsort((curve, keys[first, 1], keys[first, 0]))
    place = np.empty_like(order)
    place[order] = np.arange(len(order))
    return first[order], place[label.ravel()]


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


def _turns(table: NDArray[np.uint8], *, told: bool) -> list[int]:
    """List day and column of each change, each less the one before, with the new value if it is to be told."""
    days, columns = np.nonzero(table[1:] != table[:-1])
    parts = [np.diff(days + 1, prepend=0), np.diff(columns, prepend=0)]
    if told:
        parts.append(table[days + 1, columns].astype(np.int64))
    listed: list[int] = np.column_stack(parts).ravel().tolist()
    return listed


def _arcs(outline: GridArcs) -> tuple[list[int], list[int]]:
    """List the ends of the arcs, each once; and each arc as its ends, its cells and what lies between the ends."""
    number: dict[tuple[int, int], int] = {}
    told: list[int] = []
    last, left = 0, 0
    for vertices, owners in zip(map(_simple, outline.arcs), outline.owners, strict=True):
        begin, end = (number.setdefault((int(x), int(y)), len(number)) for x, y in (vertices[0], vertices[-1]))
        told += [begin - last, end - begin, owners[0] - left, owners[1] - owners[0], len(vertices) - 2]
        told += np.diff(vertices[:-1], axis=0).ravel().tolist()
        last, left = end, owners[0]
    nodes = np.array(list(number), dtype=np.int64).reshape(-1, 2)
    return np.diff(nodes, axis=0, prepend=0).ravel().tolist(), told


def _border(outline: GridArcs, sides: list[int]) -> list[list[int]]:
    """Chains of arcs whose two cells lie on different sides, so that a dash pattern runs on from arc to arc."""
    parting = {n for n, (a, b) in enumerate(outline.owners) if a >= 0 and b >= 0 and sides[a] != sides[b]}
    ends = {n: (tuple(outline.arcs[n][0]), tuple(outline.arcs[n][-1])) for n in sorted(parting)}
    at: dict[tuple[int, ...], list[int]] = {}
    for n, (first, last) in ends.items():
        at.setdefault(first, []).append(n)
        at.setdefault(last, []).append(~n)
    chains: list[list[int]] = []
    beginnings = [reference for references in at.values() if len(references) != 2 for reference in references]
    for reference in [*beginnings, *ends]:
        chain: list[int] = []
        onward = [reference]
        while onward and max(onward[0], ~onward[0]) in parting:
            arc = max(onward[0], ~onward[0])
            parting.remove(arc)
            chain.append(onward[0])
            meeting = at[ends[arc][onward[0] >= 0]]
            onward = [other for other in meeting if max(other, ~other) in parting] if len(meeting) == 2 else []
        if chain:
            chains.append(chain)
    return chains


def _simple(arc: Vertices) -> Vertices:
    """Drop vertices of a shared arc that change its course by less than about twenty metres; its ends stay."""
    if len(arc) < 3:
        return arc
    line = shapely.simplify(shapely.linestrings(arc), ARC_TOLERANCE_DEG / GRID_DEG)
    kept: Vertices = shapely.get_coordinates(line).astype(np.int64)
    return kept


def _area_steps(history: History) -> dict[str, str]:
    """Areas of each state on each side on the days on which they change: day, low, best, high in tenths of a km2."""
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
