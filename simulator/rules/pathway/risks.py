"""Which risks compete in which state, and their hazards.

Every hazard (per year) is  rate * exp(per_mmhg (TcPO2 - reference) + trend (t - since)).
"""

from __future__ import annotations

from math import exp, log
from typing import Any

from simulator.compiling import compiled
from simulator.rules.pathway.life import RISKS
from simulator.words.vocabulary import Limb, Renal, Risk, Wound

NEGLIGIBLE = 1e-6
"""Deaths a year below which what is left of an excess is left out."""


@compiled
def frailty_ratio(frailty: float, strength: float, params: Any) -> float:
    """Hazard ratio of a standard normal frailty that acts on something with so many times its effect on death."""
    return exp(strength * params.frailty_sd * frailty)


@compiled
def wound_hazard_ratio(infection: float, severe: float, params: Any) -> float:
    """Hazard ratio of healing of a limb's wound by infection, Rutherford class 6, size and age.

    It is 1 for an uninfected wound of Rutherford 5 and of the founding cohort's size and age.
    """
    ratio = params.healing_hr_infection if infection > 0.5 else 1.0
    if severe > 0.5:
        ratio *= params.healing_hr_rutherford_6
    # Most populations are like the founding cohort's, and logarithms cost every life.
    if params.wound_area_ratio != 1.0 or params.wound_age_ratio != 1.0:
        log_ratio = params.healing_per_log_area * log(params.wound_area_ratio)
        ratio *= exp(log_ratio + params.healing_per_log_age * log(params.wound_age_ratio))
    return ratio


@compiled
def set_wound(life: Any, params: Any, infection: float, severe: float, gangrene: float) -> None:
    """Give the limb a wound with its own class, infection and gangrene, which say how it heals and endangers the limb."""
    life.gangrene = 1 if gangrene > 0.5 else 0
    life.never_gangrene = 1 - life.gangrene
    life.severe = 1 if severe > 0.5 or infection > 0.5 else 0
    life.wound_hr = wound_hazard_ratio(infection, severe, params)
    life.wound_amputation_hr = params.amputation_hr_rutherford_6 if severe > 0.5 else 1.0


@compiled
def hazard_ratios(life: Any, patient: Any, params: Any) -> None:
    """What the patient brings along: hazard ratios of healing, amputation, disease-specific death and recurrence.

    Death is stated at the reference age; attained age acts by the trend of its hazard.
    """
    frailty = patient.frailty
    life.frailty = frailty
    death = frailty_ratio(frailty, 1.0, params) * exp(-0.5 * params.frailty_sd * params.frailty_sd)
    death *= exp(params.death_per_year_of_age * (patient.age - params.reference_age))
    if patient.ischaemic_heart_disease > 0.5:
        death *= params.death_hr_heart
    if patient.renal == Renal.MODERATE.value:
        death *= params.death_hr_renal_moderate
    elif patient.renal == Renal.SEVERE.value:
        death *= params.death_hr_renal_severe
    life.death_hr = death
    life.healing_hr = frailty_ratio(frailty, -params.frailty_healing, params)
    life.amputation_hr = frailty_ratio(frailty, params.frailty_amputation, params)
    life.recurrence_hr = 1.0
    # What TcPO2 says of death is a marker of the patient but for the causal share, which acts along the path.
    marker = (1.0 - params.death_causal_share) * params.death_per_mmhg
    life.excess_hr = exp(marker * (patient.tcpo2 - params.reference_tcpo2))
    if patient.rutherford < 4.5:
        life.death_hr *= params.disease_death_hr_rest_pain
        life.excess_hr *= params.death_hr_rest_pain
    elif patient.rutherford > 5.5:
        life.excess_hr *= params.death_hr_rutherford_6
    if patient.renal == Renal.DIALYSIS.value:
        life.death_hr *= params.death_hr_dialysis
        life.healing_hr *= params.healing_hr_dialysis
        life.amputation_hr *= params.amputation_hr_dialysis
        life.recurrence_hr *= params.recurrence_hr_dialysis


@compiled
def set_risk(life: Any, risk: int, rate: float, per_mmhg: float, trend: float, since: float) -> None:
    """Put one risk into force, with the direct hazard ratios of therapies on it. Its budget stays what it was."""
    life.rate[risk] = rate * life.effect[risk]
    life.per_mmhg[risk] = per_mmhg
    life.trend[risk] = trend
    life.since[risk] = since


@compiled
def no_risks(life: Any) -> None:
    """Take every risk out of force before a new state sets its own."""
    for k in range(RISKS):
        life.rate[k] = 0.0


