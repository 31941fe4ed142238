"""The sheet of inputs: threshold, terms, and every price and utility with its unit, distribution, grade and source."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from simulator.evidence.distributions import text
from simulator.evidence.parameter import Parameter
from simulator.questions.value.analysis import EconomicAnalysis
from simulator.questions.value.decision.results import Array
from simulator.questions.value.valuation.cost_items import LATER_VISITS
from simulator.questions.value.valuation.deal import failure
from simulator.telling.workbook.book import Book, Sheet
from simulator.telling.workbook.lines import ratio_of, top_of
from simulator.words.vocabulary import DAYS_PER_YEAR

HEADS = ("Name", "What", "Stated value", "Your value", "Mean in use", "Unit", "Distribution", "Grade", "Source", "Note")
WIDTHS = (28, 46, 14, 14, 14, 18, 26, 12, 50, 60)


@dataclass(frozen=True)
class Row:
    """A number that may be replaced: what is told about it and where its draws stand."""

    name: str
    value: float
    label: str
    unit: str
    distribution: str
    grade: str
    source: str
    note: str
    draws: Array
    column: str
    low: float
    high: float


def rows_of(found: EconomicAnalysis, draws: Mapping[str, Array], columns: Mapping[str, str]) -> list[Row]:
    """The numbers that are drawn, by name; `columns` are their areas on the sheet of draws."""
    values = found.valued_by
    registers = (values.perspective.prices, values.utility_set.states, found.scenario.register)
    rows = []
    for name, drawn in draws.items():
        known = name if name != LATER_VISITS else "later_visit_interval_days"
        register = next(each for each in registers if known in each)
        p: Parameter = register[known]
        told: tuple[str, str, str, str, str, str]
        told = (p.label, p.unit, text(p.distribution), p.grade, register.citations(known), p.note)
        low, high = p.range
        value = p.value
        if name == LATER_VISITS:
            told = ("Visits a year after the first, by: " + p.label, "per year", *told[2:])
            low, high, value = 0.0, float("inf"), DAYS_PER_YEAR / p.value
        rows.append(Row(name, value, *told, drawn, columns[name], max(low, -1e15), min(high, 1e15)))
    return rows


def input_sheet(book: Book, found: EconomicAnalysis, prices: Sequence[Row], utilities: Sequence[Row]) -> Sheet:
    """Write the sheet and name its cells: threshold, people, money_factor, the deal's, own_NAME for each number."""
    values = found.valued_by
    money = f"{values.money.currency} of {values.money.price_year}"
    payer = values.perspective.conventions.perspective
    people = found.decision.population
    sheet = book.sheet("Inputs")
    sheet.text(0, 0, "Inputs", "title")
    deal = values.deal
    live = [
        ("threshold", f"Threshold, {money} per QALY", values.threshold, "money", (0.0, 1e15)),
        (
            "people",
            "People whom the decision concerns, discounted",
            people.size() if people else 0.0,
            "money",
            (0, 1e15),
        ),
        ("deal_discount", "Discount on the list price of a cell product", deal.discount, "rate", (0.0, 1.0)),
        ("deal_wasted", "Share of bought products that treat nobody", deal.wasted, "rate", (0.0, 0.9)),
        (
            "deal_repeat_price",
            "Price of repeats as a share of a first treatment's",
            deal.repeat_price,
            "rate",
            (0.0, 1.0),
        ),
        (
            "referred_per_year",
            "People referred a year, whose treatments set a price by volume (steps: sheet Terms)",
            found.scenario.settings.economics.population.per_year,
            "many",
            (0.0, 1e15),
        ),
    ]
    if found.back is not None:
        live.append(("deal_refund", f"Share paid back where {failure(deal)}", deal.refund, "rate", (0.0, 1.0)))
    row = 2
    for name, label, value, style, (low, high) in live:
        sheet.text(row, 1, label, "bold")
        sheet.text(row, 0, name)
        sheet.number(row, 3, value, style, "input")  # type: ignore[arg-type]
        sheet.allow(row, 3, low, high, f"A number from {low:g} to {high:g}")
        sheet.name_cell(name, row, 3)
        row += 1
    sheet.text(row, 0, "deal_paid")
    sheet.text(row, 1, "List prices paid for a first treatment", "bold")
    sheet.formula(row, 3, "(1-deal_discount)/(1-deal_wasted)", deal.kits, "many")
    sheet.name_cell("deal_paid", row, 3)
    if found.back is None:
        row += 1
        words = "Money back is not live here: the command counts failures only where [economics.deal] has a refund."
        sheet.text(row, 0, words, "note")
    row += 2
    sheet.text(row, 0, "Fixed when lives were simulated or valued", "bold")
    rates, ratio = values.discounting, ratio_of(values)
    fixed = [
        ("money_factor", f"{money} for one {payer.currency} of {payer.price_year}", values.money.factor),
        ("discount_costs", "Discount rate of costs, per year", rates.costs),
        ("discount_effects", "Discount rate of QALYs, per year", rates.effects),
        ("horizon", "Horizon, years", found.scenario.horizon),
        *((f"norm_{i}", f"Norm's fall with age, coefficient of (age - 75)^{i}", float(x)) for i, x in enumerate(ratio)),
    ]
    top = top_of(values)
    if top is not None:
        fixed.append(("norm_top", "Norm from which the utilities' decrements are taken", top))
    for name, label, value in fixed:
        row += 1
        sheet.text(row, 0, name)
        sheet.text(row, 1, label)
        sheet.number(row, 3, value)
        sheet.name_cell(name, row, 3)
    amounts = f"Prices, in {payer.currency} of {payer.price_year}"
    row = _numbers(sheet, row + 2, amounts, prices, "money")
    method = values.utility_set.method
    kind = "decrements from the norm" if top is not None else "levels"
    _numbers(sheet, row + 1, f"Utilities of set {values.utility_set.name}: {method.label}; {kind}", utilities, "many")
    sheet.widths(*WIDTHS)
    return sheet


def _numbers(sheet: Sheet, row: int, title: str, rows: Sequence[Row], style: str) -> int:
    """A table of numbers; returns the first row below it."""
    sheet.text(row, 0, title, "bold")
    sheet.texts(row + 1, 0, HEADS)
    for place, each in enumerate(rows, row + 2):
        sheet.text(place, 0, each.name)
        sheet.text(place, 1, each.label)
        sheet.number(place, 2, each.value)
        sheet.blank(place, 3)
        sheet.allow(place, 3, each.low, each.high, f"A number from {each.low:g} to {each.high:g}, or nothing")
        sheet.name_cell(f"own_{each.name}", place, 3)
        used = f"IF(ISNUMBER(own_{each.name}),own_{each.name},AVERAGE({each.column}))"
        sheet.formula(place, 4, used, float(each.draws.mean()))
        for column, words in enumerate((each.unit, each.distribution, each.grade, each.source, each.note), 5):
            sheet.text(place, column, words)
    return row + 2 + len(rows)
