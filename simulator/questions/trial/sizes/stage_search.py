"""Two-stage designs for a target power: Simon's search at the hoped rate and at the rate of the simulated patients."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import scipy
from numpy.typing import NDArray

from simulator.questions.trial.analysis.analysis import analyse
from simulator.questions.trial.design.interim import Stages
from simulator.questions.trial.results.operating import share_and_se, succeeded
from simulator.questions.trial.simulation.simulation import Simulation
from simulator.questions.trial.sizes.closed_form import Pool
from simulator.statistics.sizes.simon import TwoStage, promising, two_stage
from simulator.words.errors import BadInput

Advance = Callable[[int], None]

DESIGNS = 5
"""Designs that are tried on simulated lives: the planned one, and two for each rate."""


def stage_table(
    simulation: Simulation, pooled: Pool, target: float, truth: str, advance: Advance | None = None
) -> pd.DataFrame:
    """The planned design beside the optimal and the minimax one for `target`, each tried on the same simulated lives.

    Columns: rate_from (design, hoped, simulated), kind, rate (of success, which the design hopes for), n1, r1, patients,
    r, low, high (95% Monte Carlo interval of the patients, from that of a simulated rate), alpha, power (both exact),
    early_stop, expected_n (at the rate to be beaten), simulated_power, se, note. A rate for which there is no design has
    a row without numbers and with the reason.
    """
    design = simulation.design
    chosen, p0 = design.two_stage, design.primary.null_rate
    planned = design.stages
    assert chosen is not None and p0 is not None and planned is not None
    seen = analyse(design.primary, pooled.data)
    rate, error = float(seen.estimate[0]), float(seen.se[0])
    stop = float(scipy.stats.binom.cdf(planned.r1, planned.n1, p0))
    exact = replace(
        planned,
        alpha=promising(p0, planned.n1, planned.r1, planned.n, planned.r),
        early_stop=stop,
        expected_n=planned.n1 + (1.0 - stop) * (planned.n - planned.n1),
    )
    rows = [_row("design", exact, chosen.hoped_rate)]
    for name, each, spread in (("hoped", chosen.hoped_rate, 0.0), ("simulated", rate, 1.96 * error)):
        if each is not None:
            rows += _searched(name, p0, each, spread, design.alpha, target)
    table = pd.DataFrame(rows)
    found = [
        share_and_se(_successes(simulation, row, truth, advance)) if np.isfinite(row["patients"]) else (np.nan, np.nan)
        for row in rows
    ]
    table["simulated_power"], table["se"] = zip(*found, strict=True)
    table["note"] = table.pop("note")
    return table


def _row(name: str, found: TwoStage, rate: float | None) -> dict[str, Any]:
    return {
        "rate_from": name,
        "kind": found.kind,
        "rate": np.nan if rate is None else rate,
        "n1": found.n1,
        "r1": found.r1,
        "patients": found.n,
        "r": found.r,
        "low": found.n,
        "high": found.n,
        "alpha": found.alpha,
        "power": found.power,
        "early_stop": found.early_stop,
        "expected_n": found.expected_n,
        "note": "",
    }


def _searched(
    name: str, p0: float, rate: float, spread: float, alpha: float, target: float
) -> Iterator[dict[str, Any]]:
    """The optimal and the minimax design for a rate, with their sizes at the ends of its interval."""
    try:
        designs = two_stage(p0, rate, alpha, target)
    except BadInput as bad:
        note = "; ".join(f"{problem.key} {problem.value}: {problem.allowed}" for problem in bad.problems)
        yield {"rate_from": name, "kind": "none", "rate": rate, "patients": np.nan, "note": note}
        return
    ends: list[list[float]] = []
    for limit in (rate + spread, rate - spread):
        try:
            ends.append([found.n for found in two_stage(p0, limit, alpha, target)])
        except BadInput:
            ends.append([np.inf, np.inf])
    for place, found in enumerate(designs):
        # The size of a design for whole patients is not monotonic in the rate.
        low, high = (pick(found.n, ends[0][place], ends[1][place]) for pick in (min, max))
        yield _row(name, found, rate) | {"low": low, "high": high}


def _successes(simulation: Simulation, row: dict[str, Any], truth: str, advance: Advance | None) -> NDArray[np.bool_]:
    design = simulation.design
    assert design.two_stage is not None
    numbers = {"n1": row["n1"], "r1": row["r1"], "n": row["patients"], "r": row["r"]}
    stages = Stages(kind="given", pause=design.two_stage.pause, **numbers)
    changed = design.model_copy(update={"two_stage": stages})
    changed.__dict__.pop("stages", None)
    other = replace(simulation, planned=replace(simulation.planned, design=changed))
    conduct = replace(other.conduct(), described=False)
    return succeeded(conduct, other.run(other.truth(truth), [conduct], advance)[0])
