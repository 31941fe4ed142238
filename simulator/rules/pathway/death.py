"""Death that does not depend on the limb's perfusion, settled ahead: of the disease at attained age, and of an operation.

The excess that comes with the limb depends on it and is one of the competing risks (`risks.excess_death`).
"""

from __future__ import annotations

from math import exp, expm1, inf, log, log1p
from typing import Any

from simulator.compiling import compiled
from simulator.rules.draws import budget
from simulator.rules.hazards import LEAST_EXPONENT, time_to_spend
from simulator.rules.pathway.life import Luck
from simulator.words.vocabulary import Stream


@compiled
def rescaled(planned: float, t: float, trend: float, ratio: float) -> float:
    """When an event planned for a time comes if its log-linear hazard is multiplied by `ratio` from t (years) on.

    The cumulative hazard from t to the event stays what it was; its rate cancels. Infinite where it is never reached.
    """
    if planned == inf or planned <= t or ratio == 1.0:
        return planned
    if ratio <= 0.0:
        return inf
    if abs(trend) < LEAST_EXPONENT:
        return t + (planned - t) / ratio
    z = expm1(trend * (planned - t)) / ratio
    if z <= -1.0:
        return inf
    return t + log1p(z) / trend


@compiled
def disease_death_rate(life: Any, params: Any) -> float:
    """Rate (per year) of death of the disease at referral with the legs that came; it grows with attained age."""
    return float(params.death_rate_healed * life.death_hr)


@compiled
def amputee_ratio(params: Any) -> float:
    """Ratio of death of the disease after the loss of a leg: the causal share of the published one."""
    return exp(params.death_causal_share * log(params.death_ratio_amputee))


@compiled
def peak_rate(life: Any, params: Any, t: float, above_knee: bool) -> float:
    """Hazard (per year) of death right after a major operation at t (years)."""
    rate = params.postoperative_death_rate * life.death_hr * exp(params.death_per_year_of_age * t)
    if above_knee:
        rate *= params.postoperative_hr_above_knee
    return float(rate)


@compiled
def plan_disease_death(life: Any, params: Any) -> None:
    """Settle at referral when the disease kills, as everybody with it is at risk: by attained age, from referral on."""
    own = -log(life.luck[Luck.DISEASE_DEATH])
    life.disease_death = time_to_spend(own, disease_death_rate(life, params), params.death_per_year_of_age)


@compiled
def rescale_disease_death(life: Any, params: Any, t: float, ratio: float) -> None:
    """Multiply the hazard of death of the disease by a ratio from t (years) on."""
    life.disease_death = rescaled(life.disease_death, t, params.death_per_year_of_age, ratio)


@compiled
def death_after_amputation(life: Any, params: Any, t: float) -> None:
    """What the loss of a leg at t does to death of the disease."""
    if params.death_causal_share > 0.0:
        rescale_disease_death(life, params, t, amputee_ratio(params))


@compiled
def plan_postoperative_death(life: Any, params: Any, t: float, above_knee: bool) -> None:
    """Settle when a major operation at t kills, if it does: a peak that decays.

    A peak that is still in force is taken into account by its own budget: whichever kills first does.
    """
    own = budget(life.seed, life.patient, Stream.POSTOPERATIVE_DEATH, life.operations)
    life.operations += 1
    when = t + time_to_spend(own, peak_rate(life, params, t, above_knee), params.postoperative_death_trend)
    life.postoperative_death = min(life.postoperative_death, when)
