"""Responses with a known direction: each parameter is raised, and the same patients live again with the same luck.

Where the law allows it every single patient must move the right way or not at all, which no noise can blur; else the mean
of the paired differences must not lie on the wrong side by more than its Monte Carlo error.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
from numpy.typing import NDArray

from simulator.evidence.hospitals import FIELDS
from simulator.living.cohort_arrays import Followed
from simulator.questions.verify.subject.check import SINGLE, TECH_VER, Domain, Found, NotApplicable
from simulator.questions.verify.subject.subject import Subject, stacked
from simulator.words.vocabulary import Limb, Renal

RESPONSES = Domain("results: direction of effects", "E")
ROUNDING = 1e-9
OFFSET_MORE = 0.4
"""Log ratio by which a hospital's offset is raised."""

EARLIER_DEATH = ("clock_alive", -1)
EACH: dict[str, tuple[str, int]] = {
    "background_hr": EARLIER_DEATH,
    "death_rate_wound": EARLIER_DEATH,
    "death_rate_healed": EARLIER_DEATH,
    "death_ratio_amputee": EARLIER_DEATH,
    "death_hr_rest_pain": EARLIER_DEATH,
    "disease_death_hr_rest_pain": EARLIER_DEATH,
    "dialysis_death_rate": EARLIER_DEATH,
    "postoperative_death_rate": EARLIER_DEATH,
    "postoperative_hr_above_knee": EARLIER_DEATH,
    "death_hr_heart": EARLIER_DEATH,
    "death_hr_renal_moderate": EARLIER_DEATH,
    "death_hr_renal_severe": EARLIER_DEATH,
    "death_hr_dialysis": EARLIER_DEATH,
    "death_hr_rutherford_6": EARLIER_DEATH,
    "act_death_hr": EARLIER_DEATH,
    "hospital_amputation": ("amputated_at", -1),
    "hospital_healing": ("healed_at", -1),
    "hospital_death": EARLIER_DEATH,
    "hospital_response": ("gain", 1),
    "amputation_rate": ("amputated_at", -1),
    "amputation_hr_dialysis": ("amputated_at", -1),
    "amputation_hr_rutherford_6": ("amputated_at", -1),
    "amputation_hr_rest_pain": ("amputated_at", -1),
    "healing_rate": ("healed_at", -1),
    "healing_hr_dialysis": ("healed_at", -1),
    "healing_hr_rutherford_6": ("healed_at", -1),
    "healing_hr_infection": ("healed_at", -1),
    "healing_hr_no_gangrene": ("healed_at", -1),
    "wound_area_ratio": ("healed_at", 1),
    "wound_age_ratio": ("healed_at", 1),
    "stump_healing_rate_below_knee": ("healed_at", -1),
    "stump_healing_rate_above_knee": ("healed_at", -1),
    "stump_healing_lag_days": ("healed_at", 1),
    "beyond_salvage_rate": ("amputated_at", -1),
    "other_limb_rate": ("other_amputated_at", -1),
    "other_limb_hr_amputated": ("other_amputated_at", -1),
    "dialysis_rate_normal": ("dialysis_since", -1),
    "dialysis_rate_severe": ("dialysis_since", -1),
    "walking_loss_rate": ("walking", -1),
    "walking_share_referral": ("walks_at_referral", 1),
    "walking_or_dialysis": ("walks_at_referral", 1),
    "beyond_salvage_share_5": ("beyond_salvage", 1),
    "minor_amputation_rate": ("minor_amputation_at", -1),
    "conversion_rate": ("converted_at", -1),
    "below_knee_share": ("count_above_knee_amputation", -1),
    "walking_share_below_knee": ("first_walked_at", -1),
    "walking_share_above_knee": ("first_walked_at", -1),
    "prosthesis_days_below_knee": ("first_walked_at", 1),
    "prosthesis_days_above_knee": ("first_walked_at", 1),
    "response_probability": ("gain", 1),
    "attributable_share": ("natural_gain", -1),
    "recovery_gain": ("gain", 1),
    "response_or_leiden": ("gain", 1),
    "response_or_mthfr": ("gain", 1),
    "response_or_severe_renal": ("gain", 1),
    "response_or_bmmnc": ("caused_gain", 1),
    "response_or_intra_arterial": ("caused_gain", 1),
}
"""Parameter -> what changes in each life, and which way when the parameter rises."""

