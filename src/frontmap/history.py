"""History: a theatre under one policy, day by day: states, zones, areas with their interval, changes, explanations."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property, lru_cache

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from frontmap import control
from frontmap.areas import (
    CodeArray,
    Interval,
    Transitions,
    area_series,
    change_table,
    gain_table,
    spread_series,
    transitions,
)
from frontmap.cells import Tessellation, tessellate, verify_cells
from frontmap.changes import change_list
from frontmap.crs import WGS84, FloatArray
from frontmap.dates import day_range, last_day_before, parse_day
from frontmap.errors import DateError, FrontmapError, PolicyError
from frontmap.estimate.draws import Draws, centred
from frontmap.explanation import Explanation
from frontmap.layers import Decisions, Ground, Row, front_rows, zone_rows
from frontmap.notes import left_out
from frontmap.reasons import deciding, estimate_spells, moves
from frontmap.schema import CONTESTED, UNKNOWN
from frontmap.states import cell_codes, place_codes
from frontmap.surfaces import Surfaces, estimate_surfaces
from frontmap.theatre import Theatre
from frontmap.topology import IntArray
from frontmap.voronoi import BoolArray
from frontmap.zones import Arcs, build_arcs

SPREAD_LABEL = "spread over policies: low = area that every policy gives, high = area that any policy gives"
DRAWS_LABEL = (
    "{level:g} % of {count} maps drawn from what the reports allow, scaled about the best map's area, "
    "lie between low and high"
)
UNPLACED = "assessed"  # the rule for places that no field reaches, having no position
_ASK = "next: assess(theatre, policy='estimate')"


@dataclass(frozen=True, eq=False)
class History:
    """The states of all places and cells of a theatre on every day, under one policy and one as-of day.

    Parameters
    ----------
    theatre : Theatre
        The study area with its tables.
    policy : str
        Name of the rule.
    as_of : date or None
        Only what was published by the end of this day was used.
    days : DatetimeIndex
        Every day of the period, inclusive.
    tessellation : Tessellation
        Cells of the theatre.
    spells_by_rule : mapping of str to DataFrame
        Spells of every policy by rule on the same days.
    surfaces : Surfaces or None
        What the estimate says, if that is the policy.

    Notes
    -----
    Built by `assess`. All derived frames are computed on first use and kept; callers must not change them.
    """

    theatre: Theatre
    policy: str
    as_of: date | None
    days: pd.DatetimeIndex
    tessellation: Tessellation
    spells_by_rule: Mapping[str, pd.DataFrame] = field(repr=False)
    surfaces: Surfaces | None = field(default=None, repr=False)

    @property
    def cells(self) -> gpd.GeoDataFrame:
        """Cells of the theatre, EPSG:4326: cell_id, place_id, place_ids, side, region, district, area_km2, geometry."""
        return self.tessellation.cells

    @cached_property
    def spells(self) -> pd.DataFrame:
        """Spells of every place under this policy; see `frontmap.control.spells`."""
        if self.surfaces is None:
            return self.spells_by_rule[self.policy]
        parties = [party.id for party in self.theatre.parties]
        return control.clip_spells(estimate_spells(self.surfaces, parties, self.spells_by_rule[UNPLACED]), self.days)

    @property
    def level(self) -> float | None:
        """Probability with which the interval is meant to hold the truth; None where it is a spread over policies."""
        return None if self.surfaces is None else self.surfaces.parameters.level

    @property
    def interval_label(self) -> str:
        """What the interval of every area is, in words."""
        if self.surfaces is None:
            return SPREAD_LABEL
        return DRAWS_LABEL.format(level=100 * self.surfaces.parameters.level, count=self.surfaces.parameters.draws)

    @property
    def draws(self) -> Draws | None:
        """Maps drawn at random from what the reports allow, cell by cell; None under a rule."""
        return None if self.surfaces is None else self.surfaces.draws

    @cached_property
    def day_numbers(self) -> FloatArray:
        """The days of this history as `draws` counts them."""
        first = self.days[0] if self.surfaces is None else self.surfaces.days[0]
        return (self.days - first).days.to_numpy(dtype=np.float64)

    def probability(self, state: str) -> NDArray[np.float32]:
        """Tell the probability of a state in each cell on each day.

        Parameters
        ----------
        state : str
            A name from `state_names`.

        Returns
        -------
        ndarray of float32, shape (n_days, n_cells)
            Cells in the order of ``cells``. Over all states they sum to 1.

        Raises
        ------
        PolicyError
            If the policy is a rule, which gives no probabilities.
        FrontmapError
            If there is no such state.
        """
        self._state_code(state)
        if self.surfaces is None:
            raise PolicyError(
                f"expected policy 'estimate', found {self.policy!r}, which gives no probabilities; {_ASK}"
            )
        return self.surfaces.probabilities[state][self._span]

    @cached_property
    def _span(self) -> slice:
        """The days of this history among those of the surfaces."""
        return slice(int(self.day_numbers[0]), int(self.day_numbers[-1]) + 1)

    @cached_property
    def state_names(self) -> tuple[str, ...]:
        """Name of each state code: the party ids, then ``contested`` and ``unknown``."""
        return (*(p.id for p in self.theatre.parties), CONTESTED, UNKNOWN)

    @cached_property
    def sides(self) -> tuple[str, ...]:
        """Sides of the border that occur, sorted: countries of the cells' places."""
        return tuple(sorted(set(self.cells["side"])))

    @cached_property
    def place_states(self) -> dict[str, CodeArray]:
        """State codes by policy, shape (n_days, n_places), places in the order of ``theatre.places``."""
        place_ids = self.theatre.places["place_id"]
        found = {p: place_codes(s, place_ids, self.days, self.state_names) for p, s in self.spells_by_rule.items()}
        if self.surfaces is not None:
            codes = found[UNPLACED].copy()
            codes[:, pd.Index(place_ids).get_indexer(self.surfaces.settlements.index)] = self.surfaces.settlement_codes[
                self._span
            ]
            found[self.policy] = codes
        return found

    @cached_property
    def policy_codes(self) -> dict[str, CodeArray]:
        """State codes by policy, shape (n_days, n_cells), cells in the order of ``cells``."""
        contested = self.state_names.index(CONTESTED)
        places = self.theatre.places["place_id"]
        found = {
            p: cell_codes(self.place_states[p], spells, self.days, places, self.cells, contested)
            for p, spells in self.spells_by_rule.items()
        }
        if self.surfaces is not None:
            found[self.policy] = self.surfaces.codes[self._span]
        return found

    @cached_property
    def codes(self) -> CodeArray:
        """State codes under this policy, shape (n_days, n_cells); indices into `state_names`."""
        if self.surfaces is not None:
            return self.surfaces.codes[self._span]
        return self.policy_codes[self.policy]

    @cached_property
    def moves(self) -> Transitions:
        """Every change of a cell's state under this policy, by day and cell."""
        return transitions(self.codes)

    @cached_property
    def _side_code(self) -> IntArray:
        return pd.Index(self.sides).get_indexer(self.cells["side"]).astype(np.int64)

    @cached_property
    def _area_km2(self) -> FloatArray:
        area_km2: FloatArray = self.cells["area_km2"].to_numpy(dtype=np.float64)
        return area_km2

    @cached_property
    def arcs(self) -> Arcs:
        """The cells' shared edges, from which zones and front lines are read."""
        return build_arcs(self.cells.geometry.to_numpy())

    def day_number(self, day: date | str) -> int:
        """Find a day's position in the period.

        Parameters
        ----------
        day : date or str
            ISO date.

        Returns
        -------
        int
            Index into `days`.

        Raises
        ------
        DateError
            If it is no date, or lies outside the period (or after the as-of day).
        """
        wanted = parse_day(day)
        first, last = self.days[0].date(), self.days[-1].date()
        if not first <= wanted <= last:
            until = "" if self.as_of is None or last < self.as_of else " (the as-of day)"
            raise DateError(f"expected a day from {first} to {last}{until}, found {wanted}; next: choose a day in it")
        return int(self.days.searchsorted(pd.Timestamp(wanted)))

    def state_masks(self, state: str) -> tuple[BoolArray, BoolArray]:
        """Tell where a state is beyond doubt, and where it is possible.

        Parameters
        ----------
        state : str
            A name from `state_names`.

        Returns
        -------
        every, any : ndarray of bool, shape (n_days, n_cells)
            Cells in which all policies by rule agree on the state, and in which at least one gives it; with the
            estimate, cells in which its probability exceeds the upper end of the interval's level, and the lower.

        Raises
        ------
        FrontmapError
            If there is no such state.
        """
        code = self._state_code(state)
        if self.surfaces is not None:
            tail = self.surfaces.parameters.tail
            return self.probability(state) > 1.0 - tail, self.probability(state) > tail
        masks = [codes == code for codes in self.policy_codes.values()]
        return np.logical_and.reduce(masks), np.logical_or.reduce(masks)

    def beyond_doubt(self) -> BoolArray:
        """Tell where one state is beyond doubt.

        Returns
        -------
        ndarray of bool, shape (n_days, n_cells)
            Cells about which all policies by rule agree; with the estimate, cells in which the probability of a state
            exceeds the upper end of the interval's level.

        Raises
        ------
        MemoryError
            From numpy, where a theatre is too large for the machine.
        """
        if self.surfaces is None:
            first, *others = self.policy_codes.values()
            agreed: BoolArray = np.logical_and.reduce([codes == first for codes in others])
            return agreed
        limit = 1.0 - self.surfaces.parameters.tail
        sure: BoolArray = np.logical_or.reduce([self.probability(state) > limit for state in self.state_names])
        return sure

    @cached_property
    def contested_cells(self) -> BoolArray:
        """Cells that are contested on each day, shape (n_days, n_cells).

        Under a rule those in the state ``contested``. With the estimate a band along the line, over the parties' zones
        and not beside them: ground where no state is as probable as ``contested_below`` of the parameters.
        """
        contested: BoolArray = self.codes == self._state_code(CONTESTED)
        if self.surfaces is not None:
            leading = np.max([self.probability(state) for state in self.state_names], axis=0)
            contested = contested | (leading < self.surfaces.parameters.contested_below)
        return contested

    def contested_band(self, day: date | str) -> gpd.GeoDataFrame:
        """Draw the contested ground of a day, one row for each side of the border.

        Parameters
        ----------
        day : date or str
            The day (its end).

        Returns
        -------
        GeoDataFrame
            EPSG:4326; columns date, side, area_km2 (geodesic), geometry; no row where nothing is contested. With the
            estimate it lies over the zones: its ground is part of the parties' areas too.

        Raises
        ------
        DateError
            If the day lies outside the period.
        """
        n = self.day_number(day)
        labels = np.where(self.contested_cells[n], self._side_code, len(self.sides))
        polygons = self.arcs.polygons(labels)
        rows = [
            {
                "date": self.days[n],
                "side": side,
                "area_km2": float(self._area_km2[labels == code].sum()),
                "geometry": polygons[code],
            }
            for code, side in enumerate(self.sides)
            if code in polygons
        ]
        columns = ["date", "side", "area_km2", "geometry"]
        return gpd.GeoDataFrame(rows, columns=columns, geometry="geometry", crs=WGS84)

    def _state_code(self, state: str) -> int:
        if state not in self.state_names:
            raise FrontmapError(
                f"expected a state among {', '.join(self.state_names)}, found {state!r}; next: use one of these"
            )
        return self.state_names.index(state)

    @cached_property
    def _areas(self) -> pd.DataFrame:
        n_sides = len(self.sides)
        best = area_series(
            self.codes, self._area_km2, self._side_code, n_states=len(self.state_names), n_groups=n_sides
        )
        if self.draws is None:
            low, high = spread_series(
                list(self.policy_codes.values()),
                self._area_km2,
                self._side_code,
                n_states=len(self.state_names),
                n_groups=n_sides,
            )
        else:
            drawn = self.draws.areas(self._area_km2, self._side_code, n_sides)
            low, high = self._quantiles(centred(self.draws.on_days(drawn, self.day_numbers), best))
            high = np.minimum(high, np.bincount(self._side_code, weights=self._area_km2, minlength=n_sides))
        index = pd.MultiIndex.from_product([self.days, self.state_names, self.sides], names=["date", "party", "side"])
        columns = {
            "area_km2": best,
            "area_low_km2": np.minimum(low, best),
            "area_high_km2": np.maximum(high, best),
        }
        return pd.DataFrame({k: v.ravel() for k, v in columns.items()}, index=index).reset_index()

    def _drawn_km2(self, n: int, chosen: BoolArray, code: int) -> FloatArray:
        """Area in a state of some cells on one day in each draw, laid about the best figure; shape (n_draws,)."""
        draws, day = self._require_draws(), float(self.day_numbers[n])
        after = min(int(np.searchsorted(draws.nodes, day)), len(draws.nodes) - 1)
        around = np.array([max(after - 1, 0), after])
        area = np.where(chosen, self._area_km2, 0.0)
        one_group = np.zeros(len(area), dtype=np.int64)
        a, b = (draws.at_node(int(node)).areas(area, one_group, 1)[0, code, 0] for node in around)
        first, last = draws.nodes[around]
        part = (day - first) / (last - first) if last > first else 0.0
        return centred((1.0 - part) * a + part * b, float(area @ (self.codes[n] == code)))

    def _require_draws(self) -> Draws:
        if self.draws is None:
            raise PolicyError(f"expected policy 'estimate', found {self.policy!r}, which has no draws; {_ASK}")
        return self.draws

    def _quantiles(self, drawn: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Take the ends of the interval over the last axis."""
        tail = (1.0 - (self.level or 0.0)) / 2.0
        low, high = np.quantile(drawn, [tail, 1.0 - tail], axis=-1)
        return low.astype(np.float64), high.astype(np.float64)

    def areas(self) -> pd.DataFrame:
        """Tell the area in each state on each side of the border, on every day.

        Returns
        -------
        DataFrame
            Columns date, party (a party id, ``contested`` or ``unknown``), side (country), area_km2 (geodesic),
            area_low_km2, area_high_km2 (see `interval_label`). A row for every combination; on each day the best
            figures sum to the area of the frame.

        Raises
        ------
        MemoryError
            From numpy, where a theatre is too large for the machine.
        """
        return self._areas.copy()

    def area_on(
        self,
        day: date | str,
        party: str,
        *,
        side: str | None = None,
        regions: Sequence[str] | None = None,
        district: str | None = None,
    ) -> Interval:
        """Tell one area on one day.

        Parameters
        ----------
        day : date or str
            The day (its end).
        party : str
            A party id, ``contested`` or ``unknown``.
        side : str, optional
            Only ground on this side (country).
        regions : sequence of str, optional
            Only ground of places in these regions.
        district : str, optional
            Only ground of places in this district.

        Returns
        -------
        Interval
            Low, best and high in km2; see `interval_label`.

        Raises
        ------
        DateError
            If the day lies outside the period.
        FrontmapError
            If there is no such state.
        """
        n, code = self.day_number(day), self._state_code(party)
        chosen = self._chosen(side, regions, district)
        area = self._area_km2
        best = float(area[chosen & (self.codes[n] == code)].sum())
        if self.draws is None:
            masks = [codes[n] == code for codes in self.policy_codes.values()]
            low, high = np.logical_and.reduce(masks), np.logical_or.reduce(masks)
            return Interval(float(area[low & chosen].sum()), best, float(area[high & chosen].sum()))
        low_km2, high_km2 = map(float, self._quantiles(self._drawn_km2(n, chosen, code)))
        return Interval(min(low_km2, best), best, max(min(high_km2, float(area[chosen].sum())), best))

    def gain_between(self, start: date | str, end: date | str, party: str, *, side: str | None = None) -> Interval:
        """Tell by how much an area grew from one day to another (a loss is negative).

        Parameters
        ----------
        start, end : date or str
            The two days (their ends).
        party : str
            A party id, ``contested`` or ``unknown``.
        side : str, optional
            Only ground on this side (country).

        Returns
        -------
        Interval
            In km2. With the estimate its ends are quantiles over the draws of the difference between the two days in
            one and the same draw; under a rule they are the least and the greatest difference that a policy gives.

        Raises
        ------
        DateError
            If a day lies outside the period.
        FrontmapError
            If there is no such state.
        """
        a, b, code = self.day_number(start), self.day_number(end), self._state_code(party)
        chosen = self._chosen(side, None, None)
        area = np.where(chosen, self._area_km2, 0.0)
        best = float(area @ (self.codes[b] == code) - area @ (self.codes[a] == code))
        if self.draws is None:
            others = [float(area @ (c[b] == code) - area @ (c[a] == code)) for c in self.policy_codes.values()]
            return Interval(min(others), best, max(others))
        low, high = self._quantiles(self._drawn_km2(b, chosen, code) - self._drawn_km2(a, chosen, code))
        return Interval(min(float(low), best), best, max(float(high), best))

    def _chosen(self, side: str | None, regions: Sequence[str] | None, district: str | None) -> BoolArray:
        """Tell which cells lie on a side, in some regions, in a district."""
        chosen = np.ones(len(self.cells), dtype=bool)
        if side is not None and side not in self.sides:
            raise FrontmapError(
                f"expected a side among {', '.join(self.sides)}, found {side!r}; next: use one of these"
            )
        if side is not None:
            chosen &= (self.cells["side"] == side).to_numpy()
        if regions is not None:
            chosen &= self.cells["region"].isin(list(regions)).to_numpy()
        if district is not None:
            chosen &= (self.cells["district"] == district).to_numpy()
        return chosen

    @cached_property
    def headline(self) -> tuple[tuple[str, str], ...]:
        """Pairs (party, side) of ground that a party holds on another's side at some time, by greatest area first."""
        home = {p.id: p.home_country for p in self.theatre.parties}
        away = self._areas[self._areas["party"].isin(home)]
        away = away[away["party"].map(home) != away["side"]]
        peak = away.groupby(["party", "side"], sort=True)["area_km2"].max().sort_values(ascending=False, kind="stable")
        pairs = peak[peak > 0].reset_index()
        return tuple(zip(pairs["party"], pairs["side"], strict=True))

    def changes(
        self, start: date | str | None = None, end: date | str | None = None, *, by: str | None = None
    ) -> pd.DataFrame:
        """Compare two days: ground gained, lost and net, by state and side.

        Parameters
        ----------
        start, end : date or str, optional
            The two days (their ends); the first and last of the period where left out.
        by : {"district", "region"}, optional
            Also divide by district or region.

        Returns
        -------
        DataFrame
            Columns date_from, date_to, party, side, [region or district,] gained_km2, lost_km2, net_km2.

        Raises
        ------
        DateError
            If a day lies outside the period, or `start` lies after `end`.
        FrontmapError
            If `by` is none of these.
        """
        a = 0 if start is None else self.day_number(start)
        b = len(self.days) - 1 if end is None else self.day_number(end)
        if a > b:
            raise DateError(f"expected a first day before the last, found {start} after {end}; next: exchange them")
        table = change_table(self.codes[a], self.codes[b], self.cells, states=self.state_names, by=_keys(by))
        table.insert(0, "date_from", self.days[a])
        table.insert(1, "date_to", self.days[b])
        return table

    def daily_gains(self, *, by: str | None = None) -> pd.DataFrame:
        """Tell the ground gained and lost from each day to the next, by state and side.

        Parameters
        ----------
        by : {"district", "region"}, optional
            Also divide by district or region.

        Returns
        -------
        DataFrame
            Columns date, party, side, [region or district,] gained_km2, lost_km2, net_km2; a row only where ground
            changed hands on that day. Nets summed up to a day give the area on it less that on the first day.

        Raises
        ------
        FrontmapError
            If `by` is none of these.
        """
        table = gain_table(self.moves, self.cells, states=self.state_names, by=_keys(by))
        table.insert(0, "date", self.days[table.pop("day")])
        return table

    def daily_changes(self) -> pd.DataFrame:
        """List every change of state of a settlement's ground, with the rule and the reports behind it.

        Returns
        -------
        DataFrame
            Columns date, place_id, name, side, district, area_km2, from_state, to_state, rule, deciding and losing
            (tuples of report ids). Sorted by date and place.

        Raises
        ------
        KeyError
            If a cell's place is not in the theatre's table.
        """
        return change_list(
            self.moves,
            self.cells,
            self.spells,
            self.theatre.places.set_index("place_id")["name"],
            days=self.days,
            states=self.state_names,
            by_rule=self.surfaces is None,
        )

    def zones(self, day: date | str) -> gpd.GeoDataFrame:
        """Draw the zones of a day: one polygon for each state on each side of the border.

        Parameters
        ----------
        day : date or str
            The day (its end).

        Returns
        -------
        GeoDataFrame
            EPSG:4326; columns date, state, side, area_km2 (geodesic), n_cells, n_places, deciding (tuple of the ids of
            the reports that decide these cells), geometry. Neighbouring zones share their vertices exactly.

        Raises
        ------
        DateError
            If the day lies outside the period.
        """
        n = self.day_number(day)
        zones = gpd.GeoDataFrame(next(self.zone_rows([n])), geometry="geometry", crs=WGS84)
        zones.insert(0, "date", self.days[n])
        return zones

    def zone_rows(self, days: Sequence[int]) -> Iterator[list[Row]]:
        """Describe the zones of each of some days; see `frontmap.layers.zone_rows`.

        Parameters
        ----------
        days : sequence of int
            Indices into `days`, ascending.

        Returns
        -------
        iterator of list of dict
            For each day its rows, the columns of `zones` but for the date; a row that stays as it was is the same
            object again.

        Raises
        ------
        IndexError
            If there is no such day.
        """
        numbers = np.asarray(days, dtype=np.int64)
        return zone_rows(self._ground, numbers.tolist(), self.codes[numbers], self._decisions)

    def front_rows(self, days: Sequence[int]) -> Iterator[list[Row]]:
        """Describe the lines at which states meet on each of some days; see `frontmap.layers.front_rows`.

        Parameters
        ----------
        days : sequence of int
            Indices into `days`, ascending.

        Returns
        -------
        iterator of list of dict
            For each day its rows, the columns of `front` but for the date; a row that stays as it was is the same
            object again.

        Raises
        ------
        IndexError
            If there is no such day.
        """
        return front_rows(self.arcs, self.codes[np.asarray(days, dtype=np.int64)], self.state_names)

    def front(self, day: date | str) -> gpd.GeoDataFrame:
        """Draw the lines at which states meet on a day; the outline of the frame is not among them.

        Parameters
        ----------
        day : date or str
            The day (its end).

        Returns
        -------
        GeoDataFrame
            EPSG:4326; columns date, kind (``front``: party meets party, ``contested-edge``, ``unknown-edge``), state_a,
            state_b, front_km (geodesic), geometry.

        Raises
        ------
        DateError
            If the day lies outside the period.
        """
        n = self.day_number(day)
        columns = ["kind", "state_a", "state_b", "front_km", "geometry"]
        rows = next(self.front_rows([n]))
        lines = gpd.GeoDataFrame(rows, columns=columns, geometry="geometry", crs=WGS84)
        lines.insert(0, "date", self.days[n])
        return lines

    def explain_area(self, party: str, day: date | str, *, side: str | None = None) -> pd.DataFrame:
        """Tell which places make most of an area's uncertainty on a day.

        Parameters
        ----------
        party : str
            A party id, ``contested`` or ``unknown``.
        day : date or str
            The day (its end).
        side : str, optional
            Only ground on this side (country).

        Returns
        -------
        DataFrame
            Columns place_id, name, district, area_km2 (of the ground nearest to the place), best_km2 (held, by the best
            map), expected_km2 (mean of the draws, or of the policies by rule), share. Greatest share first; shares sum
            to 1, or are all 0 where nothing is uncertain. With the estimate the share is that of the variance of the
            total over the draws of the nearest drawn day: the covariance of the place's area with the total, negative
            where a place varies against it. Under a rule it is that of the ground that some policies give and others
            do not.

        Raises
        ------
        DateError
            If the day lies outside the period.
        FrontmapError
            If there is no such state or side, or the draws have no such state.
        """
        n, code = self.day_number(day), self._state_code(party)
        if self.surfaces is not None and party == CONTESTED:
            raise FrontmapError("expected a party: the draws have no contested ground; next: see contested_band")
        group, place_ids = pd.factorize(self.cells["place_id"], sort=True)
        area = np.where(self._chosen(side, None, None), self._area_km2, 0.0)

        def by_place(weight: FloatArray) -> FloatArray:
            return np.bincount(group, weights=area * weight, minlength=len(place_ids)).astype(np.float64)

        if self.draws is None:
            given = np.stack([codes[n] == code for codes in self.policy_codes.values()])
            each = [by_place(mask.astype(np.float64)) for mask in given]
            expected: FloatArray = np.stack(each).mean(axis=0)
            doubtful: BoolArray = np.logical_or.reduce(given) & ~np.logical_and.reduce(given)
            part = by_place(doubtful.astype(np.float64))
        else:
            node = int(np.abs(self.draws.nodes - self.day_numbers[n]).argmin())
            drawn = self.draws.at_node(node).areas(area, group, len(place_ids))[0, code].astype(np.float64)
            total = drawn.sum(axis=0)
            expected, part = drawn.mean(axis=1), drawn @ (total - total.mean())
        table = pd.DataFrame(
            {
                "place_id": place_ids,
                "area_km2": by_place(np.ones(len(area))),
                "best_km2": by_place((self.codes[n] == code).astype(np.float64)),
                "expected_km2": expected,
                "share": part / part.sum() if part.sum() > 0 else np.zeros(len(place_ids)),
            }
        )
        names = self.theatre.places[["place_id", "name", "district"]]
        table = names.merge(table[table["area_km2"] > 0], on="place_id")
        ordered: pd.DataFrame = table.sort_values(
            ["share", "place_id"], ascending=[False, True], kind="stable", ignore_index=True
        )
        return ordered

    def explain(self, place: str, day: date | str, *, district: str | None = None) -> Explanation:
        """Tell why a place has its state on a day.

        Parameters
        ----------
        place : str
            A name in any spelling of the gazetteer, or a place_id.
        day : date or str
            The day (its end).
        district : str, optional
            Which of several places of that name is meant.

        Returns
        -------
        Explanation
            State, rule, deciding, supporting and losing reports; ``print`` it to read it.

        Raises
        ------
        DateError
            If the day lies outside the period.
        PlaceNotFoundError, AmbiguousPlaceError
            If no place, or more than one, has that name.
        """
        n = self.day_number(day)
        found = self.theatre.find(place, district=district)
        spell = self._spell(found.place_id, self.days[n])
        reports = self.theatre.reports.set_index("report_id", drop=False)
        where = ", ".join(part for part in (found.district, found.region) if part)
        _, rule, decisive = [d for d in spell["decisions"] if d[0] <= self.days[n].date()][-1]
        moved = None
        if self.surfaces is not None and found.place_id in self.surfaces.settlements.index:
            moved = moves(self.surfaces, found.place_id, int(self.day_numbers[n]), str(spell["state"]))
            decisive = deciding(moved)
            rule = self._chance(found.place_id, n)
        agreed = {*spell["deciding"], *spell["supporting"]} - set(decisive)
        lost = set(spell["losing"]) - set(decisive)
        groups = {"deciding": decisive, "supporting": sorted(agreed), "losing": sorted(lost), "noted": spell["noted"]}
        picked = {name: reports.loc[list(ids)].reset_index(drop=True) for name, ids in groups.items()}
        return Explanation(
            place=f"{found.name} ({where})" if where else found.name,
            place_id=found.place_id,
            day=self.days[n].date(),
            state=str(spell["state"]),
            rule=rule,
            policy=self.policy,
            as_of=self.as_of,
            spell_from=spell["valid_from"].date(),
            spell_to=last_day_before(spell["valid_to"].date()),
            drawn=self._drawn(found.place_id, n, str(spell["state"])),
            moves=moved,
            **picked,
        )

    def _chance(self, place_id: str, n: int) -> str:
        """Say how probable each state of a settlement is on a day."""
        surfaces = self.surfaces
        if surfaces is None:
            return ""
        at, day = surfaces.settlements.index.get_loc(place_id), int(self.day_numbers[n])
        chances = {state: float(p[day, at]) for state, p in surfaces.settlement_probabilities.items()}
        told = [f"{state} {chance:.0%}" for state, chance in chances.items() if chance >= 0.005]
        return f"estimate, the most probable state: {', '.join(told)}"

    def _spell(self, place_id: str, day: pd.Timestamp) -> pd.Series:
        own = self.spells[self.spells["place_id"] == place_id]
        return own[(own["valid_from"] <= day) & (day < own["valid_to"])].iloc[0]

    def _drawn(self, place_id: str, day_number: int, state: str) -> str:
        t = self.tessellation
        if place_id in t.unplaced:
            return "not drawn: no position is known"
        if place_id in t.vague:
            limit = f"{self.theatre.max_position_radius_m:g} m"
            return f"not drawn: its position is uncertain by more than {limit}, too much to decide a cell"
        if place_id in t.groundless:
            return "not drawn: no ground on its own side of the border is nearest to it"
        own = self.cells[[place_id in ids for ids in self.cells["place_ids"]]]
        others = [i for i in own["place_ids"].iloc[0] if i != place_id]
        shared = f", shared with {', '.join(others)}" if others else ""
        km2 = own["area_km2"].groupby(self.codes[day_number, own["cell_id"]]).sum().sort_values(ascending=False)
        ground = "a cell" if len(own) == 1 else f"{len(own)} cells"
        shown = [f"{self.state_names[int(code)]} {area:.1f}" for code, area in km2.items()]
        told = (
            "" if self.state_names[int(km2.index[0])] == state and len(km2) == 1 else f", shown as {', '.join(shown)}"
        )
        if len(own) == 1 and told:
            told = f", shown as {self.state_names[int(km2.index[0])]}"
        return f"{ground} of {own['area_km2'].sum():.1f} km2{shared}{told}"

    @cached_property
    def _ground(self) -> Ground:
        number = pd.Index(self.theatre.places["place_id"])
        owners = self.cells["place_ids"].explode()
        return Ground(
            arcs=self.arcs,
            area_km2=self._area_km2,
            side=self._side_code,
            states=self.state_names,
            sides=self.sides,
            cell=np.asarray(self.cells.index.get_indexer(owners.index), dtype=np.int64),
            place=number.get_indexer(owners).astype(np.int64),
            n_places=len(number),
        )

    @cached_property
    def _decisions(self) -> Decisions:
        day = (self.spells["valid_from"] - self.days[0]).dt.days.to_numpy().astype(np.int64)
        order = np.argsort(day, kind="stable")
        place = pd.Index(self.theatre.places["place_id"]).get_indexer(self.spells["place_id"])
        deciding = self.spells["deciding"].tolist()
        return Decisions(day[order], place[order].astype(np.int64), [deciding[n] for n in order])

    @cached_property
    def notes(self) -> tuple[str, ...]:
        """Everything that was left out, merged or moved, counted, one sentence each; empty counts are not told."""
        return left_out(
            self.theatre, self.tessellation, self.days, as_of=self.as_of, estimated=self.surfaces is not None
        )


def assess(
    theatre: Theatre,
    *,
    policy: str = control.ESTIMATE,
    as_of: date | str | None = None,
    previous: History | None = None,
) -> History:
    """Turn a theatre's reports into a history of control.

    Parameters
    ----------
    theatre : Theatre
        As loaded by `frontmap.load`.
    policy : str
        A name from `frontmap.control.policy_names`: ``estimate``, ``assessed``, ``majority`` or ``claimed-by:<party>``.
    as_of : date or str, optional
        Use only what was published by the end of this day; the history then ends on it.
    previous : History, optional
        A history of the same places, frame and border, with fewer reports, say: its cells are used again, and with the
        estimate its mesh and fit are where the work begins, which saves most of the time.

    Returns
    -------
    History
        States, zones, areas with an interval, changes and explanations for every day.

    Raises
    ------
    PolicyError
        If the policy does not exist.
    DateError
        If `as_of` is no date or lies before the period.
    GeometryError
        If the frame cannot be divided among the places.

    Examples
    --------
    >>> import frontmap as fm
    >>> fm.assess(fm.load("kursk"), policy="assessed").explain("Berdin", "2025-01-06").state
    'contested'
    """
    party_ids = [p.id for p in theatre.parties]
    control.require_policy(policy, party_ids)
    limit = None if as_of is None else parse_day(as_of)
    if limit is not None and limit < theatre.period_start:
        raise DateError(
            f"as-of: expected a day from {theatre.period_start} on, found {limit}; next: choose a day of the period"
        )
    end = theatre.period_end if limit is None else min(limit, theatre.period_end)
    home = theatre.places.set_index("place_id")["country"].map(lambda c: theatre.home_party(c) or UNKNOWN)
    by_rule = control.spells_by_rule(
        theatre.reports, home, party_ids=party_ids, start=theatre.period_start, end=end, as_of=limit
    )
    days = day_range(theatre.period_start, end)
    kept = previous if previous is not None and _same_ground(previous.theatre, theatre) else None
    coarse = _tessellation(theatre if kept is None else kept.theatre)
    tessellation, surfaces = coarse, None
    if policy == control.ESTIMATE:
        states = (*party_ids, CONTESTED, UNKNOWN)
        before = None if kept is None else kept.surfaces
        surfaces = estimate_surfaces(theatre, coarse, days, states=states, as_of=limit, previous=before)
        tessellation = surfaces.mesh
    return History(
        theatre=theatre,
        policy=policy,
        as_of=limit,
        days=days,
        tessellation=tessellation,
        spells_by_rule=by_rule,
        surfaces=surfaces,
    )


def _same_ground(one: Theatre, other: Theatre) -> bool:
    """Tell whether two theatres have the same cells."""
    rules = [(t.max_position_radius_m, t.merge_distance_m, t.period_start, t.parties) for t in (one, other)]
    return (
        rules[0] == rules[1]
        and one.frame == other.frame
        and one.border == other.border
        and (one.places is other.places or one.places.equals(other.places))
    )


@lru_cache(maxsize=8)
def _tessellation(theatre: Theatre) -> Tessellation:
    """Tessellate once for each theatre object, whatever policies and as-of days are asked of it."""
    made = tessellate(
        theatre.places,
        theatre.frame,
        theatre.border,
        max_position_radius_m=theatre.max_position_radius_m,
        merge_distance_m=theatre.merge_distance_m,
    )
    verify_cells(made.cells, theatre.frame)
    return made


def _keys(by: str | None) -> tuple[str, ...]:
    """Columns that a table of gains is divided by."""
    if by not in (None, "district", "region"):
        raise FrontmapError(f"expected by='district' or by='region', found {by!r}; next: use one of these")
    return ("side",) if by is None else ("side", by)
