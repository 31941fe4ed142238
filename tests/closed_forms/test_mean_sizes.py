"""Sizes for two means, against integrals."""

from __future__ import annotations

import math

import pytest
from scipy.integrate import quad

from simulator.statistics import mean_sizes


def test_equivalence_by_integration() -> None:
    """The power of two one-sided tests is the normal mass between their limits."""
    found = mean_sizes.equivalence(1.0, 10.0, 5.0, 0.05, 1.0)[0]
    n = found.size(0.8)
    se = 10.0 * math.sqrt(4.0 / n)
    low, high = -5.0 + 1.6448536 * se, 5.0 - 1.6448536 * se
    mass = quad(lambda x: math.exp(-0.5 * ((x - 1.0) / se) ** 2) / (se * math.sqrt(2 * math.pi)), low, high)[0]
    assert mass == pytest.approx(0.8, abs=1e-6)
