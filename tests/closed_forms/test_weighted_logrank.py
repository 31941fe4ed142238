"""Weighted log-rank tests and the largest of several, against other programs and by hand."""

from __future__ import annotations

import numpy as np
import pytest
from lifelines.statistics import logrank_test
from scipy.stats import norm

from simulator.statistics.survival_tests import logrank
from simulator.statistics.weighted_logrank import fleming_harrington, max_combo

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


def test_max_combo_of_one_test_is_that_test() -> None:
    """And of several its p lies between the smallest of theirs and Bonferroni's."""
    single = max_combo(TIME, EVENT, ARM, weights=((0.0, 1.0),))
    assert single.greater[0] == pytest.approx(norm.sf(fleming_harrington(TIME, EVENT, ARM, 0.0, 1.0).z[0]), abs=1e-8)
    every = [norm.sf(fleming_harrington(TIME, EVENT, ARM, *each).z[0]) for each in ((0, 0), (0, 1), (1, 0), (1, 1))]
    whole = max_combo(TIME, EVENT, ARM).greater[0]
    assert min(every) < whole < min(1.0, 4.0 * min(every))
