"""Validation measures what it says: truths of known area, reports wrong as asked, scores that can be done by hand."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from frontmap.errors import PolicyError
from frontmap.estimate.parameters import Parameters
from frontmap.history import History, assess
from frontmap.spread import spread
from frontmap.theatre import Theatre, load
from frontmap.validation import criteria, heldout, synthetic
from frontmap.validation.page import Findings, page
from frontmap.validation.reporting import Case, make_case
from frontmap.validation.revisions import areas_held, revisions, settled_days
from frontmap.validation.revisions import summarise as sum_up
from frontmap.validation.rivals import gp_classifier, half_samples, last_reports, nearest_place
from frontmap.validation.scores import clustered_mean, clustered_ratio, interval_score
from frontmap.validation.truths import KINDS, N_DAYS, WIDTH_KM, Truth, make_truth
from tests.theatres import report, some_reports, write_theatre

FAST = Parameters(draws=40, draw_every_days=30.0)
Pathlike = pytest.TempPathFactory


def a_case(seed: int = 0, km2: float = 50.0, wrong: float = 0.1) -> Case:
    return make_case(seed, km2_per_place=km2, wrong_share=wrong, truth=make_truth(seed))


# Truths


@pytest.mark.parametrize("seed", [0, 1, 2, 7])
def test_a_truths_area_is_that_of_an_independent_integration(seed: int) -> None:
    truth = make_truth(seed)
    middles = np.arange(0.05, WIDTH_KM, 0.1)
    x, y = (grid.ravel() for grid in np.meshgrid(middles, middles))

    held = truth.holds(x, y, [30, 60, 110])

    assert [truth.area_km2(day) for day in (30, 60, 110)] == pytest.approx(held.sum(axis=1) * 0.01, rel=2e-3, abs=0.5)


def test_the_area_of_a_sloping_front_is_a_trapezium() -> None:
    knots = np.arange(-6.0, 55.0)
    slope = Truth("line", np.array([10.0 + 0.25 * knots]), np.zeros((1, 3)))

    # from 10 km deep in the west to 22 km in the east
    assert slope.area_km2(0) == pytest.approx(WIDTH_KM * 16.0, rel=1e-4)
    assert slope.inside_km(np.array([24.0]), np.array([15.0]), [0]) == pytest.approx(np.array([[1.0]]))


def test_a_bend_moves_ground_along_the_border_only() -> None:
    level = np.full((1, 61), 12.0)
    bent = Truth("line", level, np.array([[1.5, 0.8, 0.3]]))

    assert bent.area_km2(0) == pytest.approx(Truth("line", level, np.zeros((1, 3))).area_km2(0), rel=1e-6)


def test_truths_start_with_nothing_held_and_take_turns_in_kind() -> None:
    truths = [make_truth(seed) for seed in range(6)]

    assert [truth.kind for truth in truths] == [*KINDS, *KINDS]
    assert {truth.area_km2(0) for truth in truths} == {0.0}
    assert all(truth.area_km2(40) > 50.0 for truth in truths)
    assert np.array_equal(make_truth(4).depth_km, truths[4].depth_km)
    with pytest.raises(ValueError, match="kind among line, salient, rough"):
        make_truth(0, "spiral")


# Reports


@pytest.mark.parametrize("share", [0.0, 0.03, 0.1, 0.5])
@pytest.mark.parametrize("km2", [8.0, 50.0])
def test_exactly_the_share_asked_for_is_wrong(share: float, km2: float) -> None:
    case = a_case(3, km2, share)
    first_hand = (case.reports["relay_of"] == "").to_numpy() & case.is_decisive()

    assert case.is_wrong()[first_hand].sum() == round(share * first_hand.sum())


def test_relays_repeat_what_they_relay_right_or_wrong() -> None:
    case = a_case(1, 8.0, 0.3)
    relays = case.reports[case.reports["relay_of"] != ""]
    first = case.reports.set_index("report_id").loc[relays["relay_of"]].reset_index()

    assert 0.05 < len(relays) / len(case.reports) < 0.3
    for column in ("place_id", "party", "status", "day", "event_date"):
        assert relays[column].tolist() == first[column].tolist(), column
    assert (relays["published_date"].to_numpy() >= first["published_date"].to_numpy()).all()
    wrong = dict(zip(case.reports["report_id"], case.is_wrong(), strict=True))
    assert any(wrong[i] for i in relays["report_id"])
    assert all(wrong[i] == wrong[j] for i, j in zip(relays["report_id"], relays["relay_of"], strict=True))


def test_reports_come_late_never_early_and_some_lists_very_late() -> None:
    cases = [a_case(seed, 8.0, 0.03) for seed in range(6)]
    lag = pd.concat([(c.reports["published_date"] - c.reports["event_date"]).dt.days for c in cases])
    rough = pd.concat([c.reports["date_precision"] == "approx" for c in cases])

    assert lag.min() >= 0
    assert lag[rough.to_numpy()].max() > 10
    partisan = pd.concat([c.reports["origin_side"] for c in cases])
    assert set(partisan) == {"A", "B", "independent"}


def test_places_and_habits_are_the_same_whatever_is_wrong_and_the_same_again() -> None:
    one, other, again = a_case(2, 20.0, 0.0), a_case(2, 20.0, 0.1), a_case(2, 20.0, 0.1)

    pd.testing.assert_frame_equal(one.places, other.places)
    pd.testing.assert_frame_equal(other.reports, again.reports)
    assert len(one.places) == int(WIDTH_KM**2 / 20.0)
    with pytest.raises(ValueError, match="share from 0 to 1"):
        a_case(wrong=1.2)


# Rivals


def test_the_last_decisive_report_of_a_place_decides_and_home_holds_the_rest() -> None:
    case = a_case()
    ids = case.places["place_id"].tolist()
    rows = [
        ("a1", ids[0], "A", "claimed", 10, "2024-01-12"),
        ("a2", ids[0], "B", "contested", 20, "2024-01-22"),  # decides nothing
        ("a3", ids[1], "A", "controlled", 10, "2024-01-12"),
        ("a4", ids[1], "B", "controlled", 10, "2024-01-13"),  # the same day, published later
        ("a5", ids[2], "A", "claimed", 31, "2024-02-02"),  # after the day asked for
    ]
    names = ["report_id", "place_id", "party", "status", "day", "published_date"]
    made = Case(case.truth, case.places, pd.DataFrame(rows, columns=names), case.sources)

    assert last_reports(made, 30)[:4].tolist() == [True, False, False, False]
    assert last_reports(made, 31)[:4].tolist() == [True, False, True, False]


def test_nearest_place_and_halves_of_places() -> None:
    case = a_case()
    points = np.random.default_rng(0).uniform(0, WIDTH_KM, (300, 2))
    held = last_reports(case, 60)
    xy = case.places[["x_km", "y_km"]].to_numpy()
    nearest = ((points[:, None] - xy) ** 2).sum(axis=2).argmin(axis=1)

    assert np.array_equal(nearest_place(case, held, points), held[nearest])
    everything = half_samples(case, np.ones((1, len(xy)), bool), points, 2.0, count=5, seed=0)
    assert everything.tolist() == [[600.0] * 5]
    once, again, other = (half_samples(case, held[None], points, 2.0, count=9, seed=s) for s in (1, 1, 2))
    assert np.array_equal(once, again)
    assert not np.array_equal(once, other)


def test_the_classifier_finds_a_plain_front_and_copes_with_one_class() -> None:
    case = a_case(km2=20.0)
    south = (case.places["y_km"] < 20.0).to_numpy()
    points = np.array([[24.0, 5.0], [24.0, 40.0]])

    assert gp_classifier(case, south, points).tolist() == [True, False]
    assert gp_classifier(case, np.zeros(len(south), bool), points).tolist() == [False, False]


# Scores


def test_interval_score_by_hand() -> None:
    # width 10; 2 below at 90 %: 10 + 20 x 2; 3 above at 80 %: 10 + 10 x 3
    assert interval_score([0.0], [10.0], [4.0], level=0.9).tolist() == pytest.approx([10.0])
    assert interval_score([0.0], [10.0], [-2.0], level=0.9).tolist() == pytest.approx([50.0])
    assert interval_score([0.0], [10.0], [13.0], level=0.8).tolist() == pytest.approx([40.0])
    with pytest.raises(ValueError, match="level between 0 and 1"):
        interval_score([0.0], [1.0], [0.0], level=90.0)


def test_the_interval_score_is_best_for_the_true_quantiles() -> None:
    truth = np.random.default_rng(0).standard_normal(20_000)
    scores = {z: interval_score([-z], [z], truth, level=0.9).mean() for z in (0.8, 1.2, 1.6449, 2.0, 2.6)}

    assert min(scores, key=lambda z: scores[z]) == 1.6449


@given(st.lists(st.floats(-100, 100), min_size=2, max_size=30), st.integers(2, 5))
def test_repeating_the_cases_of_a_truth_adds_no_certainty(values: list[float], times: int) -> None:
    truth = np.arange(len(values))
    once, often = clustered_mean(values, truth), clustered_mean(np.repeat(values, times), np.repeat(truth, times))

    assert once.error == pytest.approx(np.std(values, ddof=1) / np.sqrt(len(values)), abs=1e-9)
    assert often.value == pytest.approx(once.value, abs=1e-9)
    assert often.error == pytest.approx(once.error, abs=1e-9)


def test_a_ratio_and_its_error_by_hand() -> None:
    found = clustered_ratio([1.0, 3.0], [2.0, 2.0], [0, 1])

    # residuals 1 - 2 and 3 - 2; sqrt((1 + 1) x 2) / 4
    assert tuple(found) == pytest.approx((1.0, 0.5))
    assert np.isnan(clustered_ratio([1.0], [2.0], [0]).error)
    assert np.isnan(clustered_mean([np.nan], [0]).value)


# Synthetic cases


@pytest.fixture(scope="module")
def cases() -> pd.DataFrame:
    work = [synthetic.Job(seed, 50.0, wrong, FAST) for seed in (0, 1) for wrong in (0.0, 0.1)]
    return synthetic.run(work)


def test_a_case_is_scored_as_one_can_by_hand(cases: pd.DataFrame) -> None:
    row = cases.iloc[0]
    truth, day = make_truth(0), int(row["day"])

    assert row["truth_km2"] == pytest.approx(truth.area_km2(day))
    assert row["week_truth"] == pytest.approx(truth.area_km2(day + 7) - truth.area_km2(day))
    assert set(cases["method"]) == set(synthetic.METHODS)
    with_interval = cases[cases["method"].isin([synthetic.ESTIMATE, synthetic.HALVES])]
    assert (with_interval["area_low"] <= with_interval["area_high"]).all()
    assert cases.loc[cases["method"] == synthetic.VORONOI, "area_low"].isna().all()
    own = cases[cases["method"] == synthetic.ESTIMATE]
    area = own["truth_km2"] + own["error_km2"]
    assert ((own["area_low"] <= area) & (area <= own["area_high"])).all()
    assert cases["iou"].between(0.0, 1.0).all()
    assert cases["day"].max() + 30 < N_DAYS


def test_the_summary_is_the_mean_over_the_cases(cases: pd.DataFrame) -> None:
    summary = synthetic.summarise(cases, level=0.9)
    own = cases[(cases["method"] == synthetic.ESTIMATE) & (cases["wrong_share"] == 0.1)]
    voronoi = cases[(cases["method"] == synthetic.VORONOI) & (cases["wrong_share"] == 0.1)]
    cell = (50.0, 0.1)

    assert criteria.by_cell(summary, "error_km2")[cell].value == pytest.approx(own["error_km2"].abs().mean())
    held = own["month_truth"].between(own["month_low"], own["month_high"])
    assert criteria.by_cell(summary, "month_coverage")[cell].value == pytest.approx(held.mean())
    ratio = own["error_km2"].abs().sum() / voronoi["error_km2"].abs().sum()
    assert criteria.by_cell(summary, "error_ratio")[cell].value == pytest.approx(ratio)
    assert set(summary["truths"]) == {2}
    assert set(summary["cases"]) == {2 * len(synthetic.FIRST_DAYS)}


def test_results_do_not_depend_on_the_number_of_workers(cases: pd.DataFrame) -> None:
    work = [synthetic.Job(seed, 50.0, 0.1, FAST) for seed in (1, 0)]

    spread_out = synthetic.run(work, workers=2)

    alone = cases[cases["wrong_share"] == 0.1].sort_values("seed", ascending=False, kind="stable", ignore_index=True)
    pd.testing.assert_frame_equal(spread_out, alone, check_exact=True)


def test_jobs_give_every_cell_the_same_truths() -> None:
    work = synthetic.jobs(3, seed=5, parameters=FAST)

    assert len(work) == 3 * len(synthetic.KM2_PER_PLACE) * len(synthetic.WRONG_SHARES)
    assert {job.seed for job in work} == {5, 6, 7}
    assert list(spread(len, ["a", "bb"])) == [1, 2]


# Held-out reports


@pytest.fixture(scope="module")
def spoken_of(tmp_path_factory: Pathlike) -> Theatre:
    rows = [
        *some_reports(),
        report("u1", "sl-ash", "BB", "claimed", "2024-01-12", origin="BB press", origin_side="BB"),
        report("u2", "sl-elm", "AA", "controlled", "2024-01-14"),
        report("u3", "sl-oak", "AA", "controlled", "2024-01-09"),
        report("u4", "nl-pine", "AA", "controlled", "2024-01-11"),
        report("u5", "nl-pine", "AA", "controlled", "2024-01-11", origin="AA staff", origin_side="AA"),
    ]
    return load(write_theatre(tmp_path_factory.mktemp("spoken") / "spoken", reports=rows))


def test_rules_for_held_out_reports_by_hand(spoken_of: Theatre) -> None:
    foretold = heldout.held_out(assess(spoken_of, policy="estimate"))

    # of what two origins say of Pine on one day one statement is left; nothing is said from near or in passing
    assert foretold.groupby("place_id").size().to_dict() == {
        "nl-birch": 5, "nl-oak": 1, "nl-pine": 1, "sl-ash": 1, "sl-elm": 1, "sl-oak": 1,
    }  # fmt: skip
    assert foretold[list(heldout.RULES)].map(lambda p: 0.0 <= p <= 1.0).all(axis=None)
    # whoever is at home holds: AA in Southland, BB in Northland
    home = foretold["place_id"].str[:2].map({"sl": "AA", "nl": "BB"})
    expected = ((home == foretold["party"]) == foretold["holds"]).astype(float)
    assert foretold["baseline"].tolist() == expected.tolist()
    # on 4 January nothing has been said of any other place yet: the last report's rule falls back on home
    assert foretold.iloc[foretold["date"].argmin()][["last", "baseline"]].tolist() == [0.0, 0.0]
    scores = heldout.summarise(foretold).set_index("rule")
    assert scores["brier"]["baseline"] == pytest.approx((1 - expected).mean())
    assert heldout.calibration(foretold)["reports"].sum() == len(foretold)


def test_held_out_reports_need_the_estimate(spoken_of: Theatre) -> None:
    with pytest.raises(PolicyError, match="policy 'estimate', found 'assessed'"):
        heldout.held_out(assess(spoken_of, policy="assessed"))


# What was known when


def test_settled_days_by_hand() -> None:
    nan = np.nan
    known = np.array([[100.0, nan, nan], [150.0, 200.0, nan], [195.0, 150.0, 80.0]])

    # day 0: right on day 14 only; day 7: right at once, then off again; day 14: off by 8 km2, which is near
    assert settled_days(known, np.array([200.0, 200.0, 72.0]), np.array([0.0, 7.0, 14.0])).tolist() == pytest.approx(
        [14.0, nan, 0.0], nan_ok=True
    )


def test_revisions_compare_what_was_known_by_each_day_with_the_end(spoken_of: Theatre) -> None:
    final: History = assess(spoken_of, policy="assessed")

    table = revisions(final, party="AA", side="NL", every_days=6)

    for row in table.to_dict("records"):
        then = assess(spoken_of, as_of=row["date"].date(), policy="assessed").area_on(row["date"], "AA", side="NL")
        now = final.area_on(row["date"], "AA", side="NL").best
        assert (row["then_km2"], row["final_km2"]) == pytest.approx((then.best, now))
        assert (row["then_low_km2"], row["then_high_km2"]) == pytest.approx((then.low, then.high))
    assert areas_held(final, "AA", "NL")[9] == pytest.approx(final.area_on("2024-01-10", "AA", side="NL").best)
    # Birch went back on 20 January, published on the 20th; nothing of it was revised
    assert sum_up(table).loc[0, "mean_abs_off_km2"] == pytest.approx(
        table["off_km2"].abs()[table["final_km2"] > 0].mean()
    )


def test_the_interval_as_of_a_day_is_that_of_the_history(spoken_of: Theatre) -> None:
    final = assess(spoken_of, policy="estimate")

    table = revisions(final, party="AA", side="NL", every_days=9)

    row = table.to_dict("records")[2]
    interval = assess(spoken_of, policy="estimate", as_of=row["date"].date()).area_on(row["date"], "AA", side="NL")
    assert (row["then_low_km2"], row["then_km2"], row["then_high_km2"]) == pytest.approx(tuple(interval), rel=1e-5)


# The page


def the_findings(cases: pd.DataFrame) -> Findings:
    return Findings("Somewhere", "estimate", 0.9, 0, cases=cases, seconds=90.0)


def test_the_page_says_what_the_figures_say(cases: pd.DataFrame) -> None:
    text = page(the_findings(cases))
    perfect = cases.assign(error_km2=0.0, iou=1.0)
    better = cases.copy()
    better.loc[better["method"] == synthetic.ESTIMATE, "error_km2"] = 1.0

    assert "2 truths on 48 x 48 km" in text
    assert "in 1.5 minutes" in text
    assert "| cases at each density and error rate | 6 | at least 200 | **no** |" in text.replace("synthetic | ", "")
    assert "It is below the GP classifier's in every cell." in page(the_findings(better))
    assert "It is not below the GP classifier's in 2 of 2 cells" in page(the_findings(perfect))
    assert "%" in text
    assert not pd.Series(text).str.contains(r"\d%|nan").any()


def test_the_bars_are_judged_by_the_figures(cases: pd.DataFrame) -> None:
    better = cases.copy()
    own = better["method"] == synthetic.ESTIMATE
    better.loc[own, "error_km2"] = 1.0
    for name in synthetic.STEPS:
        better.loc[own, f"{name}_low"], better.loc[own, f"{name}_high"] = (
            better[f"{name}_truth"],
            better[f"{name}_truth"],
        )

    met = {c.what: c.met for c in the_findings(better).criteria()}

    assert met["area error"]
    assert met["interval score for the area"]
    assert met["area error over Voronoi's without wrong reports, mean of the cells"]
    # an interval that always holds the truth is too wide for its level
    assert not met["how often the interval for the area holds the truth"]
