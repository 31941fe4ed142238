"""`clti trial`: a trial's operating characteristics from simulated lives."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import Annotated

import typer

from simulator.words.errors import BadInput, Problem

HERE = "command line"
OUT = Path("clti-out/trial")
TRUTHS = ("scenario", "null", "posterior")
STATED_TRUTHS = ("stated", "stated_null")


def main(
    design: Annotated[str, typer.Argument(help="A design file (TOML), or the name of a shipped design.")],
    trials: Annotated[int, typer.Option(help="Simulated trials for each truth.")] = 10_000,
    seed: Annotated[int, typer.Option(help="Seed of the patients and their luck.")] = 1,
    truth: Annotated[
        list[str] | None,
        typer.Option(
            help="stated, stated_null (what the design states; the same without its effect), scenario, null (no effect; with "
            "a margin, on it), alike, posterior (assurance), draw:NUMBER, sceptical, central or optimistic; repeat for "
            "several. Default: scenario, null and posterior, after stated and stated_null where the design states rates."
        ),
    ] = None,
    power: Annotated[float | None, typer.Option(help="Power that sizes are for. Default: the design's.")] = None,
    quick: Annotated[bool, typer.Option("--quick", help="No search for the size, no curves.")] = False,
    export: Annotated[
        int, typer.Option(help="Write the data of so many trials: patients.csv and visits.csv.", metavar="TRIALS")
    ] = 0,
    workers: Annotated[int | None, typer.Option(help="Threads. Default: all processors.")] = None,
    out: Annotated[Path, typer.Option(help="Folder for tables, figures and report.html.")] = OUT,
) -> None:
    """Power, type I error, assurance, size and duration of a trial, from simulated patients.

    The design file names the arms, the endpoints and their tests, accrual, looks and stopping rules; the truth is a
    scenario. Shipped designs are listed when DESIGN is not found. The same command goes on where it was interrupted.
    """
    from simulator.questions.trial.design_reading import load_design
    from simulator.questions.trial.finished import FinishedTrials
    from simulator.questions.trial.simulation import Simulation
    from simulator.questions.trial.study import study_design
    from simulator.questions.trial.truth import STATED_NAMES, name_problems, trial_caveats
    from simulator.scenario.changes import changes
    from simulator.telling.console import console, print_table, progress, say_warnings, say_where
    from simulator.telling.outputs import OutputFolder
    from simulator.telling.trial import ENDPOINT_FORMATS, ENDPOINT_LABELS, answer, characteristics_table, write_trial

    problems = _faults(trials, seed, power, export, workers)
    planned = folder = None
    try:
        planned = load_design(design)
    except BadInput as bad:
        problems += bad.problems
    usual = (*STATED_TRUTHS, *TRUTHS) if planned is not None and planned.design.stated else TRUTHS
    truths = tuple(dict.fromkeys(truth or usual))
    stated = [name for name in truths if name in STATED_NAMES]
    if stated and planned is not None and not planned.design.stated:
        problems += [
            Problem(HERE, "--truth", repr(name), "only with a design that has [[stated]] rates") for name in stated
        ]
    problems += [problem for name in truths for problem in name_problems(name)]
    try:
        settings = {"trials": trials, "truths": list(truths)}
        if planned is not None:
            settings |= {"scenario": planned.scenario.hash, "design": planned.design.model_dump(mode="json")}
        inputs = planned.inputs if planned is not None else {}
        warnings = () if planned is None else trial_caveats(planned, truths, trials)
        differ = () if planned is None else changes(planned.scenario)
        folder = OutputFolder(
            out,
            command=sys.argv,
            inputs=inputs,
            seed=seed,
            settings=settings,
            warnings=warnings,
            changes=differ,
        )
    except BadInput as bad:
        problems += bad.problems
    if problems or planned is None or folder is None:
        raise BadInput(problems)

    begun = time.perf_counter()
    kept = FinishedTrials.beside(out, planned.scenario, seed)
    folder.keep(f"{kept.folder.name}/")
    simulation = Simulation(planned, seed, trials, workers, kept)
    fresh = not out.exists()
    try:
        with kept.pieces.going_on():
            study = study_design(simulation, truths, quick=quick, target=power, export=export, stage=progress)
    except BadInput:
        kept.pieces.remove()
        if fresh and out.exists():
            out.rmdir()
        raise
    write_trial(folder, study)
    folder.write()
    kept.pieces.remove()
    readable = characteristics_table(study.characteristics)
    print_table(readable.table, planned.design.label, readable.formats, labels=readable.labels)
    shown = study.endpoints.drop(columns=["outcome", "scale"])
    print_table(shown, f"Endpoints, for a power of {study.target:.0%}", ENDPOINT_FORMATS, labels=ENDPOINT_LABELS)
    for line in filter(None, (answer(study), planned.design.note)):
        console().print(line, markup=False)
    say_warnings(folder.warnings)
    sys.stderr.write(f"{trials:,} trials for {', '.join(truths)}: {time.perf_counter() - begun:.1f} s in all.\n")
    say_where(folder.path)


def _faults(trials: int, seed: int, power: float | None, export: int, workers: int | None) -> list[Problem]:
    problems = []
    if not 2 <= trials <= 1_000_000:
        problems.append(Problem(HERE, "--trials", str(trials), "a whole number, 2 to 1,000,000"))
    if not 0 <= seed < 2**64:
        problems.append(Problem(HERE, "--seed", str(seed), "a whole number, 0 to 2**64 - 1"))
    if power is not None and not 0.1 <= power < 1.0:
        problems.append(Problem(HERE, "--power", f"{power:g}", "0.1 or more and below 1"))
    if not 0 <= export <= 1_000:
        problems.append(Problem(HERE, "--export", str(export), "a number of trials, 0 to 1,000"))
    if workers is not None and not 1 <= workers <= 256:
        problems.append(Problem(HERE, "--workers", str(workers), "1 to 256"))
    return problems
