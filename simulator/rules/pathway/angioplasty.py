"""Angioplasty: a rise over weeks to a common level, taken back by restenosis, and dilated again in some."""

from __future__ import annotations

from math import inf
from typing import Any

from simulator.compiling import compiled
from simulator.rules.draws import budget, normal, uniform
from simulator.rules.pathway.course import spend_until
from simulator.rules.pathway.life import limb_kept, wound_open
from simulator.rules.perfusion import add_ramp, tcpo2
from simulator.words.vocabulary import DAYS_PER_YEAR, Stream, Wound


@compiled
def angioplasty_is_done(life: Any) -> bool:
    """Whether an angioplasty that is due is done: never after a major amputation, nor once the wound has healed."""
    return limb_kept(life) and life.wound != Wound.HEALED


@compiled
def dilate(life: Any, params: Any, t: float) -> bool:
    """Perform an angioplasty at t (years). True if it succeeded and so changes the path."""
    life.next_angioplasty = inf
    number = life.angioplasties
    life.angioplasties += 1
    if uniform(life.seed, life.patient, Stream.ANGIOPLASTY_SUCCESS, number) >= params.angioplasty_success:
        return False
    z = normal(life.seed, life.patient, Stream.ANGIOPLASTY_PLATEAU, number)
    rise = max(0.0, params.angioplasty_plateau + params.angioplasty_plateau_sd * z - tcpo2(life, t))
    spend_until(life, t)
    add_ramp(life, t, params.angioplasty_rise_days / DAYS_PER_YEAR, rise)
    if params.restenosis_rate > 0.0:
        wait = budget(life.seed, life.patient, Stream.RESTENOSIS, number) / params.restenosis_rate
        life.restenosis_at = t + wait
        add_ramp(life, t + wait, params.restenosis_fall_days / DAYS_PER_YEAR, -rise)
    return True


@compiled
def restenosis(life: Any, params: Any) -> None:
    """The vessel has narrowed again: dilate it once perfusion has fallen back and shows it, or leave it."""
    t = life.restenosis_at
    life.restenosis_at = inf
    number = life.angioplasties
    if number >= params.most_angioplasties or not limb_kept(life) or not wound_open(life):
        return
    if uniform(life.seed, life.patient, Stream.REPEAT_ANGIOPLASTY, number) < params.repeat_angioplasty:
        life.next_angioplasty = t + params.restenosis_fall_days / DAYS_PER_YEAR
