"""Endpoints: which way is good, when they are read, and what cannot be, key by key."""

from __future__ import annotations

from math import log
from typing import Any

import pytest
from pydantic import ValidationError

from simulator.questions.trial.design import endpoint as module
from simulator.questions.trial.design.endpoint import Endpoint


def endpoint(outcome: str = "death", test: str = "chi_square", **more: Any) -> Endpoint:
    return Endpoint(name="e", outcome=outcome, test=test, **more)


@pytest.mark.parametrize(
    ("outcome", "test", "good"),
    [
        ("death", "chi_square", False),
        ("death", "cox", False),
        ("death", "km_difference", True),
        ("death", "rmst", True),
        ("death", "exact_binomial", True),
        ("death", "posterior_difference", True),
        ("major_amputation", "gray", False),
        ("major_amputation", "rmst", True),
        ("limb_event", "logrank", False),
        ("reintervention", "risk_ratio", False),
        ("amputation_free_survival", "chi_square", True),
        ("amputation_free_survival", "logrank", False),
        ("amputation_free_survival", "cox", False),
        ("amputation_free_survival", "fleming_harrington", False),
        ("amputation_free_survival", "max_combo", False),
        ("amputation_free_survival", "km_ratio", True),
        ("amputation_free_survival", "rmst", True),
        ("healing", "fisher", True),
        ("healing", "cox", True),
        ("healing", "rmst", False),
        ("healing_without_amputation", "gray", True),
        ("healing_without_amputation", "rmst", False),
        ("limb_success", "cmh", True),
        ("walking", "risk_difference", True),
        ("walking_time", "t_test", True),
        ("tcpo2", "ancova", True),
        ("hierarchy", "win_ratio", True),
    ],
)
def test_whether_more_of_the_estimate_is_better(outcome: str, test: str, good: bool) -> None:
    """Events are bad, being without them is good, and a late healing is bad."""
    assert endpoint(outcome, test, at_months=6.0).good is good


def test_margins_on_the_scale_of_the_estimate() -> None:
    """A logarithm for ratios, the number itself elsewhere, nothing for superiority."""
    assert endpoint("death", "cox", aim="non_inferiority", margin=1.5).loss == pytest.approx(log(1.5))
    assert endpoint("death", "risk_difference", aim="equivalence", margin=0.1).loss == 0.1
    assert endpoint("death", "cox", margin=1.5).loss == 0.0


def test_when_it_is_read() -> None:
    """Six months are half a year; a time to an event waits for nobody; visits where something is measured."""
    assert endpoint(at_months=6.0).at == 0.5 and endpoint().at is None
    assert endpoint(at_months=6.0).waits == 0.5 and endpoint("death", "cox", at_months=6.0).waits == 0.0
    assert endpoint("death", "rmst", at_months=6.0).waits == 0.5 and endpoint("death", "rmst").waits == 0.0
    assert endpoint("death", "logrank").by_events and not endpoint("death", "rmst").by_events
    assert endpoint("tcpo2", "ancova").needs_visit and not endpoint().needs_visit
    assert endpoint("hierarchy", "win_odds", order=["death", "tcpo2"]).needs_visit
    assert not endpoint("hierarchy", "win_odds", order=["death", "healing"]).needs_visit


def keys(
    own: Endpoint, arms: int = 2, visits: tuple[float, ...] = (6.0,), longest: float = 12.0, strata: int = 0
) -> list[str]:
    return [key for key, _, _ in own.faults(arms, visits, longest, strata)]


