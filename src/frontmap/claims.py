"""Claims: every published figure tested against ours for the same day, ground and meaning; none is dropped."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

import numpy as np
import pandas as pd

from frontmap.areas import CodeArray, Interval
from frontmap.crs import FloatArray
from frontmap.schema import CONTESTED
from frontmap.voronoi import BoolArray

if TYPE_CHECKING:
    from frontmap.history import History

WITHIN, ABOVE, BELOW, NOT_COMPARABLE = "within", "above", "below", "not comparable"
ROUNDING = 0.5
RESULT_COLUMNS = (
    "figure_low", "figure", "figure_high", "difference", "verdict", "reason",
    "denominator_low", "denominator", "denominator_high", "denominators",
    "denominator_regained_low", "denominator_regained", "denominator_regained_high",
)  # fmt: skip

_T = TypeVar("_T")

# Tells of each cell or place on each day (or on one day) whether it counts.
Count = Callable[[CodeArray], BoolArray]

_NO_TOTAL = (math.nan, math.nan, math.nan)
_GAZETTEER_NOTE = "places of our table, which may list fewer hamlets than the claimant counts"


@dataclass(frozen=True)
class Claim:
    """One row of the ledger, read.

    Parameters
    ----------
    day, start, published
        The day the figure is about, the day its period starts after, the day it was published; None if blank.
    lower, upper
        In the unit of the measure: km2, a count, or per cent.
    regions
        The regions the figure is about, together.
    district
        The one district it is about; empty for all.
    """

    claim_id: str
    measure: str
    basis: str
    party: str
    lower: float
    upper: float
    day: pd.Timestamp | None
    start: pd.Timestamp | None
    published: pd.Timestamp | None
    approximate: bool
    regions: tuple[str, ...]
    district: str

    @property
    def about(self) -> str:
        """The ground the figure is about, in words."""
        regions = " and ".join(self.regions)
        return f"{self.district}, {regions}" if self.district else regions


@dataclass(frozen=True)
class Ground:
    """The cells or places that a figure is about: their weight, and their states under every policy.

    Parameters
    ----------
    days
        Inclusive days, n_days of them.
    best
        States under the history's own policy, shape (n_days, n_units).
    policies
        States under each rule policy, same shape.
    weight
        Area in km2 of each cell, or 1 for each place; shape (n_units,).
    held, opposed, grey
        State codes of the party, of its opponents, and of contested ground.
    """

    days: pd.DatetimeIndex
    best: CodeArray
    policies: tuple[CodeArray, ...]
    weight: FloatArray
    held: tuple[int, ...]
    opposed: tuple[int, ...]
    grey: tuple[int, ...]

    def interval(self, count: Count) -> Interval:
        """Sum the weight of what counts: low where it does under every policy, high where under any.

        Raises
        ------
        ValueError
            From numpy, where the shapes do not fit.
        """
        best = count(self.best)
        masks = np.stack([count(codes) for codes in (*self.policies, self.best)])
        every, some = masks.all(axis=0), masks.any(axis=0)
        return Interval(*(float((mask @ self.weight).max()) for mask in (every, best, some)))

    def spread(self, count: Count) -> Interval:
        """Sum the weight of what counts under each policy: the least, the history's own, the most.

        Raises
        ------
        ValueError
            From numpy, where the shapes do not fit.
        """
        sums = [float(count(codes) @ self.weight) for codes in (self.best, *self.policies)]
        return Interval(min(sums), sums[0], max(sums))

    def series(self, count: Count) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Low, best and high by day, each of shape (n_days,), in the unit of the weight.

        Raises
        ------
        ValueError
            From numpy, where the shapes do not fit.
        """
        masks = np.stack([count(codes) for codes in (*self.policies, self.best)])
        every, some = masks.all(axis=0), masks.any(axis=0)
        return every @ self.weight, count(self.best) @ self.weight, some @ self.weight

    def day_index(self, day: pd.Timestamp) -> int:
        """Position of a day, or -1 outside the period.

        Raises
        ------
        TypeError
            If it is no day.
        """
        return int(self.days.get_indexer(pd.DatetimeIndex([day]).as_unit(self.days.unit))[0])


