"""One unit of work: a block of patients under one parameter draw and every policy, by either engine."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from simulator.living import blocks, reference
from simulator.living import capacity as centre
from simulator.living.capacity import Capacity, Waiting
from simulator.living.cohort_arrays import Followed
from simulator.living.ledger import WIDTH as LEDGER_WIDTH
from simulator.living.setting import Setting, new_setting
from simulator.living.sums import Sums, add_up
from simulator.records import record_at

Engine: TypeAlias = Literal["compiled", "simpy"]
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
    ledger: bool = True

    @property
    def ledger_columns(self) -> int:
        """Columns of the ledgers that are kept: none where only outcomes are asked for, which spares an eighth of a life."""
        return LEDGER_WIDTH if self.ledger else 0

    def setting(self, draw: int) -> Setting:
        """What the lives under one parameter draw share."""
        life_table = self.ages, self.log_hazards
        return new_setting(
            record_at(self.draws, draw),
            self.policies,
            self.entry,
            self.given,
            self.seed,
            life_table,
            self.clock,
            self.times,
        )

    def run(self, draw: int, first: int, count: int) -> Done:
        """Patients first .. first + count - 1 under parameter draw number `draw` and every policy."""
        setting = self.setting(draw)
        sums = Sums.zero(len(self.policies), len(self.times), self.ledger_columns)
        if self.engine == "simpy" or self.keep:
            return self._follow(setting, first, count, sums)
        return Done(sums, blocks.add_block(setting, first, count, self.reference, sums))

    def _follow(self, setting: Setting, first: int, count: int, sums: Sums) -> Done:
        """The same with patients one by one: the SimPy engine's only way, and the other's when they are kept."""
        cohorts: list[Followed] = []
        waiting: list[Waiting] = []
        for policy in range(len(self.policies)):
            if self.capacity is not None:
                cohort, waits = centre.follow(setting, policy, count, self.capacity, events=self.events)
                waiting.append(waits)
            elif self.engine == "simpy":
                cohort = reference.follow(setting, policy, first, count, events=self.events)
            else:
                cohort = blocks.follow(setting, policy, first, count, self.events, self.ledger_columns)
            cohorts.append(cohort)
        ledgers, censuses, paths, outcomes = (
            np.stack([getattr(cohort, part) for cohort in cohorts])
            for part in ("ledgers", "censuses", "paths", "outcomes")
        )
        add_up(sums, ledgers, censuses, paths, outcomes, self.reference)
        barred = max(cohort.barred for cohort in cohorts)
        return Done(sums, barred, tuple(cohorts) if self.keep else (), tuple(waiting))
