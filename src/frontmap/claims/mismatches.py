"""Mismatches: published figures that cannot be true together, found by arithmetic among the claims themselves."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from itertools import combinations

import numpy as np
import pandas as pd

from frontmap.claims.reading import ROUNDING, Claim, published_totals, read_claims
from frontmap.schema import INDEPENDENT

COLUMNS = (
    "identity", "claim_ids", "claimants", "one_claimant", "as_of_date", "said", "implied", "unit", "difference",
    "beyond_rounding", "arithmetic", "note",
)  # fmt: skip
LOOSENESS = 0.05
"""A figure that ends in noughts may be rounded by half of the digit before them, at most by this part of itself."""
SAME_DAY_DAYS = 1
"""Figures for days no further apart than this are about the same day."""
ORDER_DAYS = 7
"""Of two days of which one is approximate, one is the later one only if they are further apart than this."""

_QUOTED = re.compile(r"(?<!\w)'([^']+)'(?!\w)")
_FIGURE = re.compile(r"\d+(?:\.\d+)?")
_MORE = re.compile(r"\b(?:more than|over|above|at least)\b", re.IGNORECASE)
_LESS = re.compile(r"\b(?:less than|under|below|at most|up to|as much as|nearly|almost)\b", re.IGNORECASE)
_UNITS = {"area": "km2", "settlements": "settlements", "share": "%"}


@dataclass(frozen=True)
class _Range:
    """A figure with what rounding leaves open."""

    low: float
    middle: float
    high: float

    def __add__(self, other: _Range) -> _Range:
        return _Range(self.low + other.low, self.middle + other.middle, self.high + other.high)

    def __sub__(self, other: _Range) -> _Range:
        return _Range(self.low - other.high, self.middle - other.middle, self.high - other.low)

    def __mul__(self, other: _Range) -> _Range:
        """Only for ranges from nought on, of which the other is finite."""
        high = self.high * other.high if other.high else 0.0
        return _Range(self.low * other.low, self.middle * other.middle, high)

    def beyond(self, other: _Range) -> float:
        """How far apart the two are; nought or less where they meet."""
        return max(self.low - other.high, other.low - self.high)


@dataclass(frozen=True)
class _Mismatch:
    """One identity that does not hold: what was said, and what the other figures imply for it."""

    identity: str
    claims: tuple[Claim, ...]
    said: _Range
    implied: _Range
    unit: str
    arithmetic: str

    @property
    def beyond(self) -> float:
        return self.said.beyond(self.implied)


def claim_mismatches(ledger: pd.DataFrame, *, as_of: date | None = None) -> pd.DataFrame:
    """Find published figures that cannot be true together, by arithmetic alone: no estimate of ours takes part.

    Compared are figures for the same regions, of one claimant or (where *one side* is said) of claimants of one side,
    never of two independent ones:

    - *share of a total* (one side): a share held again, of the total that was lost, leaves the rest held and is the
      ground held again. The total is the claimant's own, else anybody's on the same side; if there are several, one
      that fits is enough;
    - *share of the parts*: the share is what is held again, of this and what is still held;
    - *sum of the parts*: what is held again and what is still held make the total, chosen as above;
    - *running count* (one side): what is held again in all does not shrink;
    - *part and whole*: a district (one side) and all districts together hold no more than their region, control is no
      more than control and grey zone, a gain in a shorter period (one side) no more than in a longer one around it;
    - *gain and stock*: between two days no more is added to what one claimant says is held than was gained (one
      side), and no more is missing than the other side gained (where there are two parties);
    - *peak*: no figure for a day exceeds the peak;
    - *said twice*: there is one figure for one thing and day;
    - *range*: the lower end is not above the upper.

    Figures for days up to a day apart are about the same day; one day is later than another only by more than a
    week where one of them is approximate. A figure may be rounded by half of its last digit; one that ends in noughts
    by half of its last digit that is none, but by at most a twentieth of itself; one that was converted or derived
    by that twentieth; a count that does not end in nought, and the ends of a range, not at all. A figure whose note
    quotes 'more than', 'over', 'at least' (or 'less than', 'up to', 'as much as', 'nearly') may be larger (smaller)
    by any amount. Only what is left beyond all this is told.

    Parameters
    ----------
    ledger
        The claims table.
    as_of
        Leave out what was published later; None for all.

    Returns
    -------
    DataFrame
        One row for each mismatch, the largest in proportion first: identity, claim_ids and claimants (separated by
        ;), one_claimant, as_of_date, said (the middle of the figure in question), implied (by the others), unit,
        difference (said less implied), beyond_rounding (what of it rounding cannot explain), arithmetic (one
        sentence), note (what the ledger remarks on these claims).

    Raises
    ------
    KeyError
        If a column of the ledger is missing.
    """
    claims = sorted(read_claims(ledger, as_of=as_of), key=lambda c: c.claim_id)
    found = [m for find in _IDENTITIES for m in find(claims)]
    beyond = [m for m in found if m.beyond > 1e-9]
    beyond.sort(key=lambda m: (-m.beyond / max(m.said.middle, m.implied.middle, 1.0), [c.claim_id for c in m.claims]))
    return pd.DataFrame([_row(m) for m in beyond], columns=list(COLUMNS))


def _row(m: _Mismatch) -> tuple[object, ...]:
    """Values of `COLUMNS`."""
    days = [c.day for c in m.claims if c.day is not None]
    notes = [f"{c.claim_id}: {c.note}" for c in m.claims if c.note]
    notes += [f"{c.claim_id}: its day is approximate" for c in m.claims if c.approximate]
    claimants = list(dict.fromkeys(c.claimant for c in m.claims))
    return (
        *(m.identity, ";".join(c.claim_id for c in m.claims), ";".join(claimants), len(claimants) == 1),
        *(max(days) if days else pd.NaT, m.said.middle, m.implied.middle, m.unit),
        *(m.said.middle - m.implied.middle, m.beyond, m.arithmetic, "; ".join(notes)),
    )


def _share_of_total(claims: Sequence[Claim]) -> Iterator[_Mismatch]:
    """Hold a share and a total against what is left, and against what is held again."""
    for share, other in _pairs(claims, lambda c: c.is_share, _is_left_or_regained):
        if not (_of_one_side(share, other) and _same_day(share, other)):
            continue
        left = other.measure == "area_held"
        if left == (other.party == share.party):
            continue
        held_by = other.party if left else ""
        totals = [c for c in _totals(claims, share, other) if c.party != share.party and held_by in ("", c.party)]
        own = any(c.claimant == share.claimant for c in totals) and share.claimant == other.claimant
        if not own and share.claimant == other.claimant and _has_both_parts(claims, share):
            continue  # the claimant's own parts are held against the share, which needs no total of others
        made = [_of_total(share, total, other, left=left) for total in totals if total != other]
        if made and all(m.beyond > 1e-9 for m in made):
            yield min(made, key=lambda m: m.beyond)


def _of_total(share: Claim, total: Claim, other: Claim, *, left: bool) -> _Mismatch:
    part = _range(share)
    if left:
        part = _Range(100 - part.high, 100 - part.middle, 100 - part.low)
    implied = _range(total) * _Range(part.low / 100, part.middle / 100, part.high / 100)
    low, high = sorted(total.middle * (100 - s if left else s) / 100 for s in (share.lower, share.upper))
    verb = "leaves" if left else "is"
    sentence = f"{_said(share)} % of {_said(total)} km2 {verb} {_span(low, high)} km2, not {_said(other)}"
    return _Mismatch("share of a total", (share, total, other), _range(other), implied, "km2", sentence)


def _share_of_parts(claims: Sequence[Claim]) -> Iterator[_Mismatch]:
    """Hold a share against what one claimant says is held again and still held."""
    for share in (c for c in claims if c.is_share):
        for again, left in _parts(claims, share.party):
            if share.claimant != again.claimant or not (_alike(share, again) and _same_day(share, again)):
                continue
            a, b = _range(again), _range(left)
            if a.middle + b.middle <= 0:
                continue
            implied = _Range(_percent(a.low, b.high), _percent(a.middle, b.middle), _percent(a.high, b.low))
            sentence = (
                f"{_said(again)} km2 held again and {_said(left)} km2 still held make "
                f"{_number(implied.middle, 2)} % held again, not {_said(share)} %"
            )
            claims_ = (share, again, left)
            yield _Mismatch("share of the parts", claims_, _range(share), implied, "%", sentence)


def _sum_of_parts(claims: Sequence[Claim]) -> Iterator[_Mismatch]:
    """Hold what one claimant says is held again and still held against the total."""
    for again, left in _parts(claims, None):
        totals = [c for c in _totals(claims, again, left) if c.party == left.party and c not in (again, left)]
        made = []
        for total in totals:
            implied = _range(again) + _range(left)
            sentence = (
                f"{_said(again)} km2 held again and {_said(left)} km2 still held make "
                f"{_number(implied.middle, 2)} km2, not {_said(total)}"
            )
            claims_ = (again, left, total)
            made.append(_Mismatch("sum of the parts", claims_, _range(total), implied, "km2", sentence))
        if made and all(m.beyond > 1e-9 for m in made):
            yield min(made, key=lambda m: m.beyond)


def _running_count(claims: Sequence[Claim]) -> Iterator[_Mismatch]:
    """Compare what is held again in all on two days."""
    running = [c for c in claims if c.measure.endswith("_regained")]
    for early, late in _in_order(running):
        if early.measure == late.measure and early.party == late.party and _of_one_side(early, late):
            unit = _unit(early)
            sentence = (
                f"{_said(early)} {unit} were held again in all by {early.day:%Y-%m-%d}, "
                f"and only {_said(late)} by {late.day:%Y-%m-%d}"
            )
            yield _no_more(_range(early), _range(late), "running count", (early, late), unit, sentence)


def _part_and_whole(claims: Sequence[Claim]) -> Iterator[_Mismatch]:
    """Compare districts and regions, control and grey zone, shorter and longer periods."""
    for part, whole in _pairs(claims, lambda c: bool(c.district), lambda c: not c.district):
        same = (part.measure, part.party, part.basis) == (whole.measure, whole.party, whole.basis)
        same = same and (part.start, whole.start) == (None, None)
        same = same and part.measure != "share_regained" and _one_side(part, whole) and _same_day(part, whole)
        if same and set(part.regions) <= set(whole.regions):
            yield _part_of(part, whole, f"in {part.district}", f"in all of {' and '.join(whole.regions)}")
    for districts, whole in _district_sums(claims):
        total = _sum([_range(d) for d in districts])
        unit = _unit(whole)
        sentence = (
            f"{' + '.join(_said(d) for d in districts)} {unit} in {len(districts)} districts make "
            f"{_number(total.middle, 2)}, more than the {_said(whole)} in all of {' and '.join(whole.regions)}"
        )
        yield _no_more(total, _range(whole), "part and whole", (*districts, whole), unit, sentence)
    for firm, both in _pairs(claims, lambda c: c.basis == "control", lambda c: c.basis == "control+grey"):
        if _same_thing(firm, both) and _one_side(firm, both) and firm.claimant == both.claimant:
            yield _part_of(firm, both, "under control", "with the grey zone")
    gains = [c for c in claims if c.start is not None and c.day is not None]
    for short, long in _pairs(gains, lambda c: True, lambda c: True):
        if (short.measure, short.party, short.district) != (long.measure, long.party, long.district):
            continue
        if _inside(short, long) and set(short.regions) <= set(long.regions) and _one_side(short, long):
            yield _part_of(short, long, _period(short), _period(long))


def _part_of(part: Claim, whole: Claim, of_part: str, of_whole: str) -> _Mismatch:
    unit = _unit(part)
    sentence = f"{_said(part)} {unit} {of_part} cannot be part of {_said(whole)} {of_whole}"
    return _no_more(_range(part), _range(whole), "part and whole", (part, whole), unit, sentence)


def _gain_and_stock(claims: Sequence[Claim]) -> Iterator[_Mismatch]:
    """Hold what is held on two days against what was gained between them."""
    two_parties = len({c.party for c in claims}) == 2
    for gain in (c for c in claims if c.start is not None and c.day is not None):
        kind = gain.measure.partition("_")[0]
        stocks = [c for c in claims if c.measure in (f"{kind}_held", f"{kind}_regained") and c.basis != "control+grey"]
        stocks = [c for c in stocks if c.basis != "combat zone" and _alike(c, gain) and _one_side(c, gain)]
        before = [c for c in stocks if c.day == gain.start]
        after = [c for c in stocks if c.day == gain.day]
        for a, b in ((a, b) for a in before for b in after):
            if (a.measure, a.party) != (b.measure, b.party) or a.claimant != b.claimant:
                continue
            own = a.party == gain.party
            if not own and (a.measure.endswith("_regained") or not two_parties):
                continue
            change = _range(b) - _range(a) if own else _range(a) - _range(b)
            unit = _unit(gain)
            sentence = (
                f"from {_said(a)} to {_said(b)} {unit} is {_number(abs(change.middle), 2)} "
                f"{'more' if own else 'less'}, but only {_said(gain)} were gained"
            )
            yield _no_more(change, _range(gain), "gain and stock", (a, b, gain), unit, sentence)


def _peaks(claims: Sequence[Claim]) -> Iterator[_Mismatch]:
    """Hold a figure for a day against the same claimant's peak; of several peaks the largest counts."""
    for claim in (c for c in claims if c.measure.endswith("_held") and c.day is not None):
        peaks = [c for c in claims if c.day is None and c.claimant == claim.claimant]
        peaks = [c for c in peaks if _alike(c, claim) and (c.measure, c.party) == (claim.measure, claim.party)]
        peaks = [c for c in peaks if c.basis == claim.basis]
        if peaks:
            peak = max(peaks, key=lambda c: _range(c).high)
            unit = _unit(claim)
            sentence = f"{_said(claim)} {unit} on {claim.day:%Y-%m-%d} are more than the peak, {_said(peak)}"
            yield _no_more(_range(claim), _range(peak), "peak", (claim, peak), unit, sentence)


