"""The calculators of two arms: which formulas each asks, with what, and what is refused."""

from __future__ import annotations

import math
from typing import Any

import pandas as pd
import pytest

from simulator.questions.samplesize import answer
from simulator.questions.samplesize import two_arms as module
from simulator.questions.samplesize.answer import Answer, Note
from simulator.questions.samplesize.two_arms import binary, means, survival, win_ratio
from simulator.statistics.sizes import mean_sizes, proportion_sizes, samplesize, survival_sizes
from simulator.statistics.sizes.formula import Formula
from simulator.statistics.sizes.survival_course import Course, Pieces
from simulator.words.errors import BadInput, Problem

USUAL = {"alpha": 0.025, "power": 0.9, "ratio": 2.0}
AIM = {"equal": "equivalence", "worse": "non-inferiority"}


def sizes(found: Any) -> dict[str, float]:
    """Unrounded sizes by method."""
    return dict(zip(found.table["method"], found.table["unrounded"], strict=True))


def refused(calculator: Any, values: dict[str, Any]) -> Problem:
    """The one problem of some inputs."""
    with pytest.raises(BadInput) as found:
        calculator({**USUAL, **values})
    (problem,) = found.value.problems
    return problem


def test_events_of_a_ratio() -> None:
    """Schoenfeld's and Freedman's for superiority, one of them with a margin, two tests for equivalence."""
    found = survival({**USUAL, "hazard_ratio": 0.7})
    assert found.design == "survival" and found.notes[0] == Note("events_only")
    assert sizes(found) == {
        "Schoenfeld": survival_sizes.schoenfeld_events(0.7, 0.025, 2.0).size(0.9),
        "Freedman": survival_sizes.freedman_events(0.7, 0.025, 2.0).size(0.9),
    }
    worse = survival({**USUAL, "hazard_ratio": 0.9, "aim": AIM["worse"], "margin": 1.3})
    assert sizes(worse) == {"Schoenfeld": survival_sizes.schoenfeld_events(0.9, 0.025, 2.0, 1.3).size(0.9)}
    equal = survival({**USUAL, "hazard_ratio": 0.9, "aim": AIM["equal"], "margin": 1.3})
    (size,) = sizes(equal).values()
    assert size == survival_sizes.equivalence_events(0.9, 1.3, 0.025, 2.0).size(0.9)


COURSE = {"hazard_0": 0.4, "hazard_1": 0.2, "accrual": 2.0, "follow_up": 1.0}
STATED = Course((Pieces((0.4,)), Pieces((0.2,))), duration=2.0, follow_up=1.0, ratio=2.0)


def test_patients_of_a_course() -> None:
    """Each formula's patients, and the events expected among them: a third of the control's chance and two of the other's."""
    found = survival({**USUAL, **COURSE})
    assert list(sizes(found)) == ["Schoenfeld", "Freedman", "Lachin-Foulkes", "Lakatos"]
    chance = [STATED.event_probability(arm) for arm in (0, 1)]
    events = survival_sizes.schoenfeld_events(0.5, 0.025, 2.0).size(0.9)
    mean = (chance[0] + 2.0 * chance[1]) / 3.0
    assert sizes(found)["Schoenfeld"] == pytest.approx(events / mean)
    assert sizes(found)["Lakatos"] == pytest.approx(survival_sizes.lakatos(STATED, 0.025).size(0.9))
    lachin = survival_sizes.lachin_foulkes(STATED, 0.025)
    assert lachin is not None and sizes(found)["Lachin-Foulkes"] == pytest.approx(lachin.size(0.9))
    assert list(found.table)[4] == "events"
    assert found.table["events"].tolist() == [math.ceil(n * mean) for n in found.table["unrounded"]]
    assert found.notes[:2] == (
        Note("hazards", arms=[{"rates": [0.4], "until": []}, {"rates": [0.2], "until": []}]),
        Note("event_probability", arms=chance),
    )


def test_looks_cost_patients_and_no_events(monkeypatch: pytest.MonkeyPatch) -> None:
    """Half as many patients again, among whom as many events are expected as without looks."""
    plain = survival({**USUAL, **COURSE}).table
    for where in (module, answer):
        monkeypatch.setattr(where, "inflation", lambda _: (1.5, []))
    looks = survival({**USUAL, **COURSE}).table
    assert looks["unrounded"].to_numpy() == pytest.approx(1.5 * plain["unrounded"].to_numpy())
    assert looks["events"].tolist() == plain["events"].tolist()


