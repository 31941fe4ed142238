"""All studies predicted and judged: the table, scores beside the naive competitor's, coverage, and what the judgement rests on.

Every study is predicted by whoever does not know its numbers: the population of hospitals is weighted to leave it out.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from simulator.evidence.posterior import FIRST_YEAR
from simulator.evidence.register import Register
from simulator.evidence.sources import Source
from simulator.questions.calibrate.check import exact_interval, observed_targets
from simulator.questions.calibrate.targets import load_targets
from simulator.questions.validate.first_year import end_of_follow_up
from simulator.questions.validate.listed import Listed
from simulator.questions.validate.measures import outcome_of
from simulator.questions.validate.naive import Count, naive_pmf
from simulator.questions.validate.observed import observed
from simulator.questions.validate.prediction import MOST_LIVES, Prediction, Ready, draws_for, predict
from simulator.questions.validate.reading import POPULATION, load_studies
from simulator.questions.validate.scores import (
    COUNT_COLUMNS,
    as_scored,
    directions,
    predictive_pmf,
    score_row,
    scores,
)
from simulator.questions.validate.study import GRADES, Care, Quantity, Study
from simulator.work.execution import Way

Array = NDArray[np.float64]
COLUMNS = ("study", "quantity", "observed", "n", "low", "high", "predicted", "predicted_low", "predicted_high",
           "inside", "usable", "note")  # fmt: skip
NO_REASON = "No reason that a clinician would accept is known."
FOUNDING = "founding_cohort_later"
ROUNDING = 1e-9


@dataclass(frozen=True, eq=False)
class Validation:
    """Everything that was predicted, each study without its own numbers.

    table: one row per quantity with `COLUMNS`. details: the same rows with grade, kind, evidence, citation, the register's
    parameters that cite the study, and the Monte Carlo error of the prediction. coverage: shares inside by kind of quantity.
    counts: a row per scored count (`scores.COUNT_COLUMNS`, label, surprise, cited_by). scores: the model's beside the naive
    competitor's, and `independent` the same of studies that no parameter of the clinical course cites. directions: how many
    studies lie above and below. worst: the ten studies that surprise the model most.
    """

    studies: Mapping[str, Study]
    listed: Mapping[str, Listed]
    table: pd.DataFrame
    details: pd.DataFrame
    coverage: pd.DataFrame
    counts: pd.DataFrame
    scores: pd.DataFrame
    independent: pd.DataFrame
    directions: pd.DataFrame
    worst: pd.DataFrame

    @property
    def rows(self) -> pd.DataFrame:
        """Columns of `details` beside those of `table`."""
        return self.table.join(self.details[[c for c in self.details.columns if c not in self.table.columns]])

    @property
    def misses(self) -> pd.DataFrame:
        """Rows in which the observed number lies outside."""
        return self.rows[self.table["usable"] & (self.table["inside"] == False)]  # noqa: E712


def validate(
    studies: Mapping[str, Study],
    listed: Mapping[str, Listed],
    register: Register,
    draws: int = 1000,
    patients: int = 400,
    seed: int = 1,
    founding: bool = True,
    advance: Callable[[int], None] | None = None,
    cache: Path | None = None,
    way: Way | None = None,
) -> Validation:
    """Predict every study with `draws` parameter draws and at least `patients` lives per group and draw.

    `founding` adds the end of the founding cohort's follow-up predicted from its first year, apart from all scores. `advance`
    is called with the number of draws just done, of `draws` times the number of studies. Draws that lie in `cache` are not
    lived again; `way` says where the others are.
    """
    parameters = draws_for(register, draws, seed)
    rows: list[dict[str, Any]] = []
    predicted: list[tuple[Count, Array, dict[str, Any]]] = []
    for key, study in studies.items():
        predictions, ready = predict(key, study, register, parameters, patients, seed, advance, cache=cache, way=way)
        for quantity, prediction in zip(study.quantity, predictions, strict=True):
            row = _row(key, study, quantity, prediction, register, ready)
            rows.append(row)
            if scorable(quantity, study) and len(prediction.draws):
                predicted.append((count_of(key, study, quantity), _pmf(quantity, prediction), row))
    if founding:
        rows += _founding_rows(draws, seed)
    rows += [_listed_row(key, each, register.sources) for key, each in listed.items()]
    whole = pd.DataFrame(rows)
    whole["inside"] = whole["inside"].astype("boolean")
    whole["usable"] = whole["usable"].astype(bool)
    whole["n"] = whole["n"].astype("Int64")
    details = whole.drop(columns=[c for c in COLUMNS if c not in {"study", "quantity", "inside", "usable"}])
    counts = _counts(predicted, register, studies, seed)
    own = counts[counts["cited_by"] == ""]
    return Validation(
        studies,
        listed,
        whole[list(COLUMNS)],
        details,
        coverage(details),
        counts,
        scores(counts, seed),
        scores(own, seed),
        directions(counts),
        worst_studies(counts, studies),
    )


def scorable(quantity: Quantity, study: Study) -> bool:
    """Whether a number is scored: a count of grade A or B that was not recalled."""
    graded = (quantity.grade or study.grade) in ("A", "B") and quantity.evidence != "recalled"
    return quantity.usable and graded and quantity.counted is not None


def arm_of(study: Study, quantity: Quantity) -> str:
    """What the people of a number received, see `kind_of_care`."""
    return kind_of_care([study.groups[name].care for name in quantity.groups])


def kind_of_care(cares: Sequence[Care]) -> str:
    """therapy (angioplasty or another, also with cells), cells, or conservative care."""
    if any(care.therapies for care in cares):
        return "therapy"
    return "cells" if any(care.cell_therapy.doses for care in cares) else "conservative"


def what_is_counted(measure: str) -> tuple[str, bool]:
    """The outcome that a measure is pooled under, and whether it counts those without it."""
    survived = measure == "amputation_free_survival"
    return ("amputation or death" if survived else outcome_of(measure)), survived


def published_counts(studies: Mapping[str, Study]) -> list[Count]:
    """Every count of these studies that predictions are scored on, as the naive competitor reads it."""
    return [
        count_of(key, study, quantity)
        for key, study in studies.items()
        for quantity in study.quantity
        if scorable(quantity, study)
    ]


def count_of(key: str, study: Study, quantity: Quantity) -> Count:
    """A number as the naive competitor reads it; limbs of one person count once."""
    events, n = quantity.counted or (0, 1)
    people = quantity.people or n
    about, survived = what_is_counted(quantity.measure)
    outcome = " ".join([about, *(f"among {word}" for word in quantity.among)])
    events, n = as_scored(events * people / n, people)
    return Count(key, outcome, arm_of(study, quantity), max(sum(quantity.times) / 2.0, 1e-3), events, n, survived)


def _pmf(quantity: Quantity, prediction: Prediction) -> Array:
    _, n = quantity.counted or (0, 1)
    people = quantity.people or n
    lives = prediction.samples * min(people, MOST_LIVES)
    return predictive_pmf(prediction.draws, lives, as_scored(0, people)[1])


def _counts(
    predicted: Sequence[tuple[Count, Array, Mapping[str, Any]]],
    register: Register,
    studies: Mapping[str, Study],
    seed: int,
) -> pd.DataFrame:
    """A row per scored count. The naive competitor averages over the other shipped studies, whichever were asked for."""
    others = published_counts({**load_studies(register)[0], **studies})
    rows = []
    for count, pmf, row in predicted:
        names = {"study": count.study, "quantity": row["quantity"], "outcome": row["outcome"], "arm": count.arm}
        scored = score_row(names, count.events, pmf, naive_pmf(count, others), seed)
        surprise = float(np.log(pmf.max() / max(pmf[count.events], 1e-300)))
        rows.append(scored | {"label": row["label"], "cited_by": row["cited_by"], "surprise": surprise})
    return pd.DataFrame(rows, columns=[*COUNT_COLUMNS, "label", "cited_by", "surprise"])


def worst_studies(counts: pd.DataFrame, studies: Mapping[str, Study], most: int = 10) -> pd.DataFrame:
    """study, label, counts, surprise, log_score, naive_log_score, reason: studies whose numbers surprise the model most.

    Surprise is the mean log ratio of the probability of the most likely number to that of the observed one.
    """
    rows = []
    for key, part in counts.groupby("study"):
        study = studies[str(key)]
        reasons = dict.fromkeys(q.reason for q in study.quantity if q.reason)
        rows.append(
            {
                "study": key,
                "label": study.label,
                "counts": len(part),
                **{name: float(part[name].mean()) for name in ("surprise", "log_score", "naive_log_score")},
                "reason": " ".join(reasons) or NO_REASON,
            }
        )
    columns = ["study", "label", "counts", "surprise", "log_score", "naive_log_score", "reason"]
    table = pd.DataFrame(rows, columns=columns).sort_values("surprise", ascending=False, kind="stable")
    return table.head(most).reset_index(drop=True)


def cited_by(register: Register, sources: tuple[str, ...]) -> tuple[str, ...]:
    """Parameters of the clinical course that cite one of the sources: a study behind them is not wholly independent."""
    wanted = set(sources)
    return tuple(p.name for p in register.parameters if p.group != POPULATION and wanted & set(p.source))


def _row(
    key: str,
    study: Study,
    quantity: Quantity,
    prediction: Prediction,
    register: Register,
    ready: Mapping[str, Ready],
) -> dict[str, Any]:
    seen = observed(quantity, study)
    usable = quantity.usable and math.isfinite(seen.value) and not math.isnan(prediction.low)
    inside = prediction.low - ROUNDING <= seen.value <= prediction.high + ROUNDING if usable else None
    notes = [quantity.note]
    if inside is False:
        notes.append(quantity.reason or NO_REASON)
    behind = cited_by(register, study.source)
    citations = [register.sources[name].citation for name in study.source] + [study.citation] * bool(study.citation)
    shortfall = max(ready[g].miss for g in quantity.groups)
    return {
        "study": key,
        "quantity": quantity.name,
        "observed": seen.value,
        "n": seen.n,
        "low": seen.low,
        "high": seen.high,
        "predicted": prediction.mean,
        "predicted_low": prediction.low,
        "predicted_high": prediction.high,
        "inside": inside,
        "usable": usable,
        "note": " ".join(note for note in notes if note),
        "label": study.label,
        "grade": quantity.grade or study.grade,
        "kind": study.kind,
        "evidence": quantity.evidence,
        "outcome": outcome_of(quantity.measure),
        "share": quantity.is_share,
        "ladder": quantity.ladder,
        "predicted_se": prediction.se,
        "direction": _direction(inside, seen.value, prediction),
        "reason": quantity.reason if inside is False else "",
        "cited_by": ", ".join(behind),
        "citation": " ".join(citations),
        "baseline_miss": shortfall,
    }


def _direction(inside: bool | None, value: float, prediction: Prediction) -> str:
    if inside is not False:
        return ""
    return "predicted too low" if value > prediction.high else "predicted too high"


def _founding_rows(draws: int, seed: int) -> list[dict[str, Any]]:
    """The founding cohort after its first year; one row without a number where the first-year fit is missing."""
    table = end_of_follow_up(draws, seed)
    source = "Panunzi et al., Cardiovasc Diabetol 2022;21:196. doi:10.1186/s12933-022-01629-y"
    common = {
        "study": FOUNDING,
        "label": "Founding cohort after its first year",
        "grade": "A",
        "kind": "founding study",
        "evidence": "published",
        "outcome": "founding cohort",
        "ladder": "",
        "citation": source,
        "cited_by": "",
        "baseline_miss": 0.0,
        "predicted_se": math.nan,
    }
    if table is None:
        why = f"The fit to the first year alone has not been made: calibration/{FIRST_YEAR} is missing."
        return [_blank(common | {"quantity": "end of follow-up", "note": why})]
    data, _ = load_targets()
    limits = {name: (low, high) for name, _, low, high in observed_targets(data)}
    rows = []
    for row in table.to_dict("records"):
        seen, inside = float(row["observed"]), bool(row["inside"])
        share = 0.0 <= seen <= 1.0
        of = data.below_knee[1] if row["target"].startswith("below the knee") else data.n
        low, high = limits[row["target"]]
        prediction = Prediction(row["predicted"], math.nan, row["low"], row["high"], np.zeros(0))
        rows.append(
            common
            | {
                "quantity": row["target"].removeprefix("end of follow-up: "),
                "observed": seen,
                "n": of if share else None,
                "low": low,
                "high": high,
                "predicted": row["predicted"],
                "predicted_low": row["low"],
                "predicted_high": row["high"],
                "inside": inside,
                "usable": True,
                "note": "Predicted from a fit to the first year alone." + ("" if inside else f" {NO_REASON}"),
                "share": share,
                "direction": _direction(inside, seen, prediction),
                "reason": "",
            }
        )
    return rows


def _listed_row(key: str, each: Listed, sources: Mapping[str, Source]) -> dict[str, Any]:
    return _blank(
        {
            "study": key,
            "quantity": "none",
            "note": each.why,
            "label": each.label,
            "grade": each.grade,
            "kind": "listed",
            "evidence": "",
            "outcome": "",
            "ladder": "",
            "citation": " ".join(sources[name].citation for name in each.source),
            "cited_by": "",
            "baseline_miss": 0.0,
            "predicted_se": math.nan,
        }
    )


def _blank(known: Mapping[str, Any]) -> dict[str, Any]:
    """A row without numbers."""
    names = ("observed", "low", "high", "predicted", "predicted_low", "predicted_high")
    return {
        **dict.fromkeys(names, math.nan),
        "n": None,
        "inside": None,
        "usable": False,
        "share": False,
        "direction": "",
        "reason": "",
        **known,
    }


def coverage(details: pd.DataFrame) -> pd.DataFrame:
    """How many observed numbers lie inside their 95% predictive intervals: of, quantities, inside, share, low, high."""
    usable = details[details["usable"] & (details["study"] != FOUNDING)]
    own = details[details["usable"] & (details["study"] == FOUNDING)]
    good = usable["grade"].isin(["A", "B"])
    parts: dict[str, pd.Series[bool]] = {"grade A and B": good}
    parts |= {f"grade {grade}": usable["grade"] == grade for grade in GRADES[:3]}
    parts["grade A and B, cited by no parameter of the clinical course"] = good & (usable["cited_by"] == "")
    parts |= {
        f"grade A and B, {word}": good & (usable["evidence"] == word) for word in ("published", "derived", "recalled")
    }
    for column in ("outcome", "kind"):
        parts |= {f"grade A and B, {name}": good & (usable[column] == name) for name in dict.fromkeys(usable[column])}
    rows: list[dict[str, Any]] = []
    for name, chosen in parts.items():
        rows += _covered(name, usable[chosen])
    rows += _covered("the founding cohort after its first year", own)
    return pd.DataFrame(rows, columns=["of", "quantities", "inside", "share", "low", "high"])


def _covered(name: str, rows: pd.DataFrame) -> list[dict[str, Any]]:
    inside, n = int(rows["inside"].sum()), len(rows)
    if not n:
        return []
    low, high = exact_interval(inside, n)
    return [{"of": name, "quantities": n, "inside": inside, "share": inside / n, "low": low, "high": high}]
