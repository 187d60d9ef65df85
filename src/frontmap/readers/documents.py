"""Opening what was given: files, folders, tar and zip archives, as named bytes, and the date in a file's name."""

from __future__ import annotations

import io
import json
import lzma
import re
import tarfile
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import cached_property
from pathlib import Path, PurePosixPath

from frontmap.errors import Problem, TableError

SUFFIXES = (".geojson", ".json", ".topojson")
MOST_UNPACKED_BYTES = 2 * 2**30
"""An archive with more in it is refused before it fills the memory; 769 real days take 60 MB."""
_TAR = (".tar", ".tar.gz", ".tgz", ".tar.xz", ".txz", ".tar.bz2")
_NEXT = "give the path of a file of dated polygons (see docs/readers.md)"
_MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
_MONTH = "|".join(_MONTHS)
_ISO = re.compile(r"(?<!\d)(\d{4})-(\d{2})-(\d{2})(?!\d)")
_PLAIN = re.compile(r"(?<!\d)((?:19|20)\d{2})(\d{2})(\d{2})(?!\d)")
_MONTH_FIRST = re.compile(rf"({_MONTH})(\d{{2}})(\d{{4}})(?!\d)", re.IGNORECASE)
_DAY_FIRST = re.compile(rf"(?<!\d)(\d{{2}})({_MONTH})(\d{{4}})(?!\d)", re.IGNORECASE)
# What the libraries raise for damaged archives; RuntimeError for encrypted ones and for unknown methods.
_UNREADABLE = (tarfile.TarError, zipfile.BadZipFile, lzma.LZMAError, zlib.error, EOFError, OSError, RuntimeError)
_SECONDS = re.compile(r"(?<!\d)(\d{10})(?!\d)")


@dataclass(frozen=True, eq=False)
class Document:
    """One file as it was given.

    Parameters
    ----------
    name : str
        Without its folder.
    data : bytes
        Its whole content.
    """

    name: str
    data: bytes

    @cached_property
    def text(self) -> str:
        """The content as text.

        Raises
        ------
        TableError
            If it is not in UTF-8.
        """
        try:
            return self.data.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            raise TableError([Problem(self.name, None, "text in UTF-8", "other bytes", _NEXT)]) from error

    @cached_property
    def json(self) -> object:
        """The content as JSON knows it.

        Raises
        ------
        TableError
            If it is no JSON.
        """
        try:
            return json.loads(self.text)
        except (ValueError, RecursionError) as error:
            found = f"text that is no JSON ({error})"
            raise TableError([Problem(self.name, None, "GeoJSON", found, _NEXT)]) from error

    @property
    def day(self) -> date | None:
        """The date in the name; None where there is none, or several."""
        return day_in(self.name)


def raw_files(paths: Sequence[Path]) -> list[Document]:
    """Read files, and all files of folders that may hold a map, without unpacking anything.

    Parameters
    ----------
    paths : sequence of Path
        Files and folders.

    Returns
    -------
    list of Document
        In the order given; those of a folder by name.

    Raises
    ------
    TableError
        With every path that cannot be read.
    """
    found: list[Document] = []
    problems: list[Problem] = []
    for path in paths:
        inside = (
            sorted(p for p in path.rglob("*") if p.is_file() and _may_hold_a_map(p.name)) if path.is_dir() else None
        )
        if inside == []:
            problems.append(Problem(str(path), None, f"files with a map ({', '.join(SUFFIXES)})", "none", _NEXT))
        for file in [path] if inside is None else inside:
            try:
                found.append(Document(file.name, file.read_bytes()))
            except OSError as error:
                why = error.strerror or type(error).__name__
                problems.append(Problem(str(file), None, "a file that can be read", why, _NEXT))
    if problems:
        raise TableError(problems)
    return found


