"""One synthetic patient: a pure function of the seed, the patient's number and the register.

The referral distribution is drawn first and a scenario's entry criteria then act on the *measured* TcPO2; somebody who may not
enter is replaced by the next referral with the same number (`attempt`), so that regression to the mean is simulated.
"""

from __future__ import annotations

from enum import IntEnum
from math import erfc, exp, inf, log, nan, sqrt
from typing import Any

import numpy as np

from simulator.compiling import compiled, record_dtype
from simulator.rules.draws import fill, normal, normal_quantile, uniform
from simulator.words.vocabulary import ARTERIES, Renal, Stream

COLUMNS = (
    "age",
    "male",
    "diabetes_years",
    "ischaemic_heart_disease",
    "infection",
    "osteomyelitis",
    "gangrene",
    "heel",
    "right_limb",
    "tcpo2",
    "tcpo2_measured",
    "ankle_pressure_low",
    "renal",
    "rutherford",
    "leiden",
    "mthfr",
    "small_ev_high",
    "small_ev",
    "angioplasty_suitable",
    "beyond_salvage",
    "walks",
    "frailty",
    "screened",
    *(f"artery_{name}" for name in ARTERIES),
)
PATIENT = record_dtype([(name, np.float64) for name in COLUMNS])
"""A patient: one float per column (years, mmHg, 0/1, renal class, Rutherford class, % of vesicles, arteries 0/1)."""

DIABETES_YEARS, INFECTION, HEEL, TCPO2, MEASURED, RUTHERFORD, EV_HIGH, SALVAGE = (
    COLUMNS.index(name)
    for name in (
        "diabetes_years",
        "infection",
        "heel",
        "tcpo2",
        "tcpo2_measured",
        "rutherford",
        "small_ev_high",
        "beyond_salvage",
    )
)
RENAL = COLUMNS.index("renal")
UNDIALYSED = -1.0
"""Stands among what is given of somebody in place of a renal class: no more is known than that it is not dialysis."""
TISSUE_LOSS = -1.0
"""Stands in place of a Rutherford class: no more is known than that tissue is lost, which is 5 or 6."""


class Drawn(IntEnum):
    """Places of what every referral draws, each from the stream of its name."""

    AGE = 0
    SEX = 1
    ISCHAEMIC_HEART_DISEASE = 2
    INFECTION = 3
    TCPO2 = 4
    SCREENING_ERROR = 5
    ANKLE_PRESSURE = 6
    RENAL = 7
    RUTHERFORD = 8
    LEIDEN = 9
    MTHFR = 10
    EV_CLASS = 11
    ANGIOPLASTY_SUITABLE = 12
    GANGRENE = 13
    BEYOND_SALVAGE = 14
    EV_LEVEL = 15


DRAWN = np.array([Stream[place.name] for place in Drawn], np.uint64)
"""The streams of `Drawn`."""
DESCRIBED = ("diabetes_years", "osteomyelitis", "heel", "right_limb")
"""Columns that no rule reads."""


@compiled
def truncated_normal(u: float, mean: float, sd: float, low: float, high: float) -> float:
    """Quantile u of a normal distribution truncated to [low, high]."""
    if sd <= 0.0:
        return min(max(mean, low), high)
    below = 0.5 * erfc((mean - low) / (sd * sqrt(2.0)))
    above = 0.5 * erfc((high - mean) / (sd * sqrt(2.0)))
    p = below + u * (1.0 - below - above)
    return min(max(mean + sd * normal_quantile(min(max(p, 1e-300), 1.0 - 1e-16)), low), high)


@compiled
def has(u: float, share: float) -> float:
    """1 with probability `share`, else 0, by a uniform."""
    return 1.0 if u < share else 0.0