@pytest.mark.parametrize(
    ("own", "context"),
    [
        (endpoint(at_months=12.0), {}),
        (endpoint("death", "cox"), {}),
        (endpoint("death", "exact_binomial", at_months=6.0, null_rate=0.5), {"arms": 1}),
        (endpoint("tcpo2", "ancova", at_months=6.0, stratified=True), {"strata": 1}),
        (endpoint("death", "cmh", at_months=6.0), {"strata": 2}),
        (endpoint("death", "fleming_harrington", rho=0.5), {}),
        (endpoint("death", "fleming_harrington", gamma=0.5), {}),
        (endpoint("death", "risk_difference", at_months=6.0, aim="non_inferiority", margin=0.999), {}),
        (endpoint("death", "cox", aim="equivalence", margin=1.001), {}),
        (endpoint("tcpo2", "t_test", at_months=6.0, aim="non_inferiority", margin=5.0), {}),
        (endpoint("hierarchy", "win_ratio", at_months=6.0, order=["death", "tcpo2"], thresholds=[1.0, 2.0]), {}),
        (endpoint(at_months=6.0, lost="worst_case"), {}),
        (endpoint("death", "risk_difference", at_months=6.0, lost="multiple_imputation"), {}),
    ],
)
def test_what_can_be(own: Endpoint, context: dict[str, Any]) -> None:
    """Also at the limits."""
    assert keys(own, **context) == []


@pytest.mark.parametrize(
    ("own", "context", "wrong"),
    [
        (endpoint("death", "ancova", at_months=6.0), {}, ["test"]),
        (endpoint(at_months=6.0), {"arms": 1}, ["test"]),
        (endpoint("death", "posterior", at_months=6.0, null_rate=0.5), {}, ["test"]),
        (endpoint("death", "posterior", at_months=6.0), {"arms": 1}, ["null_rate"]),
        (endpoint("death", "posterior", at_months=6.0, null_rate=1.0), {"arms": 1}, ["null_rate"]),
        (endpoint("death", "posterior", at_months=6.0, null_rate=0.0), {"arms": 1}, ["null_rate"]),
        (endpoint(at_months=6.0, null_rate=0.5), {}, ["null_rate"]),
        (endpoint(at_months=6.0, lost="multiple_imputation"), {}, ["lost"]),
        (endpoint("death", "exact_binomial", at_months=6.0, null_rate=0.5, lost="worst_case"), {"arms": 1}, ["lost"]),
        (endpoint(), {}, ["at_months"]),
        (endpoint("death", "rmst"), {}, ["at_months"]),
        (endpoint(at_months=12.5), {}, ["at_months"]),
        (endpoint("tcpo2", "ancova", at_months=5.0), {}, ["at_months"]),
        (endpoint("tcpo2", "ancova", at_months=5.0), {"visits": ()}, ["at_months"]),
        (endpoint("death", "logrank", stratified=True), {}, ["stratified"]),
        (endpoint("death", "rmst", at_months=6.0, stratified=True), {"strata": 1}, ["stratified"]),
        (endpoint("death", "cmh", at_months=6.0), {}, ["test"]),
        (endpoint("death", "fleming_harrington"), {}, ["rho"]),
        (endpoint("hierarchy", "win_ratio", at_months=6.0, order=["death"], thresholds=[1.0, 2.0]), {}, ["thresholds"]),
        (endpoint(at_months=6.0, aim="non_inferiority", margin=0.1), {}, ["aim"]),
        (endpoint("walking", "risk_difference", at_months=6.0, aim="equivalence", margin=0.1), {}, ["aim"]),
        (endpoint("death", "cox", aim="non_inferiority", margin=1.0), {}, ["margin"]),
        (endpoint("death", "risk_difference", at_months=6.0, aim="non_inferiority"), {}, ["margin"]),
        (endpoint("death", "risk_difference", at_months=6.0, aim="non_inferiority", margin=1.0), {}, ["margin"]),
        (endpoint("hierarchy", "win_ratio", at_months=6.0), {}, ["order"]),
        (endpoint(at_months=6.0, order=["death"]), {}, ["order"]),
        (endpoint("hierarchy", "win_ratio", at_months=6.0, order=["death", "death"]), {}, ["order"]),
    ],
)
def test_what_cannot_be(own: Endpoint, context: dict[str, Any], wrong: list[str]) -> None:
    """Each by its key, and nothing else."""
    assert keys(own, **context) == wrong


