"""Observed against simulated: every published number of the founding cohort, with its interval."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from simulator.evidence.targets import Contrast, Founding
from simulator.founding.founding import FoundingCohort
from simulator.founding.predicted import observed_targets, simulated_targets
from simulator.founding.summaries import summarise
from simulator.questions.calibrate.surface import changes, contrasts
from simulator.scenario.scenario import Scenario

Array = NDArray[np.float64]
BATCHES = 40


def targets_table(
    scenario: Scenario, data: Founding, views: dict[str, Contrast], patients: int, seed: int
) -> pd.DataFrame:
    """Target, observed, low, high, simulated, se, inside: the founding cohort and the randomised contrasts.

    Simulated at the register's fitted values; the standard error is that of the simulation, from batches of patients.
    """
    params = scenario.params()
    each = max(50, patients // BATCHES)
    cohort = FoundingCohort(scenario, data, each * BATCHES, seed)
    lives = cohort.lives(params)
    whole = simulated_targets(summarise(lives, data)[None])[0]
    parts = np.array([summarise(part, data) for part in np.split(lives, BATCHES)])
    se = np.nanstd(simulated_targets(parts), axis=0, ddof=1) / BATCHES**0.5
    rows: list[dict[str, Any]] = [
        {"target": name, "observed": seen, "low": low, "high": high, "simulated": float(value), "se": float(error)}
        for (name, seen, low, high), value, error in zip(observed_targets(data), whole, se, strict=True)
    ]
    rows += contrast_rows(scenario, cohort, views)
    table = pd.DataFrame(rows)
    table["inside"] = (table["simulated"] >= table["low"]) & (table["simulated"] <= table["high"])
    return table


def contrast_rows(scenario: Scenario, cohort: FoundingCohort, views: dict[str, Contrast]) -> Iterator[dict[str, Any]]:
    """Randomised contrasts, observed and simulated, for each view that has one."""
    few = FoundingCohort(scenario, cohort.data, cohort.patients // BATCHES, cohort.seed)
    for view, contrast in views.items():
        share = scenario.register[f"attributable_share_{view}"].value
        params = scenario.params({"attributable_share": share})
        whole = contrasts(cohort.statistics(params)[None])
        parts = contrasts(np.array([few.statistics(params, k * few.patients) for k in range(BATCHES)]))
        half = 1.96 * contrast.log_risk_ratio_se
        se = [float(np.std(part, ddof=1)) / BATCHES**0.5 for part in parts]
        ratio = float(np.exp(whole[0][0]))
        yield {
            "target": f"risk_ratio_{view}",
            "observed": float(np.exp(contrast.log_risk_ratio)),
            "low": float(np.exp(contrast.log_risk_ratio - half)),
            "high": float(np.exp(contrast.log_risk_ratio + half)),
            "simulated": ratio,
            "se": ratio * se[0],
        }
        if contrast.tcpo2 is not None and contrast.tcpo2_se is not None:
            half = 1.96 * contrast.tcpo2_se
            yield {
                "target": f"tcpo2_difference_{view}",
                "observed": contrast.tcpo2,
                "low": contrast.tcpo2 - half,
                "high": contrast.tcpo2 + half,
                "simulated": float(whole[1][0]),
                "se": se[1],
            }
        for arm in contrast.arms:
            column = 0 if arm.early else 1
            each = [float(changes(few.statistics(params, k * few.patients)[None])[0, column]) for k in range(BATCHES)]
            yield {
                "target": f"tcpo2_untreated_{'early' if arm.early else 'later'}",
                "observed": arm.change,
                "low": arm.change - 1.96 * arm.sd,
                "high": arm.change + 1.96 * arm.sd,
                "simulated": float(changes(cohort.statistics(params)[None])[0, column]),
                "se": float(np.std(each, ddof=1)) / BATCHES**0.5,
            }