def test_events_that_are_whole_but_for_the_last_digit(monkeypatch: pytest.MonkeyPatch) -> None:
    """A tenth of 100.000001 patients are ten events; infinitely many stay so."""
    monkeypatch.setattr(Course, "event_probability", lambda _course, _arm: 0.1)
    table = pd.DataFrame({"a": 0, "b": 0, "c": 0, "d": 0, "unrounded": [100.000001, 100.01, math.inf]})
    monkeypatch.setattr(module, "answered", lambda *_: Answer("survival", table, table))
    assert survival({**USUAL, **COURSE}).table["events"].tolist() == [10, 11, math.inf]


def test_the_power_of_a_course_has_no_events() -> None:
    """Where patients are given there is nothing to expect of a size."""
    assert "events" not in survival({**USUAL, **COURSE, "n": 200.0}).table


def test_restricted_to_a_time() -> None:
    """Two formulas more, at a time that somebody reaches."""
    found = sizes(survival({**USUAL, **COURSE, "until": 1.5}))
    assert found["difference of restricted means"] == pytest.approx(
        survival_sizes.restricted_mean(STATED, 1.5, 0.025).size(0.9)
    )
    assert found["difference of Kaplan-Meier estimates"] == pytest.approx(
        survival_sizes.survival_at(STATED, 1.5, 0.025).size(0.9)
    )
    for until in (0.0, 3.0):
        told = Problem("design", "until", f"{until:g}", "above 0 and below 3")
        assert refused(survival, {**COURSE, "until": until}) == told
    aimed = {**COURSE, "until": 1.5, "aim": AIM["worse"], "margin": 1.3}
    assert refused(survival, aimed) == Problem("design", "until", "1.5", "only with --aim superiority")


def test_a_ratio_that_changes_has_no_events_of_its_own() -> None:
    """Only the log-rank test's drift is left of the formulas."""
    assert list(sizes(survival({**USUAL, **COURSE, "hazard_1": "0.4:1,0.2"}))) == ["Lakatos"]
    aimed = {**COURSE, "hazard_1": "0.4:1,0.2", "aim": AIM["worse"], "margin": 1.3}
    told = Problem("design", "aim", "non-inferiority", "only with one hazard ratio for the whole time")
    assert refused(survival, aimed) == told


def test_ratios_and_margins_that_cannot_be() -> None:
    """No effect; no margin, none above nought or none but 1; a truth on or beyond the margin."""
    assert refused(survival, {"hazard_ratio": 1.0}) == Problem(
        "design", "hazard_ratio", "1", "different from no effect (1)"
    )
    for aim in AIM.values():
        missing = refused(survival, {"hazard_ratio": 0.9, "aim": aim})
        assert missing == Problem("design", "margin", "1", "a hazard ratio above 0, and not 1")
        for margin in (0.0, 1.0):
            told = refused(survival, {"hazard_ratio": 0.9, "aim": aim, "margin": margin})
            assert told == Problem("design", "margin", f"{margin:g}", "a hazard ratio above 0, and not 1")
    beyond = "further from 1 than the true ratio, {:g}, and worse"
    for aim, ratio, margin in [
        (AIM["worse"], 1.3, 1.3),
        (AIM["worse"], 1.4, 1.3),
        (AIM["worse"], 0.7, 0.8),
        (AIM["equal"], 1.3, 1.3),
        (AIM["equal"], 0.5, 1.3),
    ]:
        told = refused(survival, {"hazard_ratio": ratio, "aim": aim, "margin": margin})
        assert told == Problem("design", "margin", f"{margin:g}", beyond.format(ratio))
    assert survival({**USUAL, "hazard_ratio": 0.7, "aim": AIM["worse"], "margin": 1.3}).table.shape[0] == 1
    assert survival({**USUAL, "hazard_ratio": 0.9, "aim": AIM["worse"], "margin": 0.8}).table.shape[0] == 1


def asked_of(monkeypatch: pytest.MonkeyPatch, where: Any, *names: str) -> list[Any]:
    """What is asked of some families of formulas, each of which then says a hundred patients for certainty."""
    asked: list[Any] = []
    hundreds = Formula("plain", "", lambda power: 100.0 * power, lambda n: n)
    for name in names:
        monkeypatch.setattr(where, name, lambda *given, name=name: asked.append((name, *given)) or [hundreds])
    return asked


