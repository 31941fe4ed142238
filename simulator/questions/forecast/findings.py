"""Forecasts, and scores where a trial has reported, as tables and facts that can be told."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from simulator.evidence.publications import publications
from simulator.evidence.register import Register
from simulator.evidence.sources import references
from simulator.questions.forecast.predicted import Forecast
from simulator.questions.forecast.reading import Results
from simulator.questions.forecast.registered import RegisteredTrial
from simulator.questions.forecast.running import overall, tally, with_earlier
from simulator.questions.forecast.scoring import scores, verdicts
from simulator.questions.forecast.sealed import sha256
from simulator.questions.forecast.validation_file import validation_toml
from simulator.words.citations import joined
from simulator.words.findings import Findings

MADE_AFTERWARDS = (
    "The forecast was made now, when the result was known: it shows what the model says and proves no foresight. "
    "--sealed scores the one that was made before."
)


def findings(
    trials: Mapping[str, RegisteredTrial],
    forecasts: Mapping[str, Forecast],
    register: Register,
    sealed: Mapping[str, str],
    inputs: Mapping[str, bytes],
    settings: Mapping[str, Any],
    seed: int,
    results: Results | None = None,
    made_before: bool = False,
    earlier: Path | None = None,
) -> Findings:
    """Every table with the trial's name in front, and the `sealed` text of each trial as ``forecast_NAME.json``.

    With `results`, `made_before` says that the forecast is one that was sealed before they were known, and `earlier` is the
    running table of trials scored before.
    """
    tables = {
        name: pd.concat([each.tables[name].assign(trial=trial) for trial, each in forecasts.items()], ignore_index=True)
        for name in ("arms", "contrasts", "chances", "risks")
    }
    tables = {name: table[["trial", *table.columns.drop("trial")]] for name, table in tables.items()}
    files = {_file(name): content for name, content in sealed.items()}
    facts: dict[str, Any] = {
        "trials": [_described(name, trial, register, files[_file(name)]) for name, trial in trials.items()],
        "labels": {
            "trial": {name: trial.label for name, trial in trials.items()},
            "arm": {arm: group.label or arm for trial in trials.values() for arm, group in trial.groups.items()},
        },
        "draws": settings["draws"],
        "results": None,
        "warnings": [],
        "references": joined(
            [
                *publications(register),
                *references((key for trial in trials.values() for key in trial.source), register.sources),
                *({"citation": trial.citation, "doi": ""} for trial in trials.values() if trial.citation),
            ]
        ),
    }
    if results is not None:
        name, trial = results.forecast, trials[results.forecast]
        tables["scores"] = scores(name, results, forecasts[name].tables)
        tables["verdicts"] = verdicts(name, trial, results, forecasts[name].tables)
        proof = sha256(files[_file(name)].encode()) if made_before else ""
        tables["running"] = with_earlier(tally(trial, results, tables["scores"], tables["verdicts"], proof), earlier)
        tables["overall"] = overall(tables["running"])
        facts["labels"]["trial"] |= dict(zip(tables["running"]["trial"], tables["running"]["label"], strict=True))
        if not made_before:
            facts["warnings"].append(MADE_AFTERWARDS)
        facts["results"] = {
            "trial": results.forecast, "citation": results.citation, "reported": results.reported.isoformat(),
            "success": results.success,
        }  # fmt: skip
        files[f"{results.forecast}.toml"] = validation_toml(trials[results.forecast], results)
    return Findings("forecast", tables, facts, inputs=inputs, seed=seed, settings=settings, files=files)


def _file(name: str) -> str:
    """The file that holds the sealed forecast of a trial."""
    return f"forecast_{name}.json"


def _described(name: str, trial: RegisteredTrial, register: Register, content: str) -> dict[str, Any]:
    return {
        "name": name,
        "label": trial.label,
        "registration": trial.registration,
        "description": trial.description,
        "looked": {"date": trial.looked_for_results.date.isoformat(), "where": trial.looked_for_results.where},
        "assumptions": list(trial.assumptions),
        "citations": [register.sources[each].citation for each in trial.source]
        + [trial.citation] * bool(trial.citation),
        "primary": trial.primary.name,
        "own_criterion": trial.primary.own_criterion,
        "stands_for": trial.primary.stands_for,
        "test": trial.primary.test,
        "level": trial.primary.two_sided_level,
        "arms": {arm: group.n for arm, group in trial.groups.items()},
        "sha256": sha256(content.encode()),
    }
