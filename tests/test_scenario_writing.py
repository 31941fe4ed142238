"""A scenario that was changed is written as a difference and read back as the same scenario."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from simulator.scenario import Policy, load_scenario
from simulator.words.errors import BadInput

CHANGES: dict[str, dict[str, Any]] = {
    "nothing": {},
    "view": {"evidence": {"view": "sceptical"}},
    "parameter": {"parameters": {"renal_dialysis_share": 0.4}, "population": {"patients": 500}},
    "policy": {
        "compare": ["conservative", "protocol", "mine"],
        "policies": {"mine": {"extends": "protocol", "label": 'Mine "quoted"', "cell_therapy": {"doses": 2}}},
    },
    "money": {"economics": {"perspective": "uk", "thresholds": [20_000.0], "prices": {"pbmnc_kit": 900.0}}},
    "queue": {"capacity": {"slots_per_week": 2, "arrivals_per_week": 3.5}},
}


@pytest.mark.parametrize("name", CHANGES)
@pytest.mark.parametrize("base", ["base", "founding_cohort"])
def test_what_is_written_is_read_as_the_same(name: str, base: str, tmp_path: Path) -> None:
    """Whatever was laid over a shipped scenario, its file has the same hash, label, values of money and policies."""
    scenario = load_scenario(base).with_(**CHANGES[name]) if CHANGES[name] else load_scenario(base)
    file = tmp_path / "mine.toml"
    file.write_text(scenario.to_toml(), encoding="utf-8")
    again = load_scenario(file)
    assert again.hash == scenario.hash
    assert again.label == scenario.label
    assert again.settings.economics == scenario.settings.economics
    assert {name: again.policies[name] for name in again.compare} == {n: scenario.policies[n] for n in scenario.compare}


def test_only_what_differs_is_written() -> None:
    """A key with the value that it has below is left out, in a policy too; a file says what it extends."""
    mine = {"extends": "protocol", "cell_therapy": {"doses": 3, "interval_days": 60.0}}
    scenario = load_scenario("base").with_(evidence={"view": "central"}, policies={"mine": mine}, compare=["mine"])
    assert tomllib.loads(scenario.to_toml()) == {
        "extends": "base",
        "label": "Referral population",
        "description": scenario.settings.description,
        "compare": ["mine"],
        "reference": "mine",
        "policies": {"mine": {"extends": "protocol", "cell_therapy": {"interval_days": 60.0}}},
    }


def test_a_difference_upon_a_file_is_one_file(tmp_path: Path) -> None:
    """A scenario that extends a user's own file is written without it, for a file that stands alone."""
    own = tmp_path / "own.toml"
    own.write_text('[parameters]\nrenal_dialysis_share = 0.1\n[policies.two]\nextends = "protocol"\n', encoding="utf-8")
    scenario = load_scenario(own).with_(evidence={"view": "optimistic"}, compare=["conservative", "two"])
    alone = tmp_path / "elsewhere.toml"
    alone.write_text(scenario.to_toml(), encoding="utf-8")
    own.unlink()
    assert load_scenario(alone).hash == scenario.hash


def test_a_policy_that_is_an_object_is_written() -> None:
    """A policy made in Python becomes a table of the file."""
    scenario = load_scenario("base").with_(policies={"mine": Policy(extends="protocol", cell_therapy={"doses": 2})})
    assert tomllib.loads(scenario.to_toml())["policies"] == {
        "mine": {"extends": "protocol", "cell_therapy": {"doses": 2}}
    }


def test_a_table_without_a_file_cannot_be_written() -> None:
    """Patients who are only in memory are refused instead of being left out."""
    scenario = load_scenario("base").with_(population={"csv": pd.DataFrame({"age": [60.0, 70.0]})})
    with pytest.raises(BadInput, match=r"population\.csv"):
        scenario.to_toml()


def test_files_are_read_again_when_they_change(tmp_path: Path) -> None:
    """A register whose file was edited has the new value at once, even if neither its size nor its time changed."""
    import os
    import shutil

    from simulator.evidence.register import load_register
    from simulator.evidence.shipped import shipped

    root = tmp_path / "calibration"
    shutil.copytree(shipped("calibration"), root)
    before = load_register(root)["male_share"].value
    file = root / "register" / "population.toml"
    stamp, text = file.stat(), file.read_text(encoding="utf-8")
    at = text.index("[male_share]")
    line = next(line for line in text[at:].splitlines() if line.startswith("value"))
    other = line.replace(str(before), "0." + str(round(1000 * before) % 7 + 1) * (len(str(before)) - 2))
    assert len(other) == len(line)
    assert other != line
    file.write_text(text[:at] + text[at:].replace(line, other, 1), encoding="utf-8")
    os.utime(file, ns=(stamp.st_atime_ns, stamp.st_mtime_ns))
    assert load_register(root)["male_share"].value == float(other.split("=")[1])
