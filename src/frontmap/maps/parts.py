"""The markup of map, legend, panels and date control, which the page's script brings to life."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

from frontmap.maps.escape import escape, escape_json
from frontmap.maps.scripts import PACKED_TYPE, deflated, inflated

__all__ = ["DATA_ID", "control_markup", "data_markup", "read_data", "start_script"]

DATA_ID = "frontmap-data"
SPEEDS = (2, 5, 10, 20, 40)

_ICONS = {
    "first": "M4 3v14M17 3L7 10l10 7z",
    "previous": "M14 3L4 10l10 7z",
    "next": "M6 3l10 7-10 7z",
    "last": "M16 3v14M3 3l10 7-10 7z",
}
_DATA = re.compile(rf'<script type="{PACKED_TYPE}" id="{DATA_ID}">([^<]*)</script>')


def control_markup(
    map_markup: str,
    words: Mapping[str, str],
    spellings: Sequence[str],
    *,
    languages: Mapping[str, str],
    lang: str,
    chart: str = "",
    print_all: bool = False,
) -> str:
    """Write the map with its legend, panels and date control.

    Parameters
    ----------
    map_markup
        The element that will hold the map, as HTML.
    words
        Words of the page in the language in which it opens.
    spellings
        Languages in which places have names of their own.
    languages
        Languages of the page by code, each named by itself.
    lang
        Code of the language in which it opens.
    chart
        An area chart, as SVG or HTML, shown below the slider.
    print_all
        Whether the page holds more than the map, which can be printed too.

    Returns
    -------
    str
        HTML. Texts that a change of language replaces carry their key in ``data-word``, labels in
        ``data-word-label``, hints in ``data-word-hint``.

    Raises
    ------
    KeyError
        If a word is missing.
    """

    def said(key: str) -> str:
        return f'data-word="{key}">{escape(words[key])}'

    def label(key: str) -> str:
        return f'data-word-label="{key}" aria-label="{escape(words[key])}"'

    def step(name: str) -> str:
        return (
            f'<button type="button" data-fm="{name}" {label(name)} title="{escape(words[name])}">'
            f'<svg class="fm-icon" viewBox="0 0 20 20" aria-hidden="true"><path d="{_ICONS[name]}"/></svg></button>'
        )

    def button(name: str, key: str = "") -> str:
        return f'<button type="button" data-fm="{name}" {said(key or name)}</button>'

    whole = button("printAll") if print_all else ""
    return f"""
<section class="fm" id="frontmap" aria-labelledby="fm-heading"><h2 class="fm-hidden" id="fm-heading" {said("map")}</h2>
<noscript><p class="fm-note">{escape(words["noScript"])}</p></noscript>
<p class="fm-loading fm-note" {said("loading")}</p><p class="fm-failed fm-note" role="alert" {said("tooOld")}</p>
<div class="fm-stage"><div class="fm-canvas">{map_markup}
<div class="fm-sides" data-fm="sides" aria-hidden="true" hidden><span data-fm="sideA"></span>
<span data-fm="sideB"></span></div>
<div class="fm-swipe" data-fm="swipe" role="slider" tabindex="0" aria-orientation="horizontal" aria-valuemin="0"
 aria-valuemax="100" aria-valuenow="50" {label("swipeLabel")} hidden></div>
<div class="fm-over">{button("focus", "near_view")}{button("wide")}</div>
<p class="fm-caption" data-fm="caption" aria-hidden="true"></p></div>
<p class="fm-credit" data-fm="credit"></p>
<div class="fm-side">
<p class="fm-today"><span data-fm="day"></span> <span class="fm-note" data-fm="viewNote"></span></p>
<table class="fm-areas" data-fm="areas"></table>
<div class="fm-find"><label for="fm-find" {said("find")}</label>
<input id="fm-find" data-fm="find" type="search" data-word-hint="findHint" placeholder="{escape(words["findHint"])}"
 autocomplete="off" spellcheck="false" role="combobox" aria-expanded="false" aria-controls="fm-found"
 aria-autocomplete="list">
<ul id="fm-found" data-fm="found" role="listbox" {label("find")} hidden></ul></div>
<div class="fm-place" data-fm="place" role="region" {label("place")} hidden></div>
<div class="fm-place fm-claim" data-fm="claim" role="region" tabindex="-1" {label("claim")} hidden></div>
<div class="fm-exchange" data-fm="exchange" role="group" tabindex="0" {label("change")} hidden></div>
<ul class="fm-lines" data-fm="lines" {label("lines")}></ul>
<label class="fm-field"><span {said("names")}</span>
<select data-fm="names">{_scripts(words, spellings)}</select></label>
</div></div>
<div class="fm-control" role="group" {label("slider")}>
<div class="fm-bar"><span class="fm-steps">{step("first")}{step("previous")}
<button type="button" class="fm-play" data-fm="play"><svg class="fm-icon" viewBox="0 0 20 20" aria-hidden="true">
<path class="fm-icon-play" d="M5 3l12 7-12 7z"/><path class="fm-icon-pause" d="M5 3h4v14H5zM11 3h4v14h-4z"/></svg>
<span data-fm="playLabel">{escape(words["play"])}</span></button>
{step("next")}{step("last")}<select data-fm="speed" {label("speed")}>{_speeds(words)}</select></span>
<input type="date" data-fm="date" {label("jump")}>
<button type="button" data-fm="compareOpen" aria-expanded="false" aria-controls="fm-compare"
 {said("compareOpen")}</button>
