"""What net benefit would be expected if some inputs were known: regression of net benefit on those inputs.

The conditional mean of each option's net benefit, less that of the option now best, is a sum of smooth functions of the
inputs: a natural cubic spline of every input, and products of the splines' terms for pairs of inputs (all products for
two inputs, the smoothest terms' for more, the linear terms' for more than eight). Linear terms are free; the rest is
penalised by its curvature, with one penalty per option chosen by restricted maximum likelihood. Interactions of three
or more inputs are not represented and their value is missed.

Sources: Strong M, Oakley JE, Brennan A. Estimating multiparameter partial expected value of perfect information from a
probabilistic sensitivity analysis sample: a nonparametric regression approach. Med Decis Making 2014;34:311-26. Wood
SN. Fast stable restricted maximum likelihood and marginal likelihood estimation of semiparametric generalized linear
models. J R Stat Soc B 2011;73:3-36 (penalties as variances).
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations

import numpy as np

from simulator.statistics.decision.results import Array
from simulator.words.luck import generator

KNOTS = {1: 12, 2: 7}
"""Knots of a spline by the number of inputs; more inputs have 5 each. Fewer where draws or distinct values are few."""
DRAWS_PER_KNOT = 20
MANY_INPUTS = 8
PENALTIES = np.logspace(-8, 6, 85)
"""Penalties that are tried, relative to the strongest direction of the data."""
REFITS = 50
"""Pairs of refits with opposite noise, which leaves less noise in their mean."""
REFITTED_DRAWS = 5000
"""Refits are evaluated at about so many draws, evenly taken from all."""
NEGLIGIBLE = 1e-10


@dataclass(frozen=True)
class Fit:
    """Fitted conditional means relative to the option now best, and how the fit would vary if it were made again.

    `mean` has the shape (draws, options). In an orthonormal basis of the terms the data have the coefficients `data`
    (terms, options), of which the fit keeps the share `kept`; their noise has the covariance noise @ noise.T.
    """

    mean: Array
    basis: Array
    data: Array
    kept: Array
    noise: Array
    seed: int

    @property
    def rows(self) -> slice:
        """The draws at which refits are evaluated."""
        return slice(None, None, max(1, len(self.mean) // REFITTED_DRAWS))

    def refits(self) -> Array:
        """Fits to data simulated from this fit, at `rows`, shape (options, refits, rows).

        They differ from the fit by its noise and by its penalty, as the fit differs from the truth.
        """
        random = generator(self.seed, "refits")
        noise = random.standard_normal((REFITS, *self.data.shape)) @ self.noise.T
        coefficients = (self.kept * (self.kept * self.data + sign * noise) for sign in (1.0, -1.0))
        # One product for all refits, by the columns of their coefficients.
        columns = np.concatenate(list(coefficients)).transpose(1, 2, 0)
        fitted = self.basis[self.rows] @ columns.reshape(len(columns), -1)
        return np.asarray(fitted.T.reshape(columns.shape[1], -1, len(fitted)))


@dataclass(frozen=True)
class Terms:
    """The terms of some inputs in an orthonormal basis (draws, terms), of which the first `fixed` are free.

    `strength` are the singular values of the others, which are penalised. One set serves every net benefit.
    """

    basis: Array
    fixed: int
    strength: Array

    @classmethod
    def of(cls, inputs: Array) -> Terms:
        """The terms of `inputs` (draws, inputs)."""
        free, penalised = smooth_terms(inputs)
        basis, _ = _orthonormal(np.column_stack([np.full(len(free), 1 / np.sqrt(len(free))), free]))
        for _ in range(2):  # twice, because once leaves rounding errors
            penalised = penalised - basis @ (basis.T @ penalised)
        rest, strength = _orthonormal(penalised)
        return cls(np.column_stack([basis, rest]), basis.shape[1], strength)


def conditional_mean(net_benefit: Array, inputs: Array | Terms, seed: int = 0) -> Fit:
    """Fit the conditional mean of `net_benefit` (draws, options) given `inputs` (draws, inputs), or their terms.

    The result does not depend on the units of the inputs.
    """
    relative = net_benefit - net_benefit[:, [net_benefit.mean(axis=0).argmax()]]
    terms = inputs if isinstance(inputs, Terms) else Terms.of(inputs)
    basis, fixed, strength = terms.basis, terms.fixed, terms.strength
    data = basis.T @ relative
    kept = np.ones_like(data)
    if len(strength):
        outside = (relative**2).sum(axis=0) - (data[:fixed] ** 2).sum(axis=0)
        kept[fixed:] = _shrinkage(data[fixed:] ** 2, np.maximum(outside, 0.0), strength**2, max(len(basis) - fixed, 1))
    mean = basis @ (kept * data)
    residual = relative - mean
    freedom = np.sqrt(np.maximum(len(basis) - kept.sum(axis=0), 1.0))
    noise = _square_root(residual.T @ residual / np.outer(freedom, freedom))
    return Fit(mean, basis, data, kept, noise, seed)


def smooth_terms(inputs: Array) -> tuple[Array, Array]:
    """Linear terms (draws, inputs) and curved terms (draws, terms) of standardised inputs; constants are left out."""
    inputs = inputs[:, inputs.std(axis=0) > NEGLIGIBLE * np.abs(inputs).max(axis=0, initial=0.0)]
    draws, count = inputs.shape
    if count == 0:
        return np.empty((draws, 0)), np.empty((draws, 0))
    linear = (inputs - inputs.mean(axis=0)) / inputs.std(axis=0)
    knots = int(np.clip(draws // DRAWS_PER_KNOT, 3, KNOTS.get(count, 5)))
    curved = [_curves(column, knots) for column in linear.T]
    products = {2: knots, **dict.fromkeys(range(3, MANY_INPUTS + 1), 1)}.get(count, 0)
    several = [np.column_stack([line, curves[:, :products]]) for line, curves in zip(linear.T, curved, strict=True)]
    pairs = [(one[:, :, None] * other[:, None, :]).reshape(draws, -1) for one, other in combinations(several, 2)]
    return linear, np.column_stack([*curved, *pairs])


def _curves(values: Array, knots: int) -> Array:
    """The curved part of a natural cubic spline, the smoothest term first, each scaled to unit integrated curvature."""
    from scipy.interpolate import CubicSpline

    distinct = np.unique(values)
    places = distinct if len(distinct) <= knots else np.unique(np.quantile(values, np.linspace(0, 1, knots)))
    if len(places) < 3:
        return np.empty((len(values), 0))
    spline = CubicSpline(places, np.eye(len(places)), bc_type="natural")
    bend, gaps = spline(places, 2), np.diff(places)
    # Integral of the squared second derivative, which is linear between knots.
    weights = np.diag(np.append(gaps, 0) + np.append(0, gaps)) / 3 + (np.diag(gaps, 1) + np.diag(gaps, -1)) / 6
    curvature, directions = np.linalg.eigh(bend.T @ weights @ bend)
    # The two straight directions have no curvature and come first.
    return np.asarray(spline(values) @ (directions[:, 2:] / np.sqrt(curvature[2:])))


def _orthonormal(terms: Array) -> tuple[Array, Array]:
    """An orthonormal basis of the terms and the singular values along it; negligible directions are dropped."""
    if terms.shape[1] == 0:
        return terms, np.empty(0)
    square, directions = np.linalg.eigh(terms.T @ terms)
    used = square > NEGLIGIBLE * square[-1]
    strength = np.sqrt(square[used])
    return terms @ (directions[:, used] / strength), strength


def _shrinkage(squares: Array, outside: Array, strength: Array, freedom: int) -> Array:
    """The share of every coefficient that is kept under the penalty of highest restricted likelihood, per option."""
    ratio = strength[None, :] / (PENALTIES * strength.max())[:, None]
    kept = ratio / (1 + ratio)
    spread = np.maximum(outside - kept @ squares, NEGLIGIBLE * outside + np.finfo(float).tiny) / freedom
    deviance = freedom * np.log(spread) + np.log1p(ratio).sum(axis=1)[:, None]
    return np.asarray(kept[deviance.argmin(axis=0)].T)


def _square_root(covariance: Array) -> Array:
    """A matrix whose product with its transpose is `covariance`, also where that is singular."""
    values, vectors = np.linalg.eigh(covariance)
    return np.asarray(vectors * np.sqrt(np.maximum(values, 0.0)))
