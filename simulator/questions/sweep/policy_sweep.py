"""A designed sweep: every combination of settings and circumstances, and which choice is best where.

    title = "Which schedule, and for whom"
    method = "policies"
    seed = 1
    patients = 2000
    replicates = 10
    policies = ["conservative", "protocol"]
    by = "amputation_free_survival@1"
    better = "higher"
    map = ["protocol.cell_therapy.interval_days", "protocol.eligibility.tcpo2_below"]

    [model]
    kind = "clti"

    [vary]
    "protocol.cell_therapy.interval_days" = [30, 45, 90]
    "protocol.eligibility.tcpo2_below" = [20, 30, 40]
    "protocol.cell_therapy.doses" = [1, 2, 3, 4]

Settings of a policy are somebody's to choose; parameters are the circumstances, which nobody chooses. `policies` are
compared on the measure `by` in each cell of the `map`.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import pairwise, product
from typing import Annotated, Any, Literal

import numpy as np
from pydantic import Field, ValidationError

from simulator.evidence.former_names import known_instead
from simulator.questions.sweep.clinical.policy_settings import SETTINGS, belongs_to, setting_faults, setting_inputs
from simulator.questions.sweep.methods.designs import MOST_ROWS
from simulator.questions.sweep.methods.inputs import Floats, Input
from simulator.questions.sweep.methods.model import Fault, Model
from simulator.questions.sweep.study import Count, Many, Name, Planned
from simulator.questions.sweep.study_reading import as_far_as_good, read_study
from simulator.questions.sweep.sweep import PlannedRuns, Sweep
from simulator.words.errors import BadInput, Problem, nearest
from simulator.work.model import canonical

METHOD = "policies"
KIND = "clti"
"""The only kind of model that has policies."""


class PolicyStudy(Planned):
    """A designed sweep as its file writes it.

    `by` is an output without its policy, and `better` says which of its values are wanted. `vary` gives the levels of
    each input, and `map` the two inputs along which the best choice is drawn, across and up.
    """

    method: Literal["policies"]
    patients: Count
    policies: Annotated[Many[Name], Field(min_length=1)]
    by: Name
    better: Literal["lower", "higher"]
    map: Annotated[Many[Name], Field(min_length=2, max_length=2)]
    vary: Annotated[dict[str, Many[float]], Field(min_length=2)]

    @property
    def outputs(self) -> tuple[str, ...]:
        """The measure under each policy."""
        return tuple(f"{policy}.{self.by}" for policy in self.policies)

    @property
    def circumstances(self) -> tuple[str, ...]:
        """The varied inputs that nobody chooses."""
        return tuple(name for name in self.vary if belongs_to(name, self.policies) is None)

    def own(self, policy: str) -> tuple[str, ...]:
        """The varied settings of a policy."""
        return tuple(name for name in self.vary if belongs_to(name, self.policies) == policy)

    def to_model(self) -> Model:
        """The model with its settings."""
        return Model(
            kind=self.model.kind,
            parameters=tuple(self.vary),
            outputs=self.outputs,
            patients=self.patients,
            seed=self.seed,
            settings=canonical(self.model.settings),
        )


@dataclass(frozen=True, eq=False)
class PolicySweep(PlannedRuns):
    """A designed sweep with every combination of its levels, shape (rows, inputs); the last input changes fastest."""

    study: PolicyStudy
    model: Model
    inputs: Floats

    @classmethod
    def of(cls, study: PolicyStudy, name: str = "study") -> PolicySweep:
        """The sweep of a study, the same every time; `name` stands for its file in messages.

        Raises BadInput, before anything is run, if values of some row do not go together.
        """
        sweep = cls(study, study.to_model(), np.array(list(product(*study.vary.values())), dtype=np.float64))
        sweep.refuse_impossible([*study.vary], name)
        return sweep


def sweep_of(content: Mapping[str, Any], name: str) -> Sweep | PolicySweep:
    """The sweep of a study of either kind from its tables; `name` stands for the file. Raises BadInput."""
    if content.get("method") == METHOD:
        return PolicySweep.of(read_policy_study(content, name), name)
    return Sweep.of(read_study(content, name), name)


def read_policy_study(content: Mapping[str, Any], name: str) -> PolicyStudy:
    """The sweep of tables already read; `name` stands for the file in messages. Raises BadInput with every fault."""
    problems: list[Problem] = []
    harmless = {"method": METHOD, "seed": 0, "patients": 2, "better": "higher"}
    try:
        study = as_far_as_good(PolicyStudy, content, name, "", problems, harmless)
    except ValidationError:
        raise BadInput(problems) from None  # keys without which nothing more can be said
    if study.model.kind != KIND:
        problems.append(Problem(name, "model.kind", repr(study.model.kind), f"{KIND!r}, because it has policies"))
        raise BadInput(problems)
    problems.extend(Problem(name, key, repr(value), allowed) for key, value, allowed in _faults(study))
    if problems:
        raise BadInput(problems)
    return study


def _faults(study: PolicyStudy) -> Iterator[Fault]:
    from simulator.questions.sweep.clinical.clinical import Clinical

    runner = replace(study.to_model(), parameters=()).runner()
    assert isinstance(runner, Clinical)
    for key, value, allowed in runner.faults():
        yield ("policies, by" if key == "outputs" else key), value, allowed
    for policy in dict.fromkeys(study.policies):
        if study.policies.count(policy) > 1:
            yield "policies", policy, "each policy once"
    known = {name: runner.scenario.policies[name] for name in study.policies if name in runner.scenario.policies}
    yield from _level_faults(study, (*runner.catalogue().inputs, *setting_inputs(known)))
    for key in study.map:
        if key not in study.vary:
            yield "map", key, nearest(key, study.vary)
    if study.map[0] == study.map[1]:
        yield "map", list(study.map), "two different inputs of [vary]"
    for key in study.circumstances:
        if key not in study.map:
            yield f"vary.{key}", "a parameter off the map", "one of the map, because nobody chooses a parameter"
    runs = math.prod(len(levels) for levels in study.vary.values()) * study.replicates
    if runs > MOST_ROWS:
        yield "vary", f"{runs:,} runs", f"at most {MOST_ROWS:,} runs"
        return
    rows = dict(zip(study.vary, np.array(list(product(*study.vary.values()))).T, strict=True))
    for name, chosen in known.items():
        for key, value, allowed in setting_faults(name, chosen, rows):
            yield f"vary: {key}", value, allowed


def _level_faults(study: PolicyStudy, inputs: Iterable[Input]) -> Iterator[Fault]:
    known = {each.name: each for each in inputs}
    for key, levels in study.vary.items():
        if key not in known:
            yield "vary", key, known_instead(key, known)
            continue
        low, high = known[key].limits
        if len(levels) < 2 or any(after <= before for before, after in pairwise(levels)):
            yield f"vary.{key}", list(levels), "two or more levels, each above the one before"
        if not all(low <= level <= high for level in levels):
            yield f"vary.{key}", list(levels), f"{low:g} to {high:g} {known[key].unit}".strip()
        setting = SETTINGS.get(key.partition(".")[2])
        if setting is not None and setting.whole and not all(level.is_integer() for level in levels):
            yield f"vary.{key}", list(levels), "whole numbers"
