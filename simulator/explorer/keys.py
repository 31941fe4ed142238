"""What the models of scenarios and policies say about a key: the kind of its values, their limits or choices."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from types import UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel, BeforeValidator

from simulator.scenario import Policy
from simulator.scenario.limits import Number
from simulator.scenario.settings import Settings
from simulator.schemas import meaning

POLICY = "policy."
"""Begins the keys of the policy of the page."""
COUNTED = ("amputations", "deaths", "healed")
"""What a hospital may have counted among its own people."""


WORDS = frozenset({"extends", "label", "description", "note"})


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


def leaves(model: type[BaseModel], prefix: str) -> Iterator[str]:
    """Keys of the values that a model holds, tables within it opened, words about it left out."""
    for name, field in model.model_fields.items():
        if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel):
            yield from leaves(field.annotation, f"{prefix}{name}.")
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
