"""GIS files: zones and front lines as GeoPackage, GeoParquet and GeoJSON, streamed, so that memory stays bounded.

Precision: GeoJSON holds numbers and degrees with 6 decimals (about 10 cm), rounded after everything was computed in
full precision; GeoPackage and GeoParquet hold unrounded coordinates and areas. Days are ISO dates, and both ends of a
period belong to it. Rows stand in the order in which they end. Equal input gives equal bytes. Programs read GeoJSON
whole into memory: above `GEOJSON_VERTICES` vertices (some 45 MB; a country over years would take 350) it is left out.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, TextIO

import geopandas as gpd
import numpy as np
import pandas as pd
import pyarrow as pa
import pyogrio
import pyproj
import shapely
from numpy.typing import NDArray
from pyarrow import parquet
from pyogrio.errors import DataLayerError, DataSourceError

from frontmap.crs import WGS84
from frontmap.errors import OutputError
from frontmap.export.spans import FRONT_COLUMNS, PERIOD, ZONE_COLUMNS, constant_periods, spans
from frontmap.export.tables import LISTS, NUMBER_DECIMALS, joined
from frontmap.files import atomic_folder
from frontmap.layers import Row

if TYPE_CHECKING:
    from frontmap.history import History

DEGREE_DECIMALS = 6
BATCH_VERTICES = 500_000  # about 8 MB of coordinates
GEOJSON_VERTICES = 2_000_000
GEOJSON = "zones.geojson"

# A GeoPackage carries the time at which it was written; a fixed one keeps its bytes equal.
_FIXED_TIME = "2000-01-01T00:00:00Z"
_WEEKLY = "; the line moves nearly every day: each picture is that of its valid_from and stands for up to a week"


def zones_geojson(history: History, zones: gpd.GeoDataFrame) -> str:
    """
    Write zones as GeoJSON text (RFC 7946), one feature per line.

    Parameters
    ----------
    history
        Whose zones they are; gives the title, the attribution and the licences of the file.
    zones
        From `zone_layers`, EPSG:4326.

    Returns
    -------
    str
        The whole file: degrees with 6 decimals, longitude first, outer rings counter-clockwise.

    Raises
    ------
    OutputError
        If an id of a list contains ``;``.
    """
    return _geojson_head(history) + ",\n".join(_features(_Batch.of(zones))) + _GEOJSON_END


def write_zones(history: History, folder: str | Path, *, days: Iterable[date | str] | None = None) -> dict[str, Path]:
    """
    Write ``zones.gpkg`` (layers ``zones`` and ``front``), ``zones.parquet`` and ``zones.geojson`` (zones only).

    Parameters
    ----------
    history
        What `frontmap.assess` returned.
    folder
        Where to; created if absent. All files are written, or none. An earlier ``zones.geojson`` is taken away where
        the new one is left out.
    days
        Keep only what holds on one of these days; the whole period by default.

    Returns
    -------
    dict of str to Path
        The written files by name; no ``zones.geojson`` where it would have more than `GEOJSON_VERTICES` vertices.

    Raises
    ------
    OutputError
        If a file cannot be written.
    DateError
        If a day is not written year-month-day, or lies outside the history.
    """
    periods = constant_periods(history, days)
    names = ["zones.gpkg", "zones.parquet", GEOJSON]
    with atomic_folder(folder) as stage:
        package, table, features = (stage / name for name in names)
        with ExitStack() as open_files:
            to_table = open_files.enter_context(_parquet(table))
            to_features = open_files.enter_context(_geojson(history, features))
            for batch in _batches(spans(history, history.zone_rows, periods), ZONE_COLUMNS):
                _append(history, batch, package, "zones")
                to_table.write(batch)
                to_features.write(batch)
            for batch in _batches(spans(history, history.front_rows, periods), FRONT_COLUMNS):
                _append(history, batch, package, "front")
        if to_features.vertices > GEOJSON_VERTICES:
            features.unlink()
            names.remove(features.name)
    if features.name not in names:
        (Path(folder) / features.name).unlink(missing_ok=True)
    return {name: Path(folder) / name for name in names}


_GEOJSON_END = "\n]}\n"


class _Batch(NamedTuple):
    """Some rows of a layer: attributes as plain text and numbers, as GIS files can hold them, and the shapes."""

    table: pd.DataFrame
    shapes: NDArray[np.object_]

    @classmethod
    def of(cls, layer: gpd.GeoDataFrame) -> _Batch:
        """Flatten the rows of a layer."""
        flat = pd.DataFrame(layer.drop(columns="geometry"))
        days = {name: flat[name].dt.strftime("%Y-%m-%d") for name in PERIOD}
        lists = {name: flat[name].map(joined) for name in flat.columns if name in LISTS}
        return cls(flat.assign(**days, **lists), np.asarray(layer.geometry))

    def multi(self) -> NDArray[np.object_]:
        """Give all shapes as multi-part ones of one type."""
        if self.table.empty:
            return self.shapes
        parts, row = shapely.get_parts(self.shapes, return_index=True)
        make = shapely.multilinestrings if "front_km" in self.table else shapely.multipolygons
        made: NDArray[np.object_] = make(parts, indices=row)
        return made


class _Features:
    """A GeoJSON file that grows batch by batch, until it is too large."""

    def __init__(self, file: TextIO) -> None:
        self._file, self._between = file, ""
        self.vertices = 0

    def write(self, batch: _Batch) -> None:
        """Add the rows of a batch; of a file that is too large nothing more is written."""
        self.vertices += int(shapely.get_num_coordinates(batch.shapes).sum())
        if self.vertices > GEOJSON_VERTICES:
            return
        for feature in _features(batch):
            self._file.write(self._between + feature)
            self._between = ",\n"


class _Table:
    """A GeoParquet file that grows batch by batch."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self.writer: parquet.ParquetWriter | None = None

    def write(self, batch: _Batch) -> None:
        """Add the rows of a batch."""
        table = pa.Table.from_pandas(batch.table, preserve_index=False)
        table = table.append_column("geometry", pa.array(shapely.to_wkb(batch.multi()), type=pa.binary()))
        if self.writer is None:
            table = table.replace_schema_metadata({"geo": json.dumps(_geo_metadata())})
            self.writer = parquet.ParquetWriter(self._path, table.schema, compression="zstd")
        self.writer.write_table(table.replace_schema_metadata(self.writer.schema.metadata))


