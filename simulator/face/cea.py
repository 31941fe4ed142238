"""`sim.cea`: decision analysis on anybody's costs and effects."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from simulator.face.result import Result, now
from simulator.words.errors import BadInput, Problem, collected, said
from simulator.work.linear_algebra import on_one_thread

if TYPE_CHECKING:
    import pandas as pd


@on_one_thread
def cea(
    results: Path | str | pd.DataFrame,
    effects: Path | str | pd.DataFrame | None = None,
    *,
    parameters: Path | str | pd.DataFrame | None = None,
    thresholds: Sequence[float] | None = None,
    currency: str = "",
    effect_unit: str = "QALY",
    comparator: str | None = None,
    groups: Mapping[str, Sequence[str]] | None = None,
    population: float | None = None,
    years: float | None = None,
    discount: float | None = None,
    negative_costs: bool = False,
    point_estimates: bool = False,
    workbook: bool = False,
) -> Result:
    """Compare options by cost and effect: frontier, acceptability, value of information.

    `results` is a CSV or Parquet file or a DataFrame: one row per draw and option with the columns draw, option, cost, effect
    (or what hesim, heemod, dampack and heormodel call them), or one row per draw with ``cost_<option>`` and
    ``effect_<option>``. Any other column is a parameter whose value of information is estimated. Where costs and effects lie in
    two tables, a row a draw and a column an option in both, `effects` is the second, and `parameters` may be a third. With
    `workbook`, ``save`` also writes workbook.xlsx, whose formulas follow the threshold.

    `thresholds` are money per unit of effect (default: around the ratios found); `currency` and `effect_unit` are words for
    labels; `comparator` is the origin of the plane (default: the cheapest); `groups` name parameters that are valued together.
    `population` people a year over `years`, discounted at `discount` a year, give values for the population. Negative costs
    are faults unless `negative_costs`. With `point_estimates` only means are analysed, and one draw is enough.

    Tables: ``totals``, ``frontier``, ``against``, ``ceac``, ``voi``, ``net_benefit`` (with `point_estimates` and thresholds),
    ``draws``.

    Raises BadInput with everything that is wrong with the tables and the choices.

    >>> import pandas as pd
    >>> import simulator as sim
    >>> table = pd.DataFrame({"option": ["a", "b"], "draw": [1, 1], "cost": [10.0, 40.0], "effect": [1.0, 3.0]})
    >>> sim.cea(table, point_estimates=True, thresholds=[20.0]).net_benefit["net_monetary_benefit"].tolist()
    [10.0]
    """
    from simulator.evidence.file_names import is_file
    from simulator.questions.value.cea import decision_findings
    from simulator.questions.value.reading import read_results
    from simulator.statistics.decision.decision import choice_problems, decide, threshold_problems
    from simulator.statistics.decision.population import Population
    from simulator.telling.workbook.decision_sheets import options_problems
    from simulator.words.label import ALLOWED, is_label

    begun, problems = now(), [*threshold_problems(thresholds or [])]
    for name, words in (("currency", currency), ("effect_unit", effect_unit)):
        if words and not is_label(words):
            problems.append(Problem("cea", name, repr(words), ALLOWED))
    people = None
    if population is None:
        for name, number in (("years", years), ("discount", discount)):
            if number is not None:
                problems.append(Problem("cea", name, said(number), "only together with population"))
    elif years is None:
        problems.append(Problem("cea", "years", "not given", "the years for which the decision stands"))
    else:
        people = collected(partial(Population, population, years, discount or 0.0), problems)
    inputs: dict[str, Path | bytes] = {}
    for each in (results, effects, parameters):
        if isinstance(each, str | Path) and is_file(Path(each)):
            inputs[Path(each).name] = Path(each)
    read = None
    try:
        read = read_results(results, effects=effects, parameters=parameters, negative_costs=negative_costs)
        problems += choice_problems(read, comparator, groups, point_estimates=point_estimates)
        if workbook:
            problems += options_problems(read.options, read.source)
    except BadInput as bad:
        problems += bad.problems
    if problems or read is None:
        raise BadInput(problems)
    found = decide(
        read, thresholds, comparator=comparator, groups=groups, population=people, point_estimates=point_estimates
    )
    source = Path(results).name if isinstance(results, str | Path) else "costs and effects"
    unit = effect_unit.strip() or "unit"

    told = decision_findings(found, inputs, currency.strip(), unit, source)

    def book(made: Mapping[str, Any]) -> bytes:
        from simulator.telling.workbook.decision import decision_workbook

        return decision_workbook(told, made)

    return Result(told, begun, workbook=book if workbook else None)
