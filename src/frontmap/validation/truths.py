"""Synthetic truths: moving lines, salients and rough fronts whose area is known on every day."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from frontmap.crs import FloatArray
from frontmap.voronoi import BoolArray

WIDTH_KM = 48.0
"""The ground is a square of this width; the border is its southern edge (y = 0)."""
N_DAYS = 121
KINDS = ("line", "salient", "rough")

_MARGIN_KM = 6.0  # the front is also known so far beyond both edges, for the bend
_DEEPEST_KM = 44.0
_ROWS_PER_KM = 20


@dataclass(frozen=True, eq=False)
class Truth:
    """Ground that an intruder holds from the border inwards, on every day.

    A point is held where ``y < h(x + b(y), day)``: a front that is piecewise linear in x and moves, seen through a
    fixed bend ``b`` that lets it overhang, as fronts do.

    Parameters
    ----------
    kind : {"line", "salient", "rough"}
        What sort of front.
    depth_km : ndarray, shape (n_days, n_knots)
        The front's depth h at knots one kilometre apart, never negative, the first at x = -6.
    bend : ndarray, shape (n_waves, 3)
        Amplitude (km), wave number (1/km) and phase of the sine waves that add up to b.
    """

    kind: str
    depth_km: FloatArray
    bend: FloatArray

    def _shift_km(self, y_km: FloatArray) -> FloatArray:
        amplitude, wave, phase = self.bend.T
        shift: FloatArray = (amplitude * np.sin(wave * np.asarray(y_km)[..., None] + phase)).sum(axis=-1)
        return shift

    def inside_km(self, x_km: FloatArray, y_km: FloatArray, days: ArrayLike) -> FloatArray:
        """Tell how far points lie inside the held ground, measured along y.

        Parameters
        ----------
        x_km, y_km : ndarray, shape (n_points,)
            Points of the ground.
        days : array of int, shape (n_days,)
            From 0.

        Returns
        -------
        ndarray, shape (n_days, n_points)
            Positive where the intruder holds the point.

        Raises
        ------
        IndexError
            If a day is none of the truth's.
        """
        at = np.clip(np.asarray(x_km) + self._shift_km(y_km) + _MARGIN_KM, 0.0, self.depth_km.shape[1] - 1.000001)
        left = np.floor(at).astype(np.int64)
        part = at - left
        front = self.depth_km[np.asarray(days, dtype=np.int64)]
        inside: FloatArray = (1.0 - part) * front[:, left] + part * front[:, left + 1] - y_km
        return inside

    def holds(self, x_km: FloatArray, y_km: FloatArray, days: ArrayLike) -> BoolArray:
        """Tell whether the intruder holds points, shape (n_days, n_points).

        Raises
        ------
        IndexError
            If a day is none of the truth's.
        """
        held: BoolArray = self.inside_km(x_km, y_km, days) > 0.0
        return held

    def area_km2(self, day: int) -> float:
        """Measure the held ground on one day.

        Along x the measure is exact (the front is piecewise linear); along y it is a sum over rows of 0.05 km.

        Raises
        ------
        IndexError
            If the day is none of the truth's.

        Examples
        --------
        >>> straight = Truth("line", np.full((1, 61), 10.0), np.zeros((1, 3)))
        >>> round(straight.area_km2(0), 6)
        480.0
        """
        front = self.depth_km[day]
        rows = np.arange(0.5, _DEEPEST_KM * _ROWS_PER_KM) / _ROWS_PER_KM
        start = self._shift_km(rows)[:, None] + _MARGIN_KM
        knots = np.arange(len(front), dtype=np.float64)
        cuts = np.clip(knots, start, start + WIDTH_KM)  # knots outside the ground fall together on its edges
        value = np.interp(cuts, knots, front)
        low, high = np.minimum(value[:, 1:], value[:, :-1]), np.maximum(value[:, 1:], value[:, :-1])
        above = high - rows[:, None]
        share = np.clip(above / np.maximum(high - low, 1e-12), 0.0, 1.0)
        return float((share * np.diff(cuts)).sum() / _ROWS_PER_KM)


def make_truth(seed: int, kind: str | None = None) -> Truth:
    """Make one truth.

    The front advances within 8 to 35 days, holds, and from some day between 45 and 85 on falls back to between a
    quarter and all of its depth; in three of ten truths there is a second push or a sudden loss. Salients drift.

    Parameters
    ----------
    seed : int
        The same seed gives the same truth.
    kind : {"line", "salient", "rough"}, optional
        By default the kinds take turns.

    Returns
    -------
    Truth
        On 121 days, the first of them without any held ground.

    Raises
    ------
    ValueError
        If there is no such kind.
    """
    kind = kind or KINDS[seed % len(KINDS)]
    if kind not in KINDS:
        raise ValueError(f"expected a kind among {', '.join(KINDS)}, found {kind!r}")
    rng = np.random.default_rng([seed, 1])
    x = np.arange(-_MARGIN_KM, WIDTH_KM + _MARGIN_KM + 1.0)
    push = _push(rng)
    shape = _shape(rng, kind, x)
    wobble_km = {"line": 1.5, "salient": 1.0, "rough": 2.0}[kind]
    centres = np.linspace(0.0, WIDTH_KM, 7)
    local = _smooth(rng, N_DAYS, 20.0, len(centres)) @ np.exp(-0.5 * ((x - centres[:, None]) / 6.0) ** 2)
    depth = shape * push[:, None] + wobble_km * np.minimum(push, 1.0)[:, None] * local * (shape > 0.0)
    depth = np.clip(depth, 0.0, _DEEPEST_KM)
    depth[0] = 0.0
    n_waves = 3
    bend = np.column_stack(
        [
            rng.uniform(0.2, 1.0, n_waves) * {"line": 0.5, "salient": 0.8, "rough": 1.0}[kind],
            2.0 * np.pi / rng.uniform(6.0, 25.0, n_waves),
            rng.uniform(0.0, 2.0 * np.pi, n_waves),
        ]
    )
    return Truth(kind, depth, bend)


def _push(rng: np.random.Generator) -> FloatArray:
    """Depth of the whole front over time, as a share of its full depth."""
    day = np.arange(N_DAYS, dtype=np.float64)
    arrived, turned, end = rng.uniform(8, 35), rng.uniform(45, 85), rng.uniform(0.25, 1.0)
    push = np.clip(day / arrived, 0.0, 1.0) ** rng.uniform(0.6, 1.2)
    push = np.where(day > turned, push * (1.0 - (1.0 - end) * (day - turned) / (N_DAYS - turned)), push)
    if rng.random() < 0.3:
        sudden, step = rng.uniform(40, 100), rng.uniform(-0.25, 0.25)
        push = push + step * np.clip((day - sudden) / rng.uniform(3, 10), 0.0, 1.0)
    out: FloatArray = np.maximum(push, 0.0)
    return out


def _shape(rng: np.random.Generator, kind: str, x: FloatArray) -> FloatArray:
    """Full depth of the front by day and knot."""
    if kind == "line":
        shape = rng.uniform(8, 20) + rng.uniform(1, 3) * _smooth(rng, len(x), 10.0, 1)[:, 0]
    elif kind == "rough":
        shape = rng.uniform(9, 18) + rng.uniform(3, 5) * _smooth(rng, len(x), 5.0, 1)[:, 0]
    else:
        count = rng.integers(1, 4)
        centre, width = rng.uniform(8, 40, count), rng.uniform(4, 10, count)
        depth, drift = rng.uniform(10, 30, count), rng.uniform(-0.08, 0.08, count)  # drift in km a day
        day = np.arange(N_DAYS)[:, None, None]
        salients: FloatArray = depth * np.exp(-0.5 * ((x[:, None] - centre - drift * day) / width) ** 2)
        return np.asarray(salients.max(axis=2) - 1.5, dtype=np.float64)
    return np.repeat(shape[None], N_DAYS, axis=0)


def _smooth(rng: np.random.Generator, count: int, length: float, columns: int) -> FloatArray:
    """Draw smooth curves of mean 0 and variance 1, shape (count, columns)."""
    at = np.arange(count, dtype=np.float64)
    covariance = np.exp(-0.5 * ((at[:, None] - at) / length) ** 2) + 1e-6 * np.eye(count)
    curves: FloatArray = np.linalg.cholesky(covariance) @ rng.standard_normal((count, columns))
    return curves
