"""`sim.compare`: policies of care compared in the same patients with the same luck."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from simulator.face.asked import Centre, Patients, Policies, number_and_table, scenario_of
from simulator.face.result import Result, now

if TYPE_CHECKING:
    from simulator.questions.compare import Comparison
    from simulator.run.job import Engine
    from simulator.scenario import Scenario
    from simulator.telling.studio import Drawings, Studio
    from simulator.words.findings import Findings


def compare(
    scenario: str | Path | Scenario = "base",
    policies: Policies | None = None,
    *,
    patients: Patients | None = None,
    seed: int = 1,
    engine: Engine | None = None,
    view: str | None = None,
    centre: Centre | None = None,
    overrides: Mapping[str, Any] | None = None,
    reliance: bool = True,
    progress: Callable[[int, int], None] | None = None,
    first: Callable[[Findings], None] | None = None,
    studio: Studio | None = None,
) -> Result:
    """Compare policies of care in simulated patients: amputation, death, healing, walking and what differs.

    `scenario` is a shipped name, a TOML file or a `Scenario`; `policies`, `patients` and `view` (of the evidence:
    sceptical, central or optimistic) default to its own, and so does the `centre`: the average hospital of the published
    series, a new one drawn at random, the founding study's, or one known by its own counts
    (``{"amputations": [14, 60], "deaths": [11, 60]}``). `policies` may be a dictionary of names with policies made in
    Python (`Policy`; None for the one of this name that there is), `patients` a table of real ones (a CSV file or a
    DataFrame). `overrides` is a difference laid over the scenario, in the words of its file. `reliance` finds out which
    results rest on recalled or assumed values, which takes as long again. `engine` is compiled (fast) or simpy (the readable
    reference; the default where a resource is shared). `progress` is called with lives done and to do,
    `first` with the findings that the console's tables show, as soon as they are there. Figures are drawn when somebody
    asks for them, or at once in a `studio`, while reliance is found out.

    Tables of the result (means of shares are 0 to 1, times are years, `se` is the Monte Carlo standard error): ``outcomes``
    (policy, outcome, time_years, mean, se), ``differences`` (to the reference, in the same people), ``per_hundred``,
    ``curves``, ``states``, ``perfusion`` (mmHg), ``views``, ``patients`` (a row per policy and patient).

    Raises BadInput with everything that is wrong with what was asked for.

    >>> import simulator as sim
    >>> found = sim.compare(policies=["conservative", "protocol"], patients=200, reliance=False)
    >>> found.outcomes.columns.tolist()
    ['policy', 'outcome', 'time_years', 'mean', 'se']
    """
    from simulator.questions.compare import compare as compared
    from simulator.questions.compare.findings import findings, first_findings, reliance_tables

    begun = now()
    people, table = number_and_table(patients)
    loaded = scenario_of(scenario, policies=policies, view=view, centre=centre, overrides=overrides, table=table)
    early = None if first is None else lambda result: first(first_findings(result))
    made: list[Findings] = []
    drawings: Drawings | None = None

    def meanwhile(comparison: Comparison) -> None:
        nonlocal drawings
        made.append(findings(comparison))
        if studio is not None:
            told = made[0].tables.items()
            lean = {name: table for name, table in told if name not in made[0].per_row}
            drawings = studio.draw(replace(made[0], tables=lean, per_row=frozenset()))

    found = compared(
        loaded, people, seed, engine, reliance=reliance, progress=progress, first=early, meanwhile=meanwhile
    )
    told = replace(made[0], tables={**made[0].tables, **reliance_tables(found)})
    return Result(told, begun, drawings=drawings, pack=None if studio is None else studio.pack)


def default_patients(scenario: Scenario, engine: Engine | None = None) -> int:
    """How many patients are simulated when nobody says so: the scenario's number, fewer with the slower engine."""
    from simulator.questions.compare.job import default_patients as usual

    return usual(scenario, engine)