def _said_twice(claims: Sequence[Claim]) -> Iterator[_Mismatch]:
    """Find two figures of one claimant for one thing."""
    for one, two in combinations(claims, 2):
        same = one.claimant == two.claimant and (one.day, one.start, one.basis) == (two.day, two.start, two.basis)
        if same and _same_thing(one, two):
            unit = _unit(one)
            when = "as the peak" if one.day is None else f"for {one.day:%Y-%m-%d}"
            sentence = f"{one.claimant} gives both {_said(one)} and {_said(two)} {unit} {when}"
            yield _Mismatch("said twice", (one, two), _range(one), _range(two), unit, sentence)


def _reversed_range(claims: Sequence[Claim]) -> Iterator[_Mismatch]:
    """Find a range whose lower end is above its upper."""
    for c in (c for c in claims if c.lower > c.upper):
        said, implied = (_Range(value, value, value) for value in (c.lower, c.upper))
        sentence = f"the lower end, {_number(c.lower, 2)} {_unit(c)}, is above the upper, {_number(c.upper, 2)}"
        yield _Mismatch("range", (c,), said, implied, _unit(c), sentence)


_IDENTITIES: tuple[Callable[[Sequence[Claim]], Iterable[_Mismatch]], ...] = (
    _share_of_total,
    _share_of_parts,
    _sum_of_parts,
    _running_count,
    _part_and_whole,
    _gain_and_stock,
    _peaks,
    _said_twice,
    _reversed_range,
)


