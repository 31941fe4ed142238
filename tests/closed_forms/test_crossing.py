"""Chances to cross boundaries at two and three looks, against the multivariate normal distribution and by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.stats import multivariate_normal, norm

from simulator.statistics.sequential.crossing import (
    _density,
    _grid,
    above,
    below,
    bound_for,
    crossing,
    spent_bounds,
    spent_bounds_of_trials,
    start,
    upper_tail,
)

NOTHING = np.empty(0)


def box(t: list[float], low: list[float], high: list[float], drift: float) -> float:
    """Probability that each z lies between its limits, by Genz's integration."""
    times = np.array(t)
    covariance = np.sqrt(np.minimum.outer(times, times) / np.maximum.outer(times, times))
    law = multivariate_normal(
        drift * np.sqrt(times), covariance, abseps=1e-7, releps=1e-7, seed=np.random.default_rng(1)
    )
    return float(law.cdf(np.array(high), lower_limit=np.array(low)))


def test_upper_tail_is_the_normal_distributions() -> None:
    """Near, far and on the other side."""
    for z in (-3.0, 0.0, 1.96, 9.0):
        assert upper_tail(z) == pytest.approx(norm.sf(z), rel=1e-12)


@pytest.mark.parametrize("drift", [0.0, 2.5])
def test_two_looks_are_the_bivariate_normal(drift: float) -> None:
    """First below or above at 0.4, then below or above at the end among those who went on."""
    t, low, high = [0.4, 1.0], [-0.3, 1.9], [2.2, 1.9]
    down, up = crossing(np.array(t), np.array(low), np.array(high), drift)
    mean = drift * math.sqrt(0.4)
    assert down[0] == pytest.approx(norm.cdf(-0.3 - mean), abs=1e-12)
    assert up[0] == pytest.approx(norm.sf(2.2 - mean), abs=1e-12)
    assert up[1] == pytest.approx(box(t, [-0.3, 1.9], [2.2, 30.0], drift), abs=1e-7)
    assert down[1] == pytest.approx(box(t, [-0.3, -30.0], [2.2, 1.9], drift), abs=1e-7)
    assert down.sum() + up.sum() == pytest.approx(1.0, abs=1e-9)


def test_three_looks_are_the_trivariate_normal() -> None:
    """On a coarse grid, with a drift and unequal steps: to five decimals."""
    t, low, high = [0.2, 0.5, 1.0], [-0.5, 0.1, 1.9], [2.9, 2.4, 1.9]
    down, up = crossing(np.array(t), np.array(low), np.array(high), 1.7, 12)
    assert up[1] == pytest.approx(box(t[:2], [-0.5, 2.4], [2.9, 30.0], 1.7), abs=1e-6)
    assert up[2] == pytest.approx(box(t, [-0.5, 0.1, 1.9], [2.9, 2.4, 30.0], 1.7), abs=2e-6)
    assert down[2] == pytest.approx(box(t, [-0.5, 0.1, -30.0], [2.9, 2.4, 1.9], 1.7), abs=2e-6)


def test_simpsons_rule_is_exact_for_a_cubic() -> None:
    """Weights add up to the length of the interval, and integrate x and x cubed, wherever it lies around the mean."""
    for mean, low, high in ((0.0, -1.0, 2.0), (1.0, -9.0, 9.0), (0.0, 0.01, 0.02), (0.0, 2.5, 6.5), (5.0, -1.5, 0.5)):
        nodes, weights = _grid(mean, low, high, 4)
        assert nodes[0] == low and nodes[-1] == high and np.all(np.diff(nodes) > 0.0)
        assert weights.sum() == pytest.approx(high - low)
        assert weights @ nodes == pytest.approx((high**2 - low**2) / 2.0)
        assert weights @ nodes**3 == pytest.approx((high**4 - low**4) / 4.0)


def test_the_grid_of_a_whole_line() -> None:
    """12 r - 3 points, symmetric, 3 standard deviations to either side with steps of 3/(2r), then out to 3 + 4 ln r."""
    nodes, weights = _grid(0.5, -math.inf, math.inf, 4)
    assert nodes.size == 12 * 4 - 3 and weights.size == nodes.size
    assert nodes - 0.5 == pytest.approx(-(nodes - 0.5)[::-1], abs=1e-12)
    assert nodes[-1] - 0.5 == pytest.approx(3.0 + 4.0 * math.log(4.0))
    inside = nodes[np.abs(nodes - 0.5) < 3.01]
    assert np.diff(inside)[::2] == pytest.approx(3.0 / 16.0) and inside.size == 4 * 8 + 1
    assert weights @ norm.pdf(nodes - 0.5) == pytest.approx(1.0, abs=1e-4)


