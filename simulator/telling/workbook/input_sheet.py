"""The sheet of inputs: threshold, terms, and every price and utility with its unit, distribution, grade and source."""

from __future__ import annotations

from simulator.telling.phrases import paid_back_where
from simulator.telling.workbook.book import Book, Sheet
from simulator.telling.workbook.content import Content, records

HEADS = ("Name", "What", "Stated value", "Your value", "Mean in use", "Unit", "Distribution", "Grade", "Source", "Note")
WIDTHS = (28, 46, 14, 14, 14, 18, 26, 12, 50, 60)
MOST = 1e15
"""The largest number that a cell is told to allow."""


def input_sheet(book: Book, content: Content) -> Sheet:
    """Write the sheet and name its cells: threshold, people, money_factor, the deal's, own_NAME for each number."""
    facts, deal = content.facts, content.deal
    money, payer, workings = f"{facts['currency']} of {facts['price_year']}", facts["payer"], facts["workings"]
    sheet = book.sheet("Inputs")
    sheet.text(0, 0, "Inputs", "title")
    live = [
        ("threshold", f"Threshold, {money} per QALY", facts["threshold"], "money", (0.0, 1e15)),
        (
            "people",
            "People whom the decision concerns, discounted",
            facts["population"]["people"],
            "money",
            (0, 1e15),
        ),
        ("deal_discount", "Discount on the list price of a cell product", deal["discount"], "rate", (0.0, 1.0)),
        ("deal_wasted", "Share of bought products that treat nobody", deal["wasted"], "rate", (0.0, 0.9)),
        (
            "deal_repeat_price",
            "Price of repeats as a share of a first treatment's",
            deal["repeat_price"],
            "rate",
            (0.0, 1.0),
        ),
        (
            "referred_per_year",
            "People referred a year, whose treatments set a price by volume (steps: sheet Terms)",
            workings["referred_per_year"],
            "many",
            (0.0, 1e15),
        ),
    ]
    if content.money_back:
        live.append(
            ("deal_refund", f"Share paid back where {paid_back_where(deal)}", deal["refund"], "rate", (0.0, 1.0))
        )
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
    sheet.formula(row, 3, "(1-deal_discount)/(1-deal_wasted)", deal["kits"], "many")
    sheet.name_cell("deal_paid", row, 3)
    if not content.money_back:
        row += 1
        words = "Money back is not live here: the command counts failures only where [economics.deal] has a refund."
        sheet.text(row, 0, words, "note")
    row += 2
    sheet.text(row, 0, "Fixed when lives were simulated or valued", "bold")
    rates = facts["rates"]
    fixed = [
        ("money_factor", f"{money} for one {payer['currency']} of {payer['year']}", facts["factor"]),
        ("discount_costs", "Discount rate of costs, per year", rates["costs"]),
        ("discount_effects", "Discount rate of QALYs, per year", rates["effects"]),
        ("horizon", "Horizon, years", facts["horizon"]),
        *(
            (f"norm_{i}", f"Norm's fall with age, coefficient of (age - 75)^{i}", x)
            for i, x in enumerate(workings["norm"])
        ),
    ]
    top = workings["norm_top"]
    if top is not None:
        fixed.append(("norm_top", "Norm from which the utilities' decrements are taken", top))
    for name, label, value in fixed:
        row += 1
        sheet.text(row, 0, name)
        sheet.text(row, 1, label)
        sheet.number(row, 3, value)
        sheet.name_cell(name, row, 3)
    amounts = f"Prices, in {payer['currency']} of {payer['year']}"
    row = _numbers(sheet, row + 2, amounts, content, "price")
    kind = "decrements from the norm" if top is not None else "levels"
    _numbers(
        sheet,
        row + 1,
        f"Utilities of set {facts['utility_set']['name']}: {workings['utilities']}; {kind}",
        content,
        "utility",
    )
    sheet.widths(*WIDTHS)
    return sheet


def _numbers(sheet: Sheet, row: int, title: str, content: Content, kind: str) -> int:
    """A table of the numbers of a kind; returns the first row below it."""
    sheet.text(row, 0, title, "bold")
    sheet.texts(row + 1, 0, HEADS)
    rows = [each for each in records(content.tables["workings_numbers"]) if each["kind"] == kind]
    for place, each in enumerate(rows, row + 2):
        name, low, high = each["name"], max(each["low"], -MOST), min(each["high"], MOST)
        sheet.text(place, 0, name)
        sheet.text(place, 1, each["label"])
        sheet.number(place, 2, each["value"])
        sheet.blank(place, 3)
        sheet.allow(place, 3, low, high, f"A number from {low:g} to {high:g}, or nothing")
        sheet.name_cell(f"own_{name}", place, 3)
        area = content.down("Drawn", 1 + list(content.drawn).index(name))
        sheet.formula(
            place, 4, f"IF(ISNUMBER(own_{name}),own_{name},AVERAGE({area}))", float(content.drawn[name].mean())
        )
        for column, words in enumerate(("unit", "distribution", "grade", "source", "note"), 5):
            sheet.text(place, column, each[words])
    return row + 2 + len(rows)
