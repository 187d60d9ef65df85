"""The markup of map, legend, panel and date control, which frontmap.js brings to life."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from frontmap.maps.escape import escape, escape_json

__all__ = ["DATA_ID", "control_markup", "data_markup", "start_script"]

DATA_ID = "frontmap-data"
SPEEDS = (2, 5, 10, 20, 40)

_ICONS = {
    "first": "M4 3v14M17 3L7 10l10 7z",
    "previous": "M14 3L4 10l10 7z",
    "next": "M6 3l10 7-10 7z",
    "last": "M16 3v14M3 3l10 7-10 7z",
}


def control_markup(map_markup: str, words: Mapping[str, str], spellings: Sequence[str], *, chart: str = "") -> str:
    """Write the map with its legend, panel and date control.

    Parameters
    ----------
    map_markup
        The element that will hold the map, as HTML.
    words
        Words of the page.
    spellings
        Languages in which places have names of their own.
    chart
        An area chart, as SVG or HTML, shown below the slider.

    Returns
    -------
    str
        HTML.

    Raises
    ------
    KeyError
        If a word is missing.
    """
    word = {key: escape(text) for key, text in words.items()}
    return f"""
<section class="fm" id="frontmap" aria-labelledby="fm-heading"><h2 class="fm-hidden" id="fm-heading">{word["map"]}</h2>
<noscript><p class="fm-note">{word["noScript"]}</p></noscript>
<div class="fm-stage"><div class="fm-canvas">{map_markup}
<div class="fm-over"><button type="button" data-fm="focus">{word["near_view"]}</button>
<button type="button" data-fm="wide">{word["wide"]}</button></div>
<p class="fm-caption" data-fm="caption" aria-hidden="true"></p></div>
<p class="fm-credit" data-fm="credit"></p>
<div class="fm-side">
<p class="fm-today" data-fm="day"></p>
<table class="fm-areas" data-fm="areas"></table>
<div class="fm-find"><label for="fm-find">{word["find"]}</label>
<input id="fm-find" data-fm="find" type="search" placeholder="{word["findHint"]}" autocomplete="off" spellcheck="false"
 role="combobox" aria-expanded="false" aria-controls="fm-found" aria-autocomplete="list">
<ul id="fm-found" data-fm="found" role="listbox" aria-label="{word["find"]}" hidden></ul>
<select data-fm="names" aria-label="{word["names"]}">{_scripts(word, spellings)}</select></div>
<div class="fm-place" data-fm="place" role="region" aria-label="{word["place"]}" hidden></div>
<div class="fm-exchange" data-fm="exchange" hidden></div>
<ul class="fm-lines" data-fm="lines" aria-label="{word["lines"]}"></ul>
</div></div>
<div class="fm-control" role="group" aria-label="{word["slider"]}">
<div class="fm-bar">
<span class="fm-steps">{_button("first", word)}{_button("previous", word)}
<button type="button" class="fm-play" data-fm="play"><svg class="fm-icon" viewBox="0 0 20 20" aria-hidden="true">
<path class="fm-icon-play" d="M5 3l12 7-12 7z"/><path class="fm-icon-pause" d="M5 3h4v14H5zM11 3h4v14h-4z"/></svg>
<span data-fm="playLabel">{word["play"]}</span></button>
{_button("next", word)}{_button("last", word)}</span>
<label class="fm-field"><span>{word["jump"]}</span><input type="date" data-fm="date"></label>
<details class="fm-more" data-fm="more" open><summary>{word["more"]}</summary><div class="fm-bar">
<label class="fm-field"><span>{word["compare"]}</span><input type="date" data-fm="compare"></label>
<button type="button" data-fm="compareOff" hidden>{word["compareOff"]}</button>
<select data-fm="speed" aria-label="{word["speed"]}">{_speeds(words)}</select>
<span class="fm-tools"><button type="button" data-fm="copy">{word["copy"]}</button>
<button type="button" data-fm="csv">{word["csv"]}</button>
<button type="button" data-fm="print">{word["print"]}</button></span></div></details>
</div>
<input class="fm-slider" type="range" min="0" max="0" step="1" value="0" data-fm="slider" aria-label="{word["slider"]}"
 aria-describedby="fm-keys">
{chart}
<p class="fm-note fm-keys" id="fm-keys">{word["keys"]}</p>
</div>
<p class="fm-hidden" role="status" aria-live="polite" data-fm="live"></p>
</section>"""


def data_markup(data: object) -> str:
    """Write the data of a page as an inert element.

    Parameters
    ----------
    data
        Values that JSON can hold, as from `payload`.

    Returns
    -------
    str
        A ``<script>`` element that no browser runs.

    Raises
    ------
    ValueError
        If the data hold NaN or infinity.
    """
    return f'<script type="application/json" id="{DATA_ID}">{escape_json(data)}</script>'


def start_script(map_name: str | None = None) -> str:
    """Write the line that starts the page.

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
        f'var frontmapPage = frontmap.start({{ root: document.getElementById("frontmap"), map: {map_name or "null"}, '
        f'data: JSON.parse(document.getElementById("{DATA_ID}").textContent) }});'
    )


def _button(name: str, word: Mapping[str, str]) -> str:
    return (
        f'<button type="button" data-fm="{name}" aria-label="{word[name]}" title="{word[name]}">'
        f'<svg class="fm-icon" viewBox="0 0 20 20" aria-hidden="true"><path d="{_ICONS[name]}"/></svg></button>'
    )


def _speeds(words: Mapping[str, str]) -> str:
    return "".join(
        f'<option value="{speed}"{" selected" if speed == 10 else ""}>'
        f"{escape(words['perSecond'].replace('{count}', str(speed)))}</option>"
        for speed in SPEEDS
    )


def _scripts(word: Mapping[str, str], spellings: Sequence[str]) -> str:
    return "".join(
        f'<option value="{escape(lang)}">{word.get(f"names.{lang}", escape(lang))}</option>'
        for lang in ["", *spellings]
    )
