"""Descriptions made from the declared columns: for Frictionless, and as a page for people."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from frontmap.schema.columns import TABLES, Column, Table

_TYPES = {"text": "string", "number": "number", "day": "date", "flag": "boolean"}
_MEDIA = {"csv": "text/csv", "toml": "application/toml", "geojson": "application/geo+json"}
_PAGE_HEAD = """\
# Tables of a theatre

Written by `python scripts/describe_tables.py` from `src/frontmap/schema/columns.py`, the only place where
columns are declared. All tables are CSV in UTF-8 with one header row. Days are written YYYY-MM-DD, flags `true`
or `false`. Further columns are kept and carried along, unless their name looks like a misspelling of a declared
one.
"""


@dataclass(frozen=True)
class Licence:
    """One material of a theatre, and the licence under which it may be passed on.

    Parameters
    ----------
    name
        SPDX identifier, such as ``ODbL-1.0``.
    url
        Address of the licence text.
    covers
        The material in words, with whom to name.
    source
        Address the material comes from; may be blank.
    files
        Files of the theatre folder that hold it.
    """

    name: str
    url: str
    covers: str
    source: str = ""
    files: tuple[str, ...] = ()


def table_schema(table: Table, header: Sequence[str] | None = None) -> dict[str, object]:
    """Describe a table as a Frictionless Table Schema (v1).

    Parameters
    ----------
    table
        A declared table.
    header
        Columns of the file in their order, undeclared ones among them; ``None`` for all declared ones.

    Returns
    -------
    dict
        Fields with their constraints, primary key and foreign keys.

    Raises
    ------
    KeyError
        If a column is of a kind that Frictionless does not know.

    Examples
    --------
    >>> table_schema(TABLES["sources"])["primaryKey"]
    'origin'
    """
    declared = {column.name: _field(column, table.key) for column in table.columns}
    names = table.names if header is None else header
    schema: dict[str, object] = {
        "fields": [declared.get(name, {"name": name, "type": "string"}) for name in names],
        "missingValues": [""],
        "primaryKey": table.key,
    }
    if table.links:
        schema["foreignKeys"] = [
            {"fields": [column], "reference": {"resource": other, "fields": [there]}}
            for column, other, there in table.links
        ]
    return schema


def datapackage(
    name: str,
    title: str,
    description: str,
    *,
    licences: Sequence[Licence],
    files: Sequence[str],
    headers: Mapping[str, Sequence[str]],
) -> dict[str, object]:
    """Describe a theatre folder as a Frictionless Data Package (v1).

    Parameters
    ----------
    name, title, description
        Of the theatre.
    licences
        Its materials.
    files
        Names of the files to describe: CSV tables, TOML and GeoJSON.
    headers
        By name of the CSV file, its columns in their order.

    Returns
    -------
    dict
        To be written as ``datapackage.json``.

    Raises
    ------
    KeyError
        If a file is of a kind that no theatre has.
    """
    return {
        "profile": "data-package",
        "name": name,
        "title": title,
        "description": description,
        "licenses": _licenses(licences),
        "sources": _sources(licences),
        "resources": [_resource(file, licences, headers.get(file)) for file in files],
    }


def tables_markdown() -> str:
    """Write the page ``docs/tables.md``: every table and column, for people.

    Raises
    ------
    Nothing is raised.
    """
    lines = [_PAGE_HEAD]
    for table in TABLES.values():
        lines += [f"## {table.file}", "", table.meaning, ""]
        lines += ["| column | kind | may be blank | meaning |", "|---|---|---|---|"]
        lines += [_markdown_row(column, table.key) for column in table.columns]
        lines += [""]
        if table.extra:
            lines += [
                f"A column `{table.extra}` (a regular expression) is the name in a further language.",
                "",
            ]
    return "\n".join(lines)


def _field(column: Column, key: str) -> dict[str, object]:
    limits: dict[str, object] = {
        "required": not column.blank or None,
        "unique": column.name == key or None,
        "enum": list(column.choices) or None,
        "minimum": column.minimum,
        "maximum": column.maximum,
        "pattern": column.pattern or None,
    }
    limits = {word: value for word, value in limits.items() if value is not None}
    field: dict[str, object] = {
        "name": column.name,
        "type": _TYPES[column.kind],
        "description": column.meaning,
    }
    if column.kind == "flag":
        field |= {"trueValues": ["true"], "falseValues": ["false"]}
    return {**field, "constraints": limits} if limits else field


def _resource(file: str, licences: Sequence[Licence], header: Sequence[str] | None) -> dict[str, object]:
    stem, _, suffix = file.rpartition(".")
    mine = [licence for licence in licences if file in licence.files]
    resource: dict[str, object] = {"name": stem, "path": file, "format": suffix, "mediatype": _MEDIA[suffix]}
    if suffix == "csv":
        table = TABLES[stem]
        resource |= {
            "profile": "tabular-data-resource",
            "description": table.meaning,
            "encoding": "utf-8",
            "schema": table_schema(table, header),
        }
    if mine:
        resource |= {"licenses": _licenses(mine), "sources": _sources(mine)}
    return resource


def _licenses(licences: Sequence[Licence]) -> list[dict[str, str]]:
    each = dict.fromkeys((licence.name, licence.url) for licence in licences)
    return [{"name": name, "path": url} for name, url in each]


def _sources(licences: Sequence[Licence]) -> list[dict[str, str]]:
    return [{"title": i.covers, "path": i.source} if i.source else {"title": i.covers} for i in licences]


def _markdown_row(column: Column, key: str) -> str:
    kind = f"one of {', '.join(f'`{word}`' for word in column.choices)}" if column.choices else column.kind
    if column.minimum is not None:
        kind += f" from {column.minimum:g}"
    if column.maximum is not None:
        kind += f" to {column.maximum:g}"
    blank = "column may be missing" if column.optional else "yes" if column.blank else "no"
    return f"| `{column.name}` | {kind} | {blank} | {column.meaning}{' (key)' if column.name == key else ''} |"
