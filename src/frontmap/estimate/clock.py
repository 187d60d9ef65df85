"""Clocks: how fast a field changes, day by day, read from how often places were said to change hands."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from frontmap.crs import FloatArray
from frontmap.estimate.parameters import Parameters

_FEW_DAYS = 2.0  # changes of hands that lie closer together than this say nothing about the pace


@dataclass(frozen=True, eq=False)
class Clock:
    """Maps days to ticks; a field's correlation in time is measured in ticks.

    Parameters
    ----------
    days : ndarray
        Increasing days.
    ticks : ndarray
        Increasing; day 0 is tick 0. Before the first and after the last day the pace at that end goes on.
    """

    days: FloatArray
    ticks: FloatArray

    def __call__(self, days: ArrayLike) -> FloatArray:
        """Turn days into ticks."""
        return _mapped(np.asarray(days, dtype=np.float64), self.days, self.ticks)

    def back(self, ticks: ArrayLike) -> FloatArray:
        """Turn ticks into days.

        Parameters
        ----------
        ticks : array
            Ticks.

        Returns
        -------
        ndarray
            Days.

        Raises
        ------
        ValueError
            From numpy, where `ticks` holds no numbers.
        """
        return _mapped(np.asarray(ticks, dtype=np.float64), self.ticks, self.days)


STEADY = Clock(np.array([0.0, 1.0]), np.array([0.0, 1.0]))


def clock_of(evidence: pd.DataFrame, parameters: Parameters) -> Clock:
    """Read the pace from the days on which places were said to change hands.

    Parameters
    ----------
    evidence : DataFrame
        kind, news and day of one field's evidence.
    parameters : Parameters
        For the smoothing and its bounds.

    Returns
    -------
    Clock
        Steady where there is no smoothing or too little evidence; its mean pace is 1.

    Raises
    ------
    KeyError
        If a column is missing.
    """
    p = parameters
    news = (evidence["kind"] == "hold").to_numpy() & evidence["news"].to_numpy(bool)
    changes = evidence["day"].to_numpy(np.float64)[news]
    if p.tempo_days <= 0.0 or not len(changes):
        return STEADY
    first, last = max(float(changes.min()), 0.0), float(changes.max())
    if last - first < _FEW_DAYS:
        return STEADY
    fade = np.ceil(4.0 * p.tempo_days)  # beyond that no change is near, and the pace is its floor
    days = np.arange(min(first, 0.0) - fade, last + fade + 1.0)
    density = np.exp(-0.5 * ((days[:, None] - np.sort(changes)) / p.tempo_days) ** 2).sum(axis=1)
    during = (days >= first) & (days <= last)
    pace = (density / density[during].mean()) ** p.tempo_power
    pace = p.tempo_floor + (1.0 - p.tempo_floor) * pace / pace[during].mean()
    ticks = np.concatenate([[0.0], np.cumsum((pace[1:] + pace[:-1]) / 2.0)])
    return Clock(days, ticks - np.interp(0.0, days, ticks))


def _mapped(values: FloatArray, known: FloatArray, to: FloatArray) -> FloatArray:
    """Interpolate, and go on straight beyond both ends."""
    low = to[0] + (values - known[0]) * (to[1] - to[0]) / (known[1] - known[0])
    high = to[-1] + (values - known[-1]) * (to[-1] - to[-2]) / (known[-1] - known[-2])
    inside = np.interp(values, known, to)
    return np.where(values < known[0], low, np.where(values > known[-1], high, inside))
