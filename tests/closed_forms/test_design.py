"""What follows from a design as its file writes it."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from simulator.questions.trial.design import design as module
from simulator.questions.trial.design import interim, limits
from simulator.questions.trial.design.design import Arm, Crossover, Design, FollowUp, Randomisation, Size, Visits
from simulator.statistics.beliefs.beta_rules import UNIFORM, BetaMixture
from simulator.statistics.sizes.simon import TwoStage

ARMS = [{"name": f"arm{k}", "policy": f"policy{k}"} for k in range(3)]
ENDPOINTS = [{"name": name, "outcome": "death", "test": "logrank"} for name in "abc"]
ALIVE = {"name": "a", "outcome": "death", "test": "exact_binomial", "at_months": 6.0, "null_rate": 0.5}


def design(**changed: Any) -> Design:
    """Two arms, three endpoints, a hundred patients."""
    table: dict[str, Any] = {
        **{"label": "A trial", "arms": ARMS[:2], "accrual": {"per_month": 1.0}, "follow_up": {"months": 12.0}},
        **{"endpoints": ENDPOINTS, "size": {"patients": 100}},
    }
    return Design(**table | changed)


def single(stages: dict[str, Any], **more: Any) -> Design:
    """One arm in two stages."""
    return design(arms=ARMS[:1], endpoints=[ALIVE | more], two_stage=stages, size={"power": 0.85}, alpha=0.05)


def test_usual_values() -> None:
    """One-sided 2.5%, power 90%, equal arms, own follow-up, blocks, and nothing that changes a trial."""
    plain = design()
    assert (plain.alpha, plain.sides, plain.size.power, plain.scenario) == (0.025, 1, 0.9, "base")
    assert Arm(name="a", policy="p").allocation == 1 and Crossover(to="p", after_months=1.0).share == 1.0
    assert (FollowUp(months=1.0).until, Visits().at_months, Size().patients) == ("own", (), None)
    assert (Randomisation().method, Randomisation().follow) == ("blocks", 0.8)
    for name in ("looks", "futility", "reestimation", "blinded_review", "two_stage", "selection", "multiplicity"):
        assert getattr(plain, name) is None
    assert plain.most_growth == 1.0 and plain.reestimated_at == 0 and not plain.stops_for_futility
    assert module.MEASURES == ("age", "diabetes_years", "tcpo2_measured")


def test_the_file_that_a_design_was_read_from() -> None:
    """A design that was not has none."""
    plain = design()
    assert plain.file == "design"
    assert plain.read_from("mine.toml") is plain and plain.file == "mine.toml"


@pytest.mark.parametrize(
    ("rule", "names"),
    [
        (None, "a"),
        ({"rule": "holm"}, "abc"),
        ({"rule": "holm", "endpoints": ["c", "a"]}, "ca"),
        ({"rule": "gatekeeping", "families": [["b"], ["c", "a"]]}, "bca"),
    ],
)
def test_confirmatory_endpoints(rule: Any, names: str) -> None:
    """The first alone, all, or those that are named, in that order."""
    own = design(multiplicity=rule)
    assert "".join(each.name for each in own.confirmatory) == names and own.primary.name == names[0]


def test_comparisons() -> None:
    """Each arm with the first; one arm with a rate."""
    assert [design(arms=ARMS[:k]).comparisons for k in (1, 2, 3)] == [(0,), (1,), (1, 2)]


def test_numbers_of_two_stages(monkeypatch: pytest.MonkeyPatch) -> None:
    """As given, or found for the level and power of the design; the trial has the patients of both stages."""
    assert design().stages is None and design().patients == 100
    given = single({"kind": "given", "n1": 9, "r1": 0, "n": 17, "r": 2})
    found = given.stages
    assert found is not None and (found.kind, found.n1, found.r1, found.n, found.r) == ("given", 9, 0, 17, 2)
    assert given.patients == 17
    asked: list[Any] = []

    def two(*numbers: Any) -> Any:
        asked.append(numbers)
        return tuple(TwoStage(kind, 9, 2, n, 5, 0.0, 0.0, 0.0, 0.0) for kind, n in (("optimal", 20), ("minimax", 18)))

    monkeypatch.setattr(module, "two_stage", two)
    optimal, minimax = (single({"kind": kind, "hoped_rate": 0.7}).read_from("f") for kind in ("optimal", "minimax"))
    assert (optimal.patients, minimax.patients) == (20, 18)
    assert asked == [(0.5, 0.7, 0.05, 0.85, "f")] * 2


@pytest.mark.parametrize("prior", [None, {"a": [2.0], "b": [3.0]}])
def test_stages_by_prediction(monkeypatch: pytest.MonkeyPatch, prior: Any) -> None:
    """Not promising up to one below the first number that goes on, and one below the one that succeeds."""
    asked: list[Any] = []

    class Rule:
        futile, needed = (4, 9), 12

    monkeypatch.setattr(module, "bayes_rule", lambda *given: asked.append(given) or Rule)
    stages = {"kind": "predictive", "n1": 10, "n": 20, "futility": 0.1}
    found = single(stages, test="posterior", prior=prior).stages
    assert found is not None
    assert (found.kind, found.n1, found.r1, found.n, found.r) == ("predictive", 10, 3, 20, 11)
    mixture = UNIFORM if prior is None else BetaMixture((1.0,), (2.0,), (3.0,))
    assert asked == [(mixture, (10, 20), 0.5, 0.95, 0.1)]


LOOKS = {"by": "events", "at": [10.0, 20.0, 30.0]}
GROW = {"lower": 0.3, "upper": 0.8, "target": 0.9, "largest": 1.5}


def test_looks_that_stop_for_futility() -> None:
    """By a rule of their own, or in a triangle."""
    assert design(looks=LOOKS, futility={"rule": "beta"}).stops_for_futility
    assert design(looks=LOOKS | {"type": "triangular"}).stops_for_futility
    assert not design(looks=LOOKS).stops_for_futility


def test_trials_that_grow() -> None:
    """At the last look or at the one that is named, counted from one; as far as the rule lets them."""
    assert design(looks=LOOKS, reestimation=GROW).reestimated_at == 2
    assert design(looks=LOOKS, reestimation=GROW | {"look": 2}).reestimated_at == 1
    assert design(reestimation=GROW).reestimated_at == design(looks=LOOKS).reestimated_at == 0
    assert design(looks=LOOKS, reestimation=GROW).most_growth == 1.5
    review = {"nuisance": "event_rate", "planned": 0.5, "after_events": 10}
    assert design(blinded_review=review).most_growth == 2.0
    assert design(blinded_review=review | {"largest": 3.0}, reestimation=GROW).most_growth == 3.0


def test_blocks() -> None:
    """Twice the ratio's sum unless stated; none for one arm or minimised."""
    assert design().block == 4 and design(arms=[ARMS[0], ARMS[1] | {"allocation": 2}]).block == 6
    assert design(arms=ARMS[:1]).block == 0 and design(randomisation={"block": 10}).block == 10
    assert design(arms=ARMS[:1], randomisation={"block": 3}).block == 3
    minimised = {"method": "minimised", "block": 10, "strata": [{"factor": "renal"}]}
    assert design(randomisation=minimised).block == 0


