"""What is assumed of the population of hospitals before any study is read."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from simulator.evidence.hospitals import RATES
from simulator.evidence.parameter import Grade
from simulator.evidence.reading import Frozen, checked, read_toml, spelled
from simulator.evidence.shipped import shipped
from simulator.words.errors import BadInput, Problem

FILE = "hospitals_prior.toml"


class Assumed(Frozen):
    """A number of the prior with its origin."""

    value: Annotated[float, Field(gt=0.0)]
    unit: str
    grade: Grade
    source: list[str] = Field(default_factory=list)
    note: str


class Prior(Frozen):
    """The numbers of `calibration/hospitals_prior.toml`, which say what each means."""

    mean_sd: Assumed
    sd_scale: Assumed
    sd_floor_amputation: Assumed
    sd_floor_healing: Assumed
    sd_floor_death: Assumed
    chosen_sd: Assumed
    trial_sd: Assumed
    decade_sd: Assumed
    response_sd_scale: Assumed
    correlation_concentration: Assumed
    tails_mean: Assumed


def load_prior(path: Path | None = None) -> dict[str, float]:
    """The numbers of the prior by name, from the folder `path` (default: the shipped calibration). Raises BadInput."""
    root = path or shipped("calibration")
    called = spelled(root / FILE, root)
    problems: list[Problem] = []
    table = read_toml(root / FILE, called, problems)
    found = None if problems else checked(Prior, table, called, "", problems)
    if found is None:
        raise BadInput(problems)
    return {name: each.value for name, each in found}


def sd_floor(prior: Mapping[str, float]) -> NDArray[np.float64]:
    """Between hospitals of one country that know their case mix: what every SD holds at least, shape (rates,)."""
    return np.array([prior[f"sd_floor_{name}"] for name in RATES])
