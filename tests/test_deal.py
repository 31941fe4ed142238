"""Terms of a deal: each acts on costs, on the value-based price and on the budget as it was agreed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from recalculated import Cells, differences, named, needs_libreoffice, shelf_recalculated, stored
from told import workbook_of

from simulator import load_scenario
from simulator.evidence.wholes import cut_limits
from simulator.living.ledger import FIELDS
from simulator.questions.sweep.clinical.clinical_worth import ClinicalWorth
from simulator.questions.value.analysis import EconomicAnalysis, economic_analysis
from simulator.questions.value.consequences.equity import hospital_lives
from simulator.questions.value.consequences.subgroups import SubgroupSums, members, subgroup_lives
from simulator.questions.value.sensitivity.one_way import centre_of, one_way
from simulator.questions.value.sensitivity.views import views_table
from simulator.rules.population.patient import PATIENT
from simulator.run import simulate
from simulator.scenario import Scenario
from simulator.scenario.economics import Deal, Volume
from simulator.telling.page import sentences
from simulator.valuation.cost_items import PRODUCT
from simulator.valuation.deal import SUMS, Refunded, average_share
from simulator.valuation.lives import Simulations, for_money
from simulator.valuation.values import values_of
from simulator.words.errors import BadInput
from simulator.words.findings import Findings

SMALL: dict[str, Any] = {"draws": 10, "patients": 24, "prices": {"pbmnc_kit": 5000.0}}
THREE = ["conservative", "single_dose", "protocol"]
STEPS = [{"above": 12.0, "discount": 0.2}, {"above": 40.0, "discount": 0.45}]
EVERY: dict[str, Any] = {"refund": 0.8, "wasted": 0.2, "repeat_price": 0.7, "volume": STEPS}
"""All terms but a discount, which is a factor as waste is."""


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("ledgers")


made: dict[str, EconomicAnalysis] = {}
"""Analyses by their terms, of which several tests ask for the same."""


def under(cache: Path, **deal: Any) -> EconomicAnalysis:
    if repr(deal) not in made:
        made[repr(deal)] = economic_analysis(asked(deal=deal), 1, Simulations(cache))
    return made[repr(deal)]


def asked(**economics: Any) -> Scenario:
    return load_scenario(policies=THREE, overrides={"economics": SMALL | {"focus": "protocol"} | economics})


@pytest.fixture(scope="module")
def plain(cache: Path) -> EconomicAnalysis:
    return under(cache)


def product(found: EconomicAnalysis, policy: str) -> float:
    table = found.costs
    return float(table[(table["policy"] == policy) & (table["category"] == PRODUCT)]["mean"].sum())


def spent(found: EconomicAnalysis, quantity: str = PRODUCT) -> np.ndarray[Any, Any]:
    table = found.budget.table
    return table[table["quantity"] == quantity]["change"].to_numpy()


def price(found: EconomicAnalysis, option: str) -> float:
    table = found.price[(found.price["view"] == "central") & (found.price["option"] == option)]
    return float(table["price"].iloc[0])


def total(found: EconomicAnalysis, policy: str) -> float:
    return float(found.results.cost[:, found.results.column(policy)].mean())


def test_discount_waste_and_repeats_change_what_is_paid_and_the_list_price(
    plain: EconomicAnalysis, cache: Path
) -> None:
    """A quarter off, a fifth wasted, repeats at half price: a policy of one treatment pays 0.75 / 0.8 as much for products and
    is worth a list price 0.8 / 0.75 as high; one of three pays as much for one and half of that for each repeat."""
    found = under(cache, discount=0.25, wasted=0.2, repeat_price=0.5)
    share = 0.75 / 0.8
    first, every = product(plain, "single_dose"), product(plain, "protocol")
    paid = {"single_dose": share * first, "protocol": share * (first + every) / 2}
    for policy, rel in (("single_dose", 1e-6), ("protocol", 0.02)):
        assert product(found, policy) == pytest.approx(paid[policy], rel=rel)
        less = product(found, policy) / product(plain, policy)
        assert price(found, policy) == pytest.approx(price(plain, policy) / less)
        assert total(found, policy) - total(plain, policy) == pytest.approx((less - 1) * product(plain, policy))
    assert (spent(found) < 0.9 * share * spent(plain)).all()
    assert spent(found, "cell procedure") == pytest.approx(spent(plain, "cell procedure"))


@pytest.mark.parametrize(("treatments", "share"), [(0, 1), (100, 1), (200, 0.9), (400, (100 + 80 + 100) / 400)])
def test_each_treatment_is_paid_by_the_step_it_falls_into(treatments: float, share: float) -> None:
    """Steps act on what lies beyond them, not on the whole volume."""
    volume = (Volume(above=100, discount=0.2), Volume(above=200, discount=0.5))
    assert average_share(volume, treatments) == pytest.approx(share)


def test_price_falls_with_the_treatments_of_each_year(plain: EconomicAnalysis, cache: Path) -> None:
    """In the budget by each year's treatments, in cost-effectiveness by those of a year in which everybody has the policy."""
    found = under(cache, volume=[{"above": 10.0, "discount": 0.5}])
    treatments = plain.budget.people["treatments"].to_numpy()
    shares = np.array([average_share((Volume(above=10.0, discount=0.5),), each) for each in treatments])
    assert spent(found) == pytest.approx(shares * spent(plain))
    for policy in ("single_dose", "protocol"):
        share = product(found, policy) / product(plain, policy)
        doses = plain.lives.ledgers[:, plain.results.column(policy)].mean(axis=0)
        yearly = 100.0 * doses[FIELDS.index("count_dose")]
        assert share == pytest.approx(average_share((Volume(above=10.0, discount=0.5),), yearly))
        assert price(found, policy) == pytest.approx(price(plain, policy) / share)