@dataclass(frozen=True)
class Figure:
    """Our figure for one claim, and how it was made.

    Parameters
    ----------
    interval
        In the unit of the claim; None where there is nothing to compute.
    comparable
        Whether it means what the claim means.
    reason
        How it was compared, or why it cannot be.
    still_held, regained
        For shares: ground in km2 that the other side still holds, and that is held again.
    """

    interval: Interval | None
    comparable: bool
    reason: str
    still_held: Interval | None = None
    regained: Interval | None = None


def test_claims(history: History) -> pd.DataFrame:
    """Test every published figure of the theatre against ours.

    Held ground is compared on the claim's day (undated peaks with our peak), regained ground cell by cell with
    what the other side held on any earlier day, gained ground with the start of the claim's period. Figures of
    attackers count only ground outside the party's home country. The interval is the one that
    ``history.interval_label`` names, cell by cell or place by place; for a share it runs from the lowest to the
    highest share that a policy gives, since ground of two policies must not be divided by one another.

    Parameters
    ----------
    history
        Its `policy_codes` and `place_states` give the spread over policies.

    Returns
    -------
    DataFrame
        One row for each claim, in the order and with the columns of the ledger, and: figure_low, figure,
        figure_high (unit of the claim), difference (middle of the claim less our figure), verdict (within,
        above, below: the claim against our interval; not comparable), reason; for shares denominator_low,
        denominator and denominator_high (km2: totals D for which the stated share is ``1 - held/D``, from the
        least to the most that a policy says is still held), denominators (undated published peaks and the
        largest published figure for a day up to the claim's that lie in that interval, and our peak),
        denominator_regained_low, denominator_regained and denominator_regained_high (the same for
        ``regained/D``).

    Raises
    ------
    KeyError
        If a column of the ledger is missing.
    """
    ledger = history.theatre.claims
    claims = [read_claim(row) for row in _records(ledger)]
    known = [claim for claim in claims if not _later_than_as_of(history, claim)]
    results = [_result(history, claim, known) for claim in claims]
    tested = pd.DataFrame(results, columns=list(RESULT_COLUMNS), index=ledger.index)
    return pd.concat([ledger, tested], axis=1)


def fraction_days(history: History, *, fraction: float = 0.5) -> pd.DataFrame:
    """Tell on which day the ground held first fell to a fraction of its total, for two totals.

    The party and region are those with the most published figures of ground held. The totals are the figure
    published most often among them (the larger of two as frequent) and our own peak.

    Parameters
    ----------
    history
        As for `test_claims`.
    fraction
        Between 0 and 1.

    Returns
    -------
    DataFrame
        Two rows (none if the ledger has no such figure): party, region, denominator (in words),
        denominator_km2, fraction, threshold_km2, peak_date, day (from our best area), day_low and day_high
        (from the low and the high area), note. A day is NaT where the area was never above the threshold or
        had not fallen to it by the last day; then why, why_low or why_high says which.

    Raises
    ------
    ValueError
        If `fraction` is not between 0 and 1.
    """
    if not 0 < fraction < 1:
        raise ValueError(f"expected a fraction between 0 and 1, found {fraction}")
    claims = map(read_claim, _records(history.theatre.claims))
    totals = [c for c in claims if _is_total(c) and not _later_than_as_of(history, c)]
    columns = (
        "party", "region", "denominator", "denominator_km2", "fraction", "threshold_km2",
        "peak_date", "day", "day_low", "day_high", "why", "why_low", "why_high", "note",
    )  # fmt: skip
    if not totals:
        return pd.DataFrame(columns=list(columns))
    party, regions = _most_frequent([(c.party, c.regions) for c in totals])
    figures = [(c.lower + c.upper) / 2 for c in totals if (c.party, c.regions) == (party, regions)]
    published = _most_frequent(sorted(figures, reverse=True))
    ground = _ground(history, Claim("", "area_held", "control", party, 0, 0, None, None, None, False, regions, ""))
    low, best, high = ground.series(_in(ground.held))
    peak = int(best.argmax())
    said = f"{published:,.0f} km2 (published, {figures.count(published)} of {len(figures)} figures)"
    rows = []
    for label, total in ((said, published), ("our peak", float(best[peak]))):
        threshold = fraction * total
        found = [first_day_at_or_below(ground.days, area, threshold) for area in (best, low, high)]
        peaks = ", ".join(f"{w} {ground.days[int(a.argmax())]:%Y-%m-%d}" for w, a in _named(best, low, high))
        notes = [history.interval_label, f"peaks: {peaks}"]
        rows.append(
            (
                *(party, ";".join(regions), label, total, fraction, threshold, ground.days[peak]),
                *found,
                *(_why(*each, threshold, ground.days[-1]) for each in zip(found, (best, low, high), strict=True)),
                "; ".join(notes),
            )
        )
    return pd.DataFrame(rows, columns=list(columns))


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
    peak = int(area_km2.argmax())
    below = np.flatnonzero(area_km2[peak:] <= threshold_km2)
    if area_km2[peak] <= threshold_km2 or not below.size:
        return pd.Timestamp("NaT")
    return days[peak + int(below[0])]


