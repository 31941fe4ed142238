"""How the power moves where an assumption of the plan is wrong: the control's rate, the effect, drop-out, accrual."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

import numpy as np
import pandas as pd

from simulator.questions.trial.analysis.analysis import analyse
from simulator.questions.trial.analysis.data import cut, limited
from simulator.questions.trial.analysis.looks import end_of_trial
from simulator.questions.trial.conduct.conduct import Conduct
from simulator.questions.trial.design.endpoint import CONTINUOUS
from simulator.questions.trial.results.event_curves import shown_endpoint
from simulator.questions.trial.results.operating import share_and_se, succeeded
from simulator.questions.trial.simulation.margin import EVENTS, AtMargin, cumulative_hazard
from simulator.questions.trial.simulation.simulation import Simulation, at_once
from simulator.questions.trial.simulation.truth import Truth

RATES = (0.75, 1.25)
"""Hazards of the first endpoint's event in all arms, over those expected."""
EFFECTS = (0.5, 0.75, 1.25)
"""Effects (logarithms of hazard ratios, or differences of means), over those expected."""
LOSSES = (0.0, 2.0, 4.0)
"""Rates of drop-out over the planned one."""
CHANGES = 1 + len(RATES) + len(EFFECTS) + len(LOSSES)
"""Rows of the table, at most."""

Advance = Callable[[int], None]


def assumption_table(simulation: Simulation, truth: str, advance: Advance | None = None) -> pd.DataFrame:
    """Power if one assumption is wrong and all others hold: assumption, factor, power, se.

    The first row (`as_planned`, factor 1) has the same trials, so that rows differ by the assumption and not by luck. Rates
    and effects are changed by moving event times along each arm's own cumulative hazard (`AtMargin`), a measured outcome by a
    shift; for an outcome that is neither (walking, a hierarchy) those rows are left out.
    """
    base, plain = simulation.truth(truth), replace(simulation.conduct(), described=False)
    rows = [("as_planned", 1.0, *_power(simulation, base, plain, advance))]
    for name, factor, changed in _changed_truths(simulation, base):
        rows.append((name, factor, *_power(simulation, changed, plain, advance)))
    if not any(each.outcome == "drop_out" for each in simulation.design.stated):
        usual = float(simulation.planned.scenario.params()["drop_out_rate"])
        for factor in LOSSES:
            changed_loss = {"drop_out": simulation.design.drop_out.times(factor, usual)}
            design = simulation.design.model_copy(update=changed_loss)
            other = replace(simulation, planned=replace(simulation.planned, design=design))
            conduct = replace(plain, design=design)
            rows.append(("drop_out", factor, *_power(other, other.truth(truth), conduct, advance)))
    if advance is not None:
        advance((CHANGES - len(rows)) * simulation.trials)
    return pd.DataFrame(rows, columns=["assumption", "factor", "power", "se"])


def _power(simulation: Simulation, truth: Truth, conduct: Conduct, advance: Advance | None) -> tuple[float, float]:
    return share_and_se(succeeded(conduct, simulation.run(truth, [conduct], advance)[0]))


def _changed_truths(simulation: Simulation, base: Truth) -> Iterator[tuple[str, float, Truth]]:
    design, n = simulation.design, simulation.design.patients
    endpoint = design.primary
    data = limited(simulation.lives(base, 0, at_once(simulation.trials, n), n), n)
    data = cut(data, end_of_trial(design, data, None)).pooled()
    others = range(1, len(design.arms))
    if endpoint.test in CONTINUOUS:
        for factor in EFFECTS:
            shifts = [(factor - 1.0) * float(analyse(endpoint, data, arm).estimate[0]) for arm in others]
            changes = tuple((arm, AtMargin(endpoint, shift=shift)) for arm, shift in zip(others, shifts, strict=True))
            yield "effect", factor, replace(base, changes=changes)
        return
    if endpoint.outcome not in EVENTS:
        return
    plain = shown_endpoint(design)
    arms = []
    for arm in range(len(design.arms)):
        own = replace(data, arm=np.where(data.arm == arm, 0, -1).astype(np.int8))
        times, hazard = cumulative_hazard(plain, own)
        arms.append(AtMargin(plain, times=times, hazard=hazard))
    for factor in RATES:
        yield (
            "event_rate",
            factor,
            replace(base, changes=tuple((arm, replace(each, ratio=factor)) for arm, each in enumerate(arms))),
        )
    log_ratios = {arm: float(analyse(plain, data, arm).estimate[0]) for arm in others}
    for factor in EFFECTS if log_ratios else ():
        moved = {arm: float(np.exp((factor - 1.0) * log_ratio)) for arm, log_ratio in log_ratios.items()}
        changes = tuple((arm, replace(arms[arm], ratio=ratio)) for arm, ratio in moved.items())
        yield "effect", factor, replace(base, changes=changes)
