"""Who is referred, who may enter, what is measured of them and how they begin: each draw from the stream of its name."""

from __future__ import annotations

from math import exp, inf, isnan, log, sqrt
from statistics import NormalDist
from typing import Any

import numpy as np

from simulator.questions.verify.rulebook.book import restated
from simulator.questions.verify.rulebook.situation import Situation, drawn
from simulator.rules.draws import fill
from simulator.rules.pathway.life import LUCK, Luck
from simulator.rules.pathway.referral import is_treated, selected
from simulator.rules.population.arteries import diseased_arteries
from simulator.rules.population.criteria import may_enter
from simulator.rules.population.description import described
from simulator.rules.population.enrolment import follow_up_end, follow_up_ends
from simulator.rules.population.patient import COLUMNS, DRAWN, PATIENT, draw_referral, draw_standing, small_ev_level
from simulator.rules.population.taking import at_least, at_most, take
from simulator.words.vocabulary import ARTERIES, Marker, Renal, Stream

NORMAL = NormalDist()
LONGEST = 2.0
"""Years to the data cut of whoever entered first."""


def cut_normal(u: float, mean: float, sd: float, low: float, high: float) -> float:
    """The quantile of a normal law between two limits."""
    below, above = NORMAL.cdf((low - mean) / sd), 1.0 - NORMAL.cdf((high - mean) / sd)
    return min(max(mean + sd * NORMAL.inv_cdf(below + u * (1.0 - below - above)), low), high)


def yes(happens: bool) -> float:
    """As a column has it."""
    return 1.0 if happens else 0.0


def vesicles(s: Situation) -> float:
    """Small vesicles (% of all) by their class, from the referral that was taken."""
    who, p = s.patient, s.params
    law = (p.small_ev_high_mean, p.small_ev_high_sd) if who.small_ev_high else (p.small_ev_low_mean, p.small_ev_low_sd)
    return cut_normal(drawn(s.life.seed, s.life.patient, Stream.EV_LEVEL, int(who.screened) - 1), *law, 0.0, 100.0)


@restated("small vesicles", lambda s: small_ev_level(s.patient, s.params, s.life.seed, s.life.patient))
def _(s: Situation) -> float:
    return vesicles(s)


def _attempt(s: Situation) -> int:
    return int(3.0 * s.luck[0])


def _referral(s: Situation) -> None:
    room = np.empty(len(DRAWN))
    draw_referral(s.patient, room, s.params, s.life.seed, s.life.patient, _attempt(s), True)
    s.patient.walks = np.nan
    draw_standing(s.patient, s.params, s.life.seed, s.life.patient)


