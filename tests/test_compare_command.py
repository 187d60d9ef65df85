"""`frontmap compare`: what a map of others shows, against the history and another map, for people and programs."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import Any

import pytest
import shapely
from pyproj import Geod

import frontmap as fm
from frontmap.cli import app
from tests.drawn import collection, polygon, square, tar_xz
from tests.theatres import TOML, report, some_reports, write_theatre


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    rows = [*some_reports(), report("u2", "sl-elm", "AA", "controlled", "2024-01-14")]
    return write_theatre(tmp_path_factory.mktemp("theatres") / "tiny", reports=rows, toml=TOML)


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path / "cache" / "frontmap"


def run(capsys: pytest.CaptureFixture[str], *words: object) -> tuple[int, str, str]:
    capsys.readouterr()
    with pytest.raises(SystemExit) as stop:
        app([str(word) for word in ("compare", *words)])
    assert isinstance(stop.value.code, int)
    return stop.value.code, *capsys.readouterr()


def days(path: Path, **rings: list[list[float]] | None) -> Path:
    """Write one file a day in an archive; None is a day without polygons."""
    shapes: dict[str, list[tuple[dict[str, Any], dict[str, Any] | None]]]
    shapes = {name: [] if ring is None else [({}, polygon(ring))] for name, ring in rings.items()}
    path.write_bytes(tar_xz({f"{name}.geojson": collection(*features) for name, features in shapes.items()}))
    return path


WIDE, NARROW = square(35.05, 51.16, 35.25, 51.25), square(35.05, 51.16, 35.15, 51.25)


@pytest.fixture
def theirs(tmp_path: Path) -> Path:
    return days(
        tmp_path / "theirs.tar.xz", m_20240104=NARROW, m_20240105=WIDE, m_20240106=WIDE, m_20240107=None,
        m_20240109=NARROW,
    )  # fmt: skip


def km2(ring: list[list[float]]) -> float:
    return abs(float(Geod(ellps="WGS84").geometry_area_perimeter(shapely.Polygon(ring))[0])) / 1e6


def test_days_gaps_and_agreement_for_programs(theirs: Path, tiny: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = run(capsys, theirs, "--theatre", tiny, "--policy", "assessed", "--side", "NL", "--json")

    document: dict[str, Any] = json.loads(out)
    assert (code, err) == (0, "")
    assert (document["map"], document["reader"], document["layers"]) == ("theirs.tar.xz", "daily", ["drawn"])
    shown = {row["date"]: row for row in document["days"]}
    assert list(shown) == [f"2024-01-0{n}" for n in range(4, 10)]
    assert shown["2024-01-05"]["area_km2"] == pytest.approx(km2(WIDE), rel=1e-9)
    assert shown["2024-01-05"]["gained_km2"] == pytest.approx(km2(WIDE) - km2(NARROW), rel=1e-3)
    assert (shown["2024-01-06"]["gained_km2"], shown["2024-01-06"]["lost_km2"]) == (0.0, 0.0)
    assert shown["2024-01-07"]["area_km2"] is None  # a gap, and neither nothing nor a loss
    assert shown["2024-01-07"]["lost_km2"] is None
    assert [(row["first"], row["last"], row["why"]) for row in document["gaps"]] == [
        ("2024-01-07", "2024-01-07", "not drawn or not whole"),
        ("2024-01-08", "2024-01-08", "no map"),
    ]
    agreement = {row["date"]: row for row in document["agreement"]}
    assert agreement["2024-01-08"]["iou"] is None
    history = fm.assess(fm.load(tiny), policy="assessed")
    held = history.zones("2024-01-06")
    ours = shapely.union_all(held.geometry[(held["state"] == "AA") & (held["side"] == "NL")].to_numpy())
    both = ours & shapely.Polygon(WIDE)
    assert agreement["2024-01-06"]["both_km2"] == pytest.approx(km2(shapely.get_coordinates(both).tolist()), rel=1e-4)


def test_people_read_tables_and_are_told_what_the_map_lacks(
    theirs: Path, tiny: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, out, _ = run(capsys, theirs, "--theatre", tiny, "--policy", "assessed")

    assert code == 0
    assert "theirs.tar.xz, drawn: km2, gains and losses against the day before" in out
    assert "theirs.tar.xz: days of which it says nothing" in out
    assert "theirs.tar.xz against the history" in out
    assert "Mean intersection over union on 4 days" in out


def test_csv_gives_one_part_and_days_can_be_chosen(theirs: Path, capsys: pytest.CaptureFixture[str]) -> None:
    _, plain, _ = run(capsys, theirs, "--csv")
    _, shifted, _ = run(capsys, theirs, "--csv", "--shift-days", -1, "--from", "2024-01-04", "--to", "2024-01-05")
    _, gaps, _ = run(capsys, theirs, "--csv", "--part", "gaps")

    assert plain.splitlines()[0] == "layer,date,area_km2,gained_km2,lost_km2"
    assert len(plain.splitlines()) == 7
    rows = list(csv.DictReader(io.StringIO(shifted)))
    assert [row["date"] for row in rows] == ["2024-01-04", "2024-01-05"]
    assert float(rows[0]["area_km2"]) == pytest.approx(km2(WIDE), rel=1e-6)
    assert len(gaps.splitlines()) == 3


def test_two_maps_on_one_side_of_the_border(
    theirs: Path, tiny: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    other = days(tmp_path / "other.tar.xz", o_20240105=NARROW, o_20240106=NARROW)
    words = (theirs, "--with", other, "--part", "agreement", "--json")

    _, whole, _ = run(capsys, *words)
    _, cut, _ = run(capsys, *words, "--side", "SL", "--theatre", tiny)
    code, _, err = run(capsys, *words, "--side", "XX", "--theatre", tiny)

    first, second = json.loads(whole)["agreement"]
    assert (first["date"], second["date"]) == ("2024-01-05", "2024-01-06")
    assert first["iou"] == pytest.approx(0.5, rel=1e-3)
    assert first["only_other_km2"] == pytest.approx(0.0, abs=1e-6)
    assert [row["area_km2"] for row in json.loads(cut)["agreement"]] == pytest.approx([0.0, 0.0], abs=1e-6)
    assert (code, "--side: expected one of NL, SL, found 'XX'" in err) == (2, True)


def test_the_other_map_has_its_own_format_and_shift(
    theirs: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    other = days(tmp_path / "other.tar.xz", o_20240105=NARROW, o_20240106=NARROW)
    words = (theirs, "--with", other, "--part", "agreement", "--json")

    _, shifted, _ = run(capsys, *words, "--with-reader", "daily", "--with-shift-days", "-1")
    code, _, err = run(capsys, *words, "--with-reader", "mine")

    assert [row["date"] for row in json.loads(shifted)["agreement"]] == ["2024-01-04", "2024-01-05"]
    assert (code, "found 'mine'" in err) == (2, True)


def test_the_layer_of_the_other_map_is_chosen_apart(
    theirs: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rings = {"areas": [[[y, x] for x, y in WIDE]], "areas_ua": [[[y, x] for x, y in NARROW]]}
    other = tmp_path / "owl_20240106.json"
    other.write_text(json.dumps(rings))
    words = (theirs, "--with", other, "--part", "agreement", "--json")

    code, _, err = run(capsys, *words)
    _, out, _ = run(capsys, *words, "--with-layer", "held-abroad")

    assert (code, "--with-layer: expected which layer of owl_20240106.json" in err) == (2, True)
    assert json.loads(out)["agreement"][0]["iou"] == pytest.approx(0.5, rel=1e-3)


def test_a_map_of_elsewhere_is_told_but_not_compared(
    tiny: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    turned = days(tmp_path / "turned.tar.xz", o_20240105=[[lat, lon] for lon, lat in WIDE])
    words = (turned, "--theatre", tiny, "--policy", "assessed")

    code, out, _ = run(capsys, *words)
    refused, _, err = run(capsys, *words, "--part", "agreement")

    assert (code, "Not held against the history: expected a map that reaches into the theatre" in out) == (0, True)
    assert (refused, "check that longitude is written first" in err) == (2, True)


def test_several_layers_are_shown_and_one_must_be_chosen_to_compare(
    tiny: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rings = {"areas": [[[y, x] for x, y in WIDE]], "areas_ua": [[[y, x] for x, y in NARROW]]}
    file = tmp_path / "owl_20240106.json"
    file.write_text(json.dumps(rings))
    words = (file, "--theatre", tiny, "--policy", "assessed")

    code, out, _ = run(capsys, *words)
    _, chosen, _ = run(capsys, *words, "--layer", "held-abroad", "--json")
    missing, _, err = run(capsys, *words, "--layer", "ground")

    assert code == 0
    assert "Not held against the history: --layer: expected which layer" in out
    assert "choose among held-abroad, occupied" in out
    assert [row["date"] for row in json.loads(chosen)["agreement"]] == ["2024-01-05"]
    assert {row["layer"] for row in json.loads(chosen)["days"]} == {"held-abroad"}
    assert (missing, "expected a layer of owl_20240106.json" in err) == (2, True)


def test_a_map_of_other_days_is_told_but_not_compared(
    tiny: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    late = days(tmp_path / "late.tar.xz", m_20300101=WIDE)

    code, out, _ = run(capsys, late, "--theatre", tiny, "--policy", "assessed")
    strict, _, err = run(capsys, late, "--theatre", tiny, "--policy", "assessed", "--part", "agreement")

    assert (code, strict) == (0, 2)
    assert "Not held against the history: expected days that late.tar.xz" in out
    assert "expected days that late.tar.xz" in err


def test_tables_and_polygons_are_written(theirs: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = run(capsys, theirs, "--part", "days", "--out", tmp_path / "out")

    assert code == 0
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["changes.geojson", "days.csv"]
    assert f"Written: {tmp_path / 'out' / 'days.csv'}" in out
    found = json.loads((tmp_path / "out" / "changes.geojson").read_text(encoding="utf-8"))["features"]
    assert [(f["properties"]["kind"], f["properties"]["date_to"]) for f in found] == [
        ("gained", "2024-01-05"),
        ("lost", "2024-01-09"),
    ]
    assert found[1]["properties"]["gap_days"] == 2
    shapes = [shapely.from_geojson(json.dumps(feature["geometry"])) for feature in found]
    assert shapes[0].equals(shapely.Polygon(WIDE) - shapely.Polygon(NARROW))


def test_results_are_kept_where_asked_and_a_damaged_one_is_told(
    theirs: Path, own_cache: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = (theirs, "--part", "days", "--json")
    _, first, _ = run(capsys, *words)
    _, second, _ = run(capsys, *words)
    kept = next(own_cache.glob("*-changes-*"))
    kept.write_bytes(b"")
    _, third, _ = run(capsys, *words)
    run(capsys, *words, "--cache", tmp_path / "mine")

    assert first == second
    assert json.loads(third)["days"] == json.loads(first)["days"]
    assert json.loads(third)["notes"] == [f"theirs.tar.xz: A damaged file of the cache was made anew: {kept.name}"]
    assert len(list((tmp_path / "mine").iterdir())) == len(list(own_cache.iterdir())) == 3


def test_what_cannot_be_read_is_told_with_exit_code_two(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "notes.txt").write_text("hello")

    for words, told in (
        ((tmp_path / "none.json",), "none.json: expected a file that can be read"),
        ((tmp_path / "notes.txt",), "notes.txt: expected a map in a known format"),
        ((tmp_path / "notes.txt", "--reader", "mine"), "--reader: expected one of daily"),
    ):
        code, out, err = run(capsys, *words)
        assert (code, out) == (2, "")
        assert told in err
        assert "next:" in err
