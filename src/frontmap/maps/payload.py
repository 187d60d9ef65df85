"""The data of one page: a history as plain values, cells once and changes by day, small enough to be mailed."""

from __future__ import annotations

import json
import math
import re
import unicodedata
from datetime import date
from itertools import groupby
from operator import itemgetter
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray
from pandas.api.typing import NaTType
from shapely.geometry.base import BaseGeometry

from frontmap.control import reports_as_of
from frontmap.maps.arcs import GRID_DEG, GridArcs, Vertices, shared_arcs
from frontmap.maps.escape import address, colour
from frontmap.maps.offline import asset
from frontmap.maps.palette import PALETTE

if TYPE_CHECKING:
    from frontmap.history import History
    from frontmap.theatre import Theatre

__all__ = ["key_days", "payload", "possessive", "words"]

LINE_TOLERANCE_DEG = 2e-4
ARC_TOLERANCE_DEG = 1e-4
_LISTS = ("deciding", "supporting", "losing", "noted")
CODES = "0123456789abcdefghijklmnopqrstuvwxyz"

Json = dict[str, Any]


class _Strings:
    """Texts said many times, kept once and told by number."""

    def __init__(self) -> None:
        self.numbers: dict[str, int] = {"": 0}

    def number(self, text: object) -> int:
        value = "" if text is None or text is pd.NaT or (isinstance(text, float) and math.isnan(text)) else str(text)
        return self.numbers.setdefault(value, len(self.numbers))

    def listed(self) -> list[str]:
        return list(self.numbers)


def payload(history: History, *, lang: str = "en") -> Json:
    """Gather everything the map of a history shows.

    Parameters
    ----------
    history
        An assessed history.
    lang
        Language of the words of the page; one file of words per language.

    Returns
    -------
    dict
        Values that JSON can hold. Coordinates are whole multiples of 1e-5 degrees (EPSG:4326), each relative to
        the one before; areas are km2, computed before rounding. Days are counted from the first one.

    Raises
    ------
    KeyError
        If the history lacks a column that its description promises.
    """
    theatre = history.theatre
    strings = _Strings()
    rank = _ranks(theatre)
    number = {place: place_number for place_number, place in enumerate(theatre.places["place_id"].iloc[rank])}
    outline = shared_arcs(history.cells.geometry)
    nodes, arcs = _arcs(outline)
    cells = history.cells
    states = _states(history)
    districts = sorted(set(cells["district"].astype(str)))
    sides = sorted(set(cells["side"].astype(str)))
    reports = reports_as_of(theatre.reports, history.as_of)
    report_number = {report: row for row, report in enumerate(reports["report_id"])}
    return {
        "title": theatre.title,
        "policy": history.policy,
        "attribution": theatre.attribution,
        "asOf": _iso(history.as_of),
        "first": _iso(history.days[0]),
        "days": len(history.days),
        "interval": history.interval_label,
        "keyDays": key_days(history),
        "states": states,
        "sides": sides,
        "sideWords": [_side_word(theatre, side) for side in sides],
        "nodes": _deltas(nodes),
        "arcs": arcs,
        "cells": _cell_rings(outline),
        "cellPlace": [number[place] for place in cells["place_id"]],
        "cellSide": [sides.index(side) for side in cells["side"].astype(str)],
        "cellDistrict": [districts.index(name) for name in cells["district"].astype(str)],
        "cellArea": [round(float(area), 3) for area in cells["area_km2"]],
        "districts": districts,
        "start": "".join(CODES[code] for code in history.codes[0]),
        "changes": _changes(history.codes),
        "areas": _area_steps(history),
        "places": _places(theatre, rank, _cell_of_place(cells), strings),
        "spellings": [column.removeprefix("name_") for column in _spelling_columns(theatre.places)],
        "spells": _spells(history, number, report_number, strings),
        **_reports(reports, [state["id"] for state in states], strings, history.days[0]),
        "strings": strings.listed(),
        "border": _border(outline, cells["side"].tolist()),
        "borderBeyond": _lines(_beyond_frame(theatre)),
        "frame": _lines(shapely.boundary(theatre.frame)),
        "rivers": [
            {"name": str(name), "lines": _lines(line)}
            for name, line in zip(theatre.rivers["name"], theatre.rivers.geometry, strict=True)
        ],
        "grid": GRID_DEG,
        "palette": PALETTE,
        "words": words(lang),
        "lang": lang,
    }


