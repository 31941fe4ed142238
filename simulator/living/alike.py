"""Which policies decide alike, so that a patient's life under them is the same."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from simulator.rules.pathway.policy import POLICY_FIELDS, STEP_FIELDS
from simulator.rules.population.criteria import CRITERIA_FIELDS

AT_REFERRAL = {*CRITERIA_FIELDS, "marker", "marker_threshold", "marker_sensitivity", "marker_specificity"}
AT_REFERRAL |= {"marker_treat_positive", "product", "route"}
"""What of a policy is read at referral only and shows in what is planned for the patient."""
OF_REPEATS = {"doses", "repeat_rule", "stop_at_tcpo2"}
"""What of a policy is read, in whoever has a dose planned, after the first dose only."""


def alike(policies: NDArray[np.void], but_for: set[str]) -> NDArray[np.int64]:
    """A number for each policy, equal where all is equal but for these fields of the policy and of its steps."""
    # Units of few patients ask again and again about the same policies, which would take longer than their lives.
    return _alike(policies.tobytes(), policies.dtype, frozenset(but_for)).copy()


@lru_cache(maxsize=64)
def _alike(records: bytes, dtype: np.dtype[Any], but_for: frozenset[str]) -> NDArray[np.int64]:
    own = [name for name in POLICY_FIELDS if name not in but_for]
    of_steps = [name for name in STEP_FIELDS if name not in but_for]
    seen: dict[bytes, int] = {}
    numbers = []
    for policy in np.frombuffer(records, dtype):
        whole = b"".join(np.asarray(policy[name]).tobytes() for name in own)
        whole += b"".join(np.ascontiguousarray(policy["steps"][name]).tobytes() for name in of_steps)
        numbers.append(seen.setdefault(whole, len(seen)))
    return np.array(numbers, np.int64)
