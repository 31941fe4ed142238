"""Estimates, errors and z, by hand and by SciPy's distributions."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from simulator.statistics.endpoints.effect import ByArm, Effect, ratio_or_nan, z_of_t


def test_a_difference_is_arm_one_minus_arm_zero() -> None:
    """7 - 5 with errors 3 and 4: 2, error 5, z 0.4."""
    found = ByArm(np.array([[5.0, 7.0], [1.0, 1.0]]), np.array([[3.0, 4.0], [0.0, 0.0]])).difference()
    assert found.estimate.tolist() == [2.0, 0.0] and found.se.tolist() == [5.0, 0.0]
    assert found.z[0] == pytest.approx(0.4) and np.isnan(found.z[1])


def test_a_log_ratio_is_of_arm_one_over_arm_zero() -> None:
    """0.4 over 0.2 with errors of 0.03 in 0.2 (15%) and 0.08 in 0.4 (20%): ln 2, error 25%; one over a half is ln 2 as well."""
    found = ByArm(np.array([[0.2, 0.4], [0.5, 1.0]]), np.array([[0.03, 0.08], [0.0, 0.1]])).log_ratio()
    assert found.estimate == pytest.approx([np.log(2.0), np.log(2.0)])
    assert found.se == pytest.approx([0.25, 0.1])
    assert found.z == pytest.approx([np.log(2.0) / 0.25, np.log(2.0) / 0.1])


def test_an_arm_with_nothing_has_no_ratio() -> None:
    """No events in an arm: no logarithm, no error, and no warning either."""
    with np.errstate(all="raise"):
        found = ByArm(np.array([[0.0, 0.4], [0.4, 0.0]]), np.array([[0.0, 0.1], [0.1, 0.0]])).log_ratio()
    assert np.isnan([found.estimate, found.se, found.z]).all()


def test_p_and_intervals_are_the_normal_or_the_t_distributions() -> None:
    """Both signs of z have one p; limits lie 1.96 errors, or the t quantile of 4 degrees of freedom, to either side."""
    z = np.array([1.5, -1.5])
    plain = Effect(np.array([3.0, -3.0]), np.array([2.0, 2.0]), z)
    assert plain.p_two_sided == pytest.approx(2.0 * stats.norm.sf(1.5))
    low, high = plain.interval()
    reach = 2.0 * stats.norm.ppf(0.975)
    assert low == pytest.approx([3.0 - reach, -3.0 - reach]) and high == pytest.approx([3.0 + reach, -3.0 + reach])
    low, high = Effect(plain.estimate, plain.se, z, np.array([4.0, 4.0])).interval(0.9)
    reach = 2.0 * stats.t.ppf(0.95, 4)
    assert low == pytest.approx([3.0 - reach, -3.0 - reach]) and high == pytest.approx([3.0 + reach, -3.0 + reach])


def test_a_ratio_by_zero_is_missing() -> None:
    """6 / 3 and -6 / 3; anything by zero is NaN, not infinite."""
    assert ratio_or_nan([6.0, -6.0], [3.0, 3.0]).tolist() == [2.0, -2.0]
    assert np.isnan(ratio_or_nan([1.0, 0.0], [0.0, 0.0])).all()
    assert ratio_or_nan(1.0, 1.0) == 1.0


def test_z_has_the_tail_of_t() -> None:
    """The same tail probability on either side, far out too."""
    t = np.array([-30.0, -1.2, 0.7, 30.0])
    found = z_of_t(t.tolist(), 6.0)
    assert stats.norm.sf(np.abs(found)) == pytest.approx(stats.t.sf(np.abs(t), 6.0), rel=1e-9)
    assert np.sign(found).tolist() == [-1.0, -1.0, 1.0, 1.0]
