"""The population of hospitals as findings: a fit, or what one more study would change."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from simulator.evidence.register import Register
from simulator.questions.hospitals.fit import Fit
from simulator.studies.cited import references
from simulator.studies.study import Study
from simulator.words.findings import Findings, Origin

RATES = ("amputation", "healing", "death")
"""Offsets of which the summary tells mean and SD."""
ENOUGH = 0.1
"""Share of the posterior's rows that a reweighted one must be worth; with less a refit is due."""
FURTHEST_OFF = 1.0
"""Error of a study's log likelihood from which on weights, which are its exponentials, are off by a factor of e."""


def findings(
    found: Fit,
    studies: Mapping[str, Study],
    checked: Mapping[str, pd.DataFrame],
    register: Register,
    files: Mapping[str, str],
    *,
    inputs: Mapping[str, bytes],
    seed: int,
    smoke: bool,
) -> Findings:
    """Tables: hospitals (draws), offsets, structures, and of synthetic literatures ranks and uniformity."""
    rows = found.population.rows
    facts = {
        "structure": found.chosen.name,
        "open_response": list(found.open_response),
        "studies": len(studies),
        "structures": len(found.structures),
        "chains": found.told_chains,
        "faults": found.faults,
        "rates": [
            {"name": name, "mean": float(rows[f"mean_{name}"].mean()), "sd": float(rows[f"sd_{name}"].mean())}
            for name in RATES
        ],
        "labels": {"study": {key: study.label for key, study in studies.items()}},
        "references": references(studies, register),
    }
    tables = {"hospitals": rows, "offsets": found.offsets, "structures": found.structures, **checked}
    settings = {"hospitals": True, "smoke": smoke, "studies": len(studies)}
    return Findings(
        "hospitals", tables, facts, inputs=inputs, seed=seed, settings=settings, files=files, asked="calibrate"
    )


def reweighted(
    key: str,
    study: Study,
    moved: pd.DataFrame,
    own: pd.DataFrame,
    effective: float,
    error: float,
    rows: int,
    register: Register,
    *,
    origin: Origin,
    known: bool = False,
) -> Findings:
    """Tables: reweighted (means and SDs before and after) and study (where its own hospital lies).

    `known` says that the fit had a study of this name already, which was taken out before.
    """
    shift = (moved["after"] - moved["before"]).abs() / moved["before_sd"]
    most = moved.iloc[int(shift.to_numpy().argmax())]
    facts = {
        "effective": effective,
        "error": error,
        "astray": error > FURTHEST_OFF,
        "refit": effective < ENOUGH * rows or error > FURTHEST_OFF,
        "rows": rows,
        "study": study.label,
        "known": key if known else "",
        "most": {"quantity": str(most["quantity"]), "before": float(most["before"]), "after": float(most["after"])},
        "references": references({key: study}, register),
        "changes": list(origin.changed),
    }
    return Findings(
        "reweighted",
        {"reweighted": moved, "study": own},
        facts,
        inputs=origin.inputs,
        seed=origin.seed,
        settings=origin.settings,
        asked="calibrate",
    )
