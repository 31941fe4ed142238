"""How likely the published summaries are, given their model counterparts.

Counts are multinomial, means and standard deviations are normal with their sampling errors at the study's n. The two 8-cell
tables describe the same people at two times, so their likelihood sums over every joint table of moves between them.
Summaries that overlap (doses, follow-up, Kaplan-Meier means) are multiplied as if independent: a composite likelihood, whose
coverage is checked on synthetic cohorts rather than assumed.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.special import logsumexp

from simulator.calibration.summaries import Summaries
from simulator.calibration.targets import Contrast, Founding

Array = NDArray[np.float64]


def log_shares(shares: Array, lives: int) -> Array:
    """Logarithms of simulated shares, with half a simulated patient in empty cells."""
    return np.log(np.maximum(shares, 0.5 / lives))


def normal_terms(model: float, observed: float, se: float) -> float:
    """Normal log likelihood without its constant; a summary that the model cannot form counts as six SE away."""
    if not np.isfinite(model):
        return -18.0
    return -0.5 * ((model - observed) / se) ** 2


def mean_and_sd(model: tuple[float, float], observed: tuple[float, float, float]) -> float:
    """Log likelihood of a published mean and standard deviation of n values."""
    mean, sd, n = observed
    return normal_terms(model[0], mean, sd / n**0.5) + normal_terms(model[1], sd, sd / (2 * (n - 1)) ** 0.5)


def log_likelihood(model: Summaries, data: Founding, lives: int) -> dict[str, float]:
    """Terms of the log likelihood of the founding cohort; `lives` is the number simulated."""
    tables, multiplicity = data.moves
    moves = logsumexp(multiplicity + np.tensordot(tables, log_shares(model.transitions, lives), 2))
    healed, unhealed = data.last_healed, data.last_unhealed
    return {
        "tables": float(moves),
        "doses": float((data.doses * log_shares(model.doses, lives)).sum()),
        "follow_up": float(data.n / 4 * log_shares(model.follow_up, lives).sum()),
        "tcpo2_low": mean_and_sd(model.last_low, data.last_low),
        "tcpo2_high": mean_and_sd(model.last_high, data.last_high),
        "tcpo2_by_healing": normal_terms(
            model.last_healed[0] - model.last_unhealed[0],
            healed[0] - unhealed[0],
            float(np.hypot(healed[1] / healed[2] ** 0.5, unhealed[1] / unhealed[2] ** 0.5)),
        ),
        "healing_days_1_year": normal_terms(model.healing_days_1_year, *data.healing_days_1_year),
        "healing_days_end": normal_terms(model.healing_days_end, *data.healing_days_end),
    }


def log_likelihood_contrast(log_risk_ratio: float, tcpo2: float, data: Contrast) -> float:
    """Log likelihood of a randomised contrast."""
    total = normal_terms(log_risk_ratio, data.log_risk_ratio, data.log_risk_ratio_se)
    if data.tcpo2 is not None and data.tcpo2_se is not None:
        total += normal_terms(tcpo2, data.tcpo2, data.tcpo2_se)
    return total
