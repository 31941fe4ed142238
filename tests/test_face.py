"""`import simulator as sim`: every question is a function, its tables are the command's files, slips are told in words."""

from __future__ import annotations

import doctest
import importlib
import inspect
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import scipy.stats
from matplotlib.figure import Figure
from typer.testing import CliRunner

import simulator as sim
from simulator.cli.app import build
from simulator.face.result import Result

QUESTIONS = ("calibrate", "compare", "psa", "register", "sweep", "trace", "trial", "validate", "value", "verify")
STUDY = """
title = "One at a time"
method = "one_way"
size = 2
seed = 1
patients = 50
outputs = ["difference(protocol, conservative).major_amputation@1"]

[model]
kind = "clti"

[parameters]
names = ["restenosis_rate"]
"""
MAP = """
title = "Which schedule"
method = "policies"
seed = 1
patients = 50
policies = ["conservative", "protocol"]
by = "net_benefit(33000)"
better = "higher"
map = ["attributable_share_central", "protocol.cell_therapy.doses"]

[model]
kind = "clti"

[vary]
attributable_share_central = [0.0, 0.5]
"protocol.cell_therapy.doses" = [1, 2]
"""
STUDY_AS_TABLES: dict[str, Any] = {
    "method": "one_way",
    "size": 2,
    "seed": 1,
    "patients": 50,
    "outputs": ["difference(protocol, conservative).major_amputation@1"],
    "model": {"kind": "clti"},
    "parameters": {"names": ["restenosis_rate"]},
}


def written(folder: Path, name: str, text: str) -> Path:
    """A file with a text."""
    file = folder / name
    file.write_text(text)
    return file


def test_the_face_lists_its_names_and_nothing_else() -> None:
    """`dir(sim)` holds every question and what is public beside them; each name is there, and the package has a version."""
    assert set(QUESTIONS) < set(sim.__all__)
    assert dir(sim) == sorted([*sim.__all__, "__version__"])
    assert all(getattr(sim, name) is not None for name in dir(sim))
    assert sim.__version__[0].isdigit()
    assert (Path(sim.__file__).parent / "py.typed").is_file()
    assert all(name in (sim.__doc__ or "") for name in QUESTIONS)


@pytest.mark.parametrize("name", QUESTIONS)
def test_a_question_says_what_it_promises(name: str) -> None:
    """A question's docstring names its tables, what it raises and every argument, and its example runs."""
    question = getattr(sim, name)
    text = inspect.getdoc(question) or ""
    assert "of the result" in text
    assert "BadInput" in text
    told = [each for each in inspect.signature(question).parameters if each not in {"seed", "scenario", "progress"}]
    assert [each for each in told if each not in text] == []


@pytest.mark.parametrize("name", sorted(sim.__all__))
def test_examples_run(name: str) -> None:
    """Every public name has an example in its docstring, and it gives what it says."""
    module = importlib.import_module(getattr(sim, name).__module__)
    assert ">>>" in (inspect.getdoc(getattr(sim, name)) or "")
    found = doctest.testmod(module, optionflags=doctest.NORMALIZE_WHITESPACE | doctest.ELLIPSIS)
    assert found.attempted
    assert not found.failed


def asked(folder: Path) -> dict[str, tuple[Callable[[], Result], list[str]]]:
    """For each command: the same question to the face, and the command line."""
    study, policies = written(folder, "study.toml", STUDY), written(folder, "map.toml", MAP)
    return {
        "trace": (lambda: sim.trace(patient=3), ["trace", "--patient", "3"]),
        "register": (lambda: sim.register(group="death"), ["evidence", "--group", "death"]),
        "sweep": (lambda: sim.sweep(study), ["sensitivity", str(study), "--workers", "1"]),
        "policies": (lambda: sim.sweep(policies), ["sensitivity", str(policies), "--workers", "1"]),
        "trial": (
            lambda: sim.trial("rct", trials=20, quick=True, export=1),
            ["trial", "rct", "--trials", "20", "--quick", "--export", "1"],
        ),
        "validate": (
            lambda: sim.validate(["juventas"], draws=5, patients=10),
            ["validate", "--study", "juventas", "--draws", "5", "--patients", "10"],
        ),
        "value": (
            lambda: sim.value(policies=["conservative", "protocol"], draws=8, patients=10),
            ["economics", "--policy", "conservative", "--policy", "protocol", "--draws", "8", "--patients", "10"],
        ),
    }


