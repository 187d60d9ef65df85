"""Made-up maps of others in every foreign format, with the defects that the real ones have."""

from __future__ import annotations

import io
import json
import tarfile
import warnings
import zipfile
from collections.abc import Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import geopandas as gpd
import pandas as pd
import shapely
from shapely.geometry.base import BaseGeometry

from frontmap.readers import DrawnSeries
from frontmap.readers.drawn import as_states

Ring = list[list[float]]


def square(west: float, south: float, east: float, north: float) -> Ring:
    """Give the ring of a rectangle, counter-clockwise from its south-west corner."""
    return [[west, south], [east, south], [east, north], [west, north], [west, south]]


def polygon(*rings: Ring) -> dict[str, Any]:
    """Give a Polygon as GeoJSON has it."""
    return {"type": "Polygon", "coordinates": list(rings)}


def collection(*features: tuple[dict[str, Any], dict[str, Any] | None], **members: object) -> str:
    """Give a FeatureCollection of properties and geometries."""
    listed = [{"type": "Feature", "properties": about, "geometry": shape} for about, shape in features]
    return json.dumps({"type": "FeatureCollection", **members, "features": listed})


def with_heights(ring: Ring) -> Ring:
    """Give a ring whose points have a third coordinate."""
    return [[*point, 0] for point in ring]


def deepstate(*features: tuple[str | None, str, dict[str, Any] | None]) -> str:
    """Give the DeepState map's own GeoJSON: colour, name and geometry of each feature."""
    return collection(*(({"name": name, "fill": fill, "stroke": fill}, shape) for fill, name, shape in features))


def shapefile_zip(folder: Path, name: str, shapes: Sequence[BaseGeometry | None], crs: str | None) -> bytes:
    """Give a zip with one shapefile; its attribute of area is wrong, as in Web Mercator."""
    frame = gpd.GeoDataFrame({"Shape__Are": [1.0] * len(shapes)}, geometry=list(shapes), crs=crs)
    folder.mkdir(parents=True, exist_ok=True)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # a layer without CRS is wanted
        frame.to_file(folder / f"{name}.shp")
    sink = io.BytesIO()
    with zipfile.ZipFile(sink, "w") as pack:
        for path in sorted(folder.iterdir()):
            pack.write(path, path.name)
    return sink.getvalue()


def tar_xz(files: dict[str, str]) -> bytes:
    """Give a compressed archive with a folder of files, and one that is no map."""
    sink = io.BytesIO()
    with tarfile.open(fileobj=sink, mode="w:xz") as archive:
        for name, text in {**files, "README.txt": "about"}.items():
            data = text.encode()
            member = tarfile.TarInfo(f"data/{name}")
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))
    return sink.getvalue()


def series_of(
    shapes: Sequence[BaseGeometry], *, start: date = date(2024, 1, 1), skip: Sequence[int] = (), layer: str = "drawn"
) -> DrawnSeries:
    """Give a series of one shape a day; days of which the number is in `skip` are left out."""
    days = [start + timedelta(days=n) for n in range(len(shapes) + len(skip)) if n not in skip]
    rows = [(layer, day, day, shape) for day, shape in zip(days, shapes, strict=True)]
    return DrawnSeries("made-up", as_states(rows), tuple((day, day) for day in days))


def boxes(*bounds: tuple[float, float, float, float]) -> BaseGeometry:
    """Give the union of rectangles."""
    return shapely.union_all([shapely.box(*one) for one in bounds])


def same_frames(one: pd.DataFrame, other: pd.DataFrame) -> bool:
    """Tell whether two tables are the same to the bit, types and geometries included."""
    if list(one.columns) != list(other.columns) or len(one) != len(other):
        return False
    for name in one.columns:
        if one[name].dtype != other[name].dtype:
            return False
        a, b = one[name].to_numpy(), other[name].to_numpy()
        if len(a) and shapely.is_geometry(a[0]):
            a, b = shapely.to_wkb(a), shapely.to_wkb(b)
        if a.tolist() != b.tolist() and not pd.Series(a).equals(pd.Series(b)):
            return False
    return True
