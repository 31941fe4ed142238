"""A handful of patients of a trial, written down one by one."""

from __future__ import annotations

from typing import Any

import numpy as np

from simulator.questions.trial.analysis.data import TrialData, luck_of_trials

NEVER = np.inf
KINDS = {"arm": np.int8, "stratum": np.int32, "site": np.int16}


def trial(visits: tuple[float, ...] = (), **columns: Any) -> TrialData:
    """One trial, or several where columns have rows; what is not given never happens, to people who all entered on day one."""
    arm = np.atleast_2d(np.asarray(columns["arm"], np.int8))
    usual = {
        **dict.fromkeys(("lost", "healed", "amputated", "died", "crossed", "reintervened"), NEVER),
        **{"entry": 0.0, "end": 2.0, "tcpo2_entry": 20.0, "stratum": 0, "screened": 1.0, "site": 0, "caused": 0.0},
    }
    arrays = {
        name: np.broadcast_to(np.asarray(columns.get(name, value), KINDS.get(name, np.float64)), arm.shape).copy()
        for name, value in usual.items()
    }
    seen = {
        name: np.asarray(columns.get(name, np.full((*arm.shape, len(visits)), np.nan)), np.float64).reshape(
            *arm.shape, -1
        )
        if visits
        else np.empty((*arm.shape, 0))
        for name in ("tcpo2", "walking", "walked")
    }
    return TrialData(arm=arm, **arrays, visits=np.array(visits), luck=luck_of_trials(1, 0, len(arm)), **seen)  # type: ignore[arg-type]