@compiled
def renal_class(u: float, params: Any) -> float:
    """Renal class from one uniform: dialysis, severe, moderate, normal."""
    if u < params.renal_dialysis_share:
        return float(Renal.DIALYSIS.value)
    if u < params.renal_dialysis_share + params.renal_severe_share:
        return float(Renal.SEVERE.value)
    if u < params.renal_dialysis_share + params.renal_severe_share + params.renal_moderate_share:
        return float(Renal.MODERATE.value)
    return float(Renal.NORMAL.value)


@compiled
def undialysed_class(u: float, params: Any) -> float:
    """Renal class from one uniform of somebody who is not on dialysis; whoever has another class by it keeps that one."""
    share = params.renal_dialysis_share
    return renal_class(share + (1.0 - share) * u / share if u < share else u, params)


@compiled
def tissue_loss_class(u: float, params: Any) -> float:
    """Rutherford class from one uniform of somebody with tissue loss; whoever has it by it anyhow keeps the class."""
    share = params.rest_pain_share
    v = u / share if u < share else (u - share) / (1.0 - share)
    return 6.0 if v < params.severe_tissue_loss_share else 5.0


@compiled
def measured(true: float, sd: float, z: float) -> float:
    """One TcPO2 measurement (mmHg): truth plus error, never below zero."""
    return max(0.0, true + sd * z)


@compiled
def draw_wound(patient: Any, u: Any, params: Any, seed: int, i: int, attempt: int, described: bool) -> None:
    """Fill in the wound's features, which go with tissue loss only."""
    wound = 1.0 if patient.rutherford > 4.0 else 0.0
    patient.infection = wound * has(u[Drawn.INFECTION], params.infection_share)
    patient.gangrene = wound * has(u[Drawn.GANGRENE], params.gangrene_share)
    if not described:
        return
    osteomyelitis, heel = uniform(seed, i, Stream.OSTEOMYELITIS, attempt), uniform(seed, i, Stream.HEEL, attempt)
    patient.osteomyelitis = wound * has(osteomyelitis, params.osteomyelitis_share)
    patient.heel = wound * has(heel, params.heel_share)


@compiled
def beyond_salvage(rutherford: float, tcpo2: float, params: Any, u: float) -> float:
    """1 where a limb of this Rutherford class and TcPO2 (mmHg) cannot be saved at referral, whatever is done, else 0."""
    share = params.beyond_salvage_share_5
    if rutherford < 4.5:
        share = params.beyond_salvage_share_4
    elif rutherford > 5.5:
        share = params.beyond_salvage_share_6
    # The share at the reference TcPO2, with its odds multiplied.
    part = share * exp(params.beyond_salvage_per_mmhg * (tcpo2 - params.reference_tcpo2))
    return 1.0 if u < part / (1.0 - share + part) else 0.0


@compiled
def walks_at_referral(patient: Any, params: Any, u: float) -> float:
    """1 where somebody of this age, renal class and frailty can walk at referral, else 0."""
    share = params.walking_share_referral
    if share <= 0.0 or share >= 1.0:
        return float(share)
    decades = (patient.age - params.reference_age) / 10.0
    log_odds = log(share / (1.0 - share)) + decades * log(params.walking_or_per_decade)
    if patient.renal == Renal.DIALYSIS.value:
        log_odds += log(params.walking_or_dialysis)
    log_odds -= params.frailty_walking * params.frailty_sd * patient.frailty
    return 1.0 if u < 1.0 / (1.0 + exp(-log_odds)) else 0.0


@compiled
def draw_standing(patient: Any, params: Any, seed: int, i: int) -> None:
    """Fill in the patient's frailty, which nobody measures, and whether the patient walks, where a table does not say."""
    patient.frailty = normal(seed, i, Stream.FRAILTY, 0)
    if patient.walks != patient.walks:
        patient.walks = walks_at_referral(patient, params, uniform(seed, i, Stream.WALKING_AT_REFERRAL, 0))


