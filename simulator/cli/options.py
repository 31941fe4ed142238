"""Scenario, policies and hospital as commands take them, and arguments of the face in the words of the command line."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Annotated

import typer

from simulator.words.errors import Problem

ScenarioName = Annotated[str, typer.Argument(help="A scenario file (TOML), or base or founding_cohort.")]
Policies = Annotated[
    list[str] | None, typer.Option("--policy", help="Compare this policy; repeat for several. Default: the scenario's.")
]
Centre = Annotated[
    str | None,
    typer.Option(
        "--centre",
        help="Hospital: average, new (drawn at random), founding, or a file of own counts (clti new centre)."
        " Default: the scenario's.",
    ),
]


def as_options(problems: Iterable[Problem], question: str, names: Mapping[str, str] | None = None) -> list[Problem]:
    """Problems with arguments of a question as problems with options; `names` are those that are spelled otherwise.

    Problems of files, and those that name options already, stay as they are.
    """
    spelled = names or {}
    return [
        replace(each, file="command line", key="--" + spelled.get(each.key, each.key).replace("_", "-"))
        if each.file == question
        else each
        for each in problems
    ]
