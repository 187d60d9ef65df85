"""The ledger under an estimate: intervals from four hand-made draws, every one of them counted by hand."""

from __future__ import annotations

from itertools import pairwise, product

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from frontmap import claims
from frontmap.areas import CodeArray
from frontmap.claims.course import Measure
from frontmap.claims.ground import Ground, Grounds, cells_of_places
from frontmap.claims.reading import read_claims
from frontmap.history import History
from tests.miniature import FakeDraws, fake_draws, ledger, miniature

# Four draws at the nodes 5, 7 and 10 August; half of them lie between low and high, interpolated as numpy does: low is
# three quarters of the way from the first to the second, high a quarter of it from the third to the fourth. Then they
# are laid `about` the best figure. Held by A on B's side: 0; 10, 30, 60, 100; 0, 20, 30, 70 km2.
NODES = (0.0, 2.0, 5.0)
DRAWS = (
    ("BBBBA", "ABBBA", "BBBBA"),
    ("BBBBA", "AABBA", "BABBA"),
    ("BBBBA", "AAABA", "BBABA"),
    ("BBBBA", "AAAAA", "BBAAA"),
)
SHARE = {"party": "B", "measure": "share_regained", "basis": "share", "unit": "percent"}
REGAINED = {"party": "B", "measure": "area_regained", "basis": "cumulative"}
GAINED = {"measure": "area_gained", "basis": "period gain"}


def drawn(table: pd.DataFrame) -> History:
    return miniature(table, draws=fake_draws(NODES, DRAWS))


def row_of(**row: object) -> pd.Series:
    return claims.test_claims(drawn(ledger(row))).iloc[0]


def figures(row: pd.Series) -> list[float]:
    return [round(float(row[name]), 6) for name in ("figure_low", "figure", "figure_high")]


def about(best: float, low: float, middle: float, high: float) -> object:
    """Scale low and high of the draws as their median is scaled to the best figure."""
    return pytest.approx([low * best / middle, best, high * best / middle], rel=1e-5)


def test_draws_are_laid_about_the_best_figure() -> None:
    # 7 August: 10, 30, 60, 100, median 45; our best map gives 30, two thirds of it: 20/3, 20, 40, 200/3. A quarter of
    # these lie below 20/3 + 3/4 * 40/3 = 50/3, and a quarter above 40 + 1/4 * 80/3 = 140/3.
    assert figures(row_of(as_of_date="2024-08-07")) == pytest.approx([50 / 3, 30.0, 140 / 3])
    # Without the fourth draw the median is our 30: 10, 30, 60 stay as they are.
    history = miniature(ledger({"as_of_date": "2024-08-07"}), draws=fake_draws(NODES, DRAWS[:3]))
    assert figures(claims.test_claims(history).iloc[0]) == [20.0, 30.0, 45.0]


def test_draws_are_scaled_to_half_at_most_and_not_at_all_where_their_median_is_nothing() -> None:
    # West on 10 August: B holds the 50 km2 in our best map and in no draw.
    row = row_of(party="B", region="West", as_of_date="2024-08-10")
    assert figures(row) == [0.0, 50.0, 50.0]
    # South on 7 August: 0, 0, 30, 70; best 0, the rest contested: half of these.
    assert figures(row_of(as_of_date="2024-08-07", district="South")) == pytest.approx([0.0, 0.0, 20.0])


def test_no_draw_exceeds_the_ground() -> None:
    # 6 August, B in the East: 95, 85, 70, 50, that is 65 to 87.5 about 77.5, and 90 in our best map: 110.3, 98.7, 81.3,
    # 58.1 of 100 km2, and 75.5 to 101.6.
    ground = ground_of(drawn(ledger({})), party="B", measure="area_regained")
    scale = 90 / 77.5
    assert ground.on("held", 1) == pytest.approx((65 * scale, 90.0, 100.0))
    assert list(ground.series("held")[1][1]) == pytest.approx([100.0, 85 * scale, 70 * scale, 50 * scale])
    # The most that B held is the whole ground, on the first day and in every draw.
    assert ground.peak("held") == (100.0, 100.0, 100.0)


