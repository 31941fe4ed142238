"""Scenarios and policies: what ships, how differences compose, and what is said about mistakes."""

from __future__ import annotations

import json
from math import inf, log
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from simulator import load_scenario, simulate
from simulator.cli import app
from simulator.evidence.posterior import posterior_table
from simulator.evidence.shipped import shipped
from simulator.scenario import Scenario
from simulator.scenario.arrays import parameter_dtype
from simulator.scenario.caveats import caveats
from simulator.words.errors import BadInput
from simulator.words.vocabulary import Marker, Repeat

POLICIES = [
    "conservative",
    "single_dose",
    "protocol",
    "response_guided",
    "four_doses",
    "pta",
    "pta_act",
    "include_dialysis",
    "exclude_dialysis",
    "ev_selected",
    "thrombophilia_selected",
    "moderate_ischaemia",
    "bmmnc",
    "intra_arterial",
    "arterialisation",
    "iloprost",
    "alprostadil",
    "stimulation",
    "hyperbaric_oxygen",
    "primary_amputation",
    "sham",
    "placental_cells",
    "mesenchymal",
    "gene_therapy",
    "cells_then_arterialisation",
    "angioplasty_then_cells",
]

MISTAKES = """
extends = "bsae"
compare = ["conservative", "protocl", "mine"]
reference = "nobody"
colour = "red"

[population]
patients = 0
csv = "nowhere.csv"

[entry]
tcpo2_below = "low"
rutherford_at_least = 7
dialisys = true
age_at_least = 90
age_below = 40

[follow_up]
horizon_years = 5
report_at_years = [1.0, -2.0]
data_cut = 2021-03-03

[evidence]
view = "rosy"

[life_table]
country = "Italia"
period = "2015-20"

[parameters]
healing_rat = 1.0
male_share = 1.5
renal_severe_share = 0.9

[capacity]
slots_per_week = -1

[discounting]
effects = 0.0001
costs = true

[policies.mine]
extends = "protocol"

[policies.mine.cell_therapy]
interval_days = -45
product = "stemcells"
doses = 2.5

[policies.mine.selection]
marker = "small_ev"
sensitivity = 1.2

[policies.loop]
extends = "pool"

[policies.pool]
extends = "loop"

[policies.protocol]
label = "Mine now"

[policies.orphan]
extends = "protocal"

[policies.dilate]
therapies = ["angioplasty"]
eligibility = { angioplasty_suitable = "no" }
"""

SAID = [
    "extends = 'bsae'; allowed: did you mean 'base'?",
    "compare = 'protocl'; allowed: did you mean 'protocol'?",
    "reference = nobody; allowed: one of compare",
    "colour = 'red'; allowed: one of",
    "population.patients = 0; allowed: a whole number, 1 to",
    "population.csv = ",
    "entry.tcpo2_below = 'low'; allowed: a number, 0 to 200 mmHg",
    "entry.rutherford_at_least = 7; allowed: 4, 5 or 6",
    "entry.dialisys = true; allowed: did you mean 'dialysis'?",
    "entry.age_at_least = 90.0; allowed: below age_below = 40",
    "follow_up.report_at_years[2] = -2.0; allowed: a number, 0.01 to 100 years",
    "follow_up.enrolment_from = missing",
    "evidence.view = 'rosy'; allowed: 'sceptical', 'central' or 'optimistic'",
    "life_table = Italia 2015-20; allowed: did you mean 'Italy'?",
    "parameters.healing_rat = 1.0; allowed: did you mean 'healing_rate'?",
    "parameters.male_share = 1.5; allowed: a number, 0 to 1",
    "renal_dialysis_share = 1.46; allowed: at most 1 together",
    "capacity.slots_per_week = -1; allowed: a number, 0.01 to 10000 a week",
    "capacity.arrivals_per_week = missing",
    "discounting.effects = 0.0001; allowed: 0, or a number, 0.001 to 1 a year",
    "discounting.costs = true",
    "policies.mine.cell_therapy.interval_days = -45; allowed: a number, 1 to 3650 days",
    "policies.mine.cell_therapy.product = 'stemcells'; allowed: one of bmmnc, mesenchymal, mobilised_pbmnc, pbmnc",
    "policies.mine.cell_therapy.doses = 2.5; allowed: a whole number, 0 to 20",
    "policies.mine.selection.threshold = missing",
    "policies.mine.selection.sensitivity = 1.2; allowed: a number, 0 to 1",
    "policies.loop.extends = 'pool'; allowed: a policy that does not extend this one",
    "policies.pool.extends = 'loop'; allowed: a policy that does not extend this one",
    "policies.protocol = taken; allowed: another name",
    "policies.orphan.extends = 'protocal'; allowed: did you mean 'protocol'?",
    "policies.dilate.eligibility.angioplasty_suitable = no; allowed: 'yes' or 'any'",
]


