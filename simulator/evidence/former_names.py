"""Parameters that are gone: what stands in their place is told to whoever still names one."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Iterable
from functools import cache

from simulator.evidence.shipped import shipped
from simulator.words.errors import nearest

FILE = "former_names.toml"


@cache
def former_names() -> dict[str, str]:
    """By the name of a parameter that is gone: the last release that had it, and what there is instead."""
    content = tomllib.loads((shipped("calibration") / FILE).read_text(encoding="utf-8"))
    return {name: f"gone since {each['until']}; now {each['instead']}" for name, each in content.items()}


def known_instead(name: str, known: Iterable[str], close: Callable[[str, Iterable[str]], str] = nearest) -> str:
    """What is allowed for the unknown name of a parameter: what took a former one's place, or the nearest `known` names.

    `close` finds these; `Suggestions` is quicker for many names.
    """
    return former_names().get(name) or close(name, known)
