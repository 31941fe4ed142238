"""A therapy as its file writes it: what it does to a limb, to whom, at what price, each number with its evidence.

`calibration/therapies/NAME.toml` holds a shipped therapy, `[therapies.NAME]` of a scenario a user's own. Both are read and
checked alike. Their numbers join the register under names of their own, so that draws, sensitivity, reliance and a scenario's
`[parameters]` treat them like any other.
"""

from __future__ import annotations

import keyword
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Literal
from zlib import crc32

from pydantic import BeforeValidator, Field

from simulator.evidence.parameter import Parameter, as_tuple, read_parameter
from simulator.evidence.reading import Frozen, checked
from simulator.evidence.sources import Source
from simulator.evidence.therapies.therapy_faults import MULTIPLIERS, combination_faults
from simulator.evidence.therapies.therapy_numbers import NUMBERS, OF_CELLS, OF_PROCEDURES, VIEWS, of_view
from simulator.words.errors import Problem, nearest
from simulator.words.label import Label, label_from
from simulator.words.vocabulary import Event

GROUP = "therapies"
"""Group of the register that holds the numbers of therapies."""
MOST_THERAPIES = 24
"""Therapies that a scenario may know: what an engine's record of the parameters has room for."""
NAME = r"[a-z][a-z0-9_]{0,39}"
CELLS = "cells"
"""What a step calls the policy's cell therapy, so that no therapy may be called so."""
EVENTS = frozenset(event.name.lower() for event in Event)
"""Words of event histories, which a therapy and the loss of what it gained may not take for themselves."""
MONEY = r"([A-Z]{3}) per [^,]+, (\d{4})"
"""Unit of a therapy's own price: currency, what it is for, and the year of the money."""

Kind = Literal["procedure", "cell_product", "cell_route"]
Unit = Literal["procedure", "session", "complication", "limb"]


def _loss_word(value: object) -> object:
    """What a loss is called, if histories have no other event of that name."""
    if isinstance(value, str) and (not re.fullmatch(NAME, value) or value in EVENTS):
        raise ValueError("a word of at most 40 small letters, digits and _, a letter first, that no other event has")
    return value


class Charge(Frozen):
    """A price that a therapy causes: for each procedure, each session, each complication, or once in a limb.

    `price` names a price of the therapy's own or of the payer. `times` are prices that multiply it, such as hours.
    """

    price: str
    per: Unit = "procedure"
    category: Label | None = None
    times: Annotated[tuple[str, ...], BeforeValidator(as_tuple)] = ()


class Record(Frozen):
    """A therapy's file.

    `lost` is what the loss of what it gained is called. `both_channels` says why a rise of TcPO2 stands beside a direct
    hazard ratio, without which an effect would count twice. `slots` is how many slots it takes where
    they are scarce; 0 if it needs none. `made_on_site` marks cells that a centre makes itself.
    """

    label: Label = "?"
    description: str = ""
    note: str = ""
    kind: Kind = "procedure"
    lost: Annotated[str, BeforeValidator(_loss_word), Field(pattern=f"^{NAME}$")] | None = None
    both_channels: str = ""
    slots: Annotated[float, Field(ge=0, le=50)] = 1.0
    made_on_site: bool = False
    eligibility: dict[str, Any] = Field(default_factory=dict)
    numbers: dict[str, Any] = Field(default_factory=dict)
    prices: dict[str, Any] = Field(default_factory=dict)
    charges: Annotated[tuple[Charge, ...], BeforeValidator(as_tuple)] = ()
    sources: dict[str, Source] = Field(default_factory=dict)


@dataclass(frozen=True)
class Therapy:
    """A checked therapy. `names` maps each number (of a view: ``amputation_hr_central``) to its name in the register;
    `prices` are the therapy's own, in the money of `price_money` (currency and year)."""

    name: str
    record: Record
    names: Mapping[str, str]
    prices: tuple[Parameter, ...] = ()

    @property
    def label(self) -> str:
        """What people call it."""
        return self.record.label

    @property
    def lost(self) -> str:
        """What an event history calls the loss of what it gained."""
        return self.record.lost or f"{self.name}_lost"

    @property
    def luck(self) -> int:
        """What keeps the draws of different therapies apart. Angioplasty's are those of the first releases."""
        return 0 if self.name == "angioplasty" else 16 * (1 + crc32(self.name.encode()) % 0xFFFFFF)

    def parameter(self, number: str, view: str) -> str | None:
        """The register's name of a number in an evidence view; None for one that does nothing."""
        return self.names.get(number) or self.names.get(f"{number}_{view}")

    def parameters(self, number: str) -> list[str]:
        """The register's names of a number, of every view that has one of its own."""
        return [name for key, name in self.names.items() if of_view(key)[0] == number]


def name_fault(name: str) -> str | None:
    """What a therapy's name has to be, if this one is not."""
    if re.fullmatch(NAME, name) and not keyword.iskeyword(name) and name != CELLS and name not in EVENTS:
        return None
    return f"a name of at most 40 small letters, digits and _, a letter first, that is no event's and not {CELLS!r}"


