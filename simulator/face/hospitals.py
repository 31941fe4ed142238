"""The fit of the population of hospitals, and what a new study would change in it."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from tempfile import mkdtemp
from typing import TYPE_CHECKING

from simulator.face.asked import SMALL_SEEDS, Progress, check
from simulator.face.result import Result, now
from simulator.words.errors import BadInput, Problem
from simulator.work.disk import remove
from simulator.work.linear_algebra import on_one_thread

if TYPE_CHECKING:
    from simulator.work.store import Store

HEADLINE_PATIENTS = 20_000
"""Who the headline is computed in, with and without what open series say of treatment."""


def work_in(folder: Path) -> Store:
    """Where lives of studies are kept in a folder; each piece is named by all that decided it."""
    from simulator.work.store import Store

    return Store(folder / "work-hospitals")


@on_one_thread
def hospitals(
    *,
    smoke: bool = False,
    cohorts: int = 0,
    seed: int = 1,
    folder: str | Path | None = None,
    progress: Progress | None = None,
) -> Result:
    """Fit the population of hospitals to the published studies, each left out in turn for its own prediction.

    A fit takes under an hour on two cores, with `smoke` a rough one two minutes. Lives that were simulated and synthetic
    literatures that were analysed are kept in `folder`, where an interrupted fit goes on. Needs the extra ``refit`` (NumPyro).

    Tables of the result: ``hospitals`` (joint draws: means, SDs, correlations, tails), ``offsets`` (study, offset, mean, low,
    high: log ratios to the founding hospital), ``structures`` (log score of each with the difference to the best, weight in
    the average), ``open_series`` (the headline with and without what series without controls say of treatment); with `cohorts`
    synthetic literatures ``ranks`` and ``uniformity``. The ``texts`` are the files of `calibration/`.
    """
    begun = now()
    check("calibrate", seed=(seed, 0, SMALL_SEEDS - 1), cohorts=(cohorts, 0, 2_000))
    place = Path(mkdtemp() if folder is None else folder)
    try:
        return fitted(work_in(place), smoke, cohorts, seed, progress, begun)
    finally:
        if folder is None:
            remove(place)


@on_one_thread
def fitted(
    work: Store,
    smoke: bool,
    cohorts: int,
    seed: int,
    progress: Progress | None,
    begun: tuple[datetime, float],
) -> Result:
    """The fit, with the lives that lie in `work` and those still missing."""
    from importlib.metadata import version

    from simulator.compiling import announced
    from simulator.evidence import load_register
    from simulator.questions.hospitals.check import ranks, uniformity
    from simulator.questions.hospitals.findings import findings
    from simulator.questions.hospitals.fit import ROUGH, Effort, fit, fitted_studies, texts
    from simulator.questions.hospitals.population import compiled_once
    from simulator.questions.validate.open_series import with_and_without
    from simulator.studies.prediction import draws_for, make_ready
    from simulator.studies.reading import evidence_files, load_studies
    from simulator.valuation.lives import silent
    from simulator.work.extras import check_extra

    check_extra("refit", "jax", "numpyro", question="calibrate", key="hospitals")
    register = load_register()
    studies, inputs = load_studies(register)
    used = fitted_studies(studies)
    with announced("the lives of studies"):
        first = next(iter(used))
        for group in make_ready(first, used[first], register, draws_for(register, 2, 1), 10, 1).values():
            import numpy as np

            group.setting.lives(group.params[0], group.policies[0], 0, 2, np.zeros(0))
    effort = ROUGH if smoke else Effort()
    with work.going_on(), (progress or silent)("Studies and samplings", len(used) + effort.samplings) as advance:
        found = fit(used, register, effort, seed, work, advance)
    mean, low, high = found.open_response
    provenance = {
        "method": "surfaces of each study's numbers, atoms, NUTS over the population of hospitals",
        "command": f"clti calibrate --hospitals --seed {seed}" + (" --smoke" if smoke else ""),
        "package": version("clti-simulator"),
        "structures averaged": ", ".join(
            f"{row['structure']} {row['weight']:.2f}" for row in found.structures.to_dict("records")
        ),
        "studies": len(used),
        "chains": found.told_chains,
        "response that open series would teach (log odds, not used)": f"{mean:.2f} ({low:.2f} to {high:.2f})",
    }
    made = texts(found, provenance)
    checked = {}
    if cohorts:
        kept = compiled_once(work.folder / "compiled")
        with work.going_on(), kept, (progress or silent)("Synthetic literatures", cohorts) as advance:
            checked["ranks"] = ranks(found.surfaces, cohorts, seed, advance, work)
        checked["uniformity"] = uniformity(checked["ranks"])

    checked["open_series"] = with_and_without(found.learned, HEADLINE_PATIENTS, seed, found.average)
    told = findings(found, used, checked, register, made, inputs=inputs | evidence_files(), seed=seed, smoke=smoke)
    return Result(told, begun, (f"{work.folder.name}/",))


@on_one_thread
def add_study(file: str | Path, *, seed: int = 1) -> Result:
    """What a new publication would change: the committed population of hospitals reweighted by a study's file, in seconds.

    Tables of the result: ``reweighted`` (quantity, before, after and their SDs: means and SDs of the hospitals' offsets) and
    ``study`` (offset, mean, low, high: where its own hospital lies). The fact ``effective`` is how many equally weighted rows
    the reweighted ones are worth, ``error`` how far off the log likelihood is by which they are weighed, ``refit`` whether a
    refit is due. A study that the committed fit has read already (by the
    name of its file) is taken out first and counts once. Nothing is written into the evidence.

    Raises BadInput with every fault of the file, and where no population of hospitals has been fitted.
    """
    from simulator.centre.surface import fitted_quantities
    from simulator.evidence import load_register
    from simulator.evidence.hospitals import POPULATION, load_hospitals
    from simulator.questions.hospitals.adding import added
    from simulator.questions.hospitals.findings import reweighted
    from simulator.questions.validate.changed import changed
    from simulator.questions.validate.own_therapies import with_own_therapies
    from simulator.studies.reading import evidence_files, load_studies
    from simulator.words.findings import Origin

    begun = now()
    check("calibrate", seed=(seed, 0, SMALL_SEEDS - 1))
    register = load_register()
    register, inputs = with_own_therapies(register, (Path(file),))
    studies, read = load_studies(register, (), (Path(file),))
    inputs |= read
    key, study = next(iter(studies.items()))
    population = load_hospitals()
    problems = []
    if population is None:
        problems.append(Problem("calibrate", "--add-study", POPULATION, "a fitted one: clti calibrate --hospitals"))
    if not fitted_quantities(study):
        allowed = "a file with a count (or a mean TcPO2) of grade A or B that was not recalled"
        problems.append(Problem(str(file), "quantity", "nothing that a fit reads", allowed))
    if problems or population is None:
        raise BadInput(problems)
    moved, own, effective, error = added(population, key, study, register, seed)
    told = reweighted(
        key,
        study,
        moved,
        own,
        effective,
        error,
        len(population.rows),
        register,
        origin=Origin(inputs | evidence_files(), seed, {"add_study": key}, changed((Path(file),), register)),
        known=key in population.left_out,
    )
    return Result(told, begun)
