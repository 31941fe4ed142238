"""The largest of several normal statistics, against the multivariate normal distribution."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import multivariate_normal, norm

from simulator.statistics.normal_maximum import largest_tail


def test_the_largest_of_normal_statistics() -> None:
    """P(max Z >= c) is scipy's multivariate normal's, near one in forty and in the middle; of one statistic the plain tail."""
    correlation = np.array([[1, 0.8, 0.7, 0.9], [0.8, 1, 0.3, 0.8], [0.7, 0.3, 1, 0.6], [0.9, 0.8, 0.6, 1]])
    for limit in (0.5, 2.2, 3.0):
        exact = 1.0 - multivariate_normal.cdf([limit] * 4, cov=correlation, maxpts=200_000, abseps=1e-6, releps=1e-6)
        own = largest_tail(np.array([limit]), correlation[None])[0]
        assert own == pytest.approx(exact, rel=1e-3), limit
    assert largest_tail(np.array([1.7]), np.ones((1, 1, 1)))[0] == pytest.approx(norm.sf(1.7), abs=1e-9)
