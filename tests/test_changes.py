"""What a reader is told about everything that is not as in the shipped base."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import simulator as sim
from simulator import load_scenario
from simulator.scenario.changes import changes
from simulator.telling.provenance import told

LOWER = 0.17


@pytest.fixture
def own(tmp_path: Path) -> Path:
    """A scenario with a parameter, a price, a utility and a policy of its own."""
    file = tmp_path / "mine.toml"
    file.write_text(
        'compare = ["conservative", "twice"]\n'
        f"[parameters]\ndeath_rate_wound = {LOWER}\nhealing_rate = {load_scenario().register['healing_rate'].value}\n"
        "[economics]\ncurrency = 'GBP'\n[economics.prices]\npbmnc_kit = 1000.0\n[economics.utilities]\nulcer = 0.5\n"
        "[policies.twice]\nextends = 'protocol'\n[policies.twice.cell_therapy]\ndoses = 2\n",
        "utf-8",
    )
    return file


def test_the_base_changes_nothing() -> None:
    """The shipped base differs from itself in no key."""
    assert changes(load_scenario()) == []


def test_every_change_is_told_with_old_and_new_value_and_its_file(own: Path) -> None:
    """Parameters, prices, utilities, settings and policies are told; a value equal to the register's is none."""
    found = {each["key"]: each for each in changes(load_scenario(own))}
    register = load_scenario().register
    assert found["parameters.death_rate_wound"]["old"] == register["death_rate_wound"].value
    assert found["parameters.death_rate_wound"]["new"] == LOWER
    assert found["economics.prices.pbmnc_kit"]["new"] == 1000.0
    assert found["economics.utilities.ulcer"]["old"] == 0.58
    assert (found["policies.twice.cell_therapy.doses"]["old"], found["policies.twice.cell_therapy.doses"]["new"]) == (
        3,
        2,
    )
    assert found["economics.currency"]["old"] is None
    assert {each["written_in"] for each in found.values()} == {str(own)}
    expected = {"compare", "policies.twice.extends", "parameters.death_rate_wound", "economics.currency"}
    expected |= {"economics.prices.pbmnc_kit", "economics.utilities.ulcer", "policies.twice.cell_therapy.doses"}
    assert set(found) == expected


def test_prices_that_the_payer_does_not_have_are_changes_too() -> None:
    """A number for a payer's gap replaces none; one for what a therapy's file prices replaces that."""
    prices = {"wound_admission": 4000.0, "gmp_dose": {"value": 9000.0, "distribution": {"kind": "gamma", "sd": 900.0}}}
    prices["arterialisation_device"] = 5000.0
    own = {"perspective": "netherlands", "wound_costs": "split", "prices": prices}
    found = {each["key"]: each for each in changes(load_scenario(overrides={"economics": own}))}
    assert found["economics.prices.wound_admission"]["old"] is None
    assert found["economics.prices.wound_admission"]["new"] == 4000.0
    assert found["economics.prices.arterialisation_device"]["old"] == "20000 EUR per limb, 2024"
    line = told(found["economics.prices.gmp_dose"])
    assert "→ { value = 9000.0, distribution = { kind = gamma, sd = 900.0 } }" in line


def test_what_a_caller_asks_for_is_told_as_asked() -> None:
    """Policies, overrides and numbers of patients that stand in no file are changes, too."""
    loaded = load_scenario(policies=["conservative", "pta"], overrides={"evidence": {"view": "sceptical"}})
    found = {each["key"]: each["written_in"] for each in changes(loaded, {"population.patients": 500})}
    assert found == {"compare": "policies", "evidence.view": "overrides", "population.patients": "asked"}


@pytest.mark.usefixtures("undrawn")
def test_report_and_manifest_of_a_comparison_list_the_changes(own: Path, tmp_path: Path) -> None:
    """The mortality that a file changed stands in the manifest with both values, and in the report in words."""
    sim.compare(own, patients=100, reliance=False).save(tmp_path / "out")
    manifest = json.loads((tmp_path / "out" / "manifest.json").read_text("utf-8"))
    listed = {each["key"]: each for each in manifest["changed_from_base"]}
    assert listed["parameters.death_rate_wound"]["new"] == LOWER
    page = (tmp_path / "out" / "report.html").read_text("utf-8")
    old = listed["parameters.death_rate_wound"]["old"]
    assert f"parameters.death_rate_wound: {old} → {LOWER}" in page
