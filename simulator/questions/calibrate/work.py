"""Designs simulated block by block, each block saved at once, so that an interrupted calibration goes on where it stopped."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from simulator.evidence.targets import Founding
from simulator.founding.founding import FoundingCohort
from simulator.questions.calibrate.posterior import Effort
from simulator.questions.calibrate.prior import Prior
from simulator.scenario.scenario import Scenario
from simulator.work.code import running_code
from simulator.work.store import Store

Array = NDArray[np.float64]
BLOCK = 200


def work_key(scenario: Scenario, data: Founding, effort: Effort, seed: int) -> str:
    """What a calibration's saved blocks belong to: sources, inputs, how the cohort was observed, sizes and seed."""
    observed = (data.shortest, data.longest, data.follow_up_years.tolist())
    parts = (running_code(), scenario.hash, repr(observed), repr(sorted(asdict(effort).items())), str(seed))
    return hashlib.sha256("|".join(parts).encode()).hexdigest()[:16]


@dataclass(frozen=True)
class SavedDesigns:
    """Simulates designs for `posterior.calibrate`, keeping each block of points in `folder`."""

    folder: Path
    scenario: Scenario
    data: Founding
    prior: Prior
    seed: int
    progress: Callable[[str, int, int], None]
    """Called with the stage, points done and points to do."""

    def __call__(self, name: str, z: Array, patients: int) -> Array:
        """Statistics at the points z of a stage; blocks found in the folder are read instead of simulated."""
        cohort = FoundingCohort(self.scenario, self.data, patients, self.seed)
        store, parts = Store(self.folder), []
        for start in range(0, len(z), BLOCK):
            points = z[start : start + BLOCK]
            key = hashlib.sha256(f"{patients} {points.shape} ".encode() + points.tobytes()).hexdigest()
            found = store.read(key)
            if found is None:
                found = {"statistics": cohort.design(self.prior.values(points))}
                store.write(key, found)
            parts.append(found["statistics"].astype(np.float64, copy=False))
            self.progress(name, min(start + BLOCK, len(z)), len(z))
        return np.concatenate(parts)

    def compile(self) -> None:
        """Simulate a handful of patients, so that compiling is not mistaken for slow work."""
        FoundingCohort(self.scenario, self.data, 2, self.seed).design(
            self.prior.values(np.zeros((1, len(self.prior.names))))
        )
