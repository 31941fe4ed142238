"""A comparison as findings: the tables of its files, and the facts that its sentences need."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from simulator.evidence.parameter import GRADES
from simulator.evidence.posterior import joint_names
from simulator.evidence.publications import publications
from simulator.questions.compare.founding import POLICY, SCENARIO, founding_table
from simulator.questions.compare.headlines import strongest
from simulator.questions.compare.job import Comparison, at_times
from simulator.questions.compare.per_hundred import per_hundred_table
from simulator.run import Result
from simulator.run.people import GIVEN
from simulator.run.population import population_table, treatment_table
from simulator.run.waiting import queue_table, slots_table, waits_table
from simulator.scenario.arrays import DEATH_SHARE, SHARE
from simulator.scenario.caveats import caveats
from simulator.scenario.changes import changes
from simulator.words.findings import Findings

SHOWN_PATHS = 14
"""Patients whose own TcPO2 is drawn."""
BIN = 2.5
"""mmHg of a bar in the distribution of TcPO2 at the end."""
HIGHEST = 82.5
STRONGEST = 3
"""Recalled or assumed values told of each headline result; reliance.csv has them all."""


def findings(comparison: Comparison) -> Findings:
    """Everything that is told of a comparison."""
    result = comparison.result
    people = comparison.people
    tables = {
        "outcomes": comparison.outcomes,
        "differences": comparison.differences,
        "per_hundred": per_hundred_table(comparison),
        "curves": result.outcomes,
        "states": result.states,
        "at_risk": at_risk_table(comparison),
        "perfusion": result.perfusion,
        **_tcpo2_tables(comparison),
        "population": population_table(people[people["policy"] == comparison.reference], comparison.scenario.register),
        "treatment": treatment_table(people),
        "grades": grades_table(comparison),
    }
    rows = {"patients": people}
    if is_founding(comparison):
        tables["founding"] = founding_table(people)
    if comparison.views is not None:
        tables["views"] = comparison.views
    if comparison.centres is not None:
        tables["centres"] = comparison.centres
    if comparison.scenario.settings.capacity is not None:
        tables |= {"waits": waits_table(result), "queue": queue_table(result), "slots": slots_table(result)}
        rows["waits_by_patient"] = result.waits.drop(columns="draw")
    scenario = comparison.scenario
    return Findings(
        question="compare",
        tables=tables | rows | reliance_tables(comparison),
        facts=_facts(comparison),
        per_row=frozenset(rows),
        inputs=scenario.inputs,
        seed=result.seed,
        settings={
            "scenario": scenario.hash,
            "view": scenario.view,
            "centre": scenario.centre,
            "patients": result.people,
        },
    )


def reliance_tables(comparison: Comparison) -> dict[str, pd.DataFrame]:
    """The tables of what rests on recalled or assumed values; none where that was not found out."""
    if comparison.reliance is None:
        return {}
    return {"reliance": comparison.reliance, "reliance_strongest": strongest(comparison.reliance, STRONGEST)}


def first_findings(result: Result) -> Findings:
    """What the console's tables need of the result, before anything else is simulated."""
    scenario = result.scenario
    tables = {name: at_times(getattr(result, name), scenario.times) for name in ("outcomes", "differences")}
    return Findings(
        question="compare",
        tables=tables,
        facts={
            "labels": {"policy": {name: policy.label for name, policy in scenario.policies.items()}},
            "policies": [{"name": name} for name in result.policies],
            "reference": result.reference,
            "times": list(scenario.times),
            "values": _values(scenario.params()),
            "founding": False,
        },
        inputs=scenario.inputs,
        seed=result.seed,
    )


def _values(params: Any) -> dict[str, float]:
    """Parameters that labels name."""
    return {"judgement_tcpo2": float(params["judgement_tcpo2"])}


def is_founding(comparison: Comparison) -> bool:
    """Whether this is the founding study with its own treatment, so that it can be set beside what was published."""
    return comparison.scenario.name == SCENARIO and POLICY in comparison.policies


