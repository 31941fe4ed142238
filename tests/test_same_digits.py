"""Results do not depend on how many threads or processes make them."""

from __future__ import annotations

import math
import os
import subprocess
import sys
from contextlib import suppress

import numpy as np
import scipy.linalg  # noqa: F401  # its library must be there to be told
from threadpoolctl import threadpool_info, threadpool_limits

import simulator as sim
from simulator.work.linear_algebra import on_one_thread
from simulator.work.processes import in_processes

WORK = """
import hashlib
import numpy as np
import pandas as pd
import simulator as sim

random = np.random.default_rng(1)
options, draws = ("a", "b", "c"), 3_000
x = random.normal(size=(draws, 4))
table = pd.DataFrame({"draw": np.repeat(np.arange(draws), 3), "option": np.tile(options, draws)})
table["cost"] = 1e4 + 1e3 * random.normal(size=3 * draws)
table["effect"] = 2.0 + (x @ random.normal(size=(4, 3))).ravel()
for k in range(4):
    table[f"p{k}"] = np.repeat(x[:, k], 3)
voi = sim.cea(table, thresholds=[2e4], groups={"all": ["p0", "p1", "p2", "p3"]}).voi
targets = sim.calibrate(patients=2_000, draws=2).targets

from simulator.questions.calibrate import coverage as cohorts
from simulator.founding.founding import ALL
from simulator.questions.calibrate.posterior import Posterior
from simulator.questions.calibrate.likelihood import SmallSample
from simulator.questions.calibrate.prior import Prior
from simulator.founding.summaries import PARTITIONS
from simulator.questions.calibrate.surface import fit_surface
from simulator.evidence.targets import load_targets
from simulator.work.linear_algebra import on_one_thread

@on_one_thread
def recovered():
    founding, (data, views) = sim.load_scenario("founding_cohort"), load_targets()
    prior = Prior(founding.register)
    z, y = random.normal(size=(300, len(prior.names))), random.uniform(0.05, 0.15, (300, len(ALL)))
    for group in PARTITIONS:
        y[:, group] /= y[:, group].sum(axis=1, keepdims=True)
    surface = fit_surface(z, y)
    scatter = SmallSample(np.zeros(15), np.zeros((16, 15)), np.eye(15))
    even, none = np.full(300, 1 / 300), np.zeros(0)
    fit = Posterior(prior, z, y, even, np.arange(300), none, none, 0.0, {}, surface, surface, scatter, 0.0)
    return cohorts.coverage(founding, data, views["central"], fit, 1, 1, lambda _: None, steps=30)

for table in (voi, targets, recovered()):
    print(hashlib.sha256(table.to_csv().encode()).hexdigest())
"""


def test_tables_have_the_same_digits_with_one_thread_and_two() -> None:
    """voi, targets and coverage, whose last digits used to follow OPENBLAS_NUM_THREADS."""
    running = [
        subprocess.Popen(
            [sys.executable, "-c", WORK],
            env={**os.environ, "OMP_NUM_THREADS": threads, "OPENBLAS_NUM_THREADS": threads},
            stdout=subprocess.PIPE,
            text=True,
        )
        for threads in ("1", "2")
    ]
    one, two = (each.communicate()[0].split() for each in running)
    assert [each.returncode for each in running] == [0, 0]
    assert one == two
    assert len(set(one)) == 3


def test_a_function_on_one_thread_leaves_the_threads_of_its_caller() -> None:
    """Inside there is one thread for NumPy's library and SciPy's; afterwards as many as before, also after an error."""

    @on_one_thread
    def seen(fail: bool = False) -> list[int]:
        if fail:
            raise ValueError
        return [each["num_threads"] for each in threadpool_info() if each["user_api"] == "blas"]

    with threadpool_limits(2, user_api="blas"):
        assert set(seen()) == {1}
        with suppress(ValueError):
            seen(fail=True)
        after = [each["num_threads"] for each in threadpool_info() if each["user_api"] == "blas"]
    assert set(after) == {2}
    assert np.isfinite(seen()).all()


def test_processes_give_what_this_one_gives_in_order() -> None:
    """Every item once, in the order in which it was given."""
    items = [float(k) for k in range(20)]
    assert (
        list(in_processes(math.sqrt, items, 2))
        == list(in_processes(math.sqrt, items, 1))
        == list(map(math.sqrt, items))
    )


def test_a_study_has_the_same_runs_on_threads_and_one_after_another() -> None:
    """What nobody told how many processes to take uses the cores, and gives the bits of one worker."""
    study = {
        "method": "sobol",
        "size": 64,
        "seed": 1,
        "model": {"kind": "ishigami"},
        "outputs": ["y"],
        "parameters": {"all": True},
    }
    every, one = (sim.sweep(study, workers=workers).runs for workers in (None, 1))
    assert len(every) > 64
    assert every.equals(one)
