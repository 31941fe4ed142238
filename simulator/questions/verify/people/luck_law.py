"""Inputs: what a patient's uniform luck is turned into, against the same laws of another library."""

from __future__ import annotations

from typing import Any

import numpy as np

from simulator.questions.verify.people.known_people import INPUTS
from simulator.questions.verify.subject.check import CLOSED_FORM, Found, equal
from simulator.questions.verify.subject.subject import Subject
from simulator.rules.draws import budget, normal, normal_quantile, uniform
from simulator.rules.hazards import cumulative_hazard, time_to_spend
from simulator.rules.population.patient import truncated_normal

__all__ = ["INPUTS"]  # here the domain has all its checks

GRID = np.concatenate(
    [[1e-300, 1e-100, 1e-30, 1e-12, 1e-9], np.linspace(1e-6, 1.0 - 1e-6, 401), [1.0 - 1e-9, 1.0 - 1e-12]]
)
"""Probabilities, far into both tails."""


@INPUTS.check(
    CLOSED_FORM, "probability raised", "quantiles of the normal law are those of another library, to 12 digits"
)
def normal_law(_subject: Subject) -> Found:
    """The normal quantile in its middle and in both tails."""
    from scipy.special import ndtri

    found = np.array([normal_quantile(float(p)) for p in GRID])
    expected = ndtri(GRID)
    gap = np.abs(found - expected) / np.maximum(np.abs(expected), 1e-3)
    return Found(bool(gap.max() < 1e-12), f"largest relative difference in {GRID.size} quantiles: {gap.max():.2g}")


@INPUTS.check(
    CLOSED_FORM, "limits of a normal law", "its quantiles are those of the law cut at them, by another library"
)
def cut_normal_law(_subject: Subject) -> Found:
    """A normal law cut on either side, on both and on none, and one without a spread."""
    from scipy.stats import truncnorm

    u = np.linspace(0.005, 0.995, 100)
    found, expected = [], []
    for middle, spread, low, high in ((20.0, 13.0, 0.0, np.inf), (70.0, 9.0, 30.0, 80.0), (5.0, 2.0, -np.inf, 6.0)):
        found.append([truncated_normal(float(p), middle, spread, low, high) for p in u])
        law = truncnorm((low - middle) / spread, (high - middle) / spread, middle, spread)
        expected.append(law.ppf(u))
    found.append([truncated_normal(float(p), 9.0, 0.0, 0.0, 8.0) for p in u])
    expected.append(np.full(u.size, 8.0))
    return equal(np.concatenate(found), np.concatenate(expected), "quantiles", 1e-8)


@INPUTS.check(CLOSED_FORM, "nothing", "budgets of hazard and normal luck are those of the same patient's uniform")
def same_luck(subject: Subject) -> Found:
    """Budgets are minus the logarithm, deviates the normal quantile."""
    from scipy.special import ndtri

    key: Any = np.uint64(subject.seed)
    places = [(i, stream, occurrence) for i in range(8) for stream in (1, 5, 9) for occurrence in (0, 1, 4)]
    luck = np.array([uniform(key, *place) for place in places])
    found = [[budget(key, *place) for place in places], [normal(key, *place) for place in places]]
    if len(set(luck.tolist())) < len(places):
        return Found(False, "two streams, or two occurrences, have the same luck")
    return equal(found, [-np.log(luck), ndtri(luck)], "draws", 1e-12)


@INPUTS.check(
    CLOSED_FORM, "exponent and length of a hazard", "it adds up to its integral, and is spent in the time that it takes"
)
def hazards(_subject: Subject) -> Found:
    """Cumulative hazards by Gauss-Legendre quadrature, and the time that spends them."""
    node, weight = np.polynomial.legendre.leggauss(24)
    found, expected = [], []
    for rate in (0.05, 2.0):
        for k in (-1.5, -1e-3, 0.0, 1e-250, 0.4):
            for years in (0.1, 3.0):
                total = cumulative_hazard(rate, k, years)
                found += [total, time_to_spend(total, rate, k)]
                at = 0.5 * years * (node + 1.0)
                expected += [float(0.5 * years * (weight * rate * np.exp(k * at)).sum()), years]
    # A hazard that falls away has an end: more than it holds is never spent, nor is anything of none.
    found += [time_to_spend(1.01 * 2.0 / 1.5, 2.0, -1.5), time_to_spend(0.1, 0.0, 0.4)]
    if not np.isinf(found[-2:]).all():
        return Found(False, "a budget beyond all that there is would be spent")
    return equal(found[:-2], expected, "hazards and times", 1e-10)
