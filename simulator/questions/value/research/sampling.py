"""What a trial is worth after its cost, and the size at which it is worth most."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from simulator.statistics.decision.population import Population
from simulator.statistics.decision.voi import Value, evsi
from simulator.words.errors import BadInput, Problem


def net_benefit_of_sampling(
    net_benefit: ArrayLike,
    summaries: Mapping[int, ArrayLike],
    population: Population,
    *,
    fixed_cost: float,
    cost_per_patient: float,
    years: float | Mapping[int, float] = 0.0,
    enrolled: Mapping[int, float] | None = None,
    at_most: Value | None = None,
    seed: int = 0,
) -> pd.DataFrame:
    """Expected net benefit of sampling (ENBS) for trials of several sizes.

    `summaries` maps the number of patients to the trial's summary statistics simulated from every draw, as for
    `voi.evsi`. The result of a trial reaches those who are treated once it is known, `years` from now (one number, or
    one per size); its costs are paid now, for `enrolled` people per size where a trial may stop early. Every size has
    a simulated trial of its own, so that EVSI is estimated with noise; a larger trial cannot be worth less, and estimates
    that say so are drawn together (isotonic regression). ENBS = EVSI * people reached - cost. Columns: patients, evsi, se, years,
    people, population_evsi, population_se, cost, enbs, low, high (the 95% Monte Carlo interval of ENBS), best.
    """
    problems = [
        Problem("trial", name, f"{value:g}", "0 or more")
        for name, value in {"fixed_cost": fixed_cost, "cost_per_patient": cost_per_patient}.items()
        if not value >= 0
    ]
    lasting = {size: years[size] if isinstance(years, Mapping) else years for size in summaries}
    problems += [
        Problem("trial", f"years, {size} patients", f"{y:g}", "0 or more") for size, y in lasting.items() if not y >= 0
    ]
    problems += [Problem("trial", "patients", str(size), "1 or more") for size in summaries if size < 1]
    if problems or not summaries:
        raise BadInput(problems or [Problem("trial", "sizes", "none", "at least one size")])
    # Scikit-learn's gives the same bits, and its import takes longer than all trials of a proposal.
    from scipy.optimize import isotonic_regression

    sizes = sorted(summaries)
    worths = [evsi(net_benefit, summaries[size], at_most=at_most, seed=seed) for size in sizes]
    weights = 1.0 / np.maximum([worth.se for worth in worths], max(worth.se for worth in worths) / 100.0 or 1.0) ** 2
    values = np.maximum(isotonic_regression([worth.value for worth in worths], weights=weights).x, 0.0)
    rows = []
    for size, value, se in zip(sizes, values.tolist(), (worth.se for worth in worths), strict=True):
        people = population.size(after=lasting[size])
        cost = fixed_cost + cost_per_patient * (size if enrolled is None else enrolled[size])
        enbs, error = value * people - cost, se * people
        rows.append(
            {
                "patients": size,
                "evsi": value,
                "se": se,
                "years": lasting[size],
                "people": people,
                "population_evsi": value * people,
                "population_se": error,
                "cost": cost,
                "enbs": enbs,
                "low": enbs - 1.96 * error,
                "high": enbs + 1.96 * error,
            }
        )
    table = pd.DataFrame(rows)
    table["best"] = np.arange(len(table)) == table["enbs"].to_numpy().argmax()
    return table
