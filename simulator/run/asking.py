"""What a simulation is asked for, as a job: its arrays, or everything that is wrong with the request."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, get_args

import numpy as np

from simulator.compiling import announced
from simulator.living.capacity import Capacity, Discipline, Opening
from simulator.rules.population.arrival import MOST_REFERRALS
from simulator.run.arguments import (
    faults_of_draws,
    faults_of_numbers,
    faults_of_patients,
    faults_of_policies,
    faults_of_times,
)
from simulator.run.job import Job
from simulator.scenario import Scenario
from simulator.scenario.settings import Weekday
from simulator.words.errors import BadInput, Problem, collected
from simulator.words.vocabulary import DAYS_PER_YEAR

if TYPE_CHECKING:
    pass


WEEKS_PER_YEAR = DAYS_PER_YEAR / 7.0


def job_of(
    scenario: Scenario,
    policies: Sequence[str] | None,
    patients: int | None,
    seed: int,
    engine: str | None,
    draws: Any,
    fresh_patients: bool,
    times: Sequence[float] | None,
    events: bool,
    keep: bool,
) -> tuple[Job, tuple[str, ...]]:
    """The arrays of a simulation and its policies' names, or everything that is wrong with what was asked for."""
    problems = [] if policies is None else faults_of_policies(policies)
    names = scenario.compare if policies is None or problems else tuple(dict.fromkeys(policies))
    shared = scenario.settings.capacity
    chosen = engine or ("simpy" if shared else "compiled")
    if not names:
        problems.append(Problem("simulate", "policies", "none", "at least one policy"))
    if patients is not None:
        problems += faults_of_patients(patients, scenario)
    problems += faults_of_numbers(seed=(seed, 0, 2**64 - 1, "a whole number, 0 to 2**64 - 1"))
    if times is not None:
        problems += faults_of_times(times, scenario.horizon)
    problems += (unreadable := faults_of_draws(draws))
    if chosen not in {"compiled", "simpy"}:
        problems.append(Problem("simulate", "engine", repr(engine), "'compiled' or 'simpy'"))
    elif chosen == "compiled" and shared:
        allowed = "'simpy', because the scenario has a shared resource ([capacity])"
        problems.append(Problem("simulate", "engine", "'compiled'", allowed))
    if shared and fresh_patients:
        problems.append(Problem("simulate", "fresh_patients", "True", "False, where people share one queue"))
    records = collected(lambda: scenario.policy_records(names), problems)
    parameters = collected(lambda: scenario.parameter_draws(None if unreadable else draws), problems)
    if problems or records is None or parameters is None:
        raise BadInput(problems)
    when = np.asarray(scenario.times if times is None else sorted(set(times)), np.float64)
    capacity = None
    if shared:
        arrivals = shared.arrivals_per_week * WEEKS_PER_YEAR
        days = tuple(k for k, day in enumerate(get_args(Weekday)) if day in shared.open_days)
        opening = Opening(days, shared.opens_at, shared.closes_at)
        capacity = Capacity(shared.slots_per_week, arrivals, Discipline(shared.queue), opening)
    job = Job(
        engine="simpy" if chosen == "simpy" else "compiled",
        draws=parameters,
        policies=records,
        reference=names.index(scenario.reference) if scenario.reference in names else 0,
        entry=scenario.entry_record,
        given=scenario.given,
        seed=np.uint64(seed),
        ages=scenario.life_table_arrays[0],
        log_hazards=scenario.life_table_arrays[1],
        clock=scenario.clock,
        times=when,
        capacity=capacity,
        keep=keep or events,
        events=events,
    )
    return job, names


def warm_up(job: Job, scenario: Scenario) -> None:
    """Compile on this thread, saying so, and find out with one patient whether anybody can enter."""
    what = "the simulation of single patients" if job.keep else "the simulation"
    with announced(what if job.engine == "compiled" else "the rules"):
        done = replace(job, capacity=None).run(0, 0, 1)
    if done.barred:
        raise nobody(scenario)


def nobody(scenario: Scenario) -> BadInput:
    """What is said where the entry criteria turn everybody away."""
    allowed = f"criteria that more than one in {MOST_REFERRALS:,} referrals meets"
    return BadInput([Problem(scenario.name, "entry", "nobody can enter", allowed)])
