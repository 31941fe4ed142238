"""The compiled engine: one life after another, for blocks of patients under all policies, without an event calendar.

It calls the same rules in the same order as the SimPy engine, so event histories are equal bit for bit. Where a resource is
shared lives depend on each other and only the SimPy engine can run.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from simulator.compiling import compiled, record_dtype
from simulator.living.ledger import (
    MARKER_TEST,
    WIDTH,
    add_count,
    add_event,
    add_sojourn,
    add_visits,
)
from simulator.living.outcomes import WIDTH as OUTCOME_WIDTH
from simulator.living.outcomes import outcomes_at
from simulator.living.visits import seen_at_visit
from simulator.rules.pathway.happening import care_for, clinical_event, planned_care, suffer
from simulator.rules.pathway.life import limb_kept, state_of
from simulator.rules.pathway.referral import begin_life
from simulator.rules.perfusion import tcpo2
from simulator.rules.population.patient import make_patient
from simulator.vocabulary import Event

HISTORY = record_dtype([("patient", np.int64), ("time", np.float64), ("event", np.int64), ("tcpo2", np.float64)])
"""One event: patient, years since referral, `Event`, and TcPO2 (mmHg; measured at referral and visits, true otherwise;
NaN after a major amputation)."""


@compiled
def note(history: Any, n: int, patient: int, t: float, event: int, value: float) -> int:
    """Write event n of a history if there is room; returns n + 1 all the same, so that the caller can make room."""
    if n < history.shape[0]:
        history[n].patient = patient
        history[n].time = t
        history[n].event = event
        history[n].tcpo2 = value
    return n + 1


@compiled
def note_visits(history: Any, n: int, life: Any, params: Any, visits: Any, start: float, end: float) -> int:
    """Write the visits in [start, end) of a history."""
    for k in range(np.searchsorted(visits, start), np.searchsorted(visits, end)):
        n = note(history, n, life.patient, visits[k], Event.VISIT, seen_at_visit(life, params, k, visits[k]))
    return n


@compiled
def take_census(census: Any, times: Any, life: Any, state: int, start: float, end: float, last: bool) -> None:
    """Note state, walking and doses at the census times in [start, end), and at `end` if it is the last."""
    for k in range(times.shape[0]):
        if times[k] >= start and (times[k] < end or (last and times[k] <= end)):
            census[k, 0] = state
            census[k, 1] = life.walking
            census[k, 2] = life.doses


@compiled
def live(
    life: Any,
    patient: Any,
    params: Any,
    policy: Any,
    clock: Any,
    visits: Any,
    discounted_visits: Any,
    ledger: Any,
    times: Any,
    census: Any,
    history: Any,
    n: int,
) -> int:
    """Follow a life that has begun to death or the horizon. Returns the number of events written to `history`.

    `clock` holds the horizon (years) and the continuous discount rates of effects and costs (per year). `ledger` (WIDTH,) must
    be zero; `census` has shape (times, 3); a `history` without rows is not kept.
    """
    horizon, effect_rate, cost_rate = clock[0], clock[1], clock[2]
    keep = history.shape[0] > 0
    for k in range(times.shape[0]):
        census[k, 0], census[k, 1], census[k, 2] = -1, 0, life.doses
    if keep:
        n = note(history, n, life.patient, 0.0, Event.REFERRAL, patient.tcpo2_measured)
    if life.tested:
        add_count(ledger, MARKER_TEST, 0.0, cost_rate)
    state, entered = state_of(life), 0.0
    changed = True
    clinical, risk = 0.0, -1
    while life.alive:
        if changed:
            clinical, risk = clinical_event(life, horizon)
        care, kind = planned_care(life)
        t = min(clinical, care)
        over = not (clinical <= horizon) and care >= horizon
        if over:
            t = horizon
        take_census(census, times, life, state, life.time, t, over)
        if keep:
            n = note_visits(history, n, life, params, visits, life.time, t)
        life.time = t
        if over:
            add_sojourn(ledger, life, patient, state, entered, t, effect_rate, cost_rate)
            break
        if clinical <= care:
            event, changed = suffer(life, params, t, risk), True
        else:
            event, changed = care_for(life, params, policy, t, kind)
        add_event(ledger, life, event, t, cost_rate)
        if keep:
            n = note(history, n, life.patient, t, event, tcpo2(life, t) if limb_kept(life) else np.nan)
        following = state_of(life)
        # Time is booked when a state is left, not at every event: what changes nothing must not change a rounding either.
        if following != state or not life.alive:
            add_sojourn(ledger, life, patient, state, entered, t, effect_rate, cost_rate)
            state, entered = following, t
    for k in range(times.shape[0]):
        if census[k, 0] < 0:
            census[k, 2] = life.doses
    if keep and life.alive:
        n = note(history, n, life.patient, horizon, Event.HORIZON, tcpo2(life, horizon) if limb_kept(life) else np.nan)
    add_visits(ledger, visits, discounted_visits, life.time)
    return n


@compiled
def run_block(
    params: Any,
    policies: Any,
    entry: Any,
    given: Any,
    seed: int,
    first: int,
    count: int,
    ages: Any,
    log_hazards: Any,
    clock: Any,
    visits: Any,
    discounted_visits: Any,
    times: Any,
    reference: int,
    life: Any,
    patient: Any,
    row: Any,
    sums: Any,
    squares: Any,
    outcome_sums: Any,
    outcome_squares: Any,
    difference_squares: Any,
    state_counts: Any,
    perfusion: Any,
) -> int:
    """Live patients first .. first + count - 1 under every policy and add up. Returns the number who could not enter.

    Shapes: sums, squares (policies, ledger WIDTH); outcome_sums, outcome_squares, difference_squares (policies, times,
    outcomes), the last two of squares of each value and of its difference to the reference policy; state_counts (policies,
    times, states); perfusion (policies, times, 3): number, sum and sum of squares of the true TcPO2 of kept limbs.
    """
    many = policies.shape[0]
    empty = np.zeros((0,), HISTORY)
    ledger = np.zeros(WIDTH)
    census = np.zeros((times.shape[0], 3), np.int64)
    outcome = np.zeros((many, times.shape[0], OUTCOME_WIDTH))
    barred = 0
    for i in range(first, first + count):
        if not make_patient(patient, row, given, params, entry, seed, i, False):
            barred += 1
            continue
        for p in range(many):
            begin_life(life, patient, params, policies[p], seed, i, ages, log_hazards)
            ledger[:] = 0.0
            live(life, patient, params, policies[p], clock, visits, discounted_visits, ledger, times, census, empty, 0)
            for f in range(WIDTH):
                sums[p, f] += ledger[f]
                squares[p, f] += ledger[f] * ledger[f]
            for k in range(times.shape[0]):
                outcomes_at(outcome[p, k], life, params, times[k], census[k, 0], census[k, 1], census[k, 2])
                if census[k, 0] >= 0:
                    state_counts[p, k, census[k, 0]] += 1.0
                    if life.amputated_at > times[k]:
                        value = tcpo2(life, times[k])
                        perfusion[p, k, 0] += 1.0
                        perfusion[p, k, 1] += value
                        perfusion[p, k, 2] += value * value
        for p in range(many):
            for k in range(times.shape[0]):
                for o in range(OUTCOME_WIDTH):
                    value = outcome[p, k, o]
                    difference = value - outcome[reference, k, o]
                    outcome_sums[p, k, o] += value
                    outcome_squares[p, k, o] += value * value
                    difference_squares[p, k, o] += difference * difference
    return barred


@compiled
def follow_block(
    params: Any,
    policy: Any,
    entry: Any,
    given: Any,
    seed: int,
    first: int,
    count: int,
    ages: Any,
    log_hazards: Any,
    clock: Any,
    visits: Any,
    discounted_visits: Any,
    times: Any,
    life: Any,
    patients: Any,
    rows: Any,
    lives: Any,
    ledgers: Any,
    censuses: Any,
    paths: Any,
    outcomes: Any,
    history: Any,
) -> tuple[int, int]:
    """As `run_block` for one policy, keeping each patient: (events written or needed, number who could not enter).

    Shapes: patients, lives (count,); rows (count, columns), a float view of patients; ledgers (count, WIDTH); censuses
    (count, times, 3); paths (count, times), true TcPO2 or NaN; outcomes (count, times, outcomes).
    """
    n, barred = 0, 0
    for j in range(count):
        i = first + j
        if not make_patient(patients[j], rows[j], given, params, entry, seed, i):
            barred += 1
            continue
        begin_life(life, patients[j], params, policy, seed, i, ages, log_hazards)
        n = live(
            life,
            patients[j],
            params,
            policy,
            clock,
            visits,
            discounted_visits,
            ledgers[j],
            times,
            censuses[j],
            history,
            n,
        )
        for k in range(times.shape[0]):
            census = censuses[j, k]
            outcomes_at(outcomes[j, k], life, params, times[k], census[0], census[1], census[2])
            paths[j, k] = np.nan
            if census[0] >= 0 and life.amputated_at > times[k]:
                paths[j, k] = tcpo2(life, times[k])
        lives[j] = life
    return n, barred
