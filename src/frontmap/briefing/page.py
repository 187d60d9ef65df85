"""The briefing as one page: a history and its ledger of claims in, HTML that asks for nothing out."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import date
from typing import TYPE_CHECKING, Any

import pandas as pd

from frontmap.briefing.sections import (
    chart_keys,
    claims_section,
    key_table,
    licences_section,
    listed,
    parameters_table,
    section,
    side_label,
    sources_section,
    squared,
    written_day,
)
from frontmap.charts import area_chart
from frontmap.claims import claim_mismatches, fraction_table
from frontmap.control import policy_rule, reports_as_of
from frontmap.estimate.parameters import described
from frontmap.maps.escape import escape
from frontmap.maps.history_map import opening_day
from frontmap.maps.offline import asset, leaflet, seal
from frontmap.maps.parts import control_markup, data_markup, start_script
from frontmap.maps.payload import key_days, payload

if TYPE_CHECKING:
    from frontmap.history import History

__all__ = ["briefing_html"]

PACKAGE = "frontmap.briefing"


def briefing_html(
    history: History,
    ledger: pd.DataFrame,
    *,
    made_on: date | None = None,
    opening: str | date | None = None,
    lang: str = "en",
) -> str:
    """Write the briefing of a history.

    Parameters
    ----------
    history
        An assessed history.
    ledger
        What `frontmap.test_claims` returned for it.
    made_on
        Told on the page if given; without it the same history gives the same bytes.
    opening
        The day on which the map opens; by default the one on which most ground is held beyond the border.
    lang
        Language of the page's words.

    Returns
    -------
    str
        A whole page: everything inline, a Content-Security-Policy that lets nothing else in.

    Raises
    ------
    DateError
        If the opening day lies outside the period.
    FileNotFoundError
        If there are no words in this language.
    """
    theatre = history.theatre
    data = payload(history, lang=lang) | {"opening": opening_day(history, opening)}
    texts: dict[str, Any] = json.loads(asset(f"text.{lang}.json", PACKAGE))
    months = data["words"]["months"].split()
    library = leaflet()
    styles = [library.map_style, asset("frontmap.css"), asset("briefing.css", PACKAGE)]
    scripts = [
        library.script,
        asset("prelude.js").replace("(version)", library.version),
        asset("frontmap.js"),
        start_script(),
        asset("briefing.js", PACKAGE),
    ]
    holder = '<div class="fm-map" data-fm="map"></div>'
    body = "".join(
        [
            f'<a class="fm-skip" href="#frontmap">{escape(texts["skip"])}</a>',
            _header(history, texts, months, made_on),
            "<main>",
            control_markup(holder, data["words"], data["spellings"], chart=_charts(history, texts)),
            f'<p class="fm-print-only">{escape(texts["sourcesLine"])}: {escape(theatre.attribution)}</p>',
            *_sections(history, ledger, texts, months, library.version, library.licence),
            "</main>",
            data_markup(data),
            *(f"<script>{script}</script>" for script in scripts),
        ]
    )
    return seal(
        f'<!DOCTYPE html>\n<html lang="{escape(lang)}">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta http-equiv="x-dns-prefetch-control" content="off">\n<meta name="referrer" content="no-referrer">\n'
        f"<title>{escape(theatre.title)}</title>\n{''.join(f'<style>{style}</style>' for style in styles)}\n"
        f"</head>\n<body>\n{body}\n</body>\n</html>\n"
    )


def _header(history: History, texts: dict[str, Any], months: Sequence[str], made_on: date | None) -> str:
    """Tell the title, and in a few words what the page rests on."""
    theatre, words = history.theatre, texts["fields"]
    reports = reports_as_of(theatre.reports, history.as_of)
    sides = ", ".join(
        f"{side_label(theatre, str(side), words['independent'])} {count}"
        for side, count in reports["origin_side"].value_counts().sort_index().items()
    )
    last = written_day(reports["published_date"].max() if len(reports) else None, months)
    known = words["asOfNone"].format(day=last)
    if history.as_of is not None:
        known = words["asOfDay"].format(day=written_day(history.as_of, months))
    counts = words["reportsValue"].format(
        reports=len(reports), origins=reports["origin"].nunique(), places=reports["place_id"].nunique(), sides=sides
    )
    facts = {
        words["period"]: f"{written_day(history.days[0], months)} to {written_day(history.days[-1], months)}",
        words["reports"]: counts,
        words["policy"]: history.policy,
        words["asOf"]: known,
        words["interval"]: history.interval_label,
    }
    if made_on is not None:
        facts[words["made"]] = written_day(made_on, months)
    listed_facts = "".join(f"<div><dt>{escape(key)}</dt><dd>{escape(value)}</dd></div>" for key, value in facts.items())
    links = "".join(f'<li><a href="#{name}">{escape(title)}</a></li>' for name, title in texts["sections"].items())
    return (
        f'<header><h1>{escape(theatre.title)}</h1><details class="fm-about" id="about" open>'
        f"<summary>{escape(texts['about'])}</summary>"
        f'<nav aria-label="{escape(texts["contents"])}"><ul>{links}</ul></nav>'
        f"<dl>{listed_facts}</dl></details></header>"
    )


def _charts(history: History, texts: dict[str, Any]) -> str:
    """Draw the area chart twice: for wide windows and print, and for narrow ones."""
    areas, claims, parties = history.areas(), history.theatre.claims, history.theatre.parties
    days = key_days(history)
    charts = "".join(
        f'<div class="fm-chart-{name}">'
        + area_chart(
            areas,
            claims,
            parties,
            width=width,
            height=height,
            label=texts["chart"],
            name=f"chart-{name}",
            key_days=days,
            titles=name == "wide",
        )
        + "</div>"
        for name, width, height in (("wide", 1240, 150), ("narrow", 400, 210))
    )
    return f'<figure>{charts}<figcaption class="fm-hidden">{escape(texts["chart"])}</figcaption></figure>' + chart_keys(
        history.theatre, texts
    )


def _sections(
    history: History, ledger: pd.DataFrame, texts: dict[str, Any], months: Sequence[str], version: str, licence: str
) -> list[str]:
    theatre = history.theatre
    reports = reports_as_of(theatre.reports, history.as_of)
    values = {
        "reports": len(reports),
        "places": reports["place_id"].nunique(),
        "policy": history.policy,
        "interval": history.interval_label,
        "mesh": f"{theatre.estimate.mesh_km:g}",
        "reach": f"{theatre.estimate.mesh_reach_km:g}",
        "clear": f"{100 * (1 - theatre.estimate.tail):g}",
    }
    rule = f"<p><b>{escape(texts['rule'].format(policy=history.policy))}</b> {escape(policy_rule(history.policy))}</p>"
    kind, numbers = "rule", ""
    if history.level is not None:
        kind, numbers = "estimate", parameters_table(described(theatre.estimate), texts)
    note = f"<p>{escape(theatre.note)}</p>" if theatre.note.strip() else ""
    bodies = {
        "key": key_table(history, texts, months),
        "claims": claims_section(history, ledger, fraction_table(history), claim_mismatches(ledger), texts, months),
        "sources": sources_section(theatre, reports, texts),
        "method": listed((sentence.format(**values) for sentence in texts["method"][kind]), "ol") + rule + numbers,
        "meaning": note + listed(texts["meaning"][kind]),
        "left": listed(map(squared, history.notes)),
        "licences": licences_section(theatre, texts, version, licence),
    }
    return [section(name, texts["sections"][name], body) for name, body in bodies.items()]
