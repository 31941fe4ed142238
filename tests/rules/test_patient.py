"""One referral, and a real patient's known columns."""

from __future__ import annotations

from math import exp, inf, log, nan, sqrt
from typing import Any

import numpy as np
import pytest
from scipy.stats import truncnorm

from rules.people import KEY, PATIENT_NUMBER, a_patient, chance, criteria, deviate, just_above, values
from simulator.rules.population import arrival
from simulator.rules.population.arrival import (
    MOST_REFERRALS,
    complete,
    make_patient,
    recruited_from,
    tcpo2_given_measurement,
)
from simulator.rules.population.patient import (
    COLUMNS,
    PATIENT,
    TISSUE_LOSS,
    UNDIALYSED,
    Drawn,
    beyond_salvage,
    draw_referral,
    has,
    measured,
    renal_class,
    small_ev_level,
    tissue_loss_class,
    truncated_normal,
    undialysed_class,
)
from simulator.words.vocabulary import Renal, Stream

I = PATIENT_NUMBER  # noqa: E741 - the number of the patient whose draws `chance` knows


def quantile(u: float, mean: float, sd: float, low: float, high: float) -> float:
    """Quantile of a truncated normal distribution by SciPy."""
    return float(truncnorm.ppf(u, (low - mean) / sd, (high - mean) / sd, mean, sd))


@pytest.mark.parametrize("u", [1e-6, 0.1, 0.5, 0.9, 1.0 - 1e-6])
@pytest.mark.parametrize(("low", "high"), [(60.0, 80.0), (40.0, 70.0), (0.0, inf), (74.0, 76.0)])
def test_a_truncated_normal_is_scipys(u: float, low: float, high: float) -> None:
    """Mean 75, SD 10, cut on either or both sides (1e-9 relative)."""
    assert truncated_normal(u, 75.0, 10.0, low, high) == pytest.approx(quantile(u, 75.0, 10.0, low, high), rel=1e-9)


@pytest.mark.parametrize(("mean", "value"), [(50.0, 60.0), (75.0, 75.0), (90.0, 80.0)])
@pytest.mark.parametrize("sd", [0.0, -1.0])
def test_without_spread_everybody_is_the_mean_within_the_limits(mean: float, value: float, sd: float) -> None:
    """Between 60 and 80."""
    assert truncated_normal(0.3, mean, sd, 60.0, 80.0) == value


def test_limits_far_in_a_tail_are_kept() -> None:
    """Where the distribution has nothing left to say, the nearest limit is taken."""
    assert truncated_normal(0.5, 0.0, 1.0, 50.0, 51.0) == 50.0
    assert truncated_normal(0.5, 0.0, 1.0, -51.0, -50.0) == -50.0


def test_a_share_has_a_feature() -> None:
    """The draw of this referral decides: at the share not, just below it."""
    for attempt in (0, 1):
        u = chance(Stream.HEEL, attempt)
        assert has(u, u) == 0.0
        assert has(u, just_above(u)) == 1.0


@pytest.mark.parametrize(
    ("u", "renal"),
    [
        (0.0, Renal.DIALYSIS),
        (0.124, Renal.DIALYSIS),
        (0.125, Renal.SEVERE),
        (0.374, Renal.SEVERE),
        (0.375, Renal.MODERATE),
        (0.874, Renal.MODERATE),
        (0.875, Renal.NORMAL),
        (0.999, Renal.NORMAL),
    ],
)
def test_renal_classes_share_the_population(u: float, renal: Renal) -> None:
    """An eighth on dialysis, then a quarter severe, then half moderate; the last eighth is normal."""
    params = values(renal_dialysis_share=0.125, renal_severe_share=0.25, renal_moderate_share=0.5)
    assert renal_class(u, params) == float(renal)


