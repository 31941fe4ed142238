"""What every answer to the page shares: its parts, its seed, its months, and how numbers are written."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, TypeAlias

import numpy as np

from simulator.scenario import Scenario

Moved: TypeAlias = Mapping[str, Any]
Part: TypeAlias = dict[str, Any]
PAGE = "page"
"""What messages call a state of the page."""
SEED = 1
"""The seed that every command has unless one is given."""
MONTHS = 12
SHOWN_YEARS = 5
"""Years that curves show; lives go on to the horizon."""
PEOPLE = 10_000
"""People at the values in force, where draws of the evidence come beside them."""


def months(scenario: Scenario) -> list[float]:
    """Every month up to where curves end, and the time of the headline."""
    end = min(float(SHOWN_YEARS), scenario.horizon)
    every = (k / MONTHS for k in range(round(end * MONTHS) + 1))
    return sorted({*(t for t in every if t <= scenario.horizon), scenario.times[0]})


def the_two(reference: str, mine: str) -> list[str]:
    """The reference and the page's policy, once where they are the same."""
    return list(dict.fromkeys((reference, mine)))


def plain(value: Any) -> Any:
    """A value as JSON has it: lists for arrays, nothing for numbers that are not finite, seven decimals."""
    if isinstance(value, np.ndarray):
        return plain(value.tolist())
    if isinstance(value, Mapping):
        return {str(key): plain(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [plain(each) for each in value]
    if isinstance(value, np.generic):
        return plain(value.item())
    if isinstance(value, float):
        return round(value, 7) if math.isfinite(value) else None
    return value
