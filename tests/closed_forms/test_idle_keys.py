"""Keys that nothing would read, one by one."""

from __future__ import annotations

from typing import Any

import pytest

from simulator.questions.trial.design.design import Design
from simulator.questions.trial.reading.idle_keys import FUTILITY, LOOKS, idle_keys

ARMS = [{"name": "control", "policy": "conservative"}, {"name": "cells", "policy": "single_dose"}]
DEATH = {"name": "e", "outcome": "death", "test": "logrank"}
AT_SIX = {"name": "e", "outcome": "death", "test": "risk_difference", "at_months": 6.0}
TCPO2 = {"name": "e", "outcome": "tcpo2", "test": "t_test", "at_months": 6.0}
PAIRS = {"name": "e", "outcome": "hierarchy", "test": "win_ratio", "at_months": 6.0}
ONE_ARM = AT_SIX | {"test": "exact_binomial", "null_rate": 0.5}


def found(*endpoints: dict[str, Any], **more: Any) -> list[tuple[str, Any, str]]:
    """Every idle key of a design."""
    table = {"label": "A trial", "arms": ARMS, "accrual": {"per_month": 1.0}, "follow_up": {"months": 12.0}} | more
    return list(idle_keys(Design(**table, endpoints=list(endpoints or [DEATH]))))


def test_nothing_is_idle() -> None:
    """A plain design, and one whose visit is read."""
    assert found() == [] and found(DEATH, TCPO2, visits={"at_months": [6.0]}) == []


def test_visits_that_nothing_reads() -> None:
    """Told with their months."""
    told = ("visits.at_months", [1.0, 6.0], "nothing, because no endpoint is read at a visit")
    assert found(visits={"at_months": [1.0, 6.0]}) == [told]


READ_BY = {
    "spending": {"rule": "beta", "spending": "hsd"},
    "gamma": {"rule": "beta", "spending": "hsd", "gamma": -3.0},
    "rho": {"rule": "beta", "spending": "kim-demets", "rho": 2.0},
    "z": {"rule": "z", "z": [0.5]},
    "threshold": {"rule": "conditional-power", "threshold": 0.2},
    "assumed": {"rule": "conditional-power", "assumed": "design"},
}


def test_keys_of_futility_rules() -> None:
    """Each has its rule, and is idle with any other."""
    assert list(READ_BY) == list(FUTILITY)
    for rule in READ_BY.values():
        assert found(futility=rule) == []
    for key, (where, _) in FUTILITY.items():
        other = "z" if READ_BY[key]["rule"] != "z" else "beta"
        value = READ_BY[key][key]
        told = (f"futility.{key}", tuple(value) if isinstance(value, list) else value, f"only with {where}")
        assert found(futility={"rule": other, key: value}) == [told]
    for key in ("gamma", "rho"):
        own = READ_BY[key] | {"spending": "ld-obf"}
        assert [fault[0] for fault in found(futility=own)] == [f"futility.{key}"]
    told = ("futility", "z", "nothing, because two_stage has its own rule")
    assert found(futility=READ_BY["z"], two_stage={"kind": "optimal"}) == [told]


def test_keys_of_boundaries() -> None:
    """Each has its type, and is idle with any other."""
    values: dict[str, Any] = {"delta": 0.3, "gamma": -4.0, "rho": 2.0, "early_z": 3.0}
    values |= {"points": [0.5, 1.0], "shares": [0.5, 1.0]}
    assert list(values) == list(LOOKS)
    for key, kind in LOOKS.items():
        look = {"by": "events", "at": [10.0], key: values[key]}
        assert found(looks=look | {"type": kind}) == []
        value = tuple(values[key]) if isinstance(values[key], list) else values[key]
        assert found(looks=look | {"type": "pocock"}) == [(f"looks.{key}", value, f"only with type {kind!r}")]


def test_one_arm_is_not_randomised() -> None:
    """Neither shares, blocks nor strata; its name is part of the key."""
    why = "nothing, because one arm is not randomised"
    assert found(ONE_ARM, arms=ARMS[1:]) == []
    told = [
        ("arms.cells.allocation", 2, why),
        ("randomisation.block", 4, why),
        ("randomisation.strata", ["renal"], why),
    ]
    rule = {"block": 4, "strata": [{"factor": "renal"}]}
    assert found(ONE_ARM, arms=[ARMS[1] | {"allocation": 2}], randomisation=rule) == told
    assert found(arms=[ARMS[0], ARMS[1] | {"allocation": 2}], randomisation=rule) == []


def test_one_hypothesis_shares_nothing() -> None:
    """Unless endpoints are named; two arms or two endpoints are two hypotheses."""
    told = ("multiplicity.rule", "holm", "nothing, because there is one hypothesis")
    assert found(multiplicity={"rule": "holm"}) == [told]
    assert found(multiplicity={"rule": "holm", "endpoints": ["e"]}) == []
    assert found(multiplicity={"rule": "gatekeeping", "families": [["e"]]}) == []
    assert found(DEATH, AT_SIX | {"name": "f"}, multiplicity={"rule": "holm"}) == []
    three = [*ARMS, {"name": "more", "policy": "repeated"}]
    assert found(multiplicity={"rule": "holm"}, arms=three) == []


@pytest.mark.parametrize(
    ("endpoint", "told"),
    [
        (AT_SIX | {"lost": "failure"}, []),
        (DEATH | {"lost": "failure"}, [("lost", "failure", "logrank censors whoever is lost")]),
        (TCPO2 | {"lost": "failure"}, [("lost", "failure", "t_test leaves out whoever was not measured")]),
        (AT_SIX | {"lost": "multiple_imputation", "imputations": 10}, []),
        (AT_SIX | {"imputations": 10}, [("imputations", 10, "only with lost 'multiple_imputation'")]),
        (AT_SIX | {"test": "posterior_difference", "prior": {}}, []),
        (AT_SIX | {"prior": {}}, [("prior", "given", "only with test 'posterior' or 'posterior_difference'")]),
        (DEATH | {"test": "fleming_harrington", "rho": 1.0, "gamma": 1.0}, []),
        (
            DEATH | {"rho": 1.0, "gamma": 0.5},
            [(key, value, "only with test 'fleming_harrington'") for key, value in (("rho", 1.0), ("gamma", 0.5))],
        ),
        (PAIRS | {"order": ["death", "tcpo2"], "thresholds": [1.0, 5.0]}, []),
        (DEATH | {"thresholds": [1.0]}, [("thresholds", [1.0], "only in a hierarchy, one for each outcome of order")]),
        (PAIRS | {"order": ["death", "tcpo2"], "margin": 5.0}, []),
        (PAIRS | {"order": ["death"], "margin": 5.0}, [("margin", 5.0, "only with aim 'non_inferiority'")]),
        (
            PAIRS | {"order": ["death"], "thresholds": [1.0], "margin": 5.0},
            [("margin", 5.0, "nothing beside thresholds")],
        ),
        (AT_SIX | {"margin": 0.1}, [("margin", 0.1, "only with aim 'non_inferiority'")]),
        (AT_SIX | {"margin": 0.1, "aim": "equivalence"}, []),
    ],
)
def test_keys_of_an_endpoint(endpoint: dict[str, Any], told: list[tuple[str, Any, str]]) -> None:
    """Each with the test that reads it."""
    rows = found(endpoint)
    assert [row[:2] for row in rows] == [(f"endpoints.e.{key}", value) for key, value, _ in told]
    assert all(each[2] in row[2] for row, each in zip(rows, told, strict=True))
