"""Figures inside a page: panels that stack on a narrow screen, colours that follow a dark page, letters that scale.

Matplotlib draws a figure once. Its SVG is cut into one drawing a panel, because a page can set panels beside or below
each other and a picture cannot; colours become variables of the page, with a second value for dark screens.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING
from xml.etree import ElementTree

from simulator.telling.images import CAPTION, Picture

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from matplotlib.transforms import BboxBase

SVG = "http://www.w3.org/2000/svg"
LINK = "http://www.w3.org/1999/xlink"
ElementTree.register_namespace("", SVG)
ElementTree.register_namespace("xlink", LINK)

POINTS_PER_INCH = 72.0
PIXELS_PER_INCH = 115
"""A fifth above the 96 of CSS, which brings the 9 point lettering of a figure near the size of the text around it."""
MARGIN = 3.0
"""Points around a panel, so that no letter touches its border."""
COLOUR = re.compile(r"#[0-9a-fA-F]{6}\b")


@dataclass(frozen=True)
class Panel:
    """One drawing: inline SVG, its width in CSS pixels, and where it stands (row and column of the wide page)."""

    svg: str
    width: int
    row: int
    column: int


@dataclass(frozen=True)
class Drawn:
    """A figure as its files (SVG and PNG), and as its panels on a page, the colours that they use and its caption.

    It holds no figure, so that another process can draw it.
    """

    svg: bytes
    png: bytes
    panels: tuple[Panel, ...]
    colours: frozenset[str]
    caption: str

    @classmethod
    def of(cls, figure: Figure | Picture | Drawn, name: str) -> Drawn:
        """What is drawn of a figure called `name`; what is drawn already stays as it is."""
        if isinstance(figure, Drawn):
            return figure
        from simulator.telling.style import caption_of

        picture = Picture.of(figure)
        picture.draw()
        found, colours = panels(picture, name)
        return cls(picture.svg, picture.png, found, colours, caption_of(picture.figure))


def panels(figure: Figure | Picture, name: str) -> tuple[tuple[Panel, ...], frozenset[str]]:
    """The panels of a figure and the colours that they use. `name` keeps identifiers apart on a page of many figures.

    A figure whose words stand outside its panels (a legend, a title over all of them) stays in one piece.
    """
    picture = Picture.of(figure)
    figure = picture.figure
    root = ElementTree.fromstring(picture.svg)
    whole = root.find(f"./{{{SVG}}}g[@id='figure_1']")
    assert whole is not None
    # The first is the white background.
    parts = [part for part in list(whole)[1:] if part.get("id") != CAPTION]
    axes = [each for each in figure.axes if each.get_visible()]
    groups = [part for part in parts if part.get("id", "").startswith("axes_")]
    shared = [part for part in parts if part not in groups]
    colours: set[str] = set()
    if shared or len(groups) != len(axes) or len(axes) < 2:
        box = _around(picture, picture.extent)
        return (_panel(name, root, parts, box, 0, 0, colours),), frozenset(colours)
    found: list[Panel] = []
    for group, each, extent in zip(groups, axes, picture.extents, strict=True):
        place = each.get_subplotspec()
        row, column = (place.rowspan.start, place.colspan.start) if place is not None else (0, len(found))
        box = _around(picture, extent.transformed(figure.dpi_scale_trans.inverted()))
        found.append(_panel(name, root, [group], box, row, column, colours))
    return tuple(found), frozenset(colours)


def _around(picture: Picture, extent: BboxBase) -> tuple[float, float, float, float]:
    """The box around a part with its labels: left, top, width and height in points of the picture's SVG.

    `extent` is in inches from the lower left corner of the figure.
    """
    left, top = picture.corner
    sides = extent.x0 - left, top - extent.y1, extent.width, extent.height
    x, y, width, height = (POINTS_PER_INCH * float(side) for side in sides)
    return x - MARGIN, y - MARGIN, width + 2.0 * MARGIN, height + 2.0 * MARGIN


def _panel(
    name: str,
    root: ElementTree.Element,
    parts: list[ElementTree.Element],
    box: tuple[float, float, float, float],
    row: int,
    column: int,
    colours: set[str],
) -> Panel:
    attributes = {"viewBox": " ".join(f"{side:.2f}" for side in box), "aria-hidden": "true", "focusable": "false"}
    drawing = ElementTree.Element(f"{{{SVG}}}svg", attributes)
    for part in [*root.findall(f"./{{{SVG}}}defs"), *parts]:
        drawing.append(part)
    text = ElementTree.tostring(drawing, encoding="unicode")
    text = re.sub(r'\bid="', f'id="{name}-', text)
    text = re.sub(r'href="#', f'href="#{name}-', text)
    text = re.sub(r"url\(#", f"url(#{name}-", text)

    def variable(match: re.Match[str]) -> str:
        colour = match[0].lower()
        colours.add(colour)
        return f"var(--c{colour[1:]})"

    # Only in styles: a fragment such as href="#abcdef" is no colour.
    text = re.sub(r'style="[^"]*"', lambda style: COLOUR.sub(variable, style[0]), text)
    return Panel(text, round(box[2] / POINTS_PER_INCH * PIXELS_PER_INCH), row, column)
