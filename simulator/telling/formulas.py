"""Cells of tables that a spreadsheet must not run."""

from __future__ import annotations

FORMULA = ("=", "+", "-", "@")
"""What a cell may begin with that a spreadsheet would compute."""


def no_formula(text: str) -> str:
    """A cell of a table that no spreadsheet takes for a formula: one that begins like a formula and is no number is marked."""
    if not text.startswith(FORMULA):
        return text
    try:
        float(text.replace(",", "."))
    except ValueError:
        return f"'{text}"
    return text
