"""Where people and events are divided to be told of or recognised: numbers about people on which no life depends."""

from __future__ import annotations

from functools import cache
from typing import Annotated

from pydantic import BeforeValidator, Field

from simulator.evidence.cited_tables import cited_tables
from simulator.evidence.economics.perspective import Evidence
from simulator.evidence.parameter import as_tuple
from simulator.words.label import Label

FILE = "reporting.toml"


class Division(Evidence):
    """One or several numbers of a unit."""

    label: Annotated[str, Field(min_length=1)]
    value: Annotated[tuple[float, ...], BeforeValidator(as_tuple), Field(min_length=1)]
    unit: Label


@cache
def divisions() -> dict[str, Division]:
    """The numbers of `calibration/reporting.toml` by name. Raises BadInput with every fault."""
    return cited_tables(Division, FILE)


def divided(name: str) -> tuple[float, ...]:
    """The numbers of that name. Raises KeyError for an unknown one."""
    return divisions()[name].value


def division(name: str) -> float:
    """The only number of that name. Raises KeyError for an unknown one and ValueError where there are several."""
    (value,) = divided(name)
    return value
