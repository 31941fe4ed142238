"""The sheet that a reviewer reads first: what may be changed, what follows, what is not live, and what made it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from simulator.telling.workbook.book import Book, Kind, Sheet

LEGEND: tuple[tuple[Kind, str], ...] = (
    ("input", "May be changed. An empty one under Your value leaves the number as it was drawn."),
    ("simulated", "A value from the simulation or from the evidence; nothing recalculates it."),
    ("formula", "A formula: follows whatever is changed."),
)


def first_sheet(
    book: Book,
    title: str,
    live: Sequence[str],
    made: Mapping[str, str | Sequence[str]],
    sheets: Sequence[tuple[str, str]] = (),
    warnings: Sequence[str] = (),
) -> Sheet:
    """Write the sheet. `live` says what follows and what does not, `sheets` what each sheet holds, `made` what made it."""
    sheet = book.sheet("Read me")
    sheet.text(0, 0, title, "title")
    row = 2
    for kind, words in LEGEND:
        sheet.text(row, 0, kind.capitalize(), "text", kind=kind)
        sheet.text(row, 1, words)
        row += 1
    row += 1
    for heading, lines in (("What follows and what does not", live), ("Keep in mind", warnings)):
        if lines:
            sheet.text(row, 0, heading, "bold")
            for line in lines:
                row += 1
                sheet.text(row, 1, line)
            row += 2
    if sheets:
        sheet.text(row, 0, "Sheets", "bold")
        for name, words in sheets:
            row += 1
            sheet.text(row, 0, name)
            sheet.text(row, 1, words)
        row += 2
    sheet.text(row, 0, "What made it", "bold")
    for label, content in made.items():
        for line in [content] if isinstance(content, str) else content:
            row += 1
            sheet.text(row, 0, label)
            sheet.text(row, 1, line)
    sheet.widths(24, 120)
    return sheet