def test_where_nothing_goes_on_there_is_no_grid() -> None:
    """An empty interval, or half a line beyond the last point."""
    for low, high in ((1.0, 1.0), (2.0, 1.0), (60.0, math.inf), (-math.inf, -60.0)):
        assert _grid(0.0, low, high, 4)[0].size == 0
    assert start(0.25, 0.0, 1.0, 1.0, 4)[1].size == 0


def test_a_bound_has_the_probability_that_was_wanted() -> None:
    """At the first look the normal quantile; later what `above` gives back; nothing or more than is left: infinite."""
    assert bound_for(NOTHING, NOTHING, 0.0, 0.25, 2.0, 0.1) == pytest.approx(1.0 + norm.isf(0.1), abs=1e-10)
    nodes, mass = start(0.25, 2.0, -math.inf, 2.0, 48)
    bound = bound_for(nodes, mass, 0.25, 1.0, 2.0, 0.3)
    assert above(nodes, mass, 0.25, 1.0, 2.0, bound) == pytest.approx(0.3, abs=1e-11)
    assert below(nodes, mass, 0.25, 1.0, 2.0, bound) == pytest.approx(norm.cdf(2.0 - 1.0) - 0.3, abs=1e-8)
    assert bound_for(nodes, mass, 0.25, 1.0, 2.0, 0.0) == math.inf
    assert bound_for(nodes, mass, 0.25, 1.0, 2.0, 0.9) == -math.inf


def test_each_look_spends_what_it_may() -> None:
    """One-sided above a futility boundary and two-sided; the first bound is the quantile, the sum is what was to spend."""
    t, spend = np.array([0.3, 1.0]), np.array([0.01, 0.02])
    low = np.array([0.2, -math.inf])
    upper = spent_bounds(t, spend, low, False)
    assert upper[0] == pytest.approx(norm.isf(0.01), abs=1e-10)
    assert box([0.3, 1.0], [0.2, upper[1]], [upper[0], 30.0], 0.0) == pytest.approx(0.02, abs=1e-7)
    both = spent_bounds(t, spend, low, True)
    assert box([0.3, 1.0], [-both[0], both[1]], [both[0], 30.0], 0.0) == pytest.approx(0.02, abs=1e-7)
    # A futility boundary above the efficacy one leaves nobody.
    assert spent_bounds(t, spend, np.array([5.0, 0.0]), False)[1] == -math.inf


def test_a_look_without_information_cannot_stop_a_trial() -> None:
    """Its boundary is infinite and the others are those of the trial without it; every trial has its own."""
    t = np.array([[0.4, 0.4, 0.8, 1.0], [0.1, 0.5, 0.7, 1.0]])
    spend = np.array([[0.005, 0.0, 0.01, 0.01], [0.0, 0.004, 0.008, 0.013]])
    found = spent_bounds_of_trials(t, spend, False)
    assert found[0, 1] == math.inf and found[1, 0] == math.inf
    three = spent_bounds(t[0, [0, 2, 3]], spend[0, [0, 2, 3]], np.full(3, -math.inf), False, 8)
    assert found[0, [0, 2, 3]] == pytest.approx(three, abs=1e-10)
    assert found[1, 1] == pytest.approx(norm.isf(0.004), abs=1e-5)
    covering = [-30.0, found[1, 2]], [found[1, 1], 30.0]
    assert box([0.5, 0.7], *covering, 0.0) == pytest.approx(0.008, abs=1e-5)


def test_the_density_is_what_the_tail_loses() -> None:
    """At the first look the normal density, later the slope of `above`, so that a search for a bound takes a few steps."""
    assert _density(NOTHING, NOTHING, 0.0, 0.25, 2.0, 1.5) == pytest.approx(norm.pdf(0.5))
    nodes, mass = start(0.25, 2.0, -1.0, 2.0, 16)
    tails = [above(nodes, mass, 0.25, 1.0, 2.0, 1.5 + step) for step in (-1e-5, 1e-5)]
    assert _density(nodes, mass, 0.25, 1.0, 2.0, 1.5) == pytest.approx((tails[0] - tails[1]) / 2e-5, rel=1e-6)
