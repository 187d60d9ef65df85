"""The declared tables: their descriptions are current, whole tables pass, and each rule finds its breach."""

from __future__ import annotations

import json
import re
from datetime import date
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely import box

from frontmap.errors import Problem
from frontmap.schema import (
    CLAIMS,
    PLACES,
    REPORTS,
    SOURCES,
    TABLES,
    Table,
    check_claims,
    check_countries,
    check_positions,
    check_reports,
    check_table,
    convert,
    nearest,
    table_schema,
    tables_markdown,
    to_days,
    to_numbers,
)
from tests.theatres import Row, claim, place, report, six_places, some_claims, some_reports, some_sources

DOCS = Path(__file__).parent.parent / "docs"
PERIOD = (date(2024, 1, 1), date(2024, 1, 31))


def raw(rows: list[dict[str, str]]) -> pd.DataFrame:
    """Return rows as they stand in a file: the first in line 2."""
    return pd.DataFrame(rows, index=range(2, len(rows) + 2), dtype="str")


def check_report(**changes: str) -> list[Problem]:
    """Check one report against the usual places, sources and parties."""
    row = report("t1", "nl-birch", "AA", "controlled", "2024-01-05", **changes)
    frame = raw([row])
    parties = ["AA", "BB"]
    return check_table(frame, REPORTS) + check_reports(frame, raw(six_places()), raw(some_sources()), parties, PERIOD)


def check_claim(**changes: str) -> list[Problem]:
    """Check one claim against the usual places and parties."""
    frame = raw([claim("k1", "2024-01-10", "area_held", 100, **changes)])
    return check_table(frame, CLAIMS) + check_claims(frame, raw(six_places()), ["AA", "BB"])


@pytest.mark.parametrize(
    ("rows", "table"),
    [(six_places(), PLACES), (some_reports(), REPORTS), (some_sources(), SOURCES), (some_claims(), CLAIMS)],
    ids=list(TABLES),
)
def test_whole_tables_have_no_problem(rows: list[dict[str, str]], table: Table) -> None:
    assert check_table(raw(rows), table) == []


def test_columns_have_one_name_and_kind_per_quantity() -> None:
    kinds: dict[str, set[str]] = {}
    for table in TABLES.values():
        assert len(set(table.names)) == len(table.names)
        for column in table.columns:
            kinds.setdefault(column.name, set()).add(column.kind)
    assert [name for name, found in kinds.items() if len(found) > 1] == []


def test_the_page_for_people_is_current_and_names_every_column() -> None:
    page = (DOCS / "tables.md").read_text(encoding="utf-8")
    assert page == tables_markdown(), "run: python scripts/describe_tables.py"
    for table in TABLES.values():
        section = page.split(f"## {table.file}\n")[1].split("\n## ")[0]
        assert re.findall(r"^\| `(\w+)` \|", section, flags=re.MULTILINE) == list(table.names)


def test_a_described_table_can_be_written_as_json() -> None:
    schema = table_schema(REPORTS)
    assert json.loads(json.dumps(schema)) == schema
    fields = {field["name"]: field for field in json.loads(json.dumps(schema))["fields"]}
    words = ["controlled", "claimed", "contested", "assault", "withdrawn"]
    assert fields["status"]["constraints"]["enum"] == words
    assert fields["event_date"]["type"] == "date"
    assert fields["implied"]["trueValues"] == ["true"]


@pytest.mark.parametrize(
    ("column", "value", "words"),
    [
        ("status", "claimd", ["one of controlled, claimed", "'claimd'", "did you mean 'claimed'?"]),
        ("status", "Controlled", ["'Controlled'", "did you mean 'controlled'?"]),
        ("status", "", ["status in every row", "blank"]),
        ("event_date", "2024-02-31", ["a day of the calendar", "'2024-02-31'", "no such day"]),
        ("event_date", "31.01.2024", ["written YYYY-MM-DD", "'31.01.2024'"]),
        ("implied", "no", ["true or false", "'no'"]),
        ("proximity", "by", ["one of in, near"]),
        ("confidence", "sure", ["one of low, medium, high"]),
        ("party", "CC", ["theatre.toml (AA, BB)", "'CC'"]),
        ("origin_side", "indep", ["AA, BB, independent", "did you mean 'independent'?"]),
        ("origin_side", "BB", ["the origin_side that sources.csv gives", "'independent'"]),
        ("origin", "Monitro", ["sources.csv", "'Monitro'", "did you mean 'Monitor'?"]),
        ("place_id", "nl-brich", ["unknown place 'nl-brich'", "nearest: nl-birch"]),
        ("place_id", "Oak", ["unknown place 'Oak'", "sl-oak, nl-oak"]),
        ("place_id", "Берёза", ["unknown place 'Берёза'", "nl-birch"]),
        ("source_url", "javascript:alert(1)", ["http(s)://", "'javascript:alert(1)'"]),
        ("source_url", "data:text/html,hello", ["http(s)://"]),
        ("source_url", "https://example.org/a b", ["http(s)://"]),
        ("report_id", "t 1", ["one word"]),
        ("published_date", "2024-01-04", ["not after published_date", "event_date 2024-01-05"]),
        ("published_date", "2021-01-05", ["published 3 year(s) before the event", "probably a wrong year"]),
        ("published_date", "2204-01-05", ["within ten years", "180 year(s) after the event"]),
    ],
)
def test_each_rule_of_reports_finds_its_breach(column: str, value: str, words: list[str]) -> None:
    problems = check_report(**{column: value})
    assert problems
    assert {(problem.file, problem.row) for problem in problems} == {("reports.csv", 2)}
    text = "\n".join(map(str, problems))
    assert [word for word in words if word not in text] == []


