"""`sim.trial`: a trial's operating characteristics from simulated lives."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from simulator.face.asked import MOST_WORKERS, SEEDS, Progress, check
from simulator.face.collected import Collected, Folder
from simulator.face.result import now
from simulator.words.errors import BadInput, Problem

if TYPE_CHECKING:
    from simulator.questions.trial.design_reading import Planned

TRUTHS = ("scenario", "null", "posterior")
STATED_TRUTHS = ("stated", "stated_null")


def trial(
    design: str | Path | Planned,
    *,
    trials: int = 10_000,
    seed: int = 1,
    truths: Sequence[str] | None = None,
    power: float | None = None,
    quick: bool = False,
    export: int = 0,
    overrides: Mapping[str, Any] | None = None,
    workers: int | None = None,
    progress: Progress | None = None,
) -> Collected:
    """Power, type I error, assurance, size and duration of a trial, from simulated patients.

    `design` is a shipped name or a file (TOML) with arms, endpoints and tests, accrual, looks and stopping rules;
    `overrides` is a difference laid over it, in its own words, as ``{"size": {"patients": 300}}``. `trials` are simulated
    under each of `truths`: stated, stated_null (what the design states; the same without its effect), scenario, null (no effect;
    with a margin, on it), alike, posterior (assurance), draw:NUMBER, sceptical, central or optimistic; default: scenario,
    null and posterior, after stated and stated_null where the design states rates. `power` (0.1 to 1) is what sizes are for,
    by default the design's. `quick` leaves out the search for the size and the curves. `export` hands out the data of so
    many trials. `workers` threads decide how long it takes and nothing else.

    Tables of the result: ``operating_characteristics``, ``boundaries``, ``endpoints``, ``calendar``, and where they were
    made ``type_i_errors``, ``samplesize``, ``power_curve``, ``size_search``, ``two_stage``, ``views``, ``accrual``,
    ``trial_summaries``, ``patients``, ``visits``. Times are years, shares 0 to 1, `se` the Monte Carlo standard error.

    Raises BadInput with everything that is wrong with the design or with what was asked for.

    >>> import simulator as sim
    >>> sim.trial("no such design")  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    simulator.words.errors.BadInput: 1 problem(s) in the input:
      no such design: file = missing; allowed: ...
    """
    from simulator.questions.trial.simulation import Simulation
    from simulator.questions.trial.study import study_design
    from simulator.questions.trial.truth import trial_caveats
    from simulator.scenario.changes import changes
    from simulator.telling.trial import answer, tables_of, write_trial
    from simulator.words.findings import Findings

    begun = now()
    planned = _planned(design, overrides)
    chosen = _truths(truths, planned)
    check(
        "trial",
        trials=(trials, 2, 1_000_000),
        seed=(seed, 0, SEEDS - 1),
        export=(export, 0, 1_000),
        workers=(workers, 1, MOST_WORKERS),
    )
    if power is not None and not 0.1 <= power < 1.0:
        raise BadInput([Problem("trial", "power", f"{power:g}", "0.1 or more and below 1")])
    simulation = Simulation(planned, seed, trials, workers)
    study = study_design(simulation, chosen, quick=quick, target=power, export=export, stage=progress)

    def write(folder: Folder) -> None:
        write_trial(folder, study)

    def printed() -> None:
        from simulator.telling.console import console, print_table
        from simulator.telling.trial import ENDPOINT_FORMATS, ENDPOINT_LABELS, characteristics_table

        readable = characteristics_table(study.characteristics)
        print_table(readable.table, planned.design.label, readable.formats, labels=readable.labels)
        shown = study.endpoints.drop(columns=["outcome", "scale"])
        print_table(shown, f"Endpoints, for a power of {study.target:.0%}", ENDPOINT_FORMATS, labels=ENDPOINT_LABELS)
        for line in filter(None, (answer(study), planned.design.note)):
            console().print(line, markup=False)

    settings = {"scenario": planned.scenario.hash, "design": planned.design.model_dump(mode="json")}
    findings = Findings(
        "trial",
        tables_of(study),
        {
            "warnings": list(trial_caveats(planned, chosen, trials)),
            "target": study.target,
            "changes": changes(planned.scenario),
        },
        inputs=planned.inputs,
        seed=seed,
        settings={"trials": trials, "truths": list(chosen), **settings},
    )
    return Collected(findings, write, lambda: answer(study), printed, begun)


def _planned(design: str | Path | Planned, overrides: Mapping[str, Any] | None) -> Planned:
    from simulator.questions.trial.design_reading import Planned, load_design

    if isinstance(design, str | Path):
        return load_design(design, overrides)
    if not isinstance(design, Planned):
        raise BadInput([Problem("trial", "design", type(design).__name__, "a name, a file or a loaded design")])
    if overrides:
        raise BadInput([Problem("trial", "overrides", "given", "nothing beside a design that is loaded already")])
    return design


def _truths(truths: Sequence[str] | None, planned: Planned) -> tuple[str, ...]:
    """The truths that are meant, each once."""
    from simulator.questions.trial.truth import STATED_NAMES, name_problems

    usual = (*STATED_TRUTHS, *TRUTHS) if planned.design.stated else TRUTHS
    if isinstance(truths, str):
        raise BadInput([Problem("trial", "truths", repr(truths), f"a list of names, as in [{truths!r}]")])
    chosen = tuple(dict.fromkeys(truths or usual))
    problems = [
        Problem("trial", "truths", repr(name), "only with a design that has [[stated]] rates")
        for name in chosen
        if name in STATED_NAMES and not planned.design.stated
    ]
    problems += [problem for name in chosen for problem in name_problems(name)]
    if problems:
        raise BadInput(problems)
    return chosen
