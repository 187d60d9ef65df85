"""The briefing as one page: a history and its ledger of claims in, HTML that asks for nothing out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date
from typing import TYPE_CHECKING

import pandas as pd

from frontmap.briefing.merging import Merged
from frontmap.briefing.sections import chart_keys, facts_list, sections
from frontmap.charts import area_chart, beyond_border
from frontmap.maps.escape import escape
from frontmap.maps.history_map import opening_day
from frontmap.maps.offline import seal
from frontmap.maps.parts import control_markup, data_markup, start_script
from frontmap.maps.payload import key_days, payload
from frontmap.maps.scripts import asset, leaflet, packed_script, page_script
from frontmap.wording import Language, language, languages
from frontmap.wording.ledger import claim_title

if TYPE_CHECKING:
    from frontmap.history import History

__all__ = ["briefing_html"]

PACKAGE = "frontmap.briefing"
WIDE, NARROW = (1240, 150), (400, 210)  # px


def briefing_html(
    history: History,
    ledger: pd.DataFrame,
    *,
    made_on: date | None = None,
    opening: str | date | None = None,
    lang: str = "en",
    views: Sequence[History] = (),
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
        Language in which the page opens; it can be changed on the page.
    views
        Further histories of the theatre, by other policies or as known on other days, to be compared on the map.

    Returns
    -------
    str
        A whole page: everything inline, a Content-Security-Policy that lets nothing else in.

    Raises
    ------
    DateError
        If the opening day lies outside the period.
    FrontmapError
        If there are no words in this language.
    """
    to = language(lang)
    spoken = [to, *(language(code) for code in languages() if code != lang)]
    merged = Merged()

    def told(write: Callable[[Language], str]) -> str:
        return merged.merge([write(one) for one in spoken])

    data = payload(history, lang=lang, views=views) | {"opening": opening_day(history, opening)}
    library = leaflet()
    days = key_days(history)
    room_km2 = max([_most_held(view) for view in views], default=0.0)
    body = "".join(
        [
            told(lambda one: f'<a class="fm-skip" href="#frontmap">{escape(one.text("skip"))}</a>'),
            told(lambda one: _header(history, one, made_on)),
            "<main>",
            control_markup(
                '<div class="fm-map" data-fm="map"></div>',
                data["words"][lang],
                data["spellings"],
                languages={one.code: one.name for one in sorted(spoken, key=lambda one: languages().index(one.code))},
                lang=lang,
                chart=told(lambda one: _charts(history, days, room_km2, one)),
                print_all=True,
            ),
            told(lambda one: _sources_line(history, one)),
            told(lambda one: sections(history, ledger, days, (library.version, library.licence), one)),
            "</main>",
        ]
    )
    data["texts"] = merged.listed([one.code for one in spoken])
    styles = [library.map_style, asset("frontmap.css"), asset("briefing.css", PACKAGE)]
    prelude = asset("prelude.js").replace("(version)", library.version)
    scripts = packed_script([library.script, prelude, page_script(), start_script()])
    return seal(
        f'<!DOCTYPE html>\n<html lang="{escape(lang)}">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta http-equiv="x-dns-prefetch-control" content="off">\n<meta name="referrer" content="no-referrer">\n'
        f"<title>{escape(to.title(history.theatre))}</title>\n"
        f"{''.join(f'<style>{style}</style>' for style in styles)}\n"
        f"</head>\n<body>\n{body}{data_markup(data)}"
        f"{scripts}<script>{asset('briefing.js', PACKAGE)}</script>\n</body>\n</html>\n"
    )


def _header(history: History, to: Language, made_on: date | None) -> str:
    """Tell the title, and in a few words what the page rests on."""
    links = "".join(f'<li><a href="#{name}">{escape(title)}</a></li>' for name, title in to.table("sections").items())
    return (
        f"<header><h1>{escape(to.title(history.theatre))}</h1>"
        f'<nav aria-label="{escape(to.text("contents"))}"><ul>{links}</ul></nav>'
        f'<details class="fm-about" id="about" open><summary>{escape(to.text("about"))}</summary>'
        f"<dl>{facts_list(history, to, made_on)}</dl></details></header>"
    )


def _most_held(history: History) -> float:
    """Find the largest ground in km2 that a party may hold beyond the border on a day."""
    held = beyond_border(history.areas(), history.theatre.parties).values()
    return max((float(days["area_high_km2"].max()) for days in held), default=0.0)


def _charts(history: History, days: Sequence[int], room_km2: float, to: Language) -> str:
    """Draw the area chart twice: for wide windows and print, and for narrow ones."""
    theatre = history.theatre
    charts = "".join(
        f'<div class="fm-chart-{name}">'
        + area_chart(
            history.areas(),
            theatre.claims,
            theatre.parties,
            to=to,
            width=width,
            height=height,
            label=to.text("chart"),
            name=f"chart-{name}",
            key_days=days,
            room_km2=room_km2,
            title=(lambda row: claim_title(theatre, row, to)) if name == "wide" else None,
        )
        + "</div>"
        for name, (width, height) in (("wide", WIDE), ("narrow", NARROW))
    )
    return f"<figure>{charts}</figure>{chart_keys(history, to)}"


def _sources_line(history: History, to: Language) -> str:
    return (
        f'<p class="fm-print-only"><span>{escape(to.text("sourcesLine"))}</span>: '
        f"<span>{escape(to.attribution(history.theatre))}</span></p>"
    )
