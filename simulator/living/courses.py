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
from simulator.living.blocks import new_lived
from simulator.living.books import Books, new_books
from simulator.living.census import DEAD, STATE
from simulator.living.decisions import new_decisions
from simulator.living.ledger import STATES
from simulator.living.ledger import WIDTH as LEDGER_WIDTH
from simulator.living.room import new_room
from simulator.living.setting import Setting
from simulator.living.sums import add_ledger, add_states
from simulator.living.twins import ITSELF, begin_twins, live_in_turn, new_twins, same_ledger
from simulator.rules.perfusion import tcpo2
from simulator.rules.population.arrival import find_patient

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
    setting: Any,
    first: int,
    count: int,
    reference: int,
    seen: int,
    room: Any,
    books: Any,
    twins: Any,
    decisions: Any,
    lived: Any,
    spans: Any,
    sums: Any,
) -> int:
    """Live patients first .. first + count - 1 under every policy and add up `CourseSums`; returns who could not enter.

    TcPO2 is looked at at the first `seen` times. `spans` (policies, courses, 2) is room for the stretches of one patient.
    """
    patient, row, drawn = room.patient, room.row, room.drawn
    ledger_sums, ledger_squares, changes, discordant, state_sums, perfusion = sums
    params, given, entry, seed, times = setting.params, setting.given, setting.entry, setting.seed, setting.times
    ledgers, states, paths = lived.ledgers, lived.states, lived.paths
    life, census = twins.life, books.census
    policies = setting.policies.shape[0]
    barred = 0
    for i in range(first, first + count):
        if not find_patient(patient, row, drawn, given, params, entry, seed, i, False):
            barred += 1
            continue
        begin_twins(twins, patient, setting, i)
        for place in range(policies):
            p = twins.order[place]
            own = Books(books.page, ledgers[p], census, books.history)
            twin = live_in_turn(twins, decisions, own, patient, setting, place)
            if twin != ITSELF:
                same_ledger(ledgers, p, twin, twins.tested[p], twins.undosed[p])
                for k in range(times.shape[0]):
                    states[p, k], paths[p, k] = states[twin, k], paths[twin, k]
                for o in range(spans.shape[1]):
                    spans[p, o, 0], spans[p, o, 1] = spans[twin, o, 0], spans[twin, o, 1]
            else:
                for k in range(times.shape[0]):
                    states[p, k] = census[k, STATE]
                    if k < seen and states[p, k] != DEAD and life.amputated_at > times[k]:
                        paths[p, k] = tcpo2(life, times[k])
                    else:
                        paths[p, k] = np.nan
                stretches(spans[p], life, times)
        for p in range(policies):
            add_ledger(ledger_sums[p], ledger_squares[p], ledgers[p])
            add_states(state_sums[p], perfusion[p], states[p], paths[p])
            for o in range(spans.shape[1]):
                count_stretch(changes[p], spans[p, o, 0], spans[p, o, 1], o)
            count_discordance(discordant[p], spans[p], spans[reference])
    return barred


def add_courses(setting: Setting, first: int, count: int, reference: int, seen: int, sums: CourseSums) -> int:
    """`course_block` with room of its own."""
    policies, times = len(setting.policies), len(setting.times)
    spans = np.zeros((policies, len(COURSES), 2), np.int64)
    twins, decisions = new_twins(setting.policies), new_decisions(setting.policies, times)
    room, books, lived = new_room(), new_books(times), new_lived(policies, times)
    return int(course_block(setting, first, count, reference, seen, room, books, twins, decisions, lived, spans, sums))
