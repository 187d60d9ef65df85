"""Readers of foreign formats: each defect that the real files have, mended or refused, and counted."""

from __future__ import annotations

import io
import json
import zipfile
from datetime import date
from pathlib import Path

import numpy as np
import pytest
import shapely
from pyproj import Geod, Transformer

from frontmap.errors import FrontmapError, TableError
from frontmap.readers import READERS, Document, DrawnSeries, day_in, read, read_files
from tests.drawn import collection, deepstate, polygon, shapefile_zip, square, tar_xz, with_heights

EXTERNAL = Path(__file__).parents[2] / "shared" / "external"
SAMPLES = EXTERNAL / "raw_samples"
has_external = pytest.mark.skipif(
    not SAMPLES.is_dir(), reason="needs ../shared/external, which is not in the repository"
)

BOX = square(35.0, 51.0, 35.1, 51.1)
NEXT_BOX = square(35.1, 51.0, 35.2, 51.1)
BOW = [[35.0, 51.0], [35.2, 51.2], [35.2, 51.0], [35.0, 51.2], [35.0, 51.0]]


def reading(name: str, content: str | bytes, reader: str | None = None, shift_days: int | None = None) -> DrawnSeries:
    data = content.encode() if isinstance(content, str) else content
    return read_files([Document(name, data)], name=name, reader=reader, shift_days=shift_days)


def shown(series: DrawnSeries) -> list[tuple[str, str, tuple[float, ...]]]:
    states = series.states
    rows = zip(states["layer"], states["first"], states.geometry, strict=True)
    return [(layer, str(first), tuple(np.round(shape.bounds, 9))) for layer, first, shape in rows]


def km2(series: DrawnSeries, layer: str) -> float:
    shape = series.only([layer]).states.geometry.iloc[0]
    return float(abs(Geod(ellps="WGS84").geometry_area_perimeter(shapely.orient_polygons(shape))[0])) / 1e6


# Dates in names


@pytest.mark.parametrize(
    ("name", "day"),
    [
        ("deepstatemap_data_20240906.geojson", date(2024, 9, 6)),
        ("map_2024-09-06_1725654859.geojson", date(2024, 9, 6)),
        ("1725654859.geojson", date(2024, 9, 6)),
        ("ControlMapAO27APR2026.shp", date(2026, 4, 27)),
        ("ClaimedAPR272026.shp", date(2026, 4, 27)),
        ("map_20240230.json", None),
        ("from_20240901_to_20240906.json", None),
        ("map.json", None),
        ("v12345678901.json", None),
    ],
)
def test_the_day_in_a_name(name: str, day: date | None) -> None:
    assert day_in(name) == day


# Formats


def test_every_format_is_recognised_by_its_content(tmp_path: Path) -> None:
    owl = json.dumps({"areas": [[[lat, lon] for lon, lat in BOX]], "units": {}})
    window = {"type": "gains", "_datefrom": "2024-08-26", "_dateto": "2024-09-03"}
    topology = {"type": "Topology", "arcs": [], "objects": {}}
    zipped = shapefile_zip(tmp_path / "shp", "MapAPR272026", [shapely.Polygon(BOX)], "EPSG:4326")
    files = {
        "isw": ("map.zip", zipped),
        "owl": ("map_20240906.json", owl.encode()),
        "nzz": ("nzz.json", collection((window, polygon(BOX))).encode()),
        "topojson": ("t.topojson", json.dumps(topology).encode()),
        "dated": ("d.geojson", collection(({"date_first": "", "date_last": ""}, None)).encode()),
        "deepstate": ("1725654859.geojson", deepstate(("#a52714", "Так /// Occupied", polygon(BOX))).encode()),
        "deepstate-daily": ("deepstatemap_data_20240906.geojson", collection(({}, polygon(BOX))).encode()),
        "daily": ("2024-09-06.geojson", collection(({}, polygon(BOX))).encode()),
    }

    knowing = {name: next(r.name for r in READERS.values() if r.knows(Document(*file))) for name, file in files.items()}

    assert knowing == {name: name for name in READERS}


