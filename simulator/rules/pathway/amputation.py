"""Minor and major amputation, its level, conversion from below to above the knee, and loss of the other leg."""

from __future__ import annotations

from math import inf, log
from typing import Any

from simulator.compiling import compiled
from simulator.rules.draws import budget, uniform
from simulator.rules.hazards import time_to_spend
from simulator.rules.pathway.cell_therapy import stop_treatment
from simulator.rules.pathway.course import put_off
from simulator.rules.pathway.death import death_after_amputation, plan_postoperative_death
from simulator.rules.pathway.life import Luck
from simulator.rules.pathway.other_limb import other_limb_after_amputation
from simulator.rules.pathway.procedure import stop_procedures
from simulator.rules.pathway.risks import (
    frailty_ratio,
    minor_amputation_occurrence,
    risk_of_healing,
    risk_of_major_amputation,
    risk_of_minor_amputation,
    risks_with_stump,
)
from simulator.rules.pathway.walking import stop_walking
from simulator.words.vocabulary import DAYS_PER_YEAR, Limb, Risk, Stream, Wound


@compiled
def amputate_minor(life: Any, params: Any, t: float) -> None:
    """Toe, ray or midfoot amputation at t, which may clear gangrene.

    The wound stays open, and may need another; for some weeks it neither closes nor is operated on again.
    """
    number = minor_amputation_occurrence(life)
    life.limb = Limb.MINOR_AMPUTATION
    life.minor_amputation_at = min(life.minor_amputation_at, t)
    life.minor_amputations += 1
    if life.gangrene:
        u = uniform(life.seed, life.patient, Stream.MINOR_AMPUTATION_SUCCESS, number)
        life.gangrene = 0 if u < params.minor_amputation_success else 1
    life.budget[Risk.MINOR_AMPUTATION] = budget(life.seed, life.patient, Stream.MINOR_AMPUTATION, number + 1)
    opened = life.since[Risk.MINOR_AMPUTATION]
    risk_of_major_amputation(life, params, opened)
    risk_of_healing(life, params, opened)
    risk_of_minor_amputation(life, params, opened)
    put_off(life, Risk.HEALING, t, params.minor_amputation_lag_days)
    put_off(life, Risk.MINOR_AMPUTATION, t, params.minor_amputation_lag_days)


@compiled
def new_stump(life: Any, params: Any, t: float) -> None:
    """What follows a major operation at t: an open stump, no walking, no treatment of the limb any more.

    When the stump heals and whether the operation kills is settled at once.
    """
    life.wound = Wound.OPEN
    life.severe = 0
    stop_walking(life)
    stop_treatment(life)
    stop_procedures(life, params, t)
    above = life.limb == Limb.ABOVE_KNEE
    own = budget(life.seed, life.patient, Stream.STUMP_HEALING, life.operations)
    rate = params.stump_healing_rate_above_knee if above else params.stump_healing_rate_below_knee
    life.stump_heals_at = t + params.stump_healing_lag_days / DAYS_PER_YEAR + time_to_spend(own, rate, 0.0)
    plan_postoperative_death(life, params, t, above)


@compiled
def below_knee_chance(life: Any, params: Any) -> float:
    """Chance that a major amputation is below the knee: those who will hardly walk on a prosthesis lose more of the leg."""
    share = params.below_knee_share
    if params.frailty_level == 0.0 or share <= 0.0 or share >= 1.0:
        return float(share)
    odds = share / (1.0 - share) * frailty_ratio(life.frailty, -params.frailty_level, params)
    return float(odds / (1.0 + odds))


@compiled
def amputate_major(life: Any, params: Any, t: float) -> None:
    """Major amputation at t, below or above the knee. A stump below the knee may have to be converted."""
    below = life.luck[Luck.AMPUTATION_LEVEL] < below_knee_chance(life, params)
    amputate(life, params, t, below)


@compiled
def amputate(life: Any, params: Any, t: float, below: bool) -> None:
    """Major amputation at t at a level that is settled."""
    life.limb = Limb.BELOW_KNEE if below else Limb.ABOVE_KNEE
    life.amputated_at = t
    new_stump(life, params, t)
    if below:
        own = -log(life.luck[Luck.CONVERSION])
        life.conversion_at = t + time_to_spend(own, params.conversion_rate, params.conversion_trend)
    risks_with_stump(life, params, t)
    death_after_amputation(life, params, t)
    other_limb_after_amputation(life, params, t)


@compiled
def convert(life: Any, params: Any, t: float) -> None:
    """Revision of a below-knee stump to above the knee at t."""
    life.limb = Limb.ABOVE_KNEE
    life.converted_at = t
    life.conversion_at = inf
    # The danger of the first operation gives way to that of the second.
    life.postoperative_death = inf
    new_stump(life, params, t)


@compiled
def lose_other_limb(life: Any, params: Any, t: float) -> None:
    """Major amputation of the other leg at t. It ends walking for good and has its own early danger."""
    life.other_amputated_at = t
    life.other_limb_at = inf
    stop_walking(life)
    life.mobile = 0
    life.walking_ends_at = inf
    plan_postoperative_death(life, params, t, False)
