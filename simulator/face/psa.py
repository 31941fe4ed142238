"""`sim.psa`: the policies under draws of all parameters, for analyses of one's own."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from simulator.face.asked import SEEDS, Centre, Patients, Policies, Progress, check, number_and_table, scenario_of
from simulator.face.result import Result, now
from simulator.words.errors import BadInput, Problem, said
from simulator.work.linear_algebra import on_one_thread

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

    from simulator.scenario import Scenario

PEOPLE = 1_000
"""Patients of each draw unless a caller says otherwise."""
MOST_DRAWS = 1_000_000
LOW, HIGH = 0.025, 0.975


class Distribution(Protocol):
    """What a parameter may be drawn from: a frozen distribution of SciPy, or anything with its `rvs`."""

    def rvs(self, size: int, random_state: np.random.Generator) -> Any:
        """So many values, as an array of shape (size,)."""


@on_one_thread
def psa(
    draws: int | pd.DataFrame = 1_000,
    *,
    seed: int = 1,
    scenario: str | Path | Scenario = "base",
    policies: Policies | None = None,
    patients: Patients | None = None,
    view: str | None = None,
    centre: Centre | None = None,
    overrides: Mapping[str, Any] | None = None,
    distributions: Mapping[str, Distribution] | None = None,
    workers: int | None = None,
    progress: Progress | None = None,
) -> Result:
    """Simulate policies under joint draws of the clinical parameters: a probabilistic sensitivity analysis.

    `policies`, `view`, `centre` and `overrides` are those of `compare`.
    `draws` is how many, taken from the posterior and the other parameters' distributions, or a table with a row a draw and a
    column a parameter that varies (a column ``draw`` names the rows). `distributions` replaces the draws of single
    parameters, independent of all others, by those of a frozen SciPy distribution. Each draw has `patients` of its own,
    1,000 unless told, who have the same luck under every policy. `workers` threads decide how long it takes and nothing else.

    Tables of the result: ``parameters`` (draw, then a column a parameter; a row a draw), ``outcomes`` (draw, policy,
    outcome, time_years, mean; means of shares are 0 to 1, times are years) and ``intervals`` (policy, outcome, time_years,
    mean over the draws, low and high: the 2.5th and 97.5th percentile, which hold the luck of the patients of a draw, too).

    Raises BadInput with everything that is wrong with what was asked for, and for values outside a parameter's range.

    >>> import simulator as sim
    >>> found = sim.psa(draws=4, patients=50, policies=["conservative", "protocol"])
    >>> found.outcomes.columns.tolist(), len(found.parameters)
    (['draw', 'policy', 'outcome', 'time_years', 'mean'], 4)
    """
    import numpy as np
    import pandas as pd

    from simulator.evidence.posterior import parameter_draws, spent
    from simulator.evidence.publications import publications
    from simulator.run import simulate
    from simulator.scenario.caveats import caveats
    from simulator.scenario.changes import changes
    from simulator.valuation.lives import silent
    from simulator.words.findings import Findings

    begun = now()
    check("psa", seed=(seed, 0, SEEDS - 1))
    if not isinstance(draws, pd.DataFrame):
        check("psa", draws=(draws, 2, MOST_DRAWS))
    people, table = number_and_table(patients)
    check("psa", patients=(people, 1, 1_000_000_000))
    loaded = scenario_of(
        scenario, policies=policies, view=view, centre=centre, overrides=overrides, table=table, question="psa"
    )
    if people is None:
        people = len(loaded.given) or PEOPLE
    count = len(draws) if isinstance(draws, pd.DataFrame) else draws
    asked = draws if isinstance(draws, pd.DataFrame) else _frame(parameter_draws(loaded.register, draws, seed))
    asked = asked.assign(**_drawn(distributions or {}, loaded, count, seed))
    with (progress or silent)("Lives", count * people * len(loaded.compare)) as advance:
        done = 0

        def lived(lives: int, _: int) -> None:
            nonlocal done
            advance(lives - done)
            done = lives

        result = simulate(
            loaded, patients=people, seed=seed, draws=asked, fresh_patients=True, workers=workers, progress=lived
        )
    outcomes = result.draws[["draw", "policy", "outcome", "time_years", "mean"]]
    parameters = pd.DataFrame({"draw": result.draw_ids} | {n: asked[n].to_numpy() for n in asked if n != "draw"})
    grouped = outcomes.groupby(["policy", "outcome", "time_years"], sort=False)["mean"]
    intervals = grouped.agg(mean="mean", low=lambda x: np.quantile(x, LOW), high=lambda x: np.quantile(x, HIGH))
    exhausted = None if isinstance(draws, pd.DataFrame) else spent(loaded.register, draws)
    facts = {
        "draws": count,
        "people": people,
        "policies": list(result.policies),
        "first_time": float(result.times[0]),
        "values": loaded.register.values(),
        "labels": {"policy": {name: loaded.policies[name].label or name for name in result.policies}},
        "changes": changes(loaded, {"population.patients": people}),
        "references": publications(loaded.register),
        "warnings": [*caveats(loaded, draws=count), *([exhausted] if exhausted else [])],
    }
    findings = Findings(
        "psa",
        {"parameters": parameters, "outcomes": outcomes, "intervals": intervals.reset_index()},
        facts,
        frozenset({"parameters", "outcomes"}),
        loaded.inputs,
        seed,
        {"scenario": loaded.hash, "view": loaded.view, "draws": count, "patients": people},
    )
    return Result(findings, begun)


def _frame(draws: np.ndarray[Any, Any]) -> pd.DataFrame:
    import pandas as pd

    return pd.DataFrame({name: draws[name] for name in draws.dtype.names or ()})


def _drawn(
    distributions: Mapping[str, Distribution], scenario: Scenario, draws: int, seed: int
) -> dict[str, np.ndarray[Any, Any]]:
    """Values of the parameters that have a distribution of their own, each from a stream of its own."""
    import numpy as np

    from simulator.evidence.former_names import known_instead
    from simulator.words.luck import generator

    known = scenario.register.names()
    problems = [
        Problem("psa", f"distributions.{name}", said(each), known_instead(name, known))
        for name, each in distributions.items()
        if name not in known
    ]
    problems += [
        Problem("psa", f"distributions.{name}", said(each), "a frozen distribution of SciPy, as scipy.stats.beta(2, 5)")
        for name, each in distributions.items()
        if not hasattr(each, "rvs")
    ]
    if problems:
        raise BadInput(problems)
    return {
        name: np.asarray(each.rvs(size=draws, random_state=generator(seed, "distribution", name)), dtype=np.float64)
        for name, each in distributions.items()
    }
