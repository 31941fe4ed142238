"""Ledgers of one event or one year each, valued by hand with the payer's own prices and utilities."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from simulator import load_scenario
from simulator.questions.value.consequences.budget import SITE, _pay_back, budget_impact, budget_lives, site_cost
from simulator.questions.value.consequences.disaggregated import by_state, dialysis, events
from simulator.scenario.economics import Budget, Deal, People, Volume
from simulator.scenario.scenario import Scenario
from simulator.scenario.therapies import step_columns
from simulator.valuation.deal import PARTS, SUMS, MoneyBack
from simulator.valuation.lives import Lives
from simulator.valuation.valuation import (
    BESIDE,
    COLUMN,
    SessionLoss,
    Worth,
    check_events,
    cost_table,
    costs_summed,
    item_costs,
    people_treated,
    qalys_by_part,
    session_losses,
    times_given,
    totals_table,
    with_price_apart,
    worth,
)
from simulator.valuation.values import Drawn, LeftToPay, Money, Values, values_of
from simulator.words.errors import BadInput

POLICIES = ("conservative", "protocol")


@cache
def base() -> tuple[Scenario, Values, Drawn]:
    """Two policies by the Italian payer, without adjustment for age, its numbers as one draw."""
    scenario = load_scenario(policies=POLICIES)
    values = replace(values_of(scenario), age_adjusted=False)
    return scenario, values, values.at_base()


def ledgers(*rows: dict[str, float]) -> np.ndarray:
    """One draw; under each policy these columns."""
    found = np.zeros((1, len(POLICIES), len(COLUMN)))
    for policy, row in enumerate(rows):
        for name, value in row.items():
            found[0, policy, COLUMN[name]] = value
    return found


def price(name: str) -> float:
    return base()[1].perspective.prices[name].value


def utility(name: str) -> float:
    return base()[1].utility_set.states[name].value


def parameters() -> np.ndarray:
    return base()[0].parameter_draws()[:1]


def a_treatment() -> float:
    """Kit, theatre and anaesthesia, and the complications of a harvest."""
    therapy = base()[1].therapies["pbmnc"]
    place = list(base()[1].therapies).index("pbmnc")
    complication = float(parameters()["therapies"][0, place]["complication"])
    assert therapy is not None
    theatre = price("theatre_hour") * price("theatre_hours_per_treatment") + price("anaesthesia_per_treatment")
    return price("pbmnc_kit") + theatre + complication * price("harvest_complication")


def lost_by_a_treatment() -> float:
    """QALYs: injections into muscle cost so much for so many days of each session, which people complete in part."""
    own = parameters()["therapies"][0, list(base()[1].therapies).index("intramuscular")]
    sessions = own["sessions"] * (1.0 + own["completion"]) / 2.0
    return float(own["utility_loss"] * own["utility_loss_days"] / 365.25 * sessions)


def test_events_and_years_are_counted_times_their_price() -> None:
    """Half a treatment, a tenth of an amputation below and of one above the knee, two years of an ulcer and on dialysis."""
    _, values, drawn = base()
    row = {
        "cost_count_dose": 0.5,
        "cost_count_below_knee_amputation": 0.1,
        "cost_count_above_knee_amputation": 0.1,
        "cost_ulcer": 2.0,
        "cost_clock_dialysis": 2.0,
        "effect_ulcer": 1.9,
        "effect_clock_dialysis": 1.5,
        "effect_count_dose": 0.5,
    }
    found = worth(ledgers({}, row), parameters(), drawn, values)
    leg = price("major_amputation_admission")
    cost = 0.5 * a_treatment() + 0.1 * leg * (1.0 + price("above_knee_ratio"))
    cost += 2.0 * 12.0 * price("wound_all_in_month") + 2.0 * price("dialysis_year")
    assert found.cost[0] == pytest.approx([0.0, cost])
    beside = 1.5 * utility("on_dialysis") + 0.5 * lost_by_a_treatment()
    assert lost_by_a_treatment() > 0.0
    assert found.qalys[0] == pytest.approx([0.0, 1.9 * utility("ulcer") - beside], rel=1e-12)
    assert found.life_years[0].tolist() == [0.0, 1.9]
    assert found.cost.shape == found.qalys.shape == found.life_years.shape == (1, 2)
    parts = qalys_by_part(ledgers({}, row), parameters(), drawn, values)
    assert parts[0, 1].sum() == pytest.approx(found.qalys[0, 1]) and parts[0, 1, -1] == pytest.approx(-beside)


def test_undiscounted_columns_and_other_money() -> None:
    """The plain columns where nothing is discounted; twice the amounts in money worth half."""
    _, values, drawn = base()
    row = {"count_dose": 2.0, "cost_count_dose": 1.0, "time_ulcer": 3.0, "effect_ulcer": 1.0}
    plain = worth(ledgers({}, row), parameters(), drawn, replace(values, discounted=False))
    assert plain.cost[0, 1] == pytest.approx(2.0 * a_treatment() + 36.0 * price("wound_all_in_month"))
    assert plain.qalys[0, 1] == pytest.approx(3.0 * utility("ulcer") - 2.0 * lost_by_a_treatment())
    assert plain.life_years[0, 1] == 3.0
    other = worth(ledgers({}, row), parameters(), drawn, replace(values, money=Money("CHF", 2024, 2.0)))
    assert other.cost[0, 1] == pytest.approx(2.0 * a_treatment())
    assert other.qalys[0, 1] == pytest.approx(utility("ulcer"))


def test_sessions_and_complications_that_hurt() -> None:
    """Of ten sessions those who do not complete them, two fifths, have half: eight; each takes 0.1 for five days. A fifth have a
    complication, which takes 0.3 for thirty days. Undiscounted counts where nothing is discounted."""
    _, values, drawn = base()
    numbers = parameters().copy()
    own = numbers["therapies"][0, list(values.therapies).index("intramuscular")]
    for name, value in {
        **{"sessions": 10.0, "completion": 0.6, "utility_loss": 0.1, "utility_loss_days": 5.0},
        **{"complication": 0.2, "complication_utility_loss": 0.3, "complication_utility_loss_days": 30.0},
    }.items():
        own[name] = value
    numbers["therapies"][0, list(values.therapies).index("intramuscular")] = own
    taken = (8.0 * 0.1 * 5.0 + 0.2 * 0.3 * 30.0) / 365.25
    row = {"effect_count_dose": 2.0, "count_dose": 3.0}
    found = worth(ledgers({}, row), numbers, drawn, values)
    assert found.qalys[0] == pytest.approx([0.0, -2.0 * taken])
    plain = worth(ledgers({}, row), numbers, drawn, replace(values, discounted=False))
    assert plain.qalys[0] == pytest.approx([0.0, -3.0 * taken])


def test_each_draw_is_valued_by_itself() -> None:
    """Two draws, in the second of which twice as much happens: doses, losses, costs by item and their means."""
    _, values, drawn = base()
    row = {"cost_count_dose": 1.0, "effect_count_dose": 1.0, "cost_ulcer": 1.0, "effect_ulcer": 1.0}
    once = ledgers({}, row)
    both = np.concatenate([once, 2.0 * once])
    assert times_given(both, values).tolist() == [[0.0, 1.0], [0.0, 2.0]]
    alone, found = (worth(each, parameters(), drawn, values) for each in (once, both))
    for part in ("cost", "qalys", "life_years"):
        first = getattr(alone, part)
        assert getattr(found, part) == pytest.approx(np.concatenate([first, 2.0 * first]))
    items = item_costs(both, parameters(), drawn, values)
    table = cost_table(items, 3.0 * items, values)
    assert table["undiscounted"].tolist() == pytest.approx((3.0 * table["mean"]).tolist())
    assert table.groupby("policy")["mean"].sum()["protocol"] == pytest.approx(1.5 * alone.cost[0, 1])
    every_week = parameters().copy()
    every_week["later_visit_interval_days"] = 7.0
    visits = {"cost_healed": 1.0}
    weekly = worth(ledgers({}, visits), every_week, drawn, values).cost[0, 1]
    assert weekly == pytest.approx(365.25 / 7.0 * price("tcpo2_visit"))


def test_the_price_of_a_kit_apart() -> None:
    """Costs without it, and how often it is paid, whatever the money."""
    _, values, drawn = base()
    for money in (Money("EUR", 2024, 1.0), Money("CHF", 2024, 2.0)):
        without, often = with_price_apart(
            ledgers({}, {"cost_count_dose": 1.5}), parameters(), drawn, replace(values, money=money), "pbmnc_kit"
        )
        assert often[0] == pytest.approx([0.0, 1.5]) and often.shape == without.cost.shape == (1, 2)
        assert without.cost[0, 1] == pytest.approx(1.5 * money.factor * (a_treatment() - price("pbmnc_kit")))


def test_who_is_treated_and_how_often() -> None:
    """Discounted or plain doses of cells under the policy that gives them; nobody under care without."""
    _, values, _ = base()
    row = {"count_dose": 2.0, "cost_count_dose": 1.9, "count_treated": 0.7, "cost_count_treated": 0.6}
    assert times_given(ledgers(row, row), values)[0].tolist() == [0.0, 1.9]
    assert times_given(ledgers(row, row), replace(values, discounted=False))[0].tolist() == [0.0, 2.0]
    assert people_treated(ledgers(row, row), values)[0].tolist() == [0.0, 0.7]


def test_costs_by_item_add_up_and_a_share_of_the_product_is_paid() -> None:
    """Items sum to the cost; with 80% of the product's price left to pay a fifth of the kit is saved, and nothing else."""
    _, values, drawn = base()
    row = {"cost_count_dose": 1.0, "cost_ulcer": 1.0}
    items = item_costs(ledgers(row, row), parameters(), drawn, values)
    whole = worth(ledgers(row, row), parameters(), drawn, values)
    assert items.sum(axis=-1) == pytest.approx(whole.cost)
    # A tenth off by volume and a ninth back; undiscounted a third back.
    left = LeftToPay(np.array([[1.0, 0.9]]), np.array([[0.0, 1 / 9]]), np.array([[0.0, 1 / 3]]))
    shared = replace(values, left=left)
    less = worth(ledgers(row, row), parameters(), drawn, shared).cost - whole.cost
    assert less[0] == pytest.approx([0.0, -0.2 * price("pbmnc_kit")])
    assert item_costs(ledgers(row, row), parameters(), drawn, shared).sum(axis=-1) - whole.cost == pytest.approx(less)
    plain = replace(values, discounted=False)
    undiscounted = [
        worth(ledgers({}, {"count_dose": 1.0}), parameters(), drawn, each).cost
        for each in (plain, replace(plain, left=left))
    ]
    assert (undiscounted[1] - undiscounted[0])[0] == pytest.approx([0.0, -0.4 * price("pbmnc_kit")])
    table = cost_table(items, 2.0 * items, values)
    assert table.groupby("policy")["mean"].sum().tolist() == pytest.approx([whole.cost[0, 0], whole.cost[0, 1]])
    assert table["undiscounted"].tolist() == pytest.approx((2.0 * table["mean"]).tolist())
    wound = table[(table["policy"] == "protocol") & (table["category"] == "wound care") & (table["state"] == "ulcer")]
    assert wound["mean"].tolist() == pytest.approx([12.0 * price("wound_all_in_month")])
    assert wound["kind"].tolist() == ["running"]
    summed = costs_summed(table, ["category"]).set_index(["policy", "category"])["mean"]
    assert summed["protocol", "total"] == pytest.approx(whole.cost[0, 1])
    assert summed["protocol", "cell product"] == pytest.approx(price("pbmnc_kit"))
    by_two = costs_summed(table, ["category", "state"])
    assert by_two.index.tolist() == list(range(len(by_two))) and by_two["policy"].iloc[-2:].tolist() == list(POLICIES)
    assert by_two[["category", "state"]].iloc[-1].tolist() == ["total", ""]
    assert by_two["category"].iloc[0] == table["category"].iloc[0]
    renamed = table.assign(policy=table["policy"].map({"conservative": "usual", "protocol": "cells"}))
    assert costs_summed(renamed, ["category"])["policy"].iloc[-2:].tolist() == ["usual", "cells"]
    # In two draws two shares of the price are left to pay.
    drawn_left = LeftToPay(np.array([[1.0, 0.9], [1.0, 0.4]]), np.array([[0.0, 0.0]]), np.array([[0.0, 0.0]]))
    two_draws = np.repeat(parameters(), 2)
    twice = (
        worth(np.repeat(ledgers(row, row), 2, 0), two_draws, drawn, replace(values, left=drawn_left)).cost - whole.cost
    )
    assert twice[:, 1] == pytest.approx([-0.1 * price("pbmnc_kit"), -0.6 * price("pbmnc_kit")])


