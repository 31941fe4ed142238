"""How fast the engines are, as ratios measured in one run: `python benchmarks/engines.py [--quick]`.

Every figure is the median of several runs of the whole base case: lifetime horizon, all clinical features, ledger on, parameter
draws from the posterior and the register. Peak memory is that of a process of its own.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from statistics import median

POLICIES = ["conservative", "protocol"]

MEMORY = """
import json, resource, sys
import simulator as sim
from simulator.evidence.posterior import parameter_draws
scenario = sim.load_scenario()
n = int(sys.argv[1])
sim.simulate(scenario, policies=["conservative", "protocol"], patients=1000, seed=1,
             draws=parameter_draws(scenario.register, n, 1), fresh_patients=True)
print(json.dumps(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024))
"""

START = """
import time
start = time.perf_counter()
import simulator as sim
scenario = sim.load_scenario()
sim.simulate(scenario, policies=["conservative", "protocol"], patients=10, seed=1)
print(time.perf_counter() - start)
"""


def seconds(work: Callable[[], object], runs: int) -> float:
    """Median duration of `work`."""
    times = []
    for _ in range(runs):
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return median(times)


def in_own_process(code: str, *arguments: str) -> float:
    """The number that a program prints last."""
    run = subprocess.run([sys.executable, "-c", code, *arguments], check=True, capture_output=True, text=True)
    return float(json.loads(run.stdout.strip().splitlines()[-1]))


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--quick", action="store_true", help="a tenth of the draws, to see that it works")
    quick = parser.parse_args().quick
    import simulator as sim
    from simulator.evidence.posterior import parameter_draws

    scenario = sim.load_scenario()
    draws, patients, runs = (100 if quick else 1000), 1000, 3
    table = parameter_draws(scenario.register, 2 * draws, 1)

    def compiled(
        n: int = draws, people: int = patients, workers: int | None = None, policies: list[str] = POLICIES
    ) -> None:
        sim.simulate(
            scenario, policies=policies, patients=people, seed=1, draws=table[:n], fresh_patients=True, workers=workers
        )

    compiled(1, 10)
    lives = draws * patients * len(POLICIES)
    print(
        f"machine: {os.cpu_count()} cores; base case, horizon {scenario.horizon:g} years, {draws} draws x {patients} x 2"
    )
    both, one = seconds(compiled, runs), seconds(lambda: compiled(workers=1), runs)
    print(f"compiled engine, all cores: {lives / both:,.0f} lives/s; one thread: {lives / one:,.0f} lives/s")
    print(f"threads: {os.cpu_count()} against 1: {one / both:.2f} times")
    few = 400
    slow = seconds(lambda: sim.simulate(scenario, policies=POLICIES, patients=few, seed=1, engine="simpy"), runs)
    print(
        f"SimPy engine, one core: {2 * few / slow:,.0f} lives/s; compiled per core: {(lives / one) / (2 * few / slow):.0f} times"
    )
    print(f"twice the draws: {seconds(lambda: compiled(2 * draws), runs) / both:.2f} times as long")
    print(f"twice the patients: {seconds(lambda: compiled(people=2 * patients), runs) / both:.2f} times as long")
    four = [*POLICIES, "single_dose", "response_guided"]
    print(f"twice the policies: {seconds(lambda: compiled(policies=four), runs) / both:.2f} times as long")
    small, large = (in_own_process(MEMORY, str(n)) for n in (draws, 10 * draws))
    print(f"peak memory: {small:.0f} MB; with ten times the draws: {large:.0f} MB")
    print(
        f"import, load and first lives from the cache: {seconds(lambda: in_own_process(START), runs):.2f} s (process and all)"
    )


if __name__ == "__main__":
    main()
