"""The data of one page: a history as plain values, cells once and changes by day, small enough to be mailed."""

from __future__ import annotations

import json
from datetime import date
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import shapely
from shapely.geometry.base import BaseGeometry

from frontmap.maps.accounts import Strings, accounts
from frontmap.maps.arcs import GRID_DEG
from frontmap.maps.escape import colour
from frontmap.maps.ground import ground
from frontmap.maps.offline import asset
from frontmap.maps.packing import packed
from frontmap.maps.palette import PALETTE

if TYPE_CHECKING:
    from frontmap.history import History
    from frontmap.theatre import Theatre

__all__ = ["key_days", "payload", "possessive", "words"]

LINE_TOLERANCE_DEG = 2e-4

Json = dict[str, Any]


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
        Values that JSON can hold; numbers in long rows are text as `frontmap.maps.packing` writes them. Coordinates
        are whole multiples of 4e-5 degrees (EPSG:4326), each relative to the one before; areas are km2, computed
        before rounding. Days are counted from the first one. See `ground` and `accounts` for the long rows.

    Raises
    ------
    KeyError
        If the history lacks a column that its description promises.
    """
    theatre = history.theatre
    strings = Strings()
    land = ground(history)
    told = accounts(history, strings, land["sides"], land["districts"])
    return {
        "title": theatre.title,
        "policy": history.policy,
        "attribution": theatre.attribution,
        "asOf": _iso(history.as_of),
        "first": _iso(history.days[0]),
        "days": len(history.days),
        "interval": history.interval_label,
        "level": history.level,
        "keyDays": key_days(history),
        "states": _states(history),
        "sideWords": [_side_word(theatre, side) for side in land["sides"]],
        **land,
        **told,
        "strings": strings.listed(),
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


def _beyond_frame(theatre: Theatre) -> BaseGeometry | None:
    """Take the part of the border that runs outside the frame."""
    return None if theatre.border is None else shapely.difference(theatre.border, theatre.frame)


def _lines(geometry: BaseGeometry | None) -> list[str]:
    """Lines of a geometry, simplified to about twenty metres, as deltas on the grid."""
    if geometry is None or shapely.is_empty(geometry):
        return []
    simple = shapely.simplify(shapely.line_merge(geometry), LINE_TOLERANCE_DEG)
    parts = [np.rint(shapely.get_coordinates(part) / GRID_DEG) for part in shapely.get_parts(simple)]
    return [packed(np.diff(part.astype(np.int64), axis=0, prepend=0).ravel().tolist()) for part in parts]
