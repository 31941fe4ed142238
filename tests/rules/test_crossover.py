"""Control patients of a trial who cross over, and what comes next in a life."""

from __future__ import annotations

from math import inf
from typing import Any

import numpy as np
import pytest

from rules.people import a_life, a_patient, a_policy, a_setting, at_risk, chance, deviate, just_above, opened, values
from simulator.living.next_event import CLINICAL, Care, due, live_unobserved, next_event
from simulator.living.setting import Setting
from simulator.rules.pathway.crossover import NO_CROSSOVER, Crossover, crosses_over
from simulator.rules.pathway.policy import POLICY
from simulator.words.vocabulary import Event, Limb, Risk, Stream, Wound

U = chance(Stream.ARM, 1)
PARAMS = {
    "published_interval_days": 36.525,
    "published_doses": 3.0,
    "last_tcpo2_days": 73.05,
    "small_ev_high_share": 0.5,
    "response_or_small_ev": 1.0,
    "response_probability": 0.5,
    "response_polarity": 1.0,
    "recovery_gain": 10.0,
    "recovery_spread": 40.0,
    "recovery_gain_baseline": 0.0,
    "reference_tcpo2": 20.0,
    "recovery_days": 36.525,
    "recovery_waning_share": 0.0,
    "dose_share": 0.5,
    "measurement_sd": 0.0,
    "act_death_hr": 1.0,
}


@pytest.mark.parametrize(
    ("life", "share", "below", "crosses"),
    [
        ({}, just_above(U), inf, True),
        ({}, U, inf, False),
        ({"wound": Wound.HEALED}, 1.0, inf, False),
        ({"wound": Wound.RECURRED}, 1.0, inf, True),
        ({"limb": Limb.BELOW_KNEE}, 1.0, inf, False),
        ({"limb": Limb.MINOR_AMPUTATION}, 1.0, inf, True),
        ({}, 1.0, 25.0, True),
        ({}, 1.0, 24.9, False),
    ],
)
def test_a_share_of_unhealed_limbs_crosses_over(
    life: dict[str, int], share: float, below: float, crosses: bool
) -> None:
    """The patient's own draw is set against the share; a limb seen at 20 + 5 z mmHg, here just below 25, against a limit."""
    sd = (25.0 - 1e-9 - 20.0) / deviate(Stream.DECISION_ERROR)
    params = values(measurement_sd=abs(sd))
    seen = 20.0 + abs(sd) * deviate(Stream.DECISION_ERROR)
    limit = below if below == inf else seen + (1e-6 if below == 25.0 else -1e-6)
    assert crosses_over(a_life(**life), params, Crossover(0.5, 1, share, limit), 0.5) == crosses


def a_trial(share: float = 1.0, **other: float) -> Setting:
    """A control policy without treatment, another with two doses a quarter of a year apart, crossed to at half a year."""
    setting = a_setting(values({}, {"response_or": 3.0}, **PARAMS), a_policy(), 2.0)
    policies = np.array([a_policy(), a_policy(doses=2.0, interval=0.25, waiting=0.125, **other)], POLICY)
    return setting._replace(policies=policies, crossover=Crossover(0.5, 1, share, inf))


def care_of(setting: Setting) -> Care:
    """The care of a control patient."""
    crossover = setting.crossover
    return Care(setting.params, setting.policies[0], setting.policies[crossover.to], crossover)


def lived(setting: Setting, **stated: Any) -> Any:
    """A control patient's life after two years in which nothing else happens."""
    gains = {"gain": 0.0, "natural_gain": 0.0, "caused_gain": 0.0, "given_gain": 0.0, **stated}
    life, patient = a_life(next_crossover=0.5, **gains), a_patient()
    opened(life, patient, setting)
    live_unobserved(life, patient, care_of(setting))
    return life


def test_whoever_crosses_over_is_treated_as_the_other_policy_says() -> None:
    """Doses after its wait and at its interval; before it the patient had none."""
    life = lived(a_trial())
    assert (life.crossed_at, life.doses, life.first_dose_at, life.last_dose_at) == (0.5, 2, 0.625, 0.875)
    assert life.time == 2.0


