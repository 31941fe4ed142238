"""Trials from lives to results: what each look sees, where the trial stops and what is then known, by hand."""

from __future__ import annotations

from dataclasses import replace
from math import inf
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from small_trials import NEVER, trial

from simulator.questions.trial.analysis.analysis import Analysis
from simulator.questions.trial.analysis.looks import Marks
from simulator.questions.trial.conduct import conduct as module
from simulator.questions.trial.conduct.conduct import Conduct, hypotheses
from simulator.questions.trial.conduct.decisions import Reason
from simulator.questions.trial.design.endpoint import Endpoint

DEAD = Endpoint(name="dead", outcome="death", test="chi_square", at_months=6.0)
LOST = Endpoint(name="limb", outcome="major_amputation", test="chi_square", at_months=6.0)
SURVIVAL = Endpoint(name="afs", outcome="amputation_free_survival", test="logrank")
ARMS = (SimpleNamespace(name="control", allocation=1), SimpleNamespace(name="cells", allocation=1))


def design(**changed: Any) -> Any:
    """Two arms at 2.5% one-sided, followed for six months."""
    usual: dict[str, Any] = {
        **dict.fromkeys(("selection", "enrichment", "two_stage", "blinded_review", "predictive", "reestimation")),
        **dict.fromkeys(("crossover", "multiplicity", "futility", "stages")),
        "looks": SimpleNamespace(by="patients", at=(2.0,)),
        "arms": ARMS,
        "alpha": 0.025,
        "sides": 1,
        "confirmatory": (DEAD,),
        "endpoints": (DEAD,),
        "primary": DEAD,
        "comparisons": (1,),
        "reestimated_at": 0,
        "stops_for_futility": False,
        "follow_up": SimpleNamespace(months=6.0),
    }
    return SimpleNamespace(**(usual | changed))


class Rule:
    """Boundaries 2.9 and 2, and 1 and 0 for futility where there is a rule; remembers for which information."""

    planned = np.array([0.5, 1.0])
    boundaries = (SimpleNamespace(upper=np.array([2.9, 2.0])),)

    def __init__(self) -> None:
        self.asked: list[tuple[Any, bool]] = []

    def upper(self, shares: Any, first: bool = True) -> Any:
        self.asked.append((shares.tolist(), first))
        return np.broadcast_to([[[2.9, 2.0]]], (1, *shares.shape)).copy()

    def lower(self, shares: Any) -> Any:
        self.asked.append((shares.tolist(), True))
        return np.broadcast_to([[1.0, -inf]], shares.shape).copy()


ENTRY = [[0.0, 0.1, 0.7, 0.8], [0.0, 0.2, 0.7, 0.8], [0.0, 0.3, 0.3, 0.3]]
"""Looks when two are through, at .6, .7 and .8, and ends at 1.3, 1.3 and .8: the third trial's look never comes."""
Z = {
    "dead": [[3.0, 1.0, 9.0], [1.0, 2.5, 0.5]],
    "limb": [[3.0, 0.0, 9.0], [3.0, 0.0, 2.5]],
    "afs": [[7.0, 8.0, 9.0]],
}


def carried_out(
    monkeypatch: pytest.MonkeyPatch, plan: Any, described: bool = True, **lives: Any
) -> tuple[Any, Rule, Any]:
    """Three trials whose statistics are those of `Z`; the columns, the rule, and what was analysed (endpoint, patients, arm)."""
    rule, seen = Rule(), []
    looks = {name: iter(rows) for name, rows in Z.items()}

    def analyse(endpoint: Endpoint, data: Any, arm: int = 1) -> Analysis:
        z = np.array(next(looks[endpoint.name]))
        seen.append((endpoint.name, data.entered.sum(axis=1).tolist(), arm))
        return Analysis(z * 10.0, z + 0.5, z, -z, z, {"missing": z / 100.0})

    monkeypatch.setattr(module, "analyse", analyse)
    monkeypatch.setattr(module, "adjustable", lambda _: False)
    data = trial(arm=[[0, 1, 0, 1]] * 3, entry=ENTRY, end=0.5, screened=2.0, **lives)
    whole = tuple(4.0 for _ in plan.confirmatory)
    found = Conduct(plan, Marks(4, None, "patients", (2.0,)), rule, whole, described)  # type: ignore[arg-type]
    assert found.looks == 2
    return found.run(data), rule, seen


