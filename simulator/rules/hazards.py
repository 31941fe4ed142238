"""The law of every risk: a hazard that is log-linear in time on each segment of a piecewise-linear perfusion path.

On a segment that starts with hazard r (per year) and has exponent k (per year), h(d) = r exp(k d), so that the cumulative
hazard and its inverse are closed forms and event times are exact, with no time step.
"""

from __future__ import annotations

from math import expm1, inf, log1p

from simulator.compiling import compiled

LEAST_EXPONENT = 1e-200
"""Below it an exponent changes no digit of a duration within a lifetime, and its products would lose digits as subnormals."""
CLOSE = 1.0 + 1e-9
"""Ratio of a budget to what is spent of it up to which rounding could make the wait end in time."""


@compiled
def cumulative_hazard(r: float, k: float, d: float) -> float:
    """H(d) = r expm1(k d) / k, and r d where k is as good as zero. Rates per year, durations in years."""
    if abs(k) < LEAST_EXPONENT:
        return r * d
    return r * expm1(k * d) / k


@compiled
def time_to_spend(budget: float, r: float, k: float) -> float:
    """Duration after which the cumulative hazard equals `budget`; infinite where it never does."""
    if r <= 0.0:
        return inf
    if abs(k) < LEAST_EXPONENT:
        return budget / r
    z = k * budget / r
    if z <= -1.0:
        return inf
    return log1p(z) / k
