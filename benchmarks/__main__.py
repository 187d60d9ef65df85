"""Measure on the bundled theatre and write docs/performance.md."""

from __future__ import annotations

import os
import platform
import resource
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from importlib.metadata import version
from pathlib import Path
from statistics import median

import shapely

import frontmap as fm
from benchmarks.comparisons import REPEATS, areas_by_day, polygons_by_day, seconds
from benchmarks.estimate import STAGES as ESTIMATE_STAGES
from benchmarks.estimate import measured
from frontmap.cells import tessellate
from frontmap.history import History

PAGE = Path(__file__).parent.parent / "docs" / "performance.md"
EVERY = 8

TEXT = """\
# Performance

Written by `make bench`; figures as measured, on {machine}. Times are medians of {repeats} runs unless said otherwise.

## The whole way

| what | measured | wanted |
|---|---|---|
| `frontmap brief` in a process of its own, from start to end | {brief_s:.1f} s (one run) | under 15 s |
| processor time of that run | {brief_cpu_s:.1f} s | |
| its peak memory | {brief_mib:.0f} MiB | under 1 GiB |
| areas of all {n_days} days by state and side with their interval, once the cells and their states exist | \
{areas_ms:.1f} ms | under 50 ms |
| states of {n_cells} cells on {n_days} days under every rule, from spells | {codes_ms:.0f} ms | |
| opening and checking the theatre | {load_ms:.0f} ms | |
| from {n_reports} reports to spells under every rule, a mesh and a fitted estimate | {assess_ms:.0f} ms | |
| tessellation | {cells_ms:.0f} ms | |
| shared arcs of the cells | {arcs_ms:.0f} ms | |

## Against dissolving every day

The usual way is `geopandas.dissolve` on the cells of each day. Both ways were run on every {every}th day
({n_compared} days), in turn in one process, after their totals by state and side had been found equal.

| what | dissolve | frontmap | ratio | totals differ by at most |
|---|---|---|---|---|
{rows}

Areas include the geodesic measuring of the dissolved polygons; frontmap measures each cell once and adds up changes.
Polygons are `History.zones`: outlines walked along shared arcs, with areas and the deciding reports of each zone.

## The estimate

Seconds by stage, with the share of each, in processes of their own with one thread for linear algebra; one run each.
The interval of every area rests on {n_draws} draws.

| stage | bundled theatre | after one more report | large theatre |
|---|---|---|---|
{estimate_rows}

Wanted: the bundled theatre under 20 s and 1.5 GiB, one more report under 2 s, the large theatre under 180 s. *After one
more report* is `assess(theatre, previous=history)`: cells and mesh are kept and the fit begins from the last one. The
large theatre is made up (`benchmarks/large.py`): a front crosses most of a square country and partly returns.
"""
ROW = "| {0.what} | {0.dissolve_s:.3g} s | {0.ours_s:.3g} s | {0.ratio:,.0f} | {0.difference:.0e} of the frame |"


def main() -> None:
    """Measure everything, print the page and write it."""
    brief_s, brief_cpu_s, brief_mib = brief_in_its_own_process()
    theatre = fm.load()
    history = fm.assess(theatre, policy="assessed")
    runs = [measured(kind) for kind in ("bundled", "again", "large")]
    days = range(0, len(history.days), EVERY)
    comparisons = [areas_by_day(history, days), polygons_by_day(history, days)]
    text = TEXT.format(
        machine=machine(),
        repeats=REPEATS,
        every=EVERY,
        brief_s=brief_s,
        brief_cpu_s=brief_cpu_s,
        brief_mib=brief_mib,
        n_days=len(history.days),
        n_reports=len(theatre.reports),
        n_cells=len(history.cells),
        n_compared=len(days),
        rows="\n".join(map(ROW.format, comparisons)),
        n_draws=runs[0]["n_draws"],
        estimate_rows=estimate_rows(runs),
        **stages(history),
    )
    PAGE.write_text(text, encoding="utf-8")
    print(text)


def estimate_rows(runs: Sequence[Mapping[str, float]]) -> str:
    """Write what `measured` found as rows of a table: seconds and shares, then sizes.

    Raises
    ------
    KeyError
        If a run lacks a stage.
    """
    rows = [
        [stage, *(f"{run[stage]:.2f} s ({run[stage] / run['total']:.0%})" for run in runs)] for stage in ESTIMATE_STAGES
    ]
    rows.append(["**all**", *(f"**{run['total']:.1f} s**" for run in runs)])
    rows.append(["peak memory", *(f"{run['peak_mib']:,.0f} MiB" for run in runs)])
    for label, key in (("places", "n_places"), ("reports", "n_reports"), ("days", "n_days"), ("cells", "n_cells")):
        rows.append([label, *(f"{run[key]:,.0f}" for run in runs)])
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def brief_in_its_own_process() -> tuple[float, float, float]:
    """Run `frontmap brief` once; give its seconds by the clock and of the processor, and its peak memory in MiB.

    Raises
    ------
    subprocess.CalledProcessError
        If it fails.
    """
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-c", "from frontmap.cli import app; app()", "brief", "--out", folder]
        taken = seconds(lambda: subprocess.run(command, check=True, capture_output=True))
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    peak = used.ru_maxrss / (2**20 if sys.platform == "darwin" else 2**10)
    return taken, used.ru_utime + used.ru_stime, peak


def stages(history: History) -> dict[str, float]:
    """Time the stages, in milliseconds.

    Raises
    ------
    FrontmapError
        If the theatre cannot be assessed.
    """
    theatre = history.theatre

    def cells() -> object:
        return tessellate(
            theatre.places,
            theatre.frame,
            theatre.border,
            max_position_radius_m=theatre.max_position_radius_m,
            merge_distance_m=theatre.merge_distance_m,
        )

    return {
        "load_ms": _median_ms(lambda: fm.load),
        "cells_ms": _median_ms(lambda: cells),
        "assess_ms": _median_ms(lambda: partial(fm.assess, theatre)),
        "codes_ms": _median_ms(lambda: partial(getattr, replace(history), "policy_codes")),
        "areas_ms": _median_ms(lambda: _with_codes(history).areas),
        "arcs_ms": _median_ms(lambda: partial(getattr, replace(history), "arcs")),
    }


def machine() -> str:
    """Describe the machine and the versions that matter, without naming it.

    Raises
    ------
    PackageNotFoundError
        If a package is not installed.
    """
    packages = ", ".join(f"{name} {version(name)}" for name in ("numpy", "pandas", "geopandas", "shapely"))
    geos = ".".join(map(str, shapely.geos_version))
    cores = os.cpu_count()
    return (
        f"{cores} cores ({platform.machine()}, {platform.system()}), Python {platform.python_version()}, "
        f"{packages} with GEOS {geos}"
    )


def _median_ms(prepare: Callable[[], Callable[[], object]]) -> float:
    """Time what `prepare` gives, afresh for each run; the preparation itself does not count."""
    return 1000 * median(seconds(prepare()) for _ in range(REPEATS))


def _with_codes(history: History) -> History:
    """Copy a history, forgetting all it has derived but the states of its cells."""
    fresh = replace(history)
    assert fresh.policy_codes
    return fresh


if __name__ == "__main__":
    main()
