"""A patient's luck, draw by draw."""

from __future__ import annotations

from math import log
from statistics import NormalDist

import numpy as np
import pytest

from simulator.rules.draws import budget, normal, normal_quantile, philox, uniform

WORD = 0xFFFFFFFF


def by_hand(counter: tuple[int, ...], key: tuple[int, ...]) -> tuple[int, ...]:
    """Philox4x32-10 as its authors write it, in Python's whole numbers."""
    c, k = list(counter), list(key)
    for _ in range(10):
        a, b = 0xD2511F53 * c[0], 0xCD9E8D57 * c[2]
        c = [(b >> 32) ^ c[1] ^ k[0], b & WORD, (a >> 32) ^ c[3] ^ k[1], a & WORD]
        k = [(k[0] + 0x9E3779B9) & WORD, (k[1] + 0xBB67AE85) & WORD]
    return tuple(c)


@pytest.mark.parametrize(
    ("counter", "key", "answer"),
    [  # Random123 1.14, tests/kat_vectors, philox4x32 with 10 rounds
        ((0, 0, 0, 0), (0, 0), (0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8)),
        ((WORD,) * 4, (WORD,) * 2, (0x408F276D, 0x41C83B0E, 0xA20BC7C6, 0x6D5451FD)),
        (
            (0x243F6A88, 0x85A308D3, 0x13198A2E, 0x03707344),
            (0xA4093822, 0x299F31D0),
            (0xD16CFE09, 0x94FDCCEB, 0x5001E420, 0x24126EA1),
        ),
    ],
)
def test_philox_gives_its_published_answers(
    counter: tuple[int, ...], key: tuple[int, ...], answer: tuple[int, ...]
) -> None:
    """And so does the version by hand of these tests."""
    assert tuple(int(word) for word in philox(*counter, *key)) == answer == by_hand(counter, key)


ADDRESSES = [
    (0, 0, 0, 0),
    (20, 7, 3, 1),
    (2**40 + 11, 2**35 + 5, 47, 9),
    (2**64 - 1, 2**63 - 1, 2**31 - 1, 2**31 - 1),
    (1, 2**32, 30, 2),
    (2**32, 1, 30, 2),
]


@pytest.mark.parametrize(("seed", "patient", "stream", "occurrence"), ADDRESSES)
def test_a_uniform_is_52_bits_of_two_words_and_a_half(seed: int, patient: int, stream: int, occurrence: int) -> None:
    """The upper 26 bits of each, in the middle of a cell of 2 ** -52, so that neither 0 nor 1 can occur."""
    words = by_hand((patient & WORD, patient >> 32, stream, occurrence), (seed & WORD, seed >> 32))
    expected = ((words[0] >> 6) * 2**26 + (words[1] >> 6) + 0.5) / 2**52
    drawn = uniform(np.uint64(seed), np.uint64(patient), stream, occurrence)
    assert drawn == expected
    assert 0.0 < drawn < 1.0


@pytest.mark.parametrize(("seed", "patient", "stream", "occurrence"), ADDRESSES)
def test_budgets_and_deviates_are_made_of_the_same_uniform(
    seed: int, patient: int, stream: int, occurrence: int
) -> None:
    """Minus its logarithm, and its normal quantile."""
    address = np.uint64(seed), np.uint64(patient), stream, occurrence
    u = uniform(*address)
    assert budget(*address) == pytest.approx(-log(u), rel=1e-15)
    assert normal(*address) == pytest.approx(NormalDist().inv_cdf(u), rel=1e-14)


PROBABILITIES = [
    *(10.0**-k for k in range(1, 300, 7)),
    *np.linspace(0.001, 0.999, 97),
    *(1.0 - 10.0**-k for k in range(1, 16)),
    *(np.exp(-25.0) * factor for factor in (0.5, 0.999, 1.001, 2.0)),
    *(0.5 + sign * 0.425 * factor for sign in (-1, 1) for factor in (0.9999, 1.0001)),
]
"""Both ends and the three pieces of the formula, with the borders between them."""


@pytest.mark.parametrize("p", PROBABILITIES)
def test_the_normal_quantile_is_pythons(p: float) -> None:
    """Python's statistics module has the same algorithm by another hand (2e-15 relative)."""
    assert normal_quantile(float(p)) == pytest.approx(NormalDist().inv_cdf(float(p)), rel=2e-15, abs=1e-300)


def test_the_median_is_zero() -> None:
    """Exactly, and the quantile is odd about it."""
    assert normal_quantile(0.5) == 0.0
    assert normal_quantile(0.25) == -normal_quantile(0.75)
