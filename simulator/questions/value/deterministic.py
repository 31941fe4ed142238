"""Monte Carlo error of the deterministic analysis: its one draw has as few patients as any, and their luck is in its numbers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from simulator.living.cohort_arrays import Followed
from simulator.living.ledger import FIELDS
from simulator.questions.value.lives import Lives, Simulations
from simulator.questions.value.results import Array, standard_error
from simulator.questions.value.valuation import worth
from simulator.questions.value.values import Values
from simulator.run.result import Result
from simulator.scenario.scenario import Scenario

BATCHES = 40
"""Parts of the patients whose means tell the luck of all: enough to know the error to a tenth of itself."""


@dataclass(frozen=True)
class Errors:
    """Standard errors of what each policy adds to the reference's cost, QALYs, life-years and net benefit, shape (policies,)."""

    cost: Array
    effect: Array
    life_years: Array
    net_benefit: Array


def ledgers_in_batches(result: Result) -> Mapping[str, Array]:
    """Mean ledgers of each part of the patients, shape (draws, batches, policies, fields)."""
    found = np.zeros((len(result.draw_ids), BATCHES, len(result.policies), len(FIELDS)))
    people = np.zeros(found.shape[:3])
    for kept in result.kept:
        if isinstance(kept.what, Followed):
            policy = result.policies.index(kept.policy)
            batch = np.arange(len(kept.what.ledgers)) % BATCHES
            np.add.at(found[kept.draw, :, policy], batch, kept.what.ledgers)
            np.add.at(people[kept.draw, :, policy], batch, 1.0)
    return {"ledgers": found / np.maximum(people, 1.0)[..., None]}


def errors(
    scenario: Scenario, values: Values, lives: Lives, patients: int, seed: int, simulations: Simulations
) -> Errors:
    """The errors of the first of `twins` with these patients and seed, which `values` value; missing for too few patients."""
    nothing = np.full(len(scenario.compare), np.nan)
    if lives.people < 2 * BATCHES:
        return Errors(nothing, nothing, nothing, nothing)
    shapes = {"ledgers": (BATCHES, len(scenario.compare), len(FIELDS))}
    how = scenario, lives.parameters[:1], patients, seed, ledgers_in_batches, shapes
    ledgers = simulations.reduced("Deterministic analysis", *how, fresh=False)["ledgers"][0]
    if values.left is not None:
        values = replace(values, left=values.left.rows(np.zeros(1, np.int64)))
    found = worth(ledgers, lives.parameters[:1], values.at_means(), values)
    base = [scenario.compare.index(scenario.reference)]
    cost, effect, lived = (each - each[:, base] for each in (found.cost, found.qalys, found.life_years))
    told = (cost, effect, lived, values.threshold * effect - cost)
    return Errors(*(np.array([standard_error(column) for column in each.T]) for each in told))
