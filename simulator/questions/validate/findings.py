"""The validation as findings: tidy tables and the facts that sentences need."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from simulator.evidence.register import Register
from simulator.evidence.sources import references as listed
from simulator.questions.validate.judged import FOUNDING, FOUNDING_SOURCE, NO_REASON
from simulator.questions.validate.scores import held
from simulator.questions.validate.structural import StructuralResult
from simulator.questions.validate.validation import Validation
from simulator.studies.cited import references
from simulator.words.citations import joined
from simulator.words.findings import Findings, Origin

UNEXPLAINED = "No reason"
"""How a reason begins that admits that there is none."""
FEW = 3
TRIALS = ("blinded trial", "open trial", "observational comparison", "single arm")
MANY = 10
"""Studies of one outcome from which on its direction is judged."""


def findings(
    validation: Validation,
    ladder: pd.DataFrame,
    structural: StructuralResult | None,
    course: Mapping[str, pd.DataFrame],
    register: Register,
    offsets: pd.DataFrame | None,
    *,
    origin: Origin,
    warnings: Sequence[str],
    refused: Sequence[str] = (),
) -> Findings:
    """Tables named as their files: validation, quantities, coverage, scores, held, counts, directions, worst, ladder, ..."""
    rows = validation.rows
    misses = validation.misses
    misses = misses.assign(reason=misses["reason"].where(misses["reason"] != "", NO_REASON))
    tables: dict[str, pd.DataFrame] = {
        "validation": validation.table,
        "quantities": validation.details,
        "coverage": validation.coverage,
        "numbers": rows[rows["kind"] != "listed"],
        "misses": misses,
    }
    counts = validation.counts
    if len(counts):
        tables |= {
            "scores": validation.scores,
            "held": _held(validation, origin.seed),
            "independent": validation.independent,
            "later": validation.later,
            "directions": validation.directions,
            "worst": validation.worst,
            "counts": counts,
        }
    if len(ladder):
        tables["ladder"] = ladder
    if structural is not None:
        tables |= {"structural": structural.table, "structural_refits": structural.refits}
    tables |= {**course, **_described(validation)}
    if offsets is not None and len(counts):
        labels = {key: study.label for key, study in validation.studies.items()}
        known = offsets[offsets["study"].isin(labels)]
        tables["offsets"] = known.assign(label=known["study"].map(labels))
    one_sided = validation.directions[validation.directions["one_sided"]] if len(counts) else pd.DataFrame()
    facts: dict[str, Any] = {
        "warnings": list(warnings),
        "changes": list(origin.changed),
        "refused": list(refused),
        "few": len(validation.studies) <= FEW,
        "counts": len(counts),
        "studies_scored": int(counts["study"].nunique()) if len(counts) else 0,
        "misses": len(misses),
        "usable": int(validation.table["usable"].sum()),
        "unexplained": int(misses["reason"].str.startswith(UNEXPLAINED).sum()),
        "one_sided": [
            str(row["outcome"])
            for row in one_sided.to_dict("records")
            if row["arm"] == "all" and row["studies"] >= MANY
        ],
        "discussions": [f"{s.label}: {s.discussion}" for s in validation.studies.values() if s.discussion],
        "labels": {"policy": {} if structural is None else structural.labels},
        "references": joined(
            [
                *references(validation.studies, register),
                *listed({FOUNDING_SOURCE} if (rows["study"] == FOUNDING).any() else (), register.sources),
            ]
        ),
        **_drawn(rows, structural),
    }
    return Findings("validate", tables, facts, inputs=origin.inputs, seed=origin.seed, settings=origin.settings)


def _held(validation: Validation, seed: int) -> pd.DataFrame:
    """Whether intervals hold as many counts as they should, of all studies and of those apart of which scores are told."""
    counts, studies = validation.counts, validation.studies
    parts = {
        "all": counts,
        "independent": counts[counts["cited_by"] == ""],
        "later": counts[[studies[key].later for key in counts["study"]]],
    }
    found = [held(part, seed).assign(of=of, studies=part["study"].nunique()) for of, part in parts.items() if len(part)]
    table = pd.concat(found, ignore_index=True)
    return table[["of", "studies", *(column for column in table if column not in ("of", "studies"))]]


def _described(validation: Validation) -> dict[str, pd.DataFrame]:
    """What each study is and what was assumed, and the studies that cannot be predicted."""
    cited = validation.details.drop_duplicates("study").set_index("study")["cited_by"]
    studies = [
        {
            "study": key,
            "label": study.label,
            "what": study.description,
            "assumed": " ".join(study.assumptions),
            "ranges": "; ".join(f"{name} {low:g} to {high:g}" for name, (low, high) in study.assumed.items()),
            "cited_by": cited.get(key, ""),
        }
        for key, study in validation.studies.items()
    ]
    listed = [{"study": k, "label": e.label, "grade": e.grade, "why": e.why} for k, e in validation.listed.items()]
    found = {"studies": pd.DataFrame(studies)}
    return found | ({"unpredictable": pd.DataFrame(listed)} if listed else {})


def _drawn(rows: pd.DataFrame, structural: StructuralResult | None) -> dict[str, Any]:
    """Which figures there are, by name: forests with the studies that each shows, structures by their time."""
    usable = rows[rows["usable"]]
    share = usable["share"].astype(bool)
    founding = usable["study"] == FOUNDING
    parts = {
        "forest_trials": share & usable["kind"].isin(TRIALS) & ~founding,
        "forest_courses": share & ~usable["kind"].isin(TRIALS) & ~founding,
        "forest_founding": share & founding,
        "forest_tcpo2": (usable["outcome"] == "TcPO2") & ~share,
    }
    times = [] if structural is None else sorted({float(time) for time in structural.table["time_years"]})
    return {
        "forests": [name for name, chosen in parts.items() if chosen.any()],
        "plot": bool(share.any()),
        "structures": {f"structural_{time:g}_years".replace(".", "-"): time for time in times},
        "structural_time": times[0] if times else None,
    }
