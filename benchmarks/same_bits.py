"""Whether this tree and another commit give the same bits: `python benchmarks/same_bits.py COMMIT [--people N]`.

Both trees live the same people in processes of their own and print a SHA-256 for each result: histories, ledgers and outcomes of
every shipped policy, in both scenarios, by both engines, block by block and one by one; a centre with scarce slots; the data of
every shipped trial design, under its scenario, without effect and under drawn parameters; the founding cohort as it was observed;
the lives of a published study; one life that is watched. The other commit is checked out into a temporary worktree.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from checkout import ROOT, checked_out

RESULTS = '''
import dataclasses, hashlib, json, sys
import numpy as np
from importlib import import_module
import simulator as sim
from simulator.evidence.posterior import parameter_draws

def part(places, *names):
    # The house has moved: a commit of before keeps its parts where they were.
    for place in places.split():
        try:
            module = import_module(f"simulator.{place}")
        except ModuleNotFoundError as error:
            if not str(error.name).startswith("simulator"):
                raise
            continue
        return [getattr(module, name) for name in names]
    raise ModuleNotFoundError(places)

(FoundingCohort,) = part("founding.founding questions.calibrate.founding calibration.founding", "FoundingCohort")
(load_targets,) = part("evidence.targets questions.calibrate.targets calibration.targets", "load_targets")
(watch,) = part("questions.story.watching story.watching", "watch")
load_design, shipped_designs = part(
    "questions.trial.reading.design_reading questions.trial.design_reading trials.design_reading",
    "load_design",
    "shipped_designs",
)
(Simulation,) = part(
    "questions.trial.simulation.simulation questions.trial.simulation trials.simulation", "Simulation"
)
(predict,) = part(
    "studies.prediction questions.validate.enactment.prediction questions.validate.prediction validation.prediction",
    "predict",
)
(load_studies,) = part("studies.reading questions.validate.reading validation.reading", "load_studies")
(draws_for,) = part("questions.validate.validation validation.validation", "draws_for")

people = int(sys.argv[1])
found = {}

def fold(digest, value):
    """Numbers by their bytes and words by their letters, so that no way of writing them out plays a part."""
    if hasattr(value, "columns"):
        for name in value.columns:
            column = value[name]
            digest.update(str(name).encode())
            plain = column.to_numpy() if column.dtype.kind in "fiub" else column.astype(str).to_numpy(str)
            fold(digest, plain)
    elif dataclasses.is_dataclass(value):
        for field in dataclasses.fields(value):
            digest.update(field.name.encode())
            fold(digest, getattr(value, field.name))
    elif isinstance(value, (tuple, list)):
        for each in value:
            fold(digest, each)
    elif isinstance(value, np.void):
        for name in value.dtype.names:
            fold(digest, value[name])
    elif isinstance(value, (np.ndarray, np.generic, float, int)):
        array = np.ascontiguousarray(value)
        digest.update(str(array.shape).encode() + array.dtype.kind.encode() + array.tobytes())
    else:
        digest.update(str(value).encode())

def keep(name, *values):
    digest = hashlib.sha256()
    fold(digest, list(values))
    found[name] = digest.hexdigest()

def tables(name, result):
    for table in ("outcomes", "differences", "ledger", "patients", "events"):
        try:
            keep(f"{name}: {table}", getattr(result, table))
        except LookupError:
            pass

for name in ("base", "founding_cohort"):
    scenario = sim.load_scenario(name)
    policies = list(scenario.policies)
    draws = parameter_draws(scenario.register, 3, 1)
    tables(f"{name}, blocks", sim.simulate(scenario, policies, patients=10 * people, seed=1))
    tables(f"{name}, blocks, drawn", sim.simulate(scenario, policies, patients=people, seed=3, draws=draws))
    tables(f"{name}, one by one", sim.simulate(scenario, policies, patients=people, seed=1, events=True))
    tables(f"{name}, SimPy", sim.simulate(scenario, policies, patients=people // 4, seed=2, events=True, engine="simpy"))
    story = watch(scenario, "protocol", 4, 1)
    keep(f"{name}, watched", story.moments, story.times, story.path, story.spending)
for discipline in ("first_come", "worst_tcpo2"):
    capacity = {"slots_per_week": 1, "arrivals_per_week": 2.0, "queue": discipline}
    scenario = sim.load_scenario(overrides={"capacity": capacity})
    result = sim.simulate(scenario, list(scenario.policies), patients=people // 2, seed=1, events=True)
    tables(f"scarce slots, {discipline}", result)
    keep(f"scarce slots, {discipline}: waits", result.waits)
for name in sorted(shipped_designs()):
    planned = load_design(name)
    simulation = Simulation(planned, seed=1, trials=6)
    for truth in ("scenario", "null", "posterior"):
        data = simulation.lives(simulation.truth(truth), 0, 6, max(20, people // 4), every_visit=True)
        keep(f"{name}, {truth}", *(getattr(data, field) for field in sorted(data.__dataclass_fields__)))
scenario = sim.load_scenario("founding_cohort")
cohort = FoundingCohort(scenario, load_targets()[0], people, 1)
keep("founding cohort as observed", cohort.lives(scenario.params()), cohort.statistics(scenario.params()))
studies, _ = load_studies(scenario.register)
for key in sorted(studies)[:6]:
    drawn = draws_for(scenario.register, 3, 1)
    keep(f"study {key}", predict(key, studies[key], scenario.register, drawn, 40, 1)[0])
print(json.dumps(found))
'''


def results(tree: Path, people: int) -> dict[str, str]:
    """Digest of every result of the package in a folder."""
    environment = os.environ | {"PYTHONPATH": str(tree), "PYTHONWARNINGS": "ignore"}
    command = [sys.executable, "-c", RESULTS, str(people)]
    run = subprocess.run(command, cwd=tree, env=environment, capture_output=True, text=True, check=False)
    if run.returncode:
        raise SystemExit(f"{tree}:\n{run.stderr}")
    return dict(json.loads(run.stdout.strip().splitlines()[-1]))


def main() -> None:
    """Compare and print; exit code 1 where anything differs."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("commit", help="the other commit")
    parser.add_argument("--people", type=int, default=400, help="patients of each policy that are kept one by one")
    asked = parser.parse_args()
    with checked_out(asked.commit) as there, ThreadPoolExecutor(2) as pool:
        mine, theirs = pool.map(lambda tree: results(tree, asked.people), (ROOT, there))
    different = [name for name in sorted(mine.keys() | theirs.keys()) if mine.get(name) != theirs.get(name)]
    for name in sorted(mine.keys() | theirs.keys()):
        print(f"{'DIFFERENT' if name in different else 'same     '} {mine.get(name, '-')[:16]:16} {name}")
    print(f"{len(mine) - len(different)} of {len(mine)} results have the same bits as {asked.commit}")
    raise SystemExit(1 if different else 0)


if __name__ == "__main__":
    main()
