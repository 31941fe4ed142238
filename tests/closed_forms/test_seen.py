"""What a look sees of an endpoint, where several things come at once."""

from __future__ import annotations

from small_trials import NEVER, trial

from simulator.questions.trial.analysis.seen import at_the_time, time_to_event
from simulator.questions.trial.design.endpoint import Endpoint

DEATH = Endpoint(name="e", outcome="death", test="risk_difference", at_months=12.0)
KEPT = Endpoint(name="e", outcome="healing_without_amputation", test="logrank")


def test_who_is_lost_on_the_day_of_the_endpoint() -> None:
    """Is missing, unless dead by that day; whoever is lost a day later is not."""
    seen = trial(arm=[0, 0, 0, 0], lost=[1.0, 1.0, 1.01, 0.5], died=[NEVER, 1.0, NEVER, 1.01])
    yes, missing = at_the_time(DEATH, seen)
    assert yes.tolist() == [[False, True, False, False]] and missing.tolist() == [[True, False, False, True]]


def test_who_heals_on_the_day_of_an_amputation() -> None:
    """Has not healed without one; a day before it is soon enough."""
    seen = trial(arm=[0, 0, 0], healed=[0.5, 0.5, 0.5], amputated=[0.5, 0.51, NEVER], died=[NEVER, NEVER, 0.5])
    found = time_to_event(KEPT, seen)
    assert found.code.tolist() == [[2, 1, 2]] and found.time.tolist() == [[0.5, 0.5, 0.5]]
