"""Where costs and QALYs come from: each cost as amount times unit cost, each state as years times value."""

from __future__ import annotations

from simulator.statistics.decision.results import Array
from simulator.telling.colours import LINE_COLOURS
from simulator.telling.workbook.book import Book, Sheet, cell, letters
from simulator.telling.workbook.content import Content
from simulator.telling.workbook.terms_sheet import paid_mean

TOP = 5
"""Row of the first line of both tables."""
COST = 6
"""Column of the first policy's block on sheet Costs."""
FILLS = (*LINE_COLOURS, "#F0E442", "#999999", "#7B4F2C", "#C8C8C8")
"""Colours of categories."""
CHART_ROWS = 20
"""Rows that the chart of categories covers."""
BLOCK = 3
"""Columns of a policy: amount undiscounted, amount discounted, cost."""


def cost_cell(line: int, policy: int) -> str:
    """The cell of sheet Costs that holds the mean cost of a line under a policy."""
    return f"Costs!{cell(TOP + line, COST + policy * BLOCK + 2, fixed='$')}"


def cost_sheet(book: Book, content: Content) -> Sheet:
    """Each cost: what is counted, how often, at which unit cost from which source; then by category, with a chart."""
    sheet, k = book.sheet("Costs"), len(content.policies)
    money = content.outcomes.money
    sheet.text(0, 0, f"Where costs come from: means per person over {content.facts['horizon']:g} years", "title")
    words = (
        "Mean cost = mean over draws of amount times unit cost, of products times what volume and money back leave (sheet"
        " Terms). Amounts are events or years per person; discounted ones are multiplied. Prices: sheet Inputs, by name."
    )
    sheet.text(1, 0, words, "note")
    sheet.texts(
        TOP - 1, 0, ["Cost", "What is counted", "Price", "Times", f"Mean unit cost, {money}", "Source of the price"]
    )
    costs = content.units[:, None, :] * content.paid
    for i, line in enumerate(content.lines):
        row = TOP + i
        unit = content.down("Drawn", content.unit_column + i)
        multiplied = [*line.times, *([f"{line.factor:g}"] if line.factor != 1.0 else [])]
        multiplied += ["terms of the deal"] if line.part else []
        for place, text in enumerate(
            (line.category, line.counted, f"{line.price_label} ({line.price})", ", ".join(multiplied))
        ):
            sheet.text(row, place, text)
        sheet.formula(row, 4, f"AVERAGE({unit})", float(content.units[:, i].mean()), "money")
        sheet.text(row, 5, line.source)
        for p in range(k):
            at = COST + p * BLOCK
            amount = content.down("Amounts", content.amount_column(p) + i)
            sheet.number(row, at, float(content.undiscounted[:, p, i].mean()))
            sheet.formula(row, at + 1, f"AVERAGE({amount})", float(content.amounts[:, p, i].mean()))
            mean = float(costs[:, p, i].mean())
            sheet.formula(row, at + 2, paid_mean(content, p, i, [unit, amount]), mean, "money")
    last = TOP + len(content.lines)
    sheet.text(last, 0, "Total", "bold")
    for p, policy in enumerate(content.policies):
        at = COST + p * BLOCK
        sheet.texts(TOP - 2, at, [policy] * BLOCK)
        sheet.texts(TOP - 1, at, ["Amount, undiscounted", "Amount, discounted", f"Mean cost, {money}"])
        letter = letters(at + 2)
        total = float(costs[:, p].sum(axis=-1).mean())
        sheet.formula(last, at + 2, f"SUM({letter}{TOP + 1}:{letter}{last})", total, "money")
    below = _categories(sheet, content, costs.mean(axis=0), last + 3)
    _amputations(sheet, content, costs.mean(axis=0), below)
    sheet.widths(26, 40, 26, 24, 16, 40, *[14] * (k * BLOCK))
    sheet.freeze(TOP, 1)
    return sheet


def _categories(sheet: Sheet, content: Content, means: Array, row: int) -> int:
    """Mean costs by category under each policy, and over the reference, with a chart; returns the first row below.

    `means` has the shape (policies, lines).
    """
    k, base = len(content.policies), content.outcomes.base
    names = [line.category for line in content.lines]
    of = list(dict.fromkeys(names))
    others = [p for p in range(k) if p != base]
    sheet.text(row - 1, 0, f"Mean discounted cost per person by category, {content.outcomes.money}", "bold")
    more = [f"{content.policies[p]} less {content.policies[base]}" for p in others]
    sheet.texts(row, 0, ["Category", *content.policies, *more])
    area = f"$A${TOP + 1}:$A${TOP + len(names)}"
    for place, name in enumerate(of, row + 1):
        sheet.text(place, 0, name)
        own = means[:, [i for i, each in enumerate(names) if each == name]].sum(axis=1)
        for p in range(k):
            letter = letters(COST + p * BLOCK + 2)
            costs = f"${letter}${TOP + 1}:${letter}${TOP + len(names)}"
            sheet.formula(place, 1 + p, f"SUMIF({area},$A{place + 1},{costs})", float(own[p]), "money")
        for column, p in enumerate(others, 1 + k):
            gained = f"{letters(1 + p)}{place + 1}-{letters(1 + base)}{place + 1}"
            sheet.formula(place, column, gained, float(own[p] - own[base]), "money")
    end = row + 1 + len(of)
    sheet.text(end, 0, "Total", "bold")
    totals = means.sum(axis=1)
    for column, value in enumerate([*totals, *(totals[p] - totals[base] for p in others)], 1):
        letter = letters(column)
        sheet.formula(end, column, f"SUM({letter}{row + 2}:{letter}{end})", float(value), "money")
    series = [
        {
            "name": f"={sheet.whole(place, 0)}",
            "categories": f"={sheet.quoted}!{cell(row, 1, fixed='$')}:{cell(row, k, fixed='$')}",
            "values": f"={sheet.quoted}!{cell(place, 1, fixed='$')}:{cell(place, k, fixed='$')}",
            "fill": {"color": FILLS[(place - row - 1) % len(FILLS)]},
        }
        for place in range(row + 1, end)
    ]
    axes = (content.outcomes.money, "")
    sheet.chart((end + 2, 0), {"type": "bar", "subtype": "stacked"}, "Mean cost per person", axes, series)
    return end + 2 + CHART_ROWS


