"""A trial's study as tables and facts."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from simulator.questions.trial import findings as module
from simulator.questions.trial.design.design import Design
from simulator.questions.trial.study import TrialStudy
from simulator.words.findings import Findings

ARMS = [{"name": "control", "policy": "care"}, {"name": "cells", "policy": "cells"}]
DEATH = {"name": "death", "outcome": "death", "test": "logrank"}
TCPO2 = {"name": "tcpo2", "outcome": "tcpo2", "test": "t_test", "at_months": 6.0}


def design(**changed: Any) -> Design:
    """Two arms and two endpoints."""
    table: dict[str, Any] = {
        **{"label": "A trial", "arms": ARMS, "accrual": {"per_month": 1.0}, "follow_up": {"months": 12.0}},
        **{"endpoints": [DEATH, TCPO2], "size": {"patients": 100}, "description": "d", "note": "n"},
    }
    return Design(**table | changed)


MEASURES = [
    ("null_rate", "success", 0.05),
    ("no_effect", "power", 0.025),
    ("no_effect", "event_target_reached", 0.1),
    ("scenario", "power", 0.8),
    ("scenario", "event_target_reached", 0.49),
    ("central", "event_target_reached", 0.5),
    ("stated", "power", 0.9),
    ("no_effect", "success_untreated", 0.02),
]
BOUNDARY = SimpleNamespace(asked=lambda: "plan", drift=3.0, inflation=1.02, plan=SimpleNamespace(sources=("source",)))
OF_THE_NEXT_LEVEL = SimpleNamespace(
    asked=lambda: "next", drift=4.0, inflation=1.03, plan=SimpleNamespace(sources=("next",))
)


def study(of: Design, **more: Any) -> TrialStudy:
    """What is found out about a design of two looks."""
    conduct = SimpleNamespace(
        design=of,
        marked=SimpleNamespace(patients=100, events=40),
        hypotheses=[1, 2],
        looks=2,
        rule=SimpleNamespace(boundaries=[BOUNDARY, OF_THE_NEXT_LEVEL], looks=2),
    )
    characteristics = pd.DataFrame(MEASURES, columns=["truth", "measure", "value"]).assign(se=0.01)
    events = SimpleNamespace(
        rates="rates", effects="effects", curves="curves", months=12.0, endpoint=SimpleNamespace(outcome="death")
    )
    usual: dict[str, Any] = {
        **{"conduct": conduct, "trials": 500, "target": 0.8, "treated": {"cells": 0.5}, "events": events},
        **{"characteristics": characteristics, "boundaries": "b", "endpoints": "e", "calendar": "c"},
    }
    return TrialStudy(**usual | more)


SEARCH: Any = SimpleNamespace(
    target=0.8, patients=90, low=80.0, high=100.0, checked=(0.81, 0.01), curve="curve", note=""
)
PARAMS = {"drop_out_rate": 0.05, "attributable_share": 0.5, "death_causal_share": 0.2, "known": 1.5}


def planned(of: Design) -> Any:
    """A design and its scenario."""
    life_table = SimpleNamespace(country="IT", period="2019")
    scenario = SimpleNamespace(
        params=lambda: PARAMS,
        register=SimpleNamespace(names=lambda group: ["known"] if group == "trial" else []),
        settings=SimpleNamespace(life_table=life_table),
        policies={"care": SimpleNamespace(label="Care")},
        **{"centre": "average", "view": "central", "name": "base", "hash": "of the scenario"},
    )
    return SimpleNamespace(design=of, scenario=scenario, inputs={"file": b"x"})


@pytest.fixture(autouse=True)
def told(monkeypatch: pytest.MonkeyPatch) -> None:
    """What other files say is told by name."""
    monkeypatch.setattr(module, "publications", lambda register: ["register"])
    monkeypatch.setattr(module, "joined", lambda publications, methods: (publications, tuple(methods)))
    monkeypatch.setattr(module, "trial_caveats", lambda planned, truths, trials: (truths, trials))
    monkeypatch.setattr(module, "changes", lambda scenario: [scenario.name])


def facts(of: Design, **more: Any) -> dict[str, Any]:
    """The facts of a study."""
    return module._facts(study(of, **more), planned(of))


def test_findings_of_a_trial() -> None:
    """What was asked and read is kept beside the tables; data sets come twice."""
    of = design()
    own = study(of, analysis={"adsl": "data"})
    found = module.findings(own, planned(of), ["scenario"], 7)
    assert isinstance(found, Findings) and (found.question, found.seed) == ("trial", 7)
    assert found.settings == {
        **{"trials": 500, "truths": ["scenario"], "scenario": "of the scenario"},
        "design": of.model_dump(mode="json"),
    }
    assert found.inputs == {"file": b"x"} and found.twice == frozenset({"adsl"})
    assert (found.facts["warnings"], found.facts["changes"]) == ([["scenario"], 500], ["base"])


def test_tables_by_the_name_of_their_files() -> None:
    """Those that were made; a search has two."""
    made = module.tables_of(study(design(), analysis={"adsl": "data"}))
    assert list(made) == [
        *("operating_characteristics", "rates", "effects", "curves", "endpoints", "boundaries", "stops", "calendar"),
        "adsl",
    ]
    assert (made["rates"], made["effects"], made["curves"], made["endpoints"]) == ("rates", "effects", "curves", "e")
    searched = module.tables_of(study(design(), search=SEARCH, levels="l", sizes="s", conflict="k", summaries="t"))
    assert searched["power_curve"] == "curve" and searched["size_search"]["power"].tolist() == [0.81]
    assert [searched[name] for name in ("type_i_errors", "samplesize", "prior_conflict", "trial_summaries")] == list(
        "lskt"
    )


def test_facts_of_a_design() -> None:
    """As it is written, as it is carried out, and what the model says of it."""
    of = design()
    found = facts(of)
    expected = {
        **{
            "title": "A trial",
            "description": "d",
            "note": "n",
            "entry": None,
            "patients": 100,
            "events": 40,
            "block": 4,
        },
        **{"trials": 500, "target": 0.8, "truths": ["no_effect", "scenario", "central", "stated"], "base": "scenario"},
        **{"null": "no_effect", "single_arm": False, "truth_labels": "truth", "several": True, "looks": 2},
        **{"plan": "plan", "stages": None, "hoped_rate": None, "planned_months": 12.0, "prior": None},
        **{"shown_outcome": "death", "survivors": ["tcpo2"], "treated": {"cells": 0.5}, "drop_out": 0.05},
        **{"drop_out_from_register": True, "knowing": {"known": 1.5}, "centre": "average", "view": "central"},
        **{"share": 0.5, "death_share": 0.2, "scenario": "base", "mortality": "IT 2019", "untreated": 0.02},
        **{"stated_power": 0.9, "model_power": 0.8, "unreached": [{"truth": "scenario", "share": 0.49}]},
        **{"search": None, "alone": False, "inflation": None, "labels": {"policy": {"care": "Care"}}},
        "design": of.model_dump(mode="json"),
        "largest": module.LARGEST,
    }
    success = {"null_rate": "type_i_error", "no_effect": "type_i_error"} | dict.fromkeys(
        ("scenario", "central", "stated"), "power"
    )
    assert found.pop("success") == success
    first, second = found.pop("endpoints")
    assert first.items() >= {"scale": "log_hazard_ratio", "confirmatory": True, "ratio": True, "good": False}.items()
    assert second.items() >= {"scale": "mean_difference", "confirmatory": False, "ratio": False}.items()
    assert first["name"] == "death" and second["good"] is True
    assert found.pop("references") == (["register"], (*module.METHODS, "source"))
    assert found == expected


def test_facts_of_no_effect_alone() -> None:
    """It is its own base."""
    rows = pd.DataFrame(MEASURES[:2], columns=["truth", "measure", "value"])
    found = facts(design(), characteristics=rows)
    assert (found["base"], found["null"], found["truths"]) == ("no_effect", "no_effect", ["no_effect"])
    assert found["stated_power"] is None and found["unreached"] == []
    only = facts(design(), characteristics=pd.DataFrame(MEASURES[3:4], columns=["truth", "measure", "value"]))
    assert only["null"] is None and only["base"] == "scenario"


def test_losses_that_the_design_states() -> None:
    """Are not the register's."""
    found = facts(design(drop_out={"per_year": 0.1}))
    assert (found["drop_out"], found["drop_out_from_register"]) == (0.1, False)


