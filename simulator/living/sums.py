"""Sums over patients: of ledgers, outcomes, states and TcPO2, and of their squares for the Monte Carlo errors.

Patients who were kept one by one are added up in the order in which those who are not are, so the bits are the same.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from simulator.compiling import compiled, compiled_in_place
from simulator.living.census import DEAD, STATE
from simulator.living.ledger import STATES
from simulator.living.ledger import WIDTH as LEDGER_WIDTH
from simulator.living.outcomes import WIDTH as OUTCOME_WIDTH

Floats = NDArray[np.float64]
PATIENTS, TOTAL, SQUARES = range(3)
"""Columns of `perfusion`."""


class Sums(NamedTuple):
    """ledger, ledger_squares: (policies, ledger WIDTH), or (policies, 0) where none is kept. outcomes, outcome_squares,
    difference_squares: (policies, times, outcomes), the last of squares of the difference to the reference policy. states:
    (policies, times, states), numbers of the living. perfusion: (policies, times, 3), number, sum and sum of squares of the
    true TcPO2 (mmHg) of kept limbs.
    """

    ledger: Floats
    ledger_squares: Floats
    outcomes: Floats
    outcome_squares: Floats
    difference_squares: Floats
    states: Floats
    perfusion: Floats

    @classmethod
    def zero(cls, policies: int, times: int, ledger: int = LEDGER_WIDTH) -> Sums:
        """Nothing added up yet, with room for ledgers of so many columns."""
        outcomes = (policies, times, OUTCOME_WIDTH)
        shapes = [(policies, ledger)] * 2 + [outcomes] * 3 + [(policies, times, STATES), (policies, times, 3)]
        return cls(*(np.zeros(shape) for shape in shapes))

    def in_rows(self) -> Sums:
        """The same memory with the outcomes at all times in one row a policy, along which the compiler makes vectors."""
        flat = [part.reshape(len(part), -1) for part in (self.outcomes, self.outcome_squares, self.difference_squares)]
        return self._replace(outcomes=flat[0], outcome_squares=flat[1], difference_squares=flat[2])

    def add(self, other: Sums) -> None:
        """Add another block's sums. Blocks come in order, so the bits do not depend on who made them."""
        for mine, theirs in zip(self, other, strict=True):
            np.add(mine, theirs, out=mine)


@compiled
def add_ledger(total: Any, squares: Any, ledger: Any) -> None:
    """Add the ledger of one life under a policy to that policy's rows."""
    for f in range(total.shape[0]):
        total[f] += ledger[f]
        squares[f] += ledger[f] * ledger[f]


@compiled
def add_tcpo2(perfusion: Any, value: float) -> None:
    """Add the TcPO2 of one kept limb to the row of its policy and census time."""
    perfusion[PATIENTS] += 1.0
    perfusion[TOTAL] += value
    perfusion[SQUARES] += value * value


@compiled
def add_outcomes(total: Any, squares: Any, difference_squares: Any, outcome: Any, compared: Any) -> None:
    """Add one patient's outcomes at all times under a policy to that policy's rows; `compared` are those under the reference."""
    for k in range(outcome.shape[0]):
        value, difference = outcome[k], outcome[k] - compared[k]
        total[k] += value
        squares[k] += value * value
        difference_squares[k] += difference * difference


@compiled
def add_states(state_sums: Any, perfusion: Any, states: Any, path: Any) -> None:
    """Add the states (times,) and TcPO2 (times,), NaN where there is none, of one life to a policy's rows."""
    for k in range(states.shape[0]):
        if states[k] != DEAD:
            state_sums[k, states[k]] += 1.0
        if path[k] == path[k]:
            add_tcpo2(perfusion[k], path[k])


@compiled_in_place
def add_patient(sums: Any, ledgers: Any, states: Any, paths: Any, outcomes: Any, reference: int) -> None:
    """Add one patient under all policies, to sums `in_rows`.

    Shapes: ledgers (policies, ledger WIDTH), states (policies, times), as in a census, paths (policies, times), true TcPO2
    (mmHg) or NaN, outcomes (policies, times x outcomes).
    """
    for p in range(ledgers.shape[0]):
        add_ledger(sums.ledger[p], sums.ledger_squares[p], ledgers[p])
        add_states(sums.states[p], sums.perfusion[p], states[p], paths[p])
        rows = sums.outcomes[p], sums.outcome_squares[p], sums.difference_squares[p]
        add_outcomes(rows[0], rows[1], rows[2], outcomes[p], outcomes[reference])


def add_up(sums: Sums, ledgers: Floats, censuses: Any, paths: Floats, outcomes: Floats, reference: int) -> None:
    """Add patients who were kept one by one.

    Shapes: ledgers (policies, patients, ledger WIDTH), censuses (policies, patients, times, census WIDTH), paths
    (policies, patients, times), outcomes (policies, patients, times, outcomes).
    """
    policies, patients = outcomes.shape[:2]
    _add_up(sums.in_rows(), ledgers, censuses, paths, outcomes.reshape(policies, patients, -1), reference)


@compiled
def _add_up(sums: Any, ledgers: Any, censuses: Any, paths: Any, outcomes: Any, reference: int) -> None:
    for i in range(outcomes.shape[1]):
        add_patient(sums, ledgers[:, i], censuses[:, i, :, STATE], paths[:, i], outcomes[:, i], reference)
