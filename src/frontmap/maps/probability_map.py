"""How probable a state is on one day, as a folium map in classes, for notebooks and for a file of its own."""

from __future__ import annotations

from datetime import date
from itertools import pairwise
from typing import TYPE_CHECKING

import folium
import numpy as np
import shapely
from folium.template import Template
from shapely.geometry.base import BaseGeometry

from frontmap.maps.escape import colour, escape
from frontmap.maps.offline import OfflineMap
from frontmap.maps.palette import PALETTE
from frontmap.maps.scripts import asset

if TYPE_CHECKING:
    from frontmap.history import History

__all__ = ["EDGES", "show_probability"]

EDGES = (0.0, 0.05, 0.2, 0.4, 0.6, 0.8, 0.95, 1.0)
GRID_DEG = 1e-5


def show_probability(history: History, day: str | date, party: str, *, lang: str = "en") -> OfflineMap:
    """Show how probable it is that a party holds each piece of ground on a day.

    Parameters
    ----------
    history
        A history under the estimate.
    day
        The day (its end).
    party
        A party id, ``contested`` or ``unknown``.
    lang
        Language code of the page.

    Returns
    -------
    OfflineMap
        A folium map (EPSG:4326 data, drawn in Web Mercator) that asks no network for anything: classes of probability
        between `EDGES`, the front line of the best map, border and rivers. Further folium layers can be added to it.

    Raises
    ------
    PolicyError
        If the policy is a rule, which gives no probabilities.
    DateError
        If the day lies outside the period.
    FrontmapError
        If there is no such state.
    """
    n = history.day_number(day)
    labels = np.digitize(history.probability(party)[n], EDGES[1:-1])
    held = next((one for one in history.theatre.parties if one.id == party), None)
    name, tint = (held.label, colour(held.colour)) if held else (party, PALETTE["contested"])
    classes = [f"{100 * low:g} to {100 * high:g} %" for low, high in pairwise(EDGES)]
    title = f"Probability of {name} on {history.days[n].date()}"
    page = ProbabilityMap(title, lang, [(_opacity(k), text) for k, text in enumerate(classes)], tint, history)
    for label, polygon in history.arcs.polygons(labels).items():
        page.add_class(polygon, tint, _opacity(label), classes[label])
    for lines, line_colour, weight, dash in (
        (history.theatre.rivers.geometry.tolist(), PALETTE["river"], 1.3, None),
        ([history.theatre.border] if history.theatre.border else [], PALETTE["border"], 1.6, "10 4 2 4"),
        (history.front(day).query("kind == 'front'").geometry.tolist(), PALETTE["front"], 2.6, None),
    ):
        if lines:
            page.add_lines(lines, line_colour, weight, dash)
    open_question = history.cells.geometry[(labels > 0) & (labels < len(classes) - 1)]
    west, south, east, north = open_question.total_bounds if len(open_question) else history.theatre.frame.bounds
    page.fit_bounds([[south, west], [north, east]])
    return page


def _opacity(number: int) -> float:
    """Shade a class: from nothing for the least probable to nearly full for the most."""
    return round(0.85 * number / (len(EDGES) - 2), 2)


class ProbabilityMap(OfflineMap):
    """The map that `show_probability` returns.

    Parameters
    ----------
    title
        What is shown, any text.
    lang
        Language code of the page.
    classes
        Opacity and range in words of each class.
    tint
        Colour of the most probable class.
    history
        Gives the attribution.
    """

    _template = Template(
        """
        {% macro header(this, kwargs) %}
        <style>{{ this.leaflet.style }}</style>
        <style>{{ this.style }}</style>
        <script>{{ this.leaflet.script }}</script>
        <script>{{ this.prelude }}</script>
        {% endmacro %}
        {% macro html(this, kwargs) %}{{ this.markup }}{% endmacro %}
        {% macro script(this, kwargs) %}
        var {{ this.get_name() }} = L.map("{{ this.get_name() }}", { zoomSnap: 0.25 });
        L.control.scale({ imperial: false }).addTo({{ this.get_name() }});
        {% endmacro %}
        """
    )

    def __init__(self, title: str, lang: str, classes: list[tuple[float, str]], tint: str, history: History) -> None:
        super().__init__((0.0, 0.0), title=title, lang=lang, name="probability")
        self.style = asset("probability.css")
        keys = "".join(
            f'<li><svg width="30" height="18" aria-hidden="true"><rect width="30" height="18" fill="{tint}" '
            f'fill-opacity="{opacity}" stroke="#555"/></svg> {escape(text)}</li>'
            for opacity, text in reversed(classes)
        )
        self.markup = (
            f'<h1>{escape(title)}</h1><div class="fm-sheet">'
            f'<div class="folium-map" id="{self.get_name()}" role="region" aria-label="{escape(title)}"></div>'
            f'<ul class="fm-classes">{keys}<li><svg width="30" height="18" aria-hidden="true">'
            f'<path d="M0 9H30" stroke="{PALETTE["front"]}" stroke-width="2.6"/></svg> front line of the best map</li>'
            f"</ul></div><p>{escape(history.theatre.attribution)}</p>"
        )

    def add_class(self, ground: BaseGeometry, tint: str, opacity: float, text: str) -> None:
        """Add the ground of one class.

        Parameters
        ----------
        ground
            In EPSG:4326.
        tint
            Its colour.
        opacity
            How strong.
        text
            Told when pointed at.

        Raises
        ------
        ValueError
            If the ground is no geometry.
        """
        style = {"stroke": False, "fillColor": tint, "fillOpacity": opacity, "smoothFactor": 0}
        self._draw(ground, style, tooltip=text)

    def add_lines(self, lines: list[BaseGeometry], tint: str, weight: float, dash: str | None) -> None:
        """Add lines above the ground.

        Parameters
        ----------
        lines
            In EPSG:4326.
        tint
            Their colour.
        weight
            Their width in px.
        dash
            Pattern of dashes, if any.

        Raises
        ------
        ValueError
            If there is no line.
        """
        style = {"color": tint, "weight": weight, "dashArray": dash, "fill": False}
        self._draw(shapely.union_all(lines), style, tooltip=None)

    def _draw(self, geometry: BaseGeometry, style: dict[str, object], tooltip: str | None) -> None:
        rounded = shapely.transform(geometry, lambda xy: np.rint(xy / GRID_DEG) * GRID_DEG)
        feature = {"type": "Feature", "properties": {}, "geometry": shapely.geometry.mapping(rounded)}
        folium.GeoJson(
            feature, style_function=lambda _: style, tooltip=tooltip, interactive=tooltip is not None
        ).add_to(self)
