"""What the page lets people move, read from data: the controls' file, the scenario's and the policies' models, the register.

A state of the page is the policy that one starts from and the controls that were moved from it. It becomes a scenario here
and nowhere else: as a difference laid over the scenario that the page was opened with.
"""

from __future__ import annotations

import json
import math
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from types import UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel, BeforeValidator, Field

from simulator.evidence.label import label_from
from simulator.evidence.parameter import as_tuple
from simulator.evidence.perspective import load_perspective, perspectives
from simulator.evidence.reading import Frozen, checked, read_toml
from simulator.face import asked
from simulator.questions.value.values import Values, values_of
from simulator.scenario import Policy, Scenario
from simulator.scenario.limits import Number
from simulator.scenario.settings import Settings
from simulator.schemas import meaning
from simulator.words.errors import BadInput, Problem, nearest, said

FILE = Path(__file__).with_name("controls.toml")
POLICY, PARAMETERS = "policy.", "parameters."
PRICE, WORTH = "economics.price", "economics.worth"
"""Controls that stand for keys with other names: the price of the policy's product, and the leading threshold."""
PRODUCT = "policy.cell_therapy.product"
CELL_PRODUCT = "cell product"
"""Category of the cost that the page's price stands for."""
COUNTED = ("amputations", "deaths", "healed")
"""What a hospital may have counted among its own people."""
WORDS = frozenset({"extends", "label", "description", "note"})
PAGE = "page"
"""What messages call a state of the page."""


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


@dataclass(frozen=True)
class Key:
    """What the models say about a key: the kind of its values, their limits or choices, and what it means."""

    kind: Literal["number", "choice", "switch", "several"]
    choices: tuple[Any, ...] = ()
    low: float = -math.inf
    high: float = math.inf
    whole: bool = False
    optional: bool = False
    meaning: str = ""
    counts: tuple[str, ...] = ()
    """Where a table of counts may stand instead of a choice: its keys, each events and people."""


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
    for key in _leaves(Policy, POLICY):
        if key not in known and (facts := key_of(key)) is not None:
            span = (facts.low, facts.high) if facts.kind == "number" else ()
            named.append(Entry(key=key, group="more", label=label_from(key.rpartition(".")[2]), span=span))
    return named


def key_of(key: str) -> Key | None:
    """What the models say about the key of a control; None where there is no such key, or none that a control could set."""
    model: type[BaseModel] = Policy if key.startswith(POLICY) else Settings
    *tables, last = key.removeprefix(POLICY).split(".")
    for part in tables:
        field = model.model_fields.get(part)
        inner = None if field is None else _model_in(field.annotation)
        if inner is None:
            return None
        model = inner
    found = model.model_fields.get(last)
    if found is None:
        return None
    kinds = [Key("choice", choices=(True, False))] if found.annotation is bool else []
    kinds += list(_kinds(found.annotation))
    limits = [each.func for each in found.metadata if isinstance(each, BeforeValidator)]
    kinds += [_numbers(each) for each in limits if isinstance(each, Number)]
    optional = type(None) in get_args(found.annotation)
    text = meaning(model, last)
    for kind in ("choice", "number"):
        of = [each for each in kinds if each.kind == kind]
        if of:
            one = of[-1]
            sort: Any = "switch" if one.choices == (True, False) else one.kind
            counts = tuple(name for each in _tables(found.annotation) for name in each.model_fields if name in COUNTED)
            return Key(sort, one.choices, one.low, one.high, one.whole, optional, text, counts)
    if found.annotation in (float, int):
        return Key("number", low=0.0, whole=found.annotation is int, optional=optional, meaning=text)
    return None


def known_therapies(scenario: Scenario, kind: str) -> dict[str, str]:
    """Names and labels of the therapies of a kind that the scenario knows as data, and of those that its policies name."""
    records = getattr(scenario.register, "therapies", {})
    return {name: each.record.label for name, each in records.items() if each.record.kind == kind}


def described(scenario: Scenario) -> dict[str, Any]:
    """Everything the page needs to draw its controls: groups, controls with their defaults, and policies to start from."""
    controls = [each for entry in entries() if (each := _described(entry, scenario)) is not None]
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


