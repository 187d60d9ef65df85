"""Cells: a tessellation that gives every patch of the frame to one settlement of its own side, and its verification."""

from __future__ import annotations

from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from shapely.geometry.base import BaseGeometry

from frontmap.crs import (
    WGS84,
    FloatArray,
    GeometryArray,
    LocalProjection,
    densify,
    geodesic_area_km2,
    local_projection,
    require_degrees,
    require_wgs84,
)
from frontmap.errors import GeometryError
from frontmap.topology import OUTSIDE, IntArray, line_segments, segments, shared_edges, vertex_numbers
from frontmap.voronoi import GRID_M, BoolArray, clipped_voronoi

_TOUCH_M = 0.01
_SLIVER_M = 0.5  # a border that runs along the frame within this distance runs on it


@dataclass(frozen=True)
class Tessellation:
    """Cells of a theatre with an account of every place that has none.

    Parameters
    ----------
    cells : GeoDataFrame
        EPSG:4326; columns cell_id (0..n-1), place_id (the one it is drawn around), place_ids (all merged into it),
        side, region, district, area_km2 (geodesic), geometry. Sorted by place_id.
    frame : Polygon or MultiPolygon
        The frame in EPSG:4326, long edges given more vertices.
    merged : tuple of tuple of str
        Places that lie closer together than the merging distance and share a cell.
    unplaced, vague, groundless : tuple of str
        Places without a cell: no position; a position too uncertain to decide a cell; no ground on their own side.
    across : tuple of str
        Places whose position lies on the other side of the border than their country; they claim ground on their own.
    handed_parts : int
        Parts of cells that the frame or the border cut off from their place, given to the neighbour they touch most.
    handed_km2 : float
        Their geodesic area.
    kept_parts : int
        Parts cut off from their place that touch no neighbour of their side and stay with the nearest place.
    """

    cells: gpd.GeoDataFrame
    frame: BaseGeometry
    merged: tuple[tuple[str, ...], ...]
    unplaced: tuple[str, ...]
    vague: tuple[str, ...]
    groundless: tuple[str, ...]
    across: tuple[str, ...]
    handed_parts: int
    handed_km2: float
    kept_parts: int


@dataclass(frozen=True)
class CellCheck:
    """What `verify_cells` measured.

    Parameters
    ----------
    n_cells : int
        Number of cells.
    cells_km2, frame_km2 : float
        Geodesic area of all cells together and of the frame.
    relative_difference : float
        Absolute difference over the frame's area.
    """

    n_cells: int
    cells_km2: float
    frame_km2: float
    relative_difference: float


def tessellate(
    places: gpd.GeoDataFrame,
    frame: BaseGeometry,
    border: BaseGeometry | None = None,
    *,
    max_position_radius_m: float = np.inf,
    merge_distance_m: float = 50.0,
) -> Tessellation:
    """Divide the frame among the places: each point goes to the nearest place of its own side.

    Parameters
    ----------
    places : GeoDataFrame
        EPSG:4326, schema of ``places.csv``; geometry None where a place has no position.
    frame : Polygon or MultiPolygon
        The study area in EPSG:4326.
    border : LineString or MultiLineString, optional
        In EPSG:4326. It cuts the frame into sides; a face belongs to the country of most places in it, and places claim
        ground only on the faces of their own country. Without it, all places share one tessellation.
    max_position_radius_m : float
        Places with a larger `position_radius_m` get no cell.
    merge_distance_m : float
        Places of one country that are closer than this share a cell; closer than a centimetre they always do.

    Returns
    -------
    Tessellation
        Cells that fill the frame without gap or overlap; neighbours share vertices exactly. Row order is irrelevant.

    Raises
    ------
    CrsError
        If the places or the frame are not in EPSG:4326.
    GeometryError
        If the frame is not a valid polygon, no place can have a cell, a place lies outside the frame, or a country with
        places has no face of its own beside the border.
    """
    require_wgs84(places)
    dense = _checked_frame(frame)
    line = None if border is None else densify(border)
    projection = local_projection(dense)
    sites, merged, unplaced, vague = _sites(
        places, projection, max_position_radius_m, merge_distance_m, sided=line is not None
    )
    frame_m = projection.to_metres(np.array([dense]))[0]
    _require_inside(sites, frame_m)
    border_m = None if line is None else projection.to_metres(np.array([line]))[0]
    regions = _sides(frame_m, border_m, sites)
    nearest, parts, strays = _divide(sites, regions)
    owner = _hand_over(nearest, parts, strays, sites["side"].to_numpy() if line is not None else np.zeros(len(sites)))
    handed = owner != nearest
    whole = _join(owner, parts, len(sites))
    known = [dense] if line is None else [dense, line]
    placed = _placed(whole, projection, dense, np.array(known))
    has_ground = ~shapely.is_missing(placed)
    return Tessellation(
        cells=_cell_frame(sites[has_ground], placed[has_ground]),
        frame=dense,
        merged=merged,
        unplaced=unplaced,
        vague=vague,
        groundless=tuple(i for ids in sites["place_ids"][~has_ground] for i in ids),
        across=_across(sites, regions),
        handed_parts=int(handed.sum()),
        handed_km2=float(geodesic_area_km2(projection.to_wgs84(parts[handed])).sum()),
        kept_parts=int((strays & ~handed).sum()),
    )