@pytest.fixture
def base() -> Scenario:
    return load_scenario()


def written(folder: Path, text: str, name: str = "mine.toml") -> Path:
    file = folder / name
    file.write_text(text, encoding="utf-8")
    return file


def test_parameters_that_are_given_out_are_ones_own() -> None:
    """Whoever changes a number in what was handed out changes nobody else's, and not the scenario's."""
    scenario = load_scenario()
    first, draws = scenario.params(), scenario.parameter_draws()
    healing = float(first["healing_rate"])
    first["healing_rate"], draws["healing_rate"] = 2.0 * healing, 3.0 * healing
    assert float(scenario.params()["healing_rate"]) == float(scenario.parameter_draws()["healing_rate"][0]) == healing


def test_the_base_is_the_default_and_compares_shipped_policies(base: Scenario) -> None:
    """Without arguments the referral population is loaded, and nobody is turned away."""
    assert base.name == "base"
    assert base.compare == ("conservative", "single_dose", "protocol", "response_guided")
    assert base.reference == "conservative"
    assert base.times == (1.0, 40.0)
    assert base.view == "central"
    entry = base.entry_record
    assert (entry["tcpo2_below"], entry["age_below"], entry["dialysis"], entry["severe_renal"]) == (inf, inf, 1.0, 1.0)
    assert base.clock.tolist() == pytest.approx([40.0, log(1.03), log(1.03)], rel=1e-15)


def test_every_policy_of_the_list_ships_with_a_label_and_one_sentence(base: Scenario) -> None:
    """The short names are exactly the published list, and each says in one sentence what it is."""
    files = {file.stem for file in (shipped("scenarios") / "policies").glob("*.toml")}
    assert files == set(POLICIES) == set(base.policies)
    for name in POLICIES:
        policy = base.policies[name]
        assert policy.label
        assert policy.label != name
        assert policy.description.endswith(".")
        assert policy.description.count(". ") == 0, name


def test_a_test_that_selects_says_where_its_numbers_come_from(base: Scenario) -> None:
    """Sensitivity and specificity are evidence, so a policy that has them carries a note with source and grade."""
    for name, policy in base.policies.items():
        if policy.selection.marker != "none":
            assert "assumption" in policy.selection.note, name


def test_shipped_policies_do_what_their_names_say(base: Scenario) -> None:
    """Each record differs from the published protocol in what its name says and in nothing else."""
    record = {name: base.policy_records([name])[0] for name in POLICIES}
    protocol = record["protocol"]
    names = [name for name in protocol.dtype.names or () if name != "steps"]
    place = {name: float(number) for number, name in enumerate(base.register.therapies)}
    different = {name: {field for field in names if record[name][field] != protocol[field]} for name in POLICIES}
    assert protocol["doses"] == 3
    assert protocol["interval"] == 45 / 365.25
    assert protocol["waiting"] == 0.0
    assert (protocol["tcpo2_below"], protocol["ankle_pressure_counts"], protocol["dialysis"]) == (30.0, 1.0, 0.0)
    assert (protocol["repeat_rule"], protocol["stop_at_tcpo2"]) == (Repeat.CLINICAL_JUDGEMENT, 40.0)
    assert (protocol["product"], protocol["route"]) == (place["pbmnc"], place["intramuscular"])
    assert different["single_dose"] == {"doses"}
    assert different["response_guided"] == {"repeat_rule"}
    assert different["four_doses"] == {"doses", "repeat_rule"}
    assert different["pta"] == {"doses", "step_count", "angioplasty_suitable", "dialysis"}
    assert different["pta_act"] == {"step_count", "angioplasty_suitable", "dialysis"}
    assert different["include_dialysis"] == {"dialysis"}
    assert different["exclude_dialysis"] == set()
    assert different["bmmnc"] == {"product"}
    assert different["intra_arterial"] == {"route"}
    assert different["moderate_ischaemia"] == {"tcpo2_at_least", "tcpo2_below", "ankle_pressure_counts"}
    assert (record["moderate_ischaemia"]["tcpo2_at_least"], record["moderate_ischaemia"]["tcpo2_below"]) == (30.0, 40.0)
    assert record["ev_selected"]["marker"] == Marker.SMALL_EV
    assert record["thrombophilia_selected"]["marker_treat_positive"] == 0.0
    assert (record["conservative"]["doses"], record["conservative"]["step_count"]) == (0.0, 0.0)


