"""Sizes for a time to an event, against published numbers."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
from scipy.stats import norm

from simulator.statistics.sizes import survival_sizes
from simulator.statistics.sizes.samplesize import lachin_foulkes as plain_lachin
from simulator.statistics.sizes.survival_course import Course, Pieces


def test_freedman_events_of_his_table() -> None:
    """Hazard ratio 0.5, two-sided 5%, power 80%: 71 events by Freedman, 66 by Schoenfeld."""
    assert math.ceil(survival_sizes.freedman_events(0.5, 0.025).size(0.8)) == 71
    assert math.ceil(survival_sizes.schoenfeld_events(0.5, 0.025).size(0.8)) == 66


Z = norm.isf(0.025) + norm.isf(0.2)
AT_ONCE = Course((Pieces((0.4,)), Pieces((0.2,))), follow_up=2.0, ratio=2.0)
"""All enter on one day and are followed for two years, twice as many in arm 1; nobody is lost."""


def test_events_by_hand_with_twice_as_many_in_arm_1() -> None:
    """Schoenfeld with and without a margin, Freedman, and two one-sided tests of a ratio between 1/1.5 and 1.5."""
    share, a = 2 / 9, norm.isf(0.025)
    assert survival_sizes.schoenfeld_events(0.7, 0.025, 2.0).size(0.8) == pytest.approx(
        Z**2 / share / math.log(0.7) ** 2
    )
    assert survival_sizes.schoenfeld_events(0.9, 0.025, 2.0, 1.3).size(0.8) == pytest.approx(
        Z**2 / share / math.log(0.9 / 1.3) ** 2
    )
    freedman = survival_sizes.freedman_events(0.7, 0.025, 2.0)
    assert freedman.size(0.8) == pytest.approx(Z**2 * (1 + 2 * 0.7) ** 2 / (2 * 0.3**2))
    assert (freedman.name, freedman.citation, freedman.counts) == ("Freedman", survival_sizes.FREEDMAN, "events")
    both = survival_sizes.equivalence_events(0.9, 1 / 1.5, 0.025, 2.0)
    root = math.sqrt(150.0 * share)
    low, high = math.log(1.5) + math.log(0.9), math.log(1.5) - math.log(0.9)
    assert both.power(150.0) == pytest.approx(norm.cdf(low * root - a) + norm.cdf(high * root - a) - 1.0)
    assert both.citation == survival_sizes.SCHOENFELD and both.name == "two one-sided log-rank tests"


def test_patients_are_events_over_the_chance_of_one() -> None:
    """1 - exp(-0.8) in a third and 1 - exp(-0.4) in two thirds of the patients."""
    events = survival_sizes.schoenfeld_events(0.5, 0.025, 2.0)
    patients = survival_sizes.among_patients(events, AT_ONCE)
    chance = (1 - math.exp(-0.8)) / 3 + 2 * (1 - math.exp(-0.4)) / 3
    assert patients.size(0.8) == pytest.approx(events.size(0.8) / chance)
    assert patients.power(200.0) == pytest.approx(events.power(200.0 * chance))
    assert (patients.name, patients.citation, patients.counts) == ("Schoenfeld", survival_sizes.SCHOENFELD, "patients")


def test_lachin_and_foulkes_are_for_constant_hazards_only() -> None:
    """The same as the plain formula, losses and accrual included; None for breaks, unequal losses, own follow-up, no effect."""
    steady = Course(
        (Pieces((0.4,)), Pieces((0.2,))), (Pieces((0.1,)), Pieces((0.1,))), duration=1.5, follow_up=2.0, ratio=2.0
    )
    found = survival_sizes.lachin_foulkes(steady, 0.025)
    assert found is not None and (found.name, found.citation) == ("Lachin-Foulkes", survival_sizes.LACHIN)
    plain = plain_lachin(0.4, 0.2, 1.5, 2.0, 0.1, power=0.8, ratio=2.0)
    assert found.size(0.8) == pytest.approx(plain.patients)
    for changed in (
        {"hazards": (Pieces((0.4, 0.3), (1.0,)), Pieces((0.2,)))},
        {"hazards": (Pieces((0.4,)), Pieces((0.4,)))},
        {"dropout": (Pieces((0.1,)), Pieces((0.2,)))},
        {"dropout": (Pieces((0.1, 0.2), (1.0,)),) * 2},
        {"accrual": Pieces((1.0, 2.0), (0.5,))},
        {"own": True},
    ):
        assert survival_sizes.lachin_foulkes(replace(steady, **changed), 0.025) is None


def test_lakatos_is_the_normal_formula_of_the_drift() -> None:
    """Whichever arm does better."""
    found = survival_sizes.lakatos(AT_ONCE, 0.025)
    assert found.size(0.8) == pytest.approx((Z / AT_ONCE.logrank_drift()) ** 2)
    other = Course(AT_ONCE.hazards[::-1], follow_up=2.0, ratio=0.5)
    assert survival_sizes.lakatos(other, 0.025).size(0.8) == pytest.approx(found.size(0.8))
    assert (found.name, found.citation) == ("Lakatos", survival_sizes.LAKATOS)


def test_survival_at_a_time_is_a_proportion_where_nobody_is_lost() -> None:
    """exp(-0.4) against exp(-0.2) after one year, with their binomial variances; a margin counts from itself."""
    s0, s1 = math.exp(-0.4), math.exp(-0.2)
    spread = math.sqrt(3 * s0 * (1 - s0) + 1.5 * s1 * (1 - s1))
    found = survival_sizes.survival_at(AT_ONCE, 1.0, 0.025)
    assert found.size(0.8) == pytest.approx((Z * spread / (s1 - s0)) ** 2)
    assert survival_sizes.survival_at(AT_ONCE, 1.0, 0.025, -0.1).size(0.8) == pytest.approx(
        (Z * spread / (s1 - s0 + 0.1)) ** 2
    )
    assert found.citation == survival_sizes.KAPLAN_MEIER and found.name == "difference of Kaplan-Meier estimates"


def test_restricted_means_are_means_where_nobody_is_lost() -> None:
    """The mean and variance of min(T, 1) for an exponential T, in both arms; a margin counts from itself."""

    def moments(h: float) -> tuple[float, float]:
        mean = (1 - math.exp(-h)) / h
        return mean, 2 / h**2 * (1 - (1 + h) * math.exp(-h)) - mean**2

    (m0, v0), (m1, v1) = moments(0.4), moments(0.2)
    spread = math.sqrt(3 * v0 + 1.5 * v1)
    found = survival_sizes.restricted_mean(AT_ONCE, 1.0, 0.025)
    assert found.size(0.8) == pytest.approx((Z * spread / (m1 - m0)) ** 2, rel=1e-6)
    assert survival_sizes.restricted_mean(AT_ONCE, 1.0, 0.025, -0.1).size(0.8) == pytest.approx(
        (Z * spread / (m1 - m0 + 0.1)) ** 2, rel=1e-6
    )
    assert found.citation == survival_sizes.RMST and found.name == "difference of restricted means"
