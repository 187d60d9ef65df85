"""The map of one day as a sheet: map, key figures, their course, legend, and whom to name."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import shapely

from frontmap.maps.escape import colour
from frontmap.maps.palette import PALETTE
from frontmap.maps.payload import key_days
from frontmap.schema import UNKNOWN
from frontmap.sheets.chart import draw_chart
from frontmap.sheets.drawing import Drawn, Style, draw_map
from frontmap.sheets.figures import figures_on, sources_line
from frontmap.sheets.legend import draw_keys, map_keys
from frontmap.sheets.paper import LEADING, PT_PER_MM, Box, Form, Sheet
from frontmap.sheets.patterns import draw_zone, mixed
from frontmap.sheets.text import plain, width_pt, wrapped
from frontmap.sheets.view import fitted
from frontmap.wording.tables import facts, policy_name

if TYPE_CHECKING:
    from frontmap.sheets.scene import Scene
    from frontmap.wording import Language

__all__ = ["draw_footer", "draw_header", "map_sheet"]

MARGIN_MM = 11.0
PANEL_SHARE = 0.275  # of the width


def map_sheet(form: Form, scene: Scene, day: int, to: Language) -> tuple[Sheet, Drawn]:
    """Draw the sheet of a day.

    Parameters
    ----------
    form
        Its size.
    scene
        The history made ready for drawing.
    day
        Counted from the first one.
    to
        The language.

    Returns
    -------
    tuple of Sheet and Drawn
        The sheet, and where its map lies.

    Raises
    ------
    IndexError
        If the history has no such day.
    """
    sheet, history = Sheet(form), scene.history
    top = draw_header(sheet, scene, to.day(history.days[day]), to)
    bottom = draw_footer(sheet, scene, to)
    panel = PANEL_SHARE * (form.width_mm - 2 * MARGIN_MM)
    left = MARGIN_MM + 3.2 * form.type_scale
    box = Box(left, top + 3, form.width_mm - MARGIN_MM - panel - 6 - left, bottom - top - 3)
    drawn = draw_map(sheet, box, scene, scene.ground(day), Style(7.2 * form.type_scale, 60), to)
    _panel(sheet, Box(box.right + 6, top + 3, panel, box.height), scene, day, drawn, to)
    return sheet, drawn


def draw_header(sheet: Sheet, scene: Scene, title: str, to: Language) -> float:
    """Write what the sheet shows, of which theatre, and what was known.

    Parameters
    ----------
    sheet
        To write on.
    scene
        The history made ready for drawing.
    title
        In large letters.
    to
        The language.

    Returns
    -------
    float
        Where it ends, in mm from the upper edge.

    Raises
    ------
    KeyError
        If the language lacks a text.
    """
    history, scale = scene.history, sheet.form.type_scale
    room = sheet.form.width_mm - 2 * MARGIN_MM
    size_pt = next((size for size in (21, 18, 16) if _fits(title, size * scale, 0.98 * room)), 14) * scale
    sheet.text(MARGIN_MM, MARGIN_MM + 6.2 * scale, title, size_pt, bold=True, room_mm=room)
    named = to.title(history.theatre)
    sheet.text(MARGIN_MM, MARGIN_MM + 12.2 * scale, named, 10.5 * scale, colour=PALETTE["muted"], room_mm=0.56 * room)
    known = dict(facts(history, to))[to.text("fields.asOf")]
    about = to.text("sheets.known", known=known)
    lines = wrapped(plain(about), 0.42 * room * PT_PER_MM, 7.5 * scale, most=2)
    for number, line in enumerate(lines):
        y = MARGIN_MM + 12.2 * scale - (len(lines) - 1 - number) * LEADING * 7.5 * scale / PT_PER_MM
        sheet.text(sheet.form.width_mm - MARGIN_MM, y, line, 7.5 * scale, colour=PALETTE["muted"], align="right")
    return MARGIN_MM + 14.5 * scale


def draw_footer(sheet: Sheet, scene: Scene, to: Language) -> float:
    """Write whom to name, under which licences, and that reports are described, not the ground.

    Parameters
    ----------
    sheet
        To write on.
    scene
        The history made ready for drawing.
    to
        The language.

    Returns
    -------
    float
        Where it begins, in mm from the upper edge.

    Raises
    ------
    KeyError
        If the language lacks a text.
    """
    size_pt = 6.6 * sheet.form.type_scale
    room = sheet.form.width_mm - 2 * MARGIN_MM
    lines = wrapped(plain(sources_line(scene.history, to)), room * PT_PER_MM, size_pt, most=3)
    line_mm = LEADING * size_pt / PT_PER_MM
    top = sheet.form.height_mm - 0.72 * MARGIN_MM - len(lines) * line_mm
    for number, line in enumerate(lines):
        sheet.text(MARGIN_MM, top + (number + 0.76) * line_mm, line, size_pt, colour=PALETTE["muted"])
    return top - 0.9 * line_mm


def _fits(text: str, size_pt: float, room_mm: float) -> bool:
    return width_pt(plain(text), size_pt, bold=True) <= room_mm * PT_PER_MM


def _panel(sheet: Sheet, box: Box, scene: Scene, day: int, drawn: Drawn, to: Language) -> None:
    """Write figures, their course and the legend beside the map."""
    history, scale = scene.history, sheet.form.type_scale
    days = key_days(history)
    before = max((one for one in days if one < day), default=0)
    y = box.top
    for figure in figures_on(history, day, to, since=before if day else None):
        party = next(one for one in history.theatre.parties if one.id == figure.party)
        begin = y
        y = sheet.paragraph(box.left + 4, y, box.width - 4, figure.name, 8 * scale, bold=True, most=2)
        wide = sheet.text(box.left + 4, y + 6.6 * scale, figure.best, 20 * scale, bold=True)
        sheet.text(box.left + 4 + wide + 1.5, y + 6.6 * scale, to.word("km2"), 10 * scale)
        y += 8.2 * scale
        told = [figure.interval, *([figure.change] if figure.change else [])]
        for line in told:
            y = sheet.paragraph(box.left + 4, y, box.width - 4, line, 7.4 * scale, colour=PALETTE["muted"], most=2)
        bar = Box(box.left, begin + 0.6, 1.8, y - begin - 0.6)
        sheet.box(bar, face=mixed(party.colour, 0.5), edge=colour(party.colour), width_pt=0.6)
        y += 3.6 * scale
    y = sheet.paragraph(box.left, y, box.width, to.text("sheets.byDay"), 7.4 * scale, bold=True, most=2) + 1.5
    keys, size_pt = map_keys(scene, to), 7.2 * scale
    high = min(40 * scale, max(20 * scale, box.bottom - y - 0.55 * box.height))
    draw_chart(sheet, Box(box.left, y, box.width, high), history, to, size_pt=6.2 * scale, claims=False, day=day)
    y += high + 4 * scale
    y = sheet.paragraph(box.left, y, box.width, to.text("sheets.legend"), 7.4 * scale, bold=True) + 1.2
    y = draw_keys(sheet, Box(box.left, y, box.width, 0), keys, size_pt)
    y = sheet.paragraph(
        box.left, y + 1.5, box.width, to.text("sheets.policyLine", policy=policy_name(history, to)), 6.6 * scale,
        colour=PALETTE["muted"], most=1,
    )  # fmt: skip
    room = box.bottom - y - 7 * scale
    if room > 20 * scale:
        sheet.text(box.left, y + 5 * scale, to.text("sheets.overview"), 7.4 * scale, bold=True, room_mm=box.width)
        _overview(sheet, Box(box.left, y + 7 * scale, box.width, min(room, 0.62 * box.width)), scene, drawn)


def _overview(sheet: Sheet, box: Box, scene: Scene, drawn: Drawn) -> None:
    """Draw the studied area small, with the part that the map shows."""
    view = fitted(box, scene.projection, scene.outline, margin=0.04)
    sheet.box(box, face=PALETTE["outside"], edge=PALETTE["rule"], width_pt=0.5)
    parties = {party.home_country: party for party in scene.history.theatre.parties}
    for side, ground in scene.sides.items():
        party = parties.get(side)
        draw_zone(sheet, view.to_sheet(ground), party, party.id if party else UNKNOWN, side, 0.7)
    sheet.shape(view.to_sheet(scene.border), edge=PALETTE["border"], width_pt=0.8)
    shown = drawn.view.box
    corners = np.array([(x, y) for x in (shown.left, shown.right) for y in (shown.top, shown.bottom)])
    part = shapely.box(*shapely.bounds(shapely.multipoints(drawn.view.points_to_metres(corners))))
    sheet.shape(view.to_sheet(part), edge=PALETTE["ink"], width_pt=1.3)
