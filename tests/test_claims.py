"""The ledger of claims, on a hand-made history of five cells whose every square kilometre is counted by hand."""

from __future__ import annotations

import math
from functools import cache

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from frontmap import claims
from frontmap.areas import CodeArray, Interval
from frontmap.history import History, assess
from frontmap.theatre import load
from tests.miniature import DAYS, codes, ledger, miniature


def row_of(**row: object) -> pd.Series:
    return claims.test_claims(miniature(ledger(row))).iloc[0]


def figures(row: pd.Series) -> tuple[float, float, float]:
    return (row["figure_low"], row["figure"], row["figure_high"])


def test_ground_held_on_a_day() -> None:
    # 8 Aug: assessed 10+20+30, cautious 10+20, bold all 100; every policy gives 30, any gives 100.
    row = row_of(lower=50.0)
    assert figures(row) == (30.0, 60.0, 100.0)
    assert row["difference"] == -10.0
    assert row["verdict"] == "within"
    assert "Party A" in row["reason"]
    assert "2024-08-08" in row["reason"]


@pytest.mark.parametrize(
    ("lower", "upper", "verdict"),
    [(29.4, 29.4, "below"), (29.6, 30, "within"), (100, 100, "within"), (100.6, 300, "above"), (0, 40, "within")],
)
def test_verdict_is_against_the_interval(lower: float, upper: float, verdict: str) -> None:
    assert row_of(lower=lower, upper=upper)["verdict"] == verdict


def test_home_ground_of_the_party_does_not_count_as_held() -> None:
    both = row_of(region="East;West", lower=50.0)
    assert figures(both) == (30.0, 60.0, 100.0)  # not the 50 km2 at home
    abroad = row_of(party="B", region="West", as_of_date="2024-08-10", lower=90.0)
    assert figures(abroad) == (50.0, 50.0, 50.0)
    assert abroad["verdict"] == "above"
    nothing = row_of(region="West", lower=1.0)
    assert nothing["verdict"] == "not comparable"
    assert "no ground in West outside" in nothing["reason"]


def test_grey_zone_is_added_where_the_claim_adds_it() -> None:
    # 9 Aug: assessed 20 + 30 contested; cautious 20; bold 20+30+40.
    assert figures(row_of(basis="control+grey", as_of_date="2024-08-09")) == (20.0, 50.0, 90.0)


def test_fighting_zone_has_a_figure_but_no_verdict() -> None:
    row = row_of(basis="combat zone", as_of_date="2024-08-07", lower=60.0)
    assert row["figure"] == 60.0  # 10+20 held, 30 contested
    assert row["verdict"] == "not comparable"
    assert "not control" in row["reason"]


def test_undated_peak_is_compared_with_our_peak_and_its_day_told() -> None:
    # By day: every policy 0, 0, 10, 30, 20, 0; assessed 0, 10, 30, 60, 20, 30; any 0, 30, 100, 100, 90, 70.
    row = row_of(as_of_date="", date_precision="peak-undated", lower=120.0)
    assert figures(row) == (30.0, 60.0, 100.0)
    assert row["verdict"] == "above"
    assert "peak" in row["reason"]
    assert "2024-08-08" in row["reason"]


def test_one_district() -> None:
    # 10 Aug, South: assessed 30, cautious 0, bold 70.
    assert figures(row_of(as_of_date="2024-08-10", district="South")) == (0.0, 30.0, 70.0)


def test_gain_is_what_is_held_at_the_end_and_not_at_the_start() -> None:
    # 6 to 8 Aug: assessed 20+30, cautious 10+20, bold 30+40: no cell in all three, every cell in some.
    row = row_of(measure="area_gained", basis="period gain", period_start="2024-08-06")
    assert figures(row) == (0.0, 50.0, 100.0)
    assert "gross gain" in row["reason"]


def test_gain_without_a_start_is_not_comparable() -> None:
    row = row_of(measure="area_gained", basis="period gain")
    assert row["verdict"] == "not comparable"
    assert "no start" in row["reason"]
    assert math.isnan(row["figure"])


def test_regained_is_counted_cell_by_cell_not_by_subtracting_totals() -> None:
    # 9 Aug: only the 10 km2 cell is B's again; the 30 km2 one is contested. Peak less held would be 60 - 20 = 40.
    row = row_of(party="B", measure="area_regained", basis="cumulative", as_of_date="2024-08-09", lower=40.0)
    assert figures(row) == (10.0, 10.0, 10.0)
    assert row["verdict"] == "above"
    later = row_of(party="B", measure="area_regained", basis="cumulative", as_of_date="2024-08-10", lower=30.0)
    assert figures(later) == (30.0, 30.0, 30.0)


