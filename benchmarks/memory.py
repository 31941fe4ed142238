"""Does memory grow with the work? ``python benchmarks/memory.py [--times 8] [NAME ...]``: peaks of two sizes, each in a process.

`lives` are patients of one simulation, `draws` parameter draws of one, `moments` the times at which outcomes are summed, `trials`
simulated trials, `samples` runs of a sensitivity study. What grows is a number or a row of results for each, never lives.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys

START = """
import json, resource, sys
import simulator as sim
n = int(sys.argv[1])
two = {"policies": ["conservative", "protocol"], "seed": 1}
"""
END = """
print(json.dumps(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024))
"""
DRAWN = """
from simulator.evidence.posterior import parameter_draws
scenario = sim.load_scenario()
sim.simulate(scenario, patients=100, draws=parameter_draws(scenario.register, n, 1), fresh_patients=True, **two)
"""
WORK = {
    "lives": (500_000, "sim.simulate(sim.load_scenario(), patients=n, **two)"),
    "draws": (1_000, DRAWN),
    "moments": (
        30,
        "sim.simulate(sim.load_scenario(), patients=20_000, times=[k * 10 / n for k in range(1, n + 1)], **two)",
    ),
    "trials": (50, 'sim.trial("founding_study", trials=n, truths=["scenario"], quick=True)'),
    "samples": (
        64,
        'sim.sweep({"method": "sobol", "size": n, "seed": 1, "model": {"kind": "ishigami"}, "outputs": ["y"], '
        '"parameters": {"all": True}}, workers=1)',
    ),
}
"""What is done, with a first size `n`."""


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(WORK)}; default: all")
    parser.add_argument("--times", type=int, default=8, help="how many times larger the second size is")
    asked = parser.parse_args()
    sys.stdout.write(f"{'of':10}{'first size':>12}{'MiB':>7}{'second size':>13}{'MiB':>7}{'bytes for each more':>21}\n")
    for name in asked.names or WORK:
        first, work = WORK[name]
        sizes = first, first * asked.times
        peaks = [peak(START + work + END, size) for size in sizes]
        each = (peaks[1] - peaks[0]) * 2**20 / (sizes[1] - sizes[0])
        sys.stdout.write(f"{name:10}{sizes[0]:12,}{peaks[0]:7.0f}{sizes[1]:13,}{peaks[1]:7.0f}{each:21,.0f}\n")
        sys.stdout.flush()


def peak(code: str, size: int) -> float:
    """Peak memory of a process in MiB."""
    done = subprocess.run([sys.executable, "-c", code, str(size)], capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(done.stderr)
    return float(json.loads(done.stdout.strip().splitlines()[-1]))


if __name__ == "__main__":
    main()
