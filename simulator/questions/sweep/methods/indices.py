"""Sensitivity indices of one output at a time, through SALib, each with its interval.

What SALib leaves to its callers happens here. It returns zeros without a word when one output is not a number, so
`Runs` are checked before they come here. It takes a seed of 0 for none and seeds the global generator of NumPy, so
it is given a seed that is never 0 and the caller's generator is put back.

Intervals are SALib's for Sobol' indices and RBD-FAST. Its interval of the derivative-based measure is that of another
quantity, so ours is a bootstrap over the blocks of the design; its interval of mu* is too narrow for few trajectories,
so ours is Student's. Other methods have no interval, nor have small studies: `Method.intervals_from`.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import combinations

import numpy as np
import pandas as pd
from scipy.stats import norm
from scipy.stats import t as student

from simulator.questions.sweep.methods.designs import CURVE, HARMONICS, MORRIS_LEVELS, Design, salib_problem
from simulator.questions.sweep.methods.inputs import Floats
from simulator.questions.sweep.methods.space import Space
from simulator.words.luck import generator

RESAMPLES = 100
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
    """One index of one parameter (or factor, or group) with its standard error and interval, NaN where it has none."""

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

    Intervals at level `confidence` tell what another sample of the design might give, where the method at this size
    has any that hold what they say. Those of a one-way design, which is no sample, come from the Monte Carlo errors,
    or from `replicates`, shape (replicates, rows), so that luck which all rows share cancels. An output that never
    moves has no indices: each is NaN.
    """
    estimate = _ESTIMATES[design.method.name]
    wobbling = outputs if not is_constant(outputs) else generator(0, "constant").random(len(outputs))
    with _salib(seed) as luck:
        found = estimate(_Question(design, space, wobbling, errors, luck, confidence, replicates))
    if wobbling is not outputs:
        return [Index(each.parameter, each.index, np.nan, np.nan, np.nan, np.nan) for each in found]
    return found if design.method.has_intervals(design.size) else without_intervals(found)


def without_intervals(found: Iterable[Index]) -> list[Index]:
    """The same indices with nothing said about their errors."""
    return [replace(each, se=math.nan, low=math.nan, high=math.nan) for each in found]


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

    def rows(
        self, name: str, values: Floats, half_widths: Floats | None = None, errors: float | None = None
    ) -> list[Index]:
        """Indices with symmetric intervals of so many standard `errors` (those of a normal law), or with none."""
        half_widths = np.full(len(values), np.nan) if half_widths is None else half_widths
        return [
            Index(
                parameter,
                name,
                float(value),
                float(half / (errors or self.z)),
                float(value - half),
                float(value + half),
            )
            for parameter, value, half in zip(self.names, values, half_widths, strict=True)
        ]

    def bootstrap(self, estimate: Callable[[Floats, Floats], Floats]) -> Floats:
        """Half-widths of the indices that `estimate` makes, from whole blocks drawn again."""
        block = self.design.block
        size = len(self.outputs) // block
        rows = np.arange(size * block).reshape(size, block)
        picks = [rows[self.luck.integers(size, size=size)].ravel() for _ in range(RESAMPLES)]
        again = np.array([estimate(self.design.points[pick], self.outputs[pick]) for pick in picks])
        return np.asarray(self.z * np.nanstd(again, axis=0, ddof=1), dtype=np.float64)


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
    """Mean size of the elementary effects; for a factor that stands alone also their mean and spread.

    A group has neither: its members move up and down at once, so that its effects have no sign of their own.
    """
    from SALib.analyze import morris

    problem = salib_problem(ask.space.factors, ask.space.groups)
    block, size = ask.design.block, ask.design.size

    def found(part: slice) -> dict[str, Floats]:
        table = morris.analyze(
            problem, ask.design.points[part], ask.outputs[part], num_resamples=2, num_levels=MORRIS_LEVELS, seed=1
        )
        return {name: np.ma.filled(table[name], np.nan).astype(np.float64) for name in ("mu_star", "mu", "sigma")}

    whole = found(slice(None))
    each = [found(slice(number * block, (number + 1) * block)) for number in range(size)]
    wide = float(student.ppf(0.5 + ask.confidence / 2, size - 1))
    rows: list[Index] = []
    for name in ("mu_star", "mu"):
        se = np.std([of[name] for of in each], axis=0, ddof=1) / math.sqrt(size)
        rows += ask.rows(name, whole[name], wide * se, wide)
    rows += ask.rows("sigma", whole["sigma"])
    members = ask.names if ask.space.groups is None else ask.space.groups
    return [row for row in rows if row.index == "mu_star" or members.count(row.parameter) == 1]


def _fast(ask: _Question) -> list[Index]:
    """Means over search curves with different phases."""
    from SALib.analyze import fast

    problem = salib_problem(ask.space.factors)
    curves = ask.outputs.reshape(-1, len(ask.names) * CURVE)
    found = [fast.analyze(problem, curve, M=HARMONICS, num_resamples=2, seed=1) for curve in curves]
    return [row for name in ("S1", "ST") for row in ask.rows(name, np.mean([curve[name] for curve in found], axis=0))]


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


def _pawn(ask: _Question) -> list[Index]:
    from SALib.analyze import pawn

    found = pawn.analyze(salib_problem(ask.space.factors), ask.design.points, ask.outputs)
    return [row for name in ("median", "maximum") for row in ask.rows(name, np.array(found[name]))]


def _regional(ask: _Question) -> list[Index]:
    """Distance between a factor's distribution inside a quarter of the results and outside it.

    The Cramér-von Mises statistic of SALib grows with the sample; divided by n m / (n + m) it is the mean squared
    difference of the two distribution functions, from 0 to 1/3. A quarter in which all results are equal has none.
    """
    from SALib.analyze.rsa import rsa

    scale = len(ask.outputs) * (1 / REGIONS) * (1 - 1 / REGIONS)
    found = rsa(ask.design.points, ask.outputs, REGIONS, "Y") / scale
    rows = [row for i, quarter in enumerate(found) for row in ask.rows(f"quarter_{i + 1}", quarter)]
    return rows + ask.rows("largest", np.nanmax(found, axis=0))


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
    factors = len(ask.names)
    table = ask.outputs.reshape((ask.design.size,) * factors)
    means = [table.mean(axis=tuple(axis for axis in range(factors) if axis != factor)) for factor in range(factors)]
    return ask.rows("main_effect", np.array([levels.var() for levels in means]) / float(table.var()))


_ESTIMATES: dict[str, Callable[[_Question], list[Index]]] = {
    "one_way": _one_way,
    "grid": _grid,
    "morris": _morris,
    "dgsm": _dgsm,
    "sobol": _sobol,
    "fast": _fast,
    "rbd_fast": _rbd_fast,
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
