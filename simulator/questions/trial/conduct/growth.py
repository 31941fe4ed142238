"""Trials whose size is re-estimated under way: by conditional power at a look, or blind, from a nuisance parameter."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from simulator.questions.trial.analysis.analysis import Analysis, analyse
from simulator.questions.trial.analysis.data import TrialData, cut, limited
from simulator.questions.trial.analysis.looks import Marks, end_of_trial, event_dates, information
from simulator.questions.trial.design.design import Design
from simulator.statistics.multiplicity.combination import inverse_normal
from simulator.statistics.sequential.conditional_power import PromisingZone, enlarged

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Progress:
    """Trials at all their looks, arrays of shape (trials, looks) unless said otherwise.

    z and against: of the one hypothesis, as the boundaries take them. planned: the information that they were planned at, seen:
    the information that the looks have, both in units of the planned maximum. slope: how many times the drift of the whole
    effect the mean of z is. grown: how many times larger than planned a trial becomes, (trials,).
    """

    data: TrialData
    dates: Array
    happens: NDArray[np.bool_]
    z: Array
    against: Array
    planned: Array
    seen: Array
    slope: Array
    grown: Array


def grow(
    design: Design,
    marked: Marks,
    whole: float,
    final_z: float,
    lives: TrialData,
    before: Progress,
    analyses: list[list[Analysis]],
    planned: Array,
) -> Progress:
    """Enlarge the trials that are promising at the look that decides about it, and analyse the later looks again.

    `before` are the trials as planned, `analyses` those of every look (the later ones are replaced), `planned` the shares of
    information that the boundaries were found for, `final_z` the last of them.
    """
    rule = design.reestimation
    assert rule is not None
    g, n = design.reestimated_at, marked.patients
    share = np.clip(before.seen[:, g], 1e-6, 1.0 - 1e-9)
    zone = PromisingZone(rule.lower, rule.upper, rule.target, rule.largest)
    factor = enlarged(zone, np.nan_to_num(before.z[:, g]), share, final_z)
    factor = np.where(before.happens[:, g], factor, 1.0)
    sizes = np.ceil(n * factor - 1e-9).astype(np.int64)
    data = limited(lives, sizes, after=n, held_until=before.dates[:, g])
    dates = _later_dates(design, marked, data, before.dates, factor, g)
    happens = before.happens.copy()
    happens[:, g + 1 : -1] = dates[:, g + 1 : -1] < dates[:, -1:]
    plain, seen, intended = before.z.copy(), before.seen.copy(), before.seen.copy()
    endpoint = design.primary
    for k in range(g + 1, dates.shape[1]):
        at = cut(data, dates[:, k])
        analyses[k] = [analyse(endpoint, at, design.comparisons[0])]
        plain[:, k], seen[:, k] = analyses[k][0].z, information(endpoint, at) / whole
        last = k == dates.shape[1] - 1
        # The weights and the boundaries are those of the planned trial, however large it became.
        intended[:, k] = np.maximum(1.0 if last else planned[k], intended[:, k - 1])
    for k in range(g + 1, dates.shape[1] - 1):
        idle = ~happens[:, k]
        plain[idle, k], seen[idle, k], intended[idle, k] = plain[idle, k - 1], seen[idle, k - 1], intended[idle, k - 1]
    decided = before.happens[:, g]
    intended[~decided] = seen[~decided]
    z, slope = plain, np.sqrt(seen)
    if rule.test == "weighted":
        made = inverse_normal(np.where(happens, plain, np.nan), seen, np.clip(intended, 0.0, None))
        use = (decided & (before.seen[:, g] < 1.0))[:, None] & (np.arange(dates.shape[1]) > g)
        z, slope = np.where(use, made.z, plain), np.where(use, made.slope, np.sqrt(seen))
    return Progress(
        data, dates, happens, z, np.where(z == plain, _against(analyses), -z), intended, seen, slope, factor
    )


def _against(analyses: list[list[Analysis]]) -> Array:
    return np.stack([each[0].against for each in analyses], axis=1)


def _later_dates(design: Design, marked: Marks, data: TrialData, dates: Array, factor: Array, g: int) -> Array:
    """The looks' dates, those after look `g` at sizes that have grown in proportion."""
    rows, out = np.arange(len(dates)), dates.copy()
    end, events = end_of_trial(design, data, None), marked.events
    happened = None if events is None else event_dates(design.primary, data)
    if events is not None and happened is not None:
        wanted = np.minimum(np.ceil(events * factor - 1e-9).astype(np.int64), data.shape[1])
        end = np.minimum(end, happened[rows, wanted - 1])
    out[:, -1] = end
    for k in range(g + 1, dates.shape[1] - 1):
        whole = events if marked.by == "events" else marked.patients
        assert whole is not None
        # What is still to come at the look stretches as the rest of the trial does.
        stretch = (whole * factor - marked.at[g]) / (whole - marked.at[g])
        number = np.ceil(marked.at[g] + (marked.at[k] - marked.at[g]) * stretch - 1e-9).astype(np.int64)
        number = np.minimum(number, data.shape[1])
        if marked.by == "events":
            assert happened is not None
            date = happened[rows, number - 1]
        else:
            date = data.entry[rows, number - 1] + design.primary.waits
        out[:, k] = np.minimum(date, end)
    return out
