"""Designs that cannot be, each by its key; what lies at a limit as well as beyond it."""

from __future__ import annotations

from typing import Any

import pytest

from simulator.questions.trial.design.design import Design
from simulator.questions.trial.reading import design_faults as module
from simulator.questions.trial.reading.design_faults import faults

CONTROL, CELLS = {"name": "control", "policy": "conservative"}, {"name": "cells", "policy": "single_dose"}
DEATH = {"name": "death", "outcome": "death", "test": "logrank"}
AT_SIX = {"name": "six", "outcome": "death", "test": "risk_difference", "at_months": 6.0}
TCPO2 = {"name": "tcpo2", "outcome": "tcpo2", "test": "t_test", "at_months": 6.0}
TABLE: dict[str, Any] = {
    "label": "A trial",
    "arms": [CONTROL, CELLS],
    "accrual": {"per_month": 10.0},
    "follow_up": {"months": 12.0},
    "size": {"patients": 120, "power": 0.8},
    "endpoints": [DEATH, AT_SIX],
}


def found(**changed: Any) -> list[tuple[str, Any, str]]:
    """Every fault of a design in which nothing else is wrong."""
    return list(faults(Design(**(TABLE | changed))))


def keys(**changed: Any) -> list[str]:
    """Their keys."""
    return [key for key, _, _ in found(**changed)]


def test_a_design_without_fault() -> None:
    """Two arms, two endpoints."""
    assert found() == []


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"alpha": 0.0}, ("alpha", 0.0, "with alpha 0 no result")),
        ({"alpha": 0.5}, ("alpha", 0.5, "each side below 0.5")),
        ({"alpha": -0.1}, ("alpha", -0.1, "each side below 0.5")),
        ({"size": {"patients": 120, "power": 0.025}}, ("size.power", 0.025, "above the one-sided alpha (0.025)")),
        ({"size": {"patients": 120, "power": 1.0}}, ("size.power", 1.0, "and below 1")),
        ({"alpha": 0.9, "sides": 2, "size": {"patients": 120, "power": 0.45}}, ("size.power", 0.45, "alpha (0.45)")),
    ],
)
def test_errors_that_cannot_be(changed: dict[str, Any], told: tuple[str, Any, str]) -> None:
    """A level of nothing or of half, and a power no better than the level or certain."""
    key, value, allowed = found(**changed)[0]
    assert (key, value) == told[:2] and told[2] in allowed


def test_errors_at_their_limits() -> None:
    """Each side just below half; a power just above the level of a side."""
    assert keys(alpha=0.49, size={"patients": 120, "power": 0.5}) == []
    assert keys(alpha=0.9, sides=2, size={"patients": 120, "power": 0.46}) == []
    assert "alpha" in keys(alpha=1.0, sides=2)


def test_names_and_policies() -> None:
    """Each once, with every name that is there twice told once; a policy of its own for every arm."""
    assert ("arms", "none", "at least one arm") in found(arms=[])
    assert ("arms.name", "cells", "each name once") in found(
        arms=[CONTROL, CELLS, {"name": "cells", "policy": "repeated"}], multiplicity={"rule": "bonferroni"}
    )
    assert ("endpoints.name", "death", "each name once") in found(endpoints=[DEATH, AT_SIX | {"name": "death"}])
    told = "a policy of its own for every arm"
    assert ("arms.policy", "conservative, conservative", told) in found(
        arms=[CONTROL, CELLS | {"policy": "conservative"}]
    )


def test_crossover() -> None:
    """From a control, to another policy than its own, and before the end of a patient's own follow-up."""
    to = {"to": "single_dose", "after_months": 6.0}
    assert found(crossover=to) == []
    alone = {"endpoints": [AT_SIX | {"test": "exact_binomial", "null_rate": 0.5}], "arms": [CELLS]}
    assert ("crossover", "single_dose", "only with a control arm to switch from") in found(**alone, crossover=to)
    told = ("crossover.to", "conservative", "a policy other than the control's")
    assert found(crossover=to | {"to": "conservative"}) == [told]
    at_the_end = to | {"after_months": 12.0}
    assert found(crossover=at_the_end) == [("crossover.after_months", 12.0, "before the end of follow-up, 12 months")]
    assert keys(crossover=to | {"after_months": 11.9}) == []
    assert keys(crossover=at_the_end, follow_up={"months": 12.0, "until": "last"}) == []


SITES = {"pattern": "sites", "per_month": 2.0, "sites": 5, "opening_months": 0.5}


