"""Wounds: healing of the limb's wound and of a stump, and new wounds."""

from __future__ import annotations

from math import inf, log
from typing import Any

from simulator.compiling import compiled
from simulator.rules.draws import budget, uniform
from simulator.rules.pathway.course import put_off
from simulator.rules.pathway.life import Luck, limb_kept
from simulator.rules.pathway.risks import (
    minor_amputation_occurrence,
    risks_with_open_wound,
    risks_without_wound,
    set_wound,
)
from simulator.rules.pathway.walking import plan_walking, walks_on_healed_foot
from simulator.words.vocabulary import Risk, Stream, Wound


@compiled
def heal_wound(life: Any, params: Any, t: float) -> None:
    """The wound of a kept limb heals at t: closed for so long that a next one is a new one."""
    life.wound = Wound.HEALED
    life.severe = 0
    life.healed_at = min(life.healed_at, t)
    if life.wounds == 0:
        life.budget[Risk.RECURRENCE] = -log(life.luck[Luck.RECURRENCE])
    else:
        life.budget[Risk.RECURRENCE] = budget(life.seed, life.patient, Stream.RECURRENCE, life.wounds)
    risks_without_wound(life, params, t)
    put_off(life, Risk.RECURRENCE, t, params.recurrence_lag_days)
    walks_on_healed_foot(life, t)


@compiled
def relieve_pain(life: Any, params: Any, t: float) -> None:
    """Rest pain without a wound ends at t: from then on the limb is as one that has healed, but no wound has."""
    life.wound = Wound.HEALED
    risks_without_wound(life, params, t)
    put_off(life, Risk.RECURRENCE, t, params.recurrence_lag_days)


@compiled
def open_wound(life: Any, params: Any, t: float) -> None:
    """A new wound opens at t, after healing or as the first one in a limb that had rest pain only, with features of its own.

    What the foot has lost stays lost. No wound closes within the first weeks.
    """
    life.wound = Wound.RECURRED if life.healed_at < inf else Wound.OPEN
    life.wounds += 1
    seed, i, wound = life.seed, life.patient, life.wounds
    severe = 1.0 if uniform(seed, i, Stream.NEW_WOUND_CLASS, wound) < params.recurrent_severe_share else 0.0
    infection = 1.0 if uniform(seed, i, Stream.NEW_WOUND_INFECTION, wound) < params.infection_share else 0.0
    gangrene = 1.0 if uniform(seed, i, Stream.NEW_WOUND_GANGRENE, wound) < params.recurrent_gangrene_share else 0.0
    set_wound(life, params, infection, severe, gangrene)
    life.budget[Risk.HEALING] = budget(seed, i, Stream.HEALING, wound)
    life.budget[Risk.MINOR_AMPUTATION] = budget(seed, i, Stream.MINOR_AMPUTATION, minor_amputation_occurrence(life))
    risks_with_open_wound(life, params, t)
    put_off(life, Risk.HEALING, t, params.healing_lag_days)


@compiled
def heal_stump(life: Any, params: Any, t: float) -> None:
    """The stump heals at t: no conversion any more, and a prosthesis in some of those who could walk."""
    if limb_kept(life):
        return
    life.wound = Wound.HEALED
    life.stump_heals_at, life.conversion_at = inf, inf
    life.healed_at = min(life.healed_at, t)
    since = life.converted_at if life.converted_at < t else life.amputated_at
    plan_walking(life, params, t, since)
