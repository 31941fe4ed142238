"""From sums over patients to means with Monte Carlo standard errors, per draw and over draws."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from simulator.living.sums import PATIENTS, SQUARES, TOTAL, Sums

Floats = NDArray[np.float64]


class Estimate(NamedTuple):
    """Means and their Monte Carlo standard errors, of one shape. Errors of a single patient are NaN."""

    mean: Floats
    se: Floats


def estimate(sums: Floats, squares: Floats, n: Floats) -> Estimate:
    """Mean of n independent values and its standard error, from their sum and their sum of squares."""
    mean = sums / n
    return Estimate(mean, np.sqrt(np.where(n > 1, np.maximum(squares / n - mean * mean, 0.0) / (n - 1), np.nan)))


@dataclass(frozen=True, eq=False)
class DrawMeans:
    """What one parameter draw says: outcomes, differences to the reference, shares of states, TcPO2 and ledger."""

    outcomes: Estimate
    differences: Estimate
    states: Estimate
    perfusion: Estimate
    ledger: Estimate

    @classmethod
    def of(cls, sums: Sums, people: int, reference: int) -> DrawMeans:
        """The means over a number of people; of TcPO2 over those who live with the limb."""
        n = np.array(float(people))
        with np.errstate(invalid="ignore", divide="ignore"):
            return cls._of(sums, n, reference)

    @classmethod
    def _of(cls, sums: Sums, n: Floats, reference: int) -> DrawMeans:
        kept, total, squares = (sums.perfusion[..., column] for column in (PATIENTS, TOTAL, SQUARES))
        differences = sums.outcomes - sums.outcomes[reference]
        dead = n - sums.states.sum(axis=-1, keepdims=True)
        states = np.concatenate([sums.states, dead], axis=-1)
        return cls(
            estimate(sums.outcomes, sums.outcome_squares, n),
            estimate(differences, sums.difference_squares, n),
            estimate(states, states, n),
            estimate(total, squares, kept),
            estimate(sums.ledger, sums.ledger_squares, n),
        )


@dataclass(eq=False)
class Pooled:
    """Running mean over draws (Welford), with room for one draw at a time."""

    n: int = 0
    mean: Floats = field(default_factory=lambda: np.zeros(()))
    spread: Floats = field(default_factory=lambda: np.zeros(()))
    error: Floats = field(default_factory=lambda: np.zeros(()))

    def add(self, draw: Estimate) -> None:
        """Add a draw's estimate."""
        self.n += 1
        step = draw.mean - self.mean
        self.mean = self.mean + step / self.n
        self.spread = self.spread + step * (draw.mean - self.mean)
        self.error = self.error + draw.se

    def estimate(self, fresh_patients: bool) -> Estimate:
        """Mean over draws and its standard error.

        With one draw the error is that of its patients. With several it is that of the draws' mean; where they share
        patients their common luck does not average out and is added in full, which errs on the safe side.
        """
        if self.n == 1:
            return Estimate(self.mean, self.error)
        between = self.spread / (self.n - 1) / self.n
        shared = 0.0 if fresh_patients else (self.error / self.n) ** 2
        return Estimate(self.mean, np.sqrt(between + shared))