def test_an_event_without_a_price_stops_the_analysis() -> None:
    """Cells that care without any gives are charged by nobody there; where there are none nothing is said."""
    _, values, drawn = base()
    with pytest.raises(BadInput) as caught:
        worth(ledgers({"count_dose": 0.01}, {}), parameters(), drawn, values)
    assert [problem.key for problem in caught.value.problems] == ["policy conservative, dose"]
    assert caught.value.problems[0].value == "has no price"
    assert caught.value.problems[0].allowed == "a price of dose under this policy"
    unpriced = {"conservative": ("below_knee_amputation",), "protocol": ()}
    lost_leg: Any = SimpleNamespace(policies=values.policies, unpriced=unpriced, perspective=values.perspective)
    with pytest.raises(BadInput, match="a price of below knee amputation under this policy"):
        check_events(ledgers({"count_below_knee_amputation": 0.01}, {}), lost_leg)
    one_of_two = np.concatenate([ledgers({}, {}), ledgers({"count_dose": 0.01}, {})])
    with pytest.raises(BadInput):
        worth(one_of_two, parameters(), drawn, values)
    worth(ledgers({}, {"count_dose": 0.01}), parameters(), drawn, values)


def test_of_several_events_those_without_a_price_are_named() -> None:
    """Of three that could happen one does in the first of four draws and another in the last."""
    _, values, _ = base()
    events = ("below_knee_amputation", "above_knee_amputation", "minor_amputation")
    unpriced = {"conservative": events, "protocol": ()}
    payer: Any = SimpleNamespace(policies=values.policies, unpriced=unpriced, perspective=values.perspective)
    quiet = ledgers({}, {})
    first, last = (ledgers({f"count_{events[place]}": 0.01}, {}) for place in (0, 2))
    with pytest.raises(BadInput) as caught:
        check_events(np.concatenate([first, quiet, quiet, last]), payer)
    named = [problem.key for problem in caught.value.problems]
    assert named == ["policy conservative, below_knee_amputation", "policy conservative, minor_amputation"]
    check_events(np.concatenate([quiet] * 4), payer)


