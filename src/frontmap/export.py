"""Writing results to tables (CSV) and GIS files (GeoPackage, GeoJSON), and reading the tables back.

Precision: numbers are rounded to 6 decimals in text files (1 m2 for km2) and coordinates to 6 (about 10 cm),
after everything was computed in full precision; the GeoPackage holds unrounded coordinates and areas. Days
are ISO dates, and both ends of a period belong to it. Equal input gives equal bytes.

Text in CSV: a spreadsheet runs a cell that begins with ``=``, ``+``, ``-`` or ``@`` as a formula, and our
texts come from strangers. `table_text` therefore puts one apostrophe in front of such a text (numbers are
left alone), and `read_table` takes it away again, so nothing is lost. Other programs see the apostrophe.
This presumes that the spreadsheet is told the comma as separator.
"""

from __future__ import annotations

import csv
import json
import math
import re
from collections.abc import Callable, Hashable, Iterable
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import geopandas as gpd
import numpy as np
import pandas as pd
import pyogrio
import shapely
from pyogrio.errors import DataLayerError, DataSourceError
from shapely.geometry.base import BaseGeometry

from frontmap.crs import WGS84
from frontmap.dates import last_day_before, parse_day
from frontmap.errors import OutputError
from frontmap.files import atomic_path, atomic_write_text
from frontmap.schema import CLAIMS

if TYPE_CHECKING:
    from frontmap.history import History

NUMBER_DECIMALS = 6
DEGREE_DECIMALS = 6

# A GeoPackage carries the time at which it was written; a fixed one keeps its bytes equal.
_FIXED_TIME = "2000-01-01T00:00:00Z"

WEEK = 7
_WEEKLY = "; the line moves nearly every day: each picture is that of its valid_from and stands for up to a week"
_DAYS = frozenset({"date", "date_from", "date_to", "valid_from", "valid_to"})
_LISTS = frozenset({"deciding", "supporting", "losing", "noted", "place_ids"})
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


class ZoneLayers(NamedTuple):
    """Zones and front lines of a whole history, each with the days for which it holds."""

    zones: gpd.GeoDataFrame
    front: gpd.GeoDataFrame


def zone_layers(history: History, *, days: Iterable[date | str] | None = None) -> ZoneLayers:
    """
    Gather the zones and front lines of every day on which something changed; under the estimate, of every week.

    A zone that stays the same over several changes elsewhere is one row: it holds from ``valid_from`` to
    ``valid_to``, both days included. The picture of day D is all rows with ``valid_from <= D <= valid_to``.

    Parameters
    ----------
    history
        What `frontmap.assess` returned.
    days
        Keep only what holds on one of these days; the whole period by default.

    Returns
    -------
    ZoneLayers
        Two frames in EPSG:4326 with RangeIndex: the columns of `History.zones` and of `History.front` with
        ``valid_from`` and ``valid_to`` (``datetime64[s]``) in place of the date.

    Raises
    ------
    DateError
        If a day is not written year-month-day.
    """
    periods = _constant_periods(history)
    if days is not None:
        wanted = pd.DatetimeIndex([parse_day(day) for day in days])
        if history.surfaces is not None:
            periods = [(day, day) for day in history.days[history.days.isin(wanted)]]
        periods = [(first, last) for first, last in periods if ((wanted >= first) & (wanted <= last)).any()]
    return ZoneLayers(_spans(history.zones, periods), _spans(history.front, periods))


def zones_geojson(history: History, zones: gpd.GeoDataFrame) -> str:
    """
    Write zones as GeoJSON text (RFC 7946), one feature per line.

    Parameters
    ----------
    history
        Whose zones they are; gives the title, the attribution and the licences of the file.
    zones
        From `zone_layers`, EPSG:4326.

    Returns
    -------
    str
        The whole file: degrees with 6 decimals, longitude first, outer rings counter-clockwise.

    Raises
    ------
    OutputError
        If an id of a list contains ``;``.
    """
    rounded = shapely.transform(np.asarray(zones.geometry), lambda xy: np.round(xy, DEGREE_DECIMALS))
    shapes = shapely.to_geojson(shapely.orient_polygons(rounded))
    rows = _flat(zones).round(NUMBER_DECIMALS).to_dict("records")
    features = (
        f'{{"type":"Feature","properties":{json.dumps(row, ensure_ascii=False)},"geometry":{shape}}}'
        for row, shape in zip(rows, shapes, strict=True)
    )
    head = json.dumps({"type": "FeatureCollection", "name": "zones", **_credits(history)}, ensure_ascii=False)
    return f'{head[:-1]}, "features":[\n' + ",\n".join(features) + "\n]}\n"


def write_zones(history: History, folder: str | Path, *, days: Iterable[date | str] | None = None) -> dict[str, Path]:
    """
    Write ``zones.gpkg`` (layers ``zones`` and ``front``) and ``zones.geojson`` (zones only).

    Parameters
    ----------
    history
        What `frontmap.assess` returned.
    folder
        Where to; created if absent. Each file is written whole or not at all.
    days
        Keep only what holds on one of these days; the whole period by default.

    Returns
    -------
    dict of str to Path
        The written files by name.

    Raises
    ------
    OutputError
        If a file cannot be written.
    DateError
        If a day is not written year-month-day.
    """
    layers = zone_layers(history, days=days)
    package = Path(folder) / "zones.gpkg"
    with atomic_path(package) as temporary:
        _write_package(history, layers, temporary, package)
    geojson = Path(folder) / "zones.geojson"
    return {
        "zones.gpkg": package,
        "zones.geojson": atomic_write_text(geojson, zones_geojson(history, layers.zones)),
    }


