"""Tables on sheets: columns as wide as their texts need, cells wrapped, rows carried on to further pages."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from frontmap.maps.palette import PALETTE
from frontmap.sheets.paper import LEADING, PT_PER_MM, Box, Sheet
from frontmap.sheets.text import plain, width_pt, wrapped
from frontmap.wording.language import MISSING
from frontmap.wording.table import Cell, Table

__all__ = ["draw_table", "is_numeric", "picked", "shares"]

GAP_MM = 2.2
SMALL = 0.86  # type of second lines
MOST_LINES = 7
WORD = re.compile(r"[^\W\d]{4}")  # longer than a unit or the "to" of a span


@dataclass(frozen=True)
class _Column:
    left: float
    width: float
    right_aligned: bool


def picked(table: Table, columns: Sequence[int]) -> Table:
    """Choose columns of a table.

    Parameters
    ----------
    table
        Any table.
    columns
        Their places.

    Returns
    -------
    Table
        With these columns.

    Raises
    ------
    IndexError
        If there is no such column.
    """
    rows = tuple(tuple(row[n] for n in columns) for row in table.rows)
    return Table(table.caption, tuple(table.titles[n] for n in columns), rows, table.ids)


def is_numeric(table: Table, column: int) -> bool:
    """Tell whether a column holds nothing but numbers and spans, which are set to the right.

    Parameters
    ----------
    table
        Any table.
    column
        Its place.

    Returns
    -------
    bool
        False for the first column, which names its row.

    Raises
    ------
    IndexError
        If there is no such column.
    """
    if column == 0 or not table.rows:
        return False
    texts = [row[column].text for row in table.rows]
    return all(text == MISSING or (any(map(str.isdigit, text)) and not WORD.search(text)) for text in texts)


def shares(table: Table, size_pt: float, room_mm: float) -> list[float]:
    """Divide a width among the columns of a table: short ones get what they need, long ones share the rest.

    Parameters
    ----------
    table
        Any table.
    size_pt
        Size of the type.
    room_mm
        The whole width.

    Returns
    -------
    list of float
        Widths in mm, gaps left out.

    Raises
    ------
    ZeroDivisionError
        If the table has no columns.
    """
    room = room_mm - GAP_MM * (len(table.titles) - 1)
    needs = []
    for n, title in enumerate(table.titles):
        words = max((width_pt(word, size_pt, bold=True) for word in plain(title).split()), default=0.0)
        widths = sorted(_natural(row[n], size_pt) for row in table.rows)
        typical = widths[int(0.9 * (len(widths) - 1))] if widths else 0.0
        needs.append((max(words, typical) + 1) / PT_PER_MM)
    fair, fixed = room / len(needs), 0.0
    for _ in needs:  # columns that need less than their share leave it to the others
        small = [need for need in needs if need <= fair]
        fixed, rest = sum(small), len(needs) - len(small)
        if not rest:
            return [need * room / sum(needs) for need in needs]
        fair = (room - fixed) / rest
    wide = sum(need**0.6 for need in needs if need > fair)
    return [need if need <= fair else (room - fixed) * need**0.6 / wide for need in needs]


def _natural(cell: Cell, size_pt: float) -> float:
    """Width of a cell on one line, of which the second line may be broken."""
    return max(width_pt(plain(cell.text), size_pt), 0.6 * SMALL * width_pt(plain(cell.small), size_pt))


def draw_table(
    sheet: Sheet, box: Box, table: Table, size_pt: float, *, first: int = 0, widths: Sequence[float]
) -> tuple[int, float]:
    """Draw as many rows as a box has room for.

    Parameters
    ----------
    sheet
        To draw on.
    box
        Where on the sheet.
    table
        Any table.
    size_pt
        Size of the type.
    first
        The row to begin with.
    widths
        Of the columns, as from `shares`.

    Returns
    -------
    tuple of int and float
        The row to go on with on the next page (the number of rows if all are drawn), and where the table ends in mm.

    Raises
    ------
    IndexError
        If there are fewer widths than columns.
    """
    columns, left = [], box.left
    for n in range(len(table.titles)):
        columns.append(_Column(left, widths[n], is_numeric(table, n)))
        left += widths[n] + GAP_MM
    line_mm = LEADING * size_pt / PT_PER_MM
    heads = [
        wrapped(plain(title), column.width * PT_PER_MM, size_pt, bold=True)
        for title, column in zip(table.titles, columns, strict=True)
    ]
    most = max(len(head) for head in heads)
    for head, column in zip(heads, columns, strict=True):
        _write(sheet, head, column, box.top + (most - len(head)) * line_mm, size_pt, bold=True)
    y = box.top + most * line_mm + 0.8
    sheet.line([(box.left, y), (box.right, y)], width_pt=0.9)
    for number in range(first, len(table.rows)):
        cells = [_lines(cell, column.width, size_pt) for cell, column in zip(table.rows[number], columns, strict=True)]
        high = max(len(main) + SMALL * len(small) for main, small in cells) * line_mm + 1.3
        if y + high > box.bottom and number > first:
            return number, y
        for cell, (main, small), column in zip(table.rows[number], cells, columns, strict=True):
            _write(sheet, main, column, y + 0.6, size_pt, bold=cell.strong)
            below = y + 0.6 + len(main) * line_mm
            _write(sheet, small, column, below, SMALL * size_pt, colour=PALETTE["muted"])
        y += high
        sheet.line([(box.left, y), (box.right, y)], colour=PALETTE["rule"], width_pt=0.4)
    return len(table.rows), y


def _lines(cell: Cell, width_mm: float, size_pt: float) -> tuple[list[str], list[str]]:
    room = width_mm * PT_PER_MM
    main = wrapped(plain(cell.text), room, size_pt, bold=cell.strong, most=MOST_LINES)
    small = wrapped(plain(cell.small), room, SMALL * size_pt, most=MOST_LINES) if cell.small else []
    return main, small


def _write(
    sheet: Sheet,
    lines: Sequence[str],
    column: _Column,
    y: float,
    size_pt: float,
    *,
    bold: bool = False,
    colour: str = PALETTE["ink"],
) -> None:
    line_mm = LEADING * size_pt / PT_PER_MM
    x = column.left + (column.width if column.right_aligned else 0.0)
    align: Literal["left", "right"] = "right" if column.right_aligned else "left"
    for number, line in enumerate(lines):
        sheet.text(x, y + (number + 0.76) * line_mm, line, size_pt, bold=bold, colour=colour, align=align)
