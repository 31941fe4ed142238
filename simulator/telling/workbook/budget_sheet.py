"""Spending of the coming years in cells: cohorts of referred people, each with the costs of its years since referral."""

from __future__ import annotations

import numpy as np

from simulator.statistics.decision.results import Array
from simulator.telling.workbook.book import Book, Sheet, cell, letters
from simulator.telling.workbook.content import FIRST, Content
from simulator.telling.workbook.terms_sheet import volume_share

TOP = 17
"""Row of the first line in the table of costs by year since referral."""


def by_age(content: Content, column: str = "amount") -> Array:
    """Undiscounted amounts in each year since referral, or those of them that fail, shape (years, draws, both, lines)."""
    table = content.tables["workings_budget"]
    years, draws = (table[name].nunique() for name in ("year", "draw"))
    return np.asarray(table[column].to_numpy().reshape(years, draws, 2, len(content.lines)))


def failed_by_age(content: Content) -> Array | None:
    """Treatments that fail in each year since referral, shape (years, draws, both, product lines)."""
    return by_age(content, "failed")[..., : content.products] if content.money_back else None


def _pair(content: Content) -> list[str]:
    """What people call the reference and the policy of the budget."""
    return [content.policies[content.names.index(name)] for name in content.facts["workings"]["budget_policies"]]


def budget_amounts_sheet(book: Book, content: Content) -> Sheet:
    """What people use in each year since referral, by draw, under the reference and the policy."""
    sheet, amounts = book.sheet("Budget amounts"), by_age(content)
    years, draws, both, lines = amounts.shape
    sheet.text(0, 0, "What people use in each year since referral, per person, undiscounted", "title")
    sheet.text(1, 0, "From lives cut at the middle of each year, in the first draws of sheet Drawn.", "note")
    sheet.text(3, 0, "Draw", "head")
    sheet.block(FIRST, 0, np.arange(1.0, draws + 1)[:, None], "whole")
    for year in range(years):
        for p, policy in enumerate(_pair(content)):
            at = 1 + (year * both + p) * lines
            sheet.texts(2, at, [f"Year {year + 1}, {policy}"] * lines)
            sheet.texts(3, at, [f"{line.category}; {line.counted}" for line in content.lines])
            sheet.block(FIRST, at, amounts[year, :, p])
    failed = failed_by_age(content)
    columns = years * both * lines
    if failed is not None:
        for year in range(years):
            for p, policy in enumerate(_pair(content)):
                at = _failed_column(content, year, p, years)
                sheet.texts(2, at, [f"Year {year + 1}, {policy}"] * content.products)
                words = (f"{line.category}; {line.counted} that fail" for line in content.lines[: content.products])
                sheet.texts(3, at, words)
                sheet.block(FIRST, at, failed[year, :, p])
        columns += years * both * content.products
    sheet.widths(8, *[14] * columns)
    sheet.freeze(FIRST, 1)
    return sheet


def _failed_column(content: Content, year: int, policy: int, years: int) -> int:
    """Column of the first treatments that fail in a year since referral, on sheet Budget amounts."""
    return 1 + years * 2 * len(content.lines) + (year * 2 + policy) * content.products


