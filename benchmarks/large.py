"""A large made-up theatre: thousands of places, a front that moves for years, reports where it passes."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import geopandas as gpd
import numpy as np
import pandas as pd
from shapely import box

from frontmap.crs import WGS84
from frontmap.theatre import Theatre

KM_LON, KM_LAT = 70.0, 111.2  # kilometres in a degree at 51 N, near enough for a made-up country
MEAN_REPORTS = 1.2  # by place that the front passes, and each time


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
    lon, lat = 34.0 + xy[:, 0] / KM_LON, 50.0 + xy[:, 1] / KM_LAT
    attacker, home = pattern.parties[:2]
    place_id = np.array([f"p{n:05d}" for n in range(n_places)])
    places = pd.DataFrame({name: "" for name in pattern.places.columns if name != "geometry"}, index=range(n_places))
    places = places.assign(
        place_id=place_id, name=place_id, country=home.home_country, region="R", district="D",
        lat=lat, lon=lon, position_radius_m=500.0, population=np.nan,
    )  # fmt: skip
    end = pattern.period_start + timedelta(days=n_days - 1)
    reports = _reports(pattern, place_id, xy, size_km, n_days, (attacker.id, home.id), rng)
    east, north = 34.0 + size_km / KM_LON, 50.0 + size_km / KM_LAT
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


def _reports(
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
