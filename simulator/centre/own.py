"""A hospital that has counted: its offsets given its own numbers and the population of hospitals."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache

import numpy as np
from numpy.typing import NDArray

from simulator.centre.atoms import Atoms, atoms
from simulator.centre.offsets import informed, own_atoms, own_offsets, wide_prior
from simulator.centre.surface import study_surface
from simulator.evidence.hospitals import FIELDS, HIGHEST, OFFSETS, POPULATION, Kind, columns_of, load_hospitals
from simulator.evidence.posterior import parameter_draws, posterior_table
from simulator.evidence.register import Register, load_register
from simulator.scenario import Scenario
from simulator.scenario.arrays import parameter_draws as engine_draws
from simulator.scenario.settings import OwnCounts, OwnOffsets
from simulator.studies.study import Group, Quantity, Study
from simulator.words.errors import BadInput, Problem
from simulator.words.luck import generator, seed_of
from simulator.work.disk import cache_folder
from simulator.work.store import Store, forget_oldest

Array = NDArray[np.float64]
KEY = "own hospital"
MEASURES = {"amputations": "major_amputation", "deaths": "death", "healed": "healing_without_amputation"}
ROWS = 1_000
PARTICLES, POINTS, LIVES, ATOMS = 64, 32, 500, 2_000
"""Sizes of a surface that somebody waits for."""
MOST_KEPT = 50_000_000
"""Bytes of shares of lives that are kept between runs: about a thousand hospitals."""
SEED = 1
"""Of the lives that read the counts: a hospital is where it is, whatever the seed of the patients."""


def as_study(scenario: Scenario, counts: OwnCounts) -> Study:
    """A hospital's counts as a study of its case mix, which is that of the scenario, under conservative care."""
    quantities = []
    for name, measure in MEASURES.items():
        count = getattr(counts, name)
        if count is not None:
            written = {"name": name, "measure": measure, "groups": ("people",), "at_years": counts.years}
            quantities.append(
                Quantity.model_validate({**written, "events": count[0], "n": count[1], "evidence": "published"})
            )
    settings = scenario.settings
    return Study(
        label="Own hospital",
        grade="A",
        kind="natural history",
        citation="own counts",
        description="The hospital's own counts.",
        follow_up_years=counts.years,
        life_table=settings.life_table,
        entry=settings.entry,
        groups={"people": Group(n=max(q.n or 1 for q in quantities))},
        quantity=tuple(quantities),
    )


def at_its_centre(scenario: Scenario, counted: Scenario | None = None) -> Scenario:
    """The scenario at the hospital of its own counts, if it has any; any other as it is.

    The counts are of the people of `counted`, where the scenario narrows those of a hospital that it did not count among.

    Draws of the clinical parameters and of the offsets are joint, because a hospital's counts speak of both together; the
    point values are the usual ones with the offsets that go with them. Raises BadInput where no population of hospitals has
    been fitted.
    """
    counts = scenario.settings.evidence.centre
    if isinstance(counts, str) or scenario.register.joint:
        return scenario
    if isinstance(counts, OwnOffsets):
        return _with(scenario, by_its_people(counts))
    if load_hospitals() is None:
        raise BadInput([Problem("evidence", "centre", POPULATION, "a fitted one: clti calibrate --hospitals")])
    return _with(scenario, _located(_Counted(as_study(counted or scenario, counts), scenario.register, scenario.view)))


def _with(scenario: Scenario, found: Located) -> Scenario:
    fixed = scenario.settings.parameters
    point = {name: value for name, value in found.point.items() if name not in fixed}
    joint = {name: rows for name, rows in found.joint.items() if name not in fixed}
    return replace(scenario, register=scenario.register.with_joint(joint, point))


def evidence_of_draws() -> str:
    """Names the draws of the clinical parameters that a hospital's own rows go with."""
    table = posterior_table()
    content = b"" if table is None else table.to_csv(index=False).encode()
    return hashlib.sha256(load_register().hash().encode() + content).hexdigest()[:16]


