"""Scores of a forecast once the trial has reported, beside those of whoever averages published arms."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from simulator.questions.forecast.predicted import predictive
from simulator.questions.forecast.reading import Results
from simulator.questions.forecast.registered import RegisteredTrial

SCORES = ["trial", "view", "endpoint", "arm", "events", "n", "expected", "log_score", "pit", "inside_95"]
VERDICTS = ["trial", "view", "chance", "success", "brier"]


def scores(name: str, results: Results, tables: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """A row per view (and the competitor's, `naive`) and reported number, with columns `SCORES`.

    `log_score` is the logarithm of the probability that the forecast gave to the number reported, for as many people as
    were reported (higher is better; Gneiting and Raftery, J Am Stat Assoc 2007;102:359,
    doi:10.1198/016214506000001437). `pit` is the mid-point probability integral transform.
    """
    risks = tables["risks"]
    rows = []
    for each in results.result:
        here = risks[(risks["endpoint"] == each.endpoint) & (risks["arm"] == each.arm)]
        for view, of_view in here.groupby("view", sort=False):
            mass = predictive(of_view["risk"].to_numpy(), each.n)
            reached = np.cumsum(mass)
            pit = float(reached[each.events] - 0.5 * mass[each.events])
            rows.append(
                {
                    "trial": name,
                    "view": view,
                    "endpoint": each.endpoint,
                    "arm": each.arm,
                    "events": each.events,
                    "n": each.n,
                    "expected": float(mass @ np.arange(each.n + 1)),
                    "log_score": float(np.log(mass[each.events])),
                    "pit": pit,
                    "inside_95": 0.025 <= pit <= 0.975,
                }
            )
    return pd.DataFrame(rows, columns=SCORES)


def verdicts(name: str, trial: RegisteredTrial, results: Results, tables: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """Whether the stated chance was right, a row per view with columns `VERDICTS`; empty where success is not told."""
    chances = tables["chances"]
    rows = []
    if results.success is not None:
        for row in chances[chances["endpoint"] == trial.primary.name].to_dict("records"):
            chance, happened = float(row["chance"]), results.success
            brier = (chance - happened) ** 2
            rows.append({"trial": name, "view": row["view"], "chance": chance, "success": happened, "brier": brier})
    return pd.DataFrame(rows, columns=VERDICTS)