def unpacked(files: Sequence[Document]) -> list[Document]:
    """Take the maps out of archives; nothing is written to disk.

    Parameters
    ----------
    files : sequence of Document
        From `raw_files`.

    Returns
    -------
    list of Document
        Members of archives in the order of their names. A zip with a shapefile stays as it is.

    Raises
    ------
    TableError
        With every archive that is damaged, locked, too large, or holds no map.
    """
    found: list[Document] = []
    problems: list[Problem] = []
    for file in files:
        try:
            members = list(_members(file))
        except TableError as error:
            problems += error.problems
            continue
        except _UNREADABLE as error:
            problems.append(Problem(file.name, None, "an archive that can be unpacked", str(error), "fetch it again"))
            continue
        if not members:
            problems.append(Problem(file.name, None, "an archive with a map in it", "none", _NEXT))
        found += members
    if problems:
        raise TableError(problems)
    return found


def day_in(name: str) -> date | None:
    """Read the date in a file's name.

    Parameters
    ----------
    name : str
        Such as ``map_20240906.geojson``, ``2024-09-06.json``, ``MapAPR272026.shp`` or seconds since 1970.

    Returns
    -------
    date or None
        None if there is no date of the calendar, or two different ones of the same kind.

    Raises
    ------
    TypeError
        If it is no text.

    Examples
    --------
    >>> day_in("deepstatemap_data_20240906.geojson")
    datetime.date(2024, 9, 6)
    >>> day_in("ControlMapAO27APR2026.shp")
    datetime.date(2026, 4, 27)
    """
    for pattern, order in ((_ISO, "ymd"), (_PLAIN, "ymd"), (_MONTH_FIRST, "mdy"), (_DAY_FIRST, "dmy")):
        days = {_calendar_day(dict(zip(order, match, strict=True))) for match in pattern.findall(name)} - {None}
        if days:
            return days.pop() if len(days) == 1 else None
    seconds = _SECONDS.search(name)
    return datetime.fromtimestamp(int(seconds[1]), UTC).date() if seconds else None


def _calendar_day(parts: dict[str, str]) -> date | None:
    month = parts["m"].upper()
    number = _MONTHS.index(month) + 1 if month in _MONTHS else int(month)
    try:
        return date(int(parts["y"]), number, int(parts["d"]))
    except ValueError:
        return None


def _may_hold_a_map(name: str) -> bool:
    return name.lower().endswith((*SUFFIXES, ".zip", *_TAR)) and not name.startswith(".")


def _members(file: Document) -> Iterator[Document]:
    if file.name.lower().endswith(_TAR):
        found, size = [], 0
        with tarfile.open(fileobj=io.BytesIO(file.data)) as archive:
            for member in archive:  # read in the archive's own order: to go back means to decompress again
                if member.isreg() and member.name.lower().endswith(SUFFIXES):
                    size += member.size
                    _require_room(file, size)
                    content = archive.extractfile(member)
                    assert content is not None
                    found.append((member.name, content.read()))
        yield from (Document(PurePosixPath(name).name, data) for name, data in sorted(found))
    elif file.name.lower().endswith(".zip"):
        with zipfile.ZipFile(io.BytesIO(file.data)) as pack:
            members = sorted(pack.infolist(), key=lambda member: member.filename)
            with_shapefile = any(member.filename.lower().endswith(".shp") for member in members)
            maps = [member for member in members if member.filename.lower().endswith(SUFFIXES)]
            _require_room(file, sum(member.file_size for member in (members if with_shapefile else maps)))
            if with_shapefile:
                yield file
            else:
                yield from (Document(PurePosixPath(one.filename).name, pack.read(one)) for one in maps)
    else:
        yield file


def _require_room(archive: Document, unpacked_bytes: int) -> None:
    """Refuse an archive that says of itself that it unpacks to more than a map can be; no more than that is read."""
    if unpacked_bytes > MOST_UNPACKED_BYTES:
        expected = f"an archive that unpacks to at most {MOST_UNPACKED_BYTES / 2**30:g} GiB"
        found = f"{unpacked_bytes / 2**30:.1f} GiB or more"
        raise TableError([Problem(archive.name, None, expected, found, "take out what is no map, or unpack it first")])