def test_ground_held_at_a_node_and_between_nodes() -> None:
    assert figures(row_of(as_of_date="2024-08-07")) == about(30.0, 25.0, 45.0, 70.0)
    # A third of the way to 10 August: 20/3, 80/3, 50, 90.
    assert figures(row_of(as_of_date="2024-08-08")) == about(60.0, 65 / 3, 115 / 3, 60.0)
    # 6 August, half of the way: 5, 15, 30, 50, median 22.5; ours is less than half of that, so half of 12.5 and of 35.
    assert figures(row_of(as_of_date="2024-08-06")) == pytest.approx([6.25, 10.0, 17.5])


def test_undated_peak_is_that_of_each_draw() -> None:
    # All on 7 August: 10, 30, 60, 100; ours on the 8th. They are laid about it once, not day by day before.
    row = row_of(as_of_date="", date_precision="peak-undated")
    assert figures(row) == about(60.0, 25.0, 45.0, 70.0)


def test_contested_band_is_added_to_every_draw() -> None:
    # 7 August: our best map has the 30 km2 cell contested; draws 40, 60, 60, 100.
    assert figures(row_of(as_of_date="2024-08-07", basis="control+grey")) == pytest.approx([55.0, 60.0, 70.0])


def test_one_district() -> None:
    # North on 7 August: 10, 30, 30, 30, in our best map all 30.
    assert figures(row_of(as_of_date="2024-08-07", district="North")) == about(30.0, 25.0, 30.0, 30.0)
    # South on 10 August: 0, 0, 30, 70, that is 0 to 40 about 15; about our 30 it would be 0 to 80, of 70.
    assert figures(row_of(as_of_date="2024-08-10", district="South")) == [0.0, 30.0, 70.0]


def test_gain_is_counted_cell_by_cell_in_each_draw() -> None:
    # B gains from 7 to 10 August 10, 10, 30, 30, though what A holds falls by 10, 10, 30, 30 too.
    days = {"period_start": "2024-08-07", "as_of_date": "2024-08-10"}
    assert figures(row_of(**GAINED, **days, party="B")) == about(30.0, 10.0, 20.0, 30.0)
    # A gains nothing in any draw, and the contested cell of 30 km2 in our best map.
    assert figures(row_of(**GAINED, **days)) == pytest.approx([0.0, 30.0, 30.0])


def test_gain_over_a_part_of_the_time_between_nodes_is_that_part_of_it() -> None:
    # 6 to 7 August, half of the way from the first node: 5, 15, 30, 50; best 20.
    row = row_of(**GAINED, period_start="2024-08-06", as_of_date="2024-08-07")
    assert figures(row) == about(20.0, 12.5, 22.5, 35.0)


def test_gains_less_losses_are_the_change_of_what_is_held() -> None:
    ground = ground_of(drawn(ledger({})))
    for start in np.arange(0.0, 5.0, 0.5):
        for end in np.arange(start, 5.5, 0.5):
            change = ground.others.on("held", end) - ground.others.on("held", start)
            net = ground.others.gained(start, end) - ground.others.gained(end, start)
            np.testing.assert_allclose(net, change, atol=1e-9)


def test_regained_needs_the_other_side_on_an_earlier_day_of_the_same_draw() -> None:
    # 10 August: 10, 10, 30, 30. On the 9th two thirds of it.
    assert figures(row_of(**REGAINED, as_of_date="2024-08-10")) == about(30.0, 10.0, 20.0, 30.0)
    assert figures(row_of(**REGAINED, as_of_date="2024-08-09")) == about(10.0, 20 / 3, 40 / 3, 20.0)
    assert figures(row_of(**REGAINED, as_of_date="2024-08-05")) == pytest.approx([0.0, 0.0, 0.0])


def test_share_divides_within_one_draw() -> None:
    # 10 August: 10 of 10, 10 of 30, 30 of 60, 30 of 100; never 30 of 10 + 20. In order 30, 33 1/3, 50, 100 %.
    row = row_of(**SHARE, as_of_date="2024-08-10", lower=40.0)
    assert figures(row) == about(50.0, 32.5, 125 / 3, 62.5)
    assert row["verdict"] == "within"
    assert "50 % of the draws" in row["reason"]