def test_hospitals(monkeypatch: pytest.MonkeyPatch) -> None:
    """Sites that differ are hospitals of their own, need a population of them, and have no rates in common."""
    different = {"accrual": SITES | {"hospitals": "different"}}
    monkeypatch.setattr(module, "load_hospitals", lambda: "fitted")
    assert found(**different) == []
    assert found(centre="average") == []
    told = ("centre", "average", "nothing, because sites that differ are hospitals of their own")
    assert found(**different, centre="average") == [told]
    stated = [
        {"outcome": "death", "rates": {"control": 0.5, "cells": 0.4}, "at_months": 12.0},
    ]
    monkeypatch.setattr(module, "stated_faults", lambda _: iter(()))
    design = Design(**(TABLE | different)).model_copy(update={"stated": stated})
    (fault,) = module._hospitals(design)
    assert fault[:2] == ("accrual.hospitals", "different") and fault[2].startswith("alike with stated rates")
    assert list(module._hospitals(Design(**TABLE).model_copy(update={"stated": stated}))) == []
    monkeypatch.setattr(module, "load_hospitals", lambda: None)
    fault = ("accrual.hospitals", "different", "a fitted population of hospitals: clti calibrate --hospitals")
    assert found(**different) == [fault] and found(accrual=SITES) == []


def test_faults_of_parts_are_told_with_their_place() -> None:
    """Of the accrual, of the entry criteria and of an endpoint."""
    assert keys(accrual={"per_month": 10.0, "sites": 5}) == ["accrual.sites"]
    assert keys(entry={"age_at_least": 70.0, "age_below": 60.0})[0].startswith("entry.age")
    assert keys(endpoints=[DEATH, {**AT_SIX, "at_months": 13.0}]) == ["endpoints.six.at_months"]
    at_visit = [DEATH, {**TCPO2, "at_months": 5.0}]
    assert keys(endpoints=at_visit, visits={"at_months": [6.0]}) == ["endpoints.tcpo2.at_months"]
    assert keys(endpoints=[DEATH | {"stratified": True}]) == ["endpoints.death.stratified"]
    strata = {"strata": [{"factor": "renal"}]}
    assert keys(endpoints=[DEATH | {"stratified": True}], randomisation=strata) == []
    assert found(endpoints=[]) == [("endpoints", "none", "at least one endpoint")]


def test_visits() -> None:
    """Months that rise, within a patient's own follow-up."""
    read = {"endpoints": [DEATH, TCPO2]}
    assert found(**read, visits={"at_months": [6.0, 12.0]}) == []
    for months in ([6.0, 3.0], [6.0, 6.0]):
        assert found(**read, visits={"at_months": months}) == [("visits.at_months", months, "increasing months")]
    late = {"visits": {"at_months": [6.0, 13.0]}}
    assert found(**read, **late) == [("visits.at_months", 13.0, "at most follow_up.months = 12")]
    assert found(**read, **late, follow_up={"months": 12.0, "until": "last"}) == []


MARGIN = AT_SIX | {"aim": "non_inferiority", "margin": 0.1}
EQUAL = AT_SIX | {"aim": "equivalence", "margin": 0.1}
LOOK = {"by": "patients", "at": [60]}


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"endpoints": [MARGIN, DEATH]}, []),
        (
            {"endpoints": [DEATH, MARGIN]},
            [("endpoints.aim", "six", "for the first endpoint only, and one that is tested alone")],
        ),
        (
            {"endpoints": [MARGIN, DEATH], "multiplicity": {"rule": "holm"}},
            [("endpoints.aim", "six", "for the first endpoint only, and one that is tested alone")],
        ),
        ({"endpoints": [MARGIN], "sides": 2}, [("sides", 2, "1: non_inferiority is tested in one direction")]),
        ({"endpoints": [MARGIN], "looks": LOOK}, []),
        ({"endpoints": [EQUAL], "looks": LOOK}, [("looks", "given", "none with aim 'equivalence'")]),
        (
            {
                "endpoints": [EQUAL],
                "looks": LOOK,
                "reestimation": {"lower": 0.3, "upper": 0.8, "target": 0.9, "largest": 2.0},
            },
            [("looks", "given", "none with aim 'equivalence'")],
        ),
        (
            {"endpoints": [MARGIN], "crossover": {"to": "single_dose", "after_months": 6.0}},
            [("crossover", "single_dose", "nothing with a margin")],
        ),
    ],
)
def test_margins(changed: dict[str, Any], told: list[tuple[str, Any, str]]) -> None:
    """Of the first endpoint, tested alone in one direction, without switches, and equivalence without looks."""
    rows = found(**changed)
    assert [row[:2] for row in rows] == [each[:2] for each in told]
    assert all(each[2] in row[2] for row, each in zip(rows, told, strict=True))


def test_equivalence_has_no_other_size_either() -> None:
    """A size estimated again would be a look."""
    design = Design(**(TABLE | {"endpoints": [EQUAL]})).model_copy(update={"reestimation": "rule"})
    assert [key for key, _, _ in module._aims(design)] == ["looks"]


