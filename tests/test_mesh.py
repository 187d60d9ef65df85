"""Tests of the mesh: it fills the frame, keeps to the sides, and each of its cells knows its settlement."""

from itertools import pairwise

import geopandas as gpd
import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely import LineString, box

from frontmap.cells import tessellate, verify_cells
from frontmap.crs import WGS84, distance_km
from frontmap.mesh import refine

FRAME = box(35.0, 51.0, 35.6, 51.4)
BORDER = LineString([(34.9, 51.2), (35.7, 51.21)])


def spots(xy: list[tuple[float, float]], country: list[str]) -> gpd.GeoDataFrame:
    columns = {
        "place_id": [f"p{n:02d}" for n in range(len(xy))],
        "country": country,
        "region": "R",
        "district": [f"d{n % 2}" for n in range(len(xy))],
        "position_radius_m": 100.0,
    }
    return gpd.GeoDataFrame(columns, geometry=[shapely.Point(p) for p in xy], crs=WGS84)


SITES = spots([(35.1, 51.1), (35.4, 51.12), (35.15, 51.3), (35.45, 51.32)], ["AA", "AA", "BB", "BB"])


def test_the_mesh_fills_the_frame_and_keeps_to_the_sides() -> None:
    coarse = tessellate(SITES, FRAME, BORDER)
    fine = refine(coarse, SITES, BORDER, near=["p00", "p03"], spacing_km=1.0, reach_km=6.0)
    assert verify_cells(fine.cells, FRAME).relative_difference < 1e-9
    assert fine.cells.groupby("side")["area_km2"].sum().to_dict() == pytest.approx(
        coarse.cells.groupby("side")["area_km2"].sum().to_dict(), rel=1e-9
    )
    side = dict(zip(SITES["place_id"], SITES["country"], strict=True))
    assert (fine.cells["side"] == fine.cells["place_id"].map(side)).all()
    assert fine.cells["cell_id"].tolist() == list(range(len(fine.cells)))


def test_a_cell_belongs_to_the_nearest_settlement_of_its_side() -> None:
    coarse = tessellate(SITES, FRAME, BORDER)
    cells = refine(coarse, SITES, BORDER, near=["p00"], spacing_km=1.0, reach_km=8.0).cells
    middle = shapely.centroid(cells.geometry.to_numpy())
    reached = distance_km(shapely.get_x(middle), shapely.get_y(middle), 35.1, 51.1) < 7.0
    assert reached.sum() > 80
    for cell, point in zip(cells[reached].itertuples(), middle[reached], strict=True):
        own = SITES[SITES["country"] == cell.side]
        away = distance_km(point.x, point.y, own.geometry.x.to_numpy(), own.geometry.y.to_numpy())
        named = float(away[(own["place_id"] == cell.place_id).to_numpy()][0])
        assert named <= float(away.min()) + 1.5  # a cell is a kilometre wide


def test_cells_have_the_area_of_the_lattice_where_nothing_cuts_them() -> None:
    coarse = tessellate(SITES, FRAME, BORDER)
    cells = refine(coarse, SITES, BORDER, near=["p00", "p01", "p02", "p03"], spacing_km=2.0, reach_km=50.0).cells
    edges = shapely.union(FRAME.boundary, BORDER)
    whole = cells[shapely.distance(cells.geometry.to_numpy(), edges) > 0.03]  # degrees, a spacing or more
    assert len(whole) > 50
    np.testing.assert_allclose(whole["area_km2"], 2.0**2 * np.sqrt(3) / 2, rtol=1e-3)  # a regular hexagon


def test_far_from_reports_the_settlements_keep_their_cells() -> None:
    coarse = tessellate(SITES, FRAME, BORDER)
    nothing = refine(coarse, SITES, BORDER, near=[], spacing_km=1.0, reach_km=5.0)
    np.testing.assert_allclose(nothing.cells["area_km2"], coarse.cells["area_km2"], rtol=1e-9)
    some = refine(coarse, SITES, BORDER, near=["p00"], spacing_km=1.0, reach_km=3.0).cells
    assert (some["place_id"] == "p03").sum() == 1
    assert (some["place_id"] == "p00").sum() > 10


def test_an_unknown_or_unplaced_id_is_passed_over_and_a_spacing_must_be_positive() -> None:
    coarse = tessellate(SITES, FRAME, BORDER)
    assert len(refine(coarse, SITES, BORDER, near=["nobody"], spacing_km=1.0, reach_km=5.0).cells) == 4
    with pytest.raises(ValueError, match="positive"):
        refine(coarse, SITES, BORDER, near=["p00"], spacing_km=0.0, reach_km=5.0)


@settings(max_examples=25, deadline=None)
@given(
    seed=st.integers(0, 10_000),
    spacing_km=st.floats(0.7, 6.0),
    reach_km=st.floats(0.5, 30.0),
    bend=st.floats(-0.08, 0.08),
)
def test_any_mesh_is_a_coverage_of_the_frame(seed: int, spacing_km: float, reach_km: float, bend: float) -> None:
    rng = np.random.default_rng(seed)
    border = LineString([(34.9, 51.2), (35.3, 51.2 + bend), (35.7, 51.2 - bend)])
    low = [(x, y) for x, y in rng.uniform([35.02, 51.02], [35.58, 51.1], size=(4, 2))]
    high = [(x, y) for x, y in rng.uniform([35.02, 51.3], [35.58, 51.38], size=(5, 2))]
    sites = spots(low + high, ["AA"] * 4 + ["BB"] * 5)
    coarse = tessellate(sites, FRAME, border)
    fine = refine(coarse, sites, border, near=["p00", "p05"], spacing_km=spacing_km, reach_km=reach_km)
    assert verify_cells(fine.cells, FRAME).relative_difference < 1e-9
    assert set(fine.cells["place_id"]) <= set(coarse.cells["place_id"])
    again = refine(coarse, sites.iloc[::-1], border, near=["p05", "p00"], spacing_km=spacing_km, reach_km=reach_km)
    assert fine.cells.geometry.geom_equals(again.cells.geometry).all()
    assert all(a <= b for a, b in pairwise(fine.cells["place_id"]))
