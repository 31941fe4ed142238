"""Each number of a study judged: what was observed beside what is predicted, a row each, and how many lie inside."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from simulator.evidence.posterior import FIRST_YEAR
from simulator.evidence.register import Register
from simulator.evidence.sources import Source, citation
from simulator.evidence.targets import load_targets
from simulator.founding.predicted import observed_targets
from simulator.questions.validate.first_year import end_of_follow_up
from simulator.statistics.endpoints.exact_interval import exact_interval
from simulator.studies.listed import Listed
from simulator.studies.measures import outcome_of
from simulator.studies.observed import observed
from simulator.studies.prediction import Prediction, Ready
from simulator.studies.reading import POPULATION
from simulator.studies.study import GRADES, Quantity, Study

NO_REASON = "No reason that a clinician would accept is known."
FOUNDING, FOUNDING_SOURCE = "founding_cohort_later", "panunzi2022"
ROUNDING = 1e-9


def cited_by(register: Register, sources: tuple[str, ...]) -> tuple[str, ...]:
    """Parameters of the clinical course that cite one of the sources: a study behind them is not wholly independent."""
    wanted = set(sources)
    return tuple(p.name for p in register.parameters if p.group != POPULATION and wanted & set(p.source))


def judged_row(
    key: str,
    study: Study,
    quantity: Quantity,
    prediction: Prediction,
    register: Register,
    ready: Mapping[str, Ready],
) -> dict[str, Any]:
    """A number that was predicted, with what is needed to judge it."""
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


def founding_rows(draws: int, seed: int) -> list[dict[str, Any]]:
    """The founding cohort after its first year; one row without a number where the first-year fit is missing."""
    table = end_of_follow_up(draws, seed)
    common = {
        "study": FOUNDING,
        "label": "Founding cohort after its first year",
        "grade": "A",
        "kind": "founding study",
        "evidence": "published",
        "outcome": "founding cohort",
        "ladder": "",
        "citation": citation(FOUNDING_SOURCE),
        "cited_by": "",
        "baseline_miss": 0.0,
        "predicted_se": math.nan,
    }
    if table is None:
        why = f"The fit to the first year alone has not been made: calibration/{FIRST_YEAR} is missing."
        return [_blank(common | {"quantity": "end", "note": why})]
    data, _ = load_targets()
    limits = {name: (low, high) for name, _, low, high in observed_targets(data)}
    rows = []
    for row in table.to_dict("records"):
        seen, inside = float(row["observed"]), bool(row["inside"])
        share = 0.0 <= seen <= 1.0
        of = data.below_knee[1] if row["target"] == "below_knee" else data.n
        low, high = limits[row["target"]]
        prediction = Prediction(row["predicted"], math.nan, row["low"], row["high"], np.zeros(0))
        rows.append(
            common
            | {
                "quantity": row["target"],
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


def listed_row(key: str, each: Listed, sources: Mapping[str, Source]) -> dict[str, Any]:
    """A study that cannot be predicted, with the reason."""
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
