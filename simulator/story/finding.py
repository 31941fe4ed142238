"""Finding a patient with a given fate, for a story worth reading."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pandas as pd

from simulator.errors import BadInput, Problem
from simulator.run import simulate
from simulator.scenario import Scenario

SEARCHED = 5_000
EARLY = 1.0
Fate = Callable[[pd.DataFrame, pd.DataFrame], "pd.Series[bool]"]
"""Which patients have it, from their rows under the first and under the last policy."""

FATES: dict[str, Fate] = {
    "recovered": lambda first, last: (
        last["recovery_start_years"] < last[["died_at_years", "amputated_at_years"]].min(axis=1).fillna(float("inf"))
    ),
    "healed": lambda first, last: last["healed_at_years"].notna() & last["amputated_at_years"].isna(),
    "amputated": lambda first, last: last["amputated_at_years"].notna(),
    "died": lambda first, last: last["died_at_years"] < EARLY,
    "spared": lambda first, last: first["amputated_at_years"].notna() & last["amputated_at_years"].isna(),
    "differs": lambda first, last: first["died_at_years"].fillna(-1.0) != last["died_at_years"].fillna(-1.0),
}
"""spared: amputated under the first policy only; differs: another date of death; died: within the first year."""


def find(scenario: Scenario, policies: Sequence[str], fate: str, start: int, seed: int) -> int:
    """Number of the first patient from `start` on who has a fate under the last of the policies.

    Raises BadInput if none of `SEARCHED` patients has it.
    """
    enough = scenario.people_from(start + SEARCHED)
    people = simulate(scenario, policies, patients=enough, seed=seed, keep_patients=True).patients
    ends = [people[people["policy"] == policies[end]].set_index("patient") for end in (0, -1)]
    has = FATES[fate](*ends)
    found = has.index[has & (has.index >= start) & (has.index < start + SEARCHED)]
    if not len(found):
        allowed = f"a fate that one of the patients {start} to {start + SEARCHED - 1} has"
        raise BadInput([Problem("command line", "--find", fate, allowed)])
    return int(found[0])
