"""What a person sees in the terminal: tables, progress with the time left, and where the output went."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from rich.console import Console
from rich.text import Text

from simulator.telling.spelling import printable

if TYPE_CHECKING:
    from simulator.telling.formats import TextTable

PIPED_WIDTH = 160
"""Columns of a table that goes to a file or a pipe, where nobody said how wide a line may be."""
LINE_EVERY = 10.0
"""Seconds between two lines of progress where there is no terminal to redraw."""


def console(stream: TextIO | None = None) -> Console:
    """A console on `stream` (standard output by default) that neither guesses at markup nor colours numbers."""
    stream = stream or sys.stdout
    return Console(
        file=stream, width=None if stream.isatty() else PIPED_WIDTH, highlight=False, markup=False, emoji=False
    )


def print_text(content: TextTable, title: str = "", *, on: Console | None = None) -> None:
    """Print a table that is text already."""
    from rich import box
    from rich.table import Table

    screen = on or console()

    def cell(text: str) -> Text:
        return Text(printable(text, screen.file))

    table = Table(title=cell(title) if title else None, title_justify="left", title_style="bold", box=box.SIMPLE_HEAD)
    for name, numeric in zip(content.headings, content.numeric, strict=True):
        table.add_column(cell(name), justify="right" if numeric else "left", overflow="fold")
    for row in content.rows:
        table.add_row(*(cell(text) for text in row))
    screen.print(table)


@contextmanager
def progress(what: str, total: int, *, done: int = 0, stream: TextIO | None = None) -> Iterator[Callable[[int], None]]:
    """Show how far `what` has come out of `total` steps and the time left, on standard error.

    Yields a function that is called with the number of steps just finished. `done` steps were finished earlier, as
    when a run is resumed. On a terminal this is a bar; elsewhere a line now and then, and none for quick work.
    """
    stream = stream or sys.stderr
    bar = _bar(what, total, done, stream) if stream.isatty() else _lines(what, total, done, stream)
    with bar as advance:
        yield advance


@contextmanager
def _bar(what: str, total: int, done: int, stream: TextIO) -> Iterator[Callable[[int], None]]:
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )

    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("left"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=console(stream), transient=True) as shown:
        task = shown.add_task(what, total=total, completed=done)
        yield lambda steps: shown.advance(task, steps)


@contextmanager
def _lines(what: str, total: int, done: int, stream: TextIO) -> Iterator[Callable[[int], None]]:
    begun = said = time.monotonic()
    now_done = done

    def advance(steps: int) -> None:
        nonlocal now_done, said
        now_done += steps
        now = time.monotonic()
        if now - said >= LINE_EVERY and now_done > done:
            left = (now - begun) / (now_done - done) * (total - now_done)
            stream.write(f"{what}: {now_done} of {total}, about {duration(left)} left\n")
            stream.flush()
            said = now

    yield advance


def duration(seconds: float) -> str:
    """A time span in words: ``40 s``, ``3 min``, ``2 h 5 min``."""
    if seconds < 90:
        return f"{round(seconds)} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 90 else f"{minutes // 60} h {minutes % 60} min"


def say_warnings(warnings: Sequence[str], *, on: Console | None = None) -> None:
    """Print what whoever reads the results must see."""
    for warning in warnings:
        (on or console()).print(f"To keep in mind: {warning}", markup=False)


def say_where(out: Path | str, *, on: Console | None = None) -> None:
    """Say where the output is and what to open next."""
    out = Path(out)
    page = out / "report.html"
    following = f"; open {page} in a browser" if page.exists() else ""
    (on or console()).print(f"Written to {out}{following}", soft_wrap=True)
