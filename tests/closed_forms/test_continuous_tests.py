"""Differences of means, against other programs."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.stats

from simulator.statistics.endpoints.continuous_tests import ancova
from simulator.statistics.endpoints.effect import z_of_t


def test_ancova_agrees_with_statsmodels():
    """Difference, error, p and interval equal ordinary least squares, with covariates, missing values and absentees."""
    import statsmodels.api as sm

    rng = np.random.default_rng(10)
    arm = rng.integers(-1, 2, (5, 70))
    baseline, site = rng.normal(30, 10, (5, 70)), rng.integers(0, 2, (5, 70))
    outcome = 0.5 * baseline + 4 * (arm == 1) + 3 * site + rng.normal(0, 8, (5, 70))
    outcome[rng.random((5, 70)) < 0.1] = np.nan
    for covariates in ((), (baseline,), (baseline, site)):
        found = ancova(outcome, arm, *covariates)
        low, high = found.interval()
        for i in range(5):
            use = (arm[i] >= 0) & ~np.isnan(outcome[i])
            design = np.column_stack([np.ones(use.sum()), arm[i][use], *(x[i][use] for x in covariates)])
            theirs = sm.OLS(outcome[i][use], design).fit()
            assert found.estimate[i] == pytest.approx(theirs.params[1], rel=1e-9)
            assert found.se[i] == pytest.approx(theirs.bse[1], rel=1e-9)
            assert found.p_two_sided[i] == pytest.approx(theirs.pvalues[1], rel=1e-7)
            assert [low[i], high[i]] == pytest.approx(theirs.conf_int()[1], rel=1e-9)
            assert found.df[i] == theirs.df_resid


def test_ancova_ignores_a_covariate_that_says_nothing():
    """A constant covariate, or the same one twice, changes neither the estimate nor the degrees of freedom."""
    rng = np.random.default_rng(11)
    outcome, baseline, arm = rng.normal(size=(3, 30)), rng.normal(size=(3, 30)), np.tile(np.arange(30) % 2, (3, 1))
    plain, same = ancova(outcome, arm, baseline), ancova(outcome, arm, baseline, 2 * baseline, np.ones((3, 30)))
    assert same.z == pytest.approx(plain.z, rel=1e-9)
    assert np.array_equal(same.df, plain.df)
    assert np.isnan(ancova([[1.0, 2.0, 3.0]], [[1, 1, 1]]).z[0])
    with pytest.raises(ValueError, match="patient 1"):
        ancova([[1.0, 2.0]], [[0, 1]], [[1.0, np.nan]])


def test_z_of_t_keeps_the_tail():
    """The normal value of a t statistic has its p value, far in the tail too."""
    t, df = np.array([-9.0, -2.0, 0.0, 1.0, 12.0]), np.array([10.0, 5.0, 3.0, 40.0, 30.0])
    assert scipy.stats.norm.logsf(np.abs(z_of_t(t, df))) == pytest.approx(scipy.stats.t.logsf(np.abs(t), df), rel=1e-9)


def test_four_people_by_hand():
    """1 and 3 against 4 and 8: 4 more, variance (2 + 8) / 2, error sqrt(5 (1/2 + 1/2)), two degrees of freedom."""
    found = ancova([[1.0, 3.0, 4.0, 8.0, 99.0, np.nan]], [[0, 0, 1, 1, -1, 1]])
    assert (found.estimate[0], found.se[0], found.df[0]) == (pytest.approx(4.0), pytest.approx(5.0**0.5), 2.0)
    alone = ancova([[1.0, 3.0, 8.0]], [[0, 0, 1]])
    assert (alone.estimate[0], alone.se[0], alone.df[0]) == (pytest.approx(6.0), pytest.approx(3.0**0.5), 1.0)


def test_what_cannot_be_estimated_is_missing_without_a_warning():
    """A covariate that is the arm, no degree of freedom left, one arm alone; a covariate twice costs one degree only."""
    rng = np.random.default_rng(3)
    y, x, arm = rng.normal(size=(1, 8)), rng.normal(size=(1, 8)), np.array([[0, 1] * 4])
    with np.errstate(all="raise"):
        for found in (ancova(y, arm, arm * 2.0), ancova(y[:, :2], arm[:, :2]), ancova(y, np.zeros((1, 8), int))):
            assert np.isnan([found.estimate[0], found.se[0], found.z[0], found.df[0]]).all()
    once, twice = ancova(y, arm, x), ancova(y, arm, x, x / 3.0 + 0.1)
    assert once.df[0] == twice.df[0] == 5.0
    assert twice.estimate[0] == pytest.approx(once.estimate[0])


def test_a_missing_covariate_is_named():
    """The second covariate of the second trial's first patient; whoever takes no part may lack it."""
    y, arm = np.zeros((2, 4)), np.tile([0, 1, 0, -1], (2, 1))
    gap = np.array([[0.0, 1.0, 2.0, np.nan], [np.nan, 1.0, np.nan, 3.0]])
    with pytest.raises(ValueError, match="covariate 2 of trial 1, patient 0 is not a number"):
        ancova(y, arm, np.zeros((2, 4)), gap)
