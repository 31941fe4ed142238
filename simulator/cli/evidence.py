"""`clti evidence`: every number the model reads, where it comes from and how far it can be trusted."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from simulator.words.errors import BadInput, Problem

HERE = "command line"


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
    from simulator.face.register import asked
    from simulator.telling.outputs import check_writable

    if not reliance and (policy is not None or scenario != "base"):
        said = [("--policy", policy)] * (policy is not None) + [("--scenario", scenario)] * (scenario != "base")
        raise BadInput([Problem(HERE, key, repr(value), "only with --reliance") for key, value in said])
    words = name or []
    if out is not None:
        check_writable(out)
    chosen: dict[str, Any] = {
        "grades": grade or [],
        "groups": group or [],
        "names": words,
        "file": HERE,
        "option": "--",
    }
    shown = "values" if grade or group or words or whole else "groups"
    shown = "reliance" if reliance else "sources" if sources else shown
    found = asked(**chosen, shown=shown, reliance=reliance, scenario=scenario, policy=policy)
    if out is not None:
        found.save(out)
    found.show(out)
