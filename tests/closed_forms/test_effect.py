"""Estimates, errors and z, by hand and by SciPy's distributions."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from simulator.statistics.effect import ByArm, Effect, ratio_or_nan, z_of_t


def test_a_difference_is_arm_one_minus_arm_zero() -> None:
    """7 - 5 with errors 3 and 4: 2, error 5, z 0.4."""
    found = ByArm(np.array([[5.0, 7.0], [1.0, 1.0]]), np.array([[3.0, 4.0], [0.0, 0.0]])).difference()
    assert found.estimate.tolist() == [2.0, 0.0] and found.se.tolist() == [5.0, 0.0]
    assert found.z[0] == pytest.approx(0.4) and np.isnan(found.z[1])


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