def test_a_futility_rule_as_boundaries_take_it() -> None:
    """Usual: spent like O'Brien and Fleming's, a tenth of conditional power under the trend, not binding."""
    plain = interim.FutilityRule(rule="beta")
    found = plain.rule_of_plan
    assert (found.rule, found.z, found.threshold, found.assumed, found.binding) == ("beta", (), 0.1, "trend", False)
    assert (plain.gamma, plain.rho) == (-4.0, 3.0)
    given = {"spending": "hsd", "gamma": -2.0, "rho": 2.0, "z": [0.5], "threshold": 0.2, "assumed": "design"}
    other = interim.FutilityRule(rule="z", binding=True, **given).rule_of_plan
    assert (other.rule, other.z, other.threshold, other.assumed, other.binding) == ("z", (0.5,), 0.2, "design", True)
    spending = other.spending
    assert spending is not None and (spending.name, spending.gamma, spending.rho) == ("hsd", -2.0, 2.0)


def test_usual_values_of_interim_rules() -> None:
    """Of looks, sizes estimated again, blind ones, and stages."""
    assert interim.Looks(by="events", at=[1.0]).type == "ld-obf"
    assert (interim.Reestimation(**GROW).test, interim.Reestimation(**GROW).look) == ("weighted", None)
    review = interim.BlindedReview(nuisance="pooled_rate", planned=0.3)
    assert (review.smallest, review.largest) == (1.0, 2.0)
    assert interim.Stages().pause and interim.Stages().kind == "optimal"


