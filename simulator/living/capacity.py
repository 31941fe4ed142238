"""Scarce procedures: patients of one policy share a few slots a week, and wait while their ischaemia goes on.

Every dose and every procedure needs a slot, which it occupies for one week, so that `slots_per_week` is the centre's
throughput; a fraction is the next whole number of slots, each occupied for longer: 0.5 is one slot for a fortnight.
Whoever is due asks for a slot, keeps living (visits and clinical events go on) and is treated when a slot is granted,
if the rule still says so then. A later dose is planned from the day on which the earlier one was given. Death, loss of
the limb and healing end the wait. A slot that comes while the centre is shut is kept until it opens. With slots for
everybody, at all hours, the lives are those of the engine without slots (`simulator.living.reference`), to the last bit.
"""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from enum import IntEnum, StrEnum
from math import ceil, floor, inf, isnan, nan
from typing import Any

import numpy as np
import simpy
from numpy.typing import NDArray

from simulator.living.cohort_arrays import Followed, joined, new_arrays, rows_of
from simulator.living.reference import Course, Due
from simulator.living.setting import Setting
from simulator.records import record_at
from simulator.rules.draws import budget
from simulator.rules.pathway.life import limb_kept
from simulator.rules.pathway.procedure import procedure_is_done
from simulator.rules.pathway.repeat_dose import decision_tcpo2, dose_is_given
from simulator.rules.population.arrival import make_patient
from simulator.words.vocabulary import DAYS_PER_YEAR, Event, Stream, Wound

WEEK = 7.0 / DAYS_PER_YEAR
ROUNDING = 1e-9
"""Years by which a time on the calendar may miss what was asked for: a thirtieth of a second."""


class Discipline(StrEnum):
    """Who is served first: who asked first, or whose TcPO2 was lowest when measured on the day of asking."""

    FIRST_COME = "first_come"
    WORST_TCPO2 = "worst_tcpo2"


class WaitEnd(IntEnum):
    """How a wait for a slot ended."""

    GRANTED = 0
    DIED = 1
    AMPUTATED = 2
    HEALED = 3
    NO_LONGER_INDICATED = 4
    """A slot came, but the rule for a repeat dose, asked again, said no."""
    STILL_WAITING = 5
    """At the patient's horizon."""


WAIT = np.dtype(
    [
        ("patient", np.int64),
        ("procedure", np.int64),
        ("step", np.int64),
        ("tcpo2", np.float64),
        ("date", np.float64),
        ("requested", np.float64),
        ("granted", np.float64),
        ("waited", np.float64),
        ("end", np.int64),
    ],
    align=True,
)
"""One request for a slot: patient, `Event` asked for, step of the policy (-1: a dose), TcPO2 measured then
(mmHg), calendar time of asking (years since
the centre's first day), the same since referral, years since referral at which a slot was granted and used (NaN if
never), years waited, `WaitEnd`."""

CALENDAR = np.dtype([("date", np.float64), ("queue", np.int64), ("busy", np.int64)], align=True)
"""The waiting list from a calendar time (years) on: how many wait, and how many slots are occupied."""


@dataclass(frozen=True)
class Opening:
    """When treatments may begin: days of the week (0 = Monday, on which the calendar begins) and hours of the day."""

    days: tuple[int, ...] = tuple(range(7))
    opens: float = 0.0
    closes: float = 24.0

    @property
    def always(self) -> bool:
        """Whether the centre never shuts."""
        return len(set(self.days)) == 7 and self.opens <= 0.0 and self.closes >= 24.0

    def next(self, date: float) -> float:
        """The first time from a calendar time on (years) at which the centre is open."""
        if self.always:
            return date
        days = date * DAYS_PER_YEAR
        for day in range(floor(days), floor(days) + 8):
            start, end = day + self.opens / 24.0, day + self.closes / 24.0
            if day % 7 in self.days and days < end:
                return date if days >= start else start / DAYS_PER_YEAR
        raise ValueError("a centre that never opens")


@dataclass(frozen=True)
class Capacity:
    """A centre's slots (procedures a week; infinite = one for everybody), referrals a year, who is served first, and when."""

    slots_per_week: float
    referrals_per_year: float
    discipline: Discipline = Discipline.FIRST_COME
    opening: Opening = Opening()


