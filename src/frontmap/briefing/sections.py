"""The sections of a briefing below its map: pure functions from frames to HTML."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import TYPE_CHECKING, Any

import pandas as pd
from pandas.api.typing import NaTType

from frontmap.charts import charted_claims, claim_mark, claim_shapes
from frontmap.maps.escape import colour, escape, link
from frontmap.maps.palette import PALETTE
from frontmap.maps.payload import key_days, possessive
from frontmap.schema import CONTESTED

if TYPE_CHECKING:
    from frontmap.history import History
    from frontmap.theatre import Theatre

Texts = Mapping[str, Any]
MISSING = "–"


def section(name: str, title: str, body: str) -> str:
    """Wrap a section with its heading.

    Parameters
    ----------
    name
        Its anchor.
    title
        Heading, any text.
    body
        HTML.

    Returns
    -------
    str
        HTML.

    Raises
    ------
    TypeError
        If the body is no text.
    """
    heading = f'<h2 id="{name}-title">{escape(title)}</h2>'
    return f'<section id="{name}" aria-labelledby="{name}-title">{heading}{body}</section>'


def table(head: Sequence[str], rows: Iterable[Sequence[str]], *, caption: str, name: str = "", kind: str = "") -> str:
    """Write a table of cells that are HTML already.

    Parameters
    ----------
    head
        Column headings, any text.
    rows
        Cells as HTML; the first of each row is its heading.
    caption
        What the table tells, for those who do not see the page.
    name
        Identifier of the table.
    kind
        Further class; ``fm-numbers`` sets all but the first column to the right.

    Returns
    -------
    str
        HTML.

    Raises
    ------
    TypeError
        If a cell is no text.
    """
    # HTML closes cells and rows by itself, and takes first cells for headings of rows: telling it costs 2 % of a page.
    titles = "".join(f'<th scope="col">{escape(title)}' for title in head)
    lines = "".join(f"<tr><th>{first}{''.join(f'<td>{cell}' for cell in rest)}" for first, *rest in rows)
    identifier = f' id="{name}"' if name else ""
    return (
        f'<div class="fm-scroll" tabindex="0" role="group" aria-label="{escape(caption)}">'
        f'<table class="fm-table {kind}"{identifier}><caption class="fm-hidden">{escape(caption)}</caption>'
        f"<thead><tr>{titles}</thead><tbody>{lines}</tbody></table></div>"
    )


def number(value: float, decimals: int = 0) -> str:
    """Write a number for readers.

    Parameters
    ----------
    value
        Any number; missing ones become a dash.
    decimals
        At most this many, without trailing zeros.

    Returns
    -------
    str
        With thousands separators and a true minus sign.

    Raises
    ------
    TypeError
        If the value is no number.

    Examples
    --------
    >>> number(1294.04), number(5.5, 2), number(float("nan"))
    ('1,294', '5.5', '–')
    """
    if math.isnan(value):
        return MISSING
    text = f"{value:,.{decimals}f}"
    text = text.rstrip("0").rstrip(".") if decimals else text
    return "0" if text in {"-0", ""} else text.replace("-", "−")


def written_day(day: date | pd.Timestamp | NaTType | None, months: Sequence[str]) -> str:
    """Write a day for readers.

    Parameters
    ----------
    day
        A day; None and NaT become a dash.
    months
        Names of the months.

    Returns
    -------
    str
        As in ``6 September 2024``.

    Raises
    ------
    IndexError
        If there are fewer than twelve months.
    """
    if day is None or isinstance(day, NaTType):
        return MISSING
    return f"{day.day} {months[day.month - 1]} {day.year}"


def side_label(theatre: Theatre, side: str, independent: str) -> str:
    """Name a side of the sources.

    Parameters
    ----------
    theatre
        Whose parties are sides.
    side
        A party id or ``independent``.
    independent
        The word for everyone else.

    Returns
    -------
    str
        Its label.

    Raises
    ------
    AttributeError
        If the theatre has no parties.
    """
    return next((party.label for party in theatre.parties if party.id == side), independent)


def ground_label(theatre: Theatre, pattern: str, party: str, side: str) -> str:
    """Name what a party holds on a side of the border.

    Parameters
    ----------
    theatre
        Gives the labels.
    pattern
        Text with ``{party}`` and ``{side}``.
    party
        A party id.
    side
        A country.

    Returns
    -------
    str
        As in ``Freedonia on Sylvania's side``.

    Raises
    ------
    KeyError
        If the pattern asks for something else.
    """
    home = next((other.label for other in theatre.parties if other.home_country == side), side)
    return pattern.format(party=side_label(theatre, party, party), side=possessive(home))


def day_button(history: History, day: pd.Timestamp | NaTType | None, months: Sequence[str]) -> str:
    """Write a day as a button that moves the map there, or as plain text outside the period.

    Parameters
    ----------
    history
        Gives the period.
    day
        A day; None and NaT become a dash.
    months
        Names of the months.

    Returns
    -------
    str
        HTML.

    Raises
    ------
    IndexError
        If there are fewer than twelve months.
    """
    text = escape(written_day(day, months))
    if day is None or isinstance(day, NaTType) or not history.days[0] <= day <= history.days[-1]:
        return text
    return f'<button data-fm-day="{(day - history.days[0]).days}">{text}</button>'


def key_table(history: History, texts: Texts, months: Sequence[str]) -> str:
    """Tell the areas on the key dates.

    Parameters
    ----------
    history
        An assessed history.
    texts
        Texts of the briefing.
    months
        Names of the months.

    Returns
    -------
    str
        HTML.

    Raises
    ------
    KeyError
        If a text is missing.
    """
    head = texts["keyHead"]
    pairs, figures = history.headline, _figures(history)
    titles = [head["day"]]
    for pair in pairs:
        titles += [ground_label(history.theatre, head["held"], *pair), head["low"], head["gained"], head["lost"]]
    rows, before = [], history.days[0]
    for place in key_days(history):
        day = history.days[place]
        changes = history.changes(before.date(), day.date()).set_index(["party", "side"])
        row = [day_button(history, day, months)]
        for pair in pairs:
            best, interval = _with_interval(figures[day, *pair])
            moved = [number(float(changes[column].get(pair, 0.0))) for column in ("gained_km2", "lost_km2")]
            row += [f"<b>{best}</b>", interval, *moved]
        contested = sum(figures[day, CONTESTED, side][1] for side in history.sides)
        rows.append([*row, number(contested)])
        before = day
    shown = table([*titles, head["contested"]], rows, caption=texts["sections"]["key"], kind="fm-numbers")
    return f'{shown}<p class="fm-note">{escape(head["since"])}</p>{_weekly(history, figures, texts, months)}'


def _figures(history: History) -> dict[tuple[pd.Timestamp, str, str], tuple[float, float, float]]:
    """Look up low, best and high area in km2 by day, state and side."""
    columns = ["date", "party", "side", "area_low_km2", "area_km2", "area_high_km2"]
    rows = history.areas()[columns].itertuples(index=False, name=None)
    return {(day, party, side): (low, best, high) for day, party, side, low, best, high in rows}


def _with_interval(figure: tuple[float, float, float]) -> tuple[str, str]:
    low, best, high = figure
    return number(best), f"{number(low)} to {number(high)}"


def _weekly(
    history: History,
    figures: Mapping[tuple[pd.Timestamp, str, str], tuple[float, float, float]],
    texts: Texts,
    months: Sequence[str],
) -> str:
    """Tell the chart's numbers as a table, every seventh day."""
    titles = [texts["keyHead"]["day"]]
    for pair in history.headline:
        titles += [ground_label(history.theatre, texts["keyHead"]["held"], *pair), texts["keyHead"]["low"]]
    rows = []
    for day in history.days[::7]:
        cells = [text for pair in history.headline for text in _with_interval(figures[day, *pair])]
        rows.append([escape(written_day(day, months)), *cells])
    inner = table(titles, rows, caption=texts["weekly"], kind="fm-numbers")
    return f"<details><summary>{escape(texts['weekly'])}</summary>{inner}</details>"


