"""What one number at a time does to the decision: tornado, switching values and two-way analysis.

Every run has the same patients with the same luck, so a difference comes from the number alone and has no noise.
Clinical numbers are simulated at their 95% limits; prices and utilities are dot products on the base case's ledgers.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from simulator.evidence.distributions import limits, mean, quantile
from simulator.evidence.parameter import Parameter
from simulator.evidence.posterior import central_values, joint_names, parameter_draws, posterior_table
from simulator.evidence.wholes import cut_limits
from simulator.questions.value.deal import on_terms
from simulator.questions.value.deterministic import Errors, errors
from simulator.questions.value.lives import Lives, Simulations
from simulator.questions.value.results import Array
from simulator.questions.value.valuation import Worth, worth
from simulator.questions.value.values import COMMON_UTILITY, Drawn, Values
from simulator.scenario.arrays import SHARE
from simulator.scenario.scenario import Scenario
from simulator.words.errors import BadInput, Problem, nearest

CLINICAL, PRICE, UTILITY = "clinical", "price", "utility"
POINTS = 5
"""Points at which each number is tried: both limits, the base, and the middles between."""
GRID = 9
"""Points of each number of a two-way analysis."""


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


@dataclass(frozen=True, eq=False)
class TwoWay:
    """Incremental net benefit of one policy over a grid of two numbers, shape (first values, second values)."""

    first: Range
    second: Range
    policy: str
    first_values: Array
    second_values: Array
    net_benefit: Array

    def table(self) -> pd.DataFrame:
        """One row per point: the two numbers under their names, policy, net_benefit."""
        one, two = np.meshgrid(self.first_values, self.second_values, indexing="ij")
        columns = {self.first.name: one.ravel(), self.second.name: two.ravel()}
        return pd.DataFrame({**columns, "policy": self.policy, "net_benefit": self.net_benefit.ravel()})


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
            found.append(_range(parameter, CLINICAL, low, centre[parameter.name], high))
    return found


def value_ranges(values: Values) -> list[Range]:
    """Every price that is read and every utility; utilities of a common quantile move together."""
    found = []
    for name in values.price_names:
        low, high = limits(values.perspective.prices[name])
        if low < high:
            found.append(
                _range(values.perspective.prices[name], PRICE, low, mean(values.perspective.prices[name]), high)
            )
    states = [p for p in values.utility_set.states.parameters if limits(p)[0] < limits(p)[1]]
    common = tuple(p.name for p in states if p.luck == "utility")
    if common:
        found.append(Range(COMMON_UTILITY, UTILITY, 0.5, 0.025, 0.975, common))
    for p in states:
        if p.name not in common:
            low, high = limits(p)
            found.append(_range(p, UTILITY, low, mean(p), high))
    return found


def one_way(scenario: Scenario, values: Values, simulations: Simulations, patients: int, seed: int) -> OneWay:
    """The tornado of every policy against the reference at the first threshold, and switching values."""
    usual = centre_of(scenario, seed)
    clinical, valued = clinical_ranges(scenario, usual), value_ranges(values)
    rows = [usual, *(usual | {each.name: point} for each in clinical for point in each.points())]
    draws = scenario.parameter_draws(cut_limits(pd.DataFrame(rows), usual))
    lives = simulations.twins("One-way analysis", scenario, draws, patients, seed)
    ledgers = lives.ledgers
    values, _ = on_terms(scenario, values, lives, patients, seed, simulations, twins=True)
    own = {each: slice(1 + POINTS * place, 1 + POINTS * (place + 1)) for place, each in enumerate(clinical)}
    cost, effect = _increments(scenario, lives, values.at_means(), values)
    # Some change no life and are charged all the same, as the probability of a complication.
    read = [each for each in clinical if any((what[own[each]] != what[0]).any() for what in (ledgers, cost, effect))]
    curves = {each: (cost[own[each]], effect[own[each]]) for each in read}
    for each in valued:
        curves[each] = _increments(scenario, lives.first(1), moved(each, each.points(), values), values)
    return OneWay(
        worth(ledgers[:1], lives.parameters[:1], values.at_means(), values),
        errors(scenario, values, lives, patients, seed, simulations),
        _tornado(curves, cost[0], effect[0], scenario, values),
        _switching(curves, cost[0], effect[0], scenario, values),
        tuple(each.name for each in read),
        tuple(each.name for each in clinical if each not in read),
    )


def two_way(
    pair: tuple[Range, Range],
    policy: str,
    scenario: Scenario,
    values: Values,
    simulations: Simulations,
    patients: int,
    seed: int,
) -> TwoWay:
    """Incremental net benefit of a policy over a grid of two numbers; see `pair_of`."""
    first, second = pair
    one, two = np.linspace(first.low, first.high, GRID), np.linspace(second.low, second.high, GRID)
    grid = {first: np.repeat(one, GRID), second: np.tile(two, GRID)}
    clinical = {each.name: points for each, points in grid.items() if each.kind == CLINICAL}
    priced: dict[str, Array] = {}
    for each, points in grid.items():
        if each.kind != CLINICAL:
            drawn = moved(each, points, values)
            everything = {**drawn.prices, **drawn.utilities}
            priced |= {name: everything[name] for name in each.names}
    rows, places = np.unique(np.column_stack([*clinical.values(), np.zeros(GRID * GRID)]), axis=0, return_inverse=True)
    usual = centre_of(scenario, seed)
    table = pd.DataFrame(usual, index=range(len(rows))).assign(**dict(zip(clinical, rows.T[:-1], strict=True)))
    table = cut_limits(table, usual)
    lives = simulations.twins("Two-way analysis", scenario, scenario.parameter_draws(table), patients, seed)
    values, _ = on_terms(scenario, values, lives, patients, seed, simulations, twins=True)
    at = np.ravel(places)
    values = values if values.left is None else replace(values, left=values.left.rows(at))
    spread = Lives(
        lives.policies, lives.halves[:, at], lives.outcomes, lives.outcome_errors, lives.parameters[at], lives.people
    )
    cost, effect = _increments(scenario, spread, values.at_means(priced), values)
    benefit = (values.threshold * effect - cost)[:, scenario.compare.index(policy)]
    return TwoWay(first, second, policy, one, two, benefit.reshape(GRID, GRID))


def pair_of(
    policy: str, scenario: Scenario, values: Values, read: Iterable[str], seed: int = 1
) -> tuple[Range, Range] | None:
    """The two numbers of the two-way analysis: those of [economics], else the attributable share and the product's price.

    A price that the user fixed varies from nothing to twice what it is.

    `read` holds the clinical numbers that change some ledger, cost or effect. None where nothing was asked for and the policy
    gives no cells. Raises BadInput for a number that was asked for and does not vary or is read by no rule of the policies.
    """
    usual, read = centre_of(scenario, seed), set(read)
    known = {each.name: each for each in clinical_ranges(scenario, usual) if each.name in read}
    known |= {each.name: each for each in value_ranges(values)}
    if any(treatment.cell_therapy.doses > 0 for treatment in values.policies.values()):
        base = usual[f"{SHARE}_{scenario.view}"]
        known[SHARE] = Range(SHARE, CLINICAL, base, 0.0, 1.0, (SHARE,))
    asked = scenario.settings.economics.two_way
    if asked is None:
        name = values.price_name(policy)
        if name is None or SHARE not in known:
            return None
        return known[SHARE], known.get(name) or _around(values.perspective.prices[name])
    unread = [name for name in asked if name not in known]
    if unread:
        said = "a number that varies and that a rule of the policies compared reads"
        where = f"{scenario.name}: [economics]"
        raise BadInput(Problem(where, "two_way", repr(name), f"{said}; {nearest(name, known)}") for name in unread)
    return known[asked[0]], known[asked[1]]


def _around(price: Parameter) -> Range:
    """A price that somebody fixed, from nothing to twice what it is: a range to look at, not a statement of evidence."""
    return _range(price, PRICE, 0.0, price.value, 2.0 * price.value or 1.0)


def moved(each: Range, points: Array, values: Values) -> Drawn:
    """Prices and utilities with one of them at `points`, the rest at their means."""
    if each.name != COMMON_UTILITY:
        return values.at_means({each.name: points})
    states = values.utility_set.states
    return values.at_means({name: quantile(states[name], points) for name in each.names})


def _range(parameter: Parameter, kind: str, low: float, base: float, high: float) -> Range:
    return Range(parameter.name, kind, base, low, high, (parameter.name,))


def _increments(scenario: Scenario, lives: Lives, drawn: Drawn, values: Values) -> tuple[Array, Array]:
    """Costs and QALYs over the reference, each of shape (draws, policies)."""
    found = worth(lives.ledgers, lives.parameters, drawn, values)
    base = [scenario.compare.index(scenario.reference)]
    return found.cost - found.cost[:, base], found.qalys - found.qalys[:, base]


def _tornado(curves: Curves, cost: Array, effect: Array, scenario: Scenario, values: Values) -> pd.DataFrame:
    """What both limits do; `cost` and `effect` are the increments at the base, shape (policies,)."""
    table = []
    for each, (costs, effects) in curves.items():
        for p, policy in enumerate(scenario.compare):
            if policy == scenario.reference:
                continue
            ends = {"at_low": (costs[0, p], effects[0, p]), "at_high": (costs[-1, p], effects[-1, p])}
            base = values.threshold * effect[p] - cost[p]
            benefit = {end: values.threshold * e - c for end, (c, e) in ends.items()}
            among = [base, *benefit.values()]
            row: dict[str, object] = {**_described(each), "policy": policy, "net_benefit": base, **benefit}
            row["swing"] = max(among) - min(among)
            row |= {f"cost_{end}": c - cost[p] for end, (c, _) in ends.items()}
            row |= {f"effect_{end}": e - effect[p] for end, (_, e) in ends.items()}
            table.append(row)
    return _by_swing(pd.DataFrame(table), scenario)


def _switching(curves: Curves, cost: Array, effect: Array, scenario: Scenario, values: Values) -> pd.DataFrame:
    """Values at which each policy's incremental net benefit crosses zero, by straight lines between the points."""
    table = []
    for each, (costs, effects) in curves.items():
        benefit = values.threshold * effects - costs
        for p, policy in enumerate(scenario.compare):
            if policy != scenario.reference:
                row: dict[str, object] = {**_described(each), "policy": policy}
                row["net_benefit"] = values.threshold * effect[p] - cost[p]
                row["switches_at"] = _crossing(each.points(), benefit[:, p])
                row["swing"] = float(np.ptp(benefit[:, p]))
                table.append(row)
    return _by_swing(pd.DataFrame(table), scenario)


def _by_swing(table: pd.DataFrame, scenario: Scenario) -> pd.DataFrame:
    """Rows by policy, the most influential number first."""
    order = {policy: place for place, policy in enumerate(scenario.compare)}
    places = np.lexsort((-table["swing"].to_numpy(), table["policy"].map(order).to_numpy()))
    return table.iloc[places].reset_index(drop=True)


def _described(each: Range) -> dict[str, object]:
    names = ("name", "kind", "base", "low", "high")
    return {name: getattr(each, name) for name in names}


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
