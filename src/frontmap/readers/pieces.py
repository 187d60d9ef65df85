"""From the pieces that a format tells to one checked series: polygons mended, days in order, all problems at once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from itertools import pairwise

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from frontmap.crs import GeometryArray
from frontmap.errors import Problem, TableError
from frontmap.readers.drawn import DrawnSeries, Span, as_states

DRAWN = "drawn"
"""Layer of a format that does not tell several kinds of ground apart."""

_MENDED = "{} invalid polygons were mended."
_NO_GROUND = "{} points or lines among the polygons were left out."
_POLYGONAL = ("Polygon", "MultiPolygon")


@dataclass(frozen=True)
class Piece:
    """A part of what a map shows on some days.

    Parameters
    ----------
    file : str
        Name of the file it stands in.
    where : str
        Its place there in words, such as "feature 3".
    layer : str
        The kind of ground; blank where nothing is drawn.
    first, last : date
        The days it holds, both included.
    shape : geometry or None
        Polygons in longitude and latitude; None where the map shows nothing on these days.
    """

    file: str
    where: str
    layer: str
    first: date
    last: date
    shape: BaseGeometry | None


@dataclass
class Tally:
    """What is found while files are read: problems, and counts of what was mended or left out.

    Parameters
    ----------
    problems : list of Problem
        Everything for which the files cannot be used.
    counts : Counter
        How often each note is to be told; a note has ``{}`` where its count belongs.
    next_step : str
        What to do about files of this format.
    """

    problems: list[Problem] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)
    next_step: str = "see docs/readers.md for the formats that are read"

    def refuse(self, file: str, expected: str, found: str, next_step: str | None = None) -> None:
        """Note a problem.

        Parameters
        ----------
        file, expected, found, next_step : str
            As of `Problem`; the next step of the format where none is given.

        Raises
        ------
        TypeError
            Never, with texts.
        """
        self.problems.append(Problem(file, None, expected, found, next_step or self.next_step))

    def notes(self) -> tuple[str, ...]:
        """Tell the counts.

        Returns
        -------
        tuple of str
            One sentence each, in the order of their first case.

        Raises
        ------
        IndexError
            If a note has more than one ``{}``.
        """
        return tuple(words.format(count) for words, count in self.counts.items() if count)


def assemble(name: str, pieces: Sequence[Piece], tally: Tally, *, reader: str = "") -> DrawnSeries:
    """Check the pieces, take together what belongs to the same days and layer, and put the states in order.

    A polygon that stands alone keeps its vertices exactly as drawn.

    Parameters
    ----------
    name : str
        Of the series.
    pieces : sequence of Piece
        In any order.
    tally : Tally
        Problems and counts so far.
    reader : str
        Name of the format.

    Returns
    -------
    DrawnSeries
        Checked.

    Raises
    ------
    TableError
        With everything that is wrong with the files.
    """
    drawn = [piece for piece in pieces if piece.shape is not None]
    shapes = _polygons(drawn, tally)
    groups: dict[tuple[str, date, date], list[BaseGeometry]] = {}
    for piece, shape in zip(drawn, shapes, strict=True):
        if shape is not None and not shape.is_empty:
            groups.setdefault((piece.layer, piece.first, piece.last), []).append(shape)
    if not groups and not tally.problems:
        tally.refuse(name, "at least one dated polygon", "none")
    for layer in {key[0] for key in groups}:
        _refuse_overlaps(name, sorted(key[1:] for key in groups if key[0] == layer), tally)
    if tally.problems:
        raise TableError(tally.problems)
    rows = [
        (*key, parts[0] if len(parts) == 1 else polygons_only(shapely.union_all(parts), []))
        for key, parts in groups.items()
    ]
    told = tuple(sorted({(piece.first, piece.last) for piece in pieces}))
    return DrawnSeries(name, as_states(rows), told, tally.notes(), reader)


def polygons_only(shape: BaseGeometry, others: list[BaseGeometry]) -> BaseGeometry:
    """Reduce any geometry to its polygons.

    Parameters
    ----------
    shape : geometry
        Of any kind, collections within collections included.
    others : list of geometry
        Takes the points and lines that are left out.

    Returns
    -------
    Polygon or MultiPolygon
        The very same object where there is nothing to leave out; empty where nothing is left.

    Raises
    ------
    TypeError
        From shapely, if it is no geometry.
    """
    if shape.geom_type in _POLYGONAL:
        return shape
    found = []
    for part in getattr(shape, "geoms", [shape]):
        if part.geom_type not in _POLYGONAL and hasattr(part, "geoms"):
            part = polygons_only(part, others)
        if part.geom_type in _POLYGONAL:
            found.append(part)
        else:
            others.append(part)
    found = [part for part in found if not part.is_empty]
    if len(found) == 1:
        return found[0]
    return shapely.union_all(found) if found else shapely.MultiPolygon()


def _polygons(pieces: Sequence[Piece], tally: Tally) -> GeometryArray:
    """Give the valid polygons of each piece; None for what cannot be used."""
    shapes = np.empty(len(pieces), dtype=object)
    for number, piece in enumerate(pieces):
        others: list[BaseGeometry] = []
        assert piece.shape is not None
        shape = polygons_only(piece.shape, others)
        if others and shape.is_empty:
            tally.refuse(piece.file, f"a Polygon or MultiPolygon in {piece.where}", piece.shape.geom_type)
        else:
            tally.counts[_NO_GROUND] += len(others)
            shapes[number] = shape
    with_z = shapely.has_z(shapes)
    shapes[with_z] = shapely.force_2d(shapes[with_z])
    for at in np.flatnonzero(np.isnan(shapely.area(shapes)) & shapely.is_geometry(shapes)).tolist():
        tally.refuse(pieces[at].file, f"finite coordinates in {pieces[at].where}", "NaN", "repair the file")
        shapes[at] = None
    for at in np.flatnonzero(~_in_degrees(shapes)).tolist():
        west, south, east, north = shapes[at].bounds
        found = f"bounds ({west:g}, {south:g}, {east:g}, {north:g})"
        expected = f"degrees (EPSG:4326) in {pieces[at].where}"
        tally.refuse(pieces[at].file, expected, found, "reproject the file to EPSG:4326")
        shapes[at] = None
    for at in np.flatnonzero(~shapely.is_valid(shapes) & shapely.is_geometry(shapes)).tolist():
        shapes[at] = polygons_only(shapely.make_valid(shapes[at]), [])
        tally.counts[_MENDED] += 1
    return shapes


def _in_degrees(shapes: GeometryArray) -> NDArray[np.bool_]:
    """Tell which geometries keep to the ranges of longitude and latitude; empty ones do."""
    west, south, east, north = shapely.bounds(shapes).T
    outside: NDArray[np.bool_] = (west < -180) | (south < -90) | (east > 180) | (north > 90)
    return ~outside


def _refuse_overlaps(name: str, spans: list[Span], tally: Tally) -> None:
    for before, after in pairwise(spans):
        if after[0] <= before[1]:
            found = f"{before[0]} to {before[1]} and {after[0]} to {after[1]}"
            tally.refuse(name, "states that follow each other in time", found, "correct the dates")
