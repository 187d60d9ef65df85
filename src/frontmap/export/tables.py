"""Tables as CSV text and files, and reading them back.

Precision: numbers are rounded to 6 decimals (1 m2 for km2) after everything was computed in full precision. Days are
ISO dates, and both ends of a period belong to it. Equal input gives equal bytes.

A spreadsheet runs a cell that begins with ``=``, ``+``, ``-`` or ``@`` as a formula, and our texts come from strangers.
`table_text` therefore puts one apostrophe in front of such a text (numbers are left alone), and `read_table` takes it
away again, so nothing is lost. Other programs see the apostrophe. This presumes that the spreadsheet is told the comma
as separator.
"""

from __future__ import annotations

import csv
import math
import re
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from frontmap.errors import OutputError
from frontmap.files import atomic_write_text
from frontmap.schema import CLAIMS

if TYPE_CHECKING:
    from frontmap.history import History

NUMBER_DECIMALS = 6

_DAYS = frozenset({"date", "date_from", "date_to", "valid_from", "valid_to"})
LISTS = frozenset({"deciding", "supporting", "losing", "noted", "place_ids"})
_NUMBERS = frozenset({"figure", "figure_low", "figure_high", "difference"})
_KINDS = {column.name: column.kind for column in CLAIMS.columns}
_FORMULA = re.compile(r"[\s']*[=+\-@＝＋－＠]")


def table_text(frame: pd.DataFrame) -> str:
    r"""
    Write a table as CSV text: UTF-8, comma, one header, ``\n`` line ends.

    Parameters
    ----------
    frame
        Any table without geometry. Missing values become empty cells, days ISO dates, flags ``true`` and
        ``false``, tuples of ids are joined with ``;``, a text that looks like a formula gets an apostrophe.

    Returns
    -------
    str
        The whole file.

    Raises
    ------
    OutputError
        If an id of a list contains the ``;`` that lists are joined with.

    Examples
    --------
    >>> frame = pd.DataFrame({"note": ["=1+1"], "deciding": [("r1", "r2")], "area_km2": [0.5]})
    >>> print(table_text(frame))
    note,deciding,area_km2
    '=1+1,r1;r2,0.5
    """
    columns = [[name, *map(_cell, frame[name])] for name in frame.columns]
    return "".join(",".join(map(_quoted, row)) + "\n" for row in zip(*columns, strict=True))


def read_table(path: str | Path) -> pd.DataFrame:
    """
    Read a table that `table_text` wrote: the inverse, apostrophes and lists of ids included.

    Parameters
    ----------
    path
        ``areas.csv``, ``changes.csv`` or ``claims.csv``.

    Returns
    -------
    DataFrame
        RangeIndex; days as ``datetime64[s]``, lists of ids as tuples, numbers as ``float64``, the rest text.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    """
    with Path(path).open(encoding="utf-8", newline="") as file:
        header, *rows = csv.reader(file)
    frame = pd.DataFrame(rows, columns=header, dtype=object)
    return frame.assign(**{name: _parsed(name, frame[name]) for name in header})


def write_tables(history: History, ledger: pd.DataFrame, folder: str | Path) -> dict[str, Path]:
    """
    Write ``areas.csv``, ``changes.csv`` and ``claims.csv``.

    Parameters
    ----------
    history
        What `frontmap.assess` returned.
    ledger
        What `frontmap.test_claims` returned for it.
    folder
        Where to; created if absent. Each file is written whole or not at all.

    Returns
    -------
    dict of str to Path
        The written files by name.

    Raises
    ------
    OutputError
        If a file cannot be written.
    """
    tables = {"areas.csv": history.areas(), "changes.csv": history.daily_changes(), "claims.csv": ledger}
    return {name: atomic_write_text(Path(folder) / name, table_text(table)) for name, table in tables.items()}


def _cell(value: object) -> str:
    """Write one value as the text of a CSV cell."""
    if isinstance(value, tuple):
        return _defused(joined(value))
    if isinstance(value, str):
        return _defused(value)
    if value is None or value is pd.NaT or (isinstance(value, float) and math.isnan(value)):
        return ""
    if isinstance(value, bool | np.bool_):
        return "true" if value else "false"
    if isinstance(value, date):
        return value.strftime("%Y-%m-%d")
    if isinstance(value, float):
        text = f"{value:.{NUMBER_DECIMALS}f}".rstrip("0").rstrip(".")
        return "0" if text == "-0" else text
    return _defused(str(value))


def _quoted(text: str) -> str:
    """Quote a cell that would be split otherwise; `csv.writer` of Python 3.11 forgets a lone ``CR``."""
    return '"' + text.replace('"', '""') + '"' if any(sign in text for sign in ',"\r\n') else text


def _defused(text: str) -> str:
    """Keep a spreadsheet from running a text as a formula."""
    return f"'{text}" if _FORMULA.match(text) else text


def _armed(text: str) -> str:
    """Undo `_defused`."""
    return text[1:] if text.startswith("'") and _FORMULA.match(text[1:]) else text


def joined(ids: tuple[object, ...]) -> str:
    """Join ids with ``;``.

    Parameters
    ----------
    ids
        Ids of reports or places.

    Returns
    -------
    str
        One cell.

    Raises
    ------
    OutputError
        If an id contains ``;``.
    """
    texts = [str(one) for one in ids]
    for text in texts:
        if ";" in text:
            raise OutputError(f"id {text!r} contains ';', with which lists of ids are joined; rename it")
    return ";".join(texts)


def _parsed(name: str, cells: pd.Series) -> pd.Series:
    """Turn the text cells of a column into the type that its name stands for."""
    kind = _KINDS.get(name, "text")
    if name in _DAYS or kind == "day":
        return pd.to_datetime(cells.replace("", None), format="%Y-%m-%d").astype("datetime64[s]")
    if name in LISTS:
        return cells.map(lambda cell: tuple(_armed(cell).split(";")) if cell else ())
    if kind == "flag":
        return cells == "true"
    if name in _NUMBERS or kind == "number" or "_km" in name or name.startswith("denominator_"):
        return pd.to_numeric(cells.replace("", None)).astype("float64")
    return cells.map(_armed).astype("str")
