"""Who gains: health by group as values, weights and weighted gains following epsilon and the threshold in cells."""

from __future__ import annotations

from simulator.telling.workbook.book import Book, Sheet, letters
from simulator.telling.workbook.content import called_by
from simulator.words.findings import Findings

TOP = 6
HEADS = ("Level", "Share of people", "Mean age, years", "Lifetime health, QALYs", "Weight")


def equity_sheet(book: Book, told: Findings) -> Sheet:
    """One table a grouping; a row below each holds the sums over its levels."""
    sheet, threshold = book.sheet("Equity"), told.facts["threshold"]
    table, all_weighted, called = told.tables["equity"], told.tables["equity_weighted"], called_by(told)
    policies = list(dict.fromkeys(table["policy"]))
    plain = all_weighted[all_weighted["epsilon"] == 0.0]
    base = {(line["grouping"], line["policy"]): line for line in plain.to_dict("records")}
    sheet.text(0, 0, f"Who gains over {called[told.facts['reference']]}", "title")
    words = (
        "Weights are lifetime health to the power of minus epsilon, with a mean of 1: 0 counts every QALY alike and is the base."
        " No payer is known to decide by such a weight. What costs displace is shared equally by all."
    )
    sheet.text(1, 0, words, "note")
    sheet.text(2, 0, "Aversion to inequality, epsilon", "bold")
    sheet.number(2, 1, 0.0, "many", "input")
    sheet.allow(2, 1, 0.0, 100.0, "A number from 0 to 100")
    sheet.name_cell("epsilon", 2, 1)
    published = ", ".join(f"{each:g}" for each in dict.fromkeys(all_weighted["epsilon"]) if each)
    sheet.text(
        3, 0, f"Scenarios of the analysis: {published}. Changes of prices and utilities are not followed here.", "note"
    )
    row = TOP
    for grouping, own in table.groupby("grouping", sort=False):
        levels = own[own["policy"] == policies[0]].to_dict("records")
        first, last = row + 3, row + 2 + len(levels)
        sheet.text(row, 0, str(grouping).capitalize(), "bold")
        sheet.texts(row + 1, 0, HEADS)
        shares, healths = (f"${c}${first}:${c}${last}" for c in "BD")
        for place, level in enumerate(levels):
            r = first + place
            sheet.text(r - 1, 0, level["level"])
            for column, name in enumerate(("share", "age", "lifetime_health"), 1):
                sheet.number(r - 1, column, level[name], "rate" if name == "share" else "many")
            relative = f"({{}}/SUMPRODUCT({shares},{healths}))^-epsilon"
            mean = f"SUMPRODUCT({shares},{relative.format(healths)})"
            sheet.formula(r - 1, 4, f"{relative.format(f'D{r}')}/{mean}", 1.0)
        sheet.text(last, 0, "All, QALYs weighted", "bold")
        for p, policy in enumerate(policies):
            at = 5 + 3 * p
            gains = own[own["policy"] == policy].to_dict("records")
            sheet.texts(row, at, [called[policy]] * 3)
            sheet.texts(row + 1, at, ["QALYs gained", "Cost gained", "Net health benefit, QALYs"])
            effect, cost = (letters(at + k) for k in (0, 1))
            for place, gain in enumerate(gains):
                r = first + place
                sheet.number(r - 1, at, gain["incremental_effect"])
                sheet.number(r - 1, at + 1, gain["incremental_cost"], "money")
                benefit = gain["incremental_effect"] - gain["incremental_cost"] / threshold
                sheet.formula(r - 1, at + 2, f"{effect}{r}-{cost}{r}/threshold", benefit)
            weighted = base[grouping, policy]
            ranges = [f"{c}{first}:{c}{last}" for c in (effect, cost)]
            weights = f"$B${first}:$B${last},$E${first}:$E${last}"
            sheet.formula(last, at, f"SUMPRODUCT({weights},{ranges[0]})", weighted["weighted_effect"])
            spent = float(sum(gain["share"] * gain["incremental_cost"] for gain in gains))
            sheet.formula(last, at + 1, f"SUMPRODUCT({shares},{ranges[1]})", spent, "money")
            r = last + 1
            benefit = weighted["net_health_benefit"]
            sheet.formula(last, at + 2, f"{effect}{r}-{cost}{r}/threshold", benefit)
        row = last + 3
    sheet.widths(34, *[15] * (4 + 3 * len(policies)))
    return sheet
