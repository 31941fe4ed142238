"""Everything that `clti trial` finds out about a design, in one go."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field, replace

import numpy as np
import pandas as pd

from simulator.questions.trial.conduct.conduct import Columns, Conduct
from simulator.questions.trial.conduct.stopped import adjusted_table, adjusted_trials
from simulator.questions.trial.design.selection import adaptation
from simulator.questions.trial.results.analysis_data import analysis_data
from simulator.questions.trial.results.elsewhere import at_hospitals, hospitals_asked
from simulator.questions.trial.results.estimand_table import estimand_table
from simulator.questions.trial.results.event_curves import EventCurves, event_curves
from simulator.questions.trial.results.export import exported
from simulator.questions.trial.results.monitoring import monitoring_tables
from simulator.questions.trial.results.operating import ROW, operating_characteristics, type_i_errors
from simulator.questions.trial.results.prior_tables import prior_tables
from simulator.questions.trial.results.screening import screening_table
from simulator.questions.trial.simulation.simulation import Simulation
from simulator.questions.trial.simulation.truth import NULLS, STATED_NAMES
from simulator.questions.trial.sizes.assumptions import CHANGES, assumption_table
from simulator.questions.trial.sizes.closed_form import pool
from simulator.questions.trial.sizes.curves import accrual_curve, calendar_table, summaries_for_economics, view_curves
from simulator.questions.trial.sizes.reasons import comparison_tables
from simulator.questions.trial.sizes.size_search import (
    EXACT,
    NEEDS,
    SizeSearch,
    endpoint_table,
    find_size,
    most_trials,
    sizes_around,
)
from simulator.questions.trial.sizes.stage_search import DESIGNS, stage_table

Advance = Callable[[int], None]
Stage = Callable[[str, int], AbstractContextManager[Advance]]
"""From what is done and how many steps it has to a context that counts the steps."""

SEARCH = 2_000
"""Trials of a search for the size, and draws that the hand-over to the economics holds, at most."""
CURVES = 1_000
"""Trials of each point of a curve, at most."""


@dataclass(frozen=True, eq=False)
class TrialStudy:
    """The tables; None for what was not asked for or does not apply. `treated` is the share eligible for each policy."""

    conduct: Conduct
    trials: int
    target: float
    treated: dict[str, float]
    characteristics: pd.DataFrame
    boundaries: pd.DataFrame
    endpoints: pd.DataFrame
    events: EventCurves
    calendar: pd.DataFrame
    monitoring: pd.DataFrame | None = None
    bounds: pd.DataFrame | None = None
    assumptions: pd.DataFrame | None = None
    estimands: pd.DataFrame | None = None
    screening: pd.DataFrame | None = None
    prior: pd.DataFrame | None = None
    conflict: pd.DataFrame | None = None
    adjusted: pd.DataFrame | None = None
    adjusted_trials: pd.DataFrame | None = None
    levels: pd.DataFrame | None = None
    sizes: pd.DataFrame | None = None
    broken: pd.DataFrame | None = None
    stages: pd.DataFrame | None = None
    search: SizeSearch | None = None
    views: pd.DataFrame | None = None
    hospitals: pd.DataFrame | None = None
    accrual: pd.DataFrame | None = None
    summaries: pd.DataFrame | None = None
    patients: pd.DataFrame | None = None
    visits: pd.DataFrame | None = None
    analysis: Mapping[str, pd.DataFrame] = field(default_factory=dict)

    @property
    def alone(self) -> bool:
        """Whether the whole design is the test of one hypothesis at the end."""
        return self.conduct.looks == 1 and len(self.conduct.hypotheses) == 1

    @property
    def stops(self) -> pd.DataFrame:
        """Probability of stopping: truth, look, reason, value, se."""
        table = self.characteristics
        parts = table["measure"].str.extract(r"^stop_look_(\d+)_(\w+)$")
        found = table.assign(look=parts[0], reason=parts[1])[parts[0].notna()]
        return found.astype({"look": int})[["truth", "look", "reason", "value", "se"]].reset_index(drop=True)

    @property
    def search_table(self) -> pd.DataFrame:
        """The search's answer: target, patients, low, high, power, se, note."""
        found = self.search
        assert found is not None
        patients = np.nan if found.patients is None else float(found.patients)
        row = (found.target, patients, found.low, found.high, *found.checked, found.note)
        return pd.DataFrame([row], columns=["target", "patients", "low", "high", "power", "se", "note"])


