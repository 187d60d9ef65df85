"""Tables and GIS files say what was computed, come back as they were, and are written whole or not at all."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, cast

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from frontmap import export
from frontmap.errors import DateError, OutputError
from frontmap.layers import Row

if TYPE_CHECKING:
    from frontmap.history import History

DAYS = pd.date_range("2024-01-01", "2024-01-10", unit="s")


def square(west: float) -> shapely.Polygon:
    """Give a square of 0.1 degrees, clockwise, so that the writer has something to turn."""
    return shapely.Polygon([(west, 51), (west, 51.1), (west + 0.1, 51.1), (west + 0.1, 51)])


def rows_of(layer: Callable[[pd.Timestamp], gpd.GeoDataFrame], days: pd.DatetimeIndex) -> Iterator[list[Row]]:
    """Ask for a layer day by day; a row that says the same as on the day before is the same object."""
    known: dict[str, Row] = {}
    for day in days:
        rows = {repr(row): row for row in layer(day).drop(columns="date").to_dict("records")}
        known = {text: known.get(text, cast("Row", row)) for text, row in rows.items()}
        yield list(known.values())


@dataclass
class HandMade:
    """Three squares in a row: the middle one goes from R to U on 4 January and back on the 8th."""

    days: pd.DatetimeIndex = field(default_factory=lambda: DAYS)
    policy: str = "by hand"
    surfaces: None = None
    theatre: SimpleNamespace = field(
        default_factory=lambda: SimpleNamespace(
            title='A "title"',
            attribution="somebody",
            licences=(SimpleNamespace(name="CC0", covers="all", url="https://example.org"),),
        )
    )

    def zones(self, day: pd.Timestamp) -> gpd.GeoDataFrame:
        taken = pd.Timestamp("2024-01-04") <= day < pd.Timestamp("2024-01-08")
        eastern = shapely.union_all([square(35.1), square(35.2)])
        rows = [
            ("U", "R", 1.25, 1, 1, ("r1",), square(35.0)),
            ("R", "R", 2 / 3, 2, 2, ("r2", "r3"), eastern),
        ]
        if taken:
            rows[1] = ("R", "R", 1 / 3, 1, 1, ("r3",), square(35.2))
            rows.append(("contested", "R", 1 / 3, 1, 1, (), square(35.1)))
        columns = ["state", "side", "area_km2", "n_cells", "n_places", "deciding", "geometry"]
        frame = gpd.GeoDataFrame(rows, columns=columns, crs="EPSG:4326")
        frame.insert(0, "date", day)
        return frame

    def front(self, day: pd.Timestamp) -> gpd.GeoDataFrame:
        line = shapely.LineString([(35.1, 51), (35.1, 51.1)])
        rows = [(day, "front", "U", "R", 11.1, line)] if day < pd.Timestamp("2024-01-04") else []
        columns = ["date", "kind", "state_a", "state_b", "front_km", "geometry"]
        return gpd.GeoDataFrame(rows, columns=columns, geometry="geometry", crs="EPSG:4326")

    @property
    def moves(self) -> SimpleNamespace:
        return SimpleNamespace(day=np.array([3, 7]))

    def zone_rows(self, days: Sequence[int]) -> Iterator[list[Row]]:
        return rows_of(self.zones, DAYS[list(days)])

    def front_rows(self, days: Sequence[int]) -> Iterator[list[Row]]:
        return rows_of(self.front, DAYS[list(days)])

    def areas(self) -> pd.DataFrame:
        return pd.DataFrame({"date": DAYS[:2], "party": ["U", "U"], "area_km2": [1 / 3, 0.0]})

    def daily_changes(self) -> pd.DataFrame:
        return pd.DataFrame(
            {
                "date": DAYS[[3, 7]],
                "place_id": ["p", "p"],
                "name": ["-Хутор, «Новый»", 'quoted "name"'],
                "area_km2": [1.0, np.nan],
                "deciding": [("r1", "r2"), ()],
            }
        )


class WithoutFront(HandMade):
    """The same with nobody facing anybody."""

    def front_rows(self, days: Sequence[int]) -> Iterator[list[Row]]:
        return iter([[] for _ in days])


@pytest.fixture
def history() -> History:
    return cast("History", HandMade())


LEDGER = pd.DataFrame(
    {
        "claim_id": ["c1", "c2"],
        "as_of_date": pd.to_datetime(pd.Series([None, "2024-09-06"])).astype("datetime64[s]"),
        "lower": [1300.0, 0.5],
        "computed": [True, False],
        "note": ["=HYPERLINK(0)", "two\nlines"],
    }
)


def test_the_tables_hold_what_was_computed(tmp_path: Path, history: History) -> None:
    written = export.write_tables(history, LEDGER, tmp_path / "out")

    assert {name: path.read_text(encoding="utf-8") for name, path in written.items()} == {
        "areas.csv": "date,party,area_km2\n2024-01-01,U,0.333333\n2024-01-02,U,0\n",
        "changes.csv": (
            "date,place_id,name,area_km2,deciding\n"
            '2024-01-04,p,"\'-Хутор, «Новый»",1,r1;r2\n'
            '2024-01-08,p,"quoted ""name""",,\n'
        ),
        "claims.csv": (
            "claim_id,as_of_date,lower,computed,note\n"
            "c1,,1300,true,'=HYPERLINK(0)\n"
            'c2,2024-09-06,0.5,false,"two\nlines"\n'
        ),
    }
    assert all(path == tmp_path / "out" / name for name, path in written.items())