def test_share_is_true_of_totals_from_the_draws() -> None:
    # A still holds 0, 20, 30, 70, that is 15 to 40 about 25; laid about our 30 it is 18 to 48, and half is true of
    # twice that. Regained are 10 to 30 about 20; laid about our 30 it is 15 to 45.
    row = row_of(**SHARE, as_of_date="2024-08-10", lower=50.0)
    assert list(row[["denominator_low", "denominator", "denominator_high"]]) == pytest.approx([36.0, 60.0, 96.0])
    assert list(row[["denominator_regained_low", "denominator_regained_high"]]) == pytest.approx([30.0, 90.0])
    assert row["denominators"] == "and our own peak, 60"


def test_share_of_nothing_lost_is_not_comparable() -> None:
    assert row_of(**SHARE, as_of_date="2024-08-05", lower=40.0)["verdict"] == "not comparable"


def test_settlements_follow_the_cell_they_lie_in() -> None:
    # 7 August: one to four places in the draws, and the sixth, which has no cell and is A's in our best states: 2 to 5.
    held = {"measure": "settlements_held", "unit": "count"}
    assert figures(row_of(**held, as_of_date="2024-08-07")) == about(3.0, 2.75, 3.5, 4.25)
    # 8 August: 2/3, 5/3, 7/3, 10/3 between the nodes; the sixth counts in full.
    assert figures(row_of(**held, as_of_date="2024-08-08")) == about(4.0, 1 + 17 / 12, 3.0, 1 + 31 / 12)


def test_settlement_without_cell_does_not_vary() -> None:
    row = {"measure": "settlements_held", "district": "Nowhere", "as_of_date": "2024-08-07"}
    history = drawn(ledger(dict(row)))
    history.theatre.places["district"] = [*history.theatre.places["district"][:5], "Nowhere"]
    assert figures(claims.test_claims(history).iloc[0]) == pytest.approx([1.0, 1.0, 1.0])


def test_place_lies_in_its_own_cell_even_where_it_has_several() -> None:
    history = drawn(ledger({}))
    np.testing.assert_array_equal(cells_of_places(history), [0, 1, 2, 3, 4, -1])
    history.cells["place_ids"] = [("p0",), ("p0",), ("p0", "p2"), ("p3",), ("p4",)]
    # p1 has lost its cell, and p0 lies in the first of its three.
    np.testing.assert_array_equal(cells_of_places(history), [0, -1, 2, 3, 4, -1])


def test_fraction_days_tell_censored_draws() -> None:
    # Laid about our 0, 10, 30, 60, 20, 30 day by day, the draws hold, to a tenth (the last would be 141 of 100):
    #   0, 2.2, 6.7, 10.4, 2.1, 0;     0, 6.7, 20, 41.7, 14.7, 24;
    #   0, 13.3, 40, 78.3, 25.3, 36;   0, 22.2, 66.7, 100, 50.5, 84.
    # 45 % of 100: two draws never held so much, one falls to it on the 9th, one does not.
    days = claims.fraction_days(drawn(ledger({"lower": 100.0})), fraction=0.45).set_index("denominator")
    published = days.loc["100 km2 (published, 1 of 1 figures)"]
    assert published["day"] == pd.Timestamp("2024-08-09")
    assert pd.isna(published["day_low"])
    assert published["why_low"] == "never above it in 50 % of the draws"
    assert published["day_high"] == pd.Timestamp("2024-08-09")
    assert published["reached"] == 0.25
    # 45 % of each draw's own peak, 4.7, 18.8, 35.2, 45: all but the last on the 9th.
    own = days.loc["our peak"]
    assert (own["denominator_km2"], own["threshold_km2"]) == (60.0, 27.0)
    assert (own["day_low"], own["day"], own["day_high"]) == (pd.Timestamp("2024-08-09"),) * 3
    assert own["reached"] == 0.75
    assert "peaks: best 2024-08-08, 60 km2 (33 to 93)" in own["note"]