def _cell(value: object) -> str:
    """Write one value as the text of a CSV cell."""
    if isinstance(value, tuple):
        return _defused(_joined(value))
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


def _joined(ids: tuple[object, ...]) -> str:
    """Join ids with ``;``."""
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
    if name in _LISTS:
        return cells.map(lambda cell: tuple(_armed(cell).split(";")) if cell else ())
    if kind == "flag":
        return cells == "true"
    if name in _NUMBERS or kind == "number" or "_km" in name or name.startswith("denominator_"):
        return pd.to_numeric(cells.replace("", None)).astype("float64")
    return cells.map(_armed).astype("str")


def _constant_periods(history: History) -> list[tuple[pd.Timestamp, pd.Timestamp]]:
    """List the inclusive periods that one picture stands for, in order.

    Under a rule no place changes its state within one. Under the estimate the line moves nearly every day: one picture
    stands for a week, and each key date begins one.
    """
    days = history.days
    if history.surfaces is None:
        changed = days.isin(history.daily_changes()["date"])
    else:
        changed = (np.arange(len(days)) % WEEK == 0) | days.isin(
            [pd.Timestamp(day) for day in history.theatre.key_dates]
        )
    changed[:1] = True
    starts = np.flatnonzero(changed)
    ends = np.append(starts[1:], len(days)) - 1
    return list(zip(days[starts], days[ends], strict=True))


def _spans(
    layer: Callable[[pd.Timestamp], gpd.GeoDataFrame], periods: list[tuple[pd.Timestamp, pd.Timestamp]]
) -> gpd.GeoDataFrame:
    """Ask for a layer once a period, and keep what stays the same from one period to the next as one row."""
    rows: list[dict[str, object]] = []
    running: dict[Hashable, dict[str, object]] = {}
    columns: list[str] = []
    previous_last = None
    for first, last in periods:
        if previous_last != pd.Timestamp(last_day_before(first)):
            running = {}
        frame = layer(first).drop(columns="date")
        columns = list(frame.columns)
        found = {_content(row): row for row in frame.to_dict("records")}
        for content, row in found.items():
            if content not in running:
                running[content] = {"valid_from": first, **row}
                rows.append(running[content])
            running[content]["valid_to"] = last
        running = {content: running[content] for content in found}
        previous_last = last
    columns = ["valid_from", "valid_to", *columns]
    spans = gpd.GeoDataFrame(rows, columns=columns, geometry="geometry", crs=WGS84)
    return spans.astype({"valid_from": "datetime64[s]", "valid_to": "datetime64[s]"})


def _content(row: dict[Hashable, object]) -> Hashable:
    """Describe a row so that two rows with the same content have the same description."""
    return tuple(value.wkb if isinstance(value, BaseGeometry) else value for value in row.values())


def _flat(layer: gpd.GeoDataFrame) -> pd.DataFrame:
    """Give a layer's attributes as plain text and numbers, as GIS files can hold them."""
    flat = pd.DataFrame(layer.drop(columns="geometry"))
    days = {name: flat[name].dt.strftime("%Y-%m-%d") for name in ("valid_from", "valid_to")}
    lists = {name: flat[name].map(_joined) for name in flat.columns if name in _LISTS}
    return flat.assign(**days, **lists)


def _credits(history: History) -> dict[str, str]:
    """Say what a GIS file shows, whom to name, and under which licences it stands."""
    theatre = history.theatre
    licences = "; ".join(f"{licence.name}: {licence.covers} ({licence.url})" for licence in theatre.licences)
    return {
        "description": f"{theatre.title}: zones by state as reports tell them, policy {history.policy}; "
        "valid_from and valid_to are included" + ("" if history.surfaces is None else _WEEKLY),
        "attribution": theatre.attribution,
        "licence": licences,
    }


def _write_package(history: History, layers: ZoneLayers, temporary: Path, target: Path) -> None:
    """Write both layers to a temporary GeoPackage that stands for `target`."""
    pyogrio.set_gdal_config_options({"OGR_CURRENT_DATE": _FIXED_TIME})
    try:
        for name, shape in (("zones", "MultiPolygon"), ("front", "MultiLineString")):
            layer: gpd.GeoDataFrame = getattr(layers, name)
            flat = gpd.GeoDataFrame(_flat(layer), geometry=layer.geometry, crs=layer.crs)
            pyogrio.write_dataframe(
                flat,
                temporary,
                layer=name,
                driver="GPKG",
                geometry_type=shape,
                promote_to_multi=True,
                append=temporary.exists(),
                dataset_metadata=_credits(history),
            )
    except (DataLayerError, DataSourceError) as error:
        raise OutputError(
            f"cannot write {target}: {error}; nothing half-written was left; free some space or choose another folder"
        ) from error
    finally:
        pyogrio.set_gdal_config_options({"OGR_CURRENT_DATE": None})