def chart_keys(theatre: Theatre, texts: Texts) -> str:
    """Explain the marks of the chart.

    Parameters
    ----------
    theatre
        Gives parties and claims.
    texts
        Texts of the briefing.

    Returns
    -------
    str
        HTML.

    Raises
    ------
    KeyError
        If a text is missing.
    """
    words = texts["chartKeys"]
    sides = set(charted_claims(theatre.claims)["claimant_side"])
    marks = []
    for side, shape in claim_shapes(theatre.parties).items():
        if side in sides:
            label = side_label(theatre, side, "")
            text = words["claimBy"].format(side=label) if label else words["independent"]
            marks.append((f'{claim_mark(8, 8, shape)} fill="{PALETTE["muted"]}"/>', text))
    hollow = f'{claim_mark(8, 8, "circle")} fill="none" stroke="{PALETTE["muted"]}" stroke-width="1.5"/>'
    bands = "".join(
        f'<rect x="1" y="{1 + 7 * place}" width="14" height="7" fill="{colour(party.colour)}" fill-opacity=".25"/>'
        for place, party in enumerate(theatre.parties[:2])
    )
    items = [(bands, words["band"]), *marks, (hollow, words["hollow"])]
    listed = "".join(
        f'<li><svg width="16" height="16" viewBox="0 0 16 16" aria-hidden="true">{mark}</svg> {escape(text)}</li>'
        for mark, text in items
    )
    return f'<ul class="fm-chart-keys">{listed}</ul>'


