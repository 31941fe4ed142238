"""`sim.trace`: one patient's life under each policy, told event by event."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from simulator.face.asked import SEEDS, Centre, Policies, check, scenario_of
from simulator.face.collected import Collected, Folder
from simulator.face.result import now
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
) -> Collected:
    """Tell one patient's life under each policy: what was measured and done, what happened, and why.

    `policies`, `view`, `centre` and `overrides` are those of `compare`. Without `policies` the life is told under those that
    the scenario compares; where they are more than three, under the reference and the policy that its summaries speak of.
    `patient` is a number from 0 on; the same numbers and seed mean the same people as in `compare`. Without it a typical
    one of the first 400 is taken. `find` asks for a fate under the last policy: recovered, healed, amputated, died (within
    a year), spared (amputated under the first policy only) or differs; of a typical patient, or the first from `patient` on.

    Tables of the result: ``events`` (policy, time_years, ... a row an event) and ``budgets`` (policy, risk, occurrence,
    budget, share_spent_1_year, share_spent, happened_years). `summary()` is the whole story; `facts` holds `patient`.

    Raises BadInput with everything that is wrong with what was asked for, and where nobody has the fate.

    >>> import simulator as sim
    >>> told = sim.trace(patient=3)
    >>> told.events["policy"].unique().tolist()
    ['conservative', 'protocol']
    """
    from simulator.questions.story import watch
    from simulator.questions.story.finding import find as search
    from simulator.questions.story.finding import typical
    from simulator.questions.story.telling import event_table, spending_table
    from simulator.scenario.caveats import caveats
    from simulator.scenario.changes import changes
    from simulator.telling.story import budgets_readable, story_report, story_text
    from simulator.telling.story_figure import story_figure
    from simulator.words.findings import Findings

    begun = now()
    check("trace", patient=(patient, 0, MOST - 1), seed=(seed, 0, SEEDS - 1))
    if find is not None and find not in FATES:
        raise BadInput([Problem("trace", "find", repr(find), nearest(str(find), FATES))])
    loaded = scenario_of(scenario, policies=policies, view=view, centre=centre, overrides=overrides, question="trace")
    if policies is None:
        loaded = replace(loaded, settings=loaded.settings.model_copy(update={"compare": told_under(loaded)}))
    if patient is None:
        number = typical(loaded, loaded.compare, find, seed)
    else:
        number = patient if find is None else search(loaded, loaded.compare, find, patient, seed)
    lives = [watch(loaded, name, number, seed) for name in loaded.compare]
    events, budgets, text = event_table(lives, loaded), spending_table(lives), story_text(lives, loaded, number)

    def write(folder: Folder) -> None:
        figure = story_figure(lives, loaded, number)
        folder.text("story.txt", text)
        folder.table("events", events)
        folder.table("budgets", budgets)
        folder.figure("story", figure)
        folder.report(story_report(lives, loaded, number, figure))

    def printed() -> None:
        from simulator.questions.story.finding import TYPICAL_OF
        from simulator.telling.console import console, print_table

        screen = console()
        screen.print(text)
        if patient is None:
            whom = "whom the last policy treats, if any" if find is None else f"whom --find {find} means"
            screen.print(
                f"Patient {number} is, of those among the first {TYPICAL_OF} {whom}, the one most like the others."
            )
        spent = budgets_readable(lives, loaded)
        print_table(spent.table, "Budgets of luck", spent.formats, labels=spent.labels, on=screen)
        if loaded.settings.capacity is not None:
            screen.print("The queue for slots is left out of a single life: everybody is treated on the day.")

    findings = Findings(
        "trace",
        {"events": events, "budgets": budgets},
        {"patient": number, "warnings": list(caveats(loaded)), "changes": changes(loaded)},
        inputs=loaded.inputs,
        seed=seed,
        settings={"scenario": loaded.hash, "view": loaded.view},
    )
    return Collected(findings, write, lambda: text, printed, begun)