@pytest.mark.parametrize(("rutherford", "share"), [(4.0, 0.125), (5.0, 0.25), (6.0, 0.5)])
def test_a_share_of_each_rutherford_class_is_beyond_salvage(rutherford: float, share: float) -> None:
    """An eighth of those with rest pain, a quarter of Rutherford 5, half of Rutherford 6, at the reference TcPO2.

    With 10 mmHg less the odds are three times as high.
    """
    params = values(
        beyond_salvage_share_4=0.125,
        beyond_salvage_share_5=0.25,
        beyond_salvage_share_6=0.5,
        beyond_salvage_per_mmhg=-log(3.0) / 10.0,
        reference_tcpo2=20.0,
    )
    assert beyond_salvage(rutherford, 20.0, params, share - 1e-9) == 1.0
    assert beyond_salvage(rutherford, 20.0, params, share) == 0.0
    odds = 3.0 * share / (1.0 - share)
    assert beyond_salvage(rutherford, 10.0, params, odds / (1.0 + odds) - 1e-9) == 1.0
    assert beyond_salvage(rutherford, 10.0, params, odds / (1.0 + odds) + 1e-9) == 0.0


@pytest.mark.parametrize(("share", "beyond"), [(0.0, 0.0), (1.0, 1.0)])
def test_none_or_all_are_beyond_salvage_whatever_their_perfusion(share: float, beyond: float) -> None:
    """Shares of 0 and 1 have no odds."""
    params = values(beyond_salvage_share_5=share, beyond_salvage_per_mmhg=-0.1, reference_tcpo2=20.0)
    assert [beyond_salvage(5.0, tcpo2, params, 0.5) for tcpo2 in (0.0, 20.0, 70.0)] == [beyond] * 3


def test_what_a_table_says_of_salvage_and_walking_is_kept_and_the_rest_is_drawn() -> None:
    """By the patient's own draws; a class that is known decides the share."""
    params = values(**{**REGISTER, "beyond_salvage_share_6": 1.0, "walking_share_referral": 1.0})
    for column, told, drawn in [("beyond_salvage", 0.0, 1.0), ("walks", 0.0, 1.0)]:
        for known in (True, False):
            given = np.full((1, len(COLUMNS)), nan)
            given[0, COLUMNS.index("rutherford")] = 6.0
            if known:
                given[0, COLUMNS.index(column)] = told
            made = np.zeros(1, PATIENT)
            row = made.view(np.float64)
            assert make_patient(made[0], row, given, params, criteria(), KEY, I)
            assert made[0][column] == (told if known else drawn)
            assert made[0]["frailty"] == deviate(Stream.FRAILTY)


def test_a_measurement_has_an_error_and_is_never_negative() -> None:
    """20 + 5 z mmHg."""
    assert measured(20.0, 5.0, 1.5) == 27.5
    assert measured(20.0, 5.0, -1.0) == 15.0
    assert measured(20.0, 5.0, -5.0) == 0.0