def test_tables_come_back_as_they_were(tmp_path: Path, history: History) -> None:
    written = export.write_tables(history, LEDGER, tmp_path)

    for name, table in {"changes.csv": history.daily_changes(), "claims.csv": LEDGER}.items():
        pd.testing.assert_frame_equal(export.read_table(written[name]), table, check_dtype=False)
    areas = export.read_table(written["areas.csv"])
    pd.testing.assert_frame_equal(areas, history.areas().round({"area_km2": 6}), check_dtype=False)
    assert areas["date"].dtype == "datetime64[s]"


texts = st.text(st.characters(blacklist_categories=["Cs"]), max_size=12)
hostile = st.builds("".join, st.lists(st.sampled_from(["'", "=", "+", "-", "@", "＝", " ", "\t", "a", ","])))


@given(cells=st.lists(texts | hostile, min_size=1))
def test_any_text_comes_back_and_none_begins_as_a_formula(
    tmp_path_factory: pytest.TempPathFactory, cells: list[str]
) -> None:
    frame = pd.DataFrame({"place_id": ["p"] * len(cells), "note": cells})
    path = tmp_path_factory.mktemp("table") / "a.csv"
    path.write_text(export.table_text(frame), encoding="utf-8", newline="")

    written = pd.read_csv(path, dtype=str, keep_default_na=False, engine="python")["note"]
    assert not written.str.strip().str.match("[=+@＝＋＠-]").any()
    assert export.read_table(path)["note"].tolist() == cells


@given(number=st.floats(-1e9, 1e9))
def test_numbers_come_back_to_the_stated_precision(number: float) -> None:
    _header, cell = export.table_text(pd.DataFrame({"area_km2": [number]})).split()

    assert float(cell) == round(number, 6)
    assert not cell.startswith("'")


def test_an_id_that_would_split_a_list_is_refused() -> None:
    with pytest.raises(OutputError, match="'r1;r2' contains ';'"):
        export.table_text(pd.DataFrame({"deciding": [("r1;r2",)]}))


def test_a_zone_that_stays_is_one_row(history: History) -> None:
    zones, front = export.zone_layers(history)

    spans = [
        (row.state, row.valid_from.day, row.valid_to.day, row.area_km2)
        for row in zones.sort_values(["state", "valid_from"]).itertuples()
    ]
    assert spans == [
        ("R", 1, 3, 2 / 3),
        ("R", 4, 7, 1 / 3),
        ("R", 8, 10, 2 / 3),
        ("U", 1, 10, 1.25),
        ("contested", 4, 7, 1 / 3),
    ]
    assert [(row.kind, row.valid_from.day, row.valid_to.day) for row in front.itertuples()] == [("front", 1, 3)]


@pytest.mark.parametrize("day", DAYS)
def test_the_rows_that_hold_on_a_day_are_its_zones(history: History, day: pd.Timestamp) -> None:
    zones = export.zone_layers(history).zones

    held = zones[(zones["valid_from"] <= day) & (day <= zones["valid_to"])]

    def content(frame: gpd.GeoDataFrame) -> set[tuple[object, ...]]:
        columns = [frame[name] for name in ("state", "deciding", "area_km2")]
        return set(zip(*columns, frame.geometry.to_wkb(), strict=True))

    assert content(held) == content(history.zones(day))


