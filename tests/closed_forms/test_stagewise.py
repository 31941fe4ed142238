"""p value, estimate and limits after stopping at one of two looks, against the bivariate normal distribution."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.optimize import brentq
from scipy.stats import multivariate_normal, norm

from simulator.statistics.sequential.stagewise import after_stopping, at_least

T = np.array([[0.4, 1.0]])
LOWER, UPPER = np.array([[0.2, 1.8]]), np.array([[2.4, 1.8]])


def beyond(z: float, drift: float, low: float = 0.2) -> float:
    """Probability to stop above 2.4 at 0.4, or to go on from between the boundaries and end at z or more."""
    law = multivariate_normal([drift * math.sqrt(0.4), drift], [[1.0, math.sqrt(0.4)], [math.sqrt(0.4), 1.0]])
    return float(norm.sf(2.4 - drift * math.sqrt(0.4)) + law.cdf([2.4, 30.0 + drift], lower_limit=[low, z]))


@pytest.mark.parametrize("binding", [True, False])
def test_after_the_second_look(binding: bool) -> None:
    """The drifts with a half and 2.5% to either side; a rule that does not bind is left out of p value and lower limit."""
    found = after_stopping(T, LOWER, UPPER, np.array([2]), np.array([2.2]), 0.025, binding, r=48)
    free = 0.2 if binding else -30.0
    assert found.p[0] == pytest.approx(beyond(2.2, 0.0, free), abs=1e-7)
    expected = {
        "estimate": brentq(lambda d: beyond(2.2, d) - 0.5, -5.0, 9.0),
        "low": brentq(lambda d: beyond(2.2, d, free) - 0.025, -5.0, 9.0),
        "high": brentq(lambda d: beyond(2.2, d) - 0.975, -5.0, 9.0),
    }
    for name, value in expected.items():
        assert getattr(found, name)[0] == pytest.approx(value, abs=2e-5), name


def test_after_the_first_look_nothing_is_adjusted() -> None:
    """z / root t and 1.96 / root t to either side; trials are worked out one by one, and one without a z not at all."""
    rows = [np.repeat(each, 3, axis=0) for each in (T, LOWER, UPPER)]
    found = after_stopping(*rows, np.array([1, 2, 1]), np.array([2.6, 2.2, np.nan]), 0.025)
    root = math.sqrt(0.4)
    assert found.p[0] == pytest.approx(norm.sf(2.6))
    values = [found.estimate[0], found.low[0], found.high[0]]
    assert values == pytest.approx([2.6 / root, (2.6 - 1.959964) / root, (2.6 + 1.959964) / root], abs=1e-6)
    assert found.p[1] == pytest.approx(beyond(2.2, 0.0), abs=1e-5)
    assert np.isnan([found.p[2], found.estimate[2], found.low[2], found.high[2]]).all()


def test_a_look_without_information_is_passed_over() -> None:
    """Three looks of which the second brought nothing are the two; before any information there is no answer."""
    t, low, up = np.array([[0.4, 0.4, 1.0]]), np.array([[0.2, 5.0, 1.8]]), np.array([[2.4, -5.0, 1.8]])
    three = after_stopping(t, low, up, np.array([3]), np.array([2.2]), 0.025)
    two = after_stopping(T, LOWER, UPPER, np.array([2]), np.array([2.2]), 0.025)
    assert (three.p[0], three.estimate[0]) == (pytest.approx(two.p[0]), pytest.approx(two.estimate[0], abs=1e-8))
    nothing = after_stopping(np.array([[0.0, 1.0]]), LOWER, UPPER, np.array([1]), np.array([2.2]), 0.025)
    assert np.isnan(nothing.p[0]) and np.isnan(nothing.estimate[0])


def test_three_looks_count_each_earlier_way_out() -> None:
    """Above at the first or second, or at least z at the third: by simulation-free integration of the trivariate normal."""
    t, low, up = np.array([0.3, 0.6, 1.0]), np.array([-0.5, 0.0, 2.0]), np.array([2.6, 2.3, 2.0])
    covariance = np.sqrt(np.minimum.outer(t, t) / np.maximum.outer(t, t))
    law = multivariate_normal(1.1 * np.sqrt(t), covariance, seed=np.random.default_rng(1))
    second = multivariate_normal(1.1 * np.sqrt(t[:2]), covariance[:2, :2])
    total = norm.sf(2.6 - 1.1 * math.sqrt(0.3)) + second.cdf([2.6, 30.0], lower_limit=[-0.5, 2.3])
    total += law.cdf([2.6, 2.3, 30.0], lower_limit=[-0.5, 0.0, 1.5])
    assert at_least(t, low, up, 3, 1.5, 1.1, 12) == pytest.approx(float(total), abs=2e-5)
