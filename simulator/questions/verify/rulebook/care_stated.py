"""Care as it is planned and comes about: treatment begins, what was planned is due, and going over to another policy."""

from __future__ import annotations

from math import inf
from typing import Any

from simulator.questions.verify.rulebook.book import restated
from simulator.questions.verify.rulebook.cells_stated import caused, dose, given, measured, settled
from simulator.questions.verify.rulebook.events_stated import (
    chance,
    conversion,
    dialysis_begins,
    on_a_stump,
    other_leg_lost,
    stump_healed,
    walking_ends,
    walks_on_a_prosthesis,
)
from simulator.questions.verify.rulebook.people_stated import treated
from simulator.questions.verify.rulebook.procedures_stated import at_step, done, loss, procedure, steps_planned
from simulator.questions.verify.rulebook.situation import Situation
from simulator.rules.pathway.crossover import Crossover, cross_over, crosses_over
from simulator.rules.pathway.happening import care_for
from simulator.rules.pathway.referral import plan_care
from simulator.words.vocabulary import Event, Limb, Start, Stream, Wound


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
    life, kind, k = s.life, _kind(s), at_step(s)
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
    life.acting = at_step(s)
    if kind == Event.LOSS:
        loss(s)
        return kind, False
    if not done(s):
        life.step_next[at_step(s)] = inf
        settled(life)
        return Event.STOPS_TREATMENT, False
    again = life.step_done[at_step(s)] > 0
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