def test_chosen_days_leave_a_gap_between_them(history: History) -> None:
    zones = export.zone_layers(history, days=["2024-01-02", "2024-01-09"]).zones

    spans = sorted((row.state, row.valid_from.day, row.valid_to.day) for row in zones.itertuples())
    assert spans == [("R", 1, 3), ("R", 8, 10), ("U", 1, 3), ("U", 8, 10)]
    with pytest.raises(DateError):
        export.zone_layers(history, days=["2024-02-31"])


def test_the_package_comes_back_with_both_layers(tmp_path: Path, history: History) -> None:
    path = export.write_zones(history, tmp_path)["zones.gpkg"]
    zones, front = export.zone_layers(history)

    back = gpd.read_file(path, layer="zones")
    assert back.crs == zones.crs
    assert back["valid_to"].tolist() == [f"2024-01-{day:02}" for day in (3, 7, 7, 10, 10)], "as they end"
    zones = zones.sort_values(["valid_to", "valid_from"], kind="stable")
    assert [tuple(ids.split(";")) if ids else () for ids in back["deciding"]] == zones["deciding"].tolist()
    for name in ("state", "side", "area_km2", "n_cells", "n_places"):
        assert back[name].tolist() == zones[name].tolist()
    assert back.geometry.geom_equals(zones.geometry.reset_index(drop=True)).all()
    assert gpd.read_file(path, layer="front")["front_km"].tolist() == front["front_km"].tolist()
    assert set(back.geom_type) == {"MultiPolygon"}


def test_the_geojson_comes_back_and_keeps_to_the_standard(tmp_path: Path, history: History) -> None:
    path = export.write_zones(history, tmp_path)["zones.geojson"]
    zones = export.zone_layers(history).zones.sort_values(["valid_to", "valid_from"], kind="stable")
    document = json.loads(path.read_text(encoding="utf-8"))

    assert document["attribution"] == "somebody"
    assert document["licence"] == "CC0: all (https://example.org)"
    assert document["features"][3]["properties"] == {
        "valid_from": "2024-01-01",
        "valid_to": "2024-01-10",
        "state": "U",
        "side": "R",
        "area_km2": 1.25,
        "n_cells": 1,
        "n_places": 1,
        "deciding": "r1",
    }
    back = gpd.read_file(path)
    found, meant = (shapely.normalize(np.asarray(frame.geometry)) for frame in (back, zones))
    assert shapely.equals_exact(found, meant, 1e-6).all()
    rings = shapely.get_exterior_ring(shapely.get_parts(np.asarray(back.geometry)))
    assert shapely.is_ccw(rings).all()
    assert gpd.read_file(path)["area_km2"].tolist() == zones["area_km2"].round(6).tolist()


def test_the_parquet_file_holds_what_the_package_holds(tmp_path: Path, history: History) -> None:
    written = export.write_zones(history, tmp_path)
    package, table = gpd.read_file(written["zones.gpkg"], layer="zones"), gpd.read_parquet(written["zones.parquet"])

    assert table.crs == package.crs
    assert list(table.columns) == list(package.columns)
    for name in table.columns.drop(["geometry", "deciding"]):
        assert table[name].tolist() == package[name].tolist()
    assert table["deciding"].tolist() == package["deciding"].fillna("").tolist()
    assert table.geometry.to_wkb().tolist() == package.geometry.to_wkb().tolist()


