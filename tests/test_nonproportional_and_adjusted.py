"""Weighted log-rank tests, MaxCombo, and tests with covariates, against other programs and by hand."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import statsmodels.api as sm
from lifelines.statistics import logrank_test
from scipy.stats import multivariate_normal, norm
from statsmodels.stats.contingency_tables import StratifiedTable
from trial_designs import TWO_ARMS, planned, simulation

from simulator.questions.trial.analysis import analyse, at_a_time
from simulator.questions.trial.data import cut
from simulator.questions.trial.operating import type_i_errors
from simulator.statistics.adjusted_tests import cochran_mantel_haenszel, standardised_difference
from simulator.statistics.normal_maximum import largest_tail
from simulator.statistics.survival_tests import logrank
from simulator.statistics.weighted_logrank import fleming_harrington, max_combo
from simulator.statistics.win_statistics import Level, win_statistics
from simulator.words.errors import BadInput

RNG = np.random.default_rng(11)
N = 120
TIME = np.round(RNG.exponential(1.0, N), 1) + 0.1
EVENT = RNG.random(N) < 0.7
ARM = np.arange(N) % 2


@pytest.mark.parametrize(("rho", "gamma"), [(1.0, 0.0), (0.0, 1.0), (0.5, 2.0)])
def test_weighted_tests_are_lifelines(rho: float, gamma: float) -> None:
    """With many ties: z squared is its chi-square for Fleming and Harrington's weights."""
    a, b = ARM == 0, ARM == 1
    found = logrank_test(TIME[a], TIME[b], EVENT[a], EVENT[b], weightings="fleming-harrington", p=rho, q=gamma)
    own = fleming_harrington(TIME, EVENT, ARM, rho, gamma)
    assert own.z[0] ** 2 == pytest.approx(found.test_statistic, rel=1e-9)
    assert own.z[0] == pytest.approx(own.estimate[0] / own.se[0])


def test_without_weights_it_is_the_log_rank_test() -> None:
    """rho and gamma of 0 give the estimate, error and z of the log-rank test, stratified or not."""
    strata = np.arange(N) % 3
    for stratum in (None, strata):
        plain, own = logrank(TIME, EVENT, ARM, stratum), fleming_harrington(TIME, EVENT, ARM, 0.0, 0.0, stratum)
        for name in ("estimate", "se", "z"):
            assert getattr(own, name) == pytest.approx(getattr(plain, name), abs=1e-12)


def test_the_largest_of_normal_statistics() -> None:
    """P(max Z >= c) is scipy's multivariate normal's, near one in forty and in the middle; of one statistic the plain tail."""
    correlation = np.array([[1, 0.8, 0.7, 0.9], [0.8, 1, 0.3, 0.8], [0.7, 0.3, 1, 0.6], [0.9, 0.8, 0.6, 1]])
    for limit in (0.5, 2.2, 3.0):
        exact = 1.0 - multivariate_normal.cdf([limit] * 4, cov=correlation, maxpts=2_000_000, abseps=1e-8, releps=1e-8)
        own = largest_tail(np.array([limit]), correlation[None])[0]
        assert own == pytest.approx(exact, rel=1e-3), limit
    assert largest_tail(np.array([1.7]), np.ones((1, 1, 1)))[0] == pytest.approx(norm.sf(1.7), abs=1e-9)


def test_max_combo_of_one_test_is_that_test() -> None:
    """And of several its p lies between the smallest of theirs and Bonferroni's."""
    single = max_combo(TIME, EVENT, ARM, weights=((0.0, 1.0),))
    assert single.greater[0] == pytest.approx(norm.sf(fleming_harrington(TIME, EVENT, ARM, 0.0, 1.0).z[0]), abs=1e-8)
    every = [norm.sf(fleming_harrington(TIME, EVENT, ARM, *each).z[0]) for each in ((0, 0), (0, 1), (1, 0), (1, 1))]
    whole = max_combo(TIME, EVENT, ARM).greater[0]
    assert min(every) < whole < min(1.0, 4.0 * min(every))


def test_cochran_mantel_haenszel_is_statsmodels() -> None:
    """Its statistic without correction over four strata, one of them with a single arm; the estimate by hand."""
    outcome = RNG.random(N) < 0.4
    stratum = np.where(np.arange(N) < 6, 3, RNG.integers(0, 3, N))
    arm = np.where(stratum == 3, 0, ARM)
    own = cochran_mantel_haenszel(outcome[None], arm[None], stratum[None])
    tables = []
    for level in range(3):
        here = stratum == level
        tables.append([[(outcome & here & (arm == a)).sum(), (~outcome & here & (arm == a)).sum()] for a in (1, 0)])
    found = StratifiedTable([np.array(each, float) for each in tables]).test_null_odds(correction=False)
    assert own.z[0] ** 2 == pytest.approx(found.statistic, rel=1e-9)
    weights, gaps = [], []
    for (y1, x1), (y0, x0) in tables:
        n1, n0 = y1 + x1, y0 + x0
        weights.append(n1 * n0 / (n1 + n0))
        gaps.append(y1 / n1 - y0 / n0)
    assert own.estimate[0] == pytest.approx(np.average(gaps, weights=weights))


