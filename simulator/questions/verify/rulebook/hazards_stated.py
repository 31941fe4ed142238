"""Which risks are in force in each state, and what somebody brings along: the table of MODEL.md, section 2.2."""

from __future__ import annotations

from math import exp, expm1, inf, log1p
from typing import Any

from simulator.questions.verify.rulebook.book import restated
from simulator.questions.verify.rulebook.situation import Situation
from simulator.rules.pathway.dialysis import renal_death_hr
from simulator.rules.pathway.risks import (
    hazard_ratios,
    risks_with_open_wound,
    risks_with_rest_pain,
    risks_with_stump,
    risks_without_wound,
    set_wound,
)
from simulator.rules.perfusion import segment
from simulator.words.vocabulary import DAYS_PER_YEAR, Limb, Renal, Risk, Wound

Law = tuple[float, float, float]
"""Rate (per year), log hazard ratio per mmHg and trend (per year) of a risk in force since now."""


def path(life: Any, t: float) -> tuple[float, float]:
    """TcPO2 (mmHg) at a time and its slope to the right of it: the sum of ramps, clipped."""
    value, slope = life.tcpo2_start + life.tcpo2_slope * t, life.tcpo2_slope
    for a, w, g in list(zip(life.ramp_start, life.ramp_duration, life.ramp_height, strict=True))[: life.ramps]:
        value += g * min(max((t - a) / w, 0.0), 1.0)
        slope += g / w if a <= t < a + w else 0.0
    kept = min(max(value, 0.0), life.tcpo2_ceiling)
    outside = (value >= life.tcpo2_ceiling and (slope >= 0.0 or value > kept)) or (
        value <= 0.0 and (slope <= 0.0 or value < kept)
    )
    return kept, 0.0 if outside else slope


def hazard(life: Any, k: int, t: float) -> tuple[float, float]:
    """Hazard (per year) of a risk in force, and how fast its logarithm grows."""
    p, slope = path(life, t)
    exponent, growth = life.per_mmhg[k] * (p - life.reference), life.per_mmhg[k] * slope
    if k == Risk.HEALING:
        enough, short = p >= life.healing_enough, p < life.healing_least
        seen = min(p, life.healing_enough)
        exponent, growth = life.per_mmhg[k] * (seen - life.reference), 0.0 if enough else growth
        if short:
            exponent -= life.healing_short * (life.healing_least - p)
            growth += life.healing_short * slope
    trend = life.trend[k]
    return life.rate[k] * exp(exponent + trend * (t - life.since[k])), growth + trend


def spent(h: float, growth: float, years: float) -> float:
    """What a hazard adds up to that grows log-linearly."""
    return h * years if abs(growth) < 1e-12 else h * expm1(growth * years) / growth


def wait(budget: float, h: float, growth: float) -> float:
    """How long it takes to spend a budget; infinite if it never is."""
    if h <= 0.0:
        return inf
    if abs(growth) < 1e-12:
        return budget / h
    return log1p(growth * budget / h) / growth if growth * budget / h > -1.0 else inf


def put_off(life: Any, k: Risk, t: float, days: float) -> None:
    """Let a risk first spend what it adds up to over so many days."""
    if life.rate[k] > 0.0:
        life.budget[k] += spent(*hazard(life, k, t), days / DAYS_PER_YEAR)


def excess(life: Any, p: Any, t: float, kept: float, fresh: float) -> Law:
    """What is left of the excess of death at referral, and what comes anew with a wound."""
    rate = p.death_rate_wound * life.death_hr * (kept * life.excess_hr * exp(p.death_trend * t) + fresh)
    return rate if rate >= 1e-6 else 0.0, p.death_causal_share * p.death_per_mmhg, p.death_trend


def amputation(life: Any, p: Any, ratio: float) -> Law:
    """Loss of the limb."""
    return p.amputation_rate * life.amputation_hr * ratio, p.amputation_per_mmhg, p.amputation_trend


