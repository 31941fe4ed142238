"""Estimands that can be, and those that cannot, with their keys."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from simulator.questions.trial.design.estimand import Estimand, estimand_faults

SWITCH = SimpleNamespace(share=0.5, tcpo2_below=None)


def faults(switching: Any, given: dict[str, Any], twice: bool = False, **design: Any) -> list[str]:
    """Keys of what is wrong with an estimand in a trial of two arms."""
    own = {"name": "e", "outcome": "major_amputation", "at_months": 12.0, "death": "composite"} | given
    each = Estimand(**{key: value for key, value in own.items() if value is not None})
    usual = {"estimands": (each, each) if twice else (each,), "arms": (1, 2), "stated": (), "crossover": switching}
    whole = SimpleNamespace(**(usual | design), follow_up=SimpleNamespace(months=12.0))
    return [key.removeprefix("estimands.e.") for key, _, _ in estimand_faults(whole)]  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("switching", "given"),
    [
        (None, {}),
        (None, {"death": "while_alive"}),
        (None, {"death": "principal_stratum"}),
        (None, {"outcome": "death", "death": None}),
        (None, {"outcome": "healing"}),
        (None, {"rescue": "composite", "loss": "composite"}),
        (SWITCH, {"crossover": "hypothetical"}),
        (SWITCH, {"crossover": "composite"}),
        (SimpleNamespace(share=1.0, tcpo2_below=30.0), {"crossover": "treatment_policy"}),
    ],
)
def test_what_can_be_estimated(switching: Any, given: dict[str, Any]) -> None:
    """Nothing is wrong with it."""
    assert faults(switching, given) == []


@pytest.mark.parametrize(
    ("switching", "given", "key"),
    [
        (None, {"at_months": 12.5}, "at_months"),
        (None, {"death": None}, "death"),
        (None, {"death": "treatment_policy"}, "death"),
        (None, {"death": "hypothetical"}, "death"),
        (None, {"outcome": "death"}, "death"),
        (None, {"outcome": "healing", "death": "while_alive"}, "death"),
        (None, {"crossover": "composite"}, "crossover"),
        (SWITCH, {}, "crossover"),
        (SWITCH, {"crossover": "while_alive"}, "crossover"),
        (SWITCH, {"crossover": "principal_stratum"}, "crossover"),
        (SimpleNamespace(share=1.0, tcpo2_below=None), {"crossover": "hypothetical"}, "crossover"),
        (SimpleNamespace(share=0.0, tcpo2_below=None), {"crossover": "hypothetical"}, "crossover"),
        (SimpleNamespace(share=0.5, tcpo2_below=30.0), {"crossover": "hypothetical"}, "crossover"),
        *((None, {"rescue": way}, "rescue") for way in ("hypothetical", "while_alive", "principal_stratum")),
        *((None, {"loss": way}, "loss") for way in ("treatment_policy", "while_alive", "principal_stratum")),
    ],
)
def test_what_cannot_be_estimated(switching: Any, given: dict[str, Any], key: str) -> None:
    """By its key, and nothing else."""
    assert faults(switching, given) == [key]


def test_estimands_need_arms_lives_and_names_of_their_own() -> None:
    """A single arm, stated rates, the same name twice; without estimands nothing is wrong."""
    assert faults(None, {}, arms=(1,)) == ["estimands"] and faults(None, {}, stated=(1,)) == ["estimands"]
    assert faults(None, {}, twice=True) == ["estimands.name"]
    assert faults(None, {}, estimands=(), arms=(1,), stated=(1,)) == []


def test_time_and_direction() -> None:
    """Six months are half a year; only healing is good."""
    own = Estimand(name="e", outcome="healing", at_months=6.0, death="composite")
    assert (own.at, own.good) == (0.5, True)
    assert not Estimand(name="e", outcome="death", at_months=6.0).good