def verify_cells(cells: gpd.GeoDataFrame, frame: BaseGeometry, *, tolerance: float = 1e-9) -> CellCheck:
    """Check that cells fill a frame: valid, no overlap, no gap, areas that add up.

    Parameters
    ----------
    cells : GeoDataFrame
        EPSG:4326, polygons with a column area_km2.
    frame : Polygon or MultiPolygon
        The study area in EPSG:4326.
    tolerance : float
        Greatest relative difference between the cells' summed geodesic area and the frame's.

    Returns
    -------
    CellCheck
        The measured figures.

    Raises
    ------
    CrsError
        If the cells are not in EPSG:4326.
    GeometryError
        If a cell is invalid or empty, two cells overlap or do not share their vertices, there is a gap, or an area is
        not the geodesic one. The message counts all of these at once.
    """
    require_wgs84(cells)
    geometry = cells.geometry.to_numpy()
    area_km2 = geodesic_area_km2(geometry)
    frame_km2 = float(geodesic_area_km2([densify(frame)])[0])
    difference = abs(float(area_km2.sum()) - frame_km2) / frame_km2
    faults = {
        "cells that are not valid polygons": int((~shapely.is_valid(geometry) | shapely.is_empty(geometry)).sum()),
        "cells that overlap or do not share vertices": int(
            (~shapely.is_empty(shapely.coverage_invalid_edges(geometry))).sum()
        ),
        "cells whose area_km2 is not the geodesic area": int(
            (~np.isclose(area_km2, cells["area_km2"].to_numpy(), rtol=tolerance, atol=0)).sum()
        ),
        f"relative difference of {difference:.3g} to the frame's area (gap or overlap)": int(difference > tolerance),
    }
    found = [f"{count} {what}" if count > 1 else what for what, count in faults.items() if count]
    if found:
        raise GeometryError(f"expected cells that fill the frame, found {'; '.join(found)}; next: tessellate again")
    return CellCheck(len(cells), float(area_km2.sum()), frame_km2, difference)


def _checked_frame(frame: BaseGeometry) -> BaseGeometry:
    if frame.geom_type not in ("Polygon", "MultiPolygon") or frame.is_empty or not frame.is_valid:
        why = shapely.is_valid_reason(frame) if frame.geom_type.endswith("Polygon") else frame.geom_type
        raise GeometryError(f"frame: expected a valid polygon, found {why}; next: repair the frame's geometry")
    require_degrees(frame)
    return densify(frame)


