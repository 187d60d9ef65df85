"""The GeoJSON files of a theatre: frame, border and rivers, all in EPSG:4326."""

from __future__ import annotations

import json
from typing import Any

import geopandas as gpd
import shapely
from shapely import MultiLineString, MultiPolygon, Polygon
from shapely.geometry.base import BaseGeometry

from frontmap.errors import Problem

_DEGREES = "coordinates in EPSG:4326 (longitude, latitude in degrees)"
_AGAIN = "save the layer again as GeoJSON in EPSG:4326 (WGS 84)"
_CRS_NAMES = {
    "epsg:4326",
    "ogc:crs84",
    "urn:ogc:def:crs:epsg::4326",
    "urn:ogc:def:crs:ogc:1.3:crs84",
    "urn:ogc:def:crs:ogc::crs84",
}


def read_frame(text: str, file: str) -> tuple[Polygon | MultiPolygon | None, list[Problem]]:
    """Read the frame: one valid polygon or multipolygon.

    Parameters
    ----------
    text
        Content of the GeoJSON file; several polygon features are joined.
    file
        Its name, for problems.

    Returns
    -------
    frame
        EPSG:4326; ``None`` if there are problems.
    problems
        All that is wrong.

    Raises
    ------
    TypeError
        If `text` is not text.

    Examples
    --------
    >>> square = '{"type": "Polygon", "coordinates": [[[0, 0], [1, 0], [1, 1], [0, 1], [0, 0]]]}'
    >>> read_frame(square, "frame.geojson")[0].area
    1.0
    """
    shapes, problems = _read_shapes(text, file, ("Polygon", "MultiPolygon"))
    for shape in shapes:
        if not shape.is_valid:
            why = shapely.is_valid_reason(shape)
            next_step = "repair it (QGIS: Fix geometries; Python: shapely.make_valid)"
            problems.append(Problem(file, None, "a valid polygon", f"an invalid one: {why}", next_step))
    if problems:
        return None, problems
    frame = shapes[0] if len(shapes) == 1 else shapely.union_all(shapes)
    if not isinstance(frame, Polygon | MultiPolygon) or frame.area == 0:
        return None, [Problem(file, None, "a polygon with an area", "one without", "draw the frame")]
    return frame, []


def read_border(text: str, file: str) -> tuple[MultiLineString | None, list[Problem]]:
    """Read the border: lines, joined to one multi-line.

    Parameters
    ----------
    text
        Content of the GeoJSON file.
    file
        Its name, for problems.

    Returns
    -------
    border
        EPSG:4326; ``None`` if there are problems.
    problems
        All that is wrong.

    Raises
    ------
    TypeError
        If `text` is not text.

    Examples
    --------
    >>> read_border('{"type": "LineString", "coordinates": [[0, 0], [1, 0]]}', "border.geojson")[0].length
    1.0
    """
    shapes, problems = _read_shapes(text, file, ("LineString", "MultiLineString"))
    if problems:
        return None, problems
    return MultiLineString([part for shape in shapes for part in shapely.get_parts(shape)]), []


def read_rivers(text: str, file: str) -> tuple[gpd.GeoDataFrame, list[Problem]]:
    """Read the rivers: lines with a property ``name``.

    Parameters
    ----------
    text
        Content of the GeoJSON file; may have no feature.
    file
        Its name, for problems.

    Returns
    -------
    rivers
        Columns ``name`` (``""`` where it has none) and ``geometry``, EPSG:4326; empty if there are problems.
    problems
        All that is wrong.

    Raises
    ------
    TypeError
        If `text` is not text.

    Examples
    --------
    >>> len(read_rivers('{"type": "FeatureCollection", "features": []}', "rivers.geojson")[0])
    0
    """
    features, problems = _read_features(text, file)
    shapes = [] if problems else [_read_shape(feature, file, problems) for feature in features]
    _check_kinds(shapes, ("LineString", "MultiLineString"), file, problems)
    if problems:
        return no_rivers(), problems
    names = [str((feature.get("properties") or {}).get("name") or "") for feature in features]
    return gpd.GeoDataFrame({"name": names}, geometry=shapes, crs="EPSG:4326"), []


