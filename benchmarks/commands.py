"""What the commands take, whole process and all: ``python benchmarks/commands.py [compare economics ...]``.

Each command runs in a folder of its own, once to compile and to fill the stores and then `--times` times. Printed are the
quickest wall clock, the least processor time (which a busy machine disturbs less), the peak memory, and the seconds until the
first line of output. `economics` is also run without stored draws, and `trial-kept` is 10,000 trials of 200 with a log-rank and a
binary endpoint whose lives the first run has kept. Limits are those wanted on two quiet cores.
"""

from __future__ import annotations

import argparse
import os
import resource
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

MIB = 1024.0


@dataclass(frozen=True)
class Command:
    """A command line of `clti`, its limits (seconds, MiB; 0 for none), and whether it begins without stored results."""

    words: tuple[str, ...]
    seconds: float
    first: float = 0.0
    mebibytes: float = 0.0
    afresh: bool = False


DESIGN = """
label = "A log-rank and a binary endpoint"
arms = [{ name = "control", policy = "conservative" }, { name = "cells", policy = "protocol" }]
entry = { tcpo2_below = 30.0, dialysis = false }
accrual = { per_month = 20.0 }
drop_out = { per_year = 0.05 }
follow_up = { months = 12.0 }
size = { patients = 200, power = 0.8 }
endpoints = [
    { name = "afs", outcome = "amputation_free_survival", test = "logrank" },
    { name = "healing", outcome = "healing", test = "chi_square", at_months = 12.0 },
]
"""
"""What `design.toml` in every folder holds."""
COMMANDS = {
    "samplesize": Command(("samplesize", "survival", "--hazard-ratio", "0.7", "--power", "0.8"), 0.5),
    "single-arm": Command(("samplesize", "single-arm", "--p0", "0.5", "--p1", "0.7"), 0.0),
    "boundaries": Command(("boundaries", "--looks", "3"), 0.0),
    "compare": Command(("compare",), 5.0, 1.5, 300.0),
    "economics": Command(("economics",), 4.0),
    "economics-afresh": Command(("economics",), 20.0, afresh=True),
    "validate-afresh": Command(("validate",), 60.0, afresh=True),
    "trial-kept": Command(("trial", "design.toml", "--truth", "scenario", "--quick"), 3.0),
    "calibrate": Command(("calibrate", "--smoke"), 60.0, afresh=True),
}


@dataclass(frozen=True)
class Measured:
    """Seconds of one run, and its peak memory in MiB."""

    wall: float
    processor: float
    first: float
    mebibytes: float


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(COMMANDS)}; default: all")
    parser.add_argument("--times", type=int, default=3, help="runs of each")
    asked = parser.parse_args()
    sys.stdout.write(
        f"{'command':18}{'wall s':>9}{'wanted':>8}{'CPU s':>8}{'first s':>9}{'wanted':>8}{'MiB':>7}{'wanted':>8}\n"
    )
    with tempfile.TemporaryDirectory() as folder:
        for name in asked.names or COMMANDS:
            command = COMMANDS[name]
            measured(command, Path(folder))
            runs = [measured(command, Path(folder)) for _ in range(asked.times)]
            wall, processor, first, mebibytes = (
                min(getattr(run, what) for run in runs) for what in ("wall", "processor", "first", "mebibytes")
            )
            sys.stdout.write(
                f"{name:18}{wall:9.2f}{_limit(command.seconds)}{processor:8.2f}{first:9.2f}{_limit(command.first)}"
                f"{mebibytes:7.0f}{_limit(command.mebibytes)}\n"
            )
            sys.stdout.flush()


def measured(command: Command, folder: Path) -> Measured:
    """One run. Where it begins afresh it is in a folder of its own and has luck of its own, of which nothing is stored."""
    if command.afresh:
        with tempfile.TemporaryDirectory(dir=folder) as new:
            return _run(command, Path(new))
    return _run(command, folder)


def _run(command: Command, folder: Path) -> Measured:
    (folder / "design.toml").write_text(DESIGN, encoding="utf-8")
    # Not another cache, which would measure the compiler.
    words = [sys.executable, "-m", "simulator.cli.app", *command.words]
    if command.afresh:
        words += ["--seed", str(1 + time.time_ns() % 1_000_000)]
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    begun = time.monotonic()
    with (folder / "stderr").open("wb") as errors:
        process = subprocess.Popen(words, cwd=folder, stdout=subprocess.PIPE, stderr=errors)
        assert process.stdout is not None
        process.stdout.readline()
        first = time.monotonic() - begun
        process.stdout.read()
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode not in {0, 1}:
        sys.exit(f"{' '.join(words)} ended with {process.returncode}:\n{(folder / 'stderr').read_text()}")
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    processor = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return Measured(time.monotonic() - begun, processor, first, usage.ru_maxrss / MIB)


def _limit(value: float) -> str:
    return f"{value:8g}" if value else f"{'':8}"


if __name__ == "__main__":
    main()
