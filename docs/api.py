"""The API page of the site as Markdown: every name of `import simulator as sim` with its signature and docstring."""

from __future__ import annotations

import inspect
import re
from typing import Any

import simulator as sim
from simulator.face.result import Result as Answer

FIRST = ("compare", "value", "trial", "trace", "sweep", "psa", "calibrate", "validate", "verify", "register")
OF_AN_ANSWER = ("summary", "plot", "report", "save")
OF_A_SCENARIO = ("with_",)


def page() -> str:
    """The page. Names that are no question stand after those that are, in the order of the alphabet."""
    others = sorted(set(sim.__all__) - set(FIRST))
    parts = ["# Python", _text(sim.__doc__ or ""), "## A result", _text(inspect.getdoc(Answer) or "")]
    parts += [_entry(f"result.{name}", getattr(Answer, name), 3) for name in OF_AN_ANSWER]
    for name in (*FIRST, *others):
        parts.append(_entry(f"sim.{name}", getattr(sim, name), 2))
        if name == "Scenario":
            parts += [_entry(f"scenario.{own}", getattr(sim.Scenario, own), 3) for own in OF_A_SCENARIO]
    return "\n\n".join(parts) + "\n"


def _entry(called: str, thing: Any, level: int) -> str:
    """A heading, how it is called, and what its docstring says."""
    heading = f"{'#' * level} {called.rpartition('.')[2]}"
    shown = "" if inspect.isclass(thing) else f"```python\n{called}{_signature(thing)}\n```\n\n"
    return f"{heading}\n\n{shown}{_text(inspect.getdoc(thing) or '')}"


def _signature(thing: Any) -> str:
    """Arguments and defaults on lines that fit; types stand in the text."""
    arguments = [
        p.replace(annotation=p.empty) for p in inspect.signature(thing).parameters.values() if p.name != "self"
    ]
    short = str(inspect.Signature(arguments))
    return short if len(short) < 80 else short.replace(", ", ",\n    ").replace("(", "(\n    ", 1)[:-1] + ",\n)"


def _text(docstring: str) -> str:
    """A docstring as Markdown: examples and indented lines become code, double backticks single ones."""
    parts = []
    for part in re.split(r"\n\s*\n", inspect.cleandoc(docstring)):
        if part.startswith(">>>"):
            parts.append(f"```pycon\n{part}\n```")
        elif part.startswith("    "):
            parts.append(f"```text\n{inspect.cleandoc(part)}\n```")
        else:
            parts.append(part.replace("``", "`"))
    return "\n\n".join(parts)
