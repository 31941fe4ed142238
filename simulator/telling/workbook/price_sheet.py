"""The list price of the cell product at which each policy is exactly worth it, following threshold, terms and all else."""

from __future__ import annotations

import numpy as np

from simulator.questions.value.results import Array
from simulator.telling.workbook.book import Book, Sheet
from simulator.telling.workbook.content import Content
from simulator.telling.workbook.cost_sheet import cost_cell
from simulator.telling.workbook.decision_sheets import GRID, colour

TOP = 4


def price_sheet(book: Book, content: Content) -> Sheet:
    """Mean costs without the product, list prices paid, and the price at the threshold and along a curve of thresholds."""
    sheet, outcomes = book.sheet("Price"), content.outcomes
    k, base, money = len(content.policies), outcomes.base, outcomes.money
    product = [i for i, line in enumerate(content.lines) if line.part]
    effect = outcomes.results.effect.mean(axis=0)
    cost = outcomes.results.cost.mean(axis=0)
    kit = (content.units[:, None, product] * content.amounts[:, :, product]).sum(axis=-1).mean(axis=0)
    terms = np.array([content.lines[i].terms(content.found.valued_by.deal) for i in product])
    paid = (content.amounts[:, :, product].mean(axis=0) * terms).sum(axis=-1)
    free = cost - kit
    sheet.text(0, 0, "Price per treatment at which a policy is exactly worth it", "title")
    words = (
        f"The list price of the product, beside theatre and anaesthesia, in {money}: (threshold x QALYs gained - costs gained"
        f" without the product) / list prices paid more, over {outcomes.reference}."
    )
    sheet.text(1, 0, words, "note")
    heads = ["Policy", "Cost without the product", "List prices paid per person", "QALYs", "Price at the threshold"]
    sheet.texts(TOP - 1, 0, [*heads, "Of it paid after the terms"])
    zero = TOP + base + 1
    price = _prices(outcomes.threshold, effect, free, paid, base)
    for p, policy in enumerate(content.policies):
        row, r = TOP + p, TOP + p + 1
        sheet.text(row, 0, policy, "bold")
        costs = "".join(f"-{cost_cell(i, p)}" for i in product)
        sheet.formula(row, 1, f"Results!B{5 + p}{costs}", float(free[p]), "money")
        parts = [
            f"AVERAGE({content.down('Amounts', content.amount_column(p) + i)})*deal_paid"
            + ("*deal_repeat_price" if content.lines[i].part == "repeat" else "")
            for i in product
        ]
        sheet.formula(row, 2, "+".join(parts) or "0", float(paid[p]))
        sheet.formula(row, 3, f"Results!D{5 + p}", float(effect[p]))
        if p != base:
            sheet.formula(row, 4, _formula("threshold", r, zero), float(price[p]), "money")
            net = float(price[p] * content.found.valued_by.deal.kits)
            sheet.formula(row, 5, f'IF(ISNUMBER(E{r}),E{r}*deal_paid,"")', net, "money")
    first = TOP + k + 4
    sheet.text(first - 2, 0, "By threshold", "bold")
    others = [p for p in range(k) if p != base]
    sheet.texts(first - 1, 0, ["Threshold", *(content.policies[p] for p in others)])
    step = 2.0 * max(content.found.valued_by.thresholds) / (GRID - 1)
    for place in range(GRID):
        row, threshold = first + place, place * step
        sheet.formula(row, 0, f"{place}*Acceptability!$B$3", threshold, "money")
        along = _prices(threshold, effect, free, paid, base)
        for column, p in enumerate(others, 1):
            sheet.formula(row, column, _formula(f"$A{row + 1}", TOP + p + 1, zero), float(along[p]), "money")
    series = [
        {
            "name": content.policies[p],
            "categories": f"={sheet.down(first, 0, GRID)}",
            "values": f"={sheet.down(first, column, GRID)}",
            "line": {"color": colour(p), "width": 2},
            "marker": {"type": "none"},
        }
        for column, p in enumerate(others, 1)
        if paid[p] > paid[base]
    ]
    if series:
        axes = (f"Threshold, {money} per QALY", f"List price, {money}")
        at = (first - 2, len(others) + 2)
        sheet.chart(at, {"type": "scatter", "subtype": "straight"}, "Value-based price", axes, series)
    sheet.widths(30, *[18] * max(5, k))
    return sheet


def _formula(threshold: str, r: int, zero: int) -> str:
    d, b, c = (f"${x}${r}-${x}${zero}" for x in "DBC")
    return f'IF($C${r}>$C${zero},({threshold}*({d})-({b}))/({c}),"")'


def _prices(threshold: float, effect: Array, free: Array, paid: Array, base: int) -> Array:
    """The price of every policy; missing where it pays for no more treatments than the reference."""
    more = paid - paid[base]
    gain = threshold * (effect - effect[base]) - (free - free[base])
    return np.asarray(np.divide(gain, more, out=np.full_like(gain, np.nan), where=more > 0))
