"""Polygons and front lines of every day off the arcs, against dissolving cells and intersecting boundaries."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import combinations

import geopandas as gpd
import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from benchmarks.large import cell_codes, clustered_points, country_frame
from benchmarks.rows import Curve, Row, Size, compared, curve, same
from frontmap.crs import geodesic_length_km
from frontmap.series import Moves, boundary_series, polygon_series
from frontmap.zones import Boundary, build_arcs

FULL = 33_000  # places: the size for which a ratio is wanted
SAMPLED = {"dissolve": 2, "union": 5, "lines": 5}  # days on which the other ways are run
_EMPTY = shapely.Point()

Shapes = dict[int, BaseGeometry]
Lines = dict[tuple[int, int], Boundary]


@dataclass(frozen=True)
class War:
    """Cells of a made-up country, their states on the first day, and what changes later."""

    cells: NDArray[np.object_]
    codes: NDArray[np.uint8]
    moves: Moves

    def days(self, count: int) -> list[int]:
        """Choose some days on which something changed, evenly, the last one among them."""
        changed = np.unique(self.moves.day)
        picked = np.linspace(0, len(changed) - 1, min(count, len(changed)) + 1)[1:]
        return [int(day) for day in changed[picked.astype(int)]]

    @property
    def n_pictures(self) -> int:
        """On how many days there is something new to draw."""
        return len(np.unique(self.moves.day)) + 1


def rows(sizes: Sequence[Size]) -> list[Row]:
    """Compare at every size.

    Raises
    ------
    SystemExit
        If polygons or lines differ.
    """
    return [row for size in sizes for row in (*_polygons(size), _fronts(size))]


def curves(quick: bool) -> list[Curve]:
    """Fit how the time grows with cells, days and changes."""
    n_cells, few, steps = (60, 10, (1, 2, 3)) if quick else (1_000, 100, (1, 3, 10))
    country = (*steps, 3 * steps[-1])

    def polygons(size: Size) -> Callable[[], object]:
        war = _war(size)
        return lambda: sum(len(p.changed) for p in polygon_series(build_arcs(war.cells), war.codes[0], war.moves))

    stage = "polygons of a series of days"
    return [
        curve(stage, "cells", [n_cells * n for n in country], lambda n: polygons(Size(n, few)), fixed=f"{few} days"),
        curve(
            stage, "days", [few * n for n in steps], lambda n: polygons(Size(n_cells, n)), fixed=f"{n_cells:,} cells"
        ),
        curve(
            stage,
            "changes a day",
            [5 * n for n in steps],
            lambda n: polygons(Size(3 * n_cells, few, n)),
            fixed=f"{3 * n_cells:,} cells, {few} days",
        ),
    ]


def _polygons(size: Size) -> list[Row]:
    """Compare polygons; building the arcs is part of our time, measuring areas of nobody's."""
    war = _war(size)
    wanted = {way: war.days(count) for way, count in SAMPLED.items()}

    def ours() -> dict[int, Shapes]:
        kept = {day for days in wanted.values() for day in days}
        pictures = polygon_series(build_arcs(war.cells), war.codes[0], war.moves)
        return {picture.day: picture.items for picture in pictures if picture.day in kept}

    def union() -> dict[int, Shapes]:
        return {
            day: {int(k): shapely.coverage_union_all(war.cells[war.codes[day] == k]) for k in np.unique(war.codes[day])}
            for day in wanted["union"]
        }

    def dissolve() -> dict[int, Shapes]:
        frames = {day: gpd.GeoDataFrame({"state": war.codes[day]}, geometry=war.cells) for day in wanted["dissolve"]}
        return {day: frame.dissolve("state").geometry.to_dict() for day, frame in frames.items()}

    n_bytes = sum(
        16 * int(shapely.get_num_coordinates([picture.items.get(key, _EMPTY) for key in picture.changed]).sum())
        for picture in polygon_series(build_arcs(war.cells), war.codes[0], war.moves)
    )
    stage, ways = "polygons of a series of days", {"dissolve": "200x", "union": "20x"}
    named = {"dissolve": "geopandas.dissolve of each day", "union": "shapely.coverage_union_all of each state and day"}
    return [
        compared(
            stage,
            str(size),
            ours,
            theirs,
            equal=_same_shapes,
            wanted=ways[way] if size.places >= FULL else "",
            compared_with=f"{named[way]} ({len(wanted[way])} days, scaled)",
            output_bytes=n_bytes,
            theirs_scale=war.n_pictures / len(wanted[way]),
        )
        for way, theirs in (("dissolve", dissolve), ("union", union))
    ]


