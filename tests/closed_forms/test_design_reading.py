"""A design's file, read together with the scenario that it is about."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from simulator.questions.trial.design.design import Design
from simulator.questions.trial.reading import design_reading as module
from simulator.questions.trial.reading.design_reading import load_design, shipped_designs
from simulator.scenario.settings import OwnCounts
from simulator.words.errors import BadInput, Problem

TEXT = """
arms = [{name = "control", policy = "care"}, {name = "cells", policy = "cells"}]
accrual = {per_month = 10.0}
follow_up = {months = 12.0}
size = {patients = 120, power = 0.8}
endpoints = [{name = "death", outcome = "death", test = "logrank"}]
"""


def policy(treats: bool, given: tuple[str, ...] = (), doses: int = 0) -> Any:
    """What a policy gives."""
    return SimpleNamespace(treats=treats, given=given, cell_therapy=SimpleNamespace(doses=doses))


POLICIES = {"care": policy(False), "cells": policy(True, doses=1), "sham": policy(True, ("sham",))}


class Scenarios(list[tuple[Any, Any]]):
    """Scenarios that were asked for, with what was laid over them; each has three policies."""

    capacity: Any = None
    broken: tuple[Problem, ...] = ()

    def load(self, source: Any, overrides: Any) -> Any:
        """One of them."""
        self.append((source, overrides))
        if self.broken:
            raise BadInput(self.broken)
        settings = SimpleNamespace(capacity=self.capacity)
        return SimpleNamespace(
            name=source, overrides=overrides, policies=POLICIES, settings=settings, inputs={"scenario": b"own"}
        )


@pytest.fixture
def scenarios(monkeypatch: pytest.MonkeyPatch) -> Scenarios:
    """In place of those that are read from files."""
    asked = Scenarios()
    monkeypatch.setattr(module, "load_scenario", asked.load)
    return asked


@pytest.fixture
def write(tmp_path: Path) -> Any:
    """Writes a design's file: the small one with lines before or after."""

    def written(more: str = "", text: str = TEXT) -> Path:
        file = tmp_path / "my_trial.toml"
        file.write_text(more + text)
        return file

    return written


def told(file: Path, **overrides: Any) -> list[tuple[str, str, str]]:
    """Key, value and what is allowed of all that is wrong with a design, whose file each names."""
    with pytest.raises(BadInput) as found:
        load_design(file, overrides)
    assert {each.file for each in found.value.problems} == {str(file)}
    return [(each.key, each.value, each.allowed) for each in found.value.problems]


def test_a_design_of_a_file(scenarios: Scenarios, write: Any) -> None:
    """It goes by its file's name, and keeps what was read."""
    file = write()
    found = load_design(str(file))
    assert (found.design.label, found.design.file, found.design.patients) == ("my_trial", str(file), 120)
    assert scenarios == [("base", None)] and found.scenario.name == "base" and found.population is None
    assert found.inputs == {str(file): file.read_bytes(), "scenario": b"own"}
    other = load_design(write('label = "Mine"\n'), {"size": {"patients": 300}})
    assert (other.design.label, other.design.patients, other.design.size.power) == ("Mine", 300, 0.8)


