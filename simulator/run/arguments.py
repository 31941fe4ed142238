"""What `simulate` may be called with: every slip of type or number in one message, before anything is computed."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

import numpy as np
import pandas as pd

from simulator.scenario import Scenario
from simulator.words.errors import Problem, said, whole_number

CALL = "simulate"
MOST_PATIENTS = 1_000_000_000
HOW_TO_GIVE_TABLES = "; a table of patients goes to load_scenario(overrides={'population': {'csv': table}})"


def faults_of_scenario(scenario: object) -> list[Problem]:
    """What is wrong with the scenario, without which nothing else can be judged."""
    if isinstance(scenario, Scenario):
        return []
    return [Problem(CALL, "scenario", said(scenario), "a Scenario, as load_scenario('base') gives it")]


def faults_of_policies(policies: object) -> list[Problem]:
    """What is wrong with the names of policies as such; whether they are known is asked elsewhere."""
    allowed = "a list of names, as ['conservative', 'protocol']"
    if isinstance(policies, str) or not isinstance(policies, Collection):
        return [Problem(CALL, "policies", said(policies), allowed)]
    wrong = [name for name in policies if not isinstance(name, str)]
    return [Problem(CALL, "policies", said(name), allowed) for name in wrong]


def faults_of_patients(patients: object, scenario: Scenario) -> list[Problem]:
    """What is wrong with the number of patients."""
    allowed = f"a whole number, 1 to {MOST_PATIENTS:,}"
    if isinstance(patients, pd.DataFrame | np.ndarray):
        return [Problem(CALL, "patients", said(patients), allowed + HOW_TO_GIVE_TABLES)]
    number = whole_number(patients)
    if number is None or not 1 <= number <= MOST_PATIENTS:
        return [Problem(CALL, "patients", said(patients), allowed)]
    fault = scenario.people_fault(number)
    return [Problem(CALL, "patients", said(patients), fault)] if fault else []


def faults_of_numbers(**asked: tuple[object, int, int, str]) -> list[Problem]:
    """What is wrong with whole numbers, each given with its lowest and highest value and what messages call that range."""
    problems = []
    for key, (value, low, high, words) in asked.items():
        number = whole_number(value)
        if number is None or not low <= number <= high:
            problems.append(Problem(CALL, key, said(value), words))
    return problems


def faults_of_switches(**asked: object) -> list[Problem]:
    """What is wrong with arguments that are yes or no."""
    return [
        Problem(CALL, key, said(value), "True or False")
        for key, value in asked.items()
        if not isinstance(value, bool | np.bool_)
    ]


def faults_of_draws(draws: object) -> list[Problem]:
    """What is wrong with the parameter draws as such; their names and numbers are checked where they are read."""
    if draws is None or isinstance(draws, pd.DataFrame) or (isinstance(draws, np.ndarray) and draws.dtype.names):
        return []
    allowed = (
        "a table (DataFrame or structured array) with a row for each draw and a column for each parameter that varies"
    )
    return [Problem(CALL, "draws", said(draws), allowed)]


def faults_of_times(times: object, horizon: float) -> list[Problem]:
    """What is wrong with the times of results."""
    allowed = f"a list of one or more numbers of years, each 0 to the horizon, {horizon:g}"
    if isinstance(times, str) or not isinstance(times, Sequence | np.ndarray | pd.Series | set | frozenset):
        return [Problem(CALL, "times", said(times), allowed)]
    listed: list[Any] = list(times)
    numbers = all(isinstance(t, int | float | np.integer | np.floating) and not isinstance(t, bool) for t in listed)
    if not listed or not numbers or not all(0.0 <= t <= horizon for t in listed):
        return [Problem(CALL, "times", said(listed), allowed)]
    return []
