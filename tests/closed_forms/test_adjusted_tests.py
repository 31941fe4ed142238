"""Tests of proportions with strata and covariates, against other programs and by hand."""

from __future__ import annotations

import numpy as np
import pytest
import statsmodels.api as sm
from statsmodels.stats.contingency_tables import StratifiedTable

from simulator.statistics.adjusted_tests import cochran_mantel_haenszel, standardised_difference

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
