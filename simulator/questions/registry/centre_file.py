"""The hospital as a scenario: what it counted, and its case mix where enough of it is known."""

from __future__ import annotations

import math

import numpy as np
import tomli_w

from simulator.questions.registry.described import class_shares, one_year
from simulator.questions.registry.people import People
from simulator.questions.registry.privacy import SMALLEST, hidden, share

ENOUGH = 0.5
"""Share of people of whom a characteristic must be known to set the case mix."""
SHARES = {
    "male_share": "male",
    "ischaemic_heart_disease_share": "ischaemic_heart_disease",
    "infection_share": "infection",
    "gangrene_share": "gangrene",
}
CLASSES = {
    "rutherford": {"rest_pain_share": 4.0, "": 5.0, "severe_tissue_loss_share": 6.0},
    "renal": {"": 0.0, "renal_moderate_share": 1.0, "renal_severe_share": 2.0, "renal_dialysis_share": 3.0},
}
"""Parameters -> class; the class without a parameter is what the others leave."""
HEAD = """\
# Written by clti patients: what this hospital counted by one year, and who its patients are.
# Counts: events, and as many people as would tell the same if none had been lost before.
# What is not here was not known of enough people, or would tell of few: it is as at the average hospital.
"""


def centre_toml(people: People, label: str, smallest: int = SMALLEST) -> str:
    """A scenario file for `clti compare` and, as ``--centre``, for every other command. Few events leave it near the average."""
    counts = {key: list(count) for key, count in one_year(people, smallest).items()}
    parameters = case_mix(people, smallest)
    table: dict[str, object] = {"extends": "base", "label": label}
    if counts:
        table["evidence"] = {"centre": {**counts, "years": 1.0}}
    if parameters:
        table["parameters"] = parameters
    return HEAD + tomli_w.dumps(table)


def case_mix(people: People, smallest: int = SMALLEST) -> dict[str, float]:
    """Parameters of the population that enough is known of, without those that tell of few people."""
    least = max(smallest + 1, ENOUGH * len(people))
    found: dict[str, float] = {}
    age = people.column("age")
    age = age[np.isfinite(age)]
    if len(age) >= least:
        found["age_mean"], found["age_sd"] = round(float(age.mean()), 1), round(float(age.std(ddof=1)), 1)
    for parameter, name in SHARES.items():
        values = people.column(name)
        known = values[np.isfinite(values)]
        if len(known) >= least and not hidden(int(known.sum()), len(known), smallest):
            found[parameter] = share(int(known.sum()), len(known))
    for name, levels in CLASSES.items():
        values = people.column(name)
        if np.isfinite(values).sum() < least:
            continue
        parts = class_shares(values, list(levels.values()), smallest)
        # A class mix is taken as a whole or not at all: some of its shares beside others of the average are nobody's.
        if not any(math.isnan(part) for part in parts):
            found |= {parameter: part for parameter, part in zip(levels, parts, strict=True) if parameter}
    return found
