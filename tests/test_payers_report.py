"""What a payer's committee reads: one quantity has one value everywhere, and every number can be computed again."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from blank import blank_pictures
from browser import NAMES, WINDOWS, columns_out_of_sight

import simulator as sim
from simulator.evidence import load_life_table
from simulator.evidence.economics.population_norm import load_population_norm
from simulator.evidence.economics.severity import load_severity
from simulator.evidence.posterior import central_values, joint_names, parameter_draws
from simulator.face.result import Result
from simulator.questions.value.consequences.severity import expected_qalys
from simulator.questions.value.sensitivity.repeats import repeats
from simulator.questions.value.sensitivity.variants import revalued
from simulator.telling.figures import drawings_of
from simulator.telling.page import Telling, console_tables, page, sentences
from simulator.telling.studio import Studio, drawn_here
from simulator.valuation.amounts import conventions_table
from simulator.valuation.values import values_of
from simulator.words.errors import BadInput

POLICIES = ["conservative", "single_dose", "protocol"]
SCENARIOS = {
    "weighted": {"label": "Sceptical view, weighted", "settings": {"evidence": {"view": "sceptical"}}, "weight": 0.25},
    "dear": {"label": "A dearer kit", "prices": {"pbmnc_kit": 9000.0}},
    "idle": {"label": "Another marker", "parameters": {"small_ev_low_mean": 3.0}},
}


@pytest.fixture(scope="module")
def found() -> Result:
    """An analysis with a price, a view and scenarios of the user's own."""
    economics = {"prices": {"pbmnc_kit": 1000.0}, "scenarios": SCENARIOS, "thresholds": [25000.0, 30000.0]}
    return sim.value(policies=POLICIES, draws=50, patients=24, overrides={"economics": economics}, keep=False)


@pytest.fixture(scope="module")
def text(found: Result) -> str:
    """The report as a reader sees it, without its figures and tags."""
    with blank_pictures():
        html = page(found.findings, {}, {})
    return " ".join(re.sub(r"<[^>]+>", " ", re.sub(r"<(style|svg).*?</\1>", " ", html, flags=re.S)).split())


