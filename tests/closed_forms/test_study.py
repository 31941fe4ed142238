"""What is found out about a design: which tables are made of what, and what becomes of sizes."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from simulator.questions.trial import study as module
from simulator.questions.trial.sizes.size_search import SizeSearch
from simulator.questions.trial.study import (
    TrialStudy,
    better_needs,
    boundary_table,
    needs_by_truth,
    one_size,
    study_design,
)


def endpoint(test: str = "logrank") -> Any:
    """An endpoint by its test."""
    return SimpleNamespace(test=test)


def conduct(test: str = "logrank", looks: int = 1, hypotheses: int = 1, **design: Any) -> Any:
    """A design whose first hypothesis is `a`."""
    usual = {"two_stage": None, "predictive": None, "stages": None, "estimands": (), "arms": (1, 2)}
    usual["size"] = SimpleNamespace(power=0.8)
    return SimpleNamespace(
        looks=looks,
        hypotheses=[("a", endpoint(test), 1), ("b", endpoint(), 1)][:hypotheses],
        design=SimpleNamespace(**usual | design),
        rule="rule",
    )


def study(of: Any, **more: Any) -> TrialStudy:
    """A study of which only some parts are read."""
    needed = ("trials", "target", "treated", "characteristics", "boundaries", "endpoints", "events", "calendar")
    return TrialStudy(conduct=of, **dict.fromkeys(needed) | more)  # type: ignore[arg-type]


def needs(**rows: tuple[float, float, float]) -> pd.DataFrame:
    """Patients with their limits, by endpoint."""
    table = pd.DataFrame([[name, "x", *row] for name, row in rows.items()])
    return table.set_axis(["endpoint", "test", "patients", "low", "high"], axis=1)


def search(patients: int | None = 50, **more: Any) -> SizeSearch:
    """Fifty patients, 45 to 55, with a power of 81%."""
    return SizeSearch(0.8, patients, 45.0, 55.0, pd.DataFrame(), (0.81, 0.01), **more)


def test_a_test_that_is_the_whole_design() -> None:
    """One look and one hypothesis."""
    assert study(conduct()).alone
    assert not study(conduct(looks=2)).alone and not study(conduct(hypotheses=2)).alone


def test_probabilities_of_stopping() -> None:
    """By look and reason; other measures stay where they are."""
    measures = ["power", "stop_look_2_efficacy", "stop_look_10_futility", "stop_looks"]
    table = pd.DataFrame({"truth": "t", "measure": measures, "value": [0.1, 0.2, 0.3, 0.4], "se": [1.0, 2.0, 3.0, 4.0]})
    found = study(conduct(), characteristics=table).stops
    assert found.to_dict("split")["data"] == [["t", 2, "efficacy", 0.2, 2.0], ["t", 10, "futility", 0.3, 3.0]]
    assert list(found) == ["truth", "look", "reason", "value", "se"] and found.index.tolist() == [0, 1]


def test_the_answer_of_a_search() -> None:
    """A row; no number where no size was found."""
    found = study(conduct(), search=search(note="n")).search_table
    assert found.to_dict("records") == [
        {"target": 0.8, "patients": 50.0, "low": 45.0, "high": 55.0, "power": 0.81, "se": 0.01, "note": "n"}
    ]
    assert np.isnan(study(conduct(), search=search(None)).search_table["patients"][0])


def test_needs_of_a_larger_check_take_the_place_of_those_planned() -> None:
    """For the endpoints that it has; the smallest size comes first."""
    planned = needs(a=(100.0, 90.0, 110.0), b=(80.0, 70.0, 90.0), c=(60.0, 50.0, 70.0))
    assert better_needs(planned, search()) is planned
    found = better_needs(planned, search(needs=needs(b=(40.0, 39.0, 41.0))))
    assert found[["endpoint", "patients", "low", "high"]].to_numpy().tolist() == [
        ["b", 40.0, 39.0, 41.0],
        ["c", 60.0, 50.0, 70.0],
        ["a", 100.0, 90.0, 110.0],
    ]
    assert list(found) == list(planned) and found.index.tolist() == [0, 1, 2]


def test_one_size_for_the_first_endpoint() -> None:
    """That of the search, unless an exact test has its own; only where its test is the whole design."""
    table = needs(b=(70.0, 60.0, 80.0), a=(100.0, 90.0, 110.0))
    for of, found in ((conduct(looks=2), search()), (conduct(), search(None))):
        assert one_size(study(of), table, found) == (table, found)
    sized, same = one_size(study(conduct()), table, search())
    assert sized[["endpoint", "patients", "low", "high"]].to_numpy().tolist() == [
        ["a", 50.0, 45.0, 55.0],
        ["b", 70.0, 60.0, 80.0],
    ]
    assert same.patients == 50 and table["patients"].tolist() == [70.0, 100.0] and sized.index.tolist() == [0, 1]
    kept, exact = one_size(study(conduct("fisher")), table, search())
    assert kept is table and (exact.patients, exact.low, exact.high) == (100, 90.0, 110.0)
    never = needs(b=(70.0, 60.0, 80.0), a=(np.inf, 90.0, 110.0))
    assert one_size(study(conduct("fisher")), never, search())[1].patients == 50


@pytest.mark.parametrize(
    ("truths", "told", "known"),
    [
        (("scenario", "no_effect"), ["scenario"], True),
        (("scenario", "posterior", "central"), ["scenario", "central"], True),
        (("posterior",), ["posterior"], True),
        (("no_effect",), ["no_effect"], False),
        (("no_effect", "posterior"), ["posterior"], True),
        (("no_effect", "at_margin"), ["no_effect", "at_margin"], False),
        (("stated_no_effect", "stated"), ["stated"], True),
    ],
)
def test_needs_under_every_truth(monkeypatch: pytest.MonkeyPatch, truths: Any, told: list[str], known: bool) -> None:
    """But those under which no size is one: no effect, or one that varies, unless nothing else is there."""
    monkeypatch.setattr(module, "endpoint_table", lambda of, columns, target: needs(a=(float(columns), target, 9.0)))
    found = needs_by_truth("conduct", {name: k + 1 for k, name in enumerate(truths)}, 0.8)  # type: ignore[arg-type, misc]
    assert next(iter(found)) == "truth" and found["truth"].tolist() == told
    assert found.index.tolist() == list(range(len(told)))
    numbers = [truths.index(name) + 1.0 if known else np.nan for name in told]
    assert found["patients"].tolist() == pytest.approx(numbers, nan_ok=True)
    assert found["low"].tolist() == pytest.approx([0.8 if known else np.nan] * len(told), nan_ok=True)


def test_boundaries() -> None:
    """With the effects of the committee's bounds, or the numbers of two stages."""
    table = pd.DataFrame({"look": [1, 2], "z": [3.0, 2.0]})
    of = conduct()
    of.rule = SimpleNamespace(boundaries=[SimpleNamespace(table=lambda: table)])
    assert boundary_table(of, None) is table
    bounds = pd.DataFrame({"upper_effect": [0.5, 0.6], "upper": [0.0, 0.0]}, index=[7, 8])
    assert boundary_table(of, bounds).to_dict("list") == {"look": [1, 2], "z": [3.0, 2.0], "upper_effect": [0.5, 0.6]}
    stages = boundary_table(conduct(stages=SimpleNamespace(n1=9, r1=0, n=17, r=2)), None)
    assert stages.to_dict("split")["data"] == [[1, 9, 0], [2, 17, 2]]
    assert list(stages) == ["stage", "patients", "not_promising_up_to"]