def scenario_of(scenario: Scenario, state: Mapping[str, Any]) -> Scenario:
    """The scenario that a state of the page means: ``{"start": "protocol", "changes": {"policy.cell_therapy.doses": 2}}``.

    It compares the reference, the policy shown beside it and the page's own. Raises BadInput for whatever is not known, not
    of the right kind or out of bounds, all at once. The last
    few are remembered, because several questions are put to one state.
    """
    try:
        text = json.dumps(state, sort_keys=True)
    except (TypeError, ValueError, RecursionError):
        raise BadInput([Problem(PAGE, "changes", said(state), "what JSON can say")]) from None
    return _remembered(scenario, text)


@lru_cache(maxsize=8)
def _remembered(scenario: Scenario, text: str) -> Scenario:
    return _scenario_of(scenario, json.loads(text))


def _scenario_of(scenario: Scenario, state: Mapping[str, Any]) -> Scenario:
    """The scenario of a state that was not asked for lately."""
    start, changes = state.get("start", start_of(scenario)), state.get("changes", {})
    problems = [
        Problem(PAGE, str(key), "unknown", "start, changes") for key in state if key not in {"start", "changes"}
    ]
    if not isinstance(start, str) or start not in scenario.policies:
        problems.append(Problem(PAGE, "start", said(start), nearest(str(start), scenario.policies)))
    if not isinstance(changes, Mapping):
        raise BadInput([*problems, Problem(PAGE, "changes", said(changes), "a table of controls")])
    known = {entry.key: entry for entry in entries()}
    tables: dict[str, Any] = {}
    own: dict[str, Any] = {}
    money: dict[str, float] = {}
    for key, value in changes.items():
        entry = known.get(key)
        if entry is None:
            problems.append(Problem(PAGE, str(key), said(value), nearest(str(key), known)))
            continue
        fault, fitting = _fitting(entry, value, scenario)
        if fault is not None:
            problems.append(Problem(PAGE, key, said(value), fault))
        elif key in (PRICE, WORTH):
            money[key] = fitting
        elif key.startswith(POLICY):
            steps = isinstance(fitting, list) and isinstance(start, str) and start in scenario.policies
            _put(own, key.removeprefix(POLICY), _steps(fitting, scenario.policies[start]) if steps else fitting)
        else:
            _put(tables, key, fitting)
    if problems:
        raise BadInput(problems)
    reference, beside, mine = compared(scenario)
    names = list(dict.fromkeys((reference, beside, mine)))
    policy = {"extends": start, "label": "Your policy", **own}
    rates = tables.get("economics", {}).get("discounting")
    if rates is not None:
        usual = values_of(scenario.with_(**_money(tables))).discounting
        tables["economics"]["discounting"] = {"effects": usual.effects, "costs": usual.costs} | rates
    perspective = tables.get("economics", {}).get("perspective")
    if perspective is not None and perspective != scenario.settings.economics.perspective:
        country = load_perspective(perspective).conventions.perspective.country
        tables["life_table"] = {"country": country}
    difference = {"compare": names, "reference": reference, "policies": {mine: policy}, **tables}
    found = asked.scenario_of(scenario, overrides=difference, question=PAGE)
    return _priced(found, mine, money) if money else found


def _priced(scenario: Scenario, mine: str, money: Mapping[str, float]) -> Scenario:
    """The scenario with the page's price and worth, which the page has in the money of results."""
    values = values_of(scenario)
    economics: dict[str, Any] = {}
    if WORTH in money:
        economics["thresholds"] = [max(money[WORTH], 0.01) / values.money.factor]
    name = price_name(scenario.policies[mine], values)
    if PRICE in money and name is not None:
        economics["prices"] = {name: money[PRICE] / values.money.factor}
    return scenario.with_(economics=economics) if economics else scenario


def price_name(policy: Policy, values: Values, charged: Collection[str] | None = None) -> str | None:
    """The price of what is bought for each treatment with cells, if a policy gives any and it is among those charged."""
    bought = [item.money for item in values.items if item.category == CELL_PRODUCT and item.charged_under(policy)]
    return next((name for name in bought if name in (values.price_names if charged is None else charged)), None)


def _money(tables: Mapping[str, Any]) -> dict[str, Any]:
    payer = tables.get("economics", {}).get("perspective")
    return {} if payer is None else {"economics": {"perspective": payer}}