def wide(found: Result) -> tuple[list[str], np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    """Options, costs and effects (draws, options) of the draws as they are written to draws.parquet."""
    buffer = io.BytesIO()
    found.draws.to_parquet(buffer)
    draws = pd.read_parquet(io.BytesIO(buffer.getvalue()))
    options = list(dict.fromkeys(draws["option"]))
    cost, effect = (draws[name].to_numpy().reshape(-1, len(options)) for name in ("cost", "effect"))
    return options, cost, effect


def test_everything_that_draws_decide_is_computed_again_from_them(found: Result) -> None:
    """Totals, increments, ICERs, net benefit, acceptability and EVPI follow from draws.parquet by arithmetic alone."""
    options, cost, effect = wide(found)
    totals = found.totals.set_index(["option", "quantity"])["mean"]
    rows = found.options.set_index("option")
    best = found.net_benefit.set_index(["threshold", "option"])
    curves = found.ceac.set_index(["threshold", "option"])
    for place, option in enumerate(options):
        assert totals[option, "cost"] == pytest.approx(cost[:, place].mean(), rel=1e-12)
        assert totals[option, "effect"] == pytest.approx(effect[:, place].mean(), rel=1e-12)
        more_cost, more_effect = cost[:, place] - cost[:, 0], effect[:, place] - effect[:, 0]
        for threshold in (25000.0, 30000.0):
            benefit = threshold * effect - cost
            top = (benefit == benefit.max(axis=1, keepdims=True)).astype(float)
            share = (top / top.sum(axis=1, keepdims=True))[:, place].mean()
            assert curves.loc[(threshold, option), "probability"] == pytest.approx(share)
            assert curves.loc[(threshold, option), "expected_loss"] == pytest.approx(
                (benefit.max(axis=1) - benefit[:, place]).mean()
            )
            if place:
                own = benefit[:, place] - benefit[:, 0]
                assert best.loc[(threshold, option), "net_monetary_benefit"] == pytest.approx(own.mean(), rel=1e-9)
                assert best.loc[(threshold, option), "probability"] == pytest.approx((own > 0).mean())
        if place and more_cost.mean() > 0 and more_effect.mean() > 0:
            assert rows.loc[option, "icer"] == pytest.approx(more_cost.mean() / more_effect.mean(), rel=1e-9)
        elif place:
            assert np.isnan(rows.loc[option, "icer"])
    benefit = 25000.0 * effect - cost
    evpi = benefit.max(axis=1).mean() - benefit.mean(axis=0).max()
    table = found.voi[(found.voi["measure"] == "EVPI") & (found.voi["threshold"] == 25000.0)]
    assert table["value"].item() == pytest.approx(evpi, rel=1e-9)
    assert found.facts["evpi"]["with_luck"] == pytest.approx(evpi, rel=1e-9)


def test_one_quantity_has_one_value_in_every_table(found: Result) -> None:
    """The increments and net benefit of an option are the same wherever they stand, and parts add up to them."""
    tables = found.tables
    for option in POLICIES[1:]:
        row = found.options.set_index("option").loc[option]
        others = {
            "against": tables["against"].set_index("option").loc[option],
            "views": tables["views"].query("view == 'central'").set_index("option").loc[option],
            "scenarios": tables["scenarios"].query("scenario == 'base case'").set_index("policy").loc[option],
            "subgroups": tables["subgroups"].query("subgroup == 'everybody'").set_index("policy").loc[option],
            "severity": tables["severity"].query("rule == 'uk'").set_index("option").loc[option],
        }
        for name, other in others.items():
            for column in ("incremental_cost", "incremental_effect", "net_benefit"):
                if column in other:
                    assert other[column] == pytest.approx(row[column], rel=1e-9), (name, column)
        error = tables["monte_carlo_error"].set_index(["policy", "quantity"])
        assert error.loc[(option, "incremental net benefit"), "mean"] == pytest.approx(row["net_benefit"], rel=1e-9)
        price = tables["price"].query("view == 'central' and threshold == 25000").set_index("option").loc[option]
        assert price["price"] == row["price"]
        tornado = tables["tornado"].query("policy == @option")
        assert np.allclose(tornado["net_benefit"], row["net_benefit_deterministic"], rtol=1e-9)
        shares = tables["views"].query("view == 'central'")["share"].unique()
        assert tornado.set_index("name").loc["attributable_share_central", "base"] == pytest.approx(shares.item())
        levels = tables["subgroups"].query("policy == @option and subgroup == 'sex'")
        assert levels["level"].tolist() == ["women", "men"]
        assert (levels["share"] * levels["net_benefit"]).sum() == pytest.approx(row["net_benefit"], rel=1e-9)
    states = tables["states"].query("state != 'total'").groupby(["option", "quantity"])["mean"].sum()
    totals = tables["totals"].set_index(["option", "quantity"])["mean"]
    for option in POLICIES:
        for quantity in ("life_years", "effect"):
            assert states[option, quantity] == pytest.approx(totals[option, quantity], rel=1e-9)
        for name in ("costs_by_category", "costs_by_state"):
            own = tables[name][tables[name]["policy"] == option]["mean"]
            assert own.iloc[:-1].sum() == pytest.approx(own.iloc[-1], rel=1e-9)
            assert own.iloc[-1] == pytest.approx(totals[option, "cost"], rel=1e-9)


def test_report_and_console_print_the_values_of_the_files(found: Result, text: str) -> None:
    """Increments, net benefit and price of every option stand in report, summary and console as the tables round them."""
    telling = Telling(found.findings)
    console = " ".join(cell for _, table in console_tables(found.findings, 160) for row in table.rows for cell in row)
    said = sentences(found.findings)
    for row in found.options.to_dict("records"):
        if row["option"] == "conservative":
            continue
        more = "more" if row["incremental_cost"] >= 0 else "less"
        gains = "gains" if row["incremental_effect"] >= 0 else "loses"
        assert f"costs {telling.money(abs(row['incremental_cost']))} {more} and {gains}" in said
        assert f"{gains} {abs(row['incremental_effect']):.3f} QALYs" in said
        net = telling.money(abs(row["net_benefit"]))
        assert net in text
        assert net in console
        assert telling.money(row["price"]) in said
        assert telling.money(row["price"]) in text
    assert said.split("\n")[0] in text


def test_no_price_is_told_of_an_option_without_a_product(found: Result) -> None:
    """Conservative care has no product, no assumed price and no price at which it is worth it, in no table or sentence."""
    row = found.options.set_index("option").loc["conservative"]
    assert pd.isna(row["product"])  # None, which newer pandas keeps as NaN
    assert np.isnan(row["price"])
    assert "conservative" not in set(found.price["option"])
    assert "under conservative care" not in sentences(found.findings)


def test_no_ratio_is_negative(found: Result) -> None:
    """An option that costs less and does more is dominant and has no ICER; the same for one that is dominated."""
    for name in ("options", "against", "views", "scenarios"):
        table = found.tables[name]
        without = table["standing"].isin(["dominant", "dominated", "equal"])
        assert table.loc[without, "icer"].isna().all(), name
        assert (table["icer"].dropna() > 0).all(), name


def test_people_read_labels_and_not_identifiers(text: str) -> None:
    """No name with an underscore is left in the report, but for names and keys of files, policies and payers."""
    shown = re.sub(
        r"\S+\.(csv|svg|parquet|json)|economics\.\S+|compare: .*? →|\bsingle_dose\b|\busa_society\b", "", text
    )
    assert not re.findall(r"\b[a-z]+_[a-z_]+\b", shown)


def test_a_price_of_ones_own_has_a_two_way_analysis_and_is_told(found: Result, text: str) -> None:
    """A fixed price varies from nothing to twice itself, heads the changes, and no message blames the policy."""
    grid = found.two_way
    assert (grid["pbmnc_kit"].min(), grid["pbmnc_kit"].max()) == (0.0, 2000.0)
    assert "economics.prices.pbmnc_kit: 1850.0" in text or "economics.prices.pbmnc_kit: 2200.0 → 1000.0" in text
    assert "no two-way analysis" not in text
    least, most = grid["net_benefit_se"].min(), grid["net_benefit_se"].max()
    assert 0.0 < least < most and f"is from €{least:,.0f} to €{most:,.0f} over the grid" in text
    assert found.facts["product_prices"] == {"pbmnc_kit": 1000.0}


def test_scenarios_vary_what_a_file_can_say_and_are_averaged_by_weight(found: Result) -> None:
    """A view, a price and weights: the view's row is that view's result, and the average is the weighted mean."""
    table = found.scenarios.query("policy == 'protocol'").set_index("scenario")
    sceptical = found.views.query("view == 'sceptical' and option == 'protocol'").iloc[0]
    assert table.loc["weighted", "net_benefit"] == pytest.approx(sceptical["net_benefit"], rel=1e-9)
    average = 0.75 * table.loc["base case", "net_benefit"] + 0.25 * table.loc["weighted", "net_benefit"]
    assert table.loc["average", "net_benefit"] == pytest.approx(average)
    assert 0.0 < table.loc["average", "change_se"] == pytest.approx(0.25 * table.loc["weighted", "change_se"])
    assert 0.0 < table.loc["average", "se"] < table.loc["base case", "se"] + table.loc["average", "change_se"]
    doses = found.events.query("event == 'dose' and option == 'protocol'")["number"].item()
    assert table.loc["dear", "incremental_cost"] - table.loc["base case", "incremental_cost"] == pytest.approx(
        8000.0 * doses, rel=0.05
    )


def test_a_scenario_that_moves_nothing_says_why(found: Result, text: str) -> None:
    """A number that no policy compared reads repeats the base case to the last digit, and the report says why."""
    assert found.facts["repeats"] == {"idle": "unread"}
    assert "“another marker” repeats the base case, because no rule or price" in text
    rows = found.scenarios.query("policy == 'protocol'").set_index("scenario")
    assert rows.loc["idle", "net_benefit"] == rows.loc["base case", "net_benefit"]


def test_leaving_dialysis_out_takes_its_added_cost_away(found: Result) -> None:
    """Who lives longer begins dialysis more often, so the row without its costs is better by just the cost it adds."""
    rows = found.scenarios.query("policy == 'protocol'").set_index("scenario")
    added = found.dialysis.set_index("option").loc["protocol", "incremental"]
    assert added != 0.0
    assert rows.loc["without_dialysis", "change"] == pytest.approx(added, rel=1e-9)


def test_dialysis_explains_its_own_row_and_no_other() -> None:
    """Without its costs nothing moves only where nobody's years on dialysis do; another unchanged row has another reason."""
    names = ["base case", "without_dialysis", "other"]
    table = pd.DataFrame({"scenario": names, "incremental_cost": 1.0, "net_benefit": 2.0, "change": [0.0, 1e-15, 0.0]})
    assert repeats(table) == {"without_dialysis": "nobody_longer_on_dialysis", "other": "unread"}
    assert repeats(table.assign(change=0.01)) == {}


def test_other_hospitals_stand_beside_this_one(found: Result, text: str) -> None:
    """The report names its hospital with the base case's result, and the two others with the results of their rows."""
    rows = found.hospitals.query("policy == 'protocol'").set_index("centre")
    assert set(rows.index) == {"founding", "average", "new"}
    base = found.options.set_index("option").loc["protocol", "net_benefit"]
    assert rows.loc["average", "net_benefit"] == pytest.approx(base, rel=1e-12)
    table = found.scenarios.query("policy == 'protocol'").set_index("scenario")
    assert rows.loc["founding", "net_benefit"] == table.loc["centre_founding", "net_benefit"]
    assert rows.loc["founding", "change"] != 0.0
    assert "This report is for the average hospital of the published series." in text
    lost = found.centres.query("outcome == 'major_amputation'").set_index("centre")
    assert lost.loc["average", "reference_mean"] > lost.loc["founding", "reference_mean"]
    here = found.per_hundred.query("outcome == 'major_amputation' and time_years == 1.0")
    here = here[here["policy"] == found.facts["focus"]]
    here = here.set_index("group").loc["referred"]
    assert lost.loc["average", "reference_mean"] == pytest.approx(here["reference_mean"], abs=1e-12)
    assert lost.loc["average", "difference"] == pytest.approx(here["difference"], abs=1e-12)


def test_the_first_page_says_where_mean_and_most_draws_disagree(found: Result, text: str) -> None:
    """Another option may be best more often than that of the highest mean; numbers that turn the result belong to an analysis."""
    rows = found.options.set_index("option")["probability_best"]
    differ = bool(rows.max() > rows[found.facts["best"]])
    assert ("is best more often, in" in text) == differ
    fixed = found.options.set_index("option").loc[found.facts["focus"], "net_benefit_deterministic"]
    sign = "−" if fixed < 0 else ""
    assert "In the deterministic analysis the net benefit of" in text
    assert f"is {sign}€{abs(fixed):,.0f}" in text
    assert "is set to €1,000;" in text


def test_what_studies_observed_stands_beside_the_courses(found: Result) -> None:
    """TAMARIS' placebo arm lost 55 of 259 limbs in a year; no group with cells or angioplasty is in the table."""
    row = found.observed.query("study == 'tamaris' and outcome == 'major_amputation'").iloc[0]
    assert (row["value"], row["people"], row["latest_years"]) == (55 / 259, 259, 1.0)
    assert row["low"] < row["value"] < row["high"]
    assert "dubsky2013" not in set(found.observed["study"])


def test_people_offered_a_policy_are_not_those_who_are_given_cells(found: Result) -> None:
    """The budget tells both, and fewer are given cells than offered the policy."""
    people = found.budget_people
    assert np.allclose(people["offered"], people["referred"] * people["uptake"])
    assert (people["treated"] < people["offered"]).all()
    assert (people["treated"] > 0).all()


def test_the_policy_in_focus_can_be_chosen_and_is_else_the_best() -> None:
    """By default it is the treatment of highest net benefit; an unknown one is refused with those there are."""
    with pytest.raises(BadInput, match="focus = 'conservative'; allowed: one of protocol, single_dose"):
        sim.value(policies=POLICIES, focus="conservative", draws=20, patients=4, keep=False)


def test_the_policy_in_focus_is_the_one_of_highest_net_benefit(found: Result) -> None:
    """The focus has the highest net benefit beside the reference, and the budget is its."""
    rows = found.options.set_index("option")["net_benefit"].drop("conservative")
    assert found.facts["focus"] == rows.idxmax()


# --- Whose money, and whose lives -----------------------------------------------------------------------------------


def economics(**keys: Any) -> Any:
    """The values of the base scenario with some keys of [economics]."""
    return values_of(sim.load_scenario(policies=POLICIES, overrides={"economics": keys}))


def test_a_threshold_is_taken_as_it_was_typed() -> None:
    """25,000 stays 25,000 in the currency of the results; the payer's own thresholds are restated in it."""
    asked = economics(perspective="uk", currency="EUR", price_year=2022, thresholds=[25000.0])
    assert asked.thresholds == (25000.0,)
    usual = economics(perspective="uk", currency="EUR", price_year=2022)
    assert usual.thresholds == tuple(each * usual.money.factor for each in (25000.0, 35000.0))


def test_a_payer_named_in_a_file_brings_the_life_table_of_its_country(tmp_path: Path) -> None:
    """British lives for a British payer, unless the file names a life table of its own."""
    file = tmp_path / "uk.toml"
    file.write_text('[economics]\nperspective = "uk"\n', "utf-8")
    assert sim.load_scenario(file).settings.life_table.country == "UK"
    file.write_text('[economics]\nperspective = "uk"\n[life_table]\ncountry = "Italy"\n', "utf-8")
    assert sim.load_scenario(file).settings.life_table.country == "Italy"


def test_personal_social_services_pay_for_institutional_care() -> None:
    """Institutional care is a cost of the British payer unless a scenario leaves it out, and none of the Italian one's."""
    assert "institutional_care_day" in economics(perspective="uk").price_names
    assert "institutional_care_day" not in economics(perspective="uk", strict_payer=True).price_names
    assert "institutional_care_day" not in economics().price_names


def test_a_price_of_ones_own_can_have_a_distribution() -> None:
    """Its draws have the stated mean, and a faulty table is refused with every fault."""
    own = {"value": 1000.0, "distribution": {"kind": "gamma", "sd": 200.0}}
    drawn = economics(prices={"pbmnc_kit": own}).sample(4000, 1).prices["pbmnc_kit"]
    assert drawn.mean() == pytest.approx(1000.0, rel=0.02)
    assert drawn.std() == pytest.approx(200.0, rel=0.05)
    with pytest.raises(BadInput) as bad:
        economics(prices={"pbmnc_kit": {"value": -1.0, "distribution": {"kind": "gama"}, "spread": 1}})
    for fault in ("pbmnc_kit.value = -1.0", "pbmnc_kit.distribution.kind = gama", "pbmnc_kit.spread"):
        assert fault in str(bad.value)
    with pytest.raises(BadInput, match=r"parameters\.death_rate_wound\.distribution = missing"):
        sim.load_scenario(overrides={"parameters": {"death_rate_wound": {"value": 0.2}}})


def test_utilities_out_of_order_are_told(found: Result) -> None:
    """An ulcer better than a healed limb is named at the head of the page; every shipped set is in order."""
    facts = {**found.facts, "out_of_order": [["healed", "ulcer"]]}
    head = page(replace(found.findings, facts=facts), {}, {}).split("<main", maxsplit=1)[0]
    assert "“ischaemic ulcer” is worth more than “healed, limb whole”" in " ".join(head.split())
    assert economics(utilities={"ulcer": 0.9}).utility_set.out_of_order() == [("healed", "ulcer")]
    for name in "ABCD":
        assert economics(utility_set=name).utility_set.out_of_order() == []


def test_fitted_numbers_keep_their_point_and_the_others_are_at_their_means() -> None:
    """The centre of the clinical numbers: fitted ones as committed, the rest at the mean of their draws."""
    register = sim.load_scenario().register
    centre, drawn = central_values(register), parameter_draws(register, 2000, 1)
    for name in joint_names(register):
        if not name.startswith("attributable_share"):
            assert centre[name] == register[name].value
    for name in ("attributable_share_sceptical", "renal_dialysis_share", "angioplasty_suitable_share"):
        if name in register:
            assert centre[name] == pytest.approx(drawn[name].mean(), rel=0.03), name
    # The fitted value and the one stated in the register are so far from that mean that taking either would be noticed.
    stated = register["attributable_share_sceptical"]
    for other in (stated.value, stated.centre):
        assert other != pytest.approx(drawn["attributable_share_sceptical"].mean(), rel=0.06)


def test_a_deterministic_analysis_is_at_the_means_of_the_draws() -> None:
    """Prices and utilities at their means: the kit's is not the value stated, because its distribution is skewed."""
    values = economics()
    at, drawn = values.at_means(), values.sample(20_000, 1)
    for name, draws in drawn.prices.items():
        assert at.prices[name][0] == pytest.approx(draws.mean(), rel=0.02), name
    assert at.prices["pbmnc_kit"][0] > 1.02 * values.perspective.prices["pbmnc_kit"].value


# --- Severity -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("age", "women", "men"), [(50, 15.39, 15.19), (65, 10.99, 10.56), (70, 9.25, 8.87), (75, 7.32, 7.05)]
)
def test_expected_qalys_are_those_of_england(age: float, women: float, men: float) -> None:
    """Remaining QALYs at 3.5% of the Health Survey for England 2017-18: within 4% by its norm, within 8% by the older 3L norm."""
    table = load_life_table("UK")
    for name, tolerance in (("England_5L", 0.04), ("UK", 0.08)):
        norm = load_population_norm(name)
        for male, published in ((False, women), (True, men)):
            assert expected_qalys(age, male, table, norm, 0.035) == pytest.approx(published, rel=tolerance)


