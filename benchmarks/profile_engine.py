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
from simulator.compiling import compiled, compiled_on_given_memory
from simulator.living.blocks import add_block
from simulator.living.next_event import care_under, live_unobserved, refer
from simulator.living.room import new_room
from simulator.living.setting import new_setting
from simulator.living.sums import Sums
from simulator.rules.draws import uniform
from simulator.rules.population.patient import find_patient

PEOPLE = 40_000
DRAWS_PER_LIFE = 19.0
"""Uniforms: twenty of a patient shared by two lives, and about nine budgets and chances of each life."""
FUNCTIONS_PER_LIFE = 30.0
"""Logarithms and exponentials: about two for each of three risks on each of five segments."""


@compiled_on_given_memory
def patients(n: int, setting: Any, room: Any) -> float:
    """Draw patients only."""
    patient = room.patient
    total = 0.0
    for i in range(n):
        find_patient(
            patient, room.row, room.drawn, setting.given, setting.params, setting.entry, setting.seed, i, False
        )
        total += patient.age
    return total


@compiled_on_given_memory
def clinical(n: int, setting: Any, room: Any) -> float:
    """Draw patients and let them live under every policy, keeping no books."""
    life, patient, row, drawn = room
    total = 0.0
    for i in range(n):
        find_patient(patient, row, drawn, setting.given, setting.params, setting.entry, setting.seed, i, False)
        for p in range(setting.policies.shape[0]):
            refer(life, patient, setting, p, i, setting.horizon)
            live_unobserved(life, patient, care_under(setting, p))
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
    names = ["conservative", "protocol"]
    setting = new_setting(
        scenario.params(),
        scenario.policy_records(names),
        scenario.entry_record,
        scenario.given,
        1,
        scenario.life_table_arrays,
        scenario.clock,
        np.array(scenario.times),
    )
    room, sums = new_room(), Sums.zero(len(names), len(scenario.times))
    person = nanoseconds(lambda n: patients(n, setting, room), PEOPLE) / len(names)
    lived = nanoseconds(lambda n: clinical(n, setting, room), PEOPLE) / len(names)
    full = nanoseconds(lambda n: add_block(setting, 0, n, 0, sums), PEOPLE) / len(names)
    number, function = nanoseconds(uniforms, 10**7), nanoseconds(functions, 10**7) / 3.0
    floor = DRAWS_PER_LIFE * number + FUNCTIONS_PER_LIFE * function
    print(f"per life: {full:.0f} ns, of which drawing the patient {person:.0f}, the course {lived - person:.0f},")
    print(f"          ledger, census, outcomes and sums {full - lived:.0f}")
    print(f"one uniform {number:.1f} ns; one logarithm or exponential {function:.1f} ns")
    print(f"floor of the law: {floor:.0f} ns; the engine takes {full / floor:.1f} times that")


if __name__ == "__main__":
    main()
