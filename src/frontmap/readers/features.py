"""Features of GeoJSON documents with their geometries, read together where that is possible."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import shapely
from shapely.geometry.base import BaseGeometry

from frontmap.errors import Problem, TableError
from frontmap.readers.documents import Document
from frontmap.readers.pieces import Tally

_COLLECTION = "a GeoJSON FeatureCollection"


def features(document: Document, tally: Tally) -> Iterator[tuple[str, dict[str, Any], BaseGeometry | None]]:
    """Yield the features of a FeatureCollection.

    Parameters
    ----------
    document : Document
        GeoJSON.
    tally : Tally
        Takes the features whose geometry cannot be read.

    Yields
    ------
    tuple
        Where it stands in words, its properties, and its geometry: None where it is null or empty.

    Raises
    ------
    TableError
        If it is no FeatureCollection.
    """
    listed = feature_list(document.json, document.name, tally)
    shapes = _all_at_once(document, len(listed))
    for number, feature in enumerate(listed):
        where = f"feature {number + 1}"
        told = feature if isinstance(feature, dict) else {}
        properties = told.get("properties")
        if shapes is None:
            usable, shape = geometry(told.get("geometry"), document.name, where, tally)
        else:
            usable, shape = True, shapes[number]
        if usable:
            yield where, properties if isinstance(properties, dict) else {}, shape


def feature_list(content: object, file: str, tally: Tally) -> list[Any]:
    """Give the features of a FeatureCollection as JSON has them.

    Parameters
    ----------
    content : object
        As from `Document.json`.
    file : str
        Its name, for messages.
    tally : Tally
        Knows the next step.

    Returns
    -------
    list
        May be empty.

    Raises
    ------
    TableError
        If it is no FeatureCollection.
    """
    if not isinstance(content, dict) or not isinstance(content.get("features"), list):
        kind = content.get("type") if isinstance(content, dict) else type(content).__name__
        raise TableError([*tally.problems, Problem(file, None, _COLLECTION, f"{kind!r}", tally.next_step)])
    found: list[Any] = content["features"]
    return found


def geometry(told: object, file: str, where: str, tally: Tally) -> tuple[bool, BaseGeometry | None]:
    """Read one geometry.

    Parameters
    ----------
    told : object
        A GeoJSON geometry as JSON has it, or None.
    file, where : str
        For messages.
    tally : Tally
        Takes the problem if it cannot be read.

    Returns
    -------
    tuple
        Whether it can be used, and the geometry; None for one that is null or empty.

    Raises
    ------
    TypeError
        If it cannot be written as JSON.
    """
    if told is None:
        return True, None
    try:
        shape = shapely.from_geojson(json.dumps(told))
    except shapely.errors.GEOSException as error:
        tally.refuse(file, f"a polygon in {where}", f"no geometry ({error})")
        return False, None
    return True, None if shape.is_empty else shape


def _all_at_once(document: Document, count: int) -> list[BaseGeometry | None] | None:
    """Read all geometries in one go; None if one cannot be read, which then is to be found and told."""
    try:
        together = shapely.from_geojson(document.text)
    except shapely.errors.GEOSException:
        return None
    parts = list(shapely.get_parts(together))
    if together.geom_type != "GeometryCollection" or len(parts) != count:
        return None
    return [None if part.is_empty else part for part in parts]
