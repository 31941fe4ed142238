"""Scenarios of the analysis that change nothing, and why."""

from __future__ import annotations

import pandas as pd

from simulator.questions.value.sensitivity.variants import BASE

ROUNDING = 1e-9
"""Relative changes below which a scenario repeats the base case."""
REASONS, UNREAD = {"without_dialysis": "nobody_longer_on_dialysis"}, "unread"
"""Why a scenario repeats the base case."""


def repeats(table: pd.DataFrame) -> dict[str, str]:
    """Scenarios whose result is the base case's in every digit, with the name of the reason where it is known."""
    size = ROUNDING * float(table[["incremental_cost", "net_benefit"]].abs().to_numpy().max())
    others = table[table["scenario"] != BASE]
    changed = others.groupby("scenario", sort=False)["change"].agg(lambda change: bool((change.abs() > size).any()))
    return {str(name): REASONS.get(str(name), UNREAD) for name, moved in changed.items() if not moved}
