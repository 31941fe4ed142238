"""What care does: natural change and response, doses, procedures, and going over to another policy."""

from __future__ import annotations

from math import exp, inf, log
from statistics import NormalDist
from typing import Any

import numpy as np

from simulator.questions.verify.rulebook.book import restated
from simulator.questions.verify.rulebook.events_stated import (
    budget,
    chance,
    conversion,
    dialysis_begins,
    moved,
    on_a_stump,
    other_leg_lost,
    stump_healed,
    walking_ends,
    walks_on_a_prosthesis,
)
from simulator.questions.verify.rulebook.hazards_stated import path
from simulator.questions.verify.rulebook.people_stated import meets, odds_times, treated
from simulator.questions.verify.rulebook.situation import Situation
from simulator.rules.pathway.cell_therapy import give_dose
from simulator.rules.pathway.crossover import Crossover, cross_over, crosses_over
from simulator.rules.pathway.happening import care_for
from simulator.rules.pathway.life import LIFE, MOST_RAMPS, Luck
from simulator.rules.pathway.procedure import carry_out, effect_ends, follow_on, is_lost, plan_steps, procedure_is_done
from simulator.rules.pathway.referral import plan_care
from simulator.rules.pathway.repeat_dose import dose_is_given
from simulator.rules.pathway.response import caused_gain, change_naturally
from simulator.rules.perfusion import add_ramp
from simulator.words.vocabulary import DAYS_PER_YEAR, Event, Limb, Renal, Repeat, Risk, Start, Stream, Wound

AFTER_CELLS = -1
MOST = 4
"""Steps of a policy; as the number of a decision it is that on cells."""
NORMAL = NormalDist()


def ramp(life: Any, start: float, days: float, height: float) -> None:
    """Perfusion changes by so much from then on."""
    n = life.ramps
    life.ramp_start[n], life.ramp_duration[n], life.ramp_height[n] = start, days / DAYS_PER_YEAR, height
    life.ramps = n + 1


def _beyond_room(s: Situation) -> bool:
    """Whether a path that has no room left refuses one more change."""
    s.life.ramps = MOST_RAMPS
    # With room behind it, so that a rule that writes beyond the path hits nothing else.
    room = np.zeros(2, LIFE)
    room[0] = s.life
    try:
        add_ramp(room[0], s.t, 1.0, 1.0)
    except IndexError:
        return True
    return False


@restated("a path without room", _beyond_room)
def _(s: Situation) -> bool:
    s.life.ramps = MOST_RAMPS
    return True


def change(life: Any, p: Any, start: float, days: float, height: float) -> None:
    """A change that wanes later, if it is a rise and rises do."""
    if height != 0.0:
        ramp(life, start, days, height)
    if height > 0.0 and p.recovery_waning_share > 0.0:
        later = start + days / DAYS_PER_YEAR + p.recovery_waning_delay_years
        ramp(life, later, DAYS_PER_YEAR * p.recovery_waning_years, -p.recovery_waning_share * height)


def settled(life: Any) -> None:
    """What comes first of each kind."""
    life.next_procedure, life.next_loss = min(life.step_next), min(life.step_lost)
    life.next_sequel = min(*life.step_ends, life.dies_at, life.major_at, life.minor_at)


def total(s: Situation, *therapies: float) -> float:
    """The change under the whole published treatment: linear in the limb's rank."""
    who, p = s.patient, s.params
    ratio = (p.response_or_leiden if who.leiden else 1.0) * (p.response_or_mthfr if who.mthfr else 1.0)
    ratio *= p.response_or_severe_renal if who.renal in (Renal.SEVERE, Renal.DIALYSIS) else 1.0
    ratio *= p.response_or_small_ev ** (who.small_ev_high - p.small_ev_high_share)
    for number in therapies:
        ratio *= 1.0 if number < 0 else p.therapies[int(number)].response_or
    u = s.life.luck[Luck.RESPONSE]
    odds = ratio * p.response_probability / (1.0 - p.response_probability) * u / (1.0 - u)
    rank = 1.0 / (1.0 + exp(-p.response_polarity * log(odds))) if odds > 0.0 else 0.0
    lack = p.recovery_gain_baseline * (who.tcpo2 - p.reference_tcpo2)
    return float(p.recovery_gain + p.recovery_spread * (rank - 0.5) - lack)


