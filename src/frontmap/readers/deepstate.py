"""The DeepState map's own GeoJSON: the kind of ground is told by the colour, checked against the name."""

from __future__ import annotations

import re
from collections.abc import Iterator

from frontmap.readers.daily import day_of, nothing
from frontmap.readers.documents import Document
from frontmap.readers.features import features
from frontmap.readers.pieces import Piece, Tally

OCCUPIED, EARLIER, UNKNOWN = "occupied", "occupied-earlier", "unknown"
LIBERATED, ABROAD = "liberated", "held-abroad"

# What each colour of a polygon means; the colours changed over the years.
LAYERS = {
    "#a52714": OCCUPIED,
    "#880e4f": EARLIER,
    "#000000": EARLIER,
    "#bcaaa4": UNKNOWN,
    "#bdbdbd": UNKNOWN,
    "#757575": UNKNOWN,
    "#0f9d58": LIBERATED,
    "#0288d1": LIBERATED,
    "#01579b": ABROAD,
}
LEFT_OUT = {
    "#ff5252": "{} polygons of historic territories were left out.",
    "#ce93d8": "{} polygons of a column on the march were left out.",
}
# What the English part of a name says where it says anything, and the layers for which that is right.
_WORDS = (
    (re.compile(r"\boccupied\b", re.IGNORECASE), {OCCUPIED, EARLIER}),
    (re.compile(r"\bliberated\b", re.IGNORECASE), {LIBERATED, ABROAD}),
    (re.compile(r"\b(unknown|contested)\b", re.IGNORECASE), {UNKNOWN}),
)
_ODD_NAME = "{} polygons have a name that does not fit their colour; the colour was believed."
_ODD_COLOUR = "{} polygons of a colour without a known meaning were left out."
_BROKEN = "{} names have letters that were lost (U+FFFD)."
_FLAT = ("Point", "MultiPoint", "LineString", "MultiLineString")


def knows(document: Document) -> bool:
    """Tell whether a document is of this format.

    Parameters
    ----------
    document : Document
        Any.

    Returns
    -------
    bool
        Whether names in several languages and colours occur in it.

    Raises
    ------
    TypeError
        Never, with bytes.
    """
    return b" /// " in document.data and b'"fill"' in document.data


def pieces(document: Document, shift_days: int, tally: Tally) -> Iterator[Piece]:
    """Read one document.

    Parameters
    ----------
    document : Document
        A FeatureCollection; the day stands in the file's name, written or as seconds since 1970.
    shift_days : int
        Added to that day.
    tally : Tally
        Takes problems and counts.

    Yields
    ------
    Piece
        One a polygon or collection, in the layers `occupied`, `occupied-earlier`, `unknown`, `liberated`,
        `held-abroad`.

    Raises
    ------
    TableError
        If it is no FeatureCollection.
    """
    day = day_of(document, shift_days, tally)
    if day is None:
        return
    yield nothing(document, day)
    for where, properties, shape in features(document, tally):
        if shape is None or shape.geom_type in _FLAT:  # units, headquarters, directions of attack
            continue
        colour, name = str(properties.get("fill")).lower(), str(properties.get("name") or "")
        tally.counts[_BROKEN] += "\ufffd" in name
        if colour not in LAYERS:
            tally.counts[LEFT_OUT.get(colour, _ODD_COLOUR)] += 1
            continue
        layer = LAYERS[colour]
        tally.counts[_ODD_NAME] += not _fits(name, layer)
        yield Piece(document.name, where, layer, day, day, shape)


def _fits(name: str, layer: str) -> bool:
    """Tell whether the English part of a name ("local /// English /// key") agrees with the layer."""
    english = [*name.split("///"), ""][1]
    said = [layers for words, layers in _WORDS if words.search(english)]
    return not said or any(layer in layers for layers in said)
