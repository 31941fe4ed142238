"""The tables from which a workbook recalculates an analysis, by hand."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from simulator import load_scenario
from simulator.evidence.distributions import text
from simulator.questions.value import workings as module
from simulator.questions.value.consequences.budget import SITE
from simulator.questions.value.lines import Line, lines_of
from simulator.questions.value.workings import _back_table, workings, workings_facts
from simulator.scenario.economics import Deal
from simulator.valuation.deal import PARTS, SUMS, MoneyBack
from simulator.valuation.ledger_columns import COLUMN
from simulator.valuation.valuation import worth
from simulator.valuation.values import LeftToPay, Money, values_of

POLICIES = ("conservative", "protocol")
CARE = {"time_ulcer": 2.0, "cost_ulcer": 1.5, "effect_ulcer": 1.75, "count_minor_amputation": 0.5}
CARE |= {"cost_count_minor_amputation": 0.4, "time_rest_pain": 1.0, "cost_rest_pain": 1.0, "effect_rest_pain": 1.0}
CELLS = CARE | {"count_dose": 1.5, "cost_count_dose": 1.25, "count_treated": 1.0, "cost_count_treated": 1.0}
CELLS |= {"effect_count_dose": 1.25, "time_ulcer": 1.0, "cost_ulcer": 0.75, "effect_ulcer": 0.9}
CELLS |= {"effect_age_ulcer": 5.0, "effect_age2_ulcer": 50.0, "clock_dialysis": 0.5, "effect_clock_dialysis": 0.4}
CELLS |= {"cost_clock_dialysis": 0.45}


def ledgers(*rows: dict[str, float]) -> Any:
    """Two draws under two policies: these columns, and a fifth of them."""
    found = np.zeros((2, len(POLICIES), len(COLUMN)))
    for policy, row in enumerate(rows):
        for name, value in row.items():
            found[:, policy, COLUMN[name]] = value, value / 5.0
    return found


@cache
def base() -> Any:
    """Care and cells by the usual payer, and a budget of two years."""
    scenario = load_scenario(policies=POLICIES)
    economics = scenario.settings.economics
    budget = economics.budget.model_copy(update={"uptake": (0.25, 1.0), "centres": 3})
    economics = economics.model_copy(update={"budget": budget})
    scenario = replace(scenario, settings=scenario.settings.model_copy(update={"economics": economics}))
    return scenario, values_of(scenario)


def analysis(back: MoneyBack | None = None, shares: Any = (), **changed: Any) -> Any:
    """What the tables are made of: two draws, and a budget of two years whose people live as `CARE` and `CELLS` say."""
    scenario, values = base()
    values = replace(values, **changed)
    parameters = scenario.parameter_draws(pd.DataFrame({"later_visit_interval_days": [73.05, 365.25]}))
    half, whole = (SimpleNamespace(ledgers=ledgers(*rows)) for rows in (({}, CARE), (CARE, CELLS)))
    return SimpleNamespace(
        scenario=scenario,
        policy="protocol",
        valued_by=values,
        lives=SimpleNamespace(ledgers=ledgers(CARE, CELLS), parameters=parameters),
        drawn=values.sample(2, 1),
        results=SimpleNamespace(options=POLICIES),
        spent=(half, whole),
        budget=SimpleNamespace(price_shares=shares),
        back=back,
    )


def price(name: str) -> float:
    """The payer's."""
    return float(base()[1].perspective.prices[name].value)


def test_costs_and_qalys_can_be_worked_out_again() -> None:
    """Unit times amount times what is left to pay, and level times weighted years, summed over lines and states."""
    left = LeftToPay(np.array([[1.0, 0.75]]), np.array([[0.0, 0.5], [0.0, 0.25]]), np.zeros((1, 1)))
    deals: tuple[dict[str, Any], ...] = (
        {},
        {"left": left, "deal": Deal(discount=0.1, wasted=0.2, repeat_price=0.5), "money": Money("CHF", 2024, 0.5)},
        {"age_adjusted": False, "discounted": False, "left": left},
    )
    for changed in deals:
        found = analysis(**changed)
        tables = workings(found)
        costs, qalys = tables["workings_costs"], tables["workings_qalys"]
        by_hand = costs.assign(cost=costs["unit"] * costs["amount"] * costs["left"])
        by_hand = by_hand.groupby(["draw", "policy"], sort=False)["cost"].sum()
        worked = worth(found.lives.ledgers, found.lives.parameters, found.drawn, found.valued_by)
        np.testing.assert_allclose(by_hand.to_numpy().reshape(2, 2), worked.cost, rtol=1e-12)
        summed = qalys.assign(qalys=qalys["level"] * qalys["weighted"]).groupby(["draw", "policy"], sort=False)["qalys"]
        np.testing.assert_allclose(summed.sum().to_numpy().reshape(2, 2), worked.qalys, rtol=1e-12)


