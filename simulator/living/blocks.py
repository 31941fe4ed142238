"""The compiled engine: one life after another, for blocks of patients under all policies, without an event calendar.

It takes the same turns in the same order as the SimPy engine, so event histories are equal bit for bit. Where a resource
is shared lives depend on each other and only the SimPy engine can run.
"""

from __future__ import annotations

from threading import local
from typing import Any, NamedTuple

import numpy as np

from simulator.compiling import compiled_in_place, compiled_on_given_memory
from simulator.living.books import Books, live_with_books, new_books
from simulator.living.census import DEAD, STATE
from simulator.living.cohort_arrays import Followed, new_arrays
from simulator.living.decisions import new_decisions
from simulator.living.ledger import WIDTH as LEDGER_WIDTH
from simulator.living.next_event import refer
from simulator.living.outcomes import WIDTH as OUTCOME_WIDTH
from simulator.living.outcomes import Outcome, outcomes_of
from simulator.living.room import new_room
from simulator.living.setting import Setting
from simulator.living.sums import Sums, add_patient
from simulator.living.twins import ITSELF, begin_twins, live_in_turn, new_twins, same_ledger
from simulator.rules.perfusion import tcpo2
from simulator.rules.population.arrival import find_patient

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


class Lived(NamedTuple):
    """One patient under every policy. ledgers: (policies, ledger WIDTH). outcomes: (policies, times, outcomes). rows: the same
    memory, (policies, times x outcomes). states (policies, times): the census, DEAD or a `State`. paths (policies, times): true
    TcPO2 (mmHg) of kept limbs, else NaN."""

    ledgers: Any
    outcomes: Any
    rows: Any
    states: Any
    paths: Any


def new_lived(policies: int, times: int, ledger: int = LEDGER_WIDTH) -> Lived:
    """Room for one patient after another, with ledgers of so many columns."""
    outcomes, states = np.zeros((policies, times, OUTCOME_WIDTH)), np.zeros((policies, times), np.int64)
    rows = outcomes.reshape(policies, -1)
    return Lived(np.zeros((policies, ledger)), outcomes, rows, states, np.zeros((policies, times)))


@compiled_in_place
def same_life(lived: Any, p: int, twin: int, tested: float, undosed: float) -> None:
    """Give policy p the life that the patient has under another policy; only the test may differ, and the doses be left out."""
    same_ledger(lived.ledgers, p, twin, tested, undosed)
    for k in range(lived.rows.shape[1]):
        lived.rows[p, k] = lived.rows[twin, k]
    for k in range(lived.states.shape[1]):
        if undosed == 1.0:
            lived.outcomes[p, k, Outcome.DOSES] = 0.0
        lived.states[p, k], lived.paths[p, k] = lived.states[twin, k], lived.paths[twin, k]


@compiled_on_given_memory
def run_block(
    setting: Any,
    first: int,
    count: int,
    reference: int,
    room: Any,
    books: Any,
    twins: Any,
    decisions: Any,
    lived: Any,
    sums: Any,
) -> int:
    """Live patients first .. first + count - 1 under every policy and add up. Returns the number who could not enter.

    `sums` are `simulator.living.sums.Sums` in rows; `reference` is the number of the policy that others are compared with.
    """
    patient, row, drawn = room.patient, room.row, room.drawn
    params, given, entry, seed, times = setting.params, setting.given, setting.entry, setting.seed, setting.times
    ledgers, outcomes, rows, states, paths = lived
    life, census = twins.life, books.census
    barred = 0
    for i in range(first, first + count):
        if not find_patient(patient, row, drawn, given, params, entry, seed, i, False):
            barred += 1
            continue
        begin_twins(twins, patient, setting, i)
        for place in range(setting.policies.shape[0]):
            p = twins.order[place]
            own = Books(books.page, ledgers[p], census, books.history)
            twin = live_in_turn(twins, decisions, own, patient, setting, place)
            if twin != ITSELF:
                same_life(lived, p, twin, twins.tested[p], twins.undosed[p])
            else:
                read_outcomes(life, setting, census, paths[p], outcomes[p])
                for k in range(times.shape[0]):
                    states[p, k] = census[k, STATE]
        add_patient(sums, ledgers, states, paths, rows, reference)
    return barred


