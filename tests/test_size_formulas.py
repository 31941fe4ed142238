"""Size formulas against published values, independent integrals and their own inverse."""

from __future__ import annotations

import math

import numpy as np
import pytest
from statsmodels.stats.power import TTestIndPower

from simulator.questions.samplesize.calculator import calculate
from simulator.statistics.endpoints.survival_tests import logrank
from simulator.statistics.sizes import mean_sizes, proportion_sizes, survival_sizes
from simulator.statistics.sizes.survival_course import Pieces

EXAMPLES = [
    ("binary", {"p0": 0.3, "p1": 0.15, "ratio": 2.0}),
    ("binary", {"p0": 0.8, "p1": 0.85, "aim": "non-inferiority", "margin": -0.1}),
    ("binary", {"p0": 0.5, "p1": 0.55, "aim": "equivalence", "margin": 0.2}),
    ("means", {"difference": 5.0, "sd": 12.0, "correlation": 0.5}),
    ("means", {"sd": 12.0, "aim": "non-inferiority", "margin": -5.0}),
    ("means", {"sd": 12.0, "aim": "equivalence", "margin": 5.0, "members": 2.0, "correlation_within": 0.4}),
    ("win-ratio", {"win_ratio": 1.5, "ties": 0.1}),
    ("survival", {"hazard_ratio": 0.7, "ratio": 2.0}),
    ("survival", {"hazard_ratio": 0.95, "aim": "non-inferiority", "margin": 1.3}),
    (
        "survival",
        {
            "hazard_0": "0.4:3,0.2",
            "hazard_ratio": 0.6,
            "accrual": "10:6,20:6",
            "follow_up": 12.0,
            "until": 9.0,
            "looks": 3,
        },
    ),
]


@pytest.mark.parametrize(("design", "inputs"), EXAMPLES)
def test_power_at_the_size_is_the_power(design: str, inputs: dict[str, object]) -> None:
    """Every formula gives its power back at its own size, inflated or not, and cites its source."""
    sizes = calculate(design, {**inputs, "power": 0.85}).table.set_index("method")
    for method, row in sizes.iterrows():
        if "exact" in str(method):
            continue
        again = calculate(design, {**inputs, "n": row["unrounded"]}).table.set_index("method")
        # Looks are designed for a power, so another one has slightly other boundaries.
        assert again.loc[method, "power"] == pytest.approx(0.85, abs=2e-3 if "looks" in inputs else 1e-7), method
        assert row["citation"]


def test_non_inferiority_of_a_textbook() -> None:
    """Rates 0.65 and 0.85, margin 10 points, alpha 5%, power 80%: 25 per arm (Chow, Shao and Wang 2008, section 4.2)."""
    wald = proportion_sizes.non_inferiority(0.65, 0.85, -0.1, 0.05)[1]
    assert math.ceil(wald.size(0.8) / 2) == 25
    against = TTestIndPower().solve_power(0.5, power=0.8, alpha=0.025, alternative="larger")
    assert mean_sizes.non_inferiority(0.0, 10.0, -5.0, 0.025, 1.0)[0].size(0.8) == pytest.approx(2 * against, rel=1e-6)
    events = survival_sizes.schoenfeld_events(1.0, 0.025, 1.0, 1.3)
    assert events.size(0.9) == pytest.approx(4 * (1.959964 + 1.281552) ** 2 / math.log(1.3) ** 2, rel=1e-6)


def test_lakatos_size_holds_where_hazards_cross_over_time() -> None:
    """2,000 log-rank trials with an effect that begins late reach the planned power; Schoenfeld has no ratio to plan with."""
    inputs = {"hazard_0": "0.8:0.5,0.5", "hazard_1": "0.8:0.5,0.25", "accrual": 1.0, "follow_up": 1.5, "power": 0.8}
    table = calculate("survival", inputs).table
    assert table["method"].tolist() == ["Lakatos"]
    n, trials = int(table["patients"][0]), 2_000
    rng = np.random.default_rng(3)
    arm = np.tile(np.arange(n) % 2, (trials, 1))
    laws = [Pieces((0.8, 0.5), (0.5,)), Pieces((0.8, 0.25), (0.5,))]
    budget = rng.exponential(1.0, (trials, n))
    event = np.where(arm == 1, laws[1].inverse(budget), laws[0].inverse(budget))
    censor = 1.5 + rng.random((trials, n))
    z = logrank(np.minimum(event, censor), event <= censor, arm).z
    assert np.mean(z < -1.959964) == pytest.approx(0.8, abs=4 * math.sqrt(0.16 / trials))
