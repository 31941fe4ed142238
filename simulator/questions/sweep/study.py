"""The study file: what varies, what is watched, by which method and how much of it.

    title = "What drives the answer"
    method = "sobol"
    size = 1024
    seed = 1
    outputs = ["y"]

    [model]
    kind = "ishigami"

    [parameters]
    all = true
    ranges = { x1 = [-1.0, 1.0] }

A study says nothing about workers or folders: these are options of the command, and no result depends on them.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal, TypeVar

from pydantic import BeforeValidator, Field

from simulator.evidence.reading import Frozen
from simulator.questions.sweep.methods.inputs import Catalogue, Input
from simulator.questions.sweep.methods.model import Model
from simulator.questions.sweep.methods.space import Space, build_space
from simulator.words.label import Label
from simulator.work.model import canonical

T = TypeVar("T")


def _as_tuple(value: object) -> object:
    return tuple(value) if isinstance(value, list) else value


Many = Annotated[tuple[T, ...], BeforeValidator(_as_tuple)]
Pair = Annotated[tuple[float, float], BeforeValidator(_as_tuple)]
Name = Annotated[str, Field(min_length=1)]
Count = Annotated[int, Field(ge=1)]


class ModelChoice(Frozen):
    """The table ``[model]``: a kind of model and what else it needs."""

    kind: str
    settings: dict[str, Any] = Field(default_factory=dict)


class Selection(Frozen):
    """The table ``[parameters]``: what varies, by name, by group, or all that has a distribution.

    `ranges` gives the two ends of a uniform distribution in place of the model's own, and selects what it names.
    `index_by` asks for one index per parameter or per group. `correlated` says how parameters that were estimated
    together are handled: as one group, or transformed to factors of which each moves what those before it do not.
    """

    names: Many[Name] = ()
    groups: Many[Name] = ()
    all: bool = False
    ranges: dict[str, Pair] = Field(default_factory=dict)
    index_by: Literal["parameter", "group"] = "parameter"
    correlated: Literal["group", "transformation"] | None = None


class Planned(Frozen):
    """What every kind of study has.

    `replicates` repeats every run with other patients, which measures the Monte Carlo noise and allows to remove it.
    `rows_per_shard` is how many runs are kept or lost together; the jobs of a queue must agree on it.
    """

    title: Label = "Sensitivity study"
    seed: Annotated[int, Field(ge=0, lt=2**63)]
    patients: Annotated[int, Field(ge=0)] = 0
    replicates: Annotated[int, Field(ge=1, le=1000)] = 1
    rows_per_shard: Annotated[int, Field(ge=1, le=100_000)] = 64
    model: ModelChoice


class Study(Planned):
    """A study as its file writes it. `size` counts what the method counts: base points, trajectories, levels, ..."""

    method: str
    size: Count
    outputs: Annotated[Many[Name], Field(min_length=1)]
    policies: Many[Name] = ()
    second_order: bool = False
    confidence: Annotated[float, Field(gt=0.5, lt=1.0)] = 0.95
    emulator: bool = False
    parameters: Selection

    def to_model(self) -> Model:
        """The model with its settings, before it is known which parameters vary."""
        return Model(
            kind=self.model.kind,
            outputs=self.outputs,
            policies=self.policies,
            patients=self.patients,
            seed=self.seed,
            settings=canonical(self.model.settings),
        )

    def space(self) -> Space:
        """The inputs that vary and the factors that move them."""
        catalogue = self.to_model().runner().catalogue()
        return build_space(
            selected(self.parameters, catalogue),
            self.parameters.ranges,
            catalogue.joint,
            by_group=self.parameters.index_by == "group",
            joint_as_group=self.parameters.correlated == "group",
        )


def varies(each: Input, catalogue: Catalogue) -> bool:
    """Whether an input has a distribution of its own or is drawn with others."""
    return each.quantile is not None or any(each.name in draws.names for draws in catalogue.joint)


def selected(selection: Selection, catalogue: Catalogue) -> tuple[Input, ...]:
    """The inputs that vary, in the catalogue's order; one of a stream brings the others along."""
    able = {each.name for each in catalogue.inputs if varies(each, catalogue)}
    chosen = {*selection.names, *selection.ranges} & ({*catalogue.names} & ({*selection.ranges} | able))
    for each in catalogue.inputs:
        if each.name in able and (selection.all or any(each.within(group) for group in selection.groups)):
            chosen.add(each.name)
    streams = {each.moves_with for each in catalogue.inputs if each.name in chosen}
    return tuple(
        each
        for each in catalogue.inputs
        if each.name in chosen or (each.stream and each.name in able and each.moves_with in streams)
    )