@pytest.mark.parametrize("when", ["limb_lost", "tcpo2_not_risen"])
def test_money_back_is_counted_person_by_person(when: str) -> None:
    """Treatments paid back, counted again from the tables of patients and events."""
    result = simulate(load_scenario(policies=["conservative", "protocol"]), patients=300, seed=2, keep_patients=True)
    reduce = Refunded(when, 1.0, 0.03, (0.5, 40.0))
    found = reduce(result)["refunded"][0, result.policies.index("protocol")]
    table = result.patients[result.patients["policy"] == "protocol"]
    treated = table[table["doses"] > 0]
    assert found[:, 0].sum() == pytest.approx(treated["doses"].sum() / len(table), rel=0.02)
    if when == "limb_lost":
        failed = treated[treated["amputated_at_years"] - treated["first_dose_at_years"] <= 1.0]
        assert 0.05 < len(failed) / len(treated) < 0.6
        assert found[0, -1] == pytest.approx(len(failed) / len(table))
        assert found[1, -1] == pytest.approx((failed["doses"] - 1).sum() / len(table))
        early = failed[failed["amputated_at_years"] <= 0.5]
        assert found[0, SUMS] == pytest.approx(len(early) / len(table))
        assert found[:, 2].sum() == pytest.approx(treated["doses"].sum() / len(table))
        assert found[0, 3] == found[0, -1] > found[0, 1]
    else:
        # Who cannot recover and does not recover anyway rises by measurement error alone: in about half of them.
        never = treated[(treated["gain_mmhg"] == 0.0)]
        assert 0.3 * len(never) < found[0, -1] * len(table) < 0.8 * len(treated)


