"""A therapy as a procedure: it may succeed, lifts TcPO2 or multiplies hazards for a while, may be lost, repeated, and harm.

A policy carries out its therapies in *steps*; a step's numbers are a record of THERAPY. What is done to the limb at once (a
minor or a below-knee amputation with it, death of it) is planned for the same moment and happens next, as an event of its own.
"""

from __future__ import annotations

from math import inf
from typing import Any

import numpy as np

from simulator.compiling import compiled, record_dtype
from simulator.evidence.therapies.therapy import MOST_THERAPIES
from simulator.evidence.therapies.therapy_numbers import NUMBERS
from simulator.rules.draws import budget, normal, uniform
from simulator.rules.pathway.course import spend_until
from simulator.rules.pathway.death import rescale_disease_death
from simulator.rules.pathway.life import MOST_STEPS, RISKS, limb_kept, wound_open
from simulator.rules.perfusion import add_ramp, tcpo2
from simulator.rules.population.criteria import may_enter
from simulator.rules.population.patient import measured
from simulator.words.vocabulary import DAYS_PER_YEAR, Event, Renal, Risk, Start, Stream, Wound

THERAPY = record_dtype([(name, np.float64) for name in ("luck", *NUMBERS)])
"""What a therapy does, in the units of `simulator.evidence.therapies.therapy_numbers`; `luck` keeps its draws apart."""
THERAPIES = ("therapies", THERAPY, (MOST_THERAPIES,))
"""The field of the parameters that holds every therapy, by its number in the register."""
AFTER_CELLS = -1
"""What a step follows, if not another step."""


@compiled
def procedure_is_done(life: Any, params: Any, policy: Any, step: int, t: float) -> bool:
    """Whether a procedure that is due is done: never after a major amputation, nor once the wound has healed.

    A step that waits for what was done before to fail is left out where measured TcPO2 has risen enough.
    """
    if not limb_kept(life) or life.wound == Wound.HEALED:
        return False
    if life.step_done[step] == 0 and policy.steps[step].start == Start.NO_RESPONSE.value:
        return not has_risen(life, params, policy.steps[step].rise_below, t, step)
    return True


@compiled
def has_risen(life: Any, params: Any, at_least: float, t: float, decision: int) -> bool:
    """Whether TcPO2, measured for a decision, lies `at_least` (mmHg) above what was measured at referral."""
    error = normal(life.seed, life.patient, Stream.RESPONSE_ERROR, decision)
    return bool(measured(tcpo2(life, t), params.measurement_sd, error) - life.tcpo2_seen >= at_least)


@compiled
def may_have_a_step(patient: Any, policy: Any) -> bool:
    """Whether the patient may have any of a policy's therapies."""
    found = False
    for k in range(int(policy.step_count)):
        found = found or may_enter(policy.steps[k], patient)
    return found


@compiled
def plan_steps(life: Any, patient: Any, params: Any, policy: Any, t: float) -> None:
    """From t (years), plan the steps that begin at once, of those whom each takes, and note who may have the later ones."""
    for k in range(MOST_STEPS):
        life.step_next[k] = inf
    for k in range(int(policy.step_count)):
        step = policy.steps[k]
        if life.step_therapy[k] != int(step.therapy):
            forget_step(life, params, k, t)
            life.step_therapy[k] = int(step.therapy)
        life.step_open[k] = 1 if may_enter(step, patient) else 0
        if life.step_open[k] == 1 and step.start == Start.REFERRAL.value:
            life.step_next[k] = step.wait + t
    settle(life)


@compiled
def forget_step(life: Any, params: Any, k: int, t: float) -> None:
    """Make room at t (years) for another therapy where a former policy had one: its direct ratios end with it."""
    if life.step_works[k] == 1:
        effect_ends(life, params, k, t)
    life.step_done[k], life.step_lost[k] = 0, inf


@compiled
def follow_on(life: Any, policy: Any, start: int, after: int, t: float) -> None:
    """Plan what follows a step (or cells) that was given or lost at t (years)."""
    for k in range(int(policy.step_count)):
        step = policy.steps[k]
        if step.start == start and step.after == after and life.step_open[k] == 1 and life.step_done[k] == 0:
            life.step_next[k] = min(life.step_next[k], t + step.wait)
    if policy.doses > 0.5 and policy.cells_start == start and policy.cells_after == after and life.doses == 0:
        life.next_dose = min(life.next_dose, t + policy.waiting)
    settle(life)