def test_a_daily_file_keeps_its_vertices_and_the_mirror_shows_the_day_before() -> None:
    ring = BOX[2:-1] + BOX[:3]
    text = collection(({}, {"type": "MultiPolygon", "coordinates": [[ring]]}), name="deepstatemap_data_20240906")

    mirror = reading("deepstatemap_data_20240906.geojson", text)
    plain = reading("20240906.geojson", text)

    assert (mirror.reader, str(mirror.first)) == ("deepstate-daily", "2024-09-05")
    assert (plain.reader, str(plain.first)) == ("daily", "2024-09-06")
    assert reading("20240906.geojson", text, shift_days=2).first == date(2024, 9, 8)
    assert shapely.get_coordinates(plain.states.geometry.iloc[0]).tolist() == ring


def test_a_folder_and_an_archive_of_days_give_the_same_series(tmp_path: Path) -> None:
    files = {f"m_2024010{n}.geojson": collection(({}, polygon(square(35, 51, 35 + n / 10, 51.1)))) for n in (3, 1, 2)}
    (tmp_path / "folder" / "deep").mkdir(parents=True)
    for name, text in files.items():
        (tmp_path / "folder" / "deep" / name).write_text(text, encoding="utf-8")
    (tmp_path / "folder" / "readme.txt").write_text("about")
    (tmp_path / "days.tar.xz").write_bytes(tar_xz(files))

    folder, archive = read([tmp_path / "folder"]), read([tmp_path / "days.tar.xz"])

    assert shown(folder) == shown(archive)
    assert [day for _, day, _ in shown(folder)] == ["2024-01-01", "2024-01-02", "2024-01-03"]


def test_a_day_without_polygons_is_told_but_has_no_state() -> None:
    files = [
        Document("20240101.geojson", collection(({}, polygon(BOX))).encode()),
        Document("20240102.geojson", collection().encode()),
        Document("20240103.geojson", collection(({}, None)).encode()),
    ]

    found = read_files(files, name="days")

    assert [day for _, day, _ in shown(found)] == ["2024-01-01"]
    assert [str(first) for first, _ in found.told] == ["2024-01-01", "2024-01-02", "2024-01-03"]
    assert found.state_on(date(2024, 1, 2)) is None


def test_deepstate_tells_ground_by_colour_and_says_where_the_name_differs() -> None:
    both = {"type": "GeometryCollection", "geometries": [polygon(BOX), polygon(NEXT_BOX)]}
    text = deepstate(
        ("#a52714", "Окуповано /// Occupied\xa0/// geoJSON.status.occupied", both),
        ("#A52714", "Звільнено /// Liberated", polygon(square(36, 51, 36.1, 51.1))),
        ("#bcaaa4", "Статус невід\ufffdмий /// Unknown status", polygon(with_heights(square(36.2, 51, 36.3, 51.1)))),
        ("#01579b", "Звільнено /// Liberated /// geoJSON.status.dismissed", polygon(square(34, 51, 34.1, 51.1))),
        ("#ff5252", "Колись /// Once /// geoJSON.territories.once", polygon(square(20, 51, 21, 52))),
        ("#ce93d8", "Колона /// Column", polygon(square(20, 51, 21, 52))),
        ("#123456", "Нове /// New", polygon(square(20, 51, 21, 52))),
        (None, "Штаб /// Headquarters", {"type": "Point", "coordinates": [35.0, 51.0, 0]}),
    )

    found = reading("deepstate_1725654859.geojson", text)

    assert found.layers == ("held-abroad", "occupied", "unknown")
    assert {day for _, day, _ in shown(found)} == {"2024-09-06"}
    assert found.only(["occupied"]).states.geometry.iloc[0].area == pytest.approx(0.03)
    assert not shapely.has_z(found.states.geometry.to_numpy()).any()
    assert set(found.notes) == {
        "1 polygons have a name that does not fit their colour; the colour was believed.",
        "1 names have letters that were lost (U+FFFD).",
        "1 polygons of historic territories were left out.",
        "1 polygons of a column on the march were left out.",
        "1 polygons of a colour without a known meaning were left out.",
    }


