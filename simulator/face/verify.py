"""`sim.verify`: checks of the model itself, on any scenario."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from simulator.face.asked import SMALL_SEEDS, Progress, check, scenario_of
from simulator.face.result import Result, now
from simulator.words.errors import BadInput, Problem, collected

if TYPE_CHECKING:
    from simulator.scenario import Scenario


def verify(
    scenario: str | Path | Scenario = "base",
    *,
    patients: int = 4_000,
    seed: int = 1,
    progress: Progress | None = None,
) -> Result:
    """Check the model on a scenario: inputs, events and states, results, uncertainty, and the whole.

    Each check changes something whose consequence is known. `patients` are simulated in each check.

    Tables of the result: ``verification`` (domain, id, changed, expected, came_out, status, source; a row a check; status is
    pass, fail or not applicable) and ``domains`` (how many of each status).

    Raises BadInput with everything that is wrong with what was asked for.

    >>> import simulator as sim
    >>> sim.verify(patients=5)
    Traceback (most recent call last):
    simulator.words.errors.BadInput: 1 problem(s) in the input:
      verify: patients = 5; allowed: a whole number, 200 to 1,000,000
    """
    from simulator.questions.verify import verify as verified
    from simulator.questions.verify.findings import findings
    from simulator.questions.verify.verification import all_checks
    from simulator.valuation.lives import silent

    begun = now()
    loaded = asked(scenario, patients=patients, seed=seed)
    with (progress or silent)("Checks", len(all_checks())) as advance:
        checks = verified(loaded, patients, seed, advance)
    return Result(findings(loaded, checks, patients, seed), begun)


def asked(scenario: str | Path | Scenario, *, patients: int, seed: int) -> Scenario:
    """The scenario that is meant. Raises BadInput with all that is wrong with it and with the numbers."""
    from simulator.questions.verify.verification import LEAST

    problems: list[Problem] = []
    collected(lambda: check("verify", patients=(patients, LEAST, 1_000_000), seed=(seed, 0, SMALL_SEEDS - 1)), problems)
    loaded = collected(lambda: scenario_of(scenario, question="verify"), problems)
    if problems or loaded is None:
        raise BadInput(problems)
    return loaded
