"""Clocks that start within a life: the danger after an operation, and the date of the next dose's decision."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from simulator.questions.verify.events.care_law import times_of
from simulator.questions.verify.events.hazard_law import (
    NO_RECOVERY,
    QUIET,
    STEADY_LIMB,
    YEARS,
    hazard_ratio,
    quiet_lives,
)
from simulator.questions.verify.people.inputs import ks
from simulator.questions.verify.subject.check import CLOSED_FORM, DESIGN, Domain, Found, NotApplicable, near
from simulator.questions.verify.subject.subject import Subject
from simulator.words.vocabulary import DAYS_PER_YEAR, Event, Limb, Renal

CLOCKS = Domain("event-state: clocks within a life", "H")
OPERATION = {
    "amputation_rate": 3.0,
    "amputation_trend": 0.0,
    "postoperative_death_rate": 20.0,
    "postoperative_death_trend": -2.0,
    "postoperative_hr_above_knee": 1.0,
    "frailty_sd": 0.3,
}
"""Everybody, robust or not, loses the limb within a few years and dies of the operation, at a rate that falls from then on."""
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
    rate = rate * hazard_ratio("death", who, v) * np.exp(v("death_per_year_of_age") * life["amputated_at"])
    return ks(np.exp(-rate * np.expm1(trend * since) / trend), "deaths")


@CLOCKS.check(CLOSED_FORM, "stump healing alone", "times from the operation follow its hazard (Kolmogorov-Smirnov)")
def stump_healing(subject: Subject) -> Found:
    """A stump heals by its level after a lag, and knows nothing of the patient or of the foot that it replaced."""
    lost = {"amputation_rate": 3.0, "amputation_trend": 0.0, "stump_healing_lag_days": 30.0}
    lost |= {"stump_healing_rate_below_knee": 0.6, "stump_healing_rate_above_knee": 1.1}
    found, v = quiet_lives(subject, {**lost, **NO_RECOVERY})
    happened = np.isfinite(found.lives["healed_at"]) & (found.lives["amputated_at"] < found.lives["healed_at"])
    life = found.lives[happened]
    since = life["healed_at"] - life["amputated_at"] - v("stump_healing_lag_days") / DAYS_PER_YEAR
    rate = np.where(life["limb"] == Limb.BELOW_KNEE, 0.6, 1.1)
    return ks(np.exp(-rate * since), "healed stumps")


def _share_by_the_end(rate: NDArray[np.float64], trend: float) -> NDArray[np.float64]:
    """The chance of an event within the horizon, for a hazard that changes by `trend` a year."""
    return np.asarray(-np.expm1(-rate * np.expm1(trend * YEARS) / trend))


@CLOCKS.check(
    CLOSED_FORM, "disease alone, at attained age", "times of death follow each patient's hazard (Kolmogorov-Smirnov)"
)
def attained_age(subject: Subject) -> Found:
    """Death that everybody bears, whatever the limb does: survival at each death is uniform."""
    values = {"death_rate_healed": 0.05, "death_per_year_of_age": 0.06, "dialysis_rate_normal": 0.0}
    found, v = quiet_lives(subject, {**values, **NO_RECOVERY})
    happened = np.isfinite(found.lives["died_at"])
    who, t = found.patients[happened], found.lives["died_at"][happened]
    rate = v("death_rate_healed") * hazard_ratio("death", who, v)
    return ks(np.exp(-rate * np.expm1(v("death_per_year_of_age") * t) / v("death_per_year_of_age")), "deaths")


@CLOCKS.check(CLOSED_FORM, "the other leg alone", "times of its loss follow a hazard that falls (Kolmogorov-Smirnov)")
def other_limb(subject: Subject) -> Found:
    """Loss of the other leg by renal class, uniform below the chance of ever losing it."""
    values = {"other_limb_rate": 0.3, "other_limb_trend": -0.25}
    found, v = quiet_lives(subject, {**values, **NO_RECOVERY})
    lost = np.isfinite(found.lives["other_amputated_at"]) & ~np.isfinite(found.lives["amputated_at"])
    who, t = found.patients[lost], found.lives["other_amputated_at"][lost]
    ratio = np.where(who["renal"] == Renal.DIALYSIS, v("other_limb_hr_dialysis"), v("other_limb_hr_renal"))
    rate = v("other_limb_rate") * np.where(who["renal"] == Renal.NORMAL, 1.0, ratio)
    chance = -np.expm1(-rate * np.expm1(-0.25 * t) / -0.25)
    return ks(chance / _share_by_the_end(rate, -0.25), "lost legs")


@CLOCKS.check(CLOSED_FORM, "incident dialysis alone", "it begins at each renal class's rate (Kolmogorov-Smirnov)")
def dialysis(subject: Subject) -> Found:
    """Time to dialysis of those who are not on it."""
    rates = {"dialysis_rate_normal": 0.1, "dialysis_rate_moderate": 0.2, "dialysis_rate_severe": 0.4}
    found, _ = quiet_lives(subject, {**rates, **NO_RECOVERY})
    since = found.lives["dialysis_since"]
    later = np.isfinite(since) & (since > 0.0)
    kinds = found.patients["renal"][later].astype(int)
    return ks(np.exp(-np.array([0.1, 0.2, 0.4])[kinds] * since[later]), "beginnings")


LATER_WOUNDS = {
    **dict.fromkeys(("dialysis_rate_normal", "dialysis_rate_moderate", "dialysis_rate_severe"), 1.0),
    **dict.fromkeys(("healing_lag_days", "recurrence_lag_days", "frailty_sd"), 0.0),
    **dict.fromkeys(("healing_hr_infection", "healing_hr_gangrene", "healing_hr_no_gangrene"), 1.0),
    **dict.fromkeys(("healing_hr_rutherford_6", "amputation_hr_rutherford_6"), 1.0),
    **{"healing_rate": 0.6, "healing_trend": 0.0, "healing_per_mmhg_short": 0.0},
    **{"amputation_rate": 0.05, "amputation_trend": 0.0},
    **{"recurrence_rate": 0.3, "recurrence_per_mmhg": 0.0, "recurrence_trend": 0.0},
}
"""Wounds that are all alike heal and open again at constant rates, and dialysis begins soon."""


@CLOCKS.check(
    CLOSED_FORM,
    "incident dialysis, wounds that are alike heal and come back",
    "new wounds after it open, and heal or cost the leg, at its ratios (Kolmogorov-Smirnov, 5 SE)",
)
def wounds_on_dialysis(subject: Subject) -> Found:
    """People whose first wound heals on dialysis: time to the next wound, from it to its end, and how many lose the leg to it."""
    found, v = quiet_lives(subject, {**LATER_WOUNDS, **STEADY_LIMB}, events=True)
    times = [times_of(found, event, n) for event, n in ((Event.HEALED, 0), (Event.NEW_WOUND, 0), (Event.HEALED, 1))]
    chosen = (found.patients["rutherford"] > 4.5) & (found.lives["dialysis_since"] < times[0]) & np.isfinite(times[1])
    if not chosen.any():
        raise NotApplicable("nobody has a new wound on dialysis")
    healed, opened, closed = (time[chosen] for time in times)
    lost = found.lives["amputated_at"][chosen]
    ended = np.minimum(closed, lost)
    opens, heals, costs = (
        v(f"{risk}_rate") * v(f"{risk}_hr_dialysis") for risk in ("recurrence", "healing", "amputation")
    )
    costs *= v("amputation_hr_recurrent")
    law = ks(
        np.concatenate([np.exp(-opens * (opened - healed)), np.exp(-(heals + costs) * (ended - opened))]),
        "new wounds and their ends",
    )
    share = costs / (heals + costs)
    told = near((ended == lost).mean(), np.sqrt(share * (1.0 - share) / len(lost)), share, "shares of legs lost")
    return Found(law.passed and told.passed, f"{law.what}; {told.what}")


@CLOCKS.check(CLOSED_FORM, "loss of walking alone", "times follow a rate that rises with age (Kolmogorov-Smirnov)")
def walking_loss(subject: Subject) -> Found:
    """Time at which those who walk at referral cannot any more."""
    values = {"walking_loss_rate": 0.1, "walking_loss_per_year_of_age": 0.05, "walking_share_referral": 1.0}
    found, v = quiet_lives(subject, {**values, **NO_RECOVERY}, events=True)
    rows = found.history[found.history["event"] == Event.WALKS_NO_MORE]
    who = found.patients[rows["patient"] - int(found.history["patient"][0])]
    rate = 0.1 * np.exp(0.05 * (who["age"] - v("reference_age")))
    return ks(np.exp(-rate * np.expm1(0.05 * rows["time"]) / 0.05), "losses")


@CLOCKS.check(
    CLOSED_FORM,
    "nobody healed, no frailty, half of the association with death causal",
    "the excess after an amputation is the half that is not (5 SE)",
)
def excess_after_amputation(subject: Subject) -> Found:
    """Deaths of the excess in the first five years after the loss of the limb, against their integrated hazard."""
    values = {"amputation_rate": 5.0, "amputation_trend": 0.0, "death_rate_wound": 0.4, "death_trend": -0.3}
    values |= {"death_per_mmhg": 0.0, "death_causal_share": 0.5, "frailty_sd": 0.0}
    found, v = quiet_lives(subject, {**values, **NO_RECOVERY})
    lost = found.lives["amputated_at"]
    chosen = (found.patients["rutherford"] == 5.0) & np.isfinite(lost)
    who, lost, died = found.patients[chosen], lost[chosen], found.lives["died_at"][chosen]
    until = np.minimum(died, lost + 5.0)
    rate = 0.5 * 0.4 * hazard_ratio("death", who, v)
    spent = rate * (np.exp(-0.3 * lost) - np.exp(-0.3 * until)) / 0.3
    residual = (died <= lost + 5.0) - spent
    return near(residual.mean(), residual.std() / np.sqrt(len(residual)), 0.0, "deaths beyond their expectation")


@CLOCKS.check(
    DESIGN,
    "judgement stops all whose perfusion is restored and nobody else; nobody recovers",
    "19 of 20 people far below the value, or more, have every dose of their policy",
)
def judgement(subject: Subject) -> Found:
    """Clinical judgement stops those who look restored, not the others."""
    values = {
        **QUIET, **NO_RECOVERY, "judgement_stop_first": 0.0, "judgement_stop": 0.0, "judgement_stop_recovered": 1.0,
    }  # fmt: skip
    wrong = []
    for name in subject.with_cells:
        policy = subject.scenario.policies[name]
        cells = policy.cell_therapy
        last = (cells.waiting_days + (cells.doses - 1) * (cells.interval_days or 0.0)) / DAYS_PER_YEAR
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
