"""Formulas for two means: t test, ANCOVA and Wilcoxon's test, superiority, non-inferiority and equivalence.

`difference` is the mean of arm 1 less that of arm 0, `sd` the standard deviation in each arm; sizes are patients in all.
"""

from __future__ import annotations

import math

import scipy

from simulator.statistics.sizes.formula import WILCOXON_EFFICIENCY, Formula, fixed_drift, for_equivalence, inverted

T_TEST = (
    "noncentral t distribution; Chow SC, Shao J, Wang H. Sample Size Calculations in Clinical Research 2008, chapter 3"
)
ANCOVA = "Borm GF, Fransen J, Lemmens WAJG. J Clin Epidemiol 2007;60:1234-1238, doi 10.1016/j.jclinepi.2007.02.006"
WILCOXON = "t test over the efficiency 3/pi; Lehmann EL. Nonparametrics 1975, chapter 2"


def t_test(gain: float, sd: float, alpha: float, ratio: float, correlation: float = 0.0) -> Formula:
    """The t test (or ANCOVA, with a baseline's correlation) that a difference is `gain` further from the null."""
    q = ratio / (1.0 + ratio)
    residual, spent = sd * math.sqrt(1.0 - correlation**2), 2 if correlation == 0.0 else 3

    def power(n: float) -> float:
        df = n - spent
        if df <= 0.0:
            return math.nan
        away = gain / residual * math.sqrt(n * q * (1.0 - q))
        return float(scipy.stats.nct.sf(scipy.stats.t.isf(alpha, df), df, away))

    guess = (fixed_drift(alpha, 0.9) * residual / gain) ** 2 / (q * (1.0 - q))
    name, citation = ("t test", T_TEST) if correlation == 0.0 else ("ANCOVA", ANCOVA)
    return inverted(name, citation, power, guess, spent + 1.0 / max(q, 1.0 - q))


def superiority(difference: float, sd: float, alpha: float, ratio: float, correlation: float | None) -> list[Formula]:
    """The t test, ANCOVA where a correlation is given, and Wilcoxon's test for normal outcomes."""
    plain = t_test(abs(difference), sd, alpha, ratio)
    ranks = plain.inflated(1.0 / WILCOXON_EFFICIENCY)
    found = [plain, Formula("Wilcoxon", WILCOXON, ranks.size, ranks.power)]
    if correlation is not None:
        found.insert(1, t_test(abs(difference), sd, alpha, ratio, correlation))
    return found


def non_inferiority(difference: float, sd: float, margin: float, alpha: float, ratio: float) -> list[Formula]:
    """The t test of the null that the difference is the (signed) margin."""
    return [t_test(abs(difference - margin), sd, alpha, ratio)]


def equivalence(difference: float, sd: float, margin: float, alpha: float, ratio: float) -> list[Formula]:
    """Two one-sided tests of a difference between -margin and margin, by the normal approximation."""
    q, margin = ratio / (1.0 + ratio), abs(margin)
    citation = "Schuirmann DJ. J Pharmacokinet Biopharm 1987;15:657-680, doi 10.1007/BF01068419"
    name, spread = "two one-sided tests (normal)", sd / math.sqrt(q * (1.0 - q))
    return [for_equivalence(name, citation, margin + difference, margin - difference, spread, alpha)]
