"""A map drawn by others: its dated polygons read and checked, and held against a history week by week."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd
import shapely
from shapely.geometry.base import BaseGeometry

from frontmap.crs import FloatArray, GeometryArray, geodesic_area_km2, require_degrees
from frontmap.dates import add_days, parse_day
from frontmap.errors import CrsError, DateError, FrontmapError, Problem, TableError
from frontmap.history import History
from frontmap.validation.scores import overlap

NEAR = 0.12
"""An area within this share of the map's counts as agreeing."""
WEEK_DAYS = 7
BLOCK_MONTHS = 2

_NEXT = "give a FeatureCollection of polygons with date_first and date_last (see docs/validation.md)"


@dataclass(frozen=True, eq=False)
class MapOfOthers:
    """Dated polygons of the ground that a party holds, as others drew them.

    Parameters
    ----------
    name : str
        Of the file.
    states : DataFrame
        first, last (dates, both included) and geometry (EPSG:4326), sorted; days between states are gaps.
    notes : tuple of str
        What was left out or mended, counted.
    """

    name: str
    states: pd.DataFrame
    notes: tuple[str, ...] = ()

    def state_on(self, day: date) -> int | None:
        """Find the number of the state that the map shows on a day.

        Parameters
        ----------
        day : date
            Any day.

        Returns
        -------
        int or None
            Row of `states`; None where the map has a gap, which is not the same as nothing held.

        Raises
        ------
        TypeError
            If it is no date.
        """
        found = np.flatnonzero(((self.states["first"] <= day) & (self.states["last"] >= day)).to_numpy())
        return int(found[0]) if len(found) else None

    @cached_property
    def first(self) -> date:
        """First day of the first state."""
        day: date = self.states["first"].min()
        return day

    @cached_property
    def last(self) -> date:
        """Last day of the last state."""
        day: date = self.states["last"].max()
        return day


def read_map(text: str, *, file: str, shift_days: int = 0) -> MapOfOthers:
    """Read a map of others from GeoJSON.

    Parameters
    ----------
    text : str
        A FeatureCollection in EPSG:4326; every feature is a polygon with the properties ``date_first`` and
        ``date_last`` (first and last day on which the map showed it). Features of the same days are taken together.
    file : str
        Its name, for messages.
    shift_days : int
        Added to the file's dates, where its convention differs: -1 where a file of day D shows the end of D-1.

    Returns
    -------
    MapOfOthers
        States in order of time. Features without geometry are gaps, and are counted in `notes`.

    Raises
    ------
    TableError
        With everything that is wrong with the file.
    """
    problems: list[Problem] = []
    rows, empty, mended = [], 0, 0
    for number, feature in enumerate(_features(text, file), start=1):
        where = f"feature {number}"
        days = _days(feature, file, where, shift_days, problems)
        shape = _shape(feature, file, where, problems)
        if days is None or shape is None:
            continue
        if shape.is_empty:
            empty += 1
            continue
        if not shape.is_valid:
            shape, mended = _only_polygons(shapely.make_valid(shape)), mended + 1
        rows.append({"first": days[0], "last": days[1], "geometry": shape})
    if not rows and not problems:
        problems.append(Problem(file, None, "at least one dated polygon", "none", _NEXT))
    states = _in_order(rows, file, problems)
    if problems:
        raise TableError(problems)
    told = ((empty, "{} features without a polygon were taken as gaps."), (mended, "{} invalid polygons were mended."))
    return MapOfOthers(file, states, tuple(words.format(count) for count, words in told if count))


def _features(text: str, file: str) -> list[Any]:
    try:
        document = json.loads(text)
    except ValueError as error:
        raise TableError([Problem(file, None, "GeoJSON", f"text that is no JSON ({error})", _NEXT)]) from error
    if not isinstance(document, dict) or not isinstance(document.get("features"), list):
        kind = document.get("type") if isinstance(document, dict) else type(document).__name__
        raise TableError([Problem(file, None, "a GeoJSON FeatureCollection", f"{kind!r}", _NEXT)])
    features: list[Any] = document["features"]
    return features


def _days(feature: object, file: str, where: str, shift_days: int, problems: list[Problem]) -> tuple[date, date] | None:
    properties = (feature.get("properties") if isinstance(feature, dict) else None) or {}
    days = []
    for name in ("date_first", "date_last"):
        written = properties.get(name)
        try:
            days.append(add_days(parse_day("" if written is None else str(written)), shift_days))
        except DateError:
            expected = f"{name} of {where} as YYYY-MM-DD"
            problems.append(Problem(file, None, expected, "nothing" if written is None else f"{written!r}", _NEXT))
    if len(days) < 2:
        return None
    if days[1] < days[0]:
        found = f"{days[0]} to {days[1]}"
        problems.append(Problem(file, None, f"date_first of {where} not after its date_last", found, "exchange them"))
        return None
    return days[0], days[1]


