"""Rows of the scenario table: each changes what its name says, and nothing else."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest

from simulator.questions.value.sensitivity import variants
from simulator.questions.value.sensitivity.variants import (
    Row,
    elsewhere,
    laid_over,
    lives_of,
    resimulated,
    revalued,
    rows_left_out,
    seen_otherwise,
    varied,
    why_not_by,
    with_view,
)
from simulator.scenario import load_scenario
from simulator.scenario.economics import Discounting, Variant
from simulator.valuation.cost_items import HELD_BY_WOUND_PRICE
from simulator.valuation.values import values_of
from simulator.words.errors import BadInput

SCENARIO = load_scenario()
VALUES = values_of(SCENARIO)
PAYER = VALUES.perspective.conventions.alternatives
NAMES = (
    *("wound_costs_split", "procedures_off", *PAYER, "institutional_care", "informal_care"),
    *("without_vascular_events", "without_dialysis", "utilities_B", "utilities_C", "utilities_D", "value_set_5L"),
    *("utilities_ageless", "undiscounted"),
)


def with_economics(**changed: Any) -> Any:
    """The base scenario with other economic settings."""
    economics = SCENARIO.settings.economics.model_copy(update=changed)
    return replace(SCENARIO, settings=SCENARIO.settings.model_copy(update={"economics": economics}))


def rows(**changed: Any) -> dict[str, Row]:
    """Rows that need no lives of their own, by name."""
    scenario = with_economics(**changed)
    return {row.name: row for row in revalued(scenario, values_of(scenario))}


def test_what_is_valued_again() -> None:
    """The rows of the Italian payer, in their order; the payer's own alternatives have labels and prices of their own."""
    found = rows()
    assert tuple(found) == NAMES and all(row.scenario is None and row.weight is None for row in found.values())
    for name, alternative in PAYER.items():
        assert found[name].label == alternative.label
        assert found[name].valued_by.perspective is not VALUES.perspective
    assert {name for name, row in found.items() if row.label} == set(PAYER)


SCOPE = VALUES.scope


@pytest.mark.parametrize(
    ("name", "what", "value"),
    [
        ("wound_costs_split", "wound_costs", "split"),
        ("procedures_off", "leave_out", HELD_BY_WOUND_PRICE),
        ("institutional_care", "scope", replace(SCOPE, institutional_care=True)),
        ("informal_care", "scope", replace(SCOPE, informal_care=True)),
        ("without_vascular_events", "scope", replace(SCOPE, vascular_events=False)),
        ("without_dialysis", "leave_out", ("dialysis",)),
        ("utilities_ageless", "age_adjusted", False),
        ("undiscounted", "discounted", False),
    ],
)
def test_a_row_changes_one_thing(name: str, what: str, value: Any) -> None:
    """The named setting, and none of the others that the base case has."""
    found = rows()[name].valued_by
    assert getattr(found, what) == value != getattr(VALUES, what)
    kept = {"wound_costs", "leave_out", "scope", "age_adjusted", "discounted", "thresholds", "money", "discounting"} - {
        what
    }
    assert all(getattr(found, each) == getattr(VALUES, each) for each in kept)
    assert found.utility_set.name == VALUES.utility_set.name


def test_rows_that_the_base_case_already_is() -> None:
    """With split wounds the other way is all-in and nothing is held by their price; what is counted can be left out."""
    found = rows(wound_costs="split", strict_payer=False, informal_care=True, age_adjusted=False)
    assert "wound_costs_all_in" in found and not {"wound_costs_split", "procedures_off"} & set(found)
    assert not found["without_institutional_care"].valued_by.scope.institutional_care
    assert not found["without_informal_care"].valued_by.scope.informal_care
    assert not {"institutional_care", "informal_care", "utilities_ageless"} & set(found)
    assert found["undiscounted"].valued_by.scope.institutional_care
    assert "without_vascular_events" not in rows(vascular_events=False)


def test_other_utilities() -> None:
    """Each other set by its own; one that is mapped to no other value set has its published values and no chosen norm."""
    found = rows()
    for name in "BCD":
        assert found[f"utilities_{name}"].valued_by.utility_set.name == name
    other = rows(utility_set="B")
    assert "utilities_A" in other and "utilities_B" not in other
    fives = rows(value_set="5L")
    assert "value_set_3L" in fives and "value_set_5L" not in fives
    for name in "BCD":
        mapped = variants.is_mapped(name, "5L")
        wanted = values_of(with_economics(utility_set=name, value_set="5L" if mapped else variants.PUBLISHED))
        assert fives[f"utilities_{name}"].valued_by.utility_set.states.values() == wanted.utility_set.states.values()
    loss = VALUES.utility_set.losses[0]
    changed = rows(utilities={loss: 0.123})
    for name in ("utilities_B", "undiscounted"):
        assert changed[name].valued_by.sample(2, 1).utilities[loss] == pytest.approx(0.123)