def _sites(
    places: gpd.GeoDataFrame,
    projection: LocalProjection,
    max_radius_m: float,
    merge_distance_m: float,
    *,
    sided: bool,
) -> tuple[pd.DataFrame, tuple[tuple[str, ...], ...], tuple[str, ...], tuple[str, ...]]:
    """Choose the points that own cells, one per cluster of near-duplicate positions, sorted by place_id."""
    ordered = places.sort_values("place_id")
    geometry = ordered.geometry.to_numpy()
    placed = ~(shapely.is_missing(geometry) | shapely.is_empty(geometry))
    vague = placed & (ordered["position_radius_m"].to_numpy(dtype=float) > max_radius_m)
    chosen = ordered[placed & ~vague]
    if chosen.empty:
        raise GeometryError(
            f"expected at least one place with a usable position, found none among {len(places)}; "
            "next: add lat and lon, or raise max_position_radius_m"
        )
    xy = shapely.get_coordinates(projection.to_metres(chosen.geometry.to_numpy()))
    country = chosen["country"].to_numpy() if sided else np.full(len(chosen), "")
    cluster = _clusters(xy, country, merge_distance_m)
    table = pd.DataFrame(
        {
            "place_id": chosen["place_id"].to_numpy(),
            "side": chosen["country"].to_numpy(),
            "region": chosen["region"].to_numpy(),
            "district": chosen["district"].to_numpy(),
            "radius_m": chosen["position_radius_m"].fillna(np.inf).to_numpy(),
            "x": xy[:, 0],
            "y": xy[:, 1],
            "cluster": cluster,
        }
    )
    ids: dict[int, tuple[str, ...]] = {}
    for number, place_id in zip(cluster.tolist(), table["place_id"].tolist(), strict=True):
        ids[number] = (*ids.get(number, ()), place_id)
    first = table.sort_values(["radius_m", "place_id"]).drop_duplicates("cluster")
    place_ids = pd.Series([ids[number] for number in first["cluster"].tolist()], index=first.index)
    sites = first.assign(place_ids=place_ids).sort_values("place_id", ignore_index=True)
    merged = tuple(i for i in sites["place_ids"] if len(i) > 1)
    return sites, merged, tuple(ordered["place_id"][~placed]), tuple(ordered["place_id"][vague])


def _clusters(xy: FloatArray, country: np.ndarray, distance_m: float) -> IntArray:
    """Label the groups of points of one country that chains of short steps connect."""
    points = shapely.points(xy)
    near = shapely.STRtree(points).query(points, predicate="dwithin", distance=max(distance_m, _TOUCH_M))
    near = near[:, (near[0] < near[1]) & (country[near[0]] == country[near[1]])]
    label = np.arange(len(xy))
    for a, b in near.T:
        low, high = sorted((label[a], label[b]))
        label[label == high] = low
    return label


def _require_inside(sites: pd.DataFrame, frame_m: BaseGeometry) -> None:
    outside = _off(frame_m, sites)
    if outside.any():
        names = ", ".join(sites["place_id"][outside].head(5))
        raise GeometryError(
            f"expected all places inside the frame, found {int(outside.sum())} outside ({names}); "
            "next: check lat and lon (swapped?) or enlarge the frame"
        )


def _off(ground: BaseGeometry, sites: pd.DataFrame) -> BoolArray:
    """Tell which sites lie neither on the ground nor at its edge."""
    shapely.prepare(ground)
    x, y = sites["x"].to_numpy(), sites["y"].to_numpy()
    off: BoolArray = ~shapely.contains_xy(ground, x, y)
    off[off] = ~shapely.dwithin(ground, shapely.points(x[off], y[off]), _TOUCH_M)
    return off


def _sides(frame_m: BaseGeometry, border_m: BaseGeometry | None, sites: pd.DataFrame) -> dict[str, GeometryArray]:
    """Cut the frame along the border; give each face to the country of most sites in it, empty faces to a neighbour."""
    if border_m is None:
        return {"": shapely.get_parts(np.array([frame_m]))}
    rim = shapely.boundary(frame_m)
    corners = shapely.points(shapely.get_coordinates(rim))  # of them, those near the border are all that it can snap to
    near = shapely.STRtree(corners).query(_pieces(border_m), predicate="dwithin", distance=_SLIVER_M)[1]
    snapped = shapely.snap(border_m, shapely.multipoints(corners[np.unique(near)]), _SLIVER_M)
    lines = shapely.union_all([rim, snapped], grid_size=GRID_M)
    faces = shapely.get_parts(shapely.polygonize(shapely.get_parts(np.array([lines]))))
    faces = faces[shapely.contains(frame_m, shapely.point_on_surface(faces))]
    country = np.full(len(faces), "", dtype=object)
    face_of, site = shapely.STRtree(shapely.points(sites["x"], sites["y"])).query(
        faces, predicate="dwithin", distance=_TOUCH_M
    )
    votes = pd.DataFrame({"face": face_of, "side": sites["side"].to_numpy()[site]}).value_counts().reset_index()
    votes = votes.sort_values(["count", "face", "side"], ascending=[False, True, True])
    most = votes.drop_duplicates("face")
    country[most["face"].to_numpy()] = most["side"].to_numpy()
    voted = country.copy()
    for side in sorted(set(sites["side"]) - set(country)):  # outvoted everywhere: the face it has most sites in
        spare = [f for f in votes["face"][votes["side"] == side] if (voted == voted[f]).sum() > 1]
        voted[spare[:1]] = side
    country = _fill_from_neighbours(voted, faces)
    homeless = sorted(set(sites["side"]) - set(country))
    if homeless:
        raise GeometryError(
            f"expected ground for every country beside the border, found none for {', '.join(homeless)}; "
            "next: check border.geojson and frame.geojson, or the country column of places.csv"
        )
    return {str(side): faces[country == side] for side in sorted(set(country))}


