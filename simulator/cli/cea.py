"""`clti cea`: decision analysis on anybody's costs and effects."""

from __future__ import annotations

import sys
from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from simulator.cli.options import as_options
from simulator.words.errors import BadInput, Problem, collected

HERE = "command line"


def main(
    file: Annotated[Path, typer.Argument(help="CSV or Parquet table of costs and effects, long or wide.")],
    effects: Annotated[
        Path | None,
        typer.Option(help="Table of effects, where FILE holds costs alone: a column for every option, a row a draw."),
    ] = None,
    parameters: Annotated[Path | None, typer.Option(help="Table of parameters, a row a draw; with --effects.")] = None,
    threshold: Annotated[
        list[float] | None,
        typer.Option("--threshold", "-t", help="Money per unit of effect; repeatable. Default: around the ICERs."),
    ] = None,
    currency: Annotated[str, typer.Option(help="Currency of the costs, for labels.")] = "",
    effect_unit: Annotated[str, typer.Option(help="Unit of the effects, for labels.")] = "QALY",
    comparator: Annotated[
        str | None, typer.Option(help="Option at the origin of the plane. Default: the cheapest.")
    ] = None,
    group: Annotated[
        list[str] | None, typer.Option(help="Parameters valued together, as NAME=PARAMETER,PARAMETER; repeatable.")
    ] = None,
    population: Annotated[
        float | None, typer.Option(help="People per year whom the decision concerns, for population values.")
    ] = None,
    years: Annotated[float | None, typer.Option(help="Years for which the decision stands; with --population.")] = None,
    discount: Annotated[
        float | None, typer.Option(help="Annual discount rate, as 0.03; with --population. Default: none.")
    ] = None,
    negative_costs: Annotated[
        bool, typer.Option("--negative-costs", help="Allow negative costs: increments, or costs net of savings.")
    ] = False,
    point_estimates: Annotated[
        bool, typer.Option("--point-estimates", help="Incremental analysis of means only; one draw is enough.")
    ] = False,
    workbook: Annotated[
        bool,
        typer.Option(
            "--workbook", help="Also write workbook.xlsx, with formulas that follow the threshold; with --out."
        ),
    ] = False,
    out: Annotated[Path | None, typer.Option(help="Folder for tables, figures and report.html.")] = None,
) -> None:
    """Compare options by cost and effect: frontier, acceptability, value of information.

    FILE has one row per draw and option with the columns draw, option, cost, effect, or one row per draw with
    cost_<option> and effect_<option>. Any other column is a parameter whose value of information is estimated. Tables of
    hesim, heemod and heormodel are read as they are; those of BCEA and dampack, which keep costs and effects apart, with
    --effects.
    """
    from simulator.face.cea import cea
    from simulator.telling.folder import show
    from simulator.telling.outputs import check_writable

    problems: list[Problem] = []
    if workbook and (out is None or point_estimates):
        allowed = "only together with --out" if out is None else "not with --point-estimates: it tells draws"
        problems.append(Problem(HERE, "--workbook", "given", allowed))
    groups = _groups(group or [], problems)
    if out is not None:
        collected(partial(check_writable, out), problems)
    found = collected(
        lambda: cea(
            file,
            effects,
            parameters=parameters,
            workbook=workbook,
            thresholds=threshold,
            currency=currency,
            effect_unit=effect_unit,
            comparator=comparator,
            groups=groups,
            population=population,
            years=years,
            discount=discount,
            negative_costs=negative_costs,
            point_estimates=point_estimates,
        ),
        problems,
    )
    if problems or found is None:
        raise BadInput(as_options(problems, "cea", {"thresholds": "threshold", "groups": "group"}))
    if out is not None:
        found.save(out)
    show(found.findings, out)
    if out is None:
        sys.stdout.write("Nothing was written; --out DIR gives tables, figures and a report.\n")


def _groups(texts: list[str], problems: list[Problem]) -> dict[str, list[str]]:
    groups: dict[str, list[str]] = {}
    for text in texts:
        name, equals, members = text.partition("=")
        listed = [member.strip() for member in members.split(",") if member.strip()]
        if not (name.strip() and equals and listed) or name.strip() in groups:
            problems.append(Problem(HERE, "--group", repr(text), "NAME=PARAMETER,PARAMETER with every name once"))
        else:
            groups[name.strip()] = listed
    return groups