def test_blocks() -> None:
    """Of whole allocation ratios, and no longer than the trial."""
    two_to_one = {"arms": [CONTROL, CELLS | {"allocation": 2}]}
    assert keys(**two_to_one, randomisation={"block": 6}) == []
    told = ("randomisation.block", 4, "a multiple of 3, the sum of the allocations")
    assert found(**two_to_one, randomisation={"block": 4}) == [told]
    small = {"size": {"patients": 6, "power": 0.8}}
    assert keys(**small, randomisation={"block": 6}) == []
    assert found(**small, randomisation={"block": 8}) == [("randomisation.block", 8, "at most the 6 patients")]
    assert "randomisation.block" not in keys(size={"power": 0.8}, randomisation={"block": 8})


RENAL, AGE, SITE = {"factor": "renal"}, {"factor": "age", "cut": 65.0}, {"factor": "site"}


@pytest.mark.parametrize(
    ("rule", "told"),
    [
        ({"strata": [RENAL, AGE]}, []),
        ({"method": "minimised", "strata": [RENAL], "follow": 0.7}, []),
        ({"method": "minimised"}, [("randomisation.strata", "none", "what minimisation balances")]),
        (
            {"method": "minimised", "strata": [RENAL], "block": 4},
            [("randomisation.block", 4, "only with method 'blocks'")],
        ),
        ({"strata": [RENAL], "follow": 0.7}, [("randomisation.follow", 0.7, "only with method 'minimised'")]),
        ({"strata": [SITE]}, [("randomisation.strata", "site", "only with accrual pattern 'sites'")]),
        ({"strata": [RENAL, RENAL]}, [("randomisation.strata", "renal", "each factor once")]),
        (
            {"strata": [RENAL, {"factor": "age"}]},
            [("randomisation.strata[2].cut", None, "age: a value to split at")],
        ),
        (
            {"strata": [{"factor": "renal", "cut": 2.0}]},
            [("randomisation.strata[1].cut", 2.0, "renal: nothing, because it has levels of its own")],
        ),
    ],
)
def test_randomisation(rule: dict[str, Any], told: list[tuple[str, Any, str]]) -> None:
    """What each method reads, and what is balanced."""
    assert found(randomisation=rule) == told


def test_minimisation_keeps_arms_of_equal_size() -> None:
    """Its coin is fair to equal arms only; sites may be balanced where there are some."""
    rule = {"method": "minimised", "strata": [SITE]}
    assert found(randomisation=rule, accrual=SITES) == []
    (fault,) = found(randomisation=rule, accrual=SITES, arms=[CONTROL, CELLS | {"allocation": 2}])
    assert fault[:2] == ("arms.allocation", [1, 2]) and fault[2].startswith("arms of equal size")


ONE_ARM = {"arms": [CELLS], "endpoints": [AT_SIX | {"test": "exact_binomial", "null_rate": 0.5, "lost": "failure"}]}


def test_sizes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Stated once; fewer events than patients; two patients at least for each of several arms."""
    (fault,) = found(size={"power": 0.8})
    assert fault[:2] == ("size.patients", "missing")
    assert keys(size={"patients": 4, "power": 0.8}, randomisation={"block": 2}) == []
    (fault,) = found(size={"patients": 3, "power": 0.8}, randomisation={"block": 2})
    assert fault == ("size.patients", 3, "at least two for each of 2 arms")
    assert keys(**ONE_ARM, size={"patients": 2, "power": 0.8}) == []
    stages = {"two_stage": {"kind": "given", "n1": 5, "r1": 1, "n": 9, "r": 3}}
    assert found(**ONE_ARM, **stages, size={"power": 0.8}) == []
    assert found(**ONE_ARM, **stages) == [("size.patients", 120, "nothing, because two_stage settles it")]
    assert keys(size={"patients": 120, "events": 119, "power": 0.8}) == []
    (fault,) = found(size={"patients": 120, "events": 120, "power": 0.8})
    assert fault[:2] == ("size.events", 120) and fault[2].startswith("fewer than the 120 patients")


def test_rules_for_several_hypotheses_are_looked_at_before_what_needs_them() -> None:
    """An endpoint that is not there is told alone: margins and looks ask which ones are confirmatory."""
    unknown = {"multiplicity": {"rule": "holm", "endpoints": ["deaths"]}, "looks": {"by": "events", "at": []}}
    assert keys(**unknown, endpoints=[DEATH, MARGIN]) == ["multiplicity.endpoints"]
    assert keys(looks={"by": "events", "at": []}) == ["looks.at"]


def test_every_part_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each of the rules that stand in files of their own."""
    parts = ("blinding", "drop_out", "stated", "estimand", "stopping", "predictive", "selection")
    for part in parts:
        monkeypatch.setattr(module, f"{part}_faults", lambda _, part=part: iter([(part, 0, "")]))
    monkeypatch.setattr(module, "idle_keys", lambda _: iter([("idle", 0, "")]))
    assert keys() == ["blinding", "drop_out", "idle", "stated", "estimand", "stopping", "predictive", "selection"]
