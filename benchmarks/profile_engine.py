"""Where the compiled engine's time goes, and how far that is from the floor: `python benchmarks/profile_engine.py`.

Each stage adds to the one before, so differences are what a stage costs, in lives under one policy. The floor is what the law
cannot do without: the random numbers, logarithms and exponentials that a life of the base case draws and takes, counted with the
compiler off, at their price in this run.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
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
from simulator.living.sums import Sums
from simulator.rules.draws import uniform
from simulator.rules.population.arrival import find_patient
from simulator.run.setting import setting_of

PEOPLE = 40_000
COUNTED = 300
"""Patients of the count."""
FUNCTIONS = ("exp", "expm1", "log", "log1p", "erfc")
COUNT = """
import collections, json, sys
import simulator as sim
from simulator.living import blocks
from simulator.living.sums import Sums
from simulator.run.setting import setting_of

people, policies, counted = int(sys.argv[1]), sys.argv[2].split(","), sys.argv[3:]
calls = collections.Counter()

def counting(name, function):
    def called(*given):
        calls[name] += 1
        return function(*given)
    return called

for name in counted:
    for module in [each for key, each in sys.modules.items() if key.startswith("simulator.")]:
        if callable(function := getattr(module, name, None)):
            setattr(module, name, counting(name, function))
scenario = sim.load_scenario()
setting = setting_of(scenario, policies, 1, scenario.times)
calls.clear()
blocks.add_block(setting, 0, people, 0, Sums.zero(len(policies), len(scenario.times)))
print(json.dumps({name: calls[name] / people / len(policies) for name in counted}))
"""


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
    """Median processor time of one of n turns, whoever else is busy."""
    work(2)
    times = []
    for _ in range(5):
        start = time.thread_time()
        work(n)
        times.append((time.thread_time() - start) / n * 1e9)
    return median(times)


def counts(names: list[str], counted: tuple[str, ...]) -> dict[str, float]:
    """Calls a life of functions of the rules, by a process without the compiler."""
    command = [sys.executable, "-c", COUNT, str(COUNTED), ",".join(names), *counted]
    environment = os.environ | {"NUMBA_DISABLE_JIT": "1"}
    run = subprocess.run(command, env=environment, check=True, capture_output=True, text=True)
    return dict(json.loads(run.stdout))


def main() -> None:
    """Measure and print."""
    scenario = sim.load_scenario()
    names, four = ["protocol"], list(scenario.compare)
    setting = setting_of(scenario, names, 1, scenario.times)
    room, sums = new_room(), Sums.zero(len(names), len(scenario.times))
    person = nanoseconds(lambda n: patients(n, setting, room), PEOPLE) / len(names)
    lived = nanoseconds(lambda n: clinical(n, setting, room), PEOPLE) / len(names)
    full = nanoseconds(lambda n: add_block(setting, 0, n, 0, sums), PEOPLE) / len(names)
    number, function = nanoseconds(uniforms, 10**7), nanoseconds(functions, 10**7) / 3.0
    called = counts(names, ("draw", *FUNCTIONS))
    functions_called = sum(called[name] for name in FUNCTIONS)
    floor = called["draw"] * number + functions_called * function
    print(
        f"per life under one policy: {full:.0f} ns, of which drawing the patient {person:.0f}, the course {lived - person:.0f},"
    )
    print(f"          ledger, census, outcomes and sums {full - lived:.0f}")
    print(f"one uniform {number:.1f} ns; one logarithm or exponential {function:.1f} ns")
    print(f"a life draws {called['draw']:.1f} uniforms and takes {functions_called:.1f} logarithms and exponentials")
    print(f"floor of the law: {floor:.0f} ns; the engine takes {full / floor:.1f} times that")
    setting, sums = setting_of(scenario, four, 1, scenario.times), Sums.zero(len(four), len(scenario.times))
    many = nanoseconds(lambda n: add_block(setting, 0, n, 0, sums), PEOPLE) / len(four)
    print(f"per life under the {len(four)} policies of the scenario, which share lives: {many:.0f} ns")


if __name__ == "__main__":
    main()