@dataclass(frozen=True, eq=False)
class Waiting:
    """What happened at the centre: one WAIT row per request, by date, and one CALENDAR row per change."""

    waits: NDArray[np.void]
    calendar: NDArray[np.void]

    def at(self, dates: NDArray[np.float64]) -> NDArray[np.void]:
        """The CALENDAR rows in force at calendar times (years, from 0)."""
        return self.calendar[np.searchsorted(self.calendar["date"], dates, side="right") - 1]

    def mean(self, what: str, start: float, end: float) -> float:
        """Mean over calendar time from `start` to `end` (years) of "queue" or "busy"."""
        edges = np.clip(np.append(self.calendar["date"], inf), start, end)
        return float(np.dot(self.calendar[what], np.diff(edges)) / (end - start))


@dataclass(eq=False)
class Place:
    """A patient's place in the queue."""

    request: Any
    care: int
    procedure: int
    tcpo2: float
    asked: float
    step: int
    begins: float = nan
    """Calendar time from which on the treatment may begin, once a slot is granted."""


class Centre:
    """The slots that patients share, and the books of its waiting list."""

    def __init__(self, env: Any, capacity: Capacity) -> None:
        self.env = env
        self._opening = capacity.opening
        self._worst_first = capacity.discipline is Discipline.WORST_TCPO2
        many = capacity.slots_per_week
        whole = many if many == inf else max(1, ceil(many))
        self._occupied = WEEK if whole == many else WEEK * whole / many
        self._slots = simpy.PriorityResource(env, capacity=whole)
        self._waits: list[tuple[Any, ...]] = []
        self._calendar: list[tuple[float, int, int]] = [(0.0, 0, 0)]

    def ask(self, course: Course, t: float, care: int) -> Place:
        """Ask for a slot at t. It is there at once where one is free: then `place.request.triggered`."""
        procedure = care
        step = -1
        if care == Event.PROCEDURE:
            step = course.step_due
            if course.life["step_done"][step] > 0:
                procedure = int(Event.REPEAT_PROCEDURE)
        seen = decision_tcpo2(course.life, course.setting.params, t)
        request = self._slots.request(priority=seen if self._worst_first else 0.0)
        self._write()
        return Place(request, care, procedure, seen, t, step)

    def may_begin(self, place: Place) -> bool:
        """Whether a slot has been granted and the centre is open."""
        if not place.request.triggered:
            return False
        if isnan(place.begins):
            place.begins = self._opening.next(float(self.env.now))
        return bool(self.env.now >= place.begins - ROUNDING)

    def until(self, place: Place) -> Any:
        """What somebody in the queue waits for: the slot, and then the opening of the centre."""
        if not place.request.triggered or self.may_begin(place):
            return place.request
        return self.env.timeout(place.begins - self.env.now)

    def treat(self, course: Course, place: Place, t: float) -> None:
        """Carry out the procedure at t, in a slot that was granted, unless it is not indicated any more."""
        if place.step >= 0:
            course.plan(place.step, t)
        if course.let_happen(Due(t, place.care)) == Event.STOPS_TREATMENT:
            self.leave(course, place, t, WaitEnd.NO_LONGER_INDICATED)
        else:
            self._book(course, place, t, WaitEnd.GRANTED)
            steps = course.setting.policies[course.policy]["steps"]
            duration = self._occupied * (float(steps[place.step]["slot"]) if place.step >= 0 else 1.0)
            self.env.process(self._occupy(place.request, duration))

    def leave(self, course: Course, place: Place, t: float, end: WaitEnd) -> None:
        """Give up the place at t, and the slot where it had just been granted."""
        if place.request.triggered:
            self.env.process(self._occupy(place.request, 0.0))
        else:
            place.request.cancel()
        self._book(course, place, t, end)

    def waiting(self) -> Waiting:
        """The books so far."""
        waits = np.array(self._waits, WAIT)
        return Waiting(waits[np.argsort(waits["date"], kind="stable")], np.array(self._calendar, CALENDAR))

    def _occupy(self, request: Any, duration: float) -> Generator[Any, Any, None]:
        yield self.env.timeout(duration)
        yield self._slots.release(request)
        self._write()

    def _book(self, course: Course, place: Place, t: float, end: WaitEnd) -> None:
        granted = t if end is WaitEnd.GRANTED else nan
        patient, date = int(course.life["patient"]), course.referred + place.asked
        waited = t - place.asked
        self._waits.append(
            (patient, place.procedure, place.step, place.tcpo2, date, place.asked, granted, waited, int(end))
        )
        self._write()

    def _write(self) -> None:
        row = (float(self.env.now), len(self._slots.queue), self._slots.count)
        if row[0] == self._calendar[-1][0]:
            self._calendar[-1] = row
        else:
            self._calendar.append(row)


