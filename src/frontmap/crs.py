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
from pyproj.exceptions import CRSError as ProjCrsError
from shapely.geometry.base import BaseGeometry

from frontmap.errors import CrsError

WGS84 = "EPSG:4326"
_GEOD = Geod(ellps="WGS84")
_LONG_EDGE = 1.5e-3  # in distances to the axis: longer edges are divided to measure areas

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
    The sum of `edge_area_m2` over each ring. Rings round a pole, and those with an edge longer than the distance to the
    axis, are left to PROJ (Karney 2013). The two agree to 1e-9 where PROJ's own rounding, 1e-5 m2, allows.
    """
    parts, owner = shapely.get_parts(np.asarray(geometries, dtype=object), return_index=True)
    rings, part = shapely.get_rings(parts, return_index=True)
    area_m2 = _ring_area_m2(rings)
    hole = np.r_[False, part[1:] == part[:-1]][: len(part)]  # the first ring of a part is its exterior
    signed = np.where(hole, -area_m2, area_m2)
    return np.bincount(owner[part], signed, minlength=np.size(geometries)) / 1e6


def _ring_area_m2(rings: GeometryArray) -> FloatArray:
    """Measure the area that each ring encloses, never negative."""
    xy, ring = shapely.get_coordinates(rings, return_index=True)
    tail = np.flatnonzero(ring[1:] == ring[:-1])
    (lon_a, lat_a), (lon_b, lat_b) = xy[tail].T, xy[tail + 1].T
    start = np.flatnonzero(np.r_[True, ring[1:] != ring[:-1]][: len(ring)])
    first = xy[start, 0][ring[tail]]
    area_m2 = edge_area_m2(lon_a, lat_a, lon_b, lat_b, meridian_deg=first)
    turn_deg = _wrapped_deg(lon_a - first) + _wrapped_deg(lon_b - lon_a) - _wrapped_deg(lon_b - first)
    area_m2[np.abs(turn_deg) > 1.0] = np.nan  # round a pole, or half of the globe
    enclosed: FloatArray = np.abs(np.bincount(ring[tail], area_m2, minlength=len(rings)))
    stop = np.append(start[1:], len(ring))
    for left in np.flatnonzero(np.isnan(enclosed)):
        lon, lat = xy[start[left] : stop[left]].T
        enclosed[left] = abs(_GEOD.polygon_area_perimeter(lon, lat)[0])
    return enclosed


def edge_area_m2(
    lon_a_deg: ArrayLike, lat_a_deg: ArrayLike, lon_b_deg: ArrayLike, lat_b_deg: ArrayLike, *, meridian_deg: ArrayLike
) -> FloatArray:
    """Give the share of each edge in the area of any ring that it is part of, edges taken as geodesics.

    Parameters
    ----------
    lon_a_deg, lat_a_deg, lon_b_deg, lat_b_deg : float or array
        Ends of the edges, WGS84 degrees, broadcast against each other.
    meridian_deg : float or array
        Longitude from which positions are counted; the same one for all edges of a ring, less than 180 degrees away.

    Returns
    -------
    ndarray of float64
        In m2. Summed over the edges of a ring: its area, positive if it runs anticlockwise. The opposite edge has
        the opposite share. NaN for edges longer than the distance to the axis (4,000 km at 51 N).

    Raises
    ------
    ValueError
        From numpy, where the shapes do not broadcast.

    Notes
    -----
    With w(latitude) the area between the equator and a parallel for each radian of longitude (Snyder 1987, eq. 3-12),
    a ring's area is the integral of longitude over w; that is exact for edges straight in the (longitude, w)
    plane, Lambert's cylindrical equal-area projection. A geodesic bends away from these; with Clairaut's equations the
    area between is east sin(latitude) (p^2 east^2 + 3 dw^2 / p^2) / 12, p the distance to the axis, in the edge's
    middle. Edges of more than 0.15 % of p (6 km at 51 N) are divided first, so that the next term is below 1e-10.
    Karney, C. F. F. (2013), Algorithms for geodesics, Journal of Geodesy 87, 43-55, has the general series.
    """
    lon_a, lat_a, lon_b, lat_b, meridian = np.broadcast_arrays(
        *(np.atleast_1d(np.asarray(v, dtype=float)) for v in (lon_a_deg, lat_a_deg, lon_b_deg, lat_b_deg, meridian_deg))
    )
    west, east = _wrapped_deg(lon_a - meridian), _wrapped_deg(lon_b - lon_a)
    area_m2 = _short_edge_area_m2(west, lat_a, east, lat_b)
    nearest = np.cos(np.radians(np.maximum(np.abs(lat_a), np.abs(lat_b))))
    with np.errstate(divide="ignore", invalid="ignore"):
        length = np.hypot(np.radians(east), np.radians(lat_b - lat_a) / nearest)  # in distances to the axis
    long = np.flatnonzero(length > _LONG_EDGE)
    area_m2[np.isnan(length)] = np.nan
    if len(long):
        pieces = np.ceil(np.minimum(length[long], 1.0) / _LONG_EDGE).astype(np.int64)
        edge = np.repeat(np.arange(len(long)), pieces + 1)
        step = np.arange(len(edge)) - np.repeat(np.cumsum(pieces + 1) - pieces - 1, pieces + 1)
        azimuth, _, metres = _GEOD.inv(lon_a[long], lat_a[long], lon_b[long], lat_b[long])
        share = step / pieces[edge]
        lon, lat, _ = _GEOD.fwd(lon_a[long][edge], lat_a[long][edge], azimuth[edge], metres[edge] * share)
        lat = np.select([step == 0, share == 1.0], [lat_a[long][edge], lat_b[long][edge]], lat)
        along = np.select([step == 0, share == 1.0], [0.0, east[long][edge]], _wrapped_deg(lon - lon_a[long][edge]))
        tail = np.flatnonzero(share < 1.0)
        part_m2 = _short_edge_area_m2(
            west[long][edge[tail]] + along[tail], lat[tail], along[tail + 1] - along[tail], lat[tail + 1]
        )
        area_m2[long] = np.where(length[long] <= 1.0, np.bincount(edge[tail], part_m2), np.nan)
    return area_m2


def _wrapped_deg(angle_deg: FloatArray) -> FloatArray:
    """Bring differences of longitude into -180..180, those that are there untouched."""
    return np.where(np.abs(angle_deg) <= 180, angle_deg, (angle_deg + 180) % 360 - 180)


def _short_edge_area_m2(
    west_deg: FloatArray, tail_deg: FloatArray, east_deg: FloatArray, head_deg: FloatArray
) -> FloatArray:
    """Give the share of short edges; `west_deg` is the tail's longitude, `east_deg` the head's from the tail's."""
    half, middle = np.radians(head_deg - tail_deg) / 2, np.radians(tail_deg + head_deg) / 2
    sin_half, cos_half, sin_middle, cos_middle = np.sin(half), np.cos(half), np.sin(middle), np.cos(middle)
    tail, head = sin_middle * cos_half - cos_middle * sin_half, sin_middle * cos_half + cos_middle * sin_half
    rise = 2 * cos_middle * sin_half  # head - tail, without the loss of digits
    e = np.sqrt(_GEOD.es)
    dw = rise * (1 + _GEOD.es * tail * head) / ((1 - _GEOD.es * tail**2) * (1 - _GEOD.es * head**2))
    dw = (1 - _GEOD.es) / 2 * (dw + np.arctanh(e * rise / (1 - _GEOD.es * tail * head)) / e)
    east = np.radians(east_deg)
    with np.errstate(divide="ignore", invalid="ignore"):  # at a pole
        p2 = cos_middle**2 / (1 - _GEOD.es * sin_middle**2)
        bulge = east * sin_middle * (p2 * east**2 + 3 * dw**2 / p2) / 12
    area_m2: FloatArray = _GEOD.a**2 * (np.radians(west_deg + east_deg / 2) * dw - bulge)
    return area_m2


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
    xy, part = shapely.get_coordinates(parts, return_index=True)
    tail = np.flatnonzero(part[1:] == part[:-1])
    length_km = distance_km(*xy[tail].T, *xy[tail + 1].T)
    return np.bincount(owner[part[tail]], length_km, minlength=np.size(geometries)).astype(np.float64)


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