@restated("natural change", lambda s: change_naturally(s.life, s.patient, s.params))
def natural(s: Situation) -> None:
    """What no cells cause comes from referral on."""
    life, p = s.life, s.params
    life.gain = total(s)
    life.natural_gain = life.gain - p.attributable_share * max(life.gain, 0.0)
    life.caused_gain = life.given_gain = 0.0
    change(life, p, 0.0, p.natural_days, life.natural_gain)


def caused(s: Situation) -> float:
    """What a policy's cells add."""
    ratios = [1.0 if n < 0 else s.params.therapies[int(n)].response_or for n in (s.policy.product, s.policy.route)]
    whole = s.life.gain if ratios == [1.0, 1.0] else total(s, s.policy.product, s.policy.route)
    return float(max(whole - s.life.natural_gain, 0.0))


@restated("what cells cause", lambda s: caused_gain(s.life, s.patient, s.params, s.policy))
def _(s: Situation) -> float:
    return caused(s)


def follows(life: Any, policy: Any, start: Start, after: int, t: float) -> None:
    """Plan what waits for something that was given or lost."""
    for k, step in list(enumerate(policy.steps))[: int(policy.step_count)]:
        if step.start == start and step.after == after and life.step_open[k] and not life.step_done[k]:
            life.step_next[k] = min(life.step_next[k], t + step.wait)
    if policy.doses and policy.cells_start == start and policy.cells_after == after and not life.doses:
        life.next_dose = min(life.next_dose, t + policy.waiting)
    settled(life)


@restated("what follows", lambda s: follow_on(s.life, s.policy, int(3.0 * s.luck[0]), int(4.0 * s.luck[1]) - 1, s.t))
def _(s: Situation) -> None:
    follows(s.life, s.policy, Start(int(3.0 * s.luck[0])), int(4.0 * s.luck[1]) - 1, s.t)


@restated("a dose", lambda s: give_dose(s.life, s.params, s.policy, s.t))
def dose(s: Situation) -> bool:
    """Its part of the rise, from now on; the first may act on death and begins what waits for cells."""
    life, p, t = s.life, s.params, s.t
    life.doses += 1
    life.last_dose_at = t
    life.next_dose = t + s.policy.interval if life.doses < s.policy.doses else inf
    first = life.doses == 1
    if first:
        planned, life.first_dose_at = life.next_dose, t
        follows(life, s.policy, Start.NO_RESPONSE, AFTER_CELLS, t)
        life.next_dose = planned
    if first and p.act_death_hr != 1.0:
        life.death_hr *= p.act_death_hr
        life.rate[Risk.EXCESS_DEATH] *= p.act_death_hr
        life.disease_death = moved(life.disease_death, t, p.death_per_year_of_age, p.act_death_hr)
    if life.caused_gain > 0.0:
        q = p.dose_share
        rise = life.caused_gain * q * (1.0 - q) ** (life.doses - 1) / (1.0 - (1.0 - q) ** p.published_doses)
        life.given_gain += rise
        change(life, p, t, p.recovery_days, rise)
    return bool(life.caused_gain > 0.0 or (first and p.act_death_hr != 1.0))


def measured(s: Situation, stream: Stream, occurrence: int) -> float:
    """TcPO2 as a clinician sees it now."""
    error = s.params.measurement_sd * NORMAL.inv_cdf(chance(s.life, stream, occurrence))
    return float(max(0.0, path(s.life, s.t)[0] + error))


def risen(s: Situation, least: float, decision: int) -> bool:
    """Whether it has risen since referral by at least so much."""
    return bool(measured(s, Stream.RESPONSE_ERROR, decision) - s.life.tcpo2_seen >= least)


