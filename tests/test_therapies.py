"""Therapies of a user's own file: every fault is refused with the others, and checks treat them like those shipped."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from simulator.cli.new import starter
from simulator.evidence.therapies.therapy_numbers import VIEWS
from simulator.questions.verify.outcomes.no_effect import neutral
from simulator.questions.verify.outcomes.therapies import cells_without_numbers, directions
from simulator.questions.verify.subject.subject import Subject
from simulator.scenario import load_scenario
from simulator.scenario.policy import Policy
from simulator.scenario.therapies import policy_faults, ramps_of
from simulator.valuation.valuation import session_losses
from simulator.valuation.values import values_of
from simulator.words.errors import BadInput

GOOD = starter("therapy", "boot")
ONE_MORE = '\n[therapies.boot.numbers.{}]\nvalue = 0.5\ngrade = "assumption"\nnote = "Tried."\n'


def more(number: str) -> tuple[str, str]:
    """The starter with one number more."""
    return GOOD[-40:], GOOD[-40:] + ONE_MORE.format(number)


FAULTS = {
    "unknown key": (('lost = "occlusion"', "foo = 1"), "boot.foo = 1"),
    "unknown number": (("numbers.success]", "numbers.succes]"), "did you mean 'success'?"),
    "negative rate": (("loss_rate]\nvalue = 1.0", "loss_rate]\nvalue = -1.0"), "loss_rate.value = -1.0; allowed: 0 to 50"),
    "no probability": (("value = 0.9\n", "value = 1.9\n"), "success.value = 1.9; allowed: 0 to 1"),
    "two channels": (more("amputation_hr"), "amputation_hr = a second channel for one effect"),
    "two rises": (more("rise"), "rise = beside plateau"),
    "why both, without both": (('lost = "occlusion"', 'lost = "occlusion"\nboth_channels = "x"'), "both_channels = without"),
    "a shipped name": (("boot", "sham"), "sham = taken"),
    "an event's name": (("boot", "visit"), "therapies.visit = 'visit'; allowed: a name"),
    "no name": (("boot", "Boot-1"), "therapies.Boot-1 = 'Boot-1'; allowed: a name"),
    "a loss called as another event": (('lost = "occlusion"', 'lost = "disease_death"'), "lost = 'disease_death'"),
    "a loss that never comes": (("numbers.loss_rate]", "numbers.death_hr]"), "boot.lost = without what it is about"),
    "a parameter's name": (("numbers.success]\n", 'numbers.success]\nname = "amputation_rate"\n'), "amputation has it"),
    "more often than a life has room for": (("range = [1.0, 3.0]", "range = [1.0, 9.0]"), "at most 4"),
    "one view alone": (more("death_hr_central"), "missing: death_hr_sceptical, death_hr_optimistic"),
    "no grade": (('grade = "assumption"\n', ""), "success.grade = missing"),
    "no source": (('grade = "assumption"', 'grade = "published"'), "success.source = []"),
    "unknown source": (('grade = "assumption"', 'grade = "derived"\nsource = ["nobody"]'), "the file's own [sources]"),
    "a charge of no complication": (('per = "procedure"', 'per = "complication"'), "numbers.complication beside it"),
    "a charge of hours": (("EUR per procedure, 2024", "hours"), "a price in money"),
    "money times money": (('per = "procedure"', 'times = ["boot_procedure"]'), "what multiplies a price"),
    "money of no year": (("EUR per procedure, 2024", "EUR"), "'EUR per session, 2024'"),
    "a price of nothing": ((GOOD[GOOD.index("[[") :], ""), "charged for nothing"),
    "charges of another kind": ((GOOD[GOOD.index("[[") :], "[therapies.boot.charges]\nx = 1\n"), "allowed: a list"),
    "criteria that nobody meets": (
        ('lost = "occlusion"', 'lost = "occlusion"\neligibility = { tcpo2_at_least = 40.0 }'),
        "tcpo2_at_least = 40 with the criteria of boot; allowed: below tcpo2_below = 30",
    ),
    "after a loss that never comes": (
        ('therapies = ["boot"]', 'therapies = ["sham", { therapy = "boot", start = { after = "sham", when = "loss" } }]'),
        "sham has no loss_rate",
    ),
    "after itself": (
        ('therapies = ["boot"]', 'therapies = [{ therapy = "boot", start = { after = "boot", when = "loss" } }]'),
        "something that does not wait for it in turn",
    ),
    "a rise of no days": (("numbers.rise_days]", "numbers.death_hr]"), "rise_days = missing; allowed: required by plateau"),
    "a loss of no days": (("numbers.loss_days]", "numbers.death_hr]"), "loss_days = missing; allowed: required by loss_rate"),
    "quality of life lost by no complication": (more("complication_utility_loss"), "allowed: complication beside it"),
    "lost quality of life of no days": (more("utility_loss"), "utility_loss = without what it is about"),
    "what differs without a chance": (
        (GOOD[GOOD.index("[therapies.boot.numbers.success]") : GOOD.index("[therapies.boot.numbers.plateau]")],
         ONE_MORE.format("success_or_dialysis") + "\n"),
        "success_or_dialysis = without what it is about; allowed: success beside it",
    ),
    "an amputation of a limb that is treated": (more("major_amputation"), "of a limb that is also treated"),
    "a wrong unit": (("numbers.success]\n", 'numbers.success]\nunit = "mmHg"\n'), "success.unit = 'mmHg'"),
}  # fmt: skip
"""What is wrong -> the starter's text and what stands in its place, and what the message holds."""