def _described(entry: Entry, scenario: Scenario) -> dict[str, Any] | None:
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
        choices = [
            {"value": name, "label": name.capitalize() if len(name) > 2 else name.upper()} for name in perspectives()
        ]
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


def _fitting(entry: Entry, value: Any, scenario: Scenario) -> tuple[str | None, Any]:
    """What is allowed in place of a value that a control cannot have, or None and the value as its key takes it."""
    about = _described(entry, scenario)
    if about is None:
        return "nothing: this scenario has no such key", None
    if about["kind"] == "switch":
        return (None, value) if isinstance(value, bool) else ("true or false", None)
    if about["kind"] == "several":
        names = [each["value"] for each in about["choices"]]
        fits = (
            isinstance(value, list) and all(each in names for each in value) and len({*map(str, value)}) == len(value)
        )
        return (None, value) if fits else ("a list, each once, of " + ", ".join(names), None)
    if about["kind"] == "choice" and isinstance(value, dict) and about.get("counts"):
        fits = len(value) > 0 and all(key in about["counts"] and _is_count(each) for key, each in value.items())
        return (None, value) if fits else ("events and people of " + ", ".join(about["counts"]), None)
    if about["kind"] == "choice":
        options = [each["value"] for each in about["choices"]]
        fits = any(value == each and type(value) is type(each) for each in options)
        return (None, value) if fits else ("one of " + ", ".join(map(str, options)), None)
    low, high = about["low"], entry.span[1] * 100 if about["high"] is None else about["high"]
    allowed = f"a {'whole ' if about.get('whole') else ''}number, {low:,g} to {high:,g}"
    if (
        isinstance(value, bool)
        or not isinstance(value, int | float)
        or not math.isfinite(value)
        or not low <= value <= high
    ):
        return allowed, None
    if about.get("whole"):
        return (None, int(value)) if value == int(value) else (allowed, None)
    return None, float(value)


def _is_count(value: Any) -> bool:
    """Whether a value is two whole numbers, the first at most the second."""
    return (
        isinstance(value, list) and len(value) == 2 and all(type(n) is int for n in value) and 0 <= value[0] <= value[1]
    )


def _steps(names: list[str], start: Policy) -> list[Any]:
    """Therapies as a policy's file lists them; those that the policy had already keep their times and conditions."""
    had = {step.therapy: step.model_dump(exclude_unset=True) for step in getattr(start, "therapies", ())}
    return [had.get(name, name) for name in names]


def _put(table: dict[str, Any], key: str, value: Any) -> None:
    *parts, last = key.split(".")
    for part in parts:
        table = table.setdefault(part, {})
    table[last] = value


def _leaves(model: type[BaseModel], prefix: str) -> Iterator[str]:
    for name, field in model.model_fields.items():
        if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel):
            yield from _leaves(field.annotation, f"{prefix}{name}.")
        elif name not in WORDS and _model_in(field.annotation) is None:
            yield prefix + name


def _model_in(annotation: Any) -> type[BaseModel] | None:
    options = get_args(annotation) if get_origin(annotation) in {Union, UnionType} else (annotation,)
    models = [each for each in options if isinstance(each, type) and issubclass(each, BaseModel)]
    return models[0] if models else None


def _kinds(annotation: Any) -> Iterator[Key]:
    """Choices and limits inside an annotation."""
    origin = get_origin(annotation)
    if origin is Literal:
        yield Key("choice", choices=get_args(annotation))
    elif origin is Annotated:
        yield from (_numbers(x.func) for x in get_args(annotation)[1:] if _is_limit(x))
        yield from _kinds(get_args(annotation)[0])
    elif origin in {Union, UnionType}:
        for option in get_args(annotation):
            yield from _kinds(option)


def _tables(annotation: Any) -> Iterator[type[BaseModel]]:
    """Models inside an annotation."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for option in get_args(annotation):
        yield from _tables(option)


def _is_limit(mark: Any) -> bool:
    return isinstance(mark, BeforeValidator) and isinstance(mark.func, Number)


def _numbers(limit: Any) -> Key:
    return Key("number", low=limit.low, high=limit.high, whole=limit.whole)
