"""A made-up country at war: concave frame, clustered places, a front that moves daily, and reports of it."""

from __future__ import annotations

import json
import tempfile
from dataclasses import dataclass, replace
from datetime import date, timedelta
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray
from shapely import Polygon, box

from frontmap.areas import CodeArray, Transitions
from frontmap.crs import WGS84
from frontmap.theatre import Theatre, load

KM_LON, KM_LAT = 71.0, 111.2  # kilometres in a degree near 50 N, near enough for a made-up country
KM2_PER_PLACE = 18.0
FULL_SIZE = 33_000  # places of a country whose border has FULL_BORDER vertices
FULL_BORDER = 5_000
SECTORS = 12
START = date(2022, 2, 24)
ATTACKER, HOME = "AA", "BB"
ASSERTED = 0.2  # part of the passes of which only the gaining side tells: contested for a week, so two changes
_CHANGES_OF_A_PASS = 1.0 + ASSERTED
MEAN_REPORTS = 1.2  # by place that the front passes, and each time, in `large_theatre`
_ORIGINS = {
    ATTACKER: ("Ministry A", "Bloggers A"),
    HOME: ("General staff B", "Brigades B"),
    "independent": ("Monitor one", "Monitor two", "Press"),
}
_LETTERS = {  # in Latin letters: in Russian, in Ukrainian
    "a": "а а", "e": "е е", "i": "и і", "o": "о о", "u": "у у", "y": "ы и", "b": "б б", "d": "д д", "h": "г г",
    "k": "к к", "l": "л л", "m": "м м", "n": "н н", "p": "п п", "r": "р р", "s": "с с", "t": "т т", "v": "в в",
    "z": "з з",
}  # fmt: skip
_ENDINGS = (
    ("ivka", "овка", "івка"), ("ka", "ка", "ка"), ("ske", "ское", "ське"), ("yne", "ино", "ине"),
    ("ove", "ово", "ове"), ("ets", "ец", "ець"), ("yky", "ики", "ики"), ("ne", "ное", "не"),
)  # fmt: skip
_NOTES = (
    "northern outskirts", "flag raised at the school", "footage geolocated", "fighting goes on nearby",
    "page date approximate", "advance groups reached it", "morning bulletin", "local officials agree",
)  # fmt: skip
_TOML = """\
[theatre]
title = "Made-up country of {n_places} places"
attribution = "made for benchmarks"
note = "Synthetic: nothing here happened."

[period]
start = {start}
end = {end}

[cells]
max_position_radius_m = 2000
merge_distance_m = 50

[[parties]]
id = "AA"
label = "Party A"
colour = "#b35806"
home_country = "XA"
hatched = true

[[parties]]
id = "BB"
label = "Party B"
colour = "#542788"
home_country = "XB"
hatched = false

[[licences]]
name = "CC0-1.0"
url = "https://creativecommons.org/publicdomain/zero/1.0/"
covers = "everything: invented"
"""

Points = NDArray[np.float64]
Numbers = NDArray[np.int64]


@dataclass(frozen=True)
class Passes:
    """The front's passes over places: day, place (numbers), and the party that holds the place from then on."""

    day: Numbers
    place: Numbers
    holder: Numbers


@dataclass(frozen=True)
class Country:
    """Pieces of a made-up country.

    Parameters
    ----------
    frame
        EPSG:4326.
    lon_lat
        Positions of the places, degrees, shape (n_places, 2).
    passes
        Where the front moved, by day.
    n_days
        Length of the war.
    """

    frame: Polygon
    lon_lat: Points
    passes: Passes
    n_days: int


