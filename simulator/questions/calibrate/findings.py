"""A calibration as findings: tidy tables and the facts that sentences need."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from simulator.evidence.register import Register
from simulator.evidence.sources import references
from simulator.evidence.targets import load_targets
from simulator.questions.calibrate.movement import MOVED, correlations, densities, movement
from simulator.questions.calibrate.posterior import Posterior
from simulator.words.findings import Findings, Origin


def findings(
    register: Register,
    targets: pd.DataFrame,
    predictive: pd.DataFrame,
    draws: pd.DataFrame | None,
    *,
    origin: Origin,
    recovered: pd.DataFrame | None = None,
    posterior: Posterior | None = None,
    end_known: bool = True,
    files: Mapping[str, str] | None = None,
) -> Findings:
    """Tables named as their files: targets, predictive, and with `draws` movement, densities, correlations; coverage.

    Without `end_known` the fit has read the first year alone, and what came later is prediction.
    """
    tables = {"targets": targets, "predictive": predictive}
    facts: dict[str, Any] = {
        "outside": int((~targets["inside"]).sum()),
        "targets": len(targets),
        "end_known": end_known,
        "moved_below": MOVED,
        "references": _references(register),
        "changes": list(origin.changed),
    }
    if draws is not None:
        tables |= {
            "movement": movement(register, draws),
            "densities": densities(register, draws),
            "correlations": correlations(draws),
        }
        facts["labels"] = {"parameter": {str(name): register[str(name)].label for name in draws.columns}}
    if recovered is not None:
        tables["coverage"] = recovered
        inside = recovered.groupby("outcome", sort=False)["inside"]
        facts["recovered"] = [
            {"outcome": str(outcome), "inside": int(part.sum()), "of": len(part)} for outcome, part in inside
        ]
    if posterior is not None:
        facts["fit"] = {
            "draws": len(posterior.chosen),
            "effective": round(posterior.effective),
            "surface_error": float(posterior.surface_error),
        }
    return Findings(
        "calibrate",
        tables,
        facts,
        inputs=origin.inputs,
        seed=origin.seed,
        settings=origin.settings,
        files=dict(files or {}),
    )


def _references(register: Register) -> list[dict[str, str]]:
    """The founding study and the trials behind the contrasts, in alphabetical order: citation and DOI."""
    founding, contrasts = load_targets()
    keys = {founding.source, *(each.source for each in contrasts.values())}
    return references(keys | {arm.source for each in contrasts.values() for arm in each.arms}, register.sources)