def claims_section(
    history: History,
    ledger: pd.DataFrame,
    fractions: pd.DataFrame,
    mismatches: pd.DataFrame,
    texts: Texts,
    months: Sequence[str],
) -> str:
    """Tell every published figure with ours and the verdict.

    Parameters
    ----------
    history
        An assessed history.
    ledger
        What `frontmap.test_claims` returned for it.
    fractions
        What `frontmap.claims.fraction_table` returned for it.
    mismatches
        What `frontmap.claims.claim_mismatches` returned for the ledger.
    texts
        Texts of the briefing.
    months
        Names of the months.

    Returns
    -------
    str
        HTML.

    Raises
    ------
    KeyError
        If a column or a text is missing.
    """
    head = texts["claimHead"]
    counts = ledger["verdict"].value_counts()
    intro = texts["claimsIntro"].format(
        total=len(ledger), **{key.split()[0]: int(counts.get(key, 0)) for key in texts["verdicts"]}
    )
    options = "".join(
        f'<option value="{escape(key)}">{escape(label)}</option>' for key, label in texts["verdicts"].items()
    )
    filters = (
        f'<p class="fm-filter"><label>{escape(head["filter"])} <input type="search" id="claim-filter"></label> '
        f'<label>{escape(head["verdictFilter"])} <select id="claim-verdict">'
        f'<option value="">{escape(head["all"])}</option>{options}</select></label> '
        f'<span id="claim-count" role="status" data-pattern="{escape(head["shown"])}"></span></p>'
    )
    keys = ("day", "claimant", "subject", "figure", "ours", "verdict", "reason", "sources")
    rows = [_claim_row(history, row, texts, months) for row in ledger.to_dict("records")]
    body = table([head[key] for key in keys], rows, caption=texts["sections"]["claims"], name="claim-table")
    below = _fractions(history, fractions, texts, months) + _mismatches(mismatches, texts, months)
    return f"<p>{escape(intro)}</p>{filters}{body}{below}"


def _fractions(history: History, fractions: pd.DataFrame, texts: Texts, months: Sequence[str]) -> str:
    """Tell when each published share of the first two totals was lost, and for all totals the span of best days."""
    if fractions.empty:
        return ""
    words, first = texts["fractions"], fractions.iloc[0]
    totals = list(dict.fromkeys(fractions["denominator"]))[:2]
    rows = []
    for percent, group in fractions.groupby("lost_percent", sort=True):
        said = dict.fromkeys(day for cell in group["claimed"] for day in cell.split(";"))
        days = group["day"].dropna()
        span = [written_day(day, months) for day in dict.fromkeys([days.min(), days.max()])] if len(days) else [MISSING]
        cells = [_reached(row, words, months) for row in group.to_dict("records") if row["denominator"] in totals]
        told = ", ".join(written_day(pd.Timestamp(day), months) if day[:1].isdigit() else day for day in said)
        rows.append([escape(f"{number(float(str(percent)), 1)}%"), escape(told), *cells, escape(" to ".join(span))])
    of_totals = [words["of"].format(total=squared(total)) for total in totals]
    head = [words["share"], words["said"], *of_totals, words["any"]]
    intro = words["intro"].format(
        party=side_label(history.theatre, first["party"], first["party"]), region=first["region"].replace(";", ", ")
    )
    shown = table(head, rows, caption=words["title"], name="fraction-table")
    return f"<h3>{escape(words['title'])}</h3><p>{escape(intro)}</p>{shown}"


