"""What events of a life change: death, dialysis, the other leg, walking, amputation and wounds."""

from __future__ import annotations

from math import exp, expm1, inf, log, log1p
from typing import Any

from simulator.questions.verify.rulebook.book import restated
from simulator.questions.verify.rulebook.hazards_stated import (
    amputation,
    enter,
    healing,
    minor_amputation,
    put,
    put_off,
    renal_death,
    wait,
    wound_danger,
    wound_features,
)
from simulator.questions.verify.rulebook.situation import Situation, drawn
from simulator.rules.pathway.amputation import (
    amputate_major,
    amputate_minor,
    below_knee_chance,
    convert,
    lose_other_limb,
)
from simulator.rules.pathway.death import plan_disease_death
from simulator.rules.pathway.dialysis import dialysis_death_exposure, plan_dialysis, start_dialysis
from simulator.rules.pathway.happening import planned_care, suffer
from simulator.rules.pathway.healing import heal_stump, heal_wound, open_wound, relieve_pain
from simulator.rules.pathway.life import Luck
from simulator.rules.pathway.other_limb import plan_other_limb
from simulator.rules.pathway.walking import begin_walking, walk, walk_no_more
from simulator.words.vocabulary import DAYS_PER_YEAR, Death, Event, Limb, Renal, Risk, Stream, Wound


def chance(life: Any, stream: Stream, occurrence: int) -> float:
    """The patient's own uniform."""
    return drawn(life.seed, life.patient, stream, occurrence)


def budget(life: Any, stream: Stream, occurrence: int) -> float:
    """The patient's own unit exponential."""
    return -log(chance(life, stream, occurrence))


def moved(planned: float, t: float, growth: float, ratio: float) -> float:
    """When an event comes whose log-linear hazard is multiplied from now on, so that it spends what it would have spent."""
    if planned == inf or planned <= t:
        return planned
    stretched = (planned - t) / ratio if growth == 0.0 else expm1(growth * (planned - t)) / ratio
    if growth == 0.0:
        return t + stretched
    return t + log1p(stretched) / growth if stretched > -1.0 else inf


def begin_dialysis_death(life: Any, p: Any, t: float) -> None:
    """The death that dialysis has of its own."""
    if p.dialysis_death_rate > 0.0:
        life.disease_death = min(life.disease_death, t + budget(life, Stream.DIALYSIS_DEATH, 0) / p.dialysis_death_rate)


@restated("death of the disease", lambda s: plan_disease_death(s.life, s.params))
def disease(s: Situation) -> None:
    """Everybody bears it, at attained age."""
    life, p = s.life, s.params
    life.disease_death = wait(
        -log(life.luck[Luck.DISEASE_DEATH]), p.death_rate_healed * life.death_hr, p.death_per_year_of_age
    )


@restated("dialysis to come", lambda s: plan_dialysis(s.life, s.patient, s.params))
def dialysis_to_come(s: Situation) -> None:
    """When dialysis begins, by renal class."""
    life, p, renal = s.life, s.params, int(s.patient.renal)
    life.renal, life.dialysis_at, life.dialysis_since = renal, inf, inf
    if renal == Renal.DIALYSIS:
        life.dialysis_since = 0.0
        begin_dialysis_death(life, p, 0.0)
        return
    rate = (p.dialysis_rate_normal, p.dialysis_rate_moderate, p.dialysis_rate_severe)[renal]
    life.dialysis_at = wait(-log(life.luck[Luck.DIALYSIS_START]), rate, 0.0)


@restated("dialysis begins", lambda s: start_dialysis(s.life, s.params, s.t))
def dialysis_begins(s: Situation) -> None:
    """Every hazard in force takes the ratio of dialysis in place of the renal class's."""
    life, p, t, before = s.life, s.params, s.t, s.life.renal
    life.renal, life.dialysis_at, life.dialysis_since = Renal.DIALYSIS, inf, t
    ratio = p.death_hr_dialysis / renal_death(before, p)
    life.death_hr *= ratio
    life.healing_hr *= p.healing_hr_dialysis
    life.amputation_hr *= p.amputation_hr_dialysis
    life.recurrence_hr *= p.recurrence_hr_dialysis
    life.rate[Risk.EXCESS_DEATH] *= ratio
    life.rate[Risk.HEALING] *= p.healing_hr_dialysis
    life.rate[Risk.RECURRENCE] *= p.recurrence_hr_dialysis
    life.rate[Risk.MAJOR_AMPUTATION] *= 1.0 if life.beyond_salvage else p.amputation_hr_dialysis
    life.disease_death = moved(life.disease_death, t, p.death_per_year_of_age, ratio)
    begin_dialysis_death(life, p, t)
    other = p.other_limb_hr_dialysis / (1.0 if before == Renal.NORMAL else p.other_limb_hr_renal)
    life.other_limb_at = moved(life.other_limb_at, t, p.other_limb_trend, other)