def test_settlements_count_places_without_position_too() -> None:
    # 8 Aug: assessed three and the sixth; cautious two; bold four and the sixth.
    row = row_of(measure="settlements_held", unit="count", lower=4.0)
    assert figures(row) == (2.0, 4.0, 5.0)
    assert "fewer hamlets" in row["reason"]
    # 9 Aug: the first and the sixth are B's again, the sixth was never lost under the cautious policy.
    again = row_of(party="B", measure="settlements_regained", basis="cumulative", as_of_date="2024-08-09")
    assert figures(again) == (1.0, 2.0, 2.0)


def test_settlements_gained_on_both_sides_of_the_border() -> None:
    gain = {"party": "B", "measure": "settlements_gained", "basis": "period gain", "unit": "count"}
    days = {"period_start": "2024-08-09", "as_of_date": "2024-08-10"}
    assert figures(row_of(**gain, **days)) == (1.0, 1.0, 1.0)
    assert figures(row_of(**gain, **days, region="East;West")) == (2.0, 2.0, 2.0)


SHARE = {"party": "B", "measure": "share_regained", "basis": "share", "unit": "percent"}


def test_share_is_of_everything_lost_that_is_held_again() -> None:
    # 10 Aug: 30 regained under every policy; A still holds 30, at least 0, at most 70.
    row = row_of(**SHARE, as_of_date="2024-08-10", lower=50.0)
    assert figures(row) == (30.0, 50.0, 100.0)
    assert row["verdict"] == "within"
    assert tuple(row[["denominator_low", "denominator", "denominator_high"]]) == (0.0, 60.0, 140.0)
    assert (row["denominator_regained_low"], row["denominator_regained_high"]) == (60.0, 60.0)


def test_share_never_divides_one_policy_by_another() -> None:
    # One policy: 10 regained, 20 still held. The other: 30 regained, 40 still held. Mixed, it would be 0 to 100 %.
    cells = {"assessed": codes(["BBBBA", "AABBA", "BABBA"] * 2), "other": codes(["BBBBA", "BBAAA", "BBBAA"] * 2)}
    row = claims.test_claims(miniature(ledger({**SHARE, "as_of_date": "2024-08-07", "lower": 40.0}), cells=cells)).iloc[
        0
    ]
    assert figures(row) == pytest.approx((100 / 3, 100 / 3, 300 / 7))
    assert row["verdict"] == "within"


def test_denominators_name_the_published_totals_that_make_the_share_true() -> None:
    # 9 Aug: A holds 20 to 90, so "half" is true of totals from 40 to 180 km2.
    table = ledger(
        {"claim_id": "peak", "as_of_date": "", "lower": 120.0},
        {"claim_id": "too-large", "as_of_date": "", "lower": 181.0},
        {"claim_id": "early", "as_of_date": "2024-08-08", "lower": 40.0},
        {"claim_id": "range", "as_of_date": "", "lower": 150.0, "upper": 200.0},
        {"claim_id": "smaller", "as_of_date": "2024-08-09", "lower": 39.9},
        {"claim_id": "late", "as_of_date": "2024-08-10", "lower": 41.0},
        {"claim_id": "zone", "as_of_date": "2024-08-08", "lower": 42.0, "basis": "combat zone"},
        {"claim_id": "part", "as_of_date": "2024-08-08", "lower": 43.0, "district": "North"},
        {"claim_id": "other", "as_of_date": "", "lower": 44.0, "region": "West"},
        {"claim_id": "half", **SHARE, "as_of_date": "2024-08-09", "lower": 50.0},
    )
    half = claims.test_claims(miniature(table)).iloc[-1]
    assert (half["denominator_low"], half["denominator_high"]) == (40.0, 180.0)
    assert half["denominators"] == "40 (early); 120 (peak); 150-200 (range); and our own peak, 60"


def test_as_of_history_knows_no_total_that_was_published_later() -> None:
    table = ledger(
        {"claim_id": "then", "as_of_date": "", "lower": 120.0, "published_date": "2024-08-09"},
        {"claim_id": "afterwards", "as_of_date": "", "lower": 110.0, "published_date": "2024-12-01"},
        {"claim_id": "half", **SHARE, "as_of_date": "2024-08-09", "lower": 50.0},
    )
    history = miniature(table, as_of="2024-08-09")
    assert claims.test_claims(history)["denominators"].iloc[-1] == "120 (then); and our own peak, 60"
    assert claims.fraction_days(history)["denominator_km2"][0] == 120.0