def _fronts(size: Size) -> Row:
    """Compare front lines; arcs are made beforehand for ours, and polygons are dissolved beforehand for the others."""
    war = _war(size)
    wanted = war.days(SAMPLED["lines"])
    arcs = build_arcs(war.cells)
    shapes = {day: arcs.polygons(war.codes[day]) for day in wanted}

    def ours() -> dict[int, Lines]:
        pictures = boundary_series(arcs, war.codes[0], war.moves)
        return {picture.day: picture.items for picture in pictures if picture.day in wanted}

    def intersections() -> dict[int, Lines]:
        found: dict[int, Lines] = {}
        for day, polygons in shapes.items():
            pairs = list(combinations(polygons, 2))
            outlines = {key: shapely.boundary(polygon) for key, polygon in polygons.items()}
            met = shapely.line_merge([shapely.intersection(outlines[a], outlines[b]) for a, b in pairs])
            lines = zip(geodesic_length_km(met).tolist(), met, strict=True)
            found[day] = {pair: Boundary(*line) for pair, line in zip(pairs, lines, strict=True)}
        return found

    return compared(
        "front lines of a series of days",
        str(size),
        ours,
        intersections,
        equal=_same_lines,
        wanted="5x" if size.places >= FULL else "",
        compared_with=f"intersection of the boundaries of polygons dissolved beforehand ({len(wanted)} days, scaled)",
        theirs_scale=war.n_pictures / len(wanted),
    )


@cache
def _war(size: Size) -> War:
    """Make up a country of as many cells as places, and a war."""
    frame = country_frame(size.places)
    points = clustered_points(frame, size.places)
    cells = shapely.get_parts(shapely.voronoi_polygons(shapely.multipoints(points), extend_to=frame, ordered=True))
    cut = shapely.STRtree(cells).query(shapely.boundary(frame), predicate="intersects")
    cells[cut] = shapely.intersection(cells[cut], frame)
    codes, changes = cell_codes(size.places, size.days, changes_per_day=size.changes, lon_lat=points)
    return War(cells, codes, Moves(changes.day, changes.cell, changes.new.astype(np.int64)))


def _same_shapes(ours: dict[int, Shapes], theirs: dict[int, Shapes]) -> str:
    """Compare vertex by vertex, wherever rings begin."""
    differing = 0
    for day, shapes in theirs.items():
        if set(shapes) != set(ours[day]):
            raise SystemExit(f"polygons: other states on day {day}")
        pairs = [(shapely.normalize(shape), shapely.normalize(ours[day][key])) for key, shape in shapes.items()]
        differing += sum(not shapely.equals_exact(a, b, tolerance=0.0) for a, b in pairs)
    return same("vertices of every polygon", differing, 0)


def _same_lines(ours: dict[int, Lines], theirs: dict[int, Lines]) -> str:
    """Compare the lengths of all lines, and that no pair of states is missing."""
    off = [0.0]
    for day, lines in theirs.items():
        if not set(ours[day]) <= set(lines):
            raise SystemExit(f"front lines: other pairs of states on day {day}")
        for pair, line in lines.items():
            own = ours[day][pair].length_km if pair in ours[day] else 0.0
            off.append(abs(own - line.length_km) / max(line.length_km, 1.0))
    return same("length of every line", max(off), 1e-9)
