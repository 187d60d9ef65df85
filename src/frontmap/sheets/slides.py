"""The briefing as slides that can be edited: title, map, chart, change table, claims, method and sources."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import pandas as pd
from pptx import Presentation
from pptx.chart.axis import DateAxis
from pptx.chart.data import CategoryChartData
from pptx.enum.chart import XL_CHART_TYPE, XL_LEGEND_POSITION
from pptx.enum.dml import MSO_LINE
from pptx.enum.text import MSO_ANCHOR
from pptx.oxml import parse_xml
from pptx.oxml.ns import nsdecls
from pptx.slide import Slide
from pptx.util import Mm, Pt

from frontmap.maps.escape import colour
from frontmap.maps.palette import PALETTE
from frontmap.maps.payload import key_days
from frontmap.sheets.document import opening
from frontmap.sheets.drawing import Style, draw_map
from frontmap.sheets.figures import figures_on, ground_name, in_a_sentence, sources_line
from frontmap.sheets.legend import draw_keys, map_keys
from frontmap.sheets.multiples import multiples_sheet
from frontmap.sheets.office import describe, in_mm, place, rgb, saved, timeless, write
from frontmap.sheets.paper import LEADING, PT_PER_MM, WIDE, Box, Form, Sheet
from frontmap.sheets.patterns import mixed
from frontmap.sheets.tabular import is_numeric, picked, shares
from frontmap.sheets.text import plain, width_pt, wrapped
from frontmap.wording.ledger import claims_intro, claims_table
from frontmap.wording.table import Table, made
from frontmap.wording.tables import facts, key_table, meaning_sentences, method_sentences, sources_table

if TYPE_CHECKING:
    from frontmap.sheets.scene import Scene
    from frontmap.wording import Language

__all__ = ["presentation"]

LAYOUT = 5  # "Title Only" of the library's own template
MARGIN = 14.0  # mm
WEEK = 7
MOST_CLAIMS = 9
BEFORE_PT = 13  # of the type of what is said before a table
SIZES_PT = (18, 16, 14, 13, 12, 11)  # of the type of tables
CELL_MM = 1.0  # room at the sides of a cell; half of it above and below
FOOT = "Sources"
LOCALES = {"en": "809", "uk": "422", "ru": "419"}  # in which the names of months are written


def presentation(scene: Scene, ledger: pd.DataFrame, to: Language) -> bytes:
    """Make the slides.

    Parameters
    ----------
    scene
        The history made ready for drawing.
    ledger
        What `frontmap.test_claims` returned.
    to
        The language.

    Returns
    -------
    bytes
        A file of slides, 16:9, with a native chart and native tables; pictures and charts tell in words what they show.

    Raises
    ------
    KeyError
        If the language lacks a text.
    """
    deck = _Deck(scene, to)
    history, words = scene.history, to.text
    day = opening(scene)
    _title_slide(deck, day)
    _map_slide(deck, day)
    deck.picture_slide(
        words("sheets.keyDates"),
        _multiples(scene, to),
        words("sheets.multiplesAlt", days=", ".join(to.day(history.days[one]) for one in key_days(history))),
    )
    _chart_slide(deck)
    deck.table_slides(key_table(history, to, key_days(history)), after=words("keyHead.since"))
    if len(ledger):
        _claims_slides(deck, ledger)
    deck.text_slide(words("sections.method"), method_sentences(history, to))
    deck.text_slide(words("sections.meaning"), meaning_sentences(history, to))
    deck.table_slides(picked(sources_table(history, to), (0, 1, 2, 3, 5, 6)))
    return deck.saved()


class _Deck:
    """Slides being made."""

    def __init__(self, scene: Scene, to: Language) -> None:
        self.scene, self.to = scene, to
        self.deck: Any = Presentation()
        self.deck.slide_width, self.deck.slide_height = Mm(WIDE.width_mm), Mm(WIDE.height_mm)
        self.layout = self.deck.slide_layouts[LAYOUT]
        for other in [layout for layout in self.deck.slide_layouts if layout is not self.layout]:
            if other.name != self.layout.name:
                self.deck.slide_layouts.remove(other)
        for holder in (*self.deck.slide_master.placeholders, *self.layout.placeholders):
            place(holder, 0.0, WIDE.height_mm, 40.0, 8.0)  # dates and numbers of the template: out of sight
        for holder in (self.deck.slide_master.placeholders[0], self.layout.placeholders[0]):
            place(holder, MARGIN, 9.0, WIDE.width_mm - 2 * MARGIN, 16.0)
        body = self.deck.slide_master.placeholders[1]
        place(body, MARGIN, 30.0, WIDE.width_mm - 2 * MARGIN, WIDE.height_mm - 50.0)

    def slide(self, title: str, notes: str = "") -> Slide:
        """Add a slide with its title, the sources line below and in the notes."""
        slide: Any = self.deck.slides.add_slide(self.layout)
        holder = slide.shapes.title
        place(holder, MARGIN, 9.0, WIDE.width_mm - 2 * MARGIN, 16.0)
        room_pt = (WIDE.width_mm - 2 * MARGIN) * PT_PER_MM
        size_pt = next((size for size in (28, 24) if width_pt(plain(title), size, bold=True) <= room_pt), 20)
        write(holder.text_frame, [title], size_pt, bold=True)
        holder.text_frame.vertical_anchor = MSO_ANCHOR.MIDDLE
        line = sources_line(self.scene.history, self.to)
        foot = slide.shapes.add_textbox(*in_mm(MARGIN, WIDE.height_mm - 16.5, WIDE.width_mm - 2 * MARGIN, 12.0))
        foot.name = FOOT
        write(foot.text_frame, [line], 9, tint=PALETTE["muted"])
        known = dict(facts(self.scene.history, self.to))[self.to.text("fields.asOf")]
        told = [notes, self.to.text("sheets.known", known=known), line]
        slide.notes_slide.notes_text_frame.text = plain("\n".join(part for part in told if part))
        made: Slide = slide
        return made

    def box(self) -> Box:
        """Tell the room between title and sources line."""
        return Box(MARGIN, 30.0, WIDE.width_mm - 2 * MARGIN, WIDE.height_mm - 30.0 - 18.5)

    def picture_slide(self, title: str, picture: bytes, alt: str) -> Slide:
        """Add a slide with a picture and its description."""
        slide = self.slide(title, alt)
        self.picture(slide, picture, self.box(), alt)
        return slide

    def picture(self, slide: Slide, picture: bytes, box: Box, alt: str) -> None:
        """Put a picture into a box, as large as it fits, with its description."""
        shape = slide.shapes.add_picture(io.BytesIO(picture), *in_mm(box.left, box.top, box.width, box.height))
        wide, high = shape.image.size
        scale = min(box.width / wide, box.height / high)
        place(shape, box.left + (box.width - wide * scale) / 2, box.top, wide * scale, high * scale)
        describe(shape, alt)

    def table_slides(self, table: Table, *, before: str = "", after: str = "") -> None:
        """Add a slide with a native table in type as large as fits, or several if it is too long for one."""
        whole, first = self.box(), 0
        lines = wrapped(plain(before), whole.width * PT_PER_MM, BEFORE_PT) if before else []
        above = (LEADING * len(lines) * BEFORE_PT / PT_PER_MM + 4) if before else 0.0
        box = Box(whole.left, whole.top + above, whole.width, whole.height - above - (9 if after else 0))
        size_pt = next((size for size in SIZES_PT if _fits(table, size, box)), SIZES_PT[-1])
        widths = shares(table, size_pt, box.width)
        while True:
            number = _fitting(table, size_pt, box, first=first)
            slide = self.slide(self.to.text("sheets.continued", title=table.caption) if first else table.caption)
            if before:
                self.words(slide, Box(whole.left, whole.top, whole.width, above), before, BEFORE_PT)
            part = Table(table.caption, table.titles, table.rows[first : first + number])
            self.table(slide, box, part, size_pt, widths)
            if after:
                self.words(slide, Box(box.left, box.bottom + 1, box.width, 8.0), after, 11, tint=PALETTE["muted"])
            first += number
            if first >= len(table.rows):
                return

    def words(self, slide: Slide, box: Box, text: str, size_pt: float, tint: str = PALETTE["ink"]) -> None:
        """Write a paragraph into a box."""
        made = slide.shapes.add_textbox(*in_mm(box.left, box.top, box.width, box.height))
        write(made.text_frame, [text], size_pt, tint=tint)

    def table(self, slide: Slide, box: Box, table: Table, size_pt: float, widths: Sequence[float]) -> None:
        """Put a native table into a box."""
        rows, columns = len(table.rows) + 1, len(table.titles)
        row_mm = LEADING * size_pt / PT_PER_MM + CELL_MM
        frame = slide.shapes.add_table(rows, columns, *in_mm(box.left, box.top, box.width, rows * row_mm))
        describe(frame, self.to.text("sheets.tableAlt", caption=table.caption))
        native = frame.table
        native.horz_banding = False
        rest = (box.width - sum(widths)) / columns
        for n, width in enumerate(widths):
            native.columns[n].width = Mm(width + rest)
        for y in range(rows):
            native.rows[y].height = Mm(row_mm)
            for x in range(columns):
                cell: Any = native.cell(y, x)
                text = table.titles[x] if y == 0 else table.rows[y - 1][x].text
                bold = y == 0 or table.rows[y - 1][x].strong
                cell.margin_left = cell.margin_right = Mm(CELL_MM)
                cell.margin_top = cell.margin_bottom = Mm(CELL_MM / 2)
                cell.vertical_anchor = MSO_ANCHOR.MIDDLE
                cell.fill.solid()
                cell.fill.fore_color.rgb = rgb("#e4e4e0" if y == 0 else "#ffffff" if y % 2 else "#f6f6f4")
                write(cell.text_frame, [text], size_pt, bold=bold, right=is_numeric(table, x))

    def text_slide(self, title: str, sentences: Sequence[str]) -> None:
        """Add a slide with sentences, as large as they fit."""
        slide, box = self.slide(title), self.box()
        signs = sum(len(text) for text in sentences)
        size_pt = 16 if signs < 900 else 14 if signs < 1400 else 12
        text = slide.shapes.add_textbox(*in_mm(box.left, box.top, box.width, box.height))
        write(text.text_frame, sentences, size_pt, after_pt=5)

    def saved(self) -> bytes:
        """Give the file, the same bytes for the same slides; read aloud, the sources line comes last on each."""
        for slide in self.deck.slides:
            slide.shapes._spTree.append(next(shape for shape in slide.shapes if shape.name == FOOT)._element)
        return saved(self.deck, self.to.title(self.scene.history.theatre), self.to.code)


def _fits(table: Table, size_pt: float, box: Box) -> bool:
    """Tell whether a box has room for a table, and its columns for every word."""
    for column, width in enumerate(shares(table, size_pt, box.width)):
        texts = [table.titles[column], *(row[column].text for row in table.rows)]
        words = [word for text in texts for word in plain(text).split()]
        if max((width_pt(word, size_pt, bold=True) for word in words), default=0.0) > width * PT_PER_MM:
            return False
    return _fitting(table, size_pt, box) == len(table.rows)


def _fitting(table: Table, size_pt: float, box: Box, *, first: int = 0) -> int:
    """Count the rows from one on for which a box has room, at least one."""
    rows = [[cell.text for cell in row] for row in table.rows[first:]]
    widths = shares(table, size_pt, box.width)
    line_mm, used = LEADING * size_pt / PT_PER_MM, 0.0
    for number, texts in enumerate([table.titles, *rows]):
        lines = max(
            len(wrapped(plain(text), width * PT_PER_MM, size_pt, bold=number == 0))
            for text, width in zip(texts, widths, strict=True)
        )
        used += lines * line_mm + CELL_MM
        if used > box.height:
            return max(1, number - 1)
    return len(rows)


def _title_slide(deck: _Deck, day: int) -> None:
    """Tell the title, what the briefing rests on, and the figures of the opening day."""
    scene, to = deck.scene, deck.to
    history = scene.history
    slide, box = deck.slide(to.title(history.theatre)), deck.box()
    text = slide.shapes.add_textbox(*in_mm(box.left, box.top + 2, 0.46 * box.width, box.height - 4))
    for name, value in facts(history, to):
        write(text.text_frame, [name], 12, bold=True, tint=PALETTE["muted"])
        write(text.text_frame, [value], 14, after_pt=7)
    sheet = Sheet(Form(0.5 * box.width, box.height, WIDE.dpi, "", 1.0))
    inner = Box(4.5, 4.5, sheet.form.width_mm - 5, sheet.form.height_mm - 5)
    draw_map(sheet, inner, scene, scene.ground(day), Style(7.5, 14), to)
    figures = in_a_sentence(figures_on(history, day, to), to)
    told = to.text("sheets.mapAlt", day=to.day(history.days[day]), figures=figures)
    deck.picture(slide, sheet.png(told), Box(box.left + 0.5 * box.width, box.top, 0.5 * box.width, box.height), told)


def _map_slide(deck: _Deck, day: int) -> None:
    """Show the map of a day beside its figures and the legend."""
    scene, to = deck.scene, deck.to
    history, box = scene.history, deck.box()
    figures = figures_on(history, day, to)
    alt = to.text("sheets.mapAlt", day=to.day(history.days[day]), figures=in_a_sentence(figures, to))
    slide = deck.slide(to.text("sheets.mapTitle", day=to.day(history.days[day])), alt)
    wide = 0.7 * box.width
    sheet = Sheet(Form(wide, box.height, WIDE.dpi, "", 1.0))
    inner = Box(4.5, 4.5, wide - 5, box.height - 5)
    draw_map(sheet, inner, scene, scene.ground(day), Style(8.2, 50), to)
    deck.picture(slide, sheet.png(alt), Box(box.left, box.top, wide, box.height), alt)
    left, room, y = box.left + wide + 5, box.width - wide - 5, box.top + 2
    for figure in figures:
        name = wrapped(plain(figure.name), room * PT_PER_MM, 14, bold=True, most=3)
        high = LEADING * (14 * len(name) + 28 + 12) / PT_PER_MM
        text = slide.shapes.add_textbox(*in_mm(left, y, room, high))
        write(text.text_frame, [" ".join(name)], 14, bold=True)
        write(text.text_frame, [f"{figure.best} {to.word('km2')}"], 28, bold=True)
        write(text.text_frame, [figure.interval], 12, tint=PALETTE["muted"])
        y += high + 4
    keys = Sheet(Form(room, box.bottom - y, WIDE.dpi, "", 1.0))
    draw_keys(keys, Box(0.5, 1, room - 1, 0), map_keys(scene, to), 9)
    alt_keys = f"{to.text('sheets.legend')}: " + "; ".join(words for _, words in map_keys(scene, to))
    deck.picture(slide, keys.png(alt_keys), Box(left, y, room, box.bottom - y), alt_keys)


def _multiples(scene: Scene, to: Language) -> bytes:
    """Draw the key dates in the shape of the room on a slide."""
    room = Form(WIDE.width_mm - 2 * MARGIN, WIDE.height_mm - 48.5, WIDE.dpi, "", 1.0)
    return multiples_sheet(room, scene, to, framed=False).png(to.text("sheets.keyDates"))


def _chart_slide(deck: _Deck) -> None:
    """Show the areas by week with their interval as a chart that can be edited."""
    scene, to = deck.scene, deck.to
    history, box = scene.history, deck.box()
    slide = deck.slide(to.text("sheets.byDay"), to.text("chart"))
    days = history.days[::WEEK]
    areas = history.areas()
    kind: Any = CategoryChartData
    data = kind(number_format="#,##0")
    data.categories = [day.date() for day in days]
    tints = {party.id: colour(party.colour) for party in history.theatre.parties}
    looks = []
    for party, side in history.headline:
        name = ground_name(history, party, side, to)
        for kind, column in (("best", "area_km2"), ("low", "area_low_km2"), ("high", "area_high_km2")):
            own = areas[(areas["party"] == party) & (areas["side"] == side)]
            values = own.set_index("date")[column].reindex(days)
            data.add_series(plain(to.text(f"sheets.{kind}", ground=name)), [float(value) for value in values])
            looks.append((tints[party], kind == "best"))
    if not looks:
        return
    frame: Any = slide.shapes.add_chart(XL_CHART_TYPE.LINE, *in_mm(box.left, box.top, box.width, box.height), data)
    describe(frame, to.text("chart"))
    chart = frame.chart
    chart.has_title = False
    chart.has_legend = True
    chart.legend.position, chart.legend.include_in_layout = XL_LEGEND_POSITION.BOTTOM, False
    chart.font.size = Pt(12)
    _months(chart.category_axis, len(history.days), to.code)
    chart.category_axis.tick_labels.number_format_is_linked = False
    chart.value_axis.tick_labels.number_format = "#,##0"
    chart.value_axis.tick_labels.number_format_is_linked = False
    chart.value_axis.major_gridlines.format.line.color.rgb = rgb(PALETTE["rule"])
    for series, (tint, is_best) in zip(chart.plots[0].series, looks, strict=True):
        series.smooth = False
        series.format.line.color.rgb = rgb(tint if is_best else mixed(tint, 0.65))
        series.format.line.width = Pt(3 if is_best else 1.25)
        if not is_best:
            series.format.line.dash_style = MSO_LINE.DASH
    workbook = chart.part.chart_workbook
    workbook.update_from_xlsx_blob(timeless(workbook.xlsx_part.blob))


def _months(axis: DateAxis, n_days: int, lang: str) -> None:
    """Let a date axis carry some ten labels: days, months, or every so many months."""
    months = next((n for n in (1, 2, 3, 6, 12) if n_days <= 30.5 * 10 * n), 24)
    unit, number = ("months", months) if n_days > 90 else ("days", max(1, n_days // 10))
    locale = f"[$-{LOCALES[lang]}]" if lang in LOCALES else ""
    axis.tick_labels.number_format = locale + ("mmm yyyy" if unit == "months" else "d mmm")
    for name, value in (("majorUnit", str(number)), ("majorTimeUnit", unit)):
        axis._element.append(parse_xml(f'<c:{name} {nsdecls("c")} val="{value}"/>'))


def _claims_slides(deck: _Deck, ledger: pd.DataFrame) -> None:
    """Count the verdicts by side, and show the claims of areas held that differ most."""
    to, history = deck.to, deck.scene.history
    verdicts = to.table("verdicts")
    counts = pd.crosstab(ledger["claimant_side"], ledger["verdict"])
    rows = [
        [to.source_side(history.theatre, str(side)), *(to.number(int(row.get(key, 0))) for key in verdicts)]
        for side, row in counts.iterrows()
    ]
    titles = [to.text("sourceHead.side"), *verdicts.values()]
    before = f"{claims_intro(ledger, to)} {to.text('sheets.all', total=to.number(len(ledger)))}"
    table = made(to.text("sections.claims"), titles, rows)
    deck.table_slides(table, before=before)
    held = ledger[(ledger["measure"] == "area_held") & (ledger["basis"] == "control") & ledger["difference"].notna()]
    largest = held.assign(apart=held["difference"].abs()).sort_values(["apart", "claim_id"], ascending=[False, True])
    if len(largest):
        chosen = largest.head(MOST_CLAIMS).drop(columns="apart")
        shown = picked(claims_table(history, chosen, to), (0, 1, 2, 3, 4, 5))
        deck.table_slides(Table(to.text("sheets.largest"), shown.titles, shown.rows))
