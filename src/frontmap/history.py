"""History: a theatre under one policy, day by day: states, zones, areas with their interval, changes, explanations."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property, lru_cache

import geopandas as gpd
import numpy as np
import pandas as pd

from frontmap import control
from frontmap.areas import CodeArray, Interval, area_series, change_table, mask_series, transitions
from frontmap.cells import Tessellation, tessellate, verify_cells
from frontmap.crs import WGS84, FloatArray
from frontmap.dates import day_range, last_day_before, parse_day
from frontmap.errors import DateError, FrontmapError
from frontmap.explanation import Explanation
from frontmap.schema import CONTESTED, UNKNOWN
from frontmap.theatre import Theatre
from frontmap.topology import IntArray
from frontmap.voronoi import BoolArray
from frontmap.zones import Arcs, build_arcs

INTERVAL_LABEL = "spread over policies: low = area that every policy gives, high = area that any policy gives"
FRONT, CONTESTED_EDGE, UNKNOWN_EDGE = "front", "contested-edge", "unknown-edge"


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
    spells_by_policy : mapping of str to DataFrame
        Spells of every policy by rule on the same days, `policy` among them.

    Notes
    -----
    Built by `assess`. All derived frames are computed on first use and kept; callers must not change them.
    """

    theatre: Theatre
    policy: str
    as_of: date | None
    days: pd.DatetimeIndex
    tessellation: Tessellation
    spells_by_policy: Mapping[str, pd.DataFrame] = field(repr=False)
    interval_label: str = INTERVAL_LABEL

    @property
    def cells(self) -> gpd.GeoDataFrame:
        """Cells of the theatre, EPSG:4326: cell_id, place_id, place_ids, side, region, district, area_km2, geometry."""
        return self.tessellation.cells

    @property
    def spells(self) -> pd.DataFrame:
        """Spells of every place under this policy; see `frontmap.control.spells`."""
        return self.spells_by_policy[self.policy]

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
        return {p: _codes(s, place_ids, self.days, self.state_names) for p, s in self.spells_by_policy.items()}

    @cached_property
    def policy_codes(self) -> dict[str, CodeArray]:
        """State codes by policy, shape (n_days, n_cells), cells in the order of ``cells``."""
        contested = self.state_names.index(CONTESTED)
        return {
            p: _cell_codes(
                states, self.spells_by_policy[p], self.days, self.theatre.places["place_id"], self.cells, contested
            )
            for p, states in self.place_states.items()
        }

    @cached_property
    def codes(self) -> CodeArray:
        """State codes under this policy, shape (n_days, n_cells); indices into `state_names`."""
        return self.policy_codes[self.policy]

    @cached_property
    def _side_code(self) -> IntArray:
        return np.array([self.sides.index(side) for side in self.cells["side"]], dtype=np.int64)

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
        """Tell where every policy, and where any policy, gives a state.

        Parameters
        ----------
        state : str
            A name from `state_names`.

        Returns
        -------
        every, any : ndarray of bool, shape (n_days, n_cells)
            Cells in which all policies agree on the state; cells in which at least one gives it.

        Raises
        ------
        FrontmapError
            If there is no such state.
        """
        code = self._state_code(state)
        masks = [codes == code for codes in self.policy_codes.values()]
        return np.logical_and.reduce(masks), np.logical_or.reduce(masks)

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
        bounds = [
            [mask_series(m, self._area_km2, self._side_code, n_groups=n_sides) for m in self.state_masks(state)]
            for state in self.state_names
        ]
        low = np.stack([b[0] for b in bounds], axis=1)
        high = np.stack([b[1] for b in bounds], axis=1)
        index = pd.MultiIndex.from_product([self.days, self.state_names, self.sides], names=["date", "party", "side"])
        columns = {
            "area_km2": best,
            "area_low_km2": np.minimum(low, best),
            "area_high_km2": np.maximum(high, best),
        }
        return pd.DataFrame({k: v.ravel() for k, v in columns.items()}, index=index).reset_index()

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
        chosen = np.ones(len(self.cells), dtype=bool)
        if side is not None:
            chosen &= (self.cells["side"] == side).to_numpy()
        if regions is not None:
            chosen &= self.cells["region"].isin(list(regions)).to_numpy()
        if district is not None:
            chosen &= (self.cells["district"] == district).to_numpy()
        masks = [codes[n] == code for codes in self.policy_codes.values()]
        area = self._area_km2
        low, best, high = np.logical_and.reduce(masks), self.codes[n] == code, np.logical_or.reduce(masks)
        return Interval(*(float(area[m & chosen].sum()) for m in (low, best, high)))

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
        if by not in (None, "district", "region"):
            raise FrontmapError(f"expected by='district' or by='region', found {by!r}; next: use one of these")
        keys = ("side",) if by is None else ("side", by)
        table = change_table(self.codes[a], self.codes[b], self.cells, states=self.state_names, by=keys)
        table.insert(0, "date_from", self.days[a])
        table.insert(1, "date_to", self.days[b])
        return table

    def daily_changes(self) -> pd.DataFrame:
        """List every change of a cell's state, with the rule and the reports behind it.

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
        moves = transitions(self.codes)
        names = np.array(self.state_names, dtype=object)
        table = self.cells.drop(columns="geometry").iloc[moves.cell].reset_index(drop=True)
        table["date"] = self.days[moves.day]
        table["from_state"], table["to_state"] = names[moves.old], names[moves.new]
        table["name"] = table["place_id"].map(self.theatre.places.set_index("place_id")["name"])
        reasons = table[["date", "place_ids"]].reset_index(names="change").explode("place_ids")
        reasons = reasons.merge(
            self.spells[["place_id", "valid_from", "rule", "deciding", "losing"]],
            left_on=["place_ids", "date"],
            right_on=["place_id", "valid_from"],
        )
        merged = reasons.groupby("change").agg(
            rule=("rule", "; ".join), deciding=("deciding", _flat), losing=("losing", _flat)
        )
        table = table.join(merged)
        table["rule"] = table["rule"].fillna("another of the places that share the cell was decided by then")
        for column in ("deciding", "losing"):
            table[column] = [ids if isinstance(ids, tuple) else () for ids in table[column]]
        columns = [
            "date",
            "place_id",
            "name",
            "side",
            "district",
            "area_km2",
            "from_state",
            "to_state",
            "rule",
        ]
        ordered: pd.DataFrame = table[[*columns, "deciding", "losing"]]
        return ordered.sort_values(["date", "place_id"], ignore_index=True)

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
        labels = self.codes[n].astype(np.int64) * len(self.sides) + self._side_code
        polygons = self.arcs.polygons(labels)
        deciding = self._deciding_on(self.days[n])
        rows = []
        for label, polygon in polygons.items():
            own = labels == label
            places = [i for ids in self.cells["place_ids"][own] for i in ids]
            rows.append(
                {
                    "date": self.days[n],
                    "state": self.state_names[label // len(self.sides)],
                    "side": self.sides[label % len(self.sides)],
                    "area_km2": float(self._area_km2[own].sum()),
                    "n_cells": int(own.sum()),
                    "n_places": len(places),
                    "deciding": _flat([deciding.get(i, ()) for i in places]),
                    "geometry": polygon,
                }
            )
        return gpd.GeoDataFrame(rows, geometry="geometry", crs=WGS84)

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
        lines = self.arcs.boundaries(self.codes[n].astype(np.int64))
        names = self.state_names
        pairs = [(names[a], names[b]) for a, b in zip(lines["label_a"], lines["label_b"], strict=True)]
        table = pd.DataFrame(
            {
                "date": self.days[n],
                "kind": [_edge_kind(pair) for pair in pairs],
                "state_a": [a for a, _ in pairs],
                "state_b": [b for _, b in pairs],
                "front_km": lines["length_km"],
            }
        )
        return gpd.GeoDataFrame(table, geometry=list(lines["geometry"]), crs=WGS84)

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
        _, rule, deciding = [d for d in spell["decisions"] if d[0] <= self.days[n].date()][-1]
        agreed = {*spell["deciding"], *spell["supporting"]} - set(deciding)
        lost = set(spell["losing"]) - set(deciding)
        groups = {"deciding": deciding, "supporting": sorted(agreed), "losing": sorted(lost), "noted": spell["noted"]}
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
            **picked,
        )

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
        cell = next(c for c in self.cells.itertuples() if place_id in c.place_ids)
        others = [i for i in cell.place_ids if i != place_id]
        shared = f", shared with {', '.join(others)}" if others else ""
        shown = self.state_names[self.codes[day_number, cell.cell_id]]
        told = f", shown as {shown}" if shown != state else ""
        return f"a cell of {cell.area_km2:.1f} km2{shared}{told}"

    def _deciding_on(self, day: pd.Timestamp) -> dict[str, tuple[str, ...]]:
        now = self.spells[(self.spells["valid_from"] <= day) & (day < self.spells["valid_to"])]
        return dict(zip(now["place_id"], now["deciding"], strict=True))

    @cached_property
    def notes(self) -> tuple[str, ...]:
        """Everything that was left out, merged or moved, counted, one sentence each; empty counts are not told."""
        t, theatre, reports = self.tessellation, self.theatre, self.theatre.reports
        undrawn = {*t.unplaced, *t.vague, *t.groundless}
        lost = int(reports["place_id"].isin(undrawn).sum())
        early = int((reports["event_date"] < self.days[0]).sum())
        away = int((reports["event_date"] > pd.Timestamp(theatre.period_end)).sum())
        unused = len(reports) - len(control.reports_as_of(reports, self.as_of))
        homes = {party.home_country for party in theatre.parties if party.home_country}
        uncut = int(theatre.border is None and len(homes & set(theatre.places["country"])) > 1)
        sentences = [
            (uncut, "There is no border.geojson: cells are not cut between the countries."),
            (len(t.unplaced), "{} places have no position: they can be named and reported, not drawn."),
            (
                len(t.vague),
                f"{{}} places are uncertain by more than {theatre.max_position_radius_m:g} m and own no cell.",
            ),
            (len(t.groundless), "{} places have no ground of their own on their side of the border."),
            (
                lost,
                "{} reports are about places that are not drawn; they decide those places' states but no ground.",
            ),
            (
                len(t.merged),
                f"{{}} groups of places lie within {theatre.merge_distance_m:g} m of each other and share a cell: "
                f"{'; '.join(' = '.join(ids) for ids in t.merged)}.",
            ),
            (
                len(t.across),
                "{} places are positioned across the border from their country; they claim ground on their own side.",
            ),
            (
                t.handed_parts,
                f"{{}} parts of cells ({t.handed_km2:.1f} km2), cut off from their place by the border or the frame, "
                "were given to the neighbour that they touch most.",
            ),
            (
                t.kept_parts,
                "{} parts of cells are cut off from their place, touch no neighbour and stay with the nearest place.",
            ),
            (early, "{} reports tell of days before the period; they count from its first day."),
            (away, "{} reports tell of days after the period; they are not used."),
            (unused, "{} reports were published after the as-of day; they are not used."),
        ]
        return tuple(text.format(count) for count, text in sentences if count)


def assess(theatre: Theatre, *, policy: str = "assessed", as_of: date | str | None = None) -> History:
    """Turn a theatre's reports into a history of control.

    Parameters
    ----------
    theatre : Theatre
        As loaded by `frontmap.load`.
    policy : str
        A name from `frontmap.control.policy_names`: ``assessed``, ``majority`` or ``claimed-by:<party>``.
    as_of : date or str, optional
        Use only what was published by the end of this day; the history then ends on it.

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
    >>> fm.assess(fm.load("kursk")).explain("Berdin", "2025-01-06").state
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
    by_policy = {
        name: control.spells(
            theatre.reports,
            home,
            party_ids=party_ids,
            policy=name,
            start=theatre.period_start,
            end=end,
            as_of=limit,
        )
        for name in control.policy_names(party_ids)
    }
    return History(
        theatre=theatre,
        policy=policy,
        as_of=limit,
        days=day_range(theatre.period_start, end),
        tessellation=_tessellation(theatre),
        spells_by_policy=by_policy,
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


def _codes(spells: pd.DataFrame, place_ids: pd.Series, days: pd.DatetimeIndex, states: Sequence[str]) -> CodeArray:
    """Write spells into a table of codes, days down and places across."""
    code = {name: i for i, name in enumerate(states)}
    column = {place_id: i for i, place_id in enumerate(place_ids)}
    first = (spells["valid_from"] - days[0]).dt.days.to_numpy()
    last = (spells["valid_to"] - days[0]).dt.days.to_numpy()
    table = np.zeros((len(days), len(column)), dtype=np.uint8)
    for a, b, place_id, state in zip(first, last, spells["place_id"], spells["state"], strict=True):
        table[a:b, column[place_id]] = code[state]
    return table


def _cell_codes(
    states: CodeArray,
    spells: pd.DataFrame,
    days: pd.DatetimeIndex,
    places: pd.Series,
    cells: pd.DataFrame,
    contested: int,
) -> CodeArray:
    """Give each cell its place's state; in a shared cell decided places outrank the others and may contest it."""
    column = {place_id: i for i, place_id in enumerate(places)}
    codes = states[:, [column[i] for i in cells["place_id"]]]
    decided: dict[str, pd.Timestamp] = {}
    for place_id, decisions in zip(spells["place_id"], spells["decisions"], strict=True):
        for day in (pd.Timestamp(day) for day, _, ids in decisions if ids):
            decided[place_id] = min(decided.get(place_id, day), day)
    for n, ids in enumerate(cells["place_ids"]):
        if len(ids) > 1:
            own = states[:, [column[i] for i in ids]]
            voice = np.column_stack([days >= decided.get(i, pd.Timestamp.max) for i in ids])
            voice |= ~voice.any(axis=1, keepdims=True)
            low = np.where(voice, own, np.iinfo(np.uint8).max).min(axis=1)
            high = np.where(voice, own, 0).max(axis=1)
            codes[:, n] = np.where(low == high, low, contested)
    return codes


def _flat(groups: Sequence[Sequence[str]] | pd.Series) -> tuple[str, ...]:
    return tuple(sorted({i for group in groups for i in group}))


def _edge_kind(pair: tuple[str, str]) -> str:
    if UNKNOWN in pair:
        return UNKNOWN_EDGE
    return CONTESTED_EDGE if CONTESTED in pair else FRONT
