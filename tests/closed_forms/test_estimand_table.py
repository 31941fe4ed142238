"""Estimates of an estimand in each trial, by hand."""

from __future__ import annotations

import numpy as np
import pytest
from small_trials import NEVER, trial

from simulator.questions.trial.design.estimand import Estimand
from simulator.questions.trial.results.estimand_table import _by_trial, settled

AMPUTATION = Estimand(name="a", outcome="major_amputation", at_months=12.0, death="while_alive")


def test_each_trial_has_its_own_share() -> None:
    """Of four controls one loses the limb within a year in the first trial, three in the second; the third has none."""
    arm = np.array([[0, 0, 0, 0, 1]] * 2 + [[1] * 5])
    amputated = np.full((3, 5), NEVER)
    amputated[0, [0, 4]], amputated[1, :3], amputated[1, 3] = 0.5, 0.5, 1.5
    share, error = _by_trial(AMPUTATION, trial(arm=arm, amputated=amputated), 0, "weighted")
    assert share == pytest.approx([0.25, 0.75, np.nan], nan_ok=True)
    by_hand = np.sqrt(0.25 * 0.75 / 4)
    assert error == pytest.approx([by_hand, by_hand, np.nan], nan_ok=True)


def test_who_was_followed_for_too_short_a_time_does_not_count() -> None:
    """Half a year of two planned ones says nothing of a year, a year to the second does."""
    amputated = [0.2, NEVER, 0.2, NEVER]
    seen = trial(arm=[0, 0, 0, 0], amputated=amputated, end=[2.0, 1.0, 0.5, 0.5])
    assert _by_trial(AMPUTATION, seen, 0, "weighted")[0].tolist() == [0.5]


def test_the_lost_count_as_like_those_who_were_followed() -> None:
    """Of four one is lost early and two lose the limb, one of whom is lost only then: two in three, and three in four where the
    loss is a failure."""
    seen = trial(arm=[0] * 4, lost=[0.2, NEVER, 0.8, NEVER], amputated=[NEVER, 0.5, 0.6, NEVER])
    assert _by_trial(AMPUTATION, seen, 0, "weighted")[0] == pytest.approx([2 / 3])
    assert _by_trial(AMPUTATION, seen, 0, "complete_cases")[0] == pytest.approx([2 / 3])
    failed = AMPUTATION.model_copy(update={"loss": "composite"})
    assert _by_trial(failed, seen, 0, "weighted")[0] == pytest.approx([3 / 4])


@pytest.mark.parametrize(
    ("death", "times", "yes"),
    [
        ("while_alive", [0.3, 0.4, 0.5, 1.0], [True, False, True, False]),
        ("composite", [0.3, 0.4, 0.5, 1.0], [True, True, True, False]),
    ],
)
def test_when_an_outcome_is_settled(death: str, times: list[float], yes: list[bool]) -> None:
    """Limb lost; dead; limb lost before death; neither within the year."""
    seen = trial(arm=[0] * 4, amputated=[0.3, 0.9, 0.5, 1.2], died=[NEVER, 0.4, 0.8, NEVER])
    found = settled(AMPUTATION.model_copy(update={"death": death}), seen)
    assert (found[0][0].tolist(), found[1][0].tolist()) == (times, yes)
