"""Walking again: on a healed foot at once, on a healed stump with a prosthesis when it is ready."""

from __future__ import annotations

from math import inf
from typing import Any

from simulator.compiling import compiled
from simulator.rules.draws import uniform
from simulator.rules.pathway.life import limb_kept
from simulator.words.vocabulary import DAYS_PER_YEAR, Limb, Stream


@compiled
def plan_walking(life: Any, params: Any, t: float, operated: float) -> None:
    """After healing at t, settle whether and when the patient walks; `operated` is the time of a major operation."""
    u = uniform(life.seed, life.patient, Stream.WALKING, life.recoveries)
    life.recoveries += 1
    if limb_kept(life):
        share, ready = params.walking_share_limb, t
    elif life.limb == Limb.BELOW_KNEE:
        share, ready = params.walking_share_below_knee, operated + params.prosthesis_days_below_knee / DAYS_PER_YEAR
    else:
        share, ready = params.walking_share_above_knee, operated + params.prosthesis_days_above_knee / DAYS_PER_YEAR
    life.walks_at = max(t, ready) if u < share else inf


@compiled
def walk(life: Any) -> None:
    """The patient walks again."""
    life.walking = 1
    life.first_walked_at = min(life.first_walked_at, life.walks_at)
    life.walks_at = inf


@compiled
def stop_walking(life: Any) -> None:
    """A new wound or an operation ends walking, and any plan for it."""
    life.walking = 0
    life.walks_at = inf