def read_therapy(
    name: str, table: object, sources: Mapping[str, Source], file: str, key: str, problems: list[Problem]
) -> tuple[Therapy, list[Parameter]] | None:
    """A therapy and its numbers from its TOML table, or None with all of its faults appended to `problems`."""
    before = len(problems)
    if allowed := name_fault(name):
        problems.append(Problem(file, key or "name", repr(name), allowed))
        return None
    prefix = f"{key}." if key else ""
    record = checked(Record, table, file, key, problems)
    raw: Mapping[str, Any] = table if isinstance(table, Mapping) else {}
    own = raw.get("sources")
    known = {*sources, *(own if isinstance(own, Mapping) else ())}
    kind = str(raw.get("kind", "procedure"))
    numbers, names = _numbers(name, kind, raw.get("numbers", {}), known, file, prefix, problems)
    prices = _prices(raw.get("prices", {}), known, file, prefix, problems)
    for part, value, allowed in combination_faults(raw, numbers):
        problems.append(Problem(file, f"{prefix}{part}", value, allowed))
    if record is None or len(problems) > before:
        return None
    if record.label == "?":
        record = record.model_copy(update={"label": label_from(name.replace("_", " ").capitalize())})
    return Therapy(name, record, names, tuple(prices)), list(numbers.values())


def _numbers(
    name: str,
    kind: str,
    tables: object,
    sources: Collection[str],
    file: str,
    prefix: str,
    problems: list[Problem],
) -> tuple[dict[str, Parameter], dict[str, str]]:
    """Each number as a parameter of the register, and its name there, by its key."""
    if not isinstance(tables, Mapping):
        return {}, {}
    usable = OF_PROCEDURES if kind == "procedure" else OF_CELLS
    found: dict[str, Parameter] = {}
    names: dict[str, str] = {}
    for key, written in tables.items():
        number, view = of_view(key)
        where = f"{prefix}numbers.{key}"
        if number not in usable:
            allowed = f"{nearest(number, usable)}; what no number says needs a rule: CONTRIBUTING.md, A new therapy"
            problems.append(Problem(file, where, "unknown number", allowed))
            continue
        if view and not all(f"{number}_{each}" in tables for each in VIEWS):
            missing = [f"{number}_{each}" for each in VIEWS if f"{number}_{each}" not in tables]
            problems.append(Problem(file, where, "one view alone", f"every view; missing: {', '.join(missing)}"))
        if view and number in tables:
            problems.append(Problem(file, where, "beside one for all views", f"{number}, or one number for each view"))
        if not isinstance(written, Mapping):
            problems.append(Problem(file, where, repr(written), "a table with value, grade, source and note"))
            continue
        about = NUMBERS[number]
        table = dict(written)
        called = table.pop("name", f"{name}_{key}")
        usual: dict[str, Any] = {
            "label": f"{label_from(name.replace('_', ' ').capitalize())}: {about.label[0].lower()}{about.label[1:]}"[
                :100
            ],
            "unit": about.unit,
            "distribution": {"kind": "fixed"},
            "range": [about.low, about.high if about.high < 1e300 else 36500.0],
            "source": [],
        }
        parameter = read_parameter(str(called), GROUP, usual | table, sources, file, where, problems)
        if parameter is None:
            continue
        for end in parameter.range:
            if not about.low <= end <= about.high:
                problems.append(Problem(file, f"{where}.range", f"{end:g}", f"within {about.low:g} to {about.high:g}"))
        if parameter.unit != about.unit and not parameter.unit.startswith(about.unit):
            problems.append(Problem(file, f"{where}.unit", repr(parameter.unit), repr(about.unit)))
        found[key], names[key] = parameter, str(called)
    return found, names


def _prices(
    tables: object, sources: Collection[str], file: str, prefix: str, problems: list[Problem]
) -> list[Parameter]:
    """The therapy's own prices. Their unit begins with the currency and ends with the year: ``EUR per session, 2024``."""
    if not isinstance(tables, Mapping):
        return []
    found = []
    for name, table in tables.items():
        where = f"{prefix}prices.{name}"
        usual: dict[str, Any] = {"label": label_from(str(name).replace("_", " ").capitalize()), "source": []}
        usual |= {"range": [0.0, float("inf")], "distribution": {"kind": "fixed"}}
        written = usual | dict(table) if isinstance(table, Mapping) else table
        parameter = read_parameter(str(name), GROUP, written, sources, file, where, problems)
        if parameter is None:
            continue
        if not re.fullmatch(MONEY, parameter.unit) and parameter.unit not in MULTIPLIERS:
            allowed = f"as in 'EUR per session, 2024', or for what multiplies a price {', '.join(MULTIPLIERS)}"
            problems.append(Problem(file, f"{where}.unit", repr(parameter.unit), allowed))
        if parameter.range[0] < 0:
            problems.append(Problem(file, f"{where}.range", f"{parameter.range[0]:g}", "0 or more"))
        found.append(parameter)
    return found
