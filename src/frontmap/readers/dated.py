"""Plain GeoJSON whose features carry the first and the last day on which a map showed them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date

from frontmap.dates import add_days, parse_day
from frontmap.errors import DateError
from frontmap.readers.documents import Document
from frontmap.readers.features import features
from frontmap.readers.pieces import DRAWN, Piece, Tally

NEXT = "give a FeatureCollection of polygons with date_first and date_last (see docs/readers.md)"
_BLANK = "{} features without a polygon were taken as gaps."


def knows(document: Document) -> bool:
    """Tell whether a document is of this format.

    Parameters
    ----------
    document : Document
        Any.

    Returns
    -------
    bool
        Whether the properties ``date_first`` and ``date_last`` occur in it.

    Raises
    ------
    TypeError
        Never, with bytes.
    """
    return b'"date_first"' in document.data and b'"date_last"' in document.data


def pieces(document: Document, shift_days: int, tally: Tally) -> Iterator[Piece]:
    """Read one document.

    Parameters
    ----------
    document : Document
        A FeatureCollection in EPSG:4326. Every feature is a polygon with ``date_first`` and ``date_last`` (both
        included); ``status`` is its layer, if all have one.
    shift_days : int
        Added to the file's dates.
    tally : Tally
        Takes problems and counts.

    Yields
    ------
    Piece
        One a feature.

    Raises
    ------
    TableError
        If it is no FeatureCollection.
    """
    tally.next_step = NEXT
    for where, properties, shape in features(document, tally):
        days = _days(properties, document.name, where, shift_days, tally)
        if days is not None:
            tally.counts[_BLANK] += shape is None
            status = properties.get("status")
            layer = status if isinstance(status, str) and status else DRAWN
            yield Piece(document.name, where, layer, *days, shape)


def _days(
    properties: Mapping[str, object], file: str, where: str, shift_days: int, tally: Tally
) -> tuple[date, date] | None:
    days = []
    for name in ("date_first", "date_last"):
        written = properties.get(name)
        try:
            days.append(add_days(parse_day("" if written is None else str(written)), shift_days))
        except DateError:
            found = "nothing" if written is None else f"{written!r}"
            tally.refuse(file, f"{name} of {where} as YYYY-MM-DD", found)
    if len(days) < 2:
        return None
    if days[1] < days[0]:
        expected = f"date_first of {where} not after its date_last"
        tally.refuse(file, expected, f"{days[0]} to {days[1]}", "exchange them")
        return None
    return days[0], days[1]
