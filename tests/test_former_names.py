"""Parameters that are gone: whoever still names one is told what stands in its place."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest
import scipy.stats

import simulator as sim
from simulator.evidence import load_register
from simulator.evidence.distributions import sample
from simulator.evidence.former_names import former_names, known_instead
from simulator.evidence.shipped import shipped
from simulator.questions.value.sensitivity.variants import Variant, varied
from simulator.scenario.arrays import BY_VIEW

FORMER = sorted(former_names())
KNOWN = {*load_register().names(), *BY_VIEW}


@pytest.mark.parametrize("name", FORMER)
def test_former_parameter_is_gone_and_its_successor_is_there(name: str) -> None:
    """No parameter is both there and gone, and every name that looks like a parameter's in the advice is one."""
    told = former_names()[name]
    assert name not in KNOWN
    assert set(re.findall(r"[a-z]+(?:_[a-z]+)+", told)) <= KNOWN, told


def test_scenario_with_a_former_parameter_is_told_what_to_write() -> None:
    """A scenario written for the last release names the parameter that replaced its own, not one that looks alike."""
    with pytest.raises(
        sim.BadInput, match=r"natural_interval_days = 45\.0; allowed: gone since 0\.1\.0; now natural_days"
    ):
        sim.load_scenario("base", overrides={"parameters": {"natural_interval_days": 45.0}})


def test_draws_and_studies_with_a_former_parameter_are_told_too() -> None:
    """So are a table of draws and a sensitivity study."""
    with pytest.raises(sim.BadInput, match="stump_healing_rate_below_knee and"):
        sim.psa(pd.DataFrame({"stump_healing_rate": [3.0]}), patients=10)
    study = {
        "method": "one_way", "size": 2, "seed": 1, "patients": 50, "model": {"kind": "clti"},
        "outputs": ["difference(protocol, conservative).death@1"], "parameters": {"names": ["recovery_gain_sd"]},
    }  # fmt: skip
    with pytest.raises(sim.BadInput, match="now recovery_spread"):
        sim.sweep(study)


ASKED: dict[str, Callable[[Path], object]] = {
    "a look-up": lambda _: sim.register(name="recovery_gain_sd"),
    "a sample": lambda _: sample(load_register(), 2, 1, ["recovery_gain_sd"]),
    "a distribution": lambda _: sim.psa(
        2, patients=10, distributions={"recovery_gain_sd": scipy.stats.norm(10.0, 1.0)}
    ),
    "the two-way analysis": lambda _: sim.value(
        draws=2, patients=10, overrides={"economics": {"two_way": ["recovery_gain_sd", "pta"]}}
    ),
    "a scenario of the economics": lambda _: varied(
        sim.load_scenario("base"), Variant(label="V", parameters={"recovery_gain_sd": 1.0})
    ),
    "a study of policies": lambda folder: sim.sweep(_written(folder, "studies/policies.toml", "[vary]")),
    "a publication's people": lambda folder: sim.validate(
        files=[_written(folder, "validation/kalani.toml", "[population]")], draws=2, patients=10
    ),
}


def _written(folder: Path, shipped_file: str, table: str) -> Path:
    """A shipped file with a former parameter in a table of it."""
    text = (shipped("scenarios") / shipped_file).read_text(encoding="utf-8")
    assert text.count(f"{table}\n") == 1
    value = "[1.0, 2.0]" if table == "[vary]" else "1.0"
    file = folder / "own.toml"
    file.write_text(text.replace(f"{table}\n", f"{table}\nrecovery_gain_sd = {value}\n"), encoding="utf-8")
    return file


@pytest.mark.parametrize("where", ASKED)
def test_wherever_a_parameter_is_named_a_former_one_is_told(where: str, tmp_path: Path) -> None:
    """Every place that refuses an unknown parameter says what stands in the place of one that is gone."""
    with pytest.raises(sim.BadInput, match="now recovery_spread, from the lowest rank"):
        ASKED[where](tmp_path)


def test_other_unknown_names_are_offered_the_nearest() -> None:
    """A slip of the pen is no former name."""
    assert known_instead("restenosis_rat", KNOWN) == "did you mean 'restenosis_rate'?"
