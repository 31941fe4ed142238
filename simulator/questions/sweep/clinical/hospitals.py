"""A study's outputs at other hospitals: the average one, the founding one, and hospitals drawn at random."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from simulator.evidence.hospitals import load_hospitals, offsets_at
from simulator.questions.sweep.clinical.clinical import Clinical
from simulator.questions.sweep.methods.model import Model
from simulator.work.model import canonical

PEOPLE, PEOPLE_OF_ONE = 4_000, 500
"""Most patients at a named hospital, and of each hospital drawn at random; small studies have fewer."""
HOSPITALS = 20
"""Hospitals drawn at random."""
Z = 1.959963984540054
"""Of the 95% intervals."""
PLACES = ("average", "founding", "new")
FOUNDING = {"evidence": {"centre": "founding"}}


def at_hospitals(model: Model) -> tuple[str, pd.DataFrame] | None:
    """The hospital that a study speaks for, and its outputs there and elsewhere: output, centre, value, low, high, people.

    `people` are the simulated patients of each hospital: at a named one up to four times those of a run of the study. Every
    number is at its stated value. `low` and `high` are 95% Monte Carlo limits at a named hospital, and hold 95% of hospitals
    (with the luck of their patients) where they are drawn at random. None for a model without hospitals, and where no
    population of hospitals has been fitted.
    """
    runner, found = model.runner(), load_hospitals()
    if not isinstance(runner, Clinical) or found is None:
        return None
    centre = runner.scenario.centre
    founding = replace(model, settings=_settings(model, FOUNDING))
    parts = [_outputs(founding, name, offsets_at(found, name, HOSPITALS)) for name in PLACES]
    if centre not in PLACES:
        parts.insert(0, _outputs(model, centre, None))
    order = {output: place for place, output in enumerate(model.outputs)}
    table = pd.concat(parts).sort_values("output", key=lambda names: names.map(order), kind="stable")
    return centre, table.reset_index(drop=True)


def _settings(model: Model, difference: Mapping[str, Any]) -> str:
    """The model's settings with a difference laid over its scenario."""
    settings = json.loads(model.settings)
    overrides = settings.get("overrides", {})
    laid = {key: {**overrides.get(key, {}), **table} for key, table in difference.items()}
    return canonical({**settings, "overrides": {**overrides, **laid}})


def _outputs(model: Model, centre: str, offsets: pd.DataFrame | None) -> pd.DataFrame:
    """Outputs at hospitals with these offsets, a row each; None for the hospital of the scenario."""
    inputs = np.zeros((1, 0)) if offsets is None else offsets.to_numpy(np.float64)
    one = len(inputs) == 1
    wanted = min(PEOPLE, 4 * model.patients) if one else min(PEOPLE_OF_ONE, model.patients)
    asked = replace(model, parameters=() if offsets is None else tuple(map(str, offsets)))
    people = Clinical(asked).scenario.people_up_to(wanted)
    done = Clinical(replace(asked, patients=people)).evaluate(inputs, np.arange(len(inputs), dtype=np.int64), 0)
    found, errors = np.asarray(done.values), done.errors[0]
    values = found.mean(axis=0)
    low, high = (values - Z * errors, values + Z * errors) if one else np.quantile(found, [0.025, 0.975], axis=0)
    told = {"centre": centre, "value": values, "low": low, "high": high, "people": people}
    return pd.DataFrame({"output": list(model.outputs), **told})
