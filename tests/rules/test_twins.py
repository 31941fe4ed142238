"""Lives that policies share: each policy has the life that it would have alone."""

from __future__ import annotations

import numpy as np
import pytest
from engine_inputs import fixed_arrays, parameters, policy, setting

from simulator.living.blocks import add_block
from simulator.living.sums import Sums
from simulator.rules.pathway.policy import POLICY

PEOPLE, SEED = 12, 5
TIMES = np.array([0.02, 0.05, 0.1, 0.5, 2.0, 8.0])
"""Years at which people are counted, three of them before the first repeat dose is decided upon."""
BUSY = {"angioplasty_success": 0.95, "restenosis_rate": 3.0, "amputation_rate": 3.0, "healing_rate": 3.0}
RISES = BUSY | {"attributable_share": 1.0, "recovery_gain": 40.0}
"""Cells do much, so that decisions on repeat doses differ."""
FALLS = BUSY | {"recovery_gain": -60.0}
"""No limb rises, so that cells change nothing in anybody."""


def sums(names: tuple[str, ...], params: dict[str, float]) -> Sums:
    """Sums of the same people under these policies."""
    arrays = fixed_arrays(float(TIMES[-1])) | {"times": TIMES}
    shared = setting(parameters(**params), policy(names[0]), SEED, **arrays)
    shared = shared._replace(policies=np.array([policy(name) for name in names], POLICY))
    totals = Sums.zero(len(names), len(TIMES))
    assert add_block(shared, 0, PEOPLE, 0, totals) == 0
    return totals


@pytest.mark.parametrize("params", [RISES, FALLS])
@pytest.mark.parametrize(
    "names",
    [
        ("protocol", "single_dose"),
        ("four_doses", "angioplasty_and_cells", "response_guided"),
        ("conservative", "single_dose", "protocol", "response_guided", "four_doses"),
        ("conservative", "ev_selected", "bmmnc", "protocol", "include_dialysis", "angioplasty"),
        ("include_dialysis", "protocol", "ev_selected"),
    ],
)
def test_policies_that_share_lives_have_those_that_each_lives_alone(
    names: tuple[str, ...], params: dict[str, float]
) -> None:
    """To the last bit: of two that part at a repeat dose, with another life between, of several, and of some that test, have a
    step, or differ in the product or in whom they take."""
    together = sums(names, params)
    for p, name in enumerate(names):
        alone = sums((name,), params)
        for field in ("ledger", "ledger_squares", "outcomes", "outcome_squares", "states", "perfusion"):
            assert getattr(together, field)[p].tobytes() == getattr(alone, field)[0].tobytes(), (name, field)