def test_the_founding_cohort_has_the_study_s_entry_and_calendar() -> None:
    """Entry as published; follow-up to 3 March 2021 is 1.59 to 2.59 years (Panunzi 2022, Methods)."""
    founding = load_scenario("founding_cohort")
    entry = founding.entry_record
    assert (entry["tcpo2_below"], entry["ankle_pressure_counts"], entry["dialysis"]) == (30.0, 1.0, 0.0)
    assert (entry["rutherford_at_least"], entry["rutherford_at_most"], entry["severe_renal"]) == (5.0, 5.0, 1.0)
    assert founding.administrative_follow_up == pytest.approx((1.59, 2.59), abs=0.005)
    assert founding.horizon >= founding.administrative_follow_up[1]
    assert "protocol" in founding.compare
    assert load_scenario().administrative_follow_up is None


def test_ten_lines_make_a_new_policy(tmp_path: Path) -> None:
    """Eligibility, schedule, stop rule, product, route, test and angioplasty compose without touching code."""
    file = written(
        tmp_path,
        """
compare = ["conservative", "mine"]
[policies.mine]
extends = "response_guided"
eligibility = { tcpo2_below = 25.0, age_below = 80, angioplasty_suitable = "yes" }
cell_therapy = { doses = 5, interval_days = 30, waiting_days = 14, product = "bmmnc", route = "intra_arterial" }
repeat = { stop_at_tcpo2 = 50.0 }
therapies = ["angioplasty"]
selection = { marker = "thrombophilia", sensitivity = 0.9, specificity = 0.8, treat = "negative" }
""",
    )
    scenario = load_scenario(file)
    mine = scenario.policy_records(["mine"])[0]
    place = {name: float(number) for number, name in enumerate(scenario.register.therapies)}
    expected = {
        "tcpo2_below": 25.0,
        "age_below": 80.0,
        "angioplasty_suitable": 1.0,
        "dialysis": 0.0,
        "doses": 5.0,
        "interval": 30 / 365.25,
        "waiting": 14 / 365.25,
        "product": place["bmmnc"],
        "route": place["intra_arterial"],
        "repeat_rule": Repeat.UNTIL_TCPO2,
        "stop_at_tcpo2": 50.0,
        "step_count": 1.0,
        "marker": Marker.THROMBOPHILIA,
        "marker_sensitivity": 0.9,
        "marker_specificity": 0.8,
        "marker_treat_positive": 0.0,
    }
    assert {field: mine[field] for field in expected} == expected


def test_labels_are_not_handed_down(tmp_path: Path) -> None:
    """A policy or scenario without a label is called by its name, never by what it extends."""
    mine = load_scenario(
        written(tmp_path, 'compare = ["mine"]\nreference = "mine"\n[policies.mine]\nextends = "protocol"')
    )
    assert mine.policies["mine"].label == "mine"
    assert mine.policies["mine"].description == ""
    assert mine.label == "mine"
    assert mine.settings.description == ""


def test_scenarios_extend_scenarios(tmp_path: Path) -> None:
    """A file's differences lie on those of the file it extends, which is found from its own folder on."""
    (tmp_path / "below").mkdir()
    written(tmp_path, 'extends = "founding_cohort"\n[parameters]\nhealing_rate = 2.0\nmale_share = 0.5', "parent.toml")
    child = written(tmp_path / "below", 'extends = "../parent.toml"\n[parameters]\nmale_share = 0.4', "child.toml")
    scenario = load_scenario(child)
    assert scenario.params()["healing_rate"] == 2.0
    assert scenario.params()["male_share"] == 0.4
    assert scenario.entry_record["rutherford_at_most"] == 5.0
    assert scenario.register["male_share"].grade == "assumption"
    loop = written(tmp_path, 'extends = "loop.toml"', "loop.toml")
    with pytest.raises(BadInput, match="a scenario that does not extend this one"):
        load_scenario(loop)


