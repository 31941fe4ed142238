"""Who the patients are, beside the founding study's Table 1."""

from __future__ import annotations

from collections.abc import Iterator
from math import nan, sqrt
from typing import NamedTuple

import numpy as np
import pandas as pd

from simulator.evidence.register import Register
from simulator.evidence.targets import load_targets
from simulator.run.people import therapies_given
from simulator.words.vocabulary import ARTERIES, Renal

SHARES = ("male", "ischaemic_heart_disease", "infection", "osteomyelitis", "gangrene", "heel", "right_limb")
MEANS = ("age", "diabetes_years")
BEYOND_TABLE_1 = ("ankle_pressure_low", "leiden", "mthfr", "small_ev_high", "angioplasty_suitable")


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
    for column in MEANS:
        yield from _mean(
            column, people[column], published.get(f"{column}_mean", nan), published.get(f"{column}_sd", nan)
        )
    for column in SHARES:
        yield _share(column, people[column], published.get(f"{column}_share", nan))
    enrolment, _ = load_targets()
    yield from _mean("tcpo2_measured", people["tcpo2_measured"], *enrolment.enrolment[:2])
    arteries = people[[f"artery_{name}" for name in ARTERIES]]
    shares = [published.get(f"{name}_share", nan) for name in ARTERIES]
    yield from _mean("diseased_arteries", arteries.sum(axis=1), float(np.sum(shares)), nan)
    for name, share in zip(ARTERIES, shares, strict=True):
        yield _share(f"artery_{name}", people[f"artery_{name}"], share)
    yield from _mean("tcpo2", people["tcpo2"], nan, nan)
    for rutherford in (4, 5, 6):
        yield _share(f"rutherford_{rutherford}", people["rutherford"] == rutherford, nan)
    for renal in Renal:
        name = renal.name.lower()
        yield _share(f"renal_{name}", people["renal"] == name, nan)
    for column in BEYOND_TABLE_1:
        yield _share(column, people[column], nan)


def _mean(name: str, values: pd.Series[float], mean: float, sd: float) -> Iterator[Row]:
    spread, n = float(values.std()), len(values)
    yield Row(name, "mean", float(values.mean()), spread / sqrt(n), mean)
    yield Row(name, "sd", spread, _se_of_sd(values), sd)


def _se_of_sd(values: pd.Series[float]) -> float:
    """Standard error of a standard deviation by the delta method, from the fourth central moment."""
    centred = values.to_numpy(np.float64) - values.mean()
    variance = float(np.mean(centred**2))
    if variance == 0.0:
        return 0.0
    return float(np.sqrt((np.mean(centred**4) - variance**2) / len(values)) / (2.0 * np.sqrt(variance)))


def _share(name: str, values: pd.Series[bool], published: float) -> Row:
    p = float(values.mean())
    return Row(name, "share", p, sqrt(p * (1.0 - p) / len(values)), published)


def treatment_table(people: pd.DataFrame) -> pd.DataFrame:
    """What each policy does to whom: policy, measure, mean, se, n.

    Shares of everybody who are tested, treated with cells and given each therapy; and how often, per person given it.
    """
    rows = []
    for policy, group in people.groupby("policy", sort=False, observed=True):
        therapies = therapies_given(group)
        measures = {
            "tested": group["tested"],
            "treated": group["doses"] > 0,
            **{name: group[name] > 0 for name in therapies},
            "doses_per_person_treated": group.loc[group["doses"] > 0, "doses"],
            **{f"each_{name}": group.loc[group[name] > 0, name] for name in therapies},
        }
        for measure, values in measures.items():
            x = values.astype(float)
            se = float(x.std() / np.sqrt(len(x))) if len(x) > 1 else nan
            rows.append((policy, measure, float(x.mean()) if len(x) else nan, se, len(x)))
    return pd.DataFrame(rows, columns=["policy", "measure", "mean", "se", "n"])
