"""`clti validate`: published studies re-enacted, what was observed against what is predicted."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from simulator.cli.options import as_options
from simulator.cli.ways import ClusterAddress, Workers, way_of
from simulator.words.errors import BadInput, Problem, collected

HERE = "command line"
OUT = Path("clti-out/validate")


def main(
    files: Annotated[
        list[Path] | None, typer.Argument(help="Study files of your own (TOML). Default: the shipped ones.")
    ] = None,
    study: Annotated[
        list[str] | None, typer.Option(help="Only this study, a shipped name or a file; repeat for several.")
    ] = None,
    draws: Annotated[int, typer.Option(help="Joint draws of the clinical parameters.")] = 1000,
    patients: Annotated[int, typer.Option(help="Lives per group and draw, at least.")] = 400,
    structural: Annotated[
        bool, typer.Option(help="Also compare the headline results under structural alternatives.")
    ] = True,
    course: Annotated[
        bool,
        typer.Option(
            "--course", help="Only the course: published figures of what follows what beside the model's own."
        ),
    ] = False,
    seed: Annotated[int, typer.Option(help="Seed of draws, patients and their luck.")] = 1,
    workers: Workers = None,
    cluster: ClusterAddress = None,
    out: Annotated[Path, typer.Option(help="Folder for tables, figures and report.html.")] = OUT,
) -> None:
    """Predict published studies that the model was not fitted to, and say which numbers it misses and why.

    Without arguments every shipped study is predicted, and the course of the disease is set beside published figures. Files of
    your own are predicted alone, or beside those named by --study.
    An interrupted run goes on where it stopped.
    """
    from simulator.face.validate import asked, validate
    from simulator.telling.console import progress
    from simulator.telling.outputs import check_writable

    # A path stands for a file of one's own wherever a study is named.
    named = [name for name in study or [] if not _is_path(name)]
    own = [*(files or []), *(Path(name) for name in study or [] if _is_path(name))]
    problems: list[Problem] = []
    way = way_of(workers, cluster, problems)
    if course:
        problems += [
            Problem(HERE, name, given, "nothing beside --course, which predicts no study")
            for name, given in (("--study", ", ".join(study or [])), ("files", ", ".join(map(str, files or []))))
            if given
        ]
        named, own = [], []
    chosen = None if not named and not own and not course else named
    collected(lambda: asked(chosen, own, draws=draws, patients=patients, seed=seed), problems)
    collected(lambda: check_writable(out), problems)
    if problems:
        raise BadInput(as_options(problems, "validate", {"studies": "study"}))
    found = validate(
        chosen, files=own, draws=draws, patients=patients, structural=structural, seed=seed, way=way, progress=progress
    )
    found.save(out)
    found.show(out)


def _is_path(name: str) -> bool:
    return name.endswith(".toml") or "/" in name or "\\" in name