@restated("the death that dialysis has of its own", lambda s: dialysis_death_exposure(s.life, s.params, s.t))
def dialysis_exposure(s: Situation) -> Any:
    """What its hazard adds up to and is: as if planned, the loss of a leg moves it as it moves death of the disease."""
    life, p = s.life, s.params
    since, lost, rate, growth = life.dialysis_since, life.amputated_at, p.dialysis_death_rate, p.death_per_year_of_age
    if since >= s.t or rate <= 0.0:
        return 0.0, 0.0
    if not since <= lost < s.t:
        return rate * (s.t - since), rate
    ratio = exp(p.death_causal_share * log(p.death_ratio_amputee))

    def planned(when: float) -> float:
        """For when what happens then was planned before the leg was lost."""
        far = ratio * expm1(growth * (when - lost)) if growth else ratio * (when - lost)
        return float(lost + (log1p(far) / growth if growth else far))

    step = 1e-5
    return rate * (planned(s.t) - since), rate * (planned(s.t + step) - planned(s.t - step)) / (2.0 * step)


@restated("the other leg", lambda s: plan_other_limb(s.life, s.patient, s.params))
def other_leg(s: Situation) -> None:
    """When it is lost."""
    p = s.params
    ratio = {Renal.NORMAL: 1.0, Renal.DIALYSIS: p.other_limb_hr_dialysis}.get(
        Renal(int(s.patient.renal)), p.other_limb_hr_renal
    )
    s.life.other_limb_at = wait(-log(s.life.luck[Luck.OTHER_LIMB]), p.other_limb_rate * ratio, p.other_limb_trend)


@restated("walking at referral", lambda s: begin_walking(s.life, s.patient, s.params))
def walking_at_referral(s: Situation) -> None:
    """Who walks, and until when."""
    life, p = s.life, s.params
    life.mobile = life.walking = int(s.patient.walks)
    growth = p.walking_loss_per_year_of_age
    rate = p.walking_loss_rate * exp(growth * (s.patient.age - p.reference_age)) if life.mobile else 0.0
    life.walking_ends_at = wait(-log(life.luck[Luck.WALKING_LOSS]), rate, growth)


@restated("walking on a prosthesis", lambda s: walk(s.life))
def walks_on_a_prosthesis(s: Situation) -> None:
    """From the day on which it is fitted."""
    s.life.walking, s.life.first_walked_at = 1, min(s.life.first_walked_at, s.life.walks_at)
    s.life.walks_at = inf


def sits(life: Any) -> None:
    """No walking, and no plan for it."""
    life.walking, life.walks_at = 0, inf


def sits_for_good(life: Any) -> None:
    """The ability to walk is gone."""
    sits(life)
    life.mobile, life.walking_ends_at = 0, inf


@restated("the end of walking", lambda s: walk_no_more(s.life))
def walking_ends(s: Situation) -> None:
    """For good."""
    sits_for_good(s.life)


def early_death(life: Any, p: Any, t: float, above: bool) -> None:
    """The danger of a major operation, by attained age."""
    rate = p.postoperative_death_rate * life.death_hr * exp(p.death_per_year_of_age * t)
    rate *= p.postoperative_hr_above_knee if above else 1.0
    own = budget(life, Stream.POSTOPERATIVE_DEATH, life.operations)
    life.postoperative_death = min(life.postoperative_death, t + wait(own, rate, p.postoperative_death_trend))
    life.operations += 1


def nothing_acts(life: Any, p: Any, t: float) -> None:
    """No therapy is planned, can be lost, or acts; what its ratio did to death of the disease is undone."""
    for k in range(len(life.step_works)):
        if life.step_works[k]:
            ratio = 1.0 / p.therapies[life.step_therapy[k]].death_hr
            life.disease_death = moved(life.disease_death, t, p.death_per_year_of_age, ratio)
    nothing_planned(life)


def nothing_planned(life: Any) -> None:
    """No procedure, no loss, and no ratio of a therapy in force."""
    life.step_works[:] = 0
    for times in (life.step_next, life.step_lost, life.step_ends):
        times[:] = inf
    life.minor_at = life.major_at = life.dies_at = life.next_procedure = life.next_loss = life.next_sequel = inf
    life.effect[:] = 1.0


def stump(life: Any, p: Any, t: float, above: bool) -> None:
    """A fresh stump: when it heals and whether the operation kills is settled at once."""
    life.wound, life.severe, life.next_dose = Wound.OPEN, 0, inf
    sits(life)
    nothing_acts(life, p, t)
    rate = p.stump_healing_rate_above_knee if above else p.stump_healing_rate_below_knee
    own = wait(budget(life, Stream.STUMP_HEALING, life.operations), rate, 0.0)
    life.stump_heals_at = t + p.stump_healing_lag_days / DAYS_PER_YEAR + own
    early_death(life, p, t, above)


