"""One map in a box of a sheet: zones with one side hatched, doubt, front line, border, rivers, names."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import shapely

from frontmap.maps.palette import PALETTE
from frontmap.sheets.labels import FIRST, Name, Names, Rectangle
from frontmap.sheets.paper import PT_PER_MM, Box, Sheet
from frontmap.sheets.patterns import dots, draw_zone
from frontmap.sheets.scene import Ground, Scene
from frontmap.sheets.view import Arrow, Bar, View, bar_km, fitted, graticule, north_arrow, scale_bar

if TYPE_CHECKING:
    from frontmap.wording import Language

__all__ = ["Drawn", "Style", "draw_lines", "draw_map", "draw_marks", "draw_paper", "map_view"]

MANY_DOTS = 300  # if more places lie on a map their dots are smaller, so that together they hide no more of it


@dataclass(frozen=True)
class Style:
    """How rich a map is.

    Parameters
    ----------
    size_pt
        Size of the names of places; lines and patterns go with it.
    names
        Greatest number of names of places.
    furniture
        Whether degrees, north arrow, scale bar and names of the sides are drawn.
    margin
        Room about the ground that ever changes, as a share of the map's shorter edge.
    """

    size_pt: float
    names: int
    furniture: bool = True
    margin: float = 0.09

    @property
    def weight(self) -> float:
        """How wide lines and patterns are; 1 where names have 7 points."""
        return self.size_pt / 7


@dataclass(frozen=True)
class Drawn:
    """What was drawn: the view, and where the furniture lies if there is any."""

    view: View
    arrow: Arrow | None = None
    bar: Bar | None = None
    names: tuple[Name, ...] = ()


def draw_map(sheet: Sheet, box: Box, scene: Scene, ground: Ground, style: Style, to: Language) -> Drawn:
    """Draw the ground of a day.

    Parameters
    ----------
    sheet
        To draw on.
    box
        Where on the sheet.
    scene
        What stays from day to day.
    ground
        The day's ground.
    style
        How rich the map is.
    to
        Language of the names of the sides.

    Returns
    -------
    Drawn
        The view, and where the furniture lies.

    Raises
    ------
    ValueError
        If the ground has no extent.
    """
    weight = style.weight
    parties = {party.id: party for party in scene.history.theatre.parties}
    view = map_view(scene, box, style)
    draw_paper(sheet, scene, view)
    for zone in ground.zones:
        draw_zone(sheet, view.to_sheet(zone.shape), parties.get(zone.state), zone.state, zone.side, weight)
    doubt = view.to_sheet(ground.doubt)
    sheet.shape(doubt, face=PALETTE["paper"], alpha=0.5)
    sheet.shape(dots(doubt, 1.5 * weight), edge=PALETTE["doubt"], width_pt=0.85 * weight, cap="round")
    draw_lines(sheet, scene, view, style)
    edges, front = (view.to_sheet(line) for line in (ground.edges, ground.front))
    sheet.shape(edges, edge=PALETTE["contested"], width_pt=0.9 * weight, dash=(4, 3))
    sheet.shape(front, edge=PALETTE["paper"], width_pt=3.4 * weight, alpha=0.85)
    sheet.shape(front, edge=PALETTE["front"], width_pt=1.9 * weight)
    return draw_marks(sheet, scene, view, style, to)


def map_view(scene: Scene, box: Box, style: Style) -> View:
    """Choose what a map in a box shows: the ground that ever changes, with some room about it.

    Parameters
    ----------
    scene
        What stays from day to day.
    box
        Where on the sheet.
    style
        How rich the map is.

    Returns
    -------
    View
        The same for every day.

    Raises
    ------
    ValueError
        If the ground has no extent.
    """
    return fitted(box, scene.projection, scene.focus, margin=style.margin)


def draw_paper(sheet: Sheet, scene: Scene, view: View) -> None:
    """Draw what lies beneath the zones.

    Parameters
    ----------
    sheet
        To draw on.
    scene
        What stays from day to day.
    view
        The ground the map shows.

    Raises
    ------
    KeyError
        If the palette lacks a colour.
    """
    sheet.box(view.box, face=PALETTE["outside"])
    sheet.shape(view.to_sheet(scene.outline), face=PALETTE["paper"])


def draw_lines(sheet: Sheet, scene: Scene, view: View, style: Style) -> None:
    """Draw the lines that stay from day to day: degrees, rivers, the edge of the studied ground, the border.

    Parameters
    ----------
    sheet
        To draw on.
    scene
        What stays from day to day.
    view
        The ground the map shows.
    style
        How rich the map is.

    Raises
    ------
    KeyError
        If the palette lacks a colour.
    """
    weight = style.weight
    if style.furniture:
        graticule(sheet, view, 6.0 * weight)
    for _, river in scene.rivers:
        sheet.shape(view.to_sheet(river), edge=PALETTE["river"], width_pt=0.9 * weight)
    sheet.shape(view.to_sheet(shapely.boundary(scene.outline)), edge="#8a8a86", width_pt=0.6 * weight, dash=(1, 3))
    border = view.to_sheet(scene.border)
    sheet.shape(border, edge=PALETTE["paper"], width_pt=2.6 * weight, alpha=0.75)
    sheet.shape(border, edge=PALETTE["border"], width_pt=1.1 * weight, dash=(7, 2.5, 1.5, 2.5))


def draw_marks(sheet: Sheet, scene: Scene, view: View, style: Style, to: Language) -> Drawn:
    """Draw dots and names of places, north arrow, scale bar and the edge of the map.

    Parameters
    ----------
    sheet
        To draw on.
    scene
        What stays from day to day.
    view
        The ground the map shows.
    style
        How rich the map is.
    to
        Language of the names of the sides.

    Returns
    -------
    Drawn
        The view, and where the furniture lies.

    Raises
    ------
    KeyError
        If the language lacks a word.
    """
    _dots(sheet, view, scene, style)
    names = _names(view, scene, style, to)
    names.draw(sheet)
    drawn = _furniture(sheet, view, style, to) if style.furniture else Drawn(view)
    sheet.box(view.box, edge=PALETTE["ink"], width_pt=0.7)
    return Drawn(view, drawn.arrow, drawn.bar, tuple(names.names))


def _furniture(sheet: Sheet, view: View, style: Style, to: Language) -> Drawn:
    """Draw north arrow and scale bar into the lower corners."""
    box, high = view.box, style.size_pt / PT_PER_MM
    for left, top, right, bottom in _corners(view, style):
        sheet.shape(shapely.box(left, top, right, bottom), face=PALETTE["paper"], alpha=0.85)
    bar = scale_bar(sheet, view, box.left + 1.3 * high, box.bottom - 0.9 * high, _most(view), style.size_pt, to)
    middle = (box.right - 1.9 * high, box.bottom - 2.3 * high)
    arrow = north_arrow(sheet, view, *middle, 3.0 * high, to.text("sheets.north"))
    return Drawn(view, arrow, bar)


def _most(view: View) -> float:
    """Greatest length of the scale bar in mm."""
    return 0.27 * view.box.width


def _corners(view: View, style: Style) -> list[Rectangle]:
    """Tell the rectangles in the lower corners that scale bar and north arrow take."""
    box, high = view.box, style.size_pt / PT_PER_MM
    long_mm = bar_km(view, _most(view)) * 1000 / view.metres_per_mm
    return [
        (box.left, box.bottom - 3.0 * high, box.left + long_mm + 5.4 * high, box.bottom),
        (box.right - 3.8 * high, box.bottom - 5.6 * high, box.right, box.bottom),
    ]


def _dots(sheet: Sheet, view: View, scene: Scene, style: Style) -> None:
    """Mark the places that reports name."""
    xy = np.array([[place.x_m, place.y_m] for place in scene.places if place.reported]).reshape(-1, 2)
    if not (len(xy) and style.names):
        return
    box = view.box
    points = view.points_to_sheet(xy)
    within = (points > (box.left, box.top)).all(axis=1) & (points < (box.right, box.bottom)).all(axis=1)
    size = style.weight * min(1.0, (MANY_DOTS / max(1, within.sum())) ** 0.5)
    round_ones = shapely.buffer(shapely.points(points[within]), 0.48 * size, quad_segs=4)
    sheet.shape(shapely.multipolygons(round_ones), face=PALETTE["ink"], edge=PALETTE["paper"], width_pt=0.5 * size)


def _names(view: View, scene: Scene, style: Style, to: Language) -> Names:
    """Find room for the names of sides, rivers and places; the same for every day, so kept by the scene."""
    key = (view, style, to.code)
    if key not in scene.names:
        scene.names[key] = _placed(view, scene, style, to)
    return scene.names[key]


def _placed(view: View, scene: Scene, style: Style, to: Language) -> Names:
    places, theatre = scene.places, scene.history.theatre
    names = Names(view.box, _corners(view, style) if style.furniture else ())
    xy = view.points_to_sheet(np.array([[place.x_m, place.y_m] for place in places]).reshape(-1, 2))
    reported = np.array([place.reported for place in places], dtype=bool)
    labels = [place.name for place in places]
    names.places(labels[:FIRST], xy[:FIRST], reported[:FIRST], xy[reported], size_pt=style.size_pt, most=style.names)
    if style.furniture:
        for side, ground in scene.calm_sides.items():
            names.across(to.side(theatre, side), view.to_sheet(ground), size_pt=1.7 * style.size_pt)
        for name, line in scene.rivers:
            shown = to.place(theatre, name)
            names.along(shown, view.to_sheet(line), size_pt=0.95 * style.size_pt, colour="#3f6178")
    left = style.names - FIRST
    names.places(labels[FIRST:], xy[FIRST:], reported[FIRST:], xy[reported], size_pt=style.size_pt, most=left)
    return names
