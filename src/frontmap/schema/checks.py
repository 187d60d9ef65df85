"""Checks of the tables as they stand in the files; they list problems and repair nothing."""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely
from shapely.geometry.base import BaseGeometry

from frontmap.errors import Problem
from frontmap.schema.columns import (
    CLAIMS,
    DAY_PATTERN,
    INDEPENDENT,
    NUMBER_PATTERN,
    PLACES,
    REPORTS,
    SOURCES,
    UNIT_OF_MEASURE,
    Column,
    Table,
    to_days,
    to_numbers,
)

Row = Mapping[Any, Any]
BoolArray = npt.NDArray[np.bool_]

_YEAR_DAYS = 366
_LATE_DAYS = 10 * _YEAR_DAYS
_SIMILAR = 0.8
_THEATRE_FILE = "theatre.toml"


def nearest(word: str, choices: Iterable[str]) -> str:
    """Give the nearest spelling among `choices`, or ``""`` if none is near.

    Raises
    ------
    AttributeError
        If `word` is not text.

    Examples
    --------
    >>> nearest("claimd", ["controlled", "claimed"])
    'claimed'
    """
    by_fold = {c.casefold(): c for c in choices}
    found = difflib.get_close_matches(word.strip().casefold(), list(by_fold), n=1)
    return by_fold[found[0]] if found else ""


def check_table(raw: pd.DataFrame, table: Table) -> list[Problem]:
    """Check one table by itself: its header, every cell, and that its key never repeats.

    Parameters
    ----------
    raw
        The table as text; the index is the line of the file.
    table
        What it should be.

    Returns
    -------
    list of Problem
        Empty if the table keeps to the schema.

    Raises
    ------
    AttributeError
        If the cells are not text.

    Examples
    --------
    >>> row = {"origin": "X", "side": "AA", "kind": "", "typical_lag": "", "reliability": "G", "reason": ""}
    >>> for problem in check_table(pd.DataFrame([row], index=[2]), SOURCES):
    ...     print(problem.row, problem.expected, "|", problem.found)
    2 reliability as one of A, B, C, D, E, F | 'G'
    """
    problems = _check_header([str(name) for name in raw.columns], table)
    for column in table.columns:
        if column.name in raw:
            problems += _check_cells(raw[[column.name]], column, table.file)
    if table.key in raw:
        problems += _check_key(raw[[table.key]], table)
    return problems


def check_positions(places: pd.DataFrame, frame: BaseGeometry | None) -> list[Problem]:
    """Check that positions are complete and lie in the frame; notice swapped coordinates.

    Parameters
    ----------
    places
        The places table as text; the index is the line of the file.
    frame
        Polygon in EPSG:4326, or ``None`` if it could not be read (then only completeness is checked).

    Returns
    -------
    list of Problem
        A blank position is no problem; half a position is.

    Raises
    ------
    AttributeError
        If the cells are not text.
    """
    if not {"lat", "lon"} <= set(places.columns):
        return []
    lat, lon = to_numbers(places["lat"]), to_numbers(places["lon"])
    given = lat.notna() & lon.notna()
    problems = _report(
        PLACES.file,
        places,
        (places["lat"] == "") != (places["lon"] == ""),
        "both lat and lon, or neither",
        lambda row: f"lat {row['lat']!r} and lon {row['lon']!r}",
        "add the missing number, or leave both blank",
    )
    if "position_radius_m" in places:
        problems += _report(
            PLACES.file,
            places,
            given & (places["position_radius_m"] == ""),
            "position_radius_m where there is a position",
            lambda row: "a blank cell",
            "say how far off the position may be, in metres (a village found on a map: about 1000)",
        )
    return problems if frame is None else problems + _check_inside(places[given], lat[given], lon[given], frame)


