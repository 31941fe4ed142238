"""What an export shows of each outcome: when it came, who was lost before, and the share who had it by a time."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, logit

from simulator.questions.registry.people.follow_up import FOLLOWED
from simulator.questions.registry.people.people import People
from simulator.questions.registry.people.privacy import hidden
from simulator.statistics.endpoints.competing_tests import cumulative_incidence

Array = NDArray[np.float64]
Codes = NDArray[np.int64]
COMPETES = {
    "amputated": ("died",),
    "died": (),
    "healed": ("amputated", "died"),
    "amputated_or_died": (),
}
"""What makes an outcome impossible."""


def seen(people: People, outcome: str) -> tuple[NDArray[np.bool_], Array, Codes]:
    """Who can be judged (people,), and of those time (years) and code as `simulator.statistics.endpoints.accuracy` has them.

    An event that came in an interval counts at its middle. Healing is judged in those not known to have come without a wound.
    """
    middle = np.where(np.isinf(people.high), np.inf, 0.5 * (people.low + people.high))
    columns = {name: middle[:, FOLLOWED.index(name)] for name in FOLLOWED}
    columns["amputated_or_died"] = np.minimum(columns["amputated"], columns["died"])
    own = columns[outcome]
    others = [np.nan_to_num(columns[name], nan=np.inf) for name in COMPETES[outcome]]
    rival = np.min(others, axis=0) if others else np.full(len(people), np.inf)
    kept = np.isfinite(people.followed) & ~np.isnan(own)
    if outcome == "healed":
        kept &= ~(people.column("rutherford") < 4.5)
    time = np.minimum(np.minimum(own, rival), people.followed)
    code = np.where(own <= np.minimum(rival, people.followed), 1, np.where(rival <= people.followed, 2, 0))
    return kept, time[kept], code[kept].astype(np.int64)


def observed(time: Array, code: Codes, at: float) -> tuple[float, float, float, float]:
    """Cumulative incidence (Aalen-Johansen) with 95% limits on the logit scale and its standard error."""
    found = cumulative_incidence(time, code, np.zeros(len(time), np.int64), at)
    value, se = float(found.value[0, 0]), float(found.se[0, 0])
    if not 0.0 < value < 1.0:
        return value, math.nan, math.nan, math.nan
    half = 1.96 * se / (value * (1.0 - value))
    return value, float(expit(logit(value) - half)), float(expit(logit(value) + half)), se


def may_be_told(time: Array, code: Codes, times: Sequence[float], smallest: int) -> NDArray[np.bool_]:
    """At which of these times, in their order, a share may be told, so that neither it nor its rise tells of few people.

    More than `smallest` are then at risk, and either none or more than so many events came since the last time told.
    """
    before, may = 0, []
    for at in times:
        happened = int(((code == 1) & (time <= at)).sum())
        few = 0 < happened - before <= smallest or hidden(happened, len(time), smallest)
        may.append(int((time >= at).sum()) > smallest and not few)
        before = happened if may[-1] else before
    return np.array(may, dtype=bool)
