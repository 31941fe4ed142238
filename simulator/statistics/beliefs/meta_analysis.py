"""What the rate in a new study is likely to be, given those of earlier ones (meta-analytic prediction)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, ndtr

from simulator.statistics.beliefs.beta_fit import fitted_mixture
from simulator.statistics.beliefs.beta_rules import BetaMixture

Array = NDArray[np.float64]

MEAN_SD = 2.0
"""Standard deviation of the normal prior of the mean log odds, around 0: rates of 2% to 98%, RBesT's choice for rates."""
MEANS, SPREADS, DEVIATIONS, POINTS = 121, 100, 241, 4_000
"""Points of the grids of the mean, of the standard deviation between studies, of a study's deviation, and of the prediction."""
MANY = 1_000_000.0
"""A rate that is known counts as one seen in so many patients."""


def predicted_rates(successes: Sequence[int], patients: Sequence[int], heterogeneity: float) -> Array:
    """Evenly spaced quantiles of the rate in a new study, (POINTS,), by integration on a grid, without chance.

    Log odds of studies are normal around a mean with prior N(0, MEAN_SD) and with a standard deviation whose prior is half
    normal with scale `heterogeneity`. Neuenschwander B et al. Clin Trials 2010;7:5-18, doi 10.1177/1740774509356002.
    """
    mean, spread, weight = posterior_of_population(successes, patients, heterogeneity)
    at = np.linspace(-10.0, 10.0, 2_001)
    below = np.zeros(at.size)
    for each, sd, w in zip(mean, spread, weight, strict=True):
        below += w * ndtr((at - each) / sd)
    wanted = (np.arange(POINTS) + 0.5) / POINTS
    return np.asarray(expit(np.interp(wanted, below, at)))


def posterior_of_population(
    successes: Sequence[int], patients: Sequence[int], heterogeneity: float
) -> tuple[Array, Array, Array]:
    """Mean log odds, standard deviation between studies and weight of every point of a grid, each (points,)."""
    low, high = -5.0 * MEAN_SD, 5.0 * MEAN_SD
    spreads: Array = np.asarray((np.arange(SPREADS) + 0.5) * (4.0 * heterogeneity / SPREADS), np.float64)
    for _ in range(2):
        means = np.linspace(low, high, MEANS, dtype=np.float64)
        log = _log_likelihood(means, spreads, np.asarray(successes, float), np.asarray(patients, float))
        log += -0.5 * (means[:, None] / MEAN_SD) ** 2 - 0.5 * (spreads / heterogeneity) ** 2
        weight = np.exp(log - log.max())
        weight /= weight.sum()
        # A second, finer grid where the first has found something.
        middle = float((weight.sum(axis=1) * means).sum())
        step = means[1] - means[0]
        sd = float(np.sqrt((weight.sum(axis=1) * (means - middle) ** 2).sum())) + step
        low, high = max(low, middle - 6.0 * sd), min(high, middle + 6.0 * sd)
    kept = weight.ravel() > 1e-9
    grid = np.meshgrid(means, spreads, indexing="ij")
    return grid[0].ravel()[kept], grid[1].ravel()[kept], weight.ravel()[kept] / weight.ravel()[kept].sum()


def _log_likelihood(means: Array, spreads: Array, successes: Array, patients: Array) -> Array:
    """Of all studies together, (means, spreads), each study's deviation integrated out."""
    z = np.linspace(-6.0, 6.0, DEVIATIONS)
    normal = np.exp(-0.5 * z**2)
    normal /= normal.sum()
    out = np.zeros((means.size, spreads.size))
    for j, spread in enumerate(spreads):
        odds = means[:, None] + spread * z
        no = np.logaddexp(0.0, odds)
        for k, n in zip(successes, patients, strict=True):
            log = k * odds - n * no
            top = log.max(axis=1, keepdims=True)
            out[:, j] += top[:, 0] + np.log((normal * np.exp(log - top)).sum(axis=1))
    return out


def historical_prior(successes: Sequence[int], patients: Sequence[int], heterogeneity: float) -> BetaMixture:
    """The meta-analytic predictive prior of earlier studies as a mixture of beta distributions."""
    rates = predicted_rates(successes, patients, heterogeneity)
    return fitted_mixture(rates * MANY, MANY)
