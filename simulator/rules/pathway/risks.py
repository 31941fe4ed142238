"""Which risks compete in which state, and their hazards.

Every hazard (per year) is  rate * exp(per_mmhg (TcPO2 - reference) + trend (t - since)).
"""

from __future__ import annotations

from math import exp, log
from typing import Any

from simulator.compiling import compiled
from simulator.rules.pathway.life import RISKS
from simulator.words.vocabulary import Limb, Renal, Risk


@compiled
def wound_hazard_ratio(patient: Any, params: Any) -> float:
    """Hazard ratio of healing of a limb's wounds by gangrene, infection, size and age.

    It is 1 for an uninfected wound with gangrene and of the founding cohort's size and age.
    """
    ratio = params.healing_hr_infection if patient.infection > 0.5 else 1.0
    if patient.gangrene < 0.5:
        ratio *= params.healing_hr_no_gangrene
    # Most populations are like the founding cohort's, and logarithms cost every life.
    if params.wound_area_ratio != 1.0 or params.wound_age_ratio != 1.0:
        log_ratio = params.healing_per_log_area * log(params.wound_area_ratio)
        ratio *= exp(log_ratio + params.healing_per_log_age * log(params.wound_age_ratio))
    return ratio


@compiled
def hazard_ratios(life: Any, patient: Any, params: Any) -> None:
    """What the patient brings along: hazard ratios of healing, amputation, disease-specific death and recurrence."""
    death = exp(params.death_per_year_of_age * (patient.age - params.reference_age))
    if patient.ischaemic_heart_disease > 0.5:
        death *= params.death_hr_heart
    if patient.renal == Renal.MODERATE.value:
        death *= params.death_hr_renal_moderate
    elif patient.renal == Renal.SEVERE.value:
        death *= params.death_hr_renal_severe
    life.healing_hr, life.amputation_hr, life.recurrence_hr = 1.0, 1.0, 1.0
    if patient.renal == Renal.DIALYSIS.value:
        death *= params.death_hr_dialysis
        life.healing_hr *= params.healing_hr_dialysis
        life.amputation_hr *= params.amputation_hr_dialysis
        life.recurrence_hr *= params.recurrence_hr_dialysis
    if patient.rutherford > 5.5:
        death *= params.death_hr_rutherford_6
        life.healing_hr *= params.healing_hr_rutherford_6
        life.amputation_hr *= params.amputation_hr_rutherford_6
    life.death_hr = death
    life.wound_hr = wound_hazard_ratio(patient, params)


@compiled
def set_risk(life: Any, risk: int, rate: float, per_mmhg: float, trend: float, since: float) -> None:
    """Put one risk into force. Its budget stays what it was."""
    life.rate[risk] = rate
    life.per_mmhg[risk] = per_mmhg
    life.trend[risk] = trend
    life.since[risk] = since


@compiled
def no_risks(life: Any) -> None:
    """Take every risk out of force before a new state sets its own."""
    for k in range(RISKS):
        life.rate[k] = 0.0


@compiled
def risks_with_open_wound(life: Any, params: Any, t: float) -> None:
    """Healing, minor and major amputation, and death, with a wound that opened at t."""
    no_risks(life)
    set_risk(
        life,
        Risk.DISEASE_DEATH,
        params.death_rate_wound * life.death_hr,
        params.death_per_mmhg,
        params.death_trend,
        t,
    )
    set_risk(
        life,
        Risk.MAJOR_AMPUTATION,
        params.amputation_rate * life.amputation_hr,
        params.amputation_per_mmhg,
        params.amputation_trend,
        t,
    )
    set_risk(
        life,
        Risk.HEALING,
        params.healing_rate * life.healing_hr * life.wound_hr,
        params.healing_per_mmhg,
        params.healing_trend,
        t,
    )
    if life.limb == Limb.INTACT:
        set_risk(life, Risk.MINOR_AMPUTATION, params.minor_amputation_rate, 0.0, 0.0, t)


@compiled
def risks_without_wound(life: Any, params: Any, t: float) -> None:
    """A new wound and death, in a limb that healed at t or has rest pain only."""
    no_risks(life)
    set_risk(life, Risk.DISEASE_DEATH, params.death_rate_healed * life.death_hr, 0.0, 0.0, t)
    rate = params.recurrence_rate * life.recurrence_hr
    rate *= exp(params.recurrence_per_mmhg * (params.reference_tcpo2 - params.recurrence_reference_tcpo2))
    if life.limb == Limb.MINOR_AMPUTATION:
        rate *= params.recurrence_hr_minor
    set_risk(life, Risk.RECURRENCE, rate, params.recurrence_per_mmhg, params.recurrence_trend, t)


@compiled
def risks_with_rest_pain(life: Any, params: Any, t: float) -> None:
    """As without a wound, relief of the pain, and loss of the limb for pain alone."""
    risks_without_wound(life, params, t)
    set_risk(life, Risk.HEALING, params.pain_relief_rate, params.healing_per_mmhg, 0.0, t)
    set_risk(
        life,
        Risk.MAJOR_AMPUTATION,
        params.amputation_rate * life.amputation_hr * params.amputation_hr_rest_pain,
        params.amputation_per_mmhg,
        params.amputation_trend,
        t,
    )


@compiled
def risks_with_stump(life: Any, params: Any, t: float) -> None:
    """Stump healing, conversion to above the knee, and death with its early peak, after a major operation at t."""
    no_risks(life)
    set_risk(life, Risk.DISEASE_DEATH, params.death_rate_amputee * life.death_hr, 0.0, 0.0, t)
    peak = params.postoperative_death_rate * life.death_hr
    if life.limb == Limb.ABOVE_KNEE:
        peak *= params.postoperative_hr_above_knee
    set_risk(life, Risk.POSTOPERATIVE_DEATH, peak, 0.0, params.postoperative_death_trend, t)
    set_risk(life, Risk.STUMP_HEALING, params.stump_healing_rate * life.healing_hr, 0.0, 0.0, t)
    if life.limb == Limb.BELOW_KNEE:
        set_risk(life, Risk.CONVERSION, params.conversion_rate, 0.0, params.conversion_trend, t)
