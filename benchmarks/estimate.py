"""The estimate: time and memory by stage and size, each run in a process of its own with one thread of algebra."""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import cache

import pandas as pd

import frontmap as fm
from benchmarks.large import large_theatre
from benchmarks.rows import QUICK, Curve, Row, Size, peak_mib_of, seconds
from frontmap.history import History
from frontmap.theatre import Theatre

STAGES = ("cells, mesh and fit", "best state of each cell and day", "draws", "areas with their interval")
BUNDLED, AGAIN = "bundled", "again"
WANTED = {BUNDLED: "under 20 s, under 1.5 GiB", AGAIN: "under 2 s", "large": "under 180 s"}
LARGE, SMALL = "3000 1000 500 1", "60 20 20 1"
"""Places, days, draws, and which share of the reports is kept (every so many)."""


def rows(sizes: Sequence[Size]) -> list[Row]:
    """Measure the bundled theatre, the same after one more report, and a large one; one run each.

    Raises
    ------
    CalledProcessError
        If a run fails.
    """
    if tuple(sizes) == QUICK:
        return [_row("estimate, made-up theatre", SMALL, "")]
    return [
        _row("estimate, bundled theatre", BUNDLED, WANTED[BUNDLED]),
        _row("estimate after one more report", AGAIN, WANTED[AGAIN]),
        _row("estimate, made-up theatre", LARGE, WANTED["large"]),
    ]


def curves(quick: bool) -> list[Curve]:
    """Fit how time and memory grow with places, days, draws and reports.

    Raises
    ------
    CalledProcessError
        If a run fails.
    """
    if quick:
        return [_curve("days", (10, 20), "60 places", ["60 10 20 1", SMALL])]
    places, days, draws, every = (375, 750, 1500), (250, 500, 1000), (125, 250, 500), (4, 2, 1)
    reports = tuple(round(measured(f"1500 500 125 {n}")["n_reports"]) for n in every)
    return [
        _curve("places", places, "250 days, 500 draws", [f"{n} 250 500 1" for n in places]),
        _curve("days", days, "750 places, 250 draws", [f"750 {n} 250 1" for n in days]),
        _curve("draws", draws, "750 places, 500 days", [f"750 500 {n} 1" for n in draws]),
        _curve("reports", reports, "1,500 places, 500 days, 125 draws", [f"1500 500 125 {n}" for n in every]),
    ]


def text(quick: bool) -> str:
    """Write seconds by stage as a table, with the share of each."""
    kinds = {"made-up": SMALL} if quick else {"bundled": BUNDLED, "after one more report": AGAIN, "made-up": LARGE}
    runs = [measured(kind) for kind in kinds.values()]
    table = [["stage", *kinds], ["---"] * (len(kinds) + 1)]
    table += [[stage, *(f"{run[stage]:.2f} s ({run[stage] / run['total']:.0%})" for run in runs)] for stage in STAGES]
    for name in ("places", "reports", "days", "cells"):
        table.append([name, *(f"{run[f'n_{name}']:,.0f}" for run in runs)])
    return "\n".join(f"| {' | '.join(line)} |" for line in table)


def _row(stage: str, kind: str, wanted: str) -> Row:
    run = measured(kind)
    size = f"{run['n_places']:,.0f} places, {run['n_days']:,.0f} days, {run['n_draws']:,.0f} draws"
    return Row(stage, size, run["total"], run["peak_mib"], "", None, None, wanted, None, "")


def _curve(along: str, sizes: tuple[int, ...], fixed: str, kinds: Sequence[str]) -> Curve:
    runs = [measured(kind) for kind in kinds]
    times, peaks = (tuple(run[name] for run in runs) for name in ("total", "peak_mib"))
    return Curve("estimate with draws and areas", along, sizes, times, peaks, fixed)


@cache
def measured(kind: str) -> dict[str, float]:
    """Measure one kind of run in a process of its own.

    Parameters
    ----------
    kind
        ``bundled``, ``again`` (one more report) or four numbers for a made-up theatre; see `LARGE`.

    Returns
    -------
    dict
        Seconds by stage, ``total`` and ``peak_mib`` among them, and the sizes of the theatre.

    Raises
    ------
    CalledProcessError
        If the run fails.
    """
    command = [sys.executable, "-m", "benchmarks.estimate", *kind.split()]
    one_thread = {name: "1" for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")}
    told = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True, env=os.environ | one_thread).stdout
    found: dict[str, float] = json.loads(told.splitlines()[-1])
    return found


def stages(theatre: Theatre, *, previous: History | None = None) -> dict[str, float]:
    """Time the stages of an estimate, in seconds.

    Raises
    ------
    FrontmapError
        If the theatre cannot be assessed.
    """
    made: list[History] = []
    work: dict[str, Callable[[], object]] = {
        STAGES[0]: lambda: made.append(fm.assess(theatre, previous=previous)),
        STAGES[1]: lambda: made[0].codes,
        STAGES[2]: lambda: made[0].draws,
        STAGES[3]: lambda: made[0].areas(),
    }
    times = {stage: seconds(one, once=True) for stage, one in work.items()}
    history = made[0]
    sizes = {
        "n_places": len(theatre.places),
        "n_reports": len(theatre.reports),
        "n_days": len(history.days),
        "n_cells": len(history.cells),
        "n_draws": theatre.estimate.draws,
    }
    return (
        times
        | {"total": sum(times.values()), "peak_mib": peak_mib_of(resource.getrusage(resource.RUSAGE_SELF))}
        | sizes
    )


def one_more_report(theatre: Theatre) -> Theatre:
    """Add a report to a theatre: the last one again, a day later and for the other party."""
    last = theatre.reports.iloc[[-1]]
    other = next(party.id for party in theatre.parties if party.id != last["party"].iloc[0])
    new = last.assign(report_id="new", party=other, event_date=last["event_date"] - pd.Timedelta(days=1))
    return replace(theatre, reports=pd.concat([theatre.reports, new], ignore_index=True))


def main(words: Sequence[str]) -> None:
    """Print one measurement as JSON."""
    theatre = fm.load()
    if words[0] not in (BUNDLED, AGAIN):
        n_places, n_days, n_draws, every = map(int, words)
        made = large_theatre(theatre, n_places=n_places, n_days=n_days, km2_per_place=10.0, seed=1)
        fewer = made.reports.iloc[::every].reset_index(drop=True)
        print(json.dumps(stages(replace(made, reports=fewer, estimate=replace(made.estimate, draws=n_draws)))))
        return
    history = fm.assess(theatre) if words[0] == AGAIN else None
    if history is not None:
        history.areas()
    print(json.dumps(stages(theatre if history is None else one_more_report(theatre), previous=history)))


if __name__ == "__main__":
    main(sys.argv[1:])
