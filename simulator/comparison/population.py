"""Who the patients are, beside the founding study's Table 1."""

from __future__ import annotations

from collections.abc import Iterator
from math import nan, sqrt
from typing import NamedTuple

import numpy as np
import pandas as pd

from simulator.calibration.targets import load_targets
from simulator.evidence.register import Register
from simulator.vocabulary import ARTERIES, Renal

SHARES = {
    "male": "Men",
    "ischaemic_heart_disease": "Ischaemic heart disease",
    "infection": "Infected wound",
    "osteomyelitis": "Osteomyelitis",
    "gangrene": "Gangrene",
    "heel": "Heel wound",
    "right_limb": "Right limb",
}
MEANS = {"age": "Age, years", "diabetes_years": "Duration of diabetes, years"}
BEYOND_TABLE_1 = {
    "ankle_pressure_low": "Low ankle pressure",
    "leiden": "Factor V Leiden",
    "mthfr": "MTHFR 677 TT",
    "small_ev_high": "High share of small vesicles",
    "angioplasty_suitable": "Angioplasty possible",
}


class Row(NamedTuple):
    """One number about the patients; `published` is the founding study's, NaN where it has none."""

    characteristic: str
    statistic: str
    value: float
    se: float
    published: float


def population_table(people: pd.DataFrame, register: Register) -> pd.DataFrame:
    """Characteristics at referral: characteristic, statistic (mean, sd, share), value, se, published.

    `people` has one row per patient. Shares are among everybody. `published` is Table 1 of the founding study, as the
    register and the targets have it.
    """
    return pd.DataFrame(_rows(people, register))


def _rows(people: pd.DataFrame, register: Register) -> Iterator[Row]:
    published = {p.name: p.value for p in register.parameters if p.grade == "published"}
    for column, label in MEANS.items():
        yield from _mean(
            label, people[column], published.get(f"{column}_mean", nan), published.get(f"{column}_sd", nan)
        )
    for column, label in SHARES.items():
        yield _share(label, people[column], published.get(f"{column}_share", nan))
    enrolment, _ = load_targets()
    yield from _mean("TcPO2 measured, mmHg", people["tcpo2_measured"], *enrolment.enrolment[:2])
    arteries = people[[f"artery_{name}" for name in ARTERIES]]
    shares = [published.get(f"{name}_share", nan) for name in ARTERIES]
    yield from _mean("Diseased arterial sites", arteries.sum(axis=1), float(np.sum(shares)), nan)
    for name, share in zip(ARTERIES, shares, strict=True):
        yield _share(f"{name.replace('_', ' ').capitalize()} artery", people[f"artery_{name}"], share)
    yield from _mean("TcPO2 true, mmHg", people["tcpo2"], nan, nan)
    for rutherford in (4, 5, 6):
        yield _share(f"Rutherford {rutherford}", people["rutherford"] == rutherford, nan)
    for renal in Renal:
        name = renal.name.lower()
        words = {Renal.NORMAL: "Normal renal function", Renal.DIALYSIS: "Dialysis"}
        yield _share(words.get(renal, f"{name.capitalize()} renal impairment"), people["renal"] == name, nan)
    for column, label in BEYOND_TABLE_1.items():
        yield _share(label, people[column], nan)


def _mean(label: str, values: pd.Series[float], mean: float, sd: float) -> Iterator[Row]:
    spread, n = float(values.std()), len(values)
    yield Row(label, "mean", float(values.mean()), spread / sqrt(n), mean)
    yield Row(label, "sd", spread, _se_of_sd(values), sd)


def _se_of_sd(values: pd.Series[float]) -> float:
    """Standard error of a standard deviation by the delta method, from the fourth central moment."""
    centred = values.to_numpy(np.float64) - values.mean()
    variance = float(np.mean(centred**2))
    if variance == 0.0:
        return 0.0
    return float(np.sqrt((np.mean(centred**4) - variance**2) / len(values)) / (2.0 * np.sqrt(variance)))


def _share(label: str, values: pd.Series[bool], published: float) -> Row:
    p = float(values.mean())
    return Row(label, "share", p, sqrt(p * (1.0 - p) / len(values)), published)


def treatment_table(people: pd.DataFrame) -> pd.DataFrame:
    """What each policy does to whom: policy, measure, mean, se, n.

    Shares of everybody who are tested, treated with cells and dilated, and treatments given per person treated.
    """
    rows = []
    for policy, group in people.groupby("policy", sort=False, observed=True):
        measures = {
            "tested": group["tested"],
            "treated": group["doses"] > 0,
            "dilated": group["angioplasties"] > 0,
            "doses_per_person_treated": group.loc[group["doses"] > 0, "doses"],
        }
        for measure, values in measures.items():
            x = values.astype(float)
            se = float(x.std() / np.sqrt(len(x))) if len(x) > 1 else nan
            rows.append((policy, measure, float(x.mean()) if len(x) else nan, se, len(x)))
    return pd.DataFrame(rows, columns=["policy", "measure", "mean", "se", "n"])