def country_frame(n_places: int = FULL_SIZE, *, seed: int = 1) -> Polygon:
    """Outline a concave country with a bay, as large as its places need.

    Parameters
    ----------
    n_places
        33,000 give a border of 5,000 vertices; smaller countries have as much fewer as they are less wide.
    seed
        Of its chances.

    Returns
    -------
    Polygon
        EPSG:4326, valid, without holes.
    """
    rng = np.random.default_rng(seed)
    n_vertices = max(60, round(FULL_BORDER * float(np.sqrt(n_places / FULL_SIZE))))
    angle = np.linspace(0.0, 2 * np.pi, n_vertices, endpoint=False)
    wave = np.arange(2, 200)
    phase, size = rng.uniform(0, 2 * np.pi, len(wave)), rng.normal(0, 0.12, len(wave)) / wave**1.1
    radius = 1.0 + np.cos(angle[:, None] * wave + phase) @ size
    for bearing, depth, width in ((4.4, 0.65, 0.12), (0.9, 0.4, 0.35)):  # a narrow bay in the south, a wide one
        radius *= 1.0 - depth * np.exp(-(((angle - bearing) / width) ** 2))
    xy = radius[:, None] * np.column_stack([1.35 * np.cos(angle), np.sin(angle) / 1.35])
    outline = Polygon(xy)
    scale = np.sqrt(n_places * KM2_PER_PLACE / outline.area)
    return shapely.transform(outline, lambda at: np.array([31.0, 48.5]) + scale * at / [KM_LON, KM_LAT])


