"""Samples of a study's own size, cut from simulated lives, and the number that the study would report in each."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray
from scipy.stats import norm

from simulator.studies import measures
from simulator.studies.measures import Seen
from simulator.studies.study import Group, Quantity

Array = NDArray[np.float64]
MOST_SAMPLES = 10
"""Samples of the study's size cut from the lives of one draw."""


def parts_of(n: int, sizes: list[int]) -> list[int]:
    """`n` people shared among groups in proportion to their sizes, by largest remainders."""
    exact = np.array(sizes) * n / sum(sizes)
    shares = np.floor(exact).astype(int)
    for k in np.argsort(shares - exact, kind="stable")[: n - int(shares.sum())]:
        shares[k] += 1
    return [int(share) for share in shares]


def sample_values(
    quantity: Quantity, seen: Mapping[str, Seen], groups: Mapping[str, Group], t: float, noise: float
) -> Array:
    """The number in each sample of the study's size that one draw's lives give.

    A pooled estimate has no size; it is formed on all lives and given its published standard error.
    """
    if quantity.against:
        sides = [
            samples_of({g: seen[g] for g in names}, {g: groups[g].n for g in names})
            for names in (quantity.groups, quantity.against)
        ]
        event = quantity.event or ""
        return np.array(
            [measures.contrast(quantity.measure, event, a, b, t) for a, b in zip(*sides, strict=False)], dtype=float
        )
    chosen = {g: part_counted(quantity, seen[g], t) for g in quantity.groups}
    threshold = quantity.threshold or 0.0
    if quantity.n is None:
        whole = Seen.joined(list(chosen.values()))
        value = measures.statistic(quantity.measure, whole, t, threshold=threshold)
        if quantity.low is not None and quantity.high is not None:
            value += noise * (quantity.high - quantity.low) / (2.0 * norm.ppf(0.975))
            value = min(1.0, max(0.0, value)) if quantity.is_share else value
        return np.array([value])
    people = quantity.people or quantity.n
    parts = parts_of(people, [groups[g].n for g in quantity.groups])
    twice = slice(0, quantity.n - people)
    return np.array(
        [
            measures.statistic(quantity.measure, Seen.joined([sample, sample.take(twice)]), t, threshold=threshold)
            for sample in samples_of(chosen, dict(zip(quantity.groups, parts, strict=True)))
        ],
        dtype=float,
    )


def part_counted(quantity: Quantity, seen: Seen, t: float) -> Seen:
    """The people of the denominator; for a measured value those in whom it can be measured."""
    inside = measures.counted(quantity.among, quantity.measure, seen, t)
    if quantity.measure in measures.AT_A_VISIT:
        inside = inside & np.isfinite(seen.tcpo2)
    return seen.take(inside)


def samples_of(seen: Mapping[str, Seen], sizes: Mapping[str, int]) -> list[Seen]:
    """Samples of the given sizes cut from the lives of each group, at least one, with all people if they are too few."""
    full = min((len(seen[g]) // size for g, size in sizes.items() if size), default=1)
    cuts = []
    for number in range(max(1, min(MOST_SAMPLES, full))):
        cuts.append(Seen.joined([s.take(slice(number * sizes[g], (number + 1) * sizes[g])) for g, s in seen.items()]))
    return cuts
