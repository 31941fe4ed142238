"""The triangular test: straight lines of the score, moved by the overshoot, and their level by the bivariate normal."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.stats import multivariate_normal, norm

from simulator.statistics.sequential.triangular import triangle, triangular_bounds


def test_lines_of_the_score() -> None:
    """Equal steps: upper c (1 + t), lower c (3 t - 1), both as z; the apex is 2 c."""
    t = np.array([0.25, 0.5, 0.75, 1.0])
    lower, upper = triangle(t, 1.1)
    assert upper * np.sqrt(t) == pytest.approx(1.1 * (1.0 + t))
    assert lower * np.sqrt(t) == pytest.approx(1.1 * (3.0 * t - 1.0))
    assert lower[-1] == upper[-1] == pytest.approx(2.2)


def test_unequal_steps_are_moved_by_the_overshoot() -> None:
    """A step of 0.64 before one of 0.36: both lines 0.583 (0.6 - 0.8) further in than without the correction."""
    lower, upper = triangle(np.array([0.64, 1.0]), 1.0)
    assert upper[0] * 0.8 == pytest.approx(1.64 - 0.583 * 0.2)
    assert lower[0] * 0.8 == pytest.approx(0.92 + 0.583 * 0.2)


@pytest.mark.parametrize("alpha", [0.025, 0.1])
def test_the_level_is_exact(alpha: float) -> None:
    """Above at half, or between the lines at half and above at the end."""
    found = triangular_bounds(np.array([0.5, 1.0]), alpha)
    assert found is not None
    lower, upper = found
    law = multivariate_normal([0.0, 0.0], [[1.0, math.sqrt(0.5)], [math.sqrt(0.5), 1.0]])
    going = law.cdf([upper[0], 30.0], lower_limit=[lower[0], upper[1]])
    assert norm.sf(upper[0]) + going == pytest.approx(alpha, abs=1e-7)
    assert lower[1] == upper[1]


def test_without_a_look_it_is_the_plain_test() -> None:
    """1.96, and no triangle where the last step is so short that the lines meet before it."""
    found = triangular_bounds(np.array([1.0]), 0.025)
    assert found is not None and found[1][0] == pytest.approx(1.959964, abs=1e-6)
    assert triangular_bounds(np.array([0.5, 0.98, 1.0]), 0.025) is None
