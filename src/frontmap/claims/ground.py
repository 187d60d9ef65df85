"""Ground: the cells or places that a figure is about, their states day by day, and what else these may have been."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import shapely

from frontmap.areas import CodeArray, Interval
from frontmap.claims.course import Course, Meaning, Measure
from frontmap.claims.reading import Claim
from frontmap.crs import FloatArray
from frontmap.estimate.draws import centred
from frontmap.schema import CONTESTED
from frontmap.topology import IntArray
from frontmap.voronoi import BoolArray

if TYPE_CHECKING:
    from frontmap.history import History


@dataclass(frozen=True, eq=False)
class Ground:
    """The cells or places that a figure is about: the course of their states, and its alternatives.

    Parameters
    ----------
    days
        Inclusive days, n_days of them.
    day_numbers
        The same as the courses count them, shape (n_days,).
    best
        Under the history's own policy, day by day.
    others
        Under every policy by rule, day by day, or in the draws of an estimate, node by node.
    """

    days: pd.DatetimeIndex
    day_numbers: FloatArray
    best: Course
    others: Course
    _series: dict[Measure, tuple[FloatArray, FloatArray]] = field(default_factory=dict, repr=False)

    @property
    def is_empty(self) -> bool:
        """Whether it has no cell and no place."""
        return not self.best.weight.size

    @property
    def drawn(self) -> bool:
        """Whether the alternatives are draws."""
        return self.others.level is not None

    @property
    def spread(self) -> str:
        """What low and high are where a figure is computed for each alternative by itself."""
        if self.others.level is None:
            return "low and high are the lowest and highest share that a policy gives"
        return (
            f"low and high hold {100 * self.others.level:.0f} % of the draws, the share of each draw being of what was "
            "lost in that draw"
        )

    def bounds(self, values: FloatArray) -> tuple[float, float]:
        """Tell between which values the alternatives lie: all policies, or the stated part of the draws.

        Parameters
        ----------
        values
            One for each alternative.

        Returns
        -------
        tuple of float
            Low and high.

        Raises
        ------
        ValueError
            From numpy, if there are none.
        """
        level = self.others.level
        if level is None:
            return float(values.min()), float(values.max())
        low, high = np.quantile(values, [(1 - level) / 2, (1 + level) / 2])
        return float(low), float(high)

    def around(self, best: float, values: FloatArray, *, most: float | None = None) -> Interval:
        """Put an interval around a best figure: draws are laid about it first, see `frontmap.estimate.draws.centred`.

        Parameters
        ----------
        best
            The best figure.
        values
            As `bounds`; draws as they are, not yet laid about anything.
        most
            Where scaled draws end; if left out, the weight of the whole ground.

        Returns
        -------
        Interval
            Low, best and high.

        Raises
        ------
        ValueError
            From numpy, if there are no values.
        """
        if not self.drawn:
            low, high = self.bounds(values)
        else:
            low, high = self.bounds(centred(values, best))
            high = min(high, self._whole if most is None else most)
        return Interval(min(low, best), best, max(high, best))

    def on(self, measure: Measure, day: int, *, apart: bool = False) -> Interval:
        """Sum the weight of what counts on a day.

        Parameters
        ----------
        measure
            What counts.
        day
            Index into `days`.
        apart
            Whether the interval runs over the sums of the policies, and not from what all give to what any gives.

        Returns
        -------
        Interval
            In the unit of the weight.

        Raises
        ------
        IndexError
            If there is no such day.
        """
        number = self.day_numbers[day]
        (best,) = self.best.on(measure, number, apart=True)
        return self.around(float(best), self.others.on(measure, number, apart=apart))

    def gained(self, start: int, end: int) -> Interval:
        """Sum the weight of what is held on one day and was not on an earlier one.

        Parameters
        ----------
        start, end
            Indices into `days`.

        Returns
        -------
        Interval
            In the unit of the weight.

        Raises
        ------
        IndexError
            If there is no such day.
        """
        a, b = self.day_numbers[start], self.day_numbers[end]
        return self.around(float(self.best.gained(a, b)[0]), self.others.gained(a, b))

    def series(self, measure: Measure) -> tuple[FloatArray, FloatArray]:
        """Sum the weight of what counts on every day: best, shape (n_days,), and others, shape (n_days, n_sums).

        Parameters
        ----------
        measure
            What counts.

        Returns
        -------
        tuple of ndarray
            Best and others, see `Course.on`.

        Raises
        ------
        IndexError
            From numpy, where the shapes do not fit.
        """
        if measure not in self._series:
            best = self.best.series(measure, self.day_numbers)[:, 0]
            others = self.others.series(measure, self.day_numbers)
            if self.drawn:
                others = np.minimum(centred(others, best), self._whole)
            self._series[measure] = best, others
        return self._series[measure]

    def peak(self, measure: Measure) -> Interval:
        """Find the largest sum of what counts over all days, in each alternative by itself.

        The draws' peaks are laid about the best one as they are: those of `series` would keep what a draw has on days
        on which the best figure is nothing.

        Parameters
        ----------
        measure
            What counts.

        Returns
        -------
        Interval
            In the unit of the weight.

        Raises
        ------
        ValueError
            From numpy, if there are no days.
        """
        best = float(self.series(measure)[0].max())
        return self.around(best, self.others.series(measure, self.day_numbers).max(axis=0))

    @property
    def _whole(self) -> float:
        """Weight of all cells or places: no draw can hold more, however it is scaled."""
        return float(self.best.weight.sum())

    def day_index(self, day: pd.Timestamp) -> int:
        """Position of a day, or -1 outside the period.

        Parameters
        ----------
        day
            Any day.

        Returns
        -------
        int
            Index into `days`.

        Raises
        ------
        TypeError
            If it is no day.
        """
        return int(self.days.get_indexer(pd.DatetimeIndex([day]).as_unit(self.days.unit))[0])


class Grounds:
    """Finds the ground of each claim in a history, and keeps what several claims have in common.

    Parameters
    ----------
    history
        Its draws, or where it has none its policies, give the alternatives.
    """

    def __init__(self, history: History) -> None:
        self._history = history
        self._kept: dict[tuple[bool, bytes, str], Ground] = {}
        self._codes: dict[tuple[bool, bytes], tuple[BoolArray, CodeArray]] = {}

    def of(self, claim: Claim) -> Ground:
        """Find the cells (for areas and shares) or places (for settlements) that a claim is about.

        Parameters
        ----------
        claim
            Its regions, district and measure choose.

        Returns
        -------
        Ground
            Without ground in the party's home country for what is held.

        Raises
        ------
        KeyError
            If a column of the places or cells is missing.
        """
        by_place = claim.measure.startswith("settlements")
        where = self._where(by_place, claim)
        key = (by_place, where.tobytes(), claim.party)
        if key not in self._kept:
            weight = np.ones(len(where)) if by_place else self._history.cells["area_km2"].to_numpy(dtype=float)
            self._kept[key] = self._ground(by_place, where, claim.party, weight[where])
        return self._kept[key]

    def _where(self, by_place: bool, claim: Claim) -> BoolArray:
        """Tell which cells or places lie in the claim's regions and district, and may count as held."""
        history = self._history
        units = history.theatre.places if by_place else history.cells
        here = units["region"].isin(claim.regions)
        if claim.district:
            here &= units["district"] == claim.district
        if claim.measure.endswith("held"):
            side = units["country"] if by_place else units["side"]
            home = {name: history.theatre.home_party(name) for name in side.unique()}
            here &= side.map(home) != claim.party
        return np.asarray(here, dtype=bool)

    def _ground(self, by_place: bool, where: BoolArray, party: str, weight: FloatArray) -> Ground:
        history = self._history
        names = list(history.state_names)
        opponents = sorted({one.id for one in history.theatre.parties} - {party})
        meaning = Meaning((names.index(party),), tuple(names.index(p) for p in opponents), (names.index(CONTESTED),))
        days, draws = history.day_numbers, history.draws
        codes = self._best(by_place)[:, where, None]
        grey = np.isin(codes[..., 0], meaning.grey) if by_place else history.contested_cells[:, where]
        best = Course(days, codes, weight, meaning, band=grey)
        if draws is None:
            return Ground(history.days, days, best, Course(days, self._ruled(by_place, where), weight, meaning))
        vary, drawn = self._drawn(by_place, where)
        band = grey[_nearest(days, draws.nodes)][:, vary]
        fixed = None if vary.all() else Course(days, codes[:, ~vary], weight[~vary], meaning)
        others = Course(draws.nodes, drawn, weight[vary], meaning, draws.level, band, fixed)
        return Ground(history.days, days, best, others)

    def _best(self, by_place: bool) -> CodeArray:
        """Look up the codes under the history's own policy, shape (n_days, n_units)."""
        return self._history.place_states[self._history.policy] if by_place else self._history.codes

    def _ruled(self, by_place: bool, where: BoolArray) -> CodeArray:
        """Look up the codes under every policy by rule, shape (n_days, n_units, n_policies)."""
        states = self._history.place_states if by_place else self._history.policy_codes
        return np.stack([codes[:, where] for codes in (*states.values(), self._best(by_place))], axis=2)

    def _drawn(self, by_place: bool, where: BoolArray) -> tuple[BoolArray, CodeArray]:
        """Tell which units the draws know (a place by the cell it lies in), and look up their codes in the draws."""
        draws = self._history.draws
        if draws is None:
            raise ValueError("expected a history with draws")
        key = (by_place, where.tobytes())
        if key not in self._codes:
            cell = np.arange(len(where))
            if by_place:
                cell = cells_of_places(self._history)
            self._codes[key] = cell[where] >= 0, draws.codes(cell[where & (cell >= 0)])
        return self._codes[key]


def cells_of_places(history: History) -> IntArray:
    """Find the cell in which each place lies, among the cells that belong to it.

    Parameters
    ----------
    history
        Its cells may be finer than its places.

    Returns
    -------
    ndarray of int, shape (n_places,)
        Numbers of cells, the nearest where a place lies in none of its own; -1 for a place that has no cell.

    Raises
    ------
    KeyError
        If a column of the places or cells is missing.
    """
    places = history.theatre.places
    owned = history.cells["place_ids"].reset_index(drop=True).explode()
    place = pd.Index(places["place_id"]).get_indexer(owned.to_numpy())
    cell = owned.index.to_numpy()[place >= 0]
    place = place[place >= 0]
    away = shapely.distance(places.geometry.to_numpy()[place], history.cells.geometry.to_numpy()[cell])
    order = np.lexsort((cell, away, place))
    nearest, at = np.unique(place[order], return_index=True)
    found = np.full(len(places), -1, dtype=np.int64)
    found[nearest] = cell[order][at]
    return found


def _nearest(days: FloatArray, nodes: FloatArray) -> IntArray:
    """Find the day nearest to each node."""
    return np.asarray(np.clip(np.rint(nodes - days[0]), 0, len(days) - 1), dtype=np.int64)
