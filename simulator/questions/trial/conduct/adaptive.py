"""Trials that drop arms or go on in a subgroup: who is recruited after a look, and what the closed test of all stages rejects."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from simulator.questions.trial.analysis.analysis import Analysis, analyse
from simulator.questions.trial.analysis.data import TrialData, cut, limited, of_patients
from simulator.questions.trial.analysis.looks import look_dates
from simulator.questions.trial.analysis.seen import through
from simulator.questions.trial.conduct.decisions import Decisions, decide_closed
from simulator.questions.trial.design.selection import Enrichment, Selection, adaptation, going_on
from simulator.statistics.multiplicity.closed_combination import Stages, fisher_rejections, rejections

if TYPE_CHECKING:
    from simulator.questions.trial.conduct.conduct import Conduct

Array = NDArray[np.float64]
Bools = NDArray[np.bool_]
Sizes = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Adapted:
    """Trials carried out: their patients as recruited, the dates of their looks (trials, looks), every analysis by look and
    hypothesis, the decisions, and which hypotheses were left at each look (trials, looks, hypotheses)."""

    data: TrialData
    dates: Array
    analyses: list[list[Analysis]]
    made: Decisions
    kept: Bools


def carried_out(conduct: Conduct, lives: TrialData) -> Adapted:
    """Carry out every trial of `lives`, which hold all recruits that the trial can come to go through (`most_recruits`)."""
    design, rule = conduct.design, adaptation(conduct.design)
    assert rule is not None
    trials, looks, m = lives.shape[0], conduct.looks, len(conduct.hypotheses)
    sizes = np.full(trials, conduct.marked.patients, np.int64)
    z, information, loadings = (np.full((trials, looks, m), np.nan) for _ in range(3))
    kept = np.ones((trials, looks + 1, m), bool)
    dates, happens = np.empty((trials, looks)), np.ones((trials, looks), bool)
    analyses: list[list[Analysis]] = []
    data, done = lives, np.zeros(lives.shape, bool)
    for k in range(looks):
        now = limited(data, sizes)
        dates[:, k], end = look_dates(design, now, conduct.marked)[:, [k, -1]].T
        happens[:, k] = (dates[:, k] < end) | (k == looks - 1)
        seen = cut(now, dates[:, k])
        analyses.append(_analyses(conduct, seen))
        z[:, k], information[:, k] = _own(conduct, seen, done, analyses, k)
        loadings[:, k] = in_common(conduct, information[:, k])
        kept[:, k + 1] = kept[:, k]
        if k < looks - 1:
            at = happens[:, k]
            so_far = np.column_stack([each.z for each in analyses[-1]])
            kept[at, k + 1] = going_on(rule, so_far[at], kept[at, k])
            z[~at, k] = np.nan
            done = np.where(at[:, None], through(design.primary, seen), done)
            data, sizes = _recruited_on(rule, data, sizes, np.where(at, dates[:, k], np.inf), kept[:, k + 1])
    stages = Stages(z, kept[:, :-1], loadings)
    if rule.combination == "fisher":
        rejected = fisher_rejections(stages, design.alpha, rule.intersection)
    else:
        planned = conduct.rule.planned
        weights = np.sqrt(np.diff(planned, prepend=0.0))
        upper = np.where(happens, conduct.rule.boundaries[0].upper, np.inf)
        rejected = rejections(stages, weights, upper, rule.intersection)
    made = decide_closed(rejected, kept[:, 1:], happens)
    return Adapted(limited(data, sizes), dates, analyses, made, kept[:, 1:])


def in_subgroup(rule: Enrichment, data: TrialData) -> Bools:
    """Who is in the subgroup, among those in the trial."""
    with np.errstate(invalid="ignore"):
        return np.asarray(data.entered & (data.tcpo2_entry < rule.tcpo2_below))


def _population(conduct: Conduct, data: TrialData, place: int) -> TrialData:
    """The patients that the hypothesis at a place is about."""
    rule = conduct.design.enrichment
    return data if rule is None or place == 0 else _only(data, in_subgroup(rule, data))


def _only(data: TrialData, use: Bools) -> TrialData:
    return replace(data, arm=np.where(use, data.arm, np.int8(-1)))


def _analyses(conduct: Conduct, seen: TrialData) -> list[Analysis]:
    return [
        analyse(endpoint, _population(conduct, seen, place), arm)
        for place, (_, endpoint, arm) in enumerate(conduct.hypotheses)
    ]


def _own(conduct: Conduct, seen: TrialData, done: Bools, analyses: list[list[Analysis]], k: int) -> tuple[Array, Array]:
    """The statistics of a stage alone and its information, each (trials, hypotheses)."""
    if not conduct.design.primary.by_events:
        found = _analyses(conduct, _only(seen, ~done))
        return np.column_stack([each.z for each in found]), np.column_stack([each.information for each in found])
    # Increments of the log-rank statistic between looks are independent of what was seen before.
    z, events = (
        np.stack([[getattr(each, name) for each in look] for look in analyses]) for name in ("z", "information")
    )
    score = np.nan_to_num(z) * np.sqrt(events)
    gained = events[k] - (events[k - 1] if k else 0.0)
    own = score[k] - (score[k - 1] if k else 0.0)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(gained > 0.0, own / np.sqrt(gained), np.nan).T, gained.T


def in_common(conduct: Conduct, information: Array) -> Array:
    """How far each statistic goes with what all share: the control arm's patients, or the subgroup's."""
    if conduct.design.enrichment is not None:
        with np.errstate(invalid="ignore", divide="ignore"):
            part = np.clip(np.nan_to_num(information[:, 1] / information[:, 0]), 0.0, 1.0)
        return np.repeat(part[:, None] ** 0.25, 2, axis=1)
    control, *arms = (float(arm.allocation) for arm in conduct.design.arms)
    return np.broadcast_to(np.sqrt([arm / (arm + control) for arm in arms]), information.shape)


def _recruited_on(
    rule: Selection | Enrichment, data: TrialData, sizes: Sizes, dates: Array, kept: Bools
) -> tuple[TrialData, Sizes]:
    """Recruits after `dates` (infinite for no change) without those who are dropped, and the numbers of patients.

    The place of a recruit whose arm is dropped goes to the next one of another arm. Who is not in the subgroup is turned away,
    and who comes next has their own date.
    """
    there = data.entry <= dates[:, None]
    if isinstance(rule, Enrichment):
        wanted = kept[:, :1] | in_subgroup(rule, data)
    else:
        stays = np.column_stack([np.ones(len(kept), bool), kept])
        wanted = np.take_along_axis(stays, np.maximum(data.arm, 0).astype(np.int64), axis=1)
    filled = there.sum(axis=1)
    # Where nothing is left the trial stops, and who would have come does not matter.
    wanted = np.asarray(wanted | ~kept.any(axis=1, keepdims=True))
    chosen = there | wanted
    order = np.argsort(np.where(there, 0, np.where(wanted, 1, 2)), axis=1, kind="stable")
    entry, screened = data.entry, data.screened
    if isinstance(rule, Enrichment):
        # Everybody screened since the last who entered was screened for the next.
        total = np.cumsum(np.where(np.isfinite(screened), screened, 0.0), axis=1)
        before = np.where(chosen, total, 0.0)
        last = np.maximum.accumulate(before, axis=1)
        screened = np.where(chosen, total - np.concatenate([np.zeros((len(total), 1)), last[:, :-1]], axis=1), 0.0)
    names = set(of_patients()) - {"screened"}
    moved: dict[str, Any] = {name: _taken(getattr(data, name), order) for name in names}
    moved["screened"] = _taken(screened, order)
    if isinstance(rule, Selection):
        moved["entry"] = entry
    left = chosen.sum(axis=1)
    if isinstance(rule, Selection) and rule.patients == "fewer":
        sizes = (chosen & (np.arange(chosen.shape[1]) < sizes[:, None])).sum(axis=1)
    return replace(data, **moved), np.maximum(np.minimum(sizes, left), filled.clip(max=sizes))


def _taken(values: NDArray[Any], order: NDArray[np.int64]) -> NDArray[Any]:
    return np.take_along_axis(values, order.reshape(*order.shape, *[1] * (values.ndim - 2)), axis=1)
