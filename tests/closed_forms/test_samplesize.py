"""Sizes of trials with two arms, against published numbers, integrals and other programs."""

from __future__ import annotations

import math

import pytest

from simulator.statistics.samplesize import (
    event_probability,
    lachin_foulkes,
    schoenfeld,
    schoenfeld_events,
    two_means,
    two_proportions,
    two_proportions_power,
)

LN2 = math.log(2.0)


def test_schoenfeld_events():
    """Hazard ratio 0.7, one-sided 2.5%, power 90%: 330.378 events."""
    assert schoenfeld_events(0.7) == pytest.approx(330.378, abs=5e-4)
    assert schoenfeld_events(1 / 0.7) == pytest.approx(schoenfeld_events(0.7))
    assert schoenfeld_events(0.7, ratio=2.0) == pytest.approx(schoenfeld_events(0.7) * 9 / 8)


def test_schoenfeld_patients():
    """Medians 5 and 3, accrual 12, follow-up 6, power 80%: 120.3157 events of 141.26641 patients."""
    size = schoenfeld(LN2 / 3, LN2 / 5, 12.0, 6.0, power=0.8)
    assert size.events == pytest.approx(120.3157, abs=5e-5)
    assert size.patients == pytest.approx(141.26641, abs=5e-6)
    assert size.events_arm_0 + size.events_arm_1 == pytest.approx(size.events)


def test_event_probability_is_the_integral():
    """The closed form with accrual and drop-out equals the mean over entry dates, by quadrature."""
    from scipy.integrate import quad

    hazard, accrual, follow_up, dropout = 0.3, 3.0, 2.0, 0.15

    def given_entry(u: float) -> float:
        time = follow_up + accrual - u
        return hazard / (hazard + dropout) * -math.expm1(-(hazard + dropout) * time) / accrual

    expected = quad(given_entry, 0.0, accrual)[0]
    assert event_probability(hazard, accrual, follow_up, dropout) == pytest.approx(expected, rel=1e-10)
    assert event_probability(hazard, 1e-9, follow_up, dropout) == pytest.approx(
        event_probability(hazard, 0.0, follow_up, dropout), rel=1e-6
    )
    assert event_probability(0.0, accrual, follow_up) == 0.0


def test_lachin_foulkes_against_another_program():
    """Hazards 0.2 and 0.1, half a year of accrual in a two-year trial, power 90%: 414 patients and 94 events.

    The R package gsDesign, nSurvival(type = "rd", approx = FALSE), as its own tests record it (arms rounded up).
    """
    size = lachin_foulkes(0.2, 0.1, 0.5, 1.5)
    assert 2 * math.ceil(size.patients / 2) == 414
    assert math.ceil(size.events) == 94
    assert lachin_foulkes(0.2, 0.1, 0.5, 1.5, 0.1).patients > size.patients


def test_two_proportions_reach_their_power():
    """Sizes, pooled and not, give back the power by statsmodels' power function and by their own."""
    from statsmodels.stats.proportion import power_proportions_2indep

    n = two_proportions(0.31, 0.16)
    theirs = power_proportions_2indep(0.16 - 0.31, 0.31, n / 2, ratio=1.0, alpha=0.05, return_results=False)
    # statsmodels also counts rejections in the wrong direction, some 1e-7 here.
    assert theirs == pytest.approx(0.9, abs=1e-6)
    for ratio in (0.5, 1.0, 3.0):
        for pooled in (True, False):
            n = two_proportions(0.31, 0.16, 0.025, 0.85, ratio, pooled=pooled)
            assert two_proportions_power(n, 0.31, 0.16, 0.025, ratio, pooled=pooled) == pytest.approx(0.85, abs=1e-9)


def test_two_means_agree_with_statsmodels():
    """The t test's size is statsmodels' to five digits, and ANCOVA needs about 1 - r^2 of it."""
    from statsmodels.stats.power import TTestIndPower

    for ratio in (1.0, 2.0):
        theirs = TTestIndPower().solve_power(0.5, alpha=0.05, power=0.9, ratio=ratio)
        assert two_means(0.5, 1.0, ratio=ratio) == pytest.approx(theirs * (1 + ratio), rel=1e-5)
    assert two_means(5.0, 10.0, correlation=0.6) == pytest.approx(two_means(5.0, 10.0) * 0.64, abs=1.5)