def _reached(row: Mapping[Any, Any], words: Mapping[str, str], months: Sequence[str]) -> str:
    """Write the day on which a share is reached, with its interval; or why there is none."""
    best, low, high = (
        squared(row["why" + key]) or written_day(row["day" + key], months) for key in ("", "_low", "_high")
    )
    return escape(words["interval"].format(best=best, low=low, high=high))


def _mismatches(mismatches: pd.DataFrame, texts: Texts, months: Sequence[str]) -> str:
    """Tell which published figures do not fit each other."""
    words = texts["mismatches"]
    heading = f"<h3>{escape(words['title'])}</h3>"
    if mismatches.empty:
        return f"{heading}<p>{escape(words['none'])}</p>"
    rows = [
        [
            f"{escape(squared(row['arithmetic']))}<small>{escape(row['claim_ids'].replace(';', ', '))}</small>",
            escape(row["claimants"].replace(";", ", ")),
            escape(written_day(row["as_of_date"], months)),
            escape(f"{number(row['beyond_rounding'], 1)} {squared(row['unit'])}"),
        ]
        for row in mismatches.to_dict("records")
    ]
    titles = [words["head"][key] for key in ("arithmetic", "claimants", "day", "beyond")]
    shown = table(titles, rows, caption=words["title"], name="mismatch-table")
    return f"{heading}<p>{escape(words['intro'])}</p>{shown}"


def squared(text: object) -> str:
    """Write square kilometres in prose as everywhere on the page.

    Parameters
    ----------
    text
        A sentence; None is the empty one.

    Returns
    -------
    str
        With ``km²`` for ``km2``.

    Raises
    ------
    Nothing; whatever has a text can be written.

    Examples
    --------
    >>> squared("of 1,300 km2")
    'of 1,300 km²'
    """
    return "" if text is None else re.sub(r"\bkm2\b", "km²", str(text))


def parameters_table(parameters: Iterable[Mapping[str, str]], texts: Texts) -> str:
    """Tell every parameter of the estimate.

    Parameters
    ----------
    parameters
        As from `frontmap.estimate.parameters.described`.
    texts
        Texts of the briefing.

    Returns
    -------
    str
        HTML.

    Raises
    ------
    KeyError
        If a text or a column is missing.
    """
    rows = [
        [
            escape(row["name"]),
            escape(f"{row['value']} {row['unit']}".strip())
            + ("" if row["default"] == "yes" else f"<small>{escape(texts['changed'])}</small>"),
            escape(squared(row["meaning"])),
            escape(squared(row["origin"])),
        ]
        for row in parameters
    ]
    titles = [texts["parameterHead"][key] for key in ("name", "value", "meaning", "origin")]
    intro = f"<h3>{escape(texts['parameters'])}</h3><p>{escape(texts['parametersIntro'])}</p>"
    return intro + table(titles, rows, caption=texts["parameters"], name="parameter-table")


def _claim_row(history: History, row: Mapping[Any, Any], texts: Texts, months: Sequence[str]) -> list[str]:
    head, unit = texts["claimHead"], texts["units"].get(row["unit"], row["unit"])
    about = ", ".join(part for part in (row["district"], row["region"].replace(";", ", ")) if part)
    measure = texts["measures"].get(row["measure"], row["measure"])
    subject = f"{side_label(history.theatre, row['party'], row['party'])}, {measure}"
    published = head["published"].format(day=written_day(row["published_date"], months))
    names, addresses = row["source_names"].split(";"), row["urls"].split()
    sources = [
        link(address, names[place].strip() if place < len(names) else names[-1].strip(), bare=True)
        for place, address in enumerate(addresses)
    ] or [escape(row["source_names"])]
    reason = escape(squared(row["reason"]))
    if row["denominators"] and not math.isnan(row["denominator_low"]):
        reason += ". " + escape(_denominator(row, texts))
    return [
        f"{day_button(history, row['as_of_date'], months)}<small>{escape(published)}</small>",
        f"{escape(row['claimant'])}<small>"
        f"{escape(side_label(history.theatre, row['claimant_side'], texts['fields']['independent']))}</small>",
        f"{escape(subject)}<small>{escape(about)}; {escape(row['basis'])}</small>",
        escape(_span(row["lower"], row["upper"], unit)),
        f"{escape(_ours(row, unit))}{_difference(row, head)}",
        f'<span data-verdict="{escape(row["verdict"])}">{escape(texts["verdicts"].get(row["verdict"], ""))}</span>',
        reason,
        ", ".join(sources),
    ]


