"""`sim.sweep`: what drives the answer, by a study of parameters or policies."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from tempfile import mkdtemp
from typing import TYPE_CHECKING, Any

from simulator.face.asked import MOST_WORKERS, Progress, check, way_of
from simulator.face.collected import Collected, Folder
from simulator.face.result import now
from simulator.words.errors import BadInput, Problem

if TYPE_CHECKING:
    from simulator.questions.sweep.policy_sweep import PolicySweep
    from simulator.questions.sweep.sweep import Runs, Sweep
    from simulator.words.findings import Findings
    from simulator.work.execution import Advance, Plan

STUDY = "study.json"
"""What a reader calls the whole study."""


def sweep(
    study: str | Path | Mapping[str, Any],
    *,
    overrides: Mapping[str, Any] | None = None,
    folder: str | Path | None = None,
    workers: int | None = None,
    progress: Progress | None = None,
) -> Collected:
    """Run a sensitivity study: sample parameters, run the model, and rank what drives each output.

    `study` is a shipped name, a file (TOML) or the same tables as a dictionary: parameters, outputs, method (one_way, grid,
    morris, dgsm, sobol, fast, rbd_fast, pawn, regional, or policies, which compares policies over every combination of
    settings), size, seed. `overrides` replaces keys of it. Finished runs are kept in `folder`, where an interrupted study
    goes on and a larger one reuses them; without it they are not kept. `workers` processes decide how
    long it takes and nothing else.

    Tables of the result: ``indices``, ``noise``, and by method ``convergence``, ``ranking``, ``emulators``, ``emulated``; of
    policies ``choices``, ``cells``, ``losses``. ``runs`` has a row a run, and becomes Parquet.

    Raises BadInput with everything that is wrong with the study.

    >>> import simulator as sim
    >>> found = sim.sweep({
    ...     "method": "one_way", "size": 2, "seed": 1, "patients": 50, "model": {"kind": "clti"},
    ...     "outputs": ["difference(protocol, conservative).death@1"], "parameters": {"names": ["restenosis_rate"]},
    ... })
    >>> len(found.runs)
    3
    """
    from simulator.questions.sweep.policy_sweep import sweep_of
    from simulator.questions.sweep.study import study_tables
    from simulator.questions.sweep.sweep import Sweep
    from simulator.scenario.inheritance import merged

    begun = now()
    check("sweep", workers=(workers, 1, MOST_WORKERS))
    if not isinstance(study, str | Path | Mapping):
        raise BadInput(
            [Problem("sweep", "study", type(study).__name__, "a name, a file or a dictionary of its tables")]
        )
    tables, name = (study, "study") if isinstance(study, Mapping) else study_tables(study)
    planned = sweep_of(merged(tables, overrides or {}), name)
    runs = _made(planned, folder, workers, progress)
    return _indices(planned, runs, begun) if isinstance(planned, Sweep) else _choices(planned, runs, begun)


def _made(
    planned: Sweep | PolicySweep, folder: str | Path | None, workers: int | None, progress: Progress | None
) -> Runs:
    """Every run of a study, made where it is missing."""
    from simulator.questions.value.lives import silent
    from simulator.work.disk import remove

    place = Path(mkdtemp() if folder is None else folder)
    try:
        store = planned.store(place)
        with ExitStack() as stack:

            def started(plan: Plan) -> Advance:
                advance = stack.enter_context((progress or silent)("Runs", plan.runs))
                advance(plan.finished)
                return advance

            planned.execute(store, way=way_of(workers), started=started)
        return planned.runs(store)
    finally:
        if folder is None:
            remove(place)


def _indices(planned: Sweep, runs: Runs, begun: Any) -> Collected:
    from simulator.questions.sweep.results import analyse
    from simulator.telling.sensitivity import answer, tables_of, write_study

    results = analyse(planned, runs)

    def write(folder: Folder) -> None:
        write_study(folder, planned, runs, results)

    def printed() -> None:
        from simulator.telling.console import console, print_table
        from simulator.telling.sensitivity import ranking, reading
        from simulator.telling.sensitivity_figures import MOST

        for output in runs.outputs:
            table, formats, labels = reading(planned, ranking(planned, results, output))
            if len(table):
                print_table(table.head(MOST), f"{output}, strongest first", formats, labels=labels)
        console().print(answer(planned, results), soft_wrap=True)

    findings = _findings(planned, tables_of(planned, runs, results), results.warnings)
    return Collected(findings, write, lambda: answer(planned, results), printed, begun)


def _choices(planned: PolicySweep, runs: Runs, begun: Any) -> Collected:
    from simulator.questions.sweep.policy_choice import choose
    from simulator.telling.policy_sweep import answer, write_policy_sweep

    found = choose(planned, runs)

    def write(folder: Folder) -> None:
        write_policy_sweep(folder, planned, runs, found)

    def printed() -> None:
        from simulator.telling.console import console, print_table
        from simulator.telling.policy_sweep import cell_formats, labels

        title, cells = f"Best choice by {planned.study.by}", found.cells
        print_table(cells, title, cell_formats(cells), labels=labels(cells))
        console().print(answer(planned, found), soft_wrap=True)

    tables = {"choices": found.choices, "cells": found.cells, "losses": found.losses, "runs": runs.table()}
    return Collected(_findings(planned, tables, ()), write, lambda: answer(planned, found), printed, begun)


def _findings(planned: Sweep | PolicySweep, tables: Mapping[str, Any], notes: Any) -> Findings:
    from simulator.words.findings import Findings

    study = planned.study
    return Findings(
        "sweep",
        tables,
        {"warnings": [*planned.notes], "notes": [*notes], "changes": planned.changes},
        frozenset({"runs"}),
        {STUDY: (study.model_dump_json(indent=2) + "\n").encode()},
        study.seed,
        study.model_dump(mode="json"),
    )
