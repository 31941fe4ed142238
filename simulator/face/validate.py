"""`sim.validate`: published studies re-enacted, what was observed against what is predicted."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from simulator.face.asked import MOST_WORKERS, SMALL_SEEDS, Progress, check, way_of
from simulator.face.result import Result, now
from simulator.words.errors import BadInput, Problem, said
from simulator.work.linear_algebra import on_one_thread

if TYPE_CHECKING:
    import pandas as pd

    from simulator.evidence.register import Register
    from simulator.work.execution import Way

COURSE = "calibration/course.toml"
STRUCTURAL_PATIENTS = 20_000


@on_one_thread
def validate(
    studies: Sequence[str] | None = None,
    *,
    files: Sequence[str | Path] = (),
    draws: int = 1_000,
    patients: int = 400,
    structural: bool = True,
    course: bool = True,
    seed: int = 1,
    keep: bool = True,
    workers: int | None = None,
    progress: Progress | None = None,
    way: Way | None = None,
) -> Result:
    """Predict published studies that the model was not fitted to, and find which numbers it misses.

    `studies` are names of shipped ones, `files` study files (TOML) of your own; without either every shipped study is
    predicted, then also with `structural` alternatives of the model, and the `course` of the disease is set beside published
    figures. ``studies=[]`` without files leaves the course alone. Each study is predicted for a hospital drawn from the
    population of hospitals without the study's own numbers. Each of the joint `draws` of the clinical parameters has at least
    so many `patients` in each group. Predictions are kept in the cache unless `keep` is off. `workers` processes (or a `way`
    of the command line) decide how long it takes and nothing else.

    Tables of the result: ``validation`` (study, quantity, observed and predicted with 95% limits, inside), ``quantities``,
    ``coverage``, ``counts`` (each scored count with its transform and scores), ``scores`` (score, model, naive, difference,
    low, high; the naive competitor averages the other studies), ``independent``, ``later``, ``directions``, ``worst``, and of
    all studies ``ladder``, ``structural``, ``structural_refits``, ``open_series`` (the headline with and without what series
    without controls say of treatment); of the course ``course`` and ``course_coverage``; ``orders``, how published scores and
    the model's own risks order synthetic people. Shares are 0 to 1, times years, TcPO2 mmHg.

    Raises BadInput with everything that is wrong with the studies or with what was asked for.

    >>> import simulator as sim
    >>> sim.validate("tamaris")
    Traceback (most recent call last):
    simulator.words.errors.BadInput: 1 problem(s) in the input:
      validate: studies = 'tamaris'; allowed: a list of names, as in ['tamaris']
    """
    from simulator.evidence import load_register

    begun = now()
    for key, names in (("studies", studies), ("files", files)):
        if isinstance(names, str | Path) or not (names is None or isinstance(names, Sequence)):
            raise BadInput([Problem("validate", key, said(names), f"a list of names, as in [{names!r}]")])
    check(
        "validate",
        draws=(draws, 2, 100_000),
        patients=(patients, 10, 4_000),
        seed=(seed, 0, SMALL_SEEDS - 1),
        workers=(workers, 1, MOST_WORKERS),
    )
    register = load_register()
    if studies is not None and not studies and not files:
        return _course(register, seed, progress, begun)
    from simulator.compiling import announced
    from simulator.evidence.hospitals import POPULATION, learned_response, load_hospitals
    from simulator.evidence.posterior import spent
    from simulator.questions.course import check as against
    from simulator.questions.course import load_course
    from simulator.questions.registry.published_scores import never_computed
    from simulator.questions.registry.synthetic_orders import synthetic_orders
    from simulator.questions.validate import evidence_files, load_listed, load_studies
    from simulator.questions.validate import validate as validated
    from simulator.questions.validate.changed import changed
    from simulator.questions.validate.findings import findings
    from simulator.questions.validate.ladder import control_arm_ladder
    from simulator.questions.validate.open_series import with_and_without
    from simulator.questions.validate.own_therapies import with_own_therapies
    from simulator.questions.validate.structural import compare_structures, load_structural
    from simulator.questions.value.lives import silent
    from simulator.scenario import load_scenario
    from simulator.work.disk import cache_folder

    whole = studies is None and not files
    own = tuple(Path(file) for file in files)
    register, inputs = with_own_therapies(register, own)
    chosen, read = load_studies(register, studies or (), own)
    inputs |= read
    plan = figures = None
    if structural and whole:
        plan, read = load_structural()
        inputs |= read
    if course and whole:
        figures = load_course(register=register)
        inputs[COURSE] = figures.content
    inputs |= evidence_files()
    warnings = [word for word in [spent(register, draws)] if word]
    hospitals = load_hospitals()
    if hospitals is None:
        warnings.append(
            f"No population of hospitals has been fitted (calibration/{POPULATION}): all are like the founding one."
        )
    show = progress or silent
    listed = load_listed(register.sources) if whole else {}
    with announced("the re-enactment of studies"):
        validated(dict(list(chosen.items())[:1]), {}, register, 2, 10, seed, founding=False)
    kept = cache_folder("predictions") if keep else None
    way = way_of(workers) if way is None else way
    with show("Predicting studies", draws * len(chosen)) as advance:
        found = validated(chosen, listed, register, draws, patients, seed, whole, advance, kept, way)
    ladder = control_arm_ladder(chosen, found.table, found.details, register, seed)
    structures = None
    if plan is not None:
        with show("Structural alternatives", len(plan.alternative)) as advance:
            structures = compare_structures(plan, STRUCTURAL_PATIENTS, seed, advance)
    tables: dict[str, pd.DataFrame] = {}
    learned = learned_response()
    if plan is not None and learned is not None:
        tables["open_series"] = with_and_without(learned, STRUCTURAL_PATIENTS, seed)
    if whole:
        tables["orders"] = synthetic_orders(load_scenario("base").with_(evidence={"centre": "founding"}), seed)
    compared = None if figures is None else against(figures, register, seed=seed)
    settings = {"draws": draws, "patients": patients, "studies": len(chosen), "register": register.hash()}
    told = findings(
        found,
        ladder,
        structures,
        tables if compared is None else {**tables, "course": compared.table, "course_coverage": compared.coverage},
        register,
        hospitals.offsets if hospitals is not None and whole else None,
        warnings=warnings,
        changed=changed(own, register),
        inputs=inputs,
        seed=seed,
        settings=settings,
        refused=never_computed() if whole else (),
    )
    return Result(told, begun)


def _course(register: Register, seed: int, progress: Progress | None, begun: tuple[datetime, float]) -> Result:
    """The course of the disease without any study."""
    from simulator.questions.course import check as against
    from simulator.questions.course import load_course
    from simulator.questions.course.findings import findings
    from simulator.questions.validate import evidence_files
    from simulator.questions.value.lives import silent

    figures = load_course(register=register)
    with (progress or silent)("Figures of the course", len(figures.figures)) as advance:
        found = against(figures, register, seed=seed, advance=advance)
    inputs = {COURSE: figures.content, **evidence_files()}
    return Result(findings(found, figures, register, inputs=inputs, seed=seed), begun)
