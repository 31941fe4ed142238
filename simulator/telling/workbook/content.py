"""What the sheets of an economic workbook share: amounts and unit costs of every draw, and where their columns stand."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from simulator.statistics.decision.results import Array, CostEffectResults
from simulator.telling.workbook.book import letters
from simulator.telling.workbook.decision_sheets import Outcomes
from simulator.words.findings import Findings

FIRST = 4
"""Row of the first draw on every sheet of draws."""


@dataclass(frozen=True)
class Line:
    """One unit cost and what it is charged for, as a row of ``workings_lines`` says it."""

    line: int
    category: str
    price: str
    price_label: str
    times: tuple[str, ...]
    factor: float
    part: str
    counted: str
    list_prices: float
    amputation: bool
    source: str

    @property
    def names(self) -> tuple[str, ...]:
        """The price and what it is multiplied with."""
        return (self.price, *self.times)


@dataclass(frozen=True)
class State:
    """A state of health, or what is lost beside the states, as a row of ``workings_states`` says it."""

    state: str
    utility: str
    loss: bool

    @property
    def label(self) -> str:
        """What people call it."""
        return self.state.replace("_", " ")


@dataclass(frozen=True, eq=False)
class Content:
    """What the sheets share: lines of cost and states of health with their amounts, and where their columns begin.

    tables and facts: those of the answer to `value` with a workbook. drawn: every number that is multiplied, by name. units:
    (draws, lines). levels: (draws, states). amounts: (draws, policies, lines), discounted, and undiscounted; lines of products
    come first. left: the share of a product's price that volume and money back leave to pay, (draws, policies). paid: the
    amounts that are paid for. weighted: (draws, policies, states).
    """

    tables: Mapping[str, pd.DataFrame]
    facts: Mapping[str, Any]
    outcomes: Outcomes
    lines: list[Line]
    states: list[State]
    drawn: dict[str, Array]
    units: Array
    levels: Array
    amounts: Array
    undiscounted: Array
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
        return tuple(self.tables["workings_policies"]["policy"])

    @property
    def deal(self) -> Mapping[str, Any]:
        """Terms of the deal."""
        return dict(self.facts["deal"])

    @property
    def money_back(self) -> bool:
        """Whether treatments that fail are counted."""
        return "workings_back" in self.tables

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


def called_by(told: Findings) -> dict[str, str]:
    """What people call each policy compared, with its name beside a label that several share."""
    labels = {name: told.facts["labels"]["policy"][name] for name in told.tables["workings_policies"]["policy"]}
    shared = {label for label in labels.values() if list(labels.values()).count(label) > 1}
    return {name: f"{label} ({name})" if label in shared else label for name, label in labels.items()}


def content_of(told: Findings) -> Content:
    """Everything that the sheets show, as arrays."""
    tables, facts = told.tables, told.facts
    lines = [Line(**row | {"times": tuple(row["times"].split())}) for row in records(tables["workings_lines"])]
    states = [State(**row) for row in records(tables["workings_states"])]
    drawn = {str(name): column.to_numpy() for name, column in tables["workings_drawn"].items() if name != "draw"}
    called = called_by(told)
    costs, qalys = tables["workings_costs"], tables["workings_qalys"]
    shape = len(tables["workings_drawn"]), len(called)
    units, amounts, undiscounted, left = (
        costs[name].to_numpy().reshape(*shape, len(lines)) for name in ("unit", "amount", "undiscounted", "left")
    )
    levels, weighted = (qalys[name].to_numpy().reshape(*shape, len(states)) for name in ("level", "weighted"))
    paid = amounts * left
    outcomes = Outcomes(
        CostEffectResults(tuple(called.values()), (units * paid).sum(axis=-1), (levels * weighted).sum(axis=-1)),
        called[facts["reference"]],
        facts["threshold"],
        facts["population"]["people"],
        f"{facts['currency']} {facts['price_year']}",
        "QALY",
    )
    return Content(
        tables,
        facts,
        outcomes,
        lines,
        states,
        drawn,
        units[:, 0],
        levels[:, 0],
        amounts,
        undiscounted,
        # Products come first, and what is left of their price is the same for all of them.
        left[:, :, 0],
        paid,
        weighted,
    )


def records(table: pd.DataFrame) -> list[dict[str, Any]]:
    """The rows of a table, by column."""
    return [{str(name): cell for name, cell in row.items()} for row in table.to_dict("records")]
