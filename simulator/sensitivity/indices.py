"""Sensitivity indices of one output at a time, through SALib, each with its interval.

What SALib leaves to its callers happens here. It returns zeros without a word when one output is not a number, so
`Runs` are checked before they come here. It takes a seed of 0 for none and seeds the global generator of NumPy, so
it is given a seed that is never 0 and the caller's generator is put back. Its interval of the derivative-based
measure is that of another quantity, and it has none for several indices: these come from a bootstrap over the
blocks of the design.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import combinations

import numpy as np
import pandas as pd
from scipy.stats import norm
from scipy.stats import t as student

from simulator.sensitivity.designs import CURVE, HARMONICS, MORRIS_LEVELS, Design, salib_problem
from simulator.sensitivity.inputs import Floats
from simulator.sensitivity.space import Space
from simulator.words.luck import generator

RESAMPLES = 100
FEW_RESAMPLES = 25
"""Of methods that test distributions against each other, which takes seconds per output already."""
REGIONS = 4
"""Regional analysis sets each quarter of the results against the others."""

HEADLINE = {
    "one_way": "swing",
    "grid": "main_effect",
    "morris": "mu_star",
    "dgsm": "dgsm",
    "sobol": "ST",
    "fast": "ST",
    "rbd_fast": "S1",
    "delta": "delta",
    "pawn": "median",
    "regional": "largest",
}
"""The index by which a method ranks parameters."""
SIGNED = {"one_way"}
"""Methods whose ranking index has a direction. Others estimate what is never negative, so below zero is no strength."""


def strengths(method: str, values: pd.Series[float]) -> pd.Series[float]:
    """How strong parameters are, by their ranking index."""
    return values.abs() if method in SIGNED else values


@dataclass(frozen=True)
class Index:
    """One index of one parameter (or factor, or group) with its standard error and interval."""

    parameter: str
    index: str
    value: float
    se: float
    low: float
    high: float


def is_constant(outputs: Floats) -> bool:
    """Whether an output never moves, beyond the last digits of its arithmetic."""
    return bool(np.ptp(outputs) <= 1e-12 * np.max(np.abs(outputs)))


def indices(
    design: Design,
    space: Space,
    outputs: Floats,
    errors: Floats,
    *,
    seed: int,
    confidence: float,
    replicates: Floats | None = None,
) -> list[Index]:
    """The indices of a method for one output, shape (rows,), with its Monte Carlo standard errors.

    Intervals at level `confidence` tell what another sample of the design might give; those of one-way and grid
    designs, which are no samples, come from the Monte Carlo errors. Where there are `replicates`, shape (replicates,
    rows), those of a one-way design come from them instead, so that luck which all rows share cancels. An output that
    never moves has no indices: each is NaN.
    """
    estimate = _ESTIMATES[design.method.name]
    wobbling = outputs if not is_constant(outputs) else generator(0, "constant").random(len(outputs))
    with _salib(seed) as luck:
        found = estimate(_Question(design, space, wobbling, errors, luck, confidence, replicates))
    if wobbling is not outputs:
        return [Index(each.parameter, each.index, np.nan, np.nan, np.nan, np.nan) for each in found]
    return found


@dataclass(frozen=True, eq=False)
class _Question:
    design: Design
    space: Space
    outputs: Floats
    errors: Floats
    luck: np.random.Generator
    confidence: float
    replicates: Floats | None = None

    @property
    def z(self) -> float:
        return float(norm.ppf(0.5 + self.confidence / 2))

    @property
    def names(self) -> tuple[str, ...]:
        return self.space.labels

    def seed(self) -> int:
        """A seed that SALib honours: positive and 31 bits."""
        return int(self.luck.integers(1, 2**31 - 1))

    def rows(self, name: str, values: Floats, half_widths: Floats) -> list[Index]:
        """Indices with symmetric intervals."""
        return [
            Index(parameter, name, float(value), float(half / self.z), float(value - half), float(value + half))
            for parameter, value, half in zip(self.names, values, half_widths, strict=True)
        ]

    def again(self, estimate: Callable[[Floats, Floats], Floats], resamples: int) -> Floats:
        """What `estimate` makes of points and outputs when whole blocks are drawn again, one row per resample."""
        block = self.design.block
        size = len(self.outputs) // block
        rows = np.arange(size * block).reshape(size, block)
        picks = [rows[self.luck.integers(size, size=size)].ravel() for _ in range(resamples)]
        return np.array([estimate(self.design.points[pick], self.outputs[pick]) for pick in picks])

    def bootstrap(self, estimate: Callable[[Floats, Floats], Floats], resamples: int = RESAMPLES) -> Floats:
        """Half-widths of the indices that `estimate` makes."""
        return np.asarray(self.z * np.nanstd(self.again(estimate, resamples), axis=0, ddof=1), dtype=np.float64)


def _sobol(ask: _Question) -> list[Index]:
    from SALib.analyze import sobol

    problem = salib_problem(ask.space.factors, ask.space.groups)
    second = ask.design.second_order
    found = sobol.analyze(
        problem,
        ask.outputs,
        calc_second_order=second,
        num_resamples=RESAMPLES,
        conf_level=ask.confidence,
        seed=ask.seed(),
    )
    rows = ask.rows("S1", found["S1"], found["S1_conf"]) + ask.rows("ST", found["ST"], found["ST_conf"])
    if second:
        for i, j in combinations(range(len(ask.names)), 2):
            value, half = float(found["S2"][i, j]), float(found["S2_conf"][i, j])
            pair = f"{ask.names[i]} × {ask.names[j]}"
            rows.append(Index(pair, "S2", value, half / ask.z, value - half, value + half))
    return rows


def _morris(ask: _Question) -> list[Index]:
    from SALib.analyze import morris

    problem = salib_problem(ask.space.factors, ask.space.groups)
    names = ("mu_star", "mu", "sigma")

    def estimate(points: Floats, outputs: Floats) -> Floats:
        found = morris.analyze(problem, points, outputs, num_resamples=2, num_levels=MORRIS_LEVELS, seed=1)
        return np.array([np.ma.filled(found[name], np.nan) for name in names], dtype=np.float64)

    values, halves = estimate(ask.design.points, ask.outputs), ask.bootstrap(estimate)
    return [row for i, name in enumerate(names) for row in ask.rows(name, values[i], halves[i])]


def _fast(ask: _Question) -> list[Index]:
    """Means over search curves with different phases; SALib's own interval for one curve is known to be unreliable.

    The intervals do not cover what the neglected higher harmonics would add, which no number of curves brings.
    """
    from SALib.analyze import fast

    problem = salib_problem(ask.space.factors)
    curves = ask.outputs.reshape(-1, len(ask.names) * CURVE)
    found = [fast.analyze(problem, curve, M=HARMONICS, num_resamples=2, seed=1) for curve in curves]
    rows: list[Index] = []
    for name in ("S1", "ST"):
        each = np.array([curve[name] for curve in found], dtype=np.float64)
        se = each.std(axis=0, ddof=1) / np.sqrt(len(curves))
        wide = student.ppf(0.5 + ask.confidence / 2, len(curves) - 1)
        rows += [
            Index(parameter, name, float(mean), float(s), float(mean - wide * s), float(mean + wide * s))
            for parameter, mean, s in zip(ask.names, each.mean(axis=0), se, strict=True)
        ]
    return rows


def _rbd_fast(ask: _Question) -> list[Index]:
    from SALib.analyze import rbd_fast

    found = rbd_fast.analyze(
        salib_problem(ask.space.factors),
        ask.design.points,
        ask.outputs,
        num_resamples=RESAMPLES,
        conf_level=ask.confidence,
        seed=ask.seed(),
    )
    return ask.rows("S1", np.array(found["S1"]), np.array(found["S1_conf"]))


def _dgsm(ask: _Question) -> list[Index]:
    """Mean squared slopes on the cube and the bound of the total index they give (Sobol' and Kucherenko 2009)."""
    from SALib.analyze import dgsm

    problem = salib_problem(ask.space.factors)

    def estimate(points: Floats, outputs: Floats) -> Floats:
        found = dgsm.analyze(problem, points, outputs, num_resamples=2, seed=1)
        return np.array([found["dgsm"], found["vi"]], dtype=np.float64)

    values, halves = estimate(ask.design.points, ask.outputs), ask.bootstrap(estimate)
    return ask.rows("dgsm", values[0], halves[0]) + ask.rows("vi", values[1], halves[1])


def _delta(ask: _Question) -> list[Index]:
    """Half the area between the output's density and its density given the factor (Borgonovo 2007).

    Estimated over equal parts of the sample with the bootstrap's bias taken off (Plischke et al. 2013, eq. 26 and 30).
    SALib 1.6 starts that correction from a resample instead of the sample, which undoes it.
    """
    from SALib.analyze.delta import calc_delta

    size = len(ask.outputs)
    parts = round(min(math.ceil(size ** (2 / (7 + math.tanh((1500 - size) / 500)))), 48))
    edges = np.linspace(0, size, parts + 1)
    grid = np.linspace(ask.outputs.min(), ask.outputs.max(), 100)

    def estimate(points: Floats, outputs: Floats) -> Floats:
        return np.array([calc_delta(outputs, grid, column, edges) for column in points.T])

    plain = estimate(ask.design.points, ask.outputs)
    again = ask.again(estimate, FEW_RESAMPLES)
    return ask.rows("delta", 2 * plain - again.mean(axis=0), ask.z * again.std(axis=0, ddof=1))


def _pawn(ask: _Question) -> list[Index]:
    from SALib.analyze import pawn

    problem = salib_problem(ask.space.factors)
    names = ("median", "maximum")

    def estimate(points: Floats, outputs: Floats) -> Floats:
        found = pawn.analyze(problem, points, outputs)
        return np.array([found[name] for name in names], dtype=np.float64)

    values, halves = estimate(ask.design.points, ask.outputs), ask.bootstrap(estimate, FEW_RESAMPLES)
    return [row for i, name in enumerate(names) for row in ask.rows(name, values[i], halves[i])]


def _regional(ask: _Question) -> list[Index]:
    """Distance between a factor's distribution inside a quarter of the results and outside it.

    The Cramér-von Mises statistic of SALib grows with the sample; divided by n m / (n + m) it is the mean squared
    difference of the two distribution functions, from 0 to 1/3. A quarter in which all results are equal has none.
    """
    from SALib.analyze.rsa import rsa

    size = len(ask.outputs)
    scale = size * (1 / REGIONS) * (1 - 1 / REGIONS)

    def estimate(points: Floats, outputs: Floats) -> Floats:
        found = rsa(points, outputs, REGIONS, "Y") / scale
        return np.vstack([found, np.nanmax(found, axis=0)])

    values, halves = estimate(ask.design.points, ask.outputs), ask.bootstrap(estimate, FEW_RESAMPLES)
    names = [f"quarter_{i + 1}" for i in range(REGIONS)] + ["largest"]
    return [row for i, name in enumerate(names) for row in ask.rows(name, values[i], halves[i])]


def _one_way(ask: _Question) -> list[Index]:
    """The output at either end of each factor's range, and the swing between them.

    With replicates the interval of an end is that of its distance from the base.
    """
    levels = ask.design.size
    at = ask.outputs[1:].reshape(-1, levels)
    ends = {"swing": at[:, -1] - at[:, 0], "at_low": at[:, 0], "at_high": at[:, -1]}
    if ask.replicates is not None and len(ask.replicates) > 1:
        each = (ask.replicates[:, 1:] - ask.replicates[:, :1]).reshape(len(ask.replicates), -1, levels)
        apart = {"swing": each[:, :, -1] - each[:, :, 0], "at_low": each[:, :, 0], "at_high": each[:, :, -1]}
        spread = {name: values.std(axis=0, ddof=1) / math.sqrt(len(values)) for name, values in apart.items()}
        wide = float(student.ppf(0.5 + ask.confidence / 2, len(each) - 1))
    else:
        low, high = (ask.errors[1:].reshape(-1, levels)[:, end] for end in (0, -1))
        spread = {"swing": np.hypot(low, high), "at_low": low, "at_high": high}
        wide = ask.z
    return [
        Index(parameter, name, float(value), float(se), float(value - wide * se), float(value + wide * se))
        for name, values in ends.items()
        for parameter, value, se in zip(ask.names, values, spread[name], strict=True)
    ]


def _grid(ask: _Question) -> list[Index]:
    """Share of the variance over the grid that lies between the levels of each factor alone."""
    levels, factors = ask.design.size, len(ask.names)
    shape = (levels,) * factors
    table, noise = ask.outputs.reshape(shape), ask.errors.reshape(shape)
    total = float(table.var())
    shares, halves = np.empty(factors), np.empty(factors)
    for factor in range(factors):
        others = tuple(axis for axis in range(factors) if axis != factor)
        means = table.mean(axis=others)
        se = np.sqrt((noise**2).sum(axis=others)) / (noise.size / levels)
        shares[factor] = means.var() / total
        halves[factor] = ask.z * 2 * float(np.sqrt((((means - means.mean()) * se) ** 2).sum())) / levels / total
    return ask.rows("main_effect", shares, halves)


_ESTIMATES: dict[str, Callable[[_Question], list[Index]]] = {
    "one_way": _one_way,
    "grid": _grid,
    "morris": _morris,
    "dgsm": _dgsm,
    "sobol": _sobol,
    "fast": _fast,
    "rbd_fast": _rbd_fast,
    "delta": _delta,
    "pawn": _pawn,
    "regional": _regional,
}


@contextmanager
def _salib(seed: int) -> Iterator[np.random.Generator]:
    """Luck for one analysis, SALib's warnings aside and the global generator, which SALib seeds, put back after it."""
    state = np.random.get_state()  # noqa: NPY002 -- SALib seeds this one
    formatting = warnings.formatwarning
    try:
        with warnings.catch_warnings():
            # SALib turns its warnings on again, so nobody shows them.
            warnings.showwarning = lambda *_args, **_more: None
            yield generator(seed, "indices")
    finally:
        warnings.formatwarning = formatting
        np.random.set_state(state)  # noqa: NPY002
