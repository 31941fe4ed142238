"""What happens next to a patient, and what it changes: the rules' single entry for both engines.

Ties: background death, then the competing risks in the order of `Risk`, then planned care in the order of `Event`.
"""

from __future__ import annotations

from math import inf
from typing import Any

from simulator.compiling import compiled
from simulator.rules.pathway.amputation import amputate, amputate_major, amputate_minor, convert, lose_other_limb
from simulator.rules.pathway.cell_therapy import give_dose, stop_treatment
from simulator.rules.pathway.course import first_risk, spend_until
from simulator.rules.pathway.dialysis import start_dialysis
from simulator.rules.pathway.healing import heal_stump, heal_wound, open_wound, relieve_pain
from simulator.rules.pathway.life import is_death
from simulator.rules.pathway.procedure import (
    carry_out,
    effect_ends,
    first_at,
    is_lost,
    procedure_is_done,
    sequel,
    settle,
)
from simulator.rules.pathway.repeat_dose import dose_is_given
from simulator.rules.pathway.walking import walk, walk_no_more
from simulator.words.vocabulary import Death, Event, Limb, Risk, Wound


@compiled
def planned_care(life: Any) -> tuple[float, int]:
    """Time and kind of the next thing that is planned (inf if nothing is).

    What is settled ahead without perfusion comes the same way. At equal times: conversion, healing of a stump, the other
    limb, dialysis, walking and its loss, what a procedure brings with it, a procedure, its loss, a dose, the question
    whether to cross over.
    """
    time: float = life.conversion_at
    kind: int = Event.CONVERSION
    if life.stump_heals_at < time:
        time, kind = life.stump_heals_at, Event.STUMP_HEALED
    if life.other_limb_at < time:
        time, kind = life.other_limb_at, Event.OTHER_LIMB_AMPUTATION
    if life.dialysis_at < time:
        time, kind = life.dialysis_at, Event.STARTS_DIALYSIS
    if life.walks_at < time:
        time, kind = life.walks_at, Event.WALKS
    if life.walking_ends_at < time:
        time, kind = life.walking_ends_at, Event.WALKS_NO_MORE
    if life.next_sequel < time:
        time, kind = life.next_sequel, sequel(life)
    if life.next_procedure < time:
        time, kind = life.next_procedure, Event.PROCEDURE
    if life.next_loss < time:
        time, kind = life.next_loss, Event.LOSS
    if life.next_dose < time:
        time, kind = life.next_dose, Event.DOSE
    if life.next_crossover < time:
        time, kind = life.next_crossover, Event.CROSSES_OVER
    return time, kind


@compiled
def clinical_event(life: Any, horizon: float) -> tuple[float, int]:
    """Time and `Risk` or `Death` of the next clinical event before the horizon; nothing comes at inf.

    At equal times deaths that are settled ahead come first.
    """
    dies, death = life.background_death, Death.BACKGROUND
    if life.disease_death < dies:
        dies, death = life.disease_death, Death.DISEASE
    if life.postoperative_death < dies:
        dies, death = life.postoperative_death, Death.POSTOPERATIVE
    time, risk = first_risk(life, min(dies, horizon))
    if dies <= horizon and not time < dies:
        return dies, death
    return time, risk


@compiled
def end_risks(life: Any, risk: int) -> None:
    """Take out of force what an event of `risk` ends, so that nothing is spent on budgets that are not read any more.

    The event has spent its own. Whatever may come again, in a new wound or after healing, has a new budget then.
    """
    life.rate[risk] = 0.0
    if risk == Risk.MAJOR_AMPUTATION:
        life.rate[Risk.HEALING], life.rate[Risk.RECURRENCE] = 0.0, 0.0
    if risk == Risk.MAJOR_AMPUTATION or risk == Risk.HEALING:
        life.rate[Risk.MINOR_AMPUTATION] = 0.0
    if risk == Risk.RECURRENCE:
        life.rate[Risk.HEALING] = 0.0


