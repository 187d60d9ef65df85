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
from pandas.api.typing import NaTType

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
    spellings = _spelling_columns(places)
    reported = set(theatre.reports["place_id"])
    entries = {told: entry for entry, told in enumerate(dict.fromkeys(silent.values()))}
    names, others, numbers = [], [], []
    for row in places.to_dict("records"):
        name = str(row["name"])
        written = [str(row[column]).strip() for column in spellings]
        aliases = [alias.strip() for alias in str(row["aliases"]).split(";")]
        told = {_loose(spelling) for spelling in [name, *written, ""]}
        more = {_loose(alias): alias for alias in reversed(aliases) if _loose(alias) not in told}
        names.append(name)
        others.append("|".join([*written, *more.values()]).rstrip("|"))
        placed = pd.notna(row["lat"]) and pd.notna(row["lon"])
        known = placed and pd.notna(row["position_radius_m"])
        numbers += [
            strings.number(", ".join(part for part in (str(row["district"]), str(row["region"])) if part)),
            round(row["lon"] * 1e4) if placed else NONE,
            round(row["lat"] * 1e4) if placed else NONE,
            round(row["position_radius_m"]) if known else -1,
            owned.get(row["place_id"], -1),
            int(row["place_id"] in reported),
            entries.get(silent.get(row["place_id"], (-1, -1)), -1),
        ]
    return {"placeNames": names, "placeSpellings": others, "placeNumbers": packed(numbers)}


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

    records = history.spells.sort_values(["place_id", "valid_from"]).to_dict("records")
    for place_id, group in groupby(records, key=itemgetter("place_id")):
        rows = list(group)
        if len(rows) == 1 and not any(rows[0][kind] for kind in _LISTS) and len(rows[0]["decisions"]) < 2:
            silent[place_id] = (code[rows[0]["state"]], strings.number(rows[0]["rule"]))
            continue
        told += [number[place_id], len(rows)]
        for row in rows:
            end = len(history.days) if pd.isna(row["valid_to"]) else (row["valid_to"] - first).days
            start = max(0, (row["valid_from"] - first).days)
            told += [start, end - 1, code[row["state"]], strings.number(row["rule"])]
            for kind in _LISTS:
                told += listed(row[kind])
            told.append(len(row["decisions"]) - 1)
            for day, rule, ids in row["decisions"][1:]:
                told += [max(start, (pd.Timestamp(day) - first).days), strings.number(rule), *listed(ids)]
    return silent, told


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
    kinds: dict[tuple[int, ...], int] = {}
    pages: dict[tuple[int, ...], int] = {}

    def day(value: pd.Timestamp | NaTType) -> int:
        return NONE if isinstance(value, NaTType) else int((value - first).days)

    ids, told = [], []
    for row in reports.to_dict("records"):
        kind = (
            party_number.get(row["party"], -1),
            strings.number(row["status"]),
            strings.number(row["date_precision"]),
            int((row["proximity"] == "near") + 2 * bool(row["implied"])),
            strings.number(row["confidence"]),
        )
        page = (
            strings.number(row["origin"]),
            strings.number(row["source_name"]),
            strings.number(address(row["source_url"]) or ""),
            day(row["published_date"]),
        )
        ids.append(str(row["report_id"]))
        told += [kinds.setdefault(kind, len(kinds)), pages.setdefault(page, len(pages)), day(row["event_date"])]
        told += [strings.number(row["note"]), number[row["place_id"]]]
    return {
        "reportIds": " ".join(ids),
        "reportNumbers": packed(told),
        "kinds": packed(value for kind in kinds for value in kind),
        "pages": packed(value for page in pages for value in page),
    }
