"""The whole way for a country, from a folder of tables to results and files: seconds and memory by stage."""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from benchmarks.large import cell_codes, clustered_points, country_frame, write_country
from benchmarks.rows import QUICK, REPEATS, Curve, Row, Size, compared, copy_seconds, curve, peak_mib_of, same, timed
from frontmap.areas import area_series, gain_table, transitions
from frontmap.cells import tessellate
from frontmap.claims import test_claims
from frontmap.crs import WGS84, geodesic_area_km2
from frontmap.export import write_tables, write_zones
from frontmap.history import assess
from frontmap.maps.escape import escape_json
from frontmap.maps.parts import data_markup
from frontmap.maps.payload import payload
from frontmap.theatre import load

FULL = (33_000, 1_000)
DISSOLVED_DAYS = 2
TOLERANCE = 1e-9
N_STATES = 3
TO_PAYLOAD = ("load", "assess", "states", "areas and changes", "tables", "payload")
FILES = "GIS files"
WHOLE = "whole pipeline to tables and payload"

Told = dict[str, Any]


def rows(sizes: Sequence[Size]) -> list[Row]:
    """Measure areas, gains and the whole way at every size.

    Raises
    ------
    SystemExit
        If areas differ from those of dissolved polygons, or do not add up.
    """
    return [row for size in sizes for row in (*_areas(size), *_whole(size))]


def curves(quick: bool) -> list[Curve]:
    """Fit how the time of areas grows with days and changes, and that of the whole way with places."""
    few, steps = (5, (1, 2, 4)) if quick else (100, (1, 3, 10, 30))

    def areas(n_cells: int, n_days: int, changes: int) -> Callable[[], object]:
        codes, _ = cell_codes(n_cells, n_days, changes_per_day=changes)
        area_km2, group = np.full(n_cells, 18.0), np.zeros(n_cells, dtype=np.int64)
        return lambda: area_series(codes, area_km2, group, n_states=N_STATES, n_groups=1)

    stage = "areas of every day"
    return [
        curve(stage, "cells", [10 * few * n for n in steps], lambda n: areas(n, 10 * few, 5), fixed=f"{10 * few} days"),
        curve(stage, "days", [few * n for n in steps], lambda n: areas(30 * few, n, 5), fixed=f"{30 * few:,} cells"),
        curve(stage, "changes a day", [2 * n for n in steps], lambda n: areas(100 * few, 5 * few, n)),
        *([] if quick else [_places_curve([few * n for n in steps[1:]], 10 * few)]),
    ]


def _places_curve(places: Sequence[int], n_days: int) -> Curve:
    """Run the whole way, GIS files left out, with more and more places."""
    times, peaks = [], []
    for n_places in places:
        with _country(Size(n_places, n_days)) as folder:
            told = _run(folder, files=False)
        times.append(sum(told["seconds"][stage] for stage in TO_PAYLOAD))
        peaks.append(told["peak_mib"][TO_PAYLOAD[-1]])
    return Curve(WHOLE, "places", tuple(places), tuple(times), tuple(peaks), f"{n_days:,} days, 20 changes a day")


def _areas(size: Size) -> list[Row]:
    """Compare areas by day with those of dissolved cells, on some days; tell gains by day and district."""
    frame = country_frame(size.places)
    lon_lat = clustered_points(frame, size.places)
    places = _bare_places(lon_lat)
    cells = tessellate(places, frame).cells
    number = cells["place_id"].astype(int).to_numpy()
    codes, _ = cell_codes(size.places, size.days, changes_per_day=size.changes, lon_lat=lon_lat)
    codes = np.ascontiguousarray(codes[:, number])
    area_km2, group = cells["area_km2"].to_numpy(), np.zeros(len(cells), dtype=np.int64)
    days = np.linspace(0, size.days - 1, DISSOLVED_DAYS + 1).astype(int)[1:]

    def ours() -> NDArray[np.float64]:
        return area_series(codes, area_km2, group, n_states=N_STATES, n_groups=1)

    def dissolved() -> NDArray[np.float64]:
        found = np.zeros((len(days), N_STATES))
        for row, day in enumerate(days):
            zones = gpd.GeoDataFrame({"state": codes[day]}, geometry=cells.geometry.to_numpy(), crs=WGS84)
            zones = zones.dissolve("state")
            found[row, zones.index] = geodesic_area_km2(zones.geometry.to_numpy())
        return found

    def equal(series: NDArray[np.float64], polygons: NDArray[np.float64]) -> str:
        difference = np.abs(series[days, :, 0] - polygons).max() / area_km2.sum()
        return same("km2 of the dissolved polygons, part of the country", float(difference), TOLERANCE)

    def gains() -> pd.DataFrame:
        return gain_table(transitions(codes), cells, states=["a", "b", "c"], by=["side", "district"])

    def telescoped(table: pd.DataFrame) -> str:
        series = ours()[:, :, 0]
        net = table.groupby("party")["net_km2"].sum().reindex(["a", "b", "c"], fill_value=0.0).to_numpy()
        difference = np.abs(series[-1] - series[0] - net).max() / area_km2.sum()
        return same("gains less losses of all days, part of the country", float(difference), TOLERANCE)

    full = (size.places, size.days) == FULL
    return [
        compared(
            "areas of every day", str(size), ours, dissolved, equal=equal, wanted="10,000x" if full else "",
            compared_with=f"`geopandas.dissolve` and geodesic area, {len(days)} days, scaled",
            theirs_scale=size.days / len(days), repeats=_repeats(size),
        ),
        timed("gains and losses by day, party and district", str(size), gains, check=telescoped,
              repeats=_repeats(size)),
    ]  # fmt: skip