@pytest.mark.usefixtures("undrawn")
@pytest.mark.parametrize("question", ["trace", "register", "sweep", "policies", "trial", "validate", "value"])
def test_tables_are_the_files_of_the_command(question: str, tmp_path: Path) -> None:
    """The tables of a result are those that the command writes, all of them, and `save` writes the same files."""
    ask, words = asked(tmp_path)[question]
    found = ask()
    ran = CliRunner().invoke(build(), [*words, "--out", str(tmp_path / "command")])
    assert ran.exit_code == 0, ran.output
    found.save(tmp_path / "face")
    for folder in ("command", "face"):
        files = {each.stem: each for each in (tmp_path / folder).iterdir() if each.suffix in {".csv", ".parquet"}}
        assert set(files) == set(found.tables)
        for name, table in found.tables.items():
            assert getattr(found, name) is table
            if files[name].suffix == ".csv":
                assert files[name].read_text() == table.to_csv(index=False, lineterminator="\n")
            else:
                pd.testing.assert_frame_equal(pd.read_parquet(files[name]), table.reset_index(drop=True))
    names = [{each.name for each in (tmp_path / folder).iterdir() if each.is_file()} for folder in ("command", "face")]
    assert names[0] - {"study.json"} == names[1]
    assert len(repr(found).splitlines()) <= 13
    assert found.summary().strip()
    assert "<p>" in found._repr_html_()


@pytest.mark.usefixtures("undrawn")
def test_the_fit_that_is_checked_is_told_in_tables(tmp_path: Path) -> None:
    """The committed fit lies inside the intervals of what was observed, and the tables are the files."""
    found = sim.calibrate(patients=2_000)
    found.save(tmp_path / "check")
    files = {each.stem: each.read_text() for each in (tmp_path / "check").glob("*.csv")}
    assert files == {name: table.to_csv(index=False, lineterminator="\n") for name, table in found.tables.items()}
    assert found.facts["outside"] == (~found.targets["inside"]).sum()


def test_a_result_draws_and_reports(tmp_path: Path) -> None:
    """A result has figures by name, one page and its texts; a wrong name is told with those there are."""
    found = sim.trace(patient=3)
    assert isinstance(found.plot(), Figure)
    assert found.plot("story") is found.figures["story"]
    with pytest.raises(KeyError, match="there are story"):
        found.plot("plane")
    with pytest.raises(AttributeError, match="tables: events, budgets"):
        _ = found.outcomes
    page = found.report(tmp_path / "one.html").read_text()
    assert "Patient 3" in page
    assert found.texts["story.txt"].startswith(found.summary().split(". ")[0])
    assert "background_hr" in sim.register(group="death").report(tmp_path / "two.html").read_text()


