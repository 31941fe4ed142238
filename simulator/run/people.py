"""Tables of single patients, their events and their waits."""

from __future__ import annotations

from enum import IntEnum
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from simulator.living.capacity import WaitEnd, Waiting
from simulator.living.cohort_arrays import Followed
from simulator.rules.population.description import described
from simulator.rules.population.enrolment import follow_up_ends
from simulator.rules.population.patient import COLUMNS
from simulator.rules.population.taking import Taken
from simulator.scenario import Scenario
from simulator.scenario.therapies import event_word
from simulator.words.vocabulary import Event, Limb, Renal, Wound

NUMBERS = ("age", "diabetes_years", "tcpo2", "tcpo2_measured", "small_ev", "frailty")
WHOLE = ("rutherford", "screened")
COUNTS = ("doses", "wounds", "operations")
GIVEN = "given_"
"""Begins the columns that count how often a therapy was given."""
OF_THERAPIES = (Event.PROCEDURE, Event.REPEAT_PROCEDURE, Event.LOSS, Event.EFFECT_ENDS)
"""Events that are called by the name of the therapy."""
FLAGS = ("treated", "tested", "walking", "alive")
GAINS = ("gain", "natural_gain", "caused_gain", "given_gain")
TIMES = (
    "first_dose_at",
    "last_dose_at",
    "healed_at",
    "minor_amputation_at",
    "amputated_at",
    "converted_at",
    "first_walked_at",
    "died_at",
)


def patient_table(
    cohort: Followed, scenario: Scenario, policy: str, params: Any, seed: int, first: int, taken: Taken
) -> pd.DataFrame:
    """One row per patient: baseline, the limb's latent response, care, and the first time of each event (years).

    Real patients have the number of their `row` in the table, from 0.

    Where the scenario has a study's calendar, `followed_years` is how long the study would have seen the patient.
    """
    who = described(cohort.patients, taken.given, params, seed, first)
    lives = cohort.lives
    numbers = np.arange(first, first + len(lives))
    table: dict[str, Any] = {"patient": numbers}
    if len(taken.rows):
        table["row"] = taken.rows[numbers % len(taken.rows)]
    for column in COLUMNS:
        if column == "renal":
            table[column] = _words(Renal, who[column])
        elif column in NUMBERS:
            table[column] = who[column]
        else:
            table[column] = who[column].astype(np.int64 if column in WHOLE else np.bool_)
    table |= {name: lives[name].astype(np.bool_) for name in FLAGS}
    table |= {name: lives[name] for name in COUNTS}
    table["procedures"] = lives["step_done"].sum(axis=1)
    table |= {f"{GIVEN}{name}": done for name, done in given(lives, scenario, policy).items()}
    table |= {f"{name}_mmhg": lives[name] for name in GAINS}
    table["wound"], table["limb"] = _words(Wound, lives["wound"]), _words(Limb, lives["limb"])
    table |= {f"{name}_years": np.where(np.isfinite(lives[name]), lives[name], np.nan) for name in TIMES}
    calendar = scenario.administrative_follow_up
    if calendar is not None:
        ends = follow_up_ends(seed, numbers, *calendar, float(params["drop_out_rate"]))
        table["followed_years"] = np.minimum(ends, lives["died_at"])
    return pd.DataFrame(table)


def given(lives: NDArray[np.void], scenario: Scenario, policy: str) -> dict[str, NDArray[np.int64]]:
    """How often each therapy of the policies compared was given to each patient under one of them."""
    names = dict.fromkeys(name for each in (*scenario.compare, policy) for name in scenario.policies[each].given)
    steps = scenario.policies[policy].given
    nobody = np.zeros(len(lives), np.int64)
    return {name: lives["step_done"][:, steps.index(name)] if name in steps else nobody for name in names}


def event_words(scenario: Scenario) -> tuple[str, ...]:
    """Every word of an event history: those of `Event`, and those of the therapies by name."""
    about = [event for event in Event if event in OF_THERAPIES]
    own = [event_word(event, therapy) for therapy in scenario.register.therapies.values() for event in about]
    return tuple(dict.fromkeys([*(event.name.lower() for event in Event if event not in OF_THERAPIES), *own]))


def named_events(events: NDArray[np.int64], steps: NDArray[np.int64], scenario: Scenario, policy: str) -> Any:
    """Events of one policy's histories as their words, of categorical type; a therapy's by its name."""
    words = event_words(scenario)
    places = {word: place for place, word in enumerate(words)}
    therapies = [scenario.register.therapies[name] for name in scenario.policies[policy].given]
    codes = np.array([places.get(event.name.lower(), -1) for event in Event])[events]
    for k, therapy in enumerate(therapies):
        for event in OF_THERAPIES:
            codes[(steps == k) & (events == event)] = places[event_word(event, therapy)]
    return pd.Categorical.from_codes(codes, pd.Index(words))


def event_table(cohort: Followed, scenario: Scenario, policy: str) -> pd.DataFrame:
    """One row per event, in order, patient by patient."""
    history = cohort.history
    return pd.DataFrame(
        {
            "patient": history["patient"],
            "time_years": history["time"],
            "event": named_events(history["event"], history["step"], scenario, policy),
            "tcpo2": history["tcpo2"],
        }
    )


def wait_table(waiting: Waiting, scenario: Scenario, policy: str) -> pd.DataFrame:
    """One row per request for a slot, by calendar date."""
    waits = waiting.waits
    return pd.DataFrame(
        {
            "patient": waits["patient"],
            "procedure": named_events(waits["procedure"], waits["step"], scenario, policy),
            "tcpo2": waits["tcpo2"],
            "date_years": waits["date"],
            "requested_years": waits["requested"],
            "granted_years": waits["granted"],
            "waited_years": waits["waited"],
            "end": _words(WaitEnd, waits["end"]),
        }
    )


def queue_table(waiting: Waiting) -> pd.DataFrame:
    """One row per change of the waiting list: how many wait and how many slots are in use from then on."""
    calendar = waiting.calendar
    return pd.DataFrame({"date_years": calendar["date"], "queue": calendar["queue"], "busy": calendar["busy"]})


def _words(names: type[IntEnum], codes: NDArray[Any]) -> Any:
    """Codes of an enumeration as its words, of categorical type."""
    words = pd.Index([member.name.lower() for member in names])
    return pd.Categorical.from_codes(codes.astype(np.int64), words)


def therapies_given(table: pd.DataFrame) -> list[str]:
    """Columns of a patient table that count a therapy; `given_gain_mmhg` is none of them."""
    gains = {f"{name}_mmhg" for name in GAINS}
    return [name for name in map(str, table.columns) if name.startswith(GIVEN) and name not in gains]
