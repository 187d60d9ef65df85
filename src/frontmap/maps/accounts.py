"""What a page tells of each place: its names and position, its spells with their reports, and how probable they are."""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Iterable, Sequence
from itertools import groupby
from operator import itemgetter
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from frontmap.control import reports_as_of
from frontmap.maps.escape import address
from frontmap.maps.packing import deltas, packed

if TYPE_CHECKING:
    from frontmap.history import History
    from frontmap.theatre import Theatre

__all__ = ["NONE", "Strings", "accounts"]

NONE = -(2**21)  # stands for a missing number that may be negative; others are told by -1
POINTS_TOLERANCE = 1.0  # percentage points by which a course of probability may be simplified
_LISTS = ("deciding", "supporting", "losing", "noted")

Json = dict[str, Any]


class Strings:
    """Texts said many times, kept once and told by number."""

    def __init__(self) -> None:
        self.numbers: dict[str, int] = {"": 0}

    def number(self, text: object) -> int:
        """Give a text its number.

        Parameters
        ----------
        text
            Anything; what is missing is the empty text.

        Returns
        -------
        int
            The same for equal texts.

        Raises
        ------
        Nothing; whatever has a text can be numbered.
        """
        value = "" if text is None or text is pd.NaT or (isinstance(text, float) and math.isnan(text)) else str(text)
        return self.numbers.setdefault(value, len(self.numbers))

    def listed(self) -> list[str]:
        """List the texts by number.

        Returns
        -------
        list of str
            The first is empty.

        Raises
        ------
        Nothing.
        """
        return list(self.numbers)


def accounts(history: History, strings: Strings, sides: Sequence[str], districts: Sequence[str]) -> Json:
    """Gather places, spells, reports and probabilities.

    Parameters
    ----------
    history
        An assessed history.
    strings
        Gets the texts that are told by number.
    sides, districts
        Names as the page numbers them.

    Returns
    -------
    dict
        Values that JSON can hold, numbers written by `packed`, missing ones as `NONE`. Days are counted from the
        first one. ``placeNumbers`` holds seven numbers for each place: district and region (a text), longitude and
        latitude in 1e-4 degrees, radius in m, the side and the district of its ground (side + sides * district; -1
        where it has none), whether reports name it, and its entry in ``silent`` (state and rule) if nothing decided it.

    Raises
    ------
    KeyError
        If the history lacks a column that its description promises.
    """
    theatre = history.theatre
    rank = _ranks(theatre)
    number = {place: place_number for place_number, place in enumerate(theatre.places["place_id"].iloc[rank])}
    reports = reports_as_of(theatre.reports, history.as_of)
    report_number = {report: row for row, report in enumerate(reports["report_id"])}
    silent, spells = _spells(history, number, report_number, strings)
    owned = _ground_of_place(history.cells, sides, districts)
    return {
        "none": NONE,
        **_places(theatre, rank, owned, silent, strings),
        "spellings": [column.removeprefix("name_") for column in _spelling_columns(theatre.places)],
        "silent": [list(told) for told in dict.fromkeys(silent.values())],
        "spells": packed(spells),
        "chances": packed(_chances(history, number)),
        **_reports(reports, list(history.state_names), number, strings, history.days[0]),
    }


def _ranks(theatre: Theatre) -> NDArray[np.int64]:
    """Places by how much a reader wants their name: reported ones first, then larger ones, then by id."""
    reported = theatre.places["place_id"].map(theatre.reports["place_id"].value_counts()).fillna(0).to_numpy(float)
    people = theatre.places["population"].fillna(0).to_numpy(float)
    weight = np.log1p(people) + 2.5 * np.log1p(reported)
    return np.lexsort((theatre.places["place_id"].to_numpy(str), -weight)).astype(np.int64)


def _ground_of_place(cells: gpd.GeoDataFrame, sides: Sequence[str], districts: Sequence[str]) -> dict[str, int]:
    """Tell on which side and in which district the ground of each place lies."""
    return {
        place: sides.index(str(side)) + len(sides) * districts.index(str(district))
        for places, side, district in zip(cells["place_ids"], cells["side"], cells["district"], strict=True)
        for place in places
    }


def _loose(text: str) -> str:
    """Write a name without accents and apostrophes, as the page's search compares it."""
    marked = unicodedata.normalize("NFD", text)
    plain = "".join(sign for sign in marked if not unicodedata.category(sign).startswith("M"))
    return re.sub("['’ʼ`ьъ-]", "", plain).lower()


