"""Processor time a life of this tree's engine and another commit's, in turns: `python benchmarks/cores.py COMMIT [--people N]`.

Each tree lives the same people in a process of its own, on one core, with everything compiled; the two take turns, so that a
machine that is busy slows both. The least and the median of their turns are printed with the ratio, and whether every sum has
the same bits. The other commit must have `simulator/living/blocks.py`.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from statistics import median

CASES = (
    ("base", "conservative,protocol"),
    ("base", "conservative,single_dose,protocol,response_guided"),
    ("founding_cohort", "conservative,single_dose,protocol,response_guided"),
    ("base", "every policy"),
)
"""Scenario and policies."""
LIVES = """
import hashlib, sys, time
import numpy as np
import simulator as sim
from simulator.living.blocks import add_block
from simulator.living.setting import new_setting
from simulator.living.sums import Sums

name, policies, people = sys.argv[1], sys.argv[2], int(sys.argv[3])
scenario = sim.load_scenario(name)
names = list(scenario.policies) if policies == "every policy" else policies.split(",")
setting = new_setting(scenario.params(), scenario.policy_records(names), scenario.entry_record, scenario.given, 1,
                      scenario.life_table_arrays, scenario.clock, np.array(scenario.times))

def lived(people):
    sums = Sums.zero(len(names), len(scenario.times))
    add_block(setting, 0, people, 0, sums)
    return sums

lived(2)
print(hashlib.sha256(b"".join(part.tobytes() for part in lived(people))).hexdigest(), len(names), flush=True)
for _ in sys.stdin:
    start = time.thread_time_ns()
    lived(people)
    print((time.thread_time_ns() - start) / people / len(names), flush=True)
"""


def started(tree: Path, scenario: str, policies: str, people: int) -> subprocess.Popen[str]:
    """A process that lives its people once for every line that it is sent."""
    return subprocess.Popen(
        [sys.executable, "-c", LIVES, scenario, policies, str(people)],
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


def compared(here: Path, there: Path, scenario: str, policies: str, people: int, turns: int) -> None:
    """Print how two trees compare in one case."""
    trees = [started(tree, scenario, policies, people) for tree in (there, here)]
    digests = [said(tree) for tree in trees]
    times = [[turn(tree) for tree in trees] for _ in range(turns)]
    theirs, mine = zip(*times, strict=True)
    bits = "same bits" if digests[0] == digests[1] else "DIFFERENT bits"
    print(
        f"{scenario}, {digests[1][1]} policies: {min(theirs):.0f} to {min(mine):.0f} ns a life (least of {turns}), "
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
    parser.add_argument("--turns", type=int, default=7, help="turns of each tree")
    asked = parser.parse_args()
    here = Path(__file__).resolve().parent.parent
    with tempfile.TemporaryDirectory() as folder:
        there = Path(folder) / "other"
        worktree = ["git", "worktree"]
        subprocess.run([*worktree, "add", "--detach", there, asked.commit], cwd=here, check=True, capture_output=True)
        try:
            for scenario, policies in CASES:
                compared(here, there, scenario, policies, asked.people, asked.turns)
        finally:
            subprocess.run([*worktree, "remove", "--force", there], cwd=here, check=True, capture_output=True)


if __name__ == "__main__":
    main()
