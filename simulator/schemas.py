"""What each kind of file may hold, as JSON Schema: generated from the models that check them.

Editors complete and check TOML with these schemas, and `docs/reference.md` is made from them. A schema knows types,
limits, names and defaults; what keys mean together only reading the file can tell.
"""

from __future__ import annotations

import math
import re
import tomllib
from collections.abc import Callable, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import GenerateJsonSchema
from pydantic_core import core_schema

KINDS = ("scenario", "policy", "therapy", "design", "study", "validation", "forecast")
"""Kinds of file."""
DIALECT = "https://json-schema.org/draft/2020-12/schema"
MEANINGS = Path(__file__).with_name("key_meanings.toml")

Schema = dict[str, Any]

_RANGE = re.compile(r"(0, or )?a (?:whole )?number, ([-+.,e\d]+) to ([-+.,e\d]+)")


def schema(kind: str) -> Schema:
    """The JSON Schema of a kind of file. Keys have the description of `key_meanings.toml`; limits in words are in
    their ``$comment``. Raises KeyError for an unknown kind.
    """
    made = {
        "scenario": _scenario,
        "policy": _policy,
        "therapy": _therapy,
        "design": _design,
        "study": _study,
        "validation": _validation,
        "forecast": _forecast,
    }[kind]()
    return {"$schema": DIALECT, "title": f"{kind.capitalize()} file of clti"} | made


@lru_cache(maxsize=1)
def meanings() -> Mapping[str, Mapping[str, Mapping[str, str]]]:
    """Meaning of each key: by folder and name of the model, and by key."""
    return tomllib.loads(MEANINGS.read_text(encoding="utf-8"))


def meaning(model: type[BaseModel], key: str) -> str:
    """What a key means, as the model or the model that it inherits the key from has it; empty if nobody says."""
    for each in model.__mro__:
        text = meanings().get(_home(each), {}).get(each.__name__, {}).get(key)
        if text is not None:
            return text
    return ""


def _home(model: type[Any]) -> str:
    """The nearest folder above the model that has meanings."""
    folders = model.__module__.split(".")[:-1]
    return next((folder for folder in reversed(folders) if folder in meanings()), "")


class _Generator(GenerateJsonSchema):
    """Pydantic's generator in the words of TOML: no null, no titles, and the limits that our own checks name."""

    def field_title_should_be_set(self, schema: Any) -> bool:
        """Say that keys need no title beside their name."""
        return False

    def nullable_schema(self, schema: core_schema.NullableSchema) -> Schema:
        """Drop null, which TOML does not have: an optional key is left out."""
        return self.generate_inner(schema["schema"])

    def function_before_schema(self, schema: core_schema.BeforeValidatorFunctionSchema) -> Schema:
        """Add the limits of a check that names them."""
        return super().function_before_schema(schema) | _limits(schema["function"]["function"])

    def model_schema(self, schema: core_schema.ModelSchema) -> Schema:
        """Describe each key, and leave out defaults that only say that a table may be absent."""
        model: type[BaseModel] = schema["cls"]
        made = super().model_schema(schema)
        made.pop("title", None)
        made["description"] = " ".join((model.__doc__ or "").split("\n\n", maxsplit=1)[0].split())
        for key, one in made.get("properties", {}).items():
            if one.get("default", "") is None or isinstance(one.get("default"), dict):
                del one["default"]
            if text := meaning(model, key):
                one["description"] = text
        return made


def _limits(check: Callable[..., Any]) -> Schema:
    """Limits of a check: what it answers to a value that cannot be right."""
    try:
        check(object())
    except ValueError as refusal:
        said = str(refusal)
    else:
        return {}
    found = _RANGE.match(said)
    if found is None:
        return {"$comment": said}
    low, high = (float(end.replace(",", "")) for end in found.groups()[1:])
    ends = {"minimum": low, "maximum": high}
    return {"$comment": said} | ({"anyOf": [{"const": 0}, ends]} if found[1] else ends)


def _made(model: type[BaseModel]) -> Schema:
    made: Schema = _with_names(model.model_json_schema(schema_generator=_Generator))
    return made


def _with_names(made: Any) -> Any:
    """The schema with therapies as names, too, where it has them as tables that say when they are given."""
    if isinstance(made, list):
        return [_with_names(each) for each in made]
    if not isinstance(made, dict):
        return made
    if made.get("$ref", "").endswith("/Step"):
        return {"anyOf": [{"type": "string"}, dict(made)]}
    return {key: _with_names(value) for key, value in made.items()}