@restated("whether a dose is given", lambda s: dose_is_given(s.life, s.params, s.policy, s.t))
def given(s: Situation) -> bool:
    """Never to a healed limb, hardly to the plainly dying; a first dose otherwise always, repeats by the policy's rule."""
    life, p, policy, first = s.life, s.params, s.policy, s.life.doses == 0
    u = life.luck[Luck.JUDGEMENT] if first else chance(life, Stream.JUDGEMENT, life.doses)
    plain = life.clinical_at <= s.t + life.dying_within and life.clinical_risk <= Risk.MAJOR_AMPUTATION
    if life.wound == Wound.HEALED or (plain and u < p.judgement_dying):
        return False
    if first:
        return policy.cells_start != Start.NO_RESPONSE or not risen(s, policy.cells_rise_below, MOST)
    seen = measured(s, Stream.DECISION_ERROR, life.doses)
    if seen >= p.judgement_never_tcpo2 or policy.repeat_rule == Repeat.ALWAYS:
        return bool(seen < p.judgement_never_tcpo2)
    if policy.repeat_rule == Repeat.UNTIL_TCPO2:
        return bool(seen < policy.stop_at_tcpo2)
    others = p.judgement_stop_first if life.doses == 1 else p.judgement_stop
    return bool(u >= (p.judgement_stop_recovered if seen >= policy.stop_at_tcpo2 else others))


def _step(s: Situation) -> int:
    return int(MOST * s.luck[3])


def over(life: Any, p: Any, k: int, t: float) -> None:
    """The direct ratios of a step's therapy end."""
    therapy = p.therapies[life.step_therapy[k]]
    scaled(life, p, t, 1.0 / therapy.healing_hr, 1.0 / therapy.amputation_hr, 1.0 / therapy.death_hr)
    life.step_ends[k], life.step_works[k] = inf, 0


def scaled(life: Any, p: Any, t: float, healing: float, amputation: float, death: float) -> None:
    """Hazards take a ratio, in force and later; death of the disease comes sooner or later for it."""
    ratios = {Risk.HEALING: healing, Risk.MAJOR_AMPUTATION: amputation, Risk.EXCESS_DEATH: death}
    for k, ratio in ratios.items():
        life.effect[k] *= ratio
        life.rate[k] *= ratio
    life.disease_death = moved(life.disease_death, t, p.death_per_year_of_age, death)


@restated("the end of a therapy's ratios", lambda s: effect_ends(s.life, s.params, _step(s), s.t))
def _(s: Situation) -> None:
    over(s.life, s.params, _step(s), s.t)
    settled(s.life)


@restated("whether a procedure is done", lambda s: procedure_is_done(s.life, s.params, s.policy, _step(s), s.t))
def done(s: Situation) -> bool:
    """Not in a healed limb, nor where what came before has worked."""
    step, k = s.policy.steps[_step(s)], _step(s)
    waits = s.life.step_done[k] == 0 and step.start == Start.NO_RESPONSE
    return bool(s.life.wound != Wound.HEALED and not (waits and risen(s, step.rise_below, k)))


def _carried_out(s: Situation) -> bool:
    return bool(carry_out(s.life, s.params, s.policy, _step(s), s.t))


@restated("a procedure", _carried_out)
def procedure(s: Situation) -> bool:
    """It may harm; where it succeeds perfusion rises, hazards take its ratios, and what was gained may be lost."""
    life, t, k = s.life, s.t, _step(s)
    therapy, number = s.params.therapies[life.step_therapy[k]], int(life.step_done[k])
    life.step_next[k], life.step_done[k] = inf, number + 1
    if number == 0:
        follows(life, s.policy, Start.NO_RESPONSE, k, t)
    luck, open_now = int(therapy.luck) + number, life.wound in (Wound.OPEN, Wound.RECURRED)
    if chance(life, Stream.PROCEDURAL_DEATH, luck) < therapy.procedural_death:
        life.dies_at = t
    elif chance(life, Stream.PRIMARY_AMPUTATION, luck) < therapy.major_amputation:
        life.major_at = t
    elif open_now and chance(life, Stream.MINOR_WITH, luck) < therapy.minor_amputation:
        life.minor_at = t
    ratio = (therapy.success_or_dialysis if life.renal == Renal.DIALYSIS else 1.0) * (
        therapy.success_or_severe if life.severe else 1.0
    )
    success = chance(life, Stream.PROCEDURE_SUCCESS, luck) < odds_times(therapy.success, ratio)
    success = success and (therapy.completion >= 1.0 or chance(life, Stream.COMPLETION, luck) < therapy.completion)
    if success:
        gained(s, therapy, k, luck)
    settled(life)
    return bool(success)