def check_countries(places: pd.DataFrame, home_of: Mapping[str, str]) -> list[Problem]:
    """Check that places and parties use the same codes for countries.

    Parameters
    ----------
    places
        The places table as text; the index is the line of the file.
    home_of
        Home country of each party id; ``""`` for a party that has none here.

    Returns
    -------
    list of Problem
        One per country that is nobody's home, if at the same time some party's home has no place. Either
        alone may be meant: a third country, or a party whose home lies outside the theatre.

    Raises
    ------
    AttributeError
        If the cells are not text.
    """
    if "country" not in places:
        return []
    countries = {country for country in places["country"] if country}
    absent = {party: home for party, home in home_of.items() if home and home not in countries}
    strange = sorted(countries - set(home_of.values())) if absent else []
    homes = ", ".join(f"{home} (home of {party})" for party, home in absent.items())
    problems = []
    for country in strange:
        rows = places.index[places["country"] == country]
        problems.append(
            Problem(
                PLACES.file,
                int(rows[0]),
                f"a country that is the home of a party; no place lies in {homes}",
                f"{country!r} in {_rows_text(rows)}",
                f"write the same code here and as home_country in {_THEATRE_FILE}",
            )
        )
    return problems


def check_sources(sources: pd.DataFrame, parties: Sequence[str]) -> list[Problem]:
    """Check that the side of every origin is a party or independent.

    Parameters
    ----------
    sources
        The sources table as text; the index is the line of the file.
    parties
        Ids of the parties of the theatre; empty if they could not be read (then nothing is checked).

    Returns
    -------
    list of Problem
        One per row that does not.

    Raises
    ------
    AttributeError
        If the cells are not text.
    """
    sides = (*parties, INDEPENDENT)
    return _check_known(sources, "side", sides, SOURCES, _THEATRE_FILE) if parties else []


def check_reports(
    reports: pd.DataFrame,
    places: pd.DataFrame | None,
    sources: pd.DataFrame | None,
    parties: Sequence[str],
    period: tuple[date, date] | None,
) -> list[Problem]:
    """Check reports against the other tables, and their dates against one another.

    Parameters
    ----------
    reports, places, sources
        The tables as text; the index is the line of the file; ``None`` for a table that could not be read.
    parties
        Ids of the parties; empty if they could not be read.
    period
        First and last day of the theatre. Reports of more than a year before or after are taken for slips.

    Returns
    -------
    list of Problem
        A report on a place without position is no problem.

    Raises
    ------
    AttributeError
        If the cells are not text.
    """
    problems: list[Problem] = []
    if parties:
        problems += _check_known(reports, "party", parties, REPORTS, _THEATRE_FILE)
        problems += _check_known(reports, "origin_side", (*parties, INDEPENDENT), REPORTS, _THEATRE_FILE)
    if places is not None:
        problems += _check_place_ids(reports, places)
    if sources is not None and "origin" in sources:
        problems += _check_known(reports, "origin", tuple(sources["origin"]), REPORTS, SOURCES.file)
        problems += _check_origin_sides(reports, sources)
    problems += _check_order(reports, "event_date", REPORTS.file)
    return problems + _check_period(reports, "event_date", period, REPORTS.file)


def check_claims(claims: pd.DataFrame, places: pd.DataFrame | None, parties: Sequence[str]) -> list[Problem]:
    """Check claims against the other tables, and their columns against one another.

    Parameters
    ----------
    claims, places
        The tables as text; the index is the line of the file; ``None`` for a table that could not be read.
    parties
        Ids of the parties; empty if they could not be read.

    Returns
    -------
    list of Problem
        Empty if parties, regions, figures, units and dates fit together.

    Raises
    ------
    AttributeError
        If the cells are not text.
    """
    problems: list[Problem] = []
    if parties:
        problems += _check_known(claims, "party", parties, CLAIMS, _THEATRE_FILE)
        problems += _check_known(claims, "claimant_side", (*parties, INDEPENDENT), CLAIMS, _THEATRE_FILE)
    if places is not None:
        for column in ("region", "district"):
            if column in places:
                known = tuple(dict.fromkeys(places[column]))
                told = sorted(set(";".join(claims[column]).split(";"))) if column in claims else []
                elsewhere = [
                    name.strip() for name in told if not nearest(name.strip(), known)
                ]  # no misspelling: ground not in here
                problems += _check_known(claims, column, (*known, *elsewhere), CLAIMS, PLACES.file, separator=";")
    problems += _check_order(claims, "as_of_date", CLAIMS.file)
    return problems + _check_figures(claims) + _check_units(claims) + _check_gain_periods(claims)