def _no_more(
    part: _Range, whole: _Range, identity: str, claims: tuple[Claim, ...], unit: str, sentence: str
) -> _Mismatch:
    """Make the mismatch of a figure that must not exceed another; the other may be anything from it upwards."""
    at_least = _Range(part.low, part.middle, math.inf)
    return _Mismatch(identity, claims, whole, at_least, unit, sentence)


def _range(claim: Claim) -> _Range:
    """Tell what a figure may stand for: see `claim_mismatches` on rounding."""
    lower, upper = min(claim.lower, claim.upper), max(claim.lower, claim.upper)
    slack = _slack(claim) if lower == upper else 0.0
    most = 100.0 if claim.measure.startswith("share") else math.inf
    return _Range(
        0.0 if _hedged(claim, _LESS) else max(lower - slack, 0.0),
        (lower + upper) / 2,
        most if _hedged(claim, _MORE) else min(upper + slack, most),
    )


def _hedged(claim: Claim, words: re.Pattern[str]) -> bool:
    """Tell whether the note quotes the claimant with one of these words, and not for another figure."""
    own = {_number(value, 2).replace(",", "") for value in (claim.lower, claim.upper)}
    quotes = [quoted for quoted in _QUOTED.findall(claim.note) if set(_FIGURE.findall(quoted)) <= own]
    return any(words.search(quoted) for quoted in quotes)


