"""Which parameter draws can make a difference to some policies, so that lives which must be the same are lived once."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from simulator.rules.pathway.procedure import THERAPIES
from simulator.scenario.arrays import BY_VIEW, DEATH_LEVEL, flat


def distinct(params: NDArray[np.void], policies: NDArray[np.void]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The draws to live, and for each draw its place among them; both in the order of the draws.

    `params` is what `parameter_draws` gives. Two draws are one where they differ in nothing but numbers that no life under
    these `policies` reads: those of therapies that none of them gives, and what views of the evidence say beside the one in
    force.
    """
    read: Any = params.copy()
    given = _given(policies)
    for place in range(THERAPIES[2][0]):
        if place not in given:
            read[THERAPIES[0]][:, place] = np.zeros((), read[THERAPIES[0]].dtype)
    for name in read.dtype.names:
        if name.startswith(tuple(f"{share}_" for share in (*BY_VIEW, DEATH_LEVEL))):
            read[name] = 0.0
    _, first, inverse = np.unique(flat(read), axis=0, return_index=True, return_inverse=True)
    order = np.argsort(first)
    place_of = np.empty(len(order), np.int64)
    place_of[order] = np.arange(len(order))
    return first[order], place_of[inverse.reshape(-1)]


def _given(policies: NDArray[np.void]) -> set[int]:
    """Places of the therapies that a policy may give, the product and route of cells among them."""
    found = {int(place) for part in ("product", "route") for place in policies[part]}
    for policy in policies:
        found |= {int(place) for place in policy["steps"]["therapy"][: int(policy["step_count"])]}
    return found
