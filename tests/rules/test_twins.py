"""Lives that policies share: each policy has the life that it would have alone."""

from __future__ import annotations

import numpy as np
import pytest
from engine_inputs import fixed_arrays, parameters, policy, setting

from simulator.living.blocks import add_block
from simulator.living.sums import Sums
from simulator.rules.pathway.policy import POLICY

PEOPLE, SEED, SHORT = 8, 5, 8.0
BUSY = {"angioplasty_success": 0.95, "repeat_angioplasty": 0.95, "restenosis_rate": 3.0, "amputation_rate": 0.6}


def sums(names: tuple[str, ...]) -> Sums:
    """Sums of the same people under these policies."""
    shared = setting(parameters(**BUSY), policy(names[0]), SEED, **fixed_arrays(SHORT))
    shared = shared._replace(policies=np.array([policy(name) for name in names], POLICY))
    totals = Sums.zero(len(names), len(shared.times))
    assert add_block(shared, 0, PEOPLE, 0, totals) == 0
    return totals


@pytest.mark.parametrize(
    "names",
    [
        ("protocol", "single_dose"),
        ("response_guided", "four_doses"),
        ("conservative", "single_dose", "protocol", "response_guided", "four_doses"),
        ("conservative", "ev_selected", "bmmnc", "angioplasty", "angioplasty_and_cells"),
    ],
)
def test_policies_that_share_lives_have_those_that_each_lives_alone(names: tuple[str, ...]) -> None:
    """To the last bit: of two that part at a repeat dose, of several, and of some that test, step or differ in the product."""
    together = sums(names)
    for p, name in enumerate(names):
        alone = sums((name,))
        for field in ("ledger", "ledger_squares", "outcomes", "outcome_squares", "states", "perfusion"):
            assert getattr(together, field)[p].tobytes() == getattr(alone, field)[0].tobytes(), (name, field)
