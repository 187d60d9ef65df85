"""A survey of a map drawn by others: what its files show, areas, gains and losses, from the cache where it is there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import geopandas as gpd
import pandas as pd

from frontmap.crs import WGS84
from frontmap.dates import parse_day
from frontmap.readers import Document, DrawnSeries, read_files
from frontmap.readers.documents import raw_files
from frontmap.readers.drawn import Span
from frontmap.readers.registry import series_name
from frontmap.snapshots import series as of
from frontmap.snapshots.cache import About, Cache, Kept, content_key
from frontmap.snapshots.lapses import without_lapses


@dataclass(frozen=True, eq=False)
class Survey:
    """What one or more files of a map show; everything is made when it is first asked for.

    Parameters
    ----------
    name : str
        Of the map.
    files : tuple of Document
        Its files as they are on disk.
    reader : str or None
        Format asked for; None for the one that knows the files.
    shift_days : int or None
        Added to the files' dates; None for what is right for the format.
    cache : Cache
        Where results are kept.
    """

    name: str
    files: tuple[Document, ...]
    reader: str | None
    shift_days: int | None
    cache: Cache

    @cached_property
    def key(self) -> str:
        """Key of everything that is made of these files."""
        return content_key(self.files, reader=self.reader, shift_days=self.shift_days)

    @cached_property
    def series(self) -> DrawnSeries:
        """The states, checked; those from which much ground is missing for a few days are left out, see `lapses`."""
        table, about = self.cache.through(self.key, "series", self._read)
        states = gpd.GeoDataFrame(table, geometry="geometry", crs=WGS84)
        return DrawnSeries(self.name, states, _told(about), tuple(about["notes"]), about["reader"])

    @cached_property
    def areas(self) -> pd.DataFrame:
        """Areas day by day, as of `frontmap.snapshots.series.areas`."""
        table, about = self._measured
        return of.by_day(table, _told(about))

    @cached_property
    def gaps(self) -> pd.DataFrame:
        """Days of which the map says nothing, as of `frontmap.snapshots.series.gaps`."""
        table, about = self._measured
        return of.gaps(table, _told(about))

    @cached_property
    def changes(self) -> gpd.GeoDataFrame:
        """Gains and losses, as of `frontmap.snapshots.series.changes`."""
        return of.as_changes(self.cache.through(self.key, "changes", self._compare)[0])

    @property
    def layers(self) -> tuple[str, ...]:
        """Names of the layers, sorted."""
        return tuple(sorted(set(self._measured[0]["layer"])))

    @property
    def notes(self) -> tuple[str, ...]:
        """What was mended or left out of the files, and what went wrong with the cache."""
        return (*self._measured[1]["notes"], *self.cache.notes)

    @property
    def read_as(self) -> str:
        """Name of the format."""
        name: str = self._measured[1]["reader"]
        return name

    @cached_property
    def _measured(self) -> Kept:
        return self.cache.through(self.key, "areas", self._measure)

    def _read(self) -> Kept:
        found = without_lapses(read_files(self.files, name=self.name, reader=self.reader, shift_days=self.shift_days))
        return pd.DataFrame(found.states), _about(found)

    def _measure(self) -> Kept:
        return self._both[0], _about(self.series)

    def _compare(self) -> Kept:
        return pd.DataFrame(self._both[1]), {}

    @cached_property
    def _both(self) -> tuple[pd.DataFrame, gpd.GeoDataFrame]:
        return of.measure(self.series)


def survey(
    paths: Sequence[str | Path],
    *,
    reader: str | None = None,
    shift_days: int | None = None,
    cache: str | Path | None = None,
) -> Survey:
    """Open a map that others drew.

    Parameters
    ----------
    paths : sequence of str or Path
        Files, folders of files, tar or zip archives; one series together.
    reader : str, optional
        Name of the format, see `frontmap.readers.READERS`; where left out, the one that knows the first file.
    shift_days : int, optional
        Added to the files' dates; where left out, what is right for the format.
    cache : str or Path, optional
        Folder for results, see `frontmap.snapshots.cache.default_folder`; where left out, nothing is kept.

    Returns
    -------
    Survey
        Its files are read into memory, and taken apart when something is asked of it.

    Raises
    ------
    TableError
        With every path that cannot be read.
    """
    where = [Path(path) for path in paths]
    folder = None if cache is None else Path(cache).expanduser()
    return Survey(series_name(where), tuple(raw_files(where)), reader, shift_days, Cache(folder))


def _about(found: DrawnSeries) -> About:
    told = [[str(first), str(last)] for first, last in found.told]
    return {"reader": found.reader, "notes": list(found.notes), "told": told}


def _told(about: About) -> tuple[Span, ...]:
    return tuple((parse_day(first), parse_day(last)) for first, last in about["told"])
