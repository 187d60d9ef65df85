"""The briefing as a document to print: title, map, key dates, chart, changes, claims, method and sources."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pandas as pd

from frontmap.claims import fraction_table
from frontmap.maps.palette import PALETTE
from frontmap.maps.payload import key_days
from frontmap.sheets.drawing import Style, draw_map
from frontmap.sheets.figures import figures_on
from frontmap.sheets.map_sheet import MARGIN_MM, draw_footer, draw_header
from frontmap.sheets.paper import A4, LEADING, PT_PER_MM, Box, Sheet
from frontmap.sheets.tabular import draw_table, picked, shares
from frontmap.sheets.text import plain, wrapped
from frontmap.wording.ledger import claims_intro, claims_table, fractions_intro, fractions_table
from frontmap.wording.table import Table, made
from frontmap.wording.tables import (
    facts,
    key_table,
    left_out,
    licences_table,
    meaning_sentences,
    method_sentences,
    note,
    policy_sentence,
    sources_table,
)

if TYPE_CHECKING:
    from frontmap.sheets.scene import Scene
    from frontmap.wording import Language

__all__ = ["CLAIM_COLUMNS", "document_pages", "opening"]

TEXT_PT = 9.0
LEAST_MM = 45.0  # a table begins on a new page if there is less room
CLAIM_COLUMNS = (0, 1, 2, 3, 4, 5)  # what a claim is about and what became of it, without reasons and sources


@dataclass(frozen=True)
class Part:
    """A table of the document with the size of its type, and what is said before and after it."""

    table: Table
    size_pt: float
    before: str = ""
    after: str = ""


def opening(scene: Scene) -> int:
    """Choose the key date on which most ground is held beyond the border.

    Parameters
    ----------
    scene
        The history made ready for drawing.

    Returns
    -------
    int
        Counted from the first day.

    Raises
    ------
    ValueError
        If the history has no days.
    """
    areas = scene.history.areas()
    pairs = pd.MultiIndex.from_tuples(scene.history.headline, names=["party", "side"])
    ours = areas[areas.set_index(["party", "side"]).index.isin(pairs)] if len(pairs) else areas.iloc[:0]
    held = ours.groupby("date")["area_km2"].sum().reindex(scene.history.days, fill_value=0.0).to_numpy()
    return max(key_days(scene.history), key=lambda day: float(held[day]))


def document_pages(scene: Scene, ledger: pd.DataFrame, to: Language, drawn: Sequence[Sheet]) -> list[Sheet]:
    """Make the pages of the document.

    Parameters
    ----------
    scene
        The history made ready for drawing.
    ledger
        What `frontmap.test_claims` returned.
    to
        The language.
    drawn
        Sheets that have been drawn, to follow the title page: map, key dates, chart. They get a page number.

    Returns
    -------
    list of Sheet
        A4, landscape.

    Raises
    ------
    KeyError
        If the language lacks a text.
    """
    history = scene.history
    words = to.text
    changes = [Part(key_table(history, to, key_days(history)), 9.5, after=words("keyHead.since"))]
    fractions = fraction_table(history)
    if len(fractions):
        before = fractions_intro(history, fractions, to)
        changes.append(Part(fractions_table(history, fractions, to), 8.0, before=before))
    pages = [
        _title_page(scene, to),
        *drawn,
        *_table_pages(scene, changes, to),
    ]
    if len(ledger):
        shown = picked(claims_table(history, ledger, to), CLAIM_COLUMNS)
        intro = f"{claims_intro(ledger, to)} {words('sheets.all', total=to.number(len(ledger)))}"
        pages += _table_pages(scene, [Part(shown, 7.4, before=intro)], to)
    method = [f"{number}. {text}" for number, text in enumerate(method_sentences(history, to), start=1)]
    rule = f"{words('sheets.rule')}: {policy_sentence(history, to)}"
    meaning = [text for text in (note(history, to), *meaning_sentences(history, to)) if text]
    chapters = {words("sections.method"): [*method, rule], words("sections.meaning"): meaning}
    pages += _text_pages(scene, chapters, to)
    pages += _table_pages(scene, [Part(sources_table(history, to), 7.6, before=words("sourcesIntro"))], to)
    last = [Part(licences_table(history, to), 8.5)]
    if history.notes:
        rows = [[text] for text in left_out(history, to)]
        last.append(Part(made(words("sections.left"), [""], rows), 8.5))
    pages += _table_pages(scene, last, to)
    for number, page in enumerate(pages, start=1):
        y = page.form.height_mm - 0.45 * MARGIN_MM
        told = words("sheets.page", number=number, total=len(pages))
        page.text(page.form.width_mm - MARGIN_MM, y, told, 6.6, colour=PALETTE["muted"], align="right")
    return pages


def _title_page(scene: Scene, to: Language) -> Sheet:
    sheet, history = Sheet(A4), scene.history
    bottom = draw_footer(sheet, scene, to)
    left, wide = MARGIN_MM + 3, 118.0
    y = 24.0
    for line in wrapped(plain(to.title(history.theatre)), wide * PT_PER_MM, 25, bold=True, most=4):
        y += LEADING * 25 / PT_PER_MM
        sheet.text(left, y - 3, line, 25, bold=True)
    sheet.line([(left, y + 3), (left + 36, y + 3)], width_pt=2.4)
    y += 11
    for name, value in facts(history, to):
        y = sheet.paragraph(left, y, wide, name, 8.5, bold=True, colour=PALETTE["muted"])
        y = sheet.paragraph(left, y, wide, value, 9.5, most=3) + 2.6
        if y > bottom - 14:
            break
    day = opening(scene)
    box = Box(left + wide + 14, 30, A4.width_mm - MARGIN_MM - left - wide - 14, bottom - 58)
    draw_map(sheet, box, scene, scene.ground(day), Style(6.4, 18), to)
    y = box.bottom + 2.5
    y = sheet.paragraph(
        box.left, y, box.width, to.text("sheets.mapTitle", day=to.day(history.days[day])), 10, bold=True
    )
    for figure in figures_on(history, day, to)[:2]:
        words = to.text("sheets.held", ground=figure.name, best=figure.best, interval=figure.interval)
        y = sheet.paragraph(box.left, y, box.width, words, 9, most=2)
    return sheet


def _table_pages(scene: Scene, parts: Sequence[Part], to: Language) -> list[Sheet]:
    """Draw tables below one another on as many pages as it takes; the first one names the pages."""
    title, room = parts[0].table.caption, A4.width_mm - 2 * MARGIN_MM
    sheet, y, bottom = _begun(scene, title, to)
    pages = [sheet]
    for part in parts:
        if part is not parts[0]:
            if bottom - y < LEAST_MM:
                sheet, y, bottom = _begun(scene, part.table.caption, to)
                pages.append(sheet)
            else:
                y = sheet.paragraph(MARGIN_MM, y + 7, room, part.table.caption, 13, bold=True) + 2
        if part.before:
            y = sheet.paragraph(MARGIN_MM, y, room, part.before, TEXT_PT) + 3
        widths = shares(part.table, part.size_pt, room)
        box = Box(MARGIN_MM, y, room, bottom - y)
        row, y = draw_table(sheet, box, part.table, part.size_pt, widths=widths)
        while row < len(part.table.rows):
            sheet, y, bottom = _begun(scene, to.text("sheets.continued", title=part.table.caption), to)
            pages.append(sheet)
            box = Box(MARGIN_MM, y, room, bottom - y)
            row, y = draw_table(sheet, box, part.table, part.size_pt, first=row, widths=widths)
        if part.after:
            y = sheet.paragraph(MARGIN_MM, y + 2, room, part.after, 8, colour=PALETTE["muted"], most=2)
    return pages


def _text_pages(scene: Scene, chapters: Mapping[str, Sequence[str]], to: Language) -> list[Sheet]:
    """Set chapters in columns, each from the head of a column, on as many pages as it takes; the first names them."""
    gap = 12.0
    wide = (A4.width_mm - 2 * MARGIN_MM - gap) / 2
    line_mm = LEADING * TEXT_PT / PT_PER_MM
    title = next(iter(chapters))
    sheet, top, bottom = _begun(scene, title, to)
    pages, column, y = [sheet], 0, top
    for chapter, paragraphs in chapters.items():
        texts = [(text, False) for text in paragraphs]
        if chapter != title:
            texts.insert(0, (chapter, True))
        for text, is_head in texts:
            lines = wrapped(plain(text), wide * PT_PER_MM, TEXT_PT, bold=is_head, most=40)
            if (is_head or y + len(lines) * line_mm > bottom) and y > top:
                column, y = column + 1, top
                if column == 2:
                    sheet, top, bottom = _begun(scene, to.text("sheets.continued", title=title), to)
                    pages.append(sheet)
                    column, y = 0, top
            for line in lines:
                y += line_mm
                sheet.text(MARGIN_MM + column * (wide + gap), y - 0.24 * line_mm, line, TEXT_PT, bold=is_head)
            y += 0.6 * line_mm
    return pages


def _begun(scene: Scene, title: str, to: Language) -> tuple[Sheet, float, float]:
    """Begin a page: with its header and footer, and where the room between them begins and ends."""
    sheet = Sheet(A4)
    top = draw_header(sheet, scene, title, to)
    return sheet, top + 4, draw_footer(sheet, scene, to)
