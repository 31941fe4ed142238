"""`clti compare`: the main job."""

from __future__ import annotations

import sys
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from simulator.cli.options import Centre, Policies, ScenarioName
from simulator.words.errors import BadInput, Problem, collected, nearest

if TYPE_CHECKING:
    from collections.abc import Callable

    from simulator.words.findings import Findings

HERE = "command line"
OUT = Path("clti-out/compare")
ENGINES = ("compiled", "simpy")
VIEWS = ("sceptical", "central", "optimistic")


def main(
    scenario: ScenarioName = "base",
    policy: Policies = None,
    patients: Annotated[
        int | None, typer.Option(help="Simulated patients. Default: the scenario's; 2,000 with simpy.")
    ] = None,
    seed: Annotated[int, typer.Option(help="Seed of the patients and their luck.")] = 1,
    engine: Annotated[
        str | None, typer.Option(help="compiled (fast) or simpy (the readable reference; needed for queues).")
    ] = None,
    view: Annotated[
        str | None,
        typer.Option(help="View of the evidence: sceptical, central or optimistic. Default: the scenario's."),
    ] = None,
    centre: Centre = None,
    reliance: Annotated[bool, typer.Option(help="Find out which results rest on recalled or assumed values.")] = True,
    out: Annotated[Path, typer.Option(help="Folder for tables, figures and report.html.")] = OUT,
) -> None:
    """Compare policies of care in simulated patients: amputation, death, healing, walking and what differs.

    Without arguments the referral population is compared under conservative care and three policies of cell therapy.
    Every patient lives under every policy with the same luck.
    """
    from simulator.telling.studio import studio

    problems = _faults(patients, seed, engine, view)
    with ExitStack() as beside:
        drawer = None if problems else beside.enter_context(studio("compare"))
        # Later than the other process, which loads its own libraries meanwhile.
        from simulator.face.asked import scenario_of
        from simulator.face.compare import compare, default_patients
        from simulator.telling.folder import show, show_tables
        from simulator.telling.outputs import check_writable

        seen = view if view in VIEWS else None
        loaded = collected(lambda: scenario_of(scenario, policies=policy or None, view=seen, centre=centre), problems)
        collected(lambda: check_writable(out), problems)
        chosen: Any = engine
        if loaded is not None:
            if engine == "compiled" and loaded.settings.capacity is not None:
                allowed = "simpy, because the scenario has a shared resource ([capacity])"
                problems.append(Problem(HERE, "--engine", engine, allowed))
            if patients is not None and (fault := loaded.people_fault(patients)):
                problems.append(Problem(HERE, "--patients", str(patients), fault))
        if problems or loaded is None:
            raise BadInput(problems)
        people = default_patients(loaded, chosen) if patients is None else patients
        if patients is None and people < loaded.patients:
            sys.stderr.write(f"SimPy: {people:,} patients instead of {loaded.patients:,}; --patients changes that.\n")
        with ExitStack() as stack:
            slow = engine == "simpy" or loaded.settings.capacity is not None
            progress = _progress(stack, people * len(loaded.compare), at_once=slow)
            told: list[str] = []

            def first(findings: Findings) -> None:
                stack.close()  # the bar of the lives is done, and would lie over the tables
                told.extend(show_tables(findings))

            found = compare(
                loaded,
                patients=people,
                seed=seed,
                engine=chosen,
                reliance=reliance,
                progress=progress,
                first=first,
                studio=drawer,
            )
        found.save(out)
        show(found.findings, out, told)


def _faults(patients: int | None, seed: int, engine: str | None, view: str | None) -> list[Problem]:
    problems = []
    if patients is not None and not 1 <= patients <= 1_000_000_000:
        problems.append(Problem(HERE, "--patients", str(patients), "a whole number, 1 to 1,000,000,000"))
    if not 0 <= seed < 2**64:
        problems.append(Problem(HERE, "--seed", str(seed), "a whole number, 0 to 2**64 - 1"))
    for option, word, known in (("--engine", engine, ENGINES), ("--view", view, VIEWS)):
        if word is not None and word not in known:
            problems.append(Problem(HERE, option, repr(word), nearest(word, known)))
    return problems


def _progress(stack: ExitStack, total: int, *, at_once: bool) -> Callable[[int, int], None]:
    """Progress on standard error, `at_once` or with the first lives, after a long compilation has had its say."""
    from simulator.telling.console import progress

    done = 0
    advance: Callable[[int], None] | None = None
    if at_once:
        advance = stack.enter_context(progress("Lives", total))

    def show(lives: int, of: int) -> None:
        nonlocal done, advance
        if advance is None:
            advance = stack.enter_context(progress("Lives", total))
        advance(lives - done)
        done = lives

    return show
