"""Findings as files: tables, figures, report and manifest in one folder, or one page, or a fragment of a page."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any

from simulator.telling.console import console, print_text, say_warnings, say_where
from simulator.telling.drawing import Drawn
from simulator.telling.figures import figures_of
from simulator.telling.outputs import OutputFolder, Pack
from simulator.telling.page import console_tables, page, sentences, texts
from simulator.telling.provenance import Provenance
from simulator.words.findings import Findings
from simulator.work.parquet import parquet

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    Figures = Mapping[str, Figure | Drawn]


def opened(
    findings: Findings,
    path: Path | str,
    command: Sequence[str],
    again: Sequence[str] | None = None,
    pack: Pack = parquet,
) -> OutputFolder:
    """The folder that findings will be written to; a path that cannot become one is a BadInput at once."""
    return OutputFolder(
        path,
        command,
        inputs=findings.inputs,
        seed=findings.seed,
        settings=findings.settings,
        warnings=findings.facts.get("warnings", ()),
        changes=findings.facts.get("changes", ()),
        again=again,
        pack=pack,
    )


def write_findings(
    findings: Findings,
    path: Path | str,
    command: Sequence[str],
    figures: Figures | Callable[[], Figures] | None = None,
    begun: tuple[datetime, float] | None = None,
    *,
    kept: Sequence[str] = (),
    again: Sequence[str] | None = None,
    workbook: Callable[[Mapping[str, Any]], bytes] | None = None,
    pack: Pack = parquet,
) -> tuple[Path, ...]:
    """Write everything, all or nothing. `begun` is when the work began (date, monotonic clock). Returns the paths.

    `kept` names what the command itself keeps in the folder beside its results, `again` the command that makes the same
    result where several do; `workbook` gives workbook.xlsx from what readers are told of where the numbers come from.
    """
    folder = opened(findings, path, command, again, pack)
    folder.keep(*kept)
    if begun is not None:
        folder.provenance = replace(folder.provenance, started=begun[0], clock=begun[1])
    fill(folder, findings, figures)
    if workbook is not None:
        folder.workbook("workbook", workbook(folder.provenance.for_readers()))
    return folder.write()


def fill(folder: OutputFolder, findings: Findings, figures: Figures | Callable[[], Figures] | None = None) -> None:
    """Add every table, text, figure and the report of findings to an output folder; whoever draws is waited for last."""
    for name, table in findings.tables.items():
        if f"{name}.csv" in findings.files:
            continue
        if name in findings.per_row:
            folder.per_patient(name, table)
        else:
            folder.table(name, table)
        if name in findings.twice:
            folder.per_patient(name, table)
    for filename, content in {**findings.files, **texts(findings)}.items():
        folder.text(filename, content)
    drawn = figures_of(findings) if figures is None else figures() if callable(figures) else figures
    pictures = {name: Drawn.of(figure, name) for name, figure in drawn.items()}
    for name, picture in pictures.items():
        folder.figure(name, picture)
    folder.text("report.html", page(findings, pictures, folder.provenance.for_readers()))


def page_of(findings: Findings, figures: Mapping[str, Figure], command: Sequence[str]) -> str:
    """The report as one HTML page."""
    made = Provenance.now(
        command, findings.inputs, findings.seed, findings.settings, changes=findings.facts.get("changes", ())
    )
    return page(findings, figures, made.for_readers())


def show_tables(findings: Findings, told: Collection[str] = ()) -> tuple[str, ...]:
    """Print the tables that the question shows in a terminal but for those `told` already, and return the titles of all."""
    screen = console()
    titles = []
    for title, content in console_tables(findings, screen.width):
        if title not in told:
            print_text(content, title, on=screen)
        titles.append(title)
    screen.file.flush()
    return tuple(titles)


def show(findings: Findings, out: Path | str | None, told: Collection[str] = (), text: str = "") -> None:
    """Print the answer in a terminal: tables, sentences, what to keep in mind, and where the whole lies, if anywhere.

    `told` are the titles of tables that were printed before. A `text` stands before the tables and in place of the sentences.
    """
    screen = console()
    if text:
        screen.print(text)
    show_tables(findings, told)
    if not text:
        screen.print(sentences(findings))
    say_warnings(findings.facts.get("warnings", ()), on=screen)
    closing = sentences(findings, "closing")
    if closing:
        screen.print(closing)
    if out is not None:
        say_where(out, on=screen)


def fragment_of(findings: Findings) -> str:
    """The summary and the console's tables as HTML without a page around them, for notebooks."""
    parts = [f"<p>{escape(sentences(findings))}</p>"]
    for title, content in console_tables(findings, 100):
        head = "".join(f"<th>{escape(text)}</th>" for text in content.headings)
        body = "".join("<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>" for row in content.rows)
        parts.append(
            f"<table><caption>{escape(title)}</caption><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
        )
    return "\n".join(parts)
