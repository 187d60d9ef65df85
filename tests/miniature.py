"""A hand-made history of five cells and six places, whose every square kilometre can be counted by hand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from types import SimpleNamespace
from typing import cast

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from frontmap.areas import CodeArray
from frontmap.crs import FloatArray
from frontmap.history import History
from frontmap.topology import IntArray
from frontmap.voronoi import BoolArray

DAYS = pd.date_range("2024-08-05", periods=6, unit="s")
LETTERS = {"A": 0, "B": 1, "c": 2, "u": 3}

# Rows are days, letters are cells: four on B's side (10, 20, 30, 40 km2), one on A's side (50 km2).
AREA_KM2 = [10.0, 20.0, 30.0, 40.0, 50.0]
CELLS = {
    "assessed": ["BBBBA", "ABBBA", "AAcBA", "AAABA", "BAcBA", "BBABB"],
    "cautious": ["BBBBA", "BBBBA", "ABBBA", "AABBA", "BABBA", "BBBBB"],
    "bold": ["BBBBA", "AABBA", "AAAAA", "AAAAA", "BAAAA", "BBAAB"],
}
# One place in each cell, and a sixth on B's side that has no position.
SIXTH = {"assessed": "BAAABB", "cautious": "BBBBBB", "bold": "BAAABB"}


def codes(rows: list[str]) -> CodeArray:
    return np.array([[LETTERS[c] for c in row] for row in rows], dtype=np.uint8)


@dataclass(frozen=True)
class FakeDraws:
    """Draws as the estimate gives them, from a table of codes, shape (n_nodes, n_cells, count)."""

    nodes: FloatArray
    table: CodeArray
    level: float = 0.5
    parties: tuple[str, ...] = ("A", "B", "contested", "unknown")

    @property
    def count(self) -> int:
        return len(self.table[0, 0])

    def codes(self, chosen: BoolArray | IntArray | None = None) -> CodeArray:
        return self.table if chosen is None else self.table[:, chosen]


def fake_draws(nodes: Sequence[float], rows: Sequence[Sequence[str]], level: float = 0.5) -> FakeDraws:
    """Draws from one list of rows for each draw: rows are nodes, letters cells."""
    return FakeDraws(np.array(nodes, dtype=float), np.stack([codes(list(one)) for one in rows], axis=2), level)


def ledger(*rows: Mapping[str, object]) -> pd.DataFrame:
    """Claims with the given values; the rest as a plain figure of ground that A holds."""
    plain: dict[str, object] = {
        "claim_id": "",
        "as_of_date": "2024-08-08",
        "date_precision": "day",
        "published_date": "2024-08-08",
        "claimant": "somebody",
        "claimant_side": "A",
        "party": "A",
        "measure": "area_held",
        "lower": 0.0,
        "upper": None,
        "unit": "km2",
        "basis": "control",
        "period_start": "",
        "region": "East",
        "district": "",
        "computed": False,
        "source_names": "page",
        "urls": "https://example.org/",
        "note": "",
    }
    full = [plain | dict(row) for row in rows]
    for n, row in enumerate(full):
        row["claim_id"] = row["claim_id"] or f"c{n}"
        row["upper"] = row["lower"] if row["upper"] is None else row["upper"]
    frame = pd.DataFrame(full)
    for column in ("as_of_date", "published_date", "period_start"):
        frame[column] = pd.to_datetime(frame[column].replace("", None)).astype("datetime64[s]")
    return frame


def miniature(
    table: pd.DataFrame,
    *,
    policy: str = "assessed",
    as_of: str | None = None,
    cells: dict[str, CodeArray] | None = None,
    draws: FakeDraws | None = None,
) -> History:
    """Give the five cells a ledger, and end on `as_of` if given; draws take the place of the policies."""
    days = DAYS if as_of is None else DAYS[pd.Timestamp(as_of) >= DAYS]
    states = cells if cells is not None else {name: codes(rows) for name, rows in CELLS.items()}
    sixth = {name: np.array([[LETTERS[c]] for c in letters], dtype=np.uint8) for name, letters in SIXTH.items()}
    n = len(days)
    side = ["BB", "BB", "BB", "BB", "AA"]
    region = ["East", "East", "East", "East", "West"]
    district = ["North", "North", "South", "South", "Mid"]
    # Cells are unit squares in a row, places lie in their middles; the sixth place has no position.
    frame = gpd.GeoDataFrame(
        {"side": side, "region": region, "district": district, "area_km2": AREA_KM2},
        geometry=[shapely.box(n, 0, n + 1, 1) for n in range(5)],
    )
    frame["place_ids"] = [(f"p{n}",) for n in range(5)]
    places = gpd.GeoDataFrame(
        {
            "place_id": [f"p{n}" for n in range(6)],
            "country": [*side, "BB"],
            "region": [*region, "East"],
            "district": [*district, "North"],
        },
        geometry=[*(shapely.Point(k + 0.5, 0.5) for k in range(5)), None],
    )
    home = {"AA": "A", "BB": "B"}
    parties = {"A": SimpleNamespace(id="A", label="Party A"), "B": SimpleNamespace(id="B", label="Party B")}
    theatre = SimpleNamespace(
        claims=table, places=places, parties=tuple(parties.values()), party=parties.__getitem__, home_party=home.get
    )
    history = SimpleNamespace(
        theatre=theatre,
        policy=policy,
        as_of=None if as_of is None else date.fromisoformat(as_of),
        days=days,
        day_numbers=np.arange(len(days), dtype=float),
        draws=draws,
        level=None if draws is None else draws.level,
        cells=frame,
        state_names=("A", "B", "contested", "unknown"),
        codes=states[policy][:n],
        contested_cells=states[policy][:n] == LETTERS["c"],
        policy_codes={name: c[:n] for name, c in states.items()},
        place_states={name: np.hstack([c, sixth.get(name, sixth["bold"])])[:n] for name, c in states.items()},
        interval_label="spread over policies",
    )
    return cast(History, history)
