"""Course: the states of a ground at some days, under one or several alternatives, and the sums of what counts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from frontmap.areas import CodeArray
from frontmap.crs import FloatArray
from frontmap.topology import IntArray
from frontmap.voronoi import BoolArray

Measure = Literal["held", "held or contested", "opposed", "regained"]
_LATER_THAN_ALL = np.iinfo(np.int64).max


@dataclass(frozen=True)
class Meaning:
    """What the state codes mean to the party that a figure is about.

    Parameters
    ----------
    held, opposed, grey
        Codes of the party, of its opponents, and of contested ground.
    """

    held: tuple[int, ...]
    opposed: tuple[int, ...]
    grey: tuple[int, ...]


@dataclass(frozen=True, eq=False)
class Course:
    """States of a ground at some days, under one or several alternatives, and what they sum to.

    Between two of its days every sum, and the share of a cell that counts, is interpolated linearly within each
    alternative.

    Parameters
    ----------
    nodes : ndarray, shape (n_nodes,)
        The days, increasing; days are counted as `Ground.day_numbers` does.
    codes : ndarray of uint8, shape (n_nodes, n_units, n_alternatives)
        State of each cell or place.
    weight : ndarray, shape (n_units,)
        Area in km2 of each cell, or 1 for each place.
    meaning : Meaning
        What the codes mean.
    level : float or None
        Where the alternatives are draws: the part of them that an interval holds. None where they are policies:
        then sums are taken of what every policy gives and of what any gives.
    band : ndarray of bool, shape (n_nodes, n_units), optional
        Ground that counts as contested whatever the alternative.
    fixed : Course, optional
        Further units, of one alternative, that count alike in each.
    """

    nodes: FloatArray
    codes: CodeArray
    weight: FloatArray
    meaning: Meaning
    level: float | None = None
    band: BoolArray | None = None
    fixed: Course | None = None
    _sums: dict[tuple[Measure, int, bool], FloatArray] = field(default_factory=dict, repr=False)
    _first: list[IntArray] = field(default_factory=list, repr=False)

    def on(self, measure: Measure, day: float, *, apart: bool = False) -> FloatArray:
        """Sum the weight of what counts on a day.

        Parameters
        ----------
        measure
            What counts.
        day
            Between the first and the last node.
        apart
            Sum for each alternative, also where these are policies.

        Returns
        -------
        ndarray
            One sum for each alternative; of policies (unless `apart`) two: where every one, and where any counts.

        Raises
        ------
        IndexError
            From numpy, where the shapes do not fit.
        """
        before, after, part = self._around(day)
        found = (1 - part) * self._sum(measure, before, apart)
        if part:
            found = found + part * self._sum(measure, after, apart)
        return found if self.fixed is None else found + self.fixed.on(measure, day, apart=True)

    def series(self, measure: Measure, days: FloatArray) -> FloatArray:
        """Sum the weight of what counts on each of many days.

        Parameters
        ----------
        measure
            What counts.
        days
            Between the first and the last node.

        Returns
        -------
        ndarray, shape (n_days, n_sums)
            As `on`.

        Raises
        ------
        IndexError
            From numpy, where the shapes do not fit.
        """
        return np.stack([self.on(measure, float(day)) for day in days])

    def gained(self, start: float, end: float) -> FloatArray:
        """Sum the weight of what is held on one day and was not on an earlier one, losses not subtracted.

        Parameters
        ----------
        start, end
            Between the first and the last node.

        Returns
        -------
        ndarray
            As `on`.

        Raises
        ------
        IndexError
            From numpy, where the shapes do not fit.
        """
        gained = np.clip(self._held_part(end) - self._held_part(start), 0.0, None)
        found = self._weighed(gained, self.weight, apart=False)
        return found if self.fixed is None else found + self.fixed.gained(start, end)[:1]

    def _around(self, day: float) -> tuple[int, int, float]:
        """Find the nodes before and after a day, and the part of the way from one to the other."""
        after = int(np.searchsorted(self.nodes, day))
        if after >= len(self.nodes) or self.nodes[after] == day or after == 0:
            at = min(after, len(self.nodes) - 1)
            return at, at, 0.0
        before = after - 1
        return before, after, float((day - self.nodes[before]) / (self.nodes[after] - self.nodes[before]))

    def _sum(self, measure: Measure, node: int, apart: bool) -> FloatArray:
        key = (measure, node, apart or self.level is not None)
        if key not in self._sums:
            counts = self._counts(measure, node)
            some = counts.any(axis=1)
            self._sums[key] = self._weighed(counts[some].astype(np.float64), self.weight[some], apart=apart)
        return self._sums[key]

    def _weighed(self, counts: FloatArray, weight: FloatArray, *, apart: bool) -> FloatArray:
        """Sum the weight of units by the part of each that counts, shape (n_units, n_alternatives)."""
        if self.level is None and not apart:
            counts = np.stack([counts.min(axis=1), counts.max(axis=1)], axis=1)
        return weight @ counts

    def _counts(self, measure: Measure, node: int) -> BoolArray:
        codes, meaning = self.codes[node], self.meaning
        if measure == "opposed":
            return _among(codes, meaning.opposed)
        held = _among(codes, meaning.held)
        if measure == "regained":
            return held & (self._first_opposed() < node)
        if measure == "held or contested":
            held |= _among(codes, meaning.grey)
            if self.band is not None:
                held |= self.band[node][:, None]
        return held

    def _held_part(self, day: float) -> FloatArray:
        before, after, part = self._around(day)
        held: FloatArray = self._counts("held", before).astype(np.float64)
        return (1 - part) * held + part * self._counts("held", after) if part else held

    def _first_opposed(self) -> IntArray:
        """Find the first node at which the other side held each unit, in each alternative."""
        if not self._first:
            first = np.full(self.codes.shape[1:], _LATER_THAN_ALL, dtype=np.int64)
            for node in range(len(self.nodes) - 1, -1, -1):
                first[self._counts("opposed", node)] = node
            self._first.append(first)
        return self._first[0]


def _among(codes: CodeArray, wanted: Sequence[int]) -> BoolArray:
    """Tell which codes are wanted; much faster than isin for the few that there are."""
    found = np.zeros(codes.shape, dtype=bool)
    for code in wanted:
        found |= codes == code
    return found
