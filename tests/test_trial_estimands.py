"""Estimands: weights against others' estimators, true values from twins, and the bias of naive analyses."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from trial_designs import planned, simulation

from simulator.questions.trial.design.estimand import Estimand
from simulator.questions.trial.results.estimand_table import all_in_arm, estimand_table, settled
from simulator.questions.trial.simulation.simulation import Simulation
from simulator.words.errors import BadInput

SEEN = {"name": "seen", "outcome": "major_amputation", "at_months": 12.0, "death": "composite"}
SWITCH = {"to": "single_dose", "after_months": 2.0, "share": 0.7}


def table_of(folder: Path, trials: int, estimands: list[dict[str, Any]], **changed: Any) -> pd.DataFrame:
    """The table of estimands, by estimand and estimator."""
    sim = simulation(folder, trials, estimands=estimands, **changed)
    return estimand_table(sim, "scenario").set_index(["estimand", "estimator"])


def test_crossover_after_failure_misleads_the_naive_and_not_the_weighted(tmp_path: Path) -> None:
    """Where those who do badly switch, censoring them is biased by many standard errors; weighting finds the twins' value."""
    estimands = [
        {"name": "free", "outcome": "healing", "at_months": 12.0, "death": "composite", "crossover": "hypothetical"},
        {
            "name": "policy",
            "outcome": "healing",
            "at_months": 12.0,
            "death": "composite",
            "crossover": "treatment_policy",
        },
    ]
    table = table_of(
        tmp_path, 500, estimands, crossover=SWITCH, size={"patients": 300, "power": 0.8}, drop_out={"per_year": 0.2}
    )
    weighted, naive = table.loc[("free", "weighted")], table.loc[("free", "censored_at_crossover")]
    assert abs(weighted["bias"]) < 4.0 * weighted["bias_se"]
    assert abs(naive["bias"]) > 4.0 * naive["bias_se"]
    assert abs(weighted["bias"]) < 0.5 * abs(naive["bias"])
    assert weighted["coverage"] > 0.92
    policy = table.loc[("policy", "weighted")]
    assert abs(policy["bias"]) < 4.0 * policy["bias_se"]
    # Control patients who get cells later heal more often, so that arms differ less than without switching.
    assert weighted["true_value"] > 0.0
    assert policy["true_value"] < 0.5 * weighted["true_value"]


def test_death_in_three_ways(tmp_path: Path) -> None:
    """Each strategy has a true value of its own; what fits has no bias, death taken for censoring has."""
    estimands = [
        SEEN,
        SEEN | {"name": "alive", "death": "while_alive"},
        SEEN | {"name": "stratum", "death": "principal_stratum"},
        SEEN | {"name": "failure", "loss": "composite"},
        {"name": "death", "outcome": "death", "at_months": 12.0},
    ]
    table = table_of(tmp_path, 300, estimands, size={"patients": 200, "power": 0.8}, drop_out={"per_year": 0.3})
    for name in ("seen", "alive", "death"):
        row = table.loc[(name, "weighted")]
        assert abs(row["bias"]) < 4.0 * row["bias_se"], name
        assert row["coverage"] == pytest.approx(0.95, abs=0.045), name
        assert row["not_estimable"] == 0.0
    composite, alive = table.loc[("seen", "weighted")], table.loc[("alive", "weighted")]
    # Some whose amputation is prevented die within the year all the same: to the composite they are failures in both arms.
    assert alive["true_value"] < composite["true_value"] < 0.0
    assert ("stratum", "survivors") in table.index
    assert ("alive", "censored_at_death") in table.index
    # Lost patients are failures in both arms alike, which draws the shares together.
    lost = table.loc[("failure", "weighted")]
    assert lost["estimate"] > lost["true_value"]


def test_the_composite_is_less_where_death_goes_on_all_the_same(tmp_path: Path) -> None:
    """Composite less while alive is, twin by twin, what treatment adds to deaths with the limb: some who keep it die anyway."""
    sim = simulation(tmp_path, 40)
    base = sim.truth("scenario")
    worlds = [all_in_arm(sim, base, arm, False, 40) for arm in (0, 1)]
    ways = {}
    for name, death in (("composite", "composite"), ("alive", "while_alive")):
        estimand = Estimand(name=name, outcome="major_amputation", at_months=12.0, death=death)  # type: ignore[arg-type]
        ways[name] = [settled(estimand, world, loss=False)[1].mean() for world in worlds]
    with_limb = [((world.died <= 1.0) & (world.died < world.amputated)).mean() for world in worlds]
    effects = {name: other - control for name, (control, other) in ways.items()}
    assert effects["composite"] - effects["alive"] == pytest.approx(with_limb[1] - with_limb[0], abs=1e-12)
    assert with_limb[1] > with_limb[0]


def test_twins_are_the_same_people(tmp_path: Path) -> None:
    """Without any effect the true value is exactly none: both worlds hold the same lives."""
    table = estimand_table(simulation(tmp_path, 8, estimands=[SEEN]), "null")
    assert (table["true_value"] == 0.0).all()


@pytest.mark.parametrize(
    ("estimand", "changed", "key", "why"),
    [
        ({"death": "hypothetical"}, {}, "death", "no treatment brings about a world without death"),
        ({"death": None}, {}, "death", "composite, while_alive"),
        ({"crossover": "hypothetical"}, {}, "crossover", "nobody can switch"),
        ({}, {"crossover": SWITCH}, "crossover", "control patients may switch"),
        ({"crossover": "hypothetical"}, {"crossover": SWITCH | {"share": 1.0}}, "crossover", "nobody shows"),
        ({"crossover": "hypothetical"}, {"crossover": SWITCH | {"tcpo2_below": 30.0}}, "crossover", "do not hold"),
        ({"rescue": "hypothetical"}, {}, "rescue", "hangs on perfusion"),
        ({"loss": "treatment_policy"}, {}, "loss", "what is not seen"),
        ({"at_months": 24.0}, {}, "at_months", "follow_up.months"),
        ({"outcome": "healing", "death": "while_alive"}, {}, "death", "says the same"),
    ],
)
def test_what_cannot_be_estimated_is_refused_by_name(
    tmp_path: Path, estimand: dict[str, Any], changed: dict[str, Any], key: str, why: str
) -> None:
    """One message with the key and the reason."""
    own = {name: value for name, value in (SEEN | estimand).items() if value is not None}
    with pytest.raises(BadInput, match=why) as caught:
        planned(tmp_path, estimands=[own], **changed)
    assert f"estimands.seen.{key}" in {problem.key for problem in caught.value.problems}


def test_a_single_arm_and_stated_rates_have_no_twins(tmp_path: Path) -> None:
    """Both are refused with the reason."""
    rates = [{"outcome": "amputation_free_survival", "event_rate": 0.4, "at_months": 12.0}]
    endpoints = [{"name": "afs", "outcome": "amputation_free_survival", "test": "logrank"}]
    with pytest.raises(BadInput, match="only simulated lives have twins"):
        planned(tmp_path, estimands=[SEEN], stated=rates, endpoints=endpoints)


def test_the_simulation_is_left_as_it_was(tmp_path: Path) -> None:
    """A design with estimands has the trials of the same design without."""
    plain, asked = (Simulation(planned(tmp_path, **more), 1, 20) for more in ({}, {"estimands": [SEEN]}))
    one, other = (sim.run(sim.truth("scenario"), [sim.conduct()])[0] for sim in (plain, asked))
    assert all(np.array_equal(one[name], other[name], equal_nan=True) for name in one)