def test_money_back_lowers_costs_and_the_budget_and_raises_the_price(plain: EconomicAnalysis, cache: Path) -> None:
    """Everything back where the limb is lost: cheaper by what is paid back, and worth a higher list price."""
    found = under(cache, refund=1.0)
    assert found.back is not None
    half = under(cache, refund=0.5)
    for policy in ("single_dose", "protocol"):
        saved = product(plain, policy) - product(found, policy)
        assert 0.05 < saved / product(plain, policy) < 0.5
        assert product(plain, policy) - product(half, policy) == pytest.approx(saved / 2)
        assert price(found, policy) > price(half, policy) > price(plain, policy)
    assert product(found, "conservative") == 0.0
    assert (spent(found) < spent(plain)).all()
    assert spent(plain) - spent(half) == pytest.approx((spent(plain) - spent(found)) / 2)


def test_a_view_pays_back_what_fails_in_its_own_lives_in_every_table(cache: Path) -> None:
    """At the list price that the sceptical view is worth under money back and a price by volume, the table of views, the
    row of that view and a scenario of one's own that takes it all have no net benefit, and other views have some."""
    first = under(cache, **EVERY)
    priced = first.price[first.price["threshold"] == first.valued_by.threshold]
    worth_it = priced.query("view == 'sceptical' and option == 'protocol'")["price"].iloc[0]
    own = {"mine": {"label": "Mine", "settings": {"evidence": {"view": "sceptical"}}}}
    scenario = asked(deal=EVERY, prices={"pbmnc_kit": float(worth_it)}, scenarios=own)
    found = economic_analysis(scenario, 1, Simulations(cache))
    views = views_table(found.views, found.scenario, found.drawn).query("option == 'protocol'").set_index("view")
    rows = found.scenarios.query("policy == 'protocol'").set_index("scenario")["net_benefit"]
    assert views.loc["sceptical", "net_benefit"] == pytest.approx(0.0, abs=1e-6)
    assert rows["view_sceptical"] == pytest.approx(0.0, abs=1e-6)
    assert rows["mine"] == pytest.approx(0.0, abs=1e-6)
    assert views.loc["optimistic", "net_benefit"] > 100.0
    assert rows["view_optimistic"] == pytest.approx(views.loc["optimistic", "net_benefit"])


FREE_OF_TIME: dict[str, Any] = {
    "discounting": {"effects": 0.0, "costs": 0.0},
    "focus": "protocol",
    "draws": 6,
    "patients": 24,
}


def paid_and_kept(table: Any, within: float = 1.0) -> float:
    """Treatments of a person that are paid for and not paid back, of a table of patients under one policy."""
    failed = table["amputated_at_years"] - table["first_dose_at_years"] <= within
    return float(table["doses"].where(~failed, 0).mean())


def test_each_number_of_the_one_way_analysis_is_paid_back_in_its_own_lives(cache: Path) -> None:
    """Costs at either limit rise with the price by the treatments that do not fail there, counted from tables of patients."""
    two = ["conservative", "protocol"]

    def priced(price: float) -> Scenario:
        asked = FREE_OF_TIME | {"deal": {"refund": 1.0}, "prices": {"pbmnc_kit": price}}
        return load_scenario(policies=two, overrides={"economics": asked})

    scenario, people = for_money(priced(1000.0), values_of(priced(1000.0)).discounting), 96
    free, dear = (one_way(scenario, values_of(priced(price)), Simulations(cache), people, 1) for price in (0.0, 1000.0))
    usual = centre_of(scenario, 1)
    rows = free.tornado.query("name == 'amputation_rate'").iloc[0]
    limits = [usual, *(usual | {"amputation_rate": float(rows[end])} for end in ("low", "high"))]
    draws = scenario.parameter_draws(cut_limits(pd.DataFrame(limits), usual))
    result = simulate(scenario, patients=people, seed=1, draws=draws, keep_patients=True)
    treated = result.patients[result.patients["policy"] == "protocol"]
    kept = [paid_and_kept(treated[treated["draw"] == draw]) for draw in range(3)]
    assert kept[2] < kept[0] < kept[1]
    slopes = {}
    for end in ("cost_at_low", "cost_at_high"):
        ends = [one.tornado.query("name == 'amputation_rate'")[end].iloc[0] for one in (free, dear)]
        slopes[end] = (ends[1] - ends[0]) / 1000.0
    assert slopes["cost_at_low"] == pytest.approx(kept[1] - kept[0], abs=1e-9)
    assert slopes["cost_at_high"] == pytest.approx(kept[2] - kept[0], abs=1e-9)
    base = [float(one.base.cost[0, 1] - one.base.cost[0, 0]) for one in (free, dear)]
    assert (base[1] - base[0]) / 1000.0 == pytest.approx(kept[0], abs=1e-9)


