"""Gains by group: they add up to everybody's, and weights follow Atkinson's rule on groups that the model knows."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from recalculated import differences, named, needs_libreoffice, recalculated, stored
from told import workbook_of

from simulator import load_scenario
from simulator.evidence.economics.aversion import load_aversions
from simulator.living.ledger import FIELDS
from simulator.questions.value.analysis import EconomicAnalysis, economic_analysis
from simulator.questions.value.consequences.equity import atkinson_weights, hospital_lives, lived
from simulator.valuation.lives import Simulations
from simulator.valuation.valuation import worth
from simulator.words.errors import BadInput


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> EconomicAnalysis:
    overrides = {"economics": {"draws": 8, "patients": 40}}
    scenario = load_scenario(policies=["conservative", "protocol"], overrides=overrides)
    return economic_analysis(scenario, 1, Simulations(tmp_path_factory.mktemp("ledgers")))


def test_weights_follow_atkinsons_rule() -> None:
    """Worked by hand: health 60 and 80 in equal halves at epsilon 2 weigh 16 to 9, with a mean of 1; at 0 all alike."""
    share = np.array([0.5, 0.5])
    weights = atkinson_weights(np.array([60.0, 80.0]), share, 2.0)
    assert weights[0] / weights[1] == pytest.approx(16 / 9)
    assert (weights * share).sum() == pytest.approx(1.0)
    assert atkinson_weights(np.array([60.0, 80.0]), share, 0.0) == pytest.approx([1.0, 1.0])
    assert np.isfinite(atkinson_weights(np.array([60.0, 80.0]), share, 100.0)).all()


def test_unweighted_gains_are_those_of_the_subgroups(found: EconomicAnalysis) -> None:
    """At an epsilon of 0 each grouping gives the mean of its levels' gains in the table of subgroups, by their shares."""
    base = found.equity.weighted[found.equity.weighted["epsilon"] == 0.0].set_index("grouping")
    assert set(base.index) == {"sex", "age", "renal class", "hospital"}
    for grouping, own in found.subgroups[found.subgroups["subgroup"].isin(base.index)].groupby("subgroup"):
        share = own["share"] / own["share"].sum()
        effect, cost = ((share * own[f"incremental_{what}"]).sum() for what in ("effect", "cost"))
        assert base.loc[grouping, "weighted_effect"] == pytest.approx(effect, rel=1e-9)
        benefit = effect - cost / found.valued_by.threshold
        assert base.loc[grouping, "net_health_benefit"] == pytest.approx(benefit, rel=1e-9)


def test_hospitals_are_told_in_thirds_that_add_up(found: EconomicAnalysis) -> None:
    """Thirds of hospitals by limbs lost; their gains by their shares are the unweighted gain, which is that of a new hospital in
    the table of hospitals, and differ from one another."""
    rows = found.equity.groups[found.equity.groups["grouping"] == "hospital"]
    assert rows["level"].tolist() == ["loses fewest limbs", "between", "loses most limbs"]
    assert rows["share"].sum() == pytest.approx(1.0)
    assert rows["incremental_effect"].nunique() == 3
    weighted = found.equity.weighted
    plain = weighted[(weighted["grouping"] == "hospital") & (weighted["epsilon"] == 0.0)]["weighted_effect"]
    assert plain.tolist() == pytest.approx([(rows["share"] * rows["incremental_effect"]).sum()], rel=1e-9)
    new = found.scenarios.query("scenario == 'centre_new'").iloc[0]
    for name in ("incremental_effect", "incremental_cost"):
        assert (rows["share"] * rows[name]).sum() == pytest.approx(new[name], rel=1e-9)


