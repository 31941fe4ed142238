"""What procedures do: whether one is done, what it gains and harms, how that is lost, and which are planned."""

from __future__ import annotations

from math import inf
from typing import Any

from simulator.questions.verify.rulebook.book import restated
from simulator.questions.verify.rulebook.cells_stated import MOST, NORMAL, follows, ramp, risen, settled
from simulator.questions.verify.rulebook.events_stated import budget, chance, moved
from simulator.questions.verify.rulebook.hazards_stated import path
from simulator.questions.verify.rulebook.people_stated import meets, odds_times
from simulator.questions.verify.rulebook.situation import Situation
from simulator.rules.pathway.procedure import carry_out, effect_ends, is_lost, multiply, plan_steps, procedure_is_done
from simulator.words.vocabulary import DAYS_PER_YEAR, Renal, Risk, Start, Stream, Wound


def at_step(s: Situation) -> int:
    """The step of the policy that is looked at."""
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


@restated("the end of a therapy's ratios", lambda s: effect_ends(s.life, s.params, at_step(s), s.t))
def _(s: Situation) -> None:
    over(s.life, s.params, at_step(s), s.t)
    settled(s.life)


@restated("whether a procedure is done", lambda s: procedure_is_done(s.life, s.params, s.policy, at_step(s), s.t))
def done(s: Situation) -> bool:
    """Not in a healed limb, nor where what came before has worked."""
    step, k = s.policy.steps[at_step(s)], at_step(s)
    waits = s.life.step_done[k] == 0 and step.start == Start.NO_RESPONSE
    return bool(s.life.wound != Wound.HEALED and not (waits and risen(s, step.rise_below, k)))


def _carried_out(s: Situation) -> bool:
    return bool(carry_out(s.life, s.params, s.policy, at_step(s), s.t))


@restated("a procedure", _carried_out)
def procedure(s: Situation) -> bool:
    """It may harm; where it succeeds perfusion rises, hazards take its ratios, and what was gained may be lost."""
    life, t, k = s.life, s.t, at_step(s)
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
    works(life, s.params, k, t)


def works(life: Any, p: Any, k: int, t: float) -> None:
    """The direct ratios of a step's therapy come into force; given again, they last longer."""
    therapy = p.therapies[life.step_therapy[k]]
    ratios = therapy.healing_hr, therapy.amputation_hr, therapy.death_hr
    if ratios == (1.0, 1.0, 1.0):
        return
    life.step_ends[k] = t + therapy.effect_days / DAYS_PER_YEAR
    if not life.step_works[k]:
        life.step_works[k] = 1
        scaled(life, p, t, *ratios)


def _alone(s: Situation) -> tuple[Any, int, float]:
    """Parameters under which a step's therapy acts in one way alone or in none, the step, and when it is given."""
    params, k, acts = s.params.copy(), at_step(s), int(4.0 * s.luck[6])
    therapy = params.therapies[s.life.step_therapy[k]]
    for number, name in enumerate(("healing_hr", "amputation_hr", "death_hr")):
        therapy[name] = s.luck[number] + 0.2 if number == acts else 1.0
    return params, k, s.t


@restated("ratios of a therapy, one at a time", lambda s: multiply(s.life, *_alone(s)))
def _(s: Situation) -> None:
    works(s.life, *_alone(s))


def _lost(s: Situation) -> None:
    s.life.step_lost[at_step(s)] = s.t
    is_lost(s.life, s.params, s.policy, at_step(s))


@restated("the loss of what was gained", _lost)
def loss(s: Situation) -> None:
    """Done again in its share while a wound is open, once perfusion has fallen; or what waits for the loss begins."""
    life, k = s.life, at_step(s)
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


@restated("steps", lambda s: plan_steps(s.life, s.patient, s.params, s.policy, s.t))
def _(s: Situation) -> None:
    steps_planned(s, s.t)
