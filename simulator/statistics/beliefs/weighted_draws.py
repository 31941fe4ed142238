"""How many draws weighted ones are worth."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def effective_draws(weights: NDArray[np.float64]) -> float:
    """Number of equally weighted draws that weights are worth (Kish).

    Source: Kish L. Survey Sampling. Wiley 1965, section 11.7.
    """
    return float(weights.sum() ** 2 / (weights**2).sum())
