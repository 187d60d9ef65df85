"""Claims: every published figure tested against ours for the same day, ground and meaning; none is dropped."""

from __future__ import annotations

from frontmap.claims.fractions import first_day_at_or_below, fraction_days, fraction_table
from frontmap.claims.ledger import denominators, test_claims, verdict_of
from frontmap.claims.mismatches import claim_mismatches
from frontmap.claims.reading import Claim, read_claim

__all__ = [
    "Claim",
    "claim_mismatches",
    "denominators",
    "first_day_at_or_below",
    "fraction_days",
    "fraction_table",
    "read_claim",
    "test_claims",
    "verdict_of",
]