def test_money_back_is_counted_by_subgroup_in_its_own_people() -> None:
    """Of women and of men, and of everybody at once, what is paid for and paid back is what tables of patients say."""
    result = simulate(load_scenario(policies=["conservative", "protocol"]), patients=300, seed=2, keep_patients=True)
    back = SubgroupSums(Refunded("limb_lost", 1.0, 0.0, ()))(result)["back"][0].sum(axis=0)
    people = result.patients[result.patients["policy"] == "protocol"]
    groups = list(members(np.zeros(0, PATIENT)))
    for group, male in ((("everybody", "all"), (0, 1)), (("sex", "women"), (0,)), (("sex", "men"), (1,))):
        own = people[people["male"].isin(male)]
        found = back[1, groups.index(group), :, 2:].sum(axis=0)
        assert found[0] == own["doses"].sum()
        assert found[0] - found[1] == pytest.approx(len(own) * paid_and_kept(own))


def test_subgroups_and_hospitals_pay_on_the_terms_of_the_deal(cache: Path) -> None:
    """What money back saves in each subgroup, and at hospitals, is the price of what fails in their own lives; by volume all
    subgroups pay the price of everybody's treatments."""

    def analysis(deal: dict[str, Any]) -> EconomicAnalysis:
        asked = FREE_OF_TIME | {"deal": deal, "prices": {"pbmnc_kit": 5000.0}}
        two = ["conservative", "protocol"]
        return economic_analysis(load_scenario(policies=two, overrides={"economics": asked}), 1, Simulations(cache))

    plain, back, volume = (
        analysis(deal) for deal in ({}, {"refund": 1.0}, {"volume": [{"above": 0, "discount": 0.4}]})
    )
    groups = subgroup_lives(back.scenario, back.lives.parameters, 48, 1, Simulations(cache))
    assert groups.back is not None
    # Means over people of all draws and halves.
    people = groups.people.sum(axis=(0, 1))
    failed = 5000.0 * groups.back[:, :, 1, :, :, 3].sum(axis=(0, 1, -1)) / people
    given = groups.back[:, :, 1, :, :, 2].sum(axis=(0, 1, -1)) / people
    tables = [one.subgroups.set_index(["subgroup", "level"])["incremental_cost"] for one in (plain, back, volume)]
    saved, cheaper = tables[0] - tables[1], tables[0] - tables[2]
    everybody = saved["everybody", "all"]
    for g, group in enumerate(groups.groups):
        if people[g] > 0:
            # Every level bears what everybody's increment is short of the base case by the treatments given to it.
            spread = given[g] / given[0]
            assert saved[group] == pytest.approx(failed[g] + spread * (everybody - failed[0]), rel=1e-9, abs=1e-9), (
                group
            )
            assert cheaper[group] == pytest.approx(spread * cheaper["everybody", "all"], rel=1e-9, abs=1e-9), group
    assert 0.0 < saved["sex", "women"] != pytest.approx(saved["sex", "men"], rel=1e-3)
    for one in (plain, back, volume):
        thirds = one.equity.groups.query("grouping == 'hospital'")
        new = one.scenarios.query("scenario == 'centre_new'").iloc[0]
        assert (thirds["share"] * thirds["incremental_cost"]).sum() == pytest.approx(new["incremental_cost"])
    elsewhere = hospital_lives(back.scenario, 6, 48, 1, Simulations(cache))
    assert elsewhere is not None and elsewhere.lives.back is not None
    most = np.argsort(elsewhere.amputation, kind="stable")[4:]
    people = elsewhere.lives.people[:, :, 0].sum(axis=0)
    paid, failed = (5000.0 * elsewhere.lives.back[:, :, 1, 0, :, k].sum(axis=(0, -1)) for k in (2, 3))
    among = [failed[some].sum() / people[some].sum() for some in (most, slice(None))]
    part = (paid[most].sum() / people[most].sum()) / (paid.sum() / people.sum())
    rows = [one.scenarios.query("scenario == 'centre_new'")["incremental_cost"].iloc[0] for one in (plain, back)]
    last = [one.equity.groups.query("grouping == 'hospital'")["incremental_cost"].iloc[-1] for one in (plain, back)]
    assert last[0] - last[1] == pytest.approx(among[0] + part * (rows[0] - rows[1] - among[1]), rel=1e-9)