def test_share_of_one_hundred_is_true_of_any_total_or_of_none() -> None:
    anything = row_of(**SHARE, as_of_date="2024-08-10", lower=100.0)  # one policy leaves A nothing
    assert anything["denominators"].startswith("any")
    assert anything["denominator_high"] == math.inf
    nothing = row_of(**SHARE, as_of_date="2024-08-09", lower=100.0)  # every policy leaves A 20
    assert nothing["denominators"].startswith("none: 20 km2")
    assert math.isnan(nothing["denominator_low"])


def test_share_of_nothing_lost_is_not_comparable() -> None:
    row = row_of(**SHARE, as_of_date="2024-08-05", lower=50.0)
    assert row["verdict"] == "not comparable"
    assert "nothing" in row["reason"]


@pytest.mark.parametrize("day", ["2024-08-04", "2024-08-11"])
def test_day_outside_the_period_is_not_comparable(day: str) -> None:
    row = row_of(as_of_date=day)
    assert row["verdict"] == "not comparable"
    assert "outside the period 2024-08-05 to 2024-08-10" in row["reason"]


def test_as_of_history_marks_later_claims_and_refuses_later_days() -> None:
    table = ledger(
        {"as_of_date": "2024-08-07", "published_date": "2024-08-07", "lower": 30.0},
        {"as_of_date": "2024-08-07", "published_date": "2024-08-09", "lower": 30.0},
        {"as_of_date": "2024-08-09", "published_date": "2024-08-09", "lower": 30.0},
    )
    rows = claims.test_claims(miniature(table, as_of="2024-08-08"))
    assert list(rows["verdict"]) == ["within", "within", "not comparable"]
    assert "as-of" not in rows["reason"][0]
    assert "published 2024-08-09, after the as-of day 2024-08-08" in rows["reason"][1]
    assert "later than the as-of day 2024-08-08" in rows["reason"][2]


def test_approximate_day_is_said() -> None:
    assert "approximate" in row_of(date_precision="approx")["reason"]


def test_unknown_measure_keeps_its_row() -> None:
    row = row_of(measure="morale_gained_back", basis="guess")
    assert row["verdict"] == "not comparable"
    assert "morale_gained_back" in row["reason"]


def test_ledger_is_kept_whole_and_unchanged() -> None:
    table = ledger({"lower": 1.0}, {"measure": "settlements_held"}, {"as_of_date": "2030-01-01"}, {"lower": 5.0})
    before = table.copy(deep=True)
    rows = claims.test_claims(miniature(table))
    pd.testing.assert_frame_equal(table, before)
    pd.testing.assert_frame_equal(rows[list(table.columns)], table)
    assert (rows["reason"].str.len() > 0).all()


STATES = st.lists(st.lists(st.integers(0, 3), min_size=5, max_size=5), min_size=6, max_size=6).map(
    lambda rows: np.array(rows, dtype=np.uint8)
)
CLAIMS = st.lists(
    st.fixed_dictionaries(
        {
            "measure": st.sampled_from(
                ["area_held", "area_gained", "area_regained", "share_regained", "settlements_held"]
            ),
            "basis": st.sampled_from(["control", "control+grey", "combat zone"]),
            "party": st.sampled_from(["A", "B"]),
            "as_of_date": st.sampled_from(["", "2024-08-01", *map(str, DAYS.strftime("%Y-%m-%d"))]),
            "period_start": st.sampled_from(["", "2024-08-05"]),
            "region": st.sampled_from(["East", "West", "East;West"]),
            "lower": st.integers(0, 160).map(float),
        }
    ),
    min_size=1,
    max_size=6,
)


@given(STATES, STATES, CLAIMS)
@settings(max_examples=30, deadline=None)
def test_laws_of_the_ledger(one: CodeArray, other: CodeArray, rows: list[dict[str, object]]) -> None:
    """One row for each claim; low, best and high in order; the verdict follows from them; every reason is told."""
    table = ledger(*rows)
    result = claims.test_claims(miniature(table, cells={"assessed": one, "other": other}))
    assert list(result["claim_id"]) == list(table["claim_id"])
    assert (result["reason"].str.len() > 0).all()
    judged = result[result["verdict"] != "not comparable"]
    assert (judged["figure_low"] <= judged["figure"]).all()
    assert (judged["figure"] <= judged["figure_high"]).all()
    assert ((judged["verdict"] == "above") == (judged["lower"] - 0.5 > judged["figure_high"])).all()
    assert ((judged["verdict"] == "below") == (judged["upper"] + 0.5 < judged["figure_low"])).all()
    middle = (judged["lower"] + judged["upper"]) / 2
    assert (judged["difference"] == middle - judged["figure"]).all()


@given(STATES, STATES, CLAIMS)
@settings(max_examples=30, deadline=None)
def test_order_of_policies_does_not_matter(one: CodeArray, other: CodeArray, rows: list[dict[str, object]]) -> None:
    table = ledger(*rows)
    here = claims.test_claims(miniature(table, cells={"assessed": one, "bold": other}))
    there = claims.test_claims(miniature(table, cells={"bold": other, "assessed": one}))
    pd.testing.assert_frame_equal(here, there)