def test_a_search_and_its_looks() -> None:
    """What looks cost is told with a size that was searched for, where it is known."""
    found = facts(design(), search=SEARCH)
    assert found["search"] == {"target": 0.8, "patients": 90, "low": 80.0, "high": 100.0, "power": 0.81, "se": 0.01}
    assert found["inflation"] == 1.02
    own = study(design(), search=SEARCH)
    own.conduct.rule.looks = 1
    assert module._inflation(own) is None
    unknown = SimpleNamespace(drift=None, inflation=1.0)
    own.conduct.rule.looks, own.conduct.rule.boundaries = 2, [unknown, BOUNDARY]
    assert module._inflation(own) is None
    own.conduct.rule.boundaries = [BOUNDARY, unknown]
    assert module._inflation(own) == 1.02


def test_one_hypothesis() -> None:
    """Is not several."""
    of = design()
    own = study(of)
    own.conduct.hypotheses = [1]
    assert module._facts(own, planned(of))["several"] is False


ONE_ARM = {
    "arms": ARMS[1:],
    "endpoints": [{"name": "alive", "outcome": "death", "test": "exact_binomial", "at_months": 6.0, "null_rate": 0.5}],
}


def test_one_arm_in_two_stages() -> None:
    """Its numbers; nobody is treated under its null, and there is no boundary."""
    stages = {"kind": "given", "n1": 9, "r1": 0, "n": 17, "r": 2, "hoped_rate": 0.6}
    found = facts(design(**ONE_ARM, two_stage=stages))
    assert found["stages"] == {"n1": 9, "r1": 0, "n": 17, "r": 2} and found["hoped_rate"] == 0.6
    assert found["single_arm"] and found["truth_labels"] == "truth_one_arm" and found["plan"] is None
    assert found["success"]["no_effect"] == "success_untreated" and found["success"]["scenario"] == "power"
    assert found["references"][1] == module.METHODS


