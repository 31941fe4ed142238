"""A patient's story as findings: events, budgets of luck, paths, and the facts that its sentences need."""

from __future__ import annotations

from collections.abc import Sequence
from math import inf
from typing import Any

import numpy as np
import pandas as pd

from simulator.evidence.publications import publications
from simulator.questions.story.budgets import BACKGROUND, NAMES
from simulator.questions.story.finding import TYPICAL_OF
from simulator.questions.story.moments import moments, person
from simulator.questions.story.watching import Moment, Watched, first_difference, given_any
from simulator.scenario import Scenario
from simulator.scenario.caveats import caveats
from simulator.scenario.changes import changes
from simulator.scenario.therapies import event_word
from simulator.words.findings import Findings


def findings(
    lives: Sequence[Watched],
    scenario: Scenario,
    patient: int,
    seed: int,
    *,
    find: str | None = None,
    chosen: bool = False,
) -> Findings:
    """Tables: events, budgets, path (policy, time_years, tcpo2), spending (policy, risk, occurrence, time_years, share).

    `chosen` says that the patient was taken as the most typical, of those with the fate `find` if there is one.
    """
    tables = {
        "events": event_table(lives, scenario),
        "budgets": budget_table(lives),
        "path": path_table(lives),
        "spending": spending_table(lives),
    }
    facts = facts_of(lives, scenario, patient, find=find, chosen=chosen)
    settings = {"scenario": scenario.hash, "view": scenario.view}
    return Findings("trace", tables, facts, inputs=scenario.inputs, seed=seed, settings=settings)


def facts_of(
    lives: Sequence[Watched], scenario: Scenario, patient: int, *, find: str | None = None, chosen: bool = False
) -> dict[str, Any]:
    """What the sentences of a story need; `find` and `chosen` as in `findings`."""
    policies = {life.policy: scenario.policies[life.policy] for life in lives}
    differ = {life.policy: first_difference(lives[0], life) for life in lives[1:]}
    return {
        "patient": patient,
        "person": person(lives, scenario),
        "lives": [{"policy": life.policy, "end": life.end, "moments": moments(life, scenario)} for life in lives],
        "differ": {name: None if years == inf else years for name, years in differ.items()},
        "given": {life.policy: given_any(lives[0]) or given_any(life) for life in lives[1:]},
        "descriptions": {name: policy.description for name, policy in policies.items()},
        "levels": scenario.tcpo2_levels(policies),
        "risks": [*NAMES.values(), BACKGROUND],
        "typical": {"of": TYPICAL_OF, "fate": find} if chosen else None,
        "queue": scenario.settings.capacity is not None,
        "labels": {"policy": {name: policy.label for name, policy in policies.items()}},
        "warnings": list(caveats(scenario)),
        "changes": changes(scenario),
        "references": publications(scenario.register),
    }


def event_table(lives: Sequence[Watched], scenario: Scenario) -> pd.DataFrame:
    """Every event: policy, time_years, event, tcpo2, decided_on (mmHg, NaN where nothing was decided)."""
    rows: list[dict[str, Any]] = [
        {
            "policy": life.policy,
            "time_years": m.time,
            "event": _word(life, m, scenario),
            "tcpo2": m.tcpo2,
            "decided_on": m.decided_on,
        }
        for life in lives
        for m in life.moments
    ]
    return pd.DataFrame(rows)


def budget_table(lives: Sequence[Watched]) -> pd.DataFrame:
    """Every budget, its share spent by one year and in the end, and the time of its event (NaN if it never came)."""
    rows = [
        {
            "policy": life.policy,
            "risk": own.risk,
            "occurrence": own.occurrence,
            "budget": own.budget,
            "share_spent_1_year": own.share_at(1.0),
            "share_spent": own.share[-1],
            "happened_years": own.happened,
        }
        for life in lives
        for own in life.spending
    ]
    return pd.DataFrame(rows).astype({"happened_years": float})


def path_table(lives: Sequence[Watched]) -> pd.DataFrame:
    """True TcPO2 (mmHg, NaN after a major amputation) along each life."""
    parts = [pd.DataFrame({"policy": life.policy, "time_years": life.times, "tcpo2": life.path}) for life in lives]
    return pd.concat(parts, ignore_index=True)


def spending_table(lives: Sequence[Watched]) -> pd.DataFrame:
    """The share of each budget that is spent along each life."""
    spent = [(life.policy, own) for life in lives for own in life.spending]
    points = [len(own.times) for _, own in spent]
    return pd.DataFrame(
        {
            "policy": np.repeat([policy for policy, _ in spent], points),
            "risk": np.repeat([own.risk for _, own in spent], points),
            "occurrence": np.repeat([own.occurrence for _, own in spent], points),
            "time_years": np.concatenate([own.times for _, own in spent]),
            "share": np.concatenate([own.share for _, own in spent]),
        }
    )


def _word(life: Watched, moment: Moment, scenario: Scenario) -> str:
    """What a table calls an event: one that a therapy brings about by the therapy's name."""
    if moment.step < 0:
        return moment.event.name.lower()
    name = scenario.policies[life.policy].given[moment.step]
    return event_word(moment.event, scenario.register.therapies[name])
