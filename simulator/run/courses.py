"""`courses`: curves over time that grow more exact as people are added, for whoever shows them while they do."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from contextlib import closing
from dataclasses import dataclass

import numpy as np

from simulator.compiling import announced
from simulator.living.courses import CourseSums, add_courses
from simulator.living.sums import PATIENTS, SQUARES, TOTAL
from simulator.run.arguments import faults_of_scenario
from simulator.run.asking import job_of, nobody
from simulator.run.job import BLOCK, Job
from simulator.run.sums import Estimate, Floats, estimate
from simulator.scenario import Scenario
from simulator.words.errors import BadInput
from simulator.work.threads import in_order


@dataclass(frozen=True, eq=False)
class Courses:
    """What is known after `people` of them: means and Monte Carlo standard errors.

    outcomes, differences (to the reference, in the same people): (policies, times, courses), named by
    `simulator.living.courses.COURSES`. states: shares (policies, times, states, dead last). perfusion: true TcPO2 (mmHg) of
    kept limbs, (policies, times seen), with its `spread`, the standard deviation between people. ledger: (policies, fields).
    """

    policies: tuple[str, ...]
    reference: str
    times: Floats
    people: int
    outcomes: Estimate
    differences: Estimate
    states: Estimate
    perfusion: Estimate
    spread: Floats
    ledger: Estimate


def courses(
    scenario: Scenario,
    policies: Sequence[str] | None = None,
    patients: int | None = None,
    seed: int = 1,
    times: Sequence[float] | None = None,
    seen: float | None = None,
    workers: int | None = None,
) -> Generator[Courses, None, None]:
    """Simulate as `simulate` does and yield what is known after every block of 1,000 people, the whole last.

    The same people, luck, shares and errors as `simulate` at the same `times` (years, default: the scenario's), in a
    fraction of its time where there are many. TcPO2 is looked at up to `seen` years (default: always). To stop, close the
    generator or let go of it: blocks that have not begun are not simulated.

    Raises BadInput, at the first step, for whatever `simulate` refuses, and for a scenario with a shared resource.
    """
    if problems := faults_of_scenario(scenario):
        raise BadInput(problems)
    job, names = job_of(scenario, policies, patients, seed, "compiled", None, False, times, False, False)
    people = scenario.patients if patients is None else int(patients)
    looks = len(job.times) if seen is None else int(np.searchsorted(job.times, seen, side="right"))
    given = scenario.taken(people, int(seed)).given
    setting = job.setting(0)._replace(given=given)
    with announced("the simulation of courses"):
        if add_courses(setting, 0, 1, job.reference, 0, CourseSums.zero(len(names), len(job.times))):
            raise nobody(scenario)
    total = CourseSums.zero(len(names), len(job.times))

    def block(first: int) -> tuple[CourseSums, int, int]:
        sums, count = CourseSums.zero(len(names), len(job.times)), min(BLOCK, people - first)
        return sums, count, add_courses(setting, first, count, job.reference, looks, sums)

    done = 0
    with closing(in_order(block, range(0, people, BLOCK), workers)) as blocks:
        for sums, count, barred in blocks:
            if barred:
                raise nobody(scenario)
            total.add(sums)
            done += count
            yield _known(job, names, total, done, looks)


def _known(job: Job, names: tuple[str, ...], sums: CourseSums, people: int, looks: int) -> Courses:
    n = np.array(float(people))
    counts, unlike = (np.cumsum(changes, axis=1)[:, :-1] for changes in (sums.changes, sums.discordant))
    dead = n - sums.states.sum(axis=-1, keepdims=True)
    states = np.concatenate([sums.states, dead], axis=-1)
    number, total, squares = (sums.perfusion[:, :looks, column] for column in (PATIENTS, TOTAL, SQUARES))
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = total / number
        spread = np.sqrt(np.maximum(squares - number * mean * mean, 0.0) / (number - 1))
        return Courses(
            names,
            names[job.reference],
            job.times,
            people,
            estimate(counts, counts, n),
            estimate(counts - counts[job.reference], unlike, n),
            estimate(states, states, n),
            estimate(total, squares, number),
            spread,
            estimate(sums.ledger, sums.ledger_squares, n),
        )
