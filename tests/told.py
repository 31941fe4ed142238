"""Workbooks of analyses that were made without the command, whose people nobody followed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pandas as pd

from simulator.questions.value.analysis import EconomicAnalysis
from simulator.questions.value.cea import decision_findings
from simulator.questions.value.findings import findings
from simulator.statistics.decision.decision import Decision
from simulator.telling.workbook.decision import decision_workbook
from simulator.telling.workbook.economics import economics_workbook

MADE = {"Command": "clti economics base", "Seed": "1"}


def workbook_of(found: EconomicAnalysis, title: str, warnings: Sequence[str] = ()) -> bytes:
    """The workbook of an economic analysis."""
    people = pd.DataFrame({"age": [60.0, 70.0, 80.0], "male": [1.0, 0.0, 1.0]})
    told = findings(found, people, inputs={}, settings={}, changed=[], recalculable=True)
    return economics_workbook(replace(told, facts={**told.facts, "warnings": [*warnings]}), title, MADE)


def decision_book(found: Decision) -> bytes:
    """The workbook of a decision between anybody's options."""
    return decision_workbook(decision_findings(found, {}, "EUR", "QALY", "results"), MADE)
