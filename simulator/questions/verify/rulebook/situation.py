"""A drawn situation: somebody, a life in progress, a policy and parameters that no file would give: every rule matters."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache
from math import inf, nan
from typing import Any

import numpy as np

from simulator.evidence.therapies.therapy_numbers import NUMBERS
from simulator.questions.verify.subject.subject import Subject
from simulator.rules.draws import uniform
from simulator.rules.pathway.life import LIFE, MOST_STEPS, RISKS
from simulator.rules.pathway.policy import POLICY
from simulator.rules.population.patient import PATIENT
from simulator.scenario.arrays import BY_VIEW
from simulator.words.luck import generator
from simulator.words.vocabulary import Stream

NUMBER = 120
"""Situations of each rule."""
RAMPS = 3
FLAGS = (
    "walking", "mobile", "severe", "gangrene", "never_gangrene", "beyond_salvage", "treated", "tested",
    "ischaemic_heart_disease", "infection", "male", "leiden", "mthfr", "small_ev_high", "ankle_pressure_low", "walks",
    "osteomyelitis", "heel", "right_limb", "angioplasty_suitable", "step_open", "step_works",
    "dialysis", "severe_renal", "ankle_pressure_counts", "marker_treat_positive",
)  # fmt: skip
CLASSES = {
    **dict.fromkeys(FLAGS, (0, 1)),
    "alive": (1,), "wound": (0, 1, 2, 3), "limb": (0, 1), "renal": (0, 1, 2, 3), "rutherford": (4, 5, 6),
    "wounds": (0, 0, 1, 2), "operations": (0, 1, 2), "minor_amputations": (0, 1, 2, 3), "doses": (0, 1, 2, 3, 4),
    "screened": (1, 2, 3), "step_done": (0, 0, 1, 2), "clinical_risk": (-3, -2, -1, 0, 1, 2, 3, 4), "acting": (-1,),
    "marker": (0, 1, 2), "repeat_rule": (0, 1, 2), "start": (0, 1, 2), "cells_start": (0, 1, 2), "step_count": (0, 1, 4),
    "after": (-1, 0, 1, 2, 3), "cells_after": (-1, 0, 1), "slot": (1,), "rutherford_at_least": (0, 4, 5),
    "rutherford_at_most": (5, 6), "ramps": (0, 1, RAMPS),
}  # fmt: skip
"""Whole numbers that a field may be."""
RANGES = {
    "age": (45.0, 95.0), "age_at_least": (0.0, 60.0), "age_below": (75.0, 120.0), "diabetes_years": (1.0, 40.0),
    "tcpo2": (3.0, 40.0), "tcpo2_measured": (3.0, 40.0), "tcpo2_seen": (3.0, 40.0), "tcpo2_start": (3.0, 40.0),
    "tcpo2_slope": (-3.0, 1.0), "tcpo2_ceiling": (30.0, 70.0), "reference": (10.0, 25.0),
    "tcpo2_at_least": (0.0, 10.0), "tcpo2_below": (25.0, 60.0), "stop_at_tcpo2": (10.0, 50.0),
    "healing_enough": (25.0, 60.0), "healing_least": (2.0, 20.0), "healing_short": (0.0, 0.1),
    "per_mmhg": (-0.06, 0.06), "trend": (-0.8, 0.4), "frailty": (-2.0, 2.0), "luck": (1e-6, 1.0),
    "small_ev": (0.0, 100.0), "marker_threshold": (0.0, 100.0),
    "cells_rise_below": (-5.0, 15.0), "rise_below": (-5.0, 15.0), "gain": (-10.0, 30.0), "natural_gain": (-10.0, 20.0),
    "ramp_start": (0.0, 3.0), "ramp_duration": (0.1, 2.0), "ramp_height": (-15.0, 25.0),
    "dying_within": (0.0, 1.0), "wait": (0.0, 0.3), "waiting": (0.0, 0.3), "interval": (0.05, 0.4), "since": (0.0, 0.1),
}  # fmt: skip
"""Between what a number is drawn; others lie between 0.2 and 2."""
LATER = (
    "next_dose", "next_procedure", "next_loss", "next_sequel", "next_crossover", "step_next", "step_lost", "step_ends",
    "background_death", "disease_death", "postoperative_death", "walking_ends_at", "dies_at", "major_at", "minor_at",
)  # fmt: skip
"""Times that lie ahead or never come; those that end in `_at` may lie behind."""


@dataclass(frozen=True)
class Situation:
    """Records of a life, a patient, parameters and a policy, the time (years), uniforms for what else is asked, and the life
    table: ages (knots,) and log hazards (2, knots) of women and men."""

    life: Any
    patient: Any
    params: Any
    policy: Any
    t: float
    luck: Any
    ages: Any
    log_hazards: Any

    def again(self) -> Situation:
        """The same with a life and a patient that may be changed."""
        return replace(self, life=_copy(self.life), patient=_copy(self.patient))


def drawn(seed: Any, patient: Any, stream: Stream, occurrence: int) -> float:
    """The uniform of a patient at a place of a stream."""
    # A plain number: Numba looks through all members of an enumeration before it knows the kind of one.
    return float(uniform(seed, patient, int(stream), occurrence))


def _copy(record: Any) -> Any:
    held = np.zeros(1, record.dtype)
    held[0] = record
    return held[0]


def _number(random: np.random.Generator, name: str, t: float) -> float:
    if name in CLASSES:
        return float(random.choice(CLASSES[name]))
    if name in LATER or name.endswith("_at"):
        behind = 0.0 if name not in LATER else t
        return inf if random.random() < 0.4 else float(random.uniform(behind, t + 5.0))
    return float(random.uniform(*RANGES.get(name, (0.2, 2.0))))


def _filled(random: np.random.Generator, dtype: np.dtype[Any], t: float) -> Any:
    """A record with every number drawn."""
    held = np.zeros(1, dtype)[0]
    for name in dtype.names or ():
        if held[name].dtype.names is not None:
            for place in range(held[name].size):
                held[name][place] = _filled(random, held[name].dtype, t)
        elif held[name].shape:
            held[name][:] = [_number(random, name, t) for _ in range(held[name].size)]
        else:
            held[name] = _number(random, name, t)
    return held


def _moved(random: np.random.Generator, value: float, low: float, high: float) -> float:
    """Another value of a parameter inside its range; one that does nothing may do something."""
    if value in (0.0, inf):
        near = float(random.uniform(max(low, -1.0), min(high, max(1.0, 2.0 * low))))
        return value if random.random() < 0.3 else near
    return float(np.clip(value * np.exp(0.4 * random.standard_normal()), low, high))


def _parameters(random: np.random.Generator, subject: Subject) -> Any:
    register, held = subject.scenario.register, _copy(subject.params)
    for name in held.dtype.names:
        if name in BY_VIEW:
            held[name] = random.random()
        elif name in register:
            held[name] = _moved(random, float(held[name]), *register[name].range)
    for therapy in held["therapies"]:
        for name, about in NUMBERS.items():
            moved = _moved(random, float(therapy[name]), about.low, about.high)
            therapy[name] = about.without if random.random() < 0.4 else moved
        therapy["most"] = random.integers(1, 4)
    return held


def _policy(random: np.random.Generator, patient: Any, therapies: int, t: float) -> Any:
    """A policy, whose limits may lie where the patient is."""
    policy = _filled(random, POLICY, t)
    policy["product"], policy["route"] = random.integers(-1, therapies, 2)
    for criteria in (policy, *policy["steps"]):
        criteria["angioplasty_suitable"] = random.choice([-1.0, -1.0, 0.0, 1.0])
        criteria["beyond_salvage"] = random.choice([0.0, 1.0])
        for limit, measure in (("age_at_least", "age"), ("age_below", "age"), ("tcpo2_at_least", "tcpo2_measured")):
            if random.random() < 0.08:
                criteria[limit] = patient[measure]
    for step in policy["steps"]:
        step["therapy"] = random.integers(0, therapies)
    return policy


@lru_cache(maxsize=1)
def situations(subject: Subject) -> list[Situation]:
    """Situations drawn from the subject's seed."""
    found = []
    table = subject.scenario.life_table_arrays
    for number in range(NUMBER):
        random = generator(subject.seed, "situation", number)
        t = float(random.uniform(0.3, 4.0))
        life, patient = _filled(random, LIFE, t), _filled(random, PATIENT, t)
        life["seed"], life["patient"] = random.integers(1, 2**32), random.integers(1, 2**32)
        # Everything is spent up to now, and nothing is foreseen.
        life["anchor"], life["time"], life["looked"], life["horizon"] = t, t, inf, t + 30.0
        therapies = len(subject.scenario.register.therapies)
        life["step_therapy"] = random.integers(0, therapies, MOST_STEPS)
        life["rate"] *= random.random(RISKS) < 0.8
        patient["tcpo2_measured"] = max(0.0, patient["tcpo2"] + random.normal(0.0, 5.0))
        patient["beyond_salvage"] = float(random.random() < 0.15)
        if random.random() < 0.5:
            patient["small_ev"] = nan
        policy = _policy(random, patient, therapies, t)
        found.append(Situation(life, patient, _parameters(random, subject), policy, t, random.random(8), *table))
    return found
