"""Covariances of the latent fields: Matern 3/2 in space times Matern 3/2 in time, and their mean before any report."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy.spatial import cKDTree

from frontmap.crs import FloatArray
from frontmap.estimate.parameters import Parameters

SingleArray = NDArray[np.float32]
IntArray = NDArray[np.int64]
BoolArray = NDArray[np.bool_]
CodeArray = NDArray[np.uint8]

_FAR = 4.0  # lengths; farther than this from any mention is all the same


def matern(distance: ArrayLike, length: float) -> FloatArray:
    """Tell the correlation at a distance (Matern, smoothness 3/2).

    Parameters
    ----------
    distance : array
        In the unit of `length`; its sign does not matter.
    length : float
        Where the correlation has fallen to 0.48.

    Returns
    -------
    ndarray
        From 1 at distance 0 down to 0.

    Raises
    ------
    TypeError
        From numpy, where `distance` holds no numbers.

    Notes
    -----
    Rasmussen and Williams (2006), Gaussian Processes for Machine Learning, equation 4.17.
    """
    scaled = np.sqrt(3.0) / length * np.abs(np.asarray(distance, dtype=np.float64))
    result: FloatArray = (1.0 + scaled) * np.exp(-scaled)
    return result


def positions(frame: pd.DataFrame) -> FloatArray:
    """Return x_km and y_km of a frame as an array of two columns.

    Parameters
    ----------
    frame : DataFrame
        Points or evidence.

    Returns
    -------
    ndarray, shape (n, 2)
        Kilometres.

    Raises
    ------
    KeyError
        If a column is missing.
    """
    return np.column_stack([frame["x_km"].to_numpy(np.float64), frame["y_km"].to_numpy(np.float64)])


def in_space(a: FloatArray, b: FloatArray, parameters: Parameters) -> FloatArray:
    """Tell the correlation between each pair of positions.

    Parameters
    ----------
    a, b : ndarray, shape (n, 2) and (m, 2)
        Kilometres.
    parameters : Parameters
        For the length.

    Returns
    -------
    ndarray, shape (n, m)
        Correlations.

    Raises
    ------
    IndexError
        From numpy, where the shapes do not fit.
    """
    apart = np.hypot(a[:, 0][:, None] - b[:, 0], a[:, 1][:, None] - b[:, 1])
    return matern(apart, parameters.length_km)


def in_time(a: FloatArray, b: FloatArray, parameters: Parameters) -> FloatArray:
    """Tell the correlation between each pair of days.

    Parameters
    ----------
    a, b : ndarray, shape (n,) and (m,)
        Days.
    parameters : Parameters
        For the length.

    Returns
    -------
    ndarray, shape (n, m)
        Correlations.

    Raises
    ------
    IndexError
        From numpy, where the shapes do not fit.
    """
    return matern(a[:, None] - b, parameters.length_days)


def prior_mean(points: pd.DataFrame, mentions: cKDTree | None, parameters: Parameters) -> FloatArray:
    """Tell the mean of a field before any report.

    It falls with distance from the border, and with distance from where the party was ever mentioned; where it is
    mentioned nowhere, silence means nothing.

    Parameters
    ----------
    points : DataFrame
        x_km, y_km, border_km.
    mentions : cKDTree or None
        Places where the party was said to be.
    parameters : Parameters
        For the slopes.

    Returns
    -------
    ndarray
        One mean for each point, in standard deviations.

    Raises
    ------
    KeyError
        If a column is missing.
    """
    p = parameters
    away = np.nan_to_num(points["border_km"].to_numpy(np.float64)) / p.length_km
    if mentions is not None and len(points):
        far = np.minimum(mentions.query(positions(points))[0] / p.length_km, _FAR)
        away = away + np.maximum(far - p.silence_from, 0.0)
    return np.asarray(-(p.prior_border + p.prior_slope * away), dtype=np.float64)
