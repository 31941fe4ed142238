"""What one number at a time does to the decision: tornado and switching values.

Every run has the same patients with the same luck, so that a difference comes from the number alone. How large it is depends
on who these patients are: its Monte Carlo error is that of parts of them.
Clinical numbers are simulated at their 95% limits; prices and utilities are dot products on the base case's ledgers.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from simulator.evidence.distributions import limits, mean, quantile
from simulator.evidence.parameter import Parameter
from simulator.evidence.posterior import central_values, joint_names, parameter_draws, posterior_table
from simulator.evidence.wholes import cut_limits
from simulator.questions.value.sensitivity.deterministic import Errors, added_by_part, error_of, errors
from simulator.scenario.arrays import SHARE
from simulator.scenario.scenario import Scenario
from simulator.statistics.decision.results import Array
from simulator.valuation.deal import on_terms
from simulator.valuation.lives import Lives, Simulations
from simulator.valuation.valuation import Worth, worth
from simulator.valuation.values import COMMON_UTILITY, Drawn, Values

CLINICAL, PRICE, UTILITY = "clinical", "price", "utility"
POINTS = 5
"""Points at which each number is tried: both limits, the base, and the middles between."""
INNER = (1, 3)
"""The middles among them."""
DESCRIBED = ("name", "kind", "base", "low", "high")
"""What tables tell of a number beside its unit."""


@dataclass(frozen=True)
class Range:
    """A number with its centre as `base` and its 95% limits. `kind` is clinical, price or utility; `names` move together."""

    name: str
    kind: str
    base: float
    low: float
    high: float
    names: tuple[str, ...]

    def points(self) -> Array:
        """Low limit, middle, base, middle, high limit."""
        at = (self.low, (self.low + self.base) / 2, self.base, (self.base + self.high) / 2, self.high)
        return np.array(at)


Curves = dict[Range, tuple[Array, Array]]
"""Increments of costs and QALYs at the points of each number, each of shape (points, policies)."""


@dataclass(frozen=True, eq=False)
class OneWay:
    """Tables of one-way analysis, the most influential number of each policy first.

    `base` holds costs, QALYs and life-years of the deterministic analysis, shape (1, policies): every number is at its centre
    (`posterior.central_values`, and the means of prices and utilities); `errors` are those of its increments. `tornado`: name,
    kind, base, low, high, policy, net_benefit (incremental, at the base values), at_low, at_high, swing, cost_at_low,
    cost_at_high, effect_at_low, effect_at_high (changes of the increments). `switching`: name, kind, base, low, high, policy,
    net_benefit, switches_at (missing where no value within the limits does), swing. `read`: the clinical numbers that changed
    any ledger, cost or effect; `unread`: those that vary and changed none.
    """

    base: Worth
    errors: Errors
    tornado: pd.DataFrame
    switching: pd.DataFrame
    read: tuple[str, ...]
    unread: tuple[str, ...]


def centre_of(scenario: Scenario, seed: int) -> dict[str, float]:
    """The clinical numbers of the deterministic analysis; see `posterior.central_values`.

    The share of recovery that cells cause is the mean of the analysis's own draws, so that it is the one number that stands
    beside the view of the evidence.
    """
    share = f"{SHARE}_{scenario.view}"
    drawn = parameter_draws(scenario.register, scenario.settings.economics.draws, seed)[share]
    return central_values(scenario.register) | {share: float(np.mean(drawn))}


def clinical_ranges(scenario: Scenario, centre: Mapping[str, float]) -> list[Range]:
    """Every clinical number that varies, within the middle 95% of the draws that it has jointly with a hospital or with the
    fit, else of its distribution.

    What nothing reads is left out: the shares of other views, and numbers of therapies that no policy compared gives.
    """
    register = scenario.register
    table, joint = posterior_table(), joint_names(register)
    rows = {} if table is None else {name: table[name].to_numpy(np.float64) for name in joint}
    rows |= register.joint
    found = []
    for parameter in register.parameters:
        if parameter.name in scenario.idle:
            continue
        low, high = limits(parameter)
        if parameter.name in rows:
            low, high = (float(q) for q in np.quantile(rows[parameter.name], (0.025, 0.975)))
        if low < high:
            found.append(range_of(parameter, CLINICAL, low, centre[parameter.name], high))
    return found


def value_ranges(values: Values) -> list[Range]:
    """Every price that is read and every utility; utilities of a common quantile move together."""
    found = []
    for name in values.price_names:
        low, high = limits(values.perspective.prices[name])
        if low < high:
            found.append(
                range_of(values.perspective.prices[name], PRICE, low, mean(values.perspective.prices[name]), high)
            )
    states = [p for p in values.utility_set.states.parameters if limits(p)[0] < limits(p)[1]]
    common = tuple(p.name for p in states if p.luck == "utility")
    if common:
        found.append(Range(COMMON_UTILITY, UTILITY, 0.5, 0.025, 0.975, common))
    for p in states:
        if p.name not in common:
            low, high = limits(p)
            found.append(range_of(p, UTILITY, low, mean(p), high))
    return found


def one_way(scenario: Scenario, values: Values, simulations: Simulations, patients: int, seed: int) -> OneWay:
    """The tornado of every policy against the reference at the first threshold, and switching values."""
    usual = centre_of(scenario, seed)
    clinical, valued = clinical_ranges(scenario, usual), value_ranges(values)
    rows = [usual, *(usual | {each.name: point} for each in clinical for point in each.points())]
    draws = scenario.parameter_draws(cut_limits(pd.DataFrame(rows), usual))
    first = {each: 1 + POINTS * place for place, each in enumerate(clinical)}
    ends = np.array([0, *(place + end for place in first.values() for end in (0, POINTS - 1))])
    between = np.array([0, *(place + inner for place in first.values() for inner in INNER)])
    parts = simulations.in_parts("One-way analysis, limits", scenario, draws[ends], patients, seed)
    inner = simulations.twins("One-way analysis, between", scenario, draws[between], patients, seed)

    # Both sums of the base are the same lives, but not the same bits, so each is compared with its own.
    ledgers = np.repeat(parts.whole()[:1], len(draws), axis=0)
    ledgers[between[1:]], ledgers[ends] = inner.ledgers[1:], parts.whole()
    lives = replace(inner, halves=ledgers[None], parameters=draws)
    values, _ = on_terms(scenario, values, lives, patients, seed, simulations, twins=True)
    cost, effect = increments_of(scenario, lives, values.at_means(), values)
    # Some change no life and are charged all the same, as the probability of a complication.
    whole = ledgers, cost, effect
    same = replace(lives, halves=inner.halves, parameters=draws[between])
    halfway = inner.ledgers, *increments_of(scenario, same, values.at_means(), values.of_draws(between))
    read = [
        each
        for k, each in enumerate(clinical)
        if any((what[ends[1 + 2 * k : 3 + 2 * k]] != what[0]).any() for what in whole)
        or any((what[1 + 2 * k : 3 + 2 * k] != what[0]).any() for what in halfway)
    ]
    curves = {each: (cost[at : at + POINTS], effect[at : at + POINTS]) for each, at in first.items() if each in read}
    for each in valued:
        curves[each] = increments_of(scenario, lives.first(1), moved(each, each.points(), values), values)

    base = scenario.compare.index(scenario.reference)
    here = added_by_part(parts.ledgers[:1], draws[:1], ends[:1], values.at_means(), values, base)
    luck = {}
    for k, each in enumerate(clinical):
        if each in read:
            at = slice(1 + 2 * k, 3 + 2 * k)
            luck[each] = added_by_part(parts.ledgers[at], draws[ends[at]], ends[at], values.at_means(), values, base)
    for each in valued:
        limits_only = moved(each, each.points()[[0, -1]], values)
        twice = np.repeat(parts.ledgers[:1], 2, axis=0)
        luck[each] = added_by_part(twice, draws[[0, 0]], ends[[0, 0]], limits_only, values, base)
    tornado = _tornado(curves, luck, here, cost[0], effect[0], scenario, values)
    return OneWay(
        worth(ledgers[:1], draws[:1], values.at_means(), values),
        errors(here, values.threshold),
        tornado,
        _switching(tornado, curves, scenario, values),
        tuple(each.name for each in read),
        tuple(each.name for each in clinical if each not in read),
    )


def moved(each: Range, points: Array, values: Values) -> Drawn:
    """Prices and utilities with one of them at `points`, the rest at their means."""
    if each.name != COMMON_UTILITY:
        return values.at_means({each.name: points})
    states = values.utility_set.states
    return values.at_means({name: quantile(states[name], points) for name in each.names})


def range_of(parameter: Parameter, kind: str, low: float, base: float, high: float) -> Range:
    """A number that moves by itself."""
    return Range(parameter.name, kind, base, low, high, (parameter.name,))


def increments_of(scenario: Scenario, lives: Lives, drawn: Drawn, values: Values) -> tuple[Array, Array]:
    """Costs and QALYs over the reference, each of shape (draws, policies)."""
    found = worth(lives.ledgers, lives.parameters, drawn, values)
    base = [scenario.compare.index(scenario.reference)]
    return found.cost - found.cost[:, base], found.qalys - found.qalys[:, base]


def _tornado(
    curves: Curves,
    luck: Mapping[Range, Worth],
    here: Worth,
    cost: Array,
    effect: Array,
    scenario: Scenario,
    values: Values,
) -> pd.DataFrame:
    """What both limits do, by policy, the most influential number first.

    `cost` and `effect` are the increments at the base, shape (policies,).

    `luck` and `here` hold what parts of the people say at both limits and at the base; see `added_by_part`.
    """
    table = []
    usual = values.threshold * here.qalys[0] - here.cost[0]
    for each, (costs, effects) in curves.items():
        by_part = values.threshold * luck[each].qalys - luck[each].cost
        for p, policy in enumerate(scenario.compare):
            if policy == scenario.reference:
                continue
            ends = {"at_low": (costs[0, p], effects[0, p]), "at_high": (costs[-1, p], effects[-1, p])}
            base = values.threshold * effect[p] - cost[p]
            benefit = {end: values.threshold * e - c for end, (c, e) in ends.items()}
            among = np.array([base, *benefit.values()])
            parts = np.stack([usual[:, p], by_part[0, :, p], by_part[1, :, p]], axis=1)
            of_base, *of_ends = error_of(parts).tolist()
            swing = parts[:, among.argmax()] - parts[:, among.argmin()]
            row: dict[str, object] = {name: getattr(each, name) for name in DESCRIBED}
            row |= {"unit": unit_of(each.name, scenario, values), "policy": policy}
            row |= {"net_benefit": base, "net_benefit_se": of_base, **benefit}
            row |= {f"{end}_se": error for end, error in zip(benefit, of_ends, strict=True)}
            row |= {"swing": np.ptp(among), "swing_se": float(error_of(swing[:, None])[0])}
            row |= {f"cost_{end}": c - cost[p] for end, (c, _) in ends.items()}
            row |= {f"effect_{end}": e - effect[p] for end, (_, e) in ends.items()}
            table.append(row)
    found = pd.DataFrame(table)
    order = {policy: place for place, policy in enumerate(scenario.compare)}
    return found.iloc[np.lexsort((-found["swing"], found["policy"].map(order)))].reset_index(drop=True)


def _switching(tornado: pd.DataFrame, curves: Curves, scenario: Scenario, values: Values) -> pd.DataFrame:
    """The rows of the tornado with the values at which net benefit crosses zero, by straight lines between the points."""
    benefit = {each.name: (each.points(), values.threshold * e - c) for each, (c, e) in curves.items()}
    crossings = []
    for name, policy in zip(tornado["name"], tornado["policy"], strict=True):
        points, by_policy = benefit[name]
        crossings.append(_crossing(points, by_policy[:, scenario.compare.index(policy)]))
    table = tornado[[*DESCRIBED, "unit", "policy", "net_benefit"]]
    return table.assign(switches_at=crossings, swing=tornado["swing"])


def unit_of(name: str, scenario: Scenario, values: Values) -> str:
    """The unit of a clinical number, a price in the payer's own money, or a utility."""
    if name == COMMON_UTILITY:
        return "quantile"
    for some in (scenario.register, values.perspective.prices, values.utility_set.states):
        if name in some.names():
            return some[name].unit
    return ""


def _crossing(points: Array, benefit: Array) -> float:
    """Where a curve through these points first crosses zero, by straight lines; nan where it does not."""
    signs = np.sign(benefit)
    change = np.flatnonzero(signs[1:] * signs[:-1] <= 0)
    change = change[(benefit[change] != benefit[change + 1])]
    if not len(change):
        return float("nan")
    k = change[0]
    share = benefit[k] / (benefit[k] - benefit[k + 1])
    return float(points[k] + share * (points[k + 1] - points[k]))