def test_what_comes_back_late_weighs_more_undiscounted(cache: Path) -> None:
    """Money comes back after it is paid: undiscounted a greater share of the price does, in totals and in that scenario."""
    found = under(cache, refund=1.0)
    left = found.valued_by.left
    assert found.back is not None and left is not None
    treated = [found.results.column(policy) for policy in ("single_dose", "protocol")]
    assert (left.back_undiscounted[:, treated].mean(axis=0) > left.back[:, treated].mean(axis=0)).all()
    assert left.back_undiscounted[:, treated].mean() < 1.15 * left.back[:, treated].mean()
    plain = found.back.counts[..., 2:].sum(axis=-2)[:, treated]
    assert left.back_undiscounted[:, treated] == pytest.approx(plain[..., 1] / plain[..., 0])
    totals = found.totals.set_index(["option", "quantity"])["mean"]
    more = {name: totals[name, "cost_undiscounted"] for name in ("conservative", "protocol")}
    row = found.scenarios.query("scenario == 'undiscounted' and policy == 'protocol'")["incremental_cost"].iloc[0]
    assert row == pytest.approx(more["protocol"] - more["conservative"])


def test_questions_that_do_not_count_failures_refuse_such_terms() -> None:
    """Costs of a sensitivity study under money back or a price by volume would be those without: refused by name."""
    deal = {"refund": 0.5, "volume": [{"above": 10.0, "discount": 0.5}]}
    scenario = load_scenario(overrides={"economics": {"deal": deal}})
    with pytest.raises(BadInput) as refused:
        ClinicalWorth.of(scenario)
    assert {problem.key for problem in refused.value.problems} == {"refund", "volume"}
    ClinicalWorth.of(load_scenario(overrides={"economics": {"deal": {"discount": 0.5}}}))


@pytest.fixture(scope="module")
def recalculated_books(plain: EconomicAnalysis, cache: Path, tmp_path_factory: pytest.TempPathFactory) -> list[Cells]:
    """By one start of LibreOffice: the workbook with every term as written and with others typed into it, and the workbook
    without terms with a step of volume typed into it."""
    content = workbook_of(with_terms(cache), "Terms")
    terms = {name: value for name, value in EVERY.items() if name != "volume"} | {"discount": 0.0}
    changes = {named(content, f"deal_{name}"): value for name, value in terms.items()}
    for row, step in enumerate(STEPS, 6):
        changes |= {("Terms", f"B{row}"): step["above"], ("Terms", f"C{row}"): step["discount"]}
    step = {("Terms", "B6"): 10.0, ("Terms", "C6"): 0.5}
    books = {"terms": (content, [{}, changes]), "plain": (workbook_of(plain, "Plain"), [step])}
    found = shelf_recalculated(books, tmp_path_factory.mktemp("books"))
    return [*found["terms"], *found["plain"]]


def with_terms(cache: Path) -> EconomicAnalysis:
    step = {"above": 30.0, "discount": 0.3}
    return under(cache, refund=0.5, discount=0.1, wasted=0.1, repeat_price=0.5, volume=[step])


