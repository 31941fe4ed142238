"""A process beside this one that draws: it loads its libraries while this one simulates, and draws while this one goes on."""

from __future__ import annotations

import pickle
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from importlib import import_module
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar

from simulator.telling.drawing import Drawn
from simulator.telling.figures import drawings_of
from simulator.work.beside import later
from simulator.work.parquet import parquet
from simulator.work.processes import fresh_processes
from simulator.work.threads import cores

if TYPE_CHECKING:
    import pandas as pd

    from simulator.words.findings import Findings

P = ParamSpec("P")
T = TypeVar("T")

Drawings = Callable[[], Mapping[str, Drawn]]
"""Waits for drawings by file name."""
_taken: list[Findings] = []
"""In the process that draws: the findings that are drawn."""


@dataclass(frozen=True)
class Studio:
    """Where figures are drawn: in the processes of a pool of one, or here where there is none."""

    pool: ProcessPoolExecutor | None = None

    def draw(self, findings: Findings, *, help_out: bool = False) -> Drawings:
        """Begin to draw every figure; what is given back waits for them, in the order of the report.

        With `help_out` this process draws, once it waits, what the other has not begun: sooner, and it takes memory here.
        What figures show is in tables that are no files of patients, and in facts, so inputs and texts stay here.
        """
        if self.pool is None:
            return lambda: drawn_here(findings)
        lean = replace(findings, inputs={}, files={})
        try:
            asked = self._hand_over(_take, lean)
            if not help_out:
                whole = self.pool.submit(_every_drawing)
                return lambda: _or_here(whole, lambda: drawn_here(findings))
            draws = drawings_of(findings)
            parts = {name: self.pool.submit(_drawing, name) for name in draws}
        except BrokenProcessPool:
            return lambda: drawn_here(findings)

        def shared() -> dict[str, Drawn]:
            asked.exception()
            here = {name: Drawn.of(draws[name](), name) for name in reversed(draws) if parts[name].cancel()}
            for name in draws:
                if name not in here:
                    here[name] = _or_here(parts[name], lambda name=name: Drawn.of(draws[name](), name))  # type: ignore[misc]
            return {name: here[name] for name in draws}

        return shared

    def beside(self, function: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Callable[[], T]:
        """Begin other work in the process that draws, which has little to do until there are figures."""
        here = later(function, *args, **kwargs)
        if self.pool is None:
            return here
        try:
            asked = self._hand_over(function, *args, **kwargs)
        except BrokenProcessPool:
            return here
        return lambda: _or_here(asked, here)

    def pack(self, frame: pd.DataFrame, about: Mapping[str, Any]) -> bytes:
        """As `parquet`, in the other process, so that this one has no need of Arrow."""
        return self.beside(parquet, frame, about)()

    def _hand_over(self, function: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        """Begin work in the pool with what the arguments hold now.

        A pool packs them later, in a thread of its own, while this one goes on and may add to them: a scenario keeps what was
        worked out from it.
        """
        assert self.pool is not None
        return self.pool.submit(_unpacked, pickle.dumps(partial(function, *args, **kwargs)))


@contextmanager
def studio(question: str) -> Iterator[Studio]:
    """A second process for the figures of a question, for as long as the block runs; with one core, none."""
    if cores() < 2:
        yield Studio()
        return
    with fresh_processes(1, compute=False) as pool:
        pool.submit(_prepare, question)
        yield Studio(pool)


def drawn_here(findings: Findings) -> dict[str, Drawn]:
    """Every figure drawn in this process, by file name, in the order of the report."""
    return {name: Drawn.of(draw(), name) for name, draw in drawings_of(findings).items()}


def _or_here(future: Future[T], here: Callable[[], T]) -> T:
    """What the other process gives, or, where somebody ended it, what this one makes."""
    try:
        return future.result()
    except BrokenProcessPool:
        return here()


def _prepare(question: str) -> None:
    """In the other process: load what drawing takes."""
    import_module("matplotlib.backends.backend_svg")
    import_module("matplotlib.backends.backend_agg")
    import_module(f"simulator.telling.figures.{question}")
    _draw_a_word()


def _draw_a_word() -> None:
    """Draw a word, so that what the first drawing has to find (fonts, above all) is found while there is nothing to draw."""
    from matplotlib.figure import Figure

    from simulator.telling.images import Picture
    from simulator.telling.style import house_style

    with house_style():
        figure = Figure(layout="constrained")
        figure.subplots().set_title("Words")
    Picture(figure).draw()


def _unpacked(work: bytes) -> Any:
    return pickle.loads(work)()


def _take(findings: Findings) -> None:
    _taken[:] = [findings]


def _drawing(name: str) -> Drawn:
    return Drawn.of(drawings_of(_taken[0])[name](), name)


def _every_drawing() -> dict[str, Drawn]:
    return drawn_here(_taken[0])
