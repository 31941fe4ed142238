"""The SimPy engine: the readable reference for what happens to a patient, and in which order.

Each patient is one process that sleeps until the next thing in the patient's life, lets it happen, and looks again.
Times come from the rules and are exact; the Environment's clock follows them to rounding, so the lives are those of the
compiled engine to the last bit. Where nothing is shared every patient has an Environment of their own: that is faster.
"""

from __future__ import annotations

from collections.abc import Generator
from math import inf
from typing import Any, NamedTuple

import numpy as np
import simpy
from numpy.typing import NDArray

from simulator.living.blocks import read_outcomes
from simulator.living.books import Books, begin, new_books, turn
from simulator.living.cohort_arrays import Followed, joined, new_arrays, rows_of
from simulator.living.history import HISTORY, acting_step, limb_tcpo2
from simulator.living.next_event import due, foresee_further, is_over
from simulator.living.setting import Setting
from simulator.living.visits import seen_at_visit
from simulator.records import record_at
from simulator.rules.pathway.procedure import first_at, settle
from simulator.rules.population.arrival import make_patient
from simulator.words.vocabulary import Event


class Due(NamedTuple):
    """What comes next: when (years since referral), and what: `Event.VISIT` or as in `simulator.living.next_event.due`."""

    time: float
    kind: int


class Course:
    """One patient's life under a policy, by number: what comes next, what it does, and the books that are kept of it.

    The life has begun and its books are open, as `begun` leaves them. It goes on until death or the horizon. `referred` is
    the Environment's time at referral.
    """

    def __init__(
        self, setting: Setting, policy: int, life: Any, patient: Any, books: Books, referred: float = 0.0
    ) -> None:
        self.setting, self.policy, self.life, self.patient, self.books = setting, policy, life, patient, books
        self.referred = referred
        self.goes_on = True
        self._visits_made = 0
        self._events: list[tuple[int, float, int, float, int]] = []
        self._write(0.0, Event.REFERRAL, patient["tcpo2_measured"])
        self._due = Due(*due(life))

    @classmethod
    def begun(cls, setting: Setting, policy: int, life: Any, patient: Any, i: int, referred: float = 0.0) -> Course:
        """The course of patient i from referral on."""
        books = new_books(len(setting.times))
        begin(books, life, patient, setting, policy, i)
        return cls(setting, policy, life, patient, books, referred)

    @property
    def history(self) -> NDArray[np.void]:
        """The events so far, of dtype HISTORY."""
        return np.array(self._events, HISTORY)

    def next(self) -> Due:
        """What comes next. At equal times visits come last."""
        visits, n = self.setting.visits, self._visits_made
        if n < len(visits) and visits[n] < self._due.time:
            return Due(float(visits[n]), int(Event.VISIT))  # Numba takes long to tell what a member of an enum is
        return self._due

    def let_happen(self, what: Due) -> int:
        """Let what is due happen. Returns the `Event` that came of it. A visit changes nothing in the life."""
        t, kind = what
        if kind == Event.VISIT:
            self._write(t, kind, seen_at_visit(self.life, self.setting.params, self._visits_made, t))
            self._visits_made += 1
            return kind
        event = int(turn(self.books, self.life, self.patient, self.setting, self.policy, t, kind))
        self._write(t, event, limb_tcpo2(self.life, t))
        self.goes_on = not is_over(self.life, event)
        if self.goes_on:
            self._due = Due(*due(self.life))
        return event

    def set_aside(self, kind: int) -> None:
        """Take a dose or a procedure that is due out of what is planned, to be carried out when it can be."""
        if kind == Event.DOSE:
            self.life["next_dose"] = inf
        else:
            self.life["step_next"][self.step_due] = inf
            settle(self.life)
        foresee_further(self.life)
        self._due = Due(*due(self.life))

    @property
    def step_due(self) -> int:
        """The step of the policy whose procedure comes next."""
        return int(first_at(self.life["step_next"], self.life["next_procedure"]))

    def plan(self, step: int, t: float) -> None:
        """Plan a procedure that was set aside for t (years)."""
        self.life["step_next"][step] = t
        settle(self.life)

    def keep(self, arrays: dict[str, Any], j: int) -> None:
        """Copy ledger, census, path and outcomes of a life that is over to place j of a cohort's arrays."""
        arrays["ledgers"][j], arrays["censuses"][j] = self.books.ledger, self.books.census
        read_outcomes(self.life, self.setting, self.books.census, arrays["paths"][j], arrays["outcomes"][j])

    def _write(self, t: float, event: int, value: float) -> None:
        step = int(acting_step(self.life, event))
        self._events.append((int(self.life["patient"]), t, event, value, step))


def patient_process(env: Any, course: Course) -> Generator[Any, Any, None]:
    """The process of one patient, from referral to death or the horizon."""
    while course.goes_on:
        coming = course.next()
        yield env.timeout(max(0.0, course.referred + coming.time - env.now))
        course.let_happen(coming)


def follow(setting: Setting, policy: int, first: int, count: int, events: bool = True) -> Followed:
    """Follow patients first .. first + count - 1 under one policy, by number, each in an Environment of their own."""
    arrays = new_arrays(count, len(setting.times))
    rows = rows_of(arrays["patients"])
    histories, barred = [], 0
    for j in range(count):
        patient, life = record_at(arrays["patients"], j), record_at(arrays["lives"], j)
        if not make_patient(patient, rows[j], setting.given, setting.params, setting.entry, setting.seed, first + j):
            barred += 1
            continue
        course = Course.begun(setting, policy, life, patient, first + j)
        env = simpy.Environment()
        env.process(patient_process(env, course))
        env.run()
        course.keep(arrays, j)
        if events:
            histories.append(course.history)
    return Followed(**arrays, history=joined(histories), barred=barred)
