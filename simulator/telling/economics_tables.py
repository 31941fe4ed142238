"""The tables of an economic analysis as people read them."""

from __future__ import annotations

import pandas as pd

from simulator.evidence.distributions import text
from simulator.living.ledger import COUNTS
from simulator.questions.value.analysis import EconomicAnalysis
from simulator.questions.value.cost_items import INCLUDED
from simulator.questions.value.values import Values
from simulator.telling.decision import digits
from simulator.telling.decision_figures import Units
from simulator.telling.formats import MISSING, ByRow, Format, money, number, percent
from simulator.telling.readable import Readable

SIGNS = {"EUR": "€", "GBP": "£"}
SHOWN = 15
"""Rows of long tables that the report shows; the files have them all."""
STATES = {
    "rest_pain": "Rest pain",
    "ulcer": "Ulcer",
    "severe_ulcer": "Severe ulcer",
    "recurrent_ulcer": "Recurrent ulcer",
    "healed": "Healed",
    "healed_after_minor": "Healed after minor amputation",
    "below_knee": "Below-knee amputee",
    "below_knee_walking": "Below-knee amputee, walking",
    "above_knee": "Above-knee amputee",
    "above_knee_walking": "Above-knee amputee, walking",
    "after_major_amputation": "After major amputation, any level",
    "any": "Any state",
    "event": "One-off events",
}


def units_of(found: EconomicAnalysis) -> Units:
    """Currency and effect as readers see them."""
    currency = found.valued_by.money.currency
    return Units(SIGNS.get(currency, currency), "QALY")


def policies_table(found: EconomicAnalysis) -> Readable:
    """What the short names mean."""
    rows = [(name, p.label, p.description) for name, p in found.valued_by.policies.items()]
    return Readable(pd.DataFrame(rows, columns=["name", "policy", "what_is_done"]))


def totals_readable(found: EconomicAnalysis) -> Readable:
    """Costs, life-years and QALYs of every policy, discounted beside undiscounted."""
    wide = found.totals.pivot_table(index="option", columns="quantity", values=["mean", "se"], sort=False)
    sign = units_of(found).prefix
    table, formats, labels = pd.DataFrame({"policy": list(found.scenario.compare)}), {}, {}
    words = {"cost": "Cost", "life_years": "Life-years", "effect": "QALYs"}
    for quantity, word in words.items():
        for ending, how in (("", ""), ("_undiscounted", ", undiscounted")):
            name = quantity + ending
            table[name] = wide["mean", name].loc[table["policy"]].to_numpy()
            table[f"{name}_se"] = wide["se", name].loc[table["policy"]].to_numpy()
            se = f"{name}_se"
            formats[name] = money(sign, 0, se=se) if quantity == "cost" else number(3, se=se)
            labels[name] = word + how
    return Readable(table, formats, labels)


def costs_by_category(found: EconomicAnalysis) -> Readable:
    """Mean discounted cost of each category and kind under every policy, with the total."""
    return _costs(found, ["category", "kind"])


def costs_by_state(found: EconomicAnalysis) -> Readable:
    """Mean discounted cost by the state in which it arises under every policy, with the total."""
    readable = _costs(found, ["state"])
    table = readable.table.assign(state=[STATES.get(s, s) for s in readable.table["state"]])
    return Readable(table, readable.formats, readable.labels)


def _costs(found: EconomicAnalysis, keys: list[str]) -> Readable:
    summed = found.costs.groupby(["policy", *keys], sort=False)["mean"].sum().reset_index()
    policies = list(found.scenario.compare)
    # Columns have numbers for names, because a policy may be called like a column.
    names = {f"p{place}": policy for place, policy in enumerate(policies)}
    table = summed.pivot_table(index=keys, columns="policy", values="mean", sort=False).reset_index()
    table = pd.DataFrame({**{key: table[key] for key in keys}, **{c: table[policy] for c, policy in names.items()}})
    total = {keys[0]: "Total", **dict.fromkeys(keys[1:], ""), **{c: table[c].sum() for c in names}}
    table = pd.concat([table, pd.DataFrame([total])], ignore_index=True)
    return Readable(table, {c: money(units_of(found).prefix) for c in names}, names)


def net_benefit_readable(found: EconomicAnalysis) -> Readable:
    """Net monetary and net health benefit over the reference."""
    sign = units_of(found).prefix
    table = found.net_benefit.drop(columns=["reference", "net_monetary_benefit_se", "net_health_benefit_se"])
    formats = {
        "threshold": money(sign),
        "net_monetary_benefit": money(
            sign, signed=True, low="net_monetary_benefit_low", high="net_monetary_benefit_high"
        ),
        "net_health_benefit": number(3, signed=True, low="net_health_benefit_low", high="net_health_benefit_high"),
        "probability": percent(0),
    }
    labels = {
        "net_monetary_benefit": f"Net monetary benefit over {found.scenario.reference}",
        "net_health_benefit": "Net health benefit, QALYs",
        "probability": "Probability above zero",
    }
    return Readable(table, formats, labels)