@compiled_on_given_memory
def follow_block(
    setting: Any, policy: int, first: int, count: int, room: Any, books: Any, kept: Any
) -> tuple[int, int]:
    """As `run_block` for one policy, keeping each patient: (events written or needed, number who could not enter)."""
    rows = kept.patients.view(np.float64).reshape(count, -1)
    life, drawn = room.life, room.drawn
    params, given, entry, seed = setting.params, setting.given, setting.entry, setting.seed
    barred = 0
    for j in range(count):
        i = first + j
        patient = kept.patients[j]
        if not find_patient(patient, rows[j], drawn, given, params, entry, seed, i, True):
            barred += 1
            continue
        refer(life, patient, setting, policy, i, setting.horizon)
        live_with_books(books, life, patient, setting, policy)
        kept.lives[j] = life
        for f in range(kept.ledgers.shape[1]):
            kept.ledgers[j, f] = books.ledger[f]
        for k in range(setting.times.shape[0]):
            for column in range(kept.censuses.shape[2]):
                kept.censuses[j, k, column] = books.census[k, column]
        read_outcomes(life, setting, books.census, kept.paths[j], kept.outcomes[j])
    return books.page.events, barred


@compiled_on_given_memory
def read_outcomes(life: Any, setting: Any, census: Any, path: Any, outcomes: Any) -> None:
    """Fill the true TcPO2 (times,), NaN for lost limbs, and the outcomes (times, outcomes) of a life that is over."""
    outcomes_of(outcomes, life, setting.params, setting.times, census)
    for k in range(setting.times.shape[0]):
        t = setting.times[k]
        path[k] = np.nan
        if census[k, STATE] != DEAD and life.amputated_at > t:
            path[k] = tcpo2(life, t)


class Working(NamedTuple):
    """Memory in which one patient after another is lived under the same policies. Nothing in it is read before it is written."""

    room: Any
    books: Any
    twins: Any
    decisions: Any
    lived: Any


class _Thread(local):
    """The working memory of a thread's last block, which the next one takes over if it has the same policies and sizes.

    Making it takes as long as thirty lives, and the draws of an economic analysis or the batches of a run in a study have few.
    """

    made_for: Any = None
    working: Working

    def room_for(self, policies: Any, times: int, ledger: int) -> Working:
        """Memory for these policies, so many times, and ledgers of so many columns."""
        asked = policies.tobytes(), times, ledger
        if self.made_for != asked:
            count = len(policies)
            books, lived = new_books(times, ledger=ledger), new_lived(count, times, ledger)
            self.working = Working(
                new_room(), books, new_twins(policies), new_decisions(policies, times, ledger), lived
            )
            self.made_for = asked
        return self.working


_thread = _Thread()


def add_block(setting: Setting, first: int, count: int, reference: int, sums: Sums) -> int:
    """`run_block` with room of its own. Ledgers are kept if the sums have columns for them."""
    room, books, twins, decisions, lived = _thread.room_for(setting.policies, len(setting.times), sums.ledger.shape[1])
    return int(run_block(setting, first, count, reference, room, books, twins, decisions, lived, sums.in_rows()))


def follow(
    setting: Setting, policy: int, first: int, count: int, events: bool = True, ledger: int = LEDGER_WIDTH
) -> Followed:
    """Follow patients first .. first + count - 1 under one policy, as `simulator.living.reference.follow` does.

    A `ledger` of so many columns is kept of each.
    """
    room_for, times = ROOM * count if events else 0, len(setting.times)
    while True:
        arrays, books = new_arrays(count, times, ledger), new_books(times, room_for, ledger)
        n, barred = follow_block(setting, policy, first, count, new_room(), books, Kept(**arrays))
        if n <= room_for:
            return Followed(**arrays, history=books.history[:n], barred=barred)
        room_for = n
