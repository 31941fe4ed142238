"""How fast sensitivity studies are and how they scale, in one run: `python benchmarks/sensitivity.py [--quick | --whole]`.

The study is Sobol' over 20 parameters, 5,000 patients and two policies; base size 1,024 makes 225 million lives. Without
`--whole` only a part of it is run and the rest follows from the rate. Shards are those of the default, 64 runs each.
"""

from __future__ import annotations

import argparse
import math
import os
import resource
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from statistics import median

import numpy as np

PARAMETERS = (
    "attributable_share_central",
    "response_probability",
    "dose_share",
    "recovery_gain",
    "recovery_days",
    "amputation_rate",
    "amputation_per_mmhg",
    "amputation_trend",
    "minor_amputation_rate",
    "below_knee_share",
    "healing_rate",
    "healing_per_mmhg",
    "healing_trend",
    "recurrence_rate",
    "death_rate_wound",
    "death_rate_healed",
    "death_per_mmhg",
    "postoperative_death_rate",
    "referral_tcpo2_mean",
    "renal_dialysis_share",
)
PATIENTS = 5000
LIVES_PER_RUN = 2 * PATIENTS
ROWS_PER_SHARD = 64
LARGE_SHARD = 640
WHOLE = 1024
BILLION = 1e9
WORKERS = 1000


def study(size: int) -> dict[str, object]:
    """The benchmark's study at a size, as its file would say it."""
    return {
        "title": "Benchmark",
        "method": "sobol",
        "size": size,
        "seed": 1,
        "patients": PATIENTS,
        "rows_per_shard": ROWS_PER_SHARD,
        "outputs": ["protocol.major_amputation@1", "difference(protocol, conservative).life_years@horizon"],
        "model": {"kind": "clti"},
        "parameters": {"names": list(PARAMETERS), "correlated": "transformation"},
    }


def lives_per_second(size: int, workers: int) -> tuple[float, float]:
    """Lives per second of a study with all it takes, and once the workers run."""
    from simulator.questions.sweep.policy_sweep import sweep_of
    from simulator.work.processes import Processes

    sweep = sweep_of(study(size), "benchmark")
    landed: list[tuple[float, int]] = []

    def advance(runs: int) -> None:
        landed.append((time.perf_counter(), runs))

    with tempfile.TemporaryDirectory() as folder:
        start = time.perf_counter()
        way = Processes(workers) if workers > 1 else None
        sweep.execute(sweep.store(folder), way=way, started=lambda _plan: advance)
    runs = sum(count for _, count in landed)
    # The last shards leave workers idle, and the first wait for them to start.
    first, last = len(landed) // 10, len(landed) - 2 * workers
    steady = sum(count for _, count in landed[first + 1 : last + 1]) / (landed[last][0] - landed[first][0])
    return runs * LIVES_PER_RUN / (landed[-1][0] - start), steady * LIVES_PER_RUN


def seconds_per_shard(shards: int, rows: int, dask: bool) -> float:
    """What a shard of some rows costs the one process that plans, sends and writes, with nothing to compute."""
    from simulator.questions.sweep.policy_sweep import sweep_of

    tables = study(1) | {
        "method": "regional",
        "size": max(512, shards * rows),
        "rows_per_shard": rows,
        "patients": 0,
        "outputs": ["sum", "inverse"],
        "model": {"kind": "additive", "settings": {"weights": [1.0] * len(PARAMETERS)}},
        "parameters": {"all": True},
    }
    sweep = sweep_of(tables, "benchmark")
    count = len(sweep.inputs) / rows
    with tempfile.TemporaryDirectory() as folder:
        if not dask:
            start = time.perf_counter()
            sweep.execute(sweep.store(folder))
            return (time.perf_counter() - start) / count
        from distributed import LocalCluster

        from simulator.work.cluster import Cluster

        with LocalCluster(n_workers=1, threads_per_worker=1, dashboard_address=None) as local:
            way = Cluster(local.scheduler_address)
            sweep_of(tables | {"size": 512}, "benchmark").execute(sweep.store(Path(folder) / "warm"), way=way)
            start = time.perf_counter()
            sweep.execute(sweep.store(folder), way=way)
            return (time.perf_counter() - start) / count


