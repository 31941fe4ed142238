"""From the unit cube, where designs live, to the inputs that a model runs with.

Each axis of the cube is a *factor*, uniform and independent of the others. Most factors move one input through its
quantile function. Inputs of one stream share a factor. Inputs that were estimated together keep their dependence
through a Gaussian copula: the rank correlations of their draws, each input with the quantiles of its own draws.

With a copula the first input of the draws has a factor to itself, and each later factor moves what its input does
not share with the inputs before it (Mara and Tarantola 2012, doi 10.1016/j.ress.2011.08.008). Indices of such factors
say so in their names, unless the study asks for the block as one group.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import norm, spearmanr

from simulator.questions.sweep.methods.inputs import Floats, Input, JointDraws, Quantile, empirical, uniform_between
from simulator.words.errors import BadInput, Problem, nearest

TAIL = 1e-9
"""Probabilities stay this far from 0 and 1, where quantiles may be infinite."""
OUTSIDE = 0.05
"""Share of a distribution outside the range over which designs with levels move an input (half at either end)."""


@dataclass(frozen=True, eq=False)
class Copula:
    """Factors (columns of the unit cube) tied by the lower Cholesky root of their correlation."""

    columns: NDArray[np.intp]
    root: Floats

    def tie(self, unit: Floats) -> Floats:
        """Independent uniforms, shape (rows, columns), as uniforms that go together."""
        # Not a matrix product of BLAS, whose last bits may depend on the machine's threads.
        return np.asarray(norm.cdf(np.einsum("ij,kj->ik", norm.ppf(unit), self.root)), dtype=np.float64)

    def untie(self, tied: Floats) -> Floats:
        """The independent uniforms behind tied ones."""
        return np.asarray(norm.cdf(np.linalg.solve(self.root, norm.ppf(tied).T).T), dtype=np.float64)


@dataclass(frozen=True, eq=False)
class Space:
    """The inputs that a study varies and the factors that move them.

    `column` gives the factor of each input, `quantiles` its quantile function. `spans` tells which inputs vary over
    a range that the study gave. `groups` has a label per factor, or is None where every factor stands for itself.
    """

    inputs: tuple[Input, ...]
    quantiles: tuple[Quantile, ...]
    column: NDArray[np.intp]
    spans: tuple[bool, ...]
    factors: tuple[str, ...]
    groups: tuple[str, ...] | None = None
    copulas: tuple[Copula, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the inputs, in the order of the columns that the model sees."""
        return tuple(each.name for each in self.inputs)

    @property
    def labels(self) -> tuple[str, ...]:
        """What indices are about: the factors, or the groups in order of appearance."""
        return self.factors if self.groups is None else tuple(dict.fromkeys(self.groups))

    def to_inputs(self, unit: Floats, *, levels: bool = False) -> Floats:
        """The inputs at points of the cube, shape (rows, inputs).

        With `levels` the cube spans each input's range where the study gave one and the central 95% of its
        distribution otherwise, so that a level of 0 or 1 is a value somebody could meet.
        """
        tied = self._spread(np.asarray(unit, dtype=np.float64), levels)
        for copula in self.copulas:
            tied[:, copula.columns] = copula.tie(tied[:, copula.columns])
        rows = np.empty((len(tied), len(self.inputs)))
        for i, quantile in enumerate(self.quantiles):
            rows[:, i] = quantile(tied[:, self.column[i]])
        return rows + 0.0  # a negative zero would give one run two names

    def base_point(self) -> Floats:
        """The point of the cube nearest to that where every factor's first input has its base value.

        For designs with levels. `off_base` names the factors for which no such point is in the cube.
        """
        tied = self._untied({})
        margin = self._margins()
        return np.clip((tied - margin) / (1 - 2 * margin), 0.0, 1.0)

    def point_at(self, values: Mapping[str, float]) -> Floats:
        """The point of the cube with these values of inputs and the others at their base, to ask an emulator.

        Values beyond a distribution or range become its ends. Raises BadInput for inputs that the study does not vary.
        """
        problems = [
            Problem("what if", name, repr(value), nearest(name, self.names))
            for name, value in values.items()
            if name not in self.names
        ]
        if problems:
            raise BadInput(problems)
        return self._untied(values)

    def _untied(self, values: Mapping[str, float]) -> Floats:
        """The point of the cube behind values of inputs; a factor that moves several follows the first of them."""
        tied = np.empty(len(self.factors))
        for factor in range(len(self.factors)):
            moved = np.flatnonzero(self.column == factor).tolist()
            first = next((i for i in moved if self.names[i] in values), moved[0])
            value = values.get(self.names[first], self.inputs[first].base)
            tied[factor] = np.clip(_probability(self.quantiles[first], value), TAIL, 1 - TAIL)
        for copula in self.copulas:
            tied[copula.columns] = copula.untie(tied[copula.columns][None, :])[0]
        return tied

    def off_base(self) -> tuple[str, ...]:
        """Factors whose base value lies outside what a design with levels covers."""
        here = self.to_inputs(self.base_point()[None, :], levels=True)[0]
        ends = self.to_inputs(np.array([[0.0], [1.0]]) * np.ones(len(self.factors)), levels=True)
        first = [int(np.flatnonzero(self.column == factor)[0]) for factor in range(len(self.factors))]
        return tuple(
            name
            for name, i in zip(self.factors, first, strict=True)
            if abs(here[i] - self.inputs[i].base) > 1e-6 * abs(ends[1, i] - ends[0, i])
        )

    def _margins(self) -> Floats:
        ranged = np.zeros(len(self.factors), dtype=bool)
        for i, span in enumerate(self.spans):
            ranged[self.column[i]] |= span
        return np.where(ranged, 0.0, OUTSIDE / 2)

    def _spread(self, unit: Floats, levels: bool) -> Floats:
        margin = self._margins() if levels else 0.0
        return np.clip(margin + (1 - 2 * margin) * unit, TAIL, 1 - TAIL)


