"""Posterior rules of two arms: how patients are shared, which prior is borrowed, and what such a rule does not go with."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from pydantic import ValidationError

from simulator.questions.trial.design.predictive import Predictive, predictive_faults, rule_of
from simulator.statistics.beliefs.beta_rules import UNIFORM, BetaMixture


def endpoint(test: str = "posterior_difference", prior: Any = None, name: str = "e") -> Any:
    """An endpoint with a posterior rule."""
    return SimpleNamespace(name=name, test=test, prior=prior)


def design(*endpoints: Any, **changed: Any) -> Any:
    """Two arms, one to two, at one-sided 2.5%."""
    made = endpoints or (endpoint(),)
    usual: dict[str, Any] = {
        "arms": [SimpleNamespace(allocation=1), SimpleNamespace(allocation=2)],
        "alpha": 0.025,
        "sides": 1,
        "endpoints": made,
        "confirmatory": made[:1],
        "primary": made[0],
        "looks": None,
        "reestimation": None,
        "blinded_review": None,
        "predictive": None,
        "size": SimpleNamespace(patients=90),
    }
    return SimpleNamespace(**(usual | changed))


def test_the_rule_at_a_size() -> None:
    """Ninety patients one to two: thirty controls and sixty treated, at 97.5%, with the control's own prior or a uniform one."""
    plain = rule_of(design(), endpoint(), 90)
    assert (plain.n, plain.certainty) == ((30, 60), 0.975)
    assert plain.control == UNIFORM and plain.treated == UNIFORM
    borrowed = BetaMixture((1.0,), (4.0,), (6.0,))
    prior = SimpleNamespace(mixture=borrowed)
    assert rule_of(design(), endpoint(prior=prior), 100).control == borrowed
    assert rule_of(design(), endpoint(prior=prior), 100).n == (33, 67)


def prior(*shapes: float) -> Any:
    """A prior of these shapes."""
    return SimpleNamespace(a=shapes, b=(1.0,) * len(shapes), mixture=None)


@pytest.mark.parametrize(
    ("made", "keys"),
    [
        (design(), []),
        (design(predictive=Predictive(at=(30, 60), futility=0.1)), []),
        (design(predictive=Predictive(at=(30, 60), efficacy=0.9)), []),
        (design(endpoint(prior=prior(1.0, 0.001))), ["endpoints.e.prior.a"]),
        (design(arms=[SimpleNamespace(allocation=1)] * 3), ["endpoints.e.test"]),
        (design(sides=2), ["sides"]),
        (design(endpoint(), confirmatory=(endpoint(), endpoint(name="f"))), ["endpoints.e.test"]),
        (design(looks=1), ["looks"]),
        (design(reestimation=1), ["reestimation"]),
        (design(blinded_review=SimpleNamespace(nuisance="pooled_rate")), ["blinded_review"]),
        (design(endpoint("logrank"), looks=1, reestimation=1, sides=2), []),
        (design(endpoint("logrank"), predictive=Predictive(at=(30,), futility=0.1)), ["predictive"]),
        (design(predictive=Predictive(at=(60, 30), futility=0.1)), ["predictive.at"]),
        (design(predictive=Predictive(at=(30, 30), futility=0.1)), ["predictive.at"]),
        (design(predictive=Predictive(at=(), futility=0.1)), ["predictive.at"]),
        (design(predictive=Predictive(at=(30, 90), futility=0.1)), ["predictive.at"]),
        (design(predictive=Predictive(at=(30, 89), futility=0.1)), []),
        (design(predictive=Predictive(at=(30, 99), futility=0.1), size=SimpleNamespace(patients=None)), []),
        (design(predictive=Predictive(at=(30,), futility=0.5, efficacy=0.5)), ["predictive.efficacy"]),
        (design(predictive=Predictive(at=(30,), futility=0.5, efficacy=0.51)), []),
        (design(predictive=Predictive(at=(30,))), ["predictive.futility"]),
    ],
)
def test_what_a_posterior_rule_does_not_go_with(made: Any, keys: list[str]) -> None:
    """Small shapes, three arms, two sides, shared alpha, boundaries, and looks that stop nothing or come too late."""
    assert [key for key, _, _ in predictive_faults(made)] == keys


def test_a_look_has_two_patients() -> None:
    """Two at least, whole numbers."""
    assert Predictive(at=(2, 100_000)).at == (2, 100_000) and Predictive(at=(2,)).futility == 0.0
    for wrong in (1, 100_001, 2.5):
        with pytest.raises(ValidationError):
            Predictive(at=(wrong,))  # type: ignore[arg-type]


def test_patients_are_shared_as_the_allocation_says() -> None:
    """Two to one: sixty of ninety are controls."""
    two = design(arms=[SimpleNamespace(allocation=2), SimpleNamespace(allocation=1)])
    assert rule_of(two, endpoint(), 90).n == (60, 30)


def test_the_smallest_shape_is_told() -> None:
    """Of a prior of 0.05 and 3, one too small."""
    (fault,) = predictive_faults(design(endpoint(prior=prior(0.05, 3.0))))
    assert fault[1] == 0.05
