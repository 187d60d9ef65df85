"""Small maps of the key dates side by side at one scale, with the figures of each day and one legend."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from frontmap.maps.palette import PALETTE
from frontmap.maps.payload import key_days
from frontmap.sheets.drawing import Style, draw_map
from frontmap.sheets.figures import figures_on
from frontmap.sheets.legend import draw_keys, map_keys
from frontmap.sheets.map_sheet import MARGIN_MM, draw_footer, draw_header
from frontmap.sheets.paper import PT_PER_MM, Box, Form, Sheet
from frontmap.sheets.view import north_arrow, scale_bar

if TYPE_CHECKING:
    from frontmap.sheets.scene import Scene
    from frontmap.wording import Language

__all__ = ["multiples_sheet"]

MOST = 11
GAP_MM = 5.0


def multiples_sheet(form: Form, scene: Scene, to: Language, *, framed: bool = True) -> Sheet:
    """Draw the key dates as small maps.

    Parameters
    ----------
    form
        Size of the sheet.
    scene
        The history made ready for drawing.
    to
        The language.
    framed
        Whether it has a title and the sources line; without them it is a picture for a page that has.

    Returns
    -------
    Sheet
        At most eleven maps, the last place for the legend.

    Raises
    ------
    KeyError
        If the language lacks a text.
    """
    sheet, history, scale = Sheet(form), scene.history, form.type_scale
    edge = MARGIN_MM if framed else 0.4
    top, bottom = 0.0, form.height_mm - edge
    if framed:
        top = draw_header(sheet, scene, to.text("sheets.keyDates"), to) + 1
        bottom = draw_footer(sheet, scene, to)
    days = key_days(history)[:MOST]
    cells = len(days) + 1
    columns = min(cells, math.ceil(math.sqrt(cells * 1.15)))
    rows = math.ceil(cells / columns)
    wide = (form.width_mm - 2 * edge - (columns - 1) * GAP_MM) / columns
    high = (bottom - top - (rows - 1) * GAP_MM) / rows
    size_pt = 7.2 * scale * (1 if rows < 3 else 0.85)
    line_mm = 1.4 * size_pt / PT_PER_MM
    first = None
    for number, day in enumerate(days):
        row, column = divmod(number, columns)
        left, upper = edge + column * (wide + GAP_MM), top + row * (high + GAP_MM)
        told = figures_on(history, day, to)
        sheet.text(left, upper + 1.0 * line_mm, to.day(history.days[day]), 1.25 * size_pt, bold=True)
        for line, figure in enumerate(told[:2]):
            words = to.text("sheets.held", ground=figure.name, best=figure.best, interval=figure.interval)
            y = upper + (2.05 + line) * line_mm
            sheet.text(left, y, words, size_pt, colour=PALETTE["muted"], room_mm=wide)
        head = (1.6 + len(told[:2])) * line_mm
        box = Box(left, upper + head, wide, high - head)
        style = Style(0.8 * size_pt, 6, furniture=False)
        drawn = draw_map(sheet, box, scene, scene.ground(day), style, to)
        first = first or drawn.view
    row, column = divmod(cells - 1, columns)
    left, upper = edge + column * (wide + GAP_MM) + 2, top + row * (high + GAP_MM)
    y = sheet.paragraph(left, upper, wide - 2, to.text("sheets.legend"), 1.1 * size_pt, bold=True) + 1.5
    y = draw_keys(sheet, Box(left, y, wide - 2, 0), map_keys(scene, to), size_pt)
    if first is not None:
        scale_bar(sheet, first, left + 2, min(y + 3.6 * line_mm, bottom - 0.5), 0.5 * wide, size_pt, to)
        arrow = 2.6 * line_mm
        middle = (first.box.right - 0.5 * arrow, first.box.bottom - 0.75 * arrow)
        north_arrow(sheet, first, *middle, 0.8 * arrow, to.text("sheets.north"))
    return sheet
