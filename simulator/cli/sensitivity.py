"""`clti sensitivity`: what drives the answer, by a study file."""

from __future__ import annotations

import sys
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from simulator.cli.ways import ClusterAddress, Workers, way_of
from simulator.words.errors import BadInput, Problem

if TYPE_CHECKING:
    from simulator.questions.sweep.policy_sweep import PolicySweep
    from simulator.questions.sweep.study import Planned
    from simulator.questions.sweep.sweep import Runs, Sweep
    from simulator.telling.outputs import OutputFolder
    from simulator.work.execution import Advance, Part, Plan, Way
    from simulator.work.shards import ShardStore

HERE = "command line"
OUT = Path("clti-out/sensitivity")
STUDY = "study.json"
"""The whole study, as the folder of its runs keeps it."""
KEPT = (STUDY, "shards/")
"""What a study keeps in its output folder beside its results."""


def main(
    study: Annotated[
        Path,
        typer.Argument(help="Study file (TOML): parameters, outputs, method, size, seed. Or a shipped name: morris."),
    ],
    workers: Workers = None,
    cluster: ClusterAddress = None,
    shard: Annotated[
        str | None, typer.Option(help="Make only part i of n, as 3/8, for a batch queue; join with 'clti merge'.")
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(help="Folder for runs, tables, figures and report.html. Default: clti-out/sensitivity/STUDY."),
    ] = None,
) -> None:
    """Run a sensitivity study: sample parameters, run the model, and rank what drives each output.

    Methods: one_way, grid, morris, dgsm, sobol, fast, rbd_fast, pawn, regional; and policies, which compares
    policies over every combination of settings and circumstances. Finished runs are kept in the output folder: an
    interrupted study goes on where it stopped, and a larger one reuses them. The result does not depend on how the
    runs are made.
    """
    from simulator.questions.sweep.policy_sweep import sweep_of
    from simulator.questions.sweep.study import study_tables
    from simulator.work.processes import EveryCore

    problems: list[Problem] = []
    part = _part(shard, problems)
    way = way_of(workers, cluster, problems, otherwise=EveryCore())
    sweep = folder = None
    try:
        sweep = sweep_of(*study_tables(study))
    except BadInput as bad:
        problems += bad.problems
    try:
        folder = output_folder(out or OUT / study.stem, sweep)
    except BadInput as bad:
        problems += bad.problems
    if problems or sweep is None or folder is None:
        raise BadInput(problems)

    store = sweep.store(folder.path)
    make_runs(sweep, store, way, part)
    if part.of > 1:
        sys.stdout.write(
            f"Part {part.number} of {part.of} is done. When all parts are: clti merge {folder.path} [OTHER FOLDERS]\n"
        )
        return
    show(sweep, store, folder)


def content_of(study: Planned) -> bytes:
    """A study as its folder keeps it."""
    return (study.model_dump_json(indent=2) + "\n").encode()


def output_folder(path: Path, sweep: Sweep | PolicySweep | None) -> OutputFolder:
    """The output folder of a study, whose files say nothing of how its runs were made but for `manifest.json`."""
    from simulator.telling.outputs import OutputFolder

    study = None if sweep is None else sweep.study
    folder = OutputFolder(
        path,
        command=sys.argv,
        inputs={} if study is None else {STUDY: content_of(study)},
        seed=None if study is None else study.seed,
        settings={} if study is None else study.model_dump(mode="json"),
        warnings=() if sweep is None else sweep.notes,
        again=("sensitivity", STUDY),
        changes=() if sweep is None else sweep.changes,
    )
    folder.keep(*KEPT)
    return folder


def make_runs(sweep: Sweep | PolicySweep, store: ShardStore, way: Way | None, part: Part) -> None:
    """Make the missing runs with progress on standard error."""
    from simulator.telling.console import progress
    from simulator.work.disk import save

    save(store.root / STUDY, content_of(sweep.study))
    with ExitStack() as stack:

        def started(plan: Plan) -> Advance:
            if plan.finished:
                sys.stderr.write(f"{plan.finished:,} of {plan.runs:,} runs are there already.\n")
            elif plan.tasks:
                for why in store.why_not_used():
                    sys.stderr.write(f"{why}\n")
            return stack.enter_context(progress("Runs", plan.runs, done=plan.finished))

        sweep.execute(store, way=way, part=part, started=started)


def show(sweep: Sweep | PolicySweep, store: ShardStore, folder: OutputFolder) -> None:
    """Analyse the finished runs, write the output folder and print what they say."""
    from simulator.questions.sweep.sweep import Sweep
    from simulator.telling.console import say_warnings, say_where

    runs = sweep.runs(store)
    if isinstance(sweep, Sweep):
        _show_indices(sweep, runs, folder)
    else:
        _show_choices(sweep, runs, folder)
    say_warnings(folder.warnings)
    say_where(folder.path)


def _show_indices(sweep: Sweep, runs: Runs, folder: OutputFolder) -> None:
    from simulator.questions.sweep.results import analyse
    from simulator.telling.console import print_table
    from simulator.telling.sensitivity import answer, ranking, reading, write_study
    from simulator.telling.sensitivity_figures import MOST

    results = analyse(sweep, runs)
    write_study(folder, sweep, runs, results)
    folder.write()
    for output in runs.outputs:
        table, formats, labels = reading(sweep, ranking(sweep, results, output))
        if len(table):
            print_table(table.head(MOST), f"{output}, strongest first", formats, labels=labels)
    for warning in results.warnings:
        sys.stderr.write(f"Note: {warning}\n")
    sys.stdout.write(answer(sweep, results) + "\n")


def _show_choices(sweep: PolicySweep, runs: Runs, folder: OutputFolder) -> None:
    from simulator.questions.sweep.policy_choice import choose
    from simulator.telling.console import print_table
    from simulator.telling.policy_sweep import answer, cell_formats, labels, write_policy_sweep

    found = choose(sweep, runs)
    write_policy_sweep(folder, sweep, runs, found)
    folder.write()
    print_table(found.cells, f"Best choice by {sweep.study.by}", cell_formats(found.cells), labels=labels(found.cells))
    sys.stdout.write(answer(sweep, found) + "\n")


def _part(text: str | None, problems: list[Problem]) -> Part:
    from simulator.work.execution import Part

    if text is None:
        return Part()
    number, slash, of = text.partition("/")
    if slash and number.isdecimal() and of.isdecimal() and 1 <= int(number) <= int(of):
        return Part(int(number), int(of))
    problems.append(Problem(HERE, "--shard", repr(text), "i/n with i from 1 to n, as 3/8"))
    return Part()
