"""The sections of a briefing below its map: tables and sentences in one language to HTML."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from functools import lru_cache
from typing import TYPE_CHECKING

import pandas as pd

from frontmap.charts import charted_claims, claim_mark, claim_shapes
from frontmap.claims import claim_mismatches, fraction_table
from frontmap.maps.escape import colour, escape, link
from frontmap.maps.palette import PALETTE
from frontmap.wording import Cell, Language, Table
from frontmap.wording import ledger as told_ledger
from frontmap.wording import tables as told

if TYPE_CHECKING:
    from frontmap.history import History

__all__ = ["chart_keys", "claims_section", "facts_list", "html_table", "section", "sections"]


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


def html_table(table: Table, *, name: str = "", kind: str = "") -> str:
    """Write a table.

    Parameters
    ----------
    table
        Its texts; the first cell of each row is its heading.
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
    AttributeError
        If this is no table.
    """
    # HTML closes cells and rows by itself, and takes first cells for headings of rows: telling it costs 2 % of a page.
    titles = "".join(f'<th scope="col">{escape(title)}' for title in table.titles)
    ids = table.ids or ("",) * len(table.rows)
    rows = "".join(_row(cells, row_id) for cells, row_id in zip(table.rows, ids, strict=True))
    identifier = f' id="{name}"' if name else ""
    return (
        f'<div class="fm-scroll" tabindex="0" role="group" aria-label="{escape(table.caption)}">'
        f'<table class="fm-table {kind}"{identifier}><caption class="fm-hidden">{escape(table.caption)}</caption>'
        f"<thead><tr>{titles}</thead><tbody>{rows}</tbody></table></div>"
    )


def _row(cells: Sequence[Cell], row_id: str) -> str:
    inner = "".join(
        f"<{'td' if place else 'th'}{' lang=en' if cell.recorded else ''}>{_cell(cell)}"
        for place, cell in enumerate(cells)
    )
    return f'<tr id="claim-{escape(row_id)}" data-claim="{escape(row_id)}">{inner}' if row_id else f"<tr>{inner}"


def _cell(cell: Cell) -> str:
    text = escape(cell.text)
    if cell.links:
        text = ", ".join(link(address, label, bare=True) for label, address in cell.links)
    elif cell.verdict:
        text = f'<span data-verdict="{escape(cell.verdict)}">{text}</span>'
    elif cell.opens:
        text = f'<a href="#claim={escape(cell.opens)}">{text}</a>'
    elif cell.day is not None:
        text = f"<button data-fm-day={cell.day}>{text}</button>"
    elif cell.strong:
        text = f"<b>{text}</b>"
    return f"{text}<small>{escape(cell.small)}</small>" if cell.small else text


def facts_list(history: History, to: Language, made_on: date | None) -> str:
    """Tell in a few words what the page rests on.

    Parameters
    ----------
    history
        An assessed history.
    to
        The language.
    made_on
        Told if given.

    Returns
    -------
    str
        HTML.

    Raises
    ------
    KeyError
        If the language lacks a text.
    """
    facts = told.facts(history, to, made_on)
    return "".join(f"<div><dt>{escape(name)}</dt><dd>{escape(value)}</dd></div>" for name, value in facts)


def chart_keys(history: History, to: Language) -> str:
    """Explain the marks of the chart.

    Parameters
    ----------
    history
        Gives parties and claims.
    to
        The language.

    Returns
    -------
    str
        HTML.

    Raises
    ------
    KeyError
        If the language lacks a text.
    """
    theatre, words = history.theatre, to.table("chartKeys")
    sides = set(charted_claims(theatre.claims)["claimant_side"])
    parties = {party.id for party in theatre.parties}
    marks = [
        (
            f'{claim_mark(8, 8, shape)} fill="{PALETTE["muted"]}"/>',
            to.text("chartKeys.claimBy", side=to.party(theatre, side)) if side in parties else words["independent"],
        )
        for side, shape in claim_shapes(theatre.parties).items()
        if side in sides
    ]
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


@lru_cache(maxsize=1)
def _fraction_table(history: History) -> pd.DataFrame:
    """Find the days on which fractions were left once, for all languages."""
    return fraction_table(history)


def claims_section(history: History, ledger: pd.DataFrame, to: Language) -> str:
    """Tell every published figure with ours and the verdict, and what follows from them.

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
    str
        HTML.

    Raises
    ------
    KeyError
        If a column or a text is missing.
    """
    head = to.table("claimHead")
    options = "".join(
        f'<option value="{escape(key)}">{escape(label)}</option>' for key, label in to.table("verdicts").items()
    )
    filters = (
        f'<p class="fm-filter"><label>{escape(head["filter"])} <input type="search" id="claim-filter"></label> '
        f'<label>{escape(head["verdictFilter"])} <select id="claim-verdict">'
        f'<option value="">{escape(head["all"])}</option>{options}</select></label> '
        f'<span id="claim-count" role="status"></span>'
        f'<span id="claim-pattern" hidden>{escape(head["shown"])}</span></p>'
    )
    fractions, mismatches = _fraction_table(history), claim_mismatches(ledger)
    return (
        f"<p>{escape(told_ledger.claims_intro(ledger, to))} {escape(to.text('asRecorded'))}</p>{filters}"
        + html_table(told_ledger.claims_table(history, ledger, to), name="claim-table")
        + _fractions(history, fractions, to)
        + _mismatches(history, mismatches, to)
    )


def _fractions(history: History, fractions: pd.DataFrame, to: Language) -> str:
    if fractions.empty:
        return ""
    table = told_ledger.fractions_table(history, fractions, to)
    intro = told_ledger.fractions_intro(history, fractions, to)
    return _headed(table.caption, intro) + html_table(table, name="fraction-table")


def _mismatches(history: History, mismatches: pd.DataFrame, to: Language) -> str:
    words = to.table("mismatches")
    if mismatches.empty:
        return _headed(words["title"], words["none"])
    table = told_ledger.mismatches_table(history, mismatches, to)
    return _headed(words["title"], words["intro"]) + html_table(table, name="mismatch-table")


def _headed(title: str, text: str) -> str:
    return f"<h3>{escape(title)}</h3><p>{escape(text)}</p>"


def sections(
    history: History, ledger: pd.DataFrame, days: Sequence[int], library: tuple[str, str], to: Language
) -> str:
    """Write all sections below the map.

    Parameters
    ----------
    history
        An assessed history.
    ledger
        What `frontmap.test_claims` returned for it.
    days
        The key days, counted from the first one.
    library
        Version and licence text of the library inside the page.
    to
        The language.

    Returns
    -------
    str
        HTML.

    Raises
    ------
    KeyError
        If a column or a text is missing.
    """
    numbers = ""
    if history.level is not None:
        table = told.parameters_table(history, to)
        numbers = _headed(table.caption, to.text("parametersIntro")) + html_table(table, name="parameter-table")
    policy = to.text("rule", policy=told.policy_name(history, to))
    rule = f"<p><b>{escape(policy)}</b> {escape(told.policy_sentence(history, to))}</p>"
    note = told.note(history, to)
    bodies = {
        "key": _key_section(history, days, to),
        "claims": claims_section(history, ledger, to),
        "sources": f"<p>{escape(to.text('sourcesIntro'))}</p>" + html_table(told.sources_table(history, to)),
        "method": _list(told.method_sentences(history, to), "ol") + rule + numbers,
        "meaning": (f"<p>{escape(note)}</p>" if note else "") + _list(told.meaning_sentences(history, to)),
        "left": _list(told.left_out(history, to)),
        "licences": _licences_section(history, library, to),
    }
    return "".join(section(name, to.text(f"sections.{name}"), body) for name, body in bodies.items())


def _key_section(history: History, days: Sequence[int], to: Language) -> str:
    table = html_table(told.key_table(history, to, days), kind="fm-numbers")
    return f'{table}<p class="fm-note">{escape(to.text("keyHead.since"))}</p>'


def _list(items: Iterable[str], tag: str = "ul") -> str:
    return f"<{tag}>{''.join(f'<li>{escape(item)}</li>' for item in items)}</{tag}>"


def _licences_section(history: History, library: tuple[str, str], to: Language) -> str:
    """Tell whose data and software the page holds and under which licences."""
    version, licence = library
    credit = f"<b>{escape(to.text('attribution'))}:</b> <span>{escape(to.attribution(history.theatre))}</span>"
    return (
        f"<p>{credit}</p>{html_table(told.licences_table(history, to))}<p>{escape(to.text('files'))}</p>"
        f"<details><summary>{escape(to.text('software', version=version))}</summary>"
        f"<pre lang=en>{escape(licence)}</pre></details>"
    )
