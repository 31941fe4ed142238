"""Giving a dose of cells, and stopping treatment."""

from __future__ import annotations

from math import inf
from typing import Any

from simulator.compiling import compiled
from simulator.rules.pathway.course import spend_until
from simulator.rules.pathway.death import rescale_disease_death
from simulator.rules.pathway.procedure import AFTER_CELLS, follow_on
from simulator.rules.pathway.response import respond_to_dose
from simulator.words.vocabulary import Risk, Start


@compiled
def give_dose(life: Any, params: Any, policy: Any, t: float) -> bool:
    """Give the next dose at t (years). True if it changes the course of the patient's hazards."""
    life.doses += 1
    life.last_dose_at = t
    if life.doses == 1:
        life.first_dose_at = t
        follow_on(life, policy, Start.NO_RESPONSE.value, AFTER_CELLS, t)
    life.next_dose = t + policy.interval if life.doses < policy.doses else inf
    changed = False
    if life.doses == 1 and params.act_death_hr != 1.0:
        spend_until(life, t)
        life.death_hr *= params.act_death_hr
        life.rate[Risk.EXCESS_DEATH] *= params.act_death_hr
        rescale_disease_death(life, params, t, params.act_death_hr)
        changed = True
    if life.caused_gain > 0.0:
        spend_until(life, t)
        respond_to_dose(life, params, t)
        changed = True
    return changed


@compiled
def stop_treatment(life: Any) -> None:
    """Give no further dose."""
    life.next_dose = inf
