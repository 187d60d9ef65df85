"""Claims that contradict one another: each identity on two or three figures, and all that the real ledger has."""

from __future__ import annotations

import math
from collections.abc import Mapping

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from frontmap.claims import claim_mismatches
from frontmap.theatre import load
from tests.miniature import ledger

DAY = "2024-08-08"
SHARE = {"party": "B", "measure": "share_regained", "basis": "share", "unit": "percent"}
AGAIN = {"party": "B", "measure": "area_regained", "basis": "cumulative"}
PEAK = {"as_of_date": "", "date_precision": "peak-undated"}
GAIN = {"measure": "area_gained", "basis": "period gain", "period_start": "2024-08-05"}
PLACES = {"measure": "settlements_held", "unit": "count"}


def found(*rows: Mapping[str, object]) -> pd.DataFrame:
    return claim_mismatches(ledger(*rows))


def told(*rows: Mapping[str, object]) -> list[str]:
    return list(found(*rows)["arithmetic"])


def test_share_of_a_total_leaves_too_little() -> None:
    # 63.5 to 64.5 % of 1267.5 to 1268.5 leaves 450.0 to 463.0; 500 may be 475 to 525: 12.0 cannot be rounding.
    table = found({**PEAK, "lower": 1268.0}, {**SHARE, "lower": 64.0}, {"lower": 500.0})
    (row,) = table.to_dict("records")
    assert row["arithmetic"] == "64 % of 1,268 km2 leaves 456 km2, not 500"
    assert (row["identity"], row["claim_ids"], row["claimants"]) == ("share of a total", "c1;c0;c2", "somebody")
    assert (row["said"], row["unit"], row["one_claimant"]) == (500.0, "km2", True)
    assert row["implied"] == pytest.approx(456.48)
    assert row["difference"] == pytest.approx(43.52)
    assert row["beyond_rounding"] == pytest.approx(475.0 - 0.365 * 1268.5)
    assert row["as_of_date"] == pd.Timestamp(DAY)


def test_share_of_a_total_is_held_again() -> None:
    assert told({**PEAK, "lower": 1000.0}, {**SHARE, "lower": 25.0}, {**AGAIN, "lower": 119.0}) == [
        "25 % of 1,000 km2 is 250 km2, not 119"
    ]


@pytest.mark.parametrize(
    ("total", "share", "left"),
    [
        ({"lower": 1268.0}, {"lower": 64.0}, {"lower": 456.0}),  # as it should be
        ({"lower": 1268.0}, {"lower": 64.0}, {"lower": 450.0}),  # round
        ({"lower": 1268.0, "note": "'more than'"}, {"lower": 64.0}, {"lower": 500.0}),
        ({"lower": 1268.0}, {"lower": 64.0, "note": "'less than'"}, {"lower": 500.0}),
        ({"lower": 1268.0}, {"lower": 60.0, "upper": 65.0}, {"lower": 500.0}),
        ({"lower": 1268.0}, {"lower": 64.0, "as_of_date": "2024-08-10"}, {"lower": 500.0}),  # another day
        ({"lower": 1268.0}, {"lower": 64.0, "region": "West"}, {"lower": 500.0}),
        ({"lower": 1268.0}, {"lower": 64.0}, {"lower": 500.0, "basis": "control+grey"}),
        ({"lower": 1268.0, "basis": "combat zone"}, {"lower": 64.0}, {"lower": 500.0}),
        ({"lower": 1268.0}, {"lower": 64.0, "claimant": "other", "claimant_side": "B"}, {"lower": 500.0}),
        ({"lower": 1200.0, "computed": True}, {"lower": 60.0}, {"lower": 500.0}),  # 456 to 504, and 475 to 525
    ],
)
def test_no_mismatch_within_rounding_or_where_figures_are_not_about_the_same(
    total: dict[str, object], share: dict[str, object], left: dict[str, object]
) -> None:
    assert told({**PEAK, **total}, {**SHARE, **share}, left) == []


def test_quoted_hedge_for_another_figure_does_not_excuse_this_one() -> None:
    left = {"lower": 500.0, "note": "others derive 'more than 400' from it"}
    assert told({**PEAK, "lower": 1268.0}, {**SHARE, "lower": 64.0}, left) == [
        "64 % of 1,268 km2 leaves 456 km2, not 500"
    ]
    assert told({**PEAK, "lower": 1268.0}, {**SHARE, "lower": 64.0}, {**left, "note": "'up to 500'"}) == []
    assert told({**PEAK, "lower": 1268.0}, {**SHARE, "lower": 64.0}, {"lower": 400.0, "note": "'at least'"}) == []


