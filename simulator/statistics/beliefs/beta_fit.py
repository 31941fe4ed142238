"""A mixture of beta distributions for rates of which only counts were seen."""

from __future__ import annotations

import numpy as np
import scipy
from numpy.typing import ArrayLike, NDArray
from scipy.special import betaln, digamma, logsumexp

from simulator.statistics.beliefs.beta_rules import BetaMixture

Array = NDArray[np.float64]

MOST_PARTS = 4
PENALTY = 6.0
"""What a further number of the mixture has to gain in twice the log likelihood."""
SPREADS = (1.0, 0.25, 4.0, 0.06)
"""Precisions of the parts that a fit starts from, in units of the single part's."""
LOG_SHAPES = (0.0, np.log(1e5))
"""Limits of log a and log b. Below 1 a part would have all its density at 0 or 1."""


def fitted_mixture(successes: ArrayLike, n: ArrayLike, parts: int | None = None) -> BetaMixture:
    """The mixture of Beta(a, b), a and b at least 1, under which these counts of successes among n are likeliest.

    A count is beta-binomial, so what chance adds to the spread of observed rates is not taken for spread of the true ones.
    Without `parts` as many are taken, up to `MOST_PARTS`, as gain `PENALTY` for each of their numbers, the criterion of RBesT's
    automixfit (Weber S et al. J Stat Softw 2021;100(19), doi 10.18637/jss.v100.i19).
    """
    k, m = np.asarray(successes, float), np.broadcast_to(np.asarray(n, float), np.shape(successes))
    found = [_likeliest(k, m, size) for size in ([parts] if parts else range(1, MOST_PARTS + 1))]
    best = min(found, key=lambda each: PENALTY * (3 * len(each[0].weight) - 1) - 2.0 * each[1])[0]
    order = np.argsort(-np.array(best.weight), kind="stable")
    return BetaMixture(*(tuple(float(each[j]) for j in order) for each in (best.weight, best.a, best.b)))


def _likeliest(k: Array, n: Array, parts: int) -> tuple[BetaMixture, float]:
    """The likeliest mixture of so many parts, and its log likelihood."""
    rate = (k + 0.5) / (n + 1.0)
    mean, spread = float(rate.mean()), float(rate.var()) + 1e-9
    precision = max(mean * (1.0 - mean) / spread - 1.0, 2.5)
    groups = np.array_split(np.sort(rate), parts)
    starts = [
        ([mean] * parts, [precision * each for each in SPREADS[:parts]]),
        ([float(group.mean()) for group in groups], [precision * parts] * parts),
    ]
    best: tuple[BetaMixture, float] | None = None
    for means, precisions in starts[: 1 if parts == 1 else 2]:
        shapes = [[np.log(m * t), np.log((1.0 - m) * t)] for m, t in zip(means, precisions, strict=True)]
        start = np.concatenate([np.zeros(parts), np.clip(np.array(shapes).T.ravel(), *LOG_SHAPES)])
        limits = [(-12.0, 12.0)] * parts + [LOG_SHAPES] * (2 * parts)
        found = scipy.optimize.minimize(_loss, start, (k, n, parts), "L-BFGS-B", jac=True, bounds=limits)
        if best is None or -found.fun > best[1]:
            weight, a, b = _parts(found.x, parts)
            best = BetaMixture(tuple(weight), tuple(a), tuple(b)), -float(found.fun)
    assert best is not None
    return best


def _parts(x: Array, parts: int) -> tuple[Array, Array, Array]:
    weight = np.exp(x[:parts] - logsumexp(x[:parts]))
    return weight, np.exp(x[parts : 2 * parts]), np.exp(x[2 * parts :])


def _loss(x: Array, k: Array, n: Array, parts: int) -> tuple[float, Array]:
    """Negative log likelihood, without what does not depend on the mixture, and its gradient."""
    weight, a, b = (each[:, None] for each in _parts(x, parts))
    log = np.log(np.maximum(weight, 1e-300)) + betaln(a + k, b + n - k) - betaln(a, b)
    whole = logsumexp(log, axis=0)
    share = np.exp(log - whole)
    both = digamma(a + b) - digamma(a + b + n)
    by_a = (share * (digamma(a + k) - digamma(a) + both)).sum(axis=1) * a[:, 0]
    by_b = (share * (digamma(b + n - k) - digamma(b) + both)).sum(axis=1) * b[:, 0]
    by_weight = share.sum(axis=1) - weight[:, 0] * k.size
    return -float(whole.sum()), -np.concatenate([by_weight, by_a, by_b])
