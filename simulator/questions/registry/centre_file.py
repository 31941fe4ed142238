"""The hospital as a scenario: where it lies among all, and its case mix where enough of it is known."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import tomli_w
from numpy.typing import NDArray

from simulator.centre.own import evidence_of_draws
from simulator.evidence.hospitals import OFFSETS
from simulator.evidence.register import load_register
from simulator.questions.registry.offsets.offsets import Update
from simulator.questions.registry.people.described import class_shares
from simulator.questions.registry.people.people import People
from simulator.questions.registry.people.privacy import SMALLEST, hidden, share

ENOUGH = 0.5
"""Share of people of whom a characteristic must be known to set the case mix."""
SHARES = {
    "male_share": "male",
    "ischaemic_heart_disease_share": "ischaemic_heart_disease",
    "infection_share": "infection",
    "gangrene_share": "gangrene",
}
OF_WOUNDS = ("infection_share", "gangrene_share")
"""Shares of those who have a wound."""
CLASSES = {
    "rutherford": {"rest_pain_share": 4.0, "": 5.0, "severe_tissue_loss_share": 6.0},
    "renal": {"": 0.0, "renal_moderate_share": 1.0, "renal_severe_share": 2.0, "renal_dialysis_share": 3.0},
}
"""Parameters -> class; the class without a parameter is what the others leave."""
HEAD = """\
# Written by clti patients: where this hospital lies by what became of each of its people, and who they are.
# Under [evidence.centre]: joint draws of the logarithms of the ratios of its rates to the founding hospital's.
# What is not here was not known of enough people, or would tell of few: it is as at the average hospital.
"""


def centre_table(people: People, update: Update | None, label: str, smallest: int = SMALLEST) -> dict[str, Any]:
    """The hospital as the tables of a scenario; an average hospital without `update`.

    Offsets have two decimals, which no person moves.
    """
    table: dict[str, Any] = {"extends": "base", "label": label}
    if parameters := case_mix(people, smallest):
        table["parameters"] = parameters
    if update is None:
        return table | {"evidence": {"centre": "average"}}
    own: dict[str, Any] = {name: rounded_list(update.after[:, k]) for k, name in enumerate(OFFSETS)}
    own |= {"point": rounded_list(update.point), "draws": len(update.drawn), "evidence": evidence_of_draws()}
    return table | {"evidence": {"centre": own}}


def centre_toml(table: Mapping[str, Any]) -> str:
    """A scenario file for `clti compare` and, as ``--centre``, for every other command."""
    upper = {key: value for key, value in table.items() if key != "evidence"}
    text, centre = HEAD + tomli_w.dumps(upper), table["evidence"]["centre"]
    if isinstance(centre, str):
        return text + f'\n[evidence]\ncentre = "{centre}"\n'
    # A line a list, which a writer of TOML would spread over hundreds.
    lines = [f"{key} = {json.dumps(value)}" for key, value in centre.items()]
    return text + "\n".join(["", "[evidence.centre]", *lines, ""])


def rounded_list(values: NDArray[np.float64]) -> list[float]:
    """Numbers to two decimals, without minus zero."""
    return [round(float(value), 2) + 0.0 for value in values]


def case_mix(people: People, smallest: int = SMALLEST) -> dict[str, float]:
    """Parameters of the population that enough is known of, without those that tell of few people.

    A number that the model cannot have, such as no variation of age, is left out.
    """
    least = max(smallest + 1, ENOUGH * len(people))
    found: dict[str, float] = {}
    age = people.column("age")
    age = age[np.isfinite(age)]
    if len(age) >= least:
        found["age_mean"], found["age_sd"] = round(float(age.mean()), 1), round(float(age.std(ddof=1)), 1)
    for parameter, name in SHARES.items():
        values = people.column(name)
        known = values[np.isfinite(values) & ~((people.column("rutherford") < 4.5) & (parameter in OF_WOUNDS))]
        if len(known) >= least and not hidden(int(known.sum()), len(known), smallest):
            found[parameter] = share(int(known.sum()), len(known))
    for name, levels in CLASSES.items():
        if np.isfinite(people.column(name)).sum() < least:
            continue
        parts = class_shares(people, name, list(levels.values()), smallest)
        # A class mix is taken as a whole or not at all: some of its shares beside others of the average are nobody's.
        if not any(math.isnan(part) for part in parts):
            found |= {parameter: part for parameter, part in zip(levels, parts, strict=True) if parameter}
    register = load_register()
    possible = {name: register[name].range for name in found}
    return {name: value for name, value in found.items() if possible[name][0] <= value <= possible[name][1]}
