"""Closed-form sample sizes for two arms: survival, proportions, means, win ratio.

All sizes are real numbers, total over both arms unless said otherwise; the caller rounds up. `alpha` is one-sided (a
two-sided 5% test is 0.025), `ratio` is patients in arm 1 per patient in arm 0. `inflation` of a group-sequential design
multiplies each of them. Impossible designs raise `BadInput` with everything that is wrong.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import scipy
from scipy.special import ndtri

from simulator.statistics.sizes.formula import fixed_drift
from simulator.words.errors import BadInput, Problem

LIMITS: dict[str, tuple[float, float, bool]] = {
    "alpha": (0.0, 0.5, False),
    "power": (0.0, 1.0, False),
    "ratio": (0.0, math.inf, False),
    "hazard_ratio": (0.0, math.inf, False),
    "hazard_0": (0.0, math.inf, False),
    "hazard_1": (0.0, math.inf, False),
    "median_0": (0.0, math.inf, False),
    "median_1": (0.0, math.inf, False),
    "accrual": (0.0, math.inf, True),
    "follow_up": (0.0, math.inf, True),
    "dropout": (0.0, math.inf, True),
    "p0": (0.0, 1.0, False),
    "p1": (0.0, 1.0, False),
    "difference": (-math.inf, math.inf, False),
    "sd": (0.0, math.inf, False),
    "correlation": (-1.0, 1.0, False),
    "win_ratio": (0.0, math.inf, False),
    "ties": (0.0, 1.0, True),
    "lost": (0.0, 1.0, True),
    "n": (1.0, 1e7, False),
    "looks": (1.0, 51.0, False),
    "members": (1.0, 1e3, True),
    "correlation_within": (0.0, 1.0, True),
    "until": (0.0, math.inf, False),
}
"""Lower and upper limit of every input, the upper never included, the lower one where the third value says so."""


def range_problems(values: Mapping[str, float], file: str = "design") -> list[Problem]:
    """The inputs that lie outside `LIMITS`, and a power that is not above alpha."""
    found = []
    for key, value in values.items():
        low, high, included = LIMITS[key]
        if not (low < value < high or (included and value == low)):
            parts = [] if low == -math.inf else [f"{low:g} or more" if included else f"above {low:g}"]
            parts += [f"below {high:g}"] if high < math.inf else ["finite"] if not math.isfinite(value) else []
            found.append(Problem(file, key, f"{value:g}", " and ".join(parts)))
    alpha, power = values.get("alpha"), values.get("power")
    if alpha is not None and power is not None and 0.0 < power <= alpha:
        found.append(Problem(file, "power", f"{power:g}", f"above alpha ({alpha:g}) and below 1"))
    return found


def _check(values: Mapping[str, float], *more: Problem) -> None:
    found = [*range_problems(values), *more]
    if found:
        raise BadInput(found)


def _differ(name: str, value: float, other: str, base: float) -> tuple[Problem, ...]:
    return (Problem("design", name, f"{value:g}", f"different from {other} ({base:g})"),) if value == base else ()


def schoenfeld_events(hazard_ratio: float, alpha: float = 0.025, power: float = 0.9, ratio: float = 1.0) -> float:
    """Events that a log-rank test needs: (z_alpha + z_beta)^2 / (q (1 - q) ln(HR)^2), q the share in arm 1.

    Schoenfeld DA. Biometrics 1983;39:499-503, doi 10.2307/2531021.
    """
    values = {"hazard_ratio": hazard_ratio, "alpha": alpha, "power": power, "ratio": ratio}
    _check(values, *_differ("hazard_ratio", hazard_ratio, "no effect", 1.0))
    q = ratio / (1.0 + ratio)
    return fixed_drift(alpha, power) ** 2 / (q * (1.0 - q) * math.log(hazard_ratio) ** 2)


def event_probability(hazard: float, accrual: float, follow_up: float, dropout: float = 0.0) -> float:
    """Probability that a patient has the event while being followed.

    Constant hazards of event and drop-out (per unit of time), uniform entry during `accrual`, and `follow_up` from the
    last entry to the end. `accrual` 0 is one entry date for all.
    """
    total = hazard + dropout
    if total == 0.0:
        return 0.0
    if accrual == 0.0:
        return hazard / total * -math.expm1(-total * follow_up)
    left = math.exp(-total * follow_up) * -math.expm1(-total * accrual) / (total * accrual)
    return hazard / total * (1.0 - left)


@dataclass(frozen=True)
class SurvivalSize:
    """Patients and events, in all, of a trial with a log-rank test; `events_*` are expected under the effect."""

    patients: float
    events: float
    events_arm_0: float
    events_arm_1: float
    method: str


def _survival_check(
    hazard_0: float,
    hazard_1: float,
    accrual: float,
    follow_up: float,
    dropout: float,
    alpha: float,
    power: float,
    ratio: float,
) -> None:
    values = {
        "hazard_0": hazard_0,
        "hazard_1": hazard_1,
        "accrual": accrual,
        "follow_up": follow_up,
        "dropout": dropout,
    }
    more = _differ("hazard_1", hazard_1, "hazard_0", hazard_0)
    if accrual == 0.0 and follow_up == 0.0:
        more = (*more, Problem("design", "follow_up", "0", "above 0 when accrual is 0"))
    _check({**values, "alpha": alpha, "power": power, "ratio": ratio}, *more)


def schoenfeld(
    hazard_0: float,
    hazard_1: float,
    accrual: float,
    follow_up: float,
    dropout: float = 0.0,
    alpha: float = 0.025,
    power: float = 0.9,
    ratio: float = 1.0,
) -> SurvivalSize:
    """Schoenfeld's events, divided by the mean probability of an event (`event_probability`) for the patients."""
    _survival_check(hazard_0, hazard_1, accrual, follow_up, dropout, alpha, power, ratio)
    events = schoenfeld_events(hazard_1 / hazard_0, alpha, power, ratio)
    q = ratio / (1.0 + ratio)
    chance_0 = event_probability(hazard_0, accrual, follow_up, dropout)
    chance_1 = event_probability(hazard_1, accrual, follow_up, dropout)
    n = events / ((1.0 - q) * chance_0 + q * chance_1)
    return SurvivalSize(n, events, n * (1.0 - q) * chance_0, n * q * chance_1, "schoenfeld")