@dataclass(frozen=True)
class Simulation:
    """Trials of a design, whose results are told by the truth's name."""

    of: Any
    trials: int = 3_000
    checked: list[bool] = field(default_factory=list)

    @property
    def design(self) -> Any:
        """Of the trials."""
        return self.of.design

    def check(self, lives: bool) -> dict[str, float]:
        """Who can be treated."""
        self.checked.append(lives)
        return {"cells": 0.5}

    def conduct(self) -> Any:
        """As planned."""
        return self.of

    def truth(self, name: str) -> Any:
        """Of which `rows` share a draw."""
        rows = None if name != "posterior" else lambda trials: f"rows of {trials}"
        return SimpleNamespace(name={"null": "no_effect"}.get(name, name), row_of=rows or (lambda _: None))

    def run(self, truth: Any, conducts: Any, advance: Any) -> Any:
        """One column."""
        assert conducts == [self.of]
        advance(self.trials)
        return [{"of": truth.name}, "second"]

    def with_trials(self, trials: int) -> Simulation:
        """Fewer of them."""
        return replace(self, trials=trials)


class Stages(list[tuple[str, int]]):
    """What is shown of a study as it goes on."""

    def __bool__(self) -> bool:
        """There, though nothing has been shown."""
        return True

    @contextmanager
    def __call__(self, what: str, steps: int) -> Any:
        """Begin with something."""
        self.append((what, steps))
        yield lambda _: None