def _pieces(line: BaseGeometry) -> GeometryArray:
    """Break a line into its segments."""
    ends, _ = line_segments(shapely.get_parts(np.array([line])))
    segments: GeometryArray = shapely.linestrings(ends.reshape(-1, 2, 2))
    return segments


def _fill_from_neighbours(country: np.ndarray, faces: GeometryArray) -> np.ndarray:
    """Give faces without a country that of the neighbour they touch most, over and over until none can be given."""
    country = country.copy()
    lengths = _shared_lengths(faces)
    while True:
        open_edges = lengths[(country[lengths["a"]] == "") & (country[lengths["b"]] != "")]
        if open_edges.empty:
            return np.where(country == "", country[country != ""][0] if (country != "").any() else "", country)
        longest = open_edges.sort_values(["length", "b"], ascending=[False, True]).drop_duplicates("a")
        country[longest["a"].to_numpy()] = country[longest["b"].to_numpy()]


def _shared_lengths(polygons: GeometryArray) -> pd.DataFrame:
    """List the neighbours of each polygon with the length of their common edge, in both directions."""
    edges = shared_edges(polygons)
    inner = edges.right != OUTSIDE
    step = edges.vertices[edges.head[inner]] - edges.vertices[edges.tail[inner]]
    pairs = pd.DataFrame({"a": edges.left[inner], "b": edges.right[inner], "length": np.hypot(step[:, 0], step[:, 1])})
    both = pd.concat([pairs, pairs.rename(columns={"a": "b", "b": "a"})])
    return both[both["a"] != both["b"]].groupby(["a", "b"])["length"].sum().reset_index()


def _divide(sites: pd.DataFrame, regions: dict[str, GeometryArray]) -> tuple[IntArray, GeometryArray, BoolArray]:
    """Tessellate each side by its own sites; return the parts, the site each is nearest to, and which are cut off."""
    xy, side = sites[["x", "y"]].to_numpy(), sites["side"].to_numpy()
    members = [np.flatnonzero(side == name) if name else np.arange(len(sites)) for name in regions]
    found = clipped_voronoi([(xy[m], faces) for m, faces in zip(members, regions.values(), strict=True)])
    owner = np.concatenate([m[f.owner] for m, f in zip(members, found, strict=True)])
    parts = np.concatenate([f.parts for f in found])
    stray = ~np.concatenate([f.whole for f in found])
    cut = np.flatnonzero(stray)
    holds = shapely.intersects(parts[cut], shapely.points(xy[owner[cut]]))
    table = pd.DataFrame({"owner": owner[cut], "holds": holds, "size": shapely.area(parts[cut])}, index=cut)
    main = table.sort_values(["owner", "holds", "size"], ascending=[True, False, False]).drop_duplicates("owner").index
    stray[main.to_numpy()] = False
    return owner, parts, stray


def _hand_over(owner: IntArray, parts: GeometryArray, stray: BoolArray, side: np.ndarray) -> IntArray:
    """Give each part that is cut off from its place to the neighbouring cell of its side that it touches most."""
    if not stray.any():
        return owner
    owner, waiting = owner.copy(), stray.copy()
    around = np.unique(shapely.STRtree(parts).query(parts[stray], "intersects")[1])
    lengths = _shared_lengths(parts[around])
    lengths = lengths.assign(a=around[lengths["a"]], b=around[lengths["b"]])
    while waiting.any():
        offers = lengths[waiting[lengths["a"]] & ~waiting[lengths["b"]]].copy()
        offers = offers[side[owner[offers["a"]]] == side[owner[offers["b"]]]]
        if offers.empty:
            break
        offers["cell"] = owner[offers["b"]]
        best = offers.groupby(["a", "cell"], as_index=False)["length"].sum()
        best = best.sort_values(["length", "cell"], ascending=[False, True]).drop_duplicates("a")
        owner[best["a"].to_numpy()] = best["cell"].to_numpy()
        waiting[best["a"].to_numpy()] = False
    return owner


