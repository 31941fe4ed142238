"""`clti sensitivity`: what drives the answer, by a study file."""

from __future__ import annotations

import sys
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from simulator.cli.options import Centre, as_options
from simulator.cli.ways import ClusterAddress, Workers, way_of
from simulator.words.errors import BadInput, Problem, collected

if TYPE_CHECKING:
    from datetime import datetime

    from simulator.face.sweep import Planned
    from simulator.work.execution import Advance, Part, Plan, Way
    from simulator.work.shards import ShardStore

HERE = "command line"
OUT = Path("clti-out/sensitivity")


def main(
    study: Annotated[
        Path,
        typer.Argument(help="Study file (TOML): parameters, outputs, method, size, seed. Or a shipped name: morris."),
    ],
    centre: Centre = None,
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
    from simulator.face.result import now
    from simulator.face.sweep import study_at
    from simulator.work.processes import EveryCore

    problems: list[Problem] = []
    part = _part(shard, problems)
    way = way_of(workers, cluster, problems, otherwise=EveryCore())
    begun, folder = now(), out or OUT / study.stem
    sweep = collected(lambda: study_at(centre, study), problems)
    collected(lambda: check_folder(folder), problems)
    if problems or sweep is None:
        raise BadInput(as_options(problems, "sweep"))

    store = sweep.store(folder)
    make_runs(sweep, store, way, part)
    if part.of > 1:
        sys.stdout.write(
            f"Part {part.number} of {part.of} is done. When all parts are: clti merge {folder} [OTHER FOLDERS]\n"
        )
        return
    show(sweep, store, folder, begun)


def check_folder(path: Path) -> None:
    """Raise BadInput where the path cannot become the output folder of a study."""
    from simulator.face.sweep import KEPT
    from simulator.telling.outputs import OutputFolder

    OutputFolder(path, command=sys.argv).keep(*KEPT)


def show(sweep: Planned, store: ShardStore, out: Path, begun: tuple[datetime, float]) -> None:
    """Analyse the finished runs, write the output folder and print what they say."""
    from simulator.face.sweep import result_of

    found = result_of(sweep, sweep.runs(store), begun)
    found.save(out)
    found.show(out)


def make_runs(sweep: Planned, store: ShardStore, way: Way | None, part: Part) -> None:
    """Make the missing runs with progress on standard error."""
    from simulator.face.sweep import STUDY, content_of
    from simulator.telling.console import progress
    from simulator.work.disk import save

    save(store.root / STUDY, content_of(sweep))
    with ExitStack() as stack:

        def started(plan: Plan) -> Advance:
            if plan.finished:
                sys.stderr.write(f"{plan.finished:,} of {plan.runs:,} runs are there already.\n")
            elif plan.tasks:
                for why in store.why_not_used():
                    sys.stderr.write(f"{why}\n")
            return stack.enter_context(progress("Runs", plan.runs, done=plan.finished))

        sweep.execute(store, way=way, part=part, started=started)


def _part(text: str | None, problems: list[Problem]) -> Part:
    from simulator.work.execution import Part

    if text is None:
        return Part()
    number, slash, of = text.partition("/")
    if slash and number.isdecimal() and of.isdecimal() and 1 <= int(number) <= int(of):
        return Part(int(number), int(of))
    problems.append(Problem(HERE, "--shard", repr(text), "i/n with i from 1 to n, as 3/8"))
    return Part()
