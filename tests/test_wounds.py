"""Wounds differ: gangrene, infection, size and age act on healing as the register says, and on nothing else."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from simulator import simulate
from simulator.rules.pathway.life import LIFE
from simulator.rules.pathway.risks import gangrene_hazard_ratio, hazard_ratios, set_wound
from simulator.rules.population.patient import PATIENT
from simulator.scenario import load_scenario
from simulator.words.vocabulary import Renal

BASE = load_scenario("founding_cohort")
PLAIN = {"age": 75.2, "rutherford": 5.0, "renal": float(Renal.NORMAL), "gangrene": 1.0}
OLDER = {"reference_age": 75.2, "frailty_sd": 0.0}


def ratios(person: dict[str, float], values: dict[str, float] | None = None) -> Any:
    """A life that has taken its hazard ratios and its wound from a patient; `healing` is the wound's whole ratio."""
    patient, life = np.zeros(1, PATIENT)[0], np.zeros(1, LIFE)[0]
    for name, value in (PLAIN | person).items():
        patient[name] = value
    params = BASE.params(OLDER | (values or {}))
    hazard_ratios(life, patient, params)
    set_wound(life, params, patient["infection"], float(patient["rutherford"] > 5.5), patient["gangrene"])
    named = {name: float(life[name]) for name in ("healing_hr", "wound_hr", "amputation_hr", "death_hr")}
    return named | {"healing": named["wound_hr"] * gangrene_hazard_ratio(life, params)}


def test_the_reference_is_the_founding_cohorts_uninfected_wound() -> None:
    """No infection and the founding cohort's size and age: every ratio is exactly one, but gangrene hinders healing."""
    life = ratios({})
    assert life["wound_hr"] == life["amputation_hr"] == life["death_hr"] == 1.0
    assert life["healing"] == BASE.params()["healing_hr_gangrene"] < 1.0


def test_what_a_wound_is_like_decides_how_fast_it_heals() -> None:
    """The ratios multiply; amputation, death and a stump's healing know nothing of them."""
    of = BASE.params()
    area, age = 0.25, 4.0
    size = area ** of["healing_per_log_area"] * age ** of["healing_per_log_age"]
    assert ratios({"infection": 1.0})["wound_hr"] == of["healing_hr_infection"] < 1.0
    clean = ratios({"gangrene": 0.0})
    assert clean["healing"] == of["healing_hr_no_gangrene"] > 1.0
    together = ratios({"gangrene": 0.0, "infection": 1.0}, {"wound_area_ratio": area, "wound_age_ratio": age})
    wanted = of["healing_hr_no_gangrene"] * of["healing_hr_infection"] * size
    assert together["healing"] == pytest.approx(wanted, rel=1e-14)
    assert together["healing_hr"] == together["amputation_hr"] == together["death_hr"] == 1.0


@pytest.mark.parametrize(
    "shares", [{}, {"gangrene_share": 0.0}, {"infection_share": 1.0}, {"wound_area_ratio": 0.2, "wound_age_ratio": 3.0}]
)
def test_healing_alone_follows_its_law(shares: dict[str, float]) -> None:
    """With a constant hazard of healing and nothing else, 1 - exp(-rate x ratio) have healed in a year."""
    alone: dict[str, float] = {
        "healing_rate": 0.6,
        "frailty_sd": 0.0,
        "infection_share": 0.0,
        "amputation_rate": 0.0001,  # the least that the register allows
        **dict.fromkeys(("healing_per_mmhg", "healing_per_mmhg_short", "healing_trend", "minor_amputation_rate"), 0.0),
        **dict.fromkeys(
            ("death_rate_wound", "death_rate_healed", "dialysis_death_rate", "background_hr", "recurrence_rate"), 0.0
        ),
    }
    values = {**alone, **shares}
    scenario = load_scenario("founding_cohort", overrides={"parameters": values})
    people = 4_000
    found = simulate(scenario, policies=["conservative"], patients=people, seed=3).outcomes
    found = found[found["time_years"] == 1.0].set_index("outcome")
    of = scenario.params()
    ratio = (
        float(of["healing_hr_no_gangrene"]) if shares.get("gangrene_share") == 0.0 else float(of["healing_hr_gangrene"])
    )
    ratio *= of["healing_hr_infection"] if shares.get("infection_share") == 1.0 else 1.0
    ratio *= shares.get("wound_area_ratio", 1.0) ** of["healing_per_log_area"]
    ratio *= shares.get("wound_age_ratio", 1.0) ** of["healing_per_log_age"]
    healed = 1.0 - math.exp(-0.6 * ratio)
    # four standard errors
    assert found.loc["healing", "mean"] == pytest.approx(healed, abs=4 * math.sqrt(healed * (1 - healed) / people))


def test_people_in_rest_pain_have_neither_gangrene_nor_infection() -> None:
    """Their features are those of a limb without a wound."""
    scenario = load_scenario(overrides={"parameters": {"rest_pain_share": 0.5}})
    people = simulate(scenario, policies=["conservative"], patients=500, seed=1, keep_patients=True).patients
    resting = people[people["rutherford"] == 4]
    assert len(resting) > 100
    assert not resting[["gangrene", "infection"]].to_numpy(dtype=bool).any()
    assert people.loc[people["rutherford"] == 5, "gangrene"].all()
