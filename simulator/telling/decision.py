"""A decision analysis as people read it: tables with formats, the answer in words, figures and the report."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from simulator.questions.value.decision import Decision
from simulator.questions.value.incremental import EXTENDED
from simulator.telling import decision_figures as draw
from simulator.telling.decision_figures import Units
from simulator.telling.formats import Formats, money, number, percent
from simulator.telling.html import Report

READ_DIGITS = 5
"""Significant digits of the largest number in a column of costs or effects."""


@dataclass(frozen=True)
class Readable:
    """A table with the formats and headings in which people read it."""

    table: pd.DataFrame
    formats: Formats
    labels: Mapping[str, str]


def frontier_table(found: Decision, units: Units) -> Readable:
    """The fully incremental analysis; no ratio where its standard error exceeds it, because effects are as good as equal."""
    table, errors = found.frontier.copy(), found.results.draws > 1
    table.loc[table["icer_se"] > table["icer"].abs(), ["icer", "icer_se"]] = np.nan
    cost, effect = digits(table["cost"]), digits(table["effect"])
    sign = units.prefix
    formats = {
        "cost": money(sign, cost),
        "effect": number(effect),
        "incremental_cost": money(sign, cost, signed=True, se="incremental_cost_se" if errors else None),
        "incremental_effect": number(effect, signed=True, se="incremental_effect_se" if errors else None),
        "icer": money(sign, digits(table["icer"]), se="icer_se" if errors else None),
    }
    empty = [] if errors else ["incremental_cost_se", "incremental_effect_se", "icer_se"]
    if table["dominated_by"].isna().all():
        empty.append("dominated_by")
    labels = {"cost": "Mean cost", "effect": f"Mean effect ({units.effect})", "icer": "ICER"}
    return Readable(table.drop(columns=empty), formats, labels)


def threshold_table(found: Decision, units: Units) -> Readable:
    """Probability best, net benefit and expected loss at the thresholds."""
    table = found.at_thresholds()
    formats = {
        "threshold": money(units.prefix, _threshold_digits(table["threshold"])),
        "probability": percent(1, se="probability_se"),
        "net_benefit": money(units.prefix, digits(table["net_benefit"]), se="net_benefit_se"),
        "expected_loss": money(units.prefix, digits(table["expected_loss"]), se="expected_loss_se"),
    }
    return Readable(table, formats, {"probability": "Probability best", "frontier": "Highest mean net benefit"})


def information_table(found: Decision, units: Units) -> Readable:
    """EVPI and EVPPI at the thresholds."""
    table = found.information_at_thresholds()
    formats = {
        "threshold": money(units.prefix, _threshold_digits(table["threshold"])),
        "value": money(units.prefix, digits(table["value"]), se="se"),
        "share_of_evpi": percent(0),
    }
    hidden = ["bias"]
    if found.population is None:
        hidden += ["population_value", "population_se"]
    else:
        formats["population_value"] = money(units.prefix, digits(table["population_value"]), se="population_se")
    return Readable(
        table.drop(columns=hidden), formats, {"value": "Value per person", "share_of_evpi": "Share of EVPI"}
    )


def answer(found: Decision, units: Units) -> str:
    """What the analysis says: the frontier, or one sentence per threshold."""
    if found.curves is None:
        kept = found.frontier[found.frontier["dominated_by"].isna()]
        return f"On the frontier, from the cheapest to the most effective: {', '.join(kept['option'])}."
    table, sentences = found.at_thresholds(), []
    for threshold in found.thresholds:
        best = table[(table["threshold"] == threshold) & table["frontier"]].iloc[0]
        loss = float(best["expected_loss"])
        sentences.append(
            f"At {units.prefix}{threshold:,.10g} per {units.effect}, {best['option']} has the highest mean net benefit"
            f" and is the best option with probability {best['probability']:.0%}; to know everything first would be"
            f" worth {units.prefix}{loss:,.{digits([loss], 4)}f} per person."
        )
    return " ".join(sentences)


def decision_figures(found: Decision, units: Units) -> dict[str, Figure]:
    """Every figure of the analysis by its file name."""
    figures = {"frontier": draw.frontier_figure(found.frontier, units)}
    if found.curves is not None and found.information is not None:
        at = found.thresholds
        figures["plane"] = draw.plane_figure(found.results, found.comparator, at, units)
        figures["acceptability"] = draw.acceptability_figure(found.curves, at, units)
        figures["expected_loss"] = draw.loss_figure(found.curves, at, units)
        figures["information"] = draw.information_figure(found.curves, found.information, at[0], units)
    return figures


def decision_report(found: Decision, units: Units, figures: Mapping[str, Figure], title: str) -> Report:
    """The report of the analysis; a caller may add sections to it."""
    frontier = frontier_table(found, units)
    extended = bool((found.frontier["status"] == EXTENDED).any())
    report = (
        Report(title, answer(found, units))
        .section("Costs, effects and the frontier", f"{len(found.frontier)} options, {found.results.draws:,} draws.")
        .table(
            frontier.table,
            "Fully incremental analysis, cheapest option first; each option on the frontier is compared with the one"
            " before it.",
            frontier.formats,
            labels=frontier.labels,
            note="± is the Monte Carlo standard error over draws."
            + (" Extendedly dominated: a mixture of the two options named does more for less." if extended else ""),
            file="frontier.csv",
        )
    )
    report = _with_figures(report, figures, "frontier", "plane")
    if found.curves is not None:
        chosen = threshold_table(found, units)
        report = report.section("Uncertainty about the best choice").table(
            chosen.table,
            "Probability of the highest net benefit, mean net benefit and expected loss at each threshold.",
            chosen.formats,
            labels=chosen.labels,
            note="Options that tie for the best in a draw share it. The file holds all thresholds of the curves.",
            file="ceac.csv",
        )
        report = _with_figures(report, figures, "acceptability", "expected_loss")
    if found.information is not None:
        worth = information_table(found, units)
        report = report.section("Value of information").table(
            worth.table,
            "What it would be worth to know everything (EVPI) or some parameters (EVPPI) before deciding.",
            worth.formats,
            labels=worth.labels,
            note="EVPPI by regression of net benefit on the parameters, less its estimated bias. Where every draw is a"
            " mean over few simulated patients, their noise inflates EVPI but not EVPPI.",
            file="voi.csv",
        )
        report = _with_figures(report, figures, "information")
    if found.remarks:
        report = report.section("Remarks").points(found.remarks)
    return report


def digits(values: pd.Series[float] | Sequence[float], significant: int = READ_DIGITS) -> int:
    """Decimals that give the largest of `values` so many significant digits."""
    size = np.abs(np.asarray(values, dtype=np.float64))
    top = size[np.isfinite(size)].max(initial=0.0)
    return 0 if top == 0 else int(np.clip(significant - 1 - math.floor(math.log10(top)), 0, 8))


def _threshold_digits(thresholds: pd.Series[float]) -> int:
    return 0 if (thresholds % 1 == 0).all() else digits(thresholds, 6)


def _with_figures(report: Report, figures: Mapping[str, Figure], *names: str) -> Report:
    for name in names:
        if name in figures:
            report = report.figure(figures[name])
    return report
