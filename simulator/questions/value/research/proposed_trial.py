"""What a proposed trial is worth: sample information by regression on trial results simulated from every draw.

The trial compares a policy with the reference in people who meet the policy's own criteria, equally many in each arm.
Its summaries are the shares with a major amputation or dead within a year and the mean TcPO2 on the day of the published
schedule's last measurement, in both arms. A trial with infinitely many people would show these without error; that bounds
every size's value.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from simulator.evidence.economics.price_transfer import exchange, inflate
from simulator.evidence.posterior import parameter_draws
from simulator.living.outcomes import OUTCOMES
from simulator.questions.value.research.sampling import net_benefit_of_sampling
from simulator.questions.value.research.simulated_trial import SimulatedTrial
from simulator.scenario.economics import Trial
from simulator.scenario.policy import stricter
from simulator.scenario.scenario import Scenario
from simulator.statistics.decision.population import Population
from simulator.statistics.decision.results import Array
from simulator.statistics.decision.voi import Value, evpi, evppi
from simulator.valuation.lives import Lives, Simulations
from simulator.valuation.values import Money, Values
from simulator.words.errors import BadInput
from simulator.words.luck import generator

YEARS = 1.0
MEASURED = "tcpo2_last"


@dataclass(frozen=True, eq=False)
class TrialWorth:
    """What a trial is worth by its size.

    `table`: see `sampling.net_benefit_of_sampling`, with `people_to_break_even`, whom its result must reach to be worth its
    cost. `most`: what no size can exceed, the worth of a trial of infinite size (proposed trials) or of perfect information
    (simulated ones). `design` is the label of a simulated trial's design, None for a proposed one. `draws`: draws used.
    """

    table: pd.DataFrame
    most: Value
    draws: int
    design: str | None = None


def trial_lives(
    scenario: Scenario, policy: str, draws: int, patients: int, seed: int, simulations: Simulations
) -> Lives:
    """A year under the reference and the policy of people who meet the criteria of both scenario and policy."""
    settings = scenario.settings
    update = {
        "follow_up": settings.follow_up.model_copy(update={"horizon_years": YEARS}),
        "entry": stricter(settings.entry, scenario.policies[policy].eligibility),
        "compare": (scenario.reference, policy),
    }
    trial = replace(scenario, settings=settings.model_copy(update=update))
    parameters = trial.parameter_draws(parameter_draws(trial.register, draws, seed))
    return simulations.probabilistic("Proposed trial", trial, parameters, patients, seed)


def trial_worth(
    lives: Lives,
    net_benefit: Array,
    trial: Trial,
    population: Population,
    money: Money,
    country: str,
    seed: int,
) -> TrialWorth:
    """The expected value and net benefit of trials of the proposed sizes; `net_benefit` is (draws, policies)."""
    truth, spread = _truth(lives)
    perfect = evppi(net_benefit, truth, seed=seed)
    summaries = {2 * n: _results(truth, spread, n, seed) for n in trial.patients_per_arm}
    fixed, each = _costs(trial, money, country)
    table = net_benefit_of_sampling(
        net_benefit,
        summaries,
        population,
        fixed_cost=fixed,
        cost_per_patient=each,
        years=trial.years,
        at_most=perfect,
        seed=seed,
    )
    return TrialWorth(_with_people(table), perfect, len(net_benefit))


def simulated_trial_worth(
    found: SimulatedTrial,
    net_benefit: Array,
    trial: Trial,
    population: Population,
    money: Money,
    country: str,
    seed: int,
) -> TrialWorth:
    """The same for a trial that `clti trial` simulated; `trial` says what it costs, the simulation how long it lasts.

    Only the draws that both have are used.
    """
    both = min(len(net_benefit), found.draws)
    fixed, each = _costs(trial, money, country)
    table = net_benefit_of_sampling(
        net_benefit[:both],
        {size: statistics[:both] for size, statistics in found.statistics.items()},
        population,
        fixed_cost=fixed,
        cost_per_patient=each,
        years=found.years,
        enrolled=found.enrolled,
        seed=seed,
    )
    return TrialWorth(_with_people(table), evpi(net_benefit[:both]), both, found.label)


def _costs(trial: Trial, money: Money, country: str) -> tuple[float, float]:
    """What the trial costs once and for each patient, in the money of results."""
    return in_money(trial.fixed_cost, trial, money, country), in_money(trial.cost_per_patient, trial, money, country)


def _with_people(table: pd.DataFrame) -> pd.DataFrame:
    return table.assign(people_to_break_even=table["cost"] / table["evsi"].where(table["evsi"] > 0))


def in_money(amount: float, trial: Trial, money: Money, country: str) -> float:
    """An amount of the trial's own currency and year in the money of results: that year's exchange, then inflation."""
    if trial.currency != money.currency:
        amount = exchange(amount, trial.currency, money.currency, trial.price_year)
    return (
        amount if trial.price_year == money.price_year else inflate(amount, country, trial.price_year, money.price_year)
    )


def _truth(lives: Lives) -> tuple[Array, Array]:
    """What a trial would show without error, shape (draws, summaries), and the SD of one person's TcPO2 by arm.

    Summaries: share with an amputation or dead in either arm, then mean TcPO2 in either arm.
    """
    outcomes = lives.outcomes.mean(axis=0)
    alive = outcomes[:, :, OUTCOMES.index("amputation_free_survival")]
    mean = outcomes[:, :, OUTCOMES.index(MEASURED)]
    each = lives.people / len(lives.outcome_errors)
    sd = np.sqrt(each) * lives.outcome_errors[..., OUTCOMES.index(MEASURED)].mean(axis=0)
    return np.column_stack([1.0 - alive, mean]), sd


def _results(truth: Array, sd: Array, per_arm: int, seed: int) -> Array:
    """One simulated trial per draw, with the same luck whatever its size."""
    from scipy.stats import binom

    random = generator(seed, "proposed trial")
    events = binom.ppf(random.random((len(truth), 2)), per_arm, np.clip(truth[:, :2], 0.0, 1.0)) / per_arm
    measured = truth[:, 2:] + random.standard_normal((len(truth), 2)) * sd / np.sqrt(per_arm)
    return np.column_stack([events, measured])


def can_be_paid(trial: Trial, values: Values) -> bool:
    """Whether the costs of the proposed trial can be told in the money of results."""
    try:
        in_money(1.0, trial, values.money, values.perspective.conventions.perspective.country)
    except BadInput:
        return False
    return True
