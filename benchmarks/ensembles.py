"""Ensembles: areas in every draw on every day without materialising who holds what, against materialising it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import geopandas as gpd
import numpy as np
import shapely
from numpy.typing import NDArray

from benchmarks.rows import Curve, Row, Size, compared, curve, same
from frontmap.crs import FloatArray
from frontmap.estimate.draws import Draws

Totals = NDArray[np.float64]

DRAWS = 500
WIDTH_KM = 200.0
LARGEST = 3_000  # places; a country's 33,000 are drawn in pieces
EVERY = 10  # the other way is run on every so many days
POLYGONS = 4  # so many pictures are dissolved


def rows(sizes: Sequence[Size]) -> list[Row]:
    """Compare at the largest size of no more than 3,000 places.

    Raises
    ------
    SystemExit
        If the totals differ.
    """
    size = max(one for one in sizes if one.places <= LARGEST)
    xy, cells = places(size.places)
    area_km2 = shapely.area(cells)
    draws = made_up(xy, size.days, DRAWS)
    one_group = np.zeros(size.places, dtype=np.int64)

    def ours() -> Totals:
        return np.asarray(draws.areas(area_km2, one_group, 1)[:, 0, 0], dtype=np.float64)

    def materialised() -> Totals:
        return np.stack([area_km2 @ (draws.at_node(day).codes()[0] == 0) for day in range(0, size.days, EVERY)])

    pictures = [(day, draw) for day in (0, size.days - 1) for draw in range(POLYGONS // 2)]

    def dissolved() -> Totals:
        found = []
        for day, draw in pictures:
            held = draws.at_node(day).codes()[0, :, draw] == 0
            frame = gpd.GeoDataFrame({"held": held}, geometry=cells).dissolve("held")
            found.append(frame.area.get(True, 0.0))
        return np.array(found)

    def by_day(found: Totals, other: Totals) -> str:
        return same("km2 by day and draw", _off(found[::EVERY], other, area_km2), 1e-6)

    def by_picture(found: Totals, other: Totals) -> str:
        return same("km2 of single pictures", _off(found[tuple(np.transpose(pictures))], other, area_km2), 1e-6)

    stage, what = "areas of an ensemble", f"{DRAWS} draws, {size}"
    every = f"a boolean array of each day times the areas of the cells (every {EVERY}th day, scaled)"
    each = f"geopandas.dissolve of each day and draw ({POLYGONS} of them, scaled)"
    n_days = len(range(0, size.days, EVERY))
    packed = sum(bits.nbytes for bits in draws.bits)
    return [
        compared(
            stage, what, ours, materialised, equal=by_day, wanted="", compared_with=every,
            theirs_scale=size.days / n_days, output_bytes=packed,
        ),
        compared(
            stage, what, ours, dissolved, equal=by_picture, wanted="10,000x", compared_with=each,
            theirs_scale=size.days * DRAWS / POLYGONS, output_bytes=packed,
        ),
    ]  # fmt: skip


def curves(quick: bool) -> list[Curve]:
    """Fit how the time grows with draws, days and places."""
    few, days, n_places = (8, 10, 40) if quick else (100, 200, 600)

    def areas(size: Size, draws: int) -> Callable[[], object]:
        xy, cells = places(size.places)
        made, km2 = made_up(xy, size.days, draws), shapely.area(cells)
        return lambda: made.areas(km2, np.zeros(size.places, dtype=np.int64), 1)

    stage, steps = "areas of an ensemble", (1, 2, 4, 8)
    by_draws = curve(stage, "draws", [few * n for n in steps], lambda n: areas(Size(n_places, days), n))
    by_days = curve(stage, "days", [days * n for n in steps], lambda n: areas(Size(n_places, n), few))
    by_places = curve(stage, "places", [n_places * n for n in steps], lambda n: areas(Size(n, days), few))
    return [
        replace(by_draws, fixed=f"{n_places:,} places, {days:,} days"),
        replace(by_days, fixed=f"{n_places:,} places, {few:,} draws"),
        replace(by_places, fixed=f"{days:,} days, {few:,} draws"),
    ]


def places(count: int) -> tuple[FloatArray, NDArray[np.object_]]:
    """Scatter places over a square; give their positions in km and their cells.

    Raises
    ------
    GEOSException
        If there are fewer than two places.
    """
    xy = np.random.default_rng(1).uniform(0.0, WIDTH_KM, (count, 2))
    square = shapely.box(0.0, 0.0, WIDTH_KM, WIDTH_KM)
    found = shapely.get_parts(shapely.voronoi_polygons(shapely.MultiPoint(xy), extend_to=square, ordered=True))
    return xy, shapely.intersection(found, square)


def made_up(xy_km: FloatArray, n_days: int, count: int) -> Draws:
    """Make up draws of a front that wanders through a square, packed day by day as an estimate packs them.

    Raises
    ------
    MemoryError
        From numpy, where even the packed draws do not fit.
    """
    rng = np.random.default_rng(2)
    phase, amplitude = rng.uniform(0.0, 2 * np.pi, (3, count)), rng.normal(0.0, 8.0, (3, count))
    waves = np.stack([f(xy_km[:, 0] / (12.0 * (n + 1))) for n in range(3) for f in (np.sin, np.cos)], axis=1)
    nodes = np.arange(n_days, dtype=np.float64)
    bits = []
    for day in nodes:
        turned = [day / (90.0 * (n + 1)) + phase[n] for n in range(3)]
        weights = np.stack([amplitude[n] * f(turned[n]) for n in range(3) for f in (np.cos, np.sin)])
        middle = WIDTH_KM * (0.5 + 0.3 * np.sin(2 * np.pi * day / 700.0))
        bits.append(np.packbits(xy_km[:, [1]] - middle > waves @ weights, axis=1)[None])
    everywhere = np.arange(len(xy_km))
    base = np.zeros((n_days, len(xy_km)), dtype=np.uint8)
    return Draws(nodes, ("A", "B"), count, 0.9, base, (everywhere,) * n_days, tuple(bits))


def _off(ours: Totals, theirs: Totals, area_km2: FloatArray) -> float:
    """Largest difference, relative to all the ground."""
    return float(np.abs(ours - theirs).max() / area_km2.sum())
