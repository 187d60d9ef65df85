"""Loading a theatre: the bundled facts are all there, a folder of one's own works, and nothing is mixed up."""

from __future__ import annotations

import csv
import json
import time
from collections import Counter
from datetime import date
from pathlib import Path

import frictionless
import pandas as pd
import pytest
import shapely

from frontmap.errors import FrontmapError, TheatreError
from frontmap.theatre import Theatre, bundled, check, describe, load
from tests.theatres import TOML, csv_text, place, report, six_places, write_theatre

KURSK = Path(__file__).parent.parent / "data" / "geo" / "kursk"


def rows(name: str) -> list[dict[str, str]]:
    """Return the rows of a bundled table as they stand in the file, read without frontmap."""
    with (KURSK / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


# The bundled theatre. Counts and rows are those of the collected facts, counted by hand before they were curated.


def test_all_facts_are_there(kursk: Theatre) -> None:
    assert (len(kursk.places), len(kursk.reports), len(kursk.sources), len(kursk.claims)) == (551, 970, 37, 133)
    assert Counter(kursk.places["country"]) == {"RU": 272, "UA": 279}
    assert Counter(kursk.claims["unit"]) == {"km2": 91, "count": 25, "percent": 17}
    assert Counter(kursk.reports["origin_side"]) == {"RU": 603, "independent": 192, "UA": 175}
    assert Counter(kursk.reports["date_precision"]) == {"day": 530, "page-inferred": 305, "approx": 135}
    assert kursk.reports["place_id"].nunique() == 138
    assert kursk.reports["origin"].nunique() == 37


def test_every_report_and_claim_has_its_addresses(kursk: Theatre) -> None:
    assert kursk.reports["source_url"].nunique() == 254
    urls = kursk.claims["urls"].str.split(" ")
    assert urls.map(len).value_counts().to_dict() == {1: 121, 2: 12}
    assert len(set(urls.explode())) == 99
    names = kursk.claims["source_names"].str.split(";")
    assert (names.map(len) == urls.map(len)).all()


def test_ids_run_without_gap(kursk: Theatre) -> None:
    assert kursk.reports["report_id"].tolist() == [f"r{number:04d}" for number in range(1, 971)]
    assert kursk.claims["claim_id"].tolist() == [f"c{number:04d}" for number in range(1, 134)]


def test_positions_known_and_unknown(kursk: Theatre) -> None:
    blank = kursk.places[kursk.places["lat"].isna()]
    assert len(blank) == 16
    assert blank.geometry.isna().all()
    assert blank["position_radius_m"].isna().all()
    assert blank["position_basis"].str.startswith("no position: ").all()
    placed = kursk.places[kursk.places["lat"].notna()]
    assert placed.geometry.notna().all()
    assert (placed.geometry.x == placed["lon"]).all()
    assert (placed.geometry.y == placed["lat"]).all()
    assert (placed["position_radius_m"] > kursk.max_position_radius_m).sum() == 14
    assert kursk.places.crs.to_epsg() == 4326


def test_berdin_stands_where_the_facts_put_it(kursk: Theatre) -> None:
    berdin = kursk.find("Бердин")
    assert (berdin.place_id, berdin.lat, berdin.lon) == ("ru-kursk-berdin", 51.28863, 35.44718)
    assert berdin.position_radius_m == 1300


def test_the_first_and_the_last_report_word_for_word() -> None:
    first, last = rows("reports")[0], rows("reports")[-1]
    assert first == {
        "report_id": "r0001",
        "place_id": "ru-kursk-darino",
        "party": "UA",
        "status": "controlled",
        "event_date": "2024-08-06",
        "date_precision": "approx",
        "published_date": "2024-08-07",
        "proximity": "in",
        "implied": "false",
        "confidence": "medium",
        "origin": "Rybar",
        "origin_side": "RU",
        "source_name": "Rybar via Nenka",
        "source_url": "https://nenka.info/de/"
        "die-russische-foderation-verkundet-die-besetzung-von-drei-bewohnten-punkten-der-zsu",
        "note": "RU channel concedes; page date approximate",
        "place_as_reported": "Darino",
        "place_match": "exact",
    }
    assert (last["report_id"], last["place_id"], last["event_date"]) == ("r0970", "ru-kursk-guyevo", "2025-08-23")
    assert last["note"] == "flag placed by drone for holiday; symbolic, not control"


def test_a_claim_of_two_pages_and_one_about_a_district(kursk: Theatre) -> None:
    claims = kursk.claims.set_index("claim_id")
    two = claims.loc["c0117"]
    assert two["urls"] == (
        "https://www.sofx.com/ukraine-confirms-troop-withdrawal-from-sudzha/ "
        "https://arabpress.com/ukrainian-forces-withdraw-from-russian-kursk-region-amid-intensified-conflict"
    )
    assert two["source_names"] == "SOFX;Arabpress (NYT)"
    assert (two["lower"], two["upper"], two["unit"]) == (77.0, 78.0, "km2")
    about = {key: (row["region"], row["district"], row["party"]) for key, row in claims.to_dict("index").items()}
    assert about["c0133"] == ("Kursk Oblast", "Glushkovsky District", "UA")
    assert about["c0131"] == ("Sumy Oblast", "", "RU")
    assert about["c0114"] == ("Kursk Oblast;Sumy Oblast", "", "RU")
    assert Counter(claims["region"]) == {"Kursk Oblast": 129, "Sumy Oblast": 2, "Kursk Oblast;Sumy Oblast": 2}


def test_periods_of_gains_begin_at_the_end_of_the_day_before(kursk: Theatre) -> None:
    gains = kursk.claims[kursk.claims["basis"] == "period gain"].set_index("claim_id")
    begins = gains["period_start"].dt.strftime("%Y-%m-%d").fillna("").to_dict()
    assert begins == {
        "c0004": "2024-08-10",  # single-day advance, 11 August
        "c0021": "2024-08-19",  # one day, 20 August
        "c0050": "2024-09-10",  # over two days, to 12 September
        "c0062": "2024-10-08",  # one week from 8 October
        "c0082": "",  # one update: the window is not stated
        "c0087": "2025-01-07",  # 7-10 January
        "c0092": "2024-12-31",  # first two weeks of January
        "c0105": "2025-03-07",  # two days, 8 and 9 March
        "c0108": "2025-03-10",  # one day, 11 March
        "c0109": "2025-03-10",  # one day, 11 March
        "c0110": "2025-03-07",  # five days to 12 March
        "c0112": "2025-03-07",  # five days to 12 March
        "c0114": "2025-03-07",  # one week to 14 March
        "c0115": "2025-03-07",  # one week to 14 March
    }
    assert kursk.claims.loc[kursk.claims["basis"] != "period gain", "period_start"].isna().all()


def test_the_number_of_reports_of_each_origin_is_that_of_the_source_table(kursk: Theatre) -> None:
    counted = kursk.reports["origin"].value_counts()
    listed = kursk.sources.set_index("origin")["n_reports"]
    assert listed.sum() == 970
    assert (counted.reindex(listed.index) == listed).all()


def test_parties_period_and_cells(kursk: Theatre) -> None:
    assert [(p.id, p.label, p.colour, p.home_country, p.hatched) for p in kursk.parties] == [
        ("UA", "Ukraine", "#b35806", "UA", True),
        ("RU", "Russia", "#542788", "RU", False),
    ]
    assert (kursk.period_start, kursk.period_end) == (date(2024, 8, 5), date(2025, 8, 23))
    assert (kursk.max_position_radius_m, kursk.merge_distance_m) == (2000, 50)
    assert "OpenStreetMap" in kursk.attribution
    assert kursk.home_party("RU") == "RU"
    assert kursk.home_party("PL") is None


def test_the_layers_meet(kursk: Theatre) -> None:
    placed = kursk.places[kursk.places["lat"].notna()]
    assert shapely.intersects_xy(kursk.frame, placed["lon"], placed["lat"]).all()
    assert kursk.border is not None
    assert kursk.border.intersects(kursk.frame)
    assert list(kursk.rivers.columns) == ["name", "geometry"]
    assert len(kursk.rivers) > 0


def test_the_bundled_theatre_loads_well_under_a_second() -> None:
    begin = time.process_time()
    load("kursk")
    assert time.process_time() - begin < 1.0  # 0.2 s where it was written


# The description of the folder.


def test_the_data_package_is_current() -> None:
    text = (KURSK / "datapackage.json").read_text(encoding="utf-8")
    assert json.loads(text) == describe("kursk"), "run: python scripts/describe_tables.py"


def test_the_data_package_is_valid_and_complete() -> None:
    result = frictionless.validate(str(KURSK / "datapackage.json"))
    assert result.flatten(["type", "message"]) == []
    package = json.loads((KURSK / "datapackage.json").read_text(encoding="utf-8"))
    paths = {resource["path"] for resource in package["resources"]}
    beside = {path.name for path in KURSK.iterdir()} - {"README.md", "datapackage.json"}
    assert paths == beside
    assert all(resource["licenses"] and resource["sources"] for resource in package["resources"])


def test_the_data_package_of_a_broken_folder_is_not_valid(tmp_path: Path) -> None:
    write_theatre(tmp_path)
    (tmp_path / "datapackage.json").write_text(json.dumps(describe(tmp_path)), encoding="utf-8")
    assert frictionless.validate(str(tmp_path / "datapackage.json")).valid
    reports = [report("t1", "nl-nowhere", "AA", "claimed", "2024-01-05", origin="Nobody")]
    (tmp_path / "reports.csv").write_text(csv_text(reports), encoding="utf-8")
    found = frictionless.validate(str(tmp_path / "datapackage.json")).flatten(["type", "message"])
    assert [kind for kind, _ in found] == ["foreign-key", "foreign-key"]
    assert "nl-nowhere" in found[0][1]


def test_only_a_whole_folder_is_described(tmp_path: Path) -> None:
    write_theatre(tmp_path, replace={"sources.csv": None})
    with pytest.raises(TheatreError, match=r"sources\.csv"):
        describe(tmp_path)


# A folder of one's own.


def test_a_small_theatre_of_ones_own(tmp_path: Path) -> None:
    folder = write_theatre(tmp_path / "mine")
    assert check(folder) == []
    theatre = load(folder)
    assert (theatre.name, theatre.title) == ("mine", "Two-sided test theatre")
    assert theatre.find("Берёза").place_id == "nl-birch"
    assert theatre.party("BB").label == "Northland"
    assert theatre.home_party("SL") == "AA"
    assert theatre.rivers["name"].tolist() == ["Alder"]
    assert theatre.border is not None
    assert theatre.border.length == pytest.approx(0.5)
    assert theatre.frame.area == pytest.approx(0.4 * 0.3)
    assert theatre.reports.loc[0, "event_date"] == pd.Timestamp("2024-01-04")
    with pytest.raises(FrontmapError, match=r"\(AA, BB\), found 'CC'"):
        theatre.party("CC")


def test_a_bundled_theatre_has_a_name_and_a_folder() -> None:
    assert bundled()["kursk"].samefile(KURSK)
    assert load(KURSK).name == "kursk"


def test_a_theatre_cannot_be_changed(kursk: Theatre) -> None:
    name = "title"
    with pytest.raises(AttributeError):
        setattr(kursk, name, "other")


def test_the_order_of_rows_does_not_matter(tmp_path: Path) -> None:
    forward = load(write_theatre(tmp_path / "a"))
    backward = load(write_theatre(tmp_path / "b", places=six_places()[::-1]))
    key = "place_id"
    left, right = (t.places.sort_values(key).reset_index(drop=True) for t in (forward, backward))
    pd.testing.assert_frame_equal(pd.DataFrame(left), pd.DataFrame(right))


def test_what_is_written_is_what_is_read(tmp_path: Path) -> None:
    nasty = 'a, "b"\nc;\t{{ 7*7 }} {% x %} <img onerror=alert(1)> </script> `d` \u2028 Ё'
    places = [place("a", nasty, 51.05, 35.08), *six_places()]
    theatre = load(write_theatre(tmp_path, places=places))
    assert theatre.places.loc[0, "name"] == nasty
    assert theatre.places["place_id"].tolist() == [row["place_id"] for row in places]


def test_optional_files_may_be_missing(tmp_path: Path) -> None:
    missing = {"border.geojson": None, "rivers.geojson": None, "claims.csv": None}
    theatre = load(write_theatre(tmp_path, replace=missing))
    assert theatre.border is None
    assert len(theatre.rivers) == len(theatre.claims) == 0
    assert theatre.claims["as_of_date"].dtype == "datetime64[s]"


def test_defaults_of_the_settings(tmp_path: Path) -> None:
    begin, end = TOML.index("[cells]"), TOML.index("[[parties]]")
    theatre = load(write_theatre(tmp_path, toml=TOML[:begin] + TOML[end:]))
    assert (theatre.max_position_radius_m, theatre.merge_distance_m) == (2000, 50)


def test_a_period_in_quotes_is_read_too(tmp_path: Path) -> None:
    theatre = load(write_theatre(tmp_path, toml=TOML.replace("= 2024-01-31", '= "2024-01-31"')))
    assert theatre.period_end == date(2024, 1, 31)
