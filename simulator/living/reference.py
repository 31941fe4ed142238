"""The SimPy engine: the readable reference for what happens to a patient, and in which order.

Each patient is one process that sleeps until the next thing in the patient's life, lets it happen, and looks again.
Times come from the rules and are exact; the Environment's clock follows them to rounding, so the lives are those of the
compiled engine to the last bit. Where nothing is shared every patient has an Environment of their own: that is faster.
"""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from enum import Enum
from math import inf
from typing import Any, NamedTuple

import numpy as np
import simpy
from numpy.typing import NDArray

from simulator.living.cohort_arrays import Followed, joined, new_arrays, rows_of
from simulator.living.compiled import HISTORY, take_census
from simulator.living.ledger import MARKER_TEST, add_count, add_event, add_sojourn, add_visits
from simulator.living.outcomes import outcomes_at
from simulator.living.visits import seen_at_visit
from simulator.rules.pathway.happening import care_for, clinical_event, planned_care, suffer
from simulator.rules.pathway.life import limb_kept, state_of
from simulator.rules.pathway.referral import begin_life
from simulator.rules.perfusion import tcpo2
from simulator.rules.population.patient import make_patient
from simulator.vocabulary import Event


@dataclass(frozen=True, eq=False)
class Setting:
    """What all patients of one run share: parameters, policy, horizon (years), rates per year, visits, census times."""

    params: Any
    policy: Any
    horizon: float
    effect_rate: float
    cost_rate: float
    visits: NDArray[np.float64]
    discounted_visits: NDArray[np.float64]
    times: NDArray[np.float64]


def new_setting(params: Any, policy: Any, clock: Any, visits: Any, discounted_visits: Any, times: Any) -> Setting:
    """The setting of a run from the arrays that engines are given."""
    horizon, effect_rate, cost_rate = map(float, clock)
    return Setting(params, policy, horizon, effect_rate, cost_rate, visits, discounted_visits, times)


class Turn(Enum):
    """Whose turn it is in a life."""

    VISIT = "visit"
    CLINICAL = "clinical event"
    CARE = "planned care"
    HORIZON = "horizon"


class Due(NamedTuple):
    """What comes next: when (years since referral), whose turn it is, and which care is planned."""

    time: float
    turn: Turn
    care: int = -1


class Course:
    """One patient's life under one policy: what comes next, what it does, and the books that are kept of it.

    `life` must have begun; `ledger` must be zero. The life goes on until death or the horizon. `referred` is the
    Environment's time at referral.
    """

    def __init__(
        self, setting: Setting, life: Any, patient: Any, ledger: Any, census: Any, referred: float = 0.0
    ) -> None:
        self.setting, self.life, self.patient = setting, life, patient
        self.ledger, self.census = ledger, census
        self.referred = referred
        self.goes_on = True
        self._visits_made = 0
        self._events: list[tuple[int, float, int, float]] = []
        self._write(0.0, Event.REFERRAL, patient["tcpo2_measured"])
        if life["tested"]:
            add_count(ledger, MARKER_TEST, 0.0, setting.cost_rate)
        census[:] = -1
        self._state, self._entered = int(state_of(life)), 0.0
        self._look_ahead(True)

    @property
    def history(self) -> NDArray[np.void]:
        """The events so far, of dtype HISTORY."""
        return np.array(self._events, HISTORY)

    def next(self) -> Due:
        """What comes next. At equal times clinical events come before planned care, and visits last."""
        visits, n = self.setting.visits, self._visits_made
        if n < len(visits) and visits[n] < self._due.time:
            return Due(float(visits[n]), Turn.VISIT)
        return self._due

    def let_happen(self, due: Due) -> None:
        """Let what is due happen."""
        if due.turn is Turn.VISIT:
            self.visit(due.time)
        elif due.turn is Turn.CLINICAL:
            self.suffer(due.time)
        elif due.turn is Turn.CARE:
            self.care_for(due.time, due.care)
        else:
            self.reach_horizon()

    def visit(self, t: float) -> None:
        """Measure TcPO2 at the visit at t. A visit changes nothing in the life."""
        self._write(t, Event.VISIT, seen_at_visit(self.life, self.setting.params, self._visits_made, t))
        self._visits_made += 1

    def suffer(self, t: float) -> None:
        """Let the clinical event that comes next happen at t."""
        self._live_until(t)
        self._note(t, int(suffer(self.life, self.setting.params, t, int(self._risk))), True)

    def care_for(self, t: float, kind: int) -> int:
        """Carry out care of a kind at t. Returns the `Event` that came of it."""
        self._live_until(t)
        event, changed = care_for(self.life, self.setting.params, self.setting.policy, t, kind)
        self._note(t, int(event), changed)
        return int(event)

    def set_aside(self, kind: int) -> None:
        """Take a dose or an angioplasty that is due out of what is planned, to be carried out when it can be."""
        self.life["next_dose" if kind == Event.DOSE else "next_angioplasty"] = inf
        self._look_ahead(False)

    def reach_horizon(self) -> None:
        """Stop looking at a patient who is still alive."""
        horizon = self.setting.horizon
        self._live_until(horizon, last=True)
        self._write(horizon, Event.HORIZON, self._true_tcpo2(horizon))
        self._close()

    def _live_until(self, t: float, last: bool = False) -> None:
        """Let time pass to t in the state that the last event left behind; at the last, book it."""
        take_census(self.census, self.setting.times, self.life, self._state, self.life["time"], t, last)
        self.life["time"] = t
        if last:
            self._book(t)

    def _book(self, t: float) -> None:
        """Book the time from entering the state to t. A state is booked when it is left, not at every event."""
        setting = self.setting
        rates = setting.effect_rate, setting.cost_rate
        add_sojourn(self.ledger, self.life, self.patient, self._state, self._entered, t, *rates)

    def _note(self, t: float, event: int, changed: bool) -> None:
        """Book an event. Where it `changed` the hazards, the next clinical event is sought anew."""
        add_event(self.ledger, self.life, event, t, self.setting.cost_rate)
        self._write(t, event, self._true_tcpo2(t))
        following = int(state_of(self.life))
        if following != self._state or not self.life["alive"]:
            self._book(t)
            self._state, self._entered = following, t
        if self.life["alive"]:
            self._look_ahead(changed)
        else:
            self._close()

    def _look_ahead(self, changed: bool) -> None:
        """Settle which event or care comes next."""
        horizon = self.setting.horizon
        if changed:
            self._clinical, self._risk = clinical_event(self.life, horizon)
        care, kind = planned_care(self.life)
        if self._clinical <= horizon and self._clinical <= care:
            self._due = Due(self._clinical, Turn.CLINICAL)
        elif care < horizon:
            self._due = Due(care, Turn.CARE, int(kind))
        else:
            self._due = Due(horizon, Turn.HORIZON)

    def _close(self) -> None:
        """Settle what is counted at the end of a life: its visits, and for the dead the doses they had."""
        self.goes_on = False
        dead = self.census[:, 0] < 0
        self.census[dead, 1] = 0
        self.census[dead, 2] = self.life["doses"]
        add_visits(self.ledger, self.setting.visits, self.setting.discounted_visits, self.life["time"])

    def _true_tcpo2(self, t: float) -> float:
        return float(tcpo2(self.life, t)) if limb_kept(self.life) else np.nan

    def _write(self, t: float, event: int, value: float) -> None:
        self._events.append((int(self.life["patient"]), t, event, value))