@compiled
def draw_classes(patient: Any, u: Any, params: Any, seed: int, i: int, attempt: int) -> None:
    """Fill in the classes of referral number `attempt` for place i, which cost next to nothing and bar most of those barred.

    `u` is filled with the referral's uniforms, in the places of `Drawn`.
    """
    fill(u, DRAWN, seed, i, attempt)
    worst = params.rest_pain_share + (1.0 - params.rest_pain_share) * params.severe_tissue_loss_share
    if u[Drawn.RUTHERFORD] < params.rest_pain_share:
        patient.rutherford = 4.0
    elif u[Drawn.RUTHERFORD] < worst:
        patient.rutherford = 6.0
    else:
        patient.rutherford = 5.0
    patient.renal = renal_class(u[Drawn.RENAL], params)
    patient.angioplasty_suitable = has(u[Drawn.ANGIOPLASTY_SUITABLE], params.angioplasty_suitable_share)
    patient.screened = attempt + 1.0


@compiled
def draw_measures(patient: Any, u: Any, params: Any) -> None:
    """Fill in what else entry criteria read of the referral that `draw_classes` began."""
    patient.age = truncated_normal(u[Drawn.AGE], params.age_mean, params.age_sd, params.age_minimum, params.age_maximum)
    patient.tcpo2 = truncated_normal(u[Drawn.TCPO2], params.referral_tcpo2_mean, params.referral_tcpo2_sd, 0.0, inf)
    error = normal_quantile(u[Drawn.SCREENING_ERROR])
    patient.tcpo2_measured = measured(patient.tcpo2, params.measurement_sd, error)
    patient.ankle_pressure_low = has(u[Drawn.ANKLE_PRESSURE], params.ankle_pressure_share)
    patient.beyond_salvage = beyond_salvage(patient.rutherford, patient.tcpo2, params, u[Drawn.BEYOND_SALVAGE])


@compiled
def draw_others(patient: Any, u: Any, params: Any, seed: int, i: int, attempt: int, described: bool) -> None:
    """Fill in what else there is to the referral that `draw_measures` went on with. Arteries are left out: no rule reads them."""
    patient.male = has(u[Drawn.SEX], params.male_share)
    patient.ischaemic_heart_disease = has(u[Drawn.ISCHAEMIC_HEART_DISEASE], params.ischaemic_heart_disease_share)
    draw_wound(patient, u, params, seed, i, attempt, described)
    patient.leiden = has(u[Drawn.LEIDEN], params.leiden_share)
    patient.mthfr = has(u[Drawn.MTHFR], params.mthfr_share)
    patient.small_ev_high = has(u[Drawn.EV_CLASS], params.small_ev_high_share)
    patient.small_ev, patient.walks = nan, nan
    if described:
        variation = params.diabetes_years_sd / params.diabetes_years_mean
        variance = log(1.0 + variation * variation)
        z = normal(seed, i, Stream.DIABETES_YEARS, attempt)
        patient.diabetes_years = min(
            params.diabetes_years_mean * exp(sqrt(variance) * z - 0.5 * variance),
            patient.age - params.diabetes_onset_minimum,
        )
        patient.right_limb = has(uniform(seed, i, Stream.SIDE, attempt), params.right_limb_share)


@compiled
def draw_referral(patient: Any, u: Any, params: Any, seed: int, i: int, attempt: int, described: bool) -> None:
    """Fill `patient` with referral number `attempt` for place i; `u` is room for its uniforms."""
    draw_classes(patient, u, params, seed, i, attempt)
    draw_measures(patient, u, params)
    draw_others(patient, u, params, seed, i, attempt, described)


@compiled
def small_ev_level(patient: Any, params: Any, seed: int, i: int) -> float:
    """Small extracellular vesicles (% of vesicles), given the patient's class."""
    attempt = int(patient.screened) - 1
    mean, sd = params.small_ev_low_mean, params.small_ev_low_sd
    if patient.small_ev_high > 0.5:
        mean, sd = params.small_ev_high_mean, params.small_ev_high_sd
    return truncated_normal(uniform(seed, i, Stream.EV_LEVEL, attempt), mean, sd, 0.0, 100.0)
