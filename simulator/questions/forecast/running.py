"""The running table of scored trials: a row for each trial and view of the evidence, kept from one result to the next."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from simulator.questions.forecast.predicted import DIGITS
from simulator.questions.forecast.reading import Results
from simulator.questions.forecast.registered import RegisteredTrial
from simulator.words.errors import BadInput, Problem

RUNNING = ["trial", "label", "registration", "reported", "view", "reported_numbers", "log_score", "numbers_inside_95",
           "chance", "success", "brier", "sha256"]  # fmt: skip
NUMBERS = {"reported_numbers": "", "log_score": "", "numbers_inside_95": "", "chance": " or nothing", "success": " or nothing",
           "brier": " or nothing"}  # fmt: skip
"""Columns of a running table that are numbers, and what else each of their cells may be."""
OVERALL = ["view", "scored_trials", "reported_numbers", "log_score", "inside_95", "chance", "success", "brier"]


def tally(
    trial: RegisteredTrial, results: Results, scores: pd.DataFrame, verdicts: pd.DataFrame, sha256: str
) -> pd.DataFrame:
    """The rows of one trial, columns `RUNNING`: `log_score` summed over its reported numbers, and the chance of success.

    `sha256` is the hash of the forecast that was sealed before the results, "" for one made afterwards. What was not reported
    is NaN.
    """
    rows = []
    for view in dict.fromkeys([*scores["view"], *verdicts["view"]]):
        own, chance = scores[scores["view"] == view], verdicts[verdicts["view"] == view]
        told = dict.fromkeys(("chance", "success", "brier"), float("nan"))
        if len(chance):
            told = {name: float(chance[name].iloc[0]) for name in told}
        rows.append(
            {
                "trial": results.forecast,
                "label": trial.label,
                "registration": trial.registration,
                "reported": results.reported.isoformat(),
                "view": view,
                "reported_numbers": len(own),
                "log_score": float(own["log_score"].sum()),
                "numbers_inside_95": int(own["inside_95"].sum()),
                **told,
                "sha256": sha256,
            }
        )
    return pd.DataFrame(rows, columns=RUNNING).round(DIGITS)


def with_earlier(new: pd.DataFrame, file: Path | None) -> pd.DataFrame:
    """The rows kept in `file` with the `new` ones after them; those of the same trial make room.

    Raises BadInput for a file that is no running table, and for every cell of it that should be a number and is none.
    """
    if file is None or not file.exists():
        return new
    try:
        kept = pd.read_csv(file, dtype=str, keep_default_na=False)
    except (OSError, ValueError) as error:
        raise BadInput([Problem(str(file), "file", str(error), "a running table of scores (CSV)")]) from None
    if list(kept.columns) != RUNNING:
        found = ", ".join(map(str, kept.columns[:4]))
        raise BadInput([Problem(str(file), "columns", found, f"those of a running table: {', '.join(RUNNING)}")])
    problems = []
    for name, otherwise in NUMBERS.items():
        cells, kept[name] = kept[name], pd.to_numeric(kept[name], errors="coerce")
        wrong = kept[name].isna() & ~(cells.eq("") & bool(otherwise))
        problems += [
            Problem(str(file), f"row {row + 2}, {name}", repr(cells[row]), f"a number{otherwise}")
            for row in kept.index[wrong]
        ]
    if problems:
        raise BadInput(problems)
    others = kept[~kept["trial"].isin(new["trial"])]
    return new if others.empty else pd.concat([others, new], ignore_index=True)


def overall(running: pd.DataFrame) -> pd.DataFrame:
    """The views and the competitor over all trials of a running table, columns `OVERALL`.

    `log_score` is the mean over reported numbers, `inside_95` their share within the 95% limits; `chance`, `success` and
    `brier` are means over the trials that said whether they succeeded.
    """
    rows = []
    for view, own in running.groupby("view", sort=False):
        numbers = int(own["reported_numbers"].sum())
        by_number = {
            name: float(own[of].sum()) / numbers if numbers else float("nan")
            for name, of in (("log_score", "log_score"), ("inside_95", "numbers_inside_95"))
        }
        means = {name: float(own[name].mean()) for name in ("chance", "success", "brier")}
        rows.append({"view": view, "scored_trials": len(own), "reported_numbers": numbers, **by_number, **means})
    return pd.DataFrame(rows, columns=OVERALL)
