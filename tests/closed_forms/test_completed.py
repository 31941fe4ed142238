"""What is handed to the imputation of those who were lost, by hand."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from small_trials import NEVER, trial

from simulator.questions.trial.analysis import completed as module
from simulator.questions.trial.design.endpoint import Endpoint
from simulator.rules.draws import uniform
from simulator.words.luck import seed_of

# 0 lost at 0.5, healed before; 1 limb lost at 0.4; 2 healed at 0.3; 3 nothing; 4 lost, but in the trial for too short a time.
SEEN = trial(
    arm=[[0, 1, 1, 0, 1]] * 2,
    lost=[[0.5, NEVER, NEVER, NEVER, 0.2]] * 2,
    healed=[[0.2, NEVER, 0.3, 1.5, NEVER]] * 2,
    amputated=[[NEVER, 0.4, NEVER, 1.2, NEVER]] * 2,
    end=[[2.0, 2.0, 2.0, 1.0, 0.9]] * 2,
    stratum=[[1, 2, 3, 4, 5]] * 2,
)


def endpoint(outcome: str) -> Endpoint:
    """Read at a year, imputed three times."""
    return Endpoint(
        name="e",
        outcome=outcome,
        test="risk_difference",
        at_months=12.0,
        lost="multiple_imputation",
        imputations=3,
    )


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """What the imputation is given."""
    given: list[Any] = []
    monkeypatch.setattr(module, "imputed", lambda *all_of_it: given.extend(all_of_it) or "complete")
    return given


def test_what_is_imputed_from(asked: list[Any]) -> None:
    """Who has it, who is missing, when each was settled or lost, arms and strata; only those who are through take part."""
    assert module.completed(endpoint("amputation_free_survival"), SEEN) == "complete"  # type: ignore[comparison-overlap]
    yes, missing, left, turned, arm, stratum, luck = asked
    assert yes[0].tolist() == [True, False, True, True, True]
    assert missing.tolist() == [[True, False, False, False, False]] * 2
    assert left[0].tolist() == [0.5, 0.4, NEVER, NEVER, NEVER]
    assert turned.tolist() == [[NEVER] * 5] * 2
    assert arm[0].tolist() == [0, 1, 1, 0, -1] and arm.dtype == np.int8
    assert stratum[0].tolist() == [1, 2, 3, 4, 5] and luck.shape == (3, 2)


@pytest.mark.parametrize("outcome", ["healing_without_amputation", "limb_success"])
def test_the_healed_are_like_the_healed(asked: list[Any], outcome: str) -> None:
    """Where healing has to be kept, and by the time of the endpoint."""
    module.completed(endpoint(outcome), SEEN)
    assert asked[3].tolist() == [[0.2, NEVER, 0.3, NEVER, NEVER]] * 2


def test_what_comes_at_the_very_time_of_the_endpoint(asked: list[Any]) -> None:
    """Counts as settled, and as healed."""
    seen = trial(arm=[0, 0, 1], lost=[0.5, NEVER, NEVER], healed=[NEVER, 1.0, NEVER], amputated=[NEVER, NEVER, 1.0])
    module.completed(endpoint("limb_success"), seen)
    assert asked[2].tolist() == [[0.5, NEVER, 1.0]] and asked[3].tolist() == [[NEVER, 1.0, NEVER]]


def test_luck_is_the_trial_s_own(asked: list[Any]) -> None:
    """By trial, endpoint, place of the patient and imputation."""
    module.completed(endpoint("limb_success"), SEEN)
    luck = asked[6]
    for row in range(2):
        key: Any = np.uint64(seed_of(int(SEEN.luck[row, 0]), "imputation", "e"))
        assert luck[:, row].tolist() == [uniform(key, 0, 0, k) for k in range(3)]
    assert len(set(luck.reshape(-1).tolist())) == 6


def test_nobody_is_lost(asked: list[Any]) -> None:
    """Nothing is drawn."""
    module.completed(endpoint("limb_success"), trial(arm=[0, 1]))
    assert asked[6].shape == (3, 0)


def test_luck_is_that_of_the_patient_s_place(asked: list[Any]) -> None:
    """The third of three is lost."""
    seen = trial(arm=[0, 1, 1], lost=[NEVER, NEVER, 0.5])
    module.completed(endpoint("limb_success"), seen)
    key: Any = np.uint64(seed_of(int(seen.luck[0, 0]), "imputation", "e"))
    assert asked[6].tolist() == [[uniform(key, 2, 0, k)] for k in range(3)]
