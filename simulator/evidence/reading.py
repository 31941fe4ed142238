"""Reading TOML into checked, frozen models, with every fault collected instead of the first one raised."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import UnionType
from typing import Annotated, Any, TypeVar, Union, get_args, get_origin

from pydantic import BaseModel, ConfigDict, Tag, ValidationError

from simulator.plain_text import text_in
from simulator.words.errors import BadInput, Problem, Suggestions, in_toml

Model = TypeVar("Model", bound=BaseModel)

MISSING = "missing"

LARGEST = 10_000_000
"""Bytes of a TOML file that is read; no scenario, design or study comes near."""
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
        table = tomllib.loads(text_in(content, name, "TOML"))
        if (entries := _entries(table)) > MOST_ENTRIES:
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
            place, keys = _walked(model, fault["loc"])
            where = _named(table, place)
            last = str(fault["loc"][-1]) if fault["loc"] else ""
            match fault["type"]:
                case "extra_forbidden":
                    value, allowed = in_toml(fault["input"]), nearest(last, keys)
                case "missing":
                    value, allowed = MISSING, "required"
                case _:
                    value = in_toml(fault["input"])
                    allowed = fault["msg"].removeprefix("Value error, ").removeprefix("Input should be ")
            problems.append(Problem(name, f"{key}.{where}".strip("."), value, allowed))
        return None


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


def _walked(model: type[BaseModel], where: Sequence[str | int]) -> tuple[list[str | int], list[str]]:
    """A place inside `model` as a file has it, and the keys of the table around it, through lists, named and tagged tables."""
    here: Any = model
    place: list[str | int] = []
    around: list[str] = []
    for part in where:
        if part in (tagged := _tagged(here)):
            here = tagged[part]  # a tag tells the options of one key apart; no file writes it
            continue
        place.append(part)
        table = here if _is_model(here) else next(filter(_is_model, get_args(here)), None) if _is_union(here) else None
        around = list(table.model_fields) if table is not None else []
        if table is not None:
            here = table.model_fields[part].annotation if part in table.model_fields else None
        else:
            inside = get_args(here)
            here = inside[-1 if get_origin(here) is dict else 0] if inside else None
    return place, around


def _tagged(annotation: Any) -> dict[str | int, Any]:
    """The options inside an annotation by their tags."""
    found: dict[str | int, Any] = {}
    inside = get_args(annotation)
    for mark in inside[1:] if get_origin(annotation) is Annotated else ():
        if isinstance(mark, Tag):
            return {mark.tag: inside[0]}
    for option in inside if _is_union(annotation) else inside[:1] if get_origin(annotation) is Annotated else ():
        found |= _tagged(option)
    return found


def _is_model(annotation: object) -> bool:
    return isinstance(annotation, type) and issubclass(annotation, BaseModel)


def _is_union(annotation: object) -> bool:
    return get_origin(annotation) in {Union, UnionType}
