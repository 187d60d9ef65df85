"""A table for readers, in one language: titles and cells as plain text, with what a page can make of them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Cell:
    """One cell of a table.

    Parameters
    ----------
    text
        What it says.
    small
        What is said below it in smaller letters; may be blank.
    day
        The day of the history that it names, counted from the first one; None for none.
    links
        Addresses with what they are called, in place of the text.
    verdict
        The verdict that it tells, as in the ledger; blank for none.
    opens
        The claim whose details it opens; blank for none.
    strong
        Whether it stands out.
    recorded
        Whether it is told as it was recorded, in English.
    """

    text: str
    small: str = ""
    day: int | None = None
    links: tuple[tuple[str, str], ...] = ()
    verdict: str = ""
    opens: str = ""
    strong: bool = False
    recorded: bool = False


@dataclass(frozen=True)
class Table:
    """A table for readers.

    Parameters
    ----------
    caption
        What it tells.
    titles
        Headings of its columns.
    rows
        Its cells.
    ids
        Identifiers of the rows, blank if they have none.
    """

    caption: str
    titles: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    ids: tuple[str, ...] = ()


def made(caption: str, titles: Iterable[str], rows: Iterable[Sequence[Cell | str]], ids: Iterable[str] = ()) -> Table:
    """Make a table; plain texts become cells.

    Parameters
    ----------
    caption
        What it tells.
    titles
        Headings of its columns.
    rows
        Cells or plain texts.
    ids
        Identifiers of the rows.

    Returns
    -------
    Table
        As told.

    Raises
    ------
    ValueError
        If a row has more or fewer cells than there are titles.
    """
    heads = tuple(titles)
    cells = tuple(tuple(Cell(cell) if isinstance(cell, str) else cell for cell in row) for row in rows)
    for row in cells:
        if len(row) != len(heads):
            raise ValueError(f"expected {len(heads)} cells in each row of {caption!r}, found {len(row)}")
    return Table(caption, heads, cells, tuple(ids))
