"""This program beside others that users can install: ``python benchmarks/peers.py [--python PATH] [--turns 5]``.

heormodel (its vectorised continuous microsimulation) and PyHEOR (its discrete-event simulation) live a course of five states and
nine competing exponential risks under two policies. Their rates are those of this program's own lives under the same parameter
draws, which live the whole course with everything it keeps; so what the others do is a small part of what is done here. The
programs take turns in one run, each a fresh process that may use one core for its lives. `--python` is the interpreter that has
the others (``python -m venv peers && peers/bin/pip install heormodel pyheor``); which are not there is said.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

POLICIES = ["conservative", "protocol"]
WOUND, HEALED, BELOW, ABOVE, DEAD = range(5)
RISKS = (
    (WOUND, HEALED),
    (WOUND, BELOW),
    (WOUND, ABOVE),
    (HEALED, WOUND),
    (BELOW, ABOVE),
    *((state, DEAD) for state in range(4)),
)
"""From and to, in the order of the rates."""
GROUPS = {
    WOUND: ("ulcer", "severe_ulcer", "recurrent_ulcer", "rest_pain"),
    HEALED: ("healed", "healed_after_minor"),
    BELOW: ("below_knee", "below_knee_walking"),
    ABOVE: ("above_knee", "above_knee_walking"),
}
COUNTED = ("healed", "below_knee_amputation", "above_knee_amputation", "new_wound", "conversion")

OWN = """
import json, sys, time
import simulator as sim
from simulator.evidence.posterior import parameter_draws
draws, patients = map(int, sys.argv[1:3])
scenario = sim.load_scenario()
table = parameter_draws(scenario.register, draws, 1)
how = {"policies": ["conservative", "protocol"], "seed": 1, "workers": 1}
sim.simulate(scenario, patients=1, draws=table[:1], **how)
begun = time.process_time(), time.perf_counter()
found = sim.simulate(scenario, patients=patients, draws=table, fresh_patients=True, **how)
core = time.process_time() - begun[0], time.perf_counter() - begun[1]
years = found.draw_outcomes[:, :, -1, list(__import__("simulator.living.outcomes", fromlist=["x"]).OUTCOMES).index("life_years")]
print(json.dumps({"core": core, "years": years.mean(axis=0).tolist()}))
"""

HEORMODEL = """
import json, sys, time
import numpy as np, pandas as pd
from heormodel.models import MicrosimModel
from heormodel.run import run_psa
rates, horizon, risks, patients = np.load(sys.argv[1]), float(sys.argv[2]), json.loads(sys.argv[3]), int(sys.argv[4])
draws, policies, _ = rates.shape
names = [f"r{p}_{k}" for p in range(policies) for k in range(len(risks))]
table = pd.DataFrame(rates.reshape(draws, -1), columns=names, index=pd.RangeIndex(draws, name="iteration"))
places = {"policy0": 0, "policy1": 1}
def event_times(params, intervention, state, attrs, rng):
    times = np.full((len(state), 5), np.inf)
    p = places[intervention]
    for k, (start, end) in enumerate(risks):
        at = state == start
        times[at, end] = rng.exponential(size=int(at.sum())) / params[f"r{p}_{k}"]
    return times
def rewards(params, intervention, state, attrs):
    alive = (state < 4).astype(float)
    return (state == 0).astype(float), alive
model = MicrosimModel.continuous(states=("wound", "healed", "below", "above", "dead"), event_times=event_times,
    state_reward_rates=rewards, interventions=list(places), horizon=horizon, discount_rate=0.0, n_individuals=patients)
begun = time.process_time(), time.perf_counter()
found = run_psa(model, table, seed=1, sequential=True, progress=False).outcomes
core = time.process_time() - begun[0], time.perf_counter() - begun[1]
years = found.data.groupby(level=0)["qaly"].mean()
print(json.dumps({"core": core, "years": [float(years[name]) for name in places]}))
"""

PYHEOR = """
import json, sys, time
import numpy as np
import pyheor as ph
rates, horizon, risks, patients = np.load(sys.argv[1]), float(sys.argv[2]), json.loads(sys.argv[3]), int(sys.argv[4])
states = ["wound", "healed", "below", "above", "dead"]
begun, years = (time.process_time(), time.perf_counter()), []
for draw, own in enumerate(rates):
    model = ph.DiscreteEventSimulationModel(states=states, strategies=["policy0", "policy1"], time_horizon=horizon)
    for p in range(2):
        for (start, end), rate in zip(risks, own[p]):
            if rate > 0:
                model.set_event(f"policy{p}", states[start], states[end], ph.Exponential(rate=rate))
    model.set_state_qaly("life", {name: float(name != "dead") for name in states})
    model.set_state_cost("wound", {name: float(name == "wound") for name in states})
    found = model.run(n_patients=patients, seed=draw, progress=False).results
    years.append([found[f"policy{p}"]["mean_lys"] for p in range(2)])