@restated("a referral", _referral)
def referral(s: Situation) -> None:
    """Every column, each from the stream of its name and the number of the referral."""
    who, p, number = s.patient, s.params, _attempt(s)

    def u(stream: Stream, occurrence: int = number) -> float:
        return drawn(s.life.seed, s.life.patient, stream, occurrence)

    def z(stream: Stream, occurrence: int = number) -> float:
        return NORMAL.inv_cdf(u(stream, occurrence))

    rest, six = p.rest_pain_share, p.severe_tissue_loss_share
    who.rutherford = (
        4.0 if u(Stream.RUTHERFORD) < rest else 6.0 if u(Stream.RUTHERFORD) < rest + (1.0 - rest) * six else 5.0
    )
    shares = np.cumsum([p.renal_dialysis_share, p.renal_severe_share, p.renal_moderate_share])
    who.renal = 3.0 - np.sum(u(Stream.RENAL) >= shares)
    who.age = cut_normal(u(Stream.AGE), p.age_mean, p.age_sd, p.age_minimum, p.age_maximum)
    who.tcpo2 = cut_normal(u(Stream.TCPO2), p.referral_tcpo2_mean, p.referral_tcpo2_sd, 0.0, inf)
    who.tcpo2_measured = max(0.0, who.tcpo2 + p.measurement_sd * z(Stream.SCREENING_ERROR))
    who.screened = number + 1
    who.male = yes(u(Stream.SEX) < p.male_share)
    who.ischaemic_heart_disease = yes(u(Stream.ISCHAEMIC_HEART_DISEASE) < p.ischaemic_heart_disease_share)
    who.ankle_pressure_low = yes(u(Stream.ANKLE_PRESSURE) < p.ankle_pressure_share)
    who.angioplasty_suitable = yes(u(Stream.ANGIOPLASTY_SUITABLE) < p.angioplasty_suitable_share)
    who.leiden, who.mthfr = yes(u(Stream.LEIDEN) < p.leiden_share), yes(u(Stream.MTHFR) < p.mthfr_share)
    who.small_ev, who.small_ev_high = np.nan, yes(u(Stream.EV_CLASS) < p.small_ev_high_share)
    who.right_limb = yes(u(Stream.SIDE) < p.right_limb_share)
    wound = who.rutherford > 4.0
    who.infection = yes(wound and u(Stream.INFECTION) < p.infection_share)
    who.gangrene = yes(wound and u(Stream.GANGRENE) < p.gangrene_share)
    who.osteomyelitis = yes(wound and u(Stream.OSTEOMYELITIS) < p.osteomyelitis_share)
    who.heel = yes(wound and u(Stream.HEEL) < p.heel_share)
    variance = log(1.0 + (p.diabetes_years_sd / p.diabetes_years_mean) ** 2)
    years = p.diabetes_years_mean * exp(sqrt(variance) * z(Stream.DIABETES_YEARS) - variance / 2.0)
    who.diabetes_years = min(years, who.age - p.diabetes_onset_minimum)
    by_class = {4.0: p.beyond_salvage_share_4, 5.0: p.beyond_salvage_share_5, 6.0: p.beyond_salvage_share_6}
    lost = odds_times(by_class[float(who.rutherford)], exp(p.beyond_salvage_per_mmhg * (who.tcpo2 - p.reference_tcpo2)))
    who.beyond_salvage = yes(u(Stream.BEYOND_SALVAGE) < lost)
    who.frailty = z(Stream.FRAILTY, 0)
    ratio = p.walking_or_per_decade ** ((who.age - p.reference_age) / 10.0)
    ratio *= (p.walking_or_dialysis if who.renal == Renal.DIALYSIS else 1.0) * exp(
        -p.frailty_walking * p.frailty_sd * who.frailty
    )
    who.walks = yes(u(Stream.WALKING_AT_REFERRAL, 0) < odds_times(p.walking_share_referral, ratio))


def odds_times(share: float, ratio: float) -> float:
    """A share with its odds multiplied."""
    return share * ratio / (1.0 - share + share * ratio) if share < 1.0 else share


def meets(rule: Any, who: Any) -> bool:
    """Entry criteria, whose upper limits are excluded but for the class; a low ankle pressure may stand in for TcPO2."""
    return bool(
        (who.tcpo2_measured < rule.tcpo2_below or (rule.ankle_pressure_counts and who.ankle_pressure_low))
        and rule.tcpo2_at_least <= who.tcpo2_measured
        and rule.age_at_least <= who.age < rule.age_below
        and rule.rutherford_at_least <= who.rutherford <= rule.rutherford_at_most
        and (rule.dialysis or who.renal != Renal.DIALYSIS)
        and (rule.severe_renal or who.renal != Renal.SEVERE)
        and (rule.beyond_salvage or not who.beyond_salvage)
        and rule.angioplasty_suitable in (-1.0, who.angioplasty_suitable)
    )


@restated("criteria", lambda s: [may_enter(rule, s.patient) for rule in (s.policy, *s.policy.steps)])
def _(s: Situation) -> list[bool]:
    return [meets(rule, s.patient) for rule in (s.policy, *s.policy.steps)]


def lets_through(s: Situation) -> bool:
    """A biomarker's test, read as often falsely as it is."""
    who, policy = s.patient, s.policy
    if policy.marker == Marker.NONE:
        return True
    s.life.tested = 1
    level = vesicles(s) if isnan(who.small_ev) else who.small_ev
    there = level >= policy.marker_threshold if policy.marker == Marker.SMALL_EV else who.leiden or who.mthfr
    reads = s.life.luck[Luck.MARKER_TEST] < (policy.marker_sensitivity if there else 1.0 - policy.marker_specificity)
    return bool(reads == bool(policy.marker_treat_positive))


@restated("a biomarker's test", lambda s: selected(s.life, s.patient, s.params, s.policy))
def _(s: Situation) -> bool:
    return lets_through(s)


