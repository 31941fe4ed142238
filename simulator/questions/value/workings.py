"""How costs and QALYs come about, as tables: what is counted, how often in each draw, and what each of it costs or is worth.

Everything here multiplies: an amount of a line times its unit cost is money, the weighted years of a state times its level
are QALYs. Whoever wants to recalculate an analysis needs no more.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from simulator.evidence.distributions import text
from simulator.evidence.parameter import Parameter
from simulator.questions.value.analysis import EconomicAnalysis
from simulator.questions.value.consequences.budget import SITE, site_cost
from simulator.questions.value.lines import Health, Line, healths, lines_of, multipliers
from simulator.statistics.decision.results import Array
from simulator.valuation.cost_items import LATER_VISITS
from simulator.valuation.deal import MoneyBack, treatments_each
from simulator.valuation.valuation import times_given
from simulator.words.vocabulary import DAYS_PER_YEAR

PER_DRAW = frozenset({"workings_drawn", "workings_costs", "workings_qalys", "workings_back", "workings_budget"})
"""Tables with a row or more a draw."""
PLAIN = np.array([1.0, 0.0, 0.0])
"""The norm's coefficients where utility does not fall with age."""


def workings(found: EconomicAnalysis) -> dict[str, pd.DataFrame]:
    """The tables, by name.

    ``workings_lines``: line (its number), category, price, price_label, times (further multipliers, with spaces between),
    factor, part (first or repeat treatments of a product), counted, list_prices (paid for one of it), amputation, source.
    ``workings_states``: state, utility, loss. ``workings_numbers``: name, kind (price or utility), value, label, unit,
    distribution, grade, source, note, low, high. ``workings_policies``: policy, treatments (a person's), volume_share (of the
    price), price, price_label, cells. ``workings_years``: year, wanted (uptake), without and with (treatments of a person in that
    year since referral), share_without and share_with (of the price).

    A row a draw: ``workings_drawn``: draw, then every number by name. ``workings_costs``: draw, policy, line, unit, amount,
    undiscounted, left (the share of the price). ``workings_qalys``: draw, policy, state, level, weighted (years times the
    norm's fall), years, undiscounted. ``workings_budget``: year (since referral), draw, policy, line, amount, failed.
    ``workings_back``, where a deal pays back: draw, policy, first, repeat, first_failed, repeat_failed.
    """
    values, ledgers = found.valued_by, found.lives.ledgers
    by_name = multipliers(found.drawn, found.lives.parameters)
    lines = lines_of(values, found.lives.parameters)
    lines = [line for line in lines if line.amount(ledgers, discount=values.discounted).any()]
    lines.sort(key=lambda line: not line.part)
    ratio = values.ratio
    states = healths(values, found.lives.parameters)
    states = [each for each in states if each.weighted(ledgers, ratio, discount=False).any()]
    drawn = {name: by_name[name] for name in by_name if any(name in line.names for line in lines)}
    drawn |= {name: draws for name, draws in found.drawn.utilities.items() if any(name == s.utility for s in states)}
    tables = {
        "workings_lines": _lines_table(found, lines),
        "workings_states": pd.DataFrame(
            [{"state": each.name, "utility": each.utility, "loss": each.loss} for each in states]
        ),
        "workings_numbers": _numbers_table(found, [*drawn]),
        "workings_policies": _policies_table(found),
        "workings_years": _years_table(found),
        "workings_drawn": pd.DataFrame({"draw": np.arange(len(found.lives.parameters)), **drawn}),
        "workings_costs": _costs_table(found, lines, by_name),
        "workings_qalys": _qalys_table(found, states, drawn),
        "workings_budget": _budget_table(found, lines),
    }
    if found.back is not None:
        tables["workings_back"] = _back_table(found.back, found.results.options)
    return tables


def workings_facts(found: EconomicAnalysis) -> dict[str, Any]:
    """What recalculating needs beside the tables: people a year, the norm, and what the budget pays once."""
    values, economics = found.valued_by, found.scenario.settings.economics
    return {
        "referred_per_year": economics.population.per_year,
        "norm": values.ratio.tolist(),
        "norm_top": values.top,
        "utilities": values.utility_set.method.label,
        "budget_policies": [found.scenario.reference, found.policy],
        "site": SITE,
        "site_cost": site_cost(values.policies[found.policy], values, economics.budget.centres),
    }


def _rows(shape: Sequence[int], **axes: Sequence[Any] | None) -> pd.DataFrame:
    """The cells of an array as rows, a column an axis, with the names along it or its numbers."""
    places = np.indices(tuple(shape)).reshape(len(shape), -1)
    return pd.DataFrame(
        {
            name: place if along is None else np.array(along, dtype=object)[place]
            for (name, along), place in zip(axes.items(), places, strict=True)
        }
    )


def _back_table(back: MoneyBack, options: Sequence[str]) -> pd.DataFrame:
    """Treatments that are paid for and those that fail, the first and the repeated apart."""
    counts = np.concatenate([back.paid, back.failed], axis=-1)
    names = ("first", "repeat", "first_failed", "repeat_failed")
    rows = _rows(counts.shape[:2], draw=None, policy=options)
    return rows.assign(**{name: counts[..., k].ravel() for k, name in enumerate(names)})


def _lines_table(found: EconomicAnalysis, lines: list[Line]) -> pd.DataFrame:
    prices = found.valued_by.perspective.prices
    return pd.DataFrame(
        [
            {
                "line": place,
                "category": line.category,
                "price": line.price,
                "price_label": prices[line.price].label,
                "times": " ".join(line.times),
                "factor": line.factor,
                "part": line.part,
                "counted": line.counted,
                "list_prices": line.terms(found.valued_by.deal),
                "amputation": line.of_amputation,
                "source": f"{prices[line.price].grade}: {prices.citations(line.price) or prices[line.price].note}",
            }
            for place, line in enumerate(lines)
        ]
    )