def words(lang: str) -> dict[str, str]:
    """Read the words of the page in one language.

    Parameters
    ----------
    lang
        Language code; ``en`` is there, others are one file each.

    Returns
    -------
    dict
        Key of a phrase to the phrase.

    Raises
    ------
    FileNotFoundError
        If there is no file of words for this language.
    """
    table: dict[str, str] = json.loads(asset(f"words.{lang}.json"))
    return table


def possessive(label: str) -> str:
    """Write whose something is.

    Parameters
    ----------
    label
        Name of a country or party in English.

    Returns
    -------
    str
        The name with apostrophe.

    Raises
    ------
    AttributeError
        If the label is not a text.

    Examples
    --------
    >>> possessive("Freedonia"), possessive("Netherlands")
    ("Freedonia's", "Netherlands'")
    """
    return f"{label}'" if label.endswith("s") else f"{label}'s"


def key_days(history: History) -> list[int]:
    """Choose the days that deserve a row of their own.

    Parameters
    ----------
    history
        An assessed history.

    Returns
    -------
    list of int
        Days counted from the first one: the key dates of the theatre that lie in the period, or, where it names
        none, five evenly spaced days.

    Raises
    ------
    AttributeError
        If the history has no days.
    """
    named = pd.DatetimeIndex([pd.Timestamp(day) for day in history.theatre.key_dates])
    places = history.days.get_indexer(named)
    chosen = [int(place) for place in places if place >= 0]
    return chosen or sorted({round(float(place)) for place in np.linspace(0, len(history.days) - 1, 5)})


def _states(history: History) -> list[Json]:
    """Parties, contested and unknown, in the order of the codes."""
    parties = {party.id: party for party in history.theatre.parties}
    states: list[Json] = []
    for name in history.state_names:
        party = parties.get(name)
        if party is None:
            states.append({"id": name, "kind": name})
        else:
            states.append(
                {
                    "id": name,
                    "kind": "party",
                    "label": party.label,
                    "colour": colour(party.colour),
                    "home": party.home_country,
                    "hatched": bool(party.hatched),
                }
            )
    return states


def _side_word(theatre: Theatre, side: str) -> str:
    labels = [party.label for party in theatre.parties if party.home_country == side]
    return possessive(labels[0] if labels else side)


def _iso(day: date | pd.Timestamp | None) -> str:
    """Write a day as ISO text, blank where there is none."""
    return "" if day is None or pd.isna(day) else str(day)[:10]


def _arcs(outline: GridArcs) -> tuple[NDArray[np.int64], list[list[int]]]:
    """List the ends of the arcs, each once; and each arc as its two ends and the deltas of what lies between them."""
    number: dict[tuple[int, int], int] = {}
    arcs = []
    for arc in map(_simple, outline.arcs):
        first, last = ((int(x), int(y)) for x, y in arc[[0, -1]])
        ends = [number.setdefault(first, len(number)), number.setdefault(last, len(number))]
        arcs.append(ends + np.diff(arc[:-1], axis=0).ravel().tolist())
    return np.array(list(number), dtype=np.int64), arcs


def _cell_rings(outline: GridArcs) -> list[list[list[int]]]:
    """Rings of the cells as arcs: twice the number of the arc, plus one if backwards, less the value before."""
    before, cells = 0, []
    for rings in outline.cells:
        told = []
        for ring in rings:
            values = [2 * arc if arc >= 0 else 2 * ~arc + 1 for arc in ring]
            told.append([value - last for value, last in zip(values, [before, *values], strict=False)])
            before = values[-1]
        cells.append(told)
    return cells


