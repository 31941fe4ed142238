"""Two-sided tests that also stop for futility: a wedge around no effect beside the two efficacy boundaries.

A trial goes on while its z lies between the wedge and the efficacy boundary, on either side; the wedge spends the type II
error. Emerson SS, Fleming TR. Biometrics 1989;45:905-923, doi 10.2307/2531692; Pampallona S, Tsiatis AA. J Stat Plan Inference
1994;42:19-35, doi 10.1016/0378-3758(94)90187-2. The integration is that of `simulator.statistics.sequential.crossing`.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from simulator.compiling import compiled
from simulator.statistics.sequential.crossing import GRID, above, below, bound_for, start, step

Array = NDArray[np.float64]


@compiled
def _ahead(
    nodes: Array, mass: Array, before: float, t: float, drift: float, inner: float, outer: float, r: int
) -> tuple[Array, Array]:
    """Mass at `t` between the wedge and the efficacy boundary, on both sides; `before` 0 means the first look."""
    if before == 0.0:
        low, low_mass = start(t, drift, -outer, -inner, r)
        high, high_mass = start(t, drift, inner, outer, r)
    else:
        low, low_mass = step(nodes, mass, before, t, drift, -outer, -inner, r)
        high, high_mass = step(nodes, mass, before, t, drift, inner, outer, r)
    return np.concatenate((low, high)), np.concatenate((low_mass, high_mass))


@compiled
def _inside(nodes: Array, mass: Array, before: float, t: float, drift: float, inner: float) -> float:
    """Probability of having got this far and being inside the wedge."""
    return above(nodes, mass, before, t, drift, -inner) - above(nodes, mass, before, t, drift, inner)


@compiled
def wedge_crossing(
    information: Array, outer: Array, inner: Array, drift: float, r: int = GRID
) -> tuple[Array, Array, Array]:
    """Probability of stopping at each look below -outer, inside (-inner, inner) and above outer; arrays (looks,).

    At the last look `inner` equals `outer`, so that the three add up to 1 over the looks.
    """
    looks = information.size
    down, inside, up = np.zeros(looks), np.zeros(looks), np.zeros(looks)
    nodes, mass = np.empty(0), np.empty(0)
    before = 0.0
    for k in range(looks):
        t = information[k]
        down[k] = below(nodes, mass, before, t, drift, -outer[k])
        up[k] = above(nodes, mass, before, t, drift, outer[k])
        inside[k] = _inside(nodes, mass, before, t, drift, inner[k])
        if k + 1 < looks:
            nodes, mass = _ahead(nodes, mass, before, t, drift, inner[k], outer[k], r)
        before = t
    return down, inside, up


@compiled
def wedge_bounds(information: Array, outer: Array, spend: Array, drift: float, r: int = GRID) -> Array:
    """Half width of the wedge at each look that spends `spend[k]` of the type II error under `drift`; arrays (looks,).

    At the last look it is the efficacy boundary. A look that has nothing to spend has no wedge: 0.
    """
    looks = information.size
    inner = np.zeros(looks)
    nodes, mass = np.empty(0), np.empty(0)
    before = 0.0
    for k in range(looks - 1):
        t = information[k]
        low, high = 0.0, outer[k]
        if spend[k] > 0.0 and _inside(nodes, mass, before, t, drift, high) > spend[k]:
            for _ in range(200):
                middle = 0.5 * (low + high)
                if _inside(nodes, mass, before, t, drift, middle) > spend[k]:
                    high = middle
                else:
                    low = middle
                if high - low <= 1e-13:
                    break
            inner[k] = 0.5 * (low + high)
        elif spend[k] > 0.0:
            inner[k] = high
        nodes, mass = _ahead(nodes, mass, before, t, drift, inner[k], outer[k], r)
        before = t
    inner[looks - 1] = outer[looks - 1]
    return inner


@compiled
def outer_bounds(information: Array, spend: Array, inner: Array, r: int = GRID) -> Array:
    """Efficacy boundaries that spend `spend[k]` on each side if no effect, in a trial that obeys the wedge; (looks,)."""
    looks = information.size
    outer = np.empty(looks)
    nodes, mass = np.empty(0), np.empty(0)
    before = 0.0
    for k in range(looks):
        t = information[k]
        outer[k] = bound_for(nodes, mass, before, t, 0.0, spend[k])
        if outer[k] == -math.inf:
            # The wedge leaves too few trials to spend all of alpha on; whoever asked checks the level.
            outer[k] = inner[k]
        if k + 1 < looks:
            nodes, mass = _ahead(nodes, mass, before, t, 0.0, min(inner[k], outer[k]), outer[k], r)
        before = t
    return outer
