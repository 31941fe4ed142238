"""Published prognostic scores and the accuracy of predictions, against values worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest

from simulator.questions.registry.agreement.published_scores import points, published, refusals
from simulator.questions.registry.people.people import People
from simulator.questions.registry.synthetic.synthetic_orders import synthetic_orders
from simulator.rules.population.patient import COLUMNS
from simulator.scenario import load_scenario


def person(**known: float) -> People:
    """One person of whom this is known."""
    given = np.full((1, len(COLUMNS)), np.nan)
    for name, value in known.items():
        given[0, COLUMNS.index(name)] = value
    nothing = np.full((1, 3), np.nan)
    return People(given, nothing, nothing, np.ones(1), np.ones(1), np.zeros(1, np.int64))


MAN = {"age": 78.0, "male": 1.0, "renal": 1.0, "rutherford": 5.0, "infection": 0.0, "ischaemic_heart_disease": 0.0}


@pytest.mark.parametrize(
    ("changed", "survival", "limb", "prevent"),
    [
        ({}, 0.76 + 0.27, 0.42 + 0.16, 5.0),
        ({"infection": 1.0, "renal": 3.0}, 0.76 + 1.01, 0.42 + 0.81 + 0.15, 9.0),
        ({"male": 0.0, "age": 64.0, "renal": 0.0, "rutherford": 4.0}, -0.25, -0.21, 0.0),
        ({"age": 90.0, "ischaemic_heart_disease": 1.0}, 1.04 + 0.27, 0.62 + 0.16, 6.0),
    ],
)
def test_scores_are_those_of_their_sources(
    changed: dict[str, float], survival: float, limb: float, prevent: float
) -> None:
    """Sums of published coefficients for a man of 78 with stage 3 kidney disease and an ulcer, and for others."""
    people = person(**(MAN | changed))
    found = [points(published()[name], people)[0] for name in ("jclimb_survival", "jclimb_limb", "prevent_iii")]
    assert found == pytest.approx([survival, limb, prevent])


def test_scores_without_their_inputs_are_named() -> None:
    """Nobody of whom kidney function is unknown has a score, and the scores are refused by name with others that never can be."""
    people = person(**{name: value for name, value in MAN.items() if name != "renal"})
    assert np.isnan(points(published()["prevent_iii"], people)).all()
    told = " ".join(refusals(people, 0))
    assert all(name in told for name in ("JCLIMB", "PREVENT III", "BASIL", "FINNVASC", "2YLE", "WIfI"))


def test_the_models_own_risks_order_its_synthetic_people_best() -> None:
    """Of people whose lives the engine lived, its risks order deaths better than chance and no worse than age alone."""
    told = synthetic_orders(load_scenario("base").with_(evidence={"centre": "founding"}), people=500, sets=8)
    for (_, _), rows in told.groupby(["outcome", "time_years"]):
        c = rows.set_index("score")["c"]
        assert c["model_itself"] > 0.6
        assert c["model_itself"] >= c.max() - 0.02, c
    assert {"jclimb_survival", "jclimb_limb", "prevent_iii", "tcpo2_alone", "age_alone"} <= set(told["score"])
