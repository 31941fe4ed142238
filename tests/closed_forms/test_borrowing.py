"""Historical controls: the predictive prior and the rule that borrows, against RBesT and by other ways of computing them.

Numbers of RBesT are those that its vignette "Getting started with RBesT (binary)" prints (RBesT 1.9-0, articles/introduction.md
of github.com/Novartis/RBesT) and those of the examples of its `ess` (reference/ess.md). Its predictive prior is a sample.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.optimize import brentq
from scipy.stats import beta, binom

from simulator.statistics.beliefs.beta_fit import fitted_mixture
from simulator.statistics.beliefs.beta_rules import UNIFORM, BetaMixture, robust
from simulator.statistics.beliefs.borrowing import BorrowingRule, borrowing_table, probability_better
from simulator.statistics.beliefs.effective_size import elir_size, moment_size
from simulator.statistics.beliefs.meta_analysis import historical_prior, posterior_of_population, predicted_rates

PATIENTS, RESPONDERS = (107, 44, 51, 39, 139, 20, 78, 35), (23, 12, 19, 9, 39, 6, 9, 10)
"""RBesT's data set AS: placebo arms in ankylosing spondylitis (Baeten D et al. Lancet 2013;382:1705)."""
THEIRS = BetaMixture(
    (0.4612914, 0.1917812, 0.1893896, 0.1575378),
    (33.9513487, 19.4400089, 12.2692310, 2.2521243),
    (103.0146367, 41.5205219, 55.9202833, 5.4812202),
)
"""What RBesT's automixfit makes of its sample."""
TREATED = BetaMixture((1.0,), (0.5,), (1.0,))


def one(value: int) -> np.ndarray[Any, np.dtype[np.int64]]:
    """A count of a single trial."""
    return np.array([value])


def test_predictive_prior_of_rbests_data() -> None:
    """Mean, spread and quantiles of the rate in a new study, and of tau, within the error of RBesT's sample (0.002 to 0.01)."""
    rates = predicted_rates(RESPONDERS, PATIENTS, 1.0)
    assert rates.mean() == pytest.approx(0.2550, abs=0.005)
    assert rates.std() == pytest.approx(0.0864, abs=0.004)
    assert np.quantile(rates, [0.025, 0.5, 0.975]) == pytest.approx([0.106, 0.247, 0.461], abs=0.012)
    _, tau, weight = posterior_of_population(RESPONDERS, PATIENTS, 1.0)
    assert (weight * tau).sum() == pytest.approx(0.387, abs=0.01)
    closer = predicted_rates(RESPONDERS, PATIENTS, 0.5)
    assert (closer.mean(), closer.std()) == pytest.approx((0.2590, 0.0776), abs=0.004)


def test_a_mean_that_is_known_better_than_the_first_grid_shows() -> None:
    """90,000 of 100,000 and hardly any heterogeneity: log odds of ln 9, SD 1 / sqrt(n p q): a sixteenth of a step."""
    mean, _, weight = posterior_of_population((90_000,), (100_000,), 1e-4)
    assert (weight * mean).sum() == pytest.approx(np.log(9.0), abs=1e-4)
    sd = np.sqrt((weight * (mean - np.log(9.0)) ** 2).sum())
    assert sd == pytest.approx(1.0 / np.sqrt(100_000 * 0.9 * 0.1), rel=0.01)


def test_mixture_fitted_to_it_is_worth_what_rbests_is() -> None:
    """38 patients by ELIR and 24 by moments, as RBesT prints them, to two patients; the mixture keeps mean and quantiles."""
    prior = historical_prior(RESPONDERS, PATIENTS, 1.0)
    assert elir_size(prior) == pytest.approx(38.0, abs=2.0)
    assert moment_size(prior) == pytest.approx(24.0, abs=1.5)
    rates = predicted_rates(RESPONDERS, PATIENTS, 1.0)
    assert prior.mean == pytest.approx(rates.mean(), abs=0.003)
    assert [prior.quantile(q) for q in (0.025, 0.5, 0.975)] == pytest.approx(
        np.quantile(rates, [0.025, 0.5, 0.975]), abs=0.004
    )


def test_effective_sizes_of_rbest() -> None:
    """Its printed values: 38 and 24 of its own mixture, 27 with a vague part, 7.65152 and 3.161034 of the example of `ess`."""
    assert round(elir_size(THEIRS)) == 38
    assert round(moment_size(THEIRS)) == 24
    assert elir_size(robust(THEIRS, 0.2)) == pytest.approx(27.0, abs=0.51)
    example = BetaMixture((0.2, 0.8), (1.0, 10.0), (1.0, 2.0))
    assert elir_size(example) == pytest.approx(7.65152, abs=1e-5)
    assert moment_size(example) == pytest.approx(3.161034, abs=1e-6)
    assert elir_size(BetaMixture((1.0,), (5.0,), (15.0,))) == pytest.approx(20.0, abs=1e-6)