@pytest.mark.usefixtures("undrawn")
def test_the_report_names_the_value_set_and_what_nothing_was_published_by(found: Result, text: str) -> None:
    """By 3L utilities are as published and a scenario tells what 5L changes; by 5L every number that was mapped is named."""
    assert "EQ-5D value set 3L: utilities as they were published, which are taken to rest on it." in text
    assert "Utilities and norm by EQ-5D-5L, mapped" in text and "value_set_5L" in set(found.scenarios["scenario"])
    facts = found.facts | {
        "utility_set": found.facts["utility_set"] | {"by": "5L", "mapped": ["Ischaemic ulcer", "On dialysis"]}
    }
    other = page(replace(found.findings, facts=facts), {}, {})
    assert (
        "no utility was published by it, so that each of these is mapped from its published value: ischaemic ulcer; on dialysis."
        in (" ".join(other.split()))
    )
    assert "No utility was published by EQ-5D-5L: all are mapped" in other


def test_another_norm_can_be_chosen_and_is_a_scenario() -> None:
    """The 5L norm of England takes the place of the UK's, changes QALYs a little, and is a row of the British scenario table."""
    scenario = sim.load_scenario(policies=POLICIES, overrides={"economics": {"perspective": "uk"}})
    rows = {row.name: row for row in revalued(scenario, values_of(scenario))}
    assert rows["norm_England_5L"].valued_by.norm.at(72.5, male=True) == 0.801
    assert economics(perspective="uk", population_norm="England_5L").norm.at(72.5, male=False) == 0.784
    with pytest.raises(BadInput, match=r"one of Canada, Czechia, .*, England_5L, France, .*, UK, .*USA"):
        economics(population_norm="Ruritania")


