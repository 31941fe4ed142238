"""What the lives of a scenario share, as the engines read it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from simulator.living.setting import Setting, new_setting
from simulator.scenario import Scenario


def setting_of(
    scenario: Scenario, policies: Sequence[str], seed: int, times: ArrayLike = (), params: Any = None
) -> Setting:
    """The setting of lives under these policies, counted at `times` (years). Without `params` the scenario's own hold."""
    return new_setting(
        scenario.params() if params is None else params,
        scenario.policy_records(policies),
        scenario.entry_record,
        scenario.given,
        seed,
        scenario.life_table_arrays,
        scenario.clock,
        np.asarray(times, np.float64),
    )