@pytest.mark.parametrize(
    ("ask", "said"),
    [
        (lambda: sim.trace(find="healled"), "trace: find = 'healled'; allowed: did you mean 'healed'"),
        (lambda: sim.trace(patient=1.5), "trace: patient = 1.5; allowed: a whole number, 0 to"),
        (lambda: sim.verify(42), "verify: scenario = int; allowed: a name, a file or a Scenario"),
        (lambda: sim.sweep(3), "sweep: study = int; allowed: a name, a file or a dictionary"),
        (lambda: sim.trial(None), "trial: design = NoneType; allowed: a name, a file or a loaded design"),
        (lambda: sim.trial("rct", truths="null"), r"trial: truths = 'null'; allowed: a list of names"),
        (lambda: sim.trial("rct", power=90), "trial: power = 90; allowed: 0.1 or more and below 1"),
        (lambda: sim.value(policies="protocol"), "value: policies = 'protocol'; allowed: a list of names"),
        (lambda: sim.value(utility_set="Z"), "utilities: set = 'Z'; allowed: one of A, B, C, D"),
        (lambda: sim.validate(["tamariss"]), "tamaris"),
        (lambda: sim.register(grade="guess"), "register: grade = 'guess'; allowed: one of"),
        (lambda: sim.psa(draws="many"), "psa: draws = 'many'; allowed: a whole number"),
        (lambda: sim.psa(4, distributions={"restenosis_rate": 3}), "distributions.restenosis_rate = 3"),
        (
            lambda: sim.compare(patients="x"),
            "compare: patients = 'x'; allowed: a whole number, or a CSV file at this place",
        ),
        (lambda: sim.compare(view="central_"), "compare: view = 'central_'; allowed: did you mean 'central'"),
        (lambda: sim.calibrate(patients=10), "calibrate: patients = 10; allowed: a whole number, 2,000 to"),
        (
            lambda: sim.Policy(cell_therapy={"dozes": 2}),
            "Policy: cell_therapy.dozes = 2; allowed: did you mean 'doses'",
        ),
        (lambda: sim.Policy(cell_therapy={"doses": 2}), "Policy: cell_therapy.interval_days"),
    ],
)
def test_slips_are_told_in_words(ask: Callable[[], object], said: str) -> None:
    """An argument of the wrong type or value is a BadInput that says which, what was given and what is allowed."""
    with pytest.raises(sim.BadInput) as refused:
        ask()
    assert said in str(refused.value)


def test_a_difference_gives_a_new_scenario() -> None:
    """`with_` lays a difference over what was read: the old scenario stays, and the new one is that of the same overrides."""
    base = sim.load_scenario("base", policies=["conservative", "protocol"])
    changed = base.with_(evidence={"view": "sceptical"}).with_(parameters={"restenosis_rate": 0.5})
    same = sim.load_scenario(
        "base",
        policies=["conservative", "protocol"],
        overrides={"evidence": {"view": "sceptical"}, "parameters": {"restenosis_rate": 0.5}},
    )
    assert changed.hash == same.hash != base.hash
    assert changed.compare == ("conservative", "protocol")
    assert base.view == "central"
    only = base.with_(compare=["protocol"])
    assert only.compare == (only.reference,) == ("protocol",)
    people = pd.DataFrame({"age": [70.0, 60.0], "tcpo2_measured": [20.0, 25.0]})
    given = base.with_(population={"csv": people})
    assert (len(given.given), given.patients) == (2, 2)
    assert given.with_(evidence={"view": "optimistic"}).given.tobytes() == given.given.tobytes()


@pytest.mark.parametrize(
    ("difference", "said"),
    [
        ({"parameterz": {}}, "with_: parameterz = {}; allowed: did you mean 'parameters'?"),
        ({"evidence": {"view": "rosy"}}, "with_: evidence.view = 'rosy'"),
        (
            {"parameters": {"restenosis_rate": -1.0}},
            "with_: parameters.restenosis_rate = -1.0; allowed: a number, 0 to 20",
        ),
        ({"compare": "protocol"}, "with_: compare = 'protocol'; allowed: a list of names"),
        ({"compare": ["protocoll"]}, "did you mean 'protocol'"),
        ({"population": {"csv": "no such file"}}, "population.csv = 'no such file'"),
    ],
)
def test_a_difference_that_makes_no_sense_is_refused(difference: dict[str, Any], said: str) -> None:
    """`with_` checks as a file is checked, and names itself as the place."""
    with pytest.raises(sim.BadInput) as refused:
        sim.load_scenario("base").with_(**difference)
    assert said in str(refused.value)


def test_a_scenario_changed_by_other_means_takes_no_difference() -> None:
    """What somebody changed without `with_` would be lost by it, so it refuses."""
    from dataclasses import replace

    base = sim.load_scenario("base")
    settings = base.settings.model_copy(update={"capacity": None, "label": "Other"})
    with pytest.raises(sim.BadInput, match="changed by other means"):
        replace(base, settings=settings).with_(evidence={"view": "sceptical"})


