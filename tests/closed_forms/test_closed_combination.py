"""The closed test of arms and subgroups that are dropped: by hand, and against others' numbers.

rpact's are those that its own tests hold it to (github.com/rpact-com/rpact, the first test of
tests/testthat/test-f_analysis_enrichment_rates.R: two populations, inverse normal, Pocock at 0.02).
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy.stats import multivariate_normal, norm

from simulator.statistics.multiplicity.closed_combination import (
    Stages,
    combined_z,
    fisher_limit,
    fisher_rejections,
    intersection_p,
    rejections,
)
from simulator.statistics.multiplicity.normal_maximum import common_factor_tail
from simulator.statistics.sequential.boundary_search import solve
from simulator.statistics.sequential.stopping_plan import Plan


def pooled_z(control: tuple[int, int], treated: tuple[int, int]) -> float:
    """The pooled z test of two rates, given events and patients; fewer events are better."""
    (k0, n0), (k1, n1) = control, treated
    rate = (k0 + k1) / (n0 + n1)
    return float((k0 / n0 - k1 / n1) / np.sqrt(rate * (1.0 - rate) * (1.0 / n0 + 1.0 / n1)))


@pytest.mark.parametrize(("test", "subgroup"), [("dunnett", 0.13861438), ("bonferroni", 0.075460476)])
def test_rpacts_conditional_rejection_after_two_stages_in_two_populations(test: str, subgroup: float) -> None:
    """The chance that the third stage rejects, to seven digits: the subgroup by both intersection tests (Spiessens and Debois in
    rpact's words, dunnett here), and everybody, where their own test decides."""
    inner = [((18, 28), (7, 22)), ((21, 33), (16, 31))]
    whole = [((29, 49), (16, 46)), ((35, 62), (31, 54))]
    z = np.array([[[pooled_z(*inner[k]), pooled_z(*whole[k])] for k in range(2)]])
    shares = [(inner[k][0][1] + inner[k][1][1]) / (whole[k][0][1] + whole[k][1][1]) for k in range(2)]
    both = [
        intersection_p(z[:, k], np.ones((1, 2), bool), np.full((1, 2), shares[k] ** 0.25), test)[0] for k in range(2)
    ]
    weights = np.sqrt([0.4, 0.3, 0.3])
    last = solve(Plan((0.4, 0.7, 1.0), 0.02, "pocock"), "design").upper[-1]

    def conditional(p: Any) -> float:
        so_far = combined_z(np.array([p]), weights[:2])[0, 1]
        return float(norm.sf((last - np.sqrt(0.7) * so_far) / np.sqrt(0.3)))

    alone = norm.sf(z[0])
    assert min(conditional(both), conditional(alone[:, 0])) == pytest.approx(subgroup, abs=2e-8)
    assert min(conditional(both), conditional(alone[:, 1])) == pytest.approx(0.047432959, abs=2e-8)


def test_largest_of_several_against_dunnetts_table_and_another_integration() -> None:
    """One-sided 5% points 1.92, 2.06, 2.16 of 2, 3 and 4 arms of equal size (Dunnett 1955, table 1a), and unequal arms."""
    for arms, point in ((2, 1.92), (3, 2.06), (4, 2.16)):
        found = common_factor_tail(np.array([point]), np.full((1, arms), np.sqrt(0.5)))
        assert found[0] == pytest.approx(0.05, abs=7e-4)
    loadings = np.sqrt([2.0 / 3.0, 0.5, 0.4])
    correlation = np.outer(loadings, loadings)
    np.fill_diagonal(correlation, 1.0)
    expected = 1.0 - multivariate_normal(np.zeros(3), correlation, seed=1, abseps=1e-7, releps=1e-7).cdf(
        np.full(3, 1.8)
    )
    assert common_factor_tail(np.array([1.8]), loadings[None, :])[0] == pytest.approx(expected, abs=2e-6)
    alone = common_factor_tail(np.array([4.0]), np.array([[0.7, np.nan, np.nan]]))
    assert alone[0] == pytest.approx(norm.sf(4.0), rel=1e-6)


def test_bauer_and_koehnes_limit() -> None:
    """0.0038 at 2.5% and 0.0087 at 5% (their table 1)."""
    assert fisher_limit(0.025) == pytest.approx(0.0038, abs=5e-5)
    assert fisher_limit(0.05) == pytest.approx(0.0087, abs=5e-5)


def test_closed_test_of_a_dropped_arm_by_hand() -> None:
    """Arm 1 goes on alone: at the end its p value stands for every intersection that holds it, and arm 2 cannot be rejected."""
    z = np.array([[[1.9, 1.0], [2.0, np.nan]]])
    kept = np.array([[[True, True], [True, False]]])
    weights, upper = np.sqrt([0.5, 0.5]), np.array([2.8, 2.0])
    found = rejections(Stages(z, kept, np.full(z.shape, np.sqrt(0.5))), weights, upper, "bonferroni")
    both = (-norm.ppf(2 * norm.sf(1.9)) + 2.0) / np.sqrt(2.0)
    assert both > 2.0
    assert found[0].tolist() == [[False, False], [True, False]]
    nearly = np.array([[[1.9, 1.0], [1.1, np.nan]]])
    # Alone arm 1 would be rejected, but not together with the one that was dropped.
    assert (1.9 + 1.1) / np.sqrt(2.0) > 2.0 > (-norm.ppf(2 * norm.sf(1.9)) + 1.1) / np.sqrt(2.0)
    assert not rejections(Stages(nearly, kept, np.full(z.shape, 0.7)), weights, upper, "bonferroni").any()
    product = 2 * norm.sf(1.9) * norm.sf(2.0)
    assert product < fisher_limit(0.025)
    assert fisher_rejections(Stages(z, kept, np.full(z.shape, 0.7)), 0.025, "bonferroni")[0].tolist() == [
        [False, False],
        [True, False],
    ]


def test_an_intersection_that_is_dropped_or_says_nothing() -> None:
    """Nothing kept is never rejected; what is kept and says nothing stands in the middle; the others go by what they say."""
    z, kept = (
        np.array([[3.0, 3.0], [np.nan, np.nan], [1.5, np.nan]]),
        np.array([[False, False], [True, True], [True, True]]),
    )
    for test in ("dunnett", "simes", "bonferroni"):
        found = intersection_p(z, kept, np.full(z.shape, 0.7), test)
        assert found == pytest.approx([1.0, 0.5, norm.sf(1.5)], rel=1e-6)


def test_choosing_the_best_arm_keeps_the_level() -> None:
    """Three arms without an effect, the best of them tested on: 2.5% within three standard errors at 5,000 trials, where the
    chosen arm's pooled statistic as if planned alone errs twice as often."""
    luck = np.random.default_rng(3)
    trials = 5_000
    z = np.sqrt(0.5) * (luck.normal(size=(trials, 2, 1)) + luck.normal(size=(trials, 2, 3)))
    kept = np.ones(z.shape, bool)
    best = z[:, 0].argmax(axis=1)
    kept[:, 1] = np.arange(3) == best[:, None]
    weights = np.sqrt([0.5, 0.5])
    upper = solve(Plan((0.5, 1.0), 0.025, "ld-obf"), "design").upper
    stages = Stages(z, kept, np.full(z.shape, np.sqrt(0.5)))
    error = 3.0 * np.sqrt(0.025 * 0.975 / trials)
    found = rejections(stages, weights, upper, "dunnett")[:, -1].any(axis=1).mean()
    assert abs(found - 0.025) < error
    assert abs(fisher_rejections(stages, 0.025, "dunnett")[:, -1].any(axis=1).mean() - 0.025) < error
    assert rejections(stages, weights, upper, "simes")[:, -1].any(axis=1).mean() < 0.025 + error
    naive = (z[np.arange(trials), :, best] @ weights >= norm.isf(0.025)).mean()
    assert naive > 0.045