def _slack(claim: Claim) -> float:
    """Tell how far one figure may be rounded."""
    value = claim.lower
    if claim.computed:
        return max(LOOSENESS * value, ROUNDING)
    exponent = Decimal(repr(value)).normalize().as_tuple().exponent if value else 0
    step = 10.0 ** int(exponent)
    if step <= 1 or (claim.measure.startswith("share") and value >= 100):
        return 0.0 if claim.measure.startswith("settlements") else min(step, 1.0) / 2
    return min(step / 2, max(LOOSENESS * value, ROUNDING))


def _is_left_or_regained(claim: Claim) -> bool:
    dated = claim.day is not None and not claim.district
    return dated and (claim.is_total or claim.measure == "area_regained")


def _totals(claims: Sequence[Claim], one: Claim, other: Claim) -> list[Claim]:
    """Find the totals that the two figures may be about: the claimant's own, else those of the side."""
    told = [c for c in claims if c.is_total and c.regions == one.regions and _one_side(c, one)]
    own = [c for c in told if c.claimant == one.claimant == other.claimant]
    for group in (own, told):
        peaks = [c for c in group if c.day is None]
        dated = [c for c in published_totals(group, until=one.day) if c.day is not None and not _same_day(c, one)]
        if peaks or dated:
            return peaks or dated
    return []