def test_owl_rings_are_turned_closed_and_an_empty_day_is_a_gap() -> None:
    turned = [[lat, lon] for lon, lat in BOX]
    days = {
        "20240906": {"areas": [turned[:-1], turned[:2]], "areas_ua": [[[lat, lon] for lon, lat in NEXT_BOX]]},
        "20240907": {"areas": [turned], "frontline": [], "units": {"a": [[1, [35.0, 51.0]]]}},
        "20251230": {"areas": [], "areas_ua": [], "frontline": []},
    }
    files = [Document(f"owl_{day}.json", json.dumps(content).encode()) for day, content in days.items()]

    found = read_files(files, name="owl")

    assert found.reader == "owl"
    assert shown(found) == [
        ("held-abroad", "2024-09-05", (35.1, 51.0, 35.2, 51.1)),
        ("occupied", "2024-09-05", (35.0, 51.0, 35.1, 51.1)),
        ("occupied", "2024-09-06", (35.0, 51.0, 35.1, 51.1)),
    ]
    assert found.told[-1] == (date(2025, 12, 29), date(2025, 12, 29))
    assert set(found.notes) == {"1 rings were closed.", "1 rings of fewer than three points were left out."}


def test_shapefiles_in_web_mercator_are_brought_to_degrees(tmp_path: Path) -> None:
    to_mercator = Transformer.from_crs(4326, 3857, always_xy=True)
    x, y = to_mercator.transform(*np.array([*BOX, *BOW]).T)
    ring, bow = np.column_stack([x, y, np.zeros(10)])[:5], np.column_stack([x, y, np.zeros(10)])[5:]
    shapes = [shapely.Polygon(ring), None, shapely.Polygon(bow)]

    found = reading("z.zip", shapefile_zip(tmp_path / "shp", "ControlAO27APR2026", shapes, "EPSG:3857"))

    assert (found.reader, found.layers, str(found.first)) == ("isw", ("ControlAO",), "2026-04-27")
    assert set(found.notes) == {"1 rows of the shapefile have no geometry.", "1 invalid polygons were mended."}
    expected = shapely.union_all([shapely.Polygon(BOX), shapely.make_valid(shapely.Polygon(BOW))])
    assert shapely.symmetric_difference(found.states.geometry.iloc[0], expected).area < 1e-12

    with pytest.raises(TableError, match=r"coordinate reference system of m_20240101.shp"):
        reading("z.zip", shapefile_zip(tmp_path / "none", "m_20240101", shapes[:1], None))


def test_topojson_is_unquantised_and_arcs_are_run_backwards() -> None:
    # A square of 2 x 2 grid steps with a hole of one step; its outline is two arcs, the second one backwards.
    topology = {
        "type": "Topology",
        "transform": {"scale": [0.05, 0.1], "translate": [35.0, 51.0]},
        "arcs": [[[0, 0], [4, 0], [0, 4]], [[0, 0], [0, 4], [4, 0]], [[1, 1], [0, 1], [1, 0], [0, -1], [-1, 0]]],
        "objects": {
            "drawn": {
                "type": "GeometryCollection",
                "geometries": [
                    {"type": "Polygon", "arcs": [[0, -2], [2]], "properties": {"area": 1}},
                    {"type": None, "properties": {}},
                    {"type": None},
                ],
            }
        },
    }

    found = reading("limit_2024-09-08.topojson", json.dumps(topology))

    expected = shapely.Polygon(square(35, 51, 35.2, 51.4), [square(35.05, 51.1, 35.1, 51.2)])
    assert found.notes == ("2 objects without geometry were left out.",)
    assert shapely.equals(shapely.set_precision(found.states.geometry.iloc[0], 1e-9), expected)
    topology["arcs"] = []
    with pytest.raises(TableError, match="a Topology with arcs and objects, found IndexError"):
        reading("limit_2024-09-08.topojson", json.dumps(topology))


def test_nzz_is_dated_by_its_window_not_by_its_file() -> None:
    window = {"date": "2024-09-03", "_datefrom": "2024-08-26", "_dateto": "2024-09-03"}
    features = [
        ({"type": "nochange", **window}, polygon(BOX)),
        ({"type": "gains", **window}, polygon(NEXT_BOX)),
        ({"type": "losses", **window}, None),
        ({"type": "label", **window}, {"type": "Point", "coordinates": [35, 51]}),
    ]
    text = json.dumps({"value": json.loads(collection(*features))})

    found = reading("nzz_2024-09-05.json", text)

    assert shown(found) == [
        ("gained", "2024-09-03", (35.1, 51.0, 35.2, 51.1)),
        ("unchanged", "2024-09-03", (35.0, 51.0, 35.1, 51.1)),
    ]
    held = found.single(["unchanged", "gained"])
    assert shown(held) == [("gained + unchanged", "2024-09-03", (35.0, 51.0, 35.2, 51.1))]
    assert found.notes == ("1 features of another type were left out.",)


