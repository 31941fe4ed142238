"""`sim.trace`: one patient's life under each policy, told event by event."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from simulator.face.asked import SEEDS, Centre, Policies, check, scenario_of
from simulator.face.result import Result, now
from simulator.words.errors import BadInput, Problem, nearest

if TYPE_CHECKING:
    from simulator.scenario import Scenario

MOST_TOLD = 3
"""Policies under which a life is told where nobody says which."""
FATES = ("amputated", "died", "differs", "healed", "recovered", "spared")
MOST = 2**32


def told_under(scenario: Scenario) -> tuple[str, ...]:
    """The policies under which a life is told where nobody says which."""
    if len(scenario.compare) <= MOST_TOLD or scenario.headline is None:
        return scenario.compare
    return scenario.reference, scenario.headline


def trace(
    scenario: str | Path | Scenario = "base",
    patient: int | None = None,
    policies: Policies | None = None,
    *,
    find: str | None = None,
    seed: int = 1,
    view: str | None = None,
    centre: Centre | None = None,
    overrides: Mapping[str, Any] | None = None,
) -> Story:
    """Tell one patient's life under each policy: what was measured and done, what happened, and why.

    `policies`, `view`, `centre` and `overrides` are those of `compare`. Without `policies` the life is told under those that
    the scenario compares; where they are more than three, under the reference and the policy that its summaries speak of.
    `patient` is a number from 0 on; the same numbers and seed mean the same people as in `compare`. Without it a typical
    one of the first 400 is taken. `find` asks for a fate under the last policy: recovered, healed, amputated, died (within
    a year), spared (amputated under the first policy only) or differs; of a typical patient, or the first from `patient` on.

    Tables of the result: ``events`` (policy, time_years, ... a row an event) and ``budgets`` (policy, risk, occurrence,
    budget, share_spent_1_year, share_spent, happened_years), ``path`` (policy, time_years, tcpo2: the true one, mmHg) and
    ``spending`` (policy, risk, occurrence, time_years, share of the budget). ``texts["story.txt"]`` is the whole story,
    `summary()` says who it is and from when on the lives differ; `facts` holds `patient`.

    Raises BadInput with everything that is wrong with what was asked for, and where nobody has the fate.

    >>> import simulator as sim
    >>> told = sim.trace(patient=3)
    >>> told.events["policy"].unique().tolist()
    ['conservative', 'protocol']
    """
    from simulator.questions.story import watch
    from simulator.questions.story.finding import find as search
    from simulator.questions.story.finding import typical
    from simulator.questions.story.findings import findings

    begun = now()
    check("trace", patient=(patient, 0, MOST - 1), seed=(seed, 0, SEEDS - 1))
    if find is not None and find not in FATES:
        raise BadInput([Problem("trace", "find", repr(find), nearest(str(find), FATES))])
    loaded = scenario_of(scenario, policies=policies, view=view, centre=centre, overrides=overrides, question="trace")
    names = loaded.compare if policies is not None else told_under(loaded)
    if patient is None:
        number = typical(loaded, names, find, seed)
    else:
        number = patient if find is None else search(loaded, names, find, patient, seed)
    lives = [watch(loaded, name, number, seed) for name in names]
    return Story(findings(lives, loaded, number, seed, find=find, chosen=patient is None), begun)


class Story(Result):
    """A life told: `texts` holds the whole of it as ``story.txt``."""

    def show(self, out: Path | str | None = None) -> None:
        """Print the story and the budgets; once the results lie in `out`, also where."""
        from simulator.telling.folder import show

        show(self.findings, out, self.texts["story.txt"])
