"""`sim.value`: what policies cost and gain, and what that means for a decision."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from simulator.face.asked import MOST_WORKERS, SEEDS, Policies, Progress, check, scenario_of, way_of
from simulator.face.collected import Collected, Folder
from simulator.face.result import now
from simulator.words.errors import BadInput, Problem, nearest

if TYPE_CHECKING:
    from simulator.questions.value.lives import Simulations
    from simulator.questions.value.simulated_trial import SimulatedTrial
    from simulator.questions.value.values import Values
    from simulator.scenario import Scenario

WOUNDS = ("all_in", "split")


def value(
    scenario: str | Path | Scenario = "base",
    policies: Policies | None = None,
    *,
    perspective: str | Path | None = None,
    wound_costs: str | None = None,
    utility_set: str | None = None,
    view: str | None = None,
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
) -> Collected:
    """Costs, QALYs and the decision: incremental and probabilistic analysis, value of information, price, budget.

    `policies`, `view` and `overrides` are those of `compare`.
    `perspective` (italy, uk, czechia or a TOML file) says who pays and brings the life table of its country; `wound_costs`
    prices open wounds as one (all_in) or with admissions apart (split); `utility_set` is A, B, C or D; `thresholds` are money
    per QALY, the first leads; `draws` of the parameters have `patients` each. All default to the scenario's. `trial` is the
    folder of a simulated trial with the same seed, to find out what that trial is worth. Simulated lives are kept in the
    cache unless `keep` is off. With `workbook`, ``save`` also writes workbook.xlsx, whose results follow prices and
    utilities in live formulas. `workers` processes decide how long it takes and nothing else.

    Tables of the result (money of the payer, discounted; effects in QALYs per person): ``totals``, ``frontier``,
    ``against``, ``ceac``, ``voi``, ``costs``, ``net_benefit``, ``price``, ``tornado``, ``switching``, ``two_way``,
    ``scenarios``, ``subgroups``, ``stratified``, ``budget``, ``budget_people``, ``monte_carlo_error``, ``values``,
    ``cheers``; with a trial ``trial_worth``. ``draws`` has a row a draw and policy, and becomes Parquet.

    `facts` hold the leading `threshold`, the `currency`, and `limits`: what is not in the analysis.

    Raises BadInput with everything that is wrong with what was asked for.

    >>> import simulator as sim
    >>> sim.value(wound_costs="splitted")  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    simulator.words.errors.BadInput: 1 problem(s) in the input:
      value: wound_costs = 'splitted'; allowed: ...
    """
    from simulator.questions.value.analysis import check_numbers, main_policy
    from simulator.questions.value.lives import Simulations, silent
    from simulator.questions.value.simulated_trial import SUMMARIES, load_simulated_trial
    from simulator.questions.value.values import values_of

    begun = now()
    check("value", seed=(seed, 0, SEEDS - 1), workers=(workers, 1, MOST_WORKERS))
    if wound_costs is not None and wound_costs not in WOUNDS:
        raise BadInput([Problem("value", "wound_costs", repr(wound_costs), nearest(str(wound_costs), WOUNDS))])
    asked = {
        "perspective": None if perspective is None else str(perspective),
        "wound_costs": wound_costs,
        "utility_set": utility_set,
        "thresholds": None if thresholds is None else [*thresholds],
        "draws": draws,
        "patients": patients,
    }
    own = {key: each for key, each in asked.items() if each is not None}
    difference = {**(overrides or {}), **life_table(perspective)}
    if own:
        difference["economics"] = {**difference.get("economics", {}), **own}
    loaded = scenario_of(scenario, policies=policies, view=view, overrides=difference or None, question="value")
    main_policy(loaded)
    values = values_of(loaded)
    check_numbers(loaded, values)
    inputs = inputs_of(loaded, values)
    planned = None
    if trial is not None:
        planned = load_simulated_trial(Path(trial), seed, inputs)
        summaries = Path(trial) / SUMMARIES
        inputs |= {str(summaries): summaries.read_bytes()}
    how: dict[str, Any] = {"progress": progress or silent, "way": way_of(workers)}
    simulations = Simulations(**how) if keep else Simulations(None, **how)
    return valued(loaded, seed, simulations, planned, inputs, begun, workbook=workbook)


def valued(
    loaded: Scenario,
    seed: int,
    simulations: Simulations,
    planned: SimulatedTrial | None,
    inputs: Mapping[str, bytes],
    begun: tuple[datetime, float],
    *,
    workbook: bool = False,
) -> Collected:
    """The analysis of a scenario that was checked, with the lives that `simulations` keeps or makes."""
    from simulator.questions.value.analysis import economic_analysis
    from simulator.scenario.caveats import caveats
    from simulator.telling.economics import LIMITS, answer, tables_of, write_economics
    from simulator.telling.economics_tables import units_of
    from simulator.words.findings import Findings

    if workbook:
        check_workbook(loaded)
    found = economic_analysis(loaded, seed, simulations, planned)
    warnings = list(caveats(loaded, draws=loaded.settings.economics.draws))

    def write(folder: Folder) -> None:
        write_economics(folder, found)
        if workbook and (made := getattr(folder, "provenance", None)):
            from simulator.telling.economics import title_of
            from simulator.telling.workbook.economics import economics_workbook

            content = economics_workbook(
                found, title_of(found), made.for_readers(), [*warnings, *found.remarks, *LIMITS]
            )
            folder.workbook("workbook", content)

    def said() -> str:
        from simulator.telling.economics import bottleneck

        return "\n\n".join([answer(found), bottleneck(found), *found.remarks])

    def printed() -> None:
        from simulator.telling.console import console, print_table
        from simulator.telling.economics import bottleneck, summary_tables

        screen = console()
        for title, readable in summary_tables(found):
            print_table(readable.table, title, readable.formats, labels=readable.labels, on=screen)
        for line in (answer(found), bottleneck(found), *found.remarks):
            screen.print(line)

    findings = Findings(
        "value",
        tables_of(found),
        {
            "warnings": warnings,
            "remarks": list(found.remarks),
            "threshold": found.valued_by.threshold,
            "currency": units_of(found).currency,
            "limits": list(LIMITS),
        },
        frozenset({"draws"}),
        inputs,
        seed,
        settings_of(loaded),
    )
    return Collected(findings, write, said, printed, begun)


def check_workbook(loaded: Scenario) -> None:
    """Raises BadInput where a workbook cannot hold what is compared."""
    from simulator.telling.workbook.decision_sheets import options_problems

    problems = options_problems(loaded.compare, f"{loaded.name}: compare")
    if problems:
        raise BadInput(problems)


def life_table(perspective: str | Path | None) -> dict[str, Any]:
    """A payer that is named brings the life table of its country."""
    if perspective is None:
        return {}
    from simulator.evidence.perspective import load_perspective

    return {"life_table": {"country": load_perspective(str(perspective)).conventions.perspective.country}}


def settings_of(loaded: Scenario) -> dict[str, Any]:
    """What else decides the result."""
    economics = loaded.settings.economics.model_dump(mode="json", exclude_none=True, exclude={"scenarios"})
    return {"scenario": loaded.hash, "view": loaded.view, "economics": economics}


def inputs_of(loaded: Scenario, values: Values) -> dict[str, bytes]:
    """What was read: the scenario's files and those of the payer, the utilities and the norms."""
    from simulator.evidence.shipped import shipped

    root = shipped("calibration")
    files = dict(loaded.inputs)
    posterior = root / "posterior.csv"
    if posterior.is_file():
        files["calibration/posterior.csv"] = posterior.read_bytes()
    for name in (f"{values.perspective.name}.toml", "utilities.toml", "population_norms.toml"):
        file = root / "economics" / name
        if file.is_file():
            files[f"calibration/economics/{name}"] = file.read_bytes()
    own = Path(loaded.settings.economics.perspective)
    if own.suffix == ".toml":
        files[str(own)] = own.read_bytes()
    return files
