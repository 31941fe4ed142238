"""Whether, at which dose and how far a limb recovers, and what of it cell therapy causes."""

from __future__ import annotations

from math import inf, log, ulp

import pytest

from rules.people import a_life, a_patient, a_policy, chance, deviate, ramps, values
from simulator.rules.pathway.response import (
    PUBLISHED,
    draw_response,
    responds_to,
    response_dose,
    response_probability,
    start_recovery,
    with_odds_ratio,
)
from simulator.words.vocabulary import Renal, Stream

RATIOS = {
    "response_or_leiden": 0.5,
    "response_or_mthfr": 0.25,
    "response_or_severe_renal": 2.0,
    "response_or_small_ev": 16.0,
    "small_ev_high_share": 0.25,
}
IN_THE_MUSCLE = {"product": PUBLISHED, "route": PUBLISHED}
EVEN = {"response_probability": 0.5, **RATIOS}
"""Even odds, so that the probability is r / (1 + r) after an odds ratio r."""
LOW_EV = 0.5
"""The odds ratio of a low class of small vesicles: 16 to the power of minus the high class's share, 0.25."""


def odds(params: dict[str, float], product: float = PUBLISHED, route: float = PUBLISHED, **who: float) -> float:
    """Odds that a limb can recover."""
    p = response_probability(
        a_patient(**who), values({"response_or": 3.0}, {"response_or": 7.0}, **params), product, route
    )
    return float(p / (1.0 - p))


def test_odds_are_multiplied_not_probabilities() -> None:
    """0.8 are odds of 4 to 1; half of them are 2 to 1, a probability of 2/3."""
    assert with_odds_ratio(0.8, 0.5) == pytest.approx(2.0 / 3.0)


@pytest.mark.parametrize(
    ("who", "ratio"),
    [
        ({}, LOW_EV),
        ({"leiden": 1.0}, LOW_EV * 0.5),
        ({"mthfr": 1.0}, LOW_EV * 0.25),
        ({"renal": float(Renal.MODERATE)}, LOW_EV),
        ({"renal": float(Renal.SEVERE)}, LOW_EV * 2.0),
        ({"renal": float(Renal.DIALYSIS)}, LOW_EV * 2.0),
        ({"small_ev_high": 1.0}, 8.0),
        ({"leiden": 1.0, "mthfr": 1.0, "renal": float(Renal.SEVERE)}, LOW_EV * 0.25),
    ],
)
def test_what_the_patient_has_multiplies_the_odds(who: dict[str, float], ratio: float) -> None:
    """High vesicles: 16 to the power 1 - 0.25, low ones 16 to the power -0.25, so that their mean log ratio is zero."""
    assert odds(EVEN, **who) == pytest.approx(ratio)


@pytest.mark.parametrize(
    ("product", "route", "ratio"),
    [
        (0.0, PUBLISHED, 3.0),
        (PUBLISHED, 1.0, 7.0),
        (2.0, 2.0, 1.0),
        (0.0, 1.0, 21.0),
    ],
)
def test_product_and_route_multiply_the_odds(product: float, route: float, ratio: float) -> None:
    """By the therapies' own odds ratios, 3 and 7 here; what has none is like the published treatment."""
    assert odds(EVEN, product, route) == pytest.approx(LOW_EV * ratio)


@pytest.mark.parametrize(("u", "dose"), [(0.9, 1), (0.51, 1), (0.49, 2), (0.26, 2), (0.24, 3), (0.13, 3), (0.12, 4)])
def test_the_dose_of_response_is_geometric(u: float, dose: int) -> None:
    """Half of those who can recover do so at each dose: dose k while u lies between 2 to the power -k and 1 - k."""
    assert response_dose(u, 0.5) == dose


def test_the_dose_of_response_has_its_ends() -> None:
    """A sure response is at the first dose; a nearly impossible one is cut at the millionth, before numbers overflow."""
    assert response_dose(1e-9, 1.0) == 1
    assert response_dose(1e-9, 2.0) == 1
    assert response_dose(0.5, 1e-12) == 1_000_001


DRAWN = {
    "response_probability": 0.5,
    **RATIOS,
    "attributable_share": 0.0,
    "response_dose_probability": 0.5,
    "recovery_gain": 30.0,
    "recovery_gain_baseline": 0.5,
    "recovery_gain_sd": 4.0,
    "reference_tcpo2": 16.0,
    "natural_interval_days": 73.05,
    "recovery_days": 36.525,
    "recovery_waning_share": 0.0,
}
U = chance(Stream.RESPONSE)


def drawn(policy: dict[str, float] | None = None, *therapies: dict[str, float], **changed: float) -> object:
    """A life whose latent recovery is settled. Low vesicles halve the odds of every patient here."""
    life = a_life(doses=0, recovery_start=9.0)
    draw_response(
        life, a_patient(), values(*therapies, **{**DRAWN, **changed}), a_policy(**{**IN_THE_MUSCLE, **(policy or {})})
    )
    return life


def probability(wanted: float) -> float:
    """The even patient's response probability that low vesicles turn into the wanted one."""
    return 2.0 * wanted / (1.0 - wanted) / (1.0 + 2.0 * wanted / (1.0 - wanted))


