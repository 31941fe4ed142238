"""A life, a patient, a policy and parameters in few words.

What a test does not state is NaN where a rule may not read it, so that a rule that reads it all the same is found out.
"""

from __future__ import annotations

from math import inf, log, nan, nextafter
from typing import Any

import numpy as np

from simulator.compiling import compiled
from simulator.evidence import load_register
from simulator.evidence.therapies.therapy_numbers import NUMBERS
from simulator.living.books import Books, new_books, open_books
from simulator.living.ledger import visit_table
from simulator.living.next_event import care_under, foresee, live_unobserved, refer
from simulator.living.setting import Setting
from simulator.rules.draws import fill, normal, uniform
from simulator.rules.pathway.crossover import NO_CROSSOVER
from simulator.rules.pathway.life import LIFE, LUCK
from simulator.rules.pathway.policy import POLICY
from simulator.rules.pathway.procedure import settle
from simulator.rules.population.criteria import CRITERIA
from simulator.rules.population.patient import COLUMNS, PATIENT
from simulator.scenario.arrays import parameter_dtype
from simulator.words.vocabulary import Risk, Stream

SEED, PATIENT_NUMBER = 2020, 71
"""No stream has either number, so that arguments that change places are found out."""
EVERYBODY = {
    "tcpo2_at_least": 0.0,
    "tcpo2_below": inf,
    "age_at_least": 0.0,
    "age_below": inf,
    "rutherford_at_least": 0.0,
    "rutherford_at_most": inf,
    "severe_renal": 1.0,
    "dialysis": 1.0,
    "angioplasty_suitable": -1.0,
    "beyond_salvage": 1.0,
}
"""Criteria that everybody meets."""

NEVER = (
    "background_death",
    "disease_death",
    "postoperative_death",
    "conversion_at",
    "stump_heals_at",
    "other_limb_at",
    "other_amputated_at",
    "dialysis_at",
    "dialysis_since",
    "walking_ends_at",
    "next_dose",
    "first_dose_at",
    "last_dose_at",
    "next_procedure",
    "next_loss",
    "next_sequel",
    "minor_at",
    "major_at",
    "dies_at",
    "next_crossover",
    "crossed_at",
    "walks_at",
    "healed_at",
    "minor_amputation_at",
    "amputated_at",
    "converted_at",
    "first_walked_at",
    "died_at",
)
"""Times of a life at which nothing happens unless a test says so."""


def filled(dtype: np.dtype[Any], rest: float, stated: dict[str, Any]) -> Any:
    """One record with these fields; floats that are not stated are `rest`, whole numbers and arrays zero."""
    made = np.zeros(1, dtype)[0]
    for name in dtype.names or ():
        if made[name].shape == () and dtype[name].kind == "f":
            made[name] = rest
    for name, value in stated.items():
        made[name] = value
    return made


REGISTER = load_register()


def values(*therapies: dict[str, float], **stated: float) -> Any:
    """Parameters: those that are stated, and NaN. `therapies` state numbers of the first ones; what else they have does
    nothing."""
    made = filled(parameter_dtype(REGISTER), nan, stated)
    for name, about in NUMBERS.items():
        made["therapies"][name] = about.without
    for place, therapy in enumerate(therapies):
        for name, value in therapy.items():
            made["therapies"][name][place] = value
    return made


def a_patient(**stated: float) -> Any:
    """A patient of 75 with an ulcer (Rutherford 5) and none of the other features."""
    return filled(PATIENT, 0.0, {"age": 75.0, "rutherford": 5.0, "tcpo2": 20.0, "tcpo2_measured": 20.0, **stated})


def a_policy(*steps: dict[str, float], **stated: float) -> Any:
    """A policy that treats nobody though everybody is eligible, or gives the first therapies, to everybody, in steps."""
    made = filled(POLICY, 0.0, {**EVERYBODY, **stated})
    made["step_count"] = len(steps)
    for k, step in enumerate(steps):
        for name, value in {**EVERYBODY, "therapy": float(k), "after": -1.0, **step}.items():
            made["steps"][name][k] = value
    return made


def criteria(**stated: float) -> Any:
    """Entry criteria that everybody meets, but for what is stated."""
    return filled(CRITERIA, 0.0, {**EVERYBODY, **stated})


