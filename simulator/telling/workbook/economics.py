"""The workbook of an economic analysis: `clti economics --workbook`.

Ledgers are linear in prices and utilities, so everything after the simulation follows in cells: sheet Drawn turns prices
into unit costs and utilities into values of states, sheet Amounts holds what each draw's lives used and lived, and sheet
Outcomes multiplies the two.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from simulator.telling.workbook.book import Book, Sheet, letters
from simulator.telling.workbook.budget_sheet import budget_amounts_sheet, budget_sheet
from simulator.telling.workbook.content import FIRST, Content, content_of
from simulator.telling.workbook.cost_sheet import cost_sheet, state_sheet
from simulator.telling.workbook.decision_sheets import (
    acceptability_sheet,
    benefit_columns,
    name_draws,
    results_sheet,
)
from simulator.telling.workbook.equity_sheet import equity_sheet
from simulator.telling.workbook.first_sheet import first_sheet
from simulator.telling.workbook.frontier_sheet import frontier_sheet
from simulator.telling.workbook.input_sheet import input_sheet
from simulator.telling.workbook.one_way_sheet import one_way_sheet
from simulator.telling.workbook.price_sheet import price_sheet
from simulator.telling.workbook.scenario_sheet import TWO_WAY, scenario_sheet, two_way_sheet
from simulator.telling.workbook.terms_sheet import PAID_BACK, left_cell, paid_back_sheet, terms_sheet
from simulator.words.findings import Findings

LIVE = (
    "Live: threshold, terms of the deal, every price and utility (column Your value of sheet Inputs), people and uptake of"
    " the budget, steps of the curves. All results follow in every draw: totals, incremental analysis, net benefit,"
    " probabilities, value of information, price, budget.",
    "An empty Your value leaves a number as it was drawn from its distribution. A number of your own holds in every draw, as"
    " it does in clti economics under [economics.prices] and [economics.utilities].",
    "Not live: the lives themselves, and so clinical parameters, policies, horizon and discount rates, and which treatments"
    " fail in the sense of money back; what parameters do one at a time (sheet One way) beside the threshold; gains by group"
    " (sheet Equity) beside threshold and epsilon; intervals of the budget. For these run the command again.",
    "To see where a cost comes from, read sheet Costs: what is counted, how often per person over the horizon, its unit"
    " cost and source, and the product of both. Its last table adds up what amputations cost.",
)
SHEETS = (
    ("Inputs", "Threshold, terms, prices and utilities with unit, distribution, grade and source."),
    ("Terms", "Price by volume, and what it leaves to pay under each policy."),
    ("Results", "Mean costs and QALYs, increments, net benefit, probability best, value of perfect information."),
    ("Frontier", "Fully incremental analysis with dominance and extended dominance."),
    ("Price", "The price of the product at which each policy is exactly worth it."),
    ("Acceptability", "Probability best by threshold."),
    ("Costs", "Every cost: amount, unit cost, source, mean cost per person, by policy and category."),
    ("States", "Years in every state of health, their value and the QALYs they give."),
    ("Budget", "Spending of the coming years with and without the policy."),
    ("Equity", "Gains by age, sex, renal class and hospital, and weighted by aversion to inequality."),
    ("One way", "What one number at a time changes."),
    (TWO_WAY, "Net benefit over a grid of two numbers."),
    ("Scenarios", "Structural and other scenarios, and the average of those with weights."),
    ("Drawn", "Prices and utilities of each draw, and the unit costs and values that follow."),
    ("Amounts", "What each draw's lives used (events, years) and lived (weighted years), by policy."),
    ("Outcomes", "Costs, QALYs and net benefit of each draw."),
    (PAID_BACK, "Of each draw, treatments that fail in the sense of money back (where a deal pays back)."),
    ("Budget amounts", "What people use in each year after referral."),
)


def economics_workbook(told: Findings, title: str, made: Mapping[str, str | Sequence[str]]) -> bytes:
    """The bytes of the workbook of an answer that has the tables of `workings`. `made` says what made it.

    There are no more policies than `decision_sheets.options_problems` allows.
    """
    content = content_of(told)
    with Book(title) as book:
        left_out = {
            name for name, table in ((PAID_BACK, "workings_back"), (TWO_WAY, "two_way")) if table not in told.tables
        }
        sheets = [(name, words) for name, words in SHEETS if name not in left_out]
        first_sheet(book, title, LIVE, made, sheets, told.facts["warnings"])
        input_sheet(book, content)
        terms_sheet(book, content)
        results_sheet(book, content.outcomes)
        frontier_sheet(book, content.outcomes)
        price_sheet(book, content)
        acceptability_sheet(book, content.outcomes, 2.0 * max(told.facts["thresholds"]))
        cost_sheet(book, content)
        state_sheet(book, content)
        budget_sheet(book, content)
        equity_sheet(book, told)
        one_way_sheet(book, told)
        two_way_sheet(book, told)
        scenario_sheet(book, told)
        _drawn_sheet(book, content)
        _amounts_sheet(book, content)
        _outcomes_sheet(book, content)
        paid_back_sheet(book, content)
        budget_amounts_sheet(book, content)
    return book.content


def _drawn_sheet(book: Book, content: Content) -> Sheet:
    sheet, place = book.sheet("Drawn"), {name: 1 + i for i, name in enumerate(content.drawn)}
    sheet.text(0, 0, "What was drawn, and the unit costs and values of states that follow", "title")
    sheet.texts(2, 1, ["Drawn"])
    sheet.texts(2, content.unit_column, [f"Unit cost: {line.category}" for line in content.lines])
    sheet.texts(2, content.level_column, [f"Value of a year: {state.label}" for state in content.states])
    sheet.texts(3, 0, ["Draw", *content.drawn])
    sheet.texts(3, content.unit_column, [line.counted for line in content.lines])
    sheet.texts(3, content.level_column, [state.utility for state in content.states])
    sheet.block(FIRST, 0, np.arange(1.0, content.draws + 1)[:, None], "whole")
    sheet.block(FIRST, 1, np.column_stack(list(content.drawn.values())))

    def used(name: str) -> str:
        return f"IF(ISNUMBER(own_{name}),own_{name},{letters(place[name])}{{r}})"

    for i, line in enumerate(content.lines):
        parts = [*map(used, line.names), "money_factor", *([] if line.factor == 1.0 else [repr(line.factor)])]
        parts += [] if not line.part else ["deal_paid"] if line.part == "first" else ["deal_paid", "deal_repeat_price"]
        sheet.formulas(FIRST, content.unit_column + i, "*".join(parts), content.units[:, i], "money")
    for i, state in enumerate(content.states):
        level = used(state.utility) if state.utility else "1"
        formula = level if content.facts["workings"]["norm_top"] is None or state.loss else f"norm_top-{level}"
        sheet.formulas(FIRST, content.level_column + i, formula, content.levels[:, i])
    sheet.widths(8, *[14] * (content.level_column + len(content.states)))
    sheet.freeze(FIRST, 1)
    return sheet


def _amounts_sheet(book: Book, content: Content) -> Sheet:
    sheet = book.sheet("Amounts")
    sheet.text(0, 0, "What lives used and lived, per person, discounted", "title")
    sheet.text(
        1, 0, "Events and years of each cost, then years in each state weighted by the norm's fall with age.", "note"
    )
    sheet.text(3, 0, "Draw", "head")
    sheet.block(FIRST, 0, np.arange(1.0, content.draws + 1)[:, None], "whole")
    for p, policy in enumerate(content.policies):
        for column, array, words in (
            (content.amount_column(p), content.amounts, [f"{x.category}; {x.counted}" for x in content.lines]),
            (
                content.weight_column(p),
                content.weighted,
                [f"weighted years: {state.label}" for state in content.states],
            ),
        ):
            sheet.texts(2, column, [policy] * len(words))
            sheet.texts(3, column, words)
            sheet.block(FIRST, column, array[:, p])
    sheet.widths(8, *[14] * content.weight_column(len(content.policies)))
    sheet.freeze(FIRST, 1)
    return sheet


def _outcomes_sheet(book: Book, content: Content) -> Sheet:
    sheet, outcomes = book.sheet("Outcomes"), content.outcomes
    results, k = outcomes.results, len(content.policies)
    cost, effect, benefit = 1, 1 + k, 1 + 2 * k
    sheet.text(0, 0, "Costs, QALYs and net benefit per person in each draw", "title")
    heads = [f"{what}: {policy}" for what in ("Cost", "QALYs", "Net benefit") for policy in content.policies]
    sheet.texts(3, 0, ["Draw", *heads, "Highest net benefit"])
    sheet.block(FIRST, 0, np.arange(1.0, content.draws + 1)[:, None], "whole")
    products, lines, states = content.products, len(content.lines), len(content.states)
    for p in range(k):
        unit, amount = content.unit_column, content.amount_column(p)
        spent = _multiplied(unit + products, amount + products, lines - products)
        if products:
            spent += f"+{_multiplied(unit, amount, products)}*{left_cell(content, p)}"
        sheet.formulas(FIRST, cost + p, spent, results.cost[:, p], "money")
        lived = _multiplied(content.level_column, content.weight_column(p), states)
        sheet.formulas(FIRST, effect + p, lived, results.effect[:, p])
    benefit_columns(sheet, outcomes, FIRST, cost, effect, benefit)
    name_draws(book, sheet, outcomes, FIRST, cost, effect, benefit)
    sheet.widths(8, *[15] * (3 * k + 1))
    sheet.freeze(FIRST, 1)
    return sheet


def _multiplied(one: int, amount: int, width: int) -> str:
    """What is on sheet Drawn from column `one` on, times what is on sheet Amounts from column `amount` on, in one draw."""
    drawn = f"Drawn!${letters(one)}{{r}}:${letters(one + width - 1)}{{r}}"
    return f"SUMPRODUCT({drawn},Amounts!${letters(amount)}{{r}}:${letters(amount + width - 1)}{{r}})"
