"""Monte Carlo error of means over draws, and whether more draws or more patients would lower it.

The mean per draw varies because parameters differ between draws and because every draw lives finitely many patients. If
the variance within draws (squared standard error per draw) is known, the rest of the variance between draws is due to
parameters. When every draw has its own patients both parts shrink with the number of draws; when all draws share the
same patients and their luck, the patients' part is the same error in every draw and only more patients shrink it.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from simulator.words.errors import BadInput, Problem


def monte_carlo_error(
    names: Sequence[str], values: ArrayLike, within_se: ArrayLike | None = None, *, shared_patients: bool = False
) -> pd.DataFrame:
    """Error of the mean of every quantity: quantity, mean, se, se_draws, se_patients, bottleneck.

    `values` and `within_se` have the shape (draws, quantities): the mean of each draw and its standard error over the
    draw's patients. `se` joins both parts. With `shared_patients` the errors of draws are taken as perfectly
    correlated, an upper bound. `bottleneck` is "draws" or "patients", whichever has the larger part; without
    `within_se` the parts and it are missing.
    """
    per_draw = np.asarray(values, dtype=np.float64)
    problems = []
    if per_draw.ndim != 2 or per_draw.shape[1] != len(names):
        problems.append(Problem("convergence", "shape of values", str(per_draw.shape), f"(draws, {len(names)})"))
    elif len(per_draw) < 2:
        problems.append(Problem("convergence", "number of draws", str(len(per_draw)), "at least 2"))
    within = None if within_se is None else np.asarray(within_se, dtype=np.float64)
    if within is not None and (within.shape != per_draw.shape or not (within >= 0).all()):
        problems.append(Problem("convergence", "within_se", f"shape {within.shape}", "0 or more, one for every value"))
    if problems:
        raise BadInput(problems)
    draws = len(per_draw)
    variance = per_draw.var(axis=0, ddof=1)
    table = pd.DataFrame({"quantity": list(names), "mean": per_draw.mean(axis=0), "se": np.sqrt(variance / draws)})
    if within is None:
        return table.assign(se_draws=np.nan, se_patients=np.nan, bottleneck=None)
    noise = (within**2).mean(axis=0)
    # Errors that all draws share do not show in the variance between draws; others are part of it, whatever their estimate.
    noise = noise if shared_patients else np.minimum(noise, variance)
    parameters = variance if shared_patients else variance - noise
    by_draws = np.sqrt(parameters / draws)
    by_patients = within.mean(axis=0) if shared_patients else np.sqrt(noise / draws)
    return table.assign(
        se=np.hypot(by_draws, by_patients),
        se_draws=by_draws,
        se_patients=by_patients,
        bottleneck=np.where(by_patients > by_draws, "patients", "draws"),
    )
