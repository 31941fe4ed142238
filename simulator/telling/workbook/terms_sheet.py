"""Terms of a deal that act by policy: a price that falls with volume, and money back for failures, both live."""

from __future__ import annotations

import numpy as np

from simulator.telling.workbook.book import Book, Sheet, cell, letters
from simulator.telling.workbook.content import FIRST, Content

STEPS, STEP_ROWS = 5, 4
"""Row of the first step of a price by volume, and how many there are room for at least."""
PAID_BACK = "Paid back"
NEVER = "1000000000"
"""More treatments than there are."""
COUNTS = ("First treatments", "Repeats", "First treatments that fail", "Repeats in those who fail")


def volume_share(treatments: str) -> str:
    """The mean share of the price of a year's treatments, each paid by the step that it falls into, as a formula."""
    t = treatments
    within = f"({t}>volume_from)*(({t}<volume_to)*{t}+({t}>=volume_to)*volume_to-volume_from)"
    return f"IF({t}>0,1-SUMPRODUCT({within},volume_off)/{t},1)"


def left_cell(content: Content, policy: int) -> str:
    """The share of a product's price that is paid under a policy; of one draw where money comes back (``{r}``: its row)."""
    if not content.money_back:
        return f"Terms!{cell(_policies(content) + policy, 3, fixed='$')}"
    return f"'{PAID_BACK}'!${letters(_column(policy) + len(COUNTS))}{{r}}"


def paid_mean(content: Content, policy: int, line: int, areas: list[str]) -> str:
    """The mean over draws of a product of columns, of a line that a policy pays for, as a formula."""
    product = line < content.products
    if product and content.money_back:
        areas = [*areas, content.down(f"'{PAID_BACK}'", _column(policy) + len(COUNTS))]
    mean = f"SUMPRODUCT({','.join(areas)})/{content.draws}"
    return f"{mean}*{left_cell(content, policy)}" if product and not content.money_back else mean


def terms_sheet(book: Book, content: Content) -> Sheet:
    """Steps of a price by volume, and what they leave to pay where everybody referred in a year has one policy."""
    sheet = book.sheet("Terms")
    volume = [(step["above"], step["discount"]) for step in content.deal["volume"]]
    sheet.text(0, 0, "Terms that act by policy: price by volume, money back", "title")
    words = (
        "Treatments of a year beyond a number cost less by a share, each by the step that it falls into. Discount, waste, price"
        " of repeats and the share paid back stand on sheet Inputs."
    )
    sheet.text(1, 0, words, "note")
    heads = ["Step", "Treatments a year beyond", "Cost less by", "From", "To", "Less"]
    sheet.texts(STEPS - 1, 0, heads)
    rows = _steps(content)
    last = STEPS + rows
    for place in range(rows):
        row, r = STEPS + place, STEPS + place + 1
        above, off = volume[place] if place < len(volume) else (None, None)
        after = volume[place + 1][0] if place + 1 < len(volume) else float(NEVER)
        sheet.number(row, 0, place + 1, "whole")
        sheet.number(row, 1, float("nan") if above is None else above, "many", "input")
        sheet.allow(row, 1, 0.0, float(NEVER), "A number of treatments, more than in the step before, or nothing")
        sheet.number(row, 2, float("nan") if off is None else off, "rate", "input")
        sheet.allow(row, 2, 0.0, 1.0, "A share from 0 to 1, or nothing")
        sheet.formula(row, 3, f"IF(ISNUMBER(B{r}),B{r},{NEVER})", float(NEVER) if above is None else above, "whole")
        following = f"D{r + 1}" if place + 1 < rows else NEVER
        sheet.formula(row, 4, following, after, "whole")
        sheet.formula(row, 5, f"IF(ISNUMBER(C{r}),C{r},0)", off or 0.0, "rate")
    for column, name in ((3, "from"), (4, "to"), (5, "off")):
        book.name(f"volume_{name}", sheet.down(STEPS, column, rows))
    rising = f"SUMPRODUCT((D{STEPS + 1}:D{last}>=E{STEPS + 1}:E{last})*(D{STEPS + 1}:D{last}<{NEVER}))"
    sheet.formula(last, 1, f'IF({rising}>0,"Steps must rise, without gaps","")', "", "note")
    row = _policies(content)
    heads = ["Policy", "Treatments per person", "Treatments of a year", "Share of the price that volume leaves"]
    sheet.text(row - 2, 0, "A year in which everybody referred has the policy", "bold")
    sheet.texts(row - 1, 0, heads)
    doses, shares = (content.tables["workings_policies"][name] for name in ("treatments", "volume_share"))
    most, referred = content.facts["budget_limit"], content.facts["workings"]["referred_per_year"]
    for place, policy in enumerate(content.policies):
        r = row + place + 1
        yearly = referred * float(doses[place])
        sheet.text(row + place, 0, policy, "bold")
        sheet.number(row + place, 1, float(doses[place]))
        limited = f"IF(ISNUMBER(most_per_year),MIN(most_per_year,referred_per_year*B{r}),referred_per_year*B{r})"
        sheet.formula(row + place, 2, limited, yearly if most is None else min(yearly, most))
        sheet.formula(row + place, 3, volume_share(f"C{r}"), float(shares[place]), "rate")
    sheet.widths(30, 26, 20, 24, 14, 14)
    return sheet


def paid_back_sheet(book: Book, content: Content) -> Sheet | None:
    """Treatments that fail in the sense of the deal, and what is left to pay, by draw and policy; None where none is counted."""
    if not content.money_back:
        return None
    table = content.tables["workings_back"][["first", "repeat", "first_failed", "repeat_failed"]]
    counted = table.to_numpy().reshape(content.draws, len(content.policies), len(COUNTS))
    sheet = book.sheet(PAID_BACK)
    sheet.text(0, 0, "Treatments paid for, and those that fail, per person, discounted", "title")
    words = "Counted person by person, in people of their own. What is left: of the price, after volume and money back."
    sheet.text(1, 0, words, "note")
    sheet.text(3, 0, "Draw", "head")
    sheet.block(FIRST, 0, np.arange(1.0, content.draws + 1)[:, None], "whole")
    for p, policy in enumerate(content.policies):
        at = _column(p)
        sheet.texts(2, at, [policy] * (len(COUNTS) + 1))
        sheet.texts(3, at, [*COUNTS, "Share of the price left"])
        sheet.block(FIRST, at, counted[:, p])
        first, repeat, failed, again = (f"{letters(at + k)}{{r}}" for k in range(len(COUNTS)))
        paid = f"({first}+deal_repeat_price*{repeat})"
        share = f"IF({paid}>0,deal_refund*({failed}+deal_repeat_price*{again})/{paid},0)"
        volume = f"Terms!{cell(_policies(content) + p, 3, fixed='$')}"
        sheet.formulas(FIRST, at + len(COUNTS), f"{volume}*(1-{share})", content.left[:, p], "rate")
    sheet.widths(8, *[16] * ((len(COUNTS) + 1) * len(content.policies)))
    sheet.freeze(FIRST, 1)
    return sheet


def _steps(content: Content) -> int:
    return max(STEP_ROWS, len(content.deal["volume"]))


def _policies(content: Content) -> int:
    """Row of the first policy on sheet Terms."""
    return STEPS + _steps(content) + 4


def _column(policy: int) -> int:
    """Column of a policy's first count on the sheet of what is paid back."""
    return 1 + policy * (len(COUNTS) + 1)