def test_whoever_does_not_cross_over_goes_on_as_before() -> None:
    """Asked once, at half a year, and never again."""
    life = lived(a_trial(share=0.0))
    assert (life.crossed_at, life.doses, life.next_crossover) == (inf, 0, inf)


def test_whom_the_other_policy_does_not_take_keeps_what_was_planned() -> None:
    """Nobody of 75 years is eligible; a dose that was planned for one year is given."""
    life = lived(a_trial(age_below=75.0), next_dose=1.0)
    assert (life.crossed_at, life.doses, life.first_dose_at) == (0.5, 1 + 1, 1.0)


def test_recovery_is_judged_by_the_new_policys_product() -> None:
    """Of a gain of 30 mmHg, 12 come without cells; by the route with three times the odds the limb ranks higher."""
    gains = {"gain": 30.0, "natural_gain": 12.0}
    assert lived(a_trial(), **gains).caused_gain == 18.0
    u = chance(Stream.RESPONSE)
    total = 10.0 + 40.0 * (3.0 * u / (1.0 + 2.0 * u) - 0.5)
    assert lived(a_trial(route=1.0), **gains).caused_gain == pytest.approx(max(0.0, total - 12.0))
    assert total > 12.0


def test_the_next_event_comes_sooner_where_crossing_over_ends_what_put_it_off() -> None:
    """A hazard of amputation of 1 a year is halved by the first therapy and has .75 left, for which 1.5 years would be enough.

    From half a year on, when the second therapy takes its place, what is left is .5 and the hazard 1: a year after referral.
    """
    setting = a_trial()
    policies = np.array([a_policy({}), a_policy({"therapy": 1.0, "wait": 5.0})], POLICY)
    params = values({"amputation_hr": 0.5}, {}, **PARAMS, death_per_year_of_age=0.0)
    setting = setting._replace(params=params, policies=policies)
    gains = {"gain": 0.0, "natural_gain": 0.0, "caused_gain": 0.0, "given_gain": 0.0}
    life, patient = a_life(next_crossover=0.5, step_therapy=0, step_works=1, step_ends=5.0, **gains), a_patient()
    at_risk(life, Risk.MAJOR_AMPUTATION, 0.5, unspent=0.75)
    opened(life, patient, setting)
    assert life.clinical_at == pytest.approx(1.5)
    assert next_event(life, patient, care_of(setting)) == (0.5, Event.CROSSES_OVER, True)
    assert life.clinical_at == pytest.approx(1.0)


def test_who_is_not_taken_keeps_the_response_to_what_was_planned() -> None:
    """Nobody of 75 years is eligible; a dose that was planned for one year and its second add 6/7 of 18 mmHg."""
    life = lived(a_trial(age_below=75.0), next_dose=1.0, caused_gain=18.0)
    assert (life.caused_gain, life.given_gain) == (18.0, pytest.approx(18.0 * 6 / 7))


def test_what_comes_next_and_at_equal_times() -> None:
    """A clinical event before care at the same time, care before the horizon, and the horizon before care due on its day."""
    setting = a_setting(values(**PARAMS), a_policy(doses=1.0), 2.0)

    def coming(unspent: float, dose: float) -> tuple[float, int]:
        life = a_life(next_dose=dose)
        at_risk(life, Risk.HEALING, 1.0, unspent=unspent)
        opened(life, a_patient(), setting)
        return due(life)

    assert coming(0.5, 0.5) == (0.5, CLINICAL)
    assert coming(0.5, 0.4) == (0.4, Event.DOSE)
    assert coming(3.0, 2.0) == (2.0, Event.HORIZON)
    assert coming(2.0, 2.0) == (2.0, CLINICAL)


def test_the_next_event_happens() -> None:
    """Its time, what it was and whether hazards changed: a dose without response changes none, and death is the end."""
    setting = a_setting(values(**PARAMS), a_policy(doses=1.0), 2.0)
    assert setting.crossover == NO_CROSSOVER
    life, patient = a_life(next_dose=0.5, background_death=1.0, caused_gain=0.0), a_patient()
    opened(life, patient, setting)
    care = care_of(setting)
    assert next_event(life, patient, care) == (0.5, Event.DOSE, False)
    assert next_event(life, patient, care) == (1.0, Event.BACKGROUND_DEATH, True)
    assert (life.alive, life.time) == (0, 1.0)
