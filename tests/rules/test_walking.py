"""Walking again."""

from __future__ import annotations

from math import inf

import pytest

from rules.people import a_life, chance, just_above, values
from simulator.rules.pathway.walking import plan_walking, stop_walking, walk
from simulator.words.vocabulary import Limb, Stream

PLANNED = {
    "walking_share_limb": 1.0,
    "walking_share_below_knee": 1.0,
    "walking_share_above_knee": 1.0,
    "prosthesis_days_below_knee": 73.05,
    "prosthesis_days_above_knee": 146.1,
}
"""Everybody walks; a prosthesis takes 0.2 years below the knee and 0.4 above it."""


@pytest.mark.parametrize(
    ("limb", "operated", "walks"),
    [
        (Limb.INTACT, 1.0, 1.0),
        (Limb.MINOR_AMPUTATION, 1.0, 1.0),
        (Limb.BELOW_KNEE, 0.9, 1.1),
        (Limb.ABOVE_KNEE, 0.9, 1.3),
        (Limb.BELOW_KNEE, 0.5, 1.0),
        (Limb.ABOVE_KNEE, 0.5, 1.0),
    ],
)
def test_who_heals_walks_when_foot_or_prosthesis_are_ready(limb: Limb, operated: float, walks: float) -> None:
    """Healed at 1 year: at once on a foot; on a stump when the prosthesis, begun at the operation, is ready too."""
    life = a_life(limb=limb)
    plan_walking(life, values(**PLANNED), 1.0, operated)
    assert life.walks_at == pytest.approx(walks)
    assert life.recoveries == 1


@pytest.mark.parametrize("recoveries", [0, 1])
@pytest.mark.parametrize(
    ("limb", "share"),
    [
        (Limb.INTACT, "walking_share_limb"),
        (Limb.BELOW_KNEE, "walking_share_below_knee"),
        (Limb.ABOVE_KNEE, "walking_share_above_knee"),
    ],
)
def test_a_share_of_each_level_walks(limb: Limb, share: str, recoveries: int) -> None:
    """The draw of this healing decides: at the share the patient does not walk, just below does."""
    u = chance(Stream.WALKING, recoveries)
    for value, walks in [(u, False), (just_above(u), True)]:
        life = a_life(limb=limb, recoveries=recoveries, walks_at=0.3)
        plan_walking(life, values(**{**PLANNED, share: value}), 1.0, 1.0)
        assert (life.walks_at < inf) == walks
        assert life.recoveries == recoveries + 1


def test_the_first_day_of_walking_is_kept() -> None:
    """Walking at 2 years is the first time unless it was at 1 year before."""
    for before, first in [(inf, 2.0), (1.0, 1.0)]:
        life = a_life(walks_at=2.0, first_walked_at=before)
        walk(life)
        assert (life.walking, life.first_walked_at, life.walks_at) == (1, first, inf)


def test_a_new_wound_or_an_operation_ends_walking() -> None:
    """And any plan for it; that the patient once walked stays true."""
    life = a_life(walking=1, walks_at=2.0, first_walked_at=1.0)
    stop_walking(life)
    assert (life.walking, life.walks_at, life.first_walked_at) == (0, inf, 1.0)
