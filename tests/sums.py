"""Tables of an economic analysis that stand alone: what they must add up to, computed from other columns and tables."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

import numpy as np
import pandas as pd

Tables = Mapping[str, pd.DataFrame]
Pair = tuple[Any, Any]


def of_events(tables: Tables, _facts: Mapping[str, Any]) -> Iterator[Pair]:
    """Events cost together what is charged once."""
    once = tables["costs_by_state"].query("state == 'event'").set_index("policy")["mean"]
    spent = tables["events"].groupby("option")["cost"].sum()
    yield spent[once.index], once
    for by in (["category", "kind"], ["state"]):
        whole = tables["costs"].groupby(["policy", *by])["mean"].sum()
        told = tables[f"costs_by_{by[0]}"].set_index(["policy", *by])["mean"]
        yield (
            told[[each for each in told.index if "total" not in each]],
            whole[[e for e in told.index if "total" not in e]],
        )


def of_budget(tables: Tables, _facts: Mapping[str, Any]) -> Iterator[Pair]:
    """Change is what is spent with the policy less without it, and the total is that of all costs."""
    budget, people = tables["budget"], tables["budget_people"]
    yield budget["with"] - budget["without"], budget["change"]
    columns = ["without", "with", "change"]
    whole = budget[budget["quantity"] == "total"].set_index("year")[columns]
    yield budget[budget["quantity"] != "total"].groupby("year")[columns].sum(), whole
    yield people["referred"] * people["uptake"], people["offered"]


def of_subgroups(tables: Tables, facts: Mapping[str, Any]) -> Iterator[Pair]:
    """One option for all and the best of each level, by the net benefits of the subgroups; the reference has none."""
    groups = tables["subgroups"]
    everybody = groups.query("subgroup == 'everybody'")["net_benefit"].max()
    table = tables["stratified"].set_index("subgroup")
    levels = groups.query("subgroup != 'everybody'").groupby(["subgroup", "level"])
    best = (levels["share"].first() * levels["net_benefit"].max().clip(lower=0.0)).groupby("subgroup").sum()
    yield table["one_for_all"], np.full(len(table), max(0.0, everybody))
    yield table["by_subgroup"], best[table.index]
    yield table["by_subgroup"] - table["one_for_all"], table["gain"]


def of_information(tables: Tables, facts: Mapping[str, Any]) -> Iterator[Pair]:
    """Values of the population are those of a person times its people; a trial's worth is that less its cost."""
    voi, trial = tables["voi"], tables["trial_worth"]
    yield voi["value"] * facts["population"]["people"], voi["population_value"]
    whole = voi.query("measure == 'EVPI'").set_index("threshold")["value"]
    yield voi["value"] / voi["threshold"].map(whole), voi["share_of_evpi"]
    yield trial["evsi"] * trial["people"], trial["population_evsi"]
    yield trial["population_evsi"] - trial["cost"], trial["enbs"]
    yield facts["trial"]["fixed_cost"] + facts["trial"]["cost_per_patient"] * trial["patients"], trial["cost"]


def of_severity(tables: Tables, facts: Mapping[str, Any]) -> Iterator[Pair]:
    """Shortfall is what is expected less what is had, and a weight multiplies the QALYs gained."""
    table = tables["severity"]
    yield table["expected"] - table["care"], table["absolute"]
    yield table["absolute"] / table["expected"], table["proportional"]
    gained = tables["options"].set_index("option")
    rows = table[table["net_benefit_weighted"].notna()]
    cost, effect = (rows["option"].map(gained[f"incremental_{name}"]) for name in ("cost", "effect"))
    yield rows["threshold"] * rows["weight"].fillna(1.0) * effect - cost, rows["net_benefit_weighted"]
    yield (
        facts["threshold"] * table["option"].map(gained["incremental_effect"])
        - table["option"].map(gained["incremental_cost"]),
        table["net_benefit"],
    )
    shares = tables["severity_bands"].groupby("rule")["probability"].sum()
    yield shares, np.ones(len(shares))


def of_courses(tables: Tables, _facts: Mapping[str, Any]) -> Iterator[Pair]:
    """People at risk are those who have not died; a course is at one, two and five years what a hundred people have."""
    curves = tables["curves"].query("outcome == 'death'").set_index(["policy", "time_years"])["mean"]
    risk = tables["at_risk"].query("group == 'alive'").set_index(["policy", "time_years"])["people"]
    people = risk.groupby("policy").max()
    yield risk, (1.0 - curves[risk.index]) * people[risk.index.get_level_values("policy")].to_numpy()
    hundred = tables["per_hundred"].query("group == 'referred'").set_index(["policy", "outcome", "time_years"])
    courses = tables["curves"].set_index(["policy", "outcome", "time_years"])["mean"]
    both = [each for each in hundred.index if each in courses.index]
    yield hundred.loc[both, "mean"], courses[both]