@pytest.fixture(autouse=True)
def tables(monkeypatch: pytest.MonkeyPatch) -> dict[str, list[Any]]:
    """Every table is what it was asked with; what is asked for is kept by name."""
    asked: dict[str, list[Any]] = {}

    def echo(name: str, *found: Any) -> None:
        def made(*given: Any) -> Any:
            asked.setdefault(name, []).append(given)
            if not found:
                return (name, *given)
            return found[0].copy() if isinstance(found[0], pd.DataFrame) else found[0]

        monkeypatch.setattr(module, name, made)

    for name in (
        "estimand_table",
        "event_curves",
        "at_hospitals",
        "analysis_data",
        "adjusted_table",
        "adjusted_trials",
    ):
        echo(name)
    for name in ("calendar_table", "screening_table", "type_i_errors", "operating_characteristics"):
        echo(name)
    for name in ("pool", "stage_table", "assumption_table", "view_curves", "accrual_curve"):
        echo(name)
    echo("comparison_tables", ("sizes", "broken"))
    echo("summaries_for_economics")
    echo("sizes_around", (40, 60))
    echo("most_trials", 77)
    echo("hospitals_asked", ("average", "new"))
    echo("exported", ("patients", "visits"))
    echo("prior_tables", ("prior", "conflict"))
    echo("monitoring_tables", ("monitoring", "bounds"))
    echo("boundary_table")
    echo("adaptation", None)
    echo("find_size", search())
    echo("endpoint_table", needs(a=(100.0, 90.0, 110.0)))
    return asked


def test_everything_that_is_found_out_at_once(tables: dict[str, list[Any]]) -> None:
    """Of the scenario, no effect and the posterior: each table by its own, curves by at most a thousand trials."""
    of, stages = conduct(estimands=("one",)), Stages()
    own = Simulation(of)
    found = study_design(own, ["null", "scenario", "posterior"], quick=True, export=2, stage=stages)  # type: ignore[arg-type]
    some = replace(own, trials=1_000)
    results = {
        "no_effect": {"of": "no_effect"},
        "scenario": {"of": "scenario"},
        "posterior": {"of": "posterior", module.ROW: "rows of 3000"},
    }
    assert own.checked == [True] and stages == [("Trials", 9_000), ("Estimands", 1_000), ("Other hospitals", 2_000)]
    assert (found.conduct, found.trials, found.target, found.treated) == (of, 3_000, 0.8, {"cells": 0.5})
    assert found.characteristics == ("operating_characteristics", of, results)
    assert found.levels == ("type_i_errors", of, results["no_effect"])
    assert found.boundaries == ("boundary_table", of, "bounds")
    assert (found.monitoring, found.bounds, found.prior, found.conflict) == (
        "monitoring",
        "bounds",
        "prior",
        "conflict",
    )
    assert found.events == ("event_curves", some, tuple(results)) and found.calendar == (
        "calendar_table",
        some,
        tuple(results),
    )
    assert found.screening == ("screening_table", own) and found.hospitals is not None and found.hospitals[1] == some
    assert found.estimands is not None and found.estimands[1:3] == (some, "scenario")
    assert found.adjusted == ("adjusted_table", of.design, "rule", results, "a")
    assert found.adjusted_trials == ("adjusted_trials", of.design, "rule", results["scenario"], "a", 2)
    assert (found.patients, found.visits) == ("patients", "visits") and tables["exported"] == [(own, "scenario", 2)]
    assert found.analysis == ("analysis_data", own, "scenario", 2, "patients")
    assert tables["prior_tables"] == [(of, results["scenario"])] and tables["monitoring_tables"] == [
        (some, tuple(results))
    ]
    assert found.endpoints["truth"].tolist() == ["scenario"] and tables["endpoint_table"] == [
        (of, results["scenario"], 0.8)
    ]
    assert found.search is None and "pool" not in tables


