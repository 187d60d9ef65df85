"""The formats that are read, by name, and reading files in the format that knows them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from frontmap.errors import FrontmapError, Problem, TableError
from frontmap.readers import daily, dated, deepstate, isw, nzz, owl, topojson
from frontmap.readers.documents import Document, raw_files, unpacked
from frontmap.readers.drawn import DrawnSeries
from frontmap.readers.pieces import Piece, Tally, assemble


@dataclass(frozen=True)
class Reader:
    """One foreign format.

    Parameters
    ----------
    name : str
        As it is asked for.
    what : str
        What it reads, in a few words.
    shift_days : int
        Added to the files' dates where nothing else is asked for: -1 where a file of a day shows the day before.
    knows : callable
        Tells whether a document is of this format.
    pieces : callable
        Reads a document with a shift of days, noting problems and counts in a tally.
    dated_by_name : bool
        Whether a file shows one day, so that no other may show the same ground on it.
    """

    name: str
    what: str
    shift_days: int
    knows: Callable[[Document], bool]
    pieces: Callable[[Document, int, Tally], Iterator[Piece]]
    dated_by_name: bool = True


_TWICE = "{} files that are there twice were read once."

# In the order in which they are asked: the more particular first.
READERS = {
    reader.name: reader
    for reader in (
        Reader("isw", "zip of shapefiles, as of ISW, day in the name", 0, isw.knows, isw.pieces),
        Reader("owl", "map data of Project Owl, day in the file's name", -1, owl.knows, owl.pieces),
        Reader("nzz", "changes in a window of days, as of NZZ", 0, nzz.knows, nzz.pieces, dated_by_name=False),
        Reader("topojson", "TopoJSON, day in the file's name", 0, topojson.knows, topojson.pieces),
        Reader("dated", "GeoJSON with date_first and date_last", 0, dated.knows, dated.pieces, dated_by_name=False),
        Reader("deepstate", "GeoJSON of the DeepState map, kinds by colour", 0, deepstate.knows, deepstate.pieces),
        Reader("deepstate-daily", "daily mirror of the DeepState map", -1, daily.knows_mirror, daily.pieces),
        Reader("daily", "one GeoJSON file a day, day in its name", 0, daily.knows, daily.pieces),
    )
}


def read(paths: Sequence[str | Path], *, reader: str | None = None, shift_days: int | None = None) -> DrawnSeries:
    """Read a series of dated polygons that others drew.

    Parameters
    ----------
    paths : sequence of str or Path
        Files, folders of files, tar or zip archives; one series together.
    reader : str, optional
        Name of the format, see `READERS`; where left out, the one that knows the first file.
    shift_days : int, optional
        Added to the files' dates; where left out, what is right for the format.

    Returns
    -------
    DrawnSeries
        Checked, EPSG:4326, with notes of what was mended or left out.

    Raises
    ------
    TableError
        With everything that is wrong with the files.
    FrontmapError
        If there is no such format, or none that knows the files.
    """
    where = [Path(path) for path in paths]
    return read_files(raw_files(where), name=series_name(where), reader=reader, shift_days=shift_days)


def read_files(
    files: Sequence[Document], *, name: str, reader: str | None = None, shift_days: int | None = None
) -> DrawnSeries:
    """Read a series from files that are in memory.

    Parameters
    ----------
    files : sequence of Document
        Archives included.
    name : str
        Of the series.
    reader : str, optional
        As of `read`.
    shift_days : int, optional
        As of `read`.

    Returns
    -------
    DrawnSeries
        As of `read`.

    Raises
    ------
    TableError
        With everything that is wrong with the files.
    FrontmapError
        If there is no such format, or none that knows the files.
    """
    documents = unpacked(files)
    chosen = _named(reader) if reader is not None else _that_knows(documents[0])
    shift = chosen.shift_days if shift_days is None else shift_days
    tally = Tally()
    found: list[Piece] = []
    broken: list[Problem] = []
    shown_by: dict[tuple[str, date], Document] = {}
    for document in documents:
        try:
            told = list(chosen.pieces(document, shift, tally))
        except TableError as error:
            broken += error.problems
            continue
        if not chosen.dated_by_name or _is_first(document, told, shown_by, tally):
            found += told
    tally.problems += [problem for problem in broken if problem not in tally.problems]
    return assemble(name, found, tally, reader=chosen.name)


def _is_first(
    document: Document, told: Sequence[Piece], shown_by: dict[tuple[str, date], Document], tally: Tally
) -> bool:
    """Tell whether no document before shows the same layer on the same day; a copy of one is left out and counted."""
    for layer, day in {(piece.layer, piece.first): None for piece in told}:
        before = shown_by.setdefault((layer, day), document)
        if before is document:
            continue
        if before.data == document.data:
            tally.counts[_TWICE] += 1
        else:
            tally.refuse(document.name, f"one file for {day}", f"another one, {before.name}", "leave one of them out")
        return False
    return True


def series_name(paths: Sequence[Path]) -> str:
    """Name a series after its files.

    Parameters
    ----------
    paths : sequence of Path
        As given.

    Returns
    -------
    str
        Name of the first, and how many more there are.

    Raises
    ------
    IndexError
        If there is none.
    """
    more = f" and {len(paths) - 1} more" if len(paths) > 1 else ""
    return f"{paths[0].name or paths[0]}{more}"


def _named(name: str) -> Reader:
    if name not in READERS:
        raise FrontmapError(
            f"--reader: expected one of {', '.join(sorted(READERS))}, found {name!r}; next: use one of these"
        )
    return READERS[name]


def _that_knows(document: Document) -> Reader:
    for reader in READERS.values():
        if reader.knows(document):
            return reader
    expected = "a map in a known format (" + ", ".join(sorted(READERS)) + ")"
    found = "another" if document.day else "another, or no day in the file's name"
    raise TableError([Problem(document.name, None, expected, found, "name its format with --reader")])