def _border(outline: GridArcs, sides: list[str]) -> list[list[int]]:
    """Chains of arcs whose two cells lie on different sides, so that a dash pattern runs on from arc to arc."""
    parting = {n for n, (a, b) in enumerate(outline.owners) if a >= 0 and b >= 0 and sides[a] != sides[b]}
    ends = {n: (tuple(outline.arcs[n][0]), tuple(outline.arcs[n][-1])) for n in sorted(parting)}
    at: dict[tuple[int, ...], list[int]] = {}
    for n, (first, last) in ends.items():
        at.setdefault(first, []).append(n)
        at.setdefault(last, []).append(~n)
    chains: list[list[int]] = []
    beginnings = [reference for references in at.values() if len(references) != 2 for reference in references]
    for reference in [*beginnings, *ends]:
        chain: list[int] = []
        onward = [reference]
        while onward and max(onward[0], ~onward[0]) in parting:
            arc = max(onward[0], ~onward[0])
            parting.remove(arc)
            chain.append(onward[0])
            meeting = at[ends[arc][onward[0] >= 0]]
            onward = [other for other in meeting if max(other, ~other) in parting] if len(meeting) == 2 else []
        if chain:
            chains.append(chain)
    return chains


def _beyond_frame(theatre: Theatre) -> BaseGeometry | None:
    """Take the part of the border that runs outside the frame."""
    return None if theatre.border is None else shapely.difference(theatre.border, theatre.frame)


def _simple(arc: Vertices) -> Vertices:
    """Drop vertices of a shared arc that change its course by less than a few metres; its ends stay."""
    if len(arc) < 3:
        return arc
    line = shapely.simplify(shapely.linestrings(arc), ARC_TOLERANCE_DEG / GRID_DEG)
    kept: Vertices = shapely.get_coordinates(line).astype(np.int64)
    return kept


def _deltas(arc: NDArray[np.int64]) -> list[int]:
    return np.concatenate([arc[:1], np.diff(arc, axis=0)]).ravel().tolist()


def _lines(geometry: BaseGeometry | None) -> list[list[int]]:
    """Lines of a geometry, simplified to about twenty metres, as deltas on the grid."""
    if geometry is None or shapely.is_empty(geometry):
        return []
    simple = shapely.simplify(shapely.line_merge(geometry), LINE_TOLERANCE_DEG)
    parts = [np.rint(shapely.get_coordinates(part) / GRID_DEG) for part in shapely.get_parts(simple)]
    return [_deltas(part.astype(np.int64)) for part in parts]


def _changes(codes: NDArray[np.uint8]) -> list[list[int]]:
    """Per day with changes: the day, then cell and new state by turns."""
    changes = []
    days, cells = np.nonzero(codes[1:] != codes[:-1])
    for day in np.unique(days):
        which = cells[days == day]
        pairs = np.stack([which, codes[day + 1, which]], axis=1)
        changes.append([int(day) + 1, *pairs.ravel().tolist()])
    return changes


def _area_steps(history: History) -> dict[str, list[list[float]]]:
    """Areas of each state on each side, only on days on which they change: day, low, best, high in km2."""
    areas = history.areas()
    day = history.days.get_indexer(pd.DatetimeIndex(areas["date"]))
    values = areas[["area_low_km2", "area_km2", "area_high_km2"]].round(1).assign(day=day)
    steps: dict[str, list[list[float]]] = {}
    for (party, side), rows in values.groupby([areas["party"], areas["side"]], sort=True):
        ordered = rows.sort_values("day")
        numbers = ordered[["area_low_km2", "area_km2", "area_high_km2"]]
        changed = (numbers != numbers.shift()).any(axis=1)
        if numbers.to_numpy().any():
            steps[f"{party}|{side}"] = [
                [int(row[0]), *row[1:]]
                for row in zip(ordered["day"][changed], *numbers[changed].T.to_numpy(), strict=True)
            ]
    return steps


def _ranks(theatre: Theatre) -> NDArray[np.int64]:
    """Places by how much a reader wants their name: reported ones first, then larger ones, then by id."""
    reported = theatre.places["place_id"].map(theatre.reports["place_id"].value_counts()).fillna(0).to_numpy(float)
    people = theatre.places["population"].fillna(0).to_numpy(float)
    weight = np.log1p(people) + 2.5 * np.log1p(reported)
    return np.lexsort((theatre.places["place_id"].to_numpy(str), -weight)).astype(np.int64)


def _cell_of_place(cells: gpd.GeoDataFrame) -> dict[str, int]:
    return {place: cell for cell, places in enumerate(cells["place_ids"]) for place in places}


def _loose(text: str) -> str:
    """Write a name without accents and apostrophes, as the page's search compares it."""
    marked = unicodedata.normalize("NFD", text)
    plain = "".join(sign for sign in marked if not unicodedata.category(sign).startswith("M"))
    return re.sub("['’ʼ`ьъ-]", "", plain).lower()


