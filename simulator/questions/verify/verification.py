"""All checks of all domains, on one scenario."""

from __future__ import annotations

from collections.abc import Callable

import pandas as pd

from simulator.questions.verify.events.clocks import CLOCKS
from simulator.questions.verify.events.dose_law import CARE
from simulator.questions.verify.events.recovery import EVENT_STATE
from simulator.questions.verify.outcomes.hospitals import UNCERTAINTY
from simulator.questions.verify.outcomes.monotone import RESPONSES
from simulator.questions.verify.outcomes.no_effect import RESULTS
from simulator.questions.verify.outcomes.overall import OVERALL
from simulator.questions.verify.outcomes.therapies import THERAPIES
from simulator.questions.verify.outcomes.value import VALUE
from simulator.questions.verify.people.luck_law import INPUTS
from simulator.questions.verify.rulebook import BOOK
from simulator.questions.verify.subject.check import Check, NotApplicable
from simulator.questions.verify.subject.subject import Subject
from simulator.scenario import Scenario
from simulator.words.errors import BadInput

PATIENTS = 4_000
LEAST = 200
COLUMNS = ("id", "domain", "source", "changed", "expected", "came_out", "status")
PASS, FAIL, NOT_APPLICABLE = "pass", "fail", "not applicable"


def all_checks() -> list[Check]:
    """Every check, by domain."""
    domains = (INPUTS, EVENT_STATE, CLOCKS, CARE, BOOK, THERAPIES, RESULTS, VALUE, RESPONSES, UNCERTAINTY, OVERALL)
    return [check for domain in domains for check in domain.checks]


def verify(
    scenario: Scenario,
    patients: int = PATIENTS,
    seed: int = 1,
    progress: Callable[[int], None] | None = None,
) -> pd.DataFrame:
    """Run every check on a scenario: a row each, with the columns `COLUMNS`; status pass, fail or not applicable.

    A check that stops with an error has failed, and its error is what came out. `progress` is called with 1 after each.
    """
    subject = Subject.of(scenario, patients, seed)
    rows = []
    for check in all_checks():
        came_out, status = _run(check, subject)
        rows.append(
            (check.id, check.domain, check.source, check.changed, check.expected, came_out, status),
        )
        if progress is not None:
            progress(1)
    return pd.DataFrame(rows, columns=list(COLUMNS))


def _run(check: Check, subject: Subject) -> tuple[str, str]:
    try:
        found = check.run(subject)
    except NotApplicable as why:
        return str(why), NOT_APPLICABLE
    except BadInput as bad:
        return "; ".join(str(problem) for problem in bad.problems), FAIL
    except Exception as error:
        return f"{type(error).__name__}: {error}", FAIL
    return found.what, PASS if found.passed else FAIL
