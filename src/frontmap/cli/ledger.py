"""Tables of the claims for people: figures, shares, days on which fractions were reached, mismatches."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd

FRACTIONS_TITLE = "First day on which no more was left, by published share lost and by the total it may be a share of"
MISMATCHES_TITLE = "Published figures that cannot be true together, by arithmetic alone"


def figures_for_people(ledger: pd.DataFrame) -> pd.DataFrame:
    """
    Shorten the ledger to what fits a screen.

    Parameters
    ----------
    ledger
        What `frontmap.test_claims` returned.

    Returns
    -------
    DataFrame
        One row for each claim.

    Raises
    ------
    KeyError
        If a column is missing.
    """
    import pandas as pd

    def figure(row: pd.Series) -> str:
        if pd.isna(row["figure"]):
            return ""
        return with_interval(row["figure"], row["figure_low"], row["figure_high"])

    where = (ledger["district"] + ", ").where(ledger["district"] != "", "") + ledger["region"].str.replace(";", ", ")
    basis = (", " + ledger["basis"]).where(~ledger["basis"].isin(["control", "share"]), "")
    return pd.DataFrame(
        {
            "claim": ledger["claim_id"],
            "day": ledger["as_of_date"],
            "claimant": ledger["claimant"],
            "about": ledger["party"] + " " + ledger["measure"].str.replace("_", " ") + ", " + where + basis,
            "published": _published(ledger),
            "ours": [figure(row) for _, row in ledger.iterrows()],
            "difference": ledger["difference"].map("{:+,.0f}".format).where(ledger["difference"].notna(), ""),
            "verdict": ledger["verdict"],
        }
    )


def shares_for_people(ledger: pd.DataFrame) -> pd.DataFrame:
    """
    Tell of which totals each published share would be true.

    Parameters
    ----------
    ledger
        What `frontmap.test_claims` returned.

    Returns
    -------
    DataFrame
        One row for each share that was tested.

    Raises
    ------
    KeyError
        If a column is missing.
    """
    import pandas as pd

    shares = ledger[ledger["denominators"] != ""]
    totals = zip(shares["denominator"], shares["denominator_low"], shares["denominator_high"], strict=True)
    return pd.DataFrame(
        {
            "claim": shares["claim_id"],
            "day": shares["as_of_date"],
            "claimant": shares["claimant"],
            "published": _published(shares),
            "true of a total of km2": ["" if pd.isna(row[0]) else with_interval(*row) for row in totals],
            "published totals among these": shares["denominators"].map(_first_and_last),
        }
    )


def fractions_for_people(fractions: pd.DataFrame, *, every_total: bool) -> pd.DataFrame:
    """
    Shorten the days on which fractions were reached.

    Parameters
    ----------
    fractions
        What `frontmap.claims.fraction_table` returned.
    every_total
        A row for each total; else for each share the one published most often, our peak, and all others together.

    Returns
    -------
    DataFrame
        By share and total.

    Raises
    ------
    KeyError
        If a column is missing.
    """
    import pandas as pd

    rows = []
    for percent, group in fractions.groupby("lost_percent"):
        single = group if every_total else group.head(2)
        parts = [group.iloc[[n]] for n in range(len(single))]
        if len(group) > len(single):
            parts.append(group.iloc[len(single) :])
        claimed = str(group["claimed"].iloc[0]).replace(";", ", ")
        rows += [{"lost": f"{percent:g} %", "published for": claimed, **_reached(part)} for part in parts]
    return pd.DataFrame(rows)


def mismatches_for_people(mismatches: pd.DataFrame) -> pd.DataFrame:
    """
    Shorten the mismatches to the arithmetic and its size.

    Parameters
    ----------
    mismatches
        What `frontmap.claims.claim_mismatches` returned.

    Returns
    -------
    DataFrame
        One row for each.

    Raises
    ------
    KeyError
        If a column is missing.
    """
    import pandas as pd

    sizes = zip(mismatches["difference"].abs(), mismatches["beyond_rounding"], mismatches["unit"], strict=True)
    return pd.DataFrame(
        {
            "claims": mismatches["claim_ids"].str.replace(";", ", "),
            "by": mismatches["claimants"].str.replace(";", "; "),
            "day": mismatches["as_of_date"],
            "arithmetic": mismatches["arithmetic"],
            "apart by": [f"{apart:,.3g} {unit} ({beyond:,.2g} beyond rounding)" for apart, beyond, unit in sizes],
        }
    )


def with_interval(best: float, low: float, high: float) -> str:
    """
    Write a figure with its interval, if it has one.

    Parameters
    ----------
    best, low, high
        In one unit.

    Returns
    -------
    str
        Whole numbers.

    Raises
    ------
    ValueError
        If these are no numbers.
    """
    figure, least, most = (f"{value:,.0f}" for value in (best, low, high))
    return figure if least == most == figure else f"{figure} ({least} to {most})"


def _published(ledger: pd.DataFrame) -> pd.Series:
    lower, upper = (ledger[name].map("{:,.10g}".format) for name in ("lower", "upper"))
    return lower.where(lower == upper, lower + " to " + upper) + " " + ledger["unit"]


def _first_and_last(totals: str) -> str:
    """Shorten a list of totals: all that were published between the first and the last are in it."""
    published = [text for text in totals.split("; ") if not text.startswith("and ")]
    peak = totals[len("; ".join(published)) :]
    if len(published) < 3:
        return totals
    return f"all {len(published)} from {published[0]} to {published[-1]}{peak}"


def _reached(rows: pd.DataFrame) -> dict[str, str]:
    """Tell total, what is left of it, and the days, of one total or of several together."""
    left = _span([f"{value:,.0f}" if value >= 10 else f"{value:.1f}" for value in sorted(rows["threshold_km2"])])
    total = rows["denominator"].iloc[0]
    if len(rows) > 1:
        sizes = sorted(rows["denominator_km2"])
        total = f"any of {len(rows)} other published totals, {sizes[0]:,.0f} to {sizes[-1]:,.0f} km2"
    day, low, high = (_span(_days(rows, suffix)) for suffix in ("", "_low", "_high"))
    found = {"of a total of": total, "left, km2": left, "best": day, "earliest": low, "latest": high}
    share = rows["reached"].dropna()
    return found | ({"in draws": _span([f"{100 * value:.0f} %" for value in sorted(share)])} if len(share) else {})


def _days(rows: pd.DataFrame, suffix: str) -> list[str]:
    """Write the days in order, with the reason where there is none."""
    days = rows.assign(day_=rows[f"day{suffix}"], why_=rows[f"why{suffix}"])
    never = days["why_"].str.startswith("never")
    order = days.assign(rank_=(~never).astype(int) + (days["day_"].isna() & ~never)).sort_values(["rank_", "day_"])
    whys = order["why_"] if len(rows) == 1 else order["why_"].str.replace(r" (?:in|\().*", "", regex=True)
    return [why or f"{day:%Y-%m-%d}" for day, why in zip(order["day_"], whys, strict=True)]


def _span(texts: Sequence[str]) -> str:
    return texts[0] if texts[0] == texts[-1] else f"{texts[0]} to {texts[-1]}"
