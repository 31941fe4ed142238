"""What a prior says, what it is worth, and what it costs where the truth is another."""

from __future__ import annotations

import numpy as np
import pandas as pd

from simulator.questions.trial.conduct import Columns, Conduct
from simulator.questions.trial.endpoint import BORROWING
from simulator.questions.trial.predictive import rule_of
from simulator.statistics.beta_rules import UNIFORM, BetaMixture, conflict_table
from simulator.statistics.borrowing import borrowing_table
from simulator.statistics.effective_size import elir_size, moment_size

RATES = np.linspace(0.05, 0.95, 19)
"""True rates at which a prior is confronted with data."""
ENDS = (0.025, 0.5, 0.975)


def prior_tables(conduct: Conduct, columns: Columns) -> tuple[pd.DataFrame | None, pd.DataFrame | None]:
    """The prior of the first endpoint, by part and as a whole, and its errors over true rates; None without a posterior rule.

    prior: part, weight, a, b, mean, low, median, high (quantiles), elir and moment (patients that it is worth; of the whole).
    Errors as in `conflict_table` for a single arm and in `borrowing_table` for two, whose odds ratio is that of the trials'
    mean rates at the end.
    """
    design, endpoint = conduct.design, conduct.design.primary
    if endpoint.test not in ("posterior", BORROWING):
        return None, None
    prior = UNIFORM if endpoint.prior is None else endpoint.prior.mixture
    certainty, n = 1.0 - design.alpha, conduct.marked.patients
    if endpoint.test == "posterior":
        assert endpoint.null_rate is not None
        return prior_table(prior), pd.DataFrame(conflict_table(prior, n, endpoint.null_rate, certainty, RATES))
    name = conduct.hypotheses[0][0]
    rates = [float(np.nanmean(columns[f"rate_{arm}_at_end:{name}"])) for arm in (0, 1)]
    odds = [rate / (1.0 - rate) for rate in np.clip(rates, 1e-3, 1.0 - 1e-3)]
    return prior_table(prior), pd.DataFrame(borrowing_table(rule_of(design, endpoint, n), RATES, odds[1] / odds[0]))


def prior_table(prior: BetaMixture) -> pd.DataFrame:
    """A row for each part of a prior and one for the whole."""
    parts = [BetaMixture((1.0,), (a,), (b,)) for a, b in zip(prior.a, prior.b, strict=True)]
    rows = [
        (f"{place}", weight, a, b, part.mean, *map(part.quantile, ENDS), np.nan, np.nan)
        for place, (weight, a, b, part) in enumerate(zip(prior.weight, prior.a, prior.b, parts, strict=True), 1)
    ]
    rows.append(
        ("whole", 1.0, np.nan, np.nan, prior.mean, *map(prior.quantile, ENDS), elir_size(prior), moment_size(prior))
    )
    return pd.DataFrame(rows, columns=["part", "weight", "a", "b", "mean", "low", "median", "high", "elir", "moment"])