def _has_both_parts(claims: Sequence[Claim], share: Claim) -> bool:
    """Tell whether the claimant of a share tells for its day both what is held again and what is still held."""
    parts = _parts(claims, share.party)
    return any(a.claimant == share.claimant and _alike(a, share) and _same_day(a, share) for a, _ in parts)


def _parts(claims: Sequence[Claim], party: str | None) -> Iterator[tuple[Claim, Claim]]:
    """Pair what is held again and what is still held, by one claimant for one day."""
    for again, left in _pairs(claims, lambda c: c.measure == "area_regained", lambda c: c.is_total):
        if again.claimant != left.claimant or again.party == left.party or party not in (None, again.party):
            continue
        if _alike(again, left) and _same_day(again, left):
            yield again, left


def _district_sums(claims: Sequence[Claim]) -> Iterator[tuple[list[Claim], Claim]]:
    """Find several districts by one claimant for one day, and the whole region by the same."""
    for whole in (c for c in claims if not c.district and c.start is None and c.measure != "share_regained"):
        parts: dict[str, Claim] = {}
        for c in claims:
            same = (c.claimant, c.measure, c.party, c.basis) == (
                whole.claimant, whole.measure, whole.party, whole.basis,
            )  # fmt: skip
            if same and c.district and c.start is None and set(c.regions) <= set(whole.regions) and _same_day(c, whole):
                parts.setdefault(c.district, c)
        if len(parts) > 1:
            yield list(parts.values()), whole


