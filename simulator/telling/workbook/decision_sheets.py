"""Sheets of any decision: means and net benefit of its options, and acceptability by threshold.

They read named columns of draws: cost_1, effect_1, benefit_1 and so on by the number of the option, `highest` (the best
net benefit of each draw), `threshold` and `people` (whom the decision concerns).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from simulator.statistics.decision.net_benefit import acceptability, net_monetary_benefit
from simulator.statistics.decision.results import Array, CostEffectResults, standard_error
from simulator.telling.colours import LINE_COLOURS
from simulator.telling.workbook.book import Book, Sheet, letters
from simulator.words.errors import Problem

GRID = 41
"""Thresholds of the acceptability curve."""
MOST_OPTIONS = 14
"""Options whose ties the formulas of the acceptability curve can share within the length that Excel reads."""


@dataclass(frozen=True, eq=False)
class Outcomes:
    """What the sheets tell: results, the option that others are compared with, the threshold in force, words for units."""

    results: CostEffectResults
    reference: str
    threshold: float
    people: float | None
    money: str
    effect: str

    @property
    def base(self) -> int:
        """The place of the reference among the options."""
        return self.results.column(self.reference)

    @property
    def benefit(self) -> Array:
        """Net benefit of every draw and option at the threshold."""
        return net_monetary_benefit(self.results, self.threshold)


def options_problems(options: Sequence[str], source: str) -> list[Problem]:
    """What keeps a comparison of these options out of a workbook."""
    if len(options) <= MOST_OPTIONS:
        return []
    return [Problem(source, "number of options", str(len(options)), f"at most {MOST_OPTIONS} in a workbook")]


def name_draws(book: Book, sheet: Sheet, outcomes: Outcomes, row: int, cost: int, effect: int, benefit: int) -> None:
    """Name the columns of draws that begin at these columns, one for each option."""
    draws, options = outcomes.results.cost.shape
    for place in range(options):
        for kind, column in (("cost", cost), ("effect", effect), ("benefit", benefit)):
            book.name(f"{kind}_{place + 1}", sheet.down(row, column + place, draws))
    book.name("highest", sheet.down(row, benefit + options, draws))


def benefit_columns(sheet: Sheet, outcomes: Outcomes, row: int, cost: int, effect: int, benefit: int) -> None:
    """Net benefit of every draw and option, and the highest of each draw."""
    values, options = outcomes.benefit, len(outcomes.results.options)
    for place in range(options):
        formula = f"threshold*${letters(effect + place)}{{r}}-${letters(cost + place)}{{r}}"
        sheet.formulas(row, benefit + place, formula, values[:, place], "money")
    highest = f"MAX({letters(benefit)}{{r}}:{letters(benefit + options - 1)}{{r}})"
    sheet.formulas(row, benefit + options, highest, values.max(axis=1), "money")


def results_sheet(book: Book, outcomes: Outcomes) -> Sheet:
    """Means, increments over the reference, net benefit, probability best, expected loss and EVPI."""
    sheet, found, base = book.sheet("Results"), outcomes.results, outcomes.base
    n, k = found.cost.shape
    benefit = outcomes.benefit
    highest = benefit.max(axis=1)
    cost, effect, mean = found.cost.mean(axis=0), found.effect.mean(axis=0), benefit.mean(axis=0)
    ties = (benefit == highest[:, None]).sum(axis=1)
    money, unit = outcomes.money, outcomes.effect
    sheet.text(0, 0, f"Results of {n:,} draws, per person", "title")
    sheet.text(1, 0, f"At the threshold on sheet Inputs. Increments are over {outcomes.reference}.", "note")
    heads = ["Option", f"Cost, {money}", "Standard error", f"{unit}", "Standard error", "Cost gained", f"{unit} gained"]
    heads += [f"{money} per {unit} gained", "Net benefit", "Net benefit gained", "Probability that it gains"]
    sheet.texts(3, 0, [*heads, "Probability best", "Expected loss"])
    first, last = 4, 3 + k
    zero = base + first + 1
    for place, option in enumerate(found.options):
        row, r, i, b = first + place, first + place + 1, place + 1, base + 1
        sheet.text(row, 0, option, "bold")
        sheet.formula(row, 1, f"AVERAGE(cost_{i})", cost[place], "money")
        sheet.formula(row, 3, f"AVERAGE(effect_{i})", effect[place])
        if n > 1:
            sheet.formula(row, 2, f"STDEV(cost_{i})/SQRT({n})", standard_error(found.cost[:, place]), "money")
            sheet.formula(row, 4, f"STDEV(effect_{i})/SQRT({n})", standard_error(found.effect[:, place]))
        sheet.formula(row, 8, f"threshold*D{r}-B{r}", mean[place], "money")
        best = np.where(benefit[:, place] == highest, 1.0 / ties, 0.0).mean()
        sheet.formula(row, 11, f"SUMPRODUCT({_share(i, k, 'benefit_{}')})/{n}", best, "rate")
        loss = float(highest.mean() - mean[place])
        sheet.formula(row, 12, f"AVERAGE(highest)-I{r}", loss, "money")
        if place == base:
            continue
        more, better = cost[place] - cost[base], effect[place] - effect[base]
        sheet.formula(row, 5, f"B{r}-B${zero}", more, "money")
        sheet.formula(row, 6, f"D{r}-D${zero}", better)
        ratio = (
            f'IF(AND(F{r}<=0,G{r}>=0),"dominates",IF(AND(F{r}>=0,G{r}<=0),"dominated",'
            f'IF(G{r}<0,"costs and does less",F{r}/G{r})))'
        )
        sheet.formula(row, 7, ratio, _ratio(more, better), "money")
        sheet.formula(row, 9, f"I{r}-I${zero}", mean[place] - mean[base], "money")
        chance = (benefit[:, place] > benefit[:, base]).mean()
        sheet.formula(row, 10, f"SUMPRODUCT(--(benefit_{i}>benefit_{b}))/{n}", chance, "rate")
    row = last + 2
    evpi = float(highest.mean() - mean.max())
    sheet.text(row, 0, f"Expected value of perfect information per person, {money}", "bold")
    sheet.formula(row, 1, f"AVERAGE(highest)-MAX(I{first + 1}:I{last + 1})", evpi, "money")
    sheet.text(row + 1, 0, f"For everybody whom the decision concerns, {money}", "bold")
    everybody = np.nan if outcomes.people is None else evpi * outcomes.people
    sheet.formula(row + 1, 1, f'IF(ISNUMBER(people),people*B{row + 1},"")', everybody, "money")
    sheet.text(row + 2, 0, "Option with the highest mean net benefit", "bold")
    choice = f"INDEX(A{first + 1}:A{last + 1},MATCH(MAX(I{first + 1}:I{last + 1}),I{first + 1}:I{last + 1},0))"
    sheet.formula(row + 2, 1, choice, found.options[int(mean.argmax())], "bold")
    notes = (
        "Ratios compare with the reference, not with the next best option: see sheet Frontier. Patients' luck counts as"
    )
    sheet.text(row + 4, 0, f"{notes} uncertainty in each draw.", "note")
    sheet.widths(64, *[15] * 12)
    sheet.freeze(4, 1)
    return sheet


def acceptability_sheet(book: Book, outcomes: Outcomes, highest: float) -> Sheet:
    """Probability of the highest net benefit at evenly spaced thresholds from 0 to `highest`; ties are shared."""
    sheet, found = book.sheet("Acceptability"), outcomes.results
    n, k = found.cost.shape
    step = highest / (GRID - 1)
    sheet.text(0, 0, "Probability that each option has the highest net benefit", "title")
    sheet.text(2, 0, f"Step between thresholds, {outcomes.money}", "bold")
    sheet.number(2, 1, step, "money", "input")
    sheet.texts(4, 0, ["Threshold", *found.options, "Sum"])
    first = 5
    thresholds = step * np.arange(GRID)
    curves = acceptability(found, thresholds)["probability"].to_numpy().reshape(GRID, k)
    for place, threshold in enumerate(thresholds.tolist()):
        row, r = first + place, first + place + 1
        sheet.formula(row, 0, f"{place}*$B$3", threshold, "money")
        for i in range(1, k + 1):
            share = _share(i, k, f"($A{r}*effect_{{0}}-cost_{{0}})")
            sheet.formula(row, i, f"SUMPRODUCT({share})/{n}", curves[place, i - 1], "rate")
        sheet.formula(row, k + 1, f"SUM(B{r}:{letters(k)}{r})", float(curves[place].sum()), "rate")
    series = [
        {
            "name": option,
            "categories": f"={sheet.down(first, 0, GRID)}",
            "values": f"={sheet.down(first, 1 + place, GRID)}",
            "line": {"color": colour(place), "width": 2},
            "marker": {"type": "none"},
        }
        for place, option in enumerate(found.options)
    ]
    axes = (f"Threshold, {outcomes.money} per {outcomes.effect}", "Probability")
    sheet.chart((2, k + 3), {"type": "scatter", "subtype": "straight"}, "Acceptability", axes, series)
    sheet.widths(34, *[16] * (k + 1))
    sheet.freeze(5, 1)
    return sheet


def colour(place: int) -> str:
    """The colour of an option in every chart."""
    return LINE_COLOURS[place % len(LINE_COLOURS)]


def _share(option: int, options: int, benefit: str) -> str:
    """One for each draw in which an option is best, less where it ties; `benefit` takes an option's number."""

    def best(one: int) -> str:
        own = benefit.format(one)
        return "*".join(f"({own}>={benefit.format(other)})" for other in range(1, options + 1) if other != one)

    return f"{best(option)}/({'+'.join(best(each) for each in range(1, options + 1))})"


def _ratio(cost: float, effect: float) -> float | str:
    if cost <= 0 <= effect:
        return "dominates"
    if effect <= 0 <= cost:
        return "dominated"
    return "costs and does less" if effect < 0 else cost / effect