def _amputations(sheet: Sheet, content: Content, means: Array, row: int) -> None:
    """What amputations cost over the horizon, line by line, with their share of all costs."""
    k, title = len(content.policies), f"What amputations cost over {content.facts['horizon']:g} years"
    sheet.text(row, 0, f"{title}: mean discounted cost per person, {content.outcomes.money}", "bold")
    sheet.texts(row + 1, 0, ["Cost", "What is counted", *content.policies])
    lines = [i for i, line in enumerate(content.lines) if line.amputation]
    first = row + 2
    for place, i in enumerate(lines, first):
        sheet.text(place, 0, content.lines[i].category)
        sheet.text(place, 1, content.lines[i].counted)
        for p in range(k):
            sheet.formula(place, 2 + p, cost_cell(i, p), float(means[p, i]), "money")
    last = first + len(lines)
    sheet.text(last, 0, "Total", "bold")
    sheet.text(last + 1, 0, "Share of all costs", "bold")
    total = TOP + len(content.lines) + 1
    for p in range(k):
        letter = letters(2 + p)
        spent = float(means[p, lines].sum())
        sheet.formula(last, 2 + p, f"SUM({letter}{first + 1}:{letter}{last})", spent, "money")
        every = f"{letters(COST + p * BLOCK + 2)}{total}"
        sheet.formula(last + 1, 2 + p, f"IF({every}>0,{letter}{last + 1}/{every},0)", spent / means[p].sum(), "rate")


def state_sheet(book: Book, content: Content) -> Sheet:
    """Each state of health: years lived in it, discounted and weighted, its value, and the QALYs that it gives."""
    sheet, n, k = book.sheet("States"), content.draws, len(content.policies)
    lived = {name: content.tables["workings_qalys"][name].to_numpy() for name in ("undiscounted", "years")}
    sheet.text(0, 0, f"Where QALYs come from: means per person over {content.facts['horizon']:g} years", "title")
    words = (
        "Weighted years are discounted and multiplied by the population norm at the age lived, relative to the norm at the"
        " age at which utilities hold; QALYs = mean over draws of weighted years times value. Years of what is lost beside the"
        " state somebody is in (dialysis, the other leg, heart and brain, what is done) count less than nothing."
    )
    sheet.text(1, 0, words, "note")
    sheet.texts(TOP - 1, 0, ["State", "Utility", "Mean value of a year"])
    heads = ["Years, undiscounted", "Years, discounted", "Weighted years", "QALYs"]
    qalys = content.levels[:, None, :] * content.weighted
    for i, state in enumerate(content.states):
        row = TOP + i
        level = content.down("Drawn", content.level_column + i)
        sheet.text(row, 0, state.label)
        sheet.text(row, 1, state.utility)
        sheet.formula(row, 2, f"AVERAGE({level})", float(content.levels[:, i].mean()))
        for p in range(k):
            at = 3 + p * len(heads)
            weight = content.down("Amounts", content.weight_column(p) + i)
            for column, years in enumerate(lived.values(), at):
                sheet.number(row, column, float(years.reshape(content.weighted.shape)[:, p, i].mean()))
            sheet.formula(row, at + 2, f"AVERAGE({weight})", float(content.weighted[:, p, i].mean()))
            sheet.formula(row, at + 3, f"SUMPRODUCT({level},{weight})/{n}", float(qalys[:, p, i].mean()))
    last = TOP + len(content.states)
    sheet.text(last, 0, "Total", "bold")
    for p, policy in enumerate(content.policies):
        at = 3 + p * len(heads)
        sheet.texts(TOP - 2, at, [policy] * len(heads))
        sheet.texts(TOP - 1, at, heads)
        letter = letters(at + 3)
        total = float(qalys[:, p].sum(axis=-1).mean())
        sheet.formula(last, at + 3, f"SUM({letter}{TOP + 1}:{letter}{last})", total)
    sheet.widths(28, 26, 16, *[14] * (k * len(heads)))
    sheet.freeze(TOP, 1)
    return sheet