def test_bands_of_severity_are_those_of_the_rules() -> None:
    """NICE takes the higher of two weights, the Dutch rule sets a threshold, the Norwegian one six groups."""
    rules = load_severity()
    uk = rules["uk"]
    assert uk.at([5.0, 12.0, 5.0, 18.0], [0.849, 0.2, 0.95, 0.2]).tolist() == [1.0, 1.2, 1.7, 1.7]
    assert rules["netherlands"].at([0.0] * 4, [0.05, 0.3, 0.5, 0.8]).tolist() == [0.0, 20000.0, 50000.0, 80000.0]
    assert not rules["netherlands"].weighs
    assert rules["norway"].at([3.9, 10.5, 25.0], [0.0] * 3).tolist() == [1.0, 1.8, 3.0]


# --- Anybody's costs and effects ------------------------------------------------------------------------------------


def test_means_have_net_benefits_at_thresholds() -> None:
    """BEST-CLI's means at 100,000: endovascular therapy is worth 10,273 less than bypass."""
    table = pd.DataFrame(
        {"option": ["Bypass", "Endovascular"], "draw": 1, "cost": [227341.0, 243614.0], "effect": [2.48, 2.54]}
    )
    found = sim.cea(table, point_estimates=True, thresholds=[100_000.0])
    assert found.net_benefit["net_monetary_benefit"].item() == pytest.approx(-10273.0)
    assert "−10,273" in found.summary()