SHARES = {
    "male": "male_share",
    "ischaemic_heart_disease": "ischaemic_heart_disease_share",
    "infection": "infection_share",
    "gangrene": "gangrene_share",
    "osteomyelitis": "osteomyelitis_share",
    "heel": "heel_share",
    "right_limb": "right_limb_share",
    "ankle_pressure_low": "ankle_pressure_share",
    "leiden": "leiden_share",
    "mthfr": "mthfr_share",
    "small_ev_high": "small_ev_high_share",
    "angioplasty_suitable": "angioplasty_suitable_share",
}
STREAMS = {
    "male": Stream.SEX,
    "ischaemic_heart_disease": Stream.ISCHAEMIC_HEART_DISEASE,
    "infection": Stream.INFECTION,
    "gangrene": Stream.GANGRENE,
    "osteomyelitis": Stream.OSTEOMYELITIS,
    "heel": Stream.HEEL,
    "right_limb": Stream.SIDE,
    "ankle_pressure_low": Stream.ANKLE_PRESSURE,
    "leiden": Stream.LEIDEN,
    "mthfr": Stream.MTHFR,
    "small_ev_high": Stream.EV_CLASS,
    "angioplasty_suitable": Stream.ANGIOPLASTY_SUITABLE,
}
OF_A_WOUND = {"infection", "gangrene", "osteomyelitis", "heel"}
REGISTER = {
    "age_mean": 75.0,
    "age_sd": 10.0,
    "age_minimum": 40.0,
    "age_maximum": 100.0,
    **dict.fromkeys(SHARES.values(), 0.5),
    "rest_pain_share": 0.0,
    "severe_tissue_loss_share": 0.0,
    "diabetes_years_mean": 20.0,
    "diabetes_years_sd": 8.0,
    "diabetes_onset_minimum": 1.0,
    "beyond_salvage_per_mmhg": 0.0,
    "reference_tcpo2": 20.0,
    "referral_tcpo2_mean": 18.0,
    "referral_tcpo2_sd": 12.0,
    "measurement_sd": 5.0,
    "renal_dialysis_share": 0.125,
    "renal_severe_share": 0.25,
    "renal_moderate_share": 0.5,
    "small_ev_low_mean": 10.0,
    "small_ev_low_sd": 4.0,
    "small_ev_high_mean": 30.0,
    "small_ev_high_sd": 8.0,
}


def referred(attempt: int = 0, described: bool = True, **changed: float) -> Any:
    """Referral number `attempt` for the place of this patient, in a record that was zero."""
    patient = np.zeros(1, PATIENT)[0]
    u = np.empty(len(Drawn))
    draw_referral(patient, u, values(**{**REGISTER, **changed}), KEY, I, attempt, described)
    return patient


@pytest.mark.parametrize("attempt", [0, 3])
@pytest.mark.parametrize("feature", SHARES)
def test_each_feature_has_a_share_and_a_stream_of_its_own(feature: str, attempt: int) -> None:
    """The draw of this stream and referral decides: at the share the patient lacks the feature, just below has it."""
    u = chance(STREAMS[feature], attempt)
    assert referred(attempt, **{SHARES[feature]: u})[feature] == 0.0
    assert referred(attempt, **{SHARES[feature]: just_above(u)})[feature] == 1.0


@pytest.mark.parametrize("feature", sorted(OF_A_WOUND))
def test_features_of_a_wound_go_with_tissue_loss(feature: str) -> None:
    """Rest pain has none of them, whatever the share."""
    assert referred(rest_pain_share=1.0, **{SHARES[feature]: 1.0})[feature] == 0.0
    assert referred(severe_tissue_loss_share=1.0, **{SHARES[feature]: 1.0})[feature] == 1.0


@pytest.mark.parametrize("attempt", [0, 3])
def test_age_and_tcpo2_are_truncated_normal(attempt: int) -> None:
    """Age between its limits, TcPO2 above zero; what is seen is the truth with the error of screening."""
    patient = referred(attempt)
    assert patient.age == pytest.approx(quantile(chance(Stream.AGE, attempt), 75.0, 10.0, 40.0, 100.0))
    assert patient.tcpo2 == pytest.approx(quantile(chance(Stream.TCPO2, attempt), 18.0, 12.0, 0.0, inf))
    seen = max(0.0, patient.tcpo2 + 5.0 * deviate(Stream.SCREENING_ERROR, attempt))
    assert patient.tcpo2_measured == pytest.approx(seen)
    assert patient.screened == attempt + 1
    assert np.isnan(patient.small_ev)


def test_age_keeps_its_limits() -> None:
    """Everybody between 74 and 76 where the limits say so."""
    age = referred(age_minimum=74.0, age_maximum=76.0).age
    assert age == pytest.approx(quantile(chance(Stream.AGE), 75.0, 10.0, 74.0, 76.0))


