"""What an estimand is worth in truth, known from twins, and how far its estimators come from it.

The twins of a trial's patients live under each arm's policy with the same luck, without losses, and without crossover where the
estimand supposes that. No trial has them; their difference is the true value.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from simulator.questions.trial.analysis.data import TOUCH, TrialData, cut, limited
from simulator.questions.trial.analysis.looks import end_of_trial
from simulator.questions.trial.design.drop_out import NOBODY_LEAVES
from simulator.questions.trial.design.estimand import Estimand
from simulator.questions.trial.results.operating import share_and_se
from simulator.questions.trial.simulation.simulation import Simulation, at_once
from simulator.questions.trial.simulation.truth import Truth
from simulator.rules.pathway.crossover import NO_CROSSOVER
from simulator.statistics.endpoints.censoring_weights import difference, uncensored, weighted_share

Array = NDArray[np.float64]
Bools = NDArray[np.bool_]

COLUMNS = (
    *("estimand", "arm", "estimator", "true_value", "estimate", "bias", "bias_se", "coverage", "coverage_se"),
    *("trials", "not_estimable"),
)


def estimand_table(simulation: Simulation, truth: str, advance: Callable[[int], None] | None = None) -> pd.DataFrame:
    """Estimand, arm, estimator, then true value, mean estimate, bias and coverage of the 95% interval with their errors.

    The estimator that fits (``weighted``; for a principal stratum ``survivors``, which is right only where treatment does not
    change who survives) stands beside the naive ones of the same estimand: ``complete_cases`` leaves out the lost,
    ``censored_at_crossover`` and ``censored_at_death`` take what censors for chance. Trials are followed to their planned end.
    """
    design, n = simulation.design, simulation.design.patients
    trials = at_once(simulation.trials, n)
    base = simulation.truth(truth)
    lives = limited(simulation.lives(base, 0, trials, n), n)
    seen = cut(lives, end_of_trial(design, lives, None))
    worlds: dict[tuple[int, bool], TrialData] = {}
    rows: list[tuple[Any, ...]] = []
    for estimand in design.estimands:
        free = estimand.crossover == "hypothetical"
        for arm in range(1, len(design.arms)):
            for key in ((0, free), (arm, False)):
                if key not in worlds:
                    worlds[key] = all_in_arm(simulation, base, *key, trials)
            twins = _true_values(estimand, worlds[0, free], worlds[arm, False])
            for name, estimates in _estimates(estimand, seen, arm).items():
                rows.append((estimand.name, design.arms[arm].name, name, *_judged(estimates, twins)))
    if advance is not None:
        advance(simulation.trials)
    return pd.DataFrame(rows, columns=list(COLUMNS))


def all_in_arm(simulation: Simulation, base: Truth, arm: int, free: bool, trials: int) -> TrialData:
    """The trial's patients, all of them in one arm and none lost."""
    design = simulation.design
    alone = design.model_copy(
        update={
            "arms": (design.arms[arm],),
            "drop_out": NOBODY_LEAVES,
            "blinding": None
            if design.blinding is None
            else design.blinding.model_copy(update={"control": design.blinding.control or design.arms[0].name}),
            "crossover": None if arm or free else design.crossover,
        }
    )
    world = replace(simulation, planned=replace(simulation.planned, design=alone))
    stays = arm > 0 or free
    truth = replace(
        base, arm_policy=base.arm_policy[[arm]], crossover=NO_CROSSOVER if stays else base.crossover, changes=()
    )
    n = design.patients
    return limited(world.lives(truth, 0, trials, n), n)


def settled(estimand: Estimand, data: TrialData, *, loss: bool = True) -> tuple[Array, Bools]:
    """When a patient's outcome is settled, at the latest at the estimand's time, and whether it is then the event.

    A composite with loss counts the lost as failures where `loss`.
    """
    event = {"major_amputation": data.amputated, "death": data.died, "healing": data.healed}[estimand.outcome]
    failures = [data.died] if estimand.death == "composite" else []
    failures += [data.crossed] if estimand.crossover == "composite" else []
    failures += [data.reintervened] if estimand.rescue == "composite" else []
    failures += [data.lost] if estimand.loss == "composite" and loss else []
    ends = [] if estimand.outcome == "death" else [data.died]
    if not estimand.good:
        event = np.minimum.reduce([event, *failures])
    else:
        ends += failures
    over = np.minimum.reduce([np.full(data.shape, estimand.at), *ends])
    return np.minimum(event, over), np.asarray(event <= over)