def test_a_limb_can_recover_where_its_draw_is_below_the_probability() -> None:
    """A hair above the draw it can, a hair below it cannot."""
    assert drawn(response_probability=probability(U * 1.0001)).can_recover == 1  # type: ignore[attr-defined]
    assert drawn(response_probability=probability(U * 0.9999)).can_recover == 0  # type: ignore[attr-defined]


def test_a_draw_that_equals_the_probability_is_not_below_it() -> None:
    """With an odds ratio of 1 the probability is the register's, which here gives the draw to the last bit."""
    same = {"response_or_small_ev": 1.0, "small_ev_high_share": 0.25}
    near = [U + k * ulp(U) for k in range(-20, 20)]
    equal = [
        p for p in near if response_probability(a_patient(), values(response_probability=p, **same), 0.0, 0.0) == U
    ]
    assert equal
    assert drawn(response_probability=equal[0], **same).can_recover == 0  # type: ignore[attr-defined]
    assert drawn(response_probability=equal[0], **same).recovers_anyway == 0  # type: ignore[attr-defined]


@pytest.mark.parametrize(("share", "anyway"), [(0.0, 1), (0.099, 1), (0.101, 0), (1.0, 0)])
def test_what_cells_do_not_cause_happens_anyway(share: float, anyway: int) -> None:
    """A limb whose draw lies at 90% of its probability recovers anyway while cells cause less than 10% of recovery."""
    life = drawn(response_probability=probability(U / 0.9), attributable_share=share)
    assert (life.can_recover, life.recovers_anyway) == (1, anyway)  # type: ignore[attr-defined]


def test_recovery_without_treatment_does_not_depend_on_the_product() -> None:
    """Under a product or route with worse odds the limb cannot recover by cells, but does so anyway."""
    for policy in ({"product": 1.0}, {"route": 1.0}):
        life = drawn(policy, {}, {"response_or": 0.01}, response_probability=probability(min(U * 1.5, 0.99)))
        assert (life.can_recover, life.recovers_anyway) == (0, 1)  # type: ignore[attr-defined]


def test_the_dose_of_response_is_the_patients_own() -> None:
    """With a share q at each dose it is 1 + floor(log u / log(1 - q))."""
    u = chance(Stream.RESPONSE_DOSE)
    for q in (0.05, 0.3, 0.9):
        wanted = 1 + int(log(u) / log(1.0 - q))
        assert drawn(response_dose_probability=q).response_dose == wanted  # type: ignore[attr-defined]


def test_the_gain_is_less_from_a_better_start_and_never_negative() -> None:
    """From 20 mmHg, 4 above the reference, half a mmHg less each: 30 - 2 + 4 z; a mean far below zero leaves 0."""
    z = deviate(Stream.GAIN)
    assert drawn().gain == pytest.approx(28.0 + 4.0 * z)  # type: ignore[attr-defined]
    assert drawn(recovery_gain=-100.0).gain == 0.0  # type: ignore[attr-defined]


def test_recovery_without_treatment_comes_when_the_schedule_would_have_given_that_dose() -> None:
    """At the third dose of a schedule of 73.05 days: 0.4 years after referral. A limb that needs cells waits for them."""
    u = chance(Stream.RESPONSE_DOSE)
    third = 1.0 - u ** (1.0 / 2.5)
    life = drawn(response_probability=0.99, response_dose_probability=third)
    assert life.response_dose == 3  # type: ignore[attr-defined]
    assert life.recovery_start == pytest.approx(0.4)  # type: ignore[attr-defined]
    assert [start for start, _, _ in ramps(life)] == [pytest.approx(0.4)]
    waiting = drawn(response_probability=0.99, attributable_share=1.0)
    assert (waiting.recovery_start, ramps(waiting)) == (inf, [])  # type: ignore[attr-defined]


def test_recovery_is_one_ramp() -> None:
    """From 0.5 years on, within 36.525 days, to the limb's gain."""
    life = a_life(gain=30.0)
    lasting = {"recovery_waning_share": 0.0, "recovery_waning_delay_years": 2.0, "recovery_waning_years": 0.5}
    start_recovery(life, values(recovery_days=36.525, **lasting), 0.5)
    assert life.recovery_start == 0.5
    assert ramps(life) == [(0.5, pytest.approx(0.1), 30.0)]


def test_a_waning_recovery_loses_its_share_again() -> None:
    """After 0.1 years of rise and a delay of 2 years, 40% of 30 mmHg are lost within half a year."""
    life = a_life(gain=30.0)
    waning = {"recovery_waning_share": 0.4, "recovery_waning_delay_years": 2.0, "recovery_waning_years": 0.5}
    start_recovery(life, values(recovery_days=36.525, **waning), 0.5)
    assert ramps(life) == [(0.5, pytest.approx(0.1), 30.0), (pytest.approx(2.6), 0.5, pytest.approx(-12.0))]


@pytest.mark.parametrize(
    ("can", "anyway", "doses", "responds"),
    [(1, 0, 2, True), (0, 0, 2, False), (1, 1, 2, False), (1, 0, 1, False), (1, 0, 3, False)],
)
def test_a_dose_starts_only_a_recovery_that_needs_it(can: int, anyway: int, doses: int, responds: bool) -> None:
    """The limb can recover, does not do so anyway, and this is its dose, the second."""
    life = a_life(can_recover=can, recovers_anyway=anyway, doses=doses, response_dose=2)
    assert responds_to(life) == responds
