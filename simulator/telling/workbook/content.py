"""What the sheets of an economic workbook share: amounts and unit costs of every draw, and where their columns stand."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from simulator.questions.value.analysis import EconomicAnalysis
from simulator.questions.value.decision.results import Array, CostEffectResults
from simulator.telling.workbook.book import letters
from simulator.telling.workbook.decision_sheets import Outcomes
from simulator.telling.workbook.lines import Health, Line, healths, lines_of, multipliers_of, ratio_of, top_of

FIRST = 4
"""Row of the first draw on every sheet of draws."""


@dataclass(frozen=True, eq=False)
class Content:
    """What the sheets share: lines of cost and states of health with their amounts, and where their columns begin.

    drawn: every number that varies, by name. units: (draws, lines). levels: (draws, states). amounts: (draws, policies,
    lines), discounted; lines of products come first. left: the share of a product's price that volume and money back leave to
    pay, (draws, policies). paid: the amounts that are paid for. weighted: (draws, policies, states).
    """

    found: EconomicAnalysis
    outcomes: Outcomes
    lines: list[Line]
    states: list[Health]
    drawn: dict[str, Array]
    units: Array
    levels: Array
    amounts: Array
    left: Array
    paid: Array
    weighted: Array

    @property
    def draws(self) -> int:
        """How many draws there are."""
        return len(self.units)

    @property
    def policies(self) -> tuple[str, ...]:
        """What people call the policies compared."""
        return self.outcomes.results.options

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the policies compared."""
        return self.found.results.options

    @property
    def unit_column(self) -> int:
        """Column of the first unit cost on sheet Drawn."""
        return 1 + len(self.drawn)

    @property
    def level_column(self) -> int:
        """Column of the first value of a state on sheet Drawn."""
        return self.unit_column + len(self.lines)

    @property
    def products(self) -> int:
        """How many lines are of products; they are the first."""
        return sum(bool(line.part) for line in self.lines)

    def amount_column(self, policy: int) -> int:
        """Column of a policy's first amount on sheet Amounts."""
        return 1 + policy * len(self.lines)

    def weight_column(self, policy: int) -> int:
        """Column of a policy's first weighted years on sheet Amounts."""
        return 1 + len(self.policies) * len(self.lines) + policy * len(self.states)

    def down(self, sheet: str, column: int, draws: int | None = None) -> str:
        """A column of a sheet of draws; the first `draws` of them."""
        last = FIRST + (draws or self.draws)
        return f"{sheet}!${letters(column)}${FIRST + 1}:${letters(column)}${last}"


def called_by(found: EconomicAnalysis) -> dict[str, str]:
    """What people call each policy compared, with its name beside a label that several share."""
    labels = {name: found.scenario.policies[name].label for name in found.results.options}
    shared = {label for label in labels.values() if list(labels.values()).count(label) > 1}
    return {name: f"{label} ({name})" if label in shared else label for name, label in labels.items()}


def content_of(found: EconomicAnalysis) -> Content:
    """Everything that the sheets show, as arrays."""
    values, ledgers = found.valued_by, found.lives.ledgers
    by_name = multipliers_of(found)
    lines = [
        line
        for line in lines_of(values, found.lives.parameters)
        if line.amount(ledgers, discount=values.discounted).any()
    ]
    lines.sort(key=lambda line: not line.part)
    ratio, top = ratio_of(values), top_of(values)
    known = healths(values, found.lives.parameters)
    states = [each for each in known if each.weighted(ledgers, ratio, discount=False).any()]
    drawn = {name: by_name[name] for name in by_name if any(name in line.names for line in lines)}
    drawn |= {name: draws for name, draws in found.drawn.utilities.items() if any(name == s.utility for s in states)}
    levels = np.column_stack(np.broadcast_arrays(*(state.level(drawn, top) for state in states)))
    units = np.column_stack([line.unit(by_name, values) for line in lines])
    amounts = np.stack([line.amount(ledgers, discount=values.discounted) for line in lines], axis=-1)
    left = np.ones((1, 1)) if values.left is None else values.left.share(discounted=values.discounted)
    left = np.broadcast_to(left, amounts.shape[:2])
    weighted = np.stack([s.weighted(ledgers, ratio, discount=values.discounted) for s in states], axis=-1)
    qalys = (levels[:, None, :] * weighted).sum(axis=-1)
    paid = amounts * np.where([bool(line.part) for line in lines], left[:, :, None], 1.0)
    cost = (units[:, None, :] * paid).sum(axis=-1)
    called = called_by(found)
    results = CostEffectResults(tuple(called.values()), cost, qalys, source=found.results.source)
    people = found.decision.population
    money = f"{values.money.currency} {values.money.price_year}"
    outcomes = Outcomes(
        results, called[found.scenario.reference], values.threshold, people.size() if people else None, money, "QALY"
    )
    return Content(found, outcomes, lines, states, drawn, units, levels, amounts, left, paid, weighted)
