"""A sample size formula: patients for a power and power for patients, with the name and the citation that papers need."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import scipy
from scipy.special import ndtr, ndtri

Size = Callable[[float], float]


@dataclass(frozen=True)
class Formula:
    """One formula of a design whose other inputs are settled.

    `size` maps a power to patients in all (or events, where `counts` says so), `power` the other way; `unit` are the numbers
    that can be had: 1, or the patients that one more block brings. `exact` sizes are whole already.
    """

    name: str
    citation: str
    size: Size
    power: Size
    counts: str = "patients"
    exact: bool = False

    def inflated(self, factor: float) -> Formula:
        """The same for a trial that needs `factor` times the patients, for looks, clusters or ranks."""
        if factor == 1.0:
            return self
        return Formula(
            self.name,
            self.citation,
            lambda power: self.size(power) * factor,
            lambda n: self.power(n / factor),
            self.counts,
        )


def fixed_drift(alpha: float, power: float) -> float:
    """Mean that the z statistic of a trial without looks needs for `power` at one-sided `alpha`."""
    return float(-ndtri(alpha) + ndtri(power))


def normal(name: str, citation: str, drift: float, alpha: float, counts: str = "patients") -> Formula:
    """A formula whose z statistic has mean `drift` times the root of n and variance 1: n = ((z_alpha + z_beta) / drift)^2."""
    z = -float(ndtri(alpha))

    def size(power: float) -> float:
        return ((z + float(ndtri(power))) / drift) ** 2 if drift > 0.0 else math.inf

    return Formula(name, citation, size, lambda n: float(ndtr(drift * math.sqrt(n) - z)), counts)


def two_spreads(name: str, citation: str, gain: float, null: float, effect: float, alpha: float) -> Formula:
    """n = ((z_alpha null + z_beta effect) / gain)^2, the standard deviations (times root n) under the null and the effect."""
    z = -float(ndtri(alpha))

    def size(power: float) -> float:
        return ((z * null + float(ndtri(power)) * effect) / gain) ** 2 if gain > 0.0 else math.inf

    return Formula(name, citation, size, lambda n: float(ndtr((gain * math.sqrt(n) - z * null) / effect)))


def inverted(name: str, citation: str, power: Size, guess: float, smallest: float) -> Formula:
    """A formula known by its rising power of n (a real number, from `smallest` on)."""

    def size(target: float) -> float:
        if power(smallest) >= target:
            return smallest
        high = max(2.0 * guess, smallest + 1.0)
        while power(high) < target:
            if high > 1e9:
                return math.inf
            high *= 2.0
        return float(scipy.optimize.brentq(lambda n: power(n) - target, smallest, high, xtol=1e-9))

    return Formula(name, citation, size, power)


def for_equivalence(
    name: str, citation: str, gain_low: float, gain_high: float, spread: float, alpha: float
) -> Formula:
    """Two one-sided tests, both of which must succeed: power Phi(g0 root n / s - z) + Phi(g1 root n / s - z) - 1.

    `gain_low` and `gain_high` are the distances of the true value from either margin, `spread` the standard deviation of the
    estimate times root n. Schuirmann DJ. J Pharmacokinet Biopharm 1987;15:657-680, doi 10.1007/BF01068419.
    """
    z = -float(ndtri(alpha))

    def power(n: float) -> float:
        root = math.sqrt(n) / spread
        return max(0.0, float(ndtr(gain_low * root - z) + ndtr(gain_high * root - z)) - 1.0)

    nearest = min(gain_low, gain_high)
    guess = ((z + 1.5) * spread / nearest) ** 2 if nearest > 0.0 else math.inf
    if nearest <= 0.0:
        return Formula(name, citation, lambda _power: math.inf, power)
    return inverted(name, citation, power, guess, 1e-6)


def design_effect(members: float, correlation: float) -> float:
    """1 + (m - 1) rho: how many times the units that a trial of independent ones needs, m to a cluster.

    Several limbs or lesions of one person are such a cluster. Donner A, Birkett N, Buck C. Am J Epidemiol 1981;114:906-914,
    doi 10.1093/oxfordjournals.aje.a113261.
    """
    return 1.0 + (members - 1.0) * correlation


WILCOXON_EFFICIENCY = 3.0 / math.pi
"""Asymptotic relative efficiency of the Wilcoxon-Mann-Whitney test against the t test for normal outcomes; at its worst, over
all outcomes, 0.864 (Hodges JL, Lehmann EL. Ann Math Stat 1956;27:324-335, doi 10.1214/aoms/1177728261)."""
