"""`clti new` and `clti schema`: starter files that run, and schemas that know what files may hold."""

from __future__ import annotations

import json
import sys
import tomllib
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import typer

from simulator.cli import new, schema
from simulator.evidence import load_register
from simulator.evidence.shipped import shipped
from simulator.questions.sweep.policy_sweep import sweep_of
from simulator.questions.sweep.study_reading import study_tables
from simulator.questions.trial.reading.design_reading import load_design
from simulator.run import simulate
from simulator.scenario import load_scenario
from simulator.scenario.limits import number, yearly_rate
from simulator.schemas import KINDS, _limits
from simulator.schemas import schema as json_schema
from simulator.studies.reading import load_studies
from simulator.words.errors import BadInput

SCENARIOS = shipped("scenarios")
Clti = Callable[..., tuple[int, str]]


@pytest.fixture
def clti(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Clti:
    """Run the two commands in this process: exit code and what was printed; BadInput passes through."""
    app = typer.Typer()
    app.command("new")(new.main)
    app.command("schema")(schema.main)

    def run(*words: object) -> tuple[int, str]:
        monkeypatch.setattr(sys, "argv", ["clti", *map(str, words)])
        with pytest.raises(SystemExit) as left:
            app()
        return int(left.value.code or 0), capsys.readouterr().out

    return run


def fits(value: Any, rule: dict[str, Any], whole: dict[str, Any]) -> bool:
    """Whether a value satisfies the part of JSON Schema that our schemas use."""
    if "$ref" in rule:
        inner = whole
        for part in rule["$ref"].removeprefix("#/").split("/"):
            inner = inner[part]
        return fits(value, inner, whole)
    if "anyOf" in rule and not any(fits(value, option, whole) for option in rule["anyOf"]):
        return False
    if "const" in rule and value != rule["const"]:
        return False
    if "enum" in rule and value not in rule["enum"]:
        return False
    numeric = isinstance(value, int | float) and not isinstance(value, bool)
    kinds = {
        "object": isinstance(value, dict),
        "array": isinstance(value, list),
        "string": isinstance(value, str | date),
        "boolean": isinstance(value, bool),
        "number": numeric,
        "integer": numeric and isinstance(value, int),
    }
    if "type" in rule and not kinds[rule["type"]]:
        return False
    if numeric and not rule.get("minimum", value) <= value <= rule.get("maximum", value):
        return False
    if isinstance(value, dict):
        known, others = rule.get("properties", {}), rule.get("additionalProperties", True)
        if any(key not in value for key in rule.get("required", ())):
            return False
        if others is False and not value.keys() <= known.keys():
            return False
        other = others if isinstance(others, dict) else {}
        return all(fits(inner, known.get(key, other), whole) for key, inner in value.items())
    if isinstance(value, list) and "items" in rule:
        return all(fits(inner, rule["items"], whole) for inner in value)
    return True


def valid(kind: str, table: dict[str, Any]) -> bool:
    """Whether a file's tables satisfy the schema of its kind."""
    whole = json_schema(kind)
    return fits(table, whole, whole)


@pytest.mark.parametrize("kind", KINDS)
def test_a_starter_is_written_and_valid(kind: str, clti: Clti, tmp_path: Path) -> None:
    """Each kind is written under its name, satisfies its schema, and says how to run it."""
    file = tmp_path / "first_try.toml"
    code, said = clti("new", kind, "first_try", "--out", file)
    table = tomllib.loads(file.read_text())
    assert code == 0
    assert new.NEXT[kind].format(file=file) in said
    assert "STARTER" not in file.read_text()
    assert valid("scenario" if kind in ("policy", "therapy") else kind, table)


def test_starter_scenario_and_policy_run(clti: Clti, tmp_path: Path) -> None:
    """A starter scenario and a starter policy simulate as they are, and the policy is among those compared."""
    for kind in ("scenario", "policy", "therapy"):
        clti("new", kind, "mine", "--out", tmp_path / f"{kind}.toml")
        scenario = load_scenario(tmp_path / f"{kind}.toml")
        found = simulate(scenario, patients=50)
        assert len(found.policies) == (2 if kind == "therapy" else 3)
        assert ("mine" in found.policies) == (kind == "policy")
        assert ("with_mine" in found.policies) == (kind == "therapy")


def test_starter_design_and_study_load(clti: Clti, tmp_path: Path) -> None:
    """A starter design has a scenario that can enter it, and a starter study knows its runs."""
    clti("new", "design", "mine", "--out", tmp_path / "design.toml")
    planned = load_design(tmp_path / "design.toml")
    assert [arm.policy for arm in planned.design.arms] == ["conservative", "protocol"]
    clti("new", "study", "mine", "--out", tmp_path / "study.toml")
    sweep = sweep_of(*study_tables(tmp_path / "study.toml"))
    assert len(sweep.inputs) > 4


def test_starter_validation_is_predicted(clti: Clti, tmp_path: Path) -> None:
    """A starter study to predict loads with its one number."""
    clti("new", "validation", "mine", "--out", tmp_path / "mine.toml")
    studies, _ = load_studies(load_register(), (), [tmp_path / "mine.toml"])
    assert [quantity.events for study in studies.values() for quantity in study.quantity] == [15]


def test_new_overwrites_nothing(clti: Clti, tmp_path: Path) -> None:
    """A file that is there stays as it is."""
    file = tmp_path / "kept.toml"
    file.write_text("label = 'mine'\n")
    with pytest.raises(BadInput, match="nothing is overwritten"):
        clti("new", "scenario", "kept", "--out", file)
    assert file.read_text() == "label = 'mine'\n"


def test_new_tells_every_fault(clti: Clti, tmp_path: Path) -> None:
    """An unknown kind, a bad name and a strange file are told together; a shipped policy's name is refused."""
    with pytest.raises(BadInput) as bad:
        clti("new", "scenari", "2 doses", "--out", tmp_path / "x.txt")
    assert [problem.key for problem in bad.value.problems] == ["KIND", "NAME", "--out"]
    assert "did you mean 'scenario'?" in str(bad.value)
    with pytest.raises(BadInput, match="shipped policy"):
        clti("new", "policy", "protocol", "--out", tmp_path / "protocol.toml")
    with pytest.raises(BadInput, match="can be written"):
        clti("new", "policy", "mine", "--out", tmp_path / "nowhere" / "mine.toml")
    assert not list(tmp_path.iterdir())


def test_schemas_are_printed_and_written(clti: Clti, tmp_path: Path) -> None:
    """One kind is printed, all are written, and an unknown kind is told."""
    assert json.loads(clti("schema", "policy")[1]) == json_schema("policy")
    clti("schema", "--out", tmp_path)
    written = {file.name: json.loads(file.read_text()) for file in tmp_path.iterdir()}
    assert written == {f"{kind}.schema.json": json_schema(kind) for kind in KINDS}
    with pytest.raises(BadInput, match="did you mean 'design'"):
        clti("schema", "desing")


@pytest.mark.parametrize(("kind", "folder"), [("scenario", "."), ("policy", "policies"), ("study", "studies")])
def test_shipped_files_satisfy_their_schema(kind: str, folder: str) -> None:
    """Every shipped file is what its schema allows; so editors show no false alarm."""
    files = sorted((SCENARIOS / folder).glob("*.toml"))
    assert files
    assert [file.name for file in files if not valid(kind, tomllib.loads(file.read_text()))] == []


def test_shipped_designs_satisfy_their_schema() -> None:
    """Every shipped design, if there is one, is what its schema allows."""
    files = sorted((SCENARIOS / "designs").glob("*.toml"))
    assert [file.name for file in files if not valid("design", tomllib.loads(file.read_text()))] == []


@pytest.mark.parametrize(
    "faulty",
    [
        {"compar": ["protocol"]},
        {"entry": {"tcpo2_below": 201.0}},
        {"population": {"patients": 0}},
        {"follow_up": {"horizon_years": "40"}},
        {"evidence": {"view": "hopeful"}},
        {"discounting": {"costs": 0.0005}},
        {"parameters": {"healing_rat": 0.4}},
        {"parameters": {"below_knee_share": 1.5}},
        {"policies": {"mine": {"cell_therapy": {"doses": 21}}}},
    ],
)
def test_schema_refuses_what_loading_refuses(faulty: dict[str, Any]) -> None:
    """A misspelt key, a value out of its range, a wrong type: the schema sees what the program sees."""
    assert not valid("scenario", faulty)
    with pytest.raises(BadInput):
        load_scenario(overrides=faulty)


def test_limits_are_those_of_the_checks() -> None:
    """Limits in schemas are the numbers that the checks were made with."""
    assert _limits(number(0.5, 10_000_000, "mmHg")) == {
        "$comment": "a number, 0.5 to 1e+07 mmHg",
        "minimum": 0.5,
        "maximum": 1e7,
    }
    assert _limits(number(1, 1_000_000_000, whole=True))["maximum"] == 1e9
    assert _limits(yearly_rate)["anyOf"] == [{"const": 0}, {"minimum": 0.001, "maximum": 1.0}]
