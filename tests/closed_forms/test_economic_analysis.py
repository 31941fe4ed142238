"""The parts of an economic analysis that decide what is simulated, and of which policy it speaks."""

from __future__ import annotations

from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from simulator.questions.value import analysis
from simulator.questions.value.analysis import Effort, base_lives, best_treatment, economic_analysis, main_policy
from simulator.questions.value.decision.results import CostEffectResults
from simulator.words.errors import BadInput


def test_what_is_simulated_beside_the_base_case() -> None:
    """At most 200 and 100 draws, and no more than there are; twice the patients for subgroups and four times for twins."""
    assert Effort.beside(1_000, 500) == Effort(200, 100, 1_000, 2_000)
    assert Effort.beside(150, 10) == Effort(150, 100, 20, 40) and Effort.beside(40, 10) == Effort(40, 40, 20, 40)


def test_the_best_treatment_depends_on_the_threshold() -> None:
    """A small gain for little, or a large one for much; the reference is none, even where it is best."""
    cost = np.array([[0.0, 1_000.0, 9_000.0]] * 2)
    qalys = np.array([[0.0, 0.1, 0.5]] * 2) + np.array([[0.3], [-0.3]])
    results = CostEffectResults(("care", "little", "much"), cost, qalys, source="x")
    assert best_treatment(results, 15_000.0, "care") == "little"
    assert best_treatment(results, 30_000.0, "care") == "much"
    assert best_treatment(results, 1_000.0, "care") == "little"
    assert best_treatment(results, 30_000.0, "much") == "little"


def test_one_policy_is_nothing_to_decide_between() -> None:
    """The policy that the files speak of, or a message that names the one that there is."""
    scenario: Any = SimpleNamespace(headline="protocol", name="mine", compare=("care", "protocol"))
    assert main_policy(scenario) == "protocol"
    with pytest.raises(BadInput) as told:
        main_policy(SimpleNamespace(headline=None, name="mine", compare=("care",)))  # type: ignore[arg-type]
    (problem,) = told.value.problems
    assert (problem.file, problem.key, problem.value, problem.allowed) == (
        "mine",
        "compare",
        "care",
        "at least 2 policies",
    )


def test_the_base_case_has_draws_of_its_register(monkeypatch: pytest.MonkeyPatch) -> None:
    """As many as asked for, each in as many patients, with the seed for both."""
    monkeypatch.setattr(analysis, "parameter_draws", lambda register, draws, seed: (register, draws, seed))
    asked: list[Any] = []
    simulations: Any = SimpleNamespace(probabilistic=lambda *given: asked.append(given) or "lives")
    scenario: Any = SimpleNamespace(register="register", parameter_draws=lambda given: ("drawn", *given))
    assert base_lives(scenario, 2_000, 30, 7, simulations) == "lives"
    assert asked == [("Base case, 2,000 draws", scenario, ("drawn", "register", 2_000, 7), 30, 7)]


@dataclass
class Asked:
    """What an analysis reads first."""

    name: str = "mine"
    draws: int = 1_000

    @property
    def settings(self) -> Any:
        return SimpleNamespace(economics=SimpleNamespace(trial="the trial", draws=self.draws))


@pytest.mark.parametrize(
    ("payable", "draws", "allowed"),
    [
        (False, 1_000, analysis.TRIAL_MONEY),
        (True, analysis.FEWEST_DRAWS - 1, f"at least {analysis.FEWEST_DRAWS} draws to value a trial"),
        (True, analysis.FEWEST_DRAWS, None),
    ],
)
def test_a_trial_that_cannot_be_valued_is_refused_first(
    payable: bool, draws: int, allowed: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """For its money, or for too few draws, before anything is simulated."""

    class Begins(Exception):
        pass

    def begins(*_: Any) -> Any:
        raise Begins

    values = SimpleNamespace(discounting="rates")
    monkeypatch.setattr(analysis, "values_of", lambda scenario: values)
    monkeypatch.setattr(analysis, "main_policy", lambda scenario: "protocol")
    monkeypatch.setattr(analysis, "check_numbers", lambda scenario, values: None)
    monkeypatch.setattr(
        analysis, "can_be_paid", lambda trial, given: payable and (trial, given) == ("the trial", values)
    )
    monkeypatch.setattr(analysis, "for_money", begins)
    trial: Any = SimpleNamespace(label="my trial")
    scenario: Any = Asked(draws=draws)
    if allowed is None:
        with pytest.raises(Begins):
            economic_analysis(scenario, simulated_trial=trial)
        return
    with pytest.raises(BadInput) as told:
        economic_analysis(scenario, simulated_trial=trial)
    (problem,) = told.value.problems
    assert (problem.file, problem.key, problem.value) == ("mine: [economics]", "trial", "my trial")
    assert problem.allowed == allowed