def _shape(feature: object, file: str, where: str, problems: list[Problem]) -> BaseGeometry | None:
    geometry = feature.get("geometry") if isinstance(feature, dict) else None
    if geometry is None:
        return shapely.Polygon()
    try:
        shape = shapely.force_2d(shapely.from_geojson(json.dumps(geometry)))
    except shapely.errors.GEOSException as error:
        problems.append(Problem(file, None, f"a polygon in {where}", f"no geometry ({error})", _NEXT))
        return None
    if shape.geom_type not in {"Polygon", "MultiPolygon"}:
        problems.append(Problem(file, None, f"a Polygon or MultiPolygon in {where}", shape.geom_type, _NEXT))
        return None
    if shape.is_empty:
        return shape
    try:
        require_degrees(shape)
    except CrsError as error:
        expected, found = f"degrees (EPSG:4326) in {where}", f"{error}".split("found ")[-1].split(";")[0]
        problems.append(Problem(file, None, expected, found, "reproject the file to EPSG:4326"))
        return None
    return shape


def _in_order(rows: list[dict[str, Any]], file: str, problems: list[Problem]) -> pd.DataFrame:
    """Take together what has the same days, sort, and refuse states that overlap in time."""
    together: dict[tuple[date, date], list[BaseGeometry]] = {}
    for row in rows:
        together.setdefault((row["first"], row["last"]), []).append(row["geometry"])
    spans = sorted(together)
    for before, after in pairwise(spans):
        if after[0] <= before[1]:
            found = f"{before[0]} to {before[1]} and {after[0]} to {after[1]}"
            problems.append(Problem(file, None, "states that follow each other in time", found, "correct the dates"))
    shapes = [_only_polygons(shapely.union_all(together[span])) for span in spans]
    return pd.DataFrame({"first": [s[0] for s in spans], "last": [s[1] for s in spans], "geometry": shapes})


def _only_polygons(shape: BaseGeometry) -> BaseGeometry:
    parts = shapely.get_parts(shapely.get_parts(np.array([shape], dtype=object)))
    return shapely.union_all([part for part in parts if part.geom_type == "Polygon"])


def held_pair(history: History, party: str | None, side: str | None) -> tuple[str, str]:
    """Choose whose ground on which side of the border is meant.

    Parameters
    ----------
    history : History
        Any.
    party, side : str or None
        As asked for; where left out, the greatest area that a party holds on another's side.

    Returns
    -------
    tuple of str
        Party id and side.

    Raises
    ------
    FrontmapError
        If there is no such party or side, or nothing to choose from.
    """
    ids = [one.id for one in history.theatre.parties]
    for what, asked, known in (("party", party, ids), ("side", side, history.sides)):
        if asked is not None and asked not in known:
            raise FrontmapError(
                f"--{what}: expected one of {', '.join(known)}, found {asked!r}; next: use one of these"
            )
    pairs = [pair for pair in history.headline if party in (None, pair[0]) and side in (None, pair[1])]
    if party is not None and side is not None:
        return party, side
    if not pairs:
        raise FrontmapError(
            "expected ground that a party holds across the border, found none; next: give --party and --side"
        )
    return pairs[0]