def a_life(**stated: Any) -> Any:
    """A life with an open wound on a whole limb, a flat TcPO2 of 20 mmHg, no risk in force, and the first therapy as its first
    step, of which a single number states something."""
    usual: dict[str, Any] = {
        "seed": SEED,
        "patient": PATIENT_NUMBER,
        "alive": 1,
        "clinical_risk": int(Risk.HEALING),
        "wound": 1,
        "anchor": 0.0,
        "time": 0.0,
    }
    path = {"tcpo2_start": 20.0, "tcpo2_slope": 0.0, "tcpo2_ceiling": 70.0}
    limits = {"reference": 20.0, "healing_enough": inf, "healing_least": 0.0, "healing_short": 0.0}
    limits |= {"dying_within": 0.0}
    made = filled(LIFE, nan, {**dict.fromkeys(NEVER, inf), **usual, **path, **limits})
    made.effect[:] = 1.0
    fill(made.luck, LUCK, SEED, PATIENT_NUMBER, 0)
    for times in (made.step_next, made.step_lost, made.step_ends):
        times[:] = inf
    for name, value in stated.items():
        if LIFE[name].subdtype is not None and not hasattr(value, "__len__"):
            made[name][0] = value
        else:
            made[name] = value
    settle(made)
    return made


def at_risk(
    life: Any, risk: Risk, rate: float, unspent: float = inf, per_mmhg: float = 0.0, trend: float = 0.0
) -> None:
    """Put a risk in force since time 0, with its budget."""
    life.rate[risk], life.budget[risk] = rate, unspent
    life.per_mmhg[risk], life.trend[risk], life.since[risk] = per_mmhg, trend, 0.0


def in_force(life: Any) -> dict[Risk, tuple[float, float, float, float]]:
    """The risks in force: rate, per_mmhg, trend and since when."""
    return {
        risk: (float(life.rate[risk]), float(life.per_mmhg[risk]), float(life.trend[risk]), float(life.since[risk]))
        for risk in Risk
        if life.rate[risk] != 0.0
    }


def ramps(life: Any) -> list[tuple[float, float, float]]:
    """The ramps of a perfusion path: start and duration (years), height (mmHg)."""
    columns = life.ramp_start, life.ramp_duration, life.ramp_height
    return [tuple(float(column[i]) for column in columns) for i in range(life.ramps)]  # type: ignore[misc]


KEY: Any = np.uint64(SEED)


def chance(stream: Stream, occurrence: int = 0) -> float:
    """The uniform draw of the one patient of these tests."""
    return float(uniform(KEY, PATIENT_NUMBER, stream, occurrence))


def just_above(share: float) -> float:
    """The next number: a share of which a draw equal to the old one is just below."""
    return nextafter(share, inf)


def exponential(stream: Stream, occurrence: int = 0) -> float:
    """The patient's budget of a cumulative hazard: -log of the uniform draw."""
    return -log(chance(stream, occurrence))


def deviate(stream: Stream, occurrence: int = 0) -> float:
    """The patient's standard normal deviate."""
    return float(normal(KEY, PATIENT_NUMBER, stream, occurrence))


def a_setting(
    params: Any,
    policy: Any,
    horizon: float,
    visits: tuple[float, ...] = (),
    times: tuple[float, ...] = (),
    rates: tuple[float, float] = (0.0, 0.0),
) -> Setting:
    """What lives share that begin as a test says, so that nobody is drawn and no life table is read."""
    dates, none = np.array(visits), np.zeros(0)
    return Setting(
        params=params,
        policies=np.array([policy], POLICY),
        entry=criteria(),
        given=np.zeros((0, len(COLUMNS))),
        seed=KEY,
        ages=none,
        log_hazards=np.zeros((2, 0)),
        horizon=horizon,
        effect_rate=rates[0],
        cost_rate=rates[1],
        visits=dates,
        discounted_visits=visit_table(dates, rates[1]),
        times=np.array(times),
        crossover=NO_CROSSOVER,
    )


def opened(life: Any, patient: Any, setting: Setting, events: int = 0) -> Books:
    """The books of a life as a test made it, opened; with room for so many events."""
    life.horizon = setting.horizon
    foresee(life)
    books = new_books(len(setting.times), events)
    open_books(books, life, patient, setting)
    return books


@compiled
def live_alone(life: Any, patient: Any, setting: Any, policy: int, number: int, until: float) -> None:
    """Live the life of a patient who has been found, by number, under a policy of the setting until a time (years)."""
    refer(life, patient, setting, policy, number, until)
    live_unobserved(life, patient, care_under(setting, policy))
