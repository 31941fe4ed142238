"""What a study observed, with the interval that its own size gives."""

from __future__ import annotations

import math
from dataclasses import dataclass

from scipy.stats import t

from simulator.statistics.endpoints.exact_interval import exact_interval
from simulator.studies.study import Quantity, Study


@dataclass(frozen=True)
class Observed:
    """A number, how many people it rests on (None where it is pooled or not reported) and its 95% interval; NaN if unknown."""

    value: float
    n: int | None
    low: float
    high: float


def observed(quantity: Quantity, study: Study) -> Observed:
    """The observed number: counts with exact binomial limits, means with t limits, others with the published ones."""
    n, value = quantity.n, quantity.value
    if quantity.against:
        n = sum(study.groups[name].n for name in quantity.groups + quantity.against)
    if quantity.events is not None and quantity.n is not None:
        return Observed(quantity.events / quantity.n, n, *exact_interval(quantity.events, quantity.n))
    if value is None:
        return Observed(math.nan, n, math.nan, math.nan)
    if quantity.low is not None and quantity.high is not None:
        return Observed(value, n, quantity.low, quantity.high)
    if quantity.sd is not None and n is not None and n > 1:
        half = float(t.ppf(0.975, n - 1)) * quantity.sd / math.sqrt(n)
        return Observed(value, n, value - half, value + half)
    if quantity.n is not None and quantity.is_share and quantity.measure != "logistic_probability":
        return Observed(value, n, *exact_interval(value * quantity.n, quantity.n))
    return Observed(value, n, math.nan, math.nan)
