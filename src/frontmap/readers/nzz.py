"""The map data of the NZZ: ground unchanged, gained and lost within a window of days that the file names."""

from __future__ import annotations

from collections.abc import Iterator

from frontmap.dates import add_days, parse_day
from frontmap.errors import DateError
from frontmap.readers.documents import Document
from frontmap.readers.features import feature_list, geometry
from frontmap.readers.pieces import Piece, Tally

LAYERS = {"nochange": "unchanged", "gains": "gained", "losses": "lost"}
_OTHER = "{} features of another type were left out."


def knows(document: Document) -> bool:
    """Tell whether a document is of this format.

    Parameters
    ----------
    document : Document
        Any.

    Returns
    -------
    bool
        Whether the window of its features occurs in it.

    Raises
    ------
    TypeError
        Never, with bytes.
    """
    return b'"_datefrom"' in document.data and b'"_dateto"' in document.data


def pieces(document: Document, shift_days: int, tally: Tally) -> Iterator[Piece]:
    """Read one document.

    Parameters
    ----------
    document : Document
        A FeatureCollection, or one under the member ``value``. Each feature has a ``type`` and the last day of its
        window, ``_dateto``, which is the day it is given; the file's own date is later.
    shift_days : int
        Added to that day.
    tally : Tally
        Takes problems and counts.

    Yields
    ------
    Piece
        In the layers `unchanged`, `gained` and `lost`: the first two together are what is held at the end of the
        window.

    Raises
    ------
    TableError
        If it is no FeatureCollection.
    """
    content = document.json
    inner = content.get("value", content) if isinstance(content, dict) else content
    for number, feature in enumerate(feature_list(inner, document.name, tally), start=1):
        where = f"feature {number}"
        told = feature if isinstance(feature, dict) else {}
        listed = told.get("properties")
        properties = listed if isinstance(listed, dict) else {}
        layer = LAYERS.get(str(properties.get("type")))
        if layer is None:
            tally.counts[_OTHER] += 1
            continue
        try:
            day = add_days(parse_day(str(properties.get("_dateto"))), shift_days)
        except DateError:
            tally.refuse(document.name, f"_dateto of {where} as YYYY-MM-DD", f"{properties.get('_dateto')!r}")
            continue
        usable, shape = geometry(told.get("geometry"), document.name, where, tally)
        if usable:
            yield Piece(document.name, where, layer, day, day, shape)
