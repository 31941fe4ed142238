"""Scenarios, and two numbers together, as values with Monte Carlo errors; scenarios have the live threshold."""

from __future__ import annotations

from simulator.telling.columns import labels
from simulator.telling.workbook.book import Book, Sheet
from simulator.telling.workbook.content import called_by, records
from simulator.words.findings import Findings

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


def scenario_sheet(book: Book, told: Findings) -> Sheet:
    """The main policy in every scenario; the average of those with weights comes last."""
    sheet, called, facts = book.sheet("Scenarios"), called_by(told), told.facts
    threshold, meant = facts["threshold"], labels()["scenario"] | facts["labels"]["scenario"]
    table = told.tables["scenarios"]
    table = table[table["policy"] == facts["focus"]]
    sheet.text(0, 0, f"Scenarios: {called[facts['focus']]} against {called[facts['reference']]}", "title")
    words = (
        "Costs and QALYs are values (grey); the net benefit follows the threshold. ± is the Monte Carlo error, for the change"
        " from the base that of a difference in the same draws."
    )
    sheet.text(1, 0, words, "note")
    sheet.texts(TOP - 1, 0, [*HEADS, "Weight", "Draws"])
    for row, line in enumerate(records(table), TOP):
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


def two_way_sheet(book: Book, told: Findings) -> Sheet | None:
    """Net benefit over the grid of two numbers, and its Monte Carlo error below; None where two numbers were not varied."""
    grid = told.tables.get("two_way")
    if grid is None:
        return None
    sheet, called, axes = book.sheet(TWO_WAY), called_by(told), told.facts["two_way"]
    meant = labels()["number"] | told.facts["labels"]["number"]
    names = [axes[axis]["name"] for axis in ("first", "second")]
    down, across = (grid[name].unique() for name in names)
    one, two = (meant.get(name, name) for name in names)
    against = f"{called[axes['policy']]} against {called[told.facts['reference']]}"
    sheet.text(0, 0, f"{against}: two numbers together", "title")
    sheet.text(1, 0, f"Down: {one}. Across: {two}. Values at the analysis's threshold (grey).", "note")
    top = TOP
    for words, name in (("Net benefit", "net_benefit"), ("Monte Carlo error", "net_benefit_se")):
        array = grid[name].to_numpy().reshape(len(down), len(across))
        sheet.text(top - 1, 0, words, "head")
        for column, value in enumerate(across, 1):
            sheet.number(top - 1, column, float(value))
        for row, value in enumerate(down, top):
            sheet.number(row, 0, float(value))
            for column, point in enumerate(array[row - top], 1):
                sheet.number(row, column, float(point), "money")
        top += len(down) + 3
    sheet.widths(20, *[14] * len(across))
    return sheet