def build_space(
    inputs: tuple[Input, ...],
    ranges: Mapping[str, tuple[float, float]],
    joint: tuple[JointDraws, ...],
    *,
    by_group: bool,
    joint_as_group: bool,
) -> Space:
    """The space of a study's inputs.

    `ranges` replaces the distributions of the inputs it names. Inputs of `joint` draws are tied if two or more of
    them vary; one alone keeps the quantiles of its draws.
    """
    streams = list(dict.fromkeys(each.moves_with for each in inputs))
    column = np.array([streams.index(each.moves_with) for each in inputs], dtype=np.intp)
    names = [each.name for each in inputs]
    factors = list(streams)
    groups = [next(each for each in inputs if each.moves_with == stream).group or stream for stream in streams]
    if not by_group:
        groups = list(factors)
    own: dict[str, Quantile] = {each.name: each.quantile for each in inputs if each.quantile is not None}
    copulas = []
    for draws in joint:
        varied = [name for name in draws.names if name in names]
        values = draws.values[:, [draws.names.index(name) for name in varied]]
        own |= {name: empirical(values[:, i]) for i, name in enumerate(varied)}
        if len(varied) < 2:
            continue
        columns = column[[names.index(name) for name in varied]]
        copulas.append(Copula(columns, correlation_root(values)))
        for place, factor in enumerate(columns):
            if joint_as_group:
                groups[factor] = draws.label
            elif place:
                before = varied[0] if place == 1 else f"{place} before"
                factors[factor] = f"{factors[factor]} (given {before})"
                groups[factor] = groups[factor] if by_group else factors[factor]
    own |= {name: uniform_between(*bounds) for name, bounds in ranges.items()}
    grouped = by_group or (joint_as_group and bool(copulas))
    return Space(
        inputs=inputs,
        quantiles=tuple(own[name] for name in names),
        column=column,
        spans=tuple(name in ranges for name in names),
        factors=tuple(factors),
        groups=tuple(groups) if grouped else None,
        copulas=tuple(copulas),
    )


def correlation_root(draws: Floats) -> Floats:
    """Lower Cholesky root of the normal correlations that give the draws' rank correlations, 2 sin(pi rho / 6).

    Where those are not a correlation matrix, its negative eigenvalues are raised to a small positive number.
    """
    ranks = np.atleast_2d(spearmanr(draws).statistic)
    if ranks.shape == (1, 1):
        ranks = np.array([[1.0, ranks[0, 0]], [ranks[0, 0], 1.0]])
    normal = 2 * np.sin(np.pi * ranks / 6)
    np.fill_diagonal(normal, 1.0)
    sizes, axes = np.linalg.eigh(normal)
    mended = (axes * np.maximum(sizes, 1e-10)) @ axes.T
    scale = np.sqrt(np.diag(mended))
    return np.linalg.cholesky(mended / np.outer(scale, scale))


def _probability(quantile: Quantile, value: float) -> float:
    """The probability whose quantile is `value`, by bisection; 0 or 1 beyond the ends."""
    low, high = 0.0, 1.0
    for _ in range(60):
        middle = (low + high) / 2
        if float(quantile(np.array([middle]))[0]) < value:
            low = middle
        else:
            high = middle
    return (low + high) / 2
