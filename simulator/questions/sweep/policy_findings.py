"""A designed sweep as tables and facts: which choice is best where, and what a wrong one loses."""

from __future__ import annotations

import numpy as np
import pandas as pd

from simulator.questions.sweep.findings import STUDY
from simulator.questions.sweep.policy_choice import TOLD_APART, Choices, called
from simulator.questions.sweep.policy_sweep import PolicySweep
from simulator.questions.sweep.sweep import Runs
from simulator.words.findings import Findings


def policy_findings(sweep: PolicySweep, runs: Runs, found: Choices) -> Findings:
    """Tables as the files have them, with a row a run in ``runs``, and the facts that sentences and figures need."""
    study = sweep.study
    across, up = study.map
    centre, elsewhere = sweep.elsewhere
    facts = {
        "title": study.title, "by": study.by, "better": study.better, "policies": list(study.policies),
        "vary": {key: list(levels) for key, levels in study.vary.items()},
        "called": {key: called(key) for key in study.vary},
        "map": {"across": across, "up": up},
        "circumstances": bool(study.circumstances),
        "runs": len(runs.inputs), "replicates": study.replicates, "patients": study.patients, "seed": study.seed,
        "best": found.best, "equals": found.equals, "undecided": found.undecided, "cells": len(found.cells),
        "at_edge": {called(key): float(level) for key, level in found.at_edge.items()},
        "told_apart": TOLD_APART, "worst": float(found.choices["loss"].max()),
        "digits": {
            "cells": _digits(found.cells["se"]),
            "loss": _loss_digits(float(found.losses["loss"].max())),
        },
        "warnings": [*sweep.notes], "changes": sweep.changes, "references": sweep.publications, "notes": [], **centre,
    }  # fmt: skip
    tables = {"choices": found.choices, "cells": found.cells, "losses": found.losses, "runs": runs.table(), **elsewhere}
    content = (study.model_dump_json(indent=2) + "\n").encode()
    return Findings(
        "policies",
        tables,
        facts,
        frozenset({"runs"}),
        {STUDY: content},
        study.seed,
        study.model_dump(mode="json"),
        asked="sweep",
    )


def _digits(errors: pd.Series[float]) -> int:
    """Decimals that show two digits of the smallest standard error."""
    seen = errors[errors > 0]
    return int(np.clip(1 - np.floor(np.log10(seen.min())), 0, 6)) if len(seen) else 3


def _loss_digits(largest: float) -> int:
    """Decimals that show three digits of the largest loss."""
    return int(np.clip(2 - np.floor(np.log10(largest)), 0, 6)) if largest > 0 else 0