def test_what_is_not_asked_for(tables: dict[str, list[Any]]) -> None:
    """Stated truths have no lives; without export no data, without a null no errors, without estimands no table of them."""
    own, stages = Simulation(conduct(), 500), Stages()
    found = study_design(own, ["stated", "stated_no_effect"], quick=True, export=2, stage=stages, target=0.9)  # type: ignore[arg-type]
    assert own.checked == [False] and stages == [("Trials", 1_000)] and found.target == 0.9
    for name in ("estimands", "hospitals", "screening", "patients", "visits"):
        assert getattr(found, name) is None
    assert found.analysis == ("analysis_data", own, "stated", 2, None)  # type: ignore[comparison-overlap]
    assert found.levels == ("type_i_errors", own.of, {"of": "stated_no_effect"})  # type: ignore[comparison-overlap]
    plain = study_design(own, ["scenario"], quick=True)  # type: ignore[arg-type]
    assert plain.analysis == {} and plain.adjusted_trials is None and plain.levels is None and plain.patients is None
    mixed = study_design(own, ["stated", "scenario"], quick=True)  # type: ignore[arg-type]
    assert own.checked[-1] is True and mixed.screening is not None
    tables["hospitals_asked"].clear()


def test_no_effect_alone(tables: dict[str, list[Any]]) -> None:
    """Is studied, but no size is searched for; a single arm has no errors by hypothesis; estimands are those of the base."""
    own = Simulation(conduct(estimands=("one",), arms=(1,)))
    found = study_design(own, ["null"])  # type: ignore[arg-type]
    assert found.levels is None and found.search is None and "pool" not in tables
    assert found.estimands is not None and found.estimands[2] == "no_effect"
    two = study_design(Simulation(conduct()), ["null"])  # type: ignore[arg-type]
    assert two.levels == ("type_i_errors", two.conduct, {"of": "no_effect"})  # type: ignore[comparison-overlap]


@pytest.mark.parametrize("why", ["two_stage", "predictive", "adaptation"])
def test_trials_that_no_committee_watches(
    tables: dict[str, list[Any]], monkeypatch: pytest.MonkeyPatch, why: str
) -> None:
    """Two stages, predictive rules and adaptation have no boundaries on a statistic."""
    of = conduct() if why == "adaptation" else conduct(**{why: "rule"})
    if why == "adaptation":
        monkeypatch.setattr(module, "adaptation", lambda design: "rule")
    found = study_design(Simulation(of), ["scenario"], quick=True)  # type: ignore[arg-type]
    assert found.monitoring is None and found.bounds is None and "monitoring_tables" not in tables
    assert found.boundaries == ("boundary_table", of, None)  # type: ignore[comparison-overlap]