def by_its_people(own: OwnOffsets) -> Located:
    """The rows of a hospital's file beside the draws of the clinical parameters that they were fitted with.

    Raises BadInput where the evidence has changed since.
    """
    if own.evidence != evidence_of_draws():
        allowed = "a file of the present evidence: run clti patients again"
        raise BadInput([Problem("evidence", "centre.evidence", repr(own.evidence), allowed)])
    each = len(own.amputation) // own.draws
    drawn = draws_of_people(own.draws)
    names = [name for name in drawn.dtype.names or () if np.ptp(drawn[name]) > 0.0]
    joint = {name: np.repeat(np.asarray(drawn[name]), each) for name in names}
    joint |= {FIELDS[name]: np.array(getattr(own, name)) for name in OFFSETS}
    return Located(joint, {FIELDS[name]: value for name, value in zip(OFFSETS, own.point, strict=True)})


def draws_of_people(draws: int) -> NDArray[np.void]:
    """Draws of the clinical parameters (draws,) that the offsets of a hospital's own people are fitted with."""
    return parameter_draws(load_register(), draws, seed_of(SEED, "own people") >> 1)


def most_central(offsets: Array) -> Array:
    """The row nearest the mean, in units of each offset's SD: offsets that explain the counts lie on a curve, their mean not."""
    distance = (((offsets - offsets.mean(axis=0)) / np.maximum(offsets.std(axis=0), 1e-9)) ** 2).sum(axis=1)
    return np.asarray(offsets[int(np.argmin(distance))])


@dataclass(frozen=True, eq=False)
class _Counted:
    """All that decides where a hospital lies; which policies are compared there, for how long and in how many people does not."""

    study: Study
    register: Register
    view: str

    @cached_property
    def key(self) -> tuple[str, str, str]:
        return self.study.model_dump_json(), self.register.hash(), self.view

    def __hash__(self) -> int:
        return hash(self.key)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Counted) and other.key == self.key


@dataclass(frozen=True, eq=False)
class Located:
    """Where a hospital lies: joint rows of all varying parameters and offsets, and the offsets at the point values."""

    joint: dict[str, Array]
    point: dict[str, float]


@lru_cache(maxsize=8)
def _located(asked: _Counted) -> Located:
    study, register, view, population = asked.study, asked.register, asked.view, load_hospitals()
    assert population is not None
    wide = wide_prior(population.rows)
    folder = cache_folder("hospitals")
    store = None if folder is None else Store(folder, spare=True)

    def atoms_at(draws: NDArray[np.void], sizes: tuple[int, int, int]) -> Atoms:
        surface = study_surface(KEY, study, register, SEED, store, sizes, draws=draws)
        return atoms(surface, *wide, ATOMS, generator(SEED, KEY, "atoms"))

    drawn = parameter_draws(register, PARTICLES, SEED)
    each = atoms_at(engine_draws(register, view, drawn), (PARTICLES, POINTS, LIVES))
    offsets, places = own_atoms(
        population, each, Kind(), ROWS, generator(SEED, KEY), informed(population, each, Kind())
    )
    assert each.particle is not None
    particle = each.particle[places]
    joint = {name: np.asarray(drawn[name])[particle] for name in register.names() if np.ptp(drawn[name]) > 0.0}
    joint |= {FIELDS[name]: np.clip(rows, -HIGHEST, HIGHEST) for name, rows in columns_of(offsets).items()}
    alone = atoms_at(engine_draws(register, view), (1, 4 * POINTS, 8 * LIVES))
    weights = informed(population, alone, Kind())
    point = most_central(own_offsets(population, alone, Kind(), ROWS, generator(SEED, KEY), weights))
    if folder is not None:
        forget_oldest(folder, MOST_KEPT)
    return Located(joint, {FIELDS[name]: float(value) for name, value in zip(OFFSETS, point, strict=True)})
