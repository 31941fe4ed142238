"""Bayesian rules of a single arm: by hand, against tables of others, and in simulated trials."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.stats import beta, betabinom, binom

from simulator.statistics.beliefs.beta_rules import (
    UNIFORM,
    BayesRule,
    BetaMixture,
    bayes_rule,
    conflict_table,
    different_counts,
    predictive,
    robust,
    success_from,
)

HISTORY = BetaMixture((0.6, 0.4), (12.0, 3.0), (28.0, 4.0))


def test_posterior_of_a_mixture_by_bayes_theorem() -> None:
    """Density of prior times likelihood, integrated by quadrature, gives the same tail."""
    after = HISTORY.posterior(14, 20)

    def density(p: float) -> float:
        parts = zip(HISTORY.weight, HISTORY.a, HISTORY.b, strict=True)
        return float(binom.pmf(14, 20, p) * sum(w * beta.pdf(p, a, b) for w, a, b in parts))

    tail, whole = quad(density, 0.5, 1.0)[0], quad(density, 0.0, 1.0)[0]
    assert float(after.above(0.5)) == pytest.approx(tail / whole, abs=1e-9)
    assert sum(after.weight) == pytest.approx(1.0)
    assert after.quantile(0.5) == pytest.approx(after.quantile(0.5))
    assert float(after.above(after.quantile(0.3))) == pytest.approx(0.7, abs=1e-9)
    assert HISTORY.successes(10).sum() == pytest.approx(1.0)


def test_a_robust_prior_gives_way_to_the_data() -> None:
    """Where data agree, the uniform part hardly matters; where they contradict, it takes over."""
    prior = robust(BetaMixture((1.0,), (20.0,), (80.0,)), 0.2)
    assert prior.weight == (0.8, 0.2)
    assert prior.posterior(8, 40).weight[1] < 0.1
    assert prior.posterior(32, 40).weight[1] > 0.999
    # The uniform part alone would have (32 + 1) / 42.
    assert prior.posterior(32, 40).mean == pytest.approx(33 / 42, abs=1e-3)


def test_lee_and_lius_predictive_probability() -> None:
    """Their example (Clin Trials 2008;5:93, table 1): prior Beta(0.6, 0.4), 16 of 23, 40 in all, success if P(p > 0.6) is 0.9
    or more. Predictive probability 0.5656."""
    prior = BetaMixture((1.0,), (0.6,), (0.4,))
    needed = success_from(prior, 40, 0.6, 0.9)
    assert needed - 16 == 12
    assert predictive(prior, 16, 23, 40, needed) == pytest.approx(0.5656, abs=5e-5)
    assert predictive(prior, 16, 23, 40, needed) == pytest.approx(betabinom.sf(11, 17, 16.6, 7.4))


def test_chances_of_a_rule_are_those_of_simulated_trials() -> None:
    """Success, early stopping and expected size of three looks, against 40,000 trials drawn."""
    rule = bayes_rule(UNIFORM, (15, 30, 45), 0.4, 0.95, futility=0.1, efficacy=0.98)
    rng = np.random.default_rng(1)
    yes = rng.random((40_000, 45)) < 0.5
    won, over, size = np.zeros(40_000, bool), np.zeros(40_000, bool), np.full(40_000, 45.0)
    for n, low, high in zip((15, 30), rule.futile, rule.early, strict=True):
        count = yes[:, :n].sum(axis=1)
        success, stop = ~over & (count >= high), ~over & (count < low)
        won |= success
        size[success | stop] = n
        over |= success | stop
    early = over.mean()
    won |= ~over & (yes.sum(axis=1) >= rule.needed)
    found = rule.chances(0.5)
    assert found[0] == pytest.approx(won.mean(), abs=0.01)
    assert found[1] == pytest.approx(early, abs=0.01)
    assert found[2] == pytest.approx(size.mean(), abs=0.3)


def test_conflict_of_prior_and_data() -> None:
    """A hopeful prior claims too often at the goal; its robust form less; the uniform one is about right."""
    hopeful = BetaMixture((1.0,), (35.0,), (15.0,))
    claimed = {
        name: conflict_table(prior, 40, 0.5, 0.975, [0.5])["claimed"][0]
        for name, prior in (("hopeful", hopeful), ("robust", robust(hopeful, 0.5)), ("uniform", UNIFORM))
    }
    assert claimed["uniform"] < 0.03
    assert claimed["hopeful"] > claimed["robust"] > claimed["uniform"]


def test_rules_of_two_patients_by_hand() -> None:
    """Uniform prior, looks at one and two: more than a half with 80% needs two of two; after none it cannot be had, after one
    with 2/3. Early success asks for 60%, so that the first success is enough."""
    rule = bayes_rule(UNIFORM, (1, 2), 0.5, 0.8, futility=0.1, efficacy=0.6)
    assert (rule.needed, rule.futile, rule.early) == (2, (1,), (1,))
    never = bayes_rule(UNIFORM, (1, 2), 0.5, 0.8)
    assert (never.needed, never.futile, never.early) == (2, (0,), (2,))
    # At a rate of 0.3: success at once, or stopped; nobody goes on.
    assert rule.chances(0.3) == pytest.approx((0.3, 1.0, 1.0))
    assert never.chances(0.3) == pytest.approx((0.09, 0.0, 2.0))
    exact = bayes_rule(UNIFORM, (1, 2), 0.5, 0.8, futility=2 / 3 - 1e-12, efficacy=2 / 3 - 1e-12)
    assert (exact.futile, exact.early) == ((1,), (1,))


def test_three_looks_by_hand() -> None:
    """Looks at 1, 2 and 3: stop below 0 and 1, succeed from 2 on at the second; two of three are needed at the last."""
    rule = BayesRule((1, 2, 3), 2, (0, 1), (2, 2))
    p = 0.4
    # Two at once; or one of two and then another; none of two stops.
    assert rule.chances(p) == pytest.approx(
        (p**2 + 2 * p * (1 - p) * p, p**2 + (1 - p) ** 2, 2 * (p**2 + (1 - p) ** 2) + 3 * 2 * p * (1 - p))
    )
    # Where success would begin below futility it is success.
    assert BayesRule((1, 2), 1, (2,), (1,)).chances(p) == pytest.approx((p, 1.0, 1.0))
    with pytest.raises(AssertionError):
        BayesRule((), 1, (), ()).chances(p)


def test_mixtures_by_hand() -> None:
    """Half Beta(1, 1) and half Beta(2, 1): mean (1/2 + 2/3) / 2; one success of one moves weight to the second as 1/2 to 2/3."""
    both = BetaMixture((0.5, 0.5), (1.0, 2.0), (1.0, 1.0))
    assert both.mean == pytest.approx(7 / 12)
    assert both.sd == pytest.approx(np.sqrt(0.5 * (1 / 3 + 1 / 2) - (7 / 12) ** 2))
    after = both.posterior(1, 1)
    assert after.weight == pytest.approx((3 / 7, 4 / 7))
    assert (after.a, after.b) == ((2.0, 3.0), (1.0, 1.0))
    failed = both.posterior(0, 1)
    assert failed.weight == pytest.approx((3 / 5, 2 / 5)) and (failed.a, failed.b) == ((1.0, 2.0), (2.0, 2.0))
    assert both.above([0.0, 0.5, 1.0]) == pytest.approx([1.0, 0.5 * 0.5 + 0.5 * 0.75, 0.0])
    assert both.successes(1) == pytest.approx([5 / 12, 7 / 12])
    assert both.quantile(0.375) == pytest.approx(0.5, abs=1e-12)
    assert BetaMixture((1.0, 0.0), (1.0, 2.0), (1.0, 1.0)).posterior(1, 1).weight == pytest.approx((1.0, 0.0))
    with pytest.raises(ValueError, match="zip"):
        BetaMixture((1.0,), (1.0, 2.0), (1.0, 1.0)).above(0.5)


def test_predictive_probabilities_by_hand() -> None:
    """After one of one, a uniform prior foretells another success with 2/3; what is reached is sure, what cannot be is not."""
    assert predictive(UNIFORM, 1, 1, 2, 2) == pytest.approx(2 / 3)
    assert predictive(UNIFORM, 1, 1, 2, 1) == pytest.approx(1.0)
    assert predictive(UNIFORM, 0, 1, 2, 2) == 0.0
    assert predictive(UNIFORM, 0, 1, 2, 1) == pytest.approx(1 / 3)
    assert success_from(UNIFORM, 2, 0.5, 0.99) == 3 and success_from(UNIFORM, 2, 0.5, 0.0) == 0


def test_different_counts_are_told_once() -> None:
    """Three trials of which two are alike."""
    pairs, place = different_counts(np.array([3, 1, 3]), np.array([5, 5, 5]))
    assert pairs.tolist() == [[1, 5], [3, 5]] and place.tolist() == [1, 0, 1]


def test_the_table_of_conflict_by_hand() -> None:
    """One patient, uniform prior, more than a half with 70%: one success is enough (75%); means are 1/3 and 2/3."""
    table = conflict_table(UNIFORM, 1, 0.5, 0.7, [0.2, 0.5])
    assert table["rate"].tolist() == [0.2, 0.5]
    assert table["claimed"] == pytest.approx([0.2, 0.5])
    assert table["posterior_mean"] == pytest.approx([(0.8 + 2 * 0.2) / 3, 0.5])
