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

from simulator.calibration.summaries import INDEX, MOVES, N_DOSES, N_MOVES
from simulator.calibration.targets import Contrast, Founding

Array = NDArray[np.float64]
SMALLEST_SHARE = 1e-4
"""Least share that a simulated cell counts as: half a patient of 5,000."""
OUT_OF_REACH = -18.0
"""A summary that the model cannot form counts as six standard errors away."""


def normal_terms(model: Array, observed: float, se: float) -> Array:
    """Normal log likelihood without its constant; zero for a summary that the study could not form."""
    if not np.isfinite(observed) or not np.isfinite(se) or se <= 0.0:
        return np.zeros(np.shape(model))
    return np.where(np.isfinite(model), -0.5 * ((model - observed) / se) ** 2, OUT_OF_REACH)


def log_likelihood(model: Array, data: Founding) -> dict[str, Array]:
    """Terms of the log likelihood of a cohort for each row of `model` (draws, statistics)."""
    counts, multiplicity = data.moves
    logs = np.log(np.maximum(model, SMALLEST_SHARE))
    flat = np.array([counts[:, i, j] for i, j in MOVES])
    healed, unhealed = data.last_healed, data.last_unhealed

    def mean_and_sd(name: str, observed: tuple[float, float, float]) -> Array:
        mean, sd, n = observed
        at_mean = normal_terms(model[:, INDEX[f"tcpo2_{name}_mean"]], mean, sd / max(n, 1.0) ** 0.5)
        at_sd = normal_terms(model[:, INDEX[f"tcpo2_{name}_sd"]], sd, sd / max(2.0 * (n - 1.0), 1.0) ** 0.5)
        return np.asarray(at_mean + at_sd)

    return {
        "tables": np.asarray(logsumexp(multiplicity + logs[:, :N_MOVES] @ flat, axis=1)),
        "doses": logs[:, N_MOVES : N_MOVES + N_DOSES] @ data.doses.ravel(),
        "follow_up": data.n / 4 * logs[:, N_MOVES + N_DOSES : N_MOVES + N_DOSES + 4].sum(axis=1),
        "tcpo2_low": mean_and_sd("low", data.last_low),
        "tcpo2_high": mean_and_sd("high", data.last_high),
        "tcpo2_by_healing": normal_terms(
            model[:, INDEX["tcpo2_healed_mean"]] - model[:, INDEX["tcpo2_unhealed_mean"]],
            healed[0] - unhealed[0],
            float(np.hypot(healed[1] / max(healed[2], 1.0) ** 0.5, unhealed[1] / max(unhealed[2], 1.0) ** 0.5)),
        ),
        "healing_days_1_year": normal_terms(model[:, INDEX["healing_days_1_year"]], *data.healing_days_1_year),
        "healing_days_end": normal_terms(model[:, INDEX["healing_days_end"]], *data.healing_days_end),
    }


def log_likelihood_contrast(log_risk_ratio: Array, tcpo2: Array, data: Contrast) -> Array:
    """Log likelihood of a randomised contrast for each draw."""
    total = normal_terms(log_risk_ratio, data.log_risk_ratio, data.log_risk_ratio_se)
    if data.tcpo2 is not None and data.tcpo2_se is not None:
        total = total + normal_terms(tcpo2, data.tcpo2, data.tcpo2_se)
    return total