def healing(life: Any, p: Any) -> Law:
    """Of the limb's wound."""
    clean = p.healing_hr_no_gangrene if life.never_gangrene else 1.0
    ratio = life.healing_hr * life.wound_hr * (p.healing_hr_gangrene if life.gangrene else clean)
    return p.healing_rate * ratio, p.healing_per_mmhg, p.healing_trend


def minor_amputation(life: Any, p: Any) -> Law:
    """Of toes or forefoot, as long as there is something left to take."""
    ratio = (1.0 if life.gangrene else p.minor_amputation_hr_no_gangrene) * (
        life.minor_amputations < p.most_minor_amputations
    )
    return p.minor_amputation_rate * ratio, p.minor_amputation_per_mmhg, p.minor_amputation_trend


def new_wound(life: Any, p: Any) -> Law:
    """Stated at a TcPO2 of its own."""
    ratio = life.recurrence_hr * (p.recurrence_hr_minor if life.limb == Limb.MINOR_AMPUTATION else 1.0)
    ratio *= exp(p.recurrence_per_mmhg * (p.reference_tcpo2 - p.recurrence_reference_tcpo2))
    return p.recurrence_rate * ratio, p.recurrence_per_mmhg, p.recurrence_trend


def wound_danger(life: Any, p: Any) -> float:
    """What wound and foot multiply the loss of the limb with."""
    later = p.amputation_hr_recurrent if life.wound == Wound.RECURRED else 1.0
    return float(life.wound_amputation_hr * (p.amputation_hr_minor if life.limb == Limb.MINOR_AMPUTATION else later))


def in_force(life: Any, p: Any, t: float, state: str) -> dict[Risk, Law]:
    """The table of competing risks by state."""
    c = p.death_causal_share
    lost = {Risk.MAJOR_AMPUTATION: (p.beyond_salvage_rate, 0.0, 0.0)}
    if state == "stump":
        rate, _, trend = excess(life, p, t, 1.0 - c, 0.0)
        return {Risk.EXCESS_DEATH: (rate, 0.0, trend)}
    if state == "healed":
        return {Risk.EXCESS_DEATH: excess(life, p, t, 1.0 - c, 0.0), Risk.RECURRENCE: new_wound(life, p)}
    if state == "rest pain":
        whole = {Risk.EXCESS_DEATH: excess(life, p, t, 1.0, 0.0)}
        others = {
            Risk.RECURRENCE: new_wound(life, p),
            Risk.HEALING: (p.pain_relief_rate, p.healing_per_mmhg, 0.0),
            Risk.MAJOR_AMPUTATION: amputation(life, p, p.amputation_hr_rest_pain),
        }
        return whole | (lost if life.beyond_salvage else others)
    anew = c * (p.death_hr_rutherford_6 if life.wound_amputation_hr != 1.0 else 1.0)
    whole = {Risk.EXCESS_DEATH: excess(life, p, t, *((1.0, 0.0) if life.wounds == 0 else (1.0 - c, anew)))}
    others = {
        Risk.MAJOR_AMPUTATION: amputation(life, p, wound_danger(life, p)),
        Risk.HEALING: healing(life, p),
        Risk.MINOR_AMPUTATION: minor_amputation(life, p),
    }
    return whole | (lost if life.beyond_salvage else others)


def put(life: Any, k: Risk, law: Law, since: float) -> None:
    """A risk in force, with what therapies multiply it with."""
    life.rate[k], life.per_mmhg[k], life.trend[k], life.since[k] = law[0] * life.effect[k], law[1], law[2], since


def enter(life: Any, p: Any, t: float, state: str) -> None:
    """The risks of a state in force from now on, and no others."""
    life.rate[:] = 0.0
    for k, law in in_force(life, p, t, state).items():
        put(life, k, law, t)