def test_all_mistakes_are_told_in_one_message(tmp_path: Path) -> None:
    """Unknown keys, wrong types, impossible numbers, missing files and broken references come together, none twice."""
    file = written(tmp_path, MISTAKES)
    with pytest.raises(BadInput) as caught:
        load_scenario(file)
    lines = [str(problem) for problem in caught.value.problems]
    for said in SAID:
        assert sum(said in line for line in lines) == 1, (said, lines)
    assert len(lines) == len(SAID) + 1, lines  # the calendar lacks two dates
    assert all(line.startswith(str(file)) for line in lines)


def test_bad_input_ends_with_code_2_and_writes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The command line tells every problem on standard error, says that nothing was written and exits with 2."""
    file = written(tmp_path, MISTAKES)
    monkeypatch.setattr(app, "build", lambda _names: lambda: load_scenario(file))
    with pytest.raises(SystemExit) as ended:
        app.main()
    assert ended.value.code == 2
    error = capsys.readouterr().err
    assert all(said in error for said in SAID)
    assert "Nothing was written" in error


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("founding", "did you mean 'founding_cohort'?"),
        ("nowhere.toml", "a TOML file at this place, or one of base, founding_cohort"),
    ],
)
def test_an_unknown_scenario_is_told_with_the_nearest(source: str, said: str) -> None:
    """A name that is no file and no shipped scenario gets the nearest name or the list."""
    with pytest.raises(BadInput, match="file = missing") as caught:
        load_scenario(source)
    assert said in str(caught.value)


def test_a_file_that_is_not_toml_is_told(tmp_path: Path) -> None:
    """A broken file is one problem, not a traceback."""
    with pytest.raises(BadInput, match="valid TOML"):
        load_scenario(written(tmp_path, "compare = ["))


def test_policies_and_overrides_come_on_top() -> None:
    """Named policies replace the scenario's own; overrides speak the words of the files and are checked like them."""
    scenario = load_scenario(policies=["pta", "pta_act"], overrides={"evidence": {"view": "sceptical"}})
    assert (scenario.compare, scenario.reference, scenario.view) == (("pta", "pta_act"), "pta", "sceptical")
    kept = load_scenario(policies=["protocol", "conservative"])
    assert kept.reference == "conservative"
    with pytest.raises(BadInput) as caught:
        load_scenario(policies=["protocal"], overrides={"evidence": {"view": 3}, "parameters": {"age": 3}})
    message = str(caught.value)
    assert "policies: name = 'protocal'; allowed: did you mean 'protocol'?" in message
    assert "overrides: evidence.view = 3" in message
    assert "overrides: parameters.age = 3" in message


def test_the_view_decides_the_attributable_share() -> None:
    """Views differ in the share of recovery caused by cells, in the causal share and the level of death, and in nothing else."""
    for view in ("sceptical", "central", "optimistic"):
        scenario = load_scenario(overrides={"evidence": {"view": view, "centre": "founding"}})
        params = scenario.params()
        assert params["attributable_share"] == scenario.register[f"attributable_share_{view}"].value
        names = [name for name in scenario.register.names() if name not in scenario.register.of_therapies]
        register = scenario.with_(evidence={"view": "central"}).register
        level = f"death_level_{view}"
        expected = {name: register[name].value for name in names}
        if view != "central":
            expected |= {"death_rate_wound": expected["death_rate_wound"] * expected[level], level: 1.0}
        assert {name: params[name] for name in names} == expected


def test_parameters_are_checked_and_laid_over(base: Scenario) -> None:
    """`params` takes any of the register's names inside their range, and names every other."""
    founding = base.with_(evidence={"centre": "founding"})
    assert founding.params({"healing_rate": 3.0})["healing_rate"] == 3.0
    assert base.params({"attributable_share_central": 0.2})["attributable_share"] == 0.2
    assert base.params() == base.params({})
    assert parameter_dtype(base.register) is parameter_dtype(load_scenario().register)
    with pytest.raises(BadInput) as caught:
        base.params({"healing_rat": 1.0, "male_share": 2.0, "age_mean": np.nan})
    assert len(caught.value.problems) == 3


