"""Every formula in use for two proportions: superiority, non-inferiority and equivalence.

p0 and p1 are the success (or failure) probabilities of arm 0 and arm 1, alpha is one-sided, ratio is patients in arm 1 per
patient in arm 0; sizes are patients in all. A `margin` is the difference p1 - p0 of the null hypothesis, signed: -0.1 is ten
points fewer of a good outcome, 0.1 ten points more of a bad one.
"""

from __future__ import annotations

import math

import numpy as np

from simulator.statistics.sizes.formula import Formula, for_equivalence, two_spreads
from simulator.words.errors import BadInput, Problem

FLEISS = "Fleiss JL, Levin B, Paik MC. Statistical Methods for Rates and Proportions, 3rd ed. Wiley 2003, chapter 4"
CORRECTED = "Casagrande JT, Pike MC, Smith PG. Biometrics 1978;34:483-486, doi 10.2307/2530613"
ARCSINE = "Cohen J. Statistical Power Analysis for the Behavioral Sciences, 2nd ed. Erlbaum 1988, chapter 6"
EXACT = {
    "chi-square": ("chi-square, exact power", "enumeration of both binomial distributions"),
    "fisher": ("Fisher, exact power", "Fisher RA 1935; enumeration of both binomial distributions"),
    "boschloo": (
        "Boschloo, exact power",
        "Boschloo RD. Stat Neerl 1970;24:1-35, doi 10.1111/j.1467-9574.1970.tb00104.x",
    ),
}
FARRINGTON = "Farrington CP, Manning G. Stat Med 1990;9:1447-1454, doi 10.1002/sim.4780091208"
BLACKWELDER = "Blackwelder WC. Control Clin Trials 1982;3:345-353, doi 10.1016/0197-2456(82)90024-1"


def superiority(p0: float, p1: float, alpha: float, ratio: float = 1.0) -> list[Formula]:
    """Pooled, unpooled, continuity-corrected and arcsine formulas, and the exact power of three tests."""
    q = ratio / (1.0 + ratio)
    gain, mean = abs(p1 - p0), q * p1 + (1.0 - q) * p0
    pooled = math.sqrt(mean * (1.0 - mean) / (q * (1.0 - q)))
    effect = unpooled_spread(p0, p1, q)
    plain = two_spreads("chi-square (pooled variance)", FLEISS, gain, pooled, effect, alpha)
    angle = 2.0 * abs(math.asin(math.sqrt(p1)) - math.asin(math.sqrt(p0)))
    return [
        plain,
        two_spreads("risk difference (unpooled variance)", FLEISS, gain, effect, effect, alpha),
        corrected(plain, gain, ratio),
        two_spreads("arcsine", ARCSINE, angle * math.sqrt(q * (1.0 - q)), 1.0, 1.0, alpha),
        *(exact(test, p0, p1, alpha, ratio) for test in EXACT),
    ]


def unpooled_spread(p0: float, p1: float, q: float) -> float:
    """Standard deviation of the risk difference times the root of all patients: sqrt(p1(1-p1)/q + p0(1-p0)/(1-q))."""
    return math.sqrt(p1 * (1.0 - p1) / q + p0 * (1.0 - p0) / (1.0 - q))


def corrected(plain: Formula, gain: float, ratio: float) -> Formula:
    """Patients for Yates' corrected chi-square: n0' = n0/4 (1 + sqrt(1 + 2 (r + 1) / (n0 r |p1 - p0|)))^2, n0 in arm 0.

    n0 is the uncorrected size of arm 0. Backwards n0 = (n0' - (r + 1) / (2 r |p1 - p0|))^2 / n0'.
    """
    shift = (ratio + 1.0) / (ratio * gain)

    def size(power: float) -> float:
        n0 = plain.size(power) / (1.0 + ratio)
        return (1.0 + ratio) * n0 / 4.0 * (1.0 + math.sqrt(1.0 + 2.0 * shift / n0)) ** 2

    def power(n: float) -> float:
        n0 = n / (1.0 + ratio)
        return plain.power((1.0 + ratio) * max(0.0, n0 - shift / 2.0) ** 2 / n0)

    return Formula("chi-square, continuity-corrected", CORRECTED, size, power)


