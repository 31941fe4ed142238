"""Historical controls from the population of hospitals: the rate that a new study's patients will have, as a prior."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from simulator.questions.trial.analysis.seen import good_outcomes, through
from simulator.questions.trial.design.accrual import Accrual
from simulator.questions.trial.design.design import Arm, Design, FollowUp, Size, Visits
from simulator.questions.trial.design.drop_out import DropOut
from simulator.questions.trial.design.endpoint import Endpoint
from simulator.questions.trial.design.prior import Prior
from simulator.questions.trial.reading.design_reading import Planned
from simulator.questions.trial.simulation.recruits import Recruitment
from simulator.questions.trial.simulation.truth import truth_named
from simulator.scenario import Scenario
from simulator.statistics.beliefs.beta_fit import fitted_mixture
from simulator.statistics.beliefs.beta_rules import BetaMixture

Counts = NDArray[np.int64]

STUDIES, PEOPLE = 400, 200
"""Studies that are simulated for a prior, and patients of each."""
SEED = 1
"""Of their lives: what is believed before a trial does not hang on the seed of its patients."""


def with_history(planned: Planned) -> Planned:
    """The design with every prior that comes from hospitals worked out."""
    design = planned.design
    if not any(_from_hospitals(each) for each in design.endpoints):
        return planned
    assert planned.population is not None
    endpoints = tuple(
        each.model_copy(update={"prior": _prior(design, planned.population, each)}) if _from_hospitals(each) else each
        for each in design.endpoints
    )
    return replace(planned, design=design.model_copy(update={"endpoints": endpoints}))


def _from_hospitals(endpoint: Endpoint) -> bool:
    prior = endpoint.prior
    return prior is not None and prior.taken_from == "hospitals" and "weight" not in prior.model_fields_set


def _prior(design: Design, population: Scenario, endpoint: Endpoint) -> Prior:
    assert endpoint.prior is not None
    policy = endpoint.prior.policy or (design.arms[0].policy if len(design.arms) > 1 else population.reference)
    series = earlier_study(design, endpoint, policy)
    found = _mixture(_Series(f"{series.model_dump_json()} {population.hash}", series, population))
    return endpoint.prior.model_copy(update={"weight": found.weight, "a": found.a, "b": found.b, "policy": policy})


@dataclass(frozen=True)
class _Series:
    """Earlier studies, known by their `key`."""

    key: str
    design: Design = field(compare=False)
    scenario: Scenario = field(compare=False)


@lru_cache(maxsize=8)
def _mixture(series: _Series) -> BetaMixture:
    return fitted_mixture(*simulated_counts(series.design, series.scenario))


def earlier_study(design: Design, endpoint: Endpoint, policy: str) -> Design:
    """A series of patients who meet the design's entry criteria at as many hospitals as its trials have, followed and lost as its
    controls are, and unblinded."""
    own = design.accrual
    sites = own.sites if own.hospitals == "different" else 1
    lost = design.drop_out.rate_of(design.arms[0].name)
    update = {
        "arms": (Arm(name="earlier patients", policy=policy),),
        "accrual": Accrual(pattern="sites", sites=sites, per_month=100.0, opening_months=0.0, hospitals="different"),
        "drop_out": DropOut(per_year=lost, unhealed_ratio=design.drop_out.unhealed_ratio),
        "follow_up": FollowUp(months=design.follow_up.months),
        "visits": design.visits if endpoint.needs_visit else Visits(),
        "size": Size(patients=PEOPLE),
        "endpoints": (endpoint,),
        **dict.fromkeys(("centre", "blinding", "crossover", "looks", "futility", "reestimation", "two_stage")),
        **dict.fromkeys(("blinded_review", "multiplicity", "predictive", "selection", "enrichment")),
        "randomisation": type(design.randomisation)(),
        "stated": (),
        "estimands": (),
    }
    return design.model_copy(update=update)


def simulated_counts(design: Design, scenario: Scenario) -> tuple[Counts, Counts]:
    """Patients with the good outcome and patients in all of each earlier study, its parameters drawn from the posterior and its
    hospitals from their population; each (STUDIES,)."""
    truth = truth_named("posterior", design, scenario, STUDIES, SEED)
    recruitment = Recruitment(design, scenario, SEED)
    endpoint = design.endpoints[0]
    good, counted = [], []
    step = max(1, 25_000 // PEOPLE)
    for first in range(0, STUDIES, step):
        data = recruitment.trials(truth, first, min(step, STUDIES - first), PEOPLE)
        yes, missing = good_outcomes(endpoint, data)
        use = through(endpoint, data) & ~missing
        good.append((yes & use).sum(axis=1))
        counted.append(use.sum(axis=1))
    return np.concatenate(good), np.concatenate(counted)
