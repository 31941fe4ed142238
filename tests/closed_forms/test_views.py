"""What an analysis finds under each view of the evidence: whose lives are valued, and what stands in a row, by hand."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from simulator.questions.value.sensitivity import views
from simulator.questions.value.sensitivity.views import Seen, seen_in_every_view, views_table

SHARE = views.SHARE
REGISTER = {
    f"{SHARE}_{view}": SimpleNamespace(value=value)
    for view, value in (("sceptical", 0.0), ("central", 0.3), ("optimistic", 0.9))
}
PARAMETERS = {view: np.zeros(4, [(SHARE, float)]) for view in ("sceptical", "central", "optimistic")}
for _view, _mean in (("sceptical", 0.1), ("central", 0.4), ("optimistic", 0.8)):
    PARAMETERS[_view][SHARE] = _mean + np.array([-0.1, 0.1, -0.05, 0.05])


def test_every_view_is_seen_in_the_same_draws(monkeypatch: pytest.MonkeyPatch) -> None:
    """The base case's own lives and values under its view; the others lived with as many draws, on the deal's terms there."""
    monkeypatch.setattr(views, "parameter_draws", lambda register, number, seed: (register, number, seed))
    others = {
        view: SimpleNamespace(register=f"register {view}", view=view, parameter_draws=lambda asked: ("drawn", *asked))
        for view in ("sceptical", "optimistic")
    }
    monkeypatch.setattr(views, "seen_otherwise", lambda scenario: others if scenario is SCENARIO else {})
    terms: list[Any] = []

    def on_terms(scenario: Any, values: Any, lives: Any, patients: int, seed: int, simulations: Any) -> Any:
        terms.append((scenario.view, values, lives.view, patients, seed, simulations))
        return f"values, {scenario.view}", None

    monkeypatch.setattr(views, "on_terms", on_terms)
    lived: list[Any] = []

    def probabilistic(title: str, scenario: Any, parameters: Any, patients: int, seed: int) -> Any:
        lived.append((title, parameters, patients, seed))
        return SimpleNamespace(view=scenario.view, parameters=PARAMETERS[scenario.view])

    simulations: Any = SimpleNamespace(probabilistic=probabilistic)
    base: Any = SimpleNamespace(view="central", parameters=PARAMETERS["central"])
    found = seen_in_every_view(SCENARIO, "values", base, 50, 9, simulations)  # type: ignore[arg-type]
    assert {seen.view: (seen.stated, seen.valued_by) for seen in found} == {
        "sceptical": (0.0, "values, sceptical"),
        "central": (0.3, "values"),
        "optimistic": (0.9, "values, optimistic"),
    }
    assert {seen.view: seen.share for seen in found} == pytest.approx(
        {"sceptical": 0.1, "central": 0.4, "optimistic": 0.8}
    )
    assert next(seen for seen in found if seen.view == "central").lives is base
    assert sorted(lived) == [
        (f"Evidence, {view} view", ("drawn", f"register {view}", 4, 9), 50, 9) for view in ("optimistic", "sceptical")
    ]
    assert sorted(each[:-1] for each in terms) == [
        (view, "values", view, 50, 9) for view in ("optimistic", "sceptical")
    ]
    assert all(each[-1] is simulations for each in terms)


SCENARIO: Any = SimpleNamespace(compare=("care", "one", "two"), reference="one", name="mine", register=REGISTER)
COST = {"sceptical": 3.0, "optimistic": 1.0}
"""Thousands that the last policy costs more than the reference."""


def test_a_row_for_each_view_and_policy(monkeypatch: pytest.MonkeyPatch) -> None:
    """Against the reference, whichever place it has: costs, effects, net benefit at the view's own threshold."""
    gain = np.array([0.1, 0.3, -0.1, 0.1])

    def worth(ledgers: str, parameters: Any, drawn: str, values: Any) -> Any:
        assert (drawn, parameters) == ("drawn", ledgers) and values.view == ledgers
        base = np.array([1.0, 2.0, 3.0, 4.0])
        qalys = np.column_stack([base - 0.5, base, base + gain])
        cost = np.column_stack([base * 1e3 - 500.0, base * 1e3, (base + COST[ledgers]) * 1e3])
        return SimpleNamespace(cost=cost, qalys=qalys)

    monkeypatch.setattr(views, "worth", worth)
    seen = [
        Seen(
            view,
            share,
            stated,
            SimpleNamespace(ledgers=view, parameters=view),
            SimpleNamespace(view=view, threshold=threshold),
        )  # type: ignore[arg-type]
        for view, share, stated, threshold in (("sceptical", 0.1, 0.0, 20_000.0), ("optimistic", 0.8, 0.9, 10_000.0))
    ]
    table = views_table(seen, SCENARIO, "drawn")  # type: ignore[arg-type]
    assert table.columns[:4].tolist() == ["view", "share", "stated", "option"] and "comparator" not in table
    assert not [name for name in table.columns if name.startswith("costs_")]
    assert (
        table["view"].tolist() == ["sceptical"] * 2 + ["optimistic"] * 2
        and table["option"].tolist() == ["care", "two"] * 2
    )
    assert table["share"].tolist() == [0.1, 0.1, 0.8, 0.8] and table["stated"].tolist() == [0.0, 0.0, 0.9, 0.9]
    assert table["incremental_cost"].tolist() == pytest.approx([-500.0, 3_000.0, -500.0, 1_000.0])
    assert table["incremental_effect"].tolist() == pytest.approx([-0.5, 0.1, -0.5, 0.1])
    # 20,000 x .1 - 3,000, and at 10,000 .1 and .3 are worth it: 0, 2,000, -2,000 and 0 of 10,000 x gain - 1,000.
    assert table["net_benefit"].tolist() == pytest.approx([-9_500.0, -1_000.0, -4_500.0, 0.0], abs=1e-6)
    wanted = np.std(20_000.0 * gain, ddof=1) / 2.0
    assert table["net_benefit_se"].iloc[1] == pytest.approx(wanted)
    assert table["probability"].iloc[:3].tolist() == [0.0, 0.25, 0.0]
    assert table.index.tolist() == [0, 1, 2, 3]


def test_half_a_euro_is_worth_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """Net benefit is above zero in three of four draws, by half a euro at a threshold of one."""
    qalys = np.column_stack([np.zeros(4), np.zeros(4), [0.5, 0.5, -0.5, 0.5]])
    monkeypatch.setattr(views, "worth", lambda *_: SimpleNamespace(cost=np.zeros((4, 3)), qalys=qalys))
    seen = Seen("central", 0.3, 0.3, SimpleNamespace(ledgers=None, parameters=None), SimpleNamespace(threshold=1.0))  # type: ignore[arg-type]
    assert views_table([seen], SCENARIO, "drawn")["probability"].tolist() == [0.0, 0.75]  # type: ignore[arg-type]