def lachin_foulkes(
    hazard_0: float,
    hazard_1: float,
    accrual: float,
    follow_up: float,
    dropout: float = 0.0,
    alpha: float = 0.025,
    power: float = 0.9,
    ratio: float = 1.0,
) -> SurvivalSize:
    """Patients for the difference of two constant hazards, its variance taken under each hypothesis separately.

    N = [z_alpha sqrt(phi(h) (1/q + 1/(1-q))) + z_beta sqrt(phi(h1)/q + phi(h0)/(1-q))]^2 / (h1 - h0)^2 with phi(h) =
    h^2 / P(event) and h the mean hazard. Lachin JM, Foulkes MA. Biometrics 1986;42:507-519, doi 10.2307/2531201.
    """
    _survival_check(hazard_0, hazard_1, accrual, follow_up, dropout, alpha, power, ratio)
    q = ratio / (1.0 + ratio)

    def phi(hazard: float) -> float:
        return hazard**2 / event_probability(hazard, accrual, follow_up, dropout)

    mean = q * hazard_1 + (1.0 - q) * hazard_0
    null = math.sqrt(phi(mean) * (1.0 / q + 1.0 / (1.0 - q)))
    effect = math.sqrt(phi(hazard_1) / q + phi(hazard_0) / (1.0 - q))
    n = ((-float(ndtri(alpha)) * null + float(ndtri(power)) * effect) / (hazard_1 - hazard_0)) ** 2
    in_0 = n * (1.0 - q) * event_probability(hazard_0, accrual, follow_up, dropout)
    in_1 = n * q * event_probability(hazard_1, accrual, follow_up, dropout)
    return SurvivalSize(n, in_0 + in_1, in_0, in_1, "lachin-foulkes")


