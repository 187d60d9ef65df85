"""What is wanted of the estimate, and whether the figures meet it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd

from frontmap.validation.others import NEAR
from frontmap.validation.scores import Estimated
from frontmap.validation.synthetic import CELL, CLASSIFIER, ESTIMATE, HALVES, STEPS

Cell = tuple[float, float]

COVERAGE = (0.85, 0.95)
CASES = 200
RATIO_WITHOUT_WRONG, RATIO_WITH_WRONG = 0.65, 0.45
MAP_IOU, MAP_LOWEST_IOU, MAP_WITHIN, MAP_PEAK, MAP_COVERAGE, MAP_WIDTH = 0.80, 0.65, 0.80, 0.08, 0.85, 0.40
OTHER_MAPS_IOU = 0.74
"""How far two maps drawn by experts agree with each other."""
WHAT = {"area": "the area", "week": "the gain over a week", "month": "the gain over 30 days"}


@dataclass(frozen=True)
class Criterion:
    """One thing wanted.

    Parameters
    ----------
    part : str
        ``synthetic``, ``map``, ``held-out`` or ``as-of``.
    what : str
        What is measured.
    measured : str
        The figure, in words.
    wanted : str
        The bar, in words.
    met : bool
        Whether the figure as measured reaches the bar.
    """

    part: str
    what: str
    measured: str
    wanted: str
    met: bool


def by_cell(summary: pd.DataFrame, measure: str, method: str = ESTIMATE) -> dict[Cell, Estimated]:
    """Pick one measure of one method for each density and error rate.

    Parameters
    ----------
    summary : DataFrame
        From `frontmap.validation.synthetic.summarise`.
    measure, method : str
        Which.

    Returns
    -------
    dict
        Value and standard error by ground per place (km2) and share of wrong reports; empty if there is none.

    Raises
    ------
    KeyError
        If a column is missing.
    """
    own = summary[(summary["measure"] == measure) & (summary["method"] == method)]
    columns = (own[name].to_numpy(np.float64).tolist() for name in (*CELL, "value", "standard_error"))
    return {(density, wrong): Estimated(v, e) for density, wrong, v, e in zip(*columns, strict=True)}


def of_synthetic(summary: pd.DataFrame) -> Iterator[Criterion]:
    """Judge the synthetic cases.

    Parameters
    ----------
    summary : DataFrame
        From `frontmap.validation.synthetic.summarise`, by density and error rate.

    Yields
    ------
    Criterion
        One after the other.

    Raises
    ------
    KeyError
        If a column is missing.
    """
    part = "synthetic"
    fewest = int(summary["cases"].min())
    yield Criterion(part, "cases at each density and error rate", f"{fewest}", f"at least {CASES}", fewest >= CASES)
    low, high = COVERAGE
    for name in STEPS:
        share = [one.value for one in by_cell(summary, f"{name}_coverage").values()]
        inside = sum(low <= value <= high for value in share)
        measured = f"{inside} of {len(share)} cells ({min(share):.2f} to {max(share):.2f})"
        what, wanted = f"how often the interval for {WHAT[name]} holds the truth", f"{low:.2f} to {high:.2f} in each"
        yield Criterion(part, what, measured, wanted, inside == len(share))
    for name in STEPS:
        ours, theirs = (by_cell(summary, f"{name}_score", method) for method in (ESTIMATE, HALVES))
        yield _lower(f"interval score for {WHAT[name]}", ours, theirs, "lower than half-sampling's in each")
    classified = by_cell(summary, "error_km2", CLASSIFIER)
    if classified:
        ours = by_cell(summary, "error_km2")
        yield _lower("area error", ours, classified, "lower than the GP classifier's in each")
    ratio = by_cell(summary, "error_ratio")
    for words, wrong, bar in (
        ("without wrong reports", False, RATIO_WITHOUT_WRONG),
        ("with wrong reports", True, RATIO_WITH_WRONG),
    ):
        own = [one.value for (_, share_wrong), one in ratio.items() if (share_wrong > 0.0) == wrong]
        if own:
            mean = float(np.mean(own))
            what = f"area error over Voronoi's {words}, mean of the cells"
            yield Criterion(part, what, f"{mean:.2f}", f"at most {bar:.2f}", mean <= bar)


def _lower(what: str, ours: dict[Cell, Estimated], theirs: dict[Cell, Estimated], wanted: str) -> Criterion:
    less = sum(ours[cell].value < theirs[cell].value for cell in ours)
    means = [float(np.mean([one.value for one in each.values()])) for each in (ours, theirs)]
    measured = f"lower in {less} of {len(ours)} cells (mean {means[0]:.0f} against {means[1]:.0f} km2)"
    return Criterion("synthetic", what, measured, wanted, less == len(ours))


def of_map(blocks: pd.DataFrame, which: str) -> Iterator[Criterion]:
    """Judge the comparison with a map of others.

    Parameters
    ----------
    blocks : DataFrame
        From `frontmap.validation.others.by_block`; its row ``all`` is judged.
    which : str
        Which weeks these are, in words.

    Yields
    ------
    Criterion
        One after the other; none where the map has gaps only.

    Raises
    ------
    IndexError
        If there is no row ``all``.
    """
    row = blocks[blocks["block"] == "all"].iloc[0]
    if not row["weeks"]:
        return
    bars: tuple[tuple[str, str, str, Callable[[float], bool], str], ...] = (
        ("iou", "mean IoU", f"at least {MAP_IOU:.2f}", lambda v: v >= MAP_IOU, ".3f"),
        ("lowest_iou", "lowest IoU of a week", f"at least {MAP_LOWEST_IOU:.2f}", lambda v: v >= MAP_LOWEST_IOU, ".2f"),
        (
            "within",
            f"weeks with the area within {100 * NEAR:g} %",
            f"at least {MAP_WITHIN:.0%}",
            lambda v: v >= MAP_WITHIN,
            ".0%",
        ),
        ("peak", "greatest weekly area", f"within {MAP_PEAK:.0%}", lambda v: abs(v) <= MAP_PEAK, "+.0%"),
        (
            "coverage",
            "weeks with the map's area in the interval",
            f"at least {MAP_COVERAGE:.0%}",
            lambda v: v >= MAP_COVERAGE,
            ".0%",
        ),
        (
            "relative_width",
            "median width of the interval over the area",
            f"under {MAP_WIDTH:.0%}",
            lambda v: v < MAP_WIDTH,
            ".0%",
        ),
    )
    for column, what, wanted, reaches, form in bars:
        value = float(row[column])
        told = format(value, form) if np.isfinite(value) else "none"
        yield Criterion("map", f"{what}, {which}", told, wanted, bool(np.isfinite(value) and reaches(value)))


def of_held_out(summary: pd.DataFrame) -> Iterator[Criterion]:
    """Judge the held-out reports.

    Parameters
    ----------
    summary : DataFrame
        From `frontmap.validation.heldout.summarise`.

    Yields
    ------
    Criterion
        Brier score and log loss.

    Raises
    ------
    KeyError
        If a column is missing.
    """
    scores = summary.set_index("rule")
    for column, what in (("brier", "Brier score"), ("log_loss", "log loss")):
        ours, best = float(scores[column]["estimate"]), float(scores[column].drop("estimate").min())
        measured = f"{ours:.3f} against {best:.3f} of the best rule"
        yield Criterion("held-out", what, measured, "lower than every rule's", ours < best)


def spaced(text: str) -> str:
    """Set percent signs apart from their figures, as the project's prose does.

    Raises
    ------
    TypeError
        If it is no text.

    Examples
    --------
    >>> spaced("at least 80%")
    'at least 80 %'
    """
    return re.sub(r"(?<=\d)%", " %", text)


def table(found: list[Criterion]) -> pd.DataFrame:
    """Write criteria as a table: part, what, measured, wanted, met (yes or no).

    Raises
    ------
    AttributeError
        If these are no criteria.
    """
    rows = [(c.part, c.what, spaced(c.measured), spaced(c.wanted), "yes" if c.met else "no") for c in found]
    return pd.DataFrame(rows, columns=["part", "what", "measured", "wanted", "met"])
