"""`clti validate`: published studies re-enacted, what was observed against what is predicted."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from simulator.cli.ways import ClusterAddress, Workers, way_of
from simulator.words.errors import BadInput, Problem

HERE = "command line"
OUT = Path("clti-out/validate")
COURSE = "calibration/course.toml"


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
    if course:
        _course_alone(study or [], files or [], seed, out)
        return
    from simulator.evidence import load_register
    from simulator.face.validate import validate
    from simulator.questions.validate import load_studies
    from simulator.questions.validate.own_therapies import with_own_therapies
    from simulator.telling.console import progress
    from simulator.telling.outputs import check_writable

    problems = [
        Problem(HERE, option, str(value), allowed)
        for option, value, low, high, allowed in (
            ("--draws", draws, 2, 100_000, "a whole number, 2 to 100,000"),
            ("--patients", patients, 10, 4_000, "a whole number, 10 to 4,000"),
            ("--seed", seed, 0, 2**63 - 1, "a whole number, 0 to 2**63 - 1"),
        )
        if not low <= value <= high
    ]
    way = way_of(workers, cluster, problems)
    # A path stands for a file of one's own wherever a study is named.
    named = [name for name in study or [] if not _is_path(name)]
    own = [*(files or []), *(Path(name) for name in study or [] if _is_path(name))]
    checks = (
        lambda: load_studies(with_own_therapies(load_register(), own)[0], named, own),
        lambda: check_writable(out),
    )
    for check in checks:
        try:
            check()
        except BadInput as bad:
            problems += bad.problems
    if problems:
        raise BadInput(problems)
    found = validate(
        None if not named and not own else named,
        files=own,
        draws=draws,
        patients=patients,
        structural=structural,
        seed=seed,
        way=way,
        progress=progress,
    )
    found.save(out)
    found.show(out)


def _is_path(name: str) -> bool:
    return name.endswith(".toml") or "/" in name or "\\" in name


def _course_alone(study: list[str], files: list[Path], seed: int, out: Path) -> None:
    """The course check without any study."""
    from simulator.evidence import load_register
    from simulator.questions.course import check, load_course
    from simulator.questions.validate import evidence_files
    from simulator.telling.console import console, print_table, progress, say_where
    from simulator.telling.course import COVERED, LABELS, answer, formats, readable, with_course, write_course
    from simulator.telling.html import Report
    from simulator.telling.outputs import OutputFolder

    problems = [
        Problem(HERE, name, given, "nothing beside --course, which predicts no study")
        for name, given in (("--study", ", ".join(study)), ("files", ", ".join(map(str, files))))
        if given
    ]
    if not 0 <= seed < 2**63:
        problems.append(Problem(HERE, "--seed", str(seed), "a whole number, 0 to 2**63 - 1"))
    register = load_register()
    figures = folder = None
    try:
        figures = load_course(register=register)
        inputs = {COURSE: figures.content, **evidence_files()}
        folder = OutputFolder(out, sys.argv, inputs=inputs, seed=seed, settings={"register": register.hash()})
    except BadInput as bad:
        problems += bad.problems
    if problems or figures is None or folder is None:
        raise BadInput(problems)
    with progress("Figures of the course", len(figures.figures)) as advance:
        found = check(figures, register, seed=seed, advance=advance)
    page = with_course(Report("The course of the disease", answer(found)), found, write_course(folder, found))
    folder.report(page)
    folder.write()
    for theme, rows in found.table.groupby("theme", sort=False):
        print_table(readable(rows), str(theme), formats(), labels=LABELS)
    print_table(found.coverage, "Inside their interval", COVERED)
    console().print(answer(found))
    say_where(out)
