"""The random numbers of R after `set.seed`, so that examples which packages print of drawn data can be asked again.

R's sources: src/main/RNG.c (seeding, Marsaglia-Multicarry, Mersenne-Twister), src/nmath/sexp.c (Ahrens and Dieter. Commun ACM
1972;15:873-882, doi 10.1145/355604.361593) and sample's rounding of before version 3.6.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator

import numpy as np

WORD = 2**32 - 1
Uniform = Callable[[], float]


def _seeds(seed: int) -> Iterator[int]:
    for scrambled in range(10_000):
        seed = (69069 * seed + 1) & WORD
        if scrambled >= 50:
            yield seed


def mersenne_twister(seed: int) -> Uniform:
    """R's default since 1.7."""
    seeds = _seeds(seed)
    next(seeds)
    state = np.array([next(seeds) for _ in range(624)], np.uint32)
    generator = np.random.MT19937()
    generator.state = {"bit_generator": "MT19937", "state": {"key": state, "pos": 624}}
    return lambda: float(generator.random_raw()) * 2.3283064365386963e-10


def marsaglia_multicarry(seed: int) -> Uniform:
    """R's default before 1.7."""
    seeds = _seeds(seed)
    state = [next(seeds), next(seeds)]

    def uniform() -> float:
        state[0] = (36969 * (state[0] & 0xFFFF) + (state[0] >> 16)) & WORD
        state[1] = (18000 * (state[1] & 0xFFFF) + (state[1] >> 16)) & WORD
        return ((state[0] << 16 & WORD) ^ (state[1] & 0xFFFF)) * 2.328306437080797e-10

    return uniform


QUANTILES = [sum(math.log(2) ** i / math.factorial(i) for i in range(1, k + 1)) for k in range(1, 17)]


def exponential(uniform: Uniform) -> float:
    """`rexp(1)`."""
    whole, u = 0.0, 2.0 * uniform()
    while u <= 1.0:
        whole, u = whole + QUANTILES[0], 2.0 * u
    u -= 1.0
    if u <= QUANTILES[0]:
        return whole + u
    least, i = uniform(), 0
    while True:
        least, i = min(least, uniform()), i + 1
        if u <= QUANTILES[i]:
            return whole + least * QUANTILES[0]


def sample(uniform: Uniform, of: int, size: int) -> np.ndarray:
    """`sample(of, size, replace = TRUE) - 1` by rounding."""
    return np.array([int(of * uniform()) for _ in range(size)])
