"""One life watched closely: every event with what was measured and decided, the true path, and the budgets spent."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil, inf, nan
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from simulator.errors import BadInput, Problem
from simulator.living.ledger import WIDTH, visit_table
from simulator.living.reference import Course, Due, Setting, Turn
from simulator.living.visits import visit_times
from simulator.rules.pathway.life import LIFE, limb_kept
from simulator.rules.pathway.referral import begin_life
from simulator.rules.pathway.repeat_dose import decision_tcpo2
from simulator.rules.perfusion import tcpo2
from simulator.rules.population.description import described
from simulator.rules.population.patient import COLUMNS, PATIENT, make_patient
from simulator.scenario import Scenario
from simulator.story.budgets import Budgets, Spending
from simulator.vocabulary import DAYS_PER_YEAR, Event

DAYS_BETWEEN_POINTS = 3.0
TREATMENT = (Event.DOSE, Event.STOPS_TREATMENT, Event.ANGIOPLASTY, Event.REPEAT_ANGIOPLASTY, Event.RESTENOSIS)
MOST_POINTS = 400
"""Points of the drawn path and budgets between two events."""


class Moment(NamedTuple):
    """One event and the patient just after it.

    `tcpo2` (mmHg) is the true value, at referral and visits the measured one; NaN after a major amputation.
    `decided_on` is what was measured when a repeat dose was decided, else NaN. `wound` and `limb` are codes of `Wound`
    and `Limb`; `recovery` is true where a dose starts a rise of perfusion.
    """

    time: float
    event: Event
    tcpo2: float
    decided_on: float
    doses: int
    wound: int
    limb: int
    recovery: bool


@dataclass(frozen=True, eq=False)
class Watched:
    """A patient's life under one policy.

    `patient` and `life` are records of PATIENT and LIFE, the life as it ended. `times` (years) and `path` (true TcPO2,
    mmHg, NaN after a major amputation) draw the course. `spending` holds every budget of luck that was drawn on.
    """

    policy: str
    patient: Any
    life: Any
    moments: tuple[Moment, ...]
    times: NDArray[np.float64]
    path: NDArray[np.float64]
    spending: tuple[Spending, ...]

    @property
    def end(self) -> float:
        """Years to death or to the horizon."""
        return self.moments[-1].time

    @property
    def without_visits(self) -> tuple[Moment, ...]:
        """What happened, without the visits."""
        return tuple(moment for moment in self.moments if moment.event is not Event.VISIT)


def watch(scenario: Scenario, policy: str, patient: int, seed: int) -> Watched:
    """Follow patient number `patient` of a scenario under one policy with the SimPy engine's rules, step by step.

    A queue for a shared resource is left out. Raises BadInput where nobody can enter.
    """
    params = scenario.params()
    horizon, effects, costs = (float(value) for value in scenario.clock)
    intervals = float(params["visit_interval_days"]), float(params["later_visit_interval_days"])
    visits = visit_times(*intervals, horizon)
    policy_record = scenario.policy_records([policy])[0]
    setting = Setting(params, policy_record, horizon, effects, costs, visits, visit_table(visits, costs), np.zeros(0))
    records, lives, key = np.zeros(1, PATIENT), np.zeros(1, LIFE), _key(seed)
    row = records.view(np.float64).reshape(1, len(COLUMNS))[0]
    people = scenario.taken(len(scenario.given), seed).given
    if not make_patient(records[0], row, people, params, scenario.entry_record, key, patient):
        raise BadInput([Problem(scenario.name, "entry", "nobody can enter", "criteria that somebody meets")])
    ages, log_hazards = scenario.life_table_arrays
    life = lives[0]
    begin_life(life, records[0], params, policy_record, key, patient, ages, log_hazards)
    budgets = Budgets(life, records[0], params, ages, log_hazards)
    course = Course(setting, life, records[0], np.zeros(WIDTH), np.zeros((0, 3), np.int64))
    moments = [_moment(course, nan, False)]
    times, path = [np.zeros(1)], [np.array([float(records[0]["tcpo2"])])]
    while course.goes_on:
        due = course.next()
        if due.turn is not Turn.VISIT:
            points = _points(float(life["time"]), due.time)
            times.append(points)
            path.append(_path(life, points))
            budgets.follow(life, points)
        seen, ramps = _decided_on(course, due), int(life["ramps"])
        course.let_happen(due)
        if due.turn is not Turn.VISIT:
            budgets.event(life, course.history[-1]["event"], due.time)
        given = due.turn is Turn.CARE and due.care == Event.DOSE
        moments.append(_moment(course, seen, given and int(life["ramps"]) > ramps))
    who = described(records, people, params, seed, patient)[0]
    return Watched(
        policy, who, life.copy(), tuple(moments), np.concatenate(times), np.concatenate(path), budgets.spending()
    )


def barred_by(scenario: Scenario, policy: str, patient: Any) -> list[str]:
    """Names of the policy's criteria that the patient does not meet, each tried alone with the rule for all of them."""
    from simulator.rules.population.criteria import may_enter
    from simulator.scenario.arrays import entry_record
    from simulator.scenario.policy import Criteria

    asked, anybody = scenario.policies[policy].eligibility, Criteria()
    failed = []
    for name in Criteria.model_fields:
        alone = anybody.model_copy(update={name: getattr(asked, name)})
        if name == "tcpo2_below":
            alone = alone.model_copy(update={"ankle_pressure_counts": asked.ankle_pressure_counts})
        if not may_enter(entry_record(alone), patient):
            failed.append(name)
    return failed


def first_difference(one: Watched, other: Watched) -> float:
    """Years until two lives of a patient first differ, apart from treatment; infinite if they never do."""
    mine, others = (
        [(m.time, m.event) for m in life.without_visits if m.event not in TREATMENT] for life in (one, other)
    )
    for a, b in zip(mine, others, strict=False):
        if a != b:
            return min(a[0], b[0])
    if len(mine) == len(others):
        return inf
    longer = mine if len(mine) > len(others) else others
    return longer[min(len(mine), len(others))][0]


def _points(start: float, stop: float) -> NDArray[np.float64]:
    count = ceil((stop - start) * DAYS_PER_YEAR / DAYS_BETWEEN_POINTS) + 1
    return np.linspace(start, stop, min(MOST_POINTS, max(2, count)))


def _path(life: Any, times: NDArray[np.float64]) -> NDArray[np.float64]:
    if not limb_kept(life):
        return np.full(len(times), nan)
    return np.array([float(tcpo2(life, t)) for t in times])


def _decided_on(course: Course, due: Due) -> float:
    if due.turn is Turn.CARE and due.care == Event.DOSE and course.life["doses"] > 0:
        return float(decision_tcpo2(course.life, course.setting.params, due.time))
    return nan


def _moment(course: Course, decided_on: float, recovery: bool) -> Moment:
    last, life = course.history[-1], course.life
    return Moment(
        time=float(last["time"]),
        event=Event(int(last["event"])),
        tcpo2=float(last["tcpo2"]),
        decided_on=decided_on,
        doses=int(life["doses"]),
        wound=int(life["wound"]),
        limb=int(life["limb"]),
        recovery=recovery,
    )


def _key(seed: int) -> Any:
    """The seed as the rules take it: 64 bits without a sign."""
    return np.uint64(seed)