ON_AVERAGE: tuple[tuple[str, str, int], ...] = (
    ("recurrence_rate", "count_new_wound", 1),
    ("recurrence_hr_minor", "count_new_wound", 1),
    ("amputation_hr_recurrent", "amputated", 1),
    ("amputation_hr_minor", "amputated", 1),
    ("minor_amputation_success", "count_healed", 1),
    ("minor_amputation_lag_days", "count_healed", -1),
    ("healing_lag_days", "count_healed", -1),
    ("recurrence_lag_days", "count_new_wound", -1),
    # Not in each life: a second operation within the lag of a first one adds a lag of its own, at the hazard in force.
    ("healing_hr_gangrene", "count_healed", 1),
    ("minor_amputation_hr_no_gangrene", "count_minor_amputation", 1),
    ("recurrence_hr_dialysis", "count_new_wound", 1),
    ("recovery_gain", "amputated", -1),
    ("response_probability", "amputated", -1),
    ("tcpo2_slope", "amputated", -1),
    ("recovery_days", "amputated", 1),
    ("recovery_waning_share", "amputated", 1),
    ("judgement_stop_first", "count_dose", -1),
    ("judgement_stop", "count_dose", -1),
    ("judgement_stop_recovered", "count_dose", -1),
    ("angioplasty_success", "amputated", -1),
    ("restenosis_rate", "count_repeat_step_1", 1),
    ("repeat_angioplasty", "count_repeat_step_1", 1),
    ("age_mean", "clock_alive", -1),
)
"""Parameter, what changes in the mean, and which way when the parameter rises."""

WORDS = {
    "clock_alive": "years lived",
    "amputated_at": "time to major amputation",
    "healed_at": "time to healing",
    "minor_amputation_at": "time to minor amputation",
    "converted_at": "time to conversion",
    "first_walked_at": "time to walking",
    "count_above_knee_amputation": "amputations above the knee",
    "count_new_wound": "new wounds",
    "count_healed": "healings",
    "count_minor_amputation": "minor amputations",
    "other_amputated_at": "time to loss of the other leg",
    "dialysis_since": "time to dialysis",
    "walking": "people who walk at the end",
    "walks_at_referral": "people who walk at referral",
    "beyond_salvage": "limbs beyond salvage",
    "count_dose": "doses",
    "count_repeat_step_1": "repeated procedures of the first therapy",
    "gain": "change of TcPO2 under the whole treatment",
    "natural_gain": "change of TcPO2 without treatment",
    "caused_gain": "rise of TcPO2 that cells cause",
    "amputated": "major amputations",
}


ENOUGH = 40
"""People concerned, under one policy, from which on a parameter that moves none of them is a mistake."""


def _renal(kind: Renal) -> Callable[[Followed], NDArray[np.bool_]]:
    return lambda c: c.patients["renal"] == kind


def _wound_without_gangrene(c: Followed) -> NDArray[np.bool_]:
    return np.asarray((c.patients["rutherford"] > 4.5) & (c.patients["gangrene"] < 0.5))


def _can_learn_to_walk(c: Followed, limb: Limb) -> NDArray[np.bool_]:
    """Amputees with a healed stump who live for two more years."""
    lives = c.lives
    end = np.minimum(lives["died_at"], lives["time"])
    healed = np.isfinite(lives["healed_at"]) & np.isfinite(lives["amputated_at"])
    return np.asarray((lives["limb"] == limb) & healed & (end > lives["amputated_at"] + 2.0))


CONCERNED: dict[str, tuple[str, Callable[[Followed], NDArray[np.bool_]]]] = {
    "death_hr_heart": ("death_rate_wound", lambda c: c.patients["ischaemic_heart_disease"] > 0.5),
    "death_hr_renal_moderate": ("death_rate_wound", _renal(Renal.MODERATE)),
    "death_hr_renal_severe": ("death_rate_wound", _renal(Renal.SEVERE)),
    "death_hr_dialysis": ("death_rate_wound", _renal(Renal.DIALYSIS)),
    "death_hr_rutherford_6": ("death_rate_wound", lambda c: c.patients["rutherford"] > 5.5),
    "amputation_hr_dialysis": ("amputation_rate", _renal(Renal.DIALYSIS)),
    "amputation_hr_rutherford_6": ("amputation_rate", lambda c: c.patients["rutherford"] > 5.5),
    "healing_hr_dialysis": ("healing_rate", _renal(Renal.DIALYSIS)),
    "healing_hr_rutherford_6": ("healing_rate", lambda c: c.patients["rutherford"] > 5.5),
    "healing_hr_no_gangrene": ("healing_rate", _wound_without_gangrene),
    "healing_hr_infection": ("healing_rate", lambda c: c.patients["infection"] > 0.5),
    "wound_area_ratio": ("healing_rate", lambda c: c.patients["rutherford"] > 4.5),
    "wound_age_ratio": ("healing_rate", lambda c: c.patients["rutherford"] > 4.5),
    "prosthesis_days_below_knee": ("walking_share_below_knee", lambda c: _can_learn_to_walk(c, Limb.BELOW_KNEE)),
    "prosthesis_days_above_knee": ("walking_share_above_knee", lambda c: _can_learn_to_walk(c, Limb.ABOVE_KNEE)),
    "walking_share_below_knee": ("walking_share_below_knee", lambda c: _can_learn_to_walk(c, Limb.BELOW_KNEE)),
    "walking_share_above_knee": ("walking_share_above_knee", lambda c: _can_learn_to_walk(c, Limb.ABOVE_KNEE)),
    "recurrence_hr_minor": (
        "recurrence_rate",
        lambda c: (c.lives["minor_amputation_at"] < c.lives["healed_at"]) & np.isfinite(c.lives["healed_at"]),
    ),
    "recurrence_hr_dialysis": (
        "recurrence_rate",
        lambda c: (c.patients["renal"] == Renal.DIALYSIS) & np.isfinite(c.lives["healed_at"]),
    ),
}
"""Parameter -> the rate that it multiplies, and whom it concerns."""


