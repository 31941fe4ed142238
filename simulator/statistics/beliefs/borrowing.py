"""Two arms with a yes-or-no outcome of which the control borrows from earlier controls: the rule, and what it costs.

Success is a posterior probability that the treated arm's rate of the good outcome is above the control's.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import scipy
from numpy.typing import ArrayLike, NDArray
from scipy.special import betaln, logsumexp, xlog1py, xlogy

from simulator.statistics.beliefs.beta_rules import UNIFORM, BetaMixture, different_counts

Array = NDArray[np.float64]
Bools = NDArray[np.bool_]
Counts = NDArray[np.int64]

ANGLES = 1_024
"""Points on which the control's rate is integrated, evenly spaced in the angle whose squared sine it is."""
LEAST_SHAPE = 0.5
"""Smallest a and b of a part of a prior; below it the density is not smooth in the angle."""


def _rates() -> Array:
    return np.asarray(np.sin((np.arange(ANGLES) + 0.5) * (0.5 * np.pi / ANGLES)) ** 2)


def _masses(prior: BetaMixture, successes: Counts, n: Counts) -> Array:
    """Posterior probability of every rate of the grid, (counts, ANGLES)."""
    p = _rates()
    k, m = successes[:, None], n[:, None]
    log = [
        np.log(max(w, 1e-300)) - betaln(a, b) + xlogy(a + k - 0.5, p) + xlog1py(b + m - k - 0.5, -p)
        for w, a, b in zip(prior.weight, prior.a, prior.b, strict=True)
    ]
    whole = logsumexp(np.stack(log), axis=0)
    mass = np.exp(whole - whole.max(axis=1, keepdims=True))
    return np.asarray(mass / mass.sum(axis=1, keepdims=True))


def _above(prior: BetaMixture, successes: Counts, n: Counts) -> Array:
    """Posterior probability that a rate is above each of the grid, (counts, ANGLES)."""
    p = _rates()
    return np.stack([prior.posterior(int(k), int(m)).above(p) for k, m in zip(successes, n, strict=True)])


def probability_better(
    treated: BetaMixture, control: BetaMixture, successes: tuple[Counts, Counts], n: tuple[Counts, Counts]
) -> Array:
    """Posterior probability that the treated rate is above the control rate, (trials,).

    `successes` and `n` are those of the control and of the treated arm.
    """
    (kc, kt), (nc, nt) = successes, n
    (controls, of_control), (others, of_treated) = different_counts(kc, nc), different_counts(kt, nt)
    mass, above = _masses(control, *controls.T), _above(treated, *others.T)
    return np.asarray(np.einsum("tg,tg->t", mass[of_control], above[of_treated]))


def posterior_moments(prior: BetaMixture, successes: Counts, n: Counts) -> tuple[Array, Array]:
    """Mean and standard deviation of a rate after the data, each (trials,)."""
    pairs, place = different_counts(successes, n)
    found = [prior.posterior(int(k), int(m)) for k, m in pairs]
    mean, sd = np.array([each.mean for each in found]), np.array([each.sd for each in found])
    return mean[place], sd[place]


@dataclass(frozen=True)
class BorrowingRule:
    """`n` are the patients of control and treated arm at the end; success at a posterior probability of `certainty`."""

    control: BetaMixture
    n: tuple[int, int]
    certainty: float
    treated: BetaMixture = UNIFORM

    @cached_property
    def success(self) -> Bools:
        """Whether the trial succeeds, by the successes of control (first axis) and treated arm."""
        nc, nt = self.n
        kc, kt = np.arange(nc + 1), np.arange(nt + 1)
        mass, above = _masses(self.control, kc, np.full(nc + 1, nc)), _above(self.treated, kt, np.full(nt + 1, nt))
        return np.asarray(mass @ above.T >= self.certainty)

    def claimed(self, control_rate: ArrayLike, treated_rate: ArrayLike) -> Array:
        """Exact chance of success at every pair of true rates."""
        nc, nt = self.n
        one, other = (np.atleast_1d(np.asarray(each, float)) for each in (control_rate, treated_rate))
        chance = scipy.stats.binom.pmf(np.arange(nc + 1), nc, one[:, None])
        chance_t = scipy.stats.binom.pmf(np.arange(nt + 1), nt, other[:, None])
        return np.asarray(np.einsum("rc,ct,rt->r", chance, self.success.astype(float), chance_t))

    def predictive(self, successes: tuple[Counts, Counts], n: tuple[Counts, Counts]) -> Array:
        """Probability that the trial succeeds at its end, after so many successes among the first `n` of both arms, (trials,).

        Lee JJ, Liu DD. Clin Trials 2008;5:93-106, doi 10.1177/1740774508089279, with two arms.
        """
        rows = [
            _ahead(prior, k, np.minimum(m, last), last)
            for prior, k, m, last in zip((self.control, self.treated), successes, n, self.n, strict=True)
        ]
        return np.asarray(((rows[0] @ self.success) * rows[1]).sum(axis=1))


def _ahead(prior: BetaMixture, successes: Counts, n: Counts, last: int) -> Array:
    """Predictive probability of every final count of an arm of `last` patients, (trials, last + 1)."""
    pairs, place = different_counts(successes, n)
    out = np.zeros((len(pairs), last + 1))
    for row, (k, m) in zip(out, pairs, strict=True):
        row[k : k + last - m + 1] = prior.posterior(int(k), int(m)).successes(int(last - m))
    return out[place]


def borrowing_table(rule: BorrowingRule, rates: ArrayLike, odds_ratio: float) -> dict[str, Array]:
    """What borrowing does over true control rates: errors and power with the prior and, as ``alone_*``, with a uniform one.

    Columns rate, type_i_error, alone_type_i_error, power, alone_power (where the odds of the treated arm are `odds_ratio` times
    the control's), posterior_mean (mean of the control's) and vague (mean posterior weight of the prior's last part).
    """
    rate = np.atleast_1d(np.asarray(rates, float))
    better = odds_ratio * rate / (1.0 - rate + odds_ratio * rate)
    alone = BorrowingRule(UNIFORM, rule.n, rule.certainty, rule.treated)
    n = rule.n[0]
    found = [rule.control.posterior(k, n) for k in range(n + 1)]
    chance = scipy.stats.binom.pmf(np.arange(n + 1), n, rate[:, None])
    return {
        "rate": rate,
        "type_i_error": rule.claimed(rate, rate),
        "alone_type_i_error": alone.claimed(rate, rate),
        "power": rule.claimed(rate, better),
        "alone_power": alone.claimed(rate, better),
        "posterior_mean": chance @ np.array([each.mean for each in found]),
        "vague": chance @ np.array([each.weight[-1] for each in found]),
    }
