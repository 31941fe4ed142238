"""What differs between a scenario and the shipped base: every key with its old value, its new one and where that was written."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, TypedDict

from simulator.evidence.economics.perspective import load_perspective
from simulator.evidence.economics.utilities import load_utilities
from simulator.evidence.economics.value_sets import revalued_by
from simulator.evidence.register import Register, load_register
from simulator.scenario.economics import Economics
from simulator.scenario.inheritance import OWN, written_in
from simulator.scenario.policy import Policy
from simulator.scenario.scenario import Scenario
from simulator.scenario.settings import Settings
from simulator.words.errors import BadInput

NAMED = "policies"
"""Where policies come from that a caller named instead of the file's."""
APART = ("parameters", "policies", "prices", "utilities")
"""Tables whose old values lie elsewhere than in the base."""


class Change(TypedDict):
    """One key that differs; None stands for what is not there. `written_in` names a file, or what a caller laid over it."""

    key: str
    old: Any
    new: Any
    written_in: str


def changes(scenario: Scenario, asked: Mapping[str, Any] | None = None) -> list[Change]:
    """Everything that decides the scenario's results and is not as in the shipped base, in the order of its files.

    A parameter's old value is the register's, a price's the payer's, a utility's the set's, and a key of a policy of one's
    own has that of the policy which it extends. `asked` holds what a caller decided beside the scenario, by key, as in
    ``{"population.patients": 500}``.
    """
    from simulator.scenario.loading import base_settings

    before, after = _flat(_shown(base_settings())), _flat(_shown(scenario.settings))
    found = [
        Change(key=key, old=before.get(key), new=after.get(key), written_in=_place(scenario, key))
        for key in dict.fromkeys([*after, *before])
        if before.get(key) != after.get(key)
    ]
    found += _numbers(scenario, "parameters", scenario.settings.parameters, load_register())
    for name in scenario.settings.policies:
        found += _policy(scenario, name)
    economics = scenario.settings.economics
    try:
        found += _numbers(
            scenario, "economics.prices", economics.prices, load_perspective(economics.perspective).prices
        )
        found += _numbers(scenario, "economics.utilities", economics.utilities, _states(economics))
    except BadInput:
        # Whoever values lives is told; nobody else reads prices.
        pass
    for key, value in (asked or {}).items():
        if value is not None and value != before.get(key):
            found = [each for each in found if each["key"] != key]
            found.append(Change(key=key, old=before.get(key), new=value, written_in="asked"))
    return found


def _states(economics: Economics) -> Register:
    """The utilities in force before a scenario's own."""
    return revalued_by(economics.value_set, load_utilities(economics.utility_set)).states


def _shown(settings: Settings) -> dict[str, Any]:
    """The settings as plain values, without texts and without what is compared with something else than the base."""
    table = settings.model_dump(mode="json", exclude={*OWN, "parameters", "policies"})
    table["economics"] = {key: value for key, value in table["economics"].items() if key not in APART}
    return table


def _flat(table: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """Nested tables as one, with dots between the names."""
    flat: dict[str, Any] = {}
    for name, value in table.items():
        if isinstance(value, Mapping):
            flat |= _flat(value, f"{prefix}{name}.")
        else:
            flat[f"{prefix}{name}"] = value
    return {key: value for key, value in flat.items() if value is not None}


def _numbers(scenario: Scenario, table: str, own: Mapping[str, Any], register: Register) -> Iterator[Change]:
    """Own numbers; one that the register lacks, as a gap of a payer, has the old value of a therapy's file, if any."""
    brought = {
        price.name: f"{price.value:g} {price.unit}"
        for each in scenario.register.therapies.values()
        for price in each.prices
    }
    for name, value in own.items():
        old = register[name].value if name in register else brought.get(name)
        if value != old:
            key = f"{table}.{name}"
            yield Change(key=key, old=old, new=value, written_in=_place(scenario, key))


def _policy(scenario: Scenario, name: str) -> Iterator[Change]:
    """What a policy of one's own does otherwise than the one that it extends."""
    own = scenario.settings.policies[name]
    parent = scenario.policies.get(own.extends or "")
    before = {} if parent is None else _flat(_rules(parent))
    key = f"policies.{name}"
    place = _place(scenario, key)
    yield Change(key=f"{key}.extends", old=None, new=own.extends, written_in=place)
    for rule, value in _flat(_rules(scenario.policies[name])).items():
        if value != before.get(rule):
            yield Change(key=f"{key}.{rule}", old=before.get(rule), new=value, written_in=place)


def _rules(policy: Policy) -> dict[str, Any]:
    return policy.model_dump(mode="json", exclude={*OWN})


def _place(scenario: Scenario, key: str) -> str:
    """The file or the call that wrote a key; a life table that nobody wrote is the payer's."""
    read = scenario.read
    if read is None:
        return ""
    if key in ("compare", "reference") and read.policies is not None:
        return NAMED
    place = written_in(read.layers, key)
    if key.startswith("life_table.") and place == read.layers[0].name:
        return written_in(read.layers, "economics.perspective")
    return place
