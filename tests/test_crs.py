"""Areas, lengths and projections against closed forms and independent formulas."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from pyproj import Geod

from frontmap.crs import (
    LocalProjection,
    densify,
    distance_km,
    edge_area_m2,
    geodesic_area_km2,
    geodesic_length_km,
    local_projection,
    require_degrees,
    require_wgs84,
)
from frontmap.errors import CrsError

# WGS84: semi-major axis (km) and first eccentricity squared, from the defining constants.
A_KM, E2 = 6378.137, 0.00669437999014
GEOD = Geod(ellps="WGS84")


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
    expected = abs(GEOD.geometry_area_perimeter(shapely.orient_polygons(both))[0]) / 1e6
    assert geodesic_area_km2([both, None, shapely.Polygon()]) == pytest.approx([expected, 0, 0], rel=1e-12)


def star(lon_deg: float, lat_deg: float, reach_m: list[float]) -> shapely.Polygon:
    """Polygon whose corners lie at the given distances in directions all round a point."""
    azimuth = np.linspace(0, 360, len(reach_m), endpoint=False)
    centre = np.full(len(reach_m), lon_deg), np.full(len(reach_m), lat_deg)
    return shapely.Polygon(np.column_stack(GEOD.fwd(*centre, azimuth, reach_m)[:2]))


@settings(max_examples=150, deadline=None)
@given(
    lon_deg=st.sampled_from([-180.0, 0.0, 35.0, 179.9999]),
    lat_deg=st.floats(-89, 89),
    shape=st.lists(st.floats(0.5, 1), min_size=3, max_size=12),
    exponent=st.floats(1.5, 6.3),
)
def test_areas_of_all_sizes_are_those_of_proj(
    lon_deg: float, lat_deg: float, shape: list[float], exponent: float
) -> None:
    # From 30 m to 2,000 km, over the equator, the antimeridian and the poles.
    polygon = star(lon_deg, lat_deg, [10**exponent * r for r in shape])
    lon, lat = shapely.get_coordinates(polygon).T
    expected = abs(GEOD.polygon_area_perimeter(lon, lat)[0])
    # PROJ itself rounds to some 1e-5 m2, and worse for small polygons near a pole.
    rounding = 1e-4 + 1e-8 * 10**exponent / np.cos(np.radians(np.abs(lat).max()))
    assert geodesic_area_km2([polygon])[0] * 1e6 == pytest.approx(expected, rel=1e-9, abs=rounding)


@pytest.mark.parametrize("lat_deg", [0.0, 51.0, -75.0])
def test_tiny_areas_are_exact_where_those_of_proj_are_not(lat_deg: float) -> None:
    # A box of a metre: the product of its sides, by the radii of curvature (Snyder 1987, eq. 4-18 and 4-20).
    box = shapely.box(35, lat_deg, 35 + 1e-5, lat_deg + 1e-5)
    west, south, east, north = box.bounds
    s, c = np.sin(np.radians((south + north) / 2)), np.cos(np.radians((south + north) / 2))
    meridian_km = A_KM * (1 - E2) / (1 - E2 * s * s) ** 1.5 * np.radians(north - south)
    parallel_km = A_KM * c / np.sqrt(1 - E2 * s * s) * np.radians(east - west)
    assert geodesic_area_km2([box])[0] == pytest.approx(meridian_km * parallel_km, rel=1e-11)


def test_a_ring_round_a_pole_has_the_area_of_its_cap() -> None:
    lon = np.linspace(0, 360, 3600, endpoint=False)
    ring = shapely.Polygon(np.column_stack([(lon + 180) % 360 - 180, np.full(len(lon), 80.0)]))
    assert geodesic_area_km2([ring])[0] == pytest.approx(zone_area_km2(80, 90, 360), rel=1e-6)


@settings(max_examples=50, deadline=None)
@given(
    lat_deg=st.floats(-70, 70),
    shape=st.lists(st.floats(0.5, 1), min_size=3, max_size=12),
    meridian_deg=st.floats(-100, 100),
)
def test_shares_of_edges_sum_to_areas_and_cancel(lat_deg: float, shape: list[float], meridian_deg: float) -> None:
    polygon = star(10.0, lat_deg, [50_000 * r for r in shape])
    polygon = shapely.orient_polygons(polygon)
    xy = shapely.get_coordinates(polygon)
    forth = edge_area_m2(*xy[:-1].T, *xy[1:].T, meridian_deg=meridian_deg)
    back = edge_area_m2(*xy[1:].T, *xy[:-1].T, meridian_deg=meridian_deg)
    assert forth.sum() / 1e6 == pytest.approx(geodesic_area_km2([polygon])[0], rel=1e-9)
    np.testing.assert_allclose(back, -forth, rtol=0, atol=1.0)  # of some 1e11 m2 to the meridian


def test_edges_across_half_a_globe_have_no_share() -> None:
    assert np.isnan(edge_area_m2(0, 51, [90, 180], 51, meridian_deg=0)).all()
    assert np.isnan(edge_area_m2(0, 90, 10, 80, meridian_deg=0)).all()


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


def test_lengths_of_parts_are_added_and_nothing_measures_nothing() -> None:
    line = shapely.LineString([(35, 51), (35.5, 51.2), (36, 50)])
    lines = [shapely.MultiLineString([line, line.reverse()]), None, shapely.LineString(), line]
    once = GEOD.geometry_length(line) / 1000
    assert geodesic_length_km(lines) == pytest.approx([2 * once, 0, 0, once], rel=1e-12)
    assert geodesic_length_km([]).dtype == geodesic_area_km2([]).dtype == np.float64
    assert len(geodesic_length_km([])) == len(geodesic_area_km2([])) == 0


@pytest.mark.parametrize("wrong", [shapely.Point(400_000, 5_600_000), shapely.Point(35, 510), shapely.Point()])
def test_what_cannot_be_degrees_is_refused(wrong: shapely.Point) -> None:
    with pytest.raises(CrsError):
        require_degrees(wrong)


@pytest.mark.parametrize("crs", [None, "EPSG:3857", "EPSG:32636"])
def test_frames_in_another_crs_are_refused(crs: str | None) -> None:
    with pytest.raises(CrsError, match="EPSG:4326"):
        require_wgs84(gpd.GeoDataFrame(geometry=[shapely.Point(0, 0)], crs=crs))