@compiled
def carry_out(life: Any, params: Any, policy: Any, k: int, t: float) -> bool:
    """Carry out step k at t (years). True if it succeeded and so changes the path or the hazards."""
    therapy = params.therapies[life.step_therapy[k]]
    number = life.step_done[k]
    life.step_next[k] = inf
    life.step_done[k] += 1
    if number == 0:
        follow_on(life, policy, Start.NO_RESPONSE.value, k, t)
    luck = int(therapy.luck) + number
    if happens(life, Stream.PROCEDURAL_DEATH, luck, therapy.procedural_death):
        life.dies_at = t
    elif happens(life, Stream.PRIMARY_AMPUTATION, luck, therapy.major_amputation):
        life.major_at = t
    elif wound_open(life) and happens(life, Stream.MINOR_WITH, luck, therapy.minor_amputation):
        life.minor_at = t
    changed = works(life, therapy, luck)
    if changed:
        spend_until(life, t)
        rise(life, therapy, k, luck, t)
        multiply(life, params, k, t)
    settle(life)
    return changed


@compiled
def happens(life: Any, stream: int, luck: int, chance: float) -> bool:
    """Whether something of so many chances happens by the patient's own draw; what never happens needs none."""
    return bool(chance > 0.0 and uniform(life.seed, life.patient, stream, luck) < chance)


@compiled
def chance_of_success(life: Any, therapy: Any) -> float:
    """The probability of success of a procedure in this patient, by the odds ratios of dialysis and of a severe wound."""
    odds = 1.0
    if life.renal == Renal.DIALYSIS:
        odds *= therapy.success_or_dialysis
    if life.severe == 1:
        odds *= therapy.success_or_severe
    if odds == 1.0 or therapy.success >= 1.0:
        return float(therapy.success)
    return float(odds * therapy.success / (1.0 - therapy.success + odds * therapy.success))


@compiled
def works(life: Any, therapy: Any, luck: int) -> bool:
    """Whether a procedure succeeds, and a course is completed."""
    if uniform(life.seed, life.patient, Stream.PROCEDURE_SUCCESS, luck) >= chance_of_success(life, therapy):
        return False
    if therapy.completion >= 1.0:
        return True
    return bool(uniform(life.seed, life.patient, Stream.COMPLETION, luck) < therapy.completion)


@compiled
def rise(life: Any, therapy: Any, k: int, luck: int, t: float) -> None:
    """Let TcPO2 rise from t (years), to a plateau or by so much, and settle when what was gained, once it is, is lost."""
    height, there, lifts = 0.0, t, therapy.plateau > 0.0 or therapy.rise > 0.0
    if lifts:
        z = normal(life.seed, life.patient, Stream.PROCEDURE_RISE, luck)
        if therapy.plateau > 0.0:
            height = max(0.0, therapy.plateau + therapy.plateau_sd * z - tcpo2(life, t))
        else:
            height = max(0.0, therapy.rise + therapy.rise_sd * z)
        add_ramp(life, t, therapy.rise_days / DAYS_PER_YEAR, height)
        there = t + therapy.rise_days / DAYS_PER_YEAR
    if therapy.loss_rate > 0.0:
        wait = budget(life.seed, life.patient, Stream.PROCEDURE_LOSS, luck)
        if therapy.loss_shape != 1.0:
            wait = wait ** (1.0 / therapy.loss_shape)
        wait = wait / therapy.loss_rate
        life.step_lost[k] = there + wait
        if lifts and therapy.loss_share > 0.0:
            add_ramp(life, there + wait, therapy.loss_days / DAYS_PER_YEAR, -(therapy.loss_share * height))