def clustered_points(frame: Polygon, n_places: int, *, seed: int = 1) -> Points:
    """Scatter places over a frame, half of them in clusters.

    Returns
    -------
    ndarray, shape (n_places, 2)
        Degrees, all inside the frame.
    """
    rng = np.random.default_rng(seed + 1)
    west, south, east, north = frame.bounds
    shapely.prepare(frame)
    found = np.empty((0, 2))
    centres = rng.uniform((west, south), (east, north), (max(4, n_places // 25), 2))
    while len(found) < n_places:
        even = rng.uniform((west, south), (east, north), (n_places, 2))
        near = centres[rng.integers(0, len(centres), n_places)] + rng.normal(0, 6.0, (n_places, 2)) / [KM_LON, KM_LAT]
        some = np.where(rng.random((n_places, 1)) < 0.5, even, near)
        found = np.vstack([found, some[shapely.contains_xy(frame, *some.T)]])
    return found[:n_places]


def front_passes(lon_lat: Points, n_days: int, *, changes_per_day: float, seed: int = 1) -> Passes:
    """Move a front over places: from the east, sector by sector, forth and back.

    Parameters
    ----------
    lon_lat
        Positions of the places.
    n_days
        Length of the war.
    changes_per_day
        Mean number of passes a day; single days have 0.4 to 1.6 times as many.
    seed
        Of its chances.

    Returns
    -------
    Passes
        By day, then place; a place at most once a day. Those of day 0 are what the attacker holds from the first.
    """
    rng = np.random.default_rng(seed + 2)
    depth = -lon_lat[:, 0] + 0.4 * np.sin(4.0 * lon_lat[:, 1])
    sector = (SECTORS * (np.argsort(np.argsort(lon_lat[:, 1])) / len(lon_lat))).astype(int)
    lane = [np.flatnonzero(sector == n)[np.argsort(depth[sector == n], kind="stable")] for n in range(SECTORS)]
    held = [len(places) // 20 for places in lane]
    rows: list[tuple[int, int, int]] = [
        (0, int(p), 0) for places, n in zip(lane, held, strict=True) for p in places[:n]
    ]
    onward = rng.random(SECTORS) < 0.8
    wanted = rng.uniform(0.4, 1.6, n_days) * changes_per_day
    for day in range(1, n_days):
        onward ^= rng.random(SECTORS) < 1 / 40  # an offensive lasts forty days
        active = rng.choice(SECTORS, 3, replace=False)
        for n, count in zip(active, rng.multinomial(round(wanted[day]), np.full(3, 1 / 3)), strict=True):
            onward[n] = (onward[n] or held[n] < 3) and held[n] < len(lane[n]) - 3
            step = min(int(count), len(lane[n]) - held[n] if onward[n] else held[n])
            begin = held[n] if onward[n] else held[n] - step
            rows += [(day, int(p), 0 if onward[n] else 1) for p in lane[n][begin : begin + step]]
            held[n] += step if onward[n] else -step
    day, place, holder = np.array(sorted(rows), dtype=np.int64).T
    return Passes(day, place, holder)


def country(n_places: int, n_days: int, *, changes_per_day: float = 12.5, seed: int = 1) -> Country:
    """Make up a country, its places and a war.

    Returns
    -------
    Country
        The same for the same arguments.
    """
    frame = country_frame(n_places, seed=seed)
    lon_lat = clustered_points(frame, n_places, seed=seed)
    passes = front_passes(lon_lat, n_days, changes_per_day=changes_per_day / _CHANGES_OF_A_PASS, seed=seed)
    return Country(frame, lon_lat, passes, n_days)


def cell_codes(
    n_cells: int, n_days: int, *, changes_per_day: float = 12.5, seed: int = 1, lon_lat: Points | None = None
) -> tuple[CodeArray, Transitions]:
    """Give states of cells by day without a theatre: 0 the attacker's, 1 the other's, 2 contested for a week.

    Parameters
    ----------
    n_cells, n_days
        Size of the table.
    changes_per_day
        Mean number of changes a day; single days have 0.4 to 1.6 times as many.
    seed
        Of its chances.
    lon_lat
        Positions of the cells; those of `country` by default.

    Returns
    -------
    codes : ndarray of uint8, shape (n_days, n_cells)
        One code for each day and cell.
    changes : Transitions
        Every change of the table, by day and cell.
    """
    if lon_lat is None:
        lon_lat = clustered_points(country_frame(n_cells, seed=seed), n_cells, seed=seed)
    rate = changes_per_day / _CHANGES_OF_A_PASS
    passes = front_passes(lon_lat, n_days, changes_per_day=rate, seed=seed)
    codes = np.ones((n_days, n_cells), dtype=np.uint8)
    slow = np.random.default_rng(seed + 3).random(len(passes.day)) < ASSERTED
    for day, place, holder, contested in zip(passes.day, passes.place, passes.holder, slow, strict=True):
        codes[day:, place] = 2 if contested and day else holder
        if contested and day:
            codes[day + 7 :, place] = holder
    day, cell = np.nonzero(codes[1:] != codes[:-1])
    return codes, Transitions(day + 1, cell, codes[day, cell], codes[day + 1, cell])


def write_country(folder: Path, n_places: int, n_days: int, *, changes_per_day: float = 12.5, seed: int = 1) -> Country:
    """Write a made-up country as a theatre folder: one side of the border, two parties, reports of every pass.

    Returns
    -------
    Country
        What was written; `frontmap.load` opens the folder.
    """
    made = country(n_places, n_days, changes_per_day=changes_per_day, seed=seed)
    folder.mkdir(parents=True, exist_ok=True)
    end = START + timedelta(days=n_days - 1)
    (folder / "theatre.toml").write_text(_TOML.format(n_places=n_places, start=START, end=end), encoding="utf-8")
    feature = {"type": "Feature", "properties": {}, "geometry": json.loads(shapely.to_geojson(made.frame))}
    frame = {"type": "FeatureCollection", "features": [feature]}
    (folder / "frame.geojson").write_text(json.dumps(frame), encoding="utf-8")
    _places(made.lon_lat, seed).to_csv(folder / "places.csv", index=False)
    _reports(made.passes, seed).to_csv(folder / "reports.csv", index=False)
    _sources().to_csv(folder / "sources.csv", index=False)
    return made


def country_theatre(n_places: int, n_days: int, *, changes_per_day: float = 12.5, seed: int = 1) -> Theatre:
    """Make a theatre of a made-up country, as `write_country` writes it.

    Returns
    -------
    Theatre
        With the parameters of an estimate as they are by default.
    """
    with tempfile.TemporaryDirectory() as folder:
        write_country(Path(folder) / "country", n_places, n_days, changes_per_day=changes_per_day, seed=seed)
        return load(Path(folder) / "country")


def _places(lon_lat: Points, seed: int) -> pd.DataFrame:
    """Name the places in three languages, and divide them among regions and districts."""
    rng = np.random.default_rng(seed + 4)
    n = len(lon_lat)
    seats = lon_lat[rng.choice(n, max(1, n // 240), replace=False)]
    district = shapely.STRtree(shapely.points(seats)).nearest(shapely.points(lon_lat))
    region = (np.argsort(np.argsort(seats[:, 0])) * max(1, len(seats) // 6) // len(seats))[district]
    names = _names(max(8, n // 3), rng)
    chosen = names[np.minimum(rng.zipf(1.3, n) - 1 + rng.integers(0, len(names), n), len(names) - 1)]
    return pd.DataFrame(
        {
            "place_id": [f"xb-{number:05d}" for number in range(n)],
            "name": chosen[:, 0], "name_ru": chosen[:, 1], "name_uk": chosen[:, 2], "aliases": "", "kind": "village",
            "district": [f"District {number}" for number in district],
            "region": [f"Region {number}" for number in region],
            "country": "XB", "lat": lon_lat[:, 1].round(5), "lon": lon_lat[:, 0].round(5), "position_radius_m": 900,
            "position_basis": "invented", "source_ids": "",
            "population": np.round(np.exp(rng.normal(5.5, 1.4, n))).astype(int),
        }
    )  # fmt: skip


def _names(count: int, rng: np.random.Generator) -> NDArray[np.str_]:
    """Make up names: in Latin letters, in Russian, in Ukrainian."""
    vowels, consonants = "aeiouy", "bdhklmnprstvz"
    rows = []
    for size, ending in zip(rng.choice([2, 3, 4], count, p=[0.45, 0.4, 0.15]), rng.integers(0, 8, count), strict=True):
        stem = "".join(consonants[rng.integers(13)] + vowels[rng.integers(6)] for _ in range(size))[: 2 * size - 1]
        spelled = [stem, *("".join(_LETTERS[letter].split()[lang] for letter in stem) for lang in (0, 1))]
        rows.append([(word + end).capitalize() for word, end in zip(spelled, _ENDINGS[ending], strict=True)])
    return np.array(rows)


def _reports(passes: Passes, seed: int) -> pd.DataFrame:
    """Tell of each pass: mostly by an outsider or the loser, else by the winner alone; some are told again later."""
    rng = np.random.default_rng(seed + 5)
    again = rng.random(len(passes.day)) < 0.4
    day = np.r_[passes.day, passes.day[again] + rng.integers(0, 4, again.sum())]
    place, holder = (np.r_[of, of[again]] for of in (passes.place, passes.holder))
    first = np.arange(len(day)) < len(passes.day)
    kind = rng.random(len(day))
    winner, loser = (np.array(sides)[holder] for sides in ((ATTACKER, HOME), (HOME, ATTACKER)))
    asserted = first & (kind < ASSERTED) & (day > 0)
    side = np.where(asserted, winner, np.where(kind < 0.4, loser, "independent"))
    left = first & ~asserted & (kind < 0.3) & (holder == 1)
    origin = np.array([_ORIGINS[of][rng.integers(len(_ORIGINS[of]))] for of in side])
    event = pd.Timestamp(START) + pd.to_timedelta(day, unit="D")
    dated = np.asarray(event.strftime("/%Y/%m/%d"), dtype=str)
    page = np.char.add(np.char.replace(np.char.lower(origin), " ", "-"), dated)
    told = rng.random(len(day))
    note = np.array(_NOTES)[rng.integers(0, len(_NOTES), len(day))]
    detail = np.char.add(np.char.add(note, ", position "), rng.integers(100, 999, len(day)).astype(str))
    table = pd.DataFrame(
        {
            "place_id": [f"xb-{number:05d}" for number in place], "party": np.where(left, loser, winner),
            "status": np.where(asserted, "claimed", np.where(left, "withdrawn", "controlled")),
            "event_date": event.strftime("%Y-%m-%d"), "date_precision": "day",
            "published_date": (event + pd.to_timedelta(rng.integers(0, 3, len(day)), unit="D")).strftime("%Y-%m-%d"),
            "proximity": np.where(first | (kind < 0.5), "in", "near"),
            "implied": np.where(first | (kind < 0.8), "false", "true"),
            "confidence": "medium", "origin": origin, "origin_side": side, "source_name": origin,
            "source_url": np.char.add("https://example.org/", page),
            "note": np.where(told < 0.2, detail, np.where(told < 0.6, note, "")),
        }
    )  # fmt: skip
    table = table.sort_values(["event_date", "place_id"], kind="stable", ignore_index=True)
    table.insert(0, "report_id", [f"r{number:06d}" for number in range(len(table))])
    return table


def _sources() -> pd.DataFrame:
    """List the origins."""
    rows = [
        {"origin": origin, "side": side, "kind": "invented", "typical_lag": "a day", "reliability": "B", "reason": ""}
        for side, origins in _ORIGINS.items()
        for origin in origins
    ]
    return pd.DataFrame(rows)


def large_theatre(pattern: Theatre, *, n_places: int, n_days: int, km2_per_place: float, seed: int) -> Theatre:
    """Make up a theatre in which a front crosses much of a square country and partly returns.

    Parameters
    ----------
    pattern
        Theatre whose parties, sources and settings it takes.
    n_places, n_days
        Its size.
    km2_per_place
        How densely it is settled.
    seed
        Of its chances.

    Returns
    -------
    Theatre
        The second party is at home in the whole country; the first comes from beyond its southern edge.

    Raises
    ------
    ValueError
        From numpy, if there are no places.
    """
    rng = np.random.default_rng(seed)
    size_km = float(np.sqrt(n_places * km2_per_place))
    side = int(np.ceil(np.sqrt(n_places)))
    grid = np.stack(np.meshgrid(np.arange(side), np.arange(side)), axis=-1).reshape(-1, 2)[:n_places]
    xy = (grid + 0.5 + rng.uniform(-0.35, 0.35, grid.shape)) * size_km / side
    lon, lat = 34.0 + xy[:, 0] / 70.0, 50.0 + xy[:, 1] / KM_LAT
    attacker, home = pattern.parties[:2]
    place_id = np.array([f"p{n:05d}" for n in range(n_places)])
    places = pd.DataFrame({name: "" for name in pattern.places.columns if name != "geometry"}, index=range(n_places))
    places = places.assign(
        place_id=place_id, name=place_id, country=home.home_country, region="R", district="D",
        lat=lat, lon=lon, position_radius_m=500.0, population=np.nan,
    )  # fmt: skip
    end = pattern.period_start + timedelta(days=n_days - 1)
    reports = _square_reports(pattern, place_id, xy, size_km, n_days, (attacker.id, home.id), rng)
    east, north = 34.0 + size_km / 70.0, 50.0 + size_km / KM_LAT
    return replace(
        pattern,
        name="large",
        title="Large made-up theatre",
        period_end=end,
        places=gpd.GeoDataFrame(places, geometry=gpd.points_from_xy(lon, lat), crs=WGS84),
        reports=reports,
        claims=pattern.claims.iloc[:0],
        frame=box(34.0, 50.0, east, north),
        border=None,
        rivers=pattern.rivers.iloc[:0],
        key_dates=(),
    )


def _square_reports(
    pattern: Theatre,
    place_id: np.ndarray,
    xy: np.ndarray,
    size_km: float,
    n_days: int,
    parties: tuple[str, str],
    rng: np.random.Generator,
) -> pd.DataFrame:
    """Tell of places as the front passes them, forth and back, each time by a few origins."""
    waves = np.sin(np.linspace(0, 3 * np.pi, n_days))[:, None] * np.sin(
        xy[:, 0] / size_km * 4 * np.pi + np.arange(n_days)[:, None] / 120
    )
    advance = size_km * (0.45 * np.sin(np.linspace(0, 0.8 * np.pi, n_days)))[:, None]
    held = xy[:, 1] < advance + 0.06 * size_km * waves
    day, place = np.nonzero(held[1:] != held[:-1])
    times = rng.poisson(MEAN_REPORTS, len(day))
    day, place = np.repeat(day + 1, times), np.repeat(place, times)
    told = np.minimum(day + rng.integers(0, 6, len(day)), n_days - 1)
    party = np.where(held[day, place], *parties)
    origins = pattern.sources[["origin", "side"]].to_numpy(str)[rng.integers(0, len(pattern.sources), len(day))]
    first = pd.Timestamp(pattern.period_start)
    event = pd.DatetimeIndex(first + pd.to_timedelta(told, unit="D")).as_unit("s")
    table = pd.DataFrame({name: "" for name in pattern.reports.columns}, index=range(len(day)))
    table = table.assign(
        report_id=[f"r{n:06d}" for n in range(len(day))], place_id=place_id[place], party=party,
        status=np.where(origins[:, 1] == party, "claimed", "controlled"), event_date=event, published_date=event,
        date_precision="day", proximity="in", implied=False, confidence="medium",
        origin=origins[:, 0], origin_side=origins[:, 1],
    )  # fmt: skip
    return table.sort_values(["event_date", "report_id"], ignore_index=True)
