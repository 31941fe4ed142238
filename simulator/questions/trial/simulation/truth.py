"""What is true in the simulated trials: a scenario, one posterior draw, a draw for every trial, or no effect."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from simulator.evidence.posterior import joint_names, parameter_draws
from simulator.evidence.register import Register
from simulator.questions.trial.design.design import Design
from simulator.questions.trial.reading.design_reading import Planned
from simulator.questions.trial.simulation.margin import AtMargin
from simulator.questions.trial.simulation.stated_trials import StatedLaws, stated_laws
from simulator.rules.pathway.crossover import NO_CROSSOVER, Crossover
from simulator.scenario import Scenario
from simulator.scenario.arrays import parameter_draws as engine_draws
from simulator.scenario.caveats import caveats
from simulator.words.errors import BadInput, Problem

NO_EFFECT = "no_effect"
"""The null. Tables say it in these words, because many programs read `null` as a missing value."""
STATED, STATED_NULL = "stated", "stated_no_effect"
"""What the design states, and the same with every arm as the first."""
AT_MARGIN, ALIKE = "at_margin", "alike"
"""With a margin: the null, on the margin; and arms that are alike, which is what such a trial hopes for."""
NULLS = frozenset({NO_EFFECT, STATED_NULL, AT_MARGIN})
"""Truths in which nothing is to be found."""
KINDS = (
    "stated",
    "scenario",
    "null",
    "stated_null",
    "alike",
    "posterior",
    "draw:NUMBER",
    "sceptical",
    "central",
    "optimistic",
)
STATED_NAMES = (STATED, STATED_NULL, "stated_null")
VIEWS = ("sceptical", "central", "optimistic")
MOST_DRAWS = 20_000
"""Posterior draws held at once; more trials than that use them again."""


@dataclass(frozen=True, eq=False)
class Truth:
    """Parameters and policies that trials are simulated from.

    params has shape (1,), or (draws,) with draw t for trial t. policies are records, arm_policy the number of each
    arm's. crossover says when control patients cross over (infinite for never), to which policy, and who. rows: for
    posterior draws the number of the joint posterior row that each of them holds, (draws,); draws that share a row are not
    independent. stated: the laws of a truth that no life stands behind. at_margin: whether the other arms are made worse
    until they lie on the margin. changes: what makes single arms better or worse, by the number of the arm.
    """

    name: str
    params: NDArray[np.void]
    policies: NDArray[np.void]
    arm_policy: NDArray[np.int64]
    crossover: Crossover
    rows: NDArray[np.int64] | None = None
    stated: StatedLaws | None = None
    at_margin: bool = False
    changes: tuple[tuple[int, AtMargin], ...] = ()

    @property
    def varies(self) -> bool:
        """Whether every trial has parameters of its own."""
        return len(self.params) > 1

    def params_of(self, first: int, trials: int) -> NDArray[np.void]:
        """The parameters of trials first, first + 1, ..."""
        return self.params[np.arange(first, first + trials) % len(self.params)] if self.varies else self.params

    def row_of(self, trials: int) -> NDArray[np.int64] | None:
        """The posterior row behind each of the first trials; None where trials share nothing but the parameters of all."""
        return None if self.rows is None else self.rows[np.arange(trials) % len(self.rows)]


def joint_rows(register: Register, draws: NDArray[Any]) -> NDArray[np.int64]:
    """Equal numbers for draws with equal values of all jointly fitted parameters, in whatever order rows were drawn."""
    names = joint_names(register)
    if not names:
        return np.arange(len(draws))
    values = np.column_stack([draws[name] for name in names])
    return np.asarray(np.unique(values, axis=0, return_inverse=True)[1].reshape(-1), np.int64)


def truth_named(name: str, design: Design, scenario: Scenario, trials: int, seed: int) -> Truth:
    """The truth called `name` (see `KINDS`).

    `posterior` gives trial t the posterior's draw t, which analyses of the same scenario and seed use as draw t too.
    `null` (or `no_effect`, its name in tables) puts every arm under the control's policy, without crossover; a single
    arm has the scenario's reference policy. With a margin `null` lies on the margin, and `alike` is what `null` is elsewhere.
    `stated` is what the design states, `stated_null` the same with every arm as the first (or on the margin). A view of the
    evidence is the scenario with that view. Raises BadInput for unknown names.
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
    margin = design.primary.aim != "superiority"
    if name == "scenario":
        return truth
    if name in (STATED, STATED_NULL, "stated_null"):
        rate = design.drop_out.per_year
        laws = stated_laws(design, float(truth.params["drop_out_rate"][0]) if rate is None else rate)
        if name == STATED:
            return replace(truth, stated=laws)
        return replace(truth, name=STATED_NULL, stated=laws.without_effect(), at_margin=margin)
    if name in ("null", NO_EFFECT, AT_MARGIN, ALIKE):
        truth = replace(truth, name=ALIKE if name == ALIKE else AT_MARGIN if margin else NO_EFFECT)
        truth = replace(truth, at_margin=truth.name == AT_MARGIN)
        if len(design.arms) == 1:
            return replace(truth, policies=scenario.policy_records([scenario.reference]))
        return replace(truth, arm_policy=np.zeros_like(truth.arm_policy), crossover=NO_CROSSOVER)
    if name in VIEWS:
        return replace(truth, params=engine_draws(scenario.register, name))
    wrong = name_problems(name)
    if wrong:
        raise BadInput(wrong)
    number = _draw(name)
    draws = min(trials, MOST_DRAWS) if number is None else number + 1
    drawn = parameter_draws(scenario.register, draws, seed)
    table = scenario.parameter_draws(drawn)
    if number is not None:
        return replace(truth, params=table[-1:])
    return replace(truth, params=table, rows=joint_rows(scenario.register, drawn))


def trial_caveats(planned: Planned, truths: Sequence[str], trials: int) -> tuple[str, ...]:
    """What must be said of a design's policies, and of the draws of the posterior that its trials take."""
    design = planned.design
    policies = [arm.policy for arm in design.arms] + ([design.crossover.to] if design.crossover else [])
    draws = min(trials, MOST_DRAWS) if "posterior" in truths else 0
    return caveats(planned.scenario, policies, draws, design.entry)


def name_problems(name: str) -> list[Problem]:
    """What is wrong with the name of a truth."""
    if (
        name in ("scenario", "null", NO_EFFECT, "posterior", ALIKE, AT_MARGIN, *VIEWS, *STATED_NAMES)
        or _draw(name) is not None
    ):
        return []
    return [Problem("command line", "--truth", repr(name), f"one of {', '.join(KINDS)}")]


def _draw(name: str) -> int | None:
    """The number in `draw:NUMBER`."""
    kind, _, number = name.partition(":")
    return int(number) if kind == "draw" and number.isdecimal() and int(number) < 1_000_000 else None
