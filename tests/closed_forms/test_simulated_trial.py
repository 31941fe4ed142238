"""What is read of a simulated trial, by hand."""

from __future__ import annotations

import json
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from simulator.questions.value.research import simulated_trial
from simulator.questions.value.research.simulated_trial import TOLD, _statistics, load_simulated_trial
from simulator.words.errors import BadInput


def test_an_estimate_that_could_not_be_made() -> None:
    """The median of the others stands in its place, and a second column says that it could not; other columns are not read."""
    own = pd.DataFrame(
        {
            "estimate_healing": [1.0, np.nan, np.inf, 3.0, 8.0],
            "estimate_death": [1.0, 2.0, 3.0, 4.0, 5.0],
            "cost": 9.0,
        }
    )
    assert _statistics(own).T.tolist() == [
        [1.0, 3.0, 3.0, 3.0, 8.0],
        [1.0, 0.0, 0.0, 1.0, 1.0],
        [1.0, 2.0, 3.0, 4.0, 5.0],
    ]


def test_an_estimate_that_was_never_made_is_known_to_be_missing_alone() -> None:
    """No median is made of nothing."""
    own = pd.DataFrame({"estimate_healing": ["", ""], "estimate_death": [1.0, 2.0]})
    assert _statistics(own).T.tolist() == [[0.0, 0.0], [1.0, 2.0]]


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    """Three draws are enough."""
    monkeypatch.setattr(simulated_trial, "FEWEST_DRAWS", 3)


def folder(path: Path, manifest: object = None, **columns: list[Any]) -> Path:
    """Of a trial of 20 and 40 people in three draws each, whose seed is 7."""
    table = {
        "patients": [40, 20, 40, 20, 40, 20],
        "draw": [2, 0, 1, 1, 0, 2],
        "patients_entered": [41, 18, 40, 20, 39, 16],
        "months": [30.0, 12.0, 24.0, 18.0, 18.0, 24.0],
        "estimate_death": [3.0, 10.0, 2.0, 11.0, 1.0, 12.0],
    }
    pd.DataFrame({**table, **columns}).to_csv(path / "trial_summaries.csv", index=False)
    told = {"seed": 7, "settings": {"design": {"label": "My trial"}}} if manifest is None else manifest
    (path / "manifest.json").write_text(json.dumps(told))
    return path


def told(path: Path, seed: int = 7, evidence: dict[str, bytes] | None = None) -> list[tuple[str, str, str, str]]:
    """Where every fault is (a file of the folder by its name), its key, value and what is allowed."""
    with pytest.raises(BadInput) as bad:
        load_simulated_trial(path, seed, evidence)
    return [(Path(each.file).name, each.key, each.value, each.allowed) for each in bad.value.problems]


def test_a_trial_of_two_sizes(tmp_path: Path, few: None) -> None:
    """Estimates in the order of the draws, mean people entered, mean years; evidence that is the same is no fault."""
    evidence = {"calibration/register/healing.toml": b"healing", "scenario.toml": b"mine"}
    digest = sha256(b"healing").hexdigest()
    manifest = {"seed": 7, "settings": {"design": {"label": "My trial"}}, "inputs": {next(iter(evidence)): digest}}
    found = load_simulated_trial(folder(tmp_path, manifest), 7, evidence)
    assert {size: values.T.tolist() for size, values in found.statistics.items()} == {
        20: [[10.0, 11.0, 12.0]],
        40: [[1.0, 2.0, 3.0]],
    }
    assert (found.label, found.draws) == ("My trial", 3)
    assert found.enrolled == {20: 18.0, 40: 40.0} and found.years == {20: 1.5, 40: 2.0}
    for without in ({"seed": 7}, {"seed": 7, "settings": {}}, {"seed": 7, "settings": {"design": {}}}):
        assert load_simulated_trial(folder(tmp_path, without), 7).label == tmp_path.name


