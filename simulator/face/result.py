"""A result: tables to compute with, and the same tables told to people."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from simulator.words.findings import Findings

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from simulator.telling.outputs import Pack
    from simulator.telling.studio import Drawings, Studio


def now() -> tuple[datetime, float]:
    """When the work begins: date, and the clock that durations are taken from."""
    return datetime.now(UTC), time.monotonic()


class Result:
    """The answer to one question.

    `tables` maps names to tidy DataFrames, equal to the CSV files; each is an attribute, too (``result.outcomes``).
    ``summary()`` says the answer in sentences, ``plot()`` draws it, ``report(path)`` writes one page, ``save(path)``
    the whole folder that the command line writes.
    """

    def __init__(
        self,
        findings: Findings,
        begun: tuple[datetime, float] | None = None,
        kept: tuple[str, ...] = (),
        again: tuple[str, ...] | None = None,
        workbook: Callable[[Mapping[str, Any]], bytes] | None = None,
        drawings: Drawings | None = None,
        pack: Pack | None = None,
    ) -> None:
        self.findings = findings
        self._begun = begun
        self.kept = kept
        self._again = again
        self._workbook = workbook
        self._drawings = drawings
        self._pack = pack
        self.tables = dict(findings.tables)

    @property
    def facts(self) -> dict[str, Any]:
        """What a sentence needs and no table holds, as plain JSON."""
        return dict(self.findings.facts)

    @property
    def texts(self) -> dict[str, str]:
        """Text files beside the report, by their full names, as ``story.txt``."""
        from simulator.telling.page import texts

        return {**self.findings.files, **texts(self.findings)}

    def __getattr__(self, name: str) -> pd.DataFrame:
        tables = self.__dict__.get("tables", {})
        if name in tables:
            table: pd.DataFrame = tables[name]
            return table
        there = ", ".join(tables) or "none"
        raise AttributeError(f"{type(self).__name__} has no table or attribute {name!r}; tables: {there}")

    def __dir__(self) -> Iterable[str]:
        return sorted({*super().__dir__(), *self.tables})

    def summary(self) -> str:
        """The answer in a few sentences, as the report opens with it."""
        from simulator.telling.page import sentences

        return sentences(self.findings)

    @cached_property
    def figures(self) -> dict[str, Figure]:
        """Every figure of the report by its file name."""
        from simulator.telling.figures import figures_of

        return figures_of(self.findings)

    def plot(self, name: str | None = None) -> Figure:
        """One figure (default: the first). An unknown name is a KeyError that lists those there are."""
        if not self.figures:
            raise KeyError(f"{self.findings.question} has no figures")
        chosen = next(iter(self.figures)) if name is None else name
        if chosen not in self.figures:
            raise KeyError(f"no figure {chosen!r}; there are {', '.join(self.figures)}")
        return self.figures[chosen]

    def report(self, path: Path | str) -> Path:
        """Write the report alone, one HTML file that needs no network. Returns its path."""
        from simulator.telling.folder import page_of
        from simulator.work.disk import AGAIN, save

        target = Path(path)
        save(target, page_of(self.findings, self.figures, self._made_by()).encode(), safe=AGAIN)
        return target

    def save(self, path: Path | str) -> tuple[Path, ...]:
        """Write tables, figures, report and manifest to a folder, all or nothing. Returns the paths."""
        from simulator.telling.folder import write_findings
        from simulator.work.parquet import parquet

        return write_findings(
            self.findings,
            path,
            self._made_by(),
            self.figures if self._drawings is None else self._drawings,
            self._begun,
            kept=self.kept,
            again=self._again,
            workbook=self._workbook,
            pack=self._pack or parquet,
        )

    def draw_in(self, studio: Studio, *, help_out: bool = True) -> None:
        """Begin to draw the figures for `save` beside what this process does; `help_out` as in `Studio.draw`.

        Its Parquet files are made there, too.
        """
        self._drawings = studio.draw(self.findings, help_out=help_out)
        self._pack = studio.pack

    def show(self, out: Path | str | None = None) -> None:
        """Print what the command line prints; once the results lie in `out`, also where."""
        from simulator.telling.folder import show

        show(self.findings, out)

    def _made_by(self) -> list[str]:
        """The command line, or a word for Python: what the manifest calls the maker."""
        asked = self.findings.asked or self.findings.question
        return sys.argv if Path(sys.argv[0]).name == "clti" else ["clti", f"# from Python: sim.{asked}"]

    def __repr__(self) -> str:
        lines = [f"{type(self).__name__} of {self.findings.asked or self.findings.question}:"]
        lines += [
            f"  .{name}: {len(table):,} rows, {', '.join(map(str, table.columns[:8]))}"
            for name, table in self.tables.items()
        ]
        return "\n".join([*lines[:12], *(["  ..."] if len(lines) > 12 else [])])

    def _repr_html_(self) -> str:
        """What a notebook shows: the summary and the tables that the console would print."""
        from simulator.telling.folder import fragment_of

        return fragment_of(self.findings)


def finish(found: Result, out: Path | None) -> None:
    """What a command does with its result: save it to `out`, if there is a place to, and print it."""
    if out is not None:
        found.save(out)
    found.show(out)