def _without_required(made: Any) -> Any:
    """The schema of a file that states only differences, so that no key is required."""
    if isinstance(made, dict):
        return {
            key: _without_required(value)
            for key, value in made.items()
            if not (key == "required" and isinstance(value, list))
        }
    return [_without_required(each) for each in made] if isinstance(made, list) else made


def _scenario() -> Schema:
    from simulator.evidence import load_register
    from simulator.scenario.settings import Settings

    made: Schema = _without_required(_made(Settings))
    parameters = made["properties"]["parameters"]
    parameters["additionalProperties"] = False
    parameters["properties"] = {}
    for each in load_register().parameters:
        low, high = each.range
        ends = {"minimum": low, "maximum": high}
        finite = {name: end for name, end in ends.items() if math.isfinite(end)}
        about = {"type": "number", "description": f"{each.label} ({each.unit}). In the register: {each.value:g}."}
        parameters["properties"][each.name] = about | finite
    return made


def _policy() -> Schema:
    from simulator.scenario.policy import Policy

    made: Schema = _without_required(_made(Policy))
    return made


def _therapy() -> Schema:
    """A therapy: each of its numbers is a table of evidence, and so is each price."""
    from simulator.evidence.parameter import Entry
    from simulator.evidence.sources import Source
    from simulator.evidence.therapies.therapy import Record
    from simulator.evidence.therapies.therapy_numbers import NUMBERS, VIEWS
    from simulator.scenario.policy import Criteria

    made, evidence = _made(Record), _made(Entry)
    kept = ("value", "unit", "distribution", "range", "source", "grade", "note", "label", "stream")
    called = {"type": "string", "description": "What the register calls it. Default: THERAPY_KEY."}
    table: Schema = {
        "type": "object",
        "description": "A number with its evidence.",
        "additionalProperties": False,
        "required": ["value", "grade", "note"],
        "properties": {key: evidence["properties"][key] for key in kept} | {"name": called},
    }
    made["$defs"] = made.get("$defs", {}) | evidence.get("$defs", {}) | {"Number": table, "Source": _made(Source)}
    numbers: Schema = {"type": "object", "additionalProperties": False, "properties": {}}
    for key, about in NUMBERS.items():
        ends = f"{about.low:g} to {about.high:g}" if math.isfinite(about.high) else f"from {about.low:g} on"
        said = f"{about.label} ({about.unit}, {ends}). Without it: {about.without:g}."
        for name in (key, *(f"{key}_{view}" for view in VIEWS)):
            view = f" In the {name.rpartition('_')[2]} view; the three views go together." if name != key else ""
            numbers["properties"][name] = {"$ref": "#/$defs/Number", "description": said + view}
    made["properties"]["numbers"] |= numbers
    made["properties"]["prices"]["additionalProperties"] = {"$ref": "#/$defs/Number"}
    criteria = _made(Criteria)
    made["properties"]["eligibility"] |= {"additionalProperties": False, "properties": criteria["properties"]}
    return made


def _design() -> Schema:
    from simulator.questions.trial.design.design import Design

    made = _made(Design)
    made["required"] = [key for key in made["required"] if key != "label"]
    return made


def _validation() -> Schema:
    from simulator.studies.study import Study

    return _made(Study)


def _forecast() -> Schema:
    from simulator.questions.forecast.registered import RegisteredTrial

    return _made(RegisteredTrial)


def _study() -> Schema:
    """Either kind of study; `method` tells which."""
    from simulator.questions.sweep.methods.designs import METHODS
    from simulator.questions.sweep.methods.model import KINDS as MODELS
    from simulator.questions.sweep.policy_sweep import PolicyStudy
    from simulator.questions.sweep.study import Study

    usual, policies = _made(Study), _made(PolicyStudy)
    usual["properties"]["method"]["enum"] = list(METHODS)
    shared = usual.pop("$defs") | policies.pop("$defs")
    shared["ModelChoice"]["properties"]["kind"]["enum"] = list(MODELS)
    return {"anyOf": [{"$ref": "#/$defs/Study"}, {"$ref": "#/$defs/PolicyStudy"}]} | {
        "$defs": shared | {"Study": usual, "PolicyStudy": policies}
    }
