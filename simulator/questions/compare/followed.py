"""Patients of a comparison one by one: what the tables of people and the figure of TcPO2 need of them, and no more.

Each block of patients lets go of the rest as soon as it is done, so that memory does not grow with what nobody reads.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TypeVar

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from simulator.compiling import announced
from simulator.living.cohort_arrays import Followed
from simulator.rules.population.taking import Taken
from simulator.run.asking import job_of
from simulator.run.job import BLOCK, Job
from simulator.run.people import patient_table
from simulator.scenario import Scenario
from simulator.work.threads import in_order

T = TypeVar("T")
Cohorts = dict[str, Followed]
"""Patients of one block by policy."""
PATHS_BLOCK = 100
"""Patients whose paths are read at a time: each of them has outcomes at every time of the path, which are large."""


def people_of(scenario: Scenario, patients: int, seed: int) -> pd.DataFrame:
    """One row per policy and patient, block by block, as `Result.patients` has them."""

    def tables(cohorts: Cohorts, job: Job, first: int, taken: Taken) -> pd.DataFrame:
        found = []
        for policy, cohort in cohorts.items():
            table = patient_table(cohort, scenario, policy, job.draws[0], seed, first, taken)
            table.insert(0, "policy", policy)
            found.append(table)
        return pd.concat(found, ignore_index=True)

    return pd.concat(_blocks(scenario, patients, seed, None, BLOCK, tables), ignore_index=True)


def paths_of(
    scenario: Scenario, patients: int, seed: int, times: NDArray[np.float64]
) -> dict[str, NDArray[np.float64]]:
    """True TcPO2 (mmHg) by policy, shape (patients, times), NaN after death or major amputation."""

    def paths(cohorts: Cohorts, job: Job, first: int, taken: Taken) -> dict[str, NDArray[np.float64]]:
        del job, first, taken
        return {name: cohort.paths for name, cohort in cohorts.items()}

    parts = _blocks(scenario, patients, seed, times, PATHS_BLOCK, paths)
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}


def _blocks(
    scenario: Scenario,
    patients: int,
    seed: int,
    times: NDArray[np.float64] | None,
    block: int,
    reduce: Callable[[Cohorts, Job, int, Taken], T],
) -> list[T]:
    """What `reduce` makes of every block of patients, in order, on all cores."""
    wanted = None if times is None else times.tolist()
    job, names = job_of(scenario, None, patients, seed, "compiled", None, False, wanted, False, True)
    taken = scenario.taken(patients, seed)
    job = replace(job, given=taken.given)
    with announced("the simulation of single patients"):
        job.run(0, 0, 1)

    def one(first: int) -> T:
        done = job.run(0, first, min(block, patients - first))
        return reduce(dict(zip(names, done.cohorts, strict=True)), job, first, taken)

    return list(in_order(one, range(0, patients, block)))