def information_readable(found: EconomicAnalysis) -> Readable:
    """EVPI and the most valuable numbers and groups at the first threshold."""
    table = found.information[found.information["threshold"] == found.valued_by.threshold]
    table = table[(table["measure"] == "EVPI") | (table["value"] > 0)].head(SHOWN).reset_index(drop=True)
    sign = units_of(found).prefix
    formats = {
        "threshold": money(sign),
        "value": money(sign, digits(table["value"], 4), se="se"),
        "share_of_evpi": percent(0),
        "population_value": money(sign, se="population_se"),
    }
    labels = {"value": "Value per person", "share_of_evpi": "Share of EVPI", "population_value": "For the population"}
    return Readable(table.drop(columns="bias"), formats, labels)


def trial_readable(found: EconomicAnalysis) -> Readable:
    """Expected value and net benefit of trials of several sizes."""
    assert found.trial is not None
    sign = units_of(found).prefix
    columns = ["patients", "evsi", "se", "population_evsi", "population_se", "cost", "enbs", "low", "high"]
    table = found.trial.table[[*columns, "people_to_break_even"]]
    formats = {
        "evsi": money(sign, 1, se="se"),
        "population_evsi": money(sign, se="population_se"),
        "cost": money(sign),
        "enbs": money(sign, low="low", high="high"),
        "people_to_break_even": number(0),
    }
    labels = {
        "patients": "Patients",
        "evsi": "EVSI per person",
        "population_evsi": "EVSI, population",
        "enbs": "Expected net benefit",
        "people_to_break_even": "People it must reach to be worth it",
    }
    return Readable(table, formats, labels)


def price_readable(found: EconomicAnalysis, *, first_only: bool = False) -> Readable:
    """Value-based prices by view, threshold (all of them or the first) and policy."""
    sign = units_of(found).prefix
    table = found.price.drop(columns=["comparator", "se"])
    if first_only:
        table = table[table["threshold"] == found.valued_by.threshold].reset_index(drop=True)
    formats = {
        "share": percent(0),
        "threshold": money(sign),
        "price": money(sign, low="low", high="high"),
        "best_from": money(sign),
        "best_to": money(sign),
    }
    labels = {
        "share": "Recoveries that cells cause",
        "option": "Policy",
        "price": "Price per treatment",
        "best_from": "Best of all from",
        "best_to": "Best up to",
    }
    return Readable(table, formats, labels)


def tornado_readable(found: EconomicAnalysis) -> Readable:
    """The strongest numbers in the tornado of the main policy."""
    table = _of_policy(found.one_way.tornado, found).head(SHOWN)
    sign = units_of(found).prefix
    table = _short(table[["label", "kind", "low", "base", "high", "at_low", "at_high", "swing"]], "low", "base", "high")
    formats = {name: money(sign, signed=name != "swing") for name in ("at_low", "at_high", "swing")}
    labels = {"label": "Number", "low": "Low", "high": "High", "at_low": "Net benefit at low", "at_high": "At high"}
    return Readable(table, formats, labels)


def switching_readable(found: EconomicAnalysis) -> Readable:
    """Values at which the main policy stops or starts being worth it."""
    table = _of_policy(found.one_way.switching, found).head(SHOWN)
    table = table[["label", "kind", "low", "base", "high", "switches_at"]]
    return Readable(
        _short(table, "low", "base", "high", "switches_at"),
        {},
        {"label": "Number", "switches_at": "Net benefit is zero at"},
    )


def scenarios_readable(found: EconomicAnalysis) -> Readable:
    """The scenario table of the main policy."""
    table = _of_policy(found.scenarios, found)
    sign = units_of(found).prefix
    table = table[
        ["label", "incremental_cost", "incremental_effect", "icer", "net_benefit", "se", "change", "probability"]
    ]
    formats = {
        "incremental_cost": money(sign, signed=True),
        "incremental_effect": number(4, signed=True),
        "icer": money(sign),
        "net_benefit": money(sign, signed=True, se="se"),
        "change": money(sign, signed=True),
        "probability": percent(0),
    }
    labels = {
        "label": "Scenario",
        "incremental_effect": "Incremental QALYs",
        "icer": "ICER",
        "net_benefit": "Incremental net benefit",
        "change": "Change from base",
        "probability": "Probability above zero",
    }
    return Readable(table, formats, labels)


