"""Printing of results: tables and lines for people, JSON and CSV for other programs, progress on standard error.

Texts come from strangers: nothing that is printed can steer the terminal, pose as markup, or start a new line.
"""

from __future__ import annotations

import json
import math
import re
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import date
from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    import pandas as pd

# C0 but tab and line feed, DEL, C1, line separators, and what reorders text from left to right and back.
_STEERING = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]")


def clean(text: str) -> str:
    r"""
    Drop the characters that steer a terminal or reorder text; keep line ends and tabs.

    Parameters
    ----------
    text
        Any text.

    Returns
    -------
    str
        The text without control characters and marks of direction.

    Raises
    ------
    TypeError
        If it is no text.

    Examples
    --------
    >>> clean("\x1b[31mred\x07\n")
    '[31mred\n'
    """
    return _STEERING.sub("", text)


def clean_line(text: str) -> str:
    r"""
    Drop what steers a terminal, and keep the text on one line.

    Parameters
    ----------
    text
        Any text.

    Returns
    -------
    str
        One line.

    Raises
    ------
    TypeError
        If it is no text.

    Examples
    --------
    >>> clean_line("one\ntwo")
    'one two'
    """
    return clean(re.sub(r"[\t\r\n]+", " ", text))


@contextmanager
def progress(doing: str) -> Iterator[Callable[[str], None]]:
    """
    Show what is being done while a block runs: on standard error, and only where that is a terminal.

    Parameters
    ----------
    doing
        Such as "Reading the theatre".

    Yields
    ------
    Callable
        To be called with the part that is being done.

    Raises
    ------
    OSError
        If standard error cannot be written to.
    """
    if not sys.stderr.isatty():
        yield lambda part: None
        return
    from rich.console import Console
    from rich.text import Text

    def words(part: str = "") -> Text:
        return Text(clean_line(f"{doing}: {part} ..." if part else f"{doing} ..."))

    with Console(stderr=True).status(words()) as status:
        yield lambda part: status.update(words(part))


def print_lines(*lines: str) -> None:
    """
    Print lines of text as they are, each on one line.

    Parameters
    ----------
    lines
        Without line ends.

    Raises
    ------
    OSError
        If standard output cannot be written to.
    """
    for line in lines:
        typer.echo(clean_line(line))


def print_table(table: pd.DataFrame, title: str) -> None:
    """
    Print a table for people: framed and fitted on a terminal, plain columns of full width elsewhere.

    Parameters
    ----------
    table
        Any table; whole numbers are printed as they are, others with one decimal.
    title
        Printed above it.

    Raises
    ------
    OSError
        If standard output cannot be written to.
    """
    from pandas.api.types import is_numeric_dtype
    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    terminal = sys.stdout.isatty()
    console = Console(width=None if terminal else 10_000, highlight=False)
    grid = Table(box=box.SIMPLE_HEAD if terminal else None, pad_edge=False)
    for name in table.columns:
        heading = Text(clean_line(str(name)))
        grid.add_column(heading, justify="right" if is_numeric_dtype(table[name]) else "left")
    for row in table.itertuples(index=False):
        grid.add_row(*(Text(clean_line(_for_people(value))) for value in row))
    print_lines(title, *([] if terminal else [""]))
    if len(table):
        with console.capture() as capture:
            console.print(grid)
        typer.echo("\n".join(line.rstrip() for line in capture.get().splitlines()))


def print_csv(table: pd.DataFrame) -> None:
    """
    Print a table as CSV, see `frontmap.export.table_text`, without what steers a terminal.

    Parameters
    ----------
    table
        Any table without geometry.

    Raises
    ------
    OSError
        If standard output cannot be written to.
    """
    from frontmap.export import table_text

    typer.echo(clean(table_text(table)), nl=False)


def print_json(document: Mapping[str, object]) -> None:
    """
    Print JSON in plain ASCII: days as ISO dates, frames as lists of objects, what is missing as null.

    Parameters
    ----------
    document
        What to print.

    Raises
    ------
    TypeError
        If something in it has no place in JSON.
    OSError
        If standard output cannot be written to.
    """
    typer.echo(json.dumps(_as_json(document), indent=1, allow_nan=False))


def _as_json(value: object) -> object:
    """Turn frames, days, tuples and missing values into what JSON knows."""
    import numpy as np
    import pandas as pd

    if isinstance(value, pd.DataFrame):
        return [_as_json(row) for row in value.to_dict("records")]
    if isinstance(value, Mapping):
        return {str(key): _as_json(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_as_json(one) for one in value]
    if _is_missing(value):
        return None
    if isinstance(value, date):
        return value.strftime("%Y-%m-%d")
    return value.item() if isinstance(value, np.generic) else value


def _for_people(value: object) -> str:
    """Write one value as people read it."""
    if _is_missing(value):
        return ""
    if isinstance(value, date):
        return value.strftime("%Y-%m-%d")
    return f"{value:,.1f}" if isinstance(value, float) else str(value)


def _is_missing(value: object) -> bool:
    """Tell None, NaN and NaT."""
    import pandas as pd

    return value is None or value is pd.NaT or (isinstance(value, float) and math.isnan(value))
