"""`clti trace`: one patient's story."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from simulator.words.errors import BadInput, Problem, nearest

HERE = "command line"
OUT = Path("clti-out/trace")
FATES = ("amputated", "died", "differs", "healed", "recovered", "spared")
MOST = 2**32
POLICIES = ("conservative", "protocol")


def main(
    scenario: Annotated[str, typer.Argument(help="A scenario file (TOML), or base or founding_cohort.")] = "base",
    patient: Annotated[
        int | None, typer.Option(help="Number of the patient, from 0 on. Default: a typical one of the first 400.")
    ] = None,
    policy: Annotated[
        list[str] | None,
        typer.Option(help="Tell the life under this policy; repeat for several. Default: conservative and protocol."),
    ] = None,
    seed: Annotated[int, typer.Option(help="Seed of the patients and their luck.")] = 1,
    find: Annotated[
        str | None,
        typer.Option(
            help="Take a typical patient with this fate under the last policy, or the first from --patient on: recovered,"
            " healed, amputated, died (within a year), spared (amputated under the first policy only) or differs."
        ),
    ] = None,
    out: Annotated[Path, typer.Option(help="Folder for story.txt, tables, figure and report.html.")] = OUT,
) -> None:
    """Tell one patient's life under each policy: what was measured and done, what happened, and why.

    The same patient numbers and seed mean the same people as in clti compare.
    """
    from simulator.questions.story import watch
    from simulator.questions.story.finding import TYPICAL_OF, typical
    from simulator.questions.story.finding import find as search
    from simulator.questions.story.telling import event_table, spending_table
    from simulator.scenario import load_scenario
    from simulator.scenario.caveats import caveats
    from simulator.telling.console import console, print_table, say_warnings, say_where
    from simulator.telling.outputs import OutputFolder
    from simulator.telling.story import budgets_readable, story_report, story_text
    from simulator.telling.story_figure import story_figure

    problems = _faults(patient, seed, find)
    loaded = folder = None
    try:
        loaded = load_scenario(scenario, policies=policy or POLICIES)
    except BadInput as bad:
        problems += bad.problems
    try:
        inputs, settings = (
            ({}, {}) if loaded is None else (loaded.inputs, {"scenario": loaded.hash, "view": loaded.view})
        )
        warnings = () if loaded is None else caveats(loaded)
        folder = OutputFolder(out, command=sys.argv, inputs=inputs, seed=seed, settings=settings, warnings=warnings)
    except BadInput as bad:
        problems += bad.problems
    if problems or loaded is None or folder is None:
        raise BadInput(problems)

    if patient is None:
        number = typical(loaded, loaded.compare, find, seed)
    else:
        number = patient if find is None else search(loaded, loaded.compare, find, patient, seed)
    lives = [watch(loaded, name, number, seed) for name in loaded.compare]
    text = story_text(lives, loaded, number)
    figure = story_figure(lives, loaded, number)
    with folder:
        folder.text("story.txt", text)
        folder.table("events", event_table(lives))
        folder.table("budgets", spending_table(lives))
        folder.figure("story", figure)
        folder.report(story_report(lives, loaded, number, figure))
    screen = console()
    screen.print(text)
    if patient is None:
        whom = "whom the last policy treats, if any" if find is None else f"whom --find {find} means"
        screen.print(
            f"Patient {number} is, of those among the first {TYPICAL_OF} {whom}, the one most like the others."
        )
    budgets = budgets_readable(lives, loaded)
    print_table(budgets.table, "Budgets of luck", budgets.formats, labels=budgets.labels, on=screen)
    if loaded.settings.capacity is not None:
        screen.print("The queue for slots is left out of a single life: everybody is treated on the day.")
    say_warnings(folder.warnings, on=screen)
    say_where(folder.path)


def _faults(patient: int | None, seed: int, find: str | None) -> list[Problem]:
    problems = []
    if patient is not None and not 0 <= patient < MOST:
        problems.append(Problem(HERE, "--patient", str(patient), f"a whole number, 0 to {MOST - 1:,}"))
    if not 0 <= seed < 2**64:
        problems.append(Problem(HERE, "--seed", str(seed), "a whole number, 0 to 2**64 - 1"))
    if find is not None and find not in FATES:
        problems.append(Problem(HERE, "--find", repr(find), nearest(find, FATES)))
    return problems
