"""Response surfaces of the founding statistics: quadratic in the free parameters, with their error on held-out points."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from simulator.evidence.targets import Contrast, Founding, Observed
from simulator.founding.founding import ALL, ARMS, CONTRASTS
from simulator.founding.summaries import PARTITIONS, SHARES, STATISTICS
from simulator.questions.calibrate.likelihood import (
    SMALLEST_SHARE,
    SmallSample,
    log_likelihood,
    log_likelihood_arms,
    log_likelihood_contrast,
)
from simulator.work.parquet import let_arrow_in

Array = NDArray[np.float64]
LOGGED = np.array([name in SHARES or name.startswith("amputation_") for name in ALL])
CONTROL, TREATED, TCPO2_CONTROL, TCPO2_TREATED = (ALL.index(name) for name in CONTRASTS)


def flattened(statistics: Array) -> Array:
    """Statistics on the scale on which they are modelled: shares by their logarithm."""
    out = statistics.copy()
    out[:, LOGGED] = np.log(out[:, LOGGED] + SMALLEST_SHARE)
    return out


def corrected(statistics: Array, small: Array, large: Array) -> Array:
    """Statistics of few patients made to agree, at one point, with those of very many.

    Common random numbers make a few thousand patients smooth in the parameters but leave them a chance of their own, the same
    everywhere. `small` and `large` are the statistics of the few and of the many at the same point; their difference, on the
    scale on which statistics are modelled, is taken off everywhere.
    """
    out = flattened(statistics) + flattened(large[None]) - flattened(small[None])
    out[:, LOGGED] = np.maximum(np.exp(out[:, LOGGED]) - SMALLEST_SHARE, 0.0)
    return out


def quadratic(z: Array) -> Array:
    """One, every parameter and every product of two at points z (points, parameters), as a chain asks for at each step."""
    first, second = np.triu_indices(z.shape[1])
    return np.concatenate([np.ones((len(z), 1)), z, z[:, first] * z[:, second]], axis=1)


@dataclass(frozen=True, eq=False)
class Surface:
    """Quadratic surfaces fitted to simulated statistics at a design."""

    weights: Array
    centre: Array
    relative_error: Array
    """Root mean squared held-out error of each statistic, as a share of its standard deviation over the design."""

    def statistics(self, z: Array) -> Array:
        """Predicted statistics at points z, shape (points, len(ALL)).

        Shares of the same people sum to one: predicted one by one they would not, and the likelihood would take the sum's
        drift for evidence.
        """
        out = np.asarray(quadratic(z) @ self.weights + self.centre)
        out[:, LOGGED] = np.exp(np.minimum(out[:, LOGGED], 0.0)) - SMALLEST_SHARE
        for group in PARTITIONS:
            shares = np.maximum(out[:, group], 0.0)
            out[:, group] = shares / shares.sum(axis=1, keepdims=True)
        return out


def fit_surface(z: Array, statistics: Array, penalty: float = 1.0) -> Surface:
    """Fit to every point of a design after measuring the error on each tenth of it held out in turn.

    A point at which a statistic does not exist is left out: of people none of whom is amputated no share is amputated below
    the knee.
    """
    from sklearn.linear_model import Ridge

    let_arrow_in()
    known = np.isfinite(statistics).all(axis=1)
    z, statistics = z[known], statistics[known]
    y = flattened(statistics)
    centre, scale = y.mean(axis=0), y.std(axis=0) + 1e-12
    x, target = quadratic(z), (y - centre) / scale
    fold = np.arange(len(z)) % 10
    error = np.zeros_like(target)
    for k in range(10):
        fitted = Ridge(penalty, fit_intercept=False).fit(x[fold != k], target[fold != k])
        error[fold == k] = x[fold == k] @ fitted.coef_.T - target[fold == k]
    weights = Ridge(penalty, fit_intercept=False).fit(x, target).coef_.T * scale
    return Surface(weights, centre, np.sqrt((error**2).mean(axis=0)))


def contrasts(statistics: Array) -> tuple[Array, Array]:
    """Log risk ratio of amputation and difference in TcPO2 (mmHg), one treatment against conservative care."""
    control = np.maximum(statistics[:, CONTROL], 0.0) + SMALLEST_SHARE
    treated = np.maximum(statistics[:, TREATED], 0.0) + SMALLEST_SHARE
    return np.log(treated / control), statistics[:, TCPO2_TREATED] - statistics[:, TCPO2_CONTROL]


def changes(statistics: Array) -> Array:
    """Change of TcPO2 (mmHg) under conservative care, early and when trials compare arms, shape (rows, 2)."""
    return statistics[:, [ALL.index(name) for name in ARMS]]


def total_log_likelihood(
    statistics: Array, data: Founding | Observed, scatter: SmallSample, contrast: Contrast
) -> Array:
    """Log likelihood of the founding cohort and a randomised contrast for each row of statistics."""
    terms = log_likelihood(statistics[:, : len(STATISTICS)], data, scatter)
    terms["contrast"] = log_likelihood_contrast(*contrasts(statistics), contrast)
    terms["arms"] = log_likelihood_arms(changes(statistics), contrast.arms)
    return np.asarray(sum(terms.values()))