def read_claim(row: Mapping[str, object]) -> Claim:
    """Read one row of the ledger.

    Parameters
    ----------
    row
        Column name to value; dates as timestamps, blank ones NaT.

    Returns
    -------
    Claim
        With the regions split.

    Raises
    ------
    KeyError
        If a column is missing.
    """
    return Claim(
        claim_id=str(row["claim_id"]),
        measure=str(row["measure"]),
        basis=str(row["basis"]),
        party=str(row["party"]),
        lower=float(str(row["lower"])),
        upper=float(str(row["upper"])),
        day=_day(row["as_of_date"]),
        start=_day(row["period_start"]),
        published=_day(row["published_date"]),
        approximate=row["date_precision"] == "approx",
        regions=tuple(r.strip() for r in str(row["region"]).split(";") if r.strip()),
        district=str(row["district"]),
    )


def verdict_of(lower: float, upper: float, ours: Interval) -> str:
    """Compare a claimed range with our interval; published figures are whole numbers, so half a unit is no difference.

    Parameters
    ----------
    lower, upper
        The claim, in the unit of `ours`.
    ours
        Our interval; its ends belong to it.

    Returns
    -------
    str
        ``"within"`` if the two meet, ``"above"`` or ``"below"`` where the claim lies beyond our interval.

    Raises
    ------
    TypeError
        If a number is missing.

    Examples
    --------
    >>> verdict_of(1300, 1300, Interval(700, 800, 900))
    'above'
    """
    if lower - ROUNDING > ours.high:
        return ABOVE
    return BELOW if upper + ROUNDING < ours.low else WITHIN


def denominators(lower: float, upper: float, still_held: Interval) -> Interval | None:
    """Solve ``share = 1 - held/D`` for the total D.

    Parameters
    ----------
    lower, upper
        The stated share in per cent.
    still_held
        Ground the other side still holds, in km2.

    Returns
    -------
    Interval or None
        Totals in km2 for which some share of the range and some held area of the interval agree; `best` is for the
        middle of the range and our best held area. The upper end is infinite for a share of 100 % with nothing
        held. None where no total makes the share true.

    Raises
    ------
    TypeError
        If a number is missing.

    Examples
    --------
    >>> denominators(50, 50, Interval(600, 650, 700))
    Interval(low=1200.0, best=1300.0, high=1400.0)
    """
    if lower >= 100:
        return Interval(0.0, math.nan, math.inf) if still_held.low <= 0 else None
    middle = (lower + upper) / 200
    high = math.inf if upper >= 100 else still_held.high / (1 - upper / 100)
    return Interval(still_held.low / (1 - lower / 100), still_held.best / (1 - middle), high)


