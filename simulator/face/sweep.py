"""`sim.sweep`: what drives the answer, by a study of parameters or policies."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from datetime import datetime
from pathlib import Path
from tempfile import mkdtemp
from typing import TYPE_CHECKING, Any, TypeAlias

from simulator.face.asked import MOST_WORKERS, Centre, Progress, at_centre, check, of_centre, way_of
from simulator.face.result import Result, now
from simulator.words.errors import BadInput, Problem
from simulator.work.linear_algebra import on_one_thread

if TYPE_CHECKING:
    from simulator.questions.sweep.policy_sweep import PolicySweep
    from simulator.questions.sweep.sweep import Runs, Sweep
    from simulator.work.execution import Advance, Plan

Planned: TypeAlias = "Sweep | PolicySweep"
"""A study that can run: of parameters, or of policies."""
STUDY = "study.json"
"""The whole study, as the folder of its runs keeps it."""
KEPT = (STUDY, "shards/")
"""What a study keeps in its output folder beside its results."""


def sweep(
    study: str | Path | Mapping[str, Any],
    *,
    centre: Centre | None = None,
    overrides: Mapping[str, Any] | None = None,
    folder: str | Path | None = None,
    workers: int | None = None,
    progress: Progress | None = None,
) -> Result:
    """Run a sensitivity study: sample parameters, run the model, and rank what drives each output.

    `study` is a shipped name, a file (TOML) or the same tables as a dictionary: parameters, outputs, method (one_way, grid,
    morris, dgsm, sobol, fast, rbd_fast, pawn, regional, or policies, which compares policies over every combination of
    settings), size, seed. `centre` is that of `compare`; `overrides` replaces keys of the study. Finished runs are kept in
    `folder`, where an interrupted study goes on and a larger one reuses them; without it they are not kept. `workers`
    processes (default: a thread for each core of this one) decide how long it takes and nothing else.

    Tables of the result: ``hospitals`` (the outputs at other hospitals), ``indices``, ``noise``, and by method
    ``convergence``, ``ranking``, ``emulators``, ``emulated``; of policies ``choices``, ``cells``, ``losses``. ``runs`` has a
    row a run, and becomes Parquet.

    Raises BadInput with everything that is wrong with the study.

    >>> import simulator as sim
    >>> found = sim.sweep({
    ...     "method": "one_way", "size": 2, "seed": 1, "patients": 50, "model": {"kind": "clti"},
    ...     "outputs": ["difference(protocol, conservative).death@1"], "parameters": {"names": ["restenosis_rate"]},
    ... })
    >>> len(found.runs)
    3
    """
    from simulator.questions.sweep.study_reading import study_tables
    from simulator.scenario.inheritance import merged

    begun = now()
    check("sweep", workers=(workers, 1, MOST_WORKERS))
    if not isinstance(study, str | Path | Mapping):
        raise BadInput(
            [Problem("sweep", "study", type(study).__name__, "a name, a file or a dictionary of its tables")]
        )
    tables, name = (study, "study") if isinstance(study, Mapping) else study_tables(study)
    planned = sweep_at(centre, merged(tables, overrides or {}), name)
    runs = _made(planned, folder, workers, progress)
    return result_of(planned, runs, begun)


def sweep_at(centre: Centre | None, tables: Mapping[str, Any], name: str) -> Planned:
    """The study of these tables with its scenario at a hospital (None: where it is). Raises BadInput with all that is wrong."""
    from simulator.questions.sweep.policy_sweep import sweep_of
    from simulator.scenario.inheritance import merged

    if centre is None:
        return sweep_of(tables, name)
    there = at_centre(centre)
    try:
        return sweep_of(merged(tables, {"model": {"settings": {"overrides": there}}}), name)
    except BadInput as bad:
        mix = there.get("parameters", {})
        raise BadInput(of_centre(problem, centre, mix, "sweep") for problem in bad.problems) from None


def study_at(centre: Centre | None, study: Path) -> Planned:
    """The study of a file or a shipped name, at a hospital as in `sweep_at`. Raises BadInput with all that is wrong."""
    from simulator.questions.sweep.study_reading import study_tables

    return sweep_at(centre, *study_tables(study))


def content_of(planned: Planned) -> bytes:
    """A study as the folder of its runs keeps it."""
    return (planned.study.model_dump_json(indent=2) + "\n").encode()


def study_of(folders: Sequence[Path]) -> Planned:
    """The study whose runs these folders hold. Raises BadInput where one holds none, or another than the first."""
    from simulator.evidence.file_names import is_file

    problems: list[Problem] = []
    contents: dict[Path, bytes] = {}
    for folder in folders:
        file = folder / STUDY
        if not is_file(file):
            problems.append(Problem(str(folder), STUDY, "missing", "an output folder of 'clti sensitivity'"))
        else:
            contents[folder] = file.read_bytes()
    first = next(iter(contents.values()), b"{}")
    for folder, content in contents.items():
        if content != first:
            problems.append(Problem(str(folder), STUDY, "another study", f"the study of {next(iter(contents))}"))
    if problems:
        raise BadInput(problems)
    try:
        tables = json.loads(first)
    except ValueError as error:
        allowed = "the file that 'clti sensitivity' wrote"
        raise BadInput([Problem(str(folders[0]), STUDY, str(error), allowed)]) from None
    return sweep_at(None, tables, str(folders[0] / STUDY))


def _made(planned: Planned, folder: str | Path | None, workers: int | None, progress: Progress | None) -> Runs:
    """Every run of a study, made where it is missing."""
    from simulator.valuation.lives import silent
    from simulator.work.disk import remove
    from simulator.work.processes import Threads

    place = Path(mkdtemp() if folder is None else folder)
    try:
        store = planned.store(place)
        with ExitStack() as stack:

            def started(plan: Plan) -> Advance:
                advance = stack.enter_context((progress or silent)("Runs", plan.runs))
                advance(plan.finished)
                return advance

            planned.execute(store, way=Threads() if workers is None else way_of(workers), started=started)
        return planned.runs(store)
    finally:
        if folder is None:
            remove(place)


@on_one_thread
def result_of(planned: Planned, runs: Runs, begun: tuple[datetime, float]) -> Result:
    """What finished runs say."""
    from simulator.questions.sweep.findings import findings
    from simulator.questions.sweep.policy_choice import choose
    from simulator.questions.sweep.policy_findings import policy_findings
    from simulator.questions.sweep.results import analyse
    from simulator.questions.sweep.sweep import Sweep

    if isinstance(planned, Sweep):
        found = findings(planned, runs, analyse(planned, runs))
    else:
        found = policy_findings(planned, runs, choose(planned, runs))
    return Result(found, begun, KEPT, ("sensitivity", STUDY))