def exact(test: str, p0: float, p1: float, alpha: float, ratio: float) -> Formula:
    """The first size that reaches the power exactly; infinite where that is more than is searched."""
    from simulator.statistics.sizes import exact_proportions

    name, citation = EXACT[test]

    def size(power: float) -> float:
        try:
            return float(exact_proportions.size(test, p0, p1, alpha, power, ratio).first)
        except BadInput:
            return math.inf

    def power(n: float) -> float:
        n0 = max(1, round(n / (1.0 + ratio)))
        if test == "boschloo" and n0 > exact_proportions.LARGEST_BOSCHLOO:
            return math.nan
        return exact_proportions.power(test, n0, max(1, round(n) - n0), p0, p1, alpha)

    return Formula(name, citation, size, power, exact=True)


def restricted(p0: float, p1: float, margin: float, q: float) -> tuple[float, float]:
    """The probabilities closest to p0 and p1 (in likelihood, q of all patients in arm 1) whose difference p1 - p0 is `margin`.

    The cubic of Farrington and Manning (1990), solved by its cosine formula.
    """
    ratio = (1.0 - q) / q
    a = 1.0 + ratio
    b = -(1.0 + ratio + p1 + ratio * p0 + margin * (ratio + 2.0))
    c = margin**2 + margin * (2.0 * p1 + ratio + 1.0) + p1 + ratio * p0
    d = -p1 * margin * (1.0 + margin)
    v = b**3 / (3.0 * a) ** 3 - b * c / (6.0 * a**2) + d / (2.0 * a)
    u = math.copysign(math.sqrt(max(b**2 / (3.0 * a) ** 2 - c / (3.0 * a), 0.0)), v)
    w = (math.pi + math.acos(float(np.clip(v / u**3, -1.0, 1.0)))) / 3.0 if u != 0.0 else math.pi / 2.0
    high = 2.0 * u * math.cos(w) - b / (3.0 * a)
    return min(max(high - margin, 0.0), 1.0), min(max(high, 0.0), 1.0)


def non_inferiority(p0: float, p1: float, margin: float, alpha: float, ratio: float = 1.0) -> list[Formula]:
    """Sizes to reject the null p1 - p0 = margin in the direction of p1 - p0: Farrington-Manning's and Wald's test."""
    q = ratio / (1.0 + ratio)
    r0, r1 = restricted(p0, p1, margin, q)
    gain, effect = abs(p1 - p0 - margin), unpooled_spread(p0, p1, q)
    null = unpooled_spread(r0, r1, q)
    return [
        two_spreads("Farrington-Manning", FARRINGTON, gain, null, effect, alpha),
        two_spreads("risk difference (unpooled variance)", BLACKWELDER, gain, effect, effect, alpha),
    ]


def equivalence(p0: float, p1: float, margin: float, alpha: float, ratio: float = 1.0) -> list[Formula]:
    """Sizes to show that p1 - p0 lies between -margin and margin: two Wald tests, each at alpha."""
    margin = abs(margin)
    effect = unpooled_spread(p0, p1, ratio / (1.0 + ratio))
    difference = p1 - p0
    name = "two one-sided tests (unpooled variance)"
    citation = "Schuirmann DJ. J Pharmacokinet Biopharm 1987;15:657-680, doi 10.1007/BF01068419"
    return [for_equivalence(name, citation, margin + difference, margin - difference, effect, alpha)]


def margin_problems(
    margin: float, at: float, what: str, aim: str, low: float = -1.0, high: float = 1.0
) -> list[Problem]:
    """What is wrong with a margin when the true value is `at`: outside its range, or the truth lies on it (or beyond)."""
    if not low < margin < high or margin == 0.0:
        return [Problem("design", "margin", f"{margin:g}", f"above {low:g} and below {high:g}, and not 0")]
    if aim == "equivalence" and not abs(at) < abs(margin):
        return [Problem("design", "margin", f"{margin:g}", f"further from 0 than the true {what}, {at:g}")]
    if aim == "non-inferiority" and (at - margin) * -margin <= 1e-12:
        return [Problem("design", "margin", f"{margin:g}", f"worse than the true {what}, {at:g}: it is signed")]
    return []
