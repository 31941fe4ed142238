"""Several hypotheses over several stages between which some are dropped: closed tests of combined p values.

Every intersection of hypotheses has a p value at every stage, from that stage's patients and those of its hypotheses that are
still in the trial. They are combined with weights fixed in advance, and a hypothesis is rejected once every intersection that
holds it is, so that the chance of any false rejection stays below alpha whatever is dropped and why. Bretz F et al. Biom J
2006;48:623-634, doi 10.1002/bimj.200510232; Posch M et al. Stat Med 2005;24:3697-3714, doi 10.1002/sim.2389.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import combinations

import numpy as np
import scipy
from numpy.typing import ArrayLike, NDArray
from scipy.special import ndtr, ndtri

from simulator.statistics.multiplicity.normal_maximum import common_factor_tail

Array = NDArray[np.float64]
Bools = NDArray[np.bool_]

LEAST = 1e-15


@dataclass(frozen=True, eq=False)
class Stages:
    """What the stages of many trials bring.

    z (trials, stages, hypotheses): independent between stages, NaN where a stage has nothing to say; kept, of the same shape:
    what is still in the trial at each stage; loadings, of the same shape: how far each statistic goes with what all have in
    common, so that the correlation of two is the product of theirs.
    """

    z: Array
    kept: Bools
    loadings: Array


def intersection_p(z: Array, kept: Bools, loadings: Array, test: str) -> Array:
    """The p value of the hypotheses that are kept together, from statistics (trials, hypotheses); 1 where none is kept, and 0.5
    where none of them says anything.

    `dunnett` is the joint normal law of the largest, with correlations that are products of the loadings (Dunnett CW. J Am Stat
    Assoc 1955;50:1096-1121; for a subgroup and everybody Spiessens B, Debois M. Contemp Clin Trials 2010;31:647-656).
    """
    said = kept & np.isfinite(z)
    count = said.sum(axis=1)
    top = np.where(said, z, -np.inf)
    match test:
        case "dunnett":
            p = common_factor_tail(top.max(axis=1), np.where(said, loadings, np.nan))
        case "simes":
            ordered = np.sort(np.where(said, ndtr(-top), 1.0), axis=1)
            p = (ordered * count[:, None] / np.arange(1, z.shape[1] + 1)).min(axis=1)
        case _:
            p = ndtr(-top.max(axis=1)) * count
    p = np.where(count > 0, np.minimum(p, 1.0), 0.5)
    return np.asarray(np.where(kept.any(axis=1), p, 1.0))


def combined_z(p: Array, weights: ArrayLike) -> Array:
    """Inverse normal combination of p values (trials, stages) up to each stage, with squared weights that sum to 1 over all.

    Lehmacher W, Wassmer G. Biometrics 1999;55:1286-1290, doi 10.1111/j.0006-341X.1999.01286.x.
    """
    w = np.asarray(weights, float)
    parts = w * -ndtri(np.clip(p, LEAST, 1.0))
    return np.asarray(np.cumsum(parts, axis=1) / np.sqrt(np.cumsum(w**2)))


def fisher_limit(alpha: float) -> float:
    """The product of two p values up to which both together are significant. Bauer P, Koehne K. Biometrics 1994;50:1029-1041."""
    return float(np.exp(-0.5 * scipy.stats.chi2.isf(alpha, 4)))


def rejections(stages: Stages, weights: ArrayLike, upper: Array, test: str) -> Bools:
    """What the closed inverse normal test has rejected by each stage, (trials, stages, hypotheses).

    `upper`, (stages,) or (trials, stages), are the boundaries of a group sequential test at alpha with as many stages, at the
    information that `weights` (the roots of its increments) stand for.
    """
    return _closed(stages, test, lambda p: combined_z(p, weights) >= upper)


def fisher_rejections(stages: Stages, alpha: float, test: str) -> Bools:
    """The same by Fisher's product of two stages, which rejects nothing before the second."""
    limit = fisher_limit(alpha)

    def crossed(p: Array) -> Bools:
        return np.column_stack([np.zeros(len(p), bool), p[:, 0] * p[:, 1] <= limit])

    return _closed(stages, test, crossed)


def _closed(stages: Stages, test: str, crossed: Callable[[Array], Bools]) -> Bools:
    trials, looks, m = stages.z.shape
    out = np.ones((trials, looks, m), bool)
    for size in range(1, m + 1):
        for members in combinations(range(m), size):
            places = list(members)
            parts = [
                intersection_p(stages.z[:, k, places], stages.kept[:, k, places], stages.loadings[:, k, places], test)
                for k in range(looks)
            ]
            found = np.logical_or.accumulate(crossed(np.column_stack(parts)), axis=1)
            out[:, :, places] &= found[:, :, None]
    return out
