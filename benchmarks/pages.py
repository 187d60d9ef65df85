"""The pages that the benchmarks write: tables in Markdown."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from benchmarks.rows import REPEATS, Curve, Row
from frontmap.validation.page import machine

BEGIN, END = "<!-- measured: written by make bench -->", "<!-- end of what was measured -->"
HOUR_S, MOST_GIB = 3600.0, 16

TITLES = {
    "tessellation": "Tessellation",
    "polygons": "Polygons, front lines and areas by day",
    "pipeline": "From a theatre to tables, files and the page's data",
    "snapshots": "Series drawn by others",
    "ensembles": "Ensembles",
    "estimate": "The estimate",
    "bundled": "The bundled theatre",
    "brief": "The briefing",
}

HEAD = """\
# Performance

Written by `make bench` in {minutes:.0f} minutes on {machine}.

Two ways were compared only after both had given the same; what was the same stands in the last column, with the largest
difference. Times are medians of at least {repeats} runs unless a row says otherwise, the ratio is the median of the
ratios of runs that followed one another in one process. Memory is the peak of the process during the first run of ours,
input and imports included. *Limit* is our time over the time to copy the output (of ensembles: the packed draws) once
in memory. Input is made up (`benchmarks/large.py`) unless a row says otherwise.
"""

SCALING = """\
## How it grows

Time as a power of one measure of size, fitted by least squares in logarithms; everything else was held fixed.

