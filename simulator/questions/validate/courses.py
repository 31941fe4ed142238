"""What studies observed of people without cells and without angioplasty, to be laid over simulated courses."""

from __future__ import annotations

import pandas as pd

from simulator.questions.validate.observed import observed
from simulator.questions.validate.reading import as_published
from simulator.questions.validate.study import Group

OUTCOMES = ("death", "major_amputation", "amputation_free_survival", "healing_without_amputation")
KINDS = ("natural history", "blinded trial", "negative control")
COLUMNS = ["study", "label", "outcome", "time_years", "latest_years", "value", "low", "high", "people"]


def observed_courses() -> pd.DataFrame:
    """Shares of all people of a group under conservative care, with 95% intervals where the study's size is known.

    One row per study, group and time: study, label, outcome, time_years, latest_years (the same, or the end of a time that is not
    reported exactly), value, low, high, people. Raises BadInput with every fault of the studies' files.
    """
    rows = []
    for name, study in as_published().items():
        if study.kind not in KINDS:
            continue
        for quantity in study.quantity:
            plain = all(_untreated(study.groups[group]) for group in quantity.groups)
            whole = not quantity.against and not quantity.among
            if quantity.measure not in OUTCOMES or not (plain and whole and quantity.usable):
                continue
            seen = observed(quantity, study)
            start, end = quantity.times
            rows.append((name, study.label, quantity.measure, start, end, seen.value, seen.low, seen.high, seen.n))
    return pd.DataFrame(rows, columns=COLUMNS)


def _untreated(group: Group) -> bool:
    care = group.care
    return care.cell_therapy.doses == 0 and care.assumed_doses is None and not care.therapies
