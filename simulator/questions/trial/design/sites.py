"""The sites of a trial: which one a patient comes from, and how its hospital differs from others."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from simulator.compiling import compiled
from simulator.evidence.hospitals import OFFSETS, REFERRAL, Hospitals, at_hospital, columns_of, load_hospitals
from simulator.questions.trial.design.accrual import PLACES
from simulator.rules.draws import uniform
from simulator.scenario.arrays import within_range
from simulator.words.luck import generator
from simulator.words.vocabulary import Stream

if TYPE_CHECKING:
    from simulator.questions.trial.design.design import Design
    from simulator.scenario import Scenario


@compiled
def sites_of(seed: int, first: int, open_sites: Any) -> Any:
    """The site (from 0) of each patient, one of the `open_sites` (trials, patients) at entry with equal chances."""
    out = np.zeros(open_sites.shape, np.int16)
    for j in range(out.shape[0]):
        for i in range(out.shape[1]):
            if open_sites[j, i] > 1:
                out[j, i] = int(uniform(seed, (first + j) * PLACES + i, Stream.ENTRY_DATE, 1) * open_sites[j, i])
    return out


def population_of(design: Design) -> Hospitals | None:
    """The population of hospitals that a design's sites are drawn from; None where they are alike."""
    return load_hospitals() if design.accrual.hospitals == "different" else None


def hospitals_in(design: Design) -> str:
    """What kept work knows a design's hospitals by."""
    found = population_of(design)
    return "" if found is None else found.digest


def site_offsets(population: Hospitals, sites: int, seed: int, first: int, trials: int) -> NDArray[np.float64]:
    """Offsets of the hospitals of trials first, first + 1, ..., shape (trials, sites, offsets).

    They are hospitals of consecutive people. Every trial has one row of the fit, so what is not known of the population is
    averaged over trials, and its own hospitals. The first sites of a trial do not depend on how many there are.
    """
    rows = np.empty((trials, sites), np.int64)
    luck = np.empty((trials, sites, len(OFFSETS) + 1))
    for j in range(trials):
        own = generator(seed, "sites of a trial", first + j)
        rows[j] = int(own.random() * len(population.rows))
        luck[j] = own.random(luck[j].shape)
    placed = population.placed(rows.reshape(-1), REFERRAL, luck.reshape(-1, luck.shape[-1]))
    return placed.reshape(trials, sites, len(OFFSETS))


def site_params(
    design: Design, scenario: Scenario, params: NDArray[np.void], seed: int, first: int, trials: int
) -> tuple[NDArray[np.void], int]:
    """Parameters that each site's patients live under, shape (trials * sites,), and the number of sites; as they were, and 0,
    where sites are alike."""
    population, sites = population_of(design), design.accrual.sites
    if population is None or sites is None:
        return params, 0
    offsets = site_offsets(population, sites, seed, first, trials).reshape(trials * sites, -1)
    of_each = np.repeat(np.broadcast_to(params, trials), sites)
    return within_range(at_hospital(of_each, columns_of(offsets)), scenario.register), sites
