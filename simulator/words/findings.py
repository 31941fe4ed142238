"""What a question answers: tidy tables and plain facts, without words for people."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd

ONE_BY_ONE = "; "
"""Between names in one cell each of which is told by its own words."""


@dataclass(frozen=True, eq=False)
class Origin:
    """What decides an answer beside the question itself: files that were read, by what a reader calls them, the seed, what else
    was set, and what differs from the shipped base."""

    inputs: Mapping[str, bytes]
    seed: int
    settings: Mapping[str, Any] = field(default_factory=dict)
    changed: Sequence[Mapping[str, Any]] = ()


@dataclass(frozen=True, eq=False)
class Findings:
    """The answer to one question. Whoever tells it reads nothing else.

    `question` (``compare``, ``trial``, ...) names the templates and figures that tell the answer. `tables` are tidy: a
    row an observation, columns with the names of the CSV files. Those in `per_row` have a row a patient, event or draw
    and become Parquet, not CSV; those in `twice` become both. `files` are texts that belong to the answer, by file name; one
    named as the file of a table stands for it. `asked` is the public function where it is not called as the question.
    `facts` is plain JSON: numbers, names, texts of the user, lists of warnings; what a sentence needs and no table holds.
    `inputs` maps what a reader calls a file to what was read; `seed` and `settings` are what else decided the result.
    """

    question: str
    tables: Mapping[str, pd.DataFrame]
    facts: Mapping[str, Any]
    per_row: frozenset[str] = frozenset()
    inputs: Mapping[str, Path | bytes] = field(default_factory=dict)
    seed: int | None = None
    settings: Mapping[str, Any] = field(default_factory=dict)
    files: Mapping[str, str] = field(default_factory=dict)
    twice: frozenset[str] = frozenset()
    asked: str = ""

    def __post_init__(self) -> None:
        unknown = self.per_row - set(self.tables)
        if unknown:
            raise KeyError(f"no table {', '.join(sorted(unknown))}; there are {', '.join(self.tables)}")
