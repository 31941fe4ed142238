"""What two numbers together do to the decision: incremental net benefit over a grid, in the same patients with the same luck."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from simulator.evidence.former_names import known_instead
from simulator.evidence.parameter import Parameter
from simulator.evidence.wholes import cut_limits
from simulator.questions.value.decision.results import Array
from simulator.questions.value.sensitivity.one_way import (
    CLINICAL,
    PRICE,
    Range,
    centre_of,
    clinical_ranges,
    increments_of,
    moved,
    range_of,
    value_ranges,
)
from simulator.questions.value.valuation.deal import on_terms
from simulator.questions.value.valuation.lives import Lives, Simulations
from simulator.questions.value.valuation.values import Values
from simulator.scenario.arrays import SHARE
from simulator.scenario.scenario import Scenario
from simulator.words.errors import BadInput, Problem

GRID = 9
"""Points of each number of a two-way analysis."""


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
    values = values.of_draws(at)
    spread = Lives(
        lives.policies, lives.halves[:, at], lives.outcomes, lives.outcome_errors, lives.parameters[at], lives.people
    )
    cost, effect = increments_of(scenario, spread, values.at_means(priced), values)
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
        raise BadInput(
            Problem(where, "two_way", repr(name), f"{said}; {known_instead(name, known)}") for name in unread
        )
    return known[asked[0]], known[asked[1]]


def _around(price: Parameter) -> Range:
    """A price that somebody fixed, from nothing to twice what it is: a range to look at, not a statement of evidence."""
    return range_of(price, PRICE, 0.0, price.value, 2.0 * price.value or 1.0)