def test_lines_that_some_policy_incurs() -> None:
    """Products first, then in the order of the model; what nobody incurs is left out, and so are states that nobody is in."""
    tables = workings(analysis(deal=Deal(repeat_price=0.5, discount=0.2)))
    lines = tables["workings_lines"].set_index("price", drop=False)
    assert lines["line"].tolist() == list(range(len(lines))) and lines["part"].tolist()[2:] == [""] * (len(lines) - 2)
    assert lines.loc["pbmnc_kit", "part"].tolist() == ["first", "repeat"]
    assert lines.loc["pbmnc_kit", "list_prices"].tolist() == pytest.approx([0.8, 0.4])
    wound, minor = lines.loc["wound_all_in_month"], lines.loc["minor_amputation"]
    prices = base()[1].perspective.prices
    assert (wound["category"], wound["price_label"]) == ("wound care", prices["wound_all_in_month"].label)
    assert (wound["factor"], wound["times"], wound["list_prices"], wound["amputation"]) == (12.0, "", 1.0, False)
    assert wound["counted"] == "years: ulcer, severe ulcer, recurrent ulcer" and minor["amputation"]
    assert lines.loc["tcpo2_visit", "times"] == "later_visits_per_year"
    cited = prices.citations("minor_amputation")
    assert cited and minor["source"] == f"{prices['minor_amputation'].grade}: {cited}"
    without = [p.name for p in prices.parameters if p.name in lines.index and not prices.citations(p.name)]
    for name in without:
        assert lines.loc[name, "source"] == f"{prices[name].grade}: {prices[name].note}"
    assert "major_amputation_admission" not in lines.index and "final_year_increment" not in lines.index
    states = tables["workings_states"]
    assert states["state"].tolist() == ["rest_pain", "ulcer", "on_dialysis", "sessions of into the muscle (years lost)"]
    assert states["loss"].tolist() == [False, False, True, True]
    assert states["utility"].tolist() == ["rest_pain", "ulcer", "on_dialysis", ""]


def test_products_come_first(monkeypatch: pytest.MonkeyPatch) -> None:
    """Wherever the model has them."""
    usual = workings(analysis())["workings_lines"]
    monkeypatch.setattr(module, "lines_of", lambda *given: lines_of(*given)[::-1])
    found = workings(analysis())["workings_lines"]
    assert found["part"].tolist()[:2] == ["repeat", "first"]
    assert found["price"].tolist()[2:] == usual["price"].tolist()[:1:-1]


def test_amounts_of_each_draw() -> None:
    """Discounted and not, under each policy; what is left to pay of a product alone."""
    left = LeftToPay(np.array([[1.0, 0.75]]), np.zeros((1, 1)), np.zeros((1, 1)))
    found = analysis(left=left)
    tables = workings(found)
    lines = tables["workings_lines"].set_index(["price", "part"])["line"]
    rows = tables["workings_costs"].set_index(["line", "policy", "draw"])
    dose, wound, visit = lines["pbmnc_kit", "repeat"], lines["wound_all_in_month", ""], lines["tcpo2_visit", ""]
    own = rows.loc[(dose, "protocol", 1)]
    assert (own["amount"], own["undiscounted"], own["left"]) == (pytest.approx(0.05), pytest.approx(0.1), 0.75)
    assert own["unit"] == found.drawn.prices["pbmnc_kit"][1]
    own = rows.loc[(wound, "conservative", 0)]
    assert (own["amount"], own["undiscounted"], own["left"]) == (1.5, 2.0, 1.0)
    assert own["unit"] == pytest.approx(12.0 * found.drawn.prices["wound_all_in_month"][0])
    visits = [rows.loc[(visit, "conservative", draw), "unit"] for draw in (0, 1)]
    assert visits == pytest.approx((found.drawn.prices["tcpo2_visit"] * [5.0, 1.0]).tolist())
    drawn = tables["workings_drawn"]
    assert drawn["draw"].tolist() == [0, 1] and drawn["later_visits_per_year"].tolist() == pytest.approx([5.0, 1.0])
    assert set(drawn) - {"draw"} == set(tables["workings_numbers"]["name"])
    assert set(drawn) - {"draw"} == {
        *(
            "pbmnc_kit",
            "theatre_hour",
            "theatre_hours_per_treatment",
            "anaesthesia_per_treatment",
            "harvest_complication",
        ),
        *("minor_amputation", "wound_all_in_month", "tcpo2_visit", "later_visits_per_year", "dialysis_year"),
        *("rest_pain", "ulcer", "on_dialysis"),
    }
    without = workings(analysis())["workings_costs"]
    assert (without["left"] == 1.0).all()


