"""The naive competitor: what a reader would expect of a study who averaged the rates of all other studies and had no model.

A random-effects meta-analysis (DerSimonian and Laird, with the predictive distribution of Higgins et al., J R Stat Soc A
2009;172:137, doi:10.1111/j.1467-985X.2008.00552.x) of the same outcome in the same kind of arm. Shares at different times are
put on one line: the log cumulative hazard against the log of time.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import binom, t

Array = NDArray[np.float64]
FEWEST = 4
"""Other studies that a line through time needs; with fewer the slope is that of a constant rate."""
NODES = 400
HALF = 0.5


@dataclass(frozen=True)
class Count:
    """A number of people of a number of people, and what it is about.

    `outcome` and `arm` say with what it is averaged; `survived` that those without the event are counted.
    """

    study: str
    outcome: str
    arm: str
    years: float
    events: int
    n: int
    survived: bool = False


def naive_pmf(count: Count, others: Sequence[Count]) -> Array:
    """Predictive probabilities of 0 to n events of `count`, shape (n + 1,), from the counts of other studies."""
    if not _alike(count, others):
        return np.full(count.n + 1, 1.0 / (count.n + 1))
    share = np.clip(naive_shares(count, others), 1e-12, 1 - 1e-12)
    each: Array = np.asarray(binom.pmf(np.arange(count.n + 1)[:, None], count.n, share))
    pmf = each.mean(axis=1)
    return np.asarray(pmf / pmf.sum())


def naive_shares(count: Count, others: Sequence[Count]) -> Array:
    """Equally likely values of the share with the event in a new study, shape (`NODES`,), from the counts of other studies.

    Arms are pooled where fewer than two other studies have the arm; with fewer than two of the outcome nothing is known,
    and every share is as likely as another.
    """
    used = _alike(count, others)
    if not used:
        return (np.arange(NODES) + HALF) / NODES
    y, variance, x = (np.array(v) for v in zip(*(_point(c) for c in used), strict=True))
    sloped = len(y) >= FEWEST and float(np.ptp(x)) > 0.0
    design = np.stack([np.ones(len(x)), x], axis=1) if sloped else np.ones((len(x), 1))
    target = y if sloped else y - x
    weights = 1.0 / variance
    _, residual, trace = _fitted(design, target, weights)
    freedom = len(y) - design.shape[1]
    q = float((weights * residual**2).sum())
    between = max(0.0, (q - freedom) / trace)
    weights = 1.0 / (variance + between)
    coefficients, _, _ = _fitted(design, target, weights)
    inverse = np.linalg.inv(design.T @ (weights[:, None] * design))
    at = np.log(count.years)
    row = np.array([1.0, at]) if sloped else np.array([1.0])
    centre = float(row @ coefficients) + (0.0 if sloped else at)
    spread = float(np.sqrt(between + row @ inverse @ row))
    u = (np.arange(NODES) + HALF) / NODES
    levels = centre + spread * t.ppf(u, max(freedom - 1, 1))
    share = 1.0 - np.exp(-np.exp(np.clip(levels, -30.0, 3.5)))
    return np.asarray(1.0 - share if count.survived else share)


def _alike(count: Count, others: Sequence[Count]) -> list[Count]:
    """Counts of other studies to average: of the same arm, else of any arm; none where fewer than two studies have some."""
    same = [c for c in others if c.study != count.study and c.outcome == count.outcome]
    alike = [c for c in same if c.arm == count.arm]
    used = alike if len({c.study for c in alike}) > 1 else same
    return used if len({c.study for c in used}) > 1 else []


def _point(count: Count) -> tuple[float, float, float]:
    """Log cumulative hazard, its variance, and log time."""
    events = count.n - count.events if count.survived else count.events
    share = (events + HALF) / (count.n + 1.0)
    hazard = -np.log1p(-share)
    variance = share / ((count.n + 1.0) * (1.0 - share) * hazard**2)
    return float(np.log(hazard)), float(variance), float(np.log(count.years))


def _fitted(design: Array, y: Array, weights: Array) -> tuple[Array, Array, float]:
    """Weighted least squares: coefficients, residuals, and the divisor of the method of moments."""
    weighted = weights[:, None] * design
    inverse = np.linalg.inv(design.T @ weighted)
    coefficients = inverse @ (weighted.T @ y)
    trace = float(weights.sum() - np.trace(inverse @ (weighted.T @ weighted)))
    return coefficients, y - design @ coefficients, trace
