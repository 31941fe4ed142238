"""`clti economics`: what policies cost and gain, and what that means for a decision."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from simulator.cli.ways import ClusterAddress, Workers, way_of
from simulator.words.errors import BadInput, Problem, nearest

HERE = "command line"
OUT = Path("clti-out/economics")
VIEWS = ("sceptical", "central", "optimistic")
WOUNDS = ("all_in", "split")


def main(
    scenario: Annotated[str, typer.Argument(help="A scenario file (TOML), or base or founding_cohort.")] = "base",
    policy: Annotated[
        list[str] | None, typer.Option(help="Compare this policy; repeat for several. Default: the scenario's.")
    ] = None,
    perspective: Annotated[
        str | None,
        typer.Option(
            help="Who pays: italy, uk, czechia or a TOML file, with its country's life table. Default: the scenario's."
        ),
    ] = None,
    wound_costs: Annotated[
        str | None, typer.Option(help="Open wounds at one price (all_in) or with admissions apart (split).")
    ] = None,
    utility_set: Annotated[str | None, typer.Option(help="A, B, C or D; see clti evidence. Never mixed.")] = None,
    view: Annotated[
        str | None,
        typer.Option(help="View of the evidence: sceptical, central or optimistic. Default: the scenario's."),
    ] = None,
    threshold: Annotated[
        list[float] | None,
        typer.Option("--threshold", "-t", help="Money per QALY; repeatable, the first leads. Default: the payer's."),
    ] = None,
    draws: Annotated[int | None, typer.Option(help="Parameter draws. Default: the scenario's.")] = None,
    patients: Annotated[int | None, typer.Option(help="Patients of each draw. Default: the scenario's.")] = None,
    trial: Annotated[
        Path | None,
        typer.Option(help="Output folder of clti trial with the same seed: what that trial is worth, by its size."),
    ] = None,
    workbook: Annotated[
        bool,
        typer.Option("--workbook", help="Also write workbook.xlsx, with formulas that follow prices and utilities."),
    ] = False,
    seed: Annotated[int, typer.Option(help="Seed of the draws, the patients and their luck.")] = 1,
    workers: Workers = None,
    cluster: ClusterAddress = None,
    out: Annotated[Path, typer.Option(help="Folder for tables, figures and report.html.")] = OUT,
) -> None:
    """Costs, QALYs and the decision: incremental and probabilistic analysis, value of information, price, budget.

    Lives are simulated once and kept: with other prices, utilities or thresholds the command only multiplies again. An
    interrupted run goes on where it stopped.
    """
    from simulator.face.result import now
    from simulator.face.value import check_workbook, inputs_of, life_table, valued
    from simulator.questions.value.analysis import check_numbers, main_policy
    from simulator.questions.value.lives import Simulations
    from simulator.questions.value.simulated_trial import SUMMARIES, load_simulated_trial
    from simulator.questions.value.values import values_of
    from simulator.scenario import load_scenario
    from simulator.telling.console import progress
    from simulator.telling.outputs import check_writable

    begun = now()
    problems = _faults(seed, view, wound_costs)
    way = way_of(workers, cluster, problems)
    asked = {
        "perspective": perspective,
        "wound_costs": wound_costs if wound_costs in WOUNDS else None,
        "utility_set": utility_set,
        "thresholds": threshold,
        "draws": draws,
        "patients": patients,
    }
    overrides: dict[str, Any] = {"economics": {key: value for key, value in asked.items() if value is not None}}
    if view in VIEWS:
        overrides["evidence"] = {"view": view}
    loaded = values = None
    try:
        overrides |= life_table(perspective)
    except BadInput as bad:
        overrides["economics"].pop("perspective")
        problems += bad.problems
    try:
        loaded = load_scenario(scenario, policies=policy or None, overrides=overrides)
        main_policy(loaded)
        values = values_of(loaded)
        check_numbers(loaded, values)
        if workbook:
            check_workbook(loaded)
    except BadInput as bad:
        problems += bad.problems
    planned = None
    inputs = {} if loaded is None or values is None else inputs_of(loaded, values)
    try:
        if trial is not None:
            planned = load_simulated_trial(trial, seed, inputs)
            inputs |= {str(trial / SUMMARIES): (trial / SUMMARIES).read_bytes()}
    except BadInput as bad:
        problems += bad.problems
    try:
        check_writable(out)
    except BadInput as bad:
        problems += bad.problems
    if problems or loaded is None:
        raise BadInput(problems)

    found = valued(loaded, seed, Simulations(progress=progress, way=way), planned, inputs, begun, workbook=workbook)
    sys.stderr.write("Tables, figures and report ...\n")
    found.save(out)
    found.show(out)


def _faults(seed: int, view: str | None, wound_costs: str | None) -> list[Problem]:
    problems = []
    if not 0 <= seed < 2**64:
        problems.append(Problem(HERE, "--seed", str(seed), "a whole number, 0 to 2**64 - 1"))
    for option, word, known in (("--view", view, VIEWS), ("--wound-costs", wound_costs, WOUNDS)):
        if word is not None and word not in known:
            problems.append(Problem(HERE, option, repr(word), nearest(word, known)))
    return problems
