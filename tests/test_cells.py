"""Cells fill the frame, belong to the nearest place of their own side, and are told when they cannot."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pytest
import shapely
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from frontmap.cells import Tessellation, tessellate, verify_cells
from frontmap.crs import densify, local_projection
from frontmap.errors import CrsError, GeometryError
from frontmap.voronoi import clipped_voronoi
from frontmap.zones import build_arcs

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


def not_nearest(made: Tessellation, spots: gpd.GeoDataFrame) -> float:
    """Share of random points that lie in no cell of a nearest place of the cell's side, ties to 100 m.

    A cell's edges are straight in degrees: one that crosses the whole frame leaves the bisector by up to 43 m.
    """
    projection = local_projection(FRAME)
    points = shapely.points(np.random.default_rng(7).uniform([35.0, 51.0], [35.4, 51.3], (200, 2)))
    metres, sites = (projection.to_metres(g) for g in (points, spots.geometry.to_numpy()))
    distance = shapely.distance(metres[:, None], sites[None])
    place = {place_id: n for n, place_id in enumerate(spots["place_id"])}
    own = np.array([place[i] for i in made.cells["place_id"]])
    sided = spots["country"].nunique() > 1
    rivals = (spots["country"].to_numpy()[None] == made.cells["side"].to_numpy()[:, None]) | (not sided)
    hit, cell = shapely.STRtree(made.cells.geometry.to_numpy()).query(points, predicate="intersects")
    nearest = np.where(rivals[cell], distance[hit], np.inf).min(axis=1)
    good = set(hit[distance[hit, own[cell]] <= nearest + 100].tolist())
    return 1 - len(good) / len(points)


lattice = st.lists(st.tuples(st.integers(0, 8), st.integers(0, 6)), min_size=1, max_size=20, unique=True)
# Twice the lattice number of a line along a meridian (0) or a parallel (1): even on a lattice line, odd on a bisector.
lines = st.none() | st.tuples(st.just(0), st.integers(1, 15)) | st.tuples(st.just(1), st.integers(1, 11))


@settings(max_examples=50, deadline=None)
@given(steps=lattice, line=lines)
def test_places_on_a_lattice_are_divided_by_distance(
    steps: list[tuple[int, int]], line: tuple[int, int] | None
) -> None:
    country, border = ["AA"] * len(steps), None
    if line is not None:
        axis, twice = line
        country = ["AA" if 2 * step[axis] < twice else "BB" for step in steps]
        # Each country has a place that lies clearly on its side of the border.
        clear = [2 * step[axis] != twice for step in steps]
        assume({own for own, told in zip(country, clear, strict=True) if told} == {*country})
        x, y = 35 + twice * 0.025, 51 + twice * 0.025
        border = shapely.LineString([(x, 50.9), (x, 51.4)] if axis == 0 else [(34.9, y), (35.5, y)])
    spots = places([(35 + i * 0.05, 51 + j * 0.05) for i, j in steps], country)
    spots["geometry"] = shapely.set_precision(spots.geometry.to_numpy(), 1e-9)
    made = tessellate(spots, FRAME, border)
    verify_cells(made.cells, FRAME)
    if border is None:
        assert made.groundless == ()
        assert len(made.cells) == len(spots)
    # Parallels are curved in the plane of the cells: only a sliver beside one can be cut off and handed over.
    assert not_nearest(made, spots) <= (0.02 if made.handed_parts else 0)
    geometry = made.cells.geometry.to_numpy()
    arcs = build_arcs(geometry)
    (whole,) = arcs.polygons(np.zeros(len(geometry), dtype=int)).values()
    assert whole.is_valid
    assert whole.area == pytest.approx(FRAME.area, rel=1e-3)
    single = np.array(list(arcs.polygons(np.arange(len(geometry))).values()))
    assert shapely.equals_exact(shapely.normalize(single), shapely.normalize(geometry), tolerance=0).all()


# A U on the equator, where degrees are all but square: arms 0-0.1 and 0.12-0.15 E, joined below 0.02 N.
U_FRAME = shapely.Polygon(
    [(0, 0), (0.15, 0), (0.15, 0.3), (0.12, 0.3), (0.12, 0.02), (0.1, 0.02), (0.1, 0.3), (0, 0.3)]
)
# By hand: p002 is nearest to the top of the left arm, above a line from (0, 0.202) by (0.04, 0.184) to (0.1, 0.168).
# That part touches p000 for 0.04 / cos(23.6 deg) = 0.044 and p001 for 0.06 / cos(15.2 deg) = 0.062 degrees.
U_PLACES = [(0.02, 0.05), (0.06, 0.05), (0.125, 0.29)]


def test_a_cut_off_part_goes_to_the_cell_that_it_touches_most() -> None:
    made = tessellate(places(U_PLACES), U_FRAME)
    verify_cells(made.cells, U_FRAME)
    owner = made.cells.set_index("place_id").geometry
    assert [i for i in owner.index if owner[i].contains(shapely.Point(0.02, 0.28))] == ["p001"]
    assert (made.handed_parts, made.kept_parts) == (1, 0)
    # 0.04 x 0.107 + 0.06 x 0.124 square degrees of 110.57 x 111.32 km.
    assert made.handed_km2 == pytest.approx(144.3, rel=0.01)


def test_a_place_keeps_the_part_it_lies_in_though_the_cut_off_one_is_larger() -> None:
    made = tessellate(places(U_PLACES), U_FRAME)
    cell = made.cells.set_index("place_id").loc["p002"]
    assert cell["geometry"].contains(shapely.Point(U_PLACES[2]))
    assert cell["area_km2"] < made.handed_km2 / 2


def test_a_part_without_a_neighbour_stays_with_the_nearest_place() -> None:
    frame = shapely.MultiPolygon([shapely.box(35.0, 51.0, 35.1, 51.1), shapely.box(35.2, 51.0, 35.5, 51.1)])
    made = tessellate(places([(35.05, 51.05)]), frame)
    assert (made.handed_parts, made.handed_km2, made.kept_parts) == (0, 0, 1)
    assert len(made.cells.geometry[0].geoms) == 2
    verify_cells(made.cells, frame)


def test_places_face_to_face_at_a_border_share_no_cell() -> None:
    # 0.00009 degrees of latitude are 10 m.
    spots = places([(35.2, 51.149955), (35.2, 51.150045)], ["AA", "BB"])
    border = shapely.LineString([(34.9, 51.15), (35.5, 51.15)])
    sided = tessellate(spots, FRAME, border, merge_distance_m=50)
    assert (sided.merged, sided.cells["side"].tolist()) == ((), ["AA", "BB"])
    assert tessellate(spots, FRAME, merge_distance_m=50).merged == (("p000", "p001"),)


def test_a_shared_cell_is_named_after_the_place_of_surest_position() -> None:
    spots = places([(35.1, 51.1), (35.1001, 51.1), (35.1, 51.1001)])
    spots["position_radius_m"] = [500.0, 100.0, np.nan]
    cells = tessellate(spots, FRAME, merge_distance_m=50).cells
    assert cells["place_id"].tolist() == ["p001"]
    assert cells["place_ids"].tolist() == [("p000", "p001", "p002")]


@pytest.mark.parametrize("latitude", [0.0, 51.0, 70.0])
@pytest.mark.parametrize("size", [0.02, 0.2, 1.0])
def test_frames_of_any_size_and_latitude_are_filled(size: float, latitude: float) -> None:
    frame = shapely.box(35, latitude, 35 + size, latitude + size)
    xy = np.random.default_rng(11).uniform([35, latitude], [35 + size, latitude + size], (100, 2))
    made = tessellate(places([(x, y) for x, y in xy.tolist()]), frame)
    verify_cells(made.cells, frame)
    assert sum(map(len, made.cells["place_ids"])) == 100


COMB = FRAME.difference(
    shapely.union_all([shapely.box(x, 51.05, x + 0.02, 51.4) for x in (35.07, 35.15, 35.23, 35.31)])
)
FRAMES = {
    "plain": FRAME,
    "hole": FRAME.difference(shapely.box(35.15, 51.1, 35.25, 51.2)),
    "many holes": FRAME.difference(
        shapely.union_all([shapely.Point(35 + i / 20, 51.15).buffer(0.01) for i in (2, 4, 6)])
    ),
    "two parts": shapely.MultiPolygon([shapely.box(35.0, 51.0, 35.15, 51.3), shapely.box(35.25, 51.0, 35.4, 51.3)]),
    "comb": COMB,
    "round": shapely.Point(35.2, 51.15).buffer(0.14, quad_segs=500),
}


@settings(max_examples=40, deadline=None)
@given(
    name=st.sampled_from(sorted(FRAMES)),
    seed=st.integers(0, 10_000),
    size=st.integers(1, 60),
    on_rim=st.integers(0, 5),
    at=st.none() | st.floats(51.04, 51.26),
)
def test_any_frame_is_filled_whatever_cuts_it(name: str, seed: int, size: int, on_rim: int, at: float | None) -> None:
    frame = FRAMES[name]
    rng = np.random.default_rng(seed)
    inside = rng.uniform([35.0, 51.0], [35.4, 51.3], (size, 2))
    xy = np.concatenate([inside, rng.permutation(shapely.get_coordinates(frame))[:on_rim]])
    xy = xy[shapely.covers(frame, shapely.points(xy))]
    country = ["AA"] * len(xy) if at is None else np.where(xy[:, 1] < at, "AA", "BB").tolist()
    assume(len(xy) and (at is None or {*country} == {"AA", "BB"}))
    spots = places([(x, y) for x, y in xy.tolist()], country)
    border = None if at is None else shapely.LineString([(34.9, at), (35.2, at + 1e-3), (35.5, at)])
    made = tessellate(spots, frame, border, merge_distance_m=0)
    assert verify_cells(made.cells, frame).relative_difference < 1e-9
    assert shapely.coverage_is_valid(made.cells.geometry.to_numpy())
    named = [place for ids in made.cells["place_ids"] for place in ids]
    assert sorted([*named, *made.groundless]) == spots["place_id"].tolist()
    if at is None:
        assert made.groundless == ()
    known = {tuple(xy) for xy in shapely.get_coordinates(made.frame).tolist()}
    assert known <= {tuple(xy) for xy in shapely.get_coordinates(made.cells.geometry.to_numpy()).tolist()}
    again = tessellate(spots.sample(frac=1, random_state=seed), frame, border, merge_distance_m=0)
    assert shapely.equals_exact(again.cells.geometry.to_numpy(), made.cells.geometry.to_numpy(), tolerance=0).all()


@settings(max_examples=20, deadline=None)
@given(name=st.sampled_from(sorted(FRAMES)), seed=st.integers(0, 10_000), size=st.integers(2, 400))
def test_cells_are_those_of_every_cell_cut_by_the_frame(name: str, seed: int, size: int) -> None:
    frame = FRAMES[name]
    xy = np.random.default_rng(seed).uniform([35.0, 51.0], [35.4, 51.3], (size, 2))
    xy = xy[shapely.contains_xy(frame, xy[:, 0], xy[:, 1])]
    assume(len(xy) > 1)
    made = tessellate(places([(x, y) for x, y in xy.tolist()]), frame, merge_distance_m=0)
    assume(not made.merged)
    projection = local_projection(frame)
    frame_m = projection.to_metres(np.array([densify(frame)]))[0]
    sites = shapely.multipoints(projection.to_metres(shapely.points(xy)))
    voronoi = shapely.voronoi_polygons(sites, extend_to=frame_m.buffer(1e5), ordered=True)
    expected = shapely.area(shapely.intersection(shapely.get_parts(voronoi), frame_m)) / 1e6
    # Equal but for what is handed over; a cell's edges, straight in degrees, bend by up to 43 m across the frame.
    found = made.cells["area_km2"].to_numpy()
    moved = made.handed_km2 + 0.1 if made.handed_parts else 0.0
    assert np.abs(found - expected).sum() <= 2 * moved + 0.02 * len(xy)
    if not made.handed_parts:
        np.testing.assert_allclose(found, expected, rtol=0.02)


def test_places_in_a_row_at_the_rim_of_all_have_their_cells() -> None:
    # Six points of which two pairs lie in one row: shapely.voronoi_polygons alone lets their unbounded cells overlap.
    sites = np.array(
        [
            (-318.119511, -371.852053), (-254.515935, -557.796713), (254.515935, -557.796713),
            (318.119511, -371.852053), (381.682435, 0.031277), (-381.560408, 743.79931),
        ]
    )  # fmt: skip
    region = shapely.box(-400, -600, 400, 800)
    (found,) = clipped_voronoi([(sites, np.array([region]))])
    assert sorted(found.owner.tolist()) == list(range(6))
    assert shapely.coverage_is_valid(found.parts)
    assert shapely.area(found.parts).sum() == pytest.approx(region.area, rel=1e-9)
    assert shapely.contains(found.parts, shapely.points(sites[found.owner])).all()


@pytest.mark.parametrize("origin", [(30.39222733064378, 50.22554633752589), (34.62486977183662, 48.85167666185151)])
def test_edges_that_pass_a_corner_closely_do_not_cross_it_in_degrees(origin: tuple[float, float]) -> None:
    # The edge between two rows of places passes the corner of a hole at less than it moves in degrees.
    frame = shapely.box(0, 0, 1, 1).difference(shapely.box(0.3, 0.3, 0.6, 0.7))
    frame = frame.difference(shapely.Polygon([(1, 0.5), (0.8, 0.4), (0.8, 0.6)]))
    lattice = shapely.points([(x, y) for x in (0.2, 0.4, 0.6, 0.8) for y in (0.2, 0.4, 0.6, 0.8)])
    lattice = lattice[shapely.intersects(frame, lattice)]

    def put(xy: np.ndarray) -> np.ndarray:
        return xy * [0.075, 0.05] + origin

    spots = places([(point.x, point.y) for point in shapely.transform(lattice, put)])
    made = tessellate(spots, shapely.transform(frame, put))

    assert len(made.cells) == len(lattice)
    assert verify_cells(made.cells, shapely.transform(frame, put)).relative_difference < 1e-9


def test_cells_away_from_the_outline_are_taken_whole() -> None:
    xy = np.random.default_rng(2).uniform(0, 50_000, (2_000, 2))
    region = shapely.Point(25_000, 25_000).buffer(24_000, quad_segs=300)
    (found,) = clipped_voronoi([(xy, np.array([region]))])
    voronoi = shapely.get_parts(shapely.voronoi_polygons(shapely.multipoints(xy), ordered=True))
    well_inside = shapely.contains_properly(region.buffer(-2_000), voronoi)
    assert set(np.flatnonzero(well_inside)) <= set(found.owner[found.whole])
    whole, theirs = found.parts[found.whole], voronoi[found.owner[found.whole]]
    assert shapely.contains_properly(region, theirs).all()
    assert shapely.hausdorff_distance(whole, theirs).max() < 1e-6  # a micrometre, the grid
    assert shapely.coverage_is_valid(found.parts)
