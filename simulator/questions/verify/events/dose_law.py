"""Checks of cells as a policy gives them: who is tested, when doses fall, what is decided, and what they do."""

from __future__ import annotations

import numpy as np

from simulator.living.outcomes import OUTCOMES, last_tcpo2
from simulator.questions.verify.events.care_law import CARE, NAME, chance_below, path, shares_near, times_of, under
from simulator.questions.verify.events.hazard_law import STEADY_LIMB, YEARS
from simulator.questions.verify.people.inputs import ks
from simulator.questions.verify.subject.check import CLOSED_FORM, Found, equal
from simulator.questions.verify.subject.subject import Subject
from simulator.scenario.policy import Policy
from simulator.words.vocabulary import DAYS_PER_YEAR, Event, Renal

__all__ = ["CARE"]  # here the domain has all its checks


def _test(treat: str) -> None:
    def run(subject: Subject) -> Found:
        marker = {"marker": "thrombophilia", "sensitivity": 0.9, "specificity": 0.65, "treat": treat}
        found, _ = under(subject, {"cell_therapy": {"doses": 1}, "selection": marker}, STEADY_LIMB)
        present = (found.patients["leiden"] > 0.5) | (found.patients["mthfr"] > 0.5)
        positive = np.where(present, 0.9, 0.35)
        chance = positive if treat == "positive" else 1.0 - positive
        return shares_near(found.lives["doses"] > 0, chance, {"with": present, "without": ~present}, "shares treated")

    expected = "with the trait by its sensitivity, without by its specificity (5 SE)"
    CARE.add(CLOSED_FORM, f"an imperfect test, {treat}s treated", expected, run)


for _treat in ("positive", "negative"):
    _test(_treat)


@CARE.check(CLOSED_FORM, "four doses for everybody", "doses at the policy's own dates, in all whose wound stays open")
def schedule(subject: Subject) -> Found:
    """Dates of doses."""
    cells = {"doses": 4, "interval_days": 20.0, "waiting_days": 10.0}
    found, _ = under(subject, {"cell_therapy": cells}, {**STEADY_LIMB, "judgement_never_tcpo2": 200.0})
    life = found.lives
    left = np.minimum(np.minimum(life["died_at"], life["amputated_at"]), life["healed_at"]) < 80.0 / DAYS_PER_YEAR
    dates = np.stack([times_of(found, Event.DOSE, k)[~left] for k in range(5)])
    wanted = (np.array([10.0, 30.0, 50.0, 70.0]) / DAYS_PER_YEAR)[:, None] + 0.0 * dates[:4]
    if np.isfinite(dates[4]).any():
        return Found(False, "somebody has five doses")
    return equal(np.where(np.isfinite(dates[:4]), dates[:4], -1.0), wanted, "dates", 1e-9)


@CARE.check(CLOSED_FORM, "doses until TcPO2 is 20 mmHg", "each decision has a measurement error of its own (5 SE)")
def decisions(subject: Subject) -> Found:
    """Two decisions in a row go the same way as often as two independent errors do."""
    policy = {
        "cell_therapy": {"doses": 4, "interval_days": 1.0},
        "repeat": {"rule": "until_tcpo2", "stop_at_tcpo2": 20.0},
    }
    found, v = under(subject, policy, {**STEADY_LIMB, "measurement_sd": 6.0})
    kept = np.minimum(np.minimum(found.lives["died_at"], found.lives["amputated_at"]), found.lives["healed_at"]) > 0.02
    kept &= found.lives["doses"] > 0
    life = found.lives[kept]
    below = chance_below(20.0, life["tcpo2_start"], v("measurement_sd"))
    everybody = np.ones(len(life), bool)
    results = [
        shares_near(life["doses"] >= k + 1, below**k, {"all": everybody}, "share that goes on") for k in (1, 2, 3)
    ]
    return next((result for result in results if not result.passed), results[-1])


