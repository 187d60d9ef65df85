"""The estimate: time and memory by stage, for the bundled theatre, after one more report, and for a large theatre."""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace

import pandas as pd

import frontmap as fm
from benchmarks.comparisons import seconds
from benchmarks.large import large_theatre
from frontmap.history import History
from frontmap.theatre import Theatre

STAGES = ("cells, mesh and fit", "best state of each cell and day", "draws", "areas with their interval")


def measured(kind: str) -> dict[str, float]:
    """Measure one kind of run in a process of its own.

    Parameters
    ----------
    kind
        ``bundled``, ``again`` (one more report) or ``large``.

    Returns
    -------
    dict
        Seconds by stage, ``total`` and ``peak_mib`` among them, and the sizes of the theatre.

    Raises
    ------
    subprocess.CalledProcessError
        If the run fails.
    """
    command = [sys.executable, "-m", "benchmarks.estimate", kind]
    one_thread = {name: "1" for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")}
    told = subprocess.run(command, check=True, capture_output=True, text=True, env=os.environ | one_thread).stdout
    found: dict[str, float] = json.loads(told.splitlines()[-1])
    return found


def stages(theatre: Theatre, *, previous: History | None = None) -> dict[str, float]:
    """Time the stages of an estimate, in seconds.

    Raises
    ------
    FrontmapError
        If the theatre cannot be assessed.
    """
    times: dict[str, float] = {}
    made: list[History] = []

    def timed(stage: str, work: Callable[[], object]) -> None:
        times[stage] = seconds(work)

    timed(STAGES[0], lambda: made.append(fm.assess(theatre, previous=previous)))
    history = made[0]
    timed(STAGES[1], lambda: history.codes)
    timed(STAGES[2], lambda: history.draws)
    timed(STAGES[3], history.areas)
    total = sum(times.values())
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (2**20 if sys.platform == "darwin" else 2**10)
    sizes = {
        "n_places": len(theatre.places),
        "n_reports": len(theatre.reports),
        "n_days": len(history.days),
        "n_cells": len(history.cells),
        "n_draws": theatre.estimate.draws,
    }
    return times | {"total": total, "peak_mib": peak} | sizes


def one_more_report(theatre: Theatre) -> Theatre:
    """Add a report to a theatre: the last one again, a day later and for the other party."""
    last = theatre.reports.iloc[[-1]]
    other = next(party.id for party in theatre.parties if party.id != last["party"].iloc[0])
    new = last.assign(report_id="new", party=other, event_date=last["event_date"] - pd.Timedelta(days=1))
    return replace(theatre, reports=pd.concat([theatre.reports, new], ignore_index=True))


def main(kind: str) -> None:
    """Print one measurement as JSON."""
    theatre = fm.load()
    if kind == "large":
        theatre = large_theatre(theatre, n_places=3000, n_days=1000, km2_per_place=10.0, seed=1)
        print(json.dumps(stages(theatre)))
        return
    history = fm.assess(theatre) if kind == "again" else None
    if history is not None:
        history.areas()
    print(json.dumps(stages(theatre if history is None else one_more_report(theatre), previous=history)))


if __name__ == "__main__":
    main(sys.argv[1])
