"""What a study says of its hospital, as a sample of offsets that a population of hospitals can be held against.

A mean over raw atoms is a rough function of the population where hospitals hardly differ: few atoms lie within a small standard
deviation, and a sampler sticks at the population that they happen to fit. Each atom is therefore a normal kernel. Kernels and
their centres share the variance of the atoms between them (Liu and West 2001, in Sequential Monte Carlo Methods in Practice,
chapter 10), so that a study with a normal likelihood keeps its mean and its variance.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from scipy.special import logsumexp
from scipy.stats import norm

from simulator.evidence.hospitals import OFFSETS, RATES

if TYPE_CHECKING:
    from simulator.centre.surface import StudySurface

Array = NDArray[np.float64]
POINTS_OF_ALL = 60_000
"""Offsets from which a study's atoms are taken, in ROUNDS."""
ROUNDS = 3
REACH = 1.5
"""Rounds after the first propose with so many SDs of what was found before."""
BANDWIDTH = 0.3
"""Of kernels, in SDs of the atoms. Silverman's rule asks for 0.4 with 600 atoms of three offsets; likelihoods are bent, which a
narrower kernel keeps. Where an SD of the population is 0.1, 0.3 leaves a quarter of the Monte Carlo error of points."""
NARROW = 0.05
"""SD below which no offset of a study is believed to be known."""


@dataclass(frozen=True, eq=False)
class Kernels:
    """A study's likelihood of its hospital's offsets, as a sum of normal densities.

    `centres` (atoms, offsets), `log_weight` (atoms,), one `covariance` (offsets, offsets). The offset of response counts in
    studies that treat.
    """

    centres: Array
    log_weight: Array
    covariance: Array


@dataclass(frozen=True, eq=False)
class Atoms:
    """What a study says of its hospital: offsets (atoms, offsets) in proportion to likelihood times a wide normal prior.

    `log_prior` is the log density of that prior at each atom, `particle` the particle that it comes from, `wide` the prior's mean
    and SD. Atoms without `wide` are points, not kernels.
    """

    offsets: Array
    log_prior: Array
    treated: bool
    particle: NDArray[np.int64] | None = None
    wide: tuple[Array, Array] | None = None

    @property
    def known(self) -> int:
        """How many of the offsets, from the first, the study's numbers depend on."""
        return len(OFFSETS) if self.treated else len(RATES)

    @cached_property
    def kernels(self) -> Kernels:
        """The likelihood: kernels of what was found under the wide prior, that prior taken off again."""
        covariance = np.zeros((len(OFFSETS), len(OFFSETS)))
        if self.wide is None:
            return Kernels(self.offsets, -self.log_prior, covariance)
        known = slice(0, self.known)
        centre, spread = (each[known] for each in self.wide)
        x = self.offsets[:, known] - centre
        total = np.cov(x.T) + NARROW**2 * np.eye(self.known)
        # No wider than the prior that is to be taken off.
        total *= min(1.0, 1.0 / np.linalg.eigvalsh(total / np.outer(spread, spread)).max())
        share = np.sqrt(1.0 - BANDWIDTH**2)
        middles = share * x + (1.0 - share) * x.mean(axis=0)
        kernel = np.linalg.inv(BANDWIDTH**2 * total)
        precision = kernel - np.diag(1.0 / spread**2)
        covariance[known, known] = np.linalg.inv(precision)
        found = middles @ kernel @ covariance[known, known]
        centres = self.offsets.copy()
        centres[:, known] = centre + found
        level = np.linalg.slogdet(kernel)[1] - np.linalg.slogdet(precision)[1] + self.known * np.log(2.0 * np.pi)
        squares = (middles @ kernel * middles).sum(axis=1) - (found @ precision * found).sum(axis=1)
        return Kernels(centres, 0.5 * (level - squares) + np.log(spread).sum(), covariance)


def atoms(surface: StudySurface, centre: Array, spread: Array, n: int, luck: np.random.Generator) -> Atoms:
    """`n` offsets by importance resampling from a normal prior with this mean and SD.

    Proposals come from that prior and from where earlier rounds found the study's hospital, all weighed by their mixture
    (Cornuet, Scand J Stat 2012;39:798).
    """
    particles = len(surface.coefficients)
    each = POINTS_OF_ALL // (ROUNDS * particles)
    proposals = [(centre, spread)]
    points, log = np.zeros((particles, 0, len(OFFSETS))), np.zeros((particles, 0))
    weights = np.zeros(0)
    for _ in range(ROUNDS):
        middle, width = proposals[-1]
        new = middle + width * luck.standard_normal((particles, each, len(OFFSETS)))
        points = np.concatenate([points, new], axis=1)
        log = np.concatenate([log, surface.log_likelihood(new)], axis=1)
        densities = [np.sum(norm.logpdf(points, *proposal), axis=2) for proposal in proposals]
        level = log + densities[0] - logsumexp(densities, axis=0)
        weights = np.exp(level - level.max()).ravel()
        weights /= weights.sum()
        flat = points.reshape(-1, len(OFFSETS))
        found = weights @ flat
        proposals.append((found, np.maximum(REACH * np.sqrt(weights @ (flat - found) ** 2), NARROW)))
    ladder = (np.arange(n) + luck.random()) / n
    chosen = np.minimum(np.searchsorted(np.cumsum(weights), ladder), len(weights) - 1)
    chosen = luck.permutation(chosen)
    taken = points.reshape(-1, len(OFFSETS))[chosen]
    used = slice(None) if surface.treated else slice(0, len(RATES))
    density = np.asarray(norm.logpdf(taken, centre, spread))[:, used].sum(axis=1)
    return Atoms(taken, density, surface.treated, chosen // points.shape[1], (centre, spread))
