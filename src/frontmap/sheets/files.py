"""All static sheets of a history as files: name and content, the same bytes for the same history."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import pandas as pd

from frontmap.maps.payload import key_days
from frontmap.sheets.chart_sheet import chart_sheet
from frontmap.sheets.document import document_pages, opening
from frontmap.sheets.map_sheet import map_sheet
from frontmap.sheets.multiples import multiples_sheet
from frontmap.sheets.paper import A4, WIDE, Sheet, saved_pages
from frontmap.sheets.scene import Scene
from frontmap.sheets.slides import presentation
from frontmap.sheets.timeline import timeline
from frontmap.wording import Language, language

if TYPE_CHECKING:
    from frontmap.history import History

__all__ = ["sheet_files"]


def sheet_files(history: History, ledger: Callable[[], pd.DataFrame], lang: str) -> dict[str, bytes]:
    """Make all sheets.

    Parameters
    ----------
    history
        An assessed history.
    ledger
        Gives what `frontmap.test_claims` returned for it; asked when the pictures are drawn.
    lang
        The language.

    Returns
    -------
    dict of str to bytes
        Content by file name: ``map-2024-09-06`` and ``map-2024-09-06-wide`` (16:9) for each key date, ``key-dates`` and
        ``chart`` as .png, .svg and .pdf; ``timeline.gif``, ``briefing.pdf`` and ``briefing.pptx``.

    Raises
    ------
    FrontmapError
        If there is no such language.
    """
    to, scene = language(lang), Scene(history, lang)
    title, main_day = to.title(history.theatre), opening(scene)
    found: dict[str, bytes] = {}
    pages: list[Sheet] = []
    for day in key_days(history):
        for form in (A4, WIDE):
            sheet, _ = map_sheet(form, scene, day, to)
            name = f"map-{history.days[day]:%Y-%m-%d}{form.ending}"
            found |= _in_all_forms(sheet, name, f"{title}: {to.day(history.days[day])}", to)
            if (form, day) == (A4, main_day):
                pages.append(sheet)
    for sheet, name, words in (
        (multiples_sheet(A4, scene, to), "key-dates", "sheets.keyDates"),
        (chart_sheet(A4, scene, to), "chart", "sheets.byDay"),
    ):
        found |= _in_all_forms(sheet, name, f"{title}: {to.text(words)}", to)
        pages.append(sheet)
    found["timeline.gif"] = timeline(scene, to)
    told = ledger()
    found["briefing.pdf"] = saved_pages(document_pages(scene, told, to, pages), title, lang)
    found["briefing.pptx"] = presentation(scene, told, to)
    return found


def _in_all_forms(sheet: Sheet, name: str, title: str, to: Language) -> dict[str, bytes]:
    return {
        f"{name}.png": sheet.png(title),
        f"{name}.svg": sheet.svg(title, to.code),
        f"{name}.pdf": sheet.pdf(title, to.code),
    }
