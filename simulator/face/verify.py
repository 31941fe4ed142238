"""`sim.verify`: checks of the model itself, on any scenario."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from simulator.face.asked import SMALL_SEEDS, Progress, check, scenario_of
from simulator.face.collected import Collected, Folder
from simulator.face.result import now

if TYPE_CHECKING:
    import pandas as pd

    from simulator.scenario import Scenario


def verify(
    scenario: str | Path | Scenario = "base",
    *,
    patients: int = 4_000,
    seed: int = 1,
    progress: Progress | None = None,
) -> Collected:
    """Check the model on a scenario: inputs, events and states, results, uncertainty, and the whole.

    Each check changes something whose consequence is known. `patients` are simulated in each check.

    Table of the result: ``verification`` (domain, id, changed, expected, came_out, status, source; a row a check; status is
    pass, fail or not applicable).

    Raises BadInput with everything that is wrong with what was asked for.

    >>> import simulator as sim
    >>> sim.verify(patients=5)
    Traceback (most recent call last):
    simulator.words.errors.BadInput: 1 problem(s) in the input:
      verify: patients = 5; allowed: a whole number, 200 to 1,000,000
    """
    from simulator.questions.value.lives import silent
    from simulator.questions.verify import verify as verified
    from simulator.questions.verify.verification import LEAST, all_checks
    from simulator.scenario.changes import changes
    from simulator.telling.verification import answer, domain_counts, write_verification
    from simulator.words.findings import Findings

    begun = now()
    check("verify", patients=(patients, LEAST, 1_000_000), seed=(seed, 0, SMALL_SEEDS - 1))
    loaded = scenario_of(scenario, question="verify")
    with (progress or silent)("Checks", len(all_checks())) as advance:
        checks = verified(loaded, patients, seed, advance)

    def write(folder: Folder) -> None:
        write_verification(folder, checks, loaded.label, patients, seed)

    def printed() -> None:
        from simulator.telling.console import console, print_table
        from simulator.telling.verification import LABELS

        for domain, rows in checks.groupby("domain", sort=False):
            shown = rows[["id", "changed", "expected", "came_out", "status"]].reset_index(drop=True)
            print_table(shown, str(domain), labels=LABELS)
        print_table(domain_counts(checks), "By domain")
        console().print(answer(checks), soft_wrap=True)

    findings = Findings(
        "verify",
        {"verification": checks},
        {"failed": _failed(checks), "changes": changes(loaded)},
        inputs=loaded.inputs,
        seed=seed,
        settings={"patients": patients},
    )
    return Collected(findings, write, lambda: answer(checks), printed, begun)


def _failed(checks: pd.DataFrame) -> list[str]:
    """A line a failed check: what was changed, what should have come out, and what did."""
    failed = checks[checks["status"] == "fail"]
    return [f"{row.id} {row.changed}: {row.expected}; {row.came_out}" for row in failed.itertuples()]
