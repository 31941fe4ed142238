"""Walking: who can at referral, for how long, and on what after a major amputation.

An open wound does not keep people from walking. A major amputation does until there is a prosthesis, in a share of those
who could still walk. Whoever is no longer able to walk never is again.
"""

from __future__ import annotations

from math import exp, inf, log
from typing import Any

from simulator.compiling import compiled
from simulator.rules.draws import uniform
from simulator.rules.hazards import time_to_spend
from simulator.rules.pathway.life import Luck
from simulator.words.vocabulary import DAYS_PER_YEAR, Limb, Stream


@compiled
def begin_walking(life: Any, patient: Any, params: Any) -> None:
    """Whether the patient walks at referral, and when the ability to walk is lost whatever becomes of the limb."""
    life.mobile = 1 if patient.walks > 0.5 else 0
    life.walking = life.mobile
    life.walking_ends_at = inf
    if life.mobile and params.walking_loss_rate > 0.0:
        trend = params.walking_loss_per_year_of_age
        own = -log(life.luck[Luck.WALKING_LOSS])
        # The rate is stated at the reference age and rises with attained age.
        rate = params.walking_loss_rate * exp(trend * (patient.age - params.reference_age))
        life.walking_ends_at = time_to_spend(own, rate, trend)


@compiled
def walks_on_healed_foot(life: Any, t: float) -> None:
    """Note that a kept limb on which the patient walks has healed at t."""
    if life.walking:
        life.first_walked_at = min(life.first_walked_at, t)


@compiled
def plan_walking(life: Any, params: Any, t: float, operated: float) -> None:
    """After a stump has healed at t, settle whether and when the patient walks on a prosthesis; `operated` is when the
    leg was amputated."""
    if life.mobile == 0:
        return
    u = uniform(life.seed, life.patient, Stream.WALKING, life.operations)
    if life.limb == Limb.BELOW_KNEE:
        share, ready = params.walking_share_below_knee, operated + params.prosthesis_days_below_knee / DAYS_PER_YEAR
    else:
        share, ready = params.walking_share_above_knee, operated + params.prosthesis_days_above_knee / DAYS_PER_YEAR
    life.walks_at = max(t + params.prosthesis_fitting_days / DAYS_PER_YEAR, ready) if u < share else inf


@compiled
def walk(life: Any) -> None:
    """The patient walks on a prosthesis."""
    life.walking = 1
    life.first_walked_at = min(life.first_walked_at, life.walks_at)
    life.walks_at = inf


@compiled
def stop_walking(life: Any) -> None:
    """A major operation ends walking, and any plan for it."""
    life.walking = 0
    life.walks_at = inf


@compiled
def walk_no_more(life: Any) -> None:
    """The ability to walk is lost for good."""
    stop_walking(life)
    life.mobile = 0
    life.walking_ends_at = inf
