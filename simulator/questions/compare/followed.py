"""Patients of a comparison one by one: what the tables of people and the figure of TcPO2 need of them, and no more.

Each block of patients lets go of the rest as soon as it is done, so that memory does not grow with what nobody reads.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import product
from typing import TypeVar

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from simulator.living.blocks import follow
from simulator.living.cohort_arrays import Followed
from simulator.run.job import BLOCK
from simulator.run.people import patient_table
from simulator.run.setting import setting_of
from simulator.scenario import Scenario
from simulator.work.threads import in_order

T = TypeVar("T")
PATHS_BLOCK = 100
"""Patients whose paths are read at a time: each of them has outcomes at every time of the path, which are large."""


def people_of(scenario: Scenario, patients: int, seed: int) -> pd.DataFrame:
    """One row per policy and patient, block by block, as `Result.patients` has them."""
    taken, params = scenario.taken(patients, seed), scenario.params()

    def table(cohort: Followed, policy: str, first: int) -> pd.DataFrame:
        found = patient_table(cohort, scenario, policy, params, seed, first, taken)
        found.insert(0, "policy", policy)
        return found

    return pd.concat(_of_each(scenario, patients, seed, (), BLOCK, table), ignore_index=True)


def paths_of(
    scenario: Scenario, patients: int, seed: int, times: NDArray[np.float64]
) -> dict[str, NDArray[np.float64]]:
    """True TcPO2 (mmHg) by policy, shape (patients, times), NaN after death or major amputation."""
    paths = {policy: np.empty((patients, len(times))) for policy in scenario.compare}

    def keep(cohort: Followed, policy: str, first: int) -> None:
        paths[policy][first : first + len(cohort.paths)] = cohort.paths

    _of_each(scenario, patients, seed, times, PATHS_BLOCK, keep)
    return paths


def _of_each(
    scenario: Scenario,
    patients: int,
    seed: int,
    times: ArrayLike,
    block: int,
    reduce: Callable[[Followed, str, int], T],
) -> list[T]:
    """What `reduce` makes of the patients of every block (from the first on) under every policy, in order, on all cores."""
    names = scenario.compare
    setting = setting_of(scenario, names, seed, times)._replace(given=scenario.taken(patients, seed).given)

    def one(first: int, policy: int) -> T:
        count = min(block, patients - first)
        return reduce(follow(setting, policy, first, count, events=False, ledger=0), names[policy], first)

    every = product(range(0, patients, block), range(len(names)))
    return list(in_order(lambda each: one(*each), every))