core = time.process_time() - begun[0], time.perf_counter() - begun[1]
print(json.dumps({"core": core, "years": np.mean(years, axis=0).tolist()}))
"""


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--python", default=sys.executable, help="the interpreter that has the others")
    parser.add_argument("--draws", type=int, default=20)
    parser.add_argument("--patients", type=int, default=500, help="of each draw, under each of two policies")
    parser.add_argument("--turns", type=int, default=3, help="turns of each program, of which the least is printed")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "rates.npy"
        horizon = write_rates(file, asked.draws, asked.patients)
        model = [str(file), str(horizon), json.dumps(RISKS), str(asked.patients)]
        programs = {
            "this program": [sys.executable, "-c", OWN, str(asked.draws), str(asked.patients)],
            "heormodel": [asked.python, "-c", HEORMODEL, *model],
            "PyHEOR": [asked.python, "-c", PYHEOR, *model],
        }
        for name in ("heormodel", "pyheor"):
            if subprocess.run([asked.python, "-c", f"import {name}"], capture_output=True, check=False).returncode:
                sys.stdout.write(f"{name} is not installed in {asked.python}\n")
                programs = {key: words for key, words in programs.items() if key.lower() != name}
        found: dict[str, list[dict[str, Any]]] = {name: [] for name in programs}
        for _ in range(asked.turns):
            for name, words in programs.items():
                found[name].append(measured(words))
    lives = asked.draws * asked.patients * len(POLICIES)
    sys.stdout.write(f"{lives:,} lives, one core; least of {asked.turns} turns\n")
    sys.stdout.write(
        f"{'':14}{'lives/CPU-s':>13}{'core CPU s':>12}{'wall':>8}{'process CPU s':>15}{'wall':>8}{'years lived':>18}\n"
    )
    for name, turns in found.items():
        core, wall, whole, all_wall = (
            min(turn[what][k] for turn in turns) for what, k in (("core", 0), ("core", 1), ("whole", 0), ("whole", 1))
        )
        years = " ".join(f"{each:.3f}" for each in turns[0]["years"])
        sys.stdout.write(
            f"{name:14}{lives / core:13,.0f}{core:12.3f}{wall:8.2f}{whole:15.2f}{all_wall:8.2f}{years:>18}\n"
        )


def write_rates(file: Path, draws: int, patients: int) -> float:
    """Write events per year in the state that each leaves, shape (draws, policies, risks); give the horizon (years)."""
    import numpy as np

    import simulator as sim
    from simulator.evidence.posterior import parameter_draws
    from simulator.living.ledger import FIELDS

    scenario = sim.load_scenario()
    table = parameter_draws(scenario.register, draws, 1)
    lived = sim.simulate(scenario, policies=POLICIES, patients=patients, seed=1, draws=table, fresh_patients=True)
    mean = {name: lived.draw_ledgers[:, :, place] for place, name in enumerate(FIELDS)}
    years = {group: sum(mean[f"time_{state}"] for state in states) for group, states in GROUPS.items()}
    counts = [*(mean[f"count_{name}"] for name in COUNTED), *(mean["count_death"] for _ in GROUPS)]
    alive = sum(years.values())
    spent = [years[start] if end != DEAD else alive for start, end in RISKS]
    np.save(
        file, np.stack([count / np.maximum(time, 1e-9) for count, time in zip(counts, spent, strict=True)], axis=-1)
    )
    return float(scenario.horizon)


def measured(words: list[str]) -> dict[str, Any]:
    """What a program prints, and the processor and wall seconds of its whole process."""
    before, begun = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    one = {**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    done = subprocess.run(words, env=one, capture_output=True, text=True, check=False)
    wall, after = time.perf_counter() - begun, resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode:
        sys.exit(done.stderr)
    used = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return {**json.loads(done.stdout.strip().splitlines()[-1]), "whole": (used, wall)}


if __name__ == "__main__":
    main()
