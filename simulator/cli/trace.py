"""`clti trace`: one patient's story."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from simulator.cli.options import Centre, ScenarioName
from simulator.words.errors import BadInput, Problem, collected, nearest

HERE = "command line"
OUT = Path("clti-out/trace")


def main(
    scenario: ScenarioName = "base",
    patient: Annotated[
        int | None, typer.Option(help="Number of the patient, from 0 on. Default: a typical one of the first 400.")
    ] = None,
    policy: Annotated[
        list[str] | None,
        typer.Option(
            help="Tell the life under this policy; repeat for several. Default: those compared; of more than three the main one"
            " and the reference."
        ),
    ] = None,
    seed: Annotated[int, typer.Option(help="Seed of the patients and their luck.")] = 1,
    find: Annotated[
        str | None,
        typer.Option(
            help="Take a typical patient with this fate under the last policy, or the first from --patient on: recovered,"
            " healed, amputated, died (within a year), spared (amputated under the first policy only) or differs."
        ),
    ] = None,
    centre: Centre = None,
    out: Annotated[Path, typer.Option(help="Folder for story.txt, tables, figure and report.html.")] = OUT,
) -> None:
    """Tell one patient's life under each policy: what was measured and done, what happened, and why.

    The same patient numbers and seed mean the same people as in clti compare.
    """
    from simulator.face.asked import scenario_of
    from simulator.face.trace import trace
    from simulator.telling.outputs import check_writable

    problems = _faults(patient, seed, find)
    loaded = collected(lambda: scenario_of(scenario, policies=policy, centre=centre, question="trace"), problems)
    collected(lambda: check_writable(out), problems)
    if problems or loaded is None:
        raise BadInput(problems)

    found = trace(loaded, patient, policy and loaded.compare, find=find, seed=seed)
    found.save(out)
    found.show(out)


def _faults(patient: int | None, seed: int, find: str | None) -> list[Problem]:
    from simulator.face.trace import FATES, MOST

    problems = []
    if patient is not None and not 0 <= patient < MOST:
        problems.append(Problem(HERE, "--patient", str(patient), f"a whole number, 0 to {MOST - 1:,}"))
    if not 0 <= seed < 2**64:
        problems.append(Problem(HERE, "--seed", str(seed), "a whole number, 0 to 2**64 - 1"))
    if find is not None and find not in FATES:
        problems.append(Problem(HERE, "--find", repr(find), nearest(find, FATES)))
    return problems
