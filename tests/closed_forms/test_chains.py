"""Chains that walk by each other's differences, and resampling by weight: by hand and on a law that is known."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from simulator.questions.calibrate.chains import resample, sample_chains
from simulator.statistics.beliefs.weighted_draws import effective_draws


def test_what_weights_are_worth() -> None:
    """Equal weights count all; 3, 1 and 0 are worth 16 / 10; whatever they add up to."""
    assert effective_draws(np.full(7, 0.2)) == pytest.approx(7.0)
    assert effective_draws(np.array([3.0, 1.0, 0.0])) == pytest.approx(1.6)
    assert effective_draws(np.array([0.3, 0.1, 0.0])) == pytest.approx(1.6)


class Luck:
    """One uniform that is written down."""

    def __init__(self, uniform: float) -> None:
        self.uniform = uniform

    def random(self) -> float:
        """The uniform."""
        return self.uniform


def test_systematic_resampling() -> None:
    """Weights 1, 2, 1: the ladder (k + 1/2) / 4 takes the first once, the second twice, the third once."""
    luck: Any = Luck(0.5)
    assert list(resample(np.array([1.0, 2.0, 1.0]), 4, luck)) == [0, 1, 1, 2]
    late: Any = Luck(0.99)
    assert list(resample(np.array([0.3, 0.7]), 2, late)) == [1, 1]


def test_chains_are_as_wide_as_the_law() -> None:
    """A standard normal in 20 dimensions has variance 1; chains that move by differences of their own ensemble find .95."""
    luck = np.random.default_rng(7)
    start = luck.normal(size=(60, 20))
    found = sample_chains(lambda x: -0.5 * (x**2).sum(axis=1), start.copy(), steps=16_000, keep_every=20, luck=luck)
    assert found.shape == (60 * 400, 20)
    # 20 dimensions of some 480 independent draws each: an error of .015.
    assert found.var(axis=0).mean() == pytest.approx(1.0, abs=0.03)


def test_chains_leave_their_start_and_follow_their_seed() -> None:
    """The same luck gives the same draws; the points that chains begin at stay as they are."""
    start = np.random.default_rng(1).normal(size=(10, 2))
    kept = start.copy()

    def drawn(seed: int) -> np.ndarray:
        luck = np.random.default_rng(seed)
        return sample_chains(lambda x: -0.5 * (x**2).sum(axis=1), start, steps=40, keep_every=10, luck=luck)

    assert np.array_equal(drawn(3), drawn(3)) and not np.array_equal(drawn(3), drawn(4))
    assert np.array_equal(start, kept)


def test_a_normal_law_is_recovered() -> None:
    """Mean 2 and SD 3 of one, -1 and 0.5 of another parameter, from the second half of the steps, one in ten of them."""
    luck = np.random.default_rng(5)
    middle, spread = np.array([2.0, -1.0]), np.array([3.0, 0.5])
    found = sample_chains(
        lambda x: -0.5 * (((x - middle) / spread) ** 2).sum(axis=1),
        luck.normal(0.0, 1.0, (60, 2)),
        steps=2_000,
        keep_every=10,
        luck=luck,
    )
    assert found.shape == (60 * 100, 2)
    assert found.mean(axis=0) == pytest.approx(middle, abs=0.25) and found.std(axis=0) == pytest.approx(
        spread, rel=0.08
    )