def test_why_a_value_set_cannot_be_used(monkeypatch: pytest.MonkeyPatch) -> None:
    """Utilities that were not mapped, or a population without a norm by it."""
    assert why_not_by("5L", VALUES) == ""
    monkeypatch.setattr(variants, "norm_by", lambda *_: None)
    assert why_not_by("5L", VALUES) == "norm" and "value_set_5L" not in rows()
    monkeypatch.setattr(variants, "is_mapped", lambda *_: False)
    assert why_not_by("5L", VALUES) == "utilities"


def test_the_file_s_own_rows() -> None:
    """One that changes prices is valued again, with its weight; one of other years, numbers or discounting lives again."""
    dialysis = next(name for name in VALUES.price_names if name.startswith("dialysis"))
    scenarios = {
        "dear": Variant(label="Dear", prices={dialysis: 12_345.0}, weight=0.25),
        "short": Variant(label="Short", horizon_years=1.0, weight=0.5),
        "flat": Variant(label="Flat", discounting=Discounting(costs=0.0, effects=0.0)),
        "waning": Variant(label="Waning", parameters={"recovery_waning_share": 0.5}),
    }
    scenario = with_economics(scenarios=scenarios)
    values = values_of(scenario)
    again = {row.name: row for row in revalued(scenario, values)}
    assert "dear" in again and not {"short", "flat", "waning"} & set(again)
    assert (again["dear"].label, again["dear"].weight, again["dear"].scenario) == ("Dear", 0.25, None)
    assert again["dear"].valued_by.sample(2, 1).prices[dialysis] == pytest.approx(12_345.0)
    lived = {row.name: row for row in resimulated(scenario, values)}
    assert tuple(lived) == ("short", "flat", "waning")
    short, flat, waning = (lived[name].scenario for name in lived)
    assert short is not None and flat is not None and waning is not None
    assert (lived["short"].label, lived["short"].weight, lived["flat"].weight) == ("Short", 0.5, None)
    assert short.horizon == 1.0 and waning.horizon == SCENARIO.horizon
    assert waning.register["recovery_waning_share"].value == 0.5 != SCENARIO.register["recovery_waning_share"].value
    assert (flat.settings.discounting.costs, flat.settings.discounting.effects) == (0.0, 0.0)
    assert short.settings.discounting.costs == values.discounting.costs > 0.0


def test_a_variant_with_faults_tells_them_all() -> None:
    """A name that is not the register's, a value out of its range, a period without a life table."""
    bad = Variant(label="x", parameters={"healing_rat": 1.0, "male_share": 2.0}, life_table_period="1900-05")
    with pytest.raises(BadInput) as told:
        varied(SCENARIO, bad, "mine")
    keys = [(problem.key, problem.file) for problem in told.value.problems]
    key = "economics.scenarios.mine"
    assert [each for each, _ in keys] == [
        f"{key}.parameters",
        f"{key}.parameters.male_share",
        f"{key}.life_table_period",
    ]
    assert {file for _, file in keys} == {SCENARIO.name}
    assert "healing_rate" in told.value.problems[0].allowed


def test_a_variant_with_a_period_of_its_own() -> None:
    """Other mortality and nothing else; no difference leaves the scenario as it is."""
    period = SCENARIO.settings.economics.scenarios["pandemic"]
    other = varied(SCENARIO, period)
    assert other.settings.life_table.period == "2020-25" != SCENARIO.settings.life_table.period
    assert other.life_table is not SCENARIO.life_table and other.horizon == SCENARIO.horizon
    assert varied(SCENARIO, Variant(label="same")).hash == SCENARIO.hash


def test_other_hospitals_and_other_views() -> None:
    """Those that the scenario does not speak for; with the hospitals or the file missing there is none."""
    found = {row.name: row.scenario for row in elsewhere(SCENARIO, VALUES)}
    assert tuple(found) == ("centre_new", "centre_founding")
    assert [each.centre for each in found.values() if each is not None] == ["new", "founding"]
    assert list(elsewhere(replace(SCENARIO, read=None), VALUES)) == []
    others = seen_otherwise(SCENARIO)
    assert {name: each.view for name, each in others.items()} == {"sceptical": "sceptical", "optimistic": "optimistic"}
    assert with_view(SCENARIO, "sceptical").centre == SCENARIO.centre
    assert set(seen_otherwise(with_view(SCENARIO, "sceptical"))) == {"central", "optimistic"}