@compiled
def excess_death(life: Any, params: Any, t: float, kept: float, fresh: float) -> None:
    """The excess of death that came with the limb, from t (years) on, beside the death that everybody bears.

    It starts at referral at `life.excess_hr` times the rate and fades. `kept` is the share of what is left of it, `fresh`
    how much begins anew with a wound that opens at t. Both fade alike, so that their sum is one hazard.
    """
    rate = kept * life.excess_hr * exp(params.death_trend * t) + fresh
    rate *= params.death_rate_wound * life.death_hr
    if rate < NEGLIGIBLE:
        rate = 0.0
    per_mmhg = params.death_causal_share * params.death_per_mmhg
    set_risk(life, Risk.EXCESS_DEATH, rate, per_mmhg, params.death_trend, t)


@compiled
def gangrene_hazard_ratio(life: Any, params: Any) -> float:
    """Hazard ratio of healing by gangrene: a foot hardly closes before dead tissue has been removed."""
    if life.gangrene:
        return float(params.healing_hr_gangrene)
    return float(params.healing_hr_no_gangrene) if life.never_gangrene else 1.0


@compiled
def risk_of_healing(life: Any, params: Any, opened: float) -> None:
    """Healing of a wound that opened at a time (years)."""
    rate = params.healing_rate * life.healing_hr * life.wound_hr * gangrene_hazard_ratio(life, params)
    set_risk(life, Risk.HEALING, rate, params.healing_per_mmhg, params.healing_trend, opened)


@compiled
def risk_of_minor_amputation(life: Any, params: Any, opened: float) -> None:
    """Removal of toes or forefoot from a wound that opened at a time (years), more often where there is gangrene.

    A foot has only so much to lose: after so many there is none any more.
    """
    rate = params.minor_amputation_rate if life.minor_amputations < params.most_minor_amputations else 0.0
    if not life.gangrene:
        rate *= params.minor_amputation_hr_no_gangrene
    trend = params.minor_amputation_trend
    set_risk(life, Risk.MINOR_AMPUTATION, rate, params.minor_amputation_per_mmhg, trend, opened)


@compiled
def minor_amputation_occurrence(life: Any) -> int:
    """Which draw belongs to the foot's next minor amputation, in its present wound."""
    return int(100 * life.wounds + life.minor_amputations)


@compiled
def risk_of_major_amputation(life: Any, params: Any, opened: float) -> None:
    """Loss of the limb for a wound that opened at a time (years).

    After a minor amputation first and later wounds endanger the limb alike, by a ratio of their own.
    """
    rate = params.amputation_rate * life.amputation_hr * life.wound_amputation_hr
    if life.limb == Limb.MINOR_AMPUTATION:
        rate *= params.amputation_hr_minor
    elif life.wound == Wound.RECURRED:
        rate *= params.amputation_hr_recurrent
    set_risk(life, Risk.MAJOR_AMPUTATION, rate, params.amputation_per_mmhg, params.amputation_trend, opened)


@compiled
def risks_with_open_wound(life: Any, params: Any, t: float) -> None:
    """Healing, minor and major amputation, and death, with a wound that opened at t."""
    no_risks(life)
    first = life.wounds == 0
    if first:
        excess_death(life, params, t, 1.0, 0.0)
    else:
        share = params.death_causal_share
        severe = params.death_hr_rutherford_6 if life.wound_amputation_hr != 1.0 else 1.0
        excess_death(life, params, t, 1.0 - share, share * severe)
    if life.beyond_salvage:
        set_risk(life, Risk.MAJOR_AMPUTATION, params.beyond_salvage_rate, 0.0, 0.0, t)
        return
    risk_of_major_amputation(life, params, t)
    risk_of_healing(life, params, t)
    risk_of_minor_amputation(life, params, t)


@compiled
def risks_without_wound(life: Any, params: Any, t: float) -> None:
    """A new wound and death, in a limb that healed at t."""
    no_risks(life)
    excess_death(life, params, t, 1.0 - params.death_causal_share, 0.0)
    risk_of_new_wound(life, params, t)


@compiled
def risk_of_new_wound(life: Any, params: Any, t: float) -> None:
    """A new wound in a limb without one since t."""
    rate = params.recurrence_rate * life.recurrence_hr
    rate *= exp(params.recurrence_per_mmhg * (params.reference_tcpo2 - params.recurrence_reference_tcpo2))
    if life.limb == Limb.MINOR_AMPUTATION:
        rate *= params.recurrence_hr_minor
    set_risk(life, Risk.RECURRENCE, rate, params.recurrence_per_mmhg, params.recurrence_trend, t)


@compiled
def risks_with_rest_pain(life: Any, params: Any, t: float) -> None:
    """As without a wound, relief of the pain, and loss of the limb for pain alone."""
    no_risks(life)
    excess_death(life, params, t, 1.0, 0.0)
    if life.beyond_salvage:
        set_risk(life, Risk.MAJOR_AMPUTATION, params.beyond_salvage_rate, 0.0, 0.0, t)
        return
    risk_of_new_wound(life, params, t)
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
    """What is left, without the limb, of the excess of death that came with it. Everything else is settled ahead."""
    no_risks(life)
    excess_death(life, params, t, 1.0 - params.death_causal_share, 0.0)
    life.per_mmhg[Risk.EXCESS_DEATH] = 0.0
