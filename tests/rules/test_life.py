"""Where a living patient stands."""

from __future__ import annotations

import pytest

from rules.people import a_life
from simulator.rules.pathway.life import limb_kept, state_of, wound_open
from simulator.words.vocabulary import Limb, State, Wound


@pytest.mark.parametrize(
    ("limb", "wound", "walking", "severe", "state"),
    [
        (Limb.INTACT, Wound.NONE, 0, 0, State.REST_PAIN),
        (Limb.INTACT, Wound.OPEN, 0, 0, State.ULCER),
        (Limb.INTACT, Wound.OPEN, 0, 1, State.SEVERE_ULCER),
        (Limb.MINOR_AMPUTATION, Wound.OPEN, 0, 0, State.ULCER),
        (Limb.MINOR_AMPUTATION, Wound.OPEN, 0, 1, State.SEVERE_ULCER),
        (Limb.INTACT, Wound.RECURRED, 0, 0, State.RECURRENT_ULCER),
        (Limb.MINOR_AMPUTATION, Wound.RECURRED, 0, 0, State.RECURRENT_ULCER),
        (Limb.INTACT, Wound.HEALED, 1, 0, State.HEALED),
        (Limb.MINOR_AMPUTATION, Wound.HEALED, 1, 0, State.HEALED_AFTER_MINOR),
        (Limb.BELOW_KNEE, Wound.OPEN, 0, 0, State.BELOW_KNEE),
        (Limb.BELOW_KNEE, Wound.HEALED, 0, 0, State.BELOW_KNEE),
        (Limb.BELOW_KNEE, Wound.HEALED, 1, 0, State.BELOW_KNEE_WALKING),
        (Limb.ABOVE_KNEE, Wound.OPEN, 0, 0, State.ABOVE_KNEE),
        (Limb.ABOVE_KNEE, Wound.HEALED, 1, 0, State.ABOVE_KNEE_WALKING),
    ],
)
def test_the_state_is_that_of_limb_and_wound(limb: Limb, wound: Wound, walking: int, severe: int, state: State) -> None:
    """Amputees are told apart by level and walking, kept limbs by their wound."""
    assert state_of(a_life(limb=limb, wound=wound, walking=walking, severe=severe)) == state


@pytest.mark.parametrize(
    ("limb", "kept"),
    [(Limb.INTACT, True), (Limb.MINOR_AMPUTATION, True), (Limb.BELOW_KNEE, False), (Limb.ABOVE_KNEE, False)],
)
def test_a_minor_amputation_keeps_the_limb(limb: Limb, kept: bool) -> None:
    """A major amputation, at either level, does not."""
    assert limb_kept(a_life(limb=limb)) == kept


@pytest.mark.parametrize(
    ("wound", "is_open"), [(Wound.NONE, False), (Wound.OPEN, True), (Wound.HEALED, False), (Wound.RECURRED, True)]
)
def test_a_recurred_wound_is_open(wound: Wound, is_open: bool) -> None:
    """As the first one is; rest pain and a healed foot have none."""
    assert wound_open(a_life(wound=wound)) == is_open