def patient_process(env: Any, course: Course) -> Generator[Any, Any, None]:
    """The process of one patient, from referral to death or the horizon."""
    while course.goes_on:
        due = course.next()
        yield env.timeout(max(0.0, course.referred + due.time - env.now))
        course.let_happen(due)


def read_outcomes(course: Course, path: Any, outcomes: Any) -> None:
    """Fill the true TcPO2 (times,) and the outcomes (times, outcomes) of a life that is over."""
    life, params = course.life, course.setting.params
    for k, t in enumerate(course.setting.times):
        state, walking, doses = course.census[k]
        outcomes_at(outcomes[k], life, params, t, state, walking, doses)
        if state >= 0 and life["amputated_at"] > t:
            path[k] = tcpo2(life, t)


def follow(
    params: Any,
    policy: Any,
    entry: Any,
    given: NDArray[np.float64],
    seed: int,
    first: int,
    count: int,
    ages: NDArray[np.float64],
    log_hazards: NDArray[np.float64],
    clock: NDArray[np.float64],
    visits: NDArray[np.float64],
    discounted_visits: NDArray[np.float64],
    times: NDArray[np.float64],
    events: bool = True,
) -> Followed:
    """Follow patients first .. first + count - 1 under one policy, each in an Environment of their own.

    `clock` holds the horizon (years) and the continuous discount rates of effects and costs; the other arguments are
    those of `simulator.living.compiled.follow_block`, whose arrays this returns with the same bits.
    """
    setting = new_setting(params, policy, clock, visits, discounted_visits, times)
    key: Any = np.uint64(seed)
    arrays = new_arrays(count, times.shape[0])
    rows = rows_of(arrays["patients"])
    histories, barred = [], 0
    for j in range(count):
        patient, life = arrays["patients"][j], arrays["lives"][j]
        if not make_patient(patient, rows[j], given, params, entry, key, first + j):
            barred += 1
            continue
        begin_life(life, patient, params, policy, key, first + j, ages, log_hazards)
        course = Course(setting, life, patient, arrays["ledgers"][j], arrays["censuses"][j])
        env = simpy.Environment()
        env.process(patient_process(env, course))
        env.run()
        read_outcomes(course, arrays["paths"][j], arrays["outcomes"][j])
        if events:
            histories.append(course.history)
    return Followed(**arrays, history=joined(histories), barred=barred)
