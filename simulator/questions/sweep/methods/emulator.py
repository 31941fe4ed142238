"""A Gaussian process that answers for the model at once, with its error on runs it has not seen.

It learns on the unit cube, where every factor is uniform, with one length of influence per factor and the Monte Carlo
noise of the runs as its own. Use it for what-if questions inside the ranges of the study and for larger Sobol' studies;
never where its held-out error says that it does not know.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np

from simulator.questions.sweep.methods.designs import Design, make_design
from simulator.questions.sweep.methods.indices import Index, indices, is_constant, without_intervals
from simulator.questions.sweep.methods.inputs import Floats
from simulator.questions.sweep.methods.space import Space
from simulator.words.errors import CheckFailed
from simulator.words.luck import generator
from simulator.work.parquet import let_arrow_in

MOST_RUNS = 400
"""Runs to learn from: the time grows with their cube, and a few hundred say nearly all about smooth outputs."""
HELD_OUT = 0.2
LARGER = 4096
"""Base points of the Sobol' study on the emulator."""


@dataclass(frozen=True, eq=False)
class Emulator:
    """A fitted emulator of one output and its errors on held-out runs.

    `rmse` is in the output's unit; `r2` is the share of the held-out variance it explains; `inside` the share of
    held-out runs within its 95% intervals, which should be about 0.95.
    """

    process: Any
    shift: float
    scale: float
    learned: int
    held_out: int
    rmse: float
    r2: float
    inside: float

    def predict(self, points: Floats) -> tuple[Floats, Floats]:
        """Mean and standard deviation of the output at points of the unit cube, shape (rows, factors)."""
        mean, sd = self.process.predict(points, return_std=True)
        return self.shift + self.scale * mean, self.scale * sd

    def mean(self, points: Floats) -> Floats:
        """The mean alone, which is much faster."""
        return np.asarray(self.shift + self.scale * self.process.predict(points))


def fit_emulator(points: Floats, outputs: Floats, errors: Floats, *, seed: int) -> Emulator:
    """An emulator of `outputs`, shape (rows,), with Monte Carlo standard `errors`, at `points`, (rows, factors).

    A fifth of the runs is held out to judge it by. Raises CheckFailed for an output that never moves or fewer than
    20 different runs.
    """
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.gaussian_process import GaussianProcessRegressor
    from sklearn.gaussian_process.kernels import RBF, ConstantKernel, WhiteKernel
    from threadpoolctl import threadpool_limits

    let_arrow_in()

    _, distinct = np.unique(points, axis=0, return_index=True)
    if is_constant(outputs) or len(distinct) < 20:
        raise CheckFailed("an emulator needs an output that moves and 20 different runs")
    picked = generator(seed, "emulator").permutation(np.sort(distinct))[: int(MOST_RUNS / (1 - HELD_OUT))]
    cut = int(len(picked) * (1 - HELD_OUT))
    learn, judge = picked[:cut], picked[cut:]
    shift, scale = float(outputs[learn].mean()), float(outputs[learn].std())
    kernel = ConstantKernel(1.0, (1e-3, 1e3)) * RBF(np.ones(points.shape[1]), (0.05, 100.0)) + WhiteKernel(
        1e-4, (1e-10, 1.0)
    )
    process = GaussianProcessRegressor(kernel, alpha=(errors[learn] / scale) ** 2 + 1e-10)
    # Threads inside linear algebra would change last bits.
    with warnings.catch_warnings(), threadpool_limits(limits=1, user_api="blas"):
        # A length at its bound says that a factor hardly matters, which is no fault.
        warnings.simplefilter("ignore", ConvergenceWarning)
        process.fit(points[learn], (outputs[learn] - shift) / scale)
    mean, sd = process.predict(points[judge], return_std=True)
    missed = outputs[judge] - (shift + scale * mean)
    spread = np.sqrt((scale * sd) ** 2 + errors[judge] ** 2)
    return Emulator(
        process=process,
        shift=shift,
        scale=scale,
        learned=len(learn),
        held_out=len(judge),
        rmse=float(np.sqrt((missed**2).mean())),
        r2=float(1 - (missed**2).mean() / outputs[judge].var()),
        inside=float((np.abs(missed) <= 1.96 * spread).mean()),
    )


def emulated_sobol(emulator: Emulator, space: Space, *, seed: int) -> list[Index]:
    """First and total Sobol' indices of the emulator's mean, from a study too large for the model itself.

    Without intervals: what the emulator gets wrong is most of their error, and no sample of it shows that.
    """
    design: Design = make_design("sobol", LARGER, len(space.factors), seed, groups=space.groups)
    mean = emulator.mean(design.points)
    return without_intervals(indices(design, space, mean, np.zeros_like(mean), seed=seed, confidence=0.95))
