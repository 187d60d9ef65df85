"""A cache of what was read and measured: GeoParquet files keyed by content, with their own checksum in their names."""

from __future__ import annotations

import hashlib
import io
import json
import os
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import shapely

from frontmap.errors import OutputError
from frontmap.files import atomic_write_bytes
from frontmap.readers import Document

FORMAT = 1
"""Raised when the same input would be kept differently, or measured to other figures."""

_OURS = b"frontmap"
_DIGEST_CHARACTERS = 32
_LEVEL = 3

About = dict[str, Any]
Kept = tuple[pd.DataFrame, About]


def default_folder() -> Path:
    """Give the folder in which this system keeps caches of a user's programs.

    Returns
    -------
    Path
        ``frontmap`` in XDG_CACHE_HOME, LOCALAPPDATA, ``~/Library/Caches`` or ``~/.cache``, whichever the system has.
        It may not exist yet; everything in it may be deleted at any time.

    Raises
    ------
    RuntimeError
        If the user has no home folder.
    """
    for variable in ("XDG_CACHE_HOME", "LOCALAPPDATA"):
        told = os.environ.get(variable, "")
        if told and Path(told).is_absolute():
            return Path(told) / "frontmap"
    inside = ("Library", "Caches") if sys.platform == "darwin" else (".cache",)
    return Path.home().joinpath(*inside, "frontmap")


def content_key(files: Sequence[Document], **options: object) -> str:
    """Give the key of what is made of some files: equal exactly if their bytes, names and the options are.

    Parameters
    ----------
    files : sequence of Document
        As they are on disk, archives not unpacked.
    **options
        Whatever else the result depends on.

    Returns
    -------
    str
        Hexadecimal; the format of the cache and the version of GEOS are part of it.

    Raises
    ------
    TypeError
        If an option has no place in JSON.
    """
    digest = hashlib.sha256()
    about = {"format": FORMAT, "geos": shapely.geos_version_string} | options
    digest.update(json.dumps(about, sort_keys=True).encode())
    for file in files:
        for part in (file.name.encode(), file.data):
            digest.update(len(part).to_bytes(8, "big"))
            digest.update(part)
    return digest.hexdigest()[:_DIGEST_CHARACTERS]


@dataclass(frozen=True)
class Cache:
    """A folder of tables.

    Parameters
    ----------
    folder : Path or None
        Where they are; None keeps nothing.
    notes : list of str
        Takes what went wrong with the cache; none of it stops the work.
    """

    folder: Path | None
    notes: list[str] = field(default_factory=list)

    def through(self, key: str, kind: str, make: Callable[[], Kept]) -> Kept:
        """Take a table from the cache, or make it and keep it.

        Parameters
        ----------
        key : str
            From `content_key`.
        kind : str
            Which of the tables of that key.
        make : callable
            Makes the table, and what is to be known about it.

        Returns
        -------
        tuple
            The table and what is known about it, to the bit the same whether made or kept.

        Raises
        ------
        FrontmapError
            Whatever `make` raises.
        """
        kept = self._kept(key, kind)
        if kept is not None:
            return kept
        table, about = make()
        if self.folder is not None:
            data = packed(table, about)
            name = f"{key}-{kind}-{_checksum(data)}.parquet"
            try:
                atomic_write_bytes(self.folder / name, data)
            except OutputError as error:
                self.notes.append(f"Nothing was kept in the cache: {error}")
        return table, about

    def _kept(self, key: str, kind: str) -> Kept | None:
        """Read a table if it is there and whole; one that is damaged is taken away."""
        if self.folder is None or not self.folder.is_dir():
            return None
        for path in sorted(self.folder.glob(f"{key}-{kind}-*.parquet")):
            try:
                data = path.read_bytes()
                if path.stem.endswith(f"-{_checksum(data)}"):
                    return unpacked(data)
            except (OSError, pa.ArrowException, KeyError, ValueError):
                pass
            self.notes.append(f"A damaged file of the cache was made anew: {path.name}")
            try:
                path.unlink(missing_ok=True)
            except OSError:
                self.notes.append(f"It could not be taken away: {path}")
        return None


def packed(table: pd.DataFrame, about: About) -> bytes:
    """Write a table as GeoParquet.

    Parameters
    ----------
    table : DataFrame
        Columns of geometries (EPSG:4326), dates, texts and numbers.
    about : dict
        Kept beside the table; of texts, numbers and lists.

    Returns
    -------
    bytes
        The whole file; equal tables give equal bytes.

    Raises
    ------
    TypeError
        If `about` has no place in JSON.
    """
    columns, described = {}, {}
    for name in table.columns:
        values = table[name].to_numpy()
        if len(values) and shapely.is_geometry(values[0]):
            described[name] = {"encoding": "WKB", "geometry_types": sorted({shape.geom_type for shape in values})}
            columns[name] = pa.array(shapely.to_wkb(values), type=pa.binary())
        else:
            columns[name] = pa.array(values)
    metadata = {_OURS: json.dumps(about).encode()}
    if described:
        geo = {"version": "1.0.0", "primary_column": next(iter(described)), "columns": described}
        metadata[b"geo"] = json.dumps(geo).encode()
    sink = io.BytesIO()
    pq.write_table(
        pa.table(columns).replace_schema_metadata(metadata), sink, compression="zstd", compression_level=_LEVEL
    )
    return sink.getvalue()


def unpacked(data: bytes) -> Kept:
    """Read what `packed` wrote.

    Parameters
    ----------
    data : bytes
        The whole file.

    Returns
    -------
    tuple
        The table and what is kept beside it.

    Raises
    ------
    ArrowException
        If it is no Parquet file.
    KeyError
        If it is another program's.
    """
    found = pq.read_table(io.BytesIO(data), use_threads=False)
    metadata = found.schema.metadata or {}
    shapes = json.loads(metadata.get(b"geo", b'{"columns": {}}'))["columns"]
    columns = {}
    for name in found.column_names:
        column = found.column(name)
        if name in shapes:
            columns[name] = shapely.from_wkb(column.to_numpy())
        elif pa.types.is_date(column.type) or pa.types.is_string(column.type):
            columns[name] = column.to_pylist()
        else:
            columns[name] = column.to_numpy()
    return pd.DataFrame(columns), json.loads(metadata[_OURS])


def _checksum(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()[:_DIGEST_CHARACTERS]
