"""Fractions: on which day the ground held first fell to a part of its total, for every total that somebody may mean."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

import numpy as np
import pandas as pd

from frontmap.claims.ground import Ground, Grounds
from frontmap.claims.reading import ROUNDING, Claim, published_totals, read_claims
from frontmap.crs import FloatArray

if TYPE_CHECKING:
    from frontmap.history import History

_COLUMNS = (
    "party", "region", "denominator", "denominator_km2", "fraction", "threshold_km2", "peak_date",
    "day", "day_low", "day_high", "why", "why_low", "why_high", "reached", "note",
)  # fmt: skip
_SHARE_COLUMNS = ("lost_percent", "claim_ids", "claimed")
_NEVER_ABOVE, _NOT_YET = -math.inf, math.inf

_T = TypeVar("_T")


@dataclass(frozen=True)
class _Total:
    """A total that a fraction is of: in words, in km2, and as each alternative has it."""

    words: str
    km2: float
    each: FloatArray | float


@dataclass(frozen=True)
class _Fall:
    """The ground of the party with most published totals, its daily areas, and the totals to divide by."""

    party: str
    regions: tuple[str, ...]
    ground: Ground
    best: FloatArray
    others: FloatArray
    totals: tuple[_Total, ...]
    note: str

    def rows(self, fraction: float) -> Iterator[tuple[object, ...]]:
        """Values of `_COLUMNS` for each total."""
        days, last = self.ground.days, self.ground.days[-1]
        peak_day = days[int(self.best.argmax())]
        for total in self.totals:
            threshold = float(_threshold(fraction, total.km2))
            best = _first_days(self.best[:, None], threshold)
            each = _first_days(self.others, _threshold(fraction, total.each))
            ends = _bounds(self.ground, float(best[0]), each)
            found = [_as_day(days, day) for day in (float(best[0]), *ends)]
            peak = f" (peak {self.best.max():,.0f} km2)"
            why = [_why(float(best[0]), last, peak), *self._why_of_others(ends, each, peak)]
            reached = float(np.isfinite(each).mean()) if self.ground.drawn else math.nan
            region = ";".join(self.regions)
            yield (
                *(self.party, region, total.words, total.km2, fraction, threshold, peak_day),
                *(*found, *why, reached, self.note),
            )

    def _why_of_others(self, ends: tuple[float, float], each: FloatArray, peak: str) -> list[str]:
        last = self.ground.days[-1]
        if not self.ground.drawn:
            peaks = self.others.max(axis=0)
            return [_why(end, last, f" (peak {peak:,.0f} km2)") for end, peak in zip(ends, peaks, strict=True)]
        return [
            _why(end, last, f" in {100 * np.mean(each == end):.0f} % of the draws")
            if end in each
            else _why(end, last, peak)
            for end in ends
        ]


def fraction_days(history: History, *, fraction: float = 0.5) -> pd.DataFrame:
    """Tell on which day the ground held first fell to a fraction of its total, for two totals.

    The party and region are those with the most published figures of ground held. The totals are the figure
    published most often among them (the larger of two as frequent) and our own peak.

    Parameters
    ----------
    history
        As for `test_claims`.
    fraction
        Between 0 and 1: the part that is left.

    Returns
    -------
    DataFrame
        Two rows (none if the ledger has no such figure): party, region, denominator (in words),
        denominator_km2, fraction, threshold_km2, peak_date, day (from our best area), day_low and day_high, note.
        With an estimate, day_low and day_high hold the stated part of the days that the draws give, and reached is
        the share of draws that come to such a day; our own peak is then each draw's own. Under a rule they are the
        days of the low and of the high area, and reached is missing. A day is NaT where the area was never above
        the threshold (in so many draws that the interval begins there) or had not fallen to it by the last day;
        then why, why_low or why_high says which.

    Raises
    ------
    ValueError
        If `fraction` is not between 0 and 1.
    """
    if not 0 < fraction < 1:
        raise ValueError(f"expected a fraction between 0 and 1, found {fraction}")
    fall = _fall(history, alternatives=False)
    rows = [] if fall is None else list(fall.rows(fraction))
    return pd.DataFrame(rows, columns=list(_COLUMNS))


def fraction_table(history: History) -> pd.DataFrame:
    """Tell on which day each published share of the ground was lost again, for every total that it may be a share of.

    The party and region are those of `fraction_days`. The shares are the published ones for that region; of a range
    the lower end counts ("over 40 %"). The totals are those of `fraction_days` and every other that
    `published_totals` chooses. For a share of 100 % a last half of a square kilometre is as good as nothing.

    Parameters
    ----------
    history
        As for `test_claims`.

    Returns
    -------
    DataFrame
        A row for each share and total, by share, and the columns lost_percent, claim_ids (the claims that say so),
        claimed (their days) before those of `fraction_days`.

    Raises
    ------
    KeyError
        If a column of the ledger is missing.
    """
    fall = _fall(history, alternatives=True)
    if fall is None:
        return pd.DataFrame(columns=[*_SHARE_COLUMNS, *_COLUMNS])
    told: dict[float, list[Claim]] = {}
    for claim in read_claims(history.theatre.claims, as_of=history.as_of):
        if claim.is_share and claim.party != fall.party and claim.regions == fall.regions:
            told.setdefault(claim.lower, []).append(claim)
    rows = []
    for percent, claims in sorted(told.items()):
        claims = sorted(claims, key=lambda c: c.claim_id)
        ids = ";".join(c.claim_id for c in claims)
        said = ";".join(dict.fromkeys("undated" if c.day is None else f"{c.day:%Y-%m-%d}" for c in claims))
        rows += [(percent, ids, said, *row) for row in fall.rows(1 - percent / 100)]
    return pd.DataFrame(rows, columns=[*_SHARE_COLUMNS, *_COLUMNS])


def first_day_at_or_below(days: pd.DatetimeIndex, area_km2: FloatArray, threshold_km2: float) -> pd.Timestamp:
    """Find the first day after its peak on which an area is at or below a threshold.

    Parameters
    ----------
    days, area_km2
        Of one length; areas in km2.
    threshold_km2
        In km2.

    Returns
    -------
    Timestamp
        NaT if the area was never above the threshold, or had not fallen to it by the last day.

    Raises
    ------
    ValueError
        From numpy, if there are no days.

    Examples
    --------
    >>> import numpy as np, pandas as pd
    >>> days = pd.date_range("2024-08-05", periods=5)
    >>> first_day_at_or_below(days, np.array([0.0, 8.0, 6.0, 4.0, 5.0]), 4.0)
    Timestamp('2024-08-08 00:00:00')
    """
    return _as_day(days, float(_first_days(area_km2[:, None], threshold_km2)[0]))


def _fall(history: History, *, alternatives: bool) -> _Fall | None:
    """Find party, region and totals; None if nobody published a figure of ground held."""
    claims = [c for c in read_claims(history.theatre.claims, as_of=history.as_of) if c.is_total]
    if not claims:
        return None
    party, regions = _most_frequent(sorted((c.party, c.regions) for c in claims))
    claims = [c for c in claims if (c.party, c.regions) == (party, regions)]
    ground = Grounds(history).of(claims[0])
    best, others = ground.series("held")
    figures = [c.middle for c in claims]
    published = _most_frequent(sorted(figures, reverse=True))
    said = f"{published:,.0f} km2 (published, {figures.count(published)} of {len(figures)} figures)"
    peak = float(best.max())
    totals = [_Total(said, published, published)]
    totals.append(_Total("our peak", peak, others.max(axis=0) if ground.drawn else peak))
    if alternatives:
        totals += _others(claims, published)
    return _Fall(party, regions, ground, best, others, tuple(totals), _note(history, ground, best, others))


def _others(claims: Sequence[Claim], published: float) -> list[_Total]:
    """Every other total that somebody may mean, by size; a range is no total."""
    named: dict[float, list[str]] = {}
    for claim in published_totals(claims):
        if claim.lower == claim.upper and claim.middle != published:
            named.setdefault(claim.middle, []).append(claim.claim_id)
    return [_Total(f"{km2:,.0f} km2 ({', '.join(sorted(ids))})", km2, km2) for km2, ids in sorted(named.items())]


def _note(history: History, ground: Ground, best: FloatArray, others: FloatArray) -> str:
    """Say what low and high are, and where the peaks lie."""
    days = ground.days
    peaks = f"best {days[int(best.argmax())]:%Y-%m-%d}"
    if ground.drawn:
        low, high = ground.peak("held")[::2]
        return f"{history.interval_label}; peaks: {peaks}, {best.max():,.0f} km2 ({low:,.0f} to {high:,.0f})"
    low_day, high_day = (days[int(area.argmax())] for area in others.T)
    return f"{history.interval_label}; peaks: {peaks}, low {low_day:%Y-%m-%d}, high {high_day:%Y-%m-%d}"


def _threshold(fraction: float, total: FloatArray | float) -> FloatArray | float:
    """Tell the area that is left; what rounds to nothing is nothing."""
    return fraction * total if fraction > 0 else ROUNDING


def _first_days(area_km2: FloatArray, threshold_km2: FloatArray | float) -> FloatArray:
    """Index of the first day after its peak on which each column is at or below its threshold; infinite if none."""
    threshold = np.broadcast_to(np.asarray(threshold_km2, dtype=float), area_km2.shape[1:])
    peak = area_km2.argmax(axis=0)
    fallen = (area_km2 <= threshold) & (np.arange(len(area_km2))[:, None] >= peak)
    first = np.where(fallen.any(axis=0), fallen.argmax(axis=0), _NOT_YET)
    return np.where(area_km2.max(axis=0) <= threshold, _NEVER_ABOVE, first)


def _bounds(ground: Ground, best: float, days: FloatArray) -> tuple[float, float]:
    """Give the ends of the stated part of the draws' days, widened to the best; under a rule those of its areas."""
    level = ground.others.level
    if level is None:
        return float(days[0]), float(days[1])
    low, high = np.quantile(days, [(1 - level) / 2, (1 + level) / 2], method="inverted_cdf")
    return min(float(low), best), max(float(high), best)


def _as_day(days: pd.DatetimeIndex, index: float) -> pd.Timestamp:
    return days[int(index)] if math.isfinite(index) else pd.Timestamp("NaT")


def _why(index: float, last: pd.Timestamp, where: str) -> str:
    """Say why a day was not found; nothing where it was."""
    if math.isfinite(index):
        return ""
    if index == _NEVER_ABOVE:
        return f"never above it{where}"
    return f"not yet by {last:%Y-%m-%d}{where if 'draws' in where else ''}"


def _most_frequent(values: Sequence[_T]) -> _T:
    """Return the value that occurs most often; of several, the one that comes first."""
    return max(dict.fromkeys(values), key=values.count)
