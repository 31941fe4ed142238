"""EQ-5D value sets: chosen by name, with the norm, or refused where nothing carries the choice."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest

import simulator as sim
from simulator.evidence.economics.population_norm import alternatives_to, load_population_norm, norm_by
from simulator.evidence.economics.utilities import load_utilities
from simulator.evidence.economics.value_sets import PUBLISHED, load_value_sets, revalued_by, value_sets
from simulator.evidence.shipped import shipped
from simulator.questions.value.sensitivity.variants import revalued
from simulator.valuation.quality_of_life import norm_of_both
from simulator.valuation.values import Values, values_of
from simulator.words.errors import BadInput

POLICIES = ["conservative", "protocol"]


def economics(**settings: Any) -> Values:
    """The values of a base case with these economic settings."""
    return values_of(sim.load_scenario(policies=POLICIES, overrides={"economics": settings}))


def rows(**settings: Any) -> dict[str, Values]:
    """How the rows of the scenario table that need no lives of their own are valued."""
    scenario = sim.load_scenario(policies=POLICIES, overrides={"economics": settings})
    return {row.name: row.valued_by for row in revalued(scenario, values_of(scenario))}


@pytest.mark.parametrize(("payer", "norm"), [("uk", "UK_5L"), ("italy", "Italy_5L"), ("czechia", "Czechia_5L")])
def test_states_losses_and_norm_are_valued_together(payer: str, norm: str) -> None:
    """By 5L every state and loss has its mapped value, and the norm is the payer's by 5L; by 3L both are as published."""
    published, mapped = economics(perspective=payer), economics(perspective=payer, value_set="5L")
    assert mapped.norm.country == norm and published.norm.country == norm.removesuffix("_5L")
    numbers = load_value_sets()["5L"]
    for name, number in {**numbers.sets["A"], **numbers.losses}.items():
        state = mapped.utility_set.states[name]
        assert (state.value, state.range) == (number.value, published.utility_set.states[name].range)
        assert state.distribution.kind == published.utility_set.states[name].distribution.kind
        assert state.value != published.utility_set.states[name].value and number.sd == state.distribution.sd  # type: ignore[union-attr]
    assert mapped.utility_set.method.value_set == "EQ-5D-5L, the UK's set of 2026"


@pytest.mark.parametrize("name", ["A", "B", "D"])
def test_what_is_mapped_keeps_its_order_and_says_what_it_is(name: str) -> None:
    """No state passes another, differences shrink, and no number is called published; its source holds both origins."""
    published = load_utilities(name)
    mapped = revalued_by("5L", published)
    assert not mapped.out_of_order()
    worth = {state: mapped.states[state].value for state in ("healed", "ulcer", "major_not_walking")}
    before = {state: published.states[state].value for state in worth}
    for state in ("ulcer", "major_not_walking"):
        assert 0.0 < abs(worth["healed"] - worth[state]) < abs(before["healed"] - before[state])
    for p in mapped.states.parameters:
        own = published.states[p.name]
        assert p.grade == ("derived" if own.grade == "published" else own.grade)
        assert p.source == (*own.source, "hernandez2022", "eq5d_package", "rowen2026")
        assert p.note.startswith(f"{own.value:g} mapped to EQ-5D-5L") and "no value by it was published" in p.note


def test_a_decrement_is_from_the_norm_of_its_value_set() -> None:
    """An ulcer of set D by 5L is the mapped norm at 70 years less the mapped decrement: near what set A says of it."""
    found = economics(perspective="uk", utility_set="D", value_set="5L")
    level = norm_of_both(found.norm, 70.0, found.male_share) - found.utility_set.states["ulcer"].value
    assert level == pytest.approx(0.861 - 0.093, abs=0.003)
    assert level == pytest.approx(economics(value_set="5L").utility_set.states["ulcer"].value, abs=0.02)


