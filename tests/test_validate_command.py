"""`frontmap validate`: every part from end to end, maps of others read and refused, files whole or not at all."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import shapely
from pyproj import Geod

import frontmap as fm
from frontmap.cli import app
from frontmap.errors import DateError, FrontmapError, TableError
from frontmap.readers import Document, DrawnSeries, read_files
from frontmap.validation.others import by_block, compare, held_pair
from tests.theatres import FRAME, TOML, report, some_reports, write_theatre

SMALL = TOML + "\n[estimate]\ndraws = 30\nmesh_km = 3.0\n"


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    rows = [
        *some_reports(),
        report("u2", "sl-elm", "AA", "controlled", "2024-01-14"),
        report("u3", "sl-oak", "AA", "controlled", "2024-01-09"),
    ]
    return write_theatre(tmp_path_factory.mktemp("theatres") / "tiny", reports=rows, toml=SMALL)


@pytest.fixture(scope="module")
def history(tiny: Path) -> fm.History:
    return fm.assess(fm.load(tiny), policy="assessed")


def run(capsys: pytest.CaptureFixture[str], *words: object) -> tuple[int, str, str]:
    capsys.readouterr()
    with pytest.raises(SystemExit) as stop:
        app([str(word) for word in ("validate", *words)])
    assert isinstance(stop.value.code, int)
    return stop.value.code, *capsys.readouterr()


def feature(first: object, last: object, *rings: list[list[float]], **geometry: object) -> dict[str, Any]:
    shape = geometry or {"type": "Polygon", "coordinates": list(rings)}
    return {
        "type": "Feature",
        "properties": {"date_first": first, "date_last": last},
        "geometry": shape if rings or geometry else None,
    }


def text_of(*features: dict[str, Any]) -> str:
    return json.dumps({"type": "FeatureCollection", "features": list(features)})


def square(west: float, south: float, east: float, north: float) -> list[list[float]]:
    return [[west, south], [east, south], [east, north], [west, north], [west, south]]


def read_map(text: str, *, file: str, shift_days: int = 0) -> DrawnSeries:
    return read_files([Document(file, text.encode())], name=file, reader="dated", shift_days=shift_days)


# Reading


def test_a_map_keeps_its_gaps_takes_features_together_and_shifts_days() -> None:
    text = text_of(
        feature("2024-01-08", "2024-01-09", square(35.2, 51.2, 35.3, 51.3)),
        feature("2024-01-02", "2024-01-05", square(35.0, 51.2, 35.1, 51.3)),
        feature("2024-01-02", "2024-01-05", square(35.1, 51.2, 35.2, 51.3)),
        feature("2024-01-06", "2024-01-06"),
    )

    found = read_map(text, file="theirs.geojson", shift_days=-1)

    assert [str(day) for day in found.states["first"]] == ["2024-01-01", "2024-01-07"]
    assert found.state_on(pd.Timestamp("2024-01-04").date()) == 0
    assert found.state_on(pd.Timestamp("2024-01-05").date()) is None
    assert found.notes == ("1 features without a polygon were taken as gaps.",)
    assert found.states["geometry"].iloc[0].bounds == (35.0, 51.2, 35.2, 51.3)


def test_invalid_polygons_are_mended_and_counted() -> None:
    bow = [[35.0, 51.0], [35.2, 51.2], [35.2, 51.0], [35.0, 51.2], [35.0, 51.0]]

    found = read_map(text_of(feature("2024-01-01", "2024-01-01", bow)), file="f")

    assert found.notes == ("1 invalid polygons were mended.",)
    assert shapely.is_valid(found.states["geometry"].iloc[0])


BOX = square(35, 51, 36, 52)
ONE = ("2024-01-01", "2024-01-01")
BAD = {
    "no JSON": ("{", "expected GeoJSON, found text that is no JSON"),
    "a list": ("[1]", "expected a GeoJSON FeatureCollection, found 'list'"),
    "another type": ('{"type": "Topology"}', "found 'Topology'"),
    "empty": (text_of(), "expected at least one dated polygon, found none"),
    "no date": (text_of(feature(None, "2024-01-01", BOX)), "date_first of feature 1 as YYYY-MM-DD, found nothing"),
    "a bad date": (text_of(feature("2024-01-01", "2024-02-30", BOX)), "found '2024-02-30'"),
    "a number": (text_of(feature(20240101, "2024-01-01", BOX)), "found 20240101"),
    "turned dates": (text_of(feature("2024-01-02", "2024-01-01", BOX)), "not after its date_last"),
    "a line": (
        text_of(feature(*ONE, type="LineString", coordinates=[[35, 51], [36, 52]])),
        "a Polygon or MultiPolygon in feature 1, found LineString",
    ),
    "nonsense": (text_of(feature(*ONE, type="Polygon", coordinates="x")), "a polygon in feature 1"),
    "metres": (text_of(feature(*ONE, square(3.9e6, 6.6e6, 4e6, 6.7e6))), "degrees (EPSG:4326) in feature 1"),
    "overlapping days": (
        text_of(feature("2024-01-01", "2024-01-05", BOX), feature("2024-01-05", "2024-01-06", BOX)),
        "states that follow each other in time, found 2024-01-01 to 2024-01-05 and 2024-01-05 to 2024-01-06",
    ),
}


@pytest.mark.parametrize("name", BAD)
def test_a_bad_map_file_is_told_with_its_name_and_what_to_do(
    name: str, tiny: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text, told = BAD[name]
    file = tmp_path / "theirs.geojson"
    file.write_text(text, encoding="utf-8")

    with pytest.raises(TableError):
        read_map(text, file="theirs.geojson")
    code, out, err = run(capsys, "--theatre", tiny, "--only", "map", "--map", file, "--out", tmp_path / "page.md")

    assert (code, out) == (2, "")
    assert "theirs.geojson: expected" in err
    assert told in err
    assert "next:" in err
    assert not (tmp_path / "page.md").exists()


# Comparing


def test_a_map_of_one_cell_is_measured_geodesically_and_cut_to_its_side(history: fm.History) -> None:
    birch = history.cells[history.cells["place_id"] == "nl-birch"].iloc[0]
    ring = shapely.get_coordinates(birch.geometry.exterior).tolist()
    other = read_map(text_of(feature("2024-01-01", "2024-01-31", ring)), file="f")

    weeks = compare(history, other, party="AA", side="NL")

    # AA holds Birch, and nothing else, from 5 to 19 January
    assert weeks["map_km2"].tolist() == pytest.approx([birch.area_km2] * 5)
    assert weeks["iou"].tolist() == pytest.approx([0.0, 1.0, 1.0, 0.0, 0.0])
    assert weeks["relative_error"].tolist() == pytest.approx([-1.0, 0.0, 0.0, -1.0, -1.0])
    assert weeks["beyond_km2"].tolist() == pytest.approx([0.0] * 5, abs=1e-6)
    on_the_other_side = compare(history, other, party="AA", side="SL")
    assert on_the_other_side["map_km2"].tolist() == pytest.approx([0.0] * 5, abs=1e-6)


def test_the_areas_of_a_map_are_those_of_an_independent_measure(history: fm.History) -> None:
    inner = square(35.05, 51.05, 35.35, 51.25)
    other = read_map(text_of(feature("2024-01-01", "2024-01-31", inner)), file="f")

    north, south = (compare(history, other, party="AA", side=side).iloc[0] for side in ("NL", "SL"))

    whole = abs(Geod(ellps="WGS84").geometry_area_perimeter(shapely.Polygon(inner))[0]) / 1e6
    assert north["map_km2"] + south["map_km2"] == pytest.approx(whole, rel=1e-5)
    assert north["beyond_km2"] == pytest.approx(south["map_km2"], rel=1e-4)
    # two rectangles: the map's northern half, and Birch's cell
    birch = history.cells[history.cells["place_id"] == "nl-birch"].iloc[0]
    both = abs(Geod(ellps="WGS84").geometry_area_perimeter(shapely.Polygon(inner) & birch.geometry)[0]) / 1e6
    held = compare(history, other, party="AA", side="NL").iloc[1]
    assert held["iou"] == pytest.approx(both / (birch.area_km2 + north["map_km2"] - both), rel=1e-4)


def test_days_in_a_gap_count_nowhere(history: fm.History) -> None:
    frame = FRAME
    other = read_map(
        text_of(feature("2024-01-01", "2024-01-03", frame), feature("2024-01-15", "2024-01-31", frame)), file="f"
    )

    weeks = compare(history, other, party="AA", side="NL")
    total = by_block(weeks).iloc[-1]

    assert weeks["map_km2"].isna().tolist() == [False, True, False, False, False]
    assert (total["weeks"], total["gaps"]) == (4, 1)
    assert total["iou"] == pytest.approx(weeks["iou"].dropna().mean())
    with pytest.raises(DateError, match="--map-shift"):
        compare(history, read_map(text_of(feature("2023-01-01", "2023-01-02", frame)), file="f"), party="AA", side="NL")


def test_blocks_of_two_months_by_hand() -> None:
    day = pd.to_datetime(["2024-08-25", "2024-09-29", "2024-10-06", "2024-10-13"])
    weeks = pd.DataFrame(
        {
            "date": day,
            "block": [0, 0, 1, 1],
            "map_km2": [100.0, 200.0, np.nan, 150.0],
            "area_km2": [110.0, 240.0, 999.0, 150.0],
            "iou": [0.8, 0.6, np.nan, 0.7],
            "relative_error": [0.1, 0.2, np.nan, 0.0],
            "in_interval": [1.0, 0.0, np.nan, 1.0],
            "relative_width": [0.2, 0.4, 0.6, 0.8],
        }
    )

    first, second, total = by_block(weeks).to_dict("records")

    assert (first["block"], first["weeks"], first["gaps"]) == ("2024-08 to 2024-09", 2, 0)
    assert (first["iou"], first["lowest_iou"], first["within"]) == pytest.approx((0.7, 0.6, 0.5))
    assert (second["block"], second["weeks"], second["gaps"]) == ("2024-10", 1, 1)
    assert (total["peak"], total["coverage"], total["relative_width"]) == pytest.approx((0.2, 2 / 3, 0.4))


def test_whose_ground_is_found_or_refused(history: fm.History) -> None:
    assert held_pair(history, None, None) == ("AA", "NL")
    assert held_pair(history, "BB", "SL") == ("BB", "SL")
    with pytest.raises(FrontmapError, match="--side: expected one of NL, SL, found 'XX'"):
        held_pair(history, None, "XX")
    with pytest.raises(FrontmapError, match="give --party and --side"):
        held_pair(history, "BB", None)


# The command


@pytest.fixture
def few_cells(monkeypatch: pytest.MonkeyPatch) -> None:
    """Run two cells of the nine."""
    monkeypatch.setattr("frontmap.validation.synthetic.KM2_PER_PLACE", (50.0,))
    monkeypatch.setattr("frontmap.validation.synthetic.WRONG_SHARES", (0.0, 0.1))


def test_a_quick_run_of_every_part(
    tiny: Path, tmp_path: Path, few_cells: None, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "theirs.geojson"
    file.write_text(text_of(feature("2024-01-05", "2024-01-31", square(35.0, 51.15, 35.2, 51.3))), encoding="utf-8")
    page, tables = tmp_path / "out" / "page.md", tmp_path / "tables"

    code, out, err = run(
        capsys, "--theatre", tiny, "--quick", "--truths", 1, "--map", file, "--side", "NL", "--chosen-by", 1,
        "--out", page, "--tables", tables,
    )  # fmt: skip

    assert (code, err) == (0, "")
    text = page.read_text(encoding="utf-8")
    for heading in ("Synthetic truths", "Against a map drawn by others", "Held-out reports", "What was known when"):
        assert f"\n## {heading}\n" in text
    assert "theirs.geojson" in text
    assert str(tmp_path) not in text
    assert f"Written: {page}" in out
    assert {path.stem for path in tables.iterdir()} == {
        "cases", "criteria", "held_out", "held_out_scores", "map", "map_blocks", "revisions", "revision_scores",
        "synthetic",
    }  # fmt: skip
    listed = pd.read_csv(tables / "criteria.csv")
    assert set(listed["part"]) == {"synthetic", "map", "held-out"}
    assert set(listed["met"]) <= {"yes", "no"}
    assert sorted(path.name for path in tmp_path.iterdir()) == ["out", "tables", "theirs.geojson"]


def test_programs_get_json_and_csv(tiny: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ("--theatre", tiny, "--policy", "assessed", "--only", "as-of", "--from", "2024-01-04", "--to", "2024-01-25")

    code, out, _ = run(capsys, *words, "--json")
    document = json.loads(out)
    assert (code, document["theatre"]) == (0, str(tiny))
    assert [row["date"] for row in document["revisions"]] == ["2024-01-04", "2024-01-11", "2024-01-18", "2024-01-25"]

    code, out, _ = run(capsys, *words, "--csv")
    assert (code, out.splitlines()[0]) == (0, "part,what,measured,wanted,met")


def test_a_missing_map_and_a_page_that_cannot_be_written(
    tiny: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, _, err = run(capsys, "--theatre", tiny, "--only", "map", "--map", tmp_path / "none.geojson")
    assert code == 2
    assert "none.geojson: expected a file that can be read, found No such file or directory; next:" in err

    code, _, err = run(capsys, "--theatre", tiny, "--only", "map")
    assert code == 2
    assert "--map" in err

    (tmp_path / "bytes.geojson").write_bytes(b"\xff\xfe")
    code, _, err = run(capsys, "--theatre", tiny, "--only", "map", "--map", tmp_path / "bytes.geojson")
    assert (code, "text in UTF-8" in err) == (2, True)

    (tmp_path / "file").write_text("")
    as_of = ("--policy", "assessed", "--only", "as-of", "--from", "2024-01-18")
    code, _, err = run(capsys, "--theatre", tiny, *as_of, "--out", tmp_path / "file" / "page.md")
    assert code == 2
    assert "cannot write" in err


def test_the_comparison_stands_without_scikit_learn(
    tiny: Path, tmp_path: Path, few_cells: None, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("frontmap.validation.synthetic.has_classifier", lambda: False)

    code, _, _ = run(
        capsys, "--theatre", tiny, "--quick", "--only", "synthetic", "--truths", 1, "--out", tmp_path / "p.md"
    )

    assert code == 0
    assert "no GP classifier" in (tmp_path / "p.md").read_text(encoding="utf-8")
