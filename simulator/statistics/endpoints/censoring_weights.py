"""Shares with weights for those whose outcome is not seen (inverse probability of censoring weighting).

Everybody whose outcome is known stands for those like them whose outcome is not: Robins JM, Rotnitzky A, in AIDS Epidemiology:
Methodological Issues, Birkhäuser 1992:297-331, doi 10.1007/978-1-4757-1229-2_14. With censoring by chance alone the share is
Kaplan and Meier's, and with competing events Aalen and Johansen's.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from simulator.statistics.endpoints.effect import Effect, ratio_or_nan

Array = NDArray[np.float64]
Bools = NDArray[np.bool_]


def uncensored(settled: Array, censored: Array) -> Array:
    """Chance not to be censored before one's outcome is settled, by Kaplan and Meier's estimate for censoring, (n,).

    settled: when each outcome is settled; censored: when each is censored, infinite for never. Where both come at once the
    outcome counts as seen.
    """
    last = np.minimum(settled, censored)
    gone = np.sort(censored[censored < settled])
    if gone.size == 0:
        return np.ones_like(settled)
    times, counts = np.unique(gone, return_counts=True)
    risk = last.size - np.searchsorted(np.sort(last), times, side="left")
    # Whoever is settled at the very time of a censoring was at risk of it no more.
    risk = risk - np.array([np.count_nonzero((settled == time) & (censored >= time)) for time in times])
    stays = np.concatenate([[1.0], np.cumprod(1.0 - counts / risk)])
    return np.asarray(stays[np.searchsorted(times, settled, side="left")])


def weighted_share(yes: Bools, weight: Array) -> tuple[float, float]:
    """Share who have the outcome among those of positive weight, and its standard error; NaN without any.

    The error takes the weights for known, which makes it too large where they are estimated, never too small on average.
    """
    total = float(weight.sum())
    if total <= 0.0:
        return np.nan, np.nan
    share = float((weight * yes).sum() / total)
    return share, float(np.sqrt(np.sum((weight * (yes - share)) ** 2)) / total)


def difference(control: tuple[Array, Array], other: tuple[Array, Array]) -> Effect:
    """The difference of two weighted shares (share, error; each of shape (trials,)), the other less the control."""
    estimate, se = other[0] - control[0], np.hypot(control[1], other[1])
    return Effect(estimate, se, ratio_or_nan(estimate, se))
