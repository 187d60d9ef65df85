"""Small places, reports and sources for the tests of the estimate, as frames."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

START = pd.Timestamp("2024-01-01")
SIDES = {"A-mod": "A", "B-mod": "B", "C-mod": "C", "D-mod": "D", "Monitor": "independent"}

Said = tuple[str, float, str, str]


def places(xy: Sequence[tuple[float, float]], home: str | Sequence[str] = "B") -> pd.DataFrame:
    """Places p0, p1 ... at positions in km; the border is the line y = 0."""
    at = np.array(xy, dtype=float).reshape(-1, 2)
    return pd.DataFrame(
        {
            "place_id": [f"p{n}" for n in range(len(at))],
            "x_km": at[:, 0],
            "y_km": at[:, 1],
            "home": home if isinstance(home, str) else list(home),
            "border_km": np.abs(at[:, 1]),
            "position_radius_m": 500.0,
        }
    )


def sources() -> pd.DataFrame:
    """One origin of each side, and a monitor."""
    letters = {"Monitor": "B"}
    return pd.DataFrame(
        {
            "origin": list(SIDES),
            "side": list(SIDES.values()),
            "reliability": [letters.get(name, "C") for name in SIDES],
        }
    )


def reports(said: Sequence[Said], *, origin: str = "Monitor", lag: int = 1, first: int = 0) -> pd.DataFrame:
    """Write reports (place, day, party, status) of one origin, published `lag` days later."""
    day = pd.to_timedelta([float(s[1]) for s in said], unit="D")
    return pd.DataFrame(
        {
            "report_id": [f"r{first + n:03d}" for n in range(len(said))],
            "place_id": [s[0] for s in said],
            "party": [s[2] for s in said],
            "status": [s[3] for s in said],
            "event_date": START + day,
            "date_precision": "day",
            "published_date": START + day + pd.to_timedelta(lag, unit="D"),
            "proximity": "in",
            "implied": False,
            "confidence": "medium",
            "origin": origin,
            "origin_side": SIDES.get(origin, "independent"),
        }
    )


def mesh(side_km: float = 20.0, step_km: float = 2.0, home: str = "B") -> pd.DataFrame:
    """Points on a square above the border."""
    at = np.arange(step_km / 2, side_km, step_km)
    x, y = (a.ravel() for a in np.meshgrid(at, at))
    return pd.DataFrame({"x_km": x, "y_km": y, "home": home, "border_km": y})


def front(n: int = 60, days: int = 120, *, seed: int = 0) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Places on ground of B behind a line that A pushes to y = 12 km and loses again, and reports about them."""
    rng = np.random.default_rng(seed)
    where = places([(float(x), float(y)) for x, y in rng.uniform(0.2, 20, (n, 2))])
    depth = 12.0 * np.sin(np.pi * np.arange(days) / days) + np.sin(np.arange(days) / 9.0)
    said: list[Said] = []
    for name, y in zip(where["place_id"], where["y_km"], strict=True):
        held = y < depth
        for day in np.flatnonzero(held[1:] != held[:-1]) + 1:
            said.append((str(name), float(day), "A" if held[day] else "B", "claimed"))
        for day in rng.integers(1, days, 1):
            said.append((str(name), float(day), "A" if held[day] else "B", "controlled"))
    return where, reports(said)
