"""How far the results are the simulation's luck: patients' luck beside parameter uncertainty, and which to add.

Every draw has two halves of patients with independent luck. Half their difference has the variance of the luck left in
their mean. Source of the variance within and between draws: `SIMULATED_DRAWS`.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from simulator.statistics.decision.convergence import monte_carlo_error
from simulator.statistics.decision.results import Array
from simulator.valuation.valuation import Worth

SIMULATED_DRAWS = "O'Hagan A, Stevenson M, Madan J. Health Econ 2007;16:1009-1023, doi 10.1002/hec.1199"


def luck_table(halves: Sequence[Worth], policies: Sequence[str], reference: str, threshold: float) -> pd.DataFrame:
    """Monte Carlo error of costs, QALYs, increments and net benefit of every policy.

    Columns: policy, quantity, mean, sd (of the parameters), se, se_draws, se_patients, patients_share (of the variance
    between draws that is patients' luck), bottleneck ("draws" or "patients": more of which lowers the error most).
    """
    base = list(policies).index(reference)
    keys, columns = [], []
    for p, policy in enumerate(policies):
        for quantity, values in _quantities(halves, p, base, threshold).items():
            if quantity.startswith("incremental") and p == base:
                continue
            keys.append((policy, quantity))
            columns.append(values)
    both = np.stack(columns, axis=-1)
    within = np.abs(both[0] - both[1]) / 2.0
    mean = both.mean(axis=0)
    table = monte_carlo_error([f"{p}: {q}" for p, q in keys], mean, within)
    variance, noise = mean.var(axis=0, ddof=1), (within**2).mean(axis=0)
    table.insert(0, "policy", [policy for policy, _ in keys])
    table["quantity"] = [quantity for _, quantity in keys]
    table.insert(3, "sd", np.sqrt(np.maximum(variance - noise, 0.0)))
    share = np.divide(noise, variance, out=np.full_like(noise, np.nan), where=variance > 0)
    table.insert(len(table.columns) - 1, "patients_share", np.minimum(share, 1.0))
    return table


def evpi_without_luck(halves: Sequence[Array]) -> tuple[float, float]:
    """EVPI with patients' luck in it, and what is left when the luck is taken out.

    `halves` holds the net benefit of each half, shape (draws, policies). A half has twice the luck of the mean, so
    the straight line through both, drawn on to no luck, is twice the one less the other; it is held above zero.
    """
    both = _evpi((halves[0] + halves[1]) / 2.0)
    noisier = float(np.mean([_evpi(half) for half in halves]))
    return both, max(0.0, 2.0 * both - noisier)


def _evpi(benefit: Array) -> float:
    return float(benefit.max(axis=1).mean() - benefit.mean(axis=0).max())


def _quantities(halves: Sequence[Worth], policy: int, base: int, threshold: float) -> dict[str, Array]:
    """Each quantity of a policy, shape (halves, draws)."""
    cost, effect = (np.stack([getattr(half, name) for half in halves]) for name in ("cost", "qalys"))
    more_cost, more_effect = (each[:, :, policy] - each[:, :, base] for each in (cost, effect))
    return {
        "cost": cost[:, :, policy],
        "effect": effect[:, :, policy],
        "incremental cost": more_cost,
        "incremental effect": more_effect,
        "incremental net benefit": threshold * more_effect - more_cost,
    }
