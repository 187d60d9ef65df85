"""The joint draws against what is known of the fields, and against one another."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import multivariate_normal

from frontmap.crs import FloatArray
from frontmap.estimate.draws import Draws
from frontmap.estimate.evidence import gather
from frontmap.estimate.field import Fields, fit
from frontmap.estimate.kernel import SingleArray, in_space, matern
from frontmap.estimate.parameters import Parameters
from frontmap.estimate.paths import CHUNK, lattice_around, prior_paths, space_weights, time_weights
from tests.estimates import START, Said, front, mesh, places, reports, sources

FEW = Parameters(draws=200)
DAYS = np.arange(0.0, 120.0)
AB = ("A", "B")


def fitted(where: pd.DataFrame, said: pd.DataFrame, parameters: Parameters = FEW) -> Fields:
    return fit(gather(where, said, sources(), start=START, parameters=parameters), parameters=parameters)


WHERE, SAID = front(40)
FIELDS = fitted(WHERE, SAID)
MESH = mesh(20.0, 2.5)


def prior_at(xy: FloatArray, ticks: FloatArray, n_chunks: int, parameters: Parameters = FEW) -> SingleArray:
    """Prior paths at each position and tick, shape (n_ticks, n_positions, n_draws)."""
    lattice = lattice_around(xy, ticks, parameters)
    weights, (before, hermite) = space_weights(xy, lattice), time_weights(ticks, lattice)
    chunks = []
    for chunk in range(n_chunks):
        paths = prior_paths(lattice, name="B A", seed=0, chunk=chunk)
        each = [
            weights @ np.einsum("i,ijk->jk", h, paths[b : b + 2].reshape(4, -1, CHUNK))
            for b, h in zip(before, hermite, strict=True)
        ]
        chunks.append(np.stack(each))
    return np.concatenate(chunks, axis=2)


def test_the_prior_paths_have_the_covariance_they_should() -> None:
    xy = np.array([[0.3, 0.1], [1.7, 2.9], [4.0, 4.4], [12.2, -3.1], [31.0, 7.0]])
    ticks = np.array([-63.0, 0.0, 11.0, 95.0, 260.0])
    paths = prior_at(xy, ticks, 16)
    flat = paths.reshape(-1, paths.shape[2])
    expected = np.kron(matern(ticks[:, None] - ticks, FEW.length_days), in_space(xy, xy, FEW))
    # 2,048 draws: a correlation has a standard error of at most 0.022, a variance of 0.031
    assert np.abs(flat.mean(axis=1)).max() < 0.1
    assert np.abs(np.cov(flat) - expected).max() < 0.13


def test_prior_paths_do_not_depend_on_what_else_is_drawn() -> None:
    xy, ticks = np.array([[1.0, 2.0], [3.0, 1.0]]), np.array([10.0, 40.0])
    alone = prior_at(xy, ticks, 1)
    wider = prior_at(np.vstack([xy, [[-40.0, 55.0], [90.0, 3.0]]]), np.append(ticks, [-300.0, 900.0]), 1)
    np.testing.assert_allclose(wider[:2, :2], alone, atol=1e-5)


def test_draws_have_the_probabilities_and_the_dependence_of_the_field() -> None:
    many = Parameters(draws=1500, delay_sd_days=0.0)
    fields = fitted(WHERE, SAID, many)
    points = MESH[(MESH["x_km"] < 12) & (MESH["y_km"] < 12)]
    days = np.array([30.0, 58.0])
    drawn = fields.draws(points, days, parties=AB)
    held = drawn.codes() == 0
    ends = [0, len(drawn.nodes) - 1]
    chance = fields.probabilities(points, days)["A"]
    error = np.abs(held[ends].mean(axis=2) - chance)
    assert error.max() < 0.08  # a chance has a standard error of at most 0.011
    assert error.mean() < 0.015
    # two open points, on two days: the chance that both hold is that of a bivariate normal
    field = fields.fields[0]
    a, b = np.argsort(np.abs(chance[0] - 0.5))[[0, 3]]
    pairs = [((0, a), (0, b)), ((0, a), (1, a))]
    for (day_a, at_a), (day_b, at_b) in pairs:
        both = (held[ends[day_a], at_a] & held[ends[day_b], at_b]).mean()
        two = points.iloc[[at_a, at_b]]
        when = np.array([days[day_a], days[day_b]])
        assert both == pytest.approx(both_hold(field.mean(two, when), cross(fields, two, when)), abs=0.06)


def cross(fields: Fields, two: pd.DataFrame, when: FloatArray) -> FloatArray:
    """Posterior covariance of two points on two days, by plain matrix algebra."""
    field, p = fields.fields[0], fields.fields[0].parameters
    rows = field.evidence
    at = np.vstack([two[["x_km", "y_km"]].to_numpy(), rows[["x_km", "y_km"]].to_numpy()])
    ticks = np.concatenate([field.clock(when), field.tick])
    full = in_space(at, at, p) * matern(ticks[:, None] - ticks, p.length_days)
    inner = np.linalg.inv(full[2:, 2:] + np.diag(1 / field.precision))
    return np.asarray(full[:2, :2] - full[:2, 2:] @ inner @ full[2:, :2])


def both_hold(mean: SingleArray, cov: FloatArray) -> float:
    return float(multivariate_normal(-np.diag(mean).astype(float), cov).cdf(np.zeros(2)))


def test_the_same_seed_gives_the_same_draws_and_another_seed_others() -> None:
    one, two = (fitted(WHERE, SAID).draws(MESH, DAYS, parties=AB).codes() for _ in range(2))
    np.testing.assert_array_equal(one, two)
    other = fitted(WHERE, SAID, Parameters(draws=200, seed=1)).draws(MESH, DAYS, parties=AB).codes()
    assert (one != other).any()


def test_a_point_is_drawn_alike_whatever_else_is_drawn() -> None:
    whole = FIELDS.draws(MESH, DAYS, parties=AB)
    chosen = np.arange(len(MESH))[::-3]
    part = FIELDS.draws(MESH.iloc[chosen], DAYS[21:71], parties=AB)
    shared = np.intersect1d(whole.nodes, part.nodes)
    at_whole, at_part = np.searchsorted(whole.nodes, shared), np.searchsorted(part.nodes, shared)
    # rounding may turn a value next to zero
    assert (whole.codes(chosen)[at_whole] != part.codes()[at_part]).mean() < 1e-5


def test_the_order_of_reports_does_not_change_a_draw() -> None:
    one = FIELDS.draws(MESH, DAYS, parties=AB).codes()
    two = fitted(WHERE.iloc[::-1], SAID.iloc[::-1]).draws(MESH, DAYS, parties=AB).codes()
    assert (one != two).mean() < 1e-5


def test_more_draws_begin_with_the_fewer() -> None:
    fewer = fitted(WHERE, SAID, Parameters(draws=50)).draws(MESH, DAYS, parties=AB).codes()
    np.testing.assert_array_equal(FIELDS.draws(MESH, DAYS, parties=AB).codes()[:, :, :50], fewer)


def test_a_report_far_away_changes_no_draw_here() -> None:
    far = pd.concat([WHERE, places([(500.0, 2.0)]).assign(place_id="far")], ignore_index=True)
    more = pd.concat([SAID, reports([("far", 60, "A", "controlled")], first=500)], ignore_index=True)
    here = FIELDS.draws(MESH, DAYS, parties=AB).codes()
    assert (fitted(far, more).draws(MESH, DAYS, parties=AB).codes() != here).mean() < 1e-5


def test_a_warm_start_gives_the_draws_of_a_cold_one() -> None:
    before = fitted(WHERE, SAID.iloc[:-2])
    before.draws(MESH, DAYS, parties=AB)
    evidence = gather(WHERE, SAID, sources(), start=START, parameters=FEW)
    warm = fit(evidence, parameters=FEW, previous=before).draws(MESH, DAYS, parties=AB).codes()
    assert (warm != FIELDS.draws(MESH, DAYS, parties=AB).codes()).mean() < 1e-4


def test_areas_are_those_of_the_codes() -> None:
    drawn = FIELDS.draws(MESH, DAYS, parties=AB)
    area = np.linspace(1.0, 3.0, len(MESH))
    group = np.arange(len(MESH)) % 3
    found = drawn.areas(area, group, 3)
    assert found.shape == (len(drawn.nodes), 2, 3, FEW.draws)
    codes = drawn.codes()
    for party in range(2):
        for one in range(3):
            expected = np.einsum("p,npd->nd", area * (group == one), codes == party)
            np.testing.assert_allclose(found[:, party, one], expected, rtol=1e-4, atol=1e-3)
    total = np.broadcast_to(np.bincount(group, area)[:, None], (len(drawn.nodes), 3, FEW.draws))
    np.testing.assert_allclose(found.sum(axis=1), total, rtol=1e-5)


def test_ground_that_comes_and_goes_leaves_no_trace() -> None:
    rng = np.random.default_rng(3)
    area = rng.uniform(0.1, 7.0, 40)
    held = rng.random((60, 40, 24)) < 0.5
    held[[0, 20, 59]] = False
    every = np.arange(40)
    bits = tuple(np.packbits(one, axis=1)[None] for one in held)
    whole = Draws(np.arange(60.0), AB, 24, 0.9, np.zeros((60, 40), dtype=np.uint8), (every,) * 60, bits)
    found = whole.areas(area, every % 2, 2)
    assert (found[[0, 20, 59], 1] == 0.0).all()
    assert (found >= 0.0).all()
    expected = np.einsum("p,npd->nd", area, held)
    np.testing.assert_allclose(found[:, 1].sum(axis=1), expected, rtol=1e-6)


def test_between_the_nodes_each_draw_is_interpolated() -> None:
    drawn = FIELDS.draws(MESH, DAYS, parties=AB)
    area = drawn.areas(np.ones(len(MESH)), np.zeros(len(MESH), dtype=int), 1)[:, 0, 0]
    daily = drawn.on_days(area, DAYS)
    assert daily.shape == (len(DAYS), FEW.draws)
    np.testing.assert_allclose(daily[drawn.nodes.astype(int)], area, atol=1e-3)
    middle = (drawn.nodes[2] + drawn.nodes[3]) / 2
    np.testing.assert_allclose(
        drawn.on_days(area, np.array([middle]))[0], (area[2] + area[3]) / 2, rtol=1e-5, atol=1e-3
    )


def test_chosen_points_may_be_a_mask_or_numbers() -> None:
    drawn = FIELDS.draws(MESH, DAYS, parties=AB)
    mask = (MESH["y_km"] > 5).to_numpy()
    np.testing.assert_array_equal(drawn.codes(mask), drawn.codes()[:, mask])
    np.testing.assert_array_equal(drawn.codes(np.flatnonzero(mask)), drawn.codes(mask))


def test_the_best_state_is_the_most_frequent_draw() -> None:
    drawn = FIELDS.draws(MESH, DAYS, parties=AB)
    nodes = drawn.nodes
    best = FIELDS.best(MESH, nodes, parties=AB)
    chance = FIELDS.probabilities(MESH, nodes)["A"]
    clear = np.abs(chance - 0.5) > 0.15
    frequent = (drawn.codes() == 0).mean(axis=2) < 0.5
    np.testing.assert_array_equal(best[clear], frequent[clear])


def test_with_three_parties_the_draws_have_their_probabilities() -> None:
    where = places([(3.0 * n, 2.0) for n in range(5)])
    said: list[Said] = [("p0", 20, "A", "controlled"), ("p0", 24, "C", "controlled"), ("p2", 30, "C", "claimed")]
    parties = ("C", "contested", "B", "A")
    fields = fitted(where, reports(said), Parameters(draws=1500))
    days = np.array([25.0, 35.0])
    drawn = fields.draws(where, days, parties=parties)
    chance = fields.probabilities(where, days)
    codes = drawn.codes()[[0, -1]]
    assert set(np.unique(codes)) <= {0, 2, 3}
    for number, party in enumerate(parties):
        if party in chance:
            assert np.abs((codes == number).mean(axis=2) - chance[party]).max() < 0.05


DEGENERATE: dict[str, list[Said]] = {
    "none": [],
    "one": [("p0", 30, "A", "claimed")],
    "all of the home party": [("p0", 10, "B", "controlled")],
    "one place": [("p1", 10 * n, "A" if n % 2 else "B", "claimed") for n in range(6)],
    "far outside the period": [("p0", -300, "A", "claimed"), ("p1", 900, "A", "claimed")],
}


@pytest.mark.parametrize("name", DEGENERATE)
@pytest.mark.parametrize("days", [np.arange(0.0, 30.0), np.array([20.0])], ids=["30 days", "one day"])
def test_degenerate_evidence_gives_sane_draws(name: str, days: FloatArray) -> None:
    where = places([(2.0, 2.0), (6.0, 2.0)])
    fields = fitted(where, reports(DEGENERATE[name]), Parameters(draws=20))
    for points in (where, where.iloc[:1]):
        drawn = fields.draws(points, days, parties=AB)
        assert drawn.codes().shape == (len(drawn.nodes), len(points), 20)
        assert drawn.codes().max() <= 1
        area = drawn.on_days(drawn.areas(np.ones(len(points)), np.zeros(len(points), dtype=int), 1), days)
        np.testing.assert_allclose(area.sum(axis=1), len(points))


def test_without_reports_the_interval_is_wide_near_the_border() -> None:
    fields = fitted(WHERE, reports([]))
    drawn = fields.draws(MESH, np.array([10.0]), parties=AB)
    area = drawn.areas(np.full(len(MESH), 6.25), np.zeros(len(MESH), dtype=int), 1)[0, 0, 0]
    low, high = np.quantile(area, [0.05, 0.95])
    assert low == 0.0
    assert high > 20.0


@settings(max_examples=15, deadline=None)
@given(st.integers(1, 70), st.integers(1, 6), st.integers(0, 2**32 - 1))
def test_what_is_packed_is_unpacked(count: int, n_parties: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    base = rng.integers(0, n_parties, (2, 9)).astype(np.uint8)
    drawn = tuple(np.sort(rng.choice(9, size, replace=False)) for size in (0, 5))
    n_bits = max(1, (n_parties - 1).bit_length())
    codes = [rng.integers(0, n_parties, (len(d), count)).astype(np.uint8) for d in drawn]
    bits = tuple(np.stack([np.packbits((c >> n) & 1, axis=1) for n in range(n_bits)]) for c in codes)
    names = tuple("ABCDEF"[:n_parties])
    whole = Draws(np.array([0.0, 7.0]), names, count, 0.9, base, drawn, bits)
    expected = np.repeat(base[:, :, None], count, axis=2)
    for node in range(2):
        expected[node, drawn[node]] = codes[node]
    np.testing.assert_array_equal(whole.codes(), expected)
    total = whole.areas(np.ones(9), np.zeros(9, dtype=int), 1)
    np.testing.assert_allclose(
        total[:, :, 0], np.stack([(expected == n).sum(axis=1) for n in range(n_parties)], axis=1)
    )
