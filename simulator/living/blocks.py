"""The compiled engine: one life after another, for blocks of patients under all policies, without an event calendar.

It takes the same turns in the same order as the SimPy engine, so event histories are equal bit for bit. Where a resource
is shared lives depend on each other and only the SimPy engine can run.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from simulator.compiling import compiled_on_given_memory
from simulator.living.books import live_with_books, new_books
from simulator.living.census import DEAD, STATE
from simulator.living.cohort_arrays import Followed, new_arrays
from simulator.living.next_event import refer
from simulator.living.outcomes import WIDTH as OUTCOME_WIDTH
from simulator.living.outcomes import outcomes_at
from simulator.living.room import new_room
from simulator.living.setting import Setting
from simulator.living.sums import Sums, add_ledger, add_outcomes, add_tcpo2
from simulator.rules.perfusion import tcpo2
from simulator.rules.population.patient import make_patient

ROOM = 64
"""Events per patient for which room is made at first. A longer history is written in a second run."""


class Kept(NamedTuple):
    """Where patients are kept one by one: the arrays of `simulator.living.cohort_arrays.Followed`, by its names."""

    patients: Any
    lives: Any
    ledgers: Any
    censuses: Any
    paths: Any
    outcomes: Any


@compiled_on_given_memory
def run_block(
    setting: Any, first: int, count: int, reference: int, room: Any, books: Any, outcome: Any, sums: Any
) -> int:
    """Live patients first .. first + count - 1 under every policy and add up. Returns the number who could not enter.

    `sums` are `simulator.living.sums.Sums`; `reference` is the number of the policy that others are compared with;
    `outcome` (policies, times, outcomes) is room for those of one patient.
    """
    life, patient, row = room
    ledgers, ledger_squares, outcomes, outcome_squares, difference_squares, states, perfusion = sums
    params, given, entry, seed, times = setting.params, setting.given, setting.entry, setting.seed, setting.times
    census = books.census
    policies = setting.policies.shape[0]
    barred = 0
    for i in range(first, first + count):
        if not make_patient(patient, row, given, params, entry, seed, i, False):
            barred += 1
            continue
        for p in range(policies):
            refer(life, patient, setting, p, i, setting.horizon)
            live_with_books(books, life, patient, setting, p)
            add_ledger(ledgers[p], ledger_squares[p], books.page.ledger)
            for k in range(times.shape[0]):
                outcomes_at(outcome[p, k], life, params, times[k], census[k])
                if census[k, STATE] != DEAD:
                    states[p, k, census[k, STATE]] += 1.0
                    if life.amputated_at > times[k]:
                        add_tcpo2(perfusion[p, k], tcpo2(life, times[k]))
        add_outcomes(outcomes, outcome_squares, difference_squares, outcome, reference)
    return barred


@compiled_on_given_memory
def follow_block(
    setting: Any, policy: int, first: int, count: int, life: Any, books: Any, kept: Any
) -> tuple[int, int]:
    """As `run_block` for one policy, keeping each patient: (events written or needed, number who could not enter)."""
    rows = kept.patients.view(np.float64).reshape(count, -1)
    barred = 0
    for j in range(count):
        i = first + j
        patient = kept.patients[j]
        if not make_patient(patient, rows[j], setting.given, setting.params, setting.entry, setting.seed, i):
            barred += 1
            continue
        refer(life, patient, setting, policy, i, setting.horizon)
        live_with_books(books, life, patient, setting, policy)
        kept.lives[j] = life
        for f in range(kept.ledgers.shape[1]):
            kept.ledgers[j, f] = books.page.ledger[f]
        for k in range(setting.times.shape[0]):
            for column in range(kept.censuses.shape[2]):
                kept.censuses[j, k, column] = books.census[k, column]
        read_outcomes(life, setting, books.census, kept.paths[j], kept.outcomes[j])
    return books.page.events, barred


@compiled_on_given_memory
def read_outcomes(life: Any, setting: Any, census: Any, path: Any, outcomes: Any) -> None:
    """Fill the true TcPO2 (times,), NaN for lost limbs, and the outcomes (times, outcomes) of a life that is over."""
    for k in range(setting.times.shape[0]):
        t = setting.times[k]
        outcomes_at(outcomes[k], life, setting.params, t, census[k])
        path[k] = np.nan
        if census[k, STATE] != DEAD and life.amputated_at > t:
            path[k] = tcpo2(life, t)


def add_block(setting: Setting, first: int, count: int, reference: int, sums: Sums) -> int:
    """`run_block` with room of its own."""
    policies, times = len(setting.policies), len(setting.times)
    outcome = np.zeros((policies, times, OUTCOME_WIDTH))
    return int(run_block(setting, first, count, reference, new_room(), new_books(times), outcome, sums))


def follow(setting: Setting, policy: int, first: int, count: int, events: bool = True) -> Followed:
    """Follow patients first .. first + count - 1 under one policy, as `simulator.living.reference.follow` does."""
    room_for = ROOM * count if events else 0
    while True:
        arrays, books = new_arrays(count, len(setting.times)), new_books(len(setting.times), room_for)
        n, barred = follow_block(setting, policy, first, count, new_room().life, books, Kept(**arrays))
        if n <= room_for:
            return Followed(**arrays, history=books.history[:n], barred=barred)
        room_for = n
