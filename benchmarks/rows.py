"""One row of the benchmark table: the same result first, then both ways in turn, and the memory of ours."""

from __future__ import annotations

import math
import re
import resource
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import NamedTuple, TypeVar

import numpy as np

REPEATS = 5
Ours = TypeVar("Ours")
Theirs = TypeVar("Theirs")

_SHORTEST_S = 0.02  # quicker work is run as often as it takes to fill this time
_UNITS = {"s": 1.0, "ms": 1e-3, "GiB": 1024.0, "MiB": 1.0}
_HIGHEST = re.compile(r"VmHWM:\s+(\d+) kB")


class Size(NamedTuple):
    """How large a made-up theatre is; `changes` are cells that change hands on a day."""

    places: int
    days: int
    changes: int = 20

    def __str__(self) -> str:
        return f"{self.places:,} places, {self.days:,} days"


SIZES = (Size(300, 250, 5), Size(3_000, 1_000), Size(33_000, 1_000))
QUICK = (Size(60, 20, 3),)


@dataclass(frozen=True)
class Row:
    """One stage at one size.

    Parameters
    ----------
    stage, size
        Such as ``tessellation`` and ``33,000 places``.
    ours_s
        Median seconds; NaN where it was not run, and `equality` then tells why.
    peak_mib
        Highest memory of the process during the first run of ours, its input included; ``None`` where not measured.
    compared_with
        What a user would otherwise run; empty where there is nothing to compare with.
    theirs_s
        Median seconds of it, scaled where it was run on a sample.
    ratio
        Median of the ratios of runs that followed one another.
    wanted
        ``20x``, ``under 20 s``, ``under 20 s, under 2 GiB``, or empty.
    limit_ratio
        Our time over the time to copy the output once, where that has a meaning.
    equality
        What was found to be the same before anything was timed, with the largest difference.
    """

    stage: str
    size: str
    ours_s: float
    peak_mib: float | None
    compared_with: str
    theirs_s: float | None
    ratio: float | None
    wanted: str
    limit_ratio: float | None
    equality: str

    @property
    def was_run(self) -> bool:
        """Whether there is a measurement."""
        return not math.isnan(self.ours_s)

    @property
    def met(self) -> bool | None:
        """Whether all that is wanted was measured to be so; ``None`` where nothing is wanted or nothing was run."""
        if not self.wanted or not self.was_run:
            return None
        return all(self._meets(part.strip()) for part in re.split(r",\s+", self.wanted))

    def _meets(self, wanted: str) -> bool:
        if times := re.fullmatch(r"([\d,.]+)x", wanted):
            return self.ratio is not None and self.ratio >= float(times[1].replace(",", ""))
        if below := re.fullmatch(r"under ([\d.]+) (s|ms|GiB|MiB)", wanted):
            found = self.ours_s if below[2] in {"s", "ms"} else self.peak_mib
            return found is not None and found < float(below[1]) * _UNITS[below[2]]
        raise ValueError(f"expected '20x', 'under 20 s' or 'under 2 GiB', found {wanted!r}")


@dataclass(frozen=True)
class Curve:
    """How the time of one stage grows with one measure of size.

    Parameters
    ----------
    stage
        As in the rows.
    along
        What grows: ``places``, ``days``, ``changes`` or ``draws``.
    sizes
        Three or four of them, increasing.
    seconds, peak_mib
        For each size; `peak_mib` is empty where not measured.
    fixed
        What stays the same, such as ``1,000 days``.
    """

    stage: str
    along: str
    sizes: tuple[int, ...]
    seconds: tuple[float, ...]
    peak_mib: tuple[float, ...] = ()
    fixed: str = ""

    @property
    def exponent(self) -> float:
        """Fitted k in time ~ size^k, by least squares in logarithms."""
        return _slope(self.sizes, self.seconds)

    def size_at_seconds(self, seconds: float) -> float:
        """Extrapolate at which size it takes so long, by the exponent from the largest measured size."""
        return (
            self.sizes[-1] * (seconds / self.seconds[-1]) ** (1.0 / self.exponent) if self.exponent > 0.0 else math.inf
        )

    def size_at_mib(self, mib: float) -> float:
        """Extrapolate at which size it needs so much memory, by a straight line through the measured sizes."""
        if not self.peak_mib:
            return math.nan
        growth, start = np.polyfit(np.asarray(self.sizes, float), np.asarray(self.peak_mib, float), 1)
        return float((mib - start) / growth) if growth > 0.0 else math.inf


