"""Expectation propagation: labels that may be wrong, turned into Gaussian sites on the latent field."""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy.linalg import cho_solve, cholesky
from scipy.linalg.lapack import dpotri
from scipy.special import ndtr

from frontmap.crs import FloatArray
from frontmap.estimate.parameters import Parameters

SMALLEST_PRECISION = 1e-4
_DAMPING = 0.9
_ROUNDS = 200


def propagate(
    kernel: FloatArray,
    prior: FloatArray,
    rows: pd.DataFrame,
    parameters: Parameters,
    *,
    begin: tuple[FloatArray, FloatArray] | None = None,
    settled: float = 1e-5,
) -> tuple[FloatArray, FloatArray]:
    """Find the Gaussian site of each row of evidence, by parallel damped updates.

    Parameters
    ----------
    kernel : ndarray, shape (n, n)
        Prior covariance of the field between the rows.
    prior : ndarray, shape (n,)
        Prior mean.
    rows : DataFrame
        sign (0: the field is near zero), wrong, noise.
    parameters : Parameters
        For what contested means.
    begin : tuple of ndarray, optional
        Precision and shift to begin with; zero where unknown.
    settled : float
        Where no mean moves farther than this the updates end.

    Returns
    -------
    precision, shift : ndarray
        Sites in natural parameters; every precision is positive.

    Raises
    ------
    LinAlgError
        From numpy, where `kernel` is no covariance.

    Notes
    -----
    Rasmussen and Williams (2006), section 3.6; Hernandez-Lobato and Hernandez-Lobato (2011) for labels that may be
    wrong.
    """
    sign, wrong, noise = (rows[c].to_numpy(np.float64) for c in ("sign", "wrong", "noise"))
    labelled = sign != 0
    near_zero = 1.0 / (noise + parameters.contested_sd**2)
    precision, shift = (np.zeros(len(rows)), np.zeros(len(rows))) if begin is None else begin
    precision = np.where(labelled, np.maximum(precision, SMALLEST_PRECISION), near_zero)
    shift = np.where(labelled, shift, 0.0)
    last, moved_by, damping = np.full(len(rows), np.inf), np.inf, _DAMPING
    for _ in range(_ROUNDS):
        mean, var = marginals(kernel, prior, precision, shift)
        moves = float(np.abs(mean - last).max(initial=0.0))
        if moves < settled:
            break
        if moves > moved_by:
            damping = max(0.5 * damping, 0.1)
        last, moved_by = mean, moves
        cavity_precision = np.maximum(1.0 / var - precision, 1e-6)
        cavity_mean = (mean / var - shift) / cavity_precision
        new_mean, new_var = tilted(cavity_mean, 1.0 / cavity_precision, sign, wrong, noise)
        to = np.maximum(1.0 / new_var - cavity_precision, SMALLEST_PRECISION)
        moved = new_mean * (cavity_precision + to) - cavity_mean * cavity_precision
        precision = np.where(labelled, precision + damping * (to - precision), precision)
        shift = np.where(labelled, shift + damping * (moved - shift), shift)
    return np.maximum(precision, SMALLEST_PRECISION), shift


def marginals(
    kernel: FloatArray, prior: FloatArray, precision: FloatArray, shift: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Tell mean and variance of each row of a Gaussian field under Gaussian sites.

    Parameters
    ----------
    kernel : ndarray, shape (n, n)
        Prior covariance.
    prior : ndarray, shape (n,)
        Prior mean.
    precision, shift : ndarray, shape (n,)
        Sites in natural parameters.

    Returns
    -------
    mean, variance : ndarray, shape (n,)
        Posterior.

    Raises
    ------
    LinAlgError
        From numpy, where `kernel` is no covariance.
    """
    root = np.sqrt(precision)
    inner = kernel * root * root[:, None]
    inner[np.diag_indices_from(inner)] += 1.0
    factor = cholesky(inner.T, lower=True, overwrite_a=True, check_finite=False)
    pulled = shift - precision * prior
    weights = pulled - root * cho_solve((factor, True), root * (kernel @ pulled), check_finite=False)
    inverse, _ = dpotri(factor, lower=True, overwrite_c=True)
    return prior + kernel @ weights, np.maximum((1.0 - np.diag(inverse)) / precision, 1e-9)


def tilted(
    mean: FloatArray, variance: FloatArray, sign: FloatArray, wrong: FloatArray, noise: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Tell mean and variance of a Gaussian times the chance of a label that may be wrong.

    Parameters
    ----------
    mean, variance : ndarray
        Of the Gaussian.
    sign : ndarray
        Label, 1 or -1.
    wrong : ndarray
        Chance that the label is wrong, below 0.5.
    noise : ndarray
        Variance that softens the label.

    Returns
    -------
    mean, variance : ndarray
        Of the Gaussian times ``wrong + (1 - 2 wrong) Phi(sign z / sqrt(noise))``.

    Raises
    ------
    ValueError
        From numpy, where the shapes do not fit.
    """
    scale = np.sqrt(noise + variance)
    t = sign * mean / scale
    bell = (1.0 - 2.0 * wrong) * np.exp(-0.5 * t * t) / np.sqrt(2.0 * np.pi)
    mass = wrong + (1.0 - 2.0 * wrong) * ndtr(t)
    slope = sign * bell / (mass * scale)
    curve = -slope * slope - bell * t / (mass * scale * scale)
    return mean + variance * slope, np.maximum(variance + variance * variance * curve, 1e-8)
