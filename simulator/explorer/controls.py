"""What the page lets people move, read from data: the controls' file, the scenario's and the policies' models, the register."""

from __future__ import annotations

from collections.abc import Collection
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Any

from pydantic import BeforeValidator, Field

from simulator.evidence.economics.perspective import perspectives
from simulator.evidence.parameter import as_tuple
from simulator.evidence.reading import Frozen, checked, read_toml
from simulator.explorer.keys import POLICY, Key, key_of, leaves
from simulator.scenario import Policy, Scenario
from simulator.valuation.cost_items import main_treatment, product_price
from simulator.valuation.values import Values, values_of
from simulator.words.errors import BadInput, Problem
from simulator.words.label import label_from

FILE = Path(__file__).with_name("controls.toml")
PARAMETERS = "parameters."
PRICE, WORTH = "economics.price", "economics.worth"
"""Controls that stand for keys with other names: the price of the policy's main treatment, and the leading threshold."""
PRODUCT, THERAPIES = "policy.cell_therapy.product", "policy.therapies"


class Entry(Frozen):
    """A control as its file has it."""

    key: str
    group: str
    label: str
    unit: str = ""
    span: Annotated[tuple[float | int, ...], BeforeValidator(as_tuple)] = ()
    step: float | int | None = None
    most: int | None = None
    words: dict[str, str] = Field(default_factory=dict)
    needs: Any = None
    why: str = ""
    live: bool = False
    therapies: str = ""


class Listed(Frozen):
    """The controls' file."""

    groups: dict[str, str]
    control: list[Entry]


@lru_cache(maxsize=1)
def listed() -> Listed:
    """The controls' file, checked."""
    problems: list[Problem] = []
    found = checked(Listed, read_toml(FILE, FILE.name, problems), FILE.name, "", problems)
    if problems or found is None:
        raise BadInput(problems)
    return found


def entries() -> list[Entry]:
    """The controls of the file, then one for each key of a policy that the file does not have."""
    named = list(listed().control)
    known = {entry.key for entry in named}
    for key in leaves(Policy, POLICY):
        if key not in known and (facts := key_of(key)) is not None:
            span = (facts.low, facts.high) if facts.kind == "number" else ()
            named.append(Entry(key=key, group="more", label=label_from(key.rpartition(".")[2]), span=span))
    return named


def known_therapies(scenario: Scenario, kind: str) -> dict[str, str]:
    """Names and labels of the therapies of a kind that the scenario knows as data, and of those that its policies name."""
    records = getattr(scenario.register, "therapies", {})
    return {name: each.record.label for name, each in records.items() if each.record.kind == kind}


def described(scenario: Scenario) -> dict[str, Any]:
    """Everything the page needs to draw its controls: groups, controls with their defaults, and policies to start from."""
    controls = [each for entry in entries() if (each := control_of(entry, scenario)) is not None]
    keys = [each["key"] for each in controls]
    starts = {
        name: {"label": policy.label, "values": {k: _at(policy, k) for k in keys if k.startswith(POLICY)}}
        for name, policy in scenario.policies.items()
    }
    used = {each["group"] for each in controls}
    return {
        "groups": {name: label for name, label in listed().groups.items() if name in used},
        "controls": controls,
        "starts": starts,
        "start": start_of(scenario),
    }


def start_of(scenario: Scenario) -> str:
    """The policy that a page starts from: the one that summaries of the scenario speak of."""
    return scenario.headline or scenario.reference


def compared(scenario: Scenario) -> tuple[str, str, str]:
    """Names of the reference, of the policy that is shown beside it, and of the page's own."""
    own = "mine"
    while own in scenario.policies:
        own += "_"
    return scenario.reference, start_of(scenario), own


def price_name(policy: Policy, values: Values, charged: Collection[str] | None = None) -> str | None:
    """The price of what is bought for a policy's main treatment (its cells, else its first therapy), if it is charged."""
    main = main_treatment(policy)
    name = None if main is None else product_price(values.therapies[main])
    return name if name in (values.price_names if charged is None else charged) else None


def control_of(entry: Entry, scenario: Scenario) -> dict[str, Any] | None:
    """What the page needs to draw one control; None where the scenario has nothing of the kind."""
    about = entry.model_dump(exclude={"span", "words", "most"}) | {"kind": "number", "card": None, "meaning": ""}
    about["span"] = list(entry.span)
    about["scale"] = 100 if entry.unit == "%" and entry.span and entry.span[1] <= 1 else 1
    if entry.key in (PRICE, WORTH):
        return about | {"value": None, "low": 0, "high": None}
    if entry.key.startswith(PARAMETERS):
        name = entry.key.removeprefix(PARAMETERS)
        if name not in scenario.register:
            return None
        parameter = scenario.register[name]
        low, high = parameter.range
        return about | {"value": parameter.value, "card": name, "low": low, "high": high}
    facts = key_of(entry.key)
    choices: list[Any] = []
    if entry.key == "economics.perspective":
        choices = [{"value": name, "label": entry.words.get(name, name.capitalize())} for name in perspectives()]
        facts = Key("choice", meaning="" if facts is None else facts.meaning)
    elif entry.therapies and (facts is None or not facts.choices):
        known = known_therapies(scenario, entry.therapies)
        if not known:
            return None
        several = entry.therapies == "procedure"
        facts = Key("several" if several else "choice", meaning="" if facts is None else facts.meaning)
        choices = [{"value": name, "label": entry.words.get(name, label)} for name, label in known.items()]
    elif facts is None:
        return None
    elif facts.kind == "choice":
        choices = [
            {"value": each, "label": entry.words.get(str(each), str(each).replace("_", " "))} for each in facts.choices
        ]
    high = facts.high if entry.most is None else entry.most
    about |= {"kind": facts.kind, "choices": choices, "low": facts.low, "high": high, "meaning": facts.meaning}
    about |= {"whole": facts.whole, "optional": facts.optional, "counts": list(facts.counts)}
    if facts.kind == "number" and not entry.span:
        about["span"] = [facts.low, facts.high]
    if not entry.key.startswith(POLICY):
        about["value"] = _default(entry.key, scenario)
    return about


def _default(key: str, scenario: Scenario) -> Any:
    """The scenario's own value; the payer's where the scenario leaves it to the payer."""
    if key.startswith("economics.discounting."):
        return getattr(values_of(scenario).discounting, key.rpartition(".")[2])
    here: Any = scenario.settings
    for part in key.split("."):
        here = getattr(here, part)
    return here if isinstance(here, str | int | float | bool) else None


def _at(policy: Policy, key: str) -> Any:
    here: Any = policy
    for part in key.removeprefix(POLICY).split("."):
        here = getattr(here, part, None)
    return [step.therapy for step in here] if isinstance(here, tuple) else here
