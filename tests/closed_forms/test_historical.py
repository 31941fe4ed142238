"""The prior that hospitals give a trial's controls: which earlier study is simulated, and who is counted in it, by hand."""

from __future__ import annotations

from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from small_trials import NEVER, trial

from simulator.questions.trial import historical
from simulator.questions.trial.design.endpoint import Endpoint
from simulator.questions.trial.design.prior import Prior
from simulator.questions.trial.historical import PEOPLE, SEED, STUDIES, earlier_study, simulated_counts, with_history
from simulator.statistics.beliefs.beta_rules import BetaMixture

AFS = Endpoint(name="afs", outcome="amputation_free_survival", test="posterior_difference", at_months=6.0)


class Design:
    """A design that says what was changed."""

    def __init__(self, **values: Any) -> None:
        self.__dict__ |= values

    def model_copy(self, update: dict[str, Any]) -> Design:
        return Design(**(vars(self) | update))

    def model_dump_json(self) -> str:
        return repr(sorted(vars(self)))


def design(hospitals: str = "different", arms: int = 2, **changed: Any) -> Any:
    names = ("control", "cells")[:arms]
    usual = {
        "accrual": SimpleNamespace(sites=7, hospitals=hospitals),
        "arms": tuple(SimpleNamespace(name=name, policy=f"policy of {name}") for name in names),
        "drop_out": SimpleNamespace(rate_of=lambda name: {"control": 0.05, "cells": 0.3}[name], unhealed_ratio=1.5),
        "follow_up": SimpleNamespace(months=9.0),
        "visits": "the visits",
        "randomisation": SimpleNamespace(),
        "entry": "the entry criteria",
        "looks": "looks",
        "stated": (1,),
        "estimands": (1,),
        "endpoints": (AFS,),
    }
    return Design(**(usual | changed))


def test_the_earlier_study_is_as_the_trial_s_controls() -> None:
    """One arm of its people, entry, follow-up and losses, at as many hospitals that differ; nothing stops it."""
    study: Any = earlier_study(design(), AFS, "conservative")
    assert [(arm.name, arm.policy) for arm in study.arms] == [("earlier patients", "conservative")]
    assert (study.accrual.sites, study.accrual.hospitals, study.accrual.pattern) == (7, "different", "sites")
    assert (study.accrual.per_month, study.accrual.opening_months) == (100.0, 0.0)
    assert (study.drop_out.per_year, study.drop_out.unhealed_ratio) == (0.05, 1.5)
    assert study.follow_up.months == 9.0 and study.size.patients == PEOPLE and study.endpoints == (AFS,)
    assert study.entry == "the entry criteria" and study.stated == study.estimands == ()
    nothing = (
        *("centre", "blinding", "crossover", "looks", "futility", "reestimation", "two_stage"),
        *("blinded_review", "multiplicity", "predictive", "selection", "enrichment"),
    )
    assert all(getattr(study, name) is None for name in nothing)
    assert study.visits.at_months == ()


def test_hospitals_that_are_alike_are_one() -> None:
    """And visits are made where the endpoint is seen at one."""
    walking = Endpoint(name="walks", outcome="walking", test="posterior_difference", at_months=6.0)
    assert walking.needs_visit and not AFS.needs_visit
    study: Any = earlier_study(design("alike"), walking, "conservative")
    assert study.accrual.sites == 1 and study.visits == "the visits"


@dataclass
class Planned:
    design: Any
    population: Any = None


MIXTURE = BetaMixture((0.4, 0.6), (3.0, 8.0), (5.0, 9.0))


