"""What the estimate is compared with: last reports and nearest places, a plain GP classifier, half-sampling."""

from __future__ import annotations

import warnings
from importlib.util import find_spec

import numpy as np
import pandas as pd
from scipy.spatial import cKDTree

from frontmap.crs import FloatArray
from frontmap.validation.reporting import INTRUDER, Case
from frontmap.voronoi import BoolArray


def last_reports(case: Case, day: int) -> BoolArray:
    """Read each place's holder off the last decisive report about it; places without one are held by the home party.

    Parameters
    ----------
    case : Case
        Places and reports.
    day : int
        Reports about later days do not count; of those about the same day the one published last does.

    Returns
    -------
    ndarray of bool, shape (n_places,)
        Held by the intruder.

    Raises
    ------
    KeyError
        If the reports lack a column.
    """
    reports = case.reports[case.is_decisive() & (case.reports["day"] <= day).to_numpy()]
    last = reports.sort_values(["day", "published_date", "report_id"]).drop_duplicates("place_id", keep="last")
    holder = pd.Series(last["party"].to_numpy(), index=last["place_id"])
    held: BoolArray = (case.places["place_id"].map(holder) == INTRUDER).to_numpy()
    return held


def nearest_place(case: Case, held: BoolArray, points: FloatArray) -> BoolArray:
    """Give each point the holder of the nearest place: Voronoi cells.

    Parameters
    ----------
    case : Case
        Places, at their recorded positions.
    held : ndarray of bool, shape (..., n_places)
        Holder of each place.
    points : ndarray, shape (n_points, 2)
        x and y in km.

    Returns
    -------
    ndarray of bool, shape (..., n_points)
        Held by the intruder.

    Raises
    ------
    IndexError
        If `held` does not fit the places.
    """
    nearest = cKDTree(case.places[["x_km", "y_km"]].to_numpy()).query(points)[1]
    return held[..., nearest]


def half_samples(
    case: Case, held: BoolArray, points: FloatArray, point_km2: float, *, count: int, seed: int
) -> FloatArray:
    """Measure areas with half of the places at a time, the same halves on all days.

    Parameters
    ----------
    case : Case
        Places, at their recorded positions.
    held : ndarray of bool, shape (n_days, n_places)
        Holder of each place.
    points : ndarray, shape (n_points, 2)
        Points that stand for ground.
    point_km2 : float
        How much ground a point stands for.
    count, seed : int
        How many halves; the same seed gives the same.

    Returns
    -------
    ndarray, shape (n_days, count)
        Areas in km2.

    Raises
    ------
    IndexError
        If `held` does not fit the places.
    """
    rng = np.random.default_rng(seed)
    xy = case.places[["x_km", "y_km"]].to_numpy()
    areas = np.empty((len(held), count))
    for number in range(count):
        half = rng.permutation(len(xy))[: max(len(xy) // 2, 1)]
        of_place = np.bincount(cKDTree(xy[half]).query(points)[1], minlength=len(half)) * point_km2
        areas[:, number] = held[:, half] @ of_place
    return areas


def has_classifier() -> bool:
    """Tell whether scikit-learn is installed.

    Raises
    ------
    ValueError
        If an unusable module of its name has been loaded.
    """
    return find_spec("sklearn") is not None


def gp_classifier(case: Case, held: BoolArray, points: FloatArray) -> BoolArray:
    """Classify points by scikit-learn's Gaussian process, as it comes: RBF kernel, hyperparameters by its optimiser.

    Parameters
    ----------
    case : Case
        Places, at their recorded positions.
    held : ndarray of bool, shape (n_places,)
        Holder of each place.
    points : ndarray, shape (n_points, 2)
        Where to predict.

    Returns
    -------
    ndarray of bool, shape (n_points,)
        Held by the intruder.

    Raises
    ------
    ImportError
        If scikit-learn is not installed.
    """
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.gaussian_process import GaussianProcessClassifier
    from sklearn.gaussian_process.kernels import RBF, ConstantKernel

    if held.all() or not held.any():
        return np.full(len(points), bool(held[0]))
    model = GaussianProcessClassifier(ConstantKernel(1.0) * RBF(10.0), random_state=0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # a length at its bound is an answer too
        model.fit(case.places[["x_km", "y_km"]].to_numpy(), held)
    # the class is the sign of the latent mean, which needs no variance: as predict() does it
    predicted: BoolArray = model.predict(points).astype(bool)
    return predicted
