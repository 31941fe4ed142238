"""The control-arm ladder: published control-arm events from the mildest to the most severe setting, and what case mix reaches.

For every rung the same event by the same time is also predicted in the mildest and the most severe people that the model
knows. A rung between them can be reached by case mix alone, whatever the published baseline was.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import numpy as np
import pandas as pd
from pydantic import Field

from simulator.evidence.life_table import load_life_table
from simulator.evidence.reading import Frozen, checked, read_toml, spelled
from simulator.evidence.register import Register, outside_range
from simulator.evidence.shipped import shipped
from simulator.scenario.arrays import entry_record, parameter_draws, policy_records
from simulator.scenario.policy import Criteria, Policy
from simulator.studies.lives import GroupSetting
from simulator.studies.measures import Seen, statistic
from simulator.studies.study import Study
from simulator.words.errors import BadInput, Problem
from simulator.words.luck import seed_of

VIEW = "central"
COUNTRY, PERIOD = "Italy", "2015-20"
LIVES = 4_000
COLUMNS = ["rung", "study", "observed", "low", "high", "predicted", "predicted_low", "predicted_high",
           "reach_low", "reach_high", "reach_se", "within_reach"]  # fmt: skip


class CaseMix(Frozen):
    """People of one extreme."""

    description: Annotated[str, Field(min_length=1)]
    population: dict[str, float]


def load_case_mixes(register: Register, path: Path | None = None) -> dict[str, CaseMix]:
    """The extremes of a file (default: the shipped one). Raises BadInput with every fault."""
    root = shipped("scenarios")
    file = path or root / "structural" / "case_mix.toml"
    called = spelled(file, root)
    problems: list[Problem] = []
    found = {}
    for key, table in read_toml(file, called, problems).items():
        mix = checked(CaseMix, table, called, key, problems)
        if mix is None:
            continue
        for name, value in mix.population.items():
            where = f"{key}.population.{name}"
            if name in register.names("population"):
                problems += outside_range(register[name], value, called, where)
            else:
                problems.append(Problem(called, where, repr(value), "a parameter of the population"))
        found[key] = mix
    if problems:
        raise BadInput(problems)
    return found


def control_arm_ladder(
    studies: Mapping[str, Study], table: pd.DataFrame, details: pd.DataFrame, register: Register, seed: int
) -> pd.DataFrame:
    """One row per rung, lowest published first, with `COLUMNS`; `table` and `details` are those of a `Validation`.

    The reach is computed at the register's values under conservative care, with its Monte Carlo standard error at the
    upper end.
    """
    rungs = table.assign(rung=details["ladder"])
    mixes = load_case_mixes(register)
    rows = []
    for row in rungs[rungs["rung"] != ""].to_dict("records"):
        study = studies[str(row["study"])]
        quantity = next(q for q in study.quantity if q.name == row["quantity"])
        ends = [_risk(mix, quantity.measure, quantity.times[1], register, seed) for mix in mixes.values()]
        low, high = min(ends), max(ends)
        rows.append(
            {
                "rung": row["rung"],
                "study": row["study"],
                **{name: row[name] for name in COLUMNS[2:8]},
                "reach_low": low,
                "reach_high": high,
                "reach_se": float(np.sqrt(high * (1.0 - high) / LIVES)),
                "within_reach": bool(low <= row["observed"] <= high),
            }
        )
    return pd.DataFrame(rows, columns=COLUMNS).sort_values("observed", kind="stable").reset_index(drop=True)


def _risk(mix: CaseMix, measure: str, t: float, register: Register, seed: int) -> float:
    """Share with an event by `t` years under conservative care."""
    params = parameter_draws(register, VIEW)
    for name, value in mix.population.items():
        params[name] = value
    ages, log_hazards = load_life_table(COUNTRY, PERIOD).to_arrays()
    setting = GroupSetting(entry_record(Criteria()), ages, log_hazards, t, seed_of(seed, mix.description) >> 1)
    lives, _ = setting.lives(params[0], policy_records([Policy()], register.therapies)[0], 0, LIVES, np.zeros(0))
    return statistic(measure, Seen(lives, np.full(len(lives), np.nan)), t)
