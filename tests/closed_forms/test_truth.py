"""What is true in simulated trials: names, which parameters a trial has, and which draws share a row."""

from __future__ import annotations

from math import inf
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from simulator.questions.trial.simulation import truth as module
from simulator.questions.trial.simulation.truth import (
    NULLS,
    Truth,
    joint_rows,
    name_problems,
    trial_caveats,
    truth_named,
)
from simulator.rules.pathway.crossover import NO_CROSSOVER
from simulator.words.errors import BadInput

PARAMS = np.array([(0.1,), (0.2,), (0.3,)], dtype=[("drop_out_rate", float)])


def held(params: Any = PARAMS, rows: Any = None) -> Truth:
    """A truth with these parameters."""
    return Truth("x", params, np.zeros(1, "i8"), np.array([0, 0]), NO_CROSSOVER, rows=rows)  # type: ignore[arg-type]


def test_each_trial_has_its_own_draw_again_and_again() -> None:
    """Of three draws trials 2 to 5 have the third, first, second and third; one draw is everybody's."""
    assert list(held().params_of(2, 4)["drop_out_rate"]) == [0.3, 0.1, 0.2, 0.3]
    assert held().varies
    assert held(PARAMS[:2]).varies and held().changes == ()
    one = held(PARAMS[:1])
    assert not one.varies
    assert len(one.params_of(2, 4)) == 1
    rows = held(rows=np.array([7, 8, 9])).row_of(5)
    assert rows is not None and list(rows) == [7, 8, 9, 7, 8]
    assert held().row_of(5) is None


def test_draws_of_one_row_are_known_by_their_values(monkeypatch: pytest.MonkeyPatch) -> None:
    """Draws with equal fitted values share a row, whatever else differs; without fitted values none do."""
    draws = np.array(
        [(1.0, 5.0, 0.1), (1.0, 5.0, 0.2), (1.0, 6.0, 0.1)], dtype=[("a", float), ("b", float), ("c", float)]
    )
    monkeypatch.setattr(module, "joint_names", lambda _register: ("a", "b"))
    first, second, third = joint_rows(None, draws)  # type: ignore[arg-type]
    assert first == second != third
    monkeypatch.setattr(module, "joint_names", lambda _register: ())
    assert list(joint_rows(None, draws)) == [0, 1, 2]  # type: ignore[arg-type]


def test_truths_in_which_nothing_is_to_be_found() -> None:
    """The null, what is stated without an effect, and the margin; arms alike are what a trial with a margin hopes for."""
    assert frozenset({"no_effect", "stated_no_effect", "at_margin"}) == NULLS


@pytest.mark.parametrize(
    ("name", "known"),
    [
        *((name, True) for name in ("scenario", "null", "no_effect", "posterior", "alike", "at_margin", "stated")),
        *((name, True) for name in ("stated_null", "sceptical", "central", "optimistic", "draw:0", "draw:999999")),
        *((name, False) for name in ("draw:1000000", "draw:-1", "draw:", "draw:x", "draws:1", "", "nothing")),
    ],
)
def test_names(name: str, known: bool) -> None:
    """Those listed, and draws by their number below a million."""
    problems = name_problems(name)
    assert (not problems) == known
    if problems:
        assert problems[0].key == "--truth" and "draw:NUMBER" in problems[0].allowed


class Scenario:
    """A scenario whose parameters tell where they come from."""

    reference = "conservative"
    register = "register"

    def parameter_draws(self, drawn: Any = None) -> Any:
        """Those of the scenario, or those drawn."""
        return PARAMS[:1] if drawn is None else drawn

    def policy_records(self, names: list[str]) -> Any:
        """The names themselves."""
        return np.array(names)


def design(**changed: Any) -> Any:
    """Two arms, superiority."""
    usual: dict[str, Any] = {
        "arms": [SimpleNamespace(name="a", policy="conservative"), SimpleNamespace(name="b", policy="single_dose")],
        "crossover": None,
        "primary": SimpleNamespace(aim="superiority"),
        "drop_out": SimpleNamespace(per_year=None),
        "entry": None,
    }
    return SimpleNamespace(**(usual | changed))


CROSSOVER = SimpleNamespace(to="repeat", after_months=6.0, share=0.7, tcpo2_below=None)
MARGIN = SimpleNamespace(aim="non-inferiority")


