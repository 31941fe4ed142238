"""Utilities and norm by the EQ-5D value set of a scenario: switched together, or refused."""

from __future__ import annotations

from dataclasses import replace

from simulator.evidence.economics.perspective import Payer
from simulator.evidence.economics.population_norm import PopulationNorm, load_population_norm, norm_by
from simulator.evidence.economics.utilities import UtilitySet, load_utilities
from simulator.evidence.economics.value_sets import PUBLISHED, revalued_by
from simulator.scenario.economics import Economics
from simulator.words.errors import BadInput, Problem


def utilities_of(settings: Economics, file: str) -> UtilitySet:
    """The utility set by the value set of the scenario. Raises BadInput where it was not mapped to that."""
    found = load_utilities(settings.utility_set)
    try:
        return revalued_by(settings.value_set, found)
    except BadInput as bad:
        raise BadInput(replace(each, file=each.file or file) for each in bad.problems) from None


def norm_of(settings: Economics, payer: Payer, file: str) -> PopulationNorm:
    """The norm of the scenario, which is valued as its utilities are, or the payer's by their value set.

    Raises BadInput where there is none.
    """
    wanted, usual = settings.value_set, payer.population_norm
    if settings.population_norm is not None:
        norm = load_population_norm(settings.population_norm)
        if norm.value_set == wanted or (not norm.value_set and wanted == PUBLISHED):
            return norm
        said = f"by EQ-5D-{norm.value_set}" if norm.value_set else "by a value set that was not told"
        allowed = (
            f"a norm by value_set = {wanted}, because utilities and norm are switched together; this one is {said}"
        )
        raise BadInput([Problem(file, "population_norm", repr(settings.population_norm), allowed)])
    name = usual if wanted == PUBLISHED else norm_by(wanted, usual)
    if name is None:
        allowed = f"{PUBLISHED}: no norm of {payer.country} by {wanted} was read, and utilities and norm are switched together"
        raise BadInput([Problem(file, "value_set", repr(wanted), allowed)])
    return load_population_norm(name)