class PeakMemory(threading.Thread):
    """Watches this process and its children, each page counted once (Linux only; elsewhere the peak stays 0)."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.megabytes = 0.0
        self.over = threading.Event()
        self.start()

    def run(self) -> None:
        """Look ten times a second."""
        while not self.over.wait(0.1):
            pages = sum(_proportional_kilobytes(process) for process in _family(os.getpid()))
            self.megabytes = max(self.megabytes, pages / 1024)

    def stop(self) -> float:
        """The peak (MB)."""
        self.over.set()
        self.join()
        return self.megabytes


def _family(process: int) -> Iterator[int]:
    yield process
    for file in Path(f"/proc/{process}/task").glob("*/children"):
        try:
            children = [int(word) for word in file.read_text().split()]
        except OSError:
            continue
        for child in children:
            yield from _family(child)


def _proportional_kilobytes(process: int) -> int:
    try:
        lines = Path(f"/proc/{process}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0
    return sum(int(line.split()[1]) for line in lines if line.startswith("Pss:"))


def cpu_seconds(size: int, workers: int) -> float:
    """Processor seconds of a study in all its processes, their start included, whatever else the machine does."""
    from simulator.questions.sweep.policy_sweep import sweep_of
    from simulator.work.processes import Processes

    def used() -> float:
        both = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
        return sum(each.ru_utime + each.ru_stime for each in both)

    sweep = sweep_of(study(size), "benchmark")
    with tempfile.TemporaryDirectory() as folder:
        start = used()
        sweep.execute(sweep.store(folder), way=Processes(workers) if workers > 1 else None)
        return used() - start


def whole(workers: int) -> float:
    """Seconds of the whole study through the command, with analysis and report."""
    import subprocess

    lines = [f"{key} = {value!r}" for key, value in study(WHOLE).items() if not isinstance(value, dict)]
    names = ", ".join(f'"{name}"' for name in PARAMETERS)
    lines += ['[model]\nkind = "clti"', f'[parameters]\ncorrelated = "transformation"\nnames = [{names}]']
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "study.toml"
        file.write_text("\n".join(lines))
        command = ["from simulator.cli.app import main", "if __name__ == '__main__':", "    main()"]
        script = Path(folder) / "clti.py"
        script.write_text("\n".join(command))
        start = time.perf_counter()
        run = [sys.executable, str(script), "sensitivity", str(file), "--workers", str(workers), "--out", folder]
        subprocess.run(run, check=True)
        return time.perf_counter() - start


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--quick", action="store_true", help="a small part, to see that it works")
    parser.add_argument("--whole", action="store_true", help="run all 225 million lives, with analysis and report")
    asked = parser.parse_args()
    total = WHOLE * (len(PARAMETERS) + 2) * LIVES_PER_RUN
    print(f"machine: {os.cpu_count()} cores, load average {os.getloadavg()[0]:.1f}")
    if asked.whole:
        memory = PeakMemory()
        seconds = whole(2)
        print(f"whole study, two workers, analysis and report: {total / 1e6:.0f} million lives in {seconds:.0f} s")
        print(f"peak memory of all its processes: {memory.stop():.0f} MB")
        return
    size, times = (16, 1) if asked.quick else (64, 3)
    lives_per_second(16, 1)
    lives = size * (len(PARAMETERS) + 2) * LIVES_PER_RUN
    alone, together = cpu_seconds(size, 1), cpu_seconds(size, 2)
    print(f"a life takes {1e6 * alone / lives:.2f} microseconds of a processor, shards and all: {total / 1e6:.0f} million"
          f" lives {total * alone / lives:.0f} s. Two workers use {together - alone:+.1f} s of it, their start"
          " included")  # fmt: skip
    memory = PeakMemory()
    pairs = [(lives_per_second(size, 1), lives_per_second(size, 2)) for _ in range(times)]
    one, two = (median(pair[workers][0] for pair in pairs) for workers in (0, 1))
    one_steady, two_steady = (median(pair[workers][1] for pair in pairs) for workers in (0, 1))
    print(f"lives per second: {one:,.0f} with one worker, {two:,.0f} with two; once running {one_steady:,.0f} and"
          f" {two_steady:,.0f}")  # fmt: skip
    print(f"two workers are {two_steady / one_steady:.2f} times one, once running ({two / one:.2f} with their start)")
    start = LIVES_PER_RUN * size * (len(PARAMETERS) + 2) * (1 / two - 1 / two_steady)
    print(f"{total / 1e6:.0f} million lives would take {total / two_steady + start:.0f} s with two workers")
    print(f"peak memory of all processes, two workers: {memory.stop():.0f} MB")
    shards = 10 if asked.quick else 100
    for rows in (ROWS_PER_SHARD, LARGE_SHARD):
        here, sent = (seconds_per_shard(shards, rows, dask) for dask in (False, True))
        busy = rows * LIVES_PER_RUN / one_steady
        print(f"a shard of {rows} runs computes {busy:.2f} s and costs the process that keeps it {1000 * here:.1f} ms,"
              f" with Dask {1000 * sent:.1f} ms: enough for {busy / sent:,.0f} workers")  # fmt: skip
        shards_there = math.ceil(BILLION / LIVES_PER_RUN / rows)
        rounds = math.ceil(shards_there / WORKERS)
        print(f"a billion lives on {WORKERS:,} workers: {shards_there:,} shards, {rounds} for the busiest worker, which"
              f" computes {rounds * busy:.1f} s; sending and keeping them all takes {shards_there * sent:.1f} s")  # fmt: skip


if __name__ == "__main__":
    np.seterr(divide="ignore")
    main()
