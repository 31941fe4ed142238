"""What the names of columns say: which are known, and what happened by their words."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cache

from simulator.questions.registry.export.fields import folded, names


def recognised(column: str) -> bool:
    """Whether a name is one that exports have, whatever its cells are."""
    return bool(column) and (plain_name(column) in known() or bool(events_of(words_of(column))))


@cache
def known() -> dict[str, str]:
    """Names that exports have, without words that say nothing -> field."""
    return {plain_name(spelled): field for field, spec in names()["fields"].items() for spelled in spec["names"]}


@cache
def never() -> set[str]:
    """Names that are like one that is meant and mean something else."""
    return {plain_name(spelled) for spec in names()["fields"].values() for spelled in spec.get("never", ())}


@cache
def words_of(column: str) -> tuple[str, ...]:
    """The words of a name that say something; all of them if none does."""
    words = folded(column).split("_")
    stop = names()["parts"]["stop"]
    return tuple(each for each in words if each not in stop) or tuple(words)


def plain_name(column: str) -> str:
    """A name without words that say nothing."""
    return "_".join(words_of(column))


def events_of(words: Sequence[str]) -> set[str]:
    """What happened by the words of a name, of `parts.events`; nothing where a word says that it was something else."""
    parts = names()["parts"]
    each = {part for one in words for part in _parted(one)}
    if each & set(parts["other"]):
        return set()
    found = {event for event, spelled in parts["events"].items() if each & set(spelled)}
    if "amputation" in found and each & set(parts["minor"]):
        return set()
    if "last" in found or len(found) > 1:
        found.discard("start")
    return found


def says_major(column: str) -> bool:
    """Whether the name of a column of amputations says that the limb was lost."""
    each = {part for one in words_of(column) for part in _parted(one)}
    return bool(each & set(names()["parts"]["major"]))


def _parted(one: str) -> Iterator[str]:
    """A word, and what is before its end where that says that it is a date: ``sterbedatum`` is ``sterbe``, too."""
    yield one
    for end in names()["parts"]["dates"]:
        if len(end) > 2 and one.endswith(end) and len(one) > len(end):
            yield one.removesuffix(end)
