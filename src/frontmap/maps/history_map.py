"""A history as a folium map with a date control, for notebooks and for a file of its own."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from datetime import date as Day
from pathlib import Path
from typing import TYPE_CHECKING, Any

from folium.template import Template

from frontmap.dates import parse_day
from frontmap.errors import DateError
from frontmap.maps.escape import escape, escape_json
from frontmap.maps.offline import OfflineMap
from frontmap.maps.parts import control_markup, data_markup, start_script
from frontmap.maps.payload import payload
from frontmap.maps.scripts import asset, page_script

if TYPE_CHECKING:
    from frontmap.history import History

__all__ = ["HistoryMap", "show"]


def show(
    history: History,
    *,
    date: str | Day | None = None,
    lang: str = "en",
    views: Sequence[History] = (),
    file: str | Path | None = None,
) -> OfflineMap:
    """Show a history on a map with a date control, in a notebook or, by its `save`, as one file.

    Parameters
    ----------
    history
        An assessed history.
    date
        The day on which the map opens, within the period; by default the one on which most ground is held
        beyond the border.
    lang
        Language in which the page opens.
    views
        Further histories of the same theatre (other policies, other as-of days), to be compared with.
    file
        Where the page is written too; a link to it then stands below the map. Notebooks that run no script show only
        this link: without a file they show no map.

    Returns
    -------
    OfflineMap
        A folium map (EPSG:4326 data, drawn in Web Mercator, areas geodesic) that asks no network for anything.
        Further folium layers can be added to it.

    Raises
    ------
    DateError
        If the day does not exist or lies outside the period.
    FrontmapError
        If a view is of another theatre or period.
    OutputError
        If the file cannot be written.
    """
    west, south, east, north = history.theatre.frame.bounds
    data = payload(history, lang=lang, views=views) | {"opening": opening_day(history, date)}
    shown = HistoryMap(data, extent=((south, west), (north, east)))
    if file is not None:
        shown.save(file)
    return shown


def opening_day(history: History, day: str | Day | None) -> str:
    """Check the day on which a page opens.

    Parameters
    ----------
    history
        An assessed history.
    day
        A day within the period, or None.

    Returns
    -------
    str
        The day as ISO text, empty for none.

    Raises
    ------
    DateError
        If the day does not exist or lies outside the period.
    """
    if day is None:
        return ""
    wanted = parse_day(day)
    first, last = history.days[0].date(), history.days[-1].date()
    if not first <= wanted <= last:
        raise DateError(f"expected a day from {first} to {last}, found {wanted}; next: choose a day of the period")
    return wanted.isoformat()


class HistoryMap(OfflineMap):
    """The map that `show` returns.

    Parameters
    ----------
    data
        What `payload` gathered.
    extent
        South-western and north-eastern corner of the map until the data are unpacked, latitude and longitude in
        degrees.
    """

    _template = Template(
        """
        {% macro header(this, kwargs) %}
        <style>{{ this.leaflet.style }}</style>
        <style>{{ this.style }}</style>
        <script>{{ this.leaflet.script }}</script>
        <script>{{ this.prelude }}</script>
        <script>{{ this.component }}</script>
        {% endmacro %}
        {% macro html(this, kwargs) %}{{ this.markup }}{% endmacro %}
        {% macro script(this, kwargs) %}
        var {{ this.get_name() }} = L.map("{{ this.get_name() }}", { trackResize: false });
        {{ this.get_name() }}.fitBounds({{ this.extent|tojson }});
        {{ this.start }}
        {% endmacro %}
        """
    )

    def __init__(self, data: Mapping[str, Any], *, extent: tuple[tuple[float, float], tuple[float, float]]) -> None:
        digest = hashlib.sha256(escape_json(data).encode()).hexdigest()[:12]
        super().__init__(
            (0.0, 0.0), title=data["words"][data["lang"]]["title"], lang=data["lang"], name=f"history_{digest}"
        )
        self.style = asset("frontmap.css") + asset("show.css")
        self.component = page_script()
        self.extent = extent
        self.start = start_script(self.get_name())
        holder = f'<div class="folium-map" id="{self.get_name()}"></div>'
        lang, words = data["lang"], data["words"][data["lang"]]
        names = {code: said["languageName"] for code, said in data["words"].items()}
        self.markup = (
            f'<h1 class="fm-title" data-word="title">{escape(words["title"])}</h1>'
            + control_markup(holder, words, data["spellings"], languages=names, lang=lang)
            + f'<p class="fm-note fm-foot" data-word="attribution">{escape(words["attribution"])}</p>'
            + data_markup(data)
        )
