"""The hospital as a scenario: what it counted, and its case mix where enough of it is known."""

from __future__ import annotations

import numpy as np
import tomli_w

from simulator.questions.registry.described import column, one_year
from simulator.questions.registry.people import People
from simulator.questions.registry.privacy import SMALLEST

ENOUGH = 0.5
"""Share of people of whom a characteristic must be known to set the case mix."""
PARAMETERS = {
    "age_mean": ("age", "mean"),
    "age_sd": ("age", "sd"),
    "male_share": ("male", "mean"),
    "ischaemic_heart_disease_share": ("ischaemic_heart_disease", "mean"),
    "infection_share": ("infection", "mean"),
    "gangrene_share": ("gangrene", "mean"),
}


def centre_toml(people: People, label: str, smallest: int = SMALLEST) -> str:
    """A scenario file for `clti compare` and, as ``--centre``, for every other command. Few events leave it near the average."""
    counts = {key: list(count) for key, count in one_year(people).items() if count[1] > smallest}
    parameters: dict[str, float] = {}
    for name, (of, statistic) in PARAMETERS.items():
        values = column(people, of)
        known = values[np.isfinite(values)]
        if len(known) > max(smallest, ENOUGH * len(people)):
            parameters[name] = round(float(known.mean() if statistic == "mean" else known.std(ddof=1)), 2)
    for level, value in (("rest_pain_share", 4.0), ("severe_tissue_loss_share", 6.0)):
        values = column(people, "rutherford")
        known = values[np.isfinite(values)]
        if len(known) > max(smallest, ENOUGH * len(people)):
            parameters[level] = round(float((known == value).mean()), 2)
    renal = column(people, "renal")
    known = renal[np.isfinite(renal)]
    if len(known) > max(smallest, ENOUGH * len(people)):
        for name, value in (("renal_moderate_share", 1.0), ("renal_severe_share", 2.0), ("renal_dialysis_share", 3.0)):
            parameters[name] = round(float((known == value).mean()), 2)
    table: dict[str, object] = {"extends": "base", "label": label}
    if counts:
        table["evidence"] = {"centre": {**counts, "years": 1.0}}
    if parameters:
        table["parameters"] = parameters
    head = "# Written by clti patients: what this hospital counted by one year, and who its patients are.\n"
    return head + tomli_w.dumps(table)