def _check_header(names: list[str], table: Table) -> list[Problem]:
    missing = {column.name: column for column in table.columns if column.name not in names}
    problems = []
    for name in names:
        if name in table.names or (table.extra and re.fullmatch(table.extra, name)):
            continue
        plain = re.sub(r"[\s-]+", "_", name.strip().casefold())
        meant = nearest(plain, missing)
        if meant and difflib.SequenceMatcher(None, plain, meant).ratio() >= _SIMILAR:
            del missing[meant]
            problems.append(
                Problem(table.file, 1, f"a column {meant!r}", repr(name), f"rename the column to {meant!r}")
            )
    return problems + [
        Problem(table.file, 1, f"a column {name!r}", "no such column", f"add it: {column.meaning}")
        for name, column in missing.items()
        if not column.optional
    ]


def _check_cells(cells: pd.DataFrame, column: Column, file: str) -> list[Problem]:
    name = column.name
    blank = cells[name] == ""
    problems = []
    if not column.blank:
        next_step = f"fill it in: {column.meaning}"
        problems += _report(file, cells, blank, f"{name} in every row", lambda row: "a blank cell", next_step)
    for wrong, expected, next_step in _cell_rules(cells[name], column):

        def found(row: Row) -> str:
            return _with_nearest(row[name], column.choices)

        problems += _report(file, cells, wrong & ~blank, f"{name} {expected}", found, next_step)
    return problems


def _cell_rules(values: pd.Series[str], column: Column) -> list[tuple[pd.Series[bool], str, str]]:
    """List (cells that break it, expected, next step) for one column; blank cells may break any rule."""
    if column.choices:
        expected = f"as one of {', '.join(column.choices)}"
        return [(~values.isin(column.choices), expected, "write one of these words")]
    if column.kind == "flag":
        return [(~values.isin(("true", "false")), "as true or false", "write true or false")]
    if column.kind == "day":
        written = values.str.fullmatch(DAY_PATTERN).astype(bool)
        return [
            (~written, "as a day written YYYY-MM-DD", "write year, month and day with hyphens"),
            (
                written & to_days(values).isna(),
                "as a day of the calendar",
                "correct it: there is no such day",
            ),
        ]
    if column.kind == "number":
        written = values.str.fullmatch(NUMBER_PATTERN).astype(bool)
        low = -np.inf if column.minimum is None else column.minimum
        high = np.inf if column.maximum is None else column.maximum
        limits = f"from {low:g} to {high:g}" if column.maximum is not None else f"of at least {low:g}"
        return [
            (~written, "as a number", "write digits with a decimal point, without unit or spaces"),
            (written & ~to_numbers(values).between(low, high), limits, "correct the number"),
        ]
    if column.pattern:
        wrong = ~values.str.fullmatch(column.pattern).astype(bool)
        return [(wrong, f"as {column.form}", "correct the cell")]
    return []


def _check_key(keys: pd.DataFrame, table: Table) -> list[Problem]:
    first = dict(zip(reversed(keys[table.key].tolist()), reversed(keys.index.tolist()), strict=True))
    return _report(
        table.file,
        keys,
        keys[table.key].duplicated() & (keys[table.key] != ""),
        f"each {table.key} once",
        lambda row: f"{row[table.key]!r} again (first in row {first[row[table.key]]})",
        "give the row an id of its own, or remove it if it is a copy",
    )


def _check_known(
    rows: pd.DataFrame, column: str, known: Sequence[str], table: Table, where: str, *, separator: str = ""
) -> list[Problem]:
    if column not in rows:
        return []
    allowed = dict.fromkeys(known)
    words = rows[column].map(lambda cell: cell.split(separator) if separator else [cell])
    strange = words.map(lambda found: next((word for word in found if word and word not in allowed), ""))
    listed = f" ({', '.join(allowed)})" if len(allowed) <= 5 else ""
    return _report(
        table.file,
        rows.assign(strange=strange),
        strange != "",
        f"{column} as in {where}{listed}",
        lambda row: _with_nearest(row["strange"], allowed),
        f"correct the spelling, or add it to {where}",
    )


