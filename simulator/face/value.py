"""`sim.value`: what policies cost and gain, and what that means for a decision."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from simulator.face.asked import (
    LAID_OVER,
    MOST_WORKERS,
    SEEDS,
    VIEWS,
    Centre,
    Policies,
    Progress,
    check,
    scenario_of,
    way_of,
)
from simulator.face.result import Result, now
from simulator.words.errors import BadInput, Problem, collected, nearest
from simulator.work.beside import Beside, later
from simulator.work.linear_algebra import on_one_thread

if TYPE_CHECKING:
    import pandas as pd

    from simulator.questions.value.research.simulated_trial import SimulatedTrial
    from simulator.scenario import Scenario
    from simulator.valuation.lives import Simulations
    from simulator.valuation.values import Values
    from simulator.work.execution import Way

WOUNDS = ("all_in", "split")
MOST_FOLLOWED = 10_000
"""People who are followed one by one for the courses and the numbers needed to treat."""


@dataclass(frozen=True)
class Asked:
    """An analysis that was checked and not made yet."""

    scenario: Scenario
    values: Values
    planned: SimulatedTrial | None
    inputs: Mapping[str, bytes]
    seed: int
    begun: tuple[datetime, float]
    workbook: bool


def value(
    scenario: str | Path | Scenario = "base",
    policies: Policies | None = None,
    *,
    perspective: str | Path | None = None,
    wound_costs: str | None = None,
    utility_set: str | None = None,
    value_set: str | None = None,
    view: str | None = None,
    centre: Centre | None = None,
    focus: str | None = None,
    thresholds: Sequence[float] | None = None,
    draws: int | None = None,
    patients: int | None = None,
    trial: str | Path | None = None,
    seed: int = 1,
    overrides: Mapping[str, Any] | None = None,
    keep: bool = True,
    workbook: bool = False,
    workers: int | None = None,
    progress: Progress | None = None,
) -> Result:
    """Costs, QALYs and the decision: incremental and probabilistic analysis, value of information, price, budget.

    `policies`, `view`, `centre` and `overrides` are those of `compare`.
    `perspective` (italy, uk, czechia, netherlands, usa, usa_society, germany, spain or a TOML file) says who pays and brings
    the life table of its country; `wound_costs` prices open wounds as one (all_in) or with admissions apart (split);
    `utility_set` is A, B, C or D; `value_set`, by which its EQ-5D states and the norm are valued, is 3L, as published, or 5L;
    `focus` is the policy of the one-way analysis, the budget and the trial (default: the highest net benefit); `thresholds` are
    money per QALY in the currency of the results, the first leads; `draws` of the parameters have `patients` each. All default
    to the scenario's. `trial` is the folder of a simulated trial with the same seed, to find out what that trial is worth.
    Simulated lives are kept in the cache unless `keep` is off. With `workbook`, ``save`` also writes workbook.xlsx, whose
    results follow prices and utilities in live formulas. `workers` processes decide how long it takes and nothing else.

    Tables of the result (money of the payer, discounted; effects in QALYs per person): ``options`` (a row an option: the
    first page), ``totals``, ``frontier``, ``against``, ``views``, ``ceac``, ``voi``, ``costs``, ``states``, ``events``,
    ``dialysis``, ``net_benefit``, ``price``, ``tornado``, ``switching``, ``two_way``, ``scenarios``, ``subgroups``,
    ``stratified``, ``equity``, ``equity_weighted``, ``severity``, ``budget``, ``budget_people``, ``monte_carlo_error``,
    ``values``, ``curves``, ``per_hundred``, ``at_risk``, ``centres`` and ``hospitals`` (what happens to people, and what it is
    worth, at other hospitals); with a trial ``trial_worth``; with `workbook` those that it is written from, ``workings_lines``
    and others. ``draws`` has a row a draw and policy, and becomes Parquet, as do workings of each draw.

    `facts` hold the leading `threshold`, the `currency`, the `focus`, the `best` option, and `changes` from the shipped base.

    Raises BadInput with everything that is wrong with what was asked for.

    >>> import simulator as sim
    >>> sim.value(wound_costs="splitted")  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    simulator.words.errors.BadInput: 1 problem(s) in the input:
      value: wound_costs = 'splitted'; allowed: ...
    """
    check("value", workers=(workers, 1, MOST_WORKERS))
    found = asked(
        scenario,
        policies,
        view=view,
        centre=centre,
        trial=trial,
        seed=seed,
        overrides=overrides,
        perspective=None if perspective is None else str(perspective),
        wound_costs=wound_costs,
        utility_set=utility_set,
        value_set=value_set,
        focus=focus,
        thresholds=None if thresholds is None else [*thresholds],
        draws=draws,
        patients=patients,
        workbook=workbook,
    )
    return answered(found, way_of(workers), progress, keep=keep)


def asked(
    scenario: str | Path | Scenario,
    policies: Policies | None,
    *,
    view: str | None,
    centre: Centre | None = None,
    trial: str | Path | None,
    seed: int,
    overrides: Mapping[str, Any] | None = None,
    workbook: bool = False,
    **economics: Any,
) -> Asked:
    """What `value` was asked for, checked. `economics` are keys of the scenario's [economics]; None leaves its own.

    Raises BadInput with everything that is wrong.
    """
    from simulator.questions.value.analysis import main_policy
    from simulator.questions.value.research.simulated_trial import SUMMARIES, load_simulated_trial
    from simulator.telling.workbook.decision_sheets import options_problems
    from simulator.valuation.unread import check_numbers
    from simulator.valuation.values import values_of

    begun, problems = now(), list[Problem]()
    collected(lambda: check("value", seed=(seed, 0, SEEDS - 1)), problems)
    own = {key: each for key, each in economics.items() if each is not None}
    for key, known in (("wound_costs", WOUNDS), ("view", VIEWS)):
        word = view if key == "view" else own.get(key)
        if word is not None and word not in known:
            problems.append(Problem("value", key, repr(word), nearest(str(word), known)))
    if own.get("wound_costs") not in WOUNDS:
        own.pop("wound_costs", None)
    difference = dict(overrides or {})
    if own:
        difference["economics"] = {**difference.get("economics", {}), **own}
    loaded = values = planned = None
    inputs: dict[str, bytes] = {}
    try:
        seen = view if view in VIEWS else None
        loaded = scenario_of(
            scenario, policies=policies, view=seen, centre=centre, overrides=difference or None, question="value"
        )
        main_policy(loaded)
        values = values_of(loaded)
        check_numbers(loaded, values)
        if workbook:
            problems += options_problems(loaded.compare, f"{loaded.name}: compare")
        inputs = inputs_of(loaded, values)
    except BadInput as bad:
        problems += [_of_argument(each, own) for each in bad.problems]
        if loaded is None:
            problems += _unknown(scenario, difference.get("economics"))
    try:
        if trial is not None:
            planned = load_simulated_trial(Path(trial), seed, inputs)
            summaries = Path(trial) / SUMMARIES
            inputs[str(summaries)] = summaries.read_bytes()
    except BadInput as bad:
        problems += bad.problems
    if problems or loaded is None or values is None:
        raise BadInput(problems)
    return Asked(loaded, values, planned, inputs, seed, begun, workbook)


@on_one_thread
def answered(
    found: Asked, way: Way | None, progress: Progress | None, *, keep: bool = True, beside: Beside = later
) -> Result:
    """The analysis that was asked for, with the lives that the cache keeps or that are made now.

    What the clinical course and the worth of knowing take is done `beside` the rest.
    """
    from simulator.questions.value.analysis import economic_analysis
    from simulator.questions.value.findings import findings
    from simulator.scenario.changes import changes
    from simulator.valuation.lives import Simulations, silent

    how: dict[str, Any] = {"progress": progress or silent, "way": way}
    simulations: Simulations = Simulations(**how) if keep else Simulations(None, **how)
    courses: list[Callable[[], tuple[dict[str, pd.DataFrame], pd.DataFrame]]] = []

    def follow(scenario: Scenario, policy: str) -> None:
        courses.append(beside(_followed, scenario, policy, found.seed))

    analysis = economic_analysis(found.scenario, found.seed, simulations, found.planned, chosen=follow, beside=beside)
    clinical, people = courses[0]()
    made = findings(
        analysis,
        people,
        inputs=found.inputs,
        settings=settings_of(found.scenario),
        changed=changes(found.scenario),
        clinical=clinical,
        recalculable=found.workbook,
    )

    def book(told: Mapping[str, Any]) -> bytes:
        from simulator.telling.workbook.economics import economics_workbook

        title = f"{analysis.scenario.label}: what policies of care cost and gain"
        return economics_workbook(made, title, told)

    return Result(made, found.begun, workbook=book if found.workbook else None)


@on_one_thread
def _followed(scenario: Scenario, policy: str, seed: int) -> tuple[dict[str, pd.DataFrame], pd.DataFrame]:
    """What happens to people, every number at its centre, and the people themselves."""
    import numpy as np

    from simulator.questions.compare.centres import other_centres
    from simulator.questions.compare.findings import at_risk_table
    from simulator.questions.compare.followed import people_of
    from simulator.questions.compare.job import Comparison, curve_times
    from simulator.questions.compare.per_hundred import per_hundred_table
    from simulator.questions.validate.courses import observed_courses
    from simulator.questions.value.sensitivity.one_way import centre_of
    from simulator.run import simulate

    economics = scenario.settings.economics
    scenario = replace(scenario, register=scenario.register.with_values(centre_of(scenario, seed)))
    people = scenario.people_up_to(min(MOST_FOLLOWED, economics.draws * economics.patients))
    result = simulate(scenario, patients=people, seed=seed, times=curve_times(scenario), ledger=False)
    comparison = Comparison(scenario, result, people_of(scenario, people, seed), {}, np.zeros(0), None, None)
    tables = {
        "per_hundred": per_hundred_table(comparison),
        "curves": result.outcomes,
        "at_risk": at_risk_table(comparison),
        "observed": observed_courses(),
    }
    elsewhere = other_centres(scenario, policy, seed, people)
    if elsewhere is not None:
        tables["centres"] = elsewhere
    patients = comparison.people
    return tables, patients[patients["policy"] == scenario.reference]


def _of_argument(problem: Problem, own: Collection[str]) -> Problem:
    """A problem with what an argument of `value` laid over [economics], under the argument's name; others as they are."""
    key = re.fullmatch(r"economics\.(\w+).*", problem.key)
    if problem.file not in LAID_OVER or key is None or key[1] not in own:
        return problem
    return replace(problem, file="value", key=key[1])