def compare(
    history: History, other: MapOfOthers, *, party: str, side: str, first: date | None = None, last: date | None = None
) -> pd.DataFrame:
    """Hold a history against a map of others, once a week, on one side of the border only.

    The map is cut to the cells of that side, so that both are about the same ground.

    Parameters
    ----------
    history : History
        Of any policy.
    other : MapOfOthers
        As from `read_map`.
    party, side : str
        Whose ground the map shows, and on which side of the border.
    first, last : date, optional
        First day, and the last on which a week may begin; where left out, the days that both have.

    Returns
    -------
    DataFrame
        One row a week: date, block (of two months), map_km2, area_km2, area_low_km2, area_high_km2, both_km2, iou,
        relative_error, in_interval, relative_width (width of the interval over our area), beyond_km2 (what the map
        shows elsewhere). On days in a gap of the map all that rests on it is NaN.

    Raises
    ------
    DateError
        If no week lies in the days that both have.
    """
    start, end = history.days[0].date(), history.days[-1].date()
    start, end = max(first or other.first, start), min(last or other.last, end)
    if end < start:
        raise DateError(
            f"expected days that {other.name} ({other.first} to {other.last}) and the history share, found none; "
            "next: check --from, --to and --map-shift"
        )
    days = [add_days(start, n) for n in range(0, (end - start).days + 1, WEEK_DAYS)]
    on_side = np.flatnonzero((history.cells["side"] == side).to_numpy())
    shapes = history.cells.geometry.to_numpy()[on_side]
    cell_km2 = history.cells["area_km2"].to_numpy(np.float64)[on_side]
    areas = history.areas()
    areas = areas[(areas["party"] == party) & (areas["side"] == side)].set_index("date")
    code = history.state_names.index(party)
    shown: dict[int, tuple[FloatArray, float]] = {}
    rows = []
    for day in days:
        ours = areas.loc[pd.Timestamp(day)]
        best, low, high = (float(str(ours[name])) for name in ("area_km2", "area_low_km2", "area_high_km2"))
        row = {"date": pd.Timestamp(day), "area_km2": best, "area_low_km2": low, "area_high_km2": high}
        row["relative_width"] = (high - low) / best if best > 0.0 else np.nan
        state = other.state_on(day)
        if state is not None:
            if state not in shown:
                shown[state] = _on_cells(other.states["geometry"].iloc[state], shapes, cell_km2)
            on_cell, total = shown[state]
            held = history.codes[history.day_number(day)][on_side] == code
            row |= _week(on_cell, total, float(cell_km2[held].sum()), held, best, low, high)
        rows.append(row)
    weeks = pd.DataFrame(rows, columns=_COLUMNS)
    months = weeks["date"].dt.year * 12 + weeks["date"].dt.month
    weeks["block"] = (months - months.iloc[0]) // BLOCK_MONTHS
    return weeks


_COLUMNS = [
    "date", "block", "map_km2", "area_km2", "area_low_km2", "area_high_km2", "both_km2", "iou", "relative_error",
    "in_interval", "relative_width", "beyond_km2",
]  # fmt: skip


def _week(
    on_cell: FloatArray, total: float, cells_km2: float, held: np.ndarray, best: float, low: float, high: float
) -> dict[str, float]:
    theirs, both = float(on_cell.sum()), float(on_cell[held].sum())
    return {
        "map_km2": theirs,
        "both_km2": both,
        "iou": float(overlap(both, cells_km2, theirs)),
        "relative_error": best / theirs - 1.0 if theirs > 0.0 else np.nan,
        "in_interval": float(low <= theirs <= high),
        "beyond_km2": max(total - theirs, 0.0),
    }


def _on_cells(shape: BaseGeometry, cells: GeometryArray, cell_km2: FloatArray) -> tuple[FloatArray, float]:
    """Measure how much of each cell a polygon covers, geodesically, and the whole polygon."""
    shapely.prepare(shape)
    covered = np.where(shapely.contains_properly(shape, cells), cell_km2, 0.0)
    cut = np.flatnonzero(shapely.intersects(shape, cells) & (covered == 0.0))
    pieces = [_only_polygons(piece) for piece in shapely.intersection(shape, cells[cut])]
    covered[cut] = np.minimum(geodesic_area_km2(pieces), cell_km2[cut])
    return covered, float(geodesic_area_km2([shape])[0])


def by_block(weeks: pd.DataFrame) -> pd.DataFrame:
    """Sum up the weeks by blocks of two months, and over all.

    Parameters
    ----------
    weeks : DataFrame
        From `compare`.

    Returns
    -------
    DataFrame
        Columns block (its months, or ``all``), weeks, gaps, iou, lowest_iou, relative_error (means), within (share of
        weeks with the area within 12 % of the map's), coverage (share of weeks with the map's area in the interval),
        relative_width (median), peak (our greatest weekly area over the map's, less 1; gaps do not count).

    Raises
    ------
    KeyError
        If a column is missing.
    """
    rows = []
    for block, own in [*weeks.groupby("block", sort=True), ("all", weeks)]:
        seen = own[own["map_km2"].notna()]
        name = "all"
        if block != "all":
            name = " to ".join(dict.fromkeys(own["date"].iloc[[0, -1]].dt.strftime("%Y-%m")))
        peak = (
            seen["area_km2"].max() / seen["map_km2"].max() - 1.0 if len(seen) and seen["map_km2"].max() > 0 else np.nan
        )
        rows.append(
            {
                "block": name,
                "weeks": len(seen),
                "gaps": len(own) - len(seen),
                "iou": seen["iou"].mean(),
                "lowest_iou": seen["iou"].min(),
                "relative_error": seen["relative_error"].mean(),
                "within": (seen["relative_error"].abs() <= NEAR).mean() if len(seen) else np.nan,
                "coverage": seen["in_interval"].mean(),
                "relative_width": seen["relative_width"].median(),
                "peak": peak,
            }
        )
    return pd.DataFrame(rows)