{table}
"""


def performance_page(
    rows: Mapping[str, Sequence[Row]], curves: Sequence[Curve], texts: Mapping[str, str], *, seconds: float
) -> str:
    """Write the page docs/performance.md.

    Parameters
    ----------
    rows
        By file of benchmarks.
    curves
        Of all of them.
    texts
        More in Markdown, by file.
    seconds
        How long it all took.

    Returns
    -------
    str
        Markdown.

    Raises
    ------
    ValueError
        If a row wants something that cannot be read.
    """
    parts = [HEAD.format(minutes=max(seconds / 60.0, 1.0), machine=machine(), repeats=REPEATS), judgement(rows)]
    for name, found in rows.items():
        parts += [f"## {TITLES[name]}", row_table(found)]
        if name in texts:
            parts.append(texts[name])
    if curves:
        parts.append(SCALING.format(table=curve_table(curves)))
    return "\n\n".join(part.strip() for part in parts) + "\n"


def judgement(rows: Mapping[str, Sequence[Row]]) -> str:
    """Sum up what is met, what is not, and what was not run.

    Parameters
    ----------
    rows
        By file of benchmarks.

    Returns
    -------
    str
        Markdown.

    Raises
    ------
    ValueError
        If a row wants something that cannot be read.
    """
    every = [row for found in rows.values() for row in found]
    judged = [row for row in every if row.met is not None]
    missed = [f"- not met: {row.stage} ({row.size}), wanted {row.wanted}" for row in judged if not row.met]
    absent = [f"- {row.equality}: {row.stage}" for row in every if not row.was_run]
    return "\n".join([f"{len(judged) - len(missed)} of {len(judged)} aims are met.", "", *missed, *absent])


def row_table(rows: Sequence[Row]) -> str:
    """Write rows as a table.

    Parameters
    ----------
    rows
        Of one file.

    Returns
    -------
    str
        Markdown.

    Raises
    ------
    ValueError
        If a row wants something that cannot be read.
    """
    head = [
        "stage",
        "size",
        "time",
        "memory",
        "compared with",
        "their time",
        "ratio",
        "wanted",
        "met",
        "limit",
        "the same",
    ]
    lines = [
        [
            row.stage,
            row.size,
            duration(row.ours_s),
            "" if row.peak_mib is None else f"{row.peak_mib:,.0f} MiB",
            row.compared_with,
            duration(row.theirs_s),
            "" if row.ratio is None else figure(row.ratio),
            row.wanted,
            {True: "yes", False: "**no**", None: ""}[row.met],
            "" if row.limit_ratio is None else figure(row.limit_ratio),
            row.equality,
        ]
        for row in rows
    ]
    return _table(head, lines)


def curve_table(curves: Sequence[Curve]) -> str:
    """Write curves as a table.

    Parameters
    ----------
    curves
        Of all files.

    Returns
    -------
    str
        Markdown.

    Raises
    ------
    ValueError
        If a curve has no sizes.
    """
    head = ["stage", "along", "held fixed", "sizes", "times", "memory", "exponent"]
    lines = [
        [
            one.stage,
            one.along,
            one.fixed,
            ", ".join(f"{n:,}" for n in one.sizes),
            ", ".join(map(duration, one.seconds)),
            ", ".join(f"{mib:,.0f}" for mib in one.peak_mib) + " MiB" * bool(one.peak_mib),
            f"{one.exponent:.2f}",
        ]
        for one in curves
    ]
    return _table(head, lines)


def with_scale(page: str, curves: Sequence[Curve]) -> str:
    """Renew the figures in the page docs/scale.md; the words around them stay.

    Parameters
    ----------
    page
        As it is, with the two comments that mark the figures.
    curves
        From which they are extrapolated.

    Returns
    -------
    str
        The page as it should be.

    Raises
    ------
    ValueError
        If a comment is missing.
    """
    begin, end = page.index(BEGIN) + len(BEGIN), page.index(END)
    head = [
        "stage",
        "along",
        "held fixed",
        "measured up to",
        "time there",
        "exponent",
        "one hour at",
        f"{MOST_GIB} GiB at",
    ]
    lines = [
        [
            one.stage,
            one.along,
            one.fixed,
            f"{one.sizes[-1]:,}",
            duration(one.seconds[-1]),
            f"{one.exponent:.2f}",
            _rough(one.size_at_seconds(HOUR_S)),
            _rough(one.size_at_mib(MOST_GIB * 1024.0)),
        ]
        for one in curves
    ]
    return f"{page[:begin]}\n\nOn {machine()}.\n\n{_table(head, lines)}\n\n{page[end:]}"


def duration(seconds: float | None) -> str:
    """Write a time with three digits in a fitting unit.

    Parameters
    ----------
    seconds
        None or NaN where not measured.

    Returns
    -------
    str
        Such as ``12.3 ms``.

    Raises
    ------
    TypeError
        If it is no number.

    Examples
    --------
    >>> duration(0.01234), duration(7200.0), duration(None)
    ('12.3 ms', '2.00 h', '')
    """
    if seconds is None or math.isnan(seconds):
        return ""
    for unit, size in (("h", 3600.0), ("s", 1.0), ("ms", 1e-3)):
        if seconds >= size:
            return f"{figure(seconds / size)} {unit}"
    return f"{figure(seconds / 1e-6)} µs"


def figure(value: float) -> str:
    """Write a number with three digits and no power of ten.

    Parameters
    ----------
    value
        Positive.

    Returns
    -------
    str
        Such as ``1,230``.

    Raises
    ------
    TypeError
        If it is no number.

    Examples
    --------
    >>> figure(1234.6), figure(12.34), figure(1.234)
    ('1,235', '12.3', '1.23')
    """
    return f"{value:,.0f}" if value >= 100 else f"{value:.1f}" if value >= 10 else f"{value:.2f}"


def _rough(value: float) -> str:
    """Write an extrapolated size with two digits; nothing where it means nothing."""
    if not math.isfinite(value) or value <= 0.0 or value > 1e12:
        return ""
    step = 10 ** max(math.floor(math.log10(value)) - 1, 0)
    return f"{round(value / step) * step:,.0f}"


def _table(head: Sequence[str], lines: Sequence[Sequence[str]]) -> str:
    rows = [head, ["---"] * len(head), *lines]
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)
