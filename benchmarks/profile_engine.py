"""Where the compiled engine's time goes, and how far that is from the floor: `python benchmarks/profile_engine.py`.

Each stage adds to the one before, so differences are what a stage costs. The floor is what the law cannot do without: the
random numbers, logarithms and exponentials that a life of the base case draws and takes, at their price in this run.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from math import exp, expm1, log1p
from statistics import median
from typing import Any

import numpy as np

import simulator as sim
from simulator.calibration.cohort import follow_clinically
from simulator.compiling import compiled
from simulator.living import compiled as engine
from simulator.living.ledger import WIDTH, visit_table
from simulator.living.outcomes import WIDTH as OUTCOMES
from simulator.living.visits import visit_times
from simulator.rules.draws import uniform
from simulator.rules.pathway.life import LIFE
from simulator.rules.pathway.referral import begin_life
from simulator.rules.population.patient import PATIENT, make_patient

PEOPLE = 40_000
DRAWS_PER_LIFE = 19.0
"""Uniforms: twenty of a patient shared by two lives, and about nine budgets and chances of each life."""
FUNCTIONS_PER_LIFE = 30.0
"""Logarithms and exponentials: about two for each of three risks on each of five segments."""


@compiled
def patients(n: int, params: Any, entry: Any, given: Any, patient: Any, row: Any) -> float:
    """Draw patients only."""
    total = 0.0
    for i in range(n):
        make_patient(patient, row, given, params, entry, np.uint64(1), i)
        total += patient.age
    return total


@compiled
def clinical(
    n: int,
    params: Any,
    policies: Any,
    entry: Any,
    given: Any,
    patient: Any,
    row: Any,
    life: Any,
    ages: Any,
    log_h: Any,
    end: float,
) -> float:
    """Draw patients and let them live under two policies, keeping no books."""
    total = 0.0
    for i in range(n):
        make_patient(patient, row, given, params, entry, np.uint64(1), i)
        for p in range(2):
            begin_life(life, patient, params, policies[p], np.uint64(1), i, ages, log_h)
            follow_clinically(life, params, policies[p], end)
            total += life.time
    return total


@compiled
def uniforms(n: int) -> float:
    """Random numbers only."""
    total = 0.0
    for i in range(n):
        total += uniform(np.uint64(1), i, 3, 0)
    return total


@compiled
def functions(n: int) -> float:
    """Three transcendental functions a turn."""
    total = 0.0
    for i in range(n):
        total += exp(-i * 1e-6) + log1p(i * 1e-3) + expm1(i * 1e-9)
    return total


def nanoseconds(work: Callable[[int], object], n: int) -> float:
    """Median time of one of n turns."""
    work(2)
    times = []
    for _ in range(5):
        start = time.perf_counter()
        work(n)
        times.append((time.perf_counter() - start) / n * 1e9)
    return median(times)


def main() -> None:
    """Measure and print."""
    scenario = sim.load_scenario()
    params, policies = scenario.params(), scenario.policy_records(["conservative", "protocol"])
    entry, given, (ages, log_h), clock = (
        scenario.entry_record,
        scenario.given,
        scenario.life_table_arrays,
        scenario.clock,
    )
    visits = visit_times(params["visit_interval_days"], params["later_visit_interval_days"], clock[0])
    times = np.array(scenario.times)
    life, patient = np.zeros(1, LIFE), np.zeros(1, PATIENT)
    row = patient.view(np.float64).reshape(1, -1)
    k = len(times)
    sums = [np.zeros((2, WIDTH)) for _ in range(2)] + [np.zeros((2, k, OUTCOMES)) for _ in range(3)]
    rest = [np.zeros((2, k, 10)), np.zeros((2, k, 3))]

    def whole(n: int) -> object:
        return engine.run_block(
            params, policies, entry, given, np.uint64(1), 0, n, ages, log_h, clock, visits, visit_table(visits, clock[2]),
            times, 0, life[0], patient[0], row[0], *sums, *rest,
        )  # fmt: skip

    person = nanoseconds(lambda n: patients(n, params, entry, given, patient[0], row[0]), PEOPLE) / 2.0
    lived = nanoseconds(
        lambda n: clinical(n, params, policies, entry, given, patient[0], row[0], life[0], ages, log_h, clock[0]),
        PEOPLE,
    )
    full = nanoseconds(whole, PEOPLE) / 2.0
    number, function = nanoseconds(uniforms, 10**7), nanoseconds(functions, 10**7) / 3.0
    floor = DRAWS_PER_LIFE * number + FUNCTIONS_PER_LIFE * function
    lived /= 2.0
    print(f"per life: {full:.0f} ns, of which drawing the patient {person:.0f}, the course {lived - person:.0f},")
    print(f"          ledger, census, outcomes and sums {full - lived:.0f}")
    print(f"one uniform {number:.1f} ns; one logarithm or exponential {function:.1f} ns")
    print(f"floor of the law: {floor:.0f} ns; the engine takes {full / floor:.1f} times that")


if __name__ == "__main__":
    main()