@pytest.mark.parametrize(
    ("kind", "low", "high", "beyond", "whole"),
    [
        (limits.Patients, 2, 100_000, (1, 100_001), True),
        (limits.Count, 1, 100_000, (0, 100_001), True),
        (limits.Successes, 0, 100_000, (-1, 100_001), True),
        (limits.Share, 1, 100, (0, 101), True),
        (limits.Block, 0, 1_000, (-1, 1_001), True),
        (limits.Growth, 1.0, 10.0, (0.99, 10.01), False),
        (limits.Number, -1e6, 1e6, (-1e6 - 0.5, 1e6 + 0.5), False),
        (interim.BlindedReview.model_fields["planned"].rebuild_annotation(), 0.0, 1e6, (-0.1, 1.1e6), False),
        (interim.BlindedReview.model_fields["smallest"].rebuild_annotation(), 0.1, 1.0, (0.09, 1.01), False),
    ],
)
def test_what_numbers_of_a_design_may_be(
    kind: Any, low: float, high: float, beyond: tuple[float, float], whole: bool
) -> None:
    """Their ends are within their range; numbers of people are whole."""
    check = TypeAdapter(kind).validate_python
    assert check(low) == low and check(high) == high
    for value in (*beyond, *((low + 0.5,) if whole else ())):
        with pytest.raises(ValidationError, match="a whole number" if whole else "a number"):
            check(value)


USUAL: dict[Any, dict[str, Any]] = {
    Arm: {"allocation": 1},
    Crossover: {"share": 1.0, "tcpo2_below": None},
    Visits: {"at_months": ()},
    FollowUp: {"until": "own"},
    Size: {"patients": None, "events": None, "power": 0.9},
    module.Stratum: {"cut": None},
    Randomisation: {"method": "blocks", "follow": 0.8, "block": None, "strata": ()},
    Design: {
        **{"description": "", "note": "", "scenario": "base", "view": None, "alpha": 0.025, "sides": 1, "entry": None},
        **{"drop_out": module.DropOut(), "visits": Visits(), "size": Size(), "randomisation": Randomisation()},
        **{"stated": (), "estimands": (), "centre": None, "blinding": None, "crossover": None, "looks": None},
        **dict.fromkeys(("futility", "reestimation", "blinded_review", "two_stage", "predictive", "selection")),
        **{"enrichment": None, "multiplicity": None},
    },
    interim.Looks: {
        "type": "ld-obf",
        **dict.fromkeys(("delta", "gamma", "rho", "early_z")),
        **{"points": (), "shares": ()},
    },
    interim.FutilityRule: {
        **{"spending": "ld-obf", "gamma": -4.0, "rho": 3.0, "z": (), "threshold": 0.1, "assumed": "trend"},
        "binding": False,
    },
    interim.Reestimation: {"look": None, "test": "weighted"},
    interim.BlindedReview: {"after_patients": None, "after_events": None, "smallest": 1.0, "largest": 2.0},
    interim.Stages: {
        "kind": "optimal",
        **dict.fromkeys(("futility", "hoped_rate", "n1", "r1", "n", "r")),
        "pause": True,
    },
    interim.Multiplicity: dict.fromkeys(("endpoints", "weights", "transitions", "families"), ()),
}
"""What a key means that a file does not write."""


@pytest.mark.parametrize("model", USUAL)
def test_what_a_file_need_not_write(model: Any) -> None:
    """Every such key, and what it means then."""
    fields = {name: field.default for name, field in model.model_fields.items() if not field.is_required()}
    assert fields == USUAL[model]
