"""Running tasks on a Dask cluster that somebody else started.

    dask scheduler                                  # prints its address, say tcp://10.0.0.1:8786
    dask worker tcp://10.0.0.1:8786 --nworkers 8 --nthreads 1    # on every machine
    clti sensitivity STUDY.toml --cluster tcp://10.0.0.1:8786

Every worker needs this program in the same version. Workers need no common file system: results travel back to the
process that asked, which writes them.
"""

from __future__ import annotations

import logging
from collections.abc import Generator, Iterator
from concurrent.futures import CancelledError
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any

from simulator.words.errors import BadInput, Problem
from simulator.work.execution import Done, Task, evaluate
from simulator.work.extras import check_extra
from simulator.work.model import RunFailed

ATTEMPTS = 3
"""Times that a task may see its workers die, beyond the scheduler's own retries, before the run gives up."""
CONNECT_SECONDS = 30


@dataclass(frozen=True)
class Cluster:
    """The cluster whose scheduler answers at `address`."""

    address: str

    def check(self) -> None:
        """See that the scheduler answers. Raises BadInput if it does not, or if Dask is not installed."""
        self._connect().close()

    def run(self, tasks: Iterator[Task]) -> Generator[Done]:
        """Run every task; a task whose worker dies is run again on another.

        Without workers this waits for some to join. Raises BadInput as `check` does, and RunFailed if the cluster
        goes away.
        """
        with _without_its_log():
            client = self._connect()
            try:
                yield from self._run(client, tasks)
            except (CancelledError, OSError, TimeoutError) as lost:
                raise RunFailed(
                    f"The cluster at {self.address} went away: give the same command again to go on."
                ) from lost
            finally:
                client.close()

    def _connect(self) -> Any:
        check_extra("cluster", "distributed", question="command line", key="--cluster")
        from distributed import Client

        try:
            return Client(self.address, timeout=CONNECT_SECONDS, set_as_default=False)
        except (OSError, ValueError, TimeoutError) as error:
            problem = Problem("command line", "--cluster", self.address, f"the address of a Dask scheduler ({error})")
            raise BadInput([problem]) from None

    def _run(self, client: Any, tasks: Iterator[Task]) -> Generator[Done]:
        from distributed import as_completed
        from distributed.scheduler import KilledWorker

        flying: dict[str, tuple[Task, int]] = {}
        landing = as_completed(loop=client.loop)

        def send(task: Task, attempt: int) -> None:
            future = client.submit(evaluate, task, pure=False, retries=0)
            flying[future.key] = (task, attempt)
            landing.add(future)

        def fill() -> None:
            room = 3 * max(1, sum(client.nthreads().values()))
            while len(flying) < room and (task := next(tasks, None)) is not None:
                send(task, 1)

        fill()
        for future in landing:
            task, attempt = flying.pop(future.key)
            try:
                result = future.result()
            except KilledWorker as killed:
                if attempt >= ATTEMPTS:
                    raise RunFailed(f"{task.name}: its workers died again and again ({killed})") from killed
                send(task, attempt + 1)
                continue
            future.release()
            yield task, result
            fill()


@contextmanager
def _without_its_log() -> Iterator[None]:
    """Keep the client's log, which prints a traceback for a scheduler that died, from those who get a sentence instead."""
    with suppress(ImportError):
        import distributed  # noqa: F401  (its import sets the levels)
    logs = [logging.getLogger(name) for name in ("distributed", "distributed.client", "distributed.comm", "tornado")]
    levels = [log.level for log in logs]
    for log in logs:
        log.setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        for log, level in zip(logs, levels, strict=True):
            log.setLevel(level)
