"""What a year in each state is worth at each age, by hand."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from simulator.living.ledger import FIELDS
from simulator.valuation.quality_of_life import (
    LOST_IN,
    age_ratio,
    moments_of,
    norm_of_both,
    utility_weights,
)

NORM = SimpleNamespace(at=lambda age, male: 1.0 + (0.1 if male else 0.0) - 0.005 * age)
"""0.65 in women and 0.75 in men of 70, half a hundredth less for every year."""
STATES = {
    "rest_pain": "rest_pain",
    "ulcer": "ulcer",
    "severe_ulcer": "severe_ulcer",
    "recurrent_ulcer": "ulcer",
    "healed": "healed",
    "healed_after_minor": "minor_amputation_healed",
    "below_knee": "major_not_walking",
    "below_knee_walking": "below_knee_walking",
    "above_knee": "major_not_walking",
    "above_knee_walking": "above_knee_walking",
}
"""The utility of each state of the ledger."""
LEVELS = {name: 0.3 + 0.05 * k for k, name in enumerate(sorted(set(STATES.values())))} | {"ulcer": 0.5}
UTILITIES = {name: np.array([level, level + 0.1]) for name, level in LEVELS.items()} | {
    name: np.array([0.02, 0.03]) for name in LOST_IN.values()
}


def weights(form: str = "level", **how: bool) -> np.ndarray:
    """Of every column of the ledger, for two draws."""
    chosen = SimpleNamespace(method=SimpleNamespace(form=form, reference_age=70))
    return utility_weights(UTILITIES, chosen, NORM, 0.6, **({"age_adjusted": False} | how))  # type: ignore[arg-type]


def of(column: str, found: np.ndarray) -> list[float]:
    return found[:, FIELDS.index(column)].tolist()


def test_both_sexes_in_their_proportion() -> None:
    """60% men: 0.6 x 0.75 + 0.4 x 0.65; a straight norm has a straight ratio around 75."""
    assert norm_of_both(NORM, 70.0, 0.6) == pytest.approx(0.71)  # type: ignore[arg-type]
    assert age_ratio(NORM, 70.0, 0.6) == pytest.approx([0.685 / 0.71, -0.005 / 0.71, 0.0], abs=1e-9)  # type: ignore[arg-type]


def test_years_in_a_state_and_losses_beside_it() -> None:
    """Without age each year counts its utility, whatever the age; losses count against it; nothing else counts."""
    found = weights()
    for name, utility in STATES.items():
        assert of(f"time_{name}", found) == pytest.approx([LEVELS[utility], LEVELS[utility] + 0.1])
        assert of(f"time_age_{name}", found) == of(f"time_age2_{name}", found) == [0.0, 0.0]
    for clock in LOST_IN:
        assert of(clock, found) == [-0.02, -0.03]
    assert np.count_nonzero(found[0]) == len(STATES) + 4
    late = weights(discounted=True)
    assert of("effect_ulcer", late) == pytest.approx([0.5, 0.6]) and of("time_ulcer", late) == [0.0, 0.0]
    assert of("effect_clock_dialysis", late) == [-0.02, -0.03] and of("clock_dialysis", late) == [0.0, 0.0]


def test_age_scales_a_state_by_the_norm() -> None:
    """A year at 70 counts 0.5 as the set says: moments of (age - 75) of 1, -5 and 25 bring it back."""
    found = weights(age_adjusted=True)
    columns = [of(name, found)[0] for name in moments_of("ulcer", discounted=False)]
    assert columns == pytest.approx([0.5 * 0.685 / 0.71, -0.5 * 0.005 / 0.71, 0.0], abs=1e-9)
    assert np.dot(columns, [1.0, -5.0, 25.0]) == pytest.approx(0.5)
    assert of("clock_dialysis", found) == [-0.02, -0.03]


def test_decrements_are_taken_off_the_norm() -> None:
    """0.71 less 0.5 and less 0.6 at the age of the set."""
    assert of("time_ulcer", weights("decrement")) == pytest.approx([0.21, 0.11])


def test_columns_of_the_ledger() -> None:
    """Years and the first two moments of age, discounted or not."""
    assert moments_of("healed", discounted=True) == ("effect_healed", "effect_age_healed", "effect_age2_healed")
    assert moments_of("healed", discounted=False) == ("time_healed", "time_age_healed", "time_age2_healed")
