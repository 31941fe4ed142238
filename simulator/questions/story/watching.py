"""One life watched closely: every event with what was measured and decided, the true path, and the budgets spent."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil, inf, nan
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from simulator.living.reference import Course, Due
from simulator.questions.story.budgets import Budgets, Spending
from simulator.records import record_at
from simulator.rules.pathway.life import LIFE, limb_kept
from simulator.rules.pathway.procedure import works
from simulator.rules.pathway.repeat_dose import decision_tcpo2, plainly_dying, plainly_failing
from simulator.rules.perfusion import tcpo2
from simulator.rules.population.arrival import make_patient
from simulator.rules.population.description import described
from simulator.rules.population.patient import COLUMNS, PATIENT
from simulator.run.setting import setting_of
from simulator.scenario import Scenario
from simulator.words.dates import story_date
from simulator.words.errors import BadInput, Problem
from simulator.words.vocabulary import DAYS_PER_YEAR, Event

DAYS_BETWEEN_POINTS = 3.0
TREATMENT = (Event.DOSE, Event.STOPS_TREATMENT, Event.PROCEDURE, Event.REPEAT_PROCEDURE, Event.LOSS, Event.EFFECT_ENDS)
MOST_POINTS = 400
"""Points of the drawn path and budgets between two events."""


class Moment(NamedTuple):
    """One event and the patient just after it.

    `tcpo2` (mmHg) is the true value, at referral and visits the measured one; NaN after a major amputation.
    `decided_on` is what was measured when a repeat dose was decided, else NaN. `wound` and `limb` are codes of `Wound`
    and `Limb`; `rise` is by how much (mmHg) a dose lets perfusion rise. `step` is the policy's therapy that the event is
    about, -1 for none; `works` says whether a procedure of it succeeded. `omitted` is the therapy whose procedure was due and
    not done, -1 for none. `near` says what was plainly near when the event came:
    "dying", "failing" of the limb, or nothing. `walking` says whether the patient walks, on two feet or with a prosthesis.
    """

    time: float
    event: Event
    tcpo2: float
    decided_on: float
    doses: int
    wound: int
    limb: int
    rise: float
    step: int = -1
    works: bool = True
    omitted: int = -1
    near: str = ""
    walking: bool = False


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
    people = scenario.taken(len(scenario.given), seed).given
    setting = setting_of(scenario, [policy], seed)._replace(given=people)
    params, life_table = setting.params, scenario.life_table_arrays
    records, life = np.zeros(1, PATIENT), record_at(np.zeros(1, LIFE), 0)
    person = record_at(records, 0)
    row = records.view(np.float64).reshape(1, len(COLUMNS))[0]
    if not make_patient(person, row, setting.given, params, setting.entry, setting.seed, patient):
        raise BadInput([Problem(scenario.name, "entry", "nobody can enter", "criteria that somebody meets")])
    course = Course.begun(setting, 0, life, person, patient)
    budgets = Budgets(life, person, params, *life_table)
    moments = [_moment(course, nan, 0.0)]
    times, path = [np.zeros(1)], [np.array([float(person["tcpo2"])])]
    while course.goes_on:
        due = course.next()
        if due.kind != Event.VISIT:
            points = _points(float(life["time"]), due.time)
            times.append(points)
            path.append(_path(life, points))
            budgets.follow(life, points)
        seen, given = _decided_on(course, due), float(life["given_gain"])
        near = "dying" if plainly_dying(life, due.time) else "failing" if plainly_failing(life, due.time) else ""
        asked = course.step_due if due.kind == Event.PROCEDURE else -1
        course.let_happen(due)
        if due.kind != Event.VISIT:
            budgets.event(life, course.history[-1]["event"], due.time)
        moments.append(_moment(course, seen, float(life["given_gain"]) - given, near, asked))
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
    """Years until two lives of a patient first differ as they are told, apart from treatment; infinite if they never do."""
    mine, others = (
        [(m.time, m.event) for m in life.without_visits if m.event not in TREATMENT] for life in (one, other)
    )
    for a, b in zip(mine, others, strict=False):
        if (story_date(a[0]), a[1]) != (story_date(b[0]), b[1]):
            return min(a[0], b[0])
    if len(mine) == len(others):
        return inf
    longer = mine if len(mine) > len(others) else others
    return longer[min(len(mine), len(others))][0]


def given_any(watched: Watched) -> bool:
    """Whether a life has any treatment beyond conservative care."""
    return any(m.event in (Event.DOSE, Event.PROCEDURE, Event.REPEAT_PROCEDURE) for m in watched.moments)


def _points(start: float, stop: float) -> NDArray[np.float64]:
    count = ceil((stop - start) * DAYS_PER_YEAR / DAYS_BETWEEN_POINTS) + 1
    return np.linspace(start, stop, min(MOST_POINTS, max(2, count)))


def _path(life: Any, times: NDArray[np.float64]) -> NDArray[np.float64]:
    if not limb_kept(life):
        return np.full(len(times), nan)
    return np.array([float(tcpo2(life, t)) for t in times])


def _decided_on(course: Course, due: Due) -> float:
    if due.kind == Event.DOSE and course.life["doses"] > 0:
        return float(decision_tcpo2(course.life, course.setting.params, due.time))
    return nan


def _works(course: Course, event: Event, step: int) -> bool:
    """Whether a procedure that was just carried out succeeded; true of everything else."""
    life = course.life
    if event not in (Event.PROCEDURE, Event.REPEAT_PROCEDURE):
        return True
    therapy = course.setting.params["therapies"][life["step_therapy"][step]]
    return bool(works(life, therapy, int(therapy["luck"]) + int(life["step_done"][step]) - 1))


def _moment(course: Course, decided_on: float, rise: float, near: str = "", asked: int = -1) -> Moment:
    last, life = course.history[-1], course.life
    event, step = Event(int(last["event"])), int(last["step"])
    return Moment(
        time=float(last["time"]),
        event=event,
        tcpo2=float(last["tcpo2"]),
        decided_on=decided_on,
        doses=int(life["doses"]),
        wound=int(life["wound"]),
        limb=int(life["limb"]),
        rise=rise,
        step=step,
        works=_works(course, event, step),
        omitted=asked if event is Event.STOPS_TREATMENT else -1,
        near=near,
        walking=bool(life["walking"]),
    )
