"""Shapefiles in a zip, as the Institute for the Study of War gives its layers: Web Mercator, with heights and gaps."""

from __future__ import annotations

import io
import re
import warnings
import zipfile
from collections.abc import Iterator
from datetime import date
from pathlib import PurePosixPath

import numpy as np
import pyogrio
import shapely
from pyogrio.errors import DataLayerError, DataSourceError

from frontmap.crs import to_wgs84
from frontmap.dates import add_days
from frontmap.errors import CrsError
from frontmap.readers.documents import Document, day_in
from frontmap.readers.pieces import Piece, Tally

_NULL = "{} rows of the shapefile have no geometry."
_DATE = re.compile(r"(?i)[_-]?(\d{2}[A-Z]{3}\d{4}|[A-Z]{3}\d{6}|\d{8}|\d{4}-\d{2}-\d{2})")
_REPROJECT = "give the layer with its .prj file"


def knows(document: Document) -> bool:
    """Tell whether a document is of this format.

    Parameters
    ----------
    document : Document
        Any.

    Returns
    -------
    bool
        Whether it is a zip; `frontmap.readers.documents.unpacked` leaves only those with a shapefile.

    Raises
    ------
    TypeError
        Never, with bytes.
    """
    return document.data[:4] == b"PK\x03\x04"


def pieces(document: Document, shift_days: int, tally: Tally) -> Iterator[Piece]:
    """Read one zip.

    Parameters
    ----------
    document : Document
        A zip with one or more shapefiles; the day stands in its name or in theirs. Areas that the attributes tell
        are not used: they are those of the projection, or stale.
    shift_days : int
        Added to that day.
    tally : Tally
        Takes problems and counts.

    Yields
    ------
    Piece
        One a row; the layer is the shapefile's name without its date.

    Raises
    ------
    DateError
        If the shifted day lies outside the calendar.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(document.data)) as pack:
            names = sorted(PurePosixPath(name).name for name in pack.namelist() if name.lower().endswith(".shp"))
    except zipfile.BadZipFile as error:
        tally.refuse(document.name, "a zip with a shapefile", str(error), "fetch it again")
        return
    for name in names:
        day = document.day or day_in(name)
        if day is None:
            tally.refuse(document.name, "one date in its name or in that of its layer", "none", "rename the file")
            continue
        yield from _rows(document, name, add_days(day, shift_days), tally)


def _rows(document: Document, name: str, day: date, tally: Tally) -> Iterator[Piece]:
    stem = PurePosixPath(name).stem
    try:
        with warnings.catch_warnings():  # rings in an order that the standard forbids are mended later, and counted
            warnings.simplefilter("ignore", RuntimeWarning)
            about, _, wkb, _ = pyogrio.raw.read(document.data, layer=stem, columns=[])
    except (DataSourceError, DataLayerError, ValueError) as error:
        tally.refuse(document.name, f"a shapefile {name}", str(error), "fetch it again")
        return
    shapes = shapely.force_2d(shapely.from_wkb(wkb, on_invalid="fix"))
    there = shapely.is_geometry(shapes) & ~shapely.is_empty(shapes)
    tally.counts[_NULL] += int((~there).sum())
    try:
        shapes = to_wgs84(shapes[there], about["crs"])
    except CrsError as error:
        tally.refuse(document.name, f"a coordinate reference system of {name}", str(error), _REPROJECT)
        return
    layer = _DATE.sub("", stem) or stem
    for row, shape in zip(np.flatnonzero(there), shapes, strict=True):
        yield Piece(document.name, f"row {row + 1} of {name}", layer, day, day, shape)