def _spelling_columns(places: pd.DataFrame) -> list[str]:
    return [column for column in places.columns if column.startswith("name_")]


def _places(
    theatre: Theatre,
    rank: NDArray[np.int64],
    owned: dict[str, int],
    silent: dict[str, tuple[int, int]],
    strings: Strings,
) -> Json:
    """List names, further spellings (one per language first) and numbers of the places."""
    places = theatre.places.iloc[rank]
    ids, names = places["place_id"].tolist(), places["name"].astype(str).tolist()
    written = [[str(name).strip() for name in places[column].tolist()] for column in _spelling_columns(places)]
    spellings = [
        _further(name, list(others), str(aliases))
        for name, aliases, *others in zip(names, places["aliases"].tolist(), *written, strict=True)
    ]
    entries = {told: entry for entry, told in enumerate(dict.fromkeys(silent.values()))}
    wheres = [
        ", ".join(part for part in (str(district), str(region)) if part)
        for district, region in zip(places["district"].tolist(), places["region"].tolist(), strict=True)
    ]
    lon, lat, radius = (places[name].to_numpy(dtype=float) for name in ("lon", "lat", "position_radius_m"))
    placed = ~(np.isnan(lon) | np.isnan(lat))
    numbers = np.column_stack(
        [
            [strings.number(where) for where in wheres],
            _whole(lon * 1e4, placed, NONE),
            _whole(lat * 1e4, placed, NONE),
            _whole(radius, placed & ~np.isnan(radius), -1),
            [owned.get(place, -1) for place in ids],
            places["place_id"].isin(theatre.reports["place_id"]).to_numpy(),
            [entries.get(silent.get(place, (-1, -1)), -1) for place in ids],
        ]
    )
    return {"placeNames": names, "placeSpellings": spellings, "placeNumbers": packed(numbers.ravel().tolist())}


def _further(name: str, written: list[str], aliases: str) -> str:
    """List the further spellings of a place: one for each language, then aliases that none of these is."""
    more: dict[str, str] = {}
    if aliases:
        told = {_loose(spelling) for spelling in [name, *written, ""]}
        listed = [alias.strip() for alias in aliases.split(";")]
        more = {_loose(alias): alias for alias in reversed(listed) if _loose(alias) not in told}
    return "|".join([*written, *more.values()]).rstrip("|")


def _whole(values: NDArray[np.float64], known: NDArray[np.bool_], missing: int) -> NDArray[np.int64]:
    """Round numbers, with a sign for those that are missing."""
    return np.where(known, np.rint(np.where(known, values, 0.0)), missing).astype(np.int64)


def _spells(
    history: History, number: dict[str, int], report_number: dict[str, int], strings: Strings
) -> tuple[dict[str, tuple[int, int]], list[int]]:
    """Tell state and rule of the places that nothing decided, and the spells of the others as one row of numbers.

    For each place its number and how many spells; for each spell first and last day, state, rule, four lists of
    reports (deciding, supporting, losing, noted), then how many later decisions for the same state there were, each as
    day, rule and list. A list is its length and its reports, each less the one before.
    """
    first = history.days[0]
    code = {name: place for place, name in enumerate(history.state_names)}
    silent: dict[str, tuple[int, int]] = {}
    told: list[int] = []

    def listed(ids: Iterable[str]) -> list[int]:
        numbers = deltas(report_number[i] for i in ids)
        return [len(numbers), *numbers]

    rows_of = history.spells.sort_values(["place_id", "valid_from"])
    start = np.maximum((rows_of["valid_from"] - first).dt.days.to_numpy(), 0)
    days = {"start": start.tolist(), "end": _days(rows_of["valid_to"], first, len(history.days))}
    columns = {name: rows_of[name].tolist() for name in ("state", "rule", *_LISTS, "decisions")} | days
    records = [dict(zip(columns, values, strict=True)) for values in zip(*columns.values(), strict=True)]
    for place_id, group in groupby(zip(rows_of["place_id"].tolist(), records, strict=True), key=itemgetter(0)):
        rows = [row for _, row in group]
        if len(rows) == 1 and not any(rows[0][kind] for kind in _LISTS) and len(rows[0]["decisions"]) < 2:
            silent[place_id] = (code[rows[0]["state"]], strings.number(rows[0]["rule"]))
            continue
        told += [number[place_id], len(rows)]
        for row in rows:
            told += [row["start"], row["end"] - 1, code[row["state"]], strings.number(row["rule"])]
            for kind in _LISTS:
                told += listed(row[kind])
            told.append(len(row["decisions"]) - 1)
            for day, rule, ids in row["decisions"][1:]:
                later = max(row["start"], (pd.Timestamp(day) - first).days)
                told += [later, strings.number(rule), *listed(ids)]
    return silent, told