@contextmanager
def _parquet(path: Path) -> Iterator[_Table]:
    table = _Table(path)
    try:
        yield table
    finally:
        if table.writer is not None:
            table.writer.close()


@contextmanager
def _geojson(history: History, path: Path) -> Iterator[_Features]:
    with path.open("w", encoding="utf-8", newline="\n") as file:
        file.write(_geojson_head(history))
        yield _Features(file)
        file.write(_GEOJSON_END)


def _geo_metadata() -> dict[str, object]:
    """Say which column holds the geometry and what its coordinates are (GeoParquet 1.1)."""
    column = {"encoding": "WKB", "geometry_types": ["MultiPolygon"], "crs": pyproj.CRS(WGS84).to_json_dict()}
    return {"version": "1.1.0", "primary_column": "geometry", "columns": {"geometry": column}}


def _batches(rows: Iterable[Row], columns: Sequence[str]) -> Iterator[_Batch]:
    """Gather rows into batches of a bounded number of vertices; one without rows where there are none at all."""
    batch: list[Row] = []
    vertices, told = 0, False
    for row in rows:
        batch.append(row)
        vertices += shapely.get_num_coordinates(row["geometry"])
        if vertices >= BATCH_VERTICES:
            yield _Batch.of(_frame(batch, columns))
            batch, vertices, told = [], 0, True
    if batch or not told:
        yield _Batch.of(_frame(batch, columns))


def _frame(rows: list[Row], columns: Sequence[str]) -> gpd.GeoDataFrame:
    frame = gpd.GeoDataFrame(rows, columns=[*PERIOD, *columns], geometry="geometry", crs=WGS84)
    return frame.astype(dict.fromkeys(PERIOD, "datetime64[s]"))


def _features(zones: _Batch) -> Iterator[str]:
    """Write each row as the text of a GeoJSON feature."""
    rounded = shapely.transform(zones.shapes, lambda xy: np.round(xy, DEGREE_DECIMALS))
    shapes = shapely.to_geojson(shapely.orient_polygons(rounded))
    rows = zones.table.round(NUMBER_DECIMALS).to_dict("records")
    for row, shape in zip(rows, shapes, strict=True):
        yield f'{{"type":"Feature","properties":{json.dumps(row, ensure_ascii=False)},"geometry":{shape}}}'


def _geojson_head(history: History) -> str:
    head = json.dumps({"type": "FeatureCollection", "name": "zones", **_credits(history)}, ensure_ascii=False)
    return f'{head[:-1]}, "features":[\n'


def _credits(history: History) -> dict[str, str]:
    """Say what a GIS file shows, whom to name, and under which licences it stands."""
    theatre = history.theatre
    licences = "; ".join(f"{licence.name}: {licence.covers} ({licence.url})" for licence in theatre.licences)
    return {
        "description": f"{theatre.title}: zones by state as reports tell them, policy {history.policy}; "
        "valid_from and valid_to are included" + ("" if history.surfaces is None else _WEEKLY),
        "attribution": theatre.attribution,
        "licence": licences,
    }


def _append(history: History, batch: _Batch, package: Path, layer: str) -> None:
    """Add a batch to a layer of a GeoPackage."""
    pyogrio.set_gdal_config_options({"OGR_CURRENT_DATE": _FIXED_TIME})
    try:
        pyogrio.write_dataframe(
            gpd.GeoDataFrame(batch.table, geometry=batch.multi(), crs=WGS84),
            package,
            layer=layer,
            driver="GPKG",
            geometry_type="MultiPolygon" if layer == "zones" else "MultiLineString",
            append=package.exists(),
            dataset_metadata=_credits(history),
        )
    except (DataLayerError, DataSourceError) as error:
        raise OutputError(
            f"cannot write {package}: {error}; nothing half-written was left; free some space or choose another folder"
        ) from error
    finally:
        pyogrio.set_gdal_config_options({"OGR_CURRENT_DATE": None})
