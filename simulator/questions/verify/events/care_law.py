"""The rules of care, written a second time: angioplasty, doses, tests, recovery and what is measured.

Policies are made for the purpose, so that what they check is checked whatever the scenario's own policies do. Rates that
would end a life before its care is over are as near to none as the allowed ranges come.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from simulator.living.cohort_arrays import Followed
from simulator.questions.verify.events.hazard_law import QUIET, STEADY_LIMB, YEARS
from simulator.questions.verify.people.inputs import ks
from simulator.questions.verify.subject.check import CLOSED_FORM, Domain, Found, NotApplicable, equal, near, none_of
from simulator.questions.verify.subject.subject import Subject
from simulator.scenario.policy import Criteria, Policy
from simulator.words.vocabulary import DAYS_PER_YEAR, Event

CARE = Domain("event-state: care", "I")
NAME = "(care under check)"
DILATED = {
    "angioplasty_success": 1.0,
    "angioplasty_plateau": 45.0,
    "angioplasty_plateau_sd": 0.0,
    "angioplasty_rise_days": 30.0,
    "restenosis_rate": 2.0,
    "restenosis_fall_days": 60.0,
    "repeat_angioplasty": 1.0,
}


def under(
    subject: Subject, policy: Mapping[str, Any], values: Mapping[str, float], times: tuple[float, ...] = (YEARS,)
) -> tuple[Followed, Callable[[str], float]]:
    """Lives of anybody referred under a policy, with almost no risk in force but those of `values`, and each parameter."""
    everybody = Criteria() if not len(subject.scenario.given) else None
    scenario = subject.changed(entry=everybody, horizon=YEARS, policies={NAME: Policy.model_validate(policy)})
    changed = {**QUIET, **values}
    n = min(subject.n, 2_000)
    lives = subject.lives(changed, scenario, [NAME], n=n, times=times, events=True)[NAME]
    return lives, lambda name: changed[name] if name in changed else subject.value(name)


def path(lives: NDArray[np.void], t: NDArray[np.float64], before: int | None = None) -> NDArray[np.float64]:
    """True TcPO2 (mmHg) of each life at its time (years), of its first ramps or all of them."""
    start, duration, height = (lives[f"ramp_{what}"] for what in ("start", "duration", "height"))
    used = np.arange(start.shape[1]) < (lives["ramps"] if before is None else np.full(len(lives), before))[:, None]
    with np.errstate(invalid="ignore", divide="ignore"):
        share = np.clip((t[:, None] - start) / duration, 0.0, 1.0)
    value = lives["tcpo2_start"] + lives["tcpo2_slope"] * t + np.where(used, share * height, 0.0).sum(axis=1)
    return np.asarray(np.clip(value, 0.0, lives["tcpo2_ceiling"]))


def times_of(found: Followed, event: Event, number: int) -> NDArray[np.float64]:
    """When each life had an event for the time `number` (0 = the first); infinite if it had not."""
    when = np.full(len(found.lives), np.inf)
    h = found.history[found.history["event"] == event]
    who = h["patient"].astype(np.int64) - int(found.lives["patient"][0])
    order = np.arange(len(h)) - np.searchsorted(who, who)
    chosen = order == number
    when[who[chosen]] = h["time"][chosen]
    return when


def chance_below(limit: float, means: NDArray[np.float64], sd: float) -> NDArray[np.float64]:
    """Chance that a measurement of each true value lies below a limit."""
    from scipy.stats import norm

    return np.asarray(norm.cdf((limit - means) / sd))


def shares_near(
    happened: NDArray[np.bool_], chance: NDArray[np.float64], groups: Mapping[str, Any], what: str
) -> Found:
    """Shares in groups of at least 50 lives against each life's own chance (5 SE)."""
    found, error, expected = [], [], []
    for members in groups.values():
        p, n = chance[members], int(np.count_nonzero(members))
        if n >= 50:
            found.append(float(happened[members].mean()))
            expected.append(float(p.mean()))
            error.append(float(np.sqrt((p * (1.0 - p)).sum())) / n)
    return near(found, error, expected, what)