def test_trials_stop_where_their_boundary_is_crossed(monkeypatch: pytest.MonkeyPatch) -> None:
    """The first succeeds at its look with two patients, the second at its end; a look that never comes decides nothing."""
    lost = np.full((3, 4), NEVER)
    lost[0, :3], lost[1, 3] = 0.3, 0.2
    columns, rule, seen = carried_out(monkeypatch, design(), lost=lost)
    assert columns["look"].tolist() == [1.0, 2.0, 2.0]
    assert columns["reason"].tolist() == [Reason.EFFICACY, Reason.EFFICACY, Reason.END]
    assert (
        columns["success"].tolist() == columns["any_rejected"].tolist() == columns["all_rejected"].tolist() == [1, 1, 0]
    )
    assert columns["months"] == pytest.approx([7.2, 15.6, 9.6])
    assert columns["patients"].tolist() == [2, 4, 4] and columns["screened"].tolist() == [4, 8, 8]
    # Of the first trial the two who were in by then; of the second the one of its end.
    assert columns["lost"].tolist() == [2, 1, 0]
    assert seen == [("dead", [2, 3, 4], 1), ("dead", [4, 4, 4], 1)]
    assert columns["estimate:dead"].tolist() == [30.0, 25.0, 5.0] and columns["se:dead"].tolist() == [3.5, 3.0, 1.0]
    assert columns["estimate_at_end:dead"].tolist() == [10.0, 25.0, 5.0]
    assert columns["z_at_end:dead"].tolist() == [1.0, 2.5, 0.5] and columns["against_at_end:dead"].tolist() == [
        -1.0,
        -2.5,
        -0.5,
    ]
    assert columns["missing_at_end:dead"] == pytest.approx([0.01, 0.025, 0.005])
    assert columns["rejected:dead"].tolist() == [1, 1, 0] and columns["grown"].tolist() == [1, 1, 1]
    assert not {"crossed", "events", "any_rejected_overruled", "nuisance"} & set(columns)
    # Two of four through, then all; where there was no look there is no information.
    assert rule.asked[0] == ([[0.5, 1.0], [0.5, 1.0], [0.0, 1.0]], True)


def test_futility_that_may_be_overruled(monkeypatch: pytest.MonkeyPatch) -> None:
    """A second trial with a z of .9 stops at its look as futile, and would have succeeded at its end, overruled."""
    monkeypatch.setitem(Z, "dead", [[3.0, 0.9, 0.0], [1.0, 2.5, 0.5]])
    columns, _, _ = carried_out(monkeypatch, design(stops_for_futility=True))
    assert columns["look"].tolist() == [1.0, 1.0, 2.0]
    assert columns["reason"].tolist() == [Reason.EFFICACY, Reason.FUTILITY, Reason.END]
    assert columns["any_rejected"].tolist() == [1.0, 0.0, 0.0]
    assert columns["any_rejected_overruled"].tolist() == [1.0, 1.0, 0.0]


def test_several_hypotheses_spend_at_their_own_information(monkeypatch: pytest.MonkeyPatch) -> None:
    """In their order: the trial stops by the first alone, and the second is rejected where it crosses by then."""
    two = design(
        confirmatory=(DEAD, LOST),
        endpoints=(DEAD, LOST),
        multiplicity=SimpleNamespace(rule="fixed_sequence"),
        crossover=1,
    )
    monkeypatch.setattr("simulator.questions.trial.conduct.decisions.levels_of", lambda _: (1.0,))
    columns, rule, seen = carried_out(monkeypatch, two, crossed=0.55)
    assert [name for name, _, _ in seen] == ["dead", "limb"] * 2
    assert columns["rejected:dead"].tolist() == [1, 1, 0] and columns["rejected:limb"].tolist() == [1, 0, 0]
    assert columns["any_rejected"].tolist() == [1, 1, 0] and columns["all_rejected"].tolist() == [1, 0, 0]
    assert [first for _, first in rule.asked] == [True, False, True]
    assert columns["crossed"].tolist() == [1, 3, 1]