def test_fraction_days() -> None:
    table = ledger({"lower": 100.0}, {"lower": 100.0}, {"lower": 90.0}, {"party": "B", "region": "West"})
    days = claims.fraction_days(miniature(table))
    assert list(days["denominator_km2"]) == [100.0, 60.0]
    assert days["denominator"][0] == "100 km2 (published, 2 of 3 figures)"
    assert set(days["party"] + days["region"]) == {"AEast"}
    assert list(days["threshold_km2"]) == [50.0, 30.0]
    assert list(days["peak_date"]) == [pd.Timestamp("2024-08-08")] * 2
    # Assessed 60, 20, 30 from its peak on; the low area never exceeds 30; the high one never falls below 70.
    assert list(days["day"]) == [pd.Timestamp("2024-08-09")] * 2
    assert days["day_low"].isna().all()
    assert days["day_high"].isna().all()
    assert days["why_low"].str.contains("never above it").all()
    assert days["why_high"].str.startswith("not yet by").all()


def test_fraction_day_of_the_low_area() -> None:
    # A fifth of our peak is 12 km2: the low area has 30, 20, 0 from its peak on, the best one never falls so far.
    days = claims.fraction_days(miniature(ledger({"lower": 100.0})), fraction=0.2)
    assert days["day_low"][1] == pd.Timestamp("2024-08-10")
    assert pd.isna(days["day"][1])


def test_fraction_days_without_figures_or_with_a_senseless_fraction() -> None:
    assert claims.fraction_days(miniature(ledger({"measure": "settlements_held"}))).empty
    with pytest.raises(ValueError, match="between 0 and 1"):
        claims.fraction_days(miniature(ledger({"lower": 1.0})), fraction=1.5)


def test_first_day_at_or_below_counts_from_the_peak() -> None:
    area = np.array([3.0, 9.0, 2.0, 10.0, 6.0, 5.0])
    assert claims.first_day_at_or_below(DAYS, area, 5.0) == pd.Timestamp("2024-08-10")
    assert claims.first_day_at_or_below(DAYS, area, 6.0) == pd.Timestamp("2024-08-09")
    assert pd.isna(claims.first_day_at_or_below(DAYS, area, 4.0))
    assert pd.isna(claims.first_day_at_or_below(DAYS, area, 10.0))


@pytest.mark.parametrize(
    ("lower", "upper", "held", "low", "high"),
    [
        (50.0, 50.0, Interval(600, 650, 700), 1200.0, 1400.0),
        (40.0, 45.0, Interval(660, 700, 715), 1100.0, 1300.0),
        (99.5, 99.5, Interval(3, 3, 3), 600.0, 600.0),
        (90.0, 100.0, Interval(5, 5, 5), 50.0, math.inf),
        (50.0, 50.0, Interval(0, 0, 0), 0.0, 0.0),
    ],
)
def test_denominators_by_hand(lower: float, upper: float, held: Interval, low: float, high: float) -> None:
    found = claims.denominators(lower, upper, held)
    assert found is not None
    assert found.low == pytest.approx(low)
    assert found.high == pytest.approx(high)


@cache
def kursk() -> History:
    return assess(load("kursk"), policy="assessed")


def test_ledger_of_kursk_keeps_all_133_claims() -> None:
    rows = claims.test_claims(kursk())
    assert len(rows) == 133
    assert list(rows["claim_id"]) == [f"c{n:04d}" for n in range(1, 134)]
    assert (rows["reason"].str.len() > 0).all()
    assert set(rows["verdict"]) <= {"within", "above", "below", "not comparable"}
    # Counted by hand in the ledger: four fighting zones and one gain without a start cannot be compared.
    refused = set(rows.loc[rows["verdict"] == "not comparable", "claim_id"])
    assert refused == {"c0003", "c0005", "c0011", "c0035", "c0082"}
    comparable = rows[rows["verdict"] != "not comparable"]
    assert comparable[["figure_low", "figure", "figure_high"]].notna().all(axis=None)


def test_half_of_1300_takes_the_figure_from_the_ledger() -> None:
    # Counted by hand: c0020, c0045, c0047, c0051 and c0053 say 1,300; the next most frequent, 1,000, has four.
    days = claims.fraction_days(kursk())
    assert days["denominator_km2"][0] == 1300.0
    assert days["denominator"][0].startswith("1,300 km2 (published, 5 of ")
    assert list(days["threshold_km2"]) == [650.0, days["denominator_km2"][1] / 2]
