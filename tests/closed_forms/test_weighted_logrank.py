"""Weighted log-rank tests and the largest of several, against other programs and by hand."""

from __future__ import annotations

import numpy as np
import pytest
from lifelines.statistics import logrank_test
from scipy.stats import multivariate_normal, norm

from simulator.statistics.endpoints.survival_tests import logrank
from simulator.statistics.endpoints.weighted_logrank import fleming_harrington, max_combo

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


def scores_by_hand(time, event, arm, weights):
    """Scores and covariance of weighted log-rank tests, event time by event time, in words."""
    surviving, score, covariance = 1.0, np.zeros(len(weights)), np.zeros((len(weights), len(weights)))
    for t in np.unique(time[event]):
        at_risk, died = time >= t, (time == t) & event
        n, n1, d = at_risk.sum(), (at_risk & (arm == 1)).sum(), died.sum()
        w = np.array([surviving**rho * (1.0 - surviving) ** gamma for rho, gamma in weights])
        score += w * ((died & (arm == 1)).sum() - d * n1 / n)
        if n > 1:
            covariance += np.outer(w, w) * d * n1 * (n - n1) * (n - d) / (n**2 * (n - 1))
        surviving *= 1.0 - d / n
    return score, covariance


def test_the_largest_of_two_is_the_bivariate_normals():
    """Both directions of MaxCombo of an early and a late test, with their correlation by hand; two-sided is twice the smaller."""
    weights = ((1.0, 0.0), (0.0, 1.0))
    time = TIME * (1.0 + 0.6 * ARM)
    own = max_combo(time, EVENT, ARM, weights=weights)
    score, covariance = scores_by_hand(time, EVENT, ARM, weights)
    z = score / np.sqrt(np.diag(covariance))
    law = multivariate_normal(
        [0.0, 0.0], [[1.0, r := covariance[0, 1] / np.sqrt(covariance.diagonal().prod())], [r, 1.0]]
    )
    greater, less = 1.0 - law.cdf([z.max()] * 2), 1.0 - law.cdf([(-z).max()] * 2)
    assert own.greater[0] == pytest.approx(greater, rel=1e-3)
    assert own.less[0] == pytest.approx(less, rel=1e-3)
    assert own.two_sided[0] == pytest.approx(2.0 * less, rel=1e-3) and less < 0.1


def test_max_combo_combines_four_and_its_p_is_one_at_most():
    """Even, late, early and middle weights; and where both directions are likely, a two-sided p of 1."""
    four = max_combo(TIME, EVENT, ARM, weights=((0.0, 0.0), (0.0, 1.0), (1.0, 0.0), (1.0, 1.0)))
    assert max_combo(TIME, EVENT, ARM).greater[0] == four.greater[0]
    alike = max_combo([1.0, 1.0, 2.0, 2.0, 3.0, 3.0], [1] * 6, [0, 1, 0, 1, 0, 1])
    assert alike.two_sided[0] == 1.0


def test_the_estimate_is_the_weighted_score_over_the_weighted_information():
    """Late weights, by hand; strata add up; one trial's patients say nothing about another's."""
    own = fleming_harrington(TIME, EVENT, ARM, 0.5, 1.0)
    score, covariance = scores_by_hand(TIME, EVENT, ARM, ((0.5, 1.0), (0.0, 0.0)))
    # The weighted information is the covariance with the unweighted test.
    assert own.estimate[0] == pytest.approx(score[0] / covariance[0, 1])
    assert own.se[0] == pytest.approx(np.sqrt(covariance[0, 0]) / covariance[0, 1])
    halves = [scores_by_hand(TIME[s], EVENT[s], ARM[s], ((0.5, 1.0),)) for s in (slice(0, 50), slice(50, N))]
    strata = fleming_harrington(TIME, EVENT, ARM, 0.5, 1.0, np.arange(N) >= 50)
    assert strata.z[0] == pytest.approx(sum(h[0][0] for h in halves) / np.sqrt(sum(h[1][0, 0] for h in halves)))
    two = fleming_harrington(np.stack([TIME, TIME]), np.stack([EVENT, ~EVENT]), np.stack([ARM, ARM]), 0.5, 1.0)
    assert two.z[0] == own.z[0] and two.z.shape == (2,)
