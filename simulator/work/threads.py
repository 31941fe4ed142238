"""Work on the threads of this process, for compiled code, which leaves the interpreter; answers in the order of the questions."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Generator, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

S = TypeVar("S")
T = TypeVar("T")


def cores() -> int:
    """Processor cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def in_order(work: Callable[[S], T], items: Iterable[S], threads: int | None = None, ahead: int = 1) -> Generator[T]:
    """`work` of each item, in the order of `items`, on a number of threads (default: one for each core).

    `items` are asked for as threads come free, `ahead` of them for each thread, so that little waits in memory. Whoever stops
    early, or an error, leaves out items that have not begun and waits for those that have.
    """
    workers = threads or cores()
    waiting: deque[Future[T]] = deque()
    pool = ThreadPoolExecutor(workers)
    try:
        for item in items:
            if len(waiting) > ahead * workers:
                yield waiting.popleft().result()
            waiting.append(pool.submit(work, item))
        while waiting:
            yield waiting.popleft().result()
    finally:
        pool.shutdown(wait=True, cancel_futures=True)