def test_years_of_each_draw() -> None:
    """Weighted by the norm's fall with age, plain discounted, and neither."""
    found = analysis()
    rows = workings(found)["workings_qalys"].set_index(["state", "policy", "draw"])
    ratio = found.valued_by.ratio
    own = rows.loc[("ulcer", "protocol", 0)]
    assert own["weighted"] == pytest.approx(0.9 * ratio[0] + 5.0 * ratio[1] + 50.0 * ratio[2])
    assert (own["years"], own["undiscounted"], own["level"]) == (0.9, 1.0, found.drawn.utilities["ulcer"][0])
    own = rows.loc[("on_dialysis", "protocol", 1)]
    assert (own["weighted"], own["years"], own["undiscounted"]) == pytest.approx((-0.08, -0.08, -0.1))
    plain = workings(analysis(discounted=False, age_adjusted=False))["workings_qalys"]
    assert plain["weighted"].tolist() == plain["undiscounted"].tolist()


def test_what_is_told_of_a_number() -> None:
    """Prices, utilities and the visits that an interval makes, which may be any number."""
    numbers = workings(analysis())["workings_numbers"].set_index("name")
    values = base()[1]
    kit, ulcer = values.perspective.prices["pbmnc_kit"], values.utility_set.states["ulcer"]
    for p, kind, register in (
        (kit, "price", values.perspective.prices),
        (ulcer, "utility", values.utility_set.states),
    ):
        row = numbers.loc[p.name]
        assert (row["kind"], row["value"], row["label"], row["unit"]) == (kind, p.value, p.label, p.unit)
        assert (row["low"], row["high"], row["grade"], row["note"]) == (*p.range, p.grade, p.note)
        assert (row["distribution"], row["source"]) == (text(p.distribution), register.citations(p.name))
    visits, interval = numbers.loc["later_visits_per_year"], base()[0].register["later_visit_interval_days"]
    assert (visits["kind"], visits["unit"]) == ("price", "per year")
    assert visits["value"] == pytest.approx(365.25 / interval.value)
    assert (visits["low"], visits["high"]) == (0.0, float("inf"))
    assert visits["label"] == f"Visits a year after the first, by: {interval.label}"
    assert visits["distribution"] == text(interval.distribution)


def test_policies_and_what_they_buy() -> None:
    """Undiscounted treatments on average over the draws, and the price of what is bought."""
    table = workings(analysis())["workings_policies"].set_index("policy")
    assert table["treatments"].tolist() == pytest.approx([0.0, 0.9]) and table["volume_share"].tolist() == [1.0, 1.0]
    assert table["price"].tolist() == [None, "pbmnc_kit"]
    assert table["price_label"].tolist() == ["", base()[1].perspective.prices["pbmnc_kit"].label]
    left = LeftToPay(np.array([[1.0, 0.75]]), np.zeros((1, 1)), np.zeros((1, 1)))
    assert workings(analysis(left=left))["workings_policies"]["volume_share"].tolist() == [1.0, 0.75]


def test_years_of_a_budget() -> None:
    """Treatments of each year since referral, on average over the draws; uptake and shares of the price beside them."""
    found = analysis(shares=((1.0, 0.75), (1.0, 0.5)))
    first = dict(CELLS, count_dose=1.0)
    found.spent[0].ledgers = ledgers({}, first)
    table = workings(found)["workings_years"]
    assert table["year"].tolist() == [1, 2] and table["wanted"].tolist() == [0.25, 1.0]
    assert table["with"].tolist() == pytest.approx([0.6, 0.3]) and table["without"].tolist() == [0.0, 0.0]
    assert table[["share_without", "share_with"]].to_numpy().tolist() == [[1.0, 0.75], [1.0, 0.5]]
    found.budget = SimpleNamespace(price_shares=())
    plain = workings(found)["workings_years"]
    assert plain[["share_without", "share_with"]].to_numpy().tolist() == [[1.0, 1.0], [1.0, 1.0]]