@pytest.fixture
def drawn(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """What was drawn of the posterior, which has as many rows as asked for."""
    asked: list[Any] = []

    def draws(register: Any, number: int, seed: int) -> Any:
        asked.append((register, number, seed))
        return np.array([(k / 10.0,) for k in range(number)], dtype=PARAMS.dtype)

    monkeypatch.setattr(module, "parameter_draws", draws)
    monkeypatch.setattr(module, "joint_rows", lambda register, rows: np.arange(len(rows)))
    monkeypatch.setattr(
        module, "engine_draws", lambda register, view: np.array([(9.0 + len(view),)], dtype=PARAMS.dtype)
    )
    monkeypatch.setattr(
        module, "stated_laws", lambda design, rate: SimpleNamespace(rate=rate, without_effect=lambda: ("none", rate))
    )
    return asked


def named(name: str, plan: Any = None, trials: int = 5) -> Truth:
    """A truth of a design."""
    return truth_named(name, plan or design(), Scenario(), trials, 11)  # type: ignore[arg-type]


def test_the_scenario_with_and_without_crossing_over(drawn: list[Any]) -> None:
    """Every arm under its policy; whoever crosses over goes to one more, after half a year."""
    plain = named("scenario")
    assert list(plain.policies) == ["conservative", "single_dose"] and list(plain.arm_policy) == [0, 1]
    assert plain.crossover == NO_CROSSOVER and not plain.at_margin and plain.rows is None
    crossing = named("scenario", design(crossover=CROSSOVER))
    assert list(crossing.policies) == ["conservative", "single_dose", "repeat"]
    assert tuple(crossing.crossover) == (0.5, 2, 0.7, inf)
    limited = SimpleNamespace(**(vars(CROSSOVER) | {"tcpo2_below": 30.0}))
    assert named("scenario", design(crossover=limited)).crossover[3] == 30.0
    assert drawn == []


def test_nulls(drawn: list[Any]) -> None:
    """All arms as the first, nobody crosses over; with a margin on it, unless they are to be alike."""
    for name in ("null", "no_effect"):
        null = named(name, design(crossover=CROSSOVER))
        assert (null.name, null.at_margin) == ("no_effect", False)
        assert list(null.arm_policy) == [0, 0] and null.crossover == NO_CROSSOVER
        margin = named(name, design(primary=MARGIN))
        assert (margin.name, margin.at_margin) == ("at_margin", True)
    alike = named("alike", design(primary=MARGIN))
    assert (alike.name, alike.at_margin, list(alike.arm_policy)) == ("alike", False, [0, 0])
    one = named("null", design(arms=[SimpleNamespace(name="b", policy="single_dose")]))
    assert list(one.policies) == ["conservative"]


def test_what_the_protocol_states(drawn: list[Any]) -> None:
    """Losses are the design's, else the scenario's; without effect on the margin where there is one."""
    assert named("stated").stated.rate == 0.1  # type: ignore[union-attr]
    own = design(drop_out=SimpleNamespace(per_year=0.4))
    assert named("stated", own).stated.rate == 0.4  # type: ignore[union-attr]
    for name in ("stated_null", "stated_no_effect"):
        found = named(name)
        assert (found.name, found.stated, found.at_margin) == ("stated_no_effect", ("none", 0.1), False)
        assert named(name, design(primary=MARGIN)).at_margin
    assert not named("stated", design(primary=MARGIN)).at_margin


def test_views_and_draws(drawn: list[Any]) -> None:
    """A view has its parameters; draw 3 is the fourth; the posterior has a draw for every trial, at most 20,000."""
    assert list(named("sceptical").params["drop_out_rate"]) == [18.0]
    third = named("draw:3")
    assert list(third.params["drop_out_rate"]) == [pytest.approx(0.3)] and third.rows is None
    whole = named("posterior")
    assert len(whole.params) == 5 and list(whole.rows if whole.rows is not None else ()) == [0, 1, 2, 3, 4]
    many = named("posterior", trials=30_000)
    assert len(many.params) == 20_000
    assert drawn == [("register", 4, 11), ("register", 5, 11), ("register", 20_000, 11)]
    with pytest.raises(BadInput, match="nothing"):
        named("nothing")


def test_what_must_be_said_counts_the_draws(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of as many draws as there are trials under the posterior, of none elsewhere; of the policy crossed over to, too."""
    monkeypatch.setattr(module, "caveats", lambda scenario, policies, draws, entry: (tuple(policies), draws, entry))
    planned: Any = SimpleNamespace(design=design(crossover=CROSSOVER, entry="who"), scenario=None)
    policies = ("conservative", "single_dose", "repeat")
    assert trial_caveats(planned, ("scenario",), 30_000) == (policies, 0, "who")
    assert trial_caveats(planned, ("null", "posterior"), 30_000) == (policies, 20_000, "who")
    assert trial_caveats(planned, ("posterior",), 300)[1] == 300