def many_concerned(subject: Subject, name: str) -> bool:
    """Whether a parameter must move somebody: its rate is in force and enough people have what it is about."""
    if name not in CONCERNED:
        return False
    rate, who = CONCERNED[name]
    return subject.value(rate) > 0.0 and max(int(who(c).sum()) for c in subject.base.values()) >= ENOUGH


def raised(subject: Subject, name: str) -> float:
    """A clearly higher value of a parameter, inside its range."""
    if name in FIELDS.values():
        # An offset is in the rates already; what rises is the register's.
        return subject.scenario.register[name].value + OFFSET_MORE
    now = subject.value(name)
    low, high = (0.0, 1.0) if name == "attributable_share" else subject.scenario.register[name].range
    if high <= 1.0:
        # Half-way to the top, because shares near one leave no room to multiply.
        higher = now + 0.5 * (high - now)
    elif name == "age_mean":
        higher = min(now + 5.0, high)
    elif name == "tcpo2_slope":
        higher = min(now + 3.0, high)
    else:
        higher = min(1.5 * now, high) if now > 0.0 else low + 0.1 * (high - low)
    if higher <= now:
        raise NotApplicable(f"{name} is already as high as it may be")
    return higher


def measured(lives: Mapping[str, Followed], field: str) -> NDArray[np.float64]:
    """One number per life and policy."""
    if field == "amputated":
        return np.isfinite(stacked(lives, "amputated_at")).astype(np.float64)
    if field == "walks_at_referral":
        return np.concatenate([np.asarray(c.patients["walks"], np.float64) for c in lives.values()])
    return stacked(lives, field)


def twins(subject: Subject, name: str, field: str) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The number in each life before and after raising a parameter. Not applicable if it moves nobody and need not."""
    change = {name: raised(subject, name)}
    before = measured(subject.base, field)
    after = measured(subject.lives(change, times=subject.times[-1:]), field)
    if np.array_equal(before, after) and not many_concerned(subject, name):
        raise NotApplicable(f"{name} touches nobody in this scenario")
    return before, after


def _in_each(name: str, field: str, direction: int) -> None:
    def run(subject: Subject) -> Found:
        before, after = twins(subject, name, field)
        with np.errstate(invalid="ignore"):
            moved = np.where(before == after, 0.0, (after - before) * direction)
        wrong = int((moved < -ROUNDING).sum())
        right = int((moved > ROUNDING).sum())
        return Found(wrong == 0 and right > 0, f"{right:,} lives the right way, {wrong:,} the wrong way")

    way = "never rises" if direction < 0 else "never falls"
    changed, expected = f"{name} raised, same luck", f"{WORDS[field]}: {way} in any life, changes in some"
    RESPONSES.add(TECH_VER, changed, expected, run)


def _on_average(name: str, field: str, direction: int) -> None:
    def run(subject: Subject) -> Found:
        before, after = twins(subject, name, field)
        moved = (after - before) * direction
        se = float(moved.std() / np.sqrt(len(moved) / len(subject.policies)))
        mean = float(moved.mean())
        what = f"{mean * direction:+.4g} (SE {se:.2g})"
        return Found(mean > -SINGLE * se and se > 0.0, what)

    way = "fall" if direction < 0 else "rise"
    RESPONSES.add(TECH_VER, f"{name} raised, same luck", f"{WORDS[field]}: {way} on average (4 SE)", run)


for _name, (_field, _direction) in EACH.items():
    _in_each(_name, _field, _direction)
for _name, _field, _direction in ON_AVERAGE:
    _on_average(_name, _field, _direction)