def test_no_other_hospitals_where_no_population_was_fitted(monkeypatch: pytest.MonkeyPatch) -> None:
    """Then every hospital is the founding one."""
    monkeypatch.setattr(variants, "load_hospitals", lambda: None)
    assert list(elsewhere(SCENARIO, VALUES)) == []


def test_a_difference_is_laid_over_what_the_analysis_compares() -> None:
    """Discounting, policies compared and their reference stay; a scenario that was not read from files has no such words."""
    some = replace(
        SCENARIO,
        settings=SCENARIO.settings.model_copy(
            update={"discounting": Discounting(costs=0.01, effects=0.02), "compare": SCENARIO.compare[:2]}
        ),
    )
    other = laid_over(some, {"evidence": {"view": "sceptical"}}, "mine")
    assert other.view == "sceptical" and other.compare == SCENARIO.compare[:2] and other.reference == SCENARIO.reference
    assert (other.settings.discounting.costs, other.settings.discounting.effects) == (0.01, 0.02)
    with pytest.raises(BadInput, match="a scenario that was read from files"):
        laid_over(replace(SCENARIO, read=None), {}, "mine")
    with pytest.raises(BadInput) as told:
        laid_over(SCENARIO, {"evidence": {"view": "rosy"}}, "mine")
    assert {(each.file, each.key) for each in told.value.problems} == {("mine", "settings.evidence.view")}


def test_lives_of_a_row() -> None:
    """As many draws as asked for, of its own register, under the name that a reader is shown."""
    asked: dict[str, Any] = {}

    def probabilistic(title: str, scenario: Any, parameters: Any, patients: int, seed: int) -> str:
        asked.update(title=title, scenario=scenario, draws=len(parameters), patients=patients, seed=seed)
        return "lives"

    simulations: Any = SimpleNamespace(probabilistic=probabilistic)
    row = Row("one_year", "", VALUES, SCENARIO)
    assert lives_of(row, 5, 70, 9, simulations) == "lives"
    assert asked == {"title": "Scenario: one year", "scenario": SCENARIO, "draws": 5, "patients": 70, "seed": 9}
    lives_of(replace(row, label="One year only"), 5, 70, 9, simulations)
    assert asked["title"] == "Scenario: One year only"


def test_rows_that_the_payer_s_gaps_keep_out() -> None:
    """Each with what is missing, in the alphabet's order: wounds the other way, and care that the payer does not price."""
    assert rows_left_out(VALUES) == {}
    read = {
        way: variants.read_prices(VALUES.policies, *way, VALUES.therapies)
        for way in (
            ("all_in", SCOPE),
            ("split", SCOPE),
            ("all_in", replace(SCOPE, institutional_care=True)),
            ("all_in", replace(SCOPE, informal_care=True)),
        )
    }
    base, split, home, family = read.values()
    missing = [sorted(each - base)[:2] for each in (split, home, family)]
    assert all(missing)
    gaps: Any = {name: None for each in missing for name in each}
    values: Any = SimpleNamespace(
        wound_costs="all_in",
        scope=SCOPE,
        policies=VALUES.policies,
        therapies=VALUES.therapies,
        perspective=SimpleNamespace(gaps=gaps),
    )
    found = rows_left_out(values)
    assert tuple(found) == ("wound_costs_split", "institutional_care", "informal_care")
    for each, names in zip(missing, found.values(), strict=True):
        assert set(each) <= set(names) and names == sorted(names)
    assert all(name in gaps for names in found.values() for name in names)


def test_a_scenario_that_was_not_read_is_told_of() -> None:
    """By the name of the file that asked for a difference."""
    with pytest.raises(BadInput) as refused:
        laid_over(replace(SCENARIO, read=None), {}, "mine")
    assert [(problem.file, problem.key) for problem in refused.value.problems] == [("mine", "settings")]


def test_a_hospital_of_own_counts_stays_where_it_was(monkeypatch: pytest.MonkeyPatch) -> None:
    """The difference is laid over the scenario, and the place is the scenario's own."""
    monkeypatch.setattr(type(SCENARIO), "centre", property(lambda _: "own"))
    monkeypatch.setattr(variants, "_where_it_was", lambda other, was: (other.view, was))
    assert laid_over(SCENARIO, {"evidence": {"view": "sceptical"}}, "mine") == ("sceptical", SCENARIO)


def test_prices_of_one_way_to_charge_wounds_are_not_asked_of_the_other() -> None:
    """A price of a month with a wound, set by hand, is dropped where visits and dressings are charged one by one."""
    found = rows(prices={"wound_all_in_month": 999.0})["wound_costs_split"]
    assert found.valued_by.wound_costs == "split"
