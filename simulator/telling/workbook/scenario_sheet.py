"""Scenarios, and two numbers together, as values with Monte Carlo errors; scenarios have the live threshold."""

from __future__ import annotations

from simulator.questions.value.analysis import EconomicAnalysis
from simulator.telling.columns import labels
from simulator.telling.workbook.book import Book, Sheet
from simulator.telling.workbook.content import called_by

TOP = 4
TWO_WAY = "Two way"
HEADS = (
    "Scenario",
    "Added cost",
    "QALYs gained",
    "Net benefit",
    "± at the analysis's threshold",
    "Change from base",
    "±",
)


def scenario_sheet(book: Book, found: EconomicAnalysis) -> Sheet:
    """The main policy in every scenario; the average of those with weights comes last."""
    sheet, called, threshold = book.sheet("Scenarios"), called_by(found), found.valued_by.threshold
    meant = labels()["scenario"] | dict(found.scenario_labels)
    table = found.scenarios[found.scenarios["policy"] == found.policy]
    sheet.text(0, 0, f"Scenarios: {called[found.policy]} against {called[found.scenario.reference]}", "title")
    words = (
        "Costs and QALYs are values (grey); the net benefit follows the threshold. ± is the Monte Carlo error, for the change"
        " from the base that of a difference in the same draws."
    )
    sheet.text(1, 0, words, "note")
    sheet.texts(TOP - 1, 0, [*HEADS, "Weight", "Draws"])
    for row, line in enumerate(table.to_dict("records"), TOP):
        sheet.text(row, 0, meant.get(line["scenario"], line["scenario"]))
        sheet.number(row, 1, line["incremental_cost"], "money")
        sheet.number(row, 2, line["incremental_effect"])
        benefit = threshold * line["incremental_effect"] - line["incremental_cost"]
        sheet.formula(row, 3, f"threshold*C{row + 1}-B{row + 1}", benefit, "money")
        for column, name in enumerate(("se", "change", "change_se"), 4):
            sheet.number(row, column, line[name], "money")
        sheet.number(row, 7, line["weight"], "rate")
        sheet.number(row, 8, line["draws"], "whole")
    sheet.widths(60, *[16] * 8)
    sheet.freeze(TOP, 1)
    return sheet


def two_way_sheet(book: Book, found: EconomicAnalysis) -> Sheet | None:
    """Net benefit over the grid of two numbers, and its Monte Carlo error below; None where two numbers were not varied."""
    grid = found.two_way
    if grid is None:
        return None
    sheet, called, registers = book.sheet(TWO_WAY), called_by(found), labels()["number"]
    meant = registers | {p.name: p.label for p in found.scenario.register.parameters}
    meant |= {p.name: p.label for p in found.valued_by.perspective.prices.parameters}
    one, two = (meant.get(each.name, each.name) for each in (grid.first, grid.second))
    sheet.text(0, 0, f"{called[grid.policy]} against {called[found.scenario.reference]}: two numbers together", "title")
    sheet.text(1, 0, f"Down: {one}. Across: {two}. Values at the analysis's threshold (grey).", "note")
    top = TOP
    for words, array in (("Net benefit", grid.net_benefit), ("Monte Carlo error", grid.net_benefit_se)):
        sheet.text(top - 1, 0, words, "head")
        for column, value in enumerate(grid.second_values, 1):
            sheet.number(top - 1, column, float(value))
        for row, value in enumerate(grid.first_values, top):
            sheet.number(row, 0, float(value))
            for column, point in enumerate(array[row - top], 1):
                sheet.number(row, column, float(point), "money")
        top += len(grid.first_values) + 3
    sheet.widths(20, *[14] * len(grid.second_values))
    return sheet
