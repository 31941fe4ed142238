"""Adding up patients who were kept one by one, in the order in which the compiled engine adds up those who are not."""

from __future__ import annotations

from typing import Any

from simulator.compiling import compiled


@compiled
def add_up(
    ledgers: Any,
    censuses: Any,
    paths: Any,
    outcomes: Any,
    reference: int,
    sums: Any,
    squares: Any,
    outcome_sums: Any,
    outcome_squares: Any,
    difference_squares: Any,
    state_counts: Any,
    perfusion: Any,
) -> None:
    """Add patients to the sums that `simulator.living.compiled.run_block` makes, with the same bits.

    Shapes: ledgers (policies, patients, ledger WIDTH), censuses (policies, patients, times, 3), paths (policies,
    patients, times), outcomes (policies, patients, times, outcomes); the sums as in `run_block`.
    """
    policies, count, times, width = outcomes.shape
    for i in range(count):
        for p in range(policies):
            for f in range(ledgers.shape[2]):
                sums[p, f] += ledgers[p, i, f]
                squares[p, f] += ledgers[p, i, f] * ledgers[p, i, f]
            for k in range(times):
                state = censuses[p, i, k, 0]
                if state >= 0:
                    state_counts[p, k, state] += 1.0
                value = paths[p, i, k]
                if value == value:
                    perfusion[p, k, 0] += 1.0
                    perfusion[p, k, 1] += value
                    perfusion[p, k, 2] += value * value
        for p in range(policies):
            for k in range(times):
                for o in range(width):
                    value = outcomes[p, i, k, o]
                    difference = value - outcomes[reference, i, k, o]
                    outcome_sums[p, k, o] += value
                    outcome_squares[p, k, o] += value * value
                    difference_squares[p, k, o] += difference * difference
