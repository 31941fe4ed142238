"""The exact test of one arm: its limits, powers and sawtooth."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binom

from simulator.statistics.sizes import exact_binomial
from simulator.statistics.sizes.exact_binomial import SingleArmSize, single_arm_size
from simulator.words.errors import BadInput, Problem


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


def test_the_founding_study_and_the_smallest_trial():
    """50% against 70%: first 44, stable 49. 4% against 99%: one patient is enough, and so is every larger number."""
    assert single_arm_size(0.5, 0.7) == SingleArmSize(0.5, 0.7, 0.05, 0.85, 44, 49)
    assert single_arm_size(0.04, 0.99, 0.05, 0.9) == SingleArmSize(0.04, 0.99, 0.05, 0.9, 1, 1)
    assert exact_binomial.rejection_limit([1, 44], 0.5, 0.05).tolist() == [2, 28]


def test_the_table_of_the_sawtooth():
    """From five below the first to five above the stable size, with limits, the real alpha and power, by scipy."""
    table = single_arm_size(0.5, 0.7).table().set_index("n")
    assert (table.index[0], table.index[-1], len(table)) == (39, 54, 16)
    assert table.loc[44].tolist() == [
        28,
        pytest.approx(binom.sf(27, 44, 0.5)),
        pytest.approx(binom.sf(27, 44, 0.7)),
        True,
    ]
    for n, row in table.iterrows():
        limit = next(k for k in range(n + 1) if binom.sf(k - 1, n, 0.5) <= 0.05)
        assert row["reject_from"] == limit and row["enough"] == (binom.sf(limit - 1, n, 0.7) >= 0.85)
    small = SingleArmSize(0.5, 0.75, 0.3, 0.75, 1, 2).table(1)
    assert small["n"].tolist() == [1, 2, 3]
    # One of one rejects 1/2 never at 30%, two of two do at 1/4: power 9/16.
    assert small["reject_from"].tolist() == [2, 2, 3] and small["power"].tolist()[1] == pytest.approx(9 / 16)


@pytest.mark.parametrize(
    ("given", "problems"),
    [
        ((0.3, 0.5, 0.0, 0.8), [("alpha", "0", "above 0 and below 0.5")]),
        ((0.3, 0.5, 0.5, 0.8), [("alpha", "0.5", "above 0 and below 0.5")]),
        ((0.3, 0.5, 0.1, 0.1), [("power", "0.1", "above alpha (0.1) and below 1")]),
        ((0.3, 0.5, 0.1, 1.0), [("power", "1", "above alpha (0.1) and below 1")]),
        ((0.0, 0.5, 0.1, 0.8), [("p0", "0", "above 0 and below 1")]),
        ((0.5, 0.5, 0.1, 0.8), [("p1", "0.5", "above p0 (0.5) and below 1")]),
        ((0.5, 1.0, 0.1, 0.8), [("p1", "1", "above p0 (0.5) and below 1")]),
        ((1.0, 0.5, 0.1, 0.8), [("p0", "1", "above 0 and below 1"), ("p1", "0.5", "above p0 (1) and below 1")]),
        ((0.3, 0.301, 0.05, 0.9), [("p1", "0.301", "further from p0 0.3: more than 50,000 patients needed")]),
    ],
)
def test_a_single_arm_that_cannot_be(given, problems):
    """Everything that is wrong is said at once, where it stands."""
    with pytest.raises(BadInput) as caught:
        single_arm_size(*given, file="a.toml")
    assert list(caught.value.problems) == [Problem("a.toml", *each) for each in problems]
