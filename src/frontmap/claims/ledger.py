"""The ledger: our figure, its interval and the verdict beside every published figure."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

import pandas as pd

from frontmap.areas import Interval
from frontmap.claims.figures import Figure, figure_for
from frontmap.claims.ground import Ground, Grounds
from frontmap.claims.reading import ROUNDING, Claim, published_after, published_totals, read_claims

if TYPE_CHECKING:
    from frontmap.history import History

WITHIN, ABOVE, BELOW, NOT_COMPARABLE = "within", "above", "below", "not comparable"
RESULT_COLUMNS = (
    "figure_low", "figure", "figure_high", "difference", "verdict", "reason",
    "denominator_low", "denominator", "denominator_high", "denominators",
    "denominator_regained_low", "denominator_regained", "denominator_regained_high",
)  # fmt: skip
_NO_TOTAL = (math.nan, math.nan, math.nan)


def test_claims(history: History) -> pd.DataFrame:
    """Test every published figure of the theatre against ours.

    Held ground is compared on the claim's day (undated peaks with our peak), regained ground cell by cell with
    what the other side held on any earlier day, gained ground with the start of the claim's period. Figures of
    attackers count only ground outside the party's home country. The interval is the one that
    ``history.interval_label`` names. With an estimate it holds the stated part of the draws, each of which is one
    possible course of events: a gain, a peak or a share is computed in each draw by itself, and on days between two
    nodes of the draws it is interpolated linearly within each. Settlements follow the draws of the cell they lie in;
    those without a cell do not vary. Under a rule the interval runs from what every policy gives to what any gives,
    cell by cell or place by place; for a share it runs from the lowest to the highest share that a policy gives,
    since ground of two policies must not be divided by one another.

    Parameters
    ----------
    history
        Its `draws`, or under a rule its `policy_codes` and `place_states`, give the interval.

    Returns
    -------
    DataFrame
        One row for each claim, in the order and with the columns of the ledger, and: figure_low, figure,
        figure_high (unit of the claim), difference (middle of the claim less our figure), verdict (within,
        above, below: the claim against our interval; not comparable), reason; for shares denominator_low,
        denominator and denominator_high (km2: totals D for which the stated share is ``1 - held/D``, over the
        interval of what is still held), denominators (those of `published_totals` up to the claim's day that lie
        in that interval, and our peak), denominator_regained_low, denominator_regained and
        denominator_regained_high (the same for ``regained/D``).

    Raises
    ------
    KeyError
        If a column of the ledger is missing.
    """
    ledger = history.theatre.claims
    known = read_claims(ledger, as_of=history.as_of)
    grounds = Grounds(history)
    results = [_result(history, claim, grounds.of(claim), known) for claim in read_claims(ledger)]
    tested = pd.DataFrame(results, columns=list(RESULT_COLUMNS), index=ledger.index)
    return pd.concat([ledger, tested], axis=1)


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


def _result(history: History, claim: Claim, ground: Ground, ledger: Sequence[Claim]) -> tuple[object, ...]:
    """Values of `RESULT_COLUMNS` for one claim."""
    obstacle = _obstacle(history, claim, ground)
    label = history.theatre.party(claim.party).label
    figure = Figure(None, False, obstacle) if obstacle else figure_for(claim, ground, label)
    ours = figure.interval
    reason = "; ".join([figure.reason, *_remarks(history, claim)])
    totals = _share_columns(claim, figure, ground, ledger)
    if ours is None:
        return (math.nan, math.nan, math.nan, math.nan, NOT_COMPARABLE, reason, *totals)
    verdict = verdict_of(claim.lower, claim.upper, ours) if figure.comparable else NOT_COMPARABLE
    return (ours.low, ours.best, ours.high, claim.middle - ours.best, verdict, reason, *totals)


def _obstacle(history: History, claim: Claim, ground: Ground) -> str:
    """Say why the claim's ground or days cannot be looked up, or nothing."""
    if ground.is_empty:
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


def _share_columns(claim: Claim, figure: Figure, ground: Ground, ledger: Sequence[Claim]) -> tuple[float | str, ...]:
    """Give the totals that would make a stated share true, under both readings, and the published ones among them."""
    if figure.still_held is None or figure.regained is None:
        return (*_NO_TOTAL, "", *_NO_TOTAL)
    again = figure.regained
    parts = ((again.low, claim.upper), (again.best, claim.middle), (again.high, claim.lower))
    by_regained = tuple(100 * area / share if share > 0 else math.inf for area, share in parts)
    totals = denominators(claim.lower, claim.upper, figure.still_held)
    if totals is None:
        none = f"none: {figure.still_held.low:,.0f} km2 or more are still held by the other side"
        return (*_NO_TOTAL, none, *by_regained)
    if totals.low <= 0 and math.isinf(totals.high):
        return (*totals, "any: nothing need be held by the other side", *by_regained)
    peak = float(ground.series("opposed")[0].max())
    named = _published_among(claim, totals, ledger)
    if totals.low <= peak <= totals.high:
        named.append(f"and our own peak, {peak:,.0f}")
    return (*totals, "; ".join(named) or "none published", *by_regained)


def _published_among(claim: Claim, totals: Interval, ledger: Sequence[Claim]) -> list[str]:
    """List the published totals of ground lost that lie in the interval."""
    told = [c for c in ledger if c.is_total and c.party != claim.party and c.regions == claim.regions]
    published: dict[tuple[float, float], list[str]] = {}
    for c in published_totals(told, until=claim.day):
        if c.lower <= totals.high and c.upper >= totals.low:
            published.setdefault((c.lower, c.upper), []).append(c.claim_id)
    return [
        (f"{low:,.0f}" if low == high else f"{low:,.0f}-{high:,.0f}") + f" ({', '.join(ids)})"
        for (low, high), ids in sorted(published.items())
    ]


def _remarks(history: History, claim: Claim) -> list[str]:
    """Say what a reader has to know besides, about the claim's own dates."""
    remarks = ["the claim's day is approximate"] if claim.approximate else []
    if published_after(claim, history.as_of):
        remarks.append(f"published {claim.published:%Y-%m-%d}, after the as-of day {history.as_of}")
    return remarks