def test_one_total_that_fits_is_enough_and_the_nearest_is_told() -> None:
    share, left = {**SHARE, "lower": 50.0}, {"lower": 512.0}
    assert told({**PEAK, "lower": 1024.0}, {**PEAK, "lower": 2048.0}, share, left) == [
        "somebody gives both 1,024 and 2,048 km2 as the peak"
    ]
    shares = [text for text in told({**PEAK, "lower": 2048.0}, {**PEAK, "lower": 1531.0}, share, left) if "%" in text]
    assert shares == ["50 % of 1,531 km2 leaves 766 km2, not 512"]


def test_total_of_the_same_side_serves_where_the_claimant_gives_none() -> None:
    total = {**PEAK, "lower": 2048.0, "claimant": "ally"}
    rows = ({**SHARE, "lower": 50.0}, {"lower": 512.0})
    assert told(total, *rows) == ["50 % of 2,048 km2 leaves 1,024 km2, not 512"]
    independent = [row | {"claimant_side": "independent"} for row in (total, *rows)]
    assert told(*independent) == []
    assert not found(total, *rows)["one_claimant"].iloc[0]


def test_parts_of_one_claimant_make_the_share_and_the_total() -> None:
    # The parts are 1255 to 1265 and 2.5 to 3.5 km2: 99.72 to 99.80 %.
    parts = ({**AGAIN, "lower": 1260.0}, {"lower": 3.0})
    assert told({**SHARE, "lower": 99.5}, *parts) == [
        "1,260 km2 held again and 3 km2 still held make 99.76 % held again, not 99.5 %"
    ]
    assert told({**SHARE, "lower": 99.8}, *parts) == []
    assert told({**PEAK, "lower": 1263.0}, *parts) == []
    assert told({**PEAK, "lower": 1400.0}, *parts) == [
        "1,260 km2 held again and 3 km2 still held make 1,263 km2, not 1,400"
    ]
    strangers = (parts[0], parts[1] | {"claimant": "other"})
    assert told({**SHARE, "lower": 99.5}, *strangers) == []


@pytest.mark.parametrize("measure", ["area_regained", "settlements_regained", "share_regained"])
def test_running_count_does_not_shrink(measure: str) -> None:
    early = {"party": "B", "measure": measure, "basis": "cumulative", "lower": 41.0}
    late = early | {"as_of_date": "2024-08-20", "lower": 32.0, "claimant": "ally"}
    (text,) = told(early, late)
    assert text.endswith("were held again in all by 2024-08-08, and only 32 by 2024-08-20")
    assert told(early, late | {"lower": 41.0}) == []
    assert told(early, late | {"claimant_side": "B"}) == []
    assert told(early, late | {"party": "A"}) == []
    assert told(early, late | {"as_of_date": "2024-08-09"}) == []
    approximate = {"date_precision": "approx"}
    assert told(early | approximate, late | {"as_of_date": "2024-08-14"}) == []
    assert len(told(early | approximate, late | {"as_of_date": "2024-08-16"})) == 1


def test_district_is_part_of_its_region() -> None:
    part, whole = {"lower": 90.0, "district": "North"}, {"lower": 5.5}
    assert told(part, whole) == ["90 km2 in North cannot be part of 5.5 in all of East"]
    assert told(part, whole | {"lower": 90.0}) == []
    assert told(part, whole | {"basis": "control+grey"}) == []
    assert told(part | {"region": "West"}, whole) == []
    assert told(part, whole | {"region": "East;West"}) == [
        "90 km2 in North cannot be part of 5.5 in all of East and West"
    ]


def test_districts_together_are_part_of_their_region() -> None:
    parts = ({"lower": 61.0, "district": "North"}, {"lower": 72.0, "district": "South"})
    assert told(*parts, {"lower": 101.0}) == ["61 + 72 km2 in 2 districts make 133, more than the 101 in all of East"]
    assert told(*parts, {"lower": 133.0}) == []
    assert told(parts[0], parts[1] | {"claimant": "other"}, {"lower": 101.0}) == []


def test_control_is_part_of_control_and_grey_zone() -> None:
    assert told({"lower": 760.0}, {"lower": 560.0, "basis": "control+grey"}) == [
        "760 km2 under control cannot be part of 560 with the grey zone"
    ]
    assert told({"lower": 560.0}, {"lower": 760.0, "basis": "control+grey"}) == []


def test_shorter_period_is_part_of_the_longer() -> None:
    short = {**GAIN, "period_start": "2024-08-06", "lower": 41.0}
    assert told(short, {**GAIN, "lower": 32.0}) == [
        "41 km2 from 2024-08-06 to 2024-08-08 cannot be part of 32 from 2024-08-05 to 2024-08-08"
    ]
    assert told(short, {**GAIN, "lower": 41.0}) == []
    assert told(short | {"as_of_date": "2024-08-10"}, {**GAIN, "lower": 32.0}) == []