def of_two_numbers(tables: Tables, _facts: Mapping[str, Any]) -> Iterator[Pair]:
    """A price moves net benefit in a straight line at every value of the other number."""
    share, price, *_ = tables["two_way"].columns
    grid = tables["two_way"].pivot_table(index=share, columns=price, values="net_benefit").to_numpy()
    yield np.diff(grid, axis=1)[:, 1:], np.diff(grid, axis=1)[:, :-1]


def of_increments(tables: Tables, facts: Mapping[str, Any]) -> Iterator[Pair]:
    """What stands beside another: steps of the frontier, deterministic net benefit, benefit in QALYs, limits of the tornado."""
    options, frontier = tables["options"].set_index("option"), tables["frontier"].set_index("option")
    steps = frontier[frontier["compared_with"].notna()]
    for name in ("cost", "effect"):
        yield steps[f"incremental_{name}"], steps[name] - frontier.loc[steps["compared_with"], name].to_numpy()
    told = options.loc[steps.index, ["sequential_effect", "sequential_effect_se", "sequential_icer_se"]]
    yield told, steps[["incremental_effect", "incremental_effect_se", "icer_se"]]
    cost, effect = (options[f"incremental_{name}_deterministic"] for name in ("cost", "effect"))
    yield facts["threshold"] * effect - cost, options["net_benefit_deterministic"]
    lived = options["life_years"] - options.loc[facts["reference"], "life_years"]
    yield lived[options["incremental_life_years"].notna()], options["incremental_life_years"].dropna()
    net = tables["net_benefit"]
    for ending in ("", "_se", "_low", "_high"):
        yield net[f"net_monetary_benefit{ending}"] / net["threshold"], net[f"net_health_benefit{ending}"]
    tornado, switching = (tables[name].set_index(["policy", "name"]) for name in ("tornado", "switching"))
    for end in ("low", "high"):
        change = facts["threshold"] * tornado[f"effect_at_{end}"] - tornado[f"cost_at_{end}"]
        yield tornado["net_benefit"] + change, tornado[f"at_{end}"]
    columns = ["base", "low", "high", "swing"]
    yield switching.loc[tornado.index, columns], tornado[columns]
    ends = tornado[["net_benefit", "at_low", "at_high"]]
    yield ends.max(axis=1) - ends.min(axis=1), tornado["swing"]
    means = tables["values"].set_index("name")["mean"]
    moved = [each for each in tornado.index if each[1] in means.index]
    yield tornado.loc[moved, "base"], means[[name for _, name in moved]]
    shares = tables["views"].groupby("view")["share"].first()
    yield tables["price"]["share"], shares[tables["price"]["view"]]
    for policy, name in tornado.index:
        if name == f"attributable_share_{facts['view']}":
            yield tornado.loc[(policy, name), "base"], shares[facts["view"]]


def of_errors(tables: Tables, facts: Mapping[str, Any]) -> Iterator[Pair]:
    """Errors of few draws and of few patients make the whole, and what is scaled to people is so with its error."""
    luck, voi, trial = tables["monte_carlo_error"], tables["voi"], tables["trial_worth"]
    yield np.hypot(luck["se_draws"], luck["se_patients"]), luck["se"]
    yield luck["sd"] / np.sqrt(facts["draws"]), luck["se_draws"]
    yield (luck["se_patients"] / luck["se"]) ** 2, luck["patients_share"]
    yield voi["se"] * facts["population"]["people"], voi["population_se"]
    yield trial["se"] * trial["people"], trial["population_se"]
    worth = trial[trial["people_to_break_even"].notna()]
    yield worth["cost"] / worth["evsi"], worth["people_to_break_even"]


def of_people(tables: Tables, facts: Mapping[str, Any]) -> Iterator[Pair]:
    """Numbers needed are the inverse of differences, people at risk begin with all, and groups have their net health benefit."""
    hundred = tables["per_hundred"]
    needed = hundred[hundred["needed"].notna()]
    yield 1.0 / needed["difference"].abs(), needed["needed"]
    all_of_them = hundred.query("group == 'referred'")["people"].max()
    yield tables["at_risk"].query("group == 'alive' and time_years == 0.0")["people"], all_of_them
    equity = tables["equity"]
    yield equity["incremental_effect"] - equity["incremental_cost"] / facts["threshold"], equity["net_health_benefit"]
    dialysis, spent = tables["dialysis"].set_index("option"), tables["costs_by_category"].set_index("policy")
    yield spent.query("category == 'dialysis'")["mean"][dialysis.index], dialysis["cost"]
    yield dialysis["cost"] / spent.query("category == 'total'")["mean"][dialysis.index], dialysis["share"]
    rates = tables["conventions"].set_index("convention")["value"]
    yield rates[["discount_costs", "discount_effects"]], [facts["rates"]["costs"], facts["rates"]["effects"]]
    yield rates["threshold"], facts["thresholds"]


