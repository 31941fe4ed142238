"""Simulated patients of many trials at once, for the tests of endpoints."""

from __future__ import annotations

import numpy as np

from simulator.statistics.endpoints.win_statistics import Level


def trials(seed, count=1, n=60, ties=False, effect=1.0):
    """Competing exponential times with censoring: time, event, arm, stratum, end of possible follow-up."""
    rng = np.random.default_rng(seed)
    arm = rng.integers(0, 2, (count, n))
    first = rng.exponential(1.0, (count, n)) / np.where(arm == 1, effect * 0.5, 0.5)
    second = rng.exponential(1.0 / 0.3, (count, n))
    end = rng.uniform(1.0, 3.0, (count, n))
    if ties:
        first, second, end = (np.ceil(4 * x) / 4 for x in (first, second, end))
    time = np.minimum(np.minimum(first, second), end)
    event = np.where(first == time, 1, np.where(second == time, 2, 0))
    return time, event, arm, rng.integers(0, 3, (count, n)), end


def hierarchy(seed, count, n, effect=0.0):
    rng = np.random.default_rng(seed)
    arm = np.tile(np.arange(n) % 2, (count, 1))
    death = rng.exponential(np.where(arm == 1, 3.0 + effect, 3.0))
    amputation = rng.exponential(4.0, (count, n))
    amputation[amputation > death] = np.inf
    healing = rng.exponential(2.0, (count, n))
    healing[healing > death] = np.inf
    oxygen = np.round(rng.normal(35, 10, (count, n)), 0)
    oxygen[rng.random((count, n)) < 0.1] = np.nan
    levels = [
        Level("later", death),
        Level("later", amputation),
        Level("earlier", healing),
        Level("higher", oxygen, 3.0),
    ]
    return levels, rng.uniform(0.5, 2.0, (count, n)), arm


def arms_of(sample, time, arm, event):
    """Times and events of arm 0 and arm 1 in one trial."""
    return [(time[sample][arm[sample] == a], event[sample][arm[sample] == a]) for a in (0, 1)]