def test_layers_taken_together_leave_a_gap_where_one_is_missing() -> None:
    turned = [[lat, lon] for lon, lat in BOX]
    files = [
        Document("o_20240101.json", json.dumps({"areas": [turned], "areas_ua": [turned]}).encode()),
        Document("o_20240102.json", json.dumps({"areas": [turned], "areas_ua": []}).encode()),
    ]
    found = read_files(files, name="owl", shift_days=0)

    together = found.single(["occupied", "held-abroad"])

    assert [day for _, day, _ in shown(together)] == ["2024-01-01"]
    with pytest.raises(FrontmapError, match="next: choose among held-abroad, occupied"):
        found.single()
    with pytest.raises(FrontmapError, match=r"expected a layer of owl \(held-abroad, occupied\), found 'ground'"):
        found.only(["ground"])


def test_points_and_lines_among_polygons_are_left_out_and_counted() -> None:
    mixed = {
        "type": "GeometryCollection",
        "geometries": [
            polygon(BOX),
            {"type": "GeometryCollection", "geometries": [{"type": "Point", "coordinates": [35, 51]}]},
        ],
    }

    found = reading("20240101.geojson", collection(({}, mixed), ({}, polygon(NEXT_BOX))))

    assert found.notes == ("1 points or lines among the polygons were left out.",)
    assert found.states.geometry.iloc[0].bounds == (35.0, 51.0, 35.2, 51.1)


# What is refused


def _topology(number: str) -> bytes:
    """Give a triangle, one of whose coordinates is written as given."""
    arcs = f"[[[35, 51], [36, {number}], [36, 52], [35, 51]]]"
    return f'{{"type": "Topology", "arcs": {arcs}, "objects": {{"a": {{"type": "Polygon", "arcs": [[0]]}}}}}}'.encode()


def _nested(depth: int) -> bytes:
    """Give a feature whose geometry is a collection within a collection within..."""
    shape = '{"type": "GeometryCollection", "geometries": [' * depth + json.dumps(polygon(BOX)) + "]}" * depth
    return f'{{"type": "FeatureCollection", "features": [{{"type": "Feature", "geometry": {shape}}}]}}'.encode()


def _zipped(*, encrypted: bool = False, method: int = 0) -> bytes:
    """Give a zip with one map, whose headers say what is not true."""
    sink = io.BytesIO()
    with zipfile.ZipFile(sink, "w") as pack:
        pack.writestr("20240101.geojson", collection(({}, polygon(BOX))))
    data = bytearray(sink.getvalue())
    for header, flags in ((0, 6), (data.find(b"PK\x01\x02"), 8)):  # the file's own header, and that of the directory
        data[header + flags], data[header + flags + 2] = int(encrypted), method
    return bytes(data)


def test_all_problems_of_all_files_are_told_at_once(tmp_path: Path) -> None:
    files = [
        Document("20240101.geojson", b"{"),
        Document("nodate.geojson", collection(({}, polygon(BOX))).encode()),
        Document("20240103.geojson", collection(({}, polygon(square(3.9e6, 6.6e6, 4e6, 6.7e6)))).encode()),
        Document("20240104.geojson", collection(({}, {"type": "Point", "coordinates": [35, 51]})).encode()),
    ]

    with pytest.raises(TableError) as error:
        read_files(files, name="days", reader="daily")

    assert sorted(problem.file for problem in error.value.problems) == [
        "20240101.geojson", "20240103.geojson", "20240104.geojson", "nodate.geojson",
    ]  # fmt: skip
    with pytest.raises(TableError, match="2 problems"):
        read([tmp_path / "none.json", tmp_path / "neither.json"])


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        ("a.txt", b"hello", "expected a map in a known format"),
        ("a.tar.xz", b"no archive", "expected an archive that can be unpacked"),
        ("a.zip", b"PK\x03\x04 cut off", "expected an archive that can be unpacked"),
        ("a.tar.xz", tar_xz({}), "expected an archive with a map in it, found none"),
        ("o_20240101.json", b'{"areas":[[["x", 1]]]}', r"points \[latitude, longitude\] in ring 1 of areas"),
        ("o_20240101.json", b'{"areas":[7]}', r"points \[latitude, longitude\] in ring 1 of areas"),
        ("20240101.geojson", b'{"type": "FeatureCollection", "features": 3}', "a GeoJSON FeatureCollection"),
        ("20240101.geojson", b"\xff\xfeFeatureCollection", "text in UTF-8"),
        ("o_20240101.json", b'{"areas":[[[51, NaN], [51, 36], [52, 36]]]}', r"points \[latitude, longitude\]"),
        ("o_20240101.json", b'{"areas":[],"areas_ua":5}', "a list of rings as member areas_ua"),
        ("20240101.json", _topology("NaN"), "expected finite coordinates in geometry 1 of a, found NaN"),
        ("20240101.json", b"PK\x03\x04 cut off", "expected a zip with a shapefile"),
        ("20240101.geojson", _nested(30_000), "text that is no JSON"),
        ("20240101.zip", _zipped(encrypted=True), "expected an archive that can be unpacked, found .* is encrypted"),
        ("20240101.zip", _zipped(method=99), "expected an archive that can be unpacked, found .* not supported"),
        ("map.geojson", collection(({}, polygon(BOX))).encode(), "another, or no day in the file's name"),
    ],
)
def test_a_file_that_is_no_map_is_refused_with_a_next_step(name: str, content: bytes, told: str) -> None:
    with pytest.raises(TableError, match=told) as error:
        reading(name, content)
    assert "next:" in str(error.value)


