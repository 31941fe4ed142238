"""Running what is not finished yet, anywhere, and keeping every shard as soon as it is done.

    execute(model, inputs, store, replicates=1)                       # in this process
    execute(model, inputs, store, replicates=1, way=Processes(4))     # on this machine
    execute(model, inputs, store, replicates=1, way=Cluster(address)) # on a Dask cluster
    execute(model, inputs, store, replicates=1, part=Part(3, 8))      # one job of eight, without any service

Runs are cut into shards by their place in `inputs`, so that the jobs of a queue agree without talking; within a shard
only runs that are nowhere on disk are made. Workers return results and this process alone writes, so a worker may die
at any moment. Whichever way, the same runs have the same bits.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from simulator.words.errors import BadInput
from simulator.work.code import running_code
from simulator.work.model import Evaluation, Floats, RunFailed, SweepModel
from simulator.work.shards import Finished, Keeper, Memory, ShardStore
from simulator.work.store import forget_oldest


@dataclass(frozen=True, eq=False)
class Task:
    """Rows that are run together and become one shard, with the code they must be run by."""

    model: SweepModel
    code: str
    replicate: int
    row_ids: NDArray[np.int64]
    inputs: Floats

    @property
    def name(self) -> str:
        """How messages call it."""
        return f"runs {self.row_ids[0]} to {self.row_ids[-1]}, replicate {self.replicate}"


Done = tuple[Task, Evaluation]
Advance = Callable[[int], None]
"""Told the number of runs just finished."""
MOST_KEPT = 600_000_000
"""Bytes of a cache, beyond which the oldest shards go."""


class Way(Protocol):
    """A way to run tasks: yields each with its result, in any order, and lets go of everything when closed."""

    def run(self, tasks: Iterator[Task]) -> Generator[Done]:
        """Run every task."""


@dataclass(frozen=True)
class ThisProcess:
    """One task after the other, here."""

    def run(self, tasks: Iterator[Task]) -> Generator[Done]:
        """Run every task."""
        for task in tasks:
            yield task, evaluate(task)


@dataclass(frozen=True)
class Part:
    """Job number `number` (from 1) of `of` jobs that share a study."""

    number: int = 1
    of: int = 1


WHOLE = Part()


@dataclass(frozen=True)
class Plan:
    """The tasks still to do, and how many runs were there before."""

    tasks: tuple[Task, ...]
    runs: int
    finished: int


def evaluate(task: Task) -> Evaluation:
    """Run a task in whatever process this is. Raises RunFailed, whose message names the rows."""
    if task.code != running_code():
        raise RunFailed("a worker has another version of this program than the process that sent it work")
    try:
        found = task.model.runner().evaluate(task.inputs, task.row_ids, task.replicate)
    except Exception as error:
        raise RunFailed(f"{task.name}: {type(error).__name__}: {error}") from error
    shape = (len(task.inputs), len(task.model.outputs))
    if found.values.shape != shape or found.errors.shape != shape:
        raise RunFailed(f"{task.name}: the model gave {found.values.shape} results and not {shape}")
    return found


def make_plan(
    model: SweepModel, inputs: Floats, finished: Finished, *, replicates: int, rows_per_shard: int, part: Part = WHOLE
) -> Plan:
    """The tasks of one job: shard by shard, the runs that are not finished and not repeated."""
    tasks: list[Task] = []
    runs = done = 0
    cuts = range(0, len(inputs), rows_per_shard)
    code = running_code()
    asked: set[tuple[int, bytes]] = set()
    for replicate in range(replicates):
        for number, start in enumerate(cuts):
            wanted = []
            for row_id in range(start, min(start + rows_per_shard, len(inputs))):
                run = (replicate, inputs[row_id].tobytes())
                if run not in asked:
                    asked.add(run)
                    wanted.append(row_id)
            if (replicate * len(cuts) + number) % part.of != part.number - 1:
                continue
            runs += len(wanted)
            left = [row_id for row_id in wanted if not finished.has(replicate, inputs[row_id])]
            done += len(wanted) - len(left)
            if left:
                tasks.append(Task(model, code, replicate, np.array(left, dtype=np.int64), inputs[left]))
    return Plan(tuple(tasks), runs, done)


def execute(
    model: SweepModel,
    inputs: Floats,
    store: Keeper,
    *,
    replicates: int = 1,
    rows_per_shard: int = 64,
    way: Way | None = None,
    part: Part = WHOLE,
    started: Callable[[Plan], Advance] | None = None,
) -> Plan:
    """Make every run that is missing and keep it in `store`; returns what was to do.

    `inputs` has shape (rows, parameters of the model). `started` hears the plan and gives back a function that is told
    of progress. Raises RunFailed, StorageFull and BadShard; an interruption at any moment loses at most the shards in
    flight.
    """
    plan = make_plan(model, inputs, store.read(), replicates=replicates, rows_per_shard=rows_per_shard, part=part)
    advance = started(plan) if started else (lambda _runs: None)
    done = plan.finished
    with (
        store.going_on(lambda: f"{done:,} of {plan.runs:,} runs are"),
        closing((way or ThisProcess()).run(iter(plan.tasks))) as results,
    ):
        for task, evaluation in results:
            store.write(task.replicate, task.inputs, evaluation)
            done += len(task.row_ids)
            advance(len(task.row_ids))
    return plan


def run_rows(
    model: SweepModel,
    inputs: Floats,
    cache: Path | None,
    *,
    replicates: int = 1,
    rows_per_shard: int = 64,
    way: Way | None = None,
    advance: Advance | None = None,
) -> Floats:
    """Outputs of every row, shape (replicates, rows, outputs); what lies in `cache` is not run again.

    Without a cache nothing is kept. `advance` hears of runs found and runs made. Raises what `execute` does, and
    BadInput where the model refuses a row for what somebody typed.
    """
    shards = None if cache is None else ShardStore.of(cache, model)
    store = Memory.of(shards)

    def started(plan: Plan) -> Advance:
        told = advance or (lambda _runs: None)
        if plan.finished:
            told(plan.finished)
        return told

    try:
        plan = execute(
            model, inputs, store, replicates=replicates, rows_per_shard=rows_per_shard, way=way, started=started
        )
    except RunFailed as failed:
        if isinstance(failed.__cause__, BadInput):
            raise failed.__cause__ from None
        raise
    values, _ = store.read().collect(inputs, replicates, len(model.outputs))
    if cache is not None and plan.tasks:
        forget_oldest(cache, MOST_KEPT)
    return values