def two_proportions(
    p0: float, p1: float, alpha: float = 0.025, power: float = 0.9, ratio: float = 1.0, pooled: bool = True
) -> float:
    """Patients in all for a z test of two proportions.

    `pooled`: the test's variance assumes one common proportion, as the chi-square test without continuity correction
    does; otherwise it is the Wald test of the risk difference. Fleiss JL, Levin B, Paik MC 2003, chapter 4.
    """
    values = {"p0": p0, "p1": p1, "alpha": alpha, "power": power, "ratio": ratio}
    _check(values, *_differ("p1", p1, "p0", p0))
    null, effect = _proportion_sds(p0, p1, ratio, pooled)
    return ((-float(ndtri(alpha)) * null + float(ndtri(power)) * effect) / (p1 - p0)) ** 2


def _proportion_sds(p0: float, p1: float, ratio: float, pooled: bool) -> tuple[float, float]:
    q = ratio / (1.0 + ratio)
    mean = q * p1 + (1.0 - q) * p0
    effect = math.sqrt(p1 * (1.0 - p1) / q + p0 * (1.0 - p0) / (1.0 - q))
    return (math.sqrt(mean * (1.0 - mean) / (q * (1.0 - q))) if pooled else effect), effect


def two_means(
    difference: float,
    sd: float,
    alpha: float = 0.025,
    power: float = 0.9,
    ratio: float = 1.0,
    correlation: float = 0.0,
) -> float:
    """Patients in all for the t test, or for ANCOVA when the baseline correlates with the outcome by `correlation`.

    ANCOVA leaves the residual variance sd^2 (1 - correlation^2) and costs a degree of freedom. The power is that of the
    noncentral t distribution. Borm GF, Fransen J, Lemmens WAJG. J Clin Epidemiol 2007;60:1234-1238,
    doi 10.1016/j.jclinepi.2007.02.006.
    """
    values = {"difference": difference, "sd": sd, "alpha": alpha, "power": power, "ratio": ratio}
    _check({**values, "correlation": correlation}, *_differ("difference", difference, "no effect", 0.0))
    q = ratio / (1.0 + ratio)
    residual = sd * math.sqrt(1.0 - correlation**2)
    spent = 2 if correlation == 0.0 else 3

    def short(n: float) -> float:
        df = n - spent
        noncentrality = abs(difference) / residual * math.sqrt(n * q * (1.0 - q))
        return float(scipy.stats.nct.sf(scipy.stats.t.isf(alpha, df), df, noncentrality)) - power

    normal = (fixed_drift(alpha, power) * residual / difference) ** 2 / (q * (1.0 - q))
    smallest = spent + 1.0 / max(q, 1.0 - q)
    if short(smallest) >= 0.0:
        return smallest
    return float(scipy.optimize.brentq(short, smallest, 2.0 * normal + 50.0, xtol=1e-9))


def win_ratio(win_ratio: float, ties: float, alpha: float = 0.025, power: float = 0.9, ratio: float = 1.0) -> float:
    """Patients in all for a win ratio when a share `ties` of all pairs is tied.

    N = (z_alpha + z_beta)^2 * 4 (1 + ties) / (3 q (1 - q) (1 - ties)) / ln(WR)^2. The variance is approximate and tends
    to be too large, so simulated power is usually a little higher. Yu RX, Ganju J. Stat Med 2022;41:950-963, doi
    10.1002/sim.9297.
    """
    values = {"win_ratio": win_ratio, "ties": ties, "alpha": alpha, "power": power, "ratio": ratio}
    _check(values, *_differ("win_ratio", win_ratio, "no effect", 1.0))
    q = ratio / (1.0 + ratio)
    variance = 4.0 * (1.0 + ties) / (3.0 * q * (1.0 - q) * (1.0 - ties))
    return (fixed_drift(alpha, power) / math.log(win_ratio)) ** 2 * variance
