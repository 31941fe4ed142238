"""The fully incremental analysis in cells, with extended dominance, following the means on sheet Results.

An option is extendedly dominated where the steepest line from a less effective option to it is steeper than the flattest
line from it to a more effective one; nowhere else do its costs lie above the straight line between two others.
"""

from __future__ import annotations

import numpy as np

from simulator.statistics.decision.incremental import ROUNDING, incremental_analysis
from simulator.statistics.decision.results import Array
from simulator.telling.workbook.book import Book, Sheet, letters
from simulator.telling.workbook.decision_sheets import Outcomes, colour

TOP = 4
"""Row of the first option in the table that people read."""
LINES = 12
"""Column of the first line between two options."""
COLUMNS = dict(zip(("option", "cost", "effect", "rank", "status", "on", "before"), "ABCHIJK", strict=True))


def frontier_sheet(book: Book, outcomes: Outcomes) -> Sheet:
    """The options in order of cost, each with its status and ratio; below, how both are worked out."""
    sheet, found = book.sheet("Frontier"), outcomes.results
    options = len(found.options)
    first = TOP + options + 5
    area = {name: f"${c}${first}:${c}${first + options - 1}" for name, c in COLUMNS.items()}
    money, unit = outcomes.money, outcomes.effect
    sheet.text(0, 0, "Fully incremental analysis, cheapest option first", "title")
    sheet.text(1, 0, "Each option on the frontier is compared with the one before it on the frontier.", "note")
    _ordered(sheet, outcomes, area)
    sheet.text(first - 3, 0, "How it is worked out", "bold")
    _worked_out(sheet, outcomes, area, first)
    series = [
        {
            "name": option,
            "categories": f"={sheet.whole(first - 1 + place, 2)}",
            "values": f"={sheet.whole(first - 1 + place, 1)}",
            "marker": {"type": "circle", "size": 9, "fill": {"color": colour(place)}},
        }
        for place, option in enumerate(found.options)
    ]
    sheet.chart(
        (first + options, 0), {"type": "scatter"}, "Mean cost and effect", (unit, f"Cost, {money}"), series, "0.000"
    )
    sheet.widths(30, 15, 15, 22, 22, 15, 15, 15, 22, 12, 12, 3, *[13] * (2 * options))
    return sheet


def _ordered(sheet: Sheet, outcomes: Outcomes, area: dict[str, str]) -> None:
    money, unit = outcomes.money, outcomes.effect
    heads = ["Option", f"Cost, {money}", unit, "Status", "Compared with", "Cost gained", f"{unit} gained"]
    sheet.texts(TOP - 1, 0, [*heads, f"{money} per {unit} gained"])
    for place, found in enumerate(incremental_analysis(outcomes.results).to_dict("records")):
        row, r = TOP + place, TOP + place + 1
        at = f"MATCH({place + 1},{area['rank']},0)"
        before = f"INDEX({area['before']},{at})"
        sheet.formula(row, 0, f"INDEX({area['option']},{at})", found["option"], "bold")
        sheet.formula(row, 1, f"INDEX({area['cost']},{at})", found["cost"], "money")
        sheet.formula(row, 2, f"INDEX({area['effect']},{at})", found["effect"])
        sheet.formula(row, 3, f"INDEX({area['status']},{at})", found["status"], "text")
        other = f'IF({before}=0,"",INDEX({area["option"]},{before}))'
        sheet.formula(row, 4, other, found["compared_with"] or "", "text")
        more = f'IF({before}=0,"",B{r}-INDEX({area["cost"]},{before}))'
        sheet.formula(row, 5, more, found["incremental_cost"], "money")
        better = f'IF({before}=0,"",C{r}-INDEX({area["effect"]},{before}))'
        sheet.formula(row, 6, better, found["incremental_effect"])
        sheet.formula(row, 7, f'IF({before}=0,"",F{r}/G{r})', found["icer"], "money")