def _pairs(
    claims: Sequence[Claim], first: Callable[[Claim], bool], second: Callable[[Claim], bool]
) -> Iterator[tuple[Claim, Claim]]:
    left, right = [c for c in claims if first(c)], [c for c in claims if second(c)]
    return ((a, b) for a in left for b in right if a is not b)


def _in_order(claims: Sequence[Claim]) -> Iterator[tuple[Claim, Claim]]:
    """Pair claims of which the second is about a later day, beyond doubt."""
    for a, b in _pairs(claims, lambda c: c.day is not None, lambda c: c.day is not None):
        doubt = ORDER_DAYS if a.approximate or b.approximate else SAME_DAY_DAYS
        if a.day is not None and b.day is not None and _days_between(a.day, b.day) > doubt:
            yield a, b


def _alike(a: Claim, b: Claim) -> bool:
    """Tell whether two figures are about the same ground."""
    return a.regions == b.regions and a.district == b.district


def _same_thing(a: Claim, b: Claim) -> bool:
    """Tell whether two figures measure the same of the same party, ground and day."""
    return _alike(a, b) and (a.measure, a.party) == (b.measure, b.party) and (_same_day(a, b) or a.day is b.day is None)


def _of_one_side(a: Claim, b: Claim) -> bool:
    return _alike(a, b) and _one_side(a, b)


def _one_side(a: Claim, b: Claim) -> bool:
    """Tell whether two figures come from one claimant, or from claimants of one side."""
    return a.claimant == b.claimant or a.side == b.side != INDEPENDENT


def _same_day(a: Claim, b: Claim) -> bool:
    return a.day is not None and b.day is not None and abs(_days_between(a.day, b.day)) <= SAME_DAY_DAYS


def _days_between(a: pd.Timestamp, b: pd.Timestamp) -> int:
    return int((b - a).days)


def _inside(short: Claim, long: Claim) -> bool:
    """Tell whether one period lies in another and is the shorter."""
    if short.start is None or short.day is None or long.start is None or long.day is None:
        return False
    within = long.start <= short.start and short.day <= long.day
    return within and (short.start, short.day) != (long.start, long.day)


def _period(claim: Claim) -> str:
    return f"from {claim.start:%Y-%m-%d} to {claim.day:%Y-%m-%d}"


def _unit(claim: Claim) -> str:
    return _UNITS.get(claim.measure.partition("_")[0], "")


def _sum(ranges: Sequence[_Range]) -> _Range:
    total = ranges[0]
    for one in ranges[1:]:
        total += one
    return total


def _percent(part: float, rest: float) -> float:
    return 100.0 if math.isinf(part) else 100 * part / (part + rest) if part + rest > 0 else 0.0


def _said(claim: Claim) -> str:
    """Write a claimed figure, with what its note says of it."""
    more, less = (_hedged(claim, words) for words in (_MORE, _LESS))
    return _span(claim.lower, claim.upper, 2) + (" or more" if more else " or less" if less else "")


def _span(lower: float, upper: float, digits: int = 0) -> str:
    """Write a figure or a range as people do."""
    low, high = _number(lower, digits), _number(upper, digits)
    return low if low == high else f"{low} to {high}"


def _number(value: float, digits: int) -> str:
    """Write a number with no more digits than asked for; small ones keep two that tell."""
    if digits == 0 and 0 < abs(value) < 10:
        digits = 1
    text = f"{np.round(value, digits):,.{digits}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
