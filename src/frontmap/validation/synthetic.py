"""Synthetic cases: the estimate and its rivals on the same reports, scored against a truth that is known."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import product
from typing import NamedTuple

import numpy as np
import pandas as pd

from frontmap.areas import overlap
from frontmap.crs import FloatArray
from frontmap.estimate.draws import centred
from frontmap.estimate.evidence import gather
from frontmap.estimate.field import fit
from frontmap.estimate.parameters import Parameters
from frontmap.spread import spread
from frontmap.validation.reporting import HOME, INTRUDER, START, Case, calendar_day, make_case
from frontmap.validation.rivals import gp_classifier, half_samples, has_classifier, last_reports, nearest_place
from frontmap.validation.scores import Estimated, clustered_mean, clustered_ratio, interval_score
from frontmap.validation.truths import WIDTH_KM, make_truth
from frontmap.voronoi import BoolArray

KM2_PER_PLACE = (8.0, 20.0, 50.0)
WRONG_SHARES = (0.0, 0.03, 0.10)
FIRST_DAYS = (25, 55, 85)
"""Days that are scored, plus 0 to 4 by seed; each is one case."""
CELL = ("km2_per_place", "wrong_share")
STEPS = {"area": 0, "week": 7, "month": 30}
"""What intervals are for: the area on a day, and the gain from that day over so many days."""
ESTIMATE, FILTERED, VORONOI, CLASSIFIER, HALVES = "estimate", "filtered", "voronoi", "classifier", "halves"
METHODS = {
    ESTIMATE: "the estimate",
    FILTERED: "the estimate from only what was published by the end of the day",
    VORONOI: "Voronoi cells of all places",
    CLASSIFIER: "scikit-learn's GP classifier, its defaults but for a scaled RBF kernel that starts at 10 km",
    HALVES: "Voronoi cells of half of the places at a time, for intervals",
}
HALF_SAMPLES = 200
DRAWS = 250
"""At most so many draws of the estimate, to save time: an end of a 90 % interval then rests on 12."""

_ZONE_KM = 1.0
_DRAW_KM = 2.0


@dataclass(frozen=True)
class Job:
    """One seed at one density and error rate; plain values, so that any worker anywhere can run it."""

    seed: int
    km2_per_place: float
    wrong_share: float
    parameters: Parameters


def jobs(truths: int, *, seed: int, parameters: Parameters) -> list[Job]:
    """List the work: the same truths at every density and error rate.

    Parameters
    ----------
    truths : int
        How many.
    seed : int
        Seed of the first; the others follow.
    parameters : Parameters
        Of the estimate.

    Returns
    -------
    list of Job
        Seed by seed.

    Raises
    ------
    TypeError
        If `truths` is no whole number.
    """
    cells = list(product(KM2_PER_PLACE, WRONG_SHARES))
    fewer = replace(parameters, draws=min(parameters.draws, DRAWS))
    return [Job(seed + n, *cell, fewer) for n in range(truths) for cell in cells]


def run(
    work: Sequence[Job],
    *,
    workers: int = 1,
    scheduler: object = None,
    tell: Callable[[str], None] = lambda done: None,
) -> pd.DataFrame:
    """Run jobs, in this process, in several or on a cluster; the result does not depend on where.

    Parameters
    ----------
    work : sequence of Job
        As from `jobs`.
    workers, scheduler
        Where; see `frontmap.spread.spread`.
    tell : callable
        Is told how far the work has come.

    Returns
    -------
    DataFrame
        One row for each case and method, in the order of the jobs; see `run_case`.

    Raises
    ------
    WorkersError
        If the work cannot be spread; see `frontmap.spread.spread`.
    """
    rows: list[dict[str, object]] = []
    results = spread(run_job, work, workers=workers, scheduler=scheduler, chunk=len(WRONG_SHARES))
    for number, found in enumerate(results, start=1):
        rows += found
        tell(f"{number:,} of {len(work):,} synthetic theatres")
    return pd.DataFrame(rows)


def run_job(job: Job) -> list[dict[str, object]]:
    """Run one job; see `run_case`.

    Raises
    ------
    ValueError
        If the estimate finds no finite fit.
    """
    return run_case(job.seed, km2_per_place=job.km2_per_place, wrong_share=job.wrong_share, parameters=job.parameters)


def run_case(seed: int, *, km2_per_place: float, wrong_share: float, parameters: Parameters) -> list[dict[str, object]]:
    """Make one synthetic theatre, estimate it, and score every method on its days. A pure function.

    Parameters
    ----------
    seed : int
        Of truth, places, reports and draws.
    km2_per_place, wrong_share : float
        Density and error rate; see `frontmap.validation.reporting.make_case`.
    parameters : Parameters
        Of the estimate.

    Returns
    -------
    list of dict
        One for each day and method: seed, kind, km2_per_place, wrong_share, day, method, truth_km2, error_km2
        (signed), iou, and for area, week and month the truth, low and high (``area_truth``, ``area_low`` ...; None
        where a method gives no interval).

    Raises
    ------
    ValueError
        If the estimate finds no finite fit.
    """
    truth = make_truth(seed)
    case = make_case(seed, km2_per_place=km2_per_place, wrong_share=wrong_share, truth=truth)
    first = np.array(FIRST_DAYS) + seed % 5
    days = np.unique(np.concatenate([first + step for step in STEPS.values()])).astype(np.float64)
    true_km2 = dict(zip(days, (truth.area_km2(int(day)) for day in days), strict=True))
    points = _grid(_ZONE_KM)
    zone = truth.holds(points[:, 0], points[:, 1], first)
    said = {day: last_reports(case, int(day)) for day in days}

    best, draws = _estimated(case, days, parameters)
    best_km2 = dict(zip(days, best.sum(axis=1) * _ZONE_KM**2, strict=True))
    then = [_estimated(case, np.array([day]), parameters, as_of=int(day)) for day in first.astype(np.float64)]
    by_place = np.stack([said[day] for day in first])
    zones = {ESTIMATE: best[np.searchsorted(days, first)], FILTERED: np.stack([held[0] for held, _ in then])}
    zones[VORONOI] = nearest_place(case, by_place, points)
    if has_classifier():
        zones[CLASSIFIER] = np.stack([gp_classifier(case, held, points) for held in by_place])
    zones[HALVES] = zones[VORONOI]
    every = np.stack([said[day] for day in days])
    halves = half_samples(case, every, _grid(_DRAW_KM), _DRAW_KM**2, count=HALF_SAMPLES, seed=seed)

    rows: list[dict[str, object]] = []
    about = {"seed": seed, "kind": truth.kind, "km2_per_place": km2_per_place, "wrong_share": wrong_share}
    for number, day in enumerate(first):
        then_km2 = then[number][0].sum() * _ZONE_KM**2
        filtered = _Samples(np.array([day]), then[number][1], {float(day): float(then_km2)})
        samples = {ESTIMATE: _Samples(days, draws, best_km2), FILTERED: filtered, HALVES: _Samples(days, halves, {})}
        for method, held in zones.items():
            rows.append(
                about
                | {"day": int(day), "method": method}
                | _zone_scores(held[number], zone[number], true_km2[day])
                | _intervals(samples.get(method), day, true_km2, parameters)
            )
    return rows


def _grid(spacing_km: float) -> FloatArray:
    """Lay points in the middles of square cells over the ground."""
    middles = np.arange(spacing_km / 2.0, WIDTH_KM, spacing_km)
    x, y = np.meshgrid(middles, middles)
    return np.column_stack([x.ravel(), y.ravel()])


def _frame(points: FloatArray) -> pd.DataFrame:
    """Write points as the estimate reads them; the border is y = 0."""
    x, y = points.T
    return pd.DataFrame({"x_km": x, "y_km": y, "home": HOME, "border_km": y})


def _estimated(
    case: Case, days: FloatArray, parameters: Parameters, *, as_of: int | None = None
) -> tuple[BoolArray, FloatArray]:
    """Estimate a case: best zones, and areas in joint draws, on all days."""
    parties = (INTRUDER, HOME)
    reports = (
        case.reports if as_of is None else case.reports[case.reports["published_date"] <= str(calendar_day(as_of))]
    )
    evidence = gather(case.places, reports, case.sources, start=pd.Timestamp(START), parameters=parameters)
    fields = fit(evidence, parameters=parameters)
    best = fields.best(_frame(_grid(_ZONE_KM)), days, parties=parties) == 0
    points = _frame(_grid(_DRAW_KM))
    draws = fields.draws(points, days, parties=parties)
    areas = draws.areas(np.full(len(points), _DRAW_KM**2), np.zeros(len(points), dtype=np.int64), 1)
    return best, np.asarray(draws.on_days(areas, days)[:, 0, 0, :], dtype=np.float64)


def _zone_scores(held: BoolArray, zone: BoolArray, true_km2: float) -> dict[str, object]:
    of_point = _ZONE_KM**2
    both, ours, theirs = (float(mask.sum()) * of_point for mask in (held & zone, held, zone))
    return {"truth_km2": true_km2, "error_km2": ours - true_km2, "iou": float(overlap(both, ours, theirs))}


class _Samples(NamedTuple):
    """Areas by which intervals are read: on some days, in draws, shape (n_days, n_draws), and the best ones, if any."""

    days: FloatArray
    km2: FloatArray
    best_km2: dict[float, float]

    def about(self, number: int) -> FloatArray:
        """Draws of one day, laid about the best figure as a history does."""
        best = self.best_km2.get(float(self.days[number]))
        return self.km2[number] if best is None else centred(self.km2[number], best)


def _intervals(
    samples: _Samples | None, day: int, true_km2: dict[float, float], parameters: Parameters
) -> dict[str, object]:
    """Read intervals off draws, for the area on a day and the gains from it; a best figure always lies within."""
    row: dict[str, object] = {}
    for name, step in STEPS.items():
        row[f"{name}_truth"] = true_km2[day + step] - (true_km2[day] if step else 0.0)
        low = high = None
        if samples is not None and day + step in samples.days:
            at, later = np.searchsorted(samples.days, [day, day + step])
            drawn = samples.about(int(later)) - (samples.about(int(at)) if step else 0.0)
            low, high = (float(v) for v in np.quantile(drawn, [parameters.tail, 1.0 - parameters.tail]))
            if samples.best_km2:
                best = float(samples.best_km2[day + step] - (samples.best_km2[day] if step else 0.0))
                low, high = min(low, best), max(high, best)
        row[f"{name}_low"], row[f"{name}_high"] = low, high
    return row


def summarise(cases: pd.DataFrame, *, level: float, by: Sequence[str] = CELL) -> pd.DataFrame:
    """Score methods, by density and error rate or other columns.

    Parameters
    ----------
    cases : DataFrame
        From `run`.
    level : float
        Of the intervals.
    by : sequence of str
        Columns to group by, such as ``kind``; none pools all cases.

    Returns
    -------
    DataFrame
        The columns of `by`, then method, measure, value, standard_error, truths, cases. Measures: truth_km2 (mean),
        error_km2 (mean of the absolute error), bias_km2, iou; error_ratio (to Voronoi's error on the same cases); and
        for area, week and month coverage, above (share of cases with the truth above the interval), score (interval
        score, km2), width (km2). Standard errors add up residuals within truths first, because cases of one truth
        depend on each other.

    Raises
    ------
    KeyError
        If a column is missing.
    """
    rows = []
    groups = cases.groupby(list(by), sort=True) if by else [((), cases)]
    for key, cell in groups:
        for method, own in cell.groupby("method", sort=False):
            common = dict(zip(by, key, strict=True)) | {"method": method}
            counts = {"truths": own["seed"].nunique(), "cases": len(own)}
            for measure, found in _measures(own, cell[cell["method"] == VORONOI], level):
                score = {"measure": measure, "value": found.value, "standard_error": found.error}
                rows.append(common | score | counts)
    return pd.DataFrame(rows, columns=[*by, "method", "measure", "value", "standard_error", "truths", "cases"])


def _measures(own: pd.DataFrame, voronoi: pd.DataFrame, level: float) -> Iterable[tuple[str, Estimated]]:
    truth, error = own["seed"].to_numpy(), own["error_km2"].abs().to_numpy()
    yield "truth_km2", clustered_mean(own["truth_km2"], truth)
    yield "error_km2", clustered_mean(error, truth)
    yield "bias_km2", clustered_mean(own["error_km2"], truth)
    yield "iou", clustered_mean(own["iou"], truth)
    yield "error_ratio", clustered_ratio(error, voronoi["error_km2"].abs().to_numpy(), truth)
    for name in STEPS:
        if own[f"{name}_low"].isna().all():
            continue
        low, high, true = (own[f"{name}_{end}"].to_numpy(np.float64) for end in ("low", "high", "truth"))
        yield f"{name}_coverage", clustered_mean((low <= true) & (true <= high), truth)
        yield f"{name}_above", clustered_mean(true > high, truth)
        yield f"{name}_score", clustered_mean(interval_score(low, high, true, level=level), truth)
        yield f"{name}_width", clustered_mean(high - low, truth)
