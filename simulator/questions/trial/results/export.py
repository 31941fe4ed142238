"""Simulated trial data as an analyst would get them: one row per patient, and one per visit."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from simulator.questions.trial.analysis.data import TOUCH, TrialData, cut, limited
from simulator.questions.trial.analysis.looks import end_of_trial
from simulator.questions.trial.design.accrual import PLACES
from simulator.questions.trial.simulation.simulation import Simulation
from simulator.rules.population.arrival import make_patient, recruited_from
from simulator.rules.population.description import fill_small_ev
from simulator.rules.population.patient import COLUMNS, PATIENT
from simulator.words.vocabulary import Renal

BASELINE = (
    "age",
    "male",
    "diabetes_years",
    "ischaemic_heart_disease",
    "rutherford",
    "infection",
    "osteomyelitis",
    "gangrene",
    "heel",
    "renal",
    "leiden",
    "mthfr",
    "angioplasty_suitable",
)
WHOLE = ("rutherford",)
MEASURED = ("age", "diabetes_years")
EVENTS = (
    ("major_amputation", "amputated"),
    ("death", "died"),
    ("healing", "healed"),
    ("lost_to_follow_up", "lost"),
    ("crossover", "crossed"),
    ("reintervention", "reintervened"),
)


def exported(simulation: Simulation, truth: str, trials: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Patients and visits of trials 0, 1, ... as their database stands at the planned end, without interim stops.

    Patients: trial, patient, arm, entry_month, site, stratum, baseline covariates as known on entry (tcpo2_mmhg is the
    screening measurement), follow_up_months, and for each event whether it was seen and after how many months (empty if
    not). What nobody in a trial could know (the true TcPO2, how far a limb would respond) is left out. Visits: trial,
    patient, arm, visit, months, tcpo2_mmhg, walking; visits after death, loss or the end are missing rows, TcPO2 is empty
    after a major amputation.
    """
    conduct = simulation.conduct()
    design, n = simulation.design, conduct.marked.patients
    found = simulation.truth(truth)
    lives = limited(simulation.lives(found, 0, trials, n, every_visit=True), n)
    data = cut(lives, end_of_trial(design, lives, conduct.marked.events))
    who = np.argwhere(data.entered)
    patients = _patients(simulation, found.params_of(0, trials), data, who)
    return patients, _visits(simulation, data, who)


def _patients(
    simulation: Simulation, params: NDArray[np.void], data: TrialData, who: NDArray[np.int64]
) -> pd.DataFrame:
    design, (trial, place) = simulation.design, who.T
    people = _people(simulation, params, who)
    table: dict[str, Any] = {
        "trial": trial,
        "patient": place + 1,
        "arm": _arm_names(simulation, data, who),
        "entry_month": data.entry[trial, place] * 12.0,
    }
    if design.accrual.pattern == "sites":
        table["site"] = 1 + data.site[trial, place].astype(np.int64)
    if design.randomisation.strata:
        table["stratum"] = data.stratum[trial, place]
    for name in BASELINE:
        values = people[name]
        if name == "renal":
            table[name] = [Renal(int(value)).name.lower() for value in values]
        else:
            table[name] = values if name in MEASURED else values.astype(np.int64 if name in WHOLE else np.bool_)
    table["small_ev_percent"] = people["small_ev"]
    table["tcpo2_mmhg"] = people["tcpo2_measured"]
    seen_until = np.minimum(data.followed, data.died)[trial, place]
    table["follow_up_months"] = seen_until * 12.0
    for label, field in EVENTS:
        if field == "crossed" and design.crossover is None:
            continue
        times = getattr(data, field)[trial, place]
        table[label] = np.isfinite(times)
        table[f"{label}_months"] = np.where(np.isfinite(times), times * 12.0, np.nan)
    return pd.DataFrame(table)


def _visits(simulation: Simulation, data: TrialData, who: NDArray[np.int64]) -> pd.DataFrame:
    """Baseline is visit 0."""
    frames = []
    for visit in range(data.visits.size + 1):
        at = 0.0 if visit == 0 else float(data.visits[visit - 1])
        trial, place = who[(np.minimum(data.followed, data.died)[tuple(who.T)] >= at - TOUCH)].T
        walking = np.zeros(trial.size) if visit == 0 else data.walking[trial, place, visit - 1]
        frames.append(
            pd.DataFrame(
                {
                    "trial": trial,
                    "patient": place + 1,
                    "arm": _arm_names(simulation, data, np.column_stack([trial, place])),
                    "visit": visit,
                    "months": at * 12.0,
                    "tcpo2_mmhg": data.tcpo2_entry[trial, place] if visit == 0 else data.tcpo2[trial, place, visit - 1],
                    "walking": walking == 1.0,
                }
            )
        )
    return pd.concat(frames).sort_values(["trial", "patient", "visit"]).reset_index(drop=True)


def _arm_names(simulation: Simulation, data: TrialData, who: NDArray[np.int64]) -> NDArray[Any]:
    names = np.array([arm.name for arm in simulation.design.arms], dtype=object)
    return np.asarray(names[data.arm[tuple(who.T)]])


def _people(simulation: Simulation, params: NDArray[np.void], who: NDArray[np.int64]) -> NDArray[np.void]:
    """PATIENT records of these (trial, place), the same people as in the trials."""
    recruitment, scenario = simulation.recruitment, simulation.planned.scenario
    key: Any = np.uint64(simulation.seed)
    people = np.zeros(len(who), PATIENT)
    rows = people.view(np.float64).reshape(len(who), len(COLUMNS))
    for k, (trial, place) in enumerate(who):
        of = params[trial % len(params)]
        number = int(trial) * PLACES + int(place)
        given = recruited_from(scenario.given, key, number)
        make_patient(people[k], rows[k], given, of, recruitment.entry_record, key, number)
        fill_small_ev(people[k : k + 1], of, key, number)
    return people