def test_fraction_table_takes_shares_and_totals_from_the_ledger() -> None:
    table = ledger(
        {"claim_id": "often", "lower": 100.0},
        {"claim_id": "often2", "lower": 100.0},
        {"claim_id": "peak1", "as_of_date": "", "lower": 90.0},
        {"claim_id": "peak2", "as_of_date": "", "lower": 120.0},
        {"claim_id": "between", "lower": 95.0},
        {"claim_id": "small", "lower": 40.0},
        {"claim_id": "range", "lower": 91.0, "upper": 110.0},
        {"claim_id": "half", **SHARE, "lower": 50.0},
        {"claim_id": "most", **SHARE, "lower": 55.0, "upper": 70.0},
        {"claim_id": "half2", **SHARE, "as_of_date": "2024-08-09", "lower": 50.0},
        {"claim_id": "elsewhere", **SHARE, "lower": 60.0, "region": "West"},
        {"claim_id": "district", **SHARE, "lower": 65.0, "district": "North"},
        {"claim_id": "all", **SHARE, "lower": 100.0},
    )
    found = claims.fraction_table(drawn(table))
    assert list(found["lost_percent"].unique()) == [50.0, 55.0, 100.0]
    half = found[found["lost_percent"] == 50.0]
    assert set(half["claim_ids"]) == {"half;half2"}
    assert set(half["claimed"]) == {"2024-08-08;2024-08-09"}
    assert list(half["denominator"]) == [
        "100 km2 (published, 2 of 7 figures)", "our peak", "90 km2 (peak1)", "95 km2 (between)", "120 km2 (peak2)",
    ]  # fmt: skip
    assert list(half["threshold_km2"]) == [50.0, 30.0, 45.0, 47.5, 60.0]
    assert set(found.loc[found["lost_percent"] == 100.0, "threshold_km2"]) == {0.5}
    # What `fraction_days` says of one fraction is a part of the table.
    one = claims.fraction_days(drawn(table))
    pd.testing.assert_frame_equal(one, half.head(2)[list(one.columns)].reset_index(drop=True))


def test_fraction_table_without_figures_is_empty() -> None:
    assert claims.fraction_table(drawn(ledger(dict(SHARE)))).empty
    assert claims.fraction_table(drawn(ledger({"lower": 1.0}))).empty


def test_history_that_begins_after_the_first_node() -> None:
    history = drawn(ledger({"as_of_date": "2024-08-08"}))
    vars(history).update(
        days=history.days[2:],
        day_numbers=history.day_numbers[2:],
        codes=history.codes[2:],
        contested_cells=history.contested_cells[2:],
        place_states={name: codes[2:] for name, codes in history.place_states.items()},
    )
    assert figures(claims.test_claims(history).iloc[0]) == about(60.0, 65 / 3, 115 / 3, 60.0)


def ground_of(history: History, **row: object) -> Ground:
    (claim,) = read_claims(ledger(row))
    return Grounds(history).of(claim)


# Five draws of five cells at three nodes.
TABLES = arrays(np.uint8, (3, 5, 5), elements=st.integers(0, 1))
FRACTIONS = st.lists(st.floats(0.02, 0.98), min_size=2, max_size=5).map(sorted)
ROWS = st.lists(
    st.fixed_dictionaries(
        {
            "measure": st.sampled_from(
                ["area_held", "area_gained", "area_regained", "share_regained", "settlements_held"]
            ),
            "party": st.sampled_from(["A", "B"]),
            "as_of_date": st.sampled_from(["", "2024-08-06", "2024-08-07", "2024-08-09", "2024-08-10"]),
            "period_start": st.sampled_from(["", "2024-08-05"]),
            "region": st.sampled_from(["East", "West", "East;West"]),
            "lower": st.integers(0, 160).map(float),
        }
    ),
    min_size=1,
    max_size=6,
)


def history_of(table: CodeArray, rows: list[dict[str, object]], level: float = 0.8) -> History:
    return miniature(ledger(*rows), draws=FakeDraws(np.array(NODES), table, level))


@settings(max_examples=30)
@given(TABLES, ROWS)
def test_laws_of_the_ledger(table: CodeArray, rows: list[dict[str, object]]) -> None:
    found = claims.test_claims(history_of(table, rows))
    judged = found[found["verdict"] != "not comparable"]
    assert (judged["figure_low"] <= judged["figure"]).all()
    assert (judged["figure"] <= judged["figure_high"]).all()
    shares = judged[judged["measure"].str.startswith("share")]
    assert (shares[["figure_low", "figure", "figure_high"]].to_numpy(dtype=float) >= 0).all()
    assert (shares[["figure_low", "figure", "figure_high"]].to_numpy(dtype=float) <= 100 + 1e-9).all()