@pytest.mark.parametrize("attempt", [0, 3])
def test_diabetes_lasts_lognormal_years_and_is_younger_than_the_patient(attempt: int) -> None:
    """Mean 20 and SD 8 years: log variance log(1 + 0.16). At most the age less one year."""
    variance = log(1.16)
    z = deviate(Stream.DIABETES_YEARS, attempt)
    assert referred(attempt).diabetes_years == pytest.approx(20.0 * exp(sqrt(variance) * z - variance / 2.0))
    old = referred(attempt, diabetes_years_mean=1e6, diabetes_years_sd=1.0)
    assert old.diabetes_years == old.age - 1.0


@pytest.mark.parametrize("attempt", [0, 3])
def test_rutherford_classes_share_the_referrals(attempt: int) -> None:
    """Rest pain below its share; of the rest, severe loss of tissue below its own; else a minor one."""
    u = chance(Stream.RUTHERFORD, attempt)
    assert referred(attempt, rest_pain_share=just_above(u)).rutherford == 4.0
    assert referred(attempt, rest_pain_share=u).rutherford == 5.0
    rest = u / 2.0
    limit = (u - rest) / (1.0 - rest)
    assert referred(attempt, rest_pain_share=rest, severe_tissue_loss_share=limit * 1.0001).rutherford == 6.0
    assert referred(attempt, rest_pain_share=rest, severe_tissue_loss_share=limit * 0.9999).rutherford == 5.0


@pytest.mark.parametrize("attempt", [0, 3])
def test_the_renal_class_is_drawn(attempt: int) -> None:
    """The patient's draw just below the share on dialysis."""
    u = chance(Stream.RENAL, attempt)
    assert referred(attempt, renal_dialysis_share=just_above(u)).renal == Renal.DIALYSIS
    assert (
        referred(attempt, renal_dialysis_share=u, renal_severe_share=0.0, renal_moderate_share=0.0).renal
        == Renal.NORMAL
    )


def test_what_no_rule_reads_is_drawn_only_where_patients_are_kept() -> None:
    """Side, heel, osteomyelitis and duration of diabetes; all else is the same."""
    sure = dict.fromkeys(SHARES.values(), 1.0)
    short, full = referred(described=False, **sure), referred(**sure)
    undrawn = {"diabetes_years", "right_limb", "osteomyelitis", "heel"}
    for name in set(COLUMNS) - {"small_ev", "walks", "frailty"}:
        if name in undrawn:
            assert short[name] == 0.0 < full[name]
        else:
            assert short[name] == full[name]


@pytest.mark.parametrize(("high", "mean", "sd"), [(0.0, 10.0, 4.0), (1.0, 30.0, 8.0)])
@pytest.mark.parametrize("attempt", [0, 3])
def test_the_level_of_small_vesicles_follows_the_class(high: float, mean: float, sd: float, attempt: int) -> None:
    """Truncated to 0-100%, by the draw of the referral that entered."""
    patient = a_patient(small_ev_high=high, screened=attempt + 1.0)
    wanted = quantile(chance(Stream.EV_LEVEL, attempt), mean, sd, 0.0, 100.0)
    assert small_ev_level(patient, values(**REGISTER), KEY, I) == pytest.approx(wanted)
    wide = values(**{**REGISTER, "small_ev_low_sd": 1e6, "small_ev_high_sd": 1e6})
    assert small_ev_level(patient, wide, KEY, I) == pytest.approx(100.0 * chance(Stream.EV_LEVEL, attempt), rel=1e-3)


@pytest.mark.parametrize("u", [0.1, 0.5, 0.9])
def test_the_truth_behind_a_measurement_regresses_to_the_mean(u: float) -> None:
    """Prior 18 +- 12, seen 42 with an error of 5: weight 144/169, mean 18 + 24 x 144/169, variance 25 x 144/169."""
    weight = 144.0 / 169.0
    wanted = quantile(u, 18.0 + 24.0 * weight, sqrt(25.0 * weight), 0.0, inf)
    assert tcpo2_given_measurement(42.0, values(**REGISTER), u) == pytest.approx(wanted)