def _days(dates: pd.Series, first: pd.Timestamp, missing: int) -> list[int]:
    """Count days from the first one."""
    counted: list[int] = (dates - first).dt.days.fillna(missing).astype(np.int64).tolist()
    return counted


def _chances(history: History, number: dict[str, int]) -> list[int]:
    """Tell how probable each state but the home party's is at each settlement, as one row of numbers.

    For each settlement at which anything is in doubt its number, the state that takes the rest, and how many states
    follow; for each of these its code, how many corners its course has, and the corners: day and whole per cents, each
    less the one before. Between corners the course is straight, wrong by about a percentage point at most.
    """
    surfaces = history.surfaces
    if surfaces is None:
        return []
    days = len(history.days)
    table = np.stack([100.0 * surfaces.settlement_probabilities[state][:days] for state in history.state_names])
    likeliest = table.mean(axis=1).argmax(axis=0)
    told: list[int] = []
    for column, (place_id, home) in enumerate(surfaces.settlements["home"].items()):
        rest = history.state_names.index(home) if home in history.state_names else int(likeliest[column])
        courses = {
            state: table[state, :, column]
            for state in range(len(table))
            if state != rest and table[state, :, column].max() >= 1.5
        }
        if courses:
            told += [number[str(place_id)], rest, len(courses)]
        for state, course in courses.items():
            corners = _corners(course)
            told += [state, len(corners), *np.diff(corners, axis=0, prepend=0).ravel().tolist()]
    return told


def _corners(course: NDArray[np.floating[Any]]) -> NDArray[np.int64]:
    """Choose the days at which a course bends, with its whole value on these."""
    if len(course) < 2:
        return np.column_stack([np.zeros(len(course)), np.rint(course)]).astype(np.int64)
    wide = 1e5  # days drawn so far apart that distance from the line is distance in value
    line = shapely.linestrings(np.column_stack([wide * np.arange(len(course)), course]))
    kept = shapely.get_coordinates(shapely.simplify(line, POINTS_TOLERANCE))
    corners: NDArray[np.int64] = np.column_stack([np.rint(kept[:, 0] / wide), np.rint(kept[:, 1])]).astype(np.int64)
    return corners


def _reports(
    reports: pd.DataFrame, states: list[str], number: dict[str, int], strings: Strings, first: pd.Timestamp
) -> Json:
    """Tell ids, and for each report kind, page, day, note and place, with the kinds and pages named by number.

    A kind is party, status, precision of the day, flags (1 for ``near``, 2 for ``implied``), confidence; a page is
    origin, source, address, day of publication. Texts are numbers of `strings`.
    """
    party_number = {party: place for place, party in enumerate(states)}
    texts = ("status", "date_precision", "confidence", "origin", "source_name", "note")
    said = {name: [strings.number(text) for text in reports[name].tolist()] for name in texts}
    links = [strings.number(address(url) or "") for url in reports["source_url"].tolist()]
    flags = (reports["proximity"] == "near").to_numpy() + 2 * reports["implied"].to_numpy(dtype=bool)
    parties = [party_number.get(party, -1) for party in reports["party"].tolist()]
    published = _days(reports["published_date"], first, NONE)
    kinds: dict[tuple[int, ...], int] = {}
    pages: dict[tuple[int, ...], int] = {}
    kind = zip(parties, said["status"], said["date_precision"], flags.tolist(), said["confidence"], strict=True)
    page = zip(said["origin"], said["source_name"], links, published, strict=True)
    told = np.column_stack(
        [
            [kinds.setdefault(one, len(kinds)) for one in kind],
            [pages.setdefault(one, len(pages)) for one in page],
            _days(reports["event_date"], first, NONE),
            said["note"],
            [number[place] for place in reports["place_id"].tolist()],
        ]
    )
    return {
        "reportIds": " ".join(map(str, reports["report_id"].tolist())),
        "reportNumbers": packed(told.ravel().astype(np.int64).tolist()),
        "kinds": packed(value for one in kinds for value in one),
        "pages": packed(value for one in pages for value in one),
    }