def test_the_visits_that_there_are_are_told() -> None:
    """One by one, or that there are none."""
    own = endpoint("tcpo2", "ancova", at_months=5.0)
    for visits, listed in (((3.0, 6.0), "3, 6"), ((), "none yet")):
        (told,) = [allowed for _, _, allowed in own.faults(2, visits, 12.0, 0)]
        assert told == f"one of visits.at_months ({listed}), because it is read at a visit"


@pytest.mark.parametrize("value", [-0.1, 10.1])
def test_weights_have_powers_from_nought_to_ten(value: float) -> None:
    """Of rho and of gamma; the limits can be."""
    for key in ("rho", "gamma"):
        endpoint("death", "fleming_harrington", **{key: 10.0})
        with pytest.raises(ValidationError, match=key):
            endpoint("death", "fleming_harrington", **{key: value})


def test_the_test_to_use_instead_is_told() -> None:
    """Another one that holds a margin, where there is one."""
    (told,) = [
        allowed for _, _, allowed in endpoint("death", "logrank", aim="equivalence", margin=1.2).faults(2, (), 12.0, 0)
    ]
    assert told == "superiority with logrank of death; use cox"
    own = endpoint("hierarchy", "win_ratio", at_months=6.0, order=["death"], aim="equivalence", margin=0.2)
    (told,) = [allowed for _, _, allowed in own.faults(2, (), 12.0, 0)]
    assert told.startswith("superiority with win_ratio of hierarchy; a margin needs risk_difference")


@pytest.mark.parametrize(
    ("key", "can", "cannot"),
    [
        ("at_months", (0.03, 600.0), (0.02, 600.5)),
        ("margin", (0.0, 200.0), (-0.5, 200.5)),
        ("imputations", (2, 1_000), (1, 1_001, 2.5)),
    ],
)
def test_limits_of_numbers(key: str, can: tuple[float, ...], cannot: tuple[float, ...]) -> None:
    """The limits themselves can be; what lies beyond them is told."""
    for value in can:
        assert getattr(endpoint(**{key: value}), key) == value
    for value in cannot:
        with pytest.raises(ValidationError, match=key):
            endpoint(**{key: value})


def test_what_is_not_said() -> None:
    """Superiority without a margin, and twenty imputations."""
    plain = endpoint()
    assert (plain.aim, plain.margin, plain.imputations) == ("superiority", 0.0, 20)


def told_of(own: Endpoint, **context: Any) -> list[str]:
    usual = {"arms": 2, "visits": (6.0,), "longest": 12.0, "strata": 0}
    return [f"{key} = {value}: {allowed}" for key, value, allowed in own.faults(**(usual | context))]


def test_refusals_say_what_can_be() -> None:
    """Tests for one arm or for several, tests whose estimates are pooled, and what may be stratified."""
    (one,) = told_of(endpoint(at_months=6.0), arms=1)
    assert one == "test = chi_square: exact_binomial or posterior, because the trial has one arm"
    (two,) = told_of(endpoint("death", "posterior", at_months=6.0, null_rate=0.5), arms=3)
    assert two == "test = posterior: a test that compares arms"
    (pooled,) = told_of(endpoint(at_months=6.0, lost="multiple_imputation"))
    assert pooled.endswith("or the test risk_difference, risk_ratio, cmh or g_computation")
    (stratified,) = told_of(endpoint("death", "logrank", stratified=True))
    assert stratified.startswith("stratified = True: only with randomisation.strata and one of ")


def test_every_test_is_described() -> None:
    """Each test of an outcome is among all tests, has a scale, and its known size is that of a test there is."""
    every = {test for outcome in module.OUTCOMES.values() for test in outcome.tests}
    assert set(module.TESTS) == every == set(module.SCALES)
    assert set(module.KNOWN_SIZE) < every
