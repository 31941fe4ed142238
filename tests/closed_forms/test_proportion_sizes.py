"""Sizes for two proportions, against published numbers and the likelihood."""

from __future__ import annotations

import math

import pytest
from scipy.optimize import minimize_scalar

from simulator.statistics import proportion_sizes


def test_corrected_and_exact_sizes_of_tables() -> None:
    """Fleiss' corrected sizes per arm at alpha 5% two-sided, and Fisher's exact one, as published.

    0.6 against 0.8: 82 uncorrected and 91 corrected (Fleiss' table of sizes, recalled). 0.3 against 0.6: statement NCT00428727.
    """
    found = {each.name: each for each in proportion_sizes.superiority(0.6, 0.8, 0.025)}
    assert math.ceil(found["chi-square (pooled variance)"].size(0.8) / 2) == 82
    assert math.ceil(found["chi-square, continuity-corrected"].size(0.8) / 2) == 91
    other = {each.name: each for each in proportion_sizes.superiority(0.3, 0.6, 0.025)}
    assert other["Fisher, exact power"].size(0.8) == 96


def test_restricted_proportions_maximise_the_likelihood() -> None:
    """Farrington and Manning's cubic finds the maximum of the likelihood on the line of the margin."""
    for p0, p1, margin, q in (
        (0.3, 0.3, 0.1, 0.5),
        (0.8, 0.75, -0.1, 0.5),
        (0.2, 0.1, 0.05, 2 / 3),
        (0.6, 0.6, 0.2, 1 / 3),
    ):

        def against(x: float, p0: float = p0, p1: float = p1, margin: float = margin, q: float = q) -> float:
            in_1 = p1 * math.log(x + margin) + (1 - p1) * math.log(1 - x - margin)
            return -q * in_1 - (1 - q) * (p0 * math.log(x) + (1 - p0) * math.log(1 - x))

        ends = (max(0.0, -margin) + 1e-9, min(1.0, 1.0 - margin) - 1e-9)
        best = minimize_scalar(against, bounds=ends, method="bounded", options={"xatol": 1e-11}).x
        assert proportion_sizes.restricted(p0, p1, margin, q) == pytest.approx((best, best + margin), abs=1e-6)
