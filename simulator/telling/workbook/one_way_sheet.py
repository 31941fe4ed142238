"""What one number at a time does: changes of costs and QALYs as values, their net benefit at the live threshold."""

from __future__ import annotations

from simulator.telling.columns import labels
from simulator.telling.workbook.book import Book, Sheet
from simulator.telling.workbook.content import called_by
from simulator.words.findings import Findings

SHOWN = 25
TOP = 4


def one_way_sheet(book: Book, told: Findings) -> Sheet:
    """The strongest numbers of the main policy, by the threshold of the analysis."""
    sheet = book.sheet("One way")
    facts, table = told.facts, told.tables["tornado"]
    table = table[table["policy"] == facts["focus"]].head(SHOWN)
    meant = labels()["number"] | facts["labels"]["number"]
    threshold, called = facts["threshold"], called_by(told)
    words = f"One number at a time: {called[facts['focus']]} against {called[facts['reference']]}"
    sheet.text(0, 0, words, "title")
    words = (
        "Each number at its 95% limits, in the same patients with the same luck. Changes of costs and QALYs gained are"
        " values (grey); only the threshold is live here. Swing ± is the Monte Carlo error at the analysis's threshold."
    )
    sheet.text(1, 0, words, "note")
    heads = ["Number", "What", "Kind", "In force", "Low", "High", "Cost at low", "Cost at high", "QALYs at low"]
    sheet.texts(TOP - 1, 0, [*heads, "QALYs at high", "Net benefit at low", "Net benefit at high", "Swing", "Swing ±"])
    for place, line in enumerate(table.to_dict("records")):
        row, r = TOP + place, TOP + place + 1
        for column, words in enumerate((line["name"], meant.get(line["name"], line["name"]), line["kind"])):
            sheet.text(row, column, words)
        for column, name in enumerate(("base", "low", "high"), 3):
            sheet.number(row, column, line[name])
        for column, name in enumerate(("cost_at_low", "cost_at_high"), 6):
            sheet.number(row, column, line[name], "money")
        for column, name in enumerate(("effect_at_low", "effect_at_high"), 8):
            sheet.number(row, column, line[name])
        low, high = (threshold * line[f"effect_at_{end}"] - line[f"cost_at_{end}"] for end in ("low", "high"))
        sheet.formula(row, 10, f"threshold*I{r}-G{r}", low, "money")
        sheet.formula(row, 11, f"threshold*J{r}-H{r}", high, "money")
        sheet.formula(row, 12, f"MAX(K{r},L{r},0)-MIN(K{r},L{r},0)", max(low, high, 0.0) - min(low, high, 0.0), "money")
        sheet.number(row, 13, line["swing_se"], "money")
    if len(table):
        series = [
            {
                "name": name,
                "categories": f"={sheet.down(TOP, 0, len(table))}",
                "values": f"={sheet.down(TOP, column, len(table))}",
                "fill": {"color": colour},
                "overlap": 100,
            }
            for name, column, colour in (("at low", 10, "#0072B2"), ("at high", 11, "#D55E00"))
        ]
        at, title = (TOP + len(table) + 2, 0), "Change of net benefit at 95% limits"
        sheet.chart(at, {"type": "bar"}, title, (f"{facts['currency']} per person", ""), series, height=760)
    sheet.widths(32, 60, 10, *[14] * 11)
    sheet.freeze(TOP, 1)
    return sheet