def to_wgs84(geometries: ArrayLike, crs: object) -> GeometryArray:
    """Bring geometries of a foreign layer to EPSG:4326, vertex by vertex.

    Parameters
    ----------
    geometries : sequence of shapely geometries
        In `crs`, easting or longitude first, without heights.
    crs : object
        What pyproj understands as a CRS, such as ``"EPSG:3857"`` or the text of a .prj file.

    Returns
    -------
    array of shapely geometries
        Same length, longitude first.

    Raises
    ------
    CrsError
        If there is no CRS or pyproj does not know it, or a coordinate cannot be brought to degrees.
    """
    try:
        there = CRS.from_user_input(crs)
    except ProjCrsError as error:
        raise CrsError(f"expected a known CRS, found {crs!r}; next: say the layer's CRS") from error
    moved = np.array(geometries, dtype=object, copy=True)
    xy = shapely.get_coordinates(moved)
    transformer = Transformer.from_crs(there, CRS.from_user_input(WGS84), always_xy=True)
    placed = np.column_stack(transformer.transform(xy[:, 0], xy[:, 1]))
    if not np.isfinite(placed).all():
        raise CrsError(f"expected coordinates within {there.name}, found others; next: check the layer's CRS")
    result: GeometryArray = shapely.set_coordinates(moved, placed)
    return result
