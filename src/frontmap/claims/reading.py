"""Reading the ledger: its rows as claims, and the totals among them that a share can be a share of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import pandas as pd

ROUNDING = 0.5
"""Published figures are whole numbers: what differs by no more than this, in their unit, does not differ."""


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
    claimant: str = ""
    side: str = ""
    computed: bool = False
    note: str = ""

    @property
    def about(self) -> str:
        """The ground the figure is about, in words."""
        regions = " and ".join(self.regions)
        return f"{self.district}, {regions}" if self.district else regions

    @property
    def middle(self) -> float:
        """Middle of the range."""
        return (self.lower + self.upper) / 2

    @property
    def is_total(self) -> bool:
        """Whether it tells all ground that the party holds in its regions."""
        return self.measure == "area_held" and self.basis == "control" and not self.district

    @property
    def is_share(self) -> bool:
        """Whether it tells which share of all ground lost in its regions is held again."""
        return self.measure == "share_regained" and not self.district


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
        claimant=str(row["claimant"]),
        side=str(row["claimant_side"]),
        computed=bool(row["computed"]),
        note=str(row["note"]),
    )


def read_claims(ledger: pd.DataFrame, *, as_of: date | None = None) -> list[Claim]:
    """Read the ledger, or what of it was published by a day.

    Parameters
    ----------
    ledger
        The claims table.
    as_of
        Leave out what was published later; None for all.

    Returns
    -------
    list of Claim
        In the order of the ledger.

    Raises
    ------
    KeyError
        If a column is missing.
    """
    rows = ledger.to_dict("records")
    claims = [read_claim({str(name): value for name, value in row.items()}) for row in rows]
    return [claim for claim in claims if not published_after(claim, as_of)]


def published_after(claim: Claim, as_of: date | None) -> bool:
    """Tell whether a claim was not yet published on a day.

    Parameters
    ----------
    claim
        One claim.
    as_of
        The day; None for no day, which nothing is later than.

    Returns
    -------
    bool
        False too where the day of publication is not known.

    Raises
    ------
    TypeError
        If `as_of` is no day.
    """
    return as_of is not None and claim.published is not None and claim.published.date() > as_of


def published_totals(claims: Sequence[Claim], *, until: pd.Timestamp | None = None) -> list[Claim]:
    """Choose the figures of ground held that somebody may mean by "all that was lost".

    These are the undated peaks; the largest dated figure; and, as large as the peaks, every dated figure that lies
    between the smallest and the largest published peak.

    Parameters
    ----------
    claims
        Totals of one party in one region, see `Claim.is_total`.
    until
        Leave out figures for a later day; None keeps all.

    Returns
    -------
    list of Claim
        In the order given.

    Raises
    ------
    AttributeError
        If these are no claims.
    """
    peaks = [c for c in claims if c.day is None]
    dated = [c for c in claims if c.day is not None and (until is None or c.day <= until)]
    largest = max((c.upper for c in dated), default=0.0)
    least, most = min((c.lower for c in peaks), default=0.0), max((c.upper for c in peaks), default=-1.0)
    chosen = [c for c in dated if c.upper == largest or least <= c.lower <= c.upper <= most]
    return [c for c in claims if c in peaks or c in chosen]


def _day(value: object) -> pd.Timestamp | None:
    day = pd.Timestamp(value) if isinstance(value, (pd.Timestamp, str)) and value else None
    return None if day is None or pd.isna(day) else day