@restated("the chance to keep the knee", lambda s: below_knee_chance(s.life, s.params))
def _(s: Situation) -> float:
    return keeps_the_knee(s.life, s.params)


def keeps_the_knee(life: Any, p: Any) -> float:
    """Chance that a major amputation is below the knee: its odds fall with frailty."""
    share = float(p.below_knee_share)
    if share in (0.0, 1.0):
        return share
    odds = share / (1.0 - share) * exp(-p.frailty_level * p.frailty_sd * life.frailty)
    return float(odds / (1.0 + odds))


def lose_leg(life: Any, p: Any, t: float) -> None:
    """A major amputation."""
    below = life.luck[Luck.AMPUTATION_LEVEL] < keeps_the_knee(life, p)
    life.limb, life.amputated_at = Limb.BELOW_KNEE if below else Limb.ABOVE_KNEE, t
    stump(life, p, t, not below)
    if below:
        life.conversion_at = t + wait(-log(life.luck[Luck.CONVERSION]), p.conversion_rate, p.conversion_trend)
    enter(life, p, t, "stump")
    published = exp(p.death_causal_share * log(p.death_ratio_amputee))
    life.disease_death = moved(life.disease_death, t, p.death_per_year_of_age, published)
    life.other_limb_at = moved(life.other_limb_at, t, p.other_limb_trend, p.other_limb_hr_amputated)


def at_rest(rule: Any) -> Any:
    """A rule in somebody on whom no therapy acts with a ratio, so that stopping therapies spends nothing."""

    def run(s: Situation) -> Any:
        s.life.step_works[:] = 0
        return rule(s)

    return run


@restated("major amputation", at_rest(lambda s: amputate_major(s.life, s.params, s.t)))
def _(s: Situation) -> None:
    s.life.step_works[:] = 0
    lose_leg(s.life, s.params, s.t)


@restated("conversion", at_rest(lambda s: convert(s.life, s.params, s.t)))
def conversion(s: Situation) -> None:
    """From below to above the knee: the danger of the first operation gives way to that of the second."""
    life = s.life
    life.step_works[:] = 0
    life.limb, life.converted_at, life.conversion_at, life.postoperative_death = Limb.ABOVE_KNEE, s.t, inf, inf
    stump(life, s.params, s.t, True)


@restated("loss of the other leg", lambda s: lose_other_limb(s.life, s.params, s.t))
def other_leg_lost(s: Situation) -> None:
    """An operation of its own, after which nobody walks."""
    s.life.other_amputated_at, s.life.other_limb_at = s.t, inf
    sits_for_good(s.life)
    early_death(s.life, s.params, s.t, False)


@restated("minor amputation", lambda s: amputate_minor(s.life, s.params, s.t))
def minor(s: Situation) -> None:
    """The wound stays, gangrene may go, and for some weeks nothing closes and nothing more is taken."""
    life, p, t = s.life, s.params, s.t
    number, opened = 100 * life.wounds + life.minor_amputations, float(life.since[Risk.MINOR_AMPUTATION])
    life.limb, life.minor_amputation_at = Limb.MINOR_AMPUTATION, min(life.minor_amputation_at, t)
    life.minor_amputations += 1
    life.gangrene *= int(chance(life, Stream.MINOR_AMPUTATION_SUCCESS, number) >= p.minor_amputation_success)
    life.budget[Risk.MINOR_AMPUTATION] = budget(life, Stream.MINOR_AMPUTATION, number + 1)
    put(life, Risk.MAJOR_AMPUTATION, amputation(life, p, wound_danger(life, p)), opened)
    put(life, Risk.HEALING, healing(life, p), opened)
    put(life, Risk.MINOR_AMPUTATION, minor_amputation(life, p), opened)
    put_off(life, Risk.HEALING, t, p.minor_amputation_lag_days)
    put_off(life, Risk.MINOR_AMPUTATION, t, p.minor_amputation_lag_days)


@restated("healing of the wound", lambda s: heal_wound(s.life, s.params, s.t))
def healed(s: Situation) -> None:
    """A kept limb closes."""
    life = s.life
    life.wound, life.severe, life.healed_at = Wound.HEALED, 0, min(life.healed_at, s.t)
    first = -log(life.luck[Luck.RECURRENCE])
    life.budget[Risk.RECURRENCE] = budget(life, Stream.RECURRENCE, life.wounds) if life.wounds else first
    enter(life, s.params, s.t, "healed")
    put_off(life, Risk.RECURRENCE, s.t, s.params.recurrence_lag_days)
    if life.walking:
        life.first_walked_at = min(life.first_walked_at, s.t)