def patient_process(env: Any, course: Course, centre: Centre) -> Generator[Any, Any, None]:
    """The process of one patient who needs slots, from referral to death or the horizon."""
    places: list[Place] = []
    while course.goes_on:
        due = course.next()
        turn = env.timeout(max(0.0, course.referred + due.time - env.now))
        yield env.any_of([turn, *(centre.until(place) for place in places)]) if places else turn
        granted = next((place for place in places if centre.may_begin(place)), None)
        since = env.now - course.referred
        if granted is not None and (now := max(since, granted.asked, course.life["time"])) < due.time:
            places.remove(granted)
            centre.treat(course, granted, now)
        elif needs_slot(course, due):
            place = centre.ask(course, due.time, due.kind)
            if centre.may_begin(place):
                centre.treat(course, place, due.time)
            else:
                course.set_aside(due.kind)
                places.append(place)
        else:
            course.let_happen(due)
        reason = end_of_wait(course)
        if reason is not None:
            for place in places:
                centre.leave(course, place, course.life["time"], reason)
                if reason is WaitEnd.HEALED:
                    if place.step >= 0:
                        course.plan(place.step, float(course.life["time"]))
                    course.let_happen(Due(float(course.life["time"]), place.care))
            places.clear()


def needs_slot(course: Course, due: Due) -> bool:
    """Whether a slot has to be asked for: a dose or a procedure that takes one is due, and the rule says that it is to be."""
    params, policy = course.setting.params, course.setting.policies[course.policy]
    if due.kind == Event.DOSE:
        return bool(dose_is_given(course.life, params, policy, due.time))
    if due.kind != Event.PROCEDURE or policy["steps"][course.step_due]["slot"] <= 0.0:
        return False
    return bool(procedure_is_done(course.life, params, policy, course.step_due, due.time))


def end_of_wait(course: Course) -> WaitEnd | None:
    """Why the patient waits no longer for any slot; None while there is no reason."""
    if not course.life["alive"]:
        return WaitEnd.DIED
    if not limb_kept(course.life):
        return WaitEnd.AMPUTATED
    if course.life["wound"] == Wound.HEALED:
        return WaitEnd.HEALED
    return None if course.goes_on else WaitEnd.STILL_WAITING


def referral_dates(seed: int, count: int, per_year: float) -> NDArray[np.float64]:
    """Calendar times (years) at which patients 0 .. count - 1 are referred: a Poisson process."""
    key: Any = np.uint64(seed)
    gaps = [budget(key, i, int(Stream.ARRIVAL), 0) for i in range(count)]
    return np.cumsum(gaps) / per_year


def follow(
    setting: Setting, policy: int, count: int, capacity: Capacity, events: bool = True
) -> tuple[Followed, Waiting]:
    """Follow patients 0 .. count - 1 under one policy, by number, in one Environment, as they are referred to a centre.

    The arrays are those of `simulator.living.reference.follow`. The centre starts empty. Each patient is followed for
    the whole horizon from referral; who may not enter is not referred.
    """
    arrays = new_arrays(count, len(setting.times))
    rows = rows_of(arrays["patients"])
    env = simpy.Environment()
    centre = Centre(env, capacity)
    courses: dict[int, Course] = {}

    def referrals() -> Generator[Any, Any, None]:
        for j, date in enumerate(referral_dates(setting.seed, count, capacity.referrals_per_year)):
            yield env.timeout(max(0.0, date - env.now))
            patient, life = record_at(arrays["patients"], j), record_at(arrays["lives"], j)
            if make_patient(patient, rows[j], setting.given, setting.params, setting.entry, setting.seed, j):
                courses[j] = Course.begun(setting, policy, life, patient, j, float(date))
                env.process(patient_process(env, courses[j], centre))

    env.process(referrals())
    env.run()
    for j, course in courses.items():
        course.keep(arrays, j)
    history = joined([course.history for course in courses.values()] if events else [])
    return Followed(**arrays, history=history, barred=count - len(courses)), centre.waiting()