def test_a_study_in_full(tables: dict[str, list[Any]]) -> None:
    """The size searched from what is needed, with at most two thousand trials, then other assumptions, curves and formulas."""
    of, stages = conduct(looks=2), Stages()
    own = Simulation(of)
    found = study_design(own, ["null", "scenario"], stage=stages)  # type: ignore[arg-type]
    some, more = replace(own, trials=1_000), replace(own, trials=2_000)
    assert stages[2:] == [("Search for the size", 77), ("Other assumptions", 9_000), ("Curves", 10_000)]
    ((simulation, goal, base, need, _),) = tables["find_size"]
    assert (simulation, goal, base, need) == (more, 0.8, "scenario", 100.0)
    assert tables["most_trials"] == [(more,)] and tables["pool"] == [(own, of, "scenario")]
    assert found.assumptions is not None and found.assumptions[1:3] == (some, "scenario")
    assert found.views is not None and found.views[1] == some and found.accrual is not None and found.accrual[1] == some
    assert found.summaries is not None and found.summaries[1:3] == (more, (40, 60))
    ((pooled, needed, target),) = tables["comparison_tables"]
    assert pooled[0] == "pool" and target == 0.8 and needed["truth"].tolist() == ["scenario"]
    assert found.search is not None and found.endpoints["truth"].tolist() == ["scenario"]
    assert (found.sizes, found.broken) == ("sizes", "broken")


def test_every_truth_keeps_its_needs(tables: dict[str, list[Any]], monkeypatch: pytest.MonkeyPatch) -> None:
    """Those of the base are made better; an endpoint that is not there is searched for from nothing."""
    monkeypatch.setattr(module, "endpoint_table", lambda *_: needs(b=(100.0, 90.0, 110.0)))
    monkeypatch.setattr(module, "better_needs", lambda table, found: table.assign(patients=1.0))
    found = study_design(Simulation(conduct(looks=2)), ["scenario", "central"])  # type: ignore[arg-type]
    assert np.isnan(tables["find_size"][0][3])
    assert found.endpoints[["truth", "patients"]].to_numpy().tolist() == [["scenario", 1.0], ["central", 100.0]]
    assert found.endpoints.index.tolist() == [0, 1]


def test_no_curves_without_lives(tables: dict[str, list[Any]]) -> None:
    """And an effect that varies has no other assumption."""
    found = study_design(Simulation(conduct(looks=2)), ["stated"])  # type: ignore[arg-type]
    assert found.views is None and found.search is not None and found.assumptions is not None
    assert (found.sizes, found.broken, tables["comparison_tables"][0][2]) == ("sizes", "broken", 0.8)
    varies = study_design(Simulation(conduct(looks=2)), ["posterior"])  # type: ignore[arg-type]
    assert varies.assumptions is None and varies.views is not None


def test_adaptive_trials_have_no_formula(tables: dict[str, list[Any]], monkeypatch: pytest.MonkeyPatch) -> None:
    """But a size that is searched for."""
    monkeypatch.setattr(module, "adaptation", lambda design: "rule")
    found = study_design(Simulation(conduct(looks=2)), ["scenario"])  # type: ignore[arg-type]
    assert found.sizes is None and found.search is not None


@pytest.mark.parametrize("kind", ["optimal", "predictive"])
def test_two_stages_in_full(tables: dict[str, list[Any]], kind: str) -> None:
    """Have other designs beside them, and no other size; those of a predictive rule have neither."""
    of, stages = conduct(two_stage=SimpleNamespace(kind=kind)), Stages()
    found = study_design(Simulation(of), ["scenario"], stage=stages)  # type: ignore[arg-type]
    assert found.search is None and (found.stages is None) is (kind == "predictive")
    if found.stages is not None:
        assert stages[-1] == ("Two-stage designs", module.DESIGNS * 2_000)
        assert found.stages[1].trials == 2_000 and found.stages[2][0] == "pool" and found.stages[4] == "scenario"
        assert found.stages[3] == 0.8
        assert (found.sizes, found.broken) == ("sizes", "broken")
        ((pooled, _, target),) = tables["comparison_tables"]
        assert pooled[0] == "pool" and target == 0.8