@pytest.mark.parametrize(
    ("own", "arms", "policy"),
    [(None, 2, "policy of control"), (None, 1, "reference"), ("single_dose", 2, "single_dose")],
)
def test_priors_from_hospitals_are_worked_out(
    own: str | None, arms: int, policy: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Under the prior's own policy, the control arm's, or the scenario's reference of a single arm; others stay."""
    asked = {}

    def mixture(series: Any) -> BetaMixture:
        asked["policy"], asked["key"] = series.design.arms[0].policy, series.key
        return MIXTURE

    monkeypatch.setattr(historical, "_mixture", mixture)
    from_hospitals = AFS.model_copy(
        update={"prior": Prior.model_construct({"taken_from"}, taken_from="hospitals", policy=own)}
    )
    stated = AFS.model_copy(update={"name": "other", "prior": Prior(weight=(1.0,), a=(2.0,), b=(3.0,))})
    population = SimpleNamespace(reference="reference", hash="the scenario's")
    plan: Any = Planned(design(arms=arms, endpoints=(from_hospitals, stated, AFS)), population)
    found = with_history(plan).design.endpoints
    assert asked["policy"] == policy and asked["key"].endswith("the scenario's")
    prior = found[0].prior
    assert prior is not None and (prior.weight, prior.a, prior.b, prior.policy) == (*vars(MIXTURE).values(), policy)
    assert found[1] is stated and found[2] is AFS


def test_a_design_that_takes_nothing_from_hospitals_stays() -> None:
    """Stated parts, no prior, or parts that were worked out before."""
    done = Prior.model_construct({"taken_from", "weight"}, taken_from="hospitals", weight=(1.0,), a=(2.0,), b=(3.0,))
    endpoints = (
        AFS,
        AFS.model_copy(update={"prior": Prior(weight=(1.0,), a=(2.0,), b=(3.0,))}),
        AFS.model_copy(update={"prior": done}),
    )
    plan: Any = Planned(design(endpoints=endpoints))
    assert with_history(plan) is plan


def test_who_is_counted_in_an_earlier_study(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of four people one dies, one is lost and one is not yet through: of the two who count one has the good outcome.

    Every study is simulated once, in order, with the posterior's draws; the seed is not the trial's.
    """
    made: list[tuple[int, int, int]] = []

    class Recruitment:
        def __init__(self, plan: Any, scenario: Any, seed: int) -> None:
            assert (scenario, seed) == ("scenario", SEED)

        def trials(self, truth: str, first: int, trials: int, people: int) -> Any:
            assert truth == "posterior"
            made.append((first, trials, people))
            row = {
                "died": [0.3, NEVER, NEVER, NEVER],
                "lost": [NEVER, 0.2, NEVER, NEVER],
                "end": [1.0, 1.0, 0.2, 1.0],
            }
            columns: dict[str, Any] = {name: np.tile(values, (trials, 1)) for name, values in row.items()}
            if first == 0:
                columns["died"][0] = NEVER
            return trial(arm=np.zeros((trials, 4)), **columns)

    monkeypatch.setattr(historical, "Recruitment", Recruitment)
    monkeypatch.setattr(
        historical,
        "truth_named",
        lambda name, plan, scenario, number, seed: name if (number, seed) == (STUDIES, SEED) else None,
    )
    good, counted = simulated_counts(design(), "scenario")  # type: ignore[arg-type]
    assert good.tolist() == [2] + [1] * (STUDIES - 1) and counted.tolist() == [2] * STUDIES
    assert made[0][0] == 0 and {people for *_, people in made} == {PEOPLE}
    assert [first for first, *_ in made[1:]] == np.cumsum([trials for _, trials, _ in made])[:-1].tolist()
    assert sum(trials for _, trials, _ in made) == STUDIES and made[0][1] * PEOPLE == 25_000


def test_a_mixture_is_fitted_once_for_a_series(monkeypatch: pytest.MonkeyPatch) -> None:
    """Known by its key, whatever object stands for it."""
    calls = []
    monkeypatch.setattr(
        historical, "simulated_counts", lambda plan, scenario: calls.append(plan) or (np.array([3]), np.array([9]))
    )
    monkeypatch.setattr(historical, "fitted_mixture", lambda good, counted: (good.tolist(), counted.tolist()))
    historical._mixture.cache_clear()
    for key, plan in (("a", "one"), ("a", "two"), ("b", "three")):
        found: Any = historical._mixture(historical._Series(key, plan, f"scenario of {plan}"))  # type: ignore[arg-type]
        assert found == ([3], [9])
    assert calls == ["one", "three"]
    historical._mixture.cache_clear()
