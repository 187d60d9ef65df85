"""Measure everything and write docs/performance.md and the figures of docs/scale.md: ``make bench``."""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

from benchmarks.pages import performance_page, with_scale
from benchmarks.rows import QUICK, SIZES, Curve, Row, not_run

FILES = ("tessellation", "polygons", "pipeline", "snapshots", "ensembles", "estimate", "bundled", "brief")
ROOT = Path(__file__).parent.parent
PAGE, SCALE = ROOT / "docs" / "performance.md", ROOT / "docs" / "scale.md"


@dataclass(frozen=True)
class Measured:
    """What one file of benchmarks found.

    Parameters
    ----------
    name
        Of the file.
    rows, curves
        Its results.
    text
        More of it, in Markdown.
    """

    name: str
    rows: tuple[Row, ...]
    curves: tuple[Curve, ...] = ()
    text: str = ""


def measure(name: str, *, quick: bool) -> Measured:
    """Run one file of benchmarks in this process.

    Parameters
    ----------
    name
        One of `FILES`.
    quick
        At tiny sizes, whose times mean nothing.

    Returns
    -------
    Measured
        With what the file offers of rows, curves and text.

    Raises
    ------
    SystemExit
        If two ways that should give the same do not.
    """
    if find_spec(f"benchmarks.{name}") is None:
        return Measured(name, (not_run(name, "", f"benchmarks/{name}.py is absent"),))
    module = import_module(f"benchmarks.{name}")
    rows = tuple(module.rows(QUICK if quick else SIZES))
    curves = tuple(module.curves(quick)) if hasattr(module, "curves") else ()
    return Measured(name, rows, curves, module.text(quick) if hasattr(module, "text") else "")


def measure_apart(name: str, *, quick: bool) -> Measured:
    """Run one file of benchmarks in a process of its own.

    Parameters
    ----------
    name, quick
        As for `measure`.

    Returns
    -------
    Measured
        The same.

    Raises
    ------
    SystemExit
        If it fails; it has then said why.
    """
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "measured.json"
        command = [sys.executable, "-m", "benchmarks", "--only", name, "--json", str(file)]
        if subprocess.run(command + ["--quick"] * quick, cwd=ROOT, check=False).returncode:
            raise SystemExit(f"benchmarks/{name}.py failed; nothing is written")
        found = json.loads(file.read_text(encoding="utf-8"))
    rows = tuple(Row(**row) for row in found["rows"])
    curves = [
        Curve(
            one["stage"], one["along"], tuple(one["sizes"]), tuple(one["seconds"]), tuple(one["peak_mib"]), one["fixed"]
        )
        for one in found["curves"]
    ]
    return Measured(name, rows, tuple(curves), found["text"])


def main(words: Sequence[str] | None = None) -> None:
    """Measure what is asked for; write the pages where everything was measured at full size.

    Raises
    ------
    SystemExit
        If two ways that should give the same do not, or a benchmark fails.
    """
    asked = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    asked.add_argument("--only", choices=FILES, action="append", help="only this file; print its tables, write nothing")
    asked.add_argument("--quick", action="store_true", help="tiny sizes, to see that everything runs; write nothing")
    asked.add_argument("--json", type=Path, help="with one --only: write what was found to this file instead")
    given = asked.parse_args(words)
    if given.json is not None:
        given.json.write_text(json.dumps(asdict(measure(given.only[0], quick=given.quick))), encoding="utf-8")
        return
    started = time.perf_counter()
    found = []
    for name in given.only or FILES:
        began = time.perf_counter()
        found.append(measure_apart(name, quick=given.quick))
        print(f"{name}: {time.perf_counter() - began:.0f} s", file=sys.stderr)
    rows = {one.name: one.rows for one in found}
    curves = [curve for one in found for curve in one.curves]
    texts = {one.name: one.text for one in found if one.text}
    page = performance_page(rows, curves, texts, seconds=time.perf_counter() - started)
    print(page)
    if not given.only and not given.quick:
        PAGE.write_text(page, encoding="utf-8")
        SCALE.write_text(with_scale(SCALE.read_text(encoding="utf-8"), curves), encoding="utf-8")


if __name__ == "__main__":
    main()