def _worked_out(sheet: Sheet, outcomes: Outcomes, area: dict[str, str], first: int) -> None:
    """One row an option, in the order of sheet Results; `first` is the row of the first as Excel counts."""
    found = outcomes.results
    options = found.options
    k = len(options)
    cost, effect = found.cost.mean(axis=0), found.effect.mean(axis=0)
    table = incremental_analysis(found).set_index("option")
    order = list(table.index)
    heads = ["Option", "Cost", outcomes.effect, "Dominated", "Steepest line to it", "Flattest line from it"]
    heads += ["Extendedly dominated", "Place by cost", "Status", "On the frontier", "Row of the option before"]
    sheet.texts(first - 2, 0, heads)
    sheet.texts(first - 2, LINES, [f"Line from {o}" for o in options] + [f"Line to {o}" for o in options])
    c, e = area["cost"], area["effect"]
    for place, option in enumerate(options):
        row, r = first - 1 + place, first + place
        to, away = _lines(cost, effect, place)
        steepest, flattest = (
            f(x[~np.isnan(x)]) if (~np.isnan(x)).any() else np.nan for f, x in ((np.max, to), (np.min, away))
        )
        status = str(table.loc[option, "status"])
        earlier = f"(ROW({c})<{r})"
        equal = f"SUMPRODUCT(({c}=B{r})*({e}=C{r})*{earlier})"
        sheet.formula(row, 0, f"Results!A{5 + place}", option, "text")
        sheet.formula(row, 1, f"Results!B{5 + place}", cost[place], "money")
        sheet.formula(row, 2, f"Results!D{5 + place}", effect[place])
        beaten = (
            (cost <= cost[place]) & (effect >= effect[place]) & ((cost < cost[place]) | (effect > effect[place]))
        ).any()
        worse = f"SUMPRODUCT(({c}<=B{r})*({e}>=C{r})*((({c}<B{r})+({e}>C{r}))>0))"
        sheet.formula(row, 3, f"IF({worse}>0,1,0)", float(beaten), "whole")
        for column, kind, start, value in ((4, "MAX", LINES, steepest), (5, "MIN", LINES + k, flattest)):
            across = f"{letters(start)}{r}:{letters(start + k - 1)}{r}"
            sheet.formula(row, column, f'IF(COUNT({across})=0,"",{kind}({across}))', float(value), "money")
        bent = bool(steepest - flattest > ROUNDING * max(abs(steepest), abs(flattest)))
        bend = f"IF(E{r}-F{r}>{ROUNDING!r}*MAX(ABS(E{r}),ABS(F{r})),1,0)"
        sheet.formula(row, 6, f"IF(COUNT(E{r}:F{r})=2,{bend},0)", float(bent), "whole")
        rank = f"1+SUMPRODUCT(--({c}<B{r}))+SUMPRODUCT(({c}=B{r})*({e}>C{r}))+{equal}"
        sheet.formula(row, 7, rank, order.index(option) + 1.0, "whole")
        told = f'IF({equal}>0,"equal",IF(H{r}=1,"reference","frontier"))'
        told = f'IF(D{r}=1,"dominated",IF(G{r}=1,"extendedly dominated",{told}))'
        sheet.formula(row, 8, told, status, "text")
        on = f'IF(OR(I{r}="reference",I{r}="frontier"),1,0)'
        sheet.formula(row, 9, on, float(status in ("reference", "frontier")), "whole")
        nearest = f"SUMPRODUCT(MAX({area['on']}*({area['rank']}<H{r})*{area['rank']}))"
        other = table.loc[option, "compared_with"]
        before = options.index(other) + 1.0 if isinstance(other, str) else 0.0
        sheet.formula(row, 10, f"IF(AND(J{r}=1,H{r}>1),MATCH({nearest},{area['rank']},0),0)", before, "whole")
        for start, sign, values in ((LINES, "<", to), (LINES + k, ">", away)):
            for o, value in enumerate(values.tolist()):
                slope = f"(B${first + o}-B{r})/(C${first + o}-C{r})"
                sheet.formula(row, start + o, f'IF(C${first + o}{sign}C{r},{slope},"")', value, "money")


def _lines(cost: Array, effect: Array, place: int) -> tuple[Array, Array]:
    """Slopes of the lines from every less effective option, and to every more effective one; missing elsewhere."""
    with np.errstate(divide="ignore", invalid="ignore"):
        slopes = (cost - cost[place]) / (effect - effect[place])
    return np.where(effect < effect[place], slopes, np.nan), np.where(effect > effect[place], slopes, np.nan)
