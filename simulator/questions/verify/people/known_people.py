"""Inputs: what is known of a real patient stays, what is not is drawn as of anybody, and wounds and diabetes have their laws."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from simulator.questions.verify.people.inputs import INPUTS, ks
from simulator.questions.verify.people.people import referrals
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
from simulator.rules.population.patient import COLUMNS, UNDIALYSED
from simulator.scenario.policy import Criteria
from simulator.words.vocabulary import Renal

__all__ = ["INPUTS"]

PEOPLE = 600
WOUND = ("infection", "osteomyelitis", "gangrene", "heel")
KNOWN: dict[str, tuple[float, tuple[str, ...]]] = {
    "age": (49.0, ("diabetes_years", "walks")),
    "tcpo2": (31.0, ("tcpo2_measured", "beyond_salvage")),
    "tcpo2_measured": (18.0, ("tcpo2", "beyond_salvage")),
    "rutherford": (4.0, (*WOUND, "beyond_salvage")),
    "infection": (1.0, ("rutherford", *WOUND, "beyond_salvage")),
    "renal": (Renal.DIALYSIS.value, ("walks",)),
    "male": (1.0, ()),
    "walks": (0.0, ()),
    "small_ev_high": (1.0, ()),
}
"""What is known of people, one thing of each, and what else then differs from somebody of whom nothing is known."""


def known(subject: Subject, column: str, value: float) -> tuple[NDArray[np.void], NDArray[np.void]]:
    """The same people with one thing known of them, and with nothing known."""
    given = np.full((PEOPLE, len(COLUMNS)), np.nan)
    nothing = subject.changed(entry=Criteria(), given=given.copy())
    given[:, COLUMNS.index(column)] = value
    told = subject.changed(entry=Criteria(), given=given)
    one, other = (
        subject.lives(None, each, [NOTHING], PEOPLE, times=[0.0])[NOTHING].patients for each in (told, nothing)
    )
    return one, other


@INPUTS.check(
    DESIGN, "real patients of whom one thing is known", "it is kept, and what does not hang on it is as it was"
)
def kept(subject: Subject) -> Found:
    """One column known at a time."""
    wrong = []
    for column, (value, changes) in KNOWN.items():
        told, plain = known(subject, column, value)
        wrong.append(told[column] != value)
        for name in COLUMNS:
            if name not in (column, *changes):
                same = (told[name] == plain[name]) | (np.isnan(told[name]) & np.isnan(plain[name]))
                wrong.append(~same)
    return none_of(np.concatenate(wrong), "values")


@INPUTS.check(CLOSED_FORM, "real patients of whom one thing is known", "what hangs on it follows from it")
def follows(subject: Subject) -> Found:
    """Years of diabetes from an age, a measurement from true TcPO2, wounds from the class and the class from wounds."""
    found, expected = [], []
    told, plain = known(subject, "age", KNOWN["age"][0])
    most = KNOWN["age"][0] - subject.value("diabetes_onset_minimum")
    old = plain["age"] > KNOWN["age"][0]  # of the younger the drawn years may have been cut
    found.append(told["diabetes_years"][old])
    expected.append(np.minimum(plain["diabetes_years"], most)[old])
    told, plain = known(subject, "tcpo2", KNOWN["tcpo2"][0])
    seen = plain["tcpo2_measured"] > 0.0
    error = (plain["tcpo2_measured"] - plain["tcpo2"])[seen]
    found.append(told["tcpo2_measured"][seen])
    expected.append(np.maximum(KNOWN["tcpo2"][0] + error, 0.0))
    told, plain = known(subject, "rutherford", 4.0)
    found += [told[name] for name in WOUND]
    expected += [np.zeros(PEOPLE)] * len(WOUND)
    told, plain = known(subject, "infection", 1.0)
    found.append(told["rutherford"])
    expected.append(np.maximum(plain["rutherford"], 5.0))
    return equal(np.concatenate(found), np.concatenate(expected), "values", 1e-9)


@INPUTS.check(
    CLOSED_FORM, "real patients whose measurement is known", "true TcPO2 has its posterior mean and spread (5 SE)"
)
def measured_people(subject: Subject) -> Found:
    """The normal prior of TcPO2 times the measurement's error, where the cut at zero is far."""
    v = subject.value
    prior, error = v("referral_tcpo2_sd") ** 2, v("measurement_sd") ** 2
    if error == 0.0:
        raise NotApplicable("no measurement error")
    spread = np.sqrt(prior * error / (prior + error))
    weight = prior / (prior + error)
    seen = max(v("referral_tcpo2_mean"), 6.0 * spread)
    told, _ = known(subject, "tcpo2_measured", seen)
    middle = weight * seen + (1.0 - weight) * v("referral_tcpo2_mean")
    if middle < 5.0 * spread:
        raise NotApplicable("the cut at zero is near")
    se = [spread / np.sqrt(PEOPLE), spread / np.sqrt(2 * PEOPLE)]
    return near([told["tcpo2"].mean(), told["tcpo2"].std()], se, [middle, spread], "mean and spread")