@CARE.check(CLOSED_FORM, "angioplasty alone, plateau without spread", "a dilated limb stands at the plateau")
def plateau(subject: Subject) -> Found:
    """A dilatation raises TcPO2 up to its plateau, whatever was there; it lowers nobody's."""
    found, v = under(subject, {"therapies": ["angioplasty"]}, {**STEADY_LIMB, **DILATED})
    done = found.lives[found.lives["step_done"][:, 0] > 0]
    first = np.array([path(done, done["ramp_start"][:, 0], 0), done["ramp_height"][:, 0]])
    again = done[done["step_done"][:, 0] > 1]
    second = np.array([path(again, again["ramp_start"][:, 2], 2), again["ramp_height"][:, 2]])
    before, rise = np.concatenate([first, second], axis=1)
    return equal(before + rise, np.maximum(before, v("angioplasty_plateau")), "dilated limbs", 1e-9)


@CARE.check(CLOSED_FORM, "angioplasty alone, all of them narrow", "a vessel narrows after an exponential time, in full")
def narrowing(subject: Subject) -> Found:
    """The first rise is taken back as a whole, after an exponential waiting time from the day on which it is over."""
    found, v = under(subject, {"therapies": ["angioplasty"]}, {**STEADY_LIMB, **DILATED})
    done = found.lives[found.lives["step_done"][:, 0] > 0]
    if not np.allclose(done["ramp_height"][:, 1], -done["ramp_height"][:, 0], rtol=0.0, atol=1e-9):
        return Found(False, "the fall is not the rise")
    days = done["ramp_duration"][:, :2] * DAYS_PER_YEAR
    if not np.allclose(days, [v("angioplasty_rise_days"), v("restenosis_fall_days")], rtol=1e-9):
        return Found(False, f"rise and fall take {days[0]} days")
    wait = done["ramp_start"][:, 1] - done["ramp_start"][:, 0] - done["ramp_duration"][:, 0]
    return ks(np.exp(-v("restenosis_rate") * wait), "restenoses")


@CARE.check(CLOSED_FORM, "angioplasty alone, all are dilated again", "as often as allowed, once perfusion has fallen")
def dilated_again(subject: Subject) -> Found:
    """Repeat angioplasties come when the limb has fallen back, and never more than the limit."""
    found, v = under(subject, {"therapies": ["angioplasty"]}, {**STEADY_LIMB, **DILATED})
    lives, most = found.lives, int(v("most_angioplasties"))
    again = lives[lives["step_done"][:, 0] > 1]
    early = (
        np.abs(again["ramp_start"][:, 2] - again["ramp_start"][:, 1] - v("restenosis_fall_days") / DAYS_PER_YEAR) > 1e-9
    )
    wrong = np.concatenate([lives["step_done"][:, 0] > most, early])
    if most > 1 and lives["step_done"][:, 0].max() < most:
        return Found(False, f"nobody has {most} angioplasties")
    return none_of(wrong, "angioplasties")


@CARE.check(
    CLOSED_FORM, "angioplasty alone, half succeed", "half of the limbs rise; half of those that narrow come again"
)
def successes(subject: Subject) -> Found:
    """Technical success, and who is dilated again, at the stated shares (5 SE)."""
    values = {**STEADY_LIMB, **DILATED, "angioplasty_success": 0.6, "repeat_angioplasty": 0.3, "restenosis_rate": 5.0}
    found, v = under(subject, {"therapies": ["angioplasty"]}, values)
    lives = found.lives[found.lives["step_done"][:, 0] > 0]
    rose = lives["ramps"] > 0
    wounded = (
        rose & (found.patients["rutherford"][found.lives["step_done"][:, 0] > 0] > 4.5) & ~(lives["healed_at"] < YEARS)
    )
    wounded &= ~(np.minimum(lives["died_at"], lives["amputated_at"]) < YEARS)
    again = lives["step_done"][:, 0][wounded] > 1
    p = np.array([v("angioplasty_success"), v("repeat_angioplasty")])
    n = np.array([max(len(rose), 1), max(len(again), 1)])
    if n.min() < 50:
        raise NotApplicable("fewer than 50 angioplasties")
    return near([rose.mean(), again.mean()], np.sqrt(p * (1.0 - p) / n), p, "shares")
