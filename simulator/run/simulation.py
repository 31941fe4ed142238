"""`simulate`: the whole cohort under every policy and parameter draw, on a pool of threads."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import fields, replace
from itertools import product
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from simulator.living.ledger import FIELDS
from simulator.living.outcomes import OUTCOMES
from simulator.living.sums import Sums
from simulator.rules.population.taking import Taken
from simulator.run.arguments import (
    faults_of_numbers,
    faults_of_scenario,
    faults_of_switches,
)
from simulator.run.asking import job_of, nobody, warm_up
from simulator.run.job import BLOCK, Done, Engine, Job
from simulator.run.result import Kept, Result
from simulator.run.sums import DrawMeans, Pooled
from simulator.scenario import Scenario
from simulator.scenario.arrays import column_names, flat, flat_names
from simulator.words.errors import BadInput, Problem
from simulator.work.threads import in_order

if TYPE_CHECKING:
    import pandas as pd

PER_WORKER = 4
"""Units in hand per worker: enough that nobody waits, few enough that memory stays the same however long the run."""


def simulate(
    scenario: Scenario,
    policies: Sequence[str] | None = None,
    patients: int | None = None,
    seed: int = 1,
    engine: Engine | None = None,
    draws: NDArray[np.void] | pd.DataFrame | None = None,
    fresh_patients: bool = False,
    times: Sequence[float] | None = None,
    events: bool = False,
    keep_patients: bool = False,
    workers: int | None = None,
    progress: Callable[[int, int], None] | None = None,
    earlier_draws: int = 0,
    partial: Callable[[Result], None] | None = None,
    ledger: bool = True,
) -> Result:
    """Simulate a cohort under every policy, with the same luck for each patient whatever the policy.

    `policies`, `patients` and `times` (years, up to the horizon) default to the scenario's. If its reference is
    not among `policies`, the first of them is the reference. `engine` is ``compiled`` (default) or ``simpy`` (the
    readable reference, some hundred times slower, with the same lives); where a resource is shared only ``simpy``
    can run, and is the default.

    `draws` has one row per parameter draw and a column per parameter that varies; without it the register's
    values are the only draw. Every draw sees the same patients, or with `fresh_patients` its own, which
    follow those of `earlier_draws` others. A column ``draw`` names the draws.

    `events` keeps every patient and every event of their history, `keep_patients` the patients alone. `progress`
    is called with the number of lives done and of lives to do. `workers` threads decide how long it takes and
    nothing else. `partial` is called after every block of people with the result of those simulated so far, without kept
    patients; where there are several draws, after every draw but the last with the result of those that are whole.
    Without `ledger` no books of time, events and costs are kept, which takes an eighth less time; all else has the same bits.

    Whatever `progress` or `partial` raises stops the simulation and is passed on: blocks that have not begun are left
    out, those that have are waited for, and no thread goes on behind the caller's back.

    A scenario with a table of real patients takes each row equally often where `patients` is a multiple of its rows, and a
    random sample where it is less; the patient table says which row was taken.

    Raises BadInput for arguments of the wrong type, unknown names, impossible numbers, entry criteria that nobody meets,
    and parameter draws that give results that are not finite.

    >>> import simulator as sim
    >>> found = sim.simulate(sim.load_scenario("base"), ["conservative", "protocol"], patients=50, times=[1.0])
    >>> list(found.differences.columns), found.draw_outcomes.shape[:3]
    (['policy', 'reference', 'outcome', 'time_years', 'mean', 'se'], (1, 2, 1))
    """
    problems = faults_of_scenario(scenario) + faults_of_switches(
        fresh_patients=fresh_patients, events=events, keep_patients=keep_patients, ledger=ledger
    )
    problems += faults_of_numbers(earlier_draws=(earlier_draws, 0, 2**32, "a whole number, 0 or more"))
    if workers is not None:
        problems += faults_of_numbers(workers=(workers, 1, 1_000, "a whole number, 1 to 1,000, or None for all"))
    if problems:
        raise BadInput(problems)
    job, names = job_of(scenario, policies, patients, seed, engine, draws, fresh_patients, times, events, keep_patients)
    people = scenario.patients if patients is None else int(patients)
    takes = _Takes(scenario, people, int(seed), earlier_draws if fresh_patients else None)
    job = replace(job, given=takes.of(0).given, ledger=ledger)
    ids = _draw_ids(draws, len(job.draws))
    warm_up(job, scenario)
    drawn = _Draws(job, names, scenario, ids, int(seed), fresh_patients)
    kept: list[Kept] = []
    block = people if job.capacity is not None else BLOCK
    starts = range(0, people, block)
    total = len(ids) * people * len(names)
    sums = Sums.zero(len(names), len(job.times), job.ledger_columns)
    offset = earlier_draws * people * fresh_patients
    for (draw, start, taken), done in _units(job, takes, starts, block, people, fresh_patients, workers, offset):
        if done.barred:
            raise nobody(scenario)
        sums.add(done.sums)
        first = offset + draw * people * fresh_patients + start
        kept.extend(Kept(draw, name, first, cohort, taken) for name, cohort in zip(names, done.cohorts, strict=False))
        kept.extend(Kept(draw, name, first, waits, taken) for name, waits in zip(names, done.waiting, strict=False))
        if progress is not None:
            progress((draw * people + min(start + block, people)) * len(names), total)
        if start + block < people:
            if partial is not None and len(ids) == 1:
                partial(_Draws(job, names, scenario, ids, int(seed), fresh_patients).add(sums, start + block).result())
            continue
        drawn.add(sums, people)
        sums = Sums.zero(len(names), len(job.times), job.ledger_columns)
        if partial is not None and draw + 1 < len(ids):
            partial(drawn.result())
    return drawn.result(tuple(kept))


class _Draws:
    """What whole draws of a simulation say, one after another."""

    def __init__(
        self, job: Job, names: tuple[str, ...], scenario: Scenario, ids: NDArray[Any], seed: int, fresh: bool
    ) -> None:
        self.job, self.names, self.scenario, self.ids, self.seed, self.fresh = job, names, scenario, ids, seed, fresh
        self.done = self.people = 0
        self.pooled = [Pooled() for _ in fields(DrawMeans)]
        self.perfusion = np.zeros((len(names), len(job.times), 3))
        shape = len(ids), len(names), len(job.times), len(OUTCOMES)
        self.outcomes, self.errors, self.difference_errors = np.zeros(shape), np.zeros(shape), np.zeros(shape)
        self.ledgers = np.zeros((len(ids), len(names), job.ledger_columns))

    def add(self, sums: Sums, people: int) -> _Draws:
        """Add the next draw, the sums over its people."""
        means = DrawMeans.of(sums, people, self.job.reference)
        draw = self.done
        check_finite(means, self.job, self.ids[draw], draw, self.names, self.scenario)
        for pool, kind in zip(self.pooled, fields(DrawMeans), strict=True):
            pool.add(getattr(means, kind.name))
        self.perfusion += sums.perfusion
        self.outcomes[draw], self.errors[draw] = means.outcomes
        self.difference_errors[draw], self.ledgers[draw] = means.differences.se, means.ledger.mean
        self.done, self.people = draw + 1, people
        return self

    def result(self, kept: tuple[Kept, ...] = ()) -> Result:
        """The result of the draws added so far; later ones do not change it."""
        n = self.done
        estimates = [pool.estimate(self.fresh) for pool in self.pooled]
        return Result(
            scenario=self.scenario,
            policies=self.names,
            reference=self.names[self.job.reference],
            times=self.job.times,
            people=self.people,
            seed=self.seed,
            engine=self.job.engine,
            parameters=self.job.draws[:n],
            draw_ids=self.ids[:n],
            outcome_estimates=estimates[0],
            difference_estimates=estimates[1],
            state_estimates=estimates[2],
            perfusion_estimates=estimates[3],
            ledger_estimates=estimates[4],
            perfusion_sums=self.perfusion.copy(),
            draw_outcomes=self.outcomes[:n],
            draw_outcome_errors=self.errors[:n],
            draw_difference_errors=self.difference_errors[:n],
            draw_ledgers=self.ledgers[:n],
            kept=kept,
        )


class _Takes:
    """The real patients of each draw: the same for all, or with fresh patients a sample of its own for each.

    `earlier` is the number of draws that came before with fresh patients; None without them.
    """

    def __init__(self, scenario: Scenario, people: int, seed: int, earlier: int | None) -> None:
        self.scenario, self.people, self.seed, self.earlier = scenario, people, seed, earlier
        self._last = earlier or 0, scenario.taken(people, seed, earlier or 0)

    def of(self, draw: int) -> Taken:
        """Those of one draw. The last answer is kept, because the units of a draw follow each other."""
        cohort = 0 if self.earlier is None else self.earlier + draw
        if self._last[0] != cohort and self.people < len(self.scenario.given):
            self._last = cohort, self.scenario.taken(self.people, self.seed, cohort)
        return self._last[1]


def _units(
    job: Job,
    takes: _Takes,
    starts: Iterable[int],
    block: int,
    people: int,
    fresh_patients: bool,
    workers: int | None,
    earlier: int,
) -> Iterator[tuple[tuple[int, int, Taken], Done]]:
    """Every (draw, first patient of a block, the draw's real patients) with what it gave, in order, by `workers` threads.

    `earlier` patients come before those of the first draw.
    """

    def lived(unit: tuple[int, int, Taken]) -> tuple[tuple[int, int, Taken], Done]:
        draw, start, taken = unit
        own = job if taken.given is job.given else replace(job, given=taken.given)
        first = earlier + draw * people * fresh_patients + start
        return unit, own.run(draw, first, min(block, people - start))

    units = ((draw, start, takes.of(draw)) for draw, start in product(range(len(job.draws)), starts))
    yield from in_order(lived, units, workers if job.engine == "compiled" else 1, PER_WORKER)


def _draw_ids(draws: Any, count: int) -> NDArray[Any]:
    """Names of the draws: their column `draw`, or 0, 1, ..."""
    named = draws is not None and "draw" in column_names(draws)
    return np.asarray(draws["draw"]) if named else np.arange(count)


def check_finite(means: DrawMeans, job: Job, name: Any, draw: int, policies: Sequence[str], scenario: Scenario) -> None:
    """Stop at results that are not finite, with the draw and the parameters that gave them."""
    if np.isfinite(means.ledger.mean).all() and np.isfinite(means.outcomes.mean).all():
        return
    wrong = []
    for p, policy in enumerate(policies):
        ledger = [FIELDS[f] for f in np.flatnonzero(~np.isfinite(means.ledger.mean[p]))]
        finite = np.isfinite(means.outcomes.mean[p]).all(axis=0)
        outcomes = [o for o, good in zip(OUTCOMES, finite, strict=True) if not good]
        if ledger or outcomes:
            wrong.append(f"{policy} ({', '.join(outcomes + ledger[:3])})")
    usual, used = scenario.parameter_draws()[0], job.draws[draw]
    fields = flat_names(job.draws.dtype)
    pairs = zip(fields, *(flat(np.array([each], job.draws.dtype))[0] for each in (usual, used)), strict=True)
    changed = [f"{field} = {float(one):.17g}" for field, before, one in pairs if one != before]
    inputs = ", ".join(changed) or "the register's own values"
    raise BadInput(
        [Problem("draws", f"draw {name}", "not finite in " + "; ".join(wrong), f"finite results, not with {inputs}")]
    )