@compiled
def suffer(life: Any, params: Any, t: float, risk: int) -> int:
    """Let the clinical event of a `Risk` or `Death` happen at t (years). Returns the `Event` it is."""
    if is_death(risk):
        life.alive = 0
        life.died_at = t
        if risk == Death.BACKGROUND:
            return Event.BACKGROUND_DEATH
        return Event.POSTOPERATIVE_DEATH if risk == Death.POSTOPERATIVE else Event.DISEASE_DEATH
    end_risks(life, risk)
    spend_until(life, t)
    if risk == Risk.MAJOR_AMPUTATION:
        amputate_major(life, params, t)
        return Event.BELOW_KNEE_AMPUTATION if life.limb == Limb.BELOW_KNEE else Event.ABOVE_KNEE_AMPUTATION
    if risk == Risk.MINOR_AMPUTATION:
        amputate_minor(life, params, t)
        return Event.MINOR_AMPUTATION
    if risk == Risk.HEALING and life.wound == Wound.NONE:
        relieve_pain(life, params, t)
        return Event.PAIN_RELIEVED
    if risk == Risk.HEALING:
        heal_wound(life, params, t)
        return Event.HEALED
    open_wound(life, params, t)
    return Event.NEW_WOUND


@compiled
def suffer_procedure(life: Any, params: Any, policy: Any, t: float, kind: int) -> int:
    """Let what a procedure at t (years) brings with it happen, or its direct effects end. Returns the `Event` it is."""
    if kind == Event.PROCEDURAL_DEATH:
        life.alive = 0
        life.died_at = t
        return kind
    if kind == Event.EFFECT_ENDS:
        life.acting = first_at(life.step_ends, t)
        effect_ends(life, params, life.acting, t)
        return kind
    spend_until(life, t)
    life.major_at, life.minor_at = inf, inf
    settle(life)
    if kind == Event.BELOW_KNEE_AMPUTATION:
        amputate(life, params, t, True)
    else:
        amputate_minor(life, params, t)
    return kind


@compiled
def care_for(life: Any, params: Any, policy: Any, t: float, kind: int) -> tuple[int, bool]:
    """Carry out what was planned for t (years). Returns the `Event` and whether the patient's hazards changed."""
    if kind == Event.WALKS:
        walk(life)
        return Event.WALKS, False
    if kind == Event.WALKS_NO_MORE:
        walk_no_more(life)
        return Event.WALKS_NO_MORE, False
    if kind == Event.STUMP_HEALED:
        heal_stump(life, params, t)
        return Event.STUMP_HEALED, False
    if kind == Event.CONVERSION:
        convert(life, params, t)
        return Event.CONVERSION, True
    if kind == Event.OTHER_LIMB_AMPUTATION:
        lose_other_limb(life, params, t)
        return Event.OTHER_LIMB_AMPUTATION, True
    if kind == Event.STARTS_DIALYSIS:
        spend_until(life, t)
        start_dialysis(life, params, t)
        return Event.STARTS_DIALYSIS, True
    if kind == Event.LOSS:
        life.acting = first_at(life.step_lost, t)
        is_lost(life, params, policy, life.acting)
        return Event.LOSS, False
    if kind == Event.PROCEDURE:
        life.acting = first_at(life.step_next, t)
        if not procedure_is_done(life, params, policy, life.acting, t):
            life.step_next[life.acting] = inf
            settle(life)
            return Event.STOPS_TREATMENT, False
        repeated = life.step_done[life.acting] > 0
        changed = carry_out(life, params, policy, life.acting, t)
        return (Event.REPEAT_PROCEDURE if repeated else Event.PROCEDURE), changed
    if kind != Event.DOSE:
        return suffer_procedure(life, params, policy, t, kind), True
    if not dose_is_given(life, params, policy, t):
        stop_treatment(life)
        return Event.STOPS_TREATMENT, False
    return Event.DOSE, give_dose(life, params, policy, t)
