"""Recovery and its share: who recovers at which dose and by how much, which level is lost, and who walks again."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from simulator.living.cohort_arrays import Followed
from simulator.questions.verify.events.care_law import times_of
from simulator.questions.verify.events.event_law import EVENT_STATE
from simulator.questions.verify.events.event_state import MAJOR, per_life
from simulator.questions.verify.people.inputs import ks
from simulator.questions.verify.subject.check import (
    CLOSED_FORM,
    TECH_VER,
    Found,
    NotApplicable,
    equal,
    near,
)
from simulator.questions.verify.subject.subject import NO_DEATH, NOTHING, Subject
from simulator.words.vocabulary import DAYS_PER_YEAR, Event

__all__ = ["EVENT_STATE"]  # here the domain has all its checks


WANING = {"recovery_waning_share": 0.4, "recovery_waning_years": 1.5, "recovery_waning_delay_years": 0.5}


def expected_ramps(subject: Subject, lives: Followed, share: float, waning: float) -> NDArray[np.float64]:
    """Start, duration (years) and height (mmHg) of the ramps of recovery of one life, shape (3, lives, ramps).

    The natural change and each dose, in that order, each followed by its waning where the register has it; those of height
    zero are left out by the rule and are zero here. One more dose than the published schedule is looked at.
    """
    v, life = subject.value, lives.lives
    doses = int(v("published_doses")) + 1
    dates = np.stack([times_of(lives, Event.DOSE, k) for k in range(doses)], axis=1)
    gain, days = life["gain"][:, None], np.full((len(life), 1), v("natural_days") / DAYS_PER_YEAR)
    rise = np.maximum(gain, 0.0) * share
    left = (1.0 - v("dose_share")) ** np.arange(doses + 1)
    of_dose = (left[:-1] - left[1:]) / (1.0 - left[doses - 1])
    start = np.concatenate([np.zeros_like(gain), dates], axis=1)
    duration = np.concatenate([days, np.full_like(dates, v("recovery_days") / DAYS_PER_YEAR)], axis=1)
    height = np.concatenate([gain - rise, rise * of_dose], axis=1)
    height = np.where(np.isfinite(start), height, 0.0)
    start = np.where(np.isfinite(start), start, 0.0)
    lost = np.where(height > 0.0, -waning * height, 0.0)
    later = start + duration + WANING["recovery_waning_delay_years"]
    years = np.full_like(duration, WANING["recovery_waning_years"])
    ramps = np.stack([np.stack(pair, axis=-1) for pair in ((start, later), (duration, years), (height, lost))])
    return np.asarray(ramps.reshape(3, len(life), -1))


def same_path(life: NDArray[np.void], expected: NDArray[np.float64]) -> Found:
    """Whether what ramps have added by many times is what those expected add."""
    used = np.arange(life["ramp_start"].shape[1]) < life["ramps"][:, None]
    own = [
        np.where(used, life[f"ramp_{what}"], fill)
        for what, fill in (("start", 0.0), ("duration", 1.0), ("height", 0.0))
    ]
    values = []
    for ramps in (own, expected):
        start, duration, height = ramps
        shares = [np.clip((t - start) / duration, 0.0, 1.0) for t in np.linspace(0.0, 4.0, 81)]
        values.append(np.stack([(share * height).sum(axis=1) for share in shares]))
    return equal(values[0], values[1], "values of paths", 1e-9)


@EVENT_STATE.check(
    CLOSED_FORM,
    "attribution by halves, waning by 40%",
    "without care a limb takes its fall, or half of its rise, in time",
)
def natural_recovery(subject: Subject) -> Found:
    """Perfusion under conservative care, and how a rise wanes."""
    found = subject.lives({"attributable_share": 0.5, **WANING}, policies=[NOTHING], events=True, times=[0.0])[NOTHING]
    return same_path(found.lives, expected_ramps(subject, found, 0.5, WANING["recovery_waning_share"]))


@EVENT_STATE.check(
    CLOSED_FORM, "attribution by 70%, no waning", "each dose adds its own share of the rise, never without it"
)
def caused_recovery(subject: Subject) -> Found:
    """Recovery caused by cells, under policies that give the published product alone."""
    found = []
    for name in subject.with_cells:
        policy = subject.scenario.policies[name]
        plain = policy.cell_therapy.product == "pbmnc" and policy.cell_therapy.route == "intramuscular"
        if not plain or policy.therapies or policy.cell_therapy.doses > subject.value("published_doses") + 1:
            continue
        values = {"attributable_share": 0.7, "recovery_waning_share": 0.0}
        lives = subject.lives(values, policies=[name], events=True, times=subject.times[-1:])[name]
        found.append(same_path(lives.lives, expected_ramps(subject, lives, 0.7, 0.0)))
    if not found:
        raise NotApplicable("no policy gives the published product alone, in few doses")
    return Found(all(f.passed for f in found), "; ".join(f.what for f in found))


@EVENT_STATE.check(
    CLOSED_FORM, "traits neutral", "gains over all limbs are those of the register's bounded law (Kolmogorov-Smirnov)"
)
def gains(subject: Subject) -> Found:
    """The law of the gain, from its rank back to the luck that gave it."""
    neutral = {f"response_or_{k}": 1.0 for k in ("leiden", "mthfr", "severe_renal", "small_ev")}
    c = subject.lives(neutral, policies=[NOTHING], times=[0.0])[NOTHING]
    v = subject.value
    if v("recovery_spread") == 0.0:
        raise NotApplicable("every limb gains alike")
    middle = v("recovery_gain") - v("recovery_gain_baseline") * (c.patients["tcpo2"] - v("reference_tcpo2"))
    rank = np.clip((c.lives["gain"] - middle) / v("recovery_spread") + 0.5, 1e-15, 1.0 - 1e-15)
    p = v("response_probability")
    luck = np.log(rank / (1.0 - rank)) / v("response_polarity") - np.log(p / (1.0 - p))
    return ks(1.0 / (1.0 + np.exp(-luck)), "luck that gains show")


@EVENT_STATE.check(
    TECH_VER, "nothing", "the share of major amputations below the knee is the register's at each frailty (4 SE)"
)
def levels(subject: Subject) -> Found:
    """Level of amputation, which the frail lose above the knee."""
    c, share = next(iter(subject.base.values())), subject.value("below_knee_share")
    below, above = per_life(c, MAJOR[0]), per_life(c, MAJOR[1])
    lost = below + above > 0
    if lost.sum() < 30:
        raise NotApplicable("fewer than 30 major amputations")
    p = np.full(int(lost.sum()), share)
    if 0.0 < share < 1.0:
        strength = subject.value("frailty_level") * subject.value("frailty_sd")
        p = 1.0 / (1.0 + (1.0 - share) / share * np.exp(strength * c.patients["frailty"][lost]))
    beyond = below[lost] - p
    frail = c.patients["frailty"][lost] > np.median(c.patients["frailty"][lost])
    results = [
        near(
            beyond[of].mean(),
            np.sqrt(np.sum(p[of] * (1.0 - p[of]))) / of.sum(),
            0.0,
            "share beyond its expectation",
            4.0,
        )
        for of in (frail, ~frail)
    ]
    return next((result for result in results if not result.passed), results[-1])


@EVENT_STATE.check(
    TECH_VER, "everybody can walk, nobody loses it", "shares walking on a healed stump are the register's (5 SE)"
)
def walking(subject: Subject) -> Found:
    """Walking after healing, among those whom nothing overtakes: no prosthesis to wait for, no death, no other leg."""
    quick = {
        **NO_DEATH,
        "prosthesis_days_below_knee": 0.0,
        "prosthesis_days_above_knee": 0.0,
        "prosthesis_fitting_days": 0.0,
        "other_limb_rate": 0.0,
    }
    quick |= {"walking_share_referral": 1.0, "walking_loss_rate": 0.0}
    c = subject.lives(quick, policies=[NOTHING], events=True, times=subject.times[-1:])[NOTHING]
    h = c.history[c.history["event"] != Event.VISIT]
    healed = np.flatnonzero(h["event"] == Event.STUMP_HEALED)
    walks = h["event"][np.minimum(healed + 1, len(h) - 1)] == Event.WALKS
    above = np.zeros(len(h), bool)
    patient, where = -1, False
    for i, (who, event) in enumerate(zip(h["patient"], h["event"], strict=True)):
        where = (where and who == patient) or event in (MAJOR[1], Event.CONVERSION)
        patient, above[i] = who, where
    found, error, expected = [], [], []
    for level in ("below", "above"):
        of = walks[above[healed] == (level == "above")]
        share = subject.value(f"walking_share_{level}_knee")
        if len(of) >= 30:
            found.append(of.mean())
            error.append(np.sqrt(share * (1.0 - share) / len(of)))
            expected.append(share)
    if not found:
        raise NotApplicable("fewer than 30 healed stumps")
    return near(found, error, expected, "shares")