def test_amounts_of_a_budget() -> None:
    """What each year since referral adds, undiscounted, under the two policies of the budget in their order; failures of
    products beside them, each part where it is charged; of as many draws as the budget has."""
    failed = np.zeros((2, 2, 2, PARTS))
    failed[1, 0] = [[9.0, 9.0], [0.25, 0.125]]
    back = MoneyBack(Deal(refund=0.5), np.zeros((2, 2, PARTS, SUMS)), failed)
    found = analysis(back)
    for year in found.spent:
        year.ledgers = year.ledgers[:1]
    tables = workings(found)
    lines = tables["workings_lines"].set_index(["price", "part"])["line"]
    rows = tables["workings_budget"].set_index(["line", "policy", "year"])
    wound, repeat = lines["wound_all_in_month", ""], lines["pbmnc_kit", "repeat"]
    first = lines["pbmnc_kit", "first"]

    def told(line: int, policy: str, what: str) -> list[float]:
        return [float(rows.loc[(line, policy, year), what]) for year in (1, 2)]

    assert not rows["draw"].any() and len(rows) == 2 * 2 * len(lines)
    assert told(wound, "conservative", "amount") == [0.0, 2.0] and told(wound, "protocol", "amount") == [2.0, -1.0]
    assert told(repeat, "protocol", "amount") == [0.0, 0.5]
    assert told(first, "protocol", "failed") == [0.0, 0.25] and told(repeat, "protocol", "failed") == [0.0, 0.125]
    assert rows["failed"].sum() == 0.375 and "workings_back" in tables
    without = workings(analysis())
    assert "workings_back" not in without and not without["workings_budget"]["failed"].any()
    assert without["workings_budget"]["draw"].tolist()[: len(lines) * 2] == [0] * 2 * len(lines)


def test_a_budget_of_policies_in_another_order() -> None:
    """Who is charged is looked up by name."""
    back = MoneyBack(Deal(), np.zeros((2, 2, PARTS, SUMS)), np.ones((2, 2, 2, PARTS)) * [[[[1.0]], [[0.5]]]])
    found = analysis(back)
    settings = found.scenario.settings.model_copy(update={"reference": "protocol"})
    found.scenario, found.policy = replace(found.scenario, settings=settings), "conservative"
    for each in found.spent:
        each.ledgers = each.ledgers[:, ::-1]
    table = workings(found)["workings_budget"]
    lines = workings(found)["workings_lines"].set_index(["price", "part"])["line"]
    dose = table[(table["line"] == lines["pbmnc_kit", "first"]) & (table["year"] == 2) & (table["draw"] == 0)]
    assert dose.set_index("policy")["amount"].to_dict() == {"protocol": 1.0, "conservative": 0.0}
    assert dose["policy"].tolist() == ["protocol", "conservative"]
    years = workings(found)["workings_years"]
    assert years["without"].tolist() == pytest.approx([0.0, 0.9]) and years["with"].tolist() == [0.0, 0.0]


def test_facts_beside_the_tables() -> None:
    """People a year, the norm, and what a site costs where cells are made."""
    found = workings_facts(analysis())
    scenario, values = base()
    assert found == {
        "referred_per_year": scenario.settings.economics.population.per_year,
        "norm": values.ratio.tolist(),
        "norm_top": values.top,
        "utilities": values.utility_set.method.label,
        "budget_policies": list(POLICIES),
        "site": SITE,
        "site_cost": 0.0,
    }
    own = values.policies["protocol"]
    cells = own.cell_therapy.model_copy(update={"product": "mobilised_pbmnc"})
    made = dict(values.policies) | {"protocol": own.model_copy(update={"cell_therapy": cells})}
    site = 3 * (price("gmp_validation") + price("gmp_media_fill"))
    assert workings_facts(analysis(policies=made))["site_cost"] == pytest.approx(site) and site > 0.0


def test_treatments_paid_for_and_back() -> None:
    """A row for each draw and policy: first treatments and repeats, then those of each that fail, discounted."""
    counts = np.zeros((2, 2, 2, 4))
    counts[0, 1] = [[1.0, 0.25, 1.1, 0.3], [0.5, 0.125, 0.6, 0.2]]
    counts[1, 0] = [[0.9, 0.2, 9.0, 9.0], [0.4, 0.1, 9.0, 9.0]]
    found = _back_table(MoneyBack(Deal(), counts, np.zeros((0, 2, 2, 2))), ("care", "cells"))
    assert found.to_dict("split")["data"] == [
        [0, "care", 0.0, 0.0, 0.0, 0.0],
        [0, "cells", 1.0, 0.5, 0.25, 0.125],
        [1, "care", 0.9, 0.4, 0.2, 0.1],
        [1, "cells", 0.0, 0.0, 0.0, 0.0],
    ]
    assert list(found) == ["draw", "policy", "first", "repeat", "first_failed", "repeat_failed"]


@pytest.mark.parametrize(
    ("columns", "of_amputation"),
    [
        (("count_minor",), True),
        (("count_below_knee", "clock_amputee_year_1"), True),
        (("count_minor", "count_dose"), False),
        (("time_ulcer", "time_below_knee"), False),
    ],
)
def test_what_is_charged_for_amputations_and_nothing_else(columns: tuple[str, ...], of_amputation: bool) -> None:
    """An amputation, or life after it; not what is charged for something else, too."""
    assert Line("care", "price", (), 1.0, columns, (True,), (columns,)).of_amputation is of_amputation