def gained(s: Situation, therapy: Any, k: int, luck: int) -> None:
    """A rise to a plateau or by so much, its loss, and the ratios, which last longer but do not add up."""
    life, t, there, height = s.life, s.t, s.t, 0.0
    if therapy.plateau > 0.0 or therapy.rise > 0.0:
        z = NORMAL.inv_cdf(chance(life, Stream.PROCEDURE_RISE, luck))
        to = therapy.plateau + therapy.plateau_sd * z - path(life, t)[0]
        height = max(0.0, to if therapy.plateau > 0.0 else therapy.rise + therapy.rise_sd * z)
        there = t + therapy.rise_days / DAYS_PER_YEAR
        ramp(life, t, therapy.rise_days, height)
    if therapy.loss_rate > 0.0:
        lost = there + budget(life, Stream.PROCEDURE_LOSS, luck) ** (1.0 / therapy.loss_shape) / therapy.loss_rate
        life.step_lost[k] = lost
        if there > t and therapy.loss_share > 0.0:
            ramp(life, lost, therapy.loss_days, -therapy.loss_share * height)
    ratios = therapy.healing_hr, therapy.amputation_hr, therapy.death_hr
    if ratios != (1.0, 1.0, 1.0):
        life.step_ends[k] = t + therapy.effect_days / DAYS_PER_YEAR
        if not life.step_works[k]:
            life.step_works[k] = 1
            scaled(life, s.params, t, *ratios)


def _lost(s: Situation) -> None:
    s.life.step_lost[_step(s)] = s.t
    is_lost(s.life, s.params, s.policy, _step(s))


@restated("the loss of what was gained", _lost)
def loss(s: Situation) -> None:
    """Done again in its share while a wound is open, once perfusion has fallen; or what waits for the loss begins."""
    life, k = s.life, _step(s)
    therapy, number = s.params.therapies[life.step_therapy[k]], int(life.step_done[k])
    life.step_lost[k] = inf
    if life.wound in (Wound.OPEN, Wound.RECURRED):
        follows(life, s.policy, Start.LOSS, k, s.t)
        again = chance(life, Stream.PROCEDURE_REPETITION, int(therapy.luck) + number) < therapy.repetition
        if number < therapy.most and again:
            life.step_next[k] = s.t + therapy.loss_days / DAYS_PER_YEAR
    settled(life)


def steps_planned(s: Situation, t: float) -> None:
    """Steps that begin at once; where another therapy was, its ratios end with it."""
    life = s.life
    life.step_next[:] = inf
    for k, step in list(enumerate(s.policy.steps))[: int(s.policy.step_count)]:
        if life.step_therapy[k] != step.therapy:
            if life.step_works[k]:
                over(life, s.params, k, t)
            life.step_done[k], life.step_lost[k], life.step_therapy[k] = 0, inf, step.therapy
        life.step_open[k] = int(meets(step, s.patient))
        if life.step_open[k] and step.start == Start.REFERRAL:
            life.step_next[k] = t + step.wait
    settled(life)


def care_planned(s: Situation, t: float) -> None:
    """The first dose and the first therapies of somebody who is treated."""
    life, p = s.life, s.params
    steps_planned(s, t)
    if not s.policy.doses:
        return
    life.treated, life.caused_gain = 1, caused(s)
    for k, when in enumerate(life.step_next):
        life.caused_gain *= p.therapies[life.step_therapy[k]].cells_gain if when < inf else 1.0
    if s.policy.cells_start == Start.REFERRAL:
        life.next_dose = t + s.policy.waiting