def test_two_proportions(monkeypatch: pytest.MonkeyPatch) -> None:
    """The formulas of the aim, with the control's rate first; no effect where only one rate is given."""
    asked = asked_of(monkeypatch, proportion_sizes, "superiority", "non_inferiority", "equivalence")
    found = binary({**USUAL, "p0": 0.5, "p1": 0.2})
    assert found.design == "binary" and sizes(found) == {"plain": 90.0}
    assert [note["name"] for note in found.notes] == ["one_sided"]
    worse = binary({**USUAL, "p0": 0.5, "p1": 0.45, "aim": AIM["worse"], "margin": 0.2})
    assert worse.design == "binary" and sizes(worse) == {"plain": 90.0}
    assert worse.notes[0] == Note("margin", aim=AIM["worse"], margin=0.2, p0=0.5, p1=0.45)
    assert binary({**USUAL, "p0": 0.4, "aim": AIM["equal"], "margin": 0.2}).notes[0]["p1"] == 0.4
    assert asked == [
        ("superiority", 0.5, 0.2, 0.025, 2.0),
        ("non_inferiority", 0.5, 0.45, 0.2, 0.025, 2.0),
        ("equivalence", 0.4, 0.4, 0.2, 0.025, 2.0),
    ]


def test_proportions_that_cannot_be() -> None:
    """The same rate twice, and a truth beyond the margin."""
    assert refused(binary, {"p0": 0.5, "p1": 0.5}) == Problem("design", "p1", "0.5", "different from p0 (0.5)")
    told = refused(binary, {"p0": 0.4, "p1": 0.7, "aim": AIM["equal"], "margin": 0.25})
    assert told == Problem("design", "margin", "0.25", "further from 0 than the true difference, 0.3")


def test_two_means(monkeypatch: pytest.MonkeyPatch) -> None:
    """The tests of the aim; a margin against no difference unless one is stated."""
    asked = asked_of(monkeypatch, mean_sizes, "superiority", "non_inferiority", "equivalence")
    found = [
        means({**USUAL, "difference": 5.0, "sd": 12.0, "correlation": 0.5}),
        means({**USUAL, "difference": 5.0, "sd": 12.0}),
        means({**USUAL, "sd": 12.0, "aim": AIM["worse"], "margin": -4.0}),
        means({**USUAL, "difference": 1.0, "sd": 12.0, "aim": AIM["equal"], "margin": 40.0}),
    ]
    for each in found:
        assert each.design == "means" and sizes(each) == {"plain": 90.0} and each.notes[0] == Note("one_deviation")
    assert asked == [
        ("superiority", 5.0, 12.0, 0.025, 2.0, 0.5),
        ("superiority", 5.0, 12.0, 0.025, 2.0, None),
        ("non_inferiority", 0.0, 12.0, -4.0, 0.025, 2.0),
        ("equivalence", 1.0, 12.0, 40.0, 0.025, 2.0),
    ]


def test_means_that_cannot_be() -> None:
    """No difference; a baseline where none is used; a truth beyond the margin."""
    told = Problem("design", "difference", "0", "different from no effect (0)")
    assert refused(means, {"sd": 12.0}) == refused(means, {"sd": 12.0, "difference": 0.0}) == told
    aimed = {"sd": 12.0, "aim": AIM["worse"], "margin": -4.0}
    assert refused(means, {**aimed, "correlation": 0.5}) == Problem(
        "design", "correlation", "0.5", "only with --aim superiority"
    )
    told = Problem("design", "margin", "-4", "worse than the true difference, -5: it is signed")
    assert refused(means, {**aimed, "difference": -5.0}) == told


def test_a_win_ratio() -> None:
    """The size of the formula at any power, though its drift is taken from one."""
    for power in (0.8, 0.9):
        found = win_ratio({**USUAL, "power": power, "win_ratio": 1.5, "ties": 0.1})
        assert sizes(found) == {"Yu-Ganju": pytest.approx(samplesize.win_ratio(1.5, 0.1, 0.025, power, 2.0))}
    assert found.design == "win-ratio" and found.notes[0] == Note("approximate_variance")
    assert found.table["citation"].tolist() == [module.YU_GANJU]