def known(**columns: float) -> Any:
    """A real patient's row: what is known, and NaN."""
    row = np.full(len(COLUMNS), nan)
    for name, value in columns.items():
        row[COLUMNS.index(name)] = value
    return row


def row_view(cohort: Any) -> Any:
    """The one patient's columns as a vector on the same memory."""
    return cohort.view(np.dtype([(name, np.float64) for name in COLUMNS])).view(np.float64)


def completed(given: Any, **changed: float) -> Any:
    """As the engines call it: the row is a float view of the patient."""
    cohort = np.zeros(1, PATIENT)
    params = values(**{**REGISTER, **changed})
    u = np.empty(len(Drawn))
    draw_referral(cohort[0], u, params, KEY, I, 0, True)
    complete(cohort[0], row_view(cohort), u, given, params, KEY, I)
    return cohort[0]


def test_what_is_known_is_kept_and_the_rest_drawn() -> None:
    """Each column by itself: that column has the known value, and what does not hang on it is as drawn."""
    drawn = referred()
    free = {"age", "male", "ischaemic_heart_disease", "right_limb", "renal", "leiden", "mthfr", "ankle_pressure_low"}
    for name in free:
        patient = completed(known(**{name: 3.0}))
        assert patient[name] == 3.0
        for other in free - {name}:
            assert patient[other] == drawn[other]


def test_whoever_is_known_not_to_be_on_dialysis_never_is() -> None:
    """The other classes come in their proportions, 1 : 2 : 3, and whoever was drawn without dialysis keeps the class drawn."""
    shares = {"renal_dialysis_share": 0.4, "renal_severe_share": 0.1, "renal_moderate_share": 0.2}
    params = values(**{**REGISTER, **shares})
    u = (np.arange(2_000) + 0.5) / 2_000
    found = np.array([undialysed_class(each, params) for each in u])
    counted = [(found == level).mean() for level in (Renal.DIALYSIS, Renal.SEVERE, Renal.MODERATE, Renal.NORMAL)]
    assert counted == pytest.approx([0.0, 1.0 / 6.0, 2.0 / 6.0, 3.0 / 6.0], abs=2e-3)
    assert all(undialysed_class(each, params) == renal_class(each, params) for each in u[u >= 0.4])
    assert completed(known(), renal_dialysis_share=0.999999).renal == Renal.DIALYSIS
    assert completed(known(renal=UNDIALYSED), renal_dialysis_share=0.999999).renal == Renal.SEVERE


def test_whoever_is_known_to_have_lost_tissue_has_a_wound() -> None:
    """Rutherford 5 and 6 come in their proportion, 3 : 1, and whoever was drawn with a wound keeps the class drawn."""
    params = values(**{**REGISTER, "rest_pain_share": 0.4, "severe_tissue_loss_share": 0.25})
    u = (np.arange(2_000) + 0.5) / 2_000
    found = np.array([tissue_loss_class(each, params) for each in u])
    assert set(found) == {5.0, 6.0} and (found == 6.0).mean() == pytest.approx(0.25, abs=2e-3)
    assert ((found == 6.0) == (u < 0.55))[u >= 0.4].all()
    wounded = {"rest_pain_share": 1.0, "gangrene_share": 1.0}
    assert completed(known(), **wounded).rutherford == 4.0
    patient = completed(known(rutherford=TISSUE_LOSS), **wounded)
    assert patient.rutherford in {5.0, 6.0} and patient.gangrene == 1.0


