"""All static sheets of a history as files: name and content, the same bytes for the same history."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from frontmap.maps.payload import key_days
from frontmap.sheets.chart_sheet import chart_sheet
from frontmap.sheets.document import document_pages
from frontmap.sheets.map_sheet import map_sheet
from frontmap.sheets.multiples import multiples_sheet
from frontmap.sheets.paper import A4, WIDE, Sheet, saved_pages
from frontmap.sheets.scene import Scene
from frontmap.sheets.slides import presentation
from frontmap.sheets.timeline import timeline
from frontmap.wording import Language, language

if TYPE_CHECKING:
    from frontmap.history import History

__all__ = ["document_files", "picture_files"]


def picture_files(history: History, lang: str) -> dict[str, bytes]:
    """Draw the pictures: maps of the key dates, small multiples, chart and moving picture.

    Parameters
    ----------
    history
        An assessed history.
    lang
        The language.

    Returns
    -------
    dict of str to bytes
        Content by file name: ``map-2024-09-06`` and ``map-2024-09-06-wide`` (16:9) for each key date, ``key-dates`` and
        ``chart`` as .png, .svg and .pdf, and ``timeline.gif``.

    Raises
    ------
    FrontmapError
        If there is no such language.
    """
    to, scene = language(lang), Scene(history, lang)
    title = to.title(history.theatre)
    found: dict[str, bytes] = {}
    for day in key_days(history):
        for form in (A4, WIDE):
            sheet, _ = map_sheet(form, scene, day, to)
            name = f"map-{history.days[day]:%Y-%m-%d}{form.ending}"
            found |= _in_all_forms(sheet, name, f"{title}: {to.day(history.days[day])}", to)
    several = f"{title}: {to.text('sheets.keyDates')}"
    found |= _in_all_forms(multiples_sheet(A4, scene, to), "key-dates", several, to)
    found |= _in_all_forms(chart_sheet(A4, scene, to), "chart", f"{title}: {to.text('sheets.byDay')}", to)
    found["timeline.gif"] = timeline(scene, to)
    return found


def document_files(history: History, ledger: pd.DataFrame, lang: str) -> dict[str, bytes]:
    """Make the document to print and the slides.

    Parameters
    ----------
    history
        An assessed history.
    ledger
        What `frontmap.test_claims` returned for it.
    lang
        The language.

    Returns
    -------
    dict of str to bytes
        Content of ``briefing.pdf`` and ``briefing.pptx``.

    Raises
    ------
    FrontmapError
        If there is no such language.
    """
    to, scene = language(lang), Scene(history, lang)
    pages = saved_pages(document_pages(scene, ledger, to), to.title(history.theatre), lang)
    return {"briefing.pdf": pages, "briefing.pptx": presentation(scene, ledger, to)}


def _in_all_forms(sheet: Sheet, name: str, title: str, to: Language) -> dict[str, bytes]:
    return {
        f"{name}.png": sheet.png(title),
        f"{name}.svg": sheet.svg(title, to.code),
        f"{name}.pdf": sheet.pdf(title, to.code),
    }
