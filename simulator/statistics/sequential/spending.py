"""How the type I (or type II) error is spent as information accrues.

Every function takes the total error and the information fraction, and gives the error spent by then: 0 at fraction 0,
the total from fraction 1 on, and never decreasing in between. Errors are one-sided.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import ndtr, ndtri

Array = NDArray[np.float64]

LAN_DEMETS = "Lan KKG, DeMets DL. Biometrika 1983;70:659-663, doi 10.1093/biomet/70.3.659"
SOURCES = {
    "ld-obf": LAN_DEMETS,
    "ld-pocock": LAN_DEMETS,
    "hsd": "Hwang IK, Shih WJ, de Cani JS. Stat Med 1990;9:1439-1445, doi 10.1002/sim.4780091207",
    "kim-demets": "Kim K, DeMets DL. Biometrika 1987;74:149-154, doi 10.1093/biomet/74.1.149",
    "custom": LAN_DEMETS,
}
"""Who described each spending function, by the name under which it is asked for."""


def _fraction(information: ArrayLike) -> Array:
    return np.asarray(np.clip(np.asarray(information, dtype=float), 0.0, 1.0))


def obrien_fleming(total: float, information: ArrayLike) -> Array:
    """The Lan-DeMets spending close to O'Brien-Fleming: 2 - 2 Phi(z / sqrt t), with Phi(z) = 1 - total/2.

    Source: `LAN_DEMETS`. `total` is one-sided; a two-sided test spends half of its error on each side with this same function.
    """
    t = _fraction(information)
    z = -ndtri(total / 2.0)
    with np.errstate(divide="ignore"):
        return np.asarray(2.0 * ndtr(-z / np.sqrt(t)))


def pocock(total: float, information: ArrayLike) -> Array:
    """The Lan-DeMets spending close to Pocock: total * ln(1 + (e - 1) t). Source: `LAN_DEMETS`."""
    return np.asarray(total * np.log1p(np.expm1(1.0) * _fraction(information)))


def hwang_shih_decani(total: float, information: ArrayLike, gamma: float) -> Array:
    """The gamma family: total * (1 - exp(-gamma t)) / (1 - exp(-gamma)); gamma 0 spends in proportion to information.

    Negative gamma spends late (-4 is close to O'Brien-Fleming), positive early (1 is close to Pocock).
    """
    t = _fraction(information)
    # Products with a number below the least normal one round to nothing.
    if abs(gamma) < np.finfo(float).tiny:
        return np.asarray(total * t)
    return np.asarray(total * np.expm1(-gamma * t) / np.expm1(-gamma))


def kim_demets(total: float, information: ArrayLike, rho: float) -> Array:
    """The power family: total * t^rho; rho 1 spends in proportion to information, 3 nearly as late as O'Brien-Fleming."""
    return np.asarray(total * _fraction(information) ** rho)


def custom(total: float, information: ArrayLike, at: ArrayLike, share: ArrayLike) -> Array:
    """A spending curve given by points: at information fraction `at` the `share` (0 to 1) of the total is spent.

    The curve is straight between the points, and between them and (0, 0) and (1, 1).
    """
    xs = np.concatenate([[0.0], np.asarray(at, dtype=float), [1.0]])
    ys = np.concatenate([[0.0], np.asarray(share, dtype=float), [1.0]])
    return np.asarray(total * np.interp(_fraction(information), xs, ys))


NAMES = tuple(SOURCES)


@dataclass(frozen=True)
class Spending:
    """A spending function by name, with the parameters it needs.

    `gamma` belongs to ``hsd``, `rho` to ``kim-demets``; `at` and `share` are the points of ``custom``.
    """

    name: str
    gamma: float = -4.0
    at: tuple[float, ...] = ()
    share: tuple[float, ...] = ()
    rho: float = 3.0

    @property
    def source(self) -> str:
        """Who described it, as a citation with a DOI."""
        return SOURCES[self.name]

    def __call__(self, total: float, information: ArrayLike) -> Array:
        """Error spent by the information fractions, for a total error `total`."""
        match self.name:
            case "ld-obf":
                return obrien_fleming(total, information)
            case "ld-pocock":
                return pocock(total, information)
            case "hsd":
                return hwang_shih_decani(total, information, self.gamma)
            case "kim-demets":
                return kim_demets(total, information, self.rho)
            case "custom":
                return custom(total, information, self.at, self.share)
            case _:
                raise ValueError(f"no spending function {self.name!r}; there are {', '.join(NAMES)}")
