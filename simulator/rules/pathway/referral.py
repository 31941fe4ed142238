"""The first day: who is treated under a policy, and the life that begins."""

from __future__ import annotations

from math import inf, log
from typing import Any

from simulator.compiling import compiled
from simulator.rules.draws import fill
from simulator.rules.pathway.background import background_death
from simulator.rules.pathway.death import plan_disease_death
from simulator.rules.pathway.dialysis import plan_dialysis
from simulator.rules.pathway.life import LUCK, MOST_STEPS, RISKS, Luck
from simulator.rules.pathway.other_limb import plan_other_limb
from simulator.rules.pathway.procedure import may_have_a_step, no_procedures, plan_steps
from simulator.rules.pathway.response import caused_gain, change_naturally
from simulator.rules.pathway.risks import hazard_ratios, risks_with_open_wound, risks_with_rest_pain, set_wound
from simulator.rules.pathway.walking import begin_walking
from simulator.rules.population.criteria import may_enter
from simulator.rules.population.patient import small_ev_level
from simulator.words.vocabulary import DAYS_PER_YEAR, Limb, Marker, Risk, Start, Wound


@compiled
def marker_present(patient: Any, params: Any, policy: Any, seed: int, i: int) -> bool:
    """Whether the patient truly has what the policy's test looks for."""
    if policy.marker == Marker.THROMBOPHILIA.value:
        return bool(patient.leiden > 0.5 or patient.mthfr > 0.5)
    level = patient.small_ev
    if level != level:
        level = small_ev_level(patient, params, seed, i)
    return bool(level >= policy.marker_threshold)


@compiled
def selected(life: Any, patient: Any, params: Any, policy: Any) -> bool:
    """Whether the policy's biomarker test, with its sensitivity and specificity, lets the patient be treated."""
    if policy.marker == Marker.NONE.value:
        return True
    life.tested = 1
    present = marker_present(patient, params, policy, life.seed, life.patient)
    positive = policy.marker_sensitivity if present else 1.0 - policy.marker_specificity
    seen = life.luck[Luck.MARKER_TEST] < positive
    return bool(seen == (policy.marker_treat_positive > 0.5))


@compiled
def begin_life(
    life: Any, patient: Any, params: Any, policy: Any, seed: int, i: int, ages: Any, log_hazards: Any
) -> None:
    """Set `life` to the referral of patient i at time 0 under a policy."""
    begin_untreated(life, patient, params, seed, i, ages, log_hazards)
    come_under(life, patient, params, policy)


@compiled
def come_under(life: Any, patient: Any, params: Any, policy: Any) -> bool:
    """What a policy adds to a life that has begun untreated. Returns whether it treats the patient.

    Whoever is not eligible, not selected or not suitable is followed under conservative care.
    """
    treated = is_treated(life, patient, params, policy)
    if treated:
        plan_care(life, patient, params, policy, 0.0)
    return bool(treated)


@compiled
def begin_untreated(life: Any, patient: Any, params: Any, seed: int, i: int, ages: Any, log_hazards: Any) -> None:
    """Set `life` to the referral of patient i at time 0 under conservative care, which is the same whatever the policy."""
    life.seed, life.patient = seed, i
    fill(life.luck, LUCK, seed, i, 0)
    life.time, life.alive, life.anchor, life.looked = 0.0, 1, 0.0, inf
    life.limb = Limb.INTACT
    life.wounds, life.operations, life.minor_amputations = 0, 0, 0
    life.beyond_salvage = 1 if patient.beyond_salvage > 0.5 else 0
    life.reference, life.healing_enough = params.reference_tcpo2, params.healing_tcpo2_enough
    life.healing_least, life.healing_short = params.healing_tcpo2_least, params.healing_per_mmhg_short
    for k in range(RISKS):
        life.rate[k], life.per_mmhg[k], life.trend[k], life.since[k], life.budget[k] = 0.0, 0.0, 0.0, 0.0, 0.0
        life.effect[k] = 1.0
    life.budget[Risk.EXCESS_DEATH] = -log(life.luck[Luck.EXCESS_DEATH])
    life.budget[Risk.MAJOR_AMPUTATION] = -log(life.luck[Luck.MAJOR_AMPUTATION])
    life.budget[Risk.MINOR_AMPUTATION] = -log(life.luck[Luck.MINOR_AMPUTATION])
    life.budget[Risk.HEALING] = -log(life.luck[Luck.HEALING])
    life.tcpo2_start, life.tcpo2_slope = patient.tcpo2, params.tcpo2_slope
    life.tcpo2_ceiling = max(params.tcpo2_ceiling, patient.tcpo2)
    life.ramps = 0
    life.tested, life.doses, life.acting = 0, 0, -1
    life.next_dose, life.walks_at = inf, inf
    for k in range(MOST_STEPS):
        life.step_done[k], life.step_open[k], life.step_therapy[k] = 0, 0, -1
    no_procedures(life)
    life.tcpo2_seen = patient.tcpo2_measured
    life.next_crossover, life.crossed_at = inf, inf
    life.dying_within = params.judgement_dying_days / DAYS_PER_YEAR
    life.first_dose_at, life.last_dose_at, life.healed_at, life.minor_amputation_at = inf, inf, inf, inf
    life.amputated_at, life.converted_at, life.first_walked_at, life.died_at = inf, inf, inf, inf
    life.postoperative_death, life.conversion_at, life.stump_heals_at, life.other_amputated_at = inf, inf, inf, inf
    life.background_death = background_death(life, patient, params, ages, log_hazards)
    hazard_ratios(life, patient, params)
    plan_disease_death(life, params)
    plan_other_limb(life, patient, params)
    plan_dialysis(life, patient, params)
    begin_walking(life, patient, params)
    severe = 1.0 if patient.rutherford > 5.5 else 0.0
    set_wound(life, params, patient.infection, severe, patient.gangrene)
    change_naturally(life, patient, params)
    life.treated = 0
    last_date = (params.published_doses - 1.0) * params.published_interval_days / DAYS_PER_YEAR
    life.last_tcpo2_at = last_date + params.last_tcpo2_days / DAYS_PER_YEAR
    if patient.rutherford < 4.5:
        life.wound = Wound.NONE
        life.budget[Risk.RECURRENCE] = -log(life.luck[Luck.RECURRENCE])
        risks_with_rest_pain(life, params, 0.0)
    else:
        life.wound = Wound.OPEN
        risks_with_open_wound(life, params, 0.0)


@compiled
def is_treated(life: Any, patient: Any, params: Any, policy: Any) -> bool:
    """Whether the policy treats the patient: it offers something that the patient may have, and its test lets it be given."""
    # Nobody treats a limb that is beyond salvage.
    if patient.beyond_salvage > 0.5 or (policy.doses < 0.5 and policy.step_count < 0.5):
        return False
    if not may_enter(policy, patient) or not selected(life, patient, params, policy):
        return False
    return bool(policy.doses > 0.5 or may_have_a_step(patient, policy))


@compiled
def plan_care(life: Any, patient: Any, params: Any, policy: Any, t: float) -> None:
    """From t (years), plan the first dose and the first therapies of somebody whom the policy treats."""
    plan_steps(life, patient, params, policy, t)
    if policy.doses > 0.5:
        life.treated = 1
        life.caused_gain = caused_gain(life, patient, params, policy)
        for k in range(MOST_STEPS):
            if life.step_next[k] < inf:
                life.caused_gain *= params.therapies[life.step_therapy[k]].cells_gain
        if policy.cells_start == Start.REFERRAL.value:
            life.next_dose = policy.waiting + t