def _join(owner: IntArray, parts: GeometryArray, n_sites: int) -> GeometryArray:
    """Give each site its part, or the union of its parts; None where it has none."""
    whole = np.full(n_sites, None, dtype=object)
    whole[owner] = parts
    for site in np.flatnonzero(np.bincount(owner, minlength=n_sites) > 1):
        whole[site] = shapely.coverage_union_all(parts[owner == site])
    return whole


def _across(sites: pd.DataFrame, regions: dict[str, GeometryArray]) -> tuple[str, ...]:
    """Name the places that lie on ground of another side than their own."""
    found: list[str] = []
    for side, faces in regions.items():
        if side:
            own = sites[sites["side"] == side]
            found.extend(own["place_id"][_off(shapely.union_all(faces), own)])
    return tuple(sorted(found))


def _placed(
    whole: GeometryArray, projection: LocalProjection, frame: BaseGeometry, known: GeometryArray
) -> GeometryArray:
    """Bring the cells of all sites to WGS84; None for sites that have none, or one that is nothing there.

    What is straight in metres is not in degrees: an edge of a kilometre moves by centimetres against ground that it
    passes as closely, such as the corner of a hole. Cells that came to cross are drawn again with their neighbours.
    """
    there = np.flatnonzero(~shapely.is_missing(whole))
    in_metres = whole[there]
    cells = _to_degrees(in_metres, projection, known)
    broken = cells[~shapely.is_valid(cells)]
    if len(broken):
        around = np.unique(shapely.STRtree(cells).query(shapely.envelope(broken))[1])
        ends, _ = segments(cells[around])
        lines = shapely.union_all(shapely.linestrings(ends.reshape(-1, 2, 2)))
        faces = shapely.get_parts(shapely.polygonize(shapely.get_parts(np.array([lines]))))
        inner = shapely.point_on_surface(faces)
        inside = shapely.contains(frame, inner)
        faces = faces[inside]
        owner = shapely.STRtree(in_metres).nearest(projection.to_metres(inner[inside]))
        cells[around] = None
        for cell in np.intersect1d(owner, around):
            cells[cell] = shapely.coverage_union_all(faces[owner == cell])
    placed = np.full(len(whole), None, dtype=object)
    placed[there] = cells
    return placed


def _to_degrees(cells: GeometryArray, projection: LocalProjection, known: GeometryArray) -> GeometryArray:
    """Return cells to WGS84; vertices of the frame and the border get back the very degrees that they came with."""
    vertices, number = vertex_numbers(shapely.get_coordinates(cells))
    placed = shapely.get_coordinates(projection.to_wgs84(np.array([shapely.linestrings(vertices)])))
    keys, first = np.unique(_grid_key(shapely.get_coordinates(projection.to_metres(known))), return_index=True)
    own = _grid_key(vertices)
    at = np.minimum(np.searchsorted(keys, own), len(keys) - 1)
    exact = keys[at] == own
    placed[exact] = shapely.get_coordinates(known)[first[at[exact]]]
    restored: GeometryArray = shapely.set_coordinates(cells.copy(), placed[number])
    return restored


def _grid_key(xy: FloatArray) -> np.ndarray:
    """Give one sortable value for each position on the grid of the tessellation."""
    return np.ascontiguousarray(np.rint(xy / GRID_M) + 0.0).view(np.complex128).ravel()


def _cell_frame(sites: pd.DataFrame, geometry: GeometryArray) -> gpd.GeoDataFrame:
    table = sites[["place_id", "place_ids", "side", "region", "district"]].reset_index(drop=True)
    table.insert(0, "cell_id", np.arange(len(table)))
    table["area_km2"] = geodesic_area_km2(geometry)
    return gpd.GeoDataFrame(table, geometry=geometry, crs=WGS84)
