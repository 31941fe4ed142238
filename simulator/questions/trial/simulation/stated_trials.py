"""Trials from what a protocol states, without a patient's life: event times drawn from stated rates, arm by arm.

Patient i of trial t has the luck of patient number t * PLACES + i, as in trials of simulated lives, so that blocks, workers and
larger sizes change nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from simulator.compiling import compiled
from simulator.questions.trial.analysis.data import TrialData, luck_of_trials
from simulator.questions.trial.design.accrual import PLACES
from simulator.questions.trial.design.allocation import allocate
from simulator.questions.trial.design.design import Design
from simulator.questions.trial.design.sites import sites_of
from simulator.rules.draws import budget
from simulator.statistics.sizes.survival_course import NONE, Pieces
from simulator.words.vocabulary import Stream

STREAMS = (Stream.MAJOR_AMPUTATION, Stream.DISEASE_DEATH, Stream.HEALING, Stream.DROP_OUT)
AMPUTATION, DEATH, HEALING, LOSS = range(4)


@dataclass(frozen=True)
class StatedLaws:
    """Hazards by arm and event (`AMPUTATION`, `DEATH`, `HEALING`, `LOSS`), per year."""

    laws: tuple[tuple[Pieces, ...], ...]

    def without_effect(self) -> StatedLaws:
        """Every arm as the first, losses included."""
        return StatedLaws((self.laws[0],) * len(self.laws))


def stated_laws(design: Design, drop_out: float) -> StatedLaws:
    """What a design states; `drop_out` (per year) is for designs that state no losses."""
    by_arm: list[list[Pieces]] = []
    for place, arm in enumerate(design.arms):
        laws = [NONE, NONE, NONE, Pieces((drop_out,))]
        for each in sorted(design.stated, key=lambda each: each.arm is not None):
            if each.arm not in (None, arm.name):
                continue
            # Amputation or death is one event, and death stands for both.
            event = {"major_amputation": AMPUTATION, "healing": HEALING, "drop_out": LOSS}.get(each.outcome, DEATH)
            laws[event] = each.law(by_arm[0][event] if place else NONE)
        by_arm.append(laws)
    return StatedLaws(tuple(map(tuple, by_arm)))


@compiled
def _luck(seed: int, first: int, parts: Any, block: int, streams: Any, arm: Any, out: Any) -> None:
    """Arms and unit-exponential budgets of trials first, first + 1, ...; arm (trials, patients), out (streams, ...)."""
    left = np.zeros(parts.shape[0])
    for j in range(arm.shape[0]):
        left[:] = 0.0
        for i in range(arm.shape[1]):
            number = (first + j) * PLACES + i
            arm[j, i] = allocate(left, parts, block, seed, number)
            for s in range(streams.shape[0]):
                out[s, j, i] = budget(seed, number, streams[s], 0)


def stated_trials(
    design: Design, stated: StatedLaws, seed: int, first: int, trials: int, patients: int, longer: float = 0.0
) -> TrialData:
    """Trials first, first + 1, ... of patients whose events come as stated, independent of each other given the arm.

    Independent means that the stated hazard of one event is that of patients who have not had the other. `longer` (years) is
    how much later than planned the trial may end.
    """
    key: Any = np.uint64(seed)
    entries = design.accrual.entries(key, first, trials, patients)
    months = design.follow_up.months / 12.0
    ends = np.full((trials, patients), months)
    if design.follow_up.until == "last":
        ends = entries[:, -1:] + months + longer - entries
    arm = np.zeros((trials, patients), np.int8)
    used = [k for k in range(len(STREAMS)) if any(any(laws[k].rates) for laws in stated.laws)]
    luck = np.empty((len(used), trials, patients))
    parts = np.array([float(each.allocation) for each in design.arms])
    _luck(key, first, parts, design.block, np.array([STREAMS[k] for k in used], np.int64), arm, luck)
    times = np.full((len(STREAMS), trials, patients), np.inf)
    for place, k in enumerate(used):
        for a, laws in enumerate(stated.laws):
            of_arm = arm == a
            times[k][of_arm] = laws[k].inverse(luck[place][of_arm]) if any(laws[k].rates) else np.inf
    amputated, died, healed, lost = times
    followed = np.minimum(ends, lost)
    died = np.where(died <= followed, died, np.inf)
    seen = np.minimum(followed, died)
    amputated, healed = (np.where(each <= seen, each, np.inf) for each in (amputated, healed))
    nothing = np.empty((trials, patients, 0))
    unknown = np.full((trials, patients), np.nan)
    return TrialData(
        arm=arm,
        entry=entries,
        end=ends,
        lost=np.where(lost < np.minimum(ends, died), lost, np.inf),
        healed=healed,
        amputated=amputated,
        died=died,
        crossed=np.full((trials, patients), np.inf),
        reintervened=np.full((trials, patients), np.inf),
        tcpo2_entry=unknown,
        stratum=np.zeros((trials, patients), np.int32),
        screened=np.ones((trials, patients)),
        site=sites_of(key, first, design.accrual.open_sites(entries)),
        caused=np.zeros((trials, patients)),
        visits=np.empty(0),
        tcpo2=nothing,
        walking=nothing,
        walked=nothing,
        luck=luck_of_trials(seed, first, trials),
    )