def test_gain_makes_the_change_of_what_is_held() -> None:
    before, after = {"as_of_date": "2024-08-05", "lower": 101.0}, {"lower": 163.0}
    assert told(before, after, {**GAIN, "lower": 13.0}) == ["from 101 to 163 km2 is 62 more, but only 13 were gained"]
    assert told(before, after, {**GAIN, "lower": 62.0}) == []
    lost = ({"as_of_date": "2024-08-05", "lower": 493.29}, {"lower": 435.66})
    assert told(*lost, {**GAIN, "party": "B", "lower": 57.6}) == []  # 57.63 to two places
    assert told(*lost, {**GAIN, "party": "B", "lower": 41.7}) == [
        "from 493.29 to 435.66 km2 is 57.63 less, but only 41.7 were gained"
    ]


def test_no_day_exceeds_the_peak() -> None:
    assert told({**PEAK, "lower": 900.0}, {"lower": 1100.0}) == ["1,100 km2 on 2024-08-08 are more than the peak, 900"]
    assert told({**PEAK, "lower": 900.0}, {**PEAK, "lower": 1100.0, "note": "'over'"}, {"lower": 1300.0}) == [
        "somebody gives both 900 and 1,100 or more km2 as the peak"
    ]
    assert told({**PEAK, "lower": 900.0}, {"lower": 1100.0, "claimant": "ally"}) == []


def test_one_claimant_says_one_thing_once() -> None:
    one, two = {**PLACES, "lower": 28.0}, {**PLACES, "lower": 29.0}
    assert told(one, two) == ["somebody gives both 28 and 29 settlements for 2024-08-08"]
    assert told(one, two | {"claimant": "ally"}) == []
    assert told(one, two | {"district": "North", "lower": 27.0}) == []
    assert told({"lower": 28.0}, {"lower": 29.0}) == []  # square kilometres are rounded, places are counted


def test_range_the_wrong_way_round() -> None:
    (text,) = told({"lower": 60.0, "upper": 50.0})
    assert text == "the lower end, 60 km2, is above the upper, 50"


def test_as_of_leaves_out_what_was_published_later() -> None:
    rows = ledger({**PLACES, "lower": 28.0}, {**PLACES, "lower": 29.0, "published_date": "2024-09-01"})
    assert claim_mismatches(rows, as_of=pd.Timestamp("2024-08-20").date()).empty
    assert len(claim_mismatches(rows, as_of=pd.Timestamp("2024-09-01").date())) == 1


def test_empty_ledger() -> None:
    assert claim_mismatches(ledger({}).head(0)).empty


@settings(max_examples=60)
@given(st.floats(20, 5000), st.floats(0.0, 1.0), st.sampled_from([0, 1]))
def test_figures_of_one_truth_never_contradict_one_another(total: float, part: float, digits: int) -> None:
    again = total * part
    rows: list[dict[str, object]] = [
        {**PEAK, "lower": round(total, digits)},
        {**AGAIN, "lower": round(again, digits)},
        {"lower": round(total - again, digits)},
        {**SHARE, "lower": round(100 * part, digits)},
        {"lower": round((total - again) / 3, digits), "district": "North"},
        {"lower": round((total - again) / 2, digits), "district": "South"},
    ]
    assert told(*rows) == []


@settings(max_examples=30)
@given(st.permutations(range(6)))
def test_order_of_rows_does_not_matter(order: list[int]) -> None:
    rows: list[dict[str, object]] = [
        {**PEAK, "lower": 1268.0},
        {**SHARE, "lower": 64.0},
        {"lower": 500.0},
        {**PLACES, "lower": 28.0},
        {**PLACES, "lower": 29.0},
        {**AGAIN, "lower": 412.0},
    ]
    named = [row | {"claim_id": f"c{n}"} for n, row in enumerate(rows)]
    pd.testing.assert_frame_equal(found(*named), found(*(named[n] for n in order)))


def test_mismatches_of_kursk() -> None:
    """Each was looked up in the ledger: claimants, days, regions and meaning agree; the arithmetic was done by hand."""
    table = claim_mismatches(load("kursk").claims).set_index("claim_ids")
    assert dict(table["arithmetic"]) == {
        "c0133;c0132": "90 km2 in Glushkovsky District cannot be part of 5.5 in all of Kursk Oblast",
        "c0114;c0115": "Russia (MoD) gives both 28 and 29 settlements for 2025-03-14",
        "c0086;c0085;c0037": "683 km2 held again and 427.5 km2 still held make 1,110.5 km2, not 1,200 or more",
        "c0098;c0036;c0096": "64 % of 1,268 km2 leaves 456 km2, not 500",
        "c0058;c0057;c0033": "119 km2 held again and 680 km2 still held make 799 km2, not 900",
        "c0128;c0127;c0126": "1,260 km2 held again and 3 km2 still held make 99.76 % held again, not 99.5 %",
    }
    assert (table["beyond_rounding"] > 0).all()
    assert table["difference"].map(math.isfinite).all()
    # Two of them are between claimants of one side: an analyst and a commander, a tally and a ministry.
    assert list(table.index[~table["one_claimant"]]) == ["c0133;c0132", "c0086;c0085;c0037"]