def study_design(
    simulation: Simulation,
    truths: Sequence[str],
    *,
    quick: bool = False,
    target: float | None = None,
    export: int = 0,
    stage: Stage | None = None,
) -> TrialStudy:
    """Simulate a design under some truths; without `quick` also search its size and draw its curves.

    `target` is the power that sizes are for (default: the design's). `export` is the number of trials whose data are
    handed out. Raises BadInput for designs that cannot be carried out.
    """
    show = stage or (lambda _what, _steps: nullcontext(lambda _steps: None))
    alive = not all(name in STATED_NAMES for name in truths)
    treated = simulation.check(alive)
    conduct, design = simulation.conduct(), simulation.design
    goal = design.size.power if target is None else target
    results = {}
    chosen = [simulation.truth(name) for name in truths]
    with show("Trials", simulation.trials * len(chosen)) as advance:
        for truth in chosen:
            columns = simulation.run(truth, [conduct], advance)[0]
            rows = truth.row_of(simulation.trials)
            results[truth.name] = columns if rows is None else columns | {ROW: rows}
    base = next((name for name in results if name not in NULLS), next(iter(results)))
    null = next((name for name in results if name in NULLS), None)
    needs = needs_by_truth(conduct, results, goal)
    some = simulation.with_trials(min(CURVES, simulation.trials))
    estimands = None
    if design.estimands:
        with show("Estimands", some.trials) as advance:
            estimands = estimand_table(some, "scenario" if "scenario" in results else base, advance)
    hospitals = None
    with ThreadPoolExecutor(1) as beside:
        curves = beside.submit(event_curves, some, tuple(results))
        if alive and (asked := hospitals_asked(some)):
            with show("Other hospitals", len(asked) * some.trials) as advance:
                hospitals = at_hospitals(some, advance)
    stated = base in STATED_NAMES
    patients, visits = exported(simulation, base, export) if export and not stated else (None, None)
    analysis = analysis_data(simulation, base, export, patients) if export else {}
    told, conflict = prior_tables(conduct, results[base])
    adjustment = design, conduct.rule
    name = conduct.hypotheses[0][0]
    each = adjusted_trials(*adjustment, results[base], name, export) if export else None
    unmonitored = design.two_stage is not None or design.predictive is not None or adaptation(design) is not None
    committee = (None, None) if unmonitored else monitoring_tables(some, tuple(results))
    found = TrialStudy(
        conduct=conduct,
        trials=simulation.trials,
        target=goal,
        treated=treated,
        characteristics=operating_characteristics(conduct, results),
        boundaries=boundary_table(conduct, committee[1]),
        endpoints=needs,
        events=curves.result(),
        calendar=calendar_table(some, tuple(results)),
        monitoring=committee[0],
        bounds=committee[1],
        estimands=estimands,
        hospitals=hospitals,
        screening=screening_table(simulation) if alive else None,
        prior=told,
        conflict=conflict,
        adjusted=adjusted_table(*adjustment, results, name),
        adjusted_trials=each,
        levels=None if null is None or len(design.arms) == 1 else type_i_errors(conduct, results[null]),
        patients=patients,
        visits=visits,
        analysis=analysis,
    )
    # No size gives power to find an effect that is not there.
    return found if quick or base in NULLS else _in_full(found, simulation, some, base, alive, show)


def needs_by_truth(conduct: Conduct, results: Mapping[str, Columns], target: float) -> pd.DataFrame:
    """`endpoint_table` under every truth, which the first column names; under no effect nothing is needed for anything."""
    frames = []
    for truth, columns in results.items():
        # No size finds an effect that is not there, and an effect that varies has no one size.
        idle = {*NULLS, "posterior"}
        if truth in idle and (set(results) - idle or (truth in NULLS and set(results) - NULLS)):
            continue
        table = endpoint_table(conduct, columns, target)
        if truth in NULLS:
            table[list(NEEDS)] = np.nan
        table.insert(0, "truth", truth)
        frames.append(table)
    return pd.concat(frames, ignore_index=True)


