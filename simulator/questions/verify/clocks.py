"""Clocks that start within a life: the danger after an operation, and the date of the next dose's decision."""

from __future__ import annotations

import numpy as np

from simulator.questions.verify.check import CLOSED_FORM, DESIGN, Domain, Found, NotApplicable
from simulator.questions.verify.hazard_law import NO_RECOVERY, QUIET, hazard_ratio, limb_ratio, quiet_lives
from simulator.questions.verify.inputs import ks
from simulator.questions.verify.subject import Subject

CLOCKS = Domain("event-state: clocks within a life", "H")
OPERATION = {
    "amputation_rate": 3.0,
    "amputation_trend": 0.0,
    "postoperative_death_rate": 20.0,
    "postoperative_death_trend": -2.0,
    "postoperative_hr_above_knee": 1.0,
}
"""Everybody loses the limb within a few years and dies of the operation, at a rate that falls from that day on."""
FAR_BELOW = 15.0
"""mmHg below the value at which judgement changes; measurement seldom errs by so much."""


@CLOCKS.check(CLOSED_FORM, "death after the operation alone", "times from it follow its hazard (Kolmogorov-Smirnov)")
def after_operation(subject: Subject) -> Found:
    """The hazard after an amputation counts from the amputation: survival at each death is uniform."""
    found, v = quiet_lives(subject, {**OPERATION, **NO_RECOVERY})
    happened = np.isfinite(found.lives["died_at"]) & np.isfinite(found.lives["amputated_at"])
    who, life = found.patients[happened], found.lives[happened]
    rate, trend = v("postoperative_death_rate"), v("postoperative_death_trend")
    since = life["died_at"] - life["amputated_at"]
    return ks(np.exp(-rate * hazard_ratio("death", who, v) * np.expm1(trend * since) / trend), "deaths")


@CLOCKS.check(CLOSED_FORM, "stump healing alone", "times from the operation follow its hazard (Kolmogorov-Smirnov)")
def stump_healing(subject: Subject) -> Found:
    """A stump heals by dialysis and severe tissue loss, and knows nothing of the wound that it replaced."""
    lost = {"amputation_rate": 3.0, "amputation_trend": 0.0, "stump_healing_rate": 0.6}
    found, v = quiet_lives(subject, {**lost, **NO_RECOVERY})
    happened = np.isfinite(found.lives["healed_at"]) & (found.lives["amputated_at"] < found.lives["healed_at"])
    who, life = found.patients[happened], found.lives[happened]
    since = life["healed_at"] - life["amputated_at"]
    return ks(np.exp(-v("stump_healing_rate") * limb_ratio("healing", who, v) * since), "healed stumps")


@CLOCKS.check(
    DESIGN,
    "judgement stops all whose perfusion is restored and nobody else; nobody recovers",
    "19 of 20 people far below the value, or more, have every dose of their policy",
)
def judgement(subject: Subject) -> Found:
    """Clinical judgement stops those who look restored, not the others."""
    values = {
        **QUIET, **NO_RECOVERY, "judgement_stop": 0.0, "judgement_stop_recovered": 1.0,
    }  # fmt: skip
    wrong = []
    for name in subject.with_cells:
        policy = subject.scenario.policies[name]
        cells = policy.cell_therapy
        last = (cells.waiting_days + (cells.doses - 1) * (cells.interval_days or 0.0)) / 365.25
        if policy.repeat.rule != "clinical_judgement" or cells.doses < 2 or last >= subject.scenario.horizon:
            continue
        stop = float(subject.scenario.policy_records([name])[0]["stop_at_tcpo2"])
        found = subject.lives(values, policies=[name], times=subject.times[-1:])[name]
        low = found.patients["tcpo2"] < stop - FAR_BELOW
        treated = low & (found.lives["doses"] > 0)
        wrong.append(found.lives["doses"][treated] != cells.doses)
    if not wrong or not sum(map(len, wrong)):
        raise NotApplicable("no policy with several doses goes by clinical judgement")
    stopped = np.concatenate(wrong)
    # A large error of measurement, or one of the rare events that the ranges do not rule out, stops a few.
    return Found(float(stopped.mean()) <= 0.05, f"{int(stopped.sum())} of {len(stopped)} lives have fewer")