def test_names_of_truths_with_a_margin() -> None:
    """The null lies on it."""
    margin = {"name": "m", "outcome": "death", "test": "cox", "aim": "non_inferiority", "margin": 1.3}
    assert module._truth_labels(design(endpoints=[margin])) == "truth_margin"


def test_entry_criteria_that_are_written() -> None:
    """And no others."""
    assert module._limits(design(entry={"age_below": 80.0})) == {"age_below": 80.0}


def test_imputation_has_publications_of_its_own() -> None:
    """Where one of the endpoints imputes."""
    imputed = {
        "name": "i",
        "outcome": "death",
        "test": "risk_difference",
        "at_months": 6.0,
        "lost": "multiple_imputation",
    }
    of = design(endpoints=[DEATH, imputed])
    assert facts(of)["references"][1] == (*module.METHODS, *module.IMPUTATION, "source")


def test_rules_without_a_boundary(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two stages, prediction, and Fisher's product; other combinations have one."""
    plain: Any = SimpleNamespace(two_stage=None, predictive=None)
    for rule, bounded in ((None, True), ("inverse_normal", True), ("fisher", False)):
        chosen = None if rule is None else SimpleNamespace(combination=rule)
        monkeypatch.setattr(module, "adaptation", lambda _, chosen=chosen: chosen)
        assert module._bounded(plain) is bounded
    monkeypatch.setattr(module, "adaptation", lambda _: None)
    for name in ("two_stage", "predictive"):
        assert not module._bounded(SimpleNamespace(**vars(plain) | {name: "rule"}))  # type: ignore[arg-type]


PRIOR = pd.DataFrame(
    {
        "mean": [0.1, 0.2, 0.3],
        "low": [0.01, 0.02, 0.03],
        "high": [0.5, 0.6, 0.7],
        "elir": [np.nan, 5.0, 6.0],
        "moment": [np.nan, 7.0, 8.0],
    }
)


@pytest.mark.parametrize(
    ("written", "said"),
    [
        (
            None,
            {
                "taken_from": "uniform",
                "policy": None,
                "studies": 0,
                "vague": 0.0,
                "mean": 0.3,
                "low": 0.03,
                "high": 0.7,
            },
        ),
        (
            SimpleNamespace(taken_from="studies", policy="care", studies=(1, 2), vague=0.2),
            {
                "taken_from": "studies",
                "policy": "care",
                "studies": 2,
                "vague": 0.2,
                "mean": 0.2,
                "low": 0.02,
                "high": 0.6,
            },
        ),
        (
            SimpleNamespace(taken_from="stated", policy=None, studies=(), vague=0.0),
            {"taken_from": "stated", "policy": None, "studies": 0, "vague": 0.0, "mean": 0.3, "low": 0.03, "high": 0.7},
        ),
    ],
)
def test_where_a_prior_comes_from(written: Any, said: dict[str, Any]) -> None:
    """What earlier patients say is told without the vague part, what the prior is worth with it."""
    of: Any = SimpleNamespace(primary=SimpleNamespace(prior=written))
    assert module._prior(study(design(), prior=PRIOR), of) == {**said, "elir": 6.0, "moment": 8.0}
    assert module._prior(study(design()), of) is None