def compared(
    stage: str,
    size: str,
    ours: Callable[[], Ours],
    theirs: Callable[[], Theirs],
    *,
    equal: Callable[[Ours, Theirs], str],
    wanted: str,
    compared_with: str,
    repeats: int = REPEATS,
    output_bytes: int | None = None,
    theirs_scale: float = 1.0,
) -> Row:
    """Check that two ways give the same, then time them in turn in this process.

    Parameters
    ----------
    stage, size, wanted, compared_with
        As in `Row`.
    ours, theirs
        The two ways, without arguments; they must not keep what they have derived from one run to the next.
    equal
        Gets both results; tells what is the same and the largest difference, or stops with `SystemExit`.
    repeats
        Runs of each.
    output_bytes
        Size of the output of ours, to tell the distance to the limit.
    theirs_scale
        By how much their time is multiplied, where `theirs` does only a sample of the work; say so in `compared_with`.

    Returns
    -------
    Row
        Measured.

    Raises
    ------
    SystemExit
        From `equal`, where the results differ.
    """
    found, peak_mib = with_peak(ours)
    equality = equal(found, theirs())
    del found
    pairs = [(seconds(theirs) * theirs_scale, seconds(ours)) for _ in range(repeats)]
    theirs_s, ours_s = (median(column) for column in zip(*pairs, strict=True))
    ratio = median(their / own for their, own in pairs)
    limit = None if output_bytes is None else ours_s / copy_seconds(output_bytes)
    return Row(stage, size, ours_s, peak_mib, compared_with, theirs_s, ratio, wanted, limit, equality)


def timed(
    stage: str,
    size: str,
    ours: Callable[[], Ours],
    *,
    check: Callable[[Ours], str],
    wanted: str = "",
    repeats: int = REPEATS,
    output_bytes: int | None = None,
) -> Row:
    """Time a stage that is compared with nothing.

    Parameters
    ----------
    stage, size, ours, wanted, repeats, output_bytes
        As in `compared`.
    check
        Gets the result of the first run; tells what was found right, or stops with `SystemExit`.

    Returns
    -------
    Row
        Measured.

    Raises
    ------
    SystemExit
        From `check`, where the result is wrong.
    """
    found, peak_mib = with_peak(ours)
    equality = check(found)
    del found
    ours_s = median(seconds(ours) for _ in range(repeats))
    limit = None if output_bytes is None else ours_s / copy_seconds(output_bytes)
    return Row(stage, size, ours_s, peak_mib, "", None, None, wanted, limit, equality)


def not_run(stage: str, size: str, why: str, *, wanted: str = "", compared_with: str = "") -> Row:
    """Give a row for what could not be measured here.

    Parameters
    ----------
    stage, size, wanted, compared_with
        As in `Row`.
    why
        Such as ``../shared/external is absent``.

    Returns
    -------
    Row
        Without figures; its `equality` says ``not run: `` and why.
    """
    return Row(stage, size, math.nan, None, compared_with, None, None, wanted, None, f"not run: {why}")


