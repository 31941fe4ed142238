"""`sim.trial`: a trial's operating characteristics from simulated lives."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from simulator.face.asked import MOST_WORKERS, SEEDS, Progress, check
from simulator.face.result import Result, now
from simulator.words.errors import BadInput, Problem, collected
from simulator.work.linear_algebra import on_one_thread

if TYPE_CHECKING:
    from datetime import datetime

    from simulator.questions.trial.reading.design_reading import Planned
    from simulator.questions.trial.simulation.finished import FinishedTrials
    from simulator.words.findings import Findings

TRUTHS = ("scenario", "null", "posterior")
STATED_TRUTHS = ("stated", "stated_null")


@on_one_thread
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
    keep: str | Path | None = None,
    progress: Progress | None = None,
) -> Result:
    """Power, type I error, assurance, size and duration of a trial, from simulated patients.

    `design` is a shipped name or a file (TOML) with arms, endpoints and tests, accrual, looks and stopping rules;
    `overrides` is a difference laid over it, in its own words, as ``{"size": {"patients": 300}}``. `trials` are simulated
    under each of `truths`: stated, stated_null (what the design states; the same without its effect), scenario, null (no effect;
    with a margin, on it), alike, posterior (assurance), draw:NUMBER, sceptical, central or optimistic; default: scenario,
    null and posterior, after stated and stated_null where the design states rates. `power` (0.1 to 1) is what sizes are for,
    by default the design's. `quick` leaves out the search for the size and the curves. `export` hands out the data of so
    many trials. `workers` threads decide how long it takes and nothing else. With `keep`, a folder, finished work is kept there
    until all is done, so that an interrupted call goes on where it stopped, and lives are kept in the program's cache, so
    that a changed boundary, test or size costs no new ones.

    Tables of the result: ``operating_characteristics``, ``rates``, ``effects`` and ``curves`` (events of each arm; months),
    ``endpoints``, ``boundaries``, ``monitoring`` and ``bounds`` (for a data monitoring committee), ``stops``, ``calendar``,
    and where they were made ``assumptions``, ``estimands``, ``screening``, ``prior``, ``prior_conflict``, ``adjusted``
    (estimators after stopping, held against the true value), ``adjusted_trials`` (each exported trial), ``type_i_errors``,
    ``samplesize``, ``broken_assumptions``, ``power_curve``, ``size_search``, ``two_stage``, ``views``, ``hospitals``,
    ``accrual``, ``trial_summaries``, ``patients``, ``visits``, ``adsl``, ``adtte``, ``adeff``, ``adimp`` (what was
    imputed), ``adres`` (ADaM-like). Shares are 0 to 1, `se` is the Monte Carlo standard error.

    Raises BadInput with everything that is wrong with the design or with what was asked for.

    >>> import simulator as sim
    >>> sim.trial("no such design")  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    simulator.words.errors.BadInput: 1 problem(s) in the input:
      no such design: file = missing; allowed: ...
    """
    from simulator.questions.trial.findings import findings
    from simulator.questions.trial.simulation.finished import FinishedTrials
    from simulator.questions.trial.simulation.simulation import Simulation
    from simulator.questions.trial.study import study_design
    from simulator.work.disk import cache_folder

    begun = now()
    planned, chosen = checked(
        design,
        trials=trials,
        seed=seed,
        truths=truths,
        power=power,
        export=export,
        overrides=overrides,
        workers=workers,
    )
    kept = None if keep is None else FinishedTrials.beside(Path(keep), planned.scenario, seed)
    cache = None if keep is None else cache_folder("lives")
    unchanged = None if cache is None else cache.stat().st_mtime_ns
    simulation = Simulation(planned, seed, trials, workers, kept, cache)
    with ExitStack() as stack:
        if kept is not None:
            stack.enter_context(kept.pieces.going_on())
        try:
            study = study_design(simulation, chosen, quick=quick, target=power, export=export, stage=progress)
        except BadInput:
            if kept is not None:
                kept.pieces.remove()
            raise
    if simulation.kept_lives is not None and simulation.kept_lives.folder.stat().st_mtime_ns != unchanged:
        simulation.kept_lives.tidy()
    return TrialResult(findings(study, planned, chosen, seed), begun, kept)


def checked(
    design: str | Path | Planned,
    *,
    trials: int,
    seed: int = 1,
    truths: Sequence[str] | None = None,
    power: float | None = None,
    export: int = 0,
    overrides: Mapping[str, Any] | None = None,
    workers: int | None = None,
) -> tuple[Planned, tuple[str, ...]]:
    """The design with its scenario, and the truths that are meant. Raises BadInput with everything that is wrong."""
    problems: list[Problem] = []
    planned = collected(lambda: _planned(design, overrides), problems)
    chosen = collected(lambda: _truths(truths, planned), problems) or ()
    collected(
        lambda: check(
            "trial",
            trials=(trials, 2, 1_000_000),
            seed=(seed, 0, SEEDS - 1),
            export=(export, 0, 1_000),
            workers=(workers, 1, MOST_WORKERS),
        ),
        problems,
    )
    if power is not None and not 0.1 <= power < 1.0:
        problems.append(Problem("trial", "power", f"{power:g}", "0.1 or more and below 1"))
    if export and planned is not None and (planned.design.selection or planned.design.enrichment):
        allowed = "0 with [selection] or [enrichment]: these tables hold the patients of a trial that drops nobody"
        problems.append(Problem("trial", "export", str(export), allowed))
    if problems or planned is None:
        raise BadInput(problems)
    return planned, chosen


class TrialResult(Result):
    """The result of a trial. Once it is saved, what `keep` held of the work is no longer needed and goes."""

    def __init__(self, findings: Findings, begun: tuple[datetime, float], work: FinishedTrials | None) -> None:
        super().__init__(findings, begun)
        self._work = work
        self.kept = () if work is None else (f"{work.folder.name}/",)

    def save(self, path: Path | str) -> tuple[Path, ...]:
        """Write tables, figures, report and manifest to a folder, all or nothing. Returns the paths."""
        written = super().save(path)
        if self._work is not None:
            self._work.pieces.remove()
        return written


def _planned(design: str | Path | Planned, overrides: Mapping[str, Any] | None) -> Planned:
    from simulator.questions.trial.historical import with_history
    from simulator.questions.trial.reading.design_reading import Planned, load_design

    if isinstance(design, str | Path):
        planned = with_history(load_design(design, overrides))
        if isinstance(planned.scenario.settings.evidence.centre, str):
            return planned
        from simulator.centre.own import at_its_centre

        return replace(planned, scenario=at_its_centre(planned.scenario))
    if not isinstance(design, Planned):
        raise BadInput([Problem("trial", "design", type(design).__name__, "a name, a file or a loaded design")])
    if overrides:
        raise BadInput([Problem("trial", "overrides", "given", "nothing beside a design that is loaded already")])
    return with_history(design)


def _truths(truths: Sequence[str] | None, planned: Planned | None) -> tuple[str, ...]:
    """The truths that are meant, each once."""
    from simulator.questions.trial.simulation.truth import STATED_NAMES, name_problems

    states = planned is None or bool(planned.design.stated)
    usual = (*STATED_TRUTHS, *TRUTHS) if planned is not None and states else TRUTHS
    if isinstance(truths, str):
        raise BadInput([Problem("trial", "truths", repr(truths), f"a list of names, as in [{truths!r}]")])
    chosen = tuple(dict.fromkeys(truths or usual))
    problems = [
        Problem("trial", "truths", repr(name), "only with a design that has [[stated]] rates")
        for name in chosen
        if name in STATED_NAMES and not states
    ]
    problems += [problem for name in chosen for problem in name_problems(name)]
    if problems:
        raise BadInput(problems)
    return chosen
