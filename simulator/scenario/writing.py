"""A scenario written down: the file that `load_scenario` reads back as the same scenario, holding nothing but what differs."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import takewhile
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

import tomli_w

from simulator.scenario.inheritance import BASE, OWN, Layer, Table, merged
from simulator.words.errors import BadInput, Problem

if TYPE_CHECKING:
    from simulator.scenario.scenario import Scenario

SHIPPED = "scenarios/"
"""How the names of shipped files begin."""
TABLE = "patients (a table)"
"""What messages call real patients that did not come from a file."""


def difference(scenario: Scenario) -> Table:
    """What distinguishes a scenario from the shipped one that it stands on, in the words of a scenario's file.

    Raises BadInput for a scenario with a table of patients that has no file.
    """
    read = scenario.read
    assert read is not None, "a scenario as load_scenario or with_ gave it"
    shipped = list(takewhile(lambda layer: layer.content and layer.name.startswith(SHIPPED), read.layers))
    below, above = _merged(shipped), _merged(read.layers[len(shipped) :])
    settings = scenario.settings
    csv = settings.population.csv
    if csv == TABLE:
        raise BadInput([Problem("scenario", "population.csv", csv, "a file of patients; save the table first")])
    named = {"label": settings.label, "description": settings.description}
    chosen: Table = {"compare": list(settings.compare), "reference": settings.reference}
    lower = {**below, "compare": list(below["compare"])}
    changed = _without(merged(above, chosen), lower)
    for key in OWN:
        changed.pop(key, None)
    if policies := changed.pop("policies", None):
        whole = {name: above["policies"][name] for name in policies}
        changed["policies"] = {name: _policy(table, scenario) for name, table in whole.items()}
    base = PurePosixPath(shipped[-1].name).stem if shipped else BASE
    return {"extends": base, **{key: text for key, text in named.items() if text}, **changed}


def toml_of(scenario: Scenario) -> str:
    """`difference` as the text of a TOML file."""
    return tomli_w.dumps(_plain(difference(scenario)))


def _merged(layers: list[Layer] | tuple[Layer, ...]) -> Table:
    table: Table = {}
    for layer in layers:
        table = merged(table, layer.table)
    return table


def _without(above: Mapping[str, Any], below: Mapping[str, Any]) -> Table:
    """The keys of a table whose values are not those of the table below it."""
    kept: Table = {}
    for key, value in above.items():
        other = below.get(key)
        if isinstance(value, Mapping) and isinstance(other, Mapping):
            if inner := _without(value, other):
                kept[key] = inner
        elif key not in below or _plain(value) != _plain(other):
            kept[key] = value
    return kept


def _policy(table: Mapping[str, Any], scenario: Scenario) -> Table:
    """A policy's own table without what the policy that it extends says already."""
    parent = scenario.policies.get(table.get("extends", ""))
    words = {key: value for key, value in table.items() if key in OWN}
    rest = {key: value for key, value in table.items() if key not in OWN}
    return words | (rest if parent is None else _without(rest, parent.model_dump()))


def _plain(value: Any) -> Any:
    """A value as TOML has it: lists for tuples, and nothing for what is not set."""
    if isinstance(value, Mapping):
        return {key: _plain(each) for key, each in value.items() if each is not None}
    return [_plain(each) for each in value] if isinstance(value, list | tuple) else value
