"""Where the names of columns stand in an export: below titles, and in which sheet of a workbook."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence

LOOKED = 30
"""Lines among which the names of columns are looked for."""
DELIMITERS = ";,\t|"


def place_of(lines: Sequence[Sequence[str]], recognised: Callable[[str], bool]) -> tuple[int, int]:
    """Which line holds the names of columns, and how many of them are recognised: the first unless a later one has more.

    A single name that is recognised further down may be a cell.
    """
    best = next((place for place, line in enumerate(lines[:LOOKED]) if any(line)), 0)
    most = 0
    for place, line in enumerate(lines[:LOOKED]):
        found = sum(map(recognised, line))
        if found > most and (place == best or found > 1):
            best, most = place, found
    return best, most


def delimiter_of(text: str) -> str:
    """The sign that parts the most lines into as many cells as each other, outside quotation marks; a comma if none does."""
    lines = [line for line in text.lstrip("\r\n").split("\n", LOOKED)[:LOOKED] if line.strip()]

    def alike(sign: str) -> tuple[int, int]:
        counted = Counter(_outside(line).count(sign) for line in lines)
        counted.pop(0, None)
        most, many = max(((lines_, count) for count, lines_ in counted.items()), default=(0, 0))
        return most, many

    found = max(DELIMITERS, key=lambda sign: (alike(sign), -DELIMITERS.index(sign)))
    return found if alike(found)[0] else ","


def _outside(line: str) -> str:
    """What of a line is outside quotation marks."""
    return "".join(part for place, part in enumerate(line.split('"')) if place % 2 == 0)