def treated(s: Situation) -> bool:
    """Who is treated: a limb that can be saved, by a policy that takes the patient and offers something."""
    policy, steps = s.policy, list(s.policy.steps)[: int(s.policy.step_count)]
    if s.patient.beyond_salvage or not (policy.doses or steps) or not meets(policy, s.patient) or not lets_through(s):
        return False
    return bool(policy.doses or any(meets(step, s.patient) for step in steps))


@restated("who is treated", lambda s: is_treated(s.life, s.patient, s.params, s.policy))
def _(s: Situation) -> bool:
    return treated(s)


@restated("luck of a life", lambda s: fill(s.life.luck, LUCK, s.life.seed, s.life.patient, 0))
def luck_of_a_life(s: Situation) -> None:
    """Each place from the stream of its own name."""
    for name in Luck.__members__:
        s.life.luck[Luck[name]] = drawn(s.life.seed, s.life.patient, Stream[name], 0)


def _loss(s: Situation) -> float:
    return float(2.0 * s.luck[1]) if s.luck[2] < 0.8 else 0.0


def _observed(s: Situation) -> Any:
    one = follow_up_end(s.life.seed, s.life.patient, s.luck[0], LONGEST, _loss(s))
    return *one, *follow_up_ends(int(s.life.seed), [int(s.life.patient)], s.luck[0], LONGEST, _loss(s))


@restated("follow-up", _observed)
def follow_up(s: Situation) -> Any:
    """Entry dates are uniform, losses come at a constant rate."""
    life, rate = s.life, _loss(s)
    cut = LONGEST - (LONGEST - s.luck[0]) * drawn(life.seed, life.patient, Stream.ENTRY_DATE, 0)
    lost = -log(drawn(life.seed, life.patient, Stream.DROP_OUT, 0)) / rate if rate else inf
    return min(cut, lost), lost < cut, min(cut, lost)


@restated("diseased arteries", lambda s: diseased_arteries(s.params, int(s.life.seed), np.array([int(s.life.patient)])))
def arteries(s: Situation) -> Any:
    """One common factor and one of each artery's own."""
    seed, i, shared = s.life.seed, s.life.patient, float(s.params.vessel_correlation)
    common = NORMAL.inv_cdf(drawn(seed, i, Stream.VESSEL_FACTOR, 0))
    own = [NORMAL.inv_cdf(drawn(seed, i, Stream.VESSEL, site)) for site in range(len(ARTERIES))]
    below = [NORMAL.cdf(sqrt(shared) * common + sqrt(1.0 - shared) * each) for each in own]
    return [yes(each < s.params[f"{name}_share"]) for each, name in zip(below, ARTERIES, strict=True)]


def _described(s: Situation) -> Any:
    one = np.zeros(1, PATIENT)
    one[0] = s.patient
    found = described(one, np.zeros((0, len(COLUMNS))), s.params, int(s.life.seed), int(s.life.patient))[0]
    return [*(found[f"artery_{name}"] for name in ARTERIES), found["small_ev"]]


@restated("arteries and vesicles in a table of patients", _described)
def description(s: Situation) -> Any:
    """Each artery in its own column, and the level of vesicles where it was not known."""
    return [*arteries(s), vesicles(s) if isnan(s.patient.small_ev) else s.patient.small_ev]


def _cohort(s: Situation) -> tuple[int, int]:
    """People wanted and rows of a table, alike in some."""
    return 1 + int(9.0 * s.luck[3]), int(5.0 * s.luck[4])


@restated("cohorts from a table", lambda s: [of(*_cohort(s)) for of in (at_most, at_least)])
def cohorts(s: Situation) -> Any:
    """Fewer people than rows, or each row equally often."""
    people, rows = _cohort(s)
    fits = rows == 0 or people < rows or people % rows == 0
    return (people, people) if fits else (people - people % rows, people - people % rows + rows)


def _taken(s: Situation) -> Any:
    people, rows = int(50.0 * s.luck[3]), 25
    first, other = (take(np.zeros((rows, 1)), people, 1, cohort).rows for cohort in (0, 1))
    return len(first), len(set(first)), np.array_equal(first, other)


@restated("people taken from a table", _taken)
def taken(s: Situation) -> Any:
    """Nobody twice; samples of two cohorts differ, whole passes do not."""
    people, rows = int(50.0 * s.luck[3]), 25
    return min(people, rows), min(people, rows), people >= rows or people == 0
