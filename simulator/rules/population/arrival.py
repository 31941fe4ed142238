"""A patient arrives: drawn, or given in a table and completed, one after another until one may enter."""

from __future__ import annotations

from math import inf, sqrt
from typing import Any

import numpy as np

from simulator.compiling import compiled, compiled_in_place
from simulator.rules.draws import normal_quantile, uniform
from simulator.rules.population.criteria import class_may_enter, may_enter
from simulator.rules.population.patient import (
    DIABETES_YEARS,
    DRAWN,
    EV_HIGH,
    HEEL,
    INFECTION,
    MEASURED,
    RENAL,
    RUTHERFORD,
    SALVAGE,
    TCPO2,
    Drawn,
    beyond_salvage,
    draw_classes,
    draw_measures,
    draw_others,
    draw_referral,
    draw_standing,
    draw_wound,
    measured,
    tissue_loss_class,
    truncated_normal,
    undialysed_class,
)
from simulator.words.vocabulary import Stream

MOST_REFERRALS = 10_000
"""Referrals screened for one enrolled patient before the entry criteria count as impossible."""


@compiled
def tcpo2_given_measurement(seen: float, params: Any, u: float) -> float:
    """Quantile u of the true TcPO2 (mmHg) given one measurement: the register's prior times the normal error."""
    # Products, not powers: compiled and interpreted they round alike.
    prior = params.referral_tcpo2_sd * params.referral_tcpo2_sd
    error = params.measurement_sd * params.measurement_sd
    weight = prior / (prior + error)
    mean = weight * seen + (1.0 - weight) * params.referral_tcpo2_mean
    return truncated_normal(u, mean, sqrt(weight * error), 0.0, inf)


@compiled
def complete(patient: Any, row: Any, u: Any, given: Any, params: Any, seed: int, i: int) -> None:
    """Lay a real patient's known columns (`given`, NaN where unknown) over a drawn one; `row` views `patient`."""
    if given[RUTHERFORD] < 0.0:
        patient.rutherford = tissue_loss_class(u[Drawn.RUTHERFORD], params)
    elif given[RUTHERFORD] == given[RUTHERFORD]:
        patient.rutherford = given[RUTHERFORD]
    else:
        for feature in range(INFECTION, HEEL + 1):
            if given[feature] > 0.0:
                patient.rutherford = max(patient.rutherford, 5.0)
    draw_wound(patient, u, params, seed, i, 0, True)
    rutherford = patient.rutherford
    for column in range(row.shape[0]):
        if given[column] == given[column]:
            row[column] = given[column]
    patient.rutherford = rutherford
    if given[RENAL] < 0.0:
        patient.renal = undialysed_class(u[Drawn.RENAL], params)
    tcpo2, seen = given[TCPO2], given[MEASURED]
    if seen == seen and tcpo2 != tcpo2:
        patient.tcpo2 = tcpo2_given_measurement(seen, params, u[Drawn.TCPO2])
    elif tcpo2 == tcpo2 and seen != seen:
        error = normal_quantile(u[Drawn.SCREENING_ERROR])
        patient.tcpo2_measured = measured(tcpo2, params.measurement_sd, error)
    if given[SALVAGE] != given[SALVAGE]:
        patient.beyond_salvage = beyond_salvage(patient.rutherford, patient.tcpo2, params, u[Drawn.BEYOND_SALVAGE])
    level = patient.small_ev
    if level == level and given[EV_HIGH] != given[EV_HIGH]:
        high = abs(level - params.small_ev_high_mean) / params.small_ev_high_sd
        patient.small_ev_high = 1.0 if high < abs(level - params.small_ev_low_mean) / params.small_ev_low_sd else 0.0
    if given[DIABETES_YEARS] != given[DIABETES_YEARS]:
        patient.diabetes_years = min(patient.diabetes_years, patient.age - params.diabetes_onset_minimum)


@compiled_in_place
def recruited_from(given: Any, seed: int, i: int) -> Any:
    """The row of a table of real patients that a trial's patient i is, drawn at random from all of them, as (1, columns).

    A trial recruits from the people whom the table stands for, so rows may come again. No rows stay no rows.
    """
    if given.shape[0] == 0:
        return given
    row = min(int(uniform(seed, i, Stream.TABLE_ROW, 0) * given.shape[0]), given.shape[0] - 1)
    return given[row : row + 1]


@compiled
def make_patient(
    patient: Any, row: Any, given: Any, params: Any, entry: Any, seed: int, i: int, described: bool = True
) -> bool:
    """`find_patient` with memory of its own for the draws, for whoever makes few."""
    return bool(find_patient(patient, row, np.empty(DRAWN.shape[0]), given, params, entry, seed, i, described))


@compiled
def find_patient(
    patient: Any, row: Any, u: Any, given: Any, params: Any, entry: Any, seed: int, i: int, described: bool
) -> bool:
    """Fill `patient` (and `row`, a float view of it) with patient i of a cohort; False if nobody can enter.

    Where patients are not kept, what no rule reads (side, heel, osteomyelitis, duration of diabetes) need not be `described`.

    `given` has shape (rows, columns), NaN where unknown; with no rows everybody is synthetic. With rows, patient i is row
    i modulo their number, and nobody is turned away. `u` is room for the draws of a referral.
    """
    if given.shape[0] > 0:
        draw_referral(patient, u, params, seed, i, 0, True)
        complete(patient, row, u, given[i % given.shape[0]], params, seed, i)
        draw_standing(patient, params, seed, i)
        return True
    for attempt in range(MOST_REFERRALS):
        draw_classes(patient, u, params, seed, i, attempt)
        if not class_may_enter(entry, patient):
            continue
        draw_measures(patient, u, params)
        if may_enter(entry, patient):
            draw_others(patient, u, params, seed, i, attempt, described)
            draw_standing(patient, params, seed, i)
            return True
    return False
