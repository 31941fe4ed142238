"""A study's published baseline in the register's words: people at referral such that those enrolled are as reported."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import least_squares
from scipy.stats import norm

from simulator.evidence.distributions import uniforms
from simulator.evidence.register import Register
from simulator.scenario.policy import Criteria

Array = NDArray[np.float64]
POINTS = 401
HIGHEST = 150.0
TOLERANCE = 1.0
"""mmHg by which a solved mean or SD may miss the published one before it counts as out of reach."""


@lru_cache(maxsize=256)
def referral_tcpo2(
    mean: float,
    sd: float,
    error: float,
    at_least: float,
    below: float | None,
    low_pressure: float,
    mean_range: tuple[float, float],
    sd_range: tuple[float, float],
    beyond_salvage: tuple[float, float, float],
) -> tuple[float, float, float]:
    """Mean and SD of true TcPO2 at referral (before truncation at zero), and how far they miss, all in mmHg.

    They are solved so that TcPO2 *measured* in those enrolled has the published mean and SD: truth is normal, kept above
    zero; a measurement adds a normal error and cannot be below zero; enrolment asks for a measurement of `at_least` and
    `below`, where a share `low_pressure` is enrolled whatever the upper limit. `beyond_salvage` are the share of limbs that
    are left out at a reference TcPO2 (mmHg), its log odds ratio per mmHg, and that reference.
    """
    truth = np.linspace(0.0, HIGHEST, POINTS)
    seen = np.linspace(0.0, HIGHEST, POINTS)
    kernel = norm.pdf(seen[None, :], truth[:, None], error)
    # All that would be measured below zero is measured as zero.
    kernel[:, 0] += norm.cdf(0.0, truth, error) / (seen[1] - seen[0])
    admitted = np.where(seen >= at_least, 1.0, 0.0)
    if below is not None:
        admitted *= np.where(seen < below, 1.0, low_pressure)

    share, per_mmhg, reference = beyond_salvage
    odds = np.exp(per_mmhg * (truth - reference))
    kept = (1.0 - share) / (1.0 - share + share * odds)

    def enrolled(point: Array) -> Array:
        density = ((norm.pdf(truth, point[0], point[1]) * kept) @ kernel) * admitted
        total = density.sum()
        if total <= 0.0:
            return np.array([1e3, 1e3])
        average = float(density @ seen / total)
        return np.array([average - mean, float(np.sqrt(density @ (seen - average) ** 2 / total)) - sd])

    low, high = np.array([mean_range[0], sd_range[0]]), np.array([mean_range[1], sd_range[1]])
    starts = [np.clip([m, max(sd, 5.0)], low + 1e-6, high - 1e-6) for m in (mean, 0.5 * mean, 0.1 * mean)]
    found = min((least_squares(enrolled, start, bounds=(low, high)) for start in starts), key=lambda each: each.cost)
    return float(found.x[0]), float(found.x[1]), float(np.abs(found.fun).max())


def solved(
    register: Register, tcpo2: tuple[float, float], criteria: Criteria, values: Mapping[str, float]
) -> tuple[dict[str, float], float]:
    """Register values that give a published measured TcPO2 (mean, SD) in those enrolled, and by how much they miss it.

    Where limbs beyond salvage are left out, as many are as of Rutherford 5.
    """
    pressure = values.get("ankle_pressure_share", register["ankle_pressure_share"].value)
    mean, sd, miss = referral_tcpo2(
        *tcpo2,
        register["measurement_sd"].value,
        criteria.tcpo2_at_least,
        criteria.tcpo2_below,
        pressure if criteria.ankle_pressure_counts else 0.0,
        register["referral_tcpo2_mean"].range,
        register["referral_tcpo2_sd"].range,
        (
            0.0 if criteria.beyond_salvage else register["beyond_salvage_share_5"].value,
            register["beyond_salvage_per_mmhg"].value,
            register["reference_tcpo2"].value,
        ),
    )
    return {"referral_tcpo2_mean": mean, "referral_tcpo2_sd": sd}, miss


def evenly(low: float, high: float, stream: str, n: int, seed: int) -> Array:
    """`n` values spread evenly and at random between two ends; a function of the stream's name and the seed."""
    return low + (high - low) * uniforms(stream, n, seed)


def with_baseline(
    draws: NDArray[np.void],
    values: Mapping[str, float],
    ranges: Mapping[str, tuple[float, float]],
    streams: Mapping[str, str],
    seed: int,
) -> NDArray[np.void]:
    """Parameter draws with a group's population in place of the register's."""
    table: Any = draws.copy()
    for name, value in values.items():
        table[name] = value
    for name, (low, high) in ranges.items():
        table[name] = evenly(low, high, streams[name], len(table), seed)
    return np.asarray(table)
