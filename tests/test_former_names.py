"""Parameters that are gone: whoever still names one is told what stands in its place."""

from __future__ import annotations

import re

import pandas as pd
import pytest

import simulator as sim
from simulator.evidence import load_register
from simulator.evidence.former_names import former_names, known_instead
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


def test_other_unknown_names_are_offered_the_nearest() -> None:
    """A slip of the pen is no former name."""
    assert known_instead("restenosis_rat", KNOWN) == "did you mean 'restenosis_rate'?"
