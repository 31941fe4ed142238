"""Trials that have been carried out, kept piece by piece, so that interrupted work goes on where it stopped.

A piece of the store is named by the SHA-256 of all that decided its trials: the sources, the scenario, the seed, the
truth's numbers, the design at each of its sizes and the trials.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from simulator.questions.trial.conduct.conduct import Columns, Conduct
from simulator.questions.trial.design.sites import hospitals_in
from simulator.questions.trial.simulation.truth import Truth
from simulator.scenario import Scenario
from simulator.work.code import running_code
from simulator.work.store import Store


@dataclass(frozen=True)
class FinishedTrials:
    """The pieces of one study, in a folder that need not exist yet. `family` is what they have in common."""

    folder: Path
    family: str

    @property
    def pieces(self) -> Store:
        """The pieces in the store."""
        return Store(self.folder)

    @classmethod
    def beside(cls, out: Path, scenario: Scenario, seed: int) -> FinishedTrials:
        """The pieces that belong to an output folder, these sources, this scenario and this seed."""
        family = hashlib.sha256(f"{running_code()} {scenario.hash} {seed}".encode()).hexdigest()[:16]
        return cls(out / f"work-{family}", family)

    def key(self, truth: Truth, conducts: Sequence[Conduct], first: int, last: int) -> str:
        """Name of the piece with the trials from `first` to before `last`."""
        whole = hashlib.sha256(f"{self.family} {truth.name} {first} {last}".encode())
        for array in (
            truth.params_of(first, last - first),
            truth.policies,
            truth.arm_policy,
            np.array(truth.crossover),
        ):
            whole.update(np.ascontiguousarray(array).tobytes())
        whole.update(f"{truth.stated} {truth.at_margin}".encode())
        for arm, change in truth.changes:
            whole.update(f"{arm} {change.ratio!r} {change.shift!r}".encode())
            for hazards in (change.times, change.hazard):
                whole.update(b"" if hazards is None else hazards.tobytes())
        for conduct in conducts:
            whole.update(conduct.design.model_dump_json().encode())
            whole.update(hospitals_in(conduct.design).encode())
            whole.update(f"{conduct.marked} {conduct.whole!r} {conduct.described}".encode())
            whole.update(conduct.rule.planned.tobytes())
            for found in conduct.rule.boundaries:
                whole.update(f"{found.plan}".encode() + found.upper.tobytes() + found.lower.tobytes())
        return whole.hexdigest()

    def read(self, key: str, conducts: int) -> list[Columns] | None:
        """The results of a piece, one table for each size; None if it is not there or was damaged."""
        found = self.pieces.read(key)
        if found is None:
            return None
        tables: list[Columns] = [{} for _ in range(conducts)]
        for name, values in found.items():
            place, _, column = name.partition("|")
            tables[int(place)][column] = values
        return tables

    def write(self, key: str, tables: Sequence[Columns]) -> None:
        """Keep the results of a piece. Raises StorageFull where there is no room."""
        arrays = {f"{place}|{name}": values for place, table in enumerate(tables) for name, values in table.items()}
        self.pieces.write(key, arrays)