def of_draws(tables: Tables, facts: Mapping[str, Any]) -> Iterator[Pair]:
    """Acceptability, loss, quadrants and ellipses follow from the draws."""
    draws = tables["draws"]
    options = list(dict.fromkeys(draws["option"]))
    cost, effect = (draws[name].to_numpy().reshape(-1, len(options)) for name in ("cost", "effect"))
    at = options.index(facts["reference"])
    more_cost, more_effect = cost - cost[:, [at]], effect - effect[:, [at]]
    quadrants = tables["against"].set_index("option")
    ellipses = tables["ellipses"].groupby("option")
    for place, option in enumerate(options):
        if place == at:
            continue
        costs, effects = more_cost[:, place], more_effect[:, place]
        row = quadrants.loc[option]
        yield row["costs_more_does_more"], ((costs > 0) & (effects > 0)).mean()
        yield row["costs_less_does_less"], ((costs < 0) & (effects < 0)).mean()
        yield row[[each for each in row.index if "_does_" in each]].sum(), 1.0
        for name, values in (("cost", costs), ("effect", effects)):
            points = ellipses.get_group(option)[name]
            # As wide as the normal that holds 95%: 2.4477 standard deviations either side of the mean.
            yield np.round((points.max() - points.min()) / (2 * 2.4477 * values.std(ddof=1)), 2), 1.0
    curves = tables["ceac"].set_index(["threshold", "option"])
    for threshold, option in curves.index:
        benefit, place = threshold * effect - cost, options.index(option)
        yield curves.loc[(threshold, option), "net_benefit"], benefit[:, place].mean()
        yield curves.loc[(threshold, option), "expected_loss"], (benefit.max(axis=1) - benefit[:, place]).mean()


Rule = Callable[[Tables, Mapping[str, Any]], Iterator[Pair]]
RULES: tuple[Rule, ...] = (
    of_events,
    of_budget,
    of_subgroups,
    of_information,
    of_severity,
    of_courses,
    of_two_numbers,
    of_increments,
    of_errors,
    of_people,
    of_draws,
)
HELD: Mapping[str, tuple[str, ...]] = {
    "events": ("cost",),
    "costs": ("mean",),
    "budget": ("with", "without", "change"),
    "budget_people": ("referred", "uptake", "offered"),
    "stratified": ("one_for_all", "by_subgroup", "gain"),
    "voi": ("value", "population_value", "share_of_evpi"),
    "trial_worth": ("evsi", "people", "population_evsi", "cost", "enbs"),
    "severity": ("expected", "care", "absolute", "proportional", "net_benefit", "net_benefit_weighted"),
    "severity_bands": ("probability",),
    "two_way": ("net_benefit",),
    "frontier": ("incremental_cost", "incremental_effect"),
    "tornado": ("base", "low", "high", "at_low", "at_high", "swing"),
    "switching": ("base", "low", "high", "swing"),
    "monte_carlo_error": ("sd", "se_draws", "se_patients", "patients_share"),
    "dialysis": ("cost", "share"),
    "equity": ("net_health_benefit",),
    "per_hundred": ("needed",),
    "ceac": ("net_benefit", "expected_loss"),
    "net_benefit": ("net_health_benefit", "net_health_benefit_low", "net_health_benefit_high"),
    "conventions": ("value",),
    "draws": ("cost", "effect"),
}
"""Columns of which every number that is not as good as zero is held by some rule."""


def broken(rules: Iterable[Rule], tables: Tables, facts: Mapping[str, Any]) -> list[str]:
    """Those of the rules that some number breaks."""
    return [
        str(rule.__doc__)
        for rule in rules
        for one, other in rule(tables, facts)
        if not np.allclose(np.asarray(one, float), np.asarray(other, float), rtol=1e-7, atol=1e-7, equal_nan=True)
    ]


def tables_read(rule: Rule, tables: Tables, facts: Mapping[str, Any]) -> set[str]:
    """Names of the tables that a rule looks at."""
    read: set[str] = set()

    class Noting(dict[str, pd.DataFrame]):
        def __getitem__(self, name: str) -> pd.DataFrame:
            read.add(name)
            return super().__getitem__(name)

    for _ in rule(Noting(tables), facts):
        pass
    return read