def test_totals_of_two_draws() -> None:
    """Means and errors of costs, effects and years of each policy, discounted and not."""
    two = Worth(np.array([[1.0, 3.0], [2.0, 5.0]]), np.array([[1.0, 1.0], [1.0, 2.0]]), np.array([[4.0, 5.0]] * 2))
    plain = Worth(2.0 * two.cost, 3.0 * two.qalys, 4.0 * two.life_years)
    table = totals_table(two, plain, POLICIES).set_index(["option", "quantity"])
    assert table.loc[("protocol", "cost"), "mean"] == 4.0 and table.loc[("protocol", "cost"), "se"] == 1.0
    assert table.loc[("protocol", "effect_undiscounted"), "mean"] == 4.5
    assert table.loc[("conservative", "life_years_undiscounted"), "mean"] == 16.0


# --- budget ---------------------------------------------------------------------------------------------------------


def year_by_year(*without_and_with: tuple[dict[str, float], dict[str, float]]) -> list[Lives]:
    """Lives followed to half a year, one and a half, ...: cumulative columns under both policies."""
    nothing = np.zeros((1, 1, 2, 0))
    return [Lives(POLICIES, ledgers(*rows)[None], nothing, nothing, parameters(), 1) for rows in without_and_with]


HALF = ({"time_ulcer": 0.5}, {"time_ulcer": 0.3, "count_dose": 1.0, "count_treated": 0.8})
MORE = ({"time_ulcer": 0.9}, {"time_ulcer": 0.4, "count_dose": 1.5, "count_treated": 0.9})


