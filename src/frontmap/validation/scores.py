"""Scores: overlap, interval score, coverage, Brier and log loss, with standard errors that respect dependent cases."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from frontmap.crs import FloatArray


class Estimated(NamedTuple):
    """A mean or a ratio with its standard error (NaN where there are fewer than two clusters)."""

    value: float
    error: float


def interval_score(low: ArrayLike, high: ArrayLike, truth: ArrayLike, *, level: float) -> FloatArray:
    """Score central intervals: their width, and a penalty for each unit by which they miss. Lower is better.

    Parameters
    ----------
    low, high, truth : array
        Bounds and what was to be covered, in one unit.
    level : float
        Of the interval, such as 0.9.

    Returns
    -------
    ndarray
        (high - low) + 2 / (1 - level) times the distance to the interval.

    Raises
    ------
    ValueError
        If `level` does not lie between 0 and 1.

    Notes
    -----
    Winkler, R. L. (1972), A decision-theoretic approach to interval estimation, JASA 67; Gneiting and Raftery (2007),
    Strictly proper scoring rules, prediction, and estimation, JASA 102, eq. 43.

    Examples
    --------
    >>> interval_score([10, 10, 10], [20, 20, 20], [15, 8, 23], level=0.9).round(6).tolist()
    [10.0, 50.0, 70.0]
    """
    if not 0.0 < level < 1.0:
        raise ValueError(f"expected a level between 0 and 1, found {level}")
    a, b, t = (np.asarray(v, dtype=np.float64) for v in (low, high, truth))
    score: FloatArray = (b - a) + 2.0 / (1.0 - level) * (np.maximum(a - t, 0.0) + np.maximum(t - b, 0.0))
    return score


def clustered_mean(values: ArrayLike, cluster: ArrayLike) -> Estimated:
    """Average values that depend on each other within clusters.

    Parameters
    ----------
    values : array
        One for each case; NaN counts as absent.
    cluster : array
        The truth (or place) that each case belongs to.

    Returns
    -------
    Estimated
        The mean, and the standard error in which residuals are added up within clusters first.

    Raises
    ------
    ValueError
        From numpy, where the shapes do not fit.

    Notes
    -----
    Liang, K.-Y. and Zeger, S. L. (1986), Longitudinal data analysis using generalized linear models, Biometrika 73.

    Examples
    --------
    >>> clustered_mean([1, 1, 3, 3], [0, 0, 1, 1])
    Estimated(value=2.0, error=1.0)
    """
    return clustered_ratio(values, np.ones(np.shape(values)), cluster)


def clustered_ratio(above: ArrayLike, below: ArrayLike, cluster: ArrayLike) -> Estimated:
    """Divide two sums over the same cases, where cases depend on each other within clusters.

    Parameters
    ----------
    above, below : array
        One each for each case; a case where either is NaN does not count.
    cluster : array
        The truth (or place) that each case belongs to.

    Returns
    -------
    Estimated
        The ratio of the sums, and its standard error by linearisation.

    Raises
    ------
    ValueError
        From numpy, where the shapes do not fit.
    """
    a, b = (np.asarray(v, dtype=np.float64) for v in (above, below))
    use = ~(np.isnan(a) | np.isnan(b))
    a, b, of = a[use], b[use], np.asarray(cluster)[use]
    if len(a) == 0 or b.sum() == 0.0:
        return Estimated(float("nan"), float("nan"))
    ratio = a.sum() / b.sum()
    _, index = np.unique(of, return_inverse=True)
    residual = np.bincount(index, weights=a - ratio * b)
    n = len(residual)
    if n < 2:
        return Estimated(float(ratio), float("nan"))
    error = np.sqrt((residual**2).sum() * n / (n - 1)) / abs(b.sum())
    return Estimated(float(ratio), float(error))


def brier(probability: ArrayLike) -> FloatArray:
    """Score the probabilities that were given to what was then reported: 0 is best, 1 worst.

    Raises
    ------
    ValueError
        If these are no numbers.

    Examples
    --------
    >>> brier([1.0, 0.5]).tolist()
    [0.0, 0.25]
    """
    score: FloatArray = (1.0 - np.asarray(probability, dtype=np.float64)) ** 2
    return score


def log_loss(probability: ArrayLike, *, least: float = 0.01) -> FloatArray:
    """Score the probabilities that were given to what was then reported: the negative logarithm; 0 is best.

    Parameters
    ----------
    probability : array
        From 0 to 1.
    least : float
        Smaller probabilities (and those within as much of 1) count as this one: rules that are sure would else score
        infinity.

    Returns
    -------
    ndarray
        A coin scores 0.693.

    Raises
    ------
    ValueError
        If these are no numbers.

    Examples
    --------
    >>> log_loss([0.5, 0.0]).round(3).tolist()
    [0.693, 4.605]
    """
    score: FloatArray = -np.log(np.clip(np.asarray(probability, dtype=np.float64), least, 1.0 - least))
    return score