def test_satos_error_is_the_spread_of_estimates() -> None:
    """Over two thousand trials with sparse strata the mean variance is the variance of the estimates, within a tenth."""
    rng = np.random.default_rng(2)
    stratum = np.broadcast_to(np.arange(200) % 20, (2_000, 200))
    arm = np.broadcast_to(np.arange(200) // 20 % 2, (2_000, 200))
    outcome = rng.random((2_000, 200)) < 0.2 + 0.02 * stratum + 0.1 * arm
    own = cochran_mantel_haenszel(outcome, arm, stratum)
    assert own.estimate.mean() == pytest.approx(0.1, abs=0.005)
    assert (own.se**2).mean() == pytest.approx(own.estimate.var(), rel=0.1)


def test_g_computation_is_statsmodels_standardised() -> None:
    """The average of predictions of statsmodels' logistic model as either arm; without covariates the plain difference."""
    x = RNG.normal(size=N)
    outcome = RNG.random(N) < 1.0 / (1.0 + np.exp(-x - 0.5 * ARM))
    own = standardised_difference(outcome[None], ARM[None], x[None])
    design = np.column_stack([np.ones(N), ARM, x])
    fit = sm.Logit(outcome.astype(float), design).fit(disp=False, tol=1e-12)
    predicted = [fit.predict(np.column_stack([np.ones(N), np.full(N, a), x])).mean() for a in (0.0, 1.0)]
    assert own.estimate[0] == pytest.approx(predicted[1] - predicted[0], abs=1e-8)
    plain = standardised_difference(outcome[None], ARM[None])
    rates = [outcome[a == ARM].mean() for a in (0, 1)]
    assert plain.estimate[0] == pytest.approx(rates[1] - rates[0], abs=1e-9)
    variance = sum(rate * (1.0 - rate) / (N / 2) for rate in rates)
    # Two coefficients are fitted.
    assert plain.se[0] == pytest.approx(np.sqrt(variance * N / (N - 2)), rel=1e-9)


def test_adjustment_makes_errors_smaller_and_right() -> None:
    """With a covariate that foretells the outcome the error shrinks and is that of the estimates."""
    rng = np.random.default_rng(4)
    x = rng.normal(size=(600, 300))
    arm = np.broadcast_to(np.arange(300) % 2, x.shape)
    outcome = rng.random(x.shape) < 1.0 / (1.0 + np.exp(-1.5 * x))
    adjusted, plain = standardised_difference(outcome, arm, x), standardised_difference(outcome, arm)
    assert (adjusted.se < plain.se).mean() > 0.99
    assert adjusted.se.mean() == pytest.approx(adjusted.estimate.std(), rel=0.1)
    assert abs(adjusted.estimate.mean()) < 4.0 * adjusted.estimate.std() / np.sqrt(600)


def test_separated_data_have_no_estimate() -> None:
    """Where the covariate decides the outcome the model diverges, and that is NaN."""
    x = np.linspace(-1.0, 1.0, 40)
    own = standardised_difference((x > 0.0)[None], (np.arange(40) % 2)[None], x[None])
    assert np.isnan(own.estimate[0])


def test_stratified_win_ratio_by_hand() -> None:
    """Two strata of four: pairs are compared within them, and each counts by one over its patients."""
    values = np.array([[1.0, 2.0, 3.0, 4.0, 10.0, 5.0, 5.0, 20.0]])
    arm, stratum = np.array([0, 0, 1, 1, 0, 0, 1, 1]), np.array([0, 0, 0, 0, 1, 1, 1, 1])
    found = win_statistics([Level("higher", values)], np.full((1, 8), 9.0), arm, stratum)
    # All four pairs are won in the first; in the second 5 loses to 10 and ties with 5, 20 wins both.
    assert found.wins[0] == pytest.approx((4 + 2) / 4)
    assert found.losses[0] == pytest.approx(1 / 4)
    assert found.win_ratio.estimate[0] == pytest.approx(np.log(6.0))
    one = win_statistics([Level("higher", values)], np.full((1, 8), 9.0), arm, np.zeros(8, int))
    plain = win_statistics([Level("higher", values)], np.full((1, 8), 9.0), arm)
    assert one.net_benefit.se[0] == pytest.approx(plain.net_benefit.se[0])
    assert one.win_ratio.z[0] == pytest.approx(plain.win_ratio.z[0])


def test_thresholds_make_ties_of_times() -> None:
    """Deaths three months apart tie with a threshold of four; an event against none is decided."""
    times, arm = np.array([[0.5, 0.75, np.inf]]), np.array([0, 1, 1])
    follow = np.ones((1, 3))
    plain = win_statistics([Level("later", times)], follow, arm)
    wide = win_statistics([Level("later", times, 4.0 / 12.0)], follow, arm)
    assert (plain.wins[0], wide.wins[0]) == (2.0, 1.0)


NEW: list[dict[str, Any]] = [
    {"name": "late", "outcome": "amputation_free_survival", "test": "fleming_harrington", "gamma": 1.0},
    {"name": "combo", "outcome": "amputation_free_survival", "test": "max_combo"},
    {"name": "cmh", "outcome": "death", "test": "cmh", "at_months": 6.0},
    {"name": "adjusted", "outcome": "healing", "test": "g_computation", "at_months": 6.0},
    {
        "name": "wins",
        "outcome": "hierarchy",
        "test": "win_ratio",
        "order": ["death", "healing", "tcpo2"],
        "thresholds": [1.0, 0.5, 5.0],
        "stratified": True,
        "at_months": 6.0,
    },
]


def test_levels_of_the_new_tests(tmp_path: Path) -> None:
    """In 2,000 trials without effect each test alone rejects as often as alpha says (3.5 standard errors), or says why not."""
    sim = simulation(
        tmp_path,
        2_000,
        endpoints=NEW,
        randomisation={"strata": [{"factor": "renal"}]},
        size={"patients": 160, "power": 0.8},
    )
    conduct = sim.conduct()
    table = type_i_errors(conduct, sim.run(sim.truth("null"), [conduct])[0]).set_index("endpoint")
    for name in ("late", "combo", "cmh", "adjusted", "wins"):
        row = table.loc[name]
        assert row["value"] == pytest.approx(0.025, abs=3.5 * np.sqrt(0.025 * 0.975 / 2_000)), name


def test_an_endpoint_is_analysed_by_its_adjusted_test(tmp_path: Path) -> None:
    """What a trial reports is the adjusted estimate of its outcome at the time, with strata and TcPO2 on entry, not another's."""
    outcome = {"outcome": "amputation_free_survival", "at_months": 6.0, "lost": "failure"}
    endpoints = [outcome | {"name": test, "test": test} for test in ("cmh", "g_computation")]
    strata = {"strata": [{"factor": "ischaemic_heart_disease"}]}
    sim = simulation(tmp_path, 3, endpoints=endpoints, randomisation=strata)
    data = cut(sim.lives(sim.truth("scenario"), 0, 3, 120), 9.0)
    yes, _ = at_a_time(sim.design.endpoints[0], data)
    by_strata = cochran_mantel_haenszel(yes, data.arm, data.stratum)
    standardised = standardised_difference(yes, data.arm, data.tcpo2_entry, (data.stratum == 1) * 1.0)
    for endpoint, expected in zip(sim.design.endpoints, (by_strata, standardised), strict=True):
        found = analyse(endpoint, data)
        for name in ("estimate", "se", "z"):
            assert getattr(found, name) == pytest.approx(getattr(expected, name), abs=1e-12)
        assert set(found.shares) == {"rate_0", "rate_1", "missing"}


@pytest.mark.parametrize(
    ("changed", "key"),
    [
        ({"endpoints": [NEW[1]], "looks": {"by": "events", "at": [20]}}, "endpoints.combo.test"),
        ({"endpoints": [NEW[2]]}, "endpoints.cmh.test"),
        ({"endpoints": [NEW[0] | {"gamma": 0.0}]}, "endpoints.late.rho"),
        ({"endpoints": [TWO_ARMS["endpoints"][0] | {"gamma": 1.0}]}, "endpoints.afs.gamma"),
        ({"endpoints": [NEW[4] | {"thresholds": [1.0], "stratified": False}]}, "endpoints.wins.thresholds"),
        ({"endpoints": [NEW[4] | {"margin": 5.0, "stratified": False}]}, "endpoints.wins.margin"),
    ],
)
def test_what_does_not_go_together_is_refused(tmp_path: Path, changed: dict[str, Any], key: str) -> None:
    """Each with its key."""
    with pytest.raises(BadInput) as caught:
        planned(tmp_path, **changed)
    assert key in {problem.key for problem in caught.value.problems}