@INPUTS.check(CLOSED_FORM, "real patients who are known not to be on dialysis", "other classes keep their parts (5 SE)")
def undialysed(subject: Subject) -> Found:
    """Renal classes of people who are known not to be on dialysis."""
    told, _ = known(subject, "renal", UNDIALYSED)
    rest = 1.0 - subject.value("renal_dialysis_share")
    if rest <= 0.0:
        raise NotApplicable("everybody is on dialysis")
    kinds = {Renal.MODERATE: "renal_moderate_share", Renal.SEVERE: "renal_severe_share"}
    expected = np.array([0.0, *(subject.value(name) / rest for name in kinds.values())])
    found = [float((told["renal"] == kind).mean()) for kind in (Renal.DIALYSIS, *kinds)]
    return near(found, np.sqrt(expected * (1.0 - expected) / PEOPLE), expected, "shares")


@INPUTS.check(
    CLOSED_FORM, "real patients whose vesicles are counted", "their class is the one whose spread they lie nearer to"
)
def vesicles(subject: Subject) -> Found:
    """Three levels: the middle of either class, and one SD of each away."""
    v = subject.value
    means, sds = (tuple(v(f"small_ev_{kind}_{of}") for kind in ("low", "high")) for of in ("mean", "sd"))
    if min(sds) <= 0.0:
        raise NotApplicable("vesicles without a spread")
    wrong = []
    for level, high in ((means[0], 0.0), (means[1], 1.0)):
        if 0.0 < level < 100.0 and means[0] != means[1]:
            told, _ = known(subject, "small_ev", level)
            wrong.append((told["small_ev_high"] != high) | (told["small_ev"] != level))
    # Between both means the border lies where both are equally many of their SDs away.
    border = (means[0] * sds[1] + means[1] * sds[0]) / (sds[0] + sds[1])
    for level, high in ((border - 0.01 * (means[1] - means[0]), 0.0), (border + 0.01 * (means[1] - means[0]), 1.0)):
        told, _ = known(subject, "small_ev", level)
        wrong.append(told["small_ev_high"] != high)
    return none_of(np.concatenate(wrong), "people")


@INPUTS.check(
    TECH_VER, "nobody turned away, nobody real: gangrene", "no wound without tissue loss, gangrene in its share (5 SE)"
)
def wounds(subject: Subject) -> Found:
    """Wounds go with tissue loss only; the share of gangrene among it."""
    who, share = referrals(subject), subject.value("gangrene_share")
    resting, wounded = who[who["rutherford"] < 4.5], who[who["rutherford"] > 4.5]
    false = sum(float(resting[name].sum()) for name in WOUND)
    if false:
        return Found(False, f"{false:g} wounds of limbs without tissue loss")
    se = np.sqrt(share * (1.0 - share) / max(len(wounded), 1))
    return near([float(wounded["gangrene"].mean())], [se], [share], "shares")


@INPUTS.check(
    TECH_VER, "nobody turned away, nobody real: diabetes", "years follow the lognormal law, cut at the earliest onset"
)
def diabetes(subject: Subject) -> Found:
    """Years of diabetes of those whose age does not cut them, against their law below the cut."""
    from scipy import stats

    who, v = referrals(subject), subject.value
    middle, spread = v("diabetes_years_mean"), v("diabetes_years_sd")
    if spread == 0.0:
        raise NotApplicable("everybody has had diabetes equally long")
    variance = np.log1p((spread / middle) ** 2)
    law = stats.lognorm(np.sqrt(variance), scale=middle * np.exp(-0.5 * variance))
    most = who["age"] - v("diabetes_onset_minimum")
    if (who["diabetes_years"] > most + 1e-9).any():
        return Found(False, "more years than since the earliest onset")
    free = who["diabetes_years"] < most - 1e-9
    return ks((law.cdf(who["diabetes_years"]) / law.cdf(most))[free], "years of diabetes")
