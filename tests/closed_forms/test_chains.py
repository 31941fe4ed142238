"""Chains that walk by each other's differences, and resampling by weight: by hand and on a law that is known."""

from __future__ import annotations

from math import sqrt
from typing import Any

import numpy as np
import pytest

from simulator.questions.calibrate.chains import effective_size, resample, sample_chains


def test_what_weights_are_worth() -> None:
    """Equal weights count all; 3, 1 and 0 are worth 16 / 10; whatever they add up to."""
    assert effective_size(np.full(7, 0.2)) == pytest.approx(7.0)
    assert effective_size(np.array([3.0, 1.0, 0.0])) == pytest.approx(1.6)
    assert effective_size(np.array([0.3, 0.1, 0.0])) == pytest.approx(1.6)


class Luck:
    """Luck that is written down."""

    def __init__(self, **given: Any) -> None:
        self.given = given

    def random(self, size: Any = None) -> Any:
        """The next uniforms."""
        return self.given["random"].pop(0)

    def integers(self, low: int, high: int, size: Any) -> Any:
        """The next pairs of chains."""
        assert (low, high, size) == (0, 3, (2, 3))
        return self.given["integers"].pop(0)

    def uniform(self, low: float, high: float, size: Any) -> Any:
        """The next lengths of a jump."""
        assert (low, high, size) == (0.3, 1.0, (3, 1))
        return self.given["uniform"].pop(0)

    def normal(self, mean: float, sd: float, size: Any) -> Any:
        """No jitter, but as small as it should be."""
        assert (mean, sd, size) == (0.0, 1e-3, (3, 1))
        return np.zeros(size)


def test_systematic_resampling() -> None:
    """Weights 1, 2, 1: the ladder (k + 1/2) / 4 takes the first once, the second twice, the third once."""
    luck: Any = Luck(random=[0.5])
    assert list(resample(np.array([1.0, 2.0, 1.0]), 4, luck)) == [0, 1, 1, 2]
    late: Any = Luck(random=[0.99])
    assert list(resample(np.array([0.3, 0.7]), 2, late)) == [1, 1]


def test_two_steps_of_three_chains() -> None:
    """A full jump by the first step, then 2.38 / sqrt(2) of a drawn part; a proposal stands where it is likely enough."""
    start = np.array([[0.0], [1.0], [3.0]])
    luck: Any = Luck(
        integers=[np.array([[1, 2, 0], [0, 0, 0]]), np.array([[1, 1, 2], [0, 0, 2]])],
        uniform=[np.array([[0.5], [1.0], [0.4]])],
        random=[np.array([0.5, 0.5, 0.5]), np.array([0.5, 0.999, 0.5])],
    )
    asked = []

    def level(x: Any) -> Any:
        asked.append(x.copy())
        return np.where(x[:, 0] > 3.5, -1e9, 0.1 * x[:, 0])

    found = sample_chains(level, start, steps=2, keep_every=1, luck=luck)
    # Chain 1 moves by x1 - x0 = 1, chain 2 would go to 1 + 3 = 4, which is impossible, chain 3 stays.
    assert asked[1][:, 0] == pytest.approx([1.0, 4.0, 3.0])
    # Then chains stand at 1, 1, 3: all differences taken are of the places before.
    assert asked[2][:, 0] == pytest.approx([1.0, 1.0, 3.0])
    assert found[:, 0] == pytest.approx([1.0, 1.0, 3.0])
    assert start[:, 0].tolist() == [0.0, 1.0, 3.0], "the start is left as it was"


def test_lengths_of_jumps() -> None:
    """The second step of one parameter: 2.38 / sqrt(2) times a half of the difference of two other chains."""
    start = np.array([[0.0], [1.0], [3.0]])
    stay = np.array([[0, 1, 2], [0, 1, 2]])
    luck: Any = Luck(
        integers=[stay, np.array([[2, 1, 2], [1, 1, 2]])],
        uniform=[np.array([[0.5], [0.5], [0.5]])],
        random=[np.ones(3) * 0.5, np.ones(3) * 0.5],
    )
    found = sample_chains(lambda x: np.zeros(len(x)), start, steps=2, keep_every=1, luck=luck)
    assert found[:, 0] == pytest.approx([2.38 / sqrt(2.0) * 0.5 * 2.0, 1.0, 3.0])


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
