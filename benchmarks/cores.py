"""Processor time a life of this tree's engine and another commit's, in turns: `python benchmarks/cores.py COMMIT [--people N]`.

Each tree lives the same people in a process of its own, on one core, with everything compiled; the two take turns, so that a
machine that is busy slows both. The least and the median of their turns are printed with the ratio, and whether every sum has
the same bits. The same for the lives of the trials of shipped designs, by the recruit. Commits from 23c51e0 on will do.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from statistics import median

from checkout import ROOT, checked_out

FOURTEEN = (
    "conservative,single_dose,protocol,response_guided,four_doses,bmmnc,intra_arterial,ev_selected,exclude_dialysis,"
    "include_dialysis,moderate_ischaemia,pta,pta_act,thrombophilia_selected"
)
"""The policies that every commit has."""
CASES = (
    ("base", "conservative,protocol"),
    ("base", "conservative,single_dose,protocol,response_guided"),
    ("founding_cohort", "conservative,protocol"),
    ("base", FOURTEEN),
)
"""Scenario and policies."""
TRIALS = ("rct", "five_looks")
"""Designs whose trials are lived."""
LIVES = """
import hashlib, sys, time
import simulator as sim
from simulator.run import simulation

name, policies, people = sys.argv[1], sys.argv[2], int(sys.argv[3])
scenario = sim.load_scenario(name)
names = policies.split(",")
# The older name of the same.
make = simulation.job_of if hasattr(simulation, "job_of") else simulation._job
job, _ = make(scenario, names, None, 1, None, None, False, None, False, False)

def lived(people):
    sums = job.run(0, 0, people).sums
    return sums if isinstance(sums, tuple) else sums.arrays()

lived(2)
print(hashlib.sha256(b"".join(part.tobytes() for part in lived(people))).hexdigest(), len(names), flush=True)
for _ in sys.stdin:
    start = time.thread_time_ns()
    lived(people)
    print((time.thread_time_ns() - start) / people / len(names), flush=True)
"""
RECRUITS = """
import hashlib, sys, time
from importlib import import_module

def part(folder, name):
    # Trials have moved: an older commit keeps them where they were.
    for place in (f"questions.trial.{folder}", "questions.trial", "trials"):
        try:
            return import_module(f"simulator.{place}.{name}")
        except ModuleNotFoundError:
            continue
    raise ModuleNotFoundError(name)

planned, trials = part("reading", "design_reading").load_design(sys.argv[1]), int(sys.argv[3])
simulation = part("simulation", "simulation").Simulation(planned, seed=1, trials=trials)
truth, patients = simulation.truth("scenario"), planned.design.patients

def lived(trials):
    return simulation.lives(truth, 0, trials, patients)

lived(1)
told = lived(trials)
print(hashlib.sha256(told.died.tobytes() + told.healed.tobytes()).hexdigest(), len(planned.design.arms), flush=True)
for _ in sys.stdin:
    start = time.thread_time_ns()
    lived(trials)
    print((time.thread_time_ns() - start) / trials / patients, flush=True)
"""


def started(tree: Path, work: str, scenario: str, policies: str, people: int) -> subprocess.Popen[str]:
    """A process that lives its people once for every line that it is sent."""
    return subprocess.Popen(
        [sys.executable, "-c", work, scenario, policies, str(people)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env=os.environ | {"PYTHONPATH": str(tree)},
        cwd=tempfile.gettempdir(),
    )


def said(process: subprocess.Popen[str]) -> list[str]:
    """The words of the next line that a process prints."""
    assert process.stdout is not None
    line = process.stdout.readline().split()
    if not line:
        raise SystemExit("a tree could not live its people")
    return line


def turn(process: subprocess.Popen[str]) -> float:
    """Nanoseconds of processor a life in one turn."""
    assert process.stdin is not None
    process.stdin.write("\n")
    process.stdin.flush()
    return float(said(process)[0])


def compared(here: Path, there: Path, work: str, scenario: str, policies: str, people: int, turns: int) -> None:
    """Print how two trees compare in one case; of trials, people are how many trials, and times are by the recruit."""
    trees = [started(tree, work, scenario, policies, people) for tree in (there, here)]
    digests = [said(tree) for tree in trees]
    times = [[turn(tree) for tree in trees] for _ in range(turns)]
    theirs, mine = zip(*times, strict=True)
    bits = "same bits" if digests[0] == digests[1] else "DIFFERENT bits"
    what = "policies" if work == LIVES else "arms"
    print(
        f"{scenario}, {digests[1][1]} {what}: {min(theirs):.0f} to {min(mine):.0f} ns a life (least of {turns}), "
        f"{min(theirs) / min(mine):.2f} times; {median(theirs):.0f} to {median(mine):.0f} (median), "
        f"{median(theirs) / median(mine):.2f} times; {bits}"
    )
    for tree in trees:
        tree.communicate()


def main() -> None:
    """Compare with a commit in every case."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("commit", help="the other commit")
    parser.add_argument("--people", type=int, default=3_000, help="patients of a turn")
    parser.add_argument("--trials", type=int, default=50, help="trials of a turn")
    parser.add_argument("--turns", type=int, default=7, help="turns of each tree")
    asked = parser.parse_args()
    with checked_out(asked.commit) as there:
        for scenario, policies in CASES:
            compared(ROOT, there, LIVES, scenario, policies, asked.people, asked.turns)
        for design in TRIALS:
            compared(ROOT, there, RECRUITS, design, "", asked.trials, asked.turns)


if __name__ == "__main__":
    main()