def _numbers_table(found: EconomicAnalysis, names: list[str]) -> pd.DataFrame:
    """What is told of every number that is drawn; limits beyond which it makes no sense."""
    values = found.valued_by
    registers = (values.perspective.prices, values.utility_set.states, found.scenario.register)
    rows = []
    for name in names:
        known = name if name != LATER_VISITS else "later_visit_interval_days"
        register = next(each for each in registers if known in each)
        p: Parameter = register[known]
        (low, high), value, label, unit = p.range, p.value, p.label, p.unit
        if name == LATER_VISITS:
            low, high, value = 0.0, float("inf"), DAYS_PER_YEAR / p.value
            label, unit = "Visits a year after the first, by: " + p.label, "per year"
        rows.append(
            {
                "name": name,
                "kind": "utility" if name in found.drawn.utilities else "price",
                "value": value,
                "label": label,
                "unit": unit,
                "distribution": text(p.distribution),
                "grade": p.grade,
                "source": register.citations(known),
                "note": p.note,
                "low": low,
                "high": high,
            }
        )
    return pd.DataFrame(rows)


def _policies_table(found: EconomicAnalysis) -> pd.DataFrame:
    values, options = found.valued_by, found.results.options
    shares = np.ones(len(options)) if values.left is None else values.left.by_volume[0]
    prices = [values.price_name(name) for name in options]
    return pd.DataFrame(
        {
            "policy": options,
            "treatments": treatments_each(values, found.lives.ledgers).mean(axis=0),
            "volume_share": shares,
            "price": prices,
            "price_label": ["" if name is None else values.perspective.prices[name].label for name in prices],
        }
    )


def _years_table(found: EconomicAnalysis) -> pd.DataFrame:
    values = found.valued_by
    pair = {name: values.policies[name] for name in (found.scenario.reference, found.policy)}
    plain = replace(values, policies=pair, discounted=False)
    given = np.stack([times_given(each.ledgers, plain).mean(axis=0) for each in found.spent])
    given = np.diff(given, axis=0, prepend=0.0)
    years = len(given)
    shares = np.array(found.budget.price_shares or ((1.0, 1.0),) * years)
    return pd.DataFrame(
        {
            "year": np.arange(1, years + 1),
            "wanted": found.scenario.settings.economics.budget.uptake,
            "without": given[:, 0],
            "with": given[:, 1],
            "share_without": shares[:, 0],
            "share_with": shares[:, 1],
        }
    )


def _costs_table(found: EconomicAnalysis, lines: list[Line], by_name: Mapping[str, Array]) -> pd.DataFrame:
    values, ledgers = found.valued_by, found.lives.ledgers
    amounts, plain = (
        np.stack([line.amount(ledgers, discount=discount) for line in lines], axis=-1)
        for discount in (values.discounted, False)
    )
    units = np.column_stack([line.unit(by_name, values) for line in lines])
    left = np.ones((1, 1)) if values.left is None else values.left.share(discounted=values.discounted)
    left = np.where([bool(line.part) for line in lines], np.broadcast_to(left, amounts.shape[:2])[:, :, None], 1.0)
    return _rows(amounts.shape, draw=None, policy=found.results.options, line=None).assign(
        unit=np.broadcast_to(units[:, None, :], amounts.shape).ravel(),
        amount=amounts.ravel(),
        undiscounted=plain.ravel(),
        left=left.ravel(),
    )


def _qalys_table(found: EconomicAnalysis, states: list[Health], drawn: Mapping[str, Array]) -> pd.DataFrame:
    values, ledgers = found.valued_by, found.lives.ledgers
    levels = np.column_stack(np.broadcast_arrays(*(state.level(drawn, values.top) for state in states)))

    def lived(ratio: Array, *, discount: bool) -> Array:
        return np.stack([state.weighted(ledgers, ratio, discount=discount) for state in states], axis=-1)

    weighted = lived(values.ratio, discount=values.discounted)
    rows = _rows(weighted.shape, draw=None, policy=found.results.options, state=[state.name for state in states])
    return rows.assign(
        level=np.broadcast_to(levels[:, None, :], weighted.shape).ravel(),
        weighted=weighted.ravel(),
        years=lived(PLAIN, discount=True).ravel(),
        undiscounted=lived(PLAIN, discount=False).ravel(),
    )


def _budget_table(found: EconomicAnalysis, lines: list[Line]) -> pd.DataFrame:
    """Undiscounted amounts in each year since referral, and treatments that fail, under the reference and the policy."""
    names = found.scenario.reference, found.policy
    pair = [found.results.options.index(name) for name in names]
    own = [
        replace(line, charged=tuple(line.charged[p] for p in pair), under=tuple(line.under[p] for p in pair))
        for line in lines
    ]
    until = [np.stack([line.amount(each.ledgers, discount=False) for line in own], axis=-1) for each in found.spent]
    amounts = np.diff(until, axis=0, prepend=0.0)
    failed = np.zeros(amounts.shape)
    if found.back is not None:
        every = found.back.failed_by_age[:, : amounts.shape[1], pair]
        for place, line in enumerate(own):
            if line.part:
                failed[..., place] = every[..., int(line.part == "repeat")] * line.charged
    rows = _rows(amounts.shape, year=None, draw=None, policy=names, line=None)
    return rows.assign(year=rows["year"] + 1, amount=amounts.ravel(), failed=failed.ravel())
