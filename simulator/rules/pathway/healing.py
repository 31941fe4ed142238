"""Wounds: healing of the limb's wound and of a stump, and new wounds."""

from __future__ import annotations

from math import inf
from typing import Any

from simulator.compiling import compiled
from simulator.rules.draws import budget
from simulator.rules.pathway.life import limb_kept
from simulator.rules.pathway.risks import no_risks, risks_with_open_wound, risks_without_wound, set_risk
from simulator.rules.pathway.walking import plan_walking, stop_walking
from simulator.words.vocabulary import Risk, Stream, Wound


@compiled
def heal_wound(life: Any, params: Any, t: float) -> None:
    """The wound of a kept limb heals at t."""
    life.wound = Wound.HEALED
    life.severe = 0
    life.healed_at = min(life.healed_at, t)
    life.budget[Risk.RECURRENCE] = budget(life.seed, life.patient, Stream.RECURRENCE, life.wounds)
    risks_without_wound(life, params, t)
    plan_walking(life, params, t, t)


@compiled
def relieve_pain(life: Any, params: Any, t: float) -> None:
    """Rest pain without a wound ends at t: from then on the limb is as one that has healed, but no wound has."""
    life.wound = Wound.HEALED
    risks_without_wound(life, params, t)
    plan_walking(life, params, t, t)


@compiled
def open_wound(life: Any, params: Any, t: float) -> None:
    """A new wound opens at t, after healing or as the first one in a limb that had rest pain only."""
    life.wound = Wound.RECURRED if life.healed_at < inf else Wound.OPEN
    stop_walking(life)
    life.wounds += 1
    life.budget[Risk.HEALING] = budget(life.seed, life.patient, Stream.HEALING, life.wounds)
    risks_with_open_wound(life, params, t)


@compiled
def heal_stump(life: Any, params: Any, t: float) -> None:
    """The stump heals at t: no conversion any more, and a prosthesis in some. The risk of death stays as it was."""
    if limb_kept(life):
        return
    life.wound = Wound.HEALED
    life.healed_at = min(life.healed_at, t)
    death, peak, since = life.rate[Risk.DISEASE_DEATH], life.rate[Risk.POSTOPERATIVE_DEATH], life.amputated_at
    if life.converted_at < t:
        since = life.converted_at
    no_risks(life)
    set_risk(life, Risk.DISEASE_DEATH, death, 0.0, 0.0, since)
    set_risk(life, Risk.POSTOPERATIVE_DEATH, peak, 0.0, params.postoperative_death_trend, since)
    plan_walking(life, params, t, since)
