"""What studies observed of people without cells and without angioplasty, to be laid over simulated courses."""

from __future__ import annotations

import pandas as pd

from simulator.evidence.sources import load_sources
from simulator.studies.observed import observed
from simulator.studies.reading import as_published
from simulator.studies.study import Group

OUTCOMES = ("death", "major_amputation", "amputation_free_survival", "healing_without_amputation")
KINDS = ("natural history", "blinded trial", "negative control")
COLUMNS = ["study", "label", "group", "outcome", "time_years", "latest_years", "value", "low", "high", "people"]
COLUMNS += ["grade", "source"]


def observed_courses() -> pd.DataFrame:
    """Shares of all people of a group under conservative care, with 95% intervals where the study's size is known.

    One row per study, group and time: study, label, group, outcome, time_years, latest_years (the same, or the end of a time
    that is not reported exactly), value, low, high, people, grade (how far the number was read), source. Raises BadInput with
    every fault of the studies' files.
    """
    sources = load_sources()
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
            whom = ", ".join(study.groups[each].label or heading(each) for each in quantity.groups)
            cited = study.citation or "; ".join(sources[key].citation for key in study.source)
            what = quantity.measure, start, end, seen.value, seen.low, seen.high, seen.n
            rows.append((name, study.label, whom, *what, quantity.evidence, cited))
    return pd.DataFrame(rows, columns=COLUMNS)


def heading(name: str) -> str:
    """A group's name as people read it: `air_arm` becomes ``Air arm``."""
    words = name.replace("_", " ")
    return words[:1].upper() + words[1:]


def _untreated(group: Group) -> bool:
    care = group.care
    return care.cell_therapy.doses == 0 and care.assumed_doses is None and not care.therapies