def no_rivers() -> gpd.GeoDataFrame:
    """Give the table of rivers of a theatre that has none.

    Raises
    ------
    Nothing is raised.

    Examples
    --------
    >>> list(no_rivers().columns)
    ['name', 'geometry']
    """
    return gpd.GeoDataFrame({"name": []}, geometry=[], crs="EPSG:4326").astype({"name": "str"})


def _read_shapes(text: str, file: str, kinds: tuple[str, ...]) -> tuple[list[BaseGeometry], list[Problem]]:
    features, problems = _read_features(text, file)
    if not problems and not features:
        problems.append(Problem(file, None, f"a {kinds[0]}", "no feature at all", "draw the layer"))
    shapes = [_read_shape(feature, file, problems) for feature in features]
    _check_kinds(shapes, kinds, file, problems)
    return [shape for shape in shapes if shape is not None], problems


def _read_features(text: str, file: str) -> tuple[list[dict[str, Any]], list[Problem]]:
    """List the features; a bare geometry counts as one."""
    if not text.strip():
        return [], [Problem(file, None, "GeoJSON", "an empty file", "draw the layer, or see docs/tables.md")]
    try:
        content = json.loads(text)
    except json.JSONDecodeError as error:
        found = f"text that is not JSON: {error.msg} in column {error.colno}"
        return [], [Problem(file, error.lineno, "GeoJSON", found, _AGAIN)]
    kind = content.get("type") if isinstance(content, dict) else None
    if kind == "FeatureCollection":
        features = content.get("features")
    elif kind == "Feature":
        features = [content]
    else:
        features = [{"geometry": content}] if kind else None
    if not isinstance(features, list) or not all(isinstance(feature, dict) for feature in features):
        return [], [Problem(file, None, "a GeoJSON FeatureCollection", f"type {kind!r}", _AGAIN)]
    return features, _check_crs(content, file)


def _check_crs(content: dict[str, Any], file: str) -> list[Problem]:
    """Refuse a member ``crs`` that names anything but longitude and latitude on WGS 84."""
    crs = content.get("crs")
    if crs is None:
        return []
    properties = crs.get("properties") if isinstance(crs, dict) else None
    name = properties.get("name") if isinstance(properties, dict) else None
    if isinstance(name, str) and name.casefold() in _CRS_NAMES:
        return []
    return [Problem(file, None, _DEGREES, f"crs {name or crs!r}", _AGAIN)]


def _read_shape(feature: dict[str, Any], file: str, problems: list[Problem]) -> BaseGeometry | None:
    """Read the geometry of a feature; note a problem and give ``None`` if it has none that is usable."""
    given = feature.get("geometry")
    try:
        shape = None if given is None else shapely.force_2d(shapely.from_geojson(json.dumps(given)))
    except shapely.GEOSException as error:
        found = f"one that cannot be read: {str(error).splitlines()[0]}"
        problems.append(Problem(file, None, "a GeoJSON geometry", found, _AGAIN))
        return None
    if shape is None or shape.is_empty:
        problems.append(Problem(file, None, "a geometry in every feature", "none", "remove the feature"))
        return None
    west, south, east, north = shape.bounds
    if not (-180 <= west <= east <= 180 and -90 <= south <= north <= 90):
        found = f"coordinates from ({west:g}, {south:g}) to ({east:g}, {north:g})"
        problems.append(Problem(file, None, _DEGREES, found, _AGAIN))
        return None
    return shape


def _check_kinds(shapes: list[BaseGeometry | None], kinds: tuple[str, ...], file: str, problems: list[Problem]) -> None:
    strange = sorted({shape.geom_type for shape in shapes if shape is not None} - set(kinds))
    if strange:
        expected = " or ".join(kinds)
        problems.append(Problem(file, None, expected, ", ".join(strange), "keep only the right kind"))