def _check_place_ids(reports: pd.DataFrame, places: pd.DataFrame) -> list[Problem]:
    if "place_id" not in reports or "place_id" not in places:
        return []
    known = reports["place_id"].isin({*places["place_id"], ""})
    if known.all():
        return []
    ids_of: dict[str, list[str]] = {}
    for column in places.columns:
        if column in ("place_id", "name") or re.fullmatch(PLACES.extra, str(column)):
            for spelling, place_id in zip(places[column].str.casefold(), places["place_id"], strict=True):
                ids_of.setdefault(spelling, []).append(place_id)

    def found(row: Row) -> str:
        near = difflib.get_close_matches(row["place_id"].casefold(), [s for s in ids_of if s], n=3)
        offers = list(dict.fromkeys(place_id for spelling in near for place_id in ids_of[spelling]))[:4]
        return f"unknown place {row['place_id']!r}" + (f" (nearest: {', '.join(offers)})" if offers else "")

    expected, next_step = "a place_id of places.csv", "correct the place_id, or add the place to places.csv"
    return _report(REPORTS.file, reports, ~known, expected, found, next_step)


def _check_origin_sides(reports: pd.DataFrame, sources: pd.DataFrame) -> list[Problem]:
    if not {"origin", "origin_side"} <= set(reports.columns) or "side" not in sources:
        return []
    listed = reports["origin"].map(dict(zip(sources["origin"], sources["side"], strict=True)))
    wrong = listed.notna() & (listed != reports["origin_side"]) & (reports["origin_side"] != "")
    return _report(
        REPORTS.file,
        reports.assign(listed=listed),
        wrong,
        f"the origin_side that {SOURCES.file} gives for the origin",
        lambda row: f"{row['origin_side']!r} for {row['origin']!r}, there {row['listed']!r}",
        "make the two files agree",
    )


def _check_order(rows: pd.DataFrame, event: str, file: str) -> list[Problem]:
    if event not in rows or "published_date" not in rows:
        return []
    delay = (to_days(rows["published_date"]) - to_days(rows[event])).dt.days
    rows = rows.assign(delay=delay)

    def found(row: Row) -> str:
        told = f"{event} {row[event]}, published {row['published_date']}"
        gap, clock = abs(row["delay"]), "before" if row["delay"] < 0 else "after"
        if gap < _YEAR_DAYS:
            return told
        return f"{told}: published {gap / 365.25:.0f} year(s) {clock} the event, probably a wrong year"

    problems = []
    for wrong, expected in (
        (delay < 0, f"{event} not after published_date"),
        (delay > _LATE_DAYS, f"published_date within ten years of {event}"),
    ):
        problems += _report(file, rows, wrong, expected, found, "correct one of the two dates")
    return problems


def _check_period(rows: pd.DataFrame, column: str, period: tuple[date, date] | None, file: str) -> list[Problem]:
    if period is None or column not in rows:
        return []
    days = to_days(rows[column])
    far = (pd.Timestamp(period[0]) - days).dt.days > _YEAR_DAYS
    far |= (days - pd.Timestamp(period[1])).dt.days > _YEAR_DAYS
    if "published_date" in rows:
        far &= ~(days > to_days(rows["published_date"]))  # told already, as a wrong order
    return _report(
        file,
        rows,
        far,
        f"{column} within a year of the period {period[0]} to {period[1]} of {_THEATRE_FILE}",
        lambda row: f"{row[column]}, probably a wrong year",
        "correct the date, or the period",
    )


