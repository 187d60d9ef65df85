"""The data of one page: a history as plain values, cells once and changes by day, small enough to be mailed."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import shapely
from shapely.geometry.base import BaseGeometry

from frontmap.maps.accounts import Strings, accounts
from frontmap.maps.escape import colour
from frontmap.maps.ground import GRID_DEG, ground, grouped
from frontmap.maps.packing import packed
from frontmap.maps.palette import PALETTE
from frontmap.maps.views import packed_views, view_codes
from frontmap.wording import page_words

if TYPE_CHECKING:
    from frontmap.history import History
    from frontmap.theatre import Theatre

__all__ = ["key_days", "payload"]

LINE_TOLERANCE_DEG = 2e-4

Json = dict[str, Any]


def payload(history: History, *, lang: str = "en", views: Sequence[History] = ()) -> Json:
    """Gather everything the map of a history shows.

    Parameters
    ----------
    history
        An assessed history.
    lang
        Language in which the page opens.
    views
        Further histories of the same theatre, which the page can show beside this one.

    Returns
    -------
    dict
        Values that JSON can hold; numbers in long rows are text as `frontmap.maps.packing` writes them. Coordinates
        are whole multiples of 4e-5 degrees (EPSG:4326), each relative to the one before; areas are km2, computed
        before rounding. Days are counted from the first one. See `ground` and `accounts` for the long rows.

    Raises
    ------
    KeyError
        If the history lacks a column that its description promises, or there is no such language.
    FrontmapError
        If a view is of another theatre or period.
    """
    theatre = history.theatre
    strings = Strings()
    tables = [view_codes(history, view) for view in views]
    groups = grouped(history, tables)
    land = ground(history, groups)
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
        **land,
        "views": packed_views(views, tables, groups),
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
        "words": page_words(history),
        "lang": lang,
    }


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
