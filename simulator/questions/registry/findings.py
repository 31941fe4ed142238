"""A hospital's patients as tables and facts, none of them about one person unless rows are asked for."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from simulator.questions.compare.population import population_table
from simulator.questions.registry.cells import Export
from simulator.questions.registry.centre_file import centre_toml
from simulator.questions.registry.described import course, eligible, missing_counts, odd_counts, one_year, who
from simulator.questions.registry.people import People
from simulator.questions.registry.privacy import hidden, rounded
from simulator.questions.registry.proposal import Proposal, mapping_toml
from simulator.rules.population.patient import COLUMNS
from simulator.rules.population.table import KINDS
from simulator.run import simulate
from simulator.scenario import Scenario
from simulator.words.findings import Findings
from simulator.words.vocabulary import Renal

BESIDE = 4_000
"""Simulated people of the base referral mix and of the founding cohort."""


def findings(
    export: Export, people: People, proposal: Proposal, base: Scenario, founding: Scenario, smallest: int, *, rows: bool
) -> Findings:
    """Who they are, what became of them, whom policies would treat, and the hospital as a file."""
    simulated = [population_table(_referred(scenario), scenario.register) for scenario in (base, founding)]
    tables = {
        "who": who(people, simulated[0], simulated[1], smallest),
        "missing": missing_counts(people, smallest),
        "eligible": eligible(people, base, smallest),
        "course": course(people, smallest),
    }
    odd = odd_counts(people, smallest)
    if len(odd):
        tables["odd"] = odd
    if rows:
        tables["patients"] = patient_rows(people)
    facts: dict[str, Any] = {
        "people": int(rounded(len(people), smallest)),
        "smallest": smallest,
        "dropped": {why: str(n) if n > smallest else f"1 to {smallest}" for why, n in people.dropped.items()},
        "unused": len(proposal.mapping.unused),
        "followed": _told(int(np.isfinite(people.followed).sum()), len(people), smallest),
        "counted": sorted(one_year(people, smallest)),
        "warnings": [],
    }
    files = {
        "mapping.toml": mapping_toml(proposal, export),
        "centre.toml": centre_toml(people, "Own hospital", smallest),
    }
    return Findings("patients", tables, facts, files=files, settings={"smallest": smallest})


def _told(count: int, of: int, smallest: int) -> int | None:
    """A count as sentences tell it: rounded, None if it tells of few."""
    return None if hidden(count, of, smallest) else int(rounded(count, smallest))


def _referred(scenario: Scenario) -> pd.DataFrame:
    """Simulated people at referral, a row each."""
    patients = simulate(scenario, patients=BESIDE, policies=[scenario.reference], keep_patients=True).patients
    assert patients is not None
    return patients


def patient_rows(people: People) -> pd.DataFrame:
    """People as a table for `population.csv`, without any identifier or date: the columns that are known of somebody."""
    table = pd.DataFrame(people.given, columns=list(COLUMNS))
    known = [name for name in COLUMNS if name in KINDS and table[name].notna().any()]
    table = table[known].copy()
    if "age" in table:
        # With the day of the start somebody's age in days would be a birthday.
        table["age"] = table["age"].round()
    if "renal" in table:
        words = {float(each): each.name.lower() for each in Renal}
        table["renal"] = table["renal"].map(words)
    return table