def _result(history: History, claim: Claim, ledger: Sequence[Claim]) -> tuple[object, ...]:
    """Values of `RESULT_COLUMNS` for one claim."""
    ground = _ground(history, claim)
    figure = _figure(history, claim, ground)
    ours = figure.interval
    reason = "; ".join([figure.reason, *_remarks(history, claim)])
    totals = _share_columns(claim, figure, ground, ledger)
    if ours is None:
        return (math.nan, math.nan, math.nan, math.nan, NOT_COMPARABLE, reason, *totals)
    verdict = verdict_of(claim.lower, claim.upper, ours) if figure.comparable else NOT_COMPARABLE
    difference = (claim.lower + claim.upper) / 2 - ours.best
    return (ours.low, ours.best, ours.high, difference, verdict, reason, *totals)


def _ground(history: History, claim: Claim) -> Ground:
    """Cells for areas and shares, places (with or without position) for settlements, where the claim is about."""
    names = list(history.state_names)
    parties = {party.id for party in history.theatre.parties}
    if claim.measure.startswith("settlements"):
        places = history.theatre.places
        side, region, district = places["country"], places["region"], places["district"]
        weight = np.ones(len(places))
        states = dict(history.place_states)
        best = states[history.policy]
    else:
        cells = history.cells
        side, region, district = cells["side"], cells["region"], cells["district"]
        weight = cells["area_km2"].to_numpy(dtype=float)
        states = dict(history.policy_codes)
        best = history.codes
    here = region.isin(claim.regions)
    if claim.district:
        here &= district == claim.district
    if claim.measure.endswith("held"):
        here &= side.map(history.theatre.home_party) != claim.party
    where = here.to_numpy(dtype=bool)
    return Ground(
        days=history.days,
        best=best[:, where],
        policies=tuple(codes[:, where] for codes in states.values()),
        weight=weight[where],
        held=(names.index(claim.party),),
        opposed=tuple(names.index(p) for p in sorted(parties - {claim.party})),
        grey=(names.index(CONTESTED),),
    )


def _figure(history: History, claim: Claim, ground: Ground) -> Figure:
    """Choose the comparison that fits what the claim measures."""
    obstacle = _obstacle(history, claim, ground)
    if obstacle:
        return Figure(None, False, obstacle)
    kind = claim.measure.partition("_")[2]
    compare = {"held": _held, "gained": _gained, "regained": _regained}.get(kind)
    if compare is None:
        return Figure(None, False, f"no comparison is defined for the measure {claim.measure!r}")
    label = history.theatre.party(claim.party).label
    figure = _share(claim, ground, label) if claim.measure.startswith("share") else compare(claim, ground, label)
    if not claim.measure.startswith("settlements"):
        return figure
    return Figure(figure.interval, figure.comparable, f"{figure.reason}; {_GAZETTEER_NOTE}")


def _obstacle(history: History, claim: Claim, ground: Ground) -> str:
    """Say why the claim's ground or days cannot be looked up, or nothing."""
    if not ground.weight.size:
        abroad = " outside the party's home country" if claim.measure.endswith("held") else ""
        return f"the theatre has no ground in {claim.about}{abroad}"
    first, last = ground.days[0], ground.days[-1]
    for what, day in (("the claim's day", claim.day), ("the start of its period", claim.start)):
        if day is None or ground.day_index(day) >= 0:
            continue
        if history.as_of is not None and day > last:
            return f"{what}, {day:%Y-%m-%d}, is later than the as-of day {last:%Y-%m-%d}"
        return f"{what}, {day:%Y-%m-%d}, is outside the period {first:%Y-%m-%d} to {last:%Y-%m-%d}"
    return ""


