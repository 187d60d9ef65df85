"""Bytes of a file to text, and text of a CSV file to a table whose index is the line in the file."""

from __future__ import annotations

import csv
import io
import re

import pandas as pd

from frontmap.errors import Problem
from frontmap.schema import Table

_CYRILLIC_ENCODINGS = {"cp1251": "Windows-1251 (CP1251)", "koi8-r": "KOI8-R", "cp866": "DOS Cyrillic (CP866)"}
_SEPARATORS = {";": "semicolons", "\t": "tabs", "|": "bars"}


def decode(data: bytes, file: str) -> tuple[str | None, list[Problem]]:
    """Read bytes as UTF-8, with or without a byte order mark.

    Parameters
    ----------
    data
        Content of the file.
    file
        Its name, for the problem.

    Returns
    -------
    text
        ``None`` if the bytes are not UTF-8.
    problems
        None or one, which names the encoding that the file probably has.

    Raises
    ------
    TypeError
        If `data` is not bytes.

    Examples
    --------
    >>> decode("Суджа".encode("cp1251"), "places.csv")[1][0].found
    'text that looks like Windows-1251 (CP1251)'
    """
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        code, label = _guess_encoding(data)
        line = data.count(b"\n", 0, error.start) + 1
        convert = f"save it as UTF-8 (or run: iconv -f {code} -t UTF-8 {file} > new.csv)"
        return None, [Problem(file, line, "text in UTF-8", f"text that looks like {label}", convert)]
    if "\0" in text:
        found = "zero bytes, as in UTF-16 or in a file that is not text"
        return None, [Problem(file, None, "text in UTF-8", found, "save it as UTF-8")]
    return text, []


def read_rows(text: str, table: Table) -> tuple[pd.DataFrame | None, list[Problem]]:
    r"""Read the text of a CSV file.

    Parameters
    ----------
    text
        Content of the file.
    table
        What it should be; names the file.

    Returns
    -------
    raw
        All cells as text; the index is the line in which a row begins, as an editor counts them (the header is
        1). Rows with too many or too few fields are left out. ``None`` if there is no usable header.
    problems
        What kept rows or the whole file from being read.

    Raises
    ------
    TypeError
        If `text` is not text.

    Examples
    --------
    >>> from frontmap.schema import SOURCES
    >>> raw, problems = read_rows('origin,side\n"two\nlines",AA\nnext,BB\n', SOURCES)
    >>> raw.index.tolist(), problems
    ([2, 4], [])
    """
    records, problems = _read_records(text, table.file)
    if not records:
        if not problems:
            found = "an empty file" if not text.strip() else "only blank lines"
            columns = ",".join(column.name for column in table.columns if not column.optional)
            problems = [Problem(table.file, None, "a header row", found, f"begin the file with: {columns}")]
        return None, problems
    header = records[0][1]
    problems += _header_problems(header, table)
    if problems and problems[-1].row == records[0][0]:
        return None, problems
    body = []
    for line, fields in records[1:]:
        if len(fields) == len(header):
            body.append((line, fields))
            continue
        expected, found = f"{len(header)} fields, as in the header", f"{len(fields)} fields"
        next_step = "add or remove commas; put a text that contains a comma in double quotes"
        problems.append(Problem(table.file, line, expected, found, next_step))
    index = pd.Index([line for line, _ in body], name="row", dtype="int64")
    columns_of = zip(*(fields for _, fields in body), strict=True) if body else ([] for _ in header)
    raw = {
        name: pd.Series(list(cells), index=index, dtype="str") for name, cells in zip(header, columns_of, strict=True)
    }
    return pd.DataFrame(raw, index=index), problems


def _read_records(text: str, file: str) -> tuple[list[tuple[int, list[str]]], list[Problem]]:
    """List (line in which it begins, fields) of every record; blank lines are passed over."""
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    records: list[tuple[int, list[str]]] = []
    begin = 1
    try:
        for fields in reader:
            if fields:
                records.append((begin, fields))
            begin = reader.line_num + 1
    except csv.Error as error:
        next_step = 'close the double quotes; write a double quote inside a quoted text as ""'
        return records, [Problem(file, begin, "fields in closed double quotes", str(error), next_step)]
    return records, []


def _header_problems(header: list[str], table: Table) -> list[Problem]:
    if len(header) == 1:
        for separator, label in _SEPARATORS.items():
            if separator in header[0]:
                next_step = "save the table as CSV with commas"
                return [Problem(table.file, 1, "columns separated by commas", label, next_step)]
    doubled = sorted({name for name in header if name and header.count(name) > 1})
    problems = [
        Problem(table.file, 1, "each column once", f"column {name!r} {header.count(name)} times", "remove one")
        for name in doubled
    ]
    blank = [str(number) for number, name in enumerate(header, start=1) if not name.strip()]
    if blank:
        found = f"no name for column {', '.join(blank)}"
        problems.append(Problem(table.file, 1, "a name for every column", found, "name or remove it"))
    return problems


def _guess_encoding(data: bytes) -> tuple[str, str]:
    """Guess (name for iconv, name for people) of the encoding of bytes that are not UTF-8."""
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "UTF-16", "UTF-16"
    runs = re.findall(rb"[\x80-\xff]+", data)
    high = b"".join(runs)
    lower = {
        code: sum("а" <= letter <= "я" or letter in "ёіїєґ" for letter in high.decode(code, errors="ignore"))
        for code in _CYRILLIC_ENCODINGS
    }
    best = max(lower, key=lambda code: lower[code])
    # A Cyrillic word is a run of high bytes; in Western text they stand alone among ASCII letters.
    if 2 * lower[best] > len(high) >= 2 * len(runs):
        return best.upper(), _CYRILLIC_ENCODINGS[best]
    return "CP1252", "Windows-1252 (CP1252) or another old encoding"
