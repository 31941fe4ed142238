"""Checks of the people: who is referred, who may enter, those given as a table, and their background."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from simulator.evidence.distributions import mean, quantile
from simulator.questions.verify.people.inputs import INPUTS, ks
from simulator.questions.verify.subject.check import (
    CLOSED_FORM,
    DESIGN,
    TECH_VER,
    Found,
    NotApplicable,
    equal,
    near,
    none_of,
)
from simulator.questions.verify.subject.subject import NOTHING, Subject
from simulator.rules.population.criteria import CRITERIA_FIELDS, may_enter
from simulator.rules.population.patient import COLUMNS, PATIENT
from simulator.scenario.policy import Criteria
from simulator.words.vocabulary import Renal


def referrals(subject: Subject, values: dict[str, float] | None = None) -> NDArray[np.void]:
    """The referral population before any entry criterion, all synthetic."""
    anybody = subject.changed(entry=Criteria(), given=np.zeros((0, len(COLUMNS))))
    return subject.lives(values, anybody, [NOTHING], times=[0.0])[NOTHING].patients


def _shares(names: dict[str, str], changed: str) -> None:
    def run(subject: Subject) -> Found:
        who = referrals(subject)
        wounded = who[who["rutherford"] > 4.5]
        found, error, expected = [], [], []
        for column, parameter in names.items():
            among = wounded if column in {"infection", "osteomyelitis", "heel"} else who
            share = subject.value(parameter)
            found.append(float(among[column].mean()))
            error.append(np.sqrt(share * (1.0 - share) / len(among)))
            expected.append(share)
        return near(found, error, expected, "shares")

    INPUTS.add(TECH_VER, changed, "shares are the register's (5 SE)", run)


_shares(
    {
        "male": "male_share",
        "ischaemic_heart_disease": "ischaemic_heart_disease_share",
        "right_limb": "right_limb_share",
        "ankle_pressure_low": "ankle_pressure_share",
        "angioplasty_suitable": "angioplasty_suitable_share",
        "leiden": "leiden_share",
        "mthfr": "mthfr_share",
        "small_ev_high": "small_ev_high_share",
    },
    "nobody turned away, nobody real: traits",
)
_shares(
    {"infection": "infection_share", "osteomyelitis": "osteomyelitis_share", "heel": "heel_share"},
    "nobody turned away, nobody real: wounds",
)


@INPUTS.check(
    TECH_VER, "nobody turned away, nobody real: classes", "renal and Rutherford classes are the register's (5 SE)"
)
def classes(subject: Subject) -> Found:
    """Renal and Rutherford classes."""
    who, v = referrals(subject), subject.value
    rest = v("rest_pain_share")
    six = (1.0 - rest) * v("severe_tissue_loss_share")
    expected = np.array(
        [v("renal_moderate_share"), v("renal_severe_share"), v("renal_dialysis_share"), rest, 1.0 - rest - six, six]
    )
    found = [float((who["renal"] == kind).mean()) for kind in (Renal.MODERATE, Renal.SEVERE, Renal.DIALYSIS)]
    found += [float((who["rutherford"] == kind).mean()) for kind in (4.0, 5.0, 6.0)]
    return near(found, np.sqrt(expected * (1.0 - expected) / len(who)), expected, "shares")


@INPUTS.check(
    CLOSED_FORM,
    "nobody turned away, nobody real: salvage",
    "limbs beyond salvage are as many as their chances add to (5 SE)",
)
def salvage(subject: Subject) -> Found:
    """Limbs beyond salvage by Rutherford class against each one's chance at its TcPO2."""
    who, v, found, error, expected = referrals(subject), subject.value, [], [], []
    for kind in (4, 5, 6):
        of = who[who["rutherford"] == kind]
        odds = np.exp(v("beyond_salvage_per_mmhg") * (of["tcpo2"] - v("reference_tcpo2")))
        share = v(f"beyond_salvage_share_{kind}")
        chance = share * odds / (1.0 - share + share * odds)
        found.append(float(of["beyond_salvage"].mean()))
        error.append(float(np.sqrt(np.sum(chance * (1.0 - chance)))) / len(of))
        expected.append(float(chance.mean()))
    return near(found, error, expected, "shares")


