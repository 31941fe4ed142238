"""The law of single risks, written a second time: numerical integration of the hazard of each patient of the scenario.

One risk is left in force. The cumulative hazard up to the patient's event, by quadrature along the path that the patient's
own TcPO2 takes, must then be a unit exponential.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from simulator.living.cohort_arrays import Followed
from simulator.questions.verify.subject.subject import NO_DEATH, NOTHING, Subject
from simulator.scenario.policy import Criteria
from simulator.words.vocabulary import DAYS_PER_YEAR, Renal

YEARS = 100.0
STEPS = 2_000
# Values that leave one risk in force: as near to none as the allowed ranges come.
QUIET = {
    **NO_DEATH,
    "minor_amputation_rate": 0.0,
    "conversion_rate": 0.0,
    "other_limb_rate": 0.0,
    **dict.fromkeys(("dialysis_rate_normal", "dialysis_rate_moderate", "dialysis_rate_severe"), 0.0),
    **dict.fromkeys(("beyond_salvage_share_4", "beyond_salvage_share_5", "beyond_salvage_share_6"), 0.0),
    "amputation_rate": 0.0001,
    "amputation_per_mmhg": 0.0,
    "amputation_trend": -8.0,
    "healing_rate": 0.001,
    "healing_per_mmhg": 0.0,
    "healing_trend": -3.0,
    "pain_relief_rate": 0.0,
}
STEADY_LIMB = {"recovery_gain": 0.0, "recovery_spread": 0.0, "recovery_gain_baseline": 0.0, "tcpo2_slope": 0.0}
"""Perfusion that stays what it is, but for what angioplasty does."""
NO_RECOVERY = {**STEADY_LIMB, "tcpo2_slope": -1.5}
RECOVERY = {"attributable_share": 0.1, "recovery_gain": 15.0, "recovery_spread": 50.0, "tcpo2_slope": -1.0}
"""Most limbs rise without care, others fall."""
TRUE_RISK = {
    "death": {"death_rate_wound": 0.4, "death_per_mmhg": -0.03, "death_trend": 0.15, "death_causal_share": 0.4},
    "amputation": {"amputation_rate": 0.5, "amputation_per_mmhg": -0.04, "amputation_trend": 0.2},
    "healing": {"healing_rate": 0.6, "healing_per_mmhg": -0.02, "healing_trend": 0.25},
}
FIRST_TIME = {"death": "died_at", "amputation": "amputated_at", "healing": "healed_at"}


def limb_ratio(risk: str, who: NDArray[np.void], v: Callable[[str], float]) -> NDArray[np.float64]:
    """What dialysis, frailty and severe tissue loss multiply the hazard of healing or amputation with."""
    ratio = np.where(who["renal"] == Renal.DIALYSIS, v(f"{risk}_hr_dialysis"), 1.0)
    strength = v("frailty_amputation") if risk == "amputation" else -v("frailty_healing")
    ratio = ratio * np.exp(strength * v("frailty_sd") * who["frailty"])
    return np.asarray(ratio * np.where(who["rutherford"] > 5.5, v(f"{risk}_hr_rutherford_6"), 1.0))


def wound_ratio(who: NDArray[np.void], v: Callable[[str], float]) -> NDArray[np.float64]:
    """What each patient's wound multiplies the hazard of healing with."""
    log_ratio = (who["infection"] > 0.5) * np.log(v("healing_hr_infection"))
    # Nothing removes gangrene here, because there is no minor amputation.
    log_ratio += np.log(np.where(who["gangrene"] > 0.5, v("healing_hr_gangrene"), v("healing_hr_no_gangrene")))
    for feature in ("area", "age"):
        log_ratio += v(f"healing_per_log_{feature}") * np.log(v(f"wound_{feature}_ratio"))
    return np.asarray(np.exp(log_ratio))


def hazard_ratio(risk: str, who: NDArray[np.void], v: Callable[[str], float]) -> NDArray[np.float64]:
    """What each patient's covariates multiply the hazard with."""
    if risk != "death":
        ratio = limb_ratio(risk, who, v)
        return ratio * wound_ratio(who, v) if risk == "healing" else ratio
    log_ratio = v("death_per_year_of_age") * (who["age"] - v("reference_age"))
    log_ratio += v("frailty_sd") * who["frailty"] - 0.5 * v("frailty_sd") ** 2
    log_ratio += (who["ischaemic_heart_disease"] > 0.5) * np.log(v("death_hr_heart"))
    log_ratio += (who["rutherford"] < 4.5) * np.log(v("disease_death_hr_rest_pain"))
    for kind, name in (
        (Renal.MODERATE, "renal_moderate"),
        (Renal.SEVERE, "renal_severe"),
        (Renal.DIALYSIS, "dialysis"),
    ):
        log_ratio += (who["renal"] == kind) * np.log(v(f"death_hr_{name}"))
    return np.asarray(np.exp(log_ratio))


def quiet_lives(
    subject: Subject, values: dict[str, float], events: bool = False
) -> tuple[Followed, Callable[[str], float]]:
    """Untreated lives of anybody referred with almost no risk in force but those of `values`, and what each parameter was."""
    everybody = Criteria() if not len(subject.scenario.given) else None
    scenario = subject.changed(entry=everybody, horizon=YEARS)
    changed = {**QUIET, **values}
    lives = subject.lives(changed, scenario, [NOTHING], times=[YEARS], n=min(subject.n, 2_000), events=events)[NOTHING]
    return lives, lambda name: changed[name] if name in changed else subject.value(name)


def survival(subject: Subject, risk: str, values: dict[str, float]) -> NDArray[np.float64]:
    """Survival function of the risk at each patient's event: uniform if the law holds. Those with a wound at referral."""
    lives, v = quiet_lives(subject, {**TRUE_RISK[risk], **values})
    happened = np.isfinite(lives.lives[FIRST_TIME[risk]]) & (lives.patients["rutherford"] > 4.5)
    who, life = lives.patients[happened], lives.lives[happened]
    t = np.linspace(0.0, 1.0, STEPS + 1)[:, None] * life[FIRST_TIME[risk]]
    # The only ramp is the change that happens without care, and it starts at referral.
    natural = life["gain"] - v("attributable_share") * np.maximum(life["gain"], 0.0)
    ramp = np.clip(t / (v("natural_days") / DAYS_PER_YEAR), 0.0, 1.0) * natural
    ceiling = np.maximum(v("tcpo2_ceiling"), who["tcpo2"])
    path = np.clip(who["tcpo2"] + v("tcpo2_slope") * t + ramp, 0.0, ceiling)
    lack = np.zeros(1)
    if risk == "healing":
        lack = v("healing_per_mmhg_short") * np.maximum(v("healing_tcpo2_least") - path, 0.0)
        path = np.minimum(path, v("healing_tcpo2_enough"))
    rate = v("death_rate_wound" if risk == "death" else f"{risk}_rate") * hazard_ratio(risk, who, v)
    effect = v(f"{risk}_per_mmhg") * (path - v("reference_tcpo2"))
    if risk == "death":
        # The share that is causal acts along the path; the rest is what TcPO2 at referral says of the patient.
        share = v("death_causal_share")
        marker = v("death_per_mmhg") * (who["tcpo2"] - v("reference_tcpo2"))
        effect = share * effect + (1.0 - share) * marker
        rate = rate * np.where(who["rutherford"] > 5.5, v("death_hr_rutherford_6"), 1.0)
    h = rate * np.exp(effect - lack + v(f"{risk}_trend") * t)
    return np.asarray(np.exp(-np.trapezoid(h, t, axis=0)))