def _bare_places(lon_lat: NDArray[np.float64]) -> gpd.GeoDataFrame:
    """Make places of nothing but what a tessellation needs; their ids are their numbers."""
    table = pd.DataFrame({"place_id": [f"{n:06d}" for n in range(len(lon_lat))]})
    district = (lon_lat[:, 0] // 0.5).astype(int).astype(str)
    table = table.assign(country="X", region="R", district=district, position_radius_m=900.0)
    return gpd.GeoDataFrame(table, geometry=gpd.points_from_xy(*lon_lat.T), crs=WGS84)


def _whole(size: Size) -> list[Row]:
    """Run the whole way, each time in a process of its own, and tell its stages."""
    with _country(size) as folder:
        runs = [_run(folder, files=True) for _ in range(_repeats(size))]
    seconds = {stage: median(run["seconds"][stage] for run in runs) for stage in (*TO_PAYLOAD, FILES)}
    peak = {stage: max(run["peak_mib"][stage] for run in runs) for stage in seconds}
    total = median(sum(run["seconds"][stage] for stage in TO_PAYLOAD) for run in runs)
    equality = same("km2 of all states: the frame's", max(run["difference"] for run in runs), TOLERANCE)
    told, name = runs[0], f"{size}, {size.changes} changes a day"
    written = {kind: told[kind] / 2**20 for kind in ("gpkg", "parquet", "geojson") if kind in told}
    notes = {
        "load": f"{told['n_reports']:,} reports",
        "states": f"{told['n_policies']} policies, {told['n_changes']:,} changes under the first",
        "payload": f"{told['payload'] / 1e6:.2f} MB, {told['packed'] / 1e6:.2f} MB as the page carries it",
        FILES: ", ".join(f"zones.{kind} {mib:.0f} MiB" for kind, mib in written.items()),
    }
    wanted = "under 20 s, under 2 GiB" if (size.places, size.days) == FULL else ""
    whole = Row(
        WHOLE, name, total, peak[TO_PAYLOAD[-1]], "", None, None, wanted, None, equality
    )  # fmt: skip
    limit = seconds[FILES] / copy_seconds(int(sum(written.values()) * 2**20))
    stages = [
        Row(
            f"pipeline: {stage}", name, seconds[stage], peak[stage], "", None, None, "",
            limit if stage == FILES else None, notes.get(stage, ""),
        )
        for stage in seconds
    ]  # fmt: skip
    return [whole, *stages]


def _repeats(size: Size) -> int:
    """Run what is tiny once: its times mean nothing."""
    return 1 if size in QUICK else REPEATS


@contextmanager
def _country(size: Size) -> Iterator[Path]:
    """Write a made-up country to a folder that is removed afterwards."""
    with tempfile.TemporaryDirectory() as folder:
        write_country(Path(folder) / "country", size.places, size.days, changes_per_day=size.changes)
        yield Path(folder) / "country"


def _run(folder: Path, *, files: bool) -> Told:
    """Go the whole way in a process of its own, with one thread."""
    command = [sys.executable, "-m", "benchmarks.pipeline", str(folder), *(["--files"] if files else [])]
    one_thread = {name: "1" for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")}
    out = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True, env=os.environ | one_thread).stdout
    told: Told = json.loads(out.splitlines()[-1])
    return told


def main(folder: Path, *, files: bool) -> None:
    """Go the whole way, and print seconds and peak memory by stage as JSON; loading Python's modules does not count."""
    seconds: dict[str, float] = {}
    peaks: dict[str, float] = {}
    started = time.perf_counter()

    def done(stage: str) -> None:
        nonlocal started
        seconds[stage] = time.perf_counter() - started
        peaks[stage] = peak_mib_of(resource.getrusage(resource.RUSAGE_SELF))
        started = time.perf_counter()

    theatre = load(folder)
    done("load")
    history = assess(theatre, policy="assessed")
    done("assess")
    n_policies, n_changes = len(history.policy_codes), len(history.moves.day)
    done("states")
    areas = history.areas()
    history.daily_gains(by="district")
    done("areas and changes")
    write_tables(history, test_claims(history), folder / "out")
    done("tables")
    data = payload(history)
    packed = data_markup(data)
    done("payload")
    page = escape_json(data)
    written = {}
    if files:
        found = write_zones(history, folder / "out")
        done(FILES)
        written = {name.removeprefix("zones."): path.stat().st_size for name, path in found.items()}
    whole_km2 = geodesic_area_km2([history.tessellation.frame])[0]
    by_day = areas.groupby("date")["area_km2"].sum().to_numpy()
    told = {
        "seconds": seconds, "peak_mib": peaks, "difference": float(np.abs(by_day / whole_km2 - 1.0).max()),
        "n_reports": len(theatre.reports), "n_changes": n_changes, "n_policies": n_policies,
        "payload": len(page.encode()), "packed": len(packed), **written,
    }  # fmt: skip
    print(json.dumps(told))


if __name__ == "__main__":
    main(Path(sys.argv[1]), files="--files" in sys.argv)