def test_published_values_need_no_file() -> None:
    """By 3L a set is itself, and the value sets begin with it."""
    published = load_utilities("A")
    assert revalued_by(PUBLISHED, published) is published
    assert value_sets() == ("3L", "5L")


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"value_set": "4L"}, "value_set = '4L'; allowed: one of 3L, 5L"),
        (
            {"value_set": "5L", "utility_set": "C"},
            "nothing maps the numbers of utility set C (TTO) to 5L; those of A, B, D",
        ),
        (
            {"value_set": "5L", "perspective": "germany", "thresholds": [30000.0]},
            "value_set = '5L'; allowed: 3L: no norm of Germany by 5L was read",
        ),
        ({"value_set": "5L", "population_norm": "UK"}, "population_norm = 'UK'; allowed: a norm by value_set = 5L"),
        ({"population_norm": "UK_5L"}, "utilities and norm are switched together; this one is by EQ-5D-5L"),
        ({"value_set": "5L", "population_norm": "Spain"}, "this one is by a value set that was not told"),
    ],
)
def test_a_choice_that_nothing_carries_is_refused(settings: dict[str, Any], said: str) -> None:
    """The key, what was written, what is allowed and why; utilities and norm never stand by two value sets."""
    with pytest.raises(BadInput) as caught:
        economics(**settings)
    assert said in str(caught.value) and "base: [economics]" in str(caught.value)


def test_another_value_set_is_a_scenario_where_it_can_be() -> None:
    """A row says what the other value set changes; where nothing carries it there is none, and rows never mix two."""
    by_three, by_five = rows(perspective="uk"), rows(perspective="uk", value_set="5L")
    assert by_three["value_set_5L"].norm.country == "UK_5L" and "value_set_3L" not in by_three
    assert by_five["value_set_3L"].norm.country == "UK" and "value_set_5L" not in by_five
    assert by_five["utilities_B"].utility_set.states["ulcer"].value == 0.676
    assert (by_five["utilities_C"].norm.country, by_five["utilities_C"].utility_set.name) == ("UK", "C")
    assert "norm_England_5L" in by_three and "norm_England_5L" not in by_five
    assert not any("value_set" in name for name in rows(perspective="germany", thresholds=[30000.0]))
    assert "value_set_5L" not in rows(utility_set="C")


def test_numbers_of_ones_own_are_of_the_value_set_in_force() -> None:
    """A utility that was typed is taken as it is, and the row by the other value set leaves it out."""
    own = {"ulcer": 0.7}
    assert economics(value_set="5L", utilities=own).utility_set.states["ulcer"].value == 0.7
    assert rows(value_set="5L", utilities=own)["value_set_3L"].utility_set.states["ulcer"].value == 0.58


def test_norms_by_value_set() -> None:
    """A norm has itself and its alternatives by a value set; alternatives that take its place are by its own."""
    assert norm_by("5L", "UK") == "UK_5L" and norm_by("3L", "UK") == "UK" and norm_by("5L", "Spain") is None
    assert norm_by("5L", "Ruritania") is None
    assert alternatives_to("UK") == ("England_5L",) and alternatives_to("UK_5L") == ()
    uk, italy = load_population_norm("UK_5L"), load_population_norm("Italy_5L")
    assert uk.at(70.0, male=True) == italy.at(70.0, male=True) == 0.868 and uk.value_set == "5L"
    assert load_population_norm("USA_5L").at(60.0, male=False) == 0.815


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (
            "ulcer = { value = 0.756, sd = 0.017 }\n",
            "",
            "5L.sets.A.ulcer = missing; allowed: exactly above_knee_walking",
        ),
        ("[5L.sets.B]", "[5L.sets.E]", "5L.sets.E = unknown set; allowed: one of A, B, C, D"),
        ("on_dialysis = ", "dialysed = ", "5L.losses.dialysed = unknown"),
        ('"rowen2026"', '"rowen2027"', "5L.source = 'rowen2027'"),
        ("value = 0.62, sd = 0.045", "value = 0.62, sd = 0.9", "5L.sets.A.major_not_walking.distribution.sd = 0.9"),
        ("value = 0.62, sd", "value = 1.62, sd", "5L.sets.A.major_not_walking.value"),
    ],
)
def test_faults_of_the_file_are_told(tmp_path: Path, old: str, new: str, said: str) -> None:
    """A state or loss too few or too many, a set, a source or a spread that cannot be: by file and key."""
    shutil.copytree(shipped("calibration"), tmp_path / "calibration")
    file = tmp_path / "calibration" / "economics" / "value_sets.toml"
    text = file.read_text("utf-8")
    assert old in text
    file.write_text(text.replace(old, new), "utf-8")
    with pytest.raises(BadInput) as caught:
        load_value_sets(tmp_path / "calibration")
    assert said in str(caught.value)