@pytest.mark.parametrize("name", ["20240101.tar.xz", "20240101.zip"])
def test_an_archive_that_would_fill_the_memory_is_refused(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    text = collection(({}, polygon(BOX)))
    content = _zipped() if name.endswith("zip") else tar_xz({"20240101.geojson": text})
    size = len(text)

    monkeypatch.setattr("frontmap.readers.documents.MOST_UNPACKED_BYTES", size)
    assert km2(reading(name, content), "drawn") > 0
    monkeypatch.setattr("frontmap.readers.documents.MOST_UNPACKED_BYTES", size - 1)
    with pytest.raises(TableError, match="expected an archive that unpacks to at most"):
        reading(name, content)


def test_a_day_has_one_file_and_a_copy_of_it_is_read_once() -> None:
    one, same, other = (
        Document(name, collection(({}, polygon(ring))).encode())
        for name, ring in (("a_20240101.geojson", BOX), ("b_20240101.geojson", BOX), ("c_20240101.geojson", NEXT_BOX))
    )

    series = read_files([one, same], name="days")

    assert shown(series) == shown(read_files([one], name="days"))
    assert series.notes == ("1 files that are there twice were read once.",)
    with pytest.raises(TableError, match=r"c_20240101\.geojson: expected one file for .*, found another one, a_"):
        read_files([one, other], name="days")


def test_an_empty_folder_and_an_unknown_reader_are_refused(tmp_path: Path) -> None:
    with pytest.raises(TableError, match="expected files with a map"):
        read([tmp_path])
    with pytest.raises(FrontmapError, match=r"--reader: expected one of daily, .*, found 'mine'"):
        reading("20240101.geojson", collection(({}, polygon(BOX))), reader="mine")


# The real files: areas that are known


@has_external
def test_known_areas_of_real_files() -> None:
    control = read([SAMPLES / "isw_ukraine_control_map_20260427.zip"])
    assert km2(control, control.layers[0]) == pytest.approx(112_998.7, abs=0.1)
    claimed = read([SAMPLES / "isw_claimed_russian_territory_20260427.zip"])
    assert km2(claimed, claimed.layers[0]) == pytest.approx(1_779, abs=1)
    assert claimed.notes == ("3 invalid polygons were mended.",)
    held = read([SAMPLES / "deepstate_api_2024-09-06_1725654859.geojson"])
    assert km2(held, "held-abroad") == pytest.approx(907.6, rel=2e-3)  # the known figure is clipped to the region
    assert not any("does not fit" in note for note in held.notes)


@has_external
@pytest.mark.parametrize("path", sorted(SAMPLES.glob("*")) if SAMPLES.is_dir() else [], ids=lambda path: path.name)
def test_every_real_sample_is_read_or_empty(path: Path) -> None:
    if path.name == "owl_mapdata_20251230.json":
        with pytest.raises(TableError, match="at least one dated polygon, found none"):
            read([path])
        return
    found = read([path])
    assert found.states.geometry.is_valid.all()
    assert not found.states.geometry.is_empty.any()
