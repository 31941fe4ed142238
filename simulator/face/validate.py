"""`sim.validate`: published studies re-enacted, what was observed against what is predicted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from simulator.face.asked import MOST_WORKERS, SMALL_SEEDS, Progress, check, way_of
from simulator.face.result import Result, now
from simulator.words.errors import BadInput, Problem, collected, said
from simulator.work.linear_algebra import on_one_thread

if TYPE_CHECKING:
    import pandas as pd

    from simulator.evidence.register import Register
    from simulator.questions.course import Course
    from simulator.questions.validate.structural import Structural, StructuralResult
    from simulator.questions.validate.validation import Validation
    from simulator.studies.study import Study
    from simulator.work.execution import Way

COURSE = "calibration/course.toml"
STRUCTURAL_PATIENTS = 20_000
UNFITTED = "No population of hospitals has been fitted (calibration/hospitals.csv): all are like the founding one."


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
    low, high; the naive competitor averages the other studies), ``held`` (whether intervals hold as many counts as they
    should, with the error by study), ``independent``, ``later``, ``directions``, ``worst``, and of
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
    from simulator.valuation.lives import silent

    begun, show = now(), progress or silent
    read = asked(studies, files, draws=draws, patients=patients, seed=seed, workers=workers)
    if read.course is not None:
        return _course(read.course, read.register, seed, show, begun)
    from simulator.evidence.hospitals import load_hospitals
    from simulator.evidence.posterior import spent
    from simulator.questions.registry.agreement.published_scores import never_computed
    from simulator.questions.validate.changed import changed
    from simulator.questions.validate.findings import findings
    from simulator.questions.validate.ladder import control_arm_ladder
    from simulator.words.findings import Origin

    whole = studies is None and not files
    beside = _beside(read.register, structural and whole, course and whole)
    hospitals = load_hospitals()
    way = way_of(workers) if way is None else way
    found = _predicted(read, draws, patients, seed, whole, keep, way, show)
    ladder = control_arm_ladder(read.studies, found.table, found.details, read.register, seed)
    structures, tables = _under_structures(beside.plan, seed, show)
    settings = {"draws": draws, "patients": patients, "studies": len(read.studies), "register": read.register.hash()}
    told = findings(
        found,
        ladder,
        structures,
        tables | _of_people(beside.figures, read.register, seed, whole),
        read.register,
        hospitals.offsets if hospitals is not None and whole else None,
        warnings=[word for word in (spent(read.register, draws), UNFITTED if hospitals is None else "") if word],
        origin=Origin(read.inputs | beside.inputs, seed, settings, changed(read.files, read.register)),
        refused=never_computed() if whole else (),
    )
    return Result(told, begun)


@dataclass(frozen=True)
class Asked:
    """What is to be predicted: studies by name, the register with a user's own therapies, and the files that were read.

    Without any study it is the course of the disease.
    """

    register: Register
    studies: Mapping[str, Study]
    files: tuple[Path, ...]
    inputs: dict[str, bytes]
    course: Course | None = None


def asked(
    studies: Sequence[str] | None = None,
    files: Sequence[str | Path] = (),
    *,
    draws: int = 2,
    patients: int = 10,
    seed: int = 1,
    workers: int | None = None,
) -> Asked:
    """The studies that are meant. Raises BadInput with all that is wrong with them and with the numbers."""
    from simulator.evidence import load_register
    from simulator.questions.course import load_course
    from simulator.questions.validate.own_therapies import with_own_therapies
    from simulator.studies.reading import load_studies

    problems = [
        Problem("validate", key, said(names), f"a list of names, as in [{names!r}]")
        for key, names in (("studies", studies), ("files", files))
        if isinstance(names, str | Path) or not (names is None or isinstance(names, Sequence))
    ]
    numbers = {"draws": (draws, 2, 100_000), "patients": (patients, 10, 4_000), "seed": (seed, 0, SMALL_SEEDS - 1)}
    collected(lambda: check("validate", **numbers, workers=(workers, 1, MOST_WORKERS)), problems)
    if any(problem.key in {"studies", "files"} for problem in problems):
        raise BadInput(problems)
    register = load_register()
    if studies is not None and not studies and not files:
        course = collected(lambda: load_course(register=register), problems)
        if problems:
            raise BadInput(problems)
        return Asked(register, {}, (), {}, course)
    own = tuple(Path(file) for file in files)
    (register, inputs) = collected(lambda: with_own_therapies(register, own), problems) or (register, {})
    read = collected(lambda: load_studies(register, studies or (), own), problems)
    if problems or read is None:
        raise BadInput(problems)
    return Asked(register, read[0], own, inputs | read[1])


@dataclass(frozen=True)
class _Beside:
    """What is looked at beside the studies: structural alternatives, the course of the disease; and the files of both."""

    plan: Structural | None
    figures: Course | None
    inputs: dict[str, bytes]


def _beside(register: Register, structural: bool, course: bool) -> _Beside:
    from simulator.questions.course import load_course
    from simulator.questions.validate.structural import load_structural
    from simulator.studies.reading import evidence_files

    plan, inputs = load_structural() if structural else (None, {})
    figures = load_course(register=register) if course else None
    if figures is not None:
        inputs = inputs | {COURSE: figures.content}
    return _Beside(plan, figures, inputs | evidence_files())


def _predicted(
    read: Asked, draws: int, patients: int, seed: int, whole: bool, keep: bool, way: Way | None, show: Progress
) -> Validation:
    """Every study predicted, after a first small one that compiles what is not compiled yet."""
    from simulator.compiling import announced
    from simulator.questions.validate.validation import validate as predicted
    from simulator.studies.listed import load_listed
    from simulator.work.disk import cache_folder

    listed = load_listed(read.register.sources) if whole else {}
    with announced("the re-enactment of studies"):
        predicted(dict(list(read.studies.items())[:1]), {}, read.register, 2, 10, seed, founding=False)
    kept = cache_folder("predictions") if keep else None
    with show("Predicting studies", draws * len(read.studies)) as advance:
        return predicted(read.studies, listed, read.register, draws, patients, seed, whole, advance, kept, way)


def _under_structures(
    plan: Structural | None, seed: int, show: Progress
) -> tuple[StructuralResult | None, dict[str, pd.DataFrame]]:
    """The headline under each structural alternative, and with and without what series without controls say of treatment."""
    from simulator.evidence.hospitals import learned_response
    from simulator.questions.validate.open_series import with_and_without
    from simulator.questions.validate.structural import compare_structures

    if plan is None:
        return None, {}
    with show("Structural alternatives", len(plan.alternative)) as advance:
        found = compare_structures(plan, STRUCTURAL_PATIENTS, seed, advance)
    learned = learned_response()
    return found, {} if learned is None else {"open_series": with_and_without(learned, STRUCTURAL_PATIENTS, seed)}


def _of_people(figures: Course | None, register: Register, seed: int, whole: bool) -> dict[str, pd.DataFrame]:
    """What synthetic people are held to beside studies: how scores order them, and the course of the disease."""
    from simulator.questions.course import check as against
    from simulator.questions.registry.synthetic.synthetic_orders import synthetic_orders
    from simulator.scenario import load_scenario

    tables = {}
    if whole:
        tables["orders"] = synthetic_orders(load_scenario("base").with_(evidence={"centre": "founding"}), seed)
    if figures is not None:
        compared = against(figures, register, seed=seed)
        tables |= {"course": compared.table, "course_coverage": compared.coverage}
    return tables


def _course(figures: Course, register: Register, seed: int, show: Progress, begun: tuple[datetime, float]) -> Result:
    """The course of the disease without any study."""
    from simulator.questions.course import check as against
    from simulator.questions.course.findings import findings
    from simulator.studies.reading import evidence_files

    with show("Figures of the course", len(figures.figures)) as advance:
        found = against(figures, register, seed=seed, advance=advance)
    inputs = {COURSE: figures.content, **evidence_files()}
    return Result(findings(found, figures, register, inputs=inputs, seed=seed), begun)
