"""Bayesian rules for one arm with a yes-or-no outcome: posterior and predictive probability, and historical controls.

Priors are mixtures of beta distributions, which binomial data turn into mixtures again. A rule is a table of the successes from
which it says yes, so that its frequentist error at any true rate is exact.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy
from numpy.typing import ArrayLike, NDArray
from scipy.special import betaincc, betaln, logsumexp

Array = NDArray[np.float64]
Counts = NDArray[np.int64]


@dataclass(frozen=True)
class BetaMixture:
    """A mixture of Beta(a, b) with weights that sum to 1, each (components,)."""

    weight: tuple[float, ...]
    a: tuple[float, ...]
    b: tuple[float, ...]

    @property
    def mean(self) -> float:
        """Expected rate."""
        return float(sum(w * a / (a + b) for w, a, b in zip(self.weight, self.a, self.b, strict=True)))

    @property
    def sd(self) -> float:
        """Standard deviation of the rate."""
        square = sum(
            w * a * (a + 1.0) / ((a + b) * (a + b + 1.0)) for w, a, b in zip(self.weight, self.a, self.b, strict=True)
        )
        return float(np.sqrt(square - self.mean**2))

    def posterior(self, successes: int, n: int) -> BetaMixture:
        """After so many successes among n: weights move to the components that foretold them."""
        a, b = np.array(self.a), np.array(self.b)
        log = np.log(np.maximum(self.weight, 1e-300)) + betaln(a + successes, b + n - successes) - betaln(a, b)
        weight = np.exp(log - logsumexp(log))
        return BetaMixture(tuple(map(float, weight)), tuple(a + successes), tuple(b + n - successes))

    def above(self, rate: ArrayLike) -> Array:
        """Probability that the rate is above `rate`."""
        found = np.zeros(np.shape(rate))
        for w, a, b in zip(self.weight, self.a, self.b, strict=True):
            found = found + w * np.asarray(betaincc(a, b, np.asarray(rate, dtype=np.float64)))
        return found

    def successes(self, n: int) -> Array:
        """Predictive probability of 0, ..., n successes among n."""
        k = np.arange(n + 1)
        parts = zip(self.weight, self.a, self.b, strict=True)
        return np.asarray(sum(w * scipy.stats.betabinom.pmf(k, n, a, b) for w, a, b in parts), float)

    def quantile(self, share: float) -> float:
        """The rate below which `share` of the probability lies."""
        low, high = 0.0, 1.0
        for _ in range(60):
            middle = 0.5 * (low + high)
            low, high = (middle, high) if 1.0 - float(self.above(middle)) < share else (low, middle)
        return 0.5 * (low + high)


UNIFORM = BetaMixture((1.0,), (1.0,), (1.0,))


def different_counts(successes: Counts, n: Counts) -> tuple[Counts, Counts]:
    """Each pair of successes and patients once, (pairs, 2), and the place among them of every trial's, (trials,)."""
    pairs, place = np.unique(np.column_stack([successes, n]), axis=0, return_inverse=True)
    return pairs, place.reshape(-1)


def robust(informative: BetaMixture, vague: float) -> BetaMixture:
    """The prior with a uniform part of weight `vague`, which takes over where the data contradict the rest.

    Schmidli H et al. Biometrics 2014;70:1023-1032, doi 10.1111/biom.12242.
    """
    weight = tuple((1.0 - vague) * each for each in informative.weight)
    return BetaMixture((*weight, vague), (*informative.a, 1.0), (*informative.b, 1.0))


def success_from(prior: BetaMixture, n: int, goal: float, certainty: float) -> int:
    """Fewest successes among n from which the rate is above `goal` with a posterior probability of `certainty`; n + 1 if none.

    With more successes the probability rises, so that from there on all are enough.
    """
    for k in range(n + 1):
        if float(prior.posterior(k, n).above(goal)) >= certainty:
            return k
    return n + 1


def predictive(prior: BetaMixture, successes: int, n: int, last: int, needed: int) -> float:
    """Probability that a trial of `last` patients ends with `needed` successes, after `successes` among the first n."""
    ahead = prior.posterior(successes, n).successes(last - n)
    return float(ahead[max(0, needed - successes) :].sum()) if needed - successes <= last - n else 0.0


@dataclass(frozen=True)
class BayesRule:
    """Success at the last of `looks` (numbers of patients) from `needed` successes on; each earlier look stops below `futile`
    successes and succeeds from `early` on."""

    looks: tuple[int, ...]
    needed: int
    futile: tuple[int, ...]
    early: tuple[int, ...]

    def chances(self, rate: float) -> tuple[float, float, float]:
        """Probability of success, of stopping early, and expected patients where every patient succeeds with this rate."""
        going, reached = np.array([1.0]), 0
        success = stopped = expected = 0.0
        for place, n in enumerate(self.looks):
            going = np.convolve(going, scipy.stats.binom.pmf(np.arange(n - reached + 1), n - reached, rate))
            reached = n
            if place == len(self.looks) - 1:
                ends = float(going.sum())
                return success + float(going[self.needed :].sum()), stopped, expected + ends * n
            low, high = self.futile[place], self.early[place]
            won, lost = float(going[high:].sum()), float(going[: min(low, high)].sum())
            success, stopped, expected = success + won, stopped + won + lost, expected + (won + lost) * n
            going = going.copy()
            going[high:], going[: min(low, high)] = 0.0, 0.0
        raise AssertionError("a rule without looks")


def bayes_rule(
    prior: BetaMixture,
    looks: tuple[int, ...],
    goal: float,
    certainty: float,
    futility: float = 0.0,
    efficacy: float | None = None,
) -> BayesRule:
    """The rule that succeeds with a posterior probability of `certainty` that the rate is above `goal`.

    An earlier look stops for futility where the predictive probability of that is below `futility`, and succeeds where it is
    at least `efficacy` (None for never). Lee JJ, Liu DD. Clin Trials 2008;5:93-106, doi 10.1177/1740774508089279.
    """
    last = looks[-1]
    needed = success_from(prior, last, goal, certainty)
    futile, early = [], []
    for n in looks[:-1]:
        chance = [predictive(prior, k, n, last, needed) for k in range(n + 1)]
        futile.append(next((k for k in range(n + 1) if chance[k] >= futility), n + 1))
        early.append(next((k for k in range(n + 1) if efficacy is not None and chance[k] >= efficacy), n + 1))
    return BayesRule(looks, needed, tuple(futile), tuple(early))


def conflict_table(prior: BetaMixture, n: int, goal: float, certainty: float, rates: ArrayLike) -> dict[str, Array]:
    """The error that a prior costs: for each true rate the chance to claim that it is above `goal` with n patients.

    Columns rate, claimed, and mean posterior mean, `posterior_mean`. Where the rate is at or below the goal a claim is a type I
    error, which grows where the prior and the truth conflict.
    """
    rates = np.atleast_1d(np.asarray(rates, float))
    k = np.arange(n + 1)
    means = np.array([prior.posterior(int(each), n).mean for each in k])
    needed = success_from(prior, n, goal, certainty)
    chance = np.asarray(scipy.stats.binom.pmf(k[None, :], n, rates[:, None]))
    return {"rate": rates, "claimed": chance[:, needed:].sum(axis=1), "posterior_mean": chance @ means}
