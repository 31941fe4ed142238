"""How likely the published summaries are, given their model counterparts.

The two 8-cell tables describe the same people at two times: their likelihood is multinomial, summed over every joint table of
moves between them. The other summaries (doses by response, follow-up, Kaplan-Meier means, TcPO2) come from the same fifty
people, so they are taken *given* the tables: normal about what the model expects after regression on the deviation of the
tables from their expectation, with a residual covariance measured on simulated cohorts of the study's size (a conditional
synthetic likelihood; Wood, Nature 2010;466:1102, doi:10.1038/nature09319). Nothing is counted twice, to first order; coverage
is checked on synthetic cohorts.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy.special import logsumexp

from simulator.evidence.targets import Arm, Contrast, Founding, Observed
from simulator.founding.summaries import INDEX, MOVES, N_MOVES, table_of_moves

Array = NDArray[np.float64]
SMALLEST_SHARE = 1e-4
"""Least share that a simulated cell counts as: half a patient of 5,000."""

GIVEN_TABLES = (
    "doses_1_below_40",
    "doses_2_below_40",
    "doses_3_below_40",
    "doses_1_at_least_40",
    "doses_2_at_least_40",
    "follow_up_quarter_1",
    "follow_up_quarter_2",
    "follow_up_quarter_3",
    "healing_days_1_year",
    "healing_days_end",
    "tcpo2_low_mean",
    "tcpo2_low_sd",
    "tcpo2_high_mean",
    "tcpo2_high_sd",
    "tcpo2_difference",
)
"""Summaries taken given the tables; the last is TcPO2 in healed less TcPO2 in unhealed."""


def margins(statistics: Array) -> Array:
    """Shares in each cell at one year and at the end, shape (rows, 16), of statistics (rows, k)."""
    table = table_of_moves(statistics)
    return np.concatenate([table.sum(axis=-1), table.sum(axis=-2)], axis=-1)


def given_tables(statistics: Array) -> Array:
    """The summaries of `GIVEN_TABLES`, shape (rows, 15), of statistics (rows, k)."""
    columns = [statistics[:, INDEX[name]] for name in GIVEN_TABLES[:-1]]
    columns.append(statistics[:, INDEX["tcpo2_healed_mean"]] - statistics[:, INDEX["tcpo2_unhealed_mean"]])
    return np.stack(columns, axis=1)


@dataclass(frozen=True, eq=False)
class SmallSample:
    """How summaries of a cohort of the study's size scatter around their large-sample values.

    `shift` (15,) is their small-sample bias, `slope` (16, 15) their regression on the tables' deviations (8 rows where only
    the table at one year is known), `spread` (15, 15) the residual covariance.
    """

    shift: Array
    slope: Array
    spread: Array

    @cached_property
    def precision(self) -> Array:
        """Inverse of the residual covariance."""
        return np.asarray(np.linalg.inv(self.spread), np.float64)


def small_sample(cohorts: Array, expected: Array, end_known: bool = True) -> SmallSample:
    """Measure the scatter from the statistics of many small cohorts (cohorts, k) about large-sample ones (k,)."""
    usable = np.isfinite(given_tables(cohorts)).all(axis=1)
    cohorts = cohorts[usable]
    deviation = (margins(cohorts) - margins(expected[None]))[:, : 16 if end_known else 8]
    scatter = given_tables(cohorts) - given_tables(expected[None])
    centred = deviation - deviation.mean(axis=0)
    slope = np.linalg.lstsq(centred, scatter - scatter.mean(axis=0), rcond=1e-8)[0]
    residual = scatter - scatter.mean(axis=0) - centred @ slope
    return SmallSample(scatter.mean(axis=0), slope, np.cov(residual.T))


def log_likelihood(model: Array, data: Founding | Observed, scatter: SmallSample) -> dict[str, Array]:
    """Log likelihood of the tables and of the other summaries for each row of `model` (draws, statistics)."""
    counts, multiplicity = data.moves
    if data.end_known:
        logs = np.log(np.maximum(model[:, :N_MOVES], SMALLEST_SHARE))
        tables = logsumexp(multiplicity + logs @ np.array([counts[:, i, j] for i, j in MOVES]), axis=1)
    else:
        tables = np.log(np.maximum(margins(model)[:, :8], SMALLEST_SHARE)) @ counts[0].sum(axis=1)
    observed = data.statistics
    deviation = (margins(observed[None]) - margins(model))[:, : len(scatter.slope)]
    gap = given_tables(observed[None]) - given_tables(model) - scatter.shift - deviation @ scatter.slope
    known = np.isfinite(gap[0]) if len(gap) else np.ones(len(GIVEN_TABLES), bool)
    precision = scatter.precision if known.all() else np.linalg.inv(scatter.spread[np.ix_(known, known)])
    gap = gap[:, known]
    return {
        "tables": np.asarray(tables),
        "given tables": -0.5 * np.einsum("ij,jk,ik->i", gap, precision, gap),
    }


def log_likelihood_arms(changes: Array, arms: Sequence[Arm]) -> Array:
    """Log likelihood of control arms for each draw; `changes` (draws, 2): early, and when trials compare arms."""
    total = np.zeros(len(changes))
    for arm in arms:
        total -= 0.5 * ((changes[:, 0 if arm.early else 1] - arm.change) / arm.sd) ** 2
    return total


def log_likelihood_contrast(log_risk_ratio: Array, tcpo2: Array, data: Contrast) -> Array:
    """Log likelihood of a randomised contrast for each draw: normal on the scale of its published interval."""
    total = -0.5 * ((log_risk_ratio - data.log_risk_ratio) / data.log_risk_ratio_se) ** 2
    if data.tcpo2 is not None and data.tcpo2_se is not None:
        total = total - 0.5 * ((tcpo2 - data.tcpo2) / data.tcpo2_se) ** 2
    return np.asarray(total)