@CARE.check(
    CLOSED_FORM,
    "clinical judgement of four doses, none from 45 mmHg on",
    "shares stop by what is measured, each time anew (5 SE)",
)
def judged(subject: Subject) -> Found:
    """Judgement stops two shares, by whether perfusion looks restored, and everybody plainly well, at every decision again."""
    policy = {"cell_therapy": {"doses": 4, "interval_days": 1.0}, "repeat": {"rule": "clinical_judgement"}}
    values = {**STEADY_LIMB, "measurement_sd": 6.0, "judgement_stop": 0.2, "judgement_stop_recovered": 0.7}
    values["judgement_stop_first"] = 0.4
    found, v = under(subject, policy, {**values, "judgement_never_tcpo2": 45.0})
    kept = np.minimum(np.minimum(found.lives["died_at"], found.lives["amputated_at"]), found.lives["healed_at"]) > 0.02
    kept &= found.lives["doses"] > 0
    life = found.lives[kept]
    record = subject.changed(policies={NAME: Policy.model_validate(policy)}).policy_records([NAME])[0]
    below = chance_below(float(record["stop_at_tcpo2"]), life["tcpo2_start"], v("measurement_sd"))
    not_well = chance_below(45.0, life["tcpo2_start"], v("measurement_sd"))
    first, on = (below * goes_on + (not_well - below) * 0.3 for goes_on in (0.6, 0.8))
    everybody = np.ones(len(life), bool)
    results = [
        shares_near(life["doses"] >= k + 1, first * on ** (k - 1), {"all": everybody}, "share that goes on")
        for k in (1, 2, 3)
    ]
    return next((result for result in results if not result.passed), results[-1])


@CARE.check(
    CLOSED_FORM,
    "one dose after 30 days; people die of the disease",
    "the dying are spared it at the stated share (5 SE)",
)
def dying(subject: Subject) -> Found:
    """Who dies within so many days of a dose that is due has it in the stated share of cases; everybody else does."""
    values = {**STEADY_LIMB, "death_rate_wound": 3.0, "death_rate_healed": 3.0, "judgement_dying": 0.6}
    policy = {"cell_therapy": {"doses": 1, "waiting_days": 30.0}}
    found, v = under(subject, policy, {**values, "judgement_dying_days": 60.0})
    due = 30.0 / DAYS_PER_YEAR
    life = found.lives
    there = np.minimum(np.minimum(life["died_at"], life["amputated_at"]), life["healed_at"]) > due
    life = life[there & (life["treated"] == 1)]
    soon = life["died_at"] <= due + v("judgement_dying_days") / DAYS_PER_YEAR
    if (life["doses"][~soon] == 0).any():
        return Found(False, "somebody who lives on is not treated")
    chance = np.full(len(life), 1.0 - v("judgement_dying"))
    return shares_near(life["doses"] > 0, chance, {"dying": soon}, "share treated")


def _odds(product: str, route: str) -> None:
    def run(subject: Subject) -> Found:
        odds = {"leiden": 0.5, "mthfr": 1.6, "severe_renal": 0.6, "small_ev": 2.5}
        values = {f"response_or_{name}": ratio for name, ratio in odds.items()} | {"response_probability": 0.6}
        values |= {
            "response_polarity": 1.4,
            "recovery_gain": 60.0,
            "recovery_gain_baseline": 0.0,
            "attributable_share": 1.0,
        }
        of_product = {"pbmnc": 1.0, "bmmnc": 0.7, "mobilised_pbmnc": 1.5}
        values |= {"response_or_bmmnc": 0.7, "response_or_mobilised": 1.5, "response_or_intra_arterial": 1.8}
        found, v = under(subject, {"cell_therapy": {"doses": 1, "product": product, "route": route}}, values)
        who = found.patients
        traits = {name: who[name] > 0.5 for name in ("leiden", "mthfr")}
        traits |= {"severe_renal": who["renal"] >= Renal.SEVERE}
        log_ratio = np.full(len(who), np.log(of_product[product] * (1.8 if route == "intra_arterial" else 1.0)))
        for name, trait in traits.items():
            log_ratio += trait * np.log(odds[name])
        log_ratio += np.where(who["small_ev_high"] > 0.5, 1.0, 0.0) * np.log(odds["small_ev"])
        log_ratio -= v("small_ev_high_share") * np.log(odds["small_ev"]) - np.log(0.6 / 0.4)
        # Every gain is a rise and all of it is caused, so that it gives the rank away and that the luck.
        rank = (found.lives["caused_gain"] - 60.0) / v("recovery_spread") + 0.5
        luck = np.log(rank / (1.0 - rank)) / 1.4 - log_ratio
        return ks(1.0 / (1.0 + np.exp(-luck)), "luck that gains show")

    expected = "ranks of gains follow the odds by trait, product and route (Kolmogorov-Smirnov)"
    CARE.add(CLOSED_FORM, f"cells: {product}, {route}", expected, run)


for _product, _route in (("pbmnc", "intramuscular"), ("bmmnc", "intra_arterial"), ("mobilised_pbmnc", "intramuscular")):
    _odds(_product, _route)


