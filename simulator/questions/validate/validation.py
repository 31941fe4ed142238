"""All studies predicted and judged: the table, scores beside the naive competitor's, coverage, and what the judgement rests on.

Every study is predicted by whoever does not know its numbers: the population of hospitals is weighted to leave it out.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from simulator.evidence.register import Register
from simulator.questions.validate.judged import NO_REASON, coverage, founding_rows, judged_row, listed_row
from simulator.questions.validate.scores import COUNT_COLUMNS, directions, predictive_pmf, score_row, scores
from simulator.studies.counts import as_scored, count_of, published_counts, scorable
from simulator.studies.listed import Listed
from simulator.studies.naive import Count, naive_pmf
from simulator.studies.prediction import MOST_LIVES, Prediction, draws_for, predict
from simulator.studies.reading import load_studies
from simulator.studies.study import Quantity, Study
from simulator.work.execution import Way

Array = NDArray[np.float64]
COLUMNS = ("study", "quantity", "observed", "n", "low", "high", "predicted", "predicted_low", "predicted_high",
           "inside", "usable", "note")  # fmt: skip


@dataclass(frozen=True, eq=False)
class Validation:
    """Everything that was predicted, each study without its own numbers.

    table: one row per quantity with `COLUMNS`. details: the same rows with grade, kind, evidence, citation, the register's
    parameters that cite the study, and the Monte Carlo error of the prediction. coverage: shares inside by kind of quantity.
    counts: a row per scored count (`scores.COUNT_COLUMNS`, label, surprise, cited_by). scores: the model's beside the naive
    competitor's; `independent` the same of studies that no parameter of the clinical course cites, `later` of those that
    were added last. directions: how many studies lie above and below. worst: the ten studies that surprise the model most.
    """

    studies: Mapping[str, Study]
    listed: Mapping[str, Listed]
    table: pd.DataFrame
    details: pd.DataFrame
    coverage: pd.DataFrame
    counts: pd.DataFrame
    scores: pd.DataFrame
    independent: pd.DataFrame
    later: pd.DataFrame
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
            row = judged_row(key, study, quantity, prediction, register, ready)
            rows.append(row)
            if scorable(quantity, study) and len(prediction.draws):
                predicted.append((count_of(key, study, quantity), _pmf(quantity, prediction), row))
    if founding:
        rows += founding_rows(draws, seed)
    rows += [listed_row(key, each, register.sources) for key, each in listed.items()]
    whole = pd.DataFrame(rows)
    whole["inside"] = whole["inside"].astype("boolean")
    whole["usable"] = whole["usable"].astype(bool)
    whole["n"] = whole["n"].astype("Int64")
    details = whole.drop(columns=[c for c in COLUMNS if c not in {"study", "quantity", "inside", "usable"}])
    counts = _counts(predicted, register, studies, seed)
    own = counts[counts["cited_by"] == ""]
    late = counts[counts["study"].isin([key for key, study in studies.items() if study.later])]
    return Validation(
        studies,
        listed,
        whole[list(COLUMNS)],
        details,
        coverage(details),
        counts,
        scores(counts, seed),
        scores(own, seed),
        scores(late, seed),
        directions(counts),
        worst_studies(counts, studies),
    )


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