def _in_full(
    found: TrialStudy, simulation: Simulation, some: Simulation, base: str, alive: bool, show: Stage
) -> TrialStudy:
    conduct, goal = found.conduct, found.target
    own = found.endpoints[found.endpoints["truth"] == base]
    pooled = pool(simulation, conduct, base)
    more = simulation.with_trials(min(SEARCH, simulation.trials))
    if conduct.design.two_stage is not None and conduct.design.two_stage.kind == "predictive":
        return found
    if conduct.design.two_stage is not None:
        # The numbers of the two stages are one design: another size is another design.
        with show("Two-stage designs", DESIGNS * more.trials) as advance:
            stages = stage_table(more, pooled, goal, base, advance)
        sizes, broken = comparison_tables(pooled, own, goal)
        return replace(found, sizes=sizes, broken=broken, stages=stages)
    need = float(own.set_index("endpoint")["patients"].get(conduct.hypotheses[0][0], np.nan))
    with show("Search for the size", most_trials(more)) as advance:
        search = find_size(more, goal, base, need, advance)
    better, search = one_size(found, better_needs(own, search), search)
    needs = pd.concat([better, found.endpoints[found.endpoints["truth"] != base]], ignore_index=True)
    assumptions = None
    if base != "posterior":
        with show("Other assumptions", CHANGES * some.trials) as advance:
            assumptions = assumption_table(some, base, advance)
    found = replace(found, endpoints=needs, assumptions=assumptions, search=search)
    if not alive or adaptation(conduct.design) is None:
        sizes, broken = comparison_tables(pooled, better, goal)
        found = replace(found, sizes=sizes, broken=broken)
    if not alive:
        return found
    with show("Curves", 8 * some.trials + more.trials) as advance:
        views, accrual = view_curves(some, advance), accrual_curve(some, advance)
        summaries = summaries_for_economics(more, sizes_around(conduct), advance)
    return replace(found, views=views, accrual=accrual, summaries=summaries)


def better_needs(needs: pd.DataFrame, search: SizeSearch) -> pd.DataFrame:
    """The needs of the planned trials, with those of the tested endpoints from the larger trials of the search's check."""
    if search.needs is None:
        return needs
    better = search.needs.set_index("endpoint")[list(NEEDS)]
    out = needs.set_index("endpoint")
    out.loc[better.index, list(NEEDS)] = better
    return out.reset_index()[needs.columns].sort_values("patients", kind="stable").reset_index(drop=True)


def one_size(found: TrialStudy, needs: pd.DataFrame, search: SizeSearch) -> tuple[pd.DataFrame, SizeSearch]:
    """The needs and the search with one size for the first endpoint, where its test is the whole design.

    Both then answer the same question: an exact test by its exact power, any other by the search.
    """
    if not found.alone or search.patients is None:
        return needs, search
    name, endpoint, _ = found.conduct.hypotheses[0]
    row = needs["endpoint"] == name
    if endpoint.test not in EXACT:
        needs = needs.copy()
        needs.loc[row, list(NEEDS)] = [float(search.patients), search.low, search.high]
        return needs.sort_values("patients", kind="stable").reset_index(drop=True), search
    exact = needs.loc[row].iloc[0]
    if not np.isfinite(exact["patients"]):
        return needs, search
    return needs, replace(search, patients=int(exact["patients"]), low=float(exact["low"]), high=float(exact["high"]))


def boundary_table(conduct: Conduct, bounds: pd.DataFrame | None) -> pd.DataFrame:
    """The boundaries of the looks with the effects of the committee's `bounds`, or the limits of the two stages."""
    stages = conduct.design.stages
    if stages is None:
        table = conduct.rule.boundaries[0].table()
        effects = [] if bounds is None else [name for name in bounds.columns if name.endswith("effect")]
        return table if bounds is None else table.assign(**{name: bounds[name].to_numpy() for name in effects})
    rows = [(1, stages.n1, stages.r1), (2, stages.n, stages.r)]
    return pd.DataFrame(rows, columns=["stage", "patients", "not_promising_up_to"])
