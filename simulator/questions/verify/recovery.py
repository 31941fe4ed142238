"""Recovery and its share: who recovers at which dose and by how much, which level is lost, and who walks again."""

from __future__ import annotations

import numpy as np

from simulator.questions.verify.check import (
    CLOSED_FORM,
    TECH_VER,
    Found,
    NotApplicable,
    equal,
    near,
    none_of,
)
from simulator.questions.verify.event_law import EVENT_STATE
from simulator.questions.verify.event_state import MAJOR, per_life
from simulator.questions.verify.subject import NO_DEATH, NOTHING, Subject, stacked
from simulator.words.vocabulary import Event

__all__ = ["EVENT_STATE"]  # here the domain has all its checks


@EVENT_STATE.check(
    CLOSED_FORM, "attribution none, nobody treated", "recovery starts at the natural dates and nowhere else"
)
def natural_recovery(subject: Subject) -> Found:
    """Recovery under conservative care."""
    lives = subject.lives({"attributable_share": 0.0}, policies=[NOTHING], times=[0.0])
    start, dose = stacked(lives, "recovery_start"), stacked(lives, "response_dose")
    can = stacked(lives, "can_recover") == 1
    due = np.where(can, (dose - 1) * subject.value("natural_interval_days") / 365.25, np.inf)
    return equal(np.where(np.isfinite(start), start, -1.0), np.where(np.isfinite(due), due, -1.0), "starts", 1e-12)


@EVENT_STATE.check(CLOSED_FORM, "attribution complete", "a limb recovers at the dose that is its own, never without it")
def caused_recovery(subject: Subject) -> Found:
    """Recovery caused by cells."""
    wrong = []
    lives = subject.lives({"attributable_share": 1.0}, policies=subject.with_cells or None, times=subject.times[-1:])
    for p, c in lives.items():
        cells, life = subject.scenario.policies[p].cell_therapy, c.lives
        recovered = np.isfinite(life["recovery_start"])
        due = (cells.waiting_days + (life["response_dose"] - 1) * (cells.interval_days or 0.0)) / 365.25
        reached = (life["can_recover"] == 1) & (life["doses"] >= life["response_dose"])
        late = recovered & (np.abs(np.where(recovered, life["recovery_start"], 0.0) - due) > 2e-6)
        wrong.append((recovered != reached) | late)
    return none_of(np.concatenate(wrong), "lives")


@EVENT_STATE.check(
    TECH_VER, "product and route neutral", "the share of limbs that can recover is the register's (4 SE)"
)
def responders(subject: Subject) -> Found:
    """Response probability of the plain patient."""
    neutral = {f"response_or_{k}": 1.0 for k in ("leiden", "mthfr", "severe_renal", "small_ev", "bmmnc", "mobilised")}
    can = stacked(
        subject.lives(neutral | {"response_or_intra_arterial": 1.0}, policies=[NOTHING], times=[0.0]), "can_recover"
    )
    p = subject.value("response_probability")
    return near(can.mean(), np.sqrt(p * (1.0 - p) / len(can)), p, "share", 4.0)


@EVENT_STATE.check(CLOSED_FORM, "nothing", "the dose at which a limb recovers is geometric (5 SE)")
def response_doses(subject: Subject) -> Found:
    """Geometric law of the response dose."""
    dose = stacked(subject.lives(policies=[NOTHING], times=[0.0]), "response_dose")
    q = subject.value("response_dose_probability")
    expected = np.array([q * (1.0 - q) ** k for k in range(3)])
    found = [(dose == k + 1).mean() for k in range(3)]
    return near(found, np.sqrt(expected * (1.0 - expected) / len(dose)), expected, "shares")


@EVENT_STATE.check(CLOSED_FORM, "attribution none", "limbs rise by the register's mean gain, less what they had (5 SE)")
def gains(subject: Subject) -> Found:
    """Mean rise of TcPO2 where it cannot be cut off at zero."""
    c = subject.lives(policies=[NOTHING], times=[0.0])[NOTHING]
    v = subject.value
    mean = v("recovery_gain") - v("recovery_gain_baseline") * (c.patients["tcpo2"] - v("reference_tcpo2"))
    clear = mean > 4.0 * v("recovery_gain_sd")
    error = (c.lives["gain"] - mean)[clear]
    if len(error) < 50 or v("recovery_gain_sd") == 0.0:
        raise NotApplicable("too few gains far from zero, or no spread")
    sd, n = v("recovery_gain_sd"), len(error)
    return near([error.mean(), error.std()], [sd / np.sqrt(n), sd / np.sqrt(2 * n)], [0.0, sd], "mean and spread")


@EVENT_STATE.check(TECH_VER, "nothing", "the share of major amputations below the knee is the register's (4 SE)")
def levels(subject: Subject) -> Found:
    """Level of amputation."""
    c = next(iter(subject.base.values()))
    below, above = per_life(c, MAJOR[0]).sum(), per_life(c, MAJOR[1]).sum()
    n, p = int(below + above), subject.value("below_knee_share")
    if n < 30:
        raise NotApplicable("fewer than 30 major amputations")
    return near(below / n, np.sqrt(p * (1.0 - p) / n), p, "share", 4.0)


@EVENT_STATE.check(
    TECH_VER, "everybody can walk, nobody loses it", "shares walking on a healed stump are the register's (5 SE)"
)
def walking(subject: Subject) -> Found:
    """Walking after healing, among those whom nothing overtakes: no prosthesis to wait for, no death, no other leg."""
    quick = {**NO_DEATH, "prosthesis_days_below_knee": 0.0, "prosthesis_days_above_knee": 0.0, "other_limb_rate": 0.0}
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
