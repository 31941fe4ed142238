"""What is wrong or odd in the rows of an export, and who was left out."""

from __future__ import annotations

from dataclasses import dataclass, field

from simulator.words.errors import Problem

MOST_TOLD = 20
"""Rows that a message names."""


@dataclass
class Remarks:
    """What reading an export found out, in its order.

    `wrong` are cells that cannot be: line of the export, field, cell, and what was allowed. `odd` says what is implausible, by
    line. `dropped` counts people left out, by reason.
    """

    wrong: list[tuple[int, str, str, str]] = field(default_factory=list)
    odd: list[tuple[int, str]] = field(default_factory=list)
    dropped: dict[str, int] = field(default_factory=dict)

    def drop(self, why: str) -> None:
        """Somebody, or a second limb, is left out."""
        self.dropped[why] = self.dropped.get(why, 0) + 1

    def problems(self, called: str) -> list[Problem]:
        """What is wrong in the export of this name: the first, and how many more there are."""
        told = [
            Problem(called, f"row {row}, {name}", cell, allowed) for row, name, cell, allowed in self.wrong[:MOST_TOLD]
        ]
        if len(self.wrong) > MOST_TOLD:
            allowed = f"none; the first {MOST_TOLD} are listed"
            told.append(Problem(called, "further faults", f"{len(self.wrong) - MOST_TOLD:,}", allowed))
        return told
