"""A verification as tables and facts."""

from __future__ import annotations

import pandas as pd

from simulator.evidence.publications import publications
from simulator.questions.verify.verification import FAIL, NOT_APPLICABLE, PASS
from simulator.scenario import Scenario
from simulator.scenario.changes import changes
from simulator.words.findings import Findings


def findings(scenario: Scenario, checks: pd.DataFrame, patients: int, seed: int) -> Findings:
    """Every check, how many of each status there are by domain, and which failed."""
    counts = checks["status"].value_counts()
    failed = checks[checks["status"] == FAIL]
    facts = {
        "scenario": scenario.label,
        "changes": changes(scenario),
        "references": publications(scenario.register),
        "patients": patients,
        "checks": len(checks),
        "passed": int(counts.get(PASS, 0)),
        "other": int(counts.get(NOT_APPLICABLE, 0)),
        "failed": [f"{row.id} {row.changed}: {row.expected}; {row.came_out}" for row in failed.itertuples()],
        "domains": list(checks["domain"].unique()),
        "sources": list(checks["source"].unique()),
    }
    tables = {"verification": checks, "domains": by_domain(checks)}
    return Findings("verify", tables, facts, inputs=scenario.inputs, seed=seed, settings={"patients": patients})


def by_domain(checks: pd.DataFrame) -> pd.DataFrame:
    """Checks by domain: domain, checks, passed, failed, not_applicable."""
    counts = pd.crosstab(checks["domain"], checks["status"])
    counts = counts.reindex(index=checks["domain"].unique(), columns=[PASS, FAIL, NOT_APPLICABLE], fill_value=0)
    counts.columns = pd.Index(["passed", "failed", "not_applicable"])
    counts.insert(0, "checks", counts.sum(axis=1))
    return counts.rename_axis("domain").reset_index()
