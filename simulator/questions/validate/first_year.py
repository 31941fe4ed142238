"""The end of the founding cohort's follow-up, predicted from a fit to its first year alone."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from simulator.evidence.posterior import FIRST_YEAR, parameter_draws, posterior_rows, posterior_table
from simulator.evidence.shipped import shipped
from simulator.evidence.targets import load_targets
from simulator.founding.predicted import predictive_table
from simulator.scenario import load_scenario

LATER = ("end_", "healing_days_end", "walking_end", "below_knee")
"""How the targets begin that the first year does not contain."""


def first_year_draws(path: Path | None = None) -> pd.DataFrame | None:
    """The draws of the first-year fit; None where they have not been made."""
    return posterior_table(path or shipped("calibration") / FIRST_YEAR)


def end_of_follow_up(count: int, seed: int, path: Path | None = None) -> pd.DataFrame | None:
    """Target, observed, predicted, low, high, inside of what came after the first year; None without the draws.

    One cohort of the study's size per draw; parameters that are not fitted follow the register.
    """
    fitted = first_year_draws(path)
    if fitted is None:
        return None
    scenario = load_scenario("founding_cohort")
    data, _ = load_targets()
    draws = parameter_draws(scenario.register, count, seed)
    rows = posterior_rows(len(fitted), count, seed)
    for name in fitted.columns:
        draws[name] = fitted[name].to_numpy()[rows]
    table = predictive_table(scenario, data, scenario.parameter_draws(draws), seed)
    return table[table["target"].str.startswith(LATER)].reset_index(drop=True)
