"""Conditional power and re-estimated sizes, by the normal distribution."""

from __future__ import annotations

from math import sqrt

import numpy as np
import pytest
from scipy.stats import norm

from simulator.statistics.conditional_power import (
    PromisingZone,
    conditional_power,
    enlarged,
    least_promising,
    stopping_z,
    trend,
    weighted_z,
)


def test_the_trend_goes_on() -> None:
    """z 1.2 at a quarter of the information is a drift of 2.4."""
    assert trend(1.2, 0.25) == pytest.approx(2.4)


def test_conditional_power_by_hand() -> None:
    """B(0.25) = 0.6 and drift 2.4: B(1) is normal with mean 0.6 + 1.8 and variance 0.75. With drift 3, 0.6 + 2.25."""
    assert conditional_power(1.2, 0.25, 1.96) == pytest.approx(norm.sf((1.96 - 2.4) / sqrt(0.75)))
    assert conditional_power(1.2, 0.25, 1.96, 3.0) == pytest.approx(norm.sf((1.96 - 2.85) / sqrt(0.75)))
    longer = norm.sf((1.96 * sqrt(1.5) - 0.6 - 2.4 * 1.25) / sqrt(1.25))
    assert conditional_power(1.2, 0.25, 1.96, end=1.5) == pytest.approx(longer)


def test_at_the_end_it_is_known() -> None:
    """Reached counts; short of it does not."""
    assert conditional_power([1.96, 1.95], 1.0, 1.96).tolist() == [1.0, 0.0]


def test_the_stopping_z_gives_its_threshold() -> None:
    """Under the trend and under a stated drift."""
    for drift in (None, 2.0):
        z = stopping_z(0.4, 1.96, 0.2, drift)
        assert conditional_power(z, 0.4, 1.96, drift) == pytest.approx(0.2)


ZONE = PromisingZone(0.36, 0.8, 0.8, 2.0)


def test_a_promising_trial_is_enlarged_until_it_has_its_power() -> None:
    """Half-way with z 1.3: the second stage gives the weighted statistic 80% at a drift of 1.3 / sqrt(1/2)."""
    z, t = 1.3, 0.5
    end = float(enlarged(PromisingZone(0.3, 0.8, 0.8, 10.0), z, t, 1.96))
    second = end - t
    short = (1.96 - sqrt(t) * z) / sqrt(1.0 - t)
    assert norm.sf(short - z / sqrt(t) * sqrt(second)) == pytest.approx(0.8)
    assert end > 1.0


def test_outside_the_zone_the_plan_stands() -> None:
    """Hopeless, good enough and negative trials go on as planned; nobody grows beyond the largest."""
    z = np.array([0.2, 2.6, -3.0])
    assert enlarged(ZONE, z, 0.5, 1.96).tolist() == [1.0, 1.0, 1.0]
    low = float(stopping_z(0.5, 1.96, 0.36))
    assert enlarged(ZONE, [low + 1e-6, low - 1e-6], 0.5, 1.96).tolist() == [2.0, 1.0]
    high = float(stopping_z(0.5, 1.96, 0.8))
    assert enlarged(PromisingZone(0.3, 0.8, 0.95, 2.0), [high - 1e-6, high + 1e-6], 0.5, 1.96)[1] == 1.0
    assert enlarged(PromisingZone(0.3, 0.8, 0.95, 2.0), high - 1e-6, 0.5, 1.96) > 1.0


def test_weights_are_fixed_in_advance() -> None:
    """sqrt(0.36) x 1 + sqrt(0.64) x 2 = 2.2."""
    assert weighted_z(1.0, 2.0, 0.36) == pytest.approx(2.2)


def test_the_least_promising_power_is_the_published_one() -> None:
    """Mehta & Pocock 2011, table 1: half-way, target 90% and at most twice as large, 0.36; 1.5 times, 0.41."""
    assert least_promising(0.5, 1.96, 0.9, 2.0) == pytest.approx(0.36, abs=0.006)
    assert least_promising(0.5, 1.96, 0.9, 1.5) == pytest.approx(0.41, abs=0.006)
