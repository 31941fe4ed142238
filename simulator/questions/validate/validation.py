"""All studies predicted and judged: the table, the coverage, and what the judgement rests on."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from simulator.evidence.posterior import FIRST_YEAR, parameter_draws
from simulator.evidence.register import Register
from simulator.evidence.sources import Source
from simulator.questions.calibrate.check import exact_interval, observed_targets
from simulator.questions.calibrate.targets import load_targets
from simulator.questions.validate.first_year import end_of_follow_up
from simulator.questions.validate.listed import Listed
from simulator.questions.validate.measures import outcome_of
from simulator.questions.validate.observed import observed
from simulator.questions.validate.prediction import Prediction, Ready, predict
from simulator.questions.validate.reading import POPULATION
from simulator.questions.validate.study import GRADES, Quantity, Study
from simulator.scenario.arrays import parameter_draws as engine_draws
from simulator.work.execution import Way

COLUMNS = ("study", "quantity", "observed", "n", "low", "high", "predicted", "predicted_low", "predicted_high",
           "inside", "usable", "note")  # fmt: skip
ALIKE = "grade A and B, if hospitals and wounds were like the founding cohort's"
NO_REASON = "No reason that a clinician would accept is known."
VIEW = "central"
FOUNDING = "founding_cohort_later"
ROUNDING = 1e-9


@dataclass(frozen=True, eq=False)
class Validation:
    """Everything that was predicted.

    table: one row per quantity with `COLUMNS`. details: the same rows with grade, kind, evidence, citation, the register's
    parameters that cite the study, and the Monte Carlo error of the prediction. coverage: shares inside by kind of quantity.
    """

    studies: Mapping[str, Study]
    listed: Mapping[str, Listed]
    table: pd.DataFrame
    details: pd.DataFrame
    coverage: pd.DataFrame

    @property
    def rows(self) -> pd.DataFrame:
        """Columns of `details` beside those of `table`."""
        return self.table.join(self.details[[c for c in self.details.columns if c not in self.table.columns]])

    @property
    def misses(self) -> pd.DataFrame:
        """Rows in which the observed number lies outside."""
        return self.rows[self.table["usable"] & (self.table["inside"] == False)]  # noqa: E712


def draws_for(register: Register, n: int, seed: int) -> NDArray[np.void]:
    """Joint draws of the clinical parameters as the engines read them: the posterior where there is one, else the register."""
    return engine_draws(register, VIEW, parameter_draws(register, n, seed))


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

    `founding` adds the end of the founding cohort's follow-up predicted from its first year. Every study is predicted a
    second time as if its hospitals and wounds were like the founding cohort's, for the coverage without what was put in after
    the first predictions had been seen. `advance` is called with the number of draws just done, of twice `draws` times the
    number of studies. Draws that lie in `cache` are not lived again; `way` says where the others are.
    """
    parameters = draws_for(register, draws, seed)
    rows: list[dict[str, Any]] = []
    for key, study in studies.items():
        asked = (key, study, register, parameters, patients, seed, advance)
        predictions, ready = predict(*asked, cache=cache, way=way)
        alike, _ = predict(*asked, elsewhere=False, cache=cache, way=way)
        rows += [
            _row(key, study, q, p, a, register, ready)
            for q, p, a in zip(study.quantity, predictions, alike, strict=True)
        ]
    if founding:
        rows += _founding_rows(draws, seed)
    rows += [_listed_row(key, each, register.sources) for key, each in listed.items()]
    whole = pd.DataFrame(rows)
    for column in ("inside", "inside_alike"):
        whole[column] = whole[column].astype("boolean")
    whole["usable"] = whole["usable"].astype(bool)
    whole["n"] = whole["n"].astype("Int64")
    details = whole.drop(columns=[c for c in COLUMNS if c not in {"study", "quantity", "inside", "usable"}])
    return Validation(studies, listed, whole[list(COLUMNS)], details, coverage(details))


def cited_by(register: Register, sources: tuple[str, ...]) -> tuple[str, ...]:
    """Parameters of the clinical course that cite one of the sources: a study behind them is not wholly independent."""
    wanted = set(sources)
    return tuple(p.name for p in register.parameters if p.group != POPULATION and wanted & set(p.source))


def _row(
    key: str,
    study: Study,
    quantity: Quantity,
    prediction: Prediction,
    alike: Prediction,
    register: Register,
    ready: Mapping[str, Ready],
) -> dict[str, Any]:
    seen = observed(quantity, study)
    usable = quantity.usable and math.isfinite(seen.value) and not math.isnan(prediction.low)
    inside, inside_alike = (
        each.low - ROUNDING <= seen.value <= each.high + ROUNDING if usable else None for each in (prediction, alike)
    )
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
        "alike_low": alike.low,
        "alike_high": alike.high,
        "inside_alike": inside_alike,
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
                "alike_low": row["low"],
                "alike_high": row["high"],
                "inside_alike": inside,
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
    names = ("observed", "low", "high", "predicted", "predicted_low", "predicted_high", "alike_low", "alike_high")
    return {
        **dict.fromkeys(names, math.nan),
        "n": None,
        "inside": None,
        "inside_alike": None,
        "usable": False,
        "share": False,
        "direction": "",
        "reason": "",
        **known,
    }


def coverage(details: pd.DataFrame) -> pd.DataFrame:
    """How many observed numbers lie inside their 95% predictive intervals: of, quantities, inside, share, low, high."""
    usable = details[details["usable"]]
    good = usable["grade"].isin(["A", "B"])
    parts: dict[str, pd.Series[bool]] = {"grade A and B": good}
    parts[ALIKE] = good
    parts |= {f"grade {grade}": usable["grade"] == grade for grade in GRADES[:3]}
    parts["grade A and B, cited by no parameter of the clinical course"] = good & (usable["cited_by"] == "")
    parts |= {
        f"grade A and B, {word}": good & (usable["evidence"] == word) for word in ("published", "derived", "recalled")
    }
    for column in ("outcome", "kind"):
        parts |= {f"grade A and B, {name}": good & (usable[column] == name) for name in dict.fromkeys(usable[column])}
    rows = []
    for name, chosen in parts.items():
        inside, n = int(usable.loc[chosen, "inside_alike" if name == ALIKE else "inside"].sum()), int(chosen.sum())
        if n:
            low, high = exact_interval(inside, n)
            rows.append({"of": name, "quantities": n, "inside": inside, "share": inside / n, "low": low, "high": high})
    return pd.DataFrame(rows, columns=["of", "quantities", "inside", "share", "low", "high"])
