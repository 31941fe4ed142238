"""Running tasks in several processes of this machine."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
import time
from collections.abc import Callable, Generator, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TypeVar

from simulator.work.execution import Done, Task, evaluate
from simulator.work.linear_algebra import one_thread_from_now_on
from simulator.work.model import Evaluation, RunFailed
from simulator.work.parquet import arrow_is_out, keep_arrow_out
from simulator.work.threads import cores, in_order

T = TypeVar("T")
R = TypeVar("R")
ATTEMPTS = 3
"""Times that workers may die without any task done in between before the run gives up."""


SHORT = 2.0
"""Seconds, about what workers take to start: a sweep that ends sooner never needs them."""


@dataclass(frozen=True)
class EveryCore:
    """This process for a short while, then as many as there are cores for all that is left."""

    def run(self, tasks: Iterator[Task]) -> Generator[Done]:
        """Run every task."""
        start = time.monotonic()
        for task in tasks:
            yield task, evaluate(task)
            if cores() > 1 and time.monotonic() - start > SHORT:
                break
        yield from Processes(cores()).run(tasks)


@dataclass(frozen=True)
class Threads:
    """A thread of this process for each core: for models whose lives leave the interpreter, where no process may be started."""

    def run(self, tasks: Iterator[Task]) -> Generator[Done]:
        """Run every task. What ends this early leaves out tasks that have not begun and waits for those that have."""
        # The first alone, because it builds what all of them share.
        for task in tasks:
            yield task, evaluate(task)
            break
        yield from in_order(lambda task: (task, evaluate(task)), tasks)


@dataclass(frozen=True)
class Processes:
    """`workers` fresh processes, so that no state of this one leaks into them.

    A worker that is killed is replaced and its task repeated. A script that uses this needs the usual
    ``if __name__ == "__main__":`` around its main part.
    """

    workers: int

    def run(self, tasks: Iterator[Task]) -> Generator[Done]:
        """Run every task. Whatever ends this early also ends the workers, with what they have in flight."""
        unfinished: list[Task] = []
        deaths = 0
        while True:
            progress = False
            try:
                for done in self._pool(unfinished, tasks):
                    progress = True
                    yield done
                return
            except BrokenProcessPool:
                deaths = 1 if progress else deaths + 1
                if deaths >= ATTEMPTS:
                    names = "; ".join(task.name for task in unfinished)
                    raise RunFailed(
                        f"worker processes were killed {deaths} times in a row (is memory short?), last with {names}"
                    ) from None

    def _pool(self, unfinished: list[Task], tasks: Iterator[Task]) -> Iterator[Done]:
        """Run `unfinished`, then `tasks`, keeping in `unfinished` what is in flight."""
        flying: dict[Future[Evaluation], Task] = {}
        again = list(unfinished)

        def send() -> None:
            # Two tasks per worker in flight: none waits for work and few are lost.
            while len(flying) < 2 * self.workers:
                task = again.pop(0) if again else next(tasks, None)
                if task is None:
                    return
                if task not in unfinished:
                    unfinished.append(task)
                flying[pool.submit(evaluate, task)] = task

        def landed() -> Iterator[Done]:
            ready, _ = wait(flying, return_when=FIRST_COMPLETED)
            for future in ready:
                task = flying.pop(future)
                result = future.result()
                unfinished.remove(task)
                yield task, result

        with fresh_processes(self.workers) as pool:
            send()
            while flying:
                yield from landed()
                send()


@contextmanager
def fresh_processes(workers: int, *, compute: bool = True) -> Iterator[ProcessPoolExecutor]:
    """`workers` processes that share no state with this one. Whatever ends the block early also ends them.

    Those that `compute` keep linear algebra to one thread, for which its libraries are loaded.
    """
    others = set(multiprocessing.active_children())
    pool = ProcessPoolExecutor(
        workers, mp_context=multiprocessing.get_context("spawn"), initializer=_begin, initargs=(compute, arrow_is_out())
    )
    try:
        yield pool
    except BaseException:
        pool.shutdown(wait=False, cancel_futures=True)
        for child in set(multiprocessing.active_children()) - others:
            child.terminate()
        raise
    pool.shutdown()


def in_processes(function: Callable[[T], R], items: Sequence[T], workers: int) -> Iterator[R]:
    """`function` of every item, in order, in `workers` fresh processes, or in this one where they are 1.

    What goes to them and comes back must be picklable. Whatever ends this early also ends the workers.
    """
    if workers == 1 or len(items) < 2:
        yield from map(function, items)
        return
    with fresh_processes(workers) as pool:
        # A few parts a worker: what the function carries with it crosses once a part.
        yield from pool.map(function, items, chunksize=-(-len(items) // (4 * workers)))


def _begin(compute: bool, lean: bool) -> None:
    """In a worker: leave Ctrl-C to the parent, end with the parent, however that ended, and keep to one core.

    `lean` ones do without Arrow, as the parent does.
    """
    if lean:
        keep_arrow_out()
    if compute:
        one_thread_from_now_on()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)
