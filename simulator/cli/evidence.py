"""`clti evidence`: every number the model reads, where it comes from and how far it can be trusted."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from simulator.words.errors import BadInput, Problem

if TYPE_CHECKING:
    import pandas as pd

    from simulator.face.register import Located
    from simulator.scenario import Scenario

HERE = "command line"
STRONGEST = 5
"""Values shown for each headline result; the file has all of them."""

SHOWN_OF_RELIANCE = ("outcome", "reference", "parameter", "grade", "base", "at_low", "at_high")


def main(
    grade: Annotated[
        list[str] | None,
        typer.Option(help="Only this grade: published, derived, recalled or assumption; repeat for several."),
    ] = None,
    group: Annotated[
        list[str] | None, typer.Option(help="Only this group, as in death or 'prices italy'; repeat for several.")
    ] = None,
    name: Annotated[
        list[str] | None,
        typer.Option(
            help="The full card of this parameter, or a list of all whose names hold this word; repeat for several."
        ),
    ] = None,
    whole: Annotated[bool, typer.Option("--all", help="List every value, group after group.")] = False,
    sources: Annotated[bool, typer.Option("--sources", help="List the publications instead.")] = False,
    reliance: Annotated[
        bool, typer.Option("--reliance", help="Say instead which headline results rest on recalled or assumed values.")
    ] = False,
    policy: Annotated[
        str | None,
        typer.Option(
            help="With --reliance: results of this policy, as arterialisation. Default: the scenario's main one."
        ),
    ] = None,
    scenario: Annotated[
        str, typer.Option(help="With --reliance: a scenario file (TOML), or base or founding_cohort.")
    ] = "base",
    out: Annotated[
        Path | None, typer.Option(help="Folder for evidence.csv and sources.csv, and reliance.csv with --reliance.")
    ] = None,
) -> None:
    """Say where the numbers come from: value, unit, 95% limits, grade and source of parameters, prices and utilities.

    Without options the groups are counted; --group, --grade, --name and --all list what is in them.
    """
    from simulator.evidence.catalogue import catalogue, sources_table
    from simulator.face.register import leaning, located, moved, register

    if not reliance and (policy is not None or scenario != "base"):
        said = [("--policy", policy)] * (policy is not None) + [("--scenario", scenario)] * (scenario != "base")
        raise BadInput([Problem(HERE, key, repr(value), "only with --reliance") for key, value in said])
    words = name or []
    chosen = located(catalogue(), grade or [], group or [], words, HERE, "--")
    if out is not None:
        register(
            grade=grade or (), group=group or (), name=words, reliance=reliance, scenario=scenario, policy=policy
        ).save(out)
    if reliance:
        _print_reliance(moved(scenario, policy), leaning(scenario, policy))
    elif sources:
        _print_sources(sources_table())
    elif words and {parameter.name for _, parameter in chosen} <= set(words):
        _print_cards(chosen)
    elif grade or group or words or whole:
        _print_list(chosen)
    else:
        _print_groups(chosen)
    if out is not None:
        from simulator.telling.console import say_where

        say_where(out)


def _print_groups(chosen: Located) -> None:
    import pandas as pd

    from simulator.evidence.parameter import GRADES
    from simulator.telling.console import console, print_table

    groups = dict.fromkeys(p.group for _, p in chosen)
    rows = [
        {"group": group, "values": len(grades)} | {grade: grades.count(grade) for grade in GRADES}
        for group, grades in ((group, [p.grade for _, p in chosen if p.group == group]) for group in groups)
    ]
    print_table(pd.DataFrame(rows), title="How many values, and how well founded")
    first = next(group for group in groups if " " not in group)
    console().print(
        f"{len(chosen)} values. See those of a group: clti evidence --group {first}   by a word: --name tcpo2   "
        "by grade: --grade assumption   all: --all   publications: --sources",
        soft_wrap=True,
    )


def _print_list(chosen: Located) -> None:
    import pandas as pd

    from simulator.evidence.distributions import limits
    from simulator.face.register import counted
    from simulator.telling.console import console, print_table

    for group in dict.fromkeys(p.group for _, p in chosen):
        rows = [
            {
                "name": p.name,
                "value": _short(p.value),
                "unit": p.unit,
                "95% limits": _interval(*limits(p)),
                "grade": p.grade + (", fitted" if p.fitted else ""),
                "source": "; ".join(register.sources[key].short for key in p.source) or "none",
            }
            for register, p in chosen
            if p.group == group
        ]
        print_table(pd.DataFrame(rows), title=group)
    console().print(f"{counted(chosen)} The limits of a fitted value are those of its prior.")


def _print_cards(chosen: Located) -> None:
    from simulator.evidence.distributions import limits, text
    from simulator.telling.console import console

    for register, p in chosen:
        cited = [register.sources[key] for key in p.source]
        lines = [
            f"{p.name} ({p.group})",
            f"  {p.label}",
            f"  value         {_short(p.value)} {p.unit}"
            + (f" (fitted; the register's own is {_short(p.centre)})" if p.fitted and p.value != p.centre else ""),
            f"  distribution  {text(p.distribution)}, 95% limits {_interval(*limits(p))}",
            f"  allowed       {_interval(*p.range)}",
            f"  grade         {p.grade}",
            *(f"  source        {source.citation} Read: {source.read}. {source.note}".rstrip() for source in cited),
            f"  note          {p.note}",
        ]
        console().print("\n".join(lines) + "\n", soft_wrap=True)


def _print_sources(table: pd.DataFrame) -> None:
    from simulator.telling.console import print_table

    print_table(table[["key", "citation", "read", "parameters"]], title="sources")


def _print_reliance(table: pd.DataFrame, scenario: Scenario) -> None:
    from simulator.evidence.reliance import statements
    from simulator.questions.compare.headlines import strongest
    from simulator.telling.columns import labels, told
    from simulator.telling.console import console, print_text

    called = {parameter.name: parameter.label for parameter in scenario.register.parameters}
    policies = {name: policy.label for name, policy in scenario.policies.items()}
    names = {**labels(), "parameter": called, "policy": policies}
    shown = told(strongest(table, STRONGEST), "reliance_strongest", names, keep=SHOWN_OF_RELIANCE)
    print_text(shown, "What moves each headline result most")
    fixed = table.loc[table["swing"].isna(), "parameter"].drop_duplicates()
    console().print("\n".join(statements(table)), soft_wrap=True)
    console().print(f"Assumed without limits, so not moved: {', '.join(fixed)}.", soft_wrap=True)


def _short(number: float) -> str:
    return f"{number:,.4g}" if abs(number) < 1e4 else f"{number:,.0f}"


def _interval(low: float, high: float) -> str:
    return "fixed" if low == high else f"{_short(low)} to {_short(high)}"
