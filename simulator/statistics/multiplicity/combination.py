"""Inverse-normal combination of the stages of a trial, with weights fixed in advance, over any number of looks.

Each stage's z comes from what accrued since the look before. Whatever the earlier looks did to the size of a later stage, its z
is standard normal without an effect, so that the combined statistics have the joint law for which the boundaries were found.
Lehmacher W, Wassmer G. Biometrics 1999;55:1286-1290, doi 10.1111/j.0006-341X.1999.01286.x; Cui L, Hung HMJ, Wang SJ.
Biometrics 1999;55:853-857, doi 10.1111/j.0006-341X.1999.00853.x.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Combined:
    """z of the combination, and how many times the drift of the whole effect its mean is (`slope`); (trials, looks)."""

    z: Array
    slope: Array


def inverse_normal(z: Array, seen: Array, planned: Array) -> Combined:
    """The combination of the looks so far, at every look, all arrays (trials, looks).

    `z` are the ordinary statistics of all data at a look, `seen` the information that they have and `planned` the information
    that they were to have, both in units of the planned maximum; `planned` gives the weights. A look without new information
    (or without a z) repeats the one before.
    """
    trials, looks = z.shape
    out, slope = np.empty(z.shape), np.empty(z.shape)
    sum_z, sum_weight, sum_slope = np.zeros(trials), np.zeros(trials), np.zeros(trials)
    score, information = np.zeros(trials), np.zeros(trials)
    for k in range(looks):
        gain = seen[:, k] - information
        weight = np.maximum(planned[:, k] - sum_weight, 0.0)
        new = (gain > 1e-12) & np.isfinite(z[:, k]) & (weight > 0.0)
        now = np.nan_to_num(z[:, k]) * np.sqrt(np.maximum(seen[:, k], 0.0))
        with np.errstate(divide="ignore", invalid="ignore"):
            stage = (now - score) / np.sqrt(gain)
        sum_z = np.where(new, sum_z + np.sqrt(weight) * stage, sum_z)
        sum_slope = np.where(new, sum_slope + np.sqrt(weight * np.maximum(gain, 0.0)), sum_slope)
        sum_weight = np.where(new, planned[:, k], sum_weight)
        score, information = np.where(new, now, score), np.where(new, seen[:, k], information)
        with np.errstate(divide="ignore", invalid="ignore"):
            out[:, k], slope[:, k] = sum_z / np.sqrt(sum_weight), sum_slope / np.sqrt(sum_weight)
    return Combined(out, slope)


@dataclass(frozen=True)
class Repeated:
    """Weighted estimate and repeated confidence limits of the drift, (trials,)."""

    estimate: Array
    low: Array
    high: Array


def repeated_interval(z: ArrayLike, slope: ArrayLike, upper: ArrayLike) -> Repeated:
    """Estimate and interval from a combined `z`, its `slope` and the efficacy boundary at the look.

    The limits hold at every look together, whether or not the trial stops there, and however later stages were sized. Jennison C,
    Turnbull BW. J R Stat Soc B 1989;51:305-361; Lawrence J, Hung HMJ. Biom J 2003;45:143-152.
    """
    z, slope, upper = (np.asarray(each, dtype=float) for each in (z, slope, upper))
    return Repeated(z / slope, (z - upper) / slope, (z + upper) / slope)