def _unknown(scenario: str | Path | Scenario, economics: Any) -> list[Problem]:
    """What is wrong with the payer and the set of utilities that a scenario which cannot be read was to be valued by.

    `economics` lie over what the scenario's files say; what else is wrong with these is told elsewhere.
    """
    from simulator.evidence.economics.perspective import load_perspective
    from simulator.evidence.economics.utilities import load_utilities
    from simulator.scenario.inheritance import scenario_layers

    problems: list[Problem] = []
    layers = scenario_layers(scenario, None, []) if isinstance(scenario, str | Path) else []
    named: dict[str, Any] = {}
    for table in (*(layer.table.get("economics") for layer in layers), economics):
        named |= table if isinstance(table, Mapping) else {}
    for key, load in (("perspective", load_perspective), ("utility_set", load_utilities)):
        if isinstance(named.get(key), str):
            collected(partial(load, named[key]), problems)
    return problems


def settings_of(loaded: Scenario) -> dict[str, Any]:
    """What else decides the result."""
    economics = loaded.settings.economics.model_dump(mode="json", exclude_none=True, exclude={"scenarios"})
    economics = {key: value for key, value in economics.items() if value != []}
    return {"scenario": loaded.hash, "view": loaded.view, "centre": loaded.centre, "economics": economics}


def inputs_of(loaded: Scenario, values: Values) -> dict[str, bytes]:
    """What was read: the scenario's files, and those of payer, utilities, norms, severity and equity."""
    from simulator.evidence.economics.perspective import APART, EVERYWHERE
    from simulator.evidence.shipped import shipped

    root = shipped("calibration")
    files = dict(loaded.inputs)
    posterior = root / "posterior.csv"
    if posterior.is_file():
        files["calibration/posterior.csv"] = posterior.read_bytes()
    files["calibration/equity.toml"] = (root / "equity.toml").read_bytes()
    payers = [values.perspective.name, *values.perspective.bases]
    for name in (f"{each}.toml" for each in (*payers, EVERYWHERE, *APART)):
        file = root / "economics" / name
        if file.is_file():
            files[f"calibration/economics/{name}"] = file.read_bytes()
    own = Path(loaded.settings.economics.perspective)
    if own.suffix == ".toml":
        files[str(own)] = own.read_bytes()
    return files