def test_a_report_years_outside_the_period_is_told() -> None:
    problems = check_report(event_date="2042-01-05", published_date="2042-01-05")
    assert [p.found for p in problems] == ["2042-01-05, probably a wrong year"]
    assert check_report(event_date="2023-12-20", published_date="2024-03-01") == []


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"lower": "200"}, "lower not above upper"),
        ({"unit": "count"}, "asks for km2"),
        ({"measure": "share_regained", "unit": "percent", "lower": "5", "upper": "105"}, "at most 100 percent"),
        ({"lower": "-1"}, "of at least 0"),
        ({"lower": "nan"}, "lower as a number"),
        ({"lower": "1e3"}, "lower as a number"),
        ({"lower": "1,000"}, "lower as a number"),
        ({"region": "North Region;Nroth Region"}, "did you mean 'North Region'?"),
        ({"district": "High Districkt"}, "did you mean 'High District'?"),
        ({"claimant_side": "CC"}, "AA, BB, independent"),
        ({"party": "independent"}, "party as in theatre.toml"),
        ({"basis": "controll"}, "did you mean 'control'?"),
        ({"period_start": "2024-01-05"}, "only with basis 'period gain'"),
        ({"basis": "period gain", "period_start": "2024-01-10"}, "period_start before as_of_date"),
        ({"published_date": "2024-01-09"}, "as_of_date not after published_date"),
        ({"urls": "https://a.org | https://b.org"}, "separated by one space"),
        ({"urls": "https://a.org javascript:x"}, "separated by one space"),
    ],
)
def test_each_rule_of_claims_finds_its_breach(changes: dict[str, str], words: str) -> None:
    problems = check_claim(**changes)
    assert len(problems) == 1
    assert words in str(problems[0])
    assert problems[0].row == 2


def test_what_claims_may_leave_open() -> None:
    assert check_claim(as_of_date="", date_precision="peak-undated") == []
    assert check_claim(region="North Region;South Region", urls="https://a.org https://b.org") == []
    assert check_claim(basis="period gain", period_start="2024-01-09") == []
    assert check_claim(basis="period gain") == []


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"lat": "510"}, "lat from -90 to 90, found '510'"),
        ({"lat": "51,05"}, "decimal point"),
        ({"lat": "51.05N"}, "lat as a number"),
        ({"lat": ""}, "both lat and lon"),
        ({"position_radius_m": ""}, "position_radius_m where there is a position"),
        ({"position_radius_m": "0"}, "from 1 to 100000"),
        ({"country": "sl"}, "two or three capital letters"),
        ({"name": ""}, "name in every row"),
        ({"lat": "35.08", "lon": "51.05"}, "outside, but inside with lat and lon swapped"),
        ({"lat": "52.05"}, "lat 52.05, lon 35.08: outside;"),
    ],
)
def test_each_rule_of_places_finds_its_breach(changes: dict[str, str], words: str) -> None:
    frame = raw([place("a", "Ash", 51.05, 35.08, **changes)])
    problems = check_table(frame, PLACES) + check_positions(frame, box(35.0, 51.0, 35.4, 51.3))
    assert len(problems) >= 1
    assert words in str(problems[0])
    assert problems[0].row == 2


def test_a_position_on_the_edge_of_the_frame_is_inside() -> None:
    frame = raw([place("a", "Ash", 51.0, 35.0)])
    assert check_positions(frame, box(35.0, 51.0, 35.4, 51.3)) == []


def test_countries_that_nobody_calls_home_are_told_only_if_a_home_has_no_place() -> None:
    places = raw(six_places())
    assert check_countries(places, {"AA": "SL", "BB": "NL"}) == []
    assert check_countries(places, {"AA": "SL"}) == []
    assert check_countries(places, {"AA": "SL", "BB": "NL", "CC": "FR"}) == []
    [problem] = check_countries(places, {"AA": "SL", "BB": "ND"})
    assert (problem.row, problem.found) == (5, "'NL' in rows 5-7")
    assert "ND (home of BB)" in problem.expected


def test_a_misspelt_column_is_named_once() -> None:
    [problem] = check_table(raw(some_sources()).rename(columns={"reliability": "Reliablity"}), SOURCES)
    assert str(problem) == (
        "sources.csv row 1: expected a column 'reliability', found 'Reliablity'; "
        "next: rename the column to 'reliability'"
    )


