"""Sizes for two means, against integrals."""

from __future__ import annotations

import math

import pytest
from scipy.integrate import quad
from scipy.stats import nct, norm, t

from simulator.statistics.sizes import mean_sizes


def test_equivalence_by_integration() -> None:
    """The power of two one-sided tests is the normal mass between their limits."""
    found = mean_sizes.equivalence(1.0, 10.0, 5.0, 0.05, 1.0)[0]
    n = found.size(0.8)
    se = 10.0 * math.sqrt(4.0 / n)
    low, high = -5.0 + 1.6448536 * se, 5.0 - 1.6448536 * se
    mass = quad(lambda x: math.exp(-0.5 * ((x - 1.0) / se) ** 2) / (se * math.sqrt(2 * math.pi)), low, high)[0]
    assert mass == pytest.approx(0.8, abs=1e-6)


def test_the_t_test_is_the_noncentral_t() -> None:
    """5 of 10 with twice as many in arm 1: power of 60 patients, the size back, and nothing with two patients or fewer."""
    found = mean_sizes.t_test(5.0, 10.0, 0.025, 2.0)
    assert found.power(60.0) == pytest.approx(nct.sf(t.isf(0.025, 58), 58, 0.5 * math.sqrt(60 * 2 / 9)))
    assert found.power(found.size(0.8)) == pytest.approx(0.8, abs=1e-8)
    assert math.isnan(found.power(2.0)) and not math.isnan(found.power(2.5))
    assert (found.name, found.citation) == ("t test", mean_sizes.T_TEST)
    # An effect that any trial finds needs one patient more than is spent, in the larger arm.
    assert mean_sizes.t_test(1e4, 1.0, 0.025, 2.0).size(0.8) == pytest.approx(2.0 + 3.0 / 2.0)
    assert mean_sizes.t_test(1e4, 1.0, 0.025, 0.5, 0.5).size(0.8) == pytest.approx(3.0 + 3.0 / 2.0)


def test_superiority_has_ancova_where_a_correlation_is_given() -> None:
    """t test, ANCOVA with 0.8 of the spread and one more degree of freedom spent, Wilcoxon for pi/3 times the patients."""
    plain, ancova, ranks = mean_sizes.superiority(-5.0, 10.0, 0.025, 1.0, 0.6)
    assert [each.name for each in (plain, ancova, ranks)] == ["t test", "ANCOVA", "Wilcoxon"]
    assert [each.citation for each in (plain, ancova, ranks)] == [
        mean_sizes.T_TEST,
        mean_sizes.ANCOVA,
        mean_sizes.WILCOXON,
    ]
    assert ancova.power(60.0) == pytest.approx(nct.sf(t.isf(0.025, 57), 57, 5.0 / 8.0 * math.sqrt(15.0)))
    assert plain.power(60.0) == pytest.approx(nct.sf(t.isf(0.025, 58), 58, 0.5 * math.sqrt(15.0)))
    assert ranks.size(0.8) == pytest.approx(plain.size(0.8) * math.pi / 3.0)
    assert ranks.power(100.0) == pytest.approx(plain.power(100.0 * 3.0 / math.pi))
    assert [each.name for each in mean_sizes.superiority(5.0, 10.0, 0.025, 1.0, None)] == ["t test", "Wilcoxon"]


def test_non_inferiority_and_equivalence_count_from_the_margin() -> None:
    """1 better than 4 fewer allowed is 5 away; within 4 of either side by two normal tests with twice as many in arm 1."""
    (margin,) = mean_sizes.non_inferiority(1.0, 10.0, -4.0, 0.025, 2.0)
    assert margin.size(0.8) == pytest.approx(mean_sizes.t_test(5.0, 10.0, 0.025, 2.0).size(0.8))
    (both,) = mean_sizes.equivalence(1.0, 10.0, -4.0, 0.05, 2.0)
    root, z = math.sqrt(200.0 * 2 / 9) / 10.0, norm.isf(0.05)
    assert both.power(200.0) == pytest.approx(norm.cdf(5.0 * root - z) + norm.cdf(3.0 * root - z) - 1.0)
    assert both.name.startswith("two one-sided") and "Schuirmann" in both.citation