def test_the_hash_is_of_meaning_not_of_spelling(tmp_path: Path, base: Scenario) -> None:
    """Comments and labels leave the hash alone; a number that decides a result changes it."""
    assert load_scenario(written(tmp_path, '# a comment\nlabel = "Other"')).hash == base.hash
    different = [
        {"evidence": {"view": "sceptical"}},
        {"parameters": {"healing_rate": 3.0}},
        {"life_table": {"country": "UK"}},
        {"entry": {"dialysis": False}},
        {"discounting": {"costs": 0.0}},
        {"policies": {"x": {"extends": "protocol"}}, "compare": ["conservative", "x"]},
    ]
    hashes = {load_scenario(overrides=change).hash for change in different}
    assert len(hashes | {base.hash}) == len(different) + 1


def test_the_inputs_for_a_manifest_are_what_was_read(tmp_path: Path) -> None:
    """Scenario files, the policies compared with what they extend, the patients and the evidence, with their bytes."""
    people = written(tmp_path, "age,male\n70,yes\n", "people.csv")
    file = written(tmp_path, 'compare = ["conservative", "pta_act"]\n[population]\ncsv = "people.csv"')
    scenario = load_scenario(file)
    assert scenario.inputs[str(file)] == file.read_bytes()
    assert scenario.inputs[str(people)] == people.read_bytes()
    names = set(scenario.inputs)
    assert {f"scenarios/policies/{name}.toml" for name in ("conservative", "protocol", "pta", "pta_act")} <= names
    assert "scenarios/policies/bmmnc.toml" not in names
    assert {"scenarios/base.toml", "calibration/life_tables.csv", "calibration/register/death.toml"} <= names
    assert scenario.given.shape[0] == 1
    assert scenario.given_columns == ("age", "male")


@pytest.mark.parametrize(
    ("argument", "value", "allowed"),
    [
        ("source", 5, "the name of a shipped scenario"),
        ("source", {"parameters": {"age_mean": 70}}, "differences go to overrides"),
        ("policies", "conservative", "a list of names"),
        ("policies", [1], "a list of names"),
        ("overrides", [1], "a dictionary of a scenario's tables"),
    ],
)
def test_slips_of_type_are_told_in_words(argument: str, value: Any, allowed: str) -> None:
    """`load_scenario` names the argument, its value and what is allowed, in one problem each."""
    with pytest.raises(BadInput, match=f"load_scenario: {argument} = .*; allowed: .*{allowed}") as caught:
        load_scenario(**{argument: value})
    assert len(caught.value.problems) == 1


def test_a_pandas_table_stands_in_for_a_file_of_patients(tmp_path: Path) -> None:
    """A table in memory, with gaps and NumPy's own types, gives the patients of the file that it would be written to."""
    people = pd.DataFrame({"age": [70, 80, 66], "rutherford": [5, None, 4], "male": [True, False, True]})
    people.to_csv(tmp_path / "people.csv", index=False)
    ours, files = (
        load_scenario(overrides={"population": {"csv": csv}}) for csv in (people, str(tmp_path / "people.csv"))
    )
    assert np.array_equal(ours.given, files.given, equal_nan=True)
    assert ours.patients == 3
    assert any(content == (tmp_path / "people.csv").read_bytes() for content in ours.inputs.values())
    with pytest.raises(BadInput, match=r"patients \(a table\): row 2, age = '7'"):
        load_scenario(overrides={"population": {"csv": pd.DataFrame({"age": [7]})}})


def test_the_shipped_table_of_patients_runs() -> None:
    """`registry`, the example of a table of real patients, has every row once, and the kinds of columns of the reference."""
    registry = load_scenario("registry", policies=["conservative", "protocol"])
    assert registry.patients == len(registry.given) == 24
    assert {"age", "rutherford", "tcpo2_measured", "renal", "infection"} <= set(registry.given_columns)
    people = simulate(registry, keep_patients=True).patients
    assert sorted(people.loc[people["policy"] == "protocol", "row"]) == list(range(24))


# What must be said where a scenario leaves what was studied


