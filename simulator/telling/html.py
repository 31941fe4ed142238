"""`report.html`: one file that a clinician or a reviewer reads without a network.

A report is a value: every method returns a new report with one more block, so it can be built in one chain and no
caller can change what another has written.

    report = (
        Report("Limb salvage policies compared", "Ten thousand patients lived under two policies.")
        .section("Outcomes", "Shares of the whole referral population.")
        .table(outcomes, "Outcomes at one year.", formats={"death": percent(se="death_se")})
        .figure(figure, "Amputations come early.", alt="Cumulative incidence under two policies")
    )

All text is escaped: what a user typed as the name of a policy is shown, never run.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from typing import TYPE_CHECKING, Any

import pandas as pd
from jinja2 import Environment, PackageLoader, StrictUndefined

from simulator.telling.drawing import PIXELS_PER_INCH
from simulator.telling.formats import Formats, TextTable, text_table
from simulator.telling.images import image

if TYPE_CHECKING:
    from matplotlib.figure import Figure

LARGEST_SVG = 400_000
"""Drawings with more bytes than this are embedded as PNG."""


@dataclass(frozen=True)
class Paragraphs:
    """Plain text; blank lines separate paragraphs. A note is set smaller."""

    paragraphs: tuple[str, ...]
    note: bool = False
    kind: str = field(default="paragraphs", init=False)


@dataclass(frozen=True)
class Points:
    """A bulleted list."""

    items: tuple[str, ...]
    kind: str = field(default="points", init=False)


@dataclass(frozen=True)
class Table:
    """A formatted table with its caption and the name of the file that holds its numbers."""

    content: TextTable
    caption: str
    note: str
    file: str
    kind: str = field(default="table", init=False)


@dataclass(frozen=True)
class Drawing:
    """A figure as a data address, its width in CSS pixels, its caption and alternative text."""

    source: str
    width: int
    caption: str
    alt: str
    kind: str = field(default="drawing", init=False)


Block = Paragraphs | Points | Table | Drawing


@dataclass(frozen=True)
class Section:
    """A heading and what follows it."""

    heading: str
    blocks: tuple[Block, ...] = ()


@dataclass(frozen=True)
class Report:
    """A title, a lead sentence with the answer, and sections."""

    title: str
    lead: str
    sections: tuple[Section, ...] = ()

    def section(self, heading: str, text: str = "") -> Report:
        """Start a section; `text` is its first paragraph(s). Blocks added afterwards belong to it."""
        begun = replace(self, sections=(*self.sections, Section(heading)))
        return begun.text(text) if text else begun

    def text(self, text: str) -> Report:
        """Add paragraphs of plain text, separated by blank lines."""
        return self._add(Paragraphs(_paragraphs(text)))

    def note(self, text: str) -> Report:
        """Add a small note: an assumption, a limit, a source."""
        return self._add(Paragraphs(_paragraphs(text), note=True))

    def points(self, items: Sequence[str]) -> Report:
        """Add a bulleted list."""
        return self._add(Points(tuple(items)))

    def table(
        self,
        frame: pd.DataFrame,
        caption: str,
        formats: Formats | None = None,
        *,
        labels: Mapping[str, str] | None = None,
        note: str = "",
        file: str = "",
    ) -> Report:
        """Add a table. Its first column names the rows.

        `formats` and `labels` are those of `formats.text_table`; `note` stands below the table; `file` is the name of
        the CSV that holds the same numbers in full.
        """
        return self._add(Table(text_table(frame, formats, labels), caption, note, file))

    def figure(self, figure: Figure, caption: str | None = None, alt: str = "") -> Report:
        """Add a drawing. Without `caption` it takes the one given by `style.caption`.

        `alt` says what the drawing shows to someone who cannot see it; it falls back to the caption.
        """
        from simulator.telling.style import caption_of

        words = caption_of(figure) if caption is None else caption
        return self._add(Drawing(_address(figure), round(figure.get_figwidth() * PIXELS_PER_INCH), words, alt or words))

    def html(self, provenance: Mapping[str, Any] | None = None, warnings: Sequence[str] = ()) -> str:
        """The whole page, headed by `warnings`. `provenance` (label -> text, or label -> list of texts) closes it."""
        page = (
            _environment()
            .get_template("report.html.jinja")
            .render(report=self, provenance=provenance or {}, warnings=warnings)
        )
        return page.strip() + "\n"

    def _add(self, block: Block) -> Report:
        if not self.sections:
            raise ValueError("a report needs a section before its first block")
        last = self.sections[-1]
        return replace(self, sections=(*self.sections[:-1], replace(last, blocks=(*last.blocks, block))))


@cache
def _environment() -> Environment:
    return Environment(
        loader=PackageLoader("simulator.telling", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def _paragraphs(text: str) -> tuple[str, ...]:
    return tuple(" ".join(part.split()) for part in re.split(r"\n\s*\n", text) if part.strip())


def _address(figure: Figure) -> str:
    # An image cannot run a script or collide with another drawing's ids, which inline SVG can.
    content, kind = image(figure, "svg", with_caption=False), "svg+xml"
    if len(content) > LARGEST_SVG:
        content, kind = image(figure, "png", with_caption=False), "png"
    return f"data:image/{kind};base64,{base64.b64encode(content).decode('ascii')}"
