"""What the data moved: prior and posterior of the fitted parameters side by side, and how they hang together."""

from __future__ import annotations

from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd

from simulator.evidence.distributions import quantile
from simulator.evidence.register import Register

MOVED = 0.9
"""A posterior SD below this share of the prior's counts as moved by the data."""
BINS = 39


def movement(register: Register, draws: pd.DataFrame) -> pd.DataFrame:
    """parameter, prior_median, prior_low, prior_high, posterior_median, posterior_low, posterior_high, sd_ratio, moved."""
    rows: list[dict[str, Any]] = []
    for name in draws.columns:
        prior = quantile(register[name], np.linspace(0.005, 0.995, 199))
        values = draws[name].to_numpy()
        ratio = float(values.std() / prior.std()) if prior.std() > 0 else float("nan")
        limits = {
            "prior": quantile(register[name], (0.025, 0.5, 0.975)),
            "posterior": np.quantile(values, (0.025, 0.5, 0.975)),
        }
        sides = {
            f"{side}_{end}": float(value)
            for side, three in limits.items()
            for end, value in zip(("low", "median", "high"), three, strict=True)
        }
        rows.append({"parameter": name, **sides, "sd_ratio": ratio, "moved": ratio < MOVED})
    return pd.DataFrame(rows)


def densities(register: Register, draws: pd.DataFrame) -> pd.DataFrame:
    """parameter, low, high, prior, posterior: densities over equal bins that hold 99% of the prior and every draw."""
    u = (np.arange(4000) + 0.5) / 4000
    parts = []
    for name in draws.columns:
        prior, values = quantile(register[name], u), draws[name].to_numpy()
        low, high = np.quantile(prior, [0.005, 0.995])
        edges = np.linspace(min(low, values.min()), max(high, values.max()), BINS + 1)
        before, after = (np.histogram(each, edges, density=True)[0] for each in (prior, values))
        part = {"parameter": name, "low": edges[:-1], "high": edges[1:], "prior": before, "posterior": after}
        parts.append(pd.DataFrame(part))
    return pd.concat(parts, ignore_index=True)


def correlations(draws: pd.DataFrame) -> pd.DataFrame:
    """parameter, other, correlation: Spearman's rank correlation of each pair of fitted parameters among the draws."""
    names, matrix = list(draws.columns), draws.corr("spearman").to_numpy()
    pairs = combinations(range(len(names)), 2)
    rows = [{"parameter": names[i], "other": names[j], "correlation": float(matrix[i, j])} for i, j in pairs]
    return pd.DataFrame(rows)