def curve(
    stage: str,
    along: str,
    sizes: Sequence[int],
    prepare: Callable[[int], Callable[[], object]],
    *,
    fixed: str = "",
    repeats: int = 3,
) -> Curve:
    """Time a stage at several sizes.

    Parameters
    ----------
    stage, along, sizes, fixed
        As in `Curve`.
    prepare
        Gets a size and gives the work, whose preparation does not count.
    repeats
        Runs at each size, of which the median counts.

    Returns
    -------
    Curve
        Measured; its `exponent` is fitted.

    Raises
    ------
    Exception
        Whatever the work raises.
    """
    times, peaks = [], []
    for size in sizes:
        work = prepare(size)
        _, peak_mib = with_peak(work)
        peaks.append(peak_mib)
        times.append(median(seconds(work) for _ in range(repeats)))
    return Curve(stage, along, tuple(sizes), tuple(times), tuple(peaks), fixed)


def seconds(work: Callable[[], object], *, once: bool = False) -> float:
    """Time one run; what takes less than a fiftieth of a second is run often, and the mean is given.

    Parameters
    ----------
    work
        Without arguments.
    once
        Never run it again.

    Returns
    -------
    float
        Seconds of one run.

    Raises
    ------
    Exception
        Whatever the work raises.
    """
    start = time.perf_counter()
    work()
    first = time.perf_counter() - start
    if once or first >= _SHORTEST_S:
        return first
    times = math.ceil(_SHORTEST_S / max(first, 1e-7))
    start = time.perf_counter()
    for _ in range(times):
        work()
    return (time.perf_counter() - start) / times


def with_peak(work: Callable[[], Ours]) -> tuple[Ours, float]:
    """Run some work and tell the highest memory of this process meanwhile.

    Parameters
    ----------
    work
        Without arguments.

    Returns
    -------
    tuple
        Its result, and MiB. Where the system cannot forget an earlier peak (all but Linux), the peak since the start.

    Raises
    ------
    Exception
        Whatever the work raises.
    """
    forget = Path("/proc/self/clear_refs")
    try:
        forget.write_text("5")
    except OSError:
        result = work()
        return result, peak_mib_of(resource.getrusage(resource.RUSAGE_SELF))
    result = work()
    highest = _HIGHEST.search(Path("/proc/self/status").read_text())
    assert highest is not None
    return result, int(highest[1]) / 1024.0


def peak_mib_of(usage: resource.struct_rusage) -> float:
    """Read the peak memory off what the system says a process used.

    Parameters
    ----------
    usage
        From `resource.getrusage`.

    Returns
    -------
    float
        MiB.
    """
    return usage.ru_maxrss / (2.0**20 if sys.platform == "darwin" else 2.0**10)


def copy_seconds(n_bytes: int) -> float:
    """Time copying so many bytes once within memory.

    Parameters
    ----------
    n_bytes
        At least 1.

    Returns
    -------
    float
        Median seconds.

    Raises
    ------
    MemoryError
        From numpy, where they do not fit.
    """
    source = np.ones(n_bytes, dtype=np.uint8)
    target = np.zeros_like(source)
    return median(seconds(lambda: np.copyto(target, source)) for _ in range(REPEATS))


def same(what: str, difference: float, tolerance: float) -> str:
    """Tell an equality, or stop if there is none: a time would then mean nothing.

    Parameters
    ----------
    what
        What was compared, such as ``km2 by day and party``.
    difference
        Largest difference found, relative where sensible.
    tolerance
        Largest one allowed.

    Returns
    -------
    str
        Such as ``km2 by day and party: 6e-16``.

    Raises
    ------
    SystemExit
        If the difference is larger, or no number.
    """
    if not difference <= tolerance:
        raise SystemExit(f"{what}: differs by {difference:.1e}, allowed are {tolerance:.0e}")
    return f"{what}: {difference:.0e}" if difference else f"{what}: identical"


def _slope(sizes: Sequence[float], values: Sequence[float]) -> float:
    """Fit the exponent of a power law."""
    return float(np.polyfit(np.log(np.asarray(sizes, float)), np.log(np.asarray(values, float)), 1)[0])