def _span(lower: float, upper: float, unit: str) -> str:
    text = number(lower, 2) if lower == upper else f"{number(lower, 2)} to {number(upper, 2)}"
    return f"{text} {unit}".strip() if unit != "%" else f"{text}%"


def _ours(row: Mapping[Any, Any], unit: str) -> str:
    if math.isnan(row["figure"]):
        return MISSING
    best, low, high = (number(row[name], int(row[name] < 100)) for name in ("figure", "figure_low", "figure_high"))
    return f"{best}{unit if unit == '%' else f' {unit}'.rstrip()} ({low} to {high})"


def _difference(row: Mapping[Any, Any], head: Mapping[str, str]) -> str:
    """Write the published figure less ours as markup; nothing where there is no figure."""
    if math.isnan(row["difference"]):
        return ""
    sign = "+" if row["difference"] > 0 else "-" if row["difference"] < 0 else ""
    return f"<small>{escape(head['difference'].format(difference=sign + number(abs(row['difference']))))}</small>"


def _denominator(row: Mapping[Any, Any], texts: Texts) -> str:
    low, high = row["denominator_low"], row["denominator_high"]
    most = number(high) if math.isfinite(high) else "any"
    named = re.sub(r" \([^()]*\)", "", row["denominators"])  # claims.csv tells whose totals they are
    return str(
        texts["claimHead"]["denominator"].format(
            best=number(row["denominator"]), low=number(low), high=most, named=squared(named)
        )
    )


def sources_section(theatre: Theatre, reports: pd.DataFrame, texts: Texts) -> str:
    """Tell the origins of the reports.

    Parameters
    ----------
    theatre
        Gives the sources table.
    reports
        The reports that were used.
    texts
        Texts of the briefing.

    Returns
    -------
    str
        HTML.

    Raises
    ------
    KeyError
        If a column or a text is missing.
    """
    head = texts["sourceHead"]
    used = reports["origin"].value_counts()
    ordered = theatre.sources.assign(used=theatre.sources["origin"].map(used).fillna(0).astype(int))
    ordered = ordered.sort_values(["used", "origin"], ascending=[False, True], kind="stable")
    rows = [
        [
            escape(row["origin"]),
            str(row["used"]),
            escape(side_label(theatre, row["side"], texts["fields"]["independent"])),
            escape(row["kind"]),
            escape(row["typical_lag"]),
            escape(row["reliability"]),
            escape(row["reason"]),
        ]
        for row in ordered.to_dict("records")
    ]
    titles = [head[key] for key in ("origin", "reports", "side", "kind", "lag", "reliability", "reason")]
    intro = f"<p>{escape(texts['sourcesIntro'])}</p>"
    return intro + table(titles, rows, caption=texts["sections"]["sources"])


def listed(items: Iterable[str], tag: str = "ul") -> str:
    """Write texts as a list.

    Parameters
    ----------
    items
        Any texts.
    tag
        ``ul`` or ``ol``.

    Returns
    -------
    str
        HTML.

    Raises
    ------
    TypeError
        If the items cannot be run through.
    """
    return f"<{tag}>{''.join(f'<li>{escape(item)}</li>' for item in items)}</{tag}>"


def licences_section(theatre: Theatre, texts: Texts, leaflet_version: str, leaflet_licence: str) -> str:
    """Tell whose data and software the page holds and under which licences.

    Parameters
    ----------
    theatre
        Gives attribution and licences.
    texts
        Texts of the briefing.
    leaflet_version, leaflet_licence
        The library inside the page.

    Returns
    -------
    str
        HTML.

    Raises
    ------
    KeyError
        If a text is missing.
    """
    rows = [[escape(licence.covers), link(licence.url, licence.name)] for licence in theatre.licences]
    head = texts["licenceHead"]
    software = escape(texts["software"].format(version=leaflet_version))
    return (
        f"<p><b>{escape(texts['attribution'])}:</b> {escape(theatre.attribution)}</p>"
        + table([head["covers"], head["licence"]], rows, caption=texts["sections"]["licences"])
        + f"<p>{escape(texts['files'])}</p>"
        + f"<details><summary>{software}</summary><pre>{escape(leaflet_licence)}</pre></details>"
    )
