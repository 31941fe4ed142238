"""The triangular test: both boundaries are straight lines of the score against information, and meet at the last look.

Whitehead J, Stratton I. Biometrics 1983;39:227-236, doi 10.2307/2530822; Whitehead J. The Design and Analysis of Sequential
Clinical Trials, 2nd ed. Wiley 1997; Jennison & Turnbull 2000, section 4.5. For looks at unequal steps the lines are moved by
the expected overshoot (the Christmas tree correction). Their published constant holds the level of continuous monitoring, and
only nearly with few looks; here the one constant of the shape is found so that the level is exact.
"""

from __future__ import annotations

import numpy as np
import scipy
from numpy.typing import NDArray

from simulator.statistics.sequential.crossing import GRID, crossing

Array = NDArray[np.float64]

OVERSHOOT = 0.583
"""Expected excess over a boundary when it is first crossed, in standard deviations of a step (Siegmund 1985)."""


def triangle(information: Array, constant: float) -> tuple[Array, Array]:
    """z boundaries (lower, upper), each (looks,), of the triangle whose apex has a z of twice the `constant`."""
    t = information
    gain = np.sqrt(np.diff(t, prepend=0.0))
    moved = OVERSHOOT * (gain[-1] - gain)
    upper = (constant * (1.0 + t) + moved) / np.sqrt(t)
    lower = (constant * (3.0 * t - 1.0) - moved) / np.sqrt(t)
    return lower, upper


def triangular_bounds(information: Array, alpha: float) -> tuple[Array, Array] | None:
    """Lower and upper z boundaries at a one-sided level alpha; None where the lines meet before the last look."""

    def excess(constant: float) -> float:
        lower, upper = triangle(information, constant)
        return float(crossing(information, np.minimum(lower, upper), upper, 0.0, GRID)[1].sum()) - alpha

    # Without a look the apex is the critical value itself; looks move it by less than a factor of three.
    constant = float(scipy.optimize.brentq(excess, 1e-3, 10.0, xtol=1e-13, rtol=1e-13))
    lower, upper = triangle(information, constant)
    if np.any(lower[:-1] >= upper[:-1]):
        return None
    lower[-1] = upper[-1]
    return lower, upper
