"""Minor and major amputation, its level, and conversion."""

from __future__ import annotations

from math import inf
from typing import Any

import pytest

from rules.people import a_life, at_risk, chance, exponential, in_force, just_above, values
from simulator.rules.pathway.amputation import amputate_major, amputate_minor, convert, new_stump
from simulator.words.vocabulary import Limb, Risk, Stream, Wound

STUMP = {
    "death_rate_amputee": 0.3,
    "postoperative_death_rate": 0.8,
    "postoperative_hr_above_knee": 1.5,
    "postoperative_death_trend": -4.0,
    "stump_healing_rate": 2.0,
    "conversion_rate": 0.1,
    "conversion_trend": -1.0,
}
OPEN_FOOT: dict[str, Any] = {
    "severe": 1,
    "walking": 1,
    "walks_at": 0.9,
    "next_dose": 0.6,
    "step_next": 0.7,
    "step_lost": 0.8,
    "death_hr": 2.0,
    "healing_hr": 0.5,
}


def test_a_minor_amputation_happens_once_and_leaves_the_wound_open() -> None:
    """Its own risk ends; the other risks, the wound and walking stay as they are."""
    life = a_life(**OPEN_FOOT)
    at_risk(life, Risk.MINOR_AMPUTATION, 0.2)
    at_risk(life, Risk.HEALING, 0.4)
    amputate_minor(life, 0.5)
    assert (life.limb, life.minor_amputation_at, life.amputated_at) == (Limb.MINOR_AMPUTATION, 0.5, inf)
    assert in_force(life) == {Risk.HEALING: (0.4, 0.0, 0.0, 0.0)}
    assert (life.wound, life.severe, life.walking, life.next_dose) == (Wound.OPEN, 1, 1, 0.6)


@pytest.mark.parametrize(("aside", "limb"), [(0, Limb.ABOVE_KNEE), (1, Limb.BELOW_KNEE)])
def test_the_level_is_below_the_knee_in_a_share(aside: int, limb: Limb) -> None:
    """The patient's draw decides: at the share the amputation is above the knee, just below it is below the knee."""
    u = chance(Stream.AMPUTATION_LEVEL)
    life = a_life(**OPEN_FOOT)
    amputate_major(life, values(**STUMP, below_knee_share=just_above(u) if aside else u), 0.5)
    assert (life.limb, life.amputated_at, life.converted_at) == (limb, 0.5, inf)
    assert life.operations == 1
    assert (Risk.CONVERSION in in_force(life)) == (limb == Limb.BELOW_KNEE)


def test_an_operation_leaves_a_fresh_stump_and_ends_treatment_of_the_limb() -> None:
    """Open, no longer severe, no walking, no dose, no angioplasty, nothing to narrow; the risks are those of a stump."""
    life = a_life(**OPEN_FOOT, limb=Limb.BELOW_KNEE, wound=Wound.RECURRED)
    at_risk(life, Risk.HEALING, 0.4)
    new_stump(life, values(**STUMP), 0.5)
    assert (life.wound, life.severe, life.walking, life.walks_at) == (Wound.OPEN, 0, 0, inf)
    assert (life.next_dose, life.next_procedure, life.next_loss) == (inf, inf, inf)
    assert in_force(life) == {
        Risk.DISEASE_DEATH: (0.6, 0.0, 0.0, 0.5),
        Risk.POSTOPERATIVE_DEATH: (1.6, 0.0, -4.0, 0.5),
        Risk.STUMP_HEALING: (1.0, 0.0, 0.0, 0.5),
        Risk.CONVERSION: (0.1, 0.0, -1.0, 0.5),
    }


@pytest.mark.parametrize("operations", [0, 1])
def test_every_operation_has_budgets_of_its_own(operations: int) -> None:
    """A revised stump heals, or kills, by other luck than the first."""
    life = a_life(**OPEN_FOOT, limb=Limb.ABOVE_KNEE, operations=operations)
    new_stump(life, values(**STUMP), 0.5)
    assert life.budget[Risk.STUMP_HEALING] == exponential(Stream.STUMP_HEALING, operations)
    assert life.budget[Risk.POSTOPERATIVE_DEATH] == exponential(Stream.POSTOPERATIVE_DEATH, operations)
    assert life.operations == operations + 1


def test_conversion_is_a_new_operation_above_the_knee() -> None:
    """The date of the first amputation stays; the early risk of death begins again, now with the ratio above the knee."""
    life = a_life(**OPEN_FOOT, limb=Limb.BELOW_KNEE, amputated_at=0.5, operations=1)
    convert(life, values(**STUMP), 1.5)
    assert (life.limb, life.amputated_at, life.converted_at, life.operations) == (Limb.ABOVE_KNEE, 0.5, 1.5, 2)
    assert in_force(life) == {
        Risk.DISEASE_DEATH: (0.6, 0.0, 0.0, 1.5),
        Risk.POSTOPERATIVE_DEATH: (pytest.approx(2.4), 0.0, -4.0, 1.5),
        Risk.STUMP_HEALING: (1.0, 0.0, 0.0, 1.5),
    }
