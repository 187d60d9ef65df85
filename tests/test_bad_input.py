"""Broken theatres, one break each: the file, the row, and what is said; and what must not be refused."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import pytest

from frontmap.errors import Problem, TheatreError
from frontmap.theatre import check, load
from tests.theatres import (
    FRAME,
    TOML,
    Row,
    claim,
    csv_text,
    geojson,
    place,
    report,
    six_places,
    some_reports,
    some_sources,
    source,
    write_theatre,
)


def broken(tmp_path: Path, **replace: str | bytes | None) -> list[Problem]:
    """Check the usual theatre with some files replaced; `places_csv` stands for places.csv."""
    return check(write_theatre(tmp_path, replace={k.replace("_", "."): v for k, v in replace.items()}))


def single(problems: list[Problem], file: str, row: int | None, *words: str) -> None:
    """Assert that there is one problem, there, and that it says these words."""
    assert [(problem.file, problem.row) for problem in problems] == [(file, row)], "\n".join(map(str, problems))
    assert [word for word in words if word not in str(problems[0])] == [], str(problems[0])


def with_row(rows: list[dict[str, str]], number: int, **changes: str) -> list[Row]:
    """Return the rows with one changed; the first is number 0 and stands in line 2."""
    return [{**row, **(changes if index == number else {})} for index, row in enumerate(rows)]


# Cells and rows, found through the whole way in.


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"status": "occupied"}, ("status as one of controlled, claimed", "'occupied'")),
        ({"event_date": "2024-02-31"}, ("a day of the calendar", "'2024-02-31'")),
        ({"event_date": "2026-01-08"}, ("2 year(s) before the event", "probably a wrong year")),
        ({"place_id": "nl-oka"}, ("unknown place 'nl-oka'", "nl-oak")),
        ({"origin": "Nobody"}, ("origin as in sources.csv", "'Nobody'")),
        ({"report_id": "t1"}, ("each report_id once", "first in row 2")),
        ({"source_url": "javascript:alert(1)"}, ("http(s)://", "'javascript:alert(1)'")),
        ({"party": "CC"}, ("party as in theatre.toml (AA, BB)",)),
    ],
)
def test_a_broken_report_is_told_with_its_row(tmp_path: Path, changes: dict[str, str], words: tuple[str, ...]) -> None:
    folder = write_theatre(tmp_path, reports=with_row(some_reports(), 4, **changes))
    single(check(folder), "reports.csv", 6, *words)


def test_latitude_510(tmp_path: Path) -> None:
    problems = check(write_theatre(tmp_path, places=with_row(six_places(), 0, lat="510")))
    assert {(p.file, p.row) for p in problems} == {("places.csv", 2)}
    assert "lat from -90 to 90, found '510'" in str(problems[0])


def test_swapped_coordinates_are_named_as_such(tmp_path: Path) -> None:
    folder = write_theatre(tmp_path, places=with_row(six_places(), 1, lat="35.20", lon="51.07"))
    single(check(folder), "places.csv", 3, "inside with lat and lon swapped", "swap the two numbers")


def test_a_position_outside_the_frame_names_the_frame(tmp_path: Path) -> None:
    folder = write_theatre(tmp_path, places=with_row(six_places(), 1, lat="48.0"))
    single(check(folder), "places.csv", 3, "lat 51.00 to 51.30, lon 35.00 to 35.40", "lat 48.0, lon 35.2: outside")


def test_all_problems_of_all_files_are_told_at_once(tmp_path: Path) -> None:
    folder = write_theatre(
        tmp_path,
        places=with_row(six_places(), 0, lat="510"),
        reports=with_row(some_reports(), 1, status="held"),
        sources=[*some_sources(), source("CC staff", "CC")],
        claims=[claim("k1", "2024-01-10", "area_held", 100, upper="50")],
        toml=TOML.replace("#b35806", "orange"),
        replace={"frame.geojson": geojson("LineString", FRAME)},
    )
    with pytest.raises(TheatreError) as caught:
        load(folder)
    error = caught.value
    assert [(p.file, p.row) for p in error.problems] == [
        ("theatre.toml", 17),
        ("places.csv", 2),
        ("reports.csv", 3),
        ("sources.csv", 5),
        ("claims.csv", 2),
        ("frame.geojson", None),
    ]
    assert list(error.problems) == check(folder)
    text = str(error)
    assert text.startswith("6 problems found:\n")
    assert [str(problem) for problem in error.problems if str(problem) not in text] == []


# Files as files.


def test_missing_column(tmp_path: Path) -> None:
    reports = [{key: value for key, value in row.items() if key != "status"} for row in some_reports()]
    single(check(write_theatre(tmp_path, reports=reports)), "reports.csv", 1, "a column 'status'", "no such column")


@pytest.mark.parametrize("file", ["theatre.toml", "places.csv", "reports.csv", "sources.csv", "frame.geojson"])
def test_missing_file(tmp_path: Path, file: str) -> None:
    single(check(write_theatre(tmp_path, replace={file: None})), file, None, "no such file", "add it")


@pytest.mark.parametrize("file", ["places.csv", "reports.csv", "sources.csv", "claims.csv"])
@pytest.mark.parametrize("content", [b"", b"\n\n", b"\xef\xbb\xbf"], ids=["empty", "blank", "mark-only"])
def test_empty_table(tmp_path: Path, file: str, content: bytes) -> None:
    problems = check(write_theatre(tmp_path, replace={file: content}))
    single(problems, file, None, "a header row", "begin the file with: ")


@pytest.mark.parametrize("file", ["frame.geojson", "border.geojson", "rivers.geojson"])
def test_empty_layer(tmp_path: Path, file: str) -> None:
    single(check(write_theatre(tmp_path, replace={file: b""})), file, None, "GeoJSON", "an empty file")


def test_empty_settings(tmp_path: Path) -> None:
    problems = broken(tmp_path, theatre_toml="")
    assert {p.file for p in problems} == {"theatre.toml"}
    text = "\n".join(map(str, problems))
    needed = ("'title'", "'attribution'", "'start'", "'end'", "[[parties]]", "[[licences]]")
    assert [word for word in needed if word not in text] == []


def test_byte_order_mark_and_crlf_are_fine(tmp_path: Path) -> None:
    plain = csv_text(some_reports())
    theatre = load(write_theatre(tmp_path, replace={"reports.csv": "\ufeff" + plain.replace("\n", "\r\n")}))
    assert theatre.reports.columns[0] == "report_id"
    assert theatre.reports["report_id"].tolist() == [row["report_id"] for row in some_reports()]


@pytest.mark.parametrize(
    ("encoding", "label"),
    [
        ("cp1251", "Windows-1251 (CP1251)"),
        ("koi8-r", "KOI8-R"),
        ("cp866", "DOS Cyrillic (CP866)"),
        ("utf-16", "UTF-16"),
    ],
)
def test_another_encoding_is_named_with_a_way_out(tmp_path: Path, encoding: str, label: str) -> None:
    places = with_row(six_places(), 3, name_ru="Ясная Поляна", aliases="Пальна, Суджа")
    problems = broken(tmp_path, places_csv=csv_text(places).encode(encoding))
    row = 1 if encoding == "utf-16" else 2
    single(problems, "places.csv", row, "text in UTF-8", label, "iconv -f", "save it as UTF-8")


def test_western_encoding(tmp_path: Path) -> None:
    data = csv_text([place("a", "Ash", 51.05, 35.08, aliases="Märchenwald")]).encode("cp1252")
    single(broken(tmp_path, places_csv=data), "places.csv", 2, "Windows-1252 (CP1252)")


def test_zero_bytes(tmp_path: Path) -> None:
    data = csv_text(some_sources()).encode("utf-16-le")
    single(broken(tmp_path, sources_csv=data), "sources.csv", None, "zero bytes, as in UTF-16")


def test_doubled_and_nameless_columns(tmp_path: Path) -> None:
    header, _, body = csv_text(some_sources()).partition("\n")
    text = f"{header.replace('typical_lag', 'kind')},\n" + body.replace("\n", ",\n")
    problems = broken(tmp_path, sources_csv=text)
    assert [(p.file, p.row) for p in problems] == [("sources.csv", 1)] * 2
    assert "column 'kind' 2 times" in str(problems[0])
    assert "no name for column 7" in str(problems[1])


@pytest.mark.parametrize(("separator", "label"), [(";", "semicolons"), ("\t", "tabs")])
def test_other_separators(tmp_path: Path, separator: str, label: str) -> None:
    text = csv_text(some_sources()).replace(",", separator)
    single(broken(tmp_path, sources_csv=text), "sources.csv", 1, "separated by commas", label)


def test_wrong_number_of_fields_does_not_hide_other_problems(tmp_path: Path) -> None:
    lines = csv_text(some_sources()).splitlines()
    lines[1] += ",too,many"
    lines[3] = lines[3].replace(",B,", ",Z,")
    problems = broken(tmp_path, sources_csv="\n".join(lines))
    assert [(p.file, p.row) for p in problems] == [("sources.csv", 2), ("sources.csv", 4)]
    assert "6 fields, as in the header" in str(problems[0])
    assert "8 fields" in str(problems[0])


def test_rows_are_counted_as_an_editor_does(tmp_path: Path) -> None:
    rows = some_reports()
    rows[0] |= {"note": "one\ntwo\nthree"}
    rows[3] |= {"status": "held"}
    text = csv_text(rows).replace("\nt2,", "\n\n\nt2,")
    # Line 2-4 the first report, two blank lines, then t2, t3, t4.
    assert text.splitlines()[8].startswith("t4,")
    single(broken(tmp_path, reports_csv=text), "reports.csv", 9, "'held'")


def test_an_open_quote_is_told_where_it_opens(tmp_path: Path) -> None:
    text = csv_text(some_sources()).replace("\nMonitor,", '\n"Monitor,')
    problems = broken(tmp_path, sources_csv=text)
    single(problems, "sources.csv", 4, "close the double quotes")


def test_a_folder_in_the_place_of_a_file(tmp_path: Path) -> None:
    folder = write_theatre(tmp_path, replace={"claims.csv": None})
    (folder / "claims.csv").mkdir()
    single(check(folder), "claims.csv", None, "a file that can be read")


def test_no_such_theatre() -> None:
    with pytest.raises(TheatreError, match="use 'kursk'"):
        load("kurks")


def test_a_file_is_not_a_theatre(tmp_path: Path) -> None:
    path = tmp_path / "places.csv"
    path.write_text("", encoding="utf-8")
    with pytest.raises(TheatreError, match="found a file"):
        load(path)


# The frame and the other layers.


BOWTIE = [[35.0, 51.0], [35.4, 51.3], [35.4, 51.0], [35.0, 51.3], [35.0, 51.0]]
METRES = [[500000, 5650000], [530000, 5650000], [530000, 5680000], [500000, 5650000]]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (geojson("Polygon", [BOWTIE]), ("a valid polygon", "Self-intersection", "make_valid")),
        (geojson("Polygon", [METRES]), ("EPSG:4326", "coordinates from (500000, 5.65e+06)")),
        (geojson("Polygon", [FRAME], crs="urn:ogc:def:crs:EPSG::32636"), ("EPSG:4326", "EPSG::32636")),
        (geojson("Polygon", [FRAME], crs="EPSG:3857"), ("EPSG:4326", "'EPSG:3857'")),
        (geojson("LineString", FRAME), ("Polygon or MultiPolygon", "LineString")),
        (geojson("Point", [35.1, 51.1]), ("Polygon or MultiPolygon", "Point")),
        (geojson("Polygon", []), ("a geometry in every feature", "found none")),
        (geojson("Polygon", [[[35.0, 51.0], [35.4, 51.0]]]), ("a GeoJSON geometry", "cannot be read")),
        (geojson("Polygon", "here"), ("a GeoJSON geometry", "cannot be read")),
        (geojson("Circle", [35.0, 51.0]), ("a GeoJSON geometry", "cannot be read")),
        (geojson("Polygon", [FRAME]).replace("35.4", "NaN"), ()),
        ('{"type": "FeatureCollection", "features": []}', ("no feature at all",)),
        ('{"type": "Topology"}', ("a GeoJSON geometry",)),
        ('{"features": []}', ("FeatureCollection", "type None")),
        ("[1, 2]", ("FeatureCollection", "type None")),
        ('{"type": "FeatureCollection", "features": 7}', ("FeatureCollection",)),
        ('{"type": "Feature", "properties": {}}', ("a geometry in every feature",)),
    ],
)  # fmt: skip
def test_a_frame_that_is_none(tmp_path: Path, text: str, words: tuple[str, ...]) -> None:
    single(broken(tmp_path, frame_geojson=text), "frame.geojson", None, *words)


def test_a_frame_that_is_not_json_is_told_with_its_line(tmp_path: Path) -> None:
    text = '{"type": "Polygon",\n"coordinates": [[[35.0, 51.0],\n[35.4 51.0]]]}'
    single(broken(tmp_path, frame_geojson=text), "frame.geojson", 3, "not JSON", "column 7")


@pytest.mark.parametrize("crs", ["urn:ogc:def:crs:OGC:1.3:CRS84", "EPSG:4326", "urn:ogc:def:crs:EPSG::4326"])
def test_the_usual_names_of_longitude_and_latitude_are_fine(tmp_path: Path, crs: str) -> None:
    assert broken(tmp_path, frame_geojson=geojson("Polygon", [FRAME], crs=crs)) == []


def test_a_frame_of_two_features_or_a_bare_geometry_is_fine(tmp_path: Path) -> None:
    west = [[35.0, 51.0], [35.2, 51.0], [35.2, 51.3], [35.0, 51.3], [35.0, 51.0]]
    east = [[35.2, 51.0], [35.4, 51.0], [35.4, 51.3], [35.2, 51.3], [35.2, 51.0]]
    parts = [json.loads(geojson("Polygon", [ring]))["features"][0] for ring in (west, east)]
    two = json.dumps({"type": "FeatureCollection", "features": parts})
    bare = json.dumps({"type": "Polygon", "coordinates": [FRAME]})
    for name, text in (("two", two), ("bare", bare)):
        theatre = load(write_theatre(tmp_path / name, replace={"frame.geojson": text}))
        assert theatre.frame.area == pytest.approx(0.12)


@pytest.mark.parametrize("file", ["border.geojson", "rivers.geojson"])
def test_a_layer_of_another_kind(tmp_path: Path, file: str) -> None:
    problems = check(write_theatre(tmp_path, replace={file: geojson("Polygon", [FRAME])}))
    single(problems, file, None, "LineString or MultiLineString", "Polygon")


# theatre.toml


@pytest.mark.parametrize(
    ("old", "new", "row", "words"),
    [
        ('title = "Two', 'titel = "Two', 2, ("'titel'", "rename it to 'title'")),
        ("[period]", "[peroid]", 6, ("section that is known", "rename it to 'period'")),
        ("start = 2024-01-01", "start = 2024-02-31", 7, ("TOML",)),
        ("start = 2024-01-01", 'start = "2024-02-31"', 7, ("YYYY-MM-DD", "'2024-02-31'")),
        ("start = 2024-01-01", "start = 2024-02-01", 8, ("an end on or after the start",)),
        ("end = 2024-01-31", "end = 2204-01-31", 8, ("at most twenty years",)),
        ("= 2000", '= "2 km"', 11, ("max_position_radius_m as metres", "'2 km'")),
        ("= 50\n", "= -1\n", 12, ("merge_distance_m as metres", "-1")),
        ('colour = "#b35806"', 'colour = "orange"', 17, ("#rrggbb", "'orange'")),
        ('colour = "#542788"', 'color = "#542788"', 24, ("'color'", "rename it to 'colour'")),
        ('id = "BB"', 'id = "AA"', 22, ("each id with one party only", "'AA' again")),
        ('home_country = "NL"', 'home_country = "SL"', 25, ("each home_country with one party only",)),
        ('id = "BB"', 'id = "unknown"', 22, ("other than contested, unknown, independent",)),
        ("hatched = true", 'hatched = "yes"', 19, ("hatched as true or false",)),
        ("https://creativecommons.org", "javascript:alert", 30, ("url as an http(s):// address",)),
        ('covers = "everything', 'files = ["plces.csv"]\ncovers = "everything', None, ("use 'places.csv'",)),
        ("[cells]", "[cells", 10, ("TOML",)),
        ("hatched = false", "hatched = ", 26, ("TOML",)),
    ],
)
def test_settings_that_cannot_be(tmp_path: Path, old: str, new: str, row: int | None, words: tuple[str, ...]) -> None:
    assert TOML.count(old) == 1
    problems = [p for p in broken(tmp_path, theatre_toml=TOML.replace(old, new)) if p.file == "theatre.toml"]
    assert (problems[0].file, problems[0].row) == ("theatre.toml", row), "\n".join(map(str, problems))
    assert [word for word in words if word not in str(problems[0])] == [], str(problems[0])


def test_a_home_country_that_no_place_has(tmp_path: Path) -> None:
    problems = broken(tmp_path, theatre_toml=TOML.replace('"NL"', '"ND"'))
    single(problems, "places.csv", 5, "no place lies in ND (home of BB)", "'NL' in rows 5-7")


# What looks odd and must be accepted.


@pytest.mark.parametrize(
    "tables",
    [
        {"reports": []},
        {"claims": []},
        {"sources": [], "reports": []},
        {"places": [place("sl-elm", "Elm", 51.07, 35.20)], "reports": [], "claims": []},
        {"places": [*six_places(), place("sl-fir", "Fir", 51.05, 35.08)]},
        {"places": [*six_places(), place("nl-yew", "Yew", None, None, district="High District")]},
        {"sources": [*some_sources(), source("Nobody", "independent")]},
    ],
    ids=[
        "no reports", "no claims", "no origins", "one place", "two places at one point",
        "a place without position", "an origin without reports",
    ],
)  # fmt: skip
def test_odd_but_fine(tmp_path: Path, tables: Mapping[str, list[Row]]) -> None:
    folder = write_theatre(tmp_path, places=tables.get("places"), reports=tables.get("reports"),
                           sources=tables.get("sources"), claims=tables.get("claims"))  # fmt: skip
    assert check(folder) == []
    theatre = load(folder)
    for name, rows in tables.items():
        assert len(getattr(theatre, name)) == len(rows)


def test_a_report_on_a_place_without_position_is_kept(tmp_path: Path) -> None:
    places = [*six_places(), place("sl-yew", "Yew", None, None)]
    reports = [*some_reports(), report("t9", "sl-yew", "AA", "contested", "2024-01-09")]
    theatre = load(write_theatre(tmp_path, places=places, reports=reports))
    assert theatre.find("Yew").lat is None
    assert theatre.places.geometry.isna().sum() == 1
    assert theatre.reports["place_id"].tolist().count("sl-yew") == 1


@pytest.mark.parametrize(
    "places",
    [
        [],
        [place("nl-yew", "Yew", None, None)],
        [place("nl-yew", "Yew", 51.2, 35.1, position_radius_m="9000")],
    ],
    ids=["none", "none with a position", "none with a good position"],
)
def test_a_theatre_in_which_no_place_can_own_ground(tmp_path: Path, places: list[Row]) -> None:
    problems = check(write_theatre(tmp_path, places=places, reports=[], claims=[]))
    single(problems, "places.csv", None, "at least one place")


def test_a_claim_about_a_region_without_places_is_kept_and_a_misspelt_one_is_not(tmp_path: Path) -> None:
    far = claim("k9", "2024-01-10", "area_held", 5, region="Elsewhere")
    assert check(write_theatre(tmp_path / "far", claims=[far])) == []
    wrong = claim("k9", "2024-01-10", "area_held", 5, region="North Regoin")
    assert [p.row for p in check(write_theatre(tmp_path / "wrong", claims=[wrong]))] == [2]