@restated("relief of rest pain", lambda s: relieve_pain(s.life, s.params, s.t))
def relieved(s: Situation) -> None:
    """A limb as one that has healed, though no wound has."""
    s.life.wound = Wound.HEALED
    enter(s.life, s.params, s.t, "healed")
    put_off(s.life, Risk.RECURRENCE, s.t, s.params.recurrence_lag_days)


@restated("a new wound", lambda s: open_wound(s.life, s.params, s.t))
def reopened(s: Situation) -> None:
    """With features and budgets of its own."""
    life, p = s.life, s.params
    life.wounds += 1
    wound = life.wounds
    life.wound = Wound.OPEN if life.healed_at == inf else Wound.RECURRED
    severe = chance(life, Stream.NEW_WOUND_CLASS, wound) < p.recurrent_severe_share
    infection = chance(life, Stream.NEW_WOUND_INFECTION, wound) < p.infection_share
    gangrene = chance(life, Stream.NEW_WOUND_GANGRENE, wound) < p.recurrent_gangrene_share
    wound_features(life, p, infection, severe, gangrene)
    life.budget[Risk.HEALING] = budget(life, Stream.HEALING, wound)
    life.budget[Risk.MINOR_AMPUTATION] = budget(life, Stream.MINOR_AMPUTATION, 100 * wound + life.minor_amputations)
    enter(life, p, s.t, "open wound")
    put_off(life, Risk.HEALING, s.t, p.healing_lag_days)


def on_a_stump(s: Situation) -> None:
    """Below or above the knee, by the patient's sex, so that both occur."""
    s.life.limb = Limb.BELOW_KNEE if s.patient.male else Limb.ABOVE_KNEE


def _stump_heals(s: Situation) -> None:
    on_a_stump(s)
    heal_stump(s.life, s.params, s.t)


@restated("healing of a stump", _stump_heals)
def stump_healed(s: Situation) -> None:
    """No conversion any more, and a prosthesis in some of those who could walk."""
    on_a_stump(s)
    life, p, below = s.life, s.params, s.life.limb == Limb.BELOW_KNEE
    operated = life.converted_at if life.converted_at < s.t else life.amputated_at
    life.wound, life.stump_heals_at, life.conversion_at = Wound.HEALED, inf, inf
    life.healed_at = min(life.healed_at, s.t)
    if not life.mobile:
        return
    share = p.walking_share_below_knee if below else p.walking_share_above_knee
    days = p.prosthesis_days_below_knee if below else p.prosthesis_days_above_knee
    ready = max(s.t + p.prosthesis_fitting_days / DAYS_PER_YEAR, operated + days / DAYS_PER_YEAR)
    life.walks_at = ready if chance(life, Stream.WALKING, life.operations) < share else inf


@restated("death", lambda s: suffer(s.life, s.params, s.t, (-3, -2, -1, 0)[int(4 * s.luck[0])]))
def death(s: Situation) -> int:
    """Of three kinds that are settled ahead, and of the excess, which is the disease's."""
    s.life.alive, s.life.died_at = 0, s.t
    kind = (-3, -2, -1, 0)[int(4 * s.luck[0])]
    kinds = {Death.POSTOPERATIVE: Event.POSTOPERATIVE_DEATH, Death.BACKGROUND: Event.BACKGROUND_DEATH}
    return kinds.get(Death(kind), Event.DISEASE_DEATH) if kind else Event.DISEASE_DEATH


@restated("what is planned next", lambda s: planned_care(s.life))
def next_planned(s: Situation) -> Any:
    """The earliest of what is settled ahead."""
    life = s.life
    sequels = (
        (life.dies_at, Event.PROCEDURAL_DEATH),
        (life.major_at, Event.BELOW_KNEE_AMPUTATION),
        (life.minor_at, Event.MINOR_AMPUTATION),
    )
    sequel = next((kind for when, kind in sequels if when == life.next_sequel), Event.EFFECT_ENDS)
    plans = (
        (life.conversion_at, Event.CONVERSION),
        (life.stump_heals_at, Event.STUMP_HEALED),
        (life.other_limb_at, Event.OTHER_LIMB_AMPUTATION),
        (life.dialysis_at, Event.STARTS_DIALYSIS),
        (life.walks_at, Event.WALKS),
        (life.walking_ends_at, Event.WALKS_NO_MORE),
        (life.next_sequel, sequel),
        (life.next_procedure, Event.PROCEDURE),
        (life.next_loss, Event.LOSS),
        (life.next_dose, Event.DOSE),
        (life.next_crossover, Event.CROSSES_OVER),
    )
    return min(plans, key=lambda plan: plan[0])
