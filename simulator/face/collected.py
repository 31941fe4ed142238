"""A result whose report is still written in Python: the same face as any other, collected from its `write_*` function."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from functools import cached_property
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

import pandas as pd

from simulator.face.result import Result
from simulator.words.findings import Findings

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from simulator.telling.html import Report

SHOWN = 10
"""Rows of the first table that a notebook shows."""


Folder: TypeAlias = Any
"""What a `write_*` function fills: an `OutputFolder`, or a `Collection` in its place."""


class Collection:
    """A folder in memory: figures as drawings, the report before it is a page. Tables are the result's own."""

    def __init__(self) -> None:
        self.figures: dict[str, Figure] = {}
        self.texts: dict[str, str] = {}
        self.page: Report | None = None

    def table(self, name: str, frame: pd.DataFrame) -> None:
        """Not kept: findings have it."""

    def per_patient(self, name: str, frame: pd.DataFrame) -> None:
        """Not kept: findings have it."""

    def figure(self, name: str, figure: Figure) -> None:
        """Keep a drawing."""
        self.figures[name] = figure

    def workbook(self, name: str, content: bytes) -> None:
        """Not kept: only the folder has it."""

    def text(self, filename: str, text: str) -> None:
        """Keep a text."""
        self.texts[filename] = text

    def report(self, report: Report) -> None:
        """Keep the report."""
        self.page = report


class Collected(Result):
    """A `Result` told by a `write_*` function: `write(folder)` adds everything that the command writes.

    `said` gives the answer in sentences, `printed` prints what the command prints before warnings and the place. Nothing
    is drawn before somebody asks for a figure, the report or the folder. `kept` names what may lie in the folder beside.
    """

    def __init__(
        self,
        findings: Findings,
        write: Callable[[Folder], None],
        said: Callable[[], str],
        printed: Callable[[], None] | None = None,
        begun: tuple[datetime, float] | None = None,
        kept: tuple[str, ...] = (),
    ) -> None:
        super().__init__(findings, begun)
        self._write = write
        self._said = said
        self._printed = printed
        self._kept = kept

    @cached_property
    def _collection(self) -> Collection:
        found = Collection()
        self._write(found)
        return found

    def summary(self) -> str:
        """The answer in a few sentences, as the report opens with it."""
        return self._said()

    @cached_property
    def figures(self) -> dict[str, Figure]:
        """Every figure of the report by its file name."""
        return self._collection.figures

    @property
    def texts(self) -> dict[str, str]:
        """Text files beside the report, by their full names, as ``story.txt``."""
        return self._collection.texts

    def report(self, path: Path | str) -> Path:
        """Write the report alone, one HTML file that needs no network. Returns its path.

        Raises LookupError where the question has no report.
        """
        from simulator.telling.provenance import Provenance

        page = self._collection.page
        if page is None:
            raise LookupError(f"{self.findings.question} has no report; save(path) writes its tables")
        asked = self.findings
        made = Provenance.now(self._made_by(), asked.inputs, asked.seed, asked.settings)
        target = Path(path)
        target.write_text(page.html(made.for_readers(), asked.facts.get("warnings", ())), encoding="utf-8")
        return target

    def save(self, path: Path | str) -> tuple[Path, ...]:
        """Write tables, figures, report and manifest to a folder, all or nothing. Returns the paths."""
        from simulator.telling.folder import opened

        folder = opened(self.findings, path, self._made_by())
        if self._begun is not None:
            folder.provenance = replace(folder.provenance, started=self._begun[0], clock=self._begun[1])
        folder.keep(*self._kept)
        self._write(folder)
        return folder.write()

    def show(self, out: Path | str | None = None) -> None:
        """Print what the command line prints once the results lie in `out`, also where."""
        from simulator.telling.console import console, say_warnings, say_where

        if self._printed is None:
            console().print(self.summary(), soft_wrap=True)
        else:
            self._printed()
        say_warnings(self.findings.facts.get("warnings", ()))
        if out is not None:
            say_where(out)

    def _repr_html_(self) -> str:
        """What a notebook shows: the answer and the beginning of the first table."""
        first = next(iter(self.tables.values()), None)
        rows = "" if first is None else first.head(SHOWN).to_html(index=False, border=0)
        return f"<p>{escape(self.summary())}</p>\n{rows}"
