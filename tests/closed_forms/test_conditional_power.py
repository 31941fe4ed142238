"""Conditional power and re-estimated sizes, by the normal distribution."""

from __future__ import annotations

from math import sqrt

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.stats import norm

from simulator.statistics.sequential.conditional_power import (
    PromisingZone,
    conditional_power,
    enlarged,
    predictive_power,
    stopping_z,
    trend,
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


@pytest.mark.parametrize(("z", "t"), [(1.2, 0.25), (-0.4, 0.5), (2.1, 0.8)])
def test_predictive_power_averages_conditional_power(z: float, t: float) -> None:
    """After a flat prior the drift is normal with mean z / sqrt(t) and variance 1 / t: conditional power, integrated over it."""
    belief = norm(z / sqrt(t), 1.0 / sqrt(t))
    average = quad(
        lambda drift: float(conditional_power(z, t, 1.96, drift)) * belief.pdf(drift), *belief.interval(1 - 1e-12)
    )
    assert predictive_power(z, t, 1.96) == pytest.approx(average[0], rel=1e-7)


def test_predictive_power_is_known_at_the_end() -> None:
    """Reached counts; short of it does not; half-way in the same call nothing is known yet."""
    found = predictive_power([1.96, 1.95, 1.96], [1.0, 1.0, 0.5], 1.96)
    assert found.tolist()[:2] == [1.0, 0.0] and 0.5 < found[2] < 1.0


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


def test_the_zone_holds_its_lower_end_alone() -> None:
    """A conditional power exactly at the lower end is promising; exactly at the upper end it is good enough."""
    power = float(conditional_power(1.3, 0.5, 1.96))
    assert enlarged(PromisingZone(power, 0.8, 0.8, 1.2), 1.3, 0.5, 1.96) == 1.2
    assert enlarged(PromisingZone(0.1, power, 0.8, 1.2), 1.3, 0.5, 1.96) == 1.0


def test_only_an_effect_in_the_right_direction_is_promising() -> None:
    """In a zone that begins at no power: a z of 0.9 is enlarged, none and the wrong direction are not."""
    anything = PromisingZone(0.0, 0.8, 0.8, 2.0)
    assert enlarged(anything, [0.9, 0.0, -0.5], 0.5, 1.96).tolist() == [2.0, 1.0, 1.0]


def test_no_trial_shrinks_and_a_little_is_a_little() -> None:
    """Where the plan is more than the target needs it stands; where it is a little less the trial grows to just that."""
    assert enlarged(PromisingZone(0.3, 0.9, 0.5, 2.0), 1.6, 0.5, 1.96) == 1.0
    z, t = 1.75, 0.5
    # The second stage's drift is z / sqrt(t) times the root of its information; it must lie 0.8416 above what is short.
    second = ((1.96 - z * sqrt(t)) / sqrt(1.0 - t) + 0.841621) ** 2 * t / z**2
    assert 1.0 < t + second < 1.2
    assert enlarged(PromisingZone(0.3, 0.9, 0.8, 2.0), z, t, 1.96) == pytest.approx(t + second, rel=1e-5)