def budget(**changed: object) -> tuple[object, Values, Drawn]:
    _, values, drawn = base()
    deal = changed.pop("deal", Deal())
    values = replace(values, deal=deal)  # type: ignore[arg-type]
    people = People(per_year=10.0, waiting=4.0, years=2.0)
    given = {"uptake": (0.5, 1.0), "centres": 2} | changed
    found = budget_impact(year_by_year(HALF, MORE), "protocol", drawn, values, people, Budget(**given))  # type: ignore[arg-type]
    return found, values, drawn


def test_two_years_of_a_budget_by_hand() -> None:
    """14 people in the first year and 10 in the second, half and all of them under the policy; each cohort grows older."""
    found, _, _ = budget()
    month = price("wound_all_in_month")
    wound = found.table[found.table["quantity"] == "wound care"]  # type: ignore[attr-defined]
    # Years of an ulcer: 0.5 at first and 0.4 in the second year of care; 0.3 and 0.1 under the policy.
    assert wound["without"].tolist() == pytest.approx([14 * 0.5 * 12 * month, (10 * 0.5 + 14 * 0.4) * 12 * month])
    change = [7 * -0.2 * 12 * month, (10 * -0.2 + 7 * -0.3) * 12 * month]
    assert wound["change"].tolist() == pytest.approx(change)
    assert (wound["with"] - wound["without"]).tolist() == pytest.approx(change)
    cells = found.table[found.table["quantity"] == "cell product"]  # type: ignore[attr-defined]
    assert cells["change"].tolist() == pytest.approx([7 * price("pbmnc_kit"), (10 + 3.5) * price("pbmnc_kit")])
    people = found.people  # type: ignore[attr-defined]
    assert people["referred"].tolist() == [14.0, 10.0] and people["offered"].tolist() == [7.0, 10.0]
    assert people["treated"].tolist() == pytest.approx([5.6, 8.0])
    assert people["treatments"].tolist() == pytest.approx([7.0, 13.5])
    total = found.table[found.table["quantity"] == "total"].set_index("year")["change"]  # type: ignore[attr-defined]
    parts = found.table[found.table["quantity"] != "total"].groupby("year")["change"].sum()  # type: ignore[attr-defined]
    assert total.tolist() == pytest.approx(parts.tolist()) and total.index.tolist() == [1, 2]