<select class="fm-last" data-fm="lang" {label("language")}>{_languages(languages, lang)}</select></div>
<div class="fm-bar fm-compare" id="fm-compare" data-fm="comparePanel" hidden>
<label class="fm-field"><span {said("shownView")}</span><select data-fm="shownView"></select></label>
<label class="fm-field"><span {said("compare")}</span><input type="date" data-fm="compare"></label>
<label class="fm-field"><span {said("compareView")}</span><select data-fm="compareView"></select></label>
<button type="button" data-fm="swipeOn" aria-pressed="false" disabled {said("swipe")}</button>
<button type="button" data-fm="compareOff" disabled {said("compareOff")}</button></div>
<input class="fm-slider" type="range" min="0" max="0" step="1" value="0" data-fm="slider" {label("slider")}
 aria-describedby="fm-keys">
{chart}
<p class="fm-note fm-keys" id="fm-keys" {said("keys")}</p>
<p class="fm-note fm-chart-note" data-fm="chartNote" hidden></p>
<div class="fm-bar fm-below">
<details class="fm-numbers" data-fm="table"><summary {said("table")}</summary>
<div class="fm-scroll" tabindex="0" role="group" {label("table")}><table class="fm-table"></table></div></details>
<span class="fm-tools fm-last">{button("copy")}{button("csv")}{button("print")}{whole}</span></div>
</div>
<p class="fm-hidden" role="status" aria-live="polite" data-fm="live"></p>
</section>"""


def data_markup(data: object) -> str:
    """Write the data of a page as an inert element, compressed.

    Parameters
    ----------
    data
        Values that JSON can hold, as from `payload`.

    Returns
    -------
    str
        A ``<script>`` element that no browser runs: its text is JSON, deflated and written as base64.

    Raises
    ------
    ValueError
        If the data hold NaN or infinity.
    """
    return f'<script type="{PACKED_TYPE}" id="{DATA_ID}">{deflated(escape_json(data))}</script>'


def read_data(html: str) -> dict[str, Any]:
    """Read the data of a page back.

    Parameters
    ----------
    html
        A page that holds what `data_markup` wrote.

    Returns
    -------
    dict
        The data.

    Raises
    ------
    ValueError
        If the page holds none.
    """
    found = _DATA.search(html)
    if found is None:
        raise ValueError(f"expected an element {DATA_ID} in the page, found none")
    data: dict[str, Any] = json.loads(inflated(found[1]))
    return data


def start_script(map_name: str | None = None) -> str:
    """Write the lines that start the page; ``frontmapPage`` holds it once all is drawn.

    Parameters
    ----------
    map_name
        Variable that holds a Leaflet map; None lets the page make its own.

    Returns
    -------
    str
        JavaScript.

    Raises
    ------
    ValueError
        If the name is not a plain word.
    """
    if map_name is not None and not map_name.isidentifier():
        raise ValueError(f"expected a name of letters, digits and underscores, found {map_name!r}")
    return (
        f'var frontmapPage; frontmap.start({{ root: document.getElementById("frontmap"), map: {map_name or "null"}, '
        f'source: document.getElementById("{DATA_ID}") }}).then(function (page) {{ frontmapPage = page; }});'
    )


def _languages(languages: Mapping[str, str], lang: str) -> str:
    return "".join(
        f'<option value="{escape(code)}" lang="{escape(code)}"{" selected" if code == lang else ""}>'
        f"{escape(name)}</option>"
        for code, name in languages.items()
    )


def _speeds(words: Mapping[str, str]) -> str:
    return "".join(
        f'<option value="{speed}"{" selected" if speed == 10 else ""} data-word="perSecond" data-count="{speed}">'
        f"{escape(words['perSecond'].replace('{count}', str(speed)))}</option>"
        for speed in SPEEDS
    )


def _scripts(words: Mapping[str, str], spellings: Sequence[str]) -> str:
    return "".join(
        f'<option value="{escape(lang)}">{escape(words.get(f"names.{lang}", lang))}</option>'
        for lang in ["", *spellings]
    )
