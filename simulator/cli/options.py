"""What is wrong with arguments of the face, told in the words of the command line."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from simulator.words.errors import Problem


def as_options(problems: Iterable[Problem], question: str, names: Mapping[str, str] | None = None) -> list[Problem]:
    """Problems with arguments of a question as problems with options; `names` are those that are spelled otherwise.

    Problems of files, and those that name options already, stay as they are.
    """
    spelled = names or {}
    return [
        replace(each, file="command line", key="--" + spelled.get(each.key, each.key).replace("_", "-"))
        if each.file == question
        else each
        for each in problems
    ]
