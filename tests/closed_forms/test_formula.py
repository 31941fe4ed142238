"""The pieces of every size formula, by hand and by the normal distribution."""

from __future__ import annotations

import math

import pytest
from scipy.stats import norm

from simulator.statistics.sizes.formula import (
    WILCOXON_EFFICIENCY,
    design_effect,
    fixed_drift,
    for_equivalence,
    inverted,
    normal,
    two_spreads,
)

Z = norm.isf(0.025)


def test_a_normal_statistic_by_hand() -> None:
    """Mean 0.5 root n: ((1.96 + 0.84) / 0.5)^2 patients for 80%; power back; no drift needs for ever."""
    found = normal("name", "citation", 0.5, 0.025, "events")
    assert (found.name, found.citation, found.counts, found.exact) == ("name", "citation", "events", False)
    assert found.size(0.8) == pytest.approx(((Z + norm.isf(0.2)) / 0.5) ** 2)
    assert found.power(16.0) == pytest.approx(norm.sf(Z - 2.0))
    assert normal("name", "citation", 0.0, 0.025).size(0.8) == math.inf
    assert normal("name", "citation", 0.5, 0.025).counts == "patients"


def test_two_spreads_by_hand() -> None:
    """Spread 2 under the null and 3 under the effect, a gain of 0.5."""
    found = two_spreads("name", "citation", 0.5, 2.0, 3.0, 0.025)
    assert (found.name, found.citation, found.counts) == ("name", "citation", "patients")
    assert found.size(0.9) == pytest.approx(((Z * 2.0 + norm.isf(0.1) * 3.0) / 0.5) ** 2)
    assert found.power(400.0) == pytest.approx(norm.cdf((0.5 * 20.0 - Z * 2.0) / 3.0))
    assert two_spreads("name", "citation", 0.0, 2.0, 3.0, 0.025).size(0.9) == math.inf


def test_inflated_sizes() -> None:
    """A factor of 1.5: half as many again, and the power of two thirds of the patients; 1 changes nothing."""
    plain = normal("name", "citation", 0.5, 0.025, "events")
    more = plain.inflated(1.5)
    assert plain.inflated(1.0) is plain
    assert (more.name, more.citation, more.counts) == ("name", "citation", "events")
    assert more.size(0.8) == pytest.approx(1.5 * plain.size(0.8))
    assert more.power(30.0) == pytest.approx(plain.power(20.0))


def test_a_power_is_inverted() -> None:
    """Power 1 - 10/n: 50 for 80% from whatever guess; the smallest where it is enough; for ever where none is."""
    for guess in (1.0, 50.0, 1e4):
        found = inverted("name", "citation", lambda n: 1.0 - 10.0 / n, guess, 11.0)
        assert found.size(0.8) == pytest.approx(50.0, abs=1e-6)
        assert (found.name, found.citation, found.power(20.0)) == ("name", "citation", 0.5)
    assert inverted("name", "citation", lambda n: 1.0 - 10.0 / n, 1.0, 50.0).size(0.8) == 50.0
    assert inverted("name", "citation", lambda n: 1.0 - 10.0 / n, 1.0, 60.0).size(0.8) == 60.0
    assert inverted("name", "citation", lambda _: 0.5, 1.0, 2.0).size(0.8) == math.inf


def test_equivalence_by_hand() -> None:
    """True value 1 from one margin and 3 from the other, spread 10: both tests succeed; on a margin none ever will."""
    found = for_equivalence("name", "citation", 1.0, 3.0, 10.0, 0.05)
    z = norm.isf(0.05)
    assert (found.name, found.citation) == ("name", "citation")
    assert found.power(900.0) == pytest.approx(norm.cdf(3.0 - z) + norm.cdf(9.0 - z) - 1.0)
    assert found.power(4.0) == 0.0
    assert found.power(found.size(0.8)) == pytest.approx(0.8, abs=1e-9)
    # The further margin decides nothing at this size.
    assert found.size(0.8) == pytest.approx(((z + norm.isf(0.2)) * 10.0) ** 2, rel=1e-6)
    for nearest in (0.0, -1.0):
        assert for_equivalence("name", "citation", nearest, 3.0, 10.0, 0.05).size(0.8) == math.inf
        assert for_equivalence("name", "citation", 3.0, nearest, 10.0, 0.05).size(0.8) == math.inf


def test_constants_of_the_textbook() -> None:
    """z of 2.5% and 10%; five to a cluster with correlation 0.2 need 1.8 times as many; 3 / pi."""
    assert fixed_drift(0.025, 0.9) == pytest.approx(1.959964 + 1.281552, abs=1e-6)
    assert design_effect(5.0, 0.2) == pytest.approx(1.8)
    assert pytest.approx(0.9549, abs=5e-5) == WILCOXON_EFFICIENCY