def test_treatments_are_no_more_than_there_are() -> None:
    """Eight a year: all 7 of the first year's; 3.5 of the second's are owed, so that 4.5 of ten new people are begun."""
    found, _, _ = budget(treatments_per_year=8.0)
    people = found.people  # type: ignore[attr-defined]
    assert people["uptake"].tolist() == pytest.approx([0.5, 0.45]) and people["treatments"].tolist() == [7.0, 8.0]


def test_a_price_that_falls_with_volume() -> None:
    """Beyond five treatments a year at half price: 7 cost 6 kits, 13.5 cost 9.25."""
    found, _, _ = budget(deal=Deal(volume=(Volume(above=5, discount=0.5),)))
    cells = found.table[found.table["quantity"] == "cell product"]  # type: ignore[attr-defined]
    assert cells["change"].tolist() == pytest.approx([6 * price("pbmnc_kit"), 9.25 * price("pbmnc_kit")])
    assert found.price_shares == (  # type: ignore[attr-defined]
        (1.0, pytest.approx(6 / 7)),
        (1.0, pytest.approx(9.25 / 13.5)),
    )


def test_what_is_paid_back_is_taken_off_the_product_once() -> None:
    """A fifth of a kit in the first year of care, of the product only and under the policy that gives it."""
    _, values, drawn = base()
    costs = [np.zeros((1, 2, len(values.items))) for _ in range(2)]
    failed = np.zeros((2, 1, 2, 2))
    failed[0, 0, 1] = (0.4, 0.0)
    back = MoneyBack(Deal(refund=0.5), np.zeros((1, 2, PARTS, SUMS)), failed)
    _pay_back(costs, back, drawn, values, [0, 1])
    assert costs[0].sum(axis=-1)[0] == pytest.approx([0.0, -0.2 * price("pbmnc_kit")])
    product = [item.category for item in values.items].index("cell product")
    assert costs[0][0, 1, product] == pytest.approx(-0.2 * price("pbmnc_kit")) and not costs[1].any()


