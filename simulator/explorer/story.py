"""One patient under the reference and the page's policy."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from simulator.explorer.controls import compared
from simulator.explorer.parts import PAGE, SEED, Moved, Part, the_two
from simulator.explorer.state import scenario_of
from simulator.scenario import Scenario
from simulator.words.errors import BadInput, Problem
from simulator.words.vocabulary import Event

STORY_YEARS = 3.0
GIVEN = (Event.DOSE, Event.PROCEDURE, Event.REPEAT_PROCEDURE)
"""Events that are a treatment, of cells or of any other kind."""


def story(scenario: Scenario, state: Moved, patient: Any = None) -> Iterator[Part]:
    """One patient's life under the reference and the page's policy; by default a typical one whom it treats."""
    from simulator.questions.story import watch
    from simulator.questions.story.finding import typical
    from simulator.questions.story.findings import findings
    from simulator.telling.columns import named
    from simulator.telling.page import voice

    asked = scenario_of(scenario, state)
    reference, _, mine = compared(scenario)
    names = the_two(reference, mine)
    if patient is not None and (isinstance(patient, bool) or not isinstance(patient, int) or not 0 <= patient < 2**32):
        raise BadInput([Problem(PAGE, "patient", str(patient)[:40], f"a whole number, 0 to {2**32 - 1:,}")])
    number = typical(asked, names, None, SEED) if patient is None else patient
    lives = [watch(asked, name, number, SEED) for name in names]
    found = findings(lives, asked, number, SEED)
    speak, when = voice(found), named("when").number
    yield {
        "kind": "story",
        "patient": number,
        "opening": speak("opening"),
        "hidden": speak("hidden"),
        "twins": [speak("twin", life.policy) for life in lives[1:]],
        "years": STORY_YEARS,
        "lives": [
            {
                "policy": life.policy,
                "label": asked.policies[life.policy].label,
                "end": life.end,
                "times": life.times[life.times <= STORY_YEARS],
                "path": life.path[life.times <= STORY_YEARS],
                "told": [[when(each["time"]), each["time"], speak("moment", each)] for each in told["moments"]],
                "measured": [
                    [moment.time, moment.tcpo2]
                    for moment in life.moments
                    if moment.event in (Event.VISIT, Event.REFERRAL) and moment.time <= STORY_YEARS
                ],
                "doses": [moment.time for moment in life.moments if moment.event in GIVEN],
            }
            for life, told in zip(lives, found.facts["lives"], strict=True)
        ],
    }
