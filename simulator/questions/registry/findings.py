"""A hospital's patients as tables and facts, none of them about one person unless rows are asked for."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd

from simulator.evidence.hospitals import load_hospitals
from simulator.evidence.publications import publications
from simulator.evidence.reporting import divisions
from simulator.evidence.sources import load_sources, references
from simulator.questions.registry.agreement.agreement import TIMES, accuracy_table, calendar_table, calibration_table
from simulator.questions.registry.agreement.predicted import before_and_after
from simulator.questions.registry.agreement.published_scores import computable, order_table, refusals
from simulator.questions.registry.centre_file import centre_table, centre_toml
from simulator.questions.registry.export.cells import Export
from simulator.questions.registry.export.proposal import Proposal, mapping_toml
from simulator.questions.registry.here import HUNDRED, few_slots_tables, here_table, needed_table, referrals_per_year
from simulator.questions.registry.offsets.likelihood import courses_of
from simulator.questions.registry.offsets.offsets import MOST_PEOPLE, Update, updated
from simulator.questions.registry.people.described import course, eligible, missing_counts, odd_counts, who
from simulator.questions.registry.people.follow_up import FOLLOWED
from simulator.questions.registry.people.observed import seen
from simulator.questions.registry.people.people import People
from simulator.questions.registry.people.privacy import hidden, rounded
from simulator.questions.registry.publications import METHODS
from simulator.rules.population.patient import COLUMNS
from simulator.rules.population.table import KINDS
from simulator.run import simulate
from simulator.run.population import population_table
from simulator.scenario import Scenario
from simulator.words.citations import joined
from simulator.words.findings import Findings
from simulator.words.luck import generator
from simulator.words.vocabulary import Renal

USED, UNTOLD, FEW = "used", "untold", "few"
BESIDE = 4_000
"""Simulated people of the base referral mix and of the founding cohort."""


def findings(
    export: Export,
    people: People,
    proposal: Proposal,
    base: Scenario,
    founding: Scenario,
    smallest: int,
    *,
    rows: bool,
    slots_per_week: float | None = None,
    advance: Callable[[int], None] | None = None,
) -> Findings:
    """Who they are, what became of them, where the hospital lies by that, what policies would change, the hospital as a file.

    `slots_per_week` asks for the change with so many slots, too, of people whose dates tell how many come a year. `advance` is
    called after each draw of the clinical parameters that the courses are lived with.
    """
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
    used = usable(people, smallest)
    update = located(people, used, base, smallest, advance)
    if update is not None:
        tables |= compared(people, update, base, smallest)
    centre, per_year = centre_table(people, update, "Own hospital", smallest), referrals_per_year(people, smallest)
    tables["here"] = here_table(base, centre, per_year or HUNDRED)
    if per_year is not None:
        tables["slots_needed"] = needed_table(tables["here"])
        if slots_per_week is not None:
            tables["few_slots"], tables["waits"] = few_slots_tables(base, centre, per_year, slots_per_week)
    facts: dict[str, Any] = {
        "people": int(rounded(len(people), smallest)),
        "smallest": smallest,
        "dropped": {why: str(n) if n > smallest else f"1 to {smallest}" for why, n in people.dropped.items()},
        "unused": len(proposal.mapping.unused),
        "followed": _told(int(np.isfinite(people.followed).sum()), len(people), smallest),
        "located": update is not None,
        "per_year": per_year,
        "slots_per_week": slots_per_week,
        "few": [name for name in FOLLOWED if used[name] == FEW],
        "untold": [name for name in FOLLOWED if used[name] == UNTOLD],
        "lived": None if update is None else int(rounded(update.people, smallest)),
        "unlived": update is not None and update.unlived > 0,
        "refused": refusals(people, smallest),
        "labels": {"policy": {name: base.policies[name].label for name in base.compare}},
        "reference": base.reference,
        "warnings": [],
        "references": joined(
            [*publications(base.register), *references(divisions()["ckd_epi"].source, load_sources())],
            [*METHODS, *(each["source"] for each in computable().values())],
        ),
    }
    files = {
        "mapping.toml": mapping_toml(proposal, export),
        "centre.toml": centre_toml(centre),
    }
    return Findings(
        "patients", tables, facts, files=files, settings={"smallest": smallest, "slots_per_week": slots_per_week}
    )


def usable(people: People, smallest: int) -> dict[str, str]:
    """Of each event whether it moves the hospital: `USED`, `UNTOLD` by the export, or of too `FEW` people to be used.

    What is fitted is released, so that a fit must not tell of few people either.
    """
    found = {}
    for name in FOLLOWED:
        _, time, code = seen(people, name)
        few = hidden(int((code == 1).sum()), len(time), smallest)
        found[name] = UNTOLD if not len(time) else FEW if few else USED
    return found


def located(
    people: People, used: dict[str, str], base: Scenario, smallest: int, advance: Callable[[int], None] | None
) -> Update | None:
    """Where the hospital lies; None where nothing of enough people may be used, or no population has been fitted."""
    population = load_hospitals()
    told = (used["amputated"] == USED, used["died"] == USED, used["healed"] == USED)
    courses = courses_of(people, told)
    if population is None or len(courses) <= smallest or not any(told):
        return None
    return updated(courses, base.with_(evidence={"centre": "founding"}), population, advance=advance)


def compared(people: People, update: Update, base: Scenario, smallest: int) -> dict[str, pd.DataFrame]:
    """Tables of the hospital before and after its people, and of observed beside expected."""
    luck = generator(1, "people compared")
    some = people
    if len(people) > MOST_PEOPLE:
        some = people.some(np.sort(luck.choice(len(people), MOST_PEOPLE, replace=False)))
    before, after = before_and_after(some.lived, update, base.with_(evidence={"centre": "founding"}), TIMES)
    predictions = {"before": before, "after": after}
    tables = {
        "own": update.table().round(2),
        "accuracy": accuracy_table(some, predictions, smallest),
        "calibration": calibration_table(some, predictions, smallest),
        "calendar": calendar_table(some, predictions, smallest),
        "orders": order_table(some, predictions, smallest),
    }
    return {name: table for name, table in tables.items() if len(table)}


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
