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
from simulator.words.vocabulary import Event, Limb, Renal, Wound

NUMBERS = ("age", "diabetes_years", "tcpo2", "tcpo2_measured", "small_ev")
WHOLE = ("rutherford", "screened")
COUNTS = ("doses", "angioplasties", "wounds", "operations")
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
    cohort: Followed, scenario: Scenario, params: Any, seed: int, first: int, taken: Taken
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
    table |= {f"{name}_mmhg": lives[name] for name in GAINS}
    table["wound"], table["limb"] = _words(Wound, lives["wound"]), _words(Limb, lives["limb"])
    table |= {f"{name}_years": np.where(np.isfinite(lives[name]), lives[name], np.nan) for name in TIMES}
    calendar = scenario.administrative_follow_up
    if calendar is not None:
        ends = follow_up_ends(seed, numbers, *calendar, float(params["drop_out_rate"]))
        table["followed_years"] = np.minimum(ends, lives["died_at"])
    return pd.DataFrame(table)


def event_table(cohort: Followed) -> pd.DataFrame:
    """One row per event, in order, patient by patient."""
    history = cohort.history
    return pd.DataFrame(
        {
            "patient": history["patient"],
            "time_years": history["time"],
            "event": _words(Event, history["event"]),
            "tcpo2": history["tcpo2"],
        }
    )


def wait_table(waiting: Waiting) -> pd.DataFrame:
    """One row per request for a slot, by calendar date."""
    waits = waiting.waits
    return pd.DataFrame(
        {
            "patient": waits["patient"],
            "procedure": _words(Event, waits["procedure"]),
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
