"""Words that people give to policies, options, arms and studies, and read again in tables, figures and reports."""

from __future__ import annotations

import unicodedata
from functools import lru_cache
from typing import Annotated, Any, TypeAlias

from pydantic import BeforeValidator

LONGEST = 100
"""Characters of a label; a longer one would leave no room for the drawing beside it."""
ALLOWED = f"one line of 1 to {LONGEST} characters, none of which control the page"

_UNSEEN = {"Cc", "Cn", "Co", "Cs", "Zl", "Zp"}
"""Categories of Unicode that are no writing: controls, line breaks, and codes without a character."""
_TURNS = {"\u061c", "\u200e", "\u200f", *map(chr, range(0x202A, 0x202F)), *map(chr, range(0x2066, 0x206A))}
"""Marks that turn the direction of the text after them, beyond the label."""


def is_label(text: object) -> bool:
    """Whether a text can stand in a table and beside a drawing as it is."""
    return isinstance(text, str) and len(text.strip()) > 0 and len(text) <= LONGEST and not _strays_somewhere(text)


def label_from(text: str) -> str:
    """A label made of any text, such as the name of a file, by leaving out what a label cannot have."""
    return "".join(character for character in text if not _strays(character))[:LONGEST].strip() or "?"


def _check(value: Any) -> Any:
    if not is_label(value):
        raise ValueError(ALLOWED)
    return value


@lru_cache(maxsize=1024)
def _strays_somewhere(text: str) -> bool:
    # The policies of a sensitivity study are checked with every row's settings, and all have the same words.
    return any(map(_strays, text))


def _strays(character: str) -> bool:
    return unicodedata.category(character) in _UNSEEN or character in _TURNS


Label: TypeAlias = Annotated[str, BeforeValidator(_check)]
