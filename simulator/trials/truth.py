"""What is true in the simulated trials: a scenario, one posterior draw, a draw for every trial, or no effect."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from simulator.errors import BadInput, Problem
from simulator.evidence.posterior import parameter_draws
from simulator.rules.pathway.crossover import NO_CROSSOVER, Crossover
from simulator.scenario import Scenario
from simulator.trials.design import Design

NO_EFFECT = "no_effect"
"""The null. Tables say it in these words, because many programs read `null` as a missing value."""
KINDS = ("scenario", "null", "posterior", "draw:NUMBER", "sceptical", "central", "optimistic")
VIEWS = ("sceptical", "central", "optimistic")
MOST_DRAWS = 20_000
"""Posterior draws held at once; more trials than that use them again."""


@dataclass(frozen=True, eq=False)
class Truth:
    """Parameters and policies that trials are simulated from.

    params has shape (1,), or (draws,) with draw t for trial t. policies are records, arm_policy the number of each
    arm's. crossover says when control patients cross over (infinite for never), to which policy, and who.
    """

    name: str
    params: NDArray[np.void]
    policies: NDArray[np.void]
    arm_policy: NDArray[np.int64]
    crossover: Crossover

    @property
    def varies(self) -> bool:
        """Whether every trial has parameters of its own."""
        return len(self.params) > 1

    def params_of(self, first: int, trials: int) -> NDArray[np.void]:
        """The parameters of trials first, first + 1, ..."""
        return self.params[np.arange(first, first + trials) % len(self.params)] if self.varies else self.params


def truth_named(name: str, design: Design, scenario: Scenario, trials: int, seed: int) -> Truth:
    """The truth called `name` (see `KINDS`).

    `posterior` gives trial t the posterior's draw t, which analyses of the same scenario and seed use as draw t too.
    `null` (or `no_effect`, its name in tables) puts every arm under the control's policy, without crossover; a single
    arm has the scenario's reference policy. A view of the evidence is the scenario with that view. Raises BadInput for
    unknown names.
    """
    policies = [arm.policy for arm in design.arms]
    crossover = design.crossover
    if crossover is not None:
        policies.append(crossover.to)
    crossing = NO_CROSSOVER
    if crossover is not None:
        limit = np.inf if crossover.tcpo2_below is None else crossover.tcpo2_below
        crossing = Crossover(crossover.after_months / 12.0, len(policies) - 1, crossover.share, limit)
    truth = Truth(
        name, scenario.parameter_draws(), scenario.policy_records(policies), np.arange(len(design.arms)), crossing
    )
    if name == "scenario":
        return truth
    if name in ("null", NO_EFFECT):
        truth = replace(truth, name=NO_EFFECT)
        if len(design.arms) == 1:
            return replace(truth, policies=scenario.policy_records([scenario.reference]))
        return replace(truth, arm_policy=np.zeros_like(truth.arm_policy), crossover=NO_CROSSOVER)
    if name in VIEWS:
        values: Any = np.zeros(1, [("attributable_share", np.float64)])
        values["attributable_share"] = scenario.register[f"attributable_share_{name}"].value
        return replace(truth, params=scenario.parameter_draws(values))
    wrong = name_problems(name)
    if wrong:
        raise BadInput(wrong)
    number = _draw(name)
    draws = min(trials, MOST_DRAWS) if number is None else number + 1
    table = scenario.parameter_draws(parameter_draws(scenario.register, draws, seed))
    return replace(truth, params=table if number is None else table[-1:])


def name_problems(name: str) -> list[Problem]:
    """What is wrong with the name of a truth."""
    if name in ("scenario", "null", NO_EFFECT, "posterior", *VIEWS) or _draw(name) is not None:
        return []
    return [Problem("command line", "--truth", repr(name), f"one of {', '.join(KINDS)}")]


def _draw(name: str) -> int | None:
    """The number in `draw:NUMBER`."""
    kind, _, number = name.partition(":")
    return int(number) if kind == "draw" and number.isdecimal() and int(number) < 1_000_000 else None