def at_risk_table(comparison: Comparison) -> pd.DataFrame:
    """People alive, alive with their limb, and with an open wound: policy, time_years (of the curves), group, people."""
    states = comparison.result.states
    alive = states[states["state"] != "dead"]
    amputated = alive["state"].str.startswith(("below_knee", "above_knee"))
    wounded = alive["state"].str.contains("ulcer")
    groups = {"alive": alive, "limb_kept": alive[~amputated], "wound_open": alive[wounded]}
    parts = []
    for group, rows in groups.items():
        share = rows.groupby(["policy", "time_years"], sort=False, as_index=False)["share"].sum()
        parts.append(share.assign(group=group, people=np.rint(share["share"] * comparison.result.people).astype(int)))
    return pd.DataFrame(pd.concat(parts, ignore_index=True)[["policy", "time_years", "group", "people"]])


def grades_table(comparison: Comparison) -> pd.DataFrame:
    """How many numbers of the model have which grade: grade, numbers."""
    parameters = comparison.scenario.register.parameters
    return pd.DataFrame({"grade": GRADES, "numbers": [sum(p.grade == grade for p in parameters) for grade in GRADES]})


def _tcpo2_tables(comparison: Comparison) -> dict[str, pd.DataFrame]:
    """The true TcPO2 (mmHg) of kept limbs in the first year: single patients, the middle 80%, and the end."""
    time = comparison.path_times
    single, course, end = [], [], []
    edges = np.arange(0.0, HIGHEST, BIN)
    for policy, paths in comparison.paths.items():
        for patient, path in enumerate(paths[:SHOWN_PATHS]):
            seen = ~np.isnan(path)
            single.append(
                pd.DataFrame({"policy": policy, "patient": patient, "time_years": time[seen], "tcpo2": path[seen]})
            )
        alive = ~np.isnan(paths).all(axis=0)
        # One by one: where no limb is left at any time (primary amputation), NumPy gives two at once no shape.
        low, high = (np.nanquantile(paths[:, alive], level, axis=0) for level in (0.1, 0.9))
        mean = np.nanmean(paths[:, alive], axis=0)
        course.append(
            pd.DataFrame({"policy": policy, "time_years": time[alive], "mean": mean, "p10": low, "p90": high})
        )
        last = paths[:, -1][~np.isnan(paths[:, -1])]
        counts, _ = np.histogram(last, bins=edges)
        end.append(pd.DataFrame({"policy": policy, "from_mmhg": edges[:-1], "to_mmhg": edges[1:], "people": counts}))
    return {
        "tcpo2_paths": pd.concat(single, ignore_index=True),
        "tcpo2_course": pd.concat(course, ignore_index=True),
        "tcpo2_end": pd.concat(end, ignore_index=True),
    }


def _facts(comparison: Comparison) -> dict[str, Any]:
    scenario, result = comparison.scenario, comparison.result
    settings = scenario.settings
    labels = {name: policy.label for name, policy in scenario.policies.items()}
    given = {f"{GIVEN}{name}": therapy.label for name, therapy in scenario.register.therapies.items()}
    given |= {f"each_{name}": f"{label}, times each" for name, label in given.items()}
    params = result.parameters[0]
    capacity = settings.capacity
    return {
        "title": scenario.label,
        "description": settings.description,
        "labels": {
            "policy": labels,
            "parameter": {p.name: p.label for p in scenario.register.parameters},
            "measure": given,
        },
        "policies": [
            {"name": name, "description": scenario.policies[name].description} for name in comparison.policies
        ],
        "reference": comparison.reference,
        "main": comparison.main,
        "people": result.people,
        "kept": int(comparison.people["patient"].nunique()),
        "engine": result.engine,
        "view": scenario.view,
        "centre": scenario.centre,
        "share": float(params[SHARE]),
        "death_share": float(params[DEATH_SHARE]),
        "times": list(scenario.times),
        "first_time": comparison.first_time,
        "horizon": scenario.horizon,
        "country": settings.life_table.country,
        "period": settings.life_table.period,
        "given": len(scenario.given),
        "tcpo2_day": float(
            (params["published_doses"] - 1.0) * params["published_interval_days"] + params["last_tcpo2_days"]
        ),
        "tcpo2_levels": scenario.tcpo2_levels(comparison.policies),
        "values": _values(params),
        "fitted": len(joint_names(scenario.register)),
        "founding": is_founding(comparison),
        "untreated": list(comparison.untreated),
        "left_aside": list(scenario.left_aside),
        "capacity": None if capacity is None else capacity.model_dump(),
        "warnings": list(caveats(scenario)),
        "changes": changes(scenario, {"population.patients": result.people}),
        "references": publications(scenario.register),
    }
