"""Figures: what our history says of the ground, the days and the measure that a claim is about."""

from __future__ import annotations

from dataclasses import dataclass, replace

from frontmap.areas import Interval
from frontmap.claims.course import Measure
from frontmap.claims.ground import Ground
from frontmap.claims.reading import Claim

_GAZETTEER_NOTE = "places of our table, which may list fewer hamlets than the claimant counts"


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


def figure_for(claim: Claim, ground: Ground, label: str) -> Figure:
    """Compute our figure for a claim whose ground and days lie in the history.

    Parameters
    ----------
    claim
        One claim.
    ground
        The ground it is about.
    label
        Name of the party it is about.

    Returns
    -------
    Figure
        With the comparison that fits what the claim measures.

    Raises
    ------
    IndexError
        If a day lies outside the ground's days.
    """
    kind = claim.measure.partition("_")[2]
    compare = {"held": _held, "gained": _gained, "regained": _regained}.get(kind)
    if compare is None:
        return Figure(None, False, f"no comparison is defined for the measure {claim.measure!r}")
    figure = _share(claim, ground, label) if claim.measure.startswith("share") else compare(claim, ground, label)
    if not claim.measure.startswith("settlements"):
        return figure
    return replace(figure, reason=f"{figure.reason}; {_GAZETTEER_NOTE}")


def _held(claim: Claim, ground: Ground, label: str) -> Figure:
    """Ground held on the day, or at our peak if the claim gives no day."""
    fighting = claim.basis == "combat zone"
    with_grey = fighting or claim.basis == "control+grey"
    what = f"held by {label}" + (" or contested" if with_grey else "") + f" in {claim.about}"
    if claim.day is None:
        measure: Measure = "held or contested" if with_grey else "held"
        interval = ground.peak(measure)
        peak_day = ground.days[int(ground.series(measure)[0].argmax())]
        when = f", undated peak, compared with our peak over the whole period, {peak_day:%Y-%m-%d}"
    else:
        interval = ground.on("held or contested" if with_grey else "held", ground.day_index(claim.day))
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
    interval = ground.gained(ground.day_index(claim.start), ground.day_index(claim.day))
    days = f"on {claim.day:%Y-%m-%d} and not on {claim.start:%Y-%m-%d}"
    return Figure(interval, True, f"gross gain: held by {label} in {claim.about} {days}, losses not subtracted")


def _regained(claim: Claim, ground: Ground, label: str) -> Figure:
    """Ground held on the day that the other side held on some earlier day."""
    if claim.day is None:
        return Figure(None, False, "the claim gives no day on which the ground was held again")
    interval = ground.on("regained", ground.day_index(claim.day))
    day = f"{claim.day:%Y-%m-%d}"
    return Figure(
        interval, True, f"held by {label} in {claim.about} on {day}, and by the other side on some earlier day"
    )


def _share(claim: Claim, ground: Ground, label: str) -> Figure:
    """Ground held again as a share of it and what the other side still holds."""
    if claim.day is None:
        return Figure(None, False, "the claim gives no day on which the ground was held again")
    index = ground.day_index(claim.day)
    again, still = (ground.on(measure, index, apart=True) for measure in ("regained", "opposed"))
    if again.best + still.best <= 0:
        reason = f"nothing in {claim.about} was lost before {claim.day:%Y-%m-%d}, so there is no share of it"
        return Figure(None, False, reason, still, again)
    best = 100 * again.best / (again.best + still.best)
    number = ground.day_numbers[index]
    each_again, each_still = (ground.others.on(measure, number, apart=True) for measure in ("regained", "opposed"))
    lost = each_again + each_still
    shares = 100 * each_again[lost > 0] / lost[lost > 0]
    reason = (
        f"regained by {label} in {claim.about} by {claim.day:%Y-%m-%d}, as a share of that and what the other side "
        f"still holds (ground contested on the day is in neither); {ground.spread}"
    )
    interval = ground.around(best, shares, most=100.0) if shares.size else Interval(best, best, best)
    return Figure(interval, True, reason, still, again)
