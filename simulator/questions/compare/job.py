"""Everything that `clti compare` simulates, in one object."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import CancelledError, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cached_property
from threading import Event
from typing import TypeVar

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from simulator.living.cohort_arrays import Followed
from simulator.questions.compare.centres import other_centres
from simulator.questions.compare.followed import paths_of, people_of
from simulator.questions.compare.headlines import headline_reliance
from simulator.questions.compare.views import evidence_views
from simulator.run import Result, simulate
from simulator.run.job import Engine
from simulator.scenario import Scenario

T = TypeVar("T")

SIMPY_PATIENTS = 2_000
"""Patients of the SimPy engine unless a caller says otherwise, because it is a hundred times slower."""
MOST_KEPT = 10_000
"""Patients of whom a row each is kept. Patients do not depend on how many there are, so these are the first ones."""
PATHS = 4_000
"""Patients whose TcPO2 is followed closely, for the figure of its course."""
RELIANCE_PATIENTS = 10_000


@dataclass(frozen=True, eq=False)
class Comparison:
    """A scenario's policies compared.

    `result` holds outcomes at `Result.times`, which are the times of the curves and those reported. `people` has one row per
    policy and patient of the first patients. `paths` holds true TcPO2 (mmHg) by policy,
    shape (patients, `path_times`), NaN after death or major amputation. `views`, `reliance` and `centres` are None where
    they were not made.
    """

    scenario: Scenario
    result: Result
    people: pd.DataFrame
    paths: Mapping[str, NDArray[np.float64]]
    path_times: NDArray[np.float64]
    views: pd.DataFrame | None
    reliance: pd.DataFrame | None
    centres: pd.DataFrame | None = None

    @property
    def policies(self) -> tuple[str, ...]:
        """Names of the policies compared, the reference among them."""
        return self.result.policies

    @property
    def reference(self) -> str:
        """Name of the policy that the others are compared with."""
        return self.result.reference

    @property
    def main(self) -> str | None:
        """The policy that the summary speaks of; None where there is only the reference."""
        return self.scenario.headline

    @property
    def first_time(self) -> float:
        """The first time reported (years): one year, in the shipped scenarios."""
        return self.scenario.times[0]

    @cached_property
    def untreated(self) -> tuple[str, ...]:
        """Policies that offer a treatment and give them to nobody."""
        given = self.people.groupby("policy", observed=True)[["doses", "procedures"]].sum().sum(axis=1)
        policies = self.scenario.policies
        offering = [n for n in self.policies if policies[n].treats]
        return tuple(name for name in offering if not given.loc[name] > 0)

    @cached_property
    def outcomes(self) -> pd.DataFrame:
        """Outcomes at the times reported."""
        return self.at_reported_times(self.result.outcomes)

    @cached_property
    def differences(self) -> pd.DataFrame:
        """Paired differences at the times reported."""
        return self.at_reported_times(self.result.differences)

    def label(self, policy: str) -> str:
        """What people call a policy."""
        return self.scenario.policies[policy].label

    def at_reported_times(self, table: pd.DataFrame) -> pd.DataFrame:
        """The rows of a table at the times reported."""
        return at_times(table, self.scenario.times)


def compare(
    scenario: Scenario,
    patients: int | None = None,
    seed: int = 1,
    engine: Engine | None = None,
    *,
    reliance: bool = True,
    progress: Callable[[int, int], None] | None = None,
    first: Callable[[Result], None] | None = None,
    meanwhile: Callable[[Comparison], None] | None = None,
) -> Comparison:
    """Simulate the policies of a scenario in the same patients with the same luck.

    `engine` makes the results (default: compiled, or SimPy where a resource is shared). What goes with them, patients
    one by one, TcPO2 paths, evidence views and reliance, comes from the compiled engine, whose lives are the same.
    Views and reliance leave the queue for a shared resource out. `progress` is called with lives done and to do, `first` with
    the result as soon as it is there, before what goes with it, and `meanwhile` with everything but the reliance, which is found
    out on other cores all the while.

    Raises BadInput as `simulate` does.
    """
    shared = scenario.settings.capacity is not None
    people = default_patients(scenario, engine) if patients is None else patients
    times = curve_times(scenario)
    result = simulate(
        scenario,
        patients=people,
        seed=seed,
        engine=engine,
        times=times,
        keep_patients=shared,
        progress=progress,
        ledger=False,
    )
    if first is not None:
        first(result)
    main, plain = scenario.headline, without_queue(scenario)
    few = scenario.people_up_to(min(people, RELIANCE_PATIENTS))
    within = path_times(scenario.horizon)
    if shared:
        kept = result.patients.drop(columns="draw")
        within = result.times[result.times <= within[-1]]
        paths = {name: np.vstack(parts)[:PATHS, : len(within)] for name, parts in _paths(result).items()}
    else:
        kept = people_of(scenario, scenario.people_up_to(min(people, MOST_KEPT)), seed)
        paths = paths_of(scenario, scenario.people_up_to(min(people, PATHS)), seed, within)
    views = evidence_views(plain, main, people, seed) if main is not None else None

    def found_out(progress: Callable[[int, int], None]) -> pd.DataFrame | None:
        return headline_reliance(plain, main, few, seed, progress) if reliance else None

    # Everything is compiled by now, which is announced by one thread at a time.
    with _beside(found_out) as weak:
        elsewhere = other_centres(plain, main, seed, people) if main is not None else None
        comparison = Comparison(scenario, result, kept, paths, within, views, None, elsewhere)
        if meanwhile is not None:
            meanwhile(comparison)
        return replace(comparison, reliance=weak())


@contextmanager
def _beside(work: Callable[[Callable[[int, int], None]], T]) -> Iterator[Callable[[], T]]:
    """Do `work` on a thread of its own while the block runs, and give what waits for it.

    It must report its progress to what it is given, which stops it when the block ends without it.
    """
    ended = Event()

    def going_on(done: int, of: int) -> None:
        del done, of
        if ended.is_set():
            raise CancelledError

    with ThreadPoolExecutor(1) as pool:
        future = pool.submit(work, going_on)
        try:
            yield future.result
        finally:
            ended.set()


def at_times(table: pd.DataFrame, times: Sequence[float]) -> pd.DataFrame:
    """The rows of a table at some of its times."""
    return table[table["time_years"].isin(times)].reset_index(drop=True)


def default_patients(scenario: Scenario, engine: Engine | None) -> int:
    """How many patients are simulated when nobody says so: the scenario's number, fewer with the slower engine."""
    simpy = engine == "simpy" or (engine is None and scenario.settings.capacity is not None)
    return scenario.people_up_to(min(scenario.patients, SIMPY_PATIENTS)) if simpy else scenario.patients


def without_queue(scenario: Scenario) -> Scenario:
    """The scenario with a slot for everybody at once."""
    return replace(scenario, settings=scenario.settings.model_copy(update={"capacity": None}))


def curve_times(scenario: Scenario) -> list[float]:
    """Times (years) of curves, ever farther apart: twice a month at first, then quarterly, yearly and every five years.

    Those reported are among them.
    """
    parts = [np.arange(24) / 24, 1 + np.arange(16) / 4, np.arange(5, 10), np.arange(10, 101, 5)]
    grid = np.concatenate(parts)
    return [float(time) for time in np.union1d(grid[grid < scenario.horizon], scenario.times)]


def path_times(horizon: float) -> NDArray[np.float64]:
    """Times (years) at which the TcPO2 of single patients is read: every three days of the first year."""
    return np.linspace(0.0, min(1.0, horizon), 122)


def _paths(result: Result) -> dict[str, list[NDArray[np.float64]]]:
    parts: dict[str, list[NDArray[np.float64]]] = {name: [] for name in result.policies}
    for each in result.kept:
        if isinstance(each.what, Followed):
            parts[each.policy].append(each.what.paths)
    return parts