def test_a_misspelt_optional_column_is_told_too() -> None:
    [problem] = check_table(raw(six_places()).rename(columns={"aliases": "alias es"}), PLACES)
    assert "rename the column to 'aliases'" in problem.next_step


def test_other_columns_and_names_in_other_languages_are_kept() -> None:
    frame = raw([place("a", "Ash", 51.05, 35.08, name_de="Esche", my_remark="x")])
    assert check_table(frame, PLACES) == []
    typed = convert(frame, PLACES)
    assert (typed.at[0, "name_de"], typed.at[0, "my_remark"]) == ("Esche", "x")


def test_missing_columns_are_all_named() -> None:
    frame = raw(some_sources()).drop(columns=["side", "reliability"])
    problems = check_table(frame, SOURCES)
    assert [p.expected for p in problems] == ["a column 'side'", "a column 'reliability'"]
    assert {p.row for p in problems} == {1}


def test_a_missing_optional_column_becomes_blank() -> None:
    frame = raw(six_places()).drop(columns=["population", "aliases"])
    assert check_table(frame, PLACES) == []
    typed = convert(frame, PLACES)
    assert typed["population"].isna().all()
    assert (typed["aliases"] == "").all()


def test_a_doubled_key_names_the_first_row() -> None:
    frame = raw([*some_sources(), some_sources()[0]])
    [problem] = check_table(frame, SOURCES)
    assert (problem.row, problem.found) == (5, "'AA staff' again (first in row 2)")


def test_each_of_many_breaches_of_one_rule_is_told() -> None:
    rows = [dict(report(f"t{n}", "nl-birch", "AA", "held", "2024-01-05")) for n in range(50)]
    problems = check_table(raw(rows), REPORTS)
    assert [p.row for p in problems] == [*range(2, 52)]
    assert {p.found for p in problems} == {problems[0].found}


def test_types_of_a_converted_table() -> None:
    typed = convert(raw(some_reports()), REPORTS)
    assert typed["implied"].dtype == bool
    assert typed["event_date"].dtype == "datetime64[s]"
    assert typed.index.equals(pd.RangeIndex(8))
    claims = convert(raw(some_claims()), CLAIMS)
    assert claims["lower"].tolist() == [100.0, 50.0, 250.0]
    assert claims["as_of_date"].isna().tolist() == [False, False, True]


def test_checks_leave_their_input_alone() -> None:
    before = raw(some_reports())
    after = before.copy()
    check_table(after, REPORTS)
    check_reports(after, raw(six_places()), raw(some_sources()), ["AA", "BB"], PERIOD)
    convert(after, REPORTS)
    pd.testing.assert_frame_equal(before, after)


def test_checks_pass_over_columns_that_are_missing() -> None:
    nothing = pd.DataFrame(index=pd.Index([2, 3]))
    assert check_reports(nothing, nothing, nothing, ["AA"], PERIOD) == []
    assert check_claims(nothing, nothing, ["AA"]) == []
    assert check_positions(nothing, None) == []
    assert check_countries(nothing, {"AA": "SL"}) == []


def test_nearest_offers_nothing_for_a_word_unlike_all() -> None:
    assert nearest("xyz", ["controlled", "claimed"]) == ""


@given(st.floats(-1e6, 1e6).map(lambda number: round(number, 4)))
def test_a_number_written_plainly_is_read_back(number: float) -> None:
    assert to_numbers(pd.Series([f"{number:.4f}"], dtype="str"))[0] == number


@given(st.dates(date(1800, 1, 1), date(2200, 1, 1)))
def test_a_day_written_plainly_is_read_back(day: date) -> None:
    assert to_days(pd.Series([day.isoformat()], dtype="str"))[0] == pd.Timestamp(day)


@settings(max_examples=40)
@given(st.text(max_size=12))
def test_any_text_in_any_column_is_either_fine_or_told_with_its_row(text: str) -> None:
    rows: list[Row] = [{**report("t1", "nl-birch", "AA", "claimed", "2024-01-05"), "event_date": text}]
    frame = pd.DataFrame(rows, index=[7], dtype="str")
    problems = check_table(frame, REPORTS)
    is_day = bool(re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", text)) and not pd.isna(
        pd.to_datetime(text, errors="coerce", format="%Y-%m-%d")
    )
    assert (problems == []) == is_day
    assert all(p.row == 7 for p in problems)


@settings(max_examples=15)
@given(st.permutations(range(6)))
def test_the_order_of_rows_does_not_matter(order: list[int]) -> None:
    rows = six_places()
    rows[1] |= {"lat": "510"}
    rows[4] |= {"country": "nl"}
    rows[5] |= {"place_id": "sl-ash"}
    frame = raw(rows)
    found = {p.row for p in check_table(frame.iloc[order], PLACES)} - {2, 7}
    assert found == {3, 6}
