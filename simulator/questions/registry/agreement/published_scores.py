"""Published prognostic scores on the same people: how each orders them, beside the model, TcPO2 alone and age alone."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from simulator.evidence.reading import read_toml
from simulator.evidence.shipped import shipped
from simulator.questions.registry.agreement.agreement import TIMES, enough, judged
from simulator.questions.registry.agreement.predicted import OUTCOMES
from simulator.questions.registry.people.people import People
from simulator.questions.registry.people.privacy import SMALLEST, rounded
from simulator.statistics.endpoints.accuracy import accuracy
from simulator.words.errors import BadInput, Problem
from simulator.words.luck import generator
from simulator.words.vocabulary import Renal

Array = NDArray[np.float64]
FILE = "prognostic_scores.toml"
REFUSED = "refused"
ORDERS = ["score", "outcome", "time_years", "people", "c", "c_low", "c_high", "missing"]
ENDPOINTS = ("died", "amputated_or_died")


@cache
def published() -> dict[str, Any]:
    """The scores of `calibration/prognostic_scores.toml`, and under `refused` those that cannot be computed, with why."""
    problems: list[Problem] = []
    table = read_toml(shipped("calibration") / FILE, FILE, problems)
    if problems:
        raise BadInput(problems)
    return table


def computable() -> dict[str, Any]:
    """The published scores whose inputs the model's patients have."""
    return {name: each for name, each in published().items() if name != REFUSED}


def never_computed() -> list[str]:
    """The published scores that the model's patients have too little for, by name and with what is missing."""
    return list(published()[REFUSED].values())


def of_enough(values: Array, smallest: int) -> bool:
    """Whether a score is known of more people than a few, and of more than half."""
    return bool(np.isfinite(values).sum() > max(smallest, 0.5 * len(values)))


def points(score: Mapping[str, Any], people: People) -> Array:
    """A score's points, or its sum of log hazard ratios, of each person; NaN where something that it reads is not known.

    What the model's patients do not have counts as absent.
    """
    age, renal, rutherford = (people.column(name) for name in ("age", "renal", "rutherford"))
    male, heart, infection = (people.column(name) for name in ("male", "ischaemic_heart_disease", "infection"))
    terms = {
        "woman": 1.0 - male,
        "renal_moderate": of_class(renal, Renal.MODERATE),
        "renal_severe": of_class(renal, Renal.SEVERE),
        "dialysis": of_class(renal, Renal.DIALYSIS),
        "infection": infection,
        "heart": heart,
        "tissue_loss": np.where(np.isnan(rutherford), np.nan, rutherford > 4.5),
    }
    total = np.zeros(len(people))
    for name, values in terms.items():
        if name in score:
            total = total + score[name] * values
    # Of several limits of age the highest that is reached counts.
    limits = sorted(int(name.removeprefix("age_")) for name in score if name.startswith("age_"))
    of_age = np.where(np.isnan(age), np.nan, 0.0)
    for limit in limits:
        of_age = np.where(age >= limit, score[f"age_{limit}"], of_age)
    return np.asarray(total + of_age if limits else total)


def of_class(renal: Array, which: Renal) -> Array:
    """1 for a renal class, 0 for others, NaN where it is not known."""
    return np.where(np.isnan(renal), np.nan, renal == float(which))


def order_table(
    people: People, predictions: Mapping[str, Array], smallest: int = SMALLEST, seed: int = 1
) -> pd.DataFrame:
    """`ORDERS`: the C-index with 95% limits of each score and prediction, all on the same people: those of whom every score
    that is computed is known. A score is computed where enough people have what it reads.

    `predictions` maps a name to risks (people, `OUTCOMES`, `TIMES`).
    """
    scores = computable()
    found = {name: points(each, people) for name, each in scores.items()}
    found |= {"tcpo2_alone": -people.column("tcpo2_measured"), "age_alone": people.column("age")}
    found = {name: values for name, values in found.items() if of_enough(values, smallest)}
    complete = np.ones(len(people), bool)
    for values in found.values():
        complete &= np.isfinite(values)
    rows = []
    for outcome in ENDPOINTS:
        kept, time, code = judged(people, outcome)
        inside = complete[kept]
        time, code = time[inside], code[inside]
        for k, at in enumerate(TIMES):
            if not enough(time, code, at, smallest):
                continue
            own = {
                name: values
                for name, values in found.items()
                if name not in scores or scores[name]["endpoint"] == outcome
            }
            place = OUTCOMES.index(outcome)
            own |= {f"model_{name}": risks[:, place, k] for name, risks in predictions.items()}
            for name, values in own.items():
                c, _, _ = accuracy(time, code, values[kept][inside], at, generator(seed, "scores", outcome, k))
                missing = ", ".join(scores[name]["missing"]) if name in scores else ""
                told = (round(x, 2) for x in (c.value, c.low, c.high))
                rows.append((name, outcome, at, rounded(len(time), smallest), *told, missing))
    return pd.DataFrame(rows, columns=ORDERS)


def refusals(people: People, smallest: int = SMALLEST) -> list[str]:
    """Scores that are not computed and why, by name."""
    unknown = [
        f"{each['label']}: too few people have what it reads"
        for each in computable().values()
        if not of_enough(points(each, people), smallest)
    ]
    return [*unknown, *never_computed()]
