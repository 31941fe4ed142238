"""One unit of work: a block of patients under one parameter draw and every policy, by either engine."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from simulator.living import capacity as centre
from simulator.living import compiled_cohort, reference
from simulator.living.capacity import Capacity, Waiting
from simulator.living.cohort_arrays import Followed
from simulator.living.compiled import run_block
from simulator.living.ledger import visit_table
from simulator.living.totals import add_up
from simulator.living.visits import visit_times
from simulator.rules.pathway.life import LIFE
from simulator.rules.population.patient import PATIENT
from simulator.run.sums import Sums

Engine: TypeAlias = Literal["compiled", "simpy"]
# Engines take their arrays one by one, in an order that they share.
_run_block: Callable[..., int] = run_block
_add_up: Callable[..., None] = add_up
_queue: Callable[..., tuple[Followed, Waiting]] = centre.follow
_FOLLOW: dict[Engine, Callable[..., Followed]] = {"compiled": compiled_cohort.follow, "simpy": reference.follow}

BLOCK = 1_000
"""Most patients of one unit. It is not a setting, because the order of additions decides the last bits of a mean."""


@dataclass(frozen=True, eq=False)
class Done:
    """What a unit gives back: its sums, how many could not enter, and on request each policy's patients."""

    sums: Sums
    barred: int
    cohorts: tuple[Followed, ...] = ()
    waiting: tuple[Waiting, ...] = ()


@dataclass(frozen=True, eq=False)
class Job:
    """What all units of one simulation share."""

    engine: Engine
    draws: NDArray[np.void]
    policies: NDArray[np.void]
    reference: int
    entry: Any
    given: NDArray[np.float64]
    seed: Any
    ages: NDArray[np.float64]
    log_hazards: NDArray[np.float64]
    clock: NDArray[np.float64]
    times: NDArray[np.float64]
    capacity: Capacity | None = None
    keep: bool = False
    events: bool = False

    def run(self, draw: int, first: int, count: int) -> Done:
        """Patients first .. first + count - 1 under parameter draw number `draw` and every policy."""
        params = self.draws[draw]
        intervals = float(params["visit_interval_days"]), float(params["later_visit_interval_days"])
        visits, discounted_visits = _visits(*intervals, float(self.clock[0]), float(self.clock[2]))
        whom = (self.entry, self.given, self.seed)
        fixed = (self.ages, self.log_hazards, self.clock, visits, discounted_visits, self.times)
        sums = Sums.zero(len(self.policies), len(self.times))
        if self.engine == "simpy" or self.keep:
            return self._follow(params, whom, first, count, fixed, sums)
        patient = np.zeros(1, PATIENT)
        row = patient.view(np.float64)
        scratch = (np.zeros(1, LIFE)[0], patient[0], row)
        barred = _run_block(
            params, self.policies, *whom, first, count, *fixed, self.reference, *scratch, *sums.arrays()
        )
        return Done(sums, int(barred))

    def _follow(
        self, params: Any, whom: tuple[Any, ...], first: int, count: int, fixed: tuple[Any, ...], sums: Sums
    ) -> Done:
        """The same with patients one by one: the SimPy engine's only way, and the other's when they are kept."""
        cohorts: list[Followed] = []
        waiting: list[Waiting] = []
        for policy in self.policies:
            if self.capacity is not None:
                cohort, waits = _queue(params, policy, *whom, count, *fixed, self.capacity, events=self.events)
                waiting.append(waits)
            else:
                follow = _FOLLOW[self.engine]
                cohort = follow(params, policy, *whom, first, count, *fixed, events=self.events)
            cohorts.append(cohort)
        parts = ("ledgers", "censuses", "paths", "outcomes")
        _add_up(*(np.stack([getattr(c, part) for c in cohorts]) for part in parts), self.reference, *sums.arrays())
        barred = max(cohort.barred for cohort in cohorts)
        return Done(sums, barred, tuple(cohorts) if self.keep else (), tuple(waiting))


@lru_cache(maxsize=64)
def _visits(
    interval_days: float, later_interval_days: float, horizon: float, cost_rate: float
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    times = visit_times(interval_days, later_interval_days, horizon)
    return times, visit_table(times, cost_rate)
