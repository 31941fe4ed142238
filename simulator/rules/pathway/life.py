"""A life in progress: everything about one patient under one policy that can change."""

from __future__ import annotations

from enum import IntEnum
from typing import Any

import numpy as np

from simulator.compiling import compiled, record_dtype
from simulator.words.vocabulary import Limb, Risk, State, Stream, Wound

MOST_STEPS = 4
"""Therapies beside cells that one policy may name."""
MOST_RAMPS = 52
"""Ramps that a path has room for: `simulator.scenario.therapies.ramps_of` counts what a policy may need."""
RISKS = len(Risk)


class Luck(IntEnum):
    """Places in `life.luck` of a life's first draws, each from the stream of its name at occurrence 0."""

    RESPONSE = 0
    LAST_ERROR = 1
    MARKER_TEST = 2
    JUDGEMENT = 3
    BACKGROUND_DEATH = 4
    DISEASE_DEATH = 5
    EXCESS_DEATH = 6
    MAJOR_AMPUTATION = 7
    MINOR_AMPUTATION = 8
    HEALING = 9
    RECURRENCE = 10
    OTHER_LIMB = 11
    DIALYSIS_START = 12
    WALKING_LOSS = 13
    AMPUTATION_LEVEL = 14
    CONVERSION = 15


LUCK = np.array([Stream[place.name] for place in Luck], np.uint64)
"""The streams of `Luck`."""

LIFE = record_dtype(
    [
        ("seed", np.uint64),
        ("patient", np.uint64),
        ("horizon", np.float64),
        ("time", np.float64),
        ("alive", np.int64),
        ("wound", np.int64),
        ("limb", np.int64),
        ("walking", np.int64),
        ("mobile", np.int64),
        ("severe", np.int64),
        ("gangrene", np.int64),
        ("never_gangrene", np.int64),
        ("minor_amputations", np.int64),
        ("beyond_salvage", np.int64),
        ("renal", np.int64),
        ("wounds", np.int64),
        ("operations", np.int64),
        # competing risks: hazard k is rate * exp(per_mmhg (p - reference) + trend (t - since)); rate 0 = not at risk
        ("anchor", np.float64),
        # start of the segment in which the next event was found, budgets `remaining` there; infinite if none was
        ("looked", np.float64),
        ("reference", np.float64),
        ("healing_enough", np.float64),
        ("healing_least", np.float64),
        ("healing_short", np.float64),
        ("rate", np.float64, (RISKS,)),
        ("per_mmhg", np.float64, (RISKS,)),
        ("trend", np.float64, (RISKS,)),
        ("since", np.float64, (RISKS,)),
        ("budget", np.float64, (RISKS,)),
        ("remaining", np.float64, (RISKS,)),
        ("hazard", np.float64, (RISKS,)),
        ("exponent", np.float64, (RISKS,)),
        ("cumulative", np.float64, (RISKS,)),
        # what does not depend on perfusion is settled ahead, infinite where it never happens
        ("background_death", np.float64),
        ("disease_death", np.float64),
        ("postoperative_death", np.float64),
        ("conversion_at", np.float64),
        ("stump_heals_at", np.float64),
        ("other_limb_at", np.float64),
        ("dialysis_at", np.float64),
        ("dialysis_since", np.float64),
        ("walking_ends_at", np.float64),
        # the clinical event that comes next if nothing changes: a `Risk`, a `Death`, or nothing at inf
        ("clinical_at", np.float64),
        ("clinical_risk", np.int64),
        ("foreseen", np.float64),
        # years before death or loss of the limb from which on it can be seen
        ("dying_within", np.float64),
        ("frailty", np.float64),
        ("healing_hr", np.float64),
        ("wound_hr", np.float64),
        ("amputation_hr", np.float64),
        ("wound_amputation_hr", np.float64),
        ("death_hr", np.float64),
        ("excess_hr", np.float64),
        ("recurrence_hr", np.float64),
        # perfusion
        ("tcpo2_start", np.float64),
        ("tcpo2_slope", np.float64),
        ("tcpo2_ceiling", np.float64),
        ("ramps", np.int64),
        # change under the whole published treatment, without any, what the policy's product and route add to that, and
        # what the doses given so far add
        ("gain", np.float64),
        ("natural_gain", np.float64),
        ("caused_gain", np.float64),
        ("given_gain", np.float64),
        # care
        ("treated", np.int64),
        ("tested", np.int64),
        ("doses", np.int64),
        ("next_dose", np.float64),
        ("first_dose_at", np.float64),
        ("last_dose_at", np.float64),
        ("last_tcpo2_at", np.float64),
        # therapies beside cells, by the policy's steps: when next, how often done, when what was gained is lost, when
        # direct hazard ratios end, whether they are in force, whether the patient may have it, which therapy it is (-1: none)
        ("step_next", np.float64, (MOST_STEPS,)),
        ("step_done", np.int64, (MOST_STEPS,)),
        ("step_lost", np.float64, (MOST_STEPS,)),
        ("step_ends", np.float64, (MOST_STEPS,)),
        ("step_works", np.int64, (MOST_STEPS,)),
        ("step_open", np.int64, (MOST_STEPS,)),
        ("step_therapy", np.int64, (MOST_STEPS,)),
        ("next_procedure", np.float64),
        ("next_loss", np.float64),
        ("next_sequel", np.float64),
        ("minor_at", np.float64),
        ("major_at", np.float64),
        ("dies_at", np.float64),
        ("effect", np.float64, (RISKS,)),
        ("acting", np.int64),
        ("tcpo2_seen", np.float64),
        ("walks_at", np.float64),
        ("next_crossover", np.float64),
        ("crossed_at", np.float64),
        # what happened, for outcomes: time of the first such event, infinite if never
        ("healed_at", np.float64),
        ("minor_amputation_at", np.float64),
        ("amputated_at", np.float64),
        ("converted_at", np.float64),
        ("other_amputated_at", np.float64),
        ("first_walked_at", np.float64),
        ("died_at", np.float64),
        ("luck", np.float64, (len(Luck),)),
        # last, so that whoever copies a life need not copy the ramps that it does not have
        ("ramp_start", np.float64, (MOST_RAMPS,)),
        ("ramp_duration", np.float64, (MOST_RAMPS,)),
        ("ramp_height", np.float64, (MOST_RAMPS,)),
    ]
)


@compiled
def limb_kept(life: Any) -> bool:
    """Whether there has been no major amputation."""
    return bool(life.limb <= Limb.MINOR_AMPUTATION)


@compiled
def is_death(risk: int) -> bool:
    """Whether a clinical event is death: the first of the risks, and whatever is settled ahead."""
    return bool(risk <= Risk.EXCESS_DEATH)


@compiled
def wound_open(life: Any) -> bool:
    """Whether the wound of the limb or stump is open."""
    return bool(life.wound == Wound.OPEN or life.wound == Wound.RECURRED)


@compiled
def state_of(life: Any) -> int:
    """The ledger state of a living patient."""
    if life.limb == Limb.BELOW_KNEE:
        return State.BELOW_KNEE_WALKING if life.walking else State.BELOW_KNEE
    if life.limb == Limb.ABOVE_KNEE:
        return State.ABOVE_KNEE_WALKING if life.walking else State.ABOVE_KNEE
    if life.wound == Wound.NONE:
        return State.REST_PAIN
    if life.wound == Wound.OPEN:
        return State.SEVERE_ULCER if life.severe else State.ULCER
    if life.wound == Wound.RECURRED:
        return State.RECURRENT_ULCER
    return State.HEALED_AFTER_MINOR if life.limb == Limb.MINOR_AMPUTATION else State.HEALED
