"""The list price of what each policy buys at which it is exactly worth it, following threshold, terms and all else."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from simulator.statistics.decision.results import Array
from simulator.telling.workbook.book import Book, Sheet
from simulator.telling.workbook.content import Content, records
from simulator.telling.workbook.cost_sheet import cost_cell
from simulator.telling.workbook.decision_sheets import GRID, colour
from simulator.telling.workbook.terms_sheet import paid_mean

TOP = 4


@dataclass(frozen=True, eq=False)
class Bought:
    """The price of what a policy buys, the lines that charge it, and how often it is paid for by each policy."""

    name: str
    lines: tuple[int, ...]
    paid: Array
    free: Array


def bought_by(content: Content, policy: str) -> Bought | None:
    """What a policy buys; `paid` and `free` (mean costs without it) have a value for every policy."""
    name = {each["policy"]: each["price"] for each in records(content.tables["workings_policies"])}[policy]
    lines = tuple(i for i, line in enumerate(content.lines) if line.price == name)
    if name is None or not lines:
        return None
    spent = (content.units[:, None, list(lines)] * content.paid[:, :, list(lines)]).sum(axis=-1).mean(axis=0)
    return Bought(
        name,
        lines,
        np.sum([_often(content, i) for i in lines], axis=0),
        content.outcomes.results.cost.mean(axis=0) - spent,
    )


def price_sheet(book: Book, content: Content) -> Sheet:
    """Mean costs without the product, list prices paid, and the price at the threshold and along a curve of thresholds."""
    sheet, outcomes = book.sheet("Price"), content.outcomes
    k, base, money = len(content.policies), outcomes.base, outcomes.money
    effect = outcomes.results.effect.mean(axis=0)
    sheet.text(0, 0, "Price per treatment at which a policy is exactly worth it", "title")
    words = (
        f"The list price of what a policy buys (cells, or the product of its first therapy), beside all else, in {money}:"
        " (threshold x QALYs gained - costs gained without the product) / list prices paid more, over"
        f" {outcomes.reference}. What other policies buy keeps its price."
    )
    sheet.text(1, 0, words, "note")
    heads = ["Policy", "Cost without the product", "List prices paid per person", "QALYs", "Price at the threshold"]
    heads += ["Of it paid after the terms", "Product", f"{outcomes.reference}: cost without it"]
    sheet.texts(TOP - 1, 0, [*heads, f"{outcomes.reference}: list prices paid"])
    products = [bought_by(content, name) for name in content.names]
    for p, (policy, own) in enumerate(zip(content.policies, products, strict=True)):
        row, r = TOP + p, TOP + p + 1
        sheet.text(row, 0, policy, "bold")
        sheet.formula(row, 3, f"Results!D{5 + p}", float(effect[p]))
        for of, cost_at, paid_at in ((p, 1, 2), (base, 7, 8)):
            costs = "" if own is None else "".join(f"-{cost_cell(i, of)}" for i in own.lines)
            free = outcomes.results.cost[:, of].mean() if own is None else own.free[of]
            sheet.formula(row, cost_at, f"Results!B{5 + of}{costs}", float(free), "money")
            parts = [] if own is None else [_paid(content, i, of) for i in own.lines]
            sheet.formula(row, paid_at, "+".join(parts) or "0", 0.0 if own is None else float(own.paid[of]))
        sheet.text(row, 6, "" if own is None else content.lines[own.lines[0]].price_label)
        if p != base:
            price = _price(outcomes.threshold, effect, own, p, base)
            sheet.formula(row, 4, _formula("threshold", r, TOP + base + 1), price, "money")
            cells = own is not None and bool(content.lines[own.lines[0]].part)
            net = price * (content.deal["kits"] if cells else 1.0)
            sheet.formula(row, 5, f'IF(ISNUMBER(E{r}),E{r}{"*deal_paid" if cells else ""},"")', net, "money")
    first = TOP + k + 4
    sheet.text(first - 2, 0, "By threshold", "bold")
    others = [p for p in range(k) if p != base]
    sheet.texts(first - 1, 0, ["Threshold", *(content.policies[p] for p in others)])
    step = 2.0 * max(content.facts["thresholds"]) / (GRID - 1)
    for place in range(GRID):
        row, threshold = first + place, place * step
        sheet.formula(row, 0, f"{place}*Acceptability!$B$3", threshold, "money")
        for column, p in enumerate(others, 1):
            along = _price(threshold, effect, products[p], p, base)
            sheet.formula(row, column, _formula(f"$A{row + 1}", TOP + p + 1, TOP + base + 1), along, "money")
    series = [
        {
            "name": content.policies[p],
            "categories": f"={sheet.down(first, 0, GRID)}",
            "values": f"={sheet.down(first, column, GRID)}",
            "line": {"color": colour(p), "width": 2},
            "marker": {"type": "none"},
        }
        for column, p in enumerate(others, 1)
        if np.isfinite(_price(outcomes.threshold, effect, products[p], p, base))
    ]
    if series:
        axes = (f"Threshold, {money} per QALY", f"List price, {money}")
        at = (first - 2, len(others) + 2)
        sheet.chart(at, {"type": "scatter", "subtype": "straight"}, "Value-based price", axes, series)
    sheet.widths(30, *[18] * max(8, k))
    return sheet


def _often(content: Content, i: int) -> Array:
    """How many list prices of a line are paid under each policy, on the terms of the deal; the mean over the draws."""
    line = content.lines[i]
    often = content.paid[:, :, i] * (line.factor * line.list_prices)
    for name in line.times:
        often = often * content.drawn[name][:, None]
    return np.asarray(often.mean(axis=0))


def _paid(content: Content, i: int, policy: int) -> str:
    """The same in cells."""
    line = content.lines[i]
    amount = content.down("Amounts", content.amount_column(policy) + i)
    columns = list(content.drawn)
    used = (_used(content, columns.index(name), name) for name in line.times)
    often = paid_mean(content, policy, i, [amount, *used])
    often += "" if line.factor == 1.0 else f"*{line.factor!r}"
    often += "*deal_paid" if line.part else ""
    return often + ("*deal_repeat_price" if line.part == "repeat" else "")


def _used(content: Content, place: int, name: str) -> str:
    """The draws of a multiplier, or the user's own number in each of them."""
    area = content.down("Drawn", 1 + place)
    return f"(ISNUMBER(own_{name})*own_{name}+(1-ISNUMBER(own_{name}))*{area})"


def _formula(threshold: str, r: int, zero: int) -> str:
    gained = f"{threshold}*($D${r}-$D${zero})-($B${r}-$H${r})"
    return f'IF($C${r}>$I${r},({gained})/($C${r}-$I${r}),"")'


def _price(threshold: float, effect: Array, own: Bought | None, policy: int, base: int) -> float:
    """The price of a policy's product; missing where it pays for no more of it than the reference."""
    if own is None or not own.paid[policy] > own.paid[base]:
        return float("nan")
    gain = threshold * (effect[policy] - effect[base]) - (own.free[policy] - own.free[base])
    return float(gain / (own.paid[policy] - own.paid[base]))