def test_a_policy_that_buys_its_cells_sets_up_no_site() -> None:
    """Nothing to pay once."""
    _, values, _ = base()
    assert site_cost(values.policies["protocol"], values, 3) == 0.0


def test_a_centre_that_makes_its_cells_sets_up_a_site_in_the_first_year() -> None:
    """Two centres, in money worth half: a row of its own, the same in every draw, inside the total of the first year alone."""
    _, values, _ = base()
    own = values.policies["protocol"]
    made = own.model_copy(update={"cell_therapy": own.cell_therapy.model_copy(update={"product": "mobilised_pbmnc"})})
    values = replace(values, policies=dict(values.policies) | {"protocol": made}, money=Money("CHF", 2024, 0.5))
    site = 2 * 0.5 * (price("gmp_validation") + price("gmp_media_fill"))
    assert site_cost(made, values, 2) == pytest.approx(site) and site > 0.0
    people = People(per_year=10.0, waiting=0.0, years=2.0)
    plan = Budget(uptake=(1.0, 1.0), centres=2)
    table = budget_impact(year_by_year(HALF, MORE), "protocol", values.at_base(), values, people, plan).table
    row = table[table["quantity"] == SITE]
    assert row[["year", "without", "with", "change"]].to_numpy().tolist() == [[1, 0.0, site, site]]
    parts = table[table["quantity"] != "total"].groupby("year")["change"].sum()
    total = table[table["quantity"] == "total"].set_index("year")["change"]
    assert total.tolist() == pytest.approx(parts.tolist())


def test_both_policies_buy_what_falls_with_volume() -> None:
    """The reference gives everybody a treatment, half are given two: five of ten are at half price, and ten of fifteen."""
    scenario = load_scenario(policies=("single_dose", "protocol"))
    values = replace(values_of(scenario), age_adjusted=False, deal=Deal(volume=(Volume(above=5, discount=0.5),)))
    rows = ({"count_dose": 1.0, "count_treated": 1.0}, {"count_dose": 2.0, "count_treated": 0.9})
    two_draws = np.concatenate([ledgers(*rows)] * 2)
    nothing = np.zeros((1, 2, 2, 0))
    lives = Lives(("single_dose", "protocol"), two_draws[None], nothing, nothing, np.repeat(parameters(), 2), 1)
    people, plan = People(per_year=10.0, waiting=0.0, years=1.0), Budget(uptake=(0.5,), centres=1)
    found = budget_impact([lives], "protocol", values.at_base(), values, people, plan)
    kit = found.table.set_index("quantity").loc["cell product"]
    bought = price("pbmnc_kit")
    assert found.price_shares == ((pytest.approx(7.5 / 10), pytest.approx(10.0 / 15)),)
    assert (kit["without"], kit["with"]) == (pytest.approx(7.5 * bought), pytest.approx(10.0 * bought))
    assert found.people["treated"].tolist() == pytest.approx([4.5])


def test_money_back_lowers_the_budget() -> None:
    """Two fifths of a treatment fail in the first year and half their price comes back, once, in a whole budget."""
    _, values, drawn = base()
    failed = np.zeros((2, 1, 2, 2))
    failed[0, 0, 1] = (0.4, 0.0)
    back = MoneyBack(Deal(refund=0.5), np.zeros((1, 2, PARTS, SUMS)), failed)
    people, plan = People(per_year=10.0, waiting=0.0, years=1.0), Budget(uptake=(1.0,), centres=1)
    lives = year_by_year(HALF)
    plain, paid = (budget_impact(lives, "protocol", drawn, values, people, plan, of).table for of in (None, back))
    change = paid.set_index("quantity")["change"] - plain.set_index("quantity")["change"]
    assert change["total"] == change["cell product"] == pytest.approx(-10 * 0.2 * price("pbmnc_kit"))
    # What a product costs may stand in two items, as where repeats are cheaper: it comes back once all the same.
    (item,) = (each for each in values.items if each.category == "cell product" and each.money == "pbmnc_kit")
    twice = SimpleNamespace(items=(item, item), policies=values.policies, money=Money("CHF", 2024, 2.0))
    costs = [np.zeros((1, 2, 2)) for _ in range(2)]
    _pay_back(costs, back, drawn, twice, [0, 1])  # type: ignore[arg-type]
    assert costs[0].sum() == pytest.approx(-0.4 * price("pbmnc_kit"))


