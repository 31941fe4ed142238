"""What two numbers together do to the decision: incremental net benefit over a grid, in the same patients with the same luck."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from simulator.evidence.former_names import known_instead
from simulator.evidence.parameter import Parameter
from simulator.evidence.wholes import cut_limits
from simulator.questions.value.sensitivity.deterministic import added_by_part, error_of
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
from simulator.scenario.arrays import SHARE
from simulator.scenario.scenario import Scenario
from simulator.statistics.decision.results import Array
from simulator.valuation.deal import on_terms
from simulator.valuation.lives import Lives, Simulations
from simulator.valuation.values import Values
from simulator.words.errors import BadInput, Problem

GRID = 9
"""Points of each number of a two-way analysis."""


@dataclass(frozen=True, eq=False)
class TwoWay:
    """Incremental net benefit of one policy over a grid of two numbers, and its Monte Carlo error, which is that of parts of the
    people (missing where they have none), each of shape (first values, second values).
    """

    first: Range
    second: Range
    policy: str
    first_values: Array
    second_values: Array
    net_benefit: Array
    net_benefit_se: Array

    def table(self) -> pd.DataFrame:
        """One row per point: the two numbers under their names, policy, net_benefit, net_benefit_se."""
        one, two = np.meshgrid(self.first_values, self.second_values, indexing="ij")
        columns = {self.first.name: one.ravel(), self.second.name: two.ravel(), "policy": self.policy}
        return pd.DataFrame(
            {**columns, "net_benefit": self.net_benefit.ravel(), "net_benefit_se": self.net_benefit_se.ravel()}
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
    draws = scenario.parameter_draws(cut_limits(table, usual))
    parts = simulations.in_parts("Two-way analysis", scenario, draws, patients, seed)
    lives = _lives(scenario, parts.whole(), draws, patients)
    values, _ = on_terms(scenario, values, lives, patients, seed, simulations, twins=True)
    at, drawn, base = np.ravel(places), values.at_means(priced), scenario.compare.index(scenario.reference)
    p = scenario.compare.index(policy)
    spread = _lives(scenario, lives.ledgers[at], draws[at], patients)
    cost, effect = increments_of(scenario, spread, drawn, values.of_draws(at))
    added = added_by_part(parts.ledgers[at], draws[at], at, drawn, values, base)
    luck = (values.threshold * added.qalys - added.cost)[:, :, p]
    shape = GRID, GRID
    benefit = (values.threshold * effect - cost)[:, p].reshape(shape)
    return TwoWay(first, second, policy, one, two, benefit, error_of(luck.T).reshape(shape))


def _lives(scenario: Scenario, ledgers: Array, draws: NDArray[np.void], people: int) -> Lives:
    """Lives of which nothing but their mean ledgers is read."""
    return Lives(scenario.compare, ledgers[None], np.empty(0), np.empty(0), draws, people)


def pair_of(
    policy: str, scenario: Scenario, values: Values, read: Iterable[str], seed: int
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
