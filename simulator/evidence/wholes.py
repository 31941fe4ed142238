"""Shares of one whole: parameters that cannot add to more than 1, whatever each of them may be alone."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import pandas as pd

ROUNDING = 1e-9
"""Sums beyond 1 by less than this are 1 that was added up in floating point."""


@dataclass(frozen=True)
class Whole:
    """Shares of people in classes that exclude each other, the class that gives way first in front."""

    shares: tuple[str, ...]

    @property
    def key(self) -> str:
        """What messages call it."""
        return " + ".join(self.shares)

    def total(self, values: Mapping[str, Any]) -> NDArray[np.float64]:
        """The sum in each row of `values`, which has every share."""
        return np.asarray(sum(np.asarray(values[name], np.float64) for name in self.shares))


WHOLES = (Whole(("renal_moderate_share", "renal_severe_share", "renal_dialysis_share")),)
"""Every rule of this kind. Renal classes are drawn worst first, so what is too much is missing from the milder ones."""


def too_much(values: Mapping[str, Any]) -> Iterator[tuple[Whole, NDArray[np.float64], NDArray[np.bool_]]]:
    """The wholes that some row of `values` breaks, with each row's sum and whether it is too much.

    Wholes of which `values` lacks a share are left out.
    """
    for whole in WHOLES:
        if all(name in values for name in whole.shares):
            total = np.atleast_1d(whole.total(values))
            wrong = total > 1.0 + ROUNDING
            if wrong.any():
                yield whole, total, wrong


def cut_to_one(values: Mapping[str, NDArray[Any]]) -> int:
    """Cut shares that were drawn independently of each other to what is left of 1, in place; returns rows that changed.

    The milder class gives way, as in `simulator.rules.population.patient.renal_class`, so no life changes. For draws from
    distributions and their limits only: numbers that somebody chose are refused, not cut.
    """
    changed = np.zeros(0, np.bool_)
    for whole, _, wrong in list(too_much(values)):
        changed = wrong if not changed.size else changed | wrong
        left = np.ones(len(wrong))
        for name in reversed(whole.shares):
            share = values[name]
            share[wrong] = np.minimum(share[wrong], left[wrong])
            left = np.maximum(left - share, 0.0)
    return int(changed.sum())


def columns(table: NDArray[np.void]) -> dict[str, NDArray[Any]]:
    """The fields of a structured array as views, by name."""
    return {name: table[name] for name in table.dtype.names or ()}


def cut_limits(table: pd.DataFrame, usual: Mapping[str, float]) -> pd.DataFrame:
    """`table`, a row per run at the limits of distributions, cut to one; shares that it lacks are at their `usual` value."""
    shares = {name for whole in WHOLES for name in whole.shares if any(other in table for other in whole.shares)}
    filled = {
        name: table[name].to_numpy(np.float64, copy=True) if name in table else np.full(len(table), usual[name])
        for name in sorted(shares)
    }
    return table.assign(**filled) if cut_to_one(filled) else table
