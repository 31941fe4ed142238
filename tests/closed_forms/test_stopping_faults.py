"""Looks, stages and reviews that cannot be, each by its key; what lies at a limit as well as beyond it."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from simulator.questions.trial.design.endpoint import Endpoint
from simulator.questions.trial.reading.stopping_faults import stopping_faults


def endpoint(outcome: str = "death", test: str = "logrank", **more: Any) -> Endpoint:
    """An endpoint that counts events, or one that is read at six months."""
    at = {} if test == "logrank" else {"at_months": 6.0}
    return Endpoint(name="e", outcome=outcome, test=test, **(at | more))


READ = endpoint(test="chi_square")


def looks(**changed: Any) -> Any:
    """Two looks by events of eighty."""
    usual = {"by": "events", "at": (30, 60), "type": "obrien-fleming", "delta": None}
    return SimpleNamespace(**(usual | changed))


def design(primary: Endpoint | None = None, *others: Endpoint, **changed: Any) -> Any:
    """Two arms, 200 patients in twenty months followed for a year, eighty events."""
    first = primary or endpoint()
    usual: dict[str, Any] = {
        "primary": first,
        "confirmatory": (first, *others),
        "comparisons": (1,),
        "arms": (1, 2),
        "size": SimpleNamespace(patients=200, events=80, power=0.8),
        "looks": looks(),
        **dict.fromkeys(("two_stage", "futility", "reestimation", "blinded_review", "stages")),
        "sides": 1,
        "alpha": 0.025,
        "accrual": SimpleNamespace(date=lambda n: n / 120.0),
        "follow_up": SimpleNamespace(months=12.0),
        "file": "x",
    }
    return SimpleNamespace(**(usual | changed))


def size(patients: int | None = 200, events: int | None = 80) -> Any:
    """Numbers at the end."""
    return SimpleNamespace(patients=patients, events=events, power=0.8)


NO_EVENTS = size(events=None)
FUTILE = SimpleNamespace(rule="beta", binding=True)


@pytest.mark.parametrize(
    ("made", "keys"),
    [
        (design(), []),
        (design(looks=None), []),
        (design(READ), ["size.events", "looks.by", "looks.type"]),
        (design(looks=None, futility=SimpleNamespace(rule="beta", binding=False)), ["futility"]),
        (design(endpoint(test="fleming_harrington"), looks=looks(by="months", at=(6.0,), type="ld-obf")), None),
        (design(looks=looks(at=())), ["looks.at"]),
        (design(looks=looks(at=(60, 30))), ["looks.at"]),
        (design(looks=looks(at=(30, 30))), ["looks.at"]),
        (design(looks=looks(at=(0, 30))), ["looks.at"]),
        (design(looks=looks(at=(30.5,))), ["looks.at"]),
        (design(looks=looks(at=(30, 79))), []),
        (design(looks=looks(at=(30, 80))), ["looks.at"]),
        (design(size=NO_EVENTS), ["looks.by"]),
        (design(looks=looks(by="information", at=(0.5, 0.99))), []),
        (design(looks=looks(by="information", at=(0.5, 1.0))), ["looks.at"]),
        (design(looks=looks(by="information", at=(0.5,)), size=NO_EVENTS), ["looks.by"]),
        (design(READ, size=NO_EVENTS, looks=looks(by="patients", at=(199,))), []),
        (design(READ, size=NO_EVENTS, looks=looks(by="patients", at=(200,))), ["looks.at"]),
        (design(READ, size=NO_EVENTS, looks=looks(by="patients", at=(99.5,))), ["looks.at"]),
        (design(READ, size=NO_EVENTS, looks=looks(by="months", at=(31.9,), type="ld-obf")), []),
        (design(READ, size=NO_EVENTS, looks=looks(by="months", at=(32.0,), type="ld-obf")), ["looks.at"]),
        (design(READ, size=NO_EVENTS, looks=looks(by="months", at=(6.0,))), ["looks.type"]),
        (design(endpoint(), endpoint("healing")), ["looks.type"]),
        (design(endpoint(), endpoint("healing"), looks=looks(type="ld-obf")), []),
        (
            design(endpoint(), endpoint("healing"), looks=looks(type="ld-obf"), futility=FUTILE),
            ["futility.binding"],
        ),
        (design(comparisons=(1, 2), futility=FUTILE), ["futility.binding"]),
        (design(futility=FUTILE), []),
        (design(looks=looks(type="triangular")), []),
        (design(looks=looks(type="triangular"), sides=2), ["sides"]),
        (design(looks=looks(type="triangular"), comparisons=(1, 2)), ["looks.type"]),
        (design(looks=looks(type="triangular"), futility=FUTILE), ["futility"]),
        (design(sides=2, futility=SimpleNamespace(rule="conditional-power", binding=False)), ["futility.rule"]),
        (design(sides=2, futility=SimpleNamespace(rule="beta", binding=False)), []),
        (
            design(READ, size=NO_EVENTS, looks=looks(by="months", at=(6.0,), type="ld-obf"), futility=FUTILE),
            ["futility.binding"],
        ),
    ],
)
def test_looks_that_cannot_be(made: Any, keys: list[str] | None) -> None:
    """Out of order, not whole, at the end itself, by what the trial does not count, or with a rule that does not know them."""
    found = [key for key, _, _ in stopping_faults(made)]
    assert found == keys if keys is not None else "endpoints.e.test" in found


def growing(**changed: Any) -> Any:
    """A promising zone."""
    usual = {"look": None, "test": "weighted", "lower": 0.3, "upper": 0.8, "target": 0.9, "largest": 2.0}
    return SimpleNamespace(**(usual | changed))


ONE_LOOK = looks(at=(40,))


@pytest.mark.parametrize(
    ("changed", "keys"),
    [
        ({}, []),
        ({"reestimation": growing(look=2)}, []),
        ({"reestimation": growing(look=3)}, ["reestimation.look"]),
        ({"looks": None}, ["reestimation"]),
        ({"reestimation": growing(test="ordinary")}, ["reestimation.test"]),
        ({"reestimation": growing(test="ordinary"), "looks": ONE_LOOK}, []),
        # Of one look nobody needs to know in advance how much it will see.
        ({"looks": looks(by="patients", at=(60,), type="ld-obf"), "size": NO_EVENTS}, []),
        ({"looks": looks(by="patients", at=(60, 90), type="ld-obf"), "size": NO_EVENTS}, ["reestimation"]),
        ({"looks": looks(type="triangular")}, ["looks.type"]),
        ({"comparisons": (1, 2)}, ["reestimation"]),
        ({"sides": 2}, ["reestimation"]),
        ({"reestimation": growing(lower=0.8)}, ["reestimation"]),
        ({"reestimation": growing(upper=0.9)}, []),
        ({"reestimation": growing(upper=0.91)}, ["reestimation"]),
        ({"reestimation": growing(target=1.0)}, ["reestimation"]),
    ],
)
def test_sizes_that_cannot_be_estimated_again(changed: dict[str, Any], keys: list[str]) -> None:
    """Without a look, at one that there is not, with several hypotheses or two sides, or in a zone that is none."""
    assert [key for key, _, _ in stopping_faults(design(**({"reestimation": growing()} | changed)))] == keys


def stages(**changed: Any) -> Any:
    """Simon's stages with numbers of one's own."""
    usual = {"kind": "given", "n1": 10, "r1": 2, "n": 30, "r": 9, "hoped_rate": None, "futility": None}
    return SimpleNamespace(**(usual | changed))


BAYES = {"kind": "predictive", "r1": None, "r": None, "futility": 0.1}


@pytest.mark.parametrize(
    ("of", "test", "changed", "keys"),
    [
        ({}, "exact_binomial", {}, []),
        ({}, "exact_binomial", {"arms": (1, 2)}, ["two_stage"]),
        ({}, "posterior", {}, ["two_stage"]),
        ({"futility": 0.1}, "exact_binomial", {}, ["two_stage.futility"]),
        ({}, "exact_binomial", {"looks": looks()}, ["two_stage"]),
        ({}, "exact_binomial", {"confirmatory": (1, 2)}, ["two_stage"]),
        ({"r1": 10}, "exact_binomial", {}, ["two_stage"]),
        ({"n": 10}, "exact_binomial", {}, ["two_stage"]),
        ({"r": 1}, "exact_binomial", {}, ["two_stage"]),
        ({"r": 2}, "exact_binomial", {}, []),
        ({"r": 30}, "exact_binomial", {}, ["two_stage"]),
        ({"r": 29}, "exact_binomial", {}, []),
        ({"r": None}, "exact_binomial", {}, ["two_stage.r"]),
        (BAYES, "posterior", {}, []),
        (BAYES | {"futility": None}, "posterior", {}, ["two_stage.futility"]),
        (BAYES | {"n1": 30}, "posterior", {}, ["two_stage.n1"]),
        (BAYES | {"n": None}, "posterior", {}, ["two_stage.n1"]),
        (BAYES | {"r": 9}, "posterior", {}, ["two_stage.r"]),
        (BAYES | {"hoped_rate": 0.5}, "posterior", {}, ["two_stage.hoped_rate"]),
        (
            {"kind": "optimal", "n1": None, "r1": None, "n": None, "r": None},
            "exact_binomial",
            {},
            ["two_stage.hoped_rate"],
        ),
        (
            {"kind": "optimal", "r1": None, "n": None, "r": None, "hoped_rate": 0.5},
            "exact_binomial",
            {"stages": 1},
            ["two_stage.n1"],
        ),
    ],
)
def test_stages_that_cannot_be(of: dict[str, Any], test: str, changed: dict[str, Any], keys: list[str]) -> None:
    """Two arms, another test, numbers out of order or missing, and numbers that the kind finds itself."""
    primary = endpoint(test=test, null_rate=0.2, lost="failure")
    usual = {"arms": (1,), "looks": None, "size": NO_EVENTS, "two_stage": stages(**of)}
    assert [key for key, _, _ in stopping_faults(design(primary, **(usual | changed)))] == keys
    lost = endpoint(test=test, null_rate=0.2)
    if not keys:
        found = [key for key, _, _ in stopping_faults(design(lost, **(usual | changed)))]
        assert found == ["endpoints.e.lost"]


@pytest.mark.parametrize(
    ("kind", "test", "futility", "told"),
    [("given", "exact_binomial", 0.1, 0.1), ("predictive", "posterior", None, "missing")],
)
def test_a_limit_of_futility_belongs_to_prediction(kind: str, test: str, futility: Any, told: Any) -> None:
    """It is told as it is given, or as missing."""
    own = stages(**(BAYES if kind == "predictive" else {}) | {"futility": futility})
    primary = endpoint(test=test, null_rate=0.2, lost="failure")
    (fault,) = stopping_faults(design(primary, arms=(1,), looks=None, size=NO_EVENTS, two_stage=own))
    assert fault[:2] == ("two_stage.futility", told)


@pytest.mark.parametrize(
    ("first", "other", "types"),
    [
        (READ, endpoint(test="risk_difference"), []),
        (READ, endpoint(test="risk_difference", at_months=9.0), ["looks.type"]),
        (READ, endpoint(), ["looks.type"]),
    ],
)
def test_endpoints_whose_information_grows_at_another_pace(first: Endpoint, other: Endpoint, types: list[str]) -> None:
    """Need a spending function; those that count the same patients at every look do not."""
    by_patients = looks(by="patients", at=(60,), type="obf")
    found = stopping_faults(design(first, other, looks=by_patients, size=NO_EVENTS))
    assert [key for key, _, _ in found] == types


def test_a_size_that_is_not_stated_is_one_patient() -> None:
    """Who comes after a tenth of a month and is followed for a year: a look must come before."""
    for month, keys in ((12.05, []), (12.15, ["looks.at"])):
        own = looks(by="months", at=(month,), type="ld-obf")
        assert [key for key, _, _ in stopping_faults(design(looks=own, size=size(None, None)))] == keys
