"""`clti samplesize`: closed-form sample sizes."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

SURVIVAL = "Survival"
RATES = "Binary, single-arm, simon"
MEANS = "Means"
WINS = "Win ratio"
AIM = "Aim"
MORE = "What makes a trial larger"


HAZARD = "Hazard in arm {}, or in pieces: RATE:UNTIL,...,RATE."


def main(
    design: Annotated[str, typer.Argument(help="survival, binary, means, win-ratio, single-arm or simon.")],
    alpha: Annotated[float | None, typer.Option(help="One-sided type I error. Default 0.025; one arm 0.05.")] = None,
    power: Annotated[float | None, typer.Option(help="Default 0.9; single-arm 0.85, simon 0.8.")] = None,
    n: Annotated[
        float | None, typer.Option("--n", help="Patients (or events) in all: answer with the power instead.")
    ] = None,
    ratio: Annotated[float | None, typer.Option(help="Patients in arm 1 per patient in arm 0. Default 1.")] = None,
    lost: Annotated[float | None, typer.Option(help="Share of patients who will give no outcome. Default 0.")] = None,
    aim: Annotated[
        str | None, typer.Option(help="superiority (default), non-inferiority or equivalence.", rich_help_panel=AIM)
    ] = None,
    margin: Annotated[
        float | None,
        typer.Option(
            help="The null: a signed difference p1 - p0 or of means (-0.1: ten points fewer), or a hazard ratio (1.3).",
            rich_help_panel=AIM,
        ),
    ] = None,
    looks: Annotated[
        int | None, typer.Option(help="Looks, equally spaced, the last included.", rich_help_panel=MORE)
    ] = None,
    boundary: Annotated[
        str | None,
        typer.Option(help="Boundary of the looks, as in clti boundaries. Default ld-obf.", rich_help_panel=MORE),
    ] = None,
    cluster_size: Annotated[
        float | None, typer.Option(help="Limbs or lesions that each patient brings.", rich_help_panel=MORE)
    ] = None,
    icc: Annotated[
        float | None, typer.Option(help="Correlation between limbs or lesions of a patient.", rich_help_panel=MORE)
    ] = None,
    hazard_ratio: Annotated[float | None, typer.Option(help="Arm 1 over arm 0.", rich_help_panel=SURVIVAL)] = None,
    median_0: Annotated[
        float | None, typer.Option("--median-0", help="Median time in arm 0, any unit.", rich_help_panel=SURVIVAL)
    ] = None,
    median_1: Annotated[
        float | None, typer.Option("--median-1", help="Median time in arm 1.", rich_help_panel=SURVIVAL)
    ] = None,
    hazard_0: Annotated[str | None, typer.Option("--hazard-0", help=HAZARD.format(0), rich_help_panel=SURVIVAL)] = None,
    hazard_1: Annotated[str | None, typer.Option("--hazard-1", help=HAZARD.format(1), rich_help_panel=SURVIVAL)] = None,
    rate_0: Annotated[
        str | None,
        typer.Option(
            "--rate-0", help="Share with the event in arm 0 by --at; several with commas.", rich_help_panel=SURVIVAL
        ),
    ] = None,
    rate_1: Annotated[str | None, typer.Option("--rate-1", help="The same in arm 1.", rich_help_panel=SURVIVAL)] = None,
    at: Annotated[
        str | None, typer.Option("--at", help="Time or times of the rates, with commas.", rich_help_panel=SURVIVAL)
    ] = None,
    accrual: Annotated[
        str | None,
        typer.Option(help="Duration of uniform accrual, or in pieces RATE:DURATION,...", rich_help_panel=SURVIVAL),
    ] = None,
    follow_up: Annotated[
        float | None, typer.Option(help="Follow-up after the last patient, same unit.", rich_help_panel=SURVIVAL)
    ] = None,
    dropout: Annotated[
        str | None, typer.Option(help="Hazard of dropping out, or in pieces. Default 0.", rich_help_panel=SURVIVAL)
    ] = None,
    dropout_0: Annotated[
        str | None, typer.Option("--dropout-0", help="The same of arm 0 alone.", rich_help_panel=SURVIVAL)
    ] = None,
    dropout_1: Annotated[
        str | None, typer.Option("--dropout-1", help="The same of arm 1 alone.", rich_help_panel=SURVIVAL)
    ] = None,
    until: Annotated[
        float | None,
        typer.Option(
            help="Also the difference of restricted means and of survival at this time.", rich_help_panel=SURVIVAL
        ),
    ] = None,
    p0: Annotated[
        float | None, typer.Option("--p0", help="Rate in arm 0, or the rate to be rejected.", rich_help_panel=RATES)
    ] = None,
    p1: Annotated[
        float | None, typer.Option("--p1", help="Rate in arm 1, or the rate hoped for.", rich_help_panel=RATES)
    ] = None,
    difference: Annotated[float | None, typer.Option(help="Difference of means.", rich_help_panel=MEANS)] = None,
    sd: Annotated[float | None, typer.Option(help="Standard deviation in each arm.", rich_help_panel=MEANS)] = None,
    correlation: Annotated[
        float | None, typer.Option(help="Of baseline and outcome, for ANCOVA.", rich_help_panel=MEANS)
    ] = None,
    win_ratio: Annotated[float | None, typer.Option(help="Wins over losses.", rich_help_panel=WINS)] = None,
    ties: Annotated[float | None, typer.Option(help="Share of pairs that are tied.", rich_help_panel=WINS)] = None,
    out: Annotated[Path | None, typer.Option(help="Folder for tables, figure and report.html.")] = None,
) -> None:
    """Sample size of a trial by closed formulas and exact tests.

    For example: clti samplesize single-arm --p0 0.5 --p1 0.7
    """
    given = {name: value for name, value in locals().items() if name not in {"design", "out"}}
    from simulator.face.result import finish
    from simulator.face.samplesize import samplesize
    from simulator.telling.outputs import check_writable

    if out is not None:
        check_writable(out)
    finish(samplesize(design, **given), out)