def test_rbests_analysis_of_the_trial() -> None:
    """1 of 6 on placebo and 14 of 24 treated: the treated rate is higher with a probability of 0.9917197."""
    found = probability_better(TREATED, robust(THEIRS, 0.2), (one(1), one(14)), (one(6), one(24)))
    assert found[0] == pytest.approx(0.9917197, abs=1e-7)


@pytest.mark.parametrize(
    ("control", "treated", "placebo", "expected"),
    [
        (THEIRS, TREATED, 6, 0.302),
        (UNIFORM, UNIFORM, 24, 0.341),
        (robust(THEIRS, 0.2), TREATED, 6, 0.368),
        (UNIFORM, UNIFORM, 6, 0.529),
    ],
)
def test_differences_that_rbests_designs_detect(
    control: BetaMixture, treated: BetaMixture, placebo: int, expected: float
) -> None:
    """The difference that has a power of 80% with 24 treated patients at the prior's mean control rate, to three digits."""
    rule, rate = BorrowingRule(control, (placebo, 24), 0.95, treated), 0.25545885
    found = brentq(lambda gain: float(rule.claimed(rate, rate + gain)[0]) - 0.8, 0.01, 0.74)
    assert found == pytest.approx(expected, abs=6e-4)


def test_probability_of_a_better_rate_by_quadrature() -> None:
    """The density of the control's posterior times the chance that the treated rate is above, integrated otherwise."""
    prior = robust(BetaMixture((1.0,), (8.0,), (12.0,)), 0.3)
    after = prior.posterior(9, 25)

    def density(p: float) -> float:
        parts = zip(after.weight, after.a, after.b, strict=True)
        return sum(w * float(beta.pdf(p, a, b)) for w, a, b in parts) * float(beta.sf(p, 1 + 20, 1 + 30))

    found = probability_better(UNIFORM, prior, (one(9), one(20)), (one(25), one(50)))
    assert found[0] == pytest.approx(quad(density, 0.0, 1.0, limit=200)[0], abs=1e-8)


def test_a_mixture_is_found_again_from_counts() -> None:
    """Counts of 30 patients spread more than the rates behind them; the fit gives the rates' spread, not theirs."""
    luck = np.random.default_rng(1)
    rates = luck.beta(20.0, 30.0, 3_000)
    counts = luck.binomial(30, rates)
    found = fitted_mixture(counts, 30)
    assert found.mean == pytest.approx(0.4, abs=0.006)
    assert found.sd == pytest.approx(0.0686, abs=0.006)
    assert (counts / 30).std() > 0.1


def test_chance_of_success_and_prediction_by_enumeration() -> None:
    """Exact power against every pair of counts, and the predictive probability against every pair still to come."""
    rule = BorrowingRule(robust(BetaMixture((1.0,), (6.0,), (9.0,)), 0.2), (10, 12), 0.9)
    total = sum(
        float(binom.pmf(k, 10, 0.4) * binom.pmf(j, 12, 0.7))
        for k in range(11)
        for j in range(13)
        if probability_better(UNIFORM, rule.control, (one(k), one(j)), (one(10), one(12)))[0] >= 0.9
    )
    assert rule.claimed(0.4, 0.7)[0] == pytest.approx(total, abs=1e-12)
    ahead = rule.control.posterior(2, 5).successes(5)
    others = UNIFORM.posterior(4, 6).successes(6)
    expected = sum(ahead[k] * others[j] for k in range(6) for j in range(7) if rule.success[2 + k, 4 + j])
    assert rule.predictive((one(2), one(4)), (one(5), one(6)))[0] == pytest.approx(expected, abs=1e-12)
    assert rule.predictive((one(2), one(12)), (one(10), one(12)))[0] == pytest.approx(float(rule.success[2, 12]))


def test_what_borrowing_costs() -> None:
    """Above the prior's rate errors exceed those without borrowing, below it power falls, far away the vague part takes over."""
    rule = BorrowingRule(robust(BetaMixture((1.0,), (30.0,), (70.0,)), 0.2), (30, 60), 0.975)
    table = borrowing_table(rule, [0.15, 0.3, 0.45, 0.9], 3.0)
    worse, alone = table["type_i_error"], table["alone_type_i_error"]
    assert worse[2] > 2.0 * alone[2]
    assert worse[0] < alone[0]
    assert table["power"][1] > table["alone_power"][1] + 0.1
    assert table["vague"][3] > 0.99
    assert abs(worse[3] - alone[3]) < 0.005