@restated("steps", lambda s: plan_steps(s.life, s.patient, s.params, s.policy, s.t))
def _(s: Situation) -> None:
    steps_planned(s, s.t)


@restated("care", lambda s: plan_care(s.life, s.patient, s.params, s.policy, s.t))
def _(s: Situation) -> None:
    care_planned(s, s.t)


@restated("another policy", lambda s: cross_over(s.life, s.patient, s.params, s.policy, s.t))
def goes_over(s: Situation) -> None:
    """Whoever the other policy takes is under it from now on; what the former one planned is not done."""
    s.life.treated = 0
    if treated(s):
        s.life.next_dose = inf
        care_planned(s, s.t)


def _terms(s: Situation) -> Crossover:
    return Crossover(0.0, 0, float(s.luck[4]), float(60.0 * s.luck[5]) if s.luck[6] < 0.7 else inf)


@restated("whether somebody crosses over", lambda s: crosses_over(s.life, s.params, _terms(s), s.t))
def crosses(s: Situation) -> bool:
    """A share of those whose limb has not healed, by what is measured where there is a limit."""
    terms = _terms(s)
    willing = s.life.wound != Wound.HEALED and s.life.limb <= Limb.MINOR_AMPUTATION
    willing = willing and chance(s.life, Stream.ARM, 1) < terms.share
    return bool(
        willing and (terms.tcpo2_below == inf or measured(s, Stream.DECISION_ERROR, s.life.doses) < terms.tcpo2_below)
    )


PLANNED = (
    *(Event.WALKS, Event.WALKS_NO_MORE, Event.STUMP_HEALED, Event.CONVERSION, Event.OTHER_LIMB_AMPUTATION),
    *(Event.STARTS_DIALYSIS, Event.LOSS, Event.PROCEDURE, Event.DOSE),
)
"""What can be due beside clinical events."""


def _kind(s: Situation) -> Event:
    return PLANNED[int(len(PLANNED) * s.luck[7])]


def _comes(s: Situation) -> None:
    """What is planned is due now, of one step alone."""
    life, kind, k = s.life, _kind(s), _step(s)
    life.step_works[:] = 0
    if kind in (Event.LOSS, Event.PROCEDURE):
        (life.step_lost if kind == Event.LOSS else life.step_next)[k] = s.t
    if kind == Event.STUMP_HEALED:
        on_a_stump(s)


def _cared_for(s: Situation) -> Any:
    _comes(s)
    return care_for(s.life, s.params, s.policy, s.t, _kind(s))


@restated("what was planned", _cared_for)
def planned(s: Situation) -> Any:
    """Each does what its own page says; what is not done any more ends treatment."""
    _comes(s)
    life, kind = s.life, _kind(s)
    if kind in HAPPENS:
        HAPPENS[kind](s)
        return kind, kind in (Event.CONVERSION, Event.OTHER_LIMB_AMPUTATION, Event.STARTS_DIALYSIS)
    if kind == Event.DOSE:
        if given(s):
            return kind, dose(s)
        life.next_dose = inf
        return Event.STOPS_TREATMENT, False
    life.acting = _step(s)
    if kind == Event.LOSS:
        loss(s)
        return kind, False
    if not done(s):
        life.step_next[_step(s)] = inf
        settled(life)
        return Event.STOPS_TREATMENT, False
    again = life.step_done[_step(s)] > 0
    changed = procedure(s)
    return Event.REPEAT_PROCEDURE if again else Event.PROCEDURE, changed


HAPPENS = {
    Event.WALKS: walks_on_a_prosthesis,
    Event.WALKS_NO_MORE: walking_ends,
    Event.STUMP_HEALED: stump_healed,
    Event.CONVERSION: conversion,
    Event.OTHER_LIMB_AMPUTATION: other_leg_lost,
    Event.STARTS_DIALYSIS: dialysis_begins,
}
"""What comes without care."""
