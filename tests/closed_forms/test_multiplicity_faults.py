"""Rules for several hypotheses that cannot be, each by its key."""

from __future__ import annotations

from typing import Any

import pytest

from simulator.questions.trial.design.design import Design
from simulator.questions.trial.design.interim import Multiplicity
from simulator.questions.trial.reading.multiplicity_faults import multiplicity_faults, unknown_names

ARMS = [{"name": f"arm{k}", "policy": f"policy{k}"} for k in range(3)]
ENDPOINTS = [{"name": name, "outcome": "death", "test": "logrank"} for name in "abcdef"]
LOOKS = {"by": "events", "at": [20.0], "type": "ld-obf"}
WEIGHTS = {"weights": [0.5, 0.5], "transitions": [[0.0, 1.0], [1.0, 0.0]]}


def found(rule: dict[str, Any] | None, arms: int = 2, endpoints: int = 2, **more: Any) -> list[tuple[str, Any, str]]:
    """Every fault of a rule in a trial of some arms and endpoints."""
    design = Design(
        label="A trial",
        arms=ARMS[:arms],
        accrual={"per_month": 1.0},
        follow_up={"months": 12.0},
        endpoints=ENDPOINTS[:endpoints],
        multiplicity=rule,
        **more,
    )
    return list(multiplicity_faults(design, [each.name for each in design.endpoints]))


def only(rows: list[tuple[str, Any, str]]) -> tuple[str, Any, str]:
    """The one fault."""
    (row,) = rows
    return row


def test_several_arms_need_a_rule() -> None:
    """Or a choice among them; one arm beside the control needs none."""
    assert found(None) == []
    assert only(found(None, arms=3))[:2] == ("multiplicity.rule", "missing")
    assert found(None, arms=3, selection={"keep": 1}) == []


@pytest.mark.parametrize("rule", ["bonferroni", "holm", "fixed_sequence", "hochberg"])
def test_rules_without_parts(rule: str) -> None:
    """Endpoints may be named, each once, and must be there."""
    assert found({"rule": rule}) == [] and found({"rule": rule, "endpoints": ["b", "a"]}) == []
    key, value, allowed = only(found({"rule": rule, "endpoints": ["a", "x"]}))
    assert (key, value) == ("multiplicity.endpoints", "x") and "a" in allowed
    assert only(found({"rule": rule, "endpoints": ["a", "b", "a"]})) == (
        "multiplicity.endpoints",
        "a",
        "each endpoint once",
    )


def test_families_belong_to_gatekeeping() -> None:
    """To it alone, which needs some, and no list of endpoints beside them."""
    assert found({"rule": "gatekeeping", "families": [["a"], ["b"]]}) == []
    told = "lists of endpoints, with rule gatekeeping only"
    assert only(found({"rule": "gatekeeping"})) == ("multiplicity.families", [], told)
    assert only(found({"rule": "holm", "families": [["a"], ["b"]]})) == (
        "multiplicity.families",
        [["a"], ["b"]],
        told,
    )
    both = found({"rule": "gatekeeping", "families": [["a"], ["b"]], "endpoints": ["c"]}, endpoints=3)
    assert only(both)[:2] == ("multiplicity.endpoints", ["c"])


def test_dunnett_compares_several_arms_in_one_endpoint() -> None:
    """Named, or the only one."""
    assert found({"rule": "dunnett"}, arms=3, endpoints=1) == []
    assert found({"rule": "dunnett", "endpoints": ["b"]}, arms=3) == []
    told = ("multiplicity.rule", "dunnett", "several arms against the control in one confirmatory endpoint")
    assert only(found({"rule": "dunnett"}, arms=2, endpoints=1)) == told
    assert only(found({"rule": "dunnett"}, arms=3)) == told


@pytest.mark.parametrize(
    ("changed", "key"),
    [
        ({}, None),
        ({"weights": [0.5, 0.4]}, None),
        ({"weights": [0.5]}, "weights"),
        ({"weights": [0.6, 0.5]}, "weights"),
        ({"weights": [0.5, 0.5 + 1e-10]}, None),
        ({"transitions": [[0.0, 1.0]]}, "transitions"),
        ({"transitions": [[0.0, 1.0], [1.0]]}, "transitions"),
        ({"transitions": [[0.0, 1.0], [0.5, 0.5]]}, "transitions"),
        ({"transitions": [[0.0, 0.5], [0.0, 0.0]]}, None),
    ],
)
def test_a_graph(changed: dict[str, Any], key: str | None) -> None:
    """Shares of alpha that are one in all at most, and what each hypothesis passes on to the others."""
    rule = {"rule": "graphical"} | WEIGHTS | changed
    assert [fault[:2] for fault in found(rule)] == ([] if key is None else [(f"multiplicity.{key}", rule[key])])


