"""`clti validate`: published studies re-enacted, what was observed against what is predicted."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from simulator.cli.ways import ClusterAddress, Workers, way_of
from simulator.words.errors import BadInput, Problem

if TYPE_CHECKING:
    from simulator.questions.validate import Study

HERE = "command line"
OUT = Path("clti-out/validate")
COURSE = "calibration/course.toml"


def main(
    files: Annotated[
        list[Path] | None, typer.Argument(help="Study files of your own (TOML). Default: the shipped ones.")
    ] = None,
    study: Annotated[list[str] | None, typer.Option(help="Only this shipped study; repeat for several.")] = None,
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
    from simulator.compiling import announced
    from simulator.evidence import load_register
    from simulator.evidence.posterior import spent
    from simulator.questions.course import check, load_course
    from simulator.questions.validate import evidence_files, load_listed, load_studies, validate
    from simulator.questions.validate.ladder import control_arm_ladder
    from simulator.questions.validate.structural import compare_structures, load_structural
    from simulator.telling.console import console, print_table, progress, say_warnings, say_where
    from simulator.telling.formats import number
    from simulator.telling.outputs import OutputFolder
    from simulator.telling.validation import COVERED, answer, patterns, write_validation
    from simulator.work.disk import cache_folder

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
    register = load_register()
    whole = not study and not files
    studies: dict[str, Study] = {}
    inputs: dict[str, bytes] = {}
    plan = None
    figures = None
    folder = None
    try:
        studies, inputs = load_studies(register, study or (), files or ())
        if structural and whole:
            plan, read = load_structural()
            inputs |= read
        if whole:
            figures = load_course(register=register)
            inputs[COURSE] = figures.content
        inputs |= evidence_files()
    except BadInput as bad:
        problems += bad.problems
    try:
        settings = {"draws": draws, "patients": patients, "studies": len(studies), "register": register.hash()}
        exhausted = spent(register, draws)
        warnings = [exhausted] if exhausted else []
        folder = OutputFolder(
            out, command=sys.argv, inputs=dict(inputs), seed=seed, settings=settings, warnings=warnings
        )
    except BadInput as bad:
        problems += bad.problems
    if problems or folder is None:
        raise BadInput(problems)

    listed = load_listed(register.sources) if whole else {}
    with announced("the re-enactment of studies"):
        validate(dict(list(studies.items())[:1]), {}, register, 2, 10, seed, founding=False)
    kept = cache_folder("predictions")
    with progress("Predicting studies", 2 * draws * len(studies)) as advance:
        found = validate(studies, listed, register, draws, patients, seed, whole, advance, kept, way)
    ladder = control_arm_ladder(studies, found.table, found.details, register, seed)
    structures = None
    if plan is not None:
        with progress("Structural alternatives", len(plan.alternative)) as advance:
            structures = compare_structures(plan, 20_000, seed, advance)
    against = None if figures is None else check(figures, register, seed=seed)
    write_validation(folder, found, ladder, structures, against)
    folder.write()
    if len(studies) <= 3:
        formats = {
            "observed": number(3, low="low", high="high"),
            "predicted": number(3, low="predicted_low", high="predicted_high"),
            "n": number(0),
        }
        print_table(found.table, "Observed and predicted", formats)
    elif len(found.misses):
        shown = found.misses[["study", "quantity", "observed", "predicted", "predicted_low", "predicted_high"]]
        print_table(
            shown,
            "Outside",
            {"observed": number(3), "predicted": number(3, low="predicted_low", high="predicted_high")},
        )
    print_table(found.coverage, "Inside their 95% predictive intervals", COVERED)
    screen = console()
    for line in patterns(found):
        screen.print(line)
    screen.print(answer(found))
    say_warnings(folder.warnings, on=screen)
    say_where(out)


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
