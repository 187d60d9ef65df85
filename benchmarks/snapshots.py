"""Maps drawn by others: areas, gains and losses of every day against `difference` both ways, and the cache."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Sequence
from datetime import date
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
import shapely
from pyproj import Geod
from shapely.geometry.base import BaseGeometry

from benchmarks.rows import Curve, Row, Size, compared, curve, not_run, same
from frontmap.crs import FloatArray, geodesic_area_km2
from frontmap.dates import day_range
from frontmap.readers import DrawnSeries, read
from frontmap.readers.drawn import as_states
from frontmap.readers.pieces import polygons_only
from frontmap.snapshots import survey
from frontmap.snapshots.series import measure

REAL = Path(__file__).parents[2] / "shared" / "external" / "deepstate_daily.tar.xz"
REAL_SIZE = "769 daily maps of about 3,000 vertices"
STAGE, CACHE = "areas, gains and losses of maps by others", "the same, second run from the cache"
USUAL = "`difference` both ways and `Geod` areas day by day (every {}th step, scaled)"
FIRST = "first run: reading, checking, measuring"
WANTED, WANTED_OF_CACHE = "15x", "5x"

LARGEST_DAYS = 800
VERTICES, FEW_VERTICES = 3_000, 300
PARTS = 10
EVERY = 8
SAME_KM2 = 1e-6
GEOD = Geod(ellps="WGS84")


class Found(NamedTuple):
    """Areas of days, and gains and losses of steps."""

    area_km2: FloatArray
    moved_km2: FloatArray
    moved: np.ndarray


def rows(sizes: Sequence[Size]) -> list[Row]:
    """Compare on a made-up series of as many days as the largest size has, and on the real one where it is present.

    Raises
    ------
    SystemExit
        If the areas or the polygons differ.
    """
    days = min(max(size.days for size in sizes), LARGEST_DAYS)
    vertices = VERTICES if days == LARGEST_DAYS else FEW_VERTICES
    words = f"{days:,} made-up maps of {vertices:,} vertices"
    with tempfile.TemporaryDirectory() as folder:
        made_up = series(days, vertices)
        found = [against_usual(made_up, words), *from_cache(_written(made_up, Path(folder)), words)]
    if days < LARGEST_DAYS:
        return found
    if not REAL.exists():
        why = "../shared/external is absent"
        usual = not_run(STAGE, REAL_SIZE, why, wanted=WANTED, compared_with=USUAL.format(EVERY))
        return [*found, usual, not_run(CACHE, REAL_SIZE, why, wanted=WANTED_OF_CACHE, compared_with=FIRST)]
    return [*found, against_usual(read([REAL]), REAL_SIZE), *from_cache(REAL, REAL_SIZE)]


def curves(quick: bool = False) -> list[Curve]:
    """Time areas, gains and losses by the number of days.

    Raises
    ------
    FrontmapError
        Never, with the made-up series.
    """
    vertices = FEW_VERTICES if quick else VERTICES
    sizes = (10, 20, 40) if quick else (100, 200, 400, 800)

    def prepare(days: int) -> Callable[[], object]:
        made_up = series(days, vertices)
        return lambda: _ours(made_up)

    return [curve(STAGE, "days", sizes, prepare, fixed=f"{vertices:,} vertices")]


def series(days: int, vertices: int, seed: int = 1) -> DrawnSeries:
    """Make up a map: ten patches of ground, of whose outlines some short stretches move every day.

    Raises
    ------
    ValueError
        From numpy, if there are too few vertices.
    """
    rng = np.random.default_rng(seed)
    per_part = vertices // PARTS
    turn = np.linspace(0, 2 * np.pi, per_part, endpoint=False)
    radius = 0.3 * (1 + 0.3 * np.cumsum(rng.normal(0, 0.02, (PARTS, per_part)), axis=1))
    middle = np.column_stack([31 + np.arange(PARTS), 48 + rng.uniform(-1, 1, PARTS)])
    shapes = []
    for _ in range(days):
        for part, start in zip(rng.integers(0, PARTS, 4), rng.integers(0, per_part - 8, 4), strict=True):
            radius[part, start : start + 6] *= 1 + rng.normal(0.005, 0.01)
        xy = middle[:, None] + radius[..., None] * np.stack([np.cos(turn) * 1.5, np.sin(turn)], axis=-1)
        shapes.append(shapely.MultiPolygon([shapely.Polygon(np.round(ring, 6)) for ring in xy]))
    dates = [day.date() for day in day_range(date(2024, 1, 1), date(2030, 1, 1))[:days]]
    states = as_states([("drawn", day, day, shape) for day, shape in zip(dates, shapes, strict=True)])
    return DrawnSeries("made up", states, tuple((day, day) for day in dates))


def against_usual(drawn: DrawnSeries, size: str) -> Row:
    """Compare areas, gains and losses with what a user of shapely and pyproj would write.

    Raises
    ------
    SystemExit
        If they differ.
    """
    shapes = drawn.states.geometry.to_numpy()
    sampled = range(0, len(shapes) - 1, EVERY)

    def usual() -> Found:
        moved = [(shapes[n + 1].difference(shapes[n]), shapes[n].difference(shapes[n + 1])) for n in sampled]
        pairs = [tuple(map(_geod_km2, pair)) for pair in moved]
        return Found(np.array([_geod_km2(shapes[n]) for n in sampled]), np.array(pairs), np.array(moved, dtype=object))

    def equal(found: Found, other: Found) -> str:
        chosen = list(sampled)
        off = np.abs(found.area_km2[chosen] / other.area_km2 - 1).max()
        apart = shapely.symmetric_difference(found.moved[chosen], other.moved).ravel()
        apart_km2 = geodesic_area_km2([polygons_only(shape, []) for shape in apart]).max()
        areas_said = same("areas, relative", float(off), 1e-9)
        return (
            f"{areas_said}; {same('gained and lost polygons, km2 of what is in one only', float(apart_km2), SAME_KM2)}"
        )

    scale = (len(shapes) - 1) / len(sampled)
    return compared(
        STAGE, size, lambda: _ours(drawn), usual, equal=equal, wanted=WANTED, compared_with=USUAL.format(EVERY),
        theirs_scale=scale,
    )  # fmt: skip


def from_cache(path: Path, size: str) -> list[Row]:
    """Compare a run that finds its results in the cache with one that has none.

    Raises
    ------
    SystemExit
        If they are not the same to the bit.
    """
    with tempfile.TemporaryDirectory() as folder:
        _measured(path, Path(folder))

        def equal(kept: list[pd.DataFrame], made: list[pd.DataFrame]) -> str:
            differ = sum(not _plain(one).equals(_plain(other)) for one, other in zip(kept, made, strict=True))
            return same("tables that differ in any bit", float(differ), 0.0)

        return [
            compared(
                CACHE, size, lambda: _measured(path, Path(folder)), lambda: _measured(path, None), equal=equal,
                wanted=WANTED_OF_CACHE, compared_with=FIRST,
            )
        ]  # fmt: skip


def _ours(drawn: DrawnSeries) -> Found:
    states, moved = measure(drawn)
    polygons = np.stack([moved[name].to_numpy() for name in ("gained", "lost")], axis=1)
    return Found(
        states["area_km2"].to_numpy(np.float64), moved[["gained_km2", "lost_km2"]].to_numpy(np.float64), polygons
    )


def _measured(path: Path, cache: Path | None) -> list[pd.DataFrame]:
    found = survey([path], cache=cache)
    return [found.areas, pd.DataFrame(found.changes)]


def _plain(table: pd.DataFrame) -> pd.DataFrame:
    """Write geometries as bytes, which can be compared."""
    shapes = [name for name in ("gained", "lost") if name in table]
    return table.assign(**{name: shapely.to_wkb(table[name].to_numpy()) for name in shapes})


def _geod_km2(shape: BaseGeometry) -> float:
    return abs(float(GEOD.geometry_area_perimeter(shape)[0])) / 1e6


def _written(drawn: DrawnSeries, folder: Path) -> Path:
    """Write a series as one file a day, as others publish it."""
    for day, shape in zip(drawn.states["first"], drawn.states.geometry, strict=True):
        feature = f'{{"type": "Feature", "properties": {{}}, "geometry": {shapely.to_geojson(shape)}}}'
        text = f'{{"type": "FeatureCollection", "features": [{feature}]}}'
        (folder / f"made_up_{day:%Y%m%d}.geojson").write_text(text, encoding="utf-8")
    return folder