def test_every_arm_meets_its_endpoint_s_boundary(monkeypatch: pytest.MonkeyPatch) -> None:
    """Endpoint by endpoint, arm by arm: the first endpoint's boundary twice, then the second's."""
    met: list[Any] = []

    def decide(plan: Any, z: Any, against: Any, upper: Any, lower: Any) -> Any:
        met.append((z.shape, upper[0, 0].tolist()))
        return SimpleNamespace(stop=np.ones(3, int), reason=np.zeros(3, int), rejected=np.zeros((3, 4), bool))

    monkeypatch.setattr(module, "decide", decide)
    monkeypatch.setattr(Rule, "upper", lambda _, shares, first=True: np.full((1, *shares.shape), 2.0 if first else 3.0))
    for name in ("dead", "limb"):
        monkeypatch.setitem(Z, name, [[0.0] * 3] * 4)
    three = design(
        confirmatory=(DEAD, LOST),
        endpoints=(DEAD, LOST),
        comparisons=(1, 2),
        arms=(*ARMS, SimpleNamespace(name="more")),
    )
    _, _, seen = carried_out(monkeypatch, three)
    assert met == [((3, 2, 4), [[2.0, 2.0, 3.0, 3.0]] * 2)]
    assert [(name, arm) for name, _, arm in seen] == [("dead", 1), ("dead", 2), ("limb", 1), ("limb", 2)] * 2


def test_described_endpoints_are_analysed_at_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    """In all data, wherever the trial stopped; not where only the hypotheses are asked for."""
    plan = design(endpoints=(DEAD, SURVIVAL))
    columns, _, seen = carried_out(monkeypatch, plan)
    assert seen[-1] == ("afs", [4, 4, 4], 1)
    assert columns["estimate_at_end:afs"].tolist() == [70.0, 80.0, 90.0] and columns["se_at_end:afs"].tolist() == [
        7.5,
        8.5,
        9.5,
    ]
    assert columns["z_at_end:afs"].tolist() == [7.0, 8.0, 9.0] and columns["against_at_end:afs"].tolist() == [
        -7.0,
        -8.0,
        -9.0,
    ]
    assert columns["missing_at_end:afs"] == pytest.approx([0.07, 0.08, 0.09]) and "estimate:afs" not in columns
    bare, _, seen = carried_out(monkeypatch, plan, described=False)
    assert "estimate_at_end:afs" not in bare and len(seen) == 2


