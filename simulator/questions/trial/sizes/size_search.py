"""How many patients: power against size on nested trials, and the size at which it reaches its target.

All sizes are tried on the same trials: the larger ones begin with the patients of the smaller. The curve between the sizes is
a probit line in the square root of the size, which is exact for a normal statistic.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import ndtri

from simulator.questions.trial.conduct.conduct import Columns, Conduct
from simulator.questions.trial.design.endpoint import SCALES, Endpoint
from simulator.questions.trial.results.operating import alone, share_and_se, succeeded, tested_alone
from simulator.questions.trial.simulation.simulation import Simulation
from simulator.statistics.sizes import exact_binomial, exact_proportions
from simulator.words.errors import BadInput
from simulator.words.luck import generator

Array = NDArray[np.float64]

LARGEST = 20_000
"""Sizes beyond this are not searched."""
EXPLORE = 400
"""Trials of each exploring step of a search."""
EXPLORING = 6
"""Most exploring steps; the last curve and the check follow."""
RESAMPLES = 200
"""Bootstrap resamples of trials behind an interval of a size."""
EXACT = {"fisher": "fisher", "chi_square_corrected": "chi-square-corrected", "exact_binomial": "binomial"}
"""Tests whose statistic moves in steps, and the name of their exact power."""
LOWEST_Z = -6.0
"""Stands for the z of an exact test that has nothing to show (p of 1)."""


@dataclass(frozen=True, eq=False)
class SizeSearch:
    """The size that reaches `target`: `patients` (None if none up to `LARGEST` does) with its 95% interval.

    `curve` is (patients, power, se); `checked` the power and its standard error at that size in trials of their own, and
    `needs` the `endpoint_table` of those trials: from many more patients, and with less to extrapolate. The interval is `low`
    to `high`.
    """

    target: float
    patients: int | None
    low: float
    high: float
    curve: pd.DataFrame
    checked: tuple[float, float]
    note: str = ""
    needs: pd.DataFrame | None = None


def most_trials(simulation: Simulation) -> int:
    """Trials that a search with this simulation takes at most."""
    return EXPLORING * min(EXPLORE, simulation.trials) + 2 * simulation.trials


def power_curve(
    simulation: Simulation, truth: str, sizes: Sequence[int], advance: Callable[[int], None] | None = None
) -> tuple[pd.DataFrame, NDArray[np.bool_]]:
    """Power at each size (patients, power, se), and which trials succeeded at which, (trials, sizes)."""
    conducts = [replace(simulation.conduct(size), described=False) for size in sizes]
    results = simulation.run(simulation.truth(truth), conducts, advance)
    hits = np.stack([succeeded(c, columns) for c, columns in zip(conducts, results, strict=True)], axis=1)
    rows = [(size, *share_and_se(hits[:, k])) for k, size in enumerate(sizes)]
    return pd.DataFrame(rows, columns=["patients", "power", "se"]), hits


def find_size(
    simulation: Simulation,
    target: float,
    truth: str = "scenario",
    guess: float | None = None,
    advance: Callable[[int], None] | None = None,
) -> SizeSearch:
    """Search the size at which the design, with everything in it scaled, reaches the `target` power.

    The trials of `simulation` are those of the last step and of the check; exploring, which begins at the `guess`
    (default: the design's size), takes fewer. `advance` counts trials, up to `most_trials`.
    """
    design = simulation.design
    step = max(design.block, 1)
    count = advance or (lambda _trials: None)
    explorer = simulation.with_trials(min(EXPLORE, simulation.trials))
    guess = float(design.patients if guess is None or not math.isfinite(guess) else min(guess, LARGEST / 1.6))
    pieces: list[pd.DataFrame] = []
    for explored in range(EXPLORING):
        sizes = _sizes(guess, (0.6, 1.0, 1.6), step)
        curve, _ = power_curve(explorer, truth, sizes, count)
        pieces.append(curve)
        ahead = _solve(curve, target)
        if ahead is None or ahead > LARGEST:
            # Too little power everywhere tried: look further, until the limit.
            if sizes[-1] >= LARGEST:
                return _nothing(simulation, target, pieces)
            ahead = min(LARGEST / 1.6, 3.0 * guess)
        done = sizes[0] <= ahead <= sizes[-1]
        guess = float(max(ahead, 4.0 * step))
        if done or guess <= 4 * step:
            count((EXPLORING - 1 - explored) * explorer.trials)
            break
    sizes = _sizes(guess, (0.7, 0.8, 0.9, 1.0, 1.1, 1.25), step)
    curve, hits = power_curve(simulation, truth, sizes, count)
    found = _solve(curve, target)
    if found is None or found > LARGEST:
        return _nothing(simulation, target, [*pieces, curve])
    rng = generator(simulation.seed, "size search")
    again = []
    for _ in range(RESAMPLES):
        power = hits[rng.integers(0, len(hits), len(hits))].mean(axis=0)
        size = _solve(curve.assign(power=power), target)
        again.append(math.inf if size is None else _rounded(size, step))
    low, high = np.quantile(again, (0.025, 0.975), method="nearest")
    patients = _rounded(found, step)
    conduct = replace(simulation.conduct(patients), described=False)
    fresh = simulation.run(simulation.truth(truth), [conduct], count, first=simulation.trials)
    checked = share_and_se(succeeded(conduct, fresh[0]))
    whole = pd.concat([*pieces, curve]).sort_values(["patients", "se"]).drop_duplicates("patients")
    needs = endpoint_table(conduct, fresh[0], target)
    return SizeSearch(target, patients, float(low), float(high), whole.reset_index(drop=True), checked, needs=needs)


def _sizes(guess: float, factors: Sequence[float], step: int) -> list[int]:
    """Sizes around a guess, in whole blocks, each once and in order."""
    return sorted({max(2, math.ceil(guess * factor / step) * step) for factor in factors})


def _rounded(size: float, step: int) -> int:
    """The next whole number of blocks."""
    return math.ceil(size / step - 1e-9) * step


def _nothing(simulation: Simulation, target: float, pieces: list[pd.DataFrame]) -> SizeSearch:
    curve = pd.concat(pieces).drop_duplicates("patients").sort_values("patients").reset_index(drop=True)
    note = f"no size up to {LARGEST:,} patients reaches a power of {target:g}"
    return SizeSearch(target, None, math.nan, math.nan, curve, (math.nan, math.nan), note)


def _solve(curve: pd.DataFrame, target: float) -> float | None:
    """The size at which a probit line in the root of the size reaches the target; None if it does not rise."""
    n, p = curve["patients"].to_numpy(float), curve["power"].to_numpy(float)
    use = (p > 0.0) & (p < 1.0)
    if use.sum() < 2:
        return None if not (p >= 1.0).all() else float(n[0]) / 2.0
    x, y = np.sqrt(n[use]), ndtri(p[use])
    weight = np.exp(-(y**2)) / (p[use] * (1.0 - p[use]))
    mean_x, mean_y = np.average(x, weights=weight), np.average(y, weights=weight)
    spread = np.sum(weight * (x - mean_x) ** 2)
    slope = np.sum(weight * (x - mean_x) * (y - mean_y)) / spread if spread > 0.0 else 0.0
    if slope <= 0.0:
        return None
    root = mean_x + (ndtri(target) - mean_y) / slope
    return float(root**2) if root > 0.0 else 1.0


def endpoint_table(conduct: Conduct, columns: Columns, target: float) -> pd.DataFrame:
    """Every endpoint on the same lives: its effect, its power alone at the planned end, and the patients it would need.

    The need follows from mean and spread of its z statistic, which the size enters by its square root; that of an exact test,
    whose statistic moves in steps, from its exact power at the simulated rates. Columns: endpoint, outcome, test, scale,
    estimate, se, power, power_se, not_estimable (share of trials whose data cannot be tested), patients, low, high (95%
    Monte Carlo interval); fewest needs first. An endpoint without an effect needs infinitely many.
    """
    alpha = conduct.design.alpha / conduct.design.sides
    rows = []
    for name, endpoint, arm in (*conduct.hypotheses, *conduct.others):
        alone_means = (name, endpoint, arm) in tested_alone(conduct)
        estimates = columns[f"estimate_at_end:{name}"]
        estimates = estimates[np.isfinite(estimates)]
        se = float(estimates.std(ddof=1) / math.sqrt(estimates.size)) if estimates.size > 1 else math.nan
        if endpoint.test == "posterior" or not alone_means:
            # Its probability moves in steps, or arms are dropped, and it has no size by formula; the search has.
            need = (math.nan, math.nan, math.nan)
        elif endpoint.test in EXACT:
            need = _exact_need(conduct, columns, name, endpoint, arm, alpha, target, se)
        else:
            need = _normal_need(conduct.marked.patients, columns[f"z_at_end:{name}"], alpha, target)
        power = share_and_se(alone(conduct, columns, name)) if alone_means else (math.nan, math.nan)
        rows.append(
            {
                "endpoint": name,
                "outcome": endpoint.outcome,
                "test": endpoint.test,
                "scale": SCALES[endpoint.test],
                "estimate": float(estimates.mean()) if estimates.size else math.nan,
                "se": se,
                **dict(zip(("power", "power_se"), power, strict=True)),
                "not_estimable": float(np.isnan(columns[f"z_at_end:{name}"]).mean()),
                **dict(zip(("low", "patients", "high"), need, strict=True)),
            }
        )
    found = pd.DataFrame(rows).sort_values("patients", kind="stable").reset_index(drop=True)
    return found[[*(name for name in found.columns if name not in NEEDS), *NEEDS]]


NEEDS = ("patients", "low", "high")


def _normal_need(n: int, z: Array, alpha: float, target: float) -> tuple[float, float, float]:
    """Low, middle and high need of a test whose z has these values with n patients."""
    z = np.clip(z[~np.isnan(z)], LOWEST_Z, -LOWEST_Z)
    mean, sd = float(z.mean()), float(z.std(ddof=1))
    error = sd / math.sqrt(z.size)
    reach = -float(ndtri(alpha)) + sd * float(ndtri(target))
    low, middle, high = (
        n * (reach / m) ** 2 if m > 0.0 else math.inf for m in (mean + 1.96 * error, mean, mean - 1.96 * error)
    )
    return low, middle, high


def _exact_need(
    conduct: Conduct, columns: Columns, name: str, endpoint: Endpoint, arm: int, alpha: float, target: float, se: float
) -> tuple[float, float, float]:
    """The same of an exact test: the first size that reaches the power at the simulated rates, and at rates 1.96 standard
    errors of their difference closer to and further from each other, where `high` is the size from which on all do."""
    parts = [each.allocation for each in conduct.design.arms]
    ratio = parts[arm] / parts[0]
    others = sum(parts) / (parts[0] + parts[arm]) if endpoint.null_rate is None else 1.0
    missing = float(np.nanmean(columns[f"missing_at_end:{name}"]))
    rate = float(np.nanmean(columns[f"rate_1_at_end:{name}"]))
    base = endpoint.null_rate
    if base is None:
        base = float(np.nanmean(columns[f"rate_0_at_end:{name}"]))
    # A single arm's rate is that of the good outcome already.
    better = rate - base if endpoint.good else base - rate
    out = []
    for place, shift in enumerate((1.96 * se, 0.0, -1.96 * se)):
        gain = better + (shift if math.isfinite(shift) else 0.0)
        if gain <= 0.0:
            out.append(math.inf)
            continue
        wider = (gain - better) / 2.0 if endpoint.null_rate is None else gain - better
        sign = 1.0 if endpoint.good else -1.0
        p1 = min(max(rate + sign * wider, 1e-6), 1.0 - 1e-6)
        p0 = base if endpoint.null_rate is not None else min(max(base - sign * wider, 1e-6), 1.0 - 1e-6)
        first, stable = exact_sizes(EXACT[endpoint.test], p0, p1, alpha, target, ratio)
        out.append(others * (stable if place == 2 else first) / (1.0 - missing))
    return out[0], out[1], out[2]


def exact_sizes(test: str, p0: float, p1: float, alpha: float, target: float, ratio: float) -> tuple[float, float]:
    """The first and the stable size of an exact test (`EXACT`); infinite beyond what is searched."""
    try:
        if test == "binomial":
            one = exact_binomial.single_arm_size(p0, p1, alpha, target)
            return one.first, one.stable
        two = exact_proportions.size(test, p0, p1, alpha, target, ratio)
    except BadInput:
        return math.inf, math.inf
    return two.first, two.stable


def sizes_around(conduct: Conduct) -> list[int]:
    """Five sizes around the design's own, for curves."""
    step = max(conduct.design.block, 1)
    return [size for size in _sizes(conduct.marked.patients, (0.5, 0.75, 1.0, 1.5, 2.0), step) if size >= 4]
