"""The published figures and how they were tested, in one language, as plain text."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import pandas as pd

from frontmap.wording.language import MISSING, Language
from frontmap.wording.table import Cell, Table, made
from frontmap.wording.tables import day_cell

if TYPE_CHECKING:
    from frontmap.history import History
    from frontmap.theatre import Theatre

__all__ = ["claim_title", "claims_intro", "claims_table", "fractions_intro", "fractions_table", "mismatches_table"]


def claims_intro(ledger: pd.DataFrame, to: Language) -> str:
    """Count the verdicts.

    Parameters
    ----------
    ledger
        What `frontmap.test_claims` returned.
    to
        The language.

    Returns
    -------
    str
        A paragraph.

    Raises
    ------
    KeyError
        If the language lacks a text.
    """
    counts = ledger["verdict"].value_counts()
    by_verdict = {key.split()[0]: to.number(int(counts.get(key, 0))) for key in to.table("verdicts")}
    return to.text("claimsIntro", total=to.number(len(ledger)), **by_verdict)


def claims_table(history: History, ledger: pd.DataFrame, to: Language) -> Table:
    """Tell every published figure with ours and the verdict.

    Parameters
    ----------
    history
        An assessed history.
    ledger
        What `frontmap.test_claims` returned for it.
    to
        The language.

    Returns
    -------
    Table
        One row for each claim, its id beside it.

    Raises
    ------
    KeyError
        If a column or a text is missing.
    """
    keys = ("day", "claimant", "subject", "figure", "ours", "verdict", "reason", "sources")
    rows = [_claim_row(history, row, to) for row in ledger.to_dict("records")]
    titles = [to.text(f"claimHead.{key}") for key in keys]
    return made(to.text("sections.claims"), titles, rows, ids=ledger["claim_id"].astype(str))


def claim_title(theatre: Theatre, row: Mapping[Any, Any], to: Language) -> str:
    """Tell a claim of an area held in one line.

    Parameters
    ----------
    theatre
        Names the parties.
    row
        A row of the claims table.
    to
        The language.

    Returns
    -------
    str
        As in ``Monitor: Freedonia, 80 km² (control), 6 January 2024``.

    Raises
    ------
    KeyError
        If a column or a text is missing.
    """
    undated = row["as_of_date"] is pd.NaT
    when = to.text("chartUndated", day=to.day(row["published_date"])) if undated else to.day(row["as_of_date"])
    return to.text(
        "chartClaim",
        claimant=row["claimant"],
        party=to.party(theatre, row["party"]),
        figure=_span(row["lower"], row["upper"], to),
        basis=to.table("bases").get(row["basis"], row["basis"]),
        day=when,
    )


def _claim_row(history: History, row: Mapping[Any, Any], to: Language) -> list[Cell]:
    theatre = history.theatre
    about = ", ".join(to.place(theatre, part) for part in (row["district"], row["region"]) if part)
    measure = to.table("measures").get(row["measure"], row["measure"])
    basis = to.table("bases").get(row["basis"], row["basis"])
    names, addresses = row["source_names"].split(";"), row["urls"].split()
    links = tuple(
        (names[place].strip() if place < len(names) else names[-1].strip(), address)
        for place, address in enumerate(addresses)
    )
    verdict = to.table("verdicts").get(row["verdict"], row["verdict"])
    return [
        day_cell(history, to, row["as_of_date"], to.text("claimHead.published", day=to.day(row["published_date"]))),
        Cell(row["claimant"], to.source_side(theatre, row["claimant_side"]), recorded=True),
        Cell(f"{to.party(theatre, row['party'])}, {measure}", "; ".join(part for part in (about, basis) if part)),
        Cell(_figure(_span(row["lower"], row["upper"], to), row["unit"], to), opens=str(row["claim_id"])),
        Cell(_ours(row, to), _difference(row, to)),
        Cell(verdict, verdict=row["verdict"]),
        Cell(_reason(history, row, to)),
        Cell(row["source_names"], links=links, recorded=True),
    ]


def _reason(history: History, row: Mapping[Any, Any], to: Language) -> str:
    reason = to.sentence(history.theatre, row["reason"]) or row["reason"]
    if not row["denominators"] or math.isnan(row["denominator_low"]):
        return str(reason)
    low, high = row["denominator_low"], row["denominator_high"]
    named = re.sub(r" \([^()]*\)", "", row["denominators"])  # claims.csv tells whose totals they are
    told = to.text(
        "claimHead.denominator",
        best=to.number(row["denominator"]),
        low=to.number(low),
        high=to.number(high) if math.isfinite(high) else "∞",
        named=to.sentence(history.theatre, named) or named,
    )
    return f"{reason}. {told}"


def _span(lower: float, upper: float, to: Language) -> str:
    return to.number(lower, 2) if lower == upper else to.span(to.number(lower, 2), to.number(upper, 2))


def _figure(text: str, unit: str, to: Language) -> str:
    if unit == "percent":
        return to.percent(text)
    return f"{text} {to.table('units').get(unit, unit)}".rstrip()


def _ours(row: Mapping[Any, Any], to: Language) -> str:
    if math.isnan(row["figure"]):
        return MISSING
    best, low, high = (to.number(row[name], int(row[name] < 100)) for name in ("figure", "figure_low", "figure_high"))
    return f"{_figure(best, row['unit'], to)} ({to.span(low, high)})"


def _difference(row: Mapping[Any, Any], to: Language) -> str:
    """Write the published figure less ours; nothing where there is no figure."""
    if math.isnan(row["difference"]):
        return ""
    sign = "+" if row["difference"] > 0 else "−" if row["difference"] < 0 else ""
    return to.text("claimHead.difference", difference=sign + to.number(abs(row["difference"])))


def fractions_intro(history: History, fractions: pd.DataFrame, to: Language) -> str:
    """Say what the table of lost shares tells.

    Parameters
    ----------
    history
        An assessed history.
    fractions
        What `frontmap.claims.fraction_table` returned for it.
    to
        The language.

    Returns
    -------
    str
        A paragraph; blank if there is no such share.

    Raises
    ------
    KeyError
        If a column or a text is missing.
    """
    if fractions.empty:
        return ""
    first, theatre = fractions.iloc[0], history.theatre
    names = {"party": to.party(theatre, first["party"]), "region": to.place(theatre, first["region"])}
    return to.text("fractions.intro", **names)


def fractions_table(history: History, fractions: pd.DataFrame, to: Language) -> Table:
    """Tell when each published share of the first two totals was lost, and for all totals the span of best days.

    Parameters
    ----------
    history
        An assessed history.
    fractions
        What `frontmap.claims.fraction_table` returned for it.
    to
        The language.

    Returns
    -------
    Table
        One row for each share; none if there is no such share.

    Raises
    ------
    KeyError
        If a column or a text is missing.
    """
    theatre = history.theatre
    totals = list(dict.fromkeys(fractions["denominator"]))[:2]
    rows = []
    for percent, group in fractions.groupby("lost_percent", sort=True):
        said = dict.fromkeys(day for cell in group["claimed"] for day in cell.split(";"))
        days = group["day"].dropna()
        span = [to.day(day) for day in dict.fromkeys([days.min(), days.max()])] if len(days) else [MISSING]
        cells = [_reached(history, row, to) for row in group.to_dict("records") if row["denominator"] in totals]
        told = ", ".join(to.day(pd.Timestamp(day)) if day[:1].isdigit() else day for day in said)
        across = to.text("fractions.to", low=span[0], high=span[-1]) if len(span) > 1 else span[0]
        rows.append([to.percent(to.number(float(str(percent)), 1)), told, *cells, across])
    head = to.table("fractions")
    of_totals = [to.text("fractions.of", total=to.sentence(theatre, total) or total) for total in totals]
    return made(head["title"], [head["share"], head["said"], *of_totals, head["any"]], rows)


def _reached(history: History, row: Mapping[Any, Any], to: Language) -> str:
    """Write the day on which a share is reached, with its interval; or why there is none."""
    best, low, high = (
        (to.sentence(history.theatre, row["why" + key]) or row["why" + key]) or to.day(row["day" + key])
        for key in ("", "_low", "_high")
    )
    return to.text("fractions.interval", best=best, low=low, high=high)


def mismatches_table(history: History, mismatches: pd.DataFrame, to: Language) -> Table:
    """Tell which published figures do not fit each other.

    Parameters
    ----------
    history
        An assessed history.
    mismatches
        What `frontmap.claims.claim_mismatches` returned for its ledger.
    to
        The language.

    Returns
    -------
    Table
        One row for each, with the ids of its claims.

    Raises
    ------
    KeyError
        If a column or a text is missing.
    """
    theatre = history.theatre
    rows: list[list[Cell | str]] = [
        [
            Cell(to.sentence(theatre, row["arithmetic"]) or row["arithmetic"], row["claim_ids"].replace(";", ", ")),
            Cell(row["claimants"].replace(";", ", "), recorded=True),
            to.day(row["as_of_date"]),
            f"{to.number(row['beyond_rounding'], 1)} {to.sentence(theatre, row['unit']) or row['unit']}".strip(),
        ]
        for row in mismatches.to_dict("records")
    ]
    titles = [to.text(f"mismatches.head.{key}") for key in ("arithmetic", "claimants", "day", "beyond")]
    return made(to.text("mismatches.title"), titles, rows)
