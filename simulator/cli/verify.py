"""`clti verify`: checks of the model itself, on any scenario."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from simulator.cli.options import ScenarioName, as_options
from simulator.words.errors import BadInput, CheckFailed, Problem, collected

OUT = Path("clti-out/verify")


def main(
    scenario: ScenarioName = "base",
    patients: Annotated[int, typer.Option(help="Simulated patients in each check, 200 or more.")] = 4_000,
    seed: Annotated[int, typer.Option(help="Seed of the patients and their luck.")] = 1,
    out: Annotated[Path, typer.Option(help="Folder for verification.csv and report.html.")] = OUT,
) -> None:
    """Check the model on a scenario: inputs, events and states, results, uncertainty, and the whole.

    Each check changes something whose consequence is known, and says what came out. The exit code is 1 if one fails.
    """
    from simulator.face.verify import asked, verify
    from simulator.telling.console import progress
    from simulator.telling.outputs import check_writable

    problems: list[Problem] = []
    loaded = collected(lambda: asked(scenario, patients=patients, seed=seed), problems)
    collected(lambda: check_writable(out), problems)
    if problems or loaded is None:
        raise BadInput(as_options(problems, "verify"))

    found = verify(loaded, patients=patients, seed=seed, progress=progress)
    found.save(out)
    found.show(out)
    if found.facts["failed"]:
        raise CheckFailed("\n".join(["Failed checks:", *found.facts["failed"]]))