def _spelling_columns(places: pd.DataFrame) -> list[str]:
    return [column for column in places.columns if column.startswith("name_")]


def _places(theatre: Theatre, rank: NDArray[np.int64], cell_of: dict[str, int], strings: _Strings) -> list[list[Any]]:
    """List name, spellings (one per language first), district, longitude and latitude, radius in m, cell, reported.

    Positions are whole multiples of 1e-4 degrees.
    """
    places = theatre.places.iloc[rank]
    spellings = _spelling_columns(places)
    reported = set(theatre.reports["place_id"])
    rows: list[list[Any]] = []
    for row in places.to_dict("records"):
        name = str(row["name"])
        written = [str(row[column]).strip() for column in spellings]
        aliases = [alias.strip() for alias in str(row["aliases"]).split(";")]
        told = {_loose(spelling) for spelling in [name, *written, ""]}
        others = written + list(
            {_loose(alias): alias for alias in reversed(aliases) if _loose(alias) not in told}.values()
        )
        position: list[Any] = [None, None, None]
        if pd.notna(row["lat"]) and pd.notna(row["lon"]):
            radius = row["position_radius_m"]
            position = [
                round(row["lon"] * 1e4),
                round(row["lat"] * 1e4),
                None if pd.isna(radius) else round(radius),
            ]
        district = strings.number(", ".join(part for part in (str(row["district"]), str(row["region"])) if part))
        known = cell_of.get(row["place_id"])
        rows.append([name, "|".join(others).rstrip("|"), district, *position, known, int(row["place_id"] in reported)])
    return rows


def _spells(
    history: History, number: dict[str, int], report_number: dict[str, int], strings: _Strings
) -> dict[str, list[list[Any]]]:
    """Spells of each place that any report decided: first and last day, state, rule, four lists of reports, decisions.

    The lists are deciding, supporting, losing, noted; then later decisions for the same state, each as day, rule and
    reports. Places of which nothing but the starting state is known are
    left out: the page reads their state from their cell and their rule from the key ``""``.
    """
    first = history.days[0]
    code = {name: place for place, name in enumerate(history.state_names)}
    told: dict[str, list[list[Any]]] = {}
    default = 0
    records = history.spells.sort_values(["place_id", "valid_from"]).to_dict("records")
    for place_id, rows in groupby(records, key=itemgetter("place_id")):
        spells = []
        for row in rows:
            end = len(history.days) if pd.isna(row["valid_to"]) else (row["valid_to"] - first).days
            reports = [[report_number[report] for report in row[kind]] for kind in _LISTS]
            start = max(0, (row["valid_from"] - first).days)
            later = [
                [max(start, (pd.Timestamp(day) - first).days), strings.number(rule), [report_number[i] for i in ids]]
                for day, rule, ids in row["decisions"][1:]
            ]
            spells.append([start, end - 1, code[row["state"]], strings.number(row["rule"]), *reports, later])
        if len(spells) == 1 and not any(spells[0][4:]):
            default = spells[0][3]
        else:
            told[str(number[place_id])] = spells
    return {"": [[default]], **told}


def _reports(
    reports: pd.DataFrame, states: list[str], strings: _Strings, first: pd.Timestamp
) -> dict[str, list[list[Any]]]:
    """Rows of id, kind, page, day and note, with the kinds of statement and the pages that they name by number.

    A kind is party, status, precision of the day, flags (1 for ``near``, 2 for ``implied``), confidence; a page is
    origin, source, address, day of publication. Days are counted from the first day of the period, null where
    blank; texts are numbers of `strings`.
    """
    party_number = {party: place for place, party in enumerate(states)}
    kinds: dict[tuple[Any, ...], int] = {}
    pages: dict[tuple[Any, ...], int] = {}

    def day(value: pd.Timestamp | NaTType) -> int | None:
        return None if isinstance(value, NaTType) else (value - first).days

    rows = []
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
        numbers = [kinds.setdefault(kind, len(kinds)), pages.setdefault(page, len(pages))]
        rows.append([str(row["report_id"]), *numbers, day(row["event_date"]), strings.number(row["note"])])
    return {"reports": rows, "kinds": [list(kind) for kind in kinds], "pages": [list(page) for page in pages]}
