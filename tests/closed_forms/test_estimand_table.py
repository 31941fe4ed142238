"""Estimates of an estimand in each trial, by hand."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any

import numpy as np
import pytest
from small_trials import NEVER, trial

from simulator.questions.trial.design.design import Design
from simulator.questions.trial.design.estimand import Estimand
from simulator.questions.trial.results import estimand_table as module
from simulator.questions.trial.results.estimand_table import _by_trial, settled
from simulator.questions.trial.simulation.truth import Truth

AMPUTATION = Estimand(name="a", outcome="major_amputation", at_months=12.0, death="while_alive")


def test_each_trial_has_its_own_share() -> None:
    """Of four controls one loses the limb within a year in the first trial, three in the second; the third has none."""
    arm = np.array([[0, 0, 0, 0, 1]] * 2 + [[1] * 5])
    amputated = np.full((3, 5), NEVER)
    amputated[0, [0, 4]], amputated[1, :3], amputated[1, 3] = 0.5, 0.5, 1.5
    share, error = _by_trial(AMPUTATION, trial(arm=arm, amputated=amputated), 0, "weighted")
    assert share == pytest.approx([0.25, 0.75, np.nan], nan_ok=True)
    by_hand = np.sqrt(0.25 * 0.75 / 4)
    assert error == pytest.approx([by_hand, by_hand, np.nan], nan_ok=True)


def test_who_was_followed_for_too_short_a_time_does_not_count() -> None:
    """Half a year of two planned ones says nothing of a year, a year to the second does."""
    amputated = [0.2, NEVER, 0.2, NEVER]
    seen = trial(arm=[0, 0, 0, 0], amputated=amputated, end=[2.0, 1.0, 0.5, 0.5])
    assert _by_trial(AMPUTATION, seen, 0, "weighted")[0].tolist() == [0.5]


def test_the_lost_count_as_like_those_who_were_followed() -> None:
    """Of four one is lost early and two lose the limb, one of whom is lost only then: two in three, and three in four where the
    loss is a failure."""
    seen = trial(arm=[0] * 4, lost=[0.2, NEVER, 0.8, NEVER], amputated=[NEVER, 0.5, 0.6, NEVER])
    assert _by_trial(AMPUTATION, seen, 0, "weighted")[0] == pytest.approx([2 / 3])
    assert _by_trial(AMPUTATION, seen, 0, "complete_cases")[0] == pytest.approx([2 / 3])
    failed = AMPUTATION.model_copy(update={"loss": "composite"})
    assert _by_trial(failed, seen, 0, "weighted")[0] == pytest.approx([3 / 4])


@pytest.mark.parametrize(
    ("death", "times", "yes"),
    [
        ("while_alive", [0.3, 0.4, 0.5, 1.0], [True, False, True, False]),
        ("composite", [0.3, 0.4, 0.5, 1.0], [True, True, True, False]),
    ],
)
def test_when_an_outcome_is_settled(death: str, times: list[float], yes: list[bool]) -> None:
    """Limb lost; dead; limb lost before death; neither within the year."""
    seen = trial(arm=[0] * 4, amputated=[0.3, 0.9, 0.5, 1.2], died=[NEVER, 0.4, 0.8, NEVER])
    found = settled(AMPUTATION.model_copy(update={"death": death}), seen)
    assert (found[0][0].tolist(), found[1][0].tolist()) == (times, yes)


HEALING = Estimand(name="h", outcome="healing", at_months=12.0, death="composite")


def test_a_good_outcome_ends_with_a_failure() -> None:
    """Healing counts before death; after it, or where neither comes within the year, it does not; switching is a failure too."""
    seen = trial(arm=[0] * 4, healed=[0.3, 0.6, NEVER, 0.5], died=[0.5, 0.4, NEVER, NEVER], crossed=[*[NEVER] * 3, 0.2])
    times, yes = settled(HEALING, seen)
    assert (times[0].tolist(), yes[0].tolist()) == ([0.3, 0.4, 1.0, 0.5], [True, False, False, True])
    times, yes = settled(HEALING.model_copy(update={"crossover": "composite"}), seen)
    assert (times[0, 3], yes[0, 3]) == (0.2, False)
    times, yes = settled(HEALING.model_copy(update={"death": "while_alive"}), seen)
    assert (times[0, 1], yes[0, 1]) == (0.4, False)


@pytest.mark.parametrize(
    ("key", "field"), [("death", "died"), ("crossover", "crossed"), ("rescue", "reintervened"), ("loss", "lost")]
)
def test_failures_of_a_composite(key: str, field: str) -> None:
    """Each by its own time, only where the estimand says so; the lost only where they are asked for."""
    seen = trial(arm=[0, 0], amputated=[0.6, NEVER], **{field: [NEVER, 0.3]})
    other = {"death": "while_alive", "crossover": "treatment_policy", "rescue": "treatment_policy"}
    plain = AMPUTATION.model_copy(update={**other, "loss": "hypothetical"})
    composite = plain.model_copy(update={key: "composite"})
    assert settled(plain, seen)[1][0].tolist() == [True, False]
    times, yes = settled(composite, seen)
    assert (times[0].tolist(), yes[0].tolist()) == ([0.6, 0.3], [True, True])
    assert settled(composite, seen, loss=False)[1][0].tolist() == [True, key != "loss"]


def test_death_is_an_outcome_of_its_own() -> None:
    """It ends nothing before itself."""
    death = Estimand(name="d", outcome="death", at_months=12.0)
    times, yes = settled(death, trial(arm=[0, 0], died=[0.4, 1.2], amputated=0.1))
    assert (times[0].tolist(), yes[0].tolist()) == ([0.4, 1.0], [True, False])


def test_true_values_are_differences_between_twins() -> None:
    """Two controls of four lose the limb and one of their twins; among the three who live in both worlds one and one."""
    control = trial(arm=[0] * 4, amputated=[0.5, 0.5, NEVER, NEVER], died=[0.9, NEVER, NEVER, NEVER])
    other = trial(arm=[0] * 4, amputated=[NEVER, NEVER, 0.5, NEVER], lost=0.1)
    assert module._true_values(AMPUTATION, control, other).tolist() == [-0.25]
    stratum = AMPUTATION.model_copy(update={"death": "principal_stratum"})
    assert module._true_values(stratum, control, other).tolist() == [0.0]
    assert module._true_values(stratum, other, control).tolist() == [0.0]
    gone = trial(arm=[0] * 4, died=0.5)
    assert np.isnan(module._true_values(stratum, control, gone)).all()
    at_the_end = trial(arm=[0] * 4, died=1.0)
    assert np.isnan(module._true_values(stratum, at_the_end, other)).all()
    assert np.isnan(module._true_values(stratum, other, at_the_end)).all()
    assert module._true_values(AMPUTATION.model_copy(update={"loss": "composite"}), control, other).tolist() == [-0.25]


@pytest.mark.parametrize(
    ("changed", "lost", "names"),
    [
        ({"death": "composite"}, NEVER, ["weighted"]),
        ({"death": "principal_stratum"}, 0.5, ["survivors", "complete_cases"]),
        ({"death": "composite", "loss": "composite"}, 0.5, ["weighted"]),
        ({"crossover": "hypothetical"}, NEVER, ["weighted", "censored_at_crossover", "censored_at_death"]),
        ({}, 0.5, ["weighted", "complete_cases", "censored_at_death"]),
    ],
)
def test_estimators_of_an_estimand(changed: dict[str, str], lost: float, names: list[str]) -> None:
    """The one that fits, and the naive ones that differ from it."""
    seen = trial(arm=[0, 0, 1, 1], lost=[lost, NEVER, NEVER, NEVER])
    assert list(module._estimates(AMPUTATION.model_copy(update=changed), seen, 1)) == names


def test_an_estimate_is_the_other_arm_less_the_control() -> None:
    """One of two against none of two: half, with the error of that half."""
    seen = trial(arm=[0, 0, 2, 2, 1], amputated=[NEVER, NEVER, 0.5, NEVER, 0.1])
    estimate, error = module._estimates(AMPUTATION, seen, 2)["weighted"]
    assert estimate.tolist() == [0.5] and error == pytest.approx([np.sqrt(0.5 * 0.5 / 2)])


def test_survivors_alone() -> None:
    """Whoever is dead by the year is left out, whoever dies later is not."""
    seen = trial(arm=[0] * 4, amputated=[0.2, 0.2, NEVER, NEVER], died=[0.5, NEVER, 1.0, 1.1])
    stratum = AMPUTATION.model_copy(update={"death": "principal_stratum"})
    assert _by_trial(stratum, seen, 0, "survivors")[0].tolist() == [0.5]


HYPOTHETICAL = HEALING.model_copy(update={"crossover": "hypothetical"})


def test_those_who_switch() -> None:
    """Of four controls one is healed when another switches unhealed at half a year; the two like that one count for three.

    Left out, the one who switched says nothing; taken for chance, all who are open then stand for the one, which is the same.
    """
    seen = trial(arm=[0] * 4, healed=[0.3, 0.8, NEVER, NEVER], crossed=[NEVER, NEVER, NEVER, 0.5])
    share = _by_trial(HYPOTHETICAL, seen, 0, "weighted")[0]
    assert share == pytest.approx([(1.0 + 1.5) / 4.0])
    assert _by_trial(HYPOTHETICAL, seen, 0, "complete_cases")[0] == pytest.approx([2 / 3])
    assert _by_trial(HYPOTHETICAL, seen, 0, "censored_at_crossover")[0] == pytest.approx([(1.0 + 1.5) / 4.0])
    policy = HEALING.model_copy(update={"crossover": "treatment_policy"})
    assert _by_trial(policy, seen, 0, "weighted")[0] == pytest.approx([0.5])


def test_who_switches_at_the_very_time_of_the_outcome_has_it() -> None:
    """A limb lost on the day of switching was lost before."""
    amputation = AMPUTATION.model_copy(update={"crossover": "hypothetical"})
    seen = trial(arm=[0, 0], amputated=[0.5, NEVER], crossed=[0.5, NEVER])
    for name in ("weighted", "complete_cases", "censored_at_crossover"):
        assert _by_trial(amputation, seen, 0, name)[0] == pytest.approx([0.5])


def test_who_is_lost_at_the_very_time_of_the_outcome_has_it() -> None:
    """Whether the lost are left out or weighted."""
    seen = trial(arm=[0, 0], amputated=[0.5, NEVER], lost=[0.5, NEVER])
    for name in ("weighted", "complete_cases"):
        assert _by_trial(AMPUTATION, seen, 0, name)[0] == pytest.approx([0.5])


def test_weights_of_those_who_stayed() -> None:
    """Of three unhealed one switches at half a year; the healed, the amputees, the settled and the lost keep their weights."""
    reached = np.array([1.0, 1.0, 1.0, 1.0, 1.0, 0.5, 1.0])
    gone = np.array([NEVER, NEVER, NEVER, NEVER, NEVER, NEVER, 0.5])
    switched = np.array([0.5, NEVER, 0.7, NEVER, NEVER, NEVER, NEVER])
    healed = np.array([NEVER, NEVER, NEVER, 0.5, 0.2, NEVER, NEVER])
    amputated = np.array([NEVER, NEVER, NEVER, NEVER, 0.5, NEVER, NEVER])
    found = module._stayed(reached, gone, switched, healed, amputated)
    assert found.tolist() == [1.0, 1.5, 1.5, 1.0, 1.0, 1.0, 1.0]
    # A healed wound that came back may be a reason, too; then the healed are compared with each other.
    switched[3], healed[1] = 0.5, 0.4
    found = module._stayed(reached, gone, switched, healed, amputated)
    assert found.tolist() == [1.0, 2.0, 2.0, 1.0, 1.0, 1.0, 1.0]
    # Amputees are compared with amputees.
    switched[:4], amputated[:3] = [0.5, NEVER, NEVER, NEVER], [0.1, 0.2, NEVER]
    found = module._stayed(reached, gone, switched, healed, amputated)
    assert found.tolist() == [1.0, 1.5, 1.0, 1.0, 1.5, 1.0, 1.0]
    # Where all of a kind switch nobody stands for them.
    assert module._stayed(reached[:1], gone[:1], switched[:1], healed[:1], amputated[:1]).tolist() == [1.0]


def test_deaths_taken_for_censoring() -> None:
    """One minus Kaplan and Meier: a limb is lost at 0.3 among four; one dies at 0.5, and another limb is lost among the two left.

    1 - 3/4 * 1/2; whoever is lost counts like whoever dies.
    """
    amputated, died = [0.3, NEVER, 0.6, NEVER], [0.4, 0.5, NEVER, NEVER]
    seen = trial(arm=[0] * 4, amputated=amputated, died=died)
    assert _by_trial(AMPUTATION, seen, 0, "censored_at_death")[0] == pytest.approx([1.0 - 0.75 * 0.5])
    lost = trial(arm=[0] * 4, amputated=amputated, lost=died)
    assert _by_trial(AMPUTATION, lost, 0, "censored_at_death")[0] == pytest.approx([1.0 - 0.75 * 0.5])
    late = trial(arm=[[0] * 2] * 2, amputated=[[0.3, NEVER], [NEVER, NEVER]], died=[[NEVER, 1.0], [NEVER, NEVER]])
    assert _by_trial(AMPUTATION, late, 0, "censored_at_death")[0] == pytest.approx([0.5, 0.0])


def test_how_an_estimator_does() -> None:
    """True value, mean estimate, bias of twins, its error, coverage of the true value; a third of the trials says nothing."""
    estimate, se = np.array([0.1, 0.3, np.nan]), np.array([0.1, 0.05, 0.1])
    twins = np.array([0.0, 0.3, 0.3])
    true, mean, bias, spread, covered, _, trials, silent = module._judged((estimate, se), twins)
    assert (true, mean, bias, spread) == pytest.approx((0.2, 0.2, 0.05, 0.05))
    assert (covered, trials, silent) == (0.5, 3.0, pytest.approx(1 / 3))
    for row in (
        (np.array([0.1]), np.array([np.inf]), np.array([0.2])),
        (np.array([np.nan]), np.array([0.1]), np.array([0.2])),
    ):
        found = module._judged(row[:2], row[2])
        assert found[0] == 0.2 and np.isnan(found[1:6]).all() and found[6:] == (1.0, 1.0)
    alone = module._judged((np.array([0.1, 0.2]), np.array([0.1, 0.1])), np.array([np.nan, 0.3]))
    assert alone[:3] == pytest.approx((0.3, 0.2, -0.1)) and np.isnan(alone[3]) and alone[7] == 0.5


def test_an_interval_that_just_holds_the_true_value() -> None:
    """One and ninety-six hundredths of an error, on either side."""
    for gap, holds in ((1.9599, True), (1.9601, False)):
        for sign in (-1.0, 1.0):
            found = module._judged((np.array([1.0 + sign * gap] * 2), np.ones(2)), np.array([1.0, 1.0]))
            assert (found[4] > 0.5) is holds


BASE: Any = Truth(
    **{each.name: None for each in fields(Truth) if each.name not in ("arm_policy", "crossover", "changes", "params")},
    params=np.zeros(1),
    arm_policy=np.array([5, 6, 7]),
    crossover="switch",  # type: ignore[arg-type]
    changes=((1, "worse"),),  # type: ignore[arg-type]
)


@dataclass(frozen=True)
class Lives:
    """A simulation of six trials of four patients each, that tells what it is asked to live."""

    planned: Any
    asked: list[Any]
    trials: int = 6

    @property
    def design(self) -> Any:
        """Of what is planned."""
        return self.planned.design

    def truth(self, name: str) -> Any:
        """By its name."""
        return name

    def lives(self, *given: Any) -> Any:
        """The trial that is asked for."""
        self.asked.append((self.design, *given))
        return trial(arm=[[0, 0, 0, 0, 0]])


@dataclass(frozen=True)
class Plan:
    """A design alone."""

    design: Any


def design(**changed: Any) -> Design:
    """Two arms of four patients, a switch and blinding."""
    arms = [{"name": "control", "policy": "care"}, {"name": "cells", "policy": "cells"}]
    table: dict[str, Any] = {
        **{"label": "A trial", "arms": arms, "accrual": {"per_month": 1.0}, "follow_up": {"months": 12.0}},
        **{"endpoints": [], "size": {"patients": 4}, "drop_out": {"per_year": 0.1}},
        "crossover": {"to": "cells", "after_months": 6.0},
    }
    return Design(**table | changed)


@pytest.mark.parametrize(
    ("arm", "free", "switches"), [(0, False, True), (0, True, False), (1, False, False), (1, True, False)]
)
def test_a_world_in_which_all_are_in_one_arm(arm: int, free: bool, switches: bool) -> None:
    """None is lost, and none switches but from the control where that is allowed."""
    asked: list[Any] = []
    made = design()
    world = module.all_in_arm(Lives(Plan(made), asked), BASE, arm, free, 3)  # type: ignore[arg-type]
    assert world.arm.tolist() == [[0, 0, 0, 0, -1]]
    ((alone, truth, *rest),) = asked
    assert rest == [0, 3, 4]
    assert alone.arms == (made.arms[arm],) and alone.drop_out == module.NOBODY_LEAVES and alone.blinding is None
    assert alone.crossover == (made.crossover if switches else None)
    assert truth.crossover == ("switch" if switches else module.NO_CROSSOVER)
    assert truth.arm_policy.tolist() == [5 + arm] and truth.changes == ()


@pytest.mark.parametrize(("control", "named"), [({}, "control"), ({"control": "cells"}, "cells")])
def test_blinding_knows_the_control_of_the_whole_trial(control: dict[str, str], named: str) -> None:
    """The first arm where none is named, though it may not be there."""
    asked: list[Any] = []
    made = design(blinding={"hidden_from": "patients", **control})
    module.all_in_arm(Lives(Plan(made), asked), BASE, 1, False, 3)  # type: ignore[arg-type]
    assert asked[0][0].blinding.control == named and asked[0][0].blinding.hidden_from == "patients"


def test_the_table(monkeypatch: pytest.MonkeyPatch) -> None:
    """A row for each estimand, arm and estimator; each world is lived once, and the trials are followed to their end."""
    third = [{"name": name, "policy": name} for name in ("control", "cells", "more")]
    free = {"name": "free", "outcome": "healing", "at_months": 12.0, "death": "composite", "crossover": "hypothetical"}
    held = free | {"name": "held", "crossover": "treatment_policy"}
    made = design(arms=third, estimands=[free, held, free | {"name": "again"}])
    simulation, asked, told = Lives(Plan(made), []), list[Any](), list[int]()
    monkeypatch.setattr(module, "all_in_arm", lambda *given: asked.append(given[1:]) or f"world {given[2:4]}")
    monkeypatch.setattr(module, "at_once", lambda trials, patients: 3 if (trials, patients) == (6, 4) else 0)
    monkeypatch.setattr(module, "end_of_trial", lambda design, data, events: (design is made, data.shape, events))
    monkeypatch.setattr(module, "cut", lambda data, end: (data.arm.tolist(), end))
    monkeypatch.setattr(module, "_true_values", lambda estimand, control, other: (estimand.name, control, other))
    monkeypatch.setattr(module, "_estimates", lambda estimand, seen, arm: {"best": (seen, arm), "naive": (seen, arm)})
    monkeypatch.setattr(module, "_judged", lambda found, twins: (twins, found, *[0.0] * 6))
    table = module.estimand_table(simulation, "scenario", told.append)  # type: ignore[arg-type]
    assert list(table) == list(module.COLUMNS) and told == [6]
    assert asked == [
        ("scenario", 0, True, 3),
        ("scenario", 1, False, 3),
        ("scenario", 2, False, 3),
        ("scenario", 0, False, 3),
    ]
    assert simulation.asked == [(made, "scenario", 0, 3, 4)]
    assert [tuple(row) for row in table[["estimand", "arm", "estimator"]].to_numpy()] == [
        (estimand, arm, name)
        for estimand in ("free", "held", "again")
        for arm in ("cells", "more")
        for name in ("best", "naive")
    ]
    assert table["true_value"].iloc[0] == ("free", "world (0, True)", "world (1, False)")
    assert table["true_value"].iloc[6] == ("held", "world (0, False)", "world (2, False)")
    assert table["estimate"].iloc[2] == (([[0, 0, 0, 0, -1]], (True, (1, 5), None)), 2)
    assert len(module.estimand_table(simulation, "scenario")) == 12  # type: ignore[arg-type]