def test_thirds_differ_as_their_people_do(found: EconomicAnalysis) -> None:
    """What a third gains is what its people gain, valued in one piece, and its treatments' part of what all are short of a new
    hospital: policy less reference, per person, money and QALYs."""
    values = found.valued_by
    hospitals = hospital_lives(found.scenario, 8, 80, found.seed, Simulations(None))
    assert hospitals is not None
    lives = hospitals.lives
    people = lives.people[:, :, 0].sum(axis=0)
    ledgers = lives.ledgers[:, :, :, 0].sum(axis=0) / people[:, None, None]
    own = worth(ledgers, lives.parameters, found.drawn, values)
    doses = ledgers[:, 1, FIELDS.index("count_dose")]
    least = np.argsort(hospitals.amputation, kind="stable")[:3]
    new = found.scenarios.query("scenario == 'centre_new'").iloc[0]
    row = found.equity.groups[found.equity.groups["grouping"] == "hospital"].iloc[0]
    for name, each in (("incremental_effect", own.qalys), ("incremental_cost", own.cost)):
        gained = each[:, 1] - each[:, 0]
        short = new[name] - np.average(gained, weights=people)
        part = np.average(doses[least], weights=people[least]) / np.average(doses, weights=people)
        assert row[name] == pytest.approx(np.average(gained[least], weights=people[least]) + part * short, rel=1e-9)


def test_aversion_turns_weight_to_who_has_less(found: EconomicAnalysis) -> None:
    """By age the young have less lifetime health and gain more, so a greater epsilon raises the weighted gain."""
    ages = found.equity.groups[found.equity.groups["grouping"] == "age"]
    assert np.corrcoef(ages["lifetime_health"], ages["incremental_effect"])[0, 1] < 0.0
    gains = found.equity.weighted[found.equity.weighted["grouping"] == "age"].sort_values("epsilon")["weighted_effect"]
    assert (np.diff(gains) > 0.0).all()


def test_lifetime_health_holds_the_years_before(found: EconomicAnalysis) -> None:
    """A person of 70 has lived some 60 quality-adjusted years; older groups have more, and so less weight."""
    assert 55.0 < lived(found.valued_by, 70.0) < 70.0
    ages = found.equity.groups[found.equity.groups["grouping"] == "age"].sort_values("age")
    assert (np.diff(ages["lifetime_health"]) > 0).all()
    for name, own in found.equity.groups.groupby("grouping"):
        assert own["share"].sum() == pytest.approx(1.0), name
    ratios = found.equity.weighted.set_index(["grouping", "epsilon"])["ratio"]
    assert ratios["age", 0.0] == 1.0 < ratios["age", 3.5] < ratios["age", 10.95]


def test_scenarios_are_the_published_ones_or_ones_own() -> None:
    """Without a choice the published values with their sources; a negative epsilon is refused."""
    assert [each.value for each in load_aversions().values()] == [3.5, 10.95]
    assert all(each.source and each.grade == "published" for each in load_aversions().values())
    with pytest.raises(BadInput, match=r"inequality_aversion\[1\] = -1"):
        load_scenario(overrides={"economics": {"inequality_aversion": [-1.0]}})


@needs_libreoffice
def test_workbook_weighs_groups_by_its_own_epsilon(found: EconomicAnalysis, tmp_path: Path) -> None:
    """With epsilon at 3.5 in its cell, the sums of sheet Equity are the analysis's weighted gains."""
    content = workbook_of(found, "Equity")
    again = recalculated(content, tmp_path, {named(content, "epsilon"): 3.5})
    rows = sorted(
        int(at[1:]) for (sheet, at), value in again.items() if sheet == "Equity" and value == "All, QALYs weighted"
    )
    weighted = found.equity.weighted[found.equity.weighted["epsilon"] == 3.5]
    assert [again["Equity", f"F{row}"] for row in rows] == pytest.approx(weighted["weighted_effect"].tolist(), rel=1e-9)
    assert [again["Equity", f"H{row}"] for row in rows] == pytest.approx(
        weighted["net_health_benefit"].tolist(), rel=1e-9
    )
    elsewhere = {place: value for place, value in stored(content).items() if place[0] != "Equity"}
    assert differences(elsewhere, again) == []
