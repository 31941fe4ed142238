"""The exact test of one arm: its limits, powers and sawtooth."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binom

from simulator.statistics import exact_binomial


def test_exact_power_sawtooth():
    """Exact powers for 5% against 20% at one-sided 2.5%, to eight decimals."""
    found = exact_binomial.power([25, 28, 33, 35], 0.05, 0.20, 0.025)
    assert found == pytest.approx([0.57932569, 0.6851126, 0.81787426, 0.72790831], abs=5e-9)


@settings(max_examples=60, deadline=None)
@given(n=st.integers(2, 200), p0=st.floats(0.02, 0.95), alpha=st.floats(0.001, 0.2))
def test_rejection_limit_is_the_smallest_that_keeps_alpha(n, p0, alpha):
    """The exact test keeps alpha, and one success fewer would not."""
    limit = int(exact_binomial.rejection_limit(n, p0, alpha))
    assert binom.sf(limit - 1, n, p0) <= alpha * (1 + 1e-12)
    assert binom.sf(limit - 2, n, p0) > alpha * (1 - 1e-12)
