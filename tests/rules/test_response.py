"""How far a limb's perfusion changes, and what of it cell therapy causes."""

from __future__ import annotations

from typing import Any

import pytest

from rules.people import a_life, a_patient, a_policy, chance, ramps, values
from simulator.rules.pathway.response import (
    PUBLISHED,
    caused_gain,
    change_by,
    change_naturally,
    respond_to_dose,
    response_odds,
    response_rank,
    share_of_dose,
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
LOW_EV = 0.5
"""The odds ratio of a low class of small vesicles: 16 to the power of minus the high class's share, 0.25."""


def odds(product: float = PUBLISHED, route: float = PUBLISHED, **who: float) -> float:
    """What multiplies the odds of a larger gain."""
    return float(
        response_odds(a_patient(**who), values({"response_or": 3.0}, {"response_or": 7.0}, **RATIOS), product, route)
    )


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
    assert odds(**who) == pytest.approx(ratio)


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
    assert odds(product, route) == pytest.approx(LOW_EV * ratio)


@pytest.mark.parametrize(
    ("u", "ratio", "probability", "polarity", "rank"),
    [
        (0.3, 1.0, 0.5, 1.0, 0.3),
        (0.5, 4.0, 0.5, 1.0, 0.8),
        (0.5, 1.0, 0.8, 1.0, 0.8),
        (0.2, 1.0, 0.8, 1.0, 0.5),
        (0.75, 1.0, 0.5, 2.0, 0.9),
        (0.25, 1.0, 0.5, 2.0, 0.1),
        (0.5, 3.0, 0.5, 2.0, 0.9),
        (0.8, 1.0, 0.5, 0.5, 2.0 / 3.0),
    ],
)
def test_the_odds_of_a_rank_are_those_of_its_draw(
    u: float, ratio: float, probability: float, polarity: float, rank: float
) -> None:
    """Odds of 1 to 4 become 1 to 1 where those of the probability are 4 to 1; odds of 3, squared, are 9 to 1: a rank of 0.9."""
    assert response_rank(u, ratio, probability, polarity) == pytest.approx(rank)


def test_a_large_polarity_leaves_response_or_none() -> None:
    """At 50 a limb responds fully where its draw lies above 1 - probability, here 0.3, without overflow at either end."""
    assert response_rank(0.25, 1.0, 0.7, 50.0) < 1e-4
    assert response_rank(0.35, 1.0, 0.7, 50.0) > 0.9999
    assert response_rank(1e-16, 1.0, 0.7, 50.0) == 0.0
    assert response_rank(1.0 - 1e-16, 1.0, 0.7, 50.0) == 1.0


U = chance(Stream.RESPONSE)
DRAWN = {
    **RATIOS,
    "response_or_small_ev": 1.0,
    "response_probability": 0.5,
    "response_polarity": 1.0,
    "attributable_share": 0.25,
    "recovery_gain": 30.0,
    "recovery_spread": 40.0,
    "recovery_gain_baseline": 0.5,
    "reference_tcpo2": 16.0,
    "natural_days": 73.05,
    "recovery_days": 36.525,
    "recovery_waning_share": 0.0,
    "published_doses": 2.0,
    "dose_share": 0.5,
}
GAIN = 30.0 + 40.0 * (U - 0.5) - 0.5 * 4.0
"""From 20 mmHg, 4 above the reference, half a mmHg less each; ranks are the draws."""


def settled(**changed: float) -> Any:
    """A life whose gain is settled."""
    life = a_life(doses=0)
    change_naturally(life, a_patient(), values(**{**DRAWN, **changed}))
    return life


def test_the_gain_is_linear_in_the_rank_and_less_from_a_better_start() -> None:
    """30 mmHg in the middle, 40 from the lowest rank to the highest, 2 less at 20 mmHg."""
    assert settled().gain == pytest.approx(GAIN)
    assert settled(recovery_spread=0.0).gain == pytest.approx(28.0)


def test_what_cells_do_not_cause_of_a_rise_happens_without_them() -> None:
    """Three quarters of the rise come steadily within a fifth of a year from referral on; no dose is given yet."""
    life = settled()
    assert (life.natural_gain, life.caused_gain, life.given_gain) == (pytest.approx(0.75 * GAIN), 0.0, 0.0)
    assert ramps(life) == [(0.0, pytest.approx(0.2), pytest.approx(0.75 * GAIN))]
    assert ramps(settled(attributable_share=1.0)) == []


def test_a_fall_is_nobodys_doing() -> None:
    """A limb that comes down under treatment comes down as far without, whatever share of rises cells cause."""
    for share in (0.0, 0.25, 1.0):
        life = settled(recovery_gain=-20.0, attributable_share=share)
        assert life.gain == pytest.approx(GAIN - 50.0)
        assert life.gain < 0.0
        assert ramps(life) == [(0.0, pytest.approx(0.2), life.gain)]
        assert caused_gain(life, a_patient(), values(**DRAWN), a_policy(**IN_THE_MUSCLE)) == 0.0


def test_cells_cause_the_rest_of_the_rise() -> None:
    """A quarter of it, under the product and route of the founding study."""
    life = settled()
    assert caused_gain(life, a_patient(), values(**DRAWN), a_policy(**IN_THE_MUSCLE)) == pytest.approx(0.25 * GAIN)


@pytest.mark.parametrize(
    ("policy", "ratio"),
    [({"product": 0.0}, 3.0), ({"route": 1.0}, 7.0)],
)
def test_another_product_or_route_moves_the_rank_but_not_what_comes_without_cells(
    policy: dict[str, float], ratio: float
) -> None:
    """Odds of the rank times 3 or 7; a product with worse odds than nothing causes nothing, and takes nothing away."""
    life, params = settled(), values({"response_or": 3.0}, {"response_or": 7.0}, **DRAWN)
    rank = ratio * U / (1.0 - U + ratio * U)
    wanted = GAIN + 40.0 * (rank - U) - 0.75 * GAIN
    assert caused_gain(life, a_patient(), params, a_policy(**{**IN_THE_MUSCLE, **policy})) == pytest.approx(wanted)
    poor = values({"response_or": 1e-3}, {"response_or": 1e-3}, **DRAWN)
    assert caused_gain(life, a_patient(), poor, a_policy(**{**IN_THE_MUSCLE, **policy})) == 0.0


@pytest.mark.parametrize(
    ("number", "q", "share"), [(1, 0.5, 4 / 7), (2, 0.5, 2 / 7), (3, 0.5, 1 / 7), (4, 0.5, 1 / 14)]
)
def test_each_dose_adds_its_share_of_what_is_still_to_come(number: int, q: float, share: float) -> None:
    """At one half three doses share the rise as 4 : 2 : 1, and a fourth adds half of the third's."""
    assert share_of_dose(number, q, 3.0) == pytest.approx(share)


def test_a_sure_first_dose_leaves_nothing_for_the_others() -> None:
    """With a share of 1 the first dose does all."""
    assert (share_of_dose(1, 1.0, 3.0), share_of_dose(2, 1.0, 3.0)) == (1.0, 0.0)


def test_every_dose_starts_a_ramp_of_its_own() -> None:
    """Of 30 mmHg by two doses the first adds 20 and the second 10, each within a tenth of a year."""
    life, params = a_life(caused_gain=30.0, given_gain=0.0), values(**DRAWN)
    for life.doses, t in ((1, 0.5), (2, 0.75)):
        respond_to_dose(life, params, t)
    tenth = pytest.approx(0.1)
    assert ramps(life) == [(0.5, tenth, pytest.approx(20.0)), (0.75, tenth, pytest.approx(10.0))]
    assert life.given_gain == pytest.approx(30.0)


WANING = {"recovery_waning_share": 0.4, "recovery_waning_delay_years": 2.0, "recovery_waning_years": 0.5}


def test_a_waning_rise_loses_its_share_again() -> None:
    """After 0.1 years of rise and a delay of 2 years, 40% of 30 mmHg are lost within half a year."""
    life = a_life()
    change_by(life, values(**WANING), 0.5, 0.1, 30.0)
    assert ramps(life) == [(0.5, 0.1, 30.0), (pytest.approx(2.6), 0.5, pytest.approx(-12.0))]


def test_a_fall_does_not_wane_and_nothing_is_no_ramp() -> None:
    """What has come down stays down; a change of 0 mmHg leaves the path as it is."""
    life = a_life()
    change_by(life, values(**WANING), 0.5, 0.1, -5.0)
    change_by(life, values(**WANING), 0.5, 0.1, 0.0)
    assert ramps(life) == [(0.5, 0.1, -5.0)]


@pytest.mark.parametrize(("height", "ramps_made"), [(0.5, 2), (-0.5, 1)])
def test_small_rises_wane_and_small_falls_do_not(height: float, ramps_made: int) -> None:
    """Half a mmHg up or down."""
    life = a_life()
    change_by(life, values(**WANING), 0.5, 0.1, height)
    assert len(ramps(life)) == ramps_made


def test_where_nothing_wanes_nothing_comes_later() -> None:
    """A share of nought, whatever the years."""
    life = a_life()
    change_by(life, values(**{**WANING, "recovery_waning_share": 0.0}), 0.5, 0.1, 30.0)
    assert ramps(life) == [(0.5, 0.1, 30.0)]