def test_a_policy_from_python_is_that_of_a_file(tmp_path: Path) -> None:
    """The same policy written in Python and in a file gives the same outcomes."""
    file = written(
        tmp_path,
        "mine.toml",
        'compare = ["conservative", "mine"]\n[policies.mine]\nextends = "protocol"\nlabel = "Mine"\n'
        "[policies.mine.cell_therapy]\ndoses = 2\n",
    )
    mine = sim.Policy(extends="protocol", label="Mine", cell_therapy={"doses": 2})
    from_file = sim.compare(file, patients=100, reliance=False)
    from_python = sim.compare(policies={"conservative": None, "mine": mine}, patients=100, reliance=False)
    pd.testing.assert_frame_equal(from_file.outcomes, from_python.outcomes)


def test_patients_may_be_a_table(tmp_path: Path) -> None:
    """Real patients as a DataFrame and as the CSV file of it are the same people."""
    people = pd.DataFrame({"age": [70.0, 60.0, 82.0], "tcpo2_measured": [20.0, 25.0, 12.0]})
    people.to_csv(tmp_path / "people.csv", index=False)
    policies = ["conservative", "protocol"]
    table = sim.compare(policies=policies, patients=people, reliance=False)
    file = sim.compare(policies=policies, patients=tmp_path / "people.csv", reliance=False)
    assert table.facts["people"] == 3
    pd.testing.assert_frame_equal(table.outcomes, file.outcomes)


@pytest.mark.usefixtures("undrawn")
def test_psa_gives_draws_and_outcomes(tmp_path: Path) -> None:
    """`parameters` has a row a draw, `outcomes` a row a draw, policy, outcome and time; both depend on the seed alone."""
    policies = ["conservative", "protocol"]
    found = sim.psa(draws=6, seed=3, policies=policies, patients=40)
    again = sim.psa(draws=6, seed=3, policies=policies, patients=40, workers=1)
    assert found.parameters["draw"].tolist() == list(range(6))
    assert found.outcomes.columns.tolist() == ["draw", "policy", "outcome", "time_years", "mean"]
    assert not found.outcomes.duplicated(["draw", "policy", "outcome", "time_years"]).any()
    assert set(found.outcomes["policy"]) == set(policies)
    pd.testing.assert_frame_equal(found.outcomes, again.outcomes)
    pd.testing.assert_frame_equal(found.parameters, again.parameters)
    death = found.outcomes[(found.outcomes["outcome"] == "death") & (found.outcomes["policy"] == "protocol")]
    first = death[death["time_years"] == death["time_years"].min()]["mean"]
    row = found.intervals.query("policy == 'protocol' and outcome == 'death'").iloc[0]
    assert row["mean"] == pytest.approx(first.mean())
    assert row["low"] == pytest.approx(first.quantile(0.025))
    found.save(tmp_path / "psa")
    assert (tmp_path / "psa" / "outcomes.parquet").is_file()
    assert "6 joint draws" in (tmp_path / "psa" / "report.html").read_text()


def test_psa_takes_draws_and_distributions_from_python() -> None:
    """A table of draws is used as it stands; a distribution replaces the draws of its parameter and of no other."""
    own = sim.psa(pd.DataFrame({"draw": [7, 9], "restenosis_rate": [0.1, 0.2]}), policies=["protocol"], patients=20)
    assert own.parameters.to_dict("list") == {"draw": [7, 9], "restenosis_rate": [0.1, 0.2]}
    usual = sim.psa(4, policies=["protocol"], patients=20).parameters
    changed = sim.psa(
        4, policies=["protocol"], patients=20, distributions={"restenosis_rate": scipy.stats.uniform(2, 1)}
    ).parameters
    assert changed["restenosis_rate"].between(2, 3).all()
    assert not usual["restenosis_rate"].between(2, 3).any()
    others = [name for name in usual if name != "restenosis_rate"]
    pd.testing.assert_frame_equal(usual[others], changed[others])


def test_a_study_may_be_a_dictionary() -> None:
    """A sensitivity study from Python is that of its file, and `overrides` changes keys of it."""
    found = sim.sweep(STUDY_AS_TABLES)
    more = sim.sweep(STUDY_AS_TABLES, overrides={"patients": 60})
    assert len(found.runs) == len(more.runs)
    assert (found.findings.settings["patients"], more.findings.settings["patients"]) == (50, 60)
