"""The chart of areas by day with interval and published claims, as a sheet."""

from __future__ import annotations

from typing import TYPE_CHECKING

from frontmap.maps.palette import PALETTE
from frontmap.maps.payload import key_days
from frontmap.sheets.chart import draw_chart
from frontmap.sheets.legend import chart_keys, draw_keys
from frontmap.sheets.map_sheet import MARGIN_MM, draw_footer, draw_header
from frontmap.sheets.paper import Box, Form, Sheet
from frontmap.wording.tables import facts

if TYPE_CHECKING:
    from frontmap.sheets.scene import Scene
    from frontmap.wording import Language

__all__ = ["chart_sheet"]


def chart_sheet(form: Form, scene: Scene, to: Language) -> Sheet:
    """Draw the chart.

    Parameters
    ----------
    form
        Size of the sheet.
    scene
        The history made ready for drawing.
    to
        The language.

    Returns
    -------
    Sheet
        The chart with its keys.

    Raises
    ------
    KeyError
        If the language lacks a text.
    """
    sheet, history, scale = Sheet(form), scene.history, form.type_scale
    top = draw_header(sheet, scene, to.text("sheets.byDay"), to) + 2
    bottom = draw_footer(sheet, scene, to)
    room = form.width_mm - 2 * MARGIN_MM
    interval = dict(facts(history, to))[to.text("fields.interval")]
    words = f"{to.text('sheets.interval')}: {interval}"
    end = draw_keys(sheet, Box(MARGIN_MM, top, room, 0), chart_keys(history, to), 8 * scale, across=True, room_mm=125)
    end = sheet.paragraph(MARGIN_MM, end + 1.5, room, words, 7.2 * scale, colour=PALETTE["muted"], most=2)
    box = Box(MARGIN_MM, end + 3, room, bottom - end - 5)
    draw_chart(sheet, box, history, to, size_pt=8 * scale, key_days=key_days(history))
    return sheet
