"""The workbook of anybody's costs and effects: `clti cea --workbook`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from simulator.statistics.decision.results import CostEffectResults
from simulator.telling.workbook.book import Book, Sheet
from simulator.telling.workbook.decision_sheets import (
    Outcomes,
    acceptability_sheet,
    benefit_columns,
    name_draws,
    results_sheet,
)
from simulator.telling.workbook.first_sheet import first_sheet
from simulator.telling.workbook.frontier_sheet import frontier_sheet
from simulator.words.findings import Findings

LIVE = (
    "Live: sheet Inputs holds the threshold and the number of people, sheet Acceptability the step between thresholds."
    " Means, increments, net benefit, probabilities, dominance and the value of perfect information follow.",
    "Not live: costs and effects of the draws on sheet Draws are those of the table that was read. They may be overwritten;"
    " the value of single parameters is in the report and not here.",
)


def decision_workbook(told: Findings, made: Mapping[str, str | Sequence[str]]) -> bytes:
    """The bytes of the workbook of an answer to `cea`. `made` says what made it.

    There are at least two draws and no more options than `options_problems` allows.
    """
    facts, draws = told.facts, told.tables["draws"]
    options = facts["options"]
    cost, effect = (draws[name].to_numpy().reshape(-1, len(options)) for name in ("cost", "effect"))
    results = CostEffectResults(options, cost, effect)
    people = None if facts["population"] is None else facts["population"]["people"]
    thresholds = facts["thresholds"]
    threshold = thresholds[0] if thresholds else 0.0
    outcomes = Outcomes(results, facts["reference"], threshold, people, facts["currency"] or "money", facts["effect"])
    title = f"Cost-effectiveness of {len(options)} options"
    with Book(title) as book:
        first_sheet(book, title, LIVE, made)
        _inputs(book, outcomes)
        results_sheet(book, outcomes)
        frontier_sheet(book, outcomes)
        acceptability_sheet(book, outcomes, 2.0 * max((*thresholds, 1.0)))
        _draws(book, outcomes)
    return book.content


def _inputs(book: Book, outcomes: Outcomes) -> Sheet:
    sheet = book.sheet("Inputs")
    sheet.text(0, 0, "Inputs", "title")
    sheet.text(2, 0, f"Threshold, {outcomes.money} per {outcomes.effect}", "bold")
    sheet.number(2, 1, outcomes.threshold, "money", "input")
    sheet.name_cell("threshold", 2, 1)
    sheet.text(3, 0, "People whom the decision concerns, discounted", "bold")
    sheet.number(3, 1, float("nan") if outcomes.people is None else outcomes.people, "money", "input")
    sheet.name_cell("people", 3, 1)
    sheet.widths(50, 18)
    return sheet


def _draws(book: Book, outcomes: Outcomes) -> Sheet:
    sheet, results = book.sheet("Draws"), outcomes.results
    options = results.options
    k, row = len(options), 4
    cost, effect, benefit = 1, 1 + k, 1 + 2 * k
    sheet.text(0, 0, "One row a draw", "title")
    heads = [f"{what}: {option}" for what in ("Cost", outcomes.effect, "Net benefit") for option in options]
    sheet.texts(row - 1, 0, ["Draw", *heads, "Highest net benefit"])
    for place in range(results.draws):
        sheet.number(row + place, 0, place + 1, "whole")
    sheet.block(row, cost, results.cost, "money")
    sheet.block(row, effect, results.effect)
    benefit_columns(sheet, outcomes, row, cost, effect, benefit)
    name_draws(book, sheet, outcomes, row, cost, effect, benefit)
    sheet.widths(8, *[15] * (3 * k + 1))
    sheet.freeze(row, 1)
    return sheet
