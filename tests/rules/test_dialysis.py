"""Dialysis that begins after referral."""

from __future__ import annotations

from math import inf

import pytest

from rules.people import a_life, a_patient, at_risk, exponential, in_force, values
from simulator.rules.pathway.death import death_after_amputation
from simulator.rules.pathway.dialysis import dialysis_death_exposure, plan_dialysis, start_dialysis
from simulator.words.vocabulary import Renal, Risk, Stream

RATES = {
    "dialysis_rate_normal": 0.01,
    "dialysis_rate_moderate": 0.1,
    "dialysis_rate_severe": 0.5,
    "dialysis_death_rate": 0.0,
}


@pytest.mark.parametrize(("renal", "rate"), [(Renal.NORMAL, 0.01), (Renal.MODERATE, 0.1), (Renal.SEVERE, 0.5)])
def test_dialysis_begins_by_renal_class(renal: Renal, rate: float) -> None:
    """At a constant rate, and never where there is none."""
    life = a_life(dialysis_since=0.0)
    plan_dialysis(life, a_patient(renal=float(renal)), values(**RATES))
    assert (life.renal, life.dialysis_since) == (renal, inf)
    assert life.dialysis_at == pytest.approx(exponential(Stream.DIALYSIS_START) / rate)
    plan_dialysis(life, a_patient(renal=float(renal)), values(**dict.fromkeys(RATES, 0.0)))
    assert life.dialysis_at == inf


def test_whoever_is_on_dialysis_has_been_from_the_start() -> None:
    """Nothing is left to begin."""
    life = a_life()
    plan_dialysis(life, a_patient(renal=float(Renal.DIALYSIS)), values(**RATES))
    assert (life.renal, life.dialysis_at, life.dialysis_since) == (Renal.DIALYSIS, inf, 0.0)


@pytest.mark.parametrize("robust", [False, True])
def test_dialysis_has_a_death_of_its_own_from_referral_or_its_start(robust: bool) -> None:
    """At 0.25 a year from its start, unless the disease kills sooner, which it does at 0.5 years without it."""
    own = exponential(Stream.DIALYSIS_DEATH) / 0.25
    params = values(**{**RATES, "dialysis_death_rate": 0.25})
    life = a_life(disease_death=90.0 if robust else 0.5)
    plan_dialysis(life, a_patient(renal=float(Renal.DIALYSIS)), params)
    assert life.disease_death == pytest.approx(own if robust else 0.5)
    assert own > 0.5
    later = a_life(renal=Renal.NORMAL, death_hr=1.0, disease_death=90.0, other_limb_at=inf)
    of = dict.fromkeys(
        ("death_hr_dialysis", "healing_hr_dialysis", "amputation_hr_dialysis", "recurrence_hr_dialysis"), 1.0
    )
    start = {"death_per_year_of_age": 0.0, "other_limb_hr_dialysis": 1.0, "other_limb_trend": 0.0}
    start_dialysis(later, values(**of, **start, dialysis_death_rate=0.25), 2.0)
    assert later.disease_death == pytest.approx(2.0 + own)


@pytest.mark.parametrize(("renal", "death"), [(Renal.NORMAL, 6.0), (Renal.MODERATE, 3.0), (Renal.SEVERE, 2.0)])
@pytest.mark.parametrize("beyond", [0, 1])
def test_every_hazard_in_force_takes_the_ratio_of_dialysis(renal: Renal, death: float, beyond: int) -> None:
    """Death in place of the ratio of the renal class before; a limb beyond salvage is lost as it was going to be."""
    ratios = {"death_hr": 1.0, "healing_hr": 1.0, "amputation_hr": 1.0, "recurrence_hr": 1.0}
    life = a_life(**ratios, renal=renal, dialysis_at=1.0, disease_death=7.0, other_limb_at=9.0, beyond_salvage=beyond)
    for risk in Risk:
        at_risk(life, risk, 1.0)
    params = values(
        death_hr_dialysis=6.0,
        dialysis_death_rate=0.0,
        death_hr_renal_moderate=2.0,
        death_hr_renal_severe=3.0,
        healing_hr_dialysis=0.5,
        amputation_hr_dialysis=1.5,
        recurrence_hr_dialysis=4.0,
        death_per_year_of_age=0.0,
        other_limb_hr_dialysis=4.0,
        other_limb_hr_renal=2.0,
        other_limb_trend=0.0,
    )
    start_dialysis(life, params, 1.0)
    assert (life.renal, life.dialysis_at, life.dialysis_since) == (Renal.DIALYSIS, inf, 1.0)
    assert {risk: rate for risk, (rate, *_) in in_force(life).items()} == {
        Risk.EXCESS_DEATH: death,
        Risk.MAJOR_AMPUTATION: 1.0 if beyond else 1.5,
        Risk.MINOR_AMPUTATION: 1.0,
        Risk.HEALING: 0.5,
        Risk.RECURRENCE: 4.0,
    }
    assert (life.death_hr, life.healing_hr, life.amputation_hr, life.recurrence_hr) == (death, 0.5, 1.5, 4.0)
    assert life.disease_death == pytest.approx(1.0 + 6.0 / death)
    assert life.other_limb_at == pytest.approx(1.0 + 8.0 / (4.0 if renal == Renal.NORMAL else 2.0))


@pytest.mark.parametrize("growth", [0.0, 0.3])
@pytest.mark.parametrize("lost", [inf, 0.5, 2.0])
def test_the_exposure_to_dialysis_is_what_its_death_spends(growth: float, lost: float) -> None:
    """Planned at year 1 for 2.4 years later at 0.5 a year, it has spent 1.2 when it comes, whenever the leg was lost."""
    params = values(
        dialysis_death_rate=0.5, death_causal_share=1.0, death_ratio_amputee=3.0, death_per_year_of_age=growth
    )
    life = a_life(dialysis_since=1.0, disease_death=3.4, amputated_at=lost)
    if lost > 1.0:
        death_after_amputation(life, params, min(lost, 9.0))
    dies, short = life.disease_death, 1e-6
    assert (dies < 3.4) == (lost == 2.0)
    spent, hazard = dialysis_death_exposure(life, params, dies)
    assert spent == pytest.approx(1.2)
    assert hazard == pytest.approx((dialysis_death_exposure(life, params, dies + short)[0] - spent) / short, rel=1e-4)
    assert dialysis_death_exposure(life, params, 1.0) == (0.0, 0.0)