def _true_values(estimand: Estimand, control: TrialData, other: TrialData) -> Array:
    """The difference between the worlds in each trial, (trials,)."""
    shares = [settled(estimand, world, loss=False)[1] for world in (control, other)]
    use = np.ones(control.shape, bool)
    if estimand.death == "principal_stratum":
        use = (control.died > estimand.at) & (other.died > estimand.at)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(((shares[1] * 1.0 - shares[0]) * use).sum(axis=1) / use.sum(axis=1))


def _estimates(estimand: Estimand, seen: TrialData, arm: int) -> dict[str, tuple[Array, Array]]:
    """Estimate and error in each trial by every estimator."""
    names = ["survivors" if estimand.death == "principal_stratum" else "weighted"]
    if estimand.loss == "hypothetical" and np.isfinite(seen.lost).any():
        names.append("complete_cases")
    if estimand.crossover == "hypothetical":
        names.append("censored_at_crossover")
    if estimand.death == "while_alive":
        names.append("censored_at_death")
    found = {}
    for name in names:
        arms = [_by_trial(estimand, seen, group, name) for group in (0, arm)]
        effect = difference(*arms)
        found[name] = (effect.estimate, effect.se)
    return found


def _by_trial(estimand: Estimand, seen: TrialData, group: int, name: str) -> tuple[Array, Array]:
    """Share and error of one arm in each trial."""
    time, yes = settled(estimand, seen)
    lost = seen.lost if estimand.loss == "hypothetical" else np.full(seen.shape, np.inf)
    crossed = seen.crossed if estimand.crossover == "hypothetical" else np.full(seen.shape, np.inf)
    use = (seen.arm == group) & (seen.end >= estimand.at - TOUCH)
    if estimand.death == "principal_stratum":
        use &= seen.died > estimand.at
    died = seen.died if name == "censored_at_death" else np.full(seen.shape, np.inf)
    out = np.full((2, seen.shape[0]), np.nan)
    for trial in range(seen.shape[0]):
        who = use[trial]
        if not who.any():
            continue
        own = [values[trial][who] for values in (time, yes, lost, crossed, died)]
        if name == "censored_at_death":
            out[:, trial] = _censored_at_death(own, estimand.at)
            continue
        reached, event, gone, switched, _ = own
        weight = np.where(switched < reached, 0.0, 1.0)
        if name == "complete_cases":
            weight = np.where((gone < reached) | (switched < reached), 0.0, 1.0)
        elif name == "censored_at_crossover":
            gone = np.minimum(gone, switched)
        elif np.isfinite(switched).any():
            weight *= _stayed(reached, gone, switched, seen.healed[trial][who], seen.amputated[trial][who])
        if name != "complete_cases":
            weight = np.where(gone < reached, 0.0, weight / np.maximum(uncensored(reached, gone), 1e-9))
        out[:, trial] = weighted_share(event, weight)
    return out[0], out[1]


def _stayed(reached: Array, gone: Array, switched: Array, healed: Array, amputated: Array) -> Array:
    """Weights of those who could have switched and did not: one over their share.

    Among people who have neither healed nor lost the limb by then, among the healed (whose wound may have come back) and
    among amputees apart.
    """
    at = float(switched.min())
    there = (reached > at) & (gone > at)
    weight = np.ones_like(reached)
    state = np.where(amputated <= at, 2, np.where(healed <= at, 1, 0))
    for group in range(3):
        could = there & (state == group)
        stay = could & ~(switched <= at)
        if could.any() and stay.any():
            weight[stay] = could.sum() / stay.sum()
    return weight


def _censored_at_death(own: Sequence[Array], at: float) -> tuple[float, float]:
    """One minus Kaplan and Meier's estimate, deaths taken for censoring by chance."""
    reached, event, gone, _, died = own
    last = np.where(event > 0, reached, at)
    censored = np.minimum(gone, np.where(event > 0, np.inf, died))
    weight = np.where(censored < last, 0.0, 1.0 / np.maximum(uncensored(last, censored), 1e-9))
    return weighted_share(event > 0, weight)


def _judged(found: tuple[Array, Array], twins: Array) -> tuple[float, ...]:
    estimate, se = found
    ready = np.isfinite(estimate) & np.isfinite(se) & np.isfinite(twins)
    true = float(np.nanmean(twins))
    if not ready.any():
        return (true, *[np.nan] * 5, float(len(estimate)), 1.0)
    # Twins share the trial's patients, so that the bias is known better than the estimate.
    gap = estimate[ready] - twins[ready]
    spread = float(gap.std(ddof=1) / np.sqrt(gap.size)) if gap.size > 1 else np.nan
    covered = np.abs(estimate[ready] - true) <= 1.959964 * se[ready]
    return (
        true,
        float(estimate[ready].mean()),
        float(gap.mean()),
        spread,
        *share_and_se(covered),
        float(len(estimate)),
        float(1.0 - ready.mean()),
    )
