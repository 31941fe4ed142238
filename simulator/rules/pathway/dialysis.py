"""Dialysis that begins after referral: when, by renal class, and what it changes from then on."""

from __future__ import annotations

from math import exp, expm1, inf, log, log1p
from typing import Any

from simulator.compiling import compiled
from simulator.rules.draws import budget
from simulator.rules.hazards import LEAST_EXPONENT, time_to_spend
from simulator.rules.pathway.death import amputee_ratio, rescale_disease_death, rescaled
from simulator.rules.pathway.life import Luck
from simulator.words.vocabulary import Renal, Risk, Stream


@compiled
def plan_dialysis(life: Any, patient: Any, params: Any) -> None:
    """Settle at referral when dialysis begins; those on dialysis have it from the start."""
    life.renal = int(patient.renal)
    life.dialysis_at = inf
    life.dialysis_since = inf
    rate = params.dialysis_rate_normal
    if patient.renal == Renal.DIALYSIS.value:
        life.dialysis_since = 0.0
        die_on_dialysis(life, params, 0.0)
        return
    if patient.renal == Renal.SEVERE.value:
        rate = params.dialysis_rate_severe
    elif patient.renal == Renal.MODERATE.value:
        rate = params.dialysis_rate_moderate
    if rate > 0.0:
        own = -log(life.luck[Luck.DIALYSIS_START])
        life.dialysis_at = time_to_spend(own, rate, 0.0)


@compiled
def die_on_dialysis(life: Any, params: Any, t: float) -> None:
    """Let dialysis from t (years) on have a death of its own, which frail and robust alike bear."""
    if params.dialysis_death_rate > 0.0:
        own = budget(life.seed, life.patient, Stream.DIALYSIS_DEATH, 0)
        life.disease_death = min(life.disease_death, t + time_to_spend(own, params.dialysis_death_rate, 0.0))


@compiled
def dialysis_death_exposure(life: Any, params: Any, t: float) -> tuple[float, float]:
    """Cumulative hazard up to t (years) of the death that dialysis has of its own, and that hazard (per year) at t.

    The loss of a leg on dialysis brings it nearer as it does death of the disease: by the ratio at once, fading with age.
    """
    rate, since, lost = params.dialysis_death_rate, life.dialysis_since, life.amputated_at
    if not since < t or rate <= 0.0:
        return 0.0, 0.0
    if lost < since or lost >= t:
        return rate * (t - since), rate
    ratio, growth = amputee_ratio(params), params.death_per_year_of_age
    if abs(growth) < LEAST_EXPONENT:
        return rate * (lost - since + ratio * (t - lost)), rate * ratio
    stretched = ratio * expm1(growth * (t - lost))
    spent = rate * (lost - since + log1p(stretched) / growth)
    return spent, rate * ratio * exp(growth * (t - lost)) / (1.0 + stretched)


@compiled
def renal_death_hr(renal: int, params: Any) -> float:
    """Hazard ratio of disease-specific death of a renal class."""
    if renal == Renal.DIALYSIS.value:
        return float(params.death_hr_dialysis)
    if renal == Renal.SEVERE.value:
        return float(params.death_hr_renal_severe)
    return float(params.death_hr_renal_moderate) if renal == Renal.MODERATE.value else 1.0


@compiled
def start_dialysis(life: Any, params: Any, t: float) -> None:
    """Dialysis begins at t (years): every hazard in force takes its ratio from then on, and dialysis has a death of its own.

    A peak of death after an operation keeps its own.
    """
    renal = life.renal
    life.renal = Renal.DIALYSIS
    life.dialysis_at = inf
    life.dialysis_since = t
    ratio = params.death_hr_dialysis / renal_death_hr(renal, params)
    life.death_hr *= ratio
    life.rate[Risk.EXCESS_DEATH] *= ratio
    rescale_disease_death(life, params, t, ratio)
    die_on_dialysis(life, params, t)
    life.healing_hr *= params.healing_hr_dialysis
    life.rate[Risk.HEALING] *= params.healing_hr_dialysis
    life.amputation_hr *= params.amputation_hr_dialysis
    if not life.beyond_salvage:
        life.rate[Risk.MAJOR_AMPUTATION] *= params.amputation_hr_dialysis
    life.recurrence_hr *= params.recurrence_hr_dialysis
    life.rate[Risk.RECURRENCE] *= params.recurrence_hr_dialysis
    other = 1.0 if renal == Renal.NORMAL.value else params.other_limb_hr_renal
    hr = params.other_limb_hr_dialysis / other
    life.other_limb_at = rescaled(life.other_limb_at, t, params.other_limb_trend, hr)