@compiled
def multiply(life: Any, params: Any, k: int, t: float) -> None:
    """Put the direct hazard ratios of step k into force from t (years). Given again, they last longer, not more."""
    therapy = params.therapies[life.step_therapy[k]]
    if therapy.healing_hr == 1.0 and therapy.amputation_hr == 1.0 and therapy.death_hr == 1.0:
        return
    life.step_ends[k] = t + therapy.effect_days / DAYS_PER_YEAR
    if life.step_works[k] == 0:
        life.step_works[k] = 1
        scale(life, Risk.HEALING, therapy.healing_hr)
        scale(life, Risk.MAJOR_AMPUTATION, therapy.amputation_hr)
        scale_death(life, params, therapy.death_hr, t)


@compiled
def scale(life: Any, risk: int, ratio: float) -> None:
    """Multiply a risk's hazard, now and in every state that sets it anew."""
    life.effect[risk] *= ratio
    life.rate[risk] *= ratio


@compiled
def scale_death(life: Any, params: Any, ratio: float, t: float) -> None:
    """Multiply the hazards of death that the disease and the limb bring, from t (years) on."""
    scale(life, Risk.EXCESS_DEATH, ratio)
    rescale_disease_death(life, params, t, ratio)


@compiled
def effect_ends(life: Any, params: Any, k: int, t: float) -> None:
    """The direct hazard ratios of step k end at t (years)."""
    therapy = params.therapies[life.step_therapy[k]]
    spend_until(life, t)
    life.step_ends[k], life.step_works[k] = inf, 0
    scale(life, Risk.HEALING, 1.0 / therapy.healing_hr)
    scale(life, Risk.MAJOR_AMPUTATION, 1.0 / therapy.amputation_hr)
    scale_death(life, params, 1.0 / therapy.death_hr, t)
    settle(life)


@compiled
def is_lost(life: Any, params: Any, policy: Any, k: int) -> None:
    """What step k gained is lost: repeat it once perfusion has fallen back and shows it, go on to what follows, or leave it."""
    therapy = params.therapies[life.step_therapy[k]]
    t = life.step_lost[k]
    life.step_lost[k] = inf
    number = life.step_done[k]
    if limb_kept(life) and wound_open(life):
        follow_on(life, policy, Start.LOSS.value, k, t)
        luck = int(therapy.luck) + number
        if (
            number < therapy.most
            and uniform(life.seed, life.patient, Stream.PROCEDURE_REPETITION, luck) < therapy.repetition
        ):
            life.step_next[k] = t + therapy.loss_days / DAYS_PER_YEAR
    settle(life)


@compiled
def stop_procedures(life: Any, params: Any, t: float) -> None:
    """After a major operation at t nothing is done to the limb any more, and nothing that was done acts on it."""
    for k in range(MOST_STEPS):
        if life.step_works[k] == 1:
            effect_ends(life, params, k, t)
    no_procedures(life)


@compiled
def no_procedures(life: Any) -> None:
    """Plan no procedure, no loss and nothing that a procedure brings with it, and let no direct ratio be in force."""
    for k in range(MOST_STEPS):
        life.step_next[k], life.step_lost[k], life.step_ends[k], life.step_works[k] = inf, inf, inf, 0
    life.minor_at, life.major_at, life.dies_at = inf, inf, inf
    for risk in range(RISKS):
        life.effect[risk] = 1.0
    settle(life)


@compiled
def settle(life: Any) -> None:
    """Find what comes first of each kind, so that the loop of a life need not look through the steps."""
    procedure, loss, sequel = inf, inf, min(life.dies_at, min(life.major_at, life.minor_at))
    for k in range(MOST_STEPS):
        procedure = min(procedure, life.step_next[k])
        loss = min(loss, life.step_lost[k])
        sequel = min(sequel, life.step_ends[k])
    life.next_procedure, life.next_loss, life.next_sequel = procedure, loss, sequel


@compiled
def first_at(times: Any, t: float) -> int:
    """The first step whose time is t."""
    for k in range(MOST_STEPS):
        if times[k] == t:
            return k
    return 0


@compiled
def sequel(life: Any) -> int:
    """Which `Event` the next sequel of a procedure is."""
    t = life.next_sequel
    if life.dies_at == t:
        return Event.PROCEDURAL_DEATH
    if life.major_at == t:
        return Event.BELOW_KNEE_AMPUTATION
    return Event.MINOR_AMPUTATION if life.minor_at == t else Event.EFFECT_ENDS