def budget_sheet(book: Book, content: Content) -> Sheet:
    """People, uptake and spending by year; costs per person by year since referral follow prices and terms."""
    sheet, facts = book.sheet("Budget"), content.facts
    amounts = by_age(content)
    years, draws, both, _ = amounts.shape
    units = content.units[:draws]
    failed = failed_by_age(content)
    bought = amounts.copy()
    if failed is not None:
        bought[..., : content.products] -= content.deal["refund"] * failed
    costs = (units[None, :, None, :] * bought).mean(axis=1)
    called = _pair(content)
    money, n = content.outcomes.money, draws
    sheet.text(0, 0, f"Budget impact of {called[1]} instead of {called[0]}", "title")
    words = (
        "People are referred evenly through each year. Nothing is discounted. Who cannot be treated has the reference."
    )
    sheet.text(1, 0, words, "note")
    sheet.texts(2, 1, [f"Year {year + 1}" for year in range(years)])
    people, by_year = content.tables["budget_people"], content.tables["workings_years"]
    referred = people["referred"].to_numpy(dtype=np.float64)
    given = by_year[["without", "with"]].to_numpy(dtype=np.float64)
    uptake = people["uptake"].to_numpy(dtype=np.float64)
    cap, site = facts["budget_limit"], facts["workings"]["site_cost"]
    labels = ("People referred", "Share under the policy, wanted", "Treatments per person by year since referral")
    for row, label in enumerate((*labels, "Most treatments a year (empty: no limit)", "Share under the policy"), 3):
        sheet.text(row, 0, label, "bold")
    if cap is None:
        sheet.blank(6, 1, "money")
    else:
        sheet.number(6, 1, cap, "money", "input")
    sheet.name_cell("most_per_year", 6, 1)
    sheet.text(8, 0, "Set-up of centres in the first year", "bold")
    sheet.number(8, 1, site, "money")
    shares = _volume_rows(sheet, content, given, referred, uptake)
    for year in range(years):
        sheet.number(3, 1 + year, float(referred[year]), "money", "input")
        sheet.number(4, 1 + year, float(by_year["wanted"][year]), "rate", "input")
        sheet.number(5, 1 + year, float(given[year, 1]))
        c = letters(1 + year)
        owed = "+".join(f"{letters(1 + e)}$4*{letters(1 + e)}$8*{letters(1 + year - e)}$6" for e in range(year)) or "0"
        limited = f"IF(ISNUMBER($B$7),MIN({c}5,MAX(0,$B$7-({owed}))/({c}4*$B$6)),{c}5)"
        sheet.formula(7, 1 + year, f"IF({c}4*$B$6<=0,{c}5,{limited})", float(uptake[year]), "rate")
    sheet.text(TOP - 2, 0, f"Cost per person by year since referral, {money}", "bold")
    for year in range(years):
        sheet.texts(TOP - 1, 2 + year * both, [f"Year {year + 1}, {name}" for name in called])
    sheet.texts(TOP - 1, 0, ["Cost", "What is counted"])
    for i, line in enumerate(content.lines):
        row = TOP + i
        sheet.text(row, 0, line.category)
        sheet.text(row, 1, line.counted)
        unit = content.down("Drawn", content.unit_column + i, draws)
        for at in range(years * both):
            column = letters(1 + at * len(content.lines) + i)
            amount = f"'Budget amounts'!${column}${FIRST + 1}:${column}${FIRST + draws}"
            value = float(costs[at // both, at % both, i])
            spent = f"SUMPRODUCT({unit},{amount})"
            if failed is not None and line.part:
                column = letters(_failed_column(content, at // both, at % both, years) + i)
                area = f"'Budget amounts'!${column}${FIRST + 1}:${column}${FIRST + draws}"
                spent = f"({spent}-deal_refund*SUMPRODUCT({unit},{area}))"
            sheet.formula(row, 2 + at, f"{spent}/{n}", value, "money")
    _spending(sheet, content, costs, uptake, referred, site, shares)
    sheet.widths(64, 30, *[18] * (years * both))
    return sheet


def _volume_rows(sheet: Sheet, content: Content, given: Array, referred: Array, uptake: Array) -> Array:
    """Treatments of each year in all cohorts so far, and what a price by volume leaves, without and with the policy.

    `given` has treatments per person by year since referral, shape (years, both); so has what is returned.
    """
    names, years = _pair(content), len(given)
    sheet.text(9, 0, f"Treatments per person by year since referral, under {names[0]}", "bold")
    for row, which in ((10, "without"), (11, "with")):
        sheet.text(row, 0, f"Treatments of a year, {which} the policy", "bold")
        sheet.text(row + 2, 0, f"Share of the price that volume leaves, {which} the policy", "bold")
    shares = content.tables["workings_years"][["share_without", "share_with"]].to_numpy(dtype=np.float64)
    for year in range(years):
        sheet.number(9, 1 + year, float(given[year, 0]))
        treatments = np.zeros(2)
        for entered in range(year + 1):
            before, after = given[year - entered]
            treatments += referred[entered] * (before + np.array([0.0, uptake[entered] * (after - before)]))
        cohorts = [(letters(1 + e), letters(1 + year - e)) for e in range(year + 1)]
        without = "+".join(f"{e}$4*{age}$10" for e, age in cohorts)
        more = "+".join(f"{e}$4*{e}$8*({age}$6-{age}$10)" for e, age in cohorts)
        sheet.formula(10, 1 + year, without, float(treatments[0]))
        sheet.formula(11, 1 + year, f"{letters(1 + year)}11+{more}", float(treatments[1]))
        for place in (0, 1):
            share = volume_share(f"{letters(1 + year)}{11 + place}")
            sheet.formula(12 + place, 1 + year, share, float(shares[year, place]), "rate")
    return shares


def _spending(
    sheet: Sheet, content: Content, costs: Array, uptake: Array, referred: Array, site: float, shares: Array
) -> None:
    """Spending by category and year: without the policy, and the change; `costs` has the shape (years, both, lines)."""
    years = len(costs)
    names = [line.category for line in content.lines]
    categories = list(dict.fromkeys(names))
    last = TOP + len(names)
    row = last + 2
    money = content.outcomes.money
    area = f"$A${TOP + 1}:$A${last}"
    site_name, products = content.facts["workings"]["site"], {line.category for line in content.lines if line.part}
    places = {name: [i for i, each in enumerate(names) if each == name] for name in categories}
    rows: list[tuple[str, str]] = []
    totals = {"without": np.zeros(years), "change": np.zeros(years)}
    for title, kind in (
        (f"Spending without the policy, {money}", "without"),
        (f"Change with the policy, {money}", "change"),
    ):
        sheet.text(row, 0, title, "bold")
        sheet.texts(row, 2, [f"Year {year + 1}" for year in range(years)])
        begin = row + 1
        for name in [*([site_name] if kind == "change" and site else []), *categories]:
            row += 1
            sheet.text(row, 0, name)
            for year in range(years):
                if name == site_name:
                    sheet.formula(row, 2 + year, "B9" if year == 0 else "0", site if year == 0 else 0.0, "money")
                    continue
                parts: dict[str, list[str]] = {"without": [], "change": []}
                sums = {"without": 0.0, "change": 0.0}
                for e in range(year + 1):
                    age = (letters(2 + (year - e) * 2 + p) for p in (0, 1))
                    without, having = (f"SUMIF({area},$A{row + 1},{c}${TOP + 1}:{c}${last})" for c in age)
                    own = costs[year - e][:, places[name]].sum(axis=-1)
                    parts["without"].append(f"{letters(1 + e)}$4*{without}")
                    parts["change"].append(f"{letters(1 + e)}$4*{letters(1 + e)}$8*({having}-{without})")
                    sums["without"] += referred[e] * own[0]
                    sums["change"] += referred[e] * uptake[e] * (own[1] - own[0])
                formula, value = "+".join(parts[kind]), sums[kind]
                if name in products:
                    c, (dear, cheap) = letters(1 + year), shares[year]
                    plain, more = ("+".join(parts[each]) for each in ("without", "change"))
                    formula, value = f"{c}$13*({plain})", dear * sums["without"]
                    if kind == "change":
                        formula = f"{c}$14*({plain}+{more})-{formula}"
                        value = cheap * (sums["without"] + sums["change"]) - value
                totals[kind][year] += value
                sheet.formula(row, 2 + year, formula, float(value), "money")
        row += 1
        sheet.text(row, 0, "Total", "bold")
        for year in range(years):
            column = letters(2 + year)
            value = totals[kind][year] + (site if kind == "change" and year == 0 else 0.0)
            sheet.formula(row, 2 + year, f"SUM({column}{begin + 1}:{column}{row})", float(value), "money")
        rows.append((title, f"={sheet.quoted}!{cell(row, 2, fixed='$')}:{cell(row, 1 + years, fixed='$')}"))
        row += 2
    header = f"={sheet.quoted}!{cell(2, 1, fixed='$')}:{cell(2, years, fixed='$')}"
    series = [{"name": rows[1][0], "categories": header, "values": rows[1][1], "fill": {"color": "#0072B2"}}]
    sheet.chart((row + 1, 0), {"type": "column"}, "Change of spending", ("", money), series)