@pytest.mark.parametrize(
    "names",
    [
        {"draw": "sample", "option": "strategy_id", "cost": "costs", "effect": "qalys"},
        {"draw": ".index", "option": ".strategy_names", "cost": ".cost", "effect": ".effect"},
        {"draw": "iteration", "option": "intervention", "cost": "cost", "effect": "qaly"},
    ],
    ids=["hesim", "heemod", "heormodel"],
)
def test_tables_of_other_programs_are_read(names: dict[str, str]) -> None:
    """Draws, options, costs and effects under the names of other programs give the same totals."""
    rows = [(d, o, 100.0 * d + 10 * k, 1.0 + 0.1 * d + k) for d in range(1, 4) for k, o in enumerate(("old", "new"))]
    table = pd.DataFrame(rows, columns=["draw", "option", "cost", "effect"])
    theirs = table.rename(columns=names).assign(grp_id=1)
    pd.testing.assert_frame_equal(sim.cea(theirs, thresholds=[10.0]).totals, sim.cea(table, thresholds=[10.0]).totals)


def test_costs_and_effects_may_lie_in_two_tables() -> None:
    """A column an option in both, as BCEA and dampack keep them; options and rows that differ are refused."""
    costs = pd.DataFrame({"old": [1.0, 2.0, 3.0], "new": [2.0, 4.0, 5.0]})
    effects = pd.DataFrame({"old": [1.0, 1.0, 1.0], "new": [2.0, 2.0, 3.0]})
    found = sim.cea(costs, effects, thresholds=[10.0])
    assert found.totals.set_index(["option", "quantity"]).loc[("new", "cost"), "mean"] == pytest.approx(11 / 3)
    with pytest.raises(BadInput, match="no 'new'"):
        sim.cea(costs, effects[["old"]], thresholds=[10.0])
    with pytest.raises(BadInput, match="rows = 2"):
        sim.cea(costs, effects.iloc[:2], thresholds=[10.0])