def _check_figures(claims: pd.DataFrame) -> list[Problem]:
    if not {"lower", "upper"} <= set(claims.columns):
        return []
    lower, upper = to_numbers(claims["lower"]), to_numbers(claims["upper"])
    problems = _report(
        CLAIMS.file,
        claims,
        lower > upper,
        "lower not above upper",
        lambda row: f"lower {row['lower']} and upper {row['upper']}",
        "swap them, or correct one",
    )
    if "unit" in claims:
        problems += _report(
            CLAIMS.file,
            claims,
            (claims["unit"] == "percent") & (upper > 100),
            "a share of at most 100 percent",
            lambda row: f"{row['upper']} percent",
            "correct the figure or its unit",
        )
    return problems


def _check_units(claims: pd.DataFrame) -> list[Problem]:
    if not {"measure", "unit"} <= set(claims.columns):
        return []
    needed = claims["measure"].map(dict(UNIT_OF_MEASURE))
    return _report(
        CLAIMS.file,
        claims.assign(needed=needed),
        needed.notna() & (needed != claims["unit"]) & (claims["unit"] != ""),
        "the unit that the measure asks for",
        lambda row: f"{row['unit']!r} for {row['measure']} (asks for {row['needed']})",
        "correct the unit or the measure",
    )


def _check_gain_periods(claims: pd.DataFrame) -> list[Problem]:
    if not {"period_start", "basis", "as_of_date"} <= set(claims.columns):
        return []
    stray = (claims["period_start"] != "") & (claims["basis"] != "period gain")
    late = to_days(claims["period_start"]) >= to_days(claims["as_of_date"])
    return _report(
        CLAIMS.file,
        claims,
        stray,
        "period_start only with basis 'period gain'",
        lambda row: f"{row['period_start']} with basis {row['basis']!r}",
        "leave period_start blank, or correct the basis",
    ) + _report(
        CLAIMS.file,
        claims,
        late,
        "period_start before as_of_date (the period begins at the end of period_start)",
        lambda row: f"{row['period_start']} and {row['as_of_date']}",
        "correct one of the two dates",
    )


def _check_inside(
    places: pd.DataFrame, lat: pd.Series[float], lon: pd.Series[float], frame: BaseGeometry
) -> list[Problem]:
    shapely.prepare(frame)
    outside = ~shapely.intersects_xy(frame, lon.to_numpy(), lat.to_numpy())
    swapped = outside & shapely.intersects_xy(frame, lat.to_numpy(), lon.to_numpy())
    west, south, east, north = frame.bounds
    expected = f"a position in the frame (lat {south:.2f} to {north:.2f}, lon {west:.2f} to {east:.2f})"
    return _report(
        PLACES.file,
        places,
        swapped,
        expected,
        lambda row: f"lat {row['lat']}, lon {row['lon']}: outside, but inside with lat and lon swapped",
        "swap the two numbers",
    ) + _report(
        PLACES.file,
        places,
        outside & ~swapped,
        expected,
        lambda row: f"lat {row['lat']}, lon {row['lon']}: outside",
        "correct the position, leave it blank, or widen frame.geojson",
    )


def _with_nearest(word: str, choices: Iterable[str]) -> str:
    meant = nearest(word, choices)
    return f"{word!r}" + (f" (did you mean {meant!r}?)" if meant else "")


def _report(
    file: str,
    rows: pd.DataFrame,
    wrong: pd.Series[bool] | BoolArray,
    expected: str,
    found: Callable[[Row], str],
    next_step: str,
) -> list[Problem]:
    """Make one problem for each wrong row."""
    rows = rows[wrong]
    return [
        Problem(file, int(line), expected, found(row), next_step)
        for line, row in zip(rows.index, rows.to_dict("records"), strict=True)
    ]


def _rows_text(rows: pd.Index) -> str:
    numbers = np.asarray(rows, dtype=np.int64)
    runs = np.split(numbers, np.flatnonzero(np.diff(numbers) != 1) + 1)
    spans = [f"{run[0]}" if len(run) == 1 else f"{run[0]}-{run[-1]}" for run in runs]
    shown = ", ".join(spans[:30]) + (f" and {len(spans) - 30} more stretches" if len(spans) > 30 else "")
    return f"row {shown}" if len(numbers) == 1 else f"rows {shown}"
