"""What a prior says, what it is worth, and what it costs where the truth is another."""

from __future__ import annotations

import numpy as np
import pandas as pd

from simulator.questions.trial.conduct.conduct import Columns, Conduct
from simulator.questions.trial.design.endpoint import BORROWING
from simulator.questions.trial.design.predictive import rule_of
from simulator.statistics.beliefs.beta_rules import UNIFORM, BetaMixture, conflict_table
from simulator.statistics.beliefs.borrowing import borrowing_table
from simulator.statistics.beliefs.effective_size import elir_size, moment_size

RATES = np.linspace(0.05, 0.95, 19)
"""True rates at which a prior is confronted with data."""
ENDS = (0.025, 0.5, 0.975)
EARLIER, WHOLE = "earlier", "whole"
"""Rows of several parts."""


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
    told = prior_table(prior, endpoint.prior is not None and endpoint.prior.vague > 0.0)
    certainty, n = 1.0 - design.alpha, conduct.marked.patients
    if endpoint.test == "posterior":
        assert endpoint.null_rate is not None
        return told, pd.DataFrame(conflict_table(prior, n, endpoint.null_rate, certainty, RATES))
    name = conduct.hypotheses[0][0]
    rates = [float(np.nanmean(columns[f"rate_{arm}_at_end:{name}"])) for arm in (0, 1)]
    odds = [rate / (1.0 - rate) for rate in np.clip(rates, 1e-3, 1.0 - 1e-3)]
    return told, pd.DataFrame(borrowing_table(rule_of(design, endpoint, n), RATES, odds[1] / odds[0]))


def prior_table(prior: BetaMixture, vague: bool = False) -> pd.DataFrame:
    """A row for each part of a prior, one for all before the last together where that is vague, and one for the whole."""
    alone = [BetaMixture((1.0,), (a,), (b,)) for a, b in zip(prior.a, prior.b, strict=True)]
    rows = [
        (f"{place}", weight, part.a[0], part.b[0], *_spread(part), np.nan, np.nan)
        for place, (weight, part) in enumerate(zip(prior.weight, alone, strict=True), 1)
    ]
    if vague:
        share = 1.0 - prior.weight[-1]
        rest = BetaMixture(tuple(w / share for w in prior.weight[:-1]), prior.a[:-1], prior.b[:-1])
        rows.append((EARLIER, share, np.nan, np.nan, *_spread(rest), elir_size(rest), moment_size(rest)))
    rows.append((WHOLE, 1.0, np.nan, np.nan, *_spread(prior), elir_size(prior), moment_size(prior)))
    return pd.DataFrame(rows, columns=["part", "weight", "a", "b", "mean", "low", "median", "high", "elir", "moment"])


def _spread(prior: BetaMixture) -> tuple[float, ...]:
    return prior.mean, *map(prior.quantile, ENDS)
