"""Cells of a country, against cutting every cell by the frame and against libpysal, and their geodesic areas."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from libpysal.cg import voronoi_frames
from numpy.typing import NDArray
from pyproj import Geod
from shapely.geometry.base import BaseGeometry

from benchmarks.large import clustered_points, country_frame
from benchmarks.rows import SIZES, Curve, Row, Size, compared, curve, same, timed
from frontmap.cells import CellCheck, tessellate, verify_cells
from frontmap.crs import WGS84, geodesic_area_km2, local_projection
from frontmap.voronoi import Parts, clipped_voronoi

# libpysal rounds the places to 1e-5 m, which moves the edges between two that lie close together by more.
SAME_M2 = 10.0
SAME_TOTAL = 1e-9
STAGE = "tessellation"
LARGEST = SIZES[-1].places
GEOD = Geod(ellps="WGS84")

Geometries = NDArray[np.object_]
Floats = NDArray[np.float64]


def rows(sizes: Sequence[Size]) -> list[Row]:
    """Compare at every size.

    Raises
    ------
    SystemExit
        If cells or areas differ.
    """
    return [row for size in sizes for row in _rows(size.places)]


def curves(quick: bool) -> list[Curve]:
    """Fit how the time grows with places."""
    sizes = (30, 60, 120) if quick else (1_000, 3_000, 10_000, 33_000)

    def planar(n_places: int) -> Callable[[], object]:
        sites, frame_m = _planar(n_places)
        return lambda: clipped_voronoi([(sites, np.array([frame_m]))])

    def whole(n_places: int) -> Callable[[], object]:
        places, frame = _places(n_places)
        return lambda: _whole(places, frame, None)

    return [
        curve(STAGE, "places", sizes, planar),
        curve("from places in degrees to verified cells", "places", sizes, whole),
    ]


def _rows(n_places: int) -> list[Row]:
    size = f"{n_places:,} places"
    sites, frame_m = _planar(n_places)
    points = shapely.points(sites)
    series = gpd.GeoSeries(points)

    def ours() -> Parts:
        return clipped_voronoi([(sites, np.array([frame_m]))])[0]

    def every_cell() -> Geometries:
        cells = shapely.get_parts(
            shapely.voronoi_polygons(shapely.multipoints(points), extend_to=frame_m, ordered=True)
        )
        cut: Geometries = shapely.intersection(cells, frame_m)
        return cut

    def libpysal() -> Geometries:
        cells: Geometries = voronoi_frames(series, clip=frame_m, return_input=False, as_gdf=True).geometry.to_numpy()
        return cells

    def equal(found: Parts, theirs: Geometries) -> str:
        own = np.bincount(found.owner, shapely.area(found.parts), minlength=len(sites))
        other = shapely.area(theirs)
        if not shapely.coverage_is_valid(found.parts):
            raise SystemExit("cells: gaps or overlaps")
        return "; ".join(
            [
                same("m2 of each cell", float(np.abs(own - other).max()), SAME_M2),
                same("total", abs(own.sum() / other.sum() - 1), SAME_TOTAL),
            ]
        )

    n_bytes = 16 * int(shapely.get_num_coordinates(ours().parts).sum())
    compare = {
        "shapely.voronoi_polygons and intersection of every cell": (every_cell, "20x"),
        "libpysal.cg.voronoi_frames": (libpysal, "2x"),
    }
    aimed = n_places == LARGEST
    return [
        *(
            compared(
                STAGE,
                size,
                ours,
                theirs,
                equal=equal,
                wanted=wanted if aimed else "",
                compared_with=way,
                output_bytes=n_bytes,
            )
            for way, (theirs, wanted) in compare.items()
        ),
        *_whole_rows(n_places),
        _areas_row(n_places),
    ]


def _whole_rows(n_places: int) -> list[Row]:
    """Time everything that a theatre's cells need, with and without a border that divides the country in two."""
    places, frame = _places(n_places)
    west, _, east, _ = frame.bounds
    lon = np.linspace(west - 0.1, east + 0.1, 1_500)
    lat = frame.centroid.y + 0.1 * (frame.bounds[3] - frame.bounds[1]) * np.sin(9 * np.linspace(0, 1, len(lon)))
    border = shapely.LineString(np.column_stack([lon, lat]))
    north = places.geometry.y.to_numpy() > np.interp(places.geometry.x.to_numpy(), lon, lat)
    divided = places.assign(country=np.where(north, "NN", "SS"))

    def check(found: CellCheck) -> str:
        return same("cells against the frame's area", found.relative_difference, SAME_TOTAL)

    stage, size = "from places in degrees to verified cells", f"{n_places:,} places"
    return [
        timed(stage, size, lambda: _whole(places, frame, None), check=check),
        timed(
            f"{stage}, two sides of a border",
            size,
            lambda: _whole(divided, frame, border),
            check=check,
        ),
    ]


def _areas_row(n_places: int) -> Row:
    """Compare the areas of all cells with a loop over them."""
    cells = tessellate(*_places(n_places)).cells.geometry.to_numpy()

    def loop() -> Floats:
        return np.array([abs(GEOD.geometry_area_perimeter(cell)[0]) / 1e6 for cell in cells])

    def equal(own: Floats, theirs: Floats) -> str:
        # PROJ rounds to some 1e-5 m2, which would be more than 1e-9 of a cell of a hundred metres.
        relative = np.abs(own - theirs) / np.maximum(own, 0.1)
        return same("km2 of each cell, relative to it or to 0.1 km2", float(relative.max()), 1e-9)

    return compared(
        "geodesic areas of cells",
        f"{n_places:,} places",
        lambda: geodesic_area_km2(cells),
        loop,
        equal=equal,
        wanted="",
        compared_with="pyproj.Geod.geometry_area_perimeter of each cell",
    )


def _whole(places: gpd.GeoDataFrame, frame: BaseGeometry, border: BaseGeometry | None) -> CellCheck:
    return verify_cells(tessellate(places, frame, border).cells, frame)


@cache
def _places(n_places: int) -> tuple[gpd.GeoDataFrame, BaseGeometry]:
    frame = country_frame(n_places)
    points = shapely.points(clustered_points(frame, n_places))
    table = pd.DataFrame(
        {
            "place_id": [f"p{number:05d}" for number in range(n_places)],
            "country": "NN",
            "region": "R",
            "district": "D",
            "position_radius_m": 500.0,
        }
    )
    return gpd.GeoDataFrame(table, geometry=points, crs=WGS84), frame


@cache
def _planar(n_places: int) -> tuple[Floats, BaseGeometry]:
    """Give places and frame in metres, of places closer than a metre only one."""
    places, frame = _places(n_places)
    projection = local_projection(frame)
    points = projection.to_metres(places.geometry.to_numpy())
    one, other = shapely.STRtree(points).query(points, predicate="dwithin", distance=1.0)
    sites = np.delete(shapely.get_coordinates(points), other[one < other], axis=0)
    return sites, projection.to_metres(np.array([frame]))[0]
