"""The map data of Project Owl: lists of rings, each point written latitude first."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

import shapely

from frontmap.readers.daily import day_of, nothing
from frontmap.readers.documents import Document
from frontmap.readers.pieces import Piece, Tally

LAYERS = {"areas": "occupied", "areas_ua": "held-abroad"}
_HEAD_BYTES = 200
_SHORT = "{} rings of fewer than three points were left out."
_OPEN = "{} rings were closed."


def knows(document: Document) -> bool:
    """Tell whether a document is of this format.

    Parameters
    ----------
    document : Document
        Any.

    Returns
    -------
    bool
        Whether it begins with its list of areas.

    Raises
    ------
    TypeError
        Never, with bytes.
    """
    return document.data[:_HEAD_BYTES].replace(b" ", b"").lstrip().startswith(b'{"areas":[')


def pieces(document: Document, shift_days: int, tally: Tally) -> Iterator[Piece]:
    """Read one document.

    Parameters
    ----------
    document : Document
        JSON with the members ``areas`` and, since 2024, ``areas_ua``; the day stands in the file's name.
    shift_days : int
        Added to that day.
    tally : Tally
        Takes problems and counts.

    Yields
    ------
    Piece
        One a ring, in the layers `occupied` and `held-abroad`.

    Raises
    ------
    TableError
        If it is no JSON.
    """
    day = day_of(document, shift_days, tally)
    if day is None:
        return
    yield nothing(document, day)
    content = document.json
    if not isinstance(content, dict) or not isinstance(content.get("areas"), list):
        tally.refuse(document.name, "a member areas with a list of rings", type(content).__name__)
        return
    for member, layer in LAYERS.items():
        listed = content.get(member) or []
        if not isinstance(listed, list):
            tally.refuse(document.name, f"a list of rings as member {member}", type(listed).__name__)
            continue
        for number, ring in enumerate(listed, start=1):
            where = f"ring {number} of {member}"
            points = _lon_lat(ring)
            if points is None:
                tally.refuse(document.name, f"points [latitude, longitude] in {where}", "something else")
                continue
            if len(points) < 3:
                tally.counts[_SHORT] += 1
                continue
            tally.counts[_OPEN] += points[0] != points[-1]
            yield Piece(document.name, where, layer, day, day, shapely.Polygon(points))


def _lon_lat(ring: object) -> list[tuple[float, float]] | None:
    """Turn a ring that is written latitude first; None where it is none, or a number is missing."""
    if not isinstance(ring, Sequence) or isinstance(ring, str):
        return None
    try:
        points = [(float(lon), float(lat)) for lat, lon in ring]
    except (TypeError, ValueError):
        return None
    return points if all(math.isfinite(value) for point in points for value in point) else None