def wound_features(life: Any, p: Any, infection: float, severe: float, gangrene: float) -> None:
    """What a wound is and multiplies healing and the loss of the limb with."""
    life.gangrene, life.never_gangrene = int(gangrene), 1 - int(gangrene)
    life.severe = int(severe or infection)
    ratio = p.wound_area_ratio**p.healing_per_log_area * p.wound_age_ratio**p.healing_per_log_age
    life.wound_hr = (
        ratio * (p.healing_hr_infection if infection else 1.0) * (p.healing_hr_rutherford_6 if severe else 1.0)
    )
    life.wound_amputation_hr = p.amputation_hr_rutherford_6 if severe else 1.0


def renal_death(renal: int, p: Any) -> float:
    """What a renal class multiplies death of the disease with."""
    by_class = {Renal.MODERATE: p.death_hr_renal_moderate, Renal.SEVERE: p.death_hr_renal_severe}
    return float({**by_class, Renal.DIALYSIS: p.death_hr_dialysis}.get(Renal(int(renal)), 1.0))


@restated("TcPO2 and its slope", lambda s: segment(s.life, s.t)[:2])
def perfusion(s: Situation) -> Any:
    """The path now."""
    return path(s.life, s.t)


@restated("an open wound", lambda s: risks_with_open_wound(s.life, s.params, s.t))
def _(s: Situation) -> None:
    enter(s.life, s.params, s.t, "open wound")


@restated("rest pain", lambda s: risks_with_rest_pain(s.life, s.params, s.t))
def _(s: Situation) -> None:
    enter(s.life, s.params, s.t, "rest pain")


@restated("a healed limb", lambda s: risks_without_wound(s.life, s.params, s.t))
def _(s: Situation) -> None:
    enter(s.life, s.params, s.t, "healed")


@restated("a stump", lambda s: risks_with_stump(s.life, s.params, s.t))
def _(s: Situation) -> None:
    enter(s.life, s.params, s.t, "stump")


@restated(
    "features of a wound",
    lambda s: set_wound(s.life, s.params, s.patient.infection, s.patient.heel, s.patient.gangrene),
)
def _(s: Situation) -> None:
    wound_features(s.life, s.params, s.patient.infection, s.patient.heel, s.patient.gangrene)


@restated("death by renal class", lambda s: renal_death_hr(s.life.renal, s.params))
def _(s: Situation) -> float:
    return renal_death(s.life.renal, s.params)


@restated("what somebody brings along", lambda s: hazard_ratios(s.life, s.patient, s.params))
def brings_along(s: Situation) -> None:
    """The patient's hazard ratios."""
    life, who, p = s.life, s.patient, s.params
    dialysis, frailty = who.renal == Renal.DIALYSIS, p.frailty_sd * who.frailty
    life.frailty = who.frailty
    life.healing_hr = exp(-p.frailty_healing * frailty) * (p.healing_hr_dialysis if dialysis else 1.0)
    life.amputation_hr = exp(p.frailty_amputation * frailty) * (p.amputation_hr_dialysis if dialysis else 1.0)
    life.recurrence_hr = p.recurrence_hr_dialysis if dialysis else 1.0
    at_age = p.death_per_year_of_age * (who.age - p.reference_age)
    heart = p.death_hr_heart if who.ischaemic_heart_disease else 1.0
    rest_pain = who.rutherford == 4
    life.death_hr = exp(frailty - p.frailty_sd**2 / 2.0 + at_age) * heart * renal_death(who.renal, p)
    life.death_hr *= p.disease_death_hr_rest_pain if rest_pain else 1.0
    by_class = p.death_hr_rest_pain if rest_pain else p.death_hr_rutherford_6 if who.rutherford == 6 else 1.0
    marker = (1.0 - p.death_causal_share) * p.death_per_mmhg * (who.tcpo2 - p.reference_tcpo2)
    life.excess_hr = by_class * exp(marker)
