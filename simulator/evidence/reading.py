"""Reading TOML into checked, frozen models, with every fault collected instead of the first one raised."""

from __future__ import annotations

import copy
import pickle
import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from types import UnionType
from typing import Annotated, Any, TypeVar, Union, get_args, get_origin

from pydantic import BaseModel, ConfigDict, Tag, ValidationError

from simulator.plain_text import text_in
from simulator.words.errors import BadInput, Problem, Suggestions, in_toml

Model = TypeVar("Model", bound=BaseModel)

MISSING = "missing"
SURPLUS = re.compile(r"\w+ should have at most (\d+) items? ")
"""How pydantic tells a list that is too long."""

LARGEST = 10_000_000
"""Bytes of a TOML file that is read; no scenario, design or study comes near."""
MOST_ROUNDS = 8
"""Times that faulty parts are taken out of a table before it is given up."""
MOST_ENTRIES = 50_000
"""Keys and list items of a TOML file that is read."""


class Frozen(BaseModel):
    """A model that is never changed after it was checked, and that knows all of its keys."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)


def spelled(file: Path, root: Path) -> str:
    """Name of a file in messages: from the folder `root` on, with that folder's own name."""
    return file.relative_to(root.parent).as_posix() if file.is_relative_to(root.parent) else str(file)


def read_toml(file: Path, name: str, problems: list[Problem]) -> dict[str, Any]:
    """Tables of a TOML file; an absent or unreadable file is a problem and yields nothing."""
    try:
        content = file.read_bytes()
        if len(content) > LARGEST:
            problems.append(
                Problem(name, "file", f"{len(content):,} bytes", f"a TOML file of at most {LARGEST:,} bytes")
            )
            return {}
        table, entries = _parsed(content, name)
        if entries > MOST_ENTRIES:
            allowed = f"at most {MOST_ENTRIES:,} in a file"
            problems.append(Problem(name, _largest(table), f"{entries:,} keys and list items in all", allowed))
            return {}
        return table
    except BadInput as bad:
        problems.extend(bad.problems)
    except FileNotFoundError:
        problems.append(Problem(name, "file", MISSING, "a TOML file at this place"))
    except OSError as error:
        problems.append(Problem(name, "file", error.strerror or str(error), "a TOML file that can be read"))
    except (tomllib.TOMLDecodeError, ValueError) as error:
        problems.append(Problem(name, "file", str(error), "valid TOML"))
    except RecursionError:
        problems.append(Problem(name, "file", "nested too deeply", "valid TOML of a few levels"))
    return {}


def _parsed(content: bytes, name: str) -> tuple[dict[str, Any], int]:
    """A copy of the tables for the caller to change, and how many entries they have."""
    packed, entries = _packed(content, name)
    table: dict[str, Any] = pickle.loads(packed)
    return table, entries


@lru_cache(128)
def _packed(content: bytes, name: str) -> tuple[bytes, int]:
    """The tables as bytes, from which a copy is made many times sooner than TOML is read: one job reads a file often."""
    table = tomllib.loads(text_in(content, name, "TOML"))
    return pickle.dumps(table, pickle.HIGHEST_PROTOCOL), _entries(table)


def checked(model: type[Model], table: object, name: str, key: str, problems: list[Problem]) -> Model | None:
    """`table` as a `model`, or None with all of its faults appended to `problems`."""
    if not isinstance(table, Mapping):
        problems.append(Problem(name, key, in_toml(table), f"a table with the keys {', '.join(model.model_fields)}"))
        return None
    try:
        return model.model_validate(dict(table))
    except ValidationError as error:
        nearest = Suggestions()
        for fault in error.errors(include_url=False, include_context=False):
            place, keys = _place(model, fault["loc"])
            where = _named(table, place)
            match fault["type"]:
                case "extra_forbidden":
                    value, allowed = in_toml(fault["input"]), nearest(str(place[-1]), keys)
                case "missing" if isinstance(place[-1], int):
                    value, allowed = MISSING, "a value here: the list is too short"
                case "missing":
                    value, allowed = MISSING, "required"
                case "too_long" if most := SURPLUS.match(fault["msg"]):
                    value, allowed = in_toml(fault["input"]), f"at most {most[1]} values"
                case _:
                    value = in_toml(fault["input"])
                    allowed = in_words(fault["msg"].removeprefix("Value error, ").removeprefix("Input should be "))
            problems.append(Problem(name, f"{key}.{where}".strip("."), value, allowed))
        return None