def test_draws_of_another_analysis(tmp_path: Path, few: None) -> None:
    """Of another seed, of other evidence or of evidence that the trial did not read: all told together."""
    inputs = {"calibration/register/healing.toml": sha256(b"other").hexdigest()}
    evidence = {"calibration/register/healing.toml": b"healing", "calibration/register/death.toml": b"death"}
    found = told(folder(tmp_path, {"seed": 8, "inputs": inputs}), 7, evidence)
    assert found == [
        ("manifest.json", "seed", "8", "7, the seed of this analysis: draws of another seed are other draws"),
        *(
            ("manifest.json", f"inputs.{name}", "other evidence", "the file that this analysis reads")
            for name in evidence
        ),
    ]


@pytest.mark.parametrize("draws", [[2, 0, 1, 1, 1, 2], [3, 0, 1, 1, 2, 2], [3, 0, 1, 1, 0, 2]])
def test_draws_with_gaps(draws: list[int], tmp_path: Path, few: None) -> None:
    """One twice, none of 0, one beyond: of the larger size alone."""
    assert told(folder(tmp_path, draw=draws)) == [
        ("trial_summaries.csv", "draw, 40 patients", "3 rows", "every draw once, from 0 without gaps")
    ]


def test_too_few_draws(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The size with the fewest counts, and as many as are needed are enough."""
    monkeypatch.setattr(simulated_trial, "FEWEST_DRAWS", 2)
    sizes, draws = [40, 20, 40, 20, 40, 40], [2, 0, 1, 1, 0, 3]
    found = load_simulated_trial(folder(tmp_path, patients=sizes, draw=draws), 7)
    assert found.draws == 2 and found.statistics[40].shape == (4, 1)
    monkeypatch.setattr(simulated_trial, "FEWEST_DRAWS", 3)
    assert told(tmp_path) == [("trial_summaries.csv", "draws", "2", "at least 3")]


def test_a_table_that_is_not_a_trial_s(tmp_path: Path) -> None:
    """Not there, without its columns or rows, or with cells that are no numbers; nought is one."""
    none = tmp_path / "none"
    assert told(none) == [
        ("command line", "--trial", str(none / "trial_summaries.csv"), f"{TOLD}; no such file"),
    ]
    needed = "the columns patients, draw, patients_entered, months"
    pd.DataFrame({"patients": [1], "draw": [0], "cost": [1.0]}).to_csv(tmp_path / "trial_summaries.csv")
    (tmp_path / "manifest.json").write_text("{}")
    assert told(tmp_path) == [
        ("trial_summaries.csv", "column", "no 'patients_entered'", needed),
        ("trial_summaries.csv", "column", "no 'months'", needed),
        ("trial_summaries.csv", "column", "none begins with 'estimate_'", "an estimate of every endpoint"),
    ]
    header = "patients,draw,patients_entered,months,estimate_death\n"
    (tmp_path / "trial_summaries.csv").write_text(header)
    assert told(tmp_path) == [("trial_summaries.csv", "rows", "none", "a row per size and draw")]
    (tmp_path / "trial_summaries.csv").write_text(header + "10,0,many,-0.5,1\n10,1,0,inf,1\n")
    rule = "a number, 0 or more, in every row"
    assert told(tmp_path) == [
        ("trial_summaries.csv", name, "not a number, or negative", rule) for name in ("patients_entered", "months")
    ]
    (tmp_path / "trial_summaries.csv").write_bytes(b"\xff\xfe\x00")
    ((file, key, value, allowed),) = told(tmp_path)
    assert (file, key, allowed) == ("trial_summaries.csv", "file", TOLD) and value.startswith("unreadable ('utf-8'")


@pytest.mark.parametrize("text", [None, "no json", "[]"])
def test_a_manifest_that_tells_no_seed(text: str | None, tmp_path: Path, few: None) -> None:
    """Missing, broken or something else."""
    folder(tmp_path)
    (tmp_path / "manifest.json").unlink()
    if text is not None:
        (tmp_path / "manifest.json").write_text(text)
    allowed = f"{TOLD}, which tells the seed of its draws"
    assert told(tmp_path) == [("manifest.json", "file", "missing or unreadable", allowed)]
