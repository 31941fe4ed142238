"""Tests of proportions with strata and covariates, against other programs and by hand."""

from __future__ import annotations

import numpy as np
import pytest
import statsmodels.api as sm
from statsmodels.stats.contingency_tables import StratifiedTable

from simulator.statistics.endpoints.adjusted_tests import cochran_mantel_haenszel, standardised_difference

RNG = np.random.default_rng(11)
N = 120
ARM = np.arange(N) % 2


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


def test_separated_data_have_no_estimate() -> None:
    """Where the covariate decides the outcome the model diverges, and that is NaN."""
    x = np.linspace(-1.0, 1.0, 40)
    own = standardised_difference((x > 0.0)[None], (np.arange(40) % 2)[None], x[None])
    assert np.isnan(own.estimate[0])


def test_two_strata_by_hand():
    """1 of 4 against 3 of 4, and 1 of 2 against 3 of 4; a stratum of one patient and one of none say nothing.

    Weighted differences 1 + 1/3 over weights 2 + 4/3; Sato's P is -1/2 - 1/9 and his Q is 5/8 + 1/3; z sums observed less
    expected, 1 + 1/3, over hypergeometric variances 4/7 + 16/45.
    """
    arm = [[0] * 4 + [1] * 4 + [0] * 2 + [1] * 4 + [0] + [-1]]
    stratum = [[0] * 8 + [1] * 6 + [3] + [1]]
    outcome = [[1, 0, 0, 0, 1, 1, 1, 0, 1, 0, 1, 1, 1, 0, 1, 1]]
    with np.errstate(all="raise"):
        own = cochran_mantel_haenszel(outcome, arm, stratum)
    assert own.estimate[0] == pytest.approx(0.4)
    variance = (0.4 * (-1 / 2 - 1 / 9) + 5 / 8 + 1 / 3) / (10 / 3) ** 2
    assert own.se[0] == pytest.approx(np.sqrt(variance))
    assert own.z[0] == pytest.approx((4 / 3) / np.sqrt(4 / 7 + 16 / 45))


def test_the_error_of_g_computation_is_its_influence_functions():
    """Residuals over the chance of the arm, and differences of predictions, by statsmodels' model; three coefficients."""
    rng = np.random.default_rng(6)
    x, a = rng.normal(size=90), np.arange(90) % 3 == 0
    y = rng.random(90) < 1.0 / (1.0 + np.exp(-1.5 * x - 0.5 * a))
    fit = sm.Logit(y * 1.0, np.column_stack([np.ones(90), a, x])).fit(disp=False, tol=1e-12)
    p0, p1 = (fit.predict(np.column_stack([np.ones(90), np.full(90, arm), x])) for arm in (0.0, 1.0))
    influence = a * (y - p1) / (1 / 3) - ~a * (y - p0) / (2 / 3) + p1 - p0
    own = standardised_difference(y[None], a[None] * 1, x[None])
    assert own.estimate[0] == pytest.approx(np.mean(p1 - p0), abs=1e-9)
    assert own.se[0] == pytest.approx(np.sqrt(np.mean((influence - np.mean(p1 - p0)) ** 2) / 87), rel=1e-8)
    assert own.z[0] == pytest.approx(own.estimate[0] / own.se[0])


def test_the_smallest_trials_of_g_computation():
    """Four people and three coefficients leave one degree of freedom; two of an arm are the fewest; absentees do not count."""
    y, a, x = [[0, 1, 0, 1, 1]], [[0, 0, 1, 1, -1]], [[1.0, 2.0, 2.0, 1.0, 9.0]]
    own = standardised_difference(y, a, x)
    assert own.estimate[0] == pytest.approx(0.0, abs=1e-12)
    # Everybody is foretold one half: residuals of a half over a half.
    assert own.se[0] == pytest.approx(1.0)
    for alone in (0, 1):
        assert np.isnan(standardised_difference([[0, 1, 0, 1, 1, 0]], [[alone, *[1 - alone] * 5]]).estimate[0])
        two = standardised_difference([[0, 1, 0, 1, 1, 0]], [[alone, alone, *[1 - alone] * 4]])
        assert two.estimate[0] == pytest.approx(0.0, abs=1e-9)
    constant = standardised_difference(y, a, [[3.0, 3.0, 3.0, 3.0, 9.0]])
    assert constant.se[0] == pytest.approx(np.sqrt(1.0 / 2.0))
