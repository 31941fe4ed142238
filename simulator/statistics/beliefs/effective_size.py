"""How many patients a prior for a rate is worth."""

from __future__ import annotations

import numpy as np
from scipy.special import betaln, xlog1py, xlogy

from simulator.statistics.beliefs.beta_rules import BetaMixture

POINTS = 20_000
"""Points of the grid on which expectations over a prior are taken, about six digits."""


def moment_size(prior: BetaMixture) -> float:
    """a + b of the beta distribution with the prior's mean and variance."""
    return prior.mean * (1.0 - prior.mean) / prior.sd**2 - 1.0


def elir_size(prior: BetaMixture) -> float:
    """Expected local information ratio: the prior's information over that of one patient, expected over the prior.

    A prior of n patients and the data of m more are worth n + m on average, which other measures do not keep.
    Neuenschwander B et al. Biometrics 2020;76:578-587, doi 10.1111/biom.13252.
    """
    # Rates p = sin^2(angle), where densities are smooth at both ends.
    angle = (np.arange(POINTS) + 0.5) * (0.5 * np.pi / POINTS)
    p = np.sin(angle) ** 2
    weight, a, b = (np.array(each)[:, None] for each in (prior.weight, prior.a, prior.b))
    log = np.log(np.maximum(weight, 1e-300)) + xlogy(a - 1.0, p) + xlog1py(b - 1.0, -p) - betaln(a, b)
    each = np.exp(log)
    density = each.sum(axis=0)
    slope = (a - 1.0) / p - (b - 1.0) / (1.0 - p)
    bend = slope**2 - (a - 1.0) / p**2 - (b - 1.0) / (1.0 - p) ** 2
    first, second = (each * slope).sum(axis=0), (each * bend).sum(axis=0)
    information = np.divide(first**2, density, out=np.zeros_like(density), where=density > 0.0) - second
    spread = np.sin(2.0 * angle)
    return float((information * p * (1.0 - p) * spread).sum() / (density * spread).sum())