@CARE.check(
    CLOSED_FORM, "no measurement error", "the last TcPO2 is the path's on its day, as a study and as a trial has it"
)
def last_measured(subject: Subject) -> Found:
    """Both kinds of last TcPO2 against the path of each life."""
    cells = {"doses": 3, "interval_days": 90.0, "waiting_days": 30.0}
    values = {"measurement_sd": 0.0, "recovery_days": 200.0, "attributable_share": 0.5, "tcpo2_slope": -2.0}
    found, v = under(subject, {"cell_therapy": cells}, values)
    life = found.lives
    end = np.minimum(life["died_at"], life["amputated_at"])
    later = v("last_tcpo2_days") / DAYS_PER_YEAR
    planned = ((v("published_doses") - 1.0) * v("published_interval_days")) / DAYS_PER_YEAR + later
    by_schedule = path(life, np.minimum(planned, end))
    own = np.where(life["doses"] > 0, life["last_dose_at"] + later, planned)
    params = subject.params.copy()
    params["measurement_sd"] = 0.0
    measured = [last_tcpo2(one, params, YEARS) for one in life]
    reported = found.outcomes[:, -1, OUTCOMES.index("tcpo2_last")]
    return equal(
        np.stack([reported, measured]), np.stack([by_schedule, path(life, np.minimum(own, end))]), "values", 1e-9
    )


@CARE.check(
    CLOSED_FORM, "relief of rest pain alone", "times follow perfusion up to what is enough (Kolmogorov-Smirnov)"
)
def relief(subject: Subject) -> Found:
    """Relief of rest pain in limbs that all rise beyond what is enough, against the integrated hazard."""
    rising = {**STEADY_LIMB, "tcpo2_slope": 3.0, "healing_tcpo2_enough": 30.0}
    values = {"pain_relief_rate": 0.2, "healing_per_mmhg": 0.08, "recurrence_rate": 0.0, "rest_pain_share": 0.9}
    found, v = under(subject, {}, {**rising, **values})
    relieved = times_of(found, Event.PAIN_RELIEVED, 0)
    happened = np.isfinite(relieved)
    t = np.linspace(0.0, 1.0, 2_001)[:, None] * relieved[happened]
    seen = np.minimum(found.patients["tcpo2"][happened] + 3.0 * t, 30.0)
    lack = np.maximum(v("healing_tcpo2_least") - seen, 0.0)
    h = v("pain_relief_rate") * np.exp(0.08 * (seen - v("reference_tcpo2")) - v("healing_per_mmhg_short") * lack)
    return ks(np.exp(-np.trapezoid(h, t, axis=0)), "reliefs")


@CARE.check(
    CLOSED_FORM, "a new wound alone, rest pain", "times follow the hazard stated at its own TcPO2 (Kolmogorov-Smirnov)"
)
def new_wounds(subject: Subject) -> Found:
    """First wounds of people with rest pain, whose limb gets worse, against the integrated hazard."""
    values = {"recurrence_rate": 0.5, "recurrence_per_mmhg": -0.04, "recurrence_trend": -0.1, "rest_pain_share": 0.9}
    values |= {f"beyond_salvage_share_{kind}": 0.0 for kind in (4, 5, 6)}
    values |= {f"dialysis_rate_{kind}": 0.0 for kind in ("normal", "moderate", "severe")}
    found, v = under(subject, {}, {**values, **STEADY_LIMB, "tcpo2_slope": -1.0, "amputation_rate": 0.0001})
    first = times_of(found, Event.NEW_WOUND, 0)
    happened = np.isfinite(first) & (found.patients["rutherford"] < 4.5)
    who, end = found.patients[happened], first[happened]
    t = np.linspace(0.0, 1.0, 1_001)[:, None] * end
    perfusion = np.clip(who["tcpo2"] - t, 0.0, np.maximum(v("tcpo2_ceiling"), who["tcpo2"]))
    rate = v("recurrence_rate") * np.where(who["renal"] == Renal.DIALYSIS, v("recurrence_hr_dialysis"), 1.0)
    h = rate * np.exp(-0.04 * (perfusion - v("recurrence_reference_tcpo2")) - 0.1 * t)
    # The hazard dies away, so that some never have it: uniform below the chance of having one by the horizon.
    beyond = np.linspace(0.0, YEARS, 4_001)[:, None]
    path_on = np.clip(who["tcpo2"] - beyond, 0.0, np.maximum(v("tcpo2_ceiling"), who["tcpo2"]))
    total = np.trapezoid(
        rate * np.exp(-0.04 * (path_on - v("recurrence_reference_tcpo2")) - 0.1 * beyond), beyond, axis=0
    )
    return ks(-np.expm1(-np.trapezoid(h, t, axis=0)) / -np.expm1(-total), "new wounds")
