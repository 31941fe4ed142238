"""Numbers, times, lists and labels as they stand in a sentence."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from simulator.telling.columns import labels
from simulator.telling.formats import MISSING


def one_line(text: str) -> str:
    """A text on one line, whatever blanks its template left."""
    return " ".join(text.split())


def years(value: float) -> str:
    """A time in words: ``six months``, ``one year``, ``2.5 years``."""
    if value < 1.0:
        months = value * 12.0
        words = f"{months:.3g}"
        return f"{words} month" + ("" if words == "1" else "s")
    return "one year" if value == 1.0 else f"{value:g} years"


def listed(items: Sequence[str], last: str = "and") -> str:
    """Words as people list them: ``a, b and c``."""
    items = list(items)
    return items[0] if len(items) == 1 else f"{', '.join(items[:-1])} {last} {items[-1]}" if items else MISSING


PEOPLE = frozenset({"Rutherford"})
"""Names of people with which labels begin."""


def paid_back_where(deal: Mapping[str, Any]) -> str:
    """When money comes back under the terms of a deal, as in “the treated limb is lost within one year”."""
    return labels()["refund_when"][deal["refund_when"]].replace("*", years(deal["refund_within_years"]))


def lower(text: str) -> str:
    """A label inside a sentence: without its capital, unless the word is an abbreviation or a name (PTA, TcPO2, Rutherford)."""
    first = text.split(" ", 1)[0].split("-", 1)[0]
    return text if first != first.capitalize() or first in PEOPLE else text[:1].lower() + text[1:]


def capital(text: str) -> str:
    """Words at the beginning of a sentence."""
    return text[:1].upper() + text[1:]