@needs_libreoffice
def test_workbook_follows_all_terms_when_they_are_changed_by_hand(recalculated_books: list[Cells], cache: Path) -> None:
    """With every term at once the formulas give the analysis; other steps of volume, repeats, waste and money back typed into
    cells give the analysis of those terms, in costs, prices and every row of the budget."""
    found, other = with_terms(cache), under(cache, **EVERY)
    same, changed, _ = recalculated_books
    assert differences(stored(workbook_of(found, "Terms")), same) == []
    for cells, analysis in ((same, found), (changed, other)):
        shown = [cells["Results", f"B{5 + p}"] for p in range(3)]
        assert shown == pytest.approx(analysis.results.cost.mean(axis=0).tolist(), rel=1e-12)
        leading = analysis.price[analysis.price["threshold"] == analysis.valued_by.threshold]
        prices = leading[leading["view"] == "central"]["price"].tolist()
        assert [cells["Price", f"E{6 + p}"] for p in range(2)] == pytest.approx(prices, rel=1e-9)
        rows = {
            cells["Budget", place]: int(place[1:]) for sheet, place in cells if sheet == "Budget" and place[0] == "A"
        }
        for quantity, label in (("total", "Total"), (PRODUCT, PRODUCT)):
            change = [cells["Budget", f"{letter}{rows[label]}"] for letter in "CDEFG"]
            assert change == pytest.approx(spent(analysis, quantity).tolist(), rel=1e-9)


@needs_libreoffice
def test_price_by_volume_is_live_where_the_command_had_none(recalculated_books: list[Cells], cache: Path) -> None:
    """A step typed into the workbook of an analysis without terms gives the analysis with that step."""
    other = under(cache, volume=[{"above": 10.0, "discount": 0.5}])
    shown = [recalculated_books[2]["Results", f"B{5 + p}"] for p in range(3)]
    assert shown == pytest.approx(other.results.cost.mean(axis=0).tolist(), rel=1e-12)


def test_terms_that_cannot_be_are_refused() -> None:
    """Steps out of order, shares beyond one and words that are no condition, all at once."""
    deal = {"discount": 1.5, "wasted": 1.0, "refund_when": "unhappy"}
    with pytest.raises(BadInput) as refused:
        load_scenario(overrides={"economics": {"deal": deal}})
    assert {problem.key.split(".")[-1] for problem in refused.value.problems} == {"discount", "wasted", "refund_when"}
    steps = [{"above": 20.0, "discount": 0.1}, {"above": 10.0, "discount": 0.2}]
    with pytest.raises(BadInput, match="rising numbers"):
        load_scenario(overrides={"economics": {"deal": {"volume": steps}}})


def told(deal: Deal) -> str:
    """The sentence of a deal's terms, as reports and the console have it."""
    return sentences(
        Findings("value", {}, {"deal": deal.model_dump(), "policies": [], "reference": "conservative"}), "terms"
    )


def test_terms_in_words() -> None:
    """Those that there are, in one sentence; none where the price is the list price."""
    assert told(Deal()) == ""
    step = Volume(above=100, discount=0.2)
    deal = Deal(discount=0.1, wasted=0.25, repeat_price=0.5, volume=(step,), refund=0.4, refund_within_years=2.0)
    assert told(deal) == (
        "Terms of the deal on the cell product: 10.0% off the list price; 25.0% of bought kits treat nobody; "
        "repeats at 50.0% of the first; 20.0% less beyond 100 treatments a year; "
        "40.0% paid back where the treated limb is lost within 2 years. Value-based prices are list prices under them."
    )
    assert "less beyond 1,250,000 treatments a year" in told(Deal(volume=(Volume(above=1_250_000, discount=0.2),)))
    assert "where the treated limb is lost within one year." in told(Deal(refund=1.0))
    assert "where measured TcPO2 has not risen after the last treatment." in told(
        Deal(refund=1.0, refund_when="tcpo2_not_risen")
    )