def subgroups_readable(found: EconomicAnalysis) -> Readable:
    """The main policy by subgroup."""
    table = _of_policy(found.subgroups, found).drop(columns=["policy", "se"])
    sign = units_of(found).prefix
    formats = {
        "share": percent(0),
        "incremental_cost": money(sign, signed=True),
        "incremental_effect": number(3, signed=True),
        "net_benefit": money(sign, signed=True, low="low", high="high"),
        "probability": percent(0),
    }
    labels = {
        "share": "Share of people",
        "incremental_effect": "Incremental QALYs",
        "net_benefit": "Incremental net benefit",
        "probability": "Probability above zero",
    }
    return Readable(table, formats, labels)


def stratified_readable(found: EconomicAnalysis) -> Readable:
    """What choosing by subgroup is worth."""
    sign = units_of(found).prefix
    formats = {name: money(sign) for name in ("one_for_all", "by_subgroup", "gain")}
    labels = {"choices": "Best policy by level", "one_for_all": "One policy for all", "gain": "Gain per person"}
    return Readable(found.stratified, formats, labels)


def budget_readable(found: EconomicAnalysis) -> Readable:
    """People and total spending of each year."""
    total = found.budget.table[found.budget.table["quantity"] == "total"].drop(columns=["quantity", "se"])
    table = found.budget.people.merge(total, on="year")
    sign = units_of(found).prefix
    formats = {
        "referred": number(0),
        "uptake": percent(0),
        "treated_by_policy": number(0),
        "treatments": number(0),
        "without": money(sign),
        "with": money(sign),
        "change": money(sign, signed=True, low="low", high="high"),
    }
    labels = {
        "treated_by_policy": "Under the policy",
        "without": "Spending without it",
        "with": "Spending with it",
        "change": "Change",
    }
    return Readable(table, formats, labels)


def luck_readable(found: EconomicAnalysis) -> Readable:
    """Monte Carlo error beside parameter uncertainty."""
    sign = units_of(found).prefix
    table = found.luck
    kinds = {quantity: quantity.endswith("effect") for quantity in table["quantity"].unique()}

    def by_row(se: str | None = None) -> ByRow:
        return ByRow("quantity", {q: number(4, se=se) if e else money(sign, se=se) for q, e in kinds.items()})

    formats: dict[str, Format | ByRow] = {
        "mean": by_row("se"),
        "sd": by_row(),
        "se_draws": by_row(),
        "se_patients": by_row(),
        "patients_share": percent(1),
    }
    labels = {
        "sd": "Spread due to parameters (SD)",
        "se_draws": "Error from few draws",
        "se_patients": "Error from few patients",
        "patients_share": "Patients' luck in the spread",
        "bottleneck": "Bottleneck",
    }
    return Readable(table, formats, labels)


def values_table(values: Values) -> pd.DataFrame:
    """Every price and utility in force with the evidence behind it: kind, name, label, value, unit, distribution, grade,
    source, note. Amounts are the payer's own."""
    rows = []
    for kind, register, names in (
        ("price", values.perspective.prices, values.price_names),
        ("utility", values.utility_set.states, values.utility_set.states.names()),
    ):
        for name in names:
            p = register[name]
            rows.append(
                {
                    "kind": kind,
                    "name": name,
                    "label": p.label,
                    "value": p.value,
                    "unit": p.unit,
                    "distribution": text(p.distribution),
                    "grade": p.grade,
                    "source": register.citations(name),
                    "note": p.note,
                }
            )
    return pd.DataFrame(rows)


def values_readable(values: Values) -> Readable:
    """Prices and utilities in force, without their notes."""
    table = _short(values_table(values).drop(columns=["kind", "name", "note"]), "value")
    return Readable(table, {}, {"label": "What"})


def included_events() -> list[str]:
    """Events of the model without a price of their own, and why."""
    return [f"{name.replace('_', ' ').capitalize()}: {INCLUDED[name]}." for name in COUNTS if name in INCLUDED]


def _short(table: pd.DataFrame, *columns: str) -> pd.DataFrame:
    """Numbers of different sizes in one column as text: four digits, thousands separated."""

    def written(value: float) -> str:
        return (
            MISSING if pd.isna(value) else f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.4g}".replace("-", "−")
        )

    return table.assign(**{name: table[name].map(written) for name in columns})


def _of_policy(table: pd.DataFrame, found: EconomicAnalysis) -> pd.DataFrame:
    return table[table["policy"] == found.policy].reset_index(drop=True)
