"""TopoJSON: quantised arcs that neighbours share, and objects of which some have no geometry."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from frontmap.crs import FloatArray
from frontmap.readers.daily import day_of, nothing
from frontmap.readers.documents import Document
from frontmap.readers.pieces import DRAWN, Piece, Tally

_HEAD_BYTES = 200
_NULL = "{} objects without geometry were left out."
# What numbers, lists and names raise where a Topology should have others.
_NOT_AS_TOLD = (KeyError, TypeError, ValueError, IndexError, AttributeError, OverflowError)


def knows(document: Document) -> bool:
    """Tell whether a document is of this format.

    Parameters
    ----------
    document : Document
        Any.

    Returns
    -------
    bool
        Whether it begins or ends as a Topology.

    Raises
    ------
    TypeError
        Never, with bytes.
    """
    return b'"Topology"' in document.data[:_HEAD_BYTES] + document.data[-_HEAD_BYTES:]


def pieces(document: Document, shift_days: int, tally: Tally) -> Iterator[Piece]:
    """Read one document.

    Parameters
    ----------
    document : Document
        A Topology in longitude and latitude; the day stands in the file's name.
    shift_days : int
        Added to that day.
    tally : Tally
        Takes problems and counts.

    Yields
    ------
    Piece
        One a geometry that is drawn.

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
    if not isinstance(content, dict):
        tally.refuse(document.name, "a Topology with arcs and objects", type(content).__name__)
        return
    try:
        arcs = _arcs(content)
        for name, told in content["objects"].items():
            for number, one in enumerate(_flat(told), start=1):
                shape = _shape(one, arcs)
                tally.counts[_NULL] += shape is None
                if shape is not None:
                    yield Piece(document.name, f"geometry {number} of {name}", DRAWN, day, day, shape)
    except (*_NOT_AS_TOLD, shapely.errors.GEOSException) as error:
        tally.refuse(document.name, "a Topology with arcs and objects", f"{type(error).__name__}: {error}")


def _arcs(content: Mapping[str, Any]) -> list[FloatArray]:
    """Give the arcs in degrees: quantised ones are sums of steps on a grid."""
    transform = content.get("transform")
    if transform is None:
        return [np.asarray(arc, dtype=np.float64)[:, :2] for arc in content["arcs"]]
    scale, translate = (np.asarray(transform[name], dtype=np.float64) for name in ("scale", "translate"))
    return [np.cumsum(np.asarray(arc, dtype=np.int64)[:, :2], axis=0) * scale + translate for arc in content["arcs"]]


def _flat(told: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    if told["type"] == "GeometryCollection":
        for one in told["geometries"]:
            yield from _flat(one)
    else:
        yield told


def _shape(told: Mapping[str, Any], arcs: Sequence[FloatArray]) -> BaseGeometry | None:
    """Put a polygon together; None where the object is null or no polygon."""
    if told["type"] not in ("Polygon", "MultiPolygon"):
        return None
    listed = [told["arcs"]] if told["type"] == "Polygon" else told["arcs"]
    polygons = []
    for rings in listed:
        if rings:
            shell, *holes = [_ring(numbers, arcs) for numbers in rings]
            with np.errstate(invalid="ignore"):  # what is not finite is refused later, for all formats
                polygons.append(shapely.Polygon(shell, holes))
    if not polygons:
        return None
    return polygons[0] if len(polygons) == 1 else shapely.MultiPolygon(polygons)


def _ring(numbers: Sequence[int], arcs: Sequence[FloatArray]) -> FloatArray:
    """Join arcs end to end; a number below zero means the arc ~n run backwards."""
    runs = [arcs[n] if n >= 0 else arcs[~n][::-1] for n in numbers]
    return np.concatenate([runs[0], *(run[1:] for run in runs[1:])])
