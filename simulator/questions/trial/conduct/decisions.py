"""When each trial stops, why, and which hypotheses it has rejected by then."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr

from simulator.questions.trial.design.design import Design
from simulator.statistics.multiplicity import multiplicity

Array = NDArray[np.float64]
Bools = NDArray[np.bool_]


EXACT = ("hochberg", "dunnett", "graphical")
"""Rules that take p values as they are where there is one look."""


class Reason(IntEnum):
    """Why a trial ended."""

    END = 0
    """As planned, without success."""
    EFFICACY = 1
    FUTILITY = 2
    HARM = 3


@dataclass(frozen=True, eq=False)
class Decisions:
    """The number of the last look (from 0) and the `Reason` (trials,), and what was rejected (trials, hypotheses)."""

    stop: NDArray[np.int64]
    reason: NDArray[np.int64]
    rejected: Bools


def families_of(design: Design) -> tuple[tuple[int, ...], ...]:
    """Hypotheses of each family of a gatekeeping rule. Hypotheses are endpoint by endpoint, arm by arm within."""
    arms = len(design.comparisons)
    names = [endpoint.name for endpoint in design.confirmatory]
    listed = design.multiplicity.families if design.multiplicity is not None else ()
    return tuple(tuple(names.index(name) * arms + arm for name in family for arm in range(arms)) for family in listed)


def levels_of(design: Design) -> tuple[float, ...]:
    """What alpha is divided by for the levels that need boundaries, the first endpoint's at the start first.

    A graph rejects at the weights that its hypotheses can come to hold (Maurer W, Bretz F. Stat Biopharm Res 2013;5:311-320, doi
    10.1080/19466315.2013.807748), other rules at alpha over whole numbers.
    """
    rule = design.multiplicity
    if rule is None or rule.rule != "graphical" or design.looks is None:
        return tuple(float(level) for level in range(1, len(design.confirmatory) * len(design.comparisons) + 1))
    found = multiplicity.graph_weights(rule.weights, rule.transitions)
    first = min(found, key=lambda share: abs(share - rule.weights[0]))
    return (1.0 / first, *(1.0 / share for share in found if share != first))


def rejections(p: Array, design: Design) -> Bools:
    """What the design's rule rejects at p values (..., hypotheses)."""
    if design.multiplicity is None:
        return np.asarray(p <= design.alpha)
    match design.multiplicity.rule:
        case "bonferroni":
            return multiplicity.bonferroni(p, design.alpha)
        case "holm":
            return multiplicity.holm(p, design.alpha)
        case "hochberg":
            return multiplicity.hochberg(p, design.alpha)
        case "dunnett":
            return multiplicity.dunnett(p, design.alpha, [arm.allocation for arm in design.arms])
        case "graphical":
            rule = design.multiplicity
            return multiplicity.graphical(p, design.alpha, rule.weights, rule.transitions)
        case "fixed_sequence":
            return multiplicity.fixed_sequence(p, design.alpha)
        case _:
            return multiplicity.gatekeeping(p, design.alpha, families_of(design))


def decide(design: Design, z: Array, against: Array, upper: Array, lower: Array) -> Decisions:
    """Stop every trial where its boundaries say so.

    z and against: (trials, looks, hypotheses), NaN at looks that do not happen; upper: (levels, trials, looks,
    hypotheses), with the boundaries for the levels that `levels_of` lists; lower: (trials, looks). A hypothesis counts as
    rejected at such a level from the first look on at which it crosses that boundary, and the rule for several hypotheses
    works with these levels as with p values (Liu Q, Anderson KM. J Am Stat Assoc 2008;103:1621-1630, doi
    10.1198/016214508000000986). The trial stops when all hypotheses of the first endpoint are rejected, or all of them
    look futile, or (two-sided) harmful.
    """
    if design.multiplicity is not None and design.multiplicity.rule in EXACT and design.looks is None:
        return _with_exact_p(design, z, against, upper)
    # Every family of boundaries is nested: what crosses the one for alpha / 2 crosses the one for alpha.
    p = np.ones(z.shape)
    for part, boundary in zip(levels_of(design), upper, strict=True):
        # Below the level by less than any two of them differ, so that whoever crosses it is rejected at it.
        p[z >= boundary] = np.minimum(p[z >= boundary], design.alpha / part * (1.0 - 1e-9))
    return _decided(design, z, against, upper, lower, rejections(np.minimum.accumulate(p, axis=1), design))


def _with_exact_p(design: Design, z: Array, against: Array, upper: Array) -> Decisions:
    """The decisions of a rule that needs more of a p value than whether it crosses; there is one look."""
    p = np.where(np.isnan(z), 1.0, np.minimum(1.0, design.sides * ndtr(-z)))
    return _decided(design, z, against, upper, np.full(z.shape[:2], -np.inf), rejections(p, design))


def _decided(design: Design, z: Array, against: Array, upper: Array, lower: Array, rejected: Bools) -> Decisions:
    first = range(len(design.comparisons))
    success: Bools = np.all(rejected[:, :, first], axis=2)
    # In a two-sided trial futility is a wedge: neither benefit nor harm is in sight.
    below = z < lower[:, :, None] if design.sides == 1 else (z < lower[:, :, None]) & (against < lower[:, :, None])
    futile: Bools = np.all(below[:, :, first], axis=2)
    harm: Bools = np.zeros_like(success)
    if design.sides == 2:
        harm = np.all(against[:, :, first] >= upper[0][:, :, first], axis=2)
    return _stopped(success, futile, harm, rejected)


def _stopped(success: Bools, futile: Bools, harm: Bools, rejected: Bools) -> Decisions:
    ends = success | futile | harm
    ends[:, -1] = True
    stop = ends.argmax(axis=1)
    rows = np.arange(len(stop))
    reason = np.select(
        [success[rows, stop], harm[rows, stop], futile[rows, stop]],
        [Reason.EFFICACY, Reason.HARM, Reason.FUTILITY],
        Reason.END,
    )
    return Decisions(stop, np.asarray(reason, np.int64), rejected[rows, stop])


def decide_as(success: Bools, futile: Bools) -> Decisions:
    """Trials of one hypothesis that say themselves at which look, (trials, looks), they succeed or have become futile."""
    return _stopped(success, futile, np.zeros_like(success), success[:, :, None])


def decide_closed(rejected: Bools, kept: Bools, happens: Bools) -> Decisions:
    """Trials that drop hypotheses: they succeed at a look once all that are left have been rejected, and at the end with any.

    rejected and kept (after the look): (trials, looks, hypotheses); happens: (trials, looks). With nothing left it is futile.
    """
    some: Bools = np.asarray(rejected.any(axis=2))
    success: Bools = np.asarray(some & (rejected | ~kept).all(axis=2))
    success[:, -1] = some[:, -1]
    futile: Bools = np.asarray(~kept.any(axis=2))
    return _stopped(success & happens, futile & happens, np.zeros_like(success), rejected)


def decide_stages(successes: Array, limits: Sequence[int]) -> Decisions:
    """A two-stage trial from its successes at both stages, (trials, 2), and the limits r1 and r."""
    futile = np.stack([successes[:, 0] <= limits[0], np.zeros(len(successes), bool)], axis=1)
    success = np.stack([np.zeros(len(successes), bool), successes[:, 1] > limits[1]], axis=1)
    return _stopped(success, futile, np.zeros_like(success), success[:, :, None])
