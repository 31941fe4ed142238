"""Curves over time from the times of events: each outcome of a life is one stretch of time, counted where it begins and ends.

`simulator.living.blocks` works out every outcome at every time, which is right for a handful of times; a curve has some
sixty. Here a life costs the same however many times are shown, and counts are whole numbers, so shares, states and paired
errors are those that `simulate` gives at these times.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from simulator.compiling import compiled, compiled_on_given_memory
from simulator.living.books import live_with_books, new_books
from simulator.living.census import DEAD, STATE
from simulator.living.ledger import STATES
from simulator.living.ledger import WIDTH as LEDGER_WIDTH
from simulator.living.next_event import refer
from simulator.living.room import new_room
from simulator.living.setting import Setting
from simulator.living.sums import add_ledger, add_tcpo2
from simulator.rules.perfusion import tcpo2
from simulator.rules.population.patient import find_patient

Floats = NDArray[np.float64]

COURSES = ("major_amputation", "death", "amputation_free_survival", "healing_without_amputation")
"""Outcomes of `simulator.living.outcomes` that hold over one stretch of time in a life."""
AMPUTATION, DEATH, FREE, HEALED = range(len(COURSES))


class CourseSums(NamedTuple):
    """Sums over lives. ledger, ledger_squares: (policies, ledger WIDTH). changes: (policies, times + 1, courses), lives in
    which an outcome begins less those in which it ends; discordant: the same of lives in which it differs from that under
    the reference policy. states: (policies, times, states), the living. perfusion: (policies, times, 3), as in `Sums`.
    """

    ledger: Floats
    ledger_squares: Floats
    changes: Floats
    discordant: Floats
    states: Floats
    perfusion: Floats

    @classmethod
    def zero(cls, policies: int, times: int) -> CourseSums:
        """Nothing added up yet."""
        curves = (policies, times + 1, len(COURSES))
        shapes = [(policies, LEDGER_WIDTH)] * 2 + [curves] * 2 + [(policies, times, STATES), (policies, times, 3)]
        return cls(*(np.zeros(shape) for shape in shapes))

    def add(self, other: CourseSums) -> None:
        """Add another block's sums. Blocks come in order, so the bits do not depend on who made them."""
        for mine, theirs in zip(self, other, strict=True):
            np.add(mine, theirs, out=mine)


@compiled
def first_at(times: Any, t: float) -> int:
    """Place of the first of the rising `times` at or after t; their number if all come before."""
    low, high = 0, times.shape[0]
    while low < high:
        middle = (low + high) // 2
        if times[middle] < t:
            low = middle + 1
        else:
            high = middle
    return low


@compiled
def stretches(spans: Any, life: Any, times: Any) -> None:
    """Fill `spans` (courses, 2): the places in `times` at which each outcome of a life that is over begins and has ended."""
    never = times.shape[0]
    amputated, died = first_at(times, life.amputated_at), first_at(times, life.died_at)
    healed = first_at(times, life.healed_at)
    spans[AMPUTATION, 0], spans[AMPUTATION, 1] = amputated, never
    spans[DEATH, 0], spans[DEATH, 1] = died, never
    spans[FREE, 0], spans[FREE, 1] = 0, min(amputated, died)
    spans[HEALED, 0], spans[HEALED, 1] = healed, max(healed, amputated)


@compiled
def count_stretch(changes: Any, start: int, end: int, course: int) -> None:
    """Count one life's stretch of an outcome."""
    if start < end:
        changes[start, course] += 1.0
        changes[end, course] -= 1.0


@compiled
def count_discordance(changes: Any, one: Any, other: Any) -> None:
    """Count where the stretches (courses, 2) of the same person under two policies differ: in one of them and not in both."""
    for o in range(one.shape[0]):
        if one[o, 0] == other[o, 0] and one[o, 1] == other[o, 1]:
            continue
        count_stretch(changes, one[o, 0], one[o, 1], o)
        count_stretch(changes, other[o, 0], other[o, 1], o)
        low, high = max(one[o, 0], other[o, 0]), min(one[o, 1], other[o, 1])
        if low < high:
            changes[low, o] -= 2.0
            changes[high, o] += 2.0


@compiled_on_given_memory
def course_block(
    setting: Any, first: int, count: int, reference: int, seen: int, room: Any, books: Any, spans: Any, sums: Any
) -> int:
    """Live patients first .. first + count - 1 under every policy and add up `CourseSums`; returns who could not enter.

    TcPO2 is looked at at the first `seen` times. `spans` (policies, courses, 2) is room for the stretches of one patient.
    """
    life, patient, row, drawn = room
    ledgers, ledger_squares, changes, discordant, states, perfusion = sums
    params, given, entry, seed, times = setting.params, setting.given, setting.entry, setting.seed, setting.times
    census = books.census
    policies = setting.policies.shape[0]
    barred = 0
    for i in range(first, first + count):
        if not find_patient(patient, row, drawn, given, params, entry, seed, i, False):
            barred += 1
            continue
        for p in range(policies):
            refer(life, patient, setting, p, i, setting.horizon)
            live_with_books(books, life, patient, setting, p)
            add_ledger(ledgers[p], ledger_squares[p], books.ledger)
            for k in range(times.shape[0]):
                if census[k, STATE] == DEAD:
                    break
                states[p, k, census[k, STATE]] += 1.0
                if k < seen and life.amputated_at > times[k]:
                    add_tcpo2(perfusion[p, k], tcpo2(life, times[k]))
            stretches(spans[p], life, times)
            for o in range(spans.shape[1]):
                count_stretch(changes[p], spans[p, o, 0], spans[p, o, 1], o)
        for p in range(policies):
            count_discordance(discordant[p], spans[p], spans[reference])
    return barred


def add_courses(setting: Setting, first: int, count: int, reference: int, seen: int, sums: CourseSums) -> int:
    """`course_block` with room of its own."""
    policies, times = len(setting.policies), len(setting.times)
    spans = np.zeros((policies, len(COURSES), 2), np.int64)
    return int(course_block(setting, first, count, reference, seen, new_room(), new_books(times), spans, sums))
