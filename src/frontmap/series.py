"""Series: zones and front lines of day after day, of which only those are made anew that changed."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Generic, NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from frontmap.rings import Rings, assemble, canonical, joined, parted, split
from frontmap.runs import NONE, walk
from frontmap.topology import OUTSIDE, IntArray
from frontmap.zones import Arcs, Boundary, meetings, parties

Key = TypeVar("Key", int, tuple[int, int])
Item = TypeVar("Item")


class Moves(NamedTuple):
    """Changes of label: `cell` takes `label` at the start of day `day`; sorted by day, a cell once a day."""

    day: IntArray
    cell: IntArray
    label: IntArray


@dataclass(frozen=True)
class Picture(Generic[Key, Item]):
    """What holds from a day on.

    Parameters
    ----------
    day : int
        Number of the day; 0 is the first.
    items : dict
        Everything that holds, sorted by key. What did not change is the very same object as in the picture before.
    changed : tuple
        Keys of what is new, different, or gone since the picture before, sorted.
    """

    day: int
    items: dict[Key, Item]
    changed: tuple[Key, ...]


def polygon_series(arcs: Arcs, first: NDArray[np.integer], moves: Moves) -> Iterator[Picture[int, BaseGeometry]]:
    """Outline the union of the cells of each label, on the first day and on each day on which a cell changes its label.

    Parameters
    ----------
    arcs : Arcs
        The edges of the cells.
    first : ndarray of int, shape (n_cells,)
        Label of each cell on day 0, 0 or greater.
    moves : Moves
        What changes later.

    Yields
    ------
    Picture
        Polygons by label, bit by bit those of ``arcs.polygons(labels)`` for the labels of the day. Only the rings that
        changed are walked again, and of these only what lies between the old stretches.

    Raises
    ------
    ValueError
        If the labels or moves do not fit the cells.
    GeometryError
        If cells overlap.
    """
    outlines = _Outlines(arcs, first)
    items = outlines.drawn(outlines.loops_of)
    yield Picture(0, items, tuple(items))
    for day, cell, label in _by_day(moves, arcs.n_cells):
        changed = outlines.change(cell, label)
        if changed:
            items = _updated(items, outlines.drawn(changed), changed)
            yield Picture(day, items, changed)


def boundary_series(
    arcs: Arcs, first: NDArray[np.integer], moves: Moves
) -> Iterator[Picture[tuple[int, int], Boundary]]:
    """Draw the lines at which two labels meet, on the first day and on each day on which a line changes.

    Parameters
    ----------
    arcs : Arcs
        The edges of the cells.
    first : ndarray of int, shape (n_cells,)
        Label of each cell on day 0, 0 or greater.
    moves : Moves
        What changes later.

    Yields
    ------
    Picture
        Lines by pair of labels, bit by bit those of ``arcs.boundaries(labels)`` for the labels of the day.

    Raises
    ------
    ValueError
        If the labels or moves do not fit the cells.
    """
    side = arcs.sides(first)
    meeting = meetings(side[::2], side[1::2])
    meets = meeting != NONE
    items = arcs.meeting_lines(np.flatnonzero(meets), side)
    yield Picture(0, items, tuple(items))
    for day, cell, label in _by_day(moves, arcs.n_cells):
        halves, number = arcs.around(cell)
        ahead = 2 * np.unique(halves >> 1)
        sides_before, before = side[ahead], meeting[ahead >> 1]
        side[halves] = label[number]
        after = meetings(side[ahead], side[ahead + 1])
        meeting[ahead >> 1], meets[ahead >> 1] = after, after != NONE
        other = (before != after) | (sides_before != side[ahead])  # two cells that change places turn their line round
        keys = sorted({*before[other].tolist(), *after[other].tolist()} - {NONE})
        if keys:
            changed = tuple(parties(key) for key in keys)
            members = np.flatnonzero(meets)
            members = members[(meeting[members] == np.array(keys)[:, None]).any(axis=0)]
            items = _updated(items, arcs.meeting_lines(members, side), changed)
            yield Picture(day, items, changed)


def _by_day(moves: Moves, n_cells: int) -> Iterator[tuple[int, IntArray, IntArray]]:
    """Hand out the moves day by day: the day, its cells and their new labels."""
    day, cell, label = (np.asarray(column, dtype=np.int64) for column in moves)
    fits = len(day) == len(cell) == len(label)
    ordered = fits and bool((np.diff(day, prepend=0) >= 0).all() and (day > 0).all())
    if not ordered or ((cell < 0) | (cell >= n_cells) | (label < 0)).any():
        raise ValueError(
            f"expected moves sorted by day, after day 0, of cells below {n_cells} to labels of 0 or more, "
            "found others; next: give three arrays of one length, as `areas.transitions` does"
        )
    begin = np.flatnonzero(np.diff(day, prepend=-1))
    for a, b in pairwise([*begin.tolist(), len(day)]):
        yield int(day[a]), cell[a:b], label[a:b]


def _updated(items: dict[Key, Item], new: dict[Key, Item], changed: tuple[Key, ...]) -> dict[Key, Item]:
    """Replace what changed, drop what is gone, keep the rest as it is and the keys sorted."""
    gone = set(changed)
    everything = {**{key: item for key, item in items.items() if key not in gone}, **new}
    return {key: everything[key] for key in sorted(everything)}


class _Loop(NamedTuple):
    """Halves of which each leads to the next around a label, and the simple rings that they make."""

    label: int
    halves: IntArray
    rings: Rings


class _Outlines:
    """Loops of halves around each label, kept up to date from day to day."""

    def __init__(self, arcs: Arcs, first: NDArray[np.integer]) -> None:
        self.arcs = arcs
        self.side = arcs.sides(first)
        self.parting = self.side[::2] != self.side[1::2]
        self.crossing = arcs.crossings(self.parting)
        self.following = np.full(len(self.side), NONE)
        self.loop_of = np.full(len(self.side), NONE)  # number of the loop that a half lies in, and its place in it
        self.place = np.zeros(len(self.side), dtype=np.int64)
        self.loops: dict[int, _Loop] = {}
        self.loops_of: dict[int, set[int]] = {}
        self.made = 0
        self._add(self._first_loops())

    def _first_loops(self) -> list[IntArray]:
        halves = np.flatnonzero(np.repeat(self.parting, 2) & (self.side != OUTSIDE))
        if not len(halves):
            return []
        self.following[halves] = self.arcs.next_half(halves, self.parting)
        number = np.empty(len(self.side), dtype=np.int64)
        number[halves] = np.arange(len(halves))
        order, start = walk(number[self.following[halves]])
        return np.split(halves[order], start[1:])

    def drawn(self, labels: Iterable[int]) -> dict[int, BaseGeometry]:
        """Outline some labels; those that have no loop any more are left out."""
        rings, own = [], []
        for label in labels:
            for loop in self.loops_of.get(label, ()):
                rings.append(self.loops[loop].rings)
                own += [label] * len(rings[-1].start)
        return assemble(self.arcs.vertices, joined(rings), np.array(own)) if rings else {}

    def change(self, cell: IntArray, label: IntArray) -> tuple[int, ...]:
        """Give cells new labels; return the labels whose ground is another one now, sorted."""
        arcs, side = self.arcs, self.side
        halves, number = arcs.around(cell)
        touched = np.unique(halves >> 1)
        nodes = np.unique(arcs.origin.reshape(-1, 2)[touched])
        leaving, node = arcs.leaving(nodes)
        near = leaving ^ 1  # the halves that end where something may have changed
        side_before, following_before = side[near], self.following[near]
        side[halves] = label[number]
        self.parting[touched] = side[2 * touched] != side[2 * touched + 1]
        parts = self.parting[near >> 1]
        self.crossing[nodes] = np.bincount(node[parts], minlength=len(nodes)) > 3
        walked = parts & (side[near] != OUTSIDE)
        following = np.full(len(near), NONE)
        following[walked] = arcs.next_half(near[walked], self.parting)
        self.following[near] = following
        before = following_before != NONE
        other = (before | walked) & ((following != following_before) | (side[near] != side_before))
        loops = self._walked(near[other & walked], self._breaks(near[other & before]))
        gone = np.unique(self.loop_of[near[other & before]]).tolist()
        changed = self._drop(gone)
        self.loop_of[near[~walked]] = NONE
        return tuple(sorted(changed | self._add(loops)))

    def _breaks(self, halves: IntArray) -> dict[int, list[int]]:
        """For each loop the places, in order, after which it does not go on as it did."""
        breaks: dict[int, list[int]] = {}
        for loop, place in sorted(zip(self.loop_of[halves].tolist(), self.place[halves].tolist(), strict=True)):
            breaks.setdefault(loop, []).append(place)
        return breaks

    def _walked(self, seeds: IntArray, breaks: dict[int, list[int]]) -> list[IntArray]:
        """Walk the loops on which changed halves lie; take over stretches of old loops that did not change."""
        found: list[IntArray] = []
        todo = dict.fromkeys(seeds.tolist())
        while todo:
            seed, _ = todo.popitem()
            stretches: list[IntArray] = []
            last = NONE
            half = int(self.following[seed])
            while last != seed:
                stretches += self._stretch(half, breaks)
                last = int(stretches[-1][-1])
                todo.pop(last, None)
                half = int(self.following[last])
            found.append(np.concatenate(stretches))
        return found

    def _stretch(self, half: int, breaks: dict[int, list[int]]) -> list[IntArray]:
        """Take an old loop over from a half to the first place where it breaks; a half that is new stands alone."""
        number = int(self.loop_of[half])
        if number == NONE:
            return [np.array([half])]
        loop, begin, places = self.loops[number].halves, int(self.place[half]), breaks[number]
        end = bisect_left(places, begin)
        if end < len(places):
            return [loop[begin : places[end] + 1]]
        return [loop[begin:], loop[: places[0] + 1]]

    def _add(self, loops: list[IntArray]) -> set[int]:
        """Keep loops; return the labels that they bound."""
        if not loops:
            return set()
        labels = self.side[[loop[0] for loop in loops]].tolist()
        for label, loop, rings in zip(labels, loops, self._rings_of(loops), strict=True):
            number, self.made = self.made, self.made + 1
            self.loops[number] = _Loop(label, loop, rings)
            self.loop_of[loop], self.place[loop] = number, np.arange(len(loop))
            self.loops_of.setdefault(label, set()).add(number)
        return set(labels)

    def _rings_of(self, loops: list[IntArray]) -> Iterator[Rings]:
        """Make rings of loops, all at once."""
        count = np.array([len(loop) for loop in loops])
        begin = np.cumsum(count) - count
        halves, start = split(np.concatenate(loops), begin, self.arcs.origin, self.crossing)
        rings = canonical(*self.arcs.outlines(halves, start))
        first = np.searchsorted(start, begin).tolist()  # ring of each loop
        return parted(rings, first)

    def _drop(self, numbers: list[int]) -> set[int]:
        """Forget loops; return the labels that they bounded."""
        labels = set()
        for number in numbers:
            label = self.loops.pop(number).label
            self.loops_of[label].discard(number)
            labels.add(label)
        return labels
