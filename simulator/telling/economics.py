"""The report of an economic analysis, with the evidence trail that a reviewer asks for, and the files that go with it."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from simulator.evidence.posterior import joint_names
from simulator.questions.value.analysis import EconomicAnalysis
from simulator.telling import decision as decisions
from simulator.telling import economics_tables as read
from simulator.telling.decision_figures import information_figure
from simulator.telling.economics_cheers import SOURCE, cheers_table
from simulator.telling.economics_figures import economics_figures
from simulator.telling.formats import years
from simulator.telling.html import Report
from simulator.telling.outputs import OutputFolder
from simulator.telling.readable import Readable

LIMITS = (
    "Hospital prices are transfers or study means, not the payer's tariffs; no price of a cell product is published. The"
    " value-based price says more than a result at an assumed price.",
    "Harms of harvesting and injecting cells, the other limb, and strokes or heart attacks short of death cost nothing and"
    " lower no utility here.",
    "Utilities describe states, not people: nobody's pain or function differs within a state. They fall with age by one"
    " norm for both sexes in their proportion, which moves QALYs gained by less than 0.0001.",
    "Quality of life of relatives, informal care and lost work are outside every perspective here.",
)


def title_of(found: EconomicAnalysis) -> str:
    """The title of the report."""
    return f"{found.scenario.label}: what policies of care cost and gain"


def basis(found: EconomicAnalysis) -> str:
    """Whose costs, in which money, over which time and discounted how, and what the cells are taken to cost."""
    values, sign = found.valued_by, read.units_of(found).prefix
    rates, money, payer = values.discounting, values.money, values.perspective.conventions.perspective.label
    how = "undiscounted"
    if values.discounted:
        how = f"costs discounted by {100 * rates.costs:g}% and QALYs by {100 * rates.effects:g}% a year"
    span = f"over {found.scenario.horizon:g} years, {how}"
    said = f"Payer: {payer}; {money.currency} of {money.price_year}, {span}."
    price = values.price_name(found.policy)
    if price is None:
        return said
    paid = f"{sign}{values.product_prices[price]:,.0f}"
    grade = values.perspective.prices[price].grade
    what = "A treatment's product"
    if not values.policies[found.policy].cell_therapy.doses:
        what = values.perspective.prices[price].label
    return f"{said} {what} is taken to cost {paid} ({grade}); the price at which it is worth it is below."


def answer(found: EconomicAnalysis) -> str:
    """The result in a few sentences."""
    units, values, policy = read.units_of(found), found.valued_by, found.policy
    results = found.results
    ours, theirs = results.column(policy), results.column(found.scenario.reference)
    cost = float((results.cost[:, ours] - results.cost[:, theirs]).mean())
    effect = float((results.effect[:, ours] - results.effect[:, theirs]).mean())
    sign = units.prefix
    threshold = f"{sign}{values.threshold:,.10g} per QALY"
    benefit = values.threshold * (results.effect[:, ours] - results.effect[:, theirs])
    chance = float((benefit > results.cost[:, ours] - results.cost[:, theirs]).mean())
    shown = found.decision.at_thresholds()
    best = shown[(shown["threshold"] == values.threshold) & shown["frontier"]].to_dict("records")[0]
    said = (
        f"{basis(found)} {policy} {_costs(cost, sign)} and {_gains(effect)} per person against {found.scenario.reference}, in the"
        f" {found.scenario.view} view of the evidence; it is worth its cost at {threshold} with probability {chance:.0%}."
        f" The highest mean net benefit has {best['option']} (best with probability {best['probability']:.0%})."
    )
    price = found.price[
        (found.price["view"] == found.scenario.view)
        & (found.price["threshold"] == values.threshold)
        & (found.price["option"] == policy)
    ]
    if len(price) and np.isfinite(price["price"].iloc[0]):
        p = price.iloc[0]
        said += (
            f" Against {found.scenario.reference} its product is worth up to {_money(p['price'], sign)} per treatment"
            f" ({_money(p['low'], sign)} to {_money(p['high'], sign)})."
        )
    return said


def bottleneck(found: EconomicAnalysis) -> str:
    """What would lower the Monte Carlo error most, in words."""
    table = found.luck[found.luck["quantity"] == "incremental net benefit"].set_index("policy")
    row = table.loc[found.policy]
    sign = read.units_of(found).prefix
    plain, less = found.evpi
    return (
        f"The mean incremental net benefit of {found.policy} has a Monte Carlo error of {sign}{row['se']:,.0f}:"
        f" {sign}{row['se_draws']:,.0f} because draws are few and {sign}{row['se_patients']:,.0f} because patients are few."
        f" The bottleneck is {row['bottleneck']}, so more {row['bottleneck']} lower it most. Parameters spread it by"
        f" {sign}{row['sd']:,.0f} (standard deviation); patients' luck is {row['patients_share']:.1%} of the variance between"
        f" draws. That luck inflates EVPI: {sign}{plain:,.0f} per person with it, about {sign}{less:,.0f} without."
    )


def summary_tables(found: EconomicAnalysis) -> list[tuple[str, Readable | decisions.Readable]]:
    """What the terminal shows."""
    units = read.units_of(found)
    return [
        ("Costs and effects per person", read.totals_readable(found)),
        ("Fully incremental analysis", decisions.frontier_table(found.decision, units)),
        ("Net benefit", read.net_benefit_readable(found)),
        ("Price per treatment at which a policy is exactly worth it", read.price_readable(found, first_only=True)),
    ]


def tables_of(found: EconomicAnalysis) -> dict[str, pd.DataFrame]:
    """The tables of an analysis by their file names; `draws` has a row a draw and option, the others become CSV."""
    decision = found.decision
    tables = {
        "totals": found.totals,
        "frontier": decision.frontier,
        "against": decision.against,
        "ceac": decision.curves,
        "voi": found.information,
        "costs": found.costs,
        "net_benefit": found.net_benefit,
        "price": found.price,
        "tornado": found.one_way.tornado,
        "switching": found.one_way.switching,
        "two_way": None if found.two_way is None else found.two_way.table(),
        "scenarios": found.scenarios,
        "subgroups": found.subgroups,
        "stratified": found.stratified,
        "budget": found.budget.table,
        "budget_people": found.budget.people,
        "trial_worth": None if found.trial is None else found.trial.table,
        "monte_carlo_error": found.luck,
        "values": read.values_table(found.valued_by),
        "cheers": cheers_table(found, read.units_of(found), title_of(found), answer(found)),
        "draws": draws_table(found),
    }
    return {name: table for name, table in tables.items() if table is not None}


def write_economics(folder: OutputFolder, found: EconomicAnalysis) -> None:
    """Add the tables, figures and the report of an analysis to an output folder."""
    units, decision, tables = read.units_of(found), found.decision, tables_of(found)
    for name, table in tables.items():
        (folder.per_patient if name == "draws" else folder.table)(name, table)
    figures = decisions.decision_figures(decision, units) | economics_figures(found)
    assert decision.curves is not None
    figures["information"] = information_figure(decision.curves, found.information, found.valued_by.threshold, units)
    for name, figure in figures.items():
        folder.figure(name, figure)
    folder.report(economics_report(found, figures, tables["cheers"]))


def draws_table(found: EconomicAnalysis) -> pd.DataFrame:
    """Costs and effects of every draw and option, with the numbers that were read: what `clti cea` reads."""
    results, lives = found.results, found.lives
    draws, options = results.cost.shape
    rows = np.repeat(np.arange(draws), options)
    parameters = {name: lives.parameters[name][rows] for name in found.one_way.read}
    values = found.valued_by.uncertain(found.drawn)
    return pd.DataFrame(
        {
            "draw": rows,
            "option": np.tile(np.array(results.options, dtype=object), draws),
            "cost": results.cost.ravel(),
            "effect": results.effect.ravel(),
            **parameters,
            **{name: column[rows] for name, column in values.items()},
        }
    )


def economics_report(found: EconomicAnalysis, figures: Mapping[str, Figure], cheers: pd.DataFrame) -> Report:
    """The whole report; `figures` by their file names."""
    report = Report(title_of(found), answer(found))
    report = _question(report, found)
    report = _costs_and_effects(report, found, figures)
    report = _decision(report, found, figures)
    report = _price(report, found, figures)
    report = _information(report, found, figures)
    report = _one_way(report, found, figures)
    report = _structure(report, found, figures)
    report = _subgroups(report, found, figures)
    report = _budget(report, found, figures)
    report = _error(report, found)
    report = _evidence(report, found)
    report = report.section("What the analysis leaves out").points(LIMITS)
    return report.section("CHEERS 2022 checklist", f"Items of {SOURCE}").table(
        cheers, "What this report says on each item, and what its author must add.", file="cheers.csv"
    )


def _question(report: Report, found: EconomicAnalysis) -> Report:
    scenario, values = found.scenario, found.valued_by
    settings = scenario.settings.economics
    payer = values.perspective.conventions.perspective
    wounds = values.perspective.conventions.wound_costing[values.wound_costs].label
    thresholds = ", ".join(f"{read.units_of(found).prefix}{t:,.10g}" for t in values.thresholds)
    fitted = joint_names(scenario.register)
    points = [
        f"Payer: {payer.label}, {'strict' if values.strict_payer else 'with institutional care'}. Money is"
        f" {values.money.currency} of {values.money.price_year}.",
        f"Thresholds per QALY: {thresholds}; where there is room for one, the first.",
        f"Horizon {years(scenario.horizon)}; discount rates {values.discounting.costs:.1%} (costs) and"
        f" {values.discounting.effects:.1%} (effects).",
        f"Open wounds: {wounds}.",
        f"Utility set {values.utility_set.name}: {values.utility_set.method.label}"
        + (", falling with age as the population norm does." if values.age_adjusted else ", the same at any age."),
        f"Evidence: {scenario.view} view. "
        + (
            f"{len(fitted)} fitted parameters come jointly from the calibration's posterior, the others from their"
            " distributions in the register."
            if fitted
            else "There is no posterior yet: fitted parameters come from their prior distributions, which are wide."
        ),
        f"{settings.draws:,} parameter draws, each with {found.lives.people:,} patients of its own who live under every"
        " policy with the same luck.",
    ]
    report = report.section("What was analysed", scenario.settings.description)
    report = _table(
        report, read.policies_table(found), "The policies. Whoever a policy does not treat has conservative care."
    )
    return report.points([*points, *found.remarks])


def _costs_and_effects(report: Report, found: EconomicAnalysis, figures: Mapping[str, Figure]) -> Report:
    report = report.section("Costs and effects")
    note = "± is the Monte Carlo standard error."
    report = _table(report, read.totals_readable(found), "Means per person.", note, "totals.csv")
    report = report.figure(figures["costs"])
    caption = "Mean discounted cost per person by category."
    report = _table(report, read.costs_by_category(found), caption, "", "costs.csv")
    caption = "The same costs by the state in which they arise."
    report = _table(report, read.costs_by_state(found), caption, "", "costs.csv")
    return report.note("Events without a price of their own.").points(read.included_events())


def _decision(report: Report, found: EconomicAnalysis, figures: Mapping[str, Figure]) -> Report:
    units, decision = read.units_of(found), found.decision
    report = report.section("Which policy is worth its cost", decisions.answer(decision, units))
    caption = (
        "Fully incremental analysis, cheapest policy first; each on the frontier is compared with the one before it. No ratio"
        " is shown where its error exceeds it, because the effects are as good as equal."
    )
    report = _table(report, decisions.frontier_table(decision, units), caption, "", "frontier.csv")
    report = report.figure(figures["frontier"]).figure(figures["plane"])
    caption = f"Net benefit over {found.scenario.reference}, with 95% intervals."
    report = _table(report, read.net_benefit_readable(found), caption, "", "net_benefit.csv")
    caption = "Probability of the highest net benefit, mean net benefit and expected loss of choosing each policy."
    report = _table(report, decisions.threshold_table(decision, units), caption, "", "ceac.csv")
    return report.figure(figures["acceptability"]).figure(figures["expected_loss"])


def _price(report: Report, found: EconomicAnalysis, figures: Mapping[str, Figure]) -> Report:
    text = (
        "No price of a cell product is published. This is the price of the product per treatment, beside theatre and"
        " anaesthesia, at which each policy is exactly worth it. Views of the evidence differ in the share of"
        " recoveries that cells cause and in how much of the association of ischaemia with death is causal."
    )
    report = report.section("At which price", text)
    note = (
        "In brackets the middle 95% of the price over the parameter draws. A negative price: not worth it even for nothing."
        " Between the last two prices the policy is the best of all compared, if all products cost the same."
    )
    report = _table(report, read.price_readable(found), "Value-based price of the product.", note, "price.csv")
    return report.figure(figures["price"])


def _information(report: Report, found: EconomicAnalysis, figures: Mapping[str, Figure]) -> Report:
    people = found.decision.population
    assert people is not None
    text = (
        f"For {people.per_year:,.10g} people a year over {people.years:,.10g} years"
        + (f" and {people.waiting:,.10g} who wait" if people.waiting else "")
        + f", discounted: {people.size():,.0f} people."
    )
    report = report.section("What more evidence is worth", text)
    note = "EVPPI by regression of net benefit on the parameters, less its estimated bias."
    if found.one_way.unread:
        note += (
            " Drawn too, but read by no rule under the policies compared, and so worth nothing to know here:"
            f" {', '.join(found.one_way.unread)}."
        )
    caption = "Value of knowing everything (EVPI), single numbers, or groups of them, before deciding."
    report = _table(report, read.information_readable(found), caption, note, "voi.csv").figure(figures["information"])
    if found.trial is None:
        return report
    trial = found.scenario.settings.economics.trial
    after = found.trial.table["years"]
    lasts = " to ".join(dict.fromkeys(years(round(each, 1)) for each in (after.min(), after.max())))
    caption = f"{found.trial.label}: results known after {lasts}."
    note = (
        f"EVSI by regression on simulated trial results ({found.trial.informs}). ± and brackets are Monte Carlo error. The"
        f" trial costs {trial.currency} {trial.fixed_cost:,.10g} and {trial.cost_per_patient:,.10g} per patient"
        f" ({trial.price_year} prices), an assumption of the scenario's [economics.trial]."
    )
    report = _table(report, read.trial_readable(found), caption, note, "trial_worth.csv")
    return report.figure(figures["trial"])


def _one_way(report: Report, found: EconomicAnalysis, figures: Mapping[str, Figure]) -> Report:
    text = (
        f"{found.policy} against {found.scenario.reference} at the first threshold. The base is the register's values, not the"
        " mean over draws, so it may differ from the probabilistic result."
    )
    report = report.section("One number at a time", text).figure(figures["tornado"])
    report = _table(report, read.tornado_readable(found), "Incremental net benefit at 95% limits.", "", "tornado.csv")
    note = "A dash: no value within the limits changes the decision."
    caption = "Values at which the incremental net benefit is zero."
    report = _table(report, read.switching_readable(found), caption, note, "switching.csv")
    return report.figure(figures["two_way"]) if "two_way" in figures else report


def _structure(report: Report, found: EconomicAnalysis, figures: Mapping[str, Figure]) -> Report:
    text = (
        f"{found.policy} against {found.scenario.reference} at the first threshold. Rows with other lives were simulated in"
        " fewer draws; their change from the base case in the same draws is added to it."
    )
    report = report.section("Scenarios", text).figure(figures["scenarios"])
    return _table(report, read.scenarios_readable(found), "Structural choices.", "", "scenarios.csv")


def _subgroups(report: Report, found: EconomicAnalysis, figures: Mapping[str, Figure]) -> Report:
    report = report.section("Subgroups").figure(figures["subgroups"])
    caption = f"{found.policy} against {found.scenario.reference} by subgroup, people whom it does not treat included."
    report = _table(report, read.subgroups_readable(found), caption, "", "subgroups.csv")
    caption = "What it is worth to choose the best policy for each level instead of one for all, per person."
    note = "Chosen and valued in the same simulation, so small gains may be its luck."
    return _table(report, read.stratified_readable(found), caption, note, "stratified.csv")


def _budget(report: Report, found: EconomicAnalysis, figures: Mapping[str, Figure]) -> Report:
    budget = found.scenario.settings.economics.budget
    limit = (
        "" if budget.treatments_per_year is None else f", at most {budget.treatments_per_year:,.10g} treatments a year"
    )
    text = (
        f"{found.budget.policy} instead of {found.scenario.reference} in a growing share of those newly referred{limit}."
        " Nothing is discounted."
    )
    report = report.section("Budget impact", text).figure(figures["budget"])
    return _table(report, read.budget_readable(found), "People and spending by year.", "", "budget.csv")


def _error(report: Report, found: EconomicAnalysis) -> Report:
    report = report.section("How exact the simulation is", bottleneck(found))
    caption = "Monte Carlo error of the means beside the spread that parameters cause."
    return _table(report, read.luck_readable(found), caption, "", "monte_carlo_error.csv")


def _evidence(report: Report, found: EconomicAnalysis) -> Report:
    text = (
        "Amounts are the payer's own. Clinical parameters, with their sources, are listed by the command clti evidence."
    )
    report = report.section("Prices and utilities, and where they come from", text)
    return _table(report, read.values_readable(found.valued_by), "Every value in force.", "", "values.csv")


def _table(
    report: Report, readable: Readable | decisions.Readable, caption: str, note: str = "", file: str = ""
) -> Report:
    return report.table(readable.table, caption, readable.formats, labels=readable.labels, note=note, file=file)


def _money(amount: float, sign: str) -> str:
    return f"{'−' if amount < 0 else ''}{sign}{abs(amount):,.0f}"


def _costs(cost: float, sign: str) -> str:
    return f"costs {sign}{abs(cost):,.0f} {'more' if cost >= 0 else 'less'}"


def _gains(effect: float) -> str:
    return f"{'gains' if effect >= 0 else 'loses'} {abs(effect):.3f} QALYs"
