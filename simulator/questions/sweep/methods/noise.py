"""How much of a result, and of each index, is Monte Carlo noise: the luck of the simulated patients.

With one replicate this rests on the standard errors that the model reports, as if the luck of any two rows were
independent: a worst case, since rows share their patients. With two or more it is measured. Products of different
replicates have the expectation of the noise-free product, whatever rows share, so Sobol' indices are also given with
the noise removed.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from scipy.stats import norm

from simulator.questions.sweep.methods.designs import MORRIS_LEVELS, STEP, Design
from simulator.questions.sweep.methods.indices import RESAMPLES, Index, without_intervals
from simulator.questions.sweep.methods.inputs import Floats
from simulator.words.luck import generator

ALLOWED = 0.02
"""Share of the variance that noise may have: a parameter without influence then shows a total index of 0.02 at most."""

DROWNED = 0.95
"""Share beyond which nothing can be said about the signal."""
SHARES = {"sobol", "fast", "rbd_fast"}
"""Methods whose indices are shares of the variance."""


@dataclass(frozen=True)
class Noise:
    """Noise in the mean over replicates of one output.

    `signal_sd` and `noise_sd` are in the output's unit, `share` is the noise's part of the variance between rows.
    `patients_needed` per run (all replicates together) would bring the share to `ALLOWED`; NaN where a run has no
    patients. `measured` tells whether replicates were compared or standard errors believed.
    """

    signal_sd: float
    noise_sd: float
    share: float
    patients: int
    patients_needed: float
    measured: bool

    @property
    def drowned(self) -> bool:
        """Whether there is hardly anything but noise."""
        return self.share > DROWNED

    @property
    def enough(self) -> bool:
        """Whether the study had enough patients per run."""
        return self.share <= ALLOWED


def measure_noise(values: Floats, errors: Floats, patients: int) -> Noise:
    """Noise of one output from its `values` and standard `errors`, shape (replicates, rows)."""
    replicates, rows = values.shape
    mean = values.mean(axis=0)
    if replicates > 1:
        # What replicates have in common is a shift of every row, which changes no index.
        rest = values - mean - values.mean(axis=1, keepdims=True) + values.mean()
        noise = float((rest**2).sum()) / ((rows - 1) * (replicates - 1)) / replicates
    else:
        noise = float((errors**2).mean())
    total = float(mean.var(ddof=1))
    signal = max(total - noise, 0.0)
    share = min(noise / total, 1.0) if total > 0 else 0.0
    lives = patients * replicates
    ratio = noise / signal if signal > 0 else (math.inf if noise > 0 else 0.0)
    needed = (
        math.nan if not lives else (math.ceil(lives * ratio * (1 - ALLOWED) / ALLOWED) if ratio < math.inf else ratio)
    )
    return Noise(math.sqrt(signal), math.sqrt(noise), share, lives, needed, replicates > 1)


def noise_in_index(design: Design, index: Index, noise: Noise, outputs: Floats) -> float:
    """The most that noise may have added to an index, in the unit of the index; NaN where nobody knows.

    Total indices take the whole share of the noise that is not theirs, first-order indices lose theirs in proportion
    (a negative number). Elementary effects, slopes and swings take what a parameter without influence would show.
    Where there is hardly anything but noise, all of a share of the variance may be noise.
    """
    share = noise.share
    if noise.drowned and design.method.name in SHARES:
        return index.value
    match design.method.name, index.index:
        case ("sobol" | "fast", "ST"):
            return min(max(share * (1 - index.value) / (1 - share), 0.0), max(index.value, 0.0))
        case ("sobol" | "fast" | "rbd_fast", "S1"):
            return -share * index.value / (1 - share) + 0.0
        case "morris", "mu_star":
            step = MORRIS_LEVELS / (2 * (MORRIS_LEVELS - 1))
            return math.sqrt(2 / math.pi) * math.sqrt(2) * noise.noise_sd / step
        case "dgsm", "vi":
            return 2 * (noise.noise_sd / STEP) ** 2
        case "dgsm", "dgsm":
            return 2 * (noise.noise_sd / STEP) ** 2 / (math.pi**2 * float(outputs[:: design.block].var()))
        case "one_way", "swing":
            return math.sqrt(2 / math.pi) * math.sqrt(2) * noise.noise_sd
    return math.nan


def noise_free(
    design: Design, labels: tuple[str, ...], values: Floats, noise: Noise, *, seed: int, confidence: float
) -> list[Index]:
    """Sobol' indices of one output with the noise removed, from two or more replicates, shape (replicates, rows).

    The estimators are those of the plain indices (Saltelli 2010; Jansen 1999) with each square or product taken
    between different replicates. Intervals are from a bootstrap over base points. None where there is hardly anything
    but noise.
    """
    replicates = len(values)
    if design.method.name != "sobol" or replicates < 2 or noise.drowned:
        return []
    blocks = (values - values.mean(axis=1, keepdims=True)).reshape(replicates, -1, design.block)
    luck = generator(seed, "noise")
    size = blocks.shape[1]
    found = _cross_indices(blocks, len(labels))
    again = [_cross_indices(blocks[:, luck.integers(size, size=size)], len(labels)) for _ in range(RESAMPLES)]
    se = np.std(again, axis=0, ddof=1)
    half = float(norm.ppf(0.5 + confidence / 2)) * se
    rows = [
        Index(label, name, float(v), float(s), float(v - h), float(v + h))
        for name, *columns in zip(("S1_noise_free", "ST_noise_free"), found, se, half, strict=True)
        for label, v, s, h in zip(labels, *columns, strict=True)
    ]
    return rows if design.method.has_intervals(design.size) else without_intervals(rows)


def _cross_indices(blocks: Floats, factors: int) -> Floats:
    """S1 and ST, shape (2, factors), from centred outputs of shape (replicates, base points, block)."""
    a, b = blocks[:, :, 0], blocks[:, :, -1]
    variance = (_cross(a, a) + _cross(b, b)) / 2
    rows = []
    for factor in range(factors):
        mixed = blocks[:, :, factor + 1]
        rows.append((_cross(b, mixed - a) / variance, _cross(a - mixed, a - mixed) / 2 / variance))
    return np.array(rows).T


def _cross(left: Floats, right: Floats) -> float:
    """Mean product of `left` and `right`, shape (replicates, points), over all pairs of different replicates."""
    replicates = len(left)
    every = (left.sum(axis=0) * right.sum(axis=0)).mean()
    same = (left * right).sum(axis=0).mean()
    return float((every - same) / (replicates * (replicates - 1)))