@INPUTS.check(
    CLOSED_FORM, "nobody turned away, nobody real: walking", "those who walk are as many as their chances add to (5 SE)"
)
def walkers(subject: Subject) -> Found:
    """Walking at referral against each patient's chance, by age group, dialysis and frailty."""
    who, v = referrals(subject), subject.value
    share = v("walking_share_referral")
    odds = share / (1.0 - share) * v("walking_or_per_decade") ** ((who["age"] - v("reference_age")) / 10.0)
    odds *= np.where(who["renal"] == Renal.DIALYSIS, v("walking_or_dialysis"), 1.0)
    chance = odds * np.exp(-v("frailty_walking") * v("frailty_sd") * who["frailty"])
    chance = chance / (1.0 + chance)
    groups = [who["age"] < 75.0, who["age"] >= 75.0, who["renal"] == Renal.DIALYSIS, who["frailty"] > 0.5]
    residual = [(who["walks"] - chance)[group] for group in groups]
    return near([r.mean() for r in residual], [r.std() / np.sqrt(len(r)) for r in residual], np.zeros(4), "groups")


@INPUTS.check(TECH_VER, "nobody turned away, nobody real: frailty", "frailty is standard normal")
def frailty(subject: Subject) -> Found:
    """Frailty against its law, written with another library."""
    from scipy import stats

    return ks(stats.norm.cdf(referrals(subject)["frailty"]), "values of frailty")


@INPUTS.check(TECH_VER, "nobody turned away, nobody real: ages", "ages follow the truncated normal law")
def ages(subject: Subject) -> Found:
    """Ages against their law, written with another library."""
    from scipy import stats

    v = subject.value
    middle, spread = v("age_mean"), v("age_sd")
    law = stats.truncnorm((v("age_minimum") - middle) / spread, (v("age_maximum") - middle) / spread, middle, spread)
    return ks(law.cdf(referrals(subject)["age"]), "ages")


@INPUTS.check(TECH_VER, "nobody turned away, nobody real: TcPO2", "true TcPO2 follows the truncated normal law")
def perfusion(subject: Subject) -> Found:
    """TcPO2 at referral against its law, written with another library."""
    from scipy import stats

    middle, spread = subject.value("referral_tcpo2_mean"), subject.value("referral_tcpo2_sd")
    law = stats.truncnorm(-middle / spread, np.inf, middle, spread)
    return ks(law.cdf(referrals(subject)["tcpo2"]), "values of TcPO2")


@INPUTS.check(
    TECH_VER, "nobody turned away, nobody real: measurement", "errors are normal with the register's spread (5 SE)"
)
def measurement(subject: Subject) -> Found:
    """Measurement error where it cannot be cut off at zero."""
    spread = subject.value("measurement_sd")
    who = referrals(subject)
    error = (who["tcpo2_measured"] - who["tcpo2"])[who["tcpo2"] > 6.0 * spread]
    n = len(error)
    if n < 50 or spread == 0.0:
        raise NotApplicable("too few values far from zero, or no measurement error")
    se = [spread / np.sqrt(n), spread / np.sqrt(2 * n)]
    return near([error.mean(), error.std()], se, [0.0, spread], "mean and spread of the error")


@INPUTS.check(TECH_VER, "nothing", "everybody who is followed meets the entry criteria")
def entry(subject: Subject) -> Found:
    """Entry criteria, on the measured TcPO2."""
    if len(subject.scenario.given):
        raise NotApplicable("real patients are all followed")
    record = subject.scenario.entry_record
    who = subject.base[subject.policies[0]].patients
    return none_of([not may_enter(record, patient) for patient in who], "patients")


