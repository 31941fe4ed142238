"""Conditional power at an interim look, and sample sizes re-estimated from it (the promising zone).

`z` is the interim statistic, `information` its fraction of the planned maximum, `final_z` the boundary at the planned
end and `drift` the mean of the final statistic under the assumed effect. All arguments broadcast.
Jennison C, Turnbull BW 2000, chapter 10; Mehta CR, Pocock SJ. Stat Med 2011;30:3267-3284, doi 10.1002/sim.4102.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import ndtr, ndtri

Array = NDArray[np.float64]


def trend(z: ArrayLike, information: ArrayLike) -> Array:
    """Drift of the final statistic if the effect seen so far goes on: z / sqrt(t)."""
    return np.asarray(np.asarray(z, dtype=float) / np.sqrt(information))


def conditional_power(
    z: ArrayLike, information: ArrayLike, final_z: ArrayLike, drift: ArrayLike | None = None, end: ArrayLike = 1.0
) -> Array:
    """Probability that the final z exceeds `final_z`, given the interim z.

    The effect is `drift`, or the current trend if that is None. The trial ends at information `end` (1 is as planned;
    1.5 half as much again), still in units of the planned maximum. At or after the end it is 0 or 1.
    """
    z, t, end = np.asarray(z, dtype=float), np.asarray(information, dtype=float), np.asarray(end, dtype=float)
    theta = trend(z, t) if drift is None else np.asarray(drift, dtype=float)
    short = np.asarray(final_z) * np.sqrt(end) - z * np.sqrt(t) - theta * (end - t)
    with np.errstate(divide="ignore", invalid="ignore"):
        chance = ndtr(-short / np.sqrt(end - t))
    return np.asarray(np.where(end > t, chance, z >= np.asarray(final_z)), dtype=float)


def predictive_power(z: ArrayLike, information: ArrayLike, final_z: ArrayLike) -> Array:
    """Conditional power averaged over what is believed of the effect at the interim look, after a flat prior.

    Spiegelhalter DJ, Freedman LS, Blackburn PR. Control Clin Trials 1986;7:8-17, doi 10.1016/0197-2456(86)90003-6.
    """
    z, t = np.asarray(z, dtype=float), np.asarray(information, dtype=float)
    with np.errstate(divide="ignore", invalid="ignore"):
        chance = ndtr((z - np.asarray(final_z) * np.sqrt(t)) / np.sqrt(1.0 - t))
    return np.asarray(np.where(t < 1.0, chance, z >= np.asarray(final_z)), dtype=float)


def stopping_z(
    information: ArrayLike, final_z: ArrayLike, threshold: ArrayLike, drift: ArrayLike | None = None
) -> Array:
    """The interim z at which the conditional power equals `threshold`; below it the trial would stop for futility."""
    t = np.asarray(information, dtype=float)
    reach = np.asarray(final_z) + ndtri(np.asarray(threshold, dtype=float)) * np.sqrt(1.0 - t)
    if drift is None:
        return np.asarray(np.sqrt(t) * reach)
    return np.asarray((reach - np.asarray(drift) * (1.0 - t)) / np.sqrt(t))


@dataclass(frozen=True)
class PromisingZone:
    """When and how far the sample size grows at an interim look.

    Between the conditional powers `lower` and `upper` under the current trend the trial is promising: it is enlarged
    until the conditional power is `target`, to at most `largest` times the planned information. Elsewhere it goes on as
    planned. From a certain `lower` on the ordinary test keeps its level: 0.36 half-way with a target of 90% and at most twice the
    size, 0.41 with 1.5 times
    (Chen YHJ, DeMets DL, Lan KKG. Stat Med 2004;23:1023-1038, doi 10.1002/sim.1688; and Mehta & Pocock).
    """

    lower: float
    upper: float
    target: float
    largest: float


def enlarged(zone: PromisingZone, z: ArrayLike, information: ArrayLike, final_z: float) -> Array:
    """Information at the end of each trial in units of the planned: 1 outside the zone, up to `zone.largest` in it.

    The second stage is as large as the weighted statistic (`combination.inverse_normal`) needs for the target under the
    current trend (Mehta & Pocock 2011, section 3).
    """
    z, t = np.asarray(z, dtype=float), np.asarray(information, dtype=float)
    power = conditional_power(z, t, final_z)
    promising = (power >= zone.lower) & (power < zone.upper) & (z > 0.0)
    with np.errstate(divide="ignore"):
        second = ((final_z - z * np.sqrt(t)) / np.sqrt(1.0 - t) + ndtri(zone.target)) ** 2 * t / z**2
    return np.asarray(np.where(promising, np.clip(t + second, 1.0, zone.largest), 1.0))