def in_words(allowed: str) -> str:
    """What pydantic says about a type, in the words of TOML."""
    if allowed.startswith("a valid dictionary"):
        return "a table"
    words = {"a valid tuple": "a list", "a valid boolean": "true or false", "a valid date": "a date as in 2018-08-01"}
    return words.get(allowed, allowed)


def salvaged(
    model: type[Model], table: Mapping[str, Any], stand_ins: Mapping[str, Any] | None = None
) -> tuple[Model | None, frozenset[str]]:
    """`table` as a `model` without its faulty keys and items, so that the rest can be judged too, and what these are called.

    A table or item that lacks a key is left out as a whole, under its own name and the key's. None where too little is left.
    `stand_ins` take the place of faulty or missing keys at the top. An item without a name is called by its number among those
    that are left.
    """
    stand_ins = stand_ins or {}
    kept = copy.deepcopy(dict(table))
    left_out: set[str] = set()
    for _ in range(MOST_ROUNDS):
        try:
            return model.model_validate(kept), frozenset(left_out)
        except ValidationError as error:
            faults = error.errors(include_url=False, include_context=False, include_input=False)
        faulty = [(tuple(_place(model, fault["loc"])[0]), fault["type"] == "missing") for fault in faults]
        # What lacks a key is taken out as a whole.
        places = {place[:-1] if lacks else place for place, lacks in faulty} - {()}
        left_out |= {_named(kept, place) for place in places | {place for place, _ in faulty}}
        absent = {fault["loc"][0] for fault in faults if fault["type"] == "missing" and len(fault["loc"]) == 1}
        for place in sorted(places, key=lambda each: [(isinstance(p, str), p) for p in each], reverse=True):
            _without(kept, place)
        lost = [name for name in stand_ins if name in absent or (name in table and name not in kept)]
        if absent - set(lost):
            break
        kept |= {name: stand_ins[name] for name in lost}
    return None, frozenset(left_out)


def _without(table: Any, place: Sequence[str | int]) -> None:
    """Take a place out of nested tables, if it is there."""
    *way, last = place
    for part in way:
        if not _holds(table, part):
            return
        table = table[part]
    if _holds(table, last):
        del table[last]


def _entries(table: object) -> int:
    """Keys and list items of nested tables, counted without recursion, because files nest as deep as they like."""
    count, waiting = 0, [table]
    while waiting:
        here = waiting.pop()
        if isinstance(here, Mapping | list):
            count += len(here)
            waiting.extend(here.values() if isinstance(here, Mapping) else here)
    return count


def _largest(table: Mapping[str, Any]) -> str:
    """The first key with most below it."""
    return max(table, key=lambda key: _entries(table[key]))


def _named(table: object, where: Sequence[str | int]) -> str:
    """A place inside a table in words: keys with points between them; an item of a list by its name, or its number from 1."""
    words = ""
    here: Any = table
    for part in where:
        here = here[part] if _holds(here, part) else None
        name = here.get("name") if isinstance(part, int) and isinstance(here, Mapping) else None
        words += f".{name}" if isinstance(name, str) else f"[{part + 1}]" if isinstance(part, int) else f".{part}"
    return words.strip(".")


def _holds(here: Any, part: str | int) -> bool:
    if isinstance(part, int):
        return isinstance(here, list | tuple) and part < len(here)
    return isinstance(here, Mapping) and part in here


def _place(model: type[BaseModel], where: Sequence[str | int]) -> tuple[list[str | int], list[str]]:
    """A place inside `model` without the tags of unions, which no file holds, and the keys of the table that it is in."""
    here: Any = model
    keys: list[str] = []
    place: list[str | int] = []
    for part in where:
        tagged = next((option for tag, option in _options(here) if tag == part), None)
        if tagged is not None:
            here = tagged
            continue
        place.append(part)
        table = next((option for _, option in _options(here) if _is_model(option)), None)
        if table is not None:
            keys = list(table.model_fields)
            here = table.model_fields[part].annotation if part in keys else None
        else:
            keys, inside = [], get_args(here)
            here = inside[-1 if get_origin(here) is dict else 0] if inside else None
    return place, keys


def _options(annotation: Any, tag: str | None = None) -> Iterator[tuple[str | None, Any]]:
    """What an annotation lets a value be, each with the tag that it has in its union."""
    if get_origin(annotation) is Annotated:
        annotation, *more = get_args(annotation)
        tag = next((each.tag for each in more if isinstance(each, Tag)), tag)
    if get_origin(annotation) in {Union, UnionType}:
        for option in get_args(annotation):
            yield from _options(option, tag)
    else:
        yield tag, annotation


def _is_model(annotation: object) -> bool:
    return isinstance(annotation, type) and issubclass(annotation, BaseModel)