def _held(claim: Claim, ground: Ground, label: str) -> Figure:
    """Ground held on the day, or at our peak if the claim gives no day."""
    fighting = claim.basis == "combat zone"
    with_grey = fighting or claim.basis == "control+grey"
    what = f"held by {label}" + (" or contested" if with_grey else "") + f" in {claim.about}"
    count = _in(ground.held + ground.grey if with_grey else ground.held)
    if claim.day is None:
        low, best, high = ground.series(count)
        interval = Interval(float(low.max()), float(best.max()), float(high.max()))
        peak_day = ground.days[int(best.argmax())]
        when = f", undated peak, compared with our peak over the whole period, {peak_day:%Y-%m-%d}"
    else:
        index = ground.day_index(claim.day)
        interval = ground.interval(lambda codes: count(codes[index]))
        when = f" on {claim.day:%Y-%m-%d}"
    if fighting:
        zone = "the claim is the extent of a fighting zone, not control"
        return Figure(interval, False, f"{zone}; shown: {what}{when}")
    return Figure(interval, True, f"{what}{when}")


def _gained(claim: Claim, ground: Ground, label: str) -> Figure:
    """Ground held on the day and not at the start of the period."""
    if claim.day is None or claim.start is None:
        missing = "day" if claim.day is None else "start of the period"
        return Figure(None, False, f"a gain needs two days, and the claim gives no {missing}")
    start, end = ground.day_index(claim.start), ground.day_index(claim.day)
    held = _in(ground.held)
    interval = ground.interval(lambda codes: held(codes[end]) & ~held(codes[start]))
    days = f"on {claim.day:%Y-%m-%d} and not on {claim.start:%Y-%m-%d}"
    return Figure(interval, True, f"gross gain: held by {label} in {claim.about} {days}, losses not subtracted")


def _regained(claim: Claim, ground: Ground, label: str) -> Figure:
    """Ground held on the day that the other side held on some earlier day."""
    if claim.day is None:
        return Figure(None, False, "the claim gives no day on which the ground was held again")
    interval = ground.interval(_held_again(ground, ground.day_index(claim.day)))
    day = f"{claim.day:%Y-%m-%d}"
    return Figure(
        interval, True, f"held by {label} in {claim.about} on {day}, and by the other side on some earlier day"
    )


def _share(claim: Claim, ground: Ground, label: str) -> Figure:
    """Ground held again as a share of it and what the other side still holds."""
    if claim.day is None:
        return Figure(None, False, "the claim gives no day on which the ground was held again")
    index = ground.day_index(claim.day)
    opposed = _in(ground.opposed)
    again = ground.spread(_held_again(ground, index))
    still = ground.spread(lambda codes: opposed(codes[index]))
    if again.best + still.best <= 0:
        reason = f"nothing in {claim.about} was lost before {claim.day:%Y-%m-%d}, so there is no share of it"
        return Figure(None, False, reason, still, again)
    best = 100 * again.best / (again.best + still.best)
    shares = [best, *_policy_shares(ground, _held_again(ground, index), lambda codes: opposed(codes[index]))]
    reason = (
        f"regained by {label} in {claim.about} by {claim.day:%Y-%m-%d}, as a share of that and what the other side "
        "still holds (ground contested on the day is in neither); low and high are the lowest and highest share "
        "that a policy gives"
    )
    return Figure(Interval(min(shares), best, max(shares)), True, reason, still, again)


def _policy_shares(ground: Ground, again: Count, still: Count) -> list[float]:
    """Return the share in per cent under each policy under which anything was lost."""
    pairs = [(float(again(c) @ ground.weight), float(still(c) @ ground.weight)) for c in ground.policies]
    return [100 * a / (a + s) for a, s in pairs if a + s > 0]


