"""`frontmap brief` from start to end, in a process of its own."""

from __future__ import annotations

import resource
import subprocess
import sys
import tempfile
from collections.abc import Sequence

from benchmarks.rows import QUICK, Row, Size, not_run, peak_mib_of, seconds

WANTED = "under 15 s, under 1 GiB"


def rows(sizes: Sequence[Size]) -> list[Row]:
    """Run it once for the bundled theatre.

    Raises
    ------
    CalledProcessError
        If it fails.
    """
    stage, size = "`frontmap brief`, everything it writes, one run", "the bundled theatre"
    if tuple(sizes) == QUICK:
        return [not_run(stage, size, "takes many seconds", wanted=WANTED)]
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-c", "from frontmap.cli import app; app()", "brief", "--out", folder]
        taken = seconds(lambda: subprocess.run(command, check=True, capture_output=True))
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    processor_s = used.ru_utime + used.ru_stime
    return [
        Row(stage, size, taken, peak_mib_of(used), "", None, None, WANTED, None, f"{processor_s:.1f} s of processor")
    ]
