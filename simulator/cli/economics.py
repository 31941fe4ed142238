"""`clti economics`: what policies cost and gain, and what that means for a decision."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from simulator.cli.options import Centre, Policies, ScenarioName, as_options
from simulator.cli.ways import ClusterAddress, Workers, way_of
from simulator.words.errors import BadInput, Problem, collected

OUT = Path("clti-out/economics")


def main(
    scenario: ScenarioName = "base",
    policy: Policies = None,
    perspective: Annotated[
        str | None,
        typer.Option(
            help="Who pays: italy, uk, czechia, netherlands, usa, usa_society, germany, spain or a TOML file, with its country's"
            " life table. Default: the scenario's."
        ),
    ] = None,
    wound_costs: Annotated[
        str | None, typer.Option(help="Open wounds at one price (all_in) or with admissions apart (split).")
    ] = None,
    utility_set: Annotated[str | None, typer.Option(help="A, B, C or D; see clti evidence. Never mixed.")] = None,
    value_set: Annotated[
        str | None,
        typer.Option(
            help="EQ-5D value set of utilities and norm: 3L, as published, or 5L, mapped. Default: the scenario's."
        ),
    ] = None,
    view: Annotated[
        str | None,
        typer.Option(help="View of the evidence: sceptical, central or optimistic. Default: the scenario's."),
    ] = None,
    centre: Centre = None,
    focus: Annotated[
        str | None,
        typer.Option(
            help="The policy of the one-way analysis, the budget and the trial. Default: the highest net benefit."
        ),
    ] = None,
    threshold: Annotated[
        list[float] | None,
        typer.Option(
            "--threshold",
            "-t",
            help="Money per QALY, in the currency of the results; repeatable, the first leads. Default: the payer's.",
        ),
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
    from simulator.telling.studio import studio

    # Beside the loading and the analysis of this process another one loads what it takes to draw.
    with studio("value") as drawer:
        from simulator.face.value import answered, asked
        from simulator.telling.console import progress
        from simulator.telling.outputs import check_writable

        problems: list[Problem] = []
        way = way_of(workers, cluster, problems)
        checked = collected(
            lambda: asked(
                scenario,
                policy or None,
                view=view,
                centre=centre,
                trial=trial,
                seed=seed,
                perspective=perspective,
                wound_costs=wound_costs,
                utility_set=utility_set,
                value_set=value_set,
                focus=focus,
                thresholds=threshold,
                draws=draws,
                patients=patients,
                workbook=workbook,
            ),
            problems,
        )
        collected(lambda: check_writable(out), problems)
        if problems or checked is None:
            raise BadInput(as_options(problems, "value", {"thresholds": "threshold"}))
        found = answered(checked, way, progress, beside=drawer.beside)
        sys.stderr.write("Tables, figures and report ...\n")
        found.draw_in(drawer)
        found.save(out)
        found.show(out)
