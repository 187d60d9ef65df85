"""Layers: the rows of zones and of front lines on a series of days; what stays the same is the very same row."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from shapely.geometry.base import BaseGeometry

from frontmap.areas import CodeArray, transitions
from frontmap.crs import FloatArray
from frontmap.schema import CONTESTED, UNKNOWN
from frontmap.series import Moves, boundary_series, polygon_series
from frontmap.topology import IntArray
from frontmap.zones import Arcs

FRONT, CONTESTED_EDGE, UNKNOWN_EDGE = "front", "contested-edge", "unknown-edge"

Row = dict[str, Any]


@dataclass(frozen=True)
class Ground:
    """What zones are made of.

    Parameters
    ----------
    arcs : Arcs
        The edges of the cells.
    area_km2 : ndarray, shape (n_cells,)
        Geodesic area of each cell.
    side : ndarray of int, shape (n_cells,)
        Side of the border, an index into `sides`.
    states, sides : tuple of str
        Names of the codes.
    cell, place : ndarray of int, shape (n_pairs,)
        Which places own which cell: numbers of both.
    n_places : int
        How many places there are, with and without cells.
    """

    arcs: Arcs
    area_km2: FloatArray
    side: IntArray
    states: tuple[str, ...]
    sides: tuple[str, ...]
    cell: IntArray
    place: IntArray
    n_places: int


class Decisions(NamedTuple):
    """Which reports decide a place from a day on: numbers of day and place, and the ids; sorted by day."""

    day: IntArray
    place: IntArray
    ids: Sequence[tuple[str, ...]]


def zone_rows(ground: Ground, days: Sequence[int], codes: CodeArray, decisions: Decisions) -> Iterator[list[Row]]:
    """Describe the zones of each day of a series.

    Parameters
    ----------
    ground : Ground
        What they are made of.
    days : sequence of int
        Numbers of the days, ascending.
    codes : ndarray of uint8, shape (n_days, n_cells)
        State of each cell on each of these days.
    decisions : Decisions
        Reports that decide the places.

    Yields
    ------
    list of dict
        For each day a row for each state on each side: state, side, area_km2, n_cells, n_places, deciding, geometry. A
        row of which nothing changed is the same object as on the day before.

    Raises
    ------
    ValueError
        If the codes do not fit the cells.
    """
    n_sides = len(ground.sides)
    moved = transitions(codes)
    label = moved.new.astype(np.int64) * n_sides + ground.side[moved.cell]
    labels = codes[0].astype(np.int64) * n_sides + ground.side
    series = polygon_series(ground.arcs, labels.copy(), Moves(moved.day, moved.cell, label))
    stops = np.searchsorted(moved.day, np.arange(len(days) + 1))
    known = _Known(ground, decisions)
    rows: dict[int, Row] = {}
    shapes: dict[int, BaseGeometry] = {}
    following = next(series, None)
    for number, day in enumerate(days):
        today = slice(stops[number], stops[number + 1])
        labels[moved.cell[today]] = label[today]
        changed = set(labels[known.until(day)].tolist())
        if following is not None and following.day == number:
            shapes = following.items
            changed.update(following.changed)
            following = next(series, None)
        made = {zone: _zone(ground, zone, labels, shapes[zone], known) for zone in changed if zone in shapes}
        rows = {zone: rows[zone] if _stays(rows.get(zone), made.get(zone)) else made[zone] for zone in shapes}
        yield list(rows.values())


def front_rows(arcs: Arcs, codes: CodeArray, states: Sequence[str]) -> Iterator[list[Row]]:
    """Describe the lines at which states meet on each day of a series.

    Parameters
    ----------
    arcs : Arcs
        The edges of the cells.
    codes : ndarray of uint8, shape (n_days, n_cells)
        State of each cell on each of these days.
    states : sequence of str
        Names of the codes.

    Yields
    ------
    list of dict
        For each day a row for each pair of states: kind, state_a, state_b, front_km, geometry. A row of which nothing
        changed is the same object as on the day before.

    Raises
    ------
    ValueError
        If the codes do not fit the cells.
    """
    moved = transitions(codes)
    moves = Moves(moved.day, moved.cell, moved.new.astype(np.int64))
    series = boundary_series(arcs, codes[0].astype(np.int64), moves)
    rows: dict[tuple[int, int], Row] = {}
    following = next(series, None)
    for number in range(len(codes)):
        if following is not None and following.day == number:
            lines, changed = following.items, set(following.changed)
            rows = {
                pair: _front((states[pair[0]], states[pair[1]]), *line) if pair in changed else rows[pair]
                for pair, line in lines.items()
            }
            following = next(series, None)
        yield list(rows.values())


class _Known:
    """The reports that decide each place, kept up to date from day to day."""

    def __init__(self, ground: Ground, decisions: Decisions) -> None:
        self._ground, self._decisions = ground, decisions
        self._read = 0
        self.ids: list[tuple[str, ...]] = [()] * ground.n_places
        self.decided = np.zeros(ground.n_places, dtype=bool)

    def until(self, day: int) -> IntArray:
        """Take in what is decided up to a day, and tell the cells of the places of which that changed."""
        turned = np.zeros(self._ground.n_places, dtype=bool)
        stop = int(np.searchsorted(self._decisions.day, day, side="right"))
        for number in range(self._read, stop):
            place, ids = int(self._decisions.place[number]), self._decisions.ids[number]
            if ids != self.ids[place]:
                self.ids[place], self.decided[place], turned[place] = ids, bool(ids), True
        self._read = stop
        cells: IntArray = self._ground.cell[turned[self._ground.place]]
        return cells


def _zone(ground: Ground, zone: int, labels: IntArray, shape: BaseGeometry, known: _Known) -> Row:
    """Describe one zone."""
    own = labels == zone
    here = np.zeros(ground.n_places, dtype=bool)
    here[ground.place[own[ground.cell]]] = True
    state, side = divmod(zone, len(ground.sides))
    return {
        "state": ground.states[state],
        "side": ground.sides[side],
        "area_km2": float(ground.area_km2[own].sum()),
        "n_cells": int(own.sum()),
        "n_places": int(here.sum()),
        "deciding": tuple(sorted({i for place in np.flatnonzero(here & known.decided) for i in known.ids[place]})),
        "geometry": shape,
    }


def _stays(old: Row | None, new: Row | None) -> bool:
    """Tell whether a row goes on: nothing new is said, or the same again."""
    if old is None or new is None:
        return new is None
    return old["geometry"] is new["geometry"] and old["deciding"] == new["deciding"]


def _front(pair: tuple[str, str], front_km: float, line: BaseGeometry) -> Row:
    """Describe one line."""
    kind = UNKNOWN_EDGE if UNKNOWN in pair else CONTESTED_EDGE if CONTESTED in pair else FRONT
    return {"kind": kind, "state_a": pair[0], "state_b": pair[1], "front_km": front_km, "geometry": line}
