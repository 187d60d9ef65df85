"""Coordinate reference systems: the only reprojection, geodesic areas, lengths and distances."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import geopandas as gpd
import numpy as np
import shapely
from numpy.typing import ArrayLike, NDArray
from pyproj import Geod, Transformer
from pyproj.crs import CRS
from shapely.geometry.base import BaseGeometry

from frontmap.errors import CrsError

WGS84 = "EPSG:4326"
_GEOD = Geod(ellps="WGS84")

FloatArray = NDArray[np.float64]
GeometryArray = NDArray[np.object_]


@dataclass(frozen=True)
class LocalProjection:
    """Lambert azimuthal equal-area projection centred on one point, in metres.

    Parameters
    ----------
    lon_deg : float
        Longitude of the centre, WGS84 degrees.
    lat_deg : float
        Latitude of the centre, WGS84 degrees.

    Notes
    -----
    Snyder, J. P. (1987), Map Projections: A Working Manual, USGS PP 1395, chapter 24 (ellipsoidal form).
    """

    lon_deg: float
    lat_deg: float

    @cached_property
    def _transformer(self) -> Transformer:
        local = CRS.from_dict({"proj": "laea", "lat_0": self.lat_deg, "lon_0": self.lon_deg, "datum": "WGS84"})
        return Transformer.from_crs(CRS.from_user_input(WGS84), local, always_xy=True)

    def _move(self, geometries: GeometryArray, direction: Literal["FORWARD", "INVERSE"]) -> GeometryArray:
        moved = np.array(geometries, dtype=object, copy=True)
        xy = shapely.get_coordinates(moved)
        placed = self._transform(xy, direction)
        if direction == "INVERSE":  # one corrective step: the series of the inverse alone is off by up to a millimetre
            placed = self._transform(2 * xy - self._transform(placed, "FORWARD"), direction)
        result: GeometryArray = shapely.set_coordinates(moved, placed)
        return result

    def _transform(self, xy: FloatArray, direction: Literal["FORWARD", "INVERSE"]) -> FloatArray:
        x, y = self._transformer.transform(xy[:, 0], xy[:, 1], direction=direction)
        return np.column_stack([x, y])

    def to_metres(self, geometries: GeometryArray) -> GeometryArray:
        """Project geometries from WGS84 degrees to local metres.

        Parameters
        ----------
        geometries : array of shapely geometries
            In EPSG:4326, longitude first.

        Returns
        -------
        array of shapely geometries
            Same length, coordinates in metres; equal input vertices give equal output vertices.

        Raises
        ------
        TypeError
            From shapely, where an element is not a geometry.
        """
        return self._move(geometries, "FORWARD")

    def to_wgs84(self, geometries: GeometryArray) -> GeometryArray:
        """Return geometries in local metres to WGS84 degrees; the inverse of `to_metres`.

        Parameters
        ----------
        geometries : array of shapely geometries
            Coordinates in metres of this projection.

        Returns
        -------
        array of shapely geometries
            Same length, EPSG:4326, longitude first.

        Raises
        ------
        TypeError
            From shapely, where an element is not a geometry.
        """
        return self._move(geometries, "INVERSE")


def local_projection(geometry: BaseGeometry) -> LocalProjection:
    """Choose the equal-area projection centred on a geometry's bounding box.

    Parameters
    ----------
    geometry : shapely geometry
        In EPSG:4326.

    Returns
    -------
    LocalProjection
        Centre rounded to 0.01 degree, so that a small edit of the frame leaves the projection as it was.

    Raises
    ------
    CrsError
        If the geometry is empty or its coordinates are not degrees.
    """
    require_degrees(geometry)
    west, south, east, north = geometry.bounds
    return LocalProjection(round((west + east) / 2, 2), round((south + north) / 2, 2))


def require_degrees(geometry: BaseGeometry) -> None:
    """Refuse a geometry whose coordinates cannot be WGS84 degrees.

    Parameters
    ----------
    geometry : shapely geometry
        Believed to be in EPSG:4326.

    Raises
    ------
    CrsError
        If it is empty, or a coordinate lies outside longitude -180..180 or latitude -90..90.
    """
    if geometry.is_empty:
        raise CrsError("expected a geometry in EPSG:4326, found an empty one; next: check the file it came from")
    west, south, east, north = geometry.bounds
    if west < -180 or east > 180 or south < -90 or north > 90:
        raise CrsError(
            f"expected longitude and latitude in degrees (EPSG:4326), found bounds "
            f"({west:g}, {south:g}, {east:g}, {north:g}); next: reproject the layer to EPSG:4326"
        )


def require_wgs84(frame: gpd.GeoDataFrame) -> None:
    """Refuse a frame that is not declared as EPSG:4326.

    Parameters
    ----------
    frame : GeoDataFrame
        Any layer.

    Raises
    ------
    CrsError
        If the CRS is missing or a different one.
    """
    if frame.crs is None or frame.crs.to_epsg() != 4326:
        raise CrsError(f"expected EPSG:4326, found {frame.crs}; next: set or change the CRS of the layer to EPSG:4326")


def densify(geometry: BaseGeometry, *, max_segment_m: float = 500.0) -> BaseGeometry:
    """Insert vertices on long edges, which RFC 7946 defines as straight in degrees.

    Parameters
    ----------
    geometry : shapely geometry
        In EPSG:4326.
    max_segment_m : float
        Longest edge wanted, in metres (a degree is taken as 111.2 km, so edges are at most this long).

    Returns
    -------
    shapely geometry
        The same shape with more vertices.

    Raises
    ------
    ValueError
        From shapely, where `max_segment_m` is not positive.
    """
    return shapely.segmentize(geometry, max_segment_m / 111_200.0)


def geodesic_area_km2(geometries: ArrayLike) -> FloatArray:
    """Measure areas on the WGS84 ellipsoid, edges taken as geodesics.

    Parameters
    ----------
    geometries : sequence of Polygon or MultiPolygon
        In EPSG:4326. Empty geometries and None measure 0.

    Returns
    -------
    ndarray of float64
        Areas in km2, never negative, in the order given.

    Raises
    ------
    TypeError
        From shapely, where an element is not a geometry.

    Notes
    -----
    Karney, C. F. F. (2013), Algorithms for geodesics, Journal of Geodesy 87, 43-55.
    """
    parts, owner = shapely.get_parts(np.asarray(geometries, dtype=object), return_index=True)
    area_km2 = np.zeros(np.size(geometries))
    for part, index in zip(parts, owner, strict=True):
        for ring, sign in [(part.exterior, 1.0), *((hole, -1.0) for hole in part.interiors)]:
            xy = shapely.get_coordinates(ring)
            area_m2, _ = _GEOD.polygon_area_perimeter(xy[:, 0], xy[:, 1])
            area_km2[index] += sign * abs(area_m2) / 1e6
    return area_km2


def geodesic_length_km(geometries: ArrayLike) -> FloatArray:
    """Measure lengths of lines on the WGS84 ellipsoid.

    Parameters
    ----------
    geometries : sequence of LineString or MultiLineString
        In EPSG:4326. Empty geometries measure 0.

    Returns
    -------
    ndarray of float64
        Lengths in km.

    Raises
    ------
    TypeError
        From shapely, where an element is not a geometry.
    """
    parts, owner = shapely.get_parts(np.asarray(geometries, dtype=object), return_index=True)
    length_km = np.zeros(np.size(geometries))
    for part, index in zip(parts, owner, strict=True):
        xy = shapely.get_coordinates(part)
        length_km[index] += _GEOD.line_length(xy[:, 0], xy[:, 1]) / 1000
    return length_km


def distance_km(lon_a_deg: ArrayLike, lat_a_deg: ArrayLike, lon_b_deg: ArrayLike, lat_b_deg: ArrayLike) -> FloatArray:
    """Measure geodesic distances between pairs of points.

    Parameters
    ----------
    lon_a_deg, lat_a_deg, lon_b_deg, lat_b_deg : float or array
        WGS84 degrees, broadcast against each other.

    Returns
    -------
    ndarray of float64
        Distances in km.

    Raises
    ------
    ValueError
        From numpy, where the shapes do not broadcast.
    """
    lon_a, lat_a, lon_b, lat_b = np.broadcast_arrays(
        *(np.atleast_1d(np.asarray(v, dtype=float)) for v in (lon_a_deg, lat_a_deg, lon_b_deg, lat_b_deg))
    )
    _, _, metres = _GEOD.inv(lon_a, lat_a, lon_b, lat_b)
    return np.asarray(metres, dtype=np.float64) / 1000