def test_lives_of_a_budget_end_in_the_middle_of_each_year() -> None:
    """The reference and the policy in the same people, followed for half a year and one and a half."""
    scenario, _, _ = base()
    asked: list[tuple[Any, ...]] = []
    simulations: Any = SimpleNamespace(probabilistic=lambda *words: asked.append(words) or len(asked))
    assert budget_lives(scenario, "protocol", 3, 20, 7, simulations)[:2] == [1, 2]
    assert len(asked) == len(scenario.settings.economics.budget.uptake)
    for year, (called, cut, rows, patients, seed) in enumerate(asked):
        assert (called, patients, seed, len(rows)) == (f"Budget, year {year + 1}", 20, 7, 3)
        assert cut.settings.follow_up.horizon_years == year + 0.5
        assert cut.compare == (scenario.reference, "protocol")


# --- where it is lived ----------------------------------------------------------------------------------------------


def lives_of(*rows: dict[str, float]) -> Lives:
    nothing = np.zeros((1, 1, 2, 0))
    return Lives(POLICIES, ledgers(*rows)[None], nothing, nothing, parameters(), 1)


def test_years_and_qalys_by_state() -> None:
    """Two years with an ulcer of which 1.8 count, and what dialysis takes; discounted first, plain beside it."""
    _, values, drawn = base()
    row = {"time_ulcer": 2.0, "effect_ulcer": 1.8, "clock_dialysis": 1.0, "effect_clock_dialysis": 0.9}
    for discounted in (True, False):
        table = by_state(lives_of({}, row), drawn, replace(values, discounted=discounted))
        own = table[table["option"] == "protocol"].set_index(["state", "quantity"])
        shown, years, dialysed = ("mean", 1.8, 0.9) if discounted else ("mean", 2.0, 1.0)
        assert own.loc[("ulcer", "life_years"), shown] == years
        assert own.loc[("ulcer", "life_years"), "undiscounted"] == 2.0
        assert own.loc[("ulcer", "effect"), shown] == pytest.approx(years * utility("ulcer"))
        assert own.loc[(BESIDE, "effect"), shown] == pytest.approx(-dialysed * utility("on_dialysis"))
        assert own.loc[(BESIDE, "effect"), "undiscounted"] == pytest.approx(-utility("on_dialysis"))
        assert (BESIDE, "life_years") not in own.index
        assert own.loc[("total", "life_years"), shown] == years
        assert own.loc[("total", "life_years"), "undiscounted"] == 2.0
        lost = dialysed * utility("on_dialysis")
        assert own.loc[("total", "effect"), shown] == pytest.approx(years * utility("ulcer") - lost)
        assert own.loc[("total", "effect"), "undiscounted"] == pytest.approx(
            2.0 * utility("ulcer") - utility("on_dialysis")
        )


def test_events_and_their_cost() -> None:
    """Three amputations below the knee and one of the other leg share one price by their number; a wound has none."""
    _, values, drawn = base()
    row = {
        "count_below_knee_amputation": 0.3,
        "cost_count_below_knee_amputation": 0.3,
        "count_other_limb_amputation": 0.1,
        "cost_count_other_limb_amputation": 0.1,
        "count_new_wound": 0.5,
    }
    table = events(lives_of(row, row), drawn, values).set_index(["option", "event"])
    leg = price("major_amputation_admission")
    below, other = table.loc[("protocol", "below_knee_amputation")], table.loc[("protocol", "other_limb_amputation")]
    assert (below["number"], below["cost"]) == (pytest.approx(0.3), pytest.approx(0.3 * leg))
    assert (other["number"], other["cost"]) == (pytest.approx(0.1), pytest.approx(0.1 * leg))
    assert np.isnan(table.loc[("protocol", "new_wound"), "cost"])
    assert set(table.index.get_level_values("event")) == {"below_knee_amputation", "other_limb_amputation", "new_wound"}