def _share_columns(claim: Claim, figure: Figure, ground: Ground, ledger: Sequence[Claim]) -> tuple[float | str, ...]:
    """Give the totals that would make a stated share true, under both readings, and the published ones among them."""
    if figure.still_held is None or figure.regained is None:
        return (*_NO_TOTAL, "", *_NO_TOTAL)
    again = figure.regained
    middle = (claim.lower + claim.upper) / 2
    parts = ((again.low, claim.upper), (again.best, middle), (again.high, claim.lower))
    by_regained = tuple(100 * area / share if share > 0 else math.inf for area, share in parts)
    totals = denominators(claim.lower, claim.upper, figure.still_held)
    if totals is None:
        none = f"none: {figure.still_held.low:,.0f} km2 or more are still held by the other side"
        return (*_NO_TOTAL, none, *by_regained)
    if totals.low <= 0 and math.isinf(totals.high):
        return (*totals, "any: nothing need be held by the other side", *by_regained)
    peak = float(ground.series(_in(ground.opposed))[1].max())
    named = _published_totals(claim, totals, ledger)
    if totals.low <= peak <= totals.high:
        named.append(f"and our own peak, {peak:,.0f}")
    return (*totals, "; ".join(named) or "none published", *by_regained)


def _published_totals(claim: Claim, totals: Interval, ledger: Sequence[Claim]) -> list[str]:
    """List the published totals of ground lost that lie in the interval: peaks, and the largest dated figure so far."""
    told = [c for c in ledger if _is_total(c) and c.party != claim.party and c.regions == claim.regions]
    dated = [c for c in told if c.day is not None and (claim.day is None or c.day <= claim.day)]
    largest = max((c.upper for c in dated), default=0.0)
    published: dict[tuple[float, float], list[str]] = {}
    for c in told:
        is_peak = c.day is None or (c in dated and c.upper == largest)
        if is_peak and c.lower <= totals.high and c.upper >= totals.low:
            published.setdefault((c.lower, c.upper), []).append(c.claim_id)
    return [
        (f"{low:,.0f}" if low == high else f"{low:,.0f}-{high:,.0f}") + f" ({', '.join(ids)})"
        for (low, high), ids in sorted(published.items())
    ]


def _remarks(history: History, claim: Claim) -> list[str]:
    """Say what a reader has to know besides, about the claim's own dates."""
    remarks = ["the claim's day is approximate"] if claim.approximate else []
    if _later_than_as_of(history, claim):
        remarks.append(f"published {claim.published:%Y-%m-%d}, after the as-of day {history.as_of}")
    return remarks


def _later_than_as_of(history: History, claim: Claim) -> bool:
    """Tell whether a claim was not yet published on the history's as-of day."""
    if history.as_of is None or claim.published is None:
        return False
    return claim.published.date() > history.as_of


def _why(day: pd.Timestamp, area_km2: FloatArray, threshold_km2: float, last: pd.Timestamp) -> str:
    """Say why a day was not found; nothing where it was."""
    if not pd.isna(day):
        return ""
    peak = float(area_km2.max())
    return f"never above it (peak {peak:,.0f} km2)" if peak <= threshold_km2 else f"not yet by {last:%Y-%m-%d}"


def _named(best: FloatArray, low: FloatArray, high: FloatArray) -> list[tuple[str, FloatArray]]:
    return [("best", best), ("low", low), ("high", high)]


def _is_total(claim: Claim) -> bool:
    return claim.measure == "area_held" and claim.basis == "control" and not claim.district


def _in(wanted: tuple[int, ...]) -> Count:
    return lambda codes: np.isin(codes, wanted)


def _held_again(ground: Ground, index: int) -> Count:
    held, opposed = _in(ground.held), _in(ground.opposed)
    return lambda codes: held(codes[index]) & opposed(codes[:index]).any(axis=0)


def _most_frequent(values: Sequence[_T]) -> _T:
    """Return the value that occurs most often; of several, the one that comes first."""
    return max(dict.fromkeys(values), key=values.count)


def _records(frame: pd.DataFrame) -> list[dict[str, object]]:
    return [{str(k): v for k, v in row.items()} for row in frame.to_dict("records")]


def _day(value: object) -> pd.Timestamp | None:
    day = pd.Timestamp(value) if isinstance(value, (pd.Timestamp, str)) and value else None
    return None if day is None or pd.isna(day) else day
