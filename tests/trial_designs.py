"""Trial designs for tests, written as files, and how their results are compared."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path
from typing import Any

import numpy as np

from simulator.questions.trial.analysis.data import TrialData
from simulator.questions.trial.design.selection import most_recruits
from simulator.questions.trial.reading.design_reading import Planned, load_design
from simulator.questions.trial.simulation.simulation import Simulation

CONSTANT = """
extends = "base"
label = "Constant hazards"
[evidence]
centre = "founding"
[parameters]
background_hr = 0.0
amputation_rate = 0.0001
healing_rate = 0.001
minor_amputation_rate = 0.0
death_rate_wound = 0.0
death_rate_healed = 1.0
death_ratio_amputee = 1.0
frailty_sd = 0.0
beyond_salvage_share_4 = 0.0
beyond_salvage_share_5 = 0.0
beyond_salvage_share_6 = 0.0
dialysis_rate_moderate = 0.0
dialysis_rate_severe = 0.0
dialysis_rate_normal = 0.0
postoperative_death_rate = 0.0
death_per_mmhg = 0.0
death_trend = 0.0
death_per_year_of_age = 0.0
death_hr_heart = 1.0
death_hr_renal_moderate = 1.0
death_hr_renal_severe = 1.0
act_death_hr = 0.6
"""
"""Death at a rate of one a year, and of 0.6 after a dose on the first day; hardly anything else happens."""

TWO_ARMS: dict[str, Any] = {
    "arms": [{"name": "control", "policy": "conservative"}, {"name": "cells", "policy": "single_dose"}],
    "entry": {
        "tcpo2_below": 30.0,
        "rutherford_at_least": 5,
        "rutherford_at_most": 5,
        "dialysis": False,
        "angioplasty_suitable": "no",
    },
    "accrual": {"per_month": 10.0},
    "drop_out": {"per_year": 0.05},
    "visits": {"at_months": [1.0, 6.0]},
    "follow_up": {"months": 12.0},
    "size": {"patients": 120, "power": 0.8},
    "endpoints": [
        {"name": "afs", "outcome": "amputation_free_survival", "test": "logrank"},
        {"name": "death", "outcome": "death", "test": "chi_square", "at_months": 12.0},
        {"name": "tcpo2", "outcome": "tcpo2", "test": "ancova", "at_months": 6.0},
    ],
}


def written(value: Any) -> str:
    """A value as TOML."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key} = {written(inner)}" for key, inner in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(written(inner) for inner in value) + "]"
    return f'"{value}"' if isinstance(value, str) else repr(value)


def design_file(folder: Path, constant: bool = False, **changed: Any) -> Path:
    """A design file: `TWO_ARMS` with some tables replaced, or left out where they are None."""
    table = {key: value for key, value in (TWO_ARMS | changed).items() if value is not None}
    read = ("tcpo2", "walking", "walking_time")
    if "visits" not in changed and not any(
        each["outcome"] in read or "tcpo2" in each.get("order", ()) for each in table["endpoints"]
    ):
        # Visits that nothing reads are refused.
        table.pop("visits", None)
    if constant:
        (folder / "constant.toml").write_text(CONSTANT)
        table["scenario"] = "constant.toml"
    file = folder / "design.toml"
    file.write_text("".join(f"{key} = {written(value)}\n" for key, value in table.items()))
    return file


def planned(folder: Path, constant: bool = False, **changed: Any) -> Planned:
    """The design of `design_file`."""
    return load_design(design_file(folder, constant, **changed))


def simulation(folder: Path, trials: int, constant: bool = False, **changed: Any) -> Simulation:
    """A simulation of the design of `design_file`."""
    return Simulation(planned(folder, constant, **changed), 1, trials)


def lives(sim: Simulation, trials: int = 8, truth: str = "scenario", patients: int | None = None) -> TrialData:
    """The first trials, with everything that ever happens in them."""
    return sim.lives(sim.truth(truth), 0, trials, patients or most_recruits(sim.design, sim.design.patients))


def same(a: TrialData, b: TrialData) -> bool:
    """Whether all bits of two data sets are equal."""
    return all(
        np.array_equal(getattr(a, f.name), getattr(b, f.name), equal_nan=getattr(a, f.name).dtype.kind == "f")
        for f in fields(a)
    )


def close(found: tuple[float, float], expected: float, slack: float = 0.0, errors: float = 3.5) -> bool:
    """Whether an estimate lies within some standard errors, and a formula's own error, of what is expected."""
    return abs(found[0] - expected) <= errors * found[1] + slack


def single_arm(folder: Path, trials: int, stages: dict[str, Any]) -> Simulation:
    """Simon's two stages: alive at six months against 60%, under constant hazards."""
    endpoint = {
        "name": "alive",
        "outcome": "death",
        "test": "exact_binomial",
        "at_months": 6.0,
        "null_rate": 0.6,
        "lost": "failure",
    }
    return simulation(
        folder,
        trials,
        constant=True,
        alpha=0.05,
        arms=[{"name": "cells", "policy": "single_dose"}],
        drop_out={"per_year": 0.0},
        size={"power": 0.8},
        two_stage=stages,
        endpoints=[endpoint],
    )
