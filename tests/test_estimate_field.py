"""The fitted fields against closed forms, numerical integration, sampling, and the laws they must keep."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import quad
from scipy.stats import multivariate_normal, norm

from frontmap.crs import FloatArray
from frontmap.errors import FrontmapError
from frontmap.estimate.evidence import HOLD, gather
from frontmap.estimate.field import Fields, fit
from frontmap.estimate.latent import Field, nearest_rows, spread_nodes, tiles
from frontmap.estimate.parameters import Parameters
from frontmap.estimate.propagation import propagate
from tests.estimates import START, Said, front, mesh, places, reports, sources

P = Parameters()


def fitted(said: list[Said], where: pd.DataFrame) -> Fields:
    return fit(gather(where, reports(said), sources(), start=START))


def labels(sign: list[float], wrong: float = 0.1, noise: float = 0.05) -> pd.DataFrame:
    return pd.DataFrame({"sign": sign, "wrong": wrong, "noise": noise})


def posterior(kernel: FloatArray, prior: FloatArray, rows: pd.DataFrame) -> tuple[FloatArray, FloatArray]:
    """Mean and covariance that expectation propagation finds, by plain matrix algebra."""
    precision, shift = propagate(kernel, prior, rows, P)
    cov = np.linalg.inv(np.linalg.inv(kernel) + np.diag(precision))
    return cov @ (np.linalg.solve(kernel, prior) + shift), cov


@pytest.mark.parametrize("sign", [1.0, -1.0])
@pytest.mark.parametrize(("prior", "wrong"), [(-1.5, 0.03), (-1.5, 0.4), (0.7, 0.11), (3.0, 0.01)])
def test_one_label_gives_the_moments_of_numerical_integration(sign: float, prior: float, wrong: float) -> None:
    def weight(z: float) -> float:
        return float(norm.pdf(z, prior) * (wrong + (1 - 2 * wrong) * norm.cdf(sign * z / np.sqrt(0.05))))

    mass, first, second = (quad(lambda z, k=k: z**k * weight(z), -9, 9, points=[0.0])[0] for k in range(3))
    mean, cov = posterior(np.eye(1), np.array([prior]), labels([sign], wrong))
    variance = second / mass - (first / mass) ** 2
    if variance < 1.0:  # else no Gaussian site can say it, and the site is held at next to nothing
        assert mean[0] == pytest.approx(first / mass, abs=1e-3)
        assert cov[0, 0] == pytest.approx(variance, abs=1e-3)
    else:
        assert cov[0, 0] == pytest.approx(1.0, abs=1e-3)


def test_a_contested_place_alone_is_plain_regression() -> None:
    kernel = np.array([[1.0, 0.6], [0.6, 1.0]])
    prior = np.array([-1.0, -2.0])
    mean, cov = posterior(kernel, prior, labels([0.0, 0.0], noise=0.02))
    gain = kernel @ np.linalg.inv(kernel + (0.02 + P.contested_sd**2) * np.eye(2))
    np.testing.assert_allclose(mean, prior - gain @ prior, atol=1e-9)
    np.testing.assert_allclose(cov, kernel - gain @ kernel, atol=1e-9)


def test_several_labels_agree_with_importance_sampling() -> None:
    rng = np.random.default_rng(1)
    kernel = np.array([[1.0, 0.7, 0.3, 0.2], [0.7, 1.0, 0.5, 0.3], [0.3, 0.5, 1.0, 0.6], [0.2, 0.3, 0.6, 1.0]])
    prior = np.array([-1.0, -1.0, -0.5, -0.5])
    rows = labels([1.0, 1.0, -1.0, 1.0], 0.08, 0.1)
    z = multivariate_normal(prior, kernel).rvs(400_000, random_state=rng)
    chance = 0.08 + 0.84 * norm.cdf(rows["sign"].to_numpy() * z / np.sqrt(0.1))
    weight = chance.prod(axis=1)
    weight /= weight.sum()
    mean, cov = posterior(kernel, prior, rows)
    np.testing.assert_allclose(mean, weight @ z, atol=0.04)
    np.testing.assert_allclose(np.diag(cov), weight @ z**2 - (weight @ z) ** 2, atol=0.1)
    # a label that may be wrong leaves a skewed field, which the Gaussian only approximates
    np.testing.assert_allclose(norm.cdf(mean / np.sqrt(np.diag(cov))), weight @ (z > 0), atol=0.1)


def test_mean_and_deviation_are_those_of_the_sites() -> None:
    where, said = front(30)
    field = fit(gather(where, said, sources(), start=START)).fields[0]
    point, days = mesh(20.0, 7.0), np.array([20.0, 60.0])

    def rho(gap: FloatArray, length: float) -> FloatArray:
        scaled = np.sqrt(3) * np.abs(gap) / length
        return np.asarray((1 + scaled) * np.exp(-scaled))

    def cov(a: pd.DataFrame, day_a: FloatArray, b: pd.DataFrame, day_b: FloatArray) -> FloatArray:
        apart = np.hypot(*(a[c].to_numpy()[:, None] - b[c].to_numpy() for c in ("x_km", "y_km")))
        ticks = field.clock(day_a)[:, None] - field.clock(day_b)
        return rho(apart, field.parameters.length_km) * rho(ticks, field.parameters.length_days)

    rows, at = field.evidence, field.evidence["day"].to_numpy()
    inner = np.linalg.inv(cov(rows, at, rows, at) + np.diag(1 / field.precision))
    for n, day in enumerate(days):
        across = cov(point, np.full(len(point), day), rows, at)
        mean = field.prior(point) + across @ inner @ (field.shift / field.precision - field.prior(rows))
        np.testing.assert_allclose(field.mean(point, days)[n], mean, atol=2e-4)
        variance = 1 - np.einsum("ij,jk,ik->i", across, inner, across)
        np.testing.assert_allclose(field.sd(point, days[n : n + 1])[0], np.sqrt(variance), atol=2e-3)


def test_reports_of_a_hold_bring_the_place_and_its_surroundings_over() -> None:
    where = places([(5.0, 2.0), (8.0, 2.0), (25.0, 2.0)])
    said: list[Said] = [("p0", 30 + 10 * n, "A", "controlled") for n in range(5)]
    chance = fitted(said, where).probabilities(where, np.array([0.0, 50.0]))["A"]
    assert chance[1, 0] > 0.8
    assert 0.3 < chance[1, 1] < chance[1, 0]
    assert chance[1, 2] < 0.2
    assert (chance[0] < 0.2).all()


def test_pulls_add_up_to_the_mean_and_name_every_report() -> None:
    where, said = front(30)
    fields = fit(gather(where, said, sources(), start=START))
    point = where.iloc[[3]]
    table = fields.pull(point, 60.0, "A")
    field = fields.fields[0]
    assert table["pull"].sum() == pytest.approx(float(field.mean(point, np.array([60.0]))[0, 0]), abs=1e-4)
    told = field.evidence[field.evidence["report_id"] != ""]
    assert sorted(table.loc[table["report_id"] != "", "report_id"]) == sorted(set(told["report_id"]))
    assert sorted(table.loc[table["report_id"] == "", "kind"]) == ["prior", "quiet", "start"]
    days = table.set_index("report_id")["day"].to_dict()
    held = told[told["kind"] == HOLD]
    assert [days[name] for name in held["report_id"]] == held["day"].tolist()
    assert table["pull"].abs().is_monotonic_decreasing
    turned = fields.pull(point, 60.0, "B")
    np.testing.assert_allclose(turned["pull"], -table["pull"])
    np.testing.assert_allclose(turned["change"], -table["change"])


def test_a_pull_changes_the_probability_by_what_is_said() -> None:
    where, said = front(30)
    fields = fit(gather(where, said, sources(), start=START))
    point, day = where.iloc[[3]], np.array([60.0])
    row = fields.pull(point, 60.0, "A").iloc[0]
    field = fields.fields[0]
    mean, sd = float(field.mean(point, day)[0, 0]), float(field.deviations(point, day)[0, 0])
    assert row["change"] == pytest.approx(norm.cdf(mean / sd) - norm.cdf((mean - row["pull"]) / sd), abs=1e-4)
    assert fields.probabilities(point, day)["A"][0, 0] == pytest.approx(norm.cdf(mean / sd), abs=1e-5)


def test_a_party_that_is_not_there_has_no_pull() -> None:
    where, said = front(10)
    with pytest.raises(FrontmapError, match="mentioned on the ground of B, found 'C'"):
        fit(gather(where, said, sources(), start=START)).pull(where.iloc[[0]], 60.0, "C")


def test_the_order_of_reports_and_points_does_not_matter() -> None:
    where, said = front(40)
    days, points = np.arange(0.0, 120.0, 13.0), mesh()
    one = fit(gather(where, said, sources(), start=START)).probabilities(points, days)["A"]
    order = np.random.default_rng(0).permutation(len(points))
    mixed = said.sample(frac=1.0, random_state=3)
    two = fit(gather(where, mixed, sources(), start=START)).probabilities(points.iloc[order], days)["A"]
    np.testing.assert_allclose(two, one[:, order], atol=1e-4)


def test_tiles_and_one_piece_agree() -> None:
    where, said = front(80)
    evidence = gather(where, said, sources(), start=START)
    days, points = np.arange(0.0, 120.0, 10.0), mesh()
    whole = fit(evidence).probabilities(points, days)["A"]
    tiled = fit(evidence, max_rows=len(evidence) // 2).probabilities(points, days)["A"]
    assert np.abs(whole - tiled).max() < 0.02
    assert np.mean((whole > 0.5) != (tiled > 0.5)) < 0.002


def test_deviations_by_tiles_agree_with_those_in_one_piece(monkeypatch: pytest.MonkeyPatch) -> None:
    where, said = front(80)
    fields = fit(gather(where, said, sources(), start=START))
    days, points = np.arange(0.0, 120.0, 10.0), mesh()
    whole = fields.probabilities(points, days)["A"]
    monkeypatch.setattr("frontmap.estimate.latent._ROWS_AT_ONCE", 100)
    by_tiles = fields.probabilities(points, days)["A"]
    assert np.abs(whole - by_tiles).max() < 0.01


def test_a_warm_start_changes_nothing_but_the_time() -> None:
    where, said = front(40)
    before = fit(gather(where, said.iloc[:-3], sources(), start=START))
    evidence = gather(where, said, sources(), start=START)
    cold, warm = fit(evidence), fit(evidence, previous=before)
    np.testing.assert_allclose(warm.fields[0].weights, cold.fields[0].weights, atol=1e-3)


def test_the_tiles_hold_each_point_once_and_few_enough() -> None:
    where = np.random.default_rng(0).normal(size=(500, 3))
    found = tiles(where, 40, widest=1.0)
    assert sorted(np.concatenate(found).tolist()) == list(range(500))
    assert max(len(t) for t in found) <= 40
    assert all(np.ptp(where[t], axis=0).max() <= 1.0 for t in found)
    same_place = np.zeros((5, 3))
    assert [t.tolist() for t in tiles(same_place, 2)] == [[0, 1, 2, 3, 4]]


def test_the_nearest_rows_are_the_most_correlated() -> None:
    rows = np.array([[0.0, 0, 0], [0.2, 0, 0], [5.0, 0, 0], [0.0, 0, 0.5], [90.0, 0, 0]])
    assert nearest_rows(rows, rows[:1], 3).tolist() == [0, 1, 3]
    assert nearest_rows(rows, rows[:1], 9).tolist() == [0, 1, 3]


def test_nodes_stand_at_multiples_whatever_the_first_day() -> None:
    assert spread_nodes(np.arange(3.0, 18.0), 7.0).tolist() == [3.0, 7.0, 14.0, 17.0]
    assert spread_nodes(np.array([5.0]), 7.0).tolist() == [5.0]
    assert spread_nodes(np.array([7.0, 14.0]), 7.0).tolist() == [7.0, 14.0]


# Several parties


def several(homes: list[str], said: list[Said]) -> tuple[pd.DataFrame, Fields]:
    where = places([(2.0 + 3.0 * n, 2.0) for n in range(len(homes))], homes)
    return where, fitted(said, where)


THREE: list[Said] = [("p0", 20, "A", "controlled"), ("p0", 22, "C", "controlled"), ("p1", 30, "C", "claimed")]


def test_chances_of_three_parties_are_those_of_independent_fields() -> None:
    where, fields = several(["B", "B", "B"], THREE)
    day = np.array([30.0])
    chance = fields.probabilities(where, day)
    rng = np.random.default_rng(0)
    here = fields.on_ground("B", ())
    z = np.stack([f.mean(where, day)[0] + f.deviations(where, day)[0] * rng.normal(size=(200_000, 3)) for f in here])
    winner = np.where(z.max(axis=0) > 0, z.argmax(axis=0) + 1, 0)
    for number, party in enumerate(["B", *(f.party for f in here)]):
        np.testing.assert_allclose(chance[party][0], (winner == number).mean(axis=0), atol=0.005)


@pytest.mark.parametrize("homes", [["B", "B", "A"], ["B", "C", "A", "D"], ["unknown", "B", "unknown"]])
def test_chances_sum_to_one_and_the_best_is_the_likeliest(homes: list[str]) -> None:
    where, fields = several(homes, [*THREE, ("p2", 12, "D", "contested"), ("p1", 3, "A", "claimed")])
    days = np.arange(0.0, 60.0, 5.0)
    chance = fields.probabilities(where, days)
    np.testing.assert_allclose(sum(chance.values()), 1.0, atol=1e-5)
    names = fields.parties(where)
    likeliest = np.stack([chance[name] for name in names]).argmax(axis=0)
    np.testing.assert_array_equal(fields.best(where, days, parties=names), likeliest)


def test_ground_of_nobodys_home_is_unknown_until_somebody_is_said_to_hold_it() -> None:
    where, fields = several(["unknown", "unknown", "B"], [("p0", d, "A", "controlled") for d in (10, 20, 30)])
    chance = fields.probabilities(where, np.array([0.0, 20.0]))
    assert chance["A"][1, 0] > 0.6
    assert chance["unknown"][:, 1].min() > 0.1
    assert chance["unknown"][:, 2].max() == 0.0


def test_a_party_without_code_is_refused() -> None:
    where, fields = several(["B", "B", "B"], THREE)
    with pytest.raises(FrontmapError, match="found C"):
        fields.best(where, np.array([3.0]), parties=("A", "B"))


# Degenerate evidence


DEGENERATE: dict[str, list[Said]] = {
    "none": [],
    "one": [("p0", 30, "A", "claimed")],
    "all of the home party": [(f"p{n}", 10 * n, "B", "controlled") for n in range(5)],
    "one day": [(f"p{n}", 30, "A" if n % 2 else "B", "claimed") for n in range(5)],
    "one place": [("p2", 10 * n, "A" if n % 2 else "B", "claimed") for n in range(6)],
    "contradicting": [("p1", 20, "A", "controlled"), ("p1", 20, "B", "controlled")] * 3,
    "duplicates": [("p1", 20, "A", "claimed")] * 20,
    "before the start and after the end": [("p0", -90, "A", "claimed"), ("p1", 900, "A", "claimed")],
    "contested only": [(f"p{n}", 20, "A", "contested") for n in range(5)],
    "a party of its own ground": [("p0", 20, "B", "withdrawn"), ("p0", 21, "B", "claimed")],
}


@pytest.mark.parametrize("name", DEGENERATE)
@pytest.mark.parametrize("days", [np.arange(0.0, 60.0), np.array([20.0])], ids=["60 days", "one day"])
def test_degenerate_evidence_gives_sane_chances(name: str, days: FloatArray) -> None:
    where = places([(2.0 + 3.0 * n, 2.0) for n in range(5)])
    fields = fitted(DEGENERATE[name], where)
    for points in (where, where.iloc[:1]):
        chance = fields.probabilities(points, days, parties=("A", "B"))
        assert all(np.isfinite(c).all() and c.min() >= 0 for c in chance.values())
        np.testing.assert_allclose(chance["A"] + chance["B"], 1.0, atol=1e-6)
        assert fields.best(points, days, parties=("A", "B")).shape == (len(days), len(points))


def test_without_any_report_the_home_party_holds_but_not_surely() -> None:
    where = places([(5.0, 0.5), (5.0, 10.0)])
    fields = fitted([], where)
    chance = fields.probabilities(where, np.array([0.0]), parties=("A", "B"))["A"][0]
    assert 0.02 < chance[0] < 0.35
    assert chance[1] < chance[0]
    assert fields.best(where, np.array([0.0]), parties=("A", "B")).tolist() == [[1, 1]]
    assert fields.pull(where.iloc[[0]], 3.0, "A")["kind"].tolist() == ["prior"]


def test_sources_that_contradict_each_other_leave_it_open() -> None:
    where = places([(2.0, 2.0)])
    said: list[Said] = [("p0", 20, "A", "controlled"), ("p0", 20, "B", "controlled")]
    chance = fitted(said, where).probabilities(where, np.array([20.0]))["A"][0, 0]
    assert 0.02 < chance < 0.5


def test_one_wrong_label_among_many_does_not_turn_the_place() -> None:
    where = places([(3.0 * n, 3.0 * m) for n in range(4) for m in range(4)])
    said: list[Said] = [(f"p{n}", 10 + m * 20, "B", "controlled") for n in range(16) for m in range(3)]
    chance = fitted([*said, ("p5", 30, "A", "claimed")], where).probabilities(where, np.array([30.0]))["A"]
    assert chance.max() < 0.3


statuses = st.sampled_from(["controlled", "claimed", "contested", "assault", "withdrawn"])
some_reports = st.lists(
    st.tuples(
        st.sampled_from([f"p{n}" for n in range(6)]), st.integers(-30, 90), st.sampled_from(["A", "B", "C"]), statuses
    ),
    max_size=25,
)


@settings(max_examples=15, deadline=None)
@given(some_reports, st.lists(st.sampled_from(["A", "B", "C", "unknown"]), min_size=6, max_size=6))
def test_whatever_is_reported_the_laws_hold(said: list[Said], homes: list[str]) -> None:
    where = places([(3.0 * (n % 3), 4.0 * (n // 3)) for n in range(6)], homes)
    fields = fitted(said, where)
    days = np.array([0.0, 30.0, 60.0])
    parties = ("A", "B", "C", "unknown")
    chance = fields.probabilities(where, days, parties=parties)
    np.testing.assert_allclose(sum(chance.values()), 1.0, atol=1e-5)
    stack = np.stack([chance[name] for name in parties])
    best = fields.best(where, days, parties=parties)
    np.testing.assert_allclose(np.take_along_axis(stack, best[None].astype(int), 0)[0], stack.max(axis=0), atol=1e-5)
    for field in fields.fields:
        assert isinstance(field, Field)
        assert (field.precision > 0).all()
        assert set(field.evidence["kind"]) >= {HOLD} or (field.evidence["sign"] == 0).any()