@pytest.mark.parametrize("feature", ["infection", "osteomyelitis", "gangrene", "heel"])
def test_a_known_feature_of_a_wound_means_a_wound(feature: str) -> None:
    """Whoever was drawn with rest pain has Rutherford 5 then; with the feature known absent, rest pain stays."""
    assert completed(known(**{feature: 1.0}), rest_pain_share=1.0).rutherford == 5.0
    assert completed(known(**{feature: 0.0}), rest_pain_share=1.0).rutherford == 4.0
    severe = completed(known(**{feature: 1.0}), severe_tissue_loss_share=1.0)
    assert (severe.rutherford, severe[feature]) == (6.0, 1.0)


@pytest.mark.parametrize("known_as", [4.0, 5.0, 6.0])
def test_the_wound_is_drawn_for_the_known_class(known_as: float) -> None:
    """Sure features are there with a wound and absent without one, whatever class was drawn."""
    sure = {SHARES[name]: 1.0 for name in OF_A_WOUND}
    for rest_pain in (0.0, 1.0):
        patient = completed(known(rutherford=known_as), rest_pain_share=rest_pain, **sure)
        assert patient.rutherford == known_as
        assert {patient[name] for name in OF_A_WOUND} == {1.0 if known_as > 4.0 else 0.0}


def test_a_wounds_features_of_a_real_patient_come_from_the_first_referral() -> None:
    """By the draws of referral 0."""
    u = chance(Stream.HEEL, 0)
    assert completed(known(rutherford=5.0), heel_share=just_above(u)).heel == 1.0
    assert completed(known(rutherford=5.0), heel_share=u).heel == 0.0


def test_truth_and_measurement_complete_each_other() -> None:
    """Seen only: the truth is drawn given it. True only: it is measured with the error of screening. Both: both kept."""
    seen = completed(known(tcpo2_measured=42.0))
    assert seen.tcpo2_measured == 42.0
    assert seen.tcpo2 == tcpo2_given_measurement(42.0, values(**REGISTER), chance(Stream.TCPO2))
    true = completed(known(tcpo2=42.0))
    assert (true.tcpo2, true.tcpo2_measured) == (42.0, pytest.approx(42.0 + 5.0 * deviate(Stream.SCREENING_ERROR)))
    both = completed(known(tcpo2=42.0, tcpo2_measured=10.0))
    assert (both.tcpo2, both.tcpo2_measured) == (42.0, 10.0)
    neither, drawn = completed(known()), referred()
    assert (neither.tcpo2, neither.tcpo2_measured) == (drawn.tcpo2, drawn.tcpo2_measured)


@pytest.mark.parametrize(("true", "seen", "beyond"), [(60.0, 0.0, 0.0), (0.0, 60.0, 1.0)])
def test_a_limbs_salvage_hangs_on_its_true_perfusion(true: float, seen: float, beyond: float) -> None:
    """Not on what was measured: 40 mmHg above the reference nobody is beyond salvage here, and 20 below it everybody is."""
    odds = {"beyond_salvage_share_5": 0.5, "beyond_salvage_per_mmhg": -0.5}
    assert completed(known(rutherford=5.0, tcpo2=true, tcpo2_measured=seen), **odds).beyond_salvage == beyond


@pytest.mark.parametrize(
    ("level", "high"), [(10.0, 0.0), (16.5, 0.0), (16.8, 1.0), (30.0, 1.0), (2.0, 0.0), (60.0, 1.0)]
)
def test_a_known_level_of_small_vesicles_tells_the_class(level: float, high: float) -> None:
    """The nearer in its own SDs: between 10 (SD 4) and 30 (SD 8) the border is at 16 2/3."""
    assert completed(known(small_ev=level)).small_ev_high == high
    assert completed(known(small_ev=level, small_ev_high=1.0 - high)).small_ev_high == 1.0 - high


@pytest.mark.parametrize("share", [0.0, 1.0])
def test_an_unknown_level_leaves_the_class_as_drawn(share: float) -> None:
    """Low and high."""
    assert completed(known(), small_ev_high_share=share).small_ev_high == share