# --- In a browser ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("width", "media"), WINDOWS, ids=NAMES)
def test_no_column_is_hidden_in_a_browser(found: Result, tmp_path: Path, width: int, media: str) -> None:
    """At 1,400 and 420 pixels and on A4 every column is in sight or reached by a table that scrolls; at 1,400 none scrolls."""
    file = tmp_path / "report.html"
    file.write_text(page(found.findings, {}, {}), "utf-8")
    hidden, scrolling = columns_out_of_sight(file, width, media)
    assert hidden == []
    assert width < 1400 or scrolling == []


def test_what_an_author_set_is_no_transfer(text: str) -> None:
    """Beside what is weak about the payer's prices stands which price is the analysis's own."""
    own = "Set for this analysis, not by the payer: Filter kit and disposables"
    assert own in text and text.count("Set for this analysis, not") == 1
    assert text.index("What is weak") < text.index(own) < text.index("Grades of the prices in force")


def test_every_price_in_force_has_a_grade(found: Result) -> None:
    """What the author set is counted, too, so that grades add up to the prices."""
    grades = found.facts["grades"]
    assert grades["prices"]["own"] == 1
    assert sum(grades["prices"].values()) == (found.tables["values"]["kind"] == "price").sum()
    assert sum(grades["utilities"].values()) == (found.tables["values"]["kind"] == "utility").sum()


