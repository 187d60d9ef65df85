"""One GeoJSON file a day, with the day in its name and all its polygons of one kind."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from datetime import date

import shapely

from frontmap.dates import add_days
from frontmap.readers.documents import Document
from frontmap.readers.features import features
from frontmap.readers.pieces import DRAWN, Piece, Tally

_HEAD_BYTES = 2000
_FEW_OBJECTS = 100
"""Text with more braces may be nested so deeply that GEOS overflows its stack; then Python reads it first."""


def knows(document: Document) -> bool:
    """Tell whether a document may be of this format.

    Parameters
    ----------
    document : Document
        Any.

    Returns
    -------
    bool
        Whether there is a day in its name and it begins as GeoJSON.

    Raises
    ------
    TypeError
        Never, with bytes.
    """
    return document.day is not None and b"FeatureCollection" in document.data[:_HEAD_BYTES]


def knows_mirror(document: Document) -> bool:
    """Tell whether a document is a file of the DeepState mirror, whose file of a day shows the day before.

    Parameters
    ----------
    document : Document
        Any.

    Returns
    -------
    bool
        By its name.

    Raises
    ------
    TypeError
        Never, with bytes.
    """
    return document.name.startswith("deepstatemap_data_") and knows(document)


def pieces(document: Document, shift_days: int, tally: Tally) -> Iterator[Piece]:
    """Read one document.

    Parameters
    ----------
    document : Document
        GeoJSON in EPSG:4326 with a day in its name.
    shift_days : int
        Added to that day.
    tally : Tally
        Takes problems and counts.

    Yields
    ------
    Piece
        All polygons of the day in one; without a shape where the file has none.

    Raises
    ------
    TableError
        If it is no FeatureCollection.
    """
    day = day_of(document, shift_days, tally)
    if day is None:
        return
    together = None
    if document.data.count(b"{") <= _FEW_OBJECTS:
        with suppress(shapely.errors.GEOSException, UnicodeDecodeError):
            together = shapely.from_geojson(document.data)
    if together is not None and together.geom_type == "GeometryCollection" and len(together.geoms) == 1:
        shape = together.geoms[0]
        yield Piece(document.name, "feature 1", DRAWN, day, day, None if shape.is_empty else shape)
        return
    found = list(features(document, tally))
    for where, _, shape in found:
        yield Piece(document.name, where, DRAWN, day, day, shape)
    if not found:
        yield nothing(document, day)


def day_of(document: Document, shift_days: int, tally: Tally) -> date | None:
    """Give the day that a document shows, by its name.

    Parameters
    ----------
    document : Document
        Any.
    shift_days : int
        Added to the day in the name.
    tally : Tally
        Takes the problem if there is none.

    Returns
    -------
    date or None
        None if there is no day in the name.

    Raises
    ------
    DateError
        If the shifted day lies outside the calendar.
    """
    if document.day is None:
        tally.refuse(document.name, "one date in the file's name, as 2024-09-06 or 20240906", "none", "rename the file")
        return None
    return add_days(document.day, shift_days)


def nothing(document: Document, day: date) -> Piece:
    """Say that a file is there but shows nothing.

    Parameters
    ----------
    document : Document
        The file.
    day : date
        Its day.

    Returns
    -------
    Piece
        Without layer and shape.

    Raises
    ------
    TypeError
        Never.
    """
    return Piece(document.name, "the file", "", day, day, None)
