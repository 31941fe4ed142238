"""How well predicted risks fit what became of people: concordance and Brier score with competing events and censoring.

Data: years, and code 1 for the event, 2 for what makes it impossible, 0 for the end of follow-up. Whoever is lost before the
horizon is stood for by those who were not (inverse probability of censoring).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from simulator.statistics.endpoints.censoring_weights import uncensored

Array = NDArray[np.float64]
Codes = NDArray[np.int64]
LEAST_FREE = 0.02
"""Share of people still followed below which weights are not trusted."""


@dataclass(frozen=True)
class Estimate:
    """A number with 95% limits; NaN where it cannot be formed."""

    value: float
    low: float
    high: float


def brier_parts(time: Array, code: Codes, risk: Array, at: float) -> tuple[Array, Array]:
    """Weight and squared error of each person at a horizon; the weighted mean is the Brier score (Graf et al.; Schoop et al.,
    Biom J 2011;53:88)."""
    free = free_until(np.where(code == 0, at, np.minimum(time, at)), time, code)
    weight = np.where((code > 0) | (time > at), 1.0 / free, 0.0)
    return weight, ((code == 1) & (time <= at)) - risk


def free_until(settled: Array, time: Array, code: Codes) -> Array:
    """Chance of each person to be followed so long (Kaplan-Meier of the end of follow-up), not below what weights bear.

    `settled` is when each is known to have the event or not; for whoever is lost that lies after the end of their follow-up.
    """
    return np.asarray(np.maximum(uncensored(settled, np.where(code == 0, time, np.inf)), LEAST_FREE))


def concordance_pairs(time: Array, code: Codes, at: float) -> Array:
    """Weight of each ordered pair (people, people): the first had the event by the horizon, the second is known not to before.

    Somebody whom a competing event took counts as one who never has it (Wolbers et al., Biostatistics 2014;15:526).
    """
    free = free_until(np.where(code == 0, np.inf, time), time, code)
    own = np.where((code == 1) & (time <= at), 1.0 / free, 0.0)
    later = time[:, None] < time[None, :]
    gone = (code == 2)[None, :] & ~later
    return np.asarray(own[:, None] * (later / free[:, None] + gone / free[None, :]))


def in_order(pairs: Array, risk: Array) -> Array:
    """The weight of each pair that goes to whoever gave the higher risk to the one who had the event; ties count half."""
    return np.asarray(pairs * ((risk[:, None] > risk[None, :]) + 0.5 * (risk[:, None] == risk[None, :])))


def concordance(pairs: Array, good: Array, n: Array) -> Array:
    """Share of the weight of `pairs` that is in order (`good`), people counted `n` (..., people) times; NaN without pairs."""
    whole, right = (((n @ each) * n).sum(axis=-1) for each in (pairs, good))
    return np.asarray(np.divide(right, whole, out=np.full(whole.shape, np.nan), where=whole > 0.0))


def accuracy(
    time: Array, code: Codes, risk: Array, at: float, luck: np.random.Generator, resamples: int = 200
) -> tuple[Estimate, Estimate, Estimate]:
    """C-index, Brier score, and share of the Brier score of one risk for all that the risks take away, up to a horizon.

    Limits hold 95% of people drawn anew with replacement.
    """
    pairs = concordance_pairs(time, code, at)
    good = in_order(pairs, risk)
    weight, miss = brier_parts(time, code, risk, at)
    happened = ((code == 1) & (time <= at)).astype(np.float64)

    people = len(time)
    n = np.ones((1 + resamples, people))
    n[1:] = luck.multinomial(people, np.full(people, 1.0 / people), resamples)
    heavy = n * weight
    with np.errstate(divide="ignore", invalid="ignore"):
        brier, mean = ((heavy @ each) / heavy.sum(axis=1) for each in (miss**2, happened))
        plain = mean * (1.0 - mean)
        better = np.where(plain > 0.0, 1.0 - brier / plain, np.nan)
    values, drawn = np.split(np.stack([concordance(pairs, good, n), brier, better], axis=1), [1])
    low, high = np.nanquantile(drawn, [0.025, 0.975], axis=0)
    one, two, three = (Estimate(float(values[0, k]), float(low[k]), float(high[k])) for k in range(3))
    return one, two, three