@INPUTS.check(TECH_VER, "one criterion at a time", "nobody beyond the limit enters")
def criteria(subject: Subject) -> Found:
    """Each entry criterion alone, judged by its own words."""
    limits = {
        "tcpo2_below": 15.0,
        "tcpo2_at_least": 15.0,
        "age_below": 75.0,
        "age_at_least": 75.0,
        "rutherford_at_most": 5,
        "rutherford_at_least": 5,
        "dialysis": False,
        "severe_renal": False,
        "beyond_salvage": False,
    }
    assert set(limits) <= set(CRITERIA_FIELDS)
    wrong = []
    for name, limit in limits.items():
        scenario = subject.changed(entry=Criteria.model_validate({name: limit}), given=np.zeros((0, len(COLUMNS))))
        who = subject.lives(scenario=scenario, policies=[NOTHING], times=[0.0], n=min(subject.n, 1_000))[
            NOTHING
        ].patients
        if name in {"dialysis", "severe_renal"}:
            barred = who["renal"] == (Renal.DIALYSIS if name == "dialysis" else Renal.SEVERE)
        elif name == "beyond_salvage":
            barred = who[name] > 0.5
        else:
            column = next(c for c in ("tcpo2_measured", "age", "rutherford") if name.startswith(c[:5]))
            value = who[column]
            barred = value >= limit if name.endswith("_below") else value < limit
            barred = value > limit if name.endswith("_at_most") else barred
        wrong.append(barred)
    return none_of(np.concatenate(wrong), "patients under one criterion each")


@INPUTS.check(TECH_VER, "nothing", "what a table of real patients says is kept to the last digit")
def real_patients(subject: Subject) -> Found:
    """Real patients as they were given."""
    given = subject.scenario.given
    if not len(given):
        raise NotApplicable("the scenario has no table of real patients")
    who = subject.base[subject.policies[0]].rows
    expected = given[subject.scenario.taken(len(who), subject.seed).rows[np.arange(len(who)) % len(given)]]
    known = ~np.isnan(expected)
    return equal(who[known], expected[known], "known values")


@INPUTS.check(TECH_VER, "age raised", "background mortality is positive and never falls after age 40")
def life_table(subject: Subject) -> Found:
    """The life table's shape."""
    knots, logs = subject.scenario.life_table_arrays
    later = logs[:, knots >= 40.0]
    return Found(bool(np.isfinite(logs).all() and (np.diff(later) >= 0.0).all()), f"{logs.size} rates")


@INPUTS.check(TECH_VER, "sex", "men of 60, 70 and 80 live no longer than women, on background mortality")
def sexes(subject: Subject) -> Found:
    """Life expectancy by sex."""
    table = subject.scenario.life_table
    years = [(table.life_expectancy(age, False), table.life_expectancy(age, True)) for age in (60.0, 70.0, 80.0)]
    what = ", ".join(f"{women:.1f} and {men:.1f} years" for women, men in years)
    return Found(all(women >= men for women, men in years), what)


@INPUTS.check(DESIGN, "nothing", "patients have a number in every column that a rule reads")
def complete(subject: Subject) -> Found:
    """No missing baseline values."""
    unread = {"small_ev"} | {name for name in COLUMNS if name.startswith("artery_")}
    who = subject.base[subject.policies[0]].patients
    names = [name for name in PATIENT.names or () if name not in unread]
    return none_of([bool(np.isnan(who[name]).any()) for name in names], "columns")


@INPUTS.check(
    CLOSED_FORM, "wide distributions", "beta means and lognormal medians are the values that they are written around"
)
def centres(subject: Subject) -> Found:
    """Where the laws lie, for parameters whose range cuts off almost nothing."""
    found, expected = [], []
    for p in subject.scenario.register.parameters:
        kind, (low, high) = p.distribution.kind, p.range
        if kind == "beta" and (low, high) == (0.0, 1.0):
            found.append(mean(p))
        elif kind == "lognormal" and low * 20.0 < p.centre < high / 20.0:
            found.append(float(quantile(p, 0.5)))
        else:
            continue
        expected.append(p.centre)
    return equal(np.array(found) / expected, np.ones(len(found)), "ratios", 0.01)
