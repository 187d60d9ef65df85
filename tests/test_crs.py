"""Areas, lengths and projections against closed forms and independent formulas."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pytest
import shapely
from pyproj import Geod

from frontmap.crs import (
    LocalProjection,
    densify,
    distance_km,
    geodesic_area_km2,
    geodesic_length_km,
    local_projection,
    require_degrees,
    require_wgs84,
)
from frontmap.errors import CrsError

# WGS84: semi-major axis (km) and first eccentricity squared, from the defining constants.
A_KM, E2 = 6378.137, 0.00669437999014


def zone_area_km2(south_deg: float, north_deg: float, width_deg: float) -> float:
    """Area between two parallels and two meridians by the closed form for the ellipsoid (Snyder 1987, eq. 3-12)."""
    e = np.sqrt(E2)

    def q(lat_deg: float) -> float:
        s = np.sin(np.radians(lat_deg))
        return float((1 - E2) * (s / (1 - E2 * s * s) + np.arctanh(e * s) / e))

    return float(A_KM**2 * np.radians(width_deg) * (q(north_deg) - q(south_deg)) / 2)


def test_area_of_a_degree_box_is_the_closed_form() -> None:
    box = densify(shapely.box(35, 51, 36, 52), max_segment_m=100)
    assert geodesic_area_km2([box])[0] == pytest.approx(zone_area_km2(51, 52, 1), rel=1e-7)


def test_area_is_that_of_pyproj_with_holes_and_parts() -> None:
    ring = shapely.Point(35, 51).buffer(0.2)
    holed = ring.difference(shapely.Point(35, 51).buffer(0.1))
    both = shapely.MultiPolygon([holed, shapely.box(36, 51, 36.1, 51.1)])
    expected = abs(Geod(ellps="WGS84").geometry_area_perimeter(shapely.orient_polygons(both))[0]) / 1e6
    assert geodesic_area_km2([both, None, shapely.Polygon()]) == pytest.approx([expected, 0, 0], rel=1e-12)


def test_area_ignores_ring_direction() -> None:
    box = shapely.box(35, 51, 35.1, 51.1)
    assert geodesic_area_km2([box, box.reverse()])[0] == geodesic_area_km2([box.reverse()])[0] > 0


def test_projection_is_equal_area_and_goes_back() -> None:
    box = densify(shapely.box(34.9, 51.0, 35.4, 51.3), max_segment_m=200)
    projection = local_projection(box)
    assert projection == LocalProjection(35.15, 51.15)
    metres = projection.to_metres(np.array([box]))
    assert metres[0].area / 1e6 == pytest.approx(zone_area_km2(51.0, 51.3, 0.5), rel=1e-7)
    back = projection.to_wgs84(metres)[0]
    assert np.abs(shapely.get_coordinates(back) - shapely.get_coordinates(box)).max() < 1e-11  # a micrometre


def test_lengths_and_distances_are_geodesic() -> None:
    line = shapely.LineString([(35, 51), (35, 52)])
    middle = np.radians(51.5)  # length of a meridian degree, Snyder-type series in the middle latitude
    degree_km = (111132.954 - 559.822 * np.cos(2 * middle) + 1.175 * np.cos(4 * middle)) / 1000
    assert geodesic_length_km([line])[0] == pytest.approx(degree_km, abs=0.001)
    assert distance_km(35, 51, [35, 36], [52, 51])[0] == pytest.approx(geodesic_length_km([line])[0], rel=1e-12)


@pytest.mark.parametrize("wrong", [shapely.Point(400_000, 5_600_000), shapely.Point(35, 510), shapely.Point()])
def test_what_cannot_be_degrees_is_refused(wrong: shapely.Point) -> None:
    with pytest.raises(CrsError):
        require_degrees(wrong)


@pytest.mark.parametrize("crs", [None, "EPSG:3857", "EPSG:32636"])
def test_frames_in_another_crs_are_refused(crs: str | None) -> None:
    with pytest.raises(CrsError, match="EPSG:4326"):
        require_wgs84(gpd.GeoDataFrame(geometry=[shapely.Point(0, 0)], crs=crs))