def test_dialysis_beside_the_reference() -> None:
    """Two years against one and a half, beside a year with an ulcer."""
    _, values, drawn = base()
    rows = (
        {"clock_dialysis": 1.5, "cost_clock_dialysis": 1.4, "cost_ulcer": 1.0},
        {"clock_dialysis": 2.0, "cost_clock_dialysis": 1.8, "cost_ulcer": 1.0},
    )
    one = lives_of(*rows)
    twice = replace(one, halves=np.concatenate([one.halves, one.halves], axis=1))
    table = dialysis(twice, drawn, values, "conservative").set_index("option")
    year, ulcer = price("dialysis_year"), 12.0 * price("wound_all_in_month")
    own = table.loc["protocol"]
    assert own["cost"] == pytest.approx(1.8 * year) and own["share"] == pytest.approx(1.8 * year / (1.8 * year + ulcer))
    assert own["incremental"] == pytest.approx(0.4 * year) and own["incremental_years"] == pytest.approx(0.5)
    assert table.loc["conservative", "incremental"] == 0.0


@pytest.mark.parametrize("counted", [True, False])
def test_years_after_an_infarction_or_a_stroke(counted: bool) -> None:
    """Each costs its price and its loss of utility a year, or where they are left out neither; other losses stay."""
    _, values, _ = base()
    chosen = replace(values, scope=replace(values.scope, vascular_events=counted))
    row = {"effect_ulcer": 2.0, "effect_clock_after_infarction": 1.0, "effect_clock_after_stroke": 0.5}
    row |= {"cost_clock_after_infarction": 1.0, "effect_clock_dialysis": 0.2}
    found = worth(ledgers({}, row), parameters(), chosen.at_base(), chosen)
    lost = utility("after_infarction") + 0.5 * utility("after_stroke")
    assert lost > 0.01
    expected = 2.0 * utility("ulcer") - 0.2 * utility("on_dialysis") - lost * counted
    assert found.qalys[0, 1] == pytest.approx(expected)
    assert found.cost[0, 1] == pytest.approx(price("after_infarction_year") * counted)
    at_base = chosen.at_base()
    unfelt = Drawn(at_base.prices, {**at_base.utilities, "after_stroke": np.zeros(1)})
    lost = utility("after_infarction") * counted
    found = worth(ledgers({}, row), parameters(), unfelt, chosen)
    assert found.qalys[0, 1] == pytest.approx(2.0 * utility("ulcer") - 0.2 * utility("on_dialysis") - lost)


def test_quality_of_life_may_follow_the_age() -> None:
    """Adjusted for age, two years with an ulcer at 85, ten beyond the age from which ages are counted, are worth less."""
    _, values, drawn = base()
    row = {"effect_ulcer": 2.0, "effect_age_ulcer": 20.0, "effect_age2_ulcer": 200.0}
    plain = worth(ledgers({}, row), parameters(), drawn, values).qalys[0, 1]
    adjusted = worth(ledgers({}, row), parameters(), drawn, replace(values, age_adjusted=True)).qalys[0, 1]
    assert 0.0 < adjusted < plain


def test_what_counts_a_loss_of_what_a_policy_gives() -> None:
    """Cells are counted by doses, a therapy by its first and further times; a therapy without losses is left out."""
    scenario = load_scenario(policies=("conservative", "protocol", "arterialisation"))
    values = values_of(scenario)
    (therapy,) = scenario.policies["arterialisation"].given
    assert {each.therapy for each in session_losses(values)} == {"intramuscular", therapy}
    steps = {name: column for column, name in step_columns(scenario.policies["arterialisation"]).items()}
    names = (f"count_{therapy}", f"count_repeat_{therapy}")
    own = tuple(steps.get(name, name) for name in names)
    assert SessionLoss(therapy).columns(replace(values, discounted=False)) == [(), (), own]
    assert SessionLoss("intramuscular").columns(values) == [(), ("effect_count_dose",), ()]