@pytest.mark.parametrize(
    ("policies", "entry", "said"),
    [
        (["conservative", "protocol", "single_dose"], {}, []),
        (["protocol", "include_dialysis"], {}, ["Dialysis included: nobody on dialysis was studied"]),
        (["protocol", "include_dialysis"], {"dialysis": False}, []),
        (["moderate_ischaemia"], {}, ["Moderate ischaemia: the study enrolled at a TcPO2 below 30 mmHg"]),
        (["moderate_ischaemia"], {"tcpo2_below": 30.0, "tcpo2_at_least": 5.0}, []),
        (["conservative", "pta"], {}, []),
    ],
)
def test_who_was_not_studied_is_said_of_policies_that_treat_them(
    policies: list[str], entry: dict[str, Any], said: list[str]
) -> None:
    """A sentence comes with policies that give cells to people beyond the study's criteria, with its source, and else not."""
    found = caveats(load_scenario(policies=policies, overrides={"entry": entry}))
    assert [line.startswith(start) for line, start in zip(found, said, strict=True)] == [True] * len(said)
    assert all("(Panunzi et al. 2022)" in line for line in found)


def test_rest_pain_is_said_and_policies_are_named_together() -> None:
    """One sentence names every policy that it is about, and a table of real patients is never turned away by entry."""
    own = {
        name: {"extends": "protocol", "label": name.title(), "eligibility": {"rutherford_at_least": 4}} for name in "ab"
    }
    scenario = load_scenario(policies=["conservative", "a", "b"], overrides={"policies": own})
    (line,) = caveats(scenario)
    assert line.startswith("A and B: nobody without an ulcer was studied")
    inside = {"policies": own, "entry": {"rutherford_at_least": 5}}
    assert caveats(load_scenario(policies=["conservative", "a"], overrides=inside)) == ()
    real = inside | {"population": {"csv": pd.DataFrame({"age": [70]})}}
    assert len(caveats(load_scenario(policies=["conservative", "a"], overrides=real))) == 1


def test_a_spent_posterior_is_said() -> None:
    """Draws beyond the rows of the posterior are told with both numbers; as many draws as rows are not."""
    rows = len(posterior_table())
    assert caveats(load_scenario(), draws=rows) == ()
    (line,) = caveats(load_scenario(), draws=2 * rows)
    assert f"its {rows:,} rows" in line
    assert f"by {2 * rows:,} draws" in line
    fixed = {
        name: value
        for name, value in load_scenario().register.values().items()
        if load_scenario().register[name].fitted
    }
    assert caveats(load_scenario(overrides={"parameters": fixed}), draws=2 * rows) == ()


def test_warnings_reach_report_console_and_manifest(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """What must be kept in mind stands in the manifest, heads the report and is printed, and is nowhere without cause."""
    # No figure is looked at here, and drawing them takes most of the command.
    monkeypatch.setattr("simulator.telling.studio.drawings_of", lambda _findings: {})
    for policy, there in (("include_dialysis", True), ("protocol", False)):
        out = tmp_path / policy
        words = ["compare", "--policy", "conservative", "--policy", policy, "--patients", "50", "--no-reliance"]
        monkeypatch.setattr("sys.argv", ["clti", *words, "--out", str(out)])
        with pytest.raises(SystemExit) as ended:
            app.main()
        assert not ended.value.code
        printed = " ".join(capsys.readouterr().out.split())
        listed = json.loads((out / "manifest.json").read_text(encoding="utf-8"))["warnings"]
        assert [line.startswith("Dialysis included: nobody on dialysis was studied") for line in listed] == [
            True
        ] * there
        for text in (printed, (out / "report.html").read_text(encoding="utf-8")):
            assert ("nobody on dialysis was studied" in text) is there


def test_whom_a_scenario_is_about_is_told_by_the_nearest_that_says_so(tmp_path: Path) -> None:
    """A file without a description is about the people of the scenario that it extends, and never about its own name."""
    base = load_scenario("base")
    (tmp_path / "cheap.toml").write_text('extends = "base"\n[economics.prices]\npbmnc_kit = 1000.0\n', "utf-8")
    cheap = load_scenario(tmp_path / "cheap.toml")
    assert base.described == base.settings.description and not cheap.settings.description
    assert cheap.described.startswith(base.described) and "“Referral population”, from which this" in cheap.described
    (tmp_path / "own.toml").write_text('extends = "cheap.toml"\ndescription = "Ours."\n', "utf-8")
    assert load_scenario(tmp_path / "own.toml").described == "Ours."
