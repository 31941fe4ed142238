"""A study made concrete: its design, the inputs of every run, and the runs once they are made.

sweep = Sweep.of(load_study("study.toml"))
store = sweep.store("out")
sweep.execute(store, way=Processes(2))
runs = sweep.runs(store)
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from simulator.evidence.publications import publications
from simulator.questions.sweep.methods.designs import Design, make_design
from simulator.questions.sweep.methods.inputs import Floats
from simulator.questions.sweep.methods.model import Model
from simulator.questions.sweep.methods.space import Space
from simulator.questions.sweep.study import Planned, Study
from simulator.scenario import Scenario
from simulator.scenario.changes import Change, changes
from simulator.words.errors import BadInput, CheckFailed, Problem
from simulator.work.execution import WHOLE, Advance, Part, Plan, Way, execute
from simulator.work.shards import MissingRuns, ShardStore

if TYPE_CHECKING:
    import pandas as pd

NAMED = 8
"""Rows that a message spells out; it counts the others."""


class NotFinite(CheckFailed):
    """Outputs that are not numbers; the message names the rows and their inputs."""


@dataclass(frozen=True, eq=False)
class Runs:
    """Every run of a study in the order of its design, all of them finite.

    `inputs` has shape (rows, inputs); `values` and their Monte Carlo standard `errors` (replicates, rows, outputs).
    """

    names: tuple[str, ...]
    outputs: tuple[str, ...]
    inputs: Floats
    values: Floats
    errors: Floats

    @property
    def means(self) -> Floats:
        """Means over replicates, shape (rows, outputs)."""
        return np.asarray(self.values.mean(axis=0))

    @property
    def mean_errors(self) -> Floats:
        """Monte Carlo standard errors of the means, shape (rows, outputs)."""
        return np.asarray(np.sqrt((self.errors**2).sum(axis=0)) / len(self.errors))

    def of_output(self, number: int) -> tuple[Floats, Floats]:
        """Values and errors of one output, shape (replicates, rows)."""
        return self.values[:, :, number], self.errors[:, :, number]

    def table(self) -> pd.DataFrame:
        """One row per run and replicate: row, replicate, the inputs, then each output and its standard error."""
        import pandas as pd

        replicates, rows, _ = self.values.shape
        columns: dict[str, object] = {
            "row": np.tile(np.arange(rows), replicates),
            "replicate": np.repeat(np.arange(replicates), rows),
        }
        columns |= {name: np.tile(self.inputs[:, i], replicates) for i, name in enumerate(self.names)}
        for i, output in enumerate(self.outputs):
            columns[output] = self.values[:, :, i].ravel()
            columns[f"{output}.se"] = self.errors[:, :, i].ravel()
        return pd.DataFrame(columns)


class PlannedRuns:
    """A study whose runs are known one by one: `inputs` has shape (rows, parameters of `model`)."""

    study: Planned
    model: Model
    inputs: Floats

    def refuse_impossible(self, chosen: Collection[str], name: str) -> None:
        """Raise BadInput if values of some row do not go together; `name` stands for the study's file in messages."""
        faults = self.model.runner().row_faults(self.inputs, chosen)
        problems = [Problem(name, key, str(value), allowed) for key, value, allowed in faults]
        if problems:
            raise BadInput(problems)

    @property
    def notes(self) -> tuple[str, ...]:
        """What a reader must know about how the rows were run."""
        return tuple(self.model.runner().row_notes(self.inputs))

    @property
    def changes(self) -> list[Change]:
        """What the scenario behind the rows has otherwise than the shipped base; nothing where there is no scenario."""
        return [] if self.scenario is None else changes(self.scenario)

    @property
    def scenario(self) -> Scenario | None:
        """The scenario behind the rows, where the model has one."""
        return getattr(self.model.runner(), "scenario", None)

    @property
    def publications(self) -> list[dict[str, str]]:
        """What the numbers of the scenario behind the rows cite; nothing where there is no scenario."""
        return [] if self.scenario is None else publications(self.scenario.register)

    @property
    def elsewhere(self) -> tuple[dict[str, str], dict[str, pd.DataFrame]]:
        """The hospital it speaks for as a fact, and its outputs there and elsewhere as a table; nothing without hospitals."""
        from simulator.questions.sweep.clinical.hospitals import at_hospitals

        found = at_hospitals(self.model)
        return ({}, {}) if found is None else ({"centre": found[0]}, {"hospitals": found[1]})

    def store(self, folder: Path | str) -> ShardStore:
        """Where its runs are kept in an output folder."""
        return ShardStore.of(Path(folder), self.model)

    def execute(
        self,
        store: ShardStore,
        *,
        way: Way | None = None,
        part: Part = WHOLE,
        started: Callable[[Plan], Advance] | None = None,
    ) -> Plan:
        """Make every run that is missing, as `execution.execute`."""
        return execute(
            self.model,
            self.inputs,
            store,
            replicates=self.study.replicates,
            rows_per_shard=self.study.rows_per_shard,
            way=way,
            part=part,
            started=started,
        )

    def runs(self, store: ShardStore) -> Runs:
        """The finished runs, read back and checked. Raises BadShard, MissingRuns and NotFinite."""
        outputs = self.model.outputs
        try:
            values, errors = store.read().collect(self.inputs, self.study.replicates, len(outputs))
        except MissingRuns as missing:
            strangers = "".join(
                f"\n  not used, from another model, version or study: {each}" for each in store.strangers()
            )
            raise MissingRuns(
                f"{missing} in {store.folder}; run the study, or its other jobs, first{strangers}"
            ) from None
        self._check_finite(values, errors)
        return Runs(self.model.parameters, outputs, self.inputs, values, errors)

    def _check_finite(self, values: Floats, errors: Floats) -> None:
        bad = ~(np.isfinite(values) & np.isfinite(errors))
        if not bad.any():
            return
        lines = []
        for replicate, row, output in np.argwhere(bad)[:NAMED]:
            inputs = ", ".join(
                f"{name} = {x!r}" for name, x in zip(self.model.parameters, self.inputs[row].tolist(), strict=True)
            )
            value, error = values[replicate, row, output], errors[replicate, row, output]
            lines.append(
                f"  row {row}, replicate {replicate}: {self.model.outputs[output]} = {value} (se {error}) with {inputs}"
            )
        count = int(bad.sum())
        more = f"\n  and {count - NAMED:,} more" if count > NAMED else ""
        raise NotFinite(f"{count:,} output(s) are not numbers, so there are no indices:\n" + "\n".join(lines) + more)


@dataclass(frozen=True, eq=False)
class Sweep(PlannedRuns):
    """A study with its space, its design and the inputs of every row, shape (rows, inputs)."""

    study: Study
    space: Space
    design: Design
    model: Model
    inputs: Floats

    @classmethod
    def of(cls, study: Study, name: str = "study") -> Sweep:
        """The sweep of a study, the same every time; `name` stands for its file in messages.

        Raises BadInput, before anything is run, if values of some row do not go together.
        """
        space = study.space()
        design = make_design(
            study.method,
            study.size,
            len(space.factors),
            study.seed,
            groups=space.groups,
            second_order=study.second_order,
            base=space.base_point() if study.method == "one_way" else None,
        )
        inputs = space.to_inputs(design.points, levels=design.method.levels)
        sweep = cls(study, space, design, replace(study.to_model(), parameters=space.names), inputs)
        sweep.refuse_impossible([*study.parameters.ranges], name)
        return sweep
