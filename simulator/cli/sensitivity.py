"""`clti sensitivity`: what drives the answer, by a study file."""

from __future__ import annotations

import sys
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from simulator.cli.ways import ClusterAddress, Workers, way_of
from simulator.errors import BadInput, Problem

if TYPE_CHECKING:
    from simulator.report.outputs import OutputFolder
    from simulator.sensitivity.policy_sweep import PolicySweep
    from simulator.sensitivity.sweep import Runs, Sweep
    from simulator.sweep.execution import Advance, Part, Plan, Way
    from simulator.sweep.shards import ShardStore

HERE = "command line"
STUDY = "study.json"


def main(
    study: Annotated[
        Path,
        typer.Argument(help="Study file (TOML): parameters, outputs, method, size, seed. Or a shipped name: morris."),
    ],
    workers: Workers = 1,
    cluster: ClusterAddress = None,
    shard: Annotated[
        str | None, typer.Option(help="Make only part i of n, as 3/8, for a batch queue; join with 'clti merge'.")
    ] = None,
    out: Annotated[
        Path | None, typer.Option(help="Folder for runs, tables, figures and report.html. Default: STUDY-results.")
    ] = None,
) -> None:
    """Run a sensitivity study: sample parameters, run the model, and rank what drives each output.

    Methods: one_way, grid, morris, dgsm, sobol, fast, rbd_fast, delta, pawn, regional; and policies, which compares
    policies over every combination of settings and circumstances. Finished runs are kept in the output folder: an
    interrupted study goes on where it stopped, and a larger one reuses them. The result does not depend on how the
    runs are made.
    """
    from simulator.evidence.file_names import is_file
    from simulator.report.outputs import OutputFolder
    from simulator.sensitivity.policy_sweep import sweep_of
    from simulator.sensitivity.study import study_tables

    problems: list[Problem] = []
    part = _part(shard, problems)
    way = way_of(workers, cluster, problems)
    sweep = folder = None
    try:
        sweep = sweep_of(*study_tables(study))
    except BadInput as bad:
        problems += bad.problems
    try:
        inputs = {study.name: study} if is_file(study) else {}
        target = out or Path(f"{study.stem}-results")
        settings = sweep.study.model_dump(mode="json") if sweep is not None else {}
        seed = sweep.study.seed if sweep is not None else None
        folder = OutputFolder(target, command=sys.argv, inputs=inputs, seed=seed, settings=settings)
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


def make_runs(sweep: Sweep | PolicySweep, store: ShardStore, way: Way | None, part: Part) -> None:
    """Make the missing runs with progress on standard error; an interruption says how to go on (exit code 130)."""
    from simulator.report.console import progress
    from simulator.sweep.shards import save

    save(store.root / STUDY, (sweep.study.model_dump_json(indent=2) + "\n").encode())
    done = total = 0
    with ExitStack() as stack:

        def started(plan: Plan) -> Advance:
            nonlocal done, total
            done, total = plan.finished, plan.runs
            if done:
                sys.stderr.write(f"{done:,} of {total:,} runs are there already.\n")
            show = stack.enter_context(progress("Runs", total, done=done))

            def advance(runs: int) -> None:
                nonlocal done
                done += runs
                show(runs)

            return advance

        try:
            sweep.execute(store, way=way, part=part, started=started)
        except KeyboardInterrupt:
            stack.close()
            sys.stderr.write(
                f"Interrupted. {done:,} of {total:,} runs are safe in {store.folder}; "
                "give the same command again to go on.\n"
            )
            raise typer.Exit(130) from None


def show(sweep: Sweep | PolicySweep, store: ShardStore, folder: OutputFolder) -> None:
    """Analyse the finished runs, write the output folder and print what they say."""
    from simulator.report.console import say_where
    from simulator.sensitivity.sweep import Sweep

    runs = sweep.runs(store)
    if isinstance(sweep, Sweep):
        _show_indices(sweep, runs, folder)
    else:
        _show_choices(sweep, runs, folder)
    say_where(folder.path)


def _show_indices(sweep: Sweep, runs: Runs, folder: OutputFolder) -> None:
    from simulator.report.console import print_table
    from simulator.report.sensitivity import answer, ranking, reading_formats, write_study
    from simulator.report.sensitivity_figures import MOST
    from simulator.sensitivity.indices import HEADLINE
    from simulator.sensitivity.results import analyse
    from simulator.sweep.shards import room_in

    results = analyse(sweep, runs)
    write_study(folder, sweep, runs, results)
    with room_in(folder.path):
        folder.write()
    headline = HEADLINE[sweep.design.method.name]
    for output in runs.outputs:
        table = ranking(sweep, results, output).drop(columns=["output", "index"])
        if len(table):
            formats = reading_formats(sweep, table)
            labels = {"value": headline, "se": "Standard error", "noise": "Noise, at most"}
            print_table(table.head(MOST), f"{output}, strongest first", formats, labels=labels)
    for warning in results.warnings:
        sys.stderr.write(f"Note: {warning}\n")
    sys.stdout.write(answer(sweep, results) + "\n")


def _show_choices(sweep: PolicySweep, runs: Runs, folder: OutputFolder) -> None:
    from simulator.report.console import print_table
    from simulator.report.policy_sweep import answer, cell_formats, labels, write_policy_sweep
    from simulator.sensitivity.policy_choice import choose
    from simulator.sweep.shards import room_in

    found = choose(sweep, runs)
    write_policy_sweep(folder, sweep, runs, found)
    with room_in(folder.path):
        folder.write()
    print_table(found.cells, f"Best choice by {sweep.study.by}", cell_formats(found.cells), labels=labels(found.cells))
    sys.stdout.write(answer(sweep, found) + "\n")


def _part(text: str | None, problems: list[Problem]) -> Part:
    from simulator.sweep.execution import Part

    if text is None:
        return Part()
    number, slash, of = text.partition("/")
    if slash and number.isdecimal() and of.isdecimal() and 1 <= int(number) <= int(of):
        return Part(int(number), int(of))
    problems.append(Problem(HERE, "--shard", repr(text), "i/n with i from 1 to n, as 3/8"))
    return Part()