def said_of(text: str, folder: Path) -> str:
    """What is said of a file that is refused."""
    file = folder / "own.toml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(BadInput) as refused:
        load_scenario(file)
    return str(refused.value)


@pytest.mark.parametrize("fault", FAULTS)
def test_a_faulty_therapy_is_refused(fault: str, tmp_path: Path) -> None:
    """Each thing that is wrong with a therapy's file is said in its own words, and once."""
    (there, instead), expected = FAULTS[fault]
    every = there in ("boot", "numbers.loss_rate]")
    text = GOOD.replace(there, instead) if every else GOOD.replace(there, instead, 1)
    assert text != GOOD
    assert said_of(text, tmp_path).count(expected) == 1


def test_numbers_that_differ_between_views_are_counted_as_one_for_all(tmp_path: Path) -> None:
    """Boots whose every number has three values need the ramps of TcPO2 that others do, and may be lost before what follows."""
    file = tmp_path / "own.toml"
    file.write_text(GOOD, encoding="utf-8")
    register = load_scenario(file).register
    boot = register.therapies["boot"]
    views = {f"{number}_{view}": name for number, name in boot.names.items() for view in VIEWS}
    apart = replace(register, therapies={**register.therapies, "boot": replace(boot, names=views)})
    after = {"therapy": "angioplasty", "start": {"after": "boot", "when": "loss"}}
    policy = Policy.model_validate({"therapies": ["boot", after], "eligibility": {"angioplasty_suitable": "yes"}})
    less = Policy.model_validate({"therapies": ["angioplasty"]})
    assert ramps_of(policy, apart) == ramps_of(policy, register) >= ramps_of(less, register) + 2
    assert [*policy_faults(policy, apart)] == [*policy_faults(policy, register)] == []


def test_all_faults_of_a_therapy_come_in_one_message(tmp_path: Path) -> None:
    """A key, a number, a price and the policy's spelling are wrong: all four are named."""
    text = GOOD.replace("value = 0.9\n", "value = 1.9\n").replace('lost = "occlusion"', 'lost = "occlusion"\nfoo = 1')
    text = text.replace("EUR per procedure, 2024", "money").replace('therapies = ["boot"]', 'therapies = ["bot"]')
    said = said_of(text, tmp_path)
    for part in ("boot.foo", "numbers.success.value", "boot_procedure.unit", "policies.with_boot.therapies = 'bot'"):
        assert part in said


def test_more_therapies_than_there_is_room_for_are_refused_once(tmp_path: Path) -> None:
    """Twenty more than those shipped do not fit into the engines' record; the first that does not is named."""
    said = said_of(GOOD + "".join(f'\n[therapies.t{k}]\nlabel = "T{k}"\n' for k in range(20)), tmp_path)
    assert said.count("one too many") == 1


CELLS = """
[policies.with_moss]
extends = "conservative"
label = "Moss cells"
[policies.with_moss.cell_therapy]
doses = 1
product = "moss"

[therapies.moss]
kind = "cell_product"
[therapies.moss.numbers.response_or]
value = 1.5
range = [0.1, 10.0]
grade = "assumption"
note = "Tried."
"""


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Subject:
    """A scenario with a procedure and a cell product of its own."""
    file = tmp_path_factory.mktemp("own") / "own.toml"
    compare = 'compare = ["conservative", "with_boot"'
    file.write_text(GOOD.replace(compare, compare + ', "with_moss"') + CELLS, encoding="utf-8")
    return Subject.of(load_scenario(file), 400, 1)


def test_the_checks_of_cells_take_in_a_users_product(own: Subject) -> None:
    """With every odds ratio of recovery at 1 and nothing attributed to cells, a user's product changes no life either."""
    assert neutral(own).passed
    found = cells_without_numbers(own)
    assert found.passed
    assert "moss" in found.what


def test_every_number_of_a_users_therapies_with_a_direction_is_moved(own: Subject) -> None:
    """Success, plateau, time to it, loss, repetition and death of the procedure; the odds ratio of the product."""
    found = directions(own)
    assert found.passed
    numbers = ("success", "plateau", "rise_days", "loss_rate", "repetition", "procedural_death")
    assert all(f"boot, {number}" in found.what for number in numbers)
    assert "moss, response_or" in found.what


def test_sessions_and_complications_cost_quality_of_life() -> None:
    """0.1 for 36.525 days in each of 3 sessions, and in one of two procedures a complication that costs 0.2 for as long."""
    number = {"grade": "assumption", "note": "Tried."}
    tables = {
        "sessions": 3.0,
        "complication": 0.5,
        "utility_loss": 0.1,
        "utility_loss_days": 36.525,
        "complication_utility_loss": 0.2,
        "complication_utility_loss_days": 36.525,
    }
    numbers = {key: {"value": value, **number} for key, value in tables.items()}
    given = {"therapies": {"trial_of_it": {"numbers": numbers}}, "policies": {"it": {"therapies": ["trial_of_it"]}}}
    scenario = load_scenario(overrides={**given, "compare": ["conservative", "it"]})
    (loss,) = session_losses(values_of(scenario))
    parameters = scenario.parameter_draws()
    assert loss.years(parameters, values_of(scenario)) == pytest.approx(0.1 * 0.1 * 3.0 + 0.5 * 0.2 * 0.1)
