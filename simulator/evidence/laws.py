"""Quantile and distribution functions of the register's distributions, untruncated.

Those of `scipy.stats`, to the bit, from the special functions behind them: that package takes half a second to import,
and every command draws parameters.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from math import inf
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import betainc, betaincinv, gammainc, gammaincinv, ndtr, ndtri

from simulator.evidence.parameter import (
    Beta,
    Distribution,
    Fixed,
    Gamma,
    Lognormal,
    LogUniform,
    Normal,
    Triangular,
    Uniform,
)

Array: TypeAlias = NDArray[np.float64]


@dataclass(frozen=True)
class Law:
    """A distribution in standard form, `standard_quantile` and `standard_share` on `support`, then times `scale` plus `place`."""

    standard_quantile: Callable[[Array], Array]
    standard_share: Callable[[Array], Array]
    place: float = 0.0
    scale: float = 1.0
    support: tuple[float, float] = (-inf, inf)

    def quantile(self, probability: ArrayLike) -> Array:
        """The value below which a share of draws lies; of 0 and 1 the ends of the support."""
        return np.asarray(self.standard_quantile(np.asarray(probability, np.float64)) * self.scale + self.place)

    def share_below(self, value: float) -> float:
        """The share of draws that do not exceed a value."""
        standard = np.clip((np.float64(value) - self.place) / self.scale, *self.support)
        return float(self.standard_share(np.asarray(standard)))


def law_of(distribution: Distribution, centre: float) -> Law | None:
    """The distribution written around `centre`; None when it is fixed."""
    match distribution:
        case Fixed():
            return None
        case Normal(sd=sd):
            return Law(_array(ndtri), _array(ndtr), centre, sd)
        case Lognormal(sd_log=sd_log):
            return Law(
                _array(lambda p: np.exp(sd_log * ndtri(p))),
                _array(lambda x: ndtr(_log(x) / sd_log)),
                scale=centre,
                support=(0, inf),
            )
        case Beta(n=n, sd=sd):
            size = beta_size(centre, n, sd)
            a, b = centre * size, (1 - centre) * size
            return Law(_array(partial(betaincinv, a, b)), _array(partial(betainc, a, b)), support=(0, 1))
        case Gamma(sd=spread):
            shape = (centre / spread) ** 2
            return Law(
                _array(partial(gammaincinv, shape)),
                _array(partial(gammainc, shape)),
                scale=spread**2 / centre,
                support=(0, inf),
            )
        case Uniform(low=low, high=high):
            return Law(np.asarray, np.asarray, low, high - low, support=(0, 1))
        case LogUniform(low=low, high=high):
            start, width = np.log(low), np.log(high) - np.log(low)
            return Law(
                lambda p: np.asarray(np.exp(start + p * width)),
                lambda x: (_log(x) - start) / width,
                support=(low, high),
            )
        case Triangular(low=low, high=high):
            mode = (centre - low) / (high - low)
            return Law(
                partial(_triangular_quantile, mode), partial(_triangular_share, mode), low, high - low, support=(0, 1)
            )


def beta_size(mean: float, n: float | None, sd: float | None) -> float:
    """The sum of a beta distribution's two parameters, stated as `n` or by its standard deviation."""
    return n if n is not None else mean * (1 - mean) / (sd or 1.0) ** 2 - 1


def _array(function: Callable[[Array], Any]) -> Callable[[Array], Array]:
    return lambda x: np.asarray(function(x), np.float64)


def _log(x: Array) -> Array:
    with np.errstate(divide="ignore"):
        return np.asarray(np.log(x))


def _triangular_quantile(mode: float, p: Array) -> Array:
    return np.where(p < mode, np.sqrt(mode * p), 1 - np.sqrt((1 - mode) * (1 - p)))


def _triangular_share(mode: float, x: Array) -> Array:
    rising = float(x) < mode or mode == 1
    return np.asarray(x * x / mode if rising else (x * x - 2 * x + mode) / (mode - 1))
