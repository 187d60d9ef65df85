"""The estimate's settings and evidence: what a report counts for, and what it does not."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from frontmap.errors import FrontmapError, TheatreError
from frontmap.estimate.evidence import EVIDENCE_COLUMNS, gather
from frontmap.estimate.parameters import Parameters, described, from_settings, parameters_markdown
from tests.estimates import START, Said, places, reports, sources

TWO = places([(2.0, 2.0), (40.0, 2.0)])


def evidence(said: list[Said], *, where: pd.DataFrame = TWO, origin: str = "Monitor") -> pd.DataFrame:
    return gather(where, reports(said, origin=origin), sources(), start=START)


def of_kind(table: pd.DataFrame, kind: str) -> pd.DataFrame:
    return table[table["kind"] == kind]


def test_settings_replace_defaults_and_keep_the_rest() -> None:
    found = from_settings({"length_km": 12, "draws": 200, "wrong_by_letter": {"C": 0.2}})
    assert (found.length_km, found.draws, found.wrong_by_letter["C"]) == (12.0, 200, 0.2)
    assert found.wrong_by_letter["B"] == Parameters().wrong_by_letter["B"]
    assert found.length_days == Parameters().length_days


def test_settings_are_told_all_that_is_wrong_at_once() -> None:
    wrong = {
        "lenght_km": 12,
        "length_days": "long",
        "draws": 99.5,
        "level": 1.0,
        "near_km": True,
        "wrong_by_letter": {"G": 0.1, "C": 0.9},
        "date_sd_days": 3,
    }
    with pytest.raises(TheatreError) as told:
        from_settings(wrong, lines={"draws": 7})
    text = str(told.value)
    assert len(told.value.problems) == 8
    assert "rename it to 'length_km'" in text
    assert "theatre.toml row 7: expected draws of [estimate] as a whole number from 20 to 5000" in text
    assert "C of [estimate.wrong_by_letter] as a number from 0 to 0.5" in text
    assert "a table [estimate.date_sd_days]" in text


def test_every_parameter_is_described_with_its_origin() -> None:
    rows = described(from_settings({"length_km": 12}))
    assert [row["name"] for row in rows] == [f.name for f in fields(Parameters)]
    assert all(row["meaning"] and row["value"] for row in rows)
    assert [row["name"] for row in rows if not row["origin"]] == []
    assert [row["name"] for row in rows if row["default"] == "no"] == ["length_km"]


def test_the_page_of_parameters_is_up_to_date() -> None:
    page = Path(__file__).parent.parent / "docs" / "parameters.md"
    assert page.read_text(encoding="utf-8") == parameters_markdown(), "run scripts/describe_tables.py"


def test_a_claim_says_held_now_and_not_held_before() -> None:
    table = evidence([("p0", 30, "A", "claimed")])
    assert of_kind(table, "hold")[["day", "sign"]].to_numpy().tolist() == [[30.0, 1.0]]
    assert of_kind(table, "before")[["day", "sign"]].to_numpy().tolist() == [
        [30.0 - Parameters().not_before_days, -1.0]
    ]
    assert of_kind(table, "start")[["day", "sign"]].to_numpy().tolist() == [[0.0, -1.0]]
    assert set(table.columns) == set(EVIDENCE_COLUMNS)


def test_a_report_of_control_says_nothing_about_before() -> None:
    assert len(of_kind(evidence([("p0", 30, "A", "controlled")]), "before")) == 0


@pytest.mark.parametrize(
    ("party", "status", "sign"),
    [
        ("A", "controlled", 1),
        ("B", "controlled", -1),
        ("A", "withdrawn", -1),
        ("B", "withdrawn", 1),
        ("A", "contested", 0),
        ("B", "contested", 0),
    ],
)
def test_what_each_status_says_of_the_other_party(party: str, status: str, sign: int) -> None:
    table = evidence([("p0", 30, party, status), ("p1", 5, "A", "controlled")])
    row = table[(table["report_id"] == "r000") & (table["kind"] != "before")]
    assert row["sign"].tolist() == [sign]


def test_an_assault_says_nothing() -> None:
    assert evidence([("p0", 30, "A", "assault")]).empty


def test_relays_of_one_statement_count_once() -> None:
    said: list[Said] = [*([("p0", 30, "A", "claimed")] * 5), ("p0", 33, "A", "claimed")]
    assert len(of_kind(evidence(said), "hold")) == 1
    assert len(of_kind(evidence([*said, ("p0", 60, "A", "claimed")]), "hold")) == 2


def test_a_concession_is_less_doubtful_than_an_assertion() -> None:
    said: list[Said] = [("p0", 30, "A", "controlled")]
    assertion = of_kind(evidence(said, origin="A-mod"), "hold")["wrong"].iloc[0]
    concession = of_kind(evidence(said, origin="B-mod"), "hold")["wrong"].iloc[0]
    assert concession == pytest.approx(assertion * Parameters().concession_factor)


def weaker(change: Callable[[pd.DataFrame], pd.DataFrame], column: str) -> bool:
    """Tell whether a change of a report raises its doubt."""
    plain = reports([("p0", 30, "A", "controlled")])
    one, two = (gather(TWO, table, sources(), start=START) for table in (plain, change(plain)))
    return bool(of_kind(two, "hold")[column].iloc[0] > of_kind(one, "hold")[column].iloc[0])


def test_weaker_reports_are_more_doubtful() -> None:
    assert weaker(lambda r: r.assign(implied=True), "wrong")
    assert weaker(lambda r: r.assign(confidence="low"), "wrong")
    assert weaker(lambda r: r.assign(origin="not listed"), "wrong")
    assert weaker(lambda r: r.assign(proximity="near"), "noise")
    assert weaker(lambda r: r.assign(date_precision="approx"), "noise")


def test_an_origin_that_is_not_listed_cannot_be_judged() -> None:
    table = gather(TWO, reports([("p0", 30, "A", "controlled")]).assign(origin="not listed"), sources(), start=START)
    assert of_kind(table, "hold")["wrong"].tolist() == [Parameters().wrong_by_letter["F"]]


def test_what_is_published_later_is_not_evidence_yet() -> None:
    early = reports([("p0", 10, "A", "claimed")])
    late = reports([("p1", 10, "A", "claimed"), ("p0", 12, "B", "claimed")], lag=40, first=10)
    as_of = pd.Timestamp("2024-01-20")
    both = gather(TWO, pd.concat([late, early]), sources(), start=START, as_of=as_of)
    pd.testing.assert_frame_equal(both, gather(TWO, early, sources(), start=START, as_of=as_of))


def test_the_order_of_rows_does_not_matter() -> None:
    said: list[Said] = [("p0", 10, "A", "claimed"), ("p1", 10, "A", "claimed"), ("p0", 40, "B", "controlled")]
    table = reports(said)
    one = gather(TWO, table, sources(), start=START)
    two = gather(TWO.iloc[::-1], table.iloc[::-1], sources().iloc[::-1], start=START)
    pd.testing.assert_frame_equal(one, two)


def test_places_without_position_take_no_part_and_unknown_ones_are_refused() -> None:
    lost = TWO.assign(x_km=[np.nan, 6.0])
    assert evidence([("p0", 30, "A", "claimed")], where=lost).empty
    with pytest.raises(FrontmapError, match="known places, found p7"):
        evidence([("p7", 30, "A", "claimed")])


def test_a_place_held_from_the_beginning_was_not_the_home_partys_on_the_first_day() -> None:
    assert len(of_kind(evidence([("p0", -20, "A", "controlled"), ("p0", 30, "A", "controlled")]), "start")) == 0


def test_on_ground_of_nobodys_home_nobody_held_it_on_the_first_day() -> None:
    table = evidence([("p0", 30, "A", "claimed")], where=TWO.assign(home="unknown"))
    assert set(table["home"]) == {"unknown"}
    assert len(of_kind(table, "start")) == 0


def test_who_took_a_place_of_three_parties_is_not_known_from_who_left() -> None:
    where = places([(2.0, 2.0), (6.0, 2.0), (4.0, 4.0)])
    said: list[Said] = [("p0", 30, "B", "withdrawn"), ("p1", 30, "A", "controlled"), ("p2", 30, "C", "controlled")]
    table = evidence(said, where=where)
    left = table[(table["report_id"] == "r000") & (table["kind"] == "hold")]
    assert left["party"].tolist() == ["A", "C"]
    assert (left["wrong"] >= 0.4).all()


def of_quiet(said: list[Said], where: pd.DataFrame = TWO) -> list[tuple[str, float, float, float]]:
    """Place, day, sign and doubt of what silence says on ground of B about A."""
    table = of_kind(evidence(said, where=where), "quiet")
    return [tuple(row) for row in table[["place_id", "day", "sign", "wrong"]].itertuples(index=False)]


def unseen(*doubts: float) -> object:
    """Chance that a place is otherwise: it changed unseen, or all statements that silence prolongs were wrong."""
    wrong, right = np.prod(doubts), np.prod([1 - doubt for doubt in doubts])
    said, quiet = wrong / (wrong + right), Parameters().quiet_wrong
    return pytest.approx(said * (1 - quiet) + (1 - said) * quiet)


def test_a_place_stays_what_two_like_statements_make_it() -> None:
    quiet = unseen(Parameters().wrong_by_letter["B"], Parameters().wrong_by_letter["B"])
    assert of_quiet([("p0", 10, "A", "controlled"), ("p0", 210, "A", "controlled")]) == [
        ("p0", 77.0, 1.0, quiet),
        ("p0", 143.0, 1.0, quiet),
    ]
    assert of_quiet([("p0", 10, "A", "controlled"), ("p0", 60, "A", "controlled")]) == []
    assert of_quiet([("p0", 0, "A", "controlled"), ("p0", 210, "B", "controlled")]) == []


def test_silence_after_a_word_for_the_home_party_speaks_for_it_and_after_one_against_it_for_nobody() -> None:
    quiet = unseen(Parameters().wrong_by_letter["B"])
    said: list[Said] = [("p0", 0, "B", "controlled"), ("p1", 200, "A", "controlled"), ("p1", 0, "A", "controlled")]
    found = of_quiet(said, places([(2.0, 2.0), (5.0, 2.0)]))
    assert [row for row in found if row[0] == "p0"] == [("p0", 90.0, -1.0, quiet), ("p0", 180.0, -1.0, quiet)]
    assert of_quiet([("p0", 0, "A", "controlled"), ("p1", 300, "A", "controlled")]) == []


def test_places_near_a_mention_that_are_never_mentioned_were_the_home_partys_on_the_first_day_alone() -> None:
    where = places([(2.0, 2.0), (5.0, 2.0), (40.0, 2.0)])
    said: list[Said] = [("p0", 1, "A", "contested"), ("p0", 400, "A", "contested")]
    assert of_quiet(said, where) == []
    start = of_kind(evidence(said, where=where), "start")
    assert sorted(start["place_id"]) == ["p0", "p1"]


def test_silence_can_be_told_to_say_nothing() -> None:
    where = places([(2.0, 2.0), (5.0, 2.0)])
    said: list[Said] = [("p0", 10, "A", "controlled"), ("p0", 210, "A", "controlled")]
    deaf = Parameters(quiet_wrong=0.5, start_wrong=0.5)
    table = gather(where, reports(said), sources(), start=START, parameters=deaf)
    assert set(table["kind"]) == {"hold"}


def test_the_length_follows_the_spacing_of_places_where_they_are_sparse() -> None:
    def length(step_km: float) -> float:
        where = places([(step_km * x, 1.0 + step_km * y) for x in range(6) for y in range(6)])
        return float(evidence([(f"p{n}", 10, "A", "controlled") for n in range(36)], where=where)["length_km"].iloc[0])

    assert length(2.0) == Parameters().length_km
    # in a square lattice the fourth neighbour is one step off inside, and a diagonal at the edge: here for half of them
    assert 3.0 * 8.0 * np.sqrt(np.pi / 4) - 0.5 <= length(8.0) <= 3.0 * 8.0 * np.sqrt(np.pi / 2) + 0.5


def holds_of(said: list[Said]) -> list[tuple[str, float, float]]:
    table = of_kind(evidence(said), "hold")
    return sorted(zip(table["place_id"], table["day"], table["sign"], strict=True))


def test_a_run_of_like_statements_lasts_so_many_days_from_its_first_and_no_longer() -> None:
    weekly: list[Said] = [("p0", 7 * week, "A", "controlled") for week in range(9)]
    # a run holds the 1st and the 8th day: of nine weekly statements every second one begins a run
    assert holds_of(weekly) == [("p0", 14.0 * n, 1.0) for n in range(5)]


def test_a_contrary_statement_ends_a_run() -> None:
    said: list[Said] = [("p0", 7, "A", "controlled"), ("p0", 10, "B", "controlled"), ("p0", 13, "A", "controlled")]
    assert holds_of(said) == [("p0", 7.0, 1.0), ("p0", 10.0, -1.0), ("p0", 13.0, 1.0)]


def test_that_a_third_party_took_a_place_does_not_say_that_another_was_there_before() -> None:
    told = evidence([("p0", 20, "C", "claimed"), ("p1", 5, "A", "claimed")])
    before = told[told["kind"] == "before"]
    assert sorted(zip(before["party"], before["place_id"], before["sign"], strict=True)) == [
        ("A", "p1", -1.0),
        ("C", "p0", -1.0),
    ]


def test_the_order_of_words_of_one_day_does_not_matter() -> None:
    said: list[Said] = [("p0", 7, party, "controlled") for party in "AAABBB"]
    mixed: list[Said] = [("p0", 7, party, "controlled") for party in "ABABAB"]
    assert holds_of(said) == holds_of(mixed) == [("p0", 7.0, -1.0), ("p0", 7.0, 1.0)]
