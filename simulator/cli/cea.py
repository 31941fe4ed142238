"""`clti cea`: decision analysis on anybody's costs and effects."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from simulator.words.errors import BadInput, Problem

if TYPE_CHECKING:
    from simulator.questions.value.decision import Decision
    from simulator.questions.value.population import Population
    from simulator.telling.decision_figures import Units
    from simulator.telling.outputs import OutputFolder

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
    hesim and heemod are read as they are; those of BCEA and dampack, which keep costs and effects apart, with --effects.
    """
    from simulator.evidence.file_names import is_file
    from simulator.evidence.label import ALLOWED, is_label
    from simulator.questions.value.decision import choice_problems, decide, threshold_problems
    from simulator.questions.value.reading import read_results
    from simulator.telling import decision as reading
    from simulator.telling.console import print_table, say_where
    from simulator.telling.decision_figures import Units
    from simulator.telling.outputs import OutputFolder
    from simulator.telling.workbook.decision_sheets import options_problems

    problems = threshold_problems(threshold or [])
    for option, words in (("--currency", currency), ("--effect-unit", effect_unit)):
        if words and not is_label(words):
            problems.append(Problem(HERE, option, repr(words), ALLOWED))
    if workbook and (out is None or point_estimates):
        allowed = "only together with --out" if out is None else "not with --point-estimates: it tells draws"
        problems.append(Problem(HERE, "--workbook", "given", allowed))
    people = _population(population, years, discount, problems)
    groups = _groups(group or [], problems)
    folder = results = None
    inputs = {each.name: each for each in (file, effects, parameters) if each is not None and is_file(each)}
    try:
        if out is not None:
            folder = OutputFolder(out, command=sys.argv, inputs=inputs)
    except BadInput as bad:
        problems += bad.problems
    try:
        results = read_results(file, effects=effects, parameters=parameters, negative_costs=negative_costs)
        problems += choice_problems(results, comparator, groups, point_estimates=point_estimates)
        if workbook:
            problems += options_problems(results.options, results.source)
    except BadInput as bad:
        problems += bad.problems
    if problems or results is None:
        raise BadInput(problems)

    found = decide(
        results, threshold, comparator=comparator, groups=groups, population=people, point_estimates=point_estimates
    )
    units = Units(currency.strip(), effect_unit.strip() or "unit")
    shown = [("Fully incremental analysis", reading.frontier_table(found, units))]
    if found.curves is not None:
        shown.append(("At the thresholds", reading.threshold_table(found, units)))
        shown.append(("Value of information", reading.information_table(found, units)))
    if folder is not None:
        _write(folder, found, units, workbook=workbook)
    for title, readable in shown:
        print_table(readable.table, title, readable.formats, labels=readable.labels)
    sys.stdout.write("\n".join([reading.answer(found, units), *found.remarks]) + "\n")
    if folder is None:
        sys.stdout.write("Nothing was written; --out DIR gives tables, figures and a report.\n")
    else:
        say_where(folder.path)


def _write(folder: OutputFolder, found: Decision, units: Units, *, workbook: bool) -> None:
    from simulator.telling import decision as reading
    from simulator.telling.workbook.decision import decision_workbook

    tables = {
        "totals": found.totals,
        "frontier": found.frontier,
        "against": found.against,
        "ceac": found.curves,
        "voi": found.information,
    }
    with folder:
        for name, table in tables.items():
            if table is not None:
                folder.table(name, table)
        if workbook:
            made = folder.provenance.for_readers()
            folder.workbook("workbook", decision_workbook(found, units.currency, units.effect, made))
        figures = reading.decision_figures(found, units)
        for name, figure in figures.items():
            folder.figure(name, figure)
        folder.report(
            reading.decision_report(
                found, units, figures, f"Cost-effectiveness of {len(found.results.options)} options"
            )
        )


def _population(
    per_year: float | None, years: float | None, discount: float | None, problems: list[Problem]
) -> Population | None:
    from simulator.questions.value.population import Population

    if per_year is None:
        for name, value in (("--years", years), ("--discount", discount)):
            if value is not None:
                problems.append(Problem(HERE, name, f"{value:g}", "only together with --population"))
        return None
    if years is None:
        problems.append(Problem(HERE, "--years", "not given", "the years for which the decision stands"))
        return None
    try:
        return Population(per_year, years, discount or 0.0)
    except BadInput as bad:
        problems += bad.problems
        return None


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
