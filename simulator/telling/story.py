"""A patient's story as text and as a report."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd
from matplotlib.figure import Figure

from simulator.questions.story import Watched
from simulator.questions.story.telling import hidden, opening, spending_table, told, twins, when
from simulator.scenario import Scenario
from simulator.telling.formats import number, percent
from simulator.telling.html import Report
from simulator.telling.readable import Readable

ABOUT_BUDGETS = (
    "Each risk has a budget of luck, drawn once for the patient and the same under every policy. Its cumulative hazard"
    " spends it; when nothing is left, the event happens."
)


def story_text(lives: Sequence[Watched], scenario: Scenario, patient: int) -> str:
    """The whole story as plain text."""
    parts = [opening(lives[0], patient), f"[{hidden(lives[-1], scenario)}]"]
    for life in lives:
        lines = [scenario.policies[life.policy].label]
        lines += [f"  {when(time):>9}  {text}" for time, text in told(life, scenario)]
        parts.append("\n".join(lines))
    parts += twins(lives, scenario)
    return "\n\n".join(parts) + "\n"


def budgets_readable(lives: Sequence[Watched], scenario: Scenario) -> Readable:
    """The budgets: a line per risk and occurrence, for each policy the share spent and when the event came."""
    table = spending_table(lives)
    table = table.assign(policy=table["policy"].map(lambda name: scenario.policies[name].label))
    table["risk"] = [
        risk if occurrence == 1 else f"{risk}, number {occurrence}"
        for risk, occurrence in zip(table["risk"], table["occurrence"], strict=True)
    ]
    table["happened"] = ["no" if pd.isna(time) else when(time) for time in table["happened_years"]]
    formats = {"budget": number(3), "share_spent_1_year": percent(0), "share_spent": percent(0)}
    labels = {"share_spent_1_year": "Spent by 1 year", "share_spent": "Spent in the end", "happened": "Event"}
    return Readable(table.drop(columns=["occurrence", "happened_years"]), formats, labels)


def story_report(lives: Sequence[Watched], scenario: Scenario, patient: int, figure: Figure) -> Report:
    """The story on one page."""
    report = Report(f"Patient {patient}", opening(lives[0], patient))
    report = report.section("At a glance", " ".join(twins(lives, scenario)))
    report = report.figure(figure, alt="TcPO2 and budgets of luck over time under each policy")
    for life in lives:
        lines = pd.DataFrame(told(life, scenario), columns=["time", "what"])
        lines["time"] = lines["time"].map(when)
        policy = scenario.policies[life.policy]
        report = report.section(policy.label).table(lines, policy.description, labels={"what": "What happened"})
    budgets = budgets_readable(lives, scenario)
    return (
        report.section("What nobody at the bedside can know", hidden(lives[-1], scenario))
        .text(ABOUT_BUDGETS)
        .table(budgets.table, "The budgets.", budgets.formats, labels=budgets.labels, file="budgets.csv")
        .note("Sentences in square brackets tell the truth of the model, which care does not see.")
    )
