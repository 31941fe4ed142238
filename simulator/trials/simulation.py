"""Simulated trials in blocks on all processors: the same results whatever the blocks and workers."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import pairwise
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from simulator.compiling import announced
from simulator.errors import BadInput, Problem
from simulator.pathway.policy import POLICY
from simulator.population.criteria import may_enter
from simulator.population.patient import PATIENT, make_patient
from simulator.trials.conduct import Columns, Conduct
from simulator.trials.data import TrialData, cut, limited
from simulator.trials.design import MOST_PATIENTS, Design
from simulator.trials.design_faults import foreseen
from simulator.trials.design_reading import Planned
from simulator.trials.looks import information, look_dates, marks
from simulator.trials.recruits import Recruitment, nobody
from simulator.trials.stopping_rule import stopping_rule
from simulator.trials.truth import Truth, truth_named

LIVES = 25_000
"""Lives in one block of trials, about; memory is a few blocks for each worker."""
PILOT = 400
"""Trials from which the information at the end is foreseen where nothing fixes it."""
ASKED = 300
"""Patients who are asked whether any of them could have each arm's treatment."""
MOST_TRIALS = 1_000_000

Progress = Callable[[int], None]
T = TypeVar("T")


@dataclass(frozen=True, eq=False)
class Simulation:
    """A design, its scenario and a seed, from which any number of trials can be made."""

    planned: Planned
    seed: int
    trials: int
    workers: int | None = None

    @property
    def design(self) -> Design:
        """The design."""
        return self.planned.design

    @property
    def recruitment(self) -> Recruitment:
        """Where its patients come from."""
        return Recruitment(self.design, self.planned.scenario, self.seed)

    def with_trials(self, trials: int) -> Simulation:
        """The same with another number of trials."""
        return replace(self, trials=trials)

    def truth(self, name: str) -> Truth:
        """A truth by name."""
        return truth_named(name, self.design, self.planned.scenario, self.trials, self.seed)

    def conduct(self, patients: int | None = None) -> Conduct:
        """The design at a size (default: its own), with its boundaries.

        Where the information at the end is not fixed in advance it is what the scenario leads to on average, as a
        protocol would foresee it, and grows in proportion to the size.
        """
        design, marked = self.design, marks(self.design, patients)
        if design.stages is not None:
            return Conduct(design, marked, stopping_rule(design, (marked.at[0] / marked.patients,)), marked.patients)
        if foreseen(design):
            whole = float(marked.events or marked.patients)
            return Conduct(design, marked, stopping_rule(design, [at / whole for at in marked.at]), whole)
        end, shares = self.pilot
        whole = end * marked.patients / design.patients if design.primary.by_events else float(marked.patients)
        return Conduct(design, marked, stopping_rule(design, shares), float(marked.events or whole))

    @cached_property
    def pilot(self) -> tuple[float, tuple[float, ...]]:
        """Mean information at the end of some trials of the scenario, and its shares at the interim looks."""
        design, own = self.design, marks(self.design)
        data = limited(self.lives(self.truth("scenario"), 0, PILOT, own.patients), own.patients)
        dates = look_dates(design, data, own)
        seen = [float(information(design.primary, cut(data, date)).mean()) for date in dates.T]
        end = float(own.events or seen[-1])
        shares = tuple(value / end for value in seen[:-1])
        if not all(earlier < later for earlier, later in pairwise((0.0, *shares, 1.0))):
            raise BadInput([_no_information(design, dates)])
        return seen[-1], shares

    def lives(self, truth: Truth, first: int, trials: int, patients: int, every_visit: bool = False) -> TrialData:
        """Lives for trials first, first + 1, ..."""
        longer = 0.0
        if self.design.reestimation is not None or self.design.two_stage is not None:
            longer = float(self.design.accrual.date(patients)) + self.design.follow_up.months / 12.0
        return self.recruitment.trials(truth, first, trials, patients, every_visit, longer)

    def run(self, truth: Truth, conducts: Sequence[Conduct], advance: Progress | None = None) -> list[Columns]:
        """Carry out the same trials at one or several sizes; one table of columns for each size, in order."""
        return self.map(truth, lambda data: [conduct.run(data) for conduct in conducts], conducts, advance)

    def map(
        self,
        truth: Truth,
        work: Callable[[TrialData], list[Columns]],
        conducts: Sequence[Conduct],
        advance: Progress | None = None,
        trials: int | None = None,
        first: int = 0,
    ) -> list[Columns]:
        """What `work` makes of all trials, block by block, its columns joined."""
        patients = max(longest(conduct) for conduct in conducts)
        size = max(1, LIVES // patients)
        total = self.trials if trials is None else trials
        starts = range(first, first + total, size)

        def block(start: int) -> list[Columns]:
            count = min(size, first + total - start)
            return work(self.lives(truth, start, count, patients))

        parts = []
        for done, part in enumerate(in_order(block, starts, self.workers)):
            parts.append(part)
            if advance is not None:
                advance(min(size, total - done * size))
        return [_joined([part[k] for part in parts]) for k in range(len(parts[0]))]

    def check(self) -> dict[str, float]:
        """Compile, and see that patients can enter and that every arm's treatment can be given to some of them.

        Returns the share of patients eligible for each policy that treats. Raises BadInput.
        """
        with announced("the trial simulation"):
            self.recruitment.trials(self.truth("scenario"), 0, 1, 2)
        with announced("the tests " + " ".join(sorted({endpoint.test for endpoint in self.design.endpoints}))):
            conduct = self.conduct()
            self.map(self.truth("scenario"), lambda data: [conduct.run(data)], [conduct], trials=1)
        scenario, entry = self.planned.scenario, self.recruitment.entry_record
        params, patient = scenario.params(), np.zeros(1, PATIENT)
        row = patient.view(np.float64)
        key: Any = np.uint64(self.seed)
        problems = []
        named = [(f"arms.{k}.policy", arm.policy) for k, arm in enumerate(self.design.arms)]
        if self.design.crossover is not None:
            named.append(("crossover.to", self.design.crossover.to))
        records = scenario.policy_records([policy for _, policy in named])
        takes = np.zeros(len(named), int)
        for i in range(ASKED):
            if not make_patient(patient[0], row, scenario.given, params, entry, key, i):
                raise nobody(self.design)
            takes += [bool(may_enter(record, patient[0])) for record in records]
        for (key, policy), record, count in zip(named, records, takes, strict=True):
            if count == 0 and _treats(record):
                allowed = f"a policy for patients who may enter: none of {ASKED} is eligible for it ({_limits(record)})"
                problems.append(Problem(self.design.file, key, repr(policy), allowed))
        if problems:
            raise BadInput(problems)
        shares = zip(named, records, takes, strict=True)
        return {policy: float(count) / ASKED for (_, policy), record, count in shares if _treats(record)}


def longest(conduct: Conduct) -> int:
    """The most patients that trials of this size can come to have."""
    grow = conduct.design.reestimation
    n = conduct.marked.patients
    most = n if grow is None else int(np.ceil(n * grow.largest - 1e-9))
    if most > MOST_PATIENTS:
        raise BadInput([Problem(conduct.design.file, "size.patients", str(most), f"at most {MOST_PATIENTS:,}")])
    return most


def in_order(work: Callable[[int], T], items: Sequence[int], workers: int | None) -> Iterator[T]:
    """`work` of each item, in order, on `workers` threads with a few items in hand."""
    threads = workers or (len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1)
    waiting: deque[Future[T]] = deque()
    pool = ThreadPoolExecutor(threads)
    try:
        for item in items:
            if len(waiting) > threads:
                yield waiting.popleft().result()
            waiting.append(pool.submit(work, item))
        while waiting:
            yield waiting.popleft().result()
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def _joined(parts: list[Columns]) -> Columns:
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}


def _treats(record: NDArray[np.void]) -> bool:
    return bool(record["doses"] > 0.5 or record["angioplasty"] > 0.5)


def _limits(record: NDArray[np.void]) -> str:
    """A policy's eligibility in words, without what admits everybody."""
    words = []
    for name in POLICY.names or ():
        value = float(record[name])
        if name == "marker":
            break
        if name in ("severe_renal", "dialysis"):
            words += [] if value else [f"{name} excluded"]
        elif name == "angioplasty_suitable":
            words += [] if value < 0.0 else [f"{name} = {'yes' if value else 'no'}"]
        elif np.isfinite(value) and not (name.endswith("at_least") and value in (0.0, 4.0)):
            words += [] if name == "rutherford_at_most" and value == 6.0 else [f"{name} = {value:g}"]
    return ", ".join(words)


def _no_information(design: Design, dates: NDArray[np.float64]) -> Problem:
    looks = design.looks
    assert looks is not None
    end = 12.0 * float(dates[:, -1].mean())
    allowed = (
        f"looks that bring information one after another and before the end: on average the trial ends after "
        f"{end:.1f} months, and a patient counts after {design.primary.waits * 12.0:g}"
    )
    return Problem(design.file, "looks.at", str(list(looks.at)), allowed)
