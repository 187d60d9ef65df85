"""Cells fill the frame, belong to the nearest place of their own side, and are told when they cannot."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pytest
import shapely
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from frontmap.cells import Tessellation, tessellate, verify_cells
from frontmap.crs import local_projection
from frontmap.errors import CrsError, GeometryError

FRAME = shapely.box(35.0, 51.0, 35.4, 51.3)
BORDER = shapely.LineString([(34.9, 51.15), (35.1, 51.13), (35.2, 51.17), (35.5, 51.15)])


def places(xy: list[tuple[float, float]], country: list[str] | None = None, radius: float = 500) -> gpd.GeoDataFrame:
    n = len(xy)
    table = {
        "place_id": [f"p{i:03d}" for i in range(n)],
        "country": country or ["AA"] * n,
        "region": "R",
        "district": "D",
        "position_radius_m": float(radius),
    }
    return gpd.GeoDataFrame(table, geometry=[shapely.Point(p) for p in xy], crs="EPSG:4326")


def owner_by_distance(cells: gpd.GeoDataFrame, spots: gpd.GeoDataFrame, side: str | None) -> float:
    """Share of random points whose cell is that of the nearest place (of the side), measured independently."""
    rng = np.random.default_rng(5)
    points = shapely.points(rng.uniform([35.0, 51.0], [35.4, 51.3], (400, 2)))
    projection = local_projection(FRAME)
    metres = shapely.get_coordinates(projection.to_metres(points))
    own = spots if side is None else spots[spots["country"] == side]
    sites = shapely.get_coordinates(projection.to_metres(own.geometry.to_numpy()))
    nearest = own["place_id"].to_numpy()[((metres[:, None] - sites[None]) ** 2).sum(axis=2).argmin(axis=1)]
    hit, cell = shapely.STRtree(cells.geometry.to_numpy()).query(points, predicate="within")
    keep = np.ones(len(hit), bool) if side is None else (cells["side"].to_numpy()[cell] == side)
    return float((cells["place_id"].to_numpy()[cell[keep]] == nearest[hit[keep]]).mean())


coordinates = st.tuples(st.floats(35.01, 35.39), st.floats(51.01, 51.29))


@settings(max_examples=25, deadline=None)
@given(xy=st.lists(coordinates, min_size=1, max_size=25), halves=st.booleans())
def test_cells_fill_the_frame_and_row_order_does_not_matter(xy: list[tuple[float, float]], halves: bool) -> None:
    line = shapely.get_coordinates(BORDER)
    country = ["AA" if y < np.interp(x, line[:, 0], line[:, 1]) else "BB" for x, y in xy] if halves else None
    spots = places(xy, country)
    border = BORDER if halves and len(set(spots["country"])) == 2 else None
    made = tessellate(spots, FRAME, border)
    check = verify_cells(made.cells, FRAME)
    assert check.relative_difference < 1e-9
    assert sorted(i for ids in made.cells["place_ids"] for i in ids) == sorted(
        {*spots["place_id"]} - {*made.groundless}
    )
    again = tessellate(spots.sample(frac=1, random_state=1), FRAME, border)
    assert again.cells.drop(columns="geometry").equals(made.cells.drop(columns="geometry"))
    assert shapely.equals_exact(again.cells.geometry.to_numpy(), made.cells.geometry.to_numpy(), tolerance=0).all()


@settings(max_examples=20, deadline=None)
@given(xy=st.lists(coordinates, min_size=2, max_size=20, unique=True))
def test_each_place_lies_in_its_cell_without_a_border(xy: list[tuple[float, float]]) -> None:
    spots = places(xy)
    made = tessellate(spots, FRAME, merge_distance_m=0)
    assume(not made.merged)
    own = made.cells.set_index("place_id").geometry
    assert all(own[p].intersects(point) for p, point in zip(spots["place_id"], spots.geometry, strict=True))


def test_places_all_but_at_one_point_share_a_cell_whatever_the_distance() -> None:
    made = tessellate(places([(35.010000000000005, 51.25), (35.01, 51.25)]), FRAME, merge_distance_m=0)
    assert made.merged == (("p000", "p001"),)
    verify_cells(made.cells, FRAME)


def test_points_belong_to_the_nearest_place_of_their_side() -> None:
    rng = np.random.default_rng(3)
    xy = [tuple(p) for p in rng.uniform([35.01, 51.01], [35.39, 51.29], (60, 2))]
    spots = places(xy)
    assert owner_by_distance(tessellate(spots, FRAME).cells, spots, None) == 1.0
    # The border wanders 51.13-51.17 N, so every place is put safely on its own side of it.
    xy = [(x, y if abs(y - 51.15) > 0.03 else y + 0.06) for x, y in xy]
    spots = places(xy, ["AA" if y < 51.15 else "BB" for _, y in xy])
    made = tessellate(spots, FRAME, BORDER)
    assert made.across == ()
    share = [owner_by_distance(made.cells, spots, side) for side in ("AA", "BB")]
    # Only parts cut off by the border and handed to a neighbour may differ.
    assert min(share) > 0.98


def test_no_cell_crosses_the_border_and_sides_share_its_vertices() -> None:
    spots = places([(35.05, 51.05), (35.3, 51.1), (35.1, 51.25), (35.35, 51.2)], ["AA", "AA", "BB", "BB"])
    cells = tessellate(spots, FRAME, BORDER).cells
    inner = shapely.intersection(BORDER, FRAME)
    for side in ("AA", "BB"):
        ground = shapely.coverage_union_all(cells.geometry[cells["side"] == side].to_numpy())
        assert shapely.intersection(ground.boundary.buffer(1e-6), inner).length == pytest.approx(inner.length, rel=1e-5)
    assert shapely.coverage_is_valid(cells.geometry.to_numpy())


def test_a_place_across_the_border_claims_ground_on_its_own_side() -> None:
    spots = places([(35.2, 51.05), (35.2, 51.18), (35.2, 51.25)], ["AA", "AA", "BB"])
    made = tessellate(spots, FRAME, BORDER)
    assert made.across == ("p001",)
    assert made.cells.set_index("place_id")["side"].to_dict() == {"p000": "AA", "p001": "AA", "p002": "BB"}
    verify_cells(made.cells, FRAME)


def test_near_duplicates_share_a_cell_and_are_told() -> None:
    spots = places([(35.1, 51.1), (35.1001, 51.1), (35.3, 51.2)])
    made = tessellate(spots, FRAME, merge_distance_m=50)
    assert made.merged == (("p000", "p001"),)
    assert len(made.cells) == 2
    assert len(tessellate(spots, FRAME, merge_distance_m=1).cells) == 3


def test_a_part_cut_off_by_a_concave_frame_goes_to_the_neighbour_it_touches_most() -> None:
    # A U-shaped frame: the left arm is nearest to p000 of the right arm's foot only across the gap.
    frame = shapely.Polygon(
        [(35, 51), (35.4, 51), (35.4, 51.3), (35.22, 51.3), (35.22, 51.05), (35.2, 51.05), (35.2, 51.3), (35, 51.3)]
    )
    spots = places([(35.05, 51.02), (35.23, 51.2), (35.38, 51.02)])
    made = tessellate(spots, frame)
    verify_cells(made.cells, frame)
    assert made.handed_parts >= 1
    assert made.handed_km2 > 0
    assert set(made.cells.geom_type) == {"Polygon"}


@pytest.mark.parametrize(
    "frame",
    [
        FRAME.difference(shapely.box(35.15, 51.1, 35.2, 51.2)),
        shapely.MultiPolygon([shapely.box(35.0, 51.0, 35.15, 51.3), shapely.box(35.25, 51.0, 35.4, 51.3)]),
    ],
    ids=["hole", "two parts"],
)
def test_frames_with_holes_and_parts(frame: shapely.Geometry) -> None:
    spots = places([(35.05, 51.05), (35.1, 51.25), (35.3, 51.1), (35.35, 51.28)])
    verify_cells(tessellate(spots, frame).cells, frame)


def test_vague_and_unplaced_places_get_no_cell() -> None:
    spots = places([(35.1, 51.1), (35.3, 51.2), (35.2, 51.2)])
    spots.loc[1, "position_radius_m"] = 2001.0
    spots.loc[2, "geometry"] = None
    made: Tessellation = tessellate(spots, FRAME, max_position_radius_m=2000)
    assert (made.vague, made.unplaced, len(made.cells)) == (("p001",), ("p002",), 1)
    verify_cells(made.cells, FRAME)


def test_one_place_on_the_frames_border() -> None:
    verify_cells(tessellate(places([(35.0, 51.1), (35.4, 51.3)]), FRAME).cells, FRAME)


@pytest.mark.parametrize(
    ("frame", "error", "words"),
    [
        (shapely.Polygon([(35, 51), (36, 52), (36, 51), (35, 52)]), GeometryError, "Self-intersection"),
        (shapely.LineString([(35, 51), (36, 52)]), GeometryError, "LineString"),
        (shapely.box(4e5, 5e6, 5e5, 6e6), CrsError, "EPSG:4326"),
        (shapely.box(30, 51, 31, 52), GeometryError, "outside"),
    ],
)
def test_bad_frames_are_refused(frame: shapely.Geometry, error: type[Exception], words: str) -> None:
    with pytest.raises(error, match=words):
        tessellate(places([(35.1, 51.1)]), frame)


def test_no_usable_place_or_no_ground_for_a_country_is_refused() -> None:
    with pytest.raises(GeometryError, match="at least one place"):
        tessellate(places([(35.1, 51.1)], radius=9000), FRAME, max_position_radius_m=2000)
    with pytest.raises(GeometryError, match="none for BB"):
        tessellate(places([(35.1, 51.1), (35.2, 51.1), (35.15, 51.05)], ["AA", "AA", "BB"]), FRAME, BORDER)


def test_verification_notices_each_kind_of_fault() -> None:
    cells = tessellate(places([(35.1, 51.1), (35.3, 51.2)]), FRAME).cells
    gap = cells.iloc[:1]
    with pytest.raises(GeometryError, match="gap or overlap"):
        verify_cells(gap, FRAME)
    wrong = cells.assign(area_km2=cells["area_km2"] * 1.01)
    with pytest.raises(GeometryError, match="not the geodesic area"):
        verify_cells(wrong, FRAME)
    overlapping = cells.copy()
    overlapping.loc[0, "geometry"] = cells.geometry[0].buffer(0.01)
    with pytest.raises(GeometryError, match="overlap or do not share"):
        verify_cells(overlapping, FRAME)