def test_a_graph_of_arms_and_endpoints() -> None:
    """Two endpoints and two arms beside the control are four hypotheses; what is passed on is one in all at most."""
    rows = [[0.0, 0.5, 0.5, 0.0], [0.4, 0.0, 0.4, 0.4], [0.0] * 4, [0.0] * 4]
    rule = {"rule": "graphical", "weights": [0.25] * 4, "transitions": rows}
    key, value, allowed = only(found(rule, arms=3))
    assert (key, value) == ("multiplicity.transitions", rows) and allowed.startswith("4 lists of 4 parts")
    rows[1][0] = 0.2
    assert found(rule, arms=3) == []
    (fault,) = found(rule | {"weights": [0.25] * 3}, arms=3)
    assert fault[2] == "a share of alpha for each of 4 hypotheses, 1 in all at most"


def test_parts_of_a_graph_belong_to_it() -> None:
    """Another rule has neither; a rule with unknown endpoints is not looked at further."""
    told = "only with rule graphical"
    assert found({"rule": "holm", **WEIGHTS}) == [
        ("multiplicity.weights", "given", told),
        ("multiplicity.transitions", "given", told),
    ]
    assert only(found({"rule": "graphical", "endpoints": ["x"]}))[0] == "multiplicity.endpoints"


def test_rules_at_looks() -> None:
    """Only those whose level of every look is known; a graph with a spending function and few hypotheses."""
    graph = {"rule": "graphical", **WEIGHTS}
    assert found(graph, looks=LOOKS) == [] and found({"rule": "holm"}, looks=LOOKS) == []
    key, value, allowed = only(found({"rule": "hochberg"}, looks=LOOKS))
    assert (key, value) == ("multiplicity.rule", "hochberg") and "Simes" in allowed
    key, value, allowed = only(found({"rule": "dunnett"}, arms=3, endpoints=1, looks=LOOKS))
    assert (key, value) == ("multiplicity.rule", "dunnett") and "joint law" in allowed
    key, value, allowed = only(found(graph, looks=LOOKS | {"type": "obf"}))
    assert (key, value) == ("looks.type", "obf") and "spending function" in allowed
    first = {"weights": [0.0, 1.0]}
    key, value, allowed = only(found(graph | first, looks=LOOKS))
    assert (key, value) == ("multiplicity.weights", [0.0, 1.0]) and "above 0 for the first" in allowed
    assert found(graph | first) == []


@pytest.mark.parametrize(("hypotheses", "told"), [(5, []), (6, ["multiplicity.weights"])])
def test_most_hypotheses_of_a_graph_with_looks(hypotheses: int, told: list[str]) -> None:
    """Five, because every weight has boundaries of its own."""
    rows = [[0.0] * hypotheses for _ in range(hypotheses)]
    rule = {"rule": "graphical", "weights": [0.1] * hypotheses, "transitions": rows}
    assert [key for key, _, _ in found(rule, endpoints=hypotheses, looks=LOOKS)] == told
    assert found(rule, endpoints=hypotheses) == []


def test_stages_test_one_endpoint() -> None:
    """Nothing that shares alpha exactly goes with them, looks or not."""
    stages = {"two_stage": {"kind": "optimal", "hoped_rate": 0.5}}
    told = ("multiplicity.rule", "hochberg", "nothing with two_stage, which tests one endpoint")
    assert only(found({"rule": "hochberg"}, **stages)) == told
    assert found({"rule": "holm"}, **stages) == []


def test_names_that_are_not_there() -> None:
    """In a list or in a family."""
    assert not unknown_names(Multiplicity(rule="holm", endpoints=("a",)), ["a", "b"])
    assert unknown_names(Multiplicity(rule="holm", endpoints=("x",)), ["a", "b"])
    assert unknown_names(Multiplicity(rule="gatekeeping", families=(("a",), ("x",))), ["a", "b"])