def test_diabetes_of_a_real_patient_is_younger_than_the_known_age() -> None:
    """Drawn for an older one, it is cut to the known age less one year; a known duration is kept."""
    assert completed(known(age=12.0)).diabetes_years == 11.0
    assert completed(known(age=12.0, diabetes_years=12.0)).diabetes_years == 12.0
    assert completed(known(age=90.0)).diabetes_years == referred().diabetes_years


def made(given: Any, i: int = I, who: Any = None, described: bool = True) -> tuple[bool, Any]:
    """Patient i, and whether there is one."""
    cohort = np.zeros(1, PATIENT)
    found = make_patient(cohort[0], row_view(cohort), given, values(**REGISTER), who or criteria(), KEY, i, described)
    return found, cohort[0]


NOBODY = np.zeros((0, len(COLUMNS)))


def test_a_referral_who_may_not_enter_is_replaced_by_the_next_with_the_same_number() -> None:
    """The first attempt whose age meets a limit that the earlier ones miss."""
    ages = [referred(attempt).age for attempt in range(12)]
    oldest = max(range(12), key=ages.__getitem__)
    assert oldest > 0
    found, patient = made(NOBODY, who=criteria(age_at_least=ages[oldest]))
    assert (found, patient.screened, patient.age) == (True, oldest + 1, ages[oldest])
    assert made(NOBODY)[1].screened == 1


@pytest.mark.usefixtures("few_referrals")
def test_impossible_criteria_bar_everybody_after_many_referrals() -> None:
    """Nobody is 150 years old, among ten thousand if the compiler is on."""
    assert MOST_REFERRALS == 10_000
    found, patient = made(NOBODY, who=criteria(age_at_least=150.0), described=False)
    assert (found, patient.screened) == (False, arrival.MOST_REFERRALS)


def test_patients_who_are_not_kept_are_not_described() -> None:
    """Unless they are real ones, of whom everything is said."""
    assert made(NOBODY, described=False)[1].diabetes_years == 0.0
    assert made(NOBODY)[1].diabetes_years > 0.0
    assert made(known()[None, :], described=False)[1].diabetes_years > 0.0


@pytest.mark.parametrize("i", range(5))
def test_real_patients_come_in_turn_and_none_is_turned_away(i: int) -> None:
    """Patient i is row i modulo the number of rows, though no criterion lets anybody in."""
    rows = np.array([known(age=50.0), known(age=60.0), known(age=70.0)])
    found, patient = made(rows, i, who=criteria(age_at_least=150.0))
    assert (found, patient.age, patient.screened) == (True, [50.0, 60.0, 70.0, 50.0, 60.0][i], 1)


@pytest.mark.parametrize("rows", [1, 3, 1000])
def test_a_trial_recruits_a_row_of_the_table_at_random(rows: int) -> None:
    """The patient's draw u takes row u x rows, rounded down."""
    table = np.arange(float(rows))[:, None] * np.ones(len(COLUMNS))
    row = recruited_from(table, KEY, I)
    assert row.shape == (1, len(COLUMNS))
    assert row[0, 0] == int(chance(Stream.TABLE_ROW) * rows)


def test_without_a_table_a_trial_recruits_synthetic_patients() -> None:
    """No rows stay no rows."""
    assert recruited_from(NOBODY, KEY, I).shape == (0, len(COLUMNS))


def standing(given: Any = NOBODY, **changed: float) -> Any:
    """The patient as the engines make one: referred, entered, and standing or not."""
    cohort = np.zeros(1, PATIENT)
    params = values(**{**REGISTER, **STANDING, **changed})
    assert make_patient(cohort[0], row_view(cohort), given, params, criteria(), KEY, I)
    return cohort[0]