def test_events_at_the_stop_and_whether_the_target_came(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two of three events by the look; three wanted come in one trial of two, whatever it stopped with."""
    died = np.array([[0.4, 0.3, 0.45, NEVER], [NEVER, 0.45, NEVER, NEVER]])
    data = trial(arm=[[0, 1, 0, 1]] * 2, entry=[[0.0, 0.1, 0.7, 0.8]] * 2, died=died, end=0.5)
    plan = design(primary=SURVIVAL, confirmatory=(SURVIVAL,), endpoints=(SURVIVAL,))
    z = iter([[3.0, 1.5], [0.0, 2.5]])

    def analyse(endpoint: Endpoint, data: Any, arm: int = 1) -> Analysis:
        now = np.array(next(z))
        return Analysis(now, now, now, -now, now)

    monkeypatch.setattr(module, "analyse", analyse)
    monkeypatch.setattr(module, "adjustable", lambda _: False)
    rule: Any = Rule()
    columns = Conduct(plan, Marks(4, 3, "months", (7.2,)), rule, (3.0,)).run(data)
    assert columns["events"].tolist() == [2, 1] and columns["target_reached"].tolist() == [1, 0]
    # The third event comes at .7 + .45 and ends the first trial; the second runs to its last patient's half year.
    assert columns["months"] == pytest.approx([7.2, 15.6])
    assert rule.asked[0][0] == pytest.approx(np.array([[2 / 3, 1.0], [1 / 3, 1 / 3]]))


def test_two_stages(monkeypatch: pytest.MonkeyPatch) -> None:
    """Survivors of two first patients, then of four: one of two is not more than one, two are; then three are more than two.

    Nobody enters while the first stage is followed, unless there is no pause; who is not through does not count.
    """
    alive = Endpoint(
        name="alive", outcome="amputation_free_survival", test="exact_binomial", at_months=6.0, null_rate=0.1
    )
    died = np.array([[0.2, NEVER, NEVER, NEVER], [NEVER] * 4, [NEVER, NEVER, 0.4, 0.3]])
    data = trial(arm=[[0] * 4] * 3, entry=[[0.0, 0.1, 0.2, 0.3]] * 3, died=died, end=0.5)
    for pause in (True, False):
        plan = design(
            two_stage=SimpleNamespace(pause=pause),
            stages=SimpleNamespace(r1=1, r=2),
            primary=alive,
            confirmatory=(alive,),
            endpoints=(alive,),
            looks=None,
        )
        found: Any = Conduct(plan, Marks(4, None, "patients", (2.0,)), None, (4.0,)).run(data)  # type: ignore[arg-type]
        assert found["look"].tolist() == [1, 2, 2]
        assert found["reason"].tolist() == [Reason.FUTILITY, Reason.EFFICACY, Reason.END]
        # With a pause the third enters at .2 + .5 and the fourth at .3 + .5, of which .6 - .1 is the wait.
        end = (0.3 + 0.5) * 12.0 + (6.0 if pause else 0.0)
        wanted = [7.2, end, end]
        assert found["months"] == pytest.approx(wanted)
        assert found["patients"].tolist() == ([2, 4, 4] if pause else [4, 4, 4])
        assert found["estimate:alive"] == pytest.approx([0.5, 1.0, 0.5])


def test_a_posterior_rule_with_predictive_stops(monkeypatch: pytest.MonkeyPatch) -> None:
    """Futile below 10%, a success from 90%; at the end the posterior decides; a look that never comes decides nothing."""
    chances = np.array([0.05, 0.95, 0.01])
    monkeypatch.setattr(module, "rule_of", lambda *_: SimpleNamespace(predictive=lambda *counts: chances))
    monkeypatch.setattr(module, "good_counts", lambda *_: (0, 0))
    for efficacy, looks, reasons in (
        (0.9, [1, 1, 2], [Reason.FUTILITY, Reason.EFFICACY, Reason.EFFICACY]),
        (None, [1, 2, 2], [Reason.FUTILITY, Reason.END, Reason.EFFICACY]),
    ):
        monkeypatch.setitem(Z, "dead", [[0.0] * 3, [3.0, 1.9, 1.96]])
        plan = design(predictive=SimpleNamespace(futility=0.1, efficacy=efficacy), looks=None)
        columns, _, _ = carried_out(monkeypatch, plan)
        assert columns["look"].tolist() == looks and columns["reason"].tolist() == reasons


def test_what_is_grown_counts_for_trials_that_went_on(monkeypatch: pytest.MonkeyPatch) -> None:
    """Who had stopped by the look that enlarges was not enlarged; the last boundary is told."""
    told: list[Any] = []

    def grow(
        plan: Any, marked: Any, whole: float, last: float, lives: Any, before: Any, analyses: Any, planned: Any
    ) -> Any:
        told.append((whole, last, lives.shape, planned.tolist()))
        return replace(before, grown=np.array([1.5, 1.5, 1.5]))

    monkeypatch.setattr(module, "grow", grow)
    columns, _, _ = carried_out(monkeypatch, design(reestimation=SimpleNamespace(test="weighted")))
    assert told == [(4.0, 2.0, (3, 4), [0.5, 1.0])]
    assert columns["grown"].tolist() == [1.0, 1.5, 1.5]


def test_names_of_hypotheses() -> None:
    """The endpoint's, with the arm where there are several, and with the population where the first is tested in two."""
    assert hypotheses(design(), (DEAD, LOST)) == (("dead", DEAD, 1), ("limb", LOST, 1))
    three = design(arms=(*ARMS, SimpleNamespace(name="more")), comparisons=(1, 2))
    assert [(name, arm) for name, _, arm in hypotheses(three, (DEAD,))] == [("dead:cells", 1), ("dead:more", 2)]
    rich = design(enrichment=SimpleNamespace(tcpo2_below=20.0))
    assert [name for name, _, _ in hypotheses(rich, (DEAD, LOST))] == ["dead:everybody", "dead:subgroup", "limb"]
