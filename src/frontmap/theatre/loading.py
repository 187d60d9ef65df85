"""Opening a theatre folder: every file is read and checked, and all problems are told at once."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from shapely import MultiLineString, MultiPolygon, Polygon

from frontmap.errors import Problem, TheatreError
from frontmap.schema import (
    CLAIMS,
    PLACES,
    REPORTS,
    SOURCES,
    TABLES,
    Table,
    check_claims,
    check_countries,
    check_positions,
    check_reports,
    check_sources,
    check_table,
    convert,
    datapackage,
    nearest,
    to_numbers,
)
from frontmap.theatre.layers import no_rivers, read_border, read_frame, read_rivers
from frontmap.theatre.model import Theatre
from frontmap.theatre.settings import FILE, Settings, read_settings
from frontmap.theatre.text import decode, read_rows

_FRAME, _BORDER, _RIVERS = "frame.geojson", "border.geojson", "rivers.geojson"
_OPTIONAL = {_BORDER, _RIVERS, *(table.file for table in TABLES.values() if table.optional)}
_FILES = (FILE, *(table.file for table in TABLES.values()), _FRAME, _BORDER, _RIVERS)
_PACKAGE = Path(__file__).parent.parent
_HOMES = (_PACKAGE / "data" / "geo", _PACKAGE.parent.parent / "data" / "geo")


@dataclass
class _Folder:
    """What was read from a folder, as far as it could be, with every problem met on the way.

    `whole` names the tables of which no row was lost: only they can say that an id does not exist.
    """

    settings: Settings
    raw: dict[str, pd.DataFrame | None]
    whole: set[str]
    frame: Polygon | MultiPolygon | None
    border: MultiLineString | None
    rivers: gpd.GeoDataFrame
    problems: list[Problem]


def bundled() -> dict[str, Path]:
    """List the theatres that come with frontmap, by name.

    Returns
    -------
    dict
        Name to folder, sorted by name.

    Raises
    ------
    OSError
        If the folder of the package cannot be listed.

    Examples
    --------
    >>> "kursk" in bundled()
    True
    """
    homes = [home for home in _HOMES if home.is_dir()]
    folders = [folder for home in homes[:1] for folder in home.iterdir() if (folder / FILE).is_file()]
    return {folder.name: folder for folder in sorted(folders)}


def load(name_or_folder: str | Path = "kursk") -> Theatre:
    """Open a theatre.

    Parameters
    ----------
    name_or_folder
        Name of a bundled theatre, or a folder of your own.

    Returns
    -------
    Theatre
        Checked as a whole.

    Raises
    ------
    TheatreError
        If there is no such theatre, or its files have problems; carries all of them.

    Examples
    --------
    >>> theatre = load("kursk")
    >>> len(theatre.places), len(theatre.reports), [party.id for party in theatre.parties]
    (551, 970, ['UA', 'RU'])
    """
    path = _locate(name_or_folder)
    folder = _read(path)
    period, frame = folder.settings.period, folder.frame
    if folder.problems or period is None or frame is None:
        raise TheatreError(folder.problems)
    tables = {name: _typed(folder.raw[name], table) for name, table in TABLES.items()}
    settings = folder.settings
    return Theatre(
        name=path.resolve().name,
        title=settings.title,
        parties=settings.parties,
        period_start=period[0],
        period_end=period[1],
        places=_with_points(tables["places"]),
        reports=tables["reports"],
        sources=tables["sources"],
        claims=tables["claims"],
        frame=frame,
        border=folder.border,
        rivers=folder.rivers,
        max_position_radius_m=settings.max_position_radius_m,
        merge_distance_m=settings.merge_distance_m,
        key_dates=settings.key_dates,
        estimate=settings.estimate,
        attribution=settings.attribution,
        licences=settings.licences,
        note=settings.note,
        translations=settings.translations,
    )


def check(folder: str | Path) -> list[Problem]:
    """List everything that is wrong with a theatre folder.

    Parameters
    ----------
    folder
        A folder, or the name of a bundled theatre.

    Returns
    -------
    list of Problem
        By file and row; empty if the theatre can be loaded.

    Raises
    ------
    TheatreError
        If there is no such folder.

    Examples
    --------
    >>> check("kursk")
    []
    """
    return _read(_locate(folder)).problems


def describe(folder: str | Path) -> dict[str, object]:
    """Describe a theatre folder as a Frictionless Data Package: what its ``datapackage.json`` should hold.

    Parameters
    ----------
    folder
        A folder, or the name of a bundled theatre.

    Returns
    -------
    dict
        To be written as JSON.

    Raises
    ------
    TheatreError
        If there is no such theatre, or its files have problems; carries all of them.

    Examples
    --------
    >>> describe("kursk")["name"]
    'kursk'
    """
    path = _locate(folder)
    read = _read(path)
    if read.problems:
        raise TheatreError(read.problems)
    return datapackage(
        path.resolve().name,
        read.settings.title,
        read.settings.note,
        licences=read.settings.licences,
        files=[file for file in _FILES if (path / file).is_file()],
        headers={f"{name}.csv": list(raw.columns) for name, raw in read.raw.items() if raw is not None},
    )


def _locate(name_or_folder: str | Path) -> Path:
    known = bundled()
    if isinstance(name_or_folder, str) and name_or_folder in known:
        return known[name_or_folder]
    path = Path(name_or_folder)
    if path.is_dir():
        return path
    meant = nearest(str(name_or_folder), known)
    found = "a file" if path.exists() else "neither"
    next_step = f"use {meant!r}" if meant else "correct the path; for the files of a theatre see docs/tables.md"
    expected = f"a folder, or the name of a bundled theatre ({', '.join(known)})"
    raise TheatreError([Problem(str(name_or_folder), None, expected, found, next_step)])


def _read(path: Path) -> _Folder:
    """Read and check every file of a folder."""
    problems: list[Problem] = []
    texts = {file: _read_text(path, file, problems) for file in _FILES}
    folder = _Folder(Settings(), dict.fromkeys(TABLES), set(), None, None, no_rivers(), problems)
    if (text := texts[FILE]) is not None:
        folder.settings, found = read_settings(text)
        problems += found
    for name, table in TABLES.items():
        if (text := texts[table.file]) is not None:
            folder.raw[name], found = read_rows(text, table)
            problems += found
            folder.whole |= set() if found else {name}
    if (text := texts[_FRAME]) is not None:
        folder.frame, found = read_frame(text, _FRAME)
        problems += found
    if (text := texts[_BORDER]) is not None:
        folder.border, found = read_border(text, _BORDER)
        problems += found
    if (text := texts[_RIVERS]) is not None:
        folder.rivers, found = read_rivers(text, _RIVERS)
        problems += found
    problems += _check(folder)
    problems.sort(key=lambda problem: (_FILES.index(problem.file), problem.row or 0))
    return folder


def _read_text(path: Path, file: str, problems: list[Problem]) -> str | None:
    try:
        data = (path / file).read_bytes()
    except FileNotFoundError:
        if file not in _OPTIONAL:
            problems.append(Problem(file, None, "this file", f"no such file in {path}", "add it; see docs/tables.md"))
        return None
    except OSError as error:
        problems.append(Problem(file, None, "a file that can be read", f"{error.strerror}", "see to its permissions"))
        return None
    text, found = decode(data, file)
    problems += found
    return text


def _check(folder: _Folder) -> list[Problem]:
    settings, raw = folder.settings, folder.raw
    problems: list[Problem] = []
    for name, table in TABLES.items():
        rows = raw[name]
        if rows is not None:
            problems += check_table(rows, table)
    places, reports, sources, claims = (raw[table.name] for table in (PLACES, REPORTS, SOURCES, CLAIMS))
    all_places = places if PLACES.name in folder.whole else None
    all_sources = sources if SOURCES.name in folder.whole else None
    parties = settings.party_ids
    if places is not None:
        problems += check_positions(places, folder.frame) + _check_cell_owners(places, settings)
    if all_places is not None and len(settings.parties) == len(parties):
        problems += check_countries(all_places, {party.id: party.home_country for party in settings.parties})
    if reports is not None:
        problems += check_reports(reports, all_places, all_sources, parties, settings.period)
    if sources is not None:
        problems += check_sources(sources, parties)
    if claims is not None:
        problems += check_claims(claims, all_places, parties)
    return problems + _check_licence_files(settings)


def _check_cell_owners(places: pd.DataFrame, settings: Settings) -> list[Problem]:
    """Check that at least one place can own ground."""
    if places.empty:
        return [Problem(PLACES.file, None, "at least one place", "none", "add a place")]
    if not {"lat", "lon", "position_radius_m"} <= set(places.columns):
        return []
    placed = to_numbers(places["lat"]).notna() & to_numbers(places["lon"]).notna()
    limit = settings.max_position_radius_m
    if (placed & (to_numbers(places["position_radius_m"]) <= limit)).any():
        return []
    expected = f"at least one place with a position_radius_m of at most {limit:g}"
    next_step = f"add a position, or raise max_position_radius_m in {FILE}"
    return [Problem(PLACES.file, None, expected, "none", next_step)]


def _check_licence_files(settings: Settings) -> list[Problem]:
    return [
        Problem(
            FILE,
            None,
            "files of the theatre under [[licences]]",
            f"{file!r}",
            f"use {nearest(file, _FILES)!r}" if nearest(file, _FILES) else "remove it",
        )
        for licence in settings.licences
        for file in licence.files
        if file not in _FILES
    ]


def _typed(raw: pd.DataFrame | None, table: Table) -> pd.DataFrame:
    empty = pd.DataFrame({name: pd.Series([], dtype="str") for name in table.names})
    return convert(empty if raw is None else raw, table)


def _with_points(places: pd.DataFrame) -> gpd.GeoDataFrame:
    placed = (places["lat"].notna() & places["lon"].notna()).to_numpy()
    points = np.full(len(places), None, dtype=object)
    points[placed] = shapely.points(places["lon"].to_numpy()[placed], places["lat"].to_numpy()[placed])
    return gpd.GeoDataFrame(places, geometry=points, crs="EPSG:4326")
