"""Work that another process may do while this one goes on."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import ParamSpec, Protocol, TypeVar

P = ParamSpec("P")
T = TypeVar("T")


class Beside(Protocol):
    """Begins work somewhere and gives back what waits for its result. What goes there and comes back must be picklable."""

    def __call__(self, function: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Callable[[], T]:
        """Begin `function` with these arguments."""


def later(function: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Callable[[], T]:
    """No other process: the work is done here, once its result is asked for."""
    return partial(function, *args, **kwargs)
