"""Trials that have been carried out, kept on disk piece by piece, so that interrupted work goes on where it stopped.

A piece is a file of results named by the SHA-256 of all that decided them: the sources, the scenario, the seed, the
truth's numbers, the design at each of its sizes and the trials. It appears complete or not at all.
"""

from __future__ import annotations

import hashlib
import io
import shutil
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from simulator.compiling import source_hash
from simulator.scenario import Scenario
from simulator.sweep.shards import save
from simulator.trials.conduct import Columns, Conduct
from simulator.trials.truth import Truth


@dataclass(frozen=True)
class FinishedTrials:
    """The pieces of one study, in a folder that need not exist yet. `family` is what they have in common."""

    folder: Path
    family: str

    @classmethod
    def beside(cls, out: Path, scenario: Scenario, seed: int) -> FinishedTrials:
        """The pieces that belong to an output folder, these sources, this scenario and this seed."""
        family = hashlib.sha256(f"{source_hash()} {scenario.hash} {seed}".encode()).hexdigest()[:16]
        return cls(out / f"work-{family}", family)

    def key(self, truth: Truth, conducts: Sequence[Conduct], first: int, last: int) -> str:
        """Name of the piece with the trials from `first` to before `last`."""
        whole = hashlib.sha256(f"{self.family} {truth.name} {first} {last}".encode())
        for array in (truth.params_of(first, last - first), truth.policies, truth.arm_policy, truth.crossing):
            whole.update(np.ascontiguousarray(array).tobytes())
        whole.update(f"{truth.stated} {truth.at_margin}".encode())
        for conduct in conducts:
            whole.update(conduct.design.model_dump_json().encode())
            whole.update(f"{conduct.marked} {conduct.whole!r} {conduct.described}".encode())
            whole.update(conduct.rule.planned.tobytes())
            for found in conduct.rule.boundaries:
                whole.update(f"{found.plan}".encode() + found.upper.tobytes() + found.lower.tobytes())
        return whole.hexdigest()

    def read(self, key: str, conducts: int) -> list[Columns] | None:
        """The results of a piece, one table for each size; None if it is not there or damaged."""
        try:
            with np.load(self.folder / f"{key}.npz", allow_pickle=False) as found:
                tables: list[Columns] = [{} for _ in range(conducts)]
                for name in found.files:
                    place, _, column = name.partition("|")
                    tables[int(place)][column] = found[name]
        except (OSError, ValueError, IndexError, zipfile.BadZipFile):
            return None
        return tables

    def write(self, key: str, tables: Sequence[Columns]) -> None:
        """Keep the results of a piece. Raises StorageFull where there is no room."""
        arrays = {f"{place}|{name}": values for place, table in enumerate(tables) for name, values in table.items()}
        content = io.BytesIO()
        # NumPy before 2.2 has no allow_pickle here and would keep it as an array; the stubs of later ones expect it.
        np.savez(content, **arrays)  # type: ignore[arg-type]
        save(self.folder / f"{key}.npz", content.getvalue())

    def remove(self) -> None:
        """Remove the pieces, once the results that they are for have been written."""
        shutil.rmtree(self.folder, ignore_errors=True)