def test_a_shipped_design(scenarios: Scenarios, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """By its name, and called from its folder on; a file of that name comes first."""
    assert "rct" in shipped_designs() and list(shipped_designs()) == sorted(shipped_designs())
    designs = tmp_path / "scenarios" / "designs"
    designs.mkdir(parents=True)
    (designs / "mine.toml").write_text(TEXT)
    monkeypatch.setattr(module, "shipped", lambda name: tmp_path / name)
    assert load_design("mine").design.file == "scenarios/designs/mine.toml"
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mine").write_text(TEXT.replace("120", "60"))
    assert load_design("mine").design.patients == 60
    with pytest.raises(BadInput) as found:
        load_design("other")
    (problem,) = found.value.problems
    assert (problem.file, problem.key, problem.value) == ("other", "file", "missing")


def test_what_is_laid_over_a_scenario(scenarios: Scenarios, write: Any) -> None:
    """The design's view, and its hospital; sites that differ have offsets to the founding one."""
    load_design(write('view = "sceptical"\ncentre = "average"\n'))
    load_design(write("centre = {amputations = [14, 60]}\n"))
    accrual = {"pattern": "sites", "sites": 3, "opening_months": 1.0, "hospitals": "different"}
    load_design(write(), {"accrual": accrual})
    assert scenarios == [
        ("base", {"evidence": {"view": "sceptical", "centre": "average"}}),
        ("base", {"evidence": {"centre": {"amputations": [14, 60]}}}),
        ("base", {"evidence": {"centre": "founding"}}),
    ]


def test_a_hospital_s_own_file(scenarios: Scenarios, write: Any, tmp_path: Path) -> None:
    """Found from the design's folder on, and kept with what was read."""
    ours = tmp_path / "ours.toml"
    ours.write_text("[evidence.centre]\namputations = [14, 60]\n")
    found = load_design(write('centre = "ours.toml"\n'))
    assert isinstance(found.design.centre, OwnCounts) and found.design.centre.amputations == (14, 60)
    assert found.inputs[str(ours)] == ours.read_bytes()
    ours.write_text("")
    with pytest.raises(BadInput) as bad:
        load_design(write('centre = "ours.toml"\n'))
    assert (str(ours), "evidence.centre") in [(each.file, each.key) for each in bad.value.problems]


def test_a_scenario_beside_the_design(scenarios: Scenarios, write: Any, tmp_path: Path) -> None:
    """A file in its folder, or a shipped name; a name that is no text is told with the design."""
    (tmp_path / "constant.toml").write_text("")
    load_design(write('scenario = "constant.toml"\n'))
    load_design(write('scenario = "founding"\n'))
    assert [source for source, _ in scenarios] == [tmp_path / "constant.toml", "founding"]
    assert [key for key, _, _ in told(write("scenario = 3\n"))] == ["scenario"] and len(scenarios) == 2


def test_faults_of_the_scenario_are_told_too(scenarios: Scenarios, write: Any) -> None:
    """With those of the design; there is no capacity that patients of a trial could queue for."""
    scenarios.capacity = "three slots"
    ((key, value, allowed),) = told(write())
    assert (key, value) == ("scenario", "'base'") and allowed.startswith("a scenario without [capacity]")
    file = write("alpha = 0.0\n")
    scenarios.broken = (Problem(str(file), "label", "x", "y"),)
    assert [key for key, _, _ in told(file)] == ["alpha", "label"]


def test_policies_that_are_not_there(scenarios: Scenarios, write: Any) -> None:
    """Of arms and of those who switch; the nearest name is offered."""
    rows = told(write(text=TEXT.replace('"cells"}', '"cell"}') + 'crossover = {to = "celled", after_months = 6.0}'))
    assert [row[:2] for row in rows] == [("arms.cells.policy", "'cell'"), ("crossover.to", "'celled'")]
    assert all("cells" in allowed for _, _, allowed in rows)


def test_shams_and_blinding(scenarios: Scenarios, write: Any) -> None:
    """Whoever is given nothing knows it; a sham that is not hidden is none."""
    hidden = 'blinding = {hidden_from = "everybody"}\n'
    assert [row[:2] for row in told(write(hidden))] == [("arms.control.policy", "care")]
    sham = TEXT.replace('"care"', '"sham"')
    load_design(write(hidden, sham))
    ((key, value, allowed),) = told(write("", sham))
    assert (key, value) == ("arms.control.policy", "sham") and "only with [blinding]" in allowed


def test_what_policies_give() -> None:
    """A sham beside doses, or beside another procedure, is more than a sham."""
    given = {
        **POLICIES,
        "dose and sham": policy(True, ("sham",), doses=1),
        "two": policy(True, ("sham", "angioplasty")),
    }
    design: Any = SimpleNamespace(arms=[SimpleNamespace(policy=name) for name in given])
    scenario: Any = SimpleNamespace(policies=given)
    assert module._giving(design, scenario) == ({"cells", "sham", "dose and sham", "two"}, {"sham"})


def test_a_design_with_faulty_keys_is_judged_without_them(scenarios: Scenarios, write: Any) -> None:
    """Everything else that is wrong is told at once, but not what may come of what was left out."""
    assert [row[:2] for row in told(write("sidez = 2\nalpha = 0.6\n"))] == [("sidez", "2"), ("alpha", "0.6")]
    low = TEXT.replace("power = 0.8", "power = 0.01").replace("120", "1")
    assert [key for key, _, _ in told(write("", low))] == ["size.patients", "size.power"]
    lacking = TEXT.replace('name = "death", ', "")
    assert [key for key, _, _ in told(write("alpha = 0.6\n", lacking))] == ["endpoints[1].name"]
    late = TEXT.replace("follow_up", "visits = {at_months = [40.0]}\nfollow_up")
    rows = told(write("", late.replace("months = 12.0", "months = 900.0")))
    assert [key for key, _, _ in rows] == ["follow_up.months"]


def test_which_faults_may_come_of_what_was_left_out() -> None:
    """Those of the same key, of its table, and of its parts; another that begins alike is its own."""
    for key, place, about in [
        ("size.patients", "size.patients", True),
        ("size", "size.patients", True),
        ("size.patients", "size", True),
        ("size", "size_search", False),
        ("size_search", "size", False),
        ("randomisation.strata", "randomisation.strata[2]", True),
        ("randomisation.strata[1].cut", "randomisation.strata[1]", True),
        ("randomisation.strata[1].cut", "randomisation.strata", True),
        ("randomisation.strata[1].cut", "randomisation.strata[2]", False),
    ]:
        assert module._about(key, [place]) is about, (key, place)
    assert module._about("alpha", ["size", "alpha"]) and not module._about("alpha", [])


def test_a_design_that_lacks_a_part() -> None:
    """A table of its own, or an item of a list."""
    arms = [{"name": "control", "policy": "care"}, {"name": "cells", "policy": "cells"}]
    table = {"label": "A", "arms": arms, "accrual": {"per_month": 1.0}, "follow_up": {"months": 1.0}}
    design = Design(**table, endpoints=[])
    assert not module._lacks(design, table, frozenset({"size.power"}))
    assert module._lacks(design, table, frozenset({"size"}))
    assert module._lacks(design, {**table, "arms": [*arms, {"name": "more"}]}, frozenset())
    assert not module._lacks(design, {**table, "others": [1, 2]}, frozenset())


def test_which_hospitals_can_be_laid_over_a_scenario() -> None:
    """A name, and sound counts; what is wrong with them is told of the design."""
    sound, unsound = OwnCounts(amputations=(14, 60)), OwnCounts(amputations=(60, 14))

    def of(centre: Any) -> Any:
        return SimpleNamespace(centre=centre)

    assert module._is_sound(None, "average") and not module._is_sound(None, {"amputations": [1, 2]})
    assert module._is_sound(of(sound), {}) and not module._is_sound(of(unsound), {})
    assert module._is_sound(of(None), {})


PRIOR = '[[endpoints]]\nname = "alive"\noutcome = "death"\ntest = "posterior"\nat_months = 6.0\nnull_rate = 0.5\n'
PRIOR += '[endpoints.prior]\ntaken_from = "hospitals"\n'
ONE_ARM = """
arms = [{name = "cells", policy = "cells"}]
accrual = {per_month = 10.0}
follow_up = {months = 12.0}
size = {patients = 120, power = 0.8}
"""


def test_a_prior_from_hospitals(scenarios: Scenarios, write: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """The scenario at the founding hospital is there for it too; its policy and the population must be."""
    monkeypatch.setattr(module, "load_hospitals", lambda: "fitted")
    found = load_design(write('view = "central"\n', ONE_ARM + PRIOR))
    assert found.population is not None
    assert [overrides for _, overrides in scenarios] == [
        {"evidence": {"view": "central"}},
        {"evidence": {"view": "central", "centre": "founding"}},
    ]
    load_design(write(ONE_ARM, PRIOR + 'policy = "care"\n'))
    ((key, value, allowed),) = told(write(ONE_ARM, PRIOR + 'policy = "car"\n'))
    assert (key, value) == ("endpoints.alive.prior.policy", "'car'") and "care" in allowed
    monkeypatch.setattr(module, "load_hospitals", lambda: None)
    ((key, value, allowed),) = told(write(ONE_ARM, PRIOR))
    assert (key, value) == ("endpoints.prior.taken_from", "'hospitals'") and "no population" in allowed
    stated = PRIOR.replace('taken_from = "hospitals"', "a = [2.0]\nb = [3.0]")
    assert load_design(write(ONE_ARM, stated)).population is None