def test_the_error_of_a_change_is_that_of_a_difference(found: Result) -> None:
    """The base case differs from itself by nothing, without error; another price moves it by what all draws share."""
    rows = found.tables["scenarios"].set_index(["scenario", "policy"]).sort_index()
    assert (rows.loc["base case", "change_se"].dropna() == 0.0).all()
    assert (rows.loc["dear", "change_se"].dropna() < rows.loc["dear", "se"].dropna()).all()


def test_rates_of_the_author_s_own_have_no_source() -> None:
    """A discount rate that is not the payer's is set in the analysis and cites nothing; the other keeps the payer's source."""
    scenario = sim.load_scenario(policies=POLICIES)
    values = values_of(scenario)
    own = replace(values, discounting=values.discounting.model_copy(update={"costs": 0.01}))
    rows = conventions_table(scenario, own).set_index("convention")
    assert tuple(rows.loc["discount_costs", ["value", "grade", "source"]]) == (0.01, "own", "")
    assert rows.loc["discount_effects", "grade"] != "own" and rows.loc["discount_effects", "source"]


def test_money_typed_in_another_currency_stands_in_both(found: Result) -> None:
    """A price of the author's own in results of another currency, and a restated threshold, which reads alike everywhere."""
    money = {"currency": "USD", "factor": 0.98654321, "threshold": 32570.95783, "thresholds": [32570.95783, 1234.5]}
    money["product_prices"] = {"pbmnc_kit": 986.5}
    findings = replace(found.findings, facts={**found.facts, **money})
    told = page(findings, {}, {}).replace("\N{NO-BREAK SPACE}", " ")
    assert "is set to USD 986 (EUR 1,000 of 2024, the payer's own money);" in told.replace("&#39;", "'")
    assert "if a QALY is worth USD 32,570.96?" in " ".join(told.split())
    assert "Thresholds per QALY: USD 32,570.96, USD 1,234.50, as they were typed;" in told
    assert "At USD 32,570.96 per QALY," in told
    assert Telling(findings).threshold(0.12345) == "USD\N{NO-BREAK SPACE}0.12345"


def test_events_of_a_hundred_people_say_what_a_dash_and_a_stump_mean(text: str) -> None:
    """As in the comparison: healing counts a stump that heals, and no number is needed where nothing is sure."""
    assert text.count("A stump heals after a major amputation.") == 1


def test_another_process_has_what_the_plane_is_drawn_from(found: Result, monkeypatch: pytest.MonkeyPatch) -> None:
    """The cloud of the plane is the table of draws, which has a row a draw and goes with the findings."""

    class Here:
        def submit(self, work: Callable[..., Any], *what: Any) -> Future[Any]:
            done: Future[Any] = Future()
            done.set_result(work(*what))
            return done

    monkeypatch.setattr(
        "simulator.telling.studio.drawings_of", lambda findings: {"plane": drawings_of(findings)["plane"]}
    )
    drawn = Studio(Here()).draw(found.findings)()  # type: ignore[arg-type]
    assert drawn == drawn_here(found.findings)