def test_small_batches_give_the_same_rows(tmp_path: Path, history: History, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = export.write_zones(history, tmp_path / "whole")
    monkeypatch.setattr("frontmap.export.gis.BATCH_VERTICES", 1)
    parts = export.write_zones(history, tmp_path / "parts")

    assert whole["zones.geojson"].read_bytes() == parts["zones.geojson"].read_bytes()
    for layer in ("zones", "front"):
        one, other = (gpd.read_file(written["zones.gpkg"], layer=layer) for written in (whole, parts))
        assert one.equals(other)
    assert gpd.read_parquet(whole["zones.parquet"]).equals(gpd.read_parquet(parts["zones.parquet"]))


def test_geojson_that_no_program_would_open_is_left_out_and_an_earlier_one_is_taken_away(
    tmp_path: Path, history: History, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = export.write_zones(history, tmp_path)
    vertices = shapely.get_num_coordinates(export.zone_layers(history).zones.geometry.to_numpy()).sum()
    monkeypatch.setattr("frontmap.export.gis.GEOJSON_VERTICES", vertices)
    assert export.write_zones(history, tmp_path) == whole

    monkeypatch.setattr("frontmap.export.gis.GEOJSON_VERTICES", vertices - 1)
    found = export.write_zones(history, tmp_path)

    assert list(found) == ["zones.gpkg", "zones.parquet"]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["zones.gpkg", "zones.parquet"]


def test_no_days_give_no_rows_and_days_outside_are_refused(tmp_path: Path, history: History) -> None:
    path = export.write_zones(history, tmp_path, days=[])["zones.gpkg"]

    assert gpd.read_file(path, layer="zones").empty
    with pytest.raises(DateError, match=r"expected days from .*, found 1999-01-01"):
        export.zone_layers(history, days=[DAYS[0].date(), "1999-01-01"])


def test_a_history_without_any_front_has_an_empty_layer(tmp_path: Path) -> None:
    path = export.write_zones(cast("History", WithoutFront()), tmp_path)["zones.gpkg"]

    assert gpd.read_file(path, layer="front").empty


def test_equal_input_gives_equal_bytes(tmp_path: Path, history: History) -> None:
    def write(folder: Path) -> dict[str, Path]:
        return export.write_zones(history, folder) | export.write_tables(history, LEDGER, folder)

    first, second = write(tmp_path / "1"), write(tmp_path / "2")

    assert len(first) == 6
    for name in first:
        assert first[name].read_bytes() == second[name].read_bytes(), name


def test_no_change_at_all_is_one_period(history: History) -> None:
    quiet = HandMade(days=DAYS[:2])

    zones = export.zone_layers(cast("History", quiet)).zones

    assert zones["valid_from"].unique().tolist() == [DAYS[0]]
    assert zones["valid_to"].unique().tolist() == [DAYS[1]]


@pytest.mark.parametrize("day", ["2024-09-06", "2025-05-01"])
def test_on_real_data_the_zones_of_a_day_add_up_to_its_areas(kursk_history: History, day: str) -> None:
    zones = export.zone_layers(kursk_history, days=[day]).zones
    areas = kursk_history.areas()
    areas = areas[(areas["date"] == pd.Timestamp(day)) & (areas["area_km2"] > 0)]

    expected = {(row.party, row.side): row.area_km2 for row in areas.itertuples()}
    assert {(row.state, row.side): row.area_km2 for row in zones.itertuples()} == pytest.approx(expected, rel=1e-9)
    assert ((zones["valid_from"] <= day) & (zones["valid_to"] >= day)).all()


LIMITED = """
import resource, signal, sys
sys.path.insert(0, sys.argv[2])
import test_export
from frontmap import export
from frontmap.errors import OutputError
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (60_000, 60_000))
try:
    export.write_zones(test_export.HandMade(), sys.argv[1])
except OutputError as error:
    print(error)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="file size limits are a Unix thing")
def test_a_package_that_does_not_fit_leaves_the_previous_one(tmp_path: Path) -> None:
    path = tmp_path / "zones.gpkg"
    path.write_text("previous")
    here = str(Path(__file__).parent)

    run = subprocess.run(
        [sys.executable, "-c", LIMITED, str(tmp_path), here], capture_output=True, text=True, check=True
    )

    assert "cannot write" in run.stdout
    assert path.read_text() == "previous"
    assert list(tmp_path.iterdir()) == [path]


def test_under_the_estimate_one_picture_stands_for_a_week_and_key_dates_begin_one(kursk_estimate: History) -> None:
    zones = export.zone_layers(kursk_estimate).zones
    begun = set(zones["valid_from"])
    assert {pd.Timestamp(day) for day in kursk_estimate.theatre.key_dates} <= begun
    assert (zones["valid_to"] >= zones["valid_from"]).all()
    assert set(export.zone_layers(kursk_estimate, days=["2024-09-03"]).zones["valid_from"]) == {
        pd.Timestamp("2024-09-03")
    }
    for day in ("2024-09-06", "2025-03-12"):
        shown = zones[(zones["valid_from"] <= day) & (zones["valid_to"] >= day)]
        assert shown["area_km2"].sum() == pytest.approx(kursk_estimate.zones(day)["area_km2"].sum())
        own = kursk_estimate.zones(day).set_index(["state", "side"])["area_km2"]
        assert shown.set_index(["state", "side"])["area_km2"].to_dict() == pytest.approx(own.to_dict())
