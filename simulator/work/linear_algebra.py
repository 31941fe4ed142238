"""Linear algebra on one thread: same bits on every machine, and no cores that spin over small matrices.

Libraries such as OpenBLAS cut a product into as many parts as they have threads, and the parts decide the order of additions
and so the last digits. Products here are small: several threads wait for each other longer than they compute.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from functools import wraps
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
R = TypeVar("R")


def on_one_thread(function: Callable[P, R]) -> Callable[P, R]:
    """The same function, which sees one thread of NumPy's and SciPy's linear algebra while it runs, however many there are."""

    @wraps(function)
    def alone(*args: P.args, **kwargs: P.kwargs) -> R:
        with _limited():
            return function(*args, **kwargs)

    return alone


def one_thread_from_now_on() -> None:
    """The same for the rest of a process, as for a worker beside which others use the other cores."""
    _limited()


def _limited() -> AbstractContextManager[object]:
    """One thread from now on, or until the end of the block."""
    # Only a library that is there can be told, and SciPy has one of its own.
    import scipy.linalg  # noqa: F401
    from threadpoolctl import threadpool_limits

    limits: AbstractContextManager[object] = threadpool_limits(1, user_api="blas")
    return limits
