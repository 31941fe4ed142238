"""`clti verify`: checks of the model itself, on any scenario."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from simulator.words.errors import BadInput, CheckFailed, Problem

HERE = "command line"
OUT = Path("clti-out/verify")


def main(
    scenario: Annotated[str, typer.Argument(help="A scenario file (TOML), or base or founding_cohort.")] = "base",
    patients: Annotated[int, typer.Option(help="Simulated patients in each check, 200 or more.")] = 4_000,
    seed: Annotated[int, typer.Option(help="Seed of the patients and their luck.")] = 1,
    out: Annotated[Path, typer.Option(help="Folder for verification.csv and report.html.")] = OUT,
) -> None:
    """Check the model on a scenario: inputs, events and states, results, uncertainty, and the whole.

    Each check changes something whose consequence is known, and says what came out. The exit code is 1 if one fails.
    """
    from simulator.questions.verify import verify
    from simulator.questions.verify.verification import LEAST, all_checks
    from simulator.scenario import load_scenario
    from simulator.telling.console import console, print_table, progress, say_where
    from simulator.telling.outputs import OutputFolder
    from simulator.telling.verification import LABELS, answer, domain_counts, failures, write_verification

    problems = []
    if not LEAST <= patients <= 1_000_000:
        problems.append(Problem(HERE, "--patients", str(patients), f"a whole number, {LEAST} to 1,000,000"))
    if not 0 <= seed < 2**63:
        problems.append(Problem(HERE, "--seed", str(seed), "a whole number, 0 to 2**63 - 1"))
    loaded = folder = None
    try:
        loaded = load_scenario(scenario)
    except BadInput as bad:
        problems += bad.problems
    try:
        inputs = {} if loaded is None else dict(loaded.inputs)
        folder = OutputFolder(out, command=sys.argv, inputs=inputs, seed=seed, settings={"patients": patients})
    except BadInput as bad:
        problems += bad.problems
    if problems or loaded is None or folder is None:
        raise BadInput(problems)

    with progress("Checks", len(all_checks())) as advance:
        checks = verify(loaded, patients, seed, advance)
    with folder:
        write_verification(folder, checks, loaded.label, patients, seed)
    for domain, rows in checks.groupby("domain", sort=False):
        shown = rows[["id", "changed", "expected", "came_out", "status"]].reset_index(drop=True)
        print_table(shown, str(domain), labels=LABELS)
    print_table(domain_counts(checks), "By domain")
    console().print(answer(checks), soft_wrap=True)
    say_where(folder.path)
    failed = failures(checks)
    if len(failed):
        lines = [f"{row.id} {row.changed}: {row.expected}; {row.came_out}" for row in failed.itertuples()]
        raise CheckFailed("\n".join(["Failed checks:", *lines]))
