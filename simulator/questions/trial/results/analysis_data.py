"""Analysis data sets of simulated trials in the manner of CDISC's ADaM, at every look, with the trial's own results.

SAS or R can derive every estimate from them again. Variables follow ADaM where it has them: USUBJID, TRT01P, PARAMCD, AVAL in
days, CNSR (0 the event, 1 censored, 2 a competing event). TRIAL and LOOK (the last analysis last) are ours.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import ndtr

from simulator.questions.trial.analysis.analysis import analyse
from simulator.questions.trial.analysis.completed import completed
from simulator.questions.trial.analysis.data import TrialData, cut, limited
from simulator.questions.trial.analysis.looks import end_of_trial, look_dates
from simulator.questions.trial.analysis.seen import at_a_time, at_visit, through, time_to_event
from simulator.questions.trial.conduct.conduct import hypotheses
from simulator.questions.trial.design.endpoint import (
    BINARY,
    COMPETING,
    CONTINUOUS,
    KAPLAN_MEIER,
    ONE_ARM,
    SURVIVAL,
    Endpoint,
)
from simulator.questions.trial.simulation.simulation import Simulation
from simulator.words.vocabulary import DAYS_PER_YEAR

BASELINE = {
    "age": "AGE",
    "male": "SEX",
    "diabetes_years": "DIABDUR",
    "ischaemic_heart_disease": "IHDFL",
    "rutherford": "RUTHERF",
    "infection": "INFECTFL",
    "osteomyelitis": "OSTEOFL",
    "gangrene": "GANGRFL",
    "heel": "HEELFL",
    "renal": "RENAL",
    "tcpo2_mmhg": "TCPO2BL",
}


def analysis_data(
    simulation: Simulation, truth: str, trials: int, patients: pd.DataFrame | None
) -> dict[str, pd.DataFrame]:
    """Tables adsl (a row a patient), adtte (times to an event), adeff (values at a time), adimp (what was imputed
    for the lost in each imputation, IMPNUM from 1) and adres (the trial's results).

    `patients` is the table of `export.exported`, for baseline covariates; stated truths have none. Looks are those of a trial
    that none stops and that does not grow; a two-stage trial has its last analysis only.
    """
    conduct = simulation.conduct()
    design, n = simulation.design, conduct.marked.patients
    data = limited(simulation.lives(simulation.truth(truth), 0, trials, n), n)
    if design.two_stage is not None:
        dates = end_of_trial(design, data, None)[:, None]
    else:
        dates = look_dates(design, data, conduct.marked)
    times: list[pd.DataFrame] = []
    values: list[pd.DataFrame] = []
    imputed: list[pd.DataFrame] = []
    results: list[pd.DataFrame] = []
    for k in range(dates.shape[1]):
        seen = cut(data, dates[:, k])
        happens = np.ones(trials, bool) if k == dates.shape[1] - 1 else dates[:, k] < dates[:, -1]
        for endpoint in design.endpoints:
            kind = _time_frame if endpoint.test in SURVIVAL + KAPLAN_MEIER + COMPETING else _value_frame
            if endpoint.test in SURVIVAL + KAPLAN_MEIER + COMPETING + BINARY + ONE_ARM + CONTINUOUS:
                found = kind(simulation, endpoint, seen, seen.entered & happens[:, None], k + 1)
                (times if kind is _time_frame else values).append(found)
            if endpoint.lost == "multiple_imputation":
                imputed.append(_imputed_frame(simulation, endpoint, seen, happens, k + 1))
        results += [
            _result_frame(name, each, arm, seen, happens, k + 1)
            for name, each, arm in hypotheses(design, design.endpoints)
        ]
    whole = {"adsl": _subjects(simulation, data, dates[:, -1], patients)}
    parts = {"adtte": times, "adeff": values, "adimp": imputed, "adres": results}
    return whole | {name: pd.concat(frames, ignore_index=True) for name, frames in parts.items() if frames}


def _named(simulation: Simulation, who: NDArray[np.int64], data: TrialData) -> dict[str, Any]:
    trial, place = who.T
    arms = np.array([arm.name for arm in simulation.design.arms], dtype=object)
    arm = data.arm[trial, place]
    return {
        "TRIAL": trial,
        "USUBJID": [f"{t + 1:04d}-{p + 1:05d}" for t, p in who],
        "TRT01P": arms[arm],
        "TRT01PN": arm.astype(np.int64),
    }


def _subjects(
    simulation: Simulation, data: TrialData, end: NDArray[np.float64], patients: pd.DataFrame | None
) -> pd.DataFrame:
    seen = cut(data, end)
    who = np.argwhere(seen.entered)
    trial, place = who.T
    table = _named(simulation, who, seen)
    table["RANDDY"] = data.entry[trial, place] * DAYS_PER_YEAR
    table["STRATUM"] = data.stratum[trial, place].astype(np.int64)
    table["DTHFL"] = np.where(np.isfinite(seen.died[trial, place]), "Y", "")
    table["EOSDY"] = np.minimum(seen.followed, seen.died)[trial, place] * DAYS_PER_YEAR
    if patients is not None:
        for name, called in BASELINE.items():
            values = patients[name].to_numpy()
            if name == "male":
                values = np.where(values, "M", "F")
            elif values.dtype == bool:
                values = np.where(values, "Y", "N")
            table[called] = values
        if "site" in patients.columns:
            table["SITEID"] = patients["site"].to_numpy()
    return pd.DataFrame(table)


def _time_frame(
    simulation: Simulation, endpoint: Endpoint, seen: TrialData, use: NDArray[np.bool_], look: int
) -> pd.DataFrame:
    who = np.argwhere(use)
    found = time_to_event(endpoint, seen)
    code = found.code[tuple(who.T)]
    table = _named(simulation, who, seen)
    table |= {
        "LOOK": look,
        "PARAMCD": endpoint.name,
        "AVAL": found.time[tuple(who.T)] * DAYS_PER_YEAR,
        "CNSR": np.choose(code, [1, 0, 2]),
        "STRATUM": seen.stratum[tuple(who.T)].astype(np.int64),
    }
    return pd.DataFrame(table)


def _value_frame(
    simulation: Simulation, endpoint: Endpoint, seen: TrialData, use: NDArray[np.bool_], look: int
) -> pd.DataFrame:
    who = np.argwhere(use & through(endpoint, seen))
    place = tuple(who.T)
    table = _named(simulation, who, seen)
    table |= {"LOOK": look, "PARAMCD": endpoint.name}
    if endpoint.test in CONTINUOUS:
        values = at_visit(endpoint, seen, seen.tcpo2 if endpoint.outcome == "tcpo2" else seen.walked)[place]
        table |= {"AVAL": values, "BASE": seen.tcpo2_entry[place]}
    else:
        yes, missing = at_a_time(endpoint, seen)
        table |= {"AVAL": np.where(missing[place], np.nan, yes[place] * 1.0), "BASE": np.nan}
    table["ANL01FL"] = np.where(np.isfinite(table["AVAL"]), "Y", "")
    return pd.DataFrame(table)


def _imputed_frame(
    simulation: Simulation, endpoint: Endpoint, seen: TrialData, happens: NDArray[np.bool_], look: int
) -> pd.DataFrame:
    """A row for each lost patient and imputation."""
    _, missing = at_a_time(endpoint, seen)
    who = np.argwhere(missing & through(endpoint, seen) & happens[:, None])
    values = completed(endpoint, seen)[:, who[:, 0], who[:, 1]]
    rows = pd.DataFrame(_named(simulation, who, seen) | {"LOOK": look, "PARAMCD": endpoint.name})
    frames = [rows.assign(IMPNUM=k + 1, AVAL=imputation * 1.0) for k, imputation in enumerate(values)]
    return pd.concat(frames, ignore_index=True)


def _result_frame(
    name: str, endpoint: Endpoint, arm: int, seen: TrialData, happens: NDArray[np.bool_], look: int
) -> pd.DataFrame:
    found = analyse(endpoint, seen, arm)
    return pd.DataFrame(
        {
            "TRIAL": np.arange(len(happens)),
            "LOOK": look,
            "PARAMCD": endpoint.name,
            "HYPOTHESIS": name,
            "TEST": endpoint.test,
            "ESTIMATE": found.estimate,
            "SE": found.se,
            "Z": found.z,
            "P": ndtr(-found.z),
            "INFORMATION": found.information,
        }
    )[happens]
