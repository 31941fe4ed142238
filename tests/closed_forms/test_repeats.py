"""Scenarios that change nothing: told by their changes, whatever the size of the numbers."""

from __future__ import annotations

import pandas as pd

from simulator.questions.value.sensitivity.repeats import repeats
from simulator.questions.value.sensitivity.variants import BASE


def table(size: float) -> pd.DataFrame:
    """The base case, one row that repeats it to rounding, one without dialysis and two that change one or both policies."""
    rows = [
        (BASE, 0.0),
        (BASE, 0.0),
        ("without_dialysis", 0.0),
        ("without_dialysis", 0.0),
        ("rounded", 0.9e-9),
        ("rounded", -1e-9),
        ("one", 0.0),
        ("one", -1.1e-9),
        ("both", 0.5),
        ("both", 0.5),
    ]
    return pd.DataFrame(
        {
            "scenario": [name for name, _ in rows],
            "change": [change * size for _, change in rows],
            "incremental_cost": [-size, *[0.5 * size] * 9],
            "net_benefit": [0.25 * size] * 10,
        }
    )


def test_what_repeats_the_base_case() -> None:
    """Changes of a milliardth of the largest number and less, of either sign, under every policy; the base case is none."""
    for size in (1.0, 1e6):
        assert repeats(table(size)) == {"without_dialysis": "nobody_longer_on_dialysis", "rounded": "unread"}


def test_the_largest_number_may_be_a_benefit() -> None:
    """Costs or net benefits, whichever is larger."""
    benefits = table(1.0).assign(net_benefit=-1_000.0)
    assert [*repeats(benefits)] == ["without_dialysis", "rounded", "one"]
    assert repeats(table(1.0).query("scenario == 'both' or scenario == 'base case'")) == {}