@settings(max_examples=30)
@given(TABLES, ROWS)
def test_order_of_rows_and_of_draws_does_not_matter(table: CodeArray, rows: list[dict[str, object]]) -> None:
    named = [row | {"claim_id": f"c{n}"} for n, row in enumerate(rows)]
    one = claims.test_claims(history_of(table, named)).set_index("claim_id")
    other = claims.test_claims(history_of(table[:, :, ::-1], named[::-1])).set_index("claim_id")
    pd.testing.assert_frame_equal(one.drop(columns="denominators"), other.loc[one.index].drop(columns="denominators"))
    assert [set(text.split("; ")) for text in one["denominators"]] == [
        set(text.split("; ")) for text in other.loc[one.index, "denominators"]
    ]


@settings(max_examples=20)
@given(TABLES)
def test_interval_holds_the_best_figure_and_is_as_wide_as_the_draws(table: CodeArray) -> None:
    ground = ground_of(history_of(table, [{}]), party="B", region="East;West", measure="area_regained")
    measures: tuple[Measure, ...] = ("held", "regained", "opposed")
    for measure, day in product(measures, range(6)):
        low, best, high = ground.on(measure, day)
        assert 0 <= low <= best <= high <= 150
        draws = ground.others.on(measure, float(day))
        if (draws > 0).all() and high < 150 and 0.5 < best / np.median(draws) < 2 and low < best < high:
            tenth, most = np.quantile(draws, [0.1, 0.9])
            assert high / low == pytest.approx(most / tenth)


@settings(max_examples=30)
@given(TABLES, FRACTIONS)
def test_smaller_fractions_are_reached_no_earlier(table: CodeArray, fractions: list[float]) -> None:
    history = history_of(table, [{"lower": 80.0}])
    never, not_yet = pd.Timestamp("1900-01-01"), pd.Timestamp("2100-01-01")
    days = []
    for fraction in reversed(fractions):
        found = claims.fraction_days(history, fraction=fraction)
        for end in ("", "_low", "_high"):
            missing = found[f"why{end}"].str.startswith("never").map({True: never, False: not_yet})
            found[f"day{end}"] = found[f"day{end}"].fillna(missing)
        assert (found["day_low"] <= found["day"]).all()
        assert (found["day"] <= found["day_high"]).all()
        days.append(found[["day_low", "day", "day_high"]])
    for earlier, later in pairwise(days):
        assert (earlier <= later).all(axis=None)


def test_ledger_of_kursk_under_the_estimate(kursk_estimate: History) -> None:
    history = kursk_estimate
    rows = claims.test_claims(history)
    assert len(rows) == 133
    # The same five that cannot be compared under a rule.
    refused = set(rows.loc[rows["verdict"] == "not comparable", "claim_id"])
    assert refused == {"c0003", "c0005", "c0011", "c0035", "c0082"}
    comparable = rows[rows["verdict"] != "not comparable"]
    assert comparable[["figure_low", "figure", "figure_high"]].notna().all(axis=None)
    # The areas of the ledger are those of the history.
    held = comparable[(comparable["measure"] == "area_held") & (comparable["basis"] == "control")]
    held = held[(held["region"] == "Kursk Oblast") & (held["district"] == "") & held["as_of_date"].notna()].iloc[::15]
    for day, *ours in zip(held["as_of_date"].dt.strftime("%Y-%m-%d"), held["figure_low"], held["figure"], strict=True):
        theirs = history.area_on(day, "UA", side="RU", regions=["Kursk Oblast"])
        assert ours == pytest.approx(theirs[:2], abs=0.05)


def test_fractions_of_kursk_are_those_that_were_published(kursk_estimate: History) -> None:
    table = claims.fraction_table(kursk_estimate)
    # Counted by hand in the ledger: shares, and totals that the issue names.
    assert list(table["lost_percent"].unique()) == [23.0, 40.0, 46.0, 50.0, 63.2, 64.0, 66.0, 86.0, 99.5, 100.0]
    half = table[table["lost_percent"] == 50.0]
    assert half["denominator_km2"].iloc[0] == 1300.0
    assert {1263.0, 1268.0, 1294.0, 1376.0, 1400.0} <= set(half["denominator_km2"])
    assert table["reached"].between(0, 1).all()