STANDING = {
    **dict.fromkeys(("beyond_salvage_share_4", "beyond_salvage_share_5", "beyond_salvage_share_6"), 0.5),
    **{"walking_share_referral": 0.5, "reference_age": 75.0, "walking_or_per_decade": 1.0, "walking_or_dialysis": 1.0},
    **{"frailty_walking": 0.0, "frailty_sd": 1.0},
}


@pytest.mark.parametrize("given", [NOBODY, np.full((1, len(COLUMNS)), nan)])
def test_frailty_and_walking_are_the_patients_own_draws(given: Any) -> None:
    """Synthetic, and real with nothing known: the draw of walking decides at its share, which nothing else changes here."""
    u = chance(Stream.WALKING_AT_REFERRAL)
    assert standing(given).frailty == deviate(Stream.FRAILTY)
    assert standing(given, walking_share_referral=u * (1.0 - 1e-9)).walks == 0.0
    assert standing(given, walking_share_referral=u * (1.0 + 1e-9)).walks == 1.0


@pytest.mark.parametrize("attempt", [0, 3])
def test_salvage_is_drawn_with_the_referral(attempt: int) -> None:
    """By the draw of this referral, at the share of Rutherford 5."""
    u = chance(Stream.BEYOND_SALVAGE, attempt)
    for share, lost in ((u * (1.0 - 1e-12), 0.0), (u * (1.0 + 1e-12), 1.0)):
        assert referred(attempt, **{**STANDING, "beyond_salvage_share_5": share}).beyond_salvage == lost


def test_salvage_of_a_real_patient_is_that_of_the_known_class() -> None:
    """By the draw of referral 0, at the share of Rutherford 6, whatever class was drawn."""
    u = chance(Stream.BEYOND_SALVAGE, 0)
    for share, lost in ((u * (1.0 - 1e-12), 0.0), (u * (1.0 + 1e-12), 1.0)):
        found = completed(known(rutherford=6.0), **{**STANDING, "beyond_salvage_share_6": share})
        assert found.beyond_salvage == lost


@pytest.mark.parametrize("known_as", ["tcpo2", "tcpo2_measured"])
def test_salvage_of_a_real_patient_is_that_of_the_known_perfusion(known_as: str) -> None:
    """None is beyond salvage at 60 mmHg and every one at none, where the slope is as steep as allowed; half are at 20."""
    for seen, lost in ((60.0, 0.0), (0.0, 1.0)):
        steep = {**STANDING, "beyond_salvage_per_mmhg": -0.5, "measurement_sd": 1.0}
        assert completed(known(rutherford=5.0, **{known_as: seen}), **steep).beyond_salvage == lost


def test_a_real_patient_of_whom_nothing_is_known_is_the_synthetic_one() -> None:
    """Every column, the duration of diabetes and the side among them."""
    one, other = standing(), standing(np.full((1, len(COLUMNS)), nan))
    for name in COLUMNS:
        assert one[name] == other[name] or np.isnan([one[name], other[name]]).all(), name


def test_a_known_side_does_not_mean_a_wound() -> None:
    """The right leg may have rest pain."""
    assert completed(known(right_limb=1.0), rest_pain_share=1.0).rutherford == 4.0


def test_a_narrow_normal_is_still_one() -> None:
    """With an SD of 0.5 the quantiles are SciPy's, not the mean."""
    assert truncated_normal(0.1, 75.0, 0.5, 60.0, 80.0) == pytest.approx(quantile(0.1, 75.0, 0.5, 60.0, 80.0))


@pytest.mark.parametrize("u", [0.01, 0.2])
def test_the_truth_behind_nothing_seen_is_above_nothing(u: float) -> None:
    """Seen at 0 with an error of 5, prior 18 +- 12: truncated at 0 mmHg, neither below nor above it."""
    weight = 144.0 / 169.0
    wanted = quantile(u, 18.0 * (1.0 - weight), sqrt(25.0 * weight), 0.0, inf)
    assert tcpo2_given_measurement(0.0, values(**REGISTER), u) == pytest.approx(wanted)
