"""The publications behind the numbers, and how far each was read."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from simulator.evidence.reading import Frozen, checked, read_toml, spelled
from simulator.evidence.shipped import shipped
from simulator.evidence.unchanged import while_unchanged
from simulator.words.errors import BadInput, Problem

Read = Literal["full text", "abstract", "table", "repository", "not seen"]


class Source(Frozen):
    """A publication, data set or program. A bibliographic detail that is not known is left out."""

    authors: Annotated[str, Field(min_length=1)]
    title: str = ""
    journal: str = ""
    year: int | None = None
    volume: str = ""
    pages: str = ""
    doi: str = ""
    url: str = ""
    read: Read
    note: str = ""

    @property
    def citation(self) -> str:
        """One line: authors, journal year;volume:pages, and the doi or address."""
        year = "" if self.year is None else str(self.year)
        place = self.volume + (f":{self.pages}" if self.pages and self.volume else self.pages)
        dated = f"{self.journal or self.title} {year}".strip() + (f";{place}" if place else "")
        ending = f" doi:{self.doi}" if self.doi else f" {self.url}" if self.url else ""
        return f"{self.authors}, {dated}.{ending}"

    @property
    def short(self) -> str:
        """Authors and year, for tables."""
        return self.authors if self.year is None else f"{self.authors} {self.year}"


def load_sources(path: Path | None = None) -> dict[str, Source]:
    """All sources by key, from `sources.toml` in the folder `path` (default: the shipped calibration).

    Raises BadInput with every fault.
    """
    problems: list[Problem] = []
    sources = read_sources(path or shipped("calibration"), problems)
    if problems:
        raise BadInput(problems)
    return sources


def read_sources(root: Path, problems: list[Problem]) -> dict[str, Source]:
    """All sources by key, with their faults appended to `problems`; a faulty one is there as a blank."""
    file = root / "sources.toml"
    sources, told = while_unchanged("sources", root, [file], lambda: _read(file, spelled(file, root)))
    problems += told
    return dict(sources)


def _read(file: Path, name: str) -> tuple[dict[str, Source], list[Problem]]:
    problems: list[Problem] = []
    blank = Source(authors="?", read="not seen")
    tables = read_toml(file, name, problems)
    return {key: checked(Source, table, name, key, problems) or blank for key, table in tables.items()}, problems


def citation(key: str, sources: Mapping[str, Source] | None = None) -> str:
    """One line for the source `key`, as in "Panunzi et al., Cardiovasc Diabetol 2022;21:196. doi:...".

    Raises KeyError for an unknown key.
    """
    return (load_sources() if sources is None else sources)[key].citation


def references(keys: Iterable[str], sources: Mapping[str, Source]) -> list[dict[str, str]]:
    """Citation and DOI of each of the sources, in alphabetical order."""
    found = ({"citation": sources[key].citation, "doi": sources[key].doi} for key in sorted(set(keys)))
    return sorted(found, key=lambda each: each["citation"])
